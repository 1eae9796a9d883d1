//! `headcount completions`: completions for a shell, for packagers.

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
}

/// Runs the command; `program` is the whole command line.
pub(super) fn run(args: &CompletionsArgs, mut program: clap::Command) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "headcount", &mut script);
    output::result_bytes(&script);
    Ok(Exit::Done)
}
