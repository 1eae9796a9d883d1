//! What an undo and a list of leavers read alike of those who may be deleted, and how fast both delete.

use std::collections::HashMap;
use std::sync::Arc;

use super::pace::{PaceAsked, RateAsked};
use super::target::Reached;
use super::world::World;
use crate::apply::{AtWork, Connects, Surroundings};
use crate::connect::Operation;
use crate::error::Failure;
use crate::instance::users::{self, Read, Whom};
use crate::instance::{FetchError, Reader};
use crate::lane::pace::{Pace, default_burst};
use crate::user::Found;

/// Users as they are, by id; whoever is not there is not among them.
pub(super) struct Described {
    pub(super) users: HashMap<String, Found>,
    /// Proficiencies may not be listed by the caller: then nobody has any here.
    pub(super) may_not_list: bool,
}

/// The calls leave at the pace that was asked for, or that the account allows. Whoever says how fast users are deleted does not
/// mean that each waits for what is done beside its deletion.
pub(super) async fn pace(reached: &Reached, asked: PaceAsked, calls: &[Operation], world: &World) {
    let Reached { lane, directory, .. } = reached;
    let PaceAsked { rate, burst, .. } = asked;
    let paced = || match rate {
        RateAsked::Quota => None,
        RateAsked::Learned => Some(Pace::learning(None)),
        RateAsked::Fixed(rate) => Some(Pace::new(rate, burst.unwrap_or_else(|| default_burst(rate)))),
    };
    for operation in calls.iter().filter(|operation| !operation.only_reads()) {
        if let Some(pace) = paced() {
            lane.paces().set(*operation, pace);
        }
    }
    let reader = Reader { lane, warn: &|what| world.warn(what) };
    reader.pace(&directory.instance.arn, calls, burst).await;
}

/// Reads these as they are, by id and exact name, with their proficiencies.
pub(super) async fn describe(
    reached: &Reached,
    whom: impl Iterator<Item = (String, String)>,
    world: &World,
) -> Result<Described, Failure> {
    let whom = whom.map(|(id, name)| Whom { id, name, user: true, proficiencies: true }).collect();
    let mut found = HashMap::new();
    let mut take = |whom: Whom, read: Option<Read>| {
        if let Some(Read { user: Some(user), proficiencies }) = read {
            found.insert(whom.id, Found { user, proficiencies });
        }
        Ok(())
    };
    let Reached { lane, directory, .. } = reached;
    let progress = users::described(lane, &directory.instance.id, whom, &world.stop, &mut take).await?;
    if !progress.is_whole {
        world.go_on()?;
    }
    Ok(Described { users: found, may_not_list: progress.may_not_list })
}

/// Reads what is around these: all quick connects, and who of them is at work.
pub(super) async fn surroundings(
    around: &Surroundings,
    ids: &[&str],
    world: &World,
) -> Result<(Arc<Connects>, AtWork), Failure> {
    if ids.is_empty() {
        return Ok(Default::default());
    }
    let unread = |operation, error| Failure::from(FetchError::Call { operation, error });
    let reading = async {
        let connects = around.connects().await.map_err(|error| {
            unread(Operation::SearchQuickConnects, error)
                .hint("whoever quick connects lead to is not deleted unasked, so that they have to be read")
        })?;
        let at_work = around.at_work(ids).await;
        Ok((connects, at_work.map_err(|error| unread(Operation::GetCurrentUserData, error))?))
    };
    world.unless_stopped(reading).await
}
