//! Time as a parameter: the one place that reads the system's clock and sleeps.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Wall time and sleep. Monotonic time is `tokio::time::Instant`, which tests pause.
pub trait Clock: Send + Sync {
    /// The wall time now.
    fn now(&self) -> SystemTime;
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }
}

/// A wall clock that starts where it is told and moves with tokio's (possibly paused) time.
#[derive(Clone, Copy, Debug)]
pub struct SteadyClock {
    wall: SystemTime,
    start: tokio::time::Instant,
}

impl SteadyClock {
    /// Starts at `wall`, now. Needs a tokio runtime.
    pub fn starting_at(wall: SystemTime) -> Self {
        Self { wall, start: tokio::time::Instant::now() }
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> SystemTime {
        self.wall + self.start.elapsed()
    }
}

/// Sleeps on tokio's timer, which tests pause.
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Prints a wall time as RFC 3339 in UTC with milliseconds, as in `2026-11-23T14:38:13.042Z`.
pub fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    let at = at.replace_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000).unwrap_or(at);
    let (date, time) = (at.date(), at.time());
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
        date.year(),
        u8::from(date.month()),
        date.day(),
        time.hour(),
        time.minute(),
        time.second(),
        time.millisecond()
    )
}

/// Reads an RFC 3339 time; `None` where it is not one.
pub fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().map(SystemTime::from)
}

#[cfg(test)]
mod tests {
    use super::{parse_rfc3339, rfc3339};

    #[test]
    fn a_time_survives_being_written_and_read() {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_795_444_693_042);
        assert_eq!(rfc3339(at), "2026-11-23T14:38:13.042Z");
        assert_eq!(parse_rfc3339(&rfc3339(at)), Some(at));
    }
}
