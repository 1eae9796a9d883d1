//! The roster of whoever is suspended and not deleted: one security profile, and one routing profile where it is named.
//!
//! Connect has no user that is there and disabled. A security profile that allows nothing, and a routing profile without
//! queues, are the nearest to it, and an update gives them: with its own ledger, its own file of how everybody was, and its own
//! way back.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::row::Line;
use super::write::{Form, Written, write};
use crate::disk;
use crate::error::Failure;
use crate::roster::Field;

/// What whoever is suspended is left with, by name, id or ARN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// The one security profile.
    pub security_profile: String,
    /// The routing profile; without one it stays.
    pub routing_profile: Option<String>,
}

/// Where it is: `LIST.suspended.csv`, of a rehearsal `LIST.simulate.suspended.csv`.
pub(crate) fn path(list: &Path, is_rehearsal: bool) -> PathBuf {
    let rehearsal = if is_rehearsal { ".simulate" } else { "" };
    disk::with_suffix(list, &format!("{rehearsal}.suspended.csv"))
}

impl Suspended {
    /// Writes a roster for an update of these users: readable by its owner only, and over nothing but such a roster. Returns
    /// where it is.
    ///
    /// # Errors
    /// Exit 4 where something else has the name, or it cannot be written.
    pub(crate) fn write<'u>(
        &self,
        path: &Path,
        users: impl Iterator<Item = &'u str>,
    ) -> Result<PathBuf, Failure> {
        let mut columns = vec![Field::Username];
        columns.extend(self.routing_profile.as_ref().map(|_| Field::RoutingProfile));
        columns.push(Field::SecurityProfiles);
        let lines: Vec<Line> = users.map(|user| self.line(user)).collect();
        let shown = path.display();
        let unwritten = |error: io::Error| {
            Failure::stopped(format!("cannot write the roster of those who are suspended: `{shown}`"))
                .because(error)
                .hint("nobody was suspended; the same command goes on")
        };
        let mut bytes = Vec::new();
        write(&mut bytes, Form::Csv, Written::of_one(&columns), &lines).map_err(unwritten)?;
        // One of ours begins with the same header, whoever stands in it.
        let head = bytes.split(|byte| *byte == b'\n').next().unwrap_or_default();
        match std::fs::read(path) {
            Ok(there) if there == bytes => return Ok(path.to_owned()),
            Ok(there) if !there.starts_with(head) => {
                return Err(Failure::stopped(format!("there is another file, and it stays: `{shown}`"))
                    .hint("nobody was suspended; move it away, and the same command goes on"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unwritten(error)),
        }
        match disk::replace(path, &bytes).map_err(unwritten)? {
            disk::Landed::There => Ok(path.to_owned()),
            disk::Landed::Beside(other) => Ok(other),
        }
    }

    fn line(&self, user: &str) -> Line {
        let routing = self.routing_profile.clone().map(|name| (Field::RoutingProfile, name));
        let cells =
            [(Field::Username, user.to_owned()), (Field::SecurityProfiles, self.security_profile.clone())];
        Line {
            username: user.to_owned(),
            cells: cells.into_iter().chain(routing).collect::<BTreeMap<_, _>>(),
            untold: Vec::new(),
            target: None,
        }
    }
}
