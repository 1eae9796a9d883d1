//! A workbook, read as a stream of cells.
//!
//! Never as a dense range: a file of 1.4 KB can ask for 512 GB that way, and an allocation that fails cannot be caught.
//! The cells borrow the workbook, and the reading of a hostile file may panic in a crate that is not ours; so a thread of
//! its own reads each pass and sends rows in batches.

use std::collections::HashSet;
use std::fmt;
use std::io::{BufReader, Read as _};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, XlsxError};
use memchr::{memmem, memrchr};

use super::columns::{FINDINGS, MAX_COLUMNS, Use, column_letters, name_shown, too_wide};
use super::csv::{UNCLOSED, cell_without_header, row_in_quotes, taken_apart};
use super::field::Field;
use super::filter::Hidden;
use super::header::Header;
use super::mapping::Mapping;
use super::row::{Kept, Row};
use super::sheet::{Form, Merged};
use super::source::{Cursor, Source};
use super::top::{self, Line, Top};
use crate::agent::{PhoneRegion, phone};
use crate::error::{Failure, Remedy};
use crate::finding::Finding;
use crate::finding::codes::{self, Code};
use crate::text::Setting;

type Workbook = calamine::Xlsx<BufReader<Cursor>>;

/// The name of the thread on which a workbook is read. A panic there is the foreign reader's, and is told as a damaged
/// workbook.
pub(crate) const WORKBOOK_THREAD: &str = "workbook";

/// Excel's own limit.
const MAX_ROWS: u32 = 1_048_576;
/// The largest part of a workbook that is loaded as a whole (its shared strings), unpacked, in bytes.
const MAX_PART: u64 = 512 << 20;
/// The largest sheet, unpacked, in bytes: it is read as a stream.
const MAX_SHEET: u64 = 4 << 30;
/// The longest stretch of a part without a tag, in bytes: a cell has at most 32,767 characters.
const MAX_STRETCH: u64 = 4 << 20;
/// How many times its packed size a part may unpack to, once it is larger than [`RATIO_FROM`].
const MAX_RATIO: u64 = 200;
/// Smaller parts may have any ratio, in bytes.
const RATIO_FROM: u64 = 16 << 20;
/// The most parts a workbook may have.
const MAX_PARTS: usize = 10_000;
/// Digits that a spreadsheet's number keeps.
const DIGITS_KEPT: f64 = 1e15;
/// Rows sent at a time.
const BATCH: usize = 256;

/// A sheet whose header has been read.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    source: Source,
    opened: Opened,
    pub(super) name: String,
    /// Those that can be read in its place: the visible ones.
    pub(super) others: Arc<[String]>,
    pub(super) header_row: u64,
    /// Merged ranges, by their first row.
    merged: Vec<Merged>,
    /// Where all of a row stands in its first cell: what is between its cells.
    delimiter: Option<u8>,
    /// Cells with a formula and no value.
    uncomputed: Arc<[(u32, u32)]>,
    /// The rows that nobody sees, as a spreadsheet shows their numbers.
    pub(super) hidden: Arc<[u64]>,
}

/// What is told of how a workbook is read.
pub(super) struct Told {
    pub(super) sheet: Option<String>,
    pub(super) header_row: Option<u64>,
    pub(super) mapping: Mapping,
}

/// The workbook as it was opened for its header, its strings loaded: the first who reads the rows takes it over.
#[derive(Clone)]
struct Opened(Arc<Mutex<Option<Workbook>>>);

impl Opened {
    fn take(&self) -> Option<Workbook> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// Without the workbook: it has the roster's cells in it.
impl fmt::Debug for Opened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opened")
    }
}

impl Sheet {
    /// Opens the workbook, picks the sheet (unless told, the first visible one, or the only one that has a header) and finds
    /// its header. Says in findings what was passed over and what the workbook hides.
    pub(super) fn open(source: Source, told: Told) -> Result<(Self, Vec<String>, Vec<Finding>), Failure> {
        let at = source.clone();
        let (page, form, findings, workbook, others) = contained(move || {
            weigh(&at, Weighed::Rest)?;
            // Opening it loads all but the sheets.
            let of_sheets = at.clone();
            let sheets = spawn(move || weigh(&of_sheets, Weighed::Sheets))?;
            let workbook = workbook(&at);
            let marked = sheets.join().unwrap_or_else(|_| Err(damaged()))?;
            let mut workbook = workbook?;
            let (page, mut findings) = pick(&mut workbook, &told)?;
            let others = visible_names(&workbook);
            findings.extend(hidden_sheets(&workbook, &page.name));
            let top = u32::try_from(page.header_row - 1).unwrap_or(MAX_ROWS);
            let archive = zip::ZipArchive::new(BufReader::new(at.reader())).ok();
            let form = archive.and_then(|mut archive| Form::read(&mut archive, &page.name, top, &marked));
            let hidden_rows = told.mapping.hidden_rows;
            if form.is_none() && hidden_rows == Hidden::Skip {
                return Err(Failure::usage("it cannot be told which rows of the workbook are hidden")
                    .hint("save it again in a spreadsheet, or take `hidden-rows` out of the column map"));
            }
            let form = form.unwrap_or_default();
            findings.extend(hidden_columns(&form, &page.headers));
            findings.extend(hidden_rows_read(&form).filter(|_| hidden_rows == Hidden::Unsaid));
            Ok((page, form, findings, workbook, others))
        })?;
        let opened = Opened(Arc::new(Mutex::new(Some(workbook))));
        let Page { name, header_row, headers, delimiter } = page;
        let (merged, uncomputed) = (form.merged, form.uncomputed.into());
        let hidden = form.hidden_rows.iter().map(|row| u64::from(*row) + 1).collect();
        let sheet = Self { source, opened, name, others, header_row, merged, delimiter, uncomputed, hidden };
        Ok((sheet, headers, findings))
    }

    /// The workbook's bytes from the top.
    pub(super) fn bytes(&self) -> Cursor {
        self.source.reader()
    }

    /// Starts from the row after the header.
    pub(super) fn rows(&self, header: &Header) -> Result<XlsxRows, Failure> {
        let (sender, receiver) = sync_channel(2);
        let table = Table {
            header_row: self.header_row,
            uses: header.uses.clone(),
            names: header.columns.headers.clone(),
            merged: self.merged.clone(),
            delimiter: self.delimiter,
            uncomputed: Arc::clone(&self.uncomputed),
            phone_region: header.columns.phone_region,
            days: header.sieve.days().collect(),
            chooses: (0..header.width).filter(|at| header.sieve.has(*at)).collect(),
        };
        let (source, opened, name) = (self.source.clone(), self.opened.take(), self.name.clone());
        let thread = spawn(move || {
            let workbook = opened.map_or_else(|| workbook(&source), Ok);
            let sent = workbook.and_then(|workbook| send_rows(workbook, &name, table, &sender));
            if let Err(failure) = sent {
                // Where nobody listens any more, nobody wants to know.
                let _ = sender.send(Err(failure));
            }
        })?;
        Ok(XlsxRows { receiver, thread: Some(thread), batch: Batch::default(), next: 0 })
    }
}

/// The rows of a sheet, after the header. Dropped early, its thread ends at its next batch.
pub(super) struct XlsxRows {
    receiver: Receiver<Result<Batch, Failure>>,
    thread: Option<JoinHandle<()>>,
    batch: Batch,
    /// The next row of the batch.
    next: usize,
}

/// Some rows as one text: what one thread allocates for each row, another frees, and they would wait for each other.
#[derive(Default)]
struct Batch {
    text: String,
    /// Where each cell ends in the text.
    ends: Vec<usize>,
    rows: Vec<Gathered>,
}

/// A row of a batch.
struct Gathered {
    number: u64,
    /// How many cells of the batch there are up to its last.
    cells: usize,
    findings: Vec<Finding>,
    kept: Vec<(usize, Kept)>,
}

impl Batch {
    fn push(&mut self, number: u64, cells: &[String], findings: Vec<Finding>, kept: Vec<(usize, Kept)>) {
        for cell in cells {
            self.text.push_str(cell);
            self.ends.push(self.text.len());
        }
        self.rows.push(Gathered { number, cells: self.ends.len(), findings, kept });
    }

    /// Gives a row away; `false` where there are no more.
    fn give(&mut self, at: usize, row: &mut Row) -> bool {
        let first =
            at.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |before| before.cells);
        let Some(gathered) = self.rows.get_mut(at) else { return false };
        row.number = gathered.number;
        row.findings = std::mem::take(&mut gathered.findings);
        row.kept = std::mem::take(&mut gathered.kept);
        row.cells.clear();
        let mut begin = first.checked_sub(1).map_or(0, |before| self.ends[before]);
        for &end in &self.ends[first..gathered.cells] {
            row.cells.push(&self.text[begin..end]);
            begin = end;
        }
        true
    }
}

impl XlsxRows {
    /// Reads the next row that is not blank.
    pub(super) fn read(&mut self, row: &mut Row) -> Result<bool, Failure> {
        loop {
            if self.batch.give(self.next, row) {
                self.next += 1;
                return Ok(true);
            }
            match self.receiver.recv() {
                Ok(batch) => (self.batch, self.next) = (batch?, 0),
                Err(_) => {
                    return match self.thread.take().map(JoinHandle::join) {
                        Some(Err(_)) => Err(damaged()),
                        Some(Ok(())) | None => Ok(false),
                    };
                }
            }
        }
    }
}

fn spawn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<JoinHandle<T>, Failure> {
    std::thread::Builder::new()
        .name(WORKBOOK_THREAD.into())
        .spawn(work)
        .map_err(|error| Failure::stopped("no thread can be started to read the workbook").because(error))
}

/// Runs the work on a thread, so that a panic in it is a damaged workbook and not the end of the program.
fn contained<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    spawn(work)?.join().unwrap_or_else(|_| Err(damaged()))
}

fn damaged() -> Failure {
    Failure::usage("the workbook is damaged or incomplete")
        .hint("open it in a spreadsheet and save it again as XLSX")
}

fn unreadable(error: XlsxError) -> Failure {
    match error {
        XlsxError::Password => {
            Failure::usage("the workbook is protected by a password").hint("save it without one, as XLSX")
        }
        XlsxError::CellError(value) => Failure::usage(format!(
            "the workbook has a cell with an error that cannot be read: `{}`",
            name_shown(&value)
        ))
        .hint("mend the formula, or replace it by its value"),
        error => damaged().because(error),
    }
}

fn workbook(source: &Source) -> Result<Workbook, Failure> {
    Workbook::new(BufReader::new(source.reader())).map_err(unreadable)
}

/// Which parts are weighed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Weighed {
    Sheets,
    Rest,
}

/// Unpacks every part that could be loaded, without keeping any of it, and refuses a workbook that would unpack to more
/// than a roster can be. What the file declares of its sizes is not believed. Says which parts may have a [`Form`].
fn weigh(source: &Source, weighed: Weighed) -> Result<HashSet<String>, Failure> {
    let mut archive =
        zip::ZipArchive::new(BufReader::new(source.reader())).map_err(|error| damaged().because(error))?;
    if archive.len() > MAX_PARTS {
        return Err(too_large("it has too many parts"));
    }
    is_workbook(&archive)?;
    let mut marked = HashSet::new();
    for at in 0..archive.len() {
        let part = archive.by_index(at).map_err(|error| damaged().because(error))?;
        let exact = part.name().map_err(|error| damaged().because(error))?.into_owned();
        let name = exact.to_ascii_lowercase();
        if !(name.ends_with(".xml") || name.ends_with(".rels")) {
            continue;
        }
        let is_sheet = name.contains("worksheets/");
        if is_sheet != (weighed == Weighed::Sheets) {
            continue;
        }
        if weigh_part(part, if is_sheet { MAX_SHEET } else { MAX_PART })? {
            marked.insert(exact);
        }
    }
    Ok(marked)
}

/// Tells a workbook from what else is a ZIP archive: XLSB, a document, a folder.
fn is_workbook(archive: &zip::ZipArchive<BufReader<Cursor>>) -> Result<(), Failure> {
    let as_xlsx = "open it in a spreadsheet and save it as XLSX or CSV";
    let mut is_binary = false;
    let has_workbook = archive.file_names().flatten().any(|part| {
        let name = part.rsplit('/').next().unwrap_or(&part).to_ascii_lowercase();
        is_binary |= name == "workbook.bin";
        name.starts_with("workbook") && name.ends_with(".xml")
    });
    match (has_workbook, is_binary) {
        (true, _) => Ok(()),
        (false, true) => Err(Failure::usage("the roster is a binary workbook (XLSB)").hint(as_xlsx)),
        (false, false) => Err(archive_of(archive, as_xlsx)),
    }
}

/// What is said of an archive that is no workbook: a roster that was packed to be sent is named.
fn archive_of(archive: &zip::ZipArchive<BufReader<Cursor>>, as_xlsx: &str) -> Failure {
    const ROSTERS: [&str; 4] = [".csv", ".xlsx", ".xlsm", ".txt"];
    let is_roster = |name: &str| {
        let is_of_mac = name.starts_with("__MACOSX/");
        !is_of_mac && ROSTERS.iter().any(|end| name.to_ascii_lowercase().ends_with(end))
    };
    let rosters: Vec<String> = archive
        .file_names()
        .flatten()
        .filter(|name| is_roster(name))
        .map(|name| format!("`{}`", name_shown(&name)))
        .collect();
    if rosters.is_empty() {
        return Failure::usage("the roster is a ZIP archive, not a workbook").hint(as_xlsx);
    }
    Failure::usage(format!("the roster is packed in a ZIP archive: it has {} in it", some(&rosters)))
        .hint("unpack it and give the file that is in it")
}

/// Unpacks one part, and says whether it may have a [`Form`]: the words of one stand in it, or it is not in UTF-8.
fn weigh_part(mut part: zip::read::ZipFile<'_, BufReader<Cursor>>, limit: u64) -> Result<bool, Failure> {
    // What stands before is looked at again with what follows: a word may be cut.
    const BEFORE: usize = 16;
    let words = Form::WORDS.map(memmem::Finder::new);
    let packed = part.compressed_size().max(1);
    let (mut buffer, mut size, mut stretch) = (vec![0; BEFORE + (64 << 10)], 0, 0);
    let mut is_marked = false;
    loop {
        let read = part.read(&mut buffer[BEFORE..]).map_err(|error| damaged().because(error))?;
        if read == 0 {
            return Ok(is_marked);
        }
        let (end, fresh) = (BEFORE + read, &buffer[BEFORE..BEFORE + read]);
        is_marked |= size == 0 && matches!(fresh[0], 0 | 0xFE | 0xFF);
        is_marked |= words.iter().any(|word| word.find(&buffer[..end]).is_some());
        size += read as u64;
        stretch = match memrchr(b'<', fresh) {
            Some(at) => (read - at) as u64,
            None => stretch + read as u64,
        };
        if size > limit || stretch > MAX_STRETCH || (size > RATIO_FROM && size / packed > MAX_RATIO) {
            return Err(too_large("a part of it unpacks to more than a roster can be"));
        }
        buffer.copy_within(end - BEFORE..end, 0);
    }
}

fn too_large(why: &str) -> Failure {
    Failure::usage(format!("the workbook is refused: {why}"))
        .hint("copy the roster's cells alone into a new workbook, or save the sheet as CSV")
}

/// A sheet's header, as it was found.
struct Page {
    name: String,
    header_row: u64,
    headers: Vec<String>,
    delimiter: Option<u8>,
}

/// The first rows of a sheet, and which of them is its header.
struct Opening {
    name: String,
    lines: Vec<Line>,
    top: Top,
    delimiter: Option<u8>,
    /// Whether the header has more columns than are read.
    is_too_wide: bool,
}

impl Opening {
    fn of(workbook: &mut Workbook, name: &str, told: &Told) -> Result<Self, Failure> {
        let first = first_rows(workbook, name, told.header_row)?;
        let top = top::find(&first.lines, &told.mapping);
        let (lines, top, delimiter) = apart(first.lines, top, &told.mapping);
        let is_too_wide = lines.get(top.at).is_some_and(|line| first.too_wide.contains(&line.number));
        Ok(Self { name: name.to_owned(), lines, top, delimiter, is_too_wide })
    }

    /// The header, and what was passed over for it.
    fn page(mut self, told: &Told) -> Result<(Page, Option<Finding>), Failure> {
        let is_told = told.header_row.is_some();
        let row = self.lines.get(self.top.at).map(|line| line.number);
        if let Some(wanted) = told.header_row.filter(|wanted| row != Some(*wanted)) {
            return Err(top::no_such_row(wanted, &self.lines, &told.mapping));
        }
        if let Some(rival) = self.top.rival.filter(|_| !is_told) {
            return Err(top::two(&self.lines, self.top.at, rival));
        }
        if self.is_too_wide {
            return Err(too_wide());
        }
        let found = top::passed_over(&self.lines, self.top).filter(|_| !is_told);
        let Line { number, cells, .. } = std::mem::take(&mut self.lines[self.top.at]);
        let Self { name, delimiter, .. } = self;
        Ok((Page { name, header_row: number, headers: cells, delimiter }, found))
    }
}

/// The names of the sheets that somebody sees.
fn visible_names(workbook: &Workbook) -> Arc<[String]> {
    let is_one = |sheet: &&calamine::Sheet| {
        sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible
    };
    workbook.sheets_metadata().iter().filter(is_one).map(|sheet| sheet.name.clone()).collect()
}

/// Picks the sheet: the one that is told; else the first visible one, unless another alone has a header that is known.
fn pick(workbook: &mut Workbook, told: &Told) -> Result<(Page, Vec<Finding>), Failure> {
    let sheets: Vec<_> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .cloned()
        .collect();
    let names = |sheets: &[calamine::Sheet]| {
        sheets.iter().map(|sheet| format!("`{}`", name_shown(&sheet.name))).collect::<Vec<_>>()
    };
    if let Some(wanted) = &told.sheet {
        let exact = sheets.iter().find(|sheet| sheet.name == *wanted);
        let same = || sheets.iter().find(|sheet| sheet.name.to_lowercase() == wanted.trim().to_lowercase());
        let Some(sheet) = exact.or_else(same) else {
            return Err(Failure::usage(format!("the workbook has no such sheet: `{wanted}`"))
                .hint(format!("its sheets are {}", names(&sheets).join(", "))));
        };
        let opening = Opening::of(workbook, &sheet.name, told)?;
        if opening.lines.is_empty() {
            return Err(empty(&sheet.name, &names(&sheets)));
        }
        let (page, found) = opening.page(told)?;
        return Ok((page, found.into_iter().collect()));
    }
    let visible: Vec<_> =
        sheets.iter().filter(|sheet| sheet.visible == SheetVisible::Visible).cloned().collect();
    let visible = if visible.is_empty() { sheets[..sheets.len().min(1)].to_vec() } else { visible };
    let mut openings = Vec::new();
    for sheet in visible.iter().take(SHEETS_LOOKED_AT) {
        openings.push(Opening::of(workbook, &sheet.name, told)?);
    }
    let Some(first) = openings.first() else {
        return Err(Failure::usage("the workbook has no sheet with cells"));
    };
    let is_first = first.top.is_sure() && !first.lines.is_empty();
    let others: Vec<usize> = (1..openings.len()).filter(|&at| openings[at].top.is_plain()).collect();
    let name_of = |at: usize| format!("`{}`", name_shown(&openings[at].name));
    let at = match others.as_slice() {
        _ if is_first => 0,
        [only] => *only,
        [] if first.lines.is_empty() => return Err(empty(&first.name, &names(&visible))),
        [] => 0,
        several => {
            let named: Vec<String> = several.iter().map(|&at| name_of(at)).collect();
            let which: Vec<String> = several
                .iter()
                .map(|&at| format!("`{}`", Setting::Sheet.with(word(&openings[at].name))))
                .collect();
            return Err(Failure::usage(format!(
                "the first sheet has no header that is known, and several others have: {}",
                some(&named)
            ))
            .hint(format!("say which is the roster: {}", some(&which)))
            .remedy(Remedy::OneOfSheets {
                sheets: several.iter().map(|&at| openings[at].name.clone()).collect(),
            }));
        }
    };
    let mut findings = Vec::new();
    if at > 0 {
        findings.push(finding(
            &codes::SHEET_FOUND,
            None,
            format!(
                "the sheet {} is read: the first, {}, has no header that is known",
                name_of(at),
                name_of(0)
            ),
            codes::SHEET_FOUND.fix,
        ));
    } else if is_first && !others.is_empty() {
        let named: Vec<String> = others.iter().map(|&at| name_of(at)).collect();
        let message = format!("the sheet {} is read, and not those beside it: {}", name_of(0), some(&named));
        findings.push(finding(&codes::SHEETS_NOT_READ, None, message, codes::SHEETS_NOT_READ.fix));
    }
    let (page, found) = openings.swap_remove(at).page(told)?;
    findings.extend(found);
    Ok((page, findings))
}

/// A sheet's name as a shell takes it, where it needs that.
fn word(name: &str) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'));
    if is_plain { name.to_owned() } else { format!("'{}'", name_shown(name).replace('\'', "'\\''")) }
}

fn empty(sheet: &str, names: &[String]) -> Failure {
    let hint = match names {
        [] | [_] => "`⟦sheet NAME⟧` reads another".to_owned(),
        names => format!("`⟦sheet NAME⟧` reads another: its sheets are {}", some(names)),
    };
    Failure::usage(format!("the sheet is empty: `{}`", name_shown(sheet))).hint(hint)
}

/// More sheets than this are not looked at for the one that is the roster.
const SHEETS_LOOKED_AT: usize = 32;

#[derive(Default)]
struct FirstRows {
    lines: Vec<Line>,
    /// The rows that have cells beyond the columns that are read.
    too_wide: Vec<u64>,
}

/// The first rows of a sheet that have text; where the header's row is told, that row alone, if there is anything in it.
fn first_rows(workbook: &mut Workbook, sheet: &str, told: Option<u64>) -> Result<FirstRows, Failure> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let (mut first, mut text) = (FirstRows::default(), String::new());
    while let Some(cell) = cells.next_cell().map_err(unreadable)? {
        let (row, column) = cell.get_position();
        let number = u64::from(row) + 1;
        // Rows out of order are told of when they are read.
        if told.is_some_and(|told| number > told) {
            break;
        }
        write_plain(cell.get_value(), &mut text);
        if text.trim().is_empty() {
            continue;
        }
        if first.lines.last().is_none_or(|line| line.number != number) {
            if first.lines.len() >= top::LOOKED_AT && told.is_none() {
                break;
            }
            if told == Some(number) {
                first.lines.clear();
            }
            if first.lines.len() < top::LOOKED_AT {
                first.lines.push(Line { number, ..Line::default() });
            }
        }
        let Some(line) = first.lines.last_mut().filter(|line| line.number == number) else { continue };
        if column >= MAX_COLUMNS {
            first.too_wide.push(number);
            continue;
        }
        let column = column as usize;
        if line.cells.len() <= column {
            line.cells.resize(column + 1, String::new());
        }
        line.cells[column] = std::mem::take(&mut text);
    }
    Ok(first)
}

/// The delimiters of a row that was pasted into one column.
const PASTED: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Takes the rows apart where all of each stands in its first cell, as where a CSV was pasted into a sheet.
fn apart(lines: Vec<Line>, top: Top, mapping: &Mapping) -> (Vec<Line>, Top, Option<u8>) {
    let is_one_cell = |line: &Line| line.cells.iter().skip(1).all(|cell| cell.trim().is_empty());
    if top.is_plain() || !lines.iter().all(is_one_cell) {
        return (lines, top, None);
    }
    let by = |delimiter: u8| {
        let parts = |line: &Line| {
            let cell = line.cells.first().map_or("", String::as_str);
            let cells = taken_apart(cell, delimiter).unwrap_or_else(|| vec![cell.to_owned()]);
            Line { number: line.number, cells, ..Line::default() }
        };
        let lines: Vec<Line> = lines.iter().map(parts).collect();
        let top = top::find(&lines, mapping);
        (lines, top, Some(delimiter))
    };
    let best = PASTED.into_iter().map(by).max_by_key(|(_, top, _)| top.fields);
    best.filter(|(_, parts, _)| parts.is_plain()).unwrap_or((lines, top, None))
}

/// What the reading thread has to know of the header.
struct Table {
    header_row: u64,
    uses: Vec<Use>,
    names: Vec<String>,
    /// Merged ranges, by their first row.
    merged: Vec<Merged>,
    /// Where all of a row stands in its first cell: what is between its cells.
    delimiter: Option<u8>,
    /// Cells with a formula and no value, in order.
    uncomputed: Arc<[(u32, u32)]>,
    /// The country whose national telephone numbers are read.
    phone_region: Option<PhoneRegion>,
    /// The columns by whose days rows are chosen.
    days: Vec<usize>,
    /// All columns by which rows are chosen.
    chooses: Vec<usize>,
}

impl Table {
    /// Whether it matters what stands in a column.
    fn is_used(&self, column: usize) -> bool {
        matches!(self.uses.get(column), Some(Use::Field(_))) || self.chooses.contains(&column)
    }
}

fn send_rows(
    mut workbook: Workbook,
    sheet: &str,
    table: Table,
    sender: &SyncSender<Result<Batch, Failure>>,
) -> Result<(), Failure> {
    let mut cells = workbook.worksheet_cells_reader(sheet).map_err(unreadable)?;
    let shown: Vec<Shown> = cells.styles().iter().map(Shown::of).collect();
    let mut builder = RowBuilder::new(&table);
    let mut batch = Batch::default();
    loop {
        let cell = cells.next_cell_with_style_id().map_err(unreadable)?;
        let number = cell.as_ref().map(|(cell, _)| u64::from(cell.get_position().0) + 1);
        if number != Some(builder.number) {
            builder.finish(&mut batch);
            let is_full = batch.rows.len() >= BATCH || (number.is_none() && !batch.rows.is_empty());
            if is_full && sender.send(Ok(std::mem::take(&mut batch))).is_err() {
                return Ok(());
            }
        }
        let (Some((cell, style)), Some(number)) = (cell, number) else { return Ok(()) };
        if number < builder.number {
            return Err(Failure::usage(format!("the sheet's rows are out of order at row {number}"))
                .hint("open it in a spreadsheet and save it again as XLSX"));
        }
        if number > u64::from(MAX_ROWS) {
            return Err(Failure::usage(format!("the sheet has a row beyond a spreadsheet's last: {number}")));
        }
        builder.number = number;
        if number > table.header_row {
            let column = cell.get_position().1;
            if column >= MAX_COLUMNS && !is_blank(cell.get_value()) {
                return Err(far_out(column, number));
            }
            builder.add(column as usize, cell.get_value(), shown.get(style).unwrap_or(&Shown::Otherwise));
        }
    }
}

/// A cell so far to the right is in no roster: somebody hit a key there, or made the sheet to cost somebody memory.
fn far_out(column: u32, row: u64) -> Failure {
    let cell = format!("{}{row}", column_letters(column as usize));
    Failure::usage(format!("the sheet has a cell beyond its {MAX_COLUMNS} first columns: `{cell}`"))
        .hint("clear the cell, or delete the columns to the right of the roster")
}

/// How a cell shows a number, as far as that gives back what was typed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
enum Shown {
    /// In some other way: separators, decimals, a date; or the format is General.
    #[default]
    Otherwise,
    /// `@`: the digits as they stand.
    Text,
    /// `0000`: filled up with zeros to this many digits.
    Zeros(usize),
    /// `"+"0`, `"EMP"0000`: filled up with zeros to this many digits, between two texts.
    Framed(String, usize, String),
}

impl Shown {
    fn of(style: &calamine::Style) -> Self {
        let Some(format) = &style.number_format else { return Self::Otherwise };
        match format.format_code.trim() {
            "@" => Self::Text,
            zeros if (2..=15).contains(&zeros.len()) && zeros.bytes().all(|byte| byte == b'0') => {
                Self::Zeros(zeros.len())
            }
            code => Self::framed(code).unwrap_or_default(),
        }
    }

    /// Reads a format of digits with text before and after them (ECMA-376 part 1, 18.8.31): in quotes, after a backslash, or
    /// one of the few characters that stand for themselves.
    fn framed(code: &str) -> Option<Self> {
        let (mut before, mut digits, mut zeros, mut after) = (String::new(), 0, 0, String::new());
        let mut characters = code.chars();
        while let Some(character) = characters.next() {
            let is_late = !after.is_empty() || digits == 15;
            let text = if digits == 0 { &mut before } else { &mut after };
            match character {
                '0' | '#' if is_late => return None,
                '0' => (digits, zeros) = (digits + 1, zeros + 1),
                '#' => digits += 1,
                '"' => text.extend(characters.by_ref().take_while(|&c| c != '"')),
                '\\' => text.push(characters.next()?),
                // A gap as wide as the next character.
                '_' => drop(characters.next()?),
                '+' | '(' | ')' | ' ' => text.push(character),
                _ => return None,
            }
        }
        let is_framed = digits > 0 && !(before.trim().is_empty() && after.trim().is_empty());
        is_framed.then_some(Self::Framed(before, zeros, after))
    }

    /// The text that the spreadsheet shows in a cell of this use; `None` where that is not simply the number's digits.
    fn text(&self, value: &DataRef<'_>, used: Use) -> Option<String> {
        let number = match value {
            DataRef::Float(number) => *number,
            DataRef::Int(number) => *number as f64,
            _ => return None,
        };
        if number < 0.0 || number.fract() != 0.0 || number >= DIGITS_KEPT {
            return None;
        }
        let is_exact = matches!(used, Use::Field(field) if field.is_exact_text());
        match self {
            Self::Text => Some(format!("{number:.0}")),
            Self::Zeros(width) => Some(format!("{number:0width$.0}")),
            // Of a number of seconds the unit is no part.
            Self::Framed(before, width, after) if is_exact => {
                Some(format!("{before}{number:0width$.0}{after}").trim().to_owned())
            }
            Self::Framed(..) | Self::Otherwise => None,
        }
    }
}

/// Gathers the cells of one row.
struct RowBuilder<'t> {
    table: &'t Table,
    number: u64,
    cells: Vec<String>,
    findings: Vec<Finding>,
    kept: Vec<(usize, Kept)>,
    /// Whether this row has a cell under no header.
    has_stray: bool,
    /// Whether that has been said of any row.
    has_said_stray: bool,
    /// Whether it has been said that rows stand in one cell.
    has_said_quotes: bool,
    /// How many of the merged ranges begin in this row or above it.
    begun: usize,
    /// Those of them that reach into this row.
    merged: Vec<Merged>,
    /// The column of an annotated copy's [`FINDINGS`].
    told: Option<usize>,
    /// The columns whose numbers have been said to be read as telephone numbers.
    has_said_region: Vec<usize>,
}

/// A number of a spreadsheet that is a telephone number of a region.
struct OfRegion {
    digits: String,
    /// As the service takes it.
    written: String,
    region: PhoneRegion,
}

/// Said once for a column: where one such cell is, all of them are.
fn read_as_text(number: &OfRegion, column: &str, row: u64) -> Finding {
    let OfRegion { digits, written, region } = number;
    let mut found = finding(
        &codes::NUMBER_READ,
        Some(digits.clone()),
        format!(
            "the column holds numbers, not text, and they are read as telephone numbers of {region}: `{digits}` as \
             `{written}`; this is said for the first such row only"
        ),
        "look whether they are right; format the column as Text to keep what is typed there",
    );
    (found.row, found.column) = (Some(row), Some(column.to_owned()));
    found
}

impl<'t> RowBuilder<'t> {
    fn new(table: &'t Table) -> Self {
        let cells = vec![String::new(); table.uses.len()];
        Self {
            table,
            number: 0,
            cells,
            findings: Vec::new(),
            kept: Vec::new(),
            has_stray: false,
            has_said_stray: false,
            has_said_quotes: false,
            begun: 0,
            merged: Vec::new(),
            told: table.names.iter().position(|name| name.trim().eq_ignore_ascii_case(FINDINGS)),
            has_said_region: Vec::new(),
        }
    }

    fn add(&mut self, column: usize, value: &DataRef<'_>, shown: &Shown) {
        let used = self.table.uses.get(column).copied().unwrap_or(Use::Unnamed);
        match used {
            Use::Unnamed => self.has_stray |= !is_blank(value),
            Use::Field(_) | Use::Ignored | Use::Misspelt(_) | Use::Unknown
                if let Some(text) = shown.text(value, used) =>
            {
                self.cells[column] = text;
            }
            Use::Field(field) if let Some(number) = self.of_region(value, field) => {
                if !self.has_said_region.contains(&column) {
                    self.has_said_region.push(column);
                    self.findings.push(read_as_text(&number, &self.table.names[column], self.number));
                }
                self.cells[column] = number.written;
            }
            Use::Field(field) => {
                let finding = write_cell(value, field, &mut self.cells[column]);
                if finding.is_some() && self.cells[column].is_empty() {
                    self.kept.extend(kept(value).map(|kept| (column, kept)));
                }
                self.findings.extend(finding.map(|mut finding| {
                    finding.row = Some(self.number);
                    finding.column = Some(self.table.names[column].clone());
                    finding
                }));
            }
            Use::Ignored | Use::Misspelt(_) | Use::Unknown => match value {
                // In words: what its number counts from, the workbook alone knows.
                DataRef::DateTime(date) if self.table.days.contains(&column) => {
                    let (year, month, day, ..) = date.to_ymd_hms_milli();
                    self.cells[column] = format!("{year:04}-{month:02}-{day:02}");
                }
                value => write_plain(value, &mut self.cells[column]),
            },
        }
    }

    /// Takes the row apart where all of it stands in its first cell. What is not a cell for each column stays one cell, and
    /// is found to lack the others.
    fn take_apart(&mut self) {
        let is_alone = self.cells.iter().skip(1).all(|cell| cell.trim().is_empty());
        let (Some(delimiter), true) = (self.table.delimiter, is_alone) else { return };
        let parts = self.cells.first().and_then(|cell| taken_apart(cell, delimiter));
        let Some(parts) = parts.filter(|parts| parts.len() <= self.cells.len()) else { return };
        for (cell, part) in self.cells.iter_mut().zip(parts) {
            *cell = part;
        }
        if !self.has_said_quotes {
            self.findings.push(row_in_quotes(self.number));
            self.has_said_quotes = true;
        }
    }

    /// A number that the numbering plan of the region reads.
    fn of_region(&self, value: &DataRef<'_>, field: Field) -> Option<OfRegion> {
        let region = self.table.phone_region?;
        matches!(field, Field::PhoneNumber | Field::PhoneNumberVoice | Field::Mobile).then_some(())?;
        let digits = Shown::Text.text(value, Use::Field(field))?;
        let written = phone::e164(&digits, Some(region)).ok()?.into_owned();
        Some(OfRegion { digits, written, region })
    }

    /// What is wrong with the row's cells for having a formula that nobody has computed: they seem empty, and are not.
    fn uncomputed_cells(&mut self) {
        let row = u32::try_from(self.number.saturating_sub(1)).unwrap_or(MAX_ROWS);
        let from = self.table.uncomputed.partition_point(|&(of, _)| of < row);
        for &(_, column) in self.table.uncomputed[from..].iter().take_while(|&&(of, _)| of == row) {
            let column = column as usize;
            if !self.table.is_used(column) {
                continue;
            }
            let mut found = finding(
                &codes::FORMULA_WITHOUT_VALUE,
                None,
                "the cell has a formula and no value: no spreadsheet has computed it yet".into(),
                "open the workbook in a spreadsheet and save it",
            );
            found.row = Some(self.number);
            found.column = Some(self.table.names[column].clone());
            self.findings.push(found);
            // A copy without its formulas has an error there, and no empty cell.
            self.kept.push((column, Kept::Error("#VALUE!".to_owned())));
        }
    }

    /// Adds the row to the batch, unless it is blank.
    fn finish(&mut self, batch: &mut Batch) {
        self.take_apart();
        if !self.table.uncomputed.is_empty() && self.number > self.table.header_row {
            self.uncomputed_cells();
        }
        let is_blank = self.findings.is_empty() && self.cells.iter().all(|cell| cell.trim().is_empty());
        let merged = if self.table.merged.is_empty() { Vec::new() } else { self.merged_cells() };
        if !is_blank {
            let mut findings = std::mem::take(&mut self.findings);
            findings.extend(merged);
            if findings.is_empty() {
                findings.extend(self.without_cells());
            }
            if self.has_stray && !self.has_said_stray {
                findings.push(cell_without_header(self.number));
                self.has_said_stray = true;
            }
            batch.push(self.number, &self.cells, findings, std::mem::take(&mut self.kept));
        }
        self.has_stray = false;
        self.cells.iter_mut().for_each(String::clear);
    }
}

impl RowBuilder<'_> {
    /// What an annotated copy says of a row that stands in it without its cells: in the CSV that it was made of they could
    /// not be told apart, and they still cannot.
    fn without_cells(&self) -> Option<Finding> {
        let told = self.told?;
        let mut others = self.cells.iter().enumerate().filter(|(at, _)| *at != told);
        if self.cells[told].trim().is_empty() || others.any(|(_, cell)| !cell.trim().is_empty()) {
            return None;
        }
        let code =
            if self.cells[told].contains(UNCLOSED) { &codes::UNCLOSED_QUOTE } else { &codes::RAGGED_ROW };
        let mut found = finding(
            code,
            None,
            "the row stands in this copy without its cells: they could not be told apart in its roster"
                .into(),
            "fill in its cells, or mend the row in the roster",
        );
        found.row = Some(self.number);
        Some(found)
    }

    /// What is wrong with the row's cells for being part of larger ones: a merged cell has its value in its first row and
    /// column alone.
    fn merged_cells(&mut self) -> Vec<Finding> {
        let row = u32::try_from(self.number.saturating_sub(1)).unwrap_or(MAX_ROWS);
        while let Some(merged) = self.table.merged.get(self.begun).filter(|merged| merged.first_row <= row) {
            self.merged.push(*merged);
            self.begun += 1;
        }
        self.merged.retain(|merged| merged.last_row >= row);
        let mut findings = Vec::new();
        for merged in &self.merged {
            let used = (merged.first_column..=merged.last_column.min(MAX_COLUMNS))
                .map(|column| column as usize)
                .find(|&column| self.table.is_used(column));
            let Some(column) = used else { continue };
            let (first, last) = (merged.first_row + 1, merged.last_row + 1);
            let mut found = if merged.first_row < row {
                finding(
                    &codes::MERGED_OVER_ROWS,
                    None,
                    format!(
                        "the cell is merged over rows {first} to {last}, and its value belongs to row {first} alone"
                    ),
                    "unmerge the cells and fill in each of them",
                )
            } else if merged.first_column < merged.last_column {
                finding(
                    &codes::MERGED_OVER_COLUMNS,
                    None,
                    "the cell is merged with its neighbours, and its value belongs to the first of them alone".into(),
                    "unmerge the cells and fill in each of them",
                )
            } else {
                continue;
            };
            found.row = Some(self.number);
            found.column = Some(self.table.names[column].clone());
            findings.push(found);
        }
        findings
    }
}

/// Sheets that nobody sees and nothing is read of.
fn hidden_sheets(workbook: &Workbook, read: &str) -> Option<Finding> {
    let sheets = workbook.sheets_metadata().iter();
    let hidden = sheets.filter(|sheet| sheet.visible != SheetVisible::Visible && sheet.name != read);
    let names: Vec<String> = hidden.map(|sheet| format!("`{}`", name_shown(&sheet.name))).collect();
    (!names.is_empty()).then(|| {
        finding(
            &codes::HIDDEN_SHEETS,
            None,
            format!("the workbook has hidden sheets, which are not read: {}", some(&names)),
            "nothing to do unless people stand in one of them; `⟦sheet NAME⟧` reads another sheet",
        )
    })
}

fn hidden_columns(form: &Form, headers: &[String]) -> Option<Finding> {
    let is_hidden =
        |at: usize| form.hidden_columns.iter().any(|&(from, to)| (from as usize..=to as usize).contains(&at));
    let hidden = headers.iter().enumerate().filter(|(at, name)| !name.trim().is_empty() && is_hidden(*at));
    let names: Vec<String> = hidden.map(|(_, name)| format!("`{}`", name_shown(name))).collect();
    (!names.is_empty()).then(|| {
        finding(
            &codes::HIDDEN_COLUMNS,
            None,
            format!("hidden columns are read like any other: {}", some(&names)),
            "unhide them and look, or ignore them in a file for `⟦column-map⟧`",
        )
    })
}

fn hidden_rows_read(form: &Form) -> Option<Finding> {
    const NAMED: usize = 5;
    let hidden = form.hidden_rows.len();
    let mut rows: Vec<String> =
        form.hidden_rows.iter().take(NAMED).map(|row| (row + 1).to_string()).collect();
    if hidden > NAMED {
        rows.push("…".into());
    }
    (hidden > 0).then(|| {
        finding(
            &codes::HIDDEN_ROWS,
            None,
            format!("hidden rows are read like any other, and there are {hidden}: row {}", rows.join(", ")),
            "remove the filter or unhide them and look; `hidden-rows = \"skip\"` at the top of a file for \
             `⟦column-map⟧` leaves all of them out, and `\"read\"` says that they are meant",
        )
    })
}

/// The first few names.
fn some(names: &[String]) -> String {
    const MOST: usize = 8;
    let more = if names.len() > MOST { ", …" } else { "" };
    names[..names.len().min(MOST)].join(", ") + more
}

fn kept(value: &DataRef<'_>) -> Option<Kept> {
    Some(match value {
        DataRef::Int(number) => Kept::Number(*number as f64),
        DataRef::Float(number) => Kept::Number(*number),
        DataRef::DateTime(date) => Kept::Date(date.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => Kept::DateText(text.clone()),
        DataRef::Error(error) => Kept::Error(error.to_string()),
        DataRef::Empty | DataRef::String(_) | DataRef::SharedString(_) | DataRef::Bool(_) => return None,
    })
}

fn is_blank(value: &DataRef<'_>) -> bool {
    match value {
        DataRef::Empty => true,
        DataRef::String(text) => text.trim().is_empty(),
        DataRef::SharedString(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Writes a cell of a field as text; where that cannot be what was meant, leaves it empty and says why.
fn write_cell(value: &DataRef<'_>, field: Field, cell: &mut String) -> Option<Finding> {
    cell.clear();
    match value {
        DataRef::Bool(answer) if field.is_yes_no() => {
            cell.push_str(if *answer { "yes" } else { "no" });
            None
        }
        DataRef::Int(_) | DataRef::Float(_) if field.is_exact_text() => Some(number_not_text(value, field)),
        DataRef::Float(number) if number.abs() >= DIGITS_KEPT => {
            write_plain(value, cell);
            Some(finding(
                &codes::DIGITS_LOST,
                Some(cell.clone()),
                "the cell holds a number of more than 15 digits, of which a spreadsheet keeps 15".into(),
                AS_TEXT,
            ))
        }
        DataRef::DateTime(_) | DataRef::DateTimeIso(_) | DataRef::DurationIso(_) => {
            Some(finding(&codes::DATE_NOT_TEXT, None, "the cell holds a date or a time".into(), AS_TEXT))
        }
        DataRef::Error(error) => {
            let shown = error.to_string();
            let message = format!("the cell holds a spreadsheet error: `{shown}`");
            Some(finding(&codes::CELL_ERROR, Some(shown), message, "mend the formula, or type the value"))
        }
        _ => {
            write_plain(value, cell);
            None
        }
    }
}

const AS_TEXT: &str = "format the column as Text and type the value again";

/// One fix for all of a column: the digits need not be typed again.
const AS_IT_STANDS: &str = "format the column as Text and save: each number is then read as it stands; look whether \
                            leading zeros are gone";

/// The same for telephone numbers, which need their country.
const AS_PHONE: &str = "`⟦phone-region COUNTRY⟧`, as in DE or US, reads a column of a country's national numbers; where they begin with the \
                        country code, give the column the format `\"+\"0` and save";

fn number_not_text(value: &DataRef<'_>, field: Field) -> Finding {
    let mut shown = String::new();
    write_plain(value, &mut shown);
    let is_phone = matches!(field, Field::PhoneNumber | Field::PhoneNumberVoice | Field::Mobile);
    let fix = if is_phone { AS_PHONE } else { AS_IT_STANDS };
    let (message, value) = if field.is_secret() {
        (
            "the cell holds a number, not text: a spreadsheet drops its leading zeros".to_owned(),
            Finding::HIDDEN.to_owned(),
        )
    } else {
        let lost = if is_phone { "plus sign and leading zeros" } else { "leading zeros" };
        (format!("the cell holds a number, not text: a spreadsheet drops its {lost}: `{shown}`"), shown)
    };
    finding(&codes::NUMBER_NOT_TEXT, Some(value), message, fix)
}

fn finding(code: &'static Code, value: Option<String>, message: String, hint: &str) -> Finding {
    Finding {
        code: code.id,
        severity: code.severity,
        row: None,
        column: None,
        value,
        message,
        hint: Some(hint.into()),
    }
}

/// Writes a cell as a spreadsheet shows it in a column of no particular format.
fn write_plain(value: &DataRef<'_>, cell: &mut String) {
    use std::fmt::Write as _;
    cell.clear();
    // Writing to a string cannot fail.
    let _ = match value {
        DataRef::Empty => Ok(()),
        DataRef::String(text) => cell.write_str(text),
        DataRef::SharedString(text) => cell.write_str(text),
        DataRef::Int(number) => write!(cell, "{number}"),
        // Minus nought is nought.
        DataRef::Float(number) if *number == 0.0 => cell.write_str("0"),
        DataRef::Float(number) if number.fract() == 0.0 => write!(cell, "{number:.0}"),
        DataRef::Float(number) => write!(cell, "{number}"),
        DataRef::Bool(true) => cell.write_str("TRUE"),
        DataRef::Bool(false) => cell.write_str("FALSE"),
        DataRef::DateTime(date) => write!(cell, "{}", date.as_f64()),
        DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => cell.write_str(text),
        DataRef::Error(error) => write!(cell, "{error}"),
    };
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor as Memory, Write as _};

    use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

    use super::super::tests::{read, read_all, refused};
    use super::super::{Options, Storage};
    use super::*;
    use crate::finding::Severity;

    fn bytes(mut workbook: Workbook) -> Vec<u8> {
        workbook.save_to_buffer().unwrap()
    }

    /// A workbook of one sheet, all cells text.
    fn text(rows: &[&[&str]]) -> Vec<u8> {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (r, row) in (0..).zip(rows) {
            for (c, cell) in (0..).zip(*row) {
                sheet.write_string(r, c, *cell).unwrap();
            }
        }
        bytes(workbook)
    }

    /// A workbook made by hand, with this as its sheet's cells.
    fn raw(sheet_data: &str) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Memory::new(Vec::new()));
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let package = "http://schemas.openxmlformats.org/package/2006/relationships";
        let parts = [
            (
                "[Content_Types].xml",
                r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>"#.to_owned(),
            ),
            (
                "_rels/.rels",
                format!(
                    r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
                ),
            ),
            (
                "xl/workbook.xml",
                format!(
                    r#"<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
                ),
            ),
            (
                "xl/_rels/workbook.xml.rels",
                format!(
                    r#"<Relationships xmlns="{package}"><Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#
                ),
            ),
            (
                "xl/worksheets/sheet1.xml",
                format!(r#"<worksheet xmlns="{main}"><sheetData>{sheet_data}</sheetData></worksheet>"#),
            ),
        ];
        for (name, part) in parts {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(part.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn inline(at: &str, text: &str) -> String {
        format!(r#"<c r="{at}" t="inlineStr"><is><t>{text}</t></is></c>"#)
    }

    #[test]
    fn rows_have_the_numbers_of_the_sheet_and_blank_ones_are_passed_over() {
        let file = text(&[
            &[],
            &["", "first name", "user login"],
            &[],
            &["", "Ann", "ann"],
            &["", " ", ""],
            &["", "Bob", "bob"],
        ]);
        let roster = read(&file, &Options::default());
        assert_eq!(roster.header_row(), 2);
        assert_eq!(roster.width(), 3);
        assert_eq!(roster.storage(), Storage::Xlsx { sheet: "Sheet1".into() });
        let rows = read_all(&roster);
        let seen: Vec<_> =
            rows.iter().map(|row| (row.number, roster.columns().cell(row, Field::Username))).collect();
        assert_eq!(seen, [(4, "ann"), (6, "bob")]);
        assert!(rows.iter().all(|row| row.cells.len() == 3));
        assert_eq!(read_all(&roster).len(), 2, "and again from the top");
    }

    #[test]
    fn a_sheet_longer_than_a_batch_is_read_whole() {
        let names: Vec<String> = (0..3 * BATCH + 7).map(|i| format!("agent{i}")).collect();
        let rows: Vec<[&str; 1]> =
            std::iter::once(["user login"]).chain(names.iter().map(|n| [n.as_str()])).collect();
        let rows: Vec<&[&str]> = rows.iter().map(|r| r.as_slice()).collect();
        let roster = read(&text(&rows), &Options::default());
        let read = read_all(&roster);
        assert_eq!(read.len(), names.len());
        for (at, (row, name)) in (2..).zip(read.iter().zip(&names)) {
            assert_eq!((row.number, &row.cells[0]), (at, name.as_str()));
        }
        // Dropping the rows half-way stops their thread.
        let mut rows = roster.rows().unwrap();
        assert!(rows.read(&mut Row::default()).unwrap());
        drop(rows);
    }

    #[test]
    fn what_a_spreadsheet_made_of_a_cell_is_undone_or_is_a_finding() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let headers = [
            "user login",
            "password",
            "phone number",
            "ACW timeout (seconds)",
            "soft phone auto accept (yes/no)",
            "last name",
            "tags",
            "Notes",
        ];
        for (c, header) in (0..).zip(headers) {
            sheet.write_string(0, c, header).unwrap();
        }
        let date = ExcelDateTime::from_ymd(2026, 11, 23).unwrap();
        let format = Format::new().set_num_format("yyyy-mm-dd");
        sheet.write_number(1, 0, 1001).unwrap();
        sheet.write_number(1, 1, 12_345_678).unwrap();
        sheet.write_number(1, 2, 12_065_550_100_f64).unwrap();
        sheet.write_number(1, 3, 30).unwrap();
        sheet.write_boolean(1, 4, true).unwrap();
        sheet.write_datetime_with_format(1, 5, &date, &format).unwrap();
        sheet.write_number(1, 6, 1_234_567_890_123_456_789_i64 as f64).unwrap();
        sheet.write_datetime_with_format(1, 7, &date, &format).unwrap();
        sheet.write_string(2, 0, "0071").unwrap();
        sheet.write_formula(2, 2, Formula::new("=NA()").set_result("#N/A")).unwrap();
        sheet.write_number(2, 3, 1.5).unwrap();
        sheet.write_boolean(2, 4, false).unwrap();
        sheet.write_formula(2, 5, Formula::new("=\"O\"&\"Hara\"").set_result("OHara")).unwrap();
        sheet.write_boolean(2, 6, true).unwrap();
        let roster = read(&bytes(workbook), &Options::default());
        let rows = read_all(&roster);
        let cells = |row: &Row| row.cells.iter().take(7).map(str::to_owned).collect::<Vec<_>>();
        let found = |row: &Row| {
            row.findings
                .iter()
                .map(|f| (f.code, f.column.clone().unwrap(), f.value.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(cells(&rows[0]), ["", "", "", "30", "yes", "", "1234567890123456768"]);
        let value = |text: &str| Some(text.to_owned());
        assert_eq!(
            found(&rows[0]),
            [
                (codes::NUMBER_NOT_TEXT.id, "user login".into(), value("1001")),
                (codes::NUMBER_NOT_TEXT.id, "password".into(), value(Finding::HIDDEN)),
                (codes::NUMBER_NOT_TEXT.id, "phone number".into(), value("12065550100")),
                (codes::DATE_NOT_TEXT.id, "last name".into(), None),
                (codes::DIGITS_LOST.id, "tags".into(), value("1234567890123456768")),
            ]
        );
        assert!(rows[0].findings.iter().all(|f| f.row == Some(2)));
        assert!(!format!("{:?}", rows[0].findings).contains("12345678,"), "the password is shown nowhere");
        assert_eq!(cells(&rows[1]), ["0071", "", "", "1.5", "no", "OHara", "TRUE"]);
        assert_eq!(found(&rows[1]), [(codes::CELL_ERROR.id, "phone number".into(), value("#N/A"))]);
    }

    #[test]
    fn a_number_whose_format_shows_its_zeros_is_read_as_shown() {
        let mut workbook = Workbook::new();
        let zeros = |format: &str| Format::new().set_num_format(format);
        let sheet = workbook.add_worksheet();
        for (c, header) in (0..).zip(["user login", "password", "phone number", "tags", "Notes"]) {
            sheet.write_string(0, c, header).unwrap();
        }
        sheet.write_number_with_format(1, 0, 71, &zeros("0000")).unwrap();
        sheet.write_number_with_format(1, 1, 12_345_678, &zeros("@")).unwrap();
        sheet.write_number_with_format(1, 2, 4_930_231, &zeros("0000000000")).unwrap();
        sheet.write_number_with_format(1, 3, 7, &zeros("00")).unwrap();
        sheet.write_number_with_format(1, 4, 123_456, &zeros("0000")).unwrap();
        // Formats that are more than zeros, and numbers that a format does not show digit by digit.
        let table = [
            (71.0, "0"),
            (71.0, "0000;[Red]0000"),
            (71.0, "#,##0"),
            (71.0, "000-00"),
            (71.5, "0000"),
            (-71.0, "0000"),
            (1e15, "0000"),
            (1e15, "@"),
            (71.0, "\"a\""),
            (71.0, "0 "),
            (71.0, "\"A\"0\"B\"0"),
            (71.0, "\"+\"#,##0"),
        ];
        for (r, (number, format)) in (2..).zip(table) {
            sheet.write_number_with_format(r, 0, number, &zeros(format)).unwrap();
        }
        let rows = read_all(&read(&bytes(workbook), &Options::default()));
        assert_eq!(rows[0].findings, []);
        assert_eq!(
            rows[0].cells.iter().collect::<Vec<_>>(),
            ["0071", "12345678", "0004930231", "07", "123456"]
        );
        for (row, (number, format)) in rows[1..].iter().zip(table) {
            assert_eq!(
                (&row.cells[0], row.findings[0].code),
                ("", codes::NUMBER_NOT_TEXT.id),
                "{number} {format}"
            );
        }
    }

    #[test]
    fn a_number_whose_format_shows_text_around_it_is_read_as_shown() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        let table = [
            (12_065_550_142_f64, "\"+\"0", "+12065550142"),
            (2_065_550_142.0, "+\\10", "+12065550142"),
            (231.0, "\"EMP\"00000", "EMP00231"),
            (231.0, "_(\"K\"#0\" x\"_)", "K231 x"),
            (493_023_125_042.0, "@", "493023125042"),
        ];
        sheet.write_string(0, 0, "user login").unwrap().write_string(0, 1, "ACW").unwrap();
        for (row, (number, format, _)) in (1..).zip(table) {
            let format = Format::new().set_num_format(format);
            sheet.write_number_with_format(row, 0, number, &format).unwrap();
            // Of seconds the unit is no part.
            sheet.write_number_with_format(row, 1, 30, &Format::new().set_num_format("0\" s\"")).unwrap();
        }
        let rows = read_all(&read(&bytes(workbook), &Options::default()));
        for (row, (number, format, shown)) in rows.iter().zip(table) {
            assert_eq!(
                (&row.cells[0], &row.cells[1], row.findings.len()),
                (shown, "30", 0),
                "{number} {format}"
            );
        }
    }

    #[test]
    #[cfg(feature = "phone-region")]
    fn numbers_of_the_region_are_read_and_that_is_said_once_for_a_column() {
        let mut workbook = Workbook::new();
        let sheet = workbook.add_worksheet();
        for (c, header) in (0..).zip(["user login", "phone number", "mobile"]) {
            sheet.write_string(0, c, header).unwrap();
        }
        for row in 1..4 {
            sheet.write_string(row, 0, format!("agent{row}")).unwrap();
            sheet.write_number(row, 1, 2_065_550_140.0 + f64::from(row)).unwrap();
        }
        sheet.write_number(3, 2, 206).unwrap();
        let file = bytes(workbook);
        let region = Options { phone_region: Some("US".parse().unwrap()), ..Options::default() };
        let rows = read_all(&read(&file, &region));
        let cells: Vec<&str> = rows.iter().map(|row| &row.cells[1]).collect();
        assert_eq!(cells, ["+12065550141", "+12065550142", "+12065550143"]);
        let found: Vec<_> = rows.iter().flat_map(|row| &row.findings).map(|f| (f.code, f.row)).collect();
        assert_eq!(found, [(codes::NUMBER_READ.id, Some(2)), (codes::NUMBER_NOT_TEXT.id, Some(4))]);
        let rows = read_all(&read(&file, &Options::default()));
        assert_eq!(rows.iter().flat_map(|row| &row.findings).count(), 4, "no country, no number");
    }

    #[test]
    fn a_formula_without_a_value_is_no_empty_cell() {
        let formula = |at: &str, rest: &str| format!("<c r=\"{at}\"{rest}</c>");
        let rows = [
            format!("<row r=\"1\">{}{}</row>", inline("A1", "user login"), inline("B1", "tags")),
            // As openpyxl, as others, as none: these have no value. A text may be empty.
            format!("<row r=\"2\">{}{}</row>", formula("A2", "><f>LOWER(C2)</f><v/>"), inline("B2", "x")),
            format!("<row r=\"3\">{}</row>", formula("A3", "><f>LOWER(C3)</f>")),
            format!("<row r=\"4\">{}</row>", formula("A4", " t=\"str\"><f>LOWER(C4)</f><v>ann</v>")),
            format!(
                "<row r=\"5\">{}{}</row>",
                inline("A5", "bob"),
                formula("B5", " t=\"str\"><f>C5</f><v></v>")
            ),
        ];
        let rows = read_all(&read(&raw(&rows.concat()), &Options::default()));
        let found: Vec<_> = rows
            .iter()
            .flat_map(|row| &row.findings)
            .map(|f| (f.code, f.row.unwrap(), f.column.clone().unwrap()))
            .collect();
        let login = || "user login".to_owned();
        let code = codes::FORMULA_WITHOUT_VALUE.id;
        assert_eq!(found, [(code, 2, login()), (code, 3, login())]);
        assert_eq!(rows.len(), 4, "a row of formulas alone is a row");
    }

    #[test]
    fn what_a_workbook_hides_is_read_and_said() {
        let mut workbook = Workbook::new();
        workbook.add_worksheet().set_name("People").unwrap();
        workbook.add_worksheet().set_name("Old & gone").unwrap().set_hidden(true);
        let sheet = workbook.worksheet_from_name("People").unwrap();
        for (c, header) in (0..).zip(["user login", "first name", "tags"]) {
            sheet.write_string(1, c, header).unwrap();
        }
        for row in 2..12 {
            sheet.write_string(row, 0, format!("agent{row}")).unwrap();
        }
        for row in [0, 4, 5, 6, 7, 8, 9, 100] {
            sheet.set_row_hidden(row).unwrap();
        }
        sheet.set_column_hidden(1).unwrap();
        sheet.set_column_hidden(7).unwrap();
        let roster = read(&bytes(workbook), &Options::default());
        let said: Vec<_> = roster.findings().iter().map(|f| (f.code, f.message.as_str())).collect();
        assert_eq!(
            said,
            [
                (codes::HIDDEN_SHEETS.id, "the workbook has hidden sheets, which are not read: `Old & gone`"),
                (codes::HIDDEN_COLUMNS.id, "hidden columns are read like any other: `first name`"),
                (
                    codes::HIDDEN_ROWS.id,
                    "hidden rows are read like any other, and there are 6: row 5, 6, 7, 8, 9, …"
                ),
            ]
        );
        assert!(roster.findings().iter().all(|f| f.severity == Severity::Warning));
        assert_eq!(read_all(&roster).len(), 10, "none is skipped");
        assert_eq!(read(&text(&[&["user login"], &["ann"]]), &Options::default()).findings(), []);
    }

    #[test]
    fn a_merged_cell_has_its_value_in_its_first_row_and_column_alone() {
        let mut workbook = Workbook::new();
        let (sheet, plain) = (workbook.add_worksheet(), Format::new());
        for (c, header) in (0..).zip(["user login", "routing profile", "hierarchy", "", "Notes"]) {
            sheet.write_string(0, c, header).unwrap();
        }
        for row in 1..7 {
            sheet.write_string(row, 0, format!("agent{row}")).unwrap();
        }
        sheet.merge_range(1, 1, 3, 1, "Care", &plain).unwrap();
        sheet.merge_range(4, 1, 4, 2, "Care", &plain).unwrap();
        sheet.merge_range(5, 3, 6, 4, "somewhere else", &plain).unwrap();
        sheet.merge_range(7, 0, 8, 0, "tall", &plain).unwrap();
        let roster = read(&bytes(workbook), &Options::default());
        let found: Vec<_> = read_all(&roster)
            .iter()
            .flat_map(|row| &row.findings)
            .filter(|f| f.code != codes::CELL_WITHOUT_HEADER.id)
            .map(|f| (f.row.unwrap(), f.code, f.column.clone().unwrap()))
            .collect();
        let profile = || "routing profile".to_owned();
        assert_eq!(
            found,
            [
                (3, codes::MERGED_OVER_ROWS.id, profile()),
                (4, codes::MERGED_OVER_ROWS.id, profile()),
                (5, codes::MERGED_OVER_COLUMNS.id, profile()),
            ]
        );
        assert_eq!(roster.columns().cell(&read_all(&roster)[6], Field::Username), "tall");
    }

    #[test]
    fn the_first_visible_sheet_is_read_unless_another_is_named() {
        let mut workbook = Workbook::new();
        for (name, is_hidden) in [("Lists", true), ("Agents", false), ("Old", false)] {
            let sheet = workbook.add_worksheet().set_name(name).unwrap();
            sheet.set_hidden(is_hidden).write_string(0, 0, "user login").unwrap();
            sheet.write_string(1, 0, name).unwrap();
            if name == "Agents" {
                sheet.set_active(true);
            }
        }
        let file = bytes(workbook);
        let first = |sheet: Option<&str>| {
            let options = Options { sheet: sheet.map(str::to_owned), ..Options::default() };
            read_all(&read(&file, &options))[0].cells[0].to_owned()
        };
        assert_eq!(first(None), "Agents");
        assert_eq!(first(Some("Lists")), "Lists");
        assert_eq!(first(Some(" old")), "Old");
        let failure = refused(&file, &Options { sheet: Some("Neu".into()), ..Options::default() });
        assert!(failure.what.contains("no such sheet: `Neu`"));
        assert_eq!(failure.hint.unwrap(), "its sheets are `Lists`, `Agents`, `Old`");
    }

    #[test]
    fn a_cell_in_the_last_corner_of_a_sheet_costs_nothing_and_is_named() {
        let corner = format!(
            r#"<row r="1">{}</row><row r="2">{}</row><row r="1048576">{}</row>"#,
            inline("A1", "user login"),
            inline("A2", "ann"),
            inline("XFD1048576", "x")
        );
        let file = raw(&corner);
        assert!(file.len() < 1500, "{}", file.len());
        let roster = read(&file, &Options::default());
        let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
        let failure = loop {
            match rows.read(&mut row) {
                Ok(read) => assert!(read, "read to the end"),
                Err(failure) => break failure,
            }
        };
        assert!(failure.what.contains("beyond its 1024 first columns: `XFD1048576`"), "{}", failure.what);
        let header = format!(r#"<row r="1">{}{}</row>"#, inline("A1", "user login"), inline("XFD1", "tags"));
        assert!(refused(&raw(&header), &Options::default()).what.contains("more than 1024 columns"));
    }

    #[test]
    fn a_cell_under_no_header_is_said_once_and_not_shown() {
        let rows: &[&[&str]] = &[
            &["user login", "", "tags"],
            &["ann", "s3cret", ""],
            &["bob", "s3cret", ""],
            &["cid", "", "", "s3cret"],
        ];
        let rows = read_all(&read(&text(rows), &Options::default()));
        let found: Vec<_> = rows.iter().flat_map(|row| &row.findings).collect();
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].code, found[0].row), (codes::CELL_WITHOUT_HEADER.id, Some(2)));
        assert!(!format!("{found:?}").contains("s3cret"));
    }

    #[test]
    fn a_workbook_that_is_none_is_refused_with_what_to_do() {
        let good = text(&[&["user login"], &["ann"]]);
        for cut in [4, 30, good.len() / 2, good.len() - 1] {
            let failure = refused(&good[..cut], &Options::default());
            assert!(failure.what.contains("damaged or incomplete"), "{cut}: {}", failure.what);
        }
        assert!(refused(&text(&[]), &Options::default()).what.contains("the sheet is empty: `Sheet1`"));
        assert!(refused(b"PK\x05\x06", &Options::default()).what.contains("damaged"));
        let swapped = format!(
            r#"<row r="1">{}</row><row r="9">{}</row><row r="3">{}</row>"#,
            inline("A1", "user login"),
            inline("A9", "ann"),
            inline("A3", "bob")
        );
        let roster = read(&raw(&swapped), &Options::default());
        let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
        let failure = loop {
            match rows.read(&mut row) {
                Ok(true) => {}
                Ok(false) => panic!("read to the end"),
                Err(failure) => break failure,
            }
        };
        assert!(failure.what.contains("out of order at row 3"), "{}", failure.what);
    }

    #[test]
    fn an_archive_that_is_no_workbook_is_told_by_what_it_is() {
        let archive = |name: &str| {
            let mut zip = zip::ZipWriter::new(Memory::new(Vec::new()));
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.finish().unwrap().into_inner()
        };
        assert!(refused(&archive("xl/workbook.bin"), &Options::default()).what.contains("(XLSB)"));
        assert!(refused(&archive("word/document.xml"), &Options::default()).what.contains("a ZIP archive"));
    }

    #[test]
    fn a_workbook_that_unpacks_to_far_more_than_it_is_is_refused() {
        let bomb = "<row/>".repeat((RATIO_FROM / 6 + 20_000) as usize);
        let file = raw(&bomb);
        assert!(file.len() < 200_000);
        assert!(refused(&file, &Options::default()).what.contains("refused"));
        let stretch = raw(&inline("A1", &"x".repeat(MAX_STRETCH as usize + (128 << 10))));
        assert!(refused(&stretch, &Options::default()).what.contains("refused"));
    }
}
