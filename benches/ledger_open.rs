//! What it costs to open a ledger of a million rows: time, against a bare scan of the same lines, and memory.
//!
//! `cargo bench --bench ledger_open`. Budgets: at most three times the scan, at most 300 bytes a row.

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
use std::time::{Duration, Instant};

use headcount::ledger::{Entry, Kind, LockedFile, RowState, VERSION};
use serde::de::IgnoredAny;

const ROWS: u32 = 1_000_000;
const ROUNDS: u32 = 5;

fn main() {
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

    let (mut scan, mut open) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let begun = Instant::now();
        assert_eq!(scanned(&path), 3 * ROWS + 2);
        scan = scan.min(begun.elapsed());
        let begun = Instant::now();
        let file = LockedFile::open(&path).expect("a ledger");
        open = open.min(begun.elapsed());
        assert_eq!(file.state.places(), ROWS);
    }
    let ratio = open.as_secs_f64() / scan.as_secs_f64();
    println!("time     {open:.2?} to open, {scan:.2?} to scan: {ratio:.2} times (the best of {ROUNDS} each)");
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
        put(&Entry::row(&user(n), n + 2, u64::from(n).wrapping_mul(0x9E37_79B9_7F4A_7C15)));
    }
    for n in 0..ROWS {
        let user = user(n);
        let at = || "2026-11-23T14:38:13.042Z".to_owned();
        put(&Entry::intent(&user, n + 1, at()));
        put(&Entry {
            attempt: Some(n + 1),
            id: Some(format!("aaaaaaaa-bbbb-4ccc-8ddd-{n:012}").into()),
            request_id: Some(format!("eeeeeeee-ffff-4000-8111-{n:012}").into()),
            ..Entry::outcome(&user, RowState::Created, at())
        });
    }
    out.flush().expect("written");
    std::fs::metadata(path).expect("there").len()
}

fn user(n: u32) -> String {
    format!("first.last.{n:06}@example.com")
}

/// The least that reading JSON lines can cost.
fn scanned(path: &Path) -> u32 {
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).expect("there"));
    let mut line = Vec::with_capacity(1 << 10);
    let mut lines = 0;
    while reader.read_until(b'\n', &mut line).expect("read") > 0 {
        let _: IgnoredAny = serde_json::from_slice(&line).expect("JSON");
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
