//! Lists of leavers of several targets.

use super::{EndedRemove, Leavers, PlannedRemove, Remove, nobody_of_too_many};
use crate::error::Failure;
use crate::job::World;
use crate::job::abreast::{Abreast, Came, CameOut, EndedAbreast, InTargets, OfRoster};
use crate::job::ended::CameTo;
use crate::job::held::leave_all;
use crate::job::meant::Job;

impl OfRoster for Remove {
    fn job(&self) -> &Job {
        &self.job
    }
}

impl InTargets<Remove> {
    /// Reads everybody on the list on their own target, side by side, and decides what becomes of each. What is found is told.
    ///
    /// # Errors
    /// As [`Remove::look`], of a target that is not left out; exit 2 where two targets are one instance.
    pub async fn look(self, world: &World) -> Result<Abreast<Leavers>, Failure> {
        self.hold(world, |remove, world| async move { remove.look(&world).await }).await
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
        let too_many = self.lanes.iter().filter_map(|(target, leavers)| {
            let (going, what) = leavers.too_many()?;
            Some((going, format!("of the target `{target}` {what}")))
        });
        let (going, whats): (Vec<u64>, Vec<String>) = too_many.unzip();
        match going.into_iter().max() {
            None => Ok(()),
            // The limit is each target's own.
            Some(most) => Err(nobody_of_too_many(&whats.join("; "), most)),
        }
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
        self.last(PlannedRemove::run_beside, leave_all).await
    }
}

impl Came for EndedRemove {
    fn came_out(&self) -> CameOut<'_> {
        let came_to = CameTo::of_rows(self.exit, self.counts, self.calls);
        CameOut { came_to, stop: &self.stop, closed: &self.closed }
    }

    fn into_closed(self) -> Result<(), Failure> {
        self.closed
    }
}
