//! One simulated run: a world, a way to it, and the real importer at the other end.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bytes::Bytes;
use headcount::agent::{Fingerprint, IdentityType, RowNumber};
use headcount::apply::{self, Doubt, Means, Origin, Settings, Task, Work};
use headcount::cli::voice::Flags;
use headcount::clock::{self, Clock, SteadyClock};
use headcount::connect::model::{CreateUser, IdentityInfo};
use headcount::connect::{
    BoxFuture, Client, Credentials, Environment, Operation as Called, Target, Transport, TransportError,
};
use headcount::event::Event;
use headcount::lane::Lane;
use headcount::lane::backoff::Random;
use headcount::lane::pace::Pace;
use headcount::lane::paces::Paces;
use headcount::lane::slots::Slots;
use headcount::ledger::{Counts, Entry, Journal, Ledger, State, Storage};
use headcount::simulator::{
    ACCESS_KEY_ID, Delivery, Operation, Pace as Allowed, SECRET_ACCESS_KEY, Spec, Weather, World,
};
use headcount::stop::{Stop, Switch};
use http::header::HOST;
use http::{HeaderValue, Request, Response};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The way there, at the least, and the way back.
pub(crate) const WAY: Duration = Duration::from_millis(25);

/// By how much the way there varies.
pub(crate) const UNSTEADY: Duration = Duration::from_millis(10);

/// 10/s, from 30 s on 3/s, from 60 s on 10/s again.
pub(crate) const BACK: [Quota; 3] = [
    Quota { from: Duration::ZERO, rate: 10.0, burst: 25 },
    Quota { from: Duration::from_secs(30), rate: 3.0, burst: 25 },
    Quota { from: Duration::from_secs(60), rate: 10.0, burst: 25 },
];

/// A calm day.
pub(crate) const CALM: fn() -> Weather = Weather::calm;

/// What CreateUser allows from some time on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Quota {
    pub(crate) from: Duration,
    pub(crate) rate: f64,
    pub(crate) burst: u32,
}

impl Quota {
    pub(crate) fn steady(rate: f64, burst: u32) -> Self {
        Self { from: Duration::ZERO, rate, burst }
    }

    fn allowed(&self) -> Allowed {
        Allowed::per_second(self.rate, f64::from(self.burst))
    }
}

/// What the importer is told of the quota.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rate {
    /// A rate with its burst.
    Given(f64, u32),
    /// Nothing but what was remembered.
    Auto(Option<f64>),
}

/// What happens and to whom.
pub(crate) struct Simulation {
    pub(crate) rows: u32,
    pub(crate) quota: Vec<Quota>,
    pub(crate) weather: Vec<(Duration, Weather)>,
    pub(crate) room: usize,
    pub(crate) rate: Rate,
    pub(crate) outage_patience: Duration,
    pub(crate) way: Duration,
    pub(crate) seed: u64,
}

impl Default for Simulation {
    fn default() -> Self {
        Self {
            rows: 1000,
            quota: vec![Quota::steady(2.0, 5)],
            weather: Vec::new(),
            room: 10_000,
            rate: Rate::Given(2.0, 5),
            outage_patience: Settings::OUTAGE_PATIENCE,
            way: WAY,
            seed: 5,
        }
    }
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) seconds: f64,
    pub(crate) counts: Counts,
    pub(crate) throttled: u64,
    /// When each CreateUser call reached the service.
    pub(crate) arrived: Vec<f64>,
    pub(crate) after_refusal: usize,
    pub(crate) in_flight_at_refusal: usize,
    pub(crate) too_early: usize,
    pub(crate) found: Option<f64>,
    pub(crate) stop: Option<Stop>,
    pub(crate) events: Vec<Event>,
}

impl Ran {
    pub(crate) fn created(&self) -> u64 {
        self.counts.created
    }
}

/// Runs to the end on a clock of its own.
pub(crate) fn paused<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}

impl Simulation {
    pub(crate) fn run(self) -> Ran {
        paused(self.simulate())
    }

    async fn simulate(self) -> Ran {
        let way = Way { way: self.way, ..Way::new(&self.quota, &self.weather, self.room, self.seed) };
        let rows: Vec<String> = (0..self.rows).map(|row| format!("user-{row:04}")).collect();
        let mut state = State::default();
        for (at, user) in rows.iter().enumerate() {
            state.apply(&Entry::row(user, RowNumber::of(at as u64 + 2), Some(Fingerprint::of(1))));
        }
        let ledger: Arc<dyn Journal> =
            Arc::new(Ledger::in_step(Nowhere, state, Arc::new(way.clock), headcount::ledger::counted()));
        let switch = Switch::default();
        let (events, mut seen) = mpsc::unbounded_channel();
        let (rate, burst) = match self.rate {
            Rate::Given(rate, burst) => (rate, burst),
            Rate::Auto(remembered) => (remembered.unwrap_or(2.0), 5),
        };
        let settings = Settings {
            instance: way.instance.clone(),
            identity: IdentityType::ConnectManaged,
            run: "6f1c1c52-0000-4000-8000-000000000000".into(),
            provenance_tag: true,
            accept_probable: false,
            row_budget: Settings::ROW_BUDGET,
            outage_patience: self.outage_patience,
            seed: self.seed + 2,
            voice: &Flags,
        };
        let paces = Arc::new(Paces::default());
        let pace = match self.rate {
            Rate::Given(rate, burst) => Pace::new(rate, burst),
            Rate::Auto(remembered) => Pace::learning(remembered),
        };
        paces.set(Called::CreateUser, pace);
        let lane = Arc::new(Lane::new(way.client(), paces.clone()));
        let slots = Slots::new(rate, burst, None);
        let means = Means::new(lane, slots, ledger.clone(), settings, switch.clone(), Arc::new(events));
        let places = ledger.read(|state| state.places());
        let tasks = places.zip(&rows).map(|(at, user)| {
            Ok(Task {
                at,
                row: ledger.read(|state| state.record(at).row),
                user: user.clone(),
                work: Work::Create { body: Box::new(way.body(user)), password: Origin::Row },
                doubt: Doubt::Clear,
                listed: None,
                then: None,
            })
        });
        let start = Instant::now();
        apply::run(means, tasks).await.unwrap();
        let seconds = start.elapsed().as_secs_f64();
        let mut all = Vec::new();
        while let Ok(event) = seen.try_recv() {
            all.push(event);
        }
        let counts = ledger.read(|state| state.counts(false));
        let log = way.log.lock().unwrap();
        Ran {
            seconds,
            counts,
            throttled: log.throttled,
            arrived: log.arrived.clone(),
            after_refusal: log.after_refusal,
            in_flight_at_refusal: log.in_flight_at_refusal,
            too_early: log.too_early,
            found: paces.of(Called::CreateUser).found(),
            stop: switch.reason(),
            events: all,
        }
    }
}

/// A ledger that keeps nothing: what counts here is when its syncs are asked for.
struct Nowhere;

impl Storage for Nowhere {
    fn check(&mut self) -> Result<(), String> {
        Ok(())
    }

    fn append(&mut self, _: &[u8]) -> std::io::Result<()> {
        Ok(())
    }

    fn sync(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// What passed on the way.
#[derive(Debug, Default)]
pub(crate) struct Log {
    pub(crate) arrived: Vec<f64>,
    pub(crate) throttled: u64,
    in_flight: usize,
    refused: bool,
    in_flight_at_refusal: usize,
    after_refusal: usize,
    /// Until when the service has asked to wait, and calls that left before that.
    wait_until: Option<Instant>,
    too_early: usize,
}

/// The way to a world and back: it takes time, and a little more or less each time.
pub(crate) struct Way {
    world: Arc<Mutex<World>>,
    pub(crate) clock: SteadyClock,
    start: Instant,
    pub(crate) log: Arc<Mutex<Log>>,
    random: Arc<Mutex<Random>>,
    way: Duration,
    pub(crate) instance: String,
    routing: String,
    security: String,
}

impl Way {
    pub(crate) fn new(quota: &[Quota], weather: &[(Duration, Weather)], room: usize, seed: u64) -> Self {
        let clock = SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693));
        let mut spec = Spec { users_quota: room, seed: 11, signed: false, ..Spec::default() };
        spec.routing_profiles.truncate(1);
        spec.routing_profiles[0].id = Some("routing".into());
        spec.security_profiles.truncate(1);
        spec.security_profiles[0].id = Some("security".into());
        spec.paces.insert(Operation::CreateUser, quota[0].allowed());
        let instance = spec.instance_id.clone();
        let world = Arc::new(Mutex::new(World::new(spec, clock.now())));
        for quota in quota[1..].iter().copied() {
            let world = world.clone();
            tokio::spawn(async move {
                clock::sleep(quota.from).await;
                world.lock().unwrap().set_pace(clock.now(), Operation::CreateUser, quota.allowed());
            });
        }
        for (from, weather) in weather.iter().cloned() {
            let world = world.clone();
            if from.is_zero() {
                world.lock().unwrap().set_weather(weather);
                continue;
            }
            tokio::spawn(async move {
                clock::sleep(from).await;
                world.lock().unwrap().set_weather(weather);
            });
        }
        Self {
            world,
            clock,
            start: Instant::now(),
            log: Arc::default(),
            random: Arc::new(Mutex::new(Random::seeded(seed))),
            way: WAY,
            instance,
            routing: "routing".into(),
            security: "security".into(),
        }
    }

    pub(crate) fn client(&self) -> Client {
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:1".into()), ..Environment::default() };
        let target = Target::resolve(&self.instance, Some("eu-central-1"), None, &environment).unwrap();
        let way = Self {
            world: self.world.clone(),
            log: self.log.clone(),
            random: self.random.clone(),
            instance: self.instance.clone(),
            routing: self.routing.clone(),
            security: self.security.clone(),
            ..*self
        };
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        Client::over(Arc::new(way), &target, credentials, Arc::new(self.clock))
    }

    pub(crate) fn body(&self, user: &str) -> CreateUser {
        CreateUser {
            username: user.to_owned(),
            password: Some(headcount::agent::Password::new("Lantern-Reef-7")),
            identity_info: Some(IdentityInfo {
                first_name: Some("Ana".into()),
                last_name: Some("Silva".into()),
                ..IdentityInfo::default()
            }),
            security_profile_ids: vec![self.security.clone()],
            routing_profile_id: self.routing.clone(),
            ..CreateUser::default()
        }
    }

    async fn carry(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let create = request.method() == http::Method::PUT;
        if create {
            let mut log = self.log.lock().unwrap();
            log.in_flight += 1;
            log.after_refusal += usize::from(log.refused);
            log.too_early += usize::from(log.wait_until.is_some_and(|until| Instant::now() < until));
        }
        let more = UNSTEADY.mul_f64(self.random.lock().unwrap().fraction());
        clock::sleep(self.way + more).await;
        let host = request.uri().authority().unwrap().to_string();
        request.headers_mut().insert(HOST, HeaderValue::from_str(&host).unwrap());
        let target = request.uri().path_and_query().unwrap().to_string();
        let (parts, body) = request.into_parts();
        let arrived =
            headcount::simulator::Request { method: parts.method, target, headers: parts.headers, body };
        let now: SystemTime = self.clock.now();
        let reply = self.world.lock().unwrap().respond(now, &arrived);
        if create {
            let mut log = self.log.lock().unwrap();
            log.arrived.push(self.start.elapsed().as_secs_f64());
        }
        clock::sleep(reply.after + self.way).await;
        if create {
            let mut log = self.log.lock().unwrap();
            log.in_flight -= 1;
            let code = reply.answer.headers.get("x-amzn-errortype").and_then(|code| code.to_str().ok());
            let full = code.is_some_and(|code| code.starts_with("LimitExceeded"));
            let body = String::from_utf8_lossy(&reply.answer.body);
            let full = full || (reply.answer.status == 429 && body.contains("LimitExceeded"));
            if full && !log.refused {
                log.refused = true;
                log.in_flight_at_refusal = log.in_flight;
            }
            if reply.answer.status == 429 && !full && reply.delivery == Delivery::Deliver {
                log.throttled += 1;
                let header = |name: &str| reply.answer.headers.get(name)?.to_str().ok()?.parse::<u64>().ok();
                let asked = header("x-amz-retry-after")
                    .or_else(|| header("retry-after").map(|seconds| seconds * 1000));
                if let Some(asked) = asked {
                    let until = Instant::now() + Duration::from_millis(asked);
                    log.wait_until = Some(log.wait_until.map_or(until, |before| before.max(until)));
                }
            }
        }
        if reply.delivery != Delivery::Deliver {
            return Err(TransportError::unclear("the connection was closed"));
        }
        let mut response = Response::new(reply.answer.body);
        *response.status_mut() = reply.answer.status;
        *response.headers_mut() = reply.answer.headers;
        Ok(response)
    }
}

impl Transport for Way {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, TransportError>> {
        Box::pin(self.carry(request))
    }
}
