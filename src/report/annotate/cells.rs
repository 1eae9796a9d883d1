//! A workbook given back as a CSV, where that loses nothing that is wrong with it.

use std::borrow::Cow;
use std::io::Write;

use csv::{QuoteStyle, WriterBuilder};

use super::copy::{Annotated, Copy, sentence, told};
use super::unwritten::Unwritten;
use crate::finding::codes;
use crate::roster::{FINDINGS, Field};
use crate::text::{guarded, with_guard};

impl Copy<'_> {
    /// The cells of a workbook as text. It ends where one holds what text does not.
    pub(super) fn csv(&self, mut file: impl Write, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let of_file = self.checked.findings.iter().take_while(|finding| finding.row.is_none());
        if let Some(hidden) = of_file.into_iter().find(|finding| HIDDEN.contains(&finding.code)) {
            return Err(Unwritten::OfWorkbook(hidden.message.clone()));
        }
        // A mark, by which a spreadsheet knows UTF-8.
        file.write_all("\u{FEFF}".as_bytes())?;
        let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(file);
        let blank = vec![""; self.own.len() + 1];
        let mut next = 1;
        let mut skip_to = |writer: &mut csv::Writer<_>, row: u64| -> Result<(), Unwritten> {
            for _ in next..row {
                writer.write_record(&blank)?;
            }
            next = row + 1;
            Ok(())
        };
        skip_to(&mut writer, self.roster.header_row())?;
        let headers: Vec<_> = self.headers().map(with_guard).collect();
        writer.write_record([FINDINGS].into_iter().chain(headers.iter().map(|header| &**header)))?;
        self.each(|row, findings| {
            if let Some(lost) = row.findings.iter().find(|finding| OF_CELLS.contains(&finding.code)) {
                return Err(Unwritten::OfWorkbook(format!(
                    "row {}: {}",
                    row.number,
                    sentence(lost, self.voice)
                )));
            }
            skip_to(&mut writer, row.number)?;
            annotated.count(row, findings);
            let told = guarded(&told(findings, self.voice));
            let passwords = &self.roster.columns().places[Field::Password.index()];
            let cell = |&at: &usize| {
                let text = row.cells.get(at).unwrap_or("");
                if passwords.contains(&at) { Cow::Borrowed(text) } else { with_guard(text) }
            };
            let cells: Vec<_> = self.own.iter().map(cell).collect();
            Ok(writer.write_record([told.as_str()].into_iter().chain(cells.iter().map(|cell| &**cell)))?)
        })?;
        writer.flush()?;
        Ok(())
    }
}

/// What is hidden in a workbook and is not in a CSV.
const HIDDEN: [&str; 3] = [codes::HIDDEN_SHEETS.id, codes::HIDDEN_COLUMNS.id, codes::HIDDEN_ROWS.id];

/// What the reader has against a workbook's cells and would not have against their text.
const OF_CELLS: [&str; 8] = [
    codes::FORMULA_WITHOUT_VALUE.id,
    codes::NUMBER_NOT_TEXT.id,
    codes::DIGITS_LOST.id,
    codes::DATE_NOT_TEXT.id,
    codes::CELL_ERROR.id,
    codes::MERGED_OVER_ROWS.id,
    codes::MERGED_OVER_COLUMNS.id,
    codes::CELL_WITHOUT_HEADER.id,
];
