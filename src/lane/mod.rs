//! How calls leave, and what answers teach: one lane for each target, with the paces of its account and region under it.
//!
//! A lane decides nothing about a row. It lets a call leave when breaker and pace have room, takes its answer apart,
//! teaches pace and breaker what it says, and mends what can be mended about the caller.

#![warn(clippy::wildcard_enum_match_arm)]

pub(crate) mod answer;
pub mod backoff;
pub(crate) mod breaker;
pub(crate) mod listing;
mod mend;
pub mod pace;
pub mod paces;
pub mod reads;
pub mod remembered;
pub mod slots;
pub mod verdict;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub(crate) use mend::Mended;

use self::answer::{Answer, Departure};
use self::breaker::{Breaker, Failing};
use self::mend::{Limit, Mender};
use self::pace::Pace;
use self::paces::Paces;
use self::verdict::Verdict;
use crate::clock::{Clock, Moment};
use crate::connect::{CallError, Client, Operation};
use crate::stop::Switch;
use crate::waits::{WaitFor, Waiting, Waits};

/// How long an answer is waited for at most, as the network has it.
const GIVEN_UP: Duration = Duration::from_secs(30);

/// The way of all calls to one target. Those who send share it.
pub struct Lane {
    client: Client,
    paces: Arc<Paces>,
    breaker: Breaker,
    mender: Mender,
    clock: Arc<dyn Clock>,
    waits: Waits,
}

/// What an answer taught.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Learned {
    /// The service's limiter let the call through.
    pub(crate) passed: bool,
    /// The call was throttled: the operation's pace from now on, in calls a second.
    pub(crate) slowed: Option<f64>,
    /// Nothing clear came back: for how long now, and whether a pause begins.
    pub(crate) failing: Option<Failing>,
}

impl Lane {
    /// A lane over a client, in these paces. Durations are counted by the client's clock.
    pub fn new(client: Client, paces: Arc<Paces>) -> Self {
        let clock = Arc::clone(client.clock());
        let breaker = Breaker::new(Arc::clone(&clock));
        let waits = Waits::unwatched(Arc::clone(&clock));
        Self { client, paces, breaker, mender: Mender::default(), clock, waits }
    }

    /// The same, whose waits are told with those of others.
    #[must_use]
    pub fn waiting_in(self, waits: Waits) -> Self {
        Self { waits, ..self }
    }

    /// What is waited for here.
    pub(crate) fn waits(&self) -> &Waits {
        &self.waits
    }

    /// What makes the calls, one attempt each.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The pace of an operation.
    pub(crate) fn pace(&self, operation: Operation) -> &Pace {
        self.paces.of(operation)
    }

    /// The paces, which whoever calls the same account and region shares.
    pub fn paces(&self) -> &Arc<Paces> {
        &self.paces
    }

    /// The moment now, by which durations are decided.
    pub(crate) fn moment(&self) -> Moment {
        self.clock.moment()
    }

    /// What wall and sleep go by.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// How long the service has answered, of the time since `since`: nothing during a pause.
    pub(crate) fn served(&self, since: Moment) -> Duration {
        self.breaker.served(since)
    }

    /// Waits for the breaker and then for the operation's pace. Says whether the call may leave: no where the run stops
    /// first.
    #[must_use]
    pub(crate) async fn leave(&self, operation: Operation, stop: &Switch) -> bool {
        let leave = async {
            // The breaker first: in an outage a permit would be spent on waiting, and the quota with it.
            self.breaker.leave().await;
            self.permit(operation).await;
        };
        stop.unless_stopped(leave).await.is_some() && !stop.is_set()
    }

    /// Waits for the operation's pace.
    async fn permit(&self, operation: Operation) {
        let _waiting = self.waits.on(WaitFor::Pace, operation.name(), None);
        self.pace(operation).permit().await;
    }

    /// Says that an answer to a call that has just left is waited for.
    pub(crate) fn awaits_answer(&self, operation: Operation) -> Waiting<'_> {
        self.waits.at_most(WaitFor::Answer, operation.name(), GIVEN_UP)
    }

    /// When and as whom a call leaves that leaves now.
    pub(crate) fn departure(&self) -> Departure {
        Departure {
            left: Instant::now(),
            moment: self.clock.moment(),
            credentials: self.client.credentials_generation(),
        }
    }

    /// Teaches the breaker, which is for all operations, and the operation's pace what an answer says.
    pub(crate) fn learn(&self, operation: Operation, answer: &Answer) -> Learned {
        let is_unclear = matches!(answer.verdict, Verdict::InDoubt | Verdict::NotSent);
        let failing = is_unclear.then(|| self.breaker.failed());
        // Neither whoever bars the way is the service, nor was anything asked of it where there is nothing to sign with.
        if answer.verdict.is_clear() {
            self.breaker.answered();
        }
        Learned { failing, ..self.learn_pace(operation, answer) }
    }

    /// Teaches the operation's pace alone: a read that fails is no reason for a pause of the creates.
    fn learn_pace(&self, operation: Operation, answer: &Answer) -> Learned {
        let pace = self.pace(operation);
        let passed = answer.verdict.has_passed();
        // By when the call left, not by when its answer came: a throttle that was under way while the pace was cut already
        // says nothing of the new pace.
        if answer.verdict == Verdict::Throttled {
            pace.throttled(answer.departure.left, answer.pause);
            return Learned { slowed: Some(pace.rate()), ..Learned::default() };
        }
        if passed {
            pace.passed(answer.departure.left);
        }
        Learned { passed, ..Learned::default() }
    }

    /// Makes one call that only reads, once, in its operation's pace. Its failure comes with its answer, taken apart.
    pub(crate) async fn ask<T>(
        &self,
        operation: Operation,
        attempt: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, (Answer, CallError)> {
        self.permit(operation).await;
        let departure = self.departure();
        let result = {
            let _waiting = self.awaits_answer(operation);
            attempt.await
        };
        let answer = Answer::of(operation, &result, departure);
        self.learn_pace(operation, &answer);
        if answer.verdict.is_clear() {
            self.waits.heard();
        } else if answer.verdict != Verdict::NoCredentials {
            self.waits.failed(answer.message());
        }
        result.map_err(|error| (answer, error))
    }

    /// Mends what can be mended about the caller, once for all calls that were refused for it.
    pub(crate) async fn mend(&self, answer: &Answer) -> Mended {
        self.mender.mend(&self.client, answer, Limit::OnceARun).await
    }

    /// The same for a call that only reads: it is signed anew as often as its caller sees fit, and harms nobody.
    async fn is_mended(&self, answer: &Answer) -> bool {
        let mended = self.mender.mend(&self.client, answer, Limit::ByTheCaller).await;
        !matches!(mended, Mended::Stop(_))
    }

    /// Whether [`Lane::mend`] is about to ask for new credentials, which can take a person's while.
    pub(crate) fn asks_for_credentials(&self, answer: &Answer) -> bool {
        answer.verdict == Verdict::Expired
            && self.client.credentials_generation() == answer.departure.credentials
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, UNIX_EPOCH};

    use aws_credential_types::Credentials as Keys;
    use bytes::Bytes;
    use http::{Request, Response};

    use tokio::time::Instant;

    use super::reads;
    use super::*;
    use crate::clock::{self, Moment, SteadyClock};
    use crate::connect::Fault;
    use crate::connect::{BoxFuture, Credentials, Environment, Target, Transport, TransportError};

    /// Nothing is sent in these tests: what a call comes to is told.
    struct Nowhere;

    impl Transport for Nowhere {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(async { Err(TransportError::not_sent("nothing is to be sent")) })
        }
    }

    fn lane(credentials: Credentials) -> Lane {
        let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let target = Target::resolve(id, Some("us-west-2"), None, &Environment::default()).unwrap();
        let clock = SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693));
        Lane::new(Client::over(Arc::new(Nowhere), &target, credentials, Arc::new(clock)), Arc::default())
    }

    fn refused(code: &str, retry_after: Option<Duration>) -> Result<(), CallError> {
        Err(CallError::Refused(Box::new(Fault {
            status: 429,
            code: Some(code.into()),
            retry_after,
            ..Fault::default()
        })))
    }

    #[tokio::test(start_paused = true)]
    async fn every_operation_has_a_bucket_of_its_own() {
        let lane = lane(Credentials::fixed("AKIDEXAMPLE", "secret", None));
        let start = Instant::now();
        for operation in Operation::ALL {
            for _ in 0..5 {
                reads::read(&lane, operation, || async { Ok(()) }).await.unwrap();
            }
        }
        assert!(start.elapsed() < Duration::from_millis(1), "their bursts: {:?}", start.elapsed());
        for _ in 0..10 {
            reads::read(&lane, Operation::ListUsers, || async { Ok(()) }).await.unwrap();
        }
        let took = start.elapsed().as_secs_f64();
        assert!((took - 5.2).abs() < 0.01, "then two a second, after a head start: {took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_read_slows_its_own_operation_and_no_other() {
        let lane = lane(Credentials::fixed("AKIDEXAMPLE", "secret", None));
        let asked = Some(Duration::from_secs(9));
        let answer = lane.ask(Operation::SearchUsers, async { refused("ThrottlingException", asked) }).await;
        assert!(answer.is_err());
        assert!(lane.pace(Operation::SearchUsers).rate() < 2.0);
        assert_eq!(lane.pace(Operation::DescribeUser).rate(), 2.0);
        let start = Instant::now();
        lane.ask(Operation::DescribeUser, async { Ok(()) }).await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(1));
        lane.ask(Operation::SearchUsers, async { Ok(()) }).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_off_is_corrected_once_and_another_cause_is_not() {
        for (behind, calls, corrected) in [(60, 1, 0), (3600, 2, 3_600_000), (-3600, 2, -3_600_000)] {
            let lane = lane(Credentials::fixed("AKIDEXAMPLE", "secret", None));
            let client = lane.client();
            let made = AtomicU32::new(0);
            let hour = Duration::from_secs(3600);
            let date = match behind {
                3600 => client.now() + hour,
                -3600 => client.now() - hour,
                _ => client.now() + Duration::from_secs(60),
            };
            let answer = reads::read(&lane, Operation::DescribeInstance, || async {
                made.fetch_add(1, Ordering::Relaxed);
                let code = Some("InvalidSignatureException".into());
                Err::<(), _>(CallError::Refused(Box::new(Fault {
                    status: 403,
                    code,
                    date: Some(date),
                    ..Fault::default()
                })))
            });
            assert!(answer.await.is_err());
            assert_eq!(made.into_inner(), calls, "{behind} s");
            assert_eq!(client.correction(), corrected, "{behind} s");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_that_has_expired_is_asked_for_anew_and_one_that_comes_back_is_not_tried() {
        for (changes, calls) in [(true, 2), (false, 1)] {
            let loads = Arc::new(AtomicU32::new(0));
            let loader = Arc::clone(&loads);
            let lane = lane(Credentials::loaded_by(move || {
                let load = loader.fetch_add(u32::from(changes), Ordering::Relaxed);
                let token = Some(format!("token {load}"));
                Box::pin(async { Ok(Keys::new("AKIDEXAMPLE", "secret", token, None, "test")) })
            }));
            lane.client().check_credentials().await.unwrap();
            let made = AtomicU32::new(0);
            let answer = reads::read(&lane, Operation::ListUsers, || async {
                match made.fetch_add(1, Ordering::Relaxed) {
                    0 => Err(CallError::Refused(Box::new(Fault {
                        status: 403,
                        code: Some("ExpiredTokenException".into()),
                        ..Fault::default()
                    }))),
                    _ => Ok(()),
                }
            });
            assert_eq!(answer.await.is_ok(), changes);
            assert_eq!(made.into_inner(), calls);
        }
    }

    /// What a lane learns of an answer that a call left for now.
    fn answered(lane: &Lane, verdict: Verdict, date: Option<std::time::SystemTime>) -> Answer {
        let departure = lane.departure();
        let of: Result<(), _> =
            Err(CallError::Refused(Box::new(Fault { status: 403, code: None, date, ..Fault::default() })));
        Answer { verdict, ..Answer::of(Operation::CreateUser, &of, departure) }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_off_once_more_stops_a_run_although_it_was_corrected() {
        let hour = Duration::from_secs(3600);
        let lane = lane(Credentials::fixed("AKIDEXAMPLE", "secret", None));
        let off = Some(lane.client().now() + hour);
        let refused = answered(&lane, Verdict::Signature, off);
        assert_eq!(lane.mend(&refused).await, Mended::Corrected { seconds: -3600 });
        assert_eq!(lane.mend(&refused).await, Mended::Again, "signed before the correction");
        clock::sleep(Duration::from_secs(1)).await;
        let off = Some(lane.client().now() - hour);
        let again = lane.mend(&answered(&lane, Verdict::Signature, off)).await;
        assert_eq!(again, Mended::Stop(crate::stop::Stop::Skew { seconds: 3600 }));
    }

    #[tokio::test(start_paused = true)]
    async fn reads_and_creates_know_the_same_throttles() {
        for code in ["RequestLimitExceeded", "SlowDown", "Throttling", "TooManyRequestsException"] {
            let lane = lane(Credentials::fixed("AKIDEXAMPLE", "secret", None));
            let made = AtomicU32::new(0);
            let answer = reads::read(&lane, Operation::ListUsers, || async {
                match made.fetch_add(1, Ordering::Relaxed) {
                    0 => Err(CallError::Refused(Box::new(Fault {
                        status: 400,
                        code: Some(code.into()),
                        ..Fault::default()
                    }))),
                    _ => Ok(()),
                }
            });
            assert!(answer.await.is_ok(), "{code}");
            assert_eq!(made.into_inner(), 2, "{code}");
        }
    }

    /// A clock on a machine that goes to sleep.
    struct Sleeper {
        steady: SteadyClock,
        slept: AtomicU32,
    }

    impl crate::clock::Clock for Sleeper {
        fn now(&self) -> std::time::SystemTime {
            self.steady.now() + Duration::from_secs(self.slept.load(Ordering::Relaxed).into())
        }

        fn moment(&self) -> Moment {
            self.steady.moment() + Duration::from_secs(self.slept.load(Ordering::Relaxed).into())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_goes_on_while_the_machine_sleeps() {
        let clock =
            Arc::new(Sleeper { steady: SteadyClock::starting_at(UNIX_EPOCH), slept: AtomicU32::new(0) });
        let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let target = Target::resolve(id, Some("us-west-2"), None, &Environment::default()).unwrap();
        let credentials = Credentials::fixed("AKIDEXAMPLE", "secret", None);
        let client = Client::over(Arc::new(Nowhere), &target, credentials, clock.clone());
        let lane = Lane::new(client, Arc::default());
        let learn = || lane.learn(Operation::CreateUser, &answered(&lane, Verdict::InDoubt, None));
        assert_eq!(learn().failing.unwrap().lasted, Duration::ZERO);
        clock::sleep(Duration::from_secs(5)).await;
        clock.slept.store(8 * 3600, Ordering::Relaxed);
        assert_eq!(learn().failing.unwrap().lasted, Duration::from_secs(8 * 3600 + 5));
    }
}
