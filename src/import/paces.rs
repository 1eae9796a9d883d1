//! The paces of all operations: what reads the instance before an import and what settles rows in it share them.

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use super::pace::{Pace, START, default_burst};
use super::verdict::{Verdict, of_fault};
use crate::connect::{CallError, Client, Fault, Operation, Refreshed};
use crate::directory::fetch::{Caller, Patient};

/// One pace for each operation of one account and region: a bucket each, so that one never slows another.
#[derive(Default)]
pub struct Paces([OnceLock<Pace>; Operation::ALL.len()]);

impl Paces {
    /// The pace of an operation: the documented default of 2 calls a second with a burst of 5, where none was set. Some
    /// accounts have more for reads (Service Quotas shows 10 for lists), and none is known to have less.
    pub fn of(&self, operation: Operation) -> &Pace {
        self.0[operation as usize].get_or_init(|| Pace::new(START, default_burst(START)))
    }

    /// Sets the pace of an operation, unless it has one already.
    pub fn set(&self, operation: Operation, pace: Pace) {
        let _ = self.0[operation as usize].set(pace);
    }

    /// Makes one call in its operation's pace, and tells the pace how it went.
    pub async fn call<T>(
        &self,
        operation: Operation,
        attempt: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let pace = self.of(operation);
        pace.permit().await;
        let sent = Instant::now();
        let answer = attempt.await;
        match &answer {
            Ok(_) => pace.passed(sent),
            Err(CallError::Refused(fault)) if of_fault(fault) == Verdict::Throttled => {
                pace.throttled(sent, fault.retry_after);
            }
            Err(CallError::Refused(_)) => pace.passed(sent),
            Err(_) => {}
        }
        answer
    }
}

/// Reads with [`Patient`]'s retries, every attempt in the pace of its operation. What can be mended about the caller is
/// mended once a call: the signing clock by the answer's `Date`, a token that has expired by asking its source anew.
#[derive(Clone)]
pub struct Paced {
    /// The paces.
    pub paces: Arc<Paces>,
    client: Client,
    patient: Patient,
}

impl Paced {
    /// Reads by this client, with paces that nothing else has yet.
    pub fn new(client: Client) -> Self {
        Self::sharing(client, Arc::default())
    }

    /// Reads by this client in these paces.
    pub fn sharing(client: Client, paces: Arc<Paces>) -> Self {
        Self { paces, client, patient: Patient::default() }
    }

    /// The same, with another patience.
    #[must_use]
    pub fn patient(self, patient: Patient) -> Self {
        Self { patient, ..self }
    }

    /// `used` is the generation of the credentials that were refused.
    async fn is_mended(&self, fault: &Fault, used: u64) -> bool {
        match (of_fault(fault), fault.date) {
            (Verdict::Expired, _) => {
                matches!(self.client.refresh_credentials(used).await, Ok(Refreshed::Changed))
            }
            (Verdict::Signature, Some(date)) if clock_is_off(&self.client, fault).is_some() => {
                self.client.set_service_time(date);
                true
            }
            _ => false,
        }
    }
}

/// By how many seconds the signing clock is ahead of the service's, as an answer has it; `None` where it is near enough,
/// so that the signature was refused for something else.
pub(super) fn clock_is_off(client: &Client, fault: &Fault) -> Option<i64> {
    const TOLERATED: i64 = 120; // seconds; the service's window is five minutes to either side
    let seconds = match client.now().duration_since(fault.date?) {
        Ok(ahead) => ahead.as_secs() as i64,
        Err(behind) => -(behind.duration().as_secs() as i64),
    };
    (seconds.abs() > TOLERATED).then_some(seconds)
}

impl Caller for Paced {
    async fn call<T, F, A>(&self, operation: Operation, attempt: F) -> Result<T, CallError>
    where
        T: Send,
        F: Fn() -> A + Send + Sync,
        A: Future<Output = Result<T, CallError>> + Send,
    {
        let used = self.client.credentials_generation();
        let call = || self.patient.call(operation, || self.paces.call(operation, attempt()));
        match call().await {
            Err(CallError::Refused(fault)) if self.is_mended(&fault, used).await => call().await,
            answer => answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, UNIX_EPOCH};

    use aws_credential_types::Credentials as Keys;
    use bytes::Bytes;
    use http::{Request, Response};

    use super::*;
    use crate::clock::SteadyClock;
    use crate::connect::{BoxFuture, Credentials, Environment, Target, Transport, TransportError};

    /// Nothing is sent in these tests: what a call comes to is told.
    struct Nowhere;

    impl Transport for Nowhere {
        fn send(&self, _: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(async { Err(TransportError::not_sent("nothing is to be sent")) })
        }
    }

    fn client(credentials: Credentials) -> Client {
        let id = "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
        let target = Target::resolve(id, Some("us-west-2"), None, &Environment::default()).unwrap();
        let clock = SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693));
        Client::over(Arc::new(Nowhere), &target, credentials, Arc::new(clock))
    }

    fn refused(code: &str, retry_after: Option<Duration>) -> Result<(), CallError> {
        Err(CallError::Refused(Fault {
            status: 429,
            code: Some(code.into()),
            retry_after,
            ..Fault::default()
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn every_operation_has_a_bucket_of_its_own() {
        let paced = Paced::new(client(Credentials::fixed("AKIDEXAMPLE", "secret", None)));
        let start = Instant::now();
        for operation in Operation::ALL {
            for _ in 0..5 {
                paced.call(operation, async || Ok(())).await.unwrap();
            }
        }
        assert!(start.elapsed() < Duration::from_millis(1), "their bursts: {:?}", start.elapsed());
        for _ in 0..10 {
            paced.call(Operation::ListUsers, async || Ok(())).await.unwrap();
        }
        let took = start.elapsed().as_secs_f64();
        assert!((took - 5.2).abs() < 0.01, "then two a second, after a head start: {took}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_read_slows_its_own_operation_and_no_other() {
        let paces = Paces::default();
        let asked = Some(Duration::from_secs(9));
        let answer =
            paces.call(Operation::SearchUsers, async { refused("ThrottlingException", asked) }).await;
        assert!(answer.is_err());
        assert!(paces.of(Operation::SearchUsers).rate() < 2.0);
        assert_eq!(paces.of(Operation::DescribeUser).rate(), 2.0);
        let start = Instant::now();
        paces.call(Operation::DescribeUser, async { Ok(()) }).await.unwrap();
        assert!(start.elapsed() < Duration::from_millis(1));
        paces.call(Operation::SearchUsers, async { Ok(()) }).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(9));
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_off_is_corrected_once_a_call_and_another_cause_is_not() {
        for (behind, calls, corrected) in [(60, 1, 0), (3600, 2, 3_600_000), (-3600, 2, -3_600_000)] {
            let client = client(Credentials::fixed("AKIDEXAMPLE", "secret", None));
            let paced = Paced::new(client.clone());
            let made = AtomicU32::new(0);
            let hour = Duration::from_secs(3600);
            let date = match behind {
                3600 => client.now() + hour,
                -3600 => client.now() - hour,
                _ => client.now() + Duration::from_secs(60),
            };
            let answer = paced.call(Operation::DescribeInstance, async || {
                made.fetch_add(1, Ordering::Relaxed);
                let code = Some("InvalidSignatureException".into());
                Err::<(), _>(CallError::Refused(Fault {
                    status: 403,
                    code,
                    date: Some(date),
                    ..Fault::default()
                }))
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
            let client = client(Credentials::loaded_by(move || {
                let load = loader.fetch_add(u32::from(changes), Ordering::Relaxed);
                let token = Some(format!("token {load}"));
                Box::pin(async { Ok(Keys::new("AKIDEXAMPLE", "secret", token, None, "test")) })
            }));
            client.check_credentials().await.unwrap();
            let paced = Paced::new(client.clone());
            let made = AtomicU32::new(0);
            let answer =
                paced.call(Operation::ListUsers, async || match made.fetch_add(1, Ordering::Relaxed) {
                    0 => Err(CallError::Refused(Fault {
                        status: 403,
                        code: Some("ExpiredTokenException".into()),
                        ..Fault::default()
                    })),
                    _ => Ok(()),
                });
            assert_eq!(answer.await.is_ok(), changes);
            assert_eq!(made.into_inner(), calls);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_set_first_counts() {
        let paces = Paces::default();
        paces.set(Operation::CreateUser, Pace::new(20.0, 5));
        paces.set(Operation::CreateUser, Pace::new(1.0, 5));
        assert_eq!(paces.of(Operation::CreateUser).rate(), 20.0);
    }
}
