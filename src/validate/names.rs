//! What a roster names of an instance, for one that is to be made to fit.

use std::collections::{BTreeSet, HashSet};

use super::about::is_clear;
use super::grammar::{list, proficiencies, trimmed};
use crate::roster::{Columns, Field, Row};

/// The names that a roster uses, as its cells have them: an id or an ARN is among them where a cell has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct NamesUsed {
    /// Routing profiles.
    pub(crate) routing_profiles: BTreeSet<String>,
    /// Security profiles.
    pub(crate) security_profiles: BTreeSet<String>,
    /// Hierarchy paths, the top level first.
    pub(crate) hierarchy: BTreeSet<Vec<String>>,
    /// Predefined attributes with one of their values.
    pub(crate) proficiencies: BTreeSet<(String, String)>,
    /// In how many rows.
    pub(crate) rows: u64,
}

/// The fields that name something of an instance.
const NAMING: [Field; 4] =
    [Field::RoutingProfile, Field::SecurityProfiles, Field::Hierarchy, Field::Proficiencies];

impl NamesUsed {
    /// Adds what a row names. Empty places are left out.
    pub(crate) fn add(&mut self, row: &Row, columns: &Columns) {
        self.rows += 1;
        for field in NAMING {
            self.take(field, trimmed(columns.cell(row, field)));
        }
    }

    /// Adds what a cell names.
    fn take(&mut self, field: Field, cell: &str) {
        if is_clear(cell) {
            return;
        }
        match field {
            Field::RoutingProfile => add(&mut self.routing_profiles, cell),
            Field::SecurityProfiles => list(cell).for_each(|name| add(&mut self.security_profiles, name)),
            Field::Hierarchy => {
                let path: Vec<String> = list(cell).map(str::to_owned).collect();
                if !path.is_empty() && path.iter().all(|level| !level.is_empty()) {
                    self.hierarchy.insert(path);
                }
            }
            Field::Proficiencies => {
                for found in proficiencies(cell).flatten() {
                    let pair = (found.attribute.to_owned(), found.value.to_owned());
                    if !pair.0.is_empty() && !pair.1.is_empty() {
                        self.proficiencies.insert(pair);
                    }
                }
            }
            _ => {} // names nothing
        }
    }

    /// Adds what other rows name.
    pub(super) fn merge(&mut self, other: Self) {
        let Self { routing_profiles, security_profiles, hierarchy, proficiencies, rows } = other;
        self.routing_profiles.extend(routing_profiles);
        self.security_profiles.extend(security_profiles);
        self.hierarchy.extend(hierarchy);
        self.proficiencies.extend(proficiencies);
        self.rows += rows;
    }
}

/// How many different cells of a field are remembered.
const REMEMBERED: usize = 4096;

/// Gathers what many rows name. A cell that was there before is not taken apart again: there are few of them, and a
/// million rows.
#[derive(Default)]
pub(super) struct Gatherer {
    /// What was found so far.
    pub(super) used: NamesUsed,
    seen: [HashSet<Box<str>>; NAMING.len()],
}

impl Gatherer {
    /// As [`NamesUsed::add`].
    pub(super) fn add(&mut self, row: &Row, columns: &Columns) {
        self.used.rows += 1;
        for (field, seen) in NAMING.into_iter().zip(&mut self.seen) {
            let cell = trimmed(columns.cell(row, field));
            if !cell.is_empty() && !seen.contains(cell) {
                // Where nearly every cell is another one, as with proficiencies that each have a level, none is kept: a
                // pass takes no more room for a long roster than for a short one.
                if seen.len() < REMEMBERED {
                    seen.insert(cell.into());
                }
                self.used.take(field, cell);
            }
        }
    }
}

fn add(names: &mut BTreeSet<String>, name: &str) {
    if !name.is_empty() && !names.contains(name) {
        names.insert(name.to_owned());
    }
}

/// A row's username as it is sent: without the spaces around it, and empty where there is none.
pub(crate) fn username<'r>(row: &'r Row, columns: &Columns) -> &'r str {
    trimmed(columns.cell(row, Field::Username))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{Options, Roster};

    #[test]
    fn what_is_remembered_is_bounded_and_what_is_named_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv");
        let row = |n: usize| format!("u{n},Basic,P{n}|Q,Top|G{},Reading:{}:{}\n", n % 9, n % 7, n % 5 + 1);
        let head = "user login,routing profile,security profiles,hierarchy,proficiencies\n".to_owned();
        std::fs::write(&path, (0..REMEMBERED + 50).map(row).fold(head, |text, row| text + &row)).unwrap();
        let roster = Roster::open(&path, &Options::default()).unwrap();
        let (mut rows, mut row) = (roster.rows().unwrap(), Row::default());
        let (mut plain, mut gatherer) = (NamesUsed::default(), Gatherer::default());
        while rows.read(&mut row).unwrap() {
            plain.add(&row, roster.columns());
            gatherer.add(&row, roster.columns());
        }
        assert_eq!(gatherer.used, plain);
        assert_eq!((plain.security_profiles.len(), plain.hierarchy.len()), (REMEMBERED + 51, 9));
        assert_eq!(gatherer.seen.map(|seen| seen.len()), [1, REMEMBERED, 9, 35]);
    }
}
