//! A table of DynamoDB on loopback, in bad weather: what it answers is what the service would, as far as a shared ledger asks.
//!
//! An independent witness: it keeps items and reads expressions by itself, and knows nothing of ledgers.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use headcount::lane::backoff::Random;
use serde_json::{Map, Value, json};

/// How the engine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EngineSky {
    Calm,
    /// Requests get lost on the way.
    Lost,
    /// They are carried out, and nobody hears of it.
    Unanswered,
    /// They arrive late, perhaps after they were made again.
    Late,
    /// They arrive twice.
    Twice,
    /// They are refused for being too many.
    Throttled,
    /// They are carried out, and answered with an error.
    ErrorAfter,
    /// A failed condition does not say what stands there.
    Terse,
}

impl EngineSky {
    pub(crate) const ALL: [EngineSky; 8] = [
        Self::Calm,
        Self::Lost,
        Self::Unanswered,
        Self::Late,
        Self::Twice,
        Self::Throttled,
        Self::ErrorAfter,
        Self::Terse,
    ];
}

type Item = Map<String, Value>;

/// One table.
struct Table {
    items: BTreeMap<(String, String), Item>,
    sky: EngineSky,
    dice: Random,
    /// Nobody is answered.
    away: bool,
    /// How long every answer takes.
    latency: Duration,
    /// The bytes of every item that was put.
    put: Vec<usize>,
}

/// All tables, by name: one listener for all cases.
pub(crate) struct Tables {
    pub(crate) url: String,
    all: Arc<Mutex<HashMap<String, Table>>>,
}

impl Tables {
    pub(crate) fn served() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let all = Arc::new(Mutex::new(HashMap::new()));
        let theirs = Arc::clone(&all);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let all = Arc::clone(&theirs);
                std::thread::spawn(move || connection(&stream, &all));
            }
        });
        Self { url, all }
    }

    pub(crate) fn make(&self, name: &str, sky: EngineSky, seed: u64) {
        let table = Table {
            items: BTreeMap::new(),
            sky,
            dice: Random::seeded(seed),
            away: false,
            latency: Duration::ZERO,
            put: Vec::new(),
        };
        self.locked().insert(name.to_owned(), table);
    }

    pub(crate) fn set_sky(&self, name: &str, sky: EngineSky) {
        if let Some(table) = self.locked().get_mut(name) {
            table.sky = sky;
        }
    }

    pub(crate) fn set_away(&self, name: &str, away: bool) {
        if let Some(table) = self.locked().get_mut(name) {
            table.away = away;
        }
    }

    pub(crate) fn set_latency(&self, name: &str, latency: Duration) {
        if let Some(table) = self.locked().get_mut(name) {
            table.latency = latency;
        }
    }

    /// How many write units were paid for: a unit a kilobyte of what was put or changed.
    pub(crate) fn write_units(&self, name: &str) -> usize {
        self.locked()
            .get(name)
            .map_or(0, |table| table.put.iter().map(|bytes| bytes.div_ceil(1024).max(1)).sum())
    }

    pub(crate) fn drop_table(&self, name: &str) {
        self.locked().remove(name);
    }

    /// The lines of the only run of a table, as its file would have them, and whether a segment is missing.
    pub(crate) fn lines(&self, name: &str) -> (String, bool) {
        let all = self.locked();
        let Some(table) = all.get(name) else { return (String::new(), false) };
        let run = table.items.get(&("names".to_owned(), "run".to_owned()));
        let run = run.and_then(|item| item["run"]["S"].as_str()).unwrap_or_default();
        let (mut lines, mut next, mut hole) = (String::new(), 1, false);
        for ((pk, sk), item) in &table.items {
            let Some(number) = sk.strip_prefix("seg#").filter(|_| *pk == format!("run#{run}")) else {
                continue;
            };
            hole |= number.parse() != Ok(next);
            next += 1;
            lines.push_str(item.get("lines").and_then(|lines| lines["S"].as_str()).unwrap_or_default());
        }
        (lines, hole)
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<String, Table>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type All = Arc<Mutex<HashMap<String, Table>>>;

fn locked(all: &All) -> MutexGuard<'_, HashMap<String, Table>> {
    all.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Serves one connection until it is closed, or has to be.
fn connection(stream: &TcpStream, all: &All) -> Option<()> {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    loop {
        let (mut length, mut target) = (0, String::new());
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).ok()? == 0 {
                return None;
            }
            let line = line.trim();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap_or((line, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().ok()?,
                "x-amz-target" => target = value.trim().rsplit('.').next()?.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let request: Value = serde_json::from_slice(&body).ok()?;
        let (status, answer) = answered(all, &target, &request)?;
        let latency = request["TableName"].as_str().and_then(|name| Some(locked(all).get(name)?.latency));
        if let Some(latency) = latency.filter(|latency| !latency.is_zero()) {
            let (_held, way) = mpsc::channel::<()>();
            let _ = way.recv_timeout(latency);
        }
        let text = answer.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: {}\r\n\r\n",
            text.len()
        );
        (&*stream).write_all(format!("{head}{text}").as_bytes()).ok()?;
    }
}

/// What is answered; `None` closes the connection without a word.
fn answered(all: &All, target: &str, request: &Value) -> Option<(u16, Value)> {
    let name = request["TableName"].as_str()?.to_owned();
    let mut tables = all.lock().unwrap_or_else(PoisonError::into_inner);
    let table = tables.get_mut(&name)?;
    if table.away {
        return None;
    }
    let (strikes, delay) = (table.dice.fraction() < 0.2, 20 + table.dice.next_u64() % 300);
    let changes = matches!(target, "PutItem" | "UpdateItem");
    let error = |code: &str| json!({"__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": "bad weather"});
    match (table.sky, strikes) {
        (EngineSky::Lost, true) => return None,
        (EngineSky::Throttled, true) => return Some((400, error("ProvisionedThroughputExceededException"))),
        (EngineSky::Unanswered, true) => {
            drop(table.apply(target, request));
            return None;
        }
        (EngineSky::ErrorAfter, true) => {
            drop(table.apply(target, request));
            return Some((500, error("InternalServerError")));
        }
        (EngineSky::Twice, true) if changes => drop(table.apply(target, request)),
        (EngineSky::Late, true) if changes => {
            let (all, target, request) = (Arc::clone(all), target.to_owned(), request.clone());
            std::thread::spawn(move || {
                // It is on its way.
                let (_held, way) = mpsc::channel::<()>();
                let _ = way.recv_timeout(Duration::from_millis(delay));
                let mut tables = all.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(table) = tables.get_mut(&name) {
                    drop(table.apply(&target, &request));
                }
            });
            return None;
        }
        _ => {}
    }
    let is_terse = table.sky == EngineSky::Terse;
    Some(match table.apply(target, request) {
        Ok(answer) => (200, answer),
        Err(there) => {
            let mut answer = error("ConditionalCheckFailedException");
            if let (Some(there), false) = (there, is_terse) {
                answer["Item"] = there.into();
            }
            (400, answer)
        }
    })
}

impl Table {
    /// Carries a request out; an error is a condition that failed, with what stands there.
    fn apply(&mut self, target: &str, request: &Value) -> Result<Value, Option<Item>> {
        let text = |value: &Value| value["S"].as_str().unwrap_or_default().to_owned();
        let key = |of: &Value| (text(&of["pk"]), text(&of["sk"]));
        match target {
            "GetItem" => {
                assert_eq!(request["ConsistentRead"], true, "every read is consistent");
                let item = self.items.get(&key(&request["Key"])).cloned();
                Ok(item.map_or_else(|| json!({}), |item| json!({"Item": item})))
            }
            "Query" => {
                assert_eq!(request["ConsistentRead"], true, "every read is consistent");
                Ok(self.query(request))
            }
            "PutItem" => {
                let key = key(&request["Item"]);
                let there = self.items.get(&key);
                if !holds(request, there) {
                    return Err(there.cloned());
                }
                let item = request["Item"].as_object().cloned().unwrap_or_default();
                self.put.push(size(&item));
                self.items.insert(key, item);
                Ok(json!({}))
            }
            "UpdateItem" => {
                let key = key(&request["Key"]);
                let there = self.items.get(&key);
                if !holds(request, there) {
                    return Err(there.cloned());
                }
                let mut item =
                    there.cloned().unwrap_or_else(|| request["Key"].as_object().cloned().unwrap_or_default());
                update(request, &mut item);
                self.put.push(size(&item));
                self.items.insert(key, item.clone());
                Ok(if request["ReturnValues"] == "ALL_NEW" { json!({"Attributes": item}) } else { json!({}) })
            }
            "DescribeTable" => Ok(json!({"Table": {
                "TableStatus": "ACTIVE",
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
                ],
            }})),
            other => panic!("nobody asks for {other}"),
        }
    }

    fn query(&self, request: &Value) -> Value {
        let value = |name: &str| request["ExpressionAttributeValues"][name]["S"].as_str();
        let pk = value(":pk").unwrap_or_default();
        let begins = value(":seg").unwrap_or_default();
        let range = value(":from").unwrap_or("")..=value(":to").unwrap_or("\u{10FFFF}");
        let is_one = |((at, sk), _): &(&(String, String), &Item)| {
            at == pk && sk.starts_with(begins) && range.contains(&sk.as_str())
        };
        let mut found: Vec<Item> = self.items.iter().filter(is_one).map(|(_, item)| item.clone()).collect();
        if request["ScanIndexForward"] == false {
            found.reverse();
        }
        if let Some(limit) = request["Limit"].as_u64() {
            found.truncate(limit as usize);
        }
        json!({"Items": found})
    }
}

/// About what an item is counted as: its names and values.
fn size(item: &Item) -> usize {
    let value = |value: &Value| value["S"].as_str().map_or(8, str::len);
    item.iter().map(|(name, of)| name.len() + value(of)).sum()
}

/// A name with its placeholders filled in, as a path of one or two parts.
fn path(request: &Value, name: &str) -> Vec<String> {
    let part = |part: &str| {
        request["ExpressionAttributeNames"][part].as_str().unwrap_or_else(|| panic!("{part}")).to_owned()
    };
    name.trim().split('.').map(part).collect()
}

fn at<'i>(item: &'i Item, path: &[String]) -> Option<&'i Value> {
    let first = item.get(&path[0])?;
    path.get(1).map_or(Some(first), |second| first["M"].get(second))
}

fn number(value: &Value) -> Option<u64> {
    value["N"].as_str()?.parse().ok()
}

/// Whether the condition of a request holds; none always does.
fn holds(request: &Value, there: Option<&Item>) -> bool {
    let Some(condition) = request["ConditionExpression"].as_str() else { return true };
    let found = |name: &str| there.and_then(|item| at(item, &path(request, name)));
    let value = |name: &str| &request["ExpressionAttributeValues"][name.trim()];
    condition.split(" OR ").any(|one| {
        let call = |word: &str| one.trim().strip_prefix(word)?.strip_suffix(')');
        if let Some(name) = call("attribute_not_exists(") {
            found(name).is_none()
        } else if let Some(name) = call("attribute_exists(") {
            found(name).is_some()
        } else if let Some((name, of)) = one.split_once(" = ") {
            found(name) == Some(value(of))
        } else if let Some((name, of)) = one.split_once(" < ") {
            found(name).and_then(number) < number(value(of)) && found(name).is_some()
        } else {
            panic!("a condition that nobody asks for: {one}")
        }
    })
}

fn update(request: &Value, item: &mut Item) {
    let expression = request["UpdateExpression"].as_str().unwrap_or_default();
    let (sets, removes) = expression.split_once("REMOVE ").unwrap_or((expression, ""));
    let sets = sets.trim().strip_prefix("SET ").unwrap_or_default();
    for set in sets.split(',').map(str::trim).filter(|set| !set.is_empty()) {
        let (name, of) = set.split_once(" = ").expect("an assignment");
        let value = |name: &str| request["ExpressionAttributeValues"][name.trim()].clone();
        let new = match of.split_once(" + ") {
            Some((base, more)) => {
                let base = at(item, &path(request, base)).and_then(number).unwrap_or(0);
                json!({"N": (base + number(&value(more)).unwrap_or(0)).to_string()})
            }
            None => value(of),
        };
        let path = path(request, name);
        match path.get(1) {
            None => drop(item.insert(path[0].clone(), new)),
            Some(second) => item[&path[0]]["M"][second] = new,
        }
    }
    for name in removes.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let path = path(request, name);
        match path.get(1) {
            None => drop(item.remove(&path[0])),
            Some(second) => {
                if let Some(members) = item[&path[0]]["M"].as_object_mut() {
                    members.remove(second);
                }
            }
        }
    }
}
