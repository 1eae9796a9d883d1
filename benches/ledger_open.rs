//! What it costs to open a ledger of a million rows: time, against a bare scan of the same lines, and memory.
//!
//! `cargo bench --bench ledger_open`. Bars: at most three times a scan with serde_json, into `Value` or into a struct of the
//! members that a row has; at most 300 bytes a row. A scan that keeps nothing is measured too, for comparison.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    dead_code,
    reason = "a benchmark reads clocks and prints"
)]
#![expect(clippy::print_stdout, reason = "a benchmark prints what it measures")]

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use headcount::agent::{Fingerprint, RowNumber};
use headcount::ledger::{Attempt, Entry, Kind, LockedFile, Nonce, RowState, VERSION};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

const ROWS: u32 = 1_000_000;
const ROUNDS: u32 = 5;

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("million.ledger.jsonl");
    let bytes = write(&path);
    println!("{ROWS} rows, all sent and created: {} lines, {} MB", 3 * ROWS + 2, bytes / 1_000_000);

    // Memory first: what a scan has freed must not be there to be taken again.
    let before = resident();
    let file = LockedFile::open(&path).expect("a ledger");
    assert_eq!(file.state.counts(false).created, u64::from(ROWS));
    let held = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    drop(file);
    match held {
        Some(held) => println!("memory   {} bytes a row", held / u64::from(ROWS)),
        None => println!("memory   not measured: there is no /proc here"),
    }

    // Each of the four in every round, so that a machine that is busy for a while is so for all.
    let mut best = [Duration::MAX; 4];
    for _ in 0..ROUNDS {
        for (best, took) in best.iter_mut().zip([
            timed(|| assert_eq!(scanned::<IgnoredAny>(&path), 3 * ROWS + 2)),
            timed(|| assert_eq!(scanned::<Value>(&path), 3 * ROWS + 2)),
            timed(|| assert_eq!(scanned::<Owned>(&path), 3 * ROWS + 2)),
            timed(|| {
                assert_eq!(LockedFile::open(&path).expect("a ledger").state.places().len(), ROWS as usize)
            }),
        ]) {
            *best = took.min(*best);
        }
    }
    let [ignored, value, owned, open] = best;
    let times = |scan: Duration| open.as_secs_f64() / scan.as_secs_f64();
    println!("time     {open:.2?} to open (the best of {ROUNDS} each, as are the scans)");
    println!("         {:.2} times serde_json into Value, {value:.2?}", times(value));
    println!("         {:.2} times serde_json into the members that a row has, {owned:.2?}", times(owned));
    println!("         {:.2} times serde_json into nothing (IgnoredAny), {ignored:.2?}", times(ignored));
    let mut holds = true;
    let mut check = |is_so: bool, what: &str| {
        println!("{} {what}", if is_so { "holds " } else { "MISSED" });
        holds &= is_so;
    };
    check(times(value) <= 3.0, "at most 3 times a scan into Value");
    check(times(owned) <= 3.0, "at most 3 times a scan into the members that a row has");
    check(held.is_none_or(|held| held <= 300 * u64::from(ROWS)), "at most 300 bytes a row");
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn timed(what: impl FnOnce()) -> Duration {
    let begun = Instant::now();
    what();
    begun.elapsed()
}

/// What the lines of a row have, read as anybody would.
#[derive(Deserialize)]
struct Owned {
    r#type: String,
    user: Option<String>,
    row: Option<u32>,
    fingerprint: Option<String>,
    attempt: Option<u32>,
    state: Option<String>,
    id: Option<String>,
    request_id: Option<String>,
    at: Option<String>,
}

/// Writes a ledger as an import of a million rows leaves it; returns its length.
fn write(path: &Path) -> u64 {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let mut put = |entry: &Entry| {
        let mut line = Vec::with_capacity(512);
        entry.write_to(&mut line);
        out.write_all(&line).expect("written");
    };
    put(&Entry {
        version: Some(VERSION),
        run: Some("6f1c2a53-93a4-4c0e-a2b6-0d6c60c1ad11".into()),
        instance: Some(
            "arn:aws:connect:eu-central-1:111122223333:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3".into(),
        ),
        ..Entry::of(Kind::Ledger)
    });
    put(&Entry { session: Some("a".into()), ..Entry::of(Kind::Session) });
    for n in 0..ROWS {
        let bits = u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        put(&Entry::row(&user(n), RowNumber::from(n + 2), Some(Fingerprint::of(bits))));
    }
    let at = || "2026-11-23T14:38:13.042Z".to_owned();
    // Sixteen under way at once, answered out of order.
    for first in (0..ROWS).step_by(16) {
        for n in first..first + 16 {
            put(&Entry::intent(&user(n), attempt(n), Some(Nonce::of(n.into())), at()));
        }
        for n in (0..16).map(|k| first + (k * 7 + 3) % 16) {
            put(&Entry {
                attempt: Some(attempt(n)),
                id: Some(format!("aaaaaaaa-bbbb-4ccc-8ddd-{n:012}").into()),
                request_id: Some(format!("eeeeeeee-ffff-4000-8111-{n:012}").into()),
                ..Entry::outcome(&user(n), RowState::Created, at())
            });
        }
    }
    out.flush().expect("written");
    std::fs::metadata(path).expect("there").len()
}

fn attempt(n: u32) -> Attempt {
    Attempt::new(n + 1).expect("counted from 1")
}

fn user(n: u32) -> String {
    format!("first.last.{n:06}@example.com")
}

/// Reads each line with serde_json and lets go of it.
fn scanned<T: DeserializeOwned>(path: &Path) -> u32 {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).expect("there"));
    let mut line = Vec::with_capacity(1 << 10);
    let mut lines = 0;
    while reader.read_until(b'\n', &mut line).expect("read") > 0 {
        let _: T = serde_json::from_slice(&line).expect("JSON");
        line.clear();
        lines += 1;
    }
    lines
}

/// The resident memory of this process, in bytes.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1024)
}
