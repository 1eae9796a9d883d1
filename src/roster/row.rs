//! One row as the file has it.

use std::fmt;

use super::cells::Cells;
use super::field::Field;
use crate::agent::PhoneRegion;
use crate::finding::{Finding, codes};

/// One row of a roster: its cells as text, and what the reader has to say of it. Reused from row to row, so that
/// reading allocates nothing once it runs.
#[derive(Clone, Default)]
pub struct Row {
    /// The number that the spreadsheet shows: counted from 1, the header and blank rows included; for a CSV with
    /// quoted newlines the number a spreadsheet gives it, not the line in the text file.
    pub number: u64,
    /// The line of a CSV that it begins with, counted from 0; 0 for a workbook's.
    pub line: u64,
    /// The cells, in the file's order, exactly one for each of its columns; after them those that a column map adds.
    pub cells: Cells,
    /// Faults that only the reader can see: a ragged row, an error cell, a number where text was meant. The reader
    /// leaves the cell empty where it cannot tell what was meant.
    pub findings: Vec<Finding>,
    /// What stands in cells that the reader left empty: the cell's place, and what a copy of it must hold.
    pub kept: Vec<(usize, Kept)>,
    /// What the row looks like where that is no person.
    pub seems: Seems,
}

/// What a row is, as far as its form tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Seems {
    /// A person's, or what is to be checked like one.
    #[default]
    Person,
    /// The header once more.
    Header,
    /// The header of another table.
    OtherHeader,
    /// A note or a total, if nobody comes after it.
    Footer,
    /// Settings without a person, if nobody comes after it.
    Nobody,
}

/// A cell of a workbook that is not text where text is meant, as a spreadsheet has it. What was meant cannot be told from
/// it; but a copy without it would be another roster.
#[derive(Clone, Debug, PartialEq)]
pub enum Kept {
    /// A number.
    Number(f64),
    /// A date or a time, in days as spreadsheets count them.
    Date(f64),
    /// A date or a time in words (ISO 8601).
    DateText(String),
    /// An error, as in `#N/A`.
    Error(String),
}

/// The codes of rows whose cells cannot be told apart.
const UNREADABLE: [&str; 3] = [codes::RAGGED_ROW.id, codes::UNCLOSED_QUOTE.id, codes::SECOND_TABLE.id];

impl Row {
    /// Whether its cells could be told apart. Where not (a ragged row, a quote that never closes) the reader has left
    /// all of them empty, for a password may stand under any header, and the row's own finding says all there is to say.
    pub(crate) fn is_readable(&self) -> bool {
        !self.findings.iter().any(|finding| UNREADABLE.contains(&finding.code))
    }
}

impl Row {
    /// Whether nothing stands in any of these columns.
    pub(super) fn is_blank_in(&self, columns: &[usize]) -> bool {
        columns.iter().all(|at| self.cells.get(*at).unwrap_or("").trim().is_empty())
    }
}

/// Without the cells: one of them is a password.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Row");
        shown
            .field("number", &self.number)
            .field("cells", &self.cells.len())
            .field("findings", &self.findings);
        shown.finish()
    }
}

/// Where each field stands in a row.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// The headers as the file has them, then those of the columns that a column map adds; see
    /// [`Roster::width`](super::Roster::width).
    pub headers: Vec<String>,
    /// For each field, the columns that carry it, in the file's order (the console's own files have two for the
    /// hierarchy).
    pub places: [Vec<usize>; Field::COUNT],
    /// The file's own columns that carry no field and by which no row is chosen.
    pub strangers: Vec<usize>,
    /// Where a template of a column map makes the login of a row whose own login columns are blank.
    pub made_login: Option<usize>,
    /// The country whose national telephone numbers are read; `None` where numbers are E.164 alone.
    pub phone_region: Option<PhoneRegion>,
}

impl Columns {
    /// Whether any column carries the field.
    pub fn has(&self, field: Field) -> bool {
        !self.places[field.index()].is_empty()
    }

    /// The field's cell: the first that is not blank among its columns, else the empty string. Cells of one meaning
    /// that differ are a finding of `validate`, so whichever comes first is as good as another here.
    pub fn cell<'r>(&self, row: &'r Row, field: Field) -> &'r str {
        let mut cells = self.places[field.index()].iter().filter_map(|&at| row.cells.get(at));
        // Most cells begin with a letter or a digit: no need to look further.
        let has_text = |cell: &&str| match cell.as_bytes() {
            [] => false,
            [first, ..] => first.is_ascii_graphic() || !cell.trim().is_empty(),
        };
        cells.find(has_text).unwrap_or("")
    }

    /// Whether a template made the row's login.
    pub(crate) fn is_made_login(&self, row: &Row) -> bool {
        self.made_login.is_some_and(|at| row.cells.get(at).is_some_and(|cell| !cell.is_empty()))
    }

    /// The header under which a finding about the field is reported: the file's own, of the field's first column.
    pub(crate) fn header(&self, field: Field) -> Option<&str> {
        self.places[field.index()].first().map(|&at| self.headers[at].as_str())
    }
}
