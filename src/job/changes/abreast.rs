//! Comparisons and updates of several targets.

use super::{Changes, Compared, EndedChanges, PlannedChanges};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::World;
use crate::job::abreast::{Abreast, Came, CameOut, EndedAbreast, InTargets, OfRoster};
use crate::job::ended::CameTo;
use crate::job::held::leave_all;
use crate::job::meant::Job;

impl OfRoster for Changes {
    fn job(&self) -> &Job {
        &self.job
    }
}

impl InTargets<Changes> {
    /// Holds every row of the roster against its own target, side by side. What is found is told.
    ///
    /// # Errors
    /// As [`Changes::compare`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn compare(self, world: &World) -> Result<Abreast<Compared>, Failure> {
        self.hold(world, |changes, world| async move { changes.compare(&world).await }).await
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
        let left_out = if self.left_out().next().is_none() { Exit::Done } else { Exit::Stopped };
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
        self.last(PlannedChanges::run_beside, leave_all).await
    }
}

impl Came for EndedChanges {
    fn came_out(&self) -> CameOut<'_> {
        let came_to = CameTo::of_rows(self.exit, self.counts, self.spent);
        CameOut { came_to, stop: &self.stop, closed: &self.closed }
    }

    fn into_closed(self) -> Result<(), Failure> {
        self.closed
    }
}
