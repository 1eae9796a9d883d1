//! A file of lines under a lock: made for one process, read by it, and then only appended to.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::crash;
use crate::disk::{self, Links};

/// A file of lines that is locked, before it is written to.
///
/// One that was made for this and is let go of unused is removed: a run that never began leaves nothing.
pub(crate) struct Locked {
    file: File,
    // Behind the file, which is let go of before it is removed: Windows removes none that anybody has open.
    unused: Unused,
}

/// Removes a file again that was made and is not used: by whoever comes after neither.
struct Unused {
    path: PathBuf,
    was_made: bool,
}

impl Drop for Unused {
    fn drop(&mut self) {
        if self.was_made {
            let _ = disk::remove_unused(&self.path);
        }
    }
}

impl Locked {
    /// A file that this process holds ([`disk::hold`]), and whether it was made for this.
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
        disk::cut(&self.file, whole)?;
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
    links: Links,
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
        Self { file, path, length, links: Links::Followed }
    }

    /// The same, where a symbolic link in its place is another file.
    #[must_use]
    pub(crate) fn no_link(self) -> Self {
        Self { links: Links::Refused, ..self }
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
        let stands = disk::stands_at(&self.file, &self.path, self.links);
        if !stands.unwrap_or(false) {
            return Err(Disturbed::Gone);
        }
        let there = self.file.metadata().map_err(|_| Disturbed::Gone)?;
        if there.len() == self.length { Ok(()) } else { Err(Disturbed::Written) }
    }

    /// Appends whole lines. `torn` names the point at which a test may end the process with half of them written.
    pub(crate) fn append(&mut self, lines: &[u8], torn: &str) -> io::Result<()> {
        crash::point_after(torn, || drop(disk::append(&self.file, crash::torn(lines))));
        disk::append(&self.file, lines)?;
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
        let (file, was_made) = disk::hold(path).unwrap().unwrap();
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
        assert!(disk::hold(&path).unwrap().is_none());
        let lines = first.into_lines(0);
        assert!(disk::hold(&path).unwrap().is_none());
        drop(lines);
        assert!(!disk::hold(&path).unwrap().unwrap().1);
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

    #[cfg(unix)]
    #[test]
    fn anothers_lines_are_noticed_and_so_are_ours_that_are_missing() {
        use std::io::Write as _;
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

    #[cfg(unix)]
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
        let (file, _) = disk::hold(&aside).unwrap().unwrap();
        assert_eq!(Lines::new(file, path, 0).check(), Err(Disturbed::Gone));
    }
}
