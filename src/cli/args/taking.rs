//! What is done where another process has the ledger, which machines share.

use clap::{Args, ValueEnum};

use crate::error::Failure;
use crate::ledger::LedgerAt;
use crate::ledger::shared::Takes;

/// What is done where another process has the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Run")]
pub(in crate::cli) struct TakingArgs {
    /// Of a shared ledger: stand by while another process is at work with it, and go on when that one ends or dies
    #[arg(long, conflicts_with = "take_over")]
    pub(in crate::cli) wait: bool,

    /// Of a shared ledger: ask whoever is at work with it to hand over; `now` takes it from one that does not react
    #[arg(long, value_name = "now", num_args = 0..=1, require_equals = true, default_missing_value = "ask", value_enum, hide_possible_values = true)]
    pub(in crate::cli) take_over: Option<TakeOver>,

    /// Of a shared ledger: go on with this roster, although the run was planned with another one last
    #[arg(long)]
    pub(in crate::cli) replan: bool,
}

/// How a ledger is taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum TakeOver {
    Ask,
    Now,
}

impl TakingArgs {
    /// The ledger as it is to be taken.
    ///
    /// # Errors
    /// Exit 2 where it is a file, and it is said how it is to be taken: a file is never taken from anybody.
    pub(in crate::cli) fn of(&self, ledger: LedgerAt) -> Result<LedgerAt, Failure> {
        if let (Some(flag), Some(file)) = (self.said(), ledger.on_disk()) {
            return Err(not_of_files(flag, &format!(", and this one is a file: `{}`", file.display())));
        }
        Ok(ledger.taking(self.takes()).planning_anew(self.replan))
    }

    /// The same of one that may not be named: then it is a file beside the roster.
    ///
    /// # Errors
    /// As [`TakingArgs::of`].
    pub(in crate::cli) fn of_any(&self, ledger: Option<LedgerAt>) -> Result<Option<LedgerAt>, Failure> {
        match (self.said(), ledger) {
            (Some(flag), None) => Err(not_of_files(flag, ", and without --ledger it is a file")),
            (_, ledger) => ledger.map(|ledger| self.of(ledger)).transpose(),
        }
    }

    /// The first of them that was typed.
    fn said(&self) -> Option<&'static str> {
        let Self { wait, take_over, replan } = self;
        let all = [(*wait, "--wait"), (take_over.is_some(), "--take-over"), (*replan, "--replan")];
        all.into_iter().find_map(|(is_said, flag)| is_said.then_some(flag))
    }

    fn takes(&self) -> Takes {
        match (self.wait, self.take_over) {
            (true, _) => Takes::Waits,
            (false, Some(TakeOver::Ask)) => Takes::Asks,
            (false, Some(TakeOver::Now)) => Takes::Now,
            (false, None) => Takes::WhereDead,
        }
    }
}

fn not_of_files(flag: &str, which: &str) -> Failure {
    Failure::usage(format!("{flag} is of a ledger that machines share{which}")).hint(format!(
        "leave {flag} out, or give the address of a shared ledger: --ledger dynamodb://TABLE/NAME"
    ))
}
