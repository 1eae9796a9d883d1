//! The records of a CSV, with the numbers that a spreadsheet gives them.
//!
//! Nearly every line of a roster is plain: it has no quote, and its cells are what stands between the delimiters. Such a
//! line is taken apart where it lies. As soon as there is a quote before the end of the line, the record is csv-core's.

use std::io::Read as _;

use csv_core::ReadRecordResult as Parsed;
use memchr::{memchr_iter, memchr3_iter};

use super::cells::Cells;
use super::source::Source;
use super::text::{CHUNK, Decoding, END, Text};
use crate::error::Failure;

/// The records of a file with the numbers that a spreadsheet gives them.
pub(super) struct Records {
    text: Text,
    delimiter: u8,
    /// What was read and not taken yet, from `at` on.
    chunk: String,
    at: usize,
    /// Bytes as they are read: at first those of a character that the chunk before did not complete.
    bytes: Vec<u8>,
    incomplete: usize,
    /// Whether what follows the chunk is no UTF-8.
    is_broken: bool,
    quoted: Quoted,
    /// The places of the delimiters in the line at hand.
    delimiters: Vec<u32>,
    /// How many bytes were taken, and how many line ends there were in them.
    taken: u64,
    line_ends: u64,
    /// The number of the record read last.
    pub(super) number: u64,
    /// The line of the file that it begins with, counted from 0.
    pub(super) line: u64,
    is_done: bool,
}

pub(super) enum Next {
    Record,
    /// A quote opened in this record and swallowed the rest of the file.
    Unclosed,
    End,
}

/// What lies at the place that was reached.
enum Lies {
    /// A line of so many bytes, whose delimiters are known.
    Plain(usize),
    /// A record with a quote before the end of its first line.
    Quoted,
    /// Not as much as a line.
    Part,
}

/// The parser of records with quotes, and what it has written of one.
struct Quoted {
    parser: csv_core::Reader,
    output: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    ended: usize,
}

impl Records {
    pub(super) fn open(source: &Source, decoding: Decoding, delimiter: u8) -> Result<Self, Failure> {
        let text = decoding.text(source).map_err(unreadable)?;
        Ok(Self {
            text,
            delimiter,
            chunk: String::new(),
            at: 0,
            bytes: vec![0; CHUNK],
            incomplete: 0,
            is_broken: false,
            quoted: Quoted::new(delimiter),
            delimiters: Vec::new(),
            taken: 0,
            line_ends: 0,
            number: 0,
            line: 0,
            is_done: false,
        })
    }

    /// Reads a record and counts it, and the empty lines before it, which no record is made of. Every line end in the text
    /// is one `\n`: those that a record spans, less those inside its quoted cells, are its own and the empty lines'.
    pub(super) fn next(&mut self, cells: &mut Cells) -> Result<Next, Failure> {
        if self.is_done {
            return Ok(Next::End);
        }
        let before = self.line_ends;
        self.line = before;
        self.text.begin_record(self.taken);
        match self.take(cells) {
            Ok(true) => {}
            Ok(false) => return Ok(Next::End),
            Err(_) if self.text.overran() => {
                self.is_done = true;
                self.number += 1;
                return Ok(Next::Unclosed);
            }
            Err(failure) => return Err(failure),
        }
        let lines = self.line_ends - before;
        let is_end = self.text.is_end(self.taken);
        if lines == 1 && !is_end {
            self.number += 1;
            return Ok(Next::Record);
        }
        let quoted = newlines(cells);
        if !is_end {
            self.number += lines.saturating_sub(quoted);
            self.line += lines.saturating_sub(quoted + 1);
            return Ok(Next::Record);
        }
        self.is_done = true;
        if cells.len() == 1 && cells.get(0) == Some(END) {
            return Ok(Next::End);
        }
        self.number += lines.saturating_sub(quoted) + 1;
        self.line += lines.saturating_sub(quoted);
        Ok(Next::Unclosed)
    }

    /// Counts as if nothing had been read: what is above is no part of the table.
    pub(super) fn begin_here(&mut self) {
        self.number = 0;
    }

    /// Takes the next record, whose cells these are; `false` where there is none.
    fn take(&mut self, cells: &mut Cells) -> Result<bool, Failure> {
        loop {
            match self.look() {
                Lies::Plain(0) => self.skip(1),
                Lies::Plain(length) => {
                    let line = &self.chunk[self.at..self.at + length];
                    cells.set_line(line, &self.delimiters);
                    self.skip(length + 1);
                    return Ok(true);
                }
                Lies::Quoted => return self.take_quoted(cells),
                // A line of so many bytes is not looked through again and again.
                Lies::Part if self.chunk.len() - self.at > CHUNK => return self.take_quoted(cells),
                Lies::Part => {
                    if !self.read()? {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Goes on over a line and its end.
    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
        self.taken += bytes as u64;
        self.line_ends += 1;
    }

    /// Finds the delimiters of the line at hand.
    fn look(&mut self) -> Lies {
        if self.taken == 0 && self.chunk.starts_with('\u{FEFF}') {
            // csv-core takes a mark of the text's away as well.
            self.at = '\u{FEFF}'.len_utf8();
            self.taken = self.at as u64;
        }
        self.delimiters.clear();
        let rest = &self.chunk.as_bytes()[self.at..];
        for at in memchr3_iter(self.delimiter, b'\n', b'"', rest) {
            match rest[at] {
                b'\n' => return Lies::Plain(at),
                b'"' => return Lies::Quoted,
                _ => self.delimiters.push(at as u32),
            }
        }
        Lies::Part
    }

    /// Reads on behind what is left of the chunk; `false` at the end of the text.
    fn read(&mut self) -> Result<bool, Failure> {
        self.chunk.drain(..self.at);
        self.at = 0;
        if self.is_broken {
            return Err(changed());
        }
        let read = self.text.read(&mut self.bytes[self.incomplete..]).map_err(unreadable)?;
        if read == 0 {
            return Ok(false);
        }
        let bytes = &self.bytes[..self.incomplete + read];
        let whole = match simdutf8::compat::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                self.is_broken = error.error_len().is_some();
                std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
            }
        };
        self.chunk.push_str(whole);
        let (from, to) = (whole.len(), bytes.len());
        self.incomplete = if self.is_broken { 0 } else { to - from };
        self.bytes.copy_within(to - self.incomplete..to, 0);
        Ok(true)
    }

    /// Takes a record that has a quote.
    fn take_quoted(&mut self, cells: &mut Cells) -> Result<bool, Failure> {
        self.quoted.begin();
        loop {
            if self.at == self.chunk.len() {
                self.read()?;
            }
            let input = &self.chunk.as_bytes()[self.at..];
            let (parsed, read) = self.quoted.parse(input);
            self.line_ends += memchr_iter(b'\n', &input[..read]).count() as u64;
            self.at += read;
            self.taken += read as u64;
            match parsed {
                Parsed::Record => {
                    self.quoted.give(cells).ok_or_else(changed)?;
                    return Ok(true);
                }
                Parsed::End => return Ok(false),
                Parsed::InputEmpty | Parsed::OutputFull | Parsed::OutputEndsFull => {}
            }
        }
    }
}

impl Quoted {
    fn new(delimiter: u8) -> Self {
        let mut parser = csv_core::ReaderBuilder::new().delimiter(delimiter).build();
        // It takes a mark away from the first bytes that it is given, and these are not the file's.
        let _ = parser.read_record(b"\n", &mut [0], &mut [0]);
        Self { parser, output: vec![0; 1024], written: 0, ends: vec![0; 64], ended: 0 }
    }

    fn begin(&mut self) {
        (self.written, self.ended) = (0, 0);
    }

    /// Goes on in the record; without any input, which is the end of the text, it gives what it has. Says how much it has
    /// taken.
    fn parse(&mut self, input: &[u8]) -> (Parsed, usize) {
        let Self { parser, output, written, ends, ended } = self;
        let (parsed, read, more_written, more_ended) =
            parser.read_record(input, &mut output[*written..], &mut ends[*ended..]);
        *written += more_written;
        *ended += more_ended;
        match parsed {
            Parsed::OutputFull => output.resize(output.len() * 2, 0),
            Parsed::OutputEndsFull => ends.resize(ends.len() * 2, 0),
            Parsed::InputEmpty | Parsed::Record | Parsed::End => {}
        }
        (parsed, read)
    }

    /// Hands over the record; `None` where it is no text.
    fn give(&mut self, cells: &mut Cells) -> Option<()> {
        cells.set_parts(&self.output[..self.written], &self.ends[..self.ended])?;
        // A record of many bytes does not keep its room for the next one.
        if self.output.len() > CHUNK {
            self.output = vec![0; 1024];
        }
        Some(())
    }
}

fn unreadable(error: std::io::Error) -> Failure {
    Failure::usage("the roster cannot be read to its end").because(error)
}

fn changed() -> Failure {
    Failure::usage("the roster changed while it was read: it is no longer UTF-8")
}

/// How many line ends there are within the cells.
pub(super) fn newlines(cells: &Cells) -> u64 {
    memchr_iter(b'\n', cells.as_text().as_bytes()).count() as u64
}

#[cfg(test)]
mod tests {
    use csv::{Reader, ReaderBuilder, StringRecord};
    use proptest::prelude::*;

    use super::*;

    /// A record as it was read: its number, its line and its cells.
    type Told = (u64, u64, Vec<String>);

    fn told(text: &str, delimiter: u8, size: usize) -> (Vec<Told>, bool) {
        let source = Source::from_memory(text.as_bytes().into());
        let mut records = Records::open(&source, Decoding::Utf8 { mark: 0 }, delimiter).unwrap();
        records.bytes = vec![0; size];
        let (mut all, mut cells) = (Vec::new(), Cells::default());
        loop {
            match records.next(&mut cells).unwrap() {
                Next::Record => {
                    all.push((records.number, records.line, cells.iter().map(str::to_owned).collect()))
                }
                Next::Unclosed => return (all, true),
                Next::End => return (all, false),
            }
        }
    }

    /// The same by the csv crate, which knows nothing of plain lines.
    fn told_by_csv(text: &str, delimiter: u8) -> (Vec<Told>, bool) {
        let source = Source::from_memory(text.as_bytes().into());
        let text = Decoding::Utf8 { mark: 0 }.text(&source).unwrap();
        let mut reader: Reader<Text> =
            ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter).from_reader(text);
        let (mut all, mut record, mut number) = (Vec::new(), StringRecord::new(), 0);
        loop {
            let before = reader.position().line();
            if !reader.read_record(&mut record).unwrap() {
                return (all, false);
            }
            let lines = reader.position().line() - before;
            let quoted = record.as_slice().bytes().filter(|&byte| byte == b'\n').count() as u64;
            if reader.get_ref().is_end(reader.position().byte()) {
                return (all, record.len() != 1 || record.get(0) != Some(END));
            }
            number += lines.saturating_sub(quoted);
            let line = before - 1 + lines.saturating_sub(quoted + 1);
            all.push((number, line, record.iter().map(str::to_owned).collect()));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn a_file_is_read_as_the_csv_crate_reads_it(
            pieces in prop::collection::vec("[a,;\"\né\u{FEFF} ]{0,4}|\r\n|,\"|\",|\"\"|王|\u{1e}", 0..24),
            delimiter in prop::sample::select(vec![b',', b';']),
            size in 4..40_usize,
        ) {
            let text = pieces.concat();
            prop_assert_eq!(told(&text, delimiter, size), told_by_csv(&text, delimiter), "{:?}", text);
        }
    }

    #[test]
    fn a_long_line_and_a_wide_one_are_read_as_any_other() {
        let long = "x".repeat(3 * CHUNK);
        let wide = ",".repeat(CHUNK + 7);
        let quoted = format!("\"{}\"\"\",z", "y\n".repeat(CHUNK));
        let text = format!("a,{long},b\n{wide}\n{quoted}\nc,d\n");
        assert!(told(&text, b',', CHUNK) == told_by_csv(&text, b','));
        assert_eq!(told(&text, b',', CHUNK).0.len(), 4);
    }
}
