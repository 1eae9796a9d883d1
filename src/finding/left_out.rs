//! Rows that are no fault and no row either: whoever wrote the column map leaves them out.

use serde::Serialize;

/// Rows that one rule of a column map leaves out.
///
/// Serialises as an element of `left_out`; the field names are a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Which, in words: `` `Austritt` is filled ``.
    pub(crate) what: String,
    /// How many.
    pub(crate) rows: u64,
    /// A column of the roster says so, and no map.
    #[serde(skip)]
    pub(crate) is_of_action: bool,
}

impl LeftOut {
    /// How many rows all of these are.
    pub(crate) fn all(left_out: &[Self]) -> u64 {
        left_out.iter().map(|left_out| left_out.rows).sum()
    }
}
