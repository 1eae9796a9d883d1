//! `cargo bench --bench growth [-- ROWS…]`: cost as work grows, at an unlimited rate with 64 in flight. By default
//! 1,000, 100,000 and 1,000,000 rows. The first rate is from the start of the program to its end, with the roster read
//! and checked twice; the second from the first intent in the ledger to the last outcome, without what every run needs
//! once however long it is.

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

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use headcount::clock::parse_rfc3339;

use support::{Bars, Service, measure, median, say, write_roster};

fn main() -> ExitCode {
    let told: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if told.is_empty() { vec![1_000, 100_000, 1_000_000] } else { told };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let mut bars = Bars::default();
    let mut rates = Vec::new();
    say("rows        rows/s   while sending   CPU s per 1,000   peak MB   service's CPU s per 1,000");
    for rows in sizes {
        let roster = folder.path().join(format!("{rows}.csv"));
        write_roster(&roster, rows);
        let (mut runs, mut sending) = (Vec::new(), Vec::new());
        let mut served = 0.0;
        for run in 0..(200_000 / rows).clamp(1, 5) {
            let service = Service::start(&["--rate", "unlimited"]);
            let ledger = folder.path().join(format!("{rows}.{run}.ledger.jsonl"));
            let mut import =
                service.import(&roster, &["--rate", "100000", "--concurrency", "64", "--ledger"]);
            runs.push(measure(import.arg(&ledger), &folder.path().join("log")));
            assert_eq!(service.creates("executed"), rows as u64);
            served = service.cpu();
            sending.push(sending_took(&ledger).as_secs_f64());
            let _ = std::fs::remove_file(ledger);
        }
        let wall = median(runs.iter().map(|took| took.wall.as_secs_f64()).collect());
        let cpu = median(runs.iter().map(|took| took.cpu).collect());
        let peak = runs.iter().map(|took| took.peak).max().unwrap_or_default();
        let thousands = rows as f64 / 1000.0;
        let rate = rows as f64 / median(sending);
        say(&format!(
            "{rows:<10} {:>7.0} {rate:>15.0} {:>17.3} {:>9.1} {:>27.3}",
            rows as f64 / wall,
            cpu / thousands,
            peak as f64 / 1e6,
            served / thousands
        ));
        bars.check(
            peak <= 60_000_000 + 150 * rows as u64,
            &format!("{rows} rows in at most 60 MB + 150 bytes a row"),
        );
        rates.push(rate);
        let _ = std::fs::remove_file(roster);
    }
    let (least, most) = rates
        .iter()
        .fold((f64::INFINITY, 0.0_f64), |(least, most), rate| (least.min(*rate), most.max(*rate)));
    bars.check(
        least >= 0.85 * most,
        &format!("rows a second while sending within 15 %: {least:.0} to {most:.0}"),
    );
    bars.end()
}

/// From the first intent of a ledger to its last outcome.
fn sending_took(ledger: &Path) -> Duration {
    let (mut first, mut last) = (None, None);
    for line in BufReader::new(File::open(ledger).expect("the ledger")).lines() {
        let line = line.expect("text");
        if first.is_none() && line.starts_with(r#"{"type":"intent""#) {
            first = Some(line);
        } else if line.starts_with(r#"{"type":"outcome""#) {
            last = Some(line);
        }
    }
    let at = |line: Option<String>| {
        let line: serde_json::Value = serde_json::from_str(&line.expect("it is there")).expect("as JSON");
        parse_rfc3339(line["at"].as_str().expect("a time")).expect("a time")
    };
    at(last).duration_since(at(first)).expect("the last is later")
}
