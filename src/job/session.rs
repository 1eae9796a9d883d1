//! What every session that sends something does alike, whatever it sends: how it begins, by what it sends, how it ends.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::ended::CameTo;
use super::meant::{Job, Patience};
use super::opened;
use super::target::Reached;
use super::world::World;
use crate::apply::{Means, Settings};
use crate::crash;
use crate::error::Failure;
use crate::exit::Exit;
use crate::lane::slots::Slots;
use crate::ledger::{self, Entry, Journal, Kind, Place, RowState, State, VERSION};
use crate::plan::Wanted;
use crate::roster::Roster;
use crate::user::NamesOfIds;

/// What a session begins with.
pub(super) struct Beginning<'b> {
    pub(super) job: &'b Job,
    pub(super) world: &'b World,
    pub(super) reached: &'b Reached,
    pub(super) roster: &'b Roster,
    /// Over the roster's rows.
    pub(super) digest: String,
    /// Calls a second.
    pub(super) rate: f64,
    /// Whose ledger it is, where that is no import's.
    pub(super) of: Option<ledger::Job>,
    /// The groups that it looks at, where these are not all.
    pub(super) only: Vec<String>,
    /// The run's id, where that is settled before its first record.
    pub(super) run: Option<String>,
}

impl Beginning<'_> {
    /// Records the session, and the ledger's first line where it is new, and these, all synced. Returns the run's id.
    pub(super) async fn record<'e>(
        &'e self,
        ledger: &dyn Journal,
        before: &State,
        entries: impl Iterator<Item = Entry<'e>> + Send,
        now: &'e str,
    ) -> Result<String, Failure> {
        let Self { job, world, reached, roster, digest, rate, of, only, run: settled } = self;
        let tool = opened::TOOL;
        let path = job.recorded_roster(before);
        let header_row = job.recorded_header_row(roster);
        let is_new = before.header.run.is_empty();
        let fresh = || settled.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let run = if is_new { fresh() } else { before.header.run.clone() };
        let header = is_new.then(|| Entry {
            version: Some(VERSION),
            run: Some(run.clone().into()),
            roster: Some(path.clone().into()),
            digest: Some(digest.as_str().into()),
            instance: Some(reached.directory.instance.arn.as_str().into()),
            rehearsal: job.target.is_rehearsal(),
            target: job.reading.targets.as_ref().and_then(|targets| targets.name()).map(Into::into),
            job: *of,
            header_row,
            tool: Some(tool.into()),
            at: Some(now.into()),
            ..Entry::of(Kind::Ledger)
        });
        let session = Entry {
            session: Some(uuid::Uuid::new_v4().to_string().into()),
            host: Some(world.host.as_str().into()),
            pid: Some(std::process::id()),
            roster: Some(path.clone().into()),
            // A part of the roster does not take its place for whoever goes on with the whole.
            digest: (!job.is_of_part()).then(|| digest.as_str().into()),
            tool: Some(tool.into()),
            region: Some(reached.region.as_str().into()),
            profile: job.target.profile().map(Into::into),
            endpoint: reached.endpoint.as_deref().map(Into::into),
            header_row,
            rate: Some(*rate),
            allow: job.allowed.errors.codes().map(str::to_owned).collect(),
            only: only.clone(),
            settings: job.settings.clone(),
            alias: reached.directory.instance.alias.as_deref().map(Into::into),
            at: Some(now.into()),
            ..Entry::of(Kind::Session)
        };
        let mut lines = header.into_iter().chain([session]).chain(entries);
        ledger.record(&mut lines).await.map_err(|fault| {
            let hint = if is_new && job.ledger.on_disk().is_some() {
                "nothing was sent; free some space, or choose another place with ⟦ledger FILE⟧".to_owned()
            } else {
                format!("nothing was sent; {}", ledger::goes_on(&job.ledger))
            };
            Failure::stopped(fault.to_string()).hint(hint)
        })?;
        drop(lines);
        Ok(run)
    }
}

/// The lines of the rows with errors, of which nothing is sent.
pub(super) fn invalid<'e>(wanted: &'e Wanted, now: &str) -> impl Iterator<Item = Entry<'e>> {
    wanted.invalid().flat_map(move |(user, row, code, message)| {
        let outcome = Entry::outcome(user, RowState::Invalid, now.to_owned());
        let stands = Entry { code: Some(code.into()), message: Some(message.into()), ..outcome };
        [Entry::row(user, row, None), stands]
    })
}

/// Whether a session ended before all that it had planned was done.
pub(super) fn is_unfinished(state: &State) -> bool {
    let is_open = |at: Place| {
        let record = state.record(at);
        !record.dropped && matches!(record.settled_state(), RowState::Pending | RowState::Unconfirmed)
    };
    state.places().any(is_open)
}

/// The file that a session keeps people in as they were, by its number: the first that is free, so that nothing an earlier one
/// has kept is written over. One that goes on with an interrupted one goes on with its file.
pub(super) fn kept_in(goes_on: bool, named: impl Fn(u32) -> PathBuf) -> PathBuf {
    let free = (1..).find(|number| !named(*number).exists()).unwrap_or(u32::MAX);
    named(if goes_on { free.saturating_sub(1).max(1) } else { free })
}

/// What is told to whoever sends. What an import is told of tags and proof is its own.
pub(super) fn settings(reached: &Reached, world: &World, patience: Patience, run: String) -> Settings {
    Settings {
        instance: reached.directory.instance.id.clone(),
        identity: reached.directory.instance.identity,
        run,
        provenance_tag: true,
        accept_probable: false,
        row_budget: patience.settle,
        outage_patience: patience.outage,
        seed: world.seed,
        voice: world.voice,
    }
}

/// By what users are changed and deleted: their calls have no slots of their own, only their operations' paces.
pub(super) fn means(
    reached: &Reached,
    world: &World,
    settings: Settings,
    concurrency: Option<usize>,
    ledger: &Arc<dyn Journal>,
) -> Means {
    let (lane, slots) = (Arc::clone(&reached.lane), Slots::new(2.0, 5, concurrency));
    let (stop, events) = (world.stop.clone(), Arc::clone(&world.events));
    let means = Means::new(lane, slots, Arc::clone(ledger), settings, stop, events);
    means.naming(NamesOfIds::of(&reached.directory))
}

/// Says how a session went, and closes its ledger. Returns what that says then, where it could be closed.
pub(super) async fn end(
    world: &World,
    ledger: Arc<dyn Journal>,
    came_to: CameTo,
    took: Duration,
) -> (Option<State>, Result<(), Failure>) {
    world.tell(came_to.event(took));
    // Whoever else goes on on this thread does not wait for a table meanwhile.
    let closed = tokio::task::spawn_blocking(move || close(ledger, came_to.exit)).await;
    match closed.unwrap_or_else(|_| Err(Failure::new(Exit::Bug, "closing the ledger ended in a panic"))) {
        Ok(state) => (Some(state), Ok(())),
        Err(failure) => (None, Err(failure)),
    }
}

fn close(ledger: Arc<dyn Journal>, exit: Exit) -> Result<State, Failure> {
    crash::point("close-before");
    let closed = if Arc::strong_count(&ledger) == 1 {
        ledger.close(exit).map_err(|fault| Failure::stopped(fault.to_string()))
    } else {
        Err(Failure::new(Exit::Bug, "the ledger was to be closed with a row still at work"))
    };
    crash::point("close-after");
    closed
}
