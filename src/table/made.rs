//! The table itself: made, and looked at before it is relied on.

use serde_json::{Value, json};

use super::engine::{Asked, Engine};
use super::items::{MADE_BY, OTHER_KEYS};
use crate::clock::{Clock as _, SystemClock};
use crate::connect::Environment;
use crate::connect::dynamodb::TableOperation;
use crate::ledger::shared::{Checked, EngineFault, EngineTrouble, TableUrl};

/// Whether a table keeps ledgers safe: it has the keys of one, and no replica that takes writes by itself.
///
/// "If two or more replicas are updated at the same time, the last writer wins", and a condition is "evaluated against the
/// local version of the item" (Amazon DynamoDB developer guide, *How global tables work*): two machines in two regions would
/// both have put the same position. Only replicas of `MultiRegionConsistency` `STRONG` do not do that.
pub(super) fn check(engine: &Engine, url: &TableUrl) -> Result<Checked, EngineFault> {
    let body = json!({"TableName": url.table});
    let answer = match engine.ask(TableOperation::DescribeTable, body) {
        Ok(Asked::Done(answer)) => answer,
        Ok(Asked::Failed(_)) => return Ok(Checked::Unknown("the table could not be described".to_owned())),
        Err(fault) if fault.what.contains("AccessDenied") => return Ok(Checked::Unknown(fault.what)),
        Err(fault) => return Err(fault),
    };
    judged(&answer["Table"]).map(|()| Checked::Holds)
}

fn judged(table: &Value) -> Result<(), EngineFault> {
    let is_key = |name: &str, kind: &str| {
        let keys = table["KeySchema"].as_array();
        keys.is_some_and(|keys| keys.iter().any(|key| key["AttributeName"] == name && key["KeyType"] == kind))
    };
    let is_text = |name: &str| {
        let all = table["AttributeDefinitions"].as_array();
        all.is_some_and(|all| {
            all.iter().any(|one| one["AttributeName"] == name && one["AttributeType"] == "S")
        })
    };
    if !(is_key("pk", "HASH") && is_key("sk", "RANGE") && is_text("pk") && is_text("sk")) {
        return Err(EngineFault::refused(OTHER_KEYS, MADE_BY));
    }
    let has_replicas = table["Replicas"].as_array().is_some_and(|replicas| !replicas.is_empty());
    if has_replicas && table["MultiRegionConsistency"] != "STRONG" {
        return Err(EngineFault::refused(
            "the table has replicas that are not strongly consistent: two machines could both have the ledger",
            "give a table without replicas, or one whose replicas are strongly consistent (MultiRegionConsistency STRONG)",
        ));
    }
    Ok(())
}

/// How often a table that is not ready is looked at.
const LOOKS: u32 = 120;

/// A table for ledgers, as CreateTable is told of it.
fn definition(name: &str) -> Value {
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
        ],
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "DeletionProtectionEnabled": true,
    })
}

/// What became of a table that was to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Created {
    /// It was there already.
    pub(crate) was_there: bool,
    /// Why it cannot be restored to a point in time; `None` where it can.
    pub(crate) not_restorable: Option<String>,
    /// Whoever may delete tables can delete it: one that was there, made by somebody else.
    pub(crate) is_unprotected: bool,
}

/// Makes a table for ledgers, paid by request, protected against being deleted, and restorable to a point in time where that
/// is permitted. One that is there is looked at. What takes a while is told to `trouble`.
///
/// # Errors
/// Where it cannot be made, or one that is there is none for ledgers.
pub(crate) fn create(
    url: &TableUrl,
    environment: &Environment,
    trouble: EngineTrouble,
    pause: &dyn Fn(),
) -> Result<Created, EngineFault> {
    let engine = Engine::new(url, environment, trouble)?;
    let was_there = match engine.ask(TableOperation::CreateTable, definition(url.table_name())) {
        Ok(_) => false,
        Err(fault) if fault.what.contains("ResourceInUseException") => true,
        Err(fault) => return Err(fault),
    };
    // "CreateTable is an asynchronous operation" (API reference): until it is active nothing can be put.
    let table = active(&engine, url, pause)?;
    judged(&table)?;
    Ok(Created {
        was_there,
        not_restorable: be_restorable(&engine, url, pause).err().map(|fault| fault.what),
        is_unprotected: table["DeletionProtectionEnabled"] != true,
    })
}

/// A table as it is once it is active.
fn active(engine: &Engine, url: &TableUrl, pause: &dyn Fn()) -> Result<Value, EngineFault> {
    let begun = SystemClock.moment();
    for _ in 0..LOOKS {
        engine.waits(begun, "it is being made");
        match engine.ask(TableOperation::DescribeTable, json!({"TableName": url.table})) {
            Ok(Asked::Done(mut answer)) if answer["Table"]["TableStatus"] == "ACTIVE" => {
                return Ok(answer["Table"].take());
            }
            Err(fault) if !fault.what.contains("ResourceNotFoundException") => return Err(fault),
            _ => pause(),
        }
    }
    Err(EngineFault::unclear("the table is not active yet"))
}

/// Has a table keep what it was, second by second. Of a new one this is refused for a while: "Backups are being enabled".
fn be_restorable(engine: &Engine, url: &TableUrl, pause: &dyn Fn()) -> Result<(), EngineFault> {
    let body = json!({
        "TableName": url.table,
        "PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": true},
    });
    let begun = SystemClock.moment();
    let mut looks = LOOKS;
    loop {
        engine.waits(begun, "it is being made restorable to a point in time");
        match engine.ask(TableOperation::UpdateContinuousBackups, body.clone()) {
            Err(fault) if fault.what.contains("ContinuousBackupsUnavailable") && looks > 0 => {
                looks -= 1;
                pause();
            }
            done => return done.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Value {
        json!({
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
            ],
        })
    }

    #[test]
    fn a_table_whose_replicas_take_writes_by_themselves_is_refused() {
        let with = |member: &str, value: Value| {
            let mut table = table();
            table[member] = value;
            table
        };
        assert_eq!(judged(&table()), Ok(()));
        assert_eq!(judged(&with("Replicas", json!([]))), Ok(()));
        let mut replicas = with("Replicas", json!([{"RegionName": "eu-west-2"}]));
        assert!(judged(&replicas).unwrap_err().what.contains("replicas"));
        replicas["MultiRegionConsistency"] = json!("EVENTUAL");
        assert!(judged(&replicas).is_err());
        replicas["MultiRegionConsistency"] = json!("STRONG");
        assert_eq!(judged(&replicas), Ok(()));
    }

    #[test]
    fn a_table_of_something_else_is_refused() {
        for (member, value) in [
            ("KeySchema", json!([{"AttributeName": "pk", "KeyType": "HASH"}])),
            ("AttributeDefinitions", json!([{"AttributeName": "pk", "AttributeType": "N"}])),
        ] {
            let mut other = table();
            other[member] = value;
            assert!(judged(&other).unwrap_err().what.contains("none for ledgers"), "{member}");
        }
    }
}
