//! Where a run stands, as its ledger tells it, also while it goes on: for programs, and for whoever shows it.

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use crate::clock;
use crate::ledger::{Calls, Counts, Entry, Job, Kind, RowState, SeenCounts, State, Steps, Unexecuted};
use crate::text;

/// Over how long the rate is taken.
const WINDOW: Duration = Duration::from_secs(20);

/// Where a run stands. Serialises as the object of `status --format json`, a contract: members may be added.
#[derive(Serialize)]
pub(crate) struct Standing<'s> {
    run: &'s str,
    /// Whose ledger it is, where that is no import's.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Job>,
    roster: &'s str,
    instance: &'s str,
    /// Whether it is a rehearsal's, which made nobody.
    rehearsal: bool,
    complete: bool,
    rows: Counts,
    /// How many of the created an undo has left, for a reason: not in the sum of the rows. Of an import's ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_by_undo: Option<u64>,
    steps: Steps,
    seen: SeenCounts,
    calls: Calls,
    #[serde(skip_serializing_if = "Option::is_none")]
    pace: Option<PaceNow>,
}

/// How fast an importer that is at work is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct PaceNow {
    /// Rows settled a second, of late.
    pub(crate) rate: f64,
    /// CreateUser calls a second that it set out with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) allowed: Option<f64>,
    /// How long the rest takes at this rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seconds_left: Option<u64>,
}

/// When rows were settled, the last of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct SettledLately(VecDeque<SystemTime>);

impl SettledLately {
    /// Takes in that a row was settled.
    pub(crate) fn add(&mut self, at: SystemTime) {
        self.0.push_back(at);
        while self.0.front().is_some_and(|first| *first + WINDOW < at) {
            self.0.pop_front();
        }
    }

    /// The pace at `now` of what has begun then; `pending` rows are left, and `allowed` is what it set out with.
    pub(crate) fn pace(
        &self,
        begun: SystemTime,
        now: SystemTime,
        pending: u64,
        allowed: Option<f64>,
    ) -> PaceNow {
        let second = Duration::from_secs(1);
        // The burst at the start is no pace to go by.
        let span = now.duration_since(begun).unwrap_or_default().saturating_sub(second).min(WINDOW);
        let span = span.max(second);
        let settled = self.0.iter().filter(|at| **at + span >= now).count();
        let rate = settled as f64 / span.as_secs_f64();
        let seconds_left = (rate > 0.0 && pending > 0).then(|| (pending as f64 / rate).ceil() as u64);
        PaceNow { rate, allowed, seconds_left }
    }
}

/// What has happened of late, which the ledger's state does not have.
#[derive(Default)]
pub(crate) struct Lately {
    /// The pace that the newest session set out with.
    allowed: Option<f64>,
    /// When rows were settled in the newest session.
    settled: SettledLately,
    /// When something last came back, and what.
    last: Option<(SystemTime, &'static str)>,
    /// How the newest session says that it ended.
    pub(crate) exit: Option<u8>,
}

impl Lately {
    /// Takes a line of the ledger in.
    pub(crate) fn take(&mut self, entry: &Entry) {
        match entry.kind {
            Kind::Session => *self = Self { allowed: entry.rate, ..Self::default() },
            Kind::End => self.exit = entry.exit,
            // What was never sent has no attempt, and nothing came back of it.
            Kind::Outcome if entry.attempt.is_some() || entry.recovered => self.answer(entry),
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

    fn answer(&mut self, entry: &Entry) {
        let Some(at) = entry.at.as_deref().and_then(clock::parse_rfc3339) else { return };
        let what = match (entry.unexecuted, entry.stands()) {
            (Some(Unexecuted::Throttled), _) => "told to slow down",
            (Some(Unexecuted::NotSent), _) => "the service was not reached",
            (Some(Unexecuted::Refused), _) => "the service refused the caller",
            (None, Some(RowState::InDoubt)) => "an answer was lost",
            (None, Some(RowState::Created)) => "a user was created",
            (None, Some(RowState::Updated)) => "a user was updated",
            (None, Some(RowState::Deleted)) => "a user was deleted",
            (None, Some(RowState::Unconfirmed)) => "a change was not confirmed",
            (None, _) => "a row failed",
        };
        self.last = Some((at, what));
        if entry.unexecuted.is_none() && entry.state != Some(RowState::InDoubt) {
            self.settled.add(at);
        }
    }

    /// The pace at `now` of a session that has begun when it says; `pending` rows are left.
    pub(crate) fn pace(&self, begun: &str, now: SystemTime, pending: u64) -> PaceNow {
        let begun = clock::parse_rfc3339(begun).unwrap_or(now);
        self.settled.pace(begun, now, pending, self.allowed)
    }

    /// When something last came back, in words.
    pub(crate) fn last(&self, now: SystemTime) -> Option<String> {
        let (at, what) = self.last?;
        let ago = now.duration_since(at).unwrap_or_default();
        Some(format!("{what}, {} ago", text::duration(ago)))
    }
}

impl<'s> Standing<'s> {
    /// Where the run of the ledger at this path stands, which somebody is at work with or nobody is.
    pub(crate) fn of(
        (state, path): (&'s State, &Path),
        lately: &Lately,
        at_work: bool,
        now: SystemTime,
    ) -> Self {
        let rows = state.counts(at_work);
        Self {
            run: &state.header.run,
            job: state.header.job,
            roster: roster_now(state),
            instance: &state.header.instance,
            rehearsal: state.is_rehearsal(path),
            complete: is_complete(state, &rows),
            rows,
            left_by_undo: state.header.job.is_none().then(|| state.left_by_undos()),
            steps: Steps { proficiencies: state.proficiencies() },
            seen: state.seen_counts(),
            calls: state.calls,
            pace: at_work.then(|| lately.pace(&state.session.at, now, rows.pending)),
        }
    }
}

/// Nothing is pending or in doubt, neither of the rows nor of what follows them.
pub(crate) fn is_complete(state: &State, rows: &Counts) -> bool {
    rows.is_complete() && state.proficiencies().pending == 0
}

/// The roster that was worked from last.
pub(crate) fn roster_now(state: &State) -> &str {
    if state.session.roster.is_empty() { &state.header.roster } else { &state.session.roster }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Attempt;

    fn at(milliseconds: u64) -> String {
        clock::rfc3339(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds))
    }

    #[test]
    fn the_pace_is_of_late_and_of_the_newest_session() {
        let mut course = Lately::default();
        let session = |begun| Entry {
            session: Some("s".into()),
            rate: Some(2.0),
            at: Some(at(begun).into()),
            ..Entry::of(Kind::Session)
        };
        let made =
            |when| Entry { attempt: Attempt::new(1), ..Entry::outcome("ana", RowState::Created, at(when)) };
        course.take(&session(0));
        course.take(&made(500));
        course.take(&session(100_000));
        for half_second in 0..200 {
            course.take(&made(100_000 + half_second * 500));
        }
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(200);
        assert_eq!(
            course.pace(&at(100_000), now, 100),
            PaceNow { rate: 2.0, allowed: Some(2.0), seconds_left: Some(50) }
        );
        assert_eq!(course.pace(&at(100_000), now + WINDOW * 2, 100).seconds_left, None);
        assert_eq!(course.last(now).unwrap(), "a user was created, 1 s ago");
        let slowed = Entry { unexecuted: Some(Unexecuted::Throttled), ..made(199_900) };
        course.take(&slowed);
        assert_eq!(course.last(now).unwrap(), "told to slow down, 0 s ago");
    }
}
