//! What a workshop tells, in the form in which a page is given it.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::finding::Finding;

/// The roster that is open.
#[derive(Clone, Debug, Serialize)]
pub struct RosterTold {
    /// Its file's name.
    pub name: String,
    /// `csv` or `xlsx`.
    pub kind: &'static str,
    /// How many rows it has, those that are nobody's included.
    pub rows: usize,
    /// How many columns the file has.
    pub width: usize,
    /// The sheet that is read.
    pub sheet: Option<String>,
    /// All sheets of a workbook.
    pub sheets: Vec<String>,
    /// The encoding of a CSV.
    pub encoding: Option<String>,
    /// What stands between the cells of a CSV.
    pub delimiter: Option<String>,
    /// The row of its header, as a spreadsheet shows it.
    pub header_row: u64,
    /// Which known template it is.
    pub recognised: Option<&'static str>,
    /// The file that its column map is saved in.
    pub map: Option<String>,
}

/// How much is wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CountsTold {
    /// How many rows are somebody's.
    pub rows: u64,
    /// How many of them cannot be sent.
    pub invalid_rows: u64,
    /// How many errors there are.
    pub errors: u64,
    /// How many warnings.
    pub warnings: u64,
    /// In how many rows something was changed.
    pub changed_rows: usize,
}

/// A step that was done.
#[derive(Clone, Debug, Serialize)]
pub struct StepTold {
    /// Which.
    pub id: u64,
    /// What was done.
    pub label: String,
    /// How many cells it changed.
    pub cells: usize,
    /// In how many rows.
    pub rows: usize,
    /// Whether it was undone.
    pub undone: bool,
}

/// The directory that names are held against.
#[derive(Clone, Debug, Serialize)]
pub struct DirectoryTold {
    /// Its file's name.
    pub name: String,
    /// The instance's alias, where it is known.
    pub alias: Option<String>,
    /// When it was saved, by RFC 3339.
    pub saved: Option<String>,
    /// How many days ago that is.
    pub age_days: Option<u64>,
}

/// How the instance knows its users, and who says so.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct IdentityTold {
    /// `connect`, `saml` or `directory`.
    #[serde(rename = "type")]
    pub identity: &'static str,
    /// `told`, `directory` or `columns`.
    pub from: &'static str,
}

/// Edits of an earlier page that are still at hand.
#[derive(Clone, Debug, Serialize)]
pub struct RecoverTold {
    /// How many cells.
    pub cells: usize,
    /// When, by RFC 3339.
    pub when: Option<String>,
}

/// All there is to say of where a workshop stands.
#[derive(Clone, Debug, Serialize)]
pub struct StateTold {
    /// The folder's name.
    pub folder: String,
    /// How many rows a roster may have here.
    pub limit_rows: usize,
    /// The roster.
    pub roster: Option<RosterTold>,
    /// Which revision of it.
    pub revision: u64,
    /// Which revision was checked whole.
    pub checked: u64,
    /// How much is wrong.
    pub counts: CountsTold,
    /// How many things were changed since it was saved.
    pub unsaved: usize,
    /// The file that it was saved in last.
    pub saved: Option<String>,
    /// What `undo` would undo.
    pub undo: Option<StepName>,
    /// What `redo` would do again.
    pub redo: Option<StepName>,
    /// What was done, the newest first.
    pub steps: Vec<StepTold>,
    /// The directory.
    pub directory: Option<DirectoryTold>,
    /// The directories of the folder.
    pub directories: Vec<String>,
    /// How the instance knows its users.
    pub identity: Option<IdentityTold>,
    /// `roster`, or `made` where the import makes them.
    pub passwords: &'static str,
    /// The country whose numbers may be written in full.
    pub phone_region: Option<String>,
    /// `changed` or `gone`, where the file on disk is another and there is something unsaved here.
    pub file: Option<&'static str>,
    /// Edits of an earlier page on the same file.
    pub recover: Option<RecoverTold>,
}

/// A step by its name.
#[derive(Clone, Debug, Serialize)]
pub struct StepName {
    /// Which.
    pub id: u64,
    /// What was done.
    pub label: String,
}

/// A fault of a cell, as the grid marks it.
#[derive(Clone, Debug, Serialize)]
pub struct MarkTold {
    /// Its code.
    pub code: String,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The group that it belongs to, where that is known yet.
    pub group: Option<String>,
}

/// A row of the grid.
#[derive(Clone, Debug, Serialize)]
pub struct RowShown {
    /// Its number, as a spreadsheet shows it.
    pub n: u64,
    /// Its cells: of a secret one `null` where it is set, and `""` where it is blank.
    pub c: Vec<Option<String>>,
    /// Its faults by column; those of the row as a whole under `-1`.
    pub f: BTreeMap<String, Vec<MarkTold>>,
    /// The columns in which something was changed.
    pub ch: Vec<usize>,
    /// Whether it was taken out.
    pub drop: bool,
    /// Why it is read as nobody's.
    pub out: Option<&'static str>,
    /// Whether its cells cannot be told apart.
    pub ragged: bool,
}

/// Rows of the grid.
#[derive(Clone, Debug, Serialize)]
pub struct RowsShown {
    /// Of which revision.
    pub revision: u64,
    /// How many there are in this view.
    pub total: usize,
    /// Those that were asked for.
    pub rows: Vec<RowShown>,
}

/// A fix as it is offered.
#[derive(Clone, Debug, Serialize)]
pub struct FixTold {
    /// By what it is asked for.
    pub id: String,
    /// What kind it is.
    pub kind: &'static str,
    /// What it does, in words.
    pub label: String,
    /// How many rows have the fault at most.
    pub rows: u64,
    /// Whether it cannot be meant otherwise.
    pub safe: bool,
    /// Whether a person has to say something first.
    pub asks: bool,
    /// The text after it, where it is one of a cell that may be shown.
    pub to: Option<String>,
}

/// A finding of the file as a whole.
#[derive(Clone, Debug, Serialize)]
pub struct OfFileTold {
    /// The finding, as `validate --format json` has it.
    #[serde(flatten)]
    pub finding: Finding,
    /// By what it is asked for.
    pub id: String,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it matters.
    pub why: String,
    /// Who says so.
    pub source: &'static str,
    /// What mends it.
    pub fixes: Vec<FixTold>,
}

/// A group of faults.
#[derive(Clone, Debug, Serialize)]
pub struct GroupTold {
    /// By what it is known again.
    pub id: String,
    /// Its code.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// The column.
    pub col: Option<u32>,
    /// The column's header.
    pub header: Option<String>,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it matters.
    pub why: String,
    /// Who says so.
    pub source: &'static str,
    /// What is said of the first.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// How many faults.
    pub rows: u64,
    /// The first.
    pub first: PlaceTold,
    /// The text that is wrong, where the group is of one.
    pub value: Option<String>,
    /// What mends it.
    pub fixes: Vec<FixTold>,
}

/// A cell by its place.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct PlaceTold {
    /// The row.
    pub n: u64,
    /// The column, `null` for the row as a whole.
    pub col: Option<u32>,
}

/// All that is wrong.
#[derive(Clone, Debug, Serialize)]
pub struct FindingsTold {
    /// Of which revision.
    pub revision: u64,
    /// How much there is.
    #[serde(flatten)]
    pub counts: CountsTold,
    /// What is said of the file as a whole.
    pub of_file: Vec<OfFileTold>,
    /// The groups, errors first.
    pub groups: Vec<GroupTold>,
    /// How many groups are not told.
    pub more: usize,
}

/// A fault of the cell at hand.
#[derive(Clone, Debug, Serialize)]
pub struct CellFinding {
    /// Its code.
    pub code: String,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// What is wrong, in a few words.
    pub title: String,
    /// Why it matters.
    pub why: String,
    /// What is wrong here.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
    /// Who says so.
    pub source: String,
    /// What mends it.
    pub fixes: Vec<FixTold>,
}

/// The cell at hand.
#[derive(Clone, Debug, Serialize)]
pub struct CellTold {
    /// The row.
    pub n: u64,
    /// The column.
    pub col: usize,
    /// The column's letters.
    pub letter: String,
    /// The column's header.
    pub header: String,
    /// What it carries, by the name that a column map has.
    pub field: Option<&'static str>,
    /// The same for people.
    pub label: Option<&'static str>,
    /// Its text; `null` where it is a secret that is set.
    pub text: Option<String>,
    /// Whether nothing of it is shown.
    pub secret: bool,
    /// Whether it is a cell of the file.
    pub editable: bool,
    /// The file's own text, where it was changed and may be shown.
    pub original: Option<String>,
    /// What is wrong with it.
    pub findings: Vec<CellFinding>,
    /// What the instance, or the grammar of the cell, has to choose from.
    pub choices: Option<Vec<String>>,
    /// How many there are of these.
    pub choices_total: usize,
}

/// What came of a change.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangedTold {
    /// Which revision it is now.
    pub revision: u64,
    /// How many cells changed.
    pub cells: usize,
    /// The first of the rows that changed, checked by themselves.
    pub rows: Vec<RowShown>,
    /// How much is wrong, as far as is known yet.
    pub counts: CountsTold,
    /// What was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How many cells fell outside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clipped: Option<usize>,
    /// The numbers of the rows that were added.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub added: Vec<u64>,
}

/// A cell before and after.
#[derive(Clone, Debug, Serialize)]
pub struct SampleTold {
    /// The row.
    pub n: u64,
    /// The column.
    pub col: usize,
    /// The text before.
    pub from: String,
    /// The text after.
    pub to: String,
}

/// What a bulk change does, or did.
#[derive(Clone, Debug, Serialize)]
pub struct EffectTold {
    /// In how many rows something changes.
    pub rows: u64,
    /// How many cells.
    pub cells: u64,
    /// How many rows are taken out.
    pub dropped: u64,
    /// The first of the cells.
    pub samples: Vec<SampleTold>,
    /// How many findings go.
    pub mends: u64,
    /// How many findings come.
    pub adds: u64,
    /// Which revision it is now, where it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
}

/// A column of the file.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnTold {
    /// Its place, counted from 0.
    pub col: usize,
    /// Its letters.
    pub letter: String,
    /// Its header.
    pub header: String,
    /// `field`, `ignored`, `unknown`, `misspelt`, `unnamed` or `added`.
    #[serde(rename = "use")]
    pub used: &'static str,
    /// What it carries.
    pub field: Option<&'static str>,
    /// What it may carry, for a person to confirm.
    pub proposed: Option<&'static str>,
    /// Its first different texts; none of a secret.
    pub samples: Vec<String>,
    /// Whether nothing of it is shown.
    pub secret: bool,
    /// Which part of its cells is filled in.
    pub filled: f64,
    /// Its words that may be translated: few, and none of which is read.
    pub words: Option<Vec<WordTold>>,
    /// Its words with what each of them sets, where it decides several settings, or may.
    pub roles: Option<Vec<RoleTold>>,
    /// Whether it decides any by now.
    pub decides: bool,
}

/// A word of a column that decides several settings.
#[derive(Clone, Debug, Serialize)]
pub struct RoleTold {
    /// As it stands.
    pub word: String,
    /// In how many rows.
    pub count: u64,
    /// Field → what it is set to.
    pub sets: BTreeMap<String, String>,
}

/// A word of a column.
#[derive(Clone, Debug, Serialize)]
pub struct WordTold {
    /// As it stands.
    pub from: String,
    /// In how many rows.
    pub count: u64,
    /// What it is translated to.
    pub to: Option<String>,
}

/// What a column can carry.
#[derive(Clone, Debug, Serialize)]
pub struct FieldTold {
    /// By the name that a column map has.
    pub field: &'static str,
    /// The same for people.
    pub label: &'static str,
    /// Whether its cells are never shown.
    pub secret: bool,
}

/// What no column carries.
#[derive(Clone, Debug, Serialize)]
pub struct MissingTold {
    /// By the name that a column map has.
    pub field: &'static str,
    /// Whether every row needs it.
    pub needed: bool,
}

/// One of the first rows of the file.
#[derive(Clone, Debug, Serialize)]
pub struct TopTold {
    /// Its number.
    pub row: u64,
    /// Its first cells; `null` where a password may stand.
    pub cells: Vec<Option<String>>,
}

/// How the columns are read.
#[derive(Clone, Debug, Serialize)]
pub struct ColumnsTold {
    /// Of which revision.
    pub revision: u64,
    /// The row of the header.
    pub header_row: u64,
    /// Which known template it is.
    pub recognised: Option<&'static str>,
    /// The columns.
    pub columns: Vec<ColumnTold>,
    /// What no column carries.
    pub missing: Vec<MissingTold>,
    /// What a column can carry.
    pub fields: Vec<FieldTold>,
    /// The first rows.
    pub top: Vec<TopTold>,
    /// Values of every row.
    pub constants: BTreeMap<String, String>,
    /// Values of the rows whose cell is blank.
    pub defaults: BTreeMap<String, String>,
}

/// A cell that is next.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct NextTold {
    /// The row.
    pub n: u64,
    /// The column.
    pub col: Option<u32>,
    /// Where the row is in the view.
    pub at: usize,
}
