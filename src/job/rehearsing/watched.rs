//! A run that is at work, as whoever shows it is told of it: each event, and where it stands, a few times a second.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use super::around::{Around, name_of};
use super::log::{Log, Logged, calls_of};
use super::told::{FailedTold, Refused, RunStands, RunTold, Told};
use crate::clock::Moment;
use crate::event::{Event, Pulse, Sink};
use crate::ledger::{self, Calls, Counts, RowState, State};
use crate::report::standing::SettledLately;

/// How often it is told where a run stands, at most.
const EVERY: Duration = Duration::from_millis(250);

/// Who waits for a run to begin.
type Waiting = Sender<Result<RunTold, Refused>>;

/// A run that is at work.
pub(super) struct Watched {
    around: Around,
    ledger: PathBuf,
    seen: Mutex<Seen>,
    pulse: Mutex<Option<Arc<dyn Pulse>>>,
    /// Who waits for it to begin.
    waiting: Mutex<Option<Waiting>>,
}

/// What was seen of a run so far.
#[derive(Default)]
struct Seen {
    /// When it began to send.
    begun: Option<SystemTime>,
    /// Calls a second that it set out with.
    allowed: Option<f64>,
    rows: Counts,
    calls: Calls,
    /// Rows that stand neither pending nor done, by who.
    aside: HashMap<Box<str>, RowState>,
    settled: SettledLately,
    log: Log,
    /// Whether nothing more is sent, and why, where nobody has asked for it.
    is_stopping: bool,
    why: Option<String>,
    resume: String,
    /// When it was last told where it stands, and whether anything has happened since.
    told: Option<Moment>,
    is_news: bool,
    /// Whether it is over: from then on its last word counts.
    is_closed: bool,
}

impl Watched {
    /// One of which these lines were told before.
    pub(super) fn new(around: Around, ledger: PathBuf, before: Vec<Logged>, waiting: Waiting) -> Self {
        let seen = Mutex::new(Seen { log: Log::after(before), ..Seen::default() });
        Self { around, ledger, seen, pulse: Mutex::default(), waiting: Mutex::new(Some(waiting)) }
    }

    /// Whether requests may have left.
    pub(super) fn has_begun(&self) -> bool {
        lock(&self.seen).begun.is_some()
    }

    /// What happened, in words.
    pub(super) fn log(&self) -> Log {
        lock(&self.seen).log.clone()
    }

    /// Lets go of whoever knows what is waited for, who knows this in turn: nothing is any more.
    pub(super) fn close(&self) {
        *lock(&self.pulse) = None;
        lock(&self.seen).is_closed = true;
    }

    /// Who waits for it to begin, where it has not.
    pub(super) fn waiting(&self) -> Option<Waiting> {
        lock(&self.waiting).take()
    }

    /// Where it stands.
    pub(super) fn stands(&self) -> RunTold {
        lock(&self.seen).told(&self.ledger, &self.around)
    }

    /// Has told what is waited for, where nothing was for long, and where it stands, where that is news.
    pub(super) fn beat(&self) {
        // The lock first: whoever is asked tells, and who is told may ask.
        let pulse = lock(&self.pulse).clone();
        if let Some(pulse) = pulse {
            pulse.beat();
        }
        let told = lock(&self.seen).due(&self.ledger, &self.around);
        told.into_iter().for_each(|told| (self.around.told)(told));
    }

    /// Takes in that requests are about to leave: every row that is planned is in the ledger by now.
    fn begin(&self, seen: &mut Seen, to_send: u64, rate: f64) {
        let now = self.around.clock.now();
        seen.begun = Some(now);
        seen.allowed = Some(rate);
        // That it cannot be read is told by the job, which has it open.
        let Ok(Some((state, _))) = ledger::glance(&self.ledger.clone().into()) else { return };
        seen.log.begins(now, state.sessions <= 1, to_send, rate);
        seen.resume = self.around.terminal.resume(&self.ledger, &state).unwrap_or_default();
        seen.begin(&state);
    }
}

impl Sink for Watched {
    fn tell(&self, event: Event) {
        let Around { clock, voice, terminal, told, .. } = &self.around;
        let line = event.is_for_programs().then(|| event.clone().worded(terminal.voice()).line());
        let standing = {
            let mut seen = lock(&self.seen);
            if let Event::Started { rate, to_send, .. } = &event {
                self.begin(&mut seen, *to_send, *rate);
            }
            let event = event.clone().worded(&**voice);
            seen.take(&event, clock.now());
            seen.log.take(&event, clock.now());
            // Until requests leave there is nothing to show but what is told; and the last word is for whoever ran it.
            let is_shown = seen.begun.is_some() && !matches!(event, Event::Ended { .. });
            if is_shown { seen.due(&self.ledger, &self.around) } else { None }
        };
        if let Some(line) = line {
            told(Told::Line(line.trim_end().to_owned()));
        }
        standing.into_iter().for_each(|standing| told(standing));
        if matches!(event, Event::Started { .. })
            && let Some(waiting) = self.waiting()
        {
            let _ = waiting.send(Ok(self.stands())); // whoever has given up waiting misses nothing
        }
    }

    fn watch(&self, pulse: Arc<dyn Pulse>) {
        *lock(&self.pulse) = Some(pulse);
    }
}

impl Seen {
    fn begin(&mut self, state: &State) {
        self.rows = state.counts(true);
        self.calls = state.calls;
        let stands = |at| state.record(at).stands(true);
        let is_aside = |stands: &RowState| {
            !matches!(stands, RowState::Pending | RowState::Created | RowState::There | RowState::Deleted)
        };
        let rows = state.places().filter(|at| !state.record(*at).dropped);
        let rows = rows.map(|at| (at, stands(at))).filter(|(_, stands)| is_aside(stands));
        self.aside = rows.map(|(at, stands)| (state.user(at).into(), stands)).collect();
    }

    fn take(&mut self, event: &Event, now: SystemTime) {
        let Calls { sent, throttled } = calls_of(event);
        self.calls.sent += sent;
        self.calls.throttled += throttled;
        self.is_news = true;
        match event {
            Event::Created { user, recovered, .. } => self.moves(user, RowState::Created, *recovered, now),
            Event::Exists { user, .. } => self.moves(user, RowState::Exists, false, now),
            Event::There { user, .. } => self.moves(user, RowState::There, false, now),
            Event::Rejected { user, .. } => self.moves(user, RowState::Rejected, false, now),
            Event::InDoubt { user, .. } => self.moves(user, RowState::InDoubt, false, now),
            Event::Stopping { reason, is_interruption } => {
                self.is_stopping = true;
                self.why = (!is_interruption).then(|| reason.clone());
                self.told = None; // whoever has pressed something is answered at once
            }
            Event::Ended { rows, calls, .. } => (self.rows, self.calls) = (*rows, *calls),
            _ => {}
        }
    }

    /// A row comes to stand otherwise.
    fn moves(&mut self, user: &str, to: RowState, recovered: bool, now: SystemTime) {
        let from = self.aside.remove(user).unwrap_or(RowState::Pending);
        let before = match from {
            RowState::Pending => Some(&mut self.rows.pending),
            RowState::InDoubt => Some(&mut self.rows.in_doubt),
            RowState::Exists => Some(&mut self.rows.exists),
            RowState::Rejected => Some(&mut self.rows.rejected),
            RowState::Invalid => Some(&mut self.rows.invalid),
            RowState::Unconfirmed => Some(&mut self.rows.unconfirmed),
            RowState::Skipped => Some(&mut self.rows.skipped),
            RowState::Created | RowState::There | RowState::Updated | RowState::Deleted => None,
        };
        if let Some(before) = before {
            *before = before.saturating_sub(1);
            self.rows.total = self.rows.total.saturating_sub(1); // it is counted again below
        }
        self.rows.add(to, recovered);
        if to != RowState::Created && to != RowState::There {
            self.aside.insert(user.into(), to);
        }
        if to != RowState::InDoubt {
            self.settled.add(now);
        }
    }

    /// Where it stands, where something has happened since that was told, and that is a while ago.
    fn due(&mut self, ledger: &Path, around: &Around) -> Option<Told> {
        let moment = around.clock.moment();
        let is_due = self.told.is_none_or(|told| moment.since(told) >= EVERY);
        if self.begun.is_none() || !self.is_news || !is_due || self.is_closed {
            return None;
        }
        (self.told, self.is_news) = (Some(moment), false);
        Some(Told::Run(Box::new(self.told(ledger, around))))
    }

    fn told(&self, ledger: &Path, around: &Around) -> RunTold {
        let (turn, now) = (around.turns.next(), around.clock.now());
        let pace = self
            .begun
            .map(|begun| self.settled.pace(begun, now, self.rows.pending + self.rows.in_doubt, self.allowed));
        let failed = self.rows.failed();
        RunTold {
            turn,
            state: if self.is_stopping { RunStands::Pausing } else { RunStands::Running },
            ledger: name_of(ledger),
            rows: self.rows,
            calls: self.calls,
            seconds_left: pace.and_then(|pace| pace.seconds_left),
            rate: pace.map(|pace| pace.rate),
            log: self.log.lines(),
            exit: None,
            why: self.why.clone(),
            report: None,
            failed: (failed > 0).then_some(FailedTold { rows: failed, file: None }),
            causes: Vec::new(),
            resume: self.resume.clone(),
        }
    }
}

pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
