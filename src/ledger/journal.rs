//! The truth of one run on one instance, at the height of entries: whoever works through rows knows no file.

use std::pin::Pin;
use std::sync::Arc;
use std::time::SystemTime;

use super::asked::{AskedFor, StandsAs};
use super::entry::Entry;
use super::numbers::{Attempt, Calls, Nonce, Place};
use super::state::State;
use super::words::{Op, RowState, Step, StepState, Unexecuted};
use crate::agent::Fingerprint;
use crate::exit::Exit;
use crate::log::{Synced, Unwritable};

/// Where a run's truth is written down, and read while the run goes on.
///
/// After the first fault every call that writes fails, whoever makes it: nothing more may be sent. What [`Journal::look`]
/// shows is then no longer what a later reader finds.
pub trait Journal: Send + Sync {
    /// Lends what it says now to `with`, once. It is locked meanwhile: `with` may ask nothing else of it.
    ///
    /// [`read`](trait.Journal.html#method.read) is the form with a result.
    fn look(&self, with: &mut dyn FnMut(&State));

    /// Records several things in order; returns when all are synced.
    fn record<'j>(&'j self, entries: &'j mut (dyn Iterator<Item = Entry<'_>> + Send)) -> Recorded<'j>;

    /// Records the intent to send a request for a row, as the newest attempt of all. Nothing may leave before it is synced.
    fn intend(&self, at: Place, how: Intended) -> Queued;

    /// Records what an attempt came to. Not waited for: an outcome lost to a crash leaves its intent, which is settled.
    fn finish(&self, intent: Intent, outcome: &Outcome) -> Result<(), JournalFault> {
        self.conclude(intent.place, Some(intent.attempt), outcome)
    }

    /// Records the intent to change the user of this id, as the newest attempt of all. The first call that changes anything
    /// waits until it is synced; [`Journal::conclude`] says with its attempt what it came to.
    fn intend_update(&self, at: Place, id: &str) -> Queued<Begun>;

    /// Records the intent to delete the user of this id, as the newest attempt of all. Nothing may leave before it is synced;
    /// [`Journal::conclude_delete`] says with its attempt what it came to. What proves who made the user stays as it was.
    fn intend_delete(&self, at: Place, id: &str) -> Queued<Begun>;

    /// Records what became of a deletion, or that a user is left, without an attempt then. Not waited for: one that is lost
    /// to a crash leaves its intent, and what is there then says what became of it.
    fn conclude_delete(&self, at: Place, of: Option<Attempt>, outcome: &Outcome) -> Result<(), JournalFault>;

    /// Records where a step of a deletion stands. Not waited for: one that is lost to a crash is done again.
    fn step_of_delete(
        &self,
        at: Place,
        step: Step,
        result: StepState,
        told: &Outcome,
    ) -> Result<(), JournalFault>;

    /// Records where a row stands, without an attempt or after it. Not waited for.
    fn conclude(&self, at: Place, of: Option<Attempt>, outcome: &Outcome) -> Result<(), JournalFault>;

    /// Records where the proficiencies of a created row stand, with the fingerprint of what was given; of `told` only what
    /// the service said, and what was asked for where it is done. Not waited for: one that is lost to a crash is done again,
    /// which the service tells.
    fn step(
        &self,
        at: Place,
        result: StepState,
        fingerprint: Fingerprint,
        told: &Outcome,
    ) -> Result<(), JournalFault>;

    /// Records where a group of a user stands that is being changed; the rest as [`Journal::step`] has it. Not waited for:
    /// one that is lost to a crash is read from the instance.
    fn step_of(&self, at: Place, group: Step, result: StepState, told: &Outcome) -> Result<(), JournalFault>;

    /// Makes sure, right before a request leaves, that this process was the one that may write it a moment ago: where machines
    /// share it, one that slept finds out here that another has taken it. Safe is a run without that; it spares a request.
    fn be_ours(&self) -> Ours<'_> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Ends the session: what is queued is synced, and nothing is written after that. Returns what it says then.
    ///
    /// # Errors
    /// Where it cannot be written, and where somebody else still holds it: a session ends when no row is at work.
    fn close(self: Arc<Self>, exit: Exit) -> Result<State, JournalFault>;
}

impl dyn Journal + '_ {
    /// Makes something of what it says now. It is locked meanwhile: `of` may ask nothing else of it.
    pub fn read<T>(&self, mut of: impl FnMut(&State) -> T) -> T {
        let mut made = None;
        self.look(&mut |state| made = Some(of(state)));
        made.unwrap_or_else(|| of(&State::default())) // which shows nothing says nothing
    }
}

/// The end of a [`Journal::record`].
pub type Recorded<'j> = Pin<Box<dyn Future<Output = Result<(), JournalFault>> + Send + 'j>>;

/// The end of a [`Journal::be_ours`].
pub type Ours<'j> = Pin<Box<dyn Future<Output = Result<(), JournalFault>> + Send + 'j>>;

/// The truth can no longer be written: nothing more may be sent. The text says why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalFault(pub String);

impl From<Unwritable> for JournalFault {
    fn from(Unwritable(why): Unwritable) -> Self {
        Self(why)
    }
}

/// How a request is meant that an intent announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intended {
    /// With the provenance tag; without it, what it makes cannot be proved.
    pub tagged: bool,
    /// With a password that headcount made.
    pub generated: bool,
}

impl Intended {
    /// The line of the intent; `at` is when, RFC 3339.
    pub fn entry(self, user: &str, attempt: Attempt, nonce: Nonce, at: String) -> Entry<'_> {
        let Self { tagged, generated } = self;
        Entry { untagged: !tagged, generated, ..Entry::intent(user, attempt, Some(nonce), at) }
    }
}

/// Leave to send one request for one row: its intent is synced. Consumed by [`Journal::finish`].
#[must_use = "an intent without an outcome is in doubt"]
#[derive(Debug, PartialEq, Eq)]
pub struct Intent {
    /// The row's place in the state.
    pub place: Place,
    /// The attempt's number, for the provenance tag.
    pub attempt: Attempt,
    /// The attempt's own random bits, for the provenance tag.
    pub nonce: Nonce,
    /// When it was announced, as it is recorded: in whole milliseconds.
    pub at: SystemTime,
}

/// Leave to send the requests that change one user: its intent is synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// The row's place in the state.
    pub place: Place,
    /// The attempt's number.
    pub attempt: Attempt,
    /// When it was announced, as it is recorded: in whole milliseconds.
    pub at: SystemTime,
}

/// An intent that is queued, and perhaps not yet synced.
#[must_use = "an intent without an outcome is in doubt"]
pub struct Queued<I = Intent> {
    intent: I,
    until: Until,
}

/// What is waited for.
enum Until {
    Nothing,
    Synced(Synced),
    /// It never will be.
    Refused(JournalFault),
}

impl<I> Queued<I> {
    /// One that is synced.
    pub fn synced_already(intent: I) -> Self {
        Self { intent, until: Until::Nothing }
    }

    /// One that cannot be written, so that nothing may leave.
    pub fn refused(intent: I, fault: JournalFault) -> Self {
        Self { intent, until: Until::Refused(fault) }
    }

    /// One that is synced with these lines.
    pub(super) fn with(intent: I, lines: Synced) -> Self {
        Self { intent, until: Until::Synced(lines) }
    }

    /// Has it synced soon, without waiting for it.
    pub fn soon(&self) {
        match &self.until {
            Until::Synced(lines) => lines.soon(),
            Until::Nothing | Until::Refused(_) => {}
        }
    }

    /// Returns when it is synced.
    pub async fn synced(self) -> Result<I, JournalFault> {
        match self.until {
            Until::Nothing => {}
            Until::Synced(lines) => lines.now().await?,
            Until::Refused(fault) => return Err(fault),
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
    /// The run whose tag the user carries that has the name, where it is another.
    pub by_run: Option<String>,
    /// What of the user was asked for and is known to be done.
    pub asked: AskedFor,
    /// How many calls it took to change the user, of an update.
    pub calls: Option<Calls>,
}

impl Outcome {
    /// The line of a row that stands so, after an attempt or without one; `at` is when, RFC 3339.
    pub fn entry<'e>(&'e self, user: &'e str, of: Option<Attempt>, at: String) -> Entry<'e> {
        let Self { state, recovered, unexecuted, id, code, message, request_id, by_run, asked, calls } = self;
        let text = |text: &'e Option<String>| text.as_deref().map(Into::into);
        Entry {
            attempt: of,
            recovered: *recovered,
            unexecuted: *unexecuted,
            id: text(id),
            code: text(code),
            message: text(message),
            request_id: text(request_id),
            by_run: text(by_run),
            stands_as: StandsAs::asked(*asked),
            calls: *calls,
            ..Entry::outcome(user, *state, at)
        }
    }

    /// The line of a deletion that came to this.
    pub fn delete_entry<'e>(&'e self, user: &'e str, of: Option<Attempt>, at: String) -> Entry<'e> {
        Entry { op: Some(Op::Delete), ..self.entry(user, of, at) }
    }

    /// The line of a step of a deletion that stands so, with what the service said.
    pub fn delete_step_entry<'e>(
        &'e self,
        user: &'e str,
        (step, result): (Step, StepState),
        at: String,
    ) -> Entry<'e> {
        Entry { op: Some(Op::Delete), fingerprint: None, ..self.step_entry(user, (step, result), None, at) }
    }

    /// The line of a user of which a group stands so, with what the service said; the fingerprint is of the proficiencies
    /// in an import's ledger, of the row in an update's; `at` is when, RFC 3339.
    pub fn step_entry<'e>(
        &'e self,
        user: &'e str,
        (group, result): (Step, StepState),
        fingerprint: Option<Fingerprint>,
        at: String,
    ) -> Entry<'e> {
        let Self {
            state: _,
            recovered: _,
            unexecuted: _,
            id: _,
            code,
            message,
            request_id,
            by_run: _,
            asked,
            calls: _, // with the outcome
        } = self;
        let text = |text: &'e Option<String>| text.as_deref().map(Into::into);
        Entry {
            fingerprint: Some(fingerprint),
            code: text(code),
            message: text(message),
            request_id: text(request_id),
            stands_as: StandsAs::asked(*asked),
            ..Entry::step(user, group, result, at)
        }
    }
}
