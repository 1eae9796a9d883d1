//! A row of a ledger whose user may be there.

use std::time::SystemTime;

use crate::agent::RowNumber;
use crate::ledger::{Attempt, Nonce, Place};
use crate::plan::Made;

/// A row whose user may be there.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// Its row's place in the ledger's state.
    pub(super) at: Place,
    pub(super) row: RowNumber,
    /// What the ledger says of its user.
    pub(super) made: Made,
    /// What is known of it: the ledger's id, or the one that was found under the name.
    pub(super) id: Option<String>,
    pub(super) stands: Stands,
    /// Which of its attempts made the user that was found, where that is proved.
    pub(super) made_by: Option<Attempt>,
    /// All its attempts.
    pub(super) attempts: Vec<(Attempt, Option<Nonce>)>,
    /// Not before this a deletion is final, by the earlier of both clocks: a request of ours may still arrive.
    pub(super) not_before: Option<SystemTime>,
    /// Until then that nobody is to be seen does not say that nobody is there.
    pub(super) seen_by: Option<SystemTime>,
}

/// How the row of a candidate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stands {
    /// Its user was made.
    Made,
    /// Its deletion was announced, and nothing says what became of it.
    Announced,
    /// A request that makes it may have been executed.
    InDoubt,
    /// Its user was deleted, and somebody under its name carries a tag of this run.
    Back,
}
