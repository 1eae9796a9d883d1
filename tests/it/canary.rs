//! No password reaches an artefact: every command is run over rosters whose passwords are markers, and everything that it
//! leaves, prints or shows of itself is searched for them, in the clear and in other forms.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use memchr::memmem;
use serde_json::Value;

use crate::harness::{Ran, Service, Watched, headcount, run};

/// The middle of every password of a roster. Letters and digits only, so that no escaping of JSON, HTML, percent signs or
/// of a debug print hides it.
const MARKER: &str = "Canary7f3aQx";

/// The passwords themselves: some with what has to be escaped somewhere.
fn passwords() -> [String; 6] {
    ["a{}1", "b\"{}\\2", "<c>{}&3", "=d+{}%4", "é{}ü5", "f'{};$6"].map(|form| form.replace("{}", MARKER))
}

/// What is searched for: secrets in every form that they may take on the way.
pub(crate) struct Needles(Vec<(String, Vec<u8>)>);

impl Needles {
    pub(crate) fn of<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mut needles = Vec::new();
        for secret in secrets {
            let bytes = secret.as_bytes();
            let mut add = |form: &str, needle: Vec<u8>| needles.push((form.to_owned(), needle));
            add("plain", bytes.to_vec());
            add("in lower case", secret.to_ascii_lowercase().into_bytes());
            add("in upper case", secret.to_ascii_uppercase().into_bytes());
            add("backwards", bytes.iter().rev().copied().collect());
            add("UTF-16 LE", secret.encode_utf16().flat_map(u16::to_le_bytes).collect());
            add("UTF-16 BE", secret.encode_utf16().flat_map(u16::to_be_bytes).collect());
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            add("hex in upper case", hex.to_uppercase().into_bytes());
            add("hex", hex.into_bytes());
            add(
                "percent-encoded",
                bytes.iter().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes(),
            );
            let list: Vec<String> = bytes.iter().map(ToString::to_string).collect();
            add("a list of bytes", list.join(", ").into_bytes());
            add("a list of bytes", list.join(",").into_bytes());
            for shift in 0..3 {
                add("base64", base64(bytes, shift));
            }
        }
        Self(needles)
    }

    /// In which form something has a secret in it; parts of a workbook or another archive are looked at unpacked.
    pub(crate) fn found_in(&self, bytes: &[u8]) -> Option<String> {
        if let Some((form, _)) = self.0.iter().find(|(_, needle)| memmem::find(bytes, needle).is_some()) {
            return Some(form.clone());
        }
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).ok()?;
        (0..archive.len()).find_map(|at| {
            let mut part = archive.by_index(at).ok()?;
            let mut unpacked = Vec::new();
            part.read_to_end(&mut unpacked).unwrap();
            let name = part.name().unwrap().into_owned();
            self.found_in(&unpacked).map(|form| format!("{form}, in {name}"))
        })
    }
}

/// The part of a base64 text that does not depend on what stands around the bytes, where they begin at this place of a
/// group of three.
fn base64(bytes: &[u8], shift: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let skipped = (3 - shift) % 3;
    let groups = bytes[skipped..].chunks_exact(3);
    groups
        .flat_map(|group| {
            let bits = group.iter().fold(0_usize, |bits, byte| bits << 8 | usize::from(*byte));
            [18, 12, 6, 0].map(|place| LETTERS[bits >> place & 63])
        })
        .collect()
}

/// A folder in which commands are run, and what they said.
struct Searched {
    folder: tempfile::TempDir,
    said: Vec<(String, Vec<u8>)>,
}

impl Searched {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("tmp")).unwrap();
        Self { folder, said: Vec::new() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Everything that makes a program talk is set.
    fn talkative<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("TMPDIR", self.path("tmp"))
            .env("RUST_LOG", "trace")
            .env("RUST_BACKTRACE", "full")
            .env("RUST_LIB_BACKTRACE", "1")
            .env("LOG_SIGNABLE_BODY", "true")
            .env("AWS_SDK_LOG_LEVEL", "trace")
            .env("SSLKEYLOGFILE", self.path("tmp").join("keys"))
            .env("DEBUG", "1")
            .env("TRACE", "1")
    }

    /// Runs a command to its end and keeps what it says.
    fn run(&mut self, command: &mut Command, exit: i32) -> Ran {
        let name = format!("{:?}", command.get_args().collect::<Vec<_>>());
        let ran = run(self.talkative(command)).exits(exit);
        self.keep(&name, &ran);
        ran
    }

    fn keep(&mut self, name: &str, ran: &Ran) {
        self.said.push((format!("stdout of {name}"), ran.stdout.clone().into_bytes()));
        self.said.push((format!("stderr of {name}"), ran.stderr.clone().into_bytes()));
    }

    /// Where there is a secret: in what was said, and in every file but these.
    fn leaks(&self, needles: &Needles, but: &[&str]) -> Vec<String> {
        let mut leaks: Vec<String> = Vec::new();
        let mut look = |what: &str, bytes: &[u8]| {
            let found = needles.found_in(bytes);
            leaks.extend(found.map(|form| format!("{what}: {form}")));
        };
        for (what, bytes) in &self.said {
            look(what, bytes);
        }
        for path in files(self.folder.path()) {
            let name = path.strip_prefix(self.folder.path()).unwrap().to_string_lossy().into_owned();
            look("the name of a file", name.as_bytes());
            if !but.contains(&name.as_str()) {
                look(&name, &fs::read(&path).unwrap());
            }
        }
        leaks
    }

    /// What Linux shows of a process and of its children to whoever asks; the environment only where it may be read.
    fn look_at_process(&mut self, pid: u32) {
        let mut pids = vec![pid];
        while let Some(pid) = pids.pop() {
            for part in ["cmdline", "environ", "status", "comm"] {
                let what = format!("/proc/{pid}/{part}");
                if let Ok(bytes) = fs::read(&what) {
                    self.said.push((what, bytes));
                }
            }
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
            pids.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
        }
    }
}

/// Every file in a folder and below it.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

/// The cells of a roster; `has_mistakes` gives some rows errors.
fn table(has_mistakes: bool) -> Vec<[String; 7]> {
    let mut rows = vec![
        [
            "first name",
            "last name",
            "password",
            "user login",
            "routing profile name",
            "security profiles",
            "phone type",
        ]
        .map(str::to_owned),
    ];
    for (at, password) in passwords().into_iter().enumerate() {
        let routing = if has_mistakes && at == 1 { "" } else { "Basic Routing Profile" };
        let phone = if has_mistakes && at == 2 { "satellite" } else { "soft" };
        let mut user = format!("user{at}");
        if has_mistakes && at == 3 {
            user = "not a login".into();
        }
        // One that breaks the policy.
        let password = if has_mistakes && at == 4 { password.to_lowercase() } else { password };
        rows.push(["Ana", "Lima", &password, &user, routing, "Agent", phone].map(str::to_owned));
    }
    rows
}

fn write_csv(path: &Path, rows: &[[String; 7]]) {
    let mut writer = csv::Writer::from_path(path).unwrap();
    rows.iter().for_each(|row| writer.write_record(row).unwrap());
    writer.flush().unwrap();
}

fn write_xlsx(path: &Path, rows: &[[String; 7]]) {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (line, row) in (0..).zip(rows) {
        for (column, text) in (0..).zip(row) {
            sheet.write_string(line, column, text).unwrap();
        }
    }
    workbook.save(path).unwrap();
}

/// A service that gives back all that it is sent: as its message, its code and its request id.
fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut asked = Vec::new();
            let mut part = [0; 4096];
            let body = loop {
                let read = stream.read(&mut part).unwrap_or(0);
                asked.extend_from_slice(&part[..read]);
                let text = String::from_utf8_lossy(&asked).into_owned();
                let length = text.lines().find_map(|line| {
                    line.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned)
                });
                let length: usize = length.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
                match text.split_once("\r\n\r\n") {
                    Some((_, body)) if body.len() >= length => break body.to_owned(),
                    _ if read == 0 => break String::new(),
                    _ => {}
                }
            };
            let sent: Value = serde_json::from_str(&body).unwrap_or_default();
            let password = sent["Password"].as_str().unwrap_or_default();
            let percent: String = password.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let html = password
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;")
                .replace('"', "&quot;");
            let message = format!("{body} is refused: {password} {password:?} {percent} {html}");
            let answer = serde_json::json!({ "message": message, "__type": password }).to_string();
            let id = if password.is_ascii() { password } else { "id" };
            let (status, answer) = match asked.starts_with(b"PUT ") {
                true => ("400 Bad Request", answer),
                false => ("200 OK", "{}".to_owned()),
            };
            // The service's own word, for without one nothing is believed.
            let code =
                if status.starts_with('4') { "x-amzn-errortype: InvalidParameterException\r\n" } else { "" };
            let _ = write!(
                stream,
                "HTTP/1.1 {status}\r\nContent-Length: {}\r\nx-amzn-requestid: {id}\r\n{code}Connection: close\r\n\r\n{answer}",
                answer.len()
            );
        }
    });
    url
}

const LEDGER: &str = "roster.csv.ledger.jsonl";

#[test]
fn no_password_of_a_roster_reaches_anything_that_a_command_leaves_or_says() {
    let mut searched = Searched::new();
    let folder = searched.folder.path().to_owned();
    write_csv(&folder.join("roster.csv"), &table(false));
    write_csv(&folder.join("mistakes.csv"), &table(true));
    write_xlsx(&folder.join("roster.xlsx"), &table(false));
    write_xlsx(&folder.join("mistakes.xlsx"), &table(true));
    fs::write(
        folder.join("unknown.csv"),
        table(false).iter().map(|row| format!("{}\n", row.join(";"))).collect::<String>(),
    )
    .unwrap();
    let plain = |args: &[&str]| {
        let mut command = headcount(&folder);
        command.args(args);
        command
    };

    for roster in ["roster.csv", "roster.xlsx", "mistakes.csv", "mistakes.xlsx"] {
        let exit = if roster.starts_with("mistakes") { 3 } else { 0 };
        for format in ["human", "json", "junit"] {
            searched
                .run(&mut plain(&["validate", roster, "--identity", "connect", "--format", format]), exit);
        }
        // With SAML a password is an error by itself.
        searched.run(&mut plain(&["validate", roster, "--identity", "saml"]), 3);
        searched.run(&mut plain(&["columns", roster]), 0);
    }
    for (roster, copy) in [
        ("mistakes.csv", "annotated.csv"),
        ("mistakes.csv", "annotated-csv.xlsx"),
        ("mistakes.xlsx", "annotated.xlsx"),
    ] {
        searched.run(&mut plain(&["validate", roster, "--identity", "connect", "--annotate", copy]), 3);
    }

    // Rehearsals: in good weather, in bad, and with rows that fail.
    searched.run(&mut plain(&["import", "roster.xlsx", "--simulate", "--rate", "500"]), 0);
    let rough =
        ["import", "roster.csv", "--simulate", "--weather", "rough", "--seed", "7", "--format", "json"];
    searched.run(plain(&rough).args(["--rate", "100"]), 0);
    searched.run(&mut plain(&["import", "mistakes.csv", "--simulate"]), 3);
    searched.run(&mut plain(&["import", "mistakes.csv", "--simulate", "--skip-invalid", "--rate", "500"]), 1);
    searched.run(
        &mut plain(&["retry", "mistakes.csv.simulate.ledger.jsonl", "--skip-invalid", "--rate", "500"]),
        1,
    );

    // A real client of a service in another process, looked at while it is at work.
    let service = Service::start(&[]);
    let arn = service.arn.clone();
    let reached = |args: &[&str]| {
        let mut command = service.headcount(&folder);
        command.args(args);
        command
    };
    searched.run(&mut reached(&["directory", "--instance", &arn, "-o", "saved.json"]), 0);
    searched.run(&mut reached(&["import", "roster.csv", "--instance", &arn, "--dry-run"]), 0);
    let slow =
        ["import", "roster.csv", "--instance", &arn, "--format", "json", "--rate", "1", "--burst", "1"];
    let mut watched = Watched::start(searched.talkative(&mut reached(&slow)));
    watched.until_created(1);
    searched.look_at_process(watched.child.id());
    #[cfg(target_os = "linux")]
    {
        let limits = fs::read_to_string(format!("/proc/{}/limits", watched.child.id())).unwrap();
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "no core dumps");
    }
    watched.interrupt();
    let ran = watched.end().exits(5);
    searched.keep("an import that was interrupted", &ran);
    searched.run(&mut reached(&["import", "roster.csv", "--instance", &arn, "--rate", "500"]), 0);
    searched.run(&mut reached(&["import", "roster.xlsx", "--instance", &arn, "--rate", "500"]), 0); // they are there
    searched.run(&mut reached(&["retry", LEDGER, "--rate", "500"]), 0);
    for format in ["human", "json"] {
        searched.run(&mut plain(&["status", LEDGER, "--format", format]), 0);
    }
    for ledger in [LEDGER, "roster.xlsx.ledger.jsonl", "mistakes.csv.simulate.ledger.jsonl"] {
        for ending in ["html", "csv", "xlsx", "json", "md"] {
            searched.run(&mut plain(&["report", ledger, "-o", &format!("{ledger}.report.{ending}")]), 0);
        }
        searched.run(&mut plain(&["report", ledger]), 0);
    }

    // A service that repeats whatever it is told.
    let mut echoed = echoed_import(&service, &folder);
    let ran = searched.run(&mut echoed, 1);
    let ledger = fs::read_to_string(folder.join("echo.ledger.jsonl")).unwrap();
    let told = "\"message\":\"InvalidParameterException\"";
    assert_eq!(ledger.matches(told).count(), 6, "{ledger}\n{}", ran.stderr);
    searched.run(&mut plain(&["report", "echo.ledger.jsonl", "-o", "echo.html"]), 0);

    // Errors of the file, of the flags and of the machine.
    searched.run(&mut plain(&["validate", "unknown.csv"]), 3);
    searched.run(&mut plain(&["import", "roster.csv", "--instance", "not an instance"]), 2);
    searched.run(&mut reached(&["import", "roster.csv", "--instance", &arn, "--ledger", "none/x.jsonl"]), 4);

    let needles = Needles::of([MARKER]);
    let own = [
        "roster.csv",
        "mistakes.csv",
        "roster.xlsx",
        "mistakes.xlsx",
        "unknown.csv",
        // Copies of the roster, asked for as such: looked at below.
        "annotated.csv",
        "annotated-csv.xlsx",
        "annotated.xlsx",
    ];
    assert_eq!(searched.leaks(&needles, &own), Vec::<String>::new());
    assert!(searched.said.len() > 80, "{} outputs were searched", searched.said.len());

    // A copy has each password in its own cell, and in no note and no finding.
    let annotated = fs::read_to_string(folder.join("annotated.csv")).unwrap();
    assert_eq!(annotated.matches(MARKER).count(), 5);
    for copy in ["annotated.xlsx", "annotated-csv.xlsx"] {
        let mut archive = zip::ZipArchive::new(fs::File::open(folder.join(copy)).unwrap()).unwrap();
        let mut times = 0;
        for at in 0..archive.len() {
            let mut text = String::new();
            let _ = archive.by_index(at).unwrap().read_to_string(&mut text);
            times += text.matches(MARKER).count();
        }
        assert_eq!(times, 5, "{copy}");
    }
}

#[test]
fn no_password_that_is_made_or_given_reaches_anything_but_its_own_file() {
    let mut searched = Searched::new();
    let folder = searched.folder.path().to_owned();
    let mut rows = table(false);
    rows.iter_mut().skip(1).for_each(|row| row[2].clear());
    write_csv(&folder.join("roster.csv"), &rows);
    let made =
        ["--generate-passwords", "--credentials-out", "made.jsonl", "--rate", "100", "--format", "json"];
    let rough = ["import", "roster.csv", "--simulate", "--weather", "rough", "--seed", "7"];
    for _ in 0..2 {
        searched.run(headcount(&folder).args(rough).args(made), 0);
    }
    const LEDGER: &str = "roster.csv.simulate.ledger.jsonl";
    for ending in ["html", "csv", "xlsx", "json", "md"] {
        let out = format!("report.{ending}");
        searched.run(headcount(&folder).args(["report", LEDGER, "-o", &out]), 0);
    }
    searched.run(headcount(&folder).args(["status", LEDGER]), 0);
    let printed = run(headcount(&folder).args(["credentials", "made.jsonl", "--ledger", LEDGER])).exits(0);
    assert_eq!(printed.stderr, "");
    // What is handed out: the passwords are in the files that are asked for, and in nothing that is said of them.
    let handed: [&[&str]; 5] = [
        &["-o", "list.csv", "--with", "name", "user login"],
        &["-o", "list.xlsx"],
        &["-o", "list.json"],
        &["-o", "slips.html", "--slips", "--with", "phone type"],
        &["-o", "teams", "--per", "phone type"],
    ];
    for flags in handed {
        searched
            .run(headcount(&folder).args(["credentials", "made.jsonl", "--ledger", LEDGER]).args(flags), 0);
    }
    for flags in
        [["--with", "password"], ["--with", "nothing"], ["--recipient", "x=age1"], ["-o", "list.csv"]]
    {
        searched
            .run(headcount(&folder).args(["credentials", "made.jsonl", "--ledger", LEDGER]).args(flags), 2);
    }
    let printed: Vec<&str> =
        printed.stdout.lines().skip(1).map(|line| line.split_once(',').unwrap().1).collect();
    assert_eq!(printed.len(), 6);
    let needles = Needles::of(printed);
    const ITS_OWN: [&str; 6] =
        ["made.simulate.jsonl", "list.csv", "list.xlsx", "list.json", "slips.html", "teams/soft.csv"];
    assert!(ITS_OWN.iter().all(|name| needles.found_in(&fs::read(folder.join(name)).unwrap()).is_some()));
    assert_eq!(searched.leaks(&needles, &ITS_OWN), Vec::<String>::new());

    // One for all, from a command and from the environment of whoever calls.
    let first = format!("{MARKER}-first");
    let service = Service::start(&[]);
    let given = ["--password-from-env", "FIRST", "--ledger", "env.ledger.jsonl", "--rate", "500"];
    let mut command = service.import(&folder, "roster.csv", &given);
    searched.run(command.env("FIRST", &first), 0);
    fs::write(folder.join("first.txt"), &first).unwrap();
    let service = Service::start(&[]);
    let given = [
        "--password-command",
        "cat first.txt",
        "--ledger",
        "command.ledger.jsonl",
        "--rate",
        "1",
        "--burst",
        "1",
    ];
    let mut command = service.import(&folder, "roster.csv", &[&given[..], &["--format", "json"]].concat());
    let mut watched = Watched::start(searched.talkative(&mut command));
    watched.until_created(1);
    searched.look_at_process(watched.child.id());
    watched.interrupt();
    let ran = watched.end().exits(5);
    searched.keep("an import with a password command", &ran);
    let bad = ["--password-from-env", "FIRST", "--ledger", "bad.ledger.jsonl"];
    let mut command = service.import(&folder, "roster.csv", &bad);
    searched.run(command.env("FIRST", format!("{MARKER} with spaces")), 2);
    assert_eq!(searched.leaks(&Needles::of([MARKER]), &["first.txt"]), Vec::<String>::new());
}

/// An import into a service that repeats whatever it is told; the names are those of this one, saved as `saved.json`.
fn echoed_import(service: &Service, folder: &Path) -> Command {
    let flags = ["--ledger", "echo.ledger.jsonl", "--identity", "connect", "--directory", "saved.json"];
    let mut command = service.import(folder, "roster.csv", &flags);
    command.args([
        "--endpoint-url",
        &echo(),
        "--rate",
        "500",
        "--outage-timeout",
        "5",
        "--settle-timeout",
        "1",
    ]);
    command
}

/// The control in the program itself: a branch that is wrong on purpose lets through what a service repeats.
#[cfg(feature = "crash-points")]
#[test]
fn a_program_that_repeats_a_password_is_caught() {
    use headcount::crash::Sabotage;

    let mut searched = Searched::new();
    let folder = searched.folder.path().to_owned();
    write_csv(&folder.join("roster.csv"), &table(false));
    let service = Service::start(&[]);
    let saved = ["directory", "--instance", &service.arn, "-o", "saved.json"];
    searched.run(service.headcount(&folder).args(saved), 0);
    let mut echoed = echoed_import(&service, &folder);
    searched.run(echoed.env("HEADCOUNT_SABOTAGE", Sabotage::RepeatPassword.word()), 1);
    searched.run(headcount(&folder).args(["report", "echo.ledger.jsonl", "-o", "echo.html"]), 0);
    searched.run(headcount(&folder).args(["report", "echo.ledger.jsonl", "-o", "echo.xlsx"]), 0);
    let leaks = searched.leaks(&Needles::of([MARKER]), &["roster.csv"]);
    for place in ["echo.ledger.jsonl: ", "echo.html: ", "echo.xlsx: ", "roster.csv.failed.csv: "] {
        assert!(leaks.iter().any(|leak| leak.starts_with(place)), "{place}{leaks:#?}");
    }
}

/// The control: whatever leaks is caught, in every form and in every place.
#[test]
fn a_leak_is_caught_in_every_form_and_in_every_place() {
    let needles = Needles::of([MARKER]);
    let whole = format!("a{MARKER}1");
    let hex = |upper: bool| {
        whole
            .bytes()
            .map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") })
            .collect::<String>()
    };
    let mut forms: Vec<Vec<u8>> = vec![
        whole.clone().into_bytes(),
        format!("{:?}", whole.as_bytes()).into_bytes(),
        serde_json::to_vec(whole.as_bytes()).unwrap(),
        whole.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        whole.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        hex(false).into_bytes(),
        hex(true).into_bytes(),
        whole.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>().into_bytes(),
        whole.to_uppercase().into_bytes(),
        whole.chars().rev().collect::<String>().into_bytes(),
        serde_json::to_vec(&format!("\"{whole}\"")).unwrap(),
    ];
    // By coreutils, so that the test does not believe its own base64.
    for before in ["", "x", "xy"] {
        let mut child = Command::new("base64").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{before}{whole}").as_bytes()).unwrap();
        forms.push(child.wait_with_output().unwrap().stdout);
    }
    for form in &forms {
        assert!(needles.found_in(form).is_some(), "{}", String::from_utf8_lossy(form));
    }
    assert_eq!(needles.found_in(b"Canary7f3aQ is a part of it, and no leak"), None);

    let searched = Searched::new();
    assert_eq!(searched.leaks(&needles, &[]), Vec::<String>::new());
    write_csv(&searched.path("roster.csv"), &table(false));
    write_xlsx(&searched.path("tmp/report.xlsx"), &table(false));
    fs::create_dir_all(searched.path("a/b")).unwrap();
    fs::write(searched.path("a/b/ledger.jsonl"), &whole).unwrap();
    fs::write(searched.path("a").join(&whole), "").unwrap();
    let leaks = searched.leaks(&needles, &["roster.csv"]);
    assert_eq!(leaks.len(), 3, "{leaks:#?}");
    assert!(leaks.iter().any(|leak| leak.contains("report.xlsx") && leak.contains("in xl/")), "{leaks:#?}");

    #[cfg(target_os = "linux")]
    {
        let mut searched = Searched::new();
        let mut waiter = Command::new("sh");
        waiter.args(["-c", "echo here; read _", &whole]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = waiter.spawn().unwrap();
        // Only once it speaks are its arguments surely where they are looked for.
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        searched.look_at_process(child.id());
        let _ = child.kill();
        let _ = child.wait();
        assert!(searched.leaks(&needles, &[]).iter().any(|leak| leak.contains("cmdline")));
    }
}
