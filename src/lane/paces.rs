//! The paces of all operations: what reads the instance before a run and what settles rows in it share them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::pace::{Pace, START, default_burst};
use crate::connect::Operation;

/// One pace for each operation of one account and region: a bucket each, so that one never slows another.
#[derive(Default)]
pub struct Paces([OnceLock<Pace>; Operation::ALL.len()]);

impl Paces {
    /// The pace of an operation: the documented default of 2 calls a second with a burst of 5, where none was set. Some
    /// accounts have more for reads (Service Quotas shows 10 for lists), and none is known to have less.
    pub fn of(&self, operation: Operation) -> &Pace {
        self.0[operation as usize].get_or_init(|| Pace::new(START, default_burst(START)))
    }

    /// Whether an operation has a pace.
    pub(crate) fn is_set(&self, operation: Operation) -> bool {
        self.0[operation as usize].get().is_some()
    }

    /// Sets the pace of an operation; says whether it was the first to, for whatever has been paced already keeps its pace.
    pub fn set(&self, operation: Operation, pace: Pace) -> bool {
        self.0[operation as usize].set(pace).is_ok()
    }
}

/// Whose calls the service counts together: "throttling limits are by account and region" (Amazon Connect
/// administrator guide, *service quotas*), whichever instance is called.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct PaceKey {
    /// The account, as far as it is known; what stands for it where it is not.
    pub(crate) account: String,
    /// The region.
    pub(crate) region: String,
}

/// The paces of all accounts and regions that this process calls.
#[derive(Default)]
pub(crate) struct AllPaces(Mutex<HashMap<PaceKey, Arc<Paces>>>);

impl AllPaces {
    /// The paces of one account and region, shared by all who ask for them.
    pub(crate) fn of(&self, key: PaceKey) -> Arc<Paces> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(key).or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_first_counts_and_who_comes_later_is_told() {
        let paces = Paces::default();
        assert!(paces.set(Operation::CreateUser, Pace::new(20.0, 5)));
        assert!(!paces.set(Operation::CreateUser, Pace::new(1.0, 5)));
        assert_eq!(paces.of(Operation::CreateUser).rate(), 20.0);
    }

    #[test]
    fn an_account_has_one_pace_in_a_region_whichever_instance_is_called() {
        let all = AllPaces::default();
        let key = |account: &str, region: &str| PaceKey { account: account.into(), region: region.into() };
        let one = all.of(key("1", "eu-west-2"));
        assert!(Arc::ptr_eq(&one, &all.of(key("1", "eu-west-2"))));
        assert!(!Arc::ptr_eq(&one, &all.of(key("1", "us-east-1"))));
        assert!(!Arc::ptr_eq(&one, &all.of(key("2", "eu-west-2"))));
    }
}
