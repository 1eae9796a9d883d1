//! Who is there already: compared with the roster, named by the plan, and no failure where it is equal.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Ran, Service, folder, pasted, run, status};

const HEADER: &str = "first name,last name,email address,password,user login,routing profile name,security profiles,hierarchy,tags";

/// A roster of these people; whoever `is_other` picks has another last name.
fn roster(folder: &Path, name: &str, people: std::ops::Range<u32>, is_other: impl Fn(u32) -> bool) {
    let mut text = format!("{HEADER}\n");
    for n in people {
        let last = if is_other(n) { "Other" } else { "Last" };
        writeln!(
            text,
            "First{n},{last},u{n}@example.com,Canary-7f3a-Pw{n},u{n},Basic Routing Profile,Agent,,"
        )
        .unwrap();
    }
    fs::write(folder.join(name), text).unwrap();
}

fn import(service: &Service, folder: &Path, roster: &str, flags: &[&str]) -> Ran {
    run(&mut service.import(folder, roster, &[&["--rate", "1000"], flags].concat()))
}

fn counted(folder: &Path, ledger: &str) -> [u64; 4] {
    let rows = status(folder, ledger)["rows"].clone();
    ["total", "created", "there", "exists"].map(|name| rows[name].as_u64().unwrap())
}

#[test]
fn a_second_wave_under_a_new_name_is_no_failure_and_asks_no_more_than_it_must() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, "one.csv", 0..12, |_| false);
    import(&service, path, "one.csv", &[]).exits(0);
    let (described, searched) =
        (service.calls("DescribeUser", "called"), service.calls("SearchUsers", "called"));
    roster(path, "two.csv", 0..14, |_| false);
    let ran = import(&service, path, "two.csv", &[]).exits(0);
    assert!(ran.stdout.starts_with("2 of 14 rows created, 12 there already and equal; "), "{}", ran.stdout);
    for said in
        ["2 to create, 12 there already (12 equal)", "12 are there and equal: `u0`, `u1`", "and 2 more"]
    {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
    assert!(ran.stderr.contains("12 of 12 who are there were made by run"), "{}", ran.stderr);
    assert!(ran.stderr.contains("its ledger, `one.csv.ledger.jsonl`, is what knows them"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("give another") && !path.join("two.csv.failed.csv").exists());
    assert_eq!(counted(path, "two.csv.ledger.jsonl"), [14, 2, 12, 0]);
    // One look each, by the id that the list has said, and none of them again when the rows' turn comes.
    assert_eq!(service.calls("DescribeUser", "called") - described, 12);
    assert_eq!(service.calls("SearchUsers", "called"), searched);
    assert_eq!(service.calls("CreateUser", "called"), 14);
    let ran = import(&service, path, "two.csv", &[]).exits(0);
    assert!(ran.stdout.starts_with("2 of 14 rows created, 12 there already and equal; "), "{}", ran.stdout);
    assert_eq!(service.calls("DescribeUser", "called") - described, 12, "what is known is not asked again");
}

#[test]
fn whoever_differs_is_named_with_what_is_there_and_what_is_wanted() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, "one.csv", 0..3, |_| false);
    import(&service, path, "one.csv", &[]).exits(0);
    fs::remove_file(path.join("one.csv.ledger.jsonl")).unwrap();
    roster(path, "two.csv", 0..4, |n| n == 1);
    let dry = import(&service, path, "two.csv", &["--dry-run"]).exits(0);
    let differs = "`u1` differs (there → roster): last name `Last` → `Other`";
    assert!(dry.stdout.contains(differs) || dry.stderr.contains(differs), "{}{}", dry.stdout, dry.stderr);
    let events = import(&service, path, "two.csv", &["--dry-run", "--format", "json"]).exits(0).stdout;
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let compared: Vec<_> = events.iter().filter(|event| event["event"] == "compared").collect();
    assert_eq!(compared.len(), 3);
    assert_eq!(compared[1]["differs"], json!([{"member": "last name", "there": "Last", "wanted": "Other"}]));
    assert_eq!((&compared[0]["equal"], &compared[1]["equal"]), (&json!(true), &json!(false)));
    let changes: Vec<_> = events.iter().filter(|event| event["event"] == "change").collect();
    let change = |user: &str, row: u32, differs: Option<[&str; 4]>, decision: &str| {
        let [group, cell, from, to] =
            differs.map_or([Value::Null, Value::Null, Value::Null, Value::Null], |all| all.map(Value::from));
        json!({"event": "change", "user": user, "row": row, "group": group, "cell": cell, "from": from, "to": to, "decision": decision})
    };
    let mut expected = [
        change("u0", 2, None, "same"),
        change("u1", 3, Some(["identity", "last name", "Last", "Other"]), "skip"),
        change("u2", 4, None, "same"),
        change("u3", 5, None, "create"),
    ];
    expected[1]["code"] = json!("exists");
    assert_eq!(changes, expected.iter().collect::<Vec<_>>(), "everybody of the plan, by name");
    let ran = import(&service, path, "two.csv", &[]).exits(1);
    assert!(
        ran.stdout.contains("1 of 4 rows created, 2 there already and equal, 1 exists already"),
        "{}",
        ran.stdout
    );
    // All three are of the run whose ledger is gone: nobody is asked for another name.
    assert!(ran.stderr.contains("3 of 3 who are there already were made by run"), "{}", ran.stderr);
    assert!(ran.stderr.contains("no other name is needed"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("give another"), "{}", ran.stderr);
    assert!(!path.join("two.csv.failed.csv").exists());
    assert_eq!(counted(path, "two.csv.ledger.jsonl"), [4, 1, 2, 1]);
}

#[test]
fn a_lost_ledger_creates_nobody_twice_and_an_emptied_one_is_said() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, "r.csv", 0..5, |_| false);
    import(&service, path, "r.csv", &[]).exits(0);
    fs::write(path.join("r.csv.ledger.jsonl"), "").unwrap();
    let ran = import(&service, path, "r.csv", &["--dry-run"]).exits(0);
    assert!(ran.stderr.contains("`r.csv.ledger.jsonl` is there and empty"), "{}", ran.stderr);
    let ran = import(&service, path, "r.csv", &[]).exits(0);
    assert!(ran.stderr.contains("`r.csv.ledger.jsonl` is there and empty"), "{}", ran.stderr);
    assert!(ran.stderr.contains("its ledger, which is not beside this roster, is"), "{}", ran.stderr);
    assert_eq!(counted(path, "r.csv.ledger.jsonl"), [5, 0, 5, 0]);
    assert_eq!(service.calls("CreateUser", "called"), 5);
}

#[test]
fn a_ledger_that_an_editor_saved_with_a_byte_order_mark_goes_on() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, "r.csv", 0..3, |_| false);
    import(&service, path, "r.csv", &[]).exits(0);
    let ledger = path.join("r.csv.ledger.jsonl");
    for (people, end) in [(4, "\n"), (5, "\r\n")] {
        let text = fs::read_to_string(&ledger).unwrap();
        fs::write(&ledger, format!("\u{FEFF}{}", text.trim_start_matches('\u{FEFF}').replace('\n', end)))
            .unwrap();
        roster(path, "r.csv", 0..people, |_| false);
        import(&service, path, "r.csv", &[]).exits(0);
        let all = u64::from(people);
        assert_eq!(counted(path, "r.csv.ledger.jsonl"), [all, all, 0, 0], "{end:?}");
        import(&service, path, "r.csv", &[]).exits(0);
    }
    fs::write(&ledger, "\u{FEFF}").unwrap();
    import(&service, path, "r.csv", &[]).exits(0);
    assert_eq!(counted(path, "r.csv.ledger.jsonl"), [5, 0, 5, 0]);
}

#[test]
fn names_of_people_whom_no_one_run_made_are_taken_as_ever() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    for (n, name) in (0..3).zip(["a.csv", "b.csv", "c.csv"]) {
        roster(path, name, n..n + 1, |_| false);
        import(&service, path, name, &[]).exits(0);
    }
    roster(path, "r.csv", 0..3, |n| n != 2);
    let ran = import(&service, path, "r.csv", &[]).exits(1);
    assert!(
        ran.stderr.contains("2 rows have usernames that are taken: give another there"),
        "{}",
        ran.stderr
    );
    assert!(path.join("r.csv.failed.csv").exists());
    assert_eq!(counted(path, "r.csv.ledger.jsonl"), [3, 0, 1, 2]);
    let listed =
        run(service.headcount(path).args(["status", "r.csv.ledger.jsonl", "--rows", "there"])).exits(0);
    assert!(listed.stdout.contains("row 4  u2  there: user "), "{}", listed.stdout);
}

/// Somebody gives a user another last name, and another address where that is said.
fn edits(service: &Service, user: &str, last: &str, email: &str) {
    let at = folder(&[]);
    let text = format!("user login,last name,email address\n{user},{last},{email}\n");
    fs::write(at.path().join("e.csv"), text).unwrap();
    let mut line = service.headcount(at.path());
    run(line.args(["update", "e.csv", "--instance", &service.arn, "--change-email"])).exits(0);
}

#[test]
fn whoever_was_made_and_has_been_changed_since_is_named_by_a_plan_and_by_a_resume() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    // A few, at each of whom a plan looks; many, who are searched for.
    for (name, people) in [("few.csv", 0..3), ("many.csv", 10..40)] {
        let (first, number) = (people.start, people.end - people.start);
        let (who, ledger) = (format!("u{first}"), format!("{name}.ledger.jsonl"));
        roster(path, name, people, |_| false);
        import(&service, path, name, &[]).exits(0);
        edits(&service, &who, "Console", "");
        let calls = || ["SearchUsers", "DescribeUser"].map(|name| service.calls(name, "called"));
        let before = calls();
        let dry = import(&service, path, name, &["--dry-run"]).exits(0);
        let after = calls();
        assert!(after[0] - before[0] <= 1 && after[1] - before[1] <= 3, "{before:?} {after:?}");
        let said = format!(
            "`{who}` was changed on the instance since (there → roster): last name `Console` → `Last`"
        );
        assert!(dry.stderr.contains(&said), "{}", dry.stderr);
        assert!(
            dry.stderr.contains(&format!("made      {} are there as the roster has them", number - 1)),
            "{}",
            dry.stderr
        );
        let events = import(&service, path, name, &["--dry-run", "--format", "json"]).exits(0).stdout;
        let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let told: Vec<_> =
            events.iter().filter(|event| event["event"] == "change" && event["decision"] != "same").collect();
        let expected = json!({"event": "change", "user": who, "row": 2, "group": "identity", "cell": "last name",
            "from": "Console", "to": "Last", "decision": "drift"});
        assert_eq!(told, [&expected]);
        let ran = import(&service, path, name, &[]).exits(0);
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
        assert!(!ran.stderr.contains("the roster has other cells"), "{}", ran.stderr);
        let seen = || status(path, &ledger)["seen"]["drifted"].clone();
        assert_eq!(seen(), 1);
        let listed =
            run(service.headcount(path).args(["status", &ledger, "--rows", "drifted"])).exits(0).stdout;
        assert!(listed.contains(&who) && listed.lines().count() == 1, "{listed}");
        // What is printed puts them back, and then nobody differs.
        let back = ran.stderr.lines().find_map(|line| line.strip_prefix("put back with: ")).unwrap();
        assert!(
            !ran.stderr.contains("update with: ") && back.contains("--overwrite-drift"),
            "{}",
            ran.stderr
        );
        run(&mut pasted(&service.headcount(path), back)).exits(0);
        let ran = import(&service, path, name, &[]).exits(0);
        assert!(!ran.stderr.contains("put back with"), "{}", ran.stderr);
        assert_eq!(seen(), 0);
    }
    assert_eq!(service.calls("CreateUser", "called"), 33);
}

#[test]
fn an_address_that_somebody_has_changed_is_put_back_by_the_command_that_is_printed() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    roster(path, "r.csv", 0..2, |_| false);
    import(&service, path, "r.csv", &[]).exits(0);
    edits(&service, "u0", "Last", "stolen@example.com");
    let dry = import(&service, path, "r.csv", &["--dry-run"]).exits(0);
    let back = dry.stderr.lines().find_map(|line| line.strip_prefix("put back with: ")).unwrap();
    assert!(back.contains("--overwrite-drift --change-email"), "{back}");
    run(&mut pasted(&service.headcount(path), back)).exits(0);
    // And one that the roster asks of somebody whom nobody at hand has made.
    fs::remove_file(path.join("r.csv.ledger.jsonl")).unwrap();
    fs::remove_file(path.join("r.csv.update.ledger.jsonl")).unwrap();
    edits(&service, "u1", "Last", "other@example.com");
    let dry = import(&service, path, "r.csv", &["--dry-run"]).exits(0);
    let update =
        dry.stderr.lines().find_map(|line| line.strip_prefix("update, addresses too, with: ")).unwrap();
    run(&mut pasted(&service.headcount(path), update)).exits(0);
    let ran = run(service.headcount(path).args(["diff", "r.csv", "--instance", &service.arn])).exits(0);
    assert!(ran.stdout.contains("2 as they should be"), "{}", ran.stdout);
}
