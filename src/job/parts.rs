//! The parts that this process has of rates that machines share: jobs on one account and region have one part together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use crate::ledger::shared::{LaneName, Share, TableUrl};

/// All parts of this process.
#[derive(Default)]
pub(super) struct Parts(Mutex<HashMap<(TableUrl, LaneName), Weak<Part>>>);

/// A part of a rate, until the last job that goes by it lets go of it.
pub(super) struct Part(Arc<Share>);

impl Parts {
    /// The part of one rate, which is joined where this process has none; with how long nothing may be sent yet.
    pub(super) fn of(
        &self,
        key: (TableUrl, LaneName),
        join: impl FnOnce() -> (Arc<Share>, Duration),
    ) -> (Arc<Part>, Duration) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let there = all.entry(key).or_default();
        if let Some(own) = there.upgrade() {
            return (own, Duration::ZERO);
        }
        let (share, waits) = join();
        let own = Arc::new(Part(share));
        *there = Arc::downgrade(&own);
        (own, waits)
    }
}

impl Part {
    /// Among how many the rate is shared.
    pub(super) fn members(&self) -> u32 {
        self.0.of()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.0.end();
    }
}
