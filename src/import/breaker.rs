//! Keeps an outage from burning rows: after several failures in a row nothing is sent but one probe at a time.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// After how many failures in a row, over all rows, the breaker opens.
const FAILURES: u32 = 5;

/// The longest pause between two probes.
const LONGEST: Duration = Duration::from_secs(30);

/// Counts failures that say nothing about a row (unclear or not sent) since the last clear answer.
#[derive(Debug, Default)]
pub struct Breaker(Mutex<Course>);

/// A pure value: what has happened since the last clear answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    failures: u32,
    since: Option<Instant>,
    next: Option<Instant>,
}

/// What the breaker says to one who wants to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Send.
    Go,
    /// Ask again after this.
    Wait(Duration),
}

impl Course {
    /// A failure at `now`; says how long the outage has lasted.
    pub fn failed(&mut self, now: Instant) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        if self.failures >= FAILURES {
            let step = (self.failures - FAILURES).min(5);
            self.next = Some(now + Duration::from_secs(1 << step).min(LONGEST));
        }
        now.duration_since(since)
    }

    /// A clear answer: the service is there.
    pub fn answered(&mut self) {
        *self = Self::default();
    }

    /// May a request leave now? With the breaker open one may, and it puts the next one off.
    pub fn ask(&mut self, now: Instant) -> Leave {
        match self.next {
            Some(next) if next > now => Leave::Wait(next - now),
            Some(_) => {
                self.next = Some(now + LONGEST);
                Leave::Go
            }
            None => Leave::Go,
        }
    }
}

impl Breaker {
    /// As [`Course::failed`], now.
    pub fn failed(&self) -> Duration {
        self.course().failed(Instant::now())
    }

    /// As [`Course::answered`].
    pub fn answered(&self) {
        let mut course = self.course();
        if *course != Course::default() {
            course.answered();
        }
    }

    /// As [`Course::ask`], now.
    pub fn ask(&self) -> Leave {
        self.course().ask(Instant::now())
    }

    fn course(&self) -> std::sync::MutexGuard<'_, Course> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_opens_after_five_failures_lets_one_probe_through_and_closes_on_an_answer() {
        let mut course = Course::default();
        let start = Instant::now();
        for n in 0..4 {
            assert_eq!(course.failed(start + Duration::from_secs(n)), Duration::from_secs(n));
            assert_eq!(course.ask(start), Leave::Go);
        }
        let now = start + Duration::from_secs(4);
        course.failed(now);
        assert_eq!(course.ask(now), Leave::Wait(Duration::from_secs(1)));
        let later = now + Duration::from_secs(1);
        assert_eq!(course.ask(later), Leave::Go, "the probe");
        assert_eq!(course.ask(later), Leave::Wait(LONGEST), "only one");
        course.failed(later);
        assert_eq!(course.ask(later), Leave::Wait(Duration::from_secs(2)));
        course.answered();
        assert_eq!(course.ask(later), Leave::Go);
        assert_eq!(course.failed(later), Duration::ZERO, "an outage is counted from its first failure");
    }
}
