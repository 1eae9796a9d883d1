//! Which columns of a roster are meant, by its own headers or by ours.

use unicode_normalization::UnicodeNormalization as _;

use crate::error::Failure;
use crate::failed;
use crate::roster::{self, Field, Roster, Row};
use crate::text::shown;

/// A column that was asked for.
pub(super) struct Column {
    /// As the roster has it, or as it was asked for by one of our names.
    pub(super) header: String,
    /// Where it stands: in more than one place where several columns carry one field.
    places: Vec<usize>,
}

impl Column {
    /// The first of its cells that is not blank.
    pub(super) fn cell(&self, row: &Row) -> String {
        let mut cells = self.places.iter().filter_map(|at| row.cells.get(*at)).map(squeezed);
        cells.find(|cell| !cell.is_empty()).unwrap_or_default()
    }
}

/// The columns of one roster that are meant.
pub(super) struct Chosen {
    /// Those that stand beside each password.
    pub(super) with: Vec<Column>,
    /// The one that says whose file each user is in.
    pub(super) per: Option<Column>,
    /// First and last name, as far as there are such columns.
    names: Vec<Column>,
}

/// What means first and last name at once.
const NAME: &str = "name";

impl Chosen {
    /// Finds the columns that are meant.
    ///
    /// # Errors
    /// Exit 2 where there is none of that name, or where there may be passwords in it.
    pub(super) fn of(roster: &Roster, with: &[String], per: Option<&str>) -> Result<Self, Failure> {
        let names = [Field::FirstName, Field::LastName];
        let named = |field: Field| carried(roster, field).map(|places| of_field(field, places));
        let mut chosen = Self {
            with: Vec::new(),
            per: per.map(|asked| find(roster, asked)).transpose()?,
            names: names.into_iter().filter_map(named).collect(),
        };
        for asked in with.iter().flat_map(|asked| parted(roster, asked)) {
            let is_name = asked.trim().eq_ignore_ascii_case(NAME) && own(roster, asked).is_empty();
            if is_name && !chosen.names.is_empty() {
                chosen.with.extend(names.into_iter().filter_map(named));
            } else {
                chosen.with.push(find(roster, asked)?);
            }
        }
        Ok(chosen)
    }

    /// The headers of the columns beside.
    pub(super) fn headers(&self) -> Vec<String> {
        self.with.iter().map(|column| column.header.clone()).collect()
    }

    /// The person's name, in the order in which it is said; empty where there is none.
    pub(super) fn name(&self, row: &Row) -> String {
        let names = self.names.iter().map(|column| column.cell(row));
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
    }
}

/// What was asked for in one word: one column, or several with commas between them. Some headers have a comma.
fn parted<'a>(roster: &Roster, asked: &'a str) -> Vec<&'a str> {
    let is_one = !own(roster, asked).is_empty() || roster::field_of(asked).is_some();
    if is_one { vec![asked] } else { asked.split(',').filter(|part| !part.trim().is_empty()).collect() }
}

/// A cell as it is compared and handed on: composed, on one line, with one space between words.
pub(super) fn squeezed(cell: &str) -> String {
    cell.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect()
}

/// The columns that carry a field.
fn carried(roster: &Roster, field: Field) -> Option<Vec<usize>> {
    let places = &roster.columns().places[field.index()];
    (!places.is_empty()).then(|| places.clone())
}

fn of_field(field: Field, places: Vec<usize>) -> Column {
    Column { header: field.name().to_owned(), places }
}

/// The file's own columns of this header: spelt so, or else as headers are compared.
fn own(roster: &Roster, asked: &str) -> Vec<usize> {
    let headers = || roster.own_headers().iter().enumerate();
    let same = |is_it: &dyn Fn(&str) -> bool| -> Vec<usize> {
        headers().filter(|(_, header)| is_it(header)).map(|(at, _)| at).collect()
    };
    let spelt = same(&|header| header.trim() == asked.trim());
    let key = roster::header_key(asked);
    if spelt.is_empty() && !key.is_empty() {
        same(&|header| roster::header_key(header) == key)
    } else {
        spelt
    }
}

fn find(roster: &Roster, asked: &str) -> Result<Column, Failure> {
    let places = own(roster, asked);
    let found = match places.first() {
        Some(at) => Some(Column { header: squeezed(&roster.own_headers()[*at]), places }),
        None => roster::field_of(asked).and_then(|field| {
            let places = carried(roster, field)?;
            Some(Column { header: asked.trim().to_owned(), places })
        }),
    };
    let secret = secrets(roster);
    match found {
        Some(column) if column.places.iter().any(|at| secret.contains(at)) => Err(Failure::usage(format!(
            "that column may have passwords in it, and is not handed on: `{}`",
            shown(asked)
        ))
        .hint("the password that the instance holds is in the list already")),
        Some(column) => Ok(column),
        None => Err(Failure::usage(format!(
            "the roster has no such column: `{}`: `{}`",
            roster.path().display(),
            shown(asked)
        ))
        .hint(there_are(roster, &secret))),
    }
}

/// The columns with passwords, and those that merely look so.
fn secrets(roster: &Roster) -> Vec<usize> {
    let own = failed::own_columns(roster).into_iter().filter(|(_, is_secret)| *is_secret).map(|(at, _)| at);
    own.chain(carried(roster, Field::Password).into_iter().flatten()).collect()
}

/// The columns that there are, for whoever has named another.
fn there_are(roster: &Roster, secret: &[usize]) -> String {
    const MOST: usize = 30;
    let headers = roster.own_headers().iter().enumerate();
    let mut headers = headers.filter(|(at, header)| !secret.contains(at) && !header.trim().is_empty());
    let named: Vec<String> =
        headers.by_ref().take(MOST).map(|(_, header)| format!("`{}`", shown(header.trim()))).collect();
    let more = headers.count();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("it has {}{more}", named.join(", "))
}
