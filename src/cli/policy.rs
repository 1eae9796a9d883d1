//! `headcount policy`: the least permissions for what is to be done.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::cli::output;
use crate::connect::policy::{Job, TableJob, document, table_arn};
use crate::connect::{Environment, InstanceRef, Target};
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::LedgerAt;
use crate::ledger::shared::TableUrl;

/// Prints the minimal IAM policy for what is to be done, as JSON.
///
/// With the command line that is to be permitted, as in `headcount policy import roster.csv --instance ARN`, what it does
/// and what the roster has decide.
#[derive(Debug, Args)]
pub(crate) struct PolicyArgs {
    /// The instance's ARN; without it the policy is for every instance of the account.
    #[arg(long, value_name = "ARN")]
    instance: Option<String>,

    /// What is to be done.
    #[arg(long = "for", value_name = "JOB", value_enum, ignore_case = true, default_value_t = PolicyJob::Import)]
    job: PolicyJob,

    /// Leave `connect:TagResource` out, for imports with --no-provenance-tag and without tags in the roster.
    #[arg(long)]
    no_provenance_tag: bool,

    /// The file to write, readable by its owner only; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,

    /// The command line that is to be permitted, without `headcount`: its own flags and its roster's columns decide.
    #[arg(
        value_name = "COMMAND",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        conflicts_with_all = ["instance", "job", "no_provenance_tag"]
    )]
    pub(super) command: Vec<OsString>,
}

/// What a command line needs.
pub(super) struct Needs {
    /// What it does.
    pub(super) job: Job,
    /// The instance's ARN, with `*` for what the command line does not say.
    pub(super) instance: String,
    /// The run whose users alone may be deleted.
    pub(super) run: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PolicyJob {
    /// Create the users of a roster (import, retry).
    Import,
    /// Create them, and give them proficiencies.
    ImportWithProficiencies,
    /// Only look (directory, import --dry-run).
    Look,
}

/// Commands that have no `-o` of their own.
const WITHOUT_OUTPUT: [&str; 5] = ["import", "retry", "update", "undo", "remove"];

/// The command line that is to be permitted, and the file for the policy where it is named behind that: of a command that has
/// no `-o` of its own, whoever adds one means the policy's.
pub(super) fn own_output(command: &[OsString]) -> (&[OsString], Option<&Path>) {
    let is_output = |word: &OsString| word == "-o" || word == "--output";
    let has_no_output = |name: &OsString, what: Option<&OsString>| {
        let is_of_ledgers = name == "ledger" && what.is_none_or(|what| what != "pull");
        is_of_ledgers || WITHOUT_OUTPUT.iter().any(|one| name == one)
    };
    match command {
        [name, .., flag, file] if is_output(flag) && has_no_output(name, command.get(1)) => {
            (&command[..command.len() - 2], Some(Path::new(file)))
        }
        _ => (command, None),
    }
}

/// Runs the command.
pub(crate) fn run(args: PolicyArgs) -> Result<Exit, Failure> {
    let instance = match &args.instance {
        None => "arn:aws:connect:*:*:instance/*".to_owned(),
        Some(typed) => arn_of(typed)?,
    };
    let job = Job {
        creates: args.job != PolicyJob::Look,
        tags: !args.no_provenance_tag,
        proficiencies: args.job == PolicyJob::ImportWithProficiencies,
        ..Job::IMPORT
    };
    print(Some(&Needs { job, instance, run: None }), &Tables::default(), args.output.as_deref())
}

/// The tables that a command line reaches, by their ARNs, each with the most that is done with it.
#[derive(Default)]
pub(super) struct Tables(Vec<(String, TableJob)>);

impl Tables {
    /// With one more, where this ledger is in one.
    #[must_use]
    pub(super) fn with(self, ledger: &LedgerAt, job: TableJob) -> Self {
        match ledger.in_table() {
            Some(shared) => self.with_table(shared.url(), job),
            None => self,
        }
    }

    /// With one more.
    #[must_use]
    pub(super) fn with_table(mut self, url: &TableUrl, job: TableJob) -> Self {
        let arn = table_arn(&url.table, url.own_region());
        match self.0.iter_mut().find(|(there, _)| *there == arn) {
            Some((_, most)) => *most = job.max(*most),
            None => self.0.push((arn, job)),
        }
        self
    }
}

/// Prints the policy of a command line; one that reaches neither an instance nor a table has none.
pub(super) fn of_command(
    needs: Option<Needs>,
    tables: &Tables,
    output: Option<&Path>,
) -> Result<Exit, Failure> {
    if needs.is_none() && tables.0.is_empty() {
        return Err(Failure::usage("this command line reaches no instance: it needs no permissions")
            .hint("`headcount policy --help` shows one that does"));
    }
    print(needs.as_ref(), tables, output)
}

fn print(needs: Option<&Needs>, tables: &Tables, output: Option<&Path>) -> Result<Exit, Failure> {
    let on_instance = needs.map(|needs| (needs.job, &*needs.instance, needs.run.as_deref()));
    let document = format!("{:#}\n", document(on_instance, &tables.0));
    if needs.is_some_and(|needs| needs.run.is_some() && needs.job.deletes) {
        output::say(
            "note: that Connect honours aws:ResourceTag for DeleteUser is inferred from its service authorization reference, \
             which lists it for users; where it does not, nobody can be deleted with this policy",
        );
    }
    match output {
        None => output::result(&document),
        Some(path) => output::into_new_file(path, document.as_bytes())?,
    }
    Ok(Exit::Done)
}

fn arn_of(typed: &str) -> Result<String, Failure> {
    let by_name = || {
        Failure::usage(format!("a policy needs the instance's ARN: `{typed}`")).hint(
            "`aws connect list-instances` prints it; without --instance the policy is for every instance",
        )
    };
    if !typed.trim().to_ascii_lowercase().starts_with("arn:") {
        return Err(by_name());
    }
    match Target::resolve(typed, None, None, &Environment::default())?.instance {
        InstanceRef::Arn { arn, .. } => Ok(arn),
        _ => Err(by_name()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_behind_a_command_without_one_is_the_policys() {
        for (typed, words, file) in [
            (&["import", "r.csv", "-o", "p.json"][..], 2, Some("p.json")),
            (&["retry", "l.jsonl", "--dry-run", "--output", "p.json"], 3, Some("p.json")),
            (&["undo", "l.jsonl", "-o", "p.json"], 2, Some("p.json")),
            (&["import", "-o", "p.json"], 1, Some("p.json")),
            (&["directory", "-o", "d.json"], 3, None),
            (&["ledger", "list", "dynamodb://t/", "-o", "p.json"], 3, Some("p.json")),
            (&["ledger", "pull", "dynamodb://t/n", "-o", "l.jsonl"], 5, None),
            (&["import", "r.csv", "--ledger", "-o"], 4, None),
            (&["import", "-o"], 2, None),
            (&["import", "r.csv"], 2, None),
        ] {
            let typed: Vec<OsString> = typed.iter().map(Into::into).collect();
            assert_eq!(own_output(&typed), (&typed[..words], file.map(Path::new)), "{typed:?}");
        }
    }
}
