//! Writes the file: the rows that have failed, each with the reason, in the roster's own columns and in its storage.

use std::borrow::Cow;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use csv::{QuoteStyle, WriterBuilder};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};

use super::origins::first_row;
use super::{Copy, OfRun, ROW, base, made_logins, mark, name, own_columns, place};
use crate::agent::RowNumber;
use crate::disk::{self, Landed};
use crate::error::Failure;
use crate::finding::Severity;
use crate::ledger::{OtherRun, Place, RowState, State};
use crate::plan::Wanted;
use crate::roster::{Kept, Options, REASONS, Roster, Row, Rows, Storage, template};
use crate::text::{guarded, plain, with_guard, written as written_out};
use crate::validate::{self, RowCheck, Rules};

/// The rows of a roster that have failed: the roster that was read, and where its rows stand now.
pub(crate) struct FailedRows<'r> {
    /// The roster, as it was read.
    pub(crate) roster: &'r Roster,
    /// Its rows, by who.
    pub(crate) wanted: &'r Wanted,
    /// The rules that they were checked by.
    pub(crate) rules: &'r Rules<'r>,
    /// What the ledger says.
    pub(crate) state: &'r State,
    /// The other run that made most of those who have the names of rows.
    pub(crate) others: Option<OtherRun>,
    /// Of which run they are: the file of each kind has a name of its own, as its ledger has.
    pub(crate) of: OfRun,
}

/// What was left on disk.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// The file of the failed rows; `None` where no row of the roster has failed.
    pub file: Option<PathBuf>,
    /// How many rows it has.
    pub rows: u64,
    /// Whether it has columns that are left blank because they hold passwords.
    pub(crate) has_blanks: bool,
    /// How many rows of the ledger have failed and are not in the roster that was read.
    pub(crate) elsewhere: u64,
    /// Files in the way that are not ours, or that somebody has worked on: left as they are.
    pub(crate) spared: Vec<PathBuf>,
    /// Earlier copies of ours, untouched, that said what is no longer so.
    pub removed: Vec<PathBuf>,
    /// Earlier copies of ours that say what is no longer so, and that another program has open: left as they are.
    pub(crate) held: Vec<PathBuf>,
}

/// The failed rows of one roster: those of one run, or of the runs of several targets, in one file.
pub(crate) struct AllFailed<'r> {
    /// What each run has read of the roster, all of them of one file.
    pub(crate) parts: &'r [FailedRows<'r>],
    /// The whole roster, where there are several targets: rows of it are nobody's.
    pub(crate) whole: Option<&'r Roster>,
    /// How many rows are nobody's.
    pub(crate) unmet: u64,
}

impl FailedRows<'_> {
    /// Writes the file of the failed rows, atomically and readable by its owner only; where none has failed, removes an
    /// untouched copy of an earlier run.
    pub(crate) fn leave(&self) -> Result<Left, Failure> {
        AllFailed { parts: std::slice::from_ref(self), whole: None, unmet: 0 }.leave()
    }

    /// How many rows of the ledger have failed.
    fn count(&self) -> u64 {
        let counts = self.state.counts(false);
        let failed = counts.failed() - self.others.as_ref().map_or(0, |others| others.exists);
        // Of whom an update has changed something that is not shown, a person is to hear as well; of whom it was
        // interrupted, the next one knows.
        failed + counts.unconfirmed - self.state.unread()
    }

    /// Where the row stands, by the name that the ledger has for it; `None` where it has not failed.
    fn failed(&self, row: &Row, copy: Option<&Copy>) -> Option<(Place, RowState)> {
        let username = validate::username(row, self.roster.columns());
        let by_name = self.wanted.find(username).filter(|seen| seen.row == RowNumber::of(row.number));
        let at = match (by_name, copy.and_then(|copy| copy.untouched(row))) {
            (Some(_), _) => self.state.find(username),
            // Not taken up yet: it stands as it stood, under the name that it had then.
            (None, Some(was)) => self.state.find(&was),
            // Without a name of its own, it goes by its number.
            (None, None) => {
                let by_number = self.state.find(&format!("row {}", row.number));
                // Of an update that is about a few of the roster alone, the others stand as they stood.
                let is_aside = self.of.job.is_some() && self.wanted.find(username).is_none();
                by_number.or_else(|| self.state.find(username).filter(|_| is_aside))
            }
        }?;
        let record = self.state.record(at);
        let state = record.settled_state();
        // Nor of whom an undo has not said whether they were deleted.
        let is_unread =
            state == RowState::Unconfirmed && (record.open.is_some() || self.state.header.job.is_none());
        let has_failed = matches!(
            state,
            RowState::Rejected
                | RowState::Exists
                | RowState::Invalid
                | RowState::Skipped
                | RowState::Unconfirmed
        );
        // Whom another run made needs no other name: its ledger knows more of it than this one.
        let is_others = state == RowState::Exists
            && self.others.as_ref().is_some_and(|others| others.made(self.state, at));
        (has_failed && !is_unread && !is_others && !record.dropped).then_some((at, state))
    }
}

impl AllFailed<'_> {
    /// The same of several.
    pub(crate) fn leave(&self) -> Result<Left, Failure> {
        let failed = self.unmet + self.parts.iter().map(FailedRows::count).sum::<u64>();
        let Some(first) = self.first() else { return Ok(Left::default()) };
        let names = self.names()?;
        let mut left = Left { spared: names.spared, elsewhere: failed, ..Left::default() };
        let mut stale = names.stale;
        if failed > 0 {
            let (rows, landed) = self.write(&names.free)?;
            left.rows = rows;
            left.elsewhere = failed.saturating_sub(left.rows);
            if left.rows > 0 {
                stale.retain(|path| *path != names.free);
                left.file = Some(match landed {
                    Landed::There => names.free,
                    Landed::Beside(other) => {
                        left.held.push(names.free);
                        other
                    }
                });
                left.has_blanks = own_columns(first).iter().any(|&(_, is_secret)| is_secret);
            }
        }
        if left.file.is_none() {
            // Nobody has to know what a file would not have been called.
            left.spared.clear();
        }
        for path in stale {
            match disk::remove(&path) {
                Ok(()) => left.removed.push(path),
                Err(error) if disk::is_held(&error) => left.held.push(path),
                Err(error) => return Err(cannot("remove", &path, error)),
            }
        }
        Ok(left)
    }

    /// Goes over the roster once more and writes the rows that have failed; says how many, and where to. No row, no file.
    ///
    /// It is read again because no row is held: a run has a million of them as soon as a few, and most runs, in which no
    /// row fails, do not come here.
    fn write(&self, path: &Path) -> Result<(u64, Landed), Failure> {
        let mut rows = 0;
        let Some(first) = self.first() else { return Ok((0, Landed::There)) };
        let base = base(first);
        let other = |number| name(&base, self.of(), number, &first.storage());
        let written = disk::replace_with(path, other, |file| {
            rows = match first.storage() {
                Storage::Csv { delimiter, .. } => {
                    let mut sink = Csv::start(file, delimiter)?;
                    let rows = self.copy(&mut sink)?;
                    sink.writer.flush()?;
                    rows
                }
                Storage::Xlsx { sheet } => {
                    let mut sink = Sheet::start(&sheet)?;
                    let rows = self.copy(&mut sink)?;
                    file.write_all(&sink.finish()?)?;
                    rows
                }
            };
            if rows == 0 { Err(Unwritten::Empty) } else { Ok(()) }
        });
        match written {
            Ok(landed) => Ok((rows, landed)),
            Err(Unwritten::Empty) => Ok((0, Landed::There)),
            Err(Unwritten::Io(error)) => Err(cannot("write", path, error)),
            Err(Unwritten::Xlsx(error)) => Err(cannot("write", path, io::Error::other(error))),
            Err(Unwritten::Roster(failure)) => Err(failure),
        }
    }

    /// The roster, as the first of them has read it.
    fn first(&self) -> Option<&Roster> {
        self.whole.or_else(|| self.parts.first().map(|part| part.roster))
    }

    fn of(&self) -> OfRun {
        self.parts.first().map_or_else(OfRun::default, |part| part.of)
    }

    fn copy<S: Sink>(&self, sink: &mut S) -> Result<u64, Unwritten> {
        let Some(first) = self.first() else { return Ok(0) };
        let columns = first.columns();
        let own = copied_columns(first);
        let mut headers: Vec<&str> = own.iter().map(|&(at, _)| columns.headers[at].as_str()).collect();
        if let (Some((_, header)), Some(last)) = (made_logins(first), headers.last_mut()) {
            *last = header;
        }
        sink.line(headers.into_iter().map(S::own).chain(REASONS.map(Cow::Borrowed)))?;
        let mut parts = self.parts.iter().map(Part::of).collect::<Result<Vec<_>, _>>()?;
        let nobodys = self.whole.filter(|_| self.unmet > 0).map(Nobodys::of).transpose()?;
        let mut nobodys = nobodys.filter(|rows| rows.is_there);
        let mut written = 0;
        // Each run reads its own rows, and all of them are those of the file, in its order.
        loop {
            let number = |part: &Part<'_>| part.is_there.then_some(part.row.number);
            let next = (0..parts.len()).filter_map(|at| Some((number(&parts[at])?, at))).min();
            match (next, &mut nobodys) {
                (Some((number, at)), rest) if rest.as_ref().is_none_or(|rest| number < rest.row.number) => {
                    written += u64::from(parts[at].write(sink)?);
                    parts[at].read()?;
                }
                (_, Some(rest)) => {
                    rest.write(sink)?;
                    written += 1;
                    rest.read()?;
                    nobodys = nobodys.filter(|rows| rows.is_there);
                }
                (_, None) => return Ok(written),
            }
        }
    }

    /// So many names are looked at for copies of ours, whatever stands between them.
    const NAMES: u32 = 99;

    /// The name to write to, and what there is at those that come before it.
    fn names(&self) -> Result<Names, Failure> {
        let Some(first) = self.first() else {
            return Err(Failure::stopped("there is no roster whose rows have failed"));
        };
        let base = base(first);
        let read_now = first.path().canonicalize().ok();
        let (mut spared, mut stale, mut free) = (Vec::new(), Vec::new(), None);
        for number in 1_u32.. {
            let path = name(&base, self.of(), number, &first.storage());
            match path.symlink_metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    let free = free.get_or_insert(path);
                    // Behind a name that is free again may stand a copy that was written when it was not.
                    if number >= Self::NAMES {
                        return Ok(Names { free: free.clone(), spared, stale });
                    }
                }
                Err(error) => return Err(cannot("write", &path, error)),
                Ok(there) => {
                    let is_read_now = read_now.is_some() && path.canonicalize().ok() == read_now;
                    if there.is_file() && !is_read_now && self.is_untouched(&path, &first.storage()) {
                        free.get_or_insert_with(|| path.clone());
                        stale.push(path);
                    } else if free.is_none() && !is_read_now {
                        // Whoever has the rows read from a file knows that it stays.
                        spared.push(path);
                    }
                }
            }
        }
        Err(Failure::stopped("there is no free name for the file of the failed rows"))
    }

    /// Whether a file is a copy that a run of these ledgers wrote and nobody has changed since: not a cell of its own
    /// columns, and so no password typed in.
    fn is_untouched(&self, path: &Path, storage: &Storage) -> bool {
        let delimiter = match storage {
            Storage::Csv { delimiter, .. } => Some(*delimiter),
            Storage::Xlsx { .. } => None,
        };
        let Ok(there) = Roster::open(path, &Options { delimiter, ..Options::default() }) else {
            return false;
        };
        let runs = self.parts.iter().map(|part| part.state.header.run.as_str());
        let runs = runs.chain(self.whole.map(|_| NOBODYS));
        let copies: Option<Vec<Copy>> = runs.map(|run| Copy::of(&there, run)).collect();
        let (Some(copies), Ok(mut rows)) = (copies, there.rows()) else { return false };
        let mut row = Row::default();
        while let Ok(more) = rows.read(&mut row) {
            if !more {
                return true;
            }
            if !copies.iter().any(|copy| copy.untouched(&row).is_some()) {
                return false;
            }
        }
        false
    }
}

/// The run in the mark of a row that is no target's.
const NOBODYS: &str = "";

/// The columns of a copy, and whether each is blank in it: those of the roster, and that of made logins.
fn copied_columns(roster: &Roster) -> Vec<(usize, bool)> {
    let mut own = own_columns(roster);
    own.extend(made_logins(roster).map(|(at, _)| (at, false)));
    own
}

/// The rows of one run, as they are read once more.
struct Part<'r> {
    of: &'r FailedRows<'r>,
    own: Vec<(usize, bool)>,
    copy: Option<Copy>,
    check: RowCheck<'r>,
    /// A file of failed rows that is written of such a file speaks of the first roster, as that one did.
    numbers: Option<usize>,
    rows: Rows,
    row: Row,
    is_there: bool,
}

impl<'r> Part<'r> {
    fn of(of: &'r FailedRows<'r>) -> Result<Self, Failure> {
        let copy = Copy::of(of.roster, &of.state.header.run);
        let numbers = copy.as_ref().and_then(|_| place(of.roster, ROW));
        let check = RowCheck::new(of.roster.columns(), of.rules);
        let (own, rows, row) = (copied_columns(of.roster), of.roster.rows()?, Row::default());
        let mut part = Self { of, own, copy, check, numbers, rows, row, is_there: false };
        part.read()?;
        Ok(part)
    }

    fn read(&mut self) -> Result<(), Failure> {
        self.is_there = self.rows.read(&mut self.row)?;
        Ok(())
    }

    /// Writes the row that was read, where it has failed; says whether it has.
    fn write<S: Sink>(&self, sink: &mut S) -> Result<bool, Unwritten> {
        let Self { of, row, .. } = self;
        let Some((at, state)) = of.failed(row, self.copy.as_ref()) else { return Ok(false) };
        let detail = of.state.detail(at);
        let code = detail.and_then(|detail| detail.code.as_deref()).unwrap_or("");
        let told = detail.and_then(|detail| detail.message.as_deref()).unwrap_or("");
        let faults = if state == RowState::Invalid { faults(&self.check, row) } else { None };
        let why = Why {
            state,
            code,
            reason: faults.as_deref().unwrap_or(told),
            number: first_row(row, self.numbers).unwrap_or(RowNumber::of(row.number)),
            user: of.state.user(at),
            run: &of.state.header.run,
        };
        write_row(row, &self.own, &why, sink)?;
        Ok(true)
    }
}

/// The rows that are no target's, as they are read once more.
struct Nobodys<'r> {
    roster: &'r Roster,
    own: Vec<(usize, bool)>,
    rows: Rows,
    row: Row,
    is_there: bool,
}

impl<'r> Nobodys<'r> {
    fn of(roster: &'r Roster) -> Result<Self, Failure> {
        let (own, rows, row) = (copied_columns(roster), roster.rows()?, Row::default());
        let mut nobodys = Self { roster, own, rows, row, is_there: false };
        nobodys.read()?;
        Ok(nobodys)
    }

    fn read(&mut self) -> Result<(), Failure> {
        loop {
            self.is_there = self.rows.read(&mut self.row)?;
            if !self.is_there || self.roster.is_nobodys(&self.row) {
                return Ok(());
            }
        }
    }

    fn write<S: Sink>(&self, sink: &mut S) -> Result<(), Unwritten> {
        let Self { roster, row, .. } = self;
        let unmet = roster.unmet(row);
        let fault =
            unmet.as_ref().or_else(|| row.findings.iter().find(|one| one.severity == Severity::Error));
        let why = Why {
            state: RowState::Invalid,
            code: fault.map_or("", |fault| fault.code),
            reason: fault.map_or("", |fault| &fault.message),
            number: RowNumber::of(row.number),
            user: validate::username(row, roster.columns()),
            run: NOBODYS,
        };
        write_row(row, &self.own, &why, sink)
    }
}

/// Why a row has failed, and whose it is.
struct Why<'w> {
    state: RowState,
    code: &'w str,
    reason: &'w str,
    number: RowNumber,
    user: &'w str,
    run: &'w str,
}

fn write_row<S: Sink>(
    row: &Row,
    own: &[(usize, bool)],
    why: &Why<'_>,
    sink: &mut S,
) -> Result<(), Unwritten> {
    let cells =
        own.iter().map(|&(at, is_secret)| if is_secret { "" } else { row.cells.get(at).unwrap_or("") });
    let cells: Vec<&str> = cells.collect();
    let mark = mark(why.run, cells.iter().copied());
    let reasons = [
        // A person reads it: a word with a space.
        why.state.word().replace('_', " "),
        guarded(&plain(why.code)),
        guarded(&plain(why.reason)),
        why.number.to_string(),
        guarded(&written_out(why.user)),
        mark,
    ];
    let reasons = reasons.iter().map(|reason| Cow::Borrowed(reason.as_str()));
    sink.line(cells.into_iter().map(S::own).chain(reasons))?;
    for (place, kept) in &row.kept {
        if let Some(column) = own.iter().position(|own| *own == (*place, false)) {
            sink.keep(column, kept)?;
        }
    }
    Ok(())
}

/// All that is wrong with an invalid row, where the row itself shows it.
fn faults(check: &RowCheck<'_>, row: &Row) -> Option<String> {
    let mut findings = Vec::new();
    check.check(row, &mut findings);
    let errors = findings.iter().filter(|finding| finding.severity == Severity::Error);
    let told: Vec<String> = errors
        .map(|error| match &error.column {
            Some(column) => format!("{column}: {}", error.message),
            None => error.message.clone(),
        })
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

struct Names {
    /// Where to write to: an untouched copy of ours, else the first name that nobody has.
    free: PathBuf,
    /// What stands at the names before it.
    spared: Vec<PathBuf>,
    /// All untouched copies of ours.
    stale: Vec<PathBuf>,
}

fn cannot(what: &str, path: &Path, error: io::Error) -> Failure {
    Failure::stopped(format!("cannot {what} the file of the failed rows: `{}`", path.display()))
        .because(error)
}

/// Why there is no file.
enum Unwritten {
    /// No row has failed.
    Empty,
    Io(io::Error),
    Xlsx(XlsxError),
    Roster(Failure),
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

/// Takes lines of cells, the header first.
trait Sink {
    /// A cell of the roster's own, as it is written: reading gives it back.
    fn own(cell: &str) -> Cow<'_, str>;

    fn line<'c>(&mut self, cells: impl Iterator<Item = Cow<'c, str>>) -> Result<(), Unwritten>;

    /// Puts a cell that is no text into the newest line.
    fn keep(&mut self, column: usize, cell: &Kept) -> Result<(), Unwritten>;
}

/// UTF-8 with a mark, by which a spreadsheet knows it.
struct Csv<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> Csv<W> {
    fn start(mut file: W, delimiter: u8) -> Result<Self, Unwritten> {
        file.write_all("\u{FEFF}".as_bytes())?;
        if !b",;\t".contains(&delimiter) {
            // Not one that would be found out: the roster has said so in the same way.
            writeln!(file, "sep={}", char::from(delimiter))?;
        }
        let writer =
            WriterBuilder::new().delimiter(delimiter).quote_style(QuoteStyle::Necessary).from_writer(file);
        Ok(Self { writer })
    }
}

impl<W: Write> Sink for Csv<W> {
    fn own(cell: &str) -> Cow<'_, str> {
        with_guard(cell)
    }

    fn line<'c>(&mut self, cells: impl Iterator<Item = Cow<'c, str>>) -> Result<(), Unwritten> {
        cells.into_iter().try_for_each(|cell| self.writer.write_field(&*cell))?;
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn keep(&mut self, _: usize, _: &Kept) -> Result<(), Unwritten> {
        Ok(()) // a CSV has nothing but text
    }
}

/// A workbook of one sheet, all of whose cells are text.
struct Sheet {
    workbook: Workbook,
    row: u32,
}

impl Sheet {
    fn start(name: &str) -> Result<Self, Unwritten> {
        let mut workbook = template::dated()?;
        let sheet = workbook.add_worksheet();
        if sheet.set_name(name).is_err() {
            sheet.set_name("Users")?;
        }
        sheet.set_freeze_panes(1, 0)?;
        Ok(Self { workbook, row: 0 })
    }

    fn sheet(&mut self) -> Result<&mut Worksheet, XlsxError> {
        self.workbook.worksheet_from_index(0)
    }

    fn finish(mut self) -> Result<Vec<u8>, XlsxError> {
        template::saved(&mut self.workbook)
    }
}

impl Sink for Sheet {
    fn own(cell: &str) -> Cow<'_, str> {
        Cow::Borrowed(cell) // a cell of text is no formula
    }

    fn line<'c>(&mut self, cells: impl Iterator<Item = Cow<'c, str>>) -> Result<(), Unwritten> {
        let row = self.row;
        let format = if row == 0 { template::heading() } else { template::text() };
        let sheet = self.sheet()?;
        for (column, cell) in (0..).zip(cells) {
            if !cell.is_empty() {
                sheet.write_string_with_format(row, column, &*cell, &format)?;
            }
        }
        self.row += 1;
        Ok(())
    }

    fn keep(&mut self, column: usize, cell: &Kept) -> Result<(), Unwritten> {
        let (row, column) = (self.row.saturating_sub(1), u16::try_from(column).unwrap_or(u16::MAX));
        let date = Format::new().set_num_format("yyyy-mm-dd hh:mm:ss");
        let error = |text: &str| Formula::new("=NA()").set_result(text);
        let sheet = self.sheet()?;
        match cell {
            Kept::Number(number) => sheet.write_number(row, column, *number)?,
            Kept::Date(days) => sheet.write_number_with_format(row, column, *days, &date)?,
            Kept::DateText(text) => match ExcelDateTime::parse_from_str(text) {
                Ok(time) => sheet.write_datetime_with_format(row, column, &time, &date)?,
                Err(_) => sheet.write_formula(row, column, error("#VALUE!"))?,
            },
            Kept::Error(text) => sheet.write_formula(row, column, error(text))?,
        };
        Ok(())
    }
}
