//! The report from outside: every format, from a ledger in which everything has happened.

use std::fs;
use std::path::Path;

use headcount::ledger::RowState;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::harness::{Ran, folder, headcount, resealed, run};
use crate::made::{LEDGER, Made, eventful};

fn report(folder: &Path, flags: &[&str]) -> Ran {
    run(headcount(folder).args(["report", LEDGER]).args(flags))
}

#[test]
fn the_json_report_tells_every_row_and_how_its_doubt_ended() {
    let folder = folder(&[]);
    eventful().write(folder.path());
    let ran = report(folder.path(), &["--format", "json"]).exits(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        told["rows"],
        json!({"total": 20, "pending": 1, "in_doubt": 1, "created": 4, "recovered": 1, "exists": 1, "rejected": 13,
               "invalid": 0, "there": 0, "updated": 0, "unconfirmed": 0, "deleted": 0,
               "skipped": 0})
    );
    assert_eq!(told["calls"], json!({"sent": 21, "throttled": 1}));
    assert_eq!((&told["complete"], &told["at_work"]), (&json!(false), &json!(false)));
    assert_eq!(told["sessions"].as_array().unwrap().len(), 2);
    assert_eq!((&told["sessions"][0]["exit"], &told["sessions"][1]["exit"]), (&Value::Null, &json!(4)));
    let doubt = |user: &str| -> Vec<String> {
        let users = told["users"].as_array().unwrap();
        let row = users.iter().find(|row| row["user"] == user).unwrap();
        let steps = row["doubt"].as_array().into_iter().flatten();
        steps.map(|step| step["what"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(doubt("ben"), [""; 0]);
    assert_eq!(doubt("eve"), ["sent", "unclear", "sent", "created"]);
    assert_eq!(doubt("finn"), ["sent", "unclear"]);
    assert_eq!(doubt("gwen"), ["sent", "lost", "recovered"]);
    let causes = told["causes"].as_array().unwrap();
    let names: Vec<_> =
        causes.iter().map(|cause| (cause["state"].as_str().unwrap(), &cause["code"])).collect();
    assert_eq!(names[0], ("in_doubt", &json!("HTTP 502")));
    assert_eq!(names.last().unwrap().0, "pending");
    // The digest is the one that anybody's tool says of the file.
    let digest = Sha256::digest(fs::read(folder.path().join(LEDGER)).unwrap());
    let digest: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(told["ledger"]["digest"], format!("sha256:{digest}"));
}

#[test]
fn no_cell_of_the_csv_begins_like_a_formula_and_every_row_is_there() {
    let folder = folder(&[]);
    eventful().write(folder.path());
    let ran = report(folder.path(), &["--format", "csv"]).exits(0);
    let mut reader = csv::ReaderBuilder::new().from_reader(ran.stdout.as_bytes());
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 20);
    for cell in rows.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']), "{cell}");
        assert!(!cell.chars().any(char::is_control), "{cell:?}");
    }
    assert!(rows.iter().any(|row| &row[1] == "'=cmd|' /C calc'!A0"));
    assert!(rows.iter().any(|row| &row[1] == "a\\u{202e}gnp.exe"), "what cannot be seen is written out");
}

#[test]
fn the_workbook_has_text_where_a_formula_would_be_and_every_row() {
    use calamine::{Data, Reader as _, Xlsx};
    let folder = folder(&[]);
    eventful().write(folder.path());
    report(folder.path(), &["-o", "run.xlsx"]).exits(0);
    let mut book: Xlsx<_> = calamine::open_workbook(folder.path().join("run.xlsx")).unwrap();
    assert_eq!(book.sheet_names(), ["Rows", "Failures", "Record"]);
    let rows = book.worksheet_range("Rows").unwrap();
    assert_eq!(rows.height(), 21);
    let user = |row: u32| rows.get_value((row, 1)).cloned();
    assert_eq!(user(1), Some(Data::String("ana".into())));
    assert!((1..21).any(|row| user(row) == Some(Data::String("=cmd|' /C calc'!A0".into()))));
    for sheet in ["Rows", "Failures", "Record"] {
        let formulas = book.worksheet_formula(sheet).unwrap();
        assert!(formulas.used_cells().all(|(_, _, formula)| formula.is_empty()), "{sheet}");
    }
}

#[test]
fn the_ticket_is_short_and_nothing_in_it_mentions_or_formats() {
    let folder = folder(&[]);
    eventful().write(folder.path());
    let ran = report(folder.path(), &[]).exits(0);
    assert!(ran.stdout.contains("**Not settled.** 4 of 20 users created"), "{}", ran.stdout);
    assert!(ran.stdout.contains("- **1 row in doubt** `HTTP 502`"), "{}", ran.stdout);
    assert!(ran.stdout.contains(&format!("`headcount retry {LEDGER}`")), "{}", ran.stdout);
    assert!(ran.stdout.lines().count() < 80);
    let outside: String = ran.stdout.split('`').step_by(2).collect();
    for told in ["@everyone", "<script", "onerror"] {
        assert!(!outside.contains(told), "{told}");
    }
}

#[test]
fn the_page_has_no_element_and_no_address_of_anybody_elses() {
    let folder = folder(&[]);
    eventful().write(folder.path());
    report(folder.path(), &["-o", "run.html"]).exits(0);
    let page = fs::read_to_string(folder.path().join("run.html")).unwrap();
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<b>row"));
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'));
    for outside in ["http://", "https://", "src=\"", "url(", "@import"] {
        assert!(!page.contains(outside), "{outside}");
    }
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert_eq!(data["rows"].as_array().unwrap().len(), 20);
}

#[test]
fn only_a_report_is_ever_replaced() {
    let folder = folder(&["roster.csv", "roster.xlsx", "directory.json"]);
    eventful().write(folder.path());
    let before = fs::read(folder.path().join("roster.csv")).unwrap();
    for name in ["roster.csv", "roster.xlsx", "directory.json"] {
        let ran = report(folder.path(), &["-o", name]).exits(2);
        assert!(ran.stderr.contains("is not a report of headcount"), "{}", ran.stderr);
    }
    report(folder.path(), &["-o", LEDGER, "--format", "html"]).exits(2);
    report(folder.path(), &["-o", ".", "--format", "html"]).exits(2);
    report(folder.path(), &["-o", "run.doc"]).exits(2);
    assert_eq!(fs::read(folder.path().join("roster.csv")).unwrap(), before);
    for name in ["run.html", "run.csv", "run.xlsx", "run.json", "run.md"] {
        report(folder.path(), &["-o", name]).exits(0);
        report(folder.path(), &["-o", name]).exits(0);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

#[test]
fn what_is_no_ledger_is_said_to_be_none() {
    let folder = folder(&["roster.csv"]);
    let ran = run(headcount(folder.path()).args(["report", "nowhere.jsonl"])).exits(2);
    assert!(ran.stderr.contains("cannot open the ledger"), "{}", ran.stderr);
    let ran = run(headcount(folder.path()).args(["report", "roster.csv"])).exits(4);
    assert!(ran.stderr.contains("is not a ledger of headcount"), "{}", ran.stderr);
}

#[test]
fn what_a_report_advises_is_in_flags_in_every_format() {
    let folder = folder(&[]);
    let mut made = Made::new();
    for (row, user) in (2..).zip(["ann", "ben"]) {
        made.plan(user, row);
    }
    made.failed("ann", RowState::Invalid, "password-missing", "there is no password");
    made.failed("ben", RowState::Exists, "DuplicateResourceException", "user u-1 has no tag of headcount");
    made.end(1);
    made.write(folder.path());
    let retry = format!("headcount retry {LEDGER} --code DuplicateResourceException");
    let fix = "`headcount import` with `--generate-passwords --credentials-out FILE`.";
    let ran = report(folder.path(), &["--format", "json"]).exits(0);
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let (exists, invalid) = (&told["causes"][0], &told["causes"][1]);
    assert_eq!(exists["command"], retry);
    assert!(invalid["advice"].as_str().unwrap().ends_with(fix), "{invalid}");
    assert_eq!(invalid["command"], format!("headcount retry {LEDGER}"));
    let ticket = report(folder.path(), &[]).exits(0).stdout;
    assert!(ticket.contains(fix) && ticket.contains(&retry), "{ticket}");
    let page = report(folder.path(), &["--format", "html"]).exits(0).stdout;
    let fix = "<code>--generate-passwords --credentials-out FILE</code>";
    assert!(page.contains(fix) && page.contains(&retry), "{page}");
}

#[test]
fn the_command_that_a_report_proposes_takes_a_ledger_for_one_whatever_it_is_called() {
    let folder = folder(&[]);
    eventful().write(folder.path());
    fs::rename(folder.path().join(LEDGER), folder.path().join("-l.jsonl")).unwrap();
    let ran = run(headcount(folder.path()).args(["report", "./-l.jsonl"])).exits(0);
    assert!(ran.stdout.contains("`headcount retry ./-l.jsonl`"), "{}", ran.stdout);
    fs::rename(folder.path().join("-l.jsonl"), folder.path().join("-l s.jsonl")).unwrap();
    let ran = run(headcount(folder.path()).args(["report", "--", "-l s.jsonl"])).exits(0);
    let quote = if cfg!(windows) { '"' } else { '\'' };
    let retry = format!("`headcount retry {quote}./-l s.jsonl{quote}`");
    assert!(ran.stdout.contains(&retry), "{}", ran.stdout);
}

/// `status` and `report` of these ledgers, as they are shown and for programs.
fn looks(folder: &Path, ledgers: &[&str]) -> [Ran; 4] {
    [vec!["status"], vec!["status", "--format", "json"], vec!["report"], vec!["report", "--format", "json"]]
        .map(|words| run(headcount(folder).args(words).args(ledgers)))
}

#[test]
fn a_ledger_that_is_given_twice_counts_once_and_a_copy_of_it_beside_it_is_refused() {
    let folder = folder(&[]);
    let path = folder.path();
    eventful().write(path);
    let by_folder = format!("../{}/{LEDGER}", path.file_name().unwrap().to_str().unwrap());
    let whole = path.join(LEDGER);
    let one = looks(path, &[LEDGER]);
    for ledgers in [[LEDGER, LEDGER], [LEDGER, &by_folder], [LEDGER, whole.to_str().unwrap()]] {
        for (once, twice) in one.iter().zip(looks(path, &ledgers)) {
            let lines = |ran: &Ran| {
                let lines = ran.stdout.lines().filter(|line| !line.contains("made")).map(str::to_owned);
                lines.collect::<Vec<_>>()
            };
            assert_eq!(lines(once), lines(&twice.exits(0)), "{ledgers:?}");
        }
    }
    fs::copy(path.join(LEDGER), path.join("copy.jsonl")).unwrap();
    for ran in looks(path, &[LEDGER, "copy.jsonl"]) {
        let ran = ran.exits(2);
        assert!(ran.stderr.contains("are of one run, whose rows would count twice"), "{}", ran.stderr);
        let is_told = ["status", "report"].map(|what| format!("headcount {what} {LEDGER}\n"));
        assert!(is_told.iter().any(|command| ran.stderr.contains(command)), "{}", ran.stderr);
    }
}

#[test]
fn a_rehearsal_is_told_as_one_and_is_not_added_to_a_run() {
    const REHEARSED: &str = "roster.csv.simulate.ledger.jsonl";
    let folder = folder(&[]);
    let path = folder.path();
    eventful().write(path);
    fs::copy(path.join(LEDGER), path.join(REHEARSED)).unwrap();
    let [status, status_json, ticket, json] = looks(path, &[REHEARSED]).map(|ran| ran.exits(0).stdout);
    assert!(status.contains("\nrehearsal no user was made\n"), "{status}");
    assert!(ticket.contains("`roster.csv`, a rehearsal: no user was made\n"), "{ticket}");
    assert!(ticket.contains("| Rehearsal | `no user was made` |"), "{ticket}");
    for told in [&status_json, &json] {
        assert_eq!(serde_json::from_str::<Value>(told).unwrap()["rehearsal"], true);
    }
    let [status, status_json, ticket, json] = looks(path, &[LEDGER]).map(|ran| ran.exits(0).stdout);
    assert!(!status.contains("rehearsal") && !ticket.contains("ehears"), "{status}{ticket}");
    for told in [&status_json, &json] {
        assert_eq!(serde_json::from_str::<Value>(told).unwrap()["rehearsal"], false);
    }
    // Two of them are a table, in which each says so.
    let other = fs::read_to_string(path.join(LEDGER)).unwrap().replace("0d9c6b7e-run", "1d9c6b7e-run");
    fs::write(path.join("other.simulate.ledger.jsonl"), resealed(&other)).unwrap();
    let [table, table_json, ..] =
        looks(path, &[REHEARSED, "other.simulate.ledger.jsonl"]).map(|ran| ran.exits(0).stdout);
    assert_eq!(table.matches("not complete, a rehearsal\n").count(), 2, "{table}");
    let told: Value = serde_json::from_str(&table_json).unwrap();
    assert_eq!((&told["rehearsal"], &told["targets"][1]["rehearsal"]), (&json!(true), &json!(true)));
    fs::write(path.join("other.jsonl"), resealed(&other)).unwrap();
    for (at, ran) in looks(path, &[LEDGER, REHEARSED, "other.jsonl"]).into_iter().enumerate() {
        let ran = ran.exits(2);
        let command = if at < 2 { "status" } else { "report" };
        assert!(ran.stderr.contains("a rehearsal made nobody"), "{}", ran.stderr);
        let real = format!("with: headcount {command} {LEDGER} other.jsonl;");
        let rehearsed = format!("with: headcount {command} {REHEARSED}\n");
        assert!(ran.stderr.contains(&real) && ran.stderr.contains(&rehearsed), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
    }
}
