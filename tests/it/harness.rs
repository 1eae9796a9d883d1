//! Runs the real program as its users do, against an embedded Connect served by a process of its own.

use std::io::{BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, MutexGuard};

use headcount::clock::{Clock as _, SystemClock};
use headcount::simulator::server::{self, Running};
use headcount::simulator::{Cloud, Spec, World, keys_of};
use serde_json::Value;
use tokio::runtime::Runtime;

/// What a run printed and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub exit: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Fails with all that was printed, unless the run ended with this code.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "\n--- stdout\n{}\n--- stderr\n{}", self.stdout, self.stderr);
        self
    }
}

/// The program in a directory, with nothing of this machine's AWS configuration.
pub fn headcount(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("USERPROFILE", folder)
        .env("LOCALAPPDATA", folder)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_COLOR", "1")
        .env_remove("HTTP_PROXY")
        .env_remove("http_proxy")
        .stdin(Stdio::null());
    #[cfg(windows)]
    command.env("PATH", found());
    command
}

/// The path with the program's folder first: where it is not found there, what is printed to be pasted names it by its
/// place, and it is the same name on every system that the tests look for.
#[cfg(windows)]
fn found() -> std::ffi::OsString {
    // With its drive: built on another system, it has none.
    let program = std::path::absolute(env!("CARGO_BIN_EXE_headcount")).unwrap();
    let folder = program.parent().unwrap().to_owned();
    let others = std::env::var_os("PATH").unwrap_or_default();
    std::env::join_paths(std::iter::once(folder).chain(std::env::split_paths(&others))).unwrap()
}

/// Starts a process. Wine now and then cannot ("Internal error", 1359), and then can.
fn started<T>(start: impl FnMut() -> std::io::Result<T>) -> T {
    const INTERNAL_ERROR: i32 = 1359;
    let mut tries = std::iter::repeat_with(start);
    let is_wines = |error: &std::io::Error| cfg!(windows) && error.raw_os_error() == Some(INTERNAL_ERROR);
    tries
        .by_ref()
        .take(20)
        .find(|tried| !tried.as_ref().is_err_and(is_wines))
        .expect("a process in 20 tries")
        .unwrap()
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Ran {
    let output = started(|| command.output());
    let ran = Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    };
    is_in_words(&ran.stdout);
    is_in_words(&ran.stderr);
    ran
}

/// Fails where a text that the program gives to its user has a mark in place of a flag.
#[track_caller]
pub fn is_in_words(text: &str) {
    let mark = headcount::text::marks(text).next();
    assert!(mark.is_none(), "{mark:?} has no words:\n{text}");
}

/// A line in a shell that people have here, with the environment and in the folder of a command.
pub fn pasted(like: &Command, line: &str) -> Command {
    let mut shell = shell(line);
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(like.get_current_dir().unwrap()).stdin(Stdio::null());
    shell
}

#[cfg(unix)]
fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

/// `cmd`, or the PowerShell that `HEADCOUNT_TEST_SHELL` names (`powershell`, `pwsh`).
#[cfg(windows)]
fn shell(line: &str) -> Command {
    use std::os::windows::process::CommandExt as _;

    let Some(other) = std::env::var_os("HEADCOUNT_TEST_SHELL") else {
        let mut shell = Command::new("cmd");
        // With `/S` the outer quotes go and what is between them stays as it was typed; `/D` leaves AutoRun out. Such a
        // line takes no quotes of the standard library's, which are not those of `cmd`.
        shell.raw_arg(format!("/D /S /C \"{line}\""));
        return shell;
    };
    let mut shell = Command::new(other);
    // By a variable the line comes as it was typed, through no quotes at all.
    shell.env("HEADCOUNT_TEST_LINE", line).args([
        "-NoProfile",
        "-NonInteractive",
        "-Command",
        "$ErrorActionPreference = 'Continue'; Invoke-Expression $env:HEADCOUNT_TEST_LINE; exit $LASTEXITCODE",
    ]);
    shell
}

/// Lines of a ledger that were changed, each with the checksum that it has now: as a program would have written them.
pub fn resealed(lines: &str) -> String {
    let mut sealed = Vec::new();
    for line in lines.lines() {
        serde_json::from_str::<headcount::ledger::Entry>(line).unwrap().write_to(&mut sealed);
    }
    String::from_utf8(sealed).unwrap()
}

/// A ledger as the programs of before wrote it: version 1, which knows no nonce and no checksum.
pub fn of_version_1(ledger: &str) -> String {
    let without = |line: &str, member: &str, length: usize| match line.find(&format!(",\"{member}\":")) {
        Some(at) => format!("{}{}", &line[..at], &line[at + member.len() + 4 + length..]),
        None => line.to_owned(),
    };
    let lines = ledger.lines().map(|line| {
        let line = without(line, "crc", 10);
        let line = without(&line, "nonce", 18);
        without(&line, "op", 8).replacen("\"version\":2", "\"version\":1", 1) + "\n"
    });
    lines.collect()
}

/// A fresh folder with copies of these samples.
pub fn folder(samples: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in samples {
        std::fs::copy(sample(name), folder.path().join(name)).unwrap();
    }
    folder
}

pub fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// `headcount simulate` in a process of its own, ended when dropped.
pub struct Service {
    child: Child,
    pub url: String,
    pub arn: String,
    said: Value,
}

impl Service {
    /// Serves with these flags; CreateUser is unlimited where they do not say otherwise.
    pub fn start(flags: &[&str]) -> Self {
        let paced = flags.contains(&"--rate");
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        command.args(["simulate", "--format", "json"]).args(flags);
        if !paced {
            command.args(["--rate", "unlimited"]);
        }
        let mut child = started(|| command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn());
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said: Value = serde_json::from_str(&line).unwrap();
        let text = |name: &str| said[name].as_str().unwrap().to_owned();
        Self { child, url: text("url"), arn: text("instance_arn"), said }
    }

    /// The program with the credentials and the endpoint of this service.
    pub fn headcount(&self, folder: &Path) -> Command {
        let mut command = headcount(folder);
        command
            .env("AWS_ACCESS_KEY_ID", self.said["access_key_id"].as_str().unwrap())
            .env("AWS_SECRET_ACCESS_KEY", self.said["secret_access_key"].as_str().unwrap())
            .env("AWS_ENDPOINT_URL_CONNECT", &self.url);
        command
    }

    /// What it printed, in one line.
    pub fn said(&self) -> String {
        self.said.to_string()
    }

    /// The access key and its secret.
    pub fn keys(&self) -> (String, String) {
        let text = |name: &str| self.said[name].as_str().unwrap().to_owned();
        (text("access_key_id"), text("secret_access_key"))
    }

    /// An import of a roster in the folder with these flags.
    pub fn import(&self, folder: &Path, roster: &str, flags: &[&str]) -> Command {
        let mut command = self.headcount(folder);
        command.args(["import", roster, "--instance", &self.arn]).args(flags);
        command
    }

    /// What was asked of one operation so far: `called`, `throttled` or `executed`.
    pub fn calls(&self, operation: &str, what: &str) -> u64 {
        let stats = get(&self.url, "/_headcount/stats");
        let stats: Value = serde_json::from_str(&stats).unwrap();
        let found = stats.pointer(&format!("/operations/{operation}/{what}")).and_then(Value::as_u64);
        found.unwrap_or(0)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Several instances in one or more accounts and regions, on loopback, in this process: what befalls each can be changed
/// while calls are made.
pub struct Several {
    // In this order: what is served ends before what serves it.
    running: Running,
    _runtime: Runtime,
}

impl Several {
    /// Serves these, of which there is at least one; by `Spec::at(ACCOUNT, REGION, ALIAS)` each has an id of its own.
    pub fn start(specs: impl IntoIterator<Item = Spec>) -> Self {
        let mut worlds = specs.into_iter().map(|spec| World::new(spec, SystemClock.now()));
        let cloud = Cloud::new(worlds.next().unwrap(), worlds);
        let runtime = Runtime::new().unwrap();
        let running = runtime.block_on(server::serve(cloud, 0, Arc::new(SystemClock))).unwrap();
        Self { running, _runtime: runtime }
    }

    pub fn url(&self) -> &str {
        &self.running.url
    }

    /// All of them, and whom their roles trust.
    pub fn cloud(&self) -> &Cloud {
        self.running.cloud()
    }

    /// The instance of this alias, locked.
    pub fn world(&self, alias: &str) -> MutexGuard<'_, World> {
        self.cloud().world(alias).unwrap()
    }

    pub fn arn(&self, alias: &str) -> String {
        self.world(alias).spec().instance_arn()
    }

    /// The program with the endpoints of these and the lasting keys of an account.
    pub fn headcount(&self, folder: &Path, account: &str) -> Command {
        let (key, secret) = keys_of(account);
        let mut command = headcount(folder);
        command
            .env("AWS_ENDPOINT_URL_CONNECT", self.url())
            .env("AWS_ENDPOINT_URL_STS", self.url())
            .env("AWS_ACCESS_KEY_ID", key)
            .env("AWS_SECRET_ACCESS_KEY", secret);
        command
    }
}

fn get(url: &str, path: &str) -> String {
    use std::io::Write as _;
    let address = url.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// A run that is watched by its events while it goes on.
pub struct Watched {
    pub child: Child,
    events: BufReader<ChildStdout>,
}

impl Watched {
    /// Starts a command that was given `--format json`.
    pub fn start(command: &mut Command) -> Self {
        let mut child = started(|| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn());
        let events = BufReader::new(child.stdout.take().unwrap());
        Self { child, events }
    }

    /// The next event; `None` at the end.
    pub fn event(&mut self) -> Option<Value> {
        let mut line = String::new();
        let read = self.events.read_line(&mut line).unwrap();
        is_in_words(&line);
        (read > 0).then(|| serde_json::from_str(&line).unwrap())
    }

    /// Reads on until this many users are created.
    pub fn until_created(&mut self, number: usize) {
        let mut seen = 0;
        while seen < number {
            let event = self.event().expect("the run ended early");
            seen += usize::from(event["event"] == "created");
        }
    }

    /// Ends it at once, in the middle of whatever it does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        let ended = self.child.wait().unwrap();
        // Who is ended so on Windows has an exit code, which tells it from no other.
        assert!(cfg!(windows) || ended.code().is_none(), "it had ended by itself: {ended}");
    }

    /// Ctrl-C.
    #[cfg(unix)]
    pub fn interrupt(&self) {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// Reads to the end.
    pub fn end(mut self) -> Ran {
        let mut stdout = String::new();
        self.events.read_to_string(&mut stdout).unwrap();
        let mut stderr = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let exit = self.child.wait().unwrap().code().unwrap_or(-1);
        is_in_words(&stdout);
        is_in_words(&stderr);
        Ran { exit, stdout, stderr }
    }
}

/// The reasons of all the events that say that a run stops.
#[cfg(unix)]
pub fn stops(ran: &Ran) -> Vec<String> {
    let events = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let stopping = events.filter(|event| event["event"] == "stopping");
    stopping.map(|event| event["reason"].as_str().unwrap().to_owned()).collect()
}

/// `status --format json` of a ledger.
pub fn status(folder: &Path, ledger: &str) -> Value {
    let ran = run(headcount(folder).args(["status", ledger, "--format", "json"])).exits(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// Two instances of one account and region, and one of another account whose roles ask for an external id.
pub(crate) const INSTANCES: [&str; 6] = [
    "--instance",
    "111111111111/eu-central-1/berlin",
    "--instance",
    "111111111111/eu-central-1/paris,users-quota=2",
    "--instance",
    "222222222222/us-east-1/austin,external-id=sesame",
];
