//! The first answer: until the first request of a run is answered, no second one leaves.
//!
//! A missing permission, a full instance, a wrong clock or a wrong instance is said by the first answer as well as by the
//! fortieth. It costs the run one latency.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

/// So long the others wait for the first answer, and no longer: a request that hangs is no reason to send nothing.
const LONGEST: Duration = Duration::from_secs(2);

/// Who may send before anything is known.
#[derive(Default)]
pub(super) struct FirstAnswer {
    stands: Mutex<Stands>,
    changed: Notify,
}

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Stands {
    /// Nothing has left.
    #[default]
    Untried,
    /// One has its turn, and nothing of it has left yet, or its credentials are being mended.
    Held,
    /// Its request left then.
    Awaited(Instant),
    /// Something was answered, or it took too long.
    Known,
}

/// The turn of the row whose answer all others wait for. Letting go of it says that the answer is known.
pub(super) struct Turn(Arc<FirstAnswer>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.stand(Stands::Known);
    }
}

impl Turn {
    /// The request leaves now: from here on the others wait for so long and no longer.
    pub(super) fn leaves(&self) {
        self.0.stand(Stands::Awaited(Instant::now()));
    }

    /// It has to leave once more, and nobody else may before.
    pub(super) fn holds(&self) {
        self.0.stand(Stands::Held);
    }
}

impl FirstAnswer {
    /// Waits until somebody has been answered. Who comes first waits for nothing and gets the turn.
    pub(super) async fn await_turn(self: &Arc<Self>) -> Option<Turn> {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // Before the look, so that an answer between look and wait is not missed.
            changed.as_mut().enable();
            match self.look() {
                Stands::Known => return None,
                Stands::Untried => return Some(Turn(Arc::clone(self))),
                Stands::Held => changed.await,
                Stands::Awaited(since) => {
                    let wait = LONGEST.saturating_sub(since.elapsed());
                    if tokio::time::timeout(wait, changed).await.is_err() {
                        self.stand(Stands::Known);
                    }
                }
            }
        }
    }

    /// How it stands; whoever finds it untried holds it then.
    fn look(&self) -> Stands {
        let mut stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        let before = *stands;
        if before == Stands::Untried {
            *stands = Stands::Held;
        }
        before
    }

    /// What is known stays known.
    fn stand(&self, now: Stands) {
        let mut stands = self.stands.lock().unwrap_or_else(PoisonError::into_inner);
        if *stands != Stands::Known {
            *stands = now;
        }
        drop(stands);
        self.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_first_goes_alone_until_it_is_answered() {
        let first = Arc::new(FirstAnswer::default());
        let begun = Instant::now();
        let turn = first.await_turn().await.expect("the first");
        let second = tokio::spawn({
            let first = Arc::clone(&first);
            async move { first.await_turn().await.is_none() }
        });
        crate::clock::sleep(Duration::from_millis(50)).await;
        assert!(!second.is_finished());
        drop(turn);
        assert!(second.await.unwrap());
        assert_eq!(begun.elapsed(), Duration::from_millis(50), "one latency");
        assert!(first.await_turn().await.is_none(), "nobody waits again");
    }

    #[tokio::test(start_paused = true)]
    async fn a_first_that_hangs_is_waited_for_two_seconds() {
        let first = Arc::new(FirstAnswer::default());
        let begun = Instant::now();
        let turn = first.await_turn().await.expect("the first");
        crate::clock::sleep(Duration::from_secs(9)).await; // its intent is being synced
        turn.leaves();
        assert!(first.await_turn().await.is_none());
        assert_eq!(begun.elapsed(), Duration::from_secs(9) + LONGEST);
    }
}
