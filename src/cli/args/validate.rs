//! The arguments of `headcount validate`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::allow::AllowArgs;
use super::roster::{Identity, RosterArgs};

/// Checks every row of a roster: all faults at once, each with its cell, the reason and the fix. Offline.
#[derive(Debug, Args)]
pub(in crate::cli) struct ValidateArgs {
    /// The roster, CSV or XLSX.
    #[arg(required_unless_present = "explain")]
    pub(in crate::cli) roster: Option<PathBuf>,

    /// How the instance knows its users [default: the directory's, else what the columns say].
    #[arg(long, value_enum, ignore_case = true, value_name = "TYPE")]
    pub(in crate::cli) identity: Option<Identity>,

    /// A file saved by `headcount directory`: names must be known to that instance, and its users are compared.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) directory: Option<PathBuf>,

    /// A file of several instances: each row is checked by the rules and the directory of the target that it names.
    #[arg(long, value_name = "FILE.toml", conflicts_with_all = ["identity", "directory"])]
    pub(in crate::cli) targets: Option<PathBuf>,

    /// The rows of this target alone; may be given again for another beside it [default: all of them].
    #[arg(id = "target", long = "target", value_name = "NAME", requires = "targets", conflicts_with_all = ["identity", "directory"])]
    pub(in crate::cli) only: Vec<String>,

    /// Rows need no password, for the import is going to make them.
    #[arg(long)]
    pub(in crate::cli) generate_passwords: bool,

    /// The roster is for an update: its rows are about people who are there, and need the `user login` and the columns that
    /// are to change. A blank cell leaves alone, `(clear)` takes away.
    #[arg(long, conflicts_with = "generate_passwords")]
    pub(in crate::cli) update: bool,

    #[command(flatten)]
    pub(in crate::cli) allow: AllowArgs,

    /// How the findings are printed.
    #[arg(long, value_enum, ignore_case = true, value_name = "FORMAT", default_value_t = Format::Human)]
    pub(in crate::cli) format: Format,

    /// The file to write, readable by its owner only; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(in crate::cli) output: Option<PathBuf>,

    /// Write a copy of the roster with the findings in it: a workbook is itself with faulty cells coloured and a note in
    /// each, a CSV is itself with the findings in a first column; OUT.xlsx makes a coloured workbook of a CSV. The copy has
    /// the roster's cells as they are, passwords too, and is checked like the roster.
    #[arg(long, value_name = "OUT")]
    pub(in crate::cli) annotate: Option<PathBuf>,

    /// Explain a code of a finding, and check nothing.
    #[arg(long, value_name = "CODE", conflicts_with_all = ["roster", "identity", "directory", "columns", "sheet", "header_row", "encoding", "phone_region", "annotate", "generate_passwords", "update", "allow", "targets"])]
    pub(in crate::cli) explain: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) reading: RosterArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// Grouped, for people.
    Human,
    /// One document, for programs.
    Json,
    /// JUnit's XML, for CI systems: a test case for each row with findings.
    Junit,
}
