//! A workbook written anew: that of a CSV, and that of a workbook whose package cannot be changed. Cells that are no text
//! stay none.

use std::collections::BTreeMap;
use std::io::Write;

use rust_xlsxwriter::{Color, ExcelDateTime, Format, Formula, Note, Workbook, Worksheet, XlsxError};

use super::copy::{Annotated, Copy, NOTES, cut, note_text, row_of, sentence, told};
use super::unwritten::Unwritten;
use crate::finding::{Finding, Severity, codes};
use crate::roster::{FINDINGS, Kept, Storage, template};
use crate::text::{Voice, guarded};

const SUMMARY: &str = "headcount summary";

impl Copy<'_> {
    /// Writes the roster as a new workbook.
    pub(super) fn anew(&self, mut file: impl Write, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let mut workbook = template::dated()?;
        self.rows_sheet(&mut workbook, annotated)?;
        self.summary_sheet(workbook.add_worksheet())?;
        Ok(file.write_all(&template::saved(&mut workbook)?)?)
    }

    fn rows_sheet(&self, workbook: &mut Workbook, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let formats = Formats::new();
        // One row at a time in memory.
        let sheet = workbook.add_worksheet_with_constant_memory()?;
        let name = match self.roster.storage() {
            Storage::Xlsx { sheet } => sheet,
            Storage::Csv { .. } => "Users".to_owned(),
        };
        if sheet.set_name(&name).is_err() || name == SUMMARY {
            sheet.set_name("Users")?;
        }
        let header_row = row_of(self.roster.header_row())?;
        let last = column_of(self.own.len())?;
        sheet.set_freeze_panes(header_row + 1, 0)?;
        let mut widths: Vec<usize> = self.headers().map(width).collect();
        // What stands above the header is found there again.
        for (number, cells) in self.roster.above() {
            for (place, cell) in
                cells.iter().enumerate().take(self.own.len()).filter(|(_, cell)| !cell.is_empty())
            {
                let (text, is_cut) = cut(cell);
                annotated.cut += u64::from(is_cut);
                sheet.write_string(row_of(number)?, column_of(place)?, text)?;
            }
        }
        for (place, header) in self.headers().chain([FINDINGS]).enumerate() {
            sheet.write_string_with_format(header_row, column_of(place)?, header, &formats.heading)?;
        }
        let mut notes = 0;
        self.each(|row, findings| {
            annotated.count(row, findings);
            let at = row_of(row.number)?;
            for (place, widest) in widths.iter_mut().enumerate() {
                let of_cell: Vec<&Finding> =
                    findings.iter().filter(|finding| self.place_of(row, finding) == Some(place)).collect();
                let (text, is_cut) = cut(row.cells.get(self.own[place]).unwrap_or(""));
                annotated.cut += u64::from(is_cut);
                *widest = (*widest).max(width(text));
                let format = formats.of(&of_cell);
                let column = column_of(place)?;
                let kept = row.kept.iter().find(|(column, _)| *column == self.own[place]);
                if let Some((_, kept)) = kept {
                    keep(sheet, (at, column), kept, format)?;
                } else if !text.is_empty() {
                    sheet.write_string_with_format(at, column, text, format)?;
                } else if !of_cell.is_empty() {
                    sheet.write_blank(at, column, format)?;
                }
                if of_cell.is_empty() {
                    continue;
                }
                if notes < NOTES {
                    sheet.insert_note(at, column, &note(&of_cell, self.voice))?;
                    notes += 1;
                } else {
                    annotated.without_note += 1;
                }
            }
            if !findings.is_empty() {
                let all: Vec<&Finding> = findings.iter().collect();
                let told = guarded(&told(findings, self.voice));
                sheet.write_string_with_format(at, last, cut(&told).0, formats.of(&all))?;
            }
            Ok(())
        })?;
        for (place, width) in widths.into_iter().enumerate() {
            sheet.set_column_width(column_of(place)?, u32::try_from(width).unwrap_or(0))?;
        }
        sheet.set_column_width(last, 80)?;
        Ok(())
    }

    /// What there is of each code, and what is said of the file as a whole.
    fn summary_sheet(&self, sheet: &mut Worksheet) -> Result<(), Unwritten> {
        let formats = Formats::new();
        sheet.set_name(SUMMARY)?;
        sheet.set_freeze_panes(1, 0)?;
        for (column, (header, width)) in
            (0..).zip([("severity", 10), ("findings", 10), ("code", 32), ("what is wrong", 60), ("fix", 80)])
        {
            sheet.set_column_width(column, width)?;
            sheet.write_string_with_format(0, column, header, &formats.heading)?;
        }
        let mut counts: BTreeMap<(Severity, &str), u64> = BTreeMap::new();
        for kind in self.checked.tally.kinds() {
            *counts.entry((kind.severity, kind.code)).or_default() += kind.findings;
        }
        let mut row = 1;
        for ((severity, id), count) in counts {
            let code = codes::find(id);
            let title = code.map_or("not as the roster asks", |code| code.title);
            let fix = code.map(|code| code.told_fix(self.voice)).unwrap_or_default();
            let format = formats.of_severity(severity);
            sheet.write_string_with_format(row, 0, severity.word(), format)?;
            sheet.write_number(row, 1, u32::try_from(count).unwrap_or(u32::MAX))?;
            sheet.write_string(row, 2, id)?;
            sheet.write_string(row, 3, title)?;
            sheet.write_string(row, 4, fix)?;
            row += 1;
        }
        let of_file = self.checked.findings.iter().take_while(|finding| finding.row.is_none());
        for text in of_file.map(|finding| sentence(finding, self.voice)) {
            row += 1;
            sheet.write_string(row, 3, cut(&guarded(&text)).0)?;
        }
        Ok(())
    }
}

/// Writes a cell that is no text as what it is: a number as a number, a date as a date. It is a fault, and stays one.
fn keep(
    sheet: &mut Worksheet,
    (row, column): (u32, u16),
    cell: &Kept,
    format: &Format,
) -> Result<(), XlsxError> {
    // The formats of text would make text of a number.
    let number = format.clone().set_num_format("General");
    let date = format.clone().set_num_format("yyyy-mm-dd hh:mm:ss");
    let error = |text: &str| Formula::new("=NA()").set_result(text);
    match cell {
        Kept::Number(value) => sheet.write_number_with_format(row, column, *value, &number)?,
        Kept::Date(days) => sheet.write_number_with_format(row, column, *days, &date)?,
        Kept::DateText(text) => match ExcelDateTime::parse_from_str(text) {
            Ok(time) => sheet.write_datetime_with_format(row, column, &time, &date)?,
            Err(_) => sheet.write_formula_with_format(row, column, error("#VALUE!"), &number)?,
        },
        Kept::Error(text) => sheet.write_formula_with_format(row, column, error(text), &number)?,
    };
    Ok(())
}

fn note(findings: &[&Finding], voice: &dyn Voice) -> Note {
    Note::new(note_text(findings, voice))
        .set_author("headcount")
        .add_author_prefix(false)
        .set_width(320)
        .set_height(110)
}

struct Formats {
    heading: Format,
    text: Format,
    error: Format,
    warning: Format,
}

impl Formats {
    fn new() -> Self {
        let filled = |color| template::text().set_background_color(Color::RGB(color));
        Self {
            heading: template::heading(),
            text: template::text(),
            error: filled(0xFF_C7_CE),
            warning: filled(0xFF_EB_9C),
        }
    }

    fn of(&self, findings: &[&Finding]) -> &Format {
        let worst = findings.iter().map(|finding| finding.severity).min();
        worst.map_or(&self.text, |severity| self.of_severity(severity))
    }

    fn of_severity(&self, severity: Severity) -> &Format {
        match severity {
            Severity::Error => &self.error,
            Severity::Warning => &self.warning,
        }
    }
}

/// How wide a column must be for a text, in characters: no narrower than a spreadsheet makes it by itself, and bounded, so
/// that no column hides the next.
fn width(text: &str) -> usize {
    text.chars().take(WIDEST).count().clamp(NARROWEST, WIDEST) + 2
}

const NARROWEST: usize = 7;
const WIDEST: usize = 40;

fn column_of(place: usize) -> Result<u16, XlsxError> {
    u16::try_from(place).map_err(|_| XlsxError::RowColumnLimitError)
}
