//! What a job needs of the world, handed in.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::lanes::Lanes;
use crate::clock::Clock;
use crate::error::Failure;
use crate::event::{Event, Sink};
use crate::exit::Exit;
use crate::ledger::Nonces;
use crate::stop::{Stop, Switch};
use crate::text::Voice;
use crate::waits::{Unheard, Waits};

/// What a job needs of the world: a screen, a page and a test differ in nothing else. There is nothing to look up in
/// here: what a job needs is a field, and whoever makes a world sees all of it.
#[derive(Clone)]
pub struct World {
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// How instances are reached.
    pub lanes: Arc<Lanes>,
    /// Who is told what happens.
    pub events: Arc<dyn Sink>,
    /// Asked to stop, a job ends as soon as what is under way has landed; the same job resumes.
    pub stop: Switch,
    /// This machine's name, for the ledger's session record.
    pub host: String,
    /// The folder in which learned rates are kept from run to run; `None` keeps none.
    pub state: Option<PathBuf>,
    /// Where the nonces of attempts come from.
    pub nonces: Nonces,
    /// The seed of all waits.
    pub seed: u64,
    /// How the ledger tells its readers what to set: what it keeps is in words.
    pub voice: &'static dyn Voice,
}

impl World {
    /// The same, and what is waited for in it: that is told where nothing else would be for long.
    pub(super) fn watched(&self) -> (Self, Waits) {
        let waits = Waits::new(Arc::clone(&self.clock), Arc::clone(&self.events));
        self.events.watch(Arc::new(waits.clone()));
        (Self { events: waits.events(), ..self.clone() }, waits)
    }

    /// Awaits what reaches an instance, unless the job is asked to stop before, or nothing clear comes back for as long as
    /// an outage is borne: then it fails. What it waits for is told meanwhile.
    pub(super) async fn reaching<T>(
        &self,
        waits: &Waits,
        outage: Duration,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let _at_work = waits.at_work();
        match waits.within(outage, self.unless_stopped(work)).await {
            Ok(done) => done,
            Err(Unheard { lasted, what }) => {
                let way_out = crate::connect::way_out(&what);
                Err(stopped(&Stop::Outage { lasted, message: what }).hint(way_out))
            }
        }
    }

    /// Awaits what only reads, and ends by itself where the job is asked to stop, unless nothing clear comes back for as long
    /// as an outage is borne: then it fails. What it waits for is told meanwhile.
    pub(super) async fn reading<T>(
        &self,
        waits: &Waits,
        outage: Duration,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let _at_work = waits.at_work();
        match waits.within(outage, work).await {
            Ok(done) => done,
            Err(Unheard { lasted, what }) => {
                let way_out = crate::connect::way_out(&what);
                Err(Failure::stopped(Stop::Outage { lasted, message: what }.to_string()).hint(way_out))
            }
        }
    }

    pub(super) fn tell(&self, event: Event) {
        self.events.tell(event);
    }

    pub(super) fn warn(&self, message: impl Into<String>) {
        self.tell(Event::Warning { message: message.into() });
    }

    pub(super) fn remark(&self, message: impl Into<String>) {
        self.tell(Event::Remark { message: message.into() });
    }

    /// Fails where the job was asked to stop before it sent anything.
    pub(super) fn go_on(&self) -> Result<(), Failure> {
        go_on(&self.stop)
    }

    /// Awaits something, unless the job is asked to stop before: then it fails.
    pub(super) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match self.stop.unless_stopped(work).await {
            Some(done) => done,
            None => Err(stopped(&self.stop.reason().unwrap_or(Stop::Interrupted))),
        }
    }
}

/// Fails where what has sent nothing yet was asked to stop.
pub(super) fn go_on(stop: &Switch) -> Result<(), Failure> {
    if !stop.is_set() {
        return Ok(());
    }
    Err(stopped(&stop.reason().unwrap_or(Stop::Interrupted)))
}

/// What is said of a job that was stopped before it sent anything.
fn stopped(reason: &Stop) -> Failure {
    let exit = if *reason == Stop::Interrupted { Exit::Interrupted } else { Exit::Stopped };
    Failure::new(exit, format!("{reason}; nothing was sent"))
}
