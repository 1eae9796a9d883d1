//! The rows of a file of failed rows: where they come from.

use std::collections::HashSet;

use crate::error::Failure;
use crate::ledger::State;
use crate::report::rejects::{Copy, run_of_mark};
use crate::roster::{REASONS, Roster, Row, reason};
use crate::text::unguarded;

/// Where the rows of a file of failed rows come from: which run, and by which names.
pub(super) struct Origins {
    marks: Option<usize>,
    users: Option<usize>,
    copy: Option<Copy>,
    /// The first run in a mark, with its row.
    run: Option<(String, u64)>,
    /// Names that rows had and no longer have.
    renamed: HashSet<String>,
}

impl Origins {
    /// Of a roster that is not ours, there is nothing to know.
    pub(super) fn of(roster: &Roster, run: Option<&str>) -> Self {
        let place = |name: &str| {
            let headers = &roster.columns().headers;
            headers.iter().position(|header| reason(header).is_some_and(|at| REASONS[at] == name))
        };
        let (marks, users) = (place("headcount mark"), place("headcount user"));
        let copy = run.and_then(|run| Copy::of(roster, run));
        Self { marks, users, copy, run: None, renamed: HashSet::new() }
    }

    /// Whether the roster is a file of failed rows.
    pub(super) fn is_ours(&self) -> bool {
        self.marks.is_some() || self.users.is_some()
    }

    /// Whether a retry leaves a row with errors as it stands: nobody has taken it up yet.
    pub(super) fn is_left(&self, row: &Row) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.untouched(row).is_some())
    }

    /// Takes a row in.
    pub(super) fn add(&mut self, row: &Row, username: &str) {
        let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).unwrap_or("");
        if self.run.is_none() {
            self.run = run_of_mark(cell(self.marks)).map(|run| (run.to_owned(), row.number));
        }
        let was = unguarded(cell(self.users));
        if !was.is_empty() && was != username {
            self.renamed.insert(was.to_owned());
        }
    }

    /// Fails where the rows failed in a run of another ledger.
    pub(super) fn check(&self, state: &State) -> Result<(), Failure> {
        match &self.run {
            Some((run, _)) if *run != state.header.run => {
                Err(Failure::stopped(format!("the file of failed rows is of another run: `{run}`"))
                    .hint(format!("nothing was sent; this ledger's run is {}", state.header.run)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a row that had this name has another now.
    pub(super) fn has_renamed(&self, user: &str) -> bool {
        self.renamed.contains(user)
    }
}
