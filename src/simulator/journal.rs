//! A world's memory on disk, so that a rehearsal that is killed goes on with its users.
//!
//! JSON Lines: a header, then one line for each change, written before the change is answered. Nothing is synced: what
//! must survive is the end of the process, not of the machine. A last line that was cut off is dropped; any other
//! damage is an error. There is no password in it. A world in which nothing has happened leaves no file: whoever only looks,
//! as a dry run does, writes none.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::users::Proficiency;
use crate::connect::model;
use crate::disk;
use crate::text::escape_from;

/// The version of the format.
const VERSION: u32 = 1;

/// A line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Change {
    /// The first line.
    World { version: u32, instance: String },
    /// A user was created; `seen` is in seconds since 1970.
    Created { place: u64, seen: f64, user: Box<model::User> },
    /// A user was deleted.
    Deleted { id: String },
    /// A user was changed, and is like this now; `seen` is in seconds since 1970.
    Changed { id: String, seen: f64, user: Box<model::User>, proficiencies: Vec<Proficiency> },
    /// A user was given these tags; in files of before.
    Tagged { id: String, tags: BTreeMap<String, String> },
    /// A user was given these proficiencies; in files of before.
    Proficient { id: String, proficiencies: Vec<Proficiency> },
}

/// Why a journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("cannot use the file of the simulated instance: `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("another process is using the file of the simulated instance: `{}`", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// A line, not the last, is not one of ours.
    #[error("the file of the simulated instance is damaged at byte {offset}: `{}`", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where the line begins, counted from 0.
        offset: u64,
    },
    /// It is the memory of another instance or of another version.
    #[error("the file belongs to another simulated instance: `{}`", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
}

/// An open journal; holds the file's lock.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    /// The bytes of whole lines.
    length: u64,
    /// The first line, where it is not written yet.
    header: Option<Change>,
    // Behind the file, which is let go of before it is removed: Windows removes none that anybody has open.
    _unused: Option<Unused>,
}

/// Removes a file again that was made, and in which nothing stands.
#[derive(Debug)]
struct Unused(PathBuf);

impl Drop for Unused {
    fn drop(&mut self) {
        let _ = disk::remove_unused(&self.0);
    }
}

impl Journal {
    /// Opens or makes the journal of this instance and reads what happened so far.
    pub(super) fn open(path: &Path, instance: &str) -> Result<(Self, Vec<Change>), JournalError> {
        let io = |source| JournalError::Io { path: path.to_owned(), source };
        let Some((mut file, was_made)) = disk::hold(path).map_err(io)? else {
            return Err(JournalError::Locked { path: path.to_owned() });
        };
        let unused = was_made.then(|| Unused(path.to_owned()));
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        let changes = read(&bytes[..whole])
            .map_err(|offset| JournalError::Damaged { path: path.to_owned(), offset: offset as u64 })?;
        if whole < bytes.len() {
            disk::cut(&file, whole as u64).map_err(io)?;
        }
        let journal = Self { file, length: whole as u64, header: None, _unused: unused };
        let header = Change::World { version: VERSION, instance: instance.to_owned() };
        match changes.split_first() {
            None => Ok((Self { header: Some(header), ..journal }, Vec::new())),
            Some((first, rest)) if *first == header => Ok((journal, rest.to_vec())),
            Some(_) => Err(JournalError::Foreign { path: path.to_owned() }),
        }
    }

    /// Writes a line, or takes back what was written of it: on a full disk, half a line in the middle would be damage.
    pub(super) fn append(&mut self, change: &Change) -> io::Result<()> {
        let mut lines = Vec::new();
        for change in self.header.iter().chain([change]) {
            let from = lines.len();
            serde_json::to_writer(&mut lines, change)?;
            escape_from(from, &mut lines);
            lines.push(b'\n');
        }
        if let Err(error) = disk::append(&self.file, &lines) {
            let _ = disk::cut(&self.file, self.length);
            return Err(error);
        }
        self.header = None;
        self.length += lines.len() as u64;
        Ok(())
    }
}

/// Reads whole lines, or says at which byte the first bad one begins.
fn read(bytes: &[u8]) -> Result<Vec<Change>, usize> {
    let mut offset = 0;
    bytes
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| {
            let change = serde_json::from_slice(line).map_err(|_| offset);
            offset += line.len();
            change
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::{Change, Journal, JournalError};

    fn deleted(id: &str) -> Change {
        Change::Deleted { id: id.into() }
    }

    /// A journal of one change.
    fn made(path: &Path) {
        let (mut journal, _) = Journal::open(path, "i").expect("made");
        journal.append(&deleted("a")).expect("written");
    }

    #[test]
    fn a_world_in_which_nothing_happened_leaves_no_file_and_one_that_was_there_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        drop(Journal::open(&path, "i").expect("made"));
        assert!(!path.exists());
        made(&path);
        let (journal, changes) = Journal::open(&path, "i").expect("opened");
        assert_eq!(changes, [deleted("a")]);
        drop(journal);
        assert!(path.exists());
    }

    #[test]
    fn what_was_written_is_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        let (mut journal, before) = Journal::open(&path, "i").expect("made");
        assert_eq!(before, []);
        journal.append(&deleted("a")).expect("written");
        journal.append(&deleted("b")).expect("written");
        drop(journal);
        let (_, after) = Journal::open(&path, "i").expect("opened");
        assert_eq!(after, [deleted("a"), deleted("b")]);
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_written_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        let (mut journal, _) = Journal::open(&path, "i").expect("made");
        journal.append(&deleted("a")).expect("written");
        drop(journal);
        let whole = fs::read(&path).expect("read");
        let line = whole.iter().position(|byte| *byte == b'\n').expect("a line");
        for cut in 1..=line {
            fs::write(&path, [whole.as_slice(), &whole[..cut]].concat()).expect("torn");
            let (mut journal, before) = Journal::open(&path, "i").expect("opened");
            assert_eq!(before, [deleted("a")], "{cut}");
            journal.append(&deleted("b")).expect("written");
            drop(journal);
            let (_, after) = Journal::open(&path, "i").expect("opened");
            assert_eq!(after, [deleted("a"), deleted("b")], "{cut}");
        }
    }

    #[test]
    fn damage_is_an_error_with_its_place() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        made(&path);
        let start = fs::read(&path).expect("read").len() as u64;
        let mut bytes = fs::read(&path).expect("read");
        bytes.extend(b"{\"delet\n{}\n");
        fs::write(&path, bytes).expect("written");
        match Journal::open(&path, "i") {
            Err(JournalError::Damaged { offset, .. }) => assert_eq!(offset, start),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_memory_of_another_instance_is_not_taken() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        made(&path);
        assert!(matches!(Journal::open(&path, "j"), Err(JournalError::Foreign { .. })));
    }

    #[test]
    fn two_worlds_cannot_share_a_memory() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        let held = Journal::open(&path, "i").expect("made");
        assert!(matches!(Journal::open(&path, "i"), Err(JournalError::Locked { .. })));
        drop(held);
        assert!(Journal::open(&path, "i").is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_read_it() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("world.jsonl");
        made(&path);
        assert_eq!(fs::metadata(&path).expect("metadata").permissions().mode() & 0o777, 0o600);
    }
}
