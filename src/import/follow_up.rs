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
use tokio::time::Instant;

use super::backoff::{Delays, Random};
use super::pace::Pace;
use super::verdict::{Verdict, of_fault};
use super::{Importer, Sent, joined, retry_after, told};
use crate::agent::{Fingerprint, RowNumber};
use crate::clock;
use crate::connect::model::UserProficiency;
use crate::connect::{CallError, Operation, Reply};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::{LedgerFault, Outcome, Place, RowState, StepState};
use crate::stop::Stop;

/// The most users that wait for their proficiencies at once, those that cannot be seen yet included.
const OPEN: usize = 1024;

/// How often a user must be seen, while what it is to be given is not found, before that is believed: the parts of the
/// service do not learn of a new user together.
const SEEN_ENOUGH: u32 = 2;

/// How often a user's own list is read before a refusal is believed that comes after an unclear answer.
const LOOKS: u32 = 4;

/// What a user is to be given once it is there.
#[derive(Clone, Debug, PartialEq)]
pub struct FollowUp {
    /// The proficiencies, at least one.
    pub proficiencies: Vec<UserProficiency>,
    /// Their fingerprint, for the ledger.
    pub fingerprint: Fingerprint,
}

/// A user that is there, and what it is to be given.
pub(super) struct Errand {
    /// Its row's place in the ledger's state.
    pub(super) at: Place,
    pub(super) row: RowNumber,
    pub(super) user: String,
    /// The user's id.
    pub(super) id: String,
    pub(super) gift: FollowUp,
}

impl Importer {
    /// The errand of a row whose user is there and waits for its proficiencies, by what the ledger says now.
    pub(super) fn errand(&self, at: Place, row: RowNumber, gift: FollowUp) -> Option<Errand> {
        let state = self.ledger.state();
        let record = state.record(at);
        let waits = record.state == RowState::Created && record.step != StepState::Done;
        let id = state.unfinished(at).filter(|_| waits)?.to_owned();
        Some(Errand { at, row, user: state.user(at).to_owned(), id, gift })
    }

    /// Works through the errands as they come, until nobody can send another, or there is a reason to stop: those under
    /// way are awaited, the others stay pending.
    pub(super) async fn run_errands(
        self: Arc<Self>,
        mut queue: UnboundedReceiver<Errand>,
    ) -> Result<(), Failure> {
        let mut open = JoinSet::new();
        loop {
            let next = tokio::select! {
                Some(ended) = open.join_next(), if !open.is_empty() => {
                    joined(ended)?;
                    continue;
                }
                next = self.switch.unless_stopped(queue.recv()), if open.len() < OPEN => next.flatten(),
            };
            let Some(errand) = next else { break };
            let importer = Arc::clone(&self);
            open.spawn(async move {
                if let Err(LedgerFault(message)) = importer.give(errand).await {
                    importer.stop(Stop::Ledger { message });
                }
            });
        }
        while let Some(ended) = open.join_next().await {
            joined(ended)?;
        }
        Ok(())
    }

    async fn give(&self, errand: Errand) -> Result<(), LedgerFault> {
        let random = Random::seeded(self.settings.seed.rotate_left(31) ^ u64::from(errand.at.number()));
        let mut delays = Delays::new(Duration::from_secs(1), Duration::from_secs(20), random);
        let mut left = errand.gift.proficiencies.clone();
        // When the first answer came that settles nothing; a throttle, which is an answer, does not count.
        let mut unsettled: Option<Instant> = None;
        let (mut was_unclear, mut seen) = (false, 0);
        loop {
            if self.leave_for_step().await.is_none() {
                return Ok(());
            }
            let sent = Sent { at: Instant::now(), credentials: self.client.credentials_generation() };
            let instance = &self.settings.instance;
            let answer = self.client.associate_user_proficiencies(instance, &errand.id, &left).await;
            let verdict = of_answer(&answer);
            self.learn_of_step(verdict, sent.at, &answer);
            match verdict {
                Verdict::Created => return self.conclude_step(&errand, StepState::Done, told(&answer)),
                Verdict::NotFound => {
                    // The user, which may not be everywhere yet, or what it is to be given.
                    seen += u32::from(self.is_visible(&errand.id).await);
                    if seen >= SEEN_ENOUGH {
                        return self.conclude_step(&errand, StepState::Rejected, told(&answer));
                    }
                }
                // No quota of users is full here: it is that of one agent's proficiencies.
                Verdict::Rejected | Verdict::Duplicate | Verdict::Full => {
                    let before = left.len();
                    self.take_away_what_is_there(&errand.id, &mut left, was_unclear).await;
                    if left.is_empty() {
                        return self.conclude_step(&errand, StepState::Done, Outcome::default());
                    }
                    if left.len() == before {
                        return self.conclude_step(&errand, StepState::Rejected, told(&answer));
                    }
                    continue;
                }
                Verdict::InDoubt => was_unclear = true,
                Verdict::NotSent => {}
                Verdict::Throttled => {
                    let wait = delays.next(retry_after(&answer));
                    let _ = self.switch.unless_stopped(clock::sleep(wait)).await;
                    continue;
                }
                Verdict::Denied => {
                    let Outcome { code, message, .. } = told(&answer);
                    let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
                    self.stop(Stop::StepDenied { code, message });
                    return Ok(());
                }
                Verdict::NoCredentials => {
                    let message = told(&answer).message.unwrap_or_default();
                    self.stop(Stop::Credentials { message });
                    return Ok(());
                }
                Verdict::Expired | Verdict::Signature => {
                    if !self.mended(verdict, &answer, sent).await {
                        return Ok(());
                    }
                    continue;
                }
            }
            let since = *unsettled.get_or_insert(sent.at);
            if since.elapsed() >= self.settings.row_budget {
                return self.conclude_step(&errand, StepState::Pending, told(&answer));
            }
            let wait = delays.next(retry_after(&answer)).max(Duration::from_millis(500));
            let _ = self.switch.unless_stopped(clock::sleep(wait)).await;
        }
    }

    /// Waits for the breaker and for the step's own pace. `None` where the run stops first.
    async fn leave_for_step(&self) -> Option<()> {
        self.switch.unless_stopped(self.breaker.leave()).await?;
        self.switch.unless_stopped(self.step_pace().permit()).await?;
        (!self.switch.is_set()).then_some(())
    }

    fn step_pace(&self) -> &Pace {
        self.paces.of(Operation::AssociateUserProficiencies)
    }

    /// Tells the step's pace, and the breaker.
    fn learn_of_step<T>(&self, verdict: Verdict, sent: Instant, answer: &Result<T, CallError>) {
        self.learn_of_service(verdict, answer);
        match verdict {
            Verdict::Throttled => self.step_pace().throttled(sent, retry_after(answer)),
            Verdict::Created | Verdict::Rejected | Verdict::Duplicate | Verdict::Full | Verdict::NotFound => {
                self.step_pace().passed(sent);
            }
            _ => {}
        }
    }

    /// Whether DescribeUser has the user; an answer that cannot be had says no.
    async fn is_visible(&self, id: &str) -> bool {
        let described = self.client.describe_user(&self.settings.instance, id);
        self.paces.call(Operation::DescribeUser, described).await.is_ok()
    }

    /// Takes out of `left` what the user has already, by its own list; nothing where the list cannot be read. After an
    /// unclear answer the list is read again while it does not have everything: it may lag behind.
    async fn take_away_what_is_there(&self, id: &str, left: &mut Vec<UserProficiency>, was_unclear: bool) {
        let looks = if was_unclear { LOOKS } else { 1 };
        for look in 0..looks {
            if look > 0
                && self.switch.unless_stopped(clock::sleep(Duration::from_secs(1 << look))).await.is_none()
            {
                return;
            }
            let listed = self.client.list_user_proficiencies(&self.settings.instance, id);
            let Ok(reply) = self.paces.call(Operation::ListUserProficiencies, listed).await else { return };
            left.retain(|wanted| !reply.value.items.contains(wanted));
            if left.is_empty() {
                return;
            }
        }
    }

    fn conclude_step(&self, errand: &Errand, result: StepState, told: Outcome) -> Result<(), LedgerFault> {
        self.ledger.step(errand.at, result, errand.gift.fingerprint, &told)?;
        let (row, user) = (errand.row, errand.user.clone());
        self.emit(Event::Step {
            row,
            user,
            step: crate::ledger::Step::Proficiencies,
            result,
            code: told.code,
            message: told.message,
        });
        Ok(())
    }
}

/// As an answer to CreateUser is read, by code and status: the two operations have the same errors.
fn of_answer(answer: &Result<Reply<()>, CallError>) -> Verdict {
    match answer {
        Ok(_) => Verdict::Created,
        Err(CallError::Refused(fault)) => of_fault(fault),
        Err(CallError::NotSent(_)) => Verdict::NotSent,
        Err(CallError::Unclear(_)) => Verdict::InDoubt,
        Err(CallError::NoCredentials(_)) => Verdict::NoCredentials,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::Mutex;
    use std::time::UNIX_EPOCH;

    use bytes::Bytes;
    use http::{Request, Response};
    use tokio::sync::mpsc;

    use super::*;
    use crate::clock::{Clock, SteadyClock};
    use crate::connect::model::CreateUser;
    use crate::connect::{BoxFuture, Client, Credentials, Environment, Target, Transport, TransportError};
    use crate::import::{Settings, Task};
    use crate::ledger::made::{fingerprint, intent, row};
    use crate::ledger::{Attempt, Entry, Kind, Ledger, RowState, State, StepCounts, Storage};
    use crate::simulator::{ACCESS_KEY_ID, InProcess, Operation, SECRET_ACCESS_KEY, Spec, World};
    use crate::stop::Switch;

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
    }

    impl Transport for Road {
        fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
            Box::pin(async move {
                let lost = || Err(TransportError::unclear("lost on the road"));
                let fate = request
                    .uri()
                    .path()
                    .ends_with("associate-proficiencies")
                    .then(|| self.fates.lock().unwrap().pop())
                    .flatten();
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

    fn gift(value: &str) -> FollowUp {
        let proficiency =
            UserProficiency { attribute_name: "Language".into(), attribute_value: value.into(), level: 4.0 };
        FollowUp { proficiencies: vec![proficiency], fingerprint: Fingerprint::of(7) }
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
    async fn give(spec: Spec, users: usize, gift: FollowUp, fates: &[Fate]) -> Came {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let arn = spec.instance_arn();
        let mut spec = spec;
        spec.paces.insert(Operation::CreateUser, crate::simulator::Pace::UNLIMITED);
        let world =
            InProcess::new(World::new(spec, clock.now()), Arc::clone(&clock), Duration::from_secs(30));
        let fates = Mutex::new(fates.iter().rev().copied().collect());
        let road = Arc::new(Road { world: world.clone(), fates });
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
        let ledger = Arc::new(Ledger::start(Nowhere, state, clock).unwrap());
        let settings = Settings {
            instance: arn.clone(),
            identity: crate::agent::IdentityType::ConnectManaged,
            run: "r".into(),
            provenance_tag: true,
            accept_probable: false,
            rate: 2.0,
            burst: 5,
            concurrency: None,
            row_budget: Settings::ROW_BUDGET,
            outage_patience: Settings::OUTAGE_PATIENCE,
            seed: 1,
        };
        let (events, mut seen) = mpsc::unbounded_channel();
        let switch = Switch::default();
        let importer = Importer::new(client.clone(), Arc::clone(&ledger), settings, switch.clone(), events);
        let tasks: Vec<_> = {
            let state = ledger.state();
            let follow_up =
                |at| Ok(Task::follow_up(at, state.record(at).row, state.user(at).to_owned(), gift.clone()));
            state.places().map(follow_up).collect()
        };
        let begun = Instant::now();
        importer.run(tasks.into_iter()).await.unwrap();
        let seconds = begun.elapsed().as_secs_f64();
        let calls = world.world().stats().of(Operation::AssociateUserProficiencies).called;
        // Far enough that every user can be seen.
        clock::sleep(Duration::from_secs(3600)).await;
        let mut given = Vec::new();
        for id in ids {
            loop {
                match client.list_user_proficiencies(&arn, &id).await {
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
        let steps = ledger.state().proficiencies();
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
    async fn an_answer_that_was_lost_is_read_from_the_users_own_list() {
        for fates in [&[Fate::Lost][..], &[Fate::Dropped], &[Fate::Dropped, Fate::Lost, Fate::Dropped]] {
            let came = give(spec(), 1, gift("German"), fates).await;
            assert_eq!((came.steps, &came.given[..]), (counts(0, 1, 0), &[1][..]), "{fates:?} {came:?}");
        }
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
