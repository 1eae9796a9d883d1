//! The rate of an account, shared with the machines that call it too: known where they share ledgers of one table.

use std::sync::Arc;
use std::time::Duration;

use super::parts::Part;
use super::standby::own;
use super::target::Reached;
use super::world::World;
use crate::connect::Operation;
use crate::event::Event;
use crate::ledger::LedgerAt;
use crate::ledger::shared::{LaneName, Share};

/// Takes a part of the rate of each of these operations, where the ledger is one that machines share: the paces are slowed to
/// it while others call the same account and region. Waits where others are there and have to see this one first.
pub(super) async fn taken(
    ledger: &LedgerAt,
    operations: &[Operation],
    reached: &Reached,
    world: &World,
) -> Vec<Arc<Part>> {
    let Some(shared) = ledger.in_table() else { return Vec::new() };
    let arn = &reached.directory.instance.arn;
    let account = arn.split(':').nth(4).unwrap_or_default().to_owned();
    let mut held = Vec::new();
    let mut longest = Duration::ZERO;
    for operation in operations {
        let lane = LaneName {
            account: account.clone(),
            region: reached.region.clone(),
            operation: operation.name().to_owned(),
        };
        let (paces, operation) = (Arc::clone(reached.lane.paces()), *operation);
        let join = || {
            let told = Box::new(move |members| paces.of(operation).share(members));
            Share::join(shared, lane.clone(), own(world), &shared.dead(), told)
        };
        let (part, waits) = world.lanes.parts().of((shared.url().of_table(), lane.clone()), join);
        longest = longest.max(waits);
        held.push(part);
    }
    if !longest.is_zero() {
        let others = held.iter().map(|part| part.members()).max().unwrap_or(1).saturating_sub(1);
        let who = if others == 1 {
            "another process calls".to_owned()
        } else {
            format!("{others} other processes call")
        };
        let what =
            format!("{who} the same account, or did lately: the rate is shared, once they know of this one");
        world.tell(Event::waiting(what, longest));
        let _ = world.stop.unless_stopped(crate::clock::sleep(longest)).await;
    }
    held
}
