//! What is changed in a draft, for people and programs to look at.

use serde::Serialize;

use super::draft::Draft;
use super::mender::is_secret;
use crate::roster::column_letters;

/// One thing that is another than in the roster's file. Of a column that is secret no text is told.
///
/// Serialises as an element of `changes` in `mend --format json`; the names are a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Altered {
    /// A column has another header.
    Header {
        /// The column's letters, as a spreadsheet shows them.
        letter: String,
        /// The header before.
        from: String,
        /// The header now.
        to: String,
    },
    /// A cell has another text.
    Cell {
        /// The row's number, as a spreadsheet shows it.
        row: u64,
        /// The column's letters.
        letter: String,
        /// The column's header.
        header: String,
        /// The text before; `None` where it is not told, or was no text.
        from: Option<String>,
        /// The text now; `None` where it is not told.
        to: Option<String>,
    },
    /// A row is taken out.
    Dropped {
        /// Its number.
        row: u64,
    },
    /// A row is new.
    Added {
        /// Its number.
        row: u64,
    },
}

impl Draft {
    /// All that is another than in the file: headers first, then row by row.
    pub fn altered(&self) -> Vec<Altered> {
        let headers = self.original().own_headers();
        let header = |at: usize| headers.get(at).cloned().unwrap_or_default();
        let mut altered: Vec<Altered> = Vec::new();
        for (at, to) in self.renamed() {
            altered.push(Altered::Header { letter: column_letters(at), from: header(at), to });
        }
        let edits = self.edits();
        let mut rows: Vec<u64> = edits
            .rows()
            .chain(edits.dropped().iter().copied())
            .chain(edits.added().iter().copied())
            .collect();
        rows.sort_unstable();
        rows.dedup();
        for row in rows {
            if edits.is_dropped(row) {
                altered.push(Altered::Dropped { row });
                continue;
            }
            if edits.is_added(row) {
                altered.push(Altered::Added { row });
            }
            let original = self.original_row(row);
            for (at, to) in edits.of_row(row) {
                let is_hidden = is_secret(self, at);
                let before = original.as_ref().filter(|before| before.is_readable());
                let before = before.and_then(|before| before.cells.get(at)).map(str::to_owned);
                altered.push(Altered::Cell {
                    row,
                    letter: column_letters(at),
                    header: header(at),
                    from: before.filter(|_| !is_hidden),
                    to: Some(to.to_owned()).filter(|_| !is_hidden),
                });
            }
        }
        altered
    }
}
