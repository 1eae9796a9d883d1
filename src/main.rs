//! The `headcount` program: parses the command line, runs it, and exits with its code.

use std::process::ExitCode;

fn main() -> ExitCode {
    headcount::memory::keep_private();
    headcount::cli::main(std::env::args_os()).into()
}
