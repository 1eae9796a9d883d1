//! A job's world in a test: an embedded Connect in this process, a paused clock, and somebody who listens. No process is
//! started and no socket opened.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

use headcount::cli::voice::Flags;
use headcount::clock::{Clock, SteadyClock};
use headcount::connect::{Credentials, Environment};
use headcount::error::Failure;
use headcount::event::{Event, Sink};
use headcount::job::{
    Address, Allowed, Before, Ended, Job, Lanes, PaceAsked, Passwords, Patience, Planned, RateAsked, Target,
    What, World,
};
use headcount::ledger::{State, peek};
use headcount::roster::Options;
use headcount::simulator::{ACCESS_KEY_ID, InProcess, Operation, SECRET_ACCESS_KEY, Spec, World as Connect};
use headcount::stop::{Stop, Switch};
use tempfile::TempDir;

/// When an answer is given up.
const PATIENCE: Duration = Duration::from_secs(30);

pub const HEADER: &str = "first name,last name,email address,password,user login,routing profile name,security profile name,phone type (soft/desk)\n";

/// One row of a roster.
pub fn row(user: &str) -> String {
    row_with(user, &format!("Lantern-Reef-7{}", user.replace(' ', "")))
}

/// The same, with this password.
pub fn row_with(user: &str, password: &str) -> String {
    format!("Ana,Silva,{user}@example.com,{password},{user},Basic Routing Profile,Agent,soft\n")
}

/// Keeps all that it is told, and asks a switch to stop when it hears what it waits for.
#[derive(Default)]
pub struct Heard {
    events: Mutex<Vec<Event>>,
    stops_at: Mutex<Option<StopsAt>>,
}

type StopsAt = (Box<dyn Fn(&Event) -> bool + Send>, Switch);

impl Sink for Heard {
    fn tell(&self, event: Event) {
        let mut stops_at = self.stops_at.lock().unwrap();
        if let Some((is_it, stop)) = &*stops_at
            && is_it(&event)
        {
            stop.stop(Stop::Interrupted);
            *stops_at = None;
        }
        self.events.lock().unwrap().push(event);
    }
}

impl Heard {
    /// What was heard until now, which is then forgotten.
    pub fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.events.lock().unwrap())
    }

    /// The names of the events, as `--format json` has them, each run of equal ones once.
    pub fn names(&self) -> Vec<String> {
        let named = |event: &Event| {
            let value = serde_json::to_value(event).unwrap();
            value["event"].as_str().unwrap().to_owned()
        };
        let mut names: Vec<String> = self.events.lock().unwrap().iter().map(named).collect();
        names.dedup();
        names
    }

    pub fn count(&self, is_it: impl Fn(&Event) -> bool) -> usize {
        self.events.lock().unwrap().iter().filter(|event| is_it(event)).count()
    }
}

/// An instance, a folder, and what the jobs of a test share.
pub struct Stage {
    pub folder: TempDir,
    pub connect: InProcess,
    pub arn: String,
    pub heard: Arc<Heard>,
    pub world: World,
}

impl Stage {
    /// An instance of this description, and no roster yet. Needs a runtime whose time is paused.
    pub fn set(spec: Spec) -> Self {
        let clock: Arc<dyn Clock> =
            Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let arn = spec.instance_arn();
        let connect = InProcess::new(Connect::new(spec, clock.now()), Arc::clone(&clock), PATIENCE);
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let heard = Arc::new(Heard::default());
        let world = World {
            nonces: headcount::ledger::counted(),
            clock,
            lanes: Arc::new(Lanes::within(Arc::new(connect.clone()), credentials)),
            events: Arc::clone(&heard) as Arc<dyn Sink>,
            stop: Switch::default(),
            host: "here".into(),
            state: None,
            seed: 5,
            voice: &Flags,
        };
        Self { folder: tempfile::tempdir().unwrap(), connect, arn, heard, world }
    }

    /// An instance with the default quotas, and a roster of so many people.
    pub fn with_people(people: usize) -> Self {
        Self::of(Spec::default(), people)
    }

    pub fn of(spec: Spec, people: usize) -> Self {
        let stage = Self::set(spec);
        let rows: Vec<String> = (0..people).map(|person| row(&format!("user{person}"))).collect();
        stage.write("roster.csv", &rows);
        stage
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a roster of these rows.
    pub fn write(&self, name: &str, rows: &[String]) {
        std::fs::write(self.path(name), HEADER.to_owned() + &rows.concat()).unwrap();
    }

    pub fn ledger(&self) -> PathBuf {
        self.path("roster.csv.ledger.jsonl")
    }

    /// What the ledger says.
    pub fn state(&self) -> State {
        peek(&self.ledger().into()).unwrap().0
    }

    /// The names of all that is in the folder.
    pub fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The instance as a target.
    pub fn target(&self) -> Target {
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        Target::instance(Address { named: Some(self.arn.clone()), environment, ..Address::default() })
    }

    /// An import of the roster, a thousand calls a second.
    pub fn import(&self) -> Job {
        let what = What::Import { roster: self.path("roster.csv") };
        self.job(what)
    }

    /// A retry of the rows that failed, of another roster where one is named.
    pub fn retry(&self, part: Option<&str>, codes: &[&str]) -> Job {
        let before = Box::new(Before::of(&self.ledger().into()).unwrap());
        let codes = codes.iter().map(|code| (*code).to_owned()).collect();
        let roster = part.map_or_else(|| before.whole.clone(), |name| self.path(name));
        self.job(What::Retry { codes, roster, is_part: part.is_some(), before })
    }

    fn job(&self, what: What) -> Job {
        Job {
            what,
            target: self.target(),
            reading: Options::default(),
            ledger: self.ledger().into(),
            pace: PaceAsked { rate: RateAsked::Fixed(1000.0), burst: None, concurrency: None },
            passwords: Passwords::OfRoster,
            patience: Patience::default(),
            allowed: Allowed::default(),
            settings: None,
        }
    }

    /// From the check to the plan.
    pub async fn plan(&self, job: Job) -> Result<Planned, Failure> {
        job.check(&self.world).await?.plan().await
    }

    /// A job from its check to its end.
    pub async fn run(&self, job: Job) -> Result<Ended, Failure> {
        self.plan(job).await?.run().await
    }

    /// A world in which nobody has asked to stop; all else is the same.
    pub fn go_on(&mut self) {
        self.world.stop = Switch::default();
    }

    /// Asks to stop when this is heard.
    pub fn stop_at(&self, is_it: impl Fn(&Event) -> bool + Send + 'static) {
        *self.heard.stops_at.lock().unwrap() = Some((Box::new(is_it), self.world.stop.clone()));
    }

    /// Asks to stop when so many users were created.
    pub fn stop_after(&self, created: usize) {
        let seen = std::sync::atomic::AtomicUsize::new(0);
        self.stop_at(move |event| {
            let is_created = usize::from(matches!(event, Event::Created { .. }));
            seen.fetch_add(is_created, std::sync::atomic::Ordering::Relaxed) + is_created == created
        });
    }

    /// The usernames on the instance, sorted: none is there twice.
    #[track_caller]
    pub fn users(&self) -> Vec<String> {
        let mut users: Vec<String> =
            self.connect.world().everyone().map(|user| user.username.clone()).collect();
        users.sort();
        let all = users.len();
        users.dedup();
        assert_eq!(users.len(), all, "a user is there twice");
        users
    }

    /// How many CreateUser calls were executed.
    pub fn executed(&self) -> u64 {
        self.connect.world().stats().of(Operation::CreateUser).executed
    }

    /// How many CreateUser calls came.
    pub fn called(&self) -> u64 {
        self.connect.world().stats().of(Operation::CreateUser).called
    }
}

/// An embedded Connect without limits to its pace.
pub fn unlimited() -> Spec {
    Spec { pace: headcount::simulator::Pace::UNLIMITED, ..Spec::default() }
}
