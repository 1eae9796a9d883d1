//! Did it land? Looks a name up until its row is settled, its time is over, or the run stops.

use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use super::means::Means;
use super::settle::{Deeds, Known, Said, Seen, Settled, settled, whose};
use super::table::{Next, next, reason};
use super::task::{Doubt, End, Task};
use crate::clock::{self, Moment};
use crate::connect::model::User;
use crate::connect::{CallError, Operation};
use crate::crash;
use crate::event::Event;
use crate::lane::answer::{Answer, Told};
use crate::lane::backoff::{Delays, Random};
use crate::lane::verdict::Verdict;
use crate::ledger::{Attempt, Intent, JournalFault, Outcome, RowState};
use crate::plan::Action;
use crate::stop::Stop;
use crate::text::{Voice, worded};
use crate::user::is_same_user;

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
const SEEN_BY_THEN: Duration = Duration::from_secs(15 * 60);

/// A look that failed: its answer, taken apart, and what it says.
type Failed = (Answer, CallError);

/// The looks for one row: a pure value that is told what each shows.
struct Looks<'t> {
    task: &'t Task,
    said: Said,
    /// The attempt whose answer led here.
    attempt: Option<Attempt>,
    /// No attempt but the held one can have made a user that the reads do not show yet.
    is_explained: bool,
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
    delays: Delays,
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
    /// Nothing that can be asked brings more.
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
        let random = Random::seeded(means.settings.seed.rotate_left(17) ^ u64::from(task.at.number()));
        let now = means.lane.moment();
        Self {
            task,
            said: held.map_or(Said::Otherwise, |held| held.said),
            attempt: held.map(|held| held.intent.attempt),
            is_explained,
            not_before: not_before(doubt, held, means),
            accepts_probable: means.settings.accept_probable,
            voice: means.settings.voice,
            variant: None,
            deadline: now + means.settings.row_budget,
            budget: means.settings.row_budget,
            patience: means.settings.outage_patience,
            answered: now,
            delays: Delays::new(Duration::from_secs(2), Duration::from_secs(30), random),
            last: held.and_then(|held| held.told.message.clone()).unwrap_or_default(),
        }
    }

    /// The next look, at `now`. A case variant is taken for the cause of a 409 last of all: when the exact name has stayed
    /// unseen to the end, and no attempt that may have made it is younger than [`SEEN_BY_THEN`].
    fn saw(&mut self, seen: Result<Seen, Failed>, is_last: bool, now: Moment) -> Led {
        let (answer, error) = match seen {
            Ok(seen) => {
                self.answered = now;
                return self.settles(seen, is_last);
            }
            Err(failed) => failed,
        };
        match next(Action::Settle, answer.verdict, Doubt::InDoubt) {
            Next::Unsettled => {
                self.last = format!("the user cannot be looked up: {}", answer.message());
                Led::GiveUp
            }
            // Our own trouble, not the row's: mended, or the run stops.
            Next::Mend => {
                self.last = format!("the user cannot be looked up: {error}");
                Led::Mend(answer)
            }
            Next::Stop => {
                self.last = format!("the user cannot be looked up: {error}");
                Led::Stop(reason(&answer))
            }
            // An outage of the reads counts against no row; it is borne as long as any other.
            Next::Done | Next::Rejected | Next::Look | Next::Ask | Next::Await | Next::Again => {
                self.last = format!("the user cannot be looked up: {error}");
                if now.since(self.answered) < self.patience {
                    self.deadline = self.deadline.max(now + self.budget);
                }
                Led::Wait
            }
        }
    }

    fn settles(&mut self, seen: Seen, is_last: bool) -> Led {
        let seen = seen.unless_older_than(self.not_before).or_variant(&mut self.variant);
        let known = Known {
            name: &self.task.user,
            said: self.said,
            attempt: self.attempt,
            waits_for_exact: !(is_last && self.is_explained),
            accepts_probable: self.accepts_probable,
        };
        let settled = settled(&seen, &known);
        if let Settled::Unsettled(why) = &settled {
            self.last = worded(why, self.voice).into_owned();
        }
        Found::of(settled, &known).map_or(Led::Wait, Led::Settled)
    }

    /// How long to wait before the next look: never past the deadline.
    fn wait(&mut self, now: Moment) -> Duration {
        self.delays.next(None).max(Duration::from_millis(500)).min(self.deadline.since(now))
    }
}

/// Looks the name up until the row is settled, its time is over, or the run stops. What nobody can say stays in doubt, and
/// the next run settles it.
pub(super) async fn settle(task: &Task, held: Option<Held>, means: &Means) -> Result<End, JournalFault> {
    let mut looks = Looks::begin(task, held.as_ref(), means);
    for look in 0_u32.. {
        let Some(seen) = means.stop.unless_stopped(look_up(task, look, means)).await else { break };
        let now = means.lane.moment();
        // Past the deadline, and each of the two indexes has been asked once.
        let is_last = look > 0 && now >= looks.deadline;
        match looks.saw(seen, is_last, now) {
            Led::Settled(found) => return conclude(task, found, means),
            Led::Mend(answer) => {
                if !means.mend(&answer).await {
                    break;
                }
            }
            Led::Stop(reason) => {
                means.stop(reason);
                break;
            }
            Led::GiveUp => break,
            Led::Wait => {}
        }
        // An outage of the reads may have moved the deadline.
        let now = means.lane.moment();
        if is_last && now >= looks.deadline {
            break;
        }
        if means.wait(looks.wait(now)).await.is_none() {
            break;
        }
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
pub(super) async fn settle_by_first_look(task: &Task, means: &Means) -> Result<Option<End>, JournalFault> {
    let Some(Ok(seen)) = means.stop.unless_stopped(look_up(task, 0, means)).await else { return Ok(None) };
    // With no attempt of ours there is nothing of ours to be found: a listed user is as good as a 409.
    let (said, seen) = match task.doubt {
        Doubt::Clear => (Said::Taken, seen.unless_probable()),
        Doubt::InDoubt => (Said::Otherwise, seen),
    };
    // The exact name was listed and is gone since; who has it in another case is no reason not to send.
    if matches!(seen, Seen::Variant { .. }) {
        return Ok(None);
    }
    let seen = seen.unless_older_than(not_before(doubt_of(task, means), None, means));
    let known = Known {
        name: &task.user,
        said,
        attempt: None,
        waits_for_exact: true,
        accepts_probable: means.settings.accept_probable,
    };
    match Found::of(settled(&seen, &known), &known) {
        Some(found) => conclude(task, found, means).map(Some),
        None => Ok(None),
    }
}

fn conclude(task: &Task, found: Found, means: &Means) -> Result<End, JournalFault> {
    let Found { attempt, outcome, copied } = found;
    if copied {
        means.saw_a_copy();
    }
    means.ledger.conclude(task.at, attempt, &outcome)?;
    crash::point("settled");
    means.gauge(&outcome);
    let (row, user) = (task.row, task.user.clone());
    means.tell(if outcome.state == RowState::Created {
        Event::Created { row, user, id: outcome.id.unwrap_or_default(), recovered: true }
    } else {
        Event::Exists { row, user, message: outcome.message.unwrap_or_default() }
    });
    Ok(End::Settled)
}

/// One look: SearchUsers by exact username; every other time, or where that may not be called, the whole of
/// ListUsers, whose index can be ahead.
async fn look_up(task: &Task, look: u32, means: &Means) -> Result<Seen, Failed> {
    let denied = &means.found.search_is_denied;
    let lists = !look.is_multiple_of(2) || denied.load(Ordering::Relaxed);
    // In turns: the search index and the list lag apart, and either may show a user first.
    match look_through(task, lists, means).await {
        Err((answer, _)) if !lists && answer.verdict == Verdict::Denied => {
            denied.store(true, Ordering::Relaxed);
            look_through(task, true, means).await
        }
        seen => seen,
    }
}

/// Looks through one index, and reads the user that has the exact name.
async fn look_through(task: &Task, lists: bool, means: &Means) -> Result<Seen, Failed> {
    crash::point("look-before");
    let candidates = candidates(task, lists, means).await?;
    let Some((_, id)) = candidates.iter().find(|(name, _)| *name == task.user) else {
        let variant = candidates.into_iter().next();
        return Ok(variant.map_or(Seen::Invisible, |(username, id)| Seen::Variant { id, username }));
    };
    let describing = means.lane.client().describe_user(&means.settings.instance, id);
    match means.lane.ask(Operation::DescribeUser, describing).await {
        Ok(reply) => {
            crash::point("look-after");
            Ok(whose_is(task, &reply.value, means))
        }
        // Found and not there: an index that is ahead of the store.
        Err((answer, _)) if answer.verdict == Verdict::NotFound => Ok(Seen::Invisible),
        Err(failed) => Err(failed),
    }
}

/// Who has the name, in any case: names with their ids.
async fn candidates(task: &Task, lists: bool, means: &Means) -> Result<Vec<(String, String)>, Failed> {
    let (client, instance) = (means.lane.client(), &means.settings.instance);
    let folded = task.user.to_lowercase();
    let mut candidates: Vec<(String, String)> = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let (users, next): (Vec<(String, String)>, _) = if lists {
            let call = client.list_users(instance, token.as_deref());
            let page = means.lane.ask(Operation::ListUsers, call).await?.value;
            let users = page.items.into_iter();
            (users.filter_map(|user| user.username.map(|name| (name, user.id))).collect(), page.next_token)
        } else {
            let call = client.search_users(instance, &task.user, token.as_deref());
            let page = means.lane.ask(Operation::SearchUsers, call).await?.value;
            (page.items.into_iter().map(|user| (user.username, user.id)).collect(), page.next_token)
        };
        candidates.extend(users.into_iter().filter(|(name, _)| name.to_lowercase() == folded));
        match next {
            // A token that comes again would bring the same page for ever.
            Some(next) if token.as_ref() != Some(&next) => token = Some(next),
            _ => return Ok(candidates),
        }
    }
}

/// Compares a user that has the exact name with what this ledger did.
fn whose_is(task: &Task, user: &User, means: &Means) -> Seen {
    let settings = &means.settings;
    means.ledger.read(|state| {
        let was_edited = state.detail(task.at).is_some_and(|detail| !detail.versions.is_empty());
        let untagged = state.record(task.at).untagged;
        let deeds = Deeds { run: &settings.run, untagged, was_edited };
        let is_same = || task.body().map(|body| is_same_user(body, user, settings.identity));
        whose(user, &deeds, |attempt| state.made_attempt(task.at, attempt), is_same)
    })
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
