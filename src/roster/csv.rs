//! A CSV file, read as a stream.

use csv::{ReaderBuilder, StringRecord};

use super::below::Below;
use super::cells::{Cells, Guards};
use super::columns::{FINDINGS, MAX_COLUMNS, Use, are_ours, too_wide};
use super::field::Field;
use super::header::Header;
use super::mapping::Mapping;
use super::records::{Next, Records, newlines};
use super::row::{Row, Seems};
use super::source::{Cursor, Source};
use super::text::Decoding;
use super::top::{self, Line, Top};
use crate::error::Failure;
use crate::finding::{Finding, codes};
use crate::text::unguarded;

/// The delimiters we look for. `|`, which is the cells' own, is the last of all: see [`shows_pipes`].
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A CSV file whose header has been read.
#[derive(Clone, Debug)]
pub(super) struct Csv {
    source: Source,
    pub(super) decoding: Decoding,
    pub(super) delimiter: u8,
    /// Whether its first line is Excel's `sep=;`, which Excel does not show and does not count.
    has_directive: bool,
    pub(super) header_row: u64,
    /// The line that the header begins with, counted from 0.
    header_line: u64,
    /// Whether its first column is [`FINDINGS`]: it is an annotated copy, and read as if that column were not there, so that
    /// what is found in it is what was found in its roster.
    is_annotated: bool,
    /// Whether nothing but the header says that `|` stands between the cells.
    pub(super) has_guessed_pipes: bool,
}

impl Csv {
    /// Decides the delimiter and finds the header: in the row that is told, else among the first ones. Says in findings how
    /// it was found. `None` where there is nothing but blank lines.
    ///
    /// # Errors
    /// Where nothing stands in the row that is told, and where two rows may be the header.
    pub(super) fn open(
        source: Source,
        decoding: Decoding,
        told: Told<'_>,
    ) -> Result<Option<Chosen>, Failure> {
        let Told { delimiter, header_row, mapping } = told;
        let directive = Self::directive(&source, decoding)?;
        let candidates = match (delimiter, directive) {
            (Some(delimiter), _) | (None, Some(delimiter)) => vec![delimiter],
            (None, None) => DELIMITERS.to_vec(),
        };
        let mut best: Option<Read> = None;
        for delimiter in candidates {
            let csv = Self {
                source: source.clone(),
                decoding,
                delimiter,
                has_directive: directive.is_some(),
                header_row: 0,
                header_line: 0,
                is_annotated: false,
                has_guessed_pipes: false,
            };
            let lines = csv.lines(header_row, mapping)?;
            let Some(read) = Read::of(csv, lines, header_row, mapping)? else { continue };
            let is_better = match &best {
                None => true,
                Some(best) if delimiter == b'|' => shows_pipes(read.rank(), best.rank()),
                Some(best) => read.order() > best.order(),
            };
            if is_better {
                let has_guessed_pipes = delimiter == b'|' && best.is_some();
                best = Some(Read { csv: Self { has_guessed_pipes, ..read.csv }, ..read });
            }
        }
        best.map(|best| best.chosen(header_row.is_some())).transpose()
    }

    /// The file's bytes from the top.
    pub(super) fn bytes(&self) -> Cursor {
        self.source.reader()
    }

    /// Whether it is a copy of a roster with what was found in it.
    pub(super) fn is_annotated(&self) -> bool {
        self.is_annotated
    }

    /// How the lines stand in the bytes.
    pub(super) fn written(&self) -> Written {
        Written {
            decoding: self.decoding,
            delimiter: self.delimiter,
            header_line: self.header_line,
            is_annotated: self.is_annotated,
        }
    }

    /// Starts from the row after the header.
    pub(super) fn rows(&self, header: &Header) -> Result<CsvRows, Failure> {
        let mut records = self.records()?;
        let mut skipped = Cells::default();
        while records.number < self.header_row {
            if !matches!(records.next(&mut skipped)?, Next::Record) {
                break;
            }
        }
        let password = header.uses.iter().rposition(|used| *used == Use::Field(Field::Password));
        let fields = header.uses.iter().enumerate().skip(password.map_or(0, |at| at + 1));
        let formed = fields.filter_map(|(at, used)| match used {
            Use::Field(field) if has_form(*field) => Some((at, *field)),
            _ => None,
        });
        let unnamed = |(at, used): (usize, &Use)| (*used == Use::Unnamed).then_some(at);
        Ok(CsvRows {
            records,
            width: header.width,
            unnamed: header.uses.iter().enumerate().filter_map(unnamed).collect(),
            delimiter: self.delimiter,
            below: Below::of(header),
            has_said_quotes: false,
            is_annotated: self.is_annotated,
            guards: (self.is_annotated || header.is_ours()).then(|| header.guards()),
            optional_from: header
                .uses
                .iter()
                .rposition(|used| !may_be_left_out(*used))
                .map_or(0, |at| at + 1),
            password,
            formed: formed.collect(),
            has_said_short: false,
        })
    }

    /// Reads Excel's `sep=;` off the first line.
    fn directive(source: &Source, decoding: Decoding) -> Result<Option<u8>, Failure> {
        let mut record = Cells::default();
        // A delimiter that no file has, so that the line is one field.
        if !matches!(Records::open(source, decoding, 0x1F)?.next(&mut record)?, Next::Record) {
            return Ok(None);
        }
        let line = record.get(0).unwrap_or("").trim().to_ascii_lowercase();
        Ok(match line.strip_prefix("sep=").map(str::as_bytes) {
            Some([delimiter]) => Some(*delimiter),
            // `trim` took the tab away.
            Some([]) => Some(b'\t'),
            _ => None,
        })
    }

    /// The first rows that are not blank; where the header's row is told, those from there on, and where nothing stands in
    /// it, the first.
    fn lines(&self, header_row: Option<u64>, mapping: &Mapping) -> Result<Vec<Line>, Failure> {
        let (mut records, mut record) = (self.records()?, Cells::default());
        let (mut lines, mut from_told) = (Vec::new(), Vec::new());
        // In an annotated copy there is a column before the first, from its header on.
        let mut is_copy = false;
        loop {
            match records.next(&mut record)? {
                // Whatever the delimiter turns out to be, a line of delimiters is no header.
                Next::Record if record.as_text().chars().all(|c| c.is_whitespace() || ",;".contains(c)) => {}
                Next::Record if record.len() > MAX_COLUMNS as usize => {
                    let is_header = header_row.map_or(lines.is_empty(), |told| told == records.number);
                    if is_header {
                        return Err(too_wide());
                    }
                    break;
                }
                Next::Record => {
                    let line = self.line(&record, &records, is_copy, mapping);
                    is_copy |= line.is_annotated;
                    match header_row {
                        Some(told) if records.number == told => from_told.push(line),
                        Some(told) if records.number > told && from_told.is_empty() => break,
                        Some(_) if lines.len() >= top::LOOKED_AT => {}
                        Some(_) | None => lines.push(line),
                    }
                    let is_enough = header_row.is_none() && lines.len() >= top::LOOKED_AT;
                    if is_enough || !from_told.is_empty() {
                        break;
                    }
                }
                Next::Unclosed if lines.is_empty() || header_row == Some(records.number) => {
                    return Err(Failure::usage(format!(
                        "a quote opens in the header and never closes: row {}",
                        records.number
                    )));
                }
                // It is told of when the rows are read.
                Next::Unclosed | Next::End => break,
            }
        }
        Ok(if from_told.is_empty() { lines } else { from_told })
    }

    /// A record as a line, without the column of an annotated copy; where all of it is one cell that makes a header when it
    /// is taken apart, its parts.
    fn line(&self, record: &Cells, at: &Records, is_copy: bool, mapping: &Mapping) -> Line {
        let is_annotated =
            record.len() > 1 && record.get(0).is_some_and(|cell| cell.trim().eq_ignore_ascii_case(FINDINGS));
        let own: Cells = record.iter().skip(usize::from(is_annotated || is_copy)).collect();
        let line = |cells| Line { number: at.number, line: at.line, is_annotated, cells };
        let whole = line(own.iter().map(str::to_owned).collect());
        let Some(parts) = only_cell(&own).and_then(|cell| taken_apart(cell, self.delimiter)) else {
            return whole;
        };
        let parts = line(parts);
        let fields = |line: &Line| top::find(std::slice::from_ref(line), mapping).fields;
        if fields(&parts) >= 2.max(fields(&whole) + 1) { parts } else { whole }
    }

    fn records(&self) -> Result<Records, Failure> {
        let mut records = Records::open(&self.source, self.decoding, self.delimiter)?;
        if self.has_directive {
            records.next(&mut Cells::default())?;
            records.begin_here();
        }
        Ok(records)
    }
}

/// What is told of how a CSV is read.
#[derive(Clone, Copy)]
pub(super) struct Told<'t> {
    pub(super) delimiter: Option<u8>,
    pub(super) header_row: Option<u64>,
    pub(super) mapping: &'t Mapping,
}

/// A file whose header was found.
pub(super) struct Chosen {
    pub(super) csv: Csv,
    pub(super) headers: Vec<String>,
    /// The rows that were passed over for it.
    pub(super) above: Vec<Line>,
    /// What there is to say of where it stands.
    pub(super) findings: Vec<Finding>,
}

/// A file as one delimiter makes it.
struct Read {
    csv: Csv,
    lines: Vec<Line>,
    top: Top,
    known: usize,
}

impl Read {
    fn of(csv: Csv, lines: Vec<Line>, told: Option<u64>, mapping: &Mapping) -> Result<Option<Self>, Failure> {
        let top = top::find(&lines, mapping);
        let Some(line) = lines.get(top.at) else { return Ok(None) };
        let known = Header::read(line.cells.clone(), mapping, None, None).known();
        match told {
            Some(told) if line.number != told && lines.iter().all(|line| line.number != told) => {
                Err(top::no_such_row(told, &lines, mapping))
            }
            _ => Ok(Some(Self { csv, top, known, lines })),
        }
    }

    fn width(&self) -> usize {
        self.lines.get(self.top.at).map_or(0, |line| line.cells.len())
    }

    /// How many of the header's columns are known, and how many there are.
    fn rank(&self) -> (usize, usize) {
        (self.known, self.width())
    }

    fn order(&self) -> (usize, usize, usize) {
        (self.known, self.top.fields, self.width())
    }

    fn chosen(mut self, is_told: bool) -> Result<Chosen, Failure> {
        if let Some(rival) = self.top.rival.filter(|_| !is_told) {
            return Err(top::two(&self.lines, self.top.at, rival));
        }
        let found = top::passed_over(&self.lines, self.top).filter(|_| !is_told);
        let line = std::mem::take(&mut self.lines[self.top.at]);
        self.lines.truncate(self.top.at);
        let Line { number: header_row, line: header_line, is_annotated, cells } = line;
        let cells = match is_annotated || are_ours(&cells) {
            true => cells.iter().map(|header| unguarded(header).to_owned()).collect(),
            false => cells,
        };
        let csv = Csv { header_row, header_line, is_annotated, ..self.csv };
        Ok(Chosen { csv, headers: cells, above: self.lines, findings: found.into_iter().collect() })
    }
}

/// The one cell of a record that has no other.
fn only_cell(record: &Cells) -> Option<&str> {
    let mut cells = record.iter();
    let first = cells.next()?;
    cells.all(|cell| cell.trim().is_empty()).then_some(first)
}

/// The cells of a row that stands in one cell: a program that takes another delimiter quotes a line that has quotes in it.
/// `None` where it is not several.
pub(super) fn taken_apart(cell: &str, delimiter: u8) -> Option<Vec<String>> {
    if !cell.as_bytes().contains(&delimiter) {
        return None;
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(cell.as_bytes());
    let mut record = StringRecord::new();
    let is_one =
        reader.read_record(&mut record).ok()? && !reader.read_record(&mut StringRecord::new()).ok()?;
    (is_one && record.len() > 1).then(|| record.iter().map(str::to_owned).collect())
}

/// Said once for a file, of the first row that was taken apart.
pub(super) fn row_in_quotes(row: u64) -> Finding {
    Finding {
        code: codes::ROW_IN_QUOTES.id,
        severity: codes::ROW_IN_QUOTES.severity,
        row: Some(row),
        column: None,
        value: None,
        message: "all cells of the row stand in one cell and are taken apart; this is said for the first such row only"
            .into(),
        hint: Some(codes::ROW_IN_QUOTES.fix.into()),
    }
}

/// How the lines of a CSV stand in its bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Written {
    decoding: Decoding,
    /// What stands between the cells.
    pub(crate) delimiter: u8,
    /// The line that the header begins with, counted from 0.
    pub(crate) header_line: u64,
    /// Whether the first column is [`FINDINGS`].
    pub(crate) is_annotated: bool,
}

impl Written {
    /// Whether it is UTF-8 throughout.
    pub(crate) fn is_utf8(&self) -> bool {
        matches!(self.decoding, Decoding::Utf8 { .. })
    }

    /// How its text is told to be stored; a mark at its top goes before that.
    pub(crate) fn encoding(&self) -> &'static str {
        self.decoding.name()
    }
}

/// Whether the header's columns, as (known, all), show that `|` stands between the cells: it makes at least two known
/// columns, and more than the best of the others; or three columns of a header that is otherwise one. The console's own
/// header has `security_profile_name_1|security_profile_name_2` in it, which makes neither.
fn shows_pipes(pipes: (usize, usize), best: (usize, usize)) -> bool {
    (pipes.0 >= 2 && pipes.0 > best.0) || (best == (0, 1) && pipes.1 >= 3)
}

/// What is said of a file that is read with pipes because its header shows them.
pub(super) fn pipes_guessed() -> Finding {
    Finding {
        code: codes::DELIMITER_GUESSED.id,
        severity: codes::DELIMITER_GUESSED.severity,
        row: None,
        column: None,
        value: None,
        message: "the header shows `|` between the cells, and the file is read so".into(),
        hint: Some(
            "put quotes around cells that have a `|` of their own, or save the file with commas".into(),
        ),
    }
}

fn is_blank(record: &Cells) -> bool {
    record.iter().all(|cell| cell.trim().is_empty())
}

/// The rows of a CSV file, after the header.
pub(super) struct CsvRows {
    records: Records,
    width: usize,
    /// Columns whose header is empty; emptied when one of them has been found to hold something.
    unnamed: Vec<usize>,
    delimiter: u8,
    below: Below,
    /// Whether it has been said that rows stand in one cell.
    has_said_quotes: bool,
    is_annotated: bool,
    /// Where cells have a guard that is not what they say.
    guards: Option<Guards>,
    /// A row may end before this column: none from here on has to be filled in.
    optional_from: usize,
    /// The last column of passwords, and the columns behind it whose cells show by their form that they are in their place.
    password: Option<usize>,
    formed: Vec<(usize, Field)>,
    /// Whether it has been said that rows end early.
    has_said_short: bool,
}

impl CsvRows {
    /// Reads the next row that is not blank. A row whose cells cannot be told apart has none.
    pub(super) fn read(&mut self, row: &mut Row) -> Result<bool, Failure> {
        loop {
            let next = self.records.next(&mut row.cells)?;
            (row.number, row.line) = (self.records.number, self.records.line);
            if self.is_annotated && matches!(next, Next::Record) {
                row.cells = row.cells.iter().skip(1).collect();
            }
            // Before anybody looks at them.
            if let Some(guards) = &self.guards {
                row.cells.unguard(guards);
            }
            match next {
                Next::Record if is_blank(&row.cells) => {}
                Next::Record => {
                    self.examine(row);
                    return Ok(true);
                }
                Next::Unclosed => {
                    row.findings.push(unclosed(row.number));
                    self.empty(row);
                    return Ok(true);
                }
                Next::End => {
                    row.cells.clear();
                    return Ok(false);
                }
            }
        }
    }

    fn examine(&mut self, row: &mut Row) {
        if row.cells.len() != self.width {
            self.fit(row);
        }
        if !self.unnamed.is_empty() && self.unnamed.iter().any(|&at| !row.cells[at].trim().is_empty()) {
            row.findings.push(cell_without_header(row.number));
            self.unnamed.clear();
        }
    }

    /// Cells too many are forgiven where they are blank: spreadsheets write them. Otherwise a delimiter stands where
    /// none should, and everything after it is in the wrong column.
    fn fit(&mut self, row: &mut Row) {
        let found = row.cells.len();
        let parts = only_cell(&row.cells).and_then(|cell| taken_apart(cell, self.delimiter));
        if let Some(parts) = parts.filter(|parts| parts.len() == self.width) {
            row.cells.clear();
            parts.iter().for_each(|part| row.cells.push(part));
            if !self.has_said_quotes {
                row.findings.push(row_in_quotes(row.number));
                self.has_said_quotes = true;
            }
            return;
        }
        if found > self.width && row.cells.iter().skip(self.width).all(|cell| cell.trim().is_empty()) {
            row.cells.truncate(self.width);
            return;
        }
        row.seems = self.below.ragged(&row.cells);
        // A quote that swallowed lines took their cells with it.
        let is_cut = (self.optional_from.max(1)..self.width).contains(&found) && newlines(&row.cells) == 0;
        if row.seems == Seems::Person && is_cut && self.is_in_place(row) {
            (found..self.width).for_each(|_| row.cells.push(""));
            if !self.has_said_short {
                self.has_said_short = true;
                row.findings.push(short(row.number, found, self.width));
            }
            return;
        }
        // A footer is told of as one only where nobody comes after it.
        if matches!(row.seems, Seems::Person | Seems::Footer) {
            row.findings.push(ragged(row, found, self.width));
        }
        if matches!(row.seems, Seems::Footer | Seems::Header) {
            // No person's, and so without a password.
            row.cells.truncate(self.width);
            (row.cells.len()..self.width).for_each(|_| row.cells.push(""));
        } else {
            self.empty(row);
        }
    }

    /// Whether the cells that are there are certainly in their places, as far as a password is concerned: a cell that is
    /// missing before it would put it under another header, where it could be shown. Then what stands behind it would not
    /// have the form that it must have.
    fn is_in_place(&self, row: &Row) -> bool {
        let filled = self.formed.iter().filter_map(|&(at, field)| {
            let cell = row.cells.get(at)?.trim();
            (!cell.is_empty()).then_some((cell, field))
        });
        let mut fit = filled.map(|(cell, field)| fits_form(cell, field)).peekable();
        self.password.is_none() || (fit.peek().is_some() && fit.all(|fits| fits))
    }

    /// Leaves every cell blank where a password may stand in any of them.
    fn empty(&self, row: &mut Row) {
        row.cells.clear();
        for _ in 0..self.width {
            row.cells.push("");
        }
    }
}

/// Whether a row needs nothing in a column of this use.
fn may_be_left_out(used: Use) -> bool {
    use Field::{DirectoryUserId, FirstName, LastName, Password, RoutingProfile, SecurityProfiles, Username};
    let needed = [FirstName, LastName, Password, Username, DirectoryUserId, RoutingProfile, SecurityProfiles];
    !matches!(used, Use::Field(field) | Use::Misspelt(field) if needed.contains(&field))
}

fn has_form(field: Field) -> bool {
    field == Field::PhoneType || field.is_yes_no() || Field::SECONDS.contains(&field)
}

/// Whether a cell looks like one of the field: good enough to tell it from a password.
fn fits_form(cell: &str, field: Field) -> bool {
    let is = |words: &[&str]| words.iter().any(|word| cell.eq_ignore_ascii_case(word));
    match field {
        Field::PhoneType => is(&["soft", "desk", "soft_phone", "desk_phone"]),
        field if field.is_yes_no() => is(&["yes", "no", "true", "false"]),
        _ => cell.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

/// Said once for a file: spreadsheets write many such rows.
fn short(row: u64, found: usize, expected: usize) -> Finding {
    Finding {
        code: codes::SHORT_ROWS.id,
        severity: codes::SHORT_ROWS.severity,
        row: Some(row),
        column: None,
        value: None,
        message: format!(
            "the row has {found} cells where the header has {expected}; those missing at its end are read as blank; \
             this is said for the first such row only"
        ),
        hint: Some("nothing to do, unless something is missing there".into()),
    }
}

fn ragged(row: &Row, found: usize, expected: usize) -> Finding {
    let quoted = newlines(&row.cells);
    let hint = if quoted > 0 {
        format!("a quote that opens in this row closes {quoted} lines further down: look for a stray `\"`")
    } else if found > expected {
        "put quotes around the cell that holds the delimiter".into()
    } else {
        "add the cells that are missing, empty ones included".into()
    };
    Finding {
        code: codes::RAGGED_ROW.id,
        severity: codes::RAGGED_ROW.severity,
        row: Some(row.number),
        column: None,
        value: None,
        message: format!("the row has {found} cells where the header has {expected}"),
        hint: Some(hint),
    }
}

/// What is said of a row that has swallowed the rest of the file.
pub(super) const UNCLOSED: &str = "a quote opens in this row and never closes: nothing after it was read";

fn unclosed(row: u64) -> Finding {
    Finding {
        code: codes::UNCLOSED_QUOTE.id,
        severity: codes::UNCLOSED_QUOTE.severity,
        row: Some(row),
        column: None,
        value: None,
        message: UNCLOSED.into(),
        hint: Some("close the quote, or write `\"\"` for a quote that is meant".into()),
    }
}

/// Said once for a file: where one such cell is, there are often thousands. Its value is not shown, for it may be
/// anything.
pub(super) fn cell_without_header(row: u64) -> Finding {
    Finding {
        code: codes::CELL_WITHOUT_HEADER.id,
        severity: codes::CELL_WITHOUT_HEADER.severity,
        row: Some(row),
        column: None,
        value: None,
        message: "a cell stands under no header and is not read; this is said for the first such row only"
            .into(),
        hint: Some("give the column a header, or clear it".into()),
    }
}
