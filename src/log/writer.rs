//! The one writer: appends lines and syncs them, one sync for all that wait (group commit).

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

/// Where lines go: the ledger's file, or in tests one that fails as it is told to.
pub trait Storage: Send + 'static {
    /// What it is, in the words of an error.
    fn name(&self) -> &'static str {
        "the ledger"
    }

    /// How long lines wait for company, where that is not what suits a disk.
    fn unhurried(&self) -> Option<Unhurried> {
        None
    }

    /// What is said where lines cannot be synced.
    fn unsynced(&self, error: &io::Error) -> String {
        format!("{} cannot be synced to disk: {error}", self.name())
    }

    /// Says why nothing may be written any more: another writer, or a file that is gone. Asked before lines are
    /// appended, and again before anybody acts on their being synced.
    fn check(&mut self) -> Result<(), String>;

    /// Appends whole lines.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Returns when all that was appended would survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// How long lines wait before they are written and synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unhurried {
    /// Lines that nobody waits for stay unsynced for so long at most.
    linger: Duration,
    /// Lines that nobody needs at once wait so long for company.
    company: Duration,
}

impl Unhurried {
    /// On a disk. What lingers are outcomes: one that is lost to a power cut is found again by its intent and settled. The
    /// intent of the next row mostly follows an outcome at once, and the two then cost one wake-up of the thread and one
    /// write. An intent whose row waits for a slot anyway is synced with those that come after it.
    const ON_DISK: Self = Self { linger: Duration::from_millis(100), company: Duration::from_millis(5) };

    /// Over a network, where every sync is a request that is paid for: an outcome rides with the next intent.
    pub const REMOTE: Self = Self { linger: Duration::from_secs(1), company: Duration::from_millis(50) };
}

/// A file of lines can no longer be written: nothing more may be sent on the strength of it. The text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Unwritable(pub(crate) String);

/// Hands lines to the thread that writes them.
///
/// After the first failure every call fails: the file may end in a part of a line, and only a replay knows where.
pub(crate) struct Writer {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// In place of the thread: see [`Writer::in_step`].
    own: Option<Mutex<Box<dyn Storage>>>,
}

/// What the callers and the thread share.
#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    news: Condvar,
    fault: OnceLock<Unwritable>,
}

/// What is to be written, in pieces of about [`PIECE`].
#[derive(Default)]
struct Queue {
    pieces: Vec<Vec<u8>>,
    waiting: Vec<Waiter>,
    /// Somebody who waits can do nothing else.
    urgent: bool,
    closed: bool,
    /// What the thread waits for. Whoever brings it takes this away and wakes the thread, once.
    parked: Option<Parked>,
}

type Waiter = oneshot::Sender<Result<(), Unwritable>>;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parked {
    /// Any line.
    ForLines,
    /// Somebody who can do nothing before a sync, or the end.
    ForUrgent,
}

/// Lines are gathered up to this length, and longer ones are not copied.
const PIECE: usize = 1 << 16;

impl Writer {
    /// Starts the thread that owns the file.
    pub(crate) fn start(storage: impl Storage) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let thread =
            std::thread::Builder::new().name("ledger".into()).spawn(move || theirs.write_all(storage))?;
        Ok(Self { shared, thread: Some(thread), own: None })
    }

    /// Writes in step with its callers, without a thread: for simulations, whose paused clock would run on while a
    /// thread is waited for.
    pub(crate) fn in_step(storage: impl Storage) -> Self {
        Self { shared: Arc::default(), thread: None, own: Some(Mutex::new(Box::new(storage))) }
    }

    /// Queues lines; they are written and synced soon, with whatever is synced next or a moment later.
    pub(crate) fn append(&self, lines: Vec<u8>) -> Result<(), Unwritable> {
        self.send(lines, None)
    }

    /// Queues lines at once; they are written and synced when somebody asks for it.
    pub(crate) fn append_synced(&self, lines: Vec<u8>) -> Synced {
        let (done, synced) = oneshot::channel();
        let queued = self.send(lines, Some(done));
        Synced { shared: self.shared.clone(), queued, synced }
    }

    /// Writes and syncs what is queued, and ends the thread.
    pub(crate) fn close(mut self) -> Result<(), Unwritable> {
        self.stop();
        self.shared.fault.get().cloned().map_or(Ok(()), Err)
    }

    fn send(&self, lines: Vec<u8>, waiter: Option<Waiter>) -> Result<(), Unwritable> {
        if let Some(fault) = self.shared.fault.get() {
            return Err(fault.clone());
        }
        let Some(own) = &self.own else { return self.shared.queue(lines, waiter) };
        let mut storage = own.lock().unwrap_or_else(PoisonError::into_inner);
        let done = commit(&mut **storage, &[lines], waiter.is_some(), &self.shared.fault);
        if let Some(waiter) = waiter {
            let _ = waiter.send(done.clone());
        }
        done
    }

    fn stop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.news.notify_one();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Lines that are queued to be synced. Who drops it still has them written, with whatever is written next.
#[must_use = "lines are synced when that is asked for"]
pub(crate) struct Synced {
    shared: Arc<Shared>,
    queued: Result<(), Unwritable>,
    synced: oneshot::Receiver<Result<(), Unwritable>>,
}

impl Synced {
    /// Has them synced soon, without waiting: with what else comes in a moment.
    pub(crate) fn soon(&self) {
        self.shared.wake(Parked::ForLines);
    }

    /// Returns when they are synced.
    ///
    /// The thread is woken after everybody else who is ready to run has run, so that their lines are synced with these.
    pub(crate) async fn now(mut self) -> Result<(), Unwritable> {
        self.queued?;
        if let Ok(done) = self.synced.try_recv() {
            return done;
        }
        tokio::task::yield_now().await;
        self.shared.wake(Parked::ForUrgent);
        self.synced.await.unwrap_or_else(|_| Err(self.shared.fault()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shared {
    fn queue(&self, lines: Vec<u8>, waiter: Option<Waiter>) -> Result<(), Unwritable> {
        let mut queue = self.lock();
        if queue.closed {
            return Err(self.fault());
        }
        match queue.pieces.last_mut() {
            Some(piece) if piece.len() + lines.len() <= PIECE => piece.extend_from_slice(&lines),
            _ => queue.pieces.push(lines),
        }
        if let Some(waiter) = waiter {
            queue.waiting.push(waiter);
            return Ok(()); // who says when
        }
        drop(queue);
        self.wake(Parked::ForLines);
        Ok(())
    }

    /// Wakes the thread where it waits for this, or for less; what is urgent is so until it is done.
    fn wake(&self, with: Parked) {
        let mut queue = self.lock();
        if with == Parked::ForUrgent && !queue.waiting.is_empty() {
            queue.urgent = true;
        }
        let is_awaited = match queue.parked {
            None => false,
            Some(Parked::ForLines) => !queue.is_empty(),
            Some(Parked::ForUrgent) => queue.urgent,
        };
        if is_awaited {
            queue.parked = None;
            drop(queue);
            self.news.notify_one();
        }
    }

    /// What the thread does, until the writer is closed and nothing is left, or its storage panics.
    fn write_all(&self, mut storage: impl Storage) {
        let _end = AtTheEnd(self);
        let mut unsynced = false;
        let Unhurried { linger, company } = storage.unhurried().unwrap_or(Unhurried::ON_DISK);
        loop {
            let mut queue = self.wait(self.lock(), Parked::ForUrgent, Some(company));
            if queue.is_empty() {
                queue = self.wait(queue, Parked::ForLines, unsynced.then_some(linger));
                if !queue.is_empty() {
                    continue; // for company
                }
                let closed = queue.closed;
                drop(queue);
                if std::mem::take(&mut unsynced)
                    && let Err(error) = storage.sync()
                {
                    let _ = self.fault.set(Unwritable(storage.unsynced(&error)));
                }
                if closed {
                    return;
                }
                continue;
            }
            let (pieces, waiting) = (std::mem::take(&mut queue.pieces), std::mem::take(&mut queue.waiting));
            queue.urgent = false;
            drop(queue);
            let done = commit(&mut storage, &pieces, !waiting.is_empty(), &self.fault);
            unsynced = done.is_ok() && waiting.is_empty();
            for waiter in waiting {
                let _ = waiter.send(done.clone());
            }
        }
    }

    /// Waits until what it is parked for is there, or the time is over.
    fn wait<'q>(
        &self,
        mut queue: MutexGuard<'q, Queue>,
        parked: Parked,
        at_most: Option<Duration>,
    ) -> MutexGuard<'q, Queue> {
        let is_there = |queue: &Queue| match parked {
            Parked::ForLines => queue.closed || !queue.is_empty(),
            Parked::ForUrgent => queue.closed || queue.urgent,
        };
        if is_there(&queue) {
            return queue;
        }
        queue.parked = Some(parked);
        let mut queue = match at_most {
            Some(time) => {
                let waited = self.news.wait_timeout_while(queue, time, |queue| !is_there(queue));
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => {
                let waited = self.news.wait_while(queue, |queue| !is_there(queue));
                waited.unwrap_or_else(PoisonError::into_inner)
            }
        };
        queue.parked = None;
        queue
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self) -> Unwritable {
        self.fault.get().cloned().unwrap_or_else(|| Unwritable("the ledger's writer has ended".into()))
    }
}

impl Queue {
    fn is_empty(&self) -> bool {
        self.pieces.is_empty() && self.waiting.is_empty()
    }
}

/// Once the thread is gone nothing is taken any more, and nobody waits for ever.
struct AtTheEnd<'s>(&'s Shared);

impl Drop for AtTheEnd<'_> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.closed = true;
        queue.waiting.clear();
    }
}

fn commit(
    storage: &mut dyn Storage,
    pieces: &[Vec<u8>],
    sync: bool,
    poison: &OnceLock<Unwritable>,
) -> Result<(), Unwritable> {
    if let Some(fault) = poison.get() {
        return Err(fault.clone());
    }
    let attempt = |storage: &mut dyn Storage| {
        storage.check().map_err(Unwritable)?;
        for lines in pieces {
            storage
                .append(lines)
                .map_err(|error| Unwritable(format!("{} cannot be written: {error}", storage.name())))?;
        }
        if !sync {
            return Ok(());
        }
        storage.sync().map_err(|error| Unwritable(storage.unsynced(&error)))?;
        // Where no lock holds, two processes may have looked at the same moment, and both have appended.
        storage.check().map_err(Unwritable)
    };
    attempt(storage).inspect_err(|fault| {
        let _ = poison.set(fault.clone());
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Records what happens to it and fails where it is told to.
    #[derive(Clone, Default)]
    struct Probe {
        seen: Arc<Mutex<Vec<String>>>,
        fail_append: bool,
        fail_sync: bool,
        refuse: bool,
    }

    impl Storage for Probe {
        fn check(&mut self) -> Result<(), String> {
            if self.refuse { Err("another writer".into()) } else { Ok(()) }
        }

        fn append(&mut self, lines: &[u8]) -> io::Result<()> {
            if self.fail_append {
                return Err(io::Error::from(io::ErrorKind::StorageFull));
            }
            self.seen.lock().unwrap().push(String::from_utf8_lossy(lines).into_owned());
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            if self.fail_sync {
                return Err(io::Error::other("I/O error"));
            }
            self.seen.lock().unwrap().push("sync".into());
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_line_that_is_waited_for_is_written_and_then_synced() {
        let probe = Probe::default();
        let writer = Writer::start(probe.clone()).unwrap();
        writer.append_synced(b"a\n".to_vec()).now().await.unwrap();
        assert_eq!(*probe.seen.lock().unwrap(), ["a\n", "sync"]);
        writer.append(b"b\n".to_vec()).unwrap();
        writer.close().unwrap();
        assert_eq!(*probe.seen.lock().unwrap(), ["a\n", "sync", "b\n", "sync"]);
    }

    #[tokio::test]
    async fn lines_keep_the_order_in_which_they_were_queued() {
        let probe = Probe::default();
        let writer = Writer::start(probe.clone()).unwrap();
        let waits: Vec<_> = (0..100).map(|n| writer.append_synced(format!("{n}\n").into_bytes())).collect();
        for wait in waits {
            wait.now().await.unwrap();
        }
        writer.close().unwrap();
        let seen = probe.seen.lock().unwrap();
        let lines: String = seen.iter().filter(|s| *s != "sync").map(String::as_str).collect();
        assert_eq!(lines, (0..100).map(|n| format!("{n}\n")).collect::<String>());
        assert!(seen.len() < 200, "one sync for all that wait");
    }

    #[tokio::test]
    async fn after_a_failure_every_line_is_refused() {
        for (probe, says) in [
            (Probe { fail_append: true, ..Probe::default() }, "cannot be written"),
            (Probe { fail_sync: true, ..Probe::default() }, "cannot be synced"),
            (Probe { refuse: true, ..Probe::default() }, "another writer"),
        ] {
            let writer = Writer::start(probe).unwrap();
            let fault = writer.append_synced(b"a\n".to_vec()).now().await.unwrap_err();
            assert!(fault.0.contains(says), "{fault}");
            assert_eq!(writer.append_synced(b"b\n".to_vec()).now().await.unwrap_err(), fault);
            assert_eq!(writer.append(b"c\n".to_vec()).unwrap_err(), fault);
            assert_eq!(writer.close().unwrap_err(), fault);
        }
    }
}
