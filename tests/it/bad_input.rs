//! Bad input: each gets a clear error, the right exit code, and nothing is sent.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;

use crate::harness::{Ran, Service, folder, headcount, resealed, run, sample};

const ARN: &str = "arn:aws:connect:eu-west-2:111122223333:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3";

/// Imports a file of these bytes against a service, and holds it to the exit code, the words and no call.
#[track_caller]
fn refused(name: &str, bytes: &[u8], flags: &[&str], exit: i32, says: &[&str]) -> Ran {
    let folder = folder(&[]);
    fs::write(folder.path().join(name), bytes).unwrap();
    let service = Service::start(&[]);
    let ran = run(&mut service.import(folder.path(), name, flags)).exits(exit);
    for words in says {
        assert!(ran.stderr.contains(words), "{words:?} is not in:\n{}", ran.stderr);
    }
    assert!(!ran.stderr.contains("panic"), "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "called"), 0);
    assert!(!folder.path().join(format!("{name}.ledger.jsonl")).exists(), "a ledger is left");
    ran
}

fn csv() -> Vec<u8> {
    fs::read(sample("roster.csv")).unwrap()
}

#[test]
fn a_missing_roster() {
    let folder = folder(&[]);
    let ran = run(headcount(folder.path()).args(["import", "nobody.csv", "--simulate"])).exits(2);
    assert!(ran.stderr.contains("`nobody.csv`"), "{}", ran.stderr);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left");
}

#[test]
fn an_empty_file() {
    refused("roster.csv", b"", &[], 2, &["error:", "roster.csv"]);
}

#[test]
fn a_header_without_rows() {
    let header: Vec<u8> = csv().split_inclusive(|b| *b == b'\n').next().unwrap().to_vec();
    refused("roster.csv", &header, &[], 3, &["no-rows"]);
}

#[test]
fn an_unknown_column_is_named() {
    let text = String::from_utf8(csv()).unwrap().replacen("routing profile name", "routing profle name", 1);
    refused(
        "roster.csv",
        text.as_bytes(),
        &[],
        3,
        &["`routing profle name`", "did you mean `routing profile"],
    );
}

#[test]
fn a_ragged_row() {
    let mut text = String::from_utf8(csv()).unwrap();
    text.push_str("Only,Three,Cells\n");
    refused("roster.csv", text.as_bytes(), &[], 3, &["ragged-row", "row 27"]);
}

#[test]
fn binary_junk_named_csv() {
    let junk: Vec<u8> = (0..4096_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    refused("roster.csv", &junk, &[], 2, &["error:"]);
}

#[test]
fn a_truncated_workbook() {
    let mut bytes = fs::read(sample("roster.xlsx")).unwrap();
    bytes.truncate(bytes.len() / 2);
    refused("roster.xlsx", &bytes, &[], 2, &["error:", "roster.xlsx"]);
}

#[test]
fn a_workbook_whose_sheet_has_no_rows() {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet();
    let bytes = workbook.save_to_buffer().unwrap();
    refused("roster.xlsx", &bytes, &[], 2, &["error:"]);
}

#[test]
fn a_header_of_a_million_columns() {
    let numbered: Vec<String> = (0..1_000_000).map(|n| format!("c{n}")).collect();
    for delimiter in [",", ";", "\t", "|"] {
        let text = format!("user login{delimiter}{}\nann\n", numbered.join(delimiter));
        refused("roster.csv", text.as_bytes(), &[], 2, &["the header has more than 1024 columns"]);
    }
}

#[test]
fn a_row_of_a_million_cells() {
    let text = format!("user login,tags\nann{}\n", ",x".repeat(1_000_000));
    refused("roster.csv", text.as_bytes(), &[], 3, &["ragged-row", "row 2"]);
}

/// A workbook with these rows of XML in its sheet.
fn workbook(rows: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let relations = |kind: &str, target: &str| {
        format!(
            r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="{OFFICE}/{kind}" Target="{target}"/></Relationships>"#
        )
    };
    let sheets = r#"<sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets>"#;
    let parts = [
        ("_rels/.rels", relations("officeDocument", "xl/workbook.xml")),
        ("xl/workbook.xml", format!(r#"<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}">{sheets}</workbook>"#)),
        ("xl/_rels/workbook.xml.rels", relations("worksheet", "worksheets/sheet1.xml")),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>"#),
        ),
    ];
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// As a dense range such a sheet is 512 GB.
#[test]
fn a_small_workbook_with_a_cell_in_the_last_corner() {
    let bytes = workbook(
        r#"<row r="1"><c r="A1" t="inlineStr"><is><t>user login</t></is></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>"#,
    );
    assert!(bytes.len() < 1_500, "{}", bytes.len());
    refused("roster.xlsx", &bytes, &[], 2, &["beyond its 1024 first columns: `XFD1048576`"]);
}

#[test]
fn a_workbook_that_unpacks_to_far_more_than_it_is() {
    let bytes = workbook(&"<row/>".repeat(3_500_000));
    assert!(bytes.len() < 256 << 10, "{}", bytes.len());
    refused("roster.xlsx", &bytes, &[], 2, &["the workbook is refused"]);
}

#[test]
fn an_unknown_sheet() {
    let bytes = fs::read(sample("roster.xlsx")).unwrap();
    refused("roster.xlsx", &bytes, &["--sheet", "Nowhere"], 2, &["`Nowhere`"]);
}

#[test]
fn a_ledger_that_cannot_be_written() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let flags = ["--ledger", "no/such/folder/ledger.jsonl"];
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(4);
    assert!(
        ran.stderr.contains("no/such/folder/ledger.jsonl") && ran.stderr.contains("--ledger"),
        "{}",
        ran.stderr
    );
    assert_eq!(service.calls("CreateUser", "called"), 0);
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_no_file() {
    let folder = folder(&["roster.csv"]);
    fs::create_dir(folder.path().join("folder")).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    let service = Service::start(&[]);
    for ledger in ["/dev/full", "/dev/null", "pipe", "folder"] {
        for dry in [&[][..], &["--dry-run"]] {
            let mut import = service.import(folder.path(), "roster.csv", &["--ledger", ledger]);
            let ran = run(import.args(dry)).exits(4);
            assert!(ran.stderr.contains(&format!("not a regular file: `{ledger}`")), "{}", ran.stderr);
        }
    }
    assert_eq!(service.calls("CreateUser", "called"), 0);
}

#[test]
fn a_ledger_of_another_roster_or_instance() {
    let folder = folder(&["roster.csv"]);
    let text = String::from_utf8(csv()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    fs::write(folder.path().join("a.csv"), format!("{}\n{}\n", lines[0], lines[1])).unwrap();
    fs::write(folder.path().join("b.csv"), format!("{}\n{}\n", lines[0], lines[2])).unwrap();
    let service = Service::start(&[]);
    let import = |roster: &str| run(&mut service.import(folder.path(), roster, &["--ledger", "l.jsonl"]));
    import("a.csv").exits(0);
    let ran = import("b.csv").exits(4);
    assert!(ran.stderr.contains("another roster"), "{}", ran.stderr);
    let ledger = fs::read_to_string(folder.path().join("l.jsonl")).unwrap();
    fs::write(folder.path().join("l.jsonl"), resealed(&ledger.replace("5f3c9a1e", "00000000"))).unwrap();
    let ran = import("a.csv").exits(4);
    assert!(ran.stderr.contains("another instance"), "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "called"), 1);
}

#[test]
fn a_ledger_that_another_machine_may_still_be_at_work_with_is_told_of() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let import = || run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    import();
    let path = folder.path().join("roster.csv.ledger.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let session: serde_json::Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let host = session["host"].as_str().unwrap();
    let elsewhere = text.replace(&format!("\"host\":\"{host}\""), "\"host\":\"desk-7.of-ana\"");
    let elsewhere = resealed(&elsewhere);
    let unended = |text: &str| {
        text.lines()
            .filter(|line| !line.contains("\"end\""))
            .fold(String::new(), |all, line| all + line + "\n")
    };
    let whose =
        format!("process {} on desk-7.of-ana, since {}", session["pid"], session["at"].as_str().unwrap());
    for (ledger, is_told) in
        [(unended(&elsewhere), true), (elsewhere.clone(), false), (unended(&text), false)]
    {
        fs::write(&path, ledger).unwrap();
        let ran = import();
        assert_eq!(ran.stderr.contains(&whose), is_told, "{}", ran.stderr);
    }
}

#[test]
fn a_damaged_ledger_is_refused_with_its_byte_offset() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    let path = folder.path().join("roster.csv.ledger.jsonl");
    let mut bytes = fs::read(&path).unwrap();
    let third: usize = bytes.split_inclusive(|b| *b == b'\n').take(2).map(<[u8]>::len).sum();
    bytes[third] = b'#';
    fs::write(&path, &bytes).unwrap();
    let ran = run(&mut service.import(folder.path(), "roster.csv", &[])).exits(4);
    assert!(ran.stderr.contains(&format!("at byte {third}")), "{}", ran.stderr);
}

fn aws(folder: &Path, flags: &[&str]) -> Ran {
    run(headcount(folder).args(["import", "roster.csv"]).args(flags))
}

#[test]
fn no_instance_at_all() {
    let folder = folder(&["roster.csv"]);
    let ran = aws(folder.path(), &[]).exits(2);
    assert!(ran.stderr.contains("--instance") && ran.stderr.contains("--simulate"), "{}", ran.stderr);
}

#[test]
fn a_bad_arn() {
    let folder = folder(&["roster.csv"]);
    let ran = aws(folder.path(), &["--instance", "arn:aws:s3:::bucket"]).exits(2);
    assert!(ran.stderr.contains("arn:aws:connect:REGION:ACCOUNT:instance/ID"), "{}", ran.stderr);
}

#[test]
fn no_region() {
    let folder = folder(&["roster.csv"]);
    let ran = aws(folder.path(), &["--instance", "5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3"]).exits(2);
    assert!(ran.stderr.contains("--region"), "{}", ran.stderr);
}

#[test]
fn no_credentials() {
    let folder = folder(&["roster.csv"]);
    let ran = aws(folder.path(), &["--instance", ARN]).exits(4);
    assert!(ran.stderr.contains("no AWS credentials"), "{}", ran.stderr);
}

#[test]
fn an_unreachable_endpoint() {
    let folder = folder(&["roster.csv"]);
    // A port that was free a moment ago, and on which nothing listens.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("http://127.0.0.1:{port}");
    let mut command = headcount(folder.path());
    command.env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "example");
    let ran = run(command.args(["import", "roster.csv", "--instance", ARN, "--endpoint-url", &url])).exits(4);
    assert!(ran.stderr.contains("--endpoint-url"), "{}", ran.stderr);
}

#[test]
fn wrong_credentials_stop_before_anything_is_sent() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let mut command = service.import(folder.path(), "roster.csv", &[]);
    let ran = run(command.env("AWS_SECRET_ACCESS_KEY", "wrong")).exits(4);
    assert!(ran.stderr.contains("InvalidSignatureException"), "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "called"), 0);
}

#[test]
fn plain_http_beyond_loopback_is_refused() {
    let folder = folder(&["roster.csv"]);
    let ran = aws(folder.path(), &["--instance", ARN, "--endpoint-url", "http://example.com"]).exits(2);
    assert!(ran.stderr.contains("http://example.com"), "{}", ran.stderr);
}

#[test]
fn a_mistyped_flag_or_command() {
    let folder = folder(&["roster.csv"]);
    for args in [&["improt", "roster.csv"][..], &["import", "roster.csv", "--simulat"], &["import"]] {
        run(headcount(folder.path()).args(args)).exits(2);
    }
}
