//! `cargo bench --bench growth [-- 0ms|10ms] [ROWS…]`: cost as work grows, at an unlimited rate: without latency and 64 in
//! flight, and with 10 ms and 20. By default both, and 1,000, 100,000 and 1,000,000 rows; time is from start to end, with the roster read
//! and checked twice.

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

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use support::{Bars, Service, measure, median, say, write_roster};

fn main() -> ExitCode {
    let told: Vec<usize> = std::env::args().filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if told.is_empty() { vec![1_000, 100_000, 1_000_000] } else { told };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    for rows in &sizes {
        write_roster(&roster(folder.path(), *rows), *rows);
    }
    let mut bars = Bars::default();
    say("latency  in flight  rows        rows/s   CPU s per 1,000   peak MB   service's CPU s per 1,000");
    // Without latency a thousand rows take less time than the start and the end of any run.
    let long: Vec<usize> = sizes.iter().copied().filter(|rows| *rows >= 100_000).collect();
    for (latency, in_flight, compared) in [(0, 64, &long), (10, 20, &sizes)] {
        if std::env::args().any(|arg| arg.ends_with("ms") && arg != format!("{latency}ms")) {
            continue;
        }
        let rates: Vec<(usize, f64)> = sizes
            .iter()
            .map(|rows| (*rows, imported(folder.path(), *rows, latency, in_flight, &mut bars)))
            .collect();
        let of_compared = rates.iter().filter(|(rows, _)| compared.contains(rows)).map(|(_, rate)| *rate);
        let (least, most) = of_compared
            .fold((f64::INFINITY, 0.0_f64), |(least, most), rate| (least.min(rate), most.max(rate)));
        let what =
            format!("{latency} ms: rows a second of {compared:?} within 15 %: {least:.0} to {most:.0}");
        bars.check(least >= 0.85 * most, &what);
    }
    bars.end()
}

fn roster(folder: &Path, rows: usize) -> PathBuf {
    folder.join(format!("{rows}.csv"))
}

/// Imports a roster into services without a limit, and says how many rows a second that were.
fn imported(folder: &Path, rows: usize, latency: u32, in_flight: usize, bars: &mut Bars) -> f64 {
    let mut runs = Vec::new();
    let mut served = 0.0;
    for run in 0..(200_000 / rows).clamp(1, 5) {
        let service = Service::start(&["--rate", "unlimited", "--latency", &latency.to_string()]);
        let ledger = folder.join(format!("{rows}.{run}.ledger.jsonl"));
        let flags = ["--rate", "100000", "--concurrency", &in_flight.to_string(), "--ledger"];
        let mut import = service.import(&roster(folder, rows), &flags);
        runs.push(measure(import.arg(&ledger), &folder.join("log")));
        assert_eq!(service.creates("executed"), rows as u64);
        served = service.cpu();
        let _ = std::fs::remove_file(ledger);
    }
    let wall = median(runs.iter().map(|took| took.wall.as_secs_f64()).collect());
    let cpu = median(runs.iter().map(|took| took.cpu).collect());
    let peak = runs.iter().map(|took| took.peak).max().unwrap_or_default();
    let thousands = rows as f64 / 1000.0;
    let rate = rows as f64 / wall;
    say(&format!(
        "{latency:>4} ms  {in_flight:>9}  {rows:<10} {rate:>7.0} {:>17.3} {:>9.1} {:>27.3}",
        cpu / thousands,
        peak as f64 / 1e6,
        served / thousands
    ));
    bars.check(
        peak <= 60_000_000 + 150 * rows as u64,
        &format!("{rows} rows in at most 60 MB + 150 bytes a row"),
    );
    rate
}
