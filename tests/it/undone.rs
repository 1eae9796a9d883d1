//! What `status`, `report` and `retry` say of a ledger of which a part or all was undone.

use std::fs;
use std::path::Path;

use headcount::ledger::RowState;
use serde_json::Value;

use crate::harness::{Ran, Service, folder, headcount, run, status};
use crate::made::{LEDGER, Made};

fn ran(folder: &Path, words: &[&str]) -> Ran {
    run(headcount(folder).args(words))
}

const CHANGED: &str = "the last name is Santos";

/// Five users: one was deleted, one left because it was changed, one refused by the service, of one nothing is known, and
/// the last was not come to.
fn in_part() -> Made {
    let mut made = Made::new();
    let users = ["ana", "ben", "cem", "dora", "eve"];
    (2..).zip(users).for_each(|(row, user)| made.plan(user, row));
    users.iter().for_each(|user| made.created(user));
    made.end(0);
    made.undo(&[]);
    made.deleting("ana", "00000000-0000-4000-8000-000000000001");
    made.of_deletion("ana", RowState::Deleted, None);
    made.of_deletion("ben", RowState::Skipped, Some(("changed-since", CHANGED)));
    made.deleting("cem", "00000000-0000-4000-8000-000000000003");
    made.of_deletion("cem", RowState::Rejected, Some(("InvalidRequestException", "not now")));
    made.deleting("dora", "00000000-0000-4000-8000-000000000004");
    made
}

/// Two users, both deleted.
fn whole() -> Made {
    let mut made = Made::new();
    (2..).zip(["ana", "ben"]).for_each(|(row, user)| made.plan(user, row));
    ["ana", "ben"].iter().for_each(|user| made.created(user));
    made.undo(&["--rate", "2"]);
    for (user, id) in [("ana", 1), ("ben", 2)] {
        made.deleting(user, &format!("00000000-0000-4000-8000-00000000000{id}"));
        made.of_deletion(user, RowState::Deleted, None);
    }
    made.end(0);
    made
}

#[test]
fn the_status_of_a_half_undone_run_says_who_is_gone_who_was_left_and_what_goes_on() {
    let folder = folder(&[]);
    in_part().write(folder.path());
    let status = ran(folder.path(), &["status", LEDGER]).exits(0).stdout;
    for told in [
        "state     an undo has not ended, and nobody is at work; the same undo command goes on with it\n",
        "created     3  (2 left by the undo: --rows created says why)\n",
        "deleted     1  (by an undo)\n",
        "unconfirmed 1  (whether the undo deleted them is not known)\n",
        "total       5\n",
        "\nundo with: headcount undo roster.csv.ledger.jsonl\n",
    ] {
        assert!(status.contains(told), "{told}\n{status}");
    }
    assert!(!status.contains("resume with"), "no import settles it: {status}");
    let listed = |which: &str| ran(folder.path(), &["status", LEDGER, "--rows", which]).exits(0).stdout;
    assert_eq!(
        listed("created"),
        format!(
            "row 3  ben  created; left by the undo: changed-since, {CHANGED}\n\
             row 4  cem  created; left by the undo: InvalidRequestException, not now\n\
             row 6  eve  created\n"
        )
    );
    assert_eq!(listed("deleted"), "row 2  ana  deleted\n");
    assert_eq!(listed("unconfirmed"), "row 5  dora  unconfirmed\n");
    let json =
        ran(folder.path(), &["status", LEDGER, "--format", "json", "--rows", "deleted,created"]).exits(0);
    let told: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&told["complete"], &told["rows"]["deleted"]), (&false.into(), &1.into()));
    assert_eq!((&told["rows"]["created"], &told["left_by_undo"]), (&3.into(), &2.into()));
    assert_eq!(told["listed"][0]["id"], "00000000-0000-4000-8000-000000000001", "whom it was");
    assert_eq!(
        (&told["listed"][1]["state"], &told["listed"][1]["code"]),
        (&"created".into(), &"changed-since".into())
    );
}

#[test]
fn the_status_of_a_run_that_was_undone_whole_says_how_everybody_is_made_anew() {
    let folder = folder(&[]);
    whole().write(folder.path());
    let status = ran(folder.path(), &["status", LEDGER]).exits(0).stdout;
    assert!(status.contains("state     undone\n") && !status.contains("undo with"), "{status}");
    let anew = status.lines().find(|line| line.starts_with("import anew with: ")).unwrap();
    assert!(anew.contains(" import /data/roster.csv ") && anew.contains("--rate 2"), "{anew}");
    assert!(
        anew.contains("--recreate-deleted") && anew.contains("--ledger roster.csv.ledger.jsonl"),
        "{anew}"
    );
    // Under its new name it is none to go on with, and the import begins one of its own.
    let undone = "roster.csv.undone-0d9c6b7e-run.ledger.jsonl";
    fs::rename(folder.path().join(LEDGER), folder.path().join(undone)).unwrap();
    let status = ran(folder.path(), &["status", undone]).exits(0).stdout;
    let anew = status.lines().find(|line| line.starts_with("import anew with: ")).unwrap();
    assert!(!anew.contains("--recreate-deleted") && !anew.contains(undone), "{anew}");
    let gone = ran(folder.path(), &["status", LEDGER]).exits(2);
    assert!(gone.stderr.contains("its run was undone") && gone.stderr.contains(undone), "{}", gone.stderr);
}

#[test]
fn every_report_tells_who_was_deleted_and_why_the_others_were_left() {
    let folder = folder(&[]);
    in_part().write(folder.path());
    let report = |format: &str| ran(folder.path(), &["report", LEDGER, "--format", format]).exits(0).stdout;
    let told: Value = serde_json::from_str(&report("json")).unwrap();
    let user = |name: &str| told["users"].as_array().unwrap().iter().find(|row| row["user"] == name).unwrap();
    assert_eq!(user("ana")["state"], "deleted");
    assert_eq!(user("ana")["attempts"], 1, "requests that make it");
    assert_eq!(user("ana")["id"], "00000000-0000-4000-8000-000000000001");
    assert_eq!((&user("ben")["state"], &user("ben")["message"]), (&"created".into(), &CHANGED.into()));
    let sessions = told["sessions"].as_array().unwrap();
    assert_eq!((&sessions[0]["sent"], &sessions[0]["created"]), (&5.into(), &5.into()));
    assert_eq!(sessions[0].get("deleted"), None);
    assert_eq!((&sessions[1]["sent"], &sessions[1]["deleted"]), (&0.into(), &1.into()));
    let causes: Vec<_> = told["causes"].as_array().unwrap().iter().collect();
    let told_of = |code: &str, state: &str| {
        let is_it = |cause: &&&Value| cause["code"] == code && cause["state"] == state;
        let cause = causes.iter().find(is_it).unwrap_or_else(|| panic!("{code}: {causes:?}"));
        cause["command"].as_str().unwrap().to_owned()
    };
    assert_eq!(causes.len(), 3, "{causes:?}");
    assert_eq!(told_of("", "unconfirmed"), format!("headcount undo {LEDGER}"));
    assert_eq!(told_of("changed-since", "created"), format!("headcount undo {LEDGER} --even-if-changed"));
    assert_eq!(told_of("InvalidRequestException", "created"), format!("headcount undo {LEDGER}"));

    let csv = report("csv");
    assert!(csv.contains(&format!("\"left by the undo: changed-since, {CHANGED}\"")), "{csv}");
    let ticket = report("md");
    assert!(
        ticket.contains("**Not confirmed.** 3 of 5 users created; 1 deleted, 1 not confirmed."),
        "{ticket}"
    );
    assert!(ticket.contains("- **1 row left by the undo** `changed-since`"), "{ticket}");
    assert!(ticket.contains("sent 0, created 0, deleted 1"), "{ticket}");
    let page = report("html");
    for told in [
        "<rect class=\"deleted\"",
        "users deleted a second",
        "<th scope=\"col\">deleted</th>",
        "1 row left by the undo <code>changed-since</code>",
        "<li class=\"deleted\"><b>1</b>",
    ] {
        assert!(page.contains(told), "{told}");
    }
    let folder = crate::harness::folder(&[]);
    whole().write(folder.path());
    let ticket = ran(folder.path(), &["report", LEDGER, "--format", "md"]).exits(0).stdout;
    assert!(ticket.contains("**Undone.** 0 of 2 users created; 2 deleted."), "{ticket}");
}

#[test]
fn a_retry_of_leavers_is_about_those_who_were_not_deleted_and_says_what_it_may() {
    const OF_LEAVERS: &str = "leavers.csv.remove.ledger.jsonl";
    let (service, at) = (Service::start(&[]), folder(&[]));
    let at = at.path();
    let row = |user: &str, profile: &str| {
        format!("Ana,Silva,{user}@example.com,Str0ng!Passw0rd,{user},Basic Routing Profile,{profile}\n")
    };
    let head =
        "first name,last name,email address,password,user login,routing profile name,security profiles\n";
    let people = [row("ana", "Agent"), row("ben", "Admin"), row("cem", "Agent")].concat();
    fs::write(at.join("roster.csv"), head.to_owned() + &people).unwrap();
    run(&mut service.import(at, "roster.csv", &["--rate", "1000"])).exits(0);
    fs::write(at.join("leavers.csv"), "user login,last name\nana,Silva\nben,Silva\ncem,Souza\n").unwrap();
    let arn = service.arn.as_str();
    let remove = ["remove", "leavers.csv", "--instance", arn, "--yes", "--count", "1"];
    run(service.headcount(at).args(remove)).exits(1);
    let told = run(headcount(at).args(["status", OF_LEAVERS])).exits(0).stdout;
    assert!(told.contains(&format!("then: headcount retry {OF_LEAVERS}\n")), "{told}");
    assert!(
        told.contains("deleted     1\n") && told.contains("skipped     2  (left: --rows skipped says why)\n"),
        "{told}"
    );

    let retry = |flags: &[&str]| run(service.headcount(at).args(["retry", OF_LEAVERS]).args(flags));
    let ran = retry(&["--even-if-admin", "--dry-run"]).exits(0);
    assert!(ran.stdout.contains("1 user would be deleted"), "{}", ran.stdout);
    retry(&["--even-if-admin", "--yes", "--count", "2"]).exits(2);
    let of_another_code = ["--even-if-admin", "--yes", "--count", "0", "--code", "differs"];
    retry(&of_another_code).exits(1);
    assert_eq!(status(at, OF_LEAVERS)["rows"]["deleted"], 1);
    retry(&["--even-if-admin", "--yes", "--count", "1"]).exits(1);
    let rows = status(at, OF_LEAVERS)["rows"].clone();
    assert_eq!((&rows["deleted"], &rows["skipped"]), (&2.into(), &1.into()), "whose last name is another");
    fs::write(at.join("leavers.csv"), "user login,last name\nana,Silva\nben,Silva\ncem,Silva\n").unwrap();
    retry(&["--yes", "--count", "1"]).exits(0);
    let ticket = run(headcount(at).args(["report", OF_LEAVERS, "--format", "md"])).exits(0).stdout;
    assert!(
        ticket.contains("### Leavers of `leavers.csv`")
            && ticket.contains("**All done.** 3 of 3 users deleted."),
        "{ticket}"
    );
    assert_eq!(service.calls("DeleteUser", "executed"), 3);

    for flags in [&["--count", "1"][..], &["--max", "3"], &["--even-if-signed-in"]] {
        let ran = run(service.headcount(at).args(["retry", LEDGER]).args(flags)).exits(2);
        assert!(ran.stderr.contains("the ledger is none of leavers"), "{}", ran.stderr);
    }
}

#[test]
fn an_import_over_an_undo_that_was_killed_says_what_settles_it_and_nothing_that_does_not() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let at = at.path();
    let row = |user: &str| {
        format!("Ana,Silva,{user}@example.com,Str0ng!Passw0rd,{user},Basic Routing Profile,Agent\n")
    };
    let head =
        "first name,last name,email address,password,user login,routing profile name,security profiles\n";
    fs::write(at.join("roster.csv"), head.to_owned() + &["ana", "ben", "cem"].map(row).concat()).unwrap();
    let import = |flags: &[&str]| run(&mut service.import(at, "roster.csv", flags));
    import(&["--rate", "1000"]).exits(0);
    let run_of = status(at, LEDGER)["run"].as_str().unwrap().to_owned();
    fs::write(at.join("stay.txt"), "ben\ncem\n").unwrap();
    let undo = ["undo", LEDGER, "--yes", "--run", &run_of];
    run(service.headcount(at).args(undo).args(["--protect", "stay.txt"])).exits(1);
    // Killed right after the next deletion was announced.
    let id = status_of(at, "created")["listed"][0]["id"].as_str().unwrap().to_owned();
    let attempt = headcount::ledger::Attempt::new(99).unwrap();
    let mut line = Vec::new();
    headcount::ledger::Entry::delete_intent("ben", attempt, &id, "2026-11-29T00:00:00.000Z".into())
        .write_to(&mut line);
    let mut ledger = fs::read(at.join(LEDGER)).unwrap();
    ledger.extend(line);
    fs::write(at.join(LEDGER), ledger).unwrap();

    let ran = import(&[]).exits(6);
    assert!(
        ran.stdout.starts_with("1 of 3 rows created, 1 undone, 1 of whom an undo has not said whether they were deleted; 0 CreateUser calls"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains(&format!("undo with: headcount undo {LEDGER}\n")), "{}", ran.stderr);
    assert!(!ran.stderr.contains("resume with"), "{}", ran.stderr);
    for told in ["1 undone", "1 whose undo is not settled", "--recreate-deleted sends it again"] {
        assert!(ran.stderr.contains(told), "{told}: {}", ran.stderr);
    }
    run(service.headcount(at).args(undo)).exits(0);
    import(&[]).exits(0);
    assert_eq!(status(at, LEDGER)["rows"]["created"], 3, "afresh");
}

#[test]
fn a_made_password_is_printed_of_whoever_an_undo_has_left_and_of_nobody_whom_it_has_deleted() {
    let at = folder(&[]);
    let at = at.path();
    let row = |user: &str| format!("Ana,Silva,{user}@example.com,,{user},Basic Routing Profile,Agent\n");
    let head =
        "first name,last name,email address,password,user login,routing profile name,security profiles\n";
    fs::write(at.join("roster.csv"), head.to_owned() + &["ana", "ben", "cem"].map(row).concat()).unwrap();
    let import =
        ["import", "roster.csv", "--simulate", "--generate-passwords", "--credentials-out", "made.jsonl"];
    run(headcount(at).args(import)).exits(0);
    let rehearsed = "roster.csv.simulate.ledger.jsonl";
    let told = run(headcount(at).args(["status", rehearsed, "--format", "json"])).exits(0);
    let told: Value = serde_json::from_str(&told.stdout).unwrap();
    fs::write(at.join("stay.txt"), "ben\n").unwrap();
    let id = told["run"].as_str().unwrap();
    run(headcount(at).args(["undo", rehearsed, "--yes", "--run", id, "--protect", "stay.txt"])).exits(1);
    let printed =
        run(headcount(at).args(["credentials", "made.jsonl", "--ledger", rehearsed])).exits(0).stdout;
    assert!(printed.contains("ben") && !printed.contains("ana") && !printed.contains("cem"), "{printed}");
}

fn status_of(at: &Path, which: &str) -> Value {
    let ran = run(headcount(at).args(["status", LEDGER, "--format", "json", "--rows", which])).exits(0);
    serde_json::from_str(&ran.stdout).unwrap()
}
