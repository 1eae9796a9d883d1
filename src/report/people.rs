//! Who the rows of a run are: their names, teams and routing profiles. A ledger has none of these, for it keeps no more of a
//! person than the username; the roster has them, where it is still there.

use std::collections::HashMap;

use super::row::{Person, Row};
use crate::agent::RowNumber;
use crate::error::Failure;
use crate::roster::{self, Columns, Field, Roster};
use crate::validate;

/// A person, as a row of the roster has them.
fn person(row: &roster::Row, columns: &Columns) -> Person {
    let cell = |field| columns.cell(row, field).trim();
    let names = [cell(Field::FirstName), cell(Field::LastName)];
    let name = names.into_iter().filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ");
    Person { name, team: cell(Field::Hierarchy).to_owned(), profile: cell(Field::RoutingProfile).to_owned() }
}

/// Gives each row the person that the roster has under its name; one that a file of failed rows has renamed, under the name
/// that it had.
///
/// # Errors
/// Exit 2 where the roster can no longer be read; the rows are as they were then.
pub(crate) fn find(rows: &mut [Row], roster: &Roster) -> Result<(), Failure> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (at, row) in rows.iter().enumerate() {
        places.extend(row.was.as_deref().map(|was| (was, at)));
    }
    // A row that has the name by itself comes before one that had it.
    places.extend(rows.iter().enumerate().map(|(at, row)| (row.user.as_str(), at)));
    let (mut read, mut row, mut found) = (roster.rows()?, roster::Row::default(), Vec::new());
    while read.read(&mut row)? {
        if let Some(at) = places.get(validate::username(&row, roster.columns())) {
            found.push((*at, rows[*at].row == RowNumber::of(row.number), person(&row, roster.columns())));
        }
    }
    // Where several rows have one name, as those of several targets may, the one of its own number comes last and counts.
    found.sort_by_key(|(_, is_its_own, _)| *is_its_own);
    for (at, _, person) in found {
        rows[at].person = person;
    }
    Ok(())
}
