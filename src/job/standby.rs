//! Before a ledger is written: nobody else may be at work with it.

use std::sync::Arc;
use std::time::Duration;

use super::world::{World, go_on};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::shared::{OnTrouble, Stood, Until};
use crate::ledger::{self, LedgerAt};

/// Fails where another process has the ledger, for whoever does not know yet what it is wanted for: somebody who is at work with
/// one that machines share, and is to be asked for it or waited for, is not disturbed before that (job/opened.rs).
///
/// # Errors
/// As [`free`] has them.
pub(super) fn known(at: &LedgerAt, outage: Duration, world: &World) -> Result<(), Failure> {
    stood(at, Until::Known, outage, world)
}

/// Fails where another process has the ledger. One that machines share is watched first, waited for, or asked for, as it was
/// meant; and it is looked whether its table keeps it safe. From here on the table may be away for as long as an outage is
/// borne, and that is told.
///
/// # Errors
/// Exit 4 where somebody has it, or it cannot be looked at; exit 5 where the job was asked to stop meanwhile.
pub(super) fn free(at: &LedgerAt, outage: Duration, world: &World) -> Result<(), Failure> {
    stood(at, Until::Free, outage, world)
}

fn stood(at: &LedgerAt, until: Until, outage: Duration, world: &World) -> Result<(), Failure> {
    let Some(shared) = at.in_table() else { return ledger::refuse_in_use(at.name()) };
    let events = Arc::clone(&world.events);
    let trouble: OnTrouble = Arc::new(move |reason| events.tell(Event::waiting(reason, Duration::ZERO)));
    shared.tells(trouble);
    if let Some(why) = shared.check()? {
        world.warn(format!(
            "whether the table has replicas that take writes by themselves could not be looked at ({why}): such a table does \
             not keep a ledger safe"
        ));
    }
    shared.bear(outage);
    let mut tell = |what| world.tell(Event::waiting(what, Duration::ZERO));
    let stood = shared.stand_by(&own(world), until, &mut tell, &|| world.stop.is_set())?;
    match stood {
        Stood::Free | Stood::Held => Ok(()),
        Stood::Stopped => go_on(&world.stop),
    }
}

/// This process, as others are told of it.
pub(super) fn own(world: &World) -> String {
    format!("process {} on {}", std::process::id(), world.host)
}
