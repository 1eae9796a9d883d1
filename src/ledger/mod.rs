//! The truth on disk: an append-only record of what was meant, sent and answered.
//!
//! For every row: `intent` → synced → request → `outcome` → synced. So whatever happens, a user that may exist has an
//! intent in the ledger, and the intent's attempt is in the user's provenance tag. The invariants:
//!
//! * every planned row is recorded before the first request leaves;
//! * no request leaves whose intent is not synced; if the ledger cannot be written, no further request leaves;
//! * nothing is ever rewritten, but that a torn last line is cut off before the next is appended;
//! * no password, and nothing derived from one, is ever in it.

#![warn(clippy::wildcard_enum_match_arm)] // whoever adds a case decides what it means here

mod asked;
mod at;
mod bases;
pub mod beside;
mod entry;
mod file;
mod ids;
mod journal;
mod leavers;
mod moving;
mod names;
mod numbers;
mod open;
mod others;
mod reader;
mod runs;
mod several;
pub mod shared;
mod siblings;
mod state;
mod sum;
pub(crate) mod undone;
mod updated;
mod upgrade;
mod words;

pub use asked::{AskedFor, StandsAs};
pub use at::LedgerAt;
pub(crate) use bases::{Base, BaseLedger, bases};
pub use entry::{Entry, VERSION};
pub(crate) use file::{
    Gathered, be_a_file, be_here, be_of, first, first_of, gather, glance, goes_on, is_there, refuse_in_use,
    was_undone, whose,
};
pub use file::{Ledger, LockedFile, peek};
pub use journal::{Begun, Intended, Intent, Journal, JournalFault, Ours, Outcome, Queued, Recorded};
pub(crate) use leavers::{Leavers, leavers};
pub(crate) use moving::push;
pub(crate) use names::Names;
pub use numbers::{Attempt, Calls, Nonce, Nonces, Place, counted, drawn};
pub(crate) use open::{OpenLedger, Seizes};
pub(crate) use others::{OtherRun, is_most};
pub use reader::{Extent, each};
pub(crate) use runs::{Run, runs};
pub(crate) use several::{Clash, clash, each_once};
pub(crate) use shared::{Begins, OnAsked};
pub(crate) use siblings::{siblings, undoings};
pub use state::{Counts, State};
pub(crate) use state::{SeenCounts, StepCounts, Steps};
pub(crate) use updated::updated;

pub use words::{Job, Kind, Op, RowState, SeenAs, Step, StepState, Unexecuted};

pub use crate::log::Storage;

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
