//! The arguments of `headcount import` and `headcount retry`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::allow::AllowArgs;
use super::instance::{InstanceArgs, RehearsalArgs};
use super::passwords::PasswordArgs;
use super::rate;
use super::removing::RemovingArgs;
use super::roster::RosterArgs;
use super::taking::TakingArgs;
use super::targets::TargetsArgs;
use crate::cli::tables;
use crate::error::Failure;
use crate::job::{Patience, RateAsked};
use crate::ledger::LedgerAt;

/// Imports a roster: checks it, makes its users at the pace the account allows, and keeps a ledger of it. The same
/// command again resumes.
#[derive(Debug, Args)]
pub(in crate::cli) struct ImportArgs {
    /// The roster: CSV or XLSX, in the columns of the console's own template or with --columns
    pub(in crate::cli) roster: PathBuf,

    #[command(flatten)]
    pub(in crate::cli) update: UpdateToo,

    #[command(flatten)]
    pub(in crate::cli) removing: RemovingArgs,

    #[command(flatten)]
    pub(in crate::cli) shared: Shared,
}

/// What an import is to do with those who are there and differ.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct UpdateToo {
    /// Put right, as `headcount update` does, whoever is there and differs; without it they are named and left
    #[arg(long, help_heading = "People who are there")]
    pub(in crate::cli) update: bool,

    /// With --update: put back what somebody has changed on the instance since
    #[arg(long, help_heading = "People who are there", requires = "update")]
    pub(in crate::cli) overwrite_drift: bool,

    /// With --update: change the primary e-mail address too
    #[arg(long, help_heading = "People who are there", requires = "update")]
    pub(in crate::cli) change_email: bool,
}

impl UpdateToo {
    /// What a column of actions asks for by itself.
    pub(in crate::cli) const WITH_ACTIONS: Self =
        Self { update: true, overwrite_drift: false, change_email: false };
}

/// Reruns the rows that failed, with the roster as it is now.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct RetryArgs {
    /// The ledger of the import, as in roster.csv.ledger.jsonl, of an update, as in roster.csv.update.ledger.jsonl, or of
    /// leavers, as in leavers.csv.remove.ledger.jsonl; with --targets and --roster those of all targets, by their names
    #[arg(value_name = "LEDGER", required_unless_present = "targets", value_parser = tables::ledger())]
    pub(in crate::cli) of: Option<LedgerAt>,

    /// Another roster than the ledger's, as a mended file of the failed rows
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) roster: Option<PathBuf>,

    /// Only rows that failed with this error code; rows that exist are rerun only so
    #[arg(long = "code", value_name = "CODE")]
    pub(in crate::cli) codes: Vec<String>,

    /// Of an update's ledger: put back what somebody has changed on the instance since
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) overwrite_drift: bool,

    /// Of an update's ledger: change the primary e-mail address too
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) change_email: bool,

    #[command(flatten)]
    pub(in crate::cli) removing: RemovingArgs,

    #[command(flatten)]
    pub(in crate::cli) shared: Shared,
}

impl RetryArgs {
    /// The ledger that is named.
    ///
    /// # Errors
    /// Exit 2 where none is.
    pub(in crate::cli) fn ledger(&self) -> Result<LedgerAt, Failure> {
        self.of.clone().ok_or_else(|| {
            Failure::usage("which ledger is retried?")
                .hint("name it, as in `headcount retry roster.csv.ledger.jsonl`")
        })
    }

    /// Fails where what is said of leavers is said of a ledger of none.
    ///
    /// # Errors
    /// Exit 2.
    pub(in crate::cli) fn delete_nobody(&self) -> Result<(), Failure> {
        if self.removing == RemovingArgs::default() {
            return Ok(());
        }
        Err(Failure::usage("the ledger is none of leavers, and nobody is deleted")
            .hint("leave what is said of who is deleted out"))
    }
}

/// What both commands take.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct Shared {
    #[command(flatten)]
    pub(in crate::cli) reading: RosterArgs,

    #[command(flatten)]
    pub(in crate::cli) instance: InstanceArgs,

    #[command(flatten)]
    pub(in crate::cli) targets: TargetsArgs,

    #[command(flatten)]
    pub(in crate::cli) rehearsal: RehearsalArgs,

    #[command(flatten)]
    pub(in crate::cli) passwords: PasswordArgs,

    /// The ledger, or the address of one that machines share, dynamodb://TABLE/NAME [default: beside the roster, as in
    /// roster.csv.ledger.jsonl]
    #[arg(long, help_heading = "Run", value_name = "FILE|URL", value_parser = tables::ledger())]
    pub(in crate::cli) ledger: Option<LedgerAt>,

    #[command(flatten)]
    pub(in crate::cli) taking: TakingArgs,

    /// CreateUser calls a second: a number, the account's applied quota, or what is learned on the way
    #[arg(long, help_heading = "Pace", value_name = "quota|auto|N", default_value = "quota", value_parser = rate::asked)]
    pub(in crate::cli) rate: RateAsked,

    /// CreateUser calls at once after a rest [default: 5, or 2.5 × the rate if that is more]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) burst: Option<u32>,

    /// Requests under way at once [default: follows rate × latency]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) concurrency: Option<u16>,

    /// Do everything but create: check, resolve names, compare with the users there, say how long it will take
    #[arg(long, help_heading = "Run")]
    pub(in crate::cli) dry_run: bool,

    /// Send the valid rows although others have errors
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) skip_invalid: bool,

    /// Obey the column of actions: who joins is made, who moves is changed, who leaves is deleted; else it is named alone
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) actions: bool,

    /// Start although the instance has not room for all rows
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) allow_partial: bool,

    #[command(flatten)]
    pub(in crate::cli) allow: AllowArgs,

    /// Send rows again whose users were created and are gone from the instance
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) recreate_missing: bool,

    /// Send rows again whose users were deleted by `undo`
    #[arg(long, help_heading = "Rows")]
    pub(in crate::cli) recreate_deleted: bool,

    /// Do not tag users with the run that made them: a lost answer can then not be proved
    #[arg(long, help_heading = "Lost answers and outages")]
    pub(in crate::cli) no_provenance_tag: bool,

    /// Where a request left without the tag and its answer was lost, take a user with the name and every member of the row
    /// for ours
    #[arg(long, help_heading = "Lost answers and outages")]
    pub(in crate::cli) accept_probable: bool,

    /// How many seconds to go on settling a row whose answer was lost
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.settle.as_secs())]
    pub(in crate::cli) settle_timeout: u64,

    /// How many seconds to bear an outage before stopping
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.outage.as_secs())]
    pub(in crate::cli) outage_timeout: u64,

    /// Do not ask
    #[arg(long, help_heading = "Run", short)]
    pub(in crate::cli) yes: bool,

    /// For people, or one event a line for programs
    #[arg(long, help_heading = "Run", value_enum, ignore_case = true, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    Human,
    Json,
}
