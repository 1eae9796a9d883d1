//! Rows become a file: a CSV or a workbook, either of which a spreadsheet may save without losing anything of it.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use csv::{QuoteStyle, WriterBuilder};
use rust_xlsxwriter::XlsxError;

use super::row::Line;
use crate::agent::IdentityType;
use crate::disk;
use crate::error::Failure;
use crate::roster::{Field, NOTE, template};
use crate::text::{guarded, plain};

/// How rows are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Delimited text, UTF-8 with a mark by which a spreadsheet knows it.
    Csv,
    /// A workbook of one sheet, all of whose cells are text: plus signs and leading zeros stay.
    Xlsx,
}

impl Form {
    /// By the end of a name, in any case.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?;
        [("csv", Self::Csv), ("xlsx", Self::Xlsx)]
            .into_iter()
            .find(|(known, _)| end.eq_ignore_ascii_case(known))
            .map(|(_, form)| form)
    }
}

/// The columns of a file of these rows: those of the console's template for this kind of instance, whether or not anybody
/// has anything in them, and whatever else somebody has. `leaving_out` are those of which nothing was read.
pub(crate) fn columns<'l>(
    lines: impl IntoIterator<Item = &'l Line>,
    identity: IdentityType,
    leaving_out: &[Field],
) -> Vec<Field> {
    let template = template::fields(identity).into_iter().filter(|field| !field.is_secret());
    let mut columns: BTreeSet<Field> = template.collect();
    lines.into_iter().for_each(|line| columns.extend(line.cells.keys()));
    columns.retain(|field| !leaving_out.contains(field));
    columns.into_iter().collect()
}

/// Which columns are written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written<'c> {
    /// The fields.
    pub(crate) fields: &'c [Field],
    /// Whether each row says first of which target it is.
    pub(crate) has_targets: bool,
}

impl<'c> Written<'c> {
    /// Of one instance.
    pub(crate) fn of_one(fields: &'c [Field]) -> Self {
        Self { fields, has_targets: false }
    }

    fn headers(self) -> impl Iterator<Item = &'static str> {
        let target = self.has_targets.then_some(TARGET);
        target.into_iter().chain(self.fields.iter().map(|field| field.header())).chain([NOTE])
    }

    /// The cells of a row, but for the last.
    fn cells(self, line: &'c Line) -> impl Iterator<Item = &'c str> {
        let target = self.has_targets.then(|| line.target.as_deref().unwrap_or(""));
        target.into_iter().chain(self.fields.iter().map(|field| cell(line, *field)))
    }

    fn width(self) -> u16 {
        u16::try_from(self.fields.len() + usize::from(self.has_targets)).unwrap_or(u16::MAX)
    }
}

/// The header under which a target's name stands.
const TARGET: &str = "target";

/// Whether anybody on an instance of this kind can have it.
pub(crate) fn may_be(field: Field, identity: IdentityType) -> bool {
    field != Field::Email || identity != IdentityType::Saml
}

/// Writes a file of rows, which must not be there yet: whole or not at all, and readable by its owner only.
///
/// # Errors
/// Exit 2 where it is there; exit 4 where it cannot be written.
pub(crate) fn create(path: &Path, form: Form, columns: Written<'_>, lines: &[Line]) -> Result<(), Failure> {
    let written = disk::create_atomic_with(path, |file| write(file, form, columns, lines));
    written.map_err(|error| {
        let shown = path.display();
        match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Failure::usage(format!("there is a file by now, and it stays: `{shown}`"))
                    .hint("move it away; the same command writes the export without reading anybody again")
            }
            _ => Failure::stopped(format!("cannot write the export: `{shown}`"))
                .because(error)
                .hint("the same command tries again, without reading anybody again"),
        }
    })
}

/// Writes rows, in their order, under a header that a roster has. Behind the last column stands one more, of what no cell of
/// a row can say.
///
/// # Errors
/// The file cannot be written; of a workbook also that it has more rows than one can have.
pub(super) fn write<'l>(
    file: &mut impl Write,
    form: Form,
    columns: Written<'_>,
    lines: impl IntoIterator<Item = &'l Line>,
) -> io::Result<()> {
    match form {
        Form::Csv => {
            let mut csv = Csv::begin(file, columns)?;
            for line in lines {
                csv.line(line)?;
            }
            csv.flush()
        }
        Form::Xlsx => file.write_all(&workbook(columns, lines).map_err(io::Error::other)?),
    }
}

/// The rows of a CSV, written one by one.
pub(super) struct Csv<'c, W: Write> {
    writer: csv::Writer<W>,
    columns: Written<'c>,
}

impl<'c, W: Write> Csv<'c, W> {
    /// With its header.
    pub(super) fn begin(mut file: W, columns: Written<'c>) -> io::Result<Self> {
        file.write_all("\u{FEFF}".as_bytes())?;
        let mut csv = Self::go_on(file, columns);
        csv.writer.write_record(columns.headers())?;
        Ok(csv)
    }

    /// Behind what is there.
    pub(super) fn go_on(file: W, columns: Written<'c>) -> Self {
        let writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(file);
        Self { writer, columns }
    }

    pub(super) fn line(&mut self, line: &Line) -> io::Result<()> {
        let cells = self.columns.cells(line).map(guarded);
        self.writer.write_record(cells.chain([guarded(&note(line))]))?;
        Ok(())
    }

    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn workbook<'l>(
    columns: Written<'_>,
    lines: impl IntoIterator<Item = &'l Line>,
) -> Result<Vec<u8>, XlsxError> {
    let (text, heading) = (template::text(), template::heading());
    let mut workbook = template::dated()?;
    // A row at a time: an instance may have a hundred thousand users.
    let sheet = workbook.add_worksheet_with_constant_memory()?.set_name("Users")?;
    sheet.set_freeze_panes(1, 0)?;
    for column in 0..columns.width() {
        sheet.set_column_format(column, &text)?;
        sheet.set_column_width(column, 22)?;
    }
    for (column, header) in (0..).zip(columns.headers()) {
        sheet.write_string_with_format(0, column, header, &heading)?;
    }
    for (row, line) in (1..).zip(lines) {
        for (column, cell) in (0..).zip(columns.cells(line)) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, column, cell, &text)?;
            }
        }
        let note = guarded(&note(line));
        if !note.is_empty() {
            sheet.write_string_with_format(row, columns.width(), &note, &text)?;
        }
    }
    template::saved(&mut workbook)
}

fn cell(line: &Line, field: Field) -> &str {
    line.cells.get(&field).map_or("", String::as_str)
}

/// What no cell of a row can say, on one line.
fn note(line: &Line) -> String {
    plain(&line.untold.join("; "))
}
