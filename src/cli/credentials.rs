//! `headcount credentials`: the passwords that headcount made, joined with what the ledger says became of them.

use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use super::output;
use crate::agent::{Password, RowNumber};
use crate::crash::{self, Sabotage};
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::{self, Attempt, Entry, Gathered, Kind, Nonce, Place, RowState, State};
use crate::passwords::{Identities, Of, find};
use crate::text::{self, cell, escape_from};

/// Prints the passwords that headcount made: for every created user the one that the instance holds.
#[derive(Debug, Args)]
pub(super) struct CredentialsArgs {
    /// The file of --credentials-out
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

/// What a ledger says of its users.
struct Told {
    state: State,
    /// An importer was at work: what it has made since is not known here.
    at_work: bool,
    outcomes: Outcomes,
}

/// What the outcomes say that the ledger's state does not keep.
#[derive(Default)]
struct Outcomes {
    rows: HashMap<Place, Row>,
    /// The attempts with a password of ours, each with its own random bits.
    generated: HashMap<Attempt, Option<Nonce>>,
}

/// A row as its outcomes alone have it.
#[derive(Default)]
struct Row {
    state: RowState,
    /// The attempt that made the user.
    attempt: Option<Attempt>,
    id: String,
}

/// A user with the password in force.
struct Known {
    row: RowNumber,
    user: String,
    id: String,
    of: Of,
    password: Option<Password>,
}

/// The object of `--format json`: a contract. Serialised at once into memory that is wiped.
#[derive(Serialize)]
struct Printed<'p> {
    run: &'p str,
    instance: &'p str,
    users: Vec<PrintedUser<'p>>,
}

#[derive(Serialize)]
struct PrintedUser<'p> {
    user: &'p str,
    id: &'p str,
    attempt: Attempt,
    password: &'p str,
}

/// Runs the command.
pub(super) fn run(args: &CredentialsArgs) -> Result<Exit, Failure> {
    let identities = args.identity_file.as_deref().map(Identities::read).transpose()?;
    // The ledger first: whoever is created in it has a record already, also while an import goes on.
    let told = Told::read(&args.ledger)?;
    let mut known = told.made();
    let shown = args.file.display();
    let file = File::open(&args.file).map_err(|error| {
        Failure::usage(format!("cannot open the credentials file: `{shown}`")).because(error)
    })?;
    let mut unopened = 0_u64;
    let places: HashMap<String, usize> =
        known.iter().enumerate().map(|(at, one)| (one.user.clone(), at)).collect();
    let newest = crash::sabotage(Sabotage::NewestPassword);
    let by_number = crash::sabotage(Sabotage::NumberIsProof);
    // Whose passwords were made by attempts that this ledger does not have: by a copy of it, or after the state that was put
    // back.
    let mut copied = BTreeSet::new();
    let found = find(&file, &args.file, |user, of, held| {
        if !told.at_work && told.outcomes.generated.get(&of.attempt) != Some(&of.nonce) {
            copied.insert(user.to_owned());
        }
        let Some(one) = places.get(user).and_then(|at| known.get_mut(*at)) else { return };
        if one.of != of && !newest && !(by_number && one.of.attempt == of.attempt) {
            return;
        }
        match held.open(identities.as_ref()) {
            Some(password) => one.password = Some(password),
            None => unopened += 1,
        }
    })?;
    if found.run != told.state.header.run {
        return Err(Failure::stopped(format!(
            "the credentials file is of another run than the ledger: `{shown}`"
        ))
        .hint("give the ledger that was written by the same import"));
    }
    if unopened > 0 {
        return Err(match identities {
            None => Failure::usage(format!("the passwords are encrypted: `{shown}`"))
                .hint("give the key that belongs to a recipient with --identity-file FILE"),
            Some(_) => Failure::usage(format!(
                "{} cannot be decrypted with these identities: `{shown}`",
                text::count(unopened, "password")
            )),
        });
    }
    let lost = known.iter().filter(|one| one.password.is_none()).count() as u64;
    print(args, &told, &known)?;
    told.say_the_rest(&known);
    say_copied(&copied, &known);
    if lost > 0 {
        // Each by name: whoever hands the list out must know who is not on it.
        for one in known.iter().filter(|one| one.password.is_none()) {
            output::say(&format!("not in the file: `{}`", text::plain(&one.user)));
        }
        return Err(Failure::stopped(format!(
            "{} made with a password that is not in the file: `{shown}`",
            text::count(lost, "user"),
        ))
        .hint("is it an older copy? Where the passwords are lost, reset them in the console"));
    }
    Ok(Exit::Done)
}

impl Outcomes {
    fn take(&mut self, entry: &Entry, before: &State) {
        match entry.kind {
            Kind::Intent if entry.generated => {
                self.generated.extend(entry.attempt.map(|attempt| (attempt, entry.nonce)));
            }
            Kind::Outcome => {
                let Some(user) = entry.user.as_deref() else { return };
                let row = self.rows.entry(before.place_for(user)).or_default();
                row.state = entry.state.unwrap_or_default();
                if row.state == RowState::Created {
                    row.attempt = entry.attempt;
                    row.id = entry.id.as_deref().unwrap_or_default().to_owned();
                }
            }
            Kind::Intent
            | Kind::Ledger
            | Kind::Session
            | Kind::Row
            | Kind::Dropped
            | Kind::Step
            | Kind::Seen
            | Kind::End => {}
        }
    }
}

impl Told {
    fn read(ledger: &Path) -> Result<Self, Failure> {
        let Gathered { state, own: outcomes, at_work, .. } =
            ledger::gather(ledger, Outcomes::default(), Outcomes::take)?;
        Ok(Self { state, at_work, outcomes })
    }

    /// The users that were created with a password of ours, in the order of the roster.
    fn made(&self) -> Vec<Known> {
        let Outcomes { rows, generated } = &self.outcomes;
        let created = rows.iter().filter(|(_, row)| row.state == RowState::Created);
        let made = created.filter_map(|(at, row)| {
            let attempt = row.attempt?;
            let of = Of { attempt, nonce: *generated.get(&attempt)? };
            let (user, id) = (self.state.user(*at).to_owned(), row.id.clone());
            Some(Known { row: self.state.record(*at).row, user, id, of, password: None })
        });
        let mut known: Vec<Known> = made.collect();
        known.sort_by(|one, other| (one.row, &one.user).cmp(&(other.row, &other.user)));
        known
    }

    /// Whom the list does not have, on stderr.
    fn say_the_rest(&self, known: &[Known]) {
        let of = |state| self.outcomes.rows.values().filter(|row| row.state == state).count() as u64;
        let own = of(RowState::Created) - known.len() as u64;
        if own > 0 {
            output::say(&format!(
                "note: {} not listed: made with a password that headcount did not make",
                text::count(own, "created user")
            ));
        }
        let doubt = of(RowState::InDoubt);
        if doubt > 0 {
            output::say(&format!(
                "note: {} in doubt and not listed; the next import settles that",
                text::count(doubt, "row")
            ));
        }
    }
}

/// Names whom this ledger did not make, and for whom the file has a password: it may be in force, and only the instance and
/// the ledger that made it can tell.
fn say_copied(copied: &BTreeSet<String>, known: &[Known]) {
    let listed: BTreeSet<&str> =
        known.iter().filter(|one| one.password.is_some()).map(|one| &*one.user).collect();
    let unlisted: Vec<&String> = copied.iter().filter(|user| !listed.contains(&***user)).collect();
    if unlisted.is_empty() {
        return;
    }
    output::say(&format!(
        "warning: {} in the file by attempts that this ledger does not have, and cannot be known: another copy of this \
         ledger is, or was, at work",
        text::count(unlisted.len() as u64, "password")
    ));
    for user in unlisted {
        output::say(&format!("not known: `{}`", text::plain(user)));
    }
}

fn print(args: &CredentialsArgs, told: &Told, known: &[Known]) -> Result<(), Failure> {
    let bug = |error: String| Failure::new(Exit::Bug, "cannot print the passwords").because(error);
    let listed =
        || known.iter().filter_map(|one| one.password.as_ref().map(|password| (one, password.expose())));
    // Large enough that it does not grow, which would leave copies.
    let room: usize =
        listed().map(|(one, password)| 2 * one.user.len() + one.id.len() + password.len() + 128).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1024));
    match args.format {
        Format::Json => {
            let users = listed().map(|(one, password)| PrintedUser {
                user: &one.user,
                id: &one.id,
                attempt: one.of.attempt,
                password,
            });
            let printed = Printed {
                run: &told.state.header.run,
                instance: &told.state.header.instance,
                users: users.collect(),
            };
            serde_json::to_writer(&mut *bytes, &printed).map_err(|error| bug(error.to_string()))?;
            escape_from(0, &mut bytes);
            bytes.push(b'\n');
        }
        Format::Csv => {
            let mut writer = csv::WriterBuilder::new().from_writer(&mut *bytes);
            let written = writer.write_record(["user login", "password"]).and_then(|()| {
                listed().try_for_each(|(one, password)| writer.write_record([&*cell(&one.user), password]))
            });
            written.map_err(|error| bug(error.to_string()))?;
            writer.flush().map_err(|error| bug(error.to_string()))?;
            drop(writer);
        }
    }
    match &args.output {
        None => output::result_bytes(&bytes),
        Some(path) => output::into_new_file(path, &bytes)?,
    }
    Ok(())
}
