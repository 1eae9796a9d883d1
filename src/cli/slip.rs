//! Command lines that cannot be used, told in the voice of every other error: what, where, expected, and the next command.

use std::error::Error as _;
use std::ffi::OsString;
use std::io::{self, IsTerminal as _};

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::{output, settings};
use crate::error::Failure;
use crate::exit::Exit;

/// Prints what is wrong with a command line; help and version, which are no errors, as they are. `program` is what could
/// have been typed.
pub(super) fn told(error: &Error, typed: &[OsString], program: &clap::Command) -> Exit {
    match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            if error.use_stderr() {
                let _ = error.print();
                return Exit::Usage;
            }
            let page = error.render();
            let is_coloured = settings::welcomes_colour(io::stdout().is_terminal());
            let page = if is_coloured { page.ansi().to_string() } else { page.to_string() };
            output::result_bytes(page.as_bytes());
            Exit::Done
        }
        _ => {
            output::failure(&failure(error, typed, program));
            Exit::Usage
        }
    }
}

fn failure(error: &Error, typed: &[OsString], program: &clap::Command) -> Failure {
    let command = command_of(typed, program);
    let has_examples = format!("`{command} --help` has examples");
    let argument = one(error, ContextKind::InvalidArg);
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = one(error, ContextKind::InvalidSubcommand);
            Failure::usage(format!("there is no such command: `{word}`"))
                .hint(meant(error, "`headcount --help` lists them"))
        }
        ErrorKind::UnknownArgument if argument.starts_with('-') => {
            let argument = argument.split('=').next().unwrap_or_default();
            Failure::usage(format!("there is no such flag of `{command}`: `{argument}`"))
                .hint(meant(error, &format!("`{command} --help` lists them")))
        }
        ErrorKind::UnknownArgument => {
            let quoted = "; a name with spaces needs quotes around it";
            Failure::usage(format!("there is a word too many: `{argument}`"))
                .hint(format!("{has_examples}{quoted}"))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing: Vec<String> =
                all(error, ContextKind::InvalidArg).iter().map(|name| format!("`{name}`")).collect();
            Failure::usage(format!("something is missing after `{command}`: {}", missing.join(", ")))
                .hint(has_examples)
        }
        ErrorKind::InvalidValue if one(error, ContextKind::InvalidValue).is_empty() => {
            Failure::usage(format!("there is nothing after a flag that takes a value: `{argument}`"))
                .hint(expected(error).unwrap_or(has_examples))
        }
        ErrorKind::InvalidValue => {
            let value = one(error, ContextKind::InvalidValue);
            let list = expected(error).unwrap_or_default();
            Failure::usage(format!("this is not a value of `{argument}`: `{value}`"))
                .hint(meant(error, &list))
        }
        ErrorKind::ValueValidation => {
            let value = one(error, ContextKind::InvalidValue);
            let failure = Failure::usage(format!("this is not a value of `{argument}`: `{value}`"));
            let failure = match error.source() {
                Some(why) => failure.because(why.to_string()),
                None => failure,
            };
            failure.hint(format!("`{command} --help` says what it takes"))
        }
        ErrorKind::ArgumentConflict => {
            let others = all(error, ContextKind::PriorArg);
            if others.contains(&argument) {
                return Failure::usage(format!("this cannot be given twice: `{argument}`"))
                    .hint("leave one out");
            }
            let others: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
            Failure::usage(format!("`{argument}` cannot be used with {}", others.join(", ")))
                .hint("leave one of them out")
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Failure::usage(first.strip_prefix("error: ").unwrap_or(first)).hint(has_examples)
        }
    }
}

/// The program and its command, as far as there is one.
fn command_of(typed: &[OsString], program: &clap::Command) -> String {
    let mut words = typed.iter().skip(1).filter_map(|word| word.to_str());
    let command = words.find(|word| program.find_subcommand(word).is_some());
    command.map_or_else(|| "headcount".to_owned(), |command| format!("headcount {command}"))
}

/// The word that was meant, where one is near; then what else helps.
fn meant(error: &Error, otherwise: &str) -> String {
    let kinds = [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg, ContextKind::SuggestedValue];
    // The nearest comes last.
    let nearest = kinds.into_iter().find_map(|kind| all(error, kind).pop());
    match nearest {
        Some(word) if otherwise.is_empty() => format!("did you mean `{word}`?"),
        Some(word) => format!("did you mean `{word}`? {otherwise}"),
        None => otherwise.to_owned(),
    }
}

/// The values that an argument takes, where they can be listed.
fn expected(error: &Error) -> Option<String> {
    let values = all(error, ContextKind::ValidValue);
    let (last, others) = values.split_last()?;
    let or = if others.is_empty() { "" } else { " or " };
    Some(format!("expected {}{or}{last}", others.join(", ")))
}

fn one(error: &Error, kind: ContextKind) -> String {
    all(error, kind).pop().unwrap_or_default()
}

fn all(error: &Error, kind: ContextKind) -> Vec<String> {
    match error.get(kind) {
        Some(ContextValue::String(word)) => vec![word.clone()],
        Some(ContextValue::Strings(words)) => words.clone(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(words: &[&str]) -> (String, String) {
        let typed: Vec<OsString> =
            std::iter::once("headcount").chain(words.iter().copied()).map(OsString::from).collect();
        let mut program = crate::cli::command_line();
        let error = program.try_get_matches_from_mut(&typed).unwrap_err();
        let failure = failure(&error, &typed, &program);
        (failure.what, failure.hint.unwrap_or_default())
    }

    #[test]
    fn every_slip_has_what_and_what_next() {
        for (words, what, next) in [
            (
                vec!["imprt", "a.csv"],
                "there is no such command: `imprt`",
                "did you mean `import`? `headcount --help` lists them",
            ),
            (vec!["qqqq"], "there is no such command: `qqqq`", "`headcount --help` lists them"),
            (
                vec!["import", "a.csv", "--simulte"],
                "there is no such flag of `headcount import`: `--simulte`",
                "did you mean `--simulate`? `headcount import --help` lists them",
            ),
            (
                vec!["validate", "my", "roster.csv"],
                "there is a word too many: `roster.csv`",
                "`headcount validate --help` has examples; a name with spaces needs quotes around it",
            ),
            (
                vec!["validate"],
                "something is missing after `headcount validate`: `<ROSTER>`",
                "`headcount validate --help` has examples",
            ),
            (
                vec!["import", "a.csv", "--simulate", "--generate-passwords"],
                "something is missing after `headcount import`: `--credentials-out <FILE>`",
                "`headcount import --help` has examples",
            ),
            (
                vec!["template", "--identity", "samll"],
                "this is not a value of `--identity <TYPE>`: `samll`",
                "did you mean `saml`? expected connect, saml or directory",
            ),
            (
                vec!["import", "a.csv", "--identity"],
                "there is nothing after a flag that takes a value: `--identity <TYPE>`",
                "expected connect, saml or directory",
            ),
            (
                vec!["import", "a.csv", "--rate", "fast"],
                "this is not a value of `--rate <quota|auto|N>`: `fast`",
                "`headcount import --help` says what it takes",
            ),
            (
                vec!["import", "a.csv", "--instance", "a", "--simulate"],
                "`--instance <ID|ARN|ALIAS>` cannot be used with `--simulate`",
                "leave one of them out",
            ),
            (
                vec!["import", "a.csv", "--region", "a", "--region", "b"],
                "this cannot be given twice: `--region <REGION>`",
                "leave one out",
            ),
        ] {
            assert_eq!(said(&words), (what.to_owned(), next.to_owned()), "{words:?}");
        }
    }
}
