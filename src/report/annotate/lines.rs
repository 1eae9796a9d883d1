//! A CSV given back line by line and byte for byte but for guards, with a column before its first. Before it, and not behind the last, for
//! rows may have cells too many or too few, and a quote that never closes has no end.

use std::io::{self, BufRead, BufReader, Read, Write};

use super::copy::{Annotated, Copy, told};
use super::guarding::Guarding;
use super::units::Units;
use super::unwritten::Unwritten;
use crate::roster::{FINDINGS, Field, Written};
use crate::text::guarded;

/// The longest stretch of a line that is held in memory, in bytes.
const PIECE: usize = 1 << 20;

impl Copy<'_> {
    /// Writes the roster's lines, each that begins a row with what was found in it.
    pub(super) fn lines(&self, file: impl Write, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let Some(written) = self.roster.written() else { return Ok(()) };
        let passwords = self.roster.columns().places[Field::Password.index()].clone();
        let has_guards = self.roster.has_guards();
        let mut lines = Lines::new(self.roster.bytes(), file, written, has_guards, passwords)?;
        lines.begin(written.header_line, FINDINGS)?;
        self.each(|row, findings| {
            annotated.count(row, findings);
            let told = guarded(&told(findings, self.voice));
            Ok(lines.begin(row.line, &told)?)
        })?;
        Ok(lines.finish()?)
    }
}

/// The lines of a file on their way into another. A line ends with `\n`, `\r\n` or `\r`, as the reader has it.
struct Lines<R: Read, W> {
    input: BufReader<R>,
    out: Guarding<W>,
    units: Units,
    delimiter: u8,
    /// Whether rows have a column of an earlier copy, which goes.
    is_annotated: bool,
    /// The line that comes next, counted from 0.
    line: u64,
    /// Whether what comes next is the rest of a line.
    is_within: bool,
    /// A unit that has been read and not been taken.
    ahead: Vec<u8>,
}

impl<R: Read, W: Write> Lines<R, W> {
    /// `spared` are the columns in which no cell has a guard; `has_guards` says whether the others have theirs already.
    fn new(bytes: R, mut out: W, written: Written, has_guards: bool, spared: Vec<usize>) -> io::Result<Self> {
        let mut input = BufReader::with_capacity(64 << 10, bytes);
        let head = input.fill_buf()?;
        let (mark, units) = match head {
            [0xEF, 0xBB, 0xBF, ..] => (3, Units::Bytes { utf8: true }),
            [0xFF, 0xFE, ..] => (2, Units::Two { big: false }),
            [0xFE, 0xFF, ..] => (2, Units::Two { big: true }),
            _ => match written.encoding() {
                "UTF-16LE" => (0, Units::Two { big: false }),
                "UTF-16BE" => (0, Units::Two { big: true }),
                _ => (0, Units::Bytes { utf8: written.is_utf8() }),
            },
        };
        out.write_all(&head[..mark])?;
        input.consume(mark);
        if mark == 0 && written.is_utf8() {
            // A mark, by which a spreadsheet knows UTF-8. It changes nothing of what is read.
            out.write_all("\u{FEFF}".as_bytes())?;
        }
        let Written { delimiter, is_annotated, .. } = written;
        let out = Guarding::new(out, units, written.encoding(), delimiter, has_guards, spared);
        Ok(Self { input, out, units, delimiter, is_annotated, line: 0, is_within: false, ahead: Vec::new() })
    }

    /// Copies up to a line, and puts a cell before its first.
    fn begin(&mut self, line: u64, cell: &str) -> io::Result<()> {
        let mut piece = Vec::new();
        while self.line < line || self.is_within {
            piece.clear();
            if !self.read(&mut piece)? {
                return Ok(());
            }
            self.out.pass(&piece)?;
        }
        self.out.begin()?;
        let quoted =
            if cell.is_empty() { String::new() } else { format!("\"{}\"", cell.replace('"', "\"\"")) };
        self.out.put(&self.units.stored(&format!("{quoted}{}", char::from(self.delimiter))))?;
        if self.is_annotated {
            piece.clear();
            self.read(&mut piece)?;
            self.out.pass(&piece[self.first_cell(&piece)..])?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<()> {
        let mut piece = Vec::new();
        while self.read(&mut piece)? {
            self.out.pass(&piece)?;
            piece.clear();
        }
        self.out.finish()
    }

    /// How many bytes of a line are its first cell and the delimiter after it.
    fn first_cell(&self, line: &[u8]) -> usize {
        let width = self.units.width();
        let mut is_quoted = false;
        for (at, unit) in line.chunks(width).enumerate() {
            match self.units.ascii(unit) {
                Some(b'"') => is_quoted = !is_quoted,
                Some(byte) if byte == self.delimiter && !is_quoted => return (at + 1) * width,
                Some(b'\n' | b'\r') if !is_quoted => return at * width,
                _ => {}
            }
        }
        0
    }

    /// Reads the rest of a line with its end, or as much of it as is held at a time; `false` where there is no more.
    fn read(&mut self, piece: &mut Vec<u8>) -> io::Result<bool> {
        let width = self.units.width();
        loop {
            let unit = self.unit(piece)?;
            if unit.is_empty() {
                return Ok(!piece.is_empty());
            }
            let ascii = self.units.ascii(unit);
            if ascii == Some(b'\r') {
                self.line_feed(piece)?;
            }
            if matches!(ascii, Some(b'\n' | b'\r')) {
                self.line += 1;
                self.is_within = false;
                return Ok(true);
            }
            if piece.len() + width > PIECE {
                self.is_within = true;
                return Ok(true);
            }
        }
    }

    /// Takes the next unit, and in bytes all before it that end no line; shorter than a unit only at the end of the file.
    fn unit<'p>(&mut self, piece: &'p mut Vec<u8>) -> io::Result<&'p [u8]> {
        let (width, from) = (self.units.width(), piece.len());
        if !self.ahead.is_empty() {
            piece.append(&mut self.ahead);
            return Ok(&piece[from..]);
        }
        if width == 1 {
            let held = self.input.fill_buf()?;
            let held = &held[..held.len().min(PIECE)];
            let length = memchr::memchr2(b'\n', b'\r', held).map_or(held.len(), |at| at + 1);
            piece.extend_from_slice(&held[..length]);
            self.input.consume(length);
            let from = if length == 0 { piece.len() } else { piece.len() - 1 };
            return Ok(&piece[from..]);
        }
        for _ in 0..width {
            let Some(byte) = self.input.fill_buf()?.first().copied() else { break };
            self.input.consume(1);
            piece.push(byte);
        }
        Ok(&piece[from..])
    }

    /// Takes the next unit where it is a `\n`.
    fn line_feed(&mut self, piece: &mut Vec<u8>) -> io::Result<()> {
        let mut next = Vec::new();
        for _ in 0..self.units.width() {
            let Some(byte) = self.input.fill_buf()?.first().copied() else { break };
            self.input.consume(1);
            next.push(byte);
        }
        if self.units.ascii(&next) == Some(b'\n') {
            piece.append(&mut next)
        } else {
            self.ahead = next
        }
        Ok(())
    }
}
