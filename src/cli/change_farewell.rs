//! What is said when an update has ended: how it went, why it stopped, what puts everybody back, and the commands that go on.

use super::args::import::Format;
use super::change_remedies::{self, Leaves};
use super::farewell::{self, Said, shown};
use super::meant_changes::TypedChanges;
use super::{output, retype, retype_changes};
use crate::exit::Exit;
use crate::job::EndedChanges;
use crate::ledger::Counts;
use crate::stop::Stop;
use crate::text;

/// An update that has ended.
pub(super) struct ChangeFarewell<'f> {
    pub(super) typed: &'f TypedChanges,
    /// The instance's ARN.
    pub(super) arn: &'f str,
    /// What it leaves.
    pub(super) leaves: &'f Leaves,
    pub(super) ended: &'f EndedChanges,
}

impl ChangeFarewell<'_> {
    /// The result in one line on stdout, for people: programs have events. The rest on stderr.
    pub(super) fn tell(&self) {
        if self.typed.shared.told_for() == Format::Human {
            output::told(&self.result());
        }
        self.lines().iter().for_each(farewell::say);
    }

    /// The result in one line.
    pub(super) fn result(&self) -> String {
        let EndedChanges { counts, took, .. } = self.ended;
        summary(counts, self.leaves.missing, &text::duration(*took))
    }

    /// What is said of one of several targets: the failed rows of all are in one file, and one command resumes all.
    pub(super) fn of_one_target(&self) -> Vec<Said> {
        let mut lines = self.why_stopped();
        lines.extend(self.of_undo());
        lines.extend(self.of_left());
        lines.extend(self.of_unconfirmed());
        lines.extend(self.of_missing());
        lines
    }

    fn lines(&self) -> Vec<Said> {
        let mut lines = self.why_stopped();
        lines.extend(self.of_undo());
        lines.extend(self.of_left());
        lines.extend(self.of_unconfirmed());
        lines.extend(self.of_failed());
        lines.extend(self.of_missing());
        if matches!(self.ended.exit, Exit::Interrupted | Exit::Stopped | Exit::Unsettled) {
            lines.push(farewell::resume_with(&retype::resume(&self.typed.words)));
        }
        lines
    }

    fn why_stopped(&self) -> Vec<Said> {
        let Some(stop) = &self.ended.stop else { return Vec::new() };
        let stopped = match (self.typed.shared.told_for(), stop) {
            (Format::Json, _) => Some(format!("stopped: {}", text::plain(&stop.to_string()))),
            (Format::Human, Stop::Interrupted) => None,
            (Format::Human, _) => Some(format!("stopped: {}", farewell::name_of(stop))),
        };
        let hint = farewell::hint_without_creating(stop, self.arn).map(|hint| format!("hint: {hint}"));
        stopped.into_iter().chain(hint).map(Said::Talk).collect()
    }

    /// Where everybody is kept as they were, and what puts them back.
    fn of_undo(&self) -> Vec<Said> {
        let Some(undo) = self.ended.undo.as_ref() else { return Vec::new() };
        let kept = format!("everybody who was to be changed is kept as they were in {}", shown(&undo.file));
        match retype_changes::undo(self.typed, self.arn, undo) {
            Some(line) => vec![Said::Talk(kept), Said::Command("undo with: ", line.to_string())],
            None => vec![Said::Talk(kept)],
        }
    }

    /// Who was left as they are.
    fn of_left(&self) -> Vec<Said> {
        // Who is not there has a line of its own.
        let skipped = self.ended.counts.skipped.saturating_sub(self.leaves.missing);
        if skipped == 0 {
            return self.leaves.commands.clone();
        }
        let line = format!(
            "{} left as they are, in part or as a whole; the next line says why",
            text::people(skipped)
        );
        let list = retype_changes::status(self.typed, "skipped").to_string();
        let mut lines = vec![Said::Talk(line), Said::Command("list with: ", list)];
        lines.extend(self.leaves.commands.iter().cloned());
        lines
    }

    /// Who of the roster is not there.
    fn of_missing(&self) -> Vec<Said> {
        let Leaves { missing, makes, .. } = *self.leaves;
        if missing == 0 {
            return Vec::new();
        }
        let are = if missing == 1 { "is" } else { "are" };
        let people = format!("{} of the roster {are} not there", text::people(missing));
        match makes {
            Some(makes) => vec![
                Said::Talk(format!("{people}; the next line makes who can be made")),
                change_remedies::import(self.typed, self.arn, makes),
            ],
            None => vec![Said::Talk(format!(
                "{people}: headcount import makes them, of rows that say all that a new user needs"
            ))],
        }
    }

    /// Who does not show what was asked for.
    fn of_unconfirmed(&self) -> Vec<Said> {
        let unread = self.ended.unread;
        let unconfirmed = self.ended.counts.unconfirmed.saturating_sub(unread);
        let mut lines = Vec::new();
        if unread > 0 {
            let users = text::count(unread, "user");
            lines.push(format!(
                "{users} may have been changed and were not read back: the same command looks first"
            ));
        }
        if unconfirmed > 0 {
            lines.push(format!(
                "{} took what was sent and do not show it: the same command looks again, and what cannot be set so is set in \
                 the console",
                text::count(unconfirmed, "user")
            ));
        }
        lines.into_iter().map(Said::Talk).collect()
    }

    /// Where the failed rows are, and what sends them again.
    fn of_failed(&self) -> Vec<Said> {
        let Ok(left) = &self.ended.left else {
            if let Err(failure) = &self.ended.left {
                output::failure(failure);
            }
            return Vec::new();
        };
        let removed =
            left.removed.iter().map(|path| format!("removed {}: its rows no longer stand so", shown(path)));
        let spared = left.spared.iter().map(|path| {
            format!("{} is not overwritten: it is not an untouched copy of headcount's", shown(path))
        });
        let held = left.held.iter().map(|path| output::held(path));
        let mut lines: Vec<Said> = removed.chain(spared).chain(held).map(Said::Talk).collect();
        let failed = self.ended.counts.rejected + self.ended.counts.invalid;
        let rows = match &left.file {
            Some(file) => {
                format!("{} not as asked, with the reasons in {}", text::count(left.rows, "row"), shown(file))
            }
            None if failed > 0 => format!("{} failed; mend the roster", text::count(failed, "row")),
            None => return lines,
        };
        lines.push(Said::Talk(format!("{rows}; mend what is wrong there, then run the next line")));
        let retry = retype_changes::retry(self.typed, left.file.as_deref()).to_string();
        lines.push(Said::Command("retry with: ", retry));
        lines
    }
}

/// Of those who are skipped, so many are not there.
pub(super) fn summary(counts: &Counts, not_there: u64, took: &str) -> String {
    let not_there = not_there.min(counts.skipped);
    let total = text::people(counts.total);
    let mut parts = vec![format!("{} of {total} updated", text::grouped(counts.updated))];
    for (number, what) in [
        (counts.there, "as they should be"),
        (not_there, "not there"),
        (counts.skipped - not_there, "left"),
        (counts.unconfirmed, "unconfirmed"),
        (counts.rejected, "rejected"),
        (counts.invalid, "invalid"),
        (counts.in_doubt, "not settled"),
        (counts.pending, "pending"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", text::grouped(number)));
        }
    }
    format!("{}; {took}\n", parts.join(", "))
}
