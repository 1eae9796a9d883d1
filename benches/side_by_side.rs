//! `cargo bench --bench side_by_side`: headcount with its durable ledger, a program on `aws-sdk-connect`, boto3 and the
//! AWS CLI, one after another against the same embedded Connect without a limit, from the same roster.
//!
//! Build the SDK's program first, which takes minutes: `cargo build --release --manifest-path benches/sdk/Cargo.toml`.
//! `HEADCOUNT_BENCH_ROUNDS` (3) rounds are run in turn, and the middle one counts. All of it takes half an hour; a part
//! of it is named by its milliseconds and requests in flight, or by a word: `-- 0/16 0/64 50/16 50/64 others first`; and
//! `HEADCOUNT_BENCH_ROWS` (20000) makes it shorter.
//!
//! Without syncs means a ledger on a file system in memory (`/dev/shm`), where a sync costs nothing.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]

mod support;

#[path = "../tests/it/python.rs"]
mod python;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use support::{Bars, HEADCOUNT, Service, Took, client, measure, median, pause, say, write_roster};

const ROWS: usize = 20_000;

/// The same roster, cut for those who would take all day.
const FEW: usize = 2_000;
const FEWEST: usize = 60;

fn main() -> ExitCode {
    let rounds = std::env::var("HEADCOUNT_BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(3);
    let sdk = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/sdk/target/release/sdk-import");
    if !sdk.exists() {
        say("build the SDK's program first: cargo build --release --manifest-path benches/sdk/Cargo.toml");
        return ExitCode::from(2);
    }
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let all = std::env::var("HEADCOUNT_BENCH_ROWS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROWS);
    for rows in [all, ROWS, FEW, FEWEST] {
        write_roster(&folder.path().join(format!("{rows}.csv")), rows);
    }
    let bench = Bench { sdk: &sdk, folder: folder.path(), rounds, rows: all };
    let mut bars = Bars::default();
    say("program                 in flight  latency     users/s  CPU s per 1,000  service's CPU s per 1,000");
    let parts: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_wanted = |part: &str| parts.is_empty() || parts.iter().any(|wanted| wanted == part);
    for latency in [0, 50] {
        for in_flight in [16, 64] {
            if is_wanted(&format!("{latency}/{in_flight}")) {
                bench.against_the_sdk(latency, in_flight, &mut bars);
            }
        }
    }
    if is_wanted("others") {
        bench.others();
    }
    if is_wanted("first") {
        bench.first_requests(&mut bars);
    }
    bars.end()
}

struct Bench<'b> {
    sdk: &'b Path,
    folder: &'b Path,
    rounds: usize,
    rows: usize,
}

/// One program at one latency, over all rounds.
#[derive(Default)]
struct Series {
    took: Vec<Took>,
    served: Vec<f64>,
    rows: usize,
}

impl Series {
    fn rate(&self) -> f64 {
        median(self.took.iter().map(|took| self.rows as f64 / took.wall.as_secs_f64()).collect())
    }

    fn cpu(&self) -> f64 {
        median(self.took.iter().map(|took| took.cpu * 1000.0 / self.rows as f64).collect())
    }

    fn say(&self, program: &str, in_flight: usize, latency: u32) {
        let served = median(self.served.iter().map(|cpu| cpu * 1000.0 / self.rows as f64).collect());
        say(&format!(
            "{program:<23} {in_flight:>9} {latency:>5} ms {:>11.1} {:>16.3} {served:>26.3}",
            self.rate(),
            self.cpu()
        ));
    }
}

impl Bench<'_> {
    /// Runs one program once against a service of its own.
    fn once(
        &self,
        series: &mut Series,
        latency: u32,
        rows: usize,
        make: impl Fn(&Service, &Path) -> Command,
    ) {
        let service = Service::start(&["--rate", "unlimited", "--latency", &latency.to_string()]);
        let roster = self.folder.join(format!("{rows}.csv"));
        series.rows = rows;
        series.took.push(measure(&mut make(&service, &roster), &self.folder.join("log")));
        series.served.push(service.cpu());
        assert_eq!(service.creates("executed"), rows as u64, "every user is there");
    }

    fn against_the_sdk(&self, latency: u32, in_flight: usize, bars: &mut Bars) {
        let (mut ours, mut unsynced, mut theirs) = (Series::default(), Series::default(), Series::default());
        let text = in_flight.to_string();
        let in_memory = tempfile::tempdir_in("/dev/shm").ok();
        for _ in 0..self.rounds {
            let ledgers =
                [Some((&mut ours, self.folder)), in_memory.as_ref().map(|m| (&mut unsynced, m.path()))];
            for (series, folder) in ledgers.into_iter().flatten() {
                let ledger = folder.join("ledger.jsonl");
                self.once(series, latency, self.rows, |service, roster| {
                    let mut import = service.import(roster, &["--rate", "100000", "--concurrency", &text]);
                    import.arg("--ledger").arg(&ledger);
                    import
                });
                let _ = std::fs::remove_file(ledger);
            }
            self.once(&mut theirs, latency, self.rows, |service, roster| {
                let mut import = service.client(self.sdk);
                import.arg(roster).args([service.instance_id(), &text]);
                import
            });
        }
        ours.say("headcount, with ledger", in_flight, latency);
        if in_memory.is_some() {
            unsynced.say("headcount, no syncs", in_flight, latency);
        }
        theirs.say("aws-sdk-connect", in_flight, latency);
        let (rate, cpu) = (ours.rate() / theirs.rate(), ours.cpu() / theirs.cpu());
        bars.check(rate >= 1.0, &format!("{rate:.2}× the SDK's users a second, at least 1.0 wanted"));
        bars.check(cpu <= 1.0, &format!("{cpu:.2}× the SDK's CPU, at most 1.0 wanted"));
        if in_memory.is_some() {
            let cpu = unsynced.cpu() / theirs.cpu();
            bars.check(cpu <= 0.8, &format!("{cpu:.2}× the SDK's CPU without syncs, at most 0.8 wanted"));
        }
    }

    /// boto3 and the AWS CLI, where this machine has Python.
    fn others(&self) {
        let Some(venv) = python::venv() else { return };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/boto3_import.py");
        let mut boto3 = Series::default();
        self.once(&mut boto3, 0, FEW, |service, roster| {
            let mut import = service.client(venv.join("bin/python"));
            import.arg(&script).arg(roster).args([service.instance_id(), "32"]);
            import
        });
        boto3.say("boto3, 32 threads", 32, 0);
        let mut cli = Series::default();
        self.once(&mut cli, 0, FEWEST, |service, roster| {
            let ids = |list: &str, of: &str, name: &str| {
                let mut ask = service.client(venv.join("bin/aws"));
                ask.args(["connect", list, "--output", "text", "--instance-id", service.instance_id()]);
                ask.args(["--query", &format!("{of}[?Name=='{name}'].Id")]);
                String::from_utf8(ask.output().expect("it starts").stdout).expect("text").trim().to_owned()
            };
            let routing = ids("list-routing-profiles", "RoutingProfileSummaryList", "Sales");
            let security = ids("list-security-profiles", "SecurityProfileSummaryList", "Agent");
            let aws = venv.join("bin/aws");
            let line = format!(
                "tail -n +2 '{}' | cut -d, -f4,5 | tr ',' ' ' | xargs -P2 -n2 sh -c '{} connect create-user \
                 --instance-id {} --username \"$1\" --password \"$0\" --identity-info FirstName=Ana,LastName=Silva \
                 --phone-config PhoneType=SOFT_PHONE,AutoAccept=true --routing-profile-id {routing} \
                 --security-profile-ids {security} --output text'",
                roster.display(),
                aws.display(),
                service.instance_id()
            );
            let mut shell = service.client("/bin/sh");
            shell.args(["-c", &line]);
            shell
        });
        cli.say("AWS CLI, xargs -P2", 2, 0);
    }

    /// From the start of the program to its first request of any kind.
    fn first_requests(&self, bars: &mut Bars) {
        let roster = self.folder.join(format!("{ROWS}.csv"));
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for _ in 0..11 {
            ours.push(first_request(|url| {
                let arn =
                    "arn:aws:connect:eu-central-1:123456789012:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3";
                let mut import = client(HEADCOUNT, url, "AKIDEXAMPLE", "secret");
                import.arg("import").arg(&roster).args(["--instance", arn, "--dry-run"]);
                import
            }));
            theirs.push(first_request(|url| {
                let mut import = client(self.sdk, url, "AKIDEXAMPLE", "secret");
                import.arg(&roster).args(["5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3", "16"]);
                import
            }));
        }
        let (ours, theirs) = (median(ours), median(theirs));
        say(&format!(
            "first request after the start: headcount {ours:.1} ms, aws-sdk-connect {theirs:.1} ms"
        ));
        bars.check(ours <= 2.0 * theirs, "at most twice as late as the SDK's program");
    }
}

/// Milliseconds until a program connects.
fn first_request(make: impl Fn(&str) -> Command) -> f64 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("it has an address"));
    let mut command = make(&url);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let begun = Instant::now();
    let mut child = command.spawn().expect("it starts");
    let connection = listener.accept().expect("it connects");
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    let _ = child.kill();
    let _ = child.wait();
    drop(connection);
    pause(std::time::Duration::from_millis(20));
    took
}
