//! One append whose answer may be lost: what follows from what was heard. Pure.
//!
//! A segment is put at the position behind the last, if nothing stands there. The request may arrive once, late, twice or
//! never, and its answer may be lost. Until it is known whether it landed, nothing else may be put there, nothing at the
//! next position, and nothing that it carries may be acted on. Whoever takes a failed condition after a lost answer for a
//! lost ledger fences itself (awslabs/amazon-kinesis-client#59, #325, #777); whoever compares by session, or merges new
//! lines into the second put, acts on what stands nowhere.

use super::segments::Put;

/// What was heard of a put, or of a look at its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// The answer to the put.
    Put(Put),
    /// No answer, or none that says whether it was done.
    Nothing,
    /// What stands at the position: a nonce, or nothing yet.
    Stands(Option<String>),
}

/// What is done then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
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
pub fn next(own: &str, heard: &Heard) -> Next {
    match heard {
        Heard::Put(Put::Done) => Next::Landed,
        Heard::Put(Put::Taken(Some(nonce))) | Heard::Stands(Some(nonce)) => {
            if nonce == own {
                Next::Landed
            } else {
                Next::Fenced
            }
        }
        // The condition failed, perhaps because of ourselves; and where nothing was heard, nothing is known.
        Heard::Put(Put::Taken(None)) | Heard::Nothing => Next::Look,
        Heard::Stands(None) => Next::PutAgain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_domain() {
        let nonce = |nonce: &str| Some(nonce.to_owned());
        for (heard, then) in [
            (Heard::Put(Put::Done), Next::Landed),
            (Heard::Put(Put::Taken(nonce("own"))), Next::Landed),
            (Heard::Put(Put::Taken(nonce("other"))), Next::Fenced),
            (Heard::Put(Put::Taken(None)), Next::Look),
            (Heard::Nothing, Next::Look),
            (Heard::Stands(nonce("own")), Next::Landed),
            (Heard::Stands(nonce("other")), Next::Fenced),
            (Heard::Stands(None), Next::PutAgain),
        ] {
            assert_eq!(next("own", &heard), then, "{heard:?}");
        }
    }
}
