//! The list of passwords that is handed out: a table, or one object for programs.

use std::collections::BTreeMap;

use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use super::join::{Joined, Known};
use crate::agent::Password;
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::Attempt;
use crate::text::{cell, escape_from};

/// One user of a list.
#[derive(Clone, Copy)]
pub(crate) struct Listed<'p> {
    /// The username.
    pub(crate) user: &'p str,
    /// The user's id on the instance.
    pub(crate) id: &'p str,
    /// The attempt that made the user.
    pub(crate) attempt: Attempt,
    /// The password that the instance holds.
    pub(crate) password: &'p Password,
    /// What the roster has of the user, a cell for each column that the list has beside; none where nothing is known.
    pub(crate) cells: &'p [String],
}

/// A list: whose passwords they are, and which columns of the roster stand beside them.
#[derive(Clone, Copy)]
pub(crate) struct List<'p> {
    /// The ledger's run.
    pub(crate) run: &'p str,
    /// The instance's ARN.
    pub(crate) instance: &'p str,
    /// The headers of the roster's columns, in the order in which they were asked for.
    pub(crate) columns: &'p [String],
    /// The users, in the order of the roster.
    pub(crate) users: &'p [Listed<'p>],
}

/// The object of `--format json`: a contract. Serialised at once into memory that is wiped.
#[derive(Serialize)]
struct Written<'p> {
    run: &'p str,
    instance: &'p str,
    users: Vec<WrittenUser<'p>>,
}

#[derive(Serialize)]
struct WrittenUser<'p> {
    user: &'p str,
    id: &'p str,
    attempt: Attempt,
    password: &'p str,
    /// The roster's cells by their headers; left out where no column is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    roster: Option<BTreeMap<&'p str, &'p str>>,
}

impl List<'_> {
    /// Large enough that it does not grow, which would leave copies.
    fn room(&self) -> Zeroizing<Vec<u8>> {
        // Written out, a character takes up to twelve bytes; a header stands in each object.
        let texts = |texts: &[String]| texts.iter().map(|text| 12 * text.len() + 16).sum::<usize>();
        let columns = texts(self.columns);
        let each = |one: &Listed| {
            12 * one.user.len()
                + one.id.len()
                + one.password.expose().len()
                + texts(one.cells)
                + columns
                + 128
        };
        Zeroizing::new(Vec::with_capacity(self.users.iter().map(each).sum::<usize>() + columns + 1024))
    }

    /// One JSON object, with its newline.
    ///
    /// # Errors
    /// None that can be met: a bug.
    pub(crate) fn json(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let users = self.users.iter().map(|one| WrittenUser {
            user: one.user,
            id: one.id,
            attempt: one.attempt,
            password: one.password.expose(),
            roster: (!self.columns.is_empty()).then(|| self.beside(one).collect()),
        });
        let written = Written { run: self.run, instance: self.instance, users: users.collect() };
        let mut bytes = self.room();
        serde_json::to_writer(&mut *bytes, &written).map_err(|error| bug(&error))?;
        escape_from(0, &mut bytes);
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// A table with a header, safe to open as a sheet. What a spreadsheet opens by itself needs a mark that it is UTF-8.
    ///
    /// # Errors
    /// None that can be met: a bug.
    pub(crate) fn csv(&self, is_marked: bool) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut bytes = self.room();
        bytes.extend(if is_marked { "\u{FEFF}".as_bytes() } else { &[] });
        let mut writer = csv::WriterBuilder::new().from_writer(&mut *bytes);
        let columns = self.columns.iter().map(|header| cell(header));
        let header = ["user login", "password"].map(str::to_owned).into_iter().chain(columns);
        writer.write_record(header).map_err(|error| bug(&error))?;
        for one in self.users {
            let mut field = |text: &str| writer.write_field(text).map_err(|error| bug(&error));
            field(&cell(one.user))?;
            field(one.password.expose())?;
            self.beside(one).try_for_each(|(_, text)| field(&cell(text)))?;
            writer.write_record(None::<&[u8]>).map_err(|error| bug(&error))?;
        }
        writer.flush().map_err(|error| bug(&error))?;
        drop(writer);
        Ok(bytes)
    }

    /// The columns beside, each with the user's cell: blank where nothing is known of the user.
    pub(crate) fn beside<'l>(&'l self, one: &'l Listed<'l>) -> impl Iterator<Item = (&'l str, &'l str)> {
        let cell = |at: usize| one.cells.get(at).map_or("", String::as_str);
        self.columns.iter().enumerate().map(move |(at, header)| (header.as_str(), cell(at)))
    }
}

impl Joined {
    /// The users whose password is known, in the order of the roster.
    pub(crate) fn listed(&self) -> impl Iterator<Item = Listed<'_>> {
        self.known.iter().filter_map(Known::listed)
    }

    /// As [`List::json`], with nothing beside.
    ///
    /// # Errors
    /// The same.
    pub fn json(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.list(&self.listed().collect::<Vec<_>>()).json()
    }

    /// As [`List::csv`], with nothing beside.
    ///
    /// # Errors
    /// The same.
    pub fn csv(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        self.list(&self.listed().collect::<Vec<_>>()).csv(false)
    }

    fn list<'p>(&'p self, users: &'p [Listed<'p>]) -> List<'p> {
        List { run: &self.run, instance: &self.instance, columns: &[], users }
    }
}

impl Known {
    fn listed(&self) -> Option<Listed<'_>> {
        let password = self.password.as_ref()?;
        Some(Listed { user: &self.user, id: &self.id, attempt: self.of.attempt, password, cells: &[] })
    }
}

fn bug(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Bug, "cannot print the passwords").because(error.to_string())
}
