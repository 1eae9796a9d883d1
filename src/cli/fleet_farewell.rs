//! What is said when the runs of several targets have ended: how each went, why some stopped, and the commands that go on.

use super::args::import::Format;
use super::farewell::{self, Farewell, Others, Room, Said};
use super::meant_targets::TypedFleet;
use super::{output, retype};
use crate::exit::Exit;
use crate::failed::Left;
use crate::job::{Ended, EndedFleet};
use crate::ledger::{Calls, Counts, StepCounts};
use crate::text;

/// The runs of several targets that have ended.
pub(super) struct FleetFarewell<'f> {
    pub(super) typed: &'f TypedFleet,
    pub(super) ended: &'f EndedFleet,
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
        let EndedFleet { lanes, left_out, unmet, took, .. } = self.ended;
        let names = lanes.iter().map(|(name, _)| name).chain(left_out.iter().map(|(name, _)| name));
        let width = names.map(|name| name.chars().count()).max().unwrap_or(0).max("total".len());
        let (mut text, mut all) = (String::new(), Counts::default());
        let (mut steps, mut calls) = (StepCounts::default(), Calls::default());
        for (target, ran) in lanes {
            let Ok(ended) = ran else {
                text.push_str(&format!("{target:<width$}  nothing was sent\n"));
                continue;
            };
            let stopped = ended.stop.as_ref().map(|stop| format!("stopped, {}: ", farewell::name_of(stop)));
            let of = farewell::of_counts(&ended.counts, &ended.steps);
            text.push_str(&format!("{target:<width$}  {}{of}\n", stopped.unwrap_or_default()));
            all += ended.counts;
            steps += ended.steps;
            calls += ended.calls;
        }
        for (target, _) in left_out {
            text.push_str(&format!("{target:<width$}  left out, nothing was sent\n"));
        }
        all.total += unmet;
        all.invalid += unmet;
        let of = farewell::summary(&all, &steps, calls, *took);
        text.push_str(&format!("{:<width$}  {of}", "total"));
        text
    }

    fn lines(&self) -> Vec<Said> {
        let EndedFleet { lanes, left_out, left, exit, .. } = self.ended;
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
            lines.extend(own.into_iter().map(|said| match said {
                Said::Talk(line) => Said::Talk(format!("{target}: {line}")),
                command @ Said::Command(..) => command,
            }));
        }
        for (target, why) in left_out {
            lines.push(Said::Talk(format!("{target}: left out: {}", text::plain(why))));
        }
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
