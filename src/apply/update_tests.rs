//! Any people, any rows about them, any way in which the service may take an update, a bad day, an interruption: afterwards
//! each row is as asked or says why not, nothing else was touched, and nobody has had rights that were not asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::{Method, Request, Response};
use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::agent::{Agent, IdentityType, Password};
use crate::apply::update::{Mover, run};
use crate::cli::voice::Flags;
use crate::clock::{self, Clock, SteadyClock};
use crate::connect::model::{User, UserProficiency};
use crate::connect::{BoxFuture, Client, Credentials, Environment, Target, Transport, TransportError};
use crate::event::Event;
use crate::lane::Lane;
use crate::lane::slots::Slots;
use crate::ledger::made::row;
use crate::ledger::{Entry, Journal, Kind, Ledger, RowState, State, Storage};
use crate::simulator::{
    ACCESS_KEY_ID, Families, InProcess, Pace, SECRET_ACCESS_KEY, Spec, Updates, Weather, World,
};
use crate::stop::{Stop, Switch};
use crate::user::change::{Clearing, changes};
use crate::user::change_tests::{cases, wish};
use crate::user::property_tests::{directory, spec};
use crate::user::{Canonical, Found, Group, Wish, base, create_user, proficiencies};

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

/// The embedded Connect, and which calls that change users went there: by id, the last part of the path.
struct Road {
    world: InProcess,
    went: Mutex<Vec<(String, String)>>,
}

impl Transport for Road {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let path = request.uri().path().to_owned();
        let parts: Vec<&str> = path.split('/').collect();
        let is_change = (*request.method() == Method::POST && parts[1] == "users")
            || (*request.method() != Method::GET && parts[1] == "tags");
        if is_change {
            let id = if parts[1] == "tags" { path.rsplit("%2F").next().unwrap() } else { parts[3] };
            let what = if parts[1] == "tags" { "tags" } else { parts[4] };
            self.went.lock().unwrap().push((id.to_owned(), what.to_owned()));
        }
        Box::pin(self.world.send(request))
    }
}

/// What one case is made of.
#[derive(Clone, Debug)]
struct Case {
    identity: IdentityType,
    people: Vec<(Agent, Agent)>,
    updates: Updates,
    families: Families,
    is_rough: bool,
    seed: u64,
    /// Asked to stop when so many rows are settled.
    stops_after: Option<usize>,
}

fn all_cases() -> impl Strategy<Value = Case> {
    let people = select(&[IdentityType::ConnectManaged, IdentityType::Saml][..]).prop_flat_map(|identity| {
        let one = cases(identity).prop_map(|(_, there, row)| (there, row)).boxed();
        (Just(identity), prop::collection::vec(one, 1..5).boxed())
    });
    let how = (
        select(&Updates::ALL[..]),
        select(&Families::ALL[..]),
        any::<bool>(),
        any::<u64>(),
        prop::option::of(0..3_usize),
    );
    (people.boxed(), how).prop_map(
        |((identity, mut people), (updates, families, is_rough, seed, stops_after))| {
            for (number, (there, row)) in people.iter_mut().enumerate() {
                there.username = format!("user{number}");
                row.username.clone_from(&there.username);
                there.password = there.password.as_ref().map(|_| Password::new("Lantern-Reef-7a"));
            }
            Case { identity, people, updates, families, is_rough, seed, stops_after }
        },
    )
}

/// A world, and all that reaches it.
struct Stage {
    case: Case,
    road: Arc<Road>,
    client: Client,
    clock: Arc<dyn Clock>,
    arn: String,
    directory: crate::directory::Directory,
}

impl Stage {
    async fn set(case: Case) -> Self {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let mut spec = Spec { updates: case.updates, signed: true, ..spec(case.identity, case.families) };
        spec.pace = Pace::UNLIMITED;
        let (arn, directory) = (spec.instance_arn(), directory(&spec));
        let world =
            InProcess::new(World::new(spec, clock.now()), Arc::clone(&clock), Duration::from_secs(30));
        let road = Arc::new(Road { world, went: Mutex::default() });
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        let target = Target::resolve(&arn, None, None, &environment).unwrap();
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let client = Client::over(road.clone(), &target, credentials, Arc::clone(&clock));
        let stage = Self { case, road, client, clock, arn, directory };
        for (there, _) in &stage.case.people {
            let mut body = create_user(there, &stage.directory).unwrap();
            body.tags.insert("headcount:run".into(), "r/1.0011223344556677".into());
            let id = stage.client.create_user(&stage.arn, &body).await.unwrap().value.user_id;
            let skills = proficiencies(there);
            if !skills.is_empty() {
                stage.client.associate_user_proficiencies(&stage.arn, &id, &skills).await.unwrap();
            }
        }
        stage
    }

    /// Everybody as they are, by username.
    async fn everybody(&self) -> BTreeMap<String, Found> {
        let users: Vec<User> = self.road.world.world().everyone().cloned().collect();
        let mut all = BTreeMap::new();
        for user in users {
            let list = self.client.list_user_proficiencies(&self.arn, &user.id, None).await.unwrap();
            let proficiencies: Vec<UserProficiency> = list.value.items;
            let user = self.client.describe_user(&self.arn, &user.id).await.unwrap().value;
            all.insert(user.username.clone(), Found { user, proficiencies: Some(proficiencies) });
        }
        all
    }

    /// One session: plans by what is there, and runs. The ledger goes on.
    async fn session(&self, state: State, stops_after: Option<usize>) -> (State, Option<Stop>) {
        let there = self.everybody().await;
        let weather = if self.case.is_rough { Weather::rough() } else { Weather::calm() };
        self.road.world.world().set_weather(weather);
        let ledger: Arc<dyn Journal> = Arc::new(
            Ledger::start(Nowhere, state, Arc::clone(&self.clock), crate::ledger::counted()).unwrap(),
        );
        let settings = Settings {
            instance: self.arn.clone(),
            identity: self.case.identity,
            run: "r".into(),
            provenance_tag: true,
            accept_probable: false,
            row_budget: Settings::ROW_BUDGET,
            outage_patience: Settings::OUTAGE_PATIENCE,
            seed: self.case.seed,
            voice: &Flags,
        };
        let stop = Switch::default();
        let listener = Arc::new(Listener { stop: stop.clone(), left: Mutex::new(stops_after) });
        let lane = Arc::new(Lane::new(self.client.clone(), Arc::default()));
        let means =
            Means::new(lane, Slots::new(2.0, 5, None), Arc::clone(&ledger), settings, stop.clone(), listener);
        let movers = self.case.people.iter().enumerate().filter_map(|(number, (_, row))| {
            let found = &there[&row.username];
            let wish = wish(row, self.case.identity);
            let shown = Canonical::described(&found.user, found.proficiencies.as_deref());
            let differs = |group: &Group| !changes(&wish, found, *group, Clearing::LeftOut, true).is_empty();
            let groups: BTreeMap<_, _> = Group::ALL
                .into_iter()
                .filter(differs)
                .map(|group| (group, base::of_found(&shown, group)))
                .collect();
            (!groups.is_empty()).then(|| {
                Ok(Mover {
                    at: crate::ledger::made::place(number as u32),
                    row: RowNumber::from(number as u32 + 2),
                    user: row.username.clone(),
                    id: found.user.id.clone(),
                    wish,
                    groups,
                    email: true,
                    leaves: None,
                })
            })
        });
        run(means, None, movers).await.unwrap();
        let reason = stop.reason();
        self.road.world.world().set_weather(Weather::calm());
        // Far enough that whatever is late is there.
        clock::sleep(Duration::from_secs(3600)).await;
        (ledger.read(Clone::clone), reason)
    }
}

/// Asks to stop once so many rows are settled.
struct Listener {
    stop: Switch,
    left: Mutex<Option<usize>>,
}

impl crate::event::Sink for Listener {
    fn tell(&self, event: Event) {
        let is_settled = matches!(
            event,
            Event::Updated { .. }
                | Event::Unconfirmed { .. }
                | Event::Skipped { .. }
                | Event::Rejected { .. }
        );
        let mut left = self.left.lock().unwrap();
        if let Some(number) = left.as_mut().filter(|_| is_settled) {
            match number.checked_sub(1) {
                Some(fewer) => *number = fewer,
                None => {
                    self.stop.stop(Stop::Interrupted);
                    *left = None;
                }
            }
        }
    }
}

fn planned(case: &Case) -> State {
    let mut state = State::default();
    state.apply(&Entry { run: Some("r".into()), version: Some(2), ..Entry::of(Kind::Ledger) });
    for (number, (_, asked)) in case.people.iter().enumerate() {
        state.apply(&row(&asked.username, number as u32 + 2, 1));
    }
    state
}

/// The groups of a user as prints, those aside that are asked for.
fn others(found: &Found, row: &Agent, identity: IdentityType) -> Vec<String> {
    let wish = wish(row, identity);
    let there = Canonical::described(&found.user, found.proficiencies.as_deref());
    let untouched = Group::ALL.into_iter().filter(|group| !wish.asks_for(*group));
    untouched.map(|group| format!("{group} {:x}", base::of_found(&there, group).bits())).collect()
}

async fn holds(case: Case) -> Result<(), TestCaseError> {
    let stage = Stage::set(case.clone()).await;
    let before = stage.everybody().await;
    stage.road.went.lock().unwrap().clear();
    let (mut state, mut stop) = stage.session(planned(&case), case.stops_after).await;
    if case.stops_after.is_none() || stop.is_none() {
        prop_assert_eq!(&stop, &None);
    }
    // The order of rights, in the session that began with everybody as they were.
    let went = std::mem::take(&mut *stage.road.went.lock().unwrap());
    for (_, row) in &case.people {
        let found = &before[&row.username];
        let there = Canonical::described(&found.user, None);
        let wish = wish(row, case.identity);
        let own: Vec<&str> =
            went.iter().filter(|(id, _)| *id == found.user.id).map(|(_, what)| what.as_str()).collect();
        let Some(at) = own.iter().position(|what| *what == "security-profiles") else { continue };
        let firsts: BTreeSet<&str> = own[..at].iter().copied().collect();
        let later: BTreeSet<&str> =
            own[at..].iter().copied().filter(|what| *what != "security-profiles").collect();
        if crate::user::change::adds_rights(&wish, &there) {
            prop_assert!(later.is_subset(&firsts), "rights were added before {:?}", later);
        } else {
            prop_assert!(firsts.is_empty(), "rights were taken after {:?}", firsts);
        }
    }
    let mut sessions = 1;
    while stop.is_some() {
        (state, stop) = stage.session(state, None).await;
        sessions += 1;
        prop_assert!(sessions < 4, "{:?}", stop);
    }
    let after = stage.everybody().await;
    let cannot_clear = case.updates == Updates::STUBBORN || case.updates == Updates::STRICT;
    for (_, row) in &case.people {
        let (was, is) = (&before[&row.username], &after[&row.username]);
        let wish = wish(row, case.identity);
        let left = wish.differences(&Canonical::described(&is.user, is.proficiencies.as_deref()));
        let record = *state.record(state.find(&row.username).unwrap());
        let said = record.settled_state();
        match said {
            RowState::Updated => prop_assert!(left.is_empty(), "{:?}", left),
            // Nothing was due.
            RowState::Pending => prop_assert!(left.is_empty() && record.attempt.is_none(), "{:?}", left),
            // Interrupted before it was read back; a job notes so when it plans anew.
            RowState::Unconfirmed if record.open.is_some() => prop_assert!(left.is_empty(), "{:?}", left),
            RowState::Unconfirmed | RowState::Rejected => {
                prop_assert!(
                    cannot_clear || case.is_rough || needs_number(&wish, is),
                    "{:?} {:?}",
                    said,
                    left
                );
            }
            RowState::InDoubt
            | RowState::Created
            | RowState::Exists
            | RowState::Invalid
            | RowState::There
            | RowState::Skipped
            | RowState::Deleted => prop_assert!(false, "{:?}", said),
        }
        prop_assert_eq!(others(was, row, case.identity), others(is, row, case.identity));
        prop_assert!(is.user.tags.contains_key("headcount:run"));
        let foreign = |found: &Found| -> Vec<String> {
            found.user.tags.keys().filter(|key| !row.tags.contains_key(*key)).cloned().collect()
        };
        if row.cleared.contains(&crate::agent::Cleared::Tags) {
            continue;
        }
        prop_assert_eq!(foreign(was), foreign(is), "no tag of others is lost");
    }
    // Once more: what is as asked has no call.
    stage.road.went.lock().unwrap().clear();
    let (_, stop) = stage.session(state.clone(), None).await;
    prop_assert_eq!(stop, None);
    let again = std::mem::take(&mut *stage.road.went.lock().unwrap());
    for (_, row) in &case.people {
        let is_done = state.record(state.find(&row.username).unwrap()).settled_state() == RowState::Updated;
        let id = &after[&row.username].user.id;
        prop_assert!(!is_done || again.iter().all(|(of, _)| of != id), "{:?}", again);
    }
    Ok(())
}

/// A desk phone without a number is refused.
fn needs_number(wish: &crate::user::Wish, found: &Found) -> bool {
    let there = Canonical::described(&found.user, None);
    let desired = wish.desired(&there, Group::Config);
    let is_desk = desired.values().any(|value| value == "DESK_PHONE");
    is_desk && !desired.keys().any(|member| matches!(member, crate::user::Member::PhoneNumber(_)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 200, ..ProptestConfig::default() })]

    #[test]
    fn each_row_is_as_asked_or_says_why_not_whatever_happens(case in all_cases()) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
        runtime.block_on(Box::pin(holds(case)))?;
    }
}

/// Changes `users` users in these groups at the documented quotas, and says how long that takes by the clock of the test, in
/// seconds, and how many calls were told to slow down.
async fn timed(users: usize, columns: &[&str]) -> (f64, u64) {
    let clock: Arc<dyn Clock> =
        Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
    let mut spec = spec(IdentityType::ConnectManaged, Families::All);
    let directory = directory(&spec);
    (spec.signed, spec.users_quota, spec.pace) = (true, users, Pace { rate: Some(2.0), burst: 5.0 });
    spec.latency = Duration::from_millis(120);
    let of_reads = Pace { rate: Some(10.0), burst: 25.0 };
    for operation in
        [crate::simulator::Operation::DescribeUser, crate::simulator::Operation::ListUserProficiencies]
    {
        spec.paces.insert(operation, of_reads);
    }
    spec.paces.insert(crate::simulator::Operation::CreateUser, Pace::UNLIMITED);
    let arn = spec.instance_arn();
    let world = InProcess::new(World::new(spec, clock.now()), Arc::clone(&clock), Duration::from_secs(30));
    let environment =
        Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
    let target = Target::resolve(&arn, None, None, &environment).unwrap();
    let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
    let client = Client::over(Arc::new(world.clone()), &target, credentials, Arc::clone(&clock));
    let agent = |username: &str| {
        let mut agent = crate::user::property_tests::somebody();
        agent.username = username.to_owned();
        agent
    };
    let mut state = State::default();
    state.apply(&Entry { run: Some("r".into()), version: Some(2), ..Entry::of(Kind::Ledger) });
    let mut movers = Vec::new();
    for number in 0..users {
        let username = format!("user{number}");
        let there = agent(&username);
        let body = create_user(&there, &directory).unwrap();
        let id = client.create_user(&arn, &body).await.unwrap().value.user_id;
        let user = world.world().everyone().last().unwrap().clone();
        assert_eq!(user.id, id);
        let mut row_of = there.clone();
        for column in columns {
            match *column {
                "last name" => row_of.last_name = Some("Santos".into()),
                "tags" => drop(row_of.tags.insert("team".into(), "blue".into())),
                "auto accept" => row_of.auto_accept = Some(true),
                "security profiles" => row_of.security_profiles = vec!["A".into(), "B".into()],
                "routing profile" => row_of.routing_profile = "Sales".into(),
                other => panic!("{other}"),
            }
        }
        state.apply(&row(&username, number as u32 + 2, 1));
        let wish = Wish::of(&row_of, &directory, crate::user::Exact::default()).unwrap();
        let found = Found { user, proficiencies: None };
        let shown = Canonical::described(&found.user, None);
        let differs = |group: &Group| !changes(&wish, &found, *group, Clearing::LeftOut, true).is_empty();
        let groups: BTreeMap<_, _> = Group::ALL
            .into_iter()
            .filter(differs)
            .map(|group| (group, base::of_found(&shown, group)))
            .collect();
        assert_eq!(groups.len(), columns.len());
        let (at, row) = (crate::ledger::made::place(number as u32), RowNumber::from(number as u32 + 2));
        movers.push(Ok(Mover { at, row, user: username, id, wish, groups, email: true, leaves: None }));
    }
    let ledger: Arc<dyn Journal> =
        Arc::new(Ledger::in_step(Nowhere, state, Arc::clone(&clock), crate::ledger::counted()));
    let settings = Settings {
        instance: arn.clone(),
        identity: IdentityType::ConnectManaged,
        run: "r".into(),
        provenance_tag: true,
        accept_probable: false,
        row_budget: Settings::ROW_BUDGET,
        outage_patience: Settings::OUTAGE_PATIENCE,
        seed: 1,
        voice: &Flags,
    };
    let stop = Switch::default();
    let listener = Arc::new(Listener { stop: stop.clone(), left: Mutex::new(None) });
    let lane = Arc::new(Lane::new(client, Arc::default()));
    lane.paces().set(crate::connect::Operation::DescribeUser, crate::lane::pace::Pace::new(10.0, 25));
    let means = Means::new(lane, Slots::new(2.0, 5, None), Arc::clone(&ledger), settings, stop, listener);
    let begun = tokio::time::Instant::now();
    run(means, None, movers.into_iter()).await.unwrap();
    let took = begun.elapsed().as_secs_f64();
    assert_eq!(ledger.read(|state| state.counts(false).updated), users as u64);
    let throttled = world.world().stats().operations.values().map(|calls| calls.throttled).sum();
    (took, throttled)
}

#[tokio::test(start_paused = true)]
async fn however_many_groups_are_written_it_takes_as_long_as_the_slowest_call_and_none_is_told_to_slow_down()
{
    const USERS: usize = 400;
    for columns in [
        &["last name"][..],
        &["last name", "tags"],
        &["last name", "tags", "auto accept", "security profiles", "routing profile"],
    ] {
        let (seconds, throttled) = timed(USERS, columns).await;
        let fewest = USERS as f64 / 2.0;
        assert!(
            seconds <= 1.05 * fewest && throttled == 0,
            "{columns:?}: {seconds} s, {throttled} throttled"
        );
    }
}
