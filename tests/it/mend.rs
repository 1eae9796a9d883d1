//! `headcount mend`: what is offered, what is done, and that only a copy is ever written.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::harness::{Ran, folder, headcount, run};

const DIRECTORY: [&str; 2] = ["--directory", "directory.json"];
/// The middle of a password, by which it is found wherever it went.
const CANARY: &str = "Mend5Canary";

fn mend(folder: &Path, roster: &str, flags: &[&str]) -> Ran {
    run(headcount(folder).args(["mend", roster]).args(flags))
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// What `validate --format json` finds, by code, column and row.
fn found(folder: &Path, roster: &str, flags: &[&str]) -> Vec<(String, String, u64)> {
    let ran = run(headcount(folder).args(["validate", roster, "--format", "json"]).args(flags));
    let document = json(&ran.stdout);
    let found = document["findings"].as_array().unwrap().iter().map(|finding| {
        let text = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        (text("code"), text("column"), finding["row"].as_u64().unwrap_or(0))
    });
    found.collect()
}

/// The cells of a CSV, its header among them.
fn cells(path: &Path) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path).unwrap();
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

/// The cells that are another, by row and column, counted from 1 and 0.
fn differences(one: &[Vec<String>], other: &[Vec<String>]) -> Vec<(usize, usize, String)> {
    let mut found = Vec::new();
    for (at, (one, other)) in one.iter().zip(other).enumerate() {
        for (column, (_, to)) in one.iter().zip(other).enumerate().filter(|(_, (from, to))| from != to) {
            found.push((at + 1, column, to.clone()));
        }
    }
    found
}

#[test]
fn without_a_word_it_says_what_could_be_mended_and_how_to_go_on() {
    let here = folder(&["mistakes.csv", "directory.json"]);
    let ran = mend(here.path(), "mistakes.csv", &DIRECTORY).exits(0);
    for line in [
        " safe  routing-profile-unknown, `routing profile name` (1 row): write `Customer Care`",
        "  fix  after-contact-work, `ACW timeout (seconds)` (1 row): write `30`",
        "  you  password-missing, `password` (1 row): have passwords made",
        "next: `headcount mend mistakes.csv --directory directory.json --safe` shows what becomes of it",
    ] {
        assert!(ran.stdout.lines().any(|told| told == line), "{line}: {}", ran.stdout);
    }
    let offers =
        json(&mend(here.path(), "mistakes.csv", &[&DIRECTORY[..], &["--format", "json"]].concat()).stdout);
    let phone = offers.as_array().unwrap().iter().find(|offer| offer["code"] == "mobile-not-e164").unwrap();
    assert_eq!(
        (&phone["kind"], &phone["text"], &phone["safe"]),
        (&"read-phone".into(), &"+491522555012".into(), &true.into())
    );
    // Nothing that could be done where nothing is wrong.
    let good = folder(&["roster.csv"]);
    let ran = mend(good.path(), "roster.csv", &[]).exits(0);
    assert!(ran.stdout.starts_with("nothing that is wrong can be mended mechanically\n"), "{}", ran.stdout);
    assert_eq!(fs::read_dir(good.path()).unwrap().count(), 1, "nothing is written");
}

#[test]
fn all_that_is_safe_is_shown_and_written_into_a_copy_of_its_owner_alone() {
    let here = folder(&["mistakes.csv", "directory.json"]);
    let original = fs::read(here.path().join("mistakes.csv")).unwrap();
    let shown = mend(here.path(), "mistakes.csv", &[&DIRECTORY[..], &["--safe"]].concat()).exits(0);
    assert!(
        shown.stdout.contains("I17  routing profile name\n  - \"customer care\"\n  + \"Customer Care\"\n"),
        "{}",
        shown.stdout
    );
    assert!(shown.stdout.contains("row 2\n  - taken out\n"), "{}", shown.stdout);
    assert!(
        shown.stdout.contains("before: 36 errors, 9 warnings\nafter:  30 errors, 6 warnings\n"),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.ends_with("next: with `-o mistakes.mended.csv` it is written\n"),
        "{}",
        shown.stdout
    );
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 2, "what is shown is not written");

    let out = here.path().join("mistakes.mended.csv");
    let words = [&DIRECTORY[..], &["--safe", "-o", "mistakes.mended.csv"]].concat();
    let written = mend(here.path(), "mistakes.csv", &words).exits(0);
    assert!(written.stderr.starts_with("written: `mistakes.mended.csv`\n"), "{}", written.stderr);
    assert_eq!(fs::read(here.path().join("mistakes.csv")).unwrap(), original, "the original is as it was");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let mut before = cells(&here.path().join("mistakes.csv"));
    before.remove(1);
    let after = cells(&out);
    assert_eq!(before.len(), after.len());
    let changed: Vec<_> = differences(&before, &after).into_iter().map(|(_, _, to)| to).collect();
    assert_eq!(
        changed,
        ["Órla", "Customer Care", "Agent", "soft", "hedi.wolf@example.com", "+491522555012"],
        "and nothing else"
    );
    let left = found(here.path(), "mistakes.mended.csv", &DIRECTORY).len();
    assert_eq!(left, 30 + 6, "what was said to be left is left");

    // What is there stays, and so does the roster itself under whatever name.
    let mended = fs::read(&out).unwrap();
    for name in ["mistakes.mended.csv", "mistakes.csv", "./mistakes.csv", "directory.json"] {
        let ran = mend(here.path(), "mistakes.csv", &["--safe", "-o", name]).exits(2);
        assert!(ran.stderr.contains("error: "), "{}", ran.stderr);
    }
    let ran = mend(here.path(), "mistakes.csv", &["--safe", "-o", "other.xlsx"]).exits(2);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);
    assert_eq!(fs::read(&out).unwrap(), mended);
    assert_eq!(fs::read(here.path().join("mistakes.csv")).unwrap(), original);
    assert_eq!(fs::read_dir(here.path()).unwrap().count(), 3);
}

#[test]
fn codes_and_replacements_mend_what_they_name_and_nothing_else() {
    let here = folder(&["mistakes.csv", "directory.json"]);
    let flags = [
        "--fix",
        "after-contact-work,auto-accept-desk-phone",
        "--replace",
        "tags",
        "aws:site|Berlin",
        "site|Berlin",
        "--replace",
        "H",
        "EMEA|Germany|Berlin|Support|Team B",
        "",
        "--format",
        "json",
        "-o",
        "out.csv",
    ];
    let ran = mend(here.path(), "mistakes.csv", &[&DIRECTORY[..], &flags].concat()).exits(0);
    let document = json(&ran.stdout);
    let changes: Vec<String> = document["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            format!(
                "{}{} {} {}",
                change["letter"].as_str().unwrap(),
                change["row"],
                change["from"],
                change["to"]
            )
        })
        .collect();
    assert_eq!(
        changes,
        [
            r#"H26 "EMEA|Germany|Berlin|Support|Team B" """#,
            r#"N30 "yes" "no""#,
            r#"O34 "30s" "30""#,
            r#"P38 "aws:site|Berlin" "site|Berlin""#,
        ]
    );
    let counts = |when: &str| {
        (document[when]["errors"].as_u64().unwrap(), document[when]["warnings"].as_u64().unwrap())
    };
    assert_eq!((counts("before"), counts("after")), ((36, 9), (33, 8)));
    let written =
        differences(&cells(&here.path().join("mistakes.csv")), &cells(&here.path().join("out.csv")));
    assert_eq!(
        written.iter().map(|(row, column, _)| (*row, *column)).collect::<Vec<_>>(),
        [(26, 7), (30, 13), (34, 14), (38, 15)]
    );
    // A text that is nowhere is said to be.
    let ran = mend(here.path(), "mistakes.csv", &["--replace", "tags", "nowhere", "x"]).exits(0);
    assert!(ran.stderr.contains("note: no cell of `tags` says `nowhere`"), "{}", ran.stderr);
}

#[test]
fn a_mistyped_code_or_column_is_met_with_the_one_that_was_meant() {
    let here = folder(&["mistakes.csv"]);
    for (flags, hint) in [
        (vec!["--fix", "after-contact-wrok"], "hint: did you mean `after-contact-work`?"),
        (vec!["--fix", "quite-another"], "hint: `headcount mend ROSTER` says what can be mended"),
        (vec!["--replace", "routing profil nam", "a", "b"], "hint: did you mean `routing profile name`?"),
        (vec!["--replace", "quite another", "a", "b"], "hint: its columns are `first name`, `last name`, "),
    ] {
        let ran = mend(here.path(), "mistakes.csv", &flags).exits(2);
        assert!(ran.stderr.contains(hint), "{flags:?}: {}", ran.stderr);
    }
    let ran = mend(here.path(), "mistakes.csv", &["--interactive"]).exits(2);
    assert!(ran.stderr.contains("hint: `--safe` mends"), "{}", ran.stderr);
    let ran = mend(here.path(), "mistakes.csv", &["--interactive", "--safe"]).exits(2);
    assert!(ran.stderr.contains("cannot be used with"), "{}", ran.stderr);
}

/// What a fix of `validate --format json` says, done by hand.
fn by_hand(cells: &mut Vec<Vec<String>>, row: usize, fix: &Value) -> bool {
    let text = |name: &str| fix[name].as_str().unwrap_or_default().to_owned();
    let place = |name: &str| cells[0].iter().position(|header| *header == text(name));
    match fix["kind"].as_str().unwrap() {
        "set" => {
            let column = place("column").unwrap();
            cells[row - 1][column] = text("text");
        }
        "replace-all" => {
            let column = place("column").unwrap();
            for cells in cells.iter_mut().skip(1) {
                if cells.get(column).is_some_and(|cell| cell.trim() == text("from")) {
                    cells[column] = text("to");
                }
            }
        }
        "read-phone" if fix["text"].is_string() => {
            let column = place("column").unwrap();
            cells[row - 1][column] = text("text");
        }
        "move" => {
            let (from, to) = (place("from").unwrap(), place("to").unwrap());
            cells[row - 1][to] = std::mem::take(&mut cells[row - 1][from]);
        }
        "drop-row" => {
            cells.remove(row - 1);
        }
        _ => return false,
    }
    true
}

#[test]
fn the_fixes_of_validate_done_by_hand_leave_nothing_of_what_they_mend() {
    let here = folder(&["mistakes.csv", "directory.json"]);
    let at = |name: &str| here.path().join(name);
    let ran =
        run(headcount(here.path()).args(["validate", "mistakes.csv", "--format", "json"]).args(DIRECTORY))
            .exits(3);
    let document = json(&ran.stdout);
    let original = cells(&at("mistakes.csv"));
    let mut kinds = std::collections::BTreeSet::new();
    for finding in document["findings"].as_array().unwrap() {
        for fix in finding["fixes"].as_array().into_iter().flatten() {
            let row = usize::try_from(finding["row"].as_u64().unwrap()).unwrap();
            let mut mended = original.clone();
            if !by_hand(&mut mended, row, fix) {
                continue;
            }
            kinds.insert(fix["kind"].as_str().unwrap().to_owned());
            let mut writer = csv::WriterBuilder::new().flexible(true).from_path(at("by-hand.csv")).unwrap();
            mended.iter().for_each(|row| writer.write_record(row).unwrap());
            writer.flush().unwrap();
            let code = finding["code"].as_str().unwrap();
            let is_it = |(found, column, place): &(String, String, u64)| {
                found == code
                    && finding["column"].as_str() == Some(column)
                    && (fix["kind"] == "drop-row" || *place == row as u64)
            };
            let left = found(here.path(), "by-hand.csv", &DIRECTORY);
            assert!(!left.iter().any(is_it), "{code}, row {row}, {fix}: {left:?}");
        }
    }
    assert!(kinds.len() >= 4, "{kinds:?}");
}

#[test]
fn no_password_is_in_anything_that_is_said_of_a_copy_that_has_it() {
    let here = folder(&[]);
    let roster = format!(
        "first name,last name,user login,password,Kennwort alt,routing profile name,security profiles,phone type\n\
         Ana,Lima,ana,{CANARY}-1a,{CANARY}-9z,Basic Routing Profile,Agent,softphone\n\
         Bob,Lee,bob, {CANARY}-2b ,,Basic Routing Profile,Agent|Agent,soft\n\
         Cid,Lee,cid,{CANARY}-3cc,{CANARY}-9z,Basic Routing Profile,Agent,dsek\n"
    );
    fs::write(here.path().join("people.csv"), roster).unwrap();
    let mut said = Vec::new();
    for (nth, flags) in [
        vec![],
        vec!["--format", "json"],
        vec!["--safe"],
        vec!["--safe", "--format", "json"],
        vec!["--replace", "password", &format!("{CANARY}-3cc"), "Other-pass-1"],
        vec!["--replace", "password", &format!("{CANARY}-3cc"), "Other-pass-1", "--format", "json"],
        vec!["--replace", "Kennwort alt", &format!("{CANARY}-9z"), ""],
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("out-{nth}.csv");
        let flags = if nth > 1 { [&flags[..], &["-o", &out]].concat() } else { flags };
        let ran = mend(here.path(), "people.csv", &flags).exits(0);
        said.push(ran.stdout);
        // What somebody typed, they may be told.
        said.push(ran.stderr.replace(&format!("says `{CANARY}"), ""));
    }
    let ran = run(headcount(here.path()).args(["validate", "people.csv", "--format", "json"])).exits(3);
    said.push(ran.stdout);
    for text in &said {
        assert!(!text.contains(CANARY), "{text}");
    }
    assert!(said[2].contains("softphone"), "what is no secret is told: {}", said[2]);
    let written = fs::read_to_string(here.path().join("out-2.csv")).unwrap();
    assert_eq!(written.matches(CANARY).count(), 5, "the copy has what the roster has");
}

#[test]
fn a_workbook_stays_one_with_its_other_sheets_its_styles_and_its_widths() {
    let here = folder(&["roster.xlsx"]);
    let at = |name: &str| here.path().join(name);
    let original = fs::read(at("roster.xlsx")).unwrap();
    let ran =
        mend(here.path(), "roster.xlsx", &["--replace", "first name", "Zoë", "Chloé", "-o", "out.xlsx"])
            .exits(0);
    assert!(ran.stderr.starts_with("written: `out.xlsx`"), "{}", ran.stderr);
    assert_eq!(fs::read(at("roster.xlsx")).unwrap(), original);
    let ran = mend(here.path(), "roster.xlsx", &["--replace", "first name", "Zoë", "Chloé", "-o", "out.csv"])
        .exits(2);
    assert!(ran.stderr.contains("hint: "), "{}", ran.stderr);

    let Some(venv) = crate::python::venv() else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/annotated.py");
    let python = |args: &[&str]| {
        let mut command: Command = crate::python::command(&venv.join("bin/python"), here.path());
        let ran = command.arg(&script).args(args).current_dir(here.path()).output().unwrap();
        assert!(ran.status.success(), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    assert_eq!(
        json(&python(&["mended", "roster.xlsx", "out.xlsx"])),
        serde_json::json!({ "Users!A2": "Chloé" })
    );
    python(&["make", "hr.xlsx"]);
    let flags = [
        "--replace",
        "user login",
        "grace hopper",
        "grace.hopper",
        "--replace",
        "routing profile",
        "Basic",
        "Care",
    ];
    mend(here.path(), "hr.xlsx", &[&flags[..], &["-o", "hr.mended.xlsx"]].concat()).exits(0);
    let changed = json(&python(&["mended", "hr.xlsx", "hr.mended.xlsx"]));
    assert_eq!(changed["Agents!C3"], "grace.hopper", "{changed}");
    let rows = changed.as_object().unwrap().keys().filter(|cell| cell.starts_with("Agents!D")).count();
    assert_eq!(changed.as_object().unwrap().len(), rows + 1, "nothing else is changed: {changed}");
    assert!(rows >= 4, "{changed}");
}

/// Answers one question after the other in a terminal; what was said, and the exit code.
#[cfg(target_os = "linux")]
fn answered(folder: &Path, answers: &str) -> Option<(i32, String)> {
    use std::io::Write as _;
    use std::process::Stdio;

    let program = env!("CARGO_BIN_EXE_headcount");
    let line = format!("stty cols 200 rows 40; '{program}' mend people.csv -i -o out.csv");
    let like = headcount(folder);
    let mut terminal = Command::new("script");
    terminal.args(["-qec", &line, "/dev/null"]).current_dir(folder);
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => terminal.env(name, value),
            None => terminal.env_remove(name),
        };
    }
    terminal.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let Ok(mut child) = terminal.spawn() else {
        let _ = std::io::stderr().write_all(b"\nSKIPPED: no `script` here, so nothing is answered\n");
        return None;
    };
    child.stdin.as_mut().unwrap().write_all(answers.as_bytes()).unwrap();
    let ended = child.wait_with_output().unwrap();
    Some((ended.status.code().unwrap(), String::from_utf8_lossy(&ended.stdout).replace('\r', "")))
}

#[cfg(target_os = "linux")]
#[test]
fn in_a_terminal_one_group_after_the_other_is_asked_for() {
    const ROSTER: &str = "first name,last name,user login,password,routing profile name,security profiles,hierarchy,Org,phone type\n\
         Ana,Lima,ana,Kettle-Moss-1,Basic Routing Profile,Agent|Agent,,,soft\n\
         Bob,Lee,bob,Kettle-Moss-2,Basic Routing Profile,Agent,,,softphone\n";
    let disagreeing = fs::read_to_string(crate::harness::sample("mistakes.csv")).unwrap();
    let played = |roster: &str, answers: &str| {
        let here = folder(&[]);
        fs::write(here.path().join("people.csv"), roster).unwrap();
        let (exit, said) = answered(here.path(), answers)?;
        let written = fs::read_to_string(here.path().join("out.csv")).unwrap_or_default();
        Some((exit, said, written))
    };
    // Both, and the end of itself.
    let Some((exit, said, written)) = played(ROSTER, "y\ny\n") else { return };
    assert_eq!(exit, 0, "{said}");
    assert_eq!(said.matches("Mend these? [y,n,u,q,?]").count(), 2, "{said}");
    assert!(said.contains("F2: \"Agent|Agent\" → \"Agent\""), "{said}");
    assert!(said.contains("2 cells changed") && said.contains("written: `out.csv`"), "{said}");
    assert!(written.contains(",Agent,,,soft\n") && !written.contains("softphone"), "{written}");
    // The first is left, the second mended, and that is undone: both are asked for again, and left.
    let (exit, said, written) = played(ROSTER, "n\n?\ny\n").unwrap();
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("u  undo the last"), "{said}");
    assert!(written.contains("Agent|Agent") && !written.contains("softphone"), "{written}");
    let (exit, said, written) = played(ROSTER, "y\nu\nn\nn\n").unwrap();
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("undone: write `Agent`") && said.contains("0 cells changed"), "{said}");
    assert!(written.contains("Agent|Agent") && written.contains("softphone"), "{written}");
    // Enough of it: what was mended stays so.
    let (exit, said, written) = played(ROSTER, "y\nq\n").unwrap();
    assert_eq!(exit, 0, "{said}");
    assert!(!written.contains("Agent|Agent") && written.contains("softphone"), "{written}");
    // The second of two ways.
    let header = disagreeing.lines().next().unwrap();
    let row = disagreeing.lines().nth(25).unwrap();
    let (exit, said, written) = played(&format!("{header}\n{row}\n"), "2\nq\n").unwrap();
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("Mend these? [y,n,1-2,u,q,?]"), "{said}");
    assert!(said.contains("H2  agent hierarchy"), "{said}");
    assert_ne!(written, "");
}
