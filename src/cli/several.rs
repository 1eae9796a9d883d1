//! Ledgers whose numbers are not added up, with what to type instead.

use super::retype;
use crate::error::Failure;
use crate::ledger::{Clash, LedgerAt, clash};
use crate::text::plain;

/// Whether a command may add these ledgers up, whose runs are told with whether each is a rehearsal.
///
/// # Errors
/// Exit 2 where two of them are of one run, or rehearsals are among runs.
pub(super) fn go_together<'r>(
    command: &str,
    ledgers: &[&LedgerAt],
    runs: impl IntoIterator<Item = (&'r str, bool)>,
) -> Result<(), Failure> {
    let name = |at: usize| plain(&ledgers[at].to_string());
    let some = |of: &[usize]| retype::of_several(command, of.iter().map(|at| ledgers[*at]));
    match clash(runs) {
        None => Ok(()),
        Some(Clash::OneRun(one, other)) => Err(Failure::usage(format!(
            "two of the ledgers are of one run, whose rows would count twice: `{}` and `{}`",
            name(one),
            name(other)
        ))
        .hint(format!(
            "look at one of them, as in: {}",
            retype::of_several(command, (0..ledgers.len()).filter(|at| *at != other).map(|at| ledgers[at]))
        ))),
        Some(Clash::Rehearsed { real, rehearsed }) => Err(Failure::usage(format!(
            "a rehearsal made nobody, and its rows are not added to those of a run: `{}` is a rehearsal's, `{}` is not",
            name(rehearsed[0]),
            name(real[0])
        ))
        .hint(format!("see the runs with: {}; the rehearsals with: {}", some(&real), some(&rehearsed)))),
    }
}
