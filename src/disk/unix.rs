//! Files on Unix: modes, advisory locks, names that live in a folder.

use std::fs::{File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::io::Errno;

/// How often a lock is tried for: a `status` in another process holds it for the blink of an eye.
const TRIES: u32 = 201;

/// Whether an error says that this process, or the machine, has as many files open as it may.
fn is_of_limit(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(code, Some(Errno::MFILE | Errno::NFILE))
}

/// Fails with such an error where so many more files cannot be open at once.
pub(super) fn room_for(files: usize) -> io::Result<()> {
    let opened: io::Result<Vec<_>> = (0..files).map(|_| File::open("/dev/null")).collect();
    match opened {
        Err(error) if is_of_limit(&error) => Err(error),
        // Without such a device there is nothing to probe with, and what lacks says so itself.
        _ => Ok(()),
    }
}

/// How the one process opens a file that writes it: what is written goes to the end, whoever else writes.
pub(super) fn as_writer() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(0o600);
    options
}

/// The same for a file of secrets that is there: follows no symbolic link in the last part of the path, and waits for
/// nobody at the other end of a pipe.
pub(super) fn as_writer_of_secrets() -> OpenOptions {
    let mut options = as_writer();
    let flags = rustix::fs::OFlags::NOFOLLOW | rustix::fs::OFlags::NONBLOCK;
    options.custom_flags(flags.bits().cast_signed());
    options
}

/// Whether a file may hold secrets: one that is ours, and that nobody else may read.
pub(super) fn may_hold_secrets(there: &Metadata) -> io::Result<()> {
    // Whoever owns it can open it to themselves at any time, whatever its mode says now.
    if there.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other("it is somebody else's file; only its owner may keep passwords in it"));
    }
    if there.permissions().mode() & 0o077 != 0 {
        return Err(io::Error::other("others than its owner may read or write it; `chmod 600` mends that"));
    }
    Ok(())
}

/// Takes the lock of a file that is open and says whether it could be had: not where another process has it. A file system
/// without locks has none to refuse, and whoever must know of another process notices it by other means.
pub(super) fn lock(file: &File) -> io::Result<bool> {
    for _ in 1..TRIES {
        if locked(file.try_lock())? {
            return Ok(true);
        }
        std::thread::yield_now();
    }
    locked(file.try_lock())
}

fn locked(tried: Result<(), TryLockError>) -> io::Result<bool> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Whether somebody has the file's lock.
pub(super) fn is_written(file: &File, _path: &Path) -> bool {
    let is_written = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let _ = file.unlock();
    is_written
}

/// Whether an error says that another process has the file to itself: no file is opened so here.
pub(super) fn is_in_use(_: &io::Error) -> bool {
    false
}

/// Whether an error says that somebody has the file: nothing here is refused for that.
pub(super) fn is_held(_: &io::Error) -> bool {
    false
}

/// Goes to the place where lines are appended: the file does that by itself.
pub(super) fn go_to_end(_: &File) -> io::Result<()> {
    Ok(())
}

/// Whether an open file is the one that was seen at a path.
pub(super) fn is_same(seen: &Metadata, _path: &Path, file: &File) -> io::Result<bool> {
    let ours = file.metadata()?;
    Ok((seen.dev(), seen.ino()) == (ours.dev(), ours.ino()))
}

/// Puts a new file in the place of one that this process holds locked, and gives it back locked, for reading and appending;
/// `None` where another process came first. That survives a power cut when this returns.
pub(super) fn put_in_place_of(
    held: File,
    new: tempfile::NamedTempFile,
    path: &Path,
) -> io::Result<Option<File>> {
    // Locked before it can be found under the other's name: nobody comes between.
    let file = as_writer().open(new.path())?;
    if !lock(&file)? {
        return Ok(None);
    }
    new.persist(path).map_err(|error| error.error)?;
    sync_folder(super::folder(path))?;
    drop(held);
    Ok(Some(file))
}

/// Removes a file in which nothing is, where nobody uses it.
pub(super) fn remove_unused(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    if lock(&file)? && file.metadata()?.len() == 0 { std::fs::remove_file(path) } else { Ok(()) }
}

/// A folder's new or renamed names survive a power cut when this returns.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Makes the builder's folder its owner's only.
pub(super) fn private_folder<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    builder.permissions(Permissions::from_mode(0o700))
}

/// Makes a folder and those above it where they are not there, open to their owner only; one that is there and open to
/// others is closed to them.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    let mut permissions = std::fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        permissions.set_mode(0o700);
        std::fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// Makes room for a folder where an empty one stands: a rename takes its place.
pub(super) fn make_room(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads from a place in a file.
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, at)
}

/// A whole path as people write it: it is so already.
pub(super) fn as_written(path: std::path::PathBuf) -> std::path::PathBuf {
    path
}
