//! Files on Windows: who has one open says what others may do with it, and that is the lock of a file that one process
//! writes (`rights.rs`). Who may read a file, the folder says that it is in: a file has no mode.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Seek as _, SeekFrom};
use std::os::windows::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::names::without_prefix;
use super::rights::{PROBE, REMOVER, Rights, WRITER, Writes};

/// `FILE_SHARE_READ`, `…WRITE` and `…DELETE` (winnt.h).
const SHARE_READ: u32 = 1;
const SHARE_WRITE: u32 = 2;
const SHARE_DELETE: u32 = 4;

/// `ERROR_ACCESS_DENIED`, `…SHARING_VIOLATION` and `…LOCK_VIOLATION` (winerror.h): the first is also what a rename over an
/// open file gets.
const DENIED: i32 = 5;
const SHARING: i32 = 32;
const LOCKED: i32 = 33;

fn options(rights: Rights) -> OpenOptions {
    let share = |is_shared: bool, flag: u32| if is_shared { flag } else { 0 };
    let mut options = OpenOptions::new();
    options.read(true).write(rights.writes == Writes::Anything).share_mode(
        share(rights.share.read, SHARE_READ)
            | share(rights.share.write, SHARE_WRITE)
            | share(rights.share.delete, SHARE_DELETE),
    );
    options
}

/// Files that may be open are not counted.
pub(super) fn room_for(_files: usize) -> io::Result<()> {
    Ok(())
}

/// How the one process opens a file that writes it. Not `append(true)`, which could not cut it: see `rights.rs`.
pub(super) fn as_writer() -> OpenOptions {
    options(WRITER)
}

/// The same for a file of secrets.
pub(super) fn as_writer_of_secrets() -> OpenOptions {
    options(WRITER)
}

/// A file has no mode by which it could be told.
pub(super) fn may_hold_secrets(_: &Metadata) -> io::Result<()> {
    Ok(())
}

/// It is locked by being open.
pub(super) fn lock(_: &File) -> io::Result<bool> {
    Ok(true)
}

/// Whether somebody has the file open for writing.
pub(super) fn is_written(_file: &File, path: &Path) -> bool {
    matches!(options(PROBE).open(path), Err(error) if is_in_use(&error))
}

/// Whether an error says that somebody has the file, who may let go of it.
pub(super) fn is_held(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(DENIED)) || is_in_use(error)
}

/// Whether an error says that another process has the file to itself.
pub(super) fn is_in_use(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(SHARING | LOCKED))
}

/// Goes to the place where lines are appended.
pub(super) fn go_to_end(mut file: &File) -> io::Result<()> {
    file.seek(SeekFrom::End(0)).map(drop)
}

/// Whether an open file is the one that stands at a path, by its volume and its index there.
pub(super) fn is_same(_seen: &Metadata, path: &Path, file: &File) -> io::Result<bool> {
    let there = same_file::Handle::from_path(path)?;
    Ok(there == same_file::Handle::from_file(file.try_clone()?)?)
}

/// Puts a new file in the place of one that this process holds, and gives it back held; `None` where another process came
/// first. Windows lets no file take the place of one that anybody has open, this process included: so it is let go of
/// first. Who opens the old one in between makes the rename fail, and who opens the new one is seen by its hold.
pub(super) fn put_in_place_of(
    held: File,
    new: tempfile::NamedTempFile,
    path: &Path,
) -> io::Result<Option<File>> {
    drop(held);
    super::persist(new, path).map_err(|(error, _)| error)?;
    Ok(super::hold(path)?.filter(|(_, was_made)| !was_made).map(|(file, _)| file))
}

/// Removes a file in which nothing is, where nobody uses it: nobody opens it between the look and the removal.
pub(super) fn remove_unused(path: &Path) -> io::Result<()> {
    let alone = super::patiently(|| options(REMOVER).open(path))?;
    if alone.metadata()?.len() == 0 { std::fs::remove_file(path) } else { Ok(()) }
}

/// NTFS keeps its names in a journal, and a folder cannot be synced.
pub(super) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Who may read a folder, the one above it says.
pub(super) fn private_folder<'b>(
    builder: &'b mut tempfile::Builder<'static, 'static>,
) -> &'b mut tempfile::Builder<'static, 'static> {
    builder
}

/// Makes a folder and those above it where they are not there.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

/// Makes room for a folder where an empty one stands: no rename takes its place.
pub(super) fn make_room(empty: &Path) -> io::Result<()> {
    std::fs::remove_dir(empty)
}

/// Reads from a place in a file.
pub(super) fn read_at(file: &File, buffer: &mut [u8], at: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, at)
}

/// A whole path as people write it.
pub(super) fn as_written(path: PathBuf) -> PathBuf {
    path.to_str().and_then(without_prefix).map_or(path, PathBuf::from)
}
