//! What is changed in a copy of a roster.

use std::collections::BTreeMap;

use crate::roster::{Edits, Roster};
use crate::text::count;

/// A roster on its way into a copy in which something is changed.
pub(crate) struct Mended<'m> {
    /// The roster as its file has it, its rows in memory.
    pub(crate) roster: &'m Roster,
    /// What is changed in its rows.
    pub(crate) edits: &'m Edits,
    /// Headers that are changed, by the file's columns.
    pub(crate) headers: &'m [(usize, String)],
    /// The columns of passwords, by these headers: no cell of them has a guard.
    pub(crate) passwords: &'m [usize],
}

/// What happens to a row of a workbook.
pub(super) enum Altering {
    /// These cells say these texts.
    Cells(Vec<(u32, String)>),
    /// Nothing is left in it.
    Emptied,
}

impl Mended<'_> {
    /// What happens to the rows of a workbook, the header's among them, in order.
    pub(super) fn alterings(&self) -> BTreeMap<u64, Altering> {
        let mut alterings = BTreeMap::new();
        let column = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        if !self.headers.is_empty() {
            let mut cells: Vec<(u32, String)> =
                self.headers.iter().map(|(at, text)| (column(*at), text.clone())).collect();
            cells.sort_by_key(|(at, _)| *at);
            alterings.insert(self.roster.header_row(), Altering::Cells(cells));
        }
        for row in self.edits.rows() {
            let cells = self.edits.of_row(row).map(|(at, text)| (column(at), text.to_owned()));
            alterings.insert(row, Altering::Cells(cells.collect()));
        }
        for row in self.edits.dropped() {
            if self.edits.is_added(*row) {
                alterings.remove(row);
            } else {
                alterings.insert(*row, Altering::Emptied);
            }
        }
        alterings
    }

    /// The rows that are added below the last, by the numbers that they get there.
    pub(super) fn added(&self, last: u64) -> Vec<(u64, Vec<(u32, String)>)> {
        let added = self.edits.added().iter().filter(|row| !self.edits.is_dropped(**row));
        let with_cells = added.filter(|row| self.edits.of_row(**row).next().is_some());
        let cells = |row: &u64| {
            let cells = self.edits.of_row(*row).filter(|(_, text)| !text.is_empty());
            cells.map(|(at, text)| (u32::try_from(at).unwrap_or(u32::MAX), text.to_owned())).collect()
        };
        (last + 1..).zip(with_cells).map(|(number, row)| (number, cells(row))).collect()
    }

    /// What a workbook's copy does not have, by what was in its way.
    pub(super) fn say_formulas(formulas: u64, said: &mut Vec<String>) {
        if formulas > 0 {
            said.push(format!("{} replaced by text", count(formulas, "formula")));
        }
    }
}
