//! How many findings there are of each kind, be they kept or not.

use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::finding::{Finding, Severity};

/// All findings, counted: a few bytes for each code and column, however many there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    kinds: HashTable<Kind>,
    hasher: DefaultHashBuilder,
    /// How many rows have findings.
    pub(crate) rows: u64,
    /// How many rows have errors of their own, those of the file as a whole not counted.
    pub(crate) rows_with_errors: u64,
}

/// The findings of one code in one column.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    /// The code.
    pub(crate) code: &'static str,
    /// How bad they are.
    pub(crate) severity: Severity,
    /// The column's header; `None` for what is said of the file as a whole, whichever columns it names.
    column: Option<String>,
    /// How many there are.
    pub(crate) findings: u64,
    /// In how many rows; 0 for the file as a whole.
    pub(crate) rows: u64,
    /// The last of these rows.
    pub(crate) last: Option<u64>,
}

impl Tally {
    /// Counts the findings of all rows, in the file's order.
    pub(crate) fn of(findings: &[Finding]) -> Self {
        let mut tally = Self::default();
        for of_row in findings.chunk_by(|one, next| one.row == next.row) {
            of_row.iter().for_each(|finding| _ = tally.add(finding));
            tally.end_row(of_row);
        }
        tally
    }

    /// Counts a finding, and says how many of its kind there are now.
    pub(super) fn add(&mut self, finding: &Finding) -> u64 {
        let (column, hash) = self.key(finding);
        let is_it = |kind: &Kind| kind.code == finding.code && kind.column.as_deref() == column;
        let hasher = &self.hasher;
        let rehash = |kind: &Kind| hasher.hash_one((kind.code, kind.column.as_deref()));
        let new = || Kind {
            code: finding.code,
            severity: finding.severity,
            column: column.map(str::to_owned),
            findings: 0,
            rows: 0,
            last: None,
        };
        let mut entry = self.kinds.entry(hash, is_it, rehash).or_insert_with(new);
        let kind = entry.get_mut();
        kind.findings += 1;
        // One row may have it several times.
        if finding.row.is_some() && kind.last != finding.row {
            kind.rows += 1;
            kind.last = finding.row;
        }
        kind.findings
    }

    /// Counts a row, once its findings are.
    pub(super) fn end_row(&mut self, findings: &[Finding]) {
        if findings.iter().any(|finding| finding.row.is_some()) {
            self.rows += 1;
            self.rows_with_errors +=
                u64::from(findings.iter().any(|finding| finding.severity == Severity::Error));
        }
    }

    /// Takes what another has counted beyond what is counted here already.
    pub(super) fn take_over(&mut self, all: &Self, counted: &Self) {
        for kind in all.kinds.iter() {
            let is_it = |other: &Kind| other.code == kind.code && other.column == kind.column;
            let hash = self.hasher.hash_one((kind.code, kind.column.as_deref()));
            let before = counted.kinds.iter().find(|other| is_it(other));
            let (findings, rows) = before.map_or((0, 0), |before| (before.findings, before.rows));
            let hasher = &self.hasher;
            let rehash = |kind: &Kind| hasher.hash_one((kind.code, kind.column.as_deref()));
            let none = || Kind { findings: 0, rows: 0, last: None, ..kind.clone() };
            let mut entry = self.kinds.entry(hash, is_it, rehash).or_insert_with(none);
            let own = entry.get_mut();
            own.findings += kind.findings - findings;
            own.rows += kind.rows - rows;
            own.last = own.last.max(kind.last);
        }
        self.rows += all.rows - counted.rows;
        self.rows_with_errors += all.rows_with_errors - counted.rows_with_errors;
    }

    /// All findings of this one's code and column.
    pub(crate) fn of_kind(&self, finding: &Finding) -> Option<&Kind> {
        let (column, hash) = self.key(finding);
        self.kinds.find(hash, |kind| kind.code == finding.code && kind.column.as_deref() == column)
    }

    /// Every kind there is, in no order.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = &Kind> {
        self.kinds.iter()
    }

    fn key<'f>(&self, finding: &'f Finding) -> (Option<&'f str>, u64) {
        let column = finding.row.and(finding.column.as_deref());
        (column, self.hasher.hash_one((finding.code, column)))
    }
}
