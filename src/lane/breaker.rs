//! Keeps an outage from burning rows: after several failures in a row nothing is sent but one probe at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::{self, Clock, Moment};

/// After how many failures in a row, over all rows, the breaker opens.
const FAILURES: u32 = 5;

/// The longest pause between two probes, and the longest that a probe is waited for.
const LONGEST: Duration = Duration::from_secs(30);

/// The retry budget of the run: so many failures more than [`EARNED`] pays back, and the breaker opens although clear
/// answers come in between. It keeps retries from being most of what a service in trouble gets to see.
const BUDGET: f64 = 50.0;

/// What a clear answer pays back: where every third call fails, the budget lasts.
const EARNED: f64 = 0.5;

/// Counts failures that say nothing about a row (unclear or not sent) since the last clear answer.
pub(crate) struct Breaker {
    course: Mutex<Course>,
    closed: Notify,
    clock: Arc<dyn Clock>,
}

/// A pure value: what has happened since the last clear answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Course {
    failures: u32,
    since: Option<Moment>,
    budget: f64,
    pause: Option<Pause>,
    /// When the breaker closed last.
    closed: Option<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Pause {
    until: Moment,
    step: u32,
    /// When the probe left.
    probe: Option<Moment>,
}

impl Default for Course {
    fn default() -> Self {
        Self { failures: 0, since: None, budget: BUDGET, pause: None, closed: None }
    }
}

/// What the breaker says to one who wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Leave {
    /// Send.
    Go,
    /// Ask again after this, or when a clear answer has come.
    Wait(Duration),
}

/// What a failure means for the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Failing {
    /// How long nothing clear has come back.
    pub(crate) lasted: Duration,
    /// A pause that begins now.
    pub(crate) pause: Option<Duration>,
}

impl Course {
    /// A failure at `now`. Those of calls that left before a pause began do not make it longer.
    pub(crate) fn failed(&mut self, now: Moment) -> Failing {
        self.failures = self.failures.saturating_add(1);
        self.budget = (self.budget - 1.0).max(0.0);
        let since = *self.since.get_or_insert(now);
        // Only the probe's failure makes the next pause longer: the others left before this one began.
        let step = match self.pause {
            None if self.failures >= FAILURES || self.budget < 1.0 => Some(0),
            Some(Pause { probe: Some(_), step, .. }) => Some(step.saturating_add(1).min(5)),
            _ => None,
        };
        let pause = step.map(|step| {
            let wait = Duration::from_secs(1 << step).min(LONGEST);
            self.pause = Some(Pause { until: now + wait, step, probe: None });
            wait
        });
        Failing { lasted: now.since(since), pause }
    }

    /// A clear answer: the service is there. Says whether a pause ends by it.
    pub(crate) fn answered(&mut self, now: Moment) -> bool {
        let paused = self.pause.take().is_some();
        self.failures = 0;
        self.since = None;
        self.budget = (self.budget + EARNED).min(BUDGET);
        if paused {
            // Time before this was an outage's, and counts against no row.
            self.closed = Some(now);
            // After a pause for want of budget there must be some to go on with.
            self.budget = self.budget.max(f64::from(FAILURES));
        }
        paused
    }

    /// May a request leave now? In a pause one may at its end, the probe, and the others wait for what it brings.
    pub(crate) fn ask(&mut self, now: Moment) -> Leave {
        let Some(pause) = &mut self.pause else { return Leave::Go };
        if pause.until > now {
            return Leave::Wait(pause.until.since(now));
        }
        // A probe of which nothing has been heard for long is taken for lost, or one lost answer would end the run.
        match pause.probe.map(|left| (left + LONGEST).since(now)) {
            Some(wait) if !wait.is_zero() => Leave::Wait(wait),
            _ => {
                pause.probe = Some(now);
                Leave::Go
            }
        }
    }

    /// How long the service has answered, of the time since `since`: nothing during a pause.
    pub(crate) fn served(&self, since: Moment, now: Moment) -> Duration {
        if self.pause.is_some() {
            return Duration::ZERO;
        }
        now.since(self.closed.map_or(since, |closed| closed.max(since)))
    }
}

impl Breaker {
    /// A closed one, whose outages last by this clock.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { course: Mutex::default(), closed: Notify::new(), clock }
    }

    /// As [`Course::failed`], now.
    pub(crate) fn failed(&self) -> Failing {
        self.course().failed(self.clock.moment())
    }

    /// As [`Course::answered`], now; those who wait go on.
    pub(crate) fn answered(&self) {
        if self.course().answered(self.clock.moment()) {
            self.closed.notify_waiters();
        }
    }

    /// Waits until a request may leave.
    pub(crate) async fn leave(&self) {
        if self.course().ask(self.clock.moment()) == Leave::Go {
            return;
        }
        loop {
            let closed = self.closed.notified();
            tokio::pin!(closed);
            closed.as_mut().enable();
            let Leave::Wait(wait) = self.course().ask(self.clock.moment()) else { return };
            tokio::select! {
                () = closed => {}
                () = clock::sleep(wait) => {}
            }
        }
    }

    /// As [`Course::served`], now.
    pub(crate) fn served(&self, since: Moment) -> Duration {
        self.course().served(since, self.clock.moment())
    }

    fn course(&self) -> std::sync::MutexGuard<'_, Course> {
        self.course.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use tokio::time::Instant;

    use super::*;
    use crate::clock::SteadyClock;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn it_opens_after_five_failures_lets_one_probe_through_and_closes_on_an_answer() {
        let mut course = Course::default();
        let start = Moment::default();
        for n in 0..4 {
            assert_eq!(course.failed(start + seconds(n)), Failing { lasted: seconds(n), pause: None });
            assert_eq!(course.ask(start), Leave::Go);
        }
        let now = start + seconds(4);
        assert_eq!(course.failed(now).pause, Some(seconds(1)));
        assert_eq!(course.ask(now), Leave::Wait(seconds(1)));
        let later = now + seconds(1);
        assert_eq!(course.ask(later), Leave::Go, "the probe");
        assert_eq!(course.ask(later), Leave::Wait(LONGEST), "only one");
        assert_eq!(course.failed(later).pause, Some(seconds(2)));
        assert_eq!(course.ask(later), Leave::Wait(seconds(2)));
        assert!(course.answered(later), "a pause ends");
        assert!(!course.answered(later), "and it ends once");
        assert_eq!(course.ask(later), Leave::Go);
        assert_eq!(course.failed(later).lasted, seconds(0), "an outage is counted from its first failure");
    }

    #[test]
    fn a_volley_that_fails_together_opens_it_once_and_pauses_are_bounded() {
        let mut course = Course::default();
        let mut now = Moment::default();
        let pauses: Vec<_> = (0..64).filter_map(|_| course.failed(now).pause).collect();
        assert_eq!(pauses, [seconds(1)]);
        for wait in [1, 2, 4, 8, 16, 30, 30] {
            assert_eq!(course.ask(now), Leave::Wait(seconds(wait)));
            now = now + seconds(wait);
            assert_eq!(course.ask(now), Leave::Go);
            course.failed(now);
        }
        now = now + LONGEST;
        assert_eq!(course.ask(now), Leave::Go);
        assert_eq!(
            course.ask(now + LONGEST),
            Leave::Go,
            "a probe of which nothing is heard is followed by another"
        );
    }

    #[test]
    fn a_service_that_fails_more_than_every_third_call_runs_out_of_budget() {
        let opens = |failing: u32, of: u32| {
            let mut course = Course::default();
            let now = Moment::default();
            (0..10_000).any(|call| {
                if call % of < failing { course.failed(now).pause.is_some() } else { course.answered(now) }
            })
        };
        assert!(!opens(1, 3), "a third is borne for ever");
        assert!(!opens(1, 100));
        assert!(opens(1, 2));
        assert!(opens(3, 4));
    }

    #[test]
    fn the_time_of_a_pause_counts_against_no_row() {
        let mut course = Course::default();
        let start = Moment::default();
        assert_eq!(course.served(start, start + seconds(9)), seconds(9));
        (0..5).for_each(|_| {
            let _ = course.failed(start + seconds(9));
        });
        assert_eq!(course.served(start, start + seconds(300)), seconds(0));
        course.answered(start + seconds(300));
        assert_eq!(course.served(start, start + seconds(310)), seconds(10));
        assert_eq!(course.served(start + seconds(305), start + seconds(310)), seconds(5));
    }

    #[tokio::test(start_paused = true)]
    async fn those_who_wait_go_on_as_soon_as_the_service_answers() {
        let breaker = Arc::new(Breaker::new(Arc::new(SteadyClock::starting_at(UNIX_EPOCH))));
        (0..5).for_each(|_| {
            let _ = breaker.failed();
        });
        let start = Instant::now();
        breaker.leave().await; // the probe
        assert_eq!(start.elapsed(), seconds(1));
        let waiting = breaker.clone();
        let other = tokio::spawn(async move { waiting.leave().await });
        tokio::task::yield_now().await;
        breaker.answered();
        other.await.unwrap();
        assert!(start.elapsed() < seconds(2), "{:?}", start.elapsed());
    }
}
