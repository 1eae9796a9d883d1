//! Text that was damaged before it came, and text that only looks it.

use std::fmt::Write as _;
use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

use super::{Found, findings, input};

/// A finding in a line: where it is, its code, and how it is mended.
fn line(found: &Found) -> String {
    let row = found.row.map_or("file".to_owned(), |row| row.to_string());
    let column = found.column.as_deref().unwrap_or("-").trim();
    format!("{row} {column}: {} -> {}", found.code, found.hint)
}

/// What is said of each input, all of it.
#[test]
fn every_damaged_input_is_told_with_its_mended_value() {
    let table: [(&str, &[&str], i32, &[&str]); 13] = [
        (
            "03-excel-mac-macroman.csv",
            &[],
            3,
            &[
                "file -: encoding-unclear -> look at the names in both, with `headcount columns`: `--encoding macintosh` or \
               `--encoding windows-1252`",
            ],
        ),
        ("03-excel-mac-macroman.csv", &["--encoding", "macintosh"], 0, &[]),
        (
            "05-letters-lost-to-question-marks.csv",
            &[],
            0,
            &[
                "2 first name: letters-lost -> ASK",
                "2 last name: letters-lost -> ASK",
                "3 first name: letters-lost -> ASK",
                "3 last name: letters-lost -> ASK",
            ],
        ),
        (
            "06-replacement-character-in-utf8.csv",
            &[],
            3,
            &[
                "2 first name: undecodable-text -> LOST",
                "2 last name: undecodable-text -> LOST",
                "3 first name: undecodable-text -> LOST",
                "3 last name: undecodable-text -> LOST",
            ],
        ),
        (
            "06-replacement-character-in-utf8.csv",
            &["--encoding", "utf-8"],
            3,
            &[
                "2 first name: undecodable-text -> LOST",
                "2 last name: undecodable-text -> LOST",
                "3 first name: undecodable-text -> LOST",
                "3 last name: undecodable-text -> LOST",
            ],
        ),
        (
            "07-html-entities.csv",
            &[],
            0,
            &[
                "2 first name: escaped-text -> write `Sinéad`",
                "2 last name: escaped-text -> write `O'Rourke`",
                "2 routing profile name: escaped-text -> write `Billing & Returns`",
                "3 last name: escaped-text -> write `D'Arcy`",
            ],
        ),
        (
            "13-invisible-marks-in-numbers.csv",
            &[],
            3,
            &[
                "2 phone number: stray-spaces -> SPACES",
                "3 phone number: phone-number-not-e164 -> write `+12065550143`",
                "4 routing profile name: invisible-character -> write `Customer Care`",
                "4 security_profile_name_1|security_profile_name_2: stray-spaces -> SPACES",
                "5 routing profile name: invisible-character -> write `Customer Care`",
                "5 email address: email-syntax -> write `odalind@example.com`",
                "5 user login: username-characters -> write `odalind`",
            ],
        ),
        (
            "13b-invisible-marks-in-names.csv",
            &[],
            3,
            &[
                "2 last name: invisible-character -> write `Okafor`",
                "2 first name: stray-spaces -> SPACES",
                "3 first name: invisible-character -> write `Ruben`",
                "3 last name: stray-spaces -> SPACES",
                "3 email address: stray-spaces -> SPACES",
                "4 user login: username-spaces -> remove the spaces from the cell, non-breaking ones too",
                "5 password: password-invisible -> SECRET",
            ],
        ),
        (
            "13c-passwords-nobody-can-type.csv",
            &[],
            3,
            &[
                "2 password: password-invisible -> SECRET",
                "3 password: password-whitespace -> remove the space, tab or line break; look at the end of the cell",
                "4 password: password-invisible -> SECRET",
                "5 password: password-invisible -> SECRET",
                "6 password: password-autocorrected -> AUTO",
                "7 password: password-autocorrected -> AUTO",
                "8 password: password-ellipsis -> type three dots again with autocorrection off, or choose another password",
                "9 password: password-invisible -> SECRET",
                "10 password: password-invisible -> SECRET",
                "11 password: password-whitespace -> remove the space, tab or line break; look at the end of the cell",
                "12 password: password-invisible -> SECRET",
            ],
        ),
        (
            "18-error-texts-in-csv.csv",
            &[],
            3,
            &[
                "2 first name: cell-error -> ERROR",
                "2 routing profile name: cell-error -> ERROR",
                "3 last name: cell-error -> ERROR",
                "3 routing profile name: cell-error -> ERROR",
                "3 security_profile_name_1|security_profile_name_2: cell-error -> ERROR",
                "4 first name: cell-error -> ERROR",
                "4 email address: cell-error -> ERROR",
                "4 user login: cell-error -> ERROR",
                "4 routing profile name: cell-error -> ERROR",
                "5 last name: placeholder -> NOTHING",
                "5 user_hierarchy_1|user_hierarchy_2: placeholder -> NOTHING",
                "6 last name: cell-error -> ERROR",
                "6 user_hierarchy_1|user_hierarchy_2: cell-error -> ERROR",
            ],
        ),
        (
            "20-smart-quotes-and-backslashes.csv",
            &[],
            0,
            &[
                "2 first name: quotes-in-name -> write `Tamsin`",
                "2 last name: quotes-in-name -> write `Okafor`",
                "3 first name: escaped-text -> write `Robert \"Bob\"`",
            ],
        ),
        (
            "21-people-with-one-name.csv",
            &[],
            3,
            &[
                "2 last name: last-name-missing -> fill in the last name",
                "3 first name: first-name-missing -> fill in the first name",
                "4 last name: placeholder -> NOTHING",
            ],
        ),
        (
            "24-addresses-as-mail-programs-write-them.csv",
            &[],
            3,
            &[
                "2 email address: email-syntax -> write `tamsin.okafor@example.com`",
                "3 email address: email-syntax -> write `ruben.castellanos@example.com`",
                "4 email address: email-syntax -> write `ines.marchetti@example.com`",
                "5 email address: email-syntax -> a user has one address here: keep `oda.lind@example.com` or `oda@home.example`",
                "7 email address: email-syntax -> write `ada.brandt@example.com`",
            ],
        ),
    ];
    // The fixes that are the same for all of their kind.
    let fixes = [
        (
            "ASK",
            "type the letters again, or export the file again, with `-Encoding UTF8` where it was Export-Csv",
        ),
        (
            "LOST",
            "type the letters again; where all of the file is so, give the right `--encoding`, or export it again as UTF-8",
        ),
        ("SPACES", "nothing to do: the cell is read without them"),
        ("SECRET", "type the password into the cell again, or choose another"),
        ("AUTO", "type the password again with autocorrection off, or choose another"),
        ("ERROR", "mend the formula, or type the value"),
        ("NOTHING", "fill in the value; nothing to do where it is meant"),
    ];
    for (file, args, exit, expected) in table {
        let (ended, found) = findings(&input(file), args);
        let expected: Vec<String> = expected
            .iter()
            .map(|line| match line.split_once(" -> ") {
                Some((what, fix)) => {
                    let fix = fixes.iter().find(|(name, _)| *name == fix).map_or(fix, |(_, fix)| fix);
                    format!("{what} -> {fix}")
                }
                None => (*line).to_owned(),
            })
            .collect();
        let told: Vec<String> = found.iter().map(line).collect();
        assert_eq!((ended, told), (exit, expected), "{file} {args:?}");
    }
}

/// What is read is what was written, in the encoding that the program itself names.
#[test]
fn the_encoding_that_is_named_reads_the_names() {
    let roster = input("03-excel-mac-macroman.csv");
    let (_, found) = findings(&roster, &[]);
    assert!(found[0].message.contains("in line 2 of the file"), "{}", found[0].message);
    let (_, named) = found[0].hint.split_once("`--encoding ").unwrap();
    let (label, _) = named.split_once('`').unwrap();
    let shown = Command::cargo_bin("headcount")
        .unwrap()
        .arg("columns")
        .arg(&roster)
        .args(["--encoding", label])
        .output();
    let shown = String::from_utf8(shown.unwrap().stdout).unwrap();
    assert!(shown.contains("José") && shown.contains("Müller"), "{shown}");
}

/// A workbook's cells are looked at as a CSV's are.
#[test]
fn a_workbook_is_told_the_same_as_a_csv() {
    let folder = tempfile::tempdir().unwrap();
    for (file, args) in [
        ("07-html-entities.csv", &[][..]),
        ("18-error-texts-in-csv.csv", &[]),
        ("13b-invisible-marks-in-names.csv", &[]),
    ] {
        let text = std::fs::read_to_string(input(file)).unwrap();
        let workbook = folder.path().join("roster.xlsx");
        write_workbook(&workbook, &text);
        let lines = |roster: &Path| {
            let (exit, found) = findings(roster, args);
            (exit, found.iter().map(|found| format!("{} {:?}", line(found), found.value)).collect::<Vec<_>>())
        };
        assert_eq!(lines(&workbook), lines(&input(file)), "{file}");
    }
}

fn write_workbook(path: &Path, csv: &str) {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(csv.as_bytes());
    for (row, record) in (0..).zip(reader.records()) {
        for (column, cell) in (0..).zip(record.unwrap().iter()) {
            sheet.write_string(row, column, cell).unwrap();
        }
    }
    workbook.save(path).unwrap();
}

/// The names of `tests/field/names.txt`: of each language its first names and its last names.
fn names() -> Vec<(String, [Vec<String>; 2])> {
    let text = std::fs::read_to_string(input("names.txt")).unwrap();
    let list = |part: &str| part.split(',').map(|name| name.trim().to_owned()).collect();
    let read = |line: &str| {
        let (language, names) = line.split_once(": ").unwrap();
        let (first, last) = names.split_once('|').unwrap();
        (language.to_owned(), [list(first), list(last)])
    };
    text.lines().filter(|line| !line.starts_with('#')).map(read).collect()
}

/// Addresses and numbers as people have them.
const ADDRESSES: [&str; 12] = [
    "o'brien@example.com",
    "first.last+shift2@sub.example.co.uk",
    "a_b-c@x-y.example.museum",
    "1234@example.com",
    "x@example.io",
    "jürgen.müller@example.de",
    "анна@example.com",
    "用户@example.com",
    "a.b.c.d@example.travel",
    "null@example.com",
    "UPPER.CASE@EXAMPLE.COM",
    "team=north/south@example.com",
];
const NUMBERS: [&str; 12] = [
    "+12065550100",
    "+442079460123",
    "+493023125042",
    "+33142685300",
    "+81312345678",
    "+8613800138000",
    "+919876543210",
    "+5511987654321",
    "+27211234567",
    "+61412345678",
    "+82212345678",
    "+3725551234",
];

/// Names of sixty languages, each as it is written, in capitals and beside the next: no error, and hardly a warning.
#[test]
fn names_addresses_and_numbers_of_all_the_world_raise_no_alarm() {
    let all = names();
    let different: std::collections::BTreeSet<&String> =
        all.iter().flat_map(|(_, names)| names.iter().flatten()).collect();
    assert!(all.len() >= 40 && different.len() >= 2000, "{} {}", all.len(), different.len());
    let mut text = "first name,last name,email address,user login,routing profile name,security profiles,mobile,password\n".to_owned();
    let mut rows = 0;
    for (language, [first, last]) in &all {
        assert!(first.len() + last.len() >= 50, "{language}");
        for at in 0..first.len().max(last.len()) {
            let (one, other) = (&first[at % first.len()], &last[at % last.len()]);
            let next = &first[(at + 1) % first.len()];
            for (one, other) in [
                (one.clone(), other.clone()),
                (one.to_uppercase(), other.to_uppercase()),
                (format!("{one} {next}"), format!("{other}-{}", &last[(at + 3) % last.len()])),
            ] {
                let (address, number) = (ADDRESSES[rows % ADDRESSES.len()], NUMBERS[rows % NUMBERS.len()]);
                let _ = writeln!(
                    text,
                    "\"{one}\",\"{other}\",{address},u{rows},Customer Care,Agent,{number},Lantern-{rows:04}-Reef"
                );
                rows += 1;
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("names.csv");
    std::fs::write(&roster, text).unwrap();
    let mut command = Command::cargo_bin("headcount").unwrap();
    let output = command.arg("validate").arg(&roster).args(["--format", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let told: Vec<String> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| format!("{} {} {}", f["severity"], f["code"], f["value"]))
        .collect();
    let errors: Vec<_> = told.iter().filter(|told| told.contains("error")).collect();
    assert!(errors.is_empty(), "{} errors: {errors:#?}", errors.len());
    let cells = rows * 8;
    assert!(told.len() * 200 < cells, "{} warnings in {cells} cells: {told:#?}", told.len());
}
