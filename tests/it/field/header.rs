//! The header is where it is, the login is called what it is called, and below the people stands what is none of them.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use rust_xlsxwriter::Workbook;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ran, headcount, run};

/// A folder with copies of these files of `tests/field/`.
fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name);
        fs::copy(from, folder.path().join(name)).unwrap();
    }
    folder
}

/// Runs a command of the program in the folder.
fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    run(headcount(folder).args(arguments))
}

/// What `validate` finds in a file: how many rows there are, and each finding's code with its row.
#[track_caller]
fn found(folder: &Path, arguments: &[&str]) -> (u64, Vec<(String, Option<u64>)>) {
    let ran = ran(folder, &[&["validate", "--format", "json"], arguments].concat());
    let Ok(document) = serde_json::from_str::<Value>(&ran.stdout) else { panic!("{arguments:?}: {ran:?}") };
    let findings = document["findings"].as_array().unwrap().iter();
    let findings = findings.map(|f| (f["code"].as_str().unwrap().to_owned(), f["row"].as_u64()));
    (document["rows"].as_u64().unwrap(), findings.collect())
}

/// A file, how many people are in it, and what is found besides.
type Case = (&'static str, u64, &'static [(&'static str, Option<u64>)]);

const HEADER: &str =
    "first name,last name,email address,password,user login,routing profile name,security profiles";

fn person(name: &str) -> String {
    format!("{name},Lee,{name}@example.com,Kettle-Moss-40{name},{name}.lee,Customer Care,Agent")
}

fn write(folder: &Path, name: &str, lines: &[&str]) {
    fs::write(folder.join(name), lines.join("\n") + "\n").unwrap();
}

fn is_found(folder: &Path, name: &str, rows: u64, expected: &[(&str, Option<u64>)]) {
    let (seen, findings) = found(folder, &[name]);
    let findings: Vec<_> = findings.iter().map(|(code, row)| (code.as_str(), *row)).collect();
    assert_eq!((seen, findings.as_slice()), (rows, expected), "{name}");
}

#[test]
fn every_list_that_people_brought_is_read_from_its_header_on() {
    const CASES: &[Case] = &[
        ("01-powershell-type-line.csv", 3, &[]),
        ("09-two-sites-concatenated.csv", 3, &[("header-again", Some(4))]),
        ("09b-header-repeated-short-names.csv", 2, &[("header-again", Some(3))]),
        ("11-report-title-and-footer.csv", 3, &[("header-found", None), ("footer", Some(9))]),
        ("29-two-header-rows.csv", 1, &[("header-again", Some(2))]),
        ("34-cover-sheet-first.xlsx", 3, &[("sheet-found", None)]),
        ("35-title-and-group-headings.xlsx", 3, &[("header-found", None)]),
        ("45-headers-with-stars-and-breaks.xlsx", 3, &[]),
        (
            "49-nul-and-controls.csv",
            2,
            &[
                ("name-control-character", Some(2)),
                ("invisible-character", Some(3)),
                ("name-control-character", Some(3)),
            ],
        ),
        ("16-shell-made-playground-users.csv", 2, &[("stray-spaces", Some(2)), ("password-policy", Some(3))]),
    ];
    let names: Vec<&str> = CASES.iter().map(|(name, ..)| *name).collect();
    let folder = folder(&names);
    for (name, rows, expected) in CASES {
        is_found(folder.path(), name, *rows, expected);
    }
    // Said so that a person sees at once whether it is right.
    let said = ran(folder.path(), &["validate", "11-report-title-and-footer.csv"]).exits(0).stdout;
    assert!(said.contains("the header is in row 4; rows 1 to 3 are passed over"), "{said}");
    assert!(said.contains("`--header-row 4` that this is right"), "{said}");
    assert!(said.contains("rows 9 to 10 below the people are notes or totals and are passed over"), "{said}");
    let said = ran(folder.path(), &["validate", "34-cover-sheet-first.xlsx"]).exits(0).stdout;
    assert!(
        said.contains("the sheet `Agents` is read: the first, `Export Summary`, has no header"),
        "{said}"
    );
    // What is told is not doubted.
    let told = ["11-report-title-and-footer.csv", "--header-row", "4"];
    assert_eq!(found(folder.path(), &told), (3, vec![("footer".to_owned(), Some(9))]));
    assert_eq!(found(folder.path(), &["34-cover-sheet-first.xlsx", "--sheet", "Agents"]), (3, Vec::new()));
    // Nobody is made of a header: the rehearsal makes the people and no more.
    let made = ran(folder.path(), &["import", "09b-header-repeated-short-names.csv", "--simulate", "--yes"])
        .exits(0);
    assert!(made.stdout.contains("2 of 2"), "{made:?}");
}

#[test]
fn the_exports_of_other_systems_are_known_by_name() {
    let folder = folder(&["12-entra-bulk-template.csv", "12b-entra-download-users.csv"]);
    write(
        folder.path(),
        "google.csv",
        &[
            "First Name [Required],Last Name [Required],Email Address [Required],Password [Required],Org Unit Path [Required]",
            "Ann,Lee,ann@example.com,Kettle-Moss-40,/",
        ],
    );
    write(
        folder.path(),
        "ad.csv",
        &[
            "#TYPE Microsoft.ActiveDirectory.Management.ADUser",
            "DistinguishedName,Enabled,GivenName,Name,ObjectClass,ObjectGUID,SamAccountName,SID,Surname,UserPrincipalName",
            "\"CN=Ann,DC=x\",True,Ann,Ann Lee,user,0f0f,alee,S-1-5,Lee,ann.lee@example.com",
        ],
    );
    write(
        folder.path(),
        "published.csv",
        &[
            "version:v1.0",
            "Name [displayName] Required,User name [userPrincipalName] Required,Initial password [passwordProfile] Required,\
         Block sign in (Yes/No) [accountEnabled] Required,First name [givenName],Last name [surname],Job title [jobTitle],\
         Department [department],Usage location [usageLocation],Street address [streetAddress],State or province [state],\
         Country or region [country],Office [physicalDeliveryOfficeName],City [city],ZIP or postal code [postalCode],\
         Office phone [telephoneNumber],Mobile phone [mobile]",
        ],
    );
    for (name, form) in [
        ("12-entra-bulk-template.csv", "Microsoft Entra bulk creation template"),
        ("published.csv", "Microsoft Entra bulk creation template"),
        ("12b-entra-download-users.csv", "Microsoft Entra user download"),
        ("google.csv", "Google Workspace user download"),
        ("ad.csv", "Active Directory export (Export-Csv)"),
    ] {
        let shown = ran(folder.path(), &["columns", name]).stdout;
        assert!(shown.contains(&format!("recognised: {form}\n")), "{shown}");
    }
    // What is in brackets is a note, and what is outside them the name.
    let shown = ran(folder.path(), &["columns", "published.csv"]).stdout;
    for (header, field) in [
        ("User name [userPrincipalName] Required", "user login"),
        ("First name [givenName]", "first name"),
        ("Last name [surname]", "last name"),
        ("Mobile phone [mobile]", "mobile"),
    ] {
        let line = shown.lines().find(|line| line.starts_with(header)).unwrap();
        assert!(line.trim_end().ends_with(field), "{line}");
    }
    assert!(shown.contains("\"Office phone [telephoneNumber]\" = \"phone number\""), "{shown}");
}

#[test]
fn two_tables_are_asked_about_and_the_row_of_the_header_decides() {
    let folder = folder(&[]);
    let (ann, bob) = (person("ann"), person("bob"));
    let leads = ["Name,Email,Phone", "Ann Lee,ann@example.com,+12065550142", ""];
    write(folder.path(), "two.csv", &[leads[0], leads[1], leads[2], HEADER, &ann, &bob]);
    let asked = ran(folder.path(), &["validate", "two.csv"]).exits(2).stderr;
    assert!(asked.contains("row 1 (`Name`, `Email`, `Phone`, …) and row 4 (`first name`"), "{asked}");
    assert!(
        asked.contains("`--header-row 1` reads the first table and `--header-row 4` the second"),
        "{asked}"
    );
    assert_eq!(found(folder.path(), &["two.csv", "--header-row", "4"]), (2, Vec::new()));
    let ends = found(folder.path(), &["two.csv", "--header-row", "1"]).1;
    assert!(ends.contains(&("table-ends".to_owned(), Some(4))), "{ends:?}");
    // Further down nobody looks for a header: what begins there is no person.
    let mut lines: Vec<String> = vec![HEADER.to_owned()];
    lines.extend((0..60).map(|n| person(&format!("p{n}"))));
    lines.extend([String::new(), "user login,mobile,tags".to_owned(), "zoe,+12065550142,a|b".to_owned()]);
    fs::write(folder.path().join("long.csv"), lines.join("\n")).unwrap();
    is_found(folder.path(), "long.csv", 61, &[("second-table", Some(63))]);
    // Columns in another order are another table, though each header is known.
    let swapped =
        "last name,first name,email address,password,user login,routing profile name,security profiles";
    lines.truncate(61);
    lines.extend([swapped.to_owned(), person("zoe")]);
    fs::write(folder.path().join("swapped.csv"), lines.join("\n")).unwrap();
    is_found(folder.path(), "swapped.csv", 61, &[("second-table", Some(62))]);
    let sent = ran(folder.path(), &["import", "swapped.csv", "--simulate", "--yes"]);
    assert_eq!(sent.exit, 3, "{}", sent.stderr);
    // A row in which nothing stands is no header.
    for row in ["3", "900"] {
        let none = ran(folder.path(), &["validate", "two.csv", "--header-row", row]).exits(2).stderr;
        assert!(
            none.contains(&format!("the header cannot be in row {row}: there is nothing in it")),
            "{none}"
        );
        assert!(none.contains("row 1 looks like the header"), "{none}");
    }
}

#[test]
fn a_row_that_stands_in_one_cell_is_taken_apart() {
    let folder = folder(&[]);
    let quoted = |line: &str| format!("\"{}\"", line.replace('"', "\"\""));
    let odd = "Ann,\"Lee, Jr\",ann@example.com,Kettle-Moss-40,ann,Customer Care,Agent";
    let (all, ann, bob) = (quoted(HEADER), quoted(odd), person("bob"));
    write(folder.path(), "all.csv", &[&all, &ann, &quoted(&bob)]);
    write(folder.path(), "some.csv", &[HEADER, &ann, &bob]);
    let semicolons: Vec<String> = [HEADER, odd].iter().map(|line| format!("{};;", quoted(line))).collect();
    write(folder.path(), "semicolons.csv", &[&semicolons[0], &semicolons[1]]);
    is_found(folder.path(), "all.csv", 2, &[("row-in-quotes", Some(2))]);
    is_found(folder.path(), "some.csv", 2, &[("row-in-quotes", Some(2))]);
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for (row, line) in (0..).zip(["New people", HEADER, odd, &bob]) {
        sheet.write_string(row, 0, line).unwrap();
    }
    workbook.save(folder.path().join("pasted.xlsx")).unwrap();
    is_found(folder.path(), "pasted.xlsx", 2, &[("header-found", None), ("row-in-quotes", Some(3))]);
    let made = ran(folder.path(), &["columns", "some.csv"]).exits(0).stdout;
    assert!(made.contains("Lee, Jr"), "{made}");
    // One cell too few is still one cell too few, and shows nothing of itself.
    write(folder.path(), "short.csv", &[HEADER, &quoted("Ann,Lee,ann@example.com,Kettle-Moss-40,ann")]);
    let short = ran(folder.path(), &["validate", "short.csv"]).exits(3).stdout;
    assert!(short.contains("[ragged-row]") && !short.contains("Kettle"), "{short}");
}

/// A workbook of these sheets, all cells text.
fn workbook(folder: &Path, name: &str, sheets: &[(&str, &[Vec<&str>])]) {
    let mut workbook = Workbook::new();
    for (name, rows) in sheets {
        let sheet = workbook.add_worksheet().set_name(*name).unwrap();
        for (row, cells) in (0..).zip(*rows) {
            for (column, cell) in (0..).zip(cells).filter(|(_, cell)| !cell.is_empty()) {
                sheet.write_string(row, column, *cell).unwrap();
            }
        }
    }
    workbook.save(folder.join(name)).unwrap();
}

#[test]
fn rows_below_the_last_person_are_one_finding_and_those_between_people_are_not_passed_over() {
    let folder = folder(&[]);
    let header: Vec<&str> = HEADER.split(',').chain(["phone type", "Site"]).collect();
    let (ann, bob) = (person("ann"), person("bob"));
    let one =
        |person: &'static str| -> Vec<&'static str> { person.split(',').chain(["soft", "Leeds"]).collect() };
    let (ann, bob) = (one(Box::leak(ann.into_boxed_str())), one(Box::leak(bob.into_boxed_str())));
    // Filled down: a list of choices, a formula of blank names, a text that repeats.
    let down = vec!["", "", ".@example.com", "", ".", "Customer Care", "Agent", "soft", "Leeds"];
    let mut rows = vec![header.clone(), ann.clone(), bob.clone()];
    rows.extend(vec![down.clone(); 180]);
    workbook(folder.path(), "down.xlsx", &[("S", &rows)]);
    is_found(folder.path(), "down.xlsx", 2, &[("unknown-column", None), ("rows-of-nobody", Some(4))]);
    let said = ran(folder.path(), &["validate", "down.xlsx"]).exits(0).stdout;
    assert!(said.contains("rows 4 to 183 below the last person hold settings and nobody"), "{said}");
    // Between people it may be somebody whose name was lost.
    workbook(folder.path(), "gap.xlsx", &[("S", &[header.clone(), ann.clone(), down.clone(), bob.clone()])]);
    let (rows, gap) = found(folder.path(), &["gap.xlsx"]);
    assert!(rows == 3 && gap.contains(&("first-name-missing".to_owned(), Some(3))), "{gap:?}");
    // What stands in a column that is not known may be the person.
    let unknown = vec!["", "", "", "", "", "Customer Care", "Agent", "soft", "Zoe Ames"];
    workbook(folder.path(), "who.xlsx", &[("S", &[header.clone(), ann.clone(), unknown])]);
    let (rows, who) = found(folder.path(), &["who.xlsx"]);
    assert!(rows == 2 && who.contains(&("username-missing".to_owned(), Some(3))), "{who:?}");
    // A total is none of them, and a person of one cell is.
    let total = vec!["Total", "2"];
    workbook(folder.path(), "total.xlsx", &[("S", &[header.clone(), ann.clone(), bob.clone(), total])]);
    is_found(folder.path(), "total.xlsx", 2, &[("unknown-column", None), ("footer", Some(4))]);
    write(folder.path(), "short.csv", &["user login,phone number,tags", "ann,+12065550142,a|b", "bob,,"]);
    write(
        folder.path(),
        "map.toml",
        &["[constants]", "\"routing profile\" = \"R\"", "\"security profiles\" = \"A\""],
    );
    let short = ["short.csv", "--columns", "map.toml", "--identity", "directory"];
    assert_eq!(found(folder.path(), &short).0, 2);
}

#[test]
fn the_sheet_with_the_people_is_read_and_where_several_have_some_it_is_asked_or_said() {
    let folder = folder(&[]);
    let header: Vec<&str> = HEADER.split(',').collect();
    let ann: Vec<&str> =
        "ann,Lee,ann@example.com,Kettle-Moss-40,ann.lee,Customer Care,Agent".split(',').collect();
    let people = [header.clone(), ann.clone()];
    let cover: [Vec<&str>; 2] = [vec!["Personalliste Kundenservice"], vec!["Stand", "20.11.2026"]];
    workbook(folder.path(), "cover.xlsx", &[("Deckblatt", &cover), ("Roster", &people), ("Notes", &cover)]);
    is_found(folder.path(), "cover.xlsx", 1, &[("sheet-found", None)]);
    workbook(folder.path(), "empty.xlsx", &[("Sheet1", &[]), ("Roster", &people)]);
    is_found(folder.path(), "empty.xlsx", 1, &[("sheet-found", None)]);
    workbook(folder.path(), "sites.xlsx", &[("Leeds", &people), ("Ulm", &people)]);
    is_found(folder.path(), "sites.xlsx", 1, &[("sheets-not-read", None)]);
    workbook(folder.path(), "which.xlsx", &[("Deckblatt", &cover), ("Leeds", &people), ("Bad Ulm", &people)]);
    let asked = ran(folder.path(), &["validate", "which.xlsx"]).exits(2).stderr;
    assert!(asked.contains("several others have: `Leeds`, `Bad Ulm`"), "{asked}");
    assert!(asked.contains("`--sheet Leeds`, `--sheet 'Bad Ulm'`"), "{asked}");
    workbook(folder.path(), "none.xlsx", &[("Sheet1", &[]), ("Notes", &cover)]);
    let none = ran(folder.path(), &["validate", "none.xlsx"]).exits(2).stderr;
    assert!(none.contains("the sheet is empty: `Sheet1`") && none.contains("`Sheet1`, `Notes`"), "{none}");
}

#[test]
fn what_is_packed_or_belongs_to_a_spreadsheet_program_is_named_with_what_to_do() {
    let folder = folder(&["43-excel-owner-file.xlsx"]);
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("roster.csv", zip::write::SimpleFileOptions::default()).unwrap();
    zip.write_all(HEADER.as_bytes()).unwrap();
    fs::write(folder.path().join("roster.zip"), zip.finish().unwrap().into_inner()).unwrap();
    fs::write(folder.path().join("roster.csv.gz"), b"\x1f\x8b\x08\0\0\0\0\0").unwrap();
    fs::copy(folder.path().join("43-excel-owner-file.xlsx"), folder.path().join("~$roster.xlsx")).unwrap();
    fs::write(folder.path().join(".~lock.roster.xlsx#"), ",ann,host,23.11.2026 10:00,file:///home/ann;")
        .unwrap();
    for (name, what, hint) in [
        ("roster.zip", "packed in a ZIP archive: it has `roster.csv` in it", "unpack it and give the file"),
        ("roster.csv.gz", "packed with gzip", "unpack it and give the file"),
        ("43-excel-owner-file.xlsx", "keeps beside a workbook that is open", "has no `~$` before its name"),
        ("~$roster.xlsx", "keeps beside a workbook that is open", "give the workbook itself: `roster.xlsx`"),
        (
            ".~lock.roster.xlsx#",
            "keeps beside a workbook that is open",
            "give the workbook itself: `roster.xlsx`",
        ),
    ] {
        let said = ran(folder.path(), &["validate", name]).exits(2).stderr;
        assert!(said.contains(what) && said.contains(hint), "{name}: {said}");
    }
}

#[test]
fn what_resumes_or_retries_reads_the_header_where_it_was_told() {
    let folder = folder(&[]);
    let (ann, bob) = (person("ann"), person("bob"));
    // The first of two headers is read unless another is told.
    let bad = bob.replace("Customer Care", "");
    let leads = ["Name,Email,Phone", "Ann Lee,ann@example.com,+12065550142", ""];
    write(folder.path(), "two.csv", &[leads[0], leads[1], leads[2], HEADER, &ann, &bad]);
    let typed = ["import", "two.csv", "--simulate", "--yes", "--skip-invalid", "--header-row", "4"];
    let first = ran(folder.path(), &typed).exits(1);
    assert!(first.stdout.contains("1 of 2"), "{first:?}");
    let ledger = fs::read_to_string(folder.path().join("two.csv.simulate.ledger.jsonl")).unwrap();
    assert_eq!(ledger.matches("\"header_row\":4").count(), 2, "{ledger}");
    // The printed command of the failed rows leaves it out: their header is on top.
    let printed = first.stderr.lines().find(|line| line.contains("headcount retry")).unwrap();
    assert!(printed.contains("failed.csv") && !printed.contains("--header-row"), "{printed}");
    let again = ran(folder.path(), &["import", "two.csv", "--simulate", "--yes", "--skip-invalid"]);
    assert!(again.exit == 1 && again.stdout.contains("1 of 2"), "{again:?}");
    let retried = ran(folder.path(), &["retry", "two.csv.simulate.ledger.jsonl", "--yes", "--skip-invalid"]);
    assert!(!retried.stderr.contains("two rows look like the header"), "{}", retried.stderr);
}
