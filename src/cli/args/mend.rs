//! The arguments of `headcount mend`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::allow::AllowArgs;
use super::roster::{Identity, RosterArgs};

/// Mends what can be mended mechanically, in a copy: the roster itself is never written. Without `-o` the changes are
/// printed; without a word on what to mend, what could be. Offline.
#[derive(Debug, Args)]
pub(in crate::cli) struct MendArgs {
    /// The roster, CSV or XLSX.
    pub(in crate::cli) roster: PathBuf,

    /// The copy to write, of the roster's own form: CSV or XLSX. Readable by its owner only; a file that is there is never
    /// overwritten.
    #[arg(short, long, value_name = "OUT")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Mend all that cannot be meant otherwise: spaces around cells, letters read in the wrong encoding, international
    /// phone numbers written for people, the template's sample row.
    #[arg(long)]
    pub(in crate::cli) safe: bool,

    /// Mend the findings of these codes, each by what is proposed for it first.
    #[arg(long, value_name = "CODE", num_args = 1.., value_delimiter = ',')]
    pub(in crate::cli) fix: Vec<String>,

    /// Put one text in place of another: in the column of this header the cells that say FROM get TO. May be given again.
    #[arg(long, num_args = 3, value_names = ["COLUMN", "FROM", "TO"], action = clap::ArgAction::Append, allow_hyphen_values = true)]
    pub(in crate::cli) replace: Vec<String>,

    /// Show one group of findings after the other, and ask what is to be done with it. In a terminal.
    #[arg(short, long, conflicts_with_all = ["safe", "fix", "replace", "format"])]
    pub(in crate::cli) interactive: bool,

    /// How the instance knows its users [default: the directory's, else what the columns say].
    #[arg(long, value_enum, ignore_case = true, value_name = "TYPE")]
    pub(in crate::cli) identity: Option<Identity>,

    /// A file saved by `headcount directory`: names must be known to that instance, and those that are near one are mended.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) directory: Option<PathBuf>,

    /// Rows need no password, for the import is going to make them.
    #[arg(long)]
    pub(in crate::cli) generate_passwords: bool,

    #[command(flatten)]
    pub(in crate::cli) allow: AllowArgs,

    /// How the changes are printed.
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT", default_value_t = MendFormat::Human)]
    pub(in crate::cli) format: MendFormat,

    #[command(flatten)]
    pub(in crate::cli) reading: RosterArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum MendFormat {
    /// A difference of cells, for people.
    Human,
    /// One document, for programs.
    Json,
}
