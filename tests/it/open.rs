//! `headcount open`: the real program, asked over a real socket. Each row of the table in SECURITY.md is held here.

mod client;
mod secrets;
mod work;

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{folder, headcount, run};
use client::{Answer, LONG, Page, raw};

/// All that can be asked for, out of the source: method, path, and which body.
fn routes() -> Vec<(String, String, &'static str)> {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/routes.rs")).unwrap();
    let table = source.split_once("pub(crate) static ROUTES").unwrap().1.split_once("\n];").unwrap().0;
    let mut routes = Vec::new();
    let joined = table.split_whitespace().collect::<Vec<_>>().join(" ");
    for (at, _) in joined.match_indices("\"/") {
        let path = joined[at + 1..].split('"').next().unwrap().to_owned();
        let before = &joined[..at];
        let begins = |word: &str| before.rfind(word).unwrap_or(0);
        let last = [begins("get("), begins("post("), begins("Method::")].into_iter().max().unwrap();
        let method = match &before[last..] {
            text if text.starts_with("get(") => "GET",
            text if text.starts_with("post(") => "POST",
            text if text.starts_with("Method::PUT") => "PUT",
            text if text.starts_with("Method::POST") => "POST",
            text => panic!("{text}"),
        };
        let kind = match (method, path.as_str()) {
            ("GET", _) => "",
            ("PUT", "/api/files/*") => "application/octet-stream",
            _ => "application/json",
        };
        routes.push((method.to_owned(), path, kind));
    }
    assert_eq!(routes.len(), 38, "{routes:?}");
    routes
}

/// A path of a route, with a name in place of `*`.
fn asked(path: &str) -> String {
    path.replace("/page/*", "/page/main.js").replace('*', "new.csv")
}

fn is_shell(path: &str) -> bool {
    !path.starts_with("/api/")
}

/// What every answer says of itself, whoever asked.
fn is_closed(answer: &Answer, told: &str) {
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; ",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "worker-src 'none'",
        "x-content-type-options: nosniff",
        "cross-origin-resource-policy: same-origin",
        "cross-origin-opener-policy: same-origin",
        "cache-control: no-store",
        "referrer-policy: no-referrer",
    ] {
        assert!(answer.head.contains(header), "{told}: {header}\n{}", answer.head);
    }
    for header in ["access-control", "set-cookie", "server:"] {
        assert!(!answer.head.contains(header), "{told}: {header}\n{}", answer.head);
    }
}

/// A request of every route with this head after its first line, and what it must be answered with.
fn each_is(page: &Page, headers: &str, shell: u16, rest: u16, code: &str) {
    for (method, path, kind) in routes() {
        let told = format!("{method} {path} with {headers:?}");
        let body = if kind.is_empty() { "" } else { "{}" };
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let request = format!(
            "{method} {} HTTP/1.1\r\n{headers}{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            asked(&path),
            body.len()
        );
        let answer = raw(page.port, request.as_bytes()).unwrap_or_else(|error| panic!("{told}: {error}"));
        let wanted = if is_shell(&path) { shell } else { rest };
        assert_eq!(answer.status, wanted, "{told}: {}", answer.text());
        if wanted >= 400 {
            assert_eq!(answer.code(), code, "{told}");
        }
        is_closed(&answer, &told);
    }
}

/// The host, key and lease of our own page.
fn own(page: &Page) -> String {
    format!("{}X-Headcount: {}\r\nX-Headcount-Lease: {}\r\n", host(page), page.key, page.lease)
}

fn host(page: &Page) -> String {
    format!("Host: 127.0.0.1:{}\r\n", page.port)
}

#[test]
fn a_page_of_any_other_site_is_told_nothing_and_changes_nothing() {
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    let before = page.checked();
    let host = host(&page);
    // Without the key, which no other site can know; only the empty page itself is there for anybody.
    for (method, path, kind) in routes() {
        let mut stranger = page.head(&method, &asked(&path), kind, 2);
        stranger = stranger.replace(&format!("X-Headcount: {}\r\n", page.key), "");
        let body = if kind.is_empty() { "" } else { "{}" };
        let answer = raw(page.port, format!("{stranger}{body}").as_bytes()).unwrap();
        let wanted = match path.as_str() {
            path if is_shell(path) => 200,
            "/api/session" => 422,
            _ => 401,
        };
        assert_eq!(answer.status, wanted, "{method} {path}: {}", answer.text());
        is_closed(&answer, &path);
        assert!(!answer.text().contains("mistakes"), "{path}: {}", answer.text());
        // The question that a browser asks before it sends a header of another site's: it is never granted.
        let preflight = format!(
            "OPTIONS {} HTTP/1.1\r\n{host}Origin: https://evil.example\r\nAccess-Control-Request-Method: {method}\r\n\
             Access-Control-Request-Headers: x-headcount\r\nConnection: close\r\n\r\n",
            asked(&path)
        );
        let answer = raw(page.port, preflight.as_bytes()).unwrap();
        assert_eq!(answer.status, 403, "{path}");
        is_closed(&answer, &path);
    }
    // With the key, as if it had become known: a browser says where a request comes from.
    let own = own(&page);
    for origin in ["https://evil.example", "null", "file://", "http://127.0.0.1.evil.example"] {
        each_is(&page, &format!("{own}Origin: {origin}\r\n"), 403, 403, "foreign-origin");
    }
    each_is(&page, &format!("{own}Sec-Fetch-Site: cross-site\r\n"), 200, 403, "foreign-origin");
    // What a form can send without asking.
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
        for (method, path, _) in routes().into_iter().filter(|(_, _, kind)| !kind.is_empty()) {
            let answer = page.send(&method, &asked(&path), kind, b"{}");
            assert_eq!((answer.status, answer.code().as_str()), (415, "wrong-type"), "{path}");
        }
    }
    assert_eq!(page.state(), before);
}

#[test]
fn a_name_that_was_bound_to_this_machine_is_refused_in_every_spelling() {
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    let key = format!("X-Headcount: {}\r\nX-Headcount-Lease: {}\r\n", page.key, page.lease);
    let port = page.port;
    for name in [
        format!("evil.example:{port}"),
        "evil.example".to_owned(),
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1.:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("0.0.0.0:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("LOCALHOST:{port}"),
        format!("127.0.0.1:0{port}"),
    ] {
        each_is(&page, &format!("Host: {name}\r\n{key}"), 421, 421, "wrong-host");
    }
    each_is(&page, &key, 421, 421, "wrong-host");
    let host = host(&page);
    each_is(&page, &format!("{host}{host}{key}"), 421, 421, "wrong-host");
    // As it is asked of a proxy.
    let absolute =
        format!("GET http://127.0.0.1:{port}/api/state HTTP/1.1\r\n{host}{key}Connection: close\r\n\r\n");
    assert_eq!(raw(port, absolute.as_bytes()).unwrap().status, 421);
    // The name that people type leads to the one address, on the page itself alone.
    each_is(&page, &format!("Host: localhost:{port}\r\n{key}"), 307, 421, "wrong-host");
    page.get("/api/state").is(200);
}

#[test]
fn a_page_of_another_port_of_this_machine_finds_no_cookie_and_is_told_from_ours() {
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    let before = page.checked();
    let own = own(&page);
    for headers in [
        format!("Origin: http://127.0.0.1:{}\r\n", page.port ^ 1),
        format!("Origin: http://localhost:{}\r\n", page.port),
        format!("Origin: https://127.0.0.1:{}\r\n", page.port),
        format!("Origin: http://127.0.0.1:{}\r\nOrigin: http://127.0.0.1:{}\r\n", page.port, page.port ^ 1),
    ] {
        each_is(&page, &format!("{own}{headers}"), 403, 403, "foreign-origin");
    }
    each_is(&page, &format!("{own}Sec-Fetch-Site: same-site\r\n"), 200, 403, "foreign-origin");
    // A cookie is neither given nor taken.
    let cookie = format!("{}Cookie: X-Headcount={}; key={}\r\n", host(&page), page.key, page.key);
    for (method, path, kind) in
        routes().into_iter().filter(|(_, path, _)| !is_shell(path) && path != "/api/session")
    {
        let body = if kind.is_empty() { "" } else { "{}" };
        let kind = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let request = format!(
            "{method} {} HTTP/1.1\r\n{cookie}{kind}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            asked(&path),
            body.len()
        );
        let answer = raw(page.port, request.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (401, "no-key"), "{path}");
    }
    assert_eq!(page.state(), before);
}

#[test]
fn a_link_that_is_used_twice_closes_the_page_and_the_terminal_says_so() {
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    let mut events = page.events();
    events.until("state");
    let again = page.post("/api/session", &json!({ "code": page.code }));
    assert_eq!((again.status, again.code().as_str()), (401, "code-used"), "{}", again.text());
    assert!(!again.text().contains(&page.key), "{}", again.text());
    assert_eq!(events.until("bye")["why"], "code-used-twice");
    // Whoever has the key has it no more.
    let late = raw(page.port, page.head("GET", "/api/state", "", 0).as_bytes());
    assert!(late.is_err() || late.is_ok_and(|answer| answer.status == 401));
    let (exit, said) = page.ended();
    assert_eq!(exit, Some(4), "{said}");
    assert!(said.contains("the link was used twice: the page is closed"), "{said}");
}

#[test]
fn codes_and_keys_are_not_guessed_one_after_the_other() {
    let here = folder(&["mistakes.csv"]);
    let mut page = Page::start(&mut Page::command(here.path(), &["mistakes.csv", "--no-browser"]));
    for nth in 0..5 {
        let answer = page.post("/api/session", &json!({ "code": format!("{nth:032}") }));
        assert_eq!((answer.status, answer.code().as_str()), (401, "code-used"));
    }
    let answer = page.post("/api/session", &json!({ "code": page.code }));
    assert_eq!((answer.status, answer.code().as_str()), (429, "too-many"), "even the right one waits");
    page.key = "0".repeat(64);
    assert_eq!(page.get("/api/state").code(), "wrong-key");
    for body in ["", "{}", "[]", "{\"code\":1}", "{\"code\":\"x\",\"more\":1}"] {
        let answer = page.send("POST", "/api/session", "application/json", body.as_bytes());
        assert_eq!(answer.status, 422, "{body}");
    }
}

/// Waits until a file is there and has something in it.
fn appears(path: &Path) -> String {
    let deadline = Instant::now() + LONG;
    loop {
        match fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text,
            _ => assert!(Instant::now() < deadline, "{} does not appear", path.display()),
        }
        std::thread::yield_now();
    }
}

#[test]
fn neither_key_nor_code_is_in_a_list_of_processes_or_in_a_file() {
    let here = folder(&["mistakes.csv"]);
    let tools = tempfile::tempdir().unwrap();
    // A browser that notes how it was called, and what the file says that it was called with.
    let opener = tools.path().join("xdg-open");
    let noted = tools.path().join("noted");
    let script = format!(
        "#!/bin/sh\necho \"$0 $*\" > '{0}.part'\ncat \"$1\" >> '{0}.part'\necho >> '{0}.part'\nmv '{0}.part' '{0}'\n",
        noted.display()
    );
    fs::write(&opener, script).unwrap();
    fs::set_permissions(&opener, fs::Permissions::from_mode(0o700)).unwrap();
    let path = format!("{}:{}", tools.path().display(), std::env::var_os("PATH").unwrap().display());
    let mut command = Page::command(here.path(), &["mistakes.csv"]);
    let mut page = Page::start(command.env("PATH", path));
    let noted = appears(&noted);
    let (called, file) = noted.split_once('\n').unwrap();
    assert!(!called.contains(&page.code), "{called}");
    assert!(file.contains(&format!("url=http://127.0.0.1:{}/#c={}", page.port, page.code)), "{file}");
    let redirect = Path::new(called.split_whitespace().last().unwrap()).to_owned();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&redirect), mode(redirect.parent().unwrap())), (0o600, 0o700));

    page.begin();
    assert!(!redirect.exists(), "once it was used it is gone");
    page.checked();
    let revision = page.revision();
    page.post("/api/edit", &json!({ "revision": revision, "cells": [{ "n": 3, "col": 0, "text": "Ada" }] }))
        .is(200);
    page.checked();
    page.post("/api/save", &json!({ "as": "mended.csv" })).is(200);
    page.post("/api/plan", &json!({ "skip_invalid": true })).is(200);
    let secrets = [page.key.clone(), page.code.clone()];
    for part in ["cmdline", "environ", "comm", "status"] {
        let text = fs::read(format!("/proc/{}/{part}", page.pid())).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "/proc/PID/{part}");
    }
    let (_, said) = {
        let said = page.said();
        assert_eq!(said.matches(&secrets[1]).count(), 1, "the link, once: {said}");
        page.interrupt()
    };
    assert!(!said.contains(&secrets[0]), "{said}");
    for path in crate::canary::files(here.path()) {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{}", path.display());
    }
}

#[test]
fn whoever_takes_the_port_later_has_another_nonce_and_knows_no_key_of_before() {
    let here = folder(&["mistakes.csv"]);
    let first = Page::open(here.path(), &["mistakes.csv"]);
    let (port, key, lease) = (first.port, first.key.clone(), first.lease);
    let nonce = first.state()["version"]["nonce"].clone();
    first.kill();
    let mut second = Page::start(&mut Page::command(
        here.path(),
        &["mistakes.csv", "--no-browser", "--port", &port.to_string()],
    ));
    assert_eq!(second.port, port);
    let session = second.begin().json();
    assert_ne!(session["version"]["nonce"], nonce);
    assert_ne!(session["key"], key);
    let stranger = std::mem::replace(&mut second.key, key);
    let old = std::mem::replace(&mut second.lease, lease);
    let answer = second.get("/api/state");
    assert_eq!((answer.status, answer.code().as_str()), (401, "wrong-key"));
    (second.key, second.lease) = (stranger, old);
    second.get("/api/state").is(200);
}

#[test]
fn what_stands_in_a_hostile_roster_is_text_of_json_and_of_no_page() {
    let here = folder(&[]);
    const EVIL: &str = "<script>alert(1)</script>";
    let roster = format!(
        "first name,last name,user login,password,routing profile name,security profiles,phone type,{EVIL}\n\
         {EVIL},\"\"\"><img src=x onerror=alert(1)>\",{EVIL},Kettle-Moss-1,{EVIL},Agent,{EVIL},x\n"
    );
    fs::write(here.path().join("evil.csv"), roster).unwrap();
    fs::write(here.path().join("<img src=x>.csv"), "a\n").unwrap();
    let page = Page::open(here.path(), &["evil.csv"]);
    page.checked();
    let mut seen = 0;
    for path in [
        "/api/state",
        "/api/files",
        "/api/columns",
        "/api/rows",
        "/api/findings",
        "/api/cell?n=2&col=0",
        "/api/run",
        "/api/cell?n=2&col=99",
        "/api/%3Cscript%3E",
    ] {
        let answer = page.get(path);
        assert!(answer.head.contains("content-type: application/json"), "{path}: {}", answer.head);
        is_closed(&answer, path);
        let _: Value = serde_json::from_slice(&answer.body).unwrap();
        seen += answer.text().matches("<script>").count();
    }
    assert!(seen > 5, "what is in the roster is told: {seen}");
    // The page and its files say nothing of the roster.
    for path in ["/", "/page/main.js", "/page/page.css"] {
        assert!(!page.get(path).is(200).text().contains("alert(1)"), "{path}");
    }
    // No report is ever served, by whatever name.
    for path in [
        "/page/evil.csv",
        "/page/../evil.csv",
        "/page/%2e%2e/evil.csv",
        "/evil.csv",
        "/api/files/evil.csv",
        "/page/index.html/../../x",
    ] {
        assert!(page.get(path).status >= 400, "{path}");
    }
}

#[test]
fn a_file_is_named_by_a_name_of_the_folder_and_by_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let here = home.path().join("work");
    fs::create_dir(&here).unwrap();
    fs::write(home.path().join("outside.csv"), "user login\nann\n").unwrap();
    fs::copy(crate::harness::sample("mistakes.csv"), here.join("mistakes.csv")).unwrap();
    symlink(home.path().join("outside.csv"), here.join("link.csv")).unwrap();
    symlink(home.path().join("nowhere.csv"), here.join("dangling.csv")).unwrap();
    symlink(home.path(), here.join("folder.csv")).unwrap();
    fs::create_dir(here.join("a.csv")).unwrap();
    let page = Page::open(&here, &["mistakes.csv"]);
    page.checked();
    let listed = page.get("/api/files").json();
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|file| file["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["mistakes.csv"]);
    let before: BTreeSet<_> = crate::canary::files(home.path()).into_iter().collect();
    let original = fs::read(here.join("mistakes.csv")).unwrap();
    for name in [
        "../outside.csv",
        "..\\outside.csv",
        "..",
        ".",
        "/etc/passwd",
        "a/b.csv",
        "a\\b.csv",
        "C:b.csv",
        "b.csv:stream",
        "nul.csv",
        "COM1.csv",
        "b\u{0}.csv",
        "b\n.csv",
        ".hidden.csv",
        "~b.csv",
        "b.csv.",
        "b.csv ",
        "\u{202e}vsc.b",
        "",
        "link.csv",
        "dangling.csv",
        "folder.csv",
        "a.csv",
    ] {
        let revision = page.revision();
        let encoded: String = name.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let upload = page.upload(&encoded, b"user login\nann\n");
        assert!(
            [404, 405, 409, 422].contains(&upload.status),
            "{name:?}: {} {}",
            upload.status,
            upload.text()
        );
        for (path, body) in [
            ("/api/roster", json!({ "name": name })),
            ("/api/save", json!({ "as": name })),
            ("/api/template", json!({ "identity": "saml", "format": "csv", "as": name })),
            ("/api/settings", json!({ "revision": revision, "directory": name })),
            ("/api/report", json!({ "format": "html", "as": name })),
        ] {
            // A template's name is given its ending where it has none: then it is a name like any other.
            if path == "/api/template" && !name.is_empty() && !name.ends_with(".csv") {
                continue;
            }
            let answer = page.post(path, &body);
            assert!(
                [404, 409, 422].contains(&answer.status),
                "{path} {name:?}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    let after: BTreeSet<_> = crate::canary::files(home.path()).into_iter().collect();
    assert_eq!(before, after);
    assert_eq!(fs::read(here.join("mistakes.csv")).unwrap(), original);
    assert_eq!(fs::read_to_string(home.path().join("outside.csv")).unwrap(), "user login\nann\n");
    // What is there is never written over, and what comes is its owner's alone.
    assert_eq!(page.upload("mistakes.csv", b"x").is(409).code(), "exists");
    assert_eq!(page.post("/api/save", &json!({ "as": "mistakes.csv" })).is(409).code(), "exists");
    page.upload("new.csv", b"user login\nann\n").is(200);
    assert_eq!(fs::metadata(here.join("new.csv")).unwrap().permissions().mode() & 0o777, 0o600);
    // A link that takes a roster's place is not followed either.
    fs::remove_file(here.join("new.csv")).unwrap();
    symlink(home.path().join("outside.csv"), here.join("new.csv")).unwrap();
    page.post("/api/roster", &json!({ "name": "new.csv" })).is(404);
}

#[test]
fn a_body_that_is_too_large_is_refused_and_not_taken() {
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    let before = page.checked();
    for (method, path, kind, most) in [
        ("POST", "/api/save", "application/json", 1 << 20),
        ("POST", "/api/lease", "application/json", 1 << 20),
        ("POST", "/api/session", "application/json", 1 << 20),
        ("PUT", "/api/columns", "application/json", 1 << 20),
        ("POST", "/api/edit", "application/json", 8 << 20),
        ("POST", "/api/paste", "application/json", 8 << 20),
        ("PUT", "/api/files/large.csv", "application/octet-stream", 64 << 20),
    ] {
        // By what it says of itself: not a byte of it is awaited.
        let head = page.head(method, path, kind, most + 1);
        let answer = raw(page.port, head.as_bytes()).unwrap();
        assert_eq!((answer.status, answer.code().as_str()), (413, "too-large"), "{path}");
    }
    // And where it says nothing: by what comes.
    let head = page
        .head("POST", "/api/save", "application/json", 0)
        .replace("Content-Length: 0", "Transfer-Encoding: chunked");
    let piece = format!("{:x}\r\n{}\r\n", 64 << 10, " ".repeat(64 << 10));
    let answer = raw(page.port, format!("{head}{}0\r\n\r\n", piece.repeat(17)).as_bytes()).unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (413, "too-large"));
    // A question has no body.
    let answer = page.send("GET", "/api/state", "application/json", b"{}");
    assert_eq!(answer.status, 413, "{}", answer.text());
    let long = format!("/api/rows?find={}", "x".repeat(100 << 10));
    let answer = raw(page.port, page.head("GET", &long, "", 0).as_bytes());
    assert!(answer.is_err() || answer.is_ok_and(|answer| [414, 431].contains(&answer.status)));
    // At most so many rows, and so many cells.
    assert!(page.get("/api/rows?count=100000").json()["rows"].as_array().unwrap().len() <= 500);
    let cells: Vec<Value> = (0..100_001).map(|_| json!({ "n": 3, "col": 0, "text": "" })).collect();
    let answer = page.post("/api/edit", &json!({ "revision": page.revision(), "cells": cells }));
    assert_eq!(answer.status, 413, "{}", answer.text());
    assert_eq!(page.state(), before);
    assert!(!here.path().join("large.csv").exists());
}

#[test]
fn thirty_two_connections_are_served_and_a_head_that_drips_is_given_up() {
    let here = folder(&["mistakes.csv"]);
    let page = Page::open(here.path(), &["mistakes.csv"]);
    page.checked();
    let begun = Instant::now();
    let mut held: Vec<TcpStream> = (0..32)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", page.port)).unwrap();
            stream.write_all(b"GET /api/state HTTP/1.1\r\nHost: ").unwrap();
            stream.set_read_timeout(Some(LONG)).unwrap();
            stream
        })
        .collect();
    let mut next = TcpStream::connect(("127.0.0.1", page.port)).unwrap();
    next.write_all(page.head("GET", "/api/state", "", 0).as_bytes()).unwrap();
    next.set_read_timeout(Some(Duration::from_secs(1))).unwrap();
    let waits = next.read(&mut [0; 16]).map_err(|error| error.kind());
    assert!(waits.is_err_and(|kind| kind == std::io::ErrorKind::WouldBlock), "the 33rd waits for a place");
    // One goes, and the next is served.
    drop(held.pop());
    next.set_read_timeout(Some(LONG)).unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The others say nothing more: they are given up after ten seconds, and everybody is served again.
    let mut rest = Vec::new();
    let _ = held[0].read_to_end(&mut rest);
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(8) && took < Duration::from_secs(40), "{took:?}");
    page.get("/api/state").is(200);
}

#[test]
fn nothing_makes_it_listen_beyond_this_machine() {
    let here = folder(&["mistakes.csv"]);
    for flag in ["--host", "--bind", "--listen", "--address", "--public"] {
        let ran = run(headcount(here.path()).args(["open", "mistakes.csv", "--no-browser", flag, "0.0.0.0"]))
            .exits(2);
        assert!(ran.stderr.contains(flag), "{}", ran.stderr);
    }
    let page = Page::open(here.path(), &["mistakes.csv"]);
    let port = format!(":{:04X}", page.port);
    let mut listening = Vec::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        let table = fs::read_to_string(table).unwrap_or_default();
        let lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let ours = lines.filter(|line| line.len() > 3 && line[1].ends_with(&port) && line[3] == "0A");
        listening.extend(ours.map(|line| line[1].to_owned()));
    }
    assert_eq!(listening, [format!("0100007F{port}")], "127.0.0.1 alone");
}

#[test]
fn a_tab_that_takes_over_leaves_the_other_to_look_only() {
    let here = folder(&["mistakes.csv"]);
    let mut page = Page::open(here.path(), &["mistakes.csv"]);
    let state = page.checked();
    let mut events = page.events();
    events.until("state");
    let lease = page.post("/api/lease", &json!({})).json()["lease"].as_u64().unwrap();
    assert_eq!(events.until("lease")["lease"], lease);
    for (method, path, kind) in routes().into_iter().filter(|(method, path, _)| {
        method != "GET" && !["/api/session", "/api/lease"].contains(&path.as_str())
    }) {
        let answer = page.send(&method, &asked(&path), kind, b"{}");
        assert_eq!((answer.status, answer.code().as_str()), (423, "lease"), "{method} {path}");
    }
    page.get("/api/state").is(200);
    page.lease = lease;
    let edit = json!({ "revision": state["revision"], "cells": [{ "n": 3, "col": 0, "text": "Ida" }] });
    page.post("/api/edit", &edit).is(200);
    // A revision that was seen before is stale.
    assert_eq!(page.post("/api/edit", &edit).is(409).code(), "stale");
}
