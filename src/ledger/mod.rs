//! The truth on disk: an append-only record of what was meant, sent and answered.
//!
//! For every row: `intent` → synced → request → `outcome` → synced. So whatever happens, a user that may exist has an
//! intent in the ledger, and the intent's attempt is in the user's provenance tag. The invariants:
//!
//! * every planned row is recorded before the first request leaves;
//! * no request leaves whose intent is not synced; if the ledger cannot be written, no further request leaves;
//! * nothing is ever rewritten, but that a torn last line is cut off before the next is appended;
//! * no password, and nothing derived from one, is ever in it.

mod entry;
mod names;
mod numbers;
pub mod place;
mod reader;
mod state;
mod writer;

use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use entry::{Entry, Kind, RowState, Step, StepState, Unexecuted, VERSION};
pub use names::Names;
pub use numbers::{Attempt, Place};
pub use reader::{Replay, each, replay};
pub use state::{Calls, Counts, Detail, Header, Record, Session, State, StepCounts, Steps};
pub use writer::{LedgerFault, Storage, Synced, Writer};

use crate::agent::Fingerprint;
use crate::clock::{Clock, rfc3339};
use crate::crash::{self, Sabotage};
use crate::disk;
use crate::error::Failure;
use crate::text::shell_path;

/// The longest first record, in bytes: it names one roster, and a path has a few thousand at most.
const FIRST_RECORD: u64 = 1 << 16;

/// A ledger file that this process has locked, and what it said when it was opened.
///
/// One that was made for this and is let go of unused is removed: a run that never began leaves nothing.
pub struct LockedFile {
    /// Taken when writing begins.
    file: Option<File>,
    path: PathBuf,
    was_made: bool,
    /// How long it was when it was read: whatever stands after that is another's.
    length: u64,
    /// What it says; empty for a new one.
    pub state: State,
    /// Whether it has no record yet.
    pub is_new: bool,
    /// The bytes of a torn last line that were cut off; 0 where there were none.
    pub repaired: u64,
}

impl LockedFile {
    /// Opens a ledger, or makes one; locks it; reads it; cuts off a torn last line.
    ///
    /// # Errors
    /// Exit 4 where another process has it (who, where and since when is said), where it cannot be opened, and where it
    /// is damaged or of another version.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let cannot = |what: &str, error: io::Error| {
            Failure::stopped(format!("cannot {what} the ledger: `{}`", path.display()))
                .because(error)
                .hint("nothing was sent; choose a place that can be written with --ledger FILE")
        };
        be_a_file(path)?;
        let (file, was_made) = disk::open_append(path).map_err(|error| cannot("open", error))?;
        crash::point("ledger-opened");
        // Where there are no locks, the session records and the length are what is left to notice another process by.
        if !lock(&file).map_err(|error| cannot("lock", error))? {
            return Err(in_use(&file, path));
        }
        let Replay { state, good, torn } = replay(&file, path)?;
        if torn > 0 {
            crash::point("repair-before");
            file.set_len(good).and_then(|()| file.sync_all()).map_err(|error| cannot("repair", error))?;
            crash::point("repair-after");
        }
        Ok(Self {
            file: Some(file),
            path: path.to_owned(),
            was_made,
            length: good,
            state,
            is_new: good == 0,
            repaired: torn,
        })
    }

    /// Starts writing.
    pub fn into_ledger(mut self, clock: Arc<dyn Clock>) -> Result<Ledger, Failure> {
        let unusable = |error: io::Error| {
            Failure::stopped(format!("cannot write the ledger: `{}`", self.path.display())).because(error)
        };
        let file = self.file.take().ok_or_else(|| unusable(io::ErrorKind::NotFound.into()))?;
        let storage = OnDisk { file, path: self.path.clone(), length: self.length };
        let writer = Writer::start(storage).map_err(unusable)?;
        Ok(Ledger { writer, state: Mutex::new(std::mem::take(&mut self.state)), clock })
    }
}

impl Drop for LockedFile {
    fn drop(&mut self) {
        if self.was_made && self.file.is_some() {
            let _ = disk::remove(&self.path);
        }
    }
}

/// Fails where something stands in the ledger's place that is not a regular file: a device keeps nothing and may never
/// end, and a pipe waits for somebody.
pub fn be_a_file(path: &Path) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(Failure::stopped(format!(
            "the ledger cannot be kept in what is not a regular file: `{}`",
            path.display()
        ))
        .hint("nothing was sent; choose a file with --ledger FILE")),
        _ => Ok(()), // what is not there or cannot be looked at is told by opening it
    }
}

/// Takes the lock; a `status` in another process holds it for the blink of an eye, so it is tried more than once.
fn lock(file: &File) -> io::Result<bool> {
    for _ in 0..200 {
        if disk::lock(file)? {
            return Ok(true);
        }
        std::thread::yield_now();
    }
    disk::lock(file)
}

/// Fails where another process has the ledger now, before anything is asked of anybody.
///
/// # Errors
/// Exit 4, as [`LockedFile::open`] has it.
pub fn refuse_in_use(path: &Path) -> Result<(), Failure> {
    be_a_file(path)?;
    let Ok(file) = File::open(path) else { return Ok(()) }; // not there yet, or told when it is opened for writing
    if matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return Err(in_use(&file, path));
    }
    let _ = file.unlock();
    Ok(())
}

/// Reads a ledger without locking it: where a run stands, also while it runs.
///
/// The second value says whether an importer is at work.
pub fn peek(path: &Path) -> Result<(State, bool), Failure> {
    glance(path)?.ok_or_else(|| without_record(path))
}

/// The same; `None` where nothing stands in the file yet, as when an import was stopped before it began.
pub fn glance(path: &Path) -> Result<Option<(State, bool)>, Failure> {
    let (file, at_work) = look(path)?;
    let Replay { state, good, .. } = replay(&file, path)?;
    Ok((good > 0).then_some((state, at_work)))
}

/// Reads the first record alone, without locking: what a ledger is of, before its rows are looked at. `None` where there
/// is none, or nothing that is one of ours: opening it tells that.
pub fn first(path: &Path) -> Option<Header> {
    let file = disk::open_regular(path).ok()?;
    let mut line = Vec::new();
    BufReader::new(file).take(FIRST_RECORD).read_until(b'\n', &mut line).ok()?;
    let replayed = each(&line[..], path, State::default(), |state, entry, _| state.apply(entry)).ok()?;
    (replayed.good > 0).then_some(replayed.state.header)
}

/// Opens a ledger to read it without locking it, and says whether an importer is at work.
pub fn look(path: &Path) -> Result<(File, bool), Failure> {
    let cannot = |error: io::Error| {
        let hint = "the ledger of `roster.csv` is `roster.csv.ledger.jsonl`, beside it";
        Failure::usage(format!("cannot open the ledger: `{}`", path.display())).because(error).hint(hint)
    };
    let file = disk::open_regular(path).map_err(cannot)?;
    let at_work = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let _ = file.unlock();
    Ok((file, at_work))
}

/// What is said of a ledger in which nothing stands yet.
pub fn without_record(path: &Path) -> Failure {
    Failure::usage(format!("the ledger has no record yet: `{}`", path.display()))
        .hint("nothing was sent yet: an import begins it anew")
}

/// The ledger at work: appends what happens and keeps the state in step with it.
pub struct Ledger {
    writer: Writer,
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
}

/// Leave to send one request for one row: its intent is synced. Consumed by [`Ledger::finish`].
#[must_use = "an intent without an outcome is in doubt"]
#[derive(Debug)]
pub struct Intent {
    /// The row's place in the state.
    pub at: Place,
    /// The attempt's number, for the provenance tag.
    pub attempt: Attempt,
}

/// An intent that is queued, and perhaps not yet synced.
#[must_use = "an intent without an outcome is in doubt"]
pub struct Queued {
    intent: Intent,
    /// `None` where there is nothing to wait for.
    synced: Option<Synced>,
}

impl Queued {
    /// One that is synced.
    pub fn synced_already(intent: Intent) -> Self {
        Self { intent, synced: None }
    }

    /// Has it synced soon, without waiting for it.
    pub fn soon(&self) {
        if let Some(synced) = &self.synced {
            synced.soon();
        }
    }

    /// Returns when it is synced.
    pub async fn synced(self) -> Result<Intent, LedgerFault> {
        if let Some(synced) = self.synced {
            synced.now().await?;
        }
        Ok(self.intent)
    }
}

/// What an attempt came to, or where a row stands without one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Where the row stands now.
    pub state: RowState,
    /// Settled by comparison.
    pub recovered: bool,
    /// The attempt was not executed, and why.
    pub unexecuted: Option<Unexecuted>,
    /// The user's id.
    pub id: Option<String>,
    /// The service's error code or a finding's.
    pub code: Option<String>,
    /// The message with it, untouched.
    pub message: Option<String>,
    /// The service's id of the request.
    pub request_id: Option<String>,
}

impl Ledger {
    /// Starts writing to any storage, from any state: the seam for tests.
    pub fn start(storage: impl Storage, state: State, clock: Arc<dyn Clock>) -> io::Result<Self> {
        Ok(Self { writer: Writer::start(storage)?, state: Mutex::new(state), clock })
    }

    /// The same, in step with its callers: see [`Writer::in_step`].
    pub fn in_step(storage: impl Storage, state: State, clock: Arc<dyn Clock>) -> Self {
        Self { writer: Writer::in_step(storage), state: Mutex::new(state), clock }
    }

    /// Reads what it says now.
    pub fn read<T>(&self, of: impl FnOnce(&State) -> T) -> T {
        of(&self.state())
    }

    /// What it says now.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records several things at once, synced.
    pub async fn record<'a>(&self, entries: impl IntoIterator<Item = Entry<'a>>) -> Result<(), LedgerFault> {
        let synced = {
            let mut state = self.state();
            let mut lines = Vec::new();
            for entry in entries {
                entry.write_to(&mut lines);
                state.apply(&entry);
                if lines.len() > 1 << 20 {
                    self.writer.append(std::mem::take(&mut lines))?;
                }
            }
            self.writer.append_synced(lines)
        };
        synced.now().await
    }

    /// Records the intent to send a request for a row, with or without a provenance tag. Nothing may leave before it is
    /// synced.
    pub fn intend(&self, at: Place, tagged: bool) -> Queued {
        self.queue(at, |intent| Entry { untagged: !tagged, ..intent })
    }

    /// The same for a request with a provenance tag and a password that headcount made.
    pub fn intend_generated(&self, at: Place) -> Queued {
        self.queue(at, |intent| Entry { generated: true, ..intent })
    }

    fn queue(&self, at: Place, marked: impl Fn(Entry<'_>) -> Entry<'_>) -> Queued {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let attempt = Attempt::after(state.attempts);
        let user = state.user(at).to_owned();
        let entry = marked(Entry::intent(&user, attempt, now));
        let mut line = Vec::with_capacity(160);
        entry.write_to(&mut line);
        state.apply(&entry);
        let intent = Intent { at, attempt };
        if crash::sabotage(Sabotage::IntentNotWritten) {
            return Queued::synced_already(intent);
        }
        // Under the lock, so that the file has the order of the state.
        Queued { intent, synced: Some(self.writer.append_synced(line)) }
    }

    /// Records what an attempt came to. Not waited for: an outcome lost to a crash leaves its intent, which is settled.
    pub fn finish(&self, intent: Intent, outcome: &Outcome) -> Result<(), LedgerFault> {
        self.conclude(intent.at, Some(intent.attempt), outcome)
    }

    /// Records where a row stands, without an attempt or after it.
    pub fn conclude(
        &self,
        at: Place,
        attempt: Option<Attempt>,
        outcome: &Outcome,
    ) -> Result<(), LedgerFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let user = state.user(at).to_owned();
        let entry = Entry {
            attempt,
            recovered: outcome.recovered,
            unexecuted: outcome.unexecuted,
            id: outcome.id.as_deref().map(Into::into),
            code: outcome.code.as_deref().map(Into::into),
            message: outcome.message.as_deref().map(Into::into),
            request_id: outcome.request_id.as_deref().map(Into::into),
            ..Entry::outcome(&user, outcome.state, now)
        };
        let mut line = Vec::with_capacity(256);
        entry.write_to(&mut line);
        state.apply(&entry);
        self.writer.append(line)?;
        crash::point("outcome-queued");
        Ok(())
    }

    /// Records where a step of a created row stands, with the fingerprint of what it gave; of `told` only what the service
    /// said. Not waited for: one that is lost to a crash is done again, which the service tells.
    pub fn step(
        &self,
        at: Place,
        result: StepState,
        fingerprint: Fingerprint,
        told: &Outcome,
    ) -> Result<(), LedgerFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let user = state.user(at).to_owned();
        let entry = Entry {
            fingerprint: Some(Some(fingerprint)),
            code: told.code.as_deref().map(Into::into),
            message: told.message.as_deref().map(Into::into),
            request_id: told.request_id.as_deref().map(Into::into),
            ..Entry::step(&user, Step::Proficiencies, result, now)
        };
        let mut line = Vec::with_capacity(192);
        entry.write_to(&mut line);
        state.apply(&entry);
        self.writer.append(line)
    }

    /// Ends the session: writes and syncs what is queued.
    pub fn close(self, exit: u8) -> Result<State, LedgerFault> {
        let at = rfc3339(self.clock.now());
        let mut line = Vec::new();
        Entry { exit: Some(exit), at: Some(at.into()), ..Entry::of(Kind::End) }.write_to(&mut line);
        let queued = self.writer.append(line);
        let closed = self.writer.close();
        queued.and(closed)?;
        Ok(self.state.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The ledger's file. Notices another writer by the length, and a file that was deleted or replaced by its identity.
struct OnDisk {
    file: File,
    path: PathBuf,
    length: u64,
}

impl OnDisk {
    /// Whose records stand after ours: every process begins with a session record.
    fn another(&self) -> Option<Session> {
        let mut file = self.file.try_clone().ok()?;
        file.rewind().ok()?;
        let mut theirs = State::default();
        let _ = each(&file, &self.path, (), |(), entry, offset| {
            if entry.kind == Kind::Session && offset >= self.length {
                theirs.apply(entry);
            }
        });
        Some(theirs.session).filter(|session| !session.id.is_empty())
    }
}

impl Storage for OnDisk {
    fn check(&mut self) -> Result<(), String> {
        let gone =
            || format!("the ledger was deleted or replaced while it was written: `{}`", self.path.display());
        let there = std::fs::metadata(&self.path).map_err(|_| gone())?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt as _;
            let ours = self.file.metadata().map_err(|_| gone())?;
            if (there.dev(), there.ino()) != (ours.dev(), ours.ino()) {
                return Err(gone());
            }
        }
        if there.len() == self.length {
            return Ok(());
        }
        let other = self.another().map_or_else(String::new, |session| format!(" ({})", whose(&session)));
        Err(format!("another process writes to the same ledger{other}: `{}`", self.path.display()))
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        crash::point("append-before");
        crash::point_after("append-torn", || drop(self.file.write_all(crash::torn(lines))));
        self.file.write_all(lines)?;
        self.length += lines.len() as u64;
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        crash::point("sync-before");
        if !crash::sabotage(Sabotage::NotSynced) {
            self.file.sync_data()?;
        }
        crash::point("sync-after");
        Ok(())
    }
}

fn in_use(file: &File, path: &Path) -> Failure {
    let who =
        newest_session(file, path).map_or_else(String::new, |session| format!(" by {}", whose(&session)));
    Failure::stopped(format!("the ledger is in use{who}: `{}`", path.display()))
        .hint(format!("nothing was sent; see how far it is with: headcount status {}", shell_path(path)))
}

fn newest_session(file: &File, path: &Path) -> Option<Session> {
    let mut file = file.try_clone().ok()?;
    file.rewind().ok()?;
    replay(&file, path).ok().map(|replay| replay.state.session).filter(|session| !session.id.is_empty())
}

/// Names a process by its session record.
pub fn whose(session: &Session) -> String {
    format!("process {} on {}, since {}", session.pid, session.host, session.at)
}

#[cfg(test)]
pub(crate) mod made;
#[cfg(test)]
mod tests;
