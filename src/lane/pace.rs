//! The pace: one limiter for each operation, shared by every attempt of every kind.
//!
//! The service counts calls by account, region and operation in a token bucket ("Throttling limits are defined for each
//! API separately", Amazon Connect best practices for APIs). governor counts ours the same way. Its quota cannot change,
//! so it counts small parts of a call, [`PARTS`] of them at the fastest rate: a slower pace costs more parts a call.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::{Clock as _, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::watch;
use tokio::time::Instant;

use super::backoff::Delays;
use crate::clock;

/// The parts that a call costs at the fastest rate.
const PARTS: f64 = 1000.0;

/// How long calls after the opening burst wait for the first answer at most.
const HEAD_START: Duration = Duration::from_millis(500);

/// The slowest pace that throttling can bring about, in calls a second.
pub(crate) const FLOOR: f64 = 0.5;

/// The fastest pace that can be learned, in calls a second.
pub(crate) const CEILING: f64 = 10_000.0;

/// Where learning starts with nothing remembered: the documented default of every operation, in calls a second.
pub(crate) const START: f64 = 2.0;

/// The default burst for a rate: that of the documented quota (2 a second, burst 5), in proportion.
pub fn default_burst(rate: f64) -> u32 {
    (2.5 * rate).ceil().max(5.0) as u32
}

/// Lets calls of one operation through, in the order in which they ask.
pub struct Pace {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Moment>>,
    turn: tokio::sync::Mutex<()>,
    law: Mutex<Law>,
    /// The fastest rate, in calls a second: what governor counts at.
    ceiling: f64,
    /// How long it takes for a part to come in.
    part: Duration,
    burst_parts: NonZeroU32,
    /// Calls of the opening burst that have not left yet.
    opening: AtomicU32,
    /// How long the first answer took.
    first_answer: watch::Sender<Option<Duration>>,
    /// Parts that the next call pays on top of its own.
    owed: AtomicU32,
    /// Among how many machines the rate is shared.
    members: AtomicU32,
    /// Whether the rate is found out, and nobody has said it.
    is_learned: bool,
}

/// How fast, decided without doing: a pure value that is told what happened.
///
/// A throttle says one thing for sure: that the service's bucket is empty. So between two throttles just as many calls
/// were accepted as tokens came in, and their number over the time between is the rate, whatever the bucket's size. The
/// law counts that, goes a little below it, and climbs back over it until the next throttle; while it is below, the
/// bucket keeps what it does not use. Far from any known limit it grows in proportion to what is accepted, and so does
/// it towards the last rate that was good, when the one found since no longer holds it back.
///
/// The first throttle of all says little: the bucket may have been large and the quota a third of the rate, or small and the
/// quota just below it. So the law goes to where a second one comes soon, unless the quota is near: from there on it counts.
///
/// Everything grows by the answer and not by the clock: a client that sends less than it may learns nothing.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    /// The rate that was given, in calls a second: never exceeded.
    cap: f64,
    /// The rate now.
    rate: f64,
    /// The quota as last found out; `None` where nothing is known.
    good: Option<f64>,
    /// The quota may be far above `good`.
    far: bool,
    /// A quota that was good before it fell to `good`, and may be back.
    better: Option<f64>,
    /// When the throttled call left that last showed the bucket empty.
    empty: Option<Instant>,
    /// The calls accepted of those that left since then.
    accepted: u32,
    /// Calls that left before this were paced by a rate that has been cut since: they say nothing about the rate now.
    cut: Option<Instant>,
    /// No call leaves before this.
    pause: Option<Instant>,
}

impl Law {
    /// After a throttle the rate is this part of the quota found.
    const BELOW: f64 = 0.8;
    /// Below the quota found, each accepted call adds this to the rate: four seconds to be back.
    const BACK: f64 = 0.05;
    /// Above it, each adds this.
    const PROBE: f64 = 0.015;
    /// The same two where the quota has been better: it may be back at any time, and a throttle fails no row. In full from
    /// [`Law::WORTH`] calls a second on, and in proportion below: few calls must not become many throttles.
    const BACK_TO_BETTER: f64 = 0.2;
    const PROBE_FOR_BETTER: f64 = 0.1;
    const WORTH: f64 = 8.0;
    /// Far from any limit each adds this: half as fast again every second.
    const FAR: f64 = 0.4;
    /// And this before the first throttle, or on the way to a rate that was good, at rates from 5 to 15 a second: almost three
    /// times as fast every second. At slower ones a call is much of a bucket, and at faster ones a latency is many calls.
    const UNHINDERED: f64 = 1.0;
    /// The quota found is no longer believed at this many times its value: so much no bucket can have saved.
    const EDGE: f64 = 1.15;
    /// When growth in proportion meets its first throttle it has passed the quota so far at most, for the bucket had to be
    /// emptied first: with a bucket of two and a half seconds, x where x − 1 − ln x = 2.5 times the growth, 3 to 5.
    const OVERSHOT: f64 = 4.0;
    /// After its first throttle the rate is this part of what it was: below the quota where the bucket was small, and so little
    /// above it where it was large that the second comes soon and costs few.
    const SECOND: f64 = 0.45;
    /// So many accepted calls make a count that is worth dividing: one more or less is then an eighth.
    const ENOUGH: u32 = 8;

    /// Starts at the given rate and never exceeds it.
    pub(crate) fn new(given: f64) -> Self {
        Self {
            cap: given,
            rate: given,
            good: Some(given),
            far: false,
            better: None,
            empty: None,
            accepted: 0,
            cut: None,
            pause: None,
        }
    }

    /// Learns the rate: starts at the one remembered, else at [`START`] knowing nothing.
    pub(crate) fn learning(remembered: Option<f64>) -> Self {
        let remembered = remembered.map(|rate| rate.clamp(FLOOR, CEILING));
        let far = remembered.is_none();
        Self { cap: CEILING, good: remembered, far, ..Self::new(remembered.unwrap_or(START)) }
    }

    /// The rate now, in calls a second.
    pub(crate) fn rate(&self) -> f64 {
        self.rate
    }

    /// The quota found out by throttles, in calls a second; `None` where there were none.
    pub(crate) fn found(&self) -> Option<f64> {
        self.empty.and(self.better.or(self.good))
    }

    /// A call that left at `sent` was throttled: cut the rate, once for all calls that left at the old one.
    ///
    /// Says whether it was cut.
    pub(crate) fn throttled(&mut self, sent: Instant, now: Instant, asked: Option<Duration>) -> bool {
        if let Some(asked) = asked {
            let until = now + asked.min(Delays::PATIENCE);
            self.pause = Some(self.pause.map_or(until, |pause| pause.max(until)));
        }
        // Those that were under way together are throttled together: one cut for all of them, not one for each.
        if self.cut.is_some_and(|cut| sent <= cut) {
            return false;
        }
        self.cut = Some(now);
        let floor = FLOOR.min(self.cap);
        if self.far && self.empty.is_none() {
            // Far still: whatever is found is found by the next, which can be counted from this one.
            self.good = Some((self.rate / Self::OVERSHOT).max(self.good.unwrap_or_default()).max(floor));
            self.rate = (Self::SECOND * self.rate).max(floor);
            (self.empty, self.accepted) = (Some(sent), 0);
            return true;
        }
        let Some(found) = self.count(sent) else {
            self.rate = (self.rate * 0.7).max(floor);
            return true;
        };
        if let Some(good) = self.good.filter(|good| found < 0.75 * good) {
            self.better = Some(self.better.map_or(good, |better| better.max(good)));
        }
        // Counted from this throttle on, for it is where the service's bucket is known to be empty.
        self.good = Some(found.clamp(floor, self.cap));
        self.far = false;
        self.rate = (Self::BELOW * found).min(0.95 * self.rate).max(floor);
        self.empty = Some(sent);
        self.accepted = 0;
        true
    }

    /// What the quota is, by a throttled call that left at `sent`; `None` where too little was counted.
    fn count(&self, sent: Instant) -> Option<f64> {
        let Some(empty) = self.empty else {
            return self.good.map(|good| 0.9 * good.min(self.rate));
        };
        // Two throttles close together: the bucket was all but empty, and nothing is learned of what fills it.
        if self.accepted < Self::ENOUGH {
            return None;
        }
        let counted =
            f64::from(self.accepted) / sent.saturating_duration_since(empty).as_secs_f64().max(1e-3);
        // At least what it was believed to be before it was left behind.
        Some(if self.far { counted.max(self.good.unwrap_or_default()) } else { counted })
    }

    /// A call that left at `sent` was answered without a throttle.
    pub(crate) fn passed(&mut self, sent: Instant) {
        if self.empty.is_some_and(|empty| sent > empty) {
            self.accepted = self.accepted.saturating_add(1);
        }
        if self.cut.is_some_and(|cut| sent <= cut) {
            return;
        }
        let good = self.good.unwrap_or_default();
        let (back, probe) = self.steps(good);
        // Far from any known limit in proportion; then back to what was good; then, with care, beyond it.
        if self.far {
            self.rate += if self.empty.is_none() { self.unhindered() } else { Self::FAR };
        } else if self.rate < good {
            self.rate = (self.rate + back).min(good);
        } else if self.rate < Self::EDGE * good {
            self.rate += probe;
        } else if let Some(better) = self.better {
            // What was found last no longer holds it back, so that the quota may be what it was before it fell.
            self.rate += self.unhindered();
            if self.rate >= 0.9 * better {
                self.rate = self.rate.min(better);
                self.good = Some(better);
                self.better = None;
            }
        } else {
            self.far = true;
        }
        self.rate = self.rate.min(self.cap);
    }

    /// Whether the rate is to be found out. One that was told may be more than there is for as long as the run lasts, so that
    /// seeking it in haste would bring throttles and nothing else.
    fn learns(&self) -> bool {
        self.cap >= CEILING
    }

    /// What an accepted call adds below the quota found, and above it.
    fn steps(&self, good: f64) -> (f64, f64) {
        let is_sought = self.learns() && self.better.is_some();
        let worth = if is_sought { (good / Self::WORTH).min(1.0) } else { 0.0 };
        (Self::BACK.max(Self::BACK_TO_BETTER * worth), Self::PROBE.max(Self::PROBE_FOR_BETTER * worth))
    }

    /// What an accepted call adds where nothing is known to be in the way.
    fn unhindered(&self) -> f64 {
        if !self.learns() {
            return Self::FAR;
        }
        Self::FAR.max(Self::UNHINDERED * (self.rate / 5.0).min(15.0 / self.rate).min(1.0))
    }
}

impl Pace {
    /// Allows `rate` calls a second after an opening burst of about `burst` calls. Starts its clock now, so it is made
    /// when the work begins.
    pub fn new(rate: f64, burst: u32) -> Self {
        let rate = rate.clamp(0.01, 100_000.0);
        let burst = burst.max(1);
        let pace = Self::under(rate, parts(f64::from(burst) * PARTS), Law::new(rate));
        pace.opening.store(burst, Ordering::Relaxed);
        pace
    }

    /// Learns the rate, from the one remembered where there is one. What it saves up is what one second brings.
    pub fn learning(remembered: Option<f64>) -> Self {
        let pace = Self::under(CEILING, parts(CEILING * PARTS), Law::learning(remembered));
        let pace = Self { is_learned: true, ..pace };
        pace.first_answer.send_replace(Some(Duration::ZERO));
        pace
    }

    fn under(ceiling: f64, burst_parts: NonZeroU32, law: Law) -> Self {
        // Whole nanoseconds, rounded down; the cost of a call is in parts as they are.
        let part = Duration::from_nanos(((1e9 / (ceiling * PARTS) + 1e-6) as u64).max(1));
        let quota =
            Quota::with_period(part).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(burst_parts);
        Self {
            limiter: RateLimiter::direct_with_clock(quota, TokioClock),
            turn: tokio::sync::Mutex::new(()),
            law: Mutex::new(law),
            ceiling,
            part,
            burst_parts,
            opening: AtomicU32::new(0),
            first_answer: watch::Sender::new(None),
            owed: AtomicU32::new(0),
            members: AtomicU32::new(1),
            is_learned: false,
        }
    }

    /// Waits for this caller's turn and then until a call may leave.
    pub(crate) async fn permit(&self) {
        let _turn = self.turn.lock().await; // fair: who came first goes first
        self.wait_as_asked().await;
        // The opening burst pays nothing on top: the service's bucket is full when a run begins.
        let opening = self.opening.load(Ordering::Relaxed);
        let owed = if opening == 0 {
            self.wait_for_first_answer().await;
            self.owed.swap(0, Ordering::Relaxed)
        } else {
            self.opening.store(opening - 1, Ordering::Relaxed);
            0
        };
        let cost = self.cost();
        self.pay(cost.saturating_add(owed)).await;
        self.wait_as_asked().await; // the service may have asked meanwhile
    }

    /// The parts that a call costs now: enough for the rate never to be passed.
    fn cost(&self) -> u32 {
        let part = self.part.as_nanos() as f64;
        let rate = self.law().rate / f64::from(self.members.load(Ordering::Relaxed));
        parts((1e9 / (rate * part) - 1e-6).ceil()).get()
    }

    /// Waits until so many parts are there, and takes them.
    ///
    /// What is more than can be saved up is slept for in one piece: many short sleeps would each be rounded up to the
    /// timer's millisecond, and with a small burst at a high rate that is far more than the pieces are worth.
    async fn pay(&self, due: u32) {
        let most = self.burst_parts.get();
        if due <= most {
            return self.take(due).await;
        }
        self.take(most).await;
        let rest = due - most;
        if rest <= most {
            return self.take(rest).await;
        }
        clock::sleep(self.part * rest).await;
        self.take(most).await; // the last of what came in meanwhile: nothing stays saved up
    }

    async fn take(&self, parts: u32) {
        let Some(parts) = NonZeroU32::new(parts) else { return };
        while let Ok(Err(early)) = self.limiter.check_n(parts) {
            clock::sleep(early.wait_time_from(TokioClock.now())).await;
        }
    }

    async fn wait_as_asked(&self) {
        loop {
            let pause = self.law().pause;
            match pause.map(|until| until.saturating_duration_since(Instant::now())) {
                Some(wait) if !wait.is_zero() => clock::sleep(wait).await,
                _ => return,
            }
        }
    }

    /// The service's bucket is empty, so nothing that was saved up here is worth anything.
    ///
    /// One try for each size, halved: what a refusal of twice the size leaves is taken by one. Trying until nothing is
    /// left would never end, for at [`CEILING`] a part comes in faster than a slow machine takes one out.
    fn drain(&self) {
        let mut part = self.burst_parts.get();
        while let Some(some) = NonZeroU32::new(part) {
            let _ = self.limiter.check_n(some);
            part /= 2;
        }
    }

    /// The service's bucket starts to fill when it sees the first call, and that one is slower than later ones by a
    /// connection's set-up. Without a head start those that follow the burst would arrive too early, and be throttled.
    async fn wait_for_first_answer(&self) {
        if self.first_answer.borrow().is_some() {
            return;
        }
        let mut answer = self.first_answer.subscribe();
        tokio::select! {
            biased;
            _ = answer.wait_for(Option::is_some) => {}
            () = clock::sleep(HEAD_START) => self.answered_after(HEAD_START),
        }
    }

    fn answered_after(&self, took: Duration) {
        let first = self.first_answer.send_if_modified(|answer| {
            let first = answer.is_none();
            answer.get_or_insert(took);
            first
        });
        if first {
            // However near the service is, calls are sometimes late by a little, and the next is then early.
            let spare = (0.4 / self.ceiling).clamp(0.1, 0.2);
            let head_start = took.min(HEAD_START).as_secs_f64().max(spare);
            self.owed.store(parts(head_start * self.ceiling * PARTS).get(), Ordering::Relaxed);
        }
    }

    /// The rate now, in calls a second; where machines share it, this one's part.
    pub(crate) fn rate(&self) -> f64 {
        self.law().rate() / f64::from(self.members.load(Ordering::Relaxed))
    }

    /// Shares the rate among so many machines from now on, and the burst with it: a call costs as many times as much of what
    /// is saved up. A rate that is learned is not divided: it is what the others leave already.
    pub(crate) fn share(&self, members: u32) {
        if self.is_learned {
            return;
        }
        let before = self.members.swap(members.max(1), Ordering::Relaxed);
        // The service's bucket is full once, and not once a machine.
        let opening = self.opening.load(Ordering::Relaxed);
        if members > before && opening > 0 {
            self.opening.store((opening * before / members).max(1), Ordering::Relaxed);
        }
    }

    /// The quota found out by throttles, as [`Law::found`].
    pub fn found(&self) -> Option<f64> {
        self.law().found()
    }

    /// Tells the law of a throttled call that left at `sent`.
    pub(crate) fn throttled(&self, sent: Instant, asked: Option<Duration>) {
        if self.law().throttled(sent, Instant::now(), asked) {
            self.drain();
        }
        self.answered_after(sent.elapsed());
    }

    /// Tells the law of a call that left at `sent` and was not throttled.
    pub(crate) fn passed(&self, sent: Instant) {
        self.law().passed(sent);
        if self.first_answer.borrow().is_none() {
            self.answered_after(sent.elapsed());
        }
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

    /// When each of `calls` permits is given, in seconds; each call is answered after `latency`.
    async fn times(pace: &Pace, calls: usize, latency: Duration) -> Vec<f64> {
        let start = Instant::now();
        let mut times = Vec::new();
        for call in 0..calls {
            pace.permit().await;
            times.push(start.elapsed().as_secs_f64());
            if call == 0 {
                pace.answered_after(latency);
            }
        }
        times
    }

    #[test]
    fn a_rate_that_is_told_is_divided_and_one_that_is_learned_is_not() {
        let (told, learned) = (Pace::new(12.0, 1), Pace::learning(Some(12.0)));
        for pace in [&told, &learned] {
            pace.share(3);
        }
        assert_eq!((told.rate(), learned.rate()), (4.0, 12.0));
        // However fast one that is told is.
        let fast = Pace::new(1_000.0, 1);
        fast.share(2);
        assert_eq!(fast.rate(), 500.0);
    }

    #[tokio::test(start_paused = true)]
    async fn twenty_five_calls_at_two_a_second_take_ten_seconds() {
        let times = times(&Pace::new(2.0, 5), 25, Duration::from_millis(300)).await;
        assert!(times[4] < 0.01, "an opening burst: {times:?}");
        assert!(
            (times[24] - 10.3).abs() < 0.05,
            "and a head start as long as the first answer took: {times:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_follows_the_burst_waits_for_the_first_answer_but_not_for_ever() {
        let pace = Pace::new(50.0, 100);
        let start = Instant::now();
        for _ in 0..100 {
            pace.permit().await;
        }
        assert!(start.elapsed() < Duration::from_millis(1));
        pace.permit().await;
        let waited = start.elapsed();
        assert!(waited >= HEAD_START && waited < HEAD_START + Duration::from_millis(25), "{waited:?}");
        pace.permit().await;
        assert!(start.elapsed() < waited + Duration::from_millis(25), "once only");
    }

    #[tokio::test(start_paused = true)]
    async fn no_window_holds_more_than_the_burst_and_the_rate_allow() {
        for (rate, burst) in [(2.0, 5), (2.0, 1), (0.5, 5), (10.0, 25), (50.0, 125), (3.3, 7)] {
            let times = times(&Pace::new(rate, burst), 300, Duration::from_millis(200)).await;
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
    async fn no_rate_is_passed_or_missed_by_more_than_a_thousandth() {
        let rates =
            [0.01, 0.3, 1.0, 2.0, 3.0, 7.7, 50.0, 333.3, 2_999.0, 15_000.0, 70_000.0, 95_000.0, 100_000.0];
        for rate in rates {
            let pace = Pace::new(rate, 5);
            let between = pace.part.as_secs_f64() * f64::from(pace.cost());
            assert!((1.0 - 1e-9..1.0012).contains(&(between * rate)), "{rate}: {between} s between calls");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_small_burst_makes_a_slowed_pace_no_slower_than_it_is() {
        for (rate, burst) in [(100_000.0, 1), (100_000.0, 5), (1_000.0, 5), (10.0, 1), (2.0, 5)] {
            let pace = Pace::new(rate, burst);
            pace.permit().await;
            for _ in 0..100 {
                clock::sleep(Duration::from_millis(10)).await;
                pace.throttled(Instant::now(), None);
            }
            assert_eq!(pace.rate(), FLOOR, "{rate}/{burst}");
            let start = Instant::now();
            while pace.opening.load(Ordering::Relaxed) > 0 {
                pace.permit().await;
            }
            let (opened, start) = (start.elapsed(), Instant::now());
            for _ in 0..3 {
                pace.permit().await;
            }
            let took = start.elapsed().as_secs_f64();
            assert!((5.9..6.7).contains(&took), "{rate}/{burst}: three calls in {took} s, after {opened:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttle_slows_once_and_a_clean_stretch_recovers_to_the_given_rate_and_no_further() {
        let pace = Pace::new(2.0, 5);
        let sent = Instant::now();
        pace.throttled(sent, None);
        let slower = pace.rate();
        assert!((0.6..1.6).contains(&slower), "{slower}");
        pace.throttled(sent, None);
        assert!((pace.rate() - slower).abs() < 1e-9, "calls of one volley cut once: {}", pace.rate());
        for _ in 0..60 {
            clock::sleep(Duration::from_secs(1)).await;
            pace.passed(Instant::now());
        }
        assert!((pace.rate() - 2.0).abs() < 1e-9, "{}", pace.rate());
        for _ in 0..100 {
            clock::sleep(Duration::from_millis(10)).await;
            pace.throttled(Instant::now(), None);
        }
        assert!((pace.rate() - FLOOR).abs() < 1e-9);
    }

    #[tokio::test(start_paused = true)]
    async fn between_two_throttles_the_calls_are_counted() {
        let mut law = Law::learning(Some(8.0));
        let start = Instant::now();
        let at = |seconds: f64| start + Duration::from_secs_f64(seconds);
        law.throttled(at(1.0), at(1.1), None);
        for call in 0..70 {
            law.passed(at(1.2 + f64::from(call) / 7.0));
        }
        assert_eq!(law.found(), law.good);
        law.throttled(at(11.0), at(11.1), None);
        assert!((law.found().unwrap() - 7.0).abs() < 0.01, "seventy in ten seconds: {law:?}");
        assert!(law.rate() < 5.7, "and the rate is below that: {law:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_floor_holds_whatever_happens_and_what_is_remembered_is_where_it_starts() {
        let start = Instant::now();
        for remembered in [None, Some(10.0), Some(0.0), Some(1e12), Some(-1.0)] {
            let mut law = Law::learning(remembered);
            assert_eq!(law.found(), None, "nothing is found before a throttle");
            assert!((FLOOR..=CEILING).contains(&law.rate()));
            let mut random = super::super::backoff::Random::seeded(7);
            for step in 0..20_000_u64 {
                let now = start + Duration::from_millis(10 * step);
                if random.fraction() < 0.3 {
                    law.throttled(now, now, None);
                } else {
                    law.passed(now);
                }
                assert!((FLOOR..=CEILING).contains(&law.rate()), "{law:?}");
            }
        }
        assert_eq!(Law::learning(Some(10.0)).rate(), 10.0);
        assert_eq!(Law::learning(None).rate(), START);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_the_service_asks_for_holds_every_call_and_is_bounded() {
        let pace = Pace::new(2.0, 5);
        let start = Instant::now();
        pace.throttled(start, Some(Duration::from_secs(7)));
        pace.permit().await;
        assert!(start.elapsed() >= Duration::from_secs(7));
        pace.throttled(Instant::now(), Some(Duration::from_secs(86_400)));
        let asked = Instant::now();
        pace.permit().await;
        assert!(asked.elapsed() <= Delays::PATIENCE + Duration::from_secs(5));
    }
}
