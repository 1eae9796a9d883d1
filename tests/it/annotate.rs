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

/// What a copy says of each row.
fn told(path: &Path) -> Vec<String> {
    if path.extension().unwrap() == "xlsx" {
        return rows(path).into_iter().map(|(_, cells)| cells.last().unwrap().clone()).collect();
    }
    let text = fs::read_to_string(path).unwrap();
    let text = text.trim_start_matches('\u{FEFF}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    assert_eq!(&reader.headers().unwrap()[0], FINDINGS);
    reader.records().map(|record| record.unwrap()[0].to_owned()).collect()
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
        // Of a CSV the column of findings comes first, and the reader takes it off.
        let (first, told) = (out.extension().unwrap() == "csv", told(&out));
        for ((number, cells), (number_after, cells_after)) in before.iter().zip(&after) {
            assert_eq!((number, cells.as_slice()), (number_after, &cells_after[..cells.len()]));
        }
        assert_eq!(before.len(), after.len());
        let told: Vec<&str> = told.iter().map(String::as_str).collect();
        assert_eq!((told[0], told[4]), ("", ""));
        assert!(told[1].starts_with("error: email address: this is not an e-mail address"), "{}", told[1]);
        assert!(told[1].contains("error: user login: ") && told[1].contains("error: phone type: "));
        assert!(told[2].contains("error: password: the password breaks the policy"), "{}", told[2]);
        assert!(told[3].contains("row 2 has the same username: `ada`"), "{}", told[3]);
        assert!(told.iter().all(|told| !told.to_lowercase().contains("canary")));

        // It is a roster again, and nothing is said of our column.
        let roster = Roster::open(&out, &Options::default()).unwrap();
        let headers = &roster.columns().headers;
        assert_eq!(headers.last().unwrap() == FINDINGS, !first, "{headers:?}");
        assert!(roster.findings().is_empty(), "{:?}", roster.findings());
    }
}

#[test]
fn a_finding_that_is_mended_mechanically_says_what_comes_of_it() {
    let at = folder(&["mistakes.csv"]);
    for out in ["out.csv", "out.xlsx"] {
        annotated(at.path(), &["mistakes.csv", "--annotate", out]).exits(3);
        let told = told(&at.path().join(out));
        // The template's sample row, and a name of letters that are put together.
        assert!(told[0].contains("`headcount mend` does it: take the row out"), "{}", told[0]);
        let composed = told.iter().find(|told| told.contains("decomposed")).unwrap();
        assert!(
            composed.contains("`headcount mend` does it: write it with composed characters"),
            "{composed}"
        );
        // What only a person knows nobody offers.
        let nameless = told.iter().find(|told| told.contains("there is no username")).unwrap();
        assert!(!nameless.contains("does it"), "{nameless}");
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
    let mobile = "; `--phone-region COUNTRY`, as in DE or US, reads national numbers of a country";
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
    assert!(
        read("three.csv")
            .ends_with("\n,Ada,Lovelace,ada@example.com,Canary-7f3a-Pw1,ada,Basic,Agent,soft,\n"),
        "{}",
        read("three.csv")
    );
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
    assert_eq!(after[1].1[6], "", "a number is a number still, and no text");
    let notes = part(&out, "xl/comments1.xml");
    assert!(notes.contains("ref=\"B10\"") && notes.contains("ref=\"G10\""), "{notes}");
    // As text the number would be a telephone number like any other.
    let ran = annotated(at.path(), &["roster.xlsx", "--annotate", "out.csv"]).exits(2);
    assert!(
        ran.stderr.contains("a CSV cannot hold what is wrong with the workbook: row 10"),
        "{}",
        ran.stderr
    );
    assert!(!at.path().join("out.csv").exists());
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

/// The findings of a roster, as programs are given them; `None` where it cannot be read.
fn found(at: &Path, roster: &str, flags: &[&str]) -> Option<Vec<serde_json::Value>> {
    let ran = run(headcount(at).args(["validate", roster, "--format", "json"]).args(flags));
    let said: serde_json::Value = serde_json::from_str(&ran.stdout).ok()?;
    Some(said["findings"].as_array().unwrap().clone())
}

/// All rosters that come with the source: samples, what people bring, what other programs write.
fn rosters() -> Vec<std::path::PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut all = Vec::new();
    for folder in ["samples", "tests/field", "tests/files"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
            if ["csv", "xlsx", "xlsm"].contains(&ending) {
                all.push(path);
            }
        }
    }
    all.sort();
    assert!(all.len() > 45, "{}", all.len());
    all
}

#[test]
fn what_is_found_in_a_copy_is_what_was_found_in_its_roster() {
    let (at, mut tried) = (folder(&[]), 0);
    for roster in rosters() {
        let name = roster.file_name().unwrap().to_str().unwrap();
        let original = format!("r-{name}");
        fs::copy(&roster, at.path().join(&original)).unwrap();
        let Some(before) = found(at.path(), &original, &[]) else { continue };
        let copy = format!("copy-{name}");
        let ran = annotated(at.path(), &[&original, "--annotate", &copy]);
        assert!(ran.stderr.contains("annotated: "), "{name}: {}", ran.stderr);
        assert!(!ran.stderr.contains("changed in place"), "{name}: {}", ran.stderr);
        let after = found(at.path(), &copy, &[]);
        assert_eq!(Some(&before), after.as_ref(), "{name}");
        // And of the copy of a copy.
        annotated(at.path(), &[&copy, "--annotate", &format!("copy-{copy}")]);
        assert_eq!(Some(before), found(at.path(), &format!("copy-{copy}"), &[]), "{name}");
        tried += 1;
    }
    assert!(tried > 30, "{tried}");
}

#[test]
fn a_csv_is_the_same_in_a_workbook_but_for_what_is_wrong_with_its_bytes() {
    // Of the file as text: a workbook has neither encoding nor delimiter, and no cell in it is left out.
    const OF_TEXT: [&str; 3] = ["encoding-guessed", "delimiter-guessed", "short-rows"];
    let (at, mut tried) = (folder(&[]), 0);
    for roster in rosters() {
        let name = roster.file_name().unwrap().to_str().unwrap();
        if !name.ends_with(".csv") {
            continue;
        }
        fs::copy(&roster, at.path().join(name)).unwrap();
        let Some(before) = found(at.path(), name, &[]) else { continue };
        let copy = format!("{name}.xlsx");
        let ran = annotated(at.path(), &[name, "--annotate", &copy]);
        // In a workbook its letters would be these for good.
        if before.iter().any(|one| one["code"] == "encoding-unclear") {
            assert!(ran.exit == 2 && ran.stderr.contains("a workbook cannot hold"), "{name}: {}", ran.stderr);
            continue;
        }
        let what = |findings: &[serde_json::Value]| {
            let of_rows = findings.iter().filter(|one| !OF_TEXT.contains(&one["code"].as_str().unwrap()));
            let what =
                |one: &serde_json::Value| ["code", "row", "column", "value"].map(|key| one[key].clone());
            of_rows.map(what).collect::<Vec<_>>()
        };
        let after = found(at.path(), &copy, &[]).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(what(&before), what(&after), "{name}");
        tried += 1;
    }
    assert!(tried > 20, "{tried}");
}

/// The parts of a package, unpacked.
fn parts(path: &Path) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
    let mut parts = std::collections::BTreeMap::new();
    for at in 0..archive.len() {
        let mut part = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        part.read_to_end(&mut bytes).unwrap();
        parts.insert(part.name().unwrap().to_string(), bytes);
    }
    parts
}

#[test]
fn a_workbook_is_changed_by_colours_and_notes_alone() {
    let at = folder(&[]);
    for roster in rosters() {
        let name = roster.file_name().unwrap().to_str().unwrap();
        if name.ends_with(".csv")
            || annotated(at.path(), &[roster.to_str().unwrap(), "--annotate", name]).exit == 2
        {
            continue;
        }
        let (before, after) = (parts(&roster), parts(&at.path().join(name)));
        let sheet = "xl/worksheets/";
        for (part, bytes) in &before {
            let is_changed =
                part.starts_with(sheet) || part == "xl/styles.xml" || part == "[Content_Types].xml";
            assert!(is_changed || after.get(part) == Some(bytes), "{name}: {part}");
        }
        let new: Vec<&String> = after.keys().filter(|part| !before.contains_key(*part)).collect();
        let is_of_notes = |part: &&&String| {
            part.starts_with("xl/comments") || part.ends_with(".vml") || part.ends_with("xml.rels")
        };
        assert_eq!(new.iter().filter(is_of_notes).count(), new.len(), "{name}: {new:?}");
        // Without what we set, the sheet is what it was.
        for (part, bytes) in
            after.iter().filter(|(part, _)| part.starts_with(sheet) && part.ends_with(".xml"))
        {
            let text = |bytes: &[u8]| plain(std::str::from_utf8(bytes).unwrap());
            assert_eq!(text(bytes), text(&before[part]), "{name}: {part}");
        }
    }
}

/// A sheet's XML without formats of cells, empty cells, and the drawing of its notes.
fn plain(sheet: &str) -> String {
    let mut plain = String::new();
    for tag in sheet.split_inclusive('>') {
        let is_cell = tag.starts_with("<c ") || tag.starts_with("<x:c ");
        if tag.contains("legacyDrawing") || (is_cell && tag.ends_with("/>")) {
            continue;
        }
        match tag.split_once(" s=\"").filter(|_| is_cell) {
            Some((before, after)) => plain += &format!("{before}{}", after.split_once('"').unwrap().1),
            None => plain += tag,
        }
    }
    plain
}

#[test]
fn openpyxl_finds_the_workbook_of_before_with_colours_and_notes() {
    let Some(venv) = crate::python::venv() else { return };
    let at = folder(&[]);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/annotated.py");
    let python = |args: &[&str]| {
        let mut command = crate::python::command(&venv.join("bin/python"), at.path());
        let ran = command.arg(&script).args(args).current_dir(at.path()).output().unwrap();
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        ran.stdout
    };
    python(&["make", "hr.xlsx"]);
    annotated(at.path(), &["hr.xlsx", "--annotate", "one.xlsx"]).exits(3);
    let changed: serde_json::Value =
        serde_json::from_slice(&python(&["compare", "hr.xlsx", "one.xlsx"])).unwrap();
    for (cell, colour) in [("C2", "FFFFC7CF"), ("C3", "FFFFC7CF"), ("F2", "FFFFC7CF"), ("C5", "FFFFC7CF")] {
        assert_eq!(changed["colours"][format!("Agents!{cell}")], colour, "{changed}");
        assert!(
            changed["notes"][format!("Agents!{cell}")].as_str().unwrap().contains("error: "),
            "{changed}"
        );
    }
    assert!(changed["notes"]["Agents!C3"].as_str().unwrap().starts_with("ask her\n\nheadcount: error: "));
    assert!(changed["notes"]["Agents!C1"].as_str().unwrap().starts_with("headcount: "), "{changed}");
    assert!(changed["colours"].get("Agents!A3").is_none() && changed["notes"].get("Notes!A1").is_none());
    // Saved by another program, and annotated again: the notes and colours are those of today.
    assert_eq!(found(at.path(), "hr.xlsx", &[]), found(at.path(), "one.xlsx", &[]));
    python(&["resave", "one.xlsx", "saved.xlsx"]);
    annotated(at.path(), &["saved.xlsx", "--annotate", "two.xlsx"]).exits(3);
    let again: serde_json::Value =
        serde_json::from_slice(&python(&["compare", "hr.xlsx", "two.xlsx"])).unwrap();
    assert_eq!(changed["notes"], again["notes"]);
    // Ours and other programs' samples.
    for roster in rosters() {
        let name = roster.file_name().unwrap().to_str().unwrap();
        // The sheets of Strict OOXML are empty to openpyxl, and a file of Excel's own is none.
        if name.ends_with(".csv") || name.contains("strict") {
            continue;
        }
        if annotated(at.path(), &[roster.to_str().unwrap(), "--annotate", name]).exit != 2 {
            python(&["compare", roster.to_str().unwrap(), name]);
        }
    }
}

#[test]
fn a_csv_copy_has_a_guard_before_each_formula_and_is_read_and_copied_as_the_roster() {
    let at = folder(&[]);
    fs::write(at.path().join("roster.csv"), roster()).unwrap();
    annotated(at.path(), &["roster.csv", "--annotate", "copy.csv"]).exits(3);
    let copy = fs::read_to_string(at.path().join("copy.csv")).unwrap();
    assert!(copy.contains(",'=1+1,Hopper,") && copy.contains("\"'=cmd|' /C calc'!A0\""), "{copy}");
    let (own, theirs) = (rows(&at.path().join("roster.csv")), rows(&at.path().join("copy.csv")));
    assert_eq!(own, theirs, "reading takes it off again");
    // A copy of the copy has each guard once; a formula that was typed into it gets one.
    let typed = copy.replace(",Zoë,", ",=Zoë,");
    fs::write(at.path().join("typed.csv"), typed).unwrap();
    annotated(at.path(), &["typed.csv", "--annotate", "again.csv"]).exits(3);
    let again = fs::read_to_string(at.path().join("again.csv")).unwrap();
    assert!(again.contains(",'=1+1,Hopper,") && again.contains(",'=Zoë,"), "{again}");
    assert_eq!(rows(&at.path().join("again.csv")), rows(&at.path().join("typed.csv")));
}
