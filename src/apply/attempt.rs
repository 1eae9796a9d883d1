//! One row that is to be made, from its first permit to its last record. The one loop that creates.

use std::time::Duration;

use tokio::sync::OwnedSemaphorePermit;

use super::first::Turn;
use super::look::{self, Held};
use super::means::Means;
use super::table::{Step, Then, Tries};
use super::task::{End, Origin, Task};
use crate::agent::PROVENANCE;
use crate::connect::model::{CreateUser, UserCreated};
use crate::connect::{CallError, Operation, Reply, brief};
use crate::crash::{self, Sabotage};
use crate::lane::answer::Answer;
use crate::lane::slots::SlotPlace;
use crate::lane::verdict::Verdict;
use crate::ledger::{Intended, Intent, JournalFault, Outcome, Queued, RowState, Unexecuted};
use crate::passwords::Unwritable;
use crate::stop::Stop;
use crate::user::{base, provenance};

/// So long after its intent a request may still leave, and no longer: it is signed with the intent's own time, and the
/// service takes none that was signed minutes ago.
const FRESH: Duration = Duration::from_secs(60);

/// What a row sends, again at each attempt.
#[derive(Clone, Copy)]
pub(super) struct Request<'t> {
    pub(super) body: &'t CreateUser,
    pub(super) password: Origin,
}

/// Sends a row until it is settled, or the run stops.
///
/// The row has a place; where it has to wait it gives it up, and every attempt of every kind passes the pace.
pub(super) async fn carry_out(
    task: &Task,
    request: Request<'_>,
    place: SlotPlace,
    means: &Means,
) -> Result<End, JournalFault> {
    let mut tries = Tries::begin(task, means.settings.seed, means.settings.row_budget);
    let mut place = Some(place);
    let mut turn = None;
    loop {
        let Some(own) = leave(&mut place, &mut turn, means).await else { return Ok(End::Left) };
        let Some(intent) = intend(task, request, own, &tries, means).await? else { return Ok(End::Left) };
        turn.iter().for_each(Turn::leaves);
        let answer = send(task, request, &intent, means).await;
        // Before anything is recorded: pace and breaker are everybody's, and the next row asks them at once.
        means.learn(Operation::CreateUser, &answer);
        let mut step = tries.answered(task, &answer, |since| means.lane.served(since));
        // Decided without asking it would be a guess: one 404 is a row's, the other ends the run.
        // And a wrong instance may be refused in the words of a row's refusal: the first answer of the run is told apart, too.
        if step.then == Then::Ask || (turn.is_some() && answer.verdict == Verdict::Rejected) {
            step = tries.instance_was_asked(task, &answer, means.instance_is_gone().await);
        }
        let Step { record, tell, then } = step;
        if is_an_answer(&then, &answer) {
            turn.iter().for_each(Turn::is_answered);
        }
        // On its way to the disk before anybody is told: what people have read is in the ledger.
        let held = write_down(intent, record, request.body, &then, means)?;
        if let Some(event) = tell {
            means.tell(event);
        }
        match then {
            Then::End => return Ok(End::Settled),
            Then::Stop(reason) => {
                means.stop(reason);
                return Ok(End::Left);
            }
            // With the turn and the place still held: no other row leaves on a token or a clock that is known to be wrong.
            Then::Mend => {
                turn.iter().for_each(Turn::holds);
                if !means.mend(&answer).await {
                    return Ok(End::Left);
                }
                // Who has the turn keeps its place: all others have theirs, and wait for the turn.
                place = place.filter(|_| turn.is_some());
            }
            // Only now, with a reason to stop told to all, may the next row take this one's place.
            Then::Wait(time) => {
                (place, turn) = (None, None);
                let _ = means.wait(Operation::CreateUser, &answer, time).await;
            }
            Then::Look | Then::Ask => {
                drop((place, turn));
                let held = held.map(|intent| Held::new(intent, &answer, tries.was_unclear()));
                return look::settle(task, held, means).await;
            }
        }
    }
}

/// Whether an answer says enough for others to leave: neither where the run stops or the caller is mended first, nor where
/// nothing is known of who answered.
fn is_an_answer(then: &Then, answer: &Answer) -> bool {
    match then {
        Then::End | Then::Look | Then::Ask => true,
        Then::Wait(_) => answer.verdict == Verdict::Throttled,
        Then::Mend | Then::Stop(_) => false,
    }
}

/// Waits for a place, for the first answer of the run or the turn to be it, for the breaker and for the pace. `None` where
/// the run stops first.
async fn leave<'p>(
    place: &'p mut Option<SlotPlace>,
    turn: &mut Option<Turn>,
    means: &Means,
) -> Option<&'p mut SlotPlace> {
    // A place before the pace's permit: a permit that waited for a place would be a call that is missing from the quota.
    if place.is_none() {
        *place = means.stop.unless_stopped(means.slots.place()).await?;
    }
    if turn.is_none() {
        *turn = means.stop.unless_stopped(means.found.first.await_turn()).await?;
    }
    let may = means.lane.leave(Operation::CreateUser, &means.stop).await;
    place.as_mut().filter(|_| may)
}

/// Has the intent on disk before the request may leave, and gives the request its slot. `None` where the run stops first.
///
/// The sync goes on while the row waits for a slot, so that no request is missing from the wire for want of one.
async fn intend(
    task: &Task,
    request: Request<'_>,
    own: &mut SlotPlace,
    tries: &Tries,
    means: &Means,
) -> Result<Option<Intent>, JournalFault> {
    loop {
        let meant = means.lane.moment();
        let Some(queued) = queue(task, request, tries, means).await? else { return Ok(None) };
        let slot = slot(own.slot.take(), &queued, means).await;
        let intent = queued.synced().await?;
        own.slot = slot;
        // A machine that slept may no longer have the ledger.
        means.ledger.be_ours().await?;
        // Looked at once more after all waiting: from here to the wire nothing waits.
        let may_leave = own.slot.is_some() && !means.stop.is_set();
        if may_leave && means.lane.moment().since(meant) <= FRESH {
            return Ok(Some(intent));
        }
        unsent(intent, tries.standing(), means)?;
        if !may_leave {
            return Ok(None);
        }
        // It waited too long for its slot, which it has now: a new attempt leaves at once.
    }
}

/// Waits until one request more may be under way, unless the row has a slot. `None` where the run stops first.
async fn slot(
    own: Option<OwnedSemaphorePermit>,
    queued: &Queued,
    means: &Means,
) -> Option<OwnedSemaphorePermit> {
    if own.is_some() {
        return own;
    }
    if let Some(slot) = means.slots.slot_now() {
        return Some(slot);
    }
    queued.soon();
    means.stop.unless_stopped(means.slots.slot()).await?
}

/// Records an intent of which no byte left.
fn unsent(intent: Intent, standing: RowState, means: &Means) -> Result<(), JournalFault> {
    let unexecuted = Some(Unexecuted::NotSent);
    means.ledger.finish(intent, &Outcome { state: standing, unexecuted, ..Outcome::default() })
}

/// The intent, which is to be synced before the request may leave, and the record of a password that headcount made,
/// which is. `None` where that record cannot be written; then nothing leaves, and the run stops.
async fn queue(
    task: &Task,
    request: Request<'_>,
    tries: &Tries,
    means: &Means,
) -> Result<Option<Queued>, JournalFault> {
    if request.password == Origin::Row {
        let how = Intended { tagged: means.settings.provenance_tag, generated: false };
        return Ok(Some(means.ledger.intend(task.at, how)));
    }
    // The intent first: a record whose attempt the ledger does not know could not be joined with it.
    let intent = means.ledger.intend(task.at, Intended { tagged: true, generated: true }).synced().await?;
    crash::point("password-before");
    match record_password(task, request.body, &intent, When::BeforeItLeaves, means).await {
        Ok(()) => {
            crash::point("password-after");
            Ok(Some(Queued::synced_already(intent)))
        }
        Err(Unwritable(message)) => {
            unsent(intent, tries.standing(), means)?;
            means.stop(Stop::Passwords { message });
            Ok(None)
        }
    }
}

/// When a password that was made is recorded.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    /// As it must be: a user that may exist has its password on disk.
    BeforeItLeaves,
    /// Too late: a branch that is wrong on purpose, and that the crash matrix must notice.
    OnceItIsAnswered,
}

async fn record_password(
    task: &Task,
    body: &CreateUser,
    intent: &Intent,
    when: When,
    means: &Means,
) -> Result<(), Unwritable> {
    if crash::sabotage(Sabotage::PasswordRecordedLate) != (when == When::OnceItIsAnswered) {
        return Ok(());
    }
    match (&means.credentials, &body.password) {
        (Some(credentials), Some(password)) => credentials.record(&task.user, intent, password).await,
        _ => Err(Unwritable("there is no file for the password that was made".into())),
    }
}

/// Sends one request, and takes its answer apart.
async fn send(task: &Task, request: Request<'_>, intent: &Intent, means: &Means) -> Answer {
    let departure = means.lane.departure();
    crash::point("send-before");
    let result = {
        let _waiting = means.lane.awaits_answer(Operation::CreateUser);
        create(request.body, intent, means).await
    };
    crash::point("answer-unmarked");
    if request.password == Origin::Made {
        let _ = record_password(task, request.body, intent, When::OnceItIsAnswered, means).await;
    }
    let mut answer = Answer::of_reply(Operation::CreateUser, &result, departure);
    answer.id = result.ok().map(|reply| reply.value.user_id);
    answer
}

/// One create. An answer with the id that another row was answered with is not this row's.
async fn create(body: &CreateUser, intent: &Intent, means: &Means) -> Result<Reply<UserCreated>, CallError> {
    let reply = call(body, intent, means).await?;
    let id = &reply.value.user_id;
    if !id.is_empty() && !means.notes_new_id(id) {
        let what = format_args!("the id of another row's user, {}", brief(id));
        return Err(CallError::mistaken(Operation::CreateUser, what));
    }
    Ok(reply)
}

async fn call(body: &CreateUser, intent: &Intent, means: &Means) -> Result<Reply<UserCreated>, CallError> {
    let (client, settings) = (means.lane.client(), &means.settings);
    let signed = if crash::sabotage(Sabotage::SignedWhenSent) { means.lane.clock().now() } else { intent.at };
    if !settings.provenance_tag {
        return client.create_user_at(&settings.instance, body, signed).await;
    }
    // Each attempt has a tag of its own, so that a user says which of them made it.
    let mut body = body.clone();
    body.tags.insert(PROVENANCE.into(), provenance(&settings.run, intent.attempt, intent.nonce));
    client.create_user_at(&settings.instance, &body, signed).await
}

/// Records what an attempt came to, and of a user that it made what was asked for. Gives the intent back where its outcome is
/// left open over a look.
fn write_down(
    intent: Intent,
    record: Option<Outcome>,
    body: &CreateUser,
    then: &Then,
    means: &Means,
) -> Result<Option<Intent>, JournalFault> {
    let Some(mut outcome) = record else { return Ok(Some(intent)) };
    if outcome.state == RowState::Created {
        outcome.asked = base::of_created(body);
    }
    means.ledger.finish(intent, &outcome)?;
    if *then == Then::End {
        means.gauge(&outcome);
    }
    Ok(None)
}
