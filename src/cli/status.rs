//! `headcount status`: where a run stands, also while it runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::ledgers::{self, Owner};
use super::listed::{self, Listed, Which};
use super::screen::tally::{PAST, number};
use super::tables;
use super::{output, retype, several};
use crate::clock::{Clock as _, SystemClock, Zone};
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::shared::Lease;
use crate::ledger::{self, Calls, Counts, Gathered, Job, LedgerAt, SeenCounts, State};
use crate::report::of_rehearsal;
use crate::report::standing::{Lately, Standing, is_complete, roster_now};
use crate::text;

/// Shows where a run stands, also while it runs.
#[derive(Debug, Args)]
pub(super) struct StatusArgs {
    /// The ledger, as in roster.csv.ledger.jsonl; of those of several targets each is a line
    #[arg(value_name = "LEDGER", required = true, value_parser = tables::ledger())]
    pub(super) ledgers: Vec<LedgerAt>,

    /// For people, or one JSON object for programs
    #[arg(long, value_enum, ignore_case = true, default_value_t = Format::Human)]
    format: Format,

    /// The file to write, readable by its owner only; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// Lists all rows that stand so, or that the last run saw so: several with commas between them
    #[arg(long, value_name = "STATE", value_enum, ignore_case = true, value_delimiter = ',')]
    rows: Vec<Which>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// The object of `--format json`: a contract.
#[derive(Serialize)]
struct Status<'s> {
    #[serde(flatten)]
    stands: Standing<'s>,
    /// Who is at work, where machines share the ledger.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'s>>,
    /// The address of the ledger that goes on in place of this file.
    #[serde(skip_serializing_if = "Option::is_none")]
    moved_to: Option<&'s str>,
    /// With `--rows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    listed: Option<Vec<Listed<'s>>>,
}

/// Where the second column stands.
const INDENT: usize = 10;

/// Runs the command.
pub(super) fn run(args: &StatusArgs) -> Result<Exit, Failure> {
    match ledger::each_once(&args.ledgers).as_slice() {
        [one] => of_one(args, one),
        several => of_several(args, several),
    }
}

fn of_one(args: &StatusArgs, ledger: &LedgerAt) -> Result<Exit, Failure> {
    let gathered = ledger::gather(ledger, Lately::default(), |course, entry, _| course.take(entry))?;
    let Gathered { state, own: course, at_work, lease, .. } = &gathered;
    let (at_work, now) = (*at_work, SystemClock.now());
    match args.format {
        Format::Json => {
            let status = Status {
                stands: Standing::of((state, ledger), course, at_work, now),
                owner: lease.as_ref().map(Owner::of),
                moved_to: state.moved_to.as_deref(),
                listed: (!args.rows.is_empty()).then(|| listed::of(state, &args.rows, at_work)),
            };
            let line = serde_json::to_string(&status)
                .map_err(|error| Failure::new(Exit::Bug, "cannot print the status").because(error))?;
            output::json(&format!("{line}\n"));
        }
        Format::Human if !args.rows.is_empty() => {
            output::result(&listed::human(&listed::of(state, &args.rows, at_work)));
        }
        Format::Human => {
            output::told_under(
                &human((state, ledger), course, lease.as_ref().filter(|_| at_work), at_work, now),
                INDENT,
            );
            // Never broken: they are there to be pasted.
            output::result(&next(ledger, state, at_work));
        }
    }
    Ok(Exit::Done)
}

/// The object of `--format json` for several ledgers: a contract.
#[derive(Serialize)]
struct Several<'s> {
    /// Whether all are rehearsals': none is, or each.
    rehearsal: bool,
    complete: bool,
    rows: Counts,
    calls: Calls,
    /// Each as it is by itself.
    targets: Vec<OfTarget<'s>>,
}

#[derive(Serialize)]
struct OfTarget<'s> {
    /// Which of several targets it is; not there where the ledger is of none.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'s str>,
    #[serde(flatten)]
    status: Status<'s>,
}

/// Where the runs of several targets stand.
fn of_several(args: &StatusArgs, ledgers: &[&LedgerAt]) -> Result<Exit, Failure> {
    let read = |ledger: &&LedgerAt| {
        ledger::gather(ledger, Lately::default(), |course: &mut Lately, entry, _| course.take(entry))
    };
    let all = ledgers.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let runs = || {
        all.iter().zip(ledgers).map(|(all, ledger)| (&*all.state.header.run, all.state.is_rehearsal(ledger)))
    };
    several::go_together("status", ledgers, runs())?;
    let is_rehearsal = runs().any(|(_, is_rehearsal)| is_rehearsal);
    let now = SystemClock.now();
    let (mut rows, mut calls) = (Counts::default(), Calls::default());
    for Gathered { state, at_work, .. } in &all {
        rows += state.counts(*at_work);
        calls += state.calls;
    }
    let is_done =
        |gathered: &Gathered<Lately>| is_complete(&gathered.state, &gathered.state.counts(gathered.at_work));
    let name = |state: &State, ledger: &LedgerAt| match &state.header.target {
        Some(target) => target.clone(),
        None => text::plain(&ledger.to_string()),
    };
    if args.format == Format::Json {
        let both = all.iter().zip(ledgers);
        let targets = both.map(|(Gathered { state, own, at_work, lease, .. }, ledger)| OfTarget {
            target: state.header.target.as_deref(),
            status: Status {
                stands: Standing::of((state, ledger), own, *at_work, now),
                owner: lease.as_ref().map(Owner::of),
                moved_to: state.moved_to.as_deref(),
                listed: (!args.rows.is_empty()).then(|| listed::of(state, &args.rows, *at_work)),
            },
        });
        let (complete, targets) = (all.iter().all(is_done), targets.collect());
        let several = Several { rehearsal: is_rehearsal, complete, rows, calls, targets };
        let line = serde_json::to_string(&several)
            .map_err(|error| Failure::new(Exit::Bug, "cannot print the status").because(error))?;
        output::json(&format!("{line}\n"));
        return Ok(Exit::Done);
    }
    if !args.rows.is_empty() {
        for (Gathered { state, at_work, .. }, ledger) in all.iter().zip(ledgers) {
            output::result(&format!("{}\n", name(state, ledger)));
            output::result(&listed::human(&listed::of(state, &args.rows, *at_work)));
        }
        return Ok(Exit::Done);
    }
    let lines = all.iter().zip(ledgers).map(|(gathered, ledger)| {
        let Gathered { state, at_work, .. } = gathered;
        let stands = match (*at_work, is_done(gathered)) {
            (true, _) => "at work",
            (false, _) if state.moved_to.is_some() => "moved",
            (false, _) if state.header.job.is_none() && is_undone(&state.counts(false)) => "undone",
            // Whether an undo was to delete more is not on record before it does.
            (false, true) if state.header.job.is_none() && state.counts(false).deleted > 0 => {
                "undone in part"
            }
            (false, true) => "complete",
            (false, false) => "not complete",
        };
        let rehearsal = if is_rehearsal { ", a rehearsal" } else { "" };
        (name(state, ledger), state.counts(*at_work), format!("{stands}{rehearsal}"))
    });
    let lines: Vec<_> = lines.chain([("total".to_owned(), rows, String::new())]).collect();
    output::result(&table(&lines));
    for (Gathered { state, at_work, .. }, ledger) in all.iter().zip(ledgers) {
        output::result(next(ledger, state, *at_work).trim_start_matches('\n'));
    }
    Ok(Exit::Done)
}

/// A line for each, with the counts under each other; of what none has there is no column.
fn table(lines: &[(String, Counts, String)]) -> String {
    type Column = (&'static str, fn(&Counts) -> u64);
    let columns: [Column; 10] = [
        ("rows", |counts| counts.total),
        ("created", |counts| counts.created),
        ("updated", |counts| counts.updated),
        ("there", |counts| counts.there),
        ("deleted", |counts| counts.deleted),
        ("failed", |counts| counts.exists + counts.rejected + counts.invalid + counts.skipped),
        ("in doubt", |counts| counts.in_doubt),
        ("unconfirmed", |counts| counts.unconfirmed),
        ("pending", |counts| counts.pending),
        ("recovered", |counts| counts.recovered),
    ];
    let is_shown =
        |(head, of): &&Column| *head == "rows" || lines.iter().any(|(_, counts, _)| of(counts) > 0);
    let columns: Vec<&Column> = columns.iter().filter(is_shown).collect();
    let name = lines.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).max("target".len());
    let width = |(head, of): &Column| {
        let numbers = lines.iter().map(|(_, counts, _)| text::grouped(of(counts)).len());
        numbers.max().unwrap_or(0).max(head.len())
    };
    let widths: Vec<usize> = columns.iter().map(|column| width(column)).collect();
    let mut page = format!("{:<name$}", "target");
    for ((head, _), width) in columns.iter().zip(&widths) {
        page += &format!("  {head:>width$}");
    }
    page.push('\n');
    for (target, counts, stands) in lines {
        let mut line = format!("{target:<name$}");
        for ((_, of), width) in columns.iter().zip(&widths) {
            line += &format!("  {:>width$}", text::grouped(of(counts)));
        }
        page += format!("{line}  {stands}").trim_end();
        page.push('\n');
    }
    page
}

/// The commands that go on, where something is left to do and nobody is at it.
fn next(ledger: &Path, state: &State, at_work: bool) -> String {
    let rows = state.counts(at_work);
    let mut commands = Vec::new();
    if at_work {
        return String::new();
    }
    if let Some(to) = &state.moved_to {
        return format!("\nsee how it stands with: {}\n", retype::status_of(Path::new(&**to)));
    }
    let is_imports = state.header.job.is_none();
    let is_undone = is_imports && is_undone(&rows);
    // A deletion that is not settled is an undo's to settle, and so is the user that one has left.
    if is_imports && rows.unconfirmed > 0 {
        commands.push(format!("undo with: {}", retype::undo_of(ledger)));
    } else if is_imports && state.left_by_undos() > 0 {
        commands.push(format!("undo the rest with: {}", retype::undo_of(ledger)));
    }
    let is_left_to_import = rows.pending + rows.in_doubt + state.proficiencies().pending > 0;
    if if is_imports { is_left_to_import } else { !is_complete(state, &rows) } {
        commands.extend(retype::resume_of(ledger, state).map(|line| format!("resume with: {line}")));
    }
    if is_undone {
        commands.extend(retype::anew_of(ledger, state).map(|line| format!("import anew with: {line}")));
    }
    let failed = rows.exists + rows.rejected + rows.invalid;
    let (failed, what) = match state.header.job {
        None => (failed, "mend the failed rows in the roster"),
        Some(Job::Update) => (failed + rows.skipped, "mend in the roster what was refused or left"),
        Some(Job::Remove) => (failed + rows.skipped, "mend in the list what was refused or left"),
    };
    if failed > 0 && !is_undone {
        commands.push(format!("{what}, then: {}", retype::retry_of(ledger, state, None)));
    }
    if commands.is_empty() { String::new() } else { format!("\n{}\n", commands.join("\n")) }
}

/// Whether the users of a run were deleted and none of them is left, or may be.
fn is_undone(rows: &Counts) -> bool {
    rows.deleted > 0 && rows.created + rows.in_doubt + rows.unconfirmed + rows.pending == 0
}

fn human(
    (state, ledger): (&State, &Path),
    course: &Lately,
    owner: Option<&Lease>,
    at_work: bool,
    now: SystemTime,
) -> String {
    let rows = state.counts(at_work);
    let session = &state.session;
    // People know it by its alias.
    let instance = match &session.alias {
        Some(alias) => format!("{alias}\n{:INDENT$}{}", "", state.header.instance),
        None => state.header.instance.clone(),
    };
    let who = if let Some(owner) = owner {
        ledgers::is_at_work(owner)
    } else if let Some(to) = &state.moved_to {
        format!("moved: it goes on in {to}, and what is below is how it stood then")
    } else if at_work {
        format!(
            "process {} on {} is at work, since {}",
            session.pid,
            session.host,
            Zone::of_system().shown(&session.at)
        )
    } else if state.header.job.is_none() && is_undone(&rows) {
        "undone".to_owned()
    } else if is_complete(state, &rows) {
        match rows.deleted {
            deleted if deleted > 0 && state.header.job.is_none() => "complete, and undone in part".to_owned(),
            _ => "complete".to_owned(),
        }
    } else if state.header.job.is_none() && rows.unconfirmed > 0 {
        "an undo has not ended, and nobody is at work; the same undo command goes on with it".to_owned()
    } else {
        let command = Job::command(state.header.job);
        format!("not complete, and nobody is at work; the same {command} command resumes it")
    };
    let rehearsal = match state.is_rehearsal(ledger) {
        true => format!("\nrehearsal {}", of_rehearsal(state.header.job)),
        false => String::new(),
    };
    let mut text = format!(
        "run       {}{rehearsal}\nroster    {}\ninstance  {}\nstate     {}\n",
        state.header.run,
        text::plain(roster_now(state)),
        instance.lines().map(text::plain).collect::<Vec<_>>().join("\n"),
        text::plain(&who)
    );
    if at_work {
        let pace = course.pace(&session.at, now, rows.pending);
        // A pace that is learned goes past the one that it set out with.
        let allowed = pace.allowed.filter(|rate| pace.rate <= rate * PAST);
        let allowed = allowed.map(|rate| format!(" of {}/s", number(rate))).unwrap_or_default();
        let left =
            pace.seconds_left.map(|left| format!(", {} left", text::duration(Duration::from_secs(left))));
        text += &format!("pace      {}/s{allowed}{}\n", number(pace.rate), left.unwrap_or_default());
        if let Some(last) = course.last(now) {
            text += &format!("last      {last}\n");
        }
    }
    text.push('\n');
    let recovered = match rows.recovered {
        0 => String::new(),
        recovered => format!("  ({} recovered)", text::grouped(recovered)),
    };
    let left = match state.left_by_undos() {
        0 => String::new(),
        left => format!("  ({} left by the undo: --rows created says why)", text::grouped(left)),
    };
    let created = recovered + &left;
    let lines = match state.header.job {
        None => vec![
            ("created", rows.created, created.as_str()),
            ("pending", rows.pending, ""),
            ("in doubt", rows.in_doubt, ""),
            ("exists", rows.exists, ""),
            ("rejected", rows.rejected, ""),
            ("invalid", rows.invalid, ""),
            ("there", rows.there, if rows.there > 0 { "  (already, and equal)" } else { "" }),
            ("deleted", rows.deleted, "  (by an undo)"),
            ("unconfirmed", rows.unconfirmed, "  (whether the undo deleted them is not known)"),
            ("total", rows.total, ""),
        ],
        Some(Job::Remove) => vec![
            ("deleted", rows.deleted, ""),
            ("pending", rows.pending, ""),
            ("unconfirmed", rows.unconfirmed, ""),
            (
                "skipped",
                rows.skipped,
                if rows.skipped > 0 { "  (left: --rows skipped says why)" } else { "" },
            ),
            ("rejected", rows.rejected, ""),
            ("invalid", rows.invalid, ""),
            ("total", rows.total, ""),
        ],
        Some(Job::Update) => vec![
            ("updated", rows.updated, ""),
            ("there", rows.there, if rows.there > 0 { "  (nothing differed)" } else { "" }),
            ("pending", rows.pending, ""),
            ("unconfirmed", rows.unconfirmed, ""),
            (
                "skipped",
                rows.skipped,
                if rows.skipped > 0 { "  (left: --rows skipped says why)" } else { "" },
            ),
            ("rejected", rows.rejected, ""),
            ("invalid", rows.invalid, ""),
            ("total", rows.total, ""),
        ],
    };
    // Of most imports nothing is undone, and nothing is said of it.
    let is_told = |(name, number, _): &(&str, u64, &str)| {
        state.header.job.is_some() || *number > 0 || !matches!(*name, "deleted" | "unconfirmed")
    };
    let lines: Vec<_> = lines.into_iter().filter(is_told).collect();
    let width = text::grouped(rows.total).len();
    let names = lines.iter().map(|(name, ..)| name.len()).max().unwrap_or_default().max(9);
    for (name, number, more) in lines {
        text += &format!("{name:<names$} {:>width$}{more}\n", text::grouped(number));
    }
    text += &of_seen(&state.seen_counts());
    let steps = state.proficiencies();
    if steps.total > 0 {
        text += &format!(
            "\nproficiencies of the created: {} given, {} pending, {} rejected\n",
            text::grouped(steps.done),
            text::grouped(steps.pending),
            text::grouped(steps.rejected)
        );
    }
    let what = match state.header.job {
        None => "CreateUser call",
        Some(Job::Update) => "changing call",
        Some(Job::Remove) => return text, // what it sends is of many kinds, and its ledger counts none of them
    };
    let (sent, throttled) = (text::count(state.calls.sent, what), text::grouped(state.calls.throttled));
    text + &format!("\n{sent}, {throttled} throttled\n")
}

/// How the created rows were seen last, where that is not as they were made.
fn of_seen(seen: &SeenCounts) -> String {
    let told = listed::told(seen);
    let counts: Vec<_> = told.iter().map(|(n, which)| format!("{} {which}", text::grouped(*n))).collect();
    if counts.is_empty() { String::new() } else { format!("\nof the created: {}\n", counts.join(", ")) }
}
