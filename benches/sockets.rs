//! `cargo bench --bench sockets`: the pace over real sockets with 80 ms of latency. 305 rows at 20 a second with a
//! burst of 5 take 15 s at the least; 100 rows at a true quota of half the configured one, 98 s. And what a full instance
//! and an outage of 45 s cost.

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

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use support::{Bars, Service, measure, measure_to, measure_while, pause, say, write_roster};

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder");
    let roster = folder.path().join("roster.csv");
    write_roster(&roster, 305);
    let ideal = (305.0 - 5.0) / 20.0;
    let mut bars = Bars::default();
    for (flags, told) in [
        (["--rate", "20", "--burst", "5"], "--rate 20 --burst 5"),
        (["--rate", "auto", "--format", "json"], "--rate auto"),
    ] {
        let service = Service::start(&["--rate", "20", "--burst", "5", "--latency", "80"]);
        let ledger = folder.path().join(format!("{}.ledger.jsonl", told.len()));
        let mut import = service.import(&roster, &flags);
        import.arg("--ledger").arg(&ledger).env("XDG_STATE_HOME", folder.path().join("state"));
        let took = measure(&mut import, &folder.path().join("log"));
        let (called, throttled) = (service.creates("called"), service.creates("throttled"));
        let seconds = took.wall.as_secs_f64();
        say(&format!(
            "{told}: {seconds:.2} s from start to end where {ideal} s are ideal for the creates alone; {throttled} of {called} throttled; {:.2} s CPU",
            took.cpu
        ));
        if told.starts_with("--rate 20") {
            bars.check(seconds <= ideal * 1.05, "within 5 % of ideal, pre-flight included");
            bars.check((throttled as f64) < 0.01 * 305.0, "under 1 % throttled");
        }
    }
    half_the_quota(folder.path(), &mut bars);
    full(folder.path(), &mut bars);
    outage(folder.path(), &mut bars);
    bars.end()
}

/// 1 a second with a burst of 2, where 2 a second were told.
fn half_the_quota(folder: &Path, bars: &mut Bars) {
    const ROWS: usize = 100;
    let roster = folder.join("half.csv");
    write_roster(&roster, ROWS);
    let ideal = (ROWS as f64 - 2.0) / 1.0;
    let service = Service::start(&["--rate", "1", "--burst", "2", "--latency", "80"]);
    let took = measure(&mut service.import(&roster, &["--rate", "2"]), &folder.join("log"));
    let (seconds, throttled) = (took.wall.as_secs_f64(), service.creates("throttled"));
    say(&format!(
        "--rate 2 where 1 is true: {seconds:.1} s where {ideal} s are ideal; {throttled} of {} throttled",
        service.creates("called")
    ));
    bars.check(seconds <= ideal * 1.1, "within 10 % of ideal");
    bars.check(throttled as f64 <= 0.3 * ROWS as f64, "at most 0.3 throttles a user");
    bars.check(service.creates("executed") == ROWS as u64, "none failed");
}

/// Room for 500 of 1,000, and sixteen in flight.
fn full(folder: &Path, bars: &mut Bars) {
    let roster = folder.join("full.csv");
    write_roster(&roster, 1000);
    let service = Service::start(&["--rate", "unlimited", "--latency", "80", "--users-quota", "500"]);
    let flags = ["--rate", "10000", "--concurrency", "16"];
    let took = measure_to(4, &mut service.import(&roster, &flags), &folder.join("log"));
    let refused = service.creates("called") - service.creates("executed");
    say(&format!(
        "full instance: {:.2} s; {refused} calls refused with 16 in flight",
        took.wall.as_secs_f64()
    ));
    bars.check(service.creates("executed") == 500, "all that had room are there");
    bars.check(refused <= 16, "no more calls after the first refusal than were in flight");
}

/// The service is stopped for 45 s in the middle: connections hang and time out, as when a network is cut.
fn outage(folder: &Path, bars: &mut Bars) {
    let roster = folder.join("outage.csv");
    write_roster(&roster, 200);
    let service = Service::start(&["--rate", "20", "--burst", "5", "--latency", "80"]);
    let mut import = service.import(&roster, &["--rate", "20", "--burst", "5"]);
    let pauses = [(Duration::from_secs(4), "STOP"), (Duration::from_secs(45), "CONT")];
    let took = measure_while(0, &mut import, &folder.join("log"), || {
        for (wait, signal) in pauses {
            pause(wait);
            service.signal(signal);
        }
    });
    say(&format!(
        "outage of 45 s: {:.1} s in all; {} created by {} calls",
        took.wall.as_secs_f64(),
        service.creates("executed"),
        service.creates("called")
    ));
    bars.check(service.creates("executed") == 200, "no row failed");
}
