//! What a rehearsal needs of whoever shows it.

use std::path::Path;
use std::sync::Arc;

use super::terminal::Terminal;
use super::told::{Told, Turns};
use crate::clock::{Clock, Zone};
use crate::error::Failure;
use crate::event::Sink;
use crate::job::world::World;
use crate::ledger::State;
use crate::report::account::Account;
use crate::report::cause::Guide;
use crate::stop::Switch;
use crate::text::Voice;

/// What a rehearsal needs of whoever shows it, handed in.
#[derive(Clone)]
pub struct Around {
    /// Makes the world of a job that tells this sink, and ends by this switch. It is made where the job is run.
    pub world: Arc<dyn Fn(Arc<dyn Sink>, Switch) -> World + Send + Sync>,
    /// The wall clock: that of the worlds.
    pub clock: Arc<dyn Clock>,
    /// The place's time, in which people are told.
    pub zone: Zone,
    /// How whoever shows it names what can be set.
    pub voice: Arc<dyn Voice>,
    /// The command line, and how that names it.
    pub terminal: Arc<dyn Terminal>,
    /// In which turn each thing is told.
    pub turns: Turns,
    /// Who is told what happens. It is told on the thread of the run, in the order in which it happens, and should not keep
    /// it.
    pub told: Arc<dyn Fn(Told) + Send + Sync>,
}

impl Around {
    /// What a ledger tells, with advice in these words.
    pub(super) fn account(&self, ledger: &Path, voice: &dyn Voice) -> Result<Account, Failure> {
        let terminal = &self.terminal;
        let retry = |state: &State, code: Option<&str>| Some(terminal.retry(ledger, state, code));
        let resume = |state: &State| terminal.resume(ledger, state);
        let undo = |code: &str| terminal.undo(ledger, code);
        Account::read(&ledger.into(), &Guide { voice, retry: &retry, resume: &resume, undo: &undo })
    }
}

/// A file's name, as whoever shows it may know it: no path.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
