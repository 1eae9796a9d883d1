//! Which of the passwords that headcount made the instance holds: the file, joined with what the ledger says became of its
//! attempts. Pure but for the reading: what is at hand decides.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::path::Path;

use super::reader::find;
use super::record::Of;
use super::sealed::Identities;
use crate::agent::{Password, RowNumber};
use crate::crash::{self, Sabotage};
use crate::error::Failure;
use crate::ledger::{Attempt, Entry, Kind, Nonce, Op, Place, RowState, State};
use crate::text;

/// What a ledger's outcomes say that its state does not keep. Fed line by line, each with the state before it.
#[derive(Default)]
pub struct Outcomes {
    rows: HashMap<Place, Row>,
    /// The attempts with a password of ours.
    generated: HashMap<Attempt, Generated>,
    /// The processes that made passwords, in their order.
    makers: Vec<Maker>,
}

/// An attempt with a password of ours.
struct Generated {
    /// For whom it was meant.
    meant: Place,
    /// Its own random bits.
    nonce: Option<Nonce>,
    /// Which of the makers made it.
    by: usize,
}

/// A process that made passwords: they are in its file, on its machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maker {
    session: String,
    /// The machine.
    pub host: String,
    /// The process.
    pub pid: u32,
    /// When it began, RFC 3339.
    pub since: String,
}

/// A row as its outcomes alone have it.
#[derive(Default)]
struct Row {
    state: RowState,
    /// The attempt that made the user.
    attempt: Option<Attempt>,
    id: String,
}

/// A ledger, as far as it counts for passwords.
pub struct Told<'l> {
    /// Where each row stands.
    pub state: &'l State,
    /// An importer was at work: what it has made since is not known here.
    pub at_work: bool,
    /// What became of its attempts.
    pub outcomes: &'l Outcomes,
}

/// The users that were created with a password of ours, in the order of the roster, and what cannot be known.
pub struct Joined {
    /// The ledger's run.
    pub(super) run: String,
    /// The instance's ARN.
    pub(super) instance: String,
    /// Each with the password in force, where it is in the file.
    pub(super) known: Vec<Known>,
    /// The processes that made passwords.
    makers: Vec<Maker>,
    /// Users for whom the file has a password by an attempt that the ledger does not have, and none that is known: it may be
    /// in force, and only the instance and the ledger that made it can tell.
    pub copied: BTreeSet<String>,
    /// How many users were created with a password that headcount did not make.
    pub(crate) own: u64,
    /// How many rows are in doubt.
    pub(crate) in_doubt: u64,
}

/// A user with the password in force.
pub(super) struct Known {
    row: RowNumber,
    pub(super) user: String,
    pub(super) id: String,
    pub(super) of: Of,
    pub(super) password: Option<Password>,
    by: usize,
}

impl Outcomes {
    /// Takes the next line of the ledger; `before` is the state without it.
    pub fn take(&mut self, entry: &Entry, before: &State) {
        let Some(user) = entry.user.as_deref() else { return };
        match entry.kind {
            Kind::Intent if entry.generated => {
                let by = self.maker(before);
                let made = Generated { meant: before.place_for(user), nonce: entry.nonce, by };
                self.generated.extend(entry.attempt.map(|attempt| (attempt, made)));
            }
            // Whoever was not deleted has the password that it had.
            Kind::Outcome if entry.op == Some(Op::Delete) && entry.state != Some(RowState::Deleted) => {}
            Kind::Outcome => {
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
            | Kind::End
            | Kind::Moved => {}
        }
    }

    /// The process that writes now.
    fn maker(&mut self, now: &State) -> usize {
        let session = &now.session;
        if self.makers.last().is_none_or(|last| last.session != session.id) {
            self.makers.push(Maker {
                session: session.id.clone(),
                host: session.host.clone(),
                pid: session.pid,
                since: session.at.clone(),
            });
        }
        self.makers.len() - 1
    }

    /// Whether a password was made for this attempt, by this ledger.
    fn has(&self, of: Of) -> bool {
        self.generated.get(&of.attempt).is_some_and(|made| made.nonce == of.nonce)
    }

    /// The users that were created with a password of ours, in the order of the roster.
    fn made(&self, state: &State) -> Vec<Known> {
        let created = self.rows.iter().filter(|(_, row)| row.state == RowState::Created);
        let made = created.filter_map(|(at, row)| {
            let attempt = row.attempt?;
            // An attempt that was meant for somebody else made nobody of this name.
            let Generated { nonce, by, .. } =
                *self.generated.get(&attempt).filter(|made| made.meant == *at)?;
            let of = Of { attempt, nonce };
            let (user, id) = (state.user(*at).to_owned(), row.id.clone());
            Some(Known { row: state.record(*at).row, user, id, of, password: None, by })
        });
        let mut known: Vec<Known> = made.collect();
        known.sort_by(|one, other| (one.row, &one.user).cmp(&(other.row, &other.user)));
        known
    }

    fn count(&self, state: RowState) -> u64 {
        self.rows.values().filter(|row| row.state == state).count() as u64
    }
}

impl Joined {
    /// The ledger's run.
    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    /// The instance's ARN.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Reads a file of passwords beside its ledger; `path` is the file's, for people.
    ///
    /// # Errors
    /// As [`Joined::read_all`].
    pub fn read(
        told: &Told<'_>,
        file: impl Read,
        path: &Path,
        identities: Option<&Identities>,
    ) -> Result<Self, Failure> {
        Self::read_all(told, [(file, path)], identities)
    }

    /// Reads several: each machine that made passwords for a ledger which machines share has a file of its own.
    ///
    /// # Errors
    /// Exit 2 where the file cannot be read or is another's, or passwords are encrypted and none of the identities opens
    /// them; exit 4 where it is damaged, of another version or of another run than the ledger.
    pub fn read_all<'p, F: Read>(
        told: &Told<'_>,
        files: impl IntoIterator<Item = (F, &'p Path)>,
        identities: Option<&Identities>,
    ) -> Result<Self, Failure> {
        let Told { state, at_work, outcomes } = told;
        let mut known = outcomes.made(state);
        let places: HashMap<String, usize> =
            known.iter().enumerate().map(|(at, one)| (one.user.clone(), at)).collect();
        let newest = crash::sabotage(Sabotage::NewestPassword);
        let by_number = crash::sabotage(Sabotage::NumberIsProof);
        let mut copied = BTreeSet::new();
        for (file, path) in files {
            let mut unopened = 0_u64;
            let found = find(file, path, |user, of, held| {
                // By attempts of a copy of this ledger, or of the ledger after the state that was put back.
                if !at_work && !outcomes.has(of) {
                    copied.insert(user.to_owned());
                }
                let Some(one) = places.get(user).and_then(|at| known.get_mut(*at)) else { return };
                if one.of != of && !newest && !(by_number && one.of.attempt == of.attempt) {
                    return;
                }
                match held.open(identities) {
                    Some(password) => one.password = Some(password),
                    None => unopened += 1,
                }
            })?;
            if found.run != state.header.run {
                return Err(Failure::stopped(format!(
                    "the credentials file is of another run than the ledger: `{}`",
                    path.display()
                ))
                .hint("give the ledger that was written by the same import"));
            }
            if unopened > 0 {
                return Err(not_opened(unopened, path, identities.is_some()));
            }
        }
        let own = outcomes.count(RowState::Created) - known.len() as u64;
        let mut joined = Self {
            run: state.header.run.clone(),
            instance: state.header.instance.clone(),
            known,
            makers: outcomes.makers.clone(),
            copied,
            own,
            in_doubt: outcomes.count(RowState::InDoubt),
        };
        let listed: BTreeSet<String> =
            joined.known.iter().filter(|one| one.password.is_some()).map(|one| one.user.clone()).collect();
        joined.copied.retain(|user| !listed.contains(user));
        Ok(joined)
    }

    /// The users whose password is not in the file, in the order of the roster: whoever hands the list out must know who is
    /// not on it.
    pub fn lost(&self) -> impl Iterator<Item = &str> {
        self.known.iter().filter(|one| one.password.is_none()).map(|one| &*one.user)
    }

    /// The processes that made these, each with how many: where they are.
    pub fn lost_by(&self) -> impl Iterator<Item = (&Maker, u64)> {
        let mut counts = vec![0_u64; self.makers.len()];
        self.known.iter().filter(|one| one.password.is_none()).for_each(|one| counts[one.by] += 1);
        self.makers.iter().zip(counts).filter(|(_, count)| *count > 0)
    }
}

fn not_opened(unopened: u64, path: &Path, has_identities: bool) -> Failure {
    let shown = path.display();
    if has_identities {
        let passwords = text::count(unopened, "password");
        return Failure::usage(format!("{passwords} cannot be decrypted with these identities: `{shown}`"));
    }
    Failure::usage(format!("the passwords are encrypted: `{shown}`"))
        .hint("give the key that belongs to a recipient with ⟦identities FILE⟧")
}
