//! Reads what one user is good at, which no read of many users shows.

use crate::connect::model::{Page, UserProficiency};
use crate::connect::{CallError, Client, Operation};
use crate::lane::listing::{self, Guard};
use crate::lane::{Lane, reads};

/// Reads a user's own list of proficiencies, all pages of it.
///
/// # Errors
/// The list cannot be read, or not be believed.
pub(crate) async fn of_user(
    lane: &Lane,
    instance: &str,
    id: &str,
) -> Result<Vec<UserProficiency>, CallError> {
    let (mut all, mut token) = (Vec::new(), None::<String>);
    let mut guard = Guard::of(Operation::ListUserProficiencies);
    loop {
        let list = || page(lane.client(), instance, id, token.as_deref());
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
pub(crate) async fn page(
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
pub(crate) fn turn(guard: &mut Guard, page: &Page<UserProficiency>) -> Result<Option<String>, CallError> {
    /// An agent has ten proficiencies by default: however short its pages are, what has more of them than these is no list
    /// of one.
    const PAGES: usize = 50;
    let next = guard.turn(page)?;
    if next.is_some() && guard.pages() >= PAGES {
        return Err(CallError::mistaken(Operation::ListUserProficiencies, "more than one agent can have"));
    }
    Ok(next)
}
