//! A roster of new people and of those who are there: made, told, and put right, from outside.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Ran, Service, folder, pasted, run, status};

const HEADER: &str =
    "first name,last name,email address,password,user login,routing profile name,security profiles";
const IMPORTED: &str = "r.csv.ledger.jsonl";
const UPDATED: &str = "r.csv.update.ledger.jsonl";

/// A roster of people by name, each with a last name.
fn roster(folder: &Path, people: &[(&str, &str)]) {
    let row = |(user, last): &(&str, &str)| {
        format!("Ana,{last},{user}@example.com,Canary-7f3a-Pw{user},{user},Basic Routing Profile,Agent\n")
    };
    let rows: String = people.iter().map(row).collect();
    fs::write(folder.join("r.csv"), format!("{HEADER}\n{rows}")).unwrap();
}

fn import(service: &Service, folder: &Path, flags: &[&str]) -> Ran {
    run(&mut service.import(folder, "r.csv", &[&["--rate", "1000"], flags].concat()))
}

fn update(service: &Service, folder: &Path, flags: &[&str]) -> Ran {
    run(service.headcount(folder).args(["update", "r.csv", "--instance", &service.arn]).args(flags))
}

/// Somebody else gives a user another last name.
fn edits_last_name(service: &Service, user: &str, last: &str) {
    let at = folder(&[]);
    fs::write(at.path().join("e.csv"), format!("user login,last name\n{user},{last}\n")).unwrap();
    run(service.headcount(at.path()).args(["update", "e.csv", "--instance", &service.arn])).exits(0);
}

/// The command that stands behind these words, with the program that is tested.
#[track_caller]
fn command(said: &str, before: &str) -> String {
    let rest = said.split_once(before).and_then(|(_, rest)| rest.lines().next());
    let rest = rest.unwrap_or_else(|| panic!("no {before:?} in:\n{said}"));
    let words =
        rest.strip_prefix("headcount ").or_else(|| rest.split_once("/headcount ").map(|(_, words)| words));
    format!("{} {}", env!("CARGO_BIN_EXE_headcount"), words.unwrap_or_else(|| panic!("{rest}")))
}

#[track_caller]
fn paste(service: &Service, folder: &Path, line: &str) -> Ran {
    run(&mut pasted(&service.headcount(folder), line))
}

fn rows(folder: &Path, ledger: &str, names: &[&str]) -> Vec<u64> {
    let rows = status(folder, ledger)["rows"].clone();
    assert_eq!(
        rows["total"].as_u64().unwrap(),
        rows.as_object()
            .unwrap()
            .iter()
            .filter(|(name, _)| !["total", "recovered"].contains(&name.as_str()))
            .map(|(_, n)| n.as_u64().unwrap())
            .sum::<u64>(),
        "the total is the sum of those that exclude each other"
    );
    names.iter().map(|name| rows[name].as_u64().unwrap()).collect()
}

#[test]
fn a_mixed_roster_makes_the_new_and_prints_what_puts_the_others_right() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, &[("ana", "Silva"), ("ben", "Weiss")]);
    import(&service, path, &[]).exits(0);
    fs::remove_file(path.join(IMPORTED)).unwrap();
    // One as she is, one otherwise, one new.
    roster(path, &[("ana", "Silva"), ("ben", "Schwarz"), ("cem", "Demir")]);
    let dry = import(&service, path, &["--dry-run"]).exits(0);
    let printed = command(&dry.stderr, "update with: ");
    let ran = import(&service, path, &[]).exits(1);
    assert_eq!(rows(path, IMPORTED, &["created", "there", "exists"]), [1, 1, 1]);
    assert!(
        ran.stderr.contains("1 person is there and not as the roster says; if that is who is meant"),
        "{}",
        ran.stderr
    );
    assert_eq!(command(&ran.stderr, "update with: "), printed, "the plan and the end say the same");
    let updated = paste(&service, path, &printed).exits(0);
    assert!(updated.stdout.starts_with("1 of 3 people updated, 2 as they should be"), "{}", updated.stdout);
    assert_eq!(rows(path, UPDATED, &["updated", "there", "exists", "deleted"]), [1, 2, 0, 0]);
    // And there is nothing more to do.
    paste(&service, path, &printed).exits(0);
    assert_eq!(service.calls("UpdateUserIdentityInfo", "executed"), 1);
}

#[test]
fn whoever_was_made_and_has_changed_in_the_roster_is_no_drift_once_updated() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, &[("ana", "Silva"), ("ben", "Weiss")]);
    import(&service, path, &[]).exits(0);
    roster(path, &[("ana", "Silva"), ("ben", "Schwarz")]);
    let ran = import(&service, path, &[]).exits(0);
    assert!(ran.stderr.contains("`headcount update` changes them"), "{}", ran.stderr);
    let seen = |path: &Path| status(path, IMPORTED)["seen"]["drifted"].clone();
    assert_eq!(seen(path), 1);
    paste(&service, path, &command(&ran.stderr, "update with: ")).exits(0);
    let ran = import(&service, path, &[]).exits(0);
    assert!(!ran.stderr.contains("update with: ") && !ran.stderr.contains("keeps those"), "{}", ran.stderr);
    assert_eq!(seen(path), 0);
    // A named ledger is found by the command that is printed.
    fs::rename(path.join(IMPORTED), path.join("mine.jsonl")).unwrap();
    fs::remove_file(path.join(UPDATED)).unwrap();
    let ran = import(&service, path, &["--ledger", "mine.jsonl"]).exits(0);
    let line = command(&ran.stderr, "update with: ");
    assert!(line.contains("--base mine.jsonl"), "{line}");
    paste(&service, path, &line).exits(0);
}

#[test]
fn the_ledger_of_an_update_has_a_status_a_report_and_a_retry() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, &[("ana", "Silva"), ("ben", "Weiss"), ("cem", "Demir")]);
    import(&service, path, &[]).exits(0);
    // One changed in the console, one in the roster, one who is not there.
    edits_last_name(&service, "ana", "Console");
    roster(path, &[("ana", "Silva"), ("ben", "Schwarz"), ("cem", "Demir"), ("dora", "Nova")]);
    let ran = update(&service, path, &[]).exits(1);
    assert_eq!(rows(path, UPDATED, &["updated", "there", "skipped", "total"]), [1, 1, 2, 4]);
    let told = status(path, UPDATED);
    assert_eq!((&told["job"], &told["complete"]), (&json!("update"), &json!(true)));
    let human = run(service.headcount(path).args(["status", UPDATED])).exits(0).stdout;
    for said in ["updated", "skipped", "mend in the roster what was refused or left, then: "] {
        assert!(human.contains(said), "{said}\n{human}");
    }
    assert!(!human.contains("CreateUser"), "{human}");
    let listed = run(service.headcount(path).args(["status", UPDATED, "--rows", "skipped"])).exits(0).stdout;
    for said in [
        "ana   skipped: drift: last name: changed on the instance since",
        "dora  skipped: not-there: not there",
    ] {
        assert!(
            listed.contains(said),
            "{said}
{listed}"
        );
    }
    assert!(path.join("r.csv.update.failed.csv").exists(), "{}", ran.stderr);
    for (file, said) in [
        ("u.html", "Update report"),
        ("u.csv", "changed: identity"),
        ("u.json", "\"job\": \"update\""),
        ("u.md", "### Update of `r.csv`"),
        ("u.xlsx", "PK"),
    ] {
        run(service.headcount(path).args(["report", UPDATED, "-o", file])).exits(0);
        let bytes = fs::read(path.join(file)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(said), "{file}: {said}");
        assert!(!text.contains("CreateUser") && !text.contains("import command"), "{file}");
    }
    // Left as it is by a plain retry, put back by one that is told to; the other stays.
    let retry = command(&human, "mend in the roster what was refused or left, then: ");
    paste(&service, path, &retry).exits(1);
    assert_eq!(rows(path, UPDATED, &["updated", "there", "skipped"]), [1, 1, 2]);
    paste(&service, path, &format!("{retry} --code drift --overwrite-drift")).exits(1);
    assert_eq!(rows(path, UPDATED, &["updated", "there", "skipped"]), [2, 1, 1]);
    let report = run(service.headcount(path).args(["report", UPDATED, "--format", "json"])).exits(0).stdout;
    let report: Value = serde_json::from_str(&report).unwrap();
    let parts = |name: &str| {
        report["users"].as_array().unwrap().iter().find(|row| row["user"] == name).unwrap()["parts"].clone()
    };
    assert_eq!(parts("ana"), json!({"identity": "done"}));
    // Who is not there is mended in the file of what failed.
    let failed = fs::read_to_string(path.join("r.csv.update.failed.csv")).unwrap();
    assert!(failed.contains("dora") && !failed.contains("ana@") && !failed.contains("Canary"), "{failed}");
    // The retry was told to overwrite for once.
    edits_last_name(&service, "ana", "Console");
    update(&service, path, &[]).exits(1);
    assert_eq!(rows(path, UPDATED, &["updated", "there", "skipped"]), [1, 1, 2]);
    // Gone from the roster, nothing is left of it.
    roster(path, &[("ben", "Schwarz"), ("cem", "Demir")]);
    update(&service, path, &[]).exits(0);
    assert_eq!(rows(path, UPDATED, &["total", "skipped"]), [2, 0]);
}

#[test]
fn an_import_and_an_update_refuse_the_ledger_of_the_other_and_say_which_command_goes_on() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, &[("ana", "Silva")]);
    import(&service, path, &[]).exits(0);
    update(&service, path, &[]).exits(0);
    let ran = import(&service, path, &["--ledger", UPDATED]).exits(4);
    assert!(ran.stderr.contains("`headcount update` goes on with it"), "{}", ran.stderr);
    let ran = update(&service, path, &["--ledger", IMPORTED]).exits(4);
    assert!(ran.stderr.contains("`headcount import` goes on with it"), "{}", ran.stderr);
    let ran = run(service.headcount(path).args(["retry", IMPORTED, "--overwrite-drift"])).exits(2);
    assert!(ran.stderr.contains("an import changes nobody who is there"), "{}", ran.stderr);
}

#[test]
fn an_import_that_updates_makes_the_new_and_puts_the_others_right_each_in_its_own_ledger() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, &[("ana", "Silva"), ("ben", "Weiss"), ("dora", "Nova")]);
    import(&service, path, &[]).exits(0);
    fs::remove_file(path.join(IMPORTED)).unwrap();
    // Of somebody who is there a row need not say all: neither a password nor a profile.
    let text = format!(
        "{HEADER}\n,,,,ana,,\n,Schwarz,,,ben,,\nAna,Demir,cem@example.com,Canary-7f3a-Pwcem,cem,Basic Routing Profile,Agent\n"
    );
    fs::write(path.join("r.csv"), text).unwrap();
    let dry = import(&service, path, &["--update", "--dry-run"]).exits(0);
    for said in ["plan      1 to create", "~ ben  row 3", "dry run: 1 user would be created"] {
        assert!(
            dry.stderr.contains(said) || dry.stdout.contains(said),
            "{said}\n{}{}",
            dry.stderr,
            dry.stdout
        );
    }
    let events = import(&service, path, &["--update", "--dry-run", "--format", "json"]).exits(0).stdout;
    let told: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let changes = told.iter().filter(|event| event["event"] == "change");
    let mut decided: Vec<_> =
        changes.map(|event| (event["user"].as_str().unwrap(), event["decision"].as_str().unwrap())).collect();
    decided.sort_unstable();
    assert_eq!(decided, [("ana", "same"), ("ben", "update"), ("cem", "create")]);
    let ran = import(&service, path, &["--update"]).exits(0);
    assert!(
        ran.stdout.contains("1 of 1 row created") && ran.stdout.contains("1 of 2 people updated"),
        "{}",
        ran.stdout
    );
    assert_eq!(rows(path, IMPORTED, &["total", "created"]), [1, 1]);
    assert_eq!(rows(path, UPDATED, &["total", "updated", "there"]), [2, 1, 1]);
    let calls = || (service.calls("CreateUser", "called"), service.calls("UpdateUserIdentityInfo", "called"));
    let before = calls();
    import(&service, path, &["--update"]).exits(0);
    assert_eq!(calls(), before, "nothing more is to be done");
    // What the service refuses is a failure of the row, whichever of the two it is.
    let mut text = fs::read_to_string(path.join("r.csv")).unwrap();
    text.push_str("Ana,Rua,dora@example.com,,dora,Ghost,\n");
    fs::write(path.join("r.csv"), text).unwrap();
    import(&service, path, &["--update"]).exits(3);
}

#[test]
fn a_rehearsal_makes_the_new_and_puts_the_others_right_in_one_world() {
    let at = folder(&[]);
    let path = at.path();
    let rehearse = |flags: &[&str]| {
        run(crate::harness::headcount(path).args(["import", "r.csv", "--simulate", "--yes"]).args(flags))
    };
    roster(path, &[("ana", "Silva"), ("ben", "Weiss")]);
    rehearse(&[]).exits(0);
    roster(path, &[("ana", "Silva"), ("ben", "Schwarz"), ("cem", "Demir")]);
    rehearse(&["--update"]).exits(0);
    assert_eq!(rows(path, "r.csv.simulate.ledger.jsonl", &["created"]), [3]);
    assert_eq!(rows(path, "r.csv.simulate.update.ledger.jsonl", &["updated", "there"]), [1, 1]);
    let again = rehearse(&[]).exits(0);
    assert!(!again.stderr.contains("update with: "), "{}", again.stderr);
}

#[test]
fn the_policy_of_an_import_that_updates_has_what_both_need() {
    let at = folder(&[]);
    roster(at.path(), &[("ana", "Silva")]);
    let arn = "arn:aws:connect:eu-central-1:123456789012:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3";
    let policy = |flags: &[&str]| {
        let mut command = crate::harness::headcount(at.path());
        run(command.args(["policy", "import", "r.csv", "--instance", arn]).args(flags)).exits(0).stdout
    };
    let (plain, both) = (policy(&[]), policy(&["--update"]));
    for action in
        ["connect:UpdateUserIdentityInfo", "connect:UpdateUserRoutingProfile", "connect:SearchUsers"]
    {
        assert!(both.contains(action), "{action}\n{both}");
    }
    assert!(both.contains("connect:CreateUser") && !plain.contains("connect:UpdateUser"), "{plain}");
}

#[test]
fn whom_an_update_puts_right_in_the_same_run_has_not_drifted() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, &[("ana", "Silva"), ("ben", "Weiss"), ("cem", "Demir")]);
    import(&service, path, &[]).exits(0);
    edits_last_name(&service, "cem", "Console");
    roster(path, &[("ana", "Silva"), ("ben", "Schwarz"), ("cem", "Rua"), ("dora", "Nova")]);
    let seen = |path: &Path| status(path, IMPORTED)["seen"]["drifted"].clone();
    for flags in [&["--update", "--dry-run"][..], &["--update"]] {
        let ran = import(&service, path, flags);
        assert!(!ran.stderr.contains("`ben` was created, and the roster has other cells"), "{}", ran.stderr);
        assert!(ran.stderr.contains("`cem` was created, and the roster has other cells"), "{}", ran.stderr);
    }
    assert_eq!(seen(path), 1, "who is left as somebody has changed them");
    let listed = run(service.headcount(path).args(["status", IMPORTED, "--rows", "drifted"])).exits(0).stdout;
    assert!(listed.contains("cem") && !listed.contains("ben"), "{listed}");
    import(&service, path, &["--update", "--overwrite-drift"]).exits(0);
    assert_eq!(seen(path), 0);
}
