//! Users who are there are deleted: each read and proved once more right before, announced in the ledger, then deleted by
//! its id until the service's answer is clear.
//!
//! By id alone, for a name can be given anew. There is no condition that the call could carry, so the proof is as young as
//! it can be; and the call may be sent as often as it takes, for an id is never given a second time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::OwnedSemaphorePermit;
use tokio::task::JoinSet;

use super::around::{QuickConnect, Surroundings};
use super::means::{Means, joined};
use super::sent::{Gates, OPEN, Sent, Tries};
use super::there;
use crate::agent::RowNumber;
use crate::clock;
use crate::connect::{CallError, Operation};
use crate::crash;
use crate::error::Failure;
use crate::event::Event;
use crate::lane::answer::Told;
use crate::lane::verdict::{Verdict, verdict_of_error};
use crate::ledger::{Attempt, JournalFault, Outcome, Place, RowState, Step, StepState};
use crate::plan::{Action, Around, Fate, Why};
use crate::stop::Stop;
use crate::user::Found;
use crate::waits::WaitFor;

/// How often it is looked whether a time has come: a machine that slept has not let its timers go on.
const GLANCE: Duration = Duration::from_secs(20);

/// The finest that timers go by.
const TICK: Duration = Duration::from_millis(1);

/// How long a user is tried to be signed out while nothing clear comes back: the deletion does not depend on it.
const SIGNED_OUT_WITHIN: Duration = Duration::from_secs(20);

/// Somebody to be deleted.
#[derive(Clone, Debug)]
pub(crate) struct Departure {
    /// Its row's place in the ledger's state.
    pub(crate) at: Place,
    /// Its row.
    pub(crate) row: RowNumber,
    /// Its exact username.
    pub(crate) user: String,
    /// Its id.
    pub(crate) id: String,
    /// An earlier session has announced its deletion: that nobody is there may be our own doing.
    pub(crate) was_begun: bool,
    /// Not before this, by the earlier of both clocks: a request may still arrive that makes it again.
    pub(crate) not_before: Option<SystemTime>,
    /// Until then, by the earlier of both clocks, that it is not to be seen does not say that it is gone.
    pub(crate) seen_by: Option<SystemTime>,
    /// Its proficiencies are of interest to the proof.
    pub(crate) with_proficiencies: bool,
}

/// Somebody who was deleted before the quick connects that led to them.
#[derive(Clone, Debug)]
pub(crate) struct Orphaned {
    /// Its row's place in the ledger's state.
    pub(crate) at: Place,
    /// Its row.
    pub(crate) row: RowNumber,
    /// Its username.
    pub(crate) user: String,
    /// The id that it had.
    pub(crate) id: String,
}

/// What is done beside the deletion itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ways {
    /// How many are at work at once at most, where a number is given.
    pub(crate) most: Option<usize>,
    /// Everybody is signed out first.
    pub(crate) signs_out: bool,
    /// The quick connects that lead to somebody are deleted after them.
    pub(crate) quick_connects: bool,
}

/// Proves somebody right before the deletion: what becomes of them, and why, in words.
pub(crate) type Judge = dyn Fn(&Departure, &Found, &Around) -> (Fate, Option<String>) + Send + Sync;

/// How many of those who were to be deleted came to what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parted {
    /// Deleted, by this or an earlier session.
    pub deleted: u64,
    /// Gone before anybody of ours deleted them.
    pub gone: u64,
    /// Left.
    pub skipped: u64,
    /// Refused by the service.
    pub rejected: u64,
    /// Nothing clear came back, or nobody is to be seen yet.
    pub unsettled: u64,
    /// Not begun, for the run stopped.
    pub left: u64,
}

/// What one of them came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Came {
    Deleted,
    Gone,
    Skipped,
    Rejected,
    Unsettled,
    Left,
}

impl Parted {
    fn add(&mut self, came: Came) {
        *match came {
            Came::Deleted => &mut self.deleted,
            Came::Gone => &mut self.gone,
            Came::Skipped => &mut self.skipped,
            Came::Rejected => &mut self.rejected,
            Came::Unsettled => &mut self.unsettled,
            Came::Left => &mut self.left,
        } += 1;
    }
}

/// What all deletions of a run share besides their means.
struct Shared {
    means: Means,
    gates: Gates,
    ways: Ways,
    around: Arc<Surroundings>,
    judge: Box<Judge>,
    /// It was said that nobody can be signed out here.
    cannot_sign_out: AtomicBool,
}

/// Deletes these, many beside each other at the pace of the calls, until all are settled or there is a reason to stop; calls
/// under way are awaited. Those who have to wait should come last: each takes one of the places.
///
/// # Errors
/// A user's work that ended in a panic (exit 70); everything else is recorded, and told by the switch.
pub(crate) async fn run(
    means: Means,
    ways: Ways,
    around: Arc<Surroundings>,
    judge: Box<Judge>,
    departures: impl Iterator<Item = Departure>,
    orphans: Vec<Orphaned>,
) -> Result<Parted, Failure> {
    let most = ways.most.unwrap_or(OPEN).clamp(1, OPEN);
    let (gates, cannot_sign_out) = (Gates::default(), AtomicBool::new(false));
    let shared = Arc::new(Shared { means, gates, ways, around, judge, cannot_sign_out });
    let (mut open, mut parted) = (JoinSet::new(), Parted::default());
    if let Err(JournalFault(message)) = shared.go_on_with(&orphans).await {
        shared.means.stop(Stop::Ledger { message });
    }
    for departure in departures {
        while open.len() >= most {
            match shared.means.stop.unless_stopped(open.join_next()).await.flatten() {
                Some(ended) => parted.add(joined(ended)?),
                None => break,
            }
        }
        if shared.means.stop.is_set() {
            parted.add(Came::Left);
            continue;
        }
        let shared = Arc::clone(&shared);
        open.spawn(async move {
            shared.part(&departure).await.unwrap_or_else(|JournalFault(message)| {
                shared.means.stop(Stop::Ledger { message });
                Came::Left
            })
        });
    }
    while let Some(ended) = open.join_next().await {
        parted.add(joined(ended)?);
    }
    Ok(parted)
}

impl Shared {
    /// Deletes one of them, from the first read to the last record. Where the run stops meanwhile an announced deletion is
    /// left open, and the next run finds by what is there what became of it.
    async fn part(&self, departure: &Departure) -> Result<Came, JournalFault> {
        let means = &self.means;
        if !self.time_comes(departure).await {
            return Ok(Came::Left);
        }
        let passed = means.stop.unless_stopped(self.gates.pass(Operation::DeleteUser, means)).await;
        let Some(gate) = passed.flatten() else { return Ok(Came::Left) };
        let found = match self.read(departure).await {
            Ok(Some(found)) => found,
            Ok(None) => return self.nobody(departure),
            Err(error) => return self.unread(departure, &error),
        };
        let (around, connects) = match self.around.of(&departure.user, &departure.id).await {
            Ok(around) => around,
            Err(error) => return self.unread(departure, &error),
        };
        let (fate, note) = (self.judge)(departure, &found, &around);
        match fate {
            Fate::Delete => {}
            Fate::Gone => return self.nobody(departure),
            Fate::Wait => return self.wait(departure, note),
            Fate::Skip(why) => return self.skip(departure, why, note),
        }
        self.delete(departure, connects, gate).await
    }

    /// Waits until no request can arrive any more that makes the user again. `false` where the run stops first.
    async fn time_comes(&self, departure: &Departure) -> bool {
        let means = &self.means;
        let Some(not_before) =
            departure.not_before.filter(|_| !crash::sabotage(crash::Sabotage::UndoWithoutWait))
        else {
            return !means.stop.is_set();
        };
        loop {
            let now = means.lane.client().earliest(means.lane.clock().now());
            let left = not_before.duration_since(now).unwrap_or_default();
            if left.is_zero() {
                return !means.stop.is_set();
            }
            crash::point("delete-waits");
            let what = format!(
                "no request for {} can arrive any more from {} on",
                departure.user,
                clock::rfc3339(not_before)
            );
            let _waiting = means.lane.waits().at_most(WaitFor::Again, what, left);
            if means.stop.unless_stopped(clock::sleep(left.clamp(TICK, GLANCE))).await.is_none() {
                return false;
            }
        }
    }

    async fn read(&self, departure: &Departure) -> Result<Option<Found>, CallError> {
        let Departure { user, id, with_proficiencies, .. } = departure;
        let (lane, instance) = (&*self.means.lane, &*self.means.settings.instance);
        match there::read_again(user, id, *with_proficiencies, lane, instance).await {
            // What somebody is good at may not be listed by everybody; whoever judges knows that it was not read.
            Err(error) if *with_proficiencies && crate::lane::verdict::is_not_permitted(&error) => {
                there::read_again(user, id, false, lane, instance).await
            }
            read => read,
        }
    }

    async fn delete(
        &self,
        departure: &Departure,
        connects: Vec<QuickConnect>,
        gate: OwnedSemaphorePermit,
    ) -> Result<Came, JournalFault> {
        let Departure { at, id, .. } = departure;
        let means = &self.means;
        crash::point("delete-intent-before");
        let begun = means.ledger.intend_delete(*at, id).synced().await?;
        let connects = if self.ways.quick_connects { connects } else { Vec::new() };
        if !connects.is_empty() {
            // Before the user goes, so that whoever goes on knows that they are to go after it.
            self.step(departure, Step::QuickConnects, StepState::Pending, Told::default())?;
        }
        crash::point("delete-intent-synced");
        if self.ways.signs_out {
            self.sign_out(departure).await?;
        }
        let (mut gate, mut tries) = (Some(gate), Tries::begin(*at, means));
        let mut sent = self.send(id, &mut gate, &mut tries).await;
        if let (Sent::Refused(_), false) = (&sent, connects.is_empty()) {
            // The service may not let go of somebody to whom a quick connect leads: then those go first.
            let Some(true) = self.delete_connects(&connects, &mut tries).await else {
                return self.came(departure, Some(begun.attempt), sent);
            };
            sent = self.send(id, &mut None, &mut tries).await;
        }
        crash::point("delete-sent");
        let is_done = matches!(sent, Sent::Done);
        let came = self.came(departure, Some(begun.attempt), sent)?;
        crash::point("delete-recorded");
        if is_done && !connects.is_empty() {
            self.end_connects(departure, &connects, &mut tries).await?;
        }
        Ok(came)
    }

    async fn send(&self, id: &str, gate: &mut Option<OwnedSemaphorePermit>, tries: &mut Tries) -> Sent {
        let means = &self.means;
        let call = |meant| means.lane.client().delete_user_at(&means.settings.instance, id, meant);
        tries.send((Action::Delete, Operation::DeleteUser), gate, means, call).await
    }

    /// Signs somebody out everywhere. Where that is not to be had it is said once, and the deletion goes on: whoever is
    /// deleted is signed out by the service at the latest when their session ends.
    async fn sign_out(&self, departure: &Departure) -> Result<(), JournalFault> {
        if self.cannot_sign_out.load(Ordering::Relaxed) {
            return Ok(());
        }
        let means = &self.means;
        let mut tries = Tries::begin(departure.at, means);
        tries.budget = tries.budget.min(SIGNED_OUT_WITHIN);
        let operation = Operation::DeleteAllEntitySessions;
        let call =
            |_| means.lane.client().delete_all_entity_sessions(&means.settings.instance, &departure.id);
        match tries.send((Action::SignOut, operation), &mut None, means, call).await {
            Sent::Done => self.step(departure, Step::SignOut, StepState::Done, Told::default()),
            Sent::Left => Ok(()),
            Sent::Refused(told) | Sent::Crossed(told) | Sent::Unsettled(told) => {
                if !self.cannot_sign_out.swap(true, Ordering::Relaxed) {
                    let said = told.message.clone().unwrap_or_default();
                    let message = format!("nobody can be signed out first ({operation}): {said}");
                    means.tell(Event::Note { message });
                }
                self.step(departure, Step::SignOut, StepState::Skipped, told)
            }
        }
    }

    /// Deletes quick connects; whether all are gone. `None` where the run stops.
    async fn delete_connects(&self, connects: &[QuickConnect], tries: &mut Tries) -> Option<bool> {
        let means = &self.means;
        let mut are_gone = true;
        for connect in connects {
            let call = |_| means.lane.client().delete_quick_connect(&means.settings.instance, &connect.id);
            let operation = Operation::DeleteQuickConnect;
            match tries.send((Action::Delete, operation), &mut None, means, call).await {
                Sent::Done => {}
                Sent::Left => return None,
                Sent::Refused(_) | Sent::Crossed(_) | Sent::Unsettled(_) => are_gone = false,
            }
        }
        Some(are_gone)
    }

    /// Deletes the quick connects that were to go after users who are gone already.
    async fn go_on_with(&self, orphans: &[Orphaned]) -> Result<(), JournalFault> {
        if orphans.is_empty() || !self.ways.quick_connects {
            return Ok(());
        }
        let Ok(connects) = self.around.connects().await else { return Ok(()) }; // the next run looks again
        for Orphaned { at, row, user, id } in orphans {
            let departure = Departure {
                at: *at,
                row: *row,
                user: user.clone(),
                id: id.clone(),
                was_begun: true,
                not_before: None,
                seen_by: None,
                with_proficiencies: false,
            };
            let own = connects.get(id).cloned().unwrap_or_default();
            let mut tries = Tries::begin(*at, &self.means);
            self.end_connects(&departure, &own, &mut tries).await?;
        }
        Ok(())
    }

    /// The quick connects of somebody who is gone.
    async fn end_connects(
        &self,
        departure: &Departure,
        connects: &[QuickConnect],
        tries: &mut Tries,
    ) -> Result<(), JournalFault> {
        let Some(are_gone) = self.delete_connects(connects, tries).await else { return Ok(()) };
        let result = if are_gone { StepState::Done } else { StepState::Rejected };
        let names: Vec<&str> = connects.iter().map(|connect| connect.name.as_str()).collect();
        let message = (!are_gone).then(|| format!("still there: {}", names.join(", ")));
        self.step(departure, Step::QuickConnects, result, Told { message, ..Told::default() })
    }

    /// Nobody is there under the id. After our own announcement that is what was asked for; before it somebody else's doing,
    /// unless the user is so young that it may only not be seen yet.
    fn nobody(&self, departure: &Departure) -> Result<Came, JournalFault> {
        let now = self.means.lane.client().earliest(self.means.lane.clock().now());
        let is_young = departure.seen_by.is_some_and(|seen_by| now < seen_by);
        if departure.was_begun {
            return self.came(departure, None, Sent::Done);
        }
        if is_young {
            return self.wait(departure, None);
        }
        let (code, message) = (Fate::Gone.code().map(str::to_owned), "it was gone already".to_owned());
        let outcome = self.outcome(departure, RowState::Deleted, code, Some(message));
        self.means.ledger.conclude_delete(departure.at, None, &outcome)?;
        self.tell_deleted(departure, true);
        Ok(Came::Gone)
    }

    fn tell_deleted(&self, departure: &Departure, gone: bool) {
        let Departure { row, user, id, .. } = departure;
        self.means.tell(Event::Deleted { row: *row, user: user.clone(), id: id.clone(), gone });
    }

    fn outcome(
        &self,
        departure: &Departure,
        state: RowState,
        code: Option<String>,
        message: Option<String>,
    ) -> Outcome {
        Outcome { state, code, message, id: Some(departure.id.clone()), ..Outcome::default() }
    }

    fn wait(&self, departure: &Departure, note: Option<String>) -> Result<Came, JournalFault> {
        // Nothing of it is recorded: the row stays what it was, and the next run looks again.
        let why = Why::NotVisibleYet;
        let Departure { row, user, .. } = departure;
        let (code, message) = (why.code().to_owned(), note.unwrap_or_else(|| why.words().to_owned()));
        self.means.tell(Event::Skipped { row: *row, user: user.clone(), code, message });
        Ok(Came::Unsettled)
    }

    fn skip(&self, departure: &Departure, why: Why, note: Option<String>) -> Result<Came, JournalFault> {
        let (code, message) = (why.code().to_owned(), note.unwrap_or_else(|| why.words().to_owned()));
        let outcome = self.outcome(departure, RowState::Skipped, Some(code.clone()), Some(message.clone()));
        self.means.ledger.conclude_delete(departure.at, None, &outcome)?;
        let Departure { row, user, .. } = departure;
        self.means.tell(Event::Skipped { row: *row, user: user.clone(), code, message });
        Ok(Came::Skipped)
    }

    /// Nothing is known of somebody who cannot be read: nothing is done to them.
    fn unread(&self, departure: &Departure, error: &CallError) -> Result<Came, JournalFault> {
        let told = Told::of(error);
        let verdict = verdict_of_error(Operation::DescribeUser, error);
        if matches!(verdict, Verdict::Denied | Verdict::NoCredentials | Verdict::Barred) {
            let (code, message) = (told.code.unwrap_or_default(), told.message.unwrap_or_default());
            let operation = self.around.denied().unwrap_or(Operation::DescribeUser).name();
            self.means.stop(Stop::ChangeDenied { operation, code, message });
            return Ok(Came::Left);
        }
        self.wait(departure, told.message.map(|said| format!("it could not be read: {said}")))
    }

    /// Records and tells what the deletion came to.
    fn came(
        &self,
        departure: &Departure,
        attempt: Option<Attempt>,
        sent: Sent,
    ) -> Result<Came, JournalFault> {
        let ledger = &self.means.ledger;
        let (row, user) = (departure.row, departure.user.clone());
        let (state, told, came) = match sent {
            Sent::Left => return Ok(Came::Left),
            Sent::Done => (RowState::Deleted, Told::default(), Came::Deleted),
            Sent::Refused(told) | Sent::Crossed(told) => (RowState::Rejected, told, Came::Rejected),
            Sent::Unsettled(told) => (RowState::Unconfirmed, told, Came::Unsettled),
        };
        let Told { code, message, request_id } = told;
        let outcome = Outcome { request_id, ..self.outcome(departure, state, code.clone(), message.clone()) };
        ledger.conclude_delete(departure.at, attempt, &outcome)?;
        let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
        match came {
            Came::Deleted => self.tell_deleted(departure, false),
            Came::Rejected => self.means.tell(Event::Rejected { row, user, code, message }),
            Came::Unsettled => self.means.tell(Event::Unconfirmed { row, user, message }),
            Came::Gone | Came::Skipped | Came::Left => {}
        }
        self.means.gauge(&outcome);
        Ok(came)
    }

    fn step(
        &self,
        departure: &Departure,
        step: Step,
        result: StepState,
        told: Told,
    ) -> Result<(), JournalFault> {
        let Told { code, message, request_id } = told;
        let told = Outcome { code, message, request_id, ..Outcome::default() };
        self.means.ledger.step_of_delete(departure.at, step, result, &told)?;
        let Outcome { code, message, .. } = told;
        let (row, user) = (departure.row, departure.user.clone());
        self.means.tell(Event::Step { row, user, step, result, code, message });
        Ok(())
    }
}
