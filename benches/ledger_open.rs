//! What it costs to open a ledger of a million rows: time, against a bare scan of the same lines, and memory.
//!
//! `cargo bench --bench ledger_open`. Bars: at most three times a scan with serde_json, into `Value` or into a struct of the
//! members that a row has; at most 300 bytes a row; at most 1.15 times the same ledger in the form of version 1, which has
//! neither nonces nor checksums. A scan that keeps nothing is measured too, for comparison. `LEDGER_OPEN_ROWS` has another
//! number of rows, in steps of sixteen.

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

const ROUNDS: u32 = 5;

fn main() -> ExitCode {
    let folder = tempfile::tempdir().expect("a folder");
    let rows = rows();
    let path = folder.path().join("million.ledger.jsonl");
    let bytes = write(&path, rows, VERSION);
    let older = folder.path().join("older.ledger.jsonl");
    let older_bytes = write(&older, rows, 1);
    println!("{rows} rows, all sent and created: {} lines, {} MB", 3 * rows + 2, bytes / 1_000_000);
    println!("in the form of version 1: {} MB", older_bytes / 1_000_000);

    // Memory first: what a scan has freed must not be there to be taken again.
    let before = resident();
    let file = LockedFile::open(&path).expect("a ledger");
    assert_eq!(file.state.counts(false).created, u64::from(rows));
    let held = resident().zip(before).map(|(after, before)| after.saturating_sub(before));
    drop(file);
    match held {
        Some(held) => println!("memory   {} bytes a row", held / u64::from(rows)),
        None => println!("memory   not measured: there is no /proc here"),
    }

    // Each of the five in every round, so that a machine that is busy for a while is so for all.
    let mut best = [Duration::MAX; 5];
    for _ in 0..ROUNDS {
        for (best, took) in best.iter_mut().zip([
            timed(|| assert_eq!(scanned::<IgnoredAny>(&path), 3 * rows + 2)),
            timed(|| assert_eq!(scanned::<Value>(&path), 3 * rows + 2)),
            timed(|| assert_eq!(scanned::<Owned>(&path), 3 * rows + 2)),
            timed(|| assert_eq!(opened(&older), rows)),
            timed(|| assert_eq!(opened(&path), rows)),
        ]) {
            *best = took.min(*best);
        }
    }
    let [ignored, value, owned, before, open] = best;
    let times = |scan: Duration| open.as_secs_f64() / scan.as_secs_f64();
    println!("time     {open:.2?} to open (the best of {ROUNDS} each, as are the scans)");
    println!("         {:.2} times serde_json into Value, {value:.2?}", times(value));
    println!("         {:.2} times serde_json into the members that a row has, {owned:.2?}", times(owned));
    println!("         {:.2} times serde_json into nothing (IgnoredAny), {ignored:.2?}", times(ignored));
    println!("         {:.2} times the form of version 1, {before:.2?}", times(before));
    let mut holds = true;
    let mut check = |is_so: bool, what: &str| {
        println!("{} {what}", if is_so { "holds " } else { "MISSED" });
        holds &= is_so;
    };
    check(times(value) <= 3.0, "at most 3 times a scan into Value");
    check(times(owned) <= 3.0, "at most 3 times a scan into the members that a row has");
    check(times(before) <= 1.15, "at most 1.15 times the form of version 1");
    check(held.is_none_or(|held| held <= 300 * u64::from(rows)), "at most 300 bytes a row");
    if holds { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn rows() -> u32 {
    const MILLION: u32 = 1_000_000;
    let asked = std::env::var("LEDGER_OPEN_ROWS").ok();
    asked.map_or(MILLION, |rows| rows.parse::<u32>().expect("a number of rows").next_multiple_of(16))
}

fn opened(path: &Path) -> u32 {
    u32::try_from(LockedFile::open(path).expect("a ledger").state.places().len()).expect("a count")
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

/// Writes a ledger as an import of so many rows leaves it, in the form of this version or of version 1; returns its length.
fn write(path: &Path, rows: u32, version: u32) -> u64 {
    let mut out = BufWriter::new(File::create(path).expect("a file"));
    let mut put = |entry: &Entry| {
        let mut line = Vec::with_capacity(512);
        entry.write_to(&mut line);
        if version == 1 {
            unseal(&mut line);
        }
        out.write_all(&line).expect("written");
    };
    put(&Entry {
        version: Some(version),
        run: Some("6f1c2a53-93a4-4c0e-a2b6-0d6c60c1ad11".into()),
        instance: Some(
            "arn:aws:connect:eu-central-1:111122223333:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3".into(),
        ),
        ..Entry::of(Kind::Ledger)
    });
    put(&Entry { session: Some("a".into()), ..Entry::of(Kind::Session) });
    for n in 0..rows {
        let bits = u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        put(&Entry::row(&user(n), RowNumber::from(n + 2), Some(Fingerprint::of(bits))));
    }
    let at = || "2026-11-23T14:38:13.042Z".to_owned();
    // Sixteen under way at once, answered out of order.
    for first in (0..rows).step_by(16) {
        for n in first..first + 16 {
            put(&Entry::intent(&user(n), attempt(n), (version > 1).then(|| Nonce::of(n.into())), at()));
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

/// Takes a line's checksum away, which is its last member.
fn unseal(line: &mut Vec<u8>) {
    const SEAL: &[u8] = b",\"crc\":\"";
    let at = line.windows(SEAL.len()).rposition(|part| part == SEAL).expect("a checksum");
    line.truncate(at);
    line.extend(b"}\n");
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
