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
