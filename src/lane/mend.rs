//! Mends what can be mended about the caller: a token that has expired, a clock that is off. Once for all calls that were
//! refused for it, whether they create, follow or read.

use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::answer::Answer;
use super::verdict::Verdict;
use crate::connect::{Client, Refreshed};
use crate::stop::Stop;

/// What came of mending.
#[derive(Clone, Debug, PartialEq)]
pub enum Mended {
    /// The call may be made again.
    Again,
    /// It may be made again, signed with the service's time: this machine's clock is ahead by so many seconds.
    Corrected {
        /// Negative where it is behind.
        seconds: i64,
    },
    /// Nothing helps.
    Stop(Stop),
}

/// What has been mended so far.
#[derive(Default)]
pub(super) struct Mender {
    corrected: Mutex<Option<Correction>>,
}

/// A correction of the signing clock.
#[derive(Clone, Copy)]
struct Correction {
    at: Instant,
    /// A call that was signed after it was not refused for its signature.
    has_helped: bool,
}

impl Mender {
    /// Notes that a corrected clock has served: should it be off once more (a machine's clock is set while a run goes on),
    /// that is news, and not a correction that did not help.
    pub(super) fn learn(&self, answer: &Answer) {
        let has_been_let_in = match answer.verdict {
            Verdict::Done
            | Verdict::Rejected
            | Verdict::NotFound
            | Verdict::Throttled
            | Verdict::Full
            | Verdict::Duplicate => true,
            Verdict::InDoubt
            | Verdict::NotSent
            | Verdict::Expired
            | Verdict::Signature
            | Verdict::Denied
            | Verdict::NoCredentials => false,
        };
        if has_been_let_in && let Some(correction) = &mut *self.corrected() {
            correction.has_helped |= answer.departure.left > correction.at;
        }
    }

    pub(super) async fn mend(&self, client: &Client, answer: &Answer) -> Mended {
        match answer.verdict {
            Verdict::Expired => refresh(client, answer).await,
            Verdict::Signature => self.correct_clock(client, answer),
            Verdict::Done
            | Verdict::Rejected
            | Verdict::NotFound
            | Verdict::Throttled
            | Verdict::Full
            | Verdict::Duplicate
            | Verdict::InDoubt
            | Verdict::NotSent
            | Verdict::Denied
            | Verdict::NoCredentials => Mended::Stop(denied(answer)),
        }
    }

    /// Corrects the signing clock by the answer's `Date`; a correction that does not help is not made twice.
    fn correct_clock(&self, client: &Client, answer: &Answer) -> Mended {
        let mut corrected = self.corrected();
        if corrected.is_some_and(|correction| answer.departure.left <= correction.at) {
            return Mended::Again; // signed before the correction
        }
        let (Some(seconds), Some(date)) = (clock_is_off(client, answer), answer.date) else {
            return Mended::Stop(denied(answer));
        };
        if corrected.is_some_and(|correction| !correction.has_helped) {
            return Mended::Stop(Stop::Skew { seconds });
        }
        *corrected = Some(Correction { at: Instant::now(), has_helped: false });
        client.set_service_time(date);
        Mended::Corrected { seconds }
    }

    fn corrected(&self) -> std::sync::MutexGuard<'_, Option<Correction>> {
        self.corrected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One refresh of the credentials for all calls whose token was refused.
async fn refresh(client: &Client, answer: &Answer) -> Mended {
    let trouble = match client.refresh_credentials(answer.departure.credentials).await {
        Ok(Refreshed::Changed) => return Mended::Again,
        Ok(Refreshed::Unchanged) => {
            format!("the credentials have expired, and the same ones come back ({})", answer.message())
        }
        Err(error) => error.to_string(),
    };
    Mended::Stop(Stop::Credentials { message: trouble })
}

fn denied(answer: &Answer) -> Stop {
    Stop::Denied { code: answer.code.clone().unwrap_or_default(), message: answer.message() }
}

/// By how many seconds the signing clock is ahead of the service's, as an answer has it; `None` where it is near enough,
/// so that the signature was refused for something else.
fn clock_is_off(client: &Client, answer: &Answer) -> Option<i64> {
    const TOLERATED: i64 = 120; // seconds; the service's window is five minutes to either side
    let seconds = match client.now().duration_since(answer.date?) {
        Ok(ahead) => ahead.as_secs() as i64,
        Err(behind) => -(behind.duration().as_secs() as i64),
    };
    (seconds.abs() > TOLERATED).then_some(seconds)
}
