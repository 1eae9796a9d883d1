//! What is around a user and is not read with it: the quick connects that lead to it, and whether it is at work.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex as Plain, PoisonError};
use std::time::Duration;

use tokio::sync::Mutex;

use crate::clock::Moment;
use crate::connect::{CallError, Operation};
use crate::event::{Event, Sink};
use crate::lane::listing::{self, Guard};
use crate::lane::verdict::is_not_permitted;
use crate::lane::{Lane, reads};
use crate::plan::{Around, Protected};

/// A quick connect that leads to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QuickConnect {
    /// Its id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

/// The quick connects of everybody, by the id of the user that they lead to.
pub(crate) type Connects = HashMap<String, Vec<QuickConnect>>;

/// So many users are asked about at once: "Agents: the maximum number is 100" (API reference, *UserDataFilters*).
pub(crate) const AT_ONCE: usize = 100;

/// What was read is believed for at least this, and else four times as long as it took to be read: the deletions wait for
/// it, and it is not to take more of their time than a part.
const BELIEVED: Duration = Duration::from_secs(2);
const TIMES_ITS_OWN: u32 = 4;

/// Reads what is around users, again where that is not young any more.
pub(crate) struct Surroundings {
    lane: Arc<Lane>,
    instance: String,
    protected: Protected,
    events: Arc<dyn Sink>,
    connects: Mutex<Option<Read<Connects>>>,
    /// Those who are asked about together, in the order in which they leave, each with when it was asked.
    together: HashMap<String, usize>,
    at_work: Vec<Together>,
    /// Who is at work may not be asked: said once.
    may_not_see_work: AtomicBool,
    /// What may not be asked, and had to be.
    denied: Plain<Option<Operation>>,
}

/// What was read, and until when it is believed.
struct Read<T> {
    what: Arc<T>,
    until: Moment,
}

/// Users who are asked about together: their ids, and who of them is at work.
struct Together {
    ids: Vec<String>,
    read: Mutex<Option<Read<AtWork>>>,
}

/// Those who are at work by id, each with what it does, in a word.
pub(crate) type AtWork = HashMap<String, String>;

impl Surroundings {
    pub(crate) fn new(
        lane: Arc<Lane>,
        instance: impl Into<String>,
        protected: Protected,
        events: Arc<dyn Sink>,
    ) -> Self {
        Self {
            lane,
            instance: instance.into(),
            protected,
            events,
            connects: Mutex::default(),
            together: HashMap::new(),
            at_work: Vec::new(),
            may_not_see_work: AtomicBool::new(false),
            denied: Plain::default(),
        }
    }

    /// The same for these, in the order in which they leave: those who leave at about the same time are asked about together,
    /// and not each by a call of its own.
    pub(crate) fn of_all(&self, ids: impl Iterator<Item = String>) -> Self {
        let ids: Vec<String> = ids.collect();
        let at_work: Vec<Together> =
            ids.chunks(AT_ONCE).map(|ids| Together { ids: ids.to_vec(), read: Mutex::default() }).collect();
        let numbered = ids.into_iter().enumerate().map(|(at, id)| (id, at / AT_ONCE));
        let Self { lane, instance, protected, events, may_not_see_work, .. } = self;
        let is_blind = may_not_see_work.load(Ordering::Relaxed);
        let new = Self::new(Arc::clone(lane), instance, protected.clone(), Arc::clone(events));
        Self { together: numbered.collect(), at_work, may_not_see_work: AtomicBool::new(is_blind), ..new }
    }

    /// What is around a user now, and its quick connects.
    ///
    /// # Errors
    /// Quick connects cannot be read, or who is at work cannot, unless that may not be asked at all.
    pub(crate) async fn of(&self, user: &str, id: &str) -> Result<(Around, Vec<QuickConnect>), CallError> {
        let connects = self.connects().await?;
        let at_work = self.at_work_with(id).await?;
        Ok(self.seen(user, id, &connects, &at_work))
    }

    /// The same of somebody, by what was read of many.
    pub(crate) fn seen(
        &self,
        user: &str,
        id: &str,
        connects: &Connects,
        at_work: &AtWork,
    ) -> (Around, Vec<QuickConnect>) {
        let own = connects.get(id).cloned().unwrap_or_default();
        let around = Around {
            quick_connects: own.iter().map(|connect| connect.name.clone()).collect(),
            signed_in: at_work.get(id).cloned(),
            is_protected: self.protected.has(user),
        };
        (around, own)
    }

    /// What could not be asked for lack of a permission, where that is why something failed.
    pub(crate) fn denied(&self) -> Option<Operation> {
        *self.denied.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All quick connects that lead to users.
    ///
    /// # Errors
    /// They cannot be read, or not be believed.
    pub(crate) async fn connects(&self) -> Result<Arc<Connects>, CallError> {
        // One reads for all: whoever comes meanwhile waits for it.
        let mut read = self.connects.lock().await;
        let begun = self.lane.moment();
        if let Some(known) = read.as_ref().filter(|read| begun < read.until) {
            return Ok(Arc::clone(&known.what));
        }
        let connects = Arc::new(self.all_connects().await.inspect_err(|error| {
            if is_not_permitted(error) {
                let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
                *denied = Some(Operation::SearchQuickConnects);
            }
        })?);
        *read = Some(self.read_since(begun, Arc::clone(&connects)));
        Ok(connects)
    }

    fn read_since<T>(&self, begun: Moment, what: Arc<T>) -> Read<T> {
        let now = self.lane.moment();
        Read { what, until: now + (now.since(begun) * TIMES_ITS_OWN).max(BELIEVED) }
    }

    /// Who is at work of those who leave at about the same time as this one.
    async fn at_work_with(&self, id: &str) -> Result<Arc<AtWork>, CallError> {
        let Some(together) = self.together.get(id).and_then(|at| self.at_work.get(*at)) else {
            return self.at_work(&[id]).await.map(Arc::new);
        };
        let mut read = together.read.lock().await;
        let begun = self.lane.moment();
        if let Some(known) = read.as_ref().filter(|read| begun < read.until) {
            return Ok(Arc::clone(&known.what));
        }
        let ids: Vec<&str> = together.ids.iter().map(String::as_str).collect();
        let at_work = Arc::new(self.at_work(&ids).await?);
        *read = Some(self.read_since(begun, Arc::clone(&at_work)));
        Ok(at_work)
    }

    async fn all_connects(&self) -> Result<Connects, CallError> {
        let operation = Operation::SearchQuickConnects;
        let (mut all, mut token) = (Connects::new(), None::<String>);
        let mut guard = Guard::of(operation);
        loop {
            let page = reads::read(&self.lane, operation, || async {
                let found =
                    self.lane.client().search_quick_connects(&self.instance, token.as_deref()).await?;
                listing::sound(operation, &found.value)?;
                Ok(found.value)
            })
            .await?;
            let next = guard.turn(&page)?;
            for connect in page.items {
                let Some(user) = connect.user_id().map(str::to_owned) else { continue };
                let named = QuickConnect { id: connect.id.clone(), name: connect.name.clone() };
                let own = all.entry(user).or_default();
                // The list of an instance that changes may have one twice.
                if !own.contains(&named) {
                    own.push(named);
                }
            }
            match next {
                None => return Ok(all),
                next => token = next,
            }
        }
    }

    /// Who of these is at work, each with what it does, in a word; nobody where that may not be asked, which is said once.
    ///
    /// # Errors
    /// It cannot be read.
    pub(crate) async fn at_work(&self, ids: &[&str]) -> Result<AtWork, CallError> {
        let operation = Operation::GetCurrentUserData;
        let mut at_work = AtWork::new();
        for ids in ids.chunks(AT_ONCE) {
            if self.may_not_see_work.load(Ordering::Relaxed) {
                break;
            }
            let (mut token, mut guard) = (None::<String>, Guard::of(operation));
            loop {
                let read = reads::read(&self.lane, operation, || async {
                    let client = self.lane.client();
                    let data = client.get_current_user_data(&self.instance, ids, token.as_deref()).await?;
                    listing::sound(operation, &data.value)?;
                    Ok(data.value)
                });
                let page = match read.await {
                    Ok(page) => page,
                    Err(error) if is_not_permitted(&error) => {
                        self.say_blind(operation);
                        break;
                    }
                    Err(error) => return Err(error),
                };
                let next = guard.turn(&page)?;
                at_work.extend(
                    page.items
                        .into_iter()
                        .filter_map(|data| Some((data.user_id()?.to_owned(), data.status().to_owned()))),
                );
                match next {
                    None => break,
                    next => token = next,
                }
            }
        }
        Ok(at_work)
    }

    fn say_blind(&self, operation: Operation) {
        if !self.may_not_see_work.swap(true, Ordering::Relaxed) {
            let message = format!(
                "who is at work is not known: {operation} is not permitted, so nobody is left for it"
            );
            self.events.tell(Event::Warning { message });
        }
    }
}
