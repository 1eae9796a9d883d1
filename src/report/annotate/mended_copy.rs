//! A roster given back with some of its cells changed: the same file in every other respect.
//!
//! A CSV is given back line by line; a line in which nothing is changed as it is, but for its encoding, which is UTF-8 with
//! a mark from then on. Where a cell begins like a formula the copy has guards, which reading takes off again, and by which it
//! is known: the first column that an annotated copy has, with nothing in it. A workbook is the same package but for its
//! sheet, in which a changed cell is text in its own format.

use std::io::{self, Read as _, Seek, Write};
use std::path::Path;

use encoding_rs::{Encoding, UTF_8};

use super::guarding::Guarding;
use super::kind::{Kind, taken};
use super::mended::Mended;
use super::package;
use super::units::Units;
use super::unwritten::Unwritten;
use crate::disk;
use crate::error::Failure;
use crate::roster::{FINDINGS, Row, Storage, Written};
use crate::text::{is_formula, needs_guard, with_guard};

impl Mended<'_> {
    /// Refuses a name that is taken, or is none of a file of the roster's form.
    ///
    /// # Errors
    /// Exit 2.
    pub(crate) fn fits(&self, out: &Path) -> Result<(), Failure> {
        let kind = self.kind(out)?;
        if out.symlink_metadata().is_ok() { Err(taken(out)) } else { kind.fits(self.roster, out) }
    }

    fn kind(&self, out: &Path) -> Result<Kind, Failure> {
        let shown = out.display();
        let kind = Kind::by_name(out).ok_or_else(|| {
            Failure::usage(format!("a mended copy is a .csv or an .xlsx file: `{shown}`"))
                .hint("give it a name that ends so")
        })?;
        match (self.roster.storage(), kind) {
            (Storage::Csv { .. }, Kind::Csv) | (Storage::Xlsx { .. }, Kind::Workbook(_)) => Ok(kind),
            (Storage::Csv { .. }, Kind::Workbook(_)) => {
                Err(Failure::usage(format!("the roster is a CSV, and so is its mended copy: `{shown}`"))
                    .hint("give it a name that ends in `.csv`"))
            }
            (Storage::Xlsx { .. }, Kind::Csv) => {
                Err(Failure::usage(format!("the roster is a workbook, and so is its mended copy: `{shown}`"))
                    .hint("give it a name that ends in `.xlsx`"))
            }
        }
    }

    /// Writes the copy, all of it or nothing, readable by its owner only; never over a file that is there, unless `is_over`.
    /// Says what it does not have of the roster.
    ///
    /// # Errors
    /// Exit 2 where it cannot be written.
    pub(crate) fn write(&self, out: &Path, is_over: bool) -> Result<Vec<String>, Failure> {
        self.kind(out)?.fits(self.roster, out)?;
        let mut said = Vec::new();
        let written = if is_over {
            let mut held = io::Cursor::new(Vec::new());
            let put = self.put(&mut held, &mut said);
            put.and_then(|()| Ok(disk::write_atomic(out, held.get_ref())?))
        } else {
            disk::create_atomic_with(out, |file| self.put(file, &mut said)).map(drop)
        };
        let Err(unwritten) = written else { return Ok(said) };
        let cannot = || Failure::usage(format!("cannot write: `{}`", out.display()));
        Err(match unwritten {
            Unwritten::Roster(failure) => failure,
            Unwritten::Io(error) if error.kind() == io::ErrorKind::AlreadyExists => taken(out),
            Unwritten::Io(error) => cannot().because(error),
            Unwritten::Xlsx(error) => cannot().because(io::Error::other(error)),
            Unwritten::TooMany(row) => {
                Failure::usage(format!("a workbook has no row of this number: `{row}`"))
            }
            Unwritten::NotInPlace(why) => {
                Failure::usage(format!("the workbook cannot be changed in place: {why}"))
                    .hint("open it in a spreadsheet and save it again as XLSX, or as CSV")
            }
            Unwritten::OfText(what) | Unwritten::OfWorkbook(what) => cannot().because(io::Error::other(what)),
        })
    }

    fn put(&self, mut file: impl Write + Seek, said: &mut Vec<String>) -> Result<(), Unwritten> {
        match self.roster.storage() {
            _ if self.edits.is_empty() && self.headers.is_empty() => {
                io::copy(&mut self.roster.bytes(), &mut file)?;
                Ok(())
            }
            Storage::Csv { .. } => self.lines(file, said),
            Storage::Xlsx { sheet } => package::write_mended(self, &sheet, file, said),
        }
    }

    // ── a CSV ──

    /// Writes the roster's lines, those that begin a row in which something is changed anew.
    fn lines(&self, mut file: impl Write, said: &mut Vec<String>) -> Result<(), Unwritten> {
        let Some(written) = self.roster.written() else { return Ok(()) };
        let mut bytes = Vec::new();
        self.roster.bytes().read_to_end(&mut bytes)?;
        let encoding = Encoding::for_label(written.encoding().as_bytes()).unwrap_or(UTF_8);
        let (text, _, _) = encoding.decode(&bytes);
        let mut text = Text::of(&text);
        let passwords = self.passwords.to_vec();
        let guards = match (self.roster.has_guards(), self.has_formulas()) {
            (true, _) => Guards::There,
            (false, true) => Guards::Made,
            (false, false) => Guards::None,
        };
        if let (Guards::Made, false) = (guards, written.is_annotated) {
            said.push(format!(
                "cells begin like formulas: each has an apostrophe before it, which reading takes off again, and by a first \
                 column `{FINDINGS}` it is known that it does"
            ));
        }
        file.write_all("\u{FEFF}".as_bytes())?;
        let mut out = CopyOfLines {
            out: match guards {
                Guards::None => Out::Plain(file),
                Guards::There => Out::guarded(file, written.delimiter, true, &passwords),
                Guards::Made => Out::guarded(file, written.delimiter, false, &passwords),
            },
            written,
            guards,
            passwords,
            end: text.usual_end(),
        };
        out.pass(text.until(written.header_line))?;
        let record = text.record(written.delimiter);
        out.begin(FINDINGS)?;
        let renamed =
            |at: usize| self.headers.iter().find(|(column, _)| *column == at).map(|(_, text)| text.as_str());
        if self.headers.is_empty() {
            out.pass(record)?
        } else {
            out.record(record, self.roster.width(), None, &renamed)?
        }
        let mut row = Row::default();
        let rows = self.roster.in_memory().map_or(0, |held| held.len());
        for at in 0..rows {
            let Some(held) = self.roster.in_memory().filter(|held| held.give(at, &mut row)) else { break };
            let _ = held;
            let is_changed = self.edits.of_row(row.number).next().is_some();
            let is_dropped = self.edits.is_dropped(row.number);
            if guards != Guards::Made && !is_changed && !is_dropped {
                continue;
            }
            out.pass(text.until(row.line))?;
            let record = text.record(written.delimiter);
            if is_dropped {
                continue;
            }
            out.begin("")?;
            if !is_changed {
                out.pass(record)?;
                continue;
            }
            let edited = |at: usize| self.edits.cell(row.number, at);
            let own = row.is_readable() && row.cells.len() == self.roster.width();
            let cells = own.then(|| row.cells.iter().map(str::to_owned).collect::<Vec<_>>());
            out.record(record, self.roster.width(), cells.as_deref(), &edited)?;
        }
        out.pass(text.rest())?;
        let added = self.edits.added().iter().filter(|row| !self.edits.is_dropped(**row));
        for number in added {
            if self.edits.of_row(*number).next().is_none() {
                continue;
            }
            out.end_line(text.ends_with_line_end())?;
            text.has_ended();
            out.begin("")?;
            let blank = vec![String::new(); self.roster.width()];
            let edited = |at: usize| self.edits.cell(*number, at);
            out.record("", self.roster.width(), Some(&blank), &edited)?;
            out.end_line(false)?;
        }
        Ok(out.out.finish()?)
    }

    /// Whether a cell of the copy begins like a formula that does something: a number with its sign before it is none, for
    /// telephone numbers begin so, and whoever opens the roster itself has them as well.
    fn has_formulas(&self) -> bool {
        let passwords = self.passwords;
        let is_number = |text: &str| {
            let text = text.trim().trim_start_matches(['+', '-']);
            text.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '(' | ')' | '-' | '.' | '/' | ','))
        };
        let does = |text: &str| is_formula(text) && !is_number(text);
        let edited = self
            .edits
            .rows()
            .any(|row| self.edits.of_row(row).any(|(at, text)| !passwords.contains(&at) && does(text)));
        if edited || self.headers.iter().any(|(_, text)| does(text)) {
            return true;
        }
        let Some(held) = self.roster.in_memory() else { return false };
        let mut row = Row::default();
        (0..held.len()).any(|at| {
            held.give(at, &mut row)
                && !self.edits.is_dropped(row.number)
                && row.cells.iter().take(self.roster.width()).enumerate().any(|(at, cell)| {
                    !passwords.contains(&at) && does(cell) && self.edits.cell(row.number, at).is_none()
                })
        })
    }
}

/// How cells that begin like formulas are guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Guards {
    /// None does.
    None,
    /// The roster has its guards already.
    There,
    /// The copy gets them.
    Made,
}

/// Where the lines go.
enum Out<W> {
    /// As they are.
    Plain(W),
    /// With guards before the cells that take one.
    Guarded(Box<Guarding<W>>),
}

impl<W: Write> Out<W> {
    fn guarded(file: W, delimiter: u8, has_guards: bool, spared: &[usize]) -> Self {
        let units = Units::Bytes { utf8: true };
        Self::Guarded(Box::new(Guarding::new(file, units, "UTF-8", delimiter, has_guards, spared.to_vec())))
    }

    fn begin(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Guarded(out) => out.begin(),
        }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Guarded(out) => out.put(bytes),
        }
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Guarded(out) => out.pass(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Self::Plain(mut out) => out.flush(),
            Self::Guarded(out) => out.finish(),
        }
    }
}

/// A CSV on its way out.
struct CopyOfLines<W> {
    out: Out<W>,
    written: Written,
    guards: Guards,
    passwords: Vec<usize>,
    /// How its lines end.
    end: &'static str,
}

impl<W: Write> CopyOfLines<W> {
    fn pass(&mut self, text: &str) -> Result<(), Unwritten> {
        Ok(self.out.pass(text.as_bytes())?)
    }

    /// A row begins: where the copy gets a column before its first, with this in it.
    fn begin(&mut self, cell: &str) -> Result<(), Unwritten> {
        self.out.begin()?;
        if self.guards == Guards::Made {
            self.out.put(format!("{cell}{}", char::from(self.written.delimiter)).as_bytes())?;
        }
        Ok(())
    }

    fn end_line(&mut self, has_ended: bool) -> Result<(), Unwritten> {
        if has_ended {
            return Ok(());
        }
        let end = self.end;
        self.pass(end)
    }

    /// Writes a record with some of its cells changed, the others as they stand. Where the reader's own cells are known they
    /// stand in for those of a record that has more or fewer.
    fn record<'t>(
        &mut self,
        record: &str,
        width: usize,
        read: Option<&[String]>,
        changed: &dyn Fn(usize) -> Option<&'t str>,
    ) -> Result<(), Unwritten> {
        let delimiter = char::from(self.written.delimiter);
        let (content, end) = record.split_at(record.trim_end_matches(['\r', '\n']).len());
        let raw = raw_cells(content, self.written.delimiter);
        let own = usize::from(self.written.is_annotated);
        let is_whole = raw.len() == width + own;
        let mut cells: Vec<String> = Vec::with_capacity(width + own);
        if self.written.is_annotated {
            cells.push(raw.first().map(|cell| (*cell).to_owned()).unwrap_or_default());
        }
        for at in 0..width {
            let text = changed(at).map(|text| self.stored(at, text));
            let kept = || match raw.get(at + own).filter(|_| is_whole) {
                Some(raw) => (*raw).to_owned(),
                None => self.stored(at, read.and_then(|cells| cells.get(at)).map_or("", String::as_str)),
            };
            cells.push(text.unwrap_or_else(kept));
        }
        let line = cells.join(&delimiter.to_string());
        // A record of one blank cell would be a blank line.
        let line = if line.is_empty() { "\"\"".to_owned() } else { line };
        self.pass(&line)?;
        self.pass(end)
    }

    /// A text as a cell of the file has it.
    fn stored(&self, at: usize, text: &str) -> String {
        let is_spared = self.passwords.contains(&at);
        // Where the copy gets its guards they are put as it goes by.
        let text = if self.guards == Guards::There && !is_spared && needs_guard(text) {
            with_guard(text).into_owned()
        } else {
            text.to_owned()
        };
        let delimiter = char::from(self.written.delimiter);
        // Spaces around are kept by every reader in quotes alone.
        let needs = text.contains(['"', '\r', '\n', delimiter]) || text.trim().len() != text.len();
        if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
    }
}

/// The cells of a record as they stand in it, quotes and all.
fn raw_cells(record: &str, delimiter: u8) -> Vec<&str> {
    let (mut cells, mut begin, mut is_quoted, mut is_first) = (Vec::new(), 0, false, true);
    for (at, byte) in record.bytes().enumerate() {
        match byte {
            // Only where it begins a cell does a quote open one.
            b'"' if is_first => (is_quoted, is_first) = (true, false),
            b'"' if is_quoted => is_quoted = false,
            b'"' if at > begin && record.as_bytes()[at - 1] == b'"' && record.as_bytes()[begin] == b'"' => {
                is_quoted = true
            }
            byte if byte == delimiter && !is_quoted => {
                cells.push(&record[begin..at]);
                (begin, is_first) = (at + 1, true);
            }
            _ => is_first = false,
        }
    }
    cells.push(&record[begin..]);
    cells
}

/// A text that is gone over line by line. A line ends with `\n`, `\r\n` or `\r`, as the reader has it.
struct Text<'t> {
    text: &'t str,
    at: usize,
    line: u64,
    has_ended: bool,
}

impl<'t> Text<'t> {
    fn of(text: &'t str) -> Self {
        Self { text, at: 0, line: 0, has_ended: false }
    }

    /// How its lines end, as the first of them does.
    fn usual_end(&self) -> &'static str {
        match self.text.find(['\r', '\n']).map(|at| &self.text[at..]) {
            Some(rest) if rest.starts_with("\r\n") => "\r\n",
            Some(rest) if rest.starts_with('\r') => "\r",
            _ => "\n",
        }
    }

    fn ends_with_line_end(&self) -> bool {
        self.has_ended || self.text.is_empty() || self.text.ends_with(['\r', '\n'])
    }

    /// What was put behind it ends with a line end.
    fn has_ended(&mut self) {
        self.has_ended = true;
    }

    /// What stands before a line, from where it is.
    fn until(&mut self, line: u64) -> &'t str {
        let from = self.at;
        while self.line < line && self.at < self.text.len() {
            self.next_line();
        }
        &self.text[from..self.at]
    }

    fn next_line(&mut self) {
        let rest = &self.text[self.at..];
        let end = match memchr::memchr2(b'\n', b'\r', rest.as_bytes()) {
            None => rest.len(),
            Some(at) if rest[at..].starts_with("\r\n") => at + 2,
            Some(at) => at + 1,
        };
        self.at += end;
        self.line += 1;
    }

    /// The record that begins here, with the line end behind it.
    fn record(&mut self, delimiter: u8) -> &'t str {
        let from = self.at;
        loop {
            let begin = self.at;
            if begin >= self.text.len() {
                break;
            }
            self.next_line();
            if is_closed(&self.text[from..self.at], delimiter) {
                break;
            }
        }
        &self.text[from..self.at]
    }

    fn rest(&mut self) -> &'t str {
        let from = std::mem::replace(&mut self.at, self.text.len());
        &self.text[from..]
    }
}

/// Whether a record ends with these lines: each quote that opens a cell in them is closed.
fn is_closed(lines: &str, delimiter: u8) -> bool {
    let mut parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
    let (mut output, mut ends) = (vec![0; lines.len().max(16)], vec![0; lines.len().max(16)]);
    let (result, _, _, _) = parser.read_record(lines.as_bytes(), &mut output, &mut ends);
    matches!(result, csv_core::ReadRecordResult::Record)
}
