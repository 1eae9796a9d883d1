//! Rules that are not stricter than the service: what rests on prose is a warning, or can be let through.

use std::path::Path;

use serde_json::Value;

use super::{findings, input};

/// Runs the program in a folder: how it ends, and all that it says.
fn run(folder: &Path, args: &[&str]) -> (i32, String) {
    let ran = crate::harness::run(crate::harness::headcount(folder).args(args));
    (ran.exit, ran.stdout + &ran.stderr)
}

fn folder_with(file: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(input(file), folder.path().join("roster.csv")).unwrap();
    folder
}

#[test]
fn salesforces_own_usernames_are_a_warning_with_saml_and_are_made() {
    let (exit, found) = findings(&input("47-salesforce-voice-usernames.csv"), &["--identity", "saml"]);
    let codes: Vec<_> = found.iter().map(|found| (found.row, found.code.as_str())).collect();
    assert_eq!((exit, codes), (0, vec![(Some(2), "username-at-sign"), (Some(3), "username-at-sign")]));
    let folder = folder_with("47-salesforce-voice-usernames.csv");
    let (exit, said) =
        run(folder.path(), &["import", "roster.csv", "--simulate", "--identity", "saml", "--yes"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("2 of 2"), "{said}");
    // Elsewhere nobody is known to be called so; who knows better lets it through.
    let (exit, found) = findings(&input("47-salesforce-voice-usernames.csv"), &["--identity", "directory"]);
    assert!(exit == 3 && found.iter().any(|found| found.code == "username-not-email"), "{exit}");
}

#[test]
fn an_address_with_saml_is_an_error_that_can_be_let_through() {
    let roster = input("28-saml-with-email-column.csv");
    for args in [&[][..], &["--identity", "saml"]] {
        let (exit, found) = findings(&roster, args);
        assert!(exit == 3 && found.iter().all(|found| found.code == "email-not-allowed"), "{args:?}");
        assert!(found[0].hint.starts_with("move it to the secondary e-mail column"), "{}", found[0].hint);
    }
    let (exit, found) = findings(&roster, &["--identity", "saml", "--allow", "email-not-allowed"]);
    assert_eq!((exit, found.len()), (0, 2));
    assert!(found[0].hint.starts_with("let through with `--allow email-not-allowed`"), "{}", found[0].hint);
}

/// It is said in the plan and in what is printed to be pasted, and the ledger keeps it.
#[test]
fn what_was_let_through_is_in_the_plan_the_ledger_and_the_next_command() {
    let folder = folder_with("28-saml-with-email-column.csv");
    let shared = [
        "--simulate",
        "--identity",
        "saml",
        "--yes",
        "--allow",
        "email-not-allowed",
        "--allow",
        "username-too-long",
    ];
    let (_, said) = run(folder.path(), &[&["import", "roster.csv"][..], &shared].concat());
    assert!(
        said.contains("allowed   username-too-long, email-not-allowed: rows with these are sent"),
        "{said}"
    );
    // The embedded Connect keeps to the page; the rows are rejected with its words, and nothing is lost.
    let retry =
        said.lines().find(|line| line.contains("headcount retry")).unwrap_or_else(|| panic!("{said}"));
    assert!(retry.contains("--allow email-not-allowed --allow username-too-long"), "{retry}");
    let ledger = std::fs::read_to_string(folder.path().join("roster.csv.simulate.ledger.jsonl")).unwrap();
    let sessions: Vec<Value> = ledger
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry["type"] == "session")
        .collect();
    assert_eq!(sessions[0]["allow"], serde_json::json!(["username-too-long", "email-not-allowed"]));
    let (_, said) =
        run(folder.path(), &["validate", "roster.csv", "--identity", "saml", "--allow", "email-not-allowed"]);
    assert!(
        said.contains("headcount import roster.csv --identity saml --allow email-not-allowed --simulate"),
        "{said}"
    );
}

#[test]
fn what_protects_from_harm_is_refused_with_exit_2_and_why() {
    let folder = folder_with("28-saml-with-email-column.csv");
    for (code, why) in [
        ("username-duplicate", "made twice"),
        ("routing-profile-unknown", "nothing of that name"),
        ("password-policy", "keeps a password safe"),
        ("mobile-not-e164", "the service's own model refuses it"),
        ("cell-error", "there is no value"),
        ("phone-type-missing", "is a warning, which stops nothing"),
        ("email-sintax", "did you mean `email-syntax`?"),
    ] {
        for command in [&["validate", "roster.csv"][..], &["import", "roster.csv", "--simulate"]] {
            let (exit, said) = run(folder.path(), &[command, &["--allow", code]].concat());
            assert!(exit == 2 && said.contains(why), "{code}: {exit} {said}");
        }
    }
    let (exit, said) = run(folder.path(), &["validate", "--explain", "email-syntax"]);
    assert!(exit == 0 && said.contains("Let through: `--allow email-syntax`"), "{said}");
    let (_, said) = run(folder.path(), &["validate", "--explain", "username-duplicate"]);
    assert!(!said.contains("--allow"), "{said}");
}
