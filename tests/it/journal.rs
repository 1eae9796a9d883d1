//! A journal that is no file: what the engine asks of whatever keeps its truth, and what it does where that fails.

use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use headcount::agent::{Fingerprint, Password, RowNumber};
use headcount::apply::{self, Doubt, Means, Origin, Task, Work};
use headcount::clock::{Clock, SteadyClock, rfc3339, whole_milliseconds};
use headcount::connect::model::{CreateUser, IdentityInfo};
use headcount::connect::{Client, Credentials, Environment, Target};
use headcount::exit::Exit;
use headcount::lane::Lane;
use headcount::lane::pace::Pace;
use headcount::lane::slots::Slots;
use headcount::ledger::{
    AskedFor, Attempt, Begun, Entry, Intended, Intent, Journal, JournalFault, Kind, Ledger, Nonce, Outcome,
    Place, Queued, Recorded, RowState, State, Step, StepState, Unexecuted, VERSION, counted,
};
use headcount::simulator::{
    ACCESS_KEY_ID, InProcess, Named, Operation, Pace as Allowed, SECRET_ACCESS_KEY, Spec, World,
};
use headcount::stop::{Stop, Switch};
use tokio::sync::mpsc;

use crate::engine::{self, settings};

const ROWS: u32 = 12;
const TAGGED: Intended = Intended { tagged: true, generated: false };

/// A journal in memory, which refuses to be written to after so many times.
struct InMemory {
    clock: SteadyClock,
    kept: Mutex<Kept>,
}

struct Kept {
    state: State,
    lines: Vec<u8>,
    left: usize,
    /// Intents that were not refused.
    intents: usize,
    /// Those of them that are said not to have been sent, whether that could be written or not.
    unsent: usize,
}

impl InMemory {
    fn of(state: State, times: usize, clock: SteadyClock) -> Arc<Self> {
        let kept = Kept { state, lines: Vec::new(), left: times, intents: 0, unsent: 0 };
        Arc::new(Self { clock, kept: Mutex::new(kept) })
    }

    fn now(&self) -> String {
        rfc3339(self.clock.now())
    }
}

impl Kept {
    fn write(&mut self, entry: &Entry) -> Result<(), JournalFault> {
        self.state.apply(entry);
        let Some(left) = self.left.checked_sub(1) else { return Err(JournalFault("it is full".into())) };
        self.left = left;
        entry.write_to(&mut self.lines);
        Ok(())
    }
}

impl Journal for InMemory {
    fn look(&self, with: &mut dyn FnMut(&State)) {
        with(&self.kept.lock().unwrap().state);
    }

    fn record<'j>(&'j self, entries: &'j mut (dyn Iterator<Item = Entry<'_>> + Send)) -> Recorded<'j> {
        Box::pin(async move {
            let mut kept = self.kept.lock().unwrap();
            for entry in entries {
                kept.write(&entry)?;
            }
            Ok(())
        })
    }

    fn intend(&self, at: Place, how: Intended) -> Queued {
        let mut kept = self.kept.lock().unwrap();
        let attempt = Attempt::after(kept.state.attempts);
        let nonce = Nonce::of(attempt.number().into());
        let user = kept.state.user(at).to_owned();
        let intent = Intent { place: at, attempt, nonce, at: whole_milliseconds(self.clock.now()) };
        match kept.write(&how.entry(&user, attempt, nonce, self.now())) {
            Ok(()) => {
                kept.intents += 1;
                Queued::synced_already(intent)
            }
            Err(fault) => Queued::refused(intent, fault),
        }
    }

    fn intend_update(&self, at: Place, id: &str) -> Queued<Begun> {
        let mut kept = self.kept.lock().unwrap();
        let attempt = Attempt::after(kept.state.attempts);
        let user = kept.state.user(at).to_owned();
        let begun = Begun { place: at, attempt, at: whole_milliseconds(self.clock.now()) };
        match kept.write(&Entry::update_intent(&user, attempt, id, self.now())) {
            Ok(()) => Queued::synced_already(begun),
            Err(fault) => Queued::refused(begun, fault),
        }
    }

    fn intend_delete(&self, at: Place, id: &str) -> Queued<Begun> {
        let mut kept = self.kept.lock().unwrap();
        let attempt = Attempt::after(kept.state.attempts);
        let user = kept.state.user(at).to_owned();
        let begun = Begun { place: at, attempt, at: whole_milliseconds(self.clock.now()) };
        match kept.write(&Entry::delete_intent(&user, attempt, id, self.now())) {
            Ok(()) => Queued::synced_already(begun),
            Err(fault) => Queued::refused(begun, fault),
        }
    }

    fn conclude_delete(&self, at: Place, of: Option<Attempt>, outcome: &Outcome) -> Result<(), JournalFault> {
        let mut kept = self.kept.lock().unwrap();
        let user = kept.state.user(at).to_owned();
        kept.write(&outcome.delete_entry(&user, of, self.now()))
    }

    fn step_of_delete(
        &self,
        at: Place,
        step: Step,
        result: StepState,
        told: &Outcome,
    ) -> Result<(), JournalFault> {
        let mut kept = self.kept.lock().unwrap();
        let user = kept.state.user(at).to_owned();
        kept.write(&told.delete_step_entry(&user, (step, result), self.now()))
    }

    fn conclude(&self, at: Place, of: Option<Attempt>, outcome: &Outcome) -> Result<(), JournalFault> {
        let mut kept = self.kept.lock().unwrap();
        kept.unsent += usize::from(outcome.unexecuted == Some(Unexecuted::NotSent));
        let user = kept.state.user(at).to_owned();
        kept.write(&outcome.entry(&user, of, self.now()))
    }

    fn step(
        &self,
        at: Place,
        result: StepState,
        fingerprint: Fingerprint,
        told: &Outcome,
    ) -> Result<(), JournalFault> {
        let mut kept = self.kept.lock().unwrap();
        let user = kept.state.user(at).to_owned();
        kept.write(&told.step_entry(&user, (Step::Proficiencies, result), Some(fingerprint), self.now()))
    }

    fn step_of(&self, at: Place, group: Step, result: StepState, told: &Outcome) -> Result<(), JournalFault> {
        let mut kept = self.kept.lock().unwrap();
        let user = kept.state.user(at).to_owned();
        // The row as it was planned last.
        let mut planned = kept.lines.split(|byte| *byte == b'\n').filter_map(|line| {
            let entry: Entry = serde_json::from_slice(line).ok()?;
            (entry.kind == Kind::Row && entry.user.as_deref() == Some(&user)).then_some(entry.fingerprint?)
        });
        let planned = planned.next_back().flatten();
        kept.write(&told.step_entry(&user, (group, result), planned, self.now()))
    }

    fn close(self: Arc<Self>, exit: Exit) -> Result<State, JournalFault> {
        let mut kept = self.kept.lock().unwrap();
        let at = Some(self.now().into());
        kept.write(&Entry { exit: Some(exit.code()), at, ..Entry::of(Kind::End) })?;
        Ok(kept.state.clone())
    }
}

fn clock() -> SteadyClock {
    SteadyClock::starting_at(UNIX_EPOCH + Duration::from_micros(1_795_444_693_123_456))
}

fn header() -> Entry<'static> {
    Entry {
        version: Some(VERSION),
        run: Some("r".into()),
        instance: Some("i".into()),
        ..Entry::of(Kind::Ledger)
    }
}

fn row(user: &str, number: u32) -> Entry<'_> {
    Entry::row(user, RowNumber::from(number), Some(Fingerprint::of(7)))
}

/// Everything that is asked of a journal, once.
async fn written_to(journal: Arc<dyn Journal>) -> State {
    let ben = Entry { proficiencies: Some(Fingerprint::of(8)), ..row("ben", 3) };
    journal.record(&mut [header(), row("ana", 2), ben].into_iter()).await.unwrap();
    let [ana, ben] = ["ana", "ben"].map(|user| journal.read(|state| state.find(user)).unwrap());
    let first = journal.intend(ana, TAGGED);
    first.soon();
    let first = first.synced().await.unwrap();
    assert_eq!((first.place, first.attempt), (ana, Attempt::after(None)));
    let told = journal.read(|state| state.newest_intent.clone());
    assert_eq!(rfc3339(first.at), told, "the time that is recorded");
    assert_eq!(first.at, whole_milliseconds(first.at));
    let throttled = Some(Unexecuted::Throttled);
    journal.finish(first, &Outcome { unexecuted: throttled, ..Outcome::default() }).unwrap();
    let how = Intended { tagged: false, generated: true };
    let second = journal.intend(ben, how).synced().await.unwrap();
    assert_eq!(Some(second.attempt), Attempt::new(2));
    let id = Some("u-2".to_owned());
    journal.finish(second, &Outcome { state: RowState::Created, id, ..Outcome::default() }).unwrap();
    let said = Outcome { code: Some("C".into()), message: Some("no".into()), ..Outcome::default() };
    journal.step(ben, StepState::Rejected, Fingerprint::of(9), &said).unwrap();
    let taken = Outcome { state: RowState::Exists, recovered: true, ..said };
    journal.conclude(ana, None, &taken).unwrap();
    let begun = journal.intend_update(ben, "u-2").synced().await.unwrap();
    assert_eq!((begun.place, Some(begun.attempt)), (ben, Attempt::new(3)));
    let open = journal.read(|state| state.update_attempt_open(ben));
    assert_eq!(open, Some(begun.attempt));
    let asked = AskedFor::one(Step::Tags, Some(Fingerprint::of(5)));
    journal.step_of(ben, Step::Tags, StepState::Done, &Outcome { asked, ..Outcome::default() }).unwrap();
    let updated = Outcome { state: RowState::Updated, id: Some("u-2".to_owned()), ..Outcome::default() };
    journal.conclude(ben, Some(begun.attempt), &updated).unwrap();
    journal.close(Exit::SomeFailed).unwrap()
}

#[tokio::test(start_paused = true)]
async fn what_keeps_the_truth_is_told_the_same_whatever_it_is() {
    let bytes = engine::Kept::default();
    let ledger = Ledger::in_step(bytes.clone(), State::default(), Arc::new(clock()), counted());
    let on_disk = written_to(Arc::new(ledger)).await;
    let memory = InMemory::of(State::default(), usize::MAX, clock());
    let in_memory = written_to(memory.clone()).await;
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let lines = text(&bytes.0.lock().unwrap());
    assert_eq!(lines, text(&memory.kept.lock().unwrap().lines));
    assert_eq!(lines.lines().count(), 13);
    for at in on_disk.places() {
        assert_eq!(on_disk.record(at), in_memory.record(at));
        assert_eq!(on_disk.detail(at), in_memory.detail(at));
    }
    let counts = on_disk.counts(false);
    assert_eq!((counts.updated, counts.exists, counts.total), (1, 1, 2));
}

fn body(user: &str) -> CreateUser {
    CreateUser {
        username: user.to_owned(),
        password: Some(Password::new("Lantern-Reef-7")),
        identity_info: Some(IdentityInfo {
            first_name: Some("Ana".into()),
            last_name: Some("Silva".into()),
            ..IdentityInfo::default()
        }),
        security_profile_ids: vec!["security".into()],
        routing_profile_id: "routing".into(),
        ..CreateUser::default()
    }
}

/// What came of an import over a journal in memory.
struct Came {
    intents: usize,
    unsent: usize,
    calls: usize,
    users: usize,
    stop: Option<Stop>,
    closed: Result<State, JournalFault>,
}

/// Imports some rows; the journal refuses after so many times.
async fn import(times: usize) -> Came {
    let clock = clock();
    let named = |name: &str| vec![Named { name: name.into(), id: Some(name.into()) }];
    let mut spec =
        Spec { routing_profiles: named("routing"), security_profiles: named("security"), ..Spec::default() };
    spec.paces.insert(Operation::CreateUser, Allowed::UNLIMITED);
    let arn = spec.instance_arn();
    let world = InProcess::new(World::new(spec, clock.now()), Arc::new(clock), Duration::from_millis(50));
    let environment =
        Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
    let target = Target::resolve(&arn, None, None, &environment).unwrap();
    let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
    let client = Client::over(Arc::new(world.clone()), &target, credentials, Arc::new(clock));
    let mut state = State::default();
    state.apply(&header());
    let users: Vec<String> = (0..ROWS).map(|number| format!("user{number}")).collect();
    users.iter().zip(2..).for_each(|(user, number)| state.apply(&row(user, number)));
    let journal = InMemory::of(state, times, clock);
    let settings = settings(&arn, "r");
    let (events, _seen) = mpsc::unbounded_channel();
    let switch = Switch::default();
    let lane = Arc::new(Lane::new(client, Arc::default()));
    lane.paces().set(headcount::connect::Operation::CreateUser, Pace::new(100.0, 5));
    let slots = Slots::new(100.0, 5, None);
    let means = Means::new(lane, slots, journal.clone(), settings, switch.clone(), Arc::new(events));
    let tasks = users.iter().zip(2..).zip(means.ledger.read(|state| state.places()));
    let tasks: Vec<_> = tasks
        .map(|((user, number), at)| {
            let work = Work::Create { body: Box::new(body(user)), password: Origin::Row };
            let task = Task::settle(at, RowNumber::from(number), user.clone());
            Ok(Task { work, doubt: Doubt::Clear, ..task })
        })
        .collect();
    apply::run(means, tasks.into_iter()).await.unwrap();
    let called = world.world().stats().of(Operation::CreateUser).called;
    let users = world.world().everyone().filter(|user| user.username.starts_with("user")).count();
    let (intents, unsent) = {
        let kept = journal.kept.lock().unwrap();
        (kept.intents, kept.unsent)
    };
    let closed = (journal as Arc<dyn Journal>).close(Exit::Done);
    Came { intents, unsent, calls: called as usize, users, stop: switch.reason(), closed }
}

#[test]
fn where_the_truth_can_no_longer_be_written_no_request_leaves_whatever_keeps_it() {
    for times in 0..=2 * ROWS as usize + 2 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        let came = runtime.unwrap().block_on(import(times));
        assert_eq!(
            came.calls + came.unsent,
            came.intents,
            "after {times}: a call for every intent that could be written, and none without"
        );
        assert_eq!(came.users, came.calls, "after {times}: nobody was made twice");
        if times < 2 * ROWS as usize {
            let Some(Stop::Ledger { message }) = &came.stop else { panic!("{times}: {:?}", came.stop) };
            assert_eq!(message, "it is full");
            assert_eq!(came.closed.err(), Some(JournalFault("it is full".into())));
        } else {
            assert_eq!((came.users, came.stop), (ROWS as usize, None), "after {times}");
            assert_eq!(came.closed.is_ok(), times > 2 * ROWS as usize, "its end is a line too");
        }
    }
}
