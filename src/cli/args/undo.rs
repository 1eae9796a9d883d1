//! The arguments of `headcount undo`.

use std::path::PathBuf;

use clap::Args;

use super::import::Format;
use super::instance::{InstanceArgs, RehearsalArgs};
use super::taking::TakingArgs;
use super::targets::TargetsArgs;
use super::{protect, rate};
use crate::cli::tables;
use crate::job::{Patience, RateAsked};
use crate::ledger::LedgerAt;
use crate::plan::Lifts;

/// Undoes a run: deletes the users that its ledger says it made, each only where that is proved
///
/// A user goes that has the ledger's id, carries the run's tag for its row, and is as the run or an update after it left it;
/// everybody else is left, and the reason is named. A deletion cannot be undone. Instance, region and profile are the
/// ledger's. The same command again resumes.
#[derive(Clone, Debug, Args)]
pub(in crate::cli) struct UndoArgs {
    /// The ledger of the import, as in roster.csv.ledger.jsonl; with --targets the roster, whose ledgers of all targets are
    /// meant
    #[arg(value_name = "LEDGER", value_parser = tables::ledger())]
    pub(in crate::cli) ledger: LedgerAt,

    /// Delete those too who were changed since, or of whom the ledger does not say what was asked
    #[arg(long, help_heading = "Who is deleted")]
    pub(in crate::cli) even_if_changed: bool,

    /// Delete those too to whom quick connects lead, and after each of them these quick connects
    #[arg(long, help_heading = "Who is deleted")]
    pub(in crate::cli) with_quick_connects: bool,

    /// Delete those too who are signed in
    #[arg(long, help_heading = "Who is deleted")]
    pub(in crate::cli) even_if_signed_in: bool,

    /// Names that are never deleted, one a line, `*` and `?` for any characters; lines that begin with `#` are comments
    #[arg(long, help_heading = "Who is deleted", value_name = "FILE")]
    pub(in crate::cli) protect: Option<PathBuf>,

    /// A ledger that says what was asked for since; may be given again [default: those of updates beside the roster]
    #[arg(long, help_heading = "Who is deleted", value_name = "LEDGER", num_args = 1.., value_parser = tables::ledger())]
    pub(in crate::cli) base: Vec<LedgerAt>,

    #[command(flatten)]
    pub(in crate::cli) instance: InstanceArgs,

    #[command(flatten)]
    pub(in crate::cli) targets: TargetsArgs,

    #[command(flatten)]
    pub(in crate::cli) rehearsal: RehearsalArgs,

    /// DeleteUser calls a second: a number, the account's applied quota, or what is learned on the way
    #[arg(long, help_heading = "Pace", value_name = "quota|auto|N", default_value = "quota", value_parser = rate::asked)]
    pub(in crate::cli) rate: RateAsked,

    /// DeleteUser calls at once after a rest [default: 5, or 2.5 × the rate if that is more]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(in crate::cli) burst: Option<u32>,

    /// Requests under way at once [default: follows rate × latency]
    #[arg(long, help_heading = "Pace", value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) concurrency: Option<u16>,

    #[command(flatten)]
    pub(in crate::cli) taking: TakingArgs,

    /// Do everything but delete: look, prove, say who would be deleted and how long it takes
    #[arg(long, help_heading = "Run")]
    pub(in crate::cli) dry_run: bool,

    /// How many seconds to go on with a user of whom nothing clear comes back
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.settle.as_secs())]
    pub(in crate::cli) settle_timeout: u64,

    /// How many seconds to bear an outage before stopping
    #[arg(long, help_heading = "Lost answers and outages", value_name = "SECONDS", default_value_t = Patience::USUAL.outage.as_secs())]
    pub(in crate::cli) outage_timeout: u64,

    /// The run that is undone, as the plan names it: needed with --yes; with another one nobody is deleted. Of several targets
    /// each run by itself
    #[arg(long, help_heading = "Run", value_name = "RUN")]
    pub(in crate::cli) run: Vec<String>,

    /// Do not ask: with --run, and nobody is deleted where the ledger is of another run
    #[arg(long, help_heading = "Run", short)]
    pub(in crate::cli) yes: bool,

    /// For people, or one event a line for programs
    #[arg(long, help_heading = "Run", value_enum, ignore_case = true, default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,
}

impl UndoArgs {
    /// What does not count against somebody.
    pub(in crate::cli) fn lifts(&self) -> Lifts {
        Lifts {
            changed: self.even_if_changed,
            quick_connects: self.with_quick_connects,
            signed_in: self.even_if_signed_in,
            admin: false,
        }
    }

    /// Those who are to stay.
    ///
    /// # Errors
    /// Exit 2 where the file cannot be read or names nobody.
    pub(in crate::cli) fn protected(&self) -> Result<crate::plan::Protected, crate::error::Failure> {
        protect::read(self.protect.as_deref())
    }
}
