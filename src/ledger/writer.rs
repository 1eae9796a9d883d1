//! The one writer: appends lines and syncs them, one sync for all that wait (group commit).

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::sync::oneshot;

/// Where lines go: the ledger's file, or in tests one that fails as it is told to.
pub trait Storage: Send + 'static {
    /// What it is, in the words of an error.
    fn name(&self) -> &'static str {
        "the ledger"
    }

    /// Says why nothing may be written any more: another writer, or a file that is gone. Asked before lines are
    /// appended, and again before anybody acts on their being synced.
    fn check(&mut self) -> Result<(), String>;

    /// Appends whole lines.
    fn append(&mut self, lines: &[u8]) -> io::Result<()>;

    /// Returns when all that was appended would survive a power cut.
    fn sync(&mut self) -> io::Result<()>;
}

/// The ledger, or what is written as it is, can no longer be written: nothing more may be sent. The text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LedgerFault(pub String);

/// Hands lines to the thread that writes them.
///
/// After the first failure every call fails: the file may end in a part of a line, and only a replay knows where.
pub struct Writer {
    queue: Option<Sender<Job>>,
    fault: Arc<OnceLock<LedgerFault>>,
    thread: Option<JoinHandle<()>>,
    /// In place of the thread: see [`Writer::in_step`].
    own: Option<Mutex<Box<dyn Storage>>>,
}

struct Job {
    lines: Vec<u8>,
    synced: Option<oneshot::Sender<Result<(), LedgerFault>>>,
}

impl Writer {
    /// Starts the thread that owns the file.
    pub fn start(storage: impl Storage) -> io::Result<Self> {
        let (queue, jobs) = channel();
        let fault = Arc::new(OnceLock::new());
        let poison = fault.clone();
        let thread = std::thread::Builder::new()
            .name("ledger".into())
            .spawn(move || write_all(storage, &jobs, &poison))?;
        Ok(Self { queue: Some(queue), fault, thread: Some(thread), own: None })
    }

    /// Writes in step with its callers, without a thread: for simulations, whose paused clock would run on while a
    /// thread is waited for.
    pub fn in_step(storage: impl Storage) -> Self {
        Self { queue: None, fault: Arc::default(), thread: None, own: Some(Mutex::new(Box::new(storage))) }
    }

    /// Queues lines; they are written and synced soon, with whatever is synced next or within [`LINGER`].
    pub fn append(&self, lines: Vec<u8>) -> Result<(), LedgerFault> {
        self.send(Job { lines, synced: None })
    }

    /// Queues lines at once and returns a future that is done when they are synced.
    pub fn append_synced(
        &self,
        lines: Vec<u8>,
    ) -> impl Future<Output = Result<(), LedgerFault>> + Send + use<> {
        let (done, synced) = oneshot::channel();
        let sent = self.send(Job { lines, synced: Some(done) });
        let fault = self.fault.clone();
        async move {
            sent?;
            synced.await.unwrap_or_else(|_| Err(fault.get().cloned().unwrap_or_else(ended)))
        }
    }

    /// Writes and syncs what is queued, and ends the thread.
    pub fn close(mut self) -> Result<(), LedgerFault> {
        self.stop();
        self.fault.get().cloned().map_or(Ok(()), Err)
    }

    fn send(&self, job: Job) -> Result<(), LedgerFault> {
        if let Some(fault) = self.fault.get() {
            return Err(fault.clone());
        }
        if let Some(own) = &self.own {
            let mut storage = own.lock().unwrap_or_else(PoisonError::into_inner);
            let done = commit(&mut **storage, &job.lines, job.synced.is_some(), &self.fault);
            if let Some(waiter) = job.synced {
                let _ = waiter.send(done.clone());
            }
            return done;
        }
        let queue = self.queue.as_ref().ok_or_else(ended)?;
        queue.send(job).map_err(|_| self.fault.get().cloned().unwrap_or_else(ended))
    }

    fn stop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How long lines that nobody waits for may stay unsynced. They are outcomes: one that is lost to a power cut is found
/// again by its intent and settled.
const LINGER: Duration = Duration::from_millis(100);

/// The most that one write takes, so that the first of many waiters is not kept for the last.
const BATCH: usize = 1 << 20;

fn write_all(mut storage: impl Storage, jobs: &Receiver<Job>, poison: &OnceLock<LedgerFault>) {
    let mut unsynced = false;
    loop {
        let first = match jobs.recv_timeout(if unsynced { LINGER } else { Duration::from_secs(3600) }) {
            Ok(job) => job,
            Err(RecvTimeoutError::Timeout) if !unsynced => continue,
            Err(ended) => {
                if unsynced && let Err(error) = storage.sync() {
                    let _ = poison.set(unsyncable(storage.name(), &error));
                }
                match ended {
                    RecvTimeoutError::Timeout => unsynced = false,
                    RecvTimeoutError::Disconnected => return,
                }
                continue;
            }
        };
        let mut lines = first.lines;
        let mut waiting: Vec<_> = first.synced.into_iter().collect();
        while lines.len() < BATCH
            && let Ok(job) = jobs.try_recv()
        {
            lines.extend_from_slice(&job.lines);
            waiting.extend(job.synced);
        }
        let done = commit(&mut storage, &lines, !waiting.is_empty(), poison);
        unsynced = done.is_ok() && (waiting.is_empty() && (unsynced || !lines.is_empty()));
        for waiter in waiting {
            let _ = waiter.send(done.clone());
        }
    }
}

fn commit(
    storage: &mut dyn Storage,
    lines: &[u8],
    sync: bool,
    poison: &OnceLock<LedgerFault>,
) -> Result<(), LedgerFault> {
    if let Some(fault) = poison.get() {
        return Err(fault.clone());
    }
    let attempt = |storage: &mut dyn Storage| {
        storage.check().map_err(LedgerFault)?;
        storage
            .append(lines)
            .map_err(|error| LedgerFault(format!("{} cannot be written: {error}", storage.name())))?;
        if !sync {
            return Ok(());
        }
        storage.sync().map_err(|error| unsyncable(storage.name(), &error))?;
        // Where no lock holds, two processes may have looked at the same moment, and both have appended.
        storage.check().map_err(LedgerFault)
    };
    attempt(storage).inspect_err(|fault| {
        let _ = poison.set(fault.clone());
    })
}

fn unsyncable(name: &str, error: &io::Error) -> LedgerFault {
    LedgerFault(format!("{name} cannot be synced to disk: {error}"))
}

fn ended() -> LedgerFault {
    LedgerFault("the ledger's writer has ended".into())
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
        writer.append_synced(b"a\n".to_vec()).await.unwrap();
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
            wait.await.unwrap();
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
            let fault = writer.append_synced(b"a\n".to_vec()).await.unwrap_err();
            assert!(fault.0.contains(says), "{fault}");
            assert_eq!(writer.append_synced(b"b\n".to_vec()).await.unwrap_err(), fault);
            assert_eq!(writer.append(b"c\n".to_vec()).unwrap_err(), fault);
            assert_eq!(writer.close().unwrap_err(), fault);
        }
    }
}
