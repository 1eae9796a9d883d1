//! `headcount credentials`: the passwords that headcount made, joined with what the ledger says became of them.

use std::fs::File;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::output;
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::{self, Gathered};
use crate::passwords::{self, Identities, Joined, Outcomes, Told};
use crate::text;

/// Prints the passwords that headcount made: for every created user the one that the instance holds.
#[derive(Debug, Args)]
pub(super) struct CredentialsArgs {
    /// The file of --credentials-out; with a rehearsal's ledger, the one that the rehearsal made of that name
    file: PathBuf,

    /// The ledger of the same import: it says which attempt made each user
    #[arg(long, value_name = "LEDGER")]
    ledger: PathBuf,

    /// The age identities that open encrypted passwords, as `age-keygen` writes them
    #[arg(long, value_name = "FILE")]
    identity_file: Option<PathBuf>,

    /// The file to write, readable by its owner only; a file that is there is never overwritten [default: stdout]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// A table, or one JSON object for programs
    #[arg(long, value_enum, ignore_case = true, default_value_t = Format::Csv)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Json,
}

/// Runs the command.
pub(super) fn run(args: &CredentialsArgs) -> Result<Exit, Failure> {
    let identities = args.identity_file.as_deref().map(Identities::read).transpose()?;
    // The ledger first: whoever is created in it has a record already, also while an import goes on.
    let Gathered { state, own: outcomes, at_work, .. } =
        ledger::gather(&args.ledger, Outcomes::default(), Outcomes::take)?;
    let path = passwords::of_ledger(&args.file, state.is_rehearsal(&args.ledger));
    let shown = path.display();
    let file = File::open(&path).map_err(|error| {
        Failure::usage(format!("cannot open the credentials file: `{shown}`")).because(error)
    })?;
    let told = Told { state: &state, at_work, outcomes: &outcomes };
    let joined = Joined::read(&told, file, &path, identities.as_ref())?;
    let listed = match args.format {
        Format::Csv => joined.csv()?,
        Format::Json => joined.json()?,
    };
    match &args.output {
        None => output::result_bytes(&listed),
        Some(path) => output::into_new_file(path, &listed)?,
    }
    say_the_rest(&joined);
    say_copied(&joined);
    let lost = joined.lost().count() as u64;
    if lost > 0 {
        for user in joined.lost() {
            output::say(&format!("not in the file: `{}`", text::plain(user)));
        }
        return Err(Failure::stopped(format!(
            "{} made with a password that is not in the file: `{shown}`",
            text::count(lost, "user"),
        ))
        .hint("is it an older copy? Where the passwords are lost, reset them in the console"));
    }
    Ok(Exit::Done)
}

/// Whom the list does not have, on stderr.
fn say_the_rest(joined: &Joined) {
    if joined.own > 0 {
        output::say(&format!(
            "note: {} not listed: made with a password that headcount did not make",
            text::count(joined.own, "created user")
        ));
    }
    if joined.in_doubt > 0 {
        output::say(&format!(
            "note: {} in doubt and not listed; the next import settles that",
            text::count(joined.in_doubt, "row")
        ));
    }
}

/// Names whom this ledger did not make, and for whom the file has a password.
fn say_copied(joined: &Joined) {
    if joined.copied.is_empty() {
        return;
    }
    output::say(&format!(
        "warning: {} in the file by attempts that this ledger does not have, and cannot be known: another copy of this \
         ledger is, or was, at work",
        text::count(joined.copied.len() as u64, "password")
    ));
    for user in &joined.copied {
        output::say(&format!("not known: `{}`", text::plain(user)));
    }
}
