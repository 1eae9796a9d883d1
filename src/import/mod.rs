//! Stage 4: tasks become outcomes.
//!
//! One task for each row: place → permit → intent, synced → slot → send → verdict → outcome. A row that has to wait gives
//! its place up; every attempt of every kind passes the pace of its operation.

mod backoff;
mod body;
mod breaker;
mod follow_up;
mod pace;
mod paces;
mod remembered;
mod settle;
mod verdict;

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use tokio::time::Instant;

pub use backoff::{Delays, Random};
pub use body::{create_user, proficiencies, provenance, read_provenance};
pub use breaker::{Breaker, Course, Failing, Leave};
pub use follow_up::FollowUp;
pub use pace::{CEILING, FLOOR, Law, Pace, START, default_burst};
pub use paces::{Paced, Paces};
pub use remembered::Remembered;
pub use verdict::{BY_CODE, CodeRule, Verdict, by_status, of_fault, verdict};

use paces::clock_is_off;
use settle::Held;

use crate::agent::{Agent, IdentityType, PROVENANCE, RowNumber};
use crate::clock;
use crate::connect::model::{CreateUser, UserCreated};
use crate::connect::{CallError, Client, Fault, Operation, Refreshed, Reply};
use crate::crash::{self, Sabotage};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::{self, Attempt, Intent, Ledger, LedgerFault, Outcome, Queued, RowState, Unexecuted};
use crate::passwords::Credentials;
use crate::stop::{Stop, Switch};

/// A row to send, or to settle.
pub struct Task {
    /// Its place in the ledger's state.
    pub at: ledger::Place,
    /// The row as the spreadsheet shows it.
    pub row: RowNumber,
    /// The username.
    pub user: String,
    /// The request, but for its provenance tag; `None` where the row is only to be looked up.
    pub body: Option<Box<CreateUser>>,
    /// Whether an earlier attempt may have made the user.
    pub in_doubt: bool,
    /// Whether a user of this exact name was seen on the instance before anything was sent: looked at first, which
    /// costs none of CreateUser's quota.
    pub seen: bool,
    /// What its user is given once it is there.
    pub then: Option<FollowUp>,
    /// The body's password is one that headcount made: each attempt's is recorded before it leaves.
    pub generated: bool,
}

impl Task {
    /// A row to send.
    pub fn send(at: ledger::Place, agent: &Agent, body: CreateUser, in_doubt: bool) -> Self {
        Self {
            at,
            row: agent.row,
            user: agent.username.clone(),
            body: Some(Box::new(body)),
            in_doubt,
            seen: false,
            then: None,
            generated: false,
        }
    }

    /// The same, with a password that headcount made.
    #[must_use]
    pub fn generated(self, generated: bool) -> Self {
        Self { generated, ..self }
    }

    /// The same, with what its user is given once it is there.
    #[must_use]
    pub fn then(self, then: Option<FollowUp>) -> Self {
        Self { then, ..self }
    }

    /// A row whose user is there: nothing of it is sent but what follows.
    pub fn follow_up(at: ledger::Place, row: RowNumber, user: String, then: FollowUp) -> Self {
        let task = Self::look_up(at, row, user);
        Self { in_doubt: false, then: Some(then), ..task }
    }

    fn is_follow_up(&self) -> bool {
        self.body.is_none() && !self.in_doubt
    }

    /// The same, with a user of this exact name on the instance.
    #[must_use]
    pub fn seen(self, seen: bool) -> Self {
        Self { seen, ..self }
    }

    /// A row to look up only: it is in doubt and no longer wanted.
    pub fn look_up(at: ledger::Place, row: RowNumber, user: String) -> Self {
        Self { at, row, user, body: None, in_doubt: true, seen: false, then: None, generated: false }
    }
}

/// What an import is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The instance's id or ARN, as it stands in the URI.
    pub instance: String,
    /// How the instance knows its users: what it fills in by itself is no difference.
    pub identity: IdentityType,
    /// The run's id, from the ledger.
    pub run: String,
    /// Whether each user gets the provenance tag.
    pub provenance_tag: bool,
    /// Whether equal members and a fitting time are proof enough where there is no tag.
    pub accept_probable: bool,
    /// CreateUser calls a second.
    pub rate: f64,
    /// How many calls may leave at once after a quiet time.
    pub burst: u32,
    /// How many requests may be under way; `None` follows rate × latency.
    pub concurrency: Option<usize>,
    /// How long a row is tried while nothing clear comes back, and how long a made user may stay invisible.
    pub row_budget: Duration,
    /// How long an outage is borne before the run stops.
    pub outage_patience: Duration,
    /// The seed of the waits.
    pub seed: u64,
}

impl Settings {
    /// The default of [`Settings::row_budget`]: eventual consistency "can take several minutes" (Amazon Connect API
    /// reference, *Eventual consistency*).
    pub const ROW_BUDGET: Duration = Duration::from_secs(300);
    /// The default of [`Settings::outage_patience`].
    pub const OUTAGE_PATIENCE: Duration = Duration::from_secs(900);
}

/// The most rows that are open at once, those that wait included.
const OPEN: usize = 1024;

/// The most requests under way where no number is given: half of the files that a process may have open by default.
const MOST_IN_FLIGHT: usize = 512;

/// A row's intent is synced while the row waits for a slot, so that no request is missing from the wire for want of a
/// sync. So much of the pace may be ahead of its requests, and no more: at a rate that people have, none.
const AHEAD: Duration = Duration::from_millis(5);

/// After this many rows, each rejected with the same code, the fault is not in the rows.
const ALL_REJECTED: usize = 20;

/// From which length on a pause that the service asks for is told.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// An import at work.
pub struct Importer {
    client: Client,
    ledger: Arc<Ledger>,
    /// Where passwords that headcount made are recorded.
    credentials: Option<Credentials>,
    settings: Settings,
    switch: Switch,
    events: mpsc::UnboundedSender<Event>,
    paces: Arc<Paces>,
    breaker: Breaker,
    /// Places for rows that are about to be sent; as many as there are slots, and a few ahead of them: see [`AHEAD`].
    places: Arc<Semaphore>,
    /// A slot is a request under way.
    slots: Arc<Semaphore>,
    flight: Flight,
    rejections: Mutex<Rejections>,
    instance_checked: AtomicBool,
    /// SearchUsers may not be called: ListUsers is what is left.
    search_denied: AtomicBool,
    /// When the newest request before this session was about to leave.
    newest_before: Option<SystemTime>,
    /// When the signing clock was corrected.
    skew_corrected: Mutex<Option<Instant>>,
    /// How many requests may be under way now.
    in_flight: AtomicUsize,
    /// How many places there are now.
    placed: AtomicUsize,
}

/// The usernames in flight, folded: names that differ only in case are never in flight together.
#[derive(Default)]
struct Flight {
    folded: Mutex<HashSet<String>>,
    landed: Notify,
}

/// The first outcomes, as long as all are rejections of one code.
#[derive(Default)]
struct Rejections {
    settled: usize,
    alike: usize,
    code: String,
}

/// A row's leave to be about to be sent, and the slot of its request once that may leave.
struct Place {
    _among: OwnedSemaphorePermit,
    slot: Option<OwnedSemaphorePermit>,
}

/// When and as whom a request left.
#[derive(Clone, Copy)]
struct Sent {
    at: Instant,
    /// The generation of the credentials.
    credentials: u64,
}

/// How a row's work ended.
enum End {
    /// Its outcome is recorded.
    Settled,
    /// The run stops, and the row stays as it is.
    Left,
}

impl Importer {
    /// Prepares an import; nothing is sent before [`Importer::run`].
    pub fn new(
        client: Client,
        ledger: Arc<Ledger>,
        settings: Settings,
        switch: Switch,
        events: mpsc::UnboundedSender<Event>,
    ) -> Self {
        let newest_before = clock::parse_rfc3339(&ledger.state().newest_intent);
        let in_flight = settings.concurrency.unwrap_or_else(|| (settings.burst as usize).clamp(2, 64)).max(1);
        let placed = in_flight + ahead(settings.rate, in_flight);
        Self {
            paces: Arc::default(),
            breaker: Breaker::default(),
            places: Arc::new(Semaphore::new(placed)),
            slots: Arc::new(Semaphore::new(in_flight)),
            flight: Flight::default(),
            rejections: Mutex::default(),
            instance_checked: AtomicBool::new(false),
            search_denied: AtomicBool::new(false),
            newest_before,
            skew_corrected: Mutex::default(),
            in_flight: AtomicUsize::new(in_flight),
            placed: AtomicUsize::new(placed),
            client,
            ledger,
            credentials: None,
            settings,
            switch,
            events,
        }
    }

    /// Records the passwords that headcount made, before the requests with them leave.
    #[must_use]
    pub fn recording(self, credentials: Option<Credentials>) -> Self {
        Self { credentials, ..self }
    }

    /// Shares the paces of whoever reads the same instance; CreateUser's is the settings' where none is set.
    #[must_use]
    pub fn paced(self, paces: Arc<Paces>) -> Self {
        Self { paces, ..self }
    }

    /// CreateUser's pace.
    fn pace(&self) -> &Pace {
        self.paces.of(Operation::CreateUser)
    }

    /// Works through the tasks until all are settled or there is a reason to stop; requests under way are awaited.
    ///
    /// A task that cannot be had (the roster changed) stops the run.
    pub async fn run(self, tasks: impl Iterator<Item = Result<Task, Failure>>) -> Result<(), Failure> {
        self.paces.set(Operation::CreateUser, Pace::new(self.settings.rate, self.settings.burst));
        let importer = Arc::new(self);
        let mut open = JoinSet::new();
        let (errands, queue) = mpsc::unbounded_channel();
        let follow_ups = tokio::spawn(importer.clone().run_errands(queue));
        for task in tasks {
            let task = match task {
                Ok(task) => task,
                Err(failure) => {
                    importer.stop(Stop::Roster { message: failure.what });
                    break;
                }
            };
            if task.is_follow_up() {
                importer.send_errand(task, &errands);
                continue;
            }
            let Some(place) = importer.place_for(&task, &mut open).await? else { break };
            open.spawn(importer.clone().row(task, place, errands.clone()));
        }
        while let Some(ended) = open.join_next().await {
            joined(ended)?;
        }
        drop(errands);
        joined(follow_ups.await)?
    }

    /// Has the row's user given what follows, where it is there and waits for it.
    fn send_errand(&self, task: Task, errands: &mpsc::UnboundedSender<follow_up::Errand>) {
        let errand = task.then.and_then(|gift| self.errand(task.at, task.row, gift));
        errand.map(|errand| errands.send(errand)); // nobody takes it where the run stops, and it stays pending
    }

    /// Waits until the task may start: a place, not too many rows open, no case variant in flight. `None` where the run
    /// stops first.
    async fn place_for(&self, task: &Task, open: &mut JoinSet<()>) -> Result<Option<Place>, Failure> {
        while let Some(ended) = open.try_join_next() {
            joined(ended)?;
        }
        while open.len() >= OPEN {
            match open.join_next().await {
                Some(ended) => joined(ended)?,
                None => break,
            }
        }
        let folded = task.user.to_lowercase();
        let place = self.switch.unless_stopped(async {
            self.flight.take_off(folded).await;
            self.place().await
        });
        Ok(place.await.flatten())
    }

    /// Waits for a place.
    async fn place(&self) -> Option<Place> {
        let among = self.places.clone().acquire_owned().await.ok()?;
        Some(Place { _among: among, slot: None })
    }

    /// One row, from its first permit to its last record.
    async fn row(
        self: Arc<Self>,
        task: Task,
        place: Place,
        errands: mpsc::UnboundedSender<follow_up::Errand>,
    ) {
        let end = match &task.body {
            Some(body) => self.look_or_send(&task, body, place).await,
            None => {
                drop(place);
                self.settle_by_look_up(&task, None).await
            }
        };
        self.flight.land(&task.user.to_lowercase());
        match end {
            Ok(End::Settled) => self.send_errand(task, &errands),
            Ok(End::Left) => {}
            Err(LedgerFault(message)) => self.stop(Stop::Ledger { message }),
        }
    }

    /// A row whose name was seen on the instance is looked at; it is sent only where that settles nothing.
    async fn look_or_send(&self, task: &Task, body: &CreateUser, place: Place) -> Result<End, LedgerFault> {
        if !task.seen {
            return self.send_until_settled(task, body, place).await;
        }
        drop(place);
        if let Some(end) = self.settle_by_first_look(task).await? {
            return Ok(end);
        }
        match self.switch.unless_stopped(self.place()).await.flatten() {
            Some(place) => self.send_until_settled(task, body, place).await,
            None => Ok(End::Left),
        }
    }

    async fn send_until_settled(
        &self,
        task: &Task,
        body: &CreateUser,
        place: Place,
    ) -> Result<End, LedgerFault> {
        let random = Random::seeded(self.settings.seed ^ (u64::from(task.at.number()) << 20));
        let mut delays = Delays::new(Duration::from_secs(1), Duration::from_secs(20), random);
        let mut place = Some(place);
        let mut doubt = task.in_doubt;
        let mut was_unclear = false;
        let mut unclear_since: Option<Instant> = None;
        loop {
            let Some(own) = self.leave_to_send(&mut place).await else { return Ok(End::Left) };
            let Some(queued) = self.intend(task, body).await? else { return Ok(End::Left) };
            let slot = self.slot(&queued).await;
            let intent = queued.synced().await?;
            own.slot = slot;
            let standing = if doubt { RowState::InDoubt } else { RowState::Pending };
            if own.slot.is_none() || self.switch.is_set() {
                let unexecuted = Some(Unexecuted::NotSent);
                self.ledger.finish(intent, &Outcome { state: standing, unexecuted, ..Outcome::default() })?;
                return Ok(End::Left);
            }
            let sent = Sent { at: Instant::now(), credentials: self.client.credentials_generation() };
            crash::point("send-before");
            let answer = self.attempt(body, intent.attempt).await;
            crash::point("answer-unmarked");
            if crash::sabotage(Sabotage::PasswordRecordedLate) {
                let _ = self.record_password(task, body, intent.attempt).await;
            }
            let verdict = verdict(&answer);
            self.learn(verdict, sent.at, &answer);
            if let Ok(reply) = &answer {
                return self.created(task, intent, reply);
            }
            let unexecuted = |why| Outcome { state: standing, unexecuted: Some(why), ..told(&answer) };
            let mut wait = None;
            match verdict {
                Verdict::Duplicate if crash::sabotage(Sabotage::DuplicateIsFailed) => {
                    return self.rejected(task, intent, told(&answer));
                }
                Verdict::Duplicate if crash::sabotage(Sabotage::DuplicateIsSuccess) => {
                    let outcome = Outcome { state: RowState::Created, ..Outcome::default() };
                    self.ledger.finish(intent, &outcome)?;
                    return Ok(End::Settled);
                }
                Verdict::Created | Verdict::Duplicate => {
                    drop(place);
                    let held = Held::new(intent, verdict, &answer, was_unclear);
                    return self.settle_by_look_up(task, Some(held)).await;
                }
                Verdict::Rejected | Verdict::NotFound => {
                    if verdict == Verdict::NotFound && self.instance_is_gone().await {
                        self.ledger.finish(intent, &unexecuted(Unexecuted::Refused))?;
                        self.stop(Stop::NoInstance);
                        return Ok(End::Left);
                    }
                    if doubt {
                        // An earlier attempt may have made the user, and this refusal says nothing of that one.
                        drop(place);
                        let held = Held::new(intent, verdict, &answer, was_unclear);
                        return self.settle_by_look_up(task, Some(held)).await;
                    }
                    return self.rejected(task, intent, told(&answer));
                }
                Verdict::Throttled => {
                    self.ledger.finish(intent, &unexecuted(Unexecuted::Throttled))?;
                    self.emit(Event::Throttled { rate: self.pace().rate() });
                    let asked = retry_after(&answer).unwrap_or_default().min(Delays::PATIENCE);
                    if asked >= WORTH_TELLING {
                        self.emit(Event::waiting("the service asks for a pause", asked));
                    }
                    wait = Some(delays.next(retry_after(&answer)));
                }
                Verdict::InDoubt => {
                    (doubt, was_unclear) = (true, true);
                    let told = Outcome { state: RowState::InDoubt, ..told(&answer) };
                    let message = told.message.clone().unwrap_or_default();
                    self.ledger.finish(intent, &told)?;
                    self.emit(Event::InDoubt {
                        row: task.row,
                        user: task.user.clone(),
                        message,
                        last: false,
                    });
                    wait = Some(delays.next(retry_after(&answer)));
                }
                Verdict::NotSent => {
                    self.ledger.finish(intent, &unexecuted(Unexecuted::NotSent))?;
                    wait = Some(delays.next(None));
                }
                Verdict::NoCredentials => {
                    self.ledger.finish(intent, &unexecuted(Unexecuted::NotSent))?;
                    let message = told(&answer).message.unwrap_or_default();
                    self.stop(Stop::Credentials { message });
                    return Ok(End::Left);
                }
                Verdict::Full | Verdict::Denied | Verdict::Expired | Verdict::Signature => {
                    self.ledger.finish(intent, &unexecuted(Unexecuted::Refused))?;
                    if !self.mended(verdict, &answer, sent).await {
                        return Ok(End::Left);
                    }
                }
            }
            // Only now, with a reason to stop told to all, may the next row take this one's place.
            place = None;
            match verdict {
                Verdict::InDoubt | Verdict::NotSent => {
                    let since = *unclear_since.get_or_insert(sent.at);
                    if doubt && self.breaker.served(since) >= self.settings.row_budget {
                        return self.settle_by_look_up(task, None).await;
                    }
                }
                _ => unclear_since = None,
            }
            if let Some(wait) = wait {
                let _ = self.switch.unless_stopped(clock::sleep(wait)).await;
            }
        }
    }

    /// Waits for a place, for the breaker and for the pace. `None` where the run stops first.
    async fn leave_to_send<'p>(&self, place: &'p mut Option<Place>) -> Option<&'p mut Place> {
        if place.is_none() {
            *place = self.switch.unless_stopped(self.place()).await?;
        }
        self.switch.unless_stopped(self.breaker.leave()).await?;
        self.switch.unless_stopped(self.pace().permit()).await?;
        place.as_mut().filter(|_| !self.switch.is_set())
    }

    /// Waits until one request more may be under way; the intent is synced meanwhile. `None` where the run stops first.
    async fn slot(&self, queued: &Queued) -> Option<OwnedSemaphorePermit> {
        if let Ok(slot) = self.slots.clone().try_acquire_owned() {
            return Some(slot);
        }
        queued.soon();
        self.switch.unless_stopped(self.slots.clone().acquire_owned()).await?.ok()
    }

    /// The intent, which is to be synced before the request may leave, and the record of a password that headcount made,
    /// which is. `None` where the record cannot be written; then nothing leaves, and the run stops.
    async fn intend(&self, task: &Task, body: &CreateUser) -> Result<Option<Queued>, LedgerFault> {
        if !task.generated {
            return Ok(Some(self.ledger.intend(task.at, self.settings.provenance_tag)));
        }
        let intent = self.ledger.intend_generated(task.at).synced().await?;
        crash::point("password-before");
        if crash::sabotage(Sabotage::PasswordRecordedLate) {
            return Ok(Some(Queued::synced_already(intent)));
        }
        match self.record_password(task, body, intent.attempt).await {
            Ok(()) => {
                crash::point("password-after");
                Ok(Some(Queued::synced_already(intent)))
            }
            Err(LedgerFault(message)) => {
                let state = if task.in_doubt { RowState::InDoubt } else { RowState::Pending };
                let unexecuted = Some(Unexecuted::NotSent);
                self.ledger.finish(intent, &Outcome { state, unexecuted, ..Outcome::default() })?;
                self.stop(Stop::Passwords { message });
                Ok(None)
            }
        }
    }

    async fn record_password(
        &self,
        task: &Task,
        body: &CreateUser,
        attempt: Attempt,
    ) -> Result<(), LedgerFault> {
        match (&self.credentials, &body.password) {
            (Some(credentials), Some(password)) => credentials.record(&task.user, attempt, password).await,
            _ => Err(LedgerFault("there is no file for the password that was made".into())),
        }
    }

    /// Sends one request.
    async fn attempt(&self, body: &CreateUser, attempt: Attempt) -> Result<Reply<UserCreated>, CallError> {
        if !self.settings.provenance_tag {
            return self.client.create_user(&self.settings.instance, body).await;
        }
        let mut body = body.clone();
        body.tags.insert(PROVENANCE.into(), provenance(&self.settings.run, attempt));
        self.client.create_user(&self.settings.instance, &body).await
    }

    /// Tells the pace and the breaker what an answer says.
    fn learn<T>(&self, verdict: Verdict, sent: Instant, answer: &Result<T, CallError>) {
        self.learn_of_service(verdict, answer);
        match verdict {
            Verdict::Throttled => self.pace().throttled(sent, retry_after(answer)),
            Verdict::Created | Verdict::Rejected | Verdict::Duplicate | Verdict::NotFound => {
                self.pace().passed(sent);
                if self.settings.concurrency.is_none() {
                    self.widen(sent.elapsed());
                }
            }
            _ => {}
        }
    }

    /// Tells the breaker, which is for all operations; stops where nothing clear has come back for too long.
    fn learn_of_service<T>(&self, verdict: Verdict, answer: &Result<T, CallError>) {
        match verdict {
            Verdict::InDoubt | Verdict::NotSent => {
                let Failing { lasted, pause } = self.breaker.failed();
                let message = || told(answer).message.unwrap_or_default();
                if lasted >= self.settings.outage_patience {
                    self.stop(Stop::Outage { lasted, message: message() });
                } else if let Some(pause) = pause {
                    self.emit(Event::waiting(format!("nothing clear comes back: {}", message()), pause));
                }
            }
            Verdict::NoCredentials => {}
            _ => self.breaker.answered(),
        }
    }

    /// Lets more requests be under way where rate × latency asks for it; the pace, not their number, sets the speed.
    fn widen(&self, latency: Duration) {
        let rate = self.pace().rate();
        let wanted = (rate * latency.as_secs_f64() * 2.0).ceil() as usize + 1;
        let wanted = wanted.min(MOST_IN_FLIGHT);
        let have = self.in_flight.fetch_max(wanted, Ordering::Relaxed);
        self.slots.add_permits(wanted.saturating_sub(have));
        let wanted = wanted + ahead(rate, wanted);
        let have = self.placed.fetch_max(wanted, Ordering::Relaxed);
        self.places.add_permits(wanted.saturating_sub(have));
    }

    fn created(&self, task: &Task, intent: Intent, reply: &Reply<UserCreated>) -> Result<End, LedgerFault> {
        let (id, request_id) = (reply.value.user_id.clone(), reply.request_id.clone());
        let outcome =
            Outcome { state: RowState::Created, id: Some(id.clone()), request_id, ..Outcome::default() };
        self.ledger.finish(intent, &outcome)?;
        self.note_settled(None);
        self.emit(Event::Created { row: task.row, user: task.user.clone(), id, recovered: false });
        Ok(End::Settled)
    }

    fn rejected(&self, task: &Task, intent: Intent, told: Outcome) -> Result<End, LedgerFault> {
        let outcome = Outcome { state: RowState::Rejected, ..told };
        self.ledger.finish(intent, &outcome)?;
        let code = outcome.code.unwrap_or_default();
        let message = outcome.message.unwrap_or_default();
        self.note_settled(Some((&code, &message)));
        self.emit(Event::Rejected { row: task.row, user: task.user.clone(), code, message });
        Ok(End::Settled)
    }

    /// Counts the first outcomes: where each is a rejection with one code, the fault is not in the rows.
    fn note_settled(&self, rejection: Option<(&str, &str)>) {
        let mut seen = self.rejections.lock().unwrap_or_else(PoisonError::into_inner);
        seen.settled += 1;
        if seen.settled > ALL_REJECTED {
            return;
        }
        if let Some((code, message)) = rejection {
            if seen.alike == 0 {
                seen.code = code.to_owned();
            }
            seen.alike += usize::from(seen.code == code);
            if seen.alike == ALL_REJECTED {
                let (code, message) = (code.to_owned(), message.to_owned());
                self.stop(Stop::AllRejected { rows: ALL_REJECTED, code, message });
            }
        }
    }

    /// Whether the instance itself is what was not found. Asked once: it does not come back during a run.
    async fn instance_is_gone(&self) -> bool {
        if self.instance_checked.load(Ordering::Relaxed) {
            return false;
        }
        let call = self.client.list_routing_profiles(&self.settings.instance, None);
        let answer = self.paces.call(Operation::ListRoutingProfiles, call).await;
        let gone = matches!(&answer, Err(CallError::Refused(fault)) if of_fault(fault) == Verdict::NotFound);
        if answer.is_ok() {
            self.instance_checked.store(true, Ordering::Relaxed);
        }
        gone
    }

    /// Mends what can be mended about a refusal of the whole run, else stops. Says whether to try again.
    async fn mended<T>(&self, verdict: Verdict, answer: &Result<T, CallError>, sent: Sent) -> bool {
        let Err(CallError::Refused(fault)) = answer else { return false };
        let message = fault.message.clone().unwrap_or_default();
        match verdict {
            Verdict::Full => self.stop(Stop::Full { message }),
            Verdict::Expired => return self.refresh(&message, sent.credentials).await,
            Verdict::Signature => return self.correct_skew(fault, sent.at),
            _ => self.stop(Stop::Denied { code: fault.code.clone().unwrap_or_default(), message }),
        }
        false
    }

    /// One refresh of the credentials for all rows whose token was refused; `used` is the generation that was.
    async fn refresh(&self, message: &str, used: u64) -> bool {
        if self.client.credentials_generation() == used {
            let reason = "the credentials have expired, and new ones are being fetched";
            self.emit(Event::waiting(reason, Duration::ZERO));
        }
        let trouble = match self.client.refresh_credentials(used).await {
            Ok(Refreshed::Changed) => return true,
            Ok(Refreshed::Unchanged) => {
                format!("the credentials have expired, and the same ones come back ({message})")
            }
            Err(error) => error.to_string(),
        };
        self.stop(Stop::Credentials { message: trouble });
        false
    }

    /// Corrects the signing clock once by the answer's `Date`; a second refusal stops the run.
    fn correct_skew(&self, fault: &Fault, sent: Instant) -> bool {
        let mut corrected = self.skew_corrected.lock().unwrap_or_else(PoisonError::into_inner);
        if corrected.is_some_and(|at| sent <= at) {
            return true; // signed before the correction
        }
        let Some(seconds) = clock_is_off(&self.client, fault) else {
            let (code, message) = (fault.code.clone().unwrap_or_default(), fault.message.clone());
            self.stop(Stop::Denied { code, message: message.unwrap_or_default() });
            return false;
        };
        if corrected.is_some() {
            self.stop(Stop::Skew { seconds });
            return false;
        }
        *corrected = Some(Instant::now());
        fault.date.map(|date| self.client.set_service_time(date));
        let message = format!(
            "this machine's clock is off by {seconds} s; requests are signed with the service's time"
        );
        self.emit(Event::Note { message });
        true
    }

    fn stop(&self, reason: Stop) {
        let words = reason.to_string();
        if self.switch.stop(reason) {
            self.emit(Event::Stopping { reason: words });
        }
    }

    fn emit(&self, event: Event) {
        let _ = self.events.send(event); // a sink that is gone is no reason to stop
    }
}

impl Flight {
    /// Waits until no case variant of the name is in flight, and takes its place.
    async fn take_off(&self, folded: String) {
        loop {
            let landed = self.landed.notified();
            tokio::pin!(landed);
            landed.as_mut().enable();
            if self.folded().insert(folded.clone()) {
                return;
            }
            landed.await;
        }
    }

    fn land(&self, folded: &str) {
        self.folded().remove(folded);
        self.landed.notify_waiters();
    }

    fn folded(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.folded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many rows may be ahead of the requests under way at this rate.
fn ahead(rate: f64, in_flight: usize) -> usize {
    ((rate * AHEAD.as_secs_f64()) as usize).min(in_flight)
}

/// What a refusal or a trouble says, for the ledger.
fn told<T>(answer: &Result<T, CallError>) -> Outcome {
    match answer {
        Ok(_) => Outcome::default(),
        Err(CallError::Refused(fault)) => Outcome {
            code: Some(fault.code.clone().unwrap_or_else(|| format!("HTTP {}", fault.status))),
            message: fault.message.clone(),
            request_id: fault.request_id.clone(),
            ..Outcome::default()
        },
        Err(error) => Outcome { message: Some(error.to_string()), ..Outcome::default() },
    }
}

fn retry_after<T>(answer: &Result<T, CallError>) -> Option<Duration> {
    match answer {
        Err(CallError::Refused(fault)) => fault.retry_after,
        _ => None,
    }
}

fn joined<T>(ended: Result<T, tokio::task::JoinError>) -> Result<T, Failure> {
    ended
        .map_err(|error| Failure::new(crate::exit::Exit::Bug, "a row's work ended in a panic").because(error))
}
