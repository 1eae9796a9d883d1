//! `cargo bench --bench sockets`: the pace over real sockets with 80 ms of latency. 305 rows at 20 a second with a
//! burst of 5 take 15 s at the least.

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

use std::process::ExitCode;

use support::{Bars, Service, measure, say, write_roster};

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
    bars.end()
}
