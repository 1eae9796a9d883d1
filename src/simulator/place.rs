//! An account in a region: what its instances have in common.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use serde_json::Value;

use super::bucket::{Bucket, Pace};
use super::operation::Operation;
use super::spec::Spec;

/// The token buckets of an account in a region, one an operation, whichever of its instances is called; and the instances
/// that it has there (AWS: Best practices for using Amazon Connect APIs: the limits are "for each API separately at the AWS
/// account level, not for the individual Amazon Connect instance").
#[derive(Debug)]
pub(super) struct Place {
    buckets: Mutex<BTreeMap<Operation, Bucket>>,
    /// As ListInstances shows them.
    pub(super) instances: Vec<Value>,
}

impl Place {
    /// The place of these instances, with the paces of this description.
    pub(super) fn new(spec: &Spec, instances: Vec<Value>) -> Self {
        let buckets = Operation::ALL.into_iter().map(|o| (o, Bucket::new(spec.pace(o)))).collect();
        Self { buckets: Mutex::new(buckets), instances }
    }

    /// Takes a token of the operation if there is one.
    pub(super) fn take(&self, now: SystemTime, operation: Operation) -> bool {
        self.buckets().get_mut(&operation).is_none_or(|bucket| bucket.take(now))
    }

    /// Fills at another pace from now on.
    pub(super) fn set_pace(&self, now: SystemTime, operation: Operation, pace: Pace) {
        if let Some(bucket) = self.buckets().get_mut(&operation) {
            bucket.set_pace(now, pace);
        }
    }

    fn buckets(&self) -> MutexGuard<'_, BTreeMap<Operation, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
