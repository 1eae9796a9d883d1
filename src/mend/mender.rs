//! Which changes mend which faults of a draft, and what comes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::draft::{Change, Draft, as_changes};
use super::faults::{FaultGroup, Faults};
use crate::agent::PhoneRegion;
use crate::error::Failure;
use crate::finding::{Finding, Fix, Proposal, codes};
use crate::roster::Row;
use crate::validate::{Proposing, Rules, grammar, may_be_mended, username};

/// Mends a draft by what is known to be wrong with it. Decides nothing by itself and changes nothing: changes come out.
pub struct Mender<'m> {
    draft: &'m Draft,
    faults: &'m Faults,
    rules: Rules<'m>,
    region: Option<PhoneRegion>,
}

/// Which fixes are meant.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picked {
    /// All that cannot be meant otherwise.
    pub safe: bool,
    /// Whatever is proposed first for these codes.
    pub codes: BTreeSet<String>,
}

/// What comes of changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// In how many rows something changes.
    pub rows: u64,
    /// How many cells change.
    pub cells: u64,
    /// How many rows are taken out.
    pub dropped: u64,
    /// The first of the cells: row, column, text before and after. A secret's are left out.
    pub samples: Vec<(u64, usize, String, String)>,
    /// How many findings there are less of all kinds that become fewer.
    pub mends: u64,
    /// How many findings there are more of all kinds that become more.
    pub adds: u64,
}

impl Effect {
    /// How much these changes touch, whatever comes of them.
    pub fn of(changes: &[Change]) -> Self {
        let mut effect = Self::default();
        let mut rows = Vec::new();
        for change in changes {
            match change {
                Change::Cell { row, .. } => {
                    effect.cells += 1;
                    rows.push(*row);
                }
                Change::Drop { row, .. } => {
                    effect.dropped += 1;
                    rows.push(*row);
                }
                Change::Add { row } => rows.push(*row),
                Change::Header { .. } => {}
            }
        }
        rows.sort_unstable();
        rows.dedup();
        effect.rows = rows.len() as u64;
        effect
    }
}

impl<'m> Mender<'m> {
    /// How many rounds a row is mended in at most: what a fix uncovers is mended by the next.
    const ROUNDS: usize = 16;

    /// For a draft whose faults are known, by the rules that they were found by. National telephone numbers are those of the
    /// country, where one is given.
    pub fn new(draft: &'m Draft, faults: &'m Faults, rules: &Rules<'m>, region: Option<PhoneRegion>) -> Self {
        Self { draft, faults, rules: rules.for_mending(), region }
    }

    fn proposing(&self) -> Proposing<'_> {
        Proposing::new(self.draft.roster(), &self.rules, self.faults.who(), self.region)
    }

    /// What is found in a row, by itself and beside others.
    pub fn findings(&self, row: &Row) -> Vec<Finding> {
        self.findings_by(&self.proposing(), row)
    }

    fn findings_by(&self, proposing: &Proposing<'_>, row: &Row) -> Vec<Finding> {
        let mut findings = proposing.findings(row);
        for finding in self.faults.of_several(row.number) {
            if !findings.contains(finding) {
                findings.push(finding.clone());
            }
        }
        findings
    }

    /// What mends a finding of a row; the likeliest first.
    pub fn of_row(&self, row: &Row, finding: &Finding) -> Vec<Proposal> {
        self.of_row_by(&self.proposing(), row, finding)
    }

    fn of_row_by(&self, proposing: &Proposing<'_>, row: &Row, finding: &Finding) -> Vec<Proposal> {
        if !may_be_mended(finding.code) {
            return Vec::new();
        }
        let above = (finding.code == codes::USERNAME_DUPLICATE.id).then(|| self.above(row)).flatten();
        proposing.of_row(row, finding, above.as_ref())
    }

    /// The row above that has the same username.
    fn above(&self, row: &Row) -> Option<Row> {
        let first = self.faults.who()?.first(username(row, self.draft.roster().columns()))?;
        (first < row.number).then(|| self.draft.row(first)).flatten()
    }

    /// What mends the faults of a group: what is proposed for its first rows. Each comes with its id.
    pub fn of_group(&self, group: u32) -> Vec<(String, Proposal)> {
        let Some(told) = self.faults.groups.get(group as usize) else { return Vec::new() };
        let proposing = self.proposing();
        let mut all: Vec<(String, Proposal)> = Vec::new();
        for number in &told.first {
            let Some(row) = self.draft.row(*number) else { continue };
            for (id, proposal) in self.of_group_in(&proposing, &row, told) {
                match all.iter_mut().find(|(known, _)| *known == id) {
                    // It is safe where it is so everywhere.
                    Some((_, known)) => known.safe &= proposal.safe,
                    None => all.push((id, proposal)),
                }
            }
        }
        all
    }

    fn of_group_in(
        &self,
        proposing: &Proposing<'_>,
        row: &Row,
        group: &FaultGroup,
    ) -> Vec<(String, Proposal)> {
        let findings = self.findings_by(proposing, row);
        let is_it = |finding: &&Finding| {
            finding.code == group.code.id
                && finding.row == Some(row.number)
                && finding.column == group.sample.column
                && (group.value.is_none() || finding.value == group.value)
        };
        let Some(finding) = findings.iter().find(is_it) else { return Vec::new() };
        with_ids(self.of_row_by(proposing, row, finding))
    }

    /// The changes that a fix of a group makes in all of its rows.
    pub fn changes_of_group(&self, group: u32, fix: &str) -> Vec<Change> {
        let Some(told) = self.faults.groups.get(group as usize) else { return Vec::new() };
        let proposing = self.proposing();
        let mut changes = Vec::new();
        for (number, faults) in self.faults.each_row() {
            if !faults.iter().any(|fault| fault.group == group) {
                continue;
            }
            let Some(row) = self.draft.row(number) else { continue };
            let proposals = self.of_group_in(&proposing, &row, told);
            if let Some((_, proposal)) =
                proposals.iter().find(|(id, proposal)| id == fix && proposal.is_whole())
            {
                changes.extend(changes_of(number, proposal));
            }
        }
        changes
    }

    /// What mends a finding of the file as a whole, each with its id. That a column is read as another is proposed where all
    /// rows, checked once more, have no fault more by it.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read.
    pub fn of_file(&self, finding: &Finding) -> Result<Vec<(String, Proposal)>, Failure> {
        if !may_be_mended(finding.code) {
            return Ok(Vec::new());
        }
        let mut kept = Vec::new();
        for proposal in self.proposing().of_file(finding) {
            let is_right = match &proposal.fix {
                Fix::Map { .. } => {
                    let effect = self.effect(&self.changes_of_file(finding, &proposal))?;
                    effect.adds == 0 && effect.mends > 0
                }
                _ => true,
            };
            if is_right {
                kept.push(proposal);
            }
        }
        Ok(with_ids(kept))
    }

    /// The changes that a fix of the file makes.
    pub fn changes_of_file(&self, finding: &Finding, proposal: &Proposal) -> Vec<Change> {
        match (&proposal.fix, finding.row) {
            (Fix::Map { header, field }, _) => {
                let headers = self.draft.roster().own_headers();
                let at = headers.iter().position(|name| name == header);
                let header = |column| Change::Header { column, text: field.as_str().into() };
                at.map(header).into_iter().collect()
            }
            (Fix::DropRow, Some(row)) => vec![Change::Drop { row, is_dropped: true }],
            _ => Vec::new(),
        }
    }

    /// The changes of all fixes that are picked. Of a row one fix after the other, until there is none left that is picked.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read.
    pub fn changes_of(&self, picked: &Picked) -> Result<Vec<Change>, Failure> {
        let proposing = self.proposing();
        let mut changes = Vec::new();
        for finding in &self.faults.of_file {
            let proposals = self.of_file(finding)?;
            let picked = proposals.iter().find(|(_, proposal)| is_picked(picked, finding, proposal));
            changes
                .extend(picked.into_iter().flat_map(|(_, proposal)| self.changes_of_file(finding, proposal)));
        }
        for (number, faults) in self.faults.each_row() {
            let may_be = |code: &str| may_be_mended(code) && (picked.safe || picked.codes.contains(code));
            if !faults.iter().any(|fault| may_be(fault.code)) {
                continue;
            }
            if let Some(row) = self.draft.row(number) {
                changes.extend(self.mended(&proposing, row, picked));
            }
        }
        Ok(changes)
    }

    fn mended(&self, proposing: &Proposing<'_>, mut row: Row, picked: &Picked) -> Vec<Change> {
        let number = row.number;
        let mut cells: HashMap<(u64, usize), String> = HashMap::new();
        for _ in 0..Self::ROUNDS {
            let findings = self.findings_by(proposing, &row);
            let next = findings.iter().find_map(|finding| {
                let proposals = self.of_row_by(proposing, &row, finding);
                proposals.into_iter().find(|proposal| is_picked(picked, finding, proposal))
            });
            let Some(proposal) = next else { break };
            if proposal.fix == Fix::DropRow {
                return vec![Change::Drop { row: number, is_dropped: true }];
            }
            let texts: Vec<(usize, &str)> =
                proposal.cells.iter().map(|(at, text)| (*at, text.as_str())).collect();
            row = self.draft.roster().with_cells(&row, &texts);
            cells.extend(proposal.cells.into_iter().map(|(at, text)| ((number, at), text)));
        }
        as_changes(cells)
    }

    /// The changes that put one text in place of another. With `whole` cells that say exactly this, without the spaces
    /// around; else each place where it stands. Secret columns are left alone.
    pub fn replaced(
        &self,
        find: &str,
        with: &str,
        column: Option<usize>,
        is_whole: bool,
        has_case: bool,
    ) -> Vec<Change> {
        let mut changes = Vec::new();
        if find.is_empty() {
            return changes;
        }
        let roster = self.draft.roster();
        let columns: Vec<usize> = (0..roster.width())
            .filter(|at| column.is_none_or(|column| column == *at) && !self.is_secret(*at))
            .collect();
        // What stands in a column stands there often: what came of the cell above is not made once more.
        let mut above: Vec<(Option<String>, Option<Arc<str>>)> = vec![(None, None); roster.width()];
        self.draft.each_cell(&columns, &mut |row, column, cell| {
            let Some((known, text)) = above.get_mut(column) else { return };
            if known.as_deref() != Some(cell) {
                *text = replace_in(cell, find, with, is_whole, has_case).map(Arc::from);
                cell.clone_into(known.get_or_insert_default());
            }
            if let Some(text) = text {
                changes.push(Change::Cell { row, column, text: Arc::clone(text) });
            }
        });
        changes
    }

    /// Whether nothing of a column may be shown: passwords, and what sounds like them.
    fn is_secret(&self, column: usize) -> bool {
        is_secret(self.draft, column)
    }

    /// What comes of changes: they are made in a copy, and all of its rows are checked.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read.
    pub fn effect(&self, changes: &[Change]) -> Result<Effect, Failure> {
        const SAMPLES: usize = 5;
        let mut effect = Effect::of(changes);
        for change in changes {
            let Change::Cell { row, column, text } = change else { continue };
            if effect.samples.len() == SAMPLES {
                break;
            }
            if !self.is_secret(*column) {
                let before = self.draft.row(*row).and_then(|row| row.cells.get(*column).map(str::to_owned));
                effect.samples.push((*row, *column, before.unwrap_or_default(), text.to_string()));
            }
        }
        let mut changed = self.draft.clone();
        changed.change("", changes.to_vec())?;
        let after = Faults::of(&changed, &self.rules, Some(self.faults), &|| Ok(()))?;
        let (before, after) = (counted(self.faults), counted(&after));
        for (kind, count) in &after {
            effect.adds += count.saturating_sub(before.get(kind).copied().unwrap_or(0));
        }
        for (kind, count) in &before {
            effect.mends += count.saturating_sub(after.get(kind).copied().unwrap_or(0));
        }
        Ok(effect)
    }
}

/// How many findings there are of each code and column.
fn counted(faults: &Faults) -> BTreeMap<(&str, Option<&str>), u64> {
    let mut counts: BTreeMap<(&str, Option<&str>), u64> = BTreeMap::new();
    for finding in &faults.of_file {
        *counts.entry((finding.code, finding.column.as_deref())).or_default() += 1;
    }
    for group in &faults.groups {
        *counts.entry((group.code.id, group.sample.column.as_deref())).or_default() += group.rows;
    }
    counts
}

fn is_picked(picked: &Picked, finding: &Finding, proposal: &Proposal) -> bool {
    proposal.is_whole() && ((picked.safe && proposal.safe) || picked.codes.contains(finding.code))
}

fn changes_of(row: u64, proposal: &Proposal) -> Vec<Change> {
    if proposal.fix == Fix::DropRow {
        return vec![Change::Drop { row, is_dropped: true }];
    }
    let cell =
        |(column, text): &(usize, String)| Change::Cell { row, column: *column, text: text.as_str().into() };
    proposal.cells.iter().map(cell).collect()
}

/// The changes of a fix of one row.
pub(crate) fn changes_of_one(row: u64, proposal: &Proposal) -> Vec<Change> {
    changes_of(row, proposal)
}

/// Proposals by an id: their kind, and which of that kind.
pub(crate) fn with_ids(proposals: Vec<Proposal>) -> Vec<(String, Proposal)> {
    let mut seen: HashMap<&'static str, usize> = HashMap::new();
    let id = |proposal: Proposal| {
        let nth = seen.entry(proposal.fix.kind()).or_default();
        *nth += 1;
        let kind = proposal.fix.kind();
        let id = if *nth == 1 { kind.to_owned() } else { format!("{kind}-{nth}") };
        (id, proposal)
    };
    proposals.into_iter().map(id).collect()
}

/// Whether nothing of a column of a draft may be shown: passwords, and what sounds like them.
pub(crate) fn is_secret(draft: &Draft, column: usize) -> bool {
    draft.roster().hides(column)
}

fn replace_in(cell: &str, find: &str, with: &str, is_whole: bool, has_case: bool) -> Option<String> {
    let same = |one: &str, other: &str| {
        if has_case { one == other } else { one.to_lowercase() == other.to_lowercase() }
    };
    if is_whole {
        return same(grammar::trimmed(cell), find.trim())
            .then(|| with.to_owned())
            .filter(|text| text != cell);
    }
    if has_case {
        return cell.contains(find).then(|| cell.replace(find, with)).filter(|text| text != cell);
    }
    let mut text = String::with_capacity(cell.len());
    let mut rest = cell;
    while let Some(c) = rest.chars().next() {
        // Of another case a text may have another length: as many characters are looked at as are sought.
        let end = rest.char_indices().nth(find.chars().count()).map_or(rest.len(), |(at, _)| at);
        if same(&rest[..end], find) {
            text.push_str(with);
            rest = &rest[end..];
        } else {
            text.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    (text != cell).then_some(text)
}
