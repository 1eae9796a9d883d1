//! A ledger that is opened to be written: a file that is locked, or a shared one that was read.

use std::sync::Arc;

use super::at::LedgerAt;
use super::file::{Ledger, LockedFile};
use super::numbers::Nonces;
use super::shared::{Begins, Joined, Lease, OnAsked};
use super::state::State;
use crate::clock::Clock;
use crate::error::Failure;

/// A ledger that is opened to be written, and what it said then. Whoever lets go of it unused leaves nothing.
pub(crate) struct OpenLedger {
    /// What it says; empty for a new one.
    pub(crate) state: State,
    /// The bytes of a torn last line that were cut off; 0 where there were none.
    pub(crate) repaired: u64,
    /// The file was there, and nothing was in it.
    pub(crate) was_empty: bool,
    how: How,
}

enum How {
    File(Box<LockedFile>),
    Shared(Box<Joined>),
}

/// Who takes a shared ledger from somebody who is alive.
pub(crate) struct Seizes {
    /// Who it is that takes it, for whoever had it.
    pub(crate) lease: Lease,
    /// Told when somebody asks for it in turn.
    pub(crate) asked: OnAsked,
}

impl OpenLedger {
    /// Opens a ledger, or makes one.
    ///
    /// # Errors
    /// Exit 4, as [`LockedFile::open`] has it, and where a shared one cannot be read.
    pub(crate) fn open(at: &LedgerAt, seizes: Option<Seizes>) -> Result<Self, Failure> {
        let Some(shared) = at.in_table() else {
            let mut file = LockedFile::open(at.name())?;
            let (repaired, was_empty) = (file.repaired, file.was_empty);
            let state = std::mem::take(&mut file.state);
            return Ok(Self { state, repaired, was_empty, how: How::File(Box::new(file)) });
        };
        let (joined, state) = match seizes {
            None => Joined::read(shared)?,
            Some(Seizes { lease, asked }) => Joined::seize(shared, lease, asked)?,
        };
        Ok(Self { state, repaired: 0, was_empty: false, how: How::Shared(Box::new(joined)) })
    }

    /// Starts writing. Returns the id of the run where that is settled and no record has it yet.
    ///
    /// # Errors
    /// Exit 4 where it cannot be written, or somebody else has begun a run of its name.
    pub(crate) fn into_ledger(
        self,
        begins: &Begins,
        clock: Arc<dyn Clock>,
        nonces: Nonces,
        wanted: OnAsked,
    ) -> Result<(Ledger, Option<String>), Failure> {
        match self.how {
            How::File(file) => {
                let file = LockedFile::saying(*file, self.state);
                Ok((file.into_ledger(clock, nonces)?, None))
            }
            How::Shared(joined) => joined.into_ledger(self.state, begins, (clock, nonces), wanted),
        }
    }
}
