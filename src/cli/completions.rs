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

/// Runs the command.
pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::command_line(), "headcount", &mut script);
    output::result_bytes(&script);
    Ok(Exit::Done)
}
