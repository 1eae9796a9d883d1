//! Logins that a template of a column map makes.

use crate::finding::Logins;
use crate::finding::codes::{self, Code};
use crate::roster::{Columns, Field, Row};
use crate::text::shown;

/// Counts a row.
pub(super) fn count(logins: &mut Logins, row: &Row, columns: &Columns, username: &str) {
    if columns.is_made_login(row) {
        logins.made += 1;
    } else if !username.is_empty() {
        logins.given += 1;
    }
}

/// What is done about a login that a template made, where another login would mend the fault: nobody has a cell of it to
/// correct. `None` for a login that stands in the roster.
pub(super) fn made_fix(code: &Code, row: &Row, columns: &Columns) -> Option<String> {
    if !columns.is_made_login(row) {
        return None;
    }
    let header = columns.header(Field::Username).unwrap_or(Field::Username.name());
    let elsewhere = if code.id == codes::USERNAME_TOO_LONG.id {
        "; or have the template cut names, as in `{last name|8}`"
    } else if code.id == codes::USERNAME_DUPLICATE.id {
        "; or have the template number them: `{n}` is nothing for the first, then 2, 3 …"
    } else {
        ""
    };
    Some(format!(
        "the template of the column map makes it: write another for this row alone into a column `{}`, which goes before \
         the template{elsewhere}",
        shown(header.trim())
    ))
}
