//! What a workbench is asked for.

use crate::agent::{IdentityType, PhoneRegion};
use crate::roster::Options;

/// How a roster is opened.
#[derive(Clone, Debug, Default)]
pub struct ToOpen {
    /// Its file's name in the folder.
    pub name: String,
    /// How it is read.
    pub reading: Options,
    /// The text of a column map, in place of the file that the reading names.
    pub map: Option<String>,
    /// Whether the edits of an earlier page on the same file are done again.
    pub recover: bool,
}

/// By what a roster is checked, as a page says it.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// How the instance knows its users; `None` for what the roster says.
    pub identity: Option<IdentityType>,
    /// The name of a directory file of the folder.
    pub directory: Option<String>,
    /// Whether the import makes the passwords.
    pub makes_passwords: bool,
    /// The country whose national numbers are read.
    pub phone_region: Option<PhoneRegion>,
}

/// What a fix is asked for.
#[derive(Clone, Debug)]
pub enum Of {
    /// A group, by its id.
    Group(String),
    /// A cell.
    Cell {
        /// The row.
        row: u64,
        /// The column.
        column: usize,
    },
    /// A finding of the file as a whole, by its id.
    File(String),
}

/// What is put in place of what.
#[derive(Clone, Debug, Default)]
pub struct ToReplace {
    /// The text.
    pub find: String,
    /// What takes its place.
    pub with: String,
    /// In this column alone.
    pub column: Option<usize>,
    /// Only cells that say exactly this.
    pub is_whole: bool,
    /// Whether upper and lower case are told apart.
    pub has_case: bool,
    /// In the rows of this view alone.
    pub view: String,
}

/// A row that the service has refused.
#[derive(Clone, Debug)]
pub struct RefusedRow {
    /// Its number, in the file that was sent.
    pub number: u64,
    /// Whose it is.
    pub user: String,
    /// The service's code.
    pub code: String,
    /// Its words.
    pub message: String,
}
