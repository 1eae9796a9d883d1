//! A file of lines under a lock: made for one process, read by it, and then only appended to.

use std::fs::{File, Metadata};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::{crash, disk};

/// Takes a file's lock, in so many tries and more; says whether it could be had. Somebody who only looks holds it for the
/// blink of an eye.
pub(crate) fn lock(file: &File, tries: u32) -> io::Result<bool> {
    for _ in 1..tries {
        if disk::lock(file)? {
            return Ok(true);
        }
        std::thread::yield_now();
    }
    disk::lock(file)
}

/// A file of lines that is locked, before it is written to.
///
/// One that was made for this and is let go of unused is removed: a run that never began leaves nothing.
pub(crate) struct Locked {
    // Before the file, and so removed while it is still locked.
    unused: Unused,
    file: File,
}

/// Removes a file again that was made and is not used.
struct Unused {
    path: PathBuf,
    was_made: bool,
}

impl Drop for Unused {
    fn drop(&mut self) {
        if self.was_made {
            let _ = disk::remove(&self.path);
        }
    }
}

impl Locked {
    /// A file whose lock was taken with [`lock`], and whether it was made for this.
    pub(crate) fn new(file: File, path: &Path, was_made: bool) -> Self {
        Self { file, unused: Unused { path: path.to_owned(), was_made } }
    }

    /// For whoever reads it.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.unused.path
    }

    /// The file itself, still locked, and where it is; it is kept.
    pub(crate) fn into_file(self) -> (File, PathBuf) {
        let Self { file, mut unused } = self;
        unused.was_made = false;
        (file, unused.path.clone())
    }

    /// Cuts a torn last line off, behind so many bytes of whole lines; synced.
    pub(crate) fn cut_after(&self, whole: u64) -> io::Result<()> {
        self.file.set_len(whole)?;
        self.file.sync_all()
    }

    /// Begins to write behind so many bytes of whole lines, and keeps the file.
    pub(crate) fn into_lines(self, whole: u64) -> Lines {
        let (file, path) = self.into_file();
        Lines::new(file, path, whole)
    }
}

/// Such a file while lines are appended to it. It notices another writer by the length, which is all there is where locks
/// hold nobody, and a file that was deleted or replaced by its identity.
pub(crate) struct Lines {
    file: File,
    path: PathBuf,
    length: u64,
    look: fn(&Path) -> io::Result<Metadata>,
}

/// What somebody else has done to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbed {
    /// It was deleted, or another stands in its place.
    Gone,
    /// There are other lines behind ours, or some of ours are missing.
    Written,
}

impl Lines {
    /// A file that is so long; what stands behind that is another's.
    pub(crate) fn new(file: File, path: PathBuf, length: u64) -> Self {
        Self { file, path, length, look: |path| std::fs::metadata(path) }
    }

    /// The same, where a symbolic link in its place is another file.
    #[must_use]
    pub(crate) fn no_link(self) -> Self {
        Self { look: |path| std::fs::symlink_metadata(path), ..self }
    }

    /// For whoever reads it.
    pub(crate) fn file(&self) -> &File {
        &self.file
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How long it is as far as we know.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    /// Whether it is still ours alone.
    pub(crate) fn check(&self) -> Result<(), Disturbed> {
        let there = (self.look)(&self.path).map_err(|_| Disturbed::Gone)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let ours = self.file.metadata().map_err(|_| Disturbed::Gone)?;
            if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
                return Err(Disturbed::Gone);
            }
        }
        if there.len() == self.length { Ok(()) } else { Err(Disturbed::Written) }
    }

    /// Appends whole lines. `torn` names the point at which a test may end the process with half of them written.
    pub(crate) fn append(&mut self, lines: &[u8], torn: &str) -> io::Result<()> {
        crash::point_after(torn, || drop(self.file.write_all(crash::torn(lines))));
        self.file.write_all(lines)?;
        self.length += lines.len() as u64;
        Ok(())
    }

    /// Returns when all that was appended would survive a power cut.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Read as _;

    use super::*;

    fn locked(path: &Path) -> Locked {
        let (file, was_made) = disk::open_append(path).unwrap();
        assert!(lock(&file, 1).unwrap());
        Locked::new(file, path, was_made)
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        (folder, path)
    }

    #[test]
    fn a_file_is_locked_by_one_process_at_a_time() {
        let (_folder, path) = folder();
        let first = locked(&path);
        let (second, was_made) = disk::open_append(&path).unwrap();
        assert!(!was_made && !lock(&second, 3).unwrap());
        drop(first);
        assert!(lock(&second, 1).unwrap());
    }

    #[test]
    fn a_file_that_was_made_and_not_used_is_removed_and_one_that_was_there_is_not() {
        let (_folder, path) = folder();
        drop(locked(&path));
        assert!(!path.exists());
        drop(locked(&path).into_lines(0));
        assert!(path.exists(), "it was used");
        drop(locked(&path));
        assert!(path.exists(), "it was there");
    }

    #[test]
    fn a_torn_line_is_cut_off_and_the_next_one_stands_behind_the_whole_ones() {
        let (_folder, path) = folder();
        fs::write(&path, "one\ntw").unwrap();
        let locked = locked(&path);
        let mut text = String::new();
        locked.file().read_to_string(&mut text).unwrap();
        assert_eq!(text, "one\ntw");
        locked.cut_after(4).unwrap();
        let mut lines = locked.into_lines(4);
        lines.append(b"two\n", "append-torn").unwrap();
        lines.sync().unwrap();
        assert_eq!((lines.check(), lines.length()), (Ok(()), 8));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
    }

    #[test]
    fn anothers_lines_are_noticed_and_so_are_ours_that_are_missing() {
        let (_folder, path) = folder();
        let mut lines = locked(&path).into_lines(0);
        lines.append(b"ours\n", "append-torn").unwrap();
        for theirs in ["ours\ntheirs\n", "our"] {
            fs::OpenOptions::new()
                .write(true)
                .truncate(true)
                .open(&path)
                .unwrap()
                .write_all(theirs.as_bytes())
                .unwrap();
            assert_eq!(lines.check(), Err(Disturbed::Written), "{theirs}");
        }
    }

    #[test]
    fn a_file_that_is_deleted_is_noticed() {
        let (_folder, path) = folder();
        let lines = locked(&path).into_lines(0);
        fs::remove_file(&path).unwrap();
        assert_eq!(lines.check(), Err(Disturbed::Gone));
    }

    #[cfg(unix)]
    #[test]
    fn another_file_in_its_place_is_noticed_and_a_link_to_it_where_none_is_followed() {
        let (_folder, path) = folder();
        let aside = path.with_extension("aside");
        let lines = locked(&path).into_lines(0);
        fs::rename(&path, &aside).unwrap();
        std::os::unix::fs::symlink(&aside, &path).unwrap();
        assert_eq!(lines.check(), Ok(()));
        assert_eq!(lines.no_link().check(), Err(Disturbed::Gone));
        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        let (file, _) = disk::open_append(&aside).unwrap();
        assert_eq!(Lines::new(file, path, 0).check(), Err(Disturbed::Gone));
    }
}
