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
pub(crate) enum Mended {
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
    /// When the signing clock was corrected for a call that changes something.
    corrected: Mutex<Option<Instant>>,
}

/// How often the signing clock may be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    /// Once a run: a second refusal says that correcting does not help.
    OnceARun,
    /// As the caller sees fit: a read is mended once a call, and harms nobody.
    ByTheCaller,
}

impl Mender {
    pub(super) async fn mend(&self, client: &Client, answer: &Answer, limit: Limit) -> Mended {
        match answer.verdict {
            Verdict::Expired => refresh(client, answer).await,
            Verdict::Signature if limit == Limit::ByTheCaller => correct_clock(client, answer),
            Verdict::Signature => self.correct_clock_once(client, answer),
            Verdict::Done
            | Verdict::Rejected
            | Verdict::NotFound
            | Verdict::Throttled
            | Verdict::Full
            | Verdict::Duplicate
            | Verdict::Crossed
            | Verdict::InDoubt
            | Verdict::NotSent
            | Verdict::Denied
            | Verdict::Barred
            | Verdict::NoCredentials => Mended::Stop(denied(answer)),
        }
    }

    /// Corrects the signing clock once for all calls that were signed before it.
    fn correct_clock_once(&self, client: &Client, answer: &Answer) -> Mended {
        let mut corrected = self.corrected.lock().unwrap_or_else(PoisonError::into_inner);
        if corrected.is_some_and(|at| answer.departure.left <= at) {
            return Mended::Again; // signed before the correction
        }
        match clock_is_off(client, answer) {
            // Signed with the service's own time and refused for its time: something else is wrong.
            Some(seconds) if corrected.is_some() => Mended::Stop(Stop::Skew { seconds }),
            _ => {
                let mended = correct_clock(client, answer);
                if matches!(mended, Mended::Corrected { .. }) {
                    *corrected = Some(Instant::now());
                }
                mended
            }
        }
    }
}

/// Corrects the signing clock by the answer's `Date`, where it is the clock that was wrong.
fn correct_clock(client: &Client, answer: &Answer) -> Mended {
    // A signature that is refused while the clocks agree is a wrong secret: signing anew would be refused alike.
    match (clock_is_off(client, answer), answer.date) {
        (Some(seconds), Some(date)) => {
            client.set_service_time(date);
            Mended::Corrected { seconds }
        }
        _ => Mended::Stop(denied(answer)),
    }
}

/// One refresh of the credentials for all calls whose token was refused.
async fn refresh(client: &Client, answer: &Answer) -> Mended {
    // By generation: who comes second finds the new credentials there, and asks nobody.
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
