//! What is said when the runs of several targets have ended: how each went, why some stopped, and the commands that go on.

use super::args::import::Format;
use super::farewell::{self, Farewell, Others, Room, Said};
use super::meant_targets::TypedFleet;
use super::{of_targets, output, retype};
use crate::exit::Exit;
use crate::failed::Left;
use crate::job::{Ended, EndedAbreast};
use crate::ledger::{Calls, Counts, StepCounts};
use crate::text;

/// The runs of several targets that have ended.
pub(super) struct FleetFarewell<'f> {
    pub(super) typed: &'f TypedFleet,
    pub(super) ended: &'f EndedAbreast<Ended>,
}

impl FleetFarewell<'_> {
    /// The result of each and of all on stdout, for people; the rest on stderr.
    pub(super) fn say(&self) {
        if self.typed.format() == Format::Human {
            output::told_under(&self.result(), 4);
        }
        self.lines().iter().for_each(farewell::say);
    }

    /// A line for each target, and one for all.
    pub(super) fn result(&self) -> String {
        let (mut all, mut steps, mut calls) = <(Counts, StepCounts, Calls)>::default();
        for ended in self.ended.lanes.iter().filter_map(|(_, ran)| ran.as_ref().ok()) {
            all += ended.counts;
            steps += ended.steps;
            calls += ended.calls;
        }
        self.ended.counts_apart(&mut all);
        let total = farewell::summary(&all, &steps, calls, self.ended.took);
        let result = |_: &str, ended: &Ended| farewell::of_counts(&ended.counts, &ended.steps);
        of_targets::results(self.ended, result, &total)
    }

    fn lines(&self) -> Vec<Said> {
        let EndedAbreast { lanes, left, exit, .. } = self.ended;
        let mut lines = Vec::new();
        for (target, ran) in lanes {
            let (Ok(ended), Some(typed)) = (ran, self.typed.member(target)) else { continue };
            let farewell = Farewell {
                typed,
                arn: &ended.outlook.instance.arn,
                exit: ended.exit,
                counts: ended.counts,
                steps: ended.steps,
                calls: ended.calls,
                took: ended.took,
                seen: ended.seen,
                settled_otherwise: ended.settled_otherwise.clone(),
                other_run: ended
                    .other_run
                    .clone()
                    .map(|other| Others { ledger: ended.outlook.ledger_of(&other.run), other }),
                reason: ended.stop.clone(),
                left: None,
                changed_there: ended.outlook.made.changed_there,
                remedies: ended.outlook.remedies(),
                room: Room { users: ended.outlook.users, allowed: ended.outlook.allowed, made: ended.made },
            };
            let own = farewell.of_one_target();
            lines.extend(of_targets::named(target, own));
        }
        lines.extend(of_targets::left_out(self.ended));
        lines.extend(self.of_rehearsal());
        if let Ok(left) = left {
            lines.extend(farewell::of_files(left));
            lines.extend(self.of_failed(left));
        }
        let is_early = matches!(exit, Exit::Interrupted | Exit::Stopped | Exit::Unsettled);
        if is_early {
            lines.push(farewell::resume_with(&retype::resume(&self.typed.whole.words)));
        }
        lines
    }

    /// The files that a rehearsal has beside the roster, once it did all.
    fn of_rehearsal(&self) -> Option<Said> {
        if !self.typed.whole.shared.rehearsal.simulate || self.ended.exit != Exit::Done {
            return None;
        }
        let roster = farewell::shown(&self.typed.whole.roster);
        Some(Said::Talk(format!(
            "the rehearsal is over; its own files beside {roster}, with `.simulate.` in their names, can be deleted"
        )))
    }

    /// Where the failed rows of all are, and what sends each home.
    fn of_failed(&self, left: &Left) -> Vec<Said> {
        let ended = || self.ended.lanes.iter().filter_map(|(_, ran)| ran.as_ref().ok());
        let Some(file) = &left.file else {
            let failed: u64 = ended().map(|ended: &Ended| ended.counts.failed()).sum();
            if failed + self.ended.unmet == 0 {
                return Vec::new();
            }
            let line =
                format!("{} failed; mend the roster, then run the next line", text::count(failed, "row"));
            return vec![Said::Talk(line), self.retry_with(None)];
        };
        let rows = text::count(left.rows, "row");
        let mut lines = vec![Said::Talk(format!(
            "{rows} failed, with the reasons in {}, whichever target they are for",
            farewell::shown(file)
        ))];
        let (them, passwords) = if left.rows == 1 {
            ("it", " and type the password in again, it is blank")
        } else {
            ("them", " and type the passwords in again, they are blank")
        };
        let types_in = left.has_blanks && !self.typed.whole.shared.passwords.is_given();
        let passwords = if types_in { passwords } else { "" };
        lines.push(Said::Talk(format!(
            "mend {them} there{passwords}; the next line sends each to its target"
        )));
        lines.push(self.retry_with(Some(file)));
        lines
    }

    fn retry_with(&self, file: Option<&std::path::Path>) -> Said {
        Said::Command("retry with: ", retype::retry_all(&self.typed.whole, file).to_string())
    }
}
