//! The arguments of `headcount remove`.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use clap::{Args, Parser};

use super::allow::AllowArgs;
use super::import::Format;
use super::instance::{InstanceArgs, RehearsalArgs};
use super::rate;
use super::removing::{RemovingArgs, Suspension, suspension};
use super::roster::RosterArgs;
use super::taking::TakingArgs;
use super::targets::TargetsArgs;
use crate::cli::tables;
use crate::job::{Patience, RateAsked};
use crate::ledger::LedgerAt;

/// Deletes the users on a list of leavers: signed out everywhere, then deleted, each only where the list and the user agree
///
/// Whatever the list says of somebody, first name, last name, e-mail address, must be so of whoever has the user login. That
/// somebody is not on a list never deletes anybody. A deletion cannot be undone: everybody is written to LIST.before.csv
/// first. The same command again resumes.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct RemoveArgs {
    /// The list: `user login`, and what else tells who leaves
    pub(in crate::cli) list: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) removing: RemovingArgs,

    /// Suspend them instead of deleting them: this security profile alone, and this routing profile where one is named
    #[arg(long, help_heading = "Who is deleted", value_name = "PROFILE[,ROUTING]", value_parser = suspension)]
    pub(in crate::cli) first_suspend: Option<Suspension>,

    /// Only the rows whose column of actions says that somebody leaves
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) actions: bool,

    /// Go on with the valid rows although others have errors
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) skip_invalid: bool,

    #[command(flatten)]
    pub(in crate::cli) allow: AllowArgs,

    #[command(flatten)]
    pub(in crate::cli) reading: RosterArgs,

    #[command(flatten)]
    pub(in crate::cli) instance: InstanceArgs,

    #[command(flatten)]
    pub(in crate::cli) targets: TargetsArgs,

    #[command(flatten)]
    pub(in crate::cli) rehearsal: RehearsalArgs,

    /// Deletions a second, of users and of what goes with them, each by itself: a number, the account's applied quota, or what is learned on the way
    #[arg(long, help_heading = "Pace", value_name = "quota|auto|N", default_value = "quota", value_parser = rate::asked)]
    pub(in crate::cli) rate: RateAsked,

    /// Deletions at once after a rest [default: 5, or 2.5 × the rate if that is more]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) burst: Option<u32>,

    /// Requests under way at once [default: follows rate × latency]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) concurrency: Option<u16>,

    /// The ledger of the deletions [default: beside the list, as in leavers.csv.remove.ledger.jsonl]
    #[arg(long, help_heading = "Run", value_name = "FILE|URL", value_parser = tables::ledger())]
    pub(in crate::cli) ledger: Option<LedgerAt>,

    #[command(flatten)]
    pub(in crate::cli) taking: TakingArgs,

    /// Do everything but delete: check, compare, say who would be deleted and how long it takes
    #[arg(long, help_heading = "Run")]
    pub(in crate::cli) dry_run: bool,

    /// How many seconds to go on with a user of whom nothing clear comes back
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.settle.as_secs())]
    pub(in crate::cli) settle_timeout: u64,

    /// How many seconds to bear an outage before stopping
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.outage.as_secs())]
    pub(in crate::cli) outage_timeout: u64,

    /// Do not ask: with --count, and nobody is deleted where that is another number
    #[arg(long, help_heading = "Run", short)]
    pub(in crate::cli) yes: bool,

    /// For people, or one event a line for programs
    #[arg(long, help_heading = "Run", value_enum, ignore_case = true, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
}

/// What a ledger of leavers has of how it was told, among other words of a command line.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    remove: RemoveArgs,
}

impl RemoveArgs {
    /// A list of leavers as a ledger has it; `None` where its settings cannot be read.
    pub(in crate::cli) fn of_settings(list: &Path, settings: &[String]) -> Option<Self> {
        let words = [OsStr::new("headcount")].into_iter().chain(settings.iter().map(OsStr::new));
        // Behind `--` it may begin with a dash.
        let words = words.chain([OsStr::new("--"), list.as_os_str()]);
        Alone::try_parse_from(words).ok().map(|alone| alone.remove)
    }
}
