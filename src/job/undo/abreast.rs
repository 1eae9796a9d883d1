//! Undos of the runs of several targets.

use super::{EndedUndo, PlannedUndo, UndoJob};
use crate::error::Failure;
use crate::exit::Exit;
use crate::failed::Left;
use crate::job::World;
use crate::job::abreast::{Abreast, Came, CameOut, EndedAbreast, InTargets};
use crate::job::ended::CameTo;

impl InTargets<UndoJob> {
    /// Reads everybody whom the ledgers say they made, side by side, and decides what becomes of each.
    ///
    /// # Errors
    /// As [`UndoJob::plan`], of a target that is not left out.
    pub async fn plan(mut self, world: &World) -> Result<Abreast<PlannedUndo>, Failure> {
        world.go_on()?;
        self.let_go(world, UndoJob::refuse_in_use)?;
        for (_, undo) in &mut self.members {
            undo.looks_only = true; // it was found free just now, and each by itself would be watched once more
        }
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

    /// How a dry run is to exit.
    pub fn exit_of_dry_run(&self) -> Exit {
        self.exit_of_left_out()
    }

    /// Ends a plan that is not to be run.
    pub async fn close(self) {
        for (_, planned) in self.lanes {
            planned.close().await;
        }
    }
}

impl Came for EndedUndo {
    fn came_out(&self) -> CameOut<'_> {
        let came_to = CameTo::of_rows(self.exit, self.counts, self.calls);
        CameOut { came_to, stop: &self.stop, closed: &self.closed }
    }

    fn into_closed(self) -> Result<(), Failure> {
        self.closed
    }
}
