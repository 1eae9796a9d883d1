//! The codes of the findings that only the reader can make; `validate --explain CODE` prints their texts.

/// A column whose header means nothing to us. It is not read.
pub const UNKNOWN_COLUMN: &str = "unknown-column";
/// A column whose header is almost, but not quite, one that we know.
pub const MISSPELT_COLUMN: &str = "misspelt-column";
/// Two columns that mean the same.
pub const MERGED_COLUMNS: &str = "merged-columns";
/// A header of which no column is known.
pub const NO_KNOWN_COLUMN: &str = "no-known-column";
/// The file is not UTF-8, and was read as Windows-1252 or as what its words are of.
pub const ENCODING_GUESSED: &str = "encoding-guessed";
/// A row with more or fewer cells than the header.
pub const RAGGED_ROW: &str = "ragged-row";
/// A quote that opens and never closes.
pub const UNCLOSED_QUOTE: &str = "unclosed-quote";
/// Bytes that mean nothing in the encoding the file is read in.
pub const UNDECODABLE_TEXT: &str = "undecodable-text";
/// A cell that stands under no header.
pub const CELL_WITHOUT_HEADER: &str = "cell-without-header";
/// A workbook's cell that holds a number where text is meant.
pub const NUMBER_NOT_TEXT: &str = "number-not-text";
/// A workbook's number with more digits than a spreadsheet keeps.
pub const DIGITS_LOST: &str = "digits-lost";
/// A workbook's cell that holds a date or a time.
pub const DATE_NOT_TEXT: &str = "date-not-text";
/// A workbook's cell that holds an error such as `#N/A`.
pub const CELL_ERROR: &str = "cell-error";
/// A workbook with sheets that nobody sees.
pub const HIDDEN_SHEETS: &str = "hidden-sheets";
/// Columns of the sheet that nobody sees.
pub const HIDDEN_COLUMNS: &str = "hidden-columns";
/// Rows of the sheet that nobody sees.
pub const HIDDEN_ROWS: &str = "hidden-rows";
/// A row in which a cell is a part of one that begins further up.
pub const MERGED_OVER_ROWS: &str = "merged-over-rows";
/// A row in which a cell is merged with its neighbours.
pub const MERGED_OVER_COLUMNS: &str = "merged-over-columns";
/// A CSV with a delimiter that cells have too.
pub const DELIMITER_GUESSED: &str = "delimiter-guessed";
/// A whole name that is not written as the column map says.
pub const NAME_NOT_SPLIT: &str = "name-not-split";

/// The codes of rows whose cells cannot be told apart.
pub const UNREADABLE: [&str; 2] = [RAGGED_ROW, UNCLOSED_QUOTE];

/// Every code of this stage with a line that explains it.
pub const TABLE: [(&str, &str); 20] = [
    (
        UNKNOWN_COLUMN,
        "the column's header means nothing to headcount, and the column is not read; `--columns` maps or ignores it",
    ),
    (
        MISSPELT_COLUMN,
        "the column's header is almost one that headcount knows; correct it, or map or ignore it with `--columns`",
    ),
    (MERGED_COLUMNS, "two columns mean the same; they are read as one, and cells that differ are an error"),
    (NO_KNOWN_COLUMN, "no column of the header is known; `headcount columns` proposes a map"),
    (
        ENCODING_GUESSED,
        "the file is not UTF-8 and is read as Windows-1252; check the names, or give `--encoding`",
    ),
    (
        RAGGED_ROW,
        "the row has more or fewer cells than the header, so that its cells cannot be told apart; quote the cell that holds a delimiter",
    ),
    (
        UNCLOSED_QUOTE,
        "a quote opens in this row and never closes; the rest of the file was taken for one cell",
    ),
    (
        UNDECODABLE_TEXT,
        "the row has bytes that mean nothing in the file's encoding; give the right `--encoding`",
    ),
    (CELL_WITHOUT_HEADER, "a cell stands under no header and is not read"),
    (
        NUMBER_NOT_TEXT,
        "the cell holds a number, from which a spreadsheet drops leading zeros and plus signs; format the column as Text and type the value again",
    ),
    (
        DIGITS_LOST,
        "the cell holds a number of more than 15 digits, of which a spreadsheet keeps 15; format the column as Text and type the value again",
    ),
    (DATE_NOT_TEXT, "the cell holds a date or a time; format the column as Text and type the value again"),
    (CELL_ERROR, "the cell holds a spreadsheet error such as `#N/A`; mend the formula or type the value"),
    (HIDDEN_SHEETS, "the workbook has hidden sheets, which are not read; `--sheet NAME` reads one"),
    (HIDDEN_COLUMNS, "columns of the sheet are hidden and are read like any other"),
    (HIDDEN_ROWS, "rows of the sheet are hidden, by a filter perhaps, and are read like any other"),
    (MERGED_OVER_ROWS, "a cell is merged with those above it, so that the row has no value of its own"),
    (MERGED_OVER_COLUMNS, "cells of a row are merged, so that all but the first are empty"),
    (
        DELIMITER_GUESSED,
        "the file is read with `|` between its cells, which cells of a roster use themselves",
    ),
    (NAME_NOT_SPLIT, "a whole name is not written as the column map says, and is not guessed at"),
];

#[cfg(test)]
mod tests {
    use super::TABLE;

    #[test]
    fn every_code_is_explained_once() {
        for (i, (code, text)) in TABLE.iter().enumerate() {
            assert!(TABLE[i + 1..].iter().all(|(other, _)| other != code), "{code} stands twice");
            assert!(!text.is_empty() && !text.ends_with('.'));
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'));
        }
    }
}
