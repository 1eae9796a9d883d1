//! A run is undone by the real program, against an embedded Connect in a process of its own.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Ran, Service, folder, headcount, run, status};

const ROSTER: &str = "roster.csv";
const LEDGER: &str = "roster.csv.ledger.jsonl";

/// A folder with a roster of so many people.
fn of(people: usize) -> tempfile::TempDir {
    let at = folder(&[]);
    write(at.path(), people);
    at
}

fn write(at: &Path, people: usize) {
    let head = "first name,last name,email address,password,user login,routing profile name,security profile name(s)\n";
    let row = |n: usize| {
        format!("Ana,Silva{n},user{n}@example.com,Str0ng!Passw0rd,user{n},Basic Routing Profile,Agent\n")
    };
    let rows: String = (0..people).map(row).collect();
    std::fs::write(at.join(ROSTER), head.to_owned() + &rows).unwrap();
}

fn undo(service: &Service, at: &Path, flags: &[&str]) -> Ran {
    run(service.headcount(at).args(["undo", LEDGER]).args(flags))
}

/// Imports, and returns the run.
fn imported(service: &Service, at: &Path) -> String {
    run(&mut service.import(at, ROSTER, &["--yes"])).exits(0);
    status(at, LEDGER)["run"].as_str().unwrap().to_owned()
}

fn deletions(service: &Service) -> u64 {
    service.calls("DeleteUser", "executed")
}

/// The events of `--format json`.
fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_is_undone_once_by_its_name_and_the_same_import_begins_afresh() {
    let (service, at) = (Service::start(&[]), of(5));
    let at = at.path();
    let id = imported(&service, at);
    let ran = undo(&service, at, &["--yes", "--run", &id]).exits(0);
    assert!(ran.stdout.starts_with("5 of 5 people deleted; "), "{}", ran.stdout);
    assert_eq!(deletions(&service), 5);
    let renamed = format!("roster.csv.undone-{id}.ledger.jsonl");
    assert!(ran.stderr.contains(&format!("its ledger is `{renamed}` now")), "{}", ran.stderr);
    assert!(at.join(&renamed).exists() && !at.join(LEDGER).exists());
    // The same command once more, by either name.
    for ledger in [LEDGER, &renamed] {
        let again = run(service.headcount(at).args(["undo", ledger])).exits(0);
        assert_eq!(again.stdout, "nothing is left to undo\n", "{}", again.stderr);
    }
    assert_eq!(service.calls("DeleteUser", "called"), 5);
    assert_ne!(imported(&service, at), id);
    assert_eq!(service.calls("CreateUser", "executed"), 10);
}

#[test]
fn where_nobody_is_there_to_type_the_number_the_exact_command_is_said() {
    let (service, at) = (Service::start(&[]), of(3));
    let at = at.path();
    let id = imported(&service, at);
    for flags in [&[][..], &["--yes"], &["--run", &id]] {
        let ran = undo(&service, at, flags).exits(2);
        assert!(ran.stderr.contains("nobody was deleted: 3 users would be"), "{}", ran.stderr);
        let hint = ran.stderr.replace("\n", " ");
        assert!(hint.contains(&format!("--run {id}")) && hint.contains("--yes"), "{}", ran.stderr);
    }
    assert_eq!(service.calls("DeleteUser", "called"), 0);
    assert_eq!(status(at, LEDGER)["rows"]["created"], 3);
}

#[test]
fn another_run_is_refused_before_anything_is_read() {
    let (service, at) = (Service::start(&[]), of(2));
    let at = at.path();
    let id = imported(&service, at);
    let reads = || (service.calls("ListUsers", "called"), service.calls("DescribeUser", "called"));
    let before = reads();
    let ran = undo(&service, at, &["--yes", "--run", "another"]).exits(2);
    assert!(ran.stderr.contains(&id) && ran.stderr.contains("nobody was deleted"), "{}", ran.stderr);
    assert_eq!((reads(), service.calls("DeleteUser", "called")), (before, 0));
}

#[test]
fn a_dry_run_names_everybody_and_deletes_nobody() {
    let (service, at) = (Service::start(&[]), of(3));
    let at = at.path();
    imported(&service, at);
    std::fs::write(at.join("keep.txt"), "\u{feff}# the leads\r\nUSER1\r\n").unwrap();
    let ledger = std::fs::read(at.join(LEDGER)).unwrap();
    let flags = ["--dry-run", "--protect", "keep.txt"];
    let ran = undo(&service, at, &flags).exits(0);
    assert_eq!(ran.stdout, "dry run: 2 users would be deleted; nothing was sent\n");
    for said in ["2 to delete, 1 left", "- user0  row 2", "! user1  row 3", "contact records stay"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let ran = undo(&service, at, &[&flags[..], &["--format", "json"]].concat()).exits(0);
    let decided: Vec<_> = events(&ran)
        .iter()
        .filter(|event| event["event"] == "removal")
        .map(|e| e["decision"].clone())
        .collect();
    assert_eq!(decided, ["delete", "skip", "delete"]);
    assert_eq!(std::fs::read(at.join(LEDGER)).unwrap(), ledger);
    assert_eq!(service.calls("DeleteUser", "called"), 0);
}

#[test]
fn a_file_of_those_who_are_to_stay_that_names_nobody_is_a_mistake() {
    let (service, at) = (Service::start(&[]), of(1));
    let at = at.path();
    let id = imported(&service, at);
    std::fs::write(at.join("none.txt"), "# nobody yet\n\n").unwrap();
    for file in ["none.txt", "missing.txt", "."] {
        let ran = undo(&service, at, &["--yes", "--run", &id, "--protect", file]).exits(2);
        assert!(ran.stderr.contains("those who are to stay"), "{}", ran.stderr);
    }
    assert_eq!(service.calls("DeleteUser", "called"), 0);
}

#[test]
fn a_rehearsal_is_undone_in_the_rehearsal_and_an_import_is_not() {
    let at = of(4);
    let at = at.path();
    let rehearsed = "roster.csv.simulate.ledger.jsonl";
    for flags in [&["--simulate"][..], &[]] {
        run(headcount(at).args(["import", ROSTER, "--simulate"])).exits(0);
        let id = status(at, rehearsed)["run"].as_str().unwrap().to_owned();
        let undone =
            headcount(at).args(["undo", rehearsed, "--yes", "--run", &id]).args(flags).output().unwrap();
        let told = String::from_utf8_lossy(&undone.stdout).into_owned();
        assert!(undone.status.success() && told.starts_with("4 of 4 people deleted; "), "{undone:?}");
    }
    let service = Service::start(&[]);
    imported(&service, at);
    let ran = undo(&service, at, &["--simulate"]).exits(2);
    assert!(ran.stderr.contains("this is a rehearsal"), "{}", ran.stderr);
    assert_eq!(service.calls("DeleteUser", "called"), 0);
}

#[test]
fn a_ledger_that_made_nobody_has_another_way_back() {
    let (service, at) = (Service::start(&[]), of(2));
    let at = at.path();
    imported(&service, at);
    let text = std::fs::read_to_string(at.join(ROSTER)).unwrap().replace("Silva1", "Santos");
    std::fs::write(at.join(ROSTER), text).unwrap();
    let update = ["update", ROSTER, "--yes", "--instance", &service.arn];
    run(service.headcount(at).args(update)).exits(0);
    let ran = run(service.headcount(at).args(["undo", "roster.csv.update.ledger.jsonl"])).exits(2);
    assert!(ran.stderr.contains("before") && ran.stderr.contains("update"), "{}", ran.stderr);
    // What the update left as it was asked is still the run's to take.
    let id = status(at, LEDGER)["run"].as_str().unwrap().to_owned();
    undo(&service, at, &["--yes", "--run", &id]).exits(0);
    assert_eq!(deletions(&service), 2);
}

#[test]
fn a_ledger_that_is_not_there_is_said_to_be_missing() {
    let (service, at) = (Service::start(&[]), of(1));
    let ran = undo(&service, at.path(), &["--yes", "--run", "x"]).exits(2);
    assert!(ran.stderr.contains(LEDGER), "{}", ran.stderr);
}
