//! The name of a ledger of whose run nothing is left: the import that looks for its own finds none, and begins afresh.

use std::io;
use std::path::{Path, PathBuf};

use super::at::LedgerAt;
use super::shared::UNDONE;
use crate::disk;

/// How the name of a ledger ends.
const ENDS: [&str; 2] = [".ledger.jsonl", ".jsonl"];

/// The mark of one that was undone, before its run's id.
const MARK: &str = UNDONE;

/// `roster.csv.undone-RUN.ledger.jsonl` of `roster.csv.ledger.jsonl`; of one that has such a name already, itself.
pub(crate) fn path(ledger: &Path, run: &str) -> PathBuf {
    let name = ledger.file_name().unwrap_or_default().to_string_lossy();
    let stem = ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(&name);
    let marked = format!("{MARK}{run}");
    if stem.ends_with(&marked) {
        return ledger.to_owned();
    }
    ledger.with_file_name(format!("{stem}{marked}{}", ENDS[0]))
}

/// The name that a ledger had before its run was undone; `None` of one that was not.
pub(super) fn name_before(name: &str) -> Option<String> {
    let (own, run) = name.strip_suffix(ENDS[0])?.rsplit_once(MARK)?;
    let is_run = !run.is_empty() && run.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_run && !own.is_empty()).then(|| format!("{own}{}", ENDS[0]))
}

/// The same of one wherever it is.
pub(crate) fn path_at(ledger: &LedgerAt, run: &str) -> PathBuf {
    at(ledger, run).name().to_owned()
}

/// The ledger of that name.
pub(super) fn at(ledger: &LedgerAt, run: &str) -> LedgerAt {
    match ledger.in_table() {
        None => LedgerAt::file(path(ledger.name(), run)),
        Some(shared) => {
            let name = shared.url().name.clone().unwrap_or_default();
            LedgerAt::shared(shared.naming(&name_in_table(&name, run)))
        }
    }
}

/// Gives a ledger that name; one that has it keeps it. In a table the name that it had is free then, and the log stays.
///
/// # Errors
/// Something else has the name, or the system or the table does not let it be renamed.
pub(crate) fn rename(ledger: &LedgerAt, run: &str) -> io::Result<PathBuf> {
    let to = path_at(ledger, run);
    if to == ledger.name() {
        return Ok(to);
    }
    match ledger.in_table() {
        None => disk::rename(ledger.name(), &to)?,
        Some(shared) => {
            let name = shared.url().name.clone().unwrap_or_default();
            shared
                .rename(run, &name_in_table(&name, run))
                .map_err(|failure| io::Error::other(failure.what))?;
        }
    }
    Ok(to)
}

/// What a ledger was called before its run was undone; `None` of one that was not.
pub(crate) fn before(ledger: &Path) -> Option<PathBuf> {
    let name = ledger.file_name()?.to_str()?;
    Some(ledger.with_file_name(name_before(name)?))
}

/// Whether the name of a run in a table says that nothing of it is left.
pub(crate) fn is_named_in_table(name: &str) -> bool {
    name.contains(MARK)
}

/// Whether the name of a ledger says so, wherever it is.
pub(crate) fn is_named_at(ledger: &LedgerAt) -> bool {
    match ledger.in_table() {
        None => is_named(ledger.name()),
        Some(shared) => shared.url().name.as_deref().is_some_and(is_named_in_table),
    }
}

/// Whether a ledger's name says that nothing of its run is left.
pub(crate) fn is_named(ledger: &Path) -> bool {
    before(ledger).is_some()
}

/// The newest ledger beside where this one was whose run was undone; `None` where there is none.
pub(crate) fn beside(ledger: &Path) -> Option<PathBuf> {
    let name = ledger.file_name()?.to_str()?;
    let stem = ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    let begins = format!("{stem}{MARK}");
    let folder = match ledger.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let is_one = |name: &str| name.starts_with(&begins) && name.ends_with(ENDS[0]);
    let entries = std::fs::read_dir(folder).ok()?.filter_map(Result::ok);
    let ours = entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one));
    let newest = ours.max_by_key(|entry| entry.metadata().and_then(|there| there.modified()).ok())?;
    Some(ledger.with_file_name(newest.file_name()))
}

/// A ledger that is named, and where nothing has that name, the one beside whose run was undone.
pub(crate) fn or_undone(ledger: &LedgerAt) -> LedgerAt {
    let Some(shared) = ledger.in_table() else {
        let is_there = std::fs::symlink_metadata(ledger.name()).is_ok();
        let undone = if is_there { None } else { beside(ledger.name()) };
        return undone.map_or_else(|| ledger.clone(), LedgerAt::from);
    };
    // The newest of the name that were undone, where no run has it.
    if shared.named().map_or(true, |named| named.is_some()) {
        return ledger.clone();
    }
    let name = shared.url().name.clone().unwrap_or_default();
    let undone =
        shared.runs().unwrap_or_default().into_iter().filter(|named| is_undone_of(&named.name, &name));
    let newest = undone.max_by(|one, other| one.at.cmp(&other.at));
    newest.map_or_else(|| ledger.clone(), |named| LedgerAt::shared(shared.naming(&named.name)))
}

/// The name of a run in a table of which nothing is left.
pub(super) fn name_in_table(name: &str, run: &str) -> String {
    let marked = format!("{MARK}{run}");
    if name.ends_with(&marked) { name.to_owned() } else { format!("{name}{marked}") }
}

fn is_undone_of(name: &str, before: &str) -> bool {
    name.strip_prefix(before).is_some_and(|rest| rest.starts_with(MARK))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_of_whose_run_nothing_is_left_says_so_by_its_name() {
        for (ledger, undone) in [
            ("d/r.csv.ledger.jsonl", "d/r.csv.undone-1f.ledger.jsonl"),
            ("r.csv.simulate.ledger.jsonl", "r.csv.simulate.undone-1f.ledger.jsonl"),
            ("mine.jsonl", "mine.undone-1f.ledger.jsonl"),
            ("mine", "mine.undone-1f.ledger.jsonl"),
            ("r.csv.undone-1f.ledger.jsonl", "r.csv.undone-1f.ledger.jsonl"),
            ("r.csv.undone-2e.ledger.jsonl", "r.csv.undone-2e.undone-1f.ledger.jsonl"),
        ] {
            assert_eq!(path(Path::new(ledger), "1f"), Path::new(undone), "{ledger}");
        }
    }

    #[test]
    fn the_name_that_it_had_is_known_by_the_one_that_it_has() {
        for name in ["r.csv.ledger.jsonl", "r.csv.simulate.ledger.jsonl"] {
            let undone = path(Path::new(name), "9f3b6a52-2f7e-4f0e-8d0b-1f6a4d7c2b11");
            assert_eq!(name_before(undone.to_str().unwrap()).as_deref(), Some(name));
            assert_eq!(name_before(name), None);
        }
        for other in
            ["r.undone-by me.csv.ledger.jsonl", "r.csv.undone-.ledger.jsonl", ".undone-1f.ledger.jsonl"]
        {
            assert_eq!(name_before(other), None, "{other}");
        }
    }

    #[test]
    fn it_is_found_where_the_ledger_was() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let ledger = at("r.csv.ledger.jsonl");
        assert_eq!(beside(&ledger), None);
        for other in ["r.csv.update.ledger.jsonl", "q.csv.undone-1f.ledger.jsonl", "r.csv.undone-1f.txt"] {
            std::fs::write(at(other), "").unwrap();
        }
        assert_eq!(beside(&ledger), None);
        std::fs::write(at("r.csv.undone-1f.ledger.jsonl"), "").unwrap();
        assert_eq!(beside(&ledger), Some(at("r.csv.undone-1f.ledger.jsonl")));
    }
}
