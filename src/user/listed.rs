//! Somebody on a list of leavers × the user of that name: whether they are one and the same. Pure.
//!
//! The username is compared exactly, and finds one user or none. Everything else that a list says of who somebody is stands
//! against a slip in it: a name with one wrong letter may be somebody else's, whose other cells are then others.
//!
//! | what | is the same where |
//! |---|---|
//! | first name, last name | equal in Normalization Form C, whatever the case of a letter |
//! | e-mail | equal to the primary address whatever the case of a letter; of a user without one, to the secondary address |
//! | secondary e-mail | equal to the secondary address, likewise |
//! | directory user id | equal, each character |
//! | a blank cell | says nothing |
//! | a cell where the user has nothing | not the same |
//!
//! Case alone makes no other letter: `ANA` and `Ana` are one name, and services and mail systems write addresses small. What
//! is no more than case is each letter's own lower case, so that `ß` and `ss`, `ı` and `i` stay apart.

use unicode_normalization::UnicodeNormalization as _;

use crate::agent::{Agent, Differing, RowNumber};
use crate::connect::model::{IdentityInfo, User};

/// Somebody on a list of leavers: the name, and who the list says that they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The row as the spreadsheet shows it.
    pub(crate) row: RowNumber,
    /// The exact username.
    pub(crate) user: String,
    /// `first name`.
    pub(crate) first_name: Option<String>,
    /// `last name`.
    pub(crate) last_name: Option<String>,
    /// `email address`.
    pub(crate) email: Option<String>,
    /// `secondary email`.
    pub(crate) secondary_email: Option<String>,
    /// `directory user id`.
    pub(crate) directory_user_id: Option<String>,
}

impl Listed {
    /// Of a row of a list, as it was read.
    pub(crate) fn of(agent: Agent) -> Self {
        let Agent { row, username, first_name, last_name, email, secondary_email, directory_user_id, .. } =
            agent;
        Self { row, user: username, first_name, last_name, email, secondary_email, directory_user_id }
    }

    /// The members in which somebody is not who the list says, in the order of the columns; none where it is the same
    /// person, as far as the list says anything.
    ///
    /// The one with an exact other name is no subject of this: there nothing is compared.
    pub(crate) fn differences(&self, user: &User) -> Vec<Differing> {
        let none = IdentityInfo::default();
        let there = user.identity_info.as_ref().unwrap_or(&none);
        let [primary, secondary] = [&there.email, &there.secondary_email].map(given);
        // A user of SAML has no primary address, and lists have one column for whatever address there is.
        let address = primary.or(secondary);
        let is_name_alone = address.is_none() && self.address_is_name();
        let email = if is_name_alone { None } else { compared(&self.email, address, is_same_text) };
        let id = compared(&self.directory_user_id, given(&user.directory_user_id), |a, b| a == b);
        [
            ("first name", compared(&self.first_name, given(&there.first_name), is_same_text)),
            ("last name", compared(&self.last_name, given(&there.last_name), is_same_text)),
            ("email address", email),
            ("secondary email", compared(&self.secondary_email, secondary, is_same_text)),
            ("directory user id", id),
        ]
        .into_iter()
        .filter_map(|(member, differs)| {
            let (there, wanted) = differs?;
            Some(Differing { group: "identity", member: member.to_owned(), there, wanted: Some(wanted) })
        })
        .collect()
    }

    /// Whether the list says anything but the name: without that, a slip in it may be somebody else's name.
    pub(crate) fn has_second_cell(&self) -> bool {
        let address = self.email.as_ref().filter(|_| !self.address_is_name());
        [
            self.first_name.as_ref(),
            self.last_name.as_ref(),
            address,
            self.secondary_email.as_ref(),
            self.directory_user_id.as_ref(),
        ]
        .into_iter()
        .any(|cell| cell.is_some())
    }

    /// Whether the address is the name once more, which whoever mistypes the one mistypes in both.
    fn address_is_name(&self) -> bool {
        self.email.as_deref().is_some_and(|email| folded(email) == folded(&self.user))
    }
}

/// What is there, where anything is: DescribeUser has `""` for nothing.
fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

/// What is there and what the list has, where the list has something and it is not that.
fn compared(
    listed: &Option<String>,
    there: Option<&str>,
    is_same: impl Fn(&str, &str) -> bool,
) -> Option<(Option<String>, String)> {
    let listed = listed.as_deref().filter(|text| !text.is_empty())?;
    let is_it = there.is_some_and(|there| is_same(listed, there));
    (!is_it).then(|| (there.map(str::to_owned), listed.to_owned()))
}

fn is_same_text(a: &str, b: &str) -> bool {
    folded(a) == folded(b)
}

/// Composed, and each letter in its own lower case. Not the lower case of a whole word, in which what a letter becomes
/// depends on where it stands.
fn folded(text: &str) -> String {
    text.trim().nfc().flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(text: &str) -> Option<String> {
        (!text.is_empty()).then(|| text.to_owned())
    }

    /// `first|last|e-mail|secondary|id`
    fn cells(cells: &str) -> [Option<String>; 5] {
        let mut parts = cells.split('|').map(text);
        [(); 5].map(|()| parts.next().flatten())
    }

    fn listed(user: &str, said: &str) -> Listed {
        let [first_name, last_name, email, secondary_email, directory_user_id] = cells(said);
        let (row, user) = (RowNumber::from(2), user.to_owned());
        Listed { row, user, first_name, last_name, email, secondary_email, directory_user_id }
    }

    fn there(user: &str, has: &str) -> User {
        let [first_name, last_name, email, secondary_email, directory_user_id] = cells(has);
        let info = IdentityInfo { first_name, last_name, email, secondary_email, mobile: None };
        User { username: user.to_owned(), identity_info: Some(info), directory_user_id, ..User::default() }
    }

    fn differs(said: &str, has: &str) -> String {
        let differences = listed("ana", said).differences(&there("ana", has));
        let told: Vec<String> = differences.iter().map(ToString::to_string).collect();
        told.join("; ")
    }

    #[test]
    fn who_is_on_the_list_is_the_one_there_only_where_every_cell_says_so() {
        let ana = "Ana|Silva|ana@x.com|ana@home.org|id-7";
        for (said, has, expected) in [
            // A blank cell says nothing.
            ("||||", ana, ""),
            (ana, ana, ""),
            ("Ana||||", ana, ""),
            // Case is no other letter, and composed is no other than decomposed.
            ("ANA|silva|ANA@X.COM|Ana@Home.org|", ana, ""),
            ("Zoe\u{308}||||", "ZO\u{cb}||||", ""),
            // A wrong letter is.
            ("Ano||||", ana, "first name `Ana` → `Ano`"),
            ("|Silvia|||", ana, "last name `Silva` → `Silvia`"),
            ("||anna@x.com||", ana, "email address `ana@x.com` → `anna@x.com`"),
            ("|||ana@home.com|", ana, "secondary email `ana@home.org` → `ana@home.com`"),
            ("||||id-8", ana, "directory user id `id-7` → `id-8`"),
            ("||||ID-7", ana, "directory user id `id-7` → `ID-7`"),
            ("Ano|Silvo|||", ana, "first name `Ana` → `Ano`; last name `Silva` → `Silvo`"),
            // Letters that lists of other languages take for one, and that are two people's.
            ("|Strasse|||", "|Straße|||", "last name `Straße` → `Strasse`"),
            ("|Isik|||", "|Işık|||", "last name `Işık` → `Isik`"),
            ("|ISIK|||", "|ısık|||", "last name `ısık` → `ISIK`"),
            ("Zoe||||", "Zoë||||", "first name `Zoë` → `Zoe`"),
            // What the user has nothing of is not what the list says.
            ("Ana||||", "||||", "first name nothing → `Ana`"),
            ("||a@x.com||", "||||", "email address nothing → `a@x.com`"),
            ("|||a@x.com|", "||a@x.com||", "secondary email nothing → `a@x.com`"),
            // The one address that a user of SAML can have.
            ("||a@x.com||", "|||A@x.com|", ""),
            ("||b@x.com||", "|||a@x.com|", "email address `a@x.com` → `b@x.com`"),
            ("||a@x.com||", "||b@x.com|a@x.com|", "email address `b@x.com` → `a@x.com`"),
        ] {
            assert_eq!(differs(said, has), expected, "{said} {has}");
        }
    }

    #[test]
    fn an_address_that_is_the_name_once_more_says_nothing_of_its_own() {
        let of = |said: &str| listed("ana@x.com", said);
        assert!(of("||Ana@x.com||").differences(&there("ana@x.com", "Ana||||")).is_empty());
        assert!(!of("||Ana@x.com||").differences(&there("ana@x.com", "||b@x.com||")).is_empty());
        assert!(!of("||anna@x.com||").differences(&there("ana@x.com", "||||")).is_empty());
        for (said, has_second) in [
            ("||||", false),
            ("||ANA@x.com||", false),
            ("||other@x.com||", true),
            ("Ana||||", true),
            ("|Silva|||", true),
            ("|||ana@x.com|", true),
            ("||||id", true),
        ] {
            assert_eq!(of(said).has_second_cell(), has_second, "{said}");
        }
    }

    /// A cell with one of its letters another one, added, or left out; `None` where that is no other text.
    fn slipped(cell: &str, at: usize, letter: char, how: u8) -> Option<String> {
        let mut letters: Vec<char> = cell.chars().collect();
        let at = at % letters.len();
        match how % 3 {
            0 => letters[at] = letter,
            1 => letters.insert(at, letter),
            _ => drop(letters.remove(at)),
        }
        let slipped: String = letters.into_iter().collect();
        (!is_same_text(&slipped, cell) && !slipped.trim().is_empty()).then_some(slipped)
    }

    proptest! {
        #[test]
        fn one_wrong_letter_in_any_cell_hits_nobody(
            cells in proptest::collection::vec("[a-zA-Zäéßñ@.]{1,12}", 5),
            which in 0_usize..5,
            at in 0_usize..12,
            letter in "[a-zA-Zäéßñ]",
            how in 0_u8..3,
        ) {
            let right = cells.join("|");
            let user = there("ana", &right);
            prop_assert!(listed("ana", &right).differences(&user).is_empty());
            let letter = letter.chars().next().unwrap_or('x');
            if let Some(wrong) = slipped(&cells[which], at, letter, how) {
                let mut cells = cells.clone();
                cells[which] = wrong;
                // With the wrong cell alone as well: no other one has to save it.
                let mut alone = vec![String::new(); 5];
                alone[which] = cells[which].clone();
                prop_assert!(!listed("ana", &cells.join("|")).differences(&user).is_empty());
                prop_assert!(!listed("ana", &alone.join("|")).differences(&user).is_empty());
            }
        }

        #[test]
        fn a_wrong_name_that_is_somebody_elses_hits_nobody_where_any_other_cell_is_said(
            cells in proptest::collection::vec("[a-z]{1,8}", 5),
            others in proptest::collection::vec("[a-z]{1,8}", 5),
            said in 0_usize..5,
        ) {
            // The list means `ana`, has the name of `anna`, and one thing that it knows of `ana`.
            prop_assume!(cells[said] != others[said]);
            let mut alone = vec![String::new(); 5];
            alone[said] = cells[said].clone();
            let mistyped = listed("anna", &alone.join("|"));
            prop_assert!(mistyped.has_second_cell());
            prop_assert!(!mistyped.differences(&there("anna", &others.join("|"))).is_empty());
        }
    }
}
