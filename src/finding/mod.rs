//! What is wrong with a row, as data. Findings are made where the fault is seen: by the reader, and by the rules.

pub mod codes;

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service would refuse the row, or we cannot tell what is meant: nothing is sent.
    Error,
    /// The service takes it, but a person would regret it.
    Warning,
}

impl Severity {
    /// The word it is written with.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One fault of one row (or of the file, where `row` is `None`).
///
/// Serialises as the element of `findings` in `validate --format json`; the field names are a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code, from [`codes`].
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The row as the spreadsheet shows it; `None` for the file as a whole.
    pub row: Option<u64>,
    /// The column's header as the file has it.
    pub column: Option<String>,
    /// The offending value; `[hidden]` where it is a secret.
    pub value: Option<String>,
    /// What is wrong.
    pub message: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl Finding {
    /// What stands in `value` in place of a secret.
    pub const HIDDEN: &'static str = "[hidden]";
}
