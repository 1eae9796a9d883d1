//! The table: a line for each cell that differs, and one for whoever is left as a whole.

use super::told::Drift;
use crate::error::Failure;
use crate::text::cell;

const HEADERS: [&str; 9] = ["row", "user", "decision", "group", "cell", "instance", "roster", "code", "note"];

/// How it begins, after its mark.
pub(super) fn head() -> String {
    HEADERS.map(|header| format!("\"{header}\"")).join(",")
}

/// UTF-8 with a mark, so that spreadsheets read it as such, all cells quoted, none a formula.
pub(super) fn write(drift: &Drift<'_>) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{FEFF}".as_bytes().to_vec());
    let failed = |error: csv::Error| Failure::stopped("cannot write the table").because(error);
    writer.write_record(HEADERS).map_err(failed)?;
    for person in drift.told() {
        let (row, user) = (person.row.to_string(), person.user.as_str());
        let note = person.note.as_deref().unwrap_or_default();
        let mut line = |cells: [&str; 9]| writer.write_record(cells.map(cell)).map_err(failed);
        for change in &person.cells {
            let text = |value: &Option<String>| value.clone().unwrap_or_default();
            let (from, to) = (text(&change.from), text(&change.to));
            let (word, group) = (change.resolution.word(), change.group.as_word());
            let code = change.code.unwrap_or_default();
            line([&row, user, word, group, &change.cell, &from, &to, code, ""])?;
        }
        if person.cells.is_empty() {
            let code = person.code.unwrap_or_default();
            line([&row, user, person.resolution.word(), "", "", "", "", code, note])?;
        }
    }
    writer.into_inner().map_err(|error| Failure::stopped("cannot write the table").because(error.to_string()))
}
