//! Stage 4: tasks become outcomes.
//!
//! One task for each row: place → permit → intent, synced → slot → send → answer → outcome. A row that has to wait gives
//! its place up; every attempt of every kind passes the pace of its operation. What an answer leads to is decided in
//! [`table`], whose user a name is in [`settle`]: both are pure, and the functions here do what they say.

#![warn(clippy::wildcard_enum_match_arm)]

mod around;
mod associate;
mod attempt;
mod delete;
mod first;
mod flight;
mod gauge;
mod index;
mod look;
mod means;
mod sent;
pub(crate) mod settle;
pub(crate) mod table;
mod task;
mod there;
mod update;
#[cfg(test)]
mod update_tests;

use std::sync::Arc;

use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::JoinSet;

use associate::Errand;
use attempt::Request;
use flight::Flight;
use means::joined;
use task::End;

pub(crate) use around::{AtWork, Connects, Surroundings};
pub use delete::Parted;
pub(crate) use delete::{Departure, Judge, Orphaned, Ways, run as delete};
pub(crate) use look::SEEN_BY_THEN;
pub use means::{Means, Settings};
pub use task::{Doubt, Gift, Listed, Origin, Task, Work};
pub(crate) use there::read as read_there;
pub(crate) use update::{Mover, operation_of, run as update};

use crate::agent::RowNumber;
use crate::error::Failure;
use crate::lane::slots::SlotPlace;
use crate::ledger::{JournalFault, Place};
use crate::stop::Stop;

/// The most rows that are open at once, those that wait included.
const OPEN: usize = 1024;

/// What the rows of a run share besides their means.
struct Rows {
    means: Arc<Means>,
    flight: Flight,
    errands: UnboundedSender<Errand>,
}

/// Works through the tasks until all are settled or there is a reason to stop; requests under way are awaited.
///
/// A task that cannot be had (the roster changed) stops the run.
///
/// # Errors
/// A row's work that ended in a panic (exit 70); everything else is recorded, and told by the switch.
pub async fn run(means: Means, tasks: impl Iterator<Item = Result<Task, Failure>>) -> Result<(), Failure> {
    let means = Arc::new(means);
    let (errands, queue) = mpsc::unbounded_channel();
    // Beside the creates: their quota is another, and a user that cannot be seen yet would hold a create up for minutes.
    let follow_ups = tokio::spawn(associate::run(Arc::clone(&means), queue));
    let rows = Arc::new(Rows { means, flight: Flight::default(), errands });
    let mut open = JoinSet::new();
    for task in tasks {
        match task {
            Ok(Task { at, row, work: Work::Associate(gift), .. }) => send_errand(at, row, gift, &rows),
            Ok(task) => {
                let Some(place) = place_for(&task, &rows, &mut open).await? else { break };
                open.spawn(run_row(task, place, Arc::clone(&rows)));
            }
            // What was planned is not what would be sent: the rows before it are done, and the next run plans anew.
            Err(failure) => {
                rows.means.stop(Stop::Roster { message: failure.what });
                break;
            }
        }
    }
    // Whatever the reason to stop: a request that has left is awaited, for its answer is worth more than a look-up later.
    while let Some(ended) = open.join_next().await {
        joined(ended)?;
    }
    let means = Arc::clone(&rows.means);
    drop(rows); // the last that can send an errand
    let followed = joined(follow_ups.await);
    means.say_copies();
    followed?
}

/// Waits until the task may start: a place, not too many rows open, no case variant in flight. `None` where the run
/// stops first.
async fn place_for(task: &Task, rows: &Rows, open: &mut JoinSet<()>) -> Result<Option<SlotPlace>, Failure> {
    while let Some(ended) = open.try_join_next() {
        joined(ended)?;
    }
    // Rows that wait have given their places up, so that places alone do not bound how many there are.
    while open.len() >= OPEN {
        match open.join_next().await {
            Some(ended) => joined(ended)?,
            None => break,
        }
    }
    // The name first: a row that waits for its case variant to land must not keep a place from others meanwhile.
    let place = rows.means.stop.unless_stopped(async {
        rows.flight.take_off(task.user.to_lowercase()).await;
        rows.means.slots.place().await
    });
    Ok(place.await.flatten())
}

/// One row, from its first permit to its last record.
async fn run_row(task: Task, place: SlotPlace, rows: Arc<Rows>) {
    let end = work_on(&task, place, &rows.means).await;
    rows.flight.land(&task.user.to_lowercase());
    match (end, task.then) {
        (Ok(End::Settled), Some(gift)) => send_errand(task.at, task.row, gift, &rows),
        (Ok(_), _) => {}
        (Err(JournalFault(message)), _) => rows.means.stop(Stop::Ledger { message }),
    }
}

async fn work_on(task: &Task, place: SlotPlace, means: &Means) -> Result<End, JournalFault> {
    let Work::Create { body, password } = &task.work else {
        drop(place); // a look takes no create's place
        return look::settle(task, None, means).await;
    };
    let request = Request { body, password: *password };
    let Some(listed) = &task.listed else {
        return attempt::carry_out(task, request, place, means).await;
    };
    // A row whose name was on the instance is looked at; it is sent only where that settles nothing.
    drop(place);
    if let Some(end) = look::settle_by_first_look(task, listed, means).await? {
        return Ok(end);
    }
    match means.stop.unless_stopped(means.slots.place()).await.flatten() {
        Some(place) => attempt::carry_out(task, request, place, means).await,
        None => Ok(End::Left),
    }
}

/// Has the row's user given what follows, where it is there and waits for it.
fn send_errand(at: Place, row: RowNumber, gift: Gift, rows: &Rows) {
    let errand = associate::errand(at, row, gift, &rows.means);
    let _ = errand.map(|errand| rows.errands.send(errand)); // nobody takes it where the run stops, and it stays pending
}
