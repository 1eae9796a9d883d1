//! No password is sent to the page, by whatever is asked; and whoever would ask otherwise is refused.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::client::Page;
use super::routes;
use crate::canary::Needles;

/// The middle of every password of the roster.
const MARK: &str = "Canary8Roster";
/// The same of those that are typed on the page.
const TYPED: &str = "Canary9Typed";

/// A roster in which the marks stand in columns of passwords, or, for the control, in others.
fn roster(is_control: bool) -> String {
    let mut text = "first name,last name,user login,password,routing profile name,security profiles,phone type,Kennwort alt,Note\n".to_owned();
    for (at, (form, phone)) in [
        ("{}-1a", "soft"),
        (" {}-2b ", "softphone"),
        ("{}", "softphone"),
        ("<{}>&4c", "dsek"),
        ("é{}-5d", "soft"),
    ]
    .into_iter()
    .enumerate()
    {
        let mark = form.replace("{}", MARK);
        let (password, old, last, note) = if is_control {
            (format!("Kettle-Moss-{at}"), "x".to_owned(), format!("Lee {MARK}"), mark)
        } else {
            (mark.clone(), mark, "Lee".to_owned(), "n".to_owned())
        };
        text += &format!(
            "Ana,{last},user{at},{password},Basic Routing Profile,Agent|Agent,{phone},{old},{note}\n"
        );
    }
    text
}

/// Everything that the page was sent, by what was asked for.
struct Walk {
    page: Page,
    sent: Vec<(String, Vec<u8>)>,
    asked: BTreeSet<String>,
}

impl Walk {
    fn ask(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let plain = path.split('?').next().unwrap();
        let kind = match (method, plain.starts_with("/api/files/")) {
            ("GET", _) => "",
            (_, true) => "application/octet-stream",
            _ => "application/json",
        };
        let bytes = match (kind, body.as_str()) {
            ("", _) => Vec::new(),
            (_, Some(text)) => text.as_bytes().to_vec(),
            _ => body.to_string().into_bytes(),
        };
        let answer = self.page.send(method, path, kind, &bytes);
        assert!(answer.status < 500, "{method} {path}: {}", answer.text());
        let route = routes().into_iter().find(|(of, route, _)| {
            of == method
                && route
                    .strip_suffix('*')
                    .map_or(route == plain, |before| plain.starts_with(before) && plain != before)
        });
        self.asked.extend(route.map(|(method, path, _)| format!("{method} {path}")));
        self.sent.push((format!("{method} {path}"), [answer.head.as_bytes(), &answer.body].concat()));
        serde_json::from_slice(&answer.body).unwrap_or_default()
    }

    fn get(&mut self, path: &str) -> Value {
        self.ask("GET", path, &Value::Null)
    }

    fn post(&mut self, path: &str, mut body: Value) -> Value {
        if body.get("revision").is_some() {
            body["revision"] = json!(self.page.revision());
        }
        self.ask("POST", path, &body)
    }

    /// What looks at the roster and changes nothing.
    fn look(&mut self) {
        for path in [
            "/",
            "/page/main.js",
            "/api/state",
            "/api/files",
            "/api/columns",
            "/api/rows",
            "/api/findings",
            "/api/run",
            "/api/run/rows",
            "/api/choices?field=routing_profile",
            "/api/next?view=errors&after=0,-1",
        ] {
            self.get(path);
        }
        for view in ["errors", "warnings", "changed", "dropped"] {
            self.get(&format!("/api/rows?view={view}"));
        }
        for find in [MARK, TYPED, "Canary", "&4c"] {
            self.get(&format!("/api/rows?find={}", find.replace('&', "%26")));
            self.get(&format!("/api/next?view=all&find={}&after=0,-1", find.replace('&', "%26")));
        }
        for n in 1..=7 {
            for col in 0..9 {
                self.get(&format!("/api/cell?n={n}&col={col}"));
            }
        }
    }
}

/// Asks for everything that there is to ask for, of a page that is what it seems and of one that is not.
fn walk(folder: &Path, is_control: bool) -> Vec<(String, Vec<u8>)> {
    fs::write(folder.join("people.csv"), roster(is_control)).unwrap();
    fs::copy(crate::harness::sample("directory.json"), folder.join("directory.json")).unwrap();
    let mut page = Page::start(&mut Page::command(
        folder,
        &["people.csv", "--directory", "directory.json", "--no-browser"],
    ));
    let session = page.begin();
    page.checked();
    let mut events = page.events();
    let mut walk = Walk {
        page,
        sent: vec![("POST /api/session".into(), session.body)],
        asked: ["POST /api/session".to_owned(), "GET /api/events".to_owned()].into(),
    };
    walk.look();

    // All that mends, looked at and done.
    let findings = walk.get("/api/findings");
    let fixes: Vec<(Value, Value)> = findings["groups"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|group| {
            group["fixes"].as_array().unwrap().iter().map(|fix| (group["id"].clone(), fix["id"].clone()))
        })
        .collect();
    assert!(fixes.len() >= 2, "{findings}");
    for (group, fix) in fixes {
        walk.post("/api/fix", json!({ "revision": 0, "group": group, "fix": fix, "preview": true }));
    }
    for (find, with) in [(MARK, "x"), ("Canary", "y"), ("a", "b")] {
        for col in [Value::Null, json!(3), json!(7), json!(8)] {
            walk.post("/api/replace", json!({ "revision": 0, "find": find, "with": with, "col": col, "whole": false, "case": false, "preview": true }));
        }
    }
    walk.post("/api/safe", json!({ "revision": 0, "preview": true }));
    walk.post("/api/safe", json!({ "revision": 0 }));
    let secret = if is_control { 8 } else { 3 };
    walk.post("/api/edit", json!({ "revision": 0, "cells": [{ "n": 2, "col": secret, "text": format!("{TYPED}-1a") }, { "n": 3, "col": 0, "text": "Bo" }] }));
    walk.post(
        "/api/paste",
        json!({ "revision": 0, "at": { "n": 4, "col": secret }, "tsv": format!("{TYPED}-2b\n{TYPED}-3c\n") }),
    );
    walk.post(
        "/api/replace",
        json!({ "revision": 0, "find": MARK, "with": TYPED, "whole": false, "case": true }),
    );
    walk.post("/api/rows", json!({ "revision": 0, "drop": [6] }));
    walk.post("/api/rows", json!({ "revision": 0, "restore": [6], "add": 0 }));
    walk.page.checked();
    walk.look();
    walk.post("/api/undo", json!({ "revision": 0 }));
    walk.post("/api/redo", json!({ "revision": 0 }));
    walk.post("/api/settings", json!({ "revision": 0, "identity": "saml" }));
    walk.get("/api/findings");
    walk.post(
        "/api/settings",
        json!({ "revision": 0, "identity": "connect", "phone_region": "DE", "passwords": "made" }),
    );
    walk.post(
        "/api/settings",
        json!({ "revision": 0, "identity": null, "phone_region": null, "passwords": "roster" }),
    );
    walk.post("/api/save", json!({ "as": "people.mended.csv", "format": "csv" }));

    // Read otherwise, what is a password would be a name, a header, or half of another cell.
    for asked in [
        json!({ "columns": { "password": "last_name", "last name": "ignore" } }),
        json!({ "columns": { "Kennwort alt": "tags" } }),
        json!({ "header_row": 2 }),
        json!({ "header_row": 4 }),
        json!({ "delimiter": "-" }),
        json!({ "delimiter": ";" }),
        json!({ "encoding": "utf-16le" }),
        json!({ "encoding": "utf-16be", "header_row": 1 }),
    ] {
        let mut body = asked.clone();
        body["revision"] = json!(walk.page.revision());
        let refused = walk.ask("PUT", "/api/columns", &body);
        if !is_control {
            assert_eq!(refused["error"]["code"], "unusable", "{asked}: {refused}");
            let why = refused["error"]["what"].as_str().unwrap();
            let is_no_header = why.contains("its first row looks like a person's");
            assert!(is_no_header || why.starts_with("read so, passwords would be shown"), "{asked}: {why}");
        }
        walk.look();
        let mut body = asked.clone();
        if let Some(members) = body.as_object_mut().filter(|members| !members.contains_key("columns")) {
            members.insert("name".into(), json!("people.csv"));
            members.insert("discard".into(), json!(true));
            walk.post("/api/roster", body);
            walk.look();
        }
    }
    walk.ask(
        "PUT",
        "/api/files/people.columns.toml",
        &json!("[columns]\n\"password\" = \"last name\"\n\"last name\" = \"ignore\"\n"),
    );
    walk.post("/api/roster", json!({ "name": "people.csv", "discard": true }));
    walk.look();
    fs::remove_file(folder.join("people.columns.toml")).unwrap();
    walk.post("/api/roster", json!({ "name": "people.csv", "discard": true, "recover": true }));
    walk.page.checked();
    let revision = walk.page.revision();
    walk.ask("PUT", "/api/columns", &json!({ "revision": revision, "columns": { "Note": "ignore" }, "constants": { "tags": "site|Berlin" }, "defaults": { "password": format!("{TYPED}-9z") } }));
    walk.post("/api/save-map", json!({}));
    walk.look();
    walk.ask("PUT", "/api/files/more.csv", &json!(roster(is_control)));
    walk.post("/api/template", json!({ "identity": "connect", "format": "csv", "as": "new" }));

    // The whole way through a rehearsal.
    walk.post("/api/roster", json!({ "name": "people.mended.csv", "discard": true }));
    walk.page.checked();
    walk.post("/api/safe", json!({ "revision": 0 }));
    walk.page.checked();
    walk.post("/api/save", json!({ "as": "people.mended.mended.csv" }));
    let plan = walk.post("/api/plan", json!({ "skip_invalid": true, "weather": "rough", "seed": 5 }));
    assert!(plan["rows"]["to_create"].as_u64().is_some_and(|number| number > 0), "{plan}");
    walk.post("/api/run", json!({ "plan": plan["id"], "confirm": plan["rows"]["to_create"] }));
    walk.post("/api/run/pause", json!({}));
    walk.page.until("not at work", |state| {
        !["running", "pausing"].contains(&state["run"]["state"].as_str().unwrap_or(""))
    });
    walk.post("/api/run/go-on", json!({}));
    walk.page.over();
    walk.post("/api/run/mend", json!({}));
    walk.post("/api/retry", json!({ "states": ["rejected"], "codes": [] }));
    for format in ["html", "csv", "xlsx", "json", "md"] {
        walk.post("/api/report", json!({ "format": format, "as": format!("result.{format}") }));
    }
    walk.look();
    let lease = walk.post("/api/lease", json!({}));
    walk.page.lease = lease["lease"].as_u64().unwrap();
    walk.post("/api/quit", json!({}));
    while events.next().is_some() {}
    let Walk { page, mut sent, asked } = walk;
    sent.push(("GET /api/events".into(), events.all.into_bytes()));
    let all: BTreeSet<String> =
        routes().into_iter().map(|(method, path, _)| format!("{method} {path}")).collect();
    assert_eq!(asked, all, "every route is asked for");
    let (exit, said) = page.ended();
    assert_eq!(exit, Some(0), "{said}");
    sent.push(("the terminal".into(), said.into_bytes()));
    sent
}

fn leaks(sent: &[(String, Vec<u8>)]) -> BTreeSet<String> {
    let needles = Needles::of([MARK, TYPED]);
    let found = sent.iter().filter(|(_, bytes)| needles.found_in(bytes).is_some());
    found.map(|(what, _)| what.clone()).collect()
}

#[test]
fn no_password_is_sent_by_any_route_nor_kept_in_any_file_but_the_rosters() {
    let here = tempfile::tempdir().unwrap();
    let sent = walk(here.path(), false);
    assert!(sent.len() > 300, "{}", sent.len());
    assert_eq!(leaks(&sent), BTreeSet::new());
    let needles = Needles::of([MARK, TYPED]);
    let mut own = 0;
    for path in crate::canary::files(here.path()) {
        let name = path.strip_prefix(here.path()).unwrap().to_str().unwrap().to_owned();
        let found = needles.found_in(&fs::read(&path).unwrap());
        // The roster, its copies, what was sent there; and the map, in which somebody has written one.
        let is_own = [
            "people.csv",
            "people.mended.csv",
            "people.mended.mended.csv",
            "more.csv",
            "people.columns.toml",
        ]
        .contains(&name.as_str());
        own += usize::from(is_own && found.is_some());
        assert!(is_own || found.is_none(), "{name}: {found:?}");
    }
    assert_eq!(own, 5, "what is the roster's is in the roster's");
}

#[test]
fn what_would_leak_is_caught_by_every_route_that_tells_of_cells() {
    let here = tempfile::tempdir().unwrap();
    let leaks = leaks(&walk(here.path(), true));
    for place in [
        "GET /api/rows",
        "GET /api/columns",
        "GET /api/cell?n=2&col=1",
        "GET /api/cell?n=2&col=8",
        "GET /api/state",
        "GET /api/events",
        "POST /api/replace",
        "POST /api/edit",
        "POST /api/paste",
        "POST /api/undo",
    ] {
        assert!(leaks.contains(place), "{place}: {leaks:#?}");
    }
}
