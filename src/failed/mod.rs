//! The failed rows' own format: a roster of just those rows, to be mended and given to `retry`.
//!
//! `roster.csv.failed.csv` (`roster.xlsx.failed.xlsx`) has the roster's own columns, as the file has them, and after
//! them [`REASONS`]: that these are passed over, whoever reads a roster knows; what they mean is known here alone. Passwords
//! are blank. A copy that somebody has touched is never overwritten and never removed: its marks tell.

mod origins;
mod write;

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::disk;
use crate::ledger::Job;
use crate::roster::{self, Field, REASONS, Roster, Row, Storage, Use};
use crate::text::{unguarded, unwritten};

pub(crate) use origins::Origins;
pub(crate) use write::{AllFailed, FailedRows, Left};

/// Which of [`REASONS`] has the number that the first roster has for the row.
const ROW: usize = 3;
/// Which of [`REASONS`] has the name under which the ledger has the row.
const USER: usize = 4;
/// Which of [`REASONS`] has the mark: `RUN/DIGEST`.
const MARK: usize = 5;

/// The column of a roster that is this one of [`REASONS`].
fn place(roster: &Roster, column: usize) -> Option<usize> {
    roster.columns().headers.iter().position(|header| roster::reason(header) == Some(column))
}

/// The columns of the roster itself, and whether each is blank in a copy. Ours are left out; and blank is also what
/// merely looks like a password, for nobody looks for one in a file of failed rows.
pub(crate) fn own_columns(roster: &Roster) -> Vec<(usize, bool)> {
    let headers = roster.columns().headers.iter().take(roster.width());
    let own = headers.zip(roster.uses()).enumerate();
    own.filter(|(_, (header, _))| roster::reason(header).is_none() && !roster::is_note(header))
        .map(|(at, (header, used))| {
            let is_secret = match used {
                Use::Field(field) => field.is_secret(),
                Use::Misspelt(_) | Use::Ignored | Use::Unnamed | Use::Unknown => {
                    roster::sounds_secret(header)
                }
            };
            (at, is_secret)
        })
        .collect()
}

/// The column of made logins, and the header that it has in a copy, where the roster has no column of logins: so one that is
/// too long or taken can be written over for its row alone, and the name stays with the row.
fn made_logins(roster: &Roster) -> Option<(usize, &'static str)> {
    let at = roster.columns().made_login?;
    if roster.uses().contains(&Use::Field(Field::Username)) {
        return None;
    }
    Some((at, roster::free_header(Field::Username, roster.own_headers())?))
}

/// How to tell, in a file that has all of our columns, the rows that nobody has touched since a run wrote them.
struct Copy {
    run: String,
    /// The file's own columns.
    own: Vec<usize>,
    users: usize,
    marks: usize,
}

impl Copy {
    /// Of a copy that this run may have left; `None` where the roster is none.
    fn of(roster: &Roster, run: &str) -> Option<Self> {
        let has_all = (0..REASONS.len()).all(|reason| place(roster, reason).is_some());
        let (users, marks) = (place(roster, USER)?, place(roster, MARK)?);
        let own = own_columns(roster).into_iter().map(|(at, _)| at).collect();
        has_all.then(|| Self { run: run.to_owned(), own, users, marks })
    }

    /// The name that the ledger has for a row of which not a cell was changed, and no password typed in.
    fn untouched(&self, row: &Row) -> Option<String> {
        let cells = self.own.iter().map(|&at| row.cells.get(at).unwrap_or(""));
        let fits = row.cells.get(self.marks) == Some(mark(&self.run, cells).as_str());
        fits.then(|| user_of(row.cells.get(self.users).unwrap_or("")))
    }
}

/// The ledger's name for a row, of the cell that has it: what steers a terminal or hides is written out there.
fn user_of(cell: &str) -> String {
    unwritten(unguarded(cell))
}

/// `RUN/DIGEST`: the ledger's run, and 64 bits of the SHA-256 of the row's own cells as they are written, passwords
/// blank. A cell that was changed since, a password typed in above all, no longer fits it.
fn mark<'c>(run: &str, cells: impl Iterator<Item = &'c str>) -> String {
    let mut digest = Sha256::new_with_prefix("headcount failed row 1");
    for cell in cells {
        digest.update((cell.len() as u64).to_be_bytes());
        digest.update(cell);
    }
    let digest = digest.finalize();
    digest.iter().take(8).fold(format!("{run}/"), |text, byte| text + &format!("{byte:02x}"))
}

/// Reads the run of a mark.
fn run_of_mark(mark: &str) -> Option<&str> {
    mark.split_once('/').map(|(run, _)| run).filter(|run| !run.is_empty())
}

/// The roster's path; for a file of failed rows, that of the roster which it came from.
fn base(roster: &Roster) -> PathBuf {
    let path = roster.path();
    let is_ours = roster.columns().headers.iter().any(|header| roster::reason(header).is_some());
    let name = path.file_name().and_then(|name| name.to_str()).filter(|_| is_ours);
    match name.and_then(original) {
        Some(original) => path.with_file_name(original),
        None => path.to_owned(),
    }
}

/// The roster that a file of failed rows is of, by its name, and whether it is of a rehearsal; `None` where it has no such
/// name.
pub(crate) fn roster_of(path: &Path) -> Option<(PathBuf, bool)> {
    let name = path.file_name()?.to_str()?;
    let roster = original(name)?;
    let is_rehearsal = name.strip_prefix(roster).is_some_and(|rest| rest.starts_with(REHEARSAL));
    Some((path.with_file_name(roster), is_rehearsal))
}

/// Whose run a file of failed rows is of, by its name: an import's where it says no other.
pub(crate) fn job_of(path: &Path) -> Option<Job> {
    let name = path.file_name()?.to_str()?;
    let rest = name.strip_prefix(original(name)?)?;
    let rest = rest.strip_prefix(REHEARSAL).unwrap_or(rest);
    [(UPDATE, Job::Update), (REMOVE, Job::Remove)].into_iter().find_map(|(of, job)| {
        rest.strip_prefix(of)?;
        Some(job)
    })
}

/// `roster.csv` of `roster.csv.failed.csv`, `roster.csv.failed.2.csv`, `roster.csv.simulate.failed.csv`,
/// `roster.csv.update.failed.csv` and `roster.csv.remove.failed.csv`.
fn original(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".csv").or_else(|| name.strip_suffix(".xlsx"))?;
    let stem = match stem.rsplit_once('.') {
        Some((before, number)) if number.parse::<u32>().is_ok() => before,
        _ => stem,
    };
    let stem = stem.strip_suffix(".failed")?;
    let stem = [UPDATE, REMOVE].iter().find_map(|of| stem.strip_suffix(of)).unwrap_or(stem);
    let stem = stem.strip_suffix(REHEARSAL).unwrap_or(stem);
    (!stem.is_empty()).then_some(stem)
}

/// What a file's name says of the run that left it.
const REHEARSAL: &str = ".simulate";
const UPDATE: &str = ".update";
const REMOVE: &str = ".remove";

/// Of which run a file is, as its name says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfRun {
    /// Of a rehearsal, as its ledger's name says.
    pub(crate) is_rehearsal: bool,
    /// Of an update or of a list of leavers, where it is of no import.
    pub(crate) job: Option<Job>,
}

fn name(base: &Path, of: OfRun, number: u32, storage: &Storage) -> PathBuf {
    let rehearsal = if of.is_rehearsal { REHEARSAL } else { "" };
    let job = match of.job {
        None => "",
        Some(Job::Update) => UPDATE,
        Some(Job::Remove) => REMOVE,
    };
    let number = if number == 1 { String::new() } else { format!(".{number}") };
    let end = match storage {
        Storage::Csv { .. } => "csv",
        Storage::Xlsx { .. } => "xlsx",
    };
    disk::with_suffix(base, &format!("{rehearsal}{job}.failed{number}.{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_that_are_read_back_are_where_they_are_looked_for() {
        assert_eq!(
            (REASONS[ROW], REASONS[USER], REASONS[MARK]),
            ("headcount row", "headcount user", "headcount mark")
        );
    }

    #[test]
    fn the_files_of_one_roster_have_names_that_lead_back_to_it() {
        let csv = Storage::Csv { encoding: "UTF-8", delimiter: b',' };
        let xlsx = Storage::Xlsx { sheet: "Users".into() };
        for base in ["roster.csv", "roster.xlsx", "a.2.b", "roster"] {
            for (storage, end) in [(&csv, ".csv"), (&xlsx, ".xlsx")] {
                for number in [1, 2, 10] {
                    let jobs = [None, Some(Job::Update), Some(Job::Remove)];
                    let all = jobs.map(|job| [false, true].map(|is_rehearsal| OfRun { is_rehearsal, job }));
                    for of in all.into_iter().flatten() {
                        let path = name(Path::new(base), of, number, storage);
                        let text = path.to_str().unwrap();
                        assert!(text.ends_with(end), "{text}");
                        assert_eq!(original(text), Some(base), "{text}");
                    }
                }
            }
        }
        let [plain, rehearsed, updated, left] =
            [(false, None), (true, None), (false, Some(Job::Update)), (false, Some(Job::Remove))]
                .map(|(is_rehearsal, job)| OfRun { is_rehearsal, job });
        assert_eq!(name(Path::new("d/l.csv"), left, 1, &csv), Path::new("d/l.csv.remove.failed.csv"));
        assert_eq!(name(Path::new("d/r.csv"), plain, 1, &csv), Path::new("d/r.csv.failed.csv"));
        assert_eq!(
            name(Path::new("d/r.csv"), rehearsed, 3, &csv),
            Path::new("d/r.csv.simulate.failed.3.csv")
        );
        assert_eq!(name(Path::new("d/r.csv"), updated, 1, &xlsx), Path::new("d/r.csv.update.failed.xlsx"));
        for not in ["roster.csv", "failed.csv", ".failed.csv", "roster.failed.old.csv", "roster.2.csv"] {
            assert_eq!(original(not), None, "{not}");
        }
    }

    #[test]
    fn a_mark_fits_one_run_and_one_row() {
        let mark = |run: &str, cells: &[&str]| super::mark(run, cells.iter().copied());
        let of = mark("r", &["ann", "", "x"]);
        assert_eq!(of, mark("r", &["ann", "", "x"]));
        for other in
            [mark("s", &["ann", "", "x"]), mark("r", &["ann", "p", "x"]), mark("r", &["ann", "x", ""])]
        {
            assert_ne!(of, other);
        }
        assert_eq!((run_of_mark(&of), run_of_mark("nothing"), run_of_mark("/x")), (Some("r"), None, None));
    }

    #[test]
    fn a_header_that_sounds_like_passwords_is_told_from_one_that_does_not() {
        for header in [
            "Kennwort",
            "Initial Password",
            "PWD",
            "Passwort (neu)",
            "mot de passe",
            "client secret",
            "pasword",
        ] {
            assert!(roster::sounds_secret(header), "{header}");
        }
        for header in ["Cost centre", "Eintritt", "security profiles", "Pass number", "user login", ""] {
            assert!(!roster::sounds_secret(header), "{header}");
        }
    }
}
