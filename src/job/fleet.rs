//! The jobs of several targets, side by side: all are checked, then all are planned, then all are run.
//!
//! Each is an ordinary [`Job`], with a lane, a ledger and a switch of its own, and reads its own rows of the roster. What
//! stops one stops that one alone: it is full, refused, away. What is nobody's own stops all: whoever interrupts it, a fault
//! of the program, a roster that changed. The paces are the accounts', whichever target calls.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::check::{Blocked, Checked, DryRun};
use super::ended::Ended;
use super::leaving::{Leaves, leave_all};
use super::meant::{Job, What};
use super::outlook::Outlook;
use super::plan::Planned;
use super::run::Remains;
use super::sorted::Sorted;
use super::world::World;
use crate::error::{Failure, Remedy};
use crate::event::{Event, OfTarget, Pulse, Sink};
use crate::exit::Exit;
use crate::failed::{FailedRows, Left};
use crate::finding::Finding;
use crate::lane::paces::Paces;
use crate::ledger::{self, Calls, Counts, SeenCounts, StepCounts, Steps};
use crate::plan::Decision;
use crate::roster::{OfTargets, Options, Roster};
use crate::stop::{Stop, Switch};
use crate::text::count;
use crate::validate::{self, Rules};

/// The jobs of several targets.
#[derive(Clone, Debug)]
pub struct Fleet {
    /// Each with its target's name. All of them read one roster, each its own rows.
    pub members: Vec<Member>,
    /// Whether the first target that stops stops all.
    pub fails_fast: bool,
    /// Whether a target that cannot be reached or planned is left out; else nothing is sent anywhere.
    pub skips_failed: bool,
}

/// The job of one of several targets.
#[derive(Clone, Debug)]
pub struct Member {
    /// The target's name.
    pub target: String,
    /// Its job. Its reading says whose rows these are.
    pub job: Job,
}

/// All targets that could be reached, each with its rows checked.
pub struct CheckedFleet {
    world: World,
    skips_failed: bool,
    sorted: Sorted,
    lanes: Vec<(String, Checked)>,
    left_out: Vec<(String, Failure)>,
    idle: Vec<String>,
    allows_invalid: bool,
}

/// All targets, planned: each holds its ledger.
pub struct PlannedFleet {
    world: World,
    sorted: Sorted,
    lanes: Vec<(String, Planned)>,
    left_out: Vec<(String, Failure)>,
    outlook: FleetOutlook,
}

/// What the jobs of several targets are going to do.
#[derive(Clone, Debug)]
pub struct FleetOutlook {
    /// The roster.
    pub(crate) roster: PathBuf,
    /// Which known template its header is.
    pub(crate) template: Option<&'static str>,
    /// How many rows it has.
    pub(crate) total: u64,
    /// Each target with what is done there.
    pub lanes: Vec<(String, Outlook)>,
    /// Targets that are left out, and why.
    pub left_out: Vec<(String, String)>,
    /// Targets that no row is for.
    pub(crate) idle: Vec<String>,
    /// Rows that are nobody's.
    pub(crate) unmet: u64,
    /// Rows of targets that were not asked for.
    pub(crate) others: u64,
    /// Targets that share the pace of one account and region, where more than one does.
    pub(crate) sharing: Vec<Vec<String>>,
    /// People who were made on one target, and whose rows are another's now.
    pub(crate) moved: Vec<Moved>,
    /// How long the creates will take: the longest of the paces.
    pub time: Duration,
}

/// Somebody who was made on one target, and whose row is another's now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The username.
    pub user: String,
    /// Where the user stays.
    pub from: String,
    /// Whose the row is now.
    pub to: String,
}

/// What the jobs of several targets would do.
pub struct FleetDryRun {
    /// What they would do.
    pub outlook: FleetOutlook,
    /// How the program is to exit, where nothing stands in the way of any.
    exit: Exit,
    /// Why some would not start.
    cannot: Vec<(String, Failure)>,
}

/// How the jobs of several targets ended.
#[derive(Debug)]
pub struct EndedFleet {
    /// How the program is to exit: the worst of all.
    pub exit: Exit,
    /// Each target with how it ended; what could not begin is a failure.
    pub lanes: Vec<(String, Result<Ended, Failure>)>,
    /// Targets that were left out, and why.
    pub left_out: Vec<(String, String)>,
    /// Rows that are nobody's, and were not sent.
    pub unmet: u64,
    /// The file of the failed rows of all.
    pub left: Result<Left, Failure>,
    /// What it was going to do.
    pub outlook: FleetOutlook,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Fleet {
    /// Fails where another process has one of the ledgers: all of them are looked at side by side.
    ///
    /// # Errors
    /// As [`Job::refuse_in_use`], of the first of them.
    pub fn refuse_in_use(&self, world: &World) -> Result<(), Failure> {
        refuse_all_in_use(self.members.iter().map(|member| (member.target.as_str(), &member.job)), world)
    }

    /// Reaches all instances, and checks every row of the roster against its own. What is found is told.
    ///
    /// # Errors
    /// Where the roster cannot be used; where a target cannot be reached, and such are not left out; where it was asked to
    /// stop meanwhile.
    pub async fn check(self, world: &World) -> Result<CheckedFleet, Failure> {
        world.go_on()?;
        let Self { mut members, fails_fast, skips_failed } = self;
        know_each_other(&mut members);
        let sorted = sorted(&members, world)?;
        let allows_invalid = members.iter().any(|member| member.job.allowed.invalid_rows);
        let (members, idle): (Vec<_>, Vec<_>) = members
            .into_iter()
            .partition(|member| sorted.rows_of(member.job.place()) > 0 || member.job.has_ledger());
        let idle = idle.into_iter().map(|member| member.target).collect();
        let pulses = Arc::new(Pulses::default());
        world.events.watch(Arc::clone(&pulses) as Arc<dyn Pulse>);
        let checks = members.into_iter().map(|Member { target, job }| {
            let world = world.at(&target, &pulses, fails_fast);
            (target, async move { job.check(&world).await })
        });
        let mut lanes = Vec::new();
        let mut left_out = Vec::new();
        for (target, checked) in side_by_side(checks, &world.stop).await {
            match checked {
                Ok(checked) => lanes.push((target, checked)),
                Err(failure) => left_out.push((target, failure)),
            }
        }
        world.go_on()?;
        refuse_failed(&mut left_out, skips_failed, !lanes.is_empty())?;
        let checked = CheckedFleet {
            world: world.clone(),
            skips_failed,
            sorted,
            lanes,
            left_out,
            idle,
            allows_invalid,
        };
        checked.refuse_twice()?;
        Ok(checked)
    }
}

/// Has each retry know the runs of the others: a row of one of them may have been sent to another target.
fn know_each_other(members: &mut [Member]) {
    let run_of = |member: &Member| member.job.before().map(|before| before.run.clone());
    let runs: Vec<String> = members.iter().filter_map(run_of).collect();
    for member in members {
        if let What::Retry { before, .. } = &mut member.job.what {
            before.others = runs.iter().filter(|run| **run != before.run).cloned().collect();
        }
    }
}

impl Job {
    /// Whether something of it stands in a ledger already.
    pub(super) fn has_ledger(&self) -> bool {
        ledger::is_there(&self.ledger)
    }
}

/// Reads the whole roster once, for whose its rows are; tells of those that are nobody's.
fn sorted(members: &[Member], world: &World) -> Result<Sorted, Failure> {
    let Some(Member { job, .. }) = members.first() else { return Err(Failure::usage("there is no target")) };
    sorted_by(job, world)
}

/// The same by the job of any of the targets.
pub(super) fn sorted_by(job: &Job, world: &World) -> Result<Sorted, Failure> {
    let targets = job.reading.targets.clone().map(|targets| OfTargets { only: None, ..targets });
    let whole = Job { reading: Options { targets, ..job.reading.clone() }, ..job.clone() };
    let sorted = Sorted::of(whole.open(whole.roster())?, &|| world.go_on())?;
    for finding in &sorted.findings {
        world.tell(Event::Finding(finding.clone()));
    }
    Ok(sorted)
}

impl Job {
    /// The place of its target among all.
    pub(super) fn place(&self) -> Option<usize> {
        self.reading.targets.as_ref()?.only
    }
}

impl CheckedFleet {
    /// What is wrong with the roster, of all targets and of rows that are nobody's.
    pub(crate) fn found(&self) -> validate::Checked {
        let parts: Vec<&validate::Checked> = self.lanes.iter().map(|(_, checked)| checked.found()).collect();
        validate::Checked::together(&parts, &self.sorted.findings, self.sorted.unmet)
    }

    /// What is wrong with rows that are nobody's.
    pub fn findings(&self) -> &[Finding] {
        &self.sorted.findings
    }

    /// The whole roster.
    pub(crate) fn roster(&self) -> &Roster {
        &self.sorted.roster
    }

    /// Why nothing may be sent anywhere, where that is so.
    pub fn blocks(&self) -> Option<Blocked> {
        let blocked = self.lanes.iter().filter_map(|(_, checked)| checked.blocks());
        let unmet = if self.allows_invalid { 0 } else { self.sorted.unmet };
        let blocked: Vec<Blocked> = blocked.collect();
        if blocked.is_empty() && unmet == 0 {
            return None;
        }
        let of_file = blocked.iter().any(|blocked| blocked.of_file);
        Some(Blocked { rows: unmet + blocked.iter().map(|blocked| blocked.rows).sum::<u64>(), of_file })
    }

    /// What it would do. No ledger is locked or made.
    ///
    /// # Errors
    /// Where something keeps a target from being planned, and such are not left out.
    pub async fn forecast(&self) -> Result<FleetDryRun, Failure> {
        let (mut outlooks, mut exit, mut cannot, mut paces) =
            (Vec::new(), Exit::Done, Vec::new(), Vec::new());
        for (target, checked) in &self.lanes {
            match checked.forecast().await {
                Ok(dry_run) => {
                    match dry_run.exit() {
                        Ok(of) => exit = exit.worst(of),
                        Err(failure) => cannot.push((target.clone(), failure)),
                    }
                    let DryRun { outlook, .. } = dry_run;
                    outlooks.push((target.clone(), outlook));
                    paces.push(Arc::clone(checked.reached.lane.paces()));
                }
                Err(failure) => cannot.push((target.clone(), failure)),
            }
        }
        if self.sorted.unmet > 0 {
            exit = exit.worst(Exit::Findings);
        }
        let outlook = FleetOutlook::of(&self.sorted, outlooks, &paces, &self.left_out, self.idle.clone());
        Ok(FleetDryRun { outlook, exit, cannot })
    }

    /// Locks every ledger and decides what is done with each row.
    ///
    /// # Errors
    /// Exit 3 where something blocks; else where a target cannot be planned, and such are not left out.
    pub async fn plan(mut self) -> Result<PlannedFleet, Failure> {
        if let Some(Blocked { rows, .. }) = self.blocks() {
            let what = format!("nothing was sent: {} with errors", count(rows, "row"));
            return Err(Failure::new(Exit::Findings, what));
        }
        let mut lanes = Vec::new();
        for (target, checked) in std::mem::take(&mut self.lanes) {
            let planned = match checked.plan().await {
                Ok(planned) => planned.fits().map(|()| planned),
                Err(failure) => Err(failure),
            };
            match planned {
                Ok(planned) => lanes.push((target, planned)),
                Err(failure) => self.left_out.push((target, failure)),
            }
        }
        self.world.go_on()?;
        refuse_failed(&mut self.left_out, self.skips_failed, !lanes.is_empty())?;
        let moved = moved(&mut lanes);
        share_paces(&mut lanes, &self.world);
        let outlooks =
            lanes.iter().map(|(target, planned)| (target.clone(), planned.outlook.clone())).collect();
        let paces: Vec<_> =
            lanes.iter().map(|(_, planned)| Arc::clone(planned.checked.reached.lane.paces())).collect();
        let Self { world, sorted, left_out, idle, .. } = self;
        let outlook = FleetOutlook { moved, ..FleetOutlook::of(&sorted, outlooks, &paces, &left_out, idle) };
        Ok(PlannedFleet { world, sorted, lanes, left_out, outlook })
    }

    /// Fails where two targets are one instance: of one username there would be two rows.
    fn refuse_twice(&self) -> Result<(), Failure> {
        let real = self.lanes.iter().filter(|(_, checked)| !checked.job.target.is_rehearsal());
        are_different(real.map(|(target, checked)| (target.as_str(), checked.arn())))
    }
}

/// Fails where another process has one of these ledgers. Whether somebody is alive who has one takes a while to tell, and so
/// all of them are watched at once.
pub(super) fn refuse_all_in_use<'j>(
    jobs: impl Iterator<Item = (&'j str, &'j Job)>,
    world: &World,
) -> Result<(), Failure> {
    let pulses = Arc::new(Pulses::default());
    world.events.watch(Arc::clone(&pulses) as Arc<dyn Pulse>);
    let looked: Vec<(&str, Result<(), Failure>)> = std::thread::scope(|scope| {
        let looks: Vec<_> = jobs
            .map(|(target, job)| {
                let world = world.at(target, &pulses, false);
                (target, scope.spawn(move || job.refuse_in_use(&world)))
            })
            .collect();
        let broken = || Err(Failure::new(Exit::Bug, "the look at a ledger ended in a panic"));
        looks.into_iter().map(|(target, look)| (target, look.join().unwrap_or_else(|_| broken()))).collect()
    });
    world.go_on()?;
    looked.into_iter().try_for_each(|(target, look)| look.map_err(|failure| of_target(target, failure)))
}

/// A failure with the name of the target that it is of.
pub(super) fn of_target(target: &str, failure: Failure) -> Failure {
    Failure { what: format!("target `{target}`: {}", failure.what), ..failure }
}

/// Fails where two targets are one instance, by its ARN.
pub(super) fn are_different<'t>(targets: impl Iterator<Item = (&'t str, &'t str)>) -> Result<(), Failure> {
    let mut seen: HashMap<&str, &str> = HashMap::new();
    for (target, arn) in targets {
        if let Some(other) = seen.insert(arn, target) {
            return Err(Failure::usage(format!(
                "the targets `{other}` and `{target}` are the same instance: `{arn}`"
            ))
            .hint(
                "nothing was sent; what a roster writes in place of a target's name stands in its `also`",
            ));
        }
    }
    Ok(())
}

/// Fails where a target could not be reached or planned, and such are not left out, or no other is left.
pub(super) fn refuse_failed(
    left_out: &mut Vec<(String, Failure)>,
    are_skipped: bool,
    is_any_left: bool,
) -> Result<(), Failure> {
    if left_out.is_empty() || (are_skipped && is_any_left) {
        return Ok(());
    }
    Err(failed(std::mem::take(left_out), are_skipped))
}

/// Why nothing is sent anywhere: targets that could not be reached or planned.
fn failed(mut left_out: Vec<(String, Failure)>, are_skipped: bool) -> Failure {
    const HINT: &str = "nothing was sent anywhere; ⟦failed-targets-skipped⟧ goes on without such a target";
    if left_out.len() == 1
        && let Some((target, failure)) = left_out.pop()
    {
        let hint = match (&failure.hint, are_skipped) {
            (Some(hint), true) => hint.clone(),
            (Some(hint), false) => format!("{hint}\n{HINT}"),
            (None, true) => {
                return Failure { what: format!("target `{target}`: {}", failure.what), ..failure };
            }
            (None, false) => HINT.to_owned(),
        };
        return Failure { what: format!("target `{target}`: {}", failure.what), ..failure }.hint(hint);
    }
    let plans_again = left_out.iter().any(|(_, failure)| failure.remedy == Some(Remedy::PlanAgain));
    let exit = left_out.iter().fold(Exit::Stopped, |exit, (_, failure)| exit.worst(failure.exit));
    let lines: Vec<String> = left_out
        .iter()
        .map(|(target, failure)| {
            let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            format!("`{target}`: {}{hint}", failure.what)
        })
        .collect();
    let what = format!("{} cannot be worked with", count(left_out.len() as u64, "target"));
    let failure = Failure::new(exit, what).because(lines.join("\n")).hint(if are_skipped {
        "nothing was sent anywhere"
    } else {
        HINT
    });
    if plans_again { failure.remedy(Remedy::PlanAgain) } else { failure }
}

/// Takes those out of the people gone from the roster whose rows are another target's now.
fn moved(lanes: &mut [(String, Planned)]) -> Vec<Moved> {
    let mut all = Vec::new();
    for at in 0..lanes.len() {
        let (from, planned) = &lanes[at];
        let state = &planned.ledger.state;
        let gone = planned.plan.gone(Decision::Orphan).map(|place| state.user(place).to_owned());
        let (mut gone_for_good, mut is_any) = (Vec::new(), false);
        for user in gone {
            let now = lanes
                .iter()
                .find(|(to, other)| to != from && other.checked.pass.wanted.find(&user).is_some());
            match now {
                Some((to, _)) => {
                    is_any = true;
                    all.push(Moved { user, from: from.clone(), to: to.clone() });
                }
                None => gone_for_good.push(user),
            }
        }
        if is_any {
            lanes[at].1.outlook.remarks.gone_but_moved(gone_for_good.iter().map(String::as_str));
        }
    }
    all
}

/// Targets in one account and region keep one pace: the slowest that any of them asks for.
fn share_paces(lanes: &mut [(String, Planned)], world: &World) {
    let paces: Vec<Arc<Paces>> =
        lanes.iter().map(|(_, planned)| Arc::clone(planned.checked.reached.lane.paces())).collect();
    for group in groups(&paces) {
        let slowest = group
            .iter()
            .map(|at| lanes[*at].1.outlook.pace)
            .reduce(|one, other| if other.rate < one.rate { other } else { one });
        let Some(slowest) = slowest else { continue };
        if group.iter().any(|at| lanes[*at].1.outlook.pace.rate > slowest.rate) {
            let names: Vec<String> = group.iter().map(|at| format!("`{}`", lanes[*at].0)).collect();
            world.warn(format!(
                "{} are in one account and region, whose calls are counted together: {} a second for all of them",
                names.join(" and "),
                slowest.rate
            ));
        }
        for at in group {
            lanes[at].1.outlook.pace = slowest;
        }
    }
}

/// The places of those that share one pace, in order.
fn groups(paces: &[Arc<Paces>]) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, of) in paces.iter().enumerate() {
        match groups.iter_mut().find(|group| Arc::ptr_eq(&paces[group[0]], of)) {
            Some(group) => group.push(at),
            None => groups.push(vec![at]),
        }
    }
    groups
}

impl FleetOutlook {
    fn of(
        sorted: &Sorted,
        lanes: Vec<(String, Outlook)>,
        paces: &[Arc<Paces>],
        left_out: &[(String, Failure)],
        idle: Vec<String>,
    ) -> Self {
        let groups = groups(paces);
        let time = groups.iter().map(|group| {
            let of: Vec<&Outlook> = group.iter().map(|at| &lanes[*at].1).collect();
            Outlook::time_together(&of)
        });
        let time = time.max().unwrap_or_default();
        let sharing = groups.iter().filter(|group| group.len() > 1);
        let sharing = sharing.map(|group| group.iter().map(|at| lanes[*at].0.clone()).collect()).collect();
        let read: u64 = sorted.rows.values().sum();
        let total: u64 = lanes.iter().map(|(_, outlook)| outlook.total).sum();
        Self {
            roster: sorted.roster.path().to_owned(),
            template: sorted.roster.recognised(),
            total: read + sorted.unmet,
            left_out: left_out
                .iter()
                .map(|(target, failure)| (target.clone(), failure.what.clone()))
                .collect(),
            idle,
            unmet: sorted.unmet,
            others: if left_out.is_empty() { read.saturating_sub(total) } else { 0 },
            sharing,
            moved: Vec::new(),
            time,
            lanes,
        }
    }

    /// People who were made on one target, and whose rows are another's now.
    pub fn moved(&self) -> &[Moved] {
        &self.moved
    }

    /// Users that will be there once all is done, and are not yet.
    pub fn new_users(&self) -> u64 {
        self.lanes.iter().map(|(_, outlook)| outlook.new_users()).sum()
    }

    /// Whether anything is done of which somebody may want to be asked before.
    pub fn is_worth_asking(&self) -> bool {
        self.lanes.iter().any(|(_, outlook)| outlook.is_worth_asking())
    }
}

impl FleetDryRun {
    /// How the program is to exit.
    ///
    /// # Errors
    /// Where a target would not start.
    pub fn exit(self) -> Result<Exit, Failure> {
        if self.cannot.is_empty() {
            let left_out = if self.outlook.left_out.is_empty() { Exit::Done } else { Exit::Stopped };
            return Ok(self.exit.worst(left_out));
        }
        Err(failed(self.cannot, false))
    }
}

impl PlannedFleet {
    /// What is going to be done.
    pub fn outlook(&self) -> &FleetOutlook {
        &self.outlook
    }

    /// Runs all side by side, until each has done all or has a reason to stop; leaves the failed rows of all in one file.
    ///
    /// # Errors
    /// Exit 5 where it was asked to stop before it began; exit 70 where the work of a target broke.
    pub async fn run(self) -> Result<EndedFleet, Failure> {
        let Self { world, sorted, lanes, left_out, outlook } = self;
        world.go_on()?;
        let since = Instant::now();
        let left_out: Vec<(String, String)> =
            left_out.into_iter().map(|(target, failure)| (target, failure.what)).collect();
        for (target, why) in &left_out {
            let exit = Exit::Stopped.code();
            let (target, reason) = (target.clone(), Some(why.clone()));
            world.tell(Event::Target { target, exit, reason, rows: None, calls: None });
        }
        let runs = lanes.into_iter().map(|(target, planned)| {
            let (events, name) = (Arc::clone(&world.events), target.clone());
            let run = async move {
                let ended = planned.run_beside().await;
                tell_end(&*events, name, &ended);
                ended
            };
            (target, run)
        });
        let ran = side_by_side(runs, &world.stop).await;
        let left = leave(&sorted, &ran);
        let mut all = Sum::nothing();
        if sorted.unmet > 0 {
            all.exit = Exit::SomeFailed;
            all.rows.total += sorted.unmet;
            all.rows.invalid += sorted.unmet;
        }
        if !left_out.is_empty() {
            all.exit = all.exit.worst(Exit::Stopped);
        }
        ran.iter().for_each(|(_, ran)| all.add(ran));
        let took = since.elapsed();
        world.tell(Event::Ended {
            exit: all.exit.code(),
            rows: all.rows,
            steps: Steps { proficiencies: all.steps },
            seen: all.seen,
            calls: all.calls,
            seconds: took.as_secs_f64(),
        });
        let lanes = ran.into_iter().map(|(target, ran)| (target, ran.map(|(ended, _)| ended))).collect();
        Ok(EndedFleet { exit: all.exit, lanes, left_out, unmet: sorted.unmet, left, outlook, took })
    }
}

/// How the run of one target came out, and what is left of it.
type Ran = Result<(Ended, Remains), Failure>;

/// What all targets come to together.
struct Sum {
    exit: Exit,
    rows: Counts,
    steps: StepCounts,
    seen: SeenCounts,
    calls: Calls,
}

impl Sum {
    fn nothing() -> Self {
        let (rows, steps, seen, calls) = Default::default();
        Self { exit: Exit::Done, rows, steps, seen, calls }
    }

    fn add(&mut self, ran: &Ran) {
        match ran {
            Ok((ended, remains)) => {
                self.exit = self.exit.worst(ended.exit);
                self.rows += ended.counts;
                self.steps += ended.steps;
                self.seen += ended.seen;
                self.calls += remains.state.as_ref().map_or(ended.calls, |state| state.calls);
                if let Err(failure) = &ended.closed {
                    self.exit = self.exit.worst(failure.exit);
                }
            }
            Err(failure) => self.exit = self.exit.worst(failure.exit),
        }
    }
}

/// Says how one of several ended.
fn tell_end(events: &dyn Sink, target: String, ran: &Ran) {
    events.tell(match ran {
        Ok((ended, remains)) => Event::Target {
            target,
            exit: ended.exit.code(),
            reason: ended.stop.as_ref().map(ToString::to_string),
            rows: Some(ended.counts),
            calls: Some(remains.state.as_ref().map_or(ended.calls, |state| state.calls)),
        },
        Err(failure) => Event::Target {
            target,
            exit: failure.exit.code(),
            reason: Some(failure.what.clone()),
            rows: None,
            calls: None,
        },
    });
}

/// Leaves the failed rows of all in one file.
fn leave(sorted: &Sorted, ran: &[(String, Ran)]) -> Result<Left, Failure> {
    leave_all(sorted, ran.iter().filter_map(|(_, ran)| Some(&ran.as_ref().ok()?.1)))
}

impl Leaves for Remains {
    fn rules(&self) -> Rules<'_> {
        self.checked.job.rules(&self.checked.reached.directory)
    }

    fn failed<'r>(&'r self, rules: &'r Rules<'r>) -> Option<FailedRows<'r>> {
        Self::failed(self, rules)
    }
}

/// Does several things side by side, and returns what each comes to, in order. One whose work breaks stops all.
pub(super) async fn side_by_side<T: Send + 'static>(
    work: impl Iterator<Item = (String, impl Future<Output = Result<T, Failure>> + Send + 'static)>,
    stop: &Switch,
) -> Vec<(String, Result<T, Failure>)> {
    let (mut set, mut names, mut done) = (JoinSet::new(), Vec::new(), Vec::new());
    for (at, (target, work)) in work.enumerate() {
        names.push(target);
        done.push(None);
        set.spawn(async move { (at, work.await) });
    }
    while let Some(joined) = set.join_next().await {
        match joined {
            Ok((at, came)) => {
                if matches!(&came, Err(failure) if failure.exit == Exit::Bug) {
                    stop.stop(Stop::Another { message: "a bug in headcount".to_owned() });
                }
                done[at] = Some(came);
            }
            // What is said of it was said by whoever broke.
            Err(_) => {
                stop.stop(Stop::Another { message: "a bug in headcount".to_owned() });
            }
        }
    }
    let broken = || Err(Failure::new(Exit::Bug, "the work of a target ended in a panic"));
    names.into_iter().zip(done.into_iter().map(|came| came.unwrap_or_else(broken))).collect()
}

impl World {
    /// The same for one of several targets: what it tells has its name, and it can be stopped alone.
    pub(super) fn at(&self, target: &str, pulses: &Arc<Pulses>, fails_fast: bool) -> Self {
        let name = target.to_owned();
        let stop = self.stop.below(move |stop| {
            let is_everybodys = matches!(stop, Stop::Roster { .. } | Stop::Untold { .. });
            let message = format!("`{name}`: {stop}");
            (fails_fast || is_everybodys).then_some(Stop::Another { message })
        });
        let (events, pulses) = (Arc::clone(&self.events), Arc::clone(pulses));
        let named = Named { target: target.to_owned(), events, pulses };
        Self { events: Arc::new(named), stop, ..self.clone() }
    }
}

/// Tells what happens at one of several targets.
struct Named {
    target: String,
    events: Arc<dyn Sink>,
    pulses: Arc<Pulses>,
}

impl Sink for Named {
    fn tell(&self, event: Event) {
        // How it ended is told by whoever runs all, and has more to say of it.
        if !matches!(event, Event::Ended { .. }) {
            let (event, target) = (Box::new(event), self.target.clone());
            self.events.tell(Event::Of(OfTarget { event, target }));
        }
    }

    fn watch(&self, pulse: Arc<dyn Pulse>) {
        self.pulses.0.lock().unwrap_or_else(PoisonError::into_inner).push(pulse);
    }
}

/// Who is asked what is waited for, of all targets.
#[derive(Default)]
pub(super) struct Pulses(Mutex<Vec<Arc<dyn Pulse>>>);

impl Pulse for Pulses {
    fn beat(&self) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        all.iter().for_each(|pulse| pulse.beat());
    }
}
