//! Time as a parameter: the one place that reads the system's clock and sleeps.

use std::time::{Duration, SystemTime};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Wall time and sleep. Monotonic time is `tokio::time::Instant`, which tests pause: it times waits and rates. What
/// *decides* something by how long it has lasted (an outage, a row's time) counts [`Moment`]s.
pub trait Clock: Send + Sync {
    /// The wall time now.
    fn now(&self) -> SystemTime;

    /// The moment now: it goes on while the machine sleeps, and never back.
    fn moment(&self) -> Moment;
}

/// A moment since some beginning that all moments of one clock share. The time that the machine was asleep counts.
///
/// `Instant` stands still while a Linux or macOS machine sleeps (rust-lang/rust#79462, #87906), and tokio's timers with it:
/// a laptop that slept for eight hours would believe that an outage had lasted a second. On Linux this is `CLOCK_BOOTTIME`;
/// on Windows the monotonic clock counts sleep by itself; elsewhere the wall clock is asked too, and whichever has gone
/// further counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// A moment so long after the beginning.
    #[cfg(test)]
    pub(crate) const fn after(since: Duration) -> Self {
        Self(since)
    }

    /// How long after an earlier moment this one is; nothing where that is later.
    pub(crate) const fn since(self, earlier: Moment) -> Duration {
        self.0.saturating_sub(earlier.0)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Moment;

    fn add(self, more: Duration) -> Moment {
        Self(self.0.saturating_add(more))
    }
}

/// How long nothing is said at most while something is waited for: five seconds, of which one is for whoever shows it.
pub(crate) const SILENCE: Duration = Duration::from_secs(4);

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> SystemTime {
        SystemTime::now() + crate::crash::ahead()
    }

    fn moment(&self) -> Moment {
        Moment(since_boot())
    }
}

/// The time since the machine was started, its sleep included.
#[cfg(target_os = "linux")]
fn since_boot() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    // Neither is negative: the kernel counts from zero.
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

/// The time since this was first asked, the machine's sleep included: the larger of what the monotonic clock and the wall
/// clock have, and never less than before, for the wall clock may be set back.
#[cfg(not(target_os = "linux"))]
fn since_boot() -> Duration {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};
    static BEGUN: OnceLock<(std::time::Instant, SystemTime)> = OnceLock::new();
    static FURTHEST: AtomicU64 = AtomicU64::new(0);
    let (steady, wall) = BEGUN.get_or_init(|| (std::time::Instant::now(), SystemClock.now()));
    let by_wall = SystemClock.now().duration_since(*wall).unwrap_or_default();
    let millis = u64::try_from(steady.elapsed().max(by_wall).as_millis()).unwrap_or(u64::MAX);
    Duration::from_millis(FURTHEST.fetch_max(millis, Ordering::Relaxed).max(millis))
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

    fn moment(&self) -> Moment {
        Moment(self.start.elapsed())
    }
}

/// Blocks this thread for so long: for a file that somebody has for a moment.
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
pub(crate) fn block_for(duration: Duration) {
    std::thread::sleep(duration);
}

/// Sleeps on tokio's timer, which tests pause.
#[expect(clippy::disallowed_methods, reason = "the one place that sleeps")]
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// A wall time without what is below a millisecond, as [`rfc3339`] prints it.
pub fn whole_milliseconds(at: SystemTime) -> SystemTime {
    let at = OffsetDateTime::from(at);
    at.replace_nanosecond(at.nanosecond() / 1_000_000 * 1_000_000).unwrap_or(at).into()
}

/// How often [`within`] looks at the clock: after a sleep of the machine it notices so soon.
const LOOK: Duration = Duration::from_secs(5);

/// Awaits something for at most so long, the time that the machine sleeps included; `None` where that is over. A timer
/// alone would go on where the sleep began.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    let until = clock.moment() + limit;
    tokio::pin!(work);
    loop {
        let left = until.since(clock.moment());
        if left.is_zero() {
            return None;
        }
        tokio::select! {
            biased; // what is done is done, however late it is noticed
            done = &mut work => return Some(done),
            () = sleep(left.min(LOOK)) => {}
        }
    }
}

/// Prints a wall time as RFC 3339 in UTC with milliseconds, as in `2026-11-23T14:38:13.042Z`.
pub fn rfc3339(at: SystemTime) -> String {
    let at = OffsetDateTime::from(whole_milliseconds(at));
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

/// A place's time, for people: programs are told in UTC.
#[derive(Clone, Debug)]
pub struct Zone(jiff::tz::TimeZone);

impl Default for Zone {
    /// UTC.
    fn default() -> Self {
        Self(jiff::tz::TimeZone::UTC)
    }
}

impl Zone {
    /// The zone that this machine is set to; UTC where that cannot be told.
    pub fn of_system() -> Self {
        Self(jiff::tz::TimeZone::try_system().unwrap_or(jiff::tz::TimeZone::UTC))
    }

    /// A wall time, to the second and with the zone's short name, as in `2026-11-23 15:38:13 CET`.
    pub(crate) fn at(&self, at: SystemTime) -> String {
        match jiff::Timestamp::try_from(at) {
            Ok(at) => at.to_zoned(self.0.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
            Err(_) => rfc3339(at),
        }
    }

    /// The same of a time in RFC 3339; what is none stays as it is.
    pub(crate) fn shown(&self, text: &str) -> String {
        parse_rfc3339(text).map_or_else(|| text.to_owned(), |at| self.at(at))
    }
}

/// Reads an RFC 3339 time; `None` where it is not one.
pub(crate) fn parse_rfc3339(text: &str) -> Option<SystemTime> {
    OffsetDateTime::parse(text, &Rfc3339).ok().and_then(system_time)
}

/// A time that somebody told, as this system keeps times; `None` where it cannot. Windows begins in 1601, and the plain
/// conversion panics for what is before that.
pub(crate) fn system_time(at: OffsetDateTime) -> Option<SystemTime> {
    let from_1970 = at - OffsetDateTime::UNIX_EPOCH;
    let away = from_1970.unsigned_abs();
    if from_1970.is_negative() {
        SystemTime::UNIX_EPOCH.checked_sub(away)
    } else {
        SystemTime::UNIX_EPOCH.checked_add(away)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use super::{
        Clock, Moment, SteadyClock, SystemClock, Zone, parse_rfc3339, rfc3339, sleep, whole_milliseconds,
        within,
    };

    /// A clock on a machine that goes to sleep.
    struct Sleeper {
        steady: SteadyClock,
        slept: AtomicU64,
    }

    impl Clock for Sleeper {
        fn now(&self) -> SystemTime {
            self.steady.now()
        }

        fn moment(&self) -> Moment {
            self.steady.moment() + Duration::from_secs(self.slept.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn a_time_of_any_year_is_kept_or_none_and_never_a_panic() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.5Z", -1),
            ("1601-01-01T00:00:00Z", -11_644_473_600),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let at = parse_rfc3339(text).unwrap();
            let told = at.duration_since(UNIX_EPOCH).map_or_else(
                |before| -i64::try_from(before.duration().as_secs_f64().ceil() as u64).unwrap(),
                |since| i64::try_from(since.as_secs()).unwrap(),
            );
            assert_eq!(told, seconds, "{text}");
        }
        // What is before its system's first day is no time there.
        assert_eq!(parse_rfc3339("0000-01-01T00:00:00Z").is_some(), cfg!(unix));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_waited_for_is_given_up_by_the_time_that_the_machine_slept_too() {
        let seconds = Duration::from_secs;
        let clock = Sleeper { steady: SteadyClock::starting_at(UNIX_EPOCH), slept: AtomicU64::new(0) };
        let begun = clock.steady.moment();
        assert_eq!(within(&clock, seconds(30), sleep(seconds(29))).await, Some(()));
        assert_eq!(clock.steady.moment().since(begun), seconds(29));
        assert_eq!(within(&clock, seconds(30), sleep(seconds(31))).await, None);
        let begun = clock.steady.moment();
        let nap = async {
            sleep(seconds(1)).await;
            clock.slept.store(3600, Ordering::Relaxed);
        };
        let (given_up, ()) = tokio::join!(within(&clock, seconds(30), sleep(seconds(29))), nap);
        assert_eq!(given_up, None);
        assert!(clock.steady.moment().since(begun) <= seconds(6), "soon after it wakes");
    }

    #[test]
    fn moments_go_on_and_never_back() {
        let seconds = |n| Moment::after(Duration::from_secs(n));
        assert_eq!(seconds(9).since(seconds(4)), Duration::from_secs(5));
        assert_eq!(seconds(4).since(seconds(9)), Duration::ZERO);
        assert_eq!(seconds(4) + Duration::from_secs(5), seconds(9));
        let before = SystemClock.moment();
        assert!((0..1000).all(|_| SystemClock.moment() >= before));
    }

    #[test]
    fn people_are_told_the_time_of_their_place_with_its_zone() {
        let zone = |name: &str| Zone(jiff::tz::TimeZone::posix(name).unwrap());
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        for (at, shown) in [
            ("2026-11-23T14:38:13.042Z", "2026-11-23 15:38:13 CET"),
            ("2026-07-01T22:30:00Z", "2026-07-02 00:30:00 CEST"),
            ("not a time", "not a time"),
            ("", ""),
        ] {
            assert_eq!(berlin.shown(at), shown);
        }
        assert_eq!(zone("<-03>3").shown("2026-11-23T14:38:13Z"), "2026-11-23 11:38:13 -03");
        assert_eq!(Zone::default().shown("2026-11-23T14:38:13.042Z"), "2026-11-23 14:38:13 UTC");
    }

    #[test]
    fn a_time_survives_being_written_and_read() {
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_795_444_693_042);
        assert_eq!(rfc3339(at), "2026-11-23T14:38:13.042Z");
        assert_eq!(parse_rfc3339(&rfc3339(at)), Some(at));
        let later = at + Duration::from_nanos(999_999);
        assert_eq!((rfc3339(later), whole_milliseconds(later)), (rfc3339(at), at));
    }
}
