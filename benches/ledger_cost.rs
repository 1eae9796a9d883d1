//! `cargo bench --features crash-points --bench ledger_cost [-- ROWS PAIRS]`: what the ledger's syncs cost an import.
//!
//! At an allowed rate of 5,000 creates a second, against an embedded Connect in a process of its own, one build of the
//! program imports the same roster in pairs: once with the ledger as it ships, once with its syncs switched off. The rate
//! is rows by the time from the plan to the last outcome, as the run itself says it. Bar: with the syncs at least 0.9 of
//! the rate without, in the median pair.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]

mod support;

use std::path::Path;
use std::process::ExitCode;

use headcount::crash::Sabotage;
use serde_json::Value;
use support::{Bars, Service, measure, median, say, write_roster};

/// The allowed rate, creates a second.
const RATE: &str = "5000";

fn main() -> ExitCode {
    let told: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let rows = told.first().copied().unwrap_or(20_000);
    let pairs = told.get(1).copied().unwrap_or(5);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let roster = folder.path().join("roster.csv");
    write_roster(&roster, rows);
    say("pair   rows/s synced   rows/s unsynced   ratio");
    let (mut ratios, mut reached) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        // Which of the two comes first changes with every pair: a machine that warms or tires favours neither.
        let (synced, unsynced) = if pair % 2 == 0 {
            let synced = rate(&roster, rows, true);
            (synced, rate(&roster, rows, false))
        } else {
            let unsynced = rate(&roster, rows, false);
            (rate(&roster, rows, true), unsynced)
        };
        say(&format!("{:<6} {synced:>13.0} {unsynced:>17.0} {:>7.3}", pair + 1, synced / unsynced));
        ratios.push(synced / unsynced);
        reached.push(synced);
    }
    let ratio = median(ratios);
    say(&format!(
        "median: {:.0} rows a second with the syncs, {ratio:.3} of the rate without",
        median(reached)
    ));
    let mut bars = Bars::default();
    bars.check(ratio >= 0.9, &format!("with the syncs at least 0.9 of the rate without: {ratio:.3}"));
    bars.end()
}

/// Creates a second of one import into a fresh instance with a fresh ledger.
fn rate(roster: &Path, rows: usize, synced: bool) -> f64 {
    let service = Service::start(&["--rate", "unlimited"]);
    let ledger = roster.with_extension("ledger.jsonl");
    let log = roster.with_extension("log");
    let mut import = service.import(roster, &["--rate", RATE, "--format", "json", "--ledger"]);
    import.arg(&ledger);
    if !synced {
        import.env("HEADCOUNT_SABOTAGE", Sabotage::NotSynced.word());
    }
    measure(&mut import, &log);
    assert_eq!(service.creates("executed"), rows as u64);
    let text = std::fs::read_to_string(&log).expect("its events");
    let mut events = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let ended = events.rfind(|event| event["event"] == "ended").expect("it says when it has ended");
    std::fs::remove_file(&ledger).expect("there");
    rows as f64 / ended["seconds"].as_f64().expect("how long it took")
}
