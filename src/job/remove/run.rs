//! What was decided is recorded, everybody is kept as they were, then deleted.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::candidate::{Announced, Candidate};
use super::{Judged, Leavers, OF};
use crate::apply::{self, Departure, Judge, Orphaned, Parted, Ways};
use crate::clock::rfc3339;
use crate::connect::Operation;
use crate::crash;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::export::{self, Keeping};
use crate::failed::Left;
use crate::job::ended::{CameTo, exit_by_reason};
use crate::job::held::{HoldsRoster, Remains};
use crate::job::session::{self, Beginning};
use crate::job::{opened, shares};
use crate::ledger::{Calls, Counts, Entry, Journal, OpenLedger, Place, RowState, State, Step, StepState};
use crate::plan::{Fate, Leaver, Weighed, Why, as_planned, of_list};
use crate::stop::Stop;
use crate::user::{Found, Group};

/// Leavers who are decided about and can be deleted: it holds its ledger, and whoever lets go of it unused leaves nothing
/// behind.
pub struct PlannedRemove {
    leavers: Leavers,
    ledger: Box<OpenLedger>,
}

/// How it ended.
#[derive(Debug)]
pub struct EndedRemove {
    /// How the program is to exit.
    pub exit: Exit,
    /// Where all rows of the ledger stand.
    pub counts: Counts,
    /// What became of those who were to be deleted by this session.
    pub parted: Parted,
    /// Why it ended before its rows did.
    pub stop: Option<Stop>,
    /// Where everybody is kept as they were; `None` where nobody was to be deleted.
    pub before: Option<PathBuf>,
    /// The file of the rows of whom nothing came. That there is none is no reason to fail: the ledger has all.
    pub left: Result<Left, Failure>,
    /// Whether the ledger could be closed.
    pub closed: Result<(), Failure>,
    /// The calls that left, over all sessions.
    pub calls: Calls,
    /// How long this session took.
    pub took: Duration,
}

impl Leavers {
    /// Locks the ledger. Nothing is written yet.
    ///
    /// # Errors
    /// Exit 3 where something blocks; exit 4 where more are to be deleted than may be, or the ledger is another's, of
    /// something else, or cannot be used.
    pub async fn plan(self) -> Result<PlannedRemove, Failure> {
        if self.blocks().is_some() {
            return Err(Failure::new(Exit::Findings, "nobody was deleted: the list has errors"));
        }
        self.are_few()?;
        opened::handed_over(&self.held()).await?;
        let ledger = opened::locked(&self.held())?;
        Ok(PlannedRemove { leavers: self, ledger: Box::new(ledger) })
    }

    /// Where everybody is kept who is to be deleted.
    fn before_file(&self, goes_on: bool) -> PathBuf {
        let (job, is_rehearsal) = (&self.remove.job, self.remove.job.target.is_rehearsal());
        // Each of several targets has a file of its own.
        let list = job.stem(job.roster());
        session::kept_in(goes_on, |number| export::path_of_leavers(&list, is_rehearsal, number))
    }
}

impl PlannedRemove {
    /// Who was looked at, and what is going to become of them.
    pub fn leavers(&self) -> &Leavers {
        &self.leavers
    }

    /// Records what is going to be done, keeps everybody who is deleted as they were, then signs them out, deletes them and
    /// what leads to them: until all is done, or there is a reason to stop. What is under way is awaited.
    ///
    /// # Errors
    /// Exit 4 where nothing can be recorded or kept: then nobody was deleted; exit 5 where it was asked to stop before it
    /// began; exit 70 where a user's work broke.
    pub async fn run(self) -> Result<EndedRemove, Failure> {
        let begun = self.begin_and_send().await?;
        let left = begun.ledger.read(|state| begun.leavers.held().leave(state));
        Ok(begun.end(left).await.0)
    }

    /// The same of one of several targets: whoever runs them leaves the rows of all of whom nothing came.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(in crate::job) async fn run_beside(self) -> Result<(EndedRemove, Remains<Leavers>), Failure> {
        Ok(self.begin_and_send().await?.end(Ok(Left::default())).await)
    }

    async fn begin_and_send(self) -> Result<Begun, Failure> {
        let Self { leavers, ledger } = self;
        leavers.world.go_on()?;
        let arn = &leavers.reached.directory.instance.arn;
        let digest = leavers.wanted.digest();
        let begins = opened::begins(&leavers.remove.job, OF, arn, digest, &leavers.world);
        let (ledger, settled) = opened::begin(*ledger, begins, &leavers.world).await?;
        let since = Instant::now();
        let goes_on = ledger.read(session::is_unfinished);
        let run = record(&leavers, &*ledger, settled).await?;
        let before = keep_before(&leavers, goes_on)?;
        crash::point("remove-before-kept");
        leavers.world.tell(Event::Started {
            version: 1,
            run: run.clone(),
            ledger: leavers.remove.job.ledger.display().to_string(),
            instance: leavers.reached.directory.instance.arn.clone(),
            total: ledger.read(|state| state.counts(true).total),
            to_send: leavers.counts().delete,
            left_out: leavers.found.left_out.clone(),
            rate: leavers.reached.lane.pace(Operation::DeleteUser).rate(),
        });
        let parted = send(&leavers, &ledger, run).await?;
        Ok(Begun { leavers, ledger, before, parted, since })
    }
}

/// Leavers of whom all were deleted who could be.
struct Begun {
    leavers: Leavers,
    ledger: Arc<dyn Journal>,
    before: Option<PathBuf>,
    parted: Parted,
    since: Instant,
}

/// Writes everybody who is to be deleted, as they are now, into a file of their own: before the first of them is. Returns its
/// path; `None` where nobody is.
fn keep_before(leavers: &Leavers, goes_on: bool) -> Result<Option<PathBuf>, Failure> {
    let mut going = leavers.departing().filter_map(|(_, candidate)| candidate.found.as_deref()).peekable();
    if going.peek().is_none() {
        return Ok(None);
    }
    let directory = &leavers.reached.directory;
    let mut file = leavers.before_file(goes_on);
    let all: BTreeSet<Group> = Group::ALL.into_iter().collect();
    let mut before = export::Before::open(&file, directory, Keeping::Deleted)?;
    let going: Vec<&Found> = going.collect();
    for found in &going {
        // Kept as they were when they were to be deleted first, and not as they are deleted now: a file of its own has that.
        if before.has_otherwise(directory, &found.user, found.proficiencies.as_deref(), &all)? {
            file = leavers.before_file(false);
            before = export::Before::open(&file, directory, Keeping::Deleted)?;
            break;
        }
    }
    for found in going {
        before.add(directory, &found.user, found.proficiencies.as_deref(), &all)?;
    }
    for untold in before.untold() {
        leavers.world.warn(format!("what no row can say of whoever is deleted: {untold}"));
    }
    before.sync()?;
    Ok(Some(file))
}

/// Deletes those who are to be.
async fn send(leavers: &Leavers, ledger: &Arc<dyn Journal>, run: String) -> Result<Parted, Failure> {
    let Leavers { remove, world, reached, .. } = leavers;
    let job = &remove.job;
    let settings = session::settings(reached, world, job.patience, run);
    let means = session::means(reached, world, settings, job.pace.concurrency, ledger);
    let most = job.pace.concurrency;
    let ways = Ways { most, signs_out: true, quick_connects: remove.lifts.quick_connects };
    let departures = departures(leavers, &**ledger);
    let _at_work = reached.lane.waits().at_work();
    let operations: &[Operation] = if departures.is_empty() { &[] } else { &[Operation::DeleteUser] };
    let _shares = shares::taken(&job.ledger, operations, reached, world).await;
    let around = Arc::new(leavers.around.of_all(departures.iter().map(|departure| departure.id.clone())));
    let orphans = ledger.read(orphans);
    Box::pin(apply::delete(means, ways, around, judge(leavers), departures.into_iter(), orphans)).await
}

/// Whoever was deleted by an earlier session before the quick connects that led to them.
fn orphans(state: &State) -> Vec<Orphaned> {
    let waits = |at: &Place| state.step_of_delete(*at, Step::QuickConnects) == StepState::Pending;
    let of = |at: Place| {
        let (row, user) = (state.record(at).row, state.user(at).to_owned());
        Some(Orphaned { at, row, user, id: state.deleted_id(at)? })
    };
    state.places().filter(waits).filter_map(of).collect()
}

/// Those who are to be deleted, in the order of the list.
fn departures(leavers: &Leavers, ledger: &dyn Journal) -> Vec<Departure> {
    let departure = |(leaver, candidate): (&Leaver, &Candidate)| {
        Some(Departure {
            at: ledger.read(|state| state.find(&leaver.user))?,
            row: leaver.row,
            user: leaver.user.clone(),
            id: leaver.id.clone()?,
            was_begun: candidate.was_begun,
            not_before: None,
            seen_by: None,
            with_proficiencies: true,
        })
    };
    leavers.departing().filter_map(departure).collect()
}

/// Proves somebody right before the deletion: still the person of the list, and as the plan has read them.
fn judge(leavers: &Leavers) -> Box<Judge> {
    let planned = |(_, candidate): (&Leaver, &Candidate)| {
        let found = candidate.found.as_deref()?;
        Some((candidate.listed.user.clone(), (candidate.listed.clone(), as_planned(found))))
    };
    let judged: Judged = leavers.departing().filter_map(planned).collect();
    let (admins, lifts) = (Arc::clone(&leavers.admins), leavers.remove.lifts);
    Box::new(move |departure, found, around| {
        let Some((listed, planned)) = judged.get(&departure.user) else {
            // Nobody was there when it was planned: whoever is there now is somebody nobody has looked at.
            return (Fate::Skip(Why::ChangedSince), None);
        };
        let weighed = Weighed::of(of_list(listed, found, &admins, Some(planned), around), lifts);
        (weighed.fate, weighed.said())
    })
}

/// Records the session, every row, and what stands without a call, synced. Returns the run's id.
async fn record(leavers: &Leavers, ledger: &dyn Journal, run: Option<String>) -> Result<String, Failure> {
    let before = ledger.read(Clone::clone);
    let now = rfc3339(leavers.world.clock.now());
    let people = leavers.people.iter().zip(&leavers.candidates);
    let of_people = people.flat_map(|(leaver, candidate)| entries(leaver, candidate, leavers, &now));
    let lines: Vec<Entry<'_>> = gone(leavers, &before)
        .into_iter()
        .chain(settled(leavers, &now))
        .chain(of_people)
        .chain(session::invalid(&leavers.wanted, &now))
        .collect();
    let Leavers { remove, world, reached, roster, wanted, .. } = leavers;
    let rate = reached.lane.pace(Operation::DeleteUser).rate();
    let (job, digest) = (&remove.job, wanted.digest());
    let beginning = Beginning { job, world, reached, roster, digest, rate, of: OF, only: Vec::new(), run };
    beginning.record(ledger, &before, lines.into_iter(), &now).await
}

/// Those of the ledger who are no longer on the list, and were not deleted: they leave its count.
fn gone<'e>(leavers: &Leavers, before: &'e State) -> Vec<Entry<'e>> {
    if leavers.remove.picked.is_some() || leavers.remove.job.is_of_part() {
        return Vec::new();
    }
    let is_gone = |at: &Place| {
        let record = before.record(*at);
        let stays = matches!(record.settled_state(), RowState::Deleted | RowState::Unconfirmed);
        !record.dropped && !stays && leavers.wanted.find(before.user(*at)).is_none()
    };
    before.places().filter(is_gone).map(|at| Entry::dropped(before.user(at))).collect()
}

/// What became of those whose deletion was announced, and who are on the list no more: they are gone, or stay.
fn settled<'e>(leavers: &'e Leavers, now: &str) -> Vec<Entry<'e>> {
    let line = |announced: &'e Announced| {
        let Announced { user, id, is_there } = announced;
        let gone = Entry::outcome_of_delete(user, RowState::Deleted, now.to_owned());
        let left = Entry::outcome_of_delete(user, RowState::Skipped, now.to_owned());
        match is_there {
            false => vec![Entry { id: Some(id.as_str().into()), ..gone }],
            true => vec![Entry { id: Some(id.as_str().into()), ..left }, Entry::dropped(user)],
        }
    };
    leavers.announced.iter().flat_map(line).collect()
}

/// The lines of a person: its row, and how it stands, where no call is going to say it.
fn entries<'e>(leaver: &'e Leaver, candidate: &Candidate, leavers: &Leavers, now: &str) -> Vec<Entry<'e>> {
    let user = leaver.user.as_str();
    let fingerprint = leavers.wanted.find(user).and_then(|seen| seen.fingerprint);
    // Whose deletion is announced stands so until it is known what became of it.
    if candidate.was_begun && matches!(leaver.fate, Fate::Delete | Fate::Gone) {
        return Vec::new();
    }
    let mut lines = Vec::new();
    if !candidate.was_begun {
        lines.push(Entry::row(user, leaver.row, fingerprint));
    }
    if leaver.fate != Fate::Delete {
        let outcome = Entry::outcome_of_delete(user, RowState::Skipped, now.to_owned());
        let (code, message) = (leaver.fate.code().map(Into::into), leaver.note().map(Into::into));
        lines.push(Entry { code, message, id: leaver.id.as_deref().map(Into::into), ..outcome });
    }
    lines
}

impl Begun {
    /// Says how it went, and closes the ledger.
    async fn end(self, left: Result<Left, Failure>) -> (EndedRemove, Remains<Leavers>) {
        let Self { mut leavers, ledger, before, parted, since } = self;
        let (counts, calls) = ledger.read(|state| (state.counts(false), state.calls));
        let stop = leavers.world.stop.reason();
        let exit = exit_of(&counts, leavers.found.invalid_rows, stop.as_ref());
        let took = since.elapsed();
        let came_to = CameTo::of_rows(exit, counts, calls);
        let (state, closed) = session::end(&leavers.world, ledger, came_to, took).await;
        leavers.reached.stop_serving().await;
        let ended = EndedRemove { exit, counts, parted, stop, before, left, closed, calls, took };
        (ended, Remains { of: leavers, state })
    }
}

/// How a list of leavers exits. Pure.
fn exit_of(counts: &Counts, invalid: u64, stop: Option<&Stop>) -> Exit {
    let by_rows = if counts.pending + counts.in_doubt + counts.unconfirmed > 0 {
        Exit::Unsettled
    } else if counts.rejected + counts.skipped + counts.invalid + invalid > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    };
    exit_by_reason(stop).worst(by_rows)
}

/// Whoever serves several at once may have each step done by any of its threads.
const _: fn(super::Remove, &crate::job::World, PlannedRemove) = |remove, world, planned| {
    fn is_sent<T: Send>(_: T) {}
    is_sent(remove.look(world));
    is_sent(planned.run());
};
