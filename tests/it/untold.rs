//! Results that cannot be written: each command says so, and nobody takes half a result for a whole one.
#![cfg(target_os = "linux")] // `/dev/full` is what a full disk looks like

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Ran, Service, folder, headcount, run, sample};

const LEDGER: &str = "roster.csv.ledger.jsonl";

/// Runs a command with its stdout on a full disk.
fn on_a_full_disk(command: &mut Command) -> Ran {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let child = command.stdout(full).stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let ended = child.wait_with_output().unwrap();
    Ran {
        exit: ended.status.code().unwrap_or(-1),
        stdout: String::new(),
        stderr: String::from_utf8(ended.stderr).unwrap(),
    }
}

/// A folder in which every command has something to work with.
fn furnished(service: &Service) -> tempfile::TempDir {
    let folder = folder(&["roster.csv"]);
    run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    fs::write(folder.path().join("leavers.csv"), "user login,first name\nzoe.mueller,Zoë\n").unwrap();
    folder
}

/// Every command with a result, in each of its formats.
const COMMANDS: &[&[&str]] = &[
    &["template"],
    &["template", "--format", "xlsx"],
    &["validate", "roster.csv"],
    &["validate", "roster.csv", "--format", "json"],
    &["validate", "roster.csv", "--format", "junit"],
    &["validate", "--explain", "email-syntax"],
    &["mend", "roster.csv"],
    &["mend", "roster.csv", "--format", "json"],
    &["mend", "roster.csv", "--safe"],
    &["mend", "roster.csv", "--safe", "--format", "json"],
    // What it has to say before it serves goes to stderr, and the rest to a browser.
    #[cfg(feature = "open")]
    &["open", "--help"],
    &["import", "roster.csv", "--simulate", "--dry-run"],
    &["import", "roster.csv", "--simulate", "--dry-run", "--format", "json"],
    &["import", "roster.csv", "--simulate", "--rate", "1000"],
    &["import", "roster.csv", "--simulate", "--ledger", "other.jsonl", "--format", "json", "--rate", "1000"],
    &["retry", LEDGER, "--roster", "roster.csv"],
    &["status", LEDGER],
    &["status", LEDGER, "--format", "json"],
    &["report", LEDGER],
    &["report", LEDGER, "--format", "html"],
    &["report", LEDGER, "--format", "csv"],
    &["report", LEDGER, "--format", "xlsx"],
    &["report", LEDGER, "--format", "json"],
    &["credentials", "made.jsonl", "--ledger", "made.ledger.jsonl"],
    &["credentials", "made.jsonl", "--ledger", "made.ledger.jsonl", "--format", "json"],
    &["diff", "roster.csv", "--simulate"],
    &["diff", "roster.csv", "--simulate", "--format", "json"],
    &["update", "roster.csv", "--simulate", "--dry-run"],
    &["update", "roster.csv", "--simulate", "--format", "json"],
    &["undo", LEDGER, "--dry-run"],
    &["undo", LEDGER, "--dry-run", "--format", "json"],
    &["remove", "leavers.csv", "--simulate", "--dry-run"],
    &["remove", "leavers.csv", "--simulate", "--dry-run", "--format", "json"],
    &["export", "-o", "users.csv", "--format", "json"],
    &["simulate"],
    &["columns", "roster.csv"],
    // What it lists is in a table, which takes an engine: `shared.rs` has one where there is one.
    &["ledger", "--help"],
    &["directory"],
    &["policy"],
    &["policy", "import", "roster.csv"],
    &["completions", "bash"],
    &["man"],
    &["--help"],
    &["--version"],
    &["import", "--help"],
    &["help", "status"],
];

/// Made passwords with their ledger.
fn with_passwords(folder: &Path) {
    let roster = fs::read_to_string(sample("roster.csv")).unwrap();
    let header: Vec<&str> = roster.lines().next().unwrap().split(',').collect();
    let at = header.iter().position(|name| *name == "password").unwrap();
    let mut writer = csv::Writer::from_path(folder.join("open.csv")).unwrap();
    for record in csv::ReaderBuilder::new().has_headers(false).from_reader(roster.as_bytes()).records() {
        let record = record.unwrap();
        let kept = record.iter().enumerate().filter(|(column, _)| *column != at).map(|(_, cell)| cell);
        writer.write_record(kept).unwrap();
    }
    writer.flush().unwrap();
    let flags = ["--generate-passwords", "--credentials-out", "made.jsonl", "--ledger", "made.ledger.jsonl"];
    let mut command = headcount(folder);
    let command = command.args(["import", "open.csv", "--simulate", "--rate", "1000"]).args(flags);
    run(command).exits(0);
}

#[test]
fn every_command_says_that_its_result_could_not_be_written() {
    let service = Service::start(&[]);
    let folder = furnished(&service);
    with_passwords(folder.path());
    let help = run(headcount(folder.path()).arg("--help")).exits(0).stdout;
    let listed = help.split_once("Commands:\n").unwrap().1.split("\n\n").next().unwrap();
    let names: BTreeSet<&str> = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("    "))
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    let tried: BTreeSet<&str> = COMMANDS.iter().map(|words| words[0]).collect();
    let missing: Vec<_> = names.difference(&tried).collect();
    assert!(missing.is_empty() && names.len() > 10, "not in the table: {missing:?} of {names:?}");
    for words in COMMANDS {
        // Those reach an instance.
        let mut command = match words[0] {
            "directory" | "export" | "retry" | "undo" => service.headcount(folder.path()),
            _ => headcount(folder.path()),
        };
        command.args(*words);
        if ["directory", "export"].contains(&words[0]) {
            command.args(["--instance", &service.arn]);
        }
        let ran = on_a_full_disk(&mut command);
        assert_eq!(ran.exit, 4, "{words:?}: {}", ran.stderr);
        assert!(
            ran.stderr.contains("error: the result could not be written: ")
                && ran.stderr.contains("No space left on device"),
            "{words:?}: {}",
            ran.stderr
        );
        assert!(!ran.stderr.contains("panic"), "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn a_reader_that_has_gone_away_is_no_error() {
    let folder = folder(&["roster.csv"]);
    let mut child = headcount(folder.path())
        .args(["completions", "bash"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &*ended.stderr), (Some(0), &b""[..]));
}

#[test]
fn a_result_goes_into_a_new_file_whole_and_private() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = folder(&["roster.csv"]);
    let path = folder.path();
    with_passwords(path);
    let printed = run(headcount(path).args(["credentials", "made.jsonl", "--ledger", "made.ledger.jsonl"]));
    let printed = printed.exits(0).stdout;
    for (words, file) in [
        (&["credentials", "made.jsonl", "--ledger", "made.ledger.jsonl", "-o", "p.csv"][..], "p.csv"),
        (&["policy", "-o", "policy.json"], "policy.json"),
        (&["policy", "-o", "of.json", "import", "roster.csv"], "of.json"),
    ] {
        let ran = run(headcount(path).args(words)).exits(0);
        assert_eq!(ran.stdout, "", "{words:?}");
        assert_eq!(path.join(file).metadata().unwrap().permissions().mode() & 0o777, 0o600);
        let again = run(headcount(path).args(words)).exits(2);
        assert!(again.stderr.contains("a file is there already"), "{}", again.stderr);
    }
    // A file has the mark by which a spreadsheet knows the encoding.
    assert_eq!(fs::read_to_string(path.join("p.csv")).unwrap(), format!("\u{feff}{printed}"));
    assert!(fs::read_to_string(path.join("of.json")).unwrap().contains("connect:CreateUser"));
    let nowhere = run(headcount(path).args(["policy", "-o", "nowhere/policy.json"])).exits(2);
    assert!(nowhere.stderr.contains("nothing of it is left"), "{}", nowhere.stderr);
}
