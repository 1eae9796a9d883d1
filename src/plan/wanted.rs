//! The roster as it is now, by who.

use std::collections::HashMap;

use sha2::Digest as _;

use crate::agent::{Fingerprint, RowNumber};
use crate::ledger::{Names, RowState, State};

/// What one pass over the roster says of a row: enough to plan with, and compact, for rosters of a million rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The number that the spreadsheet shows.
    pub(crate) row: RowNumber,
    /// Over all cells but the secret ones; `None` where it has no fingerprint for its errors.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Over its proficiencies, which follow it.
    pub(crate) proficiencies: Option<Fingerprint>,
    /// Whether it can be sent: it has no errors of its own, and shares its username with no other row.
    pub(crate) valid: bool,
}

/// The code of the finding that two rows share a username.
const USERNAME_SHARED: &str = crate::finding::codes::USERNAME_DUPLICATE.id;

/// Somebody whom the roster asks for: a place in [`Wanted`], which is no place of a ledger's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Who(u32);

impl Who {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// The roster as it is now, by who.
#[derive(Clone, Default)]
pub struct Wanted {
    names: Names,
    seen: Vec<Seen>,
    invalid: Vec<Invalid>,
    origins: HashMap<Who, Origin>,
    /// Of rows that have errors in their secret cells alone, what the others ask for.
    but_for_secrets: HashMap<Who, Fingerprint>,
    digest: sha2::Sha256,
}

/// Where a row of a file of failed rows comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The number that the first roster has for it.
    pub(crate) row: Option<RowNumber>,
    /// The name that it had there, where that was another.
    pub(crate) was: Option<Box<str>>,
}

/// An invalid row and the first thing that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Invalid {
    pub(super) who: Who,
    /// The finding's code.
    pub(super) code: &'static str,
    /// The finding's message.
    pub(super) message: String,
}

impl Wanted {
    /// Takes a valid row in. A username that was there already makes both rows' one place invalid: which of them is
    /// meant is not ours to guess.
    pub fn add(&mut self, username: &str, row: RowNumber, fingerprint: Fingerprint) {
        self.add_with_proficiencies(username, row, fingerprint, None);
    }

    /// The same, with the fingerprint of the proficiencies that are to follow it.
    pub(crate) fn add_with_proficiencies(
        &mut self,
        username: &str,
        row: RowNumber,
        fingerprint: Fingerprint,
        proficiencies: Option<Fingerprint>,
    ) {
        // The fingerprints alone: they leave the secret cells out, and so does what is made of them.
        self.digest.update(fingerprint.bits().to_be_bytes());
        if let Some(proficiencies) = proficiencies {
            self.digest.update(proficiencies.bits().to_be_bytes());
        }
        let (who, added) = self.intern(username);
        if added {
            self.seen.push(Seen { row, fingerprint: Some(fingerprint), proficiencies, valid: true });
        } else {
            let message = format!("the username is also in row {}", self.of(who).row);
            self.add_invalid(username, row, USERNAME_SHARED, &message);
        }
    }

    /// Takes a row with errors in. One that has no username of its own goes by its number.
    pub(crate) fn add_invalid(&mut self, username: &str, row: RowNumber, code: &'static str, message: &str) {
        self.digest.update(row.number().to_be_bytes());
        let by_row = format!("row {row}");
        let taken = self.who(username);
        if let Some(who) = taken {
            // The row that had the name first is as doubtful as this one, and neither may be sent.
            let first = &mut self.seen[who.index()];
            if std::mem::replace(&mut first.valid, false) {
                let message = format!("the username is also in row {row}");
                self.invalid.push(Invalid { who, code: USERNAME_SHARED, message });
            }
        }
        // The ledger knows rows by name: one that has none, or another's, is known by its number.
        let name = if username.trim().is_empty() || taken.is_some() { &by_row } else { username };
        let (who, added) = self.intern(name);
        if added {
            self.seen.push(Seen { row, fingerprint: None, proficiencies: None, valid: false });
        }
        self.invalid.push(Invalid { who, code, message: message.to_owned() });
    }

    /// Says where the row of this name and number comes from. A row that shares its name has no say.
    pub(crate) fn comes_from(&mut self, username: &str, row: RowNumber, origin: Origin) {
        if let Some(who) = self.who(username).filter(|who| self.of(*who).row == row) {
            self.origins.insert(who, origin);
        }
    }

    /// Says what a row asks for whose secret cells alone have errors.
    pub(crate) fn asks_for(&mut self, username: &str, row: RowNumber, fingerprint: Fingerprint) {
        if let Some(who) = self.who(username).filter(|who| self.of(*who).row == row) {
            self.but_for_secrets.insert(who, fingerprint);
        }
    }

    /// A row as a user who is there is held against it: no trace of a password is kept, so that a wrong one in the roster is
    /// no cell that has changed.
    pub(super) fn against_made(&self, who: Who, seen: Seen, made: Option<Fingerprint>) -> Seen {
        let asked = self.but_for_secrets.get(&who).copied();
        let is_same = !seen.valid && asked.is_some() && asked == made;
        Seen {
            valid: seen.valid || is_same,
            fingerprint: if is_same { asked } else { seen.fingerprint },
            ..seen
        }
    }

    /// Where a row comes from, if it is known.
    pub(super) fn origin(&self, who: Who) -> Option<&Origin> {
        self.origins.get(&who)
    }

    /// Everybody's name, in the roster's order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter()
    }

    /// How many rows the roster has, by who.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// SHA-256 over the fingerprints, in hexadecimal: the roster's digest. No secret cell goes into it.
    pub(crate) fn digest(&self) -> String {
        let digest = self.digest.clone().finalize();
        digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// The first fault of each invalid row.
    pub(super) fn first_faults(&self) -> impl Iterator<Item = &Invalid> {
        let mut told = std::collections::HashSet::new();
        self.invalid.iter().filter(move |fault| told.insert(fault.who))
    }

    /// The rows with errors, each with the first of them: name, number, code and message.
    pub(crate) fn invalid(&self) -> impl Iterator<Item = (&str, RowNumber, &'static str, &str)> {
        self.first_faults()
            .map(|fault| (self.name(fault.who), self.of(fault.who).row, fault.code, fault.message.as_str()))
    }

    /// A row by who.
    pub(crate) fn find(&self, username: &str) -> Option<Seen> {
        self.who(username).map(|who| self.of(who))
    }

    pub(super) fn who(&self, username: &str) -> Option<Who> {
        self.names.find(username).map(Who)
    }

    pub(super) fn of(&self, who: Who) -> Seen {
        self.seen[who.index()]
    }

    pub(super) fn name(&self, who: Who) -> &str {
        self.names.get(who.0)
    }

    /// Somebody who was created as another row than the roster has for that name now, and the name of a row of the same kind
    /// (by `kind_of` a row's number) that was never sent: so the first may be about to be made once more, by the name of the
    /// second.
    pub(crate) fn moved(&self, state: &State, kind_of: impl Fn(u64) -> Option<u64>) -> Option<(&str, &str)> {
        let (mut changed, mut fresh) = (HashMap::new(), HashMap::new());
        for (_, user, seen) in self.everybody() {
            let Some(kind) = kind_of(seen.row.number().into()) else { continue };
            let record = state.find(user).map(|at| state.record(at));
            match record {
                Some(record) if record.state == RowState::Created => {
                    if seen.fingerprint.is_some() && record.fingerprint != seen.fingerprint {
                        changed.entry(kind).or_insert(user);
                    }
                }
                Some(record) if record.settled_state() == RowState::InDoubt => {}
                _ => _ = fresh.entry(kind).or_insert(user),
            }
        }
        let mut both: Vec<_> =
            changed.iter().filter_map(|(kind, user)| Some((*kind, *user, *fresh.get(kind)?))).collect();
        both.sort_unstable();
        both.first().map(|(_, user, other)| (*user, *other))
    }

    /// Everybody, in the roster's order.
    pub(super) fn everybody(&self) -> impl Iterator<Item = (Who, &str, Seen)> {
        let rows = self.names.iter().zip(&self.seen);
        (0..).map(Who).zip(rows).map(|(who, (user, seen))| (who, user, *seen))
    }

    fn intern(&mut self, username: &str) -> (Who, bool) {
        let (number, added) = self.names.intern(username);
        (Who(number), added)
    }
}
