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

impl Undoable {
    /// The same for whoever asks for one thing alone.
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Stale { revision } => {
                Failure::usage(format!("the roster was changed meanwhile; it is revision {revision} now"))
            }
            Self::Busy(failure)
            | Self::Taken(failure)
            | Self::NotFound(failure)
            | Self::Unusable(failure) => failure,
        }
    }
}

/// Where nothing is open.
pub(super) fn none_open() -> Undoable {
    Undoable::NotFound(Failure::usage("no roster is open").hint("open one of the folder"))
}
