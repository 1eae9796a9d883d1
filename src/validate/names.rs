//! What a roster names of an instance, for one that is to be made to fit.

use std::collections::BTreeSet;

use crate::roster::{Columns, Field, Row};

use super::grammar::{list, trimmed};

/// The names that a roster uses, as its cells have them: an id or an ARN is among them where a cell has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamesUsed {
    /// Routing profiles.
    pub routing_profiles: BTreeSet<String>,
    /// Security profiles.
    pub security_profiles: BTreeSet<String>,
    /// Hierarchy paths, the top level first.
    pub hierarchy: BTreeSet<Vec<String>>,
}

impl NamesUsed {
    /// Adds what a row names. Empty places are left out.
    pub fn add(&mut self, row: &Row, columns: &Columns) {
        let cell = |field| trimmed(columns.cell(row, field));
        add(&mut self.routing_profiles, cell(Field::RoutingProfile));
        for name in list(cell(Field::SecurityProfiles)) {
            add(&mut self.security_profiles, name);
        }
        let path: Vec<String> = list(cell(Field::Hierarchy)).map(str::to_owned).collect();
        if !path.is_empty() && path.iter().all(|level| !level.is_empty()) {
            self.hierarchy.insert(path);
        }
    }
}

fn add(names: &mut BTreeSet<String>, name: &str) {
    if !name.is_empty() && !names.contains(name) {
        names.insert(name.to_owned());
    }
}
