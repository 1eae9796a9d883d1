//! The arguments of `headcount diff` and `headcount update`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, ValueEnum};

use super::allow::AllowArgs;
use super::import::Format;
use super::instance::{InstanceArgs, RehearsalArgs};
use super::rate;
use super::roster::RosterArgs;
use super::taking::TakingArgs;
use super::targets::TargetsArgs;
use crate::cli::tables;
use crate::job::{Patience, RateAsked};
use crate::ledger::LedgerAt;
use crate::user::Group;

/// Compares a roster with the users who are there: who differs, and how, cell by cell
///
/// A blank cell asks for nothing, `(clear)` for nothing to be there. Exit 0 where nothing differs, 1 where something does.
#[derive(Debug, Args)]
pub(in crate::cli) struct DiffArgs {
    /// The roster: `user login` and the columns that are to be compared
    pub(in crate::cli) roster: PathBuf,

    /// Where to write it too: a page for .html, a table for .csv, a ticket for .md, a document for .json; only an earlier
    /// one of ours is ever replaced. With another ending, or with --format, a new file with what would be printed
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Write a copy of the roster with the differences in it: each cell that differs coloured, with the instance's value in
    /// its note; a CSV has them in a first column
    #[arg(long, value_name = "OUT")]
    pub(in crate::cli) annotate: Option<PathBuf>,

    #[command(flatten)]
    pub(in crate::cli) shared: Compared,
}

/// Changes the users who are there to what a roster asks for: only who differs, and only what differs
///
/// A blank cell leaves alone, `(clear)` takes away. What somebody has changed on the instance since is told and left. The
/// same command again resumes.
#[derive(Debug, Args)]
pub(in crate::cli) struct UpdateArgs {
    /// The roster: `user login` and the columns that are to change
    pub(in crate::cli) roster: PathBuf,

    /// Calls of each operation a second: a number, the account's applied quota, or what is learned on the way
    #[arg(long, help_heading = "Pace", value_name = "quota|auto|N", default_value = "quota", value_parser = rate::asked)]
    pub(in crate::cli) rate: RateAsked,

    /// Calls of each operation at once after a rest [default: 5, or 2.5 × the rate if that is more]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) burst: Option<u32>,

    /// Requests under way at once [default: follows rate × latency]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) concurrency: Option<u16>,

    #[command(flatten)]
    pub(in crate::cli) taking: TakingArgs,

    /// Do everything but change: check, compare, say what would be changed and how long it takes
    #[arg(long, help_heading = "Run")]
    pub(in crate::cli) dry_run: bool,

    /// How many seconds to go on until the instance shows what was asked for
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.settle.as_secs())]
    pub(in crate::cli) settle_timeout: u64,

    /// Do not ask
    #[arg(long, help_heading = "Run", short)]
    pub(in crate::cli) yes: bool,

    #[command(flatten)]
    pub(in crate::cli) shared: Compared,
}

/// What both commands take.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Compared {
    #[command(flatten)]
    pub(in crate::cli) reading: RosterArgs,

    #[command(flatten)]
    pub(in crate::cli) instance: InstanceArgs,

    #[command(flatten)]
    pub(in crate::cli) targets: TargetsArgs,

    #[command(flatten)]
    pub(in crate::cli) rehearsal: RehearsalArgs,

    /// Only these groups: identity, config, routing-profile, security-profiles, hierarchy, tags, proficiencies; several with
    /// commas between them
    #[arg(long, help_heading = "What is compared", value_name = "GROUP", num_args = 1.., value_delimiter = ',', value_parser = group)]
    pub(in crate::cli) only: Vec<Group>,

    /// Lists that are all there may be: what the roster does not have of them goes. Rows that say nothing of one leave it
    #[arg(long, help_heading = "What is compared", value_name = "LIST", num_args = 1.., value_delimiter = ',', value_enum, ignore_case = true)]
    pub(in crate::cli) exact: Vec<List>,

    /// Put back what somebody has changed on the instance since
    #[arg(long, help_heading = "What is compared")]
    pub(in crate::cli) overwrite_drift: bool,

    /// Change the primary e-mail address too: whoever reads it can take over the login
    #[arg(long, help_heading = "What is compared")]
    pub(in crate::cli) change_email: bool,

    /// A ledger that says what was asked for last; may be given again [default: those beside the roster]
    #[arg(long, help_heading = "What is compared", value_name = "LEDGER", num_args = 1.., value_parser = tables::ledger())]
    pub(in crate::cli) base: Vec<LedgerAt>,

    /// Only the rows whose column of actions says that somebody is to be changed
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) actions: bool,

    /// Go on with the valid rows although others have errors
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) skip_invalid: bool,

    #[command(flatten)]
    pub(in crate::cli) allow: AllowArgs,

    /// The ledger of the update [default: beside the roster, as in roster.csv.update.ledger.jsonl]
    #[arg(long, help_heading = "Run", value_name = "FILE|URL", value_parser = tables::ledger())]
    pub(in crate::cli) ledger: Option<LedgerAt>,

    /// How many seconds to bear an outage before stopping
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.outage.as_secs())]
    pub(in crate::cli) outage_timeout: u64,

    /// For people, or one event a line for programs [default: human]
    #[arg(long, help_heading = "Run", value_enum, ignore_case = true)]
    pub(in crate::cli) format: Option<Format>,
}

/// What an update's ledger has of how it was told, among other words of a command line.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    update: UpdateArgs,
}

impl UpdateArgs {
    /// An update of this roster as a ledger has it; `None` where its settings cannot be read.
    pub(in crate::cli) fn of_settings(roster: &Path, settings: &[String]) -> Option<Self> {
        let words = [OsStr::new("headcount")].into_iter().chain(settings.iter().map(OsStr::new));
        // Behind `--` it may begin with a dash.
        let words = words.chain([OsStr::new("--"), roster.as_os_str()]);
        Alone::try_parse_from(words).ok().map(|alone| alone.update)
    }
}

impl Compared {
    /// For whom it is told.
    pub(in crate::cli) fn told_for(&self) -> Format {
        self.format.unwrap_or(Format::Human)
    }
}

/// A list that may be exact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum List {
    /// Tags, but those of AWS and headcount's own
    Tags,
    /// Proficiencies
    Proficiencies,
}

fn group(word: &str) -> Result<Group, String> {
    Group::of_word(word).ok_or_else(|| {
        let words: Vec<_> = Group::ALL.map(|group| group.as_word().replace('_', "-")).to_vec();
        format!("the groups are {}", words.join(", "))
    })
}
