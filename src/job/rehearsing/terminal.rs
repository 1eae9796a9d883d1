//! How the same is done in a terminal.

use std::path::Path;

use super::asked::ToRehearse;
use crate::ledger::State;
use crate::roster::Options;
use crate::text::Voice;

/// How the same is done in a terminal: the commands that stand beside what can be pressed. Only whoever knows the flags of
/// the command line can say them.
pub trait Terminal: Send + Sync {
    /// The import in earnest of what is rehearsed; the instance is for its reader to name.
    fn import(&self, asked: &ToRehearse) -> String;

    /// The same rehearsal.
    fn rehearsal(&self, asked: &ToRehearse) -> String;

    /// What was set, for a ledger to keep.
    fn settings(&self, asked: &ToRehearse) -> Vec<String>;

    /// What resumes the run of a ledger; `None` where that does not say how it was told.
    fn resume(&self, ledger: &Path, state: &State) -> Option<String>;

    /// What sends the failed rows of a ledger again; those of one code alone where it is named.
    fn retry(&self, ledger: &Path, state: &State, code: Option<&str>) -> String;

    /// What undoes the run of a ledger, with what lifts the reason of this code.
    fn undo(&self, ledger: &Path, code: &str) -> String;

    /// How the command line names what can be set.
    fn voice(&self) -> &dyn Voice;

    /// How a ledger that was told this read its roster.
    fn reading(&self, settings: &[String]) -> Options;
}
