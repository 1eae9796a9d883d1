//! `headcount ledger`: the ledgers that machines share, in a table: made, listed, copied out, and moved into.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::{output, retype, settings, tables};
use crate::clock::{self, Clock as _, SystemClock, Zone, rfc3339};
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::shared::{Lease, TableUrl};
use crate::ledger::{self, Counts, Gathered, Run};
use crate::table;
use crate::text::{self, plain, program, shell_line};

/// Ledgers that machines share: makes a table for them, lists them, copies one out, moves one in
#[derive(Debug, Args)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub(super) struct LedgersArgs {
    #[command(subcommand)]
    pub(super) what: What,
}

#[derive(Debug, Subcommand)]
pub(super) enum What {
    /// Makes a table of DynamoDB for ledgers, or looks at the one that is there: paid by request, protected against being
    /// deleted, restorable to a point in time
    Create {
        /// The table, as in dynamodb://headcount; ?region=… and &profile=… behind it where it has its own
        #[arg(value_name = "TABLE", value_parser = tables::table)]
        table: TableUrl,
    },
    /// Copies a ledger out of its table, byte for byte: for `jq`, and to keep
    Pull {
        /// The ledger, as in dynamodb://headcount/roster@acme
        #[arg(value_name = "URL", value_parser = tables::address)]
        ledger: TableUrl,

        /// The file to write, readable by its owner only; a file that is there is never overwritten
        #[arg(short, long, value_name = "FILE")]
        output: PathBuf,
    },
    /// Moves a run from its file to a table: whoever goes on with it names its address from then on
    Push {
        /// The ledger, as in roster.csv.ledger.jsonl
        #[arg(value_name = "FILE")]
        file: PathBuf,

        /// Where it goes, as in dynamodb://headcount/roster@acme; without a name it has the roster's and the instance's
        #[arg(value_name = "URL", value_parser = tables::address)]
        to: TableUrl,
    },
    /// Lists the runs of a table: how far each is, and who is at work with it
    List {
        /// The table, as in dynamodb://headcount
        #[arg(value_name = "TABLE", value_parser = tables::table)]
        table: TableUrl,

        /// For people, or one JSON object for programs
        #[arg(long, value_enum, ignore_case = true, default_value_t = Format::Human)]
        format: Format,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Human,
    Json,
}

/// Runs the command.
pub(super) fn run(args: &LedgersArgs) -> Result<Exit, Failure> {
    match &args.what {
        What::Create { table } => create(table),
        What::Pull { ledger, output } => pull(ledger, output),
        What::Push { file, to } => push(file, to),
        What::List { table, format } => list(table, *format),
    }
}

/// How long a table that is being made is left alone before it is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

fn create(url: &TableUrl) -> Result<Exit, Failure> {
    let environment = settings::environment_of_table(url.profile.clone());
    let created = table::create(url, &environment, tables::trouble(), &|| clock::block_for(LOOK_AGAIN))
        .map_err(|fault| {
            let failure =
                Failure::stopped(format!("the table cannot be made: `{}`", plain(&url.to_string())))
                    .because(fault.what);
            if fault.hint.is_empty() { failure } else { failure.hint(fault.hint) }
        })?;
    let name = plain(url.table_name());
    output::told(&match created.was_there {
        true => format!("the table `{name}` is there, and it is one for ledgers\n"),
        false => format!("made the table `{name}`: paid by request, protected against being deleted\n"),
    });
    match &created.not_restorable {
        None => output::told("restorable to any point in time of the last 35 days\n"),
        Some(why) => output::say(&format!(
            "warning: it cannot be restored to a point in time, for that could not be set: {}",
            plain(why)
        )),
    }
    if created.is_unprotected {
        output::say("warning: it is not protected against being deleted (DeletionProtectionEnabled)");
    }
    output::result(&format!(
        "\nimport into it with: {}\n",
        shell_line([program(), "import", "ROSTER", "--instance", "ID", "--ledger", &url.to_string()])
    ));
    Ok(Exit::Done)
}

fn pull(url: &TableUrl, file: &std::path::Path) -> Result<Exit, Failure> {
    output::be_a_file(file)?; // before a table is asked
    let at = tables::at(url.clone());
    let Gathered { state, at_work, lease, lines, .. } = ledger::gather(&at, (), |(), _, _| {})?;
    let mut bytes = Vec::new();
    lines
        .into_reader()
        .and_then(|mut lines| lines.read_to_end(&mut bytes))
        .map_err(|error| Failure::stopped(format!("the ledger cannot be read: `{at}`")).because(error))?;
    output::into_new_file(file, &bytes)?;
    let counts = state.counts(at_work);
    output::say(&format!("{}, {}", how_far(&counts), text::count(bytes.len() as u64, "byte")));
    match &lease {
        Some(owner) => {
            output::say(&format!("{}: what it does from now on is not in the copy", is_at_work(owner)));
        }
        None => output::say("nobody is at work with it"),
    }
    output::say(
        "note: it is a copy to read and to keep; whoever goes on with the run names the address, never the copy",
    );
    Ok(Exit::Done)
}

fn push(file: &std::path::Path, to: &TableUrl) -> Result<Exit, Failure> {
    let now = rfc3339(SystemClock.now());
    let by = Lease {
        host: settings::host_name(),
        who: format!("process {}", std::process::id()),
        since: now.clone(),
        seen: now,
        ..Lease::default()
    };
    let moved = ledger::push(file, &tables::shared(to.clone()), &by)?;
    if let Some(why) = &moved.unchecked {
        output::say(&format!(
            "warning: whether the table has replicas that take writes by themselves could not be looked at ({}): such a \
             table does not keep a ledger safe",
            plain(why)
        ));
    }
    if moved.repaired > 0 {
        output::say(&format!(
            "note: the ledger's last line was cut short by a crash ({}) and has been removed: nothing was sent on the \
             strength of it",
            text::count(moved.repaired, "byte")
        ));
    }
    let (url, rows) = (moved.to.to_string(), text::count(moved.rows, "row"));
    output::told(&match moved.was_there {
        true => format!("moved before, {rows}: {}\n", plain(&url)),
        false => format!("moved, {rows}: {}\n", plain(&url)),
    });
    output::result(&format!("\nsee how it stands with: {}\n", retype::status_of(std::path::Path::new(&url))));
    if !moved.was_there {
        output::say(&format!(
            "note: `{}` says that it has moved, and nothing goes on with it any more; passwords that were made are in their \
             file on this machine",
            plain(&file.display().to_string())
        ));
    }
    Ok(Exit::Done)
}

/// The object of `list --format json`: a contract, members may be added.
#[derive(Serialize)]
struct Listed<'r> {
    table: String,
    runs: Vec<ListedRun<'r>>,
}

#[derive(Serialize)]
struct ListedRun<'r> {
    name: &'r str,
    url: String,
    run: &'r str,
    /// The command whose ledger it is.
    command: &'r str,
    instance: &'r str,
    roster: &'r str,
    /// When it began.
    since: &'r str,
    /// How its rows stand; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<Counts>,
    /// Who is at work with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    owner: Option<Owner<'r>>,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'r str>,
}

/// Who is at work with a shared ledger, as programs are told: a contract, members may be added.
#[derive(Serialize)]
pub(super) struct Owner<'l> {
    host: &'l str,
    process: u32,
    since: &'l str,
    /// When it was heard of last, by its own clock.
    seen: &'l str,
}

impl<'l> Owner<'l> {
    pub(super) fn of(lease: &'l Lease) -> Self {
        let Lease { host, who, since, seen, .. } = lease;
        let process = who.rsplit(' ').next().and_then(|number| number.parse().ok()).unwrap_or_default();
        Self { host, process, since, seen }
    }
}

/// Who is at work, since when, and when that was last heard, for people.
pub(super) fn is_at_work(lease: &Lease) -> String {
    let zone = Zone::of_system();
    format!(
        "{} on {} is at work, since {}, last heard of {}",
        lease.who,
        lease.host,
        zone.shown(&lease.since),
        zone.shown(&lease.seen)
    )
}

fn how_far(counts: &Counts) -> String {
    format!("{} of {} done", text::grouped(done(counts)), text::count(counts.total, "row"))
}

fn done(counts: &Counts) -> u64 {
    counts.total - counts.pending - counts.in_doubt - counts.unconfirmed
}

fn list(url: &TableUrl, format: Format) -> Result<Exit, Failure> {
    let runs = ledger::runs(&tables::shared(url.clone()))?;
    match format {
        Format::Json => {
            let listed = Listed { table: url.to_string(), runs: runs.iter().map(listed).collect() };
            let line = serde_json::to_string(&listed)
                .map_err(|error| Failure::new(Exit::Bug, "cannot print the list").because(error))?;
            output::json(&format!("{line}\n"));
        }
        Format::Human if runs.is_empty() => {
            output::told("no runs yet\n");
        }
        Format::Human => {
            // Where it is piped, whoever reads it wants a run a line.
            let columns = if output::is_for_terminal() { settings::width_of_results() } else { usize::MAX };
            output::result(&human(&runs, columns));
        }
    }
    Ok(Exit::Done)
}

fn listed(run: &Run) -> ListedRun<'_> {
    let named = &run.named;
    ListedRun {
        name: &named.name,
        url: run.url.to_string(),
        run: &named.run,
        command: if named.job.is_empty() { "import" } else { &named.job },
        instance: &named.instance,
        roster: &named.roster,
        since: &named.at,
        rows: run.rows.as_ref().ok().copied(),
        owner: run.owner.as_ref().map(Owner::of),
        problem: run.rows.as_ref().err().map(String::as_str),
    }
}

/// The runs of each instance, below its ARN: a line each, or two where one would be wider than what it is shown on.
fn human(runs: &[Run], columns: usize) -> String {
    let zone = Zone::of_system();
    let row = |run: &Run| {
        let named = &run.named;
        let roster = named.roster.rsplit(['/', '\\']).next().unwrap_or_default();
        let rows = match &run.rows {
            Ok(counts) => format!("{} of {}", text::grouped(done(counts)), text::grouped(counts.total)),
            Err(_) => "?".to_owned(),
        };
        // A minute is enough to know it by.
        let since = zone.shown(&named.at).chars().take("2026-11-23 16:26".len()).collect();
        let last = match (&run.rows, &run.owner) {
            (Err(why), _) => why.clone(),
            (Ok(_), Some(owner)) => format!("{} on {}", owner.who, owner.host),
            (Ok(_), None) => "nobody".to_owned(),
        };
        [named.name.clone(), rows, since, roster.to_owned(), last].map(|cell| plain(&cell))
    };
    let mut instances: Vec<&str> = runs.iter().map(|run| run.named.instance.as_str()).collect();
    instances.sort_unstable();
    instances.dedup();
    let rows: Vec<(&str, [String; 5])> =
        runs.iter().map(|run| (run.named.instance.as_str(), row(run))).collect();
    let header = ["name", "rows", "since", "roster", "at work"].map(str::to_owned);
    let width = |at: usize| {
        let cells = rows.iter().map(|(_, row)| &row[at]).chain([&header[at]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let [name, done, since, roster, last] = [0, 1, 2, 3, 4].map(width);
    let fits = name + done + since + roster + last + 5 * "  ".len() <= columns;
    let line = |row: &[String; 5]| {
        let [a, b, c, d, e] = row;
        match fits {
            true => format!("  {a:name$}  {b:>done$}  {c:since$}  {d:roster$}  {e}\n"),
            false => format!("  {a}\n    {b:>done$}  {c:since$}  {e}\n"),
        }
    };
    let mut text = String::new();
    for instance in instances {
        text += &format!("{}{}\n", if text.is_empty() { "" } else { "\n" }, plain(instance));
        text += &line(&header);
        rows.iter().filter(|(of, _)| *of == instance).for_each(|(_, row)| text += &line(row));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::shared::Named;

    fn run(name: &str, instance: &str) -> Run {
        Run {
            named: Named {
                name: name.to_owned(),
                instance: instance.to_owned(),
                roster: "/home/ana/joiners-of-november.csv".to_owned(),
                at: "2026-11-23T16:26:00Z".to_owned(),
                ..Named::default()
            },
            url: format!("dynamodb://headcount/{name}").parse().unwrap(),
            rows: Ok(Counts { total: 1200, created: 1200, ..Counts::default() }),
            owner: None,
        }
    }

    #[test]
    fn a_run_is_a_line_where_that_fits_and_never_wider_than_the_terminal() {
        let runs = [run("spring", "arn:1"), run("joiners-of-november@5f3c9a1e.emea.update", "arn:2")];
        let wide = human(&runs, usize::MAX);
        assert_eq!(wide.lines().count(), 7, "{wide}");
        let narrow = human(&runs, 80);
        assert!(narrow.lines().all(|line| line.chars().count() <= 80), "{narrow}");
        assert!(narrow.contains("\n  joiners-of-november@5f3c9a1e.emea.update\n"), "{narrow}");
        for text in [wide, narrow] {
            assert_eq!(text.matches("1,200 of 1,200").count(), 2, "{text}");
            assert_eq!(text.matches("nobody").count(), 2, "{text}");
        }
    }
}
