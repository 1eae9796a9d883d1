//! The cells of one row.

use std::fmt;
use std::ops::Index;

use crate::text::{unguarded, unguarded_whole};

/// The cells of one row, as text: one string, and where each cell stands in it. Reused from row to row, so that reading
/// allocates nothing once it runs.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Cells {
    /// All of them, with the delimiters between them where the reader took a line as a whole.
    text: String,
    /// The first byte of each, and the one after its last.
    spans: Vec<(u32, u32)>,
}

impl Cells {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The cell of a column, counted from 0.
    pub fn get(&self, at: usize) -> Option<&str> {
        self.spans.get(at).map(|&span| self.part(span))
    }

    /// All of them, in the file's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.spans.iter().map(|&span| self.part(span))
    }

    /// The text of all of them, in the file's order; delimiters may stand between them.
    pub(crate) fn as_text(&self) -> &str {
        &self.text
    }

    /// The text from one cell to another, both included and delimiters perhaps as well; empty where the first stands behind
    /// the last.
    pub(crate) fn between(&self, first: usize, last: usize) -> &str {
        let last = last.min(self.len().saturating_sub(1));
        match (self.spans.get(first), self.spans.get(last)) {
            (Some(&(begin, _)), Some(&(_, end))) => self.part((begin, end)),
            _ => "",
        }
    }

    /// Leaves none.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.spans.clear();
    }

    /// Keeps the first ones.
    pub(super) fn truncate(&mut self, kept: usize) {
        self.spans.truncate(kept);
        self.text.truncate(self.end());
    }

    /// Adds one behind the others.
    pub fn push(&mut self, cell: &str) {
        let begin = self.text.len();
        self.text.push_str(cell);
        self.spans.push((place(begin), place(self.text.len())));
    }

    /// Takes a line, of which the places of the delimiters are given.
    pub(super) fn set_line(&mut self, line: &str, delimiters: &[u32]) {
        self.clear();
        self.text.push_str(line);
        let mut begin = 0;
        self.spans.extend(delimiters.iter().map(|&at| (std::mem::replace(&mut begin, at + 1), at)));
        self.spans.push((begin, place(line.len())));
    }

    /// Takes cells that stand one after the other, each to one of these ends; `None` where that is no text.
    pub(super) fn set_parts(&mut self, bytes: &[u8], ends: &[usize]) -> Option<()> {
        self.clear();
        let text = std::str::from_utf8(bytes).ok()?;
        let mut begin = 0;
        for &end in ends {
            self.push(text.get(std::mem::replace(&mut begin, end)..end)?);
        }
        Some(())
    }

    /// Takes the guard off each cell that has one.
    pub(super) fn unguard(&mut self, guards: &Guards) {
        for at in 0..self.spans.len() {
            if guards.none.contains(&at) {
                continue;
            }
            let take_off = if guards.whole.contains(&at) { unguarded_whole } else { unguarded };
            let (_, end) = self.spans[at];
            let text = take_off(self.part(self.spans[at])).len();
            self.spans[at].0 = end - place(text);
        }
    }

    /// Takes a text in which cells stand one after the other, the first from its beginning, each to one of these ends.
    pub(super) fn set_ends(&mut self, text: &str, ends: impl Iterator<Item = u32>) {
        self.clear();
        self.text.push_str(text);
        let mut begin = 0;
        self.spans.extend(ends.map(|end| (std::mem::replace(&mut begin, end), end)));
    }

    fn end(&self) -> usize {
        self.spans.last().map_or(0, |&(_, end)| end as usize)
    }

    fn part(&self, (begin, end): (u32, u32)) -> &str {
        // Nothing that is read is as long as the places reach.
        self.text.get(begin as usize..end as usize).unwrap_or("")
    }
}

/// In which columns of a CSV of ours cells have a guard before them that is not what they say: in all but some.
#[derive(Clone, Debug, Default)]
pub(super) struct Guards {
    /// Those in which no cell has one.
    pub(super) none: Vec<usize>,
    /// Those in which no cell begins with an apostrophe by itself.
    pub(super) whole: Vec<usize>,
}

/// A place in a row; the last one there is stands for all behind it.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl Index<usize> for Cells {
    type Output = str;

    fn index(&self, at: usize) -> &str {
        self.part(self.spans[at])
    }
}

impl<'c> FromIterator<&'c str> for Cells {
    fn from_iter<I: IntoIterator<Item = &'c str>>(cells: I) -> Self {
        let mut all = Self::default();
        cells.into_iter().for_each(|cell| all.push(cell));
        all
    }
}

/// Without the text: one of them may be a password.
impl fmt::Debug for Cells {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cells", self.len())
    }
}
