//! Other laws, in the same simulation: what the importer's own is held against.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use headcount::clock;
use headcount::connect::Operation;
use headcount::lane::backoff::Random;
use headcount::lane::verdict::{Verdict, verdict_of};
use tokio::time::Instant;

use crate::world::{Quota, Way, paused};

/// When the next call may leave, and what is learned from an answer.
pub(crate) trait Law: Send + 'static {
    /// Takes leave for one call: how long it has to wait.
    fn leave(&mut self, now: Instant) -> Duration;

    /// An answer, throttled or not.
    fn answered(&mut self, now: Instant, throttled: bool);
}

/// What came of a comparison.
pub(crate) struct Compared {
    pub(crate) seconds: f64,
    pub(crate) throttled: u64,
}

/// How many calls a client under another law has in flight.
const IN_FLIGHT: usize = 16;

/// Creates 1,000 users under a law, with the retries of the SDKs' standard mode (full jitter of 1, 2, 4 … 20 s) but
/// without their end: no row is given up, which flatters them.
pub(crate) fn compare(quota: &[Quota], law: impl Law, seed: u64) -> Compared {
    let quota = quota.to_vec();
    paused(async move {
        let way = Arc::new(Way::new(&quota, &[], 10_000, 5));
        let law = Arc::new(Mutex::new(law));
        let rows = Arc::new(Mutex::new(0..1000));
        let start = Instant::now();
        let mut workers = tokio::task::JoinSet::new();
        for worker in 0..IN_FLIGHT {
            let (way, law, rows) = (way.clone(), law.clone(), rows.clone());
            workers.spawn(async move {
                let mut random = Random::seeded(seed ^ (worker as u64) << 32);
                let client = way.client();
                loop {
                    let Some(row) = rows.lock().unwrap().next() else { return };
                    let body = way.body(&format!("user-{row:04}"));
                    for attempt in 0.. {
                        let wait = law.lock().unwrap().leave(Instant::now());
                        clock::sleep(wait).await;
                        let answer = verdict_of(
                            Operation::CreateUser,
                            &client.create_user(&way.instance, &body).await,
                        );
                        law.lock().unwrap().answered(Instant::now(), answer == Verdict::Throttled);
                        match answer {
                            Verdict::Done => break,
                            Verdict::Throttled => {
                                let step = f64::from(1_u32 << attempt.min(10)).min(20.0);
                                clock::sleep(Duration::from_secs_f64(step * random.fraction())).await;
                            }
                            other => panic!("{other:?}"),
                        }
                    }
                }
            });
        }
        while let Some(ended) = workers.join_next().await {
            ended.unwrap();
        }
        let throttled = way.log.lock().unwrap().throttled;
        Compared { seconds: start.elapsed().as_secs_f64(), throttled }
    })
}

/// A token bucket whose rate changes; a call may take a token that is still to come.
#[derive(Default)]
struct Tokens {
    rate: f64,
    most: f64,
    have: f64,
    at: Option<Instant>,
}

impl Tokens {
    fn refill(&mut self, now: Instant) {
        let passed = self.at.map_or(0.0, |at| now.duration_since(at).as_secs_f64());
        self.have = (self.have + passed * self.rate).min(self.most);
        self.at = Some(now);
    }

    fn set(&mut self, now: Instant, rate: f64, most: f64) {
        self.refill(now);
        self.rate = rate;
        self.most = most;
        self.have = self.have.min(most);
    }

    fn take(&mut self, now: Instant) -> Duration {
        self.refill(now);
        self.have -= 1.0;
        Duration::from_secs_f64((-self.have / self.rate).max(0.0))
    }
}

/// The SDKs' adaptive mode: no limit until the first throttle, then a token bucket whose rate is CUBIC's, at most twice
/// the rate measured. botocore 1.43, `retries/adaptive.py`, `throttling.py` (scale 0.4, beta 0.7) and `bucket.py`;
/// smithy-rs has the same in `client/retries/client_rate_limiter.rs`.
#[derive(Default)]
pub(crate) struct Adaptive {
    tokens: Tokens,
    enabled: bool,
    start: Option<Instant>,
    /// The rate measured over buckets of half a second, smoothed by 0.8.
    measured: f64,
    counted: f64,
    bucket: f64,
    last_most: f64,
    last_throttle: f64,
}

impl Law for Adaptive {
    fn leave(&mut self, now: Instant) -> Duration {
        if self.enabled { self.tokens.take(now) } else { Duration::ZERO }
    }

    fn answered(&mut self, now: Instant, throttled: bool) {
        let start = *self.start.get_or_insert(now);
        let at = now.duration_since(start).as_secs_f64();
        let bucket = (at * 2.0).floor() / 2.0;
        self.counted += 1.0;
        if bucket > self.bucket {
            let rate = self.counted / (bucket - self.bucket);
            self.measured = rate * 0.8 + self.measured * 0.2;
            self.counted = 0.0;
            self.bucket = bucket;
        }
        let calculated = if throttled {
            let rate = if self.enabled { self.measured.min(self.tokens.rate) } else { self.measured };
            self.last_most = rate;
            self.last_throttle = at;
            self.enabled = true;
            rate * 0.7
        } else {
            let window = (self.last_most * 0.3 / 0.4).cbrt();
            0.4 * (at - self.last_throttle - window).powi(3) + self.last_most
        };
        let rate = calculated.min(2.0 * self.measured);
        self.tokens.set(now, rate.max(0.5), rate.max(1.0));
    }
}

/// The plainest law: a cut to 0.7 on a throttle (once a second), half a call a second more each second; before the first
/// throttle the rate doubles each second.
pub(crate) struct Additive {
    tokens: Tokens,
    moved: Option<Instant>,
    cut: Option<Instant>,
}

impl Default for Additive {
    fn default() -> Self {
        let tokens = Tokens { rate: 2.0, most: 1.0, have: 1.0, at: None };
        Self { tokens, moved: None, cut: None }
    }
}

impl Law for Additive {
    fn leave(&mut self, now: Instant) -> Duration {
        self.tokens.take(now)
    }

    fn answered(&mut self, now: Instant, throttled: bool) {
        let passed = now.duration_since(*self.moved.get_or_insert(now)).as_secs_f64().min(1.0);
        self.moved = Some(now);
        let rate = self.tokens.rate;
        let rate = match (throttled, self.cut) {
            (true, Some(cut)) if now.duration_since(cut) < Duration::from_secs(1) => rate,
            (true, _) => {
                self.cut = Some(now);
                (rate * 0.7).max(0.5)
            }
            (false, None) => rate * 2_f64.powf(passed),
            (false, Some(_)) => rate + 0.5 * passed,
        };
        self.tokens.set(now, rate, 1.0);
    }
}
