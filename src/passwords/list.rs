//! The list of passwords that is handed out: a table, or one object for programs.

use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use super::join::{Joined, Known};
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::Attempt;
use crate::text::{cell, escape_from};

/// The object of `--format json`: a contract. Serialised at once into memory that is wiped.
#[derive(Serialize)]
struct Listed<'p> {
    run: &'p str,
    instance: &'p str,
    users: Vec<ListedUser<'p>>,
}

#[derive(Serialize)]
struct ListedUser<'p> {
    user: &'p str,
    id: &'p str,
    attempt: Attempt,
    password: &'p str,
}

impl Joined {
    fn listed(&self) -> impl Iterator<Item = (&Known, &str)> {
        self.known.iter().filter_map(|one| one.password.as_ref().map(|password| (one, password.expose())))
    }

    /// Large enough that it does not grow, which would leave copies.
    fn room(&self) -> Zeroizing<Vec<u8>> {
        let each = |(one, password): (&Known, &str)| 2 * one.user.len() + one.id.len() + password.len() + 128;
        Zeroizing::new(Vec::with_capacity(self.listed().map(each).sum::<usize>() + 1024))
    }

    /// One JSON object, with its newline.
    ///
    /// # Errors
    /// None that can be met: a bug.
    pub fn json(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let users = self.listed().map(|(one, password)| ListedUser {
            user: &one.user,
            id: &one.id,
            attempt: one.of.attempt,
            password,
        });
        let listed = Listed { run: &self.run, instance: &self.instance, users: users.collect() };
        let mut bytes = self.room();
        serde_json::to_writer(&mut *bytes, &listed).map_err(|error| bug(&error))?;
        escape_from(0, &mut bytes);
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// A table with a header, safe to open as a sheet.
    ///
    /// # Errors
    /// None that can be met: a bug.
    pub fn csv(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let mut bytes = self.room();
        let mut writer = csv::WriterBuilder::new().from_writer(&mut *bytes);
        writer.write_record(["user login", "password"]).map_err(|error| bug(&error))?;
        for (one, password) in self.listed() {
            writer.write_record([&*cell(&one.user), password]).map_err(|error| bug(&error))?;
        }
        writer.flush().map_err(|error| bug(&error))?;
        drop(writer);
        Ok(bytes)
    }
}

fn bug(error: &dyn std::error::Error) -> Failure {
    Failure::new(Exit::Bug, "cannot print the passwords").because(error.to_string())
}
