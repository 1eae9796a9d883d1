//! What is planned again because somebody else had the ledger meanwhile.

use super::output;
use crate::error::{Failure, Remedy};
use crate::exit::Exit;

/// So often it is looked again at most: a ledger that goes from hand to hand faster than an instance is read is left.
const ROUNDS: u32 = 20;

/// A failure after a part was done, which is not done again: the same command goes on with the rest.
pub(super) fn not_again(failure: Failure) -> Failure {
    match failure.remedy {
        Some(Remedy::PlanAgain) => Failure { remedy: None, ..failure }
            .hint("what was done before is told above; the same command goes on with the rest"),
        _ => failure,
    }
}

/// Does a whole job, and once more from its beginning where somebody else had its shared ledger between the look at it and its
/// lock: then it is waited for, left, or gone on with, as that look finds it.
pub(super) async fn again(work: impl AsyncFn() -> Result<Exit, Failure>) -> Result<Exit, Failure> {
    for _ in 1..ROUNDS {
        match work().await {
            Err(failure) if failure.remedy == Some(Remedy::PlanAgain) => {
                output::say(&format!("{}; looking again", failure.what));
            }
            done => return done,
        }
    }
    work().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn had() -> Failure {
        Failure::stopped("somebody has had it").remedy(Remedy::PlanAgain)
    }

    #[tokio::test]
    async fn what_somebody_had_meanwhile_is_looked_at_again_and_nothing_else_is() {
        for (failures, rounds) in [(0, 1), (1, 2), (3, 4)] {
            let seen = Cell::new(0);
            let ended = again(async || {
                seen.set(seen.get() + 1);
                if seen.get() <= failures { Err(had()) } else { Ok(Exit::SomeFailed) }
            });
            assert_eq!((ended.await.unwrap(), seen.get()), (Exit::SomeFailed, rounds));
        }
        let seen = Cell::new(0);
        let ended = again(async || {
            seen.set(seen.get() + 1);
            Err(Failure::stopped("it is full"))
        });
        assert_eq!((ended.await.unwrap_err().what.as_str(), seen.get()), ("it is full", 1));
        let seen = Cell::new(0);
        let ended = again(async || {
            seen.set(seen.get() + 1);
            Err(had())
        });
        assert_eq!((ended.await.unwrap_err().exit, seen.get()), (Exit::Stopped, ROUNDS));
    }

    #[test]
    fn a_part_that_was_done_is_not_done_again() {
        assert_eq!(not_again(had()).remedy, None);
        assert_eq!(not_again(Failure::usage("x")).what, "x");
    }
}
