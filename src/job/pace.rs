//! CreateUser's pace: as it was asked for, as it is applied to the account, or as it was learned.

use crate::connect::Operation;
use crate::directory::Directory;
use crate::lane::pace::{CEILING, FLOOR, Pace, START, default_burst};
use crate::lane::remembered::Remembered;

/// The documented default quota of CreateUser, in calls a second (Amazon Connect service quotas, L-CBDEE3E4).
const DOCUMENTED_RATE: f64 = 2.0;

/// How many CreateUser calls a second are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum RateAsked {
    /// The quota that is applied to the account; the documented default where it may not be read.
    #[default]
    Quota,
    /// As many as are found out on the way, from the rate on that was learned last.
    Learned,
    /// So many.
    Fixed(f64),
}

impl RateAsked {
    /// Reads a rate that is asked for. A call in two minutes is the slowest, and no account allows the fastest.
    ///
    /// # Errors
    /// What was expected.
    pub fn read(text: &str) -> Result<Self, String> {
        let rate = text.parse().ok().filter(|rate: &f64| (0.01..=100_000.0).contains(rate));
        match (text, rate) {
            ("quota", _) => Ok(Self::Quota),
            ("auto", _) => Ok(Self::Learned),
            (_, Some(rate)) => Ok(Self::Fixed(rate)),
            _ => Err("expected `quota`, `auto`, or a number of calls a second from 0.01 to 100000".into()),
        }
    }
}

/// The pace that is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PaceAsked {
    /// CreateUser calls a second.
    pub rate: RateAsked,
    /// Calls at once after a rest; `None` goes by the rate.
    pub burst: Option<u32>,
    /// Requests under way at once; `None` follows rate × latency.
    pub concurrency: Option<usize>,
}

/// CreateUser's pace as it is chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chosen {
    /// Calls a second; where the rate is learned, those to start with.
    pub rate: f64,
    /// Calls at once after a rest.
    pub burst: u32,
    /// Whether the rate is learned on the way.
    pub(crate) learns: bool,
    /// What an earlier run learned, in calls a second.
    pub remembered: Option<f64>,
}

impl Chosen {
    pub(super) fn of(asked: PaceAsked, directory: &Directory, kept: Option<&Remembered>) -> Self {
        let learns = asked.rate == RateAsked::Learned;
        let remembered = kept
            .filter(|_| learns)
            .and_then(|kept| kept.rate(&directory.instance.arn, Operation::CreateUser))
            .map(|rate| rate.clamp(FLOOR, CEILING));
        let rate = match asked.rate {
            RateAsked::Fixed(rate) => rate,
            RateAsked::Quota => directory.quotas.create_user_rate.unwrap_or(DOCUMENTED_RATE),
            RateAsked::Learned => remembered.unwrap_or(START),
        };
        Self { rate, burst: asked.burst.unwrap_or_else(|| default_burst(rate)), learns, remembered }
    }

    pub(super) fn pace(&self) -> Pace {
        if self.learns { Pace::learning(self.remembered) } else { Pace::new(self.rate, self.burst) }
    }
}
