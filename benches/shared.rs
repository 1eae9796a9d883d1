//! `cargo bench --bench shared [-- append|units|pace|accounts|crowd]`: what a ledger that machines share costs beside one in a file.
//!
//! *append*: 1,000 rows at 50 calls a second, with 20 ms to the table, against the same with a file. *pace*: programs on ledgers
//! in one table, of instances of one account, whose service has one bucket for all, or of two. *units*: the write units of 1,000 rows. By
//! default the first and the last.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]

mod support;
#[path = "../tests/crash/table.rs"]
mod table;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{Bars, Service, say};
use table::{EngineSky, Tables};

/// The calls a second, and how far the table is.
const RATE: u32 = 50;
const AWAY: Duration = Duration::from_millis(20);
const ROWS: usize = 1_000;
const ROUNDS: usize = 3;

fn main() -> ExitCode {
    let told: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
    let is_named = |part: &str| told.iter().any(|arg| arg == part);
    let wants = |part: &str| is_named(part) || told.is_empty();
    let mut bars = Bars::default();
    if wants("append") || wants("units") {
        append(&mut bars);
    }
    pace(&mut bars, &is_named);
    bars.end()
}

/// Checks that a figure is at most this.
fn most(bars: &mut Bars, what: &str, is: f64, bar: f64) {
    bars.check(is <= bar, &format!("{what}: {is:.4} (at most {bar})"));
}

/// A roster of so many rows in a folder.
fn roster(folder: &Path, name: &str, rows: usize) -> PathBuf {
    let mut text = "first name,last name,user login,password,routing profile,security profiles\n".to_owned();
    for row in 0..rows {
        let _ = writeln!(text, "Ana,Santos,{name}.{row:05},Lantern-Reef-{row},Basic Routing Profile,Agent");
    }
    let path = folder.join(format!("{name}.csv"));
    std::fs::write(&path, text).unwrap();
    path
}

/// Runs an import to its end: how long it took by its own last event.
fn run(mut command: Command) -> f64 {
    let output = command.args(["--format", "json"]).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    let text = String::from_utf8(output.stdout).unwrap();
    let mut ended = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    ended.next_back().and_then(|event| event["seconds"].as_f64()).unwrap()
}

fn append(bars: &mut Bars) {
    let tables = Tables::served();
    let folder = tempfile::tempdir().unwrap();
    let (mut files, mut shared, mut units) = (Vec::new(), Vec::new(), 0);
    for round in 0..ROUNDS {
        for in_table in [false, true] {
            let service = Service::start(&["--rate", "100000"]);
            let name = format!("r{round}{}", u8::from(in_table));
            let roster = roster(folder.path(), &name, ROWS);
            let rate = RATE.to_string();
            let table = format!("table-{name}");
            tables.make(&table, EngineSky::Calm, 1);
            tables.set_latency(&table, AWAY);
            let ledger = format!("dynamodb://{table}/run?region=eu-west-1");
            let mut flags = vec!["--rate", &rate, "--burst", "1"];
            if in_table {
                flags.extend(["--ledger", &ledger]);
            }
            let mut command = service.import(&roster, &flags);
            command.env("AWS_ENDPOINT_URL_DYNAMODB", &tables.url);
            let took = run(command);
            (if in_table { &mut shared } else { &mut files }).push(took);
            units = units.max(tables.write_units(&table));
        }
    }
    let median = |of: &mut Vec<f64>| {
        of.sort_by(f64::total_cmp);
        of[of.len() / 2]
    };
    say(&format!("in a file {files:.2?} s, in a table 20 ms away {shared:.2?} s"));
    let ratio = median(&mut shared) / median(&mut files);
    most(
        bars,
        "a run at 50 calls a second with its ledger in a table 20 ms away, against one in a file",
        ratio,
        1.02,
    );
    // At 50 a second several rows share a segment; at 2 a second each has its own.
    most(bars, "write units a row", units as f64 / ROWS as f64, 2.2);
}

/// What several programs on ledgers in one table did together.
struct Together {
    called: u64,
    throttled: u64,
    seconds: f64,
}

/// A program for each of these instances, all of one service, each with so many rows at the quota of an account.
fn together(instances: &[&str], rows: usize) -> Together {
    let tables = Tables::served();
    let folder = tempfile::tempdir().unwrap();
    let flags = instances.iter().flat_map(|instance| ["--instance", instance]);
    let flags: Vec<&str> = flags.chain(["--users-quota", "5000000"]).collect();
    let service = Service::start(&flags);
    tables.make("runs", EngineSky::Calm, 1);
    let begun = Instant::now();
    let children: Vec<_> = instances
        .iter()
        .enumerate()
        .map(|(at, instance)| {
            let parts: Vec<&str> = instance.split('/').collect();
            let (account, alias) = (parts[0], parts[2]);
            let roster = roster(folder.path(), alias, rows);
            let mut command = service.client(support::HEADCOUNT);
            command.arg("import").arg(&roster).arg("--yes");
            if instances[0].starts_with(account) {
                command.args(["--instance", alias, "--region", "eu-west-1"]);
            } else {
                // Into another account leads a role of it.
                let targets = folder.path().join(format!("{at}.toml"));
                let role = format!("role_arn = \"arn:aws:iam::{account}:role/headcount\"");
                let text =
                    format!("default_target = \"{alias}\"\n[targets.{alias}]\ninstance = \"{alias}\"\n");
                std::fs::write(&targets, format!("{text}region = \"eu-west-1\"\n{role}\n")).unwrap();
                command.arg("--targets").arg(targets).env("AWS_ENDPOINT_URL_STS", service.url());
            }
            command.args(["--ledger", &format!("dynamodb://runs/{alias}?region=eu-west-1"), "--rate", "2"]);
            command.env("AWS_ENDPOINT_URL_DYNAMODB", &tables.url);
            command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let (called, throttled) = (service.creates("called"), service.creates("throttled"));
    let seconds = begun.elapsed().as_secs_f64();
    say(&format!("{instances:?}: {called} calls, {throttled} throttled, {seconds:.0} s"));
    Together { called, throttled, seconds }
}

/// Two programs call one account for ten minutes; two call an account each; three call one.
fn pace(bars: &mut Bars, is_named: &dyn Fn(&str) -> bool) {
    for (part, what, instances, rows, ideal) in [
        (
            "pace",
            "two machines on one account",
            &["111122223333/eu-west-1/one", "111122223333/eu-west-1/two"][..],
            600,
            600.0,
        ),
        (
            "accounts",
            "two machines on an account each",
            &["111122223333/eu-west-1/one", "222233334444/eu-west-1/two"],
            240,
            120.0,
        ),
        (
            "crowd",
            "three machines on one account",
            &["111122223333/eu-west-1/one", "111122223333/eu-west-1/two", "111122223333/eu-west-1/three"],
            120,
            180.0,
        ),
    ] {
        if !is_named(part) {
            continue;
        }
        let Together { called, throttled, seconds } = together(instances, rows);
        most(
            bars,
            &format!("of the calls of {what} that were throttled"),
            throttled as f64 / called as f64,
            0.02,
        );
        // The quota's own time, and that who joins waits until all others know of it.
        most(bars, &format!("the time of {what}, against the quota's"), seconds / ideal, 1.15);
    }
}
