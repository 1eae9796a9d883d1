//! Stage 1: a file becomes rows.
//!
//! Reads what people have (CSV in any usual encoding, XLSX), says how each column is read, and hands out rows one at a
//! time with flat memory. What a cell may hold is `validate`'s business; only what the file's form hides from it (a
//! ragged row, a number where a spreadsheet should have text) is found here.

pub mod template;

mod act;
mod below;
mod cells;
mod columns;
mod csv;
mod day;
mod edits;
mod field;
mod filter;
mod header;
mod held;
mod made;
mod mapping;
mod numbers;
#[cfg(test)]
mod page;
mod records;
mod roles;
mod row;
mod sheet;
mod source;
mod target;
mod text;
mod top;
mod xlsx;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::agent::PhoneRegion;
use crate::error::Failure;
use crate::finding::codes;
use crate::finding::{Finding, LeftOut};

pub use act::Act;
pub(crate) use act::{is_header as is_header_of_acts, of as act_of};
pub use cells::Cells;
pub use columns::FINDINGS;
pub(crate) use columns::{
    NOTE, REASONS, Use, column_letters, field_of, free_header, is_note, is_whole_name, key as header_key,
    members, near as header_near, propose, reason, sounds_secret,
};
pub(crate) use csv::Written;
pub(crate) use edits::Edits;
pub use field::Field;
pub(crate) use filter::says_nothing;
pub(crate) use held::Held;
pub(crate) use row::Kept;
pub use row::{Columns, Row};
pub(crate) use sheet::{place as cell_place, resolve as resolved, sheet_part, stored_part};
pub use target::{ForWhom, OfTargets, TargetNames};
pub(crate) use xlsx::WORKBOOK_THREAD;

use below::Holding;
use header::{Added, Header, Said};
use mapping::Mapping;
use numbers::{Numbering, Numbers};
use row::Seems;
use source::{Format, Source};

/// What is told of how a roster is read. All `None`: everything is found out.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// A column map; see `samples/hr-export.toml`.
    pub columns: Option<PathBuf>,
    /// The sheet of a workbook; else its first visible one, or the only one that has a header which is known.
    pub sheet: Option<String>,
    /// The row that is the header, as a spreadsheet shows its number; else it is looked for among the first rows.
    pub header_row: Option<u64>,
    /// The encoding of a CSV by any of its WHATWG labels; else its mark, UTF-8, or Windows-1252 with a warning.
    pub encoding: Option<String>,
    /// The delimiter of a CSV; else the one of `,` `;` and tab that makes the most of the header.
    pub delimiter: Option<u8>,
    /// The country whose national telephone numbers are read; else numbers are E.164 alone.
    pub phone_region: Option<PhoneRegion>,
    /// Only the rows that ask for this, by the column that says what is to be done; else that column is not obeyed.
    pub act: Option<Act>,
    /// The targets that a column names, and whose rows are read; else that column is not obeyed.
    pub targets: Option<OfTargets>,
}

/// How a roster is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Storage {
    /// Delimited text.
    Csv {
        /// The WHATWG name of its encoding.
        encoding: &'static str,
        /// What stands between its cells.
        delimiter: u8,
    },
    /// A workbook.
    Xlsx {
        /// The sheet that is read.
        sheet: String,
    },
}

/// An open roster whose header has been read. The file stays open: whoever replaces it on disk by a rename meanwhile
/// changes nothing here.
#[derive(Clone, Debug)]
pub struct Roster {
    path: PathBuf,
    content: Content,
    header: Arc<Header>,
    /// The rows of a CSV that stand above the header.
    above: Vec<top::Line>,
    /// Whether the header's row was told.
    is_told: bool,
    /// How its header is read.
    read: Arc<Read>,
    /// What there is to say of the file itself.
    of_content: Arc<[Finding]>,
    /// The same, and what there is to say of its header.
    findings: Vec<Finding>,
    /// Its rows, where they are held in memory.
    held: Option<Arc<Held>>,
    /// What is changed in them.
    edits: Option<Arc<Edits>>,
}

/// What is told of a header.
#[derive(Debug)]
struct Read {
    mapping: Mapping,
    act: Option<Act>,
    targets: Option<OfTargets>,
    phone_region: Option<PhoneRegion>,
}

#[derive(Clone, Debug)]
enum Content {
    Csv(csv::Csv),
    Xlsx(xlsx::Sheet),
}

impl Roster {
    /// Opens a roster: tells its format by content, decodes it, reads its header, and says what each column is.
    ///
    /// Fails (exit 2) where the file cannot be read as a roster at all, or the options do not fit it. A roster of a header
    /// alone is no failure here.
    pub fn open(path: &Path, options: &Options) -> Result<Self, Failure> {
        let mapping = options.columns.as_deref().map(Mapping::open).transpose()?.unwrap_or_default();
        Self::read(path, Source::open(path)?, options, &mapping).map_err(|failure| naming(failure, path))
    }

    /// The same with the text of a column map in place of the file that the options name.
    pub(crate) fn open_mapped(path: &Path, options: &Options, map: &str) -> Result<Self, Failure> {
        let mapping = Mapping::parse(map)
            .map_err(|what| Failure::usage("the column map cannot be used").because(what))?;
        Self::read(path, Source::open(path)?, options, &mapping).map_err(|failure| naming(failure, path))
    }

    /// Opens a roster that is in memory already, with the text of a column map (the empty one changes nothing). Fails as
    /// [`Roster::open`] does; `options.columns` is not looked at.
    pub fn from_memory(bytes: Vec<u8>, options: &Options, map: &str) -> Result<Self, Failure> {
        let mapping = Mapping::parse(map)
            .map_err(|what| Failure::usage("the column map cannot be used").because(what))?;
        Self::read(Path::new("roster"), Source::from_memory(bytes), options, &mapping)
    }

    fn read(path: &Path, source: Source, options: &Options, mapping: &Mapping) -> Result<Self, Failure> {
        let head = source
            .head(Format::HEAD)
            .map_err(|error| Failure::usage("the roster cannot be read").because(error))?;
        let (mut findings, mut above) = (Vec::new(), Vec::new());
        let (content, headers) = match Format::of(&head) {
            Format::Xlsx if options.encoding.is_some() || options.delimiter.is_some() => {
                return Err(Failure::usage(
                    "the roster is a workbook, which has neither encoding nor delimiter",
                )
                .hint("leave `⟦encoding⟧` out"));
            }
            Format::Xlsx => {
                let told = xlsx::Told {
                    sheet: options.sheet.clone(),
                    header_row: options.header_row,
                    mapping: mapping.clone(),
                };
                let (sheet, headers, said) = xlsx::Sheet::open(source, told)?;
                findings.extend(said);
                (Content::Xlsx(sheet), headers)
            }
            format => {
                acceptable(format, &head, path, options)?;
                if let Some(sheet) = &options.sheet {
                    return Err(Failure::usage(format!(
                        "the roster is a CSV, which has no sheets: `{sheet}`"
                    ))
                    .hint("leave `⟦sheet⟧` out"));
                }
                let (decoding, guessed) = text::Decoding::of(&source, options.encoding.as_deref())?;
                findings.extend(guessed);
                let told =
                    csv::Told { delimiter: options.delimiter, header_row: options.header_row, mapping };
                let csv::Chosen { csv, headers, above: rows, findings: found } =
                    csv::Csv::open(source, decoding, told)?
                        .ok_or_else(|| Failure::usage("the roster is empty").hint(EMPTY))?;
                findings.extend(found);
                above = rows;
                findings.extend(csv.has_guessed_pipes.then(csv::pipes_guessed));
                (Content::Csv(csv), headers)
            }
        };
        let data = columns::looks_like_data(&headers);
        let is_told = options.header_row.is_some();
        let read = Read {
            mapping: mapping.clone(),
            act: options.act,
            targets: options.targets.clone(),
            phone_region: options.phone_region,
        };
        let roster = Self {
            path: path.to_owned(),
            content,
            header: Arc::default(),
            read: Arc::new(read),
            above,
            is_told,
            of_content: findings.into(),
            findings: Vec::new(),
            held: None,
            edits: None,
        };
        roster.headed(headers, data)
    }

    /// The same with this header, as if it stood in the file.
    fn headed(mut self, headers: Vec<String>, is_data: bool) -> Result<Self, Failure> {
        let Read { mapping, act, targets, phone_region } = &*self.read;
        let mut header = Header::read(headers, mapping, *act, targets.as_ref());
        if is_data && !header.is_known() {
            // Not shown: it may be a person's row, password and all.
            return Err(Failure::usage("the roster has no header: its first row looks like a person's").hint(
                "put a row of column names on top; `headcount template` writes one; a header further down is named with \
                 `⟦header-row N⟧`",
            ));
        }
        header.fits(mapping)?;
        header.has_acts(*act)?;
        header.has_targets(targets.as_ref())?;
        header.columns.phone_region = *phone_region;
        self.findings = self.of_content.iter().chain(&header.findings).cloned().collect();
        self.header = Arc::new(header);
        if self.header.is_numbered() {
            let numbers = self.numbers_of_logins()?;
            Arc::make_mut(&mut self.header).numbers = numbers;
        }
        Ok(self)
    }

    /// The same with other headers in some of its columns, counted from 0; the file stays as it is. Its rows are read anew,
    /// for what a cell may be goes by its header.
    ///
    /// # Errors
    /// Exit 2 where the column map does not fit them, or the roster can no longer be read.
    pub(crate) fn renamed(&self, renamed: &[(usize, String)]) -> Result<Self, Failure> {
        let mut headers = self.own_headers().to_vec();
        for (at, name) in renamed {
            if let Some(header) = headers.get_mut(*at) {
                header.clone_from(name);
            }
        }
        let roster = Self { held: None, ..self.clone() };
        roster.headed(headers, false)
    }

    /// The same with its rows in memory, as they were read.
    ///
    /// # Errors
    /// Exit 2 where the file can be read no further.
    pub(crate) fn held(&self) -> Result<Self, Failure> {
        let mut held = Held::default();
        let (mut content, mut row) = (self.content()?, Row::default());
        while content.read(&mut row).map_err(|failure| naming(failure, &self.path))? {
            held.push(&row);
            row.findings.clear();
            row.kept.clear();
            row.seems = Seems::Person;
        }
        Ok(Self { held: Some(Arc::new(held)), ..self.clone() })
    }

    /// Whether nothing of a column may be shown: it holds passwords, or sounds so and carries nothing else.
    pub(crate) fn hides(&self, at: usize) -> bool {
        self.header.hides(at)
    }

    /// Whose a row is, where there are several targets.
    pub(crate) fn whose(&self, row: &Row) -> Option<ForWhom> {
        let targets = self.read.targets.as_ref()?;
        Some(target::whose(row, self.header.target(), &targets.names))
    }

    /// The place of the target of this name among all.
    pub(crate) fn place_of(&self, target: &str) -> Option<usize> {
        match self.read.targets.as_ref()?.names.of(target) {
            ForWhom::Target(at) => Some(at),
            _ => None,
        }
    }

    /// Whether a row is no target's: it names none, or one that there is not, or cannot be read.
    pub(crate) fn is_nobodys(&self, row: &Row) -> bool {
        !row.is_readable() || self.whose(row).is_some_and(|whose| !matches!(whose, ForWhom::Target(_)))
    }

    /// What is wrong with a row that names no target, or one that there is not.
    pub(crate) fn unmet(&self, row: &Row) -> Option<Finding> {
        let targets = self.read.targets.as_ref()?;
        let at = self.header.target();
        target::unmet(row, at, at.and_then(|at| self.own_headers().get(at)), &targets.names)
    }

    /// Its rows in memory, where they are.
    pub(crate) fn in_memory(&self) -> Option<&Held> {
        self.held.as_deref()
    }

    /// The same with its rows changed; the file stays as it is. What was changed before is forgotten.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read.
    pub(crate) fn edited(&self, edits: Arc<Edits>) -> Result<Self, Failure> {
        let mut roster = Self { edits: Some(edits), ..self.clone() };
        if roster.header.is_numbered() {
            let numbers = roster.numbers_of_logins()?;
            Arc::make_mut(&mut roster.header).numbers = numbers;
        }
        Ok(roster)
    }

    /// A row of a roster in memory by its number, with what is changed in it; `None` where there is none, or nothing of it is
    /// left. Rows that are no people's are among them.
    pub(crate) fn row_of(&self, number: u64) -> Option<Row> {
        let (held, mut row) = (self.held.as_deref()?, Row::default());
        let edits = self.edits.as_deref();
        let is_there = match held.place_of(number) {
            Some(at) => {
                held.give(at, &mut row)
                    && edits.is_none_or(|edits| {
                        edits.apply(&mut row, &self.header.columns.headers, &mut Cells::default())
                    })
            }
            None => edits.is_some_and(|edits| {
                edits.is_added(number) && edits.make(number, &mut row, self.header.own())
            }),
        };
        if !is_there {
            return None;
        }
        if !self.header.added.is_empty() && row.is_readable() {
            self.header.complete(&mut row, &mut String::new(), &mut Said::told());
        }
        Some(row)
    }

    /// A row as it would be with these cells in it, those that a map adds included. The row is one that was read of this
    /// roster.
    pub(crate) fn with_cells(&self, row: &Row, cells: &[(usize, &str)]) -> Row {
        let mut edits = Edits::default();
        cells.iter().for_each(|(at, text)| edits.set(row.number, *at, Some(text)));
        let mut changed = row.clone();
        changed.cells.truncate(self.header.width);
        // What the map itself had to say is said again.
        let of_map = [codes::NAME_NOT_SPLIT.id, codes::ROLE_UNKNOWN.id, codes::SLASH_LEVELS.id];
        changed.findings.retain(|finding| self.header.added.is_empty() || !of_map.contains(&finding.code));
        edits.apply(&mut changed, self.own_headers(), &mut Cells::default());
        if !self.header.added.is_empty() && changed.is_readable() {
            self.header.complete(&mut changed, &mut String::new(), &mut Said::told());
        }
        changed
    }

    /// Goes over the rows once, and where the roster has logins of its own once before that, for none of those may be made.
    fn numbers_of_logins(&self) -> Result<Numbers, Failure> {
        let (columns, mut numbering, mut row) = (self.columns(), Numbering::default(), Row::default());
        if columns.places[Field::Username.index()].len() > 1 {
            let mut rows = self.rows()?;
            while rows.read(&mut row)? {
                if !columns.is_made_login(&row) {
                    numbering.give(columns.cell(&row, Field::Username));
                }
            }
        }
        let mut rows = self.rows()?;
        while rows.read(&mut row)? {
            if columns.is_made_login(&row) {
                let plain = columns.cell(&row, Field::Username);
                numbering.make(row.number, plain, |number| self.header.login(&row, number));
            }
        }
        Ok(numbering.end())
    }

    /// Where each field stands.
    pub fn columns(&self) -> &Columns {
        &self.header.columns
    }

    /// How many columns the file itself has. The headers and cells from here on are those that a column map adds: a
    /// translated copy of a column, a default, a constant.
    pub fn width(&self) -> usize {
        self.header.width
    }

    /// The headers of the file's own columns.
    pub(crate) fn own_headers(&self) -> &[String] {
        self.header.own()
    }

    /// Whether the column map looks at a column of the file to choose rows or to find a role.
    pub(crate) fn looks_at(&self, column: usize) -> bool {
        let is_of_role = |added: &Added| matches!(added, Added::Role { by, .. } if *by == column);
        self.header.sieve.has(column) || self.header.added.iter().any(is_of_role)
    }

    /// What each of the file's own columns is.
    pub(crate) fn uses(&self) -> &[Use] {
        &self.header.uses
    }

    /// What there is to say of the file and its header.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Where the first and the last name stand that a column map makes of one column.
    pub(crate) fn split_name(&self) -> Option<(usize, usize)> {
        let place = |wanted: made::Part| {
            let is_it = |added: &Added| matches!(added, Added::Split { part, .. } if *part == wanted);
            Some(self.header.width + self.header.added.iter().position(is_it)?)
        };
        place(made::Part::First).zip(place(made::Part::Last))
    }

    /// Of a row whose made login would be that of others, the row of the first of them. Where people are put between such
    /// rows, the numbers in their logins move.
    pub(crate) fn first_namesake(&self, row: u64) -> Option<u64> {
        self.header.numbers.first(row)
    }

    /// Which known template the header is.
    pub fn recognised(&self) -> Option<&'static str> {
        self.header.recognised
    }

    /// The number of the header's row, as a spreadsheet shows it.
    pub fn header_row(&self) -> u64 {
        match &self.content {
            Content::Csv(csv) => csv.header_row,
            Content::Xlsx(sheet) => sheet.header_row,
        }
    }

    /// The number of the header's row, where it was told and not found out.
    pub(crate) fn told_header_row(&self) -> Option<u64> {
        self.is_told.then(|| self.header_row())
    }

    /// How the roster is stored: what a copy of it must be like.
    pub(crate) fn storage(&self) -> Storage {
        match &self.content {
            Content::Csv(csv) => Storage::Csv { encoding: csv.decoding.name(), delimiter: csv.delimiter },
            Content::Xlsx(sheet) => Storage::Xlsx { sheet: sheet.name.clone() },
        }
    }

    /// The sheets of a workbook that somebody sees; of a CSV none.
    pub(crate) fn sheets(&self) -> &[String] {
        match &self.content {
            Content::Csv(_) => &[],
            Content::Xlsx(sheet) => &sheet.others,
        }
    }

    /// Its bytes from the top, as they were when it was opened.
    pub(crate) fn bytes(&self) -> impl io::Read + io::Seek + use<> {
        match &self.content {
            Content::Csv(csv) => io::BufReader::new(csv.bytes()),
            Content::Xlsx(sheet) => io::BufReader::new(sheet.bytes()),
        }
    }

    /// How the lines of a CSV stand in its bytes; `None` for a workbook.
    pub(crate) fn written(&self) -> Option<Written> {
        match &self.content {
            Content::Csv(csv) => Some(csv.written()),
            Content::Xlsx(_) => None,
        }
    }

    /// The path it was opened under.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The rows of a CSV that were passed over for its header: number and cells.
    pub(crate) fn above(&self) -> impl Iterator<Item = (u64, &[String])> {
        self.above.iter().map(|line| (line.number, line.cells.as_slice()))
    }

    /// The same as [`Roster::rows`] with the rows that are passed over there: the header once more, notes, totals, rows that
    /// were filled down. A copy has them.
    pub(crate) fn all_rows(&self) -> Result<Rows, Failure> {
        let rows = self.rows()?;
        Ok(Rows { holding: Holding::new(&self.header, self.is_told, true), has_all: true, ..rows })
    }

    /// Starts from the first row after the header. May be called again, and several may be read side by side.
    pub fn rows(&self) -> Result<Rows, Failure> {
        #[cfg(test)]
        readings::add(&self.path);
        Ok(Rows {
            path: self.path.clone(),
            content: self.content()?,
            edits: self.edits.clone(),
            added: 0,
            spare: Cells::default(),
            header: Arc::clone(&self.header),
            holding: Holding::new(&self.header, self.is_told, false),
            scratch: String::new(),
            said: Said::default(),
            has_all: self.header.sieve.is_idle(),
            hidden: self.hidden(),
            left_out: Vec::new(),
        })
    }

    /// The rows as the file has them, or memory.
    fn content(&self) -> Result<Reading, Failure> {
        if let Some(held) = &self.held {
            return Ok(Reading::Held { held: Arc::clone(held), next: 0 });
        }
        let content = match &self.content {
            Content::Csv(csv) => csv.rows(&self.header).map(|rows| Reading::Csv(Box::new(rows))),
            Content::Xlsx(sheet) => sheet.rows(&self.header).map(Reading::Xlsx),
        };
        content.map_err(|failure| naming(failure, &self.path))
    }

    /// Whether its cells have guards that are not what they say: it is a CSV that headcount has written.
    pub(crate) fn has_guards(&self) -> bool {
        match &self.content {
            Content::Csv(csv) => csv.is_annotated() || self.header.is_ours(),
            Content::Xlsx(_) => false,
        }
    }

    /// The rows of a workbook that nobody sees, in order.
    fn hidden(&self) -> Arc<[u64]> {
        match &self.content {
            Content::Xlsx(sheet) if self.header.sieve.skips_hidden => Arc::clone(&sheet.hidden),
            Content::Csv(_) | Content::Xlsx(_) => Arc::default(),
        }
    }
}

/// The rows of a roster, in the file's order.
pub struct Rows {
    path: PathBuf,
    content: Reading,
    edits: Option<Arc<Edits>>,
    /// How many of the rows that were added have been read.
    added: usize,
    /// Room for the cells of a row that is changed.
    spare: Cells,
    header: Arc<Header>,
    holding: Holding,
    scratch: String,
    said: Said,
    /// Whether no row is left out.
    has_all: bool,
    hidden: Arc<[u64]>,
    /// How many rows each rule of the map has left out.
    left_out: Vec<u64>,
}

enum Reading {
    Csv(Box<csv::CsvRows>),
    Xlsx(xlsx::XlsxRows),
    Held { held: Arc<Held>, next: usize },
}

impl Reading {
    /// Reads the next row that is not blank.
    fn read(&mut self, row: &mut Row) -> Result<bool, Failure> {
        match self {
            Self::Csv(rows) => rows.read(row),
            Self::Xlsx(rows) => rows.read(row),
            Self::Held { held, next } => {
                *next += 1;
                Ok(held.give(*next - 1, row))
            }
        }
    }
}

impl Rows {
    /// Reads the next row that is not wholly blank, may be a person's, and is meant by the map; `false` after the last. What
    /// is wrong with a row is in its findings, and reading goes on; only a file that can be read no further is a failure.
    pub fn read(&mut self, row: &mut Row) -> Result<bool, Failure> {
        loop {
            if !self.read_any(row)? {
                return Ok(false);
            }
            if self.has_all || !self.leaves_out(row) {
                return Ok(true);
            }
        }
    }

    /// Whether the map leaves the row out; it is counted then.
    fn leaves_out(&mut self, row: &mut Row) -> bool {
        let is_hidden = self.hidden.binary_search(&row.number).is_ok();
        let rule = self.header.sieve.leaves_out(row, &self.header.columns.headers, is_hidden);
        if let Some(rule) = rule {
            self.left_out.resize(self.left_out.len().max(rule + 1), 0);
            self.left_out[rule] += 1;
        }
        rule.is_some()
    }

    /// How many rows each rule of the map has left out so far.
    pub(crate) fn left_out(&self) -> Vec<LeftOut> {
        self.header.sieve.told(&self.left_out)
    }

    fn read_any(&mut self, row: &mut Row) -> Result<bool, Failure> {
        // A row that is no person's is passed over; one that may be none is kept back until another follows.
        while !self.holding.give(row) {
            if self.holding.has_ended() {
                return Ok(false);
            }
            row.findings.clear();
            row.kept.clear();
            row.seems = Seems::Person;
            let more = self.content.read(row).map_err(|failure| naming(failure, &self.path))?;
            if more
                && self
                    .edits
                    .as_ref()
                    .is_some_and(|edits| !edits.apply(row, &self.header.columns.headers, &mut self.spare))
            {
                continue;
            }
            if !more && !self.read_added(row) {
                self.holding.end();
            } else if self.holding.pass(row) {
                break;
            }
        }
        if row.seems == Seems::Person && !self.header.added.is_empty() && row.is_readable() {
            self.header.complete(row, &mut self.scratch, &mut self.said);
        }
        Ok(true)
    }

    /// Reads the next of the rows that were added; `false` after the last.
    fn read_added(&mut self, row: &mut Row) -> bool {
        let Some(edits) = &self.edits else { return false };
        while let Some(number) = edits.added().get(self.added) {
            self.added += 1;
            if edits.make(*number, row, self.header.own()) {
                return true;
            }
        }
        false
    }

    /// What there is to say of rows that were passed over, since this was asked last: the header once more, totals, the
    /// settings below the last person. Each has the row that it is about, and stands before the row that was read last.
    pub(crate) fn take_notes(&mut self) -> Vec<Finding> {
        self.holding.take_notes()
    }
}

const OWNERS: &str =
    "this is what a spreadsheet program keeps beside a workbook that is open, not the workbook";

const EMPTY: &str = "`headcount template` writes a roster to fill in";

/// Refuses what is no text.
fn acceptable(format: Format, head: &[u8], path: &Path, options: &Options) -> Result<(), Failure> {
    let as_xlsx = "open it in a spreadsheet and save it as XLSX or CSV";
    let refuse = |what: &str, hint: &str| Err(Failure::usage(what).hint(hint));
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let beside = || match name.strip_prefix("~$").or_else(|| name.strip_prefix(".~lock.")) {
        Some(other) => format!("give the workbook itself: `{}`", other.trim_end_matches('#')),
        None => "give the workbook itself, which is beside it and has no `~$` before its name".to_owned(),
    };
    match format {
        Format::Owner => refuse(OWNERS, &beside()),
        Format::Text if name.starts_with(".~lock.") => refuse(OWNERS, &beside()),
        Format::Packed(packer) => refuse(
            &format!("the roster is packed with {packer}"),
            "unpack it and give the file that is in it",
        ),
        Format::Text | Format::Xlsx => Ok(()),
        Format::Binary if options.encoding.is_some() || text::utf16(head).is_some() => Ok(()),
        Format::Empty => refuse("the roster is empty", EMPTY),
        Format::Ole => refuse(
            "the roster is an old Excel workbook (XLS), or one that a password protects",
            "open it in a spreadsheet and save it as XLSX, without a password",
        ),
        Format::OpenDocument => refuse("the roster is an OpenDocument file (ODS)", as_xlsx),
        Format::Markup => refuse("the roster is HTML or XML, whatever its name says", as_xlsx),
        Format::Binary => refuse("the roster is neither CSV nor XLSX", as_xlsx),
    }
}

/// What is said of a cell that is not written as a split (`last, first`) has it, before a map says so; `None` where it is.
pub(crate) fn not_split(row: u64, column: &str, cell: &str, split: &str) -> Option<Finding> {
    let split = made::Split::parse(split).ok()?;
    let is_odd = split.part(cell, made::Part::Last).is_none();
    is_odd.then(|| made::not_split(row, column, cell, &split))
}

/// Adds the path to a failure of a stage that does not know it.
fn naming(mut failure: Failure, path: &Path) -> Failure {
    let shown = path.display();
    if !failure.what.contains('`') {
        failure.what = format!("{}: `{shown}`", failure.what);
    } else if !failure.what.contains(&format!("`{shown}`")) {
        failure.what = format!("`{shown}`: {}", failure.what);
    }
    failure
}

/// How often the rows of each file were read, for a test of whoever reads them.
#[cfg(test)]
pub(crate) mod readings {
    use std::collections::HashMap;
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    static READINGS: Mutex<Option<HashMap<PathBuf, u32>>> = Mutex::new(None);

    pub(super) fn add(path: &Path) {
        let mut readings = READINGS.lock().unwrap_or_else(PoisonError::into_inner);
        *readings.get_or_insert_default().entry(path.to_owned()).or_default() += 1;
    }

    /// Of a file that was opened under this path; from now on they are counted anew.
    pub(crate) fn take(path: &Path) -> u32 {
        let mut readings = READINGS.lock().unwrap_or_else(PoisonError::into_inner);
        readings.get_or_insert_default().remove(path).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finding::{Severity, codes};

    pub(super) fn try_read(bytes: &[u8], options: &Options) -> Result<Roster, Failure> {
        let mapping = options.columns.as_deref().map(Mapping::open).transpose()?.unwrap_or_default();
        Roster::read(Path::new("roster"), Source::from_memory(bytes.to_vec()), options, &mapping)
    }

    pub(super) fn read(bytes: &[u8], options: &Options) -> Roster {
        try_read(bytes, options).unwrap()
    }

    pub(super) fn refused(bytes: &[u8], options: &Options) -> Failure {
        try_read(bytes, options).map(|_| ()).unwrap_err()
    }

    pub(super) fn read_all(roster: &Roster) -> Vec<Row> {
        let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
        while rows.read(&mut row).unwrap() {
            all.push(row.clone());
        }
        assert!(!rows.read(&mut row).unwrap(), "the end stays the end");
        all
    }

    fn plain(text: &str) -> Roster {
        read(text.as_bytes(), &Options::default())
    }

    /// The rows as number and cells.
    fn rows(roster: &Roster) -> Vec<(u64, Vec<String>)> {
        read_all(roster)
            .iter()
            .map(|row| (row.number, row.cells.iter().map(str::to_owned).collect()))
            .collect()
    }

    fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
        (number, cells.iter().map(|&cell| cell.to_owned()).collect())
    }

    #[test]
    fn a_row_has_the_number_that_a_spreadsheet_shows() {
        let lines = [
            "",
            "user login,tags",
            "ann,1",
            "",
            ",",
            "bob,\"two",
            "",
            "lines\"",
            "cid,3",
            "  ,",
            "",
            "",
            "dan,4",
            "\"\"\"eve\"\"\",\"5",
            "\"",
            "fay,6",
        ];
        let expected = [
            row(3, &["ann", "1"]),
            row(6, &["bob", "two\n\nlines"]),
            row(7, &["cid", "3"]),
            row(11, &["dan", "4"]),
            row(12, &["\"eve\"", "5\n"]),
            row(13, &["fay", "6"]),
        ];
        for end in ["\n", "\r\n", "\r"] {
            for last in ["", end, &end.repeat(3)] {
                let roster = plain(&(lines.join(end) + last));
                assert_eq!(roster.header_row(), 2, "{end:?} {last:?}");
                assert_eq!(rows(&roster), expected, "{end:?} {last:?}");
            }
        }
        let mixed = "user login,tags\r\nann,1\n\r\nbob,2\r\n\n\ncid,3\rdan,4";
        let numbers: Vec<u64> = rows(&plain(mixed)).iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [2, 4, 7, 8]);
    }

    #[test]
    fn a_header_alone_is_a_roster_of_no_rows() {
        for text in ["user login,tags", "user login,tags\n", "\n\nuser login,tags\r\n\r\n,\n"] {
            assert_eq!(rows(&plain(text)), []);
        }
    }

    #[test]
    fn the_rows_can_be_read_again_and_side_by_side() {
        let roster = plain("user login\nann\nbob\n");
        let (mut one, mut two) = (roster.rows().unwrap(), roster.rows().unwrap());
        let (mut a, mut b) = (Row::default(), Row::default());
        assert!(one.read(&mut a).unwrap() && one.read(&mut a).unwrap() && two.read(&mut b).unwrap());
        assert_eq!((&a.cells[0], &b.cells[0]), ("bob", "ann"));
        assert_eq!(rows(&roster).len(), 2);
    }

    #[test]
    fn a_ragged_row_is_a_finding_and_reading_goes_on() {
        let roster = plain(
            "user login,password,tags\nann,Secret1x\nbob,Secret1x,,,\n,x\ncid,Sec,ret1x,b\ndan,Secret1x,\n",
        );
        let read = read_all(&roster);
        let found: Vec<_> = read
            .iter()
            .flat_map(|r| r.findings.iter().map(|f| (f.code, f.row, f.message.as_str())))
            .collect();
        assert_eq!(
            found,
            [
                (codes::RAGGED_ROW.id, Some(2), "the row has 2 cells where the header has 3"),
                (codes::RAGGED_ROW.id, Some(4), "the row has 2 cells where the header has 3"),
                (codes::RAGGED_ROW.id, Some(5), "the row has 4 cells where the header has 3"),
            ]
        );
        assert_eq!(read.iter().map(Row::is_readable).collect::<Vec<_>>(), [false, true, false, false, true]);
        for row in read.iter().filter(|row| !row.is_readable()) {
            let shown = format!("{:?} {:?}", row.cells, row.findings);
            assert!(!shown.contains("ecret"), "a password may stand anywhere in such a row");
            assert_eq!(row.cells.len(), 3);
        }
        assert_eq!(read[1].cells.len(), 3, "blank cells too many are forgiven");
    }

    #[test]
    fn cells_that_a_spreadsheet_drops_at_the_end_are_blank_and_a_password_is_never_moved() {
        let header = "email,password,user login,routing profile,security profile,phone type,tags,notes";
        let codes = |rows: &str| {
            let roster = plain(&format!("{header}\n{rows}"));
            let read = read_all(&roster);
            assert!(read.iter().all(|row| row.cells.len() == 8));
            let found = read.iter().flat_map(|row| row.findings.iter().map(|f| (f.code, f.row.unwrap())));
            found.collect::<Vec<_>>()
        };
        let short = "a@b.c,Secret1x,ann,Care,Agent,soft\na@b.c,Secret1x,bob,Care,Agent,desk,a|b\n";
        assert_eq!(codes(short), [(codes::SHORT_ROWS.id, 2)], "said once");
        for row in [
            // A column is missing that a row needs.
            "a@b.c,Secret1x,ann,Care\n",
            // The first cell is missing: the password would be an e-mail address.
            "Secret1x,ann,Care,Agent,soft,a|b,x\n",
            // It cannot be known whether one is.
            "a@b.c,Secret1x,ann,Care,Agent,,\n",
            // A stray quote took cells with it.
            "a@b.c,Secret1x,ann,Care,Agent,soft,\"a|b\nc\"\n",
        ] {
            assert_eq!(codes(row), [(codes::RAGGED_ROW.id, 2)], "{row}");
        }
        let roster = plain("user login,routing profile,security profile,notes,tags\nann,Care,Agent\n");
        assert_eq!(read_all(&roster)[0].findings[0].code, codes::SHORT_ROWS.id, "no password, no harm");
    }

    #[test]
    fn a_quote_that_never_closes_names_its_row_and_ends_the_reading() {
        // The last tail ends like our own.
        for tail in ["", "\n", "\ncid,3\n\ndan,4\n", ",3\n\u{1e}\n"] {
            let roster = plain(&format!("user login,tags\nann,1\n\n\nbob,\"2{tail}"));
            let read = read_all(&roster);
            assert_eq!(read.len(), 2, "{tail:?}");
            let finding = &read[1].findings[0];
            assert_eq!((finding.code, finding.row), (codes::UNCLOSED_QUOTE.id, Some(5)), "{tail:?}");
            assert!(read[1].cells.len() == 2 && read[1].cells.as_text().is_empty());
        }
        let header = refused(b"user login,\"tags\nann,1\n", &Options::default());
        assert!(header.what.contains("never closes: row 1"), "{}", header.what);
        let empty_last = read_all(&plain("user login,tags\nann,\"\"\nbob,\"x\n\"\n"));
        assert!(empty_last.iter().all(|row| row.findings.is_empty()));
    }

    #[test]
    fn a_quote_that_never_closes_does_not_take_the_file_into_memory() {
        let text = format!("user login,tags\nann,1\nbob,\"{}", "x,y\n".repeat(10 << 20));
        let read = read_all(&plain(&text));
        assert_eq!(read.len(), 2);
        assert_eq!((read[1].number, read[1].findings[0].code), (3, codes::UNCLOSED_QUOTE.id));
    }

    #[test]
    fn a_quote_that_closes_rows_later_is_hinted_at() {
        let read = read_all(&plain("user login,tags\n\"ann,1\nbob,2\ncid,3\"\ndan,4\n"));
        assert!(read[0].findings[0].hint.as_deref().unwrap().contains("closes 2 lines further down"));
        assert_eq!((read[1].number, &read[1].cells[0]), (3, "dan"));
    }

    #[test]
    fn the_delimiter_is_the_one_that_makes_the_most_of_the_header() {
        let table = [
            ("user login,first name\nann,Ann", b','),
            ("user login;first name\nann;Ann", b';'),
            ("user login\tfirst name\nann\tAnn", b'\t'),
            ("user login;\"a, b, c, d\"\nann;1", b';'),
            ("user login;a, b, c, d\nann;1", b';'),
            ("user login\nann", b','),
            ("user login|first name|last name\nann|Ann|Lee", b'|'),
            ("user login|\"security_profile_name_1|security_profile_name_2\"\nann|\"Admin|Agent\"", b'|'),
            ("login name|Vorname|Nachname|Rolle\nann|Ann|Lee|x", b'|'),
            ("user login,security_profile_name_1|security_profile_name_2\nann,Admin|Agent", b','),
            ("user login,security profile|user_hierarchy_1|user_hierarchy_2\nann,a|b", b','),
            ("sep=;\nuser login;first name\nann;Ann", b';'),
            ("sep=\t\r\nuser login\tfirst name\nann\tAnn", b'\t'),
        ];
        for (text, delimiter) in table {
            let roster = plain(text);
            assert_eq!(roster.storage(), Storage::Csv { encoding: "UTF-8", delimiter }, "{text}");
            assert_eq!(roster.header_row(), 1);
            assert_eq!((rows(&roster)[0].0, rows(&roster)[0].1[0].as_str()), (2, "ann"), "{text}");
        }
        let pipes = plain("user login|first name\nann|Ann");
        assert_eq!(pipes.findings()[0].code, codes::DELIMITER_GUESSED.id);
        let single = plain("security_profile_name_1|security_profile_name_2\nAdmin|Agent");
        assert_eq!((single.width(), single.findings()), (1, &[][..]));
        assert_eq!(plain("sep=|\nuser login|first name\nann|Ann").findings(), []);
        let told =
            read(b"user login|first name\nann|Ann", &Options { delimiter: Some(b'|'), ..Options::default() });
        assert_eq!(told.width(), 2);
    }

    #[test]
    fn the_same_roster_in_every_encoding_has_the_same_rows() {
        let text = "first name,last name\r\nZoë,Müller\r\nJosé,Núñez\r\n";
        let mut windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        let utf16: Vec<u8> =
            "\u{FEFF}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        let expected = rows(&plain(text));
        assert_eq!(rows(&read(&utf16, &Options::default())), expected);
        let roster = read(&windows, &Options::default());
        assert_eq!(rows(&roster), expected);
        assert_eq!(
            roster.findings().iter().map(|f| (f.code, f.severity)).collect::<Vec<_>>(),
            [(codes::ENCODING_GUESSED.id, Severity::Warning)]
        );
        windows.push(0xE9);
        let told = read(&windows, &Options { encoding: Some("utf-8".into()), ..Options::default() });
        assert_eq!(told.findings(), []);
        assert!(
            rows(&told).iter().take(2).all(|(_, cells)| cells[0].contains('\u{FFFD}')),
            "a rule's business"
        );
    }

    #[test]
    fn what_is_no_roster_is_refused_with_what_to_do() {
        let table: [(&[u8], &str); 9] = [
            (b"", "the roster is empty: `roster`"),
            (b"\n\r\n , \n", "the roster is empty"),
            (b"\xEF\xBB\xBF", "the roster is empty"),
            (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "neither CSV nor XLSX"),
            (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0", "old Excel workbook (XLS)"),
            (b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "OpenDocument"),
            (b"<html><body><table>", "HTML or XML"),
            (b"Ann,Lee,ann@example.com,Secret1x,ann,soft\n", "has no header"),
            (b"Ann,Lee,Secret1x,ann,Sales,desk,+12065550100\n", "has no header"),
        ];
        for (bytes, what) in table {
            let failure = try_read(bytes, &Options::default())
                .map(|_| ())
                .map_err(|f| naming(f, Path::new("roster")))
                .unwrap_err();
            assert!(failure.what.contains(what), "{}", failure.what);
            assert!(failure.hint.is_some(), "{what}");
            assert!(!format!("{}{:?}", failure.what, failure.hint).contains("Secret1x"));
            assert_eq!(failure.exit, crate::exit::Exit::Usage);
        }
    }

    #[test]
    fn a_flag_that_does_not_fit_the_format_is_refused() {
        let sheet = Options { sheet: Some("Users".into()), ..Options::default() };
        assert!(refused(b"user login\nann\n", &sheet).what.contains("a CSV, which has no sheets: `Users`"));
        let encoding = Options { encoding: Some("utf-8".into()), ..Options::default() };
        assert!(
            refused(include_bytes!("../../samples/roster.xlsx"), &encoding).what.contains("is a workbook")
        );
    }

    #[test]
    fn a_map_completes_the_rows_of_a_file() {
        let map = "[columns]\nVorname = \"first name\"\n[values.\"first name\"]\nAnn = \"Anna\"\n[constants]\ntags = \"a|b\"\n[defaults]\nmobile = \"+1\"";
        let mapping = Mapping::parse(map).unwrap();
        let text = b"Vorname;mobile\nAnn;\nBob;+2;;\n;\n;x;y\n".to_vec();
        let roster =
            Roster::read(Path::new("r"), Source::from_memory(text), &Options::default(), &mapping).unwrap();
        assert_eq!(roster.width(), 2);
        let read = read_all(&roster);
        let cells = |row: &Row| {
            [Field::FirstName, Field::Mobile, Field::Tags].map(|f| roster.columns().cell(row, f).to_owned())
        };
        assert_eq!(cells(&read[0]), ["Anna", "+1", "a|b"]);
        assert_eq!(cells(&read[1]), ["Bob", "+2", "a|b"]);
        assert_eq!(cells(&read[2]), ["", "", ""], "nothing is added to a ragged row");
        assert_eq!(read.len(), 3);
    }

    #[test]
    fn neither_a_row_nor_a_roster_prints_a_password() {
        let map = "[constants]\npassword = \"Canary-7f3a\"\n[values.tags]\nx = \"Canary-7f3a\"";
        let mapping = Mapping::parse(map).unwrap();
        let text = b"user login,tags\nann,x\n".to_vec();
        let roster =
            Roster::read(Path::new("r"), Source::from_memory(text), &Options::default(), &mapping).unwrap();
        let read = read_all(&roster);
        assert_eq!(roster.columns().cell(&read[0], Field::Password), "Canary-7f3a");
        assert!(!format!("{roster:?} {read:?}").contains("Canary"));
    }

    #[test]
    fn a_file_of_failed_rows_is_read_without_its_reason_columns() {
        let text = "user login,tags,headcount state,headcount reason\nann,a|b,rejected,\"no, not so\"\n";
        let roster = plain(text);
        assert_eq!(roster.findings(), []);
        assert_eq!(roster.uses()[2..], [Use::Ignored, Use::Ignored]);
        assert_eq!(rows(&roster)[0].1.len(), 4);
    }

    #[test]
    fn the_file_that_was_opened_is_read_though_another_takes_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("roster.csv"), folder.path().join("other.csv"));
        std::fs::write(&path, "user login\nann\n").unwrap();
        std::fs::write(&other, "user login\nbob\ncid\n").unwrap();
        let roster = Roster::open(&path, &Options::default()).unwrap();
        std::fs::rename(&other, &path).unwrap();
        assert_eq!(rows(&roster), [row(2, &["ann"])]);
        let missing = Roster::open(&other, &Options::default()).map(|_| ()).unwrap_err();
        assert!(missing.what.contains("there is no roster at"));
        let directory = Roster::open(folder.path(), &Options::default()).map(|_| ()).unwrap_err();
        assert!(directory.what.contains("is a directory"));
    }

    /// Reads to the end or to a failure; what matters is that it comes back.
    fn exhaust(bytes: &[u8], options: &Options) {
        if let Ok(roster) = try_read(bytes, options)
            && let Ok(mut rows) = roster.rows()
        {
            let mut row = Row::default();
            let mut last = roster.header_row();
            while let Ok(true) = rows.read(&mut row) {
                assert!(row.number > last, "row {} after row {last}", row.number);
                last = row.number;
                for field in Field::ALL {
                    let _ = roster.columns().cell(&row, field);
                }
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
            exhaust(&bytes, &Options::default());
        }

        #[test]
        fn any_text_is_read_or_refused(
            text in "(user login|tags|sep=)?([,;\t]|\r?\n|\"|\u{1e}|\u{feff}|[ a-z])*",
            encoding in prop::option::of(prop::sample::select(vec!["utf-8", "utf-16le", "windows-1252", "shift_jis"])),
        ) {
            exhaust(text.as_bytes(), &Options { encoding: encoding.map(str::to_owned), ..Options::default() });
        }

        #[test]
        fn numbers_and_cells_are_those_of_a_simple_model(
            lines in prop::collection::vec(prop::option::of(("[a-z]{1,3}", "[a-z\n\"]{0,6}")), 0..12),
            end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        ) {
            let mut text = "user login,tags".to_owned();
            let mut expected = Vec::new();
            for (number, line) in (2..).zip(&lines) {
                text.push_str(end);
                if let Some((name, tags)) = line {
                    text.push_str(&format!("{name},\"{}\"", tags.replace('"', "\"\"")));
                    expected.push((number, vec![name.clone(), tags.clone()]));
                }
            }
            prop_assert_eq!(rows(&plain(&text)), expected);
        }

        #[test]
        fn a_workbook_with_any_byte_changed_is_read_or_refused(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut file = include_bytes!("../../samples/roster.xlsx").to_vec();
            let at = at.index(file.len());
            file[at] = byte;
            exhaust(&file, &Options::default());
        }
    }
}
