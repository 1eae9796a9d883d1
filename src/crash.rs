//! Where a test may end the process, and where it may make the program wrong on purpose.
//!
//! Both are there with the cargo feature `crash-points` only; without it every function here is empty and vanishes.
//! With it, `HEADCOUNT_CRASH=NAME:N` aborts the process at the Nth passage of a named point: no unwinding, no flush, as
//! with `kill -9`. `HEADCOUNT_HOLD=NAME:N` holds it there until it is told to go on (SIGSTOP and SIGCONT), as a machine
//! that sleeps. `HEADCOUNT_SABOTAGE=WORD` takes one deliberately wrong branch, so that the crash matrix can show that
//! it would notice. `HEADCOUNT_CLOCK=FILE` puts the clock forward by as many seconds as the file says whenever it is read,
//! so that a test lets hours pass, also while the process is held. `HEADCOUNT_BEATS=N` has a shared ledger beat N times as
//! fast, and whoever watches it wait a part of the time.

/// Every named point, in the order in which a run passes them first.
pub const POINTS: &[&str] = &[
    "ledger-opened",   // made or opened, not locked yet
    "repair-before",   // a torn last line was seen
    "repair-after",    // and cut off
    "upgrade-written", // a ledger of version 1 is written anew, beside
    "upgrade-kept",    // the old one has a second name
    "upgrade-renamed", // the new one stands in its place
    "plan-before",     // nothing of the session is in the ledger
    "plan-recorded",   // session and rows are synced, nothing was sent
    "passwords-begun", // the file for passwords has its first record
    "append-before",   // lines are about to be written
    "append-torn",     // half of them are
    "sync-before",     // they are written and not synced
    "sync-after",      // they are synced, and nobody knows yet
    "password-before", // an intent is synced, the password that was made for it is not recorded
    "password-torn",   // half of its record is written
    "password-after",  // it is synced, and nobody knows yet
    "send-before",     // all is synced, no byte has left
    "answer-unread",   // a request was executed, its answer is not read
    "answer-unmarked", // the answer is read, its outcome is not recorded
    "outcome-queued",  // the outcome is on its way to the disk
    "look-before",     // a name is about to be looked up
    "look-after",      // it was, and nothing of it is recorded
    "settled",         // what was found is on its way to the disk
    "close-before",    // all rows are done, the session is not closed
    "close-after",     // it is, and the process has not ended
];

/// Every point that a shared ledger passes, in the order in which it passes them first.
pub const SHARED_POINTS: &[&str] = &[
    "segment-before-put", // lines are about to be put at the next position
    "segment-unclear",    // they were, and nobody has said what became of them
    "segment-after-put",  // an answer has come, and nobody has acted on it
    "lease-before",       // the session's record stands, and nothing says who has the ledger
    "lease-after",        // that is said, and nobody knows yet
    "sync-after",         // an intent stands, and its request has not left
    "send-before",        // the same, a moment later: another may take the ledger here
    "answer-unmarked",    // its answer is there, and no outcome stands: another may take the ledger here
    "outcome-queued",     // the outcome waits for company
    "close-before",       // all rows are done, the session is not closed
    "close-after",        // it is, and the process has not ended
];

/// Every point that an update passes, in the order in which it passes them first.
pub const UPDATE_POINTS: &[&str] = &[
    "ledger-opened",        // made or opened, not locked yet
    "repair-before",        // a torn last line was seen
    "repair-after",         // and cut off
    "append-before",        // lines are about to be written
    "append-torn",          // half of them are
    "sync-before",          // they are written and not synced
    "sync-after",           // they are synced, and nobody knows yet
    "update-before-kept",   // everybody who is to be changed is kept as they were
    "update-intent-before", // a user was read, and is about to be changed
    "update-intent-synced", // that is on disk, no call has left
    "update-sent",          // a call has its answer, and nothing says so
    "update-read-back",     // the user was read again, and nothing says so
    "update-step",          // a group's end is on its way to the disk, the user's is not
    "close-before",         // all users are done, the session is not closed
    "close-after",          // it is, and the process has not ended
];

/// Every point that a deletion passes, in the order in which it passes them first.
pub const DELETE_POINTS: &[&str] = &[
    "ledger-opened",        // opened, not locked yet
    "repair-before",        // a torn last line was seen
    "repair-after",         // and cut off
    "append-before",        // lines are about to be written
    "append-torn",          // half of them are
    "sync-before",          // they are written and not synced
    "sync-after",           // they are synced, and nobody knows yet
    "delete-waits",         // a request may still arrive that makes the user again
    "delete-intent-before", // a user was read and proved, and is about to be deleted
    "delete-intent-synced", // that is on disk, no call has left
    "delete-sent",          // the call has its answer, and nothing says so
    "delete-recorded",      // that is on its way to the disk
    "close-before",         // all are done, the session is not closed
    "close-after",          // it is, and the ledger has its name still
    "undo-renamed",         // nothing of the run is left, and its ledger says so by its name
];

/// A branch that is wrong on purpose: what a careless importer would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A 409 fails the row, although the user may be ours.
    DuplicateIsFailed,
    /// A 409 is success, although the user may be another's.
    DuplicateIsSuccess,
    /// A request leaves without an intent in the ledger.
    IntentNotWritten,
    /// A resume goes by the place in the roster, not by who stands there.
    ResumeByPosition,
    /// A password that was made is recorded once its request is answered.
    PasswordRecordedLate,
    /// A password that the service repeats is repeated.
    RepeatPassword,
    /// The password in force is taken to be the newest that was made for the user.
    NewestPassword,
    /// A user with the number of an attempt of ours in its tag is ours, whoever drew the nonce.
    NumberIsProof,
    /// A line that was cut short stays, and the next is written behind it.
    TornLineIsKept,
    /// Security profiles are written before all else, also where they add rights.
    RightsFirst,
    /// What was sent is taken for done, whatever the instance shows.
    NoReadBack,
    /// Whoever has the name of a user that was made is deleted, whatever the id.
    UndoByUsername,
    /// A user is deleted although a request may still arrive that makes it again.
    UndoWithoutWait,
    /// A create is signed with the time at which it leaves, so that it is let in however late it arrives.
    SignedWhenSent,
    /// A tag that begins with the run's id proves a user ours.
    TagByPrefix,
    /// A segment of a shared ledger is put whatever stands there.
    NoCondition,
    /// Lines that come while an append is unclear are put along with it, and a segment of one's own session is taken for it.
    ComparedBySession,
    /// Lines that come while an append is unclear are put along with it.
    RetryMerges,
    /// Whoever takes a ledger over takes the open intents of others for not sent.
    TakerForgets,
    /// Nothing is synced. No kill can tell, only a power cut; it is there to measure what the syncs cost.
    NotSynced,
}

impl Sabotage {
    /// Its word in `HEADCOUNT_SABOTAGE`.
    pub fn word(self) -> &'static str {
        match self {
            Self::DuplicateIsFailed => "409-is-failed",
            Self::DuplicateIsSuccess => "409-is-success",
            Self::IntentNotWritten => "intent-not-written",
            Self::ResumeByPosition => "resume-by-position",
            Self::PasswordRecordedLate => "password-recorded-late",
            Self::RepeatPassword => "repeat-password",
            Self::NewestPassword => "newest-password",
            Self::NumberIsProof => "number-is-proof",
            Self::TornLineIsKept => "torn-line-is-kept",
            Self::RightsFirst => "rights-first",
            Self::NoReadBack => "no-read-back",
            Self::UndoByUsername => "undo-by-username",
            Self::UndoWithoutWait => "undo-without-wait",
            Self::SignedWhenSent => "signed-when-sent",
            Self::TagByPrefix => "tag-by-prefix",
            Self::NoCondition => "no-condition",
            Self::ComparedBySession => "compared-by-session",
            Self::RetryMerges => "retry-merges",
            Self::TakerForgets => "taker-forgets",
            Self::NotSynced => "not-synced",
        }
    }
}

/// Passes a named point: the process may end here.
#[inline]
pub(crate) fn point(name: &str) {
    point_after(name, || {});
}

/// Passes a named point; where the process ends at it, it does this first (such as half of a write).
#[inline]
#[cfg(not(feature = "crash-points"))]
pub(crate) fn point_after(_: &str, _: impl FnOnce()) {}

/// About half of some lines, cut within one of them: what a write leaves that is broken off.
pub(crate) fn torn(lines: &[u8]) -> &[u8] {
    let half = &lines[..lines.len() / 2];
    half.strip_suffix(b"\n").unwrap_or(half)
}

/// Whether to take this wrong branch: never.
#[inline]
#[cfg(not(feature = "crash-points"))]
pub fn sabotage(_: Sabotage) -> bool {
    false
}

/// By how much the clock is ahead: not at all.
#[inline]
#[cfg(not(feature = "crash-points"))]
pub(crate) fn ahead() -> std::time::Duration {
    std::time::Duration::ZERO
}

/// How many times as fast beats are, and whoever waits for them: once.
#[inline]
#[cfg(not(feature = "crash-points"))]
pub(crate) fn faster() -> u32 {
    1
}

#[cfg(feature = "crash-points")]
pub use armed::sabotage;
#[cfg(feature = "crash-points")]
pub(crate) use armed::{ahead, faster, point_after};

#[cfg(feature = "crash-points")]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::Sabotage;

    /// A passage that a variable names.
    struct Armed {
        variable: &'static str,
        passage: OnceLock<Option<(String, u64)>>,
        passed: AtomicU64,
    }

    impl Armed {
        const fn by(variable: &'static str) -> Self {
            Self { variable, passage: OnceLock::new(), passed: AtomicU64::new(0) }
        }

        /// Whether this is the passage.
        fn is_now(&self, name: &str) -> bool {
            let armed = self.passage.get_or_init(|| {
                let value = variable(self.variable)?;
                let (name, passage) = value.rsplit_once(':')?;
                Some((name.to_owned(), passage.parse().unwrap_or(0)))
            });
            armed.as_ref().is_some_and(|(armed, passage)| {
                armed == name && self.passed.fetch_add(1, Ordering::SeqCst) + 1 == *passage
            })
        }
    }

    /// Passes a named point; where the process ends at it, it does this first (such as half of a write).
    pub(crate) fn point_after(name: &str, last: impl FnOnce()) {
        static CRASH: Armed = Armed::by("HEADCOUNT_CRASH");
        #[cfg(unix)]
        {
            static HOLD: Armed = Armed::by("HEADCOUNT_HOLD");
            if HOLD.is_now(name) {
                let own = rustix::process::getpid();
                // That a process may not stop itself has no cause but a system without signals: then it goes on.
                let _ = rustix::process::kill_process(own, rustix::process::Signal::STOP);
            }
        }
        if CRASH.is_now(name) {
            last();
            std::process::abort();
        }
    }

    /// By how much the clock is ahead, as the file says now.
    pub(crate) fn ahead() -> std::time::Duration {
        static FILE: OnceLock<Option<String>> = OnceLock::new();
        let file = FILE.get_or_init(|| variable("HEADCOUNT_CLOCK"));
        let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        std::time::Duration::from_secs(text.and_then(|text| text.trim().parse().ok()).unwrap_or_default())
    }

    /// How many times as fast beats are, and whoever waits for them.
    pub(crate) fn faster() -> u32 {
        variable("HEADCOUNT_BEATS").and_then(|times| times.parse().ok()).unwrap_or(1)
    }

    /// Whether to take this wrong branch.
    pub fn sabotage(branch: Sabotage) -> bool {
        static TAKEN: OnceLock<Option<String>> = OnceLock::new();
        TAKEN.get_or_init(|| variable("HEADCOUNT_SABOTAGE")).as_deref() == Some(branch.word())
    }

    #[expect(clippy::disallowed_methods, reason = "only with the feature, which no release has")]
    fn variable(name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}
