//! The runs of a table, each with how far it is and who is at work with it.

use super::log::SharedLedger;
use super::segments::{Lease, Named};
use super::url::TableUrl;
use crate::error::Failure;
use crate::ledger::at::LedgerAt;
use crate::ledger::file::{Gathered, glimpse};
use crate::ledger::state::Counts;

/// A run of a table.
pub(crate) struct Run {
    /// Its name, and what a person knows it by.
    pub(crate) named: Named,
    /// Its address.
    pub(crate) url: TableUrl,
    /// How its rows stand; what is wrong where it cannot be read.
    pub(crate) rows: Result<Counts, String>,
    /// Who is at work with it.
    pub(crate) owner: Option<Lease>,
}

impl SharedLedger {
    /// All runs of the table, by name. Each is read to its end.
    ///
    /// # Errors
    /// Exit 4 where the table cannot be reached. A run that cannot be read is told with the others.
    pub(crate) fn all_runs(&self) -> Result<Vec<Run>, Failure> {
        let of = |named: Named| {
            let own = self.naming(&named.name);
            let url = own.url().clone();
            let (rows, owner) = match glimpse(&LedgerAt::shared(own)) {
                Ok(Some(Gathered { state, at_work, lease, .. })) => (Ok(state.counts(at_work)), lease),
                Ok(None) => (Ok(Counts::default()), None),
                Err(failure) => (Err(failure.what), None),
            };
            Run { named, url, rows, owner }
        };
        Ok(self.runs()?.into_iter().map(of).collect())
    }
}
