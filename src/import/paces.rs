//! The paces of all operations: what reads the instance before an import and what settles rows in it share them.

use std::sync::{Arc, OnceLock};

use tokio::time::Instant;

use super::pace::{Pace, START, default_burst};
use super::verdict::{Verdict, of_fault};
use crate::connect::{CallError, Operation};
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

/// Reads with [`Patient`]'s retries, every attempt in the pace of its operation.
#[derive(Clone, Default)]
pub struct Paced {
    /// The paces.
    pub paces: Arc<Paces>,
    /// How long a call is tried.
    pub patient: Patient,
}

impl Caller for Paced {
    async fn call<T, F, A>(&self, operation: Operation, attempt: F) -> Result<T, CallError>
    where
        T: Send,
        F: Fn() -> A + Send + Sync,
        A: Future<Output = Result<T, CallError>> + Send,
    {
        self.patient.call(operation, || self.paces.call(operation, attempt())).await
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::connect::Fault;

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
        let paced = Paced::default();
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
        assert!((took - 5.0).abs() < 0.1, "then two a second: {took}");
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
    async fn what_is_set_first_counts() {
        let paces = Paces::default();
        paces.set(Operation::CreateUser, Pace::new(20.0, 5));
        paces.set(Operation::CreateUser, Pace::new(1.0, 5));
        assert_eq!(paces.of(Operation::CreateUser).rate(), 20.0);
    }
}
