//! What is done where another process has the ledger, which machines share.

use clap::{Args, ValueEnum};

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
    pub(in crate::cli) fn of(&self, ledger: LedgerAt) -> LedgerAt {
        ledger.taking(self.takes()).planning_anew(self.replan)
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
