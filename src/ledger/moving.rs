//! A run that is kept in a file goes on in a table that machines share, and the file says so for good.

use std::io::{Read as _, Seek as _};
use std::path::Path;

use super::at::LedgerAt;
use super::entry::Entry;
use super::file::{LockedFile, gather};
use super::reader::each;
use super::shared::{Lease, Named, SharedLedger, TableUrl};
use super::state::State;
use super::words::{Job, Kind};
use crate::error::Failure;

/// A run that was moved.
pub(crate) struct Moved {
    /// Where it goes on.
    pub(crate) to: TableUrl,
    /// How many rows it has.
    pub(crate) rows: u64,
    /// The bytes of a torn last line that were cut off; 0 where there were none.
    pub(crate) repaired: u64,
    /// It had been moved there before.
    pub(crate) was_there: bool,
    /// Why nobody could see whether the table keeps it safe.
    pub(crate) unchecked: Option<String>,
}

/// Moves the run of a file to a table: under the name of the address, else under the name that an import there gives it. `by`
/// says who moves it. Cut off anywhere, the same again moves it to its end.
///
/// # Errors
/// Exit 2 where there is no such file, nothing is in it, or it is of a rehearsal; exit 4 where another process has it, it is
/// damaged or was moved elsewhere, or the table cannot take it.
pub(crate) fn push(path: &Path, to: &SharedLedger, by: &Lease) -> Result<Moved, Failure> {
    // Nothing is made where nothing is, and damage is told before anybody is asked.
    let found = gather(&LedgerAt::file(path), (), |(), _, _| {})?;
    if found.state.is_rehearsal(path) {
        return Err(Failure::usage(format!("the ledger is of a rehearsal: `{}`", path.display()))
            .hint("a rehearsal and its world stay on this machine"));
    }
    let to = named(to, &found.state)?;
    let url = to.url().clone();
    let file = LockedFile::open_any(path)?;
    let (repaired, rows) = (file.repaired, file.state.counts(false).total);
    let done = |was_there, unchecked| Moved { to: url.clone(), rows, repaired, was_there, unchecked };
    match &file.state.moved_to {
        Some(there) if **there == url.to_string() => return Ok(done(true, None)),
        Some(_) => super::file::be_here(&file.state, path)?,
        None => {}
    }
    let unchecked = to.check()?;
    let cannot = |what: &str, error: std::io::Error| {
        Failure::stopped(format!("cannot {what} the ledger: `{}`", path.display())).because(error)
    };
    let (mut lines, state) = file.into_lines()?;
    let mut bytes = Vec::new();
    let mut read = lines.file().try_clone().map_err(|error| cannot("read", error))?;
    read.rewind()
        .and_then(|()| read.take(lines.length()).read_to_end(&mut bytes))
        .map_err(|error| cannot("read", error))?;
    let (named, digests) = as_named(&bytes, path, &state, &url)?;
    to.put_whole(&named, &digests, &bytes, by)?;
    let mut line = Vec::new();
    Entry::moved(&url.to_string(), by.seen.clone()).write_to(&mut line);
    let said = lines.append(&line, "append-torn").and_then(|()| lines.sync());
    said.map_err(|error| {
        cannot("close", error)
            .hint("the run is in the table, and the file does not say so yet: the same command says it")
    })?;
    Ok(done(false, unchecked))
}

/// The ledger with its name: that of the address, else the roster's and the instance's, as an import there has it.
fn named(to: &SharedLedger, state: &State) -> Result<SharedLedger, Failure> {
    if to.url().name.is_some() {
        return Ok(to.clone());
    }
    let roster = if state.session.roster.is_empty() { &state.header.roster } else { &state.session.roster };
    // It may have been written on another system.
    let file = roster.rsplit(['/', '\\']).next().unwrap_or(roster);
    let stem = file.rsplit_once('.').map_or(file, |(stem, _)| stem);
    let id = state.header.instance.rsplit('/').next().unwrap_or_default();
    let instance = state.session.alias.as_deref().unwrap_or(id);
    let job = state.header.job.map(|_| format!(".{}", Job::command(state.header.job))).unwrap_or_default();
    let name = format!("{stem}@{instance}{job}");
    let url: Result<TableUrl, _> = to.url().naming(&name).to_string().parse();
    match url {
        Ok(_) => Ok(to.naming(&name)),
        Err(error) => Err(Failure::usage(error.to_string())
            .hint(format!("give the run a name of your own: {}/NAME", to.url().of_table()))),
    }
}

/// What the table knows the run by, and the digests that its roster has had.
fn as_named(
    lines: &[u8],
    path: &Path,
    state: &State,
    url: &TableUrl,
) -> Result<(Named, Vec<String>), Failure> {
    let (mut tool, mut digests) = (String::new(), Vec::new());
    each(lines, path, |entry, _| {
        if matches!(entry.kind, Kind::Ledger | Kind::Session) {
            digests.extend(entry.digest.as_deref().map(str::to_owned));
        }
        if entry.kind == Kind::Ledger {
            tool = entry.tool.as_deref().unwrap_or_default().to_owned();
        }
    })?;
    let header = &state.header;
    let named = Named {
        name: url.name.clone().unwrap_or_default(),
        run: header.run.clone(),
        job: header.job.map(|_| Job::command(header.job).to_owned()).unwrap_or_default(),
        instance: header.instance.clone(),
        digest: digests.first().cloned().unwrap_or_default(),
        roster: header.roster.clone(),
        tool,
        at: header.at.clone(),
    };
    digests.sort();
    digests.dedup();
    Ok((named, digests))
}
