//! A run is undone: whom its ledger says it made, and who still is as it left them, is deleted.
//!
//! [`UndoJob`] → [`PlannedUndo`] → [`EndedUndo`], as a [`Job`](super::Job) goes. The first reads and decides; nothing is
//! written or sent before the second has locked the ledger.

mod abreast;
mod candidate;
mod look;
mod run;

use std::time::{Duration, SystemTime};

pub use run::EndedUndo;

pub(super) use candidate::Candidate;

use super::meant::Patience;
use super::pace::PaceAsked;
use super::target::{Reached, Target};
use super::world::World;
use crate::apply::Surroundings;
use crate::ledger::{LedgerAt, State};
use crate::plan::{Fate, Leaver, LeaverCounts, Lifts, Of, Protected};

/// What is to be undone.
#[derive(Clone, Debug)]
pub struct UndoJob {
    /// The ledger of the run: an import's.
    pub ledger: LedgerAt,
    /// Where its instance is: the ledger says which it is.
    pub target: Target,
    /// The ledgers that say what was asked of its users since; none takes the updates' beside it.
    pub bases: Vec<LedgerAt>,
    /// What does not count against somebody.
    pub lifts: Lifts,
    /// Those who are to stay.
    pub protected: Protected,
    /// How fast.
    pub pace: PaceAsked,
    /// How long trouble is borne.
    pub patience: Patience,
    /// Another process may have the ledger: nothing is going to be done, or it was found free just now.
    pub looks_only: bool,
}

/// An undo that is planned. Nothing was sent, and the ledger was read alone.
pub struct PlannedUndo {
    job: UndoJob,
    world: World,
    reached: Reached,
    /// The ledger as it was read.
    state: State,
    /// Its file: where the run was undone already, the one that says so by its name.
    ledger: LedgerAt,
    candidates: Vec<Candidate>,
    people: Vec<Leaver>,
    around: Surroundings,
    /// Users who are there again although they were deleted, under a tag of this run.
    back: Vec<String>,
}

impl PlannedUndo {
    /// Everybody whom the ledger says it made or may have made, in its order, but for those who were deleted already.
    pub fn people(&self) -> &[Leaver] {
        &self.people
    }

    /// How many of them there are of each kind.
    pub fn counts(&self) -> LeaverCounts {
        LeaverCounts::of(&self.people)
    }

    /// The run's id.
    pub fn run_id(&self) -> &str {
        &self.state.header.run
    }

    /// What the ledger says.
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// Its file: where the run was undone already, the one that says so by its name.
    pub fn ledger(&self) -> &std::path::Path {
        &self.ledger
    }

    /// The instance.
    pub(crate) fn instance(&self) -> &crate::directory::Instance {
        &self.reached.directory.instance
    }

    /// Whether it is a rehearsal's.
    pub fn is_rehearsal(&self) -> bool {
        self.job.target.is_rehearsal()
    }

    /// Users who are there again although the ledger says that they were deleted, under a tag of this run.
    pub fn back(&self) -> &[String] {
        &self.back
    }

    /// How long it takes at least: a deletion each, at the pace of that.
    pub fn time(&self) -> Duration {
        use crate::connect::Operation;
        use crate::lane::pace::default_burst;
        let rate = self.reached.lane.pace(Operation::DeleteUser).rate();
        let calls = self.counts().delete.saturating_sub(u64::from(default_burst(rate)));
        let deleting = Duration::try_from_secs_f64(calls as f64 / rate).unwrap_or_default();
        deleting.max(self.waits().unwrap_or_default())
    }

    /// How long it takes until no request of the run can arrive any more that nobody has answered; `None` where there is
    /// none of those who are to be deleted.
    pub fn waits(&self) -> Option<Duration> {
        let now = self.now();
        self.departing().filter_map(|(_, candidate)| candidate.not_before?.duration_since(now).ok()).max()
    }

    fn of(&self) -> Of<'_> {
        Of { run: self.run_id(), identity: self.instance().identity }
    }

    /// The time, by the earlier of this machine's clock and the service's.
    fn now(&self) -> SystemTime {
        self.reached.lane.client().earliest(self.world.clock.now())
    }

    /// Those who are to be deleted.
    fn departing(&self) -> impl Iterator<Item = (&Leaver, &Candidate)> {
        let people = self.people.iter().zip(&self.candidates);
        people.filter(|(leaver, _)| leaver.fate == Fate::Delete)
    }

    /// Ends a plan that is not to be run.
    pub async fn close(mut self) {
        self.reached.stop_serving().await;
    }
}
