//! Whoever is on a list of leavers is deleted: signed out everywhere, then deleted, then the quick connects that lead to them.
//!
//! [`Remove`] → [`Leavers`] → [`PlannedRemove`] → [`EndedRemove`], as a [`Job`] goes. The first reads and decides; nothing is
//! written or sent before the second has locked the ledger. That somebody is not on a list never deletes anybody.

mod abreast;
mod candidate;
mod look;
mod run;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub use run::{EndedRemove, PlannedRemove};

use candidate::{Announced, Candidate};

use super::held::{Blocked, HeldRoster, HoldsRoster};
use super::meant::Job;
use super::target::Reached;
use super::world::World;
use crate::apply::Surroundings;
use crate::connect::Operation;
use crate::error::Failure;
use crate::export::{self, Suspended};
use crate::finding::Finding;
use crate::lane::pace::default_burst;
use crate::ledger;
use crate::plan::{Fate, Leaver, LeaverCounts, Lifts, Protected, Wanted, usual_most};
use crate::roster::Roster;
use crate::text::count;
use crate::validate::{self, About, Rules};

/// Whose its ledger is.
const OF: Option<ledger::Job> = Some(ledger::Job::Remove);

/// Who is to leave.
#[derive(Clone, Debug)]
pub struct Remove {
    /// The list, the instance, the pace and the ledger of the deletions. What it says of passwords and of how users are made
    /// counts for nothing here.
    pub job: Job,
    /// What does not count against somebody.
    pub lifts: Lifts,
    /// How many may be deleted; none takes a tenth of the instance's users, at least 10, at most 50.
    pub most: Option<u64>,
    /// Those who are to stay.
    pub protected: Protected,
    /// Whom it is about; `None` for everybody on the list.
    pub picked: Option<HashSet<String>>,
}

/// A list of leavers, held against who is there. Nothing was sent, and no ledger was touched.
pub struct Leavers {
    remove: Remove,
    world: World,
    roster: Roster,
    reached: Reached,
    wanted: Box<Wanted>,
    found: validate::Checked,
    /// How many users the instance has.
    users: u64,
    /// The ids of the security profiles of administrators.
    admins: Arc<BTreeSet<String>>,
    candidates: Vec<Candidate>,
    /// Whose deletion was announced, and who is on the list no more.
    announced: Vec<Announced>,
    people: Vec<Leaver>,
    around: Arc<Surroundings>,
    /// How many were deleted by an earlier session of this ledger.
    before: u64,
    /// How many people of the list are known by their name alone.
    by_name_alone: u64,
}

impl HoldsRoster for Leavers {
    fn held(&self) -> HeldRoster<'_> {
        let Self { remove: Remove { job, .. }, world, roster, reached, wanted, found, .. } = self;
        HeldRoster { job, of: OF, world, reached, roster, wanted, rules: self.rules(), found }
    }
}

impl Leavers {
    /// What is wrong with the list, and odd in it, in the order of the file.
    pub fn findings(&self) -> &[Finding] {
        &self.found.findings
    }

    /// The whole result of the check.
    pub(crate) fn found(&self) -> &validate::Checked {
        &self.found
    }

    /// The list, as it was opened.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// Why nobody may be deleted, where that is so.
    pub fn blocks(&self) -> Option<Blocked> {
        self.held().blocks()
    }

    /// Everybody on the list whose row can be read, in its order, but for those who were deleted by an earlier session.
    pub fn people(&self) -> &[Leaver] {
        &self.people
    }

    /// How many of them there are of each kind.
    pub fn counts(&self) -> LeaverCounts {
        LeaverCounts::of(&self.people)
    }

    /// How many were deleted by earlier sessions of this ledger.
    pub fn deleted_before(&self) -> u64 {
        self.before
    }

    /// How many of those who are to be deleted are known by their name alone: a slip in one may be somebody else's name.
    pub fn by_name_alone(&self) -> u64 {
        self.by_name_alone
    }

    /// How many users the instance has.
    pub fn users(&self) -> u64 {
        self.users
    }

    /// The instance.
    pub(crate) fn instance(&self) -> &crate::directory::Instance {
        &self.reached.directory.instance
    }

    /// The instance's ARN.
    pub(crate) fn arn(&self) -> String {
        self.reached.directory.instance.arn.clone()
    }

    /// How long it takes at least: a deletion each, and what goes before and after it, at the pace of the slowest.
    pub fn time(&self) -> Duration {
        let going = || self.people.iter().filter(|leaver| leaver.fate == Fate::Delete);
        let users = going().count() as u64;
        let connects = going().map(|leaver| leaver.quick_connects.len() as u64).sum::<u64>();
        let calls = [
            (Operation::DeleteUser, users),
            (Operation::DeleteAllEntitySessions, users),
            (Operation::DeleteQuickConnect, connects),
            (Operation::DescribeUser, users),
        ];
        let seconds = calls.map(|(operation, calls)| {
            let rate = self.reached.lane.pace(operation).rate();
            calls.saturating_sub(u64::from(default_burst(rate))) as f64 / rate
        });
        Duration::try_from_secs_f64(seconds.into_iter().fold(0.0, f64::max)).unwrap_or_default()
    }

    /// Fails where more are to be deleted than may be: a list that is a whole roster deletes nobody.
    ///
    /// # Errors
    /// Exit 4; the number and what allows it are said.
    pub fn are_few(&self) -> Result<(), Failure> {
        match self.too_many() {
            None => Ok(()),
            Some((going, what)) => Err(nobody_of_too_many(&what, going)),
        }
    }

    /// How many are to be deleted, and in words why that is too many; `None` where it is not.
    fn too_many(&self) -> Option<(u64, String)> {
        let going = self.counts().delete;
        let target = &self.remove.job.target;
        if self.remove.most.is_none() && target.is_rehearsal() && target.directory.is_none() {
            // Nobody but those on the list is on an instance that was made up of them.
            return None;
        }
        let most = self.remove.most.unwrap_or_else(|| usual_most(self.users));
        if going <= most {
            return None;
        }
        let users = count(self.users, "user");
        let what = match self.remove.most {
            Some(most) => format!("{going} would be deleted, and {most} is the most that was said"),
            None => {
                format!("{going} of {users} would be deleted, and {most} is the most without more being said")
            }
        };
        Some((going, what))
    }

    /// Writes a roster for an update that suspends whoever would be deleted. Returns where it is.
    ///
    /// # Errors
    /// Exit 4 where something else has its name, or it cannot be written.
    pub fn write_suspended(&self, with: &Suspended) -> Result<PathBuf, Failure> {
        let job = &self.remove.job;
        let path = export::path_of_suspended(&job.stem(job.roster()), job.target.is_rehearsal());
        let going = self.people.iter().filter(|leaver| leaver.fate == Fate::Delete);
        with.write(&path, going.map(|leaver| leaver.user.as_str()))
    }

    /// Ends a plan that is not to be run.
    pub async fn close(mut self) {
        self.reached.stop_serving().await;
    }

    /// By what the list was checked.
    pub(crate) fn rules(&self) -> Rules<'_> {
        self.remove.rules(&self.reached)
    }

    /// Those who are to be deleted, each with what is known of them.
    fn departing(&self) -> impl Iterator<Item = (&Leaver, &Candidate)> {
        let people = self.people.iter().zip(&self.candidates);
        people.filter(|(leaver, candidate)| {
            leaver.fate == Fate::Delete || (leaver.fate == Fate::Gone && candidate.was_begun)
        })
    }
}

/// Why nobody is deleted, and the number that lets so many be: of several targets the highest.
fn nobody_of_too_many(what: &str, going: u64) -> Failure {
    Failure::stopped(format!("nobody was deleted: {what}"))
        .hint(format!("if all of them leave, ⟦most-deleted {going}⟧ says so"))
}

impl Remove {
    /// By what the list is checked.
    fn rules<'d>(&self, reached: &'d Reached) -> Rules<'d> {
        self.job.rules(&reached.directory).about(About::Leaving)
    }

    fn picks(&self, user: &str) -> bool {
        self.picked.as_ref().is_none_or(|picked| picked.contains(user))
    }
}

/// What judges somebody right before the deletion goes by.
type Judged = HashMap<String, (crate::user::Listed, crate::plan::AsPlanned)>;
