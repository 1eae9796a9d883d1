//! The crash matrix: the program is killed at every point that matters, in every weather, with the roster edited in
//! between, and must lose nothing, double nothing and guess nothing.
//!
//! `cargo test --features crash-points --test crash` runs a small sample of it. `HEADCOUNT_CRASH_RUNS=8600` runs that
//! many cases, of which three in eight are attacks on the files; `HEADCOUNT_CRASH_CASE=N` or `HEADCOUNT_CRASH_ATTACK=N`
//! one alone, with all that it printed.

#![expect(clippy::print_stdout, reason = "a long test says how much it did")]

mod attack;
mod case;
mod check;
mod copies;
mod long;
#[cfg(unix)]
mod machines;
mod passwords;
#[cfg(unix)]
#[path = "../it/python.rs"]
mod python;
#[cfg(unix)]
mod shared;
mod stage;
#[cfg(unix)]
mod table;
mod undos;
mod updates;

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headcount::connect::model::User;
use headcount::crash::{POINTS, Sabotage};
use headcount::ledger::LockedFile;
use headcount::simulator::Operation;
use tokio::runtime::Runtime;

use case::{Case, Crash, Edit, POINTS_AND_SKIES, Row, Sky};
use check::{Scene, Told, exit_code};
use stage::{PASSWORD, Stage, read};

/// How often a case is resumed after its crashes, at most.
const RESUMES: usize = 12;

/// What became of a case.
#[derive(Default)]
struct Verdict {
    violations: Vec<String>,
    /// The points at which a process was aborted.
    aborted: Vec<&'static str>,
    processes: u64,
    /// Those of them that could not start: a busy machine may not answer in time.
    unstarted: u64,
    recovered: usize,
    log: String,
}

/// Plays a case to its end and judges it.
fn play(runtime: &Runtime, case: &Case, sabotage: Option<Sabotage>) -> Verdict {
    let stage = Stage::set(runtime, case);
    let foreign: Vec<User> = stage.everyone();
    let word = sabotage.map(Sabotage::word);
    let mut verdict = Verdict::default();
    let mut rosters: HashMap<u32, Vec<Row>> = HashMap::new();
    let mut before_checksums = String::new();
    let mut finished = false;
    for process in 0..case.crashes.len() + RESUMES {
        let rows = if process == 0 { &case.before } else { &case.after };
        let crash = case.crashes.get(process);
        stage.write_roster(rows);
        if process == 1 && case.is_of_version_1 {
            before_checksums = stage.make_of_version_1();
        }
        if process > case.crashes.len() + 1 {
            stage.calm_down();
            stage.clock.forward(Duration::from_secs(600));
        }
        let seen = || (read(&stage.ledger()), stage.running.stats().of(Operation::CreateUser).called);
        let before = seen();
        let ended = stage.import(case.concurrency, crash, word);
        verdict.processes += 1;
        rosters.insert(ended.pid, rows.clone());
        verdict.log.push_str(&format!(
            "--- process {process} ({crash:?}): {:?}\n{}{}",
            ended.code, ended.stdout, ended.stderr
        ));
        let Some(code) = ended.code else {
            match crash {
                Some(crash) => verdict.aborted.push(crash.point),
                None => verdict.violations.push(format!("process {process} died: {}", ended.stderr)),
            }
            continue;
        };
        // It could not start: the ledger is as the last one left it, torn or not there yet, and nothing was sent.
        if code == 4 && seen() == before {
            verdict.unstarted += 1;
            continue;
        }
        let told = Told::read(&read(&stage.ledger()));
        let stopped = ended.stderr.lines().any(|line| line.starts_with("stopped:"));
        let due = exit_code(&told, stopped);
        if code != due {
            let told = ended.stderr.lines().last().unwrap_or_default();
            verdict.violations.push(format!("process {process}: exit {code}, and {due} is due ({told})"));
        }
        if !told.violations.is_empty() {
            break;
        }
        // A run without an error says that all is done; one more must find nothing to do.
        if process > case.crashes.len() + 2 && !matches!(code, 4 | 5) {
            let again = told.count("in_doubt");
            if again == 0 || process > case.crashes.len() + 3 {
                finished = true;
                break;
            }
        }
        // Nothing is left for the crashes to come or for the weather: the end is reached early.
        if process >= case.crashes.len() && matches!(code, 0 | 1) {
            finished = true;
            break;
        }
    }
    if !finished {
        verdict.violations.push("it did not come to an end".into());
    }
    let text = read(&stage.ledger());
    let told = Told::read(&text);
    if text.contains(PASSWORD) {
        verdict.violations.push("the ledger has a password in it".into());
    }
    if case.is_of_version_1 && read(&stage.ledger_of_before()) != before_checksums {
        verdict.violations.push("the ledger of version 1 was not kept as it was".into());
    }
    // A case may end before the file is begun, where nobody was created.
    if case.generates && stage.credentials().exists() {
        let printed = stage.print_credentials(word);
        let world = stage.running.world();
        verdict.violations.extend(passwords::violations(&printed, &told, &text, &world));
    } else if case.generates && told.count("created") > 0 {
        verdict.violations.push("users were created, and there is no file of passwords".into());
    }
    verdict.recovered = told.rows.values().filter(|row| row.recovered).count();
    let executed = stage.running.stats().of(Operation::CreateUser).executed;
    let everyone = stage.everyone();
    let scene = Scene {
        told: &told,
        everyone: &everyone,
        foreign: &foreign,
        rosters: &rosters,
        last: &case.after,
        executed,
        variants_clash: case.variants_clash,
        has_copies: false,
        is_refused: false,
        untagged: false,
    };
    verdict.violations.extend(scene.violations());
    verdict.log.push_str(&format!("--- ledger\n{text}"));
    verdict
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime")
}

/// Plays many cases, several at a time: they mostly wait.
fn play_all(
    numbers: impl Iterator<Item = u64> + Send,
    sabotage: Option<Sabotage>,
    enough: usize,
) -> Vec<(Case, Verdict)> {
    let runtime = runtime();
    let numbers = Mutex::new(numbers);
    let played = Mutex::new(Vec::new());
    let failed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..workers() {
            scope.spawn(|| {
                while failed.load(Ordering::SeqCst) < enough as u64 {
                    let Some(number) = numbers.lock().expect("a lock").next() else { return };
                    let case = Case::numbered(number);
                    let verdict = play(&runtime, &case, sabotage);
                    if !verdict.violations.is_empty() {
                        failed.fetch_add(1, Ordering::SeqCst);
                    }
                    let mut played = played.lock().expect("a lock");
                    played.push((case, verdict));
                    if played.len().is_multiple_of(500) {
                        println!("{} cases", played.len());
                    }
                }
            });
        }
    });
    played.into_inner().expect("a lock")
}

fn number(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "how large a test is to be")]
    std::env::var(name).ok().map(|value| value.parse().expect(name))
}

/// How many cases are played at once: a process waits far more than it works.
fn workers() -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64);
    number("HEADCOUNT_CRASH_WORKERS").unwrap_or(16 * cores)
}

/// What is told of a case: nothing where nothing was found.
fn report_of(
    what: &str,
    number: u64,
    described: &str,
    violations: &[String],
    log: &str,
    is_alone: bool,
) -> String {
    if violations.is_empty() {
        return String::new();
    }
    let mut report = format!("\n{described}\n");
    for violation in violations {
        report.push_str(&format!("    {violation}\n"));
    }
    if is_alone {
        report.push_str(log);
    } else {
        // What depends on how busy the machine was may not happen again.
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("crash-{what}-{number}.log"));
        std::fs::write(&path, log).expect("written");
        report.push_str(&format!("    all that it printed: {}\n", path.display()));
    }
    let variable = what.to_uppercase();
    report.push_str(&format!(
        "    alone: HEADCOUNT_CRASH_{variable}={number} cargo test --features crash-points --test crash\n"
    ));
    report
}

#[test]
fn nothing_is_lost_doubled_or_guessed_wherever_the_process_dies() {
    let alone = number("HEADCOUNT_CRASH_CASE");
    let runs =
        number("HEADCOUNT_CRASH_RUNS").map_or(POINTS_AND_SKIES + 18, |all| all - copies::attacks_of(all));
    let numbers = alone.map_or(0..runs, |number| number..number + 1);
    if let Some(number) = alone {
        println!("{}", Case::numbered(number));
    }
    let played = play_all(numbers, None, 20);
    let mut aborted: BTreeMap<&str, u64> = BTreeMap::new();
    for (_, verdict) in &played {
        for point in &verdict.aborted {
            *aborted.entry(point).or_default() += 1;
        }
    }
    let processes: u64 = played.iter().map(|(_, verdict)| verdict.processes).sum();
    let unstarted: u64 = played.iter().map(|(_, verdict)| verdict.unstarted).sum();
    let recovered: usize = played.iter().map(|(_, verdict)| verdict.recovered).sum();
    let kills: u64 = aborted.values().sum();
    println!(
        "{} cases, {processes} processes, {kills} of them killed, {unstarted} that could not start, {recovered} rows \
         recovered by their tag\n{aborted:#?}",
        played.len()
    );
    let report: String = played
        .iter()
        .map(|(case, Verdict { violations, log, .. })| {
            report_of("case", case.number, &case.to_string(), violations, log, alone.is_some())
        })
        .collect();
    assert!(report.is_empty(), "{report}");
    if alone.is_none() && runs >= POINTS_AND_SKIES {
        let never: Vec<_> = POINTS.iter().filter(|point| !aborted.contains_key(*point)).collect();
        assert!(never.is_empty(), "no process died at {never:?}");
    }
}

#[test]
fn a_second_importer_is_refused_at_once_and_told_who_is_at_work() {
    let (runtime, case) = (runtime(), Case::numbered(0));
    let stage = Stage::set(&runtime, &case);
    stage.write_roster(&case.before);
    let first = stage.import(1, Some(&Crash { point: "plan-recorded", passage: 1 }), None);
    let ledger = read(&stage.ledger());
    let held = LockedFile::open(&stage.ledger()).expect("whole"); // as if it were still at work
    let asked = stage.running.stats().of(Operation::DescribeInstance).called;
    let second = stage.import(1, None, None);
    assert_eq!(second.code, Some(4));
    assert_eq!(
        stage.running.stats().of(Operation::DescribeInstance).called,
        asked,
        "before anything is asked"
    );
    assert!(
        second.stderr.contains(&format!("the ledger is in use by process {} on ", first.pid)),
        "{}",
        second.stderr
    );
    assert_eq!(read(&stage.ledger()), ledger);
    assert_eq!(stage.running.stats().of(Operation::CreateUser).called, 0);
    drop(held);
}

#[test]
fn a_torn_last_line_is_repaired_and_reported() {
    let (runtime, case) = (runtime(), Case::numbered(0));
    let stage = Stage::set(&runtime, &case);
    stage.write_roster(&case.before);
    for passage in 1..=4 {
        let torn = stage.import(1, Some(&Crash { point: "append-torn", passage }), None);
        assert_eq!(torn.code, None);
        assert!(!read(&stage.ledger()).ends_with('\n'));
        let again = stage.import(1, Some(&Crash { point: "plan-before", passage: 1 }), None);
        assert!(
            again.stderr.contains("the ledger's last line was cut short by a crash ("),
            "{}",
            again.stderr
        );
        assert!(read(&stage.ledger()).is_empty() || read(&stage.ledger()).ends_with('\n'));
    }
}

#[test]
fn a_ledger_of_version_1_survives_its_upgrade_wherever_the_process_dies() {
    let (runtime, case) = (runtime(), Case::numbered(0));
    let stage = Stage::set(&runtime, &case);
    stage.write_roster(&case.before);
    let planned = stage.import(1, Some(&Crash { point: "plan-recorded", passage: 1 }), None);
    assert_eq!(planned.code, None);
    // As the programs of before wrote it: no request has left, so that no line has more than its checksum too much.
    let before: String = read(&stage.ledger())
        .replacen("\"version\":2", "\"version\":1", 1)
        .lines()
        .map(|line| format!("{}}}\n", line.rsplit_once(",\"crc\":").unwrap().0))
        .collect();
    let kept = stage.ledger().with_extension("jsonl.v1");
    for point in ["upgrade-written", "upgrade-kept", "upgrade-renamed"] {
        std::fs::write(stage.ledger(), &before).unwrap();
        let died = stage.import(1, Some(&Crash { point, passage: 1 }), None);
        assert_eq!(died.code, None, "{point}: {}", died.stderr);
        // The old file or the new one stands there, whole; the old one is kept before the new one takes its place.
        let version = if point == "upgrade-renamed" { 2 } else { 1 };
        assert!(read(&stage.ledger()).starts_with(&format!("{{\"type\":\"ledger\",\"version\":{version},")));
        assert_eq!(kept.exists(), point != "upgrade-written", "{point}");
        if kept.exists() {
            assert_eq!(read(&kept), before, "{point}");
        }
        assert_eq!(read(&stage.ledger()).lines().count(), before.lines().count(), "{point}");
        let again = stage.import(1, Some(&Crash { point: "plan-recorded", passage: 1 }), None);
        assert_eq!(again.code, None, "it goes on: {}", again.stderr);
        assert_eq!(read(&kept), before, "{point}");
        std::fs::remove_file(&kept).unwrap();
    }
}

/// Plays cases that a careless importer would get wrong, and expects the invariants to notice by these words.
fn is_noticed(sabotage: Sabotage, words: &str, is_telling: impl Fn(&Case) -> bool + Send + Sync) {
    let numbers = (0..4000).filter(|number| is_telling(&Case::numbered(*number))).take(24);
    let played = play_all(numbers, Some(sabotage), 3);
    let found: Vec<_> = played.iter().flat_map(|(_, verdict)| &verdict.violations).collect();
    assert!(
        found.iter().any(|what| what.contains(words)),
        "{} cases, and this was noticed: {found:#?}",
        played.len()
    );
}

#[test]
fn to_take_every_409_for_a_failure_is_noticed() {
    is_noticed(Sabotage::DuplicateIsFailed, "made, and the ledger says rejected", |case| {
        matches!(case.sky, Sky::ErrorAfter | Sky::DropAfter)
    });
}

#[test]
fn to_take_every_409_for_success_is_noticed() {
    is_noticed(Sabotage::DuplicateIsSuccess, "created, and on the instance is Some", |case| {
        !case.foreign_unseen.is_empty()
    });
}

#[test]
fn to_send_without_an_intent_is_noticed() {
    is_noticed(Sabotage::IntentNotWritten, "an attempt that the ledger has not of this row", |case| {
        matches!(case.crashes[0].point, "answer-unread" | "answer-unmarked")
    });
}

#[test]
fn to_resume_by_position_is_noticed() {
    is_noticed(Sabotage::ResumeByPosition, "the ledger does not know the row", |case| {
        matches!(case.edit, Edit::Added | Edit::Renamed)
            && matches!(case.crashes[0].point, "outcome-queued" | "send-before")
    });
}

#[test]
fn to_record_a_password_after_the_answer_is_noticed() {
    is_noticed(Sabotage::PasswordRecordedLate, "that is not in the file", |case| {
        case.generates && matches!(case.crashes[0].point, "answer-unread" | "answer-unmarked")
    });
}

#[test]
fn to_take_the_newest_password_for_the_one_in_force_is_noticed() {
    is_noticed(Sabotage::NewestPassword, "cannot sign in with what is printed", |case| {
        case.generates && matches!(case.crashes[0].point, "answer-unread" | "answer-unmarked")
    });
}
