//! `headcount report`: the result of a run, for people and programs.

use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::args::roster::RosterArgs;
use super::tables;
use super::voice::Flags;
use super::{in_terminal, output, retype, several};
use crate::clock::{Clock, SystemClock, Zone, rfc3339};
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::{self, LedgerAt, State};
use crate::report::account::Account;
use crate::report::cause::Guide;
use crate::report::file::{self, Form};

/// Writes the result of a run for people and programs: a page that opens offline, a table, a document, a ticket
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    /// The ledger, as in roster.csv.ledger.jsonl; those of several targets make one report
    #[arg(value_name = "LEDGER", required = true, value_parser = tables::ledger())]
    pub(super) ledgers: Vec<LedgerAt>,

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

impl From<Format> for Form {
    fn from(format: Format) -> Self {
        match format {
            Format::Html => Self::Html,
            Format::Csv => Self::Csv,
            Format::Xlsx => Self::Xlsx,
            Format::Json => Self::Json,
            Format::Md => Self::Md,
        }
    }
}

/// Runs the command.
pub(super) fn run(args: &ReportArgs) -> Result<Exit, Failure> {
    let format = format(args)?;
    if format == Format::Xlsx && args.output.is_none() && io::stdout().is_terminal() {
        return Err(Failure::usage("a workbook is not for a terminal").hint("add `-o result.xlsx`"));
    }
    // Told before the work, which takes a while for a long run.
    if let Some(path) = &args.output {
        output::be_a_file(path)?;
        file::is_free(path)?;
    }
    let form = Form::from(format);
    let ledgers = ledger::each_once(&args.ledgers);
    let accounts = ledgers.iter().map(|ledger| account_of(ledger, form, args.without_names));
    let accounts = accounts.collect::<Result<Vec<_>, _>>()?;
    several::go_together("report", &ledgers, accounts.iter().map(|one| (&*one.run, one.is_rehearsal)))?;
    if accounts.iter().any(|account| account.job != accounts[0].job) {
        return Err(Failure::usage(
            "the ledgers are not of one kind: an import, an update and a removal have a report each",
        ));
    }
    let account = Account::together(accounts);
    let bytes = form.bytes(&account, &rfc3339(SystemClock.now()))?;
    match &args.output {
        None if format == Format::Json => output::json(&String::from_utf8_lossy(&bytes)),
        None => output::result_bytes(&bytes),
        Some(path) => {
            // And again: the work took a while.
            file::is_free(path)?;
            let landed =
                disk::replace(path, &bytes).map_err(|error| output::unwritten("the report", path, error))?;
            output::say_written(path, &landed);
        }
    }
    Ok(Exit::Done)
}

/// What one ledger tells.
fn account_of(ledger: &LedgerAt, form: Form, is_without_names: bool) -> Result<Account, Failure> {
    let retry = |state: &State, code: Option<&str>| Some(retype::retry_of(ledger, state, code).to_string());
    let resume = |state: &State| Some(retype::resume_of(ledger, state)?.to_string());
    let undo = |code: &str| in_terminal::undo_lifting(ledger, code);
    let guide = Guide { voice: &Flags, retry: &retry, resume: &resume, undo: &undo };
    let mut account = Account::read(ledger, &guide)?;
    account.zone = Zone::of_system();
    if form.names_people() && !is_without_names {
        let reading = RosterArgs::of_settings(&account.settings).unwrap_or_default().meant();
        file::name_rows(&mut account, reading);
    }
    Ok(account)
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
