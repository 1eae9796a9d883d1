//! What the benchmarks share: an embedded Connect in a process of its own, rosters, and how long and how much a
//! program took.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The program under test, built as it ships.
pub(crate) const HEADCOUNT: &str = env!("CARGO_BIN_EXE_headcount");

/// `headcount simulate` with these flags, ended when dropped.
pub(crate) struct Service {
    child: Child,
    said: Value,
}

impl Service {
    pub(crate) fn start(flags: &[&str]) -> Self {
        let mut command = Command::new(HEADCOUNT);
        command.args(["simulate", "--format", "json"]).args(flags);
        if !flags.contains(&"--users-quota") {
            command.args(["--users-quota", "5000000"]);
        }
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the service starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its stdout is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it is");
        Self { child, said: serde_json::from_str(&line).expect("as JSON") }
    }

    fn text(&self, name: &str) -> &str {
        self.said[name].as_str().expect("it is there")
    }

    pub(crate) fn url(&self) -> &str {
        self.text("url")
    }

    pub(crate) fn instance_id(&self) -> &str {
        self.text("instance_id")
    }

    /// Any program, pointed at this service.
    pub(crate) fn client(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        client(program, self.url(), self.text("access_key_id"), self.text("secret_access_key"))
    }

    /// An import of a roster by the program under test.
    pub(crate) fn import(&self, roster: &Path, flags: &[&str]) -> Command {
        let mut command = self.client(HEADCOUNT);
        command
            .arg("import")
            .arg(roster)
            .args(["--instance", self.text("instance_arn"), "--yes"])
            .args(flags);
        command
    }

    /// CreateUser calls so far: `called`, `throttled`, `executed`.
    pub(crate) fn creates(&self, what: &str) -> u64 {
        let address = self.url().strip_prefix("http://").expect("loopback");
        let mut stream = std::net::TcpStream::connect(address).expect("it listens");
        let ask = format!("GET /_headcount/stats HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(ask.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let body = answer.split_once("\r\n\r\n").map_or("", |parts| parts.1);
        let stats: Value = serde_json::from_str(body).expect("as JSON");
        stats.pointer(&format!("/operations/CreateUser/{what}")).and_then(Value::as_u64).unwrap_or(0)
    }

    /// Sends it a signal by name, as in `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(sent.expect("there is a kill").success());
    }

    /// CPU seconds that the service itself has used.
    pub(crate) fn cpu(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        ticks(&stat, 13) + ticks(&stat, 14)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Any program with nothing of this machine's AWS configuration, pointed at an endpoint.
pub(crate) fn client(program: impl AsRef<std::ffi::OsStr>, url: &str, key: &str, secret: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", std::env::temp_dir())
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "")
        .env("AWS_REGION", "eu-central-1")
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_ENDPOINT_URL_CONNECT", url)
        .stdin(Stdio::null());
    command
}

/// Writes a roster of people, each with a password of their own.
pub(crate) fn write_roster(path: &Path, people: usize) {
    let mut out = BufWriter::new(File::create(path).expect("a place for the roster"));
    let header = "first name,last name,email address,password,user login,routing profile name,security profile name,\
                  phone type (soft/desk),soft phone auto accept (yes/no)";
    writeln!(out, "{header}").expect("written");
    for person in 0..people {
        let profile = ["Customer Care", "Sales", "Technical Support"][person % 3];
        writeln!(
            out,
            "Ana{person},Silva,ana.{person}@example.com,Lantern-Reef-{person},person{person:07},{profile},Agent,soft,yes"
        )
        .expect("written");
    }
    out.flush().expect("written");
}

/// What a program took, from its start to its end.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Took {
    pub(crate) wall: Duration,
    /// User and system time of the process and its children, in seconds.
    pub(crate) cpu: f64,
    /// The most memory resident, in bytes; 0 where it was not watched.
    #[allow(dead_code, reason = "not every program that shares this reads all of it")]
    pub(crate) peak: u64,
}

/// Runs a program to its end; it must end well. Its output goes to a file beside the roster.
pub(crate) fn measure(command: &mut Command, log: &Path) -> Took {
    measure_to(0, command, log)
}

/// The same, for a program that is to end with this code.
pub(crate) fn measure_to(exit: i32, command: &mut Command, log: &Path) -> Took {
    measure_while(exit, command, log, || {})
}

/// The same, and something is done once it has started.
pub(crate) fn measure_while(exit: i32, command: &mut Command, log: &Path, work: impl FnOnce()) -> Took {
    let out = File::create(log).expect("a place for the log");
    command.stdout(out.try_clone().expect("twice")).stderr(out);
    let before = children_cpu();
    let begun = Instant::now();
    let mut child = command.spawn().expect("it starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    work();
    let ended = loop {
        if let Some(ended) = child.try_wait().expect("it can be waited for") {
            break ended;
        }
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok());
        peak = peak.max(kilobytes.unwrap_or(0) * 1024);
        pause(Duration::from_millis(5));
    };
    let wall = begun.elapsed();
    let said = || std::fs::read_to_string(log).unwrap_or_default();
    assert_eq!(ended.code(), Some(exit), "{command:?}: {}", said());
    Took { wall, cpu: children_cpu() - before, peak }
}

/// CPU seconds of all children that have ended and were waited for.
fn children_cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    ticks(&stat, 15) + ticks(&stat, 16)
}

/// A field of `/proc/PID/stat`, counted from 0, in seconds: Linux has a hundred ticks a second.
fn ticks(stat: &str, field: usize) -> f64 {
    let after_name = stat.rsplit_once(')').map_or("", |parts| parts.1);
    let value = after_name.split_whitespace().nth(field - 2).and_then(|value| value.parse::<f64>().ok());
    value.unwrap_or(0.0) / 100.0
}

#[expect(clippy::disallowed_methods, reason = "a benchmark watches a process from outside")]
pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// The middle one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Says whether a bar holds, and remembers where one does not.
#[derive(Default)]
pub(crate) struct Bars {
    missed: usize,
}

impl Bars {
    pub(crate) fn check(&mut self, holds: bool, what: &str) {
        self.missed += usize::from(!holds);
        say(&format!("{} {what}", if holds { "holds " } else { "MISSED" }));
    }

    /// Ends the process: 1 where a bar does not hold.
    pub(crate) fn end(self) -> std::process::ExitCode {
        std::process::ExitCode::from(u8::from(self.missed > 0))
    }
}

#[expect(clippy::print_stdout, reason = "what a benchmark is for")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
