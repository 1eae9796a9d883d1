//! What is done on the page is what the command line does: the same findings, the same plan, the same ledger.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::client::Page;
use crate::harness::{folder, headcount, pasted, run};

fn validated(folder: &Path, roster: &str, flags: &[&str]) -> Value {
    let ran = run(headcount(folder).args(["validate", roster, "--format", "json"]).args(flags));
    serde_json::from_str(&ran.stdout).unwrap()
}

/// What is wrong with rows: code, severity, row, column.
type Faults = Vec<(String, String, u64, String)>;

fn of_command_line(document: &Value) -> (Faults, Vec<String>) {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let (of_rows, of_file): (Vec<_>, Vec<_>) =
        document["findings"].as_array().unwrap().iter().partition(|finding| finding["row"].is_u64());
    let mut faults: Faults = of_rows
        .into_iter()
        .map(|one| {
            (text(one, "code"), text(one, "severity"), one["row"].as_u64().unwrap(), text(one, "column"))
        })
        .collect();
    faults.sort();
    (faults, of_file.into_iter().map(|one| text(one, "code")).collect())
}

fn of_page(page: &Page) -> (Faults, Vec<String>) {
    let columns = page.get("/api/columns").json();
    let headers: BTreeMap<String, String> = columns["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (column["col"].to_string(), column["header"].as_str().unwrap().to_owned()))
        .collect();
    let (mut faults, mut from): (Faults, usize) = (Vec::new(), 0);
    loop {
        let rows = page.get(&format!("/api/rows?count=500&from={from}")).json();
        let shown = rows["rows"].as_array().unwrap();
        for row in shown {
            for (column, marks) in row["f"].as_object().unwrap() {
                for mark in marks.as_array().unwrap() {
                    let text = |name: &str| mark[name].as_str().unwrap().to_owned();
                    let header = headers.get(column).cloned().unwrap_or_default();
                    faults.push((text("code"), text("severity"), row["n"].as_u64().unwrap(), header));
                }
            }
        }
        from += shown.len();
        if shown.is_empty() || from as u64 >= rows["total"].as_u64().unwrap() {
            break;
        }
    }
    faults.sort();
    let findings = page.get("/api/findings").json();
    let of_file = findings["of_file"].as_array().unwrap();
    (faults, of_file.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn the_page_finds_in_every_sample_what_validate_finds() {
    for (roster, flags) in [
        ("mistakes.csv", &["--directory", "directory.json"][..]),
        ("mistakes.csv", &[]),
        ("mistakes.csv", &["--identity", "saml"]),
        ("roster.csv", &["--directory", "directory.json"]),
        ("roster.xlsx", &[]),
        ("roster-without-passwords.csv", &["--generate-passwords"]),
        ("roster-without-passwords.csv", &[]),
        ("hr-export.csv", &["--columns", "hr-export.toml"]),
        ("hr-export.csv", &[]),
    ] {
        let here = folder(&[roster, "directory.json", "hr-export.toml"]);
        let document = validated(here.path(), roster, flags);
        let page = Page::open(here.path(), &[&[roster][..], flags].concat());
        let state = page.checked();
        let told = format!("{roster} {flags:?}");
        assert_eq!(of_page(&page), of_command_line(&document), "{told}");
        let counts = |name: &str| state["counts"][name].as_u64().unwrap();
        let findings = document["findings"].as_array().unwrap();
        let of = |severity: &str| findings.iter().filter(|one| one["severity"] == severity).count() as u64;
        assert_eq!((counts("errors"), counts("warnings")), (of("error"), of("warning")), "{told}");
    }
}

/// The `planned` event of a command with `--format json`.
fn planned(stdout: &str) -> Value {
    let events = stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.into_iter().find(|event| event["event"] == "planned").unwrap_or_else(|| panic!("{stdout}"))
}

/// A line that the page shows, run in the folder; `headcount` is this program.
fn typed(folder: &Path, line: &str) -> crate::harness::Ran {
    let program = Path::new(env!("CARGO_BIN_EXE_headcount")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var_os("PATH").unwrap().display());
    let mut like = headcount(folder);
    like.env("PATH", path).env("XDG_STATE_HOME", folder.join("state"));
    run(&mut pasted(&like, line))
}

#[test]
fn a_job_title_decides_several_settings_as_in_a_map_written_by_hand() {
    let here = folder(&[]);
    let people = "First name,Last name,Email,User login,Password,Job title\n\
        Ann,Lee,ann@example.com,ann,Kettle-Moss-71,Agent\nBob,Lee,bob@example.com,bob,Kettle-Moss-72,agent\n\
        Cid,Lee,cid@example.com,cid,Kettle-Moss-73,Team Lead\nDan,Lee,dan@example.com,dan,Kettle-Moss-74,Team Lead\n";
    fs::write(here.path().join("people.csv"), people).unwrap();
    let page = Page::open(here.path(), &["people.csv"]);
    page.checked();
    let title = |columns: &Value| -> Value {
        let all = columns["columns"].as_array().unwrap();
        all.iter().find(|column| column["header"] == "Job title").unwrap().clone()
    };
    let columns = page.get("/api/columns").json();
    let told: Vec<_> = title(&columns)["roles"].as_array().unwrap().clone();
    assert_eq!(told.len(), 2, "of one word in two cases there is one role: {told:?}");
    assert_eq!((&told[0]["count"], &title(&columns)["decides"]), (&json!(2), &json!(false)));
    // As the page does it: all words are roles from the first setting on.
    let set = |roles: Value, constants: Value| {
        let asked =
            json!({ "revision": page.revision(), "roles": { "Job title": roles }, "constants": constants });
        page.put("/api/columns", &asked)
    };
    set(json!({ "Agent": { "routing profile": "Basic Routing Profile" }, "Team Lead": {} }), json!({}))
        .is(200);
    let state = page.checked();
    assert!(state["counts"]["errors"].as_u64().unwrap() > 0, "a lead has no profile yet: {state}");
    set(json!({ "Team Lead": { "routing profile": "Leads" } }), json!({})).is(200);
    set(json!({ "agent": { "security profiles": "Agent" } }), json!({})).is(200);
    set(json!({ "Team Lead": { "security profiles": "Agent|CallCenterManager" } }), json!({})).is(200);
    let state = page.checked();
    assert_eq!(state["counts"]["errors"], 0, "{state}");
    // What one value is given to all by is set by words instead in one go, and not without.
    let both = json!({ "Team Lead": { "hierarchy": "EMEA" } });
    let asked = json!({ "revision": page.revision(), "constants": { "hierarchy": "EMEA" } });
    page.put("/api/columns", &asked).is(200);
    assert_eq!(set(both.clone(), json!({})).status, 422);
    set(both, json!({ "hierarchy": "" })).is(200);
    page.checked();
    let map = page.post("/api/save-map", &json!({})).json()["name"].as_str().unwrap().to_owned();
    let document = validated(here.path(), "people.csv", &["--columns", &map]);
    assert_eq!(of_page(&page), of_command_line(&document));
    assert!(
        document["findings"].as_array().unwrap().iter().all(|one| one["severity"] != "error"),
        "{document}"
    );
    let lead = title(&page.get("/api/columns").json())["roles"][1].clone();
    assert_eq!(
        lead["sets"],
        json!({ "hierarchy": "EMEA", "routing profile": "Leads", "security profiles": "Agent|CallCenterManager" })
    );
}

#[test]
fn the_plan_is_that_of_a_dry_run_and_the_commands_that_are_shown_are_true() {
    for (roster, flags, body) in [
        ("roster.csv", &["--directory", "directory.json"][..], json!({ "skip_invalid": false })),
        (
            "mistakes.csv",
            &["--directory", "directory.json", "--skip-invalid"],
            json!({ "skip_invalid": true, "weather": "rough", "seed": 3 }),
        ),
        ("hr-export.csv", &["--columns", "hr-export.toml"], json!({ "skip_invalid": false })),
        (
            "roster-without-passwords.csv",
            &["--generate-passwords", "--credentials-out", "made.jsonl"],
            json!({}),
        ),
    ] {
        let here = folder(&[roster, "directory.json", "hr-export.toml"]);
        let opened: Vec<&str> = flags
            .iter()
            .copied()
            .filter(|flag| !["--skip-invalid", "--credentials-out", "made.jsonl"].contains(flag))
            .collect();
        let page = Page::open(here.path(), &[&[roster][..], &opened].concat());
        page.checked();
        let plan = page.post("/api/plan", &body).json();
        let dry = ["import", roster, "--simulate", "--dry-run", "--format", "json"];
        let ran = run(headcount(here.path()).args(dry).args(flags));
        // Rows that are left out are told by the exit code of both.
        let exit = if roster == "mistakes.csv" { 3 } else { 0 };
        assert_eq!(ran.exit, exit, "{roster}: {}", ran.stderr);
        assert_eq!(plan["rows"], planned(&ran.stdout)["rows"], "{roster}: {plan}");
        // The import in earnest, but for where it goes; and the rehearsal as it stands.
        let command = plan["command"].as_str().unwrap();
        let rehearsed = command.replace("--instance YOUR-INSTANCE", "--simulate");
        assert_ne!(command, rehearsed, "{command}");
        for line in [rehearsed.as_str(), plan["rehearsal_command"].as_str().unwrap()] {
            let ran = typed(here.path(), &format!("{line} --dry-run --format json")).exits(exit);
            assert_eq!(planned(&ran.stdout)["rows"], plan["rows"], "{line}");
        }
    }
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    page.checked();
    assert_eq!(page.post("/api/plan", &json!({ "skip_invalid": false })).is(422).code(), "unusable");
}

/// Where each user stands: state and code, a user who was found again taken as created.
fn settled(ledger: &Path) -> BTreeMap<String, (String, String)> {
    let mut settled = BTreeMap::new();
    for line in fs::read_to_string(ledger).unwrap().lines() {
        let entry: Value = serde_json::from_str(line).unwrap();
        if let (Some(user), Some(state)) = (entry["user"].as_str(), entry["state"].as_str()) {
            let state = if state == "recovered" { "created" } else { state };
            let code = entry["code"].as_str().unwrap_or_default();
            settled.insert(user.to_owned(), (state.to_owned(), code.to_owned()));
        }
    }
    settled
}

#[test]
fn a_rehearsal_of_the_page_leaves_the_ledger_that_the_command_line_leaves() {
    let (here, there) =
        (folder(&["roster.csv", "directory.json"]), folder(&["roster.csv", "directory.json"]));
    let words = ["--directory", "directory.json"];
    let page = Page::open(here.path(), &[&["roster.csv"][..], &words].concat());
    page.checked();
    let plan = page.post("/api/plan", &json!({ "weather": "rough", "seed": 7 })).json();
    let number = plan["rows"]["to_create"].as_u64().unwrap();
    // Not another number, and not another plan.
    for body in
        [json!({ "plan": plan["id"], "confirm": number + 1 }), json!({ "plan": "x", "confirm": number })]
    {
        assert_eq!(page.post("/api/run", &body).is(409).code(), "not-as-planned");
    }
    let mut events = page.events();
    page.post("/api/run", &json!({ "plan": plan["id"], "confirm": number })).is(200);
    events.until("run");
    assert_eq!(page.post("/api/roster", &json!({ "name": "roster.csv" })).is(409).code(), "busy");
    page.post("/api/run/pause", &json!({})).is(200);
    let paused = page.until("paused", |state| state["run"]["state"] == "paused");
    assert_eq!(paused["run"]["exit"], 5, "{paused}");
    page.post("/api/run/go-on", &json!({})).is(200);
    let over = page.over();
    assert_eq!((&over["run"]["state"], &over["run"]["exit"]), (&json!("ended"), &json!(0)), "{over}");
    let rehearse =
        ["import", "roster.csv", "--simulate", "--weather", "rough", "--seed", "7", "--rate", "200"];
    run(headcount(there.path()).args(rehearse).args(words)).exits(0);
    const LEDGER: &str = "roster.csv.simulate.ledger.jsonl";
    let of_page = settled(&here.path().join(LEDGER));
    assert_eq!(of_page.len(), 25);
    assert_eq!(of_page, settled(&there.path().join(LEDGER)));
    // What the page says of it is what `status` says.
    let status = crate::harness::status(here.path(), LEDGER);
    assert_eq!(over["run"]["rows"], status["rows"]);
    let rows = page.get("/api/run/rows?count=500").json();
    assert_eq!(rows["total"], 25);
    let report = page.post("/api/report", &json!({ "format": "html", "as": "result.html" })).json();
    assert!(fs::metadata(here.path().join(report["name"].as_str().unwrap())).unwrap().len() > 1000);
}

fn cell(page: &Page, n: u64, col: u64) -> Value {
    page.get(&format!("/api/cell?n={n}&col={col}")).json()["text"].clone()
}

fn edit(page: &Page, n: u64, col: u64, text: &str) -> Value {
    let cells = json!([{ "n": n, "col": col, "text": text }]);
    page.post("/api/edit", &json!({ "revision": page.revision(), "cells": cells })).json()
}

#[test]
fn what_is_changed_on_disk_is_read_again_and_asked_about_where_something_is_unsaved() {
    let here = folder(&["mistakes.csv"]);
    let path = here.path().join("mistakes.csv");
    let original = fs::read_to_string(&path).unwrap();
    let page = Page::open(here.path(), &["mistakes.csv"]);
    page.checked();
    let mut events = page.events();
    events.until("state");
    // In a spreadsheet somebody mends a name, and the page follows.
    fs::write(&path, original.replacen("Ada,Quill", "Adele,Quill", 1)).unwrap();
    assert_eq!(events.until("file")["what"], "read-again");
    assert_eq!(cell(&page, 3, 0), "Adele");
    // With something unsaved here, both are kept until somebody says which counts.
    edit(&page, 3, 1, "Quiller");
    fs::write(&path, original.replacen("Ada,Quill", "Adelheid,Quill", 1)).unwrap();
    assert_eq!(events.until("file")["what"], "conflict");
    assert_eq!(page.state()["file"], "changed");
    assert_eq!((cell(&page, 3, 0), cell(&page, 3, 1)), (json!("Adele"), json!("Quiller")));
    assert_eq!(page.post("/api/roster", &json!({ "name": "mistakes.csv" })).is(409).code(), "busy");
    page.post("/api/roster", &json!({ "name": "mistakes.csv", "discard": true })).is(200);
    assert_eq!((cell(&page, 3, 0), cell(&page, 3, 1)), (json!("Adelheid"), json!("Quill")));
    assert_eq!(page.state()["file"], Value::Null);
    // It goes, and comes back as it was.
    let away = here.path().join("away.csv");
    fs::rename(&path, &away).unwrap();
    assert_eq!(events.until("file")["what"], "gone");
    assert_eq!(page.state()["file"], "gone");
    fs::rename(&away, &path).unwrap();
    assert_eq!(events.until("file")["what"], "read-again");
    assert_eq!(page.state()["file"], Value::Null);
}

#[test]
fn what_was_not_saved_is_offered_after_the_process_was_killed() {
    let here = folder(&["mistakes.csv"]);
    let original = fs::read(here.path().join("mistakes.csv")).unwrap();
    let page = Page::open(here.path(), &["mistakes.csv"]);
    page.checked();
    edit(&page, 3, 1, "Quiller");
    edit(&page, 4, 5, "Secret-Typed-77");
    let revision = page.revision();
    page.post("/api/rows", &json!({ "revision": revision, "drop": [2] })).is(200);
    // It is on disk once what was changed has been checked.
    let journal = here.path().join("state/headcount/mending");
    let deadline = std::time::Instant::now() + super::LONG;
    let kept = || {
        // Not one that is being written.
        let files = crate::canary::files(&journal);
        let whole = files.iter().find(|path| path.extension().is_some_and(|ending| ending == "json"));
        whole.and_then(|path| fs::read_to_string(path).ok()).filter(|text| text.contains("\"dropped\":[2]"))
    };
    page.checked();
    while !journal.exists() || kept().is_none() {
        assert!(std::time::Instant::now() < deadline, "nothing was kept");
        std::thread::yield_now();
    }
    assert!(!kept().unwrap().contains("Secret-Typed"), "{:?}", kept());
    page.kill();

    let page = Page::open(here.path(), &["mistakes.csv"]);
    let state = page.checked();
    assert_eq!(state["recover"]["cells"], 2, "{state}");
    assert_eq!(cell(&page, 3, 1), "Quill", "nothing is taken unasked");
    let taken = page.post("/api/roster", &json!({ "name": "mistakes.csv", "recover": true })).json();
    assert_eq!(taken["recover"], Value::Null);
    assert_eq!(cell(&page, 3, 1), "Quiller");
    let rows = page.get("/api/rows?view=dropped").json();
    assert_eq!(rows["rows"][0]["n"], 2);
    // Saved, it is offered no more.
    page.post("/api/save", &json!({ "as": "mistakes.mended.csv" })).is(200);
    drop(page);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    assert_eq!(page.checked()["recover"], Value::Null);
    assert_eq!(fs::read(here.path().join("mistakes.csv")).unwrap(), original);
}

#[test]
fn what_is_done_is_undone_and_done_again() {
    let here = folder(&["mistakes.csv", "directory.json"]);
    let page = Page::open(here.path(), &["mistakes.csv", "--directory", "directory.json"]);
    let before = page.checked();
    let rows = page.get("/api/rows?count=500").json()["rows"].clone();
    edit(&page, 3, 0, "Ida");
    edit(&page, 3, 0, "Ina");
    let revision = page.revision();
    let pasted = page.post("/api/paste", &json!({ "revision": revision, "at": { "n": 4, "col": 0 }, "tsv": "Zoë\tMüller\r\n\"A\tB\"\tC\r\n" })).json();
    assert_eq!((&pasted["cells"], &pasted["clipped"]), (&json!(4), &json!(0)), "{pasted}");
    assert_eq!((cell(&page, 4, 0), cell(&page, 5, 0)), (json!("Zoë"), json!("A\tB")));
    let clipped = page
        .post(
            "/api/paste",
            &json!({ "revision": page.revision(), "at": { "n": 41, "col": 16 }, "tsv": "x\ty\nz" }),
        )
        .json();
    assert_eq!(clipped["clipped"], 2, "{clipped}");
    let safe = page.post("/api/safe", &json!({ "revision": page.revision() })).json();
    assert!(safe["cells"].as_u64().unwrap() > 3, "{safe}");
    let added = page.post("/api/rows", &json!({ "revision": page.revision(), "add": 2 })).json();
    assert_eq!(added["added"].as_array().unwrap().len(), 2, "{added}");
    // One out of the midst: what came after it stays.
    let steps = page.state()["steps"].clone();
    let of_paste =
        steps.as_array().unwrap().iter().find(|step| step["label"] == "pasted 4 cells").unwrap()["id"]
            .clone();
    page.post("/api/undo", &json!({ "revision": page.revision(), "id": of_paste })).is(200);
    assert_eq!((cell(&page, 4, 0), cell(&page, 3, 0)), (json!("Ben"), json!("Ina")));
    let undone = page.post("/api/undo", &json!({ "revision": page.revision() })).json();
    assert_eq!(undone["label"], "2 rows added");
    let again = page.post("/api/redo", &json!({ "revision": page.revision() })).json();
    assert_eq!(again["revision"], page.revision());
    while page.state()["undo"].is_object() {
        page.post("/api/undo", &json!({ "revision": page.revision() })).is(200);
    }
    let after = page.checked();
    assert_eq!((&after["unsaved"], &after["counts"]), (&json!(0), &before["counts"]));
    assert_eq!(page.get("/api/rows?count=500").json()["rows"], rows);
    assert_eq!(page.post("/api/undo", &json!({ "revision": page.revision() })).is(404).code(), "not-found");
}

#[test]
fn a_roster_is_mended_and_saved_and_the_copy_has_no_error_left() {
    let here = folder(&[]);
    let text = "first name,last name,user login,password,routing profile name,security profiles,phone type\n\
         Ana,Lima,ana,Kettle-Moss-1,Basic Routing Profile,Agent|Agent,softphone\n\
         Bob,Lee,bob lee,Kettle-Moss-2,Basic Routing Profile,Agent,softphone\n";
    fs::write(here.path().join("people.csv"), text).unwrap();
    let page = Page::open(here.path(), &["people.csv"]);
    page.checked();
    let findings = page.get("/api/findings").json();
    let group = findings["groups"]
        .as_array()
        .unwrap()
        .iter()
        .find(|group| group["code"] == "phone-type-unknown")
        .unwrap();
    let fix = json!({ "revision": findings["revision"], "group": group["id"], "fix": group["fixes"][0]["id"], "preview": true });
    let effect = page.post("/api/fix", &fix).json();
    assert_eq!(
        (&effect["cells"], &effect["adds"], &effect["mends"]),
        (&json!(2), &json!(0), &json!(2)),
        "{effect}"
    );
    assert_eq!(page.revision(), findings["revision"], "a preview changes nothing");
    let mut fix = fix;
    fix["preview"] = json!(false);
    page.post("/api/fix", &fix).is(200);
    page.post("/api/safe", &json!({ "revision": page.revision() })).is(200);
    edit(&page, 3, 2, "bob.lee");
    let next = page.get("/api/next?view=errors&after=0,-1").json();
    let state = page.checked();
    assert_eq!(state["counts"]["errors"], 0, "{state} {next}");
    assert_eq!(page.get("/api/next?view=errors&after=0,-1").json(), json!({}));
    assert_eq!(page.post("/api/plan", &json!({})).is(409).code(), "busy", "what is imported is a file");
    page.post("/api/save", &json!({ "as": "people.mended.csv", "format": "csv" })).is(200);
    assert_eq!(page.state()["unsaved"], 0);
    assert!(
        of_command_line(&validated(here.path(), "people.mended.csv", &[]))
            .0
            .iter()
            .all(|(_, severity, ..)| severity == "warning")
    );
    assert_eq!(fs::read_to_string(here.path().join("people.csv")).unwrap(), text);
    let plan = page.post("/api/plan", &json!({})).json();
    assert!(plan["command"].as_str().unwrap().contains("people.mended.csv"), "{plan}");
    // Over its own copy it may be saved again.
    edit(&page, 3, 0, "Rob");
    page.post("/api/save", &json!({ "as": "people.mended.csv" })).is(200);
    assert!(fs::read_to_string(here.path().join("people.mended.csv")).unwrap().contains("Rob,Lee"));
}

#[test]
fn columns_are_chosen_and_the_map_that_is_saved_is_the_command_lines() {
    let here = folder(&["hr-export.csv"]);
    let page = Page::open(here.path(), &["hr-export.csv"]);
    page.checked();
    let before = page.get("/api/columns").json();
    let proposed: serde_json::Map<String, Value> = before["columns"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|column| column["proposed"].is_string())
        .map(|column| (column["header"].as_str().unwrap().to_owned(), column["proposed"].clone()))
        .collect();
    assert!(proposed.len() > 2, "{before}");
    let constants = json!({ "routing profile": "Basic Routing Profile" });
    let asked = json!({ "revision": before["revision"], "columns": proposed, "constants": constants });
    page.put("/api/columns", &asked).is(200);
    let state = page.checked();
    assert_eq!(
        page.post("/api/plan", &json!({ "skip_invalid": true })).is(409).code(),
        "busy",
        "the map is not saved"
    );
    let map = page.post("/api/save-map", &json!({})).json()["name"].as_str().unwrap().to_owned();
    assert_eq!(map, "hr-export.columns.toml");
    assert_eq!(page.state()["roster"]["map"], map);
    let document = validated(here.path(), "hr-export.csv", &["--columns", &map]);
    assert_eq!(of_page(&page), of_command_line(&document));
    assert_ne!(state["counts"], before["counts"]);
    // The next page reads it so at once.
    let again = page.post("/api/roster", &json!({ "name": "hr-export.csv" })).json();
    assert_eq!(again["roster"]["map"], map);
    assert_eq!(page.get("/api/columns").json()["constants"], constants);
}
