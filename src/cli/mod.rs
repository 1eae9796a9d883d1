//! The command line: what was typed, what is meant, and one file a command.

mod columns;
pub mod findings;
pub mod output;
pub mod policy;
mod reading;
mod template;
pub mod validate;

use std::ffi::OsString;

use clap::{Parser, Subcommand};

use crate::error::Failure;
use crate::exit::Exit;

/// Onboards a call-centre roster into Amazon Connect: checked offline, paced to the quota, resumable, never doubled.
#[derive(Debug, Parser)]
#[command(name = "headcount", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Template(template::TemplateArgs),
    Validate(validate::ValidateArgs),
    Columns(columns::ColumnsArgs),
    Policy(policy::PolicyArgs),
}

/// Runs the program with these arguments and says how it ended.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done };
        }
    };
    run(cli.command).unwrap_or_else(|failure| {
        output::failure(&failure);
        failure.exit
    })
}

fn run(command: Command) -> Result<Exit, Failure> {
    match command {
        Command::Template(args) => template::run(args),
        Command::Validate(args) => validate::run(args),
        Command::Columns(args) => columns::run(args),
        Command::Policy(args) => policy::run(args),
    }
}

/// A word as a POSIX shell takes it, quoted where it must be: every command that is printed works when pasted.
pub fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\''"))
    }
}
