//! What follows from what was heard of a put. Pure.

/// The answer to a put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// It stands.
    Done,
    /// Something stands there already: of which nonce, where the answer says so.
    Taken(Option<String>),
}

/// What was heard of a put, or of a look at its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// The answer to the put.
    Put(Put),
    /// No answer, or none that says whether it was done.
    Nothing,
    /// What stands at the position: a nonce, or nothing yet.
    Stands(Option<String>),
}

/// What is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It stands: what it carries may be acted on.
    Landed,
    /// Another stands there: this machine no longer has the ledger.
    Fenced,
    /// Look at the position.
    Look,
    /// Put the same bytes under the same nonce once more.
    PutAgain,
}

/// What follows for whoever put a segment with this nonce.
pub(super) fn next(own: &str, heard: &Heard) -> Next {
    match heard {
        Heard::Put(Put::Done) => Next::Landed,
        Heard::Put(Put::Taken(Some(nonce))) | Heard::Stands(Some(nonce)) => {
            if nonce == own {
                Next::Landed
            } else {
                Next::Fenced
            }
        }
        Heard::Put(Put::Taken(None)) | Heard::Nothing => Next::Look,
        Heard::Stands(None) => Next::PutAgain,
    }
}
