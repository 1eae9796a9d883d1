//! Who is in flight: usernames that differ only in case are never sent together.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

/// The usernames in flight, folded.
///
/// The service keeps names apart by case and its searches do not: were `ana` and `Ana` under way at once, a look-up of one
/// could show the other.
#[derive(Default)]
pub(super) struct Flight {
    folded: Mutex<HashSet<String>>,
    landed: Notify,
}

impl Flight {
    /// Waits until no case variant of the name is in flight, and takes its place.
    pub(super) async fn take_off(&self, folded: String) {
        loop {
            let landed = self.landed.notified();
            tokio::pin!(landed);
            // Before the look, so that a landing between look and wait is not missed.
            landed.as_mut().enable();
            if self.folded().insert(folded.clone()) {
                return;
            }
            landed.await;
        }
    }

    /// The name has landed.
    pub(super) fn land(&self, folded: &str) {
        self.folded().remove(folded);
        self.landed.notify_waiters();
    }

    fn folded(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
