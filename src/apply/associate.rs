//! What follows a created row: its proficiencies, which CreateUser has no member for.
//!
//! A line of its own beside the creates, with a pace of its own (quotas are per operation): it never holds a create up.
//! The row's state is not touched, for the user is there. AssociateUserProficiencies may be sent again after an unclear
//! answer: whether it was carried out is then read from the user's own list, and a refusal is believed only where that
//! list does not have what was asked for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use super::index::Failed;
use super::look::SEEN_BY_THEN;
use super::means::{Means, joined};
use super::table::{Next, next};
use super::task::{Doubt, Gift};
use crate::agent::RowNumber;
use crate::clock::Moment;
use crate::connect::model::UserProficiency;
use crate::connect::{CallError, Operation};
use crate::error::Failure;
use crate::event::Event;
use crate::instance::proficiencies;
use crate::lane::answer::{Answer, Told};
use crate::lane::backoff::{Delays, Random};
use crate::lane::listing::Guard;
use crate::lane::verdict::Verdict;
use crate::ledger::{AskedFor, JournalFault, Outcome, Place, RowState, Step, StepState};
use crate::plan::Action;
use crate::stop::Stop;
use crate::user::base;

/// The most users that wait for their proficiencies at once, those that cannot be seen yet included.
const OPEN: usize = 1024;

/// How often a user must be seen, while what it is to be given is not found, before that is believed: the parts of the
/// service do not learn of a new user together.
const SEEN_ENOUGH: u32 = 2;

/// How often a user's own list is read before a refusal is believed that comes after an unclear answer.
const LOOKS: u32 = 4;

/// So long is a user asked for at most that was not on the instance's list when the run began: it was deleted, or made so
/// shortly before that the next run can give it what it is to have.
const UNLISTED: Duration = Duration::from_secs(20);

/// A user that is there, and what it is to be given.
pub(super) struct Errand {
    /// Its row's place in the ledger's state.
    at: Place,
    row: RowNumber,
    user: String,
    /// The user's id.
    id: String,
    gift: Gift,
}

/// The errand of a row whose user is there and waits for its proficiencies, by what the ledger says now.
pub(super) fn errand(at: Place, row: RowNumber, gift: Gift, means: &Means) -> Option<Errand> {
    let waiting = means.ledger.read(|state| {
        let record = state.record(at);
        let waits = record.state == RowState::Created && record.step != StepState::Done;
        let id = state.unfinished(at).filter(|_| waits)?;
        Some((state.user(at).to_owned(), id))
    });
    waiting.map(|(user, id)| Errand { at, row, user, id, gift })
}

/// Works through the errands as they come, until nobody can send another, or there is a reason to stop: those under
/// way are awaited, the others stay pending.
pub(super) async fn run(means: Arc<Means>, mut queue: UnboundedReceiver<Errand>) -> Result<(), Failure> {
    let mut open = JoinSet::new();
    loop {
        let next = tokio::select! {
            Some(ended) = open.join_next(), if !open.is_empty() => {
                joined(ended)?;
                continue;
            }
            next = means.stop.unless_stopped(queue.recv()), if open.len() < OPEN => next.flatten(),
        };
        let Some(errand) = next else { break };
        let means = Arc::clone(&means);
        open.spawn(async move {
            if let Err(JournalFault(message)) = give(&errand, &means).await {
                means.stop(Stop::Ledger { message });
            }
        });
    }
    while let Some(ended) = open.join_next().await {
        joined(ended)?;
    }
    Ok(())
}

/// What an answer to a step comes to.
enum Came {
    /// It ends: where it stands, and what was said.
    End(StepState, Told),
    /// What the user has already is taken out of what is asked for.
    Look,
    /// What is left is asked for again at once.
    Rest,
    /// The user is looked for, for it may not be everywhere yet.
    Await,
    /// Sent again after a while.
    Wait(Duration),
    /// The caller is mended, by what this answer says of it.
    Mend(Answer),
    /// The run stops.
    Stop(Stop),
}

/// The tries of one step: a pure value that is told the answers.
struct StepTries {
    delays: Delays,
    /// How long it is tried while nothing settles it.
    budget: Duration,
    /// When the first answer came that settles nothing; a throttle, which is an answer, does not count.
    unsettled: Option<Moment>,
    was_unclear: bool,
    /// How often the user was seen although something was not found.
    seen: u32,
}

impl StepTries {
    fn begin(errand: &Errand, seed: u64, budget: Duration) -> Self {
        let random = Random::seeded(seed.rotate_left(31) ^ u64::from(errand.at.number()));
        let delays = Delays::new(Duration::from_secs(1), Duration::from_secs(20), random);
        let budget = if errand.gift.unlisted { budget.min(UNLISTED) } else { budget };
        Self { delays, budget, unsettled: None, was_unclear: false, seen: 0 }
    }

    fn answered(&mut self, answer: &Answer, now: Moment) -> Came {
        let doubt = if self.was_unclear { Doubt::InDoubt } else { Doubt::Clear };
        match next(Action::Associate, answer.verdict, doubt) {
            Next::Done => Came::End(StepState::Done, answer.told.clone()),
            Next::Rejected => Came::End(StepState::Rejected, answer.told.clone()),
            Next::Look | Next::Ask => Came::Look,
            Next::Await => Came::Await,
            Next::Mend => Came::Mend(answer.clone()),
            Next::Stop => Came::Stop(reason(answer)),
            // A throttle is an answer: the time for which nothing settles it is not running.
            Next::Again if answer.verdict == Verdict::Throttled => Came::Wait(self.delays.next(answer.pause)),
            Next::Again | Next::Unsettled => {
                self.was_unclear |= answer.verdict == Verdict::InDoubt;
                self.unsettled(answer, now)
            }
        }
    }

    /// The user's own list could not be read: whether a refusal is about what the user has already, nobody knows.
    fn unread(&mut self, answer: &Answer, (read, error): &Failed, now: Moment) -> Came {
        match next(Action::Settle, read.verdict, Doubt::InDoubt) {
            Next::Mend => Came::Mend(read.clone()),
            Next::Stop => Came::Stop(reason(read)),
            // Asked again it says no more.
            Next::Unsettled => Came::End(StepState::Pending, unread(answer, error)),
            Next::Done | Next::Rejected | Next::Look | Next::Ask | Next::Await | Next::Again => {
                let came = self.unsettled(answer, now);
                if let Came::End(result, _) = came { Came::End(result, unread(answer, error)) } else { came }
            }
        }
    }

    /// The user was looked for, after something was not found: seen often enough, it is not the user that is missing.
    fn looked(&mut self, answer: &Answer, is_visible: bool, now: Moment) -> Came {
        self.seen += u32::from(is_visible);
        if self.seen >= SEEN_ENOUGH {
            return Came::End(StepState::Rejected, answer.told.clone());
        }
        self.unsettled(answer, now)
    }

    fn unsettled(&mut self, answer: &Answer, now: Moment) -> Came {
        let since = *self.unsettled.get_or_insert(answer.departure.moment);
        if now.since(since) >= self.budget {
            return Came::End(StepState::Pending, answer.told.clone());
        }
        Came::Wait(self.delays.next(answer.pause).max(Duration::from_millis(500)))
    }
}

/// What is said of a user that the instance's list does not have and that is not found either.
fn awaited(told: Told, answer: &Answer) -> Told {
    if answer.verdict != Verdict::NotFound {
        return told;
    }
    let message = format!(
        "{}; the instance's list did not have the user either: it was deleted, or made too lately to be seen, and a run {} \
         minutes or more after the last create tells which",
        answer.message(),
        SEEN_BY_THEN.as_secs() / 60
    );
    Told { message: Some(message), ..told }
}

/// What is said of a refusal that may be about what the user has already.
fn unread(answer: &Answer, error: &CallError) -> Told {
    let message = format!("{}; what the user has cannot be read: {error}", answer.message());
    Told { message: Some(message), ..answer.told.clone() }
}

/// Why an answer to a step stops the run.
fn reason(answer: &Answer) -> Stop {
    let message = answer.message();
    if answer.verdict == Verdict::NoCredentials {
        return Stop::Credentials { message };
    }
    Stop::StepDenied { code: answer.told.code.clone().unwrap_or_default(), message }
}

/// Gives a user what its row asks for, or learns why not.
async fn give(errand: &Errand, means: &Means) -> Result<(), JournalFault> {
    const OPERATION: Operation = Operation::AssociateUserProficiencies;
    let mut tries = StepTries::begin(errand, means.settings.seed, means.settings.row_budget);
    let mut left = errand.gift.proficiencies.clone();
    while means.lane.leave(OPERATION, &means.stop).await {
        means.ledger.be_ours().await?;
        let departure = means.lane.departure();
        let instance = &means.settings.instance;
        let result = {
            let _waiting = means.lane.awaits_answer(OPERATION);
            means.lane.client().associate_user_proficiencies(instance, &errand.id, &left).await
        };
        let answer = Answer::of(OPERATION, &result, departure);
        means.learn(OPERATION, &answer);
        let mut came = tries.answered(&answer, means.lane.moment());
        if let Came::Await = came {
            came = tries.looked(&answer, is_visible(errand, means).await, means.lane.moment());
        }
        if let Came::Look = came {
            came = look(errand, &mut left, &mut tries, &answer, means).await;
        }
        match came {
            Came::End(StepState::Pending, told) if errand.gift.unlisted => {
                return conclude(errand, StepState::Pending, awaited(told, &answer), means);
            }
            Came::End(result, told) => return conclude(errand, result, told, means),
            Came::Rest | Came::Look | Came::Await => {}
            Came::Wait(time) => drop(means.wait(OPERATION, &answer, time).await),
            Came::Mend(answer) => {
                if !means.mend(&answer).await {
                    return Ok(());
                }
            }
            Came::Stop(reason) => {
                means.stop(reason);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// What a refusal comes to: of the whole list it says nothing of its parts, so that what the user has is taken out, and the
/// rest sent again.
async fn look(
    errand: &Errand,
    left: &mut Vec<UserProficiency>,
    tries: &mut StepTries,
    answer: &Answer,
    means: &Means,
) -> Came {
    let before = left.len();
    let unclear = tries.was_unclear.then_some(answer);
    match take_away_what_is_there(errand, left, unclear, means).await {
        _ if left.is_empty() => Came::End(StepState::Done, Told::default()),
        Err(failed) => tries.unread(answer, &failed, means.lane.moment()),
        // It stops while the list is awaited: nothing is known.
        Ok(None) => Came::Rest,
        Ok(Some(())) if left.len() == before => Came::End(StepState::Rejected, answer.told.clone()),
        Ok(Some(())) => Came::Rest,
    }
}

/// Whether DescribeUser has the user; an answer that cannot be had says no.
async fn is_visible(errand: &Errand, means: &Means) -> bool {
    let described = means.lane.client().describe_user(&means.settings.instance, &errand.id);
    means.lane.ask(Operation::DescribeUser, described).await.is_ok()
}

/// Takes out of `left` what the user has already, by its own list. After an unclear answer the list is read again while it
/// does not have everything: it may lag behind. `None` where the run stops first.
///
/// # Errors
/// A read that failed: what is left may be there all the same.
async fn take_away_what_is_there(
    errand: &Errand,
    left: &mut Vec<UserProficiency>,
    unclear: Option<&Answer>,
    means: &Means,
) -> Result<Option<()>, Failed> {
    // After a lost answer the list may not show yet what that call has given.
    let looks = if unclear.is_some() { LOOKS } else { 1 };
    for look in 0..looks {
        if let Some(answer) = unclear.filter(|_| look > 0) {
            let time = Duration::from_secs(1 << look);
            if means.wait(Operation::ListUserProficiencies, answer, time).await.is_none() {
                return Ok(None);
            }
        }
        let there = what_is_there(errand, means).await?;
        left.retain(|wanted| !there.contains(wanted));
        if left.is_empty() {
            break;
        }
    }
    Ok(Some(()))
}

/// The user's own list, all pages of it.
async fn what_is_there(errand: &Errand, means: &Means) -> Result<Vec<UserProficiency>, Failed> {
    const OPERATION: Operation = Operation::ListUserProficiencies;
    let (client, instance) = (means.lane.client(), &means.settings.instance);
    let (mut there, mut token) = (Vec::new(), None::<String>);
    let mut guard = Guard::of(OPERATION);
    loop {
        let call = async {
            let page = proficiencies::page(client, instance, &errand.id, token.as_deref()).await?;
            let next = proficiencies::turn(&mut guard, &page)?;
            Ok((page.items, next))
        };
        let (items, next) = means.lane.ask(OPERATION, call).await?;
        there.extend(items);
        match next {
            None => return Ok(there),
            next => token = next,
        }
    }
}

fn conclude(errand: &Errand, result: StepState, told: Told, means: &Means) -> Result<(), JournalFault> {
    let Told { code, message, request_id } = told;
    let given = (result == StepState::Done).then(|| base::of_given(&errand.gift.proficiencies));
    let asked = AskedFor::one(Step::Proficiencies, given);
    let outcome = Outcome { code, message, request_id, asked, ..Outcome::default() };
    means.ledger.step(errand.at, result, errand.gift.fingerprint, &outcome)?;
    means.tell(Event::Step {
        row: errand.row,
        user: errand.user.clone(),
        step: Step::Proficiencies,
        result,
        code: outcome.code,
        message: outcome.message,
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::time::UNIX_EPOCH;

    use bytes::Bytes;
    use http::{Request, Response};
    use tokio::sync::mpsc;

    use tokio::time::Instant;

    use super::*;
    use crate::agent::{Fingerprint, IdentityType};
    use crate::apply::{Means, Settings, Task};
    use crate::cli::voice::Flags;
    use crate::clock::{self, Clock, SteadyClock};
    use crate::connect::model::CreateUser;
    use crate::connect::{BoxFuture, Client, Credentials, Environment, Target, Transport, TransportError};
    use crate::lane::Lane;
    use crate::lane::slots::Slots;
    use crate::ledger::made::{fingerprint, intent, row};
    use crate::ledger::{Attempt, Entry, Journal, Kind, Ledger, RowState, State, StepCounts, Storage};
    use crate::simulator::{ACCESS_KEY_ID, InProcess, Operation, SECRET_ACCESS_KEY, Spec, World};
    use crate::stop::{Stop, Switch};

    /// A ledger's file that keeps nothing: what is asked of the ledger here is its state.
    struct Nowhere;

    impl Storage for Nowhere {
        fn check(&mut self) -> Result<(), String> {
            Ok(())
        }

        fn append(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn sync(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What befalls the next calls of AssociateUserProficiencies.
    #[derive(Clone, Copy, Debug)]
    enum Fate {
        /// It is carried out and its answer is lost.
        Lost,
        /// It does not arrive, and nobody can tell.
        Dropped,
        /// It is refused with this status and code.
        Refused(u16, &'static str),
    }

    /// The embedded Connect with fates before it.
    struct Road {
        world: InProcess,
        fates: Mutex<Vec<Fate>>,
        /// The same of the next reads of a user's own list.
        reads: Mutex<Vec<Fate>>,
    }

    impl Transport for Road {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(async move {
                let lost = || Err(TransportError::unclear("lost on the road"));
                let path = request.uri().path();
                let fates = if path.ends_with("associate-proficiencies") {
                    Some(&self.fates)
                } else {
                    path.ends_with("/proficiencies").then_some(&self.reads)
                };
                let fate = fates.and_then(|fates| fates.lock().unwrap().pop());
                match fate {
                    None => self.world.send(request).await,
                    Some(Fate::Dropped) => lost(),
                    Some(Fate::Lost) => {
                        self.world.send(request).await?;
                        lost()
                    }
                    Some(Fate::Refused(status, code)) => {
                        let mut answer = Response::new(Bytes::from_static(b"{\"message\":\"no\"}"));
                        *answer.status_mut() = http::StatusCode::from_u16(status).unwrap();
                        answer.headers_mut().insert("x-amzn-errortype", code.parse().unwrap());
                        Ok(answer)
                    }
                }
            })
        }
    }

    fn gift(value: &str) -> Gift {
        let proficiency =
            UserProficiency { attribute_name: "Language".into(), attribute_value: value.into(), level: 4.0 };
        Gift { proficiencies: vec![proficiency], fingerprint: Fingerprint::of(7), unlisted: false }
    }

    /// What came of it.
    #[derive(Debug)]
    struct Came {
        steps: StepCounts,
        stop: Option<Stop>,
        seconds: f64,
        calls: u64,
        given: Vec<usize>,
        said: Option<String>,
    }

    /// Makes `users` users, and then has each given `gift`, with these fates on the road, first to last.
    async fn give(spec: Spec, users: usize, gift: Gift, fates: &[Fate]) -> Came {
        give_reading(spec, users, gift, fates, &[]).await
    }

    /// The same, with these fates of the reads of a user's own list.
    async fn give_reading(spec: Spec, users: usize, gift: Gift, fates: &[Fate], reads: &[Fate]) -> Came {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let arn = spec.instance_arn();
        let mut spec = spec;
        spec.paces.insert(Operation::CreateUser, crate::simulator::Pace::UNLIMITED);
        let world =
            InProcess::new(World::new(spec, clock.now()), Arc::clone(&clock), Duration::from_secs(30));
        let first_to_last = |fates: &[Fate]| Mutex::new(fates.iter().rev().copied().collect());
        let (fates, reads) = (first_to_last(fates), first_to_last(reads));
        let road = Arc::new(Road { world: world.clone(), fates, reads });
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        let target = Target::resolve(&arn, None, None, &environment).unwrap();
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let client = Client::over(road, &target, credentials, Arc::clone(&clock));
        let routing = client.list_routing_profiles(&arn, None).await.unwrap().value.items.remove(0);
        let security = client.list_security_profiles(&arn, None).await.unwrap().value.items.remove(0);
        let (mut state, mut ids) = (State::default(), Vec::new());
        let header = Entry { run: Some("r".into()), version: Some(1), ..Entry::of(Kind::Ledger) };
        state.apply(&header);
        for (number, at) in (0..users).zip(1_u32..) {
            let username = format!("user{number}");
            let body = CreateUser {
                username: username.clone(),
                directory_user_id: Some(username.clone()),
                routing_profile_id: routing.id.clone(),
                security_profile_ids: vec![security.id.clone()],
                ..CreateUser::default()
            };
            let id = client.create_user(&arn, &body).await.unwrap().value.user_id;
            state.apply(&Entry { proficiencies: fingerprint(7), ..row(&username, at, 1) });
            state.apply(&intent(&username, at));
            let made = Entry::outcome(&username, RowState::Created, "t".into());
            state.apply(&Entry { attempt: Attempt::new(at), id: Some(id.as_str().into()), ..made });
            ids.push(id);
        }
        let ledger: Arc<dyn Journal> =
            Arc::new(Ledger::start(Nowhere, state, clock, crate::ledger::counted()).unwrap());
        let settings = Settings {
            instance: arn.clone(),
            identity: IdentityType::ExistingDirectory,
            run: "r".into(),
            provenance_tag: true,
            accept_probable: false,
            row_budget: Settings::ROW_BUDGET,
            outage_patience: Settings::OUTAGE_PATIENCE,
            seed: 1,
            voice: &Flags,
        };
        let (events, mut seen) = mpsc::unbounded_channel();
        let switch = Switch::default();
        let lane = Arc::new(Lane::new(client.clone(), Arc::default()));
        let slots = Slots::new(2.0, 5, None);
        let means = Means::new(lane, slots, ledger.clone(), settings, switch.clone(), Arc::new(events));
        let tasks: Vec<_> = ledger.read(|state| {
            let task =
                |at| Ok(Task::associate(at, state.record(at).row, state.user(at).to_owned(), gift.clone()));
            state.places().map(task).collect()
        });
        let begun = Instant::now();
        crate::apply::run(means, tasks.into_iter()).await.unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        let calls = world.world().stats().of(Operation::AssociateUserProficiencies).called;
        // Far enough that every user can be seen.
        clock::sleep(Duration::from_secs(3600)).await;
        let mut given = Vec::new();
        for id in ids {
            loop {
                match client.list_user_proficiencies(&arn, &id, None).await {
                    Ok(reply) => break given.push(reply.value.items.len()),
                    Err(_) => clock::sleep(Duration::from_secs(1)).await,
                }
            }
        }
        let mut said = None;
        while let Ok(event) = seen.try_recv() {
            if let Event::Step { code: Some(code), .. } = event {
                said = Some(code);
            }
        }
        let steps = ledger.read(|state| state.proficiencies());
        Came { steps, stop: switch.reason(), seconds, calls, given, said }
    }

    fn spec() -> Spec {
        Spec { identity: crate::agent::IdentityType::ExistingDirectory, ..Spec::default() }
    }

    fn counts(pending: u64, done: u64, rejected: u64) -> StepCounts {
        StepCounts { total: pending + done + rejected, pending, done, rejected }
    }

    #[tokio::test(start_paused = true)]
    async fn users_are_given_what_follows_at_the_pace_of_the_step() {
        let came = give(spec(), 25, gift("German"), &[]).await;
        assert_eq!((came.steps, came.calls), (counts(0, 25, 0), 25), "{came:?}");
        assert!((9.9..11.0).contains(&came.seconds), "25 at 2 a second with a burst of 5: {came:?}");
        assert_eq!(came.given, [1; 25]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_that_cannot_be_seen_yet_is_waited_for_and_past_the_patience_stays_pending() {
        for (lag, expected) in [(120, counts(0, 3, 0)), (3000, counts(3, 0, 0))] {
            let lagging = Spec { search_lag: Duration::from_secs(lag), ..spec() };
            let came = give(lagging, 3, gift("German"), &[]).await;
            assert_eq!(came.steps, expected, "{came:?}");
            assert_eq!(came.stop, None);
            assert!(came.seconds < 345.0, "{came:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_user_that_was_not_listed_and_is_not_found_is_soon_given_up() {
        let unlisted = Gift { unlisted: true, ..gift("German") };
        for (lag, expected) in [(10, counts(0, 1, 0)), (3000, counts(1, 0, 0))] {
            let lagging = Spec { search_lag: Duration::from_secs(lag), ..spec() };
            let came = give(lagging, 1, unlisted.clone(), &[]).await;
            assert_eq!((came.steps, &came.stop), (expected, &None), "{came:?}");
            assert!(came.seconds < 45.0, "{came:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_was_lost_is_read_from_the_users_own_list() {
        for fates in [&[Fate::Lost][..], &[Fate::Dropped], &[Fate::Dropped, Fate::Lost, Fate::Dropped]] {
            let came = give(spec(), 1, gift("German"), fates).await;
            assert_eq!((came.steps, &came.given[..]), (counts(0, 1, 0), &[1][..]), "{fates:?} {came:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_users_own_list_is_read_to_its_last_page() {
        let mut languages = gift("German");
        languages.proficiencies.extend(gift("English").proficiencies);
        let short = Spec { page_cap: 1, ..spec() };
        let came = give(short, 1, languages, &[Fate::Lost]).await;
        assert_eq!(came.steps, counts(0, 1, 0), "{came:?}");
        assert!(came.seconds < 10.0, "what is there is seen by the first look: {came:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_that_cannot_be_read_does_not_show_that_a_user_has_nothing() {
        let refused = Fate::Refused(400, "InvalidRequestException");
        let busy = Fate::Refused(503, "ServiceUnavailable");
        for (fates, reads) in [
            (&[Fate::Lost, refused][..], &[Fate::Dropped][..]),
            (&[Fate::Lost, refused], &[busy; 6]),
            (&[refused], &[Fate::Dropped]),
        ] {
            let came = give_reading(spec(), 1, gift("German"), fates, reads).await;
            let is_given = (came.steps, &came.given[..]) == (counts(0, 1, 0), &[1][..]);
            assert!(is_given, "{fates:?} {reads:?}: {came:?}");
        }
        // What may not be read settles nothing, and is not waited for.
        let denied = Fate::Refused(403, "AccessDeniedException");
        let came = give_reading(spec(), 1, gift("German"), &[Fate::Lost, refused], &[denied]).await;
        assert_eq!((came.steps, &came.stop), (counts(1, 0, 0), &None), "{came:?}");
        assert!(came.seconds < 30.0, "{came:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn throttles_and_trouble_fail_nobody() {
        let fates = [
            Fate::Refused(429, "TooManyRequestsException"),
            Fate::Refused(429, "ThrottlingException"),
            Fate::Refused(500, "InternalServiceException"),
            Fate::Refused(503, "ServiceUnavailable"),
        ];
        let came = give(spec(), 2, gift("German"), &fates).await;
        assert_eq!((came.steps, came.given), (counts(0, 2, 0), vec![1, 1]));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_recorded_and_the_others_go_on() {
        for (status, code) in [
            (400, "InvalidRequestException"),
            (400, "InvalidParameterException"),
            (429, "LimitExceededException"),
        ] {
            let came = give(spec(), 3, gift("German"), &[Fate::Refused(status, code)]).await;
            assert_eq!((came.steps, came.stop), (counts(0, 2, 1), None), "{code}");
            assert_eq!(came.said.as_deref(), Some(code));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_not_there_is_refused_once_the_user_is_seen_and_it_is_not() {
        let came = give(spec(), 2, gift("Klingon"), &[]).await;
        assert_eq!((came.steps, came.given), (counts(0, 0, 2), vec![0, 0]));
        assert_eq!(came.said.as_deref(), Some("ResourceNotFoundException"));
        assert!(came.seconds < 30.0, "long before the patience for what cannot be seen: {}", came.seconds);
    }

    #[tokio::test(start_paused = true)]
    async fn who_may_not_give_stops_and_everything_stays_pending() {
        let denied = [Operation::AssociateUserProficiencies].into();
        let came = give(Spec { denied, ..spec() }, 3, gift("German"), &[]).await;
        assert_eq!(came.steps, counts(3, 0, 0));
        let Some(Stop::StepDenied { code, .. }) = &came.stop else { panic!("{came:?}") };
        assert_eq!(code, "AccessDeniedException");
    }
}
