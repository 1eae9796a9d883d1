//! The last step of an undo: the ledger is locked, and whoever was planned to be deleted is.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::PlannedUndo;
use super::candidate::Candidate;
use super::look::unfinished;
use crate::apply::{self, Departure, Parted, Ways};
use crate::clock::rfc3339;
use crate::connect::Operation;
use crate::crash;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::instance::fetch;
use crate::instance::users::{self, Read, Whom};
use crate::job::ended::{CameTo, exit_by_reason};
use crate::job::{opened, session, shares};
use crate::ledger::{
    Begins, Calls, Counts, Entry, Journal, Kind, OpenLedger, Place, RowState, State, undone,
};
use crate::plan::{Fate, Leaver, LeaverCounts, Lifts, Of, Weighed, made_by, of_undo};
use crate::stop::Stop;
use crate::user::Found;

/// An undo that has ended.
#[derive(Debug)]
pub struct EndedUndo {
    /// How the program is to exit.
    pub exit: Exit,
    /// Where all rows of the ledger stand.
    pub counts: Counts,
    /// What those came to who were to be deleted.
    pub parted: Parted,
    /// How the plan had it.
    pub planned: LeaverCounts,
    /// Why it ended before its rows did.
    pub stop: Option<Stop>,
    /// Where the ledger is now, for nothing of the run is left; `None` where something is.
    pub renamed: Option<PathBuf>,
    /// Users who are there again although they were deleted, under a tag of this run.
    pub back: Vec<String>,
    /// Whether the ledger could be closed.
    pub closed: Result<(), Failure>,
    /// The calls that left, over all sessions.
    pub calls: Calls,
    /// How long it took.
    pub took: Duration,
}

impl PlannedUndo {
    /// Deletes whoever was planned to be, each read and proved once more right before: until all are settled, or there is a
    /// reason to stop. What is under way is awaited. Where nothing of the run is left then, its ledger says so by its name,
    /// and an import of the same roster begins afresh.
    ///
    /// # Errors
    /// Exit 4 where another process has the ledger or has changed it since the plan, or nothing can be recorded: then nothing
    /// was sent; exit 5 where it was asked to stop before it began; exit 70 where a user's work broke.
    pub async fn run(self) -> Result<EndedUndo, Failure> {
        self.world.go_on()?;
        let since = Instant::now();
        if self.is_over() {
            return Ok(self.end_again(since).await);
        }
        let journal = self.begin().await?;
        let departures = self.departures();
        self.world.tell(Event::Started {
            version: 1,
            run: self.run_id().to_owned(),
            ledger: self.ledger.display().to_string(),
            instance: self.instance().arn.clone(),
            total: journal.read(|state| state.counts(true).total),
            to_send: departures.len() as u64,
            left_out: Vec::new(),
            rate: self.reached.lane.pace(Operation::DeleteUser).rate(),
        });
        let parted = self.delete(&journal, departures).await?;
        let back = self.look_again(&journal).await;
        self.end(journal, parted, back, since).await
    }

    /// Whether the run was undone whole before: its ledger says so by its name, and nobody of it is there again. Then nothing
    /// is written, for twice is as once.
    fn is_over(&self) -> bool {
        let is_named_so = undone::path_at(&self.ledger, self.run_id()) == self.ledger.name();
        is_named_so && self.people.is_empty() && self.back.is_empty() && unfinished(&self.state).is_empty()
    }

    /// The end of an undo that had nothing to do.
    async fn end_again(mut self, since: Instant) -> EndedUndo {
        let (exit, counts, took) = (Exit::Done, self.state.counts(false), since.elapsed());
        self.world.tell(CameTo::of_rows(exit, counts, self.state.calls).event(took));
        self.reached.stop_serving().await;
        EndedUndo {
            exit,
            counts,
            parted: Parted::default(),
            planned: LeaverCounts::default(),
            stop: None,
            renamed: Some(self.ledger.name().to_owned()),
            back: Vec::new(),
            closed: Ok(()),
            calls: self.state.calls,
            took,
        }
    }

    /// Locks the ledger and records the session, and what is known without a call. Synced: before the first request leaves.
    async fn begin(&self) -> Result<Arc<dyn Journal>, Failure> {
        let file = OpenLedger::open(&self.ledger, None)?;
        if !is_same(&self.state, &file.state) {
            return Err(Failure::stopped("the ledger has changed since this was planned")
                .hint("nothing was sent; the same command plans anew"));
        }
        let (ledger, _) = opened::begin(file, Begins::default(), &self.world).await?;
        let now = rfc3339(self.world.clock.now());
        let people = self.people.iter().zip(&self.candidates);
        let found = people.flat_map(|(leaver, candidate)| candidate.lines(leaver, &now));
        let session = session(&self.state, &self.world, &now);
        let mut lines = [session].into_iter().chain(found);
        ledger.record(&mut lines).await.map_err(|fault| {
            Failure::stopped(fault.to_string()).hint("nothing was sent; the same command resumes")
        })?;
        Ok(ledger)
    }

    /// Those who are to be deleted, whoever has to wait last.
    fn departures(&self) -> Vec<Departure> {
        let mut departures: Vec<Departure> =
            self.departing().filter_map(|(_, candidate)| candidate.departure()).collect();
        departures.sort_by_key(|departure| departure.not_before);
        departures
    }

    async fn delete(&self, ledger: &Arc<dyn Journal>, departures: Vec<Departure>) -> Result<Parted, Failure> {
        let (reached, world, most) = (&self.reached, &self.world, self.job.pace.concurrency);
        let settings = session::settings(reached, world, self.job.patience, self.run_id().to_owned());
        let means = session::means(reached, world, settings, most, ledger);
        let _at_work = self.reached.lane.waits().at_work();
        let operations: &[Operation] = if departures.is_empty() { &[] } else { &[Operation::DeleteUser] };
        let _shares = shares::taken(&self.job.ledger, operations, reached, world).await;
        let ways = Ways { most, signs_out: false, quick_connects: self.job.lifts.quick_connects };
        let unfinished = ledger.read(unfinished);
        let judge = self.judge();
        let ids = departures.iter().map(|departure| departure.id.clone());
        let around = Arc::new(self.around.of_all(ids));
        let orphans = ledger.read(|state| orphans(state, &unfinished));
        Box::pin(apply::delete(means, ways, around, judge, departures.into_iter(), orphans)).await
    }

    /// Proves somebody once more right before the deletion, as the plan did.
    fn judge(&self) -> Box<apply::Judge> {
        let (run, identity) = (self.run_id().to_owned(), self.instance().identity);
        let lifts: Lifts = self.job.lifts;
        let made: HashMap<Place, _> =
            self.departing().map(|(_, candidate)| (candidate.at, candidate.made.clone())).collect();
        Box::new(move |departure, found, around| {
            let Some(made) = made.get(&departure.at) else { return (Fate::Wait, None) };
            let weighed = Weighed::of(of_undo(Of { run: &run, identity }, made, found, around), lifts);
            (weighed.fate, weighed.said())
        })
    }

    /// Looks once more whether anybody who was deleted is there again under a tag of this run: a request that was late after
    /// all, or somebody's copy. That it cannot be looked is no reason to end otherwise, and is said.
    async fn look_again(&self, ledger: &Arc<dyn Journal>) -> Vec<String> {
        // Whoever is there again of a request that was late is on record, and deleted or left with a reason.
        let people = self.people.iter().zip(&self.candidates);
        let recorded = people.filter(|(_, candidate)| candidate.made_by.is_some());
        let recorded: HashSet<&str> = recorded.map(|(leaver, _)| leaver.user.as_str()).collect();
        let back = self.back.iter().filter(|user| !recorded.contains(user.as_str()));
        let mut back: Vec<String> = back.cloned().collect();
        let stop = &self.world.stop;
        let leaves = |leaver: &Leaver| matches!(leaver.fate, Fate::Delete | Fate::Gone);
        let people = self.people.iter().zip(&self.candidates);
        let made: HashMap<&str, &Candidate> = people
            .filter(|(leaver, _)| leaves(leaver))
            .map(|(_, candidate)| (candidate.made.user.as_str(), candidate))
            .collect();
        if stop.is_set() || made.is_empty() {
            return back;
        }
        let (lane, instance) = (&self.reached.lane, &self.instance().id);
        let listed = match stop.unless_stopped(fetch::users(lane, instance)).await {
            None => return back,
            Some(Ok(listed)) => listed,
            Some(Err(error)) => {
                self.world.warn(format!(
                    "whether anybody is there again was not looked: {}",
                    Failure::from(error).what
                ));
                return back;
            }
        };
        let is_deleted = |at: Place| ledger.read(|state| state.record(at).state == RowState::Deleted);
        let whom = |name: &str, id: &str| {
            let candidate = made.get(name)?;
            // A list may show whoever was just deleted for a while.
            let is_another = candidate.id.as_deref() != Some(id);
            (is_another && is_deleted(candidate.at)).then(|| Whom {
                id: id.to_owned(),
                name: name.to_owned(),
                user: true,
                proficiencies: false,
            })
        };
        let whom: Vec<Whom> =
            listed.iter().filter_map(|user| whom(user.username.as_deref()?, &user.id)).collect();
        let mut take = |whom: Whom, read: Option<Read>| {
            let user = read.and_then(|read| read.user);
            let own = made.get(whom.name.as_str()).map(|candidate| &candidate.attempts);
            if let (Some(user), Some(own)) = (user, own)
                && made_by(self.run_id(), own, &Found { user, proficiencies: None }).is_some()
            {
                back.push(whom.name);
            }
            Ok(())
        };
        if let Err(failure) = users::described(lane, instance, whom, stop, &mut take).await {
            self.world.warn(format!("whether anybody is there again was not looked: {}", failure.what));
        }
        back
    }

    async fn end(
        mut self,
        ledger: Arc<dyn Journal>,
        parted: Parted,
        back: Vec<String>,
        since: Instant,
    ) -> Result<EndedUndo, Failure> {
        let (counts, calls) = ledger.read(|state| (state.counts(false), state.calls));
        let planned = self.counts();
        let stop = self.world.stop.reason();
        let exit = exit_of(parted, planned, &counts, &back, stop.as_ref());
        let took = since.elapsed();
        let is_over = is_nothing_left(&counts) && back.is_empty() && stop.is_none();
        let came_to = CameTo::of_rows(exit, counts, calls);
        let (_, closed) = session::end(&self.world, ledger, came_to, took).await;
        let renamed = match (&closed, is_over) {
            (Ok(()), true) => self.rename(),
            _ => None,
        };
        self.reached.stop_serving().await;
        Ok(EndedUndo { exit, counts, parted, planned, stop, renamed, back, closed, calls, took })
    }

    /// Gives the ledger a name that says that nothing of its run is left. That it cannot be renamed loses nothing: the import
    /// that finds it says who was undone.
    fn rename(&self) -> Option<PathBuf> {
        match undone::rename(&self.ledger, self.run_id()) {
            Ok(to) => {
                crash::point("undo-renamed");
                Some(to)
            }
            Err(error) => {
                self.world.warn(format!(
                    "nothing of the run is left, and its ledger could not be renamed to `{}`: {error}; an import with it \
                     makes nobody anew unless it is told to",
                    undone::path_at(&self.ledger, self.run_id()).display()
                ));
                None
            }
        }
    }
}

/// Whether nobody of the run is there, or may be.
fn is_nothing_left(counts: &Counts) -> bool {
    counts.created + counts.in_doubt + counts.unconfirmed == 0
}

/// How an undo exits. Pure.
fn exit_of(
    parted: Parted,
    planned: LeaverCounts,
    counts: &Counts,
    back: &[String],
    stop: Option<&Stop>,
) -> Exit {
    let is_open = parted.unsettled + parted.left + planned.wait + counts.in_doubt + counts.unconfirmed > 0;
    let by_rows = if is_open || !back.is_empty() {
        Exit::Unsettled
    } else if parted.skipped + parted.rejected + planned.skip > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    };
    exit_by_reason(stop).worst(by_rows)
}

/// Whether a ledger says what it said.
fn is_same(before: &State, now: &State) -> bool {
    (before.attempts, before.sessions, before.counts(false), before.places().len())
        == (now.attempts, now.sessions, now.counts(false), now.places().len())
}

/// The users who were deleted before the quick connects that led to them.
fn orphans(state: &State, places: &[Place]) -> Vec<apply::Orphaned> {
    let of = |at: &Place| {
        let id = state.deleted_id(*at)?;
        Some(apply::Orphaned { at: *at, row: state.record(*at).row, user: state.user(*at).to_owned(), id })
    };
    places.iter().filter_map(of).collect()
}

/// The record of this session: of the same roster and settings as the one before, for whoever goes on with the import.
fn session<'e>(before: &'e State, world: &'e crate::job::World, now: &'e str) -> Entry<'e> {
    let last = &before.session;
    Entry {
        session: Some(uuid::Uuid::new_v4().to_string().into()),
        host: Some(world.host.as_str().into()),
        pid: Some(std::process::id()),
        roster: Some(last.roster.as_str().into()),
        tool: Some(concat!("headcount ", env!("CARGO_PKG_VERSION")).into()),
        region: last.region.as_deref().map(Into::into),
        profile: last.profile.as_deref().map(Into::into),
        endpoint: last.endpoint.as_deref().map(Into::into),
        header_row: last.header_row,
        settings: last.settings.clone(),
        alias: last.alias.as_deref().map(Into::into),
        at: Some(now.into()),
        ..Entry::of(Kind::Session)
    }
}
