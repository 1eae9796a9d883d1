//! Where a ledger is kept, and what is kept beside it: names alone, nothing is looked at.

use std::path::{Path, PathBuf};

use crate::disk;

/// How the name of an import's ledger ends, after the whole name of its roster.
const LEDGER: &str = ".ledger.jsonl";

/// The same of a rehearsal's.
const REHEARSED: &str = ".simulate.ledger.jsonl";

/// How the name of the file ends in which a rehearsal keeps its world.
const WORLD: &str = ".simulate.world.jsonl";

/// The ledger of a roster, where nobody names another: beside it. A rehearsal has one of its own.
pub fn beside(roster: &Path, is_rehearsal: bool) -> PathBuf {
    disk::with_suffix(roster, if is_rehearsal { REHEARSED } else { LEDGER })
}

/// Whether a ledger has the name that rehearsals give theirs.
pub fn is_named_as_rehearsed(ledger: &Path) -> bool {
    ledger.to_string_lossy().ends_with(REHEARSED)
}

/// The world of a rehearsal with this ledger, beside it: `r.csv.simulate.world.jsonl` of `r.csv.simulate.ledger.jsonl`,
/// `mine.jsonl.simulate.world.jsonl` of `mine.jsonl`.
pub fn world_of(ledger: &Path) -> PathBuf {
    let name = ledger.file_name().and_then(|name| name.to_str());
    match name.and_then(|name| name.strip_suffix(REHEARSED)) {
        Some(roster) => ledger.with_file_name(format!("{roster}{WORLD}")),
        None => disk::with_suffix(ledger, WORLD),
    }
}

/// The world of a rehearsal of this roster, where worlds were kept before they followed the ledger.
pub fn world_of_roster(roster: &Path) -> PathBuf {
    disk::with_suffix(roster, WORLD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_world_stands_beside_the_ledger_under_its_name() {
        for (ledger, world) in [
            ("d/r.csv.simulate.ledger.jsonl", "d/r.csv.simulate.world.jsonl"),
            ("d/mine.jsonl", "d/mine.jsonl.simulate.world.jsonl"),
            ("r.csv.ledger.jsonl", "r.csv.ledger.jsonl.simulate.world.jsonl"),
            (".simulate.ledger.jsonl", ".simulate.world.jsonl"),
        ] {
            assert_eq!(world_of(Path::new(ledger)), Path::new(world), "{ledger}");
        }
    }

    #[test]
    fn a_ledger_that_nobody_named_has_its_world_where_worlds_were_before() {
        for roster in ["r.csv", "d/new hires.xlsx"].map(Path::new) {
            assert_eq!(world_of(&beside(roster, true)), world_of_roster(roster));
            assert!(is_named_as_rehearsed(&beside(roster, true)));
            assert!(!is_named_as_rehearsed(&beside(roster, false)));
        }
    }
}
