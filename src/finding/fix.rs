//! What mends a finding, as data.

use serde::Serialize;

use crate::text::shown;

/// A change that mends a finding. Which finding, and in which row, is told by whatever carries it.
///
/// Serialises as an element of `fixes` in `validate --format json`; the names are a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fix {
    /// The cell gets another text.
    Set {
        /// The column's header as the file has it.
        column: String,
        /// What the cell is to say; empty where it is to be emptied.
        text: String,
    },
    /// Each cell of the column that says the one gets the other: what is a fault here is one wherever it stands.
    ReplaceAll {
        /// The column's header.
        column: String,
        /// The text of the cells, without the spaces around it.
        from: String,
        /// What they are to say.
        to: String,
    },
    /// The spaces around the cell go, and the characters around it that nobody sees.
    Trim {
        /// The column's header.
        column: String,
    },
    /// The text is written with composed characters (Unicode, NFC).
    Compose {
        /// The column's header.
        column: String,
    },
    /// A telephone number is written in E.164 form.
    ReadPhone {
        /// The column's header.
        column: String,
        /// The number; `None` where a country must be named for it.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
    },
    /// The cell's text goes into another column, and the cell is emptied.
    Move {
        /// The header of the column where it stands.
        from: String,
        /// The header of the column where it belongs.
        to: String,
    },
    /// The row is taken out.
    DropRow,
    /// The column is read as another.
    Map {
        /// The column's header as the file has it.
        header: String,
        /// The name of what it carries.
        field: String,
    },
    /// Every row gets the same of what no column has; what, is for a person to say.
    Constant {
        /// The name of what is missing.
        field: String,
        /// What the instance has of it, where that is known and not too much.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        names: Vec<String>,
    },
    /// The import makes the passwords.
    MakePasswords,
    /// One of these names is meant, and a person says which.
    Choose {
        /// The column's header.
        column: String,
        /// What the instance has.
        names: Vec<String>,
    },
}

impl Fix {
    /// Its kind, by the name that it is written with.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Set { .. } => "set",
            Self::ReplaceAll { .. } => "replace-all",
            Self::Trim { .. } => "trim",
            Self::Compose { .. } => "compose",
            Self::ReadPhone { .. } => "read-phone",
            Self::Move { .. } => "move",
            Self::DropRow => "drop-row",
            Self::Map { .. } => "map",
            Self::Constant { .. } => "constant",
            Self::MakePasswords => "make-passwords",
            Self::Choose { .. } => "choose",
        }
    }

    /// What it does, in a few words for a person.
    pub fn label(&self) -> String {
        match self {
            Self::Set { text, .. } if text.is_empty() => "empty the cell".to_owned(),
            Self::Set { text, .. } | Self::ReplaceAll { to: text, .. } => {
                format!("write `{}`", shown(text))
            }
            Self::Trim { .. } => "leave out the spaces around it".to_owned(),
            Self::Compose { .. } => "write it with composed characters".to_owned(),
            Self::ReadPhone { text: Some(text), .. } => format!("write `{text}`"),
            Self::ReadPhone { text: None, .. } => "read it as a number of a country".to_owned(),
            Self::Move { to, .. } => format!("move it to `{}`", shown(to.trim())),
            Self::DropRow => "take the row out".to_owned(),
            Self::Map { field, .. } => format!("read the column as `{field}`"),
            Self::Constant { field, .. } => format!("give every row the same {field}"),
            Self::MakePasswords => "have passwords made".to_owned(),
            Self::Choose { .. } => "choose one that the instance has".to_owned(),
        }
    }
}

/// A fix with what it changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// What is done.
    #[serde(flatten)]
    pub fix: Fix,
    /// Whether the roster cannot be meant otherwise, so that nobody need look.
    pub safe: bool,
    /// The cells of the row that get another text, by the file's columns, counted from 0.
    #[serde(skip)]
    pub(crate) cells: Vec<(usize, String)>,
}

impl Proposal {
    /// Whether it can be done as it stands; else a person has to say something first.
    pub fn is_whole(&self) -> bool {
        !self.cells.is_empty() || matches!(self.fix, Fix::DropRow | Fix::Map { .. })
    }
}
