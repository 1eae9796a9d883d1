//! Rows whose answer was lost: how long it takes to find their users, how much is read for it, what is believed, and what
//! is said meanwhile. The engine by itself, on a paused clock, with a road before the embedded Connect that changes what
//! comes back.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use headcount::agent::{Fingerprint, IdentityType, RowNumber};
use headcount::apply::{self, Doubt, Means, Origin, Settings, Task, Work};
use headcount::clock::{self, Clock, SteadyClock};
use headcount::connect::model::{CreateUser, User};
use headcount::connect::{BoxFuture, Client, Credentials, Environment, Target, Transport, TransportError};
use headcount::event::{Event, Pulse, Sink};
use headcount::lane::Lane;
use headcount::lane::pace::Pace;
use headcount::lane::slots::Slots;
use headcount::ledger::{Entry, Journal, Ledger, State};
use headcount::simulator::{Fault, InProcess, Operation, Pace as Quota, Spec, World};
use headcount::stop::{Stop, Switch};
use headcount::waits::Waits;
use http::{Request, Response};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::engine::{Kept, settings};

/// What is done to an answer on its way back: the call's path, the answer's body.
type Bend = dyn Fn(&str, Value) -> Value + Send + Sync;

/// The embedded Connect, and what is done to its answers.
struct Road {
    world: InProcess,
    bend: Box<Bend>,
    /// While this is set, nothing comes back but silence.
    is_cut: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl Transport for Road {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(async move {
            let path = request.uri().path_and_query().unwrap().to_string();
            if (self.is_cut)() {
                clock::sleep(Duration::from_secs(30)).await;
                return Err(TransportError::unclear("timed out"));
            }
            let mut answer = self.world.send(request).await?;
            if answer.status() == 200
                && let Ok(body) = serde_json::from_slice(answer.body())
            {
                *answer.body_mut() = Bytes::from((self.bend)(&path, body).to_string());
            }
            Ok(answer)
        })
    }
}

fn straight(_: &str, body: Value) -> Value {
    body
}

/// SearchUsers shows nobody.
fn blind_search(path: &str, mut body: Value) -> Value {
    if path.starts_with("/search-users") {
        body["Users"] = json!([]);
    }
    body
}

/// Keeps what it is told, and when.
#[derive(Default)]
struct Heard(Mutex<Vec<(Instant, Event)>>);

impl Sink for Heard {
    fn tell(&self, event: Event) {
        self.0.lock().unwrap().push((Instant::now(), event));
    }
}

/// A run: so many rows on an instance where so many are, these faults for its creates.
struct Run {
    spec: Spec,
    rows: usize,
    there: usize,
    /// Others who are there.
    planted: Vec<String>,
    faults: Vec<Fault>,
    /// Creates a second.
    rate: f64,
    settings: fn(Settings) -> Settings,
    bend: Box<Bend>,
    is_cut: Arc<dyn Fn() -> bool + Send + Sync>,
}

/// What came of it.
#[derive(Debug)]
struct Came {
    created: u64,
    exists: u64,
    in_doubt: u64,
    executed: u64,
    seconds: f64,
    pages: u64,
    searches: u64,
    /// The longest time for which nothing was told.
    silence: Duration,
    stop: Option<Stop>,
    events: Vec<Event>,
}

impl Run {
    fn of(rows: usize) -> Self {
        let spec = Spec {
            identity: IdentityType::ExistingDirectory,
            users_quota: 1_000_000,
            pace: Quota::UNLIMITED,
            signed: false,
            ..Spec::default()
        };
        let (bend, is_cut) = (Box::new(straight), Arc::new(|| false));
        Self {
            spec,
            rows,
            there: 0,
            planted: Vec::new(),
            faults: vec![Fault::DropAfter],
            rate: 1000.0,
            settings: |s| s,
            bend,
            is_cut,
        }
    }

    fn bent(self, bend: impl Fn(&str, Value) -> Value + Send + Sync + 'static) -> Self {
        Self { bend: Box::new(bend), ..self }
    }

    fn lagging(mut self, seconds: u64) -> Self {
        self.spec.search_lag = Duration::from_secs(seconds);
        self
    }

    /// Ten answers are lost of a hundred and twenty, on an instance of fifty thousand.
    fn crowded() -> Self {
        let lost = (0..100).map(|row| if row % 10 == 0 { Fault::DropAfter } else { Fault::Pass });
        Self { there: 50_000, faults: lost.collect(), ..Self::of(120) }
    }

    async fn go(mut self) -> Came {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        self.spec.routing_profiles.truncate(1);
        self.spec.routing_profiles[0].id = Some("routing".into());
        self.spec.security_profiles.truncate(1);
        self.spec.security_profiles[0].id = Some("security".into());
        let arn = self.spec.instance_arn();
        let mut world = World::new(self.spec, clock.now());
        for number in 0..self.there {
            let name = format!("there{number}");
            world.plant(User { username: name, ..User::default() }, clock.now());
        }
        for username in self.planted {
            world.plant(User { username, ..User::default() }, clock.now());
        }
        world.order(self.faults);
        let world = InProcess::new(world, Arc::clone(&clock), Duration::from_secs(30));
        let road = Arc::new(Road { world: world.clone(), bend: self.bend, is_cut: self.is_cut });
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:1".into()), ..Environment::default() };
        let target = Target::resolve(&arn, None, None, &environment).unwrap();
        let client = Client::over(road, &target, Credentials::fixed("a", "b", None), Arc::clone(&clock));
        let heard = Arc::new(Heard::default());
        let waits = Waits::new(Arc::clone(&clock), heard.clone());
        let lane = Arc::new(Lane::new(client, Arc::default()).waiting_in(waits.clone()));
        lane.paces().set(headcount::connect::Operation::CreateUser, Pace::new(self.rate, self.rate as u32));
        let users: Vec<String> = (0..self.rows).map(|row| format!("user{row}")).collect();
        let mut state = State::default();
        for (at, user) in users.iter().enumerate() {
            state.apply(&Entry::row(user, RowNumber::of(at as u64 + 2), Some(Fingerprint::of(1))));
        }
        let ledger: Arc<dyn Journal> =
            Arc::new(Ledger::in_step(Kept::default(), state, clock, headcount::ledger::counted()));
        let switch = Switch::default();
        let told = (self.settings)(settings(&arn, "6f1c1c52-0000-4000-8000-000000000000"));
        let slots = Slots::new(1000.0, 1000, None);
        let means = Means::new(lane, slots, ledger.clone(), told, switch.clone(), waits.events());
        let places = ledger.read(|state| state.places());
        let tasks: Vec<_> = places.zip(&users).map(|(at, user)| Ok(task(at, user))).collect();
        let begun = Instant::now();
        let _at_work = waits.at_work();
        let beats = waits.clone();
        let beating = tokio::spawn(async move {
            loop {
                clock::sleep(Duration::from_millis(200)).await;
                beats.beat();
            }
        });
        apply::run(means, tasks.into_iter()).await.unwrap();
        beating.abort();
        let (ended, seconds) = (Instant::now(), begun.elapsed().as_secs_f64());
        let heard = std::mem::take(&mut *heard.0.lock().unwrap());
        let moments: Vec<Instant> =
            [begun].into_iter().chain(heard.iter().map(|(at, _)| *at)).chain([ended]).collect();
        let counts = ledger.read(|state| state.counts(false));
        let stats = world.world().stats();
        Came {
            created: counts.created,
            exists: counts.exists,
            in_doubt: counts.in_doubt,
            executed: stats.of(Operation::CreateUser).executed,
            seconds,
            pages: stats.of(Operation::ListUsers).called,
            searches: stats.of(Operation::SearchUsers).called,
            silence: moments.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap(),
            stop: switch.reason(),
            events: heard.into_iter().map(|(_, event)| event).collect(),
        }
    }
}

fn task(at: headcount::ledger::Place, user: &str) -> Task {
    let body = CreateUser {
        username: user.into(),
        directory_user_id: Some(user.into()),
        routing_profile_id: "routing".into(),
        security_profile_ids: vec!["security".into()],
        ..CreateUser::default()
    };
    Task {
        at,
        row: RowNumber::of(2),
        user: user.into(),
        work: Work::Create { body: Box::new(body), password: Origin::Row },
        doubt: Doubt::Clear,
        listed: None,
        then: None,
    }
}

#[tokio::test(start_paused = true)]
async fn ten_lost_answers_among_fifty_thousand_are_settled_by_one_listing_at_most() {
    let denied = BTreeSet::from([Operation::SearchUsers]);
    let mut unsearched = Run::crowded();
    unsearched.spec.denied = denied;
    for (what, run, seconds, pages) in [
        ("searched for", Run::crowded(), 8.0, 3),
        ("seen after three seconds", Run::crowded().lagging(3), 12.0, 20),
        ("seen after fifteen seconds", Run::crowded().lagging(15), 25.0, 60),
        ("never searched for", unsearched, 27.0, 52),
        ("never found by the search", Run::crowded().bent(blind_search), 27.0, 52),
        ("lost one after the other", Run { rate: 8.0, ..Run::crowded().bent(blind_search) }, 40.0, 60),
    ] {
        let came = run.go().await;
        assert_eq!((came.created, came.executed), (120, 120), "{what}: nobody is made twice");
        let read = format!("{what}: {} s, {} pages, {} searches", came.seconds, came.pages, came.searches);
        assert!(came.seconds <= seconds && came.pages <= pages && came.searches <= 60, "{read}");
        assert!(came.silence <= Duration::from_secs(5), "{what}: {:?}", came.silence);
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_ends_when_the_rows_time_is_over_and_not_at_the_end_of_the_list() {
    let brief = |settings| Settings { row_budget: Duration::from_secs(7), ..settings };
    let run = Run { settings: brief, ..Run::crowded().lagging(9000).bent(blind_search) };
    let came = run.go().await;
    assert_eq!((came.created, came.in_doubt), (110, 10));
    assert!(came.seconds <= 15.0, "{} s", came.seconds);
    assert!(came.pages <= 30, "{}", came.pages);
}

#[tokio::test(start_paused = true)]
async fn every_row_is_searched_for_once_however_many_there_are_and_however_little_time() {
    let brief = |settings| Settings { row_budget: Duration::from_secs(1), ..settings };
    let taken = Fault::Refuse { status: 409, code: "DuplicateResourceException" };
    let bend = |path: &str, mut body: Value| {
        if path.starts_with("/users/") {
            body["User"]["Tags"] = json!({"headcount:run": "another/1"});
        }
        body
    };
    // Each is made by another and then refused: forty searches at two a second take longer than any of them has.
    let faults = std::iter::repeat_n(taken, 40).collect();
    let mut run = Run { settings: brief, faults, ..Run::of(40) }.bent(bend);
    run.planted = (0..40).map(|row| format!("user{row}")).collect();
    let came = run.go().await;
    assert_eq!((came.exists, came.in_doubt), (40, 0), "{} s", came.seconds);
}

/// A list of users that never ends, in several ways.
fn endless(
    kind: &'static str,
    asked: &Arc<AtomicU64>,
) -> impl Fn(&str, Value) -> Value + Send + Sync + 'static {
    let asked = Arc::clone(asked);
    move |path, body| {
        if path.starts_with("/search-users") {
            return blind_search(path, body);
        }
        if !path.starts_with("/users-summary") {
            return body;
        }
        let number = asked.fetch_add(1, Ordering::Relaxed);
        let token = |period: u64| format!("t{}", number % period);
        match kind {
            "period 1" => json!({"UserSummaryList": [], "NextToken": token(1)}),
            "period 2" => json!({"UserSummaryList": [], "NextToken": token(2)}),
            "period 7" => json!({"UserSummaryList": [], "NextToken": token(7)}),
            "nobody" => json!({"UserSummaryList": [], "NextToken": format!("n{number}")}),
            "the same" => {
                json!({"UserSummaryList": [{"Id": "1", "Username": "x"}], "NextToken": format!("n{number}")})
            }
            _ => json!({"UserSummaryList": [{"Id": number.to_string(), "Username": format!("x{number}")}],
                        "NextToken": format!("n{number}")}),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_never_ends_keeps_no_row_beyond_its_time() {
    for kind in ["period 1", "period 2", "period 7", "nobody", "the same", "always another"] {
        let asked = Arc::default();
        let came = Run::of(3).lagging(9000).bent(endless(kind, &asked)).go().await;
        assert_eq!((came.created, came.in_doubt), (2, 1), "{kind}");
        assert!((300.0..310.0).contains(&came.seconds), "{kind}: {} s", came.seconds);
        assert!(came.silence <= Duration::from_secs(5), "{kind}: {:?}", came.silence);
    }
}

#[tokio::test(start_paused = true)]
async fn a_search_that_never_ends_is_no_search_and_the_list_settles_the_row() {
    for period in [1_u64, 3, u64::MAX] {
        let asked = AtomicU64::new(0);
        let bend = move |path: &str, mut body: Value| {
            if path.starts_with("/search-users") {
                let number = asked.fetch_add(1, Ordering::Relaxed);
                body = json!({"Users": [], "NextToken": format!("t{}", number % period)});
            }
            body
        };
        let came = Run::of(3).bent(bend).go().await;
        assert_eq!((came.created, came.in_doubt, came.executed), (3, 0, 3), "{period}");
        assert!(came.seconds < 30.0, "{period}: {} s", came.seconds);
    }
}

/// What is answered in place of what was asked.
fn mistaken(kind: &'static str) -> impl Fn(&str, Value) -> Value + Send + Sync + 'static {
    move |path, mut body| {
        let is_search = path.starts_with("/search-users");
        let is_list = path.starts_with("/users-summary");
        let is_user = path.starts_with("/users/") && body.get("User").is_some();
        match kind {
            "another user's id" if is_user => body["User"]["Id"] = json!("u-other"),
            "no id" if is_user => body["User"]["Id"] = Value::Null,
            "another user's name" if is_user => body["User"]["Username"] = json!("somebody"),
            "no name" if is_user => body["User"]["Username"] = Value::Null,
            "a search for others" if is_search => {
                body["Users"] = json!([{"Id": "u-other", "Username": "somebody"}]);
            }
            "a search with two" if is_search => {
                body["Users"] =
                    json!([{"Id": "u-1", "Username": "user0"}, {"Id": "u-2", "Username": "user0"}]);
            }
            "a search for nobody" if is_search => body["Users"] = json!([{"Id": null, "Username": null}]),
            "a list with null" if is_list => {
                body["UserSummaryList"] = json!([{"Id": "u-1", "Username": null}]);
            }
            "a list without ids" if is_list => body["UserSummaryList"] = json!([{"Username": "user0"}]),
            "a list with two" if is_list => {
                body["UserSummaryList"] =
                    json!([{"Id": "u-1", "Username": "user0"}, {"Id": "u-2", "Username": "user0"}]);
            }
            "a list with one as two" if is_list => {
                body["UserSummaryList"] =
                    json!([{"Id": "u-1", "Username": "user0"}, {"Id": "u-1", "Username": "user1"}]);
            }
            _ if kind.contains("list") && is_search => body["Users"] = json!([]),
            _ if kind.contains("search") && is_list => body["UserSummaryList"] = json!([]),
            _ => {}
        }
        body
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_told_of_somebody_else_is_neither_presence_nor_absence() {
    for kind in [
        "another user's id",
        "no id",
        "another user's name",
        "no name",
        "a search for others",
        "a search with two",
        "a search for nobody",
        "a list with null",
        "a list without ids",
        "a list with two",
        "a list with one as two",
    ] {
        let came = Run::of(3).bent(mistaken(kind)).go().await;
        assert_eq!((came.created, came.exists, came.in_doubt), (2, 0, 1), "{kind}");
        assert!((300.0..310.0).contains(&came.seconds), "{kind}: {} s", came.seconds);
        assert_eq!(came.stop, None, "{kind}");
        let said = came.events.iter().any(|event| {
            matches!(event, Event::InDoubt { last: true, message, .. }
                     if message.contains("not asked") || message.contains("contradicts"))
        });
        assert!(said || kind.contains("list") || kind.contains("search"), "{kind}: {:?}", came.events);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_with_the_id_of_another_rows_user_is_not_believed_and_the_row_is_looked_up() {
    for repeats in [1, 2, 4] {
        let ids = Mutex::new(Vec::<Value>::new());
        // A proxy answers so many creates after the first with the answer to the first.
        let bend = move |path: &str, mut body: Value| {
            if !path.starts_with("/search-users") && body.get("UserId").is_some() {
                let mut ids = ids.lock().unwrap();
                ids.push(body["UserId"].clone());
                if ids.len() <= 1 + repeats {
                    body["UserId"] = ids[0].clone();
                }
            }
            body
        };
        let came = Run { faults: Vec::new(), ..Run::of(6) }.bent(bend).go().await;
        assert_eq!((came.created, came.in_doubt, came.executed), (6, 0, 6), "{repeats}");
        let told = |is_recovered: bool| {
            let made = came.events.iter().filter_map(move |event| match event {
                Event::Created { id, recovered, .. } if *recovered == is_recovered => Some(id.clone()),
                _ => None,
            });
            made.collect::<BTreeSet<_>>()
        };
        assert_eq!((told(false).len(), told(true).len()), (6 - repeats, repeats), "{repeats}");
        assert!(told(false).is_disjoint(&told(true)), "{repeats}: nobody is two rows' user");
    }
}

#[tokio::test(start_paused = true)]
async fn once_the_answers_are_right_the_row_is_settled() {
    let asked = AtomicU64::new(0);
    let bend = move |path: &str, body: Value| {
        let is_wrong = asked.fetch_add(1, Ordering::Relaxed) < 12;
        if is_wrong { mistaken("another user's id")(path, body) } else { body }
    };
    let came = Run::of(3).bent(bend).go().await;
    assert_eq!((came.created, came.in_doubt, came.executed), (3, 0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_case_variant_settles_a_taken_name_as_soon_as_the_whole_list_shows_it() {
    let bend = |path: &str, mut body: Value| {
        // The list shows somebody of another case, and the creates are refused for it.
        if path.starts_with("/users-summary") {
            body["UserSummaryList"] = json!([{"Id": "u-1", "Username": "USER0"}]);
        }
        if path.starts_with("/search-users") {
            body["Users"] = json!([]);
        }
        body
    };
    let taken = Fault::Refuse { status: 409, code: "DuplicateResourceException" };
    let came = Run { faults: vec![taken.clone()], ..Run::of(1) }.bent(bend).go().await;
    assert_eq!((came.exists, came.in_doubt), (1, 0));
    assert!(came.seconds <= 5.0, "{} s", came.seconds);
    // Where an answer of ours was lost before, the exact name may yet come to light.
    let came = Run { faults: vec![Fault::DropBefore, taken.clone()], ..Run::of(1) }.bent(bend).go().await;
    assert_eq!((came.exists, came.in_doubt), (0, 1));
    assert!(came.seconds >= 300.0, "{} s", came.seconds);
    assert!(came.silence <= Duration::from_secs(5), "{:?}", came.silence);
    let told = came.events.iter().filter(|event| {
        matches!(event, Event::Waiting { reason, seconds } if reason.contains("user0") && *seconds > 0.0)
    });
    assert!(told.count() > 50);
    // A page that shows it is not the whole list.
    let half = move |path: &str, body: Value| {
        let mut body = bend(path, body);
        if path.starts_with("/users-summary") && !path.contains("nextToken") {
            body["NextToken"] = json!("more");
        } else if path.starts_with("/users-summary") {
            return Value::Null;
        }
        body
    };
    let came = Run { faults: vec![taken], ..Run::of(1) }.bent(half).go().await;
    assert!(came.seconds >= 300.0, "{} s", came.seconds);
}

#[tokio::test(start_paused = true)]
async fn an_outage_while_rows_are_looked_for_stops_when_it_has_been_borne() {
    let begun = Instant::now();
    let is_cut = Arc::new(move || begun.elapsed() > Duration::from_secs(10));
    let patient = |settings| Settings { outage_patience: Duration::from_secs(60), ..settings };
    let run = Run { is_cut, settings: patient, ..Run::of(1).lagging(9000) };
    let came = run.go().await;
    assert!(matches!(came.stop, Some(Stop::Outage { .. })), "{:?}", came.stop);
    assert!((60.0..140.0).contains(&came.seconds), "{} s", came.seconds);
    assert!(came.silence <= Duration::from_secs(5), "{:?}", came.silence);
    assert_eq!(came.in_doubt, 1);
}
