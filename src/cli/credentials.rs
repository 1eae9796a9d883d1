//! `headcount credentials`: the passwords that headcount made, joined with what the ledger says became of them.

use std::collections::{HashMap, HashSet};
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
use crate::ledger::{self, Attempt, Entry, Gathered, Kind, Place, RowState, State};
use crate::passwords::{Identities, find};
use crate::text::{self, cell};

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
    outcomes: Outcomes,
}

/// What the outcomes say that the ledger's state does not keep.
#[derive(Default)]
struct Outcomes {
    rows: HashMap<Place, Row>,
    /// The attempts with a password of ours.
    generated: HashSet<Attempt>,
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
    attempt: Attempt,
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
    let found = find(&file, &args.file, |user, attempt, held| {
        let Some(one) = places.get(user).and_then(|at| known.get_mut(*at)) else { return };
        if one.attempt != attempt && !newest {
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
    print(args.format, &told, &known)?;
    told.say_the_rest(&known);
    if lost > 0 {
        let who = known.iter().find(|one| one.password.is_none()).map_or("", |one| &one.user);
        return Err(Failure::stopped(format!(
            "{} made with a password that is not in the file, the first of them `{}`: `{shown}`",
            text::count(lost, "user"),
            text::plain(who)
        ))
        .hint("is it an older copy? Where the passwords are lost, reset them in the console"));
    }
    Ok(Exit::Done)
}

impl Outcomes {
    fn take(&mut self, entry: &Entry, before: &State) {
        match entry.kind {
            Kind::Intent if entry.generated => self.generated.extend(entry.attempt),
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
            | Kind::End => {}
        }
    }
}

impl Told {
    fn read(ledger: &Path) -> Result<Self, Failure> {
        let Gathered { state, own: outcomes, .. } =
            ledger::gather(ledger, Outcomes::default(), Outcomes::take)?;
        Ok(Self { state, outcomes })
    }

    /// The users that were created with a password of ours, in the order of the roster.
    fn made(&self) -> Vec<Known> {
        let Outcomes { rows, generated } = &self.outcomes;
        let created = rows.iter().filter(|(_, row)| row.state == RowState::Created);
        let made = created.filter_map(|(at, row)| {
            let attempt = row.attempt.filter(|attempt| generated.contains(attempt))?;
            let (user, id) = (self.state.user(*at).to_owned(), row.id.clone());
            Some(Known { row: self.state.record(*at).row, user, id, attempt, password: None })
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

fn print(format: Format, told: &Told, known: &[Known]) -> Result<(), Failure> {
    let bug = |error: String| Failure::new(Exit::Bug, "cannot print the passwords").because(error);
    let listed =
        || known.iter().filter_map(|one| one.password.as_ref().map(|password| (one, password.expose())));
    // Large enough that it does not grow, which would leave copies.
    let room: usize =
        listed().map(|(one, password)| 2 * one.user.len() + one.id.len() + password.len() + 128).sum();
    let mut bytes = Zeroizing::new(Vec::with_capacity(room + 1024));
    match format {
        Format::Json => {
            let users = listed().map(|(one, password)| PrintedUser {
                user: &one.user,
                id: &one.id,
                attempt: one.attempt,
                password,
            });
            let printed = Printed {
                run: &told.state.header.run,
                instance: &told.state.header.instance,
                users: users.collect(),
            };
            serde_json::to_writer(&mut *bytes, &printed).map_err(|error| bug(error.to_string()))?;
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
    output::result_bytes(&bytes);
    Ok(())
}
