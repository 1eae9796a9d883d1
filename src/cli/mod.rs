//! The command line: what was typed, what is meant, and one file a command.

mod abreast;
mod again;
mod args;
mod change_farewell;
mod change_remedies;
mod change_words;
mod changes;
pub(crate) mod columns;
mod completions;
mod credentials;
mod directory;
mod examples;
mod export;
mod farewell;
pub(crate) mod findings;
mod fleet;
mod fleet_farewell;
mod fleet_words;
mod handed;
mod import;
mod in_one_sheet;
pub mod in_terminal;
mod junit;
mod leaver_words;
mod leavers;
mod ledgers;
mod listed;
mod man;
mod meant;
mod meant_changes;
mod meant_leavers;
mod meant_login;
mod meant_rows;
mod meant_targets;
mod meant_undo;
mod mend;
mod of_targets;
#[cfg(feature = "open")]
mod open;
pub(crate) mod output;
mod plan_words;
pub(crate) mod policy;
mod presets;
mod remedies;
mod report;
mod retype;
mod retype_changes;
mod screen;
mod settings;
mod several;
mod shared;
mod signals;
mod simulate;
mod slip;
mod status;
mod suspend;
mod system;
mod tables;
pub(crate) mod template;
#[cfg(unix)]
mod terminal;
mod typed_number;
mod undo;
mod undo_farewell;
mod validate;
mod version;
pub mod voice;
mod words;
mod words_of_columns;

use std::ffi::OsString;
use std::path::Path;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use meant::Typed;
use meant_changes::TypedChanges;
use meant_leavers::TypedLeavers;
use meant_undo::TypedUndo;

use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger;

/// Onboards a call-centre roster into Amazon Connect: checked offline, paced to the quota, resumable, never doubled.
#[derive(Debug, Parser)]
#[command(name = "headcount", version, long_version = version::LONG, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Template(template::TemplateArgs),
    Validate(Box<args::validate::ValidateArgs>),
    Mend(Box<args::mend::MendArgs>),
    #[cfg(feature = "open")]
    Open(Box<open::OpenArgs>),
    Import(Box<args::import::ImportArgs>),
    Retry(Box<args::import::RetryArgs>),
    Diff(Box<args::update::DiffArgs>),
    Update(Box<args::update::UpdateArgs>),
    Undo(Box<args::undo::UndoArgs>),
    Remove(Box<args::remove::RemoveArgs>),
    Status(status::StatusArgs),
    Report(report::ReportArgs),
    Ledger(ledgers::LedgersArgs),
    Credentials(Box<credentials::CredentialsArgs>),
    Simulate(simulate::SimulateArgs),
    Columns(columns::ColumnsArgs),
    Directory(Box<directory::DirectoryArgs>),
    Export(Box<export::ExportArgs>),
    Policy(policy::PolicyArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// The variable that holds a password for all, where one is named.
    fn password_variable(&self) -> Option<&str> {
        let passwords = match self {
            Self::Import(args) => &args.shared.passwords,
            Self::Retry(args) => &args.shared.passwords,
            _ => return None,
        };
        passwords.password_from_env.as_deref()
    }
}

/// The whole command line, with the examples of its help.
fn command_line() -> clap::Command {
    examples::added_to(Cli::command())
}

/// Runs the program with these arguments and says how it ended.
pub fn main(args: impl IntoIterator<Item = OsString>) -> Exit {
    if let Err(failure) = signals::probe(FILES_FOR_ANY) {
        output::failure(&failure);
        return failure.exit;
    }
    signals::survive_full_files();
    unless_untold(ended(args))
}

/// Files that any command must be able to have open at once, for itself and for what waits for signals.
const FILES_FOR_ANY: usize = 8;

/// The same for one that connects: runtimes, the roster, the ledger and passwords, and a few connections. With fewer it
/// would wait for connections that are never taken.
const FILES_TO_CONNECT: usize = 32;

fn ended(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    if let Some(program) = settings::called() {
        crate::text::call_by(program);
    }
    let parsed =
        command_line().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return slip::told(&error, &args, &command_line()),
    };
    if let Err(failure) = handed::hand_over(cli.command.password_variable(), &args) {
        output::failure(&failure);
        return failure.exit;
    }
    std::panic::set_hook(Box::new(|panic| {
        // A workbook is read on a thread of its own, whose panic is an error of the workbook and is told as one.
        if std::thread::current().name() != Some(crate::roster::WORKBOOK_THREAD) {
            output::say(&format!("error: a bug in headcount: {panic}"));
        }
    }));
    // The payload was printed by the hook. Nothing is used after an unwind but the exit code.
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(cli.command, &args)));
    ended
        .unwrap_or_else(|_| {
            Err(Failure::new(Exit::Bug, "headcount ended in a panic")
                .hint("the ledger, if one was being written, is whole: the same command resumes"))
        })
        .unwrap_or_else(|failure| {
            output::failure(&failure);
            failure.exit
        })
}

/// How a command ends whose result cannot be written, whatever else it has to say: whoever uses it must know.
fn unless_untold(exit: Exit) -> Exit {
    let Some(failure) = output::untold() else { return exit };
    output::failure(&failure);
    if matches!(exit, Exit::Bug | Exit::Interrupted) { exit } else { failure.exit }
}

fn run(command: Command, typed: &[OsString]) -> Result<Exit, Failure> {
    if matches!(
        command,
        Command::Import(_)
            | Command::Retry(_)
            | Command::Diff(_)
            | Command::Update(_)
            | Command::Undo(_)
            | Command::Remove(_)
            | Command::Directory(_)
            | Command::Export(_)
            | Command::Simulate(_)
            | Command::Ledger(_)
    ) {
        signals::probe(FILES_TO_CONNECT)?;
    }
    commanded(command, typed).map_err(|failure| remedies::of_sharing(failure, typed))
}

fn commanded(command: Command, typed: &[OsString]) -> Result<Exit, Failure> {
    match command {
        Command::Template(args) => template::run(args),
        Command::Validate(args) => {
            let output = args.output.clone();
            output::kept_in(output.as_deref(), || validate::run(*args))
        }
        Command::Mend(args) => mend::run(&args),
        #[cfg(feature = "open")]
        Command::Open(args) => open::run(*args),
        Command::Import(args) => import::run(*args, typed),
        Command::Retry(args) => import::retry(*args, typed),
        Command::Diff(args) if args.shared.targets.are_given() => abreast::diff(*args, typed),
        Command::Diff(args) => changes::diff(*args, typed),
        Command::Update(args) if args.shared.targets.are_given() => abreast::update(*args, typed),
        Command::Update(args) => changes::update(*args, typed),
        Command::Undo(args) if TypedUndo::is_of_targets(&args) => abreast::undo(&args, typed),
        Command::Undo(args) => undo::run(*args, typed),
        Command::Remove(args) if args.targets.are_given() => abreast::remove(*args, typed),
        Command::Remove(args) => leavers::run(*args, typed),
        Command::Status(args) => output::kept_in(args.output.as_deref(), || status::run(&args)),
        Command::Report(args) => report::run(&args),
        Command::Ledger(args) => ledgers::run(&args),
        Command::Credentials(args) => credentials::run(&args),
        Command::Simulate(args) => simulate::run(args),
        Command::Columns(args) => columns::run(args),
        Command::Directory(args) => directory::run(&args),
        Command::Export(args) => export::run(&args, typed),
        Command::Policy(args) if args.command.is_empty() => policy::run(args),
        Command::Policy(args) => {
            let (words, output) = policy::own_output(&args.command);
            policy_of(words, args.output.as_deref().or(output))
        }
        Command::Completions(args) => {
            output::kept_in(args.output.as_deref(), || completions::run(&args, command_line()))
        }
        Command::Man(args) => output::kept_in(args.output.as_deref(), || man::run(&args, command_line())),
    }
}

/// The policy of a command line.
fn policy_of(words: &[OsString], output: Option<&Path>) -> Result<Exit, Failure> {
    let typed: Vec<OsString> = std::iter::once("headcount".into()).chain(words.iter().cloned()).collect();
    let parsed = command_line().try_get_matches_from(&typed).and_then(|found| Cli::from_arg_matches(&found));
    let command = match parsed {
        Ok(cli) => cli.command,
        Err(error) => return Ok(slip::told(&error, &typed, &command_line())),
    };
    let targets = match &command {
        Command::Import(args) => &args.shared.targets.targets,
        Command::Retry(args) => &args.shared.targets.targets,
        Command::Diff(args) => &args.shared.targets.targets,
        Command::Update(args) => &args.shared.targets.targets,
        Command::Remove(args) => &args.targets.targets,
        Command::Undo(args) => &args.targets.targets,
        Command::Export(args) => args.targets(),
        _ => &None,
    };
    if targets.is_some() {
        return Err(Failure::usage(
            "a policy is for the instances of one account, and --targets may name several accounts",
        )
        .hint(
            "ask for each target's with --instance in place of --targets; docs/iam.md has what a role needs",
        ));
    }
    let tables = tables_of(&command);
    let needs = match command {
        Command::Import(args) => TypedChanges::needs_with_import(&Typed::import(*args, Vec::new())?)?,
        Command::Retry(args) => {
            let (state, _) = ledger::peek(&args.ledger()?)?;
            match state.header.job {
                None => Typed::retry(*args, Vec::new())?.needs()?,
                Some(ledger::Job::Update) => TypedChanges::retry(*args, &state, Vec::new())?.needs()?,
                Some(ledger::Job::Remove) => TypedLeavers::retry(*args, &state, Vec::new())?.needs()?,
            }
        }
        Command::Diff(args) => TypedChanges::diff(*args, Vec::new())?.needs()?,
        Command::Update(args) => TypedChanges::update(*args, Vec::new())?.needs()?,
        Command::Remove(args) => TypedLeavers::of(*args, Vec::new())?.needs()?,
        Command::Undo(args) => TypedUndo::of(*args, Vec::new())?.needs()?,
        Command::Directory(args) => Some(args.needs()?),
        Command::Export(args) => Some(args.needs()?),
        _ => None,
    };
    policy::of_command(needs, &tables, output)
}

/// The tables of shared ledgers that a command reaches.
fn tables_of(command: &Command) -> policy::Tables {
    use crate::connect::policy::TableJob::{Makes, Reads, Writes};
    let none = policy::Tables::default;
    let writes = |is_dry_run: bool| if is_dry_run { Reads } else { Writes };
    let with = |ledger: Option<&ledger::LedgerAt>, job| match ledger {
        Some(ledger) => none().with(ledger, job),
        None => none(),
    };
    let bases = |tables: policy::Tables, bases: &[ledger::LedgerAt]| {
        bases.iter().fold(tables, |tables, base| tables.with(base, Reads))
    };
    match command {
        Command::Import(args) => with(args.shared.ledger.as_ref(), writes(args.shared.dry_run)),
        Command::Retry(args) => with(args.of.as_ref(), writes(args.shared.dry_run)),
        Command::Update(args) => {
            bases(with(args.shared.ledger.as_ref(), writes(args.dry_run)), &args.shared.base)
        }
        Command::Diff(args) => bases(with(args.shared.ledger.as_ref(), Reads), &args.shared.base),
        Command::Remove(args) => with(args.ledger.as_ref(), writes(args.dry_run)),
        Command::Undo(args) => bases(none().with(&args.ledger, writes(args.dry_run)), &args.base),
        Command::Status(args) => bases(none(), &args.ledgers),
        Command::Report(args) => bases(none(), &args.ledgers),
        Command::Credentials(args) => none().with(&args.ledger, Reads),
        Command::Ledger(args) => match &args.what {
            ledgers::What::Create { table } => none().with_table(table, Makes),
            ledgers::What::List { table, .. } => none().with_table(table, Reads),
            ledgers::What::Pull { ledger, .. } => none().with_table(ledger, Reads),
            ledgers::What::Push { to, .. } => none().with_table(to, Writes),
        },
        _ => none(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use clap::error::{ContextKind, ContextValue, ErrorKind};

    use super::*;
    use crate::text::worded;

    /// All source files of a folder and of those in it.
    fn sources(folder: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                found.extend(sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
        found
    }

    /// The commands that a source file prints, with a word for all that is put in as it runs.
    fn printed(source: &str) -> Vec<String> {
        let code = source.split("#[cfg(test)]").next().unwrap_or_default();
        let code: Vec<&str> = code.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // A string goes on after a backslash at the end of its line.
        let mut text = String::new();
        for line in code {
            match line.strip_suffix('\\') {
                Some(line) => text += line,
                None => text += &format!("{line}\n"),
            }
        }
        let mut commands = Vec::new();
        for (begin, end) in [("`headcount ", '`'), ("with: headcount ", '"')] {
            for (at, _) in text.match_indices(begin) {
                let command = &text[at + begin.len() - "headcount ".len()..];
                let command = command.split([end, '\n']).next().unwrap_or_default();
                let command = worded(command, &voice::Flags);
                commands.push(command.replace("{}", "WORD").replace(['{', '}'], ""));
            }
        }
        commands
    }

    #[test]
    fn every_command_that_is_printed_is_one() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut number = 0;
        for path in sources(&folder) {
            for command in printed(&fs::read_to_string(&path).unwrap()) {
                // What stands for any command.
                if command.starts_with("headcount COMMAND") {
                    continue;
                }
                number += 1;
                let Err(error) = command_line().try_get_matches_from(command.split_whitespace()) else {
                    continue;
                };
                let is_short = matches!(
                    error.kind(),
                    ErrorKind::MissingRequiredArgument | ErrorKind::DisplayHelp | ErrorKind::DisplayVersion
                );
                assert!(is_short, "{}: `{command}`: {error}", path.display());
            }
        }
        // Those that are made of arguments have tests of their own, in `retype.rs`.
        assert!(number > 20, "only {number} were found");
    }

    /// What is missing from a command line; none of one that is refused for something else.
    fn missing(words: &[String]) -> Option<Vec<String>> {
        let Err(error) = command_line().try_get_matches_from(words) else { return Some(Vec::new()) };
        if error.kind() != ErrorKind::MissingRequiredArgument {
            return None;
        }
        match error.get(ContextKind::InvalidArg) {
            Some(ContextValue::Strings(missing)) => Some(missing.clone()),
            _ => panic!("{error}"),
        }
    }

    /// A flag as it may be typed, with a value that it takes.
    fn typed(base: &[String], flag: &clap::Arg) -> Option<Vec<String>> {
        const VALUES: [&str; 8] = ["1", "x.csv", "a=b", "none", "quota", "managed", "age1x", "--"];
        let name = format!("--{}", flag.get_long()?);
        if !flag.get_action().takes_values() {
            return Some(vec![name]);
        }
        let possible = flag.get_possible_values();
        let values = possible.iter().map(|value| value.get_name()).chain(VALUES);
        let with = |value: &str| vec![format!("{name}={value}")];
        values.map(with).find(|words| {
            let line = [base, words].concat();
            let refused = command_line().try_get_matches_from(line).err().map(|error| error.kind());
            !matches!(refused, Some(ErrorKind::ValueValidation | ErrorKind::InvalidValue))
        })
    }

    /// Clap does not miss what could not stand beside something else that is there: a flag that needs it would then be read,
    /// and mean nothing.
    #[test]
    fn what_a_flag_needs_is_missed_whatever_else_is_typed() {
        let mut needy = 0;
        for command in command_line().get_subcommands().filter(|command| !command.has_subcommands()) {
            let mut base = vec!["headcount".to_owned(), command.get_name().to_owned()];
            let needed = command.get_positionals().filter(|positional| positional.is_required_set());
            base.extend(needed.map(|_| "x.csv".to_owned()));
            let always = missing(&base).unwrap_or_default();
            let flags: Vec<Vec<String>> = command.get_opts().filter_map(|flag| typed(&base, flag)).collect();
            for flag in &flags {
                let line = [&base[..], flag].concat();
                let needs: Vec<String> = missing(&line)
                    .unwrap_or_default()
                    .into_iter()
                    .filter(|one| !always.contains(one))
                    .collect();
                if needs.is_empty() {
                    continue;
                }
                needy += 1;
                let is_needed = |other: &[String]| {
                    let name = other[0].split('=').next().unwrap_or_default();
                    needs.iter().any(|need| need.split(' ').next() == Some(name))
                };
                // Whoever asks for an explanation has nothing checked.
                let is_another = |other: &&Vec<String>| {
                    *other != flag && !is_needed(other) && !other[0].starts_with("--explain")
                };
                for other in flags.iter().filter(is_another) {
                    let line = [&line[..], other].concat();
                    let Some(missed) = missing(&line) else { continue };
                    assert!(needs.iter().all(|need| missed.contains(need)), "{line:?} needs {needs:?}");
                }
            }
        }
        assert!(needy > 20, "only {needy} flags were found to need another");
    }
}
