//! Keeps a ledger that was taken: beats, notices that another has taken it, and that somebody asks for it.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::log::SharedLedger;
use super::segments::{Certainty, Lease, Segment};
use crate::clock::Moment;
use crate::ledger::entry::Entry;
use crate::ledger::words::Kind;

/// Told once when somebody asks for the ledger: who.
pub(crate) type OnAsked = Box<dyn Fn(&str) + Send + Sync>;

/// A ledger that this process has, or had.
pub(crate) struct Keeper {
    pub(super) ledger: SharedLedger,
    pub(super) run: String,
    kept: Mutex<Kept>,
    news: Condvar,
    wanted: OnAsked,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct Kept {
    /// The number of the segment with which it was taken; 0 before that.
    epoch: u64,
    /// When what was last known to succeed was sent.
    fresh: Option<Moment>,
    /// Who has it now, in words.
    fenced: Option<String>,
    /// Whoever asked for it was told of.
    was_told: bool,
    closed: bool,
}

impl Keeper {
    pub(super) fn new(ledger: SharedLedger, run: String, wanted: OnAsked) -> Arc<Self> {
        let (kept, news, thread) = (Mutex::default(), Condvar::new(), Mutex::default());
        Arc::new(Self { ledger, run, kept, news, wanted, thread })
    }

    /// It is ours from this epoch on. Beats from now on, on a thread of its own.
    pub(super) fn has(self: &Arc<Self>, epoch: u64, sent: Moment) -> std::io::Result<()> {
        {
            let mut kept = self.kept();
            (kept.epoch, kept.fresh) = (epoch, Some(sent));
        }
        let mut thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner);
        if thread.is_none() {
            let own = Arc::clone(self);
            *thread = Some(std::thread::Builder::new().name("beat".into()).spawn(move || own.beats())?);
        }
        Ok(())
    }

    /// Something that only its owner can do was sent then, and succeeded.
    pub(super) fn succeeded(&self, sent: Moment) {
        let mut kept = self.kept();
        kept.fresh = kept.fresh.max(Some(sent));
    }

    /// Why nothing may be written or sent any more.
    pub(super) fn fenced(&self) -> Option<String> {
        self.kept().fenced.clone()
    }

    /// Another has taken it, with this segment.
    pub(super) fn was_taken_with(&self, segment: &Segment) {
        let who = session_in(segment).or_else(|| self.ledger.segments.lease(&self.run).ok().flatten());
        self.was_taken_by(who.as_ref());
    }

    fn was_taken_by(&self, who: Option<&Lease>) {
        let by = who.map_or_else(|| "another process".to_owned(), Lease::to_string);
        let mut kept = self.kept();
        if kept.fenced.is_none() {
            kept.fenced = Some(format!("the ledger was taken over by {by}: `{}`", self.ledger.url()));
        }
    }

    /// Makes sure, right before a request leaves, that the ledger was ours a moment ago: a machine that slept finds out here
    /// that it no longer is. Blocks where that has to be asked.
    ///
    /// Nothing is safe because of it, for a machine can sleep behind it too. It spares one more request.
    pub(crate) fn be_fresh(&self) -> Result<(), String> {
        let timing = self.ledger.around.timing;
        let is_fresh = {
            let kept = self.kept();
            if let Some(why) = &kept.fenced {
                return Err(why.clone());
            }
            let now = self.ledger.around.clock.moment();
            kept.fresh.is_some_and(|fresh| now.since(fresh) < timing.fresh)
        };
        if is_fresh {
            return Ok(());
        }
        let beaten = self.ledger.again(|| self.beat());
        match self.fenced() {
            Some(why) => Err(why),
            None => beaten.map_err(|fault| {
                format!("the shared ledger cannot be reached: {fault}: `{}`", self.ledger.url())
            }),
        }
    }

    /// Whether what [`Keeper::be_fresh`] makes sure of is so without asking.
    pub(crate) fn is_fresh(&self) -> bool {
        let kept = self.kept();
        let now = self.ledger.around.clock.moment();
        let fresh = self.ledger.around.timing.fresh;
        kept.fenced.is_none() && kept.fresh.is_some_and(|since| now.since(since) < fresh)
    }

    /// One beat.
    fn beat(&self) -> Result<(), super::segments::EngineFault> {
        let epoch = self.kept().epoch;
        if epoch == 0 {
            return Ok(());
        }
        let sent = self.ledger.around.clock.moment();
        let lease = self.ledger.segments.beat(&self.run, epoch, &self.ledger.now())?;
        let Some(lease) = lease else {
            let who = self.ledger.segments.lease(&self.run).ok().flatten();
            self.was_taken_by(who.as_ref());
            return Ok(());
        };
        self.succeeded(sent);
        if let Some(by) = &lease.wanted {
            let is_first = !std::mem::replace(&mut self.kept().was_told, true);
            if is_first {
                (self.wanted)(by);
            }
        }
        Ok(())
    }

    /// What its thread does.
    fn beats(&self) {
        let timing = self.ledger.around.timing;
        let mut kept = self.kept();
        loop {
            let waited = self.news.wait_timeout_while(kept, timing.beat, |kept| !kept.closed);
            let (now, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if now.closed || now.fenced.is_some() {
                return;
            }
            drop(now);
            // One that was lost is made up for by the next, or by whoever is about to send.
            if let Err(fault) = self.beat()
                && fault.certainty == Certainty::Refused
            {
                return; // whoever appends is told why
            }
            kept = self.kept();
        }
    }

    /// Ends the beats; with `free`, says that nobody has the ledger now.
    pub(crate) fn end(&self, free: bool) {
        let epoch = {
            let mut kept = self.kept();
            kept.closed = true;
            let epoch = std::mem::take(&mut kept.epoch);
            if kept.fenced.is_some() { 0 } else { epoch }
        };
        self.news.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
        if free && epoch > 0 {
            // Where it cannot be said, whoever comes next finds it out by watching.
            let _ = self.ledger.again(|| self.ledger.segments.free(&self.run, epoch));
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lease of the session that a segment begins with, where one does; its epoch is that segment.
pub(super) fn session_in(segment: &Segment) -> Option<Lease> {
    let mut lines = segment.lines.lines().take(2).filter_map(|line| serde_json::from_str::<Entry>(line).ok());
    let session = lines.find(|entry| entry.kind == Kind::Session)?;
    let text =
        |text: Option<std::borrow::Cow<'_, str>>| text.map(std::borrow::Cow::into_owned).unwrap_or_default();
    let at = text(session.at);
    Some(Lease {
        epoch: segment.number,
        session: text(session.session),
        host: text(session.host),
        who: format!("process {}", session.pid.unwrap_or_default()),
        since: at.clone(),
        seen: at,
        ..Lease::default()
    })
}
