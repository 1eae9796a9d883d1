//! Files: private from the first byte, replaced atomically, never written through a symbolic link. Nothing else in the
//! crate makes one.

use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, Write as _};
use std::path::{Path, PathBuf};

/// Whether an error says that this process, or the machine, has as many files open as it may.
pub(crate) fn is_of_limit(error: &io::Error) -> bool {
    #[cfg(unix)]
    {
        let code = error.raw_os_error().map(rustix::io::Errno::from_raw_os_error);
        matches!(code, Some(rustix::io::Errno::MFILE | rustix::io::Errno::NFILE))
    }
    #[cfg(not(unix))]
    {
        let _ = error;
        false
    }
}

/// Opens a file that is there for reading. A pipe or a device is refused before it is opened: the one waits for its other
/// end, the other need not end at all.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if std::fs::metadata(path)?.is_file() { File::open(path) } else { Err(not_regular()) }
}

/// Opens a file for reading and appending, and makes it (readable by its owner only) where there is none.
/// Says whether it was made.
///
/// What is there must be a regular file by its own name: somebody who may write to the folder could have put a link there
/// to a file that is not to be written.
pub(crate) fn open_append(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            sync_folder(path)?;
            Ok((file, true))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let there = itself(path)?;
            let file = options.open(path)?;
            if is_another(&there, &file.metadata()?) {
                return Err(io::Error::other("another file took its place while it was opened"));
            }
            Ok((file, false))
        }
        Err(error) => Err(error),
    }
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

#[cfg(unix)]
fn is_another(seen: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (seen.dev(), seen.ino()) != (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn is_another(_: &Metadata, _: &Metadata) -> bool {
    false
}

/// Takes a file's lock and says whether it could be had: not where another process has it. A file system without locks
/// has none to refuse, and whoever must know of another process notices it by other means.
pub(crate) fn lock(file: &File) -> io::Result<bool> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Opens a file of secrets for reading and appending, and makes it where there is none. One that is there must be a plain
/// file that nobody but its owner may read, and no symbolic link is followed to it. Says whether it was made.
pub(crate) fn open_secret(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            sync_folder(path)?;
            return Ok((file, true));
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(error),
    }
    if std::fs::symlink_metadata(path)?.is_symlink() {
        return Err(io::Error::other("it is a symbolic link, and none is followed to passwords"));
    }
    unlinked(&mut options);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
        // Whoever owns it can open it to themselves at any time, whatever its mode says now.
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(io::Error::other(
                "it is somebody else's file; only its owner may keep passwords in it",
            ));
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other(
                "others than its owner may read or write it; `chmod 600` mends that",
            ));
        }
    }
    Ok((file, false))
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
        // A rename takes the place of an empty folder, but on Windows.
        Ok(_) if cfg!(windows) => std::fs::remove_dir(path)?,
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    let new = folder_beside(path)?;
    for (name, bytes) in files {
        create_new(&new.path().join(name), bytes)?;
    }
    std::fs::rename(new.path(), path).map_err(|error| match error.kind() {
        io::ErrorKind::DirectoryNotEmpty => io::ErrorKind::AlreadyExists.into(),
        _ => error,
    })?;
    let _ = new.keep(); // it has another name now, and is not to be removed by its old one
    sync_folder(path)
}

/// A new folder beside another, open to its owner only.
fn folder_beside(path: &Path) -> io::Result<tempfile::TempDir> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o700));
    }
    let folder = folder(path);
    builder.tempdir_in(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), format!("there is no such folder: `{}`", folder.display()))
        }
        _ => error,
    })
}

/// Replaces a file whole or not at all; readable by its owner only.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// Replaces a file whole or not at all, with what `write` writes; readable by its owner only. Where that fails, the file
/// stays as it was.
pub(crate) fn write_atomic_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = beside(path)?;
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(sync_folder(path)?)
}

/// Writes a file that must not exist yet, whole or not at all; readable by its owner only.
pub(crate) fn create_atomic_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = beside(path)?;
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(sync_folder(path)?)
}

/// A new file in the folder of another, made with mode 0600. What is told of it is the folder: nobody knows the new name.
pub(crate) fn beside(path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let folder = folder(path);
    tempfile::NamedTempFile::new_in(folder).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            io::Error::new(error.kind(), format!("there is no such folder: `{}`", folder.display()))
        }
        _ => error,
    })
}

/// Puts a new file in the place of one that this process holds locked, and gives it back locked, for reading and appending;
/// `None` where another process came first. That survives a power cut when this returns.
#[cfg(unix)]
pub(crate) fn put_in_place_of(
    held: File,
    new: tempfile::NamedTempFile,
    path: &Path,
) -> io::Result<Option<File>> {
    // Locked before it can be found under the other's name: nobody comes between.
    let file = OpenOptions::new().read(true).append(true).open(new.path())?;
    if !lock(&file)? {
        return Ok(None);
    }
    new.persist(path).map_err(|error| error.error)?;
    sync_folder(path)?;
    drop(held);
    Ok(Some(file))
}

/// The same. Windows lets no file take the place of one that anybody has open, this process included: so it is let go of
/// first. Who opens the old one in between makes the rename fail, and who opens the new one is seen by its lock.
#[cfg(not(unix))]
pub(crate) fn put_in_place_of(
    held: File,
    new: tempfile::NamedTempFile,
    path: &Path,
) -> io::Result<Option<File>> {
    drop(held);
    drop(new.persist(path).map_err(|error| error.error)?);
    let (file, was_made) = open_append(path)?;
    Ok(if !was_made && lock(&file)? { Some(file) } else { None })
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

/// Whether an open file is the one that stands at a path.
pub(crate) fn stands_at(file: &File, path: &Path) -> io::Result<bool> {
    Ok(!is_another(&std::fs::symlink_metadata(path)?, &file.metadata()?))
}

/// Removes a file that this program made.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Makes a folder and those above it where they are not there, open to their owner only; one that is there and open to
/// others is closed to them.
pub(crate) fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
        builder.mode(0o700).create(path)?;
        let mut permissions = std::fs::metadata(path)?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o700);
            std::fs::set_permissions(path, permissions)?;
        }
        Ok(())
    }
    #[cfg(not(unix))]
    builder.create(path)
}

/// A path with something added to its whole name: `roster.csv` and `.ledger.jsonl` give `roster.csv.ledger.jsonl`.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Makes a new or renamed file's name survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder(path))?.sync_all() } else { Ok(()) }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions) {}

/// Follows no symbolic link in the last part of the path, and waits for nobody at the other end of a pipe.
#[cfg(unix)]
fn unlinked(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
}

#[cfg(not(unix))]
fn unlinked(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_private_and_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        assert!(open_append(&path).unwrap().1);
        assert!(!open_append(&path).unwrap().1);
        assert!(create_new(&path, b"x").is_err());
        write_atomic(&path, b"whole").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"whole");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(with_suffix(Path::new("d/roster.csv"), ".x"), Path::new("d/roster.csv.x"));
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_written_through_a_link_or_into_what_is_no_file() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let (victim, link) = (folder.path().join("victim"), folder.path().join("link"));
        std::fs::write(&victim, "").unwrap();
        symlink(&victim, &link).unwrap();
        let refused = |path: &Path| open_append(path).unwrap_err().to_string();
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
        drop(open_secret(&path).unwrap());
        assert!(!open_secret(&path).unwrap().1, "it is ours");
        // Only root can give a file away; whoever is not has one of root's to be refused.
        let theirs = match std::os::unix::fs::chown(&path, Some(12_345), None) {
            Ok(()) => path,
            Err(_) => PathBuf::from("/etc/passwd"),
        };
        let why = open_secret(&theirs).unwrap_err();
        let is_refused = why.to_string().contains("somebody else's");
        assert!(is_refused || why.kind() == io::ErrorKind::PermissionDenied, "{why}");
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
