//! Imports of several targets: whoever goes from one to another is not gone, and those in one account keep one pace.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::abreast::{Abreast, Came, CameOut, EndedAbreast, InTargets, OfRoster};
use super::check::{Checked, DryRun};
use super::ended::{CameTo, Ended};
use super::held::leave_all;
use super::meant::{Job, What};
use super::outlook::Outlook;
use super::plan::Planned;
use super::side_by_side::failed;
use super::world::World;
use crate::error::Failure;
use crate::exit::Exit;
use crate::lane::paces::Paces;
use crate::plan::Decision;

/// The imports of several targets, planned: each holds its ledger.
pub struct PlannedFleet {
    planned: Abreast<Planned>,
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

impl OfRoster for Job {
    fn job(&self) -> &Job {
        self
    }
}

impl InTargets<Job> {
    /// Reaches all instances, and checks every row of the roster against its own. What is found is told.
    ///
    /// # Errors
    /// As [`Job::check`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn check(mut self, world: &World) -> Result<Abreast<Checked>, Failure> {
        self.know_each_other();
        self.hold(world, |job, world| async move { job.check(&world).await }).await
    }

    /// Has each retry know the runs of the others: a row of one of them may have been sent to another target.
    fn know_each_other(&mut self) {
        let run_of = |(_, job): &(String, Job)| job.before().map(|before| before.run.clone());
        let runs: Vec<String> =
            self.members.iter().filter_map(run_of).filter(|run| !run.is_empty()).collect();
        for (_, job) in &mut self.members {
            if let What::Retry { before, .. } = &mut job.what {
                before.others = runs.iter().filter(|run| **run != before.run).cloned().collect();
            }
        }
    }
}

impl Abreast<Checked> {
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
        if self.unmet() > 0 {
            exit = exit.worst(Exit::Findings);
        }
        let outlook = FleetOutlook::of(self, outlooks, &paces);
        Ok(FleetDryRun { outlook, exit, cannot })
    }

    /// Locks every ledger and decides what is done with each row.
    ///
    /// # Errors
    /// Exit 3 where something blocks; else where a target cannot be planned, and such are not left out.
    pub async fn plan(self) -> Result<PlannedFleet, Failure> {
        self.may_go()?;
        let plan = |checked: Checked| async move {
            let planned = checked.plan().await?;
            planned.fits()?;
            Ok(planned)
        };
        let mut planned = self.next(plan).await?;
        let moved = moved(&mut planned.lanes);
        share_paces(&mut planned.lanes, &planned.world);
        let (mut outlooks, mut paces) = (Vec::new(), Vec::new());
        for (target, one) in &planned.lanes {
            outlooks.push((target.clone(), one.outlook.clone()));
            paces.push(Arc::clone(one.checked.reached.lane.paces()));
        }
        let outlook = FleetOutlook { moved, ..FleetOutlook::of(&planned, outlooks, &paces) };
        Ok(PlannedFleet { planned, outlook })
    }
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
    fn of<J: Send + 'static>(
        abreast: &Abreast<J>,
        lanes: Vec<(String, Outlook)>,
        paces: &[Arc<Paces>],
    ) -> Self {
        let groups = groups(paces);
        let time = groups.iter().map(|group| {
            let of: Vec<&Outlook> = group.iter().map(|at| &lanes[*at].1).collect();
            Outlook::time_together(&of)
        });
        let time = time.max().unwrap_or_default();
        let sharing = groups.iter().filter(|group| group.len() > 1);
        let sharing = sharing.map(|group| group.iter().map(|at| lanes[*at].0.clone()).collect()).collect();
        let sorted = abreast.sorted.as_ref();
        let read: u64 = sorted.map_or(0, |sorted| sorted.rows.values().sum());
        let why = |(target, failure): (&str, &Failure)| (target.to_owned(), failure.what.clone());
        let left_out: Vec<(String, String)> = abreast.left_out().map(why).collect();
        Self {
            roster: sorted.map_or_else(PathBuf::new, |sorted| sorted.roster.path().to_owned()),
            template: sorted.and_then(|sorted| sorted.roster.recognised()),
            total: read + abreast.unmet(),
            idle: abreast.idle().to_vec(),
            unmet: abreast.unmet(),
            others: abreast.others(),
            left_out,
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
    /// Exit 5 where it was asked to stop before it began. What became of each target is in what is returned, also where its
    /// work broke.
    pub async fn run(self) -> Result<EndedAbreast<Ended>, Failure> {
        self.planned.last(Planned::run_beside, leave_all).await
    }
}

impl Came for Ended {
    fn came_out(&self) -> CameOut<'_> {
        let Self { exit, counts: rows, steps, seen, spent: calls, ref stop, ref closed, .. } = *self;
        CameOut { came_to: CameTo { exit, rows, steps, seen, calls }, stop, closed }
    }

    fn into_closed(self) -> Result<(), Failure> {
        self.closed
    }
}
