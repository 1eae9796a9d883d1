//! A rehearsal is told from an import by what its ledger says, and has its world beside that ledger.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Ran, Service, folder, headcount, of_version_1, pasted, run, sample};

/// The ledger that a rehearsal of `roster.csv` has where nobody names another.
const REHEARSED: &str = "roster.csv.simulate.ledger.jsonl";

/// A folder with the first people of the sample.
fn a_few() -> tempfile::TempDir {
    let folder = folder(&[]);
    let text = fs::read_to_string(sample("roster.csv")).unwrap();
    let few: String = text.split_inclusive('\n').take(4).collect();
    fs::write(folder.path().join("roster.csv"), few).unwrap();
    folder
}

/// A rehearsal in the folder; the pace is not what is looked at here.
fn rehearse(folder: &Path, args: &[&str]) -> std::process::Command {
    let mut command = headcount(folder);
    command.args(["import"]).args(args).args(["--simulate", "--rate", "1000"]);
    command
}

fn first_record(ledger: &Path) -> Value {
    serde_json::from_str(fs::read_to_string(ledger).unwrap().lines().next().unwrap()).unwrap()
}

/// Takes out of a ledger that it is a rehearsal's: so were the ledgers of before.
fn as_of_before(ledger: &Path) {
    let text = fs::read_to_string(ledger).unwrap();
    assert!(text.contains(",\"rehearsal\":true,"), "{text}");
    fs::write(ledger, of_version_1(&text.replacen(",\"rehearsal\":true,", ",", 1))).unwrap();
}

fn is_told_in_the_report(folder: &Path, ledger: &str) -> bool {
    let page = run(headcount(folder).args(["report", ledger, "--format", "html"])).exits(0).stdout;
    page.contains("a rehearsal: no user was made")
}

#[test]
fn the_first_record_says_that_it_is_a_rehearsals_and_a_real_one_says_nothing() {
    let (folder, service) = (a_few(), Service::start(&[]));
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv", "--ledger", "mine.jsonl"])).exits(0);
    run(&mut service.import(path, "roster.csv", &["--rate", "1000"])).exits(0);
    assert_eq!(first_record(&path.join("mine.jsonl"))["rehearsal"], json!(true));
    assert_eq!(first_record(&path.join("roster.csv.ledger.jsonl")).get("rehearsal"), None);
    assert!(is_told_in_the_report(path, "mine.jsonl"), "whatever its name");
    assert!(!is_told_in_the_report(path, "roster.csv.ledger.jsonl"));
}

#[test]
fn a_rehearsal_is_retried_as_one_also_where_the_environment_has_an_endpoint() {
    let folder = a_few();
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv", "--ledger", "mine.jsonl"])).exits(0);
    let mut retry = headcount(path);
    retry.args(["retry", "mine.jsonl"]).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
    let ran = run(&mut retry).exits(0);
    assert!(ran.stderr.contains("(embedded Connect)"), "{}", ran.stderr);
}

#[test]
fn a_ledger_of_before_is_known_for_a_rehearsals_by_its_name() {
    let folder = a_few();
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv"])).exits(0);
    as_of_before(&path.join(REHEARSED));
    assert!(is_told_in_the_report(path, REHEARSED));
    let ran = run(headcount(path).args(["retry", REHEARSED])).exits(0);
    assert!(ran.stderr.contains("(embedded Connect)"), "{}", ran.stderr);
}

/// Takes the colours and the line breaks out of what a plan says.
fn plan(ran: &Ran) -> &str {
    ran.stderr.lines().find_map(|line| line.strip_prefix("plan      ")).unwrap_or_default()
}

#[test]
fn another_file_with_the_ledger_of_a_rehearsal_goes_on_in_its_world() {
    let folder = a_few();
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv"])).exits(0);
    fs::copy(path.join("roster.csv"), path.join("mended.csv")).unwrap();
    let ran = run(&mut rehearse(path, &["mended.csv", "--ledger", REHEARSED])).exits(0);
    assert_eq!(plan(&ran), "3 done", "{}", ran.stderr);
    assert!(!path.join("mended.csv.simulate.world.jsonl").exists(), "no second world");
}

#[test]
fn the_world_of_a_rehearsal_has_the_names_of_its_ledgers_roster_too() {
    let folder = folder(&[]);
    let path = folder.path();
    let roster = |profile: &str, user: &str| {
        format!(
            "first name,last name,user login,routing profile name,security profiles\nA,B,{user},{profile},Agent\n"
        )
    };
    fs::write(path.join("one.csv"), roster("Night", "ann")).unwrap();
    fs::write(path.join("both.csv"), roster("Night", "ann") + "C,D,bob,Day,Agent\n").unwrap();
    fs::write(path.join("other.csv"), roster("Day", "bob")).unwrap();
    run(&mut rehearse(path, &["one.csv"])).exits(0);
    let ledger = "one.csv.simulate.ledger.jsonl";
    run(&mut rehearse(path, &["both.csv", "--ledger", ledger])).exits(0);
    let ran = run(&mut rehearse(path, &["other.csv", "--ledger", ledger])).exits(0);
    assert_eq!(plan(&ran), "1 done", "{}", ran.stderr);
    let directory = fs::read_to_string(path.join("one.csv.simulate.world.jsonl")).unwrap();
    assert_eq!(directory.matches("\"created\"").count(), 2, "{directory}");
}

#[test]
fn every_ledger_has_a_world_of_its_own_beside_it() {
    let folder = a_few();
    let path = folder.path();
    fs::create_dir(path.join("kept")).unwrap();
    run(&mut rehearse(path, &["roster.csv"])).exits(0);
    let ran = run(&mut rehearse(path, &["roster.csv", "--ledger", "kept/second.jsonl"])).exits(0);
    assert_eq!(plan(&ran), "3 to create", "the users of another rehearsal are not there: {}", ran.stderr);
    assert!(path.join("kept/second.jsonl.simulate.world.jsonl").exists());
    // Moved together, and read from another folder.
    fs::rename(path.join("kept"), path.join("moved")).unwrap();
    for args in [&["retry", "second.jsonl", "--roster", "../roster.csv"][..], &["retry", "second.jsonl"]] {
        let ran = run(headcount(&path.join("moved")).args(args)).exits(0);
        assert_eq!(plan(&ran), "3 done", "{}", ran.stderr);
    }
}

#[test]
fn a_world_that_was_kept_beside_the_roster_is_still_found() {
    let folder = a_few();
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv", "--ledger", "mine.jsonl"])).exits(0);
    as_of_before(&path.join("mine.jsonl"));
    let before = path.join("roster.csv.simulate.world.jsonl");
    fs::rename(path.join("mine.jsonl.simulate.world.jsonl"), &before).unwrap();
    fs::copy(path.join("roster.csv"), path.join("mended.csv")).unwrap();
    for args in [["import", "roster.csv"], ["import", "mended.csv"]] {
        let mut command = headcount(path);
        let ran = run(command.args(args).args(["--simulate", "--ledger", "mine.jsonl"])).exits(0);
        assert_eq!(plan(&ran), "3 done", "{args:?}: {}", ran.stderr);
    }
    let ran = run(headcount(path).args(["retry", "mine.jsonl", "--simulate"])).exits(0);
    assert_eq!(plan(&ran), "3 done", "{}", ran.stderr);
    assert!(!path.join("mine.jsonl.simulate.world.jsonl").exists(), "no second world");
    // A rehearsal that begins has nothing to go on with.
    let ran = run(&mut rehearse(path, &["roster.csv", "--ledger", "new.jsonl"])).exits(0);
    assert_eq!(plan(&ran), "3 to create", "{}", ran.stderr);
}

/// The files of a folder with what is in them.
fn files(folder: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let read = |entry: fs::DirEntry| {
        (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap_or_default())
    };
    fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap())).collect()
}

#[test]
fn a_rehearsals_ledger_is_refused_by_an_import_that_is_none() {
    let (folder, service) = (a_few(), Service::start(&[]));
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv"])).exits(0);
    let before = files(path);
    let mut import = service.import(path, "roster.csv", &["--rate", "1000", "--ledger", REHEARSED]);
    let mut retry = service.headcount(path);
    retry.args(["retry", REHEARSED, "--instance", &service.arn, "--rate", "1000"]);
    for command in [&mut import, &mut retry] {
        let ran = run(command).exits(4);
        let says = format!("error: the ledger is a rehearsal's, and this is none: `{REHEARSED}`");
        assert!(ran.stderr.contains(&says), "{}", ran.stderr);
        let next = next(&ran);
        let next = next.strip_suffix(&format!("import roster.csv --instance {} --rate 1000", service.arn));
        assert!(next.is_some_and(|program| program.contains("headcount")), "{}", ran.stderr);
    }
    assert_eq!(files(path), before);
    assert_eq!(service.calls("ListUsers", "called"), 0, "nobody was asked anything");
    let ran = run(&mut pasted(&service.headcount(path), &next(&run(&mut import).exits(4)))).exits(0);
    assert_eq!(plan(&ran), "3 to create", "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "executed"), 3);
}

#[test]
fn a_rehearsals_ledger_under_the_name_of_an_imports_says_how_to_go_on() {
    let (folder, service) = (a_few(), Service::start(&[]));
    let path = folder.path();
    run(&mut rehearse(path, &["roster.csv", "--ledger", "roster.csv.ledger.jsonl"])).exits(0);
    let ran = run(&mut service.import(path, "roster.csv", &[])).exits(4);
    assert!(next(&ran).ends_with(&format!("import roster.csv --instance {} --ledger FILE", service.arn)));
    assert!(ran.stderr.contains("FILE being another"), "{}", ran.stderr);
}

#[test]
fn a_real_ledger_is_refused_by_a_rehearsal() {
    let (folder, service) = (a_few(), Service::start(&[]));
    let path = folder.path();
    const LEDGER: &str = "roster.csv.ledger.jsonl";
    run(&mut service.import(path, "roster.csv", &["--rate", "1000"])).exits(0);
    let before = files(path);
    let refused = |command: &mut std::process::Command| {
        let ran = run(command).exits(4);
        let says = format!("error: the ledger is an import's, and this is a rehearsal: `{LEDGER}`");
        assert!(ran.stderr.contains(&says), "{}", ran.stderr);
        assert!(next(&ran).ends_with("import roster.csv --simulate --rate 1000"), "{}", ran.stderr);
        assert_eq!(files(path), before);
        next(&ran)
    };
    refused(&mut rehearse(path, &["roster.csv", "--ledger", LEDGER]));
    refused(&mut rehearse(path, &["roster.csv", "--ledger", LEDGER, "--dry-run"]));
    let next = refused(headcount(path).args(["retry", LEDGER, "--simulate", "--rate", "1000"]));
    let ran = run(&mut pasted(&headcount(path), &next)).exits(0);
    assert!(ran.stderr.contains("(embedded Connect)"), "{}", ran.stderr);
    assert_eq!(plan(&ran), "3 to create", "{}", ran.stderr);
}

/// The command that a hint ends in.
#[track_caller]
fn next(ran: &Ran) -> String {
    let hint = ran.stderr.lines().find(|line| line.starts_with("hint: ")).unwrap_or_default();
    let (_, command) = hint.split_once(" with: ").unwrap_or_else(|| panic!("no command in {}", ran.stderr));
    command.to_owned()
}
