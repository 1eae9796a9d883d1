//! Where a ledger is kept, and what is kept beside it: names, and whether something has them.

use std::path::{Path, PathBuf};

use super::{Job, undone};
use crate::disk;

/// How the name of an import's ledger ends, after the whole name of its roster.
const LEDGER: &str = ".ledger.jsonl";

/// The same of a rehearsal's.
const REHEARSED: &str = ".simulate.ledger.jsonl";

/// The same of an update's.
const UPDATES: &str = ".update.ledger.jsonl";

/// The same of an update that is a rehearsal.
const REHEARSED_UPDATES: &str = ".simulate.update.ledger.jsonl";

/// The same of a list of leavers.
const REMOVALS: &str = ".remove.ledger.jsonl";

/// The same of a list of leavers that is rehearsed.
const REHEARSED_REMOVALS: &str = ".simulate.remove.ledger.jsonl";

/// How the name of the file ends in which a rehearsal keeps its world.
const WORLD: &str = ".simulate.world.jsonl";

/// The same of one in which the people of a roster are there from the beginning.
const PEOPLED: &str = ".simulate.people.jsonl";

/// What stands in a roster's place in the names of all that is kept beside it for one of several targets:
/// `roster.csv.emea`, as in `roster.csv.emea.ledger.jsonl`.
pub(crate) fn for_target(roster: &Path, target: Option<&str>) -> PathBuf {
    match target {
        Some(target) => disk::with_suffix(roster, &format!(".{target}")),
        None => roster.to_owned(),
    }
}

/// The ledger of a roster, where nobody names another: beside it. A rehearsal has one of its own.
pub fn ledger_of(roster: &Path, is_rehearsal: bool) -> PathBuf {
    disk::with_suffix(roster, if is_rehearsal { REHEARSED } else { LEDGER })
}

/// The ledger of the updates of a roster, where nobody names another.
pub fn update_ledger_of(roster: &Path, is_rehearsal: bool) -> PathBuf {
    disk::with_suffix(roster, if is_rehearsal { REHEARSED_UPDATES } else { UPDATES })
}

/// The ledger of a list of leavers, where nobody names another.
pub fn removal_ledger_of(list: &Path, is_rehearsal: bool) -> PathBuf {
    disk::with_suffix(list, if is_rehearsal { REHEARSED_REMOVALS } else { REMOVALS })
}

/// The ledger of a command about a roster, where nobody names another.
pub(crate) fn ledger_for(job: Option<Job>, roster: &Path, is_rehearsal: bool) -> PathBuf {
    match job {
        None => ledger_of(roster, is_rehearsal),
        Some(Job::Update) => update_ledger_of(roster, is_rehearsal),
        Some(Job::Remove) => removal_ledger_of(roster, is_rehearsal),
    }
}

/// Whether a file has the name that ledgers of leavers have where nobody names another.
pub(crate) fn is_named_as_leavers(path: &Path) -> bool {
    path.to_string_lossy().ends_with(REMOVALS)
}

/// The ledgers beside a roster that may know what was last asked of its people: the import's and the update's.
pub(crate) fn bases_of(roster: &Path, is_rehearsal: bool) -> [PathBuf; 2] {
    [ledger_of(roster, is_rehearsal), update_ledger_of(roster, is_rehearsal)]
}

/// The ledger of the updates of a roster by the name of its import's: `r.csv.update.ledger.jsonl` of `r.csv.ledger.jsonl`.
/// `None` where that has a name of its own.
pub(crate) fn updates_of(ledger: &Path) -> Option<PathBuf> {
    let name = ledger.file_name()?.to_str()?;
    let ends = [(REHEARSED, REHEARSED_UPDATES), (LEDGER, UPDATES)];
    let (roster, end) = ends.iter().find_map(|(own, end)| Some((name.strip_suffix(own)?, end)))?;
    Some(ledger.with_file_name(format!("{roster}{end}")))
}

/// How the name goes on of a file that keeps people as they were before an update, after the whole name of its roster.
pub(super) const BEFORE: &str = ".before.";

/// The ledgers of the updates that put people back as they were before updates of this roster; of such a file, of those of its
/// roster. What these asked for is newer than what the updates did, whose own ledger knows nothing of it.
pub(crate) fn undone_of(roster: &Path) -> Vec<PathBuf> {
    let Some(name) = roster.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let whole = name.find(BEFORE).and_then(|at| name.get(..at)).unwrap_or(name);
    let begins = format!("{whole}{BEFORE}");
    let names = names_beside(&roster.with_file_name(whole)).into_iter();
    let updates = names.filter(|name| name.starts_with(&begins) && name.ends_with(UPDATES));
    updates.map(|name| roster.with_file_name(name)).collect()
}

/// What has the name of an import's ledger of one of several targets, beside a roster; rehearsals' apart. The ledger says whose
/// it is.
pub(crate) fn named_as_of_targets(roster: &Path) -> Vec<PathBuf> {
    let own = ledger_of(roster, false);
    let names = names_beside(roster).into_iter().filter(|name| name.ends_with(LEDGER));
    let ledgers = names.map(|name| roster.with_file_name(name));
    ledgers.filter(|path| *path != own && !is_named_as_rehearsed(path)).collect()
}

/// The names of the files beside this one that begin with its name and a dot, in order.
fn names_beside(file: &Path) -> Vec<String> {
    let Some(name) = file.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let begins = format!("{name}.");
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    let names = std::fs::read_dir(folder.unwrap_or(Path::new("."))).into_iter().flatten();
    let names = names.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(&begins)).collect();
    names.sort();
    names
}

/// Where the ledgers are, for whoever names something else: those beside a roster of this name, or beside the roster whose
/// ledger would have it. Of several targets each has one.
pub(super) fn where_they_are(path: &Path) -> String {
    /// More names than this are no help.
    const MOST: usize = 4;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let ends = [REHEARSED_UPDATES, REHEARSED_REMOVALS, REHEARSED, UPDATES, REMOVALS, LEDGER];
    let roster = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    // One that an update has put people back by is of its own roster.
    let is_one = |there: &String| there.ends_with(LEDGER) && *there != name && !there.contains(BEFORE);
    let there: Vec<String> = names_beside(&path.with_file_name(roster)).into_iter().filter(is_one).collect();
    let shown = |name: &String| format!("`{}`", path.with_file_name(name).display());
    match there.as_slice() {
        [] => "the ledger of `roster.csv` is `roster.csv.ledger.jsonl`, beside it".to_owned(),
        [one] => format!("there is {} beside it", shown(one)),
        all => {
            let first: Vec<String> = all.iter().take(MOST).map(shown).collect();
            let more = match all.len().saturating_sub(MOST) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("there are {}{more} beside it", first.join(", "))
        }
    }
}

/// Whether a file has the name of one that keeps people as they were before an update.
pub(crate) fn is_named_as_before(roster: &Path) -> bool {
    roster.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.contains(BEFORE))
}

/// A path as a ledger has it: whole, and without links where it leads anywhere.
pub(crate) fn absolute(path: &Path) -> String {
    disk::full_name(path).display().to_string()
}

/// Whether a ledger has the name that rehearsals give theirs.
pub(crate) fn is_named_as_rehearsed(ledger: &Path) -> bool {
    let name = ledger.to_string_lossy();
    let before = undone::name_before(&name);
    let name = before.as_deref().unwrap_or(&name);
    [REHEARSED, REHEARSED_UPDATES, REHEARSED_REMOVALS].iter().any(|end| name.ends_with(end))
}

/// Whether a file has the name that ledgers have where nobody names another.
pub(crate) fn is_named_as_ledger(path: &Path) -> bool {
    path.to_string_lossy().ends_with(LEDGER)
}

/// The world of a rehearsal with this ledger, beside it: `r.csv.simulate.world.jsonl` of `r.csv.simulate.ledger.jsonl`,
/// `mine.jsonl.simulate.world.jsonl` of `mine.jsonl`. An import and an update of one roster have one world.
///
/// Worlds were once kept beside the roster. `rosters` are those of a ledger of that time: where there is a world beside one
/// of them and none beside the ledger, it is that one.
pub(crate) fn world_of(ledger: &Path, rosters: &[&Path]) -> PathBuf {
    let name = ledger.file_name().and_then(|name| name.to_str());
    let before = name.and_then(undone::name_before);
    let name = before.as_deref().or(name);
    let usual = name.and_then(|name| {
        [REHEARSED_REMOVALS, REHEARSED_UPDATES, REHEARSED].iter().find_map(|end| name.strip_suffix(end))
    });
    let beside = match usual {
        Some(roster) => ledger.with_file_name(format!("{roster}{WORLD}")),
        None => disk::with_suffix(ledger, WORLD),
    };
    if beside.exists() {
        return beside;
    }
    let mut of_before = rosters.iter().map(|roster| disk::with_suffix(roster, WORLD));
    of_before.find(|world| world.exists()).unwrap_or(beside)
}

/// The world of a rehearsal of changes that has the roster's people in it from the beginning, beside that which
/// [`world_of`] says: it is gone on with where it is there, and made where no import was rehearsed.
pub(crate) fn peopled(world: &Path) -> Option<PathBuf> {
    let name = world.file_name()?.to_str()?;
    let own = world.with_file_name(format!("{}{PEOPLED}", name.strip_suffix(WORLD)?));
    (own.exists() || !world.exists()).then_some(own)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_names_a_roster_is_told_its_ledgers() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let usual = "the ledger of `roster.csv` is `roster.csv.ledger.jsonl`, beside it";
        assert_eq!(where_they_are(&path("r.csv")), usual);
        for name in ["r.csv", "r.csv.emea.ledger.jsonl", "s.csv.ledger.jsonl", "r.csvx.ledger.jsonl"] {
            std::fs::write(path(name), "").unwrap();
        }
        let emea = format!("there is `{}` beside it", path("r.csv.emea.ledger.jsonl").display());
        for named in ["r.csv", "r.csv.ledger.jsonl", "r.csv.update.ledger.jsonl"] {
            assert_eq!(where_they_are(&path(named)), emea, "{named}");
        }
        for name in ["a", "b", "c", "na", "before.1f.csv.update"] {
            std::fs::write(path(&format!("r.csv.{name}.ledger.jsonl")), "").unwrap();
        }
        let shown = |name| format!("`{}`", path(&format!("r.csv.{name}.ledger.jsonl")).display());
        let names = ["a", "b", "c", "emea"].map(shown).join(", ");
        assert_eq!(where_they_are(&path("r.csv")), format!("there are {names} and 1 more beside it"));
    }

    #[test]
    fn the_world_stands_beside_the_ledger_under_its_name() {
        for (ledger, world) in [
            ("d/r.csv.simulate.ledger.jsonl", "d/r.csv.simulate.world.jsonl"),
            ("d/r.csv.simulate.update.ledger.jsonl", "d/r.csv.simulate.world.jsonl"),
            ("d/r.csv.simulate.remove.ledger.jsonl", "d/r.csv.simulate.world.jsonl"),
            ("d/r.csv.simulate.undone-1f.ledger.jsonl", "d/r.csv.simulate.world.jsonl"),
            ("d/r.csv.update.ledger.jsonl", "d/r.csv.update.ledger.jsonl.simulate.world.jsonl"),
            ("d/mine.jsonl", "d/mine.jsonl.simulate.world.jsonl"),
            ("r.csv.ledger.jsonl", "r.csv.ledger.jsonl.simulate.world.jsonl"),
            (".simulate.ledger.jsonl", ".simulate.world.jsonl"),
        ] {
            assert_eq!(world_of(Path::new(ledger), &[]), Path::new(world), "{ledger}");
        }
    }

    #[test]
    fn the_ledger_of_the_updates_is_known_by_the_name_of_the_imports() {
        for (ledger, updates) in [
            ("d/r.csv.ledger.jsonl", Some("d/r.csv.update.ledger.jsonl")),
            ("r.csv.simulate.ledger.jsonl", Some("r.csv.simulate.update.ledger.jsonl")),
            ("mine.jsonl", None),
        ] {
            assert_eq!(updates_of(Path::new(ledger)).as_deref(), updates.map(Path::new), "{ledger}");
        }
    }

    #[test]
    fn a_world_beside_a_roster_is_found_where_none_stands_beside_the_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let [ledger, own, one, other] =
            ["l.jsonl", "l.jsonl.simulate.world.jsonl", "r.csv.simulate.world.jsonl", "x"]
                .map(|name| folder.path().join(name));
        let rosters = [other.as_path(), &folder.path().join("r.csv")];
        assert_eq!(world_of(&ledger, &rosters), own, "neither is there");
        std::fs::write(&one, "").unwrap();
        assert_eq!(world_of(&ledger, &rosters), one);
        assert_eq!(world_of(&ledger, &[]), own, "the ledger is not of that time");
        std::fs::write(&own, "").unwrap();
        assert_eq!(world_of(&ledger, &rosters), own);
    }

    #[test]
    fn a_ledger_that_nobody_named_has_its_world_where_worlds_were_before() {
        for roster in ["r.csv", "d/new hires.xlsx"].map(Path::new) {
            assert_eq!(world_of(&ledger_of(roster, true), &[]), disk::with_suffix(roster, WORLD));
            assert!(is_named_as_rehearsed(&ledger_of(roster, true)));
            assert!(!is_named_as_rehearsed(&ledger_of(roster, false)));
            for is_rehearsal in [true, false] {
                let ledger = update_ledger_of(roster, is_rehearsal);
                assert!(is_named_as_ledger(&ledger));
                assert_eq!(is_named_as_rehearsed(&ledger), is_rehearsal);
            }
            assert_eq!(world_of(&update_ledger_of(roster, true), &[]), disk::with_suffix(roster, WORLD));
        }
    }
}
