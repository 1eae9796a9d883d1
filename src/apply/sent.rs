//! A call that may be sent again, sent until its answer says something: what sets a user as it is to be, or takes it away.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::means::Means;
use super::table::{Next, next};
use super::task::Doubt;
use crate::clock::Moment;
use crate::connect::{CallError, Operation, Reply};
use crate::lane::answer::{Answer, Told};
use crate::lane::backoff::{Delays, Random};
use crate::lane::verdict::Verdict;
use crate::ledger::{Calls, JournalFault, Place};
use crate::plan::Action;
use crate::stop::Stop;

/// The most users that are open at once: as many as keep every operation's pace busy although each user waits for its turn
/// in one of them.
pub(super) const OPEN: usize = 1024;

/// Lets few users be read ahead of their first call, so that none is read long before it: as many as go in a second.
///
/// The pace is asked for after the read and not before it. A call that has its permit must leave at once, for reads take
/// now longer and now less: calls that left so would come in bunches, and the service would have them slow down.
#[derive(Default)]
pub(super) struct Gates([OnceLock<Arc<Semaphore>>; Operation::ALL.len()]);

impl Gates {
    pub(super) async fn pass(&self, operation: Operation, means: &Means) -> Option<OwnedSemaphorePermit> {
        let gate = self.0[operation as usize].get_or_init(|| {
            let a_second = means.lane.pace(operation).rate().ceil() as usize;
            Arc::new(Semaphore::new(a_second.clamp(2, OPEN)))
        });
        Arc::clone(gate).acquire_owned().await.ok()
    }
}

/// What a call came to.
pub(super) enum Sent {
    /// It was done.
    Done,
    /// It was refused.
    Refused(Told),
    /// Somebody else was changing the same.
    Crossed(Told),
    /// Nothing clear came back for as long as a row is tried.
    Unsettled(Told),
    /// The run stops.
    Left,
}

/// The tries of one user's calls.
pub(super) struct Tries {
    /// How long is waited between them.
    pub(super) delays: Delays,
    /// How long is borne that nothing clear comes back.
    pub(super) budget: Duration,
    /// How many left, and how many of them were told to slow down.
    pub(super) calls: Calls,
}

impl Tries {
    pub(super) fn begin(at: Place, means: &Means) -> Self {
        let seed = means.settings.seed.rotate_left(17) ^ u64::from(at.number());
        let random = Random::seeded(seed);
        let delays = Delays::new(Duration::from_secs(1), Duration::from_secs(20), random);
        Self { delays, budget: means.settings.row_budget, calls: Calls::default() }
    }

    /// Counts a call by what its answer means: one that never left is none.
    fn count(&mut self, verdict: Verdict) {
        self.calls.sent += u64::from(!matches!(verdict, Verdict::NotSent | Verdict::NoCredentials));
        self.calls.throttled += u64::from(verdict == Verdict::Throttled);
    }

    /// Sends one call until it has an answer that says something. `call` is given the time with which it may be signed. `gate` is let go when the first leaves.
    pub(super) async fn send<A>(
        &mut self,
        (action, operation): (Action, Operation),
        gate: &mut Option<OwnedSemaphorePermit>,
        means: &Means,
        call: impl Fn(SystemTime) -> A,
    ) -> Sent
    where
        A: Future<Output = Result<Reply<()>, CallError>>,
    {
        let mut unclear_since: Option<Moment> = None;
        loop {
            if !means.lane.leave(operation, &means.stop).await {
                return Sent::Left;
            }
            // Taken before the ledger is known to be ours: a request that is signed with it and leaves much later, from a machine
            // that slept, is not let in.
            let meant = means.lane.clock().now();
            if let Err(JournalFault(message)) = means.ledger.be_ours().await {
                means.stop(Stop::Ledger { message });
                return Sent::Left;
            }
            drop(gate.take()); // the next may be read
            let departure = means.lane.departure();
            let result = {
                let _waiting = means.lane.awaits_answer(operation);
                call(meant).await
            };
            let answer = Answer::of_reply(operation, &result, departure);
            means.learn(operation, &answer);
            self.count(answer.verdict);
            match next(action, answer.verdict, Doubt::Clear) {
                Next::Done => return Sent::Done,
                Next::Mend => {
                    if !means.mend(&answer).await {
                        return Sent::Left;
                    }
                }
                Next::Stop => {
                    means.stop(reason(operation, &answer));
                    return Sent::Left;
                }
                Next::Again => {
                    // A throttle is an answer: nothing is unclear then.
                    if answer.verdict != Verdict::Throttled {
                        let since = *unclear_since.get_or_insert(answer.departure.moment);
                        if means.lane.served(since) >= self.budget {
                            return Sent::Unsettled(answer.told);
                        }
                    }
                    let time = self.delays.next(answer.pause);
                    if means.wait(operation, &answer, time).await.is_none() {
                        return Sent::Left;
                    }
                }
                Next::Look => return Sent::Crossed(answer.told),
                Next::Rejected | Next::Ask | Next::Await | Next::Unsettled => {
                    return Sent::Refused(answer.told);
                }
            }
        }
    }
}

/// Why an answer stops the run.
fn reason(operation: Operation, answer: &Answer) -> Stop {
    let message = answer.message();
    if answer.verdict == Verdict::NoCredentials {
        return Stop::Credentials { message };
    }
    Stop::ChangeDenied {
        operation: operation.name(),
        code: answer.told.code.clone().unwrap_or_default(),
        message,
    }
}
