//! The first answer: until a request of the run is answered with something clear, no two are under way.
//!
//! A missing permission, a full instance, a wrong clock or a wrong instance is said by the first answer as well as by the
//! fortieth. It costs the run one latency. An answer that says nothing (it was lost, a server had trouble, somebody in
//! between gave it) lets the next row go, alone as well: where a gateway answers everything, each request leaves a row in
//! doubt.

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
    /// Nothing is under way, and nothing is known.
    #[default]
    Untried,
    /// One has its turn, and nothing of it has left yet, or its credentials are being mended.
    Held,
    /// Its request left then.
    Awaited(Instant),
    /// Something clear was answered, or it took too long.
    Known,
}

/// The turn of the row whose answer all others wait for. Letting go of it gives it to the next.
pub(super) struct Turn(Arc<FirstAnswer>);

impl Drop for Turn {
    fn drop(&mut self) {
        self.0.stand(Stands::Untried);
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

    /// The answer said something: nobody waits any more.
    pub(super) fn is_answered(&self) {
        self.0.stand(Stands::Known);
    }
}

impl FirstAnswer {
    /// Waits until somebody has been answered. Who comes first waits for nothing and gets the turn; whoever waits for it must
    /// have all else that it needs to send, or those who wait would keep that from whoever has the turn.
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

    /// Whether a turn is given, or none is needed any more, and when.
    fn another(first: &Arc<FirstAnswer>) -> tokio::task::JoinHandle<Option<Turn>> {
        let first = Arc::clone(first);
        tokio::spawn(async move { first.await_turn().await })
    }

    #[tokio::test(start_paused = true)]
    async fn the_first_goes_alone_until_it_is_answered() {
        let first = Arc::new(FirstAnswer::default());
        let begun = Instant::now();
        let turn = first.await_turn().await.expect("the first");
        turn.leaves();
        let second = another(&first);
        crate::clock::sleep(Duration::from_millis(50)).await;
        assert!(!second.is_finished());
        turn.is_answered();
        assert!(second.await.unwrap().is_none());
        assert_eq!(begun.elapsed(), Duration::from_millis(50), "one latency");
        drop(turn);
        assert!(first.await_turn().await.is_none(), "nobody waits again");
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_says_nothing_lets_one_more_go_and_not_all() {
        let first = Arc::new(FirstAnswer::default());
        let turn = first.await_turn().await.expect("the first");
        let (second, third) = (another(&first), another(&first));
        tokio::task::yield_now().await;
        drop(turn);
        let turn = second.await.unwrap().expect("the second has the turn");
        tokio::task::yield_now().await;
        assert!(!third.is_finished());
        turn.is_answered();
        assert!(third.await.unwrap().is_none());
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
