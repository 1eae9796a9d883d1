//! What the documentation promises to whoever reads nothing else, held against the real program.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use headcount::clock::{Clock as _, SystemClock};
use headcount::simulator::server;
use headcount::simulator::{ACCESS_KEY_ID, Operation, Pace, SECRET_ACCESS_KEY, Spec, World};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{Ran, Service, folder, headcount, run, sample, status};

const LEDGER: &str = "roster.csv.ledger.jsonl";

/// The sample's header and its first rows.
fn few(rows: usize) -> String {
    let roster = fs::read_to_string(sample("roster.csv")).unwrap();
    roster.split_inclusive('\n').take(rows + 1).collect()
}

/// The events on stdout, which has nothing else.
#[track_caller]
fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect()
}

/// A run against the service that asks its Service Quotas too.
fn with_quotas(service: &Service, folder: &Path, flags: &[&str]) -> Ran {
    let mut import = service.import(folder, "roster.csv", flags);
    run(import.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &service.url))
}

#[test]
fn a_dry_run_for_programs_is_events() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    fs::write(folder.path().join("few.csv"), few(3)).unwrap();
    run(&mut service.import(folder.path(), "few.csv", &["--rate", "1000"])).exits(0);
    let flags = ["--dry-run", "--format", "json", "--rate", "4"];
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(0);
    let events = events(&ran);
    let planned = events.last().unwrap();
    assert_eq!(planned["event"], "planned");
    assert_eq!(planned["instance"], service.arn.as_str());
    assert_eq!(
        (planned["rows"]["to_create"].as_u64(), planned["rows"]["there"].as_u64()),
        (Some(22), Some(3))
    );
    assert_eq!((planned["rate"].as_f64(), planned["seconds"].as_f64()), (Some(4.0), Some(3.0)));
}

#[test]
fn a_roster_with_errors_is_told_to_programs_finding_by_finding() {
    let folder = folder(&["mistakes.csv"]);
    let ran =
        run(headcount(folder.path()).args(["import", "mistakes.csv", "--simulate", "--format", "json"]))
            .exits(3);
    let findings = events(&ran);
    assert!(findings.iter().all(|event| event["event"] == "finding"), "{}", ran.stdout);
    let validated =
        run(headcount(folder.path()).args(["validate", "mistakes.csv", "--format", "json"])).exits(3);
    let validated: Value = serde_json::from_str(&validated.stdout).unwrap();
    // The rehearsal's instance has every name that the roster uses, so that all else is the same.
    let codes = |findings: &[Value]| {
        findings.iter().map(|finding| (finding["code"].clone(), finding["row"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(codes(&findings), codes(validated["findings"].as_array().unwrap()));
}

#[test]
fn a_dry_run_ends_as_the_import_would_where_the_instance_has_not_room() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--users-quota", "3"]);
    let ran = with_quotas(&service, folder.path(), &["--dry-run"]).exits(4);
    assert!(ran.stderr.contains("22 too many for its quota of 3 (L-9A46857E)"), "{}", ran.stderr);
    assert_eq!(
        ran.stdout,
        "dry run: the instance has not room for 25 users, and none would be created; nothing was sent\n"
    );
    with_quotas(&service, folder.path(), &["--dry-run", "--allow-partial"]).exits(0);
    assert_eq!(service.calls("CreateUser", "called"), 0);
}

#[test]
fn a_quota_is_read_although_service_quotas_throttles() {
    let slow = Pace { rate: Some(0.5), burst: 1.0 };
    let paces = BTreeMap::from([(Operation::GetServiceQuota, slow)]);
    let spec = Spec { users_quota: 300, paces, ..Spec::default() };
    let arn = spec.instance_arn();
    let runtime = Runtime::new().unwrap();
    let world = World::new(spec, SystemClock.now());
    let running = runtime.block_on(server::serve(world, 0, Arc::new(SystemClock))).unwrap();
    let folder = folder(&["roster.csv"]);
    let mut import = headcount(folder.path());
    import
        .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
        .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
        .env("AWS_ENDPOINT_URL", &running.url)
        .args(["import", "roster.csv", "--dry-run", "--instance", &arn]);
    let ran = run(&mut import).exits(0);
    assert!(ran.stderr.contains("users     0 of 300 there"), "{}", ran.stderr);
    assert!(running.stats().of(Operation::GetServiceQuota).throttled > 0, "or this shows nothing");
    runtime.block_on(running.shutdown());
}

#[test]
fn a_full_instance_is_told_with_what_is_used_and_what_is_allowed() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&["--users-quota", "10"]);
    let flags = ["--rate", "1000", "--concurrency", "1", "--allow-partial"];
    let ran = with_quotas(&service, folder.path(), &flags).exits(4);
    let said = "the instance had 0 users before this run, which created 10, and its quota is 10 (L-9A46857E";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
}

#[test]
fn names_that_are_taken_are_told_with_what_can_be_done_about_them() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    fs::write(folder.path().join("few.csv"), few(1).replacen(",Müller,", ",Muller,", 1)).unwrap();
    run(&mut service.import(folder.path(), "few.csv", &["--rate", "1000"])).exits(0);
    let ran = run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(1);
    assert!(ran.stdout.starts_with("24 of 25 rows created, 1 exists already; "), "{}", ran.stdout);
    let said = "1 row has a username that is taken: give another there; `--code DuplicateResourceException`";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    let again = run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(1);
    assert!(again.stderr.contains("plan      24 done, 1 failed before\n"), "{}", again.stderr);
}

#[test]
fn a_user_that_is_gone_from_the_instance_is_warned_of_and_counted() {
    let folder = folder(&["roster.csv"]);
    fs::write(folder.path().join("roster.csv"), few(3)).unwrap();
    let rehearse = |flags: &[&str]| {
        run(headcount(folder.path()).args(["import", "roster.csv", "--simulate"]).args(flags)).exits(0)
    };
    rehearse(&[]);
    fs::remove_file(folder.path().join("roster.csv.simulate.world.jsonl")).unwrap();
    let ran = rehearse(&[]);
    assert!(ran.stderr.contains("plan      3 gone from the instance\n"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("\nwarning: `").count(), 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("--recreate-missing sends it again"), "{}", ran.stderr);
    let rows = status(folder.path(), "roster.csv.simulate.ledger.jsonl")["rows"].clone();
    assert_eq!(rows["created"], 3, "a user that is gone stays created");
    let ran = rehearse(&["--recreate-missing"]);
    assert!(ran.stdout.starts_with("3 of 3 rows created; 3 CreateUser calls"), "{}", ran.stdout);
}

#[test]
fn users_that_others_replaced_are_told_recorded_and_listed_and_nothing_is_sent_to_them() {
    let folder = folder(&["roster.csv"]);
    let ledger = "roster.csv.ledger.jsonl";
    fs::write(folder.path().join("roster.csv"), few(12)).unwrap();
    let import = |service: &Service, more: &[&str]| {
        let flags = [&["--rate", "1000", "--concurrency", "1"], more].concat();
        run(&mut service.import(folder.path(), "roster.csv", &flags))
    };
    import(&Service::start(&[]), &[]).exits(0);
    // Another world with the same names, made anew by another ledger: other ids.
    let service = Service::start(&[]);
    let own = few(12);
    let mut lines: Vec<_> = own.lines().collect();
    lines[1..].reverse();
    fs::write(folder.path().join("another.csv"), lines.join("\n")).unwrap();
    let theirs = ["--rate", "1000", "--concurrency", "1"];
    run(&mut service.import(folder.path(), "another.csv", &theirs)).exits(0);
    let ran = import(&service, &["--dry-run"]).exits(0);
    assert!(ran.stderr.contains("plan      12 replaced by others\n"), "{}", ran.stderr);
    let ran = import(&service, &[]).exits(1);
    assert!(ran.stderr.contains("so it is with 2 more"), "{}", ran.stderr);
    let list = " status roster.csv.ledger.jsonl --rows replaced\n";
    assert!(ran.stderr.contains("list with: ") && ran.stderr.contains(list), "{}", ran.stderr);
    let listed = |which: &str| {
        let args = ["status", ledger, "--rows", which, "--format", "json"];
        let ran = run(headcount(folder.path()).args(args)).exits(0);
        serde_json::from_str::<Value>(&ran.stdout).unwrap()
    };
    let all = listed("replaced");
    let rows = all["listed"].as_array().unwrap();
    assert_eq!((rows.len(), &all["seen"]["replaced"], &all["rows"]["created"]), (12, &12.into(), &12.into()));
    assert!(rows.iter().all(|row| row["as"] == "replaced" && row["id"] != row["found_id"]), "{all}");
    let before = fs::read_to_string(folder.path().join(ledger)).unwrap();
    import(&service, &["--recreate-missing"]).exits(1);
    let after = fs::read_to_string(folder.path().join(ledger)).unwrap();
    let seen = |text: &str| text.matches("\"type\":\"seen\"").count();
    assert_eq!((seen(&before), seen(&after)), (12, 12), "the same facts are not recorded twice");
    assert_eq!(after.matches("\"type\":\"intent\"").count(), 12, "nothing was sent for a name that is taken");
    // Another world in which nobody is: what was replaced is missing.
    import(&Service::start(&[]), &[]).exits(0);
    assert_eq!(listed("replaced")["listed"], serde_json::json!([]));
    assert_eq!(listed("missing,drifted")["listed"].as_array().unwrap().len(), 12);
    let ran = run(headcount(folder.path()).args(["status", ledger, "--rows", "gone"])).exits(0);
    assert_eq!(ran.stdout, "no row stands so\n");
}

#[test]
fn the_directory_of_the_embedded_connect_is_saved_without_an_account() {
    let folder = folder(&["roster.csv"]);
    let invented = ["directory", "--simulate", "-o", "invented.json"];
    run(headcount(folder.path()).args(invented)).exits(0);
    let validate = ["validate", "roster.csv", "--directory", "invented.json"];
    let ran = run(headcount(folder.path()).args(validate)).exits(0);
    assert!(ran.stdout.contains("9 routing profiles"), "{}", ran.stdout);
    let ran = run(headcount(folder.path()).args(["directory", "--simulate", "--identity", "saml"])).exits(0);
    let saved: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(saved["instance"]["identity"], "SAML");
}

#[test]
fn the_weather_is_for_rehearsals_only() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    for flags in [["--weather", "rough"], ["--seed", "7"]] {
        let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(2);
        assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
    }
}

#[test]
fn a_wrong_secret_is_not_taken_for_a_missing_permission() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let mut import = service.import(folder.path(), "roster.csv", &[]);
    let ran = run(import.env("AWS_SECRET_ACCESS_KEY", "wrong")).exits(4);
    assert!(ran.stderr.contains("the secret access key does not go with the access key"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("needs the permission"), "{}", ran.stderr);
}

#[test]
fn a_roster_with_a_header_alone_is_not_said_to_have_no_rows_with_errors() {
    let folder = folder(&[]);
    fs::write(folder.path().join("roster.csv"), few(0)).unwrap();
    let ran = run(headcount(folder.path()).args(["import", "roster.csv", "--simulate"])).exits(3);
    assert!(ran.stderr.ends_with("nothing was sent: the roster as a whole has errors\n"), "{}", ran.stderr);
}

#[test]
fn a_ledger_in_which_nothing_stands_yet_is_a_new_one_to_a_dry_run_too() {
    let folder = folder(&["roster.csv"]);
    fs::write(folder.path().join(LEDGER), "").unwrap();
    let service = Service::start(&[]);
    run(&mut service.import(folder.path(), "roster.csv", &["--dry-run"])).exits(0);
    run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    assert_eq!(status(folder.path(), LEDGER)["rows"]["created"], 25);
}

#[test]
fn the_printed_retry_reads_national_phone_numbers_as_the_import_did() {
    let folder = folder(&[]);
    let service = Service::start(&[]);
    let roster = few(2).replacen(",Customer Care,", ",Nobody Has This,", 1);
    let mut lines: Vec<String> = roster.lines().map(str::to_owned).collect();
    let at = lines[0].split(',').position(|name| name == "mobile").unwrap();
    for line in &mut lines[1..] {
        let mut cells: Vec<&str> = line.split(',').collect();
        cells[at] = "0151 23456789";
        *line = cells.join(",");
    }
    fs::write(folder.path().join("roster.csv"), lines.join("\n")).unwrap();
    let flags = ["--rate", "1000", "--skip-invalid", "--phone-region", "DE"];
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(1);
    let printed = ran.stderr.lines().last().unwrap();
    assert!(printed.starts_with("retry with: ") && printed.contains(" --phone-region DE"), "{printed}");
}
