//! First passwords that headcount makes itself, and the file that they are kept in until people have them.
//!
//! The file is JSON Lines, append-only, readable by its owner only. Its first record names the run; then there is one for
//! each attempt that carries a password of ours: run, user, attempt and password, or the password encrypted. Number and
//! nonce of the attempt are those that the ledger's intent and the user's provenance tag have, so that the ledger's outcome
//! says which of a user's passwords the instance holds. The invariants:
//!
//! * the intent is synced, then the record, and then the request leaves: a user that may exist has both;
//! * no two records have one number: an attempt that the file knows is never made again, whatever ledger is put back;
//! * nothing is ever rewritten, but that a torn last line is cut off before the next is appended.

mod file;
mod generate;
mod join;
mod list;
mod reader;
mod record;
mod sealed;

pub(crate) use file::{Credentials, LockedFile};
pub(crate) use generate::generate;
pub use join::{Joined, Outcomes, Told};
pub use sealed::Identities;
pub(crate) use sealed::Recipients;

pub(crate) use crate::log::Unwritable;
