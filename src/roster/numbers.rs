//! Numbers in made logins that would otherwise be the same: `a.schmidt`, `a.schmidt2`, `a.schmidt3`.
//!
//! They are found out when a roster is opened, and only those are kept that differ from nothing: whoever reads its rows
//! later, and however often, reads the same logins. The order is the file's. So who is put above others of the same name
//! takes their number; an import that would make somebody a second time by that is stopped (`plan`).

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// The rows whose made logins would be the same as others', by the row's number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    rows: HashMap<u64, Numbered>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Numbered {
    /// The row of the first of them.
    first: u64,
    number: u32,
}

/// Numbers as they are given out. Hashes alone are held, for there may be a million rows; two names of one hash would cost
/// one of them a number, no more.
#[derive(Default)]
pub(super) struct Numbering {
    numbers: Numbers,
    /// The first row of each login.
    firsts: HashMap<u64, u64>,
    /// The last number that each shared login has.
    lasts: HashMap<u64, u32>,
    /// The logins that stand in the roster itself, and those that have a number.
    taken: HashSet<u64>,
}

impl Numbering {
    /// Takes a login that stands in the roster itself, of whatever row: before any that is made.
    pub(super) fn give(&mut self, login: &str) {
        self.taken.insert(hash(login));
    }

    /// Takes the next row whose login is made: `plain` without a number, and `numbered` with one.
    pub(super) fn make(&mut self, row: u64, plain: &str, numbered: impl Fn(u32) -> String) {
        let plain = hash(plain);
        let first = match self.firsts.entry(plain) {
            Entry::Vacant(free) if !self.taken.contains(&plain) => {
                free.insert(row);
                return;
            }
            Entry::Vacant(_) => row,
            Entry::Occupied(first) => *first.get(),
        };
        let last = self.lasts.entry(plain).or_insert(1);
        // A number may be in a name already: where another is called `a.schmidt2`, the second is `a.schmidt3`.
        let number = loop {
            *last += 1;
            let login = hash(&numbered(*last));
            if !self.firsts.contains_key(&login) && self.taken.insert(login) {
                break *last;
            }
        };
        self.numbers.rows.entry(first).or_insert(Numbered { first, number: 1 });
        self.numbers.rows.insert(row, Numbered { first, number });
    }

    /// The numbers of all rows.
    pub(super) fn end(self) -> Numbers {
        self.numbers
    }
}

impl Numbers {
    /// The number in a row's login: 1 for the first of its kind.
    pub(super) fn of(&self, row: u64) -> u32 {
        self.rows.get(&row).map_or(1, |numbered| numbered.number)
    }

    /// The first row of those whose logins would be the same as this one's.
    pub(super) fn first(&self, row: u64) -> Option<u64> {
        self.rows.get(&row).map(|numbered| numbered.first)
    }
}

/// By case alone two logins do not differ enough for people.
fn hash(login: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    login.trim().to_lowercase().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use crate::roster::{Field, Options, Roster, Row};

    const MAP: &str = "[templates]\n\"user login\" = \"{first name|initial|lower}.{last name|lower}{n}\"";

    fn logins(text: &str) -> Vec<String> {
        let roster = Roster::from_memory(text.into(), &Options::default(), MAP).unwrap();
        let read = || {
            let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
            while rows.read(&mut row).unwrap() {
                all.push(roster.columns().cell(&row, Field::Username).to_owned());
            }
            all
        };
        let all = read();
        assert_eq!(read(), all, "however often it is read");
        all
    }

    #[test]
    fn the_second_of_a_name_has_a_number_and_none_is_given_twice() {
        let roster = "first name,last name\nAnna,Schmidt\nBob,Lee\nAdam,SCHMIDT\n,Schmidt\nAda,Schmidt\n";
        assert_eq!(logins(roster), ["a.schmidt", "b.lee", "a.schmidt2", "", "a.schmidt3"]);
        // Whoever has a login in the roster keeps it, be it further down and in another case.
        let roster = "first name,last name,user login\nAnna,Schmidt,\nAdam,Schmidt,\nBob,Lee,A.Schmidt\nCid,Lee,a.schmidt2\n";
        assert_eq!(logins(roster), ["a.schmidt3", "a.schmidt4", "A.Schmidt", "a.schmidt2"]);
        // One who is called so is not who was numbered so.
        let roster = "first name,last name\nAnna,Schmidt\nAdam,Schmidt\nAda,Schmidt2\nAsa,Schmidt2\n";
        assert_eq!(logins(roster), ["a.schmidt", "a.schmidt2", "a.schmidt22", "a.schmidt23"]);
    }

    #[test]
    fn who_comes_below_moves_nobody() {
        let before = "first name,last name\nAnna,Schmidt\nAdam,Schmidt\n".to_owned();
        let after = logins(&(before.clone() + "Ada,Schmidt\nBob,Lee\n"));
        assert_eq!(after[..2], logins(&before)[..]);
    }
}
