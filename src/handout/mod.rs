//! Passwords that are handed out: the roster's own columns beside them, a file for each who hands them out, and slips to
//! print.
//!
//! A password stands beside the cells of a row only where that row is the one that the user was made from: by the login,
//! and by the fingerprint that the ledger has of it. Where a login has gone to somebody else in the roster since, the cells
//! are somebody else's, and so would be whoever is handed the password.

mod columns;
mod parcels;
mod slips;
mod workbook;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::agent::IdentityType;
use crate::error::Failure;
use crate::finding::LetThrough;
use crate::ledger::State;
use crate::passwords::{Joined, List, Listed};
use crate::roster::{Options, Roster, Row};
use crate::validate::{self, RowCheck, Rules};

use columns::Chosen;
pub(crate) use parcels::{Parcel, Recipient, parcels};
pub(crate) use slips::Slips;
pub(crate) use workbook::workbook;

/// What to do where rows are not found, or are not as they were.
pub(crate) const READ_AS_IT_WAS: &str = "read the roster as the import did, with the same ⟦column-map⟧, ⟦sheet⟧ and \
    ⟦phone-region⟧; rows that were mended in another file are found with ⟦other-roster FILE⟧, once for each file";

/// What is to stand beside the passwords.
pub(crate) struct Asked<'a> {
    /// Columns of the roster, by its own headers or by ours.
    pub(crate) with: &'a [String],
    /// The column that says whose file each user is in.
    pub(crate) per: Option<&'a str>,
    /// Whether people's names are wanted, where they can be had.
    pub(crate) names: bool,
    /// Where the rows are; none where the ledger is to say it.
    pub(crate) rosters: &'a [PathBuf],
    /// How they are read.
    pub(crate) reading: &'a Options,
}

/// A user, and what the roster has of them.
pub(crate) struct Person<'j> {
    of: Listed<'j>,
    /// The cells that were asked for; none where the row is not known.
    cells: Vec<String>,
    /// The person's name; empty where it is not known.
    name: String,
    /// The cell of the column that says whose file the user is in; empty where it is not known.
    value: String,
    row: Known,
}

/// What is known of a user's row.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing was asked for.
    Unasked,
    /// No row has the login.
    Missing,
    /// A row has the login, and is not as it was when the user was made.
    Changed,
    /// The row that the user was made from.
    Same,
}

/// The passwords with what stands beside them.
pub(crate) struct HandOut<'j> {
    run: &'j str,
    instance: &'j str,
    /// The headers of the columns beside.
    columns: Vec<String>,
    /// The header of the column that says whose file each user is in.
    pub(crate) per: Option<String>,
    /// The users whose password is known, in the order of the roster.
    pub(crate) people: Vec<Person<'j>>,
    /// Why there are no names, where they were wanted and nothing else of the roster was.
    pub(crate) nameless: Option<Failure>,
}

impl<'j> HandOut<'j> {
    /// Puts the roster's columns beside the passwords.
    ///
    /// # Errors
    /// Exit 2 where the roster is not there or cannot be read, has no such column, or the column may have passwords in it.
    pub(crate) fn of(joined: &'j Joined, state: &State, asked: &Asked<'_>) -> Result<Self, Failure> {
        let mut made = Self {
            run: joined.run(),
            instance: joined.instance(),
            columns: Vec::new(),
            per: None,
            people: joined.listed().map(Person::unknown).collect(),
            nameless: None,
        };
        let needs_rows = !asked.with.is_empty() || asked.per.is_some();
        if !needs_rows && !asked.names {
            return Ok(made);
        }
        match made.look_up(state, asked) {
            Err(failure) if !needs_rows && asked.rosters.is_empty() => made.nameless = Some(failure),
            looked => looked?,
        }
        Ok(made)
    }

    /// Reads the rosters, one after the other, for the rows of the users.
    fn look_up(&mut self, state: &State, asked: &Asked<'_>) -> Result<(), Failure> {
        let sources = sources(state, asked)?;
        for (number, (path, header_row)) in sources.iter().enumerate() {
            let reading =
                Options { header_row: asked.reading.header_row.or(*header_row), ..asked.reading.clone() };
            let roster = Roster::open(path, &reading)?;
            let chosen = Chosen::of(&roster, asked.with, asked.per)?;
            if number == 0 {
                self.columns = chosen.headers();
                self.per = chosen.per.as_ref().map(|per| per.header.clone());
            }
            self.read(&roster, &chosen, state)?;
        }
        for one in self.people.iter_mut().filter(|one| one.row == Known::Unasked) {
            one.row = Known::Missing;
        }
        // One row may well have changed; where all of several have, it is the reading that is another.
        if self.people.len() > 1 && self.people.iter().all(|one| one.row != Known::Same) {
            let read: Vec<String> = sources.iter().map(|(path, _)| format!("`{}`", path.display())).collect();
            return Err(Failure::usage(format!(
                "no row is as it was when its user was made, by login and cells: {}",
                read.join(", ")
            ))
            .hint(READ_AS_IT_WAS));
        }
        Ok(())
    }

    fn read(&mut self, roster: &Roster, chosen: &Chosen, state: &State) -> Result<(), Failure> {
        let logins = self.people.iter().enumerate().map(|(at, one)| (one.of.user, at));
        let places: HashMap<&str, usize> = logins.collect();
        let rules = Rules {
            generates_passwords: true,
            tag_room: 50, // whether one of them was ours, the row does not say
            let_through: LetThrough::all(),
            ..Rules::new(IdentityType::ConnectManaged)
        };
        let check = RowCheck::new(roster.columns(), &rules);
        let (mut rows, mut row) = (roster.rows()?, Row::default());
        while rows.read(&mut row)? {
            let login = validate::username(&row, roster.columns());
            let Some(one) = places.get(login).and_then(|at| self.people.get_mut(*at)) else { continue };
            if one.row == Known::Same {
                continue;
            }
            one.row = Known::Changed;
            // What made the user is in the ledger as a fingerprint alone; a row that has errors now is another.
            let print = validate::agent_by(&check, &row).map(|agent| validate::fingerprint(&agent));
            let made = state.find(login).and_then(|at| state.record(at).fingerprint);
            if print.is_some() && print == made {
                one.take(chosen, &row);
            }
        }
        Ok(())
    }

    /// The users who have nothing beside their password, for no row has their login.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &str> {
        self.standing(Known::Missing)
    }

    /// The users who have nothing beside their password, for their row is another than they were made from.
    pub(crate) fn changed(&self) -> impl Iterator<Item = &str> {
        self.standing(Known::Changed)
    }

    fn standing(&self, as_this: Known) -> impl Iterator<Item = &str> {
        self.people.iter().filter(move |one| one.row == as_this).map(|one| one.of.user)
    }

    /// Hands the list over that has these of the people, by their places.
    pub(crate) fn list<T>(&self, people: &[usize], take: impl FnOnce(&List<'_>) -> T) -> T {
        let chosen = people.iter().filter_map(|at| self.people.get(*at));
        let users: Vec<Listed<'_>> = chosen.map(|one| Listed { cells: &one.cells, ..one.of }).collect();
        take(&List { run: self.run, instance: self.instance, columns: &self.columns, users: &users })
    }

    /// The places of all people.
    pub(crate) fn everybody(&self) -> Vec<usize> {
        (0..self.people.len()).collect()
    }
}

/// Where people sign in at the instance, by its alias as the ledger has it: the access URL that Amazon Connect gives new
/// instances (Admin Guide, "Create an Amazon Connect instance"). `None` where no alias was read.
pub(crate) fn sign_in(state: &State) -> Option<String> {
    let alias = state.session.alias.as_deref()?;
    let is_one = !alias.is_empty() && alias.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    is_one.then(|| format!("https://{alias}.my.connect.aws"))
}

impl<'j> Person<'j> {
    fn unknown(of: Listed<'j>) -> Self {
        Self { of, cells: Vec::new(), name: String::new(), value: String::new(), row: Known::Unasked }
    }

    fn take(&mut self, chosen: &Chosen, row: &Row) {
        self.cells = chosen.with.iter().map(|column| column.cell(row)).collect();
        self.value = chosen.per.as_ref().map(|column| column.cell(row)).unwrap_or_default();
        self.name = chosen.name(row);
        self.row = Known::Same;
    }
}

/// Where the rows are, each file with the row of its header where that is known: the files that were named, or the roster
/// that the ledger was made from and the one that it worked from last.
fn sources(state: &State, asked: &Asked<'_>) -> Result<Vec<(PathBuf, Option<u64>)>, Failure> {
    if !asked.rosters.is_empty() {
        return Ok(asked.rosters.iter().map(|path| (path.clone(), None)).collect());
    }
    let (first, last) = (&state.header, &state.session);
    let mut sources = vec![(PathBuf::from(&last.roster), last.header_row)];
    if first.roster != last.roster {
        sources.push((PathBuf::from(&first.roster), first.header_row));
    }
    sources.retain(|(path, _)| path.is_file());
    if sources.is_empty() {
        let shown = Path::new(&last.roster).display();
        return Err(Failure::usage(format!("the roster is not where the ledger has it: `{shown}`"))
            .hint("say where it is with ⟦other-roster FILE⟧"));
    }
    Ok(sources)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_sign_in_at_the_alias_of_their_instance_and_at_nothing_else() {
        let at = |alias: Option<&str>| {
            let mut state = State::default();
            state.session.alias = alias.map(str::to_owned);
            sign_in(&state)
        };
        assert_eq!(at(Some("acme-1")).as_deref(), Some("https://acme-1.my.connect.aws"));
        for none in [None, Some(""), Some("evil.example/"), Some("a b"), Some("a@b")] {
            assert_eq!(at(none), None);
        }
    }
}
