//! Reads a ledger back.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use memchr::memchr;

use super::beside;
use super::entry::{Entry, VERSION};
use super::numbers::Attempt;
use super::state::State;
use super::sum::{Sum, goes_on_behind_a_line, sum_of};
use super::words::{Kind, Op};
use crate::error::Failure;
use crate::text::written_anew;

/// About what a row that was sent and created takes in a ledger; a wrong guess costs time or room, nothing else.
const BYTES_A_ROW: u64 = 400;

/// For so many rows room is made beforehand; a file says nothing of what is in it.
const MOST_AT_ONCE: u64 = 1 << 20;

/// A longer line is not one of ours, in bytes: the longest thing in it is a cell of at most 16 MiB, which has at most six
/// times as many where every character is escaped.
const LONGEST: usize = 128 << 20;

/// The mark with which some editors begin a file in UTF-8.
pub(super) const MARK: &[u8] = b"\xEF\xBB\xBF";

/// A ledger that was read to its end.
pub(super) struct Replay<T = ()> {
    /// Where each row stands.
    pub(crate) state: State,
    /// What was made of its lines beside that.
    pub(crate) own: T,
    /// How far it goes.
    pub(crate) extent: Extent,
}

/// How far a ledger goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// The bytes of whole lines: where the next line belongs.
    pub good: u64,
    /// The bytes of a last line that was cut short by a crash; 0 where the file ends as it should.
    pub torn: u64,
    /// The version of its format; 0 before there is a record.
    pub version: u32,
}

/// Reads a whole ledger, from the start of `file`.
///
/// # Errors
/// As [`each`] has them.
pub(super) fn replay(file: &File, path: &Path) -> Result<Replay, Failure> {
    fold(file, length(file), path, (), |(), _, _| {})
}

/// How long a file is, as far as that can be told: room is made by it.
pub(super) fn length(file: &File) -> u64 {
    file.metadata().map_or(0, |there| there.len())
}

/// The same for those who want more than the state, of about so many bytes: `take` gets each entry, and the state as it was
/// before it.
///
/// The one place in which a ledger's lines are folded; whoever has something of its own to make of them has no state to
/// keep.
///
/// # Errors
/// As [`each`] has them.
pub(super) fn fold<T>(
    file: impl Read,
    bytes: u64,
    path: &Path,
    mut own: T,
    mut take: impl FnMut(&mut T, &Entry, &State),
) -> Result<Replay<T>, Failure> {
    let mut state = State::default();
    state.reserve((bytes / BYTES_A_ROW).min(MOST_AT_ONCE) as usize);
    let extent = each(file, path, |entry, _| {
        take(&mut own, entry, &state);
        state.apply(entry);
    })?;
    Ok(Replay { state, own, extent })
}

/// Reads a ledger line by line: `visit` gets each entry and its byte offset.
///
/// A last line without its newline was being written when the process or the machine ended; what it would have said was
/// not synced, so nothing was sent on the strength of it, and it is left out. Any other line that cannot be read is
/// damage: an error with its byte offset, for a ledger that was edited or spliced proves nothing.
///
/// # Errors
/// Exit 4 where it cannot be read, is damaged, of another version or no ledger.
pub fn each(file: impl Read, path: &Path, mut visit: impl FnMut(&Entry, u64)) -> Result<Extent, Failure> {
    let mut reader = BufReader::with_capacity(1 << 18, file);
    // An editor that saved it, as Notepad does, has put a byte-order mark before it, and changed nothing else.
    let mark = match reader.fill_buf() {
        Ok(there) if there.starts_with(MARK) => MARK.len(),
        _ => 0, // what cannot be read is told by the next reading
    };
    reader.consume(mark);
    let mark = mark as u64;
    // The beginning of a line whose end is not in the buffer yet; all others are read where they are.
    let mut begun = Vec::with_capacity(1 << 10);
    let mut extent = Extent::default();
    loop {
        let there = reader.fill_buf().map_err(|error| {
            Failure::stopped(format!("cannot read the ledger: `{}`", path.display())).because(error)
        })?;
        if there.is_empty() {
            // One that an editor saved is never repaired either.
            let is_ours = mark == 0 && begins_like_a_ledger(&begun);
            if extent.good == 0 && !begun.is_empty() && !is_ours {
                return Err(not_a_ledger(path, 0));
            }
            // What was changed is the newline of a line that was synced, whatever a crash cut short behind it.
            if goes_on_behind_a_line(&begun) {
                return Err(changed(path, extent.good));
            }
            extent.torn = begun.len() as u64;
            let counts = if extent.good > 0 { &mut extent.good } else { &mut extent.torn };
            *counts += mark;
            return Ok(extent);
        }
        let Some(end) = memchr(b'\n', there) else {
            begun.extend_from_slice(there);
            let read = there.len();
            reader.consume(read);
            // Not held in memory to its end, which may not come: any file can be named.
            if extent.good == 0 && !begins_like_a_ledger(&begun) || begun.len() > LONGEST {
                return Err(not_a_ledger(path, extent.good));
            }
            continue;
        };
        let (read, mut line) = (end + 1, &there[..end]);
        if !begun.is_empty() {
            begun.extend_from_slice(line);
            line = &begun;
        }
        let whole = line.len() as u64 + 1;
        // The line ends of an editor, which says no less of the line.
        line = line.strip_suffix(b"\r").unwrap_or(line);
        // Checked once for the whole line, not for each text in it.
        let text = std::str::from_utf8(line).map_err(|error| match written_anew(line) {
            Some(why) if extent.good == 0 => not_a_ledger(path, 0).because(why),
            _ => damaged(path, extent.good, &error),
        })?;
        let sum = sum_of(line);
        if sum == Sum::Broken || (sum == Sum::Missing && extent.version > 1) {
            return Err(changed(path, extent.good));
        }
        let entry: Entry = serde_json::from_str(text).map_err(|error| damaged(path, extent.good, &error))?;
        check(&entry, path, extent.good)?;
        if let Some(version) = entry.version.filter(|_| extent.good == 0) {
            be_known(version, sum, path)?;
            extent.version = version;
        }
        visit(&entry, extent.good);
        extent.good += whole;
        begun.clear();
        reader.consume(read);
    }
}

/// Whether a first line that was cut short can be one of ours: another's file is never "repaired".
fn begins_like_a_ledger(torn: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"{\"type\":\"ledger\",";
    let both = torn.len().min(BEGINNING.len());
    torn[..both] == BEGINNING[..both]
}

/// The first record must be of a version that we know, and every record must say what its kind needs.
fn check(entry: &Entry, path: &Path, offset: u64) -> Result<(), Failure> {
    if (offset == 0) != (entry.kind == Kind::Ledger) {
        return Err(not_a_ledger(path, offset));
    }
    let complete = match entry.kind {
        Kind::Ledger => entry.run.is_some() && entry.instance.is_some() && entry.version.is_some(),
        Kind::Session => entry.session.is_some(),
        Kind::Row => entry.user.is_some() && entry.row.is_some() && entry.fingerprint.is_some(),
        Kind::Dropped => entry.user.is_some(),
        Kind::Intent => {
            // Without the id nobody knows who was to be changed or deleted.
            let names_somebody = match entry.op {
                None | Some(Op::Create) => true,
                Some(Op::Update | Op::Delete) => entry.id.is_some(),
            };
            entry.user.is_some() && names_somebody && entry.attempt.is_some_and(Attempt::has_next)
        }
        Kind::Outcome => entry.user.is_some() && entry.state.is_some(),
        Kind::Step => entry.user.is_some() && entry.step.is_some() && entry.result.is_some(),
        Kind::Seen => entry.user.is_some() && entry.seen_as().is_some(),
        Kind::End => true,
        Kind::Moved => entry.to.is_some(),
    };
    if !complete {
        return Err(not_a_ledger(path, offset));
    }
    Ok(())
}

/// Version 1 has no checksums, version 2 has one in each line; others are another program's.
fn be_known(version: u32, sum: Sum, path: &Path) -> Result<(), Failure> {
    match (version, sum) {
        (1, Sum::Missing) | (VERSION, Sum::Holds) => Ok(()),
        (1 | VERSION, _) => Err(changed(path, 0)),
        _ => Err(Failure::stopped(format!(
            "the ledger has format version {version}, and this headcount reads versions 1 and {VERSION}: `{}`",
            path.display()
        ))
        .hint("use the headcount that wrote it, or import into a new ledger with ⟦ledger FILE⟧")),
    }
}

/// A line that is not as it was written.
fn changed(path: &Path, offset: u64) -> Failure {
    let why = "the line there is not as headcount wrote it: its checksum does not hold";
    at_byte(path, offset).because(why)
}

fn not_a_ledger(path: &Path, offset: u64) -> Failure {
    if offset == 0 {
        return Failure::stopped(format!(
            "the file is not a ledger of headcount, at byte 0: `{}`",
            path.display()
        ))
        .hint(beside::where_they_are(path));
    }
    at_byte(path, offset)
}

fn at_byte(path: &Path, offset: u64) -> Failure {
    Failure::stopped(format!("the file is damaged, at byte {offset}: `{}`", path.display())).hint(
        "nothing was sent; restore the ledger from a copy, or import into a new one with ⟦ledger FILE⟧: \
         users that are there already are then reported as existing",
    )
}

fn damaged(path: &Path, offset: u64, error: &dyn std::error::Error) -> Failure {
    let failure = not_a_ledger(path, offset);
    // Of what is no ledger at all, a parser's word for its first letter says nothing more.
    if offset == 0 { failure } else { failure.because(error.to_string()) }
}
