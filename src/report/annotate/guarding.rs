//! Cells of a CSV on their way into a copy, byte for byte but for a guard before those that a spreadsheet would take for
//! formulas.

use std::io::{self, Write};

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::units::Units;
use crate::text::{is_formula, needs_guard};

/// The most bytes of a cell that are held until it is known how it begins.
const HELD: usize = 1 << 20;

/// Where in a cell the next unit stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    /// Before its first.
    Begin,
    /// Where it is not known yet whether it begins like a formula.
    Front,
    /// Within it, where nothing is put any more.
    Within,
}

/// Puts guards into a CSV that goes by.
pub(super) struct Guarding<W> {
    out: W,
    units: Units,
    encoding: &'static Encoding,
    delimiter: u8,
    /// Whether the roster has guards already: then what begins with one has it.
    has_guards: bool,
    /// The columns of passwords, of which each character is its own.
    spared: Vec<usize>,
    column: usize,
    at: At,
    is_quoted: bool,
    /// A quote was seen in a quoted cell: its end, or half of a quote.
    is_closing: bool,
    /// What has gone by of the cell, not written yet.
    held: Vec<u8>,
}

impl<W: Write> Guarding<W> {
    /// Of a roster that is stored so.
    pub(super) fn new(
        out: W,
        units: Units,
        encoding: &'static str,
        delimiter: u8,
        has_guards: bool,
        spared: Vec<usize>,
    ) -> Self {
        let encoding = match units {
            Units::Bytes { utf8: true } => UTF_8,
            Units::Bytes { utf8: false } => Encoding::for_label(encoding.as_bytes()).unwrap_or(UTF_8),
            Units::Two { big: true } => UTF_16BE,
            Units::Two { big: false } => UTF_16LE,
        };
        Self {
            out,
            units,
            encoding,
            delimiter,
            has_guards,
            spared,
            column: 0,
            at: At::Begin,
            is_quoted: false,
            is_closing: false,
            held: Vec::new(),
        }
    }

    /// Writes what is no cell of the roster's.
    pub(super) fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.decide(true)?;
        self.out.write_all(bytes)
    }

    /// A row begins here, whatever quotes were left open before it.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.decide(true)?;
        (self.column, self.at, self.is_quoted, self.is_closing) = (0, At::Begin, false, false);
        Ok(())
    }

    /// Takes the next of the roster's bytes: whole units, but for the last of a file.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        // What stands before it is written, or held.
        let mut from = 0;
        for (at, unit) in bytes.chunks(self.units.width()).enumerate() {
            let (begin, ascii) = (at * self.units.width(), self.units.ascii(unit));
            let is_end = !self.is_quoted || self.is_closing;
            match ascii {
                Some(byte) if is_end && (byte == self.delimiter || matches!(byte, b'\n' | b'\r')) => {
                    self.out_to(&bytes[from..begin])?;
                    from = begin;
                    self.decide(true)?;
                    let is_next = byte == self.delimiter;
                    self.column = if is_next { self.column + 1 } else { 0 };
                    (self.at, self.is_quoted, self.is_closing) = (At::Begin, false, false);
                    // The delimiter itself stands before the cell that it begins.
                    self.out.write_all(unit)?;
                    from += unit.len();
                    continue;
                }
                Some(b'"') if self.at == At::Begin => {
                    self.is_quoted = true;
                    self.out_to(&bytes[from..begin])?;
                    self.out.write_all(unit)?;
                    (from, self.at) = (begin + unit.len(), At::Front);
                    continue;
                }
                Some(b'"') if self.is_quoted => self.is_closing = !self.is_closing,
                _ => {
                    // Behind its end a quoted cell goes on as if it had no quotes.
                    if self.is_closing {
                        (self.is_quoted, self.is_closing) = (false, false);
                    }
                    if self.at == At::Begin {
                        self.at = At::Front;
                    }
                }
            }
            if self.at == At::Front {
                self.out_to(&bytes[from..begin])?;
                from = begin + unit.len();
                self.held.extend_from_slice(unit);
                let is_plain =
                    self.held.len() == unit.len() && ascii.is_some_and(|byte| byte.is_ascii_alphanumeric());
                if is_plain || self.is_closing {
                    self.decide(true)?;
                } else {
                    self.decide(self.held.len() >= HELD)?;
                }
            }
        }
        self.out_to(&bytes[from..])
    }

    /// Writes all that is held.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.decide(true)?;
        self.out.flush()
    }

    fn out_to(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    /// Writes what is held of a cell, with a guard where it takes one, once that is known; nothing is held any more where
    /// nothing more of the cell is to come, or to be waited for.
    fn decide(&mut self, is_all: bool) -> io::Result<()> {
        if self.held.is_empty() {
            if is_all && self.at == At::Front {
                self.at = At::Within;
            }
            return Ok(());
        }
        let mut text = String::with_capacity(self.held.len() * 3);
        // Of a character that is cut off here nothing is read yet.
        let mut decoder = self.encoding.new_decoder_without_bom_handling();
        let _ = decoder.decode_to_string(&self.held, &mut text, is_all);
        let decides = |c: char| !(c.is_whitespace() || crate::text::hides(c) || c == '\'');
        if !is_all && !text.contains(decides) {
            return Ok(());
        }
        let needs = if self.has_guards { is_formula(&text) } else { needs_guard(&text) };
        if needs && !self.spared.contains(&self.column) {
            self.out.write_all(&self.units.stored("'"))?;
        }
        self.out.write_all(&self.held)?;
        self.held.clear();
        self.at = At::Within;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UTF8: Units = Units::Bytes { utf8: true };

    /// A copy of a text, which comes in pieces of so many units.
    fn copied(text: &str, units: Units, encoding: &'static str, has_guards: bool, piece: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut guarding = Guarding::new(&mut out, units, encoding, b',', has_guards, vec![2]);
        let bytes = match units {
            Units::Bytes { utf8: false } => {
                Encoding::for_label(encoding.as_bytes()).unwrap().encode(text).0.into_owned()
            }
            _ => units.stored(text),
        };
        for piece in bytes.chunks(piece * units.width()) {
            guarding.pass(piece).unwrap();
        }
        guarding.finish().unwrap();
        out
    }

    #[test]
    fn each_cell_that_begins_like_a_formula_has_a_guard_and_nothing_else_is_changed() {
        let table = [
            ("a,b\n", "a,b\n"),
            ("=1,+2\r\n-3,@x\n", "'=1,'+2\r\n'-3,'@x\n"),
            ("\"=1\",\" \"\"x\"\"\"\n", "\"'=1\",\" \"\"x\"\"\"\n"),
            ("\"a\n=b\",\"\n=c\"\n", "\"a\n=b\",\"'\n=c\"\n"),
            (" =1,\u{200b}+1,\u{a0}=3\n", "' =1,'\u{200b}+1,\u{a0}=3\n"),
            ("a,b,=password\n=x,,\"=password\"\n", "a,b,=password\n'=x,,\"=password\"\n"),
            ("＝1,'t Hart\n", "'＝1,''t Hart\n"),
            ("'=1,''x\n", "''=1,'''x\n"),
            ("\"\",\"\"\"=\"\n,,\n=", "\"\",\"\"\"=\"\n,,\n'="),
            ("\"a\"=b,=c\n", "\"a\"=b,'=c\n"),
            ("\"open\n=a,=b", "\"open\n=a,=b"),
            ("  ,\t\n", "  ,'\t\n"),
        ];
        for (text, expected) in table {
            for piece in [1, 2, 3, 1000] {
                let out = copied(text, UTF8, "UTF-8", false, piece);
                assert_eq!(String::from_utf8(out).unwrap(), expected, "{text:?} in pieces of {piece}");
                for big in [true, false] {
                    let units = Units::Two { big };
                    assert_eq!(
                        copied(text, units, "UTF-16", false, piece),
                        units.stored(expected),
                        "{text:?}"
                    );
                }
            }
        }
        let one = Units::Bytes { utf8: false };
        assert_eq!(copied("\u{a0}=1,ä\n", one, "windows-1252", false, 1), b"'\xA0=1,\xE4\n");
    }

    #[test]
    fn a_guard_that_is_there_gets_no_other_and_a_formula_that_somebody_has_typed_gets_one() {
        for (text, expected) in
            [("'=1,''x\n", "'=1,''x\n"), ("=1,'t Hart\n", "'=1,'t Hart\n"), ("''=1,x\n", "''=1,x\n")]
        {
            let out = copied(text, UTF8, "UTF-8", true, 4);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
