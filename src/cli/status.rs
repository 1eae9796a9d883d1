//! `headcount status`: where a run stands, also while it runs.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::{output, words};
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::{Calls, Counts, State, Steps, peek};

/// Shows where a run stands, also while it runs.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The ledger, as in roster.csv.ledger.jsonl
    ledger: PathBuf,

    /// For people, or one JSON object for programs
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// The object of `--format json`: a contract.
#[derive(Serialize)]
struct Status<'s> {
    run: &'s str,
    roster: &'s str,
    instance: &'s str,
    complete: bool,
    rows: Counts,
    steps: Steps,
    calls: Calls,
}

/// Runs the command.
pub(super) fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    let (state, at_work) = peek(&args.ledger)?;
    let rows = state.counts(at_work);
    match args.format {
        Format::Json => {
            let status = Status {
                run: &state.header.run,
                roster: roster(&state),
                instance: &state.header.instance,
                complete: is_complete(&state, &rows),
                rows,
                steps: Steps { proficiencies: state.proficiencies() },
                calls: state.calls,
            };
            let line = serde_json::to_string(&status)
                .map_err(|error| Failure::new(Exit::Bug, "cannot print the status").because(error))?;
            output::json(&format!("{line}\n"));
        }
        Format::Human => output::result(&human(&state, at_work)),
    }
    Ok(Exit::Done)
}

/// Nothing is pending or in doubt, neither of the rows nor of what follows them.
fn is_complete(state: &State, rows: &Counts) -> bool {
    rows.is_complete() && state.proficiencies().pending == 0
}

fn roster(state: &State) -> &str {
    if state.session.roster.is_empty() { &state.header.roster } else { &state.session.roster }
}

fn human(state: &State, at_work: bool) -> String {
    let rows = state.counts(at_work);
    let session = &state.session;
    let who = if at_work {
        format!("process {} on {} is at work, since {}", session.pid, session.host, session.at)
    } else if is_complete(state, &rows) {
        "complete".to_owned()
    } else {
        "not complete, and nobody is at work; the same import command resumes it".to_owned()
    };
    let mut text = format!(
        "run       {}\nroster    {}\ninstance  {}\nstate     {}\n\n",
        state.header.run,
        words::plain(roster(state)),
        state.header.instance,
        words::plain(&who)
    );
    let recovered = match rows.recovered {
        0 => String::new(),
        recovered => format!("  ({} recovered)", words::grouped(recovered)),
    };
    let lines = [
        ("created", rows.created, recovered.as_str()),
        ("pending", rows.pending, ""),
        ("in doubt", rows.in_doubt, ""),
        ("exists", rows.exists, ""),
        ("rejected", rows.rejected, ""),
        ("invalid", rows.invalid, ""),
        ("total", rows.total, ""),
    ];
    let width = words::grouped(rows.total).len();
    for (name, number, more) in lines {
        text += &format!("{name:<9} {:>width$}{more}\n", words::grouped(number));
    }
    let steps = state.proficiencies();
    if steps.total > 0 {
        text += &format!(
            "\nproficiencies of the created: {} given, {} pending, {} rejected\n",
            words::grouped(steps.done),
            words::grouped(steps.pending),
            words::grouped(steps.rejected)
        );
    }
    text + &format!(
        "\n{}, {} throttled\n",
        words::count(state.calls.sent, "CreateUser call"),
        words::grouped(state.calls.throttled)
    )
}
