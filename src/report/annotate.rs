//! The roster given back with its findings in it: faulty cells coloured, each with a note, and a column that says all.
//!
//! Every cell stands in the row and the column that it came from, so that a finding's row number is right in the copy
//! too, and a mended copy is a roster again: [`FINDINGS`] is passed over when it is read. The cells are the user's own
//! and are given back as they are, passwords too; no finding and no note has ever one in it. The rows pass through one
//! by one: memory is bounded by the findings kept ([`Pass::KEPT`](crate::validate::Pass::KEPT)) and the notes ([`NOTES`]);
//! where there are more findings, the roster is checked once more on the way.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;

use csv::{QuoteStyle, WriterBuilder};
use rust_xlsxwriter::{Color, Format, Note, Workbook, Worksheet, XlsxError};

use crate::disk;
use crate::error::Failure;
use crate::finding::{Finding, Severity, codes};
use crate::roster::{Roster, Row, Storage, template};
use crate::text::{Voice, guarded, shown};
use crate::validate::{self, Checked, Rules};

/// The header of the column that the copy has more than the roster.
pub const FINDINGS: &str = "headcount findings";

/// The most cells that get a note of their own in a workbook; those beyond are coloured, and their row says it all.
pub(crate) const NOTES: usize = 20_000;

/// The most characters of a cell of a workbook.
const CELL: usize = 32_767;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotated {
    /// How many rows have findings beside them.
    pub(crate) rows: u64,
    /// How many cells of the roster are coloured and have no note, for there are too many.
    pub(crate) without_note: u64,
    /// How many rows the copy has without their cells: these could not be told apart.
    pub(crate) without_cells: u64,
    /// How many cells are cut, for a workbook's hold no more.
    pub(crate) cut: u64,
}

/// How a copy is stored, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `.csv`: the findings are in a column of their own.
    Csv,
    /// `.xlsx`: and in the cells.
    Xlsx,
}

impl Kind {
    /// Tells it from the name, and refuses a name that is taken: what stands there may be somebody's work, an earlier
    /// copy with its cells mended above all.
    pub(crate) fn of(out: &Path) -> Result<Self, Failure> {
        let shown = out.display();
        let ending = out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let kind = match ending.to_ascii_lowercase().as_str() {
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            _ => {
                return Err(Failure::usage(format!(
                    "an annotated copy is a .csv or an .xlsx file: `{shown}`"
                ))
                .hint("give it a name that ends so"));
            }
        };
        match out.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(kind),
            Err(error) => Err(Failure::usage(format!("cannot write: `{shown}`")).because(error)),
            Ok(_) => Err(taken(out)),
        }
    }
}

fn taken(out: &Path) -> Failure {
    Failure::usage(format!("there is a file already, and it is left as it is: `{}`", out.display()))
        .hint("choose another name, or remove the file")
}

/// Writes the copy, all of it or nothing, readable by its owner only. Never over a file that is there. What is to be set is
/// said as `voice` does.
pub(crate) fn write(
    roster: &Roster,
    rules: &Rules<'_>,
    checked: &Checked,
    kind: Kind,
    out: &Path,
    voice: &dyn Voice,
) -> Result<Annotated, Failure> {
    let mut annotated = Annotated::default();
    let written = disk::create_atomic_with(out, |file| -> Result<(), Unwritten> {
        let copy = Copy::of(roster, rules, checked, voice);
        match kind {
            Kind::Csv => copy.csv(file, &mut annotated),
            Kind::Xlsx => copy.xlsx(file, &mut annotated),
        }
    });
    match written {
        Ok(()) => Ok(annotated),
        Err(Unwritten::Roster(failure)) => Err(failure),
        Err(Unwritten::Io(error)) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(out)),
        Err(Unwritten::Io(error)) => {
            Err(Failure::usage(format!("cannot write: `{}`", out.display())).because(error))
        }
        Err(Unwritten::Xlsx(error)) => {
            Err(Failure::usage(format!("cannot write: `{}`", out.display())).because(io::Error::other(error)))
        }
        Err(Unwritten::TooMany(row)) => {
            Err(Failure::usage(format!("a workbook has no row of this number: `{row}`"))
                .hint("annotate into a .csv file"))
        }
    }
}

enum Unwritten {
    Io(io::Error),
    Xlsx(XlsxError),
    Roster(Failure),
    /// A row beyond a workbook's last.
    TooMany(u64),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<csv::Error> for Unwritten {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

impl From<XlsxError> for Unwritten {
    fn from(error: XlsxError) -> Self {
        Self::Xlsx(error)
    }
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self::Roster(failure)
    }
}

/// A roster on its way into a copy.
struct Copy<'r> {
    roster: &'r Roster,
    rules: &'r Rules<'r>,
    checked: &'r Checked,
    voice: &'r dyn Voice,
    /// The places of the roster's own columns: all but an earlier copy's [`FINDINGS`].
    own: Vec<usize>,
}

impl<'r> Copy<'r> {
    fn of(roster: &'r Roster, rules: &'r Rules<'r>, checked: &'r Checked, voice: &'r dyn Voice) -> Self {
        let headers = roster.columns().headers.iter().take(roster.width()).enumerate();
        let is_ours = |header: &str| header.trim().eq_ignore_ascii_case(FINDINGS);
        let own = headers.filter(|(_, header)| !is_ours(header)).map(|(at, _)| at).collect();
        Self { roster, rules, checked, voice, own }
    }

    fn headers(&self) -> impl Iterator<Item = &'r str> {
        self.own.iter().map(|&at| self.roster.columns().headers[at].as_str())
    }

    /// Goes over the rows, each with its findings.
    fn each(&self, mut take: impl FnMut(&Row, &[Finding]) -> Result<(), Unwritten>) -> Result<(), Unwritten> {
        validate::each_row(self.roster, self.rules, self.checked, &mut take)
    }

    /// The place among our columns of the cell that a finding is about.
    fn place_of(&self, row: &Row, finding: &Finding) -> Option<usize> {
        let header = finding.column.as_ref()?;
        let headers = &self.roster.columns().headers;
        let mut named = self.own.iter().enumerate().filter(|(_, at)| headers.get(**at) == Some(header));
        let first = named.clone().next();
        let filled = named.find(|(_, at)| row.cells.get(**at).is_some_and(|cell| !cell.trim().is_empty()));
        filled.or(first).map(|(place, _)| place)
    }

    /// The cell as it is given back: where the reader could not take it for text, as its finding shows it.
    fn cell<'c>(&self, row: &'c Row, place: usize, findings: &'c [Finding]) -> &'c str {
        let cell = row.cells.get(self.own[place]).unwrap_or("");
        if !cell.is_empty() {
            return cell;
        }
        let of_reader = row.findings.iter().find(|finding| self.place_of(row, finding) == Some(place));
        let shown = of_reader.filter(|finding| findings.contains(finding)).and_then(|f| f.value.as_deref());
        shown.filter(|value| *value != Finding::HIDDEN).unwrap_or("")
    }

    fn csv(&self, mut file: impl Write, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let delimiter = match self.roster.storage() {
            Storage::Csv { delimiter, .. } => delimiter,
            Storage::Xlsx { .. } => b',',
        };
        // A mark, by which a spreadsheet knows UTF-8.
        file.write_all("\u{FEFF}".as_bytes())?;
        if !b",;\t".contains(&delimiter) {
            writeln!(file, "sep={}", char::from(delimiter))?;
        }
        let mut writer =
            WriterBuilder::new().delimiter(delimiter).quote_style(QuoteStyle::Necessary).from_writer(file);
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
        writer.write_record(self.headers().chain([FINDINGS]))?;
        self.each(|row, findings| {
            skip_to(&mut writer, row.number)?;
            annotated.count(row, findings);
            let told = guarded(&told(findings, self.voice));
            let cells = (0..self.own.len()).map(|place| self.cell(row, place, findings));
            Ok(writer.write_record(cells.chain([told.as_str()]))?)
        })?;
        writer.flush()?;
        Ok(())
    }

    fn xlsx(&self, mut file: impl Write, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let mut workbook = template::dated()?;
        self.rows_sheet(&mut workbook, annotated)?;
        self.summary_sheet(workbook.add_worksheet())?;
        Ok(file.write_all(&workbook.save_to_buffer()?)?)
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
                let (text, is_cut) = cut(self.cell(row, place, findings));
                annotated.cut += u64::from(is_cut);
                *widest = (*widest).max(width(text));
                let format = formats.of(&of_cell);
                if of_cell.is_empty() && text.is_empty() {
                    continue;
                }
                let column = column_of(place)?;
                if text.is_empty() {
                    sheet.write_blank(at, column, format)?;
                } else {
                    sheet.write_string_with_format(at, column, text, format)?;
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
            let title = code.map_or("", |code| code.title);
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

const SUMMARY: &str = "headcount summary";

impl Annotated {
    fn count(&mut self, row: &Row, findings: &[Finding]) {
        self.rows += u64::from(!findings.is_empty());
        self.without_cells += u64::from(!row.is_readable());
    }
}

/// A finding in one line: what, and how to mend it.
fn sentence(finding: &Finding, voice: &dyn Voice) -> String {
    let hint = finding.told_hint(voice).map(|hint| format!(" ({hint})")).unwrap_or_default();
    let column = finding.column.as_deref().map(|c| format!("{}: ", shown(c.trim()))).unwrap_or_default();
    format!("{}: {column}{}{hint}", finding.severity.word(), finding.message)
}

fn told(findings: &[Finding], voice: &dyn Voice) -> String {
    findings.iter().map(|finding| sentence(finding, voice)).collect::<Vec<_>>().join("; ")
}

fn note(findings: &[&Finding], voice: &dyn Voice) -> Note {
    let text = findings.iter().map(|finding| {
        let hint = finding.told_hint(voice).map(|hint| format!("\nfix: {hint}")).unwrap_or_default();
        format!("{}: {}{hint}", finding.severity.word(), finding.message)
    });
    let text = text.collect::<Vec<_>>().join("\n\n");
    Note::new(cut(&text).0).set_author("headcount").add_author_prefix(false).set_width(320).set_height(110)
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

/// A text as far as a workbook's cell can hold it, and whether that is not all of it. The limit is Excel's, in UTF-16.
fn cut(text: &str) -> (&str, bool) {
    if text.len() <= CELL {
        return (text, false);
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > CELL
    });
    end.map_or((text, false), |(at, _)| (&text[..at], true))
}

/// How wide a column must be for a text, in characters: no narrower than a spreadsheet makes it by itself, and bounded, so
/// that no column hides the next.
fn width(text: &str) -> usize {
    text.chars().take(WIDEST).count().clamp(NARROWEST, WIDEST) + 2
}

const NARROWEST: usize = 7;
const WIDEST: usize = 40;

/// Workbooks count rows from 0.
fn row_of(number: u64) -> Result<u32, Unwritten> {
    const ROWS: u64 = 1_048_576;
    let row = number.checked_sub(1).filter(|_| number <= ROWS);
    row.and_then(|row| u32::try_from(row).ok()).ok_or(Unwritten::TooMany(number))
}

fn column_of(place: usize) -> Result<u16, XlsxError> {
    u16::try_from(place).map_err(|_| XlsxError::RowColumnLimitError)
}
