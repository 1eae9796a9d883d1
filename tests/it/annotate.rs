//! `validate --annotate` and `--format junit`: the roster given back, and what a CI system gets.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::Path;

use calamine::{Reader as _, Xlsx};
use headcount::report::annotate::FINDINGS;
use headcount::roster::{Options, Roster, Row};

use crate::harness::{Ran, folder, headcount, is_in_words, run};

const HEADER: &str = "first name,last name,email address,password,user login,routing profile name,security profile,phone type,tags";

/// Three rows with faults among five, a blank one, and cells that a spreadsheet would take for formulas.
fn roster() -> String {
    [
        HEADER,
        "Ada,Lovelace,ada@example.com,Canary-7f3a-Pw1,ada,Basic,Agent,soft,",
        "=1+1,Hopper,grace@example,Canary-7f3a-Pw2,grace murray,Basic,Agent,fax,",
        "",
        "Joan,\"O'Neill, Jr.\",joan@example.com,canary-7f3a,joan,Basic,Agent,soft,\"=cmd|' /C calc'!A0\"",
        "Zoë,Müller,zoe@example.com,Canary-7f3a-Pw3,ada,Basic,Agent,desk,",
        "Max,Meyer,max@example.com,Canary-7f3a-Pw4,max,Basic,Agent,soft,a|1",
    ]
    .join("\r\n")
        + "\r\n"
}

fn annotated(at: &Path, args: &[&str]) -> Ran {
    run(headcount(at).arg("validate").args(args))
}

/// Number and cells of each row.
fn rows(path: &Path) -> Vec<(u64, Vec<String>)> {
    let roster = Roster::open(path, &Options::default()).unwrap();
    let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
    while rows.read(&mut row).unwrap() {
        all.push((row.number, row.cells.iter().map(str::to_owned).collect()));
    }
    all
}

fn part(path: &Path, name: &str) -> String {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

#[cfg(unix)]
fn is_private(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    fs::metadata(path).unwrap().permissions().mode() & 0o777 == 0o600
}

#[cfg(not(unix))]
fn is_private(_: &Path) -> bool {
    true
}

#[test]
fn the_roster_is_given_back_with_its_findings_and_every_cell_in_its_place() {
    let at = folder(&[]);
    fs::write(at.path().join("roster.csv"), roster()).unwrap();
    let before = rows(&at.path().join("roster.csv"));
    for out in ["out.csv", "out.xlsx"] {
        let ran = annotated(at.path(), &["roster.csv", "--annotate", out]).exits(3);
        assert!(ran.stderr.contains(&format!("annotated: `{out}`, 3 rows with findings")), "{}", ran.stderr);
        assert!(ran.stderr.contains("passwords"), "{}", ran.stderr);
        let out = at.path().join(out);
        assert!(is_private(&out));
        let after = rows(&out);
        for ((number, cells), (number_after, cells_after)) in before.iter().zip(&after) {
            assert_eq!((number, cells.as_slice()), (number_after, &cells_after[..cells.len()]));
        }
        assert_eq!(before.len(), after.len());
        let told: Vec<&str> = after.iter().map(|(_, cells)| cells.last().unwrap().as_str()).collect();
        assert_eq!((told[0], told[4]), ("", ""));
        assert!(told[1].starts_with("error: email address: this is not an e-mail address"), "{}", told[1]);
        assert!(told[1].contains("error: user login: ") && told[1].contains("error: phone type: "));
        assert!(told[2].contains("error: password: the password breaks the policy"), "{}", told[2]);
        assert!(told[3].contains("row 2 has the same username: `ada`"), "{}", told[3]);
        assert!(told.iter().all(|told| !told.to_lowercase().contains("canary")));

        // It is a roster again, and nothing is said of our column.
        let roster = Roster::open(&out, &Options::default()).unwrap();
        assert_eq!(roster.columns().headers.last().unwrap(), FINDINGS);
        assert!(roster.findings().is_empty(), "{:?}", roster.findings());
    }
}

#[test]
fn a_workbook_has_a_note_in_each_faulty_cell_and_none_has_a_password() {
    let at = folder(&[]);
    fs::write(at.path().join("roster.csv"), roster()).unwrap();
    annotated(at.path(), &["roster.csv", "--annotate", "out.xlsx"]).exits(3);
    let out = at.path().join("out.xlsx");
    let notes = part(&out, "xl/comments1.xml");
    for cell in ["C3", "E3", "H3", "D5", "E6", "H6"] {
        assert!(notes.contains(&format!("ref=\"{cell}\"")), "{cell}: {notes}");
    }
    assert_eq!(notes.matches("<comment ").count(), 6, "{notes}");
    assert!(notes.contains("write `soft` or `desk`") && !notes.to_lowercase().contains("canary"));
    let sheet = part(&out, "xl/worksheets/sheet1.xml");
    assert!(!sheet.contains("<f>"), "no cell is a formula");
    // As wide as its longest cell, `joan@example.com`.
    assert!(sheet.contains(r#"<col min="3" max="3" width="18.7"#), "{sheet}");
    let styles = part(&out, "xl/styles.xml");
    assert!(styles.contains("FFFFC7CE"), "{styles}");

    let mut workbook: Xlsx<_> = calamine::open_workbook(&out).unwrap();
    assert_eq!(workbook.sheet_names(), ["Users", "headcount summary"]);
    let mut cells = workbook.worksheet_cells_reader("headcount summary").unwrap();
    let mut text = String::new();
    while let Some(cell) = cells.next_cell().unwrap() {
        text.push_str(&format!("{:?} ", cell.get_value()));
    }
    for code in
        ["email-syntax", "username-characters", "phone-type-unknown", "password-policy", "username-duplicate"]
    {
        assert!(text.contains(code), "{text}");
    }
}

#[test]
fn what_a_copy_says_of_settings_is_in_flags() {
    let at = folder(&[]);
    let text = "user login,first name,last name,email address,routing profile name,security profile,mobile,desk\n\
                ada,Ada,Lovelace,ada@example.com,Basic,Agent,030 123456,1\n";
    fs::write(at.path().join("roster.csv"), text).unwrap();
    let mobile = "; `--phone-region US` reads national numbers of a country";
    let unknown = "in a file for `--columns`; `headcount columns` proposes one";
    let read = |out: &str, parts: &[&str]| {
        annotated(at.path(), &["roster.csv", "--identity", "connect", "--annotate", out]).exits(3);
        let path = at.path().join(out);
        let parts: Vec<String> = match parts {
            [] => vec![fs::read_to_string(&path).unwrap()],
            parts => parts.iter().map(|name| part(&path, name)).collect(),
        };
        parts.iter().for_each(|text| is_in_words(text));
        parts.concat()
    };
    let csv = read("out.csv", &[]);
    assert!(csv.contains(mobile), "{csv}");
    let book = read("out.xlsx", &["xl/comments1.xml", "xl/sharedStrings.xml", "xl/worksheets/sheet1.xml"]);
    assert!(book.matches(mobile).count() == 2 && book.contains(unknown), "in a note and a cell: {book}");
    assert!(book.contains("`--generate-passwords --credentials-out FILE`"), "in the summary: {book}");
}

#[test]
fn a_copy_of_a_copy_has_the_findings_once_and_a_mended_one_has_none() {
    let at = folder(&[]);
    fs::write(at.path().join("roster.csv"), roster()).unwrap();
    annotated(at.path(), &["roster.csv", "--annotate", "one.csv"]).exits(3);
    annotated(at.path(), &["one.csv", "--annotate", "two.csv"]).exits(3);
    let read = |name: &str| fs::read_to_string(at.path().join(name)).unwrap();
    assert_eq!(read("one.csv"), read("two.csv"));
    let clean = format!("{HEADER}\nAda,Lovelace,ada@example.com,Canary-7f3a-Pw1,ada,Basic,Agent,soft,\n");
    fs::write(at.path().join("clean.csv"), clean).unwrap();
    annotated(at.path(), &["clean.csv", "--annotate", "three.csv"]).exits(0);
    assert!(read("three.csv").ends_with(",soft,,\n"), "{}", read("three.csv"));
}

#[test]
fn a_file_that_is_there_is_never_written_over() {
    let at = folder(&[]);
    fs::write(at.path().join("roster.csv"), roster()).unwrap();
    fs::write(at.path().join("mine.csv"), "mine").unwrap();
    for (out, what) in [
        ("mine.csv", "there is a file already"),
        ("roster.csv", "there is a file already"),
        ("out.ods", "is a .csv or an .xlsx file"),
        ("nowhere/out.csv", "cannot write"),
    ] {
        let ran = annotated(at.path(), &["roster.csv", "--annotate", out]).exits(2);
        assert!(ran.stderr.contains(what), "{out}: {}", ran.stderr);
    }
    assert_eq!(fs::read_to_string(at.path().join("mine.csv")).unwrap(), "mine");
    assert_eq!(fs::read_to_string(at.path().join("roster.csv")).unwrap(), roster());
}

#[test]
fn a_workbook_is_given_back_row_by_row_where_its_rows_stood() {
    let at = folder(&[]);
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet().set_name("Agents").unwrap();
    for (at, header) in
        (1..).zip(["user login", "first name", "last name", "routing profile", "security profile", "mobile"])
    {
        sheet.write_string(2, at, header).unwrap();
    }
    for (row, name) in [(4, "ada"), (9, "ad a")] {
        for (at, cell) in (1..).zip([name, "Ada", "Lovelace", "Basic", "Agent"]) {
            sheet.write_string(row, at, cell).unwrap();
        }
    }
    sheet.write_number(9, 6, 12_065_550_100.0).unwrap();
    workbook.save(at.path().join("roster.xlsx")).unwrap();
    annotated(at.path(), &["roster.xlsx", "--annotate", "out.xlsx"]).exits(3);
    let out = at.path().join("out.xlsx");
    let (before, after) = (rows(&at.path().join("roster.xlsx")), rows(&out));
    assert_eq!(before.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [5, 10]);
    assert_eq!(after.iter().map(|(n, _)| *n).collect::<Vec<_>>(), [5, 10]);
    assert_eq!(after[1].1[1], "ad a");
    assert_eq!(
        after[1].1[6], "12065550100",
        "what the reader would not take for text is there as it was shown"
    );
    let notes = part(&out, "xl/comments1.xml");
    assert!(notes.contains("ref=\"B10\"") && notes.contains("ref=\"G10\""), "{notes}");
    annotated(at.path(), &["roster.xlsx", "--annotate", "out.csv"]).exits(3);
    assert_eq!(rows(&at.path().join("out.csv")).iter().map(|(n, _)| *n).collect::<Vec<_>>(), [5, 10]);
}

#[test]
fn junit_is_one_document_with_a_case_for_each_row_with_findings() {
    let at = folder(&[]);
    fs::write(at.path().join("roster.csv"), roster()).unwrap();
    let ran = annotated(at.path(), &["roster.csv", "--format", "junit"]).exits(3);
    assert!(
        ran.stdout.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("tests=\"4\" failures=\"3\" errors=\"0\""), "{}", ran.stdout);
    assert_eq!(ran.stdout.matches("<failure ").count(), 3);
    assert!(ran.stdout.contains("name=\"row 6\"") && !ran.stdout.to_lowercase().contains("canary"));
}
