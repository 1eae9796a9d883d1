//! The stage of a case: an embedded Connect in this process, and the real program as a child against it.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, OnceLock, PoisonError, mpsc};
use std::time::{Duration, SystemTime};

use headcount::clock::{Clock, Moment, SystemClock};
use headcount::connect::model::User;
use headcount::simulator::server::{self, Running};
use headcount::simulator::{ACCESS_KEY_ID, Pace, SECRET_ACCESS_KEY, Spec, Weather, World};
use tokio::runtime::Runtime;

use crate::case::{Case, Crash, Row};

/// The machine's clock, put forward at will.
#[derive(Default)]
pub(crate) struct ForwardClock {
    seconds: AtomicU64,
    /// Where the children of the stage read by how much it is ahead; they have the machine's clock where there is no file.
    told: OnceLock<PathBuf>,
}

impl ForwardClock {
    pub(crate) fn forward(&self, by: Duration) {
        let ahead = self.seconds.fetch_add(by.as_secs(), Ordering::SeqCst) + by.as_secs();
        if let Some(file) = self.told.get() {
            // Whoever reads it finds the one or the other, and never half of it.
            let new = file.with_extension("new");
            std::fs::write(&new, ahead.to_string()).expect("written");
            std::fs::rename(&new, file).expect("renamed");
        }
    }

    /// From now on the children go by this clock, too: this file says by how much it is ahead.
    pub(crate) fn told_in(&self, file: PathBuf) {
        let _ = self.told.set(file);
        self.forward(Duration::ZERO);
    }
}

impl Clock for ForwardClock {
    fn now(&self) -> SystemTime {
        SystemClock.now() + Duration::from_secs(self.seconds.load(Ordering::SeqCst))
    }

    fn moment(&self) -> Moment {
        SystemClock.moment()
    }
}

pub(crate) struct Stage {
    pub(crate) running: Arc<Running>,
    pub(crate) clock: Arc<ForwardClock>,
    pub(crate) folder: tempfile::TempDir,
    instance: String,
    settle_timeout: u32,
    /// Whether the roster has no passwords, and the program makes them.
    generates: bool,
    ended: Children,
}

/// Processes that have ended and are not let go: their numbers, by which a ledger tells its sessions apart, are nobody's
/// else while the case goes on. Windows, whose numbers are few, gives those of the gone away at once.
type Children = Arc<Mutex<Vec<Child>>>;

/// How a child ended.
pub(crate) struct Ended {
    pub(crate) pid: u32,
    /// `None` where it was aborted.
    pub(crate) code: Option<i32>,
    pub(crate) stderr: String,
    pub(crate) stdout: String,
}

/// A child at work.
pub(crate) struct Begun {
    child: Child,
    /// All that it has printed, once it has ended.
    stdout: mpsc::Receiver<String>,
    stderr: PathBuf,
    ended: Children,
}

impl Begun {
    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        let stdout = self.stdout.recv_timeout(PATIENCE);
        if stdout.is_err() {
            let _ = self.child.kill();
        }
        let pid = self.child.id();
        let status = self.child.wait().expect("waited");
        let mut text = read(&self.stderr);
        if stdout.is_err() {
            text.push_str("\nHUNG: killed by the test");
        }
        let code = if stdout.is_err() { None } else { code(status) };
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push(self.child);
        Ended { pid, code, stderr: text, stdout: stdout.unwrap_or_default() }
    }
}

/// Where a process can be held and woken.
#[cfg(unix)]
mod holding {
    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

    use super::{Begun, PATIENCE, mpsc};

    impl Begun {
        /// Waits until it holds, or has ended without passing the point; says whether it holds.
        pub(crate) fn holds(&self) -> bool {
            let (told, heard) = mpsc::channel();
            let child = WaitId::Pid(Pid::from_child(&self.child));
            std::thread::spawn(move || {
                let status =
                    waitid(child, WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
                let _ = told.send(status.is_ok_and(|status| status.is_some_and(|status| status.stopped())));
            });
            heard.recv_timeout(PATIENCE).unwrap_or(false)
        }

        /// It goes on.
        pub(crate) fn wake(&self) {
            kill_process(Pid::from_child(&self.child), Signal::CONT).expect("a process of ours");
        }
    }
}

/// Windows has no signal that holds a process: it passes its point, and what is tried on one that sleeps is tried on one
/// that is at work.
#[cfg(windows)]
impl Begun {
    pub(crate) fn holds(&self) -> bool {
        false
    }

    pub(crate) fn wake(&self) {}
}

/// The exit code; none of a process that was aborted.
#[cfg(unix)]
fn code(ended: ExitStatus) -> Option<i32> {
    ended.code() // none of one that a signal ended
}

/// The exit code; none of a process that was aborted, which ends with STATUS_STACK_BUFFER_OVERRUN (by `__fastfail`).
#[cfg(windows)]
fn code(ended: ExitStatus) -> Option<i32> {
    ended.code().filter(|code| *code != 0xC000_0409_u32.cast_signed())
}

/// The longest that any run of a case may take; one that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(600);

impl Stage {
    pub(crate) fn set(runtime: &Runtime, case: &Case) -> Self {
        let clock = Arc::new(ForwardClock::default());
        let spec = Spec {
            pace: Pace::UNLIMITED,
            // The clock is put forward between runs, which no signature would survive.
            signed: false,
            case_variants_clash: case.variants_clash,
            search_ignores_case: case.seed & 1 == 0,
            weather: case.sky.weather(),
            script: case.script.clone(),
            search_lag: case.search_lag,
            seed: case.seed,
            ..Spec::default()
        };
        let instance = spec.instance_arn();
        let now = clock.now();
        let mut world = World::new(spec, now);
        for user in &case.foreign_seen {
            world.plant(foreign(user), now);
        }
        for user in &case.foreign_unseen {
            world.plant(foreign(user), now + Duration::from_secs(200));
        }
        Self { generates: case.generates, ..Self::of(runtime, world, clock, instance, 1) }
    }

    pub(crate) fn of(
        runtime: &Runtime,
        world: World,
        clock: Arc<ForwardClock>,
        instance: String,
        settle_timeout: u32,
    ) -> Self {
        let running = Arc::new(runtime.block_on(server::serve(world, 0, clock.clone())).expect("served"));
        let folder = tempfile::tempdir().expect("a folder");
        let ended = Children::default();
        Self { running, clock, folder, instance, settle_timeout, generates: false, ended }
    }

    /// The same instance from another folder, with a copy of what is in this one.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self {
            running: self.running.clone(),
            clock: self.clock.clone(),
            folder: tempfile::tempdir().expect("a folder"),
            instance: self.instance.clone(),
            settle_timeout: self.settle_timeout,
            generates: self.generates,
            ended: self.ended.clone(),
        };
        for (from, to) in [(self.ledger(), copy.ledger()), (self.credentials(), copy.credentials())] {
            if from.exists() {
                std::fs::copy(from, to).expect("copied"); // its mode too: a file of passwords is private
            }
        }
        copy
    }

    pub(crate) fn calm_down(&self) {
        self.running.world().set_weather(Weather::calm());
    }

    pub(crate) fn roster(&self) -> PathBuf {
        self.folder.path().join("roster.csv")
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.folder.path().join("roster.csv.ledger.jsonl")
    }

    /// Where a ledger of version 1 is kept.
    pub(crate) fn ledger_of_before(&self) -> PathBuf {
        self.folder.path().join("roster.csv.ledger.jsonl.v1")
    }

    /// Makes the ledger one of version 1, in which no request is meant yet, and returns what it says then.
    pub(crate) fn make_of_version_1(&self) -> String {
        let text = read(&self.ledger());
        let open = text.lines().filter_map(|line| line.rsplit_once(",\"crc\":"));
        let lines: String = open.map(|(line, _)| format!("{line}}}\n")).collect();
        let lines = lines.replacen("\"version\":2,", "\"version\":1,", 1);
        std::fs::write(self.ledger(), &lines).expect("written");
        lines
    }

    pub(crate) fn credentials(&self) -> PathBuf {
        self.folder.path().join("passwords.jsonl")
    }

    /// Prints the passwords that the program made, as JSON.
    pub(crate) fn print_credentials(&self, sabotage: Option<&str>) -> Output {
        self.print_credentials_of(&self.credentials(), sabotage)
    }

    /// The same of any file of passwords, with this ledger.
    pub(crate) fn print_credentials_of(&self, file: &Path, sabotage: Option<&str>) -> Output {
        let mut command = Command::new(program());
        command.arg("credentials").arg(file).arg("--ledger").arg(self.ledger());
        clear(command.args(["--format", "json"])).stdin(Stdio::null());
        if let Some(word) = sabotage {
            command.env("HEADCOUNT_SABOTAGE", word);
        }
        started(|| command.output())
    }

    pub(crate) fn write_roster(&self, rows: &[Row]) {
        let mut text = "first name,last name,email address,password,user login,routing profile name,\
                        security_profile_name_1|security_profile_name_2,phone type (soft/desk)\n"
            .to_owned();
        for Row { user, last_name } in rows {
            // One row has a password of its own in any case.
            let password = if self.generates && user != OWN { "" } else { PASSWORD };
            let _ = writeln!(
                text,
                "Ana,{last_name},{user}@example.com,{password},{user},Basic Routing Profile,Agent,soft"
            );
        }
        std::fs::write(self.roster(), text).expect("written");
    }

    /// Imports, and crashes where it is told to.
    pub(crate) fn import(&self, concurrency: u16, crash: Option<&Crash>, sabotage: Option<&str>) -> Ended {
        self.begin(concurrency, crash, None, sabotage).end()
    }

    /// Begins to import; the process crashes, or holds, where it is told to.
    pub(crate) fn begin(
        &self,
        concurrency: u16,
        crash: Option<&Crash>,
        hold: Option<&Crash>,
        sabotage: Option<&str>,
    ) -> Begun {
        let mut command = self.command(concurrency);
        if self.generates {
            command.arg("--generate-passwords").arg("--credentials-out").arg(self.credentials());
        }
        self.spawn(command, crash, hold, sabotage)
    }

    /// Begins to import with a ledger in a table: `(engine, ledger, how many times as fast it beats)`, `(concurrency, whether
    /// it is waited for)`, and where the process crashes and holds.
    #[cfg(unix)]
    pub(crate) fn begin_shared(
        &self,
        (engine, ledger, beats): (&str, &str, u32),
        (concurrency, waits): (u16, bool),
        (crash, hold): (Option<&Crash>, Option<&Crash>),
        sabotage: Option<&str>,
    ) -> Begun {
        let mut command = self.command(concurrency);
        command.args(["--ledger", ledger]);
        if waits {
            command.arg("--wait");
        }
        if self.generates {
            command.arg("--generate-passwords").arg("--credentials-out").arg(self.credentials());
        }
        command.env("AWS_ENDPOINT_URL_DYNAMODB", engine).env("HEADCOUNT_BEATS", beats.to_string());
        self.spawn(command, crash, hold, sabotage)
    }

    /// Imports with these flags, and a table that is served here.
    #[cfg(unix)]
    pub(crate) fn import_with(&self, flags: &[&str], engine: &str, beats: u32) -> Ended {
        let mut command = self.command(8);
        command
            .args(flags)
            .env("AWS_ENDPOINT_URL_DYNAMODB", engine)
            .env("HEADCOUNT_BEATS", beats.to_string());
        self.spawn(command, None, None, None).end()
    }

    /// Any command, with a table that is served here.
    #[cfg(unix)]
    pub(crate) fn any(&self, words: &[&str], engine: &str) -> Ended {
        let mut command = Command::new(program());
        command.args(words).env("AWS_ENDPOINT_URL_DYNAMODB", engine);
        self.at_home(&mut command);
        command.env("AWS_ENDPOINT_URL_DYNAMODB", engine);
        self.spawn(command, None, None, None).end()
    }

    /// Updates, and crashes where it is told to.
    pub(crate) fn update(&self, flags: &[&str], crash: Option<&Crash>, sabotage: Option<&str>) -> Ended {
        let mut command = self.bare("update");
        command.args(["--rate", "5000", "--settle-timeout", "1", "--format", "json"]).args(flags);
        self.spawn(command, crash, None, sabotage).end()
    }

    /// Undoes the run of this ledger, and crashes where it is told to.
    pub(crate) fn undo(
        &self,
        run: &str,
        flags: &[String],
        crash: Option<&Crash>,
        sabotage: Option<&str>,
    ) -> Ended {
        let mut command = Command::new(program());
        command.arg("undo").arg(self.ledger()).args(["--yes", "--run", run]);
        command.args(["--rate", "5000", "--settle-timeout", "1", "--format", "json"]).args(flags);
        self.at_home(&mut command);
        self.spawn(command, crash, None, sabotage).end()
    }

    fn spawn(
        &self,
        mut command: Command,
        crash: Option<&Crash>,
        hold: Option<&Crash>,
        sabotage: Option<&str>,
    ) -> Begun {
        for (variable, at) in [("HEADCOUNT_CRASH", crash), ("HEADCOUNT_HOLD", hold)] {
            if let Some(at) = at {
                command.env(variable, format!("{}:{}", at.point, at.passage));
            }
        }
        if let Some(word) = sabotage {
            command.env("HEADCOUNT_SABOTAGE", word);
        }
        let stderr = self.folder.path().join("stderr");
        command.stderr(File::create(&stderr).expect("a file"));
        let mut child = started(|| command.spawn());
        let mut pipe = child.stdout.take().expect("a pipe");
        let (done, stdout) = mpsc::channel();
        std::thread::spawn(move || {
            let mut text = String::new();
            let _ = pipe.read_to_string(&mut text);
            let _ = done.send(text);
        });
        Begun { child, stdout, stderr, ended: self.ended.clone() }
    }

    /// An import at this pace.
    #[cfg(unix)]
    pub(crate) fn paced(&self, rate: u32, burst: u32) -> Command {
        let mut command = self.bare("import");
        let timeout = self.settle_timeout.to_string();
        command.args([
            "--rate",
            &rate.to_string(),
            "--burst",
            &burst.to_string(),
            "--settle-timeout",
            &timeout,
        ]);
        command.args(["--format", "json"]);
        command
    }

    pub(crate) fn command(&self, concurrency: u16) -> Command {
        let mut command = self.bare("import");
        command.args(["--rate", "5000", "--settle-timeout", &self.settle_timeout.to_string()]).args([
            "--concurrency",
            &concurrency.to_string(),
            "--format",
            "json",
        ]);
        command
    }

    /// A command for the roster and the instance, with nothing of this machine.
    fn bare(&self, name: &str) -> Command {
        let mut command = Command::new(program());
        command.arg(name).arg(self.roster()).args([
            "--instance",
            &self.instance,
            "--endpoint-url",
            &self.running.url,
        ]);
        self.at_home(&mut command);
        command
    }

    /// Gives a command what it needs, and nothing of this machine.
    fn at_home(&self, command: &mut Command) {
        clear(command)
            .env("HOME", self.folder.path())
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("TOKIO_WORKER_THREADS", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(file) = self.clock.told.get() {
            command.env("HEADCOUNT_CLOCK", file);
        }
    }

    /// Everybody on the instance, seen or unseen.
    pub(crate) fn everyone(&self) -> Vec<User> {
        self.running.world().everyone().cloned().collect()
    }
}

/// Takes this machine's environment from a command, but for what no process of Windows starts without.
fn clear(command: &mut Command) -> &mut Command {
    command.env_clear();
    if let Some(root) = std::env::var_os("SystemRoot") {
        command.env("SystemRoot", root);
    }
    command
}

/// Starts a process. Wine now and then cannot ("Internal error", 1359), and then can.
fn started<T>(start: impl FnMut() -> std::io::Result<T>) -> T {
    let is_wines = |error: &std::io::Error| cfg!(windows) && error.raw_os_error() == Some(1359);
    let mut tries = std::iter::repeat_with(start).take(20);
    tries.find(|tried| !tried.as_ref().is_err_and(is_wines)).expect("a process in 20 tries").expect("started")
}

/// The program. A long run holds on to the one it began with, although another may be built in its place.
#[cfg(unix)]
fn program() -> &'static Path {
    use std::os::fd::AsRawFd as _;

    static HELD: LazyLock<(File, PathBuf)> = LazyLock::new(|| {
        let built = PathBuf::from(env!("CARGO_BIN_EXE_headcount"));
        let file = File::open(&built).expect("built");
        let held = PathBuf::from(format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd()));
        let path = if held.exists() { held } else { built };
        (file, path)
    });
    &HELD.1
}

/// The program. Windows lets nobody build another in its place while it runs.
#[cfg(windows)]
fn program() -> &'static Path {
    static BUILT: LazyLock<PathBuf> = LazyLock::new(|| PathBuf::from(env!("CARGO_BIN_EXE_headcount")));
    &BUILT
}

/// Every row's password: it must be nowhere but in the roster.
pub(crate) const PASSWORD: &str = "Lantern-Reef-7";

/// The user whose password the roster has, where the program makes all others.
pub(crate) const OWN: &str = "agent02";

/// Somebody else's user.
pub(crate) fn foreign(username: &str) -> User {
    User {
        username: username.into(),
        routing_profile_id: Some("11111111-2222-3333-4444-555555555555".into()),
        security_profile_ids: vec!["11111111-2222-3333-4444-666666666666".into()],
        ..User::default()
    }
}

pub(crate) fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
