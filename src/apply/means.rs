//! What every task works with: lent to functions, owned by nobody of them.

use std::collections::HashSet;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::task::JoinError;

use super::first::FirstAnswer;
use super::gauge::{Answerers, Gauge};
use super::index::Index;
use crate::agent::IdentityType;
use crate::clock;
use crate::connect::{self, Operation};
use crate::error::Failure;
use crate::event::{Event, Sink};
use crate::exit::Exit;
use crate::lane::answer::Answer;
use crate::lane::backoff::Delays;
use crate::lane::slots::Slots;
use crate::lane::verdict::Verdict;
use crate::lane::{Lane, Mended};
use crate::ledger::{Journal, Outcome, RowState};
use crate::passwords::Credentials;
use crate::stop::{Stop, Switch};
use crate::text::{self, Voice};
use crate::user::NamesOfIds;
use crate::waits::WaitFor;

/// What a run is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The instance's id or ARN, as it stands in the URI.
    pub instance: String,
    /// How the instance knows its users: it decides which of their members count in a comparison.
    pub identity: IdentityType,
    /// The run's id, from the ledger.
    pub run: String,
    /// Whether each user gets the provenance tag.
    pub provenance_tag: bool,
    /// Whether equal members and a fitting time are proof enough where there is no tag.
    pub accept_probable: bool,
    /// How long a row is tried while nothing clear comes back, and how long a made user may stay invisible.
    pub row_budget: Duration,
    /// How long an outage is borne before the run stops.
    pub outage_patience: Duration,
    /// The seed of the waits.
    pub seed: u64,
    /// How the ledger tells its readers what to set: what it keeps is in words.
    pub voice: &'static dyn Voice,
}

impl Settings {
    /// The default of [`Settings::row_budget`]: eventual consistency "can take several minutes" (Amazon Connect API
    /// reference, *Eventual consistency*).
    pub const ROW_BUDGET: Duration = Duration::from_secs(300);
    /// The default of [`Settings::outage_patience`].
    pub const OUTAGE_PATIENCE: Duration = Duration::from_secs(900);
}

/// From which length on a pause that the service asks for is told.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// What every task works with.
pub struct Means {
    /// How calls leave.
    pub(crate) lane: Arc<Lane>,
    /// How many creates may be under way.
    pub(crate) slots: Slots,
    /// The truth.
    pub ledger: Arc<dyn Journal>,
    /// Where passwords that headcount made are recorded.
    pub(crate) credentials: Option<Credentials>,
    /// What the run is told.
    pub(crate) settings: Settings,
    /// What the instance calls the things that users have by id.
    pub(super) names: NamesOfIds,
    /// Tells everybody to stop.
    pub(crate) stop: Switch,
    /// Where events go.
    pub(crate) events: Arc<dyn Sink>,
    pub(super) found: Found,
}

/// What has been found out on the way and holds for the whole run.
pub(super) struct Found {
    gauge: Mutex<Gauge>,
    /// The instance was asked for, and is there: it does not go away during a run.
    pub(super) instance_is_there: AtomicBool,
    /// The list of users, for all rows that look for somebody.
    pub(super) index: Index,
    /// The first create goes alone.
    pub(super) first: Arc<FirstAnswer>,
    /// Who answers creates, and who answers what follows them: a gateway may refuse the one and pass the other on.
    answerers: [Mutex<Answerers>; 2],
    /// SearchUsers may not be called: ListUsers is what is left.
    pub(super) search_is_denied: AtomicBool,
    /// The ids that creates of this session were answered, by hashes: were two ever alike, a row would be looked up in vain.
    ids: Mutex<HashSet<u64>>,
    /// How many names were found taken by users that another copy of this ledger made.
    copies: AtomicU64,
    /// When the newest request before this session was about to leave.
    pub(super) newest_before: Option<SystemTime>,
}

impl Means {
    /// Puts the means of a run together; nothing is sent.
    pub fn new(
        lane: Arc<Lane>,
        slots: Slots,
        ledger: Arc<dyn Journal>,
        settings: Settings,
        stop: Switch,
        events: Arc<dyn Sink>,
    ) -> Self {
        let found = Found {
            gauge: Mutex::default(),
            index: Index::default(),
            instance_is_there: AtomicBool::new(false),
            first: Arc::default(),
            answerers: Default::default(),
            search_is_denied: AtomicBool::new(false),
            ids: Mutex::default(),
            copies: AtomicU64::new(0),
            newest_before: ledger.read(|state| clock::parse_rfc3339(&state.newest_intent)),
        };
        Self {
            lane,
            slots,
            ledger,
            credentials: None,
            names: NamesOfIds::default(),
            settings,
            stop,
            events,
            found,
        }
    }

    /// Tells how a user that is there differs by what the instance calls things.
    #[must_use]
    pub(crate) fn naming(self, names: NamesOfIds) -> Self {
        Self { names, ..self }
    }

    /// Records the passwords that headcount made, before the requests with them leave.
    #[must_use]
    pub(crate) fn recording(self, credentials: Option<Credentials>) -> Self {
        Self { credentials, ..self }
    }

    /// Tells an event.
    pub(super) fn tell(&self, event: Event) {
        self.events.tell(event);
    }

    /// Stops the run. Who is the first tells it, and nobody else.
    pub(super) fn stop(&self, reason: Stop) {
        self.stop.stop_and_tell(reason, &*self.events);
    }

    /// Takes note of the id that a create was answered; says whether it is the first with it.
    ///
    /// A row is answered at most once with an id of its own, and no two users have one: whatever repeats an answer to one row
    /// as that to another has said nothing of the second.
    pub(super) fn notes_new_id(&self, id: &str) -> bool {
        let mut ids = self.found.ids.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = ids.hasher().hash_one(id);
        ids.insert(hash)
    }

    /// A user was made by another copy of this ledger.
    pub(super) fn saw_a_copy(&self) {
        self.found.copies.fetch_add(1, Ordering::Relaxed);
    }

    /// Says at the end of a run that another copy of its ledger is at work, if one was seen: from a row's message alone nobody
    /// would know that the whole run is split.
    pub(super) fn say_copies(&self) {
        let seen = self.found.copies.load(Ordering::Relaxed);
        if seen > 0 {
            let message = format!(
                "another copy of this ledger is, or was, at work: {} in the roster made by it, and not by this one. \
                 Find that copy, see with `headcount status` who is whose, and go on with one of them alone",
                text::count(seen, "user")
            );
            self.tell(Event::Warning { message });
        }
    }

    /// Waits before a call is made again, unless the run stops.
    pub(super) async fn wait(&self, operation: Operation, answer: &Answer, time: Duration) -> Option<()> {
        let what = format!("{operation} is sent again: {}", answer.message());
        let _waiting = self.lane.waits().at_most(WaitFor::Again, what, time);
        self.stop.unless_stopped(clock::sleep(time)).await
    }

    /// Teaches the lane an answer, and says what that means for the run: a throttle, a pause, an outage that has lasted too
    /// long. Before the row's outcome is recorded, so that no other row leaves on what is known to be wrong.
    pub(super) fn learn(&self, operation: Operation, answer: &Answer) {
        let learned = self.lane.learn(operation, answer);
        if let Some(reason) = self.is_not_connect(operation, answer) {
            self.stop(reason);
        } else if let Some(failing) = learned.failing {
            if failing.lasted >= self.settings.outage_patience {
                self.stop(Stop::Outage { lasted: failing.lasted, message: answer.message() });
            } else if let Some(pause) = failing.pause {
                self.tell(Event::waiting(format!("nothing clear comes back: {}", answer.message()), pause));
            }
        }
        // The live view shows the creates' pace; what follows them is slowed without a word.
        if operation != Operation::CreateUser {
            return;
        }
        if let Some(rate) = learned.slowed {
            self.tell(Event::Throttled { rate });
            let asked = answer.pause.unwrap_or_default().min(Delays::PATIENCE);
            if asked >= WORTH_TELLING {
                self.tell(Event::waiting("the service asks for a pause", asked));
            }
        }
        if learned.passed && answer.verdict != Verdict::Full {
            self.slots.widen(self.lane.pace(operation).rate(), answer.departure.left.elapsed());
        }
    }

    /// Why the run stops, where each of the first answers to an operation was somebody's in between.
    fn is_not_connect(&self, operation: Operation, answer: &Answer) -> Option<Stop> {
        let of = usize::from(operation != Operation::CreateUser);
        let mut answerers = self.found.answerers[of].lock().unwrap_or_else(PoisonError::into_inner);
        answerers.answered(answer)
    }

    /// Mends what can be mended about the caller, else stops. Says whether to try again.
    pub(super) async fn mend(&self, answer: &Answer) -> bool {
        if self.lane.asks_for_credentials(answer) {
            let reason = "the credentials have expired, and new ones are being fetched";
            self.tell(Event::waiting(reason, Duration::ZERO));
        }
        let mended = {
            let what = "new credentials are fetched";
            let _waiting =
                self.lane.waits().at_most(WaitFor::Credentials, what, connect::Credentials::LOAD_LIMIT);
            self.lane.mend(answer).await
        };
        match mended {
            Mended::Again => true,
            Mended::Corrected { seconds } => {
                let message = format!(
                    "this machine's clock is off by {seconds} s; requests are signed with the service's time"
                );
                self.tell(Event::Note { message });
                true
            }
            Mended::Stop(reason) => {
                self.stop(reason);
                false
            }
        }
    }

    /// Counts a row that is settled: where each of the first is rejected alike, the run stops.
    pub(super) fn gauge(&self, outcome: &Outcome) {
        let mut gauge = self.found.gauge.lock().unwrap_or_else(PoisonError::into_inner);
        let stop = match outcome.state {
            RowState::Rejected => gauge.rejected(
                outcome.code.as_deref().unwrap_or_default(),
                outcome.message.as_deref().unwrap_or_default(),
            ),
            RowState::Created | RowState::Exists | RowState::There => {
                gauge.settled();
                None
            }
            RowState::Pending
            | RowState::InDoubt
            | RowState::Invalid
            | RowState::Updated
            | RowState::Unconfirmed
            | RowState::Skipped
            | RowState::Deleted => None,
        };
        // The lock first: who is told may take long to listen.
        drop(gauge);
        if let Some(reason) = stop {
            self.stop(reason);
        }
    }

    /// Whether the instance itself is what was not found. Asked until it is found once: it does not go away during a run.
    pub(super) async fn instance_is_gone(&self) -> bool {
        if self.found.instance_is_there.load(Ordering::Relaxed) {
            return false;
        }
        let call = self.lane.client().list_routing_profiles(&self.settings.instance, None);
        match self.lane.ask(Operation::ListRoutingProfiles, call).await {
            Ok(_) => {
                self.found.instance_is_there.store(true, Ordering::Relaxed);
                false
            }
            // A listing names nothing but the instance: where the service refuses that, it is the instance that is wrong.
            Err((answer, _)) => {
                answer.verdict == Verdict::NotFound
                    || (answer.verdict == Verdict::Rejected && !answer.is_foreign)
            }
        }
    }
}

/// What work on a task of its own came to. A panic there is a bug, and ends the run as one.
pub(super) fn joined<T>(ended: Result<T, JoinError>) -> Result<T, Failure> {
    ended.map_err(|error| Failure::new(Exit::Bug, "a row's work ended in a panic").because(error))
}
