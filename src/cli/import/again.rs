//! `retry`, and the way to it: the file of the failed rows, and the command that sends them again.

use std::path::Path;

use crate::cli::meant::Job;
use crate::cli::{output, retype, words};
use crate::directory::Directory;
use crate::failed::{Left, Run};
use crate::ledger::{Counts, State, StepCounts};
use crate::plan::Wanted;
use crate::roster::Roster;
use crate::stop::Stop;
use crate::validate::Rules;

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
