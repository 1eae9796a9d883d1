//! `headcount completions`: completions for a shell, for packagers.

use std::path::PathBuf;

use clap_complete::Shell;

use super::output;
use crate::error::Failure;
use crate::exit::Exit;

/// Prints completions for a shell
#[derive(Debug, clap::Args)]
pub(super) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, ignore_case = true)]
    shell: Shell,

    /// The file to write, readable by its owner only; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// Runs the command; `program` is the whole command line.
pub(super) fn run(args: &CompletionsArgs, mut program: clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "headcount", &mut script);
    output::result_bytes(&script);
    Ok(Exit::Done)
}
