//! Whoever is on a list of leavers is deleted, from outside: what is typed, what is said, and how it exits.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Ran, Service, folder, run, status};

const HEADER: &str =
    "first name,last name,email address,password,user login,routing profile name,security profiles";
const LEDGER: &str = "leavers.csv.remove.ledger.jsonl";

/// An instance with these people, by login and security profile, each called Ana Silva.
fn there(people: &[(&str, &str)]) -> (Service, tempfile::TempDir) {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let row = |(user, profile): &(&str, &str)| {
        format!("Ana,Silva,{user}@example.com,Canary-7f3a-Pw{user},{user},Basic Routing Profile,{profile}\n")
    };
    let rows: String = people.iter().map(row).collect();
    fs::write(at.path().join("r.csv"), format!("{HEADER}\n{rows}")).unwrap();
    run(&mut service.import(at.path(), "r.csv", &["--rate", "1000"])).exits(0);
    (service, at)
}

fn say(folder: &Path, list: &str) {
    fs::write(folder.join("leavers.csv"), list).unwrap();
}

fn remove(service: &Service, folder: &Path, flags: &[&str]) -> Ran {
    run(service.headcount(folder).args(["remove", "leavers.csv", "--instance", &service.arn]).args(flags))
}

fn deleted(service: &Service) -> u64 {
    service.calls("DeleteUser", "executed")
}

#[test]
fn without_a_terminal_the_number_is_part_of_the_command_and_another_number_deletes_nobody() {
    let (service, at) = there(&[("ana", "Agent"), ("ben", "Agent"), ("cem", "Agent")]);
    let path = at.path();
    say(path, "user login,first name\nana,Ana\nben,Ana\n");
    let ran = remove(&service, path, &[]).exits(2);
    assert!(ran.stderr.contains("--yes --count 2"), "{}", ran.stderr);
    for flags in [&["--yes"][..], &["--count", "2"], &["--yes", "--count", "1"], &["--yes", "--count", "3"]] {
        remove(&service, path, flags).exits(2);
    }
    assert_eq!(deleted(&service), 0);
    assert!(!path.join(LEDGER).exists());
    let ran = remove(&service, path, &["--dry-run"]).exits(0);
    assert!(ran.stdout.contains("2 users would be deleted; nothing was sent"), "{}", ran.stdout);
    assert!(ran.stderr.contains("- ana  row 2") && ran.stderr.contains("- ben  row 3"), "{}", ran.stderr);
    assert_eq!((deleted(&service), path.join(LEDGER).exists()), (0, false));
    let ran = remove(&service, path, &["--yes", "--count", "2"]).exits(0);
    assert!(ran.stdout.starts_with("2 of 2 people deleted"), "{}", ran.stdout);
    assert_eq!(deleted(&service), 2);
    assert_eq!(service.calls("DeleteAllEntitySessions", "executed"), 2);
    let status = status(path, LEDGER);
    assert_eq!(
        (&status["rows"]["deleted"], &status["rows"]["total"], &status["complete"]),
        (&Value::from(2), &Value::from(2), &Value::from(true))
    );
    // The same command again has nothing to do, and says so.
    let ran = remove(&service, path, &["--yes", "--count", "2"]).exits(0);
    assert!(ran.stderr.contains("2 deleted before"), "{}", ran.stderr);
    assert_eq!(deleted(&service), 2);
    assert!(path.join("leavers.csv.before.csv").exists() && !path.join("leavers.csv.before.2.csv").exists());
}

#[test]
fn each_reason_to_leave_somebody_is_named_with_what_lifts_it() {
    let (service, at) = there(&[("ana", "Agent"), ("ben", "Admin"), ("cem", "Agent"), ("dan", "Agent")]);
    let path = at.path();
    say(path, "user login,last name\nana,Silva\nben,Silva\ncem,Silvo\ndan,Silva\neve,Silva\n");
    fs::write(path.join("keep.txt"), "\u{feff}# the leads\r\nDA*\r\n").unwrap();
    let flags = ["--yes", "--count", "1", "--protect", "keep.txt"];
    let ran = remove(&service, path, &flags).exits(1);
    for said in [
        "left, 1: has the security profile Admin; --even-if-admin deletes them too",
        "left, 1: is not the person of the list",
        "last name is `Silva`, and `Silvo` on the list",
        "left, 1: is on the list of those who are to stay",
        "left, 1: nobody of exactly this name is there",
        "--rows skipped",
    ] {
        let said_so = ran.stderr.replace('\n', " ").replace("  ", " ");
        assert!(said_so.contains(said), "{said}\n{}", ran.stderr);
    }
    assert_eq!(deleted(&service), 1);
    let lifted =
        remove(&service, path, &["--yes", "--count", "1", "--protect", "keep.txt", "--even-if-admin"]);
    lifted.exits(1);
    assert_eq!(deleted(&service), 2);
    for (name, text) in [("none.txt", None), ("empty.txt", Some("# nobody\n"))] {
        text.into_iter().for_each(|text| fs::write(path.join(name), text).unwrap());
        remove(&service, path, &["--yes", "--count", "1", "--protect", name]).exits(2);
    }
    assert_eq!(deleted(&service), 2);
}

#[test]
fn programs_get_an_event_for_each_person_and_each_that_went() {
    let (service, at) = there(&[("ana", "Agent"), ("ben", "Agent")]);
    let path = at.path();
    say(path, "user login,last name\nana,Silva\nben,Other\n");
    let ran = remove(&service, path, &["--yes", "--count", "1", "--format", "json"]).exits(1);
    let events: Vec<Value> = ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let removals: Vec<&Value> = events.iter().filter(|event| event["event"] == "removal").collect();
    assert_eq!(removals.len(), 2);
    assert_eq!((&removals[0]["decision"], &removals[0]["code"]), (&"delete".into(), &Value::Null));
    assert_eq!((&removals[1]["decision"], &removals[1]["code"]), (&"skip".into(), &"differs".into()));
    let gone: Vec<&Value> = events.iter().filter(|event| event["event"] == "deleted").collect();
    assert_eq!((gone.len(), &gone[0]["user"]), (1, &"ana".into()));
    assert_eq!(events.last().unwrap()["rows"]["deleted"], 1);
}

#[test]
fn what_is_a_whole_roster_or_too_much_of_the_instance_deletes_nobody() {
    let people: Vec<String> = (0..12).map(|n| format!("user{n}")).collect();
    let people: Vec<(&str, &str)> = people.iter().map(|name| (name.as_str(), "Agent")).collect();
    let (service, at) = there(&people);
    let path = at.path();
    let rows: String = people.iter().map(|(name, _)| format!("{name},Silva\n")).collect();
    say(path, &format!("user login,last name\n{rows}"));
    let ran = remove(&service, path, &["--yes", "--count", "12"]).exits(4);
    assert!(ran.stderr.contains("12 of 12 users") && ran.stderr.contains("--max 12"), "{}", ran.stderr);
    let rows: String = (0..12).map(|n| format!("user{n},{}\n", ["Active", "Terminated"][n % 2])).collect();
    say(path, &format!("user login,status\n{rows}"));
    let ran = remove(&service, path, &["--yes", "--count", "12", "--max", "12"]).exits(3);
    assert!(ran.stderr.contains("stayers-in-list"), "{}", ran.stderr);
    assert_eq!(deleted(&service), 0);
}

#[test]
fn whoever_is_suspended_is_left_with_next_to_no_rights_and_deleted_later() {
    let (service, at) = there(&[("ana", "Agent|CallCenterManager"), ("ben", "Admin"), ("cem", "Agent")]);
    let path = at.path();
    say(path, "user login,last name\nana,Silva\nben,Silva\ncem,Other\n");
    let suspend = ["--first-suspend", "QualityAnalyst", "--yes"];
    let ran = remove(&service, path, &[&suspend[..], &["--dry-run"]].concat()).exits(0);
    assert!(ran.stdout.contains("1 user would be suspended"), "{}", ran.stdout);
    assert!(!path.join("leavers.csv.suspended.csv").exists());
    let ran = remove(&service, path, &suspend).exits(1);
    assert_eq!(service.calls("UpdateUserSecurityProfiles", "executed"), 1);
    assert_eq!(deleted(&service), 0);
    let later = ran.stderr.lines().find(|line| line.contains("delete them later with: ")).unwrap();
    assert!(later.contains("remove leavers.csv --instance"), "{later}");
    let diff =
        run(service.headcount(path).args(["diff", "leavers.csv.suspended.csv", "--instance", &service.arn]));
    diff.exits(0);
    // Again nothing is left to do; and what was kept puts them back.
    remove(&service, path, &suspend).exits(1);
    assert_eq!(service.calls("UpdateUserSecurityProfiles", "executed"), 1);
    // Another file of that name stays.
    fs::write(path.join("leavers.csv.suspended.csv"), "my own notes\n").unwrap();
    remove(&service, path, &suspend).exits(4);
    assert_eq!(fs::read_to_string(path.join("leavers.csv.suspended.csv")).unwrap(), "my own notes\n");
    remove(&service, path, &["--yes", "--count", "1"]).exits(1);
    assert_eq!(deleted(&service), 1);
}

#[test]
fn a_rehearsal_has_the_people_of_the_list_and_touches_nothing_of_the_real_one() {
    let at = folder(&[]);
    let path = at.path();
    say(path, "user login,first name,email address\nana,Ana,ana@x.org\nben,Ben,\n");
    let rehearsed = |flags: &[&str]| {
        run(crate::harness::headcount(path).args(["remove", "leavers.csv", "--simulate"]).args(flags))
    };
    rehearsed(&["--dry-run"]).exits(0);
    let ran = rehearsed(&["--yes", "--count", "2"]).exits(0);
    assert!(ran.stdout.starts_with("2 of 2 people deleted"), "{}", ran.stdout);
    rehearsed(&["--yes", "--count", "2"]).exits(0);
    let mut names: Vec<_> =
        fs::read_dir(path).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(
        names,
        [
            "leavers.csv",
            "leavers.csv.simulate.before.csv",
            "leavers.csv.simulate.people.jsonl",
            "leavers.csv.simulate.remove.ledger.jsonl"
        ]
    );
}

#[test]
fn no_leaver_is_made_anew_by_an_import_of_those_who_are_missing() {
    let (service, at) = there(&[("ana", "Agent"), ("ben", "Agent"), ("cem", "Agent")]);
    let path = at.path();
    say(path, "user login,first name\nana,Ana\n");
    remove(&service, path, &["--yes", "--count", "1"]).exits(0);
    let ran = run(&mut service.import(path, "r.csv", &["--rate", "1000", "--recreate-missing", "--yes"]));
    assert_eq!(service.calls("CreateUser", "executed"), 3, "{}", ran.stderr);
}

#[test]
fn a_list_is_permitted_what_it_does_and_no_more() {
    let at = folder(&[]);
    say(at.path(), "user login\nana\n");
    fs::write(at.path().join("s.csv"), format!("{HEADER},action\n")).unwrap();
    let arn = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";
    let actions = |words: &[&str]| -> Vec<String> {
        let ran =
            run(crate::harness::headcount(at.path()).arg("policy").args(words).args(["--instance", arn]));
        let policy: Value = serde_json::from_str(&ran.exits(0).stdout).unwrap();
        serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap()
    };
    let has = |actions: &[String], name: &str| actions.contains(&format!("connect:{name}"));
    let all = [
        "DeleteUser",
        "DeleteAllEntitySessions",
        "GetCurrentUserData",
        "SearchQuickConnects",
        "DescribeUser",
    ];
    let list = actions(&["remove", "leavers.csv"]);
    for name in all {
        assert!(has(&list, name), "{name}: {list:?}");
    }
    for name in ["CreateUser", "DeleteQuickConnect", "UpdateUserSecurityProfiles", "TagResource"] {
        assert!(!has(&list, name), "{name}: {list:?}");
    }
    assert!(has(&actions(&["remove", "leavers.csv", "--with-quick-connects"]), "DeleteQuickConnect"));
    assert!(!has(&actions(&["remove", "leavers.csv", "--dry-run"]), "DeleteUser"));
    let suspends = actions(&["remove", "leavers.csv", "--first-suspend", "None"]);
    assert!(has(&suspends, "UpdateUserSecurityProfiles") && !has(&suspends, "UpdateUserRoutingProfile"));
    assert!(!has(&suspends, "DeleteUser"));
    let sheet = actions(&["import", "s.csv", "--actions"]);
    for name in ["CreateUser", "UpdateUserIdentityInfo", "DeleteUser", "DeleteAllEntitySessions"] {
        assert!(has(&sheet, name), "{name}: {sheet:?}");
    }
    assert!(!has(&actions(&["import", "s.csv"]), "DeleteUser"));
}

#[test]
fn whoever_was_not_deleted_stands_in_a_file_with_the_reason_that_is_a_list_once_it_is_mended() {
    let (service, at) = there(&[("ana", "Agent"), ("ben", "Agent")]);
    let path = at.path();
    say(path, "user login,last name\nana,Silva\nben,Silvo\n");
    let ran = remove(&service, path, &["--yes", "--count", "1"]).exits(1);
    let file = path.join("leavers.csv.remove.failed.csv");
    assert!(ran.stderr.contains("leavers.csv.remove.failed.csv"), "{}", ran.stderr);
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("differs") && text.contains("ben") && !text.contains("ana"), "{text}");
    fs::write(&file, text.replacen("Silvo", "Silva", 1)).unwrap();
    let words =
        ["remove", "leavers.csv.remove.failed.csv", "--yes", "--count", "1", "--instance", &service.arn];
    run(service.headcount(path).args(words)).exits(0);
    assert_eq!(deleted(&service), 2);
}
