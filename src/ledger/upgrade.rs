//! A file of version 1 becomes one of version 2, before the first session that writes to it does.
//!
//! A program of before reads no nonce and no checksum: were it to go on with such a file, it would take a copy's users for
//! its own. So what this program writes to says version 2 from its first record, and the other refuses it. The file of
//! before is kept beside, under its name and `.v1`.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use super::entry::{Entry, VERSION};
use super::reader::MARK;
use super::sum;
use crate::log::Locked;
use crate::{crash, disk};

/// Rewrites the whole lines of a file that is locked, which are so many bytes. Returns the new file, locked, and its length.
///
/// Whenever the process ends on the way, the old file or the new one stands in its place, whole.
///
/// # Errors
/// Where the new file cannot be written or put in the old one's place; the old one is as it was then.
pub(super) fn upgrade(old: Locked, bytes: u64) -> io::Result<(Locked, u64)> {
    let new = disk::beside(old.path())?;
    let length = rewrite(old.file(), bytes, new.as_file())?;
    new.as_file().sync_all()?;
    crash::point("upgrade-written");
    keep(old.path())?;
    crash::point("upgrade-kept");
    let (held, path) = old.into_file();
    let Some(file) = disk::put_in_place_of(held, new, &path)? else {
        return Err(io::Error::other("another process has taken the file"));
    };
    crash::point("upgrade-renamed");
    Ok((Locked::new(file, &path, false), length))
}

fn rewrite(old: &File, bytes: u64, new: &File) -> io::Result<u64> {
    let mut old = old.try_clone()?;
    old.rewind()?;
    let mut lines = BufReader::with_capacity(1 << 18, old.take(bytes));
    let mut out = io::BufWriter::with_capacity(1 << 18, new);
    let (mut line, mut made, mut length) = (Vec::new(), Vec::new(), 0);
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line)? == 0 {
            out.flush()?;
            return Ok(length);
        }
        made.clear();
        if length == 0 {
            let entry: Entry = serde_json::from_slice(line.strip_prefix(MARK).unwrap_or(&line))?;
            Entry { version: Some(VERSION), ..entry }.write_to(&mut made);
        } else {
            // As it stands, but for the end of it: what a line says is not this program's to word anew.
            let open = line.trim_ascii_end().strip_suffix(b"}");
            made.extend_from_slice(open.ok_or_else(|| io::Error::other("a line is not an object"))?);
            sum::seal(&mut made, 0);
        }
        out.write_all(&made)?;
        length += made.len() as u64;
    }
}

/// Gives the old file a second name, beside: `.v1`, or `.v1.2` and so on where another file has that.
fn keep(path: &Path) -> io::Result<()> {
    for number in 1_u32.. {
        let kept = kept_name(path, number);
        match disk::link_or_copy(path, &kept) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Kept already, by a process that ended before it came to the end of this.
                if disk::have_same_bytes(path, &kept)? {
                    return Ok(());
                }
            }
            done => return done,
        }
    }
    Ok(())
}

fn kept_name(path: &Path, number: u32) -> PathBuf {
    if number == 1 {
        disk::with_suffix(path, ".v1")
    } else {
        disk::with_suffix(path, &format!(".v1.{number}"))
    }
}
