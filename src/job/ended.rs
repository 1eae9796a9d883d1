//! How a job ended.

use std::time::Duration;

use super::few::Few;
use super::outlook::Outlook;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::failed::Left;
use crate::ledger::{Calls, Counts, OtherRun, SeenCounts, StepCounts, Steps};
use crate::stop::Stop;

/// How a job ended, and what came of it.
#[derive(Debug)]
pub struct Ended {
    /// How the program is to exit.
    pub exit: Exit,
    /// Where all rows of the ledger stand.
    pub counts: Counts,
    /// Where what follows the created rows stands.
    pub(crate) steps: StepCounts,
    /// CreateUser calls of this session.
    pub calls: Calls,
    /// The same over all sessions.
    pub(crate) spent: Calls,
    /// How many users this session created.
    pub made: u64,
    /// Why it ended before its rows did.
    pub stop: Option<Stop>,
    /// The file of the failed rows. That there is none is no reason to fail: the ledger has all.
    pub left: Result<Left, Failure>,
    /// Whether the ledger could be closed.
    pub closed: Result<(), Failure>,
    /// How long this session took.
    pub(crate) took: Duration,
    /// How the created rows are seen.
    pub(crate) seen: SeenCounts,
    /// Rows that were in doubt, and were created with what the roster no longer asks for.
    pub(crate) settled_otherwise: Few,
    /// The other run that made most of those who have the names of rows.
    pub(crate) other_run: Option<OtherRun>,
    /// What it was going to do.
    pub outlook: Outlook,
}

/// What a session came to, or those of several targets together.
#[derive(Clone, Copy, Debug)]
pub struct CameTo {
    /// How the program is to exit.
    pub exit: Exit,
    /// Where all rows of the ledger stand.
    pub rows: Counts,
    /// Where what follows created rows stands.
    pub(crate) steps: StepCounts,
    /// How created rows are seen.
    pub(crate) seen: SeenCounts,
    /// The calls that left, over all sessions.
    pub calls: Calls,
}

impl CameTo {
    /// Of rows that nothing follows, and that are not looked at again.
    pub(super) fn of_rows(exit: Exit, rows: Counts, calls: Calls) -> Self {
        Self { exit, rows, steps: StepCounts::default(), seen: SeenCounts::default(), calls }
    }

    /// Takes another in: the worse exit counts, and the rest is added up.
    pub(super) fn add(&mut self, other: &Self) {
        let Self { exit, rows, steps, seen, calls } = *other;
        self.exit = self.exit.worst(exit);
        self.rows += rows;
        self.steps += steps;
        self.seen += seen;
        self.calls += calls;
    }

    /// What is told at the end, after this long.
    pub(super) fn event(&self, took: Duration) -> Event {
        let Self { exit, rows, steps, seen, calls } = *self;
        let (exit, steps) = (exit.code(), Steps { proficiencies: steps });
        Event::Ended { exit, rows, steps, seen, calls, seconds: took.as_secs_f64() }
    }
}

/// How the program exits by why a session stopped, whatever its rows say. Pure.
pub(super) fn exit_by_reason(stop: Option<&Stop>) -> Exit {
    match stop {
        None => Exit::Done,
        Some(Stop::Interrupted) => Exit::Interrupted,
        Some(_) => Exit::Stopped,
    }
}

/// How the program exits, by where all rows stand, how many users others have replaced, and why it stopped. Pure.
pub(super) fn exit_of(counts: &Counts, steps: &StepCounts, replaced: u64, stop: Option<&Stop>) -> Exit {
    let by_reason = match stop {
        None if counts.pending > 0 => Exit::Stopped,
        _ => exit_by_reason(stop),
    };
    // A deletion that is not settled is an undo's to settle, and nobody knows until then whether the user is there.
    let by_rows = if counts.in_doubt + counts.unconfirmed + steps.pending > 0 {
        Exit::Unsettled
    } else if counts.failed() + steps.rejected + replaced > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    };
    by_reason.worst(by_rows)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Every reason to stop.
    fn stops() -> Vec<Stop> {
        let (message, code) = (String::new, String::new);
        vec![
            Stop::Interrupted,
            Stop::Full { message: message() },
            Stop::Denied { code: code(), message: message() },
            Stop::StepDenied { code: code(), message: message() },
            Stop::ChangeDenied { operation: "UpdateUserHierarchy", code: code(), message: message() },
            Stop::Credentials { message: message() },
            Stop::Skew { seconds: 400 },
            Stop::NoInstance,
            Stop::NotConnect { message: message() },
            Stop::AllRejected { rows: 20, code: code(), message: message() },
            Stop::Outage { lasted: Duration::from_secs(900), message: message() },
            Stop::Ledger { message: message() },
            Stop::Passwords { message: message() },
            Stop::Untold { message: message() },
            Stop::Roster { message: message() },
            Stop::Another { message: message() },
        ]
    }

    /// Which rows there are: of each kind, or of none. The kinds that count, in bits, and some that do not.
    fn standing(kinds: u32) -> (Counts, StepCounts) {
        let of = |bit: u32| u64::from(kinds >> bit & 1) * 3;
        let counts = Counts {
            pending: of(0),
            in_doubt: of(1),
            exists: of(2),
            rejected: of(3),
            invalid: of(4),
            created: of(7),
            there: of(7),
            deleted: of(7),
            recovered: of(8),
            unconfirmed: of(10),
            ..Counts::default()
        };
        (counts, StepCounts { pending: of(5), rejected: of(6), ..StepCounts::default() })
    }

    #[test]
    fn the_exit_is_the_first_that_applies_over_the_whole_domain() {
        let mut seen = [0; 5];
        for kinds in 0..1 << 11 {
            let (counts, steps) = standing(kinds);
            let replaced = u64::from(kinds >> 9 & 1);
            for stop in std::iter::once(None).chain(stops().into_iter().map(Some)) {
                let in_doubt = counts.in_doubt + counts.unconfirmed + steps.pending > 0;
                let failed = [counts.exists, counts.rejected, counts.invalid, steps.rejected, replaced];
                let applies = [
                    (Exit::Interrupted, stop == Some(Stop::Interrupted)),
                    // What nobody stopped, and is not done all the same, is what a retry does not send.
                    (Exit::Stopped, stop.is_some() || counts.pending > 0),
                    (Exit::Unsettled, in_doubt),
                    (Exit::SomeFailed, failed.iter().any(|rows| *rows > 0)),
                    (Exit::Done, true),
                ];
                let (at, (first, _)) = applies.iter().enumerate().find(|(_, (_, is_so))| *is_so).unwrap();
                seen[at] += 1;
                assert_eq!(
                    exit_of(&counts, &steps, replaced, stop.as_ref()),
                    *first,
                    "{counts:?} {steps:?} {stop:?}"
                );
            }
        }
        assert!(seen.iter().all(|times| *times > 3), "{seen:?}");
    }
}
