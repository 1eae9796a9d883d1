//! The rows of a roster in memory, as its reader gave them: for whoever looks at any of them at any time.

use std::fmt;

use super::row::{Kept, Row, Seems};
use crate::finding::Finding;

/// Rows of one batch: as many as the texts of are one allocation.
const BATCH: usize = 512;
/// A batch of this much text, in bytes, is full.
const TEXT: usize = 64 << 20;

/// All rows of a file below its header that are not blank, those that are no people's included.
#[derive(Default)]
pub(crate) struct Held {
    batches: Vec<Batch>,
    /// Their numbers, in order.
    numbers: Vec<u64>,
}

#[derive(Default)]
struct Batch {
    /// Which of all rows its first is.
    first: usize,
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<u32>,
    rows: Vec<HeldRow>,
}

/// What the reader found in a row, and the cells that it kept aside.
type Said = (Vec<Finding>, Vec<(usize, Kept)>);

/// A row of a batch.
struct HeldRow {
    line: u64,
    /// How many cells of the batch there are up to its last.
    cells: u32,
    seems: Seems,
    /// What the reader has to say of it, and has kept aside: of nearly every row nothing.
    said: Option<Box<Said>>,
}

/// Without the cells: they have the roster's passwords in them.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} rows", self.numbers.len())
    }
}

impl Held {
    /// Takes the next row in.
    pub(super) fn push(&mut self, row: &Row) {
        let is_full = |batch: &Batch| batch.rows.len() == BATCH || batch.text.len() > TEXT;
        if self.batches.last().is_none_or(is_full) {
            // It has grown by doubling, and grows no more.
            if let Some(full) = self.batches.last_mut() {
                full.text.shrink_to_fit();
                full.ends.shrink_to_fit();
                full.rows.shrink_to_fit();
            }
            self.batches.push(Batch { first: self.numbers.len(), ..Batch::default() });
        }
        let Some(batch) = self.batches.last_mut() else { return };
        for cell in row.cells.iter() {
            batch.text.push_str(cell);
            batch.ends.push(place(batch.text.len()));
        }
        let has_said = !row.findings.is_empty() || !row.kept.is_empty();
        batch.rows.push(HeldRow {
            line: row.line,
            cells: place(batch.ends.len()),
            seems: row.seems,
            said: has_said.then(|| Box::new((row.findings.clone(), row.kept.clone()))),
        });
        self.numbers.push(row.number);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// The numbers of the rows, in order, as a spreadsheet shows them.
    pub(crate) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// Where a row of this number is.
    pub(crate) fn place_of(&self, number: u64) -> Option<usize> {
        // Of a file without blank rows it is known where each is.
        let at = usize::try_from(number.checked_sub(*self.numbers.first()?)?).ok()?;
        let is_there = self.numbers.get(at) == Some(&number);
        if is_there { Some(at) } else { self.numbers.binary_search(&number).ok() }
    }

    /// Gives a row away as it was read; `false` behind the last.
    pub(crate) fn give(&self, at: usize, row: &mut Row) -> bool {
        let (Some(&number), Some((batch, within))) = (self.numbers.get(at), self.batch_of(at)) else {
            row.cells.clear();
            return false;
        };
        let Some(held) = batch.rows.get(within) else { return false };
        let first = within.checked_sub(1).map_or(0, |before| batch.rows[before].cells as usize);
        row.number = number;
        row.line = held.line;
        row.seems = held.seems;
        row.findings.clear();
        row.kept.clear();
        if let Some(said) = &held.said {
            row.findings.extend_from_slice(&said.0);
            row.kept.extend_from_slice(&said.1);
        }
        let begin = first.checked_sub(1).map_or(0, |before| batch.ends[before]);
        let ends = &batch.ends[first..held.cells as usize];
        let end = ends.last().copied().unwrap_or(begin);
        let text = batch.text.get(begin as usize..end as usize).unwrap_or_default();
        row.cells.set_ends(text, ends.iter().map(|end| end - begin));
        true
    }

    /// A row that is all text, and of which the reader had nothing to say.
    pub(crate) fn plain(&self, at: usize) -> Option<Plain<'_>> {
        let (batch, within) = self.batch_of(at)?;
        let held = batch.rows.get(within).filter(|held| held.said.is_none())?;
        let first = within.checked_sub(1).map_or(0, |before| batch.rows[before].cells as usize);
        Some(Plain { batch, first, end: held.cells as usize })
    }

    fn batch_of(&self, at: usize) -> Option<(&Batch, usize)> {
        // Where no batch was full of text before it was full of rows, it is known which it is.
        let is_in = |batch: &&Batch| (batch.first..batch.first + batch.rows.len()).contains(&at);
        let known = self.batches.get(at / BATCH).filter(is_in);
        let sought =
            || self.batches.get(self.batches.partition_point(|batch| batch.first <= at).checked_sub(1)?);
        let batch = known.or_else(sought)?;
        Some((batch, at - batch.first))
    }
}

/// A row of which only cells are wanted.
#[derive(Clone, Copy)]
pub(crate) struct Plain<'h> {
    batch: &'h Batch,
    first: usize,
    end: usize,
}

impl<'h> Plain<'h> {
    /// The text of a cell; `None` where the row has fewer.
    pub(crate) fn cell(&self, column: usize) -> Option<&'h str> {
        let place = Some(self.first + column).filter(|place| *place < self.end)?;
        let begin = place.checked_sub(1).map_or(0, |before| self.batch.ends[before]);
        self.batch.text.get(begin as usize..self.batch.ends[place] as usize)
    }
}

/// A place in a batch's text, which ends long before the places do.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_given_as_it_was_taken_in_whatever_a_batch_was_full_of_and_whatever_rows_are_blank() {
        // Of the first rows a batch is full by their text, long before it has its number of rows.
        let large = "x".repeat(2 << 20);
        let mut held = Held::default();
        let mut row = Row::default();
        for at in 0..1_200_u64 {
            row.number = at + 2 + u64::from(at > 700); // one is blank
            row.cells.clear();
            row.cells.push(&at.to_string());
            row.cells.push(if at < 40 { &large } else { "y" });
            held.push(&row);
        }
        for at in 0..1_200_usize {
            assert!(held.give(at, &mut row), "{at}");
            assert_eq!(held.place_of(row.number), Some(at));
            let text = at.to_string();
            assert_eq!((row.cells.get(0), held.plain(at).unwrap().cell(0)), (Some(&*text), Some(&*text)));
        }
        assert!(!held.give(1_200, &mut row) && held.plain(1_200).is_none());
        assert_eq!((held.place_of(1), held.place_of(703)), (None, None));
    }
}
