//! Reads a user that is known to be there, with all that its row asks for.

use crate::connect::model::User;
use crate::connect::{CallError, Operation};
use crate::instance::proficiencies;
use crate::lane::listing;
use crate::lane::verdict::{Verdict, verdict_of_error};
use crate::lane::{Lane, reads};
use crate::user::{Asked, Found};

/// Reads the user of an id, who is to have this name; `None` where there is no such user any more.
///
/// One call, and one more where the row asks for proficiencies: no search, for the list has said the id.
///
/// # Errors
/// The user cannot be read, or is one of another name.
pub(crate) async fn read(
    name: &str,
    id: &str,
    asked: Option<Asked<'_>>,
    lane: &Lane,
    instance: &str,
) -> Result<Option<Found>, CallError> {
    let describe = || async {
        let user = lane.client().describe_user(instance, id).await?.value;
        listing::is_named(name, &user)?;
        Ok(user)
    };
    match reads::read(lane, Operation::DescribeUser, describe).await {
        Ok(user) => Ok(Some(with_proficiencies(asked, user, lane, instance).await)),
        Err(error) if verdict_of_error(Operation::DescribeUser, &error) == Verdict::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// A user with its proficiencies, where its row asks for any. That they cannot be read fails nothing: they are then not
/// known, and nobody is taken for equal without them.
pub(super) async fn with_proficiencies(
    asked: Option<Asked<'_>>,
    user: User,
    lane: &Lane,
    instance: &str,
) -> Found {
    let asks = asked.is_some_and(|asked| asked.proficiencies.is_some());
    let proficiencies = if asks { proficiencies::of_user(lane, instance, &user.id).await.ok() } else { None };
    Found { user, proficiencies }
}

/// The same without a row to ask for it: with the proficiencies, where they are of interest.
///
/// # Errors
/// As [`read`]; and the proficiencies, where they are of interest, cannot be read.
pub(super) async fn read_again(
    name: &str,
    id: &str,
    with_proficiencies: bool,
    lane: &Lane,
    instance: &str,
) -> Result<Option<Found>, CallError> {
    let Some(found) = read(name, id, None, lane, instance).await? else { return Ok(None) };
    if !with_proficiencies {
        return Ok(Some(found));
    }
    let proficiencies = Some(proficiencies::of_user(lane, instance, id).await?);
    Ok(Some(Found { proficiencies, ..found }))
}
