//! The token bucket that stands before every operation.

use std::time::SystemTime;

/// How fast an operation may be called: tokens a second, and how many may be saved up.
///
/// The service's default is 2 a second with a burst of 5, for each operation by itself (AWS: Amazon Connect service
/// quotas, "API throttling quotas").
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Calls a second; `None` for no limit.
    pub rate: Option<f64>,
    /// Calls that may come at once after a rest.
    pub burst: f64,
}

impl Pace {
    /// What the service gives an account that never asked for more.
    pub(crate) const DEFAULT: Pace = Pace { rate: Some(2.0), burst: 5.0 };

    /// No limit.
    pub const UNLIMITED: Pace = Pace { rate: None, burst: f64::INFINITY };

    /// This many calls a second with this burst.
    pub fn per_second(rate: f64, burst: f64) -> Self {
        Self { rate: Some(rate), burst }
    }
}

/// A bucket that starts full.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pace: Pace,
    tokens: f64,
    filled: Option<SystemTime>,
}

impl Bucket {
    pub(super) fn new(pace: Pace) -> Self {
        Self { pace, tokens: pace.burst, filled: None }
    }

    /// Takes one token if there is one. A clock that goes backwards brings no tokens and takes none away.
    pub(super) fn take(&mut self, now: SystemTime) -> bool {
        let Some(rate) = self.pace.rate else { return true };
        self.fill(now, rate);
        let granted = self.tokens >= 1.0;
        if granted {
            self.tokens -= 1.0;
        }
        granted
    }

    /// Fills at another pace from now on.
    pub(super) fn set_pace(&mut self, now: SystemTime, pace: Pace) {
        if let Some(rate) = self.pace.rate {
            self.fill(now, rate);
        }
        self.tokens = self.tokens.min(pace.burst);
        self.pace = pace;
    }

    fn fill(&mut self, now: SystemTime, rate: f64) {
        let rest = self.filled.and_then(|at| now.duration_since(at).ok()).unwrap_or_default();
        if self.filled.is_none_or(|at| at < now) {
            self.filled = Some(now);
        }
        self.tokens = (self.tokens + rest.as_secs_f64() * rate).min(self.pace.burst);
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::{Bucket, Pace};

    #[test]
    fn a_full_bucket_lets_the_burst_through_and_then_the_rate() {
        let mut bucket = Bucket::new(Pace::DEFAULT);
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!((0..20).filter(|_| bucket.take(start)).count(), 5);
        let later = (1..=100).filter(|i| bucket.take(start + Duration::from_millis(100 * i))).count();
        assert_eq!(later, 20, "ten seconds at two a second");
    }

    #[test]
    fn a_rest_fills_the_bucket_to_its_burst_and_no_further() {
        let mut bucket = Bucket::new(Pace::per_second(10.0, 3.0));
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert!(bucket.take(start));
        let later = start + Duration::from_secs(3_600);
        assert_eq!((0..20).filter(|_| bucket.take(later)).count(), 3);
    }

    #[test]
    fn a_clock_that_goes_backwards_gives_no_tokens() {
        let mut bucket = Bucket::new(Pace::DEFAULT);
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!((0..20).filter(|_| bucket.take(start)).count(), 5);
        assert!(!bucket.take(start - Duration::from_secs(60)));
        assert!(!bucket.take(start));
        assert!(bucket.take(start + Duration::from_millis(500)));
    }

    #[test]
    fn a_pace_that_changes_counts_from_then_on() {
        let mut bucket = Bucket::new(Pace::per_second(10.0, 25.0));
        let start = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        assert_eq!((0..50).filter(|_| bucket.take(start)).count(), 25);
        let later = start + Duration::from_secs(1);
        bucket.set_pace(later, Pace::per_second(3.0, 25.0));
        let latest = later + Duration::from_secs(2);
        assert_eq!((0..50).filter(|_| bucket.take(latest)).count(), 16, "a second at ten, two at three");
    }

    #[test]
    fn no_limit_is_no_limit() {
        let mut bucket = Bucket::new(Pace::UNLIMITED);
        assert!((0..100_000).all(|_| bucket.take(UNIX_EPOCH)));
    }
}
