//! Why something is not done on a workbench.

use crate::error::Failure;

/// Why something is not done.
#[derive(Debug)]
pub enum Undoable {
    /// What was asked for belongs to another revision than the one that there is.
    Stale {
        /// The one that there is.
        revision: u64,
    },
    /// Something is unsaved, or under way.
    Busy(Failure),
    /// There is something of this name already.
    Taken(Failure),
    /// There is no such thing.
    NotFound(Failure),
    /// It cannot be done.
    Unusable(Failure),
}

impl From<Failure> for Undoable {
    fn from(failure: Failure) -> Self {
        Self::Unusable(failure)
    }
}

/// Where nothing is open.
pub(super) fn none_open() -> Undoable {
    Undoable::NotFound(Failure::usage("no roster is open").hint("open one of the folder"))
}
