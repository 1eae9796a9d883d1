//! What `status`, `report` and `retry` say of a ledger of which a part or all was undone.

use std::fs;
use std::path::Path;

use headcount::ledger::RowState;
use serde_json::Value;

use crate::harness::{Ran, folder, headcount, run};
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
