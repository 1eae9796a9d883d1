//! Stage 2: rows × directory become agents and findings.
//!
//! [`check`] goes over a roster once and collects all faults of all rows; it stops at none. [`check_row`] is one row by
//! itself, and [`agent`] builds what a row without errors asks for. The rules stand as a table in `rules.rs`, what they
//! can say in [`crate::finding::codes`].

mod about;
mod agents;
mod clean;
mod conveyor;
mod damaged;
mod fixes;
pub(crate) mod grammar;
mod identity;
mod leavers;
#[cfg(test)]
mod leaving_tests;
mod logins;
mod memory;
mod names;
mod pass;
mod people;
mod rules;
mod separators;
mod tally;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod there_tests;
mod together;

use crate::agent::IdentityType;
use crate::directory::{Directory, Found};
use crate::finding::LetThrough;
use crate::roster::Field;

pub(crate) use about::About;
pub use agents::{agent, agent_by};
pub(crate) use agents::{fingerprint, proficiencies_fingerprint};
pub(crate) use clean::CleanRows;
pub(crate) use fixes::{Proposing, may_be_mended};
pub(crate) use identity::{Inferred, infer_identity, infer_identity_of_those_there};
pub(crate) use leavers::{Rule as LeaversRule, Watch};
pub(crate) use names::{NamesUsed, username};
pub(crate) use pass::{Checked, CheckedRow, Who, check_changed_rows, check_while, each_row};
pub use pass::{Pass, check, check_with_fingerprints};
pub(crate) use rules::required_fields;
pub use rules::{RowCheck, check_columns, check_row, password_faults};
pub(crate) use tally::Tally;

/// Against what a roster is checked.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'d> {
    /// The pack of rules: how the instance knows its users.
    pub(crate) identity: IdentityType,
    /// By what that was inferred, where nobody told it: then it may be another, and what follows from it is said once.
    pub(crate) inferred: Option<Inferred>,
    /// The instance, where it is known: names must be known to it.
    pub(crate) directory: Option<&'d Directory>,
    /// Whether the instance was made up of the roster's own names: then that it has them says nothing.
    pub(crate) names_are_made_up: bool,
    /// Whom its rows are about.
    pub(crate) about: About,
    /// Whether the users in the directory are worth a warning. An import decides `exists` by its ledger instead.
    pub(crate) compares_users: bool,
    /// Whether passwords are generated, or one for all is given: then a row need not have one.
    pub(crate) generates_passwords: bool,
    /// How many tags a row may have: 49, or 50 where no provenance tag is added.
    pub(crate) tag_room: usize,
    /// The errors that are let through, as warnings.
    pub(crate) let_through: LetThrough,
    /// Whether a roster without a row is none of an error: its rows may all be about something else.
    pub(crate) may_be_empty: bool,
    /// Whether who is in the roster is kept, for whoever proposes fixes.
    pub(crate) keeps_who: bool,
    /// Whether each cell with spaces around it is told of, and not one a column.
    pub(crate) tells_each_space: bool,
}

impl<'d> Rules<'d> {
    /// The rules of an identity type, without an instance.
    pub fn new(identity: IdentityType) -> Self {
        Self {
            identity,
            inferred: None,
            directory: None,
            names_are_made_up: false,
            about: About::New,
            compares_users: false,
            generates_passwords: false,
            tag_room: 49,
            let_through: LetThrough::default(),
            may_be_empty: false,
            keeps_who: false,
            tells_each_space: false,
        }
    }

    /// The same, with these errors let through.
    #[must_use]
    pub fn letting_through(self, let_through: LetThrough) -> Self {
        Self { let_through, ..self }
    }

    /// The same, where the rows are about these people.
    #[must_use]
    pub(crate) fn about(self, about: About) -> Self {
        Self { about, ..self }
    }

    /// Whether a row of this exact name is about somebody who is there.
    fn is_there(&self, username: &str) -> bool {
        match self.about {
            About::New => false,
            About::There | About::Leaving => true,
            About::Both => self.has_user(username),
        }
    }

    /// Whether the instance is known to have a user of this exact name.
    fn has_user(&self, username: &str) -> bool {
        let users = self.directory.and_then(|directory| directory.users.as_ref());
        users.is_some_and(|users| matches!(users.find(username), Found::Exact(_)))
    }

    /// Whether anybody is known to be there.
    fn knows_users(&self) -> bool {
        let users = self.directory.and_then(|directory| directory.users.as_ref());
        users.is_some_and(|users| users.len() > 0)
    }

    /// Whether nobody knows which names are the instance's.
    fn knows_no_names(&self) -> bool {
        self.directory.is_none() || self.names_are_made_up
    }

    /// Whether e-mail addresses are wrong for a reason that is one for all of them.
    fn tells_emails_once(&self) -> bool {
        self.identity == IdentityType::Saml
            && self.inferred.is_some_and(|inferred| inferred.telling == Some(Field::Username))
    }

    /// The same for a roster that is to be mended.
    #[must_use]
    pub(crate) fn for_mending(self) -> Self {
        Self { keeps_who: true, tells_each_space: true, ..self }
    }

    /// The same, where the identity type was inferred from the roster and nobody told it.
    #[must_use]
    pub(crate) fn inferred(self, inferred: Option<Inferred>) -> Self {
        Self { inferred, ..self }
    }

    /// The rules of an instance, its names and its users.
    pub fn of(directory: &'d Directory) -> Self {
        Self { directory: Some(directory), compares_users: true, ..Self::new(directory.instance.identity) }
    }
}
