//! How reliable a world is: the chances of each thing that goes wrong, and single faults by script.

use std::time::Duration;

/// What a world does to calls that a calm one would just answer. Drawn from the world's seed.
///
/// Make a weather of one's own from the calm one: `Weather { creates: Odds { error_after: 0.3, ..Odds::NONE },
/// ..Weather::calm() }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// For CreateUser.
    pub creates: Odds,
    /// For every other operation.
    pub others: Odds,
    /// The share of new users that the reads do not show at first.
    pub lagging: f64,
    /// How long such a user stays unseen, at most.
    pub lag: Duration,
    /// How long a stalled answer takes.
    pub stall: Duration,
    /// The share of throttled answers that carry `x-amz-retry-after` (milliseconds).
    pub retry_after: f64,
    /// The share of errors that come in another shape that the service has: `Message` for `message`, a colon after the
    /// header's code, the code in the body's `__type` only.
    pub odd_errors: f64,
}

/// The chances, from 0 to 1, of each fault of one call. They are tried in this order and one call has one fault.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// 403 ExpiredTokenException, and the session token is dead from then on. Calls without one are spared: long-term
    /// keys do not expire.
    pub expired: f64,
    /// 429 under either name, although there were tokens.
    pub throttled: f64,
    /// 500 InternalServiceException, nothing done.
    pub error_before: f64,
    /// 500 InternalServiceException, done all the same.
    pub error_after: f64,
    /// The connection is closed, nothing done.
    pub drop_before: f64,
    /// The connection is closed, done all the same.
    pub drop_after: f64,
    /// No answer for the time of [`Weather::stall`], then the connection is closed; nothing done.
    pub stall_before: f64,
    /// Done at once, answered after [`Weather::stall`].
    pub stall_after: f64,
    /// 200, done, and a body that cannot be read.
    pub garbled: f64,
}

/// A fault, as the weather draws it or a script orders it.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// None: the call is answered as a calm world would.
    Pass,
    /// 403 ExpiredTokenException; see [`Odds::expired`].
    Expired,
    /// 429 under this name, not executed.
    Throttle(ThrottleName),
    /// 500 InternalServiceException, not executed.
    ErrorBefore,
    /// 500 InternalServiceException, executed.
    ErrorAfter,
    /// No answer, not executed.
    DropBefore,
    /// No answer, executed.
    DropAfter,
    /// No answer after this long, not executed.
    StallBefore(Duration),
    /// An answer after this long, executed at once.
    StallAfter(Duration),
    /// 200 with a body that cannot be read, executed.
    Garbled,
    /// Any error at all, not executed.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: &'static str,
    },
}

/// The two names under which the service throttles: the model declares one, its CloudFormation handlers match the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThrottleName {
    /// `TooManyRequestsException`.
    #[default]
    TooManyRequests,
    /// `ThrottlingException`.
    Throttling,
}

impl ThrottleName {
    /// The name on the wire.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::TooManyRequests => "TooManyRequestsException",
            Self::Throttling => "ThrottlingException",
        }
    }
}

impl Odds {
    /// Nothing goes wrong.
    pub const NONE: Odds = Odds {
        expired: 0.0,
        throttled: 0.0,
        error_before: 0.0,
        error_after: 0.0,
        drop_before: 0.0,
        drop_after: 0.0,
        stall_before: 0.0,
        stall_after: 0.0,
        garbled: 0.0,
    };
}

impl Weather {
    /// Nothing goes wrong and everything is seen at once.
    pub fn calm() -> Self {
        Self {
            creates: Odds::NONE,
            others: Odds::NONE,
            lagging: 0.0,
            lag: Duration::ZERO,
            stall: Duration::ZERO,
            retry_after: 0.0,
            odd_errors: 0.0,
        }
    }

    /// A bad day: about one create in eight meets a fault, half of those after it was done.
    pub fn rough() -> Self {
        Self {
            creates: Odds {
                expired: 0.002,
                throttled: 0.04,
                error_before: 0.02,
                error_after: 0.02,
                drop_before: 0.015,
                drop_after: 0.02,
                stall_before: 0.001,
                stall_after: 0.002,
                garbled: 0.003,
            },
            others: Odds {
                expired: 0.002,
                throttled: 0.04,
                error_before: 0.02,
                drop_before: 0.02,
                stall_after: 0.001,
                ..Odds::NONE
            },
            lagging: 0.5,
            lag: Duration::from_secs(20),
            stall: Duration::from_secs(45),
            retry_after: 0.2,
            odd_errors: 0.5,
        }
    }

    /// Draws what happens to one call. `session` says whether it carries a session token.
    pub(super) fn draw(&self, dice: &mut super::dice::Dice, create: bool, session: bool) -> Fault {
        let odds = if create { &self.creates } else { &self.others };
        let name = |dice: &mut super::dice::Dice| {
            if dice.chance(0.5) { ThrottleName::Throttling } else { ThrottleName::TooManyRequests }
        };
        if session && dice.chance(odds.expired) {
            Fault::Expired
        } else if dice.chance(odds.throttled) {
            Fault::Throttle(name(dice))
        } else if dice.chance(odds.error_before) {
            Fault::ErrorBefore
        } else if dice.chance(odds.error_after) {
            Fault::ErrorAfter
        } else if dice.chance(odds.drop_before) {
            Fault::DropBefore
        } else if dice.chance(odds.drop_after) {
            Fault::DropAfter
        } else if dice.chance(odds.stall_before) {
            Fault::StallBefore(self.stall)
        } else if dice.chance(odds.stall_after) {
            Fault::StallAfter(self.stall)
        } else if dice.chance(odds.garbled) {
            Fault::Garbled
        } else {
            Fault::Pass
        }
    }
}

impl Default for Weather {
    fn default() -> Self {
        Self::calm()
    }
}

#[cfg(test)]
mod tests {
    use super::{Fault, Odds, Weather};
    use crate::simulator::dice::Dice;

    #[test]
    fn a_calm_day_has_no_faults() {
        let mut dice = Dice::new(1);
        assert!((0..10_000).all(|_| Weather::calm().draw(&mut dice, true, true) == Fault::Pass));
    }

    #[test]
    fn a_rough_day_has_every_fault() {
        let mut dice = Dice::new(1);
        let drawn: Vec<Fault> = (0..20_000).map(|_| Weather::rough().draw(&mut dice, true, true)).collect();
        for fault in [
            |f: &Fault| matches!(f, Fault::Pass),
            |f: &Fault| matches!(f, Fault::Expired),
            |f: &Fault| matches!(f, Fault::Throttle(super::ThrottleName::Throttling)),
            |f: &Fault| matches!(f, Fault::Throttle(super::ThrottleName::TooManyRequests)),
            |f: &Fault| matches!(f, Fault::ErrorBefore),
            |f: &Fault| matches!(f, Fault::ErrorAfter),
            |f: &Fault| matches!(f, Fault::DropBefore),
            |f: &Fault| matches!(f, Fault::DropAfter),
            |f: &Fault| matches!(f, Fault::StallBefore(_)),
            |f: &Fault| matches!(f, Fault::StallAfter(_)),
            |f: &Fault| matches!(f, Fault::Garbled),
        ] {
            assert!(drawn.iter().any(fault));
        }
    }

    #[test]
    fn long_term_keys_never_expire() {
        let weather = Weather { creates: Odds { expired: 1.0, ..Odds::NONE }, ..Weather::calm() };
        assert_eq!(weather.draw(&mut Dice::new(1), true, true), Fault::Expired);
        assert_eq!(weather.draw(&mut Dice::new(1), true, false), Fault::Pass);
        assert_eq!(weather.draw(&mut Dice::new(1), false, true), Fault::Pass);
    }
}
