//! The main job from outside: a roster becomes users, is interrupted, and resumes.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Service, Watched, folder, headcount, of_version_1, run, sample, status};
#[cfg(unix)]
use crate::harness::{pasted, stops};

const LEDGER: &str = "roster.csv.ledger.jsonl";

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn created(n: u64) -> Value {
    json!({"total": n, "pending": 0, "in_doubt": 0, "created": n, "recovered": 0, "exists": 0, "rejected": 0,
           "invalid": 0, "there": 0, "updated": 0, "unconfirmed": 0, "deleted": 0,
               "skipped": 0})
}

#[test]
fn the_sample_is_imported_at_the_default_quota_without_a_throttle_and_then_there_is_nothing_to_do() {
    let folder = folder(&["roster.csv"]);
    let import = || run(headcount(folder.path()).args(["import", "roster.csv", "--simulate"])).exits(0);
    let first = import();
    assert!(
        first.stdout.starts_with("25 of 25 rows created; 25 CreateUser calls, 0 throttled; "),
        "{first:?}"
    );
    let then = status(folder.path(), "roster.csv.simulate.ledger.jsonl");
    assert_eq!(then["rows"], created(25));
    assert_eq!(then["calls"], json!({"sent": 25, "throttled": 0}));
    assert_eq!(then["complete"], json!(true));
    let again = import();
    assert!(
        again.stdout.starts_with("25 of 25 rows created; 0 CreateUser calls, 0 throttled; "),
        "{again:?}"
    );
    assert_eq!(status(folder.path(), "roster.csv.simulate.ledger.jsonl")["calls"]["sent"], 25);
}

#[test]
fn the_workbook_is_imported_like_the_csv() {
    let folder = folder(&["roster.xlsx"]);
    let service = Service::start(&[]);
    let ran = run(&mut service.import(folder.path(), "roster.xlsx", &["--rate", "1000"])).exits(0);
    assert!(ran.stdout.starts_with("25 of 25 rows created;"), "{ran:?}");
    assert_eq!(service.calls("CreateUser", "executed"), 25);
}

#[test]
fn every_intent_stands_before_its_outcome_and_every_row_before_the_first_intent() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    let lines = lines(&folder.path().join(LEDGER));
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(&kinds[..2], ["ledger", "session"]);
    assert!(kinds[2..27].iter().all(|kind| *kind == "row"), "{kinds:?}");
    assert_eq!(kinds.last(), Some(&"end"));
    for outcome in lines.iter().filter(|line| line["type"] == "outcome") {
        let at = |kind: &str| {
            lines.iter().position(|line| line["type"] == kind && line["attempt"] == outcome["attempt"])
        };
        assert!(at("intent").unwrap() < at("outcome").unwrap());
    }
}

#[test]
fn no_password_is_in_any_file_that_an_import_leaves() {
    let folder = folder(&[]);
    fs::write(folder.path().join("roster.csv"), few(6)).unwrap();
    run(headcount(folder.path()).args(["import", "roster.csv", "--simulate", "--yes"])).exits(0);
    let roster = fs::read_to_string(sample("roster.csv")).unwrap();
    let mut reader = csv::Reader::from_reader(roster.as_bytes());
    let at = reader.headers().unwrap().iter().position(|header| header == "password").unwrap();
    let passwords: Vec<String> = reader.records().map(|record| record.unwrap()[at].to_owned()).collect();
    let mut searched = 0;
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let leaks = |text: &str| passwords.iter().any(|password| text.contains(password.as_str()));
        let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        assert_eq!(leaks(&text), entry.file_name() == "roster.csv", "{:?}", entry.file_name());
        searched += 1;
    }
    assert!(searched >= 3, "roster, ledger and world");
}

#[test]
fn a_dry_run_shows_who_is_there_creates_nothing_and_leaves_no_ledger() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    fs::write(folder.path().join("few.csv"), few(3)).unwrap();
    run(&mut service.import(folder.path(), "few.csv", &["--rate", "1000"])).exits(0);
    let ran = run(&mut service.import(folder.path(), "roster.csv", &["--dry-run"])).exits(0);
    assert!(ran.stderr.contains("plan      22 to create, 3 there already"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "dry run: 22 users would be created; nothing was sent\n");
    assert_eq!(service.calls("CreateUser", "called"), 3);
    assert!(!folder.path().join(LEDGER).exists());
}

/// The sample's header and its first rows.
fn few(rows: usize) -> String {
    let roster = fs::read_to_string(sample("roster.csv")).unwrap();
    roster.split_inclusive('\n').take(rows + 1).collect()
}

#[test]
fn a_name_that_is_taken_is_looked_up_and_said_whose_it_is() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    fs::write(folder.path().join("few.csv"), few(2)).unwrap();
    run(&mut service.import(folder.path(), "few.csv", &["--rate", "1000"])).exits(0);
    let run_id = status(folder.path(), "few.csv.ledger.jsonl")["run"].as_str().unwrap().to_owned();
    run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    let listed = ["status", LEDGER, "--rows", "there"];
    let ran = run(service.headcount(folder.path()).args(listed)).exits(0);
    assert!(ran.stdout.contains(&format!("made by another run, tagged `{run_id}/1.")), "{}", ran.stdout);
    let rows = status(folder.path(), LEDGER)["rows"].clone();
    assert_eq!((rows["created"].as_u64(), rows["there"].as_u64()), (Some(23), Some(2)));
    assert_eq!(service.calls("CreateUser", "called"), 25, "no call is spent on a name that is there");
}

/// Both go on from one state, so that they give the same numbers, mostly to the same rows.
#[test]
fn a_copy_of_a_ledger_that_goes_on_claims_nobody_whom_the_other_made() {
    let (one, other) = (folder(&[]), folder(&[]));
    let service = Service::start(&[]);
    let import = |at: &Path, rows: usize, exit: i32| {
        fs::write(at.join("roster.csv"), few(rows)).unwrap();
        run(&mut service.import(at, "roster.csv", &["--rate", "1000", "--concurrency", "1"])).exits(exit)
    };
    import(one.path(), 2, 0);
    fs::copy(one.path().join(LEDGER), other.path().join(LEDGER)).unwrap();
    import(one.path(), 4, 0);
    let ran = import(other.path(), 5, 1);
    let said = "warning: another copy of this ledger is, or was, at work: 2 users in the roster made by it";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let theirs = "of this run, which this ledger did not make for this row";
    assert_eq!(ran.stderr.matches(theirs).count(), 2, "{}", ran.stderr);
    let rows = status(other.path(), LEDGER)["rows"].clone();
    assert_eq!((rows["created"].as_u64(), rows["exists"].as_u64()), (Some(3), Some(2)), "{rows}");
    assert_eq!(service.calls("CreateUser", "called"), 5, "nobody is made twice");
}

#[test]
fn a_ledger_of_version_1_goes_on_and_what_it_left_in_doubt_is_proved_by_every_member() {
    let folder = folder(&[]);
    let path = folder.path();
    let service = Service::start(&[]);
    let import = |rows: usize, exit: i32| {
        fs::write(path.join("roster.csv"), few(rows)).unwrap();
        run(&mut service.import(path, "roster.csv", &["--rate", "1000"])).exits(exit)
    };
    import(2, 0);
    let before = of_version_1(&fs::read_to_string(path.join(LEDGER)).unwrap());
    fs::write(path.join(LEDGER), &before).unwrap();
    import(3, 0);
    let text = fs::read_to_string(path.join(LEDGER)).unwrap();
    assert!(text.starts_with("{\"type\":\"ledger\",\"version\":2,"), "{text}");
    assert_eq!(fs::read_to_string(path.join(format!("{LEDGER}.v1"))).unwrap(), before);
    assert_eq!(status(path, LEDGER)["rows"]["created"], 3);
    let copies = import(3, 0).stderr;
    assert!(!copies.contains("another copy"), "{copies}");
}

/// On Unix alone: Wine sends no Ctrl-C or Ctrl-Break to one process of a test, and no safe call on Windows does.
#[cfg(unix)]
#[test]
fn ctrl_c_drains_and_the_same_command_resumes() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--rate", "20", "--burst", "5", "--latency", "20"]);
    let mut import =
        service.import(folder.path(), "roster.csv", &["--rate", "20", "--burst", "5", "--format", "json"]);
    let mut running = Watched::start(&mut import);
    running.until_created(6);
    running.interrupt();
    let ran = running.end().exits(5);
    assert!(ran.stderr.contains("resume with: "), "{}", ran.stderr);
    assert_eq!(stops(&ran), ["interrupted"]);
    let rows = status(folder.path(), LEDGER)["rows"].clone();
    assert_eq!(rows["in_doubt"], 0, "requests under way were awaited");
    assert!(rows["pending"].as_u64().unwrap() > 0);
    // The command that it printed, pasted.
    let resume = ran.stderr.lines().find_map(|line| line.strip_prefix("resume with: ")).unwrap();
    run(&mut pasted(&service.headcount(folder.path()), resume)).exits(0);
    assert_eq!(status(folder.path(), LEDGER)["rows"], created(25));
    assert_eq!(service.calls("CreateUser", "executed"), 25);
}

#[test]
fn a_killed_import_resumes_with_each_row_created_once() {
    for kills in [1, 3] {
        let folder = folder(&["roster.csv"]);
        let service = Service::start(&["--latency", "10"]);
        let flags = ["--rate", "100", "--burst", "5", "--concurrency", "4", "--format", "json"];
        for _ in 0..kills {
            let mut running = Watched::start(&mut service.import(folder.path(), "roster.csv", &flags));
            running.until_created(5);
            running.kill();
        }
        run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(0);
        let status = status(folder.path(), LEDGER);
        assert_eq!(status["complete"], true);
        assert_eq!(status["rows"]["created"], 25);
        assert_eq!(service.calls("CreateUser", "executed"), 25, "once each");
    }
}

#[test]
fn a_killed_rehearsal_resumes_with_its_world() {
    let folder = folder(&["roster.csv"]);
    let rehearse = || {
        let mut command = headcount(folder.path());
        command.args(["import", "roster.csv", "--simulate", "--rate", "4", "--format", "json"]);
        command
    };
    let mut running = Watched::start(&mut rehearse());
    running.until_created(3);
    running.kill();
    run(&mut rehearse()).exits(0);
    let status = status(folder.path(), "roster.csv.simulate.ledger.jsonl");
    assert_eq!(status["rows"]["created"], 25);
    assert_eq!(status["rows"]["total"], 25);
    assert!(!folder.path().join(LEDGER).exists(), "a rehearsal never touches the real ledger");
}

#[test]
fn anybodys_own_roster_can_be_rehearsed() {
    let folder = folder(&[]);
    let header = "first name,last name,user login,routing profile name,security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2";
    let row = "Ada,Lovelace,ada,Night Shift,Tier 9|Agent,Moon|Crater|Base\n";
    fs::write(folder.path().join("own.csv"), format!("{header}\n{row}")).unwrap();
    let ran = run(headcount(folder.path()).args(["import", "own.csv", "--simulate"])).exits(0);
    assert!(ran.stdout.starts_with("1 of 1 row created"), "{ran:?}");
    assert!(ran.stderr.contains("SAML"), "without a password column: {}", ran.stderr);
}

#[test]
fn a_full_instance_stops_after_one_refusal_and_resumes() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--users-quota", "10"]);
    let flags = ["--rate", "1000", "--concurrency", "1"];
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(4);
    assert!(ran.stderr.contains("L-9A46857E"), "{}", ran.stderr);
    assert!(ran.stderr.contains("resume with: "), "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "called"), 11);
    let rows = status(folder.path(), LEDGER)["rows"].clone();
    assert_eq!((rows["created"].as_u64(), rows["pending"].as_u64()), (Some(10), Some(15)));
}

#[test]
fn throttles_fail_no_row() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--rate", "20", "--burst", "5"]);
    let ran = run(&mut service.import(folder.path(), "roster.csv", &["--rate", "60"])).exits(0);
    assert!(ran.stdout.starts_with("25 of 25 rows created"), "{ran:?}");
    let status = status(folder.path(), LEDGER);
    assert_eq!(status["rows"], created(25));
    assert!(status["calls"]["throttled"].as_u64().unwrap() > 0);
}

#[test]
fn rough_weather_ends_with_every_row_created_once() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--weather", "rough", "--seed", "7"]);
    let flags = ["--rate", "1000", "--burst", "50", "--settle-timeout", "60"];
    run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(0);
    let status = status(folder.path(), LEDGER);
    assert_eq!((status["rows"]["created"].as_u64(), status["complete"].as_bool()), (Some(25), Some(true)));
    assert_eq!(service.calls("CreateUser", "executed"), 25, "once each");
}

#[test]
fn retry_sends_what_failed_after_it_was_mended() {
    let folder = folder(&[]);
    let path = folder.path().join("roster.csv");
    let service = Service::start(&[]);
    let roster = few(4);
    fs::write(
        &path,
        roster.replace("Customer Care", "Basic Routing Profile").replace("Lantern-Reef-7", "short"),
    )
    .unwrap();
    let flags = ["--rate", "1000", "--skip-invalid"];
    run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(1);
    assert_eq!(status(folder.path(), LEDGER)["rows"]["invalid"], 1);
    fs::write(&path, roster.replace("Customer Care", "Basic Routing Profile")).unwrap();
    let ran = run(service.headcount(folder.path()).args(["retry", LEDGER, "--rate", "1000"])).exits(0);
    assert!(ran.stdout.starts_with("4 of 4 rows created; 1 CreateUser call,"), "{ran:?}");
}

#[test]
fn a_run_that_never_began_leaves_no_ledger() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--users-quota", "3"]);
    let mut import = service.import(folder.path(), "roster.csv", &[]);
    let ran = run(import.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &service.url)).exits(4);
    assert!(ran.stderr.contains("22 too many for its quota of 3 (L-9A46857E)"), "{}", ran.stderr);
    assert!(!folder.path().join(LEDGER).exists());
    assert_eq!(service.calls("CreateUser", "called"), 0);
    let mut import = service.import(folder.path(), "roster.csv", &["--allow-partial"]);
    run(import.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &service.url)).exits(4);
    assert_eq!(status(folder.path(), LEDGER)["rows"]["created"], 3);
}

#[test]
fn the_identity_type_can_be_told_where_it_may_not_be_asked() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let id = service.arn.rsplit_once('/').unwrap().1.to_owned();
    for instance in [service.arn.clone(), id] {
        let mut command = service.headcount(folder.path());
        let flags =
            ["import", "roster.csv", "--identity", "connect", "--dry-run", "--region", "eu-central-1"];
        run(command.args(flags).args(["--instance", &instance])).exits(0);
    }
    assert_eq!(service.calls("DescribeInstance", "called"), 0);
    let mut command = service.headcount(folder.path());
    let flags = ["import", "roster.csv", "--dry-run", "--region", "eu-central-1"];
    let ran = run(command.args(flags).args(["--instance", "acme-contact-centre"])).exits(0);
    assert!(ran.stderr.contains(&service.arn), "by alias: {}", ran.stderr);
}
