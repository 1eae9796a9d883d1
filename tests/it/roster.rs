//! Reading rosters: the samples, and `headcount columns`.

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use headcount::roster::{Field, Options, Roster, Row, template};

use crate::harness::is_in_words;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples").join(name)
}

fn open(name: &str, options: &Options) -> Roster {
    Roster::open(&sample(name), options).unwrap_or_else(|failure| panic!("{name}: {failure}"))
}

/// Every row as number and the cells of all fields.
fn read(roster: &Roster) -> Vec<(u64, Vec<String>)> {
    let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
    while rows.read(&mut row).unwrap() {
        assert_eq!(row.findings, [], "row {}", row.number);
        let cells = Field::ALL.map(|field| roster.columns().cell(&row, field).to_owned());
        all.push((row.number, cells.into()));
    }
    all
}

/// The sample as a workbook, made from the sample as CSV.
fn workbook() -> Vec<u8> {
    let text = fs::read_to_string(sample("roster.csv")).unwrap();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    template::workbook_of(records.iter().map(|record| record.iter().collect())).unwrap()
}

#[test]
fn the_sample_is_the_same_people_as_csv_and_as_a_workbook() {
    let (csv, xlsx) = (open("roster.csv", &Options::default()), open("roster.xlsx", &Options::default()));
    for roster in [&csv, &xlsx] {
        assert_eq!(roster.recognised(), Some("Amazon Connect console template, CONNECT_MANAGED (2025)"));
        assert_eq!(roster.findings(), []);
    }
    let people = read(&csv);
    assert_eq!(people.len(), 25);
    assert_eq!(people, read(&xlsx));
    assert_eq!((people[0].0, people[24].0), (2, 26));
}

#[test]
fn the_sample_workbook_is_made_from_the_sample_csv() {
    assert!(fs::read(sample("roster.xlsx")).unwrap() == workbook(), "see `renew_the_sample_workbook`");
}

/// Renews `samples/roster.xlsx` from `samples/roster.csv`:
/// `cargo test --test it -- --ignored renew_the_sample_workbook`.
#[test]
#[ignore = "writes into samples/"]
fn renew_the_sample_workbook() {
    fs::write(sample("roster.xlsx"), workbook()).unwrap();
}

#[test]
fn the_hr_export_becomes_a_roster_through_its_map() {
    let options = Options { columns: Some(sample("hr-export.toml")), ..Options::default() };
    let roster = open("hr-export.csv", &options);
    let codes: Vec<_> = roster.findings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["encoding-guessed"]);
    let people = read(&roster);
    assert_eq!(people.len(), 8);
    let cell = |person: usize, field: Field| people[person].1[field.index()].as_str();
    assert_eq!(cell(2, Field::FirstName), "Anneliese");
    assert_eq!(cell(2, Field::LastName), "Weiß");
    assert_eq!(cell(2, Field::SecurityProfiles), "Supervisor|Agent");
    assert_eq!(cell(1, Field::PhoneType), "desk");
    assert_eq!(cell(6, Field::PhoneType), "soft");
    assert_eq!(cell(5, Field::LastName), "D’Angelo");
    assert_eq!(cell(5, Field::Hierarchy), "EMEA|Germany|Berlin|Support|Team B");
    assert!(people.iter().all(|(_, cells)| cells[Field::RoutingProfile.index()] == "Customer Care"));
    let told = Options { encoding: Some("windows-1252".into()), ..options };
    assert_eq!(open("hr-export.csv", &told).findings(), []);
}

fn columns(arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = Command::cargo_bin("headcount").unwrap();
    let output = command.current_dir(sample("")).arg("columns").args(arguments).output().unwrap();
    let text = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        is_in_words(&text);
        text
    };
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn columns_shows_how_each_column_is_read_and_no_password() {
    let (code, stdout, stderr) = columns(&["roster.csv"]);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    insta::assert_snapshot!(stdout);
    assert!(!stdout.contains("Lantern-Reef-7"));
}

#[test]
fn columns_proposes_a_map_that_works_as_it_stands() {
    let (code, stdout, stderr) = columns(&["hr-export.csv"]);
    assert_eq!((code, stderr.as_str()), (Some(3), ""), "an error is told of");
    insta::assert_snapshot!(stdout);
    assert!(!stdout.contains("Lantern-Reef-7"));
    let map = stdout.split_once("`--columns FILE.toml`:\n").unwrap().1;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.toml");
    fs::write(&path, map).unwrap();
    let roster = open("hr-export.csv", &Options { columns: Some(path), ..Options::default() });
    assert!(roster.findings().iter().all(|finding| finding.code == "encoding-guessed"));
    assert!(roster.columns().has(Field::Username) && roster.columns().has(Field::Password));
}

#[test]
fn a_structure_of_the_api_is_passed_over_in_the_proposed_map_and_its_columns_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("api.csv");
    fs::write(
        &roster,
        "Username,FirstName,LastName,RoutingProfileId,SecurityProfileIds,AutoAcceptConfigs\na,A,B,c,d,e\n",
    )
    .unwrap();
    let (code, stdout, _) = columns(&[roster.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    let line = "  \"AutoAcceptConfigs\", # not read; give the roster a column for each: auto accept voice, auto accept chat, \
                auto accept task, auto accept email, agent first callback auto accept\n";
    assert!(stdout.contains(line), "{stdout}");
    let map = folder.path().join("map.toml");
    fs::write(&map, stdout.split_once("`--columns FILE.toml`:\n").unwrap().1).unwrap();
    let read = Roster::open(&roster, &Options { columns: Some(map), ..Options::default() }).unwrap();
    assert_eq!(read.findings(), []);
}

#[test]
fn columns_shows_what_a_map_does() {
    let (code, stdout, _) = columns(&["hr-export.csv", "--columns", "hr-export.toml"]);
    assert_eq!(code, Some(0));
    insta::assert_snapshot!(stdout);
}

#[test]
fn what_cannot_be_read_ends_with_code_2_and_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let workbook = workbook();
    let table = [
        (folder.path().join("none.csv").to_str().unwrap().to_owned(), "there is no roster at"),
        (folder.path().to_str().unwrap().to_owned(), "is a directory"),
        (file("empty.csv", b""), "the roster is empty"),
        (file("junk.csv", b"\x00\x01\x02\x03"), "neither CSV nor XLSX"),
        (file("cut.xlsx", &workbook[..workbook.len() / 2]), "damaged or incomplete"),
        (file("old.xls", b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1\0\0\0\0"), "old Excel workbook (XLS)"),
    ];
    for (path, what) in table {
        let (code, stdout, stderr) = columns(&[&path]);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{path}");
        assert!(stderr.starts_with("error: ") && stderr.contains(what), "{stderr}");
    }
    let book = file("book.xlsx", &workbook);
    let (code, _, stderr) = columns(&[&book, "--sheet", "Agents"]);
    assert_eq!(code, Some(2));
    assert!(stderr.contains("no such sheet: `Agents`") && stderr.contains("hint: its sheets are `Users`"));
    let map = file("map.toml", b"[colums]\n");
    let (code, _, stderr) = columns(&["roster.csv", "--columns", &map]);
    assert_eq!(code, Some(2));
    assert!(
        stderr.contains("the column map cannot be used") && stderr.contains("unknown field `colums`"),
        "{stderr}"
    );
    let (code, _, stderr) = columns(&["roster.csv", "--encoding", "klingon"]);
    assert_eq!((code, stderr.contains("no such encoding: `klingon`")), (Some(2), true));
}

#[cfg(unix)]
#[test]
fn a_roster_may_come_through_a_pipe() {
    let mut command = Command::cargo_bin("headcount").unwrap();
    let text = fs::read(sample("roster.csv")).unwrap();
    let output = command.args(["columns", "/dev/stdin"]).write_stdin(text).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("zoe.mueller"));
}
