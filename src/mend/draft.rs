//! A roster that is being mended: its rows in memory, what was changed in them step by step, and the file as it was.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::error::Failure;
use crate::roster::{Edits, Options, Roster, Row};

/// One change of one thing.
#[derive(Clone, PartialEq, Eq)]
pub enum Change {
    /// A cell gets a text: the row's number as a spreadsheet shows it, and the file's column, counted from 0.
    Cell {
        /// The row.
        row: u64,
        /// The column.
        column: usize,
        /// The text.
        text: Arc<str>,
    },
    /// A row is taken out, or put back.
    Drop {
        /// The row.
        row: u64,
        /// Whether it is taken out.
        is_dropped: bool,
    },
    /// A row is added below all others.
    Add {
        /// The number that it has.
        row: u64,
    },
    /// A column gets another header.
    Header {
        /// The column.
        column: usize,
        /// The header.
        text: Arc<str>,
    },
}

/// Without the texts: one of them may be a password.
impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Cell { row, column, .. } => write!(f, "Cell({row}, {column})"),
            Self::Drop { row, is_dropped } => write!(f, "Drop({row}, {is_dropped})"),
            Self::Add { row } => write!(f, "Add({row})"),
            Self::Header { column, .. } => write!(f, "Header({column})"),
        }
    }
}

/// What was changed at once, and is undone at once.
#[derive(Clone, Debug)]
pub struct Step {
    /// Which it is; they are counted from 1.
    pub id: u64,
    /// What was done, in a few words. Never a text of a secret column.
    pub label: String,
    /// The changes.
    changes: Vec<Change>,
    /// Whether it was undone.
    pub is_undone: bool,
    /// When it was undone: the greater the later.
    undone_at: u64,
    /// How many cells it has changed.
    cells: usize,
    /// In how many rows it has changed something.
    rows: usize,
    /// Whether it has changed a header.
    has_header: bool,
    /// The last row in which it has changed something.
    last_row: u64,
}

impl Step {
    fn new(id: u64, label: String, changes: Vec<Change>) -> Self {
        let cells = changes.iter().filter(|change| matches!(change, Change::Cell { .. })).count();
        let has_header = changes.iter().any(|change| matches!(change, Change::Header { .. }));
        let (undone_at, rows, last_row) = (0, 0, 0);
        let mut step =
            Self { id, label, changes, is_undone: false, undone_at, cells, rows, has_header, last_row };
        let of_rows = step.of_rows();
        (step.rows, step.last_row) = (of_rows.len(), of_rows.last().copied().unwrap_or(0));
        step
    }

    /// How many cells it has changed.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// In how many rows it has changed something.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The rows in which it has changed something, in order.
    pub fn of_rows(&self) -> Vec<u64> {
        let row = |change: &Change| match change {
            Change::Cell { row, .. } | Change::Drop { row, .. } | Change::Add { row } => Some(*row),
            Change::Header { .. } => None,
        };
        sorted(self.changes.iter().filter_map(row).collect())
    }
}

/// A roster that is being mended. Its file is never written.
#[derive(Clone)]
pub struct Draft {
    path: PathBuf,
    options: Options,
    /// The text of a column map in place of the file that the options name.
    map: Option<String>,
    /// The roster as its file has it, header and all.
    file: Roster,
    /// The same with the headers that were changed.
    base: Roster,
    /// The same with all that is changed.
    roster: Roster,
    edits: Arc<Edits>,
    steps: Vec<Arc<Step>>,
    /// Grows with each change.
    revision: u64,
    /// The revision in which the headers were changed last.
    headers: u64,
    /// How many steps there were, those that are forgotten included.
    made: u64,
    /// How many were undone.
    undone: u64,
}

impl Draft {
    /// Opens a roster and holds its rows in memory.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read as a roster.
    pub fn open(path: &Path, options: Options, map: Option<String>) -> Result<Self, Failure> {
        let file = read(path, &options, map.as_deref())?;
        let (base, roster, edits) = (file.clone(), file.clone(), Arc::default());
        Ok(Self {
            path: path.to_owned(),
            options,
            map,
            file,
            base,
            roster,
            edits,
            steps: Vec::new(),
            revision: 1,
            headers: 1,
            made: 0,
            undone: 0,
        })
    }

    /// The roster with all that is changed.
    pub fn roster(&self) -> &Roster {
        &self.roster
    }

    /// The roster as its file has it.
    pub(crate) fn original(&self) -> &Roster {
        &self.file
    }

    /// What is changed.
    pub(crate) fn edits(&self) -> &Edits {
        &self.edits
    }

    /// The same, for whoever keeps them.
    pub(crate) fn shared_edits(&self) -> Arc<Edits> {
        Arc::clone(&self.edits)
    }

    /// The revision in which the headers were changed last.
    pub(crate) fn headers_revision(&self) -> u64 {
        self.headers
    }

    /// The path that it was opened under.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How it is read.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// The text of its column map, where it was given as a text.
    pub fn map(&self) -> Option<&str> {
        self.map.as_deref()
    }

    /// Which revision it is: each change makes another.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// All that was done, in order.
    pub fn steps(&self) -> &[Arc<Step>] {
        &self.steps
    }

    /// The step that was undone last, of those that may be done again.
    pub fn undone_last(&self) -> Option<&Arc<Step>> {
        self.steps.iter().filter(|step| step.is_undone).max_by_key(|step| step.undone_at)
    }

    /// Headers that were changed, by column.
    pub(crate) fn renamed(&self) -> Vec<(usize, String)> {
        let mut renamed: Vec<(usize, String)> = Vec::new();
        let with_headers = self.steps.iter().filter(|step| step.has_header && !step.is_undone);
        for change in with_headers.flat_map(|step| &step.changes) {
            if let Change::Header { column, text } = change {
                renamed.retain(|(at, _)| at != column);
                renamed.push((*column, text.to_string()));
            }
        }
        renamed
    }

    /// How many of the file's rows there are, those that were taken out included, and those that were added.
    pub fn len(&self) -> usize {
        self.base.in_memory().map_or(0, |held| held.len()) + self.edits.added().len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the row at this place, in the file's order.
    pub fn number_at(&self, at: usize) -> Option<u64> {
        let held = self.base.in_memory()?;
        held.numbers()
            .get(at)
            .copied()
            .or_else(|| self.edits.added().get(at.checked_sub(held.len())?).copied())
    }

    /// The number that a row has which is added next.
    pub fn next_number(&self) -> u64 {
        let last = self.base.in_memory().and_then(|held| held.numbers().last().copied());
        let last = last.unwrap_or(self.base.header_row());
        // The number of a row that was added and is gone is nobody else's, as long as a step knows it.
        let known = self.steps.iter().map(|step| step.last_row).max().unwrap_or(0);
        self.edits.added().last().copied().unwrap_or(0).max(last).max(known) + 1
    }

    /// A row with all that is changed in it; where it was taken out, or nothing of it is left, `None`.
    pub fn row(&self, number: u64) -> Option<Row> {
        self.roster.row_of(number)
    }

    /// Goes over the rows in the file's order, each with what is changed in its cells; those that were taken out, or of which
    /// nothing is left, are passed over. Nothing that a map adds is in them.
    pub(crate) fn each_row(&self, take: &mut dyn FnMut(&Row)) {
        let Some(held) = self.base.in_memory() else { return };
        let mut row = Row::default();
        for at in 0..self.len() {
            let Some(number) = self.number_at(at) else { continue };
            if self.edits.is_dropped(number) {
                continue;
            }
            if self.edits.of_row(number).next().is_none() && held.give(at, &mut row) {
                take(&row);
            } else if let Some(row) = self.row(number) {
                take(&row);
            }
        }
    }

    /// Goes over the cells of these columns, row by row as [`Draft::each_row`] does, each with its row's number and its
    /// column: for whoever needs nothing else of a row, so that none is put together.
    pub(crate) fn each_cell(&self, columns: &[usize], take: &mut dyn FnMut(u64, usize, &str)) {
        let Some(held) = self.base.in_memory() else { return };
        for at in 0..self.len() {
            let Some(number) = self.number_at(at) else { continue };
            let mut changed = self.edits.of_row(number);
            // Of a row that has a new text it is known that something is left of it.
            let is_there =
                changed.clone().next().is_none() || changed.any(|(_, text)| !text.trim().is_empty());
            let plain = held.plain(at).filter(|_| is_there && !self.edits.is_dropped(number));
            if let Some(plain) = plain {
                let cell = |column| self.edits.cell(number, column).or_else(|| plain.cell(column));
                let cells = columns.iter().filter_map(|column| Some((*column, cell(*column)?)));
                cells.for_each(|(column, cell)| take(number, column, cell));
            } else if let Some(row) = self.row(number) {
                let cells = columns.iter().filter_map(|column| Some((*column, row.cells.get(*column)?)));
                cells.for_each(|(column, cell)| take(number, column, cell));
            }
        }
    }

    /// A row with all that is changed in its cells, be it taken out or blank: for whoever shows it. Nothing that a map adds
    /// is in it.
    pub(crate) fn shown_row(&self, number: u64) -> Option<Row> {
        let mut row = match self.original_row(number) {
            Some(row) => row,
            None if self.edits.is_added(number) => {
                let cells = (0..self.base.width()).map(|_| "").collect();
                Row { number, cells, ..Row::default() }
            }
            None => return None,
        };
        let width = self.base.width();
        let mut changed = self.edits.of_row(number).peekable();
        if changed.peek().is_some() || row.cells.len() > width {
            let cells: Vec<String> = (0..width)
                .map(|at| match changed.next_if(|(column, _)| *column == at) {
                    Some((_, text)) => text.to_owned(),
                    None => row.cells.get(at).unwrap_or_default().to_owned(),
                })
                .collect();
            row.cells = cells.iter().map(String::as_str).collect();
        }
        Some(row)
    }

    /// The row as the file has it; of one that was added `None`.
    pub(crate) fn original_row(&self, number: u64) -> Option<Row> {
        self.base.row_of(number)
    }

    /// Whether a row of this number can be changed: the file has it, or it was added.
    pub fn has_row(&self, number: u64) -> bool {
        let is_held = self.base.in_memory().is_some_and(|held| held.place_of(number).is_some());
        is_held || self.edits.is_added(number)
    }

    /// Changes something. Of what is as it should be already nothing is left; where nothing is left at all, there is no
    /// step.
    ///
    /// # Errors
    /// Exit 2 where a header was changed and the roster can no longer be read.
    pub fn change(
        &mut self,
        label: impl Into<String>,
        mut changes: Vec<Change>,
    ) -> Result<Option<Arc<Step>>, Failure> {
        changes.retain(|change| self.changes_something(change));
        if changes.is_empty() {
            return Ok(None);
        }
        // What was undone is not done again after something else was done.
        self.steps.retain(|step| !step.is_undone);
        let id = self.made + 1;
        let mut edits = (*self.edits).clone();
        changes.iter().for_each(|change| put(&mut edits, change, &self.base, true));
        let step = Step::new(id, label.into(), changes);
        let has_header = step.has_header;
        self.steps.push(Arc::new(step));
        let taken = self.take(edits, has_header);
        if taken.is_err() {
            self.steps.pop();
        }
        taken?;
        // No other step ever has the number of this one: whoever has noted it means this one.
        self.made = id;
        Ok(self.steps.last().cloned())
    }

    /// Undoes a step, be it one in the midst of others: what later ones have changed stays as they left it. Without an id
    /// the last. `None` where there is none to undo.
    ///
    /// # Errors
    /// Exit 2 where a header was changed and the roster can no longer be read.
    pub fn undo(&mut self, id: Option<u64>) -> Result<Option<Arc<Step>>, Failure> {
        let is_it = |step: &Arc<Step>| !step.is_undone && id.is_none_or(|id| step.id == id);
        let Some(at) = self.steps.iter().rposition(is_it) else { return Ok(None) };
        self.switch(at, true)
    }

    /// Does again what was undone last. `None` where there is nothing.
    ///
    /// # Errors
    /// Exit 2 where a header was changed and the roster can no longer be read.
    pub fn redo(&mut self) -> Result<Option<Arc<Step>>, Failure> {
        let last = self.undone_last().map(|step| step.id);
        let Some(at) = self.steps.iter().position(|step| Some(step.id) == last) else { return Ok(None) };
        self.switch(at, false)
    }

    fn switch(&mut self, at: usize, is_undone: bool) -> Result<Option<Arc<Step>>, Failure> {
        self.undone += u64::from(is_undone);
        let step = Arc::new(Step { is_undone, undone_at: self.undone, ..(*self.steps[at]).clone() });
        let before = std::mem::replace(&mut self.steps[at], Arc::clone(&step));
        let edits = self.replayed(&step.changes);
        let taken = self.take(edits, step.has_header);
        if taken.is_err() {
            self.steps[at] = before;
        }
        taken.map(|()| Some(step))
    }

    /// What is changed where only the steps count that were not undone. Nothing else than what these changes touch is
    /// another.
    fn replayed(&self, touched: &[Change]) -> Edits {
        let mut edits = (*self.edits).clone();
        let mut cells: HashSet<(u64, usize)> = HashSet::new();
        let (mut dropped, mut added) = (BTreeSet::new(), BTreeSet::new());
        for change in touched {
            match change {
                Change::Cell { row, column, .. } => drop(cells.insert((*row, *column))),
                Change::Drop { row, .. } => drop(dropped.insert(*row)),
                Change::Add { row } => drop(added.insert(*row)),
                Change::Header { .. } => {}
            }
        }
        for (row, column) in &cells {
            edits.set(*row, *column, None);
        }
        dropped.iter().for_each(|row| edits.set_dropped(*row, false));
        for row in &added {
            edits.set_added(*row, false);
            edits.forget(*row);
        }
        for change in self.steps.iter().filter(|step| !step.is_undone).flat_map(|step| &step.changes) {
            let is_touched = match change {
                // What was done in a row comes back with it.
                Change::Cell { row, column, .. } => cells.contains(&(*row, *column)) || added.contains(row),
                Change::Drop { row, .. } => dropped.contains(row) || added.contains(row),
                Change::Add { row } => added.contains(row),
                Change::Header { .. } => false,
            };
            if is_touched {
                put(&mut edits, change, &self.base, false);
            }
        }
        // Of a row that was added and is gone nothing is left, whatever was done in it since.
        for row in cells.iter().map(|(row, _)| row).chain(&dropped).chain(&added) {
            let is_of_file = || self.base.in_memory().is_some_and(|held| held.place_of(*row).is_some());
            if !edits.is_added(*row) && !is_of_file() {
                edits.forget(*row);
            }
        }
        edits
    }

    /// The same file read by another map, or with other options of which none makes another table of it: all that was done
    /// stays, step by step.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read so.
    pub(crate) fn read_by(&self, options: Options, map: Option<String>) -> Result<Self, Failure> {
        let file = read(&self.path, &options, map.as_deref())?;
        let mut draft = Self { options, map, base: file.clone(), file, ..self.clone() };
        draft.take((*self.edits).clone(), true)?;
        Ok(draft)
    }

    fn take(&mut self, edits: Edits, has_header: bool) -> Result<(), Failure> {
        let edits = Arc::new(edits);
        let base = if has_header { self.file.renamed(&self.renamed())?.held()? } else { self.base.clone() };
        self.roster = base.edited(Arc::clone(&edits))?;
        self.base = base;
        self.edits = edits;
        self.revision += 1;
        if has_header {
            self.headers = self.revision;
        }
        Ok(())
    }

    fn changes_something(&self, change: &Change) -> bool {
        match change {
            Change::Cell { row, column, text } => {
                if *column >= self.base.width() {
                    return false;
                }
                let edited = self.edits.cell(*row, *column).map(std::borrow::Cow::Borrowed);
                match edited.or_else(|| file_cell(&self.base, *row, *column)) {
                    Some(is) => *is != **text,
                    // Nothing that can be told: be it of a row that there is, or of none.
                    None => self.has_row(*row),
                }
            }
            Change::Drop { row, is_dropped } => {
                self.has_row(*row) && self.edits.is_dropped(*row) != *is_dropped
            }
            Change::Add { .. } => true,
            Change::Header { column, text } => {
                self.base.own_headers().get(*column).is_some_and(|header| *header != **text)
            }
        }
    }
}

/// What the file has in a cell, as far as that is text: of what the reader has kept aside nothing.
fn file_cell(base: &Roster, row: u64, column: usize) -> Option<std::borrow::Cow<'_, str>> {
    let held = base.in_memory()?;
    if let Some(cell) = held.place_of(row).and_then(|at| held.plain(at)?.cell(column)) {
        return Some(cell.into());
    }
    let original = base.row_of(row)?;
    let is_kept = original.kept.iter().any(|(at, _)| *at == column) || !original.is_readable();
    if is_kept { None } else { original.cells.get(column).map(|cell| cell.to_owned().into()) }
}

/// Each once, in order.
fn sorted(mut rows: Vec<u64>) -> Vec<u64> {
    rows.sort_unstable();
    rows.dedup();
    rows
}

/// Adds a change to those that there are. A cell that gets the file's own text again is none that is changed.
/// `is_other` says that it is another than there was: then one that was the file's own is not looked up once more.
fn put(edits: &mut Edits, change: &Change, base: &Roster, is_other: bool) {
    match change {
        Change::Cell { row, column, text } => {
            let may_be_same = !is_other || edits.cell(*row, *column).is_some();
            let is_same = may_be_same && file_cell(base, *row, *column).is_some_and(|cell| *cell == **text);
            edits.put(*row, *column, (!is_same).then(|| Arc::clone(text)));
        }
        Change::Drop { row, is_dropped } => edits.set_dropped(*row, *is_dropped),
        Change::Add { row } => edits.set_added(*row, true),
        Change::Header { .. } => {}
    }
}

fn read(path: &Path, options: &Options, map: Option<&str>) -> Result<Roster, Failure> {
    match map {
        Some(map) => Roster::open_mapped(path, options, map)?.held(),
        None => Roster::open(path, options)?.held(),
    }
}

/// Texts by the cells that they are for, for whoever puts changes together.
pub(crate) fn as_changes(cells: HashMap<(u64, usize), String>) -> Vec<Change> {
    let mut cells: Vec<_> = cells.into_iter().collect();
    cells.sort_by_key(|(place, _)| *place);
    cells.into_iter().map(|((row, column), text)| Change::Cell { row, column, text: text.into() }).collect()
}
