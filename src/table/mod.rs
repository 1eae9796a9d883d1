//! DynamoDB under a shared ledger: four calls, and none that is tried again by anybody but whoever asked.
//!
//! One table, partition key `pk`, sort key `sk`, both strings, with no index, stream or expiry:
//!
//! | item | `pk` | `sk` | attributes |
//! |---|---|---|---|
//! | segment | `run#RUN` | `seg#0000000017` | `nonce`, `lines` |
//! | lease | `run#RUN` | `lease` | `epoch`, `session`, `host`, `who`, `since`, `beat`, `seen`, `free`, `wanted` |
//! | name | `names` | the name | `run`, `job`, `instance`, `digest`, `roster`, `tool`, `at` |
//! | lane | `lane#ACCOUNT#REGION` | the operation | `m`: member → beat |
//!
//! Every read is consistent; nothing is ever deleted, for a put that arrives late would land on empty space and succeed.

mod engine;
mod items;
mod made;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::clock::{self, SystemClock};
use crate::connect::Environment;
use crate::connect::dynamodb::TableOperation;
use crate::crash::{self, Sabotage};
use crate::ledger::shared::{
    Around, Checked, EngineFault, EngineTrouble, LaneName, Lease, Named, Put, Segment, Segments, TableUrl,
    Timing,
};

pub(crate) use made::create;

use engine::{Asked, Engine};
use items::{number, text};

/// How long a table may be away from whoever only looks at it.
const LOOKS_FOR: Duration = Duration::from_secs(20);

/// A table of DynamoDB. Nothing is asked before it is used.
pub(crate) struct Table {
    url: TableUrl,
    environment: Environment,
    trouble: EngineTrouble,
    engine: Mutex<Option<Arc<Engine>>>,
}

/// What a shared ledger needs of this machine. `trouble` is its table's.
pub(crate) fn around(trouble: EngineTrouble) -> Around {
    let timing = Timing { patience: LOOKS_FOR, ..Timing::USUAL.faster(crash::faster()) };
    Around {
        clock: Arc::new(SystemClock),
        pause: Arc::new(clock::block_for),
        delays: Arc::new(engine::delays),
        ids: Arc::new(|| Ok(uuid::Uuid::new_v4().to_string())),
        timing,
        trouble,
    }
}

impl Table {
    /// The table of this address; the environment says where and by whom it is asked, where the address does not. Where no
    /// answer comes for a while, `trouble` tells it.
    pub(crate) fn new(url: TableUrl, environment: Environment, trouble: EngineTrouble) -> Self {
        Self { url, environment, trouble, engine: Mutex::default() }
    }

    fn engine(&self) -> Result<Arc<Engine>, EngineFault> {
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(engine) = &*engine {
            return Ok(Arc::clone(engine));
        }
        let made = Arc::new(Engine::new(&self.url, &self.environment, self.trouble.clone())?);
        Ok(Arc::clone(engine.insert(made)))
    }

    fn ask(&self, operation: TableOperation, body: Value) -> Result<Asked, EngineFault> {
        let mut body = body;
        body["TableName"] = json!(self.url.table);
        self.engine()?.ask(operation, body)
    }

    /// Reads an item, consistently.
    fn get(&self, pk: &str, sk: &str) -> Result<Option<Map<String, Value>>, EngineFault> {
        let body = json!({"Key": items::key(pk, sk), "ConsistentRead": true});
        match self.ask(TableOperation::GetItem, body)? {
            Asked::Done(mut answer) => Ok(items::object(answer.get_mut("Item"))),
            Asked::Failed(_) => Ok(None),
        }
    }

    /// Reads the items of a partition whose sort keys are in this range, in order, consistently. Of a table with other keys
    /// that is refused, where a partition alone would be an empty one.
    fn query(
        &self,
        pk: &str,
        (from, to): (&str, &str),
        each: &mut dyn FnMut(Map<String, Value>),
    ) -> Result<(), EngineFault> {
        let mut after = None;
        loop {
            let mut body = json!({
                "ConsistentRead": true,
                "KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :from AND :to",
                "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
                "ExpressionAttributeValues": {":pk": {"S": pk}, ":from": {"S": from}, ":to": {"S": to}},
            });
            if let Some(after) = after {
                body["ExclusiveStartKey"] = after;
            }
            let Asked::Done(mut answer) = self.ask(TableOperation::Query, body)? else { return Ok(()) };
            let items = answer.get_mut("Items").and_then(Value::as_array_mut).map(std::mem::take);
            items
                .into_iter()
                .flatten()
                .filter_map(|mut item| items::object(Some(&mut item)))
                .for_each(&mut *each);
            after = answer.get_mut("LastEvaluatedKey").map(Value::take).filter(|key| !key.is_null());
            if after.is_none() {
                return Ok(());
            }
        }
    }

    /// Changes an item. `None` where the condition failed; else the item as it is then, where that is asked for.
    fn update(&self, (pk, sk): (&str, &str), body: Value) -> Result<Option<Map<String, Value>>, EngineFault> {
        let mut body = body;
        body["Key"] = items::key(pk, sk);
        match self.ask(TableOperation::UpdateItem, body)? {
            Asked::Done(mut answer) => {
                Ok(Some(items::object(answer.get_mut("Attributes")).unwrap_or_default()))
            }
            Asked::Failed(_) => Ok(None),
        }
    }
}

fn run_key(run: &str) -> String {
    format!("run#{run}")
}

fn lane_key(lane: &LaneName) -> String {
    format!("lane#{}#{}", lane.account, lane.region)
}

/// `seg#0000000017`: ten digits, so that they are in order as texts.
fn segment_key(number: u64) -> String {
    format!("seg#{number:010}")
}

const NAMES: &str = "names";
const LAST: u64 = 9_999_999_999;

impl Segments for Table {
    fn put(&self, run: &str, segment: &Segment) -> Result<Put, EngineFault> {
        let mut item = items::key(&run_key(run), &segment_key(segment.number));
        item["nonce"] = json!({"S": segment.nonce});
        if !segment.lines.is_empty() {
            item["lines"] = json!({"S": segment.lines});
        }
        let mut body = json!({"Item": item});
        if !crash::sabotage(Sabotage::NoCondition) {
            body["ConditionExpression"] = json!("attribute_not_exists(#pk)");
            body["ExpressionAttributeNames"] = json!({"#pk": "pk"});
            body["ReturnValuesOnConditionCheckFailure"] = json!("ALL_OLD");
        }
        Ok(match self.ask(TableOperation::PutItem, body)? {
            Asked::Done(_) => Put::Done,
            Asked::Failed(item) => Put::Taken(item.as_ref().and_then(|item| text(item, "nonce"))),
        })
    }

    fn read(&self, run: &str, from: u64, each: &mut dyn FnMut(Segment)) -> Result<(), EngineFault> {
        let (from, to) = (segment_key(from), segment_key(LAST));
        self.query(&run_key(run), (&from, &to), &mut |item| each(segment(&item)))
    }

    fn at(&self, run: &str, number: u64) -> Result<Option<Segment>, EngineFault> {
        Ok(self.get(&run_key(run), &segment_key(number))?.map(|item| segment(&item)))
    }

    fn tip(&self, run: &str) -> Result<u64, EngineFault> {
        let body = json!({
            "ConsistentRead": true,
            "ScanIndexForward": false,
            "Limit": 1,
            "KeyConditionExpression": "#pk = :pk AND begins_with(#sk, :seg)",
            "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
            "ExpressionAttributeValues": {":pk": {"S": run_key(run)}, ":seg": {"S": "seg#"}},
            "ProjectionExpression": "#sk",
        });
        let Asked::Done(mut answer) = self.ask(TableOperation::Query, body)? else { return Ok(0) };
        let last = answer.get_mut("Items").and_then(|items| items.get_mut(0));
        Ok(items::object(last).map_or(0, |item| segment(&item).number))
    }

    fn lease(&self, run: &str) -> Result<Option<Lease>, EngineFault> {
        Ok(self.get(&run_key(run), "lease")?.map(|item| lease(&item)))
    }

    fn take(&self, run: &str, lease: &Lease) -> Result<bool, EngineFault> {
        let Lease { epoch, session, host, who, since, beat, seen, free, wanted: _ } = lease;
        let body = json!({
            "UpdateExpression": "SET #epoch = :epoch, #session = :session, #host = :host, #who = :who, #since = :since, \
                #beat = :beat, #seen = :seen, #free = :free REMOVE #wanted",
            "ConditionExpression": "attribute_not_exists(#epoch) OR #epoch < :epoch",
            "ExpressionAttributeNames": items::names(
                &["epoch", "session", "host", "who", "since", "beat", "seen", "free", "wanted"]),
            "ExpressionAttributeValues": {
                ":epoch": {"N": epoch.to_string()}, ":session": {"S": session}, ":host": {"S": host},
                ":who": {"S": who}, ":since": {"S": since}, ":beat": {"N": beat.to_string()},
                ":seen": {"S": seen}, ":free": {"BOOL": free},
            },
        });
        Ok(self.update((&run_key(run), "lease"), body)?.is_some())
    }

    fn beat(&self, run: &str, epoch: u64, seen: &str) -> Result<Option<Lease>, EngineFault> {
        let body = json!({
            "UpdateExpression": "SET #beat = #beat + :one, #seen = :seen",
            "ConditionExpression": "#epoch = :epoch",
            "ExpressionAttributeNames": items::names(&["beat", "seen", "epoch"]),
            "ExpressionAttributeValues": {
                ":one": {"N": "1"}, ":seen": {"S": seen}, ":epoch": {"N": epoch.to_string()},
            },
            "ReturnValues": "ALL_NEW",
        });
        Ok(self.update((&run_key(run), "lease"), body)?.map(|item| lease(&item)))
    }

    fn ask(&self, run: &str, epoch: u64, session: &str) -> Result<bool, EngineFault> {
        let body = json!({
            "UpdateExpression": "SET #wanted = :session",
            "ConditionExpression": "#epoch = :epoch",
            "ExpressionAttributeNames": items::names(&["wanted", "epoch"]),
            "ExpressionAttributeValues": {":session": {"S": session}, ":epoch": {"N": epoch.to_string()}},
        });
        Ok(self.update((&run_key(run), "lease"), body)?.is_some())
    }

    fn free(&self, run: &str, epoch: u64) -> Result<bool, EngineFault> {
        let body = json!({
            "UpdateExpression": "SET #free = :yes",
            "ConditionExpression": "#epoch = :epoch",
            "ExpressionAttributeNames": items::names(&["free", "epoch"]),
            "ExpressionAttributeValues": {":yes": {"BOOL": true}, ":epoch": {"N": epoch.to_string()}},
        });
        Ok(self.update((&run_key(run), "lease"), body)?.is_some())
    }

    fn claim(&self, named: &Named) -> Result<bool, EngineFault> {
        let Named { name, run, job, instance, digest, roster, tool, at } = named;
        let mut item = items::key(NAMES, name);
        let members = [
            ("run", run),
            ("job", job),
            ("instance", instance),
            ("digest", digest),
            ("roster", roster),
            ("tool", tool),
            ("at", at),
        ];
        for (member, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
            item[member] = json!({"S": value});
        }
        let body = json!({
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#pk) OR attribute_not_exists(#run)",
            "ExpressionAttributeNames": items::names(&["pk", "run"]),
        });
        Ok(matches!(self.ask(TableOperation::PutItem, body)?, Asked::Done(_)))
    }

    fn unname(&self, name: &str, run: &str) -> Result<bool, EngineFault> {
        let body = json!({
            "UpdateExpression": "REMOVE #run",
            "ConditionExpression": "#run = :run",
            "ExpressionAttributeNames": items::names(&["run"]),
            "ExpressionAttributeValues": {":run": {"S": run}},
        });
        Ok(self.update((NAMES, name), body)?.is_some())
    }

    fn named(&self, name: &str) -> Result<Option<Named>, EngineFault> {
        Ok(self.get(NAMES, name)?.map(|item| named(&item)))
    }

    fn names(&self) -> Result<Vec<Named>, EngineFault> {
        let mut all = Vec::new();
        // A name has no control character, and at most 255 bytes: all are between these.
        let last = char::MAX.to_string().repeat(64);
        self.query(NAMES, ("\u{1}", &last), &mut |item| all.push(named(&item)))?;
        Ok(all)
    }

    fn share(&self, lane: &LaneName, member: &str, beat: u64) -> Result<BTreeMap<String, u64>, EngineFault> {
        let key = lane_key(lane);
        let body = json!({
            "UpdateExpression": "SET #m.#member = :beat",
            // Without it the path is invalid, which is no failed condition.
            "ConditionExpression": "attribute_exists(#m)",
            "ExpressionAttributeNames": {"#m": "m", "#member": member},
            "ExpressionAttributeValues": {":beat": {"N": beat.to_string()}},
            "ReturnValues": "ALL_NEW",
        });
        if let Some(item) = self.update((&key, &lane.operation), body.clone())? {
            return Ok(members(&item));
        }
        let mut item = items::key(&key, &lane.operation);
        item["m"] = json!({"M": {}});
        let begun = json!({
            "Item": item,
            "ConditionExpression": "attribute_not_exists(#pk)",
            "ExpressionAttributeNames": {"#pk": "pk"},
        });
        self.ask(TableOperation::PutItem, begun)?;
        let item = self.update((&key, &lane.operation), body)?;
        Ok(item.map(|item| members(&item)).unwrap_or_default())
    }

    fn leave(&self, lane: &LaneName, member: &str, seen: Option<u64>) -> Result<(), EngineFault> {
        let mut body = json!({
            "UpdateExpression": "REMOVE #m.#member",
            "ConditionExpression": "attribute_exists(#m.#member)",
            "ExpressionAttributeNames": {"#m": "m", "#member": member},
        });
        if let Some(seen) = seen {
            body["ConditionExpression"] = json!("#m.#member = :seen");
            body["ExpressionAttributeValues"] = json!({":seen": {"N": seen.to_string()}});
        }
        self.update((&lane_key(lane), &lane.operation), body).map(drop)
    }

    fn check(&self) -> Result<Checked, EngineFault> {
        made::check(&*self.engine()?, &self.url)
    }
}

fn segment(item: &Map<String, Value>) -> Segment {
    let key = text(item, "sk").unwrap_or_default();
    let number = key.strip_prefix("seg#").and_then(|digits| digits.parse().ok()).unwrap_or(0);
    let member = |name: &str| text(item, name).unwrap_or_default();
    Segment { number, nonce: member("nonce"), lines: member("lines") }
}

fn lease(item: &Map<String, Value>) -> Lease {
    let member = |name: &str| text(item, name).unwrap_or_default();
    Lease {
        epoch: number(item, "epoch"),
        session: member("session"),
        host: member("host"),
        who: member("who"),
        since: member("since"),
        beat: number(item, "beat"),
        seen: member("seen"),
        free: items::flag(item, "free"),
        wanted: text(item, "wanted"),
    }
}

fn named(item: &Map<String, Value>) -> Named {
    let member = |name: &str| text(item, name).unwrap_or_default();
    Named {
        name: member("sk"),
        run: member("run"),
        job: member("job"),
        instance: member("instance"),
        digest: member("digest"),
        roster: member("roster"),
        tool: member("tool"),
        at: member("at"),
    }
}

fn members(item: &Map<String, Value>) -> BTreeMap<String, u64> {
    let all = item.get("m").and_then(|all| all.get("M")).and_then(Value::as_object);
    let member =
        |(name, value): (&String, &Value)| Some((name.clone(), value.get("N")?.as_str()?.parse().ok()?));
    all.into_iter().flatten().filter_map(member).collect()
}
