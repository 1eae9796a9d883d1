//! The ledger's file: opened, locked, read and appended to.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::at::LedgerAt;
use super::beside;
use super::entry::Entry;
use super::journal::{Begun, Intended, Intent, Journal, JournalFault, Ours, Outcome, Queued, Recorded};
use super::numbers::{Attempt, Nonce, Nonces, Place};
use super::reader::{Extent, Replay, each, fold, length, replay};
use super::shared::{Keeper, Lease, SharedLedger, TableUrl};
use super::state::{Header, Session, State};
use super::undone;
use super::upgrade::upgrade;
use super::words::{Job, Kind, Step, StepState};
use crate::agent::Fingerprint;
use crate::clock::{Clock, rfc3339, whole_milliseconds};
use crate::crash::{self, Sabotage};
use crate::disk::{self, Links};
use crate::error::Failure;
use crate::exit::Exit;
use crate::log::{Disturbed, Lines, Locked, Storage, Synced, Writer};
use crate::text::{Shell, path_word, program, shell_line};

/// The longest first record, in bytes: it names one roster, and a path has a few thousand at most.
const FIRST_RECORD: u64 = 1 << 16;

/// A ledger file that this process has locked, and what it said when it was opened.
///
/// One that was made for this and is let go of unused is removed: a run that never began leaves nothing.
pub struct LockedFile {
    locked: Locked,
    /// How long it was when it was read: whatever stands after that is another's.
    length: u64,
    /// The version of its format; 0 for a new one.
    version: u32,
    /// What it says; empty for a new one.
    pub state: State,
    /// The bytes of a torn last line that were cut off; 0 where there were none.
    pub(crate) repaired: u64,
    /// The file was there, and nothing was in it.
    pub(crate) was_empty: bool,
}

impl LockedFile {
    /// Opens a ledger, or makes one; locks it; reads it; cuts off a torn last line.
    ///
    /// # Errors
    /// Exit 4 where another process has it (who, where and since when is said), where it cannot be opened, and where it
    /// is damaged or of another version.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let file = Self::open_any(path)?;
        be_here(&file.state, path)?;
        Ok(file)
    }

    /// The same, also where the run was moved from here.
    pub(super) fn open_any(path: &Path) -> Result<Self, Failure> {
        let cannot = |what: &str, error: io::Error| {
            let hint = match std::fs::metadata(path) {
                Ok(there) if there.len() > 0 => format!("nothing was sent; {}", goes_on_with(path)),
                _ => "nothing was sent; choose a place that can be written with ⟦ledger FILE⟧".to_owned(),
            };
            Failure::stopped(format!("cannot {what} the ledger: `{}`", path.display()))
                .because(error)
                .hint(hint)
        };
        be_regular(path)?;
        // Where there are no locks, the session records and the length are what is left to notice another process by.
        let held = disk::hold(path).map_err(|error| cannot("open", error))?;
        let (file, was_made) = held.ok_or_else(|| in_use(path))?;
        crash::point("ledger-opened");
        // Between opening and locking it may have been replaced by the process that had it, as an upgrade does.
        if !was_made
            && !disk::stands_at(&file, path, Links::Refused).map_err(|error| cannot("open", error))?
        {
            return Err(in_use(path));
        }
        let locked = Locked::new(file, path, was_made);
        let Replay { state, own: (), extent: Extent { good, torn, version } } = replay(locked.file(), path)?;
        if crash::sabotage(Sabotage::TornLineIsKept) {
            return Ok(Self { locked, length: good + torn, version, state, repaired: 0, was_empty: false });
        }
        if torn > 0 {
            crash::point("repair-before");
            locked.cut_after(good).map_err(|error| cannot("repair", error))?;
            crash::point("repair-after");
        }
        let was_empty = !was_made && good + torn == 0;
        Ok(Self { locked, length: good, version, state, repaired: torn, was_empty })
    }

    /// The same, where what it says was taken out of it.
    pub(super) fn saying(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Its lines, to be read and appended to, and what they said. A file of version 1 becomes one of this version first, and
    /// is kept beside.
    pub(super) fn into_lines(self) -> Result<(Lines, State), Failure> {
        let (mut locked, mut length) = (self.locked, self.length);
        if self.version == 1 {
            let path = locked.path().to_owned();
            (locked, length) = upgrade(locked, length).map_err(|error| {
                let what = format!("cannot write the ledger in its new form: `{}`", path.display());
                Failure::stopped(what).because(error).hint(
                    "nothing was sent, and the ledger is as it was; free some space beside it, and the same command resumes",
                )
            })?;
        }
        Ok((locked.into_lines(length), self.state))
    }

    /// Starts writing.
    pub(crate) fn into_ledger(self, clock: Arc<dyn Clock>, nonces: Nonces) -> Result<Ledger, Failure> {
        let (lines, state) = self.into_lines()?;
        let path = lines.path().to_owned();
        Ledger::start(OnDisk(lines), state, clock, nonces).map_err(|error| {
            Failure::stopped(format!("cannot write the ledger: `{}`", path.display()))
                .because(error)
                .hint("nothing was sent; the same command resumes")
        })
    }
}

/// What to do where a ledger that has records cannot be written: never another one, which would know nothing of them.
pub(crate) fn goes_on(at: &LedgerAt) -> String {
    let Some(shared) = at.in_table() else { return goes_on_with(at.name()) };
    // Nobody else is in the way of what the table refuses by itself.
    shared.refusal().unwrap_or_else(|| {
        let status = shell_line([program(), "status", &path_word(at.name())]);
        format!("see who has it with `{status}`; the same command joins the run, and ⟦stand-by⟧ waits for it")
    })
}

fn goes_on_with(path: &Path) -> String {
    format!(
        "free some space or make it writable, and run the same command; or move this ledger, `{}`, and go on with \
         ⟦ledger NEW⟧: another ledger would not know what was sent",
        shell_line([Shell::HERE.mover(), &path_word(path), "NEW"])
    )
}

/// Fails where something stands in the ledger's place that is not a regular file: a device keeps nothing and may never
/// end, and a pipe waits for somebody.
pub(crate) fn be_a_file(at: &LedgerAt) -> Result<(), Failure> {
    let Some(path) = at.on_disk() else { return Ok(()) };
    be_regular(path)
}

fn be_regular(path: &Path) -> Result<(), Failure> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(Failure::stopped(format!(
            "the ledger cannot be kept in what is not a regular file: `{}`",
            path.display()
        ))
        .hint("nothing was sent; choose a file with ⟦ledger FILE⟧")),
        _ => Ok(()), // what is not there or cannot be looked at is told by opening it
    }
}

/// Fails where the run was moved from this file: what was sent since is in the table alone.
///
/// # Errors
/// Exit 4; where it goes on is said.
pub(crate) fn be_here(state: &State, path: &Path) -> Result<(), Failure> {
    let Some(to) = &state.moved_to else { return Ok(()) };
    // What the same command is given: for several targets, what the runs of all are found by.
    let given = match (&state.header.target, to.parse::<TableUrl>()) {
        (Some(target), Ok(url)) => url.of_all_targets(target).to_string(),
        _ => to.to_string(),
    };
    let what = format!("the run was moved from this file: it goes on in `{to}`: `{}`", path.display());
    let given = shell_line([&given]);
    Err(Failure::stopped(what).hint(format!(
        "nothing was sent; the same command goes on with {given} in the file's place, or where no ledger was named, with \
         ⟦ledger {given}⟧"
    )))
}

/// Fails where the ledger is another command's: one that an update keeps says nothing of who was made, and an import's nothing
/// of who was changed.
///
/// # Errors
/// Exit 4; which command goes on with it is said.
pub(crate) fn be_of(job: Option<Job>, header: &Header, path: &Path) -> Result<(), Failure> {
    if header.run.is_empty() || header.job == job {
        return Ok(());
    }
    let [theirs, own] = [header.job, job].map(Job::command);
    let article = |command: &str| if command.starts_with(['i', 'u']) { "an" } else { "a" };
    Err(Failure::stopped(format!(
        "the ledger is of {} {theirs}, and this is {} {own}: `{}`",
        article(theirs),
        article(own),
        path.display()
    ))
    .hint(format!(
        "nothing was sent; `{} {theirs}` goes on with it; for this give a ledger of its own with ⟦ledger FILE⟧",
        program()
    )))
}

/// Fails where another process has the ledger now, before anything is asked of anybody.
///
/// # Errors
/// Exit 4, as [`LockedFile::open`] has it.
pub(crate) fn refuse_in_use(path: &Path) -> Result<(), Failure> {
    be_regular(path)?;
    let Ok(file) = File::open(path) else { return Ok(()) }; // not there yet, or told when it is opened for writing
    if disk::is_written(&file, path) { Err(in_use(path)) } else { Ok(()) }
}

/// What a ledger said when somebody looked at it, without locking it.
pub(crate) struct Gathered<T> {
    /// Where each row stood.
    pub(crate) state: State,
    /// What was made of its lines beside that.
    pub(crate) own: T,
    /// Whether an importer was at work.
    pub(crate) at_work: bool,
    /// Who has it, where machines share it and somebody has.
    pub(crate) lease: Option<Lease>,
    /// Its lines, for whoever wants them as they are.
    pub(crate) lines: Lined,
    /// How many of its bytes are of lines that were read: more may have been written since.
    pub(crate) bytes: u64,
}

/// The lines of a ledger as they are.
pub(crate) enum Lined {
    /// In a file.
    File(File),
    /// As they were read.
    Read(Vec<u8>),
}

impl Lined {
    /// From the first of them on.
    ///
    /// # Errors
    /// The file cannot be read.
    pub(crate) fn into_reader(self) -> io::Result<Box<dyn io::Read>> {
        match self {
            Self::File(mut file) => {
                file.rewind()?;
                Ok(Box::new(file))
            }
            Self::Read(lines) => Ok(Box::new(io::Cursor::new(lines))),
        }
    }
}

/// Reads a ledger without locking it, also while a run goes on. `take` gets each entry, and the state before it, to make
/// `own` of them.
///
/// # Errors
/// Exit 2 where it cannot be opened or has no record yet, 4 where it is damaged or of another version.
pub(crate) fn gather<T>(
    at: &LedgerAt,
    own: T,
    take: impl FnMut(&mut T, &Entry, &State),
) -> Result<Gathered<T>, Failure> {
    let gathered = gather_any(at, own, take)?;
    match gathered {
        Some(gathered) if gathered.bytes > 0 => Ok(gathered),
        Some(_) => Err(Failure::usage(format!("the ledger has no record yet: `{at}`"))
            .hint("nothing was sent yet: an import begins it anew")),
        None => {
            let there = at.in_table().map(SharedLedger::of_its_targets).unwrap_or_default();
            let undone = undone::or_undone(at);
            let hint = match there.is_empty() {
                _ if undone != *at => format!(
                    "its run was undone, and its ledger is `{undone}` now; an import of the roster begins another"
                ),
                true => "an import with this ledger begins it; `headcount ledger list` shows the names that there are".to_owned(),
                false => format!("each target has a run of its own: {}", there.join(", ")),
            };
            Err(Failure::usage(format!("the table has no run of this name: `{at}`")).hint(hint))
        }
    }
}

/// Where a run stands, and whether an importer is at work.
///
/// # Errors
/// As [`gather`] has them.
pub fn peek(at: &LedgerAt) -> Result<(State, bool), Failure> {
    gather(at, (), |(), _, _| {}).map(|gathered| (gathered.state, gathered.at_work))
}

/// The same; `None` where nothing stands in it yet, as when an import was stopped before it began.
pub(crate) fn glance(at: &LedgerAt) -> Result<Option<(State, bool)>, Failure> {
    let gathered = gather_any(at, (), |(), _, _| {})?;
    Ok(gathered.filter(|gathered| gathered.bytes > 0).map(|gathered| (gathered.state, gathered.at_work)))
}

/// All that a look at a ledger brings; `None` where there is no run of the name in a table.
///
/// # Errors
/// As [`gather`] has them.
pub(super) fn glimpse(at: &LedgerAt) -> Result<Option<Gathered<()>>, Failure> {
    gather_any(at, (), |(), _, _| {})
}

/// Whether there is something to look at: a file, or a run of this name. What cannot be asked is there.
pub(crate) fn is_there(at: &LedgerAt) -> bool {
    match at.in_table() {
        None => at.exists(),
        Some(shared) => shared.named().map_or(true, |named| named.is_some()),
    }
}

/// Reads the first record alone, without locking: what a ledger is of, before its rows are looked at. `None` where there
/// is none, or nothing that is one of ours: opening it tells that.
pub(crate) fn first(at: &LedgerAt) -> Option<Header> {
    first_heard(at).ok().flatten()
}

/// The same, for whoever must not take a table that cannot be read for one that has nothing to say.
///
/// # Errors
/// Exit 4 where the table cannot be read.
pub(super) fn first_heard(at: &LedgerAt) -> Result<Option<Header>, Failure> {
    let Some(shared) = at.in_table() else { return Ok(first_of(at.name())) };
    let first = shared.first_line()?;
    let header = first
        .and_then(|(run, line)| header_in(line.as_bytes(), at.name()).filter(|header| header.run == run));
    Ok(header)
}

/// The same of a file.
pub(crate) fn first_of(path: &Path) -> Option<Header> {
    let file = disk::open_regular(path).ok()?;
    let mut line = Vec::new();
    BufReader::new(file).take(FIRST_RECORD).read_until(b'\n', &mut line).ok()?;
    header_in(&line, path)
}

/// All lines of a ledger, from the first.
///
/// # Errors
/// Exit 2 where there is none, or it cannot be opened; exit 4 where a shared one cannot be reached.
pub(super) fn lines_of(at: &LedgerAt) -> Result<Box<dyn io::Read>, Failure> {
    let Some(shared) = at.in_table() else {
        let file = disk::open_regular(at.name())
            .map_err(|error| Failure::usage(format!("cannot open the ledger: `{at}`")).because(error))?;
        return Ok(Box::new(file));
    };
    match shared.looked_at()? {
        Some((lines, _)) => Ok(Box::new(io::Cursor::new(lines))),
        None => Err(Failure::usage(format!("the table has no run of this name: `{at}`"))),
    }
}

fn header_in(line: &[u8], path: &Path) -> Option<Header> {
    let mut state = State::default();
    let extent = each(line, path, |entry, _| state.apply(entry)).ok()?;
    (extent.good > 0).then_some(state.header)
}

/// Whether this run had its ledger under this name, and was undone.
pub(crate) fn was_undone(ledger: &LedgerAt, run: &str) -> bool {
    if run.is_empty() {
        return false;
    }
    first(&undone::at(ledger, run)).is_some_and(|header| header.run == run)
}

fn gather_any<T>(
    at: &LedgerAt,
    own: T,
    take: impl FnMut(&mut T, &Entry, &State),
) -> Result<Option<Gathered<T>>, Failure> {
    let path = at.name();
    if let Some(shared) = at.in_table() {
        let Some((lines, lease)) = shared.looked_at()? else { return Ok(None) };
        let at_work = lease.is_some();
        let Replay { state, own, extent } = fold(&lines[..], lines.len() as u64, path, own, take)?;
        let lines = Lined::Read(lines);
        return Ok(Some(Gathered { state, own, at_work, lease, lines, bytes: extent.good }));
    }
    let cannot = |error: io::Error| {
        let hint = match undone::beside(path).filter(|_| error.kind() == io::ErrorKind::NotFound) {
            Some(undone) => format!(
                "its run was undone, and its ledger is `{}` now; an import of the roster begins another",
                undone.display()
            ),
            None => beside::where_they_are(path),
        };
        Failure::usage(format!("cannot open the ledger: `{}`", path.display())).because(error).hint(hint)
    };
    let file = disk::open_regular(path).map_err(cannot)?;
    let at_work = disk::is_written(&file, path);
    let Replay { state, own, extent } = fold(&file, length(&file), path, own, take)?;
    Ok(Some(Gathered { state, own, at_work, lease: None, lines: Lined::File(file), bytes: extent.good }))
}

/// The ledger at work: appends what happens and keeps the state in step with it.
pub struct Ledger {
    writer: Writer,
    state: Mutex<State>,
    clock: Arc<dyn Clock>,
    nonces: Nonces,
    /// What keeps it ours, where machines share it.
    keeper: Option<Keeps>,
}

/// Keeps a shared ledger as long as it is written: one that is let go of without its end no longer beats, so that whoever
/// watches it finds it dead, also where this process goes on with others.
struct Keeps(Arc<Keeper>);

impl Drop for Keeps {
    fn drop(&mut self) {
        self.0.end(false);
    }
}

impl Ledger {
    /// Starts writing to any storage, from any state: the seam for tests.
    pub fn start(
        storage: impl Storage,
        state: State,
        clock: Arc<dyn Clock>,
        nonces: Nonces,
    ) -> io::Result<Self> {
        Ok(Self { writer: Writer::start(storage)?, state: Mutex::new(state), clock, nonces, keeper: None })
    }

    /// The same, in step with its callers: see [`Writer::in_step`].
    pub fn in_step(storage: impl Storage, state: State, clock: Arc<dyn Clock>, nonces: Nonces) -> Self {
        Self { writer: Writer::in_step(storage), state: Mutex::new(state), clock, nonces, keeper: None }
    }

    /// The same, kept by this while it is written.
    pub(super) fn kept_by(self, keeper: Arc<Keeper>) -> Self {
        Self { keeper: Some(Keeps(keeper)), ..self }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues many lines and returns what is to be waited for. Under the lock, so that the file has the order of the state.
    fn append_all(&self, entries: &mut dyn Iterator<Item = Entry<'_>>) -> Result<Synced, JournalFault> {
        let mut state = self.state();
        let mut lines = Vec::new();
        for entry in entries {
            entry.write_to(&mut lines);
            state.apply(&entry);
            if lines.len() > 1 << 20 {
                self.writer.append(std::mem::take(&mut lines))?;
            }
        }
        Ok(self.writer.append_synced(lines))
    }
}

impl Ledger {
    /// Appends the intent of calls on a user that is there, under the lock of the state, so that the file has its order.
    fn begin(&self, begun: Begun, entry: &Entry, state: &mut State) -> Queued<Begun> {
        let line = applied(state, entry, 192);
        if crash::sabotage(Sabotage::IntentNotWritten) {
            return Queued::synced_already(begun);
        }
        Queued::with(begun, self.writer.append_synced(line))
    }
}

impl Journal for Ledger {
    fn look(&self, with: &mut dyn FnMut(&State)) {
        with(&self.state());
    }

    fn record<'j>(&'j self, entries: &'j mut (dyn Iterator<Item = Entry<'_>> + Send)) -> Recorded<'j> {
        Box::pin(async move { Ok(self.append_all(entries)?.now().await?) })
    }

    fn intend(&self, at: Place, how: Intended) -> Queued {
        let now = whole_milliseconds(self.clock.now());
        let mut state = self.state();
        let attempt = Attempt::after(state.attempts);
        let nonce = match (self.nonces)() {
            Ok(nonce) => nonce,
            // An attempt that cannot be told from a copy's proves nothing, so it is not made.
            Err(why) => {
                let intent = Intent { place: at, attempt, nonce: Nonce::of(0), at: now };
                return Queued::refused(intent, JournalFault(why));
            }
        };
        let intent = Intent { place: at, attempt, nonce, at: now };
        let user = state.user(at).to_owned();
        let line = applied(&mut state, &how.entry(&user, attempt, nonce, rfc3339(now)), 192);
        if crash::sabotage(Sabotage::IntentNotWritten) {
            return Queued::synced_already(intent);
        }
        // Under the lock, so that the file has the order of the state.
        Queued::with(intent, self.writer.append_synced(line))
    }

    fn intend_update(&self, at: Place, id: &str) -> Queued<Begun> {
        let now = whole_milliseconds(self.clock.now());
        let mut state = self.state();
        let (attempt, user) = (Attempt::after(state.attempts), state.user(at).to_owned());
        let entry = Entry::update_intent(&user, attempt, id, rfc3339(now));
        self.begin(Begun { place: at, attempt, at: now }, &entry, &mut state)
    }

    fn intend_delete(&self, at: Place, id: &str) -> Queued<Begun> {
        let now = whole_milliseconds(self.clock.now());
        let mut state = self.state();
        let (attempt, user) = (Attempt::after(state.attempts), state.user(at).to_owned());
        let entry = Entry::delete_intent(&user, attempt, id, rfc3339(now));
        self.begin(Begun { place: at, attempt, at: now }, &entry, &mut state)
    }

    fn conclude_delete(&self, at: Place, of: Option<Attempt>, outcome: &Outcome) -> Result<(), JournalFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let user = state.user(at).to_owned();
        self.writer.append(applied(&mut state, &outcome.delete_entry(&user, of, now), 256))?;
        crash::point("outcome-queued");
        Ok(())
    }

    fn step_of_delete(
        &self,
        at: Place,
        step: Step,
        result: StepState,
        told: &Outcome,
    ) -> Result<(), JournalFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let user = state.user(at).to_owned();
        let entry = told.delete_step_entry(&user, (step, result), now);
        Ok(self.writer.append(applied(&mut state, &entry, 256))?)
    }

    fn conclude(&self, at: Place, of: Option<Attempt>, outcome: &Outcome) -> Result<(), JournalFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let user = state.user(at).to_owned();
        let line = applied(&mut state, &outcome.entry(&user, of, now), 256);
        self.writer.append(line)?;
        crash::point("outcome-queued");
        Ok(())
    }

    fn step(
        &self,
        at: Place,
        result: StepState,
        fingerprint: Fingerprint,
        told: &Outcome,
    ) -> Result<(), JournalFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let user = state.user(at).to_owned();
        let stands = (Step::Proficiencies, result);
        let line = applied(&mut state, &told.step_entry(&user, stands, Some(fingerprint), now), 256);
        Ok(self.writer.append(line)?)
    }

    fn step_of(&self, at: Place, group: Step, result: StepState, told: &Outcome) -> Result<(), JournalFault> {
        let now = rfc3339(self.clock.now());
        let mut state = self.state();
        let (user, fingerprint) = (state.user(at).to_owned(), state.record(at).fingerprint);
        let line = applied(&mut state, &told.step_entry(&user, (group, result), fingerprint, now), 256);
        Ok(self.writer.append(line)?)
    }

    fn be_ours(&self) -> Ours<'_> {
        match &self.keeper {
            Some(Keeps(keeper)) if !keeper.is_fresh() => {
                let keeper = Arc::clone(keeper);
                Box::pin(async move {
                    let asked = tokio::task::spawn_blocking(move || keeper.be_fresh()).await;
                    asked.map_err(|error| JournalFault(error.to_string()))?.map_err(JournalFault)
                })
            }
            _ => Box::pin(std::future::ready(Ok(()))),
        }
    }

    fn close(self: Arc<Self>, exit: Exit) -> Result<State, JournalFault> {
        let Some(Self { writer, state, clock, nonces: _, keeper }) = Arc::into_inner(self) else {
            return Err(JournalFault("the ledger was to be closed with a row still at work".into()));
        };
        let at = rfc3339(clock.now());
        let mut line = Vec::new();
        Entry { exit: Some(exit.code()), at: Some(at.into()), ..Entry::of(Kind::End) }.write_to(&mut line);
        let queued = writer.append(line);
        let closed = writer.close();
        // Let go of once the end is recorded, and not where it could not be: whoever comes next watches, and settles.
        if let Some(Keeps(keeper)) = &keeper {
            keeper.end(closed.is_ok());
        }
        queued.and(closed)?;
        Ok(state.into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Takes an entry into the state, and returns its line, which is about so long.
fn applied(state: &mut State, entry: &Entry, length: usize) -> Vec<u8> {
    let mut line = Vec::with_capacity(length);
    entry.write_to(&mut line);
    state.apply(entry);
    line
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

fn in_use(path: &Path) -> Failure {
    let who = newest_session(path).map_or_else(String::new, |session| format!(" by {}", whose(&session)));
    Failure::stopped(format!("the ledger is in use{who}: `{}`", path.display())).hint(format!(
        "nothing was sent; see how far it is with: {}",
        shell_line([program(), "status", &path_word(path)])
    ))
}

fn newest_session(path: &Path) -> Option<Session> {
    let file = disk::open_regular(path).ok()?;
    replay(&file, path).ok().map(|replay| replay.state.session).filter(|session| !session.id.is_empty())
}

/// Names a process by its session record.
pub(crate) fn whose(session: &Session) -> String {
    format!("process {} on {}, since {}", session.pid, session.host, session.at)
}
