//! The runs of a table, each with how far it is and who is at work with it.

use super::at::LedgerAt;
use super::file::{Gathered, glimpse};
use super::shared::{Lease, Named, SharedLedger, TableUrl};
use super::state::Counts;
use crate::error::Failure;

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

/// All runs of a table, by name. Each is read to its end.
///
/// # Errors
/// Exit 4 where the table cannot be reached. A run that cannot be read is told with the others.
pub(crate) fn runs(table: &SharedLedger) -> Result<Vec<Run>, Failure> {
    let of = |named: Named| {
        let own = table.naming(&named.name);
        let url = own.url().clone();
        let (rows, owner) = match glimpse(&LedgerAt::shared(own)) {
            Ok(Some(Gathered { state, at_work, lease, .. })) => (Ok(state.counts(at_work)), lease),
            Ok(None) => (Ok(Counts::default()), None),
            Err(failure) => (Err(failure.what), None),
        };
        Run { named, url, rows, owner }
    };
    Ok(table.runs()?.into_iter().map(of).collect())
}
