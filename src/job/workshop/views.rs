//! Which rows the grid shows, and what is wrong in groups.

use std::sync::Arc;

use super::cells::{fix_told, word};
use super::open::{Open, id_of_file};
use super::shop::Workshop;
use super::told::{FindingsTold, GroupTold, NextTold, OfFileTold, PlaceTold, RowsShown};
use super::undoable::Undoable;
use crate::finding::{Severity, codes};
use crate::text::worded;

impl Open {
    /// The rows of a view, in the file's order: `all`, `errors`, `warnings`, `changed`, `dropped`, or a group by its id after
    /// `group:`. With `find` those that have this text in a cell, in whatever case; secret columns are not looked at.
    pub(super) fn rows_of_view(&self, view: &str, find: &str) -> Arc<Vec<u64>> {
        self.views.get(view, find, || {
            let draft = self.mending.draft();
            let all = (0..draft.len()).filter_map(|at| draft.number_at(at));
            let mut rows: Vec<u64> = if view.is_empty() || view == "all" {
                all.collect()
            } else {
                all.filter(|row| self.is_in_view(*row, view)).collect()
            };
            let find = find.to_lowercase();
            if !find.is_empty() {
                let open: Vec<usize> = self
                    .secrets()
                    .iter()
                    .enumerate()
                    .filter(|(_, secret)| !**secret)
                    .map(|(at, _)| at)
                    .collect();
                rows.retain(|row| {
                    let shown = draft.shown_row(*row);
                    shown.is_some_and(|row| {
                        open.iter().any(|at| row.cells.get(*at).is_some_and(|cell| has(cell, &find)))
                    })
                });
            }
            rows
        })
    }

    fn is_in_view(&self, row: u64, view: &str) -> bool {
        let (edits, faults) = (self.mending.draft().edits(), self.mending.faults());
        let is_there = !edits.is_dropped(row);
        let has = |severity| {
            let of_check = faults.of_row(row).iter().any(|fault| fault.severity == severity);
            let of_service = severity == Severity::Error && self.service.contains_key(&row);
            is_there && (of_check || of_service)
        };
        match view {
            "errors" => has(Severity::Error),
            "warnings" => has(Severity::Warning),
            "changed" => edits.of_row(row).next().is_some() || edits.is_dropped(row) || edits.is_added(row),
            "dropped" => edits.is_dropped(row),
            "service" => self.service.contains_key(&row),
            view => match view.strip_prefix("group:").and_then(|id| faults.group(id)) {
                Some((group, _)) => is_there && faults.of_row(row).iter().any(|fault| fault.group == group),
                None => false,
            },
        }
    }
}

/// Whether a text has another in it, in whatever case; `find` is in lower case.
fn has(text: &str, find: &str) -> bool {
    if text.is_ascii() && find.is_ascii() {
        return text
            .as_bytes()
            .windows(find.len())
            .any(|window| window.eq_ignore_ascii_case(find.as_bytes()));
    }
    text.to_lowercase().contains(find)
}

impl Workshop {
    /// Rows of the grid, at most 500.
    ///
    /// # Errors
    /// Where the revision is another.
    pub fn rows(
        &self,
        revision: Option<u64>,
        view: &str,
        find: &str,
        from: usize,
        count: usize,
    ) -> Result<RowsShown, Undoable> {
        const MOST: usize = 500;
        let open = self.opened()?;
        if revision.is_some_and(|revision| revision != open.revision()) {
            return Err(Undoable::Stale { revision: open.revision() });
        }
        let order = open.rows_of_view(view, find);
        let asked = order.iter().skip(from).take(count.min(MOST));
        let secrets = open.secrets();
        let rows = asked.filter_map(|row| open.row_shown_with(*row, &secrets)).collect();
        Ok(RowsShown { revision: open.revision(), total: order.len(), rows })
    }

    /// The next fault of a view behind a cell, or the one before it; `None` where there is none.
    ///
    /// # Errors
    /// Where nothing is open.
    pub fn next(
        &self,
        view: &str,
        find: &str,
        after: (u64, i64),
        is_back: bool,
    ) -> Result<Option<NextTold>, Undoable> {
        let open = self.opened()?;
        let order = open.rows_of_view(view, find);
        let faults = open.mending.faults();
        let columns = |row: u64| {
            let mut columns: Vec<Option<u32>> = faults.of_row(row).iter().map(|fault| fault.column).collect();
            if open.service.contains_key(&row) {
                columns.push(None);
            }
            columns.sort_unstable();
            columns.dedup();
            columns
        };
        let place = |column: Option<u32>| column.map_or(-1, i64::from);
        let (row, column) = after;
        let begin = order.partition_point(|number| *number < row);
        let is_edited = |row: u64| open.mending.draft().edits().is_dropped(row);
        let found = |at: usize, is_it: &dyn Fn(i64) -> bool| {
            let number = *order.get(at).filter(|row| !is_edited(**row))?;
            let mut columns = columns(number);
            if is_back {
                columns.reverse();
            }
            let col = columns.into_iter().find(|column| number != row || is_it(place(*column)))?;
            Some(NextTold { n: number, col, at })
        };
        Ok(if is_back {
            (0..=begin.min(order.len().saturating_sub(1)))
                .rev()
                .find_map(|at| found(at, &|place| place < column))
        } else {
            (begin..order.len()).find_map(|at| found(at, &|place| place > column))
        })
    }

    /// All that is wrong: what is said of the file, and the groups, errors first.
    ///
    /// # Errors
    /// Where nothing is open, or the roster can no longer be read.
    pub fn findings(&self) -> Result<FindingsTold, Undoable> {
        const GROUPS: usize = 500;
        let open = self.opened()?;
        let (faults, mender) = (open.mending.faults(), open.mending.mender());
        let mut order: Vec<u32> = (0..).zip(&faults.groups).map(|(at, _)| at).collect();
        let rank = |at: &u32| {
            let group = &faults.groups[*at as usize];
            (group.severity != Severity::Error, u64::MAX - group.rows)
        };
        order.sort_by_key(rank);
        let more = order.len().saturating_sub(GROUPS);
        let is_current = faults.revision == open.mending.draft().revision();
        let mut groups = Vec::new();
        for at in order.into_iter().take(GROUPS) {
            let group = &faults.groups[at as usize];
            // What is proposed is held against the rows as they are: of a revision that is not checked nothing is.
            let proposals = if is_current { mender.of_group(at) } else { Vec::new() };
            groups.push(GroupTold {
                id: group.id(),
                code: group.code.id,
                severity: word(group.severity),
                col: group.column,
                header: group.sample.column.clone(),
                title: group.code.title,
                why: worded(group.code.why, self.voice).into_owned(),
                source: group.code.source,
                message: group.sample.message.clone(),
                hint: group.sample.told_hint(self.voice).map(std::borrow::Cow::into_owned),
                rows: group.rows,
                first: PlaceTold { n: group.first.first().copied().unwrap_or(0), col: group.column },
                value: group.value.clone(),
                fixes: proposals
                    .iter()
                    .map(|(id, proposal)| fix_told(id.clone(), proposal, group.rows))
                    .collect(),
            });
        }
        let mut of_file = Vec::new();
        for (at, finding) in faults.of_file.iter().enumerate() {
            let Some(code) = codes::find(finding.code) else { continue };
            let proposals = if is_current { mender.of_file(finding)? } else { Vec::new() };
            of_file.push(OfFileTold {
                id: id_of_file(at, finding),
                finding: finding.worded(self.voice).into_owned(),
                title: code.title,
                why: worded(code.why, self.voice).into_owned(),
                source: code.source,
                fixes: proposals.iter().map(|(id, proposal)| fix_told(id.clone(), proposal, 0)).collect(),
            });
        }
        Ok(FindingsTold { revision: open.revision(), counts: open.counts(), of_file, groups, more })
    }
}
