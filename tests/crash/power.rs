//! Power cuts: of what the ledger wrote, a cut keeps what was synced and any part of the rest.
//!
//! The engine itself (planner, importer, ledger) runs over a disk that forgets and a service without sockets, in paused
//! time. Rosters are edited, users appear from elsewhere, answers are lost, requests are replayed by a proxy and older
//! copies of the ledger are put back; the power goes at any step. At the end every row of the last roster is created
//! once or truly accounted for. `HEADCOUNT_POWER_CASES=N` runs that many, `HEADCOUNT_POWER_CASE=N` one alone.

#![expect(clippy::print_stdout, reason = "a long test says how much it did")]

#[allow(dead_code, reason = "the crash matrix uses all of it")]
mod case;
#[allow(dead_code, reason = "the crash matrix uses all of it")]
mod check;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use headcount::agent::{Fingerprint, IdentityType, Password, RowNumber};
use headcount::apply::{self, Doubt, Listed, Means, Origin, Settings, Task, Work};
use headcount::cli::voice::Flags;
use headcount::clock::{self, Clock, SteadyClock, rfc3339};
use headcount::connect::model::{CreateUser, IdentityInfo, User};
use headcount::connect::{BoxFuture, Client, Credentials, Environment, Target, Transport, TransportError};
use headcount::exit::Exit;
use headcount::lane::Lane;
use headcount::lane::backoff::Random;
use headcount::lane::pace::Pace as OurPace;
use headcount::lane::slots::Slots;
use headcount::ledger::{
    Entry, Journal, JournalFault, Kind, Ledger, LockedFile, RowState, State, Storage, VERSION,
};
use headcount::plan::{Asked, Decision, Plan, Wanted};
use headcount::simulator::{
    ACCESS_KEY_ID, Delivery, Fault, Named, Odds, Operation, Pace, Request, SECRET_ACCESS_KEY, Spec,
    ThrottleName, Weather, World,
};
use headcount::stop::Switch;
use tokio::sync::{Notify, mpsc};

use case::Row;
use check::{Scene, Told};

const ROUTING: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const SECURITY: &str = "aaaaaaaa-0000-4000-8000-000000000002";

/// A machine that is on until it has made so many steps.
struct Machine {
    left: Mutex<Option<u64>>,
    off: Notify,
}

impl Machine {
    fn with_steps(left: Option<u64>) -> Arc<Self> {
        Arc::new(Self { left: Mutex::new(left), off: Notify::new() })
    }

    /// Makes a step; false where the power is off.
    fn step(&self) -> bool {
        let mut left = lock(&self.left);
        match &mut *left {
            None => true,
            Some(0) => false,
            Some(left) => {
                *left -= 1;
                if *left == 0 {
                    self.off.notify_one();
                }
                *left > 0
            }
        }
    }
}

/// A disk: what is safe, and what a power cut may take.
#[derive(Default)]
struct Disk {
    safe: Vec<u8>,
    unsafe_: Vec<u8>,
}

/// The ledger's file on such a disk.
struct File {
    disk: Arc<Mutex<Disk>>,
    machine: Arc<Machine>,
    /// Appending or syncing fails after so many times, once and for all that follow.
    breaks: Option<(Broken, u64)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Broken {
    /// The disk is full: half of what is appended is there.
    Append,
    /// The disk cannot be relied on.
    Sync,
}

impl File {
    fn is_broken(&mut self, what: Broken) -> bool {
        match &mut self.breaks {
            Some((broken, left)) if *broken == what => {
                let now = *left == 0;
                *left = left.saturating_sub(1);
                now
            }
            _ => false,
        }
    }
}

impl Storage for File {
    fn check(&mut self) -> Result<(), String> {
        if self.machine.step() { Ok(()) } else { Err("the power is off".into()) }
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        if self.is_broken(Broken::Append) {
            lock(&self.disk).unsafe_.extend_from_slice(&lines[..lines.len() / 2]);
            return Err(io::ErrorKind::StorageFull.into());
        }
        lock(&self.disk).unsafe_.extend_from_slice(lines);
        if self.machine.step() { Ok(()) } else { Err(io::Error::other("the power is off")) }
    }

    fn sync(&mut self) -> io::Result<()> {
        if !self.machine.step() {
            return Err(io::Error::other("the power is off"));
        }
        if self.is_broken(Broken::Sync) {
            return Err(io::Error::other("I/O error"));
        }
        let mut disk = lock(&self.disk);
        let Disk { safe, unsafe_ } = &mut *disk;
        safe.append(unsafe_);
        drop(disk);
        if self.machine.step() { Ok(()) } else { Err(io::Error::other("the power is off")) }
    }
}

/// The service, with a proxy before it that now and then sends a request twice and passes on the second answer.
struct Wire {
    world: Arc<Mutex<World>>,
    machine: Arc<Machine>,
    clock: SteadyClock,
    dice: Mutex<Random>,
    replays: f64,
}

impl Transport for Wire {
    fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'_, Result<http::Response<Bytes>, TransportError>> {
        Box::pin(async move {
            if !self.machine.step() {
                std::future::pending::<()>().await;
            }
            let (head, body) = request.into_parts();
            let target = head.uri.path_and_query().map_or_else(String::new, ToString::to_string);
            let request = Request { method: head.method, target, headers: head.headers, body };
            let mut reply = lock(&self.world).respond(self.clock.now(), &request);
            if lock(&self.dice).fraction() < self.replays {
                let mut world = lock(&self.world);
                let executed = |world: &World| world.stats().of(Operation::CreateUser).executed;
                let before = executed(&world);
                let again = world.respond(self.clock.now(), &request);
                let says_so =
                    again.answer.status.is_success() || again.answer.status == http::StatusCode::CONFLICT;
                // Whichever was executed is passed on: else the proxy would deny what it did.
                if says_so || executed(&world) > before {
                    reply = again;
                }
            }
            if !self.machine.step() {
                std::future::pending::<()>().await;
            }
            if !reply.after.is_zero() {
                clock::sleep(reply.after).await;
            }
            match reply.delivery {
                Delivery::DropBefore | Delivery::DropAfter => {
                    Err(TransportError::unclear("connection closed"))
                }
                Delivery::Deliver => {
                    let mut response = http::Response::new(reply.answer.body);
                    *response.status_mut() = reply.answer.status;
                    *response.headers_mut() = reply.answer.headers;
                    Ok(response)
                }
            }
        })
    }
}

/// A case: everything is drawn from its number.
struct Case {
    number: u64,
    dice: Random,
    rows: Vec<Row>,
    world: Arc<Mutex<World>>,
    instance: String,
    clock: SteadyClock,
    foreign: Vec<User>,
    rosters: HashMap<u32, Vec<Row>>,
    /// The ledger between two processes.
    image: Vec<u8>,
    path: std::path::PathBuf,
    replays: f64,
    /// Ledgers are put back from older copies.
    restores: bool,
    restored: bool,
    /// Some processes send without a tag.
    untags: bool,
    untagged: bool,
    log: String,
}

impl Case {
    fn numbered(number: u64, folder: &Path) -> Self {
        let mut dice = Random::seeded(number.wrapping_mul(0xD1B5_4A32) ^ 0x5EED);
        let clock = SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_000_000));
        let lags = [0, 0, 0, 20, 400];
        let named = |name: &str, id: &str| vec![Named { name: name.into(), id: Some(id.into()) }];
        let mut spec = Spec {
            routing_profiles: named("Basic", ROUTING),
            security_profiles: named("Agent", SECURITY),
            pace: Pace::UNLIMITED,
            signed: false,
            case_variants_clash: dice.fraction() < 0.3,
            search_ignores_case: dice.fraction() < 0.5,
            search_lag: Duration::from_secs(lags[(dice.next_u64() % 5) as usize]),
            weather: weather(&mut dice),
            seed: dice.next_u64(),
            ..Spec::default()
        };
        if dice.fraction() < 0.1 {
            spec.denied.insert(Operation::SearchUsers);
        }
        let instance = spec.instance_arn();
        let world = Arc::new(Mutex::new(World::new(spec, clock.now())));
        let rows = (0..3 + dice.next_u64() % 5).map(|n| row(&format!("ana{n}"), 0)).collect();
        let replays = if dice.fraction() < 0.1 { 0.1 } else { 0.0 };
        let (restores, untags) =
            [(true, false), (false, true)].get((dice.next_u64() % 12) as usize).copied().unwrap_or_default();
        Self {
            number,
            rows,
            world,
            instance,
            clock,
            foreign: Vec::new(),
            rosters: HashMap::new(),
            image: Vec::new(),
            path: folder.join(format!("{number}.jsonl")),
            replays,
            restores,
            restored: false,
            untags,
            untagged: false,
            log: String::new(),
            dice,
        }
    }

    fn chance(&mut self, share: f64) -> bool {
        self.dice.fraction() < share
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.dice.next_u64() % bound.max(1) as u64) as usize
    }

    /// Plays the case to its end, and says what is not as it must be.
    async fn play(&mut self) -> Vec<String> {
        let cuts = 1 + self.below(6) as u32;
        for process in 1..=cuts {
            self.happen();
            let steps = Some(2 + self.dice.next_u64() % 60);
            self.process(process, steps).await;
            clock::sleep(Duration::from_secs(self.dice.next_u64() % 400)).await;
        }
        self.calm_down();
        self.replays = 0.0;
        let mut quiet = 0;
        for process in cuts + 1..cuts + 12 {
            let ended = self.process(process, None).await;
            clock::sleep(Duration::from_secs(3600)).await;
            quiet = if ended { quiet + 1 } else { 0 };
            // Faults that were ordered may befall a run once more; what cannot be settled at all stays so.
            let told = Told::read(&String::from_utf8_lossy(&self.image));
            if quiet == 5 || (quiet > 0 && told.count("in_doubt") == 0) {
                break;
            }
        }
        let mut found = Vec::new();
        if quiet == 0 {
            found.push("it did not come to an end".to_owned());
        }
        let text = String::from_utf8_lossy(&self.image).into_owned();
        let told = Told::read(&text);
        let world = lock(&self.world);
        let everyone: Vec<User> = world.everyone().cloned().collect();
        let scene = Scene {
            told: &told,
            everyone: &everyone,
            foreign: &self.foreign,
            rosters: &self.rosters,
            last: &self.rows,
            executed: world.stats().of(Operation::CreateUser).executed,
            variants_clash: world.spec().case_variants_clash,
            has_copies: self.restored,
            is_refused: false,
            untagged: self.untagged,
        };
        found.extend(scene.violations());
        found
    }

    /// From now on nothing goes wrong. Faults that are still ordered befall calls that do nothing.
    fn calm_down(&mut self) {
        let mut world = lock(&self.world);
        world.set_weather(Weather::calm());
        let target = format!("/users/{}", world.spec().instance_id);
        let nothing = Request {
            method: http::Method::PUT,
            target,
            headers: http::HeaderMap::new(),
            body: Bytes::from_static(b"{}"),
        };
        while !world.spec().script.is_empty() {
            world.respond(self.clock.now(), &nothing);
        }
    }

    /// What happens while no process is at work: the roster is edited, somebody else makes users, faults gather.
    fn happen(&mut self) {
        let taken: BTreeSet<String> = self.rows.iter().map(|row| row.user.clone()).collect();
        for _ in 0..self.below(3) {
            let at = self.below(self.rows.len());
            match self.below(7) {
                0 => self.rows[at].last_name.push('x'),
                1 if self.rows.len() > 1 => drop(self.rows.remove(at)),
                2 => {
                    let name = format!("new{}", self.below(4));
                    if !taken.contains(&name) && self.rows.iter().all(|row| row.user != name) {
                        self.rows.insert(at, row(&name, self.number));
                    }
                }
                3 => self.rows.reverse(),
                4 => {
                    let name = self.rows[at].user.to_uppercase();
                    if self.rows.iter().all(|row| row.user != name) {
                        self.rows[at].user = name;
                    }
                }
                5 => {
                    // A row that had left comes back.
                    let known: Vec<String> =
                        self.rosters.values().flatten().map(|row| row.user.clone()).collect();
                    if let Some(name) = known.get(at)
                        && self.rows.iter().all(|row| row.user != *name)
                    {
                        self.rows.push(row(name, 7));
                    }
                }
                _ => {}
            }
        }
        if self.chance(0.4) {
            let at = self.below(self.rows.len());
            let mut name = self.rows[at].user.clone();
            if self.chance(0.5) {
                name = name.to_uppercase();
            }
            let unseen = Duration::from_secs([0, 0, 300][self.below(3)]);
            let mut world = lock(&self.world);
            let clash = world.everyone().any(|user| user.username == name);
            if !clash {
                let now = self.clock.now();
                world.plant(
                    body(&Row { user: name.clone(), last_name: "Foreign".into() }).user(now),
                    now + unseen,
                );
                let planted = world.everyone().find(|user| user.username == name).cloned();
                self.foreign.extend(planted);
            }
        }
        if self.chance(0.5) {
            let faults = (0..1 + self.below(6)).map(|_| self.fault()).collect::<Vec<_>>();
            lock(&self.world).order(faults);
        }
        if self.restores && self.chance(0.3) && !self.image.is_empty() {
            let lines: Vec<&[u8]> = self.image.split_inclusive(|byte| *byte == b'\n').collect();
            let keep = self.dice.next_u64() as usize % lines.len();
            let older = lines[..keep].concat();
            self.log.push_str(&format!("=== put back: {keep} of {} lines\n", lines.len()));
            self.restored = true;
            if keep > 0 {
                self.image = older;
            }
        }
    }

    fn fault(&mut self) -> Fault {
        let refuse = |status, code| Fault::Refuse { status, code };
        match self.below(14) {
            0 => refuse(400, "InvalidRequestException"),
            1 => refuse(404, "ResourceNotFoundException"),
            2 => refuse(403, "AccessDeniedException"),
            3 => refuse(429, "LimitExceededException"),
            4 => refuse(408, "RequestTimeout"),
            5 => refuse(503, "ServiceUnavailable"),
            6 => Fault::Throttle(ThrottleName::Throttling),
            7 => Fault::ErrorAfter,
            8 => Fault::DropAfter,
            9 => Fault::StallBefore(Duration::from_secs(7)),
            10 => Fault::StallAfter(Duration::from_secs(7)),
            11 => Fault::Garbled,
            _ => Fault::Pass,
        }
    }

    /// One process, from opening the ledger to its end or to the power cut. Says whether it ended by itself with nothing
    /// to do again but what can never be settled.
    async fn process(&mut self, pid: u32, steps: Option<u64>) -> bool {
        std::fs::write(&self.path, &self.image).expect("written");
        let state = match LockedFile::open(&self.path) {
            Ok(file) => file.state.clone(),
            Err(failure) => {
                panic!("case {}: {failure}: {}", self.number, String::from_utf8_lossy(&self.image))
            }
        };
        let repaired = std::fs::read(&self.path).expect("read");
        self.log.push_str(&format!("=== process {pid}, {steps:?} steps, {} bytes\n", repaired.len()));
        self.rosters.insert(pid, self.rows.clone());
        let disk = Arc::new(Mutex::new(Disk { safe: repaired, unsafe_: Vec::new() }));
        let machine = Machine::with_steps(steps);
        let tagged = !(self.untags && self.chance(0.5));
        self.untagged |= !tagged;
        let (session, wire) = (self.session(pid, tagged), self.wire(machine.clone()));
        let file = File { disk: disk.clone(), machine: machine.clone(), breaks: None };
        let ended = tokio::select! {
            biased;
            () = machine.off.notified() => false,
            ended = session.run(wire, file, state) => ended.is_ok_and(|stopped| !stopped),
        };
        let disk = lock(&disk);
        self.image = disk.safe.clone();
        let kept = if steps.is_none() { disk.unsafe_.len() } else { self.below(disk.unsafe_.len() + 1) };
        self.image.extend_from_slice(&disk.unsafe_[..kept]);
        ended
    }
}

impl Case {
    fn session(&mut self, pid: u32, tagged: bool) -> Session {
        Session {
            pid,
            rows: self.rows.clone(),
            instance: self.instance.clone(),
            clock: self.clock,
            tagged,
            concurrency: 1 + self.below(6),
            seed: self.dice.next_u64(),
        }
    }

    fn wire(&mut self, machine: Arc<Machine>) -> Wire {
        Wire {
            world: self.world.clone(),
            machine,
            clock: self.clock,
            dice: Mutex::new(Random::seeded(self.dice.next_u64())),
            replays: self.replays,
        }
    }
}

/// What one process of the program does, with the parts that it is made of.
struct Session {
    pid: u32,
    rows: Vec<Row>,
    instance: String,
    clock: SteadyClock,
    tagged: bool,
    concurrency: usize,
    seed: u64,
}

impl Session {
    /// Ends with whether it was stopped by something.
    async fn run(self, wire: Wire, file: File, state: State) -> Result<bool, JournalFault> {
        let environment = Environment {
            endpoint_url: Some("http://127.0.0.1:1".into()),
            region: Some("eu-central-1".into()),
            ..Environment::default()
        };
        let target = Target::resolve(&self.instance, None, None, &environment).expect("a target");
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let client = Client::over(Arc::new(wire), &target, credentials, Arc::new(self.clock));
        let instance = self.instance.rsplit('/').next().expect("an id").to_owned();
        let listed = client.list_users(&instance, None).await.expect("calm reads");
        let there: BTreeMap<String, String> =
            listed.value.items.into_iter().filter_map(|user| Some((user.username?, user.id))).collect();

        let mut wanted = Wanted::default();
        for (row, number) in self.rows.iter().zip(2..) {
            wanted.add(&row.user, RowNumber::from(number), fingerprint(row));
        }
        let plan = Plan::build(&wanted, &state, Asked::default(), Some(&ids_of(&there)));
        // Without a thread, which the paused clock would run ahead of: a case is played the same every time.
        let ledger: Arc<dyn Journal> =
            Arc::new(Ledger::in_step(file, state.clone(), Arc::new(self.clock), headcount::ledger::drawn()));
        let run = if state.header.run.is_empty() {
            format!("run-of-{}", self.pid)
        } else {
            state.header.run.clone()
        };
        let header = state.header.run.is_empty().then(|| Entry {
            version: Some(VERSION),
            run: Some(run.as_str().into()),
            instance: Some(self.instance.as_str().into()),
            at: Some(rfc3339(self.clock.now()).into()),
            ..Entry::of(Kind::Ledger)
        });
        let id = format!("session-{}", self.pid);
        let session = Entry { session: Some(id.into()), pid: Some(self.pid), ..Entry::of(Kind::Session) };
        let changes = plan.changes(&wanted, |at| state.user(at), "t");
        ledger.record(&mut header.into_iter().chain([session]).chain(changes)).await?;

        let switch = Switch::default();
        let (events, mut seen) = mpsc::unbounded_channel();
        let settings = Settings {
            instance,
            identity: IdentityType::ConnectManaged,
            run,
            provenance_tag: self.tagged,
            accept_probable: false,
            row_budget: Duration::from_secs(20),
            outage_patience: Duration::from_secs(900),
            seed: self.seed,
            voice: &Flags,
        };
        let mut tasks = Vec::new();
        for (row, number) in self.rows.iter().zip(2..) {
            if plan.of(&wanted, &row.user).is_some_and(Decision::sends) {
                let at = ledger.read(|state| state.find(&row.user)).expect("planned");
                tasks.push(Task {
                    at,
                    row: RowNumber::from(number),
                    user: row.user.clone(),
                    work: Work::Create { body: Box::new(body(row)), password: Origin::Row },
                    doubt: match ledger.read(|state| state.record(at).settled_state()) {
                        RowState::InDoubt => Doubt::InDoubt,
                        _ => Doubt::Clear,
                    },
                    listed: there.get(&row.user).map(|id| Listed::by_id(id.clone())),
                    then: None,
                });
            }
        }
        for at in plan.gone(Decision::LookUp) {
            let (row, user) = ledger.read(|state| (state.record(at).row, state.user(at).to_owned()));
            tasks.push(Task::settle(at, row, user));
        }
        let lane = Arc::new(Lane::new(client, Arc::default()));
        lane.paces().set(headcount::connect::Operation::CreateUser, OurPace::new(1000.0, 1000));
        let slots = Slots::new(1000.0, 1000, Some(self.concurrency));
        let means = Means::new(lane, slots, ledger.clone(), settings, switch.clone(), Arc::new(events));
        apply::run(means, tasks.into_iter().map(Ok)).await.expect("no panic");
        seen.close();
        ledger.close(Exit::Done)?;
        Ok(switch.is_set())
    }
}

fn row(user: &str, cells: u64) -> Row {
    Row { user: user.into(), last_name: format!("Cells{cells}") }
}

fn fingerprint(row: &Row) -> Fingerprint {
    Fingerprint::of(row.last_name.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte)))
}

fn body(row: &Row) -> CreateUser {
    CreateUser {
        username: row.user.clone(),
        password: Some(Password::new("Lantern-Reef-7")),
        identity_info: Some(IdentityInfo {
            first_name: Some("Ana".into()),
            last_name: Some(row.last_name.clone()),
            email: Some("ana@example.com".into()),
            ..IdentityInfo::default()
        }),
        routing_profile_id: ROUTING.into(),
        security_profile_ids: vec![SECURITY.into()],
        ..CreateUser::default()
    }
}

/// The same as somebody else's user.
trait AsUser {
    fn user(self, now: SystemTime) -> User;
}

impl AsUser for CreateUser {
    fn user(self, now: SystemTime) -> User {
        User {
            username: self.username,
            identity_info: self.identity_info,
            routing_profile_id: Some(self.routing_profile_id),
            security_profile_ids: self.security_profile_ids,
            last_modified_time: Some(now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()),
            ..User::default()
        }
    }
}

fn weather(dice: &mut Random) -> Weather {
    let mut odds = Odds::NONE;
    for chance in [
        &mut odds.throttled,
        &mut odds.error_before,
        &mut odds.error_after,
        &mut odds.drop_before,
        &mut odds.drop_after,
        &mut odds.stall_before,
        &mut odds.stall_after,
        &mut odds.garbled,
    ] {
        if dice.fraction() < 0.25 {
            *chance = 0.3 * dice.fraction();
        }
    }
    let lagging = if dice.fraction() < 0.3 { 0.5 } else { 0.0 };
    let stall = Duration::from_secs(5);
    Weather { creates: odds, lagging, lag: Duration::from_secs(300), stall, ..Weather::calm() }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how large a test is to be")]
    std::env::var(name).ok().map(|value| value.parse().expect(name))
}

/// Plays one case; the report of it where something is not as it must be.
fn report(number: u64, folder: &Path, tally: &Tally) -> Option<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
    let (case, found) = runtime.expect("a runtime").block_on(async {
        let mut case = Case::numbered(number, folder);
        let found = case.play().await;
        (case, found)
    });
    let text = String::from_utf8_lossy(&case.image);
    tally.recovered.fetch_add(text.matches("\"recovered\":true").count(), Ordering::Relaxed);
    tally.processes.fetch_add(case.rosters.len(), Ordering::Relaxed);
    (!found.is_empty()).then(|| {
        format!(
            "\ncase {number}: {found:#?}\n{}{text}{:?}\n    alone: HEADCOUNT_POWER_CASE={number} cargo test --test power\n",
            case.log,
            lock(&case.world).stats().of(Operation::CreateUser),
        )
    })
}

#[derive(Default)]
struct Tally {
    recovered: AtomicUsize,
    processes: AtomicUsize,
}

#[test]
fn a_power_cut_at_any_step_loses_doubles_and_guesses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = number("HEADCOUNT_POWER_CASES").unwrap_or(2000);
    let numbers = number("HEADCOUNT_POWER_CASE").map_or(0..cases, |number| number..number + 1);
    let numbers = Mutex::new(numbers);
    let (tally, reports) = (Tally::default(), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while lock(&reports).len() < 5 {
                    let Some(number) = lock(&numbers).next() else { return };
                    let report = report(number, folder.path(), &tally);
                    lock(&reports).extend(report);
                }
            });
        }
    });
    println!("{} processes, {} rows recovered", tally.processes.into_inner(), tally.recovered.into_inner());
    let reports = reports.into_inner().expect("a lock");
    assert!(reports.is_empty(), "{}", reports.concat());
}

#[test]
fn a_ledger_that_cannot_be_written_or_synced_stops_the_import_before_the_next_request() {
    let folder = tempfile::tempdir().expect("a folder");
    for (broken, times) in
        [Broken::Append, Broken::Sync].into_iter().flat_map(|broken| (0..30).map(move |n| (broken, n)))
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(async {
            let mut case = Case::numbered(times, folder.path());
            case.calm_down();
            case.replays = 0.0;
            case.rows = (0..12).map(|n| row(&format!("ana{n}"), 0)).collect();
            let disk = Arc::new(Mutex::new(Disk::default()));
            let machine = Machine::with_steps(None);
            let file = File { disk: disk.clone(), machine: machine.clone(), breaks: Some((broken, times)) };
            let (session, wire) = (case.session(1, true), case.wire(machine));
            let ended = session.run(wire, file, State::default()).await;
            let told = Told::read(&String::from_utf8_lossy(&lock(&disk).safe));
            let intents: usize = told.rows.values().map(|row| row.attempts.len()).sum();
            let calls = lock(&case.world).stats().of(Operation::CreateUser).called;
            assert_eq!(
                calls, intents as u64,
                "{broken:?} after {times}: a call for every synced intent, and none after"
            );
            let finished = intents == 12 && ended == Ok(false);
            assert!(finished || ended.is_err(), "{broken:?} after {times}: {ended:?} after {intents} calls");
        });
    }
}

/// Under which ids usernames are there.
fn ids_of<'d>(there: &'d BTreeMap<String, String>) -> impl Fn(&str) -> Option<&'d str> {
    move |user| there.get(user).map(String::as_str)
}
