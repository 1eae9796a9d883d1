//! What the page asks, as it comes: taken apart whole or not at all.

use std::collections::BTreeMap;

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    pub(super) code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OpenRoster {
    pub(super) name: String,
    pub(super) sheet: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) delimiter: Option<String>,
    pub(super) header_row: Option<u64>,
    #[serde(default)]
    pub(super) recover: bool,
    #[serde(default)]
    pub(super) discard: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetSettings {
    pub(super) revision: u64,
    /// A member that is not there stays as it is; one that is null is taken away.
    #[serde(default, deserialize_with = "told")]
    pub(super) identity: Option<Option<String>>,
    #[serde(default, deserialize_with = "told")]
    pub(super) directory: Option<Option<String>>,
    pub(super) passwords: Option<String>,
    #[serde(default, deserialize_with = "told")]
    pub(super) phone_region: Option<Option<String>>,
}

/// What is there, be it null.
fn told<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTemplate {
    pub(super) identity: String,
    pub(super) format: String,
    #[serde(rename = "as")]
    pub(super) name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaveAs {
    #[serde(rename = "as")]
    pub(super) name: String,
    pub(super) format: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SetColumns {
    pub(super) revision: u64,
    #[serde(default)]
    pub(super) columns: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) constants: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) defaults: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, BTreeMap<String, String>>,
    #[serde(default)]
    pub(super) roles: BTreeMap<String, BTreeMap<String, BTreeMap<String, String>>>,
    pub(super) header_row: Option<u64>,
    pub(super) sheet: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) delimiter: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RowsAsked {
    pub(super) from: usize,
    pub(super) count: Option<usize>,
    pub(super) view: String,
    pub(super) find: String,
    pub(super) revision: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NextAsked {
    #[serde(default)]
    pub(super) view: String,
    #[serde(default)]
    pub(super) find: String,
    /// Row and column, with a comma between them.
    #[serde(default)]
    pub(super) after: String,
    #[serde(default)]
    pub(super) back: u8,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellAsked {
    pub(super) n: u64,
    pub(super) col: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChoicesAsked {
    pub(super) field: String,
    #[serde(default)]
    pub(super) find: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CellText {
    pub(super) n: u64,
    pub(super) col: usize,
    pub(super) text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EditCells {
    pub(super) revision: u64,
    pub(super) cells: Vec<CellText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    pub(super) n: u64,
    pub(super) col: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PasteCells {
    pub(super) revision: u64,
    pub(super) at: Place,
    pub(super) tsv: String,
    #[serde(default)]
    pub(super) view: String,
    #[serde(default)]
    pub(super) find: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoFix {
    pub(super) revision: u64,
    pub(super) group: Option<String>,
    pub(super) cell: Option<Place>,
    pub(super) of_file: Option<String>,
    pub(super) fix: String,
    #[serde(default)]
    pub(super) preview: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoSafe {
    pub(super) revision: u64,
    #[serde(default)]
    pub(super) preview: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoReplace {
    pub(super) revision: u64,
    pub(super) find: String,
    pub(super) with: String,
    pub(super) col: Option<usize>,
    #[serde(default)]
    pub(super) whole: bool,
    #[serde(default)]
    pub(super) case: bool,
    #[serde(default)]
    pub(super) view: String,
    #[serde(default)]
    pub(super) preview: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoRows {
    pub(super) revision: u64,
    #[serde(default)]
    pub(super) drop: Vec<u64>,
    #[serde(default)]
    pub(super) restore: Vec<u64>,
    #[serde(default)]
    pub(super) add: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoUndo {
    pub(super) revision: u64,
    pub(super) id: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoPlan {
    #[serde(default)]
    pub(super) skip_invalid: bool,
    pub(super) weather: Option<String>,
    #[serde(default)]
    pub(super) seed: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoRun {
    pub(super) plan: String,
    pub(super) confirm: u64,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RunRowsAsked {
    pub(super) state: Option<String>,
    pub(super) from: usize,
    pub(super) count: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct DoRetry {
    pub(super) states: Vec<String>,
    pub(super) codes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DoReport {
    pub(super) format: String,
    #[serde(rename = "as")]
    pub(super) name: String,
}
