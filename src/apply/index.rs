//! The list of users, read once for all rows that wait for somebody to come to light.
//!
//! A list of fifty thousand takes fifty calls, and calls are two a second: were each row to read it for itself, ten rows
//! would take minutes, and the account's other tools would get nothing. So there is one listing at a time. Whoever waits
//! turns its pages, one after the other, and all who wait look at each.
//!
//! Whom a page shows is there, whenever the listing began. Whom none shows may be there all the same, unless the whole of
//! it was read after the row's last attempt was over.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use crate::clock::Moment;
use crate::connect::model::{Page, Summary};
use crate::connect::{CallError, Operation};
use crate::directory::{Found, Users};
use crate::lane::Lane;
use crate::lane::answer::Answer;
use crate::lane::listing::{self, Guard};
use crate::lane::verdict::Verdict;
use crate::waits::WaitFor;

/// The one listing, and those who wait for it.
#[derive(Default)]
pub(super) struct Index {
    listing: Mutex<Listing>,
    /// Whoever holds this turns the next page.
    turning: tokio::sync::Mutex<()>,
    turned: Notify,
    waiting: AtomicUsize,
}

/// What has been read so far of a listing.
#[derive(Default)]
struct Listing {
    /// Counts listings, from 1; 0 is none yet.
    number: u32,
    begun: Moment,
    token: Option<String>,
    guard: Option<Guard>,
    /// Under which ids names are there.
    users: Users,
    /// Counts pages, over all listings.
    turns: u64,
    state: Reading,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Reading {
    /// There are more pages.
    UnderWay,
    /// All of them were read.
    Whole,
    /// None was, or what was read is worth nothing.
    #[default]
    Void,
}

/// One row's way of asking.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asks {
    /// A listing that began before this does not show that somebody is not there.
    since: Moment,
    /// The listing that has been looked through already.
    used: u32,
}

impl Asks {
    /// Of a row whose last attempt was over by `since`.
    pub(super) fn since(since: Moment) -> Self {
        Self { since, used: 0 }
    }
}

/// Whose users are listed, and how calls get there.
#[derive(Clone, Copy)]
pub(super) struct Of<'o> {
    pub(super) lane: &'o Lane,
    pub(super) instance: &'o str,
}

/// Who has a name, in any case.
#[derive(Debug)]
pub(super) struct Candidates {
    /// The name with its id: the very name where it is there, else the first that differs only in case.
    pub(super) user: Option<(String, String)>,
    /// The list was read to its end, and it began late enough that whoever is not on it was not there.
    pub(super) is_whole: bool,
}

/// A read that failed: its answer, taken apart, and what it says.
pub(super) type Failed = (Answer, CallError);

impl Index {
    /// Looks for a name until a page shows it, or the whole list does not.
    ///
    /// Each time another listing than the last: what has been looked through does not show more.
    pub(super) async fn look(&self, name: &str, asks: &mut Asks, of: Of<'_>) -> Result<Candidates, Failed> {
        let _counted = Counted::among(&self.waiting);
        loop {
            let turned = self.turned.notified();
            tokio::pin!(turned);
            // From here on no turn goes unnoticed.
            turned.as_mut().enable();
            let turns = {
                let listing = self.listing();
                if let Some(found) = listing.shows(name, asks) {
                    asks.used = listing.number;
                    return Ok(found);
                }
                listing.turns
            };
            tokio::select! {
                turning = self.turning.lock() => {
                    self.turn(turns, asks, of).await?;
                    drop(turning);
                }
                () = turned => {}
            }
        }
    }

    /// Turns the next page, unless somebody has meanwhile. Dropped before its answer, it has turned none, and the next who
    /// waits asks for the same page.
    async fn turn(&self, turns: u64, asks: &Asks, of: Of<'_>) -> Result<(), Failed> {
        let now = of.lane.moment();
        let is_alone = self.waiting.load(Ordering::Relaxed) <= 1;
        let (token, what) = {
            let mut listing = self.listing();
            if listing.turns != turns {
                return Ok(());
            }
            if listing.is_to_begin(asks, is_alone) {
                listing.begin(now);
            }
            (listing.token.clone(), listing.words())
        };
        let _reading = of.lane.waits().on(WaitFor::Pages, what, None);
        let call = async {
            let page = of.lane.client().list_users(of.instance, token.as_deref()).await?.value;
            listing::sound(Operation::ListUsers, &page)?;
            self.listing().take(page)
        };
        let turned = of.lane.ask(Operation::ListUsers, call).await;
        if let Err((answer, _)) = &turned
            && !passes(answer.verdict)
        {
            self.listing().state = Reading::Void;
        }
        self.turned.notify_waiters();
        turned
    }

    fn listing(&self) -> MutexGuard<'_, Listing> {
        self.listing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the same page may be asked for again after this.
const fn passes(verdict: Verdict) -> bool {
    matches!(
        verdict,
        Verdict::Throttled | Verdict::InDoubt | Verdict::NotSent | Verdict::Expired | Verdict::Signature
    )
}

impl Listing {
    /// What it says to whoever asks; `None` where more of it has to be read.
    fn shows(&self, name: &str, asks: &Asks) -> Option<Candidates> {
        if self.number <= asks.used || self.state == Reading::Void {
            return None;
        }
        let is_whole = self.state == Reading::Whole && self.begun >= asks.since;
        // Of a hundred thousand variants one is enough to know that the name is taken: each row asks once a page.
        let found = self.users.find(name);
        if !is_whole && !matches!(found, Found::Exact(_)) {
            return None;
        }
        let user = match found {
            Found::Exact(id) => Some((name.to_owned(), id.to_string())),
            Found::Variant(there, id) => Some((there.to_owned(), id.to_string())),
            Found::Nothing => None,
        };
        Some(Candidates { user, is_whole })
    }

    /// Whether the next page is the first of another listing. One that others look through is read to its end, though it
    /// be too old for whoever asks now: it may show them who they look for.
    fn is_to_begin(&self, asks: &Asks, is_alone: bool) -> bool {
        match self.state {
            Reading::Void | Reading::Whole => true,
            Reading::UnderWay => is_alone && (self.number <= asks.used || self.begun < asks.since),
        }
    }

    fn begin(&mut self, now: Moment) {
        let (number, turns) = (self.number + 1, self.turns);
        let guard = Some(Guard::of(Operation::ListUsers));
        *self = Self { number, begun: now, guard, turns, state: Reading::UnderWay, ..Self::default() };
    }

    /// Takes the next page.
    fn take(&mut self, page: Page<Summary>) -> Result<(), CallError> {
        let guard = self.guard.get_or_insert_with(|| Guard::of(Operation::ListUsers));
        let next = match guard.turn(&page) {
            Ok(next) => next,
            // It is read anew by whoever looks next.
            Err(broken) => {
                self.state = Reading::Void;
                return Err(broken.into());
            }
        };
        for Summary { id, username, .. } in page.items {
            let Some(name) = username else { continue };
            // Users come and go while they are listed, and one may then be on two pages: the first counts.
            self.users.add(&name, id.into_boxed_str());
        }
        self.turns += 1;
        self.state = if next.is_some() { Reading::UnderWay } else { Reading::Whole };
        self.token = next;
        Ok(())
    }

    fn words(&self) -> String {
        let (pages, users) = self.guard.as_ref().map_or((0, 0), |guard| (guard.pages(), guard.entries()));
        listing::progress(Operation::ListUsers, pages, users)
    }
}

/// One of those who wait, until it is dropped.
struct Counted<'c>(&'c AtomicUsize);

impl<'c> Counted<'c> {
    fn among(count: &'c AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::{PROBES, variants};

    /// A listing that has read pages of users, and of each page whether more come.
    fn listed(names: impl Iterator<Item = String>) -> Listing {
        let mut listing = Listing::default();
        listing.begin(Moment::default());
        let users = (0..).zip(names).map(|(at, name)| Summary {
            id: format!("id-{at}"),
            username: Some(name),
            ..Summary::default()
        });
        let users: Vec<Summary> = users.collect();
        let pages = users.chunks(1_000).count();
        for (page, items) in (1..).zip(users.chunks(1_000)) {
            let next_token = (page < pages).then(|| page.to_string());
            listing.take(Page { items: items.to_vec(), next_token }).unwrap();
        }
        listing
    }

    #[test]
    fn the_name_itself_is_shown_before_any_variant_and_else_the_first_of_them() {
        let listing = listed(["Ana", "ANA", "ana", "Bo"].map(str::to_owned).into_iter());
        let shown = |name| listing.shows(name, &Asks::since(Moment::default())).unwrap().user;
        let is = |name: &str, id: &str| Some((name.to_owned(), id.to_owned()));
        assert_eq!(shown("ana"), is("ana", "id-2"));
        assert_eq!(shown("aNA"), is("Ana", "id-0"));
        assert_eq!(shown("cy"), None);
    }

    #[test]
    fn a_list_of_variants_of_one_name_costs_as_much_as_any_other() {
        const USERS: u32 = 50_000;
        PROBES.set(0);
        let listing = listed(variants(USERS));
        for name in variants(USERS) {
            let shown = listing.shows(&name, &Asks::since(Moment::default())).unwrap();
            assert_eq!(shown.user.unwrap().0, name);
        }
        let looks = PROBES.get();
        assert!((1..12 * u64::from(USERS)).contains(&looks), "{looks} looks");
    }
}
