//! Files as HR sends them, through the real program.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use headcount::roster::{Field, Options, Roster, Row};

use crate::harness::{Ran, headcount, run};
use crate::python;

#[test]
fn national_numbers_are_errors_until_the_country_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let header =
        "first name,last name,user login,routing profile,security profiles,phone type,phone number,mobile\n";
    let rows =
        "Ann,Lee,ann,Care,Agent,desk,030 23125042,0171 1234567\nBob,Kay,bob,Care,Agent,soft,030/23125043,\n";
    fs::write(folder.path().join("r.csv"), format!("{header}{rows}")).unwrap();
    let validate = |flags: &[&str]| run(headcount(folder.path()).args(["validate", "r.csv"]).args(flags));
    let ran = validate(&[]).exits(3);
    assert!(
        ran.stdout.contains("phone-number-not-e164") && ran.stdout.contains("mobile-not-e164"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.contains("`--phone-region COUNTRY`, as in DE or US, reads national numbers"),
        "{}",
        ran.stdout
    );
    let ran = validate(&["--phone-region", "de"]).exits(0);
    assert!(ran.stdout.contains("--phone-region DE"), "the next command has the flag: {}", ran.stdout);
    assert!(!ran.stdout.contains("phone-number"), "{}", ran.stdout);
    let ran = validate(&["--phone-region", "US"]).exits(3);
    assert!(ran.stdout.contains("no such number exists in the country"), "{}", ran.stdout);
    validate(&["--phone-region", "Germany"]).exits(2);
    // What is sent is E.164.
    let flags = ["--simulate", "--yes", "--rate", "1000", "--phone-region", "DE"];
    run(headcount(folder.path()).args(["import", "r.csv"]).args(flags)).exits(0);
    let world = fs::read_to_string(folder.path().join("r.csv.simulate.world.jsonl")).unwrap();
    for number in ["+493023125042", "+493023125043", "+491711234567"] {
        assert!(world.contains(number), "{number}: {world}");
    }
    fs::write(
        folder.path().join("r.csv"),
        format!("{header}Ann,Lee,ann,Care,Agent,desk,030 23125042 ext 12,\nBob,Kay,bob,Care,Agent,soft,030 23125043 ext 12,\n"),
    )
    .unwrap();
    let ran = validate(&["--phone-region", "DE"]).exits(3);
    assert_eq!(ran.stdout.matches("E.164 has no place for an extension").count(), 2, "{}", ran.stdout);
}

/// A roster as a spreadsheet holds it: headers, then rows.
const PEOPLE: [[&str; 8]; 3] = [
    [
        "first name",
        "last name",
        "user login",
        "routing profile",
        "security profiles",
        "phone type",
        "ACW timeout",
        "tags",
    ],
    ["Zoë", "Müller", "zoe.mueller", "Customer Care", "Admin|Agent", "soft", "30", "note|says \"hi\", twice"],
    ["José", "Núñez; jr.", "jose.nunez", "Customer Care", "Agent", "soft", "0", "note|two\nlines"],
];

/// A CSV as Excel writes it: quotes only where they must be, CRLF, and in Windows-1252 where it is not told UTF-8.
fn excel_csv(delimiter: char, utf8_with_mark: bool) -> Vec<u8> {
    let cell = |cell: &str| {
        let must = cell.contains([delimiter, '"', '\n']);
        if must { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
    };
    let line =
        |row: &[&str; 8]| row.iter().map(|text| cell(text)).collect::<Vec<_>>().join(&delimiter.to_string());
    let text: String = PEOPLE.iter().map(|row| line(row) + "\r\n").collect();
    if utf8_with_mark {
        return format!("\u{FEFF}{text}").into_bytes();
    }
    // Windows-1252 of these letters is Latin-1.
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

/// Fails unless the roster is [`PEOPLE`].
#[track_caller]
fn is_people(path: &Path) {
    let roster = Roster::open(path, &Options::default()).unwrap();
    let (mut rows, mut row, mut number) = (roster.rows().unwrap(), Row::default(), 0);
    let fields = [
        Field::FirstName,
        Field::LastName,
        Field::Username,
        Field::RoutingProfile,
        Field::SecurityProfiles,
        Field::PhoneType,
        Field::AfterContactWork,
        Field::Tags,
    ];
    while rows.read(&mut row).unwrap() {
        number += 1;
        assert_eq!(row.findings, []);
        let cells = fields.map(|field| roster.columns().cell(&row, field).to_owned());
        assert_eq!(cells, PEOPLE[number].map(str::to_owned));
    }
    assert_eq!(number, 2);
}

#[test]
fn csv_as_excel_writes_it_in_every_setting_is_the_same_people() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.csv");
    // German and French settings write `;`, those of the US a comma; "Unicode text" is UTF-16 with tabs.
    for (delimiter, utf8) in
        [(';', false), (';', true), (',', false), (',', true), ('\t', false), ('\t', true)]
    {
        fs::write(&path, excel_csv(delimiter, utf8)).unwrap();
        is_people(&path);
    }
    let text = String::from_utf8(excel_csv('\t', true)).unwrap();
    for (text, order) in [
        (text.as_str(), u16::to_le_bytes as fn(u16) -> [u8; 2]),
        (text.trim_start_matches('\u{FEFF}'), u16::to_le_bytes),
        (text.trim_start_matches('\u{FEFF}'), u16::to_be_bytes),
    ] {
        fs::write(&path, text.encode_utf16().flat_map(order).collect::<Vec<u8>>()).unwrap();
        is_people(&path);
    }
    // A decimal comma is text like any other, and no number of seconds.
    let german = String::from_utf8(excel_csv(';', true)).unwrap().replace(";30;", ";30,5;");
    fs::write(&path, german).unwrap();
    let ran = run(headcount(folder.path()).args(["validate", "r.csv"])).exits(3);
    assert!(ran.stdout.contains("after-contact-work") && ran.stdout.contains("`30,5`"), "{}", ran.stdout);
}

#[test]
fn a_workbook_by_rust_xlsxwriter_is_the_same_people() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("r.xlsx");
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (r, row) in (0..).zip(PEOPLE) {
        for (c, cell) in (0..).zip(row) {
            match cell.parse::<f64>() {
                Ok(number) => sheet.write_number(r, c, number).unwrap(),
                Err(_) => sheet.write_string(r, c, cell).unwrap(),
            };
        }
    }
    workbook.save(&path).unwrap();
    is_people(&path);
}

#[test]
fn a_workbook_by_openpyxl_is_the_same_people_and_hides_nothing() {
    let Some(venv) = python::venv() else { return };
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/workbooks.py");
    fs::write(folder.path().join("people.json"), serde_json::to_string(&PEOPLE).unwrap()).unwrap();
    let made = python::command(&venv.join("bin/python"), folder.path())
        .arg(script)
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    is_people(&folder.path().join("plain.xlsx"));
    is_people(&folder.path().join("write_only.xlsx"));
    let ran = run(headcount(folder.path()).args(["validate", "odd.xlsx", "--format", "json"]));
    finds(
        &ran,
        &[
            ("hidden-sheets", None),
            ("hidden-columns", None),
            ("hidden-rows", None),
            ("merged-over-rows", Some(4)),
            ("date-not-text", Some(5)),
            ("number-not-text", Some(5)),
        ],
    );
}

/// Fails unless these are the findings of a `validate --format json`: the codes with their rows, in order.
#[track_caller]
fn finds(ran: &Ran, expected: &[(&str, Option<u64>)]) {
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let found = said["findings"].as_array().unwrap().iter();
    let found: Vec<_> = found.map(|one| (one["code"].as_str().unwrap(), one["row"].as_u64())).collect();
    assert_eq!(found, expected, "{}", ran.stdout);
}

/// What LibreOffice makes of `people.csv` and `odd.fods`, see `tests/files/README.md`.
#[test]
fn files_by_libreoffice_are_the_same_people_and_hide_nothing() {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    are_by_libreoffice(&kept, "libreoffice-");
    let has_office = std::process::Command::new("soffice").arg("--version").output().is_ok();
    if !has_office {
        // Past the test runner, which keeps what a test prints to itself while the test passes.
        let _ = std::io::stderr().write_all(
            b"\nSKIPPED: no `soffice` here, so only kept files of LibreOffice are read, no new ones\n",
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let convert = |source: &str, to: &str| {
        let mut command = std::process::Command::new("soffice");
        command.env("HOME", folder.path()).arg("--headless");
        if source.ends_with(".csv") {
            // Comma, double quote, UTF-8: it does not look for the mark by itself.
            command.arg("--infilter=Text - txt - csv (StarCalc):44,34,76");
        }
        let status =
            command.args(["--convert-to", to, "--outdir"]).arg(folder.path()).arg(kept.join(source)).status();
        assert!(status.unwrap().success(), "{source} to {to}");
    };
    // The last is semicolon, double quote, Windows-1252.
    for to in ["xlsx", "ods", "xls", "csv:Text - txt - csv (StarCalc):59,34,1"] {
        convert("people.csv", to);
    }
    convert("odd.fods", "xlsx");
    are_by_libreoffice(folder.path(), "");
}

fn are_by_libreoffice(folder: &Path, prefix: &str) {
    let file = |name: &str| folder.join(format!("{prefix}{name}"));
    let validate = |name: &str, flags: &[&str]| {
        run(headcount(folder).arg("validate").arg(file(name)).args(["--identity", "saml"]).args(flags))
    };
    is_people(&file("people.xlsx"));
    is_people(&file("people.csv"));
    for (name, what) in
        [("people.ods", "OpenDocument file (ODS)"), ("people.xls", "old Excel workbook (XLS)")]
    {
        let ran = validate(name, &[]).exits(2);
        assert!(ran.stderr.contains(what) && ran.stderr.contains("save it as XLSX"), "{}", ran.stderr);
    }

    finds(
        &validate("odd.xlsx", &["--format", "json"]).exits(3),
        &[
            ("hidden-sheets", None),
            ("hidden-columns", None),
            ("hidden-rows", None),
            ("merged-over-rows", Some(5)),
            ("date-not-text", Some(6)),
            ("number-not-text", Some(6)),
            ("cell-error", Some(8)),
        ],
    );
    let roster = Roster::open(&file("odd.xlsx"), &Options::default()).unwrap();
    let (mut rows, mut row, mut names) = (roster.rows().unwrap(), Row::default(), Vec::new());
    while rows.read(&mut row).unwrap() {
        names.push(roster.columns().cell(&row, Field::Username).to_owned());
    }
    // The zeros that the cell's format shows, and what a formula came to.
    assert_eq!(names[..2], ["0071", "bob"]);
    assert_eq!(names[5], "fay.poe");
}
