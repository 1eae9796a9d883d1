//! What has been read of an export so far: a file of lines beside the one that is to be written, so that the reading goes on
//! where it was broken off.
//!
//! The first line says of which instance it is and since when; each after it is somebody as they were read, or who was gone.
//! It has what the export has, and is its owner's only.

use std::collections::HashMap;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::connect::model::{User, UserProficiency};
use crate::disk;
use crate::error::Failure;
use crate::log::{Disturbed, Lines, Locked};

/// Where the part of a file is.
pub(crate) fn path(out: &Path) -> PathBuf {
    disk::with_suffix(out, ".part")
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    version: u32,
    /// The instance's ARN.
    instance: String,
    /// When the reading began, RFC 3339.
    at: String,
}

const FORMAT: &str = "headcount-export-part";
const VERSION: u32 = 1;

/// Somebody who has been asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    /// As they were read; `proficiencies` is null where these could not be.
    Read { user: Box<User>, proficiencies: Option<Vec<UserProficiency>> },
    /// This id was nobody's any more.
    Gone { id: String },
}

/// Somebody as they were read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Person {
    /// The user.
    pub(crate) user: User,
    /// Their proficiencies; `None` where these could not be read.
    pub(crate) proficiencies: Option<Vec<UserProficiency>>,
}

/// What has been read so far, by id: `None` for who was gone.
pub(crate) type People = HashMap<String, Option<Person>>;

/// A part that this process has, before it is known to be of the right instance.
pub(crate) struct Found {
    locked: Locked,
    head: Option<Head>,
    people: People,
    whole: u64,
}

/// A part that grows.
pub(crate) struct Part {
    lines: Lines,
}

impl Found {
    /// Opens the part that is there, or makes one, which is removed again where nothing comes of it.
    ///
    /// # Errors
    /// Exit 2 where something else has its name; exit 4 where it cannot be opened, another process has it, or it is damaged.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let held = disk::hold(path).map_err(|error| {
            Failure::usage(format!("cannot use `{shown}`")).because(error).hint(ELSEWHERE)
        })?;
        let Some((file, was_made)) = held else {
            return Err(Failure::stopped(format!("another export has it: `{shown}`"))
                .hint("wait until that one has ended, or give another name"));
        };
        let mut found =
            Self { locked: Locked::new(file, path, was_made), head: None, people: People::new(), whole: 0 };
        found.read().map_err(|error| match error {
            Unread::Io(error) => Failure::stopped(format!("cannot read `{shown}`")).because(error),
            Unread::Foreign => {
                Failure::usage(format!("what is there is no part of an export, and stays: `{shown}`"))
                    .hint(ELSEWHERE)
            }
            Unread::Damaged(at) => {
                Failure::stopped(format!("it is damaged at byte {at}, and nothing of it is used: `{shown}`"))
                    .hint("remove it; the same command then reads everybody anew")
            }
        })?;
        Ok(found)
    }

    fn read(&mut self) -> Result<(), Unread> {
        let mut file = self.locked.file();
        file.seek(SeekFrom::Start(0))?;
        let (mut reader, mut line) = (BufReader::new(file), Vec::new());
        while reader.read_until(b'\n', &mut line)? > 0 {
            if line.last() != Some(&b'\n') {
                break; // torn: it is cut off
            }
            if self.head.is_none() {
                let head: Head = serde_json::from_slice(&line).map_err(|_| Unread::Foreign)?;
                if head.format != FORMAT || head.version != VERSION {
                    return Err(Unread::Foreign);
                }
                self.head = Some(head);
            } else {
                let entry = serde_json::from_slice(&line).map_err(|_| Unread::Damaged(self.whole))?;
                let (id, person) = match entry {
                    Entry::Read { user, proficiencies } => {
                        (user.id.clone(), Some(Person { user: *user, proficiencies }))
                    }
                    Entry::Gone { id } => (id, None),
                };
                self.people.insert(id, person);
            }
            self.whole += line.len() as u64;
            line.clear();
        }
        // Of a file without a whole line nobody knows whose it is, unless it is what ours begins with.
        let begins = format!("{{\"format\":\"{FORMAT}\"");
        let is_begun = line.iter().zip(begins.as_bytes()).all(|(there, ours)| there == ours);
        if self.head.is_none() && !is_begun { Err(Unread::Foreign) } else { Ok(()) }
    }

    /// Of which instance it is, and since when; `None` where nothing has been read yet.
    pub(crate) fn of(&self) -> Option<(&str, &str)> {
        self.head.as_ref().map(|head| (head.instance.as_str(), head.at.as_str()))
    }

    /// Goes on in it; what is there already is given back.
    ///
    /// # Errors
    /// Exit 4 where it cannot be written.
    pub(crate) fn go_on(self, instance: &str, at: &str) -> Result<(Part, People), Failure> {
        let Self { locked, head, people, whole } = self;
        let path = locked.path().to_owned();
        let begin = || -> io::Result<Part> {
            locked.cut_after(whole)?;
            let mut part = Part { lines: locked.into_lines(whole) };
            if head.is_none() {
                let (format, instance) = (FORMAT.to_owned(), instance.to_owned());
                part.append(&Head { format, version: VERSION, instance, at: at.to_owned() })?;
            }
            Ok(part)
        };
        begin().map(|part| (part, people)).map_err(|error| unwritable(&path, error))
    }

    /// Begins it anew: what is there is too old to be gone on with.
    pub(crate) fn anew(self) -> Self {
        Self { head: None, people: People::new(), whole: 0, ..self }
    }
}

impl Part {
    /// Adds somebody who was read.
    ///
    /// # Errors
    /// Exit 4 where it cannot be written.
    pub(crate) fn add(&mut self, id: &str, person: Option<&Person>) -> Result<(), Failure> {
        let entry = match person {
            Some(Person { user, proficiencies }) => {
                Entry::Read { user: Box::new(user.clone()), proficiencies: proficiencies.clone() }
            }
            None => Entry::Gone { id: id.to_owned() },
        };
        self.append(&entry).map_err(|error| unwritable(self.lines.path(), error))
    }

    fn append(&mut self, line: &impl Serialize) -> io::Result<()> {
        self.lines.check().map_err(|disturbed| {
            io::Error::other(match disturbed {
                Disturbed::Gone => "it was deleted, or another file stands in its place",
                Disturbed::Written => "somebody else has written to it",
            })
        })?;
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.lines.append(&bytes, "part-torn")
    }

    /// Returns when all that was added would survive a power cut.
    ///
    /// # Errors
    /// Exit 4 where that cannot be had.
    pub(crate) fn sync(&self) -> Result<(), Failure> {
        self.lines.sync().map_err(|error| unwritable(self.lines.path(), error))
    }

    /// Removes it: what was to be made of it is there.
    ///
    /// # Errors
    /// It cannot be removed.
    pub(crate) fn remove(self) -> io::Result<()> {
        let path = self.lines.path().to_owned();
        // Windows removes none that anybody has open.
        drop(self);
        disk::remove(&path)
    }
}

const ELSEWHERE: &str = "give another name for the export";

fn unwritable(path: &Path, error: io::Error) -> Failure {
    Failure::stopped(format!("cannot write `{}`", path.display()))
        .because(error)
        .hint("what is in it stays; the same command goes on")
}

/// Why a part cannot be read.
enum Unread {
    Io(io::Error),
    Foreign,
    /// The byte at which a line begins that is none.
    Damaged(u64),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn person(id: &str) -> Person {
        let user = User { id: id.into(), username: format!("user {id}"), ..User::default() };
        Person { user, proficiencies: Some(Vec::new()) }
    }

    #[test]
    fn what_was_read_is_there_when_it_goes_on_and_a_torn_line_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = path(&folder.path().join("users.xlsx"));
        assert!(at.ends_with("users.xlsx.part"));
        let found = Found::open(&at).unwrap();
        assert_eq!(found.of(), None);
        let (mut part, people) = found.go_on("arn:1", "2026-11-28T20:00:00.000Z").unwrap();
        assert!(people.is_empty());
        part.add("a", Some(&person("a"))).unwrap();
        part.add("b", None).unwrap();
        part.sync().unwrap();
        assert!(Found::open(&at).is_err(), "one process has it");
        drop(part);
        let whole = fs::read(&at).unwrap();
        for end in 0..=whole.len() {
            fs::write(&at, &whole[..end]).unwrap();
            let found = Found::open(&at).unwrap();
            let lines = whole[..end].iter().filter(|byte| **byte == b'\n').count();
            assert_eq!(found.of().is_some(), lines > 0, "cut at {end}");
            let (mut part, people) = found.go_on("arn:1", "2026-11-28T21:00:00.000Z").unwrap();
            assert_eq!(people.len(), lines.saturating_sub(1), "cut at {end}");
            part.add("c", Some(&person("c"))).unwrap();
            drop(part);
            let found = Found::open(&at).unwrap();
            assert_eq!(found.people.get("c"), Some(&Some(person("c"))), "cut at {end}");
            let since = if lines > 0 { "2026-11-28T20:00:00.000Z" } else { "2026-11-28T21:00:00.000Z" };
            assert_eq!(found.of(), Some(("arn:1", since)), "cut at {end}");
        }
    }

    #[test]
    fn what_is_no_part_stays_and_one_that_nothing_came_of_goes() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("users.csv.part");
        for text in ["user login\nana\n", "{}\n", "x", "{\"format\":\"other\"", "\n"] {
            fs::write(&at, text).unwrap();
            let failure = Found::open(&at).map(|_| ()).unwrap_err();
            assert!(failure.what.contains("no part of an export"), "{text}: {failure}");
            assert_eq!(fs::read_to_string(&at).unwrap(), text);
        }
        fs::remove_file(&at).unwrap();
        let (part, _) = Found::open(&at).unwrap().go_on("arn:1", "t").unwrap();
        drop(part);
        let head = fs::read_to_string(&at).unwrap();
        fs::write(&at, format!("{head}not a line of ours\n")).unwrap();
        let failure = Found::open(&at).map(|_| ()).unwrap_err();
        assert!(failure.what.contains(&format!("damaged at byte {}", head.len())), "{failure}");
        fs::remove_file(&at).unwrap();
        drop(Found::open(&at).unwrap());
        assert!(!at.exists(), "nothing came of it");
        let (part, _) = Found::open(&at).unwrap().go_on("arn:1", "t").unwrap();
        part.remove().unwrap();
        assert!(!at.exists());
    }

    #[test]
    fn one_that_is_too_old_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("users.csv.part");
        let (mut part, _) = Found::open(&at).unwrap().go_on("arn:1", "old").unwrap();
        part.add("a", Some(&person("a"))).unwrap();
        drop(part);
        let (part, people) = Found::open(&at).unwrap().anew().go_on("arn:1", "new").unwrap();
        assert!(people.is_empty());
        drop(part);
        let found = Found::open(&at).unwrap();
        assert_eq!((found.of(), found.people.len()), (Some(("arn:1", "new")), 0));
    }
}
