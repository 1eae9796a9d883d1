//! How reliable a world is: the chances of each thing that goes wrong, and single faults by script.

use std::time::{Duration, SystemTime};

use super::operation::Operation;

/// What a world does to calls that a calm one would just answer. Drawn from the world's seed.
///
/// Make a weather of one's own from the calm one: `Weather { creates: Odds { error_after: 0.3, ..Odds::NONE },
/// ..Weather::calm() }`.
#[derive(Clone, Debug, PartialEq)]
pub struct Weather {
    /// For CreateUser.
    pub creates: Odds,
    /// For what changes a user who is there.
    pub updates: Odds,
    /// For DeleteUser.
    pub deletes: Odds,
    /// For every other operation.
    pub others: Odds,
    /// The share of new users, and of changes, that the reads do not show at first.
    pub lagging: f64,
    /// How long such a user or change stays unseen, at most.
    pub lag: Duration,
    /// The chance, at each call, that somebody changes a user in the console meanwhile.
    pub edits: f64,
    /// How long a stalled answer takes.
    pub stall: Duration,
    /// How late a request arrives that was held on its way, at most.
    pub late: Duration,
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
    /// 409 ConditionalOperationFailedException, nothing done; of UpdateUserConfig alone, which alone has it.
    pub crossed: f64,
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
    /// The connection is closed, and the request arrives later all the same: within [`Weather::late`].
    pub late: f64,
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
    /// No answer, and the request arrives this much later: it is judged and, where nothing is wrong with it, executed then.
    Late(Duration),
    /// Any error at all, not executed.
    Refuse {
        /// The HTTP status.
        status: u16,
        /// The error's code.
        code: &'static str,
    },
}

impl Fault {
    /// 409 ConditionalOperationFailedException, not executed: somebody else was at the same user.
    pub const CROSSED: Fault = Fault::Refuse { status: 409, code: "ConditionalOperationFailedException" };
}

/// A user who was changed as if by somebody in the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsoleEdit {
    /// When.
    pub at: SystemTime,
    /// Who was changed.
    pub username: String,
    /// What was changed, by the name of the operation that does the same.
    pub what: &'static str,
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
        crossed: 0.0,
        error_before: 0.0,
        error_after: 0.0,
        drop_before: 0.0,
        drop_after: 0.0,
        stall_before: 0.0,
        stall_after: 0.0,
        garbled: 0.0,
        late: 0.0,
    };
}

impl Weather {
    /// Nothing goes wrong and everything is seen at once.
    pub fn calm() -> Self {
        Self {
            creates: Odds::NONE,
            updates: Odds::NONE,
            deletes: Odds::NONE,
            others: Odds::NONE,
            lagging: 0.0,
            lag: Duration::ZERO,
            edits: 0.0,
            stall: Duration::ZERO,
            late: Duration::ZERO,
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
                ..Odds::NONE
            },
            updates: Odds {
                expired: 0.002,
                throttled: 0.04,
                crossed: 0.02,
                error_before: 0.02,
                error_after: 0.02,
                drop_before: 0.015,
                drop_after: 0.02,
                stall_before: 0.001,
                stall_after: 0.002,
                ..Odds::NONE
            },
            deletes: Odds {
                expired: 0.002,
                throttled: 0.04,
                error_before: 0.02,
                error_after: 0.02,
                drop_before: 0.015,
                drop_after: 0.02,
                stall_before: 0.001,
                stall_after: 0.002,
                ..Odds::NONE
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
            edits: 0.0,
            stall: Duration::from_secs(45),
            late: Duration::ZERO,
            retry_after: 0.2,
            odd_errors: 0.5,
        }
    }

    /// A bad day on which people are at work in the console as well: about one call in fifty finds that one of the users
    /// has just been changed there.
    pub fn edited() -> Self {
        Self { edits: 0.02, ..Self::rough() }
    }

    /// The chances of a call of this operation.
    fn odds(&self, operation: Operation) -> &Odds {
        match operation {
            Operation::CreateUser => &self.creates,
            Operation::DeleteUser => &self.deletes,
            // An import gives a new user its proficiencies: that is no change of somebody who is there.
            Operation::AssociateUserProficiencies => &self.others,
            operation if operation.changes_a_user() => &self.updates,
            _ => &self.others,
        }
    }

    /// Draws how long something new stays unseen by the reads.
    pub(super) fn draw_lag(&self, dice: &mut super::dice::Dice) -> Duration {
        if dice.chance(self.lagging) { self.lag.mul_f64(dice.unit()) } else { Duration::ZERO }
    }

    /// Draws what happens to one call. `session` says whether it carries a session token.
    pub(super) fn draw(&self, dice: &mut super::dice::Dice, operation: Operation, session: bool) -> Fault {
        let odds = self.odds(operation);
        let name = |dice: &mut super::dice::Dice| {
            if dice.chance(0.5) { ThrottleName::Throttling } else { ThrottleName::TooManyRequests }
        };
        if session && dice.chance(odds.expired) {
            Fault::Expired
        } else if dice.chance(odds.throttled) {
            Fault::Throttle(name(dice))
        } else if operation == Operation::UpdateUserConfig && dice.chance(odds.crossed) {
            Fault::CROSSED
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
        } else if dice.chance(odds.late) {
            Fault::Late(self.late.mul_f64(dice.unit()))
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
    use crate::simulator::Operation::{
        self, CreateUser, DeleteUser, DescribeUser, TagResource, UpdateUserConfig,
    };
    use crate::simulator::dice::Dice;

    #[test]
    fn a_calm_day_has_no_faults() {
        let mut dice = Dice::new(1);
        assert!((0..10_000).all(|_| Weather::calm().draw(&mut dice, CreateUser, true) == Fault::Pass));
    }

    fn drawn(operation: Operation) -> Vec<Fault> {
        let mut dice = Dice::new(1);
        (0..20_000).map(|_| Weather::rough().draw(&mut dice, operation, true)).collect()
    }

    #[test]
    fn what_changes_a_user_is_lost_after_it_was_done_too_and_settings_are_crossed() {
        for (operation, crossed, lost) in [
            (UpdateUserConfig, true, true),
            (TagResource, false, true),
            (DeleteUser, false, true),
            (DescribeUser, false, false),
        ] {
            let drawn = drawn(operation);
            assert_eq!(drawn.contains(&Fault::CROSSED), crossed, "{operation}");
            assert_eq!(drawn.contains(&Fault::DropAfter), lost, "{operation}");
        }
    }

    #[test]
    fn a_rough_day_has_every_fault() {
        let drawn = drawn(CreateUser);
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
        assert_eq!(weather.draw(&mut Dice::new(1), CreateUser, true), Fault::Expired);
        assert_eq!(weather.draw(&mut Dice::new(1), CreateUser, false), Fault::Pass);
        assert_eq!(weather.draw(&mut Dice::new(1), DescribeUser, true), Fault::Pass);
    }
}
