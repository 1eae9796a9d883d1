//! DynamoDB's JSON: items, and what is read of them. What is missing or of another type is nothing.

use serde_json::{Map, Value, json};

/// What is said of a table with other keys.
pub(super) const OTHER_KEYS: &str =
    "the table is none for ledgers: its keys are not `pk` and `sk`, both strings";

/// And what helps.
pub(super) const MADE_BY: &str = "give the table that `headcount ledger create` made, or make one";

/// The key of an item.
pub(super) fn key(pk: &str, sk: &str) -> Value {
    json!({"pk": {"S": pk}, "sk": {"S": sk}})
}

/// The names that an expression uses, each with a `#` before it: many words are reserved (Amazon DynamoDB developer guide,
/// *Reserved words*), `session`, `free`, `lines` and `at` among them.
pub(super) fn names(names: &[&str]) -> Value {
    names.iter().map(|name| (format!("#{name}"), json!(name))).collect::<Map<_, _>>().into()
}

/// An item, taken out of an answer.
pub(super) fn object(value: Option<&mut Value>) -> Option<Map<String, Value>> {
    match value.map(Value::take) {
        Some(Value::Object(item)) => Some(item),
        _ => None,
    }
}

/// A text attribute.
pub(super) fn text(item: &Map<String, Value>, name: &str) -> Option<String> {
    item.get(name)?.get("S")?.as_str().map(str::to_owned)
}

/// A number.
pub(super) fn number(item: &Map<String, Value>, name: &str) -> u64 {
    let text = item.get(name).and_then(|value| value.get("N")).and_then(Value::as_str);
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// Whether it is so.
pub(super) fn flag(item: &Map<String, Value>, name: &str) -> bool {
    item.get(name).and_then(|value| value.get("BOOL")).and_then(Value::as_bool).unwrap_or(false)
}
