//! The report for spreadsheets: one line a row of the roster, as CSV or as a workbook.

use rust_xlsxwriter::{Color, Format, FormatBorder, Workbook, Worksheet, XlsxError};

use super::account::Account;
use super::row::Row;

use crate::error::Failure;
use crate::roster::template;
use crate::text::{cell, plain};

/// The columns, in the CSV's first line.
pub(crate) const HEADERS: [&str; 11] = [
    "row",
    "user",
    "state",
    "recovered",
    "code",
    "message",
    "user id",
    "attempts",
    "throttled",
    "request id",
    "at",
];

/// What marks a workbook as ours, in its properties.
pub(crate) const MARK: &str = "headcount report";

/// A workbook's most lines, its header included.
const MOST_LINES: usize = 1_048_576;

/// A cell's most characters.
const MOST_CHARACTERS: usize = 32_767;

/// The rows as CSV: UTF-8 with a mark, so that spreadsheets read it as such, all cells quoted, none a formula.
pub(crate) fn csv(account: &Account) -> Result<Vec<u8>, Failure> {
    let mut writer = csv::WriterBuilder::new()
        .quote_style(csv::QuoteStyle::Always)
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{FEFF}".as_bytes().to_vec());
    let failed = |error: csv::Error| Failure::stopped("cannot write the report").because(error);
    // Of several targets each row has its own behind the others.
    let target = (!account.parts.is_empty()).then_some("target");
    writer.write_record(HEADERS.into_iter().chain(target)).map_err(failed)?;
    for row in &account.rows {
        let cells = cells(row).into_iter().chain(target.map(|_| row.target.clone().unwrap_or_default()));
        writer.write_record(cells.map(|text| cell(&text))).map_err(failed)?;
    }
    writer
        .into_inner()
        .map_err(|error| Failure::stopped("cannot write the report").because(error.to_string()))
}

fn cells(row: &Row) -> [String; 11] {
    let or_empty = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        row.row.to_string(),
        row.user.clone(),
        row.state.word().to_owned(),
        if row.recovered { "yes" } else { "" }.to_owned(),
        or_empty(&row.code),
        row.said(),
        or_empty(&row.id),
        row.attempts.to_string(),
        row.throttled.to_string(),
        or_empty(&row.request_id),
        row.at.clone(),
    ]
}

/// A workbook: the rows to filter, what failed and why, and the record of the run. Every cell from outside is text.
pub(crate) fn workbook(account: &Account, made: &str) -> Result<Vec<u8>, Failure> {
    if account.rows.len() >= MOST_LINES {
        return Err(Failure::usage(format!(
            "a workbook has room for {MOST_LINES} lines, and the run has more rows"
        ))
        .hint("write it as .csv"));
    }
    build(account, made).map_err(|error| Failure::stopped("cannot write the report").because(error))
}

fn build(account: &Account, made: &str) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    workbook.set_properties(&rust_xlsxwriter::DocProperties::new().set_comment(MARK));
    let head = Format::new()
        .set_bold()
        .set_background_color(Color::RGB(0x00D9_E2F3))
        .set_border_bottom(FormatBorder::Thin);
    rows(workbook.add_worksheet().set_name("Rows")?, account, &head)?;
    if !account.parts.is_empty() {
        targets(workbook.add_worksheet().set_name("Targets")?, account, &head)?;
    }
    failures(workbook.add_worksheet().set_name("Failures")?, account, &head)?;
    record(workbook.add_worksheet().set_name("Record")?, account, made, &head)?;
    template::saved(&mut workbook)
}

/// The workbook's columns of the rows with their widths: those that people read first, and on paper those alone.
const SHEET: [(&str, u16); 14] = [
    ("row", 6),
    ("user", 22),
    ("name", 24),
    ("team", 24),
    ("routing profile", 22),
    ("state", 10),
    ("code", 22),
    ("message", 50),
    ("at", 24),
    ("recovered", 10),
    ("user id", 40),
    ("attempts", 9),
    ("throttled", 9),
    ("request id", 40),
];

/// How many of them are printed.
const PRINTED: u16 = 9;

fn rows(sheet: &mut Worksheet, account: &Account, head: &Format) -> Result<(), XlsxError> {
    for (column, (title, width)) in (0..).zip(SHEET) {
        sheet.write_string_with_format(0, column, title, head)?;
        sheet.set_column_width(column, width)?;
    }
    for (line, row) in (1..).zip(&account.rows) {
        let [_, user, state, recovered, code, message, id, _, _, request, _] = cells(row);
        let (person, at) = (&row.person, account.zone.shown(&row.at));
        let texts = [
            &user,
            &person.name,
            &person.team,
            &person.profile,
            &state,
            &code,
            &message,
            &at,
            &recovered,
            &id,
        ];
        sheet.write_number(line, 0, row.row.number())?;
        for (column, text) in (1..).zip(texts) {
            write(sheet, line, column, text)?;
        }
        sheet.write_number(line, 11, row.attempts)?;
        sheet.write_number(line, 12, row.throttled)?;
        write(sheet, line, 13, &request)?;
        if let Some(target) = &row.target {
            write(sheet, line, 14, target)?;
        }
    }
    if !account.parts.is_empty() {
        sheet.write_string_with_format(0, 14, "target", head)?;
        sheet.set_column_width(14, 16)?;
    }
    sheet.set_freeze_panes(1, 2)?;
    let last = u32::try_from(account.rows.len()).unwrap_or(u32::MAX);
    sheet.autofilter(0, 0, last, 13)?;
    sheet.set_print_area(0, 0, last, PRINTED - 1)?;
    on_paper(sheet)
}

/// On few pages: lying, as wide as a page, and with the header on each.
fn on_paper(sheet: &mut Worksheet) -> Result<(), XlsxError> {
    const A4: u8 = 9;
    sheet.set_landscape();
    sheet.set_paper_size(A4);
    sheet.set_print_fit_to_pages(1, 0);
    sheet.set_repeat_rows(0, 0)?;
    sheet.set_footer("&L&F&R&P / &N");
    Ok(())
}

/// Where the rows of each target stand.
fn targets(sheet: &mut Worksheet, account: &Account, head: &Format) -> Result<(), XlsxError> {
    let titles = [("target", 20), ("rows", 9), ("as asked", 9), ("failed", 9), ("open", 9), ("instance", 90)];
    for (column, (title, width)) in (0..).zip(titles) {
        sheet.write_string_with_format(0, column, title, head)?;
        sheet.set_column_width(column, width)?;
    }
    for (line, part) in (1..).zip(&account.parts) {
        write(sheet, line, 0, &part.target)?;
        for (column, number) in (1..).zip(part.numbers()) {
            sheet.write_number(line, column, number as f64)?;
        }
        write(sheet, line, 5, &part.instance)?;
    }
    sheet.set_freeze_panes(1, 0)?;
    on_paper(sheet)
}

fn failures(sheet: &mut Worksheet, account: &Account, head: &Format) -> Result<(), XlsxError> {
    let titles =
        [("rows", 7), ("state", 10), ("code", 30), ("what is said", 60), ("what to do", 80), ("command", 60)];
    for (column, (title, width)) in (0..).zip(titles) {
        sheet.write_string_with_format(0, column, title, head)?;
        sheet.set_column_width(column, width)?;
    }
    for (line, cause) in (1..).zip(&account.causes) {
        sheet.write_number(line, 0, cause.rows.len() as f64)?;
        let command = cause.command.as_deref().unwrap_or("");
        let texts = [cause.state.word(), &cause.code, &cause.says, &cause.advice, command];
        for (column, text) in (1..).zip(texts) {
            write(sheet, line, column, text)?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    on_paper(sheet)
}

fn record(sheet: &mut Worksheet, account: &Account, made: &str, head: &Format) -> Result<(), XlsxError> {
    sheet.set_column_width(0, 22)?;
    sheet.set_column_width(1, 90)?;
    for (line, (title, text)) in (0..).zip(super::record(account, made)) {
        sheet.write_string_with_format(line, 0, &title, head)?;
        write(sheet, line, 1, &text)?;
    }
    sheet.set_landscape();
    sheet.set_print_fit_to_pages(1, 0);
    Ok(())
}

/// A text cell, whatever it begins with.
fn write<'s>(
    sheet: &'s mut Worksheet,
    line: u32,
    column: u16,
    text: &str,
) -> Result<&'s mut Worksheet, XlsxError> {
    let mut text = plain(text);
    if let Some((cut, _)) = text.char_indices().nth(MOST_CHARACTERS) {
        text.truncate(cut);
    }
    sheet.write_string(line, column, text)
}
