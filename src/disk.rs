//! Files: private from the first byte, replaced atomically. Nothing else in the crate makes one.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Opens a file for reading and appending, and makes it (readable by its owner only) where there is none.
/// Says whether it was made.
pub fn open_append(path: &Path) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    private(&mut options);
    match options.clone().create_new(true).open(path) {
        Ok(file) => {
            sync_folder(path)?;
            Ok((file, true))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok((options.open(path)?, false)),
        Err(error) => Err(error),
    }
}

/// Opens a file of secrets for reading and appending, and makes it where there is none. One that is there must be a plain
/// file that nobody but its owner may read, and no symbolic link is followed to it. Says whether it was made.
pub fn open_secret(path: &Path) -> io::Result<(File, bool)> {
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
        use std::os::unix::fs::PermissionsExt as _;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(io::Error::other(
                "others than its owner may read or write it; `chmod 600` mends that",
            ));
        }
    }
    Ok((file, false))
}

/// Writes a file that must not exist yet, readable by its owner only.
pub fn create_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder(path)
}

/// Replaces a file whole or not at all; readable by its owner only.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_atomic_with(path, |file| file.write_all(bytes))
}

/// Replaces a file whole or not at all, with what `write` writes; readable by its owner only. Where that fails, the file
/// stays as it was.
pub fn write_atomic_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = tempfile::NamedTempFile::new_in(folder(path))?; // made with mode 0600
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(sync_folder(path)?)
}

/// Writes a file that must not exist yet, whole or not at all; readable by its owner only.
pub fn create_atomic_with<E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut io::BufWriter<&mut File>) -> Result<(), E>,
) -> Result<(), E> {
    let mut file = tempfile::NamedTempFile::new_in(folder(path))?; // made with mode 0600
    let mut buffered = io::BufWriter::new(file.as_file_mut());
    write(&mut buffered)?;
    buffered.flush()?;
    drop(buffered);
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    Ok(sync_folder(path)?)
}

/// Removes a file that this program made.
pub fn remove(path: &Path) -> io::Result<()> {
    std::fs::remove_file(path)
}

/// Makes a folder and those above it where they are not there, open to their owner only.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// A path with something added to its whole name: `roster.csv` and `.ledger.jsonl` give `roster.csv.ledger.jsonl`.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
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
}
