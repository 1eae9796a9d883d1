//! The list as a workbook.

use rust_xlsxwriter::{Format, Workbook, XlsxError};
use secrecy::zeroize::Zeroizing;

use crate::error::Failure;
use crate::passwords::List;
use crate::roster::template;
use crate::text::plain;

/// A workbook's most lines, its header included.
const MOST_LINES: usize = 1_048_576;

/// A cell's most characters.
const MOST_CHARACTERS: usize = 32_767;

/// The font of passwords, in which a zero is no O and a one no l; whoever has none of it gets their own.
const FIXED: &str = "Consolas";

/// The list as a workbook of one sheet. Every cell is text, whatever it begins with.
///
/// # Errors
/// Exit 2 where it has more lines than a workbook has room for; else none that can be met.
pub(crate) fn workbook(list: &List<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    if list.users.len() >= MOST_LINES {
        return Err(Failure::usage(format!(
            "a workbook has room for {MOST_LINES} lines, and there are more"
        ))
        .hint("write it as .csv"));
    }
    let failed = |error: XlsxError| Failure::stopped("cannot write the workbook").because(error);
    build(list).map(Zeroizing::new).map_err(failed)
}

fn build(list: &List<'_>) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let (head, fixed) = (Format::new().set_bold(), Format::new().set_font_name(FIXED));
    let sheet = workbook.add_worksheet().set_name("Passwords")?;
    let titles = ["user login", "password"].into_iter().chain(list.columns.iter().map(String::as_str));
    for (column, title) in (0..).zip(titles) {
        sheet.write_string_with_format(0, column, fit(title), &head)?;
        sheet.set_column_width(column, 28)?;
    }
    for (line, one) in (1..).zip(list.users) {
        sheet.write_string(line, 0, fit(one.user))?;
        sheet.write_string_with_format(line, 1, one.password.expose(), &fixed)?;
        for (column, (_, cell)) in (2..).zip(list.beside(one)) {
            sheet.write_string(line, column, fit(cell))?;
        }
    }
    sheet.set_freeze_panes(1, 0)?;
    template::saved(&mut workbook)
}

/// A text as a cell can hold it.
fn fit(text: &str) -> String {
    plain(text).chars().take(MOST_CHARACTERS).collect()
}
