//! A read with its retries: nothing is changed by it, so that it is asked again after whatever passes.

use std::time::Duration;

use super::Lane;
use super::verdict::Verdict;
use crate::clock;
use crate::connect::{CallError, Operation};
use crate::waits::WaitFor;

/// How long a read is tried: back-off from 0.5 s doubling to 8 s.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// The longest a call may take with all its retries.
    pub(crate) answered: Duration,
    /// The longest to go on where no request gets out.
    pub(crate) unreachable: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { answered: Duration::from_secs(60), unreachable: Duration::from_secs(10) }
    }
}

const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// What a read that failed is worth.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Worth {
    /// It passes: asked again within the patience.
    Again,
    /// No request gets out: asked again within a shorter one.
    Reach,
    /// The caller is mended first, once.
    Mend,
    /// It is what it is.
    Nothing,
}

const fn worth(verdict: Verdict) -> Worth {
    match verdict {
        Verdict::Throttled | Verdict::InDoubt => Worth::Again,
        Verdict::NotSent => Worth::Reach,
        Verdict::Expired | Verdict::Signature => Worth::Mend,
        Verdict::Done
        | Verdict::Rejected
        | Verdict::NotFound
        | Verdict::Full
        | Verdict::Duplicate
        | Verdict::Crossed
        | Verdict::Denied
        | Verdict::Barred
        | Verdict::NoCredentials => Worth::Nothing,
    }
}

/// Reads with retries, every attempt in the pace of its operation.
///
/// # Errors
/// The last attempt's error, where nothing helped or the patience is over.
pub async fn read<T, F, A>(lane: &Lane, operation: Operation, attempt: F) -> Result<T, CallError>
where
    T: Send,
    F: Fn() -> A + Send + Sync,
    A: Future<Output = Result<T, CallError>> + Send,
{
    read_within(Patience::default(), lane, operation, attempt).await
}

/// The same, within another patience.
///
/// # Errors
/// As [`read`].
pub(crate) async fn read_within<T, F, A>(
    patience: Patience,
    lane: &Lane,
    operation: Operation,
    attempt: F,
) -> Result<T, CallError>
where
    T: Send,
    F: Fn() -> A + Send + Sync,
    A: Future<Output = Result<T, CallError>> + Send,
{
    let (mut begun, mut wait) = (lane.moment(), FIRST_WAIT);
    let mut was_mended = false;
    loop {
        let (answer, error) = match lane.ask(operation, attempt()).await {
            Ok(value) => return Ok(value),
            Err(failed) => failed,
        };
        // Unreachable is given up sooner: a wrong name or no network does not mend itself in a minute.
        let within = match worth(answer.verdict) {
            // So is an answer to something else: whoever mixes them up at every try does not mend in a minute either.
            Worth::Again if matches!(error, CallError::Mistaken(_)) => patience.unreachable,
            Worth::Again => patience.answered,
            Worth::Reach => patience.unreachable,
            Worth::Mend if !was_mended && lane.is_mended(&answer).await => {
                // Whatever time the refusals took, the call itself has not begun.
                (was_mended, begun, wait) = (true, lane.moment(), FIRST_WAIT);
                continue;
            }
            Worth::Mend | Worth::Nothing => return Err(error),
        };
        // The service's own wish counts, but not beyond the patience: a read that would wait longer fails now.
        let pause = wait.max(answer.pause.unwrap_or_default());
        if lane.moment().since(begun) + pause > within {
            return Err(error);
        }
        let again = format!("{operation} is asked again: {}", answer.message());
        let until = begun + within;
        let _waiting = lane.waits().on(WaitFor::Again, again, Some(until));
        clock::sleep(pause).await;
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}
