//! The pace: one limiter for each operation, shared by every attempt of every kind.
//!
//! The service counts calls by account, region and operation in a token bucket ("Throttling limits are defined for each
//! API separately", Amazon Connect best practices for APIs). governor counts ours the same way. Its quota cannot change,
//! so it counts small parts of a call, [`PARTS`] of them at the full rate: a slower pace costs more parts a call.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

use crate::clock;

/// The parts that a call costs at the full rate.
const PARTS: f64 = 1000.0;

/// How much later than allowed every call after the opening burst leaves. The service's bucket starts to fill when it
/// sees the first calls, which are slower than later ones by a connection's set-up; without this head start those that
/// follow would arrive a little too early, and be throttled.
const HEAD_START: Duration = Duration::from_millis(200);

/// The slowest pace that throttling can bring about, in calls a second.
pub const FLOOR: f64 = 0.5;

/// The default burst for a rate: that of the documented quota (2 a second, burst 5), in proportion.
pub fn default_burst(rate: f64) -> u32 {
    (2.5 * rate).ceil().max(5.0) as u32
}

/// Lets calls of one operation through, in the order in which they ask.
pub struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>,
    turn: tokio::sync::Mutex<()>,
    law: Mutex<Law>,
    burst_parts: NonZeroU32,
}

/// How fast, decided without doing: a pure value that is told what happened.
#[derive(Clone, Debug)]
pub struct Law {
    /// The rate that was given, in calls a second: never exceeded.
    given: f64,
    /// The rate now.
    rate: f64,
    /// Calls that left before this was decided say nothing about the rate now.
    cut: Option<Instant>,
    /// When the rate was last raised or cut.
    moved: Option<Instant>,
    /// No call leaves before this.
    pause: Option<Instant>,
}

impl Law {
    /// Starts at the given rate.
    pub fn new(given: f64) -> Self {
        Self { given, rate: given, cut: None, moved: None, pause: None }
    }

    /// The rate now, in calls a second.
    pub fn rate(&self) -> f64 {
        self.rate
    }

    /// A call that left at `sent` was throttled: cut the rate, once for all calls that left at the old one.
    pub fn throttled(&mut self, sent: Instant, now: Instant, asked: Option<Duration>) {
        if let Some(asked) = asked {
            let until = now + asked.min(super::backoff::Delays::PATIENCE);
            self.pause = Some(self.pause.map_or(until, |pause| pause.max(until)));
        }
        if self.cut.is_some_and(|cut| sent <= cut) {
            return;
        }
        self.rate = (self.rate * 0.7).max(FLOOR.min(self.given));
        self.cut = Some(now);
        self.moved = Some(now);
    }

    /// A call was answered without a throttle: after two clean seconds climb by 5 % of the given rate a second.
    pub fn passed(&mut self, now: Instant) {
        if self.rate >= self.given {
            return;
        }
        let clean = self.cut.map_or(Duration::MAX, |cut| now.duration_since(cut));
        if clean < Duration::from_secs(2) {
            return;
        }
        let since =
            self.moved.map_or(Duration::ZERO, |moved| now.duration_since(moved)).as_secs_f64().min(2.0);
        self.rate = (self.rate + 0.05 * self.given * since).min(self.given);
        self.moved = Some(now);
    }
}

impl Pace {
    /// Allows `rate` calls a second after an opening burst of about `burst` calls. Starts its clock now, so it is made
    /// when the work begins.
    pub fn new(rate: f64, burst: u32) -> Self {
        let rate = rate.clamp(0.01, 100_000.0);
        let parts_a_second = rate * PARTS;
        let burst_parts = parts(f64::from(burst.max(1)) * PARTS);
        let quota = Quota::with_period(Duration::from_secs_f64(1.0 / parts_a_second))
            .unwrap_or(Quota::per_second(NonZeroU32::MIN))
            .allow_burst(burst_parts);
        let limiter = RateLimiter::direct_with_clock(quota, TokioClock);
        let spare = f64::from(burst.saturating_sub(1)) * PARTS;
        let _ = limiter.check_n(parts((HEAD_START.as_secs_f64() * parts_a_second).min(spare)));
        Self { limiter, turn: tokio::sync::Mutex::new(()), law: Mutex::new(Law::new(rate)), burst_parts }
    }

    /// Waits for this caller's turn and then until a call may leave.
    pub async fn permit(&self) {
        let _turn = self.turn.lock().await; // fair: who came first goes first
        loop {
            let pause = self.law().pause;
            match pause.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(wait) if !wait.is_zero() => clock::sleep(wait).await,
                _ => break,
            }
        }
        let (given, rate) = {
            let law = self.law();
            (law.given, law.rate)
        };
        let mut due = parts(PARTS * given / rate).get();
        while let Some(part) = NonZeroU32::new(due.min(self.burst_parts.get())) {
            due -= part.get();
            while let Ok(Err(early)) = self.limiter.check_n(part) {
                clock::sleep(early.wait_time_from(TokioClock.now())).await;
            }
        }
    }

    /// The rate now, in calls a second.
    pub fn rate(&self) -> f64 {
        self.law().rate()
    }

    /// Tells the law of a throttled call that left at `sent`.
    pub fn throttled(&self, sent: Instant, asked: Option<Duration>) {
        self.law().throttled(sent, Instant::now(), asked);
    }

    /// Tells the law of a call that was not throttled.
    pub fn passed(&self) {
        self.law().passed(Instant::now());
    }

    fn law(&self) -> std::sync::MutexGuard<'_, Law> {
        self.law.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parts(count: f64) -> NonZeroU32 {
    NonZeroU32::new(count.round().clamp(1.0, f64::from(u32::MAX)) as u32).unwrap_or(NonZeroU32::MIN)
}

/// governor's clock over tokio's, which tests pause.
#[derive(Clone, Copy, Debug, Default)]
struct TokioClock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Moment(Instant);

impl governor::clock::Clock for TokioClock {
    type Instant = Moment;

    fn now(&self) -> Moment {
        Moment(Instant::now())
    }
}

impl Reference for Moment {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Moment(self.0.checked_sub(duration.into()).unwrap_or(self.0))
    }
}

impl std::ops::Add<Nanos> for Moment {
    type Output = Moment;

    fn add(self, other: Nanos) -> Moment {
        Moment(self.0 + Duration::from(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When each of `calls` permits is given, in seconds.
    async fn times(pace: &Pace, calls: usize) -> Vec<f64> {
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..calls {
            pace.permit().await;
            times.push(start.elapsed().as_secs_f64());
        }
        times
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_five_calls_at_two_a_second_take_ten_seconds() {
        let times = times(&Pace::new(2.0, 5), 25).await;
        assert!(times[3] < 0.01, "an opening burst: {times:?}");
        assert!((times[24] - 10.2).abs() < 0.05, "{times:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_holds_more_than_the_burst_and_the_rate_allow() {
        for (rate, burst) in [(2.0, 5), (2.0, 1), (0.5, 5), (10.0, 25), (50.0, 125), (3.3, 7)] {
            let times = times(&Pace::new(rate, burst), 300).await;
            for (at, from) in times.iter().enumerate() {
                for (calls, to) in times[at..].iter().enumerate() {
                    let allowed = f64::from(burst) + rate * (to - from) + 0.001 * rate + 1e-6;
                    assert!((calls + 1) as f64 <= allowed, "{rate}/{burst}: {calls} from {from} to {to}");
                }
            }
            let ideal = f64::from(300 - burst) / rate;
            assert!(times[299] < ideal * 1.02 + 0.25, "{rate}/{burst}: {} against {ideal}", times[299]);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_slows_once_and_a_clean_stretch_recovers_to_the_given_rate_and_no_further() {
        let pace = Pace::new(2.0, 5);
        let sent = Instant::now();
        pace.throttled(sent, None);
        pace.throttled(sent, None);
        assert!((pace.rate() - 1.4).abs() < 1e-9, "calls of one volley cut once: {}", pace.rate());
        for _ in 0..60 {
            clock::sleep(Duration::from_secs(1)).await;
            pace.passed();
        }
        assert!((pace.rate() - 2.0).abs() < 1e-9);
        for _ in 0..100 {
            clock::sleep(Duration::from_millis(10)).await;
            pace.throttled(Instant::now(), None);
        }
        assert!((pace.rate() - FLOOR).abs() < 1e-9);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_service_asks_for_holds_every_call() {
        let pace = Pace::new(2.0, 5);
        pace.throttled(Instant::now(), Some(Duration::from_secs(7)));
        assert!(times(&pace, 1).await[0] >= 7.0);
    }
}
