//! The checks of the parts of one roster, put together again: each part is one target's.

use super::names::NamesUsed;
use super::pass::Checked;
use super::tally::Tally;
use crate::agent::IdentityType;
use crate::finding::{Finding, LeftOut, Logins, Severity};

impl Checked {
    /// All parts as one, in the order of the file, with what is wrong with rows that are in none of them, of which there are
    /// so many. What is said of the file as a whole, each part says: it is said once.
    pub(crate) fn together(parts: &[&Self], nobodys: &[Finding], rows: u64) -> Self {
        let of_file = |findings: &[Finding]| findings.partition_point(|finding| finding.row.is_none());
        let mut findings: Vec<Finding> = Vec::new();
        for part in parts {
            let (file, _) = part.findings.split_at(of_file(&part.findings));
            let new: Vec<Finding> =
                file.iter().filter(|finding| !findings.contains(finding)).cloned().collect();
            findings.extend(new);
        }
        let file_errors =
            findings.iter().filter(|finding| finding.severity == Severity::Error).count() as u64;
        let of_rows = parts.iter().flat_map(|part| part.findings.iter().skip(of_file(&part.findings)));
        let mut of_rows: Vec<&Finding> = of_rows.chain(nobodys).collect();
        of_rows.sort_by_key(|finding| finding.row); // stable: what is said of one row keeps its order
        findings.extend(of_rows.into_iter().cloned());
        let sum = |number: fn(&Self) -> u64| parts.iter().map(|part| number(part)).sum::<u64>();
        // Those that were not kept are counted by their parts.
        let kept = |severity: Severity| {
            findings.iter().filter(|finding| finding.severity == severity).count() as u64
        };
        let mut tally = Tally::of(&findings);
        for part in parts.iter().filter(|part| part.not_kept > 0) {
            tally.take_over(&part.tally, &Tally::of(&part.findings));
        }
        let dropped = |severity: Severity| -> u64 {
            let of = |part: &&Self| {
                let all = if severity == Severity::Error { part.errors } else { part.warnings };
                all - part.findings.iter().filter(|finding| finding.severity == severity).count() as u64
            };
            parts.iter().map(of).sum()
        };
        let all_rows = sum(|part| part.rows) + rows;
        let logins = parts
            .iter()
            .filter_map(|part| part.logins)
            .reduce(|one, other| Logins { made: one.made + other.made, given: one.given + other.given });
        Self {
            identity: parts.first().map_or(IdentityType::ConnectManaged, |part| part.identity),
            rows: all_rows,
            invalid_rows: if file_errors > 0 { all_rows } else { sum(|part| part.invalid_rows) + rows },
            errors: kept(Severity::Error) + dropped(Severity::Error),
            warnings: kept(Severity::Warning) + dropped(Severity::Warning),
            file_errors,
            tally,
            spaces: spaces(parts),
            findings,
            not_kept: sum(|part| part.not_kept),
            names: NamesUsed::default(),
            left_out: left_out(parts),
            logins,
            who: None,
        }
    }
}

/// How many rows each column has spaces in.
fn spaces(parts: &[&Checked]) -> Vec<(Option<String>, u64)> {
    let mut all: Vec<(Option<String>, u64)> = Vec::new();
    for (column, rows) in parts.iter().flat_map(|part| &part.spaces) {
        match all.iter_mut().find(|(other, _)| other == column) {
            Some((_, number)) => *number += rows,
            None => all.push((column.clone(), *rows)),
        }
    }
    all
}

/// How many rows each rule of a map leaves out.
fn left_out(parts: &[&Checked]) -> Vec<LeftOut> {
    let mut all: Vec<LeftOut> = Vec::new();
    for one in parts.iter().flat_map(|part| &part.left_out) {
        match all.iter_mut().find(|other| other.what == one.what) {
            Some(other) => other.rows += one.rows,
            None => all.push(one.clone()),
        }
    }
    all
}
