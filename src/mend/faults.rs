//! All that is wrong with a draft, by row and in groups.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

use super::draft::Draft;
use crate::error::Failure;
use crate::finding::codes::{self, Code};
use crate::finding::{Finding, LeftOut, Severity};
use crate::roster::{Edits, Row};
use crate::validate::{self, CleanRows, Rules, Who, username};

/// Codes of which each value is a fault of its own: who mends the one has not mended the other.
const BY_VALUE: [&Code; 13] = [
    &codes::ROUTING_PROFILE_UNKNOWN,
    &codes::SECURITY_PROFILE_UNKNOWN,
    &codes::HIERARCHY_UNKNOWN,
    &codes::HIERARCHY_AMBIGUOUS,
    &codes::PROFICIENCY_ATTRIBUTE_UNKNOWN,
    &codes::PROFICIENCY_VALUE_UNKNOWN,
    &codes::OTHER_SEPARATOR,
    &codes::ROLE_UNKNOWN,
    &codes::PHONE_TYPE_UNKNOWN,
    &codes::NOT_YES_OR_NO,
    &codes::AUDIO_ENHANCEMENT_UNKNOWN,
    &codes::AFTER_CONTACT_WORK,
    &codes::PLACEHOLDER,
];

/// Codes that only all rows together show.
const OF_SEVERAL_ROWS: [&Code; 3] =
    [&codes::USERNAME_DUPLICATE, &codes::USERNAME_CASE_VARIANT, &codes::SAME_PERSON];

/// One fault of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its code.
    pub code: &'static str,
    /// Whether it stops the row.
    pub severity: Severity,
    /// The column, counted from 0; `None` for the row as a whole.
    pub column: Option<u32>,
    /// Which of the groups it belongs to.
    pub group: u32,
}

/// Faults of one kind in one column, and where the text is what is wrong, of one text.
#[derive(Clone, Debug)]
pub struct FaultGroup {
    /// Its code.
    pub code: &'static Code,
    /// Whether it stops its rows.
    pub severity: Severity,
    /// The column, counted from 0; `None` for rows as a whole.
    pub column: Option<u32>,
    /// The text that is wrong, where the group is of one.
    pub value: Option<String>,
    /// How many faults there are.
    pub rows: u64,
    /// The first rows that have it.
    pub first: Vec<u64>,
    /// What is said of the first.
    pub sample: Finding,
}

impl FaultGroup {
    /// Of how many rows the numbers are kept.
    const FIRST: usize = 8;

    /// By what it is known again after another check: its code, its column, its text.
    pub fn id(&self) -> String {
        let column = self.column.map_or_else(|| "-".to_owned(), |column| column.to_string());
        format!("{}·{column}·{}", self.code.id, self.value.as_deref().unwrap_or(""))
    }
}

/// All that is wrong with one revision of a draft.
pub struct Faults {
    /// Of which revision.
    pub revision: u64,
    /// How many rows there are that would be sent or are faulty.
    pub rows: u64,
    /// How many have errors; all of them where the file itself has one.
    pub invalid_rows: u64,
    /// How many errors there are, as `validate` counts them.
    pub errors: u64,
    /// How many warnings there are, as `validate` counts them.
    pub warnings: u64,
    /// Findings of the file as a whole, and of rows that were passed over.
    pub of_file: Vec<Finding>,
    /// The rows that the column map leaves out, by rule.
    pub left_out: Vec<LeftOut>,
    /// The groups, as they were met.
    pub groups: Vec<FaultGroup>,
    /// Where the faults of each row begin that has some, in order.
    starts: Vec<(u64, u32)>,
    faults: Vec<Fault>,
    /// What only all rows together show, by row.
    of_several: HashMap<u64, Vec<Finding>>,
    /// Rows without an error of their own that are not sent all the same: one further down has their username, and nobody
    /// knows which of the two is meant.
    shadowed: BTreeSet<u64>,
    who: Option<Arc<Who>>,
    /// Rows of the file that are read as nobody's, in order.
    passed_over: Vec<u64>,
    /// Rows that are clean by themselves.
    clean: CleanRows,
    /// Of which headers.
    headers: u64,
    /// Of which changes.
    edits: Arc<Edits>,
}

impl Faults {
    /// Checks all rows of a draft. Of those that were clean by themselves before, by the same rules, and were not changed
    /// since, it is known that they are so still: the rules look at the others.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read; whatever `go_on` fails with, which is asked every few hundred rows.
    pub fn of(
        draft: &Draft,
        rules: &Rules<'_>,
        before: Option<&Self>,
        go_on: &dyn Fn() -> Result<(), Failure>,
    ) -> Result<Self, Failure> {
        let rules = rules.for_mending();
        let known = before.and_then(|before| before.clean_in(draft)).unwrap_or_default();
        let mut gathering = Gathering::new(draft);
        let (mut seen, mut passing) = (0_u64, Passing::of(draft));
        let mut clean = CleanRows::default();
        let checked = validate::check_changed_rows(draft.roster(), &rules, &known, &mut |row| {
            seen += 1;
            if row.is_clean {
                clean.add(row.number);
            }
            gathering.take(row.row, row.findings);
            passing.until(row.number);
            if seen.is_multiple_of(validate::Pass::GLANCE) { go_on() } else { Ok(()) }
        })?;
        let is_of_file = |finding: &&Finding| finding.row.is_none_or(|row| !gathering.has(row, finding.code));
        let of_file = checked.findings.iter().filter(is_of_file).cloned().collect();
        // Spaces are said once a column where they are told, and of each cell where they are mended.
        let spaces = gathering.groups.iter().filter(|group| group.code == &codes::STRAY_SPACES);
        let folded: u64 = spaces.map(|group| group.rows - 1).sum();
        let mut faults = Self {
            revision: draft.revision(),
            rows: checked.rows,
            invalid_rows: checked.invalid_rows,
            errors: checked.errors,
            warnings: checked.warnings - folded,
            of_file,
            left_out: checked.left_out,
            groups: gathering.groups,
            starts: gathering.starts,
            faults: gathering.faults,
            of_several: gathering.of_several,
            shadowed: BTreeSet::new(),
            who: checked.who,
            passed_over: passing.end(),
            clean,
            headers: draft.headers_revision(),
            edits: draft.shared_edits(),
        };
        faults.shadowed = faults.find_shadowed(draft);
        Ok(faults)
    }

    fn find_shadowed(&self, draft: &Draft) -> BTreeSet<u64> {
        let mut shadowed = BTreeSet::new();
        let Some(who) = self.who() else { return shadowed };
        let is_twice = |findings: &[Finding]| {
            findings.iter().any(|finding| {
                finding.code == codes::USERNAME_DUPLICATE.id && finding.severity == Severity::Error
            })
        };
        for (number, _) in self.of_several.iter().filter(|(_, findings)| is_twice(findings)) {
            let Some(row) = draft.row(*number) else { continue };
            let first = who.first(username(&row, draft.roster().columns()));
            let is_clean =
                |first: &u64| self.of_row(*first).iter().all(|fault| fault.severity != Severity::Error);
            shadowed.extend(first.filter(|first| first != number).filter(is_clean));
        }
        shadowed
    }

    /// Whether a row without an error of its own is not sent all the same: one further down has its username.
    pub fn is_shadowed(&self, row: u64) -> bool {
        self.shadowed.contains(&row)
    }

    /// How many rows are not sent: those with errors, and those whose username another row has.
    pub fn not_sent(&self) -> u64 {
        (self.invalid_rows + self.shadowed.len() as u64).min(self.rows)
    }

    /// The rows of a draft that are as they were when they were clean; `None` where more than rows is another.
    fn clean_in(&self, draft: &Draft) -> Option<CleanRows> {
        // A login with a number in it is another where another row is.
        if draft.headers_revision() != self.headers || draft.roster().columns().made_login.is_some() {
            return None;
        }
        let mut clean = self.clean.clone();
        self.edits.each_difference(draft.edits(), &mut |row| clean.remove(row));
        Some(clean)
    }

    /// The faults of a row.
    pub fn of_row(&self, number: u64) -> &[Fault] {
        match self.starts.binary_search_by_key(&number, |(row, _)| *row) {
            Ok(at) => self.between(at),
            Err(_) => &[],
        }
    }

    /// The rows that have faults, each with them, in order.
    pub fn each_row(&self) -> impl Iterator<Item = (u64, &[Fault])> {
        self.starts.iter().enumerate().map(|(at, (row, _))| (*row, self.between(at)))
    }

    fn between(&self, at: usize) -> &[Fault] {
        let end = self.starts.get(at + 1).map_or(self.faults.len(), |(_, next)| *next as usize);
        &self.faults[self.starts[at].1 as usize..end]
    }

    /// The group of this id.
    pub fn group(&self, id: &str) -> Option<(u32, &FaultGroup)> {
        (0..).zip(&self.groups).find(|(_, group)| group.id() == id)
    }

    /// What is found in a row that only all rows together show.
    pub(crate) fn of_several(&self, row: u64) -> &[Finding] {
        self.of_several.get(&row).map_or(&[], Vec::as_slice)
    }

    /// Whether a row of the file is read as nobody's: the header once more, a note, one that a map leaves out.
    pub fn is_passed_over(&self, row: u64) -> bool {
        self.passed_over.binary_search(&row).is_ok()
    }

    /// Who is in the roster.
    pub(crate) fn who(&self) -> Option<&Who> {
        self.who.as_deref()
    }

    /// Whether the whole roster can be sent.
    pub fn is_clean(&self) -> bool {
        self.errors == 0
    }
}

/// Rows of the file, in order, of which some are handed on and the others are nobody's.
struct Passing<'d> {
    draft: &'d Draft,
    at: usize,
    passed_over: Vec<u64>,
}

impl<'d> Passing<'d> {
    fn of(draft: &'d Draft) -> Self {
        Self { draft, at: 0, passed_over: Vec::new() }
    }

    /// The next row that is somebody's.
    fn until(&mut self, number: u64) {
        while let Some(next) = self.draft.number_at(self.at) {
            self.at += 1;
            if next == number {
                return;
            }
            // One that was taken out, or emptied, is not passed over: nothing of it is read.
            let is_there = !self.draft.edits().is_dropped(next) && self.draft.row(next).is_some();
            if is_there {
                self.passed_over.push(next);
            }
        }
    }

    fn end(mut self) -> Vec<u64> {
        self.until(0); // no row has this number
        self.passed_over
    }
}

/// What is put together while the rows go by.
struct Gathering {
    /// Which of the file's columns have which header.
    headers: HashMap<String, Vec<usize>>,
    groups: Vec<FaultGroup>,
    /// Which group it is, by code and column, and by the text.
    known: HashMap<(&'static str, Option<u32>), HashMap<String, u32>>,
    starts: Vec<(u64, u32)>,
    faults: Vec<Fault>,
    of_several: HashMap<u64, Vec<Finding>>,
}

impl Gathering {
    fn new(draft: &Draft) -> Self {
        let mut headers: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, header) in draft.roster().columns().headers.iter().enumerate() {
            headers.entry(header.clone()).or_default().push(at);
        }
        Self {
            headers,
            groups: Vec::new(),
            known: HashMap::new(),
            starts: Vec::new(),
            faults: Vec::new(),
            of_several: HashMap::new(),
        }
    }

    fn take(&mut self, row: &Row, findings: &[Finding]) {
        // Those of the file as a whole stand before the first row's.
        let mut findings = findings.iter().filter(|finding| finding.row == Some(row.number)).peekable();
        if findings.peek().is_none() {
            return;
        }
        let start = u32::try_from(self.faults.len()).unwrap_or(u32::MAX);
        self.starts.push((row.number, start));
        for finding in findings {
            self.take_one(row, finding);
        }
    }

    fn take_one(&mut self, row: &Row, finding: &Finding) {
        let Some(code) = code_of(finding.code) else { return };
        let column = self.column(row, finding);
        let is_by_value = BY_VALUE.contains(&code);
        let value = finding.value.as_deref().filter(|_| is_by_value).unwrap_or_default();
        let of_kind = self.known.entry((code.id, column)).or_default();
        let group = match of_kind.get(value) {
            Some(group) => *group,
            None => {
                let group = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
                of_kind.insert(value.to_owned(), group);
                self.groups.push(FaultGroup {
                    code,
                    severity: finding.severity,
                    column,
                    value: is_by_value.then(|| value.to_owned()),
                    rows: 0,
                    first: Vec::new(),
                    sample: finding.clone(),
                });
                group
            }
        };
        if let Some(group) = self.groups.get_mut(group as usize) {
            group.rows += 1;
            if group.first.len() < FaultGroup::FIRST {
                group.first.push(row.number);
            }
        }
        if OF_SEVERAL_ROWS.contains(&code) {
            self.of_several.entry(row.number).or_default().push(finding.clone());
        }
        self.faults.push(Fault { code: code.id, severity: finding.severity, column, group });
    }

    /// The column that a finding is about: of several with one header the first that has something in it.
    fn column(&self, row: &Row, finding: &Finding) -> Option<u32> {
        let places = self.headers.get(finding.column.as_deref()?)?;
        let is_filled = |at: &&usize| row.cells.get(**at).is_some_and(|cell| !cell.trim().is_empty());
        let at = places.iter().find(is_filled).or(places.first())?;
        u32::try_from(*at).ok()
    }

    /// Whether a row has a fault of this code.
    fn has(&self, row: u64, code: &str) -> bool {
        let Ok(at) = self.starts.binary_search_by_key(&row, |(row, _)| *row) else { return false };
        let end = self.starts.get(at + 1).map_or(self.faults.len(), |(_, next)| *next as usize);
        self.faults[self.starts[at].1 as usize..end].iter().any(|fault| fault.code == code)
    }
}

/// A code by its name: asked for each fault there is.
fn code_of(id: &str) -> Option<&'static Code> {
    static CODES: LazyLock<HashMap<&'static str, &'static Code>> =
        LazyLock::new(|| codes::all().map(|code| (code.id, code)).collect());
    CODES.get(id).copied()
}
