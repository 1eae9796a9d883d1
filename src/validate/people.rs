//! One person under two usernames: the same names, and the same of what only one person has.

use std::hash::{BuildHasher as _, Hasher, RandomState};

use hashbrown::HashTable;

use super::grammar::trimmed;
use super::rules::column_of;
use crate::finding::Finding;
use crate::finding::codes;
use crate::roster::{Columns, Field, Row};
use crate::text::shown;

/// What tells two people of one name apart, in this order: the first that a row has.
const EVIDENCE: [(Field, &str); 4] = [
    (Field::Email, "e-mail address"),
    (Field::SecondaryEmail, "secondary e-mail"),
    (Field::Mobile, "mobile"),
    (Field::DirectoryUserId, "directory user id"),
];

/// The people of a roster, by a hash that is keyed anew in every process: 16 bytes each.
#[derive(Default)]
pub(super) struct People {
    hasher: RandomState,
    seen: HashTable<(u64, u64)>,
}

impl People {
    /// How many are compared. A roster of more has passed the size of the largest instances, and each costs memory.
    const MOST: usize = 100_000;

    /// Takes a row in, and says if somebody above is the same. Of a row without one of the names, or with nothing that tells
    /// people apart, there is nothing to compare.
    pub(super) fn see(&mut self, row: &Row, columns: &Columns, username: &str) -> Option<Finding> {
        if self.seen.len() >= Self::MOST || username.is_empty() {
            return None;
        }
        let Evidence { hash, field, what, text } = self.evidence(row, columns)?;
        match self.seen.find(hash, |(other, _)| *other == hash) {
            None => {
                self.seen.insert_unique(hash, (hash, row.number), |(hash, _)| *hash);
                None
            }
            Some((_, above)) => Some(Finding {
                code: codes::SAME_PERSON.id,
                severity: codes::SAME_PERSON.severity,
                row: Some(row.number),
                column: column_of(row, columns, field),
                value: Some(shown(text)),
                message: format!(
                    "row {above} has the same first name, last name and {what}, under another username than `{}`",
                    shown(username)
                ),
                hint: Some(codes::SAME_PERSON.fix.to_owned()),
            }),
        }
    }

    /// The first row of somebody who is the same, be it this one.
    pub(super) fn find(&self, row: &Row, columns: &Columns, username: &str) -> Option<u64> {
        if username.is_empty() {
            return None;
        }
        let Evidence { hash, .. } = self.evidence(row, columns)?;
        self.seen.find(hash, |(other, _)| *other == hash).map(|(_, above)| *above)
    }

    fn evidence<'r>(&self, row: &'r Row, columns: &Columns) -> Option<Evidence<'r>> {
        let cell = |field| Some(trimmed(columns.cell(row, field))).filter(|cell| !cell.is_empty());
        let (first, last) = (cell(Field::FirstName)?, cell(Field::LastName)?);
        let (field, what, text) =
            EVIDENCE.iter().find_map(|&(field, what)| Some((field, what, cell(field)?)))?;
        let mut hasher = self.hasher.build_hasher();
        for (place, part) in (0..).zip([first, last, text]) {
            // One text does not run into the next.
            hasher.write_u8(0xFF);
            hasher.write_u8(place);
            fold(part, &mut hasher);
        }
        hasher.write_u8(field.index() as u8);
        let hash = hasher.finish();
        Some(Evidence { hash, field, what, text })
    }
}

/// What a row says of who it is about.
struct Evidence<'r> {
    hash: u64,
    field: Field,
    /// What the field is called.
    what: &'static str,
    text: &'r str,
}

/// Without the difference of upper and lower case.
fn fold(text: &str, hasher: &mut impl Hasher) {
    if text.is_ascii() {
        // In pieces and not byte by byte: the hasher takes as long for one as for eight.
        let mut piece = [0; 64];
        for bytes in text.as_bytes().chunks(piece.len()) {
            let piece = &mut piece[..bytes.len()];
            piece.copy_from_slice(bytes);
            piece.make_ascii_lowercase();
            hasher.write(piece);
        }
    } else {
        text.chars().flat_map(char::to_lowercase).for_each(|c| hasher.write_u32(c.into()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::roster::{Options, Roster};

    /// The rows that are found to be somebody above, each with that row.
    fn found(text: &str) -> Vec<(u64, String)> {
        let roster = Roster::from_memory(text.into(), &Options::default(), "").unwrap();
        let (mut rows, mut row, mut people, mut found) =
            (roster.rows().unwrap(), Row::default(), People::default(), Vec::new());
        while rows.read(&mut row).unwrap() {
            let username = roster.columns().cell(&row, Field::Username);
            if let Some(finding) = people.see(&row, roster.columns(), username) {
                let message = finding.message.split(" has").next().unwrap().to_owned();
                found.push((row.number, message));
            }
        }
        found
    }

    #[test]
    fn a_person_is_known_by_both_names_and_what_only_one_person_has() {
        let roster = "\
first name,last name,email,mobile,user login
Zoë,Lee,zoe@example.com,,zoe
ZOË, lee ,ZOE@example.com,,z.lee
Zoë,Lee,other@example.com,,zoe2
Bob,Lee,zoe@example.com,,bob
Ann,Lee,,+12065550142,ann
Ann,Lee,,+12065550142,ann.lee
Ann,Lee,,,ann3
Ann,Lee,,,ann4
Ann,,a@example.com,,ann5
Ann,,a@example.com,,ann6
Zo,ëLee,zoe@example.com,,zo
Ann,Lee,,+12065550142,
";
        assert_eq!(found(roster), [(3, "row 2".to_owned()), (7, "row 6".to_owned())]);
    }
}
