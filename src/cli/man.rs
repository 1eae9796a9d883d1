//! `headcount man`: the manual as a page for `man`, for packagers.

use std::path::PathBuf;

use clap_mangen::Man;

use super::output;
use crate::error::Failure;
use crate::exit::Exit;

/// Prints the manual as a page for `man`
#[derive(Debug, clap::Args)]
pub(super) struct ManArgs {
    /// The page of one command [default: that of the program]
    command: Option<String>,

    /// List the commands that have a page
    #[arg(long, conflicts_with = "command")]
    list: bool,

    /// The file to write, readable by its owner only; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
}

/// Runs the command; `program` is the whole command line.
pub(super) fn run(args: &ManArgs, mut program: clap::Command) -> Result<Exit, Failure> {
    // A page is the same on every system, whatever it was built for.
    program = program.long_version(clap::builder::Resettable::Reset);
    program.build();
    if args.list {
        let names = program.get_subcommands().map(clap::Command::get_name).filter(|name| *name != "help");
        output::result(&names.fold(String::new(), |text, name| text + name + "\n"));
        return Ok(Exit::Done);
    }
    let page = match &args.command {
        None => program,
        Some(name) => {
            let found = program.get_subcommands().find(|command| command.get_name() == name);
            found.cloned().ok_or_else(|| {
                Failure::usage(format!("there is no such command: `{name}`"))
                    .hint("`headcount man --list` prints those that have a page")
            })?
        }
    };
    let mut text = Vec::new();
    Man::new(page)
        .render(&mut text)
        .map_err(|error| Failure::new(Exit::Bug, "cannot print the manual").because(error))?;
    output::result_bytes(&text);
    Ok(Exit::Done)
}
