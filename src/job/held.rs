//! A roster that was held against an instance: why it may not go on, and which rows of it failed.
//!
//! An import, an update and a list of leavers each have one, and what is said of it is said here once for all of them.

use super::meant::Job;
use super::sorted::Sorted;
use super::target::Reached;
use super::world::World;
use crate::error::Failure;
use crate::failed::{AllFailed, FailedRows, Left, OfRun};
use crate::ledger::{self, OtherRun, State};
use crate::plan::Wanted;
use crate::roster::Roster;
use crate::validate::{self, Rules};

/// Why nothing may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blocked {
    /// Rows with errors; all of them where the file itself has one.
    pub rows: u64,
    /// Whether the roster as a whole has errors: then none of its rows can be sent.
    pub of_file: bool,
}

/// Whatever has a roster that was held against an instance.
pub(super) trait HoldsRoster {
    /// What it has.
    fn held(&self) -> HeldRoster<'_>;
}

/// A roster that was held against an instance. Its ledger must be of the same instance and of the same roster (job/opened.rs).
pub(super) struct HeldRoster<'h> {
    pub(super) job: &'h Job,
    /// Whose ledger it has, where that is no import's.
    pub(super) of: Option<ledger::Job>,
    pub(super) world: &'h World,
    pub(super) reached: &'h Reached,
    pub(super) roster: &'h Roster,
    /// Its rows, by who.
    pub(super) wanted: &'h Wanted,
    /// By what they were checked.
    pub(super) rules: Rules<'h>,
    /// What came of that.
    pub(super) found: &'h validate::Checked,
}

impl<'h> HeldRoster<'h> {
    /// Why nothing may be sent, where that is so.
    pub(super) fn blocks(&self) -> Option<Blocked> {
        let found = self.found;
        let may_go = found.is_clean() || (self.job.allowed.invalid_rows && found.file_errors == 0);
        (!may_go).then_some(Blocked { rows: found.invalid_rows, of_file: found.file_errors > 0 })
    }

    /// The instance's ARN; `None` of a rehearsal, whose instances are all alike.
    pub(super) fn arn(&self) -> Option<&'h str> {
        Some(self.reached.directory.instance.arn.as_str()).filter(|_| !self.job.target.is_rehearsal())
    }

    /// Leaves the file of the rows that failed, as the ledger has it; where none did, none.
    ///
    /// # Errors
    /// Exit 4 where it cannot be written.
    pub(super) fn leave(&self, state: &State) -> Result<Left, Failure> {
        self.failed(state).leave()
    }

    fn failed<'r>(&'r self, state: &'r State) -> FailedRows<'r> {
        let Self { job, of, roster, wanted, rules, .. } = self;
        let of = OfRun { is_rehearsal: job.target.is_rehearsal(), job: *of };
        FailedRows { roster, wanted, rules, state, others: OtherRun::of(state), of }
    }
}

/// What is left of a job of one of several targets, once it has ended: whoever runs them leaves the failed rows of all.
pub(super) struct Remains<H> {
    /// What was held against the target.
    pub(super) of: H,
    /// What the ledger says; `None` where it could not be closed.
    pub(super) state: Option<State>,
}

/// Leaves the failed rows of several targets in one file.
///
/// # Errors
/// Exit 4 where it cannot be written.
pub(super) fn leave_all<H: HoldsRoster>(sorted: &Sorted, remains: &[&Remains<H>]) -> Result<Left, Failure> {
    let known = remains.iter().filter_map(|one| Some((one.of.held(), one.state.as_ref()?)));
    let known: Vec<(HeldRoster<'_>, &State)> = known.collect();
    let parts: Vec<FailedRows<'_>> = known.iter().map(|(held, state)| held.failed(state)).collect();
    AllFailed { parts: &parts, whole: Some(&sorted.roster), unmet: sorted.unmet }.leave()
}
