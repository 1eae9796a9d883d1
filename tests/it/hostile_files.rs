//! Files that mean harm: what is read ends, within bounds and with a word of what is wrong; what is written goes where it
//! was meant to and nowhere else. Through the real program.

use std::fs::{self, File};
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};

use headcount::text::hides;
use tempfile::TempDir;

use crate::fuzzed;
#[cfg(unix)]
use crate::harness::Service;
use crate::harness::{Ran, folder, headcount, run, sample};

const SAML: &str = "first name,last name,user login,routing profile,security profiles,phone type";

fn with(name: &str, bytes: impl AsRef<[u8]>) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), bytes).unwrap();
    folder
}

/// Runs the program in at most 768 MB of memory.
#[cfg(target_os = "linux")]
fn bounded(folder: &Path, args: &[&str]) -> Ran {
    let program = headcount(folder);
    let mut command = Command::new("prlimit");
    command.arg("--data=805306368").arg(program.get_program()).args(args).current_dir(folder);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(command.stdin(Stdio::null()))
}

#[cfg(not(target_os = "linux"))]
fn bounded(folder: &Path, args: &[&str]) -> Ran {
    run(headcount(folder).args(args))
}

#[track_caller]
fn is_harmless(ran: &Ran) {
    for text in [&ran.stdout, &ran.stderr] {
        // A CSV begins with a mark, and its lines end as those of Excel's.
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
        let found = text.chars().find(|c| hides(*c) && *c != '\n');
        assert_eq!(found, None, "{text:?}");
        assert!(!text.contains("panic"), "{text}");
    }
}

/// Validates a roster and holds it to one of these exit codes; none is a crash.
#[track_caller]
fn validated(name: &str, bytes: impl AsRef<[u8]>, exits: &[i32]) -> Ran {
    let folder = with(name, bytes);
    let ran = bounded(folder.path(), &["validate", name]);
    assert!(exits.contains(&ran.exit), "{}\n{}\n{}", ran.exit, ran.stdout, ran.stderr);
    is_harmless(&ran);
    ran
}

// What is read: rosters.

#[test]
fn a_cell_of_a_gigabyte_is_cut_off_at_the_limit() {
    let folder = tempfile::tempdir().unwrap();
    let mut file = File::create(folder.path().join("r.csv")).unwrap();
    writeln!(file, "{SAML}").unwrap();
    for number in 0..400 {
        writeln!(file, "Ada,Lovelace,ada{number},Basic,Agent,soft").unwrap();
    }
    write!(file, "Ada,\"").unwrap();
    // Sparse: it takes no room, and reads as a gigabyte of NULs.
    file.seek(SeekFrom::Start(1 << 30)).unwrap();
    writeln!(file, "\",ada,Basic,Agent,soft").unwrap();
    let ran = bounded(folder.path(), &["validate", "r.csv"]);
    assert!([2, 3].contains(&ran.exit), "{} {} {}", ran.exit, ran.stdout, ran.stderr);
    assert!(
        ran.stdout.contains("row 402") || ran.stderr.contains("row 402"),
        "{} {}",
        ran.stdout,
        ran.stderr
    );
    is_harmless(&ran);
}

#[test]
fn a_million_columns_are_an_error_and_no_flood() {
    let header: String = (0..1_000_000).map(|n| format!("c{n},")).collect();
    let ran = validated("r.csv", format!("{header}\nx\n"), &[2, 3]);
    assert!(ran.stdout.len() + ran.stderr.len() < 100_000, "{} bytes are said", ran.stdout.len());
}

#[test]
fn nul_bytes_and_controls_in_cells_are_found_and_shown_as_escapes() {
    let filler: String = (0..300).map(|n| format!("Ada,Lovelace,ada{n},Basic,Agent,soft\n")).collect();
    let ran = validated(
        "r.csv",
        format!("{SAML}\n{filler}A\0da,Love\u{1b}[2Jlace,a\u{7}da,Basic,Agent,soft\n"),
        &[3],
    );
    assert!(ran.stdout.contains("\\u{0}") || ran.stdout.contains("\\u{7}"), "{}", ran.stdout);
}

#[test]
fn a_roster_that_is_no_file_is_refused_or_read_to_a_limit() {
    let folder = tempfile::tempdir().unwrap();
    let validate = |name: &str| bounded(folder.path(), &["validate", name]);
    let ran = validate(".").exits(2);
    assert!(ran.stderr.contains("is a directory"), "{}", ran.stderr);
    fs::write(folder.path().join("r.csv"), SAML).unwrap();
    for flag in ["--columns", "--directory"] {
        let ran = bounded(folder.path(), &["validate", "r.csv", flag, "."]).exits(2);
        assert!(ran.stderr.contains("it is a folder"), "{flag}: {}", ran.stderr);
    }
    if cfg!(unix) {
        let ran = validate("/dev/zero").exits(2);
        assert!(ran.stderr.contains("more than 256 MiB"), "{}", ran.stderr);
        validate("/dev/null").exits(2);
    }
}

#[cfg(unix)]
#[test]
fn a_roster_may_come_out_of_a_named_pipe() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("r.csv");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, format!("{SAML}\nAda,Lovelace,ada,Basic,Agent,soft\n")).unwrap()
    });
    let ran = bounded(folder.path(), &["validate", "r.csv", "--identity", "saml"]).exits(0);
    writer.join().unwrap();
    assert!(ran.stdout.contains("1 row"), "{}", ran.stdout);
}

#[test]
fn a_sheet_nested_without_end_is_refused_or_read() {
    let deep = 300_000;
    let nested = format!(
        "<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>{}{}</sheetData></worksheet>",
        "<row r=\"1\"><c>".repeat(deep),
        "</c></row>".repeat(deep)
    );
    validated("r.xlsx", fuzzed::workbook(nested.as_bytes()), &[2, 3]);
    let strings = format!("\0<sst>{}{}</sst>", "<si><r>".repeat(deep), "</r></si>".repeat(deep));
    validated("r.xlsx", fuzzed::workbook(strings.as_bytes()), &[2, 3]);
}

#[test]
fn entities_are_not_expanded_and_no_file_is_fetched() {
    let folder = with("secret.txt", "Canary-of-another-file");
    let secret = folder.path().join("secret.txt");
    let bomb: String =
        (1..10).map(|n| format!("<!ENTITY l{n} \"{}\">", format!("&l{};", n - 1).repeat(10))).collect();
    for (doctype, entity) in [
        (format!("<!DOCTYPE w [<!ENTITY l0 \"lol\">{bomb}]>"), "&l9;"),
        (format!("<!DOCTYPE w [<!ENTITY x SYSTEM \"file://{}\">]>", secret.display()), "&x;"),
        ("<!DOCTYPE w SYSTEM \"http://127.0.0.1:9/x.dtd\">".to_owned(), "&x;"),
        ("<!DOCTYPE w [<!ENTITY % p SYSTEM \"file:///etc/passwd\"> %p;]>".to_owned(), "&root;"),
    ] {
        let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
        let sheet = format!(
            "{doctype}<worksheet xmlns=\"{main}\"><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>user login</t></is></c></row>\
             <row r=\"2\"><c r=\"A2\" t=\"inlineStr\"><is><t>{entity}</t></is></c></row></sheetData></worksheet>"
        );
        let strings = format!("\0{doctype}<sst xmlns=\"{main}\"><si><t>user login {entity}</t></si></sst>");
        for parts in [sheet, strings] {
            let ran = validated("r.xlsx", fuzzed::workbook(parts.as_bytes()), &[2, 3]);
            let all = ran.stdout + &ran.stderr;
            assert!(
                !all.contains("Canary-of") && !all.contains("lollol") && !all.contains("root:x"),
                "{all}"
            );
        }
    }
}

/// A workbook with the parts of the sample, and more.
fn archive(more: &[(&str, &[u8])]) -> Vec<u8> {
    let bytes = fs::read(sample("roster.xlsx")).unwrap();
    let mut old = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut new = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for at in 0..old.len() {
        new.raw_copy_file(old.by_index_raw(at).unwrap()).unwrap();
    }
    for (name, bytes) in more {
        new.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        new.write_all(bytes).unwrap();
    }
    new.finish().unwrap().into_inner()
}

#[test]
fn paths_in_an_archive_lead_nowhere() {
    let evil: [(&str, &[u8]); 4] = [
        ("../../../evil.txt", b"x"),
        ("/tmp/headcount-evil.txt", b"x"),
        ("xl/../../evil.xml", b"<x/>"),
        ("C:\\evil.txt", b"x"),
    ];
    let folder = with("r.xlsx", archive(&evil));
    let before: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    let ran = bounded(folder.path(), &["validate", "r.xlsx"]);
    assert!([0, 2, 3].contains(&ran.exit), "{}", ran.stderr);
    let after: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(before, after);
    assert!(!Path::new("/tmp/headcount-evil.txt").exists());
    // Parts that a relationship names outside of the package.
    for target in ["../../../../etc/passwd", "file:///etc/passwd", "/etc/passwd", "http://127.0.0.1:9/s.xml"]
    {
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
        let relations = format!(
            "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
             <Relationship Id=\"r1\" Type=\"{office}/worksheet\" Target=\"{target}\" TargetMode=\"External\"/></Relationships>"
        );
        let workbook = format!(
            "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{office}\">\
             <sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
        );
        let root = relations.replace(target, "xl/workbook.xml").replace("/worksheet", "/officeDocument");
        let files = [
            ("_rels/.rels", root.into_bytes()),
            ("xl/workbook.xml", workbook.into_bytes()),
            ("xl/_rels/workbook.xml.rels", relations.into_bytes()),
        ];
        let ran = validated("r.xlsx", fuzzed::stored(&files), &[2, 3]);
        assert!(!(ran.stdout + &ran.stderr).contains("root:x"));
    }
}

#[test]
fn an_archive_with_more_parts_than_any_workbook_is_refused() {
    let files: Vec<(String, Vec<u8>)> = (0..12_000).map(|n| (format!("xl/{n}.xml"), Vec::new())).collect();
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let ran = validated("r.xlsx", fuzzed::stored(&files), &[2]);
    assert!(ran.stderr.contains("too many parts"), "{}", ran.stderr);
}

#[test]
fn an_archive_that_lies_about_itself_is_refused_or_read() {
    let honest = fuzzed::workbook(b"");
    // Every byte of the directory at the end, where names, sizes and places stand.
    let directory = honest.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    for at in (directory..honest.len()).step_by(7) {
        for value in [0x00, 0xFF] {
            let mut lying = honest.clone();
            lying[at] = value;
            fuzzed::xlsx(&lying);
        }
    }
    // Two parts of one place, a part over another, a part that is encrypted.
    let mut encrypted = honest.clone();
    encrypted[6] |= 1;
    encrypted[directory + 8] |= 1;
    validated("r.xlsx", encrypted, &[2]);
    let mut twice = honest[..directory].to_vec();
    twice.extend(&honest);
    validated("r.xlsx", twice, &[2, 3]);
}

#[test]
fn a_flood_of_findings_is_counted_and_not_printed() {
    let mut roster = format!("{SAML}\n");
    for number in 0..200_000 {
        use std::fmt::Write as _;
        writeln!(roster, ",,{number} bad name,,,x").unwrap();
    }
    let ran = validated("r.csv", roster, &[3]);
    assert!(ran.stdout.len() < 100_000, "{} bytes are said", ran.stdout.len());
}

#[test]
fn the_names_of_files_steer_no_terminal() {
    // Windows takes no control character below U+0020 in a name, and those above all the same.
    let name =
        if cfg!(windows) { "r\u{9d}0;owned\u{9c}\u{202e}'.csv" } else { "r\u{1b}]0;owned\u{7}\u{202e}'.csv" };
    let folder = with(name, fs::read(sample("roster.csv")).unwrap());
    let in_folder = |args: &[&str]| run(headcount(folder.path()).args(args));
    for args in [
        vec!["validate", name],
        vec!["validate", "no\u{1b}[2Jwhere.csv"],
        vec!["columns", name],
        vec!["import", name, "--simulate", "--dry-run"],
        vec!["import", name, "--simulate", "--rate", "1000"],
        vec!["import", name, "--simulate"],
        vec!["template", "-o", "t\u{9b}31m.csv"],
        vec!["template", "-o", "t\u{9b}31m.csv"],
        vec!["validate", name, "--annotate", "a\u{1b}[2J.csv"],
        vec!["validate", name, "--directory", "d\u{1b}[2J.json"],
        vec!["validate", name, "--columns", "m\u{1b}[2J.toml"],
        vec!["status", "l\u{1b}[2J.jsonl"],
        vec!["report", "l\u{1b}[2J.jsonl"],
        vec!["retry", "l\u{1b}[2J.jsonl"],
        vec!["validate", name, "--explain", "x\u{1b}[2J"],
    ] {
        let ran = in_folder(&args);
        assert_ne!(ran.exit, 70, "{args:?} {}", ran.stderr);
        is_harmless(&ran);
    }
    let ledger = format!("{name}.simulate.ledger.jsonl");
    for format in ["md", "json", "csv", "html"] {
        is_harmless(&in_folder(&["report", &ledger, "--format", format]).exits(0));
    }
    is_harmless(&in_folder(&["status", &ledger]).exits(0));
}

#[test]
fn headers_and_cells_steer_no_terminal_in_any_command() {
    let hostile = "x\u{1b}]0;o\u{7}\u{9b}2J\u{202e}\u{2067}\u{61c}y";
    let roster =
        format!("{SAML},{hostile}\n{hostile},{hostile},{hostile},{hostile},{hostile},{hostile},{hostile}\n");
    let folder = with("r.csv", roster);
    for args in [
        vec!["validate", "r.csv"],
        vec!["validate", "r.csv", "--format", "json"],
        vec!["validate", "r.csv", "--format", "junit"],
        vec!["columns", "r.csv"],
        vec!["import", "r.csv", "--simulate"],
        vec!["import", "r.csv", "--simulate", "--skip-invalid"],
        vec!["import", "r.csv", "--simulate", "--skip-invalid", "--format", "json"],
        vec!["status", "r.csv.simulate.ledger.jsonl"],
        vec!["report", "r.csv.simulate.ledger.jsonl", "--format", "md"],
        vec!["report", "r.csv.simulate.ledger.jsonl", "--format", "json"],
        vec!["report", "r.csv.simulate.ledger.jsonl", "--format", "html"],
        vec!["report", "r.csv.simulate.ledger.jsonl", "--format", "csv"],
        vec!["retry", "r.csv.simulate.ledger.jsonl"],
    ] {
        let ran = run(headcount(folder.path()).args(&args));
        assert_ne!(ran.exit, 70, "{args:?} {}", ran.stderr);
        is_harmless(&ran);
    }
}

// What is read: ledgers, directory files, column maps, what is kept between runs.

const FIRST: &str = "{\"type\":\"ledger\",\"version\":1,\"run\":\"f3b38cdc-6b01-48f9-a11f-c8e73c423847\",\"roster\":\"r.csv\",\
                     \"instance\":\"arn:aws:connect:eu-central-1:123456789012:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3\",\
                     \"tool\":\"headcount 0.1.0\",\"at\":\"2026-11-23T15:26:11.314Z\"}\n";

#[test]
fn a_ledger_that_means_harm_is_refused_with_its_byte_offset() {
    let long = format!("{{\"type\":\"end\",\"at\":\"{}\"}}\n", "x".repeat(10 << 20));
    let deep = format!("{{\"type\":\"end\",\"at\":{}{}}}\n", "[".repeat(100_000), "]".repeat(100_000));
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("wrong type", b"{\"type\":\"row\",\"user\":7,\"row\":2,\"fingerprint\":\"0\"}\n".to_vec()),
        ("negative", b"{\"type\":\"row\",\"user\":\"a\",\"row\":-1,\"fingerprint\":\"0\"}\n".to_vec()),
        ("huge number", b"{\"type\":\"intent\",\"user\":\"a\",\"attempt\":99999999999999999999}\n".to_vec()),
        ("last attempt", b"{\"type\":\"intent\",\"user\":\"a\",\"attempt\":4294967295}\n".to_vec()),
        ("a member twice", b"{\"type\":\"end\",\"exit\":0,\"exit\":1}\n".to_vec()),
        ("a kind twice", b"{\"type\":\"end\",\"type\":\"row\"}\n".to_vec()),
        ("deep", deep.into_bytes()),
        ("a second first record", FIRST.as_bytes().to_vec()),
        ("NUL", b"{\"type\":\"end\"}\0\n".to_vec()),
        ("no UTF-8", b"{\"type\":\"end\",\"at\":\"\xff\"}\n".to_vec()),
        ("two on a line", b"{\"type\":\"end\"}{\"type\":\"end\"}\n".to_vec()),
        ("an empty line", b"\n".to_vec()),
        ("an unknown kind", b"{\"type\":\"delete\",\"user\":\"a\"}\n".to_vec()),
    ];
    for (name, line) in cases {
        let folder = with("l.jsonl", [FIRST.as_bytes(), &line, b"{\"type\":\"end\"}\n"].concat());
        for args in [["status", "l.jsonl"], ["report", "l.jsonl"], ["retry", "l.jsonl"]] {
            let ran = bounded(folder.path(), &args);
            assert!([2, 4].contains(&ran.exit), "{name} {args:?}: {} {}", ran.exit, ran.stderr);
            assert!(ran.stderr.contains(&format!("at byte {}", FIRST.len())), "{name}: {}", ran.stderr);
            is_harmless(&ran);
        }
    }
    // Long, but right.
    let folder = with("l.jsonl", [FIRST.as_bytes(), long.as_bytes()].concat());
    bounded(folder.path(), &["status", "l.jsonl"]).exits(0);
}

#[test]
fn a_ledgers_texts_steer_no_terminal() {
    let hostile = "x\\u001b]0;owned\\u0007\\u009b2J\\u202ey";
    let first = FIRST.replace("r.csv", hostile).replace("headcount 0.1.0", hostile);
    let lines = format!(
        "{first}{{\"type\":\"session\",\"session\":\"s\",\"host\":\"{hostile}\",\"pid\":1,\"roster\":\"{hostile}\",\"profile\":\"{hostile}\",\"region\":\"{hostile}\",\"endpoint\":\"{hostile}\",\"at\":\"{hostile}\"}}\n\
         {{\"type\":\"row\",\"user\":\"{hostile}\",\"row\":2,\"fingerprint\":\"0\"}}\n\
         {{\"type\":\"intent\",\"user\":\"{hostile}\",\"attempt\":1,\"at\":\"{hostile}\"}}\n\
         {{\"type\":\"outcome\",\"user\":\"{hostile}\",\"attempt\":1,\"state\":\"rejected\",\"code\":\"{hostile}\",\"message\":\"{hostile}\",\"request_id\":\"{hostile}\",\"at\":\"{hostile}\"}}\n"
    );
    let folder = with("l.jsonl", lines);
    for args in [
        vec!["status", "l.jsonl"],
        vec!["status", "l.jsonl", "--format", "json"],
        vec!["report", "l.jsonl", "--format", "md"],
        vec!["report", "l.jsonl", "--format", "json"],
        vec!["report", "l.jsonl", "--format", "html"],
        vec!["report", "l.jsonl", "--format", "csv"],
    ] {
        is_harmless(&bounded(folder.path(), &args).exits(0));
    }
    is_harmless(&bounded(folder.path(), &["retry", "l.jsonl"]));
}

#[cfg(unix)]
#[test]
fn a_ledger_that_is_no_file_is_refused_at_once() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    assert!(Command::new("mkfifo").arg(folder.path().join("pipe")).status().unwrap().success());
    for ledger in ["/dev/zero", "/dev/null", "pipe", "."] {
        for command in ["status", "report", "retry"] {
            let ran = run(service.headcount(folder.path()).args([command, ledger]));
            assert!([2, 4].contains(&ran.exit), "{command} {ledger}: {} {}", ran.exit, ran.stderr);
            assert!(ran.stderr.contains("not a regular file"), "{command} {ledger}: {}", ran.stderr);
        }
        let ran = run(&mut service.import(folder.path(), "roster.csv", &["--ledger", ledger])).exits(4);
        assert!(ran.stderr.contains("not a regular file"), "{ledger}: {}", ran.stderr);
    }
    assert_eq!(service.calls("CreateUser", "called"), 0);
}

#[test]
fn a_directory_file_that_means_harm_is_refused_or_harmless() {
    let good = fs::read_to_string(sample("directory.json")).unwrap();
    let folder = folder(&["roster.csv"]);
    let hostile = "x\\u001b]0;owned\\u0007\\u009b2J\\u202ey";
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    let cases = [
        ("deep", "[".repeat(1 << 20), Some(2)),
        ("deep inside", good.replacen("\"Customer Care\"", &nested, 1), Some(2)),
        // Passed over without a recursion.
        ("deep beside", good.replacen("\"quotas\"", &format!("\"later\": {nested}, \"quotas\""), 1), None),
        ("wrong type", good.replacen("\"Customer Care\"", "[]", 1), Some(2)),
        ("a member twice", good.replacen("\"quotas\"", "\"hierarchy\": [], \"quotas\"", 1), Some(2)),
        ("a version without measure", good.replacen("\"version\": 1", "\"version\": 1e400", 1), Some(2)),
        ("no UTF-8", String::from_utf8_lossy(b"\xff\xfe").into_owned(), Some(2)),
        ("a quota without measure", good.replacen("500.0", "1e300", 1), None),
        ("a negative quota", good.replacen("500.0", "-5.0", 1), None),
        (
            "a rate without measure",
            good.replacen("\"create_user_rate\": 2.0", "\"create_user_rate\": 1e300", 1),
            None,
        ),
        ("a negative rate", good.replacen("\"create_user_rate\": 2.0", "\"create_user_rate\": -1", 1), None),
        ("escapes", good.replacen("Customer Care", hostile, 1).replace("example-callcentre", hostile), None),
        ("a date that is none", good.replacen("2026-11-23T14:00:00.000Z", hostile, 1), None),
    ];
    for (name, text, exit) in cases {
        fs::write(folder.path().join("d.json"), text).unwrap();
        for args in [
            vec!["validate", "roster.csv", "--directory", "d.json"],
            vec!["import", "roster.csv", "--simulate", "--directory", "d.json", "--dry-run"],
        ] {
            let ran = bounded(folder.path(), &args);
            is_harmless(&ran);
            match exit {
                Some(exit) => assert_eq!(ran.exit, exit, "{name}: {}", ran.stderr),
                None => assert!([0, 3, 4].contains(&ran.exit), "{name}: {} {}", ran.exit, ran.stderr),
            }
        }
    }
}

#[test]
fn a_column_map_that_means_harm_is_refused() {
    let folder = folder(&["hr-export.csv"]);
    let wide: String = (0..30_000).map(|n| format!("\"c{n}\",")).collect();
    let cases = [
        ("deep arrays", format!("ignore = {}{}", "[".repeat(100_000), "]".repeat(100_000)), 2),
        ("deep tables", format!("columns = {}", "{a=".repeat(100_000)), 2),
        ("deep keys", format!("{} = 1", vec!["a"; 100_000].join(".")), 2),
        ("a line of 10 MB", format!("ignore = [\"{}\"]", "x".repeat(10 << 20)), 2),
        ("wrong type", "columns = 7".to_owned(), 2),
        ("a key twice", "[constants]\nteam = \"a\"\nteam = \"b\"".to_owned(), 2),
        ("an unknown key", "[exec]\nrun = \"rm\"".to_owned(), 2),
        ("a number without measure", "ignore = [99999999999999999999999]".to_owned(), 2),
        ("a column twice", "ignore = [\"a\", \"A\"]".to_owned(), 2),
        ("escapes", "[columns]\n\"x\\u001b[2J\\u202e\" = \"y\\u001b[2J\"".to_owned(), 2),
        ("columns that nobody has", format!("ignore = [{wide}]"), 2),
    ];
    for (name, map, exit) in cases {
        fs::write(folder.path().join("m.toml"), map).unwrap();
        let ran = bounded(folder.path(), &["validate", "hr-export.csv", "--columns", "m.toml"]);
        assert!(ran.exit == exit || ran.exit == 3, "{name}: {} {}", ran.exit, ran.stderr);
        assert!(ran.stderr.len() + ran.stdout.len() < 1_000_000, "{name}");
        is_harmless(&ran);
    }
    if cfg!(unix) {
        let ran = bounded(folder.path(), &["validate", "hr-export.csv", "--columns", "/dev/zero"]).exits(2);
        assert!(ran.stderr.contains("too large"), "{}", ran.stderr);
    }
}

// What is written.

#[cfg(unix)]
fn modes(folder: &Path, found: &mut Vec<(String, u32)>) {
    use std::os::unix::fs::PermissionsExt as _;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        found.push((path.display().to_string(), mode));
        if path.is_dir() {
            modes(&path, found);
        }
    }
}

/// The program under a umask that hides nothing.
#[cfg(unix)]
fn bare(folder: &Path, service: &Service, args: &[&str]) -> Ran {
    let program = service.headcount(folder);
    let mut command = Command::new("sh");
    command.args(["-c", "umask 0 && exec \"$0\" \"$@\""]).arg(program.get_program()).args(args);
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(command.current_dir(folder).stdin(Stdio::null()))
}

#[cfg(unix)]
#[test]
fn whatever_the_umask_each_file_is_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(&[]);
    let csv = fs::read_to_string(sample("roster.csv")).unwrap();
    let taken = csv.lines().nth(1).unwrap();
    let roster = format!("{csv}{}\n", taken.replacen(',', "x,", 1));
    fs::write(folder.path().join("r.csv"), roster).unwrap();
    let arn = service.arn.clone();
    for (args, exits) in [
        (vec!["template", "-o", "t.csv"], vec![0]),
        (vec!["template", "-o", "t.xlsx"], vec![0]),
        (vec!["directory", "--instance", &arn, "-o", "d.json"], vec![0]),
        (vec!["directory", "--instance", &arn, "-o", "d.json"], vec![0]),
        (vec!["validate", "r.csv", "--annotate", "a.csv"], vec![0, 3]),
        (vec!["validate", "r.csv", "--annotate", "a.xlsx"], vec![0, 3]),
        (vec!["import", "r.csv", "--instance", &arn, "--rate", "auto", "--skip-invalid"], vec![0, 1]),
        (vec!["import", "r.csv", "--simulate", "--rate", "1000", "--skip-invalid"], vec![0, 1]),
        (vec!["report", "r.csv.ledger.jsonl", "-o", "r.html"], vec![0]),
        (vec!["report", "r.csv.ledger.jsonl", "-o", "r.out.csv"], vec![0]),
        (vec!["report", "r.csv.ledger.jsonl", "-o", "r.out.xlsx"], vec![0]),
        (vec!["report", "r.csv.ledger.jsonl", "-o", "r.json"], vec![0]),
        (vec!["report", "r.csv.ledger.jsonl", "-o", "r.md"], vec![0]),
    ] {
        let ran = bare(folder.path(), &service, &args);
        assert!(exits.contains(&ran.exit), "{args:?}: {} {}", ran.exit, ran.stderr);
    }
    let mut found = Vec::new();
    modes(folder.path(), &mut found);
    assert!(found.len() > 12, "{found:?}");
    let was_written = |name: &str| found.iter().any(|(path, _)| path.ends_with(name));
    for name in ["d.json", "a.xlsx", "r.csv.ledger.jsonl", "r.csv.simulate.world.jsonl", "r.csv.failed.csv"] {
        assert!(was_written(name), "{name}: {found:?}");
    }
    for (path, mode) in &found {
        let own = path.ends_with("/r.csv");
        assert!(own || mode & 0o077 == 0, "{path}: {mode:o}");
    }
}

#[cfg(unix)]
#[test]
fn no_command_writes_through_a_link_or_over_what_is_not_ours() {
    use std::os::unix::fs::symlink;
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let arn = service.arn.clone();
    let victim = folder.path().join("victim");
    fs::write(&victim, "precious").unwrap();
    let nowhere = folder.path().join("nowhere");
    run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    let commands = |out: &str| {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        [
            words(&["template", "-o", out]),
            words(&["directory", "--instance", &arn, "-o", out]),
            words(&["validate", "roster.csv", "--annotate", out]),
            words(&["report", "roster.csv.ledger.jsonl", "-o", out, "--format", "csv"]),
            words(&["import", "roster.csv", "--instance", &arn, "--ledger", out]),
        ]
    };
    for (target, name) in [(&victim, "link.csv"), (&nowhere, "dangling.csv")] {
        for command in commands(name) {
            let link = folder.path().join(name);
            let _ = fs::remove_file(&link);
            symlink(target, &link).unwrap();
            let args: Vec<&str> = command.iter().map(String::as_str).collect();
            let ran = run(service.headcount(folder.path()).args(&args));
            assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{args:?}");
            assert!(!nowhere.exists(), "{args:?} {}", ran.stderr);
        }
    }
    // A file of somebody else's, by each command.
    for command in commands("victim.csv") {
        fs::write(folder.path().join("victim.csv"), "precious").unwrap();
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let ran = run(service.headcount(folder.path()).args(&args));
        assert!([2, 4].contains(&ran.exit), "{args:?}: {} {}", ran.exit, ran.stderr);
        assert_eq!(fs::read_to_string(folder.path().join("victim.csv")).unwrap(), "precious");
    }
    // A pipe in its place is not waited for.
    for command in commands("pipe.csv") {
        let pipe = folder.path().join("pipe.csv");
        let _ = fs::remove_file(&pipe);
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let args: Vec<&str> = command.iter().map(String::as_str).collect();
        let ran = run(service.headcount(folder.path()).args(&args));
        assert!([2, 4].contains(&ran.exit), "{args:?}: {} {}", ran.exit, ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_an_import_writes_beside_the_roster_goes_through_no_link() {
    use std::os::unix::fs::symlink;
    for beside in [
        "r.csv.failed.csv",
        "r.csv.simulate.failed.csv",
        "r.csv.simulate.world.jsonl",
        "r.csv.simulate.ledger.jsonl",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let csv = fs::read_to_string(sample("roster.csv")).unwrap();
        fs::write(folder.path().join("r.csv"), format!("{csv}Only,Three,Cells\n")).unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "").unwrap();
        symlink(&victim, folder.path().join(beside)).unwrap();
        let ran = run(headcount(folder.path()).args([
            "import",
            "r.csv",
            "--simulate",
            "--rate",
            "1000",
            "--skip-invalid",
        ]));
        assert_eq!(fs::read_to_string(&victim).unwrap(), "", "{beside}: {}", ran.stderr);
        assert!([1, 4].contains(&ran.exit), "{beside}: {} {}", ran.exit, ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn what_is_kept_between_runs_cannot_hold_a_run_up() {
    use std::os::unix::fs::symlink;
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let state = folder.path().join(".local/state/headcount");
    fs::create_dir_all(&state).unwrap();
    let rates = state.join("rates.json");
    let import = || run(&mut service.import(folder.path(), "roster.csv", &["--rate", "auto"]));
    symlink("/dev/zero", &rates).unwrap();
    import().exits(0);
    fs::remove_file(&rates).unwrap();
    assert!(Command::new("mkfifo").arg(&rates).status().unwrap().success());
    fs::remove_file(folder.path().join("roster.csv.ledger.jsonl")).unwrap();
    let ran = import();
    assert!([0, 1].contains(&ran.exit), "{}", ran.stderr);
    let _ = fs::remove_file(&rates); // written to, the pipe would wait for a reader
    fs::write(&rates, format!("{{\"version\":1,\"rates\":{{}},\"x\":\"{}\"}}", "x".repeat(5 << 20))).unwrap();
    let ran = import();
    assert!([0, 1].contains(&ran.exit), "{}", ran.stderr);
}
