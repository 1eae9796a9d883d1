//! Reads a user that is known to be there, with all that its row asks for.

use crate::connect::model::{Page, User, UserProficiency};
use crate::connect::{CallError, Client, Operation};
use crate::lane::listing::{self, Guard};
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
    let proficiencies = if asks { proficiencies(&user.id, lane, instance).await.ok() } else { None };
    Found { user, proficiencies }
}

async fn proficiencies(id: &str, lane: &Lane, instance: &str) -> Result<Vec<UserProficiency>, CallError> {
    let (mut all, mut token) = (Vec::new(), None::<String>);
    let mut guard = Guard::of(Operation::ListUserProficiencies);
    loop {
        let list = || own_list(lane.client(), instance, id, token.as_deref());
        let page = reads::read(lane, Operation::ListUserProficiencies, list).await?;
        let next = turn(&mut guard, &page)?;
        all.extend(page.items);
        match next {
            None => return Ok(all),
            next => token = next,
        }
    }
}

/// One page of a user's own list of proficiencies.
pub(super) async fn own_list(
    client: &Client,
    instance: &str,
    id: &str,
    token: Option<&str>,
) -> Result<Page<UserProficiency>, CallError> {
    let page = client.list_user_proficiencies(instance, id, token).await?.value;
    listing::sound(Operation::ListUserProficiencies, &page)?;
    Ok(page)
}

/// Goes on to the next page of such a list; `None` behind the last.
pub(super) fn turn(guard: &mut Guard, page: &Page<UserProficiency>) -> Result<Option<String>, CallError> {
    /// An agent has ten proficiencies by default: however short its pages are, what has more of them than these is no list
    /// of one.
    const PAGES: usize = 50;
    let next = guard.turn(page)?;
    if next.is_some() && guard.pages() >= PAGES {
        return Err(CallError::mistaken(Operation::ListUserProficiencies, "more than one agent can have"));
    }
    Ok(next)
}
