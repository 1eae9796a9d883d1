//! Those who join, move and leave from one sheet in which a column says which: three jobs of one command.

use std::fs;
use std::path::Path;

use crate::harness::{Ran, Service, folder, headcount, run, status};

const HEADER: &str =
    "first name,last name,email address,password,user login,routing profile name,security profiles,action";

fn sheet(folder: &Path, rows: &[(&str, &str, &str)]) {
    let row = |(user, last, action): &(&str, &str, &str)| {
        let who = format!("Ana,{last},{user}@example.com,Canary-7f3a-Pw{user},{user}");
        format!("{who},Basic Routing Profile,Agent,{action}\n")
    };
    let rows: String = rows.iter().map(row).collect();
    fs::write(folder.join("s.csv"), format!("{HEADER}\n{rows}")).unwrap();
}

fn import(service: &Service, folder: &Path, flags: &[&str]) -> Ran {
    run(&mut service.import(folder, "s.csv", &[&["--rate", "1000"], flags].concat()))
}

/// Ana, Ben and Cem are there, made by a sheet of joiners.
fn there() -> (Service, tempfile::TempDir) {
    let (service, at) = (Service::start(&[]), folder(&[]));
    sheet(at.path(), &[("ana", "Silva", "join"), ("ben", "Weiss", "JOINER"), ("cem", "Demir", "new hire")]);
    let ran = import(&service, at.path(), &["--actions"]).exits(0);
    assert!(ran.stdout.starts_with("3 of 3 rows created"), "{}", ran.stdout);
    (service, at)
}

fn called(service: &Service) -> [u64; 3] {
    ["CreateUser", "UpdateUserIdentityInfo", "DeleteUser"].map(|call| service.calls(call, "executed"))
}

#[test]
fn who_joins_is_made_who_moves_is_changed_and_who_leaves_is_deleted_by_one_command() {
    let (service, at) = there();
    let path = at.path();
    sheet(
        path,
        &[
            ("ana", "Silva", "leave"),
            ("ben", "Schwarz", "transfer"),
            ("cem", "Demir", ""),
            ("dan", "Ray", "hire"),
        ],
    );
    let dry = import(&service, path, &["--actions", "--dry-run"]).exits(0);
    for said in ["1 user would be created", "1 user would be changed", "1 user would be deleted"] {
        assert!(dry.stdout.contains(said), "{said}\n{}", dry.stdout);
    }
    assert!(dry.stderr.contains("1 row left out: `action` asks for nothing"), "{}", dry.stderr);
    // Nobody is there to type the number: nothing at all is sent.
    let ran = import(&service, path, &["--actions"]).exits(2);
    assert!(ran.stderr.contains("--count 1"), "{}", ran.stderr);
    import(&service, path, &["--actions", "--yes", "--count", "2"]).exits(2);
    assert_eq!(called(&service), [3, 0, 0]);
    import(&service, path, &["--actions", "--yes", "--count", "1"]).exits(0);
    assert_eq!(called(&service), [4, 1, 1]);
    for (ledger, word, number) in [
        ("s.csv.ledger.jsonl", "created", 4),
        ("s.csv.update.ledger.jsonl", "updated", 1),
        ("s.csv.remove.ledger.jsonl", "deleted", 1),
    ] {
        assert_eq!(status(path, ledger)["rows"][word], number, "{ledger}");
    }
    // Again: there is nothing more to do.
    import(&service, path, &["--actions", "--yes", "--count", "1"]).exits(0);
    assert_eq!(called(&service), [4, 1, 1]);
}

#[test]
fn without_the_flag_the_column_is_named_and_nobody_is_changed_or_deleted() {
    let (service, at) = there();
    let path = at.path();
    sheet(path, &[("ana", "Silva", "leave"), ("ben", "Schwarz", "transfer"), ("cem", "Demir", "")]);
    let ran = import(&service, path, &[]).exits(0);
    assert!(ran.stderr.contains("[action-column]") && ran.stderr.contains("--actions"), "{}", ran.stderr);
    assert!(ran.stderr.contains("[leavers-in-roster]"), "{}", ran.stderr);
    assert_eq!(called(&service), [3, 0, 0]);
}

#[test]
fn a_word_that_nobody_knows_is_an_error_of_its_row_and_a_map_gives_it_a_meaning() {
    let (service, at) = there();
    let path = at.path();
    sheet(path, &[("ana", "Silva", "leave of absence"), ("ben", "Weiss", "leave")]);
    let ran = import(&service, path, &["--actions", "--yes", "--count", "1"]).exits(3);
    assert!(ran.stderr.contains("[action-unknown]") && ran.stderr.contains("row 2"), "{}", ran.stderr);
    assert_eq!(called(&service), [3, 0, 0]);
    fs::write(path.join("m.toml"), "[actions]\naction = { \"leave of absence\" = \"nothing\" }\n").unwrap();
    let flags = ["--actions", "--columns", "m.toml", "--yes", "--count", "1"];
    import(&service, path, &flags).exits(0);
    assert_eq!(called(&service), [3, 0, 1]);
    // A sheet without such a column is none.
    fs::write(path.join("s.csv"), "user login\nana\n").unwrap();
    import(&service, path, &["--actions"]).exits(2);
}

#[test]
fn a_leaver_who_is_not_the_person_of_the_sheet_stays_and_the_others_of_it_are_done() {
    let (service, at) = there();
    let path = at.path();
    sheet(path, &[("ana", "Other", "leave"), ("dan", "Ray", "hire")]);
    let ran = import(&service, path, &["--actions", "--yes"]).exits(1);
    assert!(ran.stderr.contains("is not the person of the list"), "{}", ran.stderr);
    assert_eq!(called(&service), [4, 0, 0]);
}

#[test]
fn each_command_takes_its_own_rows_of_the_sheet() {
    let (service, at) = there();
    let path = at.path();
    sheet(path, &[("ana", "Silva", "leave"), ("ben", "Schwarz", "transfer"), ("dan", "Ray", "hire")]);
    let one = |command: &str, flags: &[&str]| {
        run(service
            .headcount(path)
            .args([command, "s.csv", "--actions", "--instance", &service.arn])
            .args(flags))
    };
    one("diff", &[]).exits(1);
    one("update", &["--yes"]).exits(0);
    assert_eq!(called(&service), [3, 1, 0]);
    one("remove", &["--yes", "--count", "1"]).exits(0);
    assert_eq!(called(&service), [3, 1, 1]);
}

#[test]
fn a_rehearsal_has_those_who_move_and_those_who_leave_and_not_those_who_join() {
    let at = folder(&[]);
    let path = at.path();
    sheet(path, &[("ana", "Silva", "leave"), ("ben", "Schwarz", "transfer"), ("dan", "Ray", "hire")]);
    let rehearsed = |flags: &[&str]| {
        run(headcount(path).args(["import", "s.csv", "--actions", "--simulate", "--yes"]).args(flags))
    };
    let ran = rehearsed(&["--count", "1"]).exits(0);
    for said in ["1 of 1 row created", "1 of 1 person deleted"] {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
    rehearsed(&["--count", "1"]).exits(0);
}

#[test]
fn rows_of_one_login_that_ask_for_different_things_are_an_error_and_nobody_is_touched() {
    let (service, at) = there();
    let path = at.path();
    for rows in [
        [("dan", "Ray", "hire"), ("dan", "Ray", "leave")],
        [("ana", "Schwarz", "transfer"), ("ana", "Silva", "leave")],
        [("ana", "Silva", "leave"), ("ANA", "Silva", "hire")],
        [("dan", "Ray", "hire"), ("dan", "Ray", "transfer")],
    ] {
        sheet(path, &rows);
        let ran = import(&service, path, &["--actions", "--yes", "--count", "1"]).exits(3);
        assert!(ran.stderr.contains("row 2") && ran.stderr.contains("row 3"), "{}", ran.stderr);
        import(&service, path, &["--actions", "--dry-run"]).exits(3);
        let remove = ["remove", "s.csv", "--actions", "--instance", &service.arn, "--yes", "--count", "1"];
        run(service.headcount(path).args(remove)).exits(3);
    }
    assert_eq!(called(&service), [3, 0, 0]);
}

#[test]
fn no_import_is_offered_for_whoever_is_to_be_changed_and_is_not_there() {
    let (service, at) = there();
    let path = at.path();
    sheet(path, &[("ben", "Schwarz", "transfer"), ("nobody", "Ray", "transfer")]);
    let ran = import(&service, path, &["--actions", "--yes"]).exits(1);
    assert!(!ran.stderr.contains("import with:"), "{}", ran.stderr);
}
