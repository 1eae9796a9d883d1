//! What is changed in a roster while its file stays as it is: rows are read as if the changes stood in the file.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::cells::Cells;
use super::row::{Row, Seems};

/// Changes to the rows of one roster, by their numbers as a spreadsheet shows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Edits {
    /// The new texts by row and by the file's columns, counted from 0. They are shared with the steps that set them: of half
    /// a large roster there would be two of each.
    cells: BTreeMap<(u64, usize), Arc<str>>,
    /// In how many rows there are such.
    rows: usize,
    /// The rows that are taken out.
    dropped: BTreeSet<u64>,
    /// The rows that are new, below the last of the file: their numbers.
    added: Vec<u64>,
}

/// Without the texts: one of them may be a password.
impl std::fmt::Debug for Edits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Edits({} rows, {} dropped, {} added)", self.rows, self.dropped.len(), self.added.len())
    }
}

impl Edits {
    /// Whether nothing is changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.cells.is_empty() && self.dropped.is_empty() && self.added.is_empty()
    }

    /// Sets a cell, or with `None` leaves it as the file has it.
    pub(crate) fn set(&mut self, row: u64, column: usize, text: Option<&str>) {
        self.put(row, column, text.map(Arc::from));
    }

    /// The same with a text that is shared.
    pub(crate) fn put(&mut self, row: u64, column: usize, text: Option<Arc<str>>) {
        let is_only = |edits: &Self| edits.of_row(row).next().is_none();
        match text {
            Some(text) => {
                self.rows += usize::from(is_only(self));
                self.cells.insert((row, column), text);
            }
            None if self.cells.remove(&(row, column)).is_some() => self.rows -= usize::from(is_only(self)),
            None => {}
        }
    }

    /// Takes a row out, or puts it back.
    pub(crate) fn set_dropped(&mut self, row: u64, is_dropped: bool) {
        if is_dropped {
            self.dropped.insert(row);
        } else {
            self.dropped.remove(&row);
        }
    }

    /// Adds a blank row below all others, or takes it away again.
    pub(crate) fn set_added(&mut self, row: u64, is_added: bool) {
        match (self.added.binary_search(&row), is_added) {
            (Err(at), true) => self.added.insert(at, row),
            (Ok(at), false) => drop(self.added.remove(at)),
            _ => {}
        }
    }

    /// The text that a cell was given.
    pub(crate) fn cell(&self, row: u64, column: usize) -> Option<&str> {
        self.cells.get(&(row, column)).map(|text| &**text)
    }

    /// The texts that cells of a row were given, by column.
    pub(crate) fn of_row(&self, row: u64) -> impl Iterator<Item = (usize, &str)> + Clone {
        self.cells.range((row, 0)..=(row, usize::MAX)).map(|((_, column), text)| (*column, &**text))
    }

    /// All texts that cells were given, by row and by column.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (u64, usize, &Arc<str>)> {
        self.cells.iter().map(|((row, column), text)| (*row, *column, text))
    }

    /// The rows in which cells were given texts, in order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = u64> {
        let mut last = None;
        self.cells.keys().filter_map(move |(row, _)| (last.replace(*row) != Some(*row)).then_some(*row))
    }

    /// In how many rows anything is changed, those that were taken out and those that are new among them.
    pub(crate) fn changed_rows(&self) -> usize {
        let has_cells = |row: u64| self.of_row(row).next().is_some();
        let dropped = self.dropped.iter().filter(|row| !has_cells(**row)).count();
        let is_other = |row: &&u64| !has_cells(**row) && !self.dropped.contains(row);
        self.rows + dropped + self.added.iter().filter(is_other).count()
    }

    /// How many cells were given texts.
    pub(crate) fn count(&self) -> usize {
        self.cells.len()
    }

    /// Leaves nothing of what was changed in a row: it is none any more.
    pub(crate) fn forget(&mut self, row: u64) {
        let columns: Vec<usize> = self.of_row(row).map(|(column, _)| column).collect();
        columns.into_iter().for_each(|column| self.put(row, column, None));
        self.dropped.remove(&row);
    }

    /// Whether a row was added.
    pub(crate) fn is_added(&self, row: u64) -> bool {
        self.added.binary_search(&row).is_ok()
    }

    /// Whether a row was taken out.
    pub(crate) fn is_dropped(&self, row: u64) -> bool {
        self.dropped.contains(&row)
    }

    /// The rows that were taken out, in order.
    pub(crate) fn dropped(&self) -> &BTreeSet<u64> {
        &self.dropped
    }

    /// The rows that were added, in order.
    pub(crate) fn added(&self) -> &[u64] {
        &self.added
    }

    /// Tells each row of which something is another than in these, at least once.
    pub(crate) fn each_difference(&self, other: &Self, tell: &mut dyn FnMut(u64)) {
        let (mut ours, mut theirs) = (self.cells.iter().peekable(), other.cells.iter().peekable());
        loop {
            let places = [ours.peek().map(|(place, _)| **place), theirs.peek().map(|(place, _)| **place)];
            // Of the two that come next in each the first; where both have it, the texts are compared.
            let Some(first) = places.into_iter().flatten().min() else { break };
            let our = ours.next_if(|(place, _)| **place == first).map(|(_, text)| text);
            let their = theirs.next_if(|(place, _)| **place == first).map(|(_, text)| text);
            let is_same = |(our, their)| Arc::ptr_eq(our, their) || our == their;
            if !our.zip(their).is_some_and(is_same) {
                tell(first.0);
            }
        }
        self.dropped.symmetric_difference(&other.dropped).for_each(|row| tell(*row));
        let added = |edits: &Self| -> BTreeSet<u64> { edits.added.iter().copied().collect() };
        added(self).symmetric_difference(&added(other)).for_each(|row| tell(*row));
    }

    /// Changes a row as it was read, with `spare` for its cells of before; `false` where nothing of it is left: it was taken out, or each of its cells emptied.
    ///
    /// What the reader said of a cell that has another text now no longer holds, and of a row whose cells could not be told
    /// apart neither: the reader has left them all empty, and whoever fills them in says what they are.
    pub(super) fn apply(&self, row: &mut Row, headers: &[String], spare: &mut Cells) -> bool {
        if self.dropped.contains(&row.number) {
            return false;
        }
        let cells = self.of_row(row.number);
        if cells.clone().next().is_none() {
            return true;
        }
        let is_readable = row.is_readable();
        let is_of =
            |column: &str| cells.clone().any(|(at, _)| headers.get(at).is_some_and(|name| name == column));
        row.findings
            .retain(|finding| is_readable && finding.column.as_deref().is_none_or(|name| !is_of(name)));
        row.kept.retain(|(at, _)| self.cell(row.number, *at).is_none());
        spare.clear();
        let mut changed = cells.peekable();
        let mut is_blank = true;
        for at in 0..row.cells.len() {
            let text = match changed.next_if(|(column, _)| *column == at) {
                Some((_, text)) => text,
                None => row.cells.get(at).unwrap_or_default(),
            };
            is_blank &= text.trim().is_empty();
            spare.push(text);
        }
        std::mem::swap(&mut row.cells, spare);
        // Whoever works on a row takes it for a person's.
        row.seems = Seems::Person;
        !is_blank || !row.kept.is_empty()
    }

    /// Makes a row that was added; `false` where nothing stands in it.
    pub(super) fn make(&self, number: u64, row: &mut Row, headers: &[String]) -> bool {
        *row = Row { number, ..Row::default() };
        headers.iter().for_each(|_| row.cells.push(""));
        self.of_row(number).next().is_some() && self.apply(row, headers, &mut Cells::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::codes;
    use crate::roster::{Options, Roster};

    fn read(roster: &Roster) -> Vec<(u64, Vec<String>)> {
        let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
        while rows.read(&mut row).unwrap() {
            all.push((row.number, row.cells.iter().map(str::to_owned).collect()));
        }
        all
    }

    fn roster(text: &str, map: &str) -> Roster {
        Roster::from_memory(text.as_bytes().to_vec(), &Options::default(), map).unwrap()
    }

    #[test]
    fn rows_are_read_as_if_the_changes_stood_in_the_file() {
        let before = roster("user login,tags\nann,1\nbob,2\n\ncid,3\n", "");
        let mut edits = Edits::default();
        edits.set(3, 1, Some("9"));
        edits.set(5, 0, Some("cyd"));
        edits.set_dropped(2, true);
        edits.set_added(6, true);
        edits.set_added(7, true);
        edits.set(7, 0, Some("eve"));
        for roster in [before.clone(), before.held().unwrap()] {
            let after = roster.edited(Arc::new(edits.clone())).unwrap();
            let told: Vec<_> =
                read(&after).into_iter().map(|(number, cells)| (number, cells.join(","))).collect();
            let expected = [(3, "bob,9"), (5, "cyd,3"), (7, "eve,")];
            assert_eq!(told, expected.map(|(number, cells)| (number, cells.to_owned())));
            assert_eq!(read(&roster).len(), 3, "the roster itself is as it was");
        }
        edits.set(3, 1, None);
        edits.set(5, 0, None);
        edits.set(7, 0, None);
        edits.set_dropped(2, false);
        edits.set_added(6, false);
        edits.set_added(7, false);
        assert!(edits.is_empty());
    }

    #[test]
    fn a_row_whose_cells_were_all_emptied_is_blank_and_not_read() {
        let mut edits = Edits::default();
        edits.set(2, 0, Some(""));
        edits.set(2, 1, Some(" "));
        let after = roster("user login,tags\nann,1\nbob,2\n", "").edited(Arc::new(edits)).unwrap();
        assert_eq!(read(&after).len(), 1);
    }

    #[test]
    fn what_a_map_adds_is_made_of_the_changed_cells_and_numbers_are_counted_anew() {
        let map = "[templates]\n\"user login\" = \"{first name}{n}\"";
        let before = roster("first name,last name\nann,lee\nann,poe\n", map);
        let login = |roster: &Roster| -> Vec<String> {
            read(roster).into_iter().map(|(_, cells)| cells[2].clone()).collect()
        };
        assert_eq!(login(&before), ["ann", "ann2"]);
        let mut edits = Edits::default();
        edits.set(2, 0, Some("bob"));
        assert_eq!(login(&before.edited(Arc::new(edits)).unwrap()), ["bob", "ann"]);
    }

    #[test]
    fn a_row_that_could_not_be_read_can_be_once_it_is_filled_in() {
        let before = roster("user login,tags\nann,1,2,3\nbob,2\n", "");
        let mut edits = Edits::default();
        edits.set(2, 0, Some("ann"));
        let after = before.held().unwrap().edited(Arc::new(edits)).unwrap();
        let (mut rows, mut row) = (after.rows().unwrap(), Row::default());
        assert!(rows.read(&mut row).unwrap());
        assert!(row.findings.is_empty() && row.cells.get(0) == Some("ann"));
        let (mut rows, mut row) = (before.rows().unwrap(), Row::default());
        assert!(rows.read(&mut row).unwrap());
        assert_eq!(row.findings[0].code, codes::RAGGED_ROW.id);
    }
}
