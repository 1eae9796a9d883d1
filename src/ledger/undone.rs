//! The name of a ledger of which nothing is left: `roster.csv.undone-RUN.ledger.jsonl` of `roster.csv.ledger.jsonl`, so that
//! the same import begins afresh.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::beside::{ledger_of, roster_of};

/// What stands between the name of the roster and the run.
const UNDONE: &str = ".undone-";

/// What the ledger is called once nothing of its run is left; one that is called so already keeps its name.
pub(crate) fn path(ledger: &Path, run: &str) -> PathBuf {
    let Some(name) = ledger.file_name().and_then(|name| name.to_str()) else { return ledger.to_owned() };
    let (roster, is_rehearsal) = roster_of(name).unwrap_or((name, false));
    if before(name) != name {
        return ledger.to_owned();
    }
    ledger_of(&ledger.with_file_name(format!("{roster}{UNDONE}{run}")), is_rehearsal)
}

/// The ledger that was undone, by the name that it had before: the one of them that was written last. `None` where there is
/// none.
pub(crate) fn beside(ledger: &Path) -> Option<PathBuf> {
    let written = |path: &PathBuf| std::fs::metadata(path).and_then(|there| there.modified()).ok();
    all_beside(ledger).into_iter().max_by_key(written)
}

/// All of them, in the order of their names.
pub(crate) fn all_beside(ledger: &Path) -> Vec<PathBuf> {
    let Some(name) = ledger.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let folder = ledger.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let had_the_name = |other: &str| other != name && is_of(other, name);
    let names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
    let mut all: Vec<PathBuf> =
        names.filter(|other| had_the_name(other)).map(|other| ledger.with_file_name(other)).collect();
    all.sort();
    all
}

/// The name that a ledger had before it was undone; its own, where it was not.
pub(super) fn before(name: &str) -> Cow<'_, str> {
    let undone = roster_of(name).and_then(|(roster, _)| Some((roster, roster.rsplit_once(UNDONE)?)));
    match undone {
        Some((roster, (own, run))) if !own.is_empty() && is_run(run) => {
            Cow::Owned(format!("{own}{}", &name[roster.len()..]))
        }
        _ => Cow::Borrowed(name),
    }
}

/// Whether a ledger of this name had the other one before: a ledger that somebody named has an end of its own now.
fn is_of(name: &str, other: &str) -> bool {
    let now = before(name);
    now != name && (now == other || roster_of(&now).is_some_and(|(roster, _)| roster == other))
}

/// Whether this can be a run's id.
fn is_run(run: &str) -> bool {
    !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "9f3b6a52-2f7e-4f0e-8d0b-1f6a4d7c2b11";

    #[test]
    fn an_undone_ledger_stands_beside_under_the_roster_s_name_and_the_run_s() {
        for (ledger, undone) in [
            ("d/r.csv.ledger.jsonl", "d/r.csv.undone-RUN.ledger.jsonl"),
            ("r.csv.simulate.ledger.jsonl", "r.csv.undone-RUN.simulate.ledger.jsonl"),
            ("d/mine.jsonl", "d/mine.jsonl.undone-RUN.ledger.jsonl"),
            ("r.csv.undone-1.ledger.jsonl", "r.csv.undone-1.ledger.jsonl"),
            ("r.undone-by me.csv.ledger.jsonl", "r.undone-by me.csv.undone-RUN.ledger.jsonl"),
        ] {
            let undone = PathBuf::from(undone.replace("RUN", RUN));
            assert_eq!(path(Path::new(ledger), RUN), undone, "{ledger}");
            assert_eq!(path(&undone, RUN), undone, "it keeps its name");
        }
    }

    #[test]
    fn an_undone_ledger_is_found_by_the_name_that_it_had_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        for ledger in ["r.csv.ledger.jsonl", "r.csv.simulate.ledger.jsonl", "mine.jsonl"] {
            let ledger = folder.path().join(ledger);
            assert_eq!((all_beside(&ledger), beside(&ledger)), (vec![], None));
            let undone = path(&ledger, RUN);
            std::fs::write(&undone, "").unwrap();
            assert_eq!((all_beside(&ledger), beside(&ledger)), (vec![undone.clone()], Some(undone)));
        }
        for other in ["r.csv.undone-.ledger.jsonl", "r.csv.update.ledger.jsonl", "s.csv.undone-1.ledger.jsonl"] {
            std::fs::write(folder.path().join(other), "").unwrap();
        }
        assert_eq!(all_beside(&folder.path().join("r.csv.ledger.jsonl")).len(), 1);
        let second = path(&folder.path().join("r.csv.ledger.jsonl"), "2");
        std::fs::write(&second, "").unwrap();
        assert_eq!(all_beside(&folder.path().join("r.csv.ledger.jsonl")).len(), 2);
    }
}
