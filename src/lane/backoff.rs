//! How long to wait before trying again. The only file that uses the `backoff` crate, and only its policy.

use std::time::Duration;

use backoff::ExponentialBackoff;
use backoff::backoff::Backoff as _;

/// A small seeded source of numbers (splitmix64), so that a run's waits can be had again. Not for secrets.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// Starts at `seed`.
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A fraction from 0 up to but not 1.
    pub fn fraction(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The waits of one row: exponential, capped, each drawn evenly from nothing up to the step ("full jitter", AWS
/// Architecture Blog, *Exponential Backoff And Jitter*). The crate's own jitter passes the cap by half, so it is off.
pub(crate) struct Delays {
    policy: ExponentialBackoff,
    cap: Duration,
    random: Random,
}

impl Delays {
    /// Steps of `base`, twice `base`, and so on up to `cap`.
    pub(crate) fn new(base: Duration, cap: Duration, random: Random) -> Self {
        let mut policy = ExponentialBackoff {
            current_interval: base,
            initial_interval: base,
            randomization_factor: 0.0,
            multiplier: 2.0,
            max_interval: cap,
            max_elapsed_time: None, // the time budget of a row is ours: it must not count queueing
            ..ExponentialBackoff::default()
        };
        policy.reset();
        Self { policy, cap, random }
    }

    /// The next wait: at least what the service asked for, and that bounded by [`Delays::PATIENCE`].
    pub(crate) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let step = self.policy.next_backoff().unwrap_or(self.cap).min(self.cap);
        let drawn = step.mul_f64(self.random.fraction());
        drawn.max(asked.unwrap_or_default().min(Self::PATIENCE))
    }

    /// The longest wait that a `Retry-After` can ask for.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(120);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delays(seed: u64) -> Delays {
        Delays::new(Duration::from_secs(1), Duration::from_secs(20), Random::seeded(seed))
    }

    #[test]
    fn waits_grow_to_the_cap_and_never_pass_it() {
        let mut most = [Duration::ZERO; 10];
        for seed in 0..2000 {
            let mut delays = delays(seed);
            for most in &mut most {
                *most = (*most).max(delays.next(None));
            }
        }
        for (at, most) in most.iter().enumerate() {
            let step = Duration::from_secs(20.min(1 << at));
            assert!(*most <= step && *most > step.mul_f64(0.95), "{at}: {most:?}");
        }
    }

    #[test]
    fn what_the_service_asks_for_is_honoured_and_bounded() {
        assert!(delays(1).next(Some(Duration::from_secs(30))) >= Duration::from_secs(30));
        assert_eq!(delays(1).next(Some(Duration::from_secs(86_400))), Delays::PATIENCE);
    }

    #[test]
    fn the_same_seed_waits_the_same() {
        let all = |seed| {
            let mut delays = delays(seed);
            (0..8).map(|_| delays.next(None)).collect::<Vec<_>>()
        };
        assert_eq!(all(7), all(7));
        assert_ne!(all(7), all(8));
    }
}
