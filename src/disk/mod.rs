//! Files: private from the first byte, replaced atomically, never written through a symbolic link. Nothing else in the
//! crate makes one, and what differs by system is here: in `unix.rs` and `windows.rs`, under the same names.
//!
//! What survives a power cut is what `sync_all` or `sync_data` has returned for. On Linux they are fsync and fdatasync; on
//! macOS std makes both `fcntl(F_FULLFSYNC)`, which a plain fsync there is not (std, `sys/fs/unix.rs`); on Windows both are
//! `FlushFileBuffers`. So nothing else here or in `log/` syncs a file.

mod again;
mod names;
mod reach;
#[cfg_attr(not(windows), allow(dead_code, reason = "a model of Windows holds it on every system"))]
mod rights;
#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::fs::{File, Metadata};
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

pub(crate) use names::with_suffix;
pub(crate) use reach::{Reach, reach};

use crate::clock;

/// Fails where this process may not open so many files more.
pub(crate) fn room_for(files: usize) -> io::Result<()> {
    system::room_for(files)
}

/// Opens a file that is there for reading. A pipe or a device is refused before it is opened: the one waits for its other
/// end, the other need not end at all.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() { File::open(path) } else { Err(not_regular()) }
}

/// The bytes of a file that a person wrote, as far as so many; `None` of one that is longer.
pub(crate) fn read_at_most(path: &Path, most: u64) -> io::Result<Option<Vec<u8>>> {
    // Windows only denies a folder, and elsewhere it is opened.
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() as u64 <= most).then_some(bytes))
}

/// Reads from a place in a file, and leaves the place of others alone.
pub(crate) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    system::read_at(file, buffer, at)
}

/// Opens a file for this process alone to write, for reading and [`append`]ing, and makes it (readable by its owner only)
/// where there is none. Says whether it was made; `None` where another process has it.
///
/// What is there must be a regular file by its own name: somebody who may write to the folder could have put a link there
/// to a file that is not to be written.
///
/// A file system without locks has none to refuse, and whoever must know of another process notices it by other means.
pub(crate) fn hold(path: &Path) -> io::Result<Option<(File, bool)>> {
    held(path, || {
        let there = itself(path)?;
        let Some(file) = in_use_is_none(system::as_writer().open(path))? else { return Ok(None) };
        if !system::is_same(&there, path, &file)? {
            return Err(io::Error::other("another file took its place while it was opened"));
        }
        Ok(Some(file))
    })
}

/// The same for a file of secrets. One that is there must be a plain file that nobody but its owner may read, and no symbolic
/// link is followed to it.
pub(crate) fn hold_secret(path: &Path) -> io::Result<Option<(File, bool)>> {
    held(path, || {
        if std::fs::symlink_metadata(path)?.is_symlink() {
            return Err(io::Error::other("it is a symbolic link, and none is followed to passwords"));
        }
        let Some(file) = in_use_is_none(system::as_writer_of_secrets().open(path))? else { return Ok(None) };
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::other("it is not a plain file"));
        }
        system::may_hold_secrets(&metadata)?;
        Ok(Some(file))
    })
}

/// Makes a file, or opens the one that is there by `open`, and takes its lock.
fn held(path: &Path, open: impl Fn() -> io::Result<Option<File>>) -> io::Result<Option<(File, bool)>> {
    let (file, was_made) = match system::as_writer().create_new(true).open(path) {
        Ok(file) => {
            sync_folder(path)?;
            (file, true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Somebody who only looks at it has it for a moment.
            match while_in_use(&open)? {
                Some(file) => (file, false),
                None => return Ok(None),
            }
        }
        Err(error) => return Err(error),
    };
    Ok(system::lock(&file)?.then_some((file, was_made)))
}

fn while_in_use(open: impl Fn() -> io::Result<Option<File>>) -> io::Result<Option<File>> {
    let in_use = || io::Error::from(io::ErrorKind::ResourceBusy);
    let opened = again::while_held(
        |error| error.kind() == io::ErrorKind::ResourceBusy,
        clock::block_for,
        || open()?.ok_or_else(in_use),
    );
    match opened {
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => Ok(None),
        done => done.map(Some),
    }
}

fn in_use_is_none(opened: io::Result<File>) -> io::Result<Option<File>> {
    match opened {
        Err(error) if system::is_in_use(&error) => Ok(None),
        done => done.map(Some),
    }
}

/// Appends to a file that this process [`hold`]s, wherever it was read last.
pub(crate) fn append(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    system::go_to_end(file)?;
    file.write_all(bytes)
}

/// Cuts a file that this process [`hold`]s, behind so many bytes; it is not synced.
pub(crate) fn cut(file: &File, length: u64) -> io::Result<()> {
    file.set_len(length)
}

/// Whether another process [`hold`]s the file that was opened at a path.
pub(crate) fn is_written(file: &File, path: &Path) -> bool {
    system::is_written(file, path)
}

/// Removes a file that was made and let go of, where nothing is in it still and nobody has it.
pub(crate) fn remove_unused(path: &Path) -> io::Result<()> {
    system::remove_unused(path)
}

/// What stands at a path, where it is a regular file and no link to one.
fn itself(path: &Path) -> io::Result<Metadata> {
    let there = std::fs::symlink_metadata(path)?;
    if there.is_symlink() {
        return Err(io::Error::other("it is a symbolic link, and nothing is written through one"));
    }
    if there.is_file() { Ok(there) } else { Err(not_regular()) }
}

fn not_regular() -> io::Error {
    io::Error::other("it is not a regular file")
}

/// Whether a symbolic link in a file's place is that file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Links {
    /// Where it leads there.
    Followed,
    /// Never.
    Refused,
}

/// Whether an open file is the one that stands at a path.
pub(crate) fn stands_at(file: &File, path: &Path, links: Links) -> io::Result<bool> {
    let there = match links {
        Links::Followed => std::fs::metadata(path)?,
        Links::Refused => std::fs::symlink_metadata(path)?,
    };
    Ok(!there.is_symlink() && system::is_same(&there, path, file)?)
}

/// A path that is whole and without links where it leads anywhere, as people and their programs write it.
pub(crate) fn full_name(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    system::as_written(whole.canonicalize().unwrap_or(whole))
}

/// Writes a file that must not exist yet, whole or not at all; readable by its owner only.
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What is there is told before a whole file is written for nothing.
    if std::fs::symlink_metadata(path).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    create_atomic_with(path, |file| file.write_all(bytes))
}

/// Makes a folder of new files, whole or not at all: it and they are their owner's only, and nobody sees it by its name
/// before all of them are in it. A folder that is there already must be empty.
pub(crate) fn create_folder<'f>(
    path: &Path,
    files: impl IntoIterator<Item = (&'f str, &'f [u8])>,
) -> io::Result<()> {
    let is_empty = |path: &Path| Ok::<_, io::Error>(std::fs::read_dir(path)?.next().is_none());
    match std::fs::symlink_metadata(path) {
        Ok(there) if !there.is_dir() || !is_empty(path)? => return Err(io::ErrorKind::AlreadyExists.into()),
        Ok(_) => system::make_room(path)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let new = folder_beside(path)?;
    for (name, bytes) in files {
        create_new(&new.path().join(name), bytes)?;
    }
    patiently(|| std::fs::rename(new.path(), path)).map_err(|error| match error.kind() {
        io::ErrorKind::DirectoryNotEmpty => io::ErrorKind::AlreadyExists.into(),
        _ => error,
    })?;
    let _ = new.keep(); // it has another name now, and is not to be removed by its old one
    sync_folder(path)
}

/// A new folder beside another, open to its owner only.
fn folder_beside(path: &Path) -> io::Result<tempfile::TempDir> {
    let folder = folder(path);
    let mut builder = tempfile::Builder::new();
    let builder = system::private_folder(&mut builder);
    builder.tempdir_in(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), format!("there is no such folder: `{}`", folder.display()))
        }
        _ => error,
    })
}

/// Replaces a file whole or not at all; readable by its owner only.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let new = written(path, |file| file.write_all(bytes))?;
    persist(new, path).map_err(|(error, _)| error)
}

/// Where a file was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Landed {
    /// Under its name.
    There,
    /// Under the next free name, for another program has the file and lets nobody replace it, as Excel does on Windows.
    Beside(PathBuf),
}

/// Replaces a file whole or not at all, readable by its owner only; where another program has it, what was to be in it is
/// written beside, for the work that it took is not to be lost.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<Landed> {
    replace_with(path, |number| names::numbered(path, number), |file| file.write_all(bytes))
}

/// The same with what `write` writes. `other` gives the names to be taken then, from number 2 on. Where that fails, the file
/// stays as it was.
pub(crate) fn replace_with<E: From<io::Error>>(
    path: &Path,
    other: impl Fn(u32) -> PathBuf,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<Landed, E> {
    match persist(written(path, write)?, path) {
        Ok(()) => Ok(Landed::There),
        Err((error, Some(new))) if system::is_held(&error) && is_to_be_replaced(path) => {
            Ok(persist_beside(new, other, error).map(Landed::Beside)?)
        }
        Err((error, _)) => Err(error.into()),
    }
}

/// Whether a file could be replaced if nobody had it: one that somebody has made read-only was not to be.
fn is_to_be_replaced(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|there| there.is_file() && !there.permissions().readonly())
}

/// Puts a new file under the first free name; `why` it is not under its own is told where none can be had.
fn persist_beside(
    mut new: NamedTempFile,
    other: impl Fn(u32) -> PathBuf,
    why: io::Error,
) -> io::Result<PathBuf> {
    /// More than so many are no names that somebody would look through.
    const NAMES: u32 = 99;
    for number in 2..=NAMES {
        let path = other(number);
        match new.persist_noclobber(&path) {
            Ok(_) => return sync_folder(&path).map(|()| path),
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => new = error.file,
            // A place where nothing can be written, and not a file that somebody has.
            Err(_) => break,
        }
    }
    Err(why)
}

/// Writes a file that must not exist yet, whole or not at all; readable by its owner only.
pub(crate) fn create_atomic_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut new = Some(written(path, write)?);
    patiently(|| put(&mut new, |file| file.persist_noclobber(path)))?;
    Ok(sync_folder(path)?)
}

/// A new file beside another, with what `write` writes; synced.
fn written<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<NamedTempFile, E> {
    let mut file = beside(path)?;
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    Ok(file)
}

/// Gives a new file its name, in place of what has it; that survives a power cut when this returns. Where it cannot be done,
/// the file is given back.
fn persist(new: NamedTempFile, path: &Path) -> Result<(), (io::Error, Option<NamedTempFile>)> {
    let mut new = Some(new);
    let done = patiently(|| put(&mut new, |file| file.persist(path)));
    done.map_err(|error| (error, new))?;
    sync_folder(path).map_err(|error| (error, None))
}

/// One try to give a file its name: it is taken where that works, and there for the next try where not.
fn put(
    new: &mut Option<NamedTempFile>,
    persist: impl FnOnce(NamedTempFile) -> Result<File, tempfile::PersistError>,
) -> io::Result<()> {
    let Some(file) = new.take() else { return Err(io::Error::other("there is no such file any more")) };
    persist(file).map(drop).map_err(|error| {
        *new = Some(error.file);
        error.error
    })
}

/// Tries for about a second what Windows refuses while somebody has the file.
fn patiently<T>(attempt: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    again::while_held(system::is_held, clock::block_for, attempt)
}

/// A new file in the folder of another, made with mode 0600. What is told of it is the folder: nobody knows the new name.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = folder(path);
    NamedTempFile::new_in(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), format!("there is no such folder: `{}`", folder.display()))
        }
        _ => error,
    })
}

/// Puts a new file in the place of one that this process [`hold`]s, and gives it back held; `None` where another process came
/// first. That survives a power cut when this returns.
pub(crate) fn put_in_place_of(held: File, new: NamedTempFile, path: &Path) -> io::Result<Option<File>> {
    system::put_in_place_of(held, new, path)
}

/// Gives a file a second name, or makes a copy where the file system knows no second names; that survives a power cut when
/// this returns.
///
/// # Errors
/// `AlreadyExists` where something has the name.
pub(crate) fn link_or_copy(path: &Path, to: &Path) -> io::Result<()> {
    match std::fs::hard_link(path, to) {
        Ok(()) => sync_folder(to),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        Err(_) => {
            let mut from = open_regular(path)?;
            create_atomic_with(to, |file| io::copy(&mut from, file).map(drop))
        }
    }
}

/// Whether two files hold the same.
pub(crate) fn have_same_bytes(one: &Path, other: &Path) -> io::Result<bool> {
    let (mut one, mut other) =
        (io::BufReader::new(open_regular(one)?), io::BufReader::new(open_regular(other)?));
    loop {
        let (left, right) = (one.fill_buf()?, other.fill_buf()?);
        let both = left.len().min(right.len());
        if both == 0 || left[..both] != right[..both] {
            return Ok(left.len() == right.len());
        }
        one.consume(both);
        other.consume(both);
    }
}

/// Gives a file another name in its folder; what stands there under that name already stays.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] where something has the name; what the system says, where it cannot be done.
pub(crate) fn rename(path: &Path, to: &Path) -> io::Result<()> {
    if std::fs::symlink_metadata(to).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, "there is a file of this name"));
    }
    patiently(|| std::fs::rename(path, to))?;
    sync_folder(to)
}

/// Removes a file that this program made.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    patiently(|| std::fs::remove_file(path))
}

/// Whether an error of [`remove`] says that another program has the file.
pub(crate) fn is_held(error: &io::Error) -> bool {
    system::is_held(error)
}

/// Makes a folder and those above it where they are not there, open to their owner only where the system has such folders;
/// one that is there and open to others is closed to them.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    system::create_private_folder(path)
}

/// Makes a new or renamed file's name survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    system::sync_folder(folder(path))
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(hold(&path).unwrap().unwrap().1);
        assert!(!hold(&path).unwrap().unwrap().1);
        assert!(create_new(&path, b"x").is_err());
        write_atomic(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_or_into_what_is_no_file() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        std::fs::write(&victim, "").unwrap();
        symlink(&victim, &link).unwrap();
        let refused = |path: &Path| hold(path).unwrap_err().to_string();
        assert!(refused(&link).contains("symbolic link"));
        // What is replaced is the link itself.
        write_atomic(&link, b"ours").unwrap();
        assert!(!std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::read(&victim).unwrap(), b"");
        // A link that points nowhere makes nothing where it points.
        let (nowhere, dangling) = (folder.path().join("nowhere"), folder.path().join("dangling"));
        symlink(&nowhere, &dangling).unwrap();
        assert!(refused(&dangling).contains("symbolic link"));
        assert!(create_new(&dangling, b"x").is_err());
        assert!(create_atomic_with::<io::Error>(&dangling, |file| file.write_all(b"x")).is_err());
        assert!(!nowhere.exists());
        for other in [Path::new("/dev/null"), folder.path()] {
            assert!(refused(other).contains("not a regular file"));
            assert!(open_regular(other).unwrap_err().to_string().contains("not a regular file"));
        }
        assert!(open_regular(&victim).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_of_passwords_that_is_somebody_elses_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passwords");
        drop(hold_secret(&path).unwrap());
        assert!(!hold_secret(&path).unwrap().unwrap().1, "it is ours");
        // Only root can give a file away; whoever is not has one of root's to be refused.
        let theirs = match std::os::unix::fs::chown(&path, Some(12_345), None) {
            Ok(()) => path,
            Err(_) => PathBuf::from("/etc/passwd"),
        };
        let why = hold_secret(&theirs).unwrap_err();
        let is_refused = why.to_string().contains("somebody else's");
        assert!(is_refused || why.kind() == io::ErrorKind::PermissionDenied, "{why}");
    }

    #[test]
    fn a_torn_line_is_cut_and_the_next_stands_behind_the_whole_ones_wherever_it_was_read_last() {
        use std::io::{Read as _, Seek as _};
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, "one\ntw").unwrap();
        let (mut file, was_made) = hold(&path).unwrap().unwrap();
        assert!(!was_made);
        cut(&file, 4).unwrap();
        file.rewind().unwrap();
        append(&file, b"two\n").unwrap();
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntwo\n");
    }

    #[test]
    fn one_process_holds_a_file_and_others_look_at_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let (held, _) = hold(&path).unwrap().unwrap();
        append(&held, b"one\n").unwrap();
        let reader = open_regular(&path).unwrap();
        assert!(is_written(&reader, &path));
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        assert!(hold(&path).unwrap().is_none() && hold_secret(&path).unwrap().is_none());
        drop(held);
        assert!(!is_written(&reader, &path));
        assert!(hold(&path).unwrap().is_some(), "whoever looks keeps nobody out");
    }

    #[test]
    fn a_file_that_is_another_than_the_open_one_is_told_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        for path in [&path, &other] {
            std::fs::write(path, "same\n").unwrap();
        }
        let file = open_regular(&path).unwrap();
        assert!(stands_at(&file, &path, Links::Refused).unwrap());
        assert!(!stands_at(&file, &other, Links::Refused).unwrap());
        assert!(stands_at(&file, &folder.path().join("none"), Links::Followed).is_err());
    }

    #[test]
    fn a_file_that_was_made_and_let_go_of_is_removed_where_nothing_is_in_it_and_nobody_has_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        let (held, _) = hold(&path).unwrap().unwrap();
        let _ = remove_unused(&path);
        assert!(path.exists(), "somebody has it");
        append(&held, b"one\n").unwrap();
        drop(held);
        remove_unused(&path).unwrap();
        assert!(path.exists(), "something is in it");
        std::fs::write(&path, "").unwrap();
        remove_unused(&path).unwrap();
        assert!(!path.exists());
    }

    #[cfg(windows)]
    #[test]
    fn a_file_that_another_program_has_stays_and_the_new_one_stands_beside() {
        use std::os::windows::fs::OpenOptionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.xlsx");
        std::fs::write(&path, "old").unwrap();
        std::fs::write(folder.path().join("report.2.xlsx"), "somebody's").unwrap();
        let beside = folder.path().join("report.3.xlsx");
        // As Excel has it: others read it, and nobody deletes it.
        let excel = std::fs::OpenOptions::new().read(true).write(true).share_mode(1).open(&path).unwrap();
        assert!(write_atomic(&path, b"new").is_err());
        assert_eq!(replace(&path, b"new").unwrap(), Landed::Beside(beside.clone()));
        assert!(is_held(&remove(&path).unwrap_err()));
        assert_eq!([std::fs::read(&path).unwrap(), std::fs::read(&beside).unwrap()], [b"old", b"new"]);
        drop(excel);
        assert_eq!(replace(&path, b"new").unwrap(), Landed::There);
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
    }

    #[cfg(windows)]
    #[test]
    fn a_whole_path_is_one_that_other_programs_open() {
        let folder = tempfile::tempdir().unwrap();
        let whole = full_name(folder.path());
        assert!(whole.is_absolute() && !whole.to_string_lossy().starts_with(r"\\?\"), "{}", whole.display());
    }

    #[test]
    fn a_folder_of_files_is_there_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let names = || {
            let mut names: Vec<_> =
                std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let out = folder.path().join("out");
        // The second cannot be written: there is no such folder in it.
        let broken: [(&str, &[u8]); 2] = [("a", b"1"), ("no/where", b"2")];
        assert!(create_folder(&out, broken).is_err());
        assert!(names().is_empty(), "{:?}", names());
        let files: [(&str, &[u8]); 2] = [("a", b"1"), ("b", b"2")];
        create_folder(&out, files).unwrap();
        assert_eq!(names(), ["out"]);
        assert_eq!(std::fs::read(out.join("b")).unwrap(), b"2");
        // What is there stays, and an empty folder may have been made for it.
        let again = create_folder(&out, [("c", &b"3"[..])]).unwrap_err();
        assert_eq!((again.kind(), out.join("c").exists()), (io::ErrorKind::AlreadyExists, false));
        let empty = folder.path().join("empty");
        std::fs::create_dir(&empty).unwrap();
        create_folder(&empty, files).unwrap();
        assert_eq!(std::fs::read(empty.join("a")).unwrap(), b"1");
        assert_eq!(names(), ["empty", "out"]);
        #[cfg(unix)]
        {
            use std::os::unix::fs::{PermissionsExt as _, symlink};
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!([mode(&out), mode(&out.join("a")), mode(&empty)], [0o700, 0o600, 0o700]);
            let (link, target) = (folder.path().join("link"), folder.path().join("target"));
            std::fs::create_dir(&target).unwrap();
            symlink(&target, &link).unwrap();
            assert!(create_folder(&link, files).is_err(), "nothing is written through a link");
            assert!(std::fs::read_dir(&target).unwrap().next().is_none());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_was_open_to_others_is_closed() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        std::fs::create_dir(&path).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o777)).unwrap();
        create_private_folder(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }
}
