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

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub(crate) use file::{Credentials, LockedFile};
pub(crate) use generate::generate;
pub use join::{Joined, Outcomes, Told};
pub(crate) use list::{List, Listed};
pub use sealed::Identities;
pub(crate) use sealed::Recipients;

use crate::disk;
pub(crate) use crate::log::Unwritable;

/// What a rehearsal's files have in their names, as its ledger has.
const REHEARSED: &str = ".simulate";

/// The file that a rehearsal keeps passwords in, where this one is named: `pw.simulate.jsonl` of `pw.jsonl`. The import that
/// it rehearses has the name to itself: one file belongs to one ledger.
pub(crate) fn rehearsed(file: &Path) -> PathBuf {
    let (Some(stem), Some(name)) = (file.file_stem(), file.file_name()) else { return file.to_owned() };
    if stem.to_string_lossy().ends_with(REHEARSED) || name.to_string_lossy().ends_with(REHEARSED) {
        return file.to_owned();
    }
    let mut own = OsString::from(stem);
    own.push(REHEARSED);
    if let Some(extension) = file.extension() {
        own.push(".");
        own.push(extension);
    }
    file.with_file_name(own)
}

/// The file that passwords are kept in which are made for a roster, where nobody names another: beside it.
pub(crate) fn beside(roster: &Path) -> PathBuf {
    disk::with_suffix(roster, ".passwords.jsonl")
}

/// The file with the passwords of a ledger, where this one is named: a rehearsal's own, where there is one.
pub(crate) fn of_ledger(named: &Path, is_rehearsal: bool) -> PathBuf {
    let own = if is_rehearsal { rehearsed(named) } else { named.to_owned() };
    // Rehearsals of before had no name of their own for it.
    if own.exists() { own } else { named.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rehearsals_file_has_a_name_of_its_own() {
        for (named, own) in [
            ("pw.jsonl", "pw.simulate.jsonl"),
            ("d.x/pw.jsonl", "d.x/pw.simulate.jsonl"),
            ("d.x/pw", "d.x/pw.simulate"),
            (".pw", ".pw.simulate"),
            ("a.b.jsonl", "a.b.simulate.jsonl"),
            // What was named so by hand is so already.
            ("pw.simulate.jsonl", "pw.simulate.jsonl"),
            ("pw.simulate", "pw.simulate"),
            ("..", ".."),
        ] {
            assert_eq!(rehearsed(Path::new(named)), Path::new(own), "{named}");
        }
    }
}
