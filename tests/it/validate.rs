//! `headcount validate`, from outside.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::harness::{Ran, headcount, run};

fn run_in(directory: &Path, args: &[&str]) -> Ran {
    run(headcount(directory).arg("validate").args(args))
}

/// A fresh directory with these files.
fn files(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

fn validate(roster: &str, args: &[&str]) -> Ran {
    let directory = files(&[("roster.csv", roster)]);
    run_in(directory.path(), &[&["roster.csv"], args].concat())
}

/// The findings of a run with `--format json` as (row, code).
fn findings(json: &str) -> Vec<(Option<u64>, String)> {
    let document: Value = serde_json::from_str(json).unwrap();
    let findings = document["findings"].as_array().unwrap();
    findings.iter().map(|f| (f["row"].as_u64(), f["code"].as_str().unwrap().to_owned())).collect()
}

const SAML: &str =
    "first name,last name,user login,routing profile name,security_profile_name_1|security_profile_name_2";

const DIRECTORY: &str = r#"{
  "format": "headcount-directory", "version": 1,
  "instance": {"id": "i-1", "arn": "arn:aws:connect:us-west-2:123456789012:instance/i-1", "identity": "SAML"},
  "routing_profiles": [{"name": "Basic Routing Profile", "id": "rp-1"}],
  "security_profiles": [{"name": "Agent", "id": "sp-1"}],
  "hierarchy": [], "users": [{"username": "grace", "id": "u-1"}]
}"#;

#[test]
fn a_clean_roster_ends_with_0_and_says_what_to_do_next() {
    let ran = validate(&format!("{SAML}\nAda,Lovelace,ada,Basic,Agent\n"), &[]);
    insta::assert_snapshot!(ran.stdout, @r"
    roster.csv: checked for SAML, because there is no password column; `--identity` says otherwise

    1 row, no errors
    next: `headcount import roster.csv --simulate` rehearses it; with `--instance ID --dry-run` in place of `--simulate` it shows the plan
    ");
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""));
}

#[test]
fn the_next_command_checks_against_the_same_instance_and_finds_the_same() {
    let folder = files(&[
        ("roster.csv", &format!("{SAML}\nAda,Lovelace,ada,Basic,Agent\n")),
        ("d.json", DIRECTORY),
        ("names.toml", "ignore = []\n"),
    ]);
    let flags = ["--directory", "d.json", "--identity", "saml", "--columns", "names.toml"];
    let ran = run_in(folder.path(), &[&["roster.csv"][..], &flags].concat());
    let (_, rest) = ran.stdout.split_once("run `headcount validate ").unwrap();
    let (next, _) = rest.split_once("` again").unwrap();
    assert_eq!(next, "roster.csv --columns names.toml --identity saml --directory d.json");
    let again = run_in(folder.path(), &next.split(' ').collect::<Vec<_>>());
    assert_eq!((ran.exit, again.exit), (3, 3), "{}", again.stdout);
    let known = |ran: &Ran| ran.stdout.replace(|c: char| c.is_ascii_digit(), "");
    assert_eq!(known(&again), known(&ran));

    let mended = format!("{SAML}\nAda,Lovelace,ada,Basic Routing Profile,Agent\n");
    std::fs::write(folder.path().join("roster.csv"), mended).unwrap();
    let ran = run_in(folder.path(), &[&["roster.csv"][..], &flags].concat());
    let next = format!("next: `headcount import {next} --simulate` rehearses it; ");
    assert!(ran.exit == 0 && ran.stdout.contains(&next), "{}", ran.stdout);
}

#[test]
fn warnings_alone_end_with_0() {
    let ran = validate(
        &format!("{SAML}\nAda,Lovelace,ada,Basic,Agent\nAda,L,ADA,Basic,Agent\n"),
        &["--format", "json"],
    );
    assert_eq!(findings(&ran.stdout), [(Some(3), "username-case-variant".to_owned())]);
    assert_eq!(ran.exit, 0);
}

#[test]
fn errors_end_with_3_and_are_grouped_for_people() {
    let rows: String = (1..=500).map(|n| format!("Ada,Lovelace,ada lovelace {n},Basic,Agent\n")).collect();
    let ran = validate(&format!("{SAML}\n{rows}"), &[]);
    insta::assert_snapshot!(ran.stdout, @r"
    roster.csv: checked for SAML, because there is no password column; `--identity` says otherwise

    error: the username has a character that is not allowed (500 rows) [username-characters]
      row 2 (C2), user login: the username has the character ` `, which is not allowed: `ada lovelace 1`
      row 3 (C3), user login: the username has the character ` `, which is not allowed: `ada lovelace 2`
      row 4 (C4), user login: the username has the character ` `, which is not allowed: `ada lovelace 3`
      row 5 (C5), user login: the username has the character ` `, which is not allowed: `ada lovelace 4`
      row 6 (C6), user login: the username has the character ` `, which is not allowed: `ada lovelace 5`
      … and 495 more, the last in row 501
      fix: use only a-z, A-Z, 0-9, `_`, `-`, `.` and `@`

    500 rows, of which 500 have errors: 500 errors
    next: mend the errors and run `headcount validate roster.csv` again; an import sends nothing until then
    ");
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, ""));
}

#[test]
fn json_is_one_document_of_exactly_this_shape() {
    let ran =
        validate(&format!("{SAML}\nAda,Lovelace,ada,,Agent\n"), &["--format", "json", "--identity", "saml"]);
    insta::assert_snapshot!(ran.stdout, @r#"
    {
      "rows": 1,
      "findings": [
        {
          "code": "routing-profile-missing",
          "severity": "error",
          "row": 2,
          "column": "routing profile name",
          "value": null,
          "message": "there is no routing profile",
          "hint": "fill in the routing profile's name"
        }
      ]
    }
    "#);
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, ""));
}

#[test]
fn the_inferred_identity_type_is_said_in_both_formats() {
    let with_password = format!("{SAML},password\nAda,Lovelace,ada,Basic,Agent,Passw0rd\n");
    let ran = validate(&with_password, &[]);
    assert!(
        ran.stdout.contains("checked for CONNECT_MANAGED, because there is a password column"),
        "{}",
        ran.stdout
    );
    let ran = validate(&with_password, &["--format", "json"]);
    assert!(ran.stderr.contains("CONNECT_MANAGED"), "{}", ran.stderr);
    let ran = validate(&with_password, &["--format", "json", "--identity", "directory"]);
    assert_eq!(findings(&ran.stdout), [(Some(2), "password-not-allowed".to_owned())]);
    assert_eq!(ran.stderr, "");
}

#[test]
fn a_directory_file_adds_the_instances_names_users_and_identity_type() {
    let roster =
        format!("{SAML}\nAda,L,ada,Basic routing profile,Agent\nGrace,H,grace,Basic Routing Profile,sp-1\n");
    let directory = files(&[("roster.csv", &roster), ("directory.json", DIRECTORY)]);
    let ran = run_in(directory.path(), &["roster.csv", "--directory", "directory.json"]);
    insta::assert_snapshot!(ran.stdout, @r"
    roster.csv: checked for SAML, as the directory says
    note: names from `directory.json`, it does not say when it was saved: SAML, 1 routing profile, 1 security profile, 0 hierarchy groups, 1 user, quotas not read

    error: the instance has no such routing profile [routing-profile-unknown]
      row 2 (D2), routing profile name: `Basic routing profile`
      fix: did you mean `Basic Routing Profile`?

    warning: the instance has a user of this name already [username-exists]
      row 3 (C3), user login: `grace`
      fix: drop the row if that user is meant, else choose another username

    2 rows, of which 1 has errors: 1 error, 1 warning
    next: mend the errors and run `headcount validate roster.csv --directory directory.json` again; an import sends nothing until then
    ");
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, ""));

    let ran =
        run_in(directory.path(), &["roster.csv", "--directory", "directory.json", "--identity", "connect"]);
    assert_eq!(ran.exit, 2);
    insta::assert_snapshot!(ran.stderr, @r"
    error: the instance of the directory file is SAML, and --identity says: `connect`
    hint: leave --identity out
    ");
}

#[test]
fn what_cannot_be_used_ends_with_2_and_says_what_to_do() {
    let directory = files(&[("roster.csv", SAML), ("other.json", "{}"), ("empty.csv", "")]);
    for args in [
        &["missing.csv"][..],
        &["empty.csv"],
        &["roster.csv", "--directory", "other.json"],
        &["roster.csv", "--directory", "missing.json"],
        &["roster.csv", "--columns", "missing.toml"],
        &["roster.csv", "--encoding", "klingon"],
    ] {
        let ran = run_in(directory.path(), args);
        assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(
            ran.stderr.starts_with("error: ") && ran.stderr.lines().count() > 1,
            "{args:?}: {}",
            ran.stderr
        );
    }
    for args in [
        &[][..],
        &["roster.csv", "--identity", "ldap"],
        &["roster.csv", "--format", "xml"],
        &["a.csv", "b.csv"],
    ] {
        assert_eq!(run_in(directory.path(), args).exit, 2, "{args:?}");
    }
}

#[test]
fn a_header_alone_is_an_error_of_the_roster() {
    let ran = validate(SAML, &["--format", "json"]);
    assert_eq!(findings(&ran.stdout), [(None, "no-rows".to_owned())]);
    assert_eq!(ran.exit, 3);
}

#[test]
fn a_missing_column_is_said_once() {
    let rows = "Ada,Lovelace,ada,Basic\n".repeat(3).replace("ada", "a");
    let ran = validate(
        &format!("first name,last name,user login,routing profile name\n{rows}"),
        &["--format", "json"],
    );
    let missing = findings(&ran.stdout).into_iter().filter(|(_, code)| code == "column-missing").count();
    assert_eq!((missing, ran.exit), (1, 3));
}

#[test]
fn a_header_of_which_nothing_is_known_is_said_and_nothing_follows_from_it() {
    let ran = validate("Vorname,Nachname\nAda,Lovelace\n", &["--format", "json"]);
    let errors: Vec<_> =
        findings(&ran.stdout).into_iter().filter(|(_, code)| code != "unknown-column").collect();
    assert_eq!(errors, [(None, "no-known-column".to_owned())]);
}

#[test]
fn a_misspelt_password_column_is_the_only_fault_it_causes() {
    let roster =
        format!("{SAML},email address,pasword\nAda,Lovelace,ada,Basic,Agent,ada@example.com,Passw0rd\n");
    let ran = validate(&roster, &["--format", "json"]);
    let expected = [(None, "misspelt-column".to_owned()), (None, "column-missing".to_owned())];
    assert_eq!(findings(&ran.stdout), expected);
}

#[test]
fn every_code_explains_itself() {
    let nowhere = files(&[]);
    let ran = run_in(nowhere.path(), &["--explain", "tag-room"]);
    insta::assert_snapshot!(ran.stdout, @r"
    tag-room (error): there are 50 tags, and the fiftieth place is headcount's own

    Why: the service takes at most 50 a user, and headcount tags each user with `headcount:run`, so that a create whose answer was lost can be settled
    Fix: remove one tag, or import with `--no-provenance-tag`
    Source: API, CreateUser: Tags has 1 to 50 entries
    ");
    assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""));
    for code in headcount::finding::codes::all() {
        assert_eq!(run_in(nowhere.path(), &["--explain", code.id]).exit, 0, "{}", code.id);
    }
    let ran = run_in(nowhere.path(), &["--explain", "user-name-missing"]);
    assert_eq!((ran.exit, ran.stdout.as_str()), (2, ""));
    insta::assert_snapshot!(ran.stderr, @r"
    error: no finding has this code: `user-name-missing`
    hint: did you mean `username-missing`?
    ");
}

#[test]
fn a_password_is_in_no_output() {
    const CANARY: &str = "Zq7xCanary";
    let rows: String = [CANARY, "Zq7xCanary space", "Zq7xCanary…", "zq7xCanary\u{a0}"]
        .iter()
        .map(|password| format!("Ada,Lovelace,ada,Basic,Agent,{password}\n"))
        .collect();
    let ragged = format!("Ada,Lovelace,{CANARY},ada,Basic\n");
    let roster = format!("{SAML},password\n{rows}{ragged}");
    for args in [
        &[][..],
        &["--format", "json"],
        &["--identity", "saml"],
        &["--identity", "directory", "--format", "json"],
    ] {
        let ran = validate(&roster, args);
        assert_eq!(ran.exit, 3);
        assert!(!format!("{}{}", ran.stdout, ran.stderr).to_lowercase().contains("zq7xcanary"), "{args:?}");
    }
}

#[test]
fn a_hostile_cell_cannot_steer_the_terminal() {
    let ran = validate(&format!("{SAML}\nAda,Lovelace,\u{9b}31m\u{202e}ada,Basic,Agent\n"), &[]);
    assert_eq!(ran.exit, 3);
    assert!(!ran.stdout.contains(['\u{9b}', '\u{202e}']), "{:?}", ran.stdout);
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

/// Compares with the pinned file; `HEADCOUNT_BLESS=1` rewrites it.
fn assert_pinned(name: &str, actual: &str) {
    let path = sample(name);
    if std::env::var_os("HEADCOUNT_BLESS").is_some() {
        std::fs::write(&path, actual).unwrap();
    }
    let pinned = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(pinned == actual, "{name} is not what validate says; HEADCOUNT_BLESS=1 rewrites it:\n{actual}");
}

#[test]
fn the_mistakes_of_the_sample_are_all_found() {
    let samples = sample("");
    let ran = run_in(&samples, &["mistakes.csv", "--directory", "directory.json", "--format", "json"]);
    assert_eq!((ran.exit, ran.stderr.as_str()), (3, ""));
    assert_pinned("mistakes.findings.json", &ran.stdout);
    let roster = std::fs::read_to_string(sample("mistakes.csv")).unwrap();
    assert!(roster.contains("Ladder-07") && !ran.stdout.contains("-Ladder-"), "no password is shown");
}

#[test]
fn the_good_samples_have_no_errors() {
    let samples = sample("");
    for args in [&["roster.csv"][..], &["roster.xlsx"], &["hr-export.csv", "--columns", "hr-export.toml"]] {
        let ran = run_in(&samples, &[args, &["--directory", "directory.json"]].concat());
        assert_eq!(ran.exit, 0, "{args:?}: {}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn the_sample_directory_is_as_headcount_writes_it() {
    let path = sample("directory.json");
    let directory = headcount::directory::Directory::read(&path).unwrap();
    assert_eq!(directory.to_json(), std::fs::read_to_string(path).unwrap());
}

#[test]
fn two_password_columns_are_one_where_they_agree_and_neither_is_ever_shown() {
    let header = "first name,last name,email address,password,initial password,user login,routing profile,security profiles";
    let row = |passwords: &str, name: &str| {
        format!("Ada,Lovelace,ada@example.com,{passwords},{name},Basic,Agent\n")
    };
    let both = ["Passw0rd-canary,Passw0rd-canary", "Passw0rd-canary,", ",Passw0rd-canary"];
    let agreeing: String =
        both.into_iter().zip(["a", "b", "c"]).map(|(cells, name)| row(cells, name)).collect();
    let roster = format!("{header}\n{agreeing}");
    let ran = validate(&roster, &["--format", "json"]);
    assert_eq!(ran.exit, 0, "{}", ran.stdout);
    assert_eq!(findings(&ran.stdout)[0], (None, "merged-columns".to_owned()));

    let roster = format!("{roster}{}", row("Passw0rd-canary,Passw0rd-Canary", "d"));
    for format in ["human", "json", "junit"] {
        let ran = validate(&roster, &["--format", format]);
        assert_eq!(ran.exit, 3);
        assert!(ran.stdout.contains("columns-disagree"), "{}", ran.stdout);
        assert!(ran.stdout.contains("`password` and `initial password` are both the password, and differ"));
        assert!(!(ran.stdout + &ran.stderr).to_lowercase().contains("canary"));
    }
}

#[test]
fn faults_beyond_what_is_kept_are_in_every_format_and_in_every_copy() {
    use std::fmt::Write as _;
    const ROWS: u64 = 60_000;
    // Two faults in each row and a third in every other one; spaces are said once, though in the last rows alone.
    let mut roster = format!("{SAML}\n");
    for row in 0..ROWS {
        let last = if row > ROWS - 4 { " Lee" } else { "Lee" };
        let _ = writeln!(roster, ",{last},user{},,Agent", row / 2);
    }
    let directory = files(&[("roster.csv", &roster)]);
    let faults = ROWS * 5 / 2 + 1;

    let json = run_in(directory.path(), &["roster.csv", "--format", "json", "--annotate", "copy.csv"]);
    assert_eq!(json.exit, 3, "{}", json.stderr);
    let listed = findings(&json.stdout);
    assert_eq!(listed.len() as u64, faults);
    let of_last: Vec<&str> =
        listed.iter().filter(|(row, _)| *row == Some(ROWS + 1)).map(|(_, code)| code.as_str()).collect();
    assert_eq!(of_last, ["first-name-missing", "routing-profile-missing", "username-duplicate"]);
    assert_eq!(json.stdout.matches("here and in 2 rows below").count(), 1);
    assert!(listed.is_sorted_by_key(|(row, _)| *row));

    let copy = std::fs::read_to_string(directory.path().join("copy.csv")).unwrap();
    assert_eq!(copy.lines().filter(|line| line.contains("error: ")).count() as u64, ROWS);
    assert!(copy.lines().last().unwrap().contains(&format!("row {ROWS} has the same username")));

    let junit = run_in(directory.path(), &["roster.csv", "--format", "junit"]).stdout;
    assert_eq!(junit.matches("<testcase ").count() as u64, ROWS + 1);
    assert_eq!(junit.matches("<failure ").count() as u64, ROWS);
    assert!(junit.contains(&format!("tests=\"{}\" failures=\"{ROWS}\"", ROWS + 1)));
    assert!(junit.ends_with("</testsuite>\n</testsuites>\n"));

    let human = run_in(directory.path(), &["roster.csv"]).stdout;
    assert!(human.contains(&format!("({ROWS} rows) [first-name-missing]")), "{human}");
    assert!(human.contains(&format!("({} rows) [username-duplicate]", ROWS / 2)), "{human}");
    assert!(human.contains("stray-spaces"), "what is found beyond the limit alone is shown: {human}");
    assert!(human.contains(&format!("the last in row {}", ROWS + 1)), "{human}");
}
