//! What a roster names of an instance, for one that is to be made to fit.

use std::collections::BTreeSet;

use crate::error::Failure;
use crate::roster::{Columns, Field, Roster, Row};

use super::grammar::{list, proficiencies, trimmed};

/// The names that a roster uses, as its cells have them: an id or an ARN is among them where a cell has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesUsed {
    /// Routing profiles.
    pub routing_profiles: BTreeSet<String>,
    /// Security profiles.
    pub security_profiles: BTreeSet<String>,
    /// Hierarchy paths, the top level first.
    pub hierarchy: BTreeSet<Vec<String>>,
    /// Predefined attributes with one of their values.
    pub proficiencies: BTreeSet<(String, String)>,
    /// In how many rows.
    pub rows: u64,
}

impl NamesUsed {
    /// Adds what a row names. Empty places are left out.
    pub fn add(&mut self, row: &Row, columns: &Columns) {
        self.rows += 1;
        let cell = |field| trimmed(columns.cell(row, field));
        add(&mut self.routing_profiles, cell(Field::RoutingProfile));
        for name in list(cell(Field::SecurityProfiles)) {
            add(&mut self.security_profiles, name);
        }
        let path: Vec<String> = list(cell(Field::Hierarchy)).map(str::to_owned).collect();
        if !path.is_empty() && path.iter().all(|level| !level.is_empty()) {
            self.hierarchy.insert(path);
        }
        for found in proficiencies(cell(Field::Proficiencies)).flatten() {
            let pair = (found.attribute.to_owned(), found.value.to_owned());
            if !pair.0.is_empty() && !pair.1.is_empty() {
                self.proficiencies.insert(pair);
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
pub fn username<'r>(row: &'r Row, columns: &Columns) -> &'r str {
    trimmed(columns.cell(row, Field::Username))
}

/// Reads the whole roster for the names it uses.
pub fn names_used(roster: &Roster) -> Result<NamesUsed, Failure> {
    let mut used = NamesUsed::default();
    let mut rows = roster.rows()?;
    let mut row = Row::default();
    while rows.read(&mut row)? {
        used.add(&row, roster.columns());
    }
    Ok(used)
}
