//! A rehearsal is told from an import by what its ledger says, and has its world beside that ledger.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{Service, folder, headcount, run, sample};

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
    fs::write(ledger, text.replacen(",\"rehearsal\":true,", ",", 1)).unwrap();
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
