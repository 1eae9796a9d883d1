//! A row as a report tells it, and what happened to it.

use crate::agent::RowNumber;
use crate::ledger::{Attempt, RowState, Unexecuted};

/// A row as a report shows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    /// The number that the spreadsheet shows.
    pub row: RowNumber,
    /// The exact username; `row N` where the row has none of its own.
    pub user: String,
    /// Where it stands.
    pub state: RowState,
    /// Created by comparison.
    pub recovered: bool,
    /// How many requests left for it.
    pub attempts: u32,
    /// How many of them were told to slow down.
    pub throttled: u32,
    /// The user's id: ours where created, the other's where exists.
    pub id: Option<String>,
    /// The service's error code, or a finding's.
    pub code: Option<String>,
    /// The message with it.
    pub message: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// When it came to stand where it stands, RFC 3339; empty where nothing has happened.
    pub at: String,
    /// What happened, for a row whose outcome was ever in doubt; empty for all others.
    pub story: Vec<Step>,
    /// Its cause, as a place in [`Account::causes`](super::account::Account::causes).
    pub cause: Option<u32>,
    /// The newest intent: its attempt, and when.
    pub(super) newest: Option<(Attempt, String)>,
    /// Whether its outcome is still to come.
    pub(super) open: bool,
}

/// A step in the story of a row that was in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, RFC 3339; empty where nobody knows.
    pub at: String,
    /// The attempt, where the step is of one.
    pub attempt: Option<Attempt>,
    /// What happened.
    pub what: Event,
}

/// What happened to a row that was in doubt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A request was about to leave.
    Sent,
    /// Its outcome was never written: the process ended first.
    Lost,
    /// Its answer said nothing clear.
    Unclear(String),
    /// It was not executed.
    Unexecuted(Unexecuted),
    /// The row was settled.
    Settled {
        /// As what.
        state: RowState,
        /// By comparison with the instance, not by an answer.
        recovered: bool,
        /// What was said of it.
        message: String,
    },
}
