//! A roster of several targets as a whole: whose its rows are, and what is wrong with those that are nobody's.

use std::collections::HashMap;

use crate::error::Failure;
use crate::finding::{Finding, Severity};
use crate::roster::{ForWhom, Roster, Row};
use crate::validate::Pass;

/// The roster as a whole: whose its rows are.
pub(super) struct Sorted {
    pub(super) roster: Roster,
    /// What is wrong with rows that are nobody's.
    pub(super) findings: Vec<Finding>,
    /// Rows that are nobody's.
    pub(super) unmet: u64,
    /// Rows of each target, by its place.
    pub(super) rows: HashMap<usize, u64>,
}

impl Sorted {
    /// Reads it once. `go_on` fails where it is to stop.
    pub(super) fn of(roster: Roster, go_on: &dyn Fn() -> Result<(), Failure>) -> Result<Self, Failure> {
        let mut sorted = Self { roster, findings: Vec::new(), unmet: 0, rows: HashMap::new() };
        let (mut rows, mut row) = (sorted.roster.rows()?, Row::default());
        while rows.read(&mut row)? {
            if row.number.is_multiple_of(Pass::GLANCE) {
                go_on()?;
            }
            if sorted.roster.is_nobodys(&row) {
                sorted.unmet += 1;
                let unmet = sorted.roster.unmet(&row).filter(|_| row.is_readable());
                let faults = row.findings.drain(..).chain(unmet);
                let errors = faults.filter(|finding| finding.severity == Severity::Error);
                let room = Pass::KEPT.saturating_sub(sorted.findings.len());
                sorted.findings.extend(errors.take(room));
            } else if let Some(ForWhom::Target(at)) = sorted.roster.whose(&row) {
                *sorted.rows.entry(at).or_default() += 1;
            }
        }
        Ok(sorted)
    }

    /// How many rows the target of this name has.
    pub(super) fn rows_named(&self, target: &str) -> u64 {
        self.rows_of(self.roster.place_of(target))
    }

    /// How many rows the target at this place has.
    pub(super) fn rows_of(&self, at: Option<usize>) -> u64 {
        at.and_then(|at| self.rows.get(&at)).copied().unwrap_or(0)
    }
}
