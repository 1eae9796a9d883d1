//! A second wave of the same people: what a report and a status say of the first, and the commands that they print.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::harness::{Ran, Service, folder, headcount, pasted, run, status};
use crate::retry::directory_with_ghost;

const LEDGER: &str = "welle 1.jsonl";
const MAP: &str = "[columns]\n\"Vorname\" = \"first name\"\n\"Nachname\" = \"last name\"\n\"Mail\" = \"email address\"\n\
                   \"Konto\" = \"user login\"\n\"Profil\" = \"routing profile\"\n\
                   [constants]\n\"security profiles\" = \"Agent\"\n";
const HEADER: &str = "Vorname,Nachname,Mail,Konto,Profil\n";

fn row(user: &str, profile: &str) -> String {
    format!("Ana,Silva,{user}@example.com,{user},{profile}\n")
}

/// A folder with an export of people of whom the second is refused, and with all that says how it is to be read.
fn export(service: &Service) -> tempfile::TempDir {
    let folder = folder(&[]);
    directory_with_ghost(folder.path(), service);
    write(folder.path(), "map.toml", MAP);
    let rows = [row("ana", "Basic Routing Profile"), row("bob", "Ghost")];
    write(folder.path(), "leute.csv", &(HEADER.to_owned() + &rows.concat()));
    folder
}

/// The same after an import that made passwords.
fn imported(service: &Service) -> tempfile::TempDir {
    let folder = export(service);
    let made = ["--generate-passwords", "--credentials-out", "pw.jsonl"];
    run(&mut service.import(folder.path(), "leute.csv", &[&HOW[..], &made].concat())).exits(1);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).unwrap();
}

const HOW: [&str; 14] = [
    "--columns",
    "map.toml",
    "--ledger",
    LEDGER,
    "--identity",
    "connect",
    "--directory",
    "directory.json",
    "--phone-region",
    "DE",
    "--rate",
    "1000",
    "--settle-timeout",
    "60",
];

/// The command of ours that a text has behind these words, with the program that is tested.
#[track_caller]
fn command(text: &str, before: &str) -> String {
    let found = text.split_once(&format!("{before}headcount "));
    let found = found.and_then(|(_, rest)| rest.split(['\n', '`']).next());
    let rest = found.unwrap_or_else(|| panic!("no command behind {before:?} in:\n{text}"));
    format!("{} {rest}", env!("CARGO_BIN_EXE_headcount"))
}

fn report(folder: &Path, format: &str) -> Ran {
    run(headcount(folder).args(["report", LEDGER, "--format", format])).exits(0)
}

#[test]
fn the_commands_of_a_report_and_of_a_status_run_as_they_stand() {
    let service = Service::start(&[]);
    let folder = export(&service);
    let path = folder.path();
    let made = ["--generate-passwords", "--credentials-out", "pw.jsonl"];
    run(&mut service.import(path, "leute.csv", &[&HOW[..], &made, &["--skip-invalid"]].concat())).exits(1);

    let shown = run(headcount(path).args(["status", LEDGER])).exits(0);
    let line = command(&shown.stdout, "in the roster, then: ");
    let ticket = report(path, "md").stdout;
    assert_eq!(command(&ticket, "  `"), line, "{ticket}");
    let told: Value = serde_json::from_str(&report(path, "json").stdout).unwrap();
    assert!(line.ends_with(&told["causes"][0]["command"].as_str().unwrap()["headcount".len()..]), "{told}");
    for kept in [
        "--columns map.toml",
        "--identity connect",
        "--directory directory.json",
        "--phone-region DE",
        "--settle-timeout 60",
        "--generate-passwords --credentials-out pw.jsonl",
    ] {
        assert!(line.contains(kept), "{kept} is not in: {line}");
    }
    assert!(!line.contains("--skip-invalid"), "rows that failed are to be mended: {line}");

    let rows = [row("ana", "Basic Routing Profile"), row("bob", "Basic Routing Profile")];
    write(path, "leute.csv", &(HEADER.to_owned() + &rows.concat()));
    let ran = run(&mut pasted(&service.headcount(path), &line)).exits(0);
    assert!(ran.stdout.starts_with("2 of 2 rows created; 1 CreateUser call"), "{}", ran.stdout);
    let shown = run(headcount(path).args(["status", LEDGER])).exits(0);
    assert!(!shown.stdout.contains("headcount"), "nothing is left to do:\n{}", shown.stdout);
}

#[test]
fn from_another_folder_the_commands_name_their_files_whole() {
    let service = Service::start(&[]);
    let folder = imported(&service);
    let path = folder.path();
    let elsewhere = tempfile::tempdir().unwrap();
    let ledger = path.join(LEDGER);
    let shown = run(headcount(elsewhere.path()).arg("status").arg(&ledger)).exits(0);
    let line = command(&shown.stdout, "in the roster, then: ");
    let ran = run(&mut pasted(&service.headcount(elsewhere.path()), &line)).exits(1);
    assert!(ran.stdout.starts_with("1 of 2 rows created, 1 rejected; 1 CreateUser call"), "{}", ran.stdout);
}

#[test]
fn what_resumes_an_import_is_printed_whole_where_rows_are_pending() {
    let service = Service::start(&["--users-quota", "2"]);
    let folder = export(&service);
    let path = folder.path();
    let rows = ["ana", "bob", "cid", "dan"].map(|user| row(user, "Basic Routing Profile"));
    write(path, "leute.csv", &(HEADER.to_owned() + &rows.concat()));
    let password = ["--password-command", "echo Lantern-Reef-7", "--allow-partial"];
    run(&mut service.import(path, "leute.csv", &[&HOW[..], &password].concat())).exits(4);
    let shown = run(headcount(path).args(["status", LEDGER])).exits(0);
    let line = command(&shown.stdout, "resume with: ");
    assert_eq!(command(&report(path, "md").stdout, "  `"), line);
    let ledger = fs::read_to_string(path.join(LEDGER)).unwrap();
    assert!(!ledger.contains("Lantern-Reef-7"), "whatever stands in such a command is kept nowhere");
    let whole = line.replace("--password-command COMMAND", "--password-command \"echo Lantern-Reef-7\"");
    assert_ne!(whole, line);
    let ran = run(&mut pasted(&service.headcount(path), &whole)).exits(4);
    assert!(ran.stderr.contains("stopped: the instance is full"), "{}", ran.stderr);
    assert_eq!(status(path, LEDGER)["rows"]["created"], 2);
}

#[test]
fn a_rehearsal_is_resumed_as_one() {
    let folder = folder(&["roster.csv"]);
    let path = folder.path();
    run(headcount(path).args(["import", "roster.csv", "--simulate", "--seed", "7", "--rate", "1000"]))
        .exits(0);
    let mut text = fs::read_to_string(path.join("roster.csv")).unwrap();
    text = text.replacen("Basic Routing Profile", "Night Shift", 1);
    write(path, "roster.csv", &text);
    let ledger = "roster.csv.simulate.ledger.jsonl";
    // As a machine that lost its power would leave it: a row is planned, and nothing was sent.
    let planned = "{\"type\":\"row\",\"user\":\"zoe\",\"row\":99,\"fingerprint\":\"0000000000000001\"}";
    let old = fs::read_to_string(path.join(ledger)).unwrap();
    let lines: Vec<&str> = old.lines().filter(|line| !line.starts_with("{\"type\":\"end\"")).collect();
    write(path, ledger, &crate::harness::resealed(&(lines.join("\n") + "\n" + planned + "\n")));
    let shown = run(headcount(path).args(["status", ledger])).exits(0);
    let line = command(&shown.stdout, "resume with: ");
    assert!(line.ends_with("import roster.csv --simulate --seed 7 --rate 1000"), "{line}");
    run(&mut pasted(&headcount(path), &line)).exits(0);
}

#[test]
fn people_read_the_instance_by_its_alias_and_whose_name_was_mended() {
    let service = Service::start(&[]);
    let folder = export(&service);
    let path = folder.path();
    let how: Vec<&str> = HOW.iter().copied().filter(|word| !word.contains("directory")).collect();
    let how: Vec<&str> = how.into_iter().filter(|word| !["--identity", "connect"].contains(word)).collect();
    let rows = [row("ana", "Basic Routing Profile"), row("b ob", "Basic Routing Profile")];
    write(path, "leute.csv", &(HEADER.to_owned() + &rows.concat()));
    let password = ["--password-command", "echo Lantern-Reef-7"];
    run(&mut service.import(path, "leute.csv", &[&how[..], &password, &["--skip-invalid"]].concat()))
        .exits(1);
    let failed = fs::read_to_string(path.join("leute.csv.failed.csv")).unwrap();
    write(path, "leute.csv.failed.csv", &failed.replace("b ob@example.com,b ob", "bob@example.com,bob"));
    let shown = run(headcount(path).args(["status", LEDGER])).exits(0);
    assert!(shown.stdout.contains("instance  acme-contact-centre\n          arn:"), "{}", shown.stdout);
    let line = command(&shown.stdout, "in the roster, then: ");
    let line = line.replace("--password-command COMMAND", "--password-command \"echo Lantern-Reef-7\"");
    run(&mut pasted(&service.headcount(path), &(line + " --roster leute.csv.failed.csv"))).exits(0);

    let ticket = report(path, "md").stdout;
    assert!(ticket.contains("Instance `acme-contact-centre`"), "{ticket}");
    assert!(ticket.contains("| Instance | `acme-contact-centre (arn:"), "{ticket}");
    let page = report(path, "html").stdout;
    assert!(page.contains("<b><bdi>acme-contact-centre</bdi></b>"));
    assert!(page.contains("renamed: it was `b ob` in the roster"), "{page}");
    let told: Value = serde_json::from_str(&report(path, "json").stdout).unwrap();
    assert_eq!((&told["users"][1]["user"], &told["users"][1]["was"]), (&"bob".into(), &"b ob".into()));
    assert_eq!(told["alias"], "acme-contact-centre");
}

#[test]
fn a_dry_run_says_of_nothing_that_it_is_made_or_found_where_it_is_not() {
    let service = Service::start(&[]);
    let folder = export(&service);
    let path = folder.path();
    let made = ["--generate-passwords", "--credentials-out", "pw.jsonl", "--dry-run"];
    let ran = run(&mut service.import(path, "leute.csv", &[&HOW[..], &made].concat())).exits(0);
    let planned = ran.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        planned.contains("passwords would be made for rows without one, and written to pw.jsonl"),
        "{planned}"
    );
    assert!(!planned.contains("kept in"), "{planned}");
    assert!(
        planned.contains("names 2 routing profiles, 1 security profile found in `directory.json`"),
        "{planned}"
    );
    assert!(!planned.contains("on the instance"), "{planned}");
    assert!(planned.contains("time under a second at"), "{planned}");
    assert!(!path.join("pw.jsonl").exists());
}

#[test]
fn a_dry_run_that_skips_rows_with_errors_says_so_and_exits_3() {
    let service = Service::start(&[]);
    let folder = folder(&["roster.csv"]);
    let path = folder.path();
    let text = fs::read_to_string(path.join("roster.csv")).unwrap();
    let rows = text.lines().count() - 2;
    let at = text.lines().nth(1).unwrap().find('@').unwrap();
    let line = text.lines().nth(1).unwrap().to_owned();
    write(path, "roster.csv", &text.replacen(&line, &(line[..at].to_owned() + " at " + &line[at + 1..]), 1));
    let ran = run(&mut service.import(path, "roster.csv", &["--dry-run", "--skip-invalid"])).exits(3);
    let expected =
        format!("dry run: {rows} users would be created, 1 row with errors skipped; nothing was sent\n");
    assert_eq!(ran.stdout, expected);
}

#[test]
fn where_no_name_is_near_those_that_exist_are_listed() {
    let service = Service::start(&[]);
    let folder = export(&service);
    let path = folder.path();
    let how = [&HOW[..], &["--password-command", "echo Lantern-Reef-7"]].concat();
    write(path, "leute.csv", &(HEADER.to_owned() + &row("ana", "Zentrale Disposition")));
    let ran = run(&mut service.import(path, "leute.csv", &how)).exits(3);
    assert!(ran.stderr.contains("; it has `"), "{}", ran.stderr);
    for name in ["`Basic Routing Profile`", "`Ghost`"] {
        assert!(ran.stderr.contains(name), "{name}: {}", ran.stderr);
    }
    write(path, "leute.csv", &(HEADER.to_owned() + &row("ana", "Basic Routing Profil")));
    let ran = run(&mut service.import(path, "leute.csv", &how)).exits(3);
    assert!(ran.stderr.contains("did you mean `Basic Routing Profile`?"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("it has"), "{}", ran.stderr);
}

#[test]
fn whoever_was_made_with_a_mended_password_has_not_changed_where_the_roster_has_the_bad_one() {
    let folder = folder(&[]);
    let path = folder.path();
    let header =
        "first name,last name,email address,password,user login,routing profile name,security profiles\n";
    let row = |user: &str, password: &str| {
        format!("Ana,Silva,{user}@example.com,{password},{user},Basic Routing Profile,Agent\n")
    };
    let roster = header.to_owned() + &row("ana", "Lantern-Reef-7") + &row("bob", "short");
    write(path, "roster.csv", &roster);
    let import = ["import", "roster.csv", "--simulate", "--skip-invalid", "--rate", "1000"];
    run(headcount(path).args(import)).exits(1);
    let ledger = "roster.csv.simulate.ledger.jsonl";
    let failed = "roster.csv.simulate.failed.csv";
    let text = fs::read_to_string(path.join(failed)).unwrap();
    write(path, failed, &text.replace("bob@example.com,,", "bob@example.com,Lantern-Reef-7,"));
    run(headcount(path).args(["retry", ledger, "--roster", failed])).exits(0);
    let ran = run(headcount(path).args(import)).exits(0);
    assert!(!ran.stderr.contains("other cells"), "{}", ran.stderr);
    assert_eq!(status(path, ledger)["seen"]["drifted"], 0);
    // Another cell has: that is told.
    write(path, "roster.csv", &roster.replace("bob@example.com", "bobby@example.com"));
    let ran = run(headcount(path).args(import)).exits(0);
    assert!(ran.stderr.contains("`bob` was created, and the roster has other cells"), "{}", ran.stderr);
    assert_eq!(status(path, ledger)["seen"]["drifted"], 1);
}

#[test]
fn the_next_command_of_a_template_keeps_what_it_is_for() {
    let folder = folder(&[]);
    for (identity, next) in
        [("saml", " --identity saml`"), ("directory", " --identity directory`"), ("connect", ".csv`")]
    {
        let name = format!("{identity}.csv");
        let ran =
            run(headcount(folder.path()).args(["template", "--identity", identity, "-o", &name])).exits(0);
        assert!(
            ran.stderr.contains(&format!("validate {identity}.csv{}", next.trim_start_matches(".csv"))),
            "{}",
            ran.stderr
        );
    }
}

#[test]
fn people_read_names_teams_and_the_time_of_their_place_and_programs_do_not() {
    let service = Service::start(&[]);
    let folder = imported(&service);
    let path = folder.path();
    let told = |flags: &[&str]| {
        let mut command = headcount(path);
        command.env("TZ", "CET-1CEST,M3.5.0,M10.5.0/3").args(["report", LEDGER]).args(flags);
        run(&mut command).exits(0).stdout
    };
    let at = status(path, LEDGER)["run"].as_str().unwrap().to_owned();
    assert!(!at.is_empty());
    for format in ["md", "html"] {
        let text = told(&["--format", format]);
        assert!(text.contains("Ana Silva"), "{text}");
        assert!(text.contains(" CET") || text.contains(" CEST"), "{text}");
        assert!(text.contains("has them now"), "{text}");
        let without = told(&["--format", format, "--without-names"]);
        assert!(!without.contains("Ana Silva") && !without.contains("has them now"), "{without}");
    }
    assert!(told(&["--format", "html"]).contains("Ana Silva · Basic Routing Profile"));
    for format in ["csv", "json"] {
        let text = told(&["--format", format]);
        assert!(!text.contains("Ana Silva") && !text.contains(" CE"), "{text}");
        assert!(text.contains('Z'), "{text}");
    }
    fs::remove_file(path.join("leute.csv")).unwrap();
    let text = told(&["--format", "md"]);
    assert!(text.contains("left out, for they are in the roster alone, and it cannot be read"), "{text}");
}

#[test]
fn the_workbook_is_printed_lying_as_wide_as_a_page_and_with_its_header_on_each() {
    use calamine::{Data, Reader as _, Xlsx};
    let service = Service::start(&[]);
    let folder = imported(&service);
    let path = folder.path();
    run(headcount(path).args(["report", LEDGER, "-o", "run.xlsx"])).exits(0);
    let mut archive = zip::ZipArchive::new(fs::File::open(path.join("run.xlsx")).unwrap()).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).unwrap(), &mut text).unwrap();
        text
    };
    for sheet in ["xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"] {
        let text = part(sheet);
        for told in ["fitToPage=\"1\"", "orientation=\"landscape\"", "fitToHeight=\"0\""] {
            assert!(text.contains(told), "{told} is not in {sheet}");
        }
    }
    let book = part("xl/workbook.xml");
    assert!(book.contains("_xlnm.Print_Titles") && book.contains("Rows!$A$1:$I$3"), "{book}");
    let mut book: Xlsx<_> = calamine::open_workbook(path.join("run.xlsx")).unwrap();
    let rows = book.worksheet_range("Rows").unwrap();
    let cell = |row, column| rows.get_value((row, column)).cloned();
    assert_eq!(cell(0, 2), Some(Data::String("name".into())));
    assert_eq!(
        (cell(1, 1), cell(1, 2)),
        (Some(Data::String("ana".into())), Some(Data::String("Ana Silva".into())))
    );
    assert_eq!(cell(2, 4), Some(Data::String("Ghost".into())));
}
