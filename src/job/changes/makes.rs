//! Whether an import of the same roster would make those of it who are not there.

use std::collections::HashSet;

use super::Compared;
use crate::error::Failure;
use crate::plan::{self, Remedy};
use crate::validate::{self, About, Rules};

/// What it takes for an import of the roster to make those of it who are not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Makes {
    /// Their rows have no password, and need one.
    pub needs_passwords: bool,
    /// Rows that do not say all that a new user needs are left out: most often those of people who are there.
    pub skips_invalid: bool,
}

impl Compared {
    /// The commands that put right all that is told, whoever is not there aside.
    pub(crate) fn remedies(&self) -> Vec<Remedy> {
        plan::remedies(&self.people)
    }

    /// What it takes to make those who are not there; `None` where nobody is missing, or none of their rows says all that a
    /// new user needs.
    ///
    /// # Errors
    /// Exit 4 where the roster cannot be read once more.
    pub fn makes(&self) -> Result<Option<Makes>, Failure> {
        let missing = self.people.iter().filter(|person| person.is_not_there());
        let missing: HashSet<&str> = missing.map(|person| &*person.user).collect();
        // Where a column says what is to be done, it says that they are to be changed, and no import makes them.
        if missing.is_empty() || self.changes.job.reading.act.is_some() {
            return Ok(None);
        }
        for needs_passwords in [false, true] {
            let rules = self.changes.job.rules(&self.reached.directory).about(About::New);
            let rules = Rules { generates_passwords: needs_passwords || rules.generates_passwords, ..rules };
            let mut can_be_made = false;
            let found = validate::check_with_fingerprints(&self.roster, &rules, &mut |row| {
                can_be_made |= !row.has_errors && missing.contains(row.username);
                Ok(())
            })?;
            if can_be_made && found.file_errors == 0 {
                return Ok(Some(Makes { needs_passwords, skips_invalid: found.invalid_rows > 0 }));
            }
        }
        Ok(None)
    }
}
