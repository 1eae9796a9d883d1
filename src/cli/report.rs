//! `headcount report`: the result of a run, for people and programs.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::args::roster::RosterArgs;
use super::voice::Flags;
use super::{leaver_words, output, retype};
use crate::clock::{Clock, SystemClock, Zone, rfc3339};
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::State;
use crate::plan::Why;
use crate::report::account::Account;
use crate::report::cause::Guide;
use crate::report::{html, json, people, table, ticket};
use crate::roster::{Options, Roster};

/// Writes the result of a run for people and programs: a page that opens offline, a table, a document, a ticket
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The ledger, as in roster.csv.ledger.jsonl
    ledger: PathBuf,

    /// Where to write it; only an earlier report is ever replaced [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The format [default: as FILE's name ends, else md]
    #[arg(long, value_enum, ignore_case = true)]
    format: Option<Format>,

    /// Leave out the names and teams of people, which a page, a workbook and a ticket have of the roster where it is still
    /// there
    #[arg(long)]
    without_names: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One page that opens offline, to read, search and print
    Html,
    /// One line a row
    Csv,
    /// The same as a workbook, with the failures and the record
    Xlsx,
    /// Everything, for programs
    Json,
    /// Short, for a ticket
    Md,
}

/// Runs the command.
pub(super) fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let format = format(args)?;
    if format == Format::Xlsx && args.output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::usage("a workbook is not for a terminal").hint("add `-o result.xlsx`"));
    }
    // Told before the work, which takes a while for a long run.
    if let Some(path) = &args.output {
        is_free(path)?;
    }
    let retry =
        |state: &State, code: Option<&str>| Some(retype::retry_of(&args.ledger, state, code).to_string());
    let resume = |state: &State| Some(retype::resume_of(&args.ledger, state)?.to_string());
    let undo = |code: &str| {
        let lift = Why::of_code(code).and_then(Why::lifted_by);
        let mut line = retype::undo_of(&args.ledger);
        line.words(lift.map(leaver_words::flag));
        line.to_string()
    };
    let guide = Guide { voice: &Flags, retry: &retry, resume: &resume, undo: &undo };
    let mut account = Account::read(&args.ledger, &guide)?;
    account.zone = Zone::of_system();
    if matches!(format, Format::Html | Format::Xlsx | Format::Md) && !args.without_names {
        account.names = Some(name_rows(&mut account));
    }
    let made = rfc3339(SystemClock.now());
    let bytes = match format {
        Format::Html => html::write(&account, &made)?.into_bytes(),
        Format::Csv => table::csv(&account)?,
        Format::Xlsx => table::workbook(&account, &made)?,
        Format::Json => json::write(&account, &made)?,
        Format::Md => ticket::write(&account, &made).into_bytes(),
    };
    match &args.output {
        None if format == Format::Json => output::json(&String::from_utf8_lossy(&bytes)),
        None => output::result_bytes(&bytes),
        Some(path) => {
            // And again: the work took a while.
            is_free(path)?;
            let landed =
                disk::replace(path, &bytes).map_err(|error| output::unwritten("the report", path, error))?;
            output::say_written(path, &landed);
        }
    }
    Ok(Exit::Done)
}

/// Takes the rows' names and teams from the roster, for a ledger has none; says where they are from, or why there are none.
fn name_rows(account: &mut Account) -> String {
    let path = PathBuf::from(account.roster_now());
    let reading = RosterArgs::of_settings(&account.settings).unwrap_or_default().meant();
    let reading = Options { header_row: reading.header_row.or(account.header_row), ..reading };
    let found = Roster::open(&path, &reading).and_then(|roster| people::find(&mut account.rows, &roster));
    let path = path.display();
    match found {
        Ok(()) => format!("as `{path}` has them now"),
        Err(failure) => {
            format!("left out, for they are in the roster alone, and it cannot be read: {}", failure.what)
        }
    }
}

fn format(args: &ReportArgs) -> Result<Format, Failure> {
    let (Some(path), None) = (&args.output, args.format) else {
        return Ok(args.format.unwrap_or(Format::Md));
    };
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
    let formats = [Format::Html, Format::Csv, Format::Xlsx, Format::Json, Format::Md];
    let named = |format: &Format| {
        format.to_possible_value().is_some_and(|word| word.get_name().eq_ignore_ascii_case(extension))
    };
    formats.into_iter().find(named).ok_or_else(|| {
        Failure::usage(format!("the report's format cannot be told from its name: `{}`", path.display()))
            .hint("end it in .html, .csv, .xlsx, .json or .md, or say --format")
    })
}

/// Only a report of ours is replaced: a roster or a ledger named by mistake stays as it is.
fn is_free(path: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::usage(format!("cannot write the report: `{}`", path.display())).because(error)
    };
    if path.is_dir() {
        return Err(Failure::usage(format!("the report's place is a folder: `{}`", path.display()))
            .hint("name a file in it"));
    }
    let mut file = match disk::open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
    };
    if is_report(&mut file).map_err(cannot)? {
        return Ok(());
    }
    Err(Failure::usage(format!("there is a file that is not a report of headcount: `{}`", path.display()))
        .hint("choose another name, or move the file away"))
}

/// Whether a file is one that this command has written.
fn is_report(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.take(1024).read_to_end(&mut head)?;
    if head.starts_with(b"PK") {
        return Ok(has_mark(file));
    }
    let text = String::from_utf8_lossy(&head);
    let table = table::HEADERS.map(|header| format!("\"{header}\"")).join(",");
    Ok(text.contains(html::MARK)
        || text.starts_with(json::HEAD)
        || text.starts_with(ticket::HEAD)
        || text.strip_prefix('\u{FEFF}').is_some_and(|text| text.starts_with(&table)))
}

/// Whether a workbook's properties say that it is ours.
fn has_mark(file: &File) -> bool {
    let Ok(mut archive) = zip::ZipArchive::new(file) else { return false };
    let Ok(properties) = archive.by_name("docProps/core.xml") else { return false };
    let mut text = String::new();
    let read = properties.take(1 << 16).read_to_string(&mut text);
    read.is_ok() && text.contains(&format!(">{}<", table::MARK))
}
