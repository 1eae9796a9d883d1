//! The ledger's file: opened, locked, read and appended to.

use std::fs::{File, TryLockError};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::entry::{Entry, Kind, RowState, Step, StepState, Unexecuted};
use super::numbers::{Attempt, Place};
use super::reader::{Extent, Replay, each, fold, replay};
use super::state::{Header, Session, State};
use crate::agent::Fingerprint;
use crate::clock::{Clock, rfc3339};
use crate::crash::{self, Sabotage};
use crate::disk;
use crate::error::Failure;
use crate::log::{Disturbed, LedgerFault, Lines, Locked, Storage, Synced, Writer, lock};
use crate::text::shell_path;

/// The longest first record, in bytes: it names one roster, and a path has a few thousand at most.
const FIRST_RECORD: u64 = 1 << 16;

/// A `status` in another process holds the lock for the blink of an eye, so it is tried more than once.
const TRIES: u32 = 201;

/// A ledger file that this process has locked, and what it said when it was opened.
///
/// One that was made for this and is let go of unused is removed: a run that never began leaves nothing.
pub struct LockedFile {
    locked: Locked,
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
        if !lock(&file, TRIES).map_err(|error| cannot("lock", error))? {
            return Err(in_use(&file, path));
        }
        let locked = Locked::new(file, path, was_made);
        let Replay { state, own: (), extent: Extent { good, torn } } = replay(locked.file(), path)?;
        if torn > 0 {
            crash::point("repair-before");
            locked.cut_after(good).map_err(|error| cannot("repair", error))?;
            crash::point("repair-after");
        }
        Ok(Self { locked, length: good, state, is_new: good == 0, repaired: torn })
    }

    /// Starts writing.
    pub fn into_ledger(self, clock: Arc<dyn Clock>) -> Result<Ledger, Failure> {
        let lines = self.locked.into_lines(self.length);
        let path = lines.path().to_owned();
        Ledger::start(OnDisk(lines), self.state, clock).map_err(|error| {
            Failure::stopped(format!("cannot write the ledger: `{}`", path.display())).because(error)
        })
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

/// What a ledger said when somebody looked at it, without locking it.
pub struct Gathered<T> {
    /// Where each row stood.
    pub state: State,
    /// What was made of its lines beside that.
    pub own: T,
    /// Whether an importer was at work.
    pub at_work: bool,
    /// The file, and the bytes of the whole lines that were read.
    pub file: File,
    /// The same.
    pub bytes: u64,
}

/// Reads a ledger without locking it, also while a run goes on. `take` gets each entry, and the state before it, to make
/// `own` of them.
///
/// # Errors
/// Exit 2 where it cannot be opened or has no record yet, 4 where it is damaged or of another version.
pub fn gather<T>(
    path: &Path,
    own: T,
    take: impl FnMut(&mut T, &Entry, &State),
) -> Result<Gathered<T>, Failure> {
    let gathered = gather_any(path, own, take)?;
    if gathered.bytes == 0 {
        return Err(Failure::usage(format!("the ledger has no record yet: `{}`", path.display()))
            .hint("nothing was sent yet: an import begins it anew"));
    }
    Ok(gathered)
}

/// Where a run stands, and whether an importer is at work.
///
/// # Errors
/// As [`gather`] has them.
pub fn peek(path: &Path) -> Result<(State, bool), Failure> {
    gather(path, (), |(), _, _| {}).map(|gathered| (gathered.state, gathered.at_work))
}

/// The same; `None` where nothing stands in the file yet, as when an import was stopped before it began.
pub fn glance(path: &Path) -> Result<Option<(State, bool)>, Failure> {
    let gathered = gather_any(path, (), |(), _, _| {})?;
    Ok((gathered.bytes > 0).then_some((gathered.state, gathered.at_work)))
}

/// Reads the first record alone, without locking: what a ledger is of, before its rows are looked at. `None` where there
/// is none, or nothing that is one of ours: opening it tells that.
pub fn first(path: &Path) -> Option<Header> {
    let file = disk::open_regular(path).ok()?;
    let mut line = Vec::new();
    BufReader::new(file).take(FIRST_RECORD).read_until(b'\n', &mut line).ok()?;
    let mut state = State::default();
    let extent = each(&line[..], path, |entry, _| state.apply(entry)).ok()?;
    (extent.good > 0).then_some(state.header)
}

fn gather_any<T>(
    path: &Path,
    own: T,
    take: impl FnMut(&mut T, &Entry, &State),
) -> Result<Gathered<T>, Failure> {
    let cannot = |error: io::Error| {
        let hint = "the ledger of `roster.csv` is `roster.csv.ledger.jsonl`, beside it";
        Failure::usage(format!("cannot open the ledger: `{}`", path.display())).because(error).hint(hint)
    };
    let file = disk::open_regular(path).map_err(cannot)?;
    let at_work = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
    let _ = file.unlock();
    let Replay { state, own, extent } = fold(&file, path, own, take)?;
    Ok(Gathered { state, own, at_work, file, bytes: extent.good })
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

/// The ledger's file as it is written, in the words of an error.
pub(super) struct OnDisk(pub(super) Lines);

impl OnDisk {
    /// Whose records stand after ours: every process begins with a session record.
    fn another(&self) -> Option<Session> {
        let mut file = self.0.file().try_clone().ok()?;
        file.rewind().ok()?;
        let mut theirs = State::default();
        let _ = each(&file, self.0.path(), |entry, offset| {
            if entry.kind == Kind::Session && offset >= self.0.length() {
                theirs.apply(entry);
            }
        });
        Some(theirs.session).filter(|session| !session.id.is_empty())
    }
}

impl Storage for OnDisk {
    fn check(&mut self) -> Result<(), String> {
        let path = self.0.path().display();
        match self.0.check() {
            Ok(()) => Ok(()),
            Err(Disturbed::Gone) => {
                Err(format!("the ledger was deleted or replaced while it was written: `{path}`"))
            }
            Err(Disturbed::Written) => {
                let other =
                    self.another().map_or_else(String::new, |session| format!(" ({})", whose(&session)));
                Err(format!("another process writes to the same ledger{other}: `{path}`"))
            }
        }
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        crash::point("append-before");
        self.0.append(lines, "append-torn")
    }

    fn sync(&mut self) -> io::Result<()> {
        crash::point("sync-before");
        if !crash::sabotage(Sabotage::NotSynced) {
            self.0.sync()?;
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
