//! How an instance knows its users, as far as a roster tells. A report that rests on this must say so.

use super::grammar::trimmed;
use crate::agent::IdentityType;
use crate::error::Failure;
use crate::roster::{Field, Roster, Row, Use};

/// An identity type that nobody has told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inferred {
    /// The identity type.
    pub(crate) identity: IdentityType,
    /// The field that says so; `None` where nothing does, and SAML needs the least.
    pub(crate) telling: Option<Field>,
}

/// How many rows are looked at.
const SEARCHED: u64 = 1_000;
/// The longest username of an instance that keeps its users itself, in characters.
const LONGEST: usize = 20;

/// Infers the identity type: a password column means CONNECT_MANAGED, a directory user id column EXISTING_DIRECTORY. Of a
/// roster with neither the rows speak: an e-mail address is what a user of SAML cannot have, a login that is an address, or
/// is longer than others may be, is what a user of SAML has. Where no e-mail address is there, it is SAML.
///
/// # Errors
/// Exit 2 where the roster cannot be read.
pub(crate) fn infer_identity(roster: &Roster) -> Result<Inferred, Failure> {
    infer(roster, |connect, rows| connect * 2 > rows)
}

/// The same of a roster for people who are there, in which a blank address says nothing of anybody.
///
/// # Errors
/// Exit 2 where the roster cannot be read.
pub(crate) fn infer_identity_of_those_there(roster: &Roster) -> Result<Inferred, Failure> {
    infer(roster, |_, _| true)
}

/// `are_enough` says whether so many addresses in so many rows are.
fn infer(roster: &Roster, are_enough: fn(u64, u64) -> bool) -> Result<Inferred, Failure> {
    let columns = roster.columns();
    // A misspelt password column is an error by itself; it must not make every e-mail address one too.
    let is_there = |field| columns.has(field) || roster.uses().contains(&Use::Misspelt(field));
    let inferred = |identity, telling| Ok(Inferred { identity, telling });
    if is_there(Field::Password) {
        return inferred(IdentityType::ConnectManaged, Some(Field::Password));
    }
    if is_there(Field::DirectoryUserId) {
        return inferred(IdentityType::ExistingDirectory, Some(Field::DirectoryUserId));
    }
    if !columns.has(Field::Email) {
        return inferred(IdentityType::Saml, None);
    }
    let (mut rows, mut row, mut seen) = (roster.rows()?, Row::default(), Seen::default());
    while seen.rows < SEARCHED && rows.read(&mut row)? {
        let cell = |field| trimmed(columns.cell(&row, field));
        seen.add(cell(Field::Email), cell(Field::Username));
    }
    Ok(seen.inferred(are_enough))
}

/// What the rows say.
#[derive(Default)]
struct Seen {
    rows: u64,
    /// With an e-mail address, and a login that may be one of CONNECT_MANAGED.
    of_connect: u64,
    /// With a login that is an address, or too long for others.
    of_saml: u64,
}

impl Seen {
    fn add(&mut self, email: &str, login: &str) {
        self.rows += 1;
        let is_of_saml = login.contains('@') || login.chars().count() > LONGEST;
        self.of_saml += u64::from(is_of_saml);
        self.of_connect += u64::from(!is_of_saml && !email.is_empty());
    }

    fn inferred(&self, are_enough: fn(u64, u64) -> bool) -> Inferred {
        let Self { rows, of_connect, of_saml } = *self;
        // A column that is blank in most rows says nothing of them.
        let (identity, telling) = if of_connect > of_saml && are_enough(of_connect, rows) {
            (IdentityType::ConnectManaged, Some(Field::Email))
        } else if of_saml > 0 && of_saml >= of_connect {
            (IdentityType::Saml, Some(Field::Username))
        } else {
            (IdentityType::Saml, None)
        };
        Inferred { identity, telling }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::Options;

    #[test]
    fn the_identity_type_is_what_most_of_the_roster_says() {
        use Field::{DirectoryUserId, Email, Password, Username};
        use IdentityType::{ConnectManaged, ExistingDirectory, Saml};
        let long = "maximiliane.von-hohenstein";
        let long_row = format!("a@b.co,{long}");
        let table: [(&str, &[&str], _, _); 10] = [
            ("user login", &["ann"], Saml, None),
            ("user login,password", &["ann,x"], ConnectManaged, Some(Password)),
            ("user login,pasword", &["ann,x"], ConnectManaged, Some(Password)),
            ("user login,directory user id", &["ann,x"], ExistingDirectory, Some(DirectoryUserId)),
            ("email address,user login", &["a@b.co,ann", "c@b.co,bo"], ConnectManaged, Some(Email)),
            ("email address,user login", &["a@b.co,a@b.co", "c@b.co,c@b.co"], Saml, Some(Username)),
            ("email address,user login", &[long_row.as_str()], Saml, Some(Username)),
            (
                "email address,user login",
                &["a@b.co,ann", "c@b.co,bo", "d@b.co,d@b.co"],
                ConnectManaged,
                Some(Email),
            ),
            ("email address,user login", &["a@b.co,ann", ",bo", ",cy"], Saml, None),
            ("email address,user login", &[",ann"], Saml, None),
        ];
        for (header, rows, identity, telling) in table {
            let text = format!("{header}\n{}\n", rows.join("\n"));
            let roster = Roster::from_memory(text.into_bytes(), &Options::default(), "").unwrap();
            assert_eq!(infer_identity(&roster).unwrap(), Inferred { identity, telling }, "{header} {rows:?}");
        }
    }
}
