//! The file of how users were before they are changed or deleted: a roster of just them, of what is to be changed, or whole.

use std::collections::{BTreeSet, HashSet};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::names::Names;
use super::proof::{Proof, columns as columns_to_prove, rules};
use super::row::{Absent, Line, Of, line};
use super::write::{Csv, Written};
use crate::agent::IdentityType;
use crate::connect::model::{User, UserProficiency};
use crate::directory::Directory;
use crate::disk;
use crate::error::Failure;
use crate::log::{Disturbed, Lines, Locked};
use crate::roster::{Columns, Field};
use crate::user::Group;

/// Where the users of a roster are written down before a run changes them: `ROSTER.before.RUN.csv`. Each run has a file of its
/// own, so that none is ever written over.
pub(crate) fn path(roster: &Path, run: &str) -> PathBuf {
    disk::with_suffix(roster, &format!(".before.{run}.csv"))
}

/// Where the users of a list are written down before they are deleted: `LIST.before.csv`, of a rehearsal
/// `LIST.simulate.before.csv`; of a later session, whose users are others, with a number: `LIST.before.2.csv`.
pub(crate) fn path_of_leavers(list: &Path, is_rehearsal: bool, number: u32) -> PathBuf {
    let rehearsal = if is_rehearsal { ".simulate" } else { "" };
    let later = if number <= 1 { String::new() } else { format!(".{number}") };
    disk::with_suffix(list, &format!("{rehearsal}.before{later}.csv"))
}

/// What happens to users once they are written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// They are changed: the file puts back what was.
    Changed,
    /// They are deleted: the file makes them again, but for their passwords.
    Deleted,
}

impl Keeping {
    const fn absent(self) -> Absent {
        match self {
            Self::Changed => Absent::Cleared,
            // Somebody who is made has nothing that could be taken away.
            Self::Deleted => Absent::Blank,
        }
    }

    /// Why nothing is done where the file cannot be written.
    const fn rule(self) -> &'static str {
        match self {
            Self::Changed => "nobody is changed who is not written down there first",
            Self::Deleted => "nobody is deleted who is not written down there first",
        }
    }
}

/// Users as they are before they are changed, each a row of a CSV that `update` takes: **the undo of an update**. A group that
/// is to be changed is all there, with `(clear)` for what the user does not have; of other groups nothing is said, which
/// leaves them alone. Of users who are deleted it is a roster that `import` takes.
///
/// A run that goes on appends: who is in the file already was written down before anything was changed, and stays as it was
/// then.
pub(crate) struct Before {
    keeping: Keeping,
    lines: Lines,
    columns: Vec<Field>,
    identity: IdentityType,
    names: Names,
    proving: Columns,
    /// Who is in the file.
    written: HashSet<String>,
    /// All that stood in it.
    text: Vec<u8>,
    /// What could not be said of somebody, each a sentence that begins with who.
    untold: Vec<String>,
}

impl Before {
    /// Makes the file, readable by its owner only, or goes on in the one that this run has begun.
    ///
    /// # Errors
    /// Exit 4 where it cannot be made or read, another process has it, or it is something else.
    pub(crate) fn open(path: &Path, directory: &Directory, keeping: Keeping) -> Result<Self, Failure> {
        let cannot = |what: &str, error: io::Error| {
            Failure::stopped(format!("cannot {what} the file of how users were before: `{}`", path.display()))
                .because(error)
                .hint(keeping.rule())
        };
        let held = disk::hold(path).map_err(|error| cannot("make", error))?;
        let Some((file, was_made)) = held else {
            let what = format!("the file of how users were before is in use: `{}`", path.display());
            return Err(Failure::stopped(what)
                .hint("another process of this run is at work: wait until it has ended"));
        };
        let locked = Locked::new(file, path, was_made);
        let identity = directory.instance.identity;
        let columns = columns(identity, keeping);
        let text = read(&locked).map_err(|error| cannot("read", error))?;
        let head = head(&columns).map_err(|error| cannot("make", error))?;
        let (whole, written) = match whole(&text) {
            // Made and never written to, or ended in the middle of its header.
            _ if head.starts_with(&text) => (0, HashSet::new()),
            whole if text.starts_with(&head) => (whole, users(&text[head.len()..whole], &columns)),
            _ => {
                let what = format!("the file there is none of this run's, and stays: `{}`", path.display());
                return Err(Failure::stopped(what).hint("move it away; the same command goes on"));
            }
        };
        if whole < text.len() {
            locked.cut_after(whole as u64).map_err(|error| cannot("mend", error))?;
        }
        let mut lines = locked.into_lines(whole as u64);
        if whole == 0 {
            append(&mut lines, &head).map_err(|error| cannot("write", error))?;
        }
        let (names, proving) = (Names::of(directory), columns_to_prove());
        Ok(Self { keeping, lines, columns, identity, names, proving, written, text, untold: Vec::new() })
    }

    /// Writes down a user who is to be changed in these groups, as it was read; `proficiencies` are `None` where they were
    /// not, and then nothing is said of them. Who is in the file already stays as it was.
    ///
    /// # Errors
    /// Exit 4 where it cannot be written.
    pub(crate) fn add(
        &mut self,
        directory: &Directory,
        user: &User,
        proficiencies: Option<&[UserProficiency]>,
        groups: &BTreeSet<Group>,
    ) -> Result<(), Failure> {
        if self.written.contains(&user.username) {
            return Ok(());
        }
        let (line, bytes) = self.row(directory, user, proficiencies, groups)?;
        append(&mut self.lines, &bytes).map_err(|error| self.unwritable(error))?;
        self.untold.extend(line.untold.iter().map(|said| format!("{}: {said}", line.username)));
        self.written.insert(line.username);
        Ok(())
    }

    /// Returns when all that was added would survive a power cut.
    ///
    /// # Errors
    /// Exit 4 where that cannot be had.
    /// Whether the user is in it otherwise than they are now: somebody has changed them since, or made them anew.
    ///
    /// # Errors
    /// As [`Before::add`].
    pub(crate) fn has_otherwise(
        &self,
        directory: &Directory,
        user: &User,
        proficiencies: Option<&[UserProficiency]>,
        groups: &BTreeSet<Group>,
    ) -> Result<bool, Failure> {
        if !self.written.contains(&user.username) {
            return Ok(false);
        }
        let (_, bytes) = self.row(directory, user, proficiencies, groups)?;
        Ok(!self.text.windows(bytes.len()).any(|part| part == bytes))
    }

    /// The row of a user, proved, and as it is written.
    fn row(
        &self,
        directory: &Directory,
        user: &User,
        proficiencies: Option<&[UserProficiency]>,
        groups: &BTreeSet<Group>,
    ) -> Result<(Line, Vec<u8>), Failure> {
        let of = Of { identity: self.identity, names: &self.names, groups, absent: self.keeping.absent() };
        let rules = rules(directory);
        let proof = Proof::new(&self.proving, &rules, directory);
        let line = proof.prove(line(user, proficiencies, of), user, proficiencies);
        let mut bytes = Vec::new();
        let written = {
            let mut csv = Csv::go_on(&mut bytes, Written::of_one(&self.columns));
            csv.line(&line).and_then(|()| csv.flush())
        };
        written.map_err(|error| self.unwritable(error))?;
        Ok((line, bytes))
    }

    pub(crate) fn sync(&self) -> Result<(), Failure> {
        self.lines.sync().map_err(|error| self.unwritable(error))
    }

    fn unwritable(&self, error: io::Error) -> Failure {
        let path = self.lines.path().display();
        Failure::stopped(format!("cannot write the file of how users were before: `{path}`"))
            .because(error)
            .hint(format!("{}; the same command goes on", self.keeping.rule()))
    }

    /// What no row can say of those who were added, each a sentence that begins with who: it is not put back.
    pub(crate) fn untold(&self) -> &[String] {
        &self.untold
    }
}

/// All that an update may change, of this kind of instance; of those who are deleted, all that an import may give.
fn columns(identity: IdentityType, keeping: Keeping) -> Vec<Field> {
    let is_one = |field: &Field| match field {
        Field::Password => false,
        Field::DirectoryUserId => keeping == Keeping::Deleted && identity == IdentityType::ExistingDirectory,
        Field::Email => identity != IdentityType::Saml,
        // The older family says the same of them.
        Field::PhoneTypeVoice | Field::PhoneNumberVoice | Field::PersistentConnectionVoice => false,
        // These are said of each channel, and one column beside those would be the other family.
        Field::AutoAccept | Field::AfterContactWork => false,
        _ => true,
    };
    Field::ALL.into_iter().filter(is_one).collect()
}

fn head(columns: &[Field]) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    Csv::begin(&mut head, Written::of_one(columns))?.flush()?;
    Ok(head)
}

fn read(locked: &Locked) -> io::Result<Vec<u8>> {
    let mut file = locked.file();
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// How many bytes whole rows have: what stands behind the last of them was torn off.
fn whole(text: &[u8]) -> usize {
    let (mut whole, mut is_quoted) = (0, false);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'"' => is_quoted = !is_quoted,
            b'\n' if !is_quoted => whole = at + 1,
            _ => {}
        }
    }
    whole
}

/// The usernames in whole rows.
fn users(rows: &[u8], columns: &[Field]) -> HashSet<String> {
    let at = columns.iter().position(|field| *field == Field::Username);
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(rows);
    let records = reader.records().filter_map(Result::ok);
    // A username begins with a letter, a digit or one of `_ - . @`: the guard of those is taken off.
    let user = |record: csv::StringRecord| {
        at.and_then(|at| record.get(at)).map(|cell| crate::text::unguarded(cell).to_owned())
    };
    records.filter_map(user).collect()
}

/// Appends, where the file is still ours alone.
fn append(lines: &mut Lines, bytes: &[u8]) -> io::Result<()> {
    lines.check().map_err(|disturbed| {
        io::Error::other(match disturbed {
            Disturbed::Gone => "it was deleted, or another file stands in its place",
            Disturbed::Written => "somebody else has written to it",
        })
    })?;
    lines.append(bytes, "before-torn")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::{Value, json};

    use super::*;
    use crate::agent::CLEAR;
    use crate::directory::{Instance, Names as Profiles};
    use crate::roster::{Options, Roster, Row};

    fn directory() -> Directory {
        let arn = "arn:aws:connect:eu-central-1:123456789012:instance/i-1".to_owned();
        let identity = IdentityType::ConnectManaged;
        let named = |name: &str, id: &str| [(name.to_owned(), id.to_owned())];
        Directory {
            routing_profiles: Profiles::of_routing_profiles(named("Basic", "rp-1")),
            security_profiles: Profiles::of_security_profiles(named("Agent", "sp-1")),
            ..Directory::new(Instance { id: "i-1".into(), arn, alias: None, identity, status: None })
        }
    }

    fn user(name: &str, more: Value) -> User {
        let mut least = json!({
            "Id": name, "Username": name, "RoutingProfileId": "rp-1", "SecurityProfileIds": ["sp-1"],
            "IdentityInfo": { "FirstName": "Ana", "LastName": "Silva" },
        });
        for (member, value) in more.as_object().unwrap() {
            least[member] = value.clone();
        }
        serde_json::from_value(least).unwrap()
    }

    /// The rows of the file: who, and the cells that have text.
    fn rows(path: &Path) -> Vec<(String, Vec<(Field, String)>)> {
        let roster = Roster::open(path, &Options::default()).unwrap();
        let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
        while rows.read(&mut row).unwrap() {
            let cell = |field| (field, roster.columns().cell(&row, field).to_owned());
            let filled = Field::ALL.into_iter().map(cell).filter(|(_, cell)| !cell.is_empty());
            let (who, rest): (Vec<_>, Vec<_>) = filled.partition(|(field, _)| *field == Field::Username);
            all.push((who[0].1.clone(), rest));
        }
        all
    }

    #[test]
    fn the_groups_to_be_changed_are_all_there_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = path(&folder.path().join("r.csv"), "run-1");
        assert!(path.ends_with("r.csv.before.run-1.csv"));
        let directory = directory();
        let mut before = Before::open(&path, &directory, Keeping::Changed).unwrap();
        let one = BTreeSet::from([Group::RoutingProfile]);
        before.add(&directory, &user("ana", json!({})), None, &one).unwrap();
        let two = BTreeSet::from([Group::Hierarchy, Group::Tags, Group::Proficiencies]);
        let tagged = user("bob", json!({ "Tags": { "site": "Leeds", "headcount:run": "r/1" } }));
        before.add(&directory, &tagged, Some(&[]), &two).unwrap();
        before.sync().unwrap();
        let text = |cell: &str| cell.to_owned();
        assert_eq!(
            rows(&path),
            [
                (text("ana"), vec![(Field::RoutingProfile, text("Basic"))]),
                (
                    text("bob"),
                    vec![
                        (Field::Hierarchy, text(CLEAR)),
                        (Field::Tags, text("site|Leeds")),
                        (Field::Proficiencies, text(CLEAR))
                    ]
                ),
            ]
        );
        assert_eq!(before.untold(), [""; 0]);
        let identity = BTreeSet::from([Group::Identity]);
        let odd = user("cid", json!({ "IdentityInfo": { "FirstName": " Cid", "LastName": "Doe" } }));
        before.add(&directory, &odd, None, &identity).unwrap();
        assert_eq!(before.untold(), ["cid: first name has spaces around it: ` Cid`"]);
    }

    #[test]
    fn whoever_is_in_it_stays_as_they_were_and_a_torn_row_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("before.csv");
        let (directory, groups) = (directory(), BTreeSet::from([Group::Identity]));
        let named = |name: &str, last: &str| {
            user(name, json!({ "IdentityInfo": { "FirstName": "a\"b\nc", "LastName": last } }))
        };
        let last_names = |path: &Path| -> Vec<(String, String)> {
            let last = |row: (String, Vec<(Field, String)>)| {
                let cell = row.1.iter().find(|(field, _)| *field == Field::LastName);
                (row.0, cell.map(|(_, cell)| cell.clone()).unwrap_or_default())
            };
            rows(path).into_iter().map(last).collect()
        };
        let mut before = Before::open(&path, &directory, Keeping::Changed).unwrap();
        before.add(&directory, &named("ana", "First"), None, &groups).unwrap();
        before.add(&directory, &named("bob", "First"), None, &groups).unwrap();
        assert!(Before::open(&path, &directory, Keeping::Changed).is_err(), "one process has it");
        drop(before);
        let whole = fs::read(&path).unwrap();
        let head = super::head(&super::columns(IdentityType::ConnectManaged, Keeping::Changed)).unwrap();
        for end in 0..=whole.len() {
            fs::write(&path, &whole[..end]).unwrap();
            let mut before = Before::open(&path, &directory, Keeping::Changed).unwrap();
            before.add(&directory, &named("ana", "Second"), None, &groups).unwrap();
            before.add(&directory, &named("bob", "Second"), None, &groups).unwrap();
            drop(before);
            let kept = |is_kept: bool| if is_kept { "First" } else { "Second" }.to_owned();
            let of_ana = whole[..end].len() > head.len() && rows_in(&whole[..end]) >= 1;
            let expected = [("ana".to_owned(), kept(of_ana)), ("bob".to_owned(), kept(end == whole.len()))];
            assert_eq!(last_names(&path), expected, "cut at {end}");
        }
        fs::write(&path, "user login,notes\nana,x\n").unwrap();
        let failure = Before::open(&path, &directory, Keeping::Changed).map(|_| ()).unwrap_err();
        assert!(failure.what.contains("none of this run's, and stays"), "{failure}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "user login,notes\nana,x\n");
    }

    #[test]
    fn whoever_is_not_as_they_are_in_it_is_known_when_it_is_gone_on_with() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("r.csv.before.csv");
        let (directory, all) = (directory(), Group::ALL.into_iter().collect());
        let ana = user(
            "ana",
            json!({ "IdentityInfo": { "FirstName": "Ana", "LastName": "Silva, \"the\" first" } }),
        );
        let changed = user("ana", json!({ "IdentityInfo": { "FirstName": "Mary", "LastName": "Silva" } }));
        let open = || Before::open(&path, &directory, Keeping::Deleted).unwrap();
        let mut before = open();
        assert!(!before.has_otherwise(&directory, &changed, None, &all).unwrap(), "nobody is in it");
        before.add(&directory, &ana, None, &all).unwrap();
        before.sync().unwrap();
        drop(before);
        let before = open();
        assert!(!before.has_otherwise(&directory, &ana, None, &all).unwrap());
        assert!(before.has_otherwise(&directory, &changed, None, &all).unwrap());
    }

    fn rows_in(text: &[u8]) -> usize {
        csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(&text[..whole(text)])
            .records()
            .filter(Result::is_ok)
            .count()
    }

    #[cfg(unix)]
    #[test]
    fn it_is_its_owners_only_and_is_written_through_no_link() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("before.csv");
        drop(Before::open(&path, &directory(), Keeping::Changed).unwrap());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (link, other) = (folder.path().join("link.csv"), folder.path().join("other.csv"));
        fs::write(&other, "").unwrap();
        symlink(&other, &link).unwrap();
        assert!(Before::open(&link, &directory(), Keeping::Changed).is_err());
        assert_eq!(fs::read_to_string(&other).unwrap(), "");
    }
}
