//! `retry`, and the way to it: the file of the failed rows, and the command that sends them again.

use std::collections::HashSet;
use std::path::Path;

use crate::cli::meant::Job;
use crate::cli::{output, retype, words};
use crate::directory::Directory;
use crate::error::Failure;
use crate::ledger::{Counts, State, StepCounts};
use crate::plan::Wanted;
use crate::report::rejects::{Copy, Left, Run, run_of_mark};
use crate::roster::{REASONS, Roster, Row, reason};
use crate::stop::Stop;
use crate::text::unguarded;
use crate::validate::Rules;

/// Where the rows of a file of failed rows come from: which run, and by which names.
pub(super) struct Origins {
    marks: Option<usize>,
    users: Option<usize>,
    copy: Option<Copy>,
    /// The first run in a mark, with its row.
    run: Option<(String, u64)>,
    /// Names that rows had and no longer have.
    renamed: HashSet<String>,
}

impl Origins {
    /// Of a roster that is not ours, there is nothing to know.
    pub(super) fn of(roster: &Roster, job: &Job) -> Self {
        let run = job.retry.as_ref().map(|retry| retry.run.as_str());
        let place = |name: &str| {
            let headers = &roster.columns().headers;
            headers.iter().position(|header| reason(header).is_some_and(|at| REASONS[at] == name))
        };
        let (marks, users) = (place("headcount mark"), place("headcount user"));
        let copy = run.and_then(|run| Copy::of(roster, run));
        Self { marks, users, copy, run: None, renamed: HashSet::new() }
    }

    /// Whether the roster is a file of failed rows.
    pub(super) fn is_ours(&self) -> bool {
        self.marks.is_some() || self.users.is_some()
    }

    /// Whether a retry leaves a row with errors as it stands: nobody has taken it up yet.
    pub(super) fn is_left(&self, row: &Row) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.untouched(row).is_some())
    }

    /// Takes a row in.
    pub(super) fn add(&mut self, row: &Row, username: &str) {
        let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).unwrap_or("");
        if self.run.is_none() {
            self.run = run_of_mark(cell(self.marks)).map(|run| (run.to_owned(), row.number));
        }
        let was = unguarded(cell(self.users));
        if !was.is_empty() && was != username {
            self.renamed.insert(was.to_owned());
        }
    }

    /// Fails where the rows failed in a run of another ledger.
    pub(super) fn check(&self, state: &State) -> Result<(), Failure> {
        match &self.run {
            Some((run, _)) if *run != state.header.run => {
                Err(Failure::stopped(format!("the file of failed rows is of another run: `{run}`"))
                    .hint(format!("nothing was sent; this ledger's run is {}", state.header.run)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a row that had this name has another now.
    pub(super) fn has_renamed(&self, user: &str) -> bool {
        self.renamed.contains(user)
    }
}

/// Leaves the file of the failed rows. That it cannot is no reason to fail: the ledger has all.
pub(super) fn leave(
    job: &Job,
    roster: &Roster,
    wanted: &Wanted,
    rules: &Rules,
    state: &State,
) -> Option<Left> {
    let is_rehearsal = job.shared.rehearsal.simulate;
    let run = Run { roster, wanted, rules, state, is_rehearsal };
    run.leave().map_err(|failure| output::failure(&failure)).ok()
}

/// Whether all that a retry has left over is what only an import sends.
pub(super) fn is_left_to_import(job: &Job, reason: Option<&Stop>, counts: &Counts) -> bool {
    job.retry.is_some() && reason.is_none() && counts.pending > 0
}

/// Says, at the end of a run, where the failed rows are and what sends them again.
pub(super) fn say(
    job: &Job,
    directory: &Directory,
    counts: &Counts,
    reason: Option<&Stop>,
    left: Option<&Left>,
    steps: &StepCounts,
) {
    let shown = |path: &Path| format!("`{}`", words::plain(&path.display().to_string()));
    let failed = counts.exists + counts.rejected + counts.invalid;
    let no_file = Left { elsewhere: failed, ..Left::default() };
    let left = left.unwrap_or(&no_file);
    for path in &left.removed {
        output::say(&format!("removed {}: its rows no longer stand so", shown(path)));
    }
    for path in &left.spared {
        output::say(&format!(
            "{} is not overwritten: it is not an untouched copy of headcount's",
            shown(path)
        ));
    }
    if steps.rejected > 0 {
        output::say(&format!(
            "{} created without the proficiencies asked for; mend them in the roster, then run the next line",
            words::count(steps.rejected, "user")
        ));
        output::say_whole(&format!("retry with: {}", retype::retry(job, None)));
    }
    if is_left_to_import(job, reason, counts) {
        let rows = words::count(counts.pending, "row");
        let are = if counts.pending == 1 { "is" } else { "are" };
        output::say(&format!("{rows} {are} pending, which retry does not send; run the next line for them"));
        output::say_whole(&format!("import with: {}", retype::import(job, &directory.instance.arn)));
    }
    if let Some(file) = &left.file {
        output::say(&format!(
            "{} failed, with the reasons in {}",
            words::count(left.rows, "row"),
            shown(file)
        ));
        if left.elsewhere > 0 {
            let rows = words::count(left.elsewhere, "more row");
            output::say(&format!("{rows} failed that {} does not have", shown(&job.roster)));
        }
        if counts.exists > 0 {
            let has = if counts.exists == 1 { "has a username that is" } else { "have usernames that are" };
            output::say(&format!(
                "{} {has} taken: give another there; `--code DuplicateResourceException` tries the same again",
                words::count(counts.exists, "row")
            ));
        }
        let (them, passwords) = if left.rows == 1 {
            ("it", " and type the password in again, it is blank")
        } else {
            ("them", " and type the passwords in again, they are blank")
        };
        let types_in = left.has_blanks && !job.shared.passwords.is_given();
        let passwords = if types_in { passwords } else { "" };
        output::say(&format!("mend {them} there{passwords}; then run the next line"));
        output::say_whole(&format!("retry with: {}", retype::retry(job, Some(file))));
    } else if failed > 0 {
        output::say(&format!(
            "{} failed; mend the roster, then run the next line",
            words::count(failed, "row")
        ));
        output::say_whole(&format!("retry with: {}", retype::retry(job, None)));
    } else if job.retry.as_ref().is_some_and(|retry| retry.is_of_part)
        && counts.pending + counts.in_doubt == 0
    {
        output::say(&format!(
            "nothing more is needed of {}: remove it, there may be passwords in it",
            shown(&job.roster)
        ));
    }
}
