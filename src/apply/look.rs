//! Did it land? Looks a name up until its row is settled, its time is over, or the run stops.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::index::{Asks, Candidates, Failed, Of};
use super::means::Means;
use super::settle::{Deeds, Known, Said, Seen, Settled, settled, whose};
use super::table::{Next, next, reason};
use super::task::{Doubt, End, Listed, Task};
use super::there;
use crate::clock::{self, Moment};
use crate::connect::{BoxFuture, CallError, Operation};
use crate::crash;
use crate::event::Event;
use crate::lane::answer::{Answer, Told};
use crate::lane::backoff::{Delays, Random};
use crate::lane::listing::{self, Guard};
use crate::lane::verdict::Verdict;
use crate::ledger::{Attempt, Intent, JournalFault, Outcome, RowState, State};
use crate::plan::Action;
use crate::stop::Stop;
use crate::text::{Voice, worded};
use crate::user::{self, base, is_same_user};
use crate::waits::WaitFor;

/// An attempt whose answer leads to a look, still without an outcome.
pub(super) struct Held {
    intent: Intent,
    /// What the answer said, for the ledger.
    told: Told,
    said: Said,
    /// The service's clock at the answer.
    date: Option<SystemTime>,
    /// Whether an attempt before it, in this session, was unclear.
    after_unclear: bool,
}

impl Held {
    pub(super) fn new(intent: Intent, answer: &Answer, after_unclear: bool) -> Self {
        let said = if answer.verdict == Verdict::Duplicate { Said::Taken } else { Said::Otherwise };
        Self { intent, told: answer.told.clone(), said, date: answer.date, after_unclear }
    }
}

/// How far this machine's clock may be from the service's: further, and no request is let in (Signature Version 4).
const CLOCKS_DIFFER: Duration = Duration::from_secs(5 * 60);

/// An answer is not awaited for as long as this.
const ANSWERED_WITHIN: Duration = Duration::from_secs(60);

/// How long a user may stay unseen at most: "in some cases it can take several minutes" (Amazon Connect developer
/// guide, *Eventual consistency*).
pub(crate) const SEEN_BY_THEN: Duration = Duration::from_secs(15 * 60);

/// So long past a row's time its first look through the list is waited for: somebody who asks for no time at all asks for
/// one look, and a list of ten thousand takes as long.
const FIRST_LIST: Duration = Duration::from_secs(5);

/// A search by exact name has one page, with the variants of the name on it: what has more than these is none.
const SEARCH_PAGES: usize = 10;

/// So long after a search that has shown nothing the list is looked through, whose index can be ahead.
const LIST_AFTER: Duration = Duration::from_secs(1);

/// So long is waited at least from one look through the list to the next.
const LISTS_APART: Duration = Duration::from_secs(3);

/// How often it is looked whether a row's time is over: a machine that slept has not let its timers go on.
const GLANCE: Duration = Duration::from_secs(4);

/// What a look has shown.
struct Shown {
    seen: Seen,
    /// How the user of the exact name stands against the row.
    held: Option<user::Held>,
    /// It was the whole list, read after the row's last attempt was over: who is not on it was not there.
    is_whole: bool,
}

/// The looks for one row: a pure value that is told what each shows.
struct Looks<'t> {
    task: &'t Task,
    said: Said,
    /// The attempt whose answer led here.
    attempt: Option<Attempt>,
    /// No attempt but the held one can have made a user that the reads do not show yet.
    is_explained: bool,
    /// Every attempt of ours was answered, none in a way that says nothing: none can have made a user.
    is_answered: bool,
    /// The earliest that an attempt of ours can have made this row's user, by the service's clock.
    not_before: Option<SystemTime>,
    accepts_probable: bool,
    voice: &'static dyn Voice,
    /// A case variant that an index has shown.
    variant: Option<Seen>,
    deadline: Moment,
    /// How long the row is looked for, again from each failure of the reads.
    budget: Duration,
    /// How long an outage of the reads is borne, and when one was last answered.
    patience: Duration,
    answered: Moment,
    /// Of each index that was asked, whether its last look failed.
    fails: [Option<bool>; 2],
    /// Of each index, whether a look at it has come to anything, were it a failure.
    has_looked: [bool; 2],
    /// What is known, in a sentence, should it end here.
    last: String,
}

/// What a look leads to.
enum Led {
    /// The row is settled.
    Settled(Found),
    /// The caller is mended first.
    Mend(Answer),
    /// The run stops.
    Stop(Stop),
    /// Nothing that can be asked there brings more.
    GiveUp,
    /// Looked at again after a while.
    Wait,
}

/// What a look has settled, as the ledger is told of it.
struct Found {
    attempt: Option<Attempt>,
    outcome: Outcome,
    /// Another copy of the ledger made the user.
    copied: bool,
}

impl Found {
    /// `None` where nothing is settled.
    fn of(settled: Settled, known: &Known<'_>) -> Option<Self> {
        let copied = matches!(settled, Settled::Exists { copied: true, .. });
        settled.outcome(known).map(|(attempt, outcome)| Self { attempt, outcome, copied })
    }
}

impl<'t> Looks<'t> {
    fn begin(task: &'t Task, held: Option<&Held>, means: &Means) -> Self {
        let doubt = doubt_of(task, means);
        let is_explained = doubt == Doubt::Clear || held.is_some_and(|held| is_old(held, means));
        let is_answered = doubt == Doubt::Clear && held.is_some_and(|held| !held.after_unclear);
        let now = means.lane.moment();
        Self {
            task,
            said: held.map_or(Said::Otherwise, |held| held.said),
            attempt: held.map(|held| held.intent.attempt),
            is_explained,
            is_answered,
            not_before: not_before(doubt, held, means),
            accepts_probable: means.settings.accept_probable,
            voice: means.settings.voice,
            variant: None,
            deadline: now + means.settings.row_budget,
            budget: means.settings.row_budget,
            patience: means.settings.outage_patience,
            answered: now,
            fails: [None; 2],
            has_looked: [false; 2],
            last: held.and_then(|held| held.told.message.clone()).unwrap_or_default(),
        }
    }

    /// The next look, at `now`.
    fn saw(&mut self, eye: Eye, shown: Result<Shown, Failed>, now: Moment) -> Led {
        self.has_looked[eye as usize] = true;
        self.fails[eye as usize] = Some(shown.is_err());
        let (answer, error) = match shown {
            Ok(shown) => {
                self.answered = now;
                return self.settles(shown, false);
            }
            Err(failed) => failed,
        };
        let led = next(Action::Settle, answer.verdict, Doubt::InDoubt);
        self.last = if led == Next::Unsettled {
            format!("the user cannot be looked up: {}", answer.message())
        } else {
            format!("the user cannot be looked up: {error}")
        };
        match led {
            Next::Unsettled => {
                // What may not be asked shows nothing, and fails no more.
                self.fails[eye as usize] = None;
                Led::GiveUp
            }
            // Our own trouble, not the row's: mended, or the run stops.
            Next::Mend => Led::Mend(answer),
            Next::Stop => Led::Stop(reason(&answer)),
            Next::Done | Next::Rejected | Next::Look | Next::Ask | Next::Await | Next::Again => {
                self.failed(&answer, &error, now)
            }
        }
    }

    /// An outage of the reads counts against no row; it is borne as long as any other, and then the run stops.
    fn failed(&mut self, answer: &Answer, error: &CallError, now: Moment) -> Led {
        // Somebody answered, though not to the question: that is the row's time.
        if matches!(error, CallError::Mistaken(_)) {
            self.answered = now;
            return Led::Wait;
        }
        // One index that fails while the other answers is no outage.
        if self.fails.contains(&Some(false)) {
            return Led::Wait;
        }
        let lasted = now.since(self.answered);
        if lasted < self.patience {
            self.deadline = self.deadline.max(now + self.budget);
        } else if answer.verdict != Verdict::Throttled {
            return Led::Stop(Stop::Outage { lasted, message: answer.message() });
        }
        Led::Wait
    }

    fn settles(&mut self, shown: Shown, is_last: bool) -> Led {
        let Shown { seen, held, is_whole } = shown;
        let is_all = is_whole && matches!(seen, Seen::Variant { .. });
        let seen = seen.unless_older_than(self.not_before).or_variant(&mut self.variant);
        let known = Known {
            name: &self.task.user,
            said: self.said,
            attempt: self.attempt,
            waits_for_exact: !((is_last && self.is_explained) || (is_all && self.is_answered)),
            accepts_probable: self.accepts_probable,
            held: held.as_ref(),
        };
        let settled = settled(&seen, &known);
        if let Settled::Unsettled(why) = &settled {
            self.last = worded(why, self.voice).into_owned();
        }
        Found::of(settled, &known).map_or(Led::Wait, Led::Settled)
    }

    /// Whether the row's time is over.
    fn is_over(&self, now: Moment) -> bool {
        // Where many rows look, their turn may come later than their time is over: each is searched for once.
        let [has_searched, hwhen_listed] = self.has_looked;
        now >= self.deadline && has_searched && (hwhen_listed || now.since(self.deadline) >= FIRST_LIST)
    }

    /// What is left when the time is over. A case variant is taken for the cause of a 409 last of all: when the exact name
    /// has stayed unseen to the end, and no attempt that may have made it is younger than [`SEEN_BY_THEN`].
    fn at_last(&mut self) -> Led {
        match self.variant.clone() {
            Some(seen) => self.settles(Shown { seen, held: None, is_whole: false }, true),
            None => Led::GiveUp,
        }
    }

    /// What is waited for, for people.
    fn words(&self) -> String {
        format!("row {}, {}, is looked for on the instance", self.task.row, self.task.user)
    }
}

/// The two indexes that show users, each looked at in its own time: they lag apart, and either may show a user first.
struct Eyes<'e> {
    task: &'e Task,
    means: &'e Means,
    search: Option<BoxFuture<'e, Result<Shown, Failed>>>,
    list: Option<BoxFuture<'e, (Looked, Result<Shown, Failed>)>>,
    /// What the list is asked for next; `None` while it is, or once it brings no more.
    asks: Option<Asks>,
    searches: Delays,
    lists: Delays,
    /// The list has shown the exact name, and the user is being read.
    is_reading: Arc<AtomicBool>,
    /// How long the last look through the list took.
    took: Duration,
}

/// The list as it was looked through: what it is asked for next, and how long it took.
struct Looked {
    asks: Asks,
    took: Duration,
}

/// One of the two indexes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Eye {
    Search,
    List,
}

impl<'e> Eyes<'e> {
    fn open(task: &'e Task, means: &'e Means) -> Self {
        let random = Random::seeded(means.settings.seed.rotate_left(17) ^ u64::from(task.at.number()));
        let searches = Delays::new(Duration::from_secs(2), Duration::from_secs(30), random.clone());
        let lists = Delays::new(Duration::from_secs(10), Duration::from_secs(60), random);
        let asks = Some(Asks::since(means.lane.moment()));
        let (took, is_reading) = (Duration::ZERO, Arc::default());
        let mut eyes =
            Self { task, means, search: None, list: None, asks, searches, lists, is_reading, took };
        if means.found.search_is_denied.load(Ordering::Relaxed) {
            eyes.look_at_list(Duration::ZERO);
        } else {
            eyes.search = Some(Box::pin(search(task, Duration::ZERO, means)));
        }
        eyes
    }

    /// What is seen next, and by which of them; `None` where for so long nothing is.
    async fn next(&mut self, time: Duration) -> Option<(Eye, Result<Shown, Failed>)> {
        tokio::select! {
            biased;
            shown = ready(&mut self.search) => {
                self.search = None;
                Some((Eye::Search, shown))
            }
            (Looked { asks, took }, shown) = ready(&mut self.list) => {
                (self.list, self.asks, self.took) = (None, Some(asks), took);
                Some((Eye::List, shown))
            }
            () = clock::sleep(time) => None,
        }
    }

    /// Looks once more with that eye, after a while; the first search that shows nothing has the list looked through.
    fn again(&mut self, eye: Eye) {
        match eye {
            Eye::Search => {
                let wait = self.searches.next(None).max(Duration::from_millis(500));
                self.search = Some(Box::pin(search(self.task, wait, self.means)));
                // Whoever has no time looks at both at once.
                self.look_at_list(LIST_AFTER.min(self.means.settings.row_budget));
            }
            // A list is long, and its quota is others' as well: read half of the time at most.
            Eye::List => {
                let wait = self.lists.next(None).max(LISTS_APART).max(self.took);
                self.look_at_list(wait);
            }
        }
    }

    /// That eye brings no more. Says whether the other may.
    fn shut(&mut self, eye: Eye, verdict: Option<Verdict>) -> bool {
        match eye {
            Eye::Search => {
                let is_denied = verdict == Some(Verdict::Denied);
                self.means.found.search_is_denied.fetch_or(is_denied, Ordering::Relaxed);
                self.look_at_list(Duration::ZERO);
            }
            Eye::List => self.asks = None,
        }
        self.search.is_some() || self.list.is_some()
    }

    /// Has the list looked through after a while, unless it is looked through already.
    fn look_at_list(&mut self, wait: Duration) {
        if let Some(asks) = self.asks.take() {
            let is_reading = Arc::clone(&self.is_reading);
            let (task, means) = (self.task, self.means);
            self.list = Some(Box::pin(async move {
                let listed = list(task, asks, wait, &is_reading, means).await;
                is_reading.store(false, Ordering::Relaxed);
                listed
            }));
        }
    }
}

/// What a look brings, where one is under way; else nothing for ever.
async fn ready<T>(look: &mut Option<BoxFuture<'_, T>>) -> T {
    match look {
        Some(look) => look.await,
        None => std::future::pending().await,
    }
}

/// Looks the name up until the row is settled, its time is over, or the run stops. What nobody can say stays in doubt, and
/// the next run settles it.
pub(super) async fn settle(task: &Task, held: Option<Held>, means: &Means) -> Result<End, JournalFault> {
    let mut looks = Looks::begin(task, held.as_ref(), means);
    let waiting = means.lane.waits().on(WaitFor::Row, looks.words(), Some(looks.deadline));
    let mut eyes = Eyes::open(task, means);
    looks.has_looked[Eye::Search as usize] = eyes.search.is_none();
    loop {
        let now = means.lane.moment();
        if looks.is_over(now) && !eyes.is_reading.load(Ordering::Relaxed) {
            if let Led::Settled(found) = looks.at_last() {
                return conclude(task, found, means);
            }
            break;
        }
        // Not past the deadline, however long a look takes, but for the first at each index.
        let left = looks.deadline.since(now);
        let time = if left.is_zero() { LIST_AFTER } else { left.min(GLANCE) };
        let Some(shown) = means.stop.unless_stopped(eyes.next(time)).await else { break };
        let Some((eye, shown)) = shown else { continue };
        let now = means.lane.moment();
        let verdict = shown.as_ref().err().map(|(answer, _)| answer.verdict);
        match looks.saw(eye, shown, now) {
            Led::Settled(found) => return conclude(task, found, means),
            Led::Mend(answer) if means.mend(&answer).await => eyes.again(eye),
            Led::Mend(_) => break,
            Led::Stop(reason) => {
                means.stop(reason);
                break;
            }
            Led::GiveUp => {
                if !eyes.shut(eye, verdict) {
                    break;
                }
            }
            Led::Wait => eyes.again(eye),
        }
        // An outage of the reads may have moved the deadline.
        waiting.is(looks.words(), Some(looks.deadline));
    }
    give_up(looks, held, means)
}

/// Records that nobody can say yet.
fn give_up(looks: Looks<'_>, held: Option<Held>, means: &Means) -> Result<End, JournalFault> {
    let Looks { task, attempt, last, .. } = looks;
    let message = if last.is_empty() {
        "the answer was lost, and no user of this name is to be seen on the instance yet".to_owned()
    } else {
        last
    };
    let code = held.and_then(|held| held.told.code);
    let outcome =
        Outcome { state: RowState::InDoubt, code, message: Some(message.clone()), ..Outcome::default() };
    // Without a verdict on the attempt: the next run begins with this row in doubt, and looks again.
    means.ledger.conclude(task.at, attempt, &outcome)?;
    means.tell(Event::InDoubt { row: task.row, user: task.user.clone(), message, last: true });
    Ok(End::Settled)
}

/// One look at a user that was listed before anything was sent. `None` where it settles nothing: the user has gone
/// since, or cannot be read, or is another's while an attempt of ours is in doubt.
pub(super) async fn settle_by_first_look(
    task: &Task,
    listed: &Listed,
    means: &Means,
) -> Result<Option<End>, JournalFault> {
    let looked = means.stop.unless_stopped(look_at(task, listed, means)).await;
    let Some(Ok(Some(found))) = looked else { return Ok(None) };
    let (seen, held) = whose_is(task, &found, means);
    let (said, seen) = seen.when_listed(task.doubt);
    let seen = seen.unless_older_than(not_before(doubt_of(task, means), None, means));
    let known = Known {
        name: &task.user,
        said,
        attempt: None,
        waits_for_exact: true,
        accepts_probable: means.settings.accept_probable,
        held: held.as_ref(),
    };
    match Found::of(settled(&seen, &known), &known) {
        Some(found) => conclude(task, found, means).map(Some),
        None => Ok(None),
    }
}

fn conclude(task: &Task, found: Found, means: &Means) -> Result<End, JournalFault> {
    let Found { attempt, mut outcome, copied } = found;
    if copied {
        means.saw_a_copy();
    }
    if let (RowState::Created, Some(body)) = (outcome.state, task.body()) {
        // One that an earlier attempt made, with what the row had then, was never asked for what it has now.
        let is_as_now =
            |state: &State| attempt.is_some_and(|attempt| state.made_as_planned(task.at, attempt));
        if means.ledger.read(is_as_now) {
            outcome.asked = base::of_created(body);
        }
    }
    means.ledger.conclude(task.at, attempt, &outcome)?;
    crash::point("settled");
    means.gauge(&outcome);
    let (row, user) = (task.row, task.user.clone());
    let message = outcome.message.unwrap_or_default();
    means.tell(match outcome.state {
        RowState::Created => {
            Event::Created { row, user, id: outcome.id.unwrap_or_default(), recovered: true }
        }
        RowState::There => Event::There { row, user, message },
        RowState::Pending
        | RowState::InDoubt
        | RowState::Exists
        | RowState::Rejected
        | RowState::Invalid
        | RowState::Updated
        | RowState::Unconfirmed
        | RowState::Skipped
        | RowState::Deleted => Event::Exists { row, user, message },
    });
    Ok(End::Settled)
}

/// The user that was listed, as it was read already, or else as it is now; `None` where it has gone since.
async fn look_at(task: &Task, listed: &Listed, means: &Means) -> Result<Option<user::Found>, CallError> {
    if let Some(found) = &listed.found {
        return Ok(Some((**found).clone()));
    }
    crash::point("look-before");
    let found =
        there::read(&task.user, &listed.id, task.asked(), &means.lane, &means.settings.instance).await?;
    crash::point("look-after");
    Ok(found)
}

/// Searches for the name after a while.
async fn search(task: &Task, wait: Duration, means: &Means) -> Result<Shown, Failed> {
    clock::sleep(wait).await;
    crash::point("look-before");
    let users = searched(task, means).await?;
    let (seen, held) = seen_among(task, users, means).await?;
    Ok(Shown { seen, held, is_whole: false })
}

/// Looks the list through for the name after a while.
///
/// Says so while it reads the user whom the list has shown.
async fn list(
    task: &Task,
    asks: Asks,
    wait: Duration,
    is_reading: &AtomicBool,
    means: &Means,
) -> (Looked, Result<Shown, Failed>) {
    clock::sleep(wait).await;
    crash::point("look-before");
    let (mut asks, begun) = (asks, means.lane.moment());
    let looked = async {
        let of = Of { lane: &means.lane, instance: &means.settings.instance };
        let Candidates { user, is_whole } = means.found.index.look(&task.user, &mut asks, of).await?;
        is_reading.store(true, Ordering::Relaxed);
        let (seen, held) = seen_among(task, user, means).await?;
        Ok(Shown { seen, held, is_whole })
    };
    let shown = looked.await;
    (Looked { asks, took: means.lane.moment().since(begun) }, shown)
}

/// Reads the user that has the exact name, of those that have it in any case.
async fn seen_among(
    task: &Task,
    candidates: impl IntoIterator<Item = (String, String)>,
    means: &Means,
) -> Result<(Seen, Option<user::Held>), Failed> {
    let mut first = None;
    let exact = candidates.into_iter().find_map(|(name, id)| {
        let is_exact = name == task.user;
        first.get_or_insert_with(|| (name, id.clone()));
        is_exact.then_some(id)
    });
    let Some(id) = exact else {
        return Ok((first.map_or(Seen::Invisible, |(username, id)| Seen::Variant { id, username }), None));
    };
    let describing = async {
        let user = means.lane.client().describe_user(&means.settings.instance, &id).await?.value;
        listing::is_named(&task.user, &user)?;
        Ok(user)
    };
    match means.lane.ask(Operation::DescribeUser, describing).await {
        Ok(user) => {
            crash::point("look-after");
            let found =
                there::with_proficiencies(task.asked(), user, &means.lane, &means.settings.instance).await;
            Ok(whose_is(task, &found, means))
        }
        // Found and not there: an index that is ahead of the store.
        Err((answer, _)) if answer.verdict == Verdict::NotFound => Ok((Seen::Invisible, None)),
        Err(failed) => Err(failed),
    }
}

/// Who has the name, in any case, by SearchUsers: names with their ids.
async fn searched(task: &Task, means: &Means) -> Result<Vec<(String, String)>, Failed> {
    let (client, instance) = (means.lane.client(), &means.settings.instance);
    let (mut found, mut token) = (Vec::new(), None::<String>);
    let mut guard = Guard::of(Operation::SearchUsers);
    loop {
        let call = async {
            let reply = client.search_users(instance, &task.user, token.as_deref()).await?;
            listing::sound(Operation::SearchUsers, &reply.value)?;
            listing::only_named(&task.user, &reply.value)?;
            let next = guard.turn(&reply.value)?;
            if next.is_some() && guard.pages() >= SEARCH_PAGES {
                return Err(CallError::mistaken(Operation::SearchUsers, "more than one name can have"));
            }
            Ok((reply.value.items, next))
        };
        let (users, next) = means.lane.ask(Operation::SearchUsers, call).await?;
        found.extend(users.into_iter().map(|user| (user.username, user.id)));
        match next {
            None => return Ok(found),
            next => token = next,
        }
    }
}

/// Compares a user that has the exact name with what this ledger did.
fn whose_is(task: &Task, found: &user::Found, means: &Means) -> (Seen, Option<user::Held>) {
    let (settings, user) = (&means.settings, &found.user);
    let mut held =
        task.asked().map(|asked| user::Held::against(asked, found, settings.identity, &means.names));
    let is_same = || task.body().map(|body| is_same_user(body, user, settings.identity));
    if let Some(held) = &mut held {
        let untagged = means.ledger.read(|state| state.record(task.at).untagged);
        held.has_more = untagged && held.differs.is_empty() && is_same() == Some(false);
    }
    let seen = means.ledger.read(|state| {
        let was_edited = state.detail(task.at).is_some_and(|detail| !detail.versions.is_empty());
        let untagged = state.record(task.at).untagged;
        let deeds = Deeds { run: &settings.run, untagged, was_edited };
        whose(user, &deeds, |attempt| state.can_have_made(task.at, attempt, &user.id), is_same)
    });
    (seen, held)
}

/// Whether an earlier attempt of this row was left unclear; one that was throttled was not.
fn doubt_of(task: &Task, means: &Means) -> Doubt {
    let is_clear = || means.ledger.read(|state| state.record(task.at).state != RowState::InDoubt);
    if task.doubt == Doubt::Clear && is_clear() { Doubt::Clear } else { Doubt::InDoubt }
}

/// The earliest that an attempt of ours can have made this row's user, by the service's clock: where none is in
/// doubt only the held one can have, else any since the ledger was made.
fn not_before(doubt: Doubt, held: Option<&Held>, means: &Means) -> Option<SystemTime> {
    match doubt {
        Doubt::InDoubt => {
            let made = means.ledger.read(|state| clock::parse_rfc3339(&state.header.at));
            made?.checked_sub(CLOCKS_DIFFER)
        }
        Doubt::Clear => held?.date?.checked_sub(ANSWERED_WITHIN),
    }
}

/// Whether no attempt but the held one can have made a user that the reads do not show yet: none of this session
/// was unclear, and by the service's clock those of earlier ones are too long ago.
fn is_old(held: &Held, means: &Means) -> bool {
    let before = means.found.newest_before;
    let passed = before.and_then(|before| held.date?.duration_since(before).ok());
    !held.after_unclear && passed.is_some_and(|passed| passed >= SEEN_BY_THEN)
}
