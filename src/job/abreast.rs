//! The jobs of several targets, side by side: all are looked at, then all are planned, then all are run.
//!
//! Each is an ordinary job, with a lane, a ledger and a switch of its own, and reads its own rows of the roster. What stops one
//! stops that one alone: it is full, refused, away. What is nobody's own stops all: whoever interrupts it, a fault of the
//! program, a roster that changed. The paces are the accounts', whichever target calls.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::ended::CameTo;
use super::held::{Blocked, HoldsRoster};
use super::meant::Job;
use super::side_by_side::{
    Pulses, are_different, of_target, refuse_failed, refused_side_by_side, side_by_side, tell_left_out,
    where_it_is_said,
};
use super::sorted::Sorted;
use super::world::World;
use crate::error::Failure;
use crate::event::{Event, Pulse};
use crate::exit::Exit;
use crate::failed::Left;
use crate::finding::Finding;
use crate::ledger::{self, Calls, Counts, LedgerAt};
use crate::roster::{OfTargets, Options, Roster};
use crate::stop::Stop;
use crate::text::count;
use crate::validate;

/// The jobs of several targets, each with its target's name.
#[derive(Debug)]
pub struct InTargets<J> {
    pub(super) members: Vec<(String, J)>,
    fails_fast: bool,
    skips_failed: bool,
    /// Targets that are left out already, and why.
    left_out: Vec<(String, Failure)>,
}

impl<J> InTargets<J> {
    /// These jobs: where they read a roster, all read the same one, each its own rows. With `fails_fast` the first target that
    /// stops stops all; with `skips_failed` one that cannot be reached or planned is left out, and else nothing is sent anywhere.
    pub fn new(members: Vec<(String, J)>, fails_fast: bool, skips_failed: bool) -> Self {
        Self { members, fails_fast, skips_failed, left_out: Vec::new() }
    }

    /// Has each be looked at before anything is asked of anybody, all at once: whether somebody is alive who has a shared
    /// ledger takes a while to tell. Those that may not go on are left out, where that was asked for.
    ///
    /// # Errors
    /// As the look's, of a target that is not left out; exit 5 where it was asked to stop.
    pub(super) fn let_go(
        &mut self,
        world: &World,
        look: impl Fn(&J, &World) -> Result<(), Failure> + Sync,
    ) -> Result<(), Failure>
    where
        J: Sync,
    {
        let refused = refused_side_by_side(&self.members, world, &look)?;
        self.members.retain(|(target, _)| refused.iter().all(|(of, _)| of != target));
        self.left_out.extend(refused);
        refuse_failed(&mut self.left_out, self.skips_failed, !self.members.is_empty())
    }
}

/// Several targets, each with how far its job has come. Who drops it lets go of all.
pub struct Abreast<J> {
    /// Each with its target's name, in the order of the file.
    pub lanes: Vec<(String, J)>,
    pub(super) world: World,
    skips_failed: bool,
    /// The roster as a whole, where they read one.
    pub(super) sorted: Option<Sorted>,
    allows_invalid: bool,
    idle: Vec<String>,
    /// Rows of targets that were not asked for.
    others: u64,
    /// The ledgers of all of them, those that are left out as well.
    ledgers: Vec<(String, LedgerAt)>,
    left_out: Vec<(String, Failure)>,
}

/// How the jobs of several targets ended.
#[derive(Debug)]
pub struct EndedAbreast<E> {
    /// How the program is to exit: the worst of all.
    pub exit: Exit,
    /// Each target with how it ended; what could not begin is a failure.
    pub lanes: Vec<(String, Result<E, Failure>)>,
    /// Targets that were left out, and why.
    pub left_out: Vec<(String, String)>,
    /// The file of the failed rows of all. That there is none is no reason to fail: the ledgers have all.
    pub left: Result<Left, Failure>,
    /// Rows that are nobody's, and were not sent.
    pub unmet: u64,
    /// Where the rows of targets stand that were left out.
    not_sent: Counts,
    /// How long it took.
    pub took: Duration,
}

/// A job that reads a roster: as one of several targets' its own rows.
pub(super) trait OfRoster: Send + Sync + 'static {
    /// What it reads, and where its ledger is.
    fn job(&self) -> &Job;
}

/// How the job of one of several targets ended.
pub trait Came {
    /// What came of it.
    fn came_out(&self) -> CameOut<'_>;
    /// Whether its ledger could be closed, for whoever tells it.
    fn into_closed(self) -> Result<(), Failure>;
}

/// What came of the job of one of several targets.
pub struct CameOut<'e> {
    /// What it came to.
    pub came_to: CameTo,
    /// Why it ended before its rows did.
    pub stop: &'e Option<Stop>,
    /// Whether its ledger could be closed.
    pub closed: &'e Result<(), Failure>,
}

impl<E> EndedAbreast<E> {
    /// Counts the rows that are in no target's ledger as well.
    pub fn counts_apart(&self, counts: &mut Counts) {
        *counts += apart(self.unmet, self.not_sent);
    }
}

impl<E: Came> EndedAbreast<E> {
    /// What could not begin, and ledgers that could not be closed; each with its target's name.
    pub fn into_failures(self) -> impl Iterator<Item = (String, Failure)> {
        self.lanes.into_iter().filter_map(|(target, came)| {
            let failure = came.and_then(Came::into_closed).err()?;
            Some((target, failure))
        })
    }
}

#[expect(private_bounds, reason = "what reads a roster is this module's to say")]
impl<J: OfRoster> InTargets<J> {
    /// Fails where another process has one of the ledgers: all of them are looked at side by side.
    ///
    /// # Errors
    /// As [`Job::refuse_in_use`], of a target that is not left out.
    pub fn refuse_in_use(&mut self, world: &World) -> Result<(), Failure> {
        self.let_go(world, |of, world| of.job().refuse_in_use(world))
    }

    /// Holds every row of the roster against its own target, side by side. What is found is told, and so is what is wrong with
    /// rows that are nobody's. Targets that no row is for, and that have no ledger, have no part in it.
    ///
    /// # Errors
    /// As the step's, of a target that is not left out; exit 2 where the roster cannot be used, or two targets are one
    /// instance.
    pub(super) async fn hold<N, F>(
        mut self,
        world: &World,
        step: impl Fn(J, World) -> F,
    ) -> Result<Abreast<N>, Failure>
    where
        N: HoldsRoster + Send + 'static,
        F: Future<Output = Result<N, Failure>> + Send + 'static,
    {
        world.go_on()?;
        let Some((_, first)) = self.members.first() else { return Err(Failure::usage("there is no target")) };
        let sorted = first.job().sorted(world)?;
        let allows_invalid = self.members.iter().any(|(_, of)| of.job().allowed.invalid_rows);
        let asked_for: u64 = self.members.iter().map(|(_, of)| sorted.rows_of(of.job().place())).sum();
        let left_out = self.left_out.iter().map(|(target, _)| sorted.rows_named(target)).sum::<u64>();
        let others = sorted.rows.values().sum::<u64>().saturating_sub(asked_for + left_out);
        let ledgers: Vec<(String, LedgerAt)> =
            self.members.iter().map(|(target, of)| (target.clone(), of.job().ledger.clone())).collect();
        let has_part = |job: &Job| sorted.rows_of(job.place()) > 0 || ledger::is_there(&job.ledger);
        let (members, idle): (Vec<_>, Vec<_>) =
            self.members.into_iter().partition(|(_, of)| has_part(of.job()));
        self.members = members;
        let idle = idle.into_iter().map(|(target, _)| target).collect();
        let abreast = self.begin(world, Some(sorted), step).await?;
        abreast.are_different()?;
        Ok(Abreast { idle, allows_invalid, others, ledgers, ..abreast })
    }
}

impl Job {
    /// The place of its target among all.
    fn place(&self) -> Option<usize> {
        self.reading.targets.as_ref()?.only
    }

    /// Reads the whole roster once, for whose its rows are; tells of those that are nobody's.
    fn sorted(&self, world: &World) -> Result<Sorted, Failure> {
        let targets = self.reading.targets.clone().map(|targets| OfTargets { only: None, ..targets });
        let whole = Self { reading: Options { targets, ..self.reading.clone() }, ..self.clone() };
        let sorted = Sorted::of(whole.open(whole.roster())?, &|| world.go_on())?;
        for finding in &sorted.findings {
            world.tell(Event::Finding(finding.clone()));
        }
        Ok(sorted)
    }
}

impl<J: Send + 'static> InTargets<J> {
    /// Takes the first step of each, side by side.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop; else as the step's, of a target that is not left out.
    pub(super) async fn begin<N, F>(
        self,
        world: &World,
        sorted: Option<Sorted>,
        step: impl Fn(J, World) -> F,
    ) -> Result<Abreast<N>, Failure>
    where
        N: Send + 'static,
        F: Future<Output = Result<N, Failure>> + Send + 'static,
    {
        let Self { members, fails_fast, skips_failed, left_out } = self;
        let pulses = Arc::new(Pulses::default());
        world.events.watch(Arc::clone(&pulses) as Arc<dyn Pulse>);
        let steps = members.into_iter().map(|(target, job)| {
            let world = world.at(&target, &pulses, fails_fast);
            (target, step(job, world))
        });
        let came = side_by_side(steps, &world.stop).await;
        let abreast = Abreast::<J> {
            lanes: Vec::new(),
            world: world.clone(),
            skips_failed,
            sorted,
            allows_invalid: false,
            idle: Vec::new(),
            others: 0,
            ledgers: Vec::new(),
            left_out,
        };
        abreast.with(came)
    }
}

impl<J: Send + 'static> Abreast<J> {
    /// These in the others' place, as far as they have come.
    fn with<N>(self, came: Vec<(String, Result<N, Failure>)>) -> Result<Abreast<N>, Failure> {
        let Self {
            lanes: _,
            world,
            skips_failed,
            sorted,
            allows_invalid,
            idle,
            others,
            ledgers,
            mut left_out,
        } = self;
        let mut lanes = Vec::new();
        for (target, came) in came {
            match came {
                Ok(job) => lanes.push((target, job)),
                Err(failure) => {
                    let failure = where_it_is_said(&target, failure);
                    left_out.push((target, failure));
                }
            }
        }
        // A bug stops all of them, and what is told is the bug.
        if let Some(at) = left_out.iter().position(|(_, failure)| failure.exit == Exit::Bug) {
            let (target, failure) = left_out.swap_remove(at);
            return Err(of_target(&target, failure));
        }
        world.go_on().map_err(|stopped| with_hints_of(&left_out, stopped))?;
        refuse_failed(&mut left_out, skips_failed, !lanes.is_empty())?;
        Ok(Abreast { lanes, world, skips_failed, sorted, allows_invalid, idle, others, ledgers, left_out })
    }

    /// Takes the next step of each, side by side.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop; else as the step's, of a target that is not left out.
    pub(super) async fn next<N, F>(mut self, step: impl Fn(J) -> F) -> Result<Abreast<N>, Failure>
    where
        N: Send + 'static,
        F: Future<Output = Result<N, Failure>> + Send + 'static,
    {
        let steps = std::mem::take(&mut self.lanes).into_iter().map(|(target, job)| (target, step(job)));
        let came = side_by_side(steps, &self.world.stop).await;
        self.with(came)
    }

    /// Takes the last step of each, side by side, and sums up. `leave` leaves the failed rows of all.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop before it began.
    pub(super) async fn last<E, R, F>(
        mut self,
        step: impl Fn(J) -> F,
        leave: impl FnOnce(&Sorted, &[&R]) -> Result<Left, Failure>,
    ) -> Result<EndedAbreast<E>, Failure>
    where
        E: Came + Send + 'static,
        R: Send + 'static,
        F: Future<Output = Result<(E, R), Failure>> + Send + 'static,
    {
        self.world.go_on()?;
        let since = Instant::now();
        let unmet = self.unmet();
        let (mut not_sent, mut calls) = (Counts::default(), Calls::default());
        let stands: Vec<(Counts, Calls)> =
            self.left_out.iter().map(|(target, _)| self.standing_of_left_out(target)).collect();
        for (rows, of) in &stands {
            not_sent += *rows;
            calls += *of;
        }
        let exit = if unmet > 0 { Exit::SomeFailed } else { Exit::Done };
        let mut all = CameTo::of_rows(exit, apart(unmet, not_sent), calls);
        let left_out: Vec<(String, String)> =
            self.left_out.into_iter().map(|(target, failure)| (target, failure.what)).collect();
        for ((target, why), stands) in left_out.iter().zip(stands) {
            all.exit = all.exit.worst(Exit::Stopped);
            tell_left_out(&self.world, target, why, Some(stands));
        }
        let events = &self.world.events;
        let steps = std::mem::take(&mut self.lanes).into_iter().map(|(target, job)| {
            let (events, name, work) = (Arc::clone(events), target.clone(), step(job));
            let run = async move {
                let came = work.await;
                events.tell(end_of(name, came.as_ref().map(|(ended, _)| ended)));
                came
            };
            (target, run)
        });
        let came = side_by_side(steps, &self.world.stop).await;
        let (mut lanes, mut remains) = (Vec::new(), Vec::new());
        for (target, came) in came {
            let came = came.map(|(ended, left)| {
                remains.push(left);
                ended
            });
            match &came {
                Ok(ended) => {
                    let CameOut { came_to, closed, .. } = ended.came_out();
                    all.add(&came_to);
                    if let Err(failure) = closed {
                        all.exit = all.exit.worst(failure.exit);
                    }
                }
                Err(failure) => all.exit = all.exit.worst(failure.exit),
            }
            lanes.push((target, came));
        }
        let left = match &self.sorted {
            Some(sorted) => leave(sorted, &remains.iter().collect::<Vec<_>>()),
            None => Ok(Left::default()),
        };
        let took = since.elapsed();
        self.world.tell(all.event(took));
        Ok(EndedAbreast { exit: all.exit, lanes, left_out, left, unmet, not_sent, took })
    }

    /// Where the rows of a target stand that is left out: as its ledger has them, where that is a file, and else they wait for
    /// the same command; and its calls. A table is not asked: that it is away may be why it is left out.
    fn standing_of_left_out(&self, target: &str) -> (Counts, Calls) {
        let ledger = self.ledgers.iter().find(|(of, _)| of == target).map(|(_, ledger)| ledger);
        let on_disk = ledger.filter(|ledger| ledger.on_disk().is_some() && ledger::is_there(ledger));
        let seen = on_disk.and_then(|ledger| ledger::glance(ledger).ok().flatten());
        match seen {
            Some((state, _)) if state.places().len() > 0 => (state.counts(false), state.calls),
            _ => {
                let rows = self.sorted.as_ref().map_or(0, |sorted| sorted.rows_named(target));
                (Counts { total: rows, pending: rows, ..Counts::default() }, Calls::default())
            }
        }
    }

    /// Targets that are left out, and why.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.left_out.iter().map(|(target, failure)| (target.as_str(), failure))
    }

    /// Targets that no row is for.
    pub fn idle(&self) -> &[String] {
        &self.idle
    }

    /// Rows of targets that were not asked for.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// How a dry run is to exit, where nothing that was found is in the way.
    pub(super) fn exit_of_left_out(&self) -> Exit {
        if self.left_out.is_empty() { Exit::Done } else { Exit::Stopped }
    }

    /// Rows that are nobody's.
    pub fn unmet(&self) -> u64 {
        self.sorted.as_ref().map_or(0, |sorted| sorted.unmet)
    }

    /// The whole roster, where they read one.
    pub(crate) fn roster(&self) -> Option<&Roster> {
        self.sorted.as_ref().map(|sorted| &sorted.roster)
    }
}

#[expect(private_bounds, reason = "what is held against a target is this module's to say")]
impl<J: HoldsRoster + Send + 'static> Abreast<J> {
    /// What is wrong with the roster, of all targets and of rows that are nobody's.
    pub(crate) fn found(&self) -> validate::Checked {
        let parts: Vec<&validate::Checked> = self.lanes.iter().map(|(_, job)| job.held().found).collect();
        validate::Checked::together(&parts, self.findings(), self.unmet())
    }

    /// What is wrong with rows that are nobody's.
    pub fn findings(&self) -> &[Finding] {
        self.sorted.as_ref().map_or(&[], |sorted| &sorted.findings)
    }

    /// Why nothing may be done anywhere, where that is so.
    pub fn blocks(&self) -> Option<Blocked> {
        let unmet = if self.allows_invalid { 0 } else { self.unmet() };
        let blocked: Vec<Blocked> = self.lanes.iter().filter_map(|(_, job)| job.held().blocks()).collect();
        if blocked.is_empty() && unmet == 0 {
            return None;
        }
        let of_file = blocked.iter().any(|blocked| blocked.of_file);
        Some(Blocked { rows: unmet + blocked.iter().map(|blocked| blocked.rows).sum::<u64>(), of_file })
    }

    /// How a dry run is to exit.
    pub fn exit_of_dry_run(&self) -> Exit {
        let clean = if self.found().is_clean() { Exit::Done } else { Exit::Findings };
        clean.worst(self.exit_of_left_out())
    }

    /// Fails where rows are in the way.
    pub(super) fn may_go(&self) -> Result<(), Failure> {
        if let Some(Blocked { rows, .. }) = self.blocks() {
            let what = format!("nothing was sent anywhere: {} with errors", count(rows, "row"));
            return Err(Failure::new(Exit::Findings, what));
        }
        Ok(())
    }

    /// Fails where two targets are one instance: of one username there would be two rows.
    fn are_different(&self) -> Result<(), Failure> {
        let arn = |(target, job): &'_ (String, J)| Some((target.clone(), job.held().arn()?.to_owned()));
        let arns: Vec<(String, String)> = self.lanes.iter().filter_map(arn).collect();
        are_different(arns.iter().map(|(target, arn)| (target.as_str(), arn.as_str())))
    }
}

/// The rows that are in none of the ledgers that were worked with: those that are nobody's, and those that were left out.
fn apart(unmet: u64, left_out: Counts) -> Counts {
    let Counts { total, invalid, .. } = left_out;
    Counts { total: total + unmet, invalid: invalid + unmet, ..left_out }
}

/// Why all were stopped, with what each has to say of how it goes on.
fn with_hints_of(lanes: &[(String, Failure)], stopped: Failure) -> Failure {
    let hints: Vec<&str> = lanes.iter().filter_map(|(_, failure)| failure.hint.as_deref()).collect();
    if hints.is_empty() { stopped } else { stopped.hint(hints.join("\n")) }
}

/// How one of several ended, as it is told.
fn end_of<E: Came>(target: String, came: Result<&E, &Failure>) -> Event {
    match came {
        Ok(ended) => {
            let CameOut { came_to: CameTo { exit, rows, calls, .. }, stop, .. } = ended.came_out();
            let reason = stop.as_ref().map(ToString::to_string);
            Event::Target { target, exit: exit.code(), reason, rows: Some(rows), calls: Some(calls) }
        }
        Err(failure) => {
            let (exit, reason) = (failure.exit.code(), Some(failure.what.clone()));
            Event::Target { target, exit, reason, rows: None, calls: None }
        }
    }
}
