//! The second step: the ledger is locked, and every row decided.

use std::collections::HashMap;

use super::check::{Checked, Decided};
use super::held::HoldsRoster;
use super::opened;
use super::outlook::Outlook;
use super::supply::Supply;
use crate::error::Failure;
use crate::ledger::OpenLedger;
use crate::passwords;
use crate::plan::Plan;
use crate::user::Found;

/// How many are compared before a run is asked about: a read is two a second, and nobody waits half an hour for a
/// question. All others are compared while it runs. A forecast compares all: that is what it is for.
const BEFORE_A_RUN: usize = 100;

/// A job that is decided and can be run: it holds its ledger, and whoever lets go of it unused leaves nothing behind.
///
/// It may be held as long as somebody thinks it over, and moved to where it is run.
pub struct Planned {
    pub(super) checked: Checked,
    pub(super) ledger: Box<OpenLedger>,
    /// Where passwords that are made are kept.
    pub(super) credentials: Option<passwords::LockedFile>,
    pub(super) supply: Supply,
    pub(super) plan: Plan,
    pub(super) outlook: Outlook,
    /// Who is there already, as far as they were read.
    pub(super) found: HashMap<String, Found>,
}

impl Checked {
    /// Locks the ledger and decides what is done with each row. Nothing is written yet.
    ///
    /// # Errors
    /// Exit 3 where something blocks; exit 4 where the ledger is another's, of something else, or cannot be used; exit 2
    /// where there is no password to be had.
    pub async fn plan(self) -> Result<Planned, Failure> {
        self.refuse_blocked()?;
        let supply = self.job.passwords.supply(&self.world)?;
        opened::handed_over(&self.held()).await?;
        let mut ledger = opened::locked(&self.held())?;
        opened::tell_of_others(&self.held(), &ledger.state);
        let credentials = supply.open(&ledger.state, &self.job.ledger)?;
        if let Some(credentials) = &credentials {
            // Where an older copy of the ledger was put back: no number is given twice.
            ledger.state.attempts = ledger.state.attempts.max(credentials.found.highest);
        }
        let Decided { plan, outlook, found } = self.decide(&ledger.state, &supply, BEFORE_A_RUN).await?;
        Ok(Planned { checked: self, ledger: Box::new(ledger), credentials, supply, plan, outlook, found })
    }
}

impl Planned {
    /// What is going to be done.
    pub fn outlook(&self) -> &Outlook {
        &self.outlook
    }

    /// Fails where the rows do not fit into the instance and that is not allowed: running fails likewise.
    ///
    /// # Errors
    /// Exit 4.
    pub fn fits(&self) -> Result<(), Failure> {
        if self.checked.job.allowed.partial { Ok(()) } else { self.outlook.has_room() }
    }
}

/// A page holds one between two of its requests, which other threads may answer.
const _: fn() = || {
    fn is_held_and_sent<T: Send + 'static>() {}
    is_held_and_sent::<Planned>();
};
