//! What happened in a run, in words: the newest lines.

use std::collections::VecDeque;
use std::time::SystemTime;

use serde::Serialize;

use crate::clock::rfc3339;
use crate::event::Event;
use crate::exit::Exit;
use crate::ledger::{Calls, Counts, Entry, Kind, RowState, State, StepState, Unexecuted};
use crate::text::{count, grouped, plain};

/// A line of what happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Logged {
    /// When, RFC 3339.
    pub at: String,
    /// What.
    pub text: String,
}

/// The newest lines, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<Logged>,
    /// What the newest line is, where more of the same takes its place.
    goes_on: Option<Same>,
}

/// What happens again and again, and is told in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Same {
    /// So many throttles in a row.
    Throttles(u64),
    /// A wait.
    Wait,
}

impl Log {
    /// How many lines are kept.
    pub(super) const KEPT: usize = 200;

    /// One that goes on with these lines.
    pub(super) fn after(lines: Vec<Logged>) -> Self {
        Self { lines: lines.into(), goes_on: None }
    }

    pub(super) fn lines(&self) -> Vec<Logged> {
        self.lines.iter().cloned().collect()
    }

    fn add(&mut self, at: String, text: String) {
        self.goes_on = None;
        self.lines.push_front(Logged { at, text });
        self.lines.truncate(Self::KEPT);
    }

    /// The same where the newest line is of the same kind: then that one is written over.
    fn add_again(&mut self, at: String, text: String, what: Same) {
        if self.goes_on.is_some() {
            self.lines.pop_front();
        }
        self.add(at, text);
        self.goes_on = Some(what);
    }

    fn throttled(&mut self, at: String, pace: Option<f64>) {
        let before = match self.goes_on {
            Some(Same::Throttles(before)) => before,
            _ => 0,
        };
        let times = if before == 0 { String::new() } else { format!(" {} times", grouped(before + 1)) };
        let pace = pace.map(|rate| format!(": {rate:.1} a second from now on")).unwrap_or_default();
        let text = format!("the service asked for a slower pace{times}{pace}");
        self.goes_on = self.goes_on.take().filter(|same| matches!(same, Same::Throttles(_)));
        self.add_again(at, text, Same::Throttles(before + 1));
    }

    /// Takes in what was told of a run, in the words of whoever shows it.
    pub(super) fn take(&mut self, event: &Event, now: SystemTime) {
        let at = rfc3339(now);
        match event {
            Event::Throttled { rate } => self.throttled(at, Some(*rate)),
            Event::Waiting { reason, .. } => {
                self.goes_on = self.goes_on.take().filter(|same| *same == Same::Wait);
                let text = format!("waiting: {}", plain(reason));
                self.add_again(at, text, Same::Wait);
            }
            event => {
                if let Some(text) = words_of(event) {
                    self.add(at, text);
                }
            }
        }
    }

    /// Takes in what another process wrote into its ledger, which stood so before.
    pub(super) fn take_entry(&mut self, entry: &Entry, before: &State) {
        let at = entry.at.as_deref().unwrap_or_default().to_owned();
        match entry.kind {
            Kind::Session => {
                let what = if before.session.id.is_empty() { "began" } else { "went on" };
                let (pid, host) = (entry.pid.unwrap_or_default(), entry.host.as_deref().unwrap_or_default());
                self.add(at, format!("{what}: process {pid} on {}", plain(host)));
            }
            Kind::Outcome if entry.unexecuted == Some(Unexecuted::Throttled) => self.throttled(at, None),
            Kind::Outcome if entry.unexecuted.is_none() => {
                let user = entry.user.as_deref().unwrap_or_default();
                let row = before.find(user).map(|place| before.record(place).row).unwrap_or_default();
                let [code, message] =
                    [&entry.code, &entry.message].map(|said| said.as_deref().unwrap_or_default());
                let text = match entry.stands() {
                    Some(RowState::Rejected) => refused(row, user, code, message),
                    Some(RowState::Exists) => line(row, user, "the name is another's", message),
                    Some(RowState::InDoubt) => line(row, user, "in doubt", message),
                    Some(RowState::Created) if entry.recovered => line(row, user, FOUND, ""),
                    Some(
                        RowState::Created
                        | RowState::Pending
                        | RowState::Invalid
                        | RowState::There
                        | RowState::Updated
                        | RowState::Unconfirmed
                        | RowState::Skipped
                        | RowState::Deleted,
                    )
                    | None => return,
                };
                self.add(at, text);
            }
            Kind::End => {
                let exit = entry.exit.unwrap_or_default();
                self.add(at, ended(exit, &before.counts(false)));
            }
            Kind::Outcome
            | Kind::Ledger
            | Kind::Row
            | Kind::Dropped
            | Kind::Intent
            | Kind::Step
            | Kind::Seen
            | Kind::Moved => {}
        }
    }

    /// Takes in that requests are about to leave for so many rows, this many a second: by the first process, or by another.
    pub(super) fn begins(&mut self, now: SystemTime, is_first: bool, to_send: u64, rate: f64) {
        let what = if is_first { "began" } else { "went on" };
        self.add(rfc3339(now), format!("{what}: {} to send, {rate} a second", count(to_send, "row")));
    }

    /// Takes in that it ended with no word of its own.
    pub(super) fn broke(&mut self, now: SystemTime, why: &str) {
        self.add(rfc3339(now), format!("stopped: {}", plain(why)));
    }
}

/// What is said of a user that an earlier attempt had made.
const FOUND: &str = "found again after its answer was lost: it is ours";

fn line(row: impl std::fmt::Display, user: &str, what: &str, message: &str) -> String {
    let message = if message.is_empty() { String::new() } else { format!(": {}", plain(message)) };
    format!("row {row}, {}: {what}{message}", plain(user))
}

fn refused(row: impl std::fmt::Display, user: &str, code: &str, message: &str) -> String {
    line(row, user, &format!("refused, {}", plain(code)), message)
}

fn ended(exit: u8, rows: &Counts) -> String {
    let word = match exit {
        // Paused when nothing was left to do.
        code if code == Exit::Interrupted.code() && !rows.is_complete() => "paused",
        code if code == Exit::Stopped.code() => "stopped",
        _ => "ended",
    };
    format!("{word}: {} of {} created", grouped(rows.created), count(rows.total, "row"))
}

/// An event in words; `None` for what happens to each row of itself, or is told elsewhere.
fn words_of(event: &Event) -> Option<String> {
    Some(match event {
        Event::Created { row, user, recovered: true, .. } => line(row, user, FOUND, ""),
        Event::Exists { row, user, message } => line(row, user, "the name is another's", message),
        Event::Rejected { row, user, code, message } => refused(row, user, code, message),
        Event::InDoubt { row, user, message, last: false } => {
            line(row, user, "the answer was lost, and the user is looked for", message)
        }
        Event::InDoubt { row, user, message, last: true } => line(row, user, "in doubt", message),
        Event::Step { row, user, result: StepState::Rejected, code, message, .. } => {
            let what = format!("its proficiencies were refused, {}", code.as_deref().unwrap_or_default());
            line(row, user, &plain(&what), message.as_deref().unwrap_or_default())
        }
        Event::Stopping { is_interruption: true, .. } => {
            "pausing: no further request leaves, and those under way are awaited".to_owned()
        }
        Event::Stopping { reason, .. } => format!("stopping: {}", plain(reason)),
        Event::Note { message } | Event::Warning { message } | Event::Remark { message } => plain(message),
        Event::Ended { exit, rows, .. } => ended(*exit, rows),
        _ => return None,
    })
}

/// The calls that an event tells of.
pub(super) fn calls_of(event: &Event) -> Calls {
    let of = |sent, throttled| Calls { sent, throttled };
    match event {
        Event::Throttled { .. } => of(1, 1),
        Event::Created { recovered: false, .. }
        | Event::Exists { .. }
        | Event::Rejected { .. }
        | Event::InDoubt { last: false, .. } => of(1, 0),
        _ => of(0, 0),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn texts(log: &Log) -> Vec<String> {
        log.lines().into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn what_happens_again_and_again_is_one_line_that_is_written_over() {
        let mut log = Log::default();
        let note = |message: &str| Event::Note { message: message.to_owned() };
        let waiting = |reason: &str| Event::Waiting { reason: reason.to_owned(), seconds: 1.0 };
        for (second, event) in (0..).zip([
            Event::Throttled { rate: 1.5 },
            Event::Throttled { rate: 1.0 },
            waiting("one"),
            waiting("two"),
            Event::Throttled { rate: 0.5 },
            note("a word"),
            Event::Throttled { rate: 0.2 },
        ]) {
            log.take(&event, at(second));
        }
        assert_eq!(
            texts(&log),
            [
                "the service asked for a slower pace: 0.2 a second from now on",
                "a word",
                "the service asked for a slower pace: 0.5 a second from now on",
                "waiting: two",
                "the service asked for a slower pace 2 times: 1.0 a second from now on",
            ]
        );
        assert_eq!(log.lines()[4].at, rfc3339(at(1)), "as of the last of them");
    }

    #[test]
    fn the_newest_lines_are_kept_and_those_of_the_session_before() {
        let mut log = Log::default();
        for number in 0..300 {
            log.take(&Event::Note { message: number.to_string() }, at(number));
        }
        let mut log = Log::after(log.lines());
        log.begins(at(301), false, 2, 2.0);
        let lines = texts(&log);
        assert_eq!((lines.len(), lines[0].as_str()), (Log::KEPT, "went on: 2 rows to send, 2 a second"));
        assert_eq!((lines[1].as_str(), lines[199].as_str()), ("299", "101"));
    }
}
