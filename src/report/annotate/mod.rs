//! The roster given back with its findings in it, and otherwise as it is: the copy is the roster still, with all that is
//! wrong with it, so that whoever checks the copy finds what was found in the roster.
//!
//! * A CSV comes back line by line and byte for byte, with a column before its first: [`FINDINGS`].
//! * A workbook comes back as its own package: faulty cells are coloured and have notes, and every other part is copied as it
//!   is packed (`package.rs`). Where a package cannot be changed so, its sheet is written anew, cell by cell.
//! * A CSV becomes a workbook with coloured cells, notes and a last column that says all.
//! * A workbook becomes a CSV only where that loses nothing that is wrong with it.
//!
//! Every row stands where it stood, and [`FINDINGS`] is passed over when a copy is read. The cells are the user's own and
//! are given back as they are, passwords too; no finding and no note has ever one in it. The rows pass through one by one:
//! memory is bounded by the findings kept ([`Pass::KEPT`](crate::validate::Pass::KEPT)) and the notes ([`NOTES`]).

mod anew;
mod comments;
mod lines;
mod package;
mod sheet;
mod styles;
mod xml;

use std::io::{self, Seek, Write};
use std::path::Path;

use csv::{QuoteStyle, WriterBuilder};
use rust_xlsxwriter::XlsxError;

use crate::disk;
use crate::error::Failure;
use crate::finding::{Finding, codes};
use crate::roster::{Field, Roster, Row, Storage, Use};
use crate::text::{Voice, count, guarded, shown};
use crate::validate::Checked;

pub use crate::roster::FINDINGS;
use styles::Paint;

/// The most cells that get a note of their own in a workbook; those beyond are coloured, and their row says it all.
pub(crate) const NOTES: usize = 20_000;

/// The most characters of a cell of a workbook.
const CELL: usize = 32_767;

/// What was written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Annotated {
    /// How many rows have findings beside them.
    pub(crate) rows: u64,
    /// How many cells of the roster are coloured and have no note, for there are too many.
    pub(crate) without_note: u64,
    /// How many rows the copy has without their cells: these could not be told apart.
    pub(crate) without_cells: u64,
    /// How many cells have no colour, for the workbook has no room for more formats.
    pub(crate) without_colour: u64,
    /// How many cells are cut, for a workbook's hold no more.
    pub(crate) cut: u64,
    /// Why the workbook was written anew, where its own package could not be changed.
    pub(crate) anew: Option<&'static str>,
}

/// How a copy is stored, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `.csv`: the findings are in a column of their own.
    Csv,
    /// A workbook with this ending: the findings are in the cells.
    Workbook(&'static str),
}

/// What a workbook's file can end in.
const WORKBOOKS: [&str; 4] = ["xlsx", "xlsm", "xltx", "xltm"];

impl Kind {
    /// Tells it from the name, and refuses a name that is taken: what stands there may be somebody's work, an earlier
    /// copy with its cells mended above all.
    pub(crate) fn of(out: &Path) -> Result<Self, Failure> {
        let shown = out.display();
        let ending = out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        let workbook = WORKBOOKS.iter().find(|workbook| ending.eq_ignore_ascii_case(workbook));
        let kind = match workbook {
            Some(workbook) => Self::Workbook(workbook),
            None if ending.eq_ignore_ascii_case("csv") => Self::Csv,
            None => {
                return Err(Failure::usage(format!(
                    "an annotated copy is a .csv or an .xlsx file: `{shown}`"
                ))
                .hint("give it a name that ends so"));
            }
        };
        match out.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(kind),
            Err(error) => Err(Failure::usage(format!("cannot write: `{shown}`")).because(error)),
            Ok(_) => Err(taken(out)),
        }
    }

    /// Refuses a name under which no spreadsheet would open the copy: a workbook with macros stays one.
    pub(crate) fn fits(self, roster: &Roster, out: &Path) -> Result<(), Failure> {
        let Self::Workbook(ending) = self else { return Ok(()) };
        let meant = match roster.storage() {
            Storage::Xlsx { .. } => package::ending(roster.bytes()).unwrap_or("xlsx"),
            Storage::Csv { .. } => "xlsx",
        };
        if meant == ending {
            return Ok(());
        }
        let what = format!(
            "the copy is a workbook of the kind `.{meant}`, and would not open as `{}`",
            out.display()
        );
        Err(Failure::usage(what).hint(format!("give it a name that ends in `.{meant}`")))
    }
}

fn taken(out: &Path) -> Failure {
    Failure::usage(format!("there is a file already, and it is left as it is: `{}`", out.display()))
        .hint("choose another name, or remove the file")
}

/// Writes the copy, all of it or nothing, readable by its owner only. Never over a file that is there. What is to be set is
/// said as `voice` does.
pub(crate) fn write(
    roster: &Roster,
    checked: &Checked,
    kind: Kind,
    out: &Path,
    voice: &dyn Voice,
) -> Result<Annotated, Failure> {
    kind.fits(roster, out)?;
    let copy = Copy::of(roster, checked, voice);
    let mut annotated = Annotated::default();
    let mut written = disk::create_atomic_with(out, |file| copy.write(kind, file, &mut annotated));
    if let Err(Unwritten::NotInPlace(why)) = written {
        annotated = Annotated { anew: Some(why), ..Annotated::default() };
        written = disk::create_atomic_with(out, |file| copy.anew(file, &mut annotated));
    }
    let Err(unwritten) = written else { return Ok(annotated) };
    let cannot = || Failure::usage(format!("cannot write: `{}`", out.display()));
    Err(match unwritten {
        Unwritten::Roster(failure) => failure,
        Unwritten::Io(error) if error.kind() == io::ErrorKind::AlreadyExists => taken(out),
        Unwritten::Io(error) => cannot().because(error),
        Unwritten::Xlsx(error) => cannot().because(io::Error::other(error)),
        Unwritten::NotInPlace(why) => cannot().because(why),
        Unwritten::TooMany(row) => Failure::usage(format!("a workbook has no row of this number: `{row}`"))
            .hint("annotate into a .csv file"),
        Unwritten::OfWorkbook(what) => {
            Failure::usage(format!("a CSV cannot hold what is wrong with the workbook: {what}"))
                .hint("annotate into a workbook, which is the roster's own with colours and notes")
        }
    })
}

enum Unwritten {
    Io(io::Error),
    Xlsx(XlsxError),
    Roster(Failure),
    /// A row beyond a workbook's last.
    TooMany(u64),
    /// Why the package of a workbook cannot be changed.
    NotInPlace(&'static str),
    /// What a CSV cannot hold.
    OfWorkbook(String),
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

/// A roster on its way into a copy.
struct Copy<'r> {
    roster: &'r Roster,
    checked: &'r Checked,
    voice: &'r dyn Voice,
    /// The places of the roster's own columns: all but an earlier copy's [`FINDINGS`].
    own: Vec<usize>,
    /// Where an earlier copy's [`FINDINGS`] stand among the columns of a workbook.
    ours: Option<u32>,
}

impl<'r> Copy<'r> {
    fn of(roster: &'r Roster, checked: &'r Checked, voice: &'r dyn Voice) -> Self {
        let headers = roster.columns().headers.iter().take(roster.width()).enumerate();
        let is_ours = |header: &str| header.trim().eq_ignore_ascii_case(FINDINGS);
        let (ours, own): (Vec<_>, Vec<_>) = headers.partition(|(_, header)| is_ours(header));
        let ours = ours.first().and_then(|(at, _)| u32::try_from(*at).ok());
        Self { roster, checked, voice, own: own.into_iter().map(|(at, _)| at).collect(), ours }
    }

    fn write(&self, kind: Kind, file: impl Write + Seek, annotated: &mut Annotated) -> Result<(), Unwritten> {
        match (self.roster.storage(), kind) {
            (Storage::Csv { .. }, Kind::Csv) => self.lines(file, annotated),
            (Storage::Csv { .. }, Kind::Workbook(_)) => self.anew(file, annotated),
            (Storage::Xlsx { sheet }, Kind::Workbook(_)) => package::write(self, &sheet, file, annotated),
            (Storage::Xlsx { .. }, Kind::Csv) => self.csv(file, annotated),
        }
    }

    /// The column of what is said of a row or of the file as a whole: that of the username, else the first.
    fn lead(&self) -> u32 {
        let uses = self.roster.uses();
        let is_login = |at: &&usize| uses.get(**at) == Some(&Use::Field(Field::Username));
        let is_named = |at: &&usize| uses.get(**at) != Some(&Use::Unnamed);
        let lead = self.own.iter().find(is_login).or_else(|| self.own.iter().find(is_named));
        lead.and_then(|&at| u32::try_from(at).ok()).unwrap_or(0)
    }

    /// What was found, in one line.
    fn checked_in_all(&self) -> String {
        let Checked { errors, warnings, rows, not_kept, .. } = self.checked;
        let [errors, warnings, rows] =
            [(errors, "error"), (warnings, "warning"), (rows, "row")].map(|(n, noun)| count(*n, noun));
        let more = match not_kept {
            0 => String::new(),
            more => format!("; {more} findings more are not marked, for there are too many"),
        };
        format!("headcount: {errors} and {warnings} in {rows}{more}")
    }

    fn headers(&self) -> impl Iterator<Item = &'r str> {
        self.own.iter().map(|&at| self.roster.columns().headers[at].as_str())
    }

    /// Goes over the rows, each with its findings.
    fn each(&self, mut take: impl FnMut(&Row, &[Finding]) -> Result<(), Unwritten>) -> Result<(), Unwritten> {
        let findings = &self.checked.findings;
        let mut rest = &findings[findings.partition_point(|finding| finding.row.is_none())..];
        let (mut rows, mut row) = (self.roster.rows()?, Row::default());
        while rows.read(&mut row)? {
            let of_row = rest.partition_point(|finding| finding.row <= Some(row.number));
            let (now, later) = rest.split_at(of_row);
            rest = later;
            take(&row, now)?;
        }
        Ok(())
    }

    /// The place among our columns of the cell that a finding is about.
    fn place_of(&self, row: &Row, finding: &Finding) -> Option<usize> {
        let header = finding.column.as_ref()?;
        let headers = &self.roster.columns().headers;
        let mut named = self.own.iter().enumerate().filter(|(_, at)| headers.get(**at) == Some(header));
        let first = named.clone().next();
        let filled = named.find(|(_, at)| row.cells.get(**at).is_some_and(|cell| !cell.trim().is_empty()));
        filled.or(first).map(|(place, _)| place)
    }

    /// The cells of a workbook as text. It ends where one holds what text does not.
    fn csv(&self, mut file: impl Write, annotated: &mut Annotated) -> Result<(), Unwritten> {
        let of_file = self.checked.findings.iter().take_while(|finding| finding.row.is_none());
        if let Some(hidden) = of_file.into_iter().find(|finding| HIDDEN.contains(&finding.code)) {
            return Err(Unwritten::OfWorkbook(hidden.message.clone()));
        }
        // A mark, by which a spreadsheet knows UTF-8.
        file.write_all("\u{FEFF}".as_bytes())?;
        let mut writer = WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(file);
        let blank = vec![""; self.own.len() + 1];
        let mut next = 1;
        let mut skip_to = |writer: &mut csv::Writer<_>, row: u64| -> Result<(), Unwritten> {
            for _ in next..row {
                writer.write_record(&blank)?;
            }
            next = row + 1;
            Ok(())
        };
        skip_to(&mut writer, self.roster.header_row())?;
        writer.write_record([FINDINGS].into_iter().chain(self.headers()))?;
        self.each(|row, findings| {
            if let Some(lost) = row.findings.iter().find(|finding| OF_CELLS.contains(&finding.code)) {
                return Err(Unwritten::OfWorkbook(format!(
                    "row {}: {}",
                    row.number,
                    sentence(lost, self.voice)
                )));
            }
            skip_to(&mut writer, row.number)?;
            annotated.count(row, findings);
            let told = guarded(&told(findings, self.voice));
            let cells = self.own.iter().map(|&at| row.cells.get(at).unwrap_or(""));
            Ok(writer.write_record([told.as_str()].into_iter().chain(cells))?)
        })?;
        writer.flush()?;
        Ok(())
    }
}

/// What is hidden in a workbook and is not in a CSV.
const HIDDEN: [&str; 3] = [codes::HIDDEN_SHEETS.id, codes::HIDDEN_COLUMNS.id, codes::HIDDEN_ROWS.id];

/// What the reader has against a workbook's cells and would not have against their text.
const OF_CELLS: [&str; 7] = [
    codes::NUMBER_NOT_TEXT.id,
    codes::DIGITS_LOST.id,
    codes::DATE_NOT_TEXT.id,
    codes::CELL_ERROR.id,
    codes::MERGED_OVER_ROWS.id,
    codes::MERGED_OVER_COLUMNS.id,
    codes::CELL_WITHOUT_HEADER.id,
];

/// Whether a finding is about a cell that nobody sees, for a merged one lies over it.
fn is_of_merged(finding: &Finding) -> bool {
    finding.code == codes::MERGED_OVER_ROWS.id
}

impl Annotated {
    fn count(&mut self, row: &Row, findings: &[Finding]) {
        self.rows += u64::from(!findings.is_empty());
        self.without_cells += u64::from(!row.is_readable());
    }
}

/// A finding in one line: what, and how to mend it.
fn sentence(finding: &Finding, voice: &dyn Voice) -> String {
    let hint = finding.told_hint(voice).map(|hint| format!(" ({hint})")).unwrap_or_default();
    let column = finding.column.as_deref().map(|c| format!("{}: ", shown(c.trim()))).unwrap_or_default();
    format!("{}: {column}{}{hint}", finding.severity.word(), finding.message)
}

fn told(findings: &[Finding], voice: &dyn Voice) -> String {
    findings.iter().map(|finding| sentence(finding, voice)).collect::<Vec<_>>().join("; ")
}

/// What the note of a cell says.
fn note_text(findings: &[&Finding], voice: &dyn Voice) -> String {
    let text = findings.iter().map(|finding| {
        let hint = finding.told_hint(voice).map(|hint| format!("\nfix: {hint}")).unwrap_or_default();
        format!("{}: {}{hint}", finding.severity.word(), finding.message)
    });
    cut(&text.collect::<Vec<_>>().join("\n\n")).0.to_owned()
}

/// The colour of a cell that all of this is found of.
fn paint_of(findings: &[&Finding]) -> Option<Paint> {
    findings.iter().map(|finding| finding.severity).min().map(Paint::from)
}

/// A text as far as a workbook's cell can hold it, and whether that is not all of it. The limit is Excel's, in UTF-16.
fn cut(text: &str) -> (&str, bool) {
    if text.len() <= CELL {
        return (text, false);
    }
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > CELL
    });
    end.map_or((text, false), |(at, _)| (&text[..at], true))
}

/// Workbooks count rows from 0.
fn row_of(number: u64) -> Result<u32, Unwritten> {
    const ROWS: u64 = 1_048_576;
    let row = number.checked_sub(1).filter(|_| number <= ROWS);
    row.and_then(|row| u32::try_from(row).ok()).ok_or(Unwritten::TooMany(number))
}
