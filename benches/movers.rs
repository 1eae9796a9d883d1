//! `cargo bench --bench movers [-- plan|update|memory]`: people who are there, at the quotas of an account that never asked for
//! more. By default all.
//!
//! *plan*: a roster of 10,000 rows is held against an instance of 44,000 users: the calls that it takes, and the fewest that can
//! tell. *update*: 1,000 users are changed in one to seven groups: how long that takes, and how long its slowest call by itself.
//! The first is on a clock that stands still while anybody works; the second, in which a file is synced before each user's first
//! call, on one that goes [`FASTER`] times as fast as the machine's. *memory*: the first as a program of its own, with the instance in another one.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]
#![expect(dead_code, reason = "what the benchmarks share, not each of them uses")]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use headcount::cli::voice::Flags;
use headcount::clock::{self, Clock, SteadyClock};
use headcount::connect::model::{IdentityInfo, PhoneConfig, User};
use headcount::connect::{BoxFuture, Credentials, Environment, Transport, TransportError};
use headcount::event::{Event, Sink};
use headcount::job::{
    Address, Allowed, Asking, Changes, Job, Lanes, PaceAsked, Passwords, Patience, RateAsked, Target, What,
    World,
};
use headcount::lane::backoff::Random;
use headcount::roster::Options;
use headcount::simulator::{
    ACCESS_KEY_ID, InProcess, Named, Operation, Pace, SECRET_ACCESS_KEY, Spec, World as Connect,
};
use headcount::stop::Switch;
use headcount::user::Exact;
use http::{Request, Response};
use support::{Bars, Service, measure, measure_to, say};

/// The users of the instance, and the rows of the roster that is held against them.
const USERS: usize = 44_000;
const ROWS: usize = 10_000;

/// Those who are changed.
const CHANGED: usize = 1_000;

/// How long every answer takes, and how much longer it may take.
const LATENCY: Duration = Duration::from_millis(60);
const UNSTEADY: Duration = Duration::from_millis(60);

/// The columns that change a user, one of each group, in the order in which they are added; and what each row has in them.
const GROUPS: [(&str, &str); 7] = [
    ("routing profile name", "Sales"),
    ("security profile names", "Agent|Supervisor"),
    ("hierarchy", "EMEA|France"),
    ("tags", "team|blue"),
    ("auto accept calls", "yes"),
    ("last name", "Santos"),
    ("proficiencies", "Language:German:4"),
];

fn main() -> ExitCode {
    let told: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let wants = |part: &str| told.is_empty() || told.iter().any(|arg| arg == part);
    let mut bars = Bars::default();
    if wants("plan") {
        plans(&mut bars);
    }
    if wants("update") {
        updates(&mut bars);
    }
    if wants("memory") {
        memory(&mut bars);
    }
    bars.end()
}

/// Hears nothing.
struct Nobody;

impl Sink for Nobody {
    fn tell(&self, _: Event) {}
}

/// An instance with the quotas of an account that never asked for more, and a folder.
struct Stage {
    folder: tempfile::TempDir,
    connect: InProcess,
    world: World,
    arn: String,
}

/// How much faster than the machine's the clock goes while users are changed: a sync that takes two milliseconds takes forty
/// by it.
const FASTER: u32 = 20;

/// The calls a second of an account that never asked for more, and how many may come at once.
const QUOTA: (f64, f64) = (2.0, 5.0);

/// The same of reads of users: what Service Quotas shows in public lists.
const READS: (f64, f64) = (10.0, 25.0);

fn quota((rate, burst): (f64, f64)) -> Pace {
    Pace::per_second(rate, burst)
}

/// The way to the instance, which takes now more and now less time.
struct Way {
    connect: InProcess,
    random: Mutex<Random>,
}

impl Transport for Way {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        let took = UNSTEADY.mul_f64(self.random.lock().unwrap().fraction());
        Box::pin(async move {
            clock::sleep(took).await;
            self.connect.send(request).await
        })
    }
}

/// Somebody who is there; everybody has all that a search shows, and addresses that it does not.
fn user(number: usize) -> User {
    let text = |text: &str| Some(text.to_owned());
    User {
        id: format!("00000000-0000-4000-8000-{number:012}"),
        username: name(number),
        identity_info: Some(IdentityInfo {
            first_name: text("Ana"),
            last_name: text("Silva"),
            email: Some(format!("{}@example.com", name(number))),
            ..IdentityInfo::default()
        }),
        phone_config: Some(PhoneConfig { phone_type: text("SOFT_PHONE"), ..PhoneConfig::default() }),
        routing_profile_id: text("r-1"),
        security_profile_ids: vec!["s-1".to_owned()],
        tags: BTreeMap::from([("team".to_owned(), "red".to_owned())]),
        ..User::default()
    }
}

fn name(number: usize) -> String {
    format!("person{number:07}")
}

impl Stage {
    fn with(users: usize) -> Self {
        let reads = [Operation::DescribeUser, Operation::ListUserProficiencies, Operation::ListUsers];
        let named = |name: &str, id: &str| Named { name: name.to_owned(), id: Some(id.to_owned()) };
        let spec = Spec {
            users: (0..users).map(user).collect(),
            users_quota: users,
            routing_profiles: vec![named("Customer Care", "r-1"), named("Sales", "r-2")],
            security_profiles: vec![named("Agent", "s-1"), named("Supervisor", "s-2")],
            pace: quota(QUOTA),
            paces: reads.map(|operation| (operation, quota(READS))).into(),
            latency: LATENCY,
            ..Spec::default()
        };
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let arn = spec.instance_arn();
        let connect =
            InProcess::new(Connect::new(spec, clock.now()), Arc::clone(&clock), Duration::from_secs(30));
        let way = Way { connect: connect.clone(), random: Mutex::new(Random::seeded(7)) };
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let world = World {
            nonces: headcount::ledger::counted(),
            clock,
            lanes: Arc::new(Lanes::within(Arc::new(way), credentials)),
            events: Arc::new(Nobody),
            stop: Switch::default(),
            host: "here".into(),
            state: None,
            seed: 5,
            voice: &Flags,
        };
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        Self { folder, connect, world, arn }
    }

    /// A roster of so many people, each with what its line has.
    fn changes(&self, columns: &str, rows: usize, line: impl Fn(usize) -> String) -> Changes {
        let roster = write(self.folder.path(), columns, rows, line);
        let environment = Environment {
            endpoint_url: Some("http://127.0.0.1:4510".into()),
            endpoint_url_service_quotas: Some("http://127.0.0.1:4510".into()),
            ..Environment::default()
        };
        let target =
            Target::instance(Address { named: Some(self.arn.clone()), environment, ..Address::default() });
        let job = Job {
            ledger: roster.with_extension("update.ledger.jsonl").into(),
            what: What::Import { roster },
            target,
            reading: Options::default(),
            pace: PaceAsked { rate: RateAsked::Quota, burst: None, concurrency: None },
            passwords: Passwords::OfRoster,
            patience: Patience::default(),
            allowed: Allowed::default(),
            settings: None,
        };
        Changes {
            job,
            asking: Asking::default(),
            exact: Exact::default(),
            bases: Vec::new(),
            picked: None,
            writes: true,
        }
    }

    /// How often an operation was called so far.
    fn called(&self, operation: Operation) -> u64 {
        self.connect.world().stats().of(operation).called
    }

    /// How often any was.
    fn all_called(&self) -> u64 {
        self.connect.world().stats().operations.values().map(|calls| calls.called).sum()
    }

    /// How many calls were throttled.
    fn throttled(&self) -> u64 {
        self.connect.world().stats().operations.values().map(|calls| calls.throttled).sum()
    }
}

fn write(folder: &Path, columns: &str, rows: usize, line: impl Fn(usize) -> String) -> PathBuf {
    let mut text = format!("user login,{columns}\n");
    for row in 0..rows {
        writeln!(text, "{},{}", name(row), line(row)).unwrap();
    }
    let path = folder.join("movers.csv");
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs on a clock of its own, which stands still while anybody works.
fn paused<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_time().start_paused(true).build().unwrap().block_on(work)
}

/// Runs on a clock that goes [`FASTER`] times as fast as the machine's, and does not leap ahead while a thread works for whoever
/// waits: it goes by what another thread sees of the machine's.
fn hurried<T>(work: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().unwrap();
    runtime.block_on(async {
        let (ticks, mut seen) = tokio::sync::mpsc::channel(1);
        // As long as this is under way the clock does not move by itself.
        let ticking = tokio::task::spawn_blocking(move || {
            let mut last = std::time::Instant::now();
            loop {
                support::pause(Duration::from_millis(1));
                let now = std::time::Instant::now();
                if ticks.blocking_send(now - last).is_err() {
                    break;
                }
                last = now;
            }
        });
        let going = async {
            while let Some(passed) = seen.recv().await {
                tokio::time::advance(passed * FASTER).await;
            }
        };
        let ended = tokio::select! {
            ended = work => ended,
            () = going => unreachable!("it ticks until nobody listens"),
        };
        drop(seen);
        ticking.await.unwrap();
        ended
    })
}

/// A roster, by how many of its rows differ, and how many ask for what no search shows.
struct Case {
    what: &'static str,
    differ: usize,
    ask_for_addresses: usize,
}

fn plans(bars: &mut Bars) {
    const CASES: [Case; 5] = [
        Case { what: "nobody differs", differ: 0, ask_for_addresses: 0 },
        Case { what: "one in a hundred differs", differ: 100, ask_for_addresses: 0 },
        Case { what: "one in ten differs", differ: 1_000, ask_for_addresses: 0 },
        Case { what: "one in ten has an address in it", differ: 0, ask_for_addresses: 1_000 },
        Case { what: "each has an address in it", differ: 0, ask_for_addresses: ROWS },
    ];
    say(&format!("{ROWS} rows against {USERS} users"));
    say(
        "                                   SearchUsers  ListUsers  DescribeUser  others  fewest  of them      s  ideal s",
    );
    for case in CASES {
        paused(plan(&case, bars));
    }
}

/// Compares, and holds the calls that it took against the fewest that can tell: the pages of a search for everybody, and one
/// more call for each row that differs or asks for what no search shows; or the pages of a list, and one more for each row.
async fn plan(case: &Case, bars: &mut Bars) {
    let stage = Stage::with(USERS);
    let line = |row: usize| {
        let routing = if row < case.differ { "Sales" } else { "Customer Care" };
        let address =
            if row < case.ask_for_addresses { format!("{}@example.com", name(row)) } else { String::new() };
        format!("Ana,Silva,{routing},Agent,{address}")
    };
    let columns = "first name,last name,routing profile name,security profile names,email address";
    let changes = stage.changes(columns, ROWS, line);
    let begun = tokio::time::Instant::now();
    let compared = changes.compare(&stage.world).await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    let (counts, of) = (compared.counts(), |operation| stage.called(operation));
    assert_eq!(
        (counts.update, counts.same),
        (case.differ as u64, (ROWS - case.differ) as u64),
        "{}",
        case.what
    );
    let (searches, lists, described) =
        (of(Operation::SearchUsers), of(Operation::ListUsers), of(Operation::DescribeUser));
    let made = searches + lists + described;
    let one_by_one = (case.differ.max(case.ask_for_addresses)) as u64;
    let (by_search, by_list) =
        (USERS.div_ceil(500) as u64 + one_by_one, (USERS.div_ceil(1000) + ROWS) as u64);
    let fewest = by_search.min(by_list);
    let share = made as f64 / fewest as f64;
    // By whichever way: two searches a second, ten lists and ten descriptions.
    let searching = f64::max((USERS.div_ceil(500) as f64 - 5.0) / 2.0, (one_by_one as f64 - 25.0) / 10.0);
    let listing = (ROWS as f64 - 25.0) / 10.0;
    let ideal = searching.min(listing);
    say(&format!(
        "{:<34} {searches:>11} {lists:>10} {described:>13} {:>7} {fewest:>7} {share:>8.3} {seconds:>6.0} {ideal:>8.0}",
        case.what,
        stage.all_called() - made
    ));
    bars.check(share <= 1.05, &format!("{}: at most 1.05 of the fewest calls", case.what));
    bars.check(stage.throttled() == 0, &format!("{}: no call throttled", case.what));
}

fn updates(bars: &mut Bars) {
    say(&format!("{CHANGED} users are changed"));
    say("groups   calls  reads  throttled      s  slowest call by itself  of that");
    for groups in 1..=GROUPS.len() {
        hurried(update(groups, bars));
    }
}

/// Changes everybody in so many groups, and holds the time against that of the call that takes longest at two a second.
async fn update(groups: usize, bars: &mut Bars) {
    let stage = Stage::with(CHANGED);
    let columns: Vec<&str> = GROUPS[..groups].iter().map(|(column, _)| *column).collect();
    let cells: Vec<&str> = GROUPS[..groups].iter().map(|(_, cell)| *cell).collect();
    let changes = stage.changes(&columns.join(","), CHANGED, |_| cells.join(","));
    let planned = changes.compare(&stage.world).await.unwrap().plan().await.unwrap();
    let (before, begun) = (stage.connect.world().stats(), tokio::time::Instant::now());
    let ended = planned.run().await.unwrap();
    let seconds = begun.elapsed().as_secs_f64();
    assert_eq!(ended.counts.updated, CHANGED as u64, "{:?}", ended.counts);
    let after = stage.connect.world().stats();
    let since = |name: &str| {
        after.operations.get(name).map_or(0, |calls| calls.called)
            - before.operations.get(name).map_or(0, |calls| calls.called)
    };
    let all: Vec<(&str, u64)> = after.operations.keys().map(|name| (*name, since(name))).collect();
    let is_read =
        |name: &str| ["List", "Describe", "Search", "Get"].iter().any(|verb| name.starts_with(verb));
    let writes = all.iter().filter(|(name, _)| !is_read(name));
    let (most, calls) =
        writes.fold((0, 0), |(most, all), (_, calls)| (calls.max(&most).to_owned(), all + calls));
    let reads: u64 = all.iter().filter(|(name, _)| is_read(name)).map(|(_, calls)| calls).sum();
    let slowest = most as f64 / QUOTA.0;
    let share = seconds / slowest;
    let throttled = stage.throttled();
    say(&format!(
        "{groups:>6} {calls:>7} {reads:>6} {throttled:>10} {seconds:>6.1} {slowest:>23.1} {share:>8.3}"
    ));
    bars.check(share <= 1.05, &format!("{groups} groups in at most 1.05 of the slowest call's own time"));
    bars.check(
        calls == (groups * CHANGED) as u64,
        &format!("{groups} groups with one call a user and group"),
    );
}

/// Compares in a process of its own, half of whose rows differ and all of which ask for an address, so that each is described;
/// and holds the most memory of it against 60 MB and 1 KB a user.
fn memory(bars: &mut Bars) {
    let service = Service::start(&["--rate", "unlimited", "--read-rate", "1000"]);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let everybody = folder.path().join("everybody.csv");
    support::write_roster(&everybody, USERS);
    let flags = ["--rate", "100000", "--concurrency", "64"];
    measure(&mut service.import(&everybody, &flags), &folder.path().join("import.log"));
    assert_eq!(service.creates("executed"), USERS as u64);
    say(&format!("{ROWS} rows against {USERS} users, each described"));
    say("                 s   CPU s   peak MB");
    let columns = "first name,last name,email address,routing profile name,security profile names";
    for (what, differ) in [("nobody differs", 0), ("half differ", ROWS / 2)] {
        let line = |row: usize| {
            let profile =
                ["Customer Care", "Sales", "Technical Support"][(row + usize::from(row < differ)) % 3];
            format!("Ana{row},Silva,ana.{row}@example.com,{profile},Agent")
        };
        let roster = write(folder.path(), columns, ROWS, line);
        let mut diff = service.client(support::HEADCOUNT);
        diff.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", service.url());
        diff.arg("diff").arg(&roster).args(["--instance", service.instance_id()]);
        let exit = i32::from(differ > 0);
        let took = measure_to(exit, &mut diff, &folder.path().join("diff.log"));
        let peak = took.peak as f64 / 1e6;
        say(&format!("{what:<14} {:>4.0} {:>7.2} {peak:>9.1}", took.wall.as_secs_f64(), took.cpu));
        bars.check(
            took.peak <= 60_000_000 + 1_000 * USERS as u64,
            &format!("{what}: at most 60 MB + 1 KB a user"),
        );
    }
}
