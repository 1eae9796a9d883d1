//! What else is done of several targets side by side: comparisons, updates, undos, lists of leavers, exports.
//!
//! Each is an ordinary job with a lane, a ledger and a switch of its own, as those of a [`Fleet`](super::Fleet) are, and takes
//! its steps beside the others: all are looked at before the first of them sends anything. What stops one stops that one alone.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::changes::{self, Changes, Compared, EndedChanges, PlannedChanges};
use super::check::Blocked;
use super::export::{Export, Exported, ToWrite, written};
use super::fleet::{
    Pulses, are_different, of_target, refuse_all_in_use, refuse_failed, side_by_side, sorted_by,
};
use super::leaving::leave_all;
use super::meant::Job;
use super::remove::{self, EndedRemove, Leavers, PlannedRemove, Remove};
use super::sorted::Sorted;
use super::undo::{EndedUndo, PlannedUndo, UndoJob};
use super::world::World;
use crate::error::Failure;
use crate::event::{Event, Pulse};
use crate::exit::Exit;
use crate::failed::Left;
use crate::ledger::{Calls, Counts, SeenCounts, Steps};
use crate::roster::Roster;
use crate::stop::Stop;
use crate::text::count;
use crate::validate;

/// The jobs of several targets, each with its target's name.
#[derive(Clone, Debug)]
pub struct InTargets<J> {
    /// Each. Where they read a roster, all read the same one, each its own rows.
    pub members: Vec<(String, J)>,
    /// Whether the first target that stops stops all.
    pub fails_fast: bool,
    /// Whether a target that cannot be reached or planned is left out; else nothing is sent anywhere.
    pub skips_failed: bool,
}

/// Several targets, each with how far its job has come. Who drops it lets go of all.
pub struct Abreast<J> {
    /// Each with its target's name, in the order of the file.
    pub lanes: Vec<(String, J)>,
    world: World,
    skips_failed: bool,
    /// The roster as a whole, where they read one.
    sorted: Option<Sorted>,
    allows_invalid: bool,
    idle: Vec<String>,
    left_out: Vec<(String, Failure)>,
}

impl InTargets<Changes> {
    /// Fails where another process has one of the ledgers: all of them are looked at side by side.
    ///
    /// # Errors
    /// As [`Job::refuse_in_use`], of the first of them.
    pub fn refuse_in_use(&self, world: &World) -> Result<(), Failure> {
        refuse_all_in_use(self.members.iter().map(|(target, changes)| (target.as_str(), &changes.job)), world)
    }
}

impl InTargets<Remove> {
    /// Fails where another process has one of the ledgers: all of them are looked at side by side.
    ///
    /// # Errors
    /// As [`Job::refuse_in_use`], of the first of them.
    pub fn refuse_in_use(&self, world: &World) -> Result<(), Failure> {
        refuse_all_in_use(self.members.iter().map(|(target, remove)| (target.as_str(), &remove.job)), world)
    }
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
    /// The file of the rows of all of whom nothing came.
    pub left: Result<Left, Failure>,
    /// Rows that are nobody's.
    pub unmet: u64,
    /// How long it took.
    pub took: Duration,
}

/// A roster that was held against one of several targets.
trait HeldAgainst {
    fn found(&self) -> &validate::Checked;
    fn blocks(&self) -> Option<Blocked>;
    /// The instance's ARN; `None` of a rehearsal, whose instances are all alike.
    fn arn(&self) -> Option<&str>;
}

/// How the job of one of several targets ended.
pub trait Came {
    /// How the program would exit, were it the only one.
    fn exit(&self) -> Exit;
    /// Why it ended before its rows did.
    fn stop(&self) -> Option<&Stop>;
    /// Where all rows of its ledger stand.
    fn counts(&self) -> Counts;
    /// The calls that left, over all sessions.
    fn calls(&self) -> Calls;
    /// Why its ledger could not be closed, where that is so.
    fn unclosed(&self) -> Option<&Failure>;
    /// The same, to be told.
    fn into_unclosed(self) -> Option<Failure>;
}

impl<E: Came> EndedAbreast<E> {
    /// Why a target ended before its rows did.
    pub fn stop_of(&self, target: &str) -> Option<&Stop> {
        self.lanes.iter().find(|(of, _)| of == target)?.1.as_ref().ok()?.stop()
    }

    /// What could not begin, and ledgers that could not be closed; each with its target's name.
    pub fn into_failures(self) -> impl Iterator<Item = (String, Failure)> {
        self.lanes.into_iter().filter_map(|(target, came)| {
            let failure = match came {
                Ok(ended) => ended.into_unclosed(),
                Err(failure) => Some(failure),
            };
            Some((target, failure?))
        })
    }
}

impl<J: Send + 'static> InTargets<J> {
    /// Takes the first step of each, side by side.
    async fn begin<N, F>(
        self,
        world: &World,
        sorted: Option<Sorted>,
        step: impl Fn(J, World) -> F,
    ) -> Result<Abreast<N>, Failure>
    where
        N: Send + 'static,
        F: Future<Output = Result<N, Failure>> + Send + 'static,
    {
        let Self { members, fails_fast, skips_failed } = self;
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
            left_out: Vec::new(),
        };
        abreast.with(came)
    }
}

impl<J: Send + 'static> Abreast<J> {
    /// These in the others' place, as far as they have come.
    fn with<N>(self, came: Vec<(String, Result<N, Failure>)>) -> Result<Abreast<N>, Failure> {
        let Self { lanes: _, world, skips_failed, sorted, allows_invalid, idle, mut left_out } = self;
        let mut lanes = Vec::new();
        for (target, came) in came {
            match came {
                Ok(job) => lanes.push((target, job)),
                Err(failure) => left_out.push((target, failure)),
            }
        }
        world.go_on()?;
        refuse_failed(&mut left_out, skips_failed, !lanes.is_empty())?;
        Ok(Abreast { lanes, world, skips_failed, sorted, allows_invalid, idle, left_out })
    }

    /// Takes the next step of each, side by side.
    async fn next<N, F>(mut self, step: impl Fn(J) -> F) -> Result<Abreast<N>, Failure>
    where
        N: Send + 'static,
        F: Future<Output = Result<N, Failure>> + Send + 'static,
    {
        let steps = std::mem::take(&mut self.lanes).into_iter().map(|(target, job)| (target, step(job)));
        let came = side_by_side(steps, &self.world.stop).await;
        self.with(came)
    }

    /// Takes the last step of each, side by side, and sums up. `leave` leaves the failed rows of all.
    async fn last<E, R, F>(
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
        let mut sum = Sum { exit: Exit::Done, rows: Counts::default(), calls: Calls::default() };
        if unmet > 0 {
            sum.exit = Exit::SomeFailed;
            sum.rows.total += unmet;
            sum.rows.invalid += unmet;
        }
        let left_out: Vec<(String, String)> =
            self.left_out.into_iter().map(|(target, failure)| (target, failure.what)).collect();
        for (target, why) in &left_out {
            sum.exit = sum.exit.worst(Exit::Stopped);
            let (target, exit, reason) = (target.clone(), Exit::Stopped.code(), Some(why.clone()));
            self.world.tell(Event::Target { target, exit, reason, rows: None, calls: None });
        }
        let events = &self.world.events;
        let steps = std::mem::take(&mut self.lanes).into_iter().map(|(target, job)| {
            let (events, name, work) = (Arc::clone(events), target.clone(), step(job));
            let run = async move {
                let came = work.await;
                let told = came.as_ref().map(|(ended, _)| ended);
                events.tell(end_of(name, told));
                came
            };
            (target, run)
        });
        let came = side_by_side(steps, &self.world.stop).await;
        let remains: Vec<&R> = came.iter().filter_map(|(_, came)| Some(&came.as_ref().ok()?.1)).collect();
        let left = match &self.sorted {
            Some(sorted) => leave(sorted, &remains),
            None => Ok(Left::default()),
        };
        came.iter().for_each(|(_, came)| sum.add(came.as_ref().map(|(ended, _)| ended)));
        let took = since.elapsed();
        self.world.tell(Event::Ended {
            exit: sum.exit.code(),
            rows: sum.rows,
            steps: Steps::default(),
            seen: SeenCounts::default(),
            calls: sum.calls,
            seconds: took.as_secs_f64(),
        });
        let lanes = came.into_iter().map(|(target, came)| (target, came.map(|(ended, _)| ended))).collect();
        Ok(EndedAbreast { exit: sum.exit, lanes, left_out, left, unmet, took })
    }

    /// Targets that are left out, and why.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, &Failure)> {
        self.left_out.iter().map(|(target, failure)| (target.as_str(), failure))
    }

    /// Targets that no row is for.
    pub fn idle(&self) -> &[String] {
        &self.idle
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
impl<J: HeldAgainst> Abreast<J> {
    /// What is wrong with the roster, of all targets and of rows that are nobody's.
    pub(crate) fn found(&self) -> validate::Checked {
        let parts: Vec<&validate::Checked> = self.lanes.iter().map(|(_, job)| job.found()).collect();
        let nobodys = self.sorted.as_ref().map_or(&[][..], |sorted| &sorted.findings);
        validate::Checked::together(&parts, nobodys, self.sorted.as_ref().map_or(0, |sorted| sorted.unmet))
    }

    /// Why nothing may be done anywhere, where that is so.
    pub fn blocks(&self) -> Option<Blocked> {
        let unmet = if self.allows_invalid { 0 } else { self.sorted.as_ref().map_or(0, |it| it.unmet) };
        let blocked: Vec<Blocked> = self.lanes.iter().filter_map(|(_, job)| job.blocks()).collect();
        if blocked.is_empty() && unmet == 0 {
            return None;
        }
        let of_file = blocked.iter().any(|blocked| blocked.of_file);
        Some(Blocked { rows: unmet + blocked.iter().map(|blocked| blocked.rows).sum::<u64>(), of_file })
    }

    /// Fails where two targets are one instance.
    fn are_different(&self) -> Result<(), Failure> {
        are_different(self.lanes.iter().filter_map(|(target, job)| Some((target.as_str(), job.arn()?))))
    }

    /// Fails where rows are in the way.
    fn may_go(&self) -> Result<(), Failure> {
        if let Some(Blocked { rows, .. }) = self.blocks() {
            let what = format!("nothing was sent anywhere: {} with errors", count(rows, "row"));
            return Err(Failure::new(Exit::Findings, what));
        }
        Ok(())
    }
}

/// Whose rows of a roster are whose; those whom no row is for, and who have no ledger, stay out of it.
fn sort<J>(
    in_targets: &mut InTargets<J>,
    job_of: impl Fn(&J) -> &Job,
    world: &World,
) -> Result<(Sorted, Vec<String>), Failure> {
    let Some((_, first)) = in_targets.members.first() else {
        return Err(Failure::usage("there is no target"));
    };
    let sorted = sorted_by(job_of(first), world)?;
    let is_idle = |job: &Job| sorted.rows_of(job.place()) == 0 && !job.has_ledger();
    let idle = in_targets.members.iter().filter(|(_, job)| is_idle(job_of(job)));
    let idle: Vec<String> = idle.map(|(target, _)| target.clone()).collect();
    in_targets.members.retain(|(_, job)| !is_idle(job_of(job)));
    Ok((sorted, idle))
}

impl InTargets<Changes> {
    /// Holds every row of the roster against its own target, side by side. What is found is told.
    ///
    /// # Errors
    /// As [`Changes::compare`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn compare(mut self, world: &World) -> Result<Abreast<Compared>, Failure> {
        world.go_on()?;
        let (sorted, idle) = sort(&mut self, |changes| &changes.job, world)?;
        let allows_invalid = self.members.iter().any(|(_, changes)| changes.job.allowed.invalid_rows);
        let compare = |changes: Changes, world: World| async move { changes.compare(&world).await };
        let abreast = self.begin(world, Some(sorted), compare).await?;
        abreast.are_different()?;
        Ok(Abreast { idle, allows_invalid, ..abreast })
    }
}

impl Abreast<Compared> {
    /// Locks every ledger. Nothing is written yet.
    ///
    /// # Errors
    /// As [`Compared::plan`], of a target that is not left out.
    pub async fn plan(self) -> Result<Abreast<PlannedChanges>, Failure> {
        self.may_go()?;
        self.next(Compared::plan).await
    }

    /// How a comparison is to exit: the worst of all.
    pub fn exit(&self) -> Exit {
        let unmet = if self.unmet() > 0 { Exit::SomeFailed } else { Exit::Done };
        let left_out = if self.left_out.is_empty() { Exit::Done } else { Exit::Stopped };
        if self.blocks().is_some() {
            return Exit::Findings;
        }
        self.lanes.iter().fold(unmet.worst(left_out), |exit, (_, compared)| exit.worst(compared.exit()))
    }

    /// Ends a comparison that is not to be run.
    pub async fn close(self) {
        for (_, compared) in self.lanes {
            compared.close().await;
        }
    }
}

impl Abreast<PlannedChanges> {
    /// Runs all side by side, until each has done all or has a reason to stop; leaves the failed rows of all in one file.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop before it began.
    pub async fn run(self) -> Result<EndedAbreast<EndedChanges>, Failure> {
        let leave =
            |sorted: &Sorted, remains: &[&changes::Remains]| leave_all(sorted, remains.iter().copied());
        self.last(PlannedChanges::run_beside, leave).await
    }
}

impl HeldAgainst for Compared {
    fn found(&self) -> &validate::Checked {
        Self::found(self)
    }

    fn blocks(&self) -> Option<Blocked> {
        Self::blocks(self)
    }

    fn arn(&self) -> Option<&str> {
        Some(self.instance().arn.as_str()).filter(|_| !self.changes.job.target.is_rehearsal())
    }
}

impl Came for EndedChanges {
    fn exit(&self) -> Exit {
        self.exit
    }

    fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn calls(&self) -> Calls {
        self.spent
    }

    fn unclosed(&self) -> Option<&Failure> {
        self.closed.as_ref().err()
    }

    fn into_unclosed(self) -> Option<Failure> {
        self.closed.err()
    }
}

impl InTargets<Remove> {
    /// Reads everybody on the list on their own target, side by side, and decides what becomes of each. What is found is told.
    ///
    /// # Errors
    /// As [`Remove::look`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn look(mut self, world: &World) -> Result<Abreast<Leavers>, Failure> {
        world.go_on()?;
        let (sorted, idle) = sort(&mut self, |remove| &remove.job, world)?;
        let allows_invalid = self.members.iter().any(|(_, remove)| remove.job.allowed.invalid_rows);
        let look = |remove: Remove, world: World| async move { remove.look(&world).await };
        let abreast = self.begin(world, Some(sorted), look).await?;
        abreast.are_different()?;
        Ok(Abreast { idle, allows_invalid, ..abreast })
    }
}

impl Abreast<Leavers> {
    /// Locks every ledger. Nothing is written yet.
    ///
    /// # Errors
    /// As [`Leavers::plan`], of a target that is not left out.
    pub async fn plan(self) -> Result<Abreast<PlannedRemove>, Failure> {
        self.may_go()?;
        self.next(Leavers::plan).await
    }

    /// Fails where more are to be deleted of a target than may be.
    ///
    /// # Errors
    /// Exit 4; the number and what allows it are said.
    pub fn are_few(&self) -> Result<(), Failure> {
        for (target, leavers) in &self.lanes {
            leavers.are_few().map_err(|failure| of_target(target, failure))?;
        }
        Ok(())
    }

    /// Ends a plan that is not to be run.
    pub async fn close(self) {
        for (_, leavers) in self.lanes {
            leavers.close().await;
        }
    }
}

impl Abreast<PlannedRemove> {
    /// Runs all side by side, until each has done all or has a reason to stop; leaves the rows of all of whom nothing came in
    /// one file.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop before it began.
    pub async fn run(self) -> Result<EndedAbreast<EndedRemove>, Failure> {
        let leave =
            |sorted: &Sorted, remains: &[&remove::Remains]| leave_all(sorted, remains.iter().copied());
        self.last(PlannedRemove::run_beside, leave).await
    }
}

impl HeldAgainst for Leavers {
    fn found(&self) -> &validate::Checked {
        Self::found(self)
    }

    fn blocks(&self) -> Option<Blocked> {
        Self::blocks(self)
    }

    fn arn(&self) -> Option<&str> {
        Some(self.instance().arn.as_str()).filter(|_| !self.is_rehearsal())
    }
}

impl Came for EndedRemove {
    fn exit(&self) -> Exit {
        self.exit
    }

    fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn calls(&self) -> Calls {
        self.calls
    }

    fn unclosed(&self) -> Option<&Failure> {
        self.closed.as_ref().err()
    }

    fn into_unclosed(self) -> Option<Failure> {
        self.closed.err()
    }
}

impl InTargets<UndoJob> {
    /// Reads everybody whom the ledgers say they made, side by side, and decides what becomes of each.
    ///
    /// # Errors
    /// As [`UndoJob::plan`], of a target that is not left out.
    pub async fn plan(self, world: &World) -> Result<Abreast<PlannedUndo>, Failure> {
        world.go_on()?;
        let plan = |undo: UndoJob, world: World| async move { undo.plan(&world).await };
        self.begin(world, None, plan).await
    }
}

impl Abreast<PlannedUndo> {
    /// Runs all side by side, until each has done all or has a reason to stop.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop before it began.
    pub async fn run(self) -> Result<EndedAbreast<EndedUndo>, Failure> {
        let run = |planned: PlannedUndo| async move { Ok((planned.run().await?, ())) };
        self.last(run, |_, _| Ok(Left::default())).await
    }

    /// Ends a plan that is not to be run.
    pub async fn close(self) {
        for (_, planned) in self.lanes {
            planned.close().await;
        }
    }
}

impl Came for EndedUndo {
    fn exit(&self) -> Exit {
        self.exit
    }

    fn stop(&self) -> Option<&Stop> {
        self.stop.as_ref()
    }

    fn counts(&self) -> Counts {
        self.counts
    }

    fn calls(&self) -> Calls {
        self.calls
    }

    fn unclosed(&self) -> Option<&Failure> {
        self.closed.as_ref().err()
    }

    fn into_unclosed(self) -> Option<Failure> {
        self.closed.err()
    }
}

/// What several instances' users became.
#[derive(Debug)]
pub struct ExportedAll {
    /// How the program is to exit.
    pub exit: Exit,
    /// Each target with what is of it in the file.
    pub lanes: Vec<(String, Exported)>,
    /// Targets that were left out, and why.
    pub left_out: Vec<(String, String)>,
}

impl InTargets<Export> {
    /// Reads the users of all, side by side, and writes them to one file in whose rows the target's name comes first: whole or
    /// not at all.
    ///
    /// # Errors
    /// As [`Export::run`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn run(self, world: &World) -> Result<ExportedAll, Failure> {
        world.go_on()?;
        let Some(out) = self.members.first().map(|(_, export)| export.out.clone()) else {
            return Err(Failure::usage("there is no target"));
        };
        for (_, export) in &self.members {
            export.form()?; // of the file that all of them are written to
        }
        let read = |export: Export, world: World| async move { export.read(&world).await };
        let Abreast { lanes, left_out, .. } = self.begin(world, None, read).await?;
        are_different(lanes.iter().map(|(target, read)| (target.as_str(), read.instance())))?;
        let (names, read): (Vec<String>, Vec<ToWrite>) = lanes.into_iter().unzip();
        let exported = written(&out, read, world)?;
        let exit = if left_out.is_empty() { Exit::Done } else { Exit::Stopped };
        let left_out = left_out.into_iter().map(|(target, failure)| (target, failure.what)).collect();
        Ok(ExportedAll { exit, lanes: names.into_iter().zip(exported).collect(), left_out })
    }
}

/// What all targets come to together.
struct Sum {
    exit: Exit,
    rows: Counts,
    calls: Calls,
}

impl Sum {
    fn add<E: Came>(&mut self, came: Result<&E, &Failure>) {
        match came {
            Ok(ended) => {
                self.exit = self.exit.worst(ended.exit());
                self.rows += ended.counts();
                self.calls += ended.calls();
                if let Some(failure) = ended.unclosed() {
                    self.exit = self.exit.worst(failure.exit);
                }
            }
            Err(failure) => self.exit = self.exit.worst(failure.exit),
        }
    }
}

/// How one of several ended, as it is told.
fn end_of<E: Came>(target: String, came: Result<&E, &Failure>) -> Event {
    match came {
        Ok(ended) => Event::Target {
            target,
            exit: ended.exit().code(),
            reason: ended.stop().map(ToString::to_string),
            rows: Some(ended.counts()),
            calls: Some(ended.calls()),
        },
        Err(failure) => Event::Target {
            target,
            exit: failure.exit.code(),
            reason: Some(failure.what.clone()),
            rows: None,
            calls: None,
        },
    }
}
