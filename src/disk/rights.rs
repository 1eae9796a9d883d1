//! What a file is opened for, and what everybody else may do meanwhile, as Windows has it: there the lock of a file that one
//! process writes is what it lets others do. Decisions only: `windows.rs` opens with them, and a model of that system
//! (below) holds what they allow and refuse, on every system.
//!
//! Two ways that look right are not. A lock taken by `File::try_lock` is mandatory there: whoever else reads the file gets
//! error 33, so that nobody could see how far an import is. And a file that is opened to append (`append(true)`, which is
//! `FILE_APPEND_DATA` without `FILE_WRITE_DATA`) cannot be cut: `set_len` gives error 5, so that a ledger with a torn last
//! line could not be repaired (rust-lang/rust#105437).

/// What may be done with an open file's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writes {
    /// Nothing: it is read.
    Nothing,
    /// Anything: appended to, written over, cut.
    Anything,
}

/// What others may have the file open for, and may open it for, while it is open. Deleting and renaming are one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) read: bool,
    pub(super) write: bool,
    pub(super) delete: bool,
}

/// How a file is opened; always for reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rights {
    pub(super) writes: Writes,
    pub(super) share: Share,
}

/// The one process that writes a file: others read it, and nobody else writes, replaces, renames or deletes it.
pub(super) const WRITER: Rights =
    Rights { writes: Writes::Anything, share: Share { read: true, write: false, delete: false } };

/// Whoever looks whether somebody writes the file: it cannot be opened so where somebody does.
pub(super) const PROBE: Rights =
    Rights { writes: Writes::Nothing, share: Share { read: true, write: false, delete: true } };

/// Whoever removes a file that nobody uses: while it is open so, nobody opens it to read or to write.
pub(super) const REMOVER: Rights =
    Rights { writes: Writes::Nothing, share: Share { read: false, write: false, delete: true } };

#[cfg(test)]
mod tests {
    use super::*;

    /// The access that a handle was given, as far as it matters here (Microsoft, *File Access Rights Constants*).
    #[derive(Clone, Copy, Debug, Default)]
    struct Access {
        read: bool,
        append: bool,
        write_data: bool,
        delete: bool,
    }

    const ALL: Share = Share { read: true, write: true, delete: true };
    const READ: Access = Access { read: true, append: false, write_data: false, delete: false };
    const DELETE: Access = Access { read: false, append: false, write_data: false, delete: true };

    fn access(rights: Rights) -> Access {
        let writes = rights.writes == Writes::Anything;
        Access { append: writes, write_data: writes, ..READ }
    }

    /// A file on Windows: who has it open, for what, and whose mandatory lock is on it.
    #[derive(Default)]
    struct Strict {
        open: Vec<(Access, Share)>,
        locked_by: Option<usize>,
        bytes: Vec<u8>,
    }

    /// The system's error codes.
    const DENIED: i32 = 5;
    const SHARING: i32 = 32;
    const LOCKED: i32 = 33;

    impl Strict {
        /// Microsoft, *Creating and Opening Files*: each side's access must be shared by the other.
        fn open(&mut self, access: Access, share: Share) -> Result<usize, i32> {
            let allows = |share: Share, access: Access| {
                (share.read || !access.read)
                    && (share.write || !(access.append || access.write_data))
                    && (share.delete || !access.delete)
            };
            let fits = |(theirs, shared): &(Access, Share)| allows(*shared, access) && allows(share, *theirs);
            if !self.open.iter().all(fits) {
                return Err(SHARING);
            }
            self.open.push((access, share));
            Ok(self.open.len() - 1)
        }

        fn close(&mut self, handle: usize) {
            self.open[handle] = (Access::default(), ALL);
        }

        /// `LockFileEx` over the whole file, as `File::try_lock` takes it.
        fn lock(&mut self, handle: usize) {
            self.locked_by = Some(handle);
        }

        fn free_for(&self, handle: usize) -> Result<(), i32> {
            if self.locked_by.is_none_or(|by| by == handle) { Ok(()) } else { Err(LOCKED) }
        }

        fn read(&self, handle: usize) -> Result<&[u8], i32> {
            self.free_for(handle)?;
            if self.open[handle].0.read { Ok(&self.bytes) } else { Err(DENIED) }
        }

        fn append(&mut self, handle: usize, bytes: &[u8]) -> Result<(), i32> {
            self.free_for(handle)?;
            let access = self.open[handle].0;
            if !access.append && !access.write_data {
                return Err(DENIED);
            }
            self.bytes.extend_from_slice(bytes);
            Ok(())
        }

        /// `SetFileInformationByHandle(FileEndOfFileInfo)`, as `set_len` calls it, wants `FILE_WRITE_DATA`.
        fn cut(&mut self, handle: usize, length: usize) -> Result<(), i32> {
            if !self.open[handle].0.write_data {
                return Err(DENIED);
            }
            self.bytes.truncate(length);
            Ok(())
        }
    }

    fn torn() -> Strict {
        Strict { bytes: b"one\ntw".to_vec(), ..Strict::default() }
    }

    fn open(file: &mut Strict, rights: Rights) -> Result<usize, i32> {
        file.open(access(rights), rights.share)
    }

    #[test]
    fn a_writer_cuts_a_torn_line_and_goes_on_behind_the_whole_ones() {
        let mut file = torn();
        let writer = open(&mut file, WRITER).unwrap();
        file.cut(writer, 4).unwrap();
        file.append(writer, b"two\n").unwrap();
        assert_eq!(file.read(writer), Ok(&b"one\ntwo\n"[..]));
    }

    #[test]
    fn a_handle_that_only_appends_could_not_cut_it() {
        let mut file = torn();
        let appender = file.open(Access { read: true, append: true, ..Access::default() }, ALL).unwrap();
        assert_eq!(file.cut(appender, 4), Err(DENIED));
        assert_eq!(file.append(appender, b"o\n"), Ok(()), "and would have gone on in the torn line");
    }

    #[test]
    fn whoever_looks_reads_on_while_it_is_written_and_nobody_else_writes_or_takes_it_away() {
        let mut file = torn();
        let writer = open(&mut file, WRITER).unwrap();
        let reader = file.open(READ, ALL).unwrap(); // as std opens a file
        file.append(writer, b"o\n").unwrap();
        assert_eq!(file.read(reader), Ok(&b"one\ntwo\n"[..]));
        assert_eq!(open(&mut file, WRITER), Err(SHARING), "a second importer");
        assert_eq!(file.open(DELETE, ALL), Err(SHARING), "a rename, a replacement, a removal");
        // Another way round it is the same: who reads it first keeps no importer out.
        let mut file = torn();
        file.open(READ, ALL).unwrap();
        assert!(open(&mut file, WRITER).is_ok());
    }

    #[test]
    fn a_mandatory_lock_would_have_kept_out_whoever_looks() {
        let mut file = torn();
        let writer = file.open(access(WRITER), ALL).unwrap();
        file.lock(writer);
        let reader = file.open(READ, ALL).unwrap();
        assert_eq!(file.read(reader), Err(LOCKED));
        assert!(file.open(DELETE, ALL).is_ok(), "and would have let the file be replaced");
    }

    #[test]
    fn a_probe_tells_a_writer_from_a_reader() {
        let mut file = torn();
        file.open(READ, ALL).unwrap();
        let probe = open(&mut file, PROBE).unwrap();
        file.close(probe);
        open(&mut file, WRITER).unwrap();
        assert_eq!(open(&mut file, PROBE), Err(SHARING));
    }

    #[test]
    fn what_is_removed_is_in_nobodys_hands() {
        let mut file = torn();
        let remover = open(&mut file, REMOVER).unwrap();
        assert_eq!([open(&mut file, WRITER), file.open(READ, ALL)], [Err(SHARING); 2]);
        let removal = file.open(DELETE, ALL).unwrap();
        file.close(removal);
        file.close(remover);
        open(&mut file, WRITER).unwrap();
        assert_eq!(open(&mut file, REMOVER), Err(SHARING));
    }
}
