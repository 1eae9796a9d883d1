//! The failed rows of several jobs that have ended, left in one file.

use super::sorted::Sorted;
use crate::error::Failure;
use crate::failed::{AllFailed, FailedRows, Left};
use crate::validate::Rules;

/// What is left of a job that has ended, for whoever leaves the failed rows of several.
pub(super) trait Leaves {
    /// By what its rows were checked.
    fn rules(&self) -> Rules<'_>;

    /// Its failed rows; `None` where its ledger is not known.
    fn failed<'r>(&'r self, rules: &'r Rules<'r>) -> Option<FailedRows<'r>>;
}

/// Leaves the failed rows of several in one file.
pub(super) fn leave_all<'r, R: Leaves + 'r>(
    sorted: &Sorted,
    remains: impl Iterator<Item = &'r R>,
) -> Result<Left, Failure> {
    let remains: Vec<&R> = remains.collect();
    let rules: Vec<Rules<'_>> = remains.iter().map(|one| one.rules()).collect();
    let parts: Vec<_> = remains.iter().zip(&rules).filter_map(|(one, rules)| one.failed(rules)).collect();
    AllFailed { parts: &parts, whole: Some(&sorted.roster), unmet: sorted.unmet }.leave()
}
