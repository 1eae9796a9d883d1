//! What a ledger says of the job that it was made by, for a job that goes on with it.

use std::path::{Path, PathBuf};

use crate::error::Failure;
use crate::ledger::{self, LedgerAt, State, glance, peek};
use crate::simulator::Spec;

/// What a ledger says of the job that it was made by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Before {
    /// The ledger's run.
    pub(crate) run: String,
    /// Whose ledger it is, where that is no import's.
    pub(crate) job: Option<ledger::Job>,
    /// The instance's ARN.
    pub(crate) instance: String,
    /// The first roster that it was made from, as the ledger has it.
    pub(crate) first: PathBuf,
    /// The roster that it was worked from last.
    pub whole: PathBuf,
    /// How many rows the ledger has.
    pub(crate) rows: u64,
    /// The AWS profile, where one was named.
    pub(crate) profile: Option<String>,
    /// The endpoint, where it was overridden.
    pub(crate) endpoint: Option<String>,
    /// The row of that roster's header, where it was told.
    pub(crate) header_row: Option<u64>,
    /// What else it was told, word by word, where the ledger has it.
    pub(crate) settings: Option<Vec<String>>,
    /// Whether its first record says that it is a rehearsal's; ledgers once could not.
    pub(crate) says_rehearsal: bool,
    /// The runs of other targets that are retried with this one.
    pub(super) others: Vec<String>,
    /// It is a rehearsal's, by its first record or by its name.
    is_rehearsal: bool,
    /// Its instance is the one that rehearsals invent.
    is_invented: bool,
}

impl Before {
    /// Reads a ledger without locking it.
    ///
    /// # Errors
    /// Exit 2 where there is none, or nothing stands in it yet; exit 4 where it is damaged.
    pub fn of(ledger: &LedgerAt) -> Result<Self, Failure> {
        let (state, _) = peek(ledger)?;
        Ok(Self::says(ledger, &state))
    }

    /// The same; `None` where there is none, or it cannot be read, which is told of when it is opened.
    pub(super) fn if_any(ledger: &LedgerAt) -> Option<Self> {
        let (state, _) = glance(ledger).ok().flatten()?;
        Some(Self::says(ledger, &state))
    }

    /// What a ledger says that was read already.
    pub(crate) fn says(ledger: &Path, state: &State) -> Self {
        let State { header, session, .. } = state;
        let last = if session.roster.is_empty() { &header.roster } else { &session.roster };
        Self {
            run: header.run.clone(),
            job: header.job,
            instance: header.instance.clone(),
            first: PathBuf::from(&header.roster),
            whole: PathBuf::from(last),
            rows: state.places().len() as u64,
            profile: session.profile.clone(),
            endpoint: session.endpoint.clone(),
            header_row: session.header_row,
            settings: session.settings.clone(),
            says_rehearsal: header.rehearsal,
            others: Vec::new(),
            is_rehearsal: state.is_rehearsal(ledger),
            is_invented: header.instance == Spec::default().instance_arn(),
        }
    }

    /// Whether it was a rehearsal: the ledger says so; where one of before cannot say it, the instance tells, which is
    /// nobody's, unless an endpoint is there to reach it by.
    pub fn is_rehearsal(&self, has_endpoint: bool) -> bool {
        self.is_rehearsal || (self.is_invented && self.endpoint.is_none() && !has_endpoint)
    }
}
