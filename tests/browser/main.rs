//! The report's page in a real browser. Takes long, and needs Chromium: `cargo test --test browser -- --ignored`.

#![allow(clippy::print_stdout, reason = "it tells what it measured")]
#![cfg(unix)]
#![expect(unreachable_pub, reason = "a test binary has no outside")]
#![expect(clippy::unwrap_used, reason = "a test may stop at a surprise")]

mod chromium;
#[path = "../it/made.rs"]
#[expect(dead_code, reason = "its other half is for the tests of the reports")]
mod made;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use chromium::Page;
use headcount::ledger::RowState;
use made::{HOSTILE, LEDGER, Made, eventful};
use serde_json::{Value, json};

/// Ten thousand rows, of which most are made.
fn long() -> Made {
    let mut made = Made::new();
    let users: Vec<String> = (0..10_000).map(|at| format!("agent{at:05}@example.com")).collect();
    for (row, user) in (2..).zip(&users) {
        made.plan(user, row);
    }
    for (at, user) in users.iter().enumerate() {
        match at % 100 {
            7 => made.failed(user, RowState::Rejected, "InvalidRequestException", "the service's own words"),
            8 => made.failed(
                user,
                RowState::Exists,
                "DuplicateResourceException",
                "user u-9 has no tag of headcount",
            ),
            9 => {
                made.throttled(user);
                made.created(user);
            }
            _ => made.created(user),
        }
    }
    made.end(1);
    made
}

/// The page of a ledger, in a folder that lives as long as the result.
fn report(made: &Made) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    made.write(folder.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
    let made =
        command.current_dir(folder.path()).args(["report", LEDGER, "-o", "run.html"]).status().unwrap();
    assert!(made.success());
    let page = folder.path().join("run.html");
    (folder, page)
}

const ROWS: &str = "document.querySelectorAll('#table tbody tr').length";
const TOLD: &str = "document.getElementById('told').textContent";

fn type_in(page: &mut Page, text: &str) {
    page.value(&format!(
        "{{ const find = document.getElementById('find'); find.value = {text:?}; \
         find.dispatchEvent(new Event('input', {{bubbles: true}})); }}"
    ));
}

fn choose(page: &mut Page, id: &str, value: &str) {
    page.value(&format!(
        "{{ const select = document.getElementById('{id}'); select.value = '{value}'; \
         select.dispatchEvent(new Event('change', {{bubbles: true}})); }}"
    ));
}

#[test]
#[ignore = "long: needs Chromium"]
fn hostile_names_are_text_and_nothing_else() {
    let Some(mut page) = Page::open() else { return };
    let (_folder, file) = report(&eventful());
    page.load(&file);
    assert_eq!(page.value(ROWS), 20);
    let users = page.value(
        "[...document.querySelectorAll('#table tbody td:nth-child(2)')].map((cell) => cell.textContent)",
    );
    let shown = |name: &str| users.as_array().unwrap().iter().any(|user| user == name);
    for name in HOSTILE
        .iter()
        .filter(|name| !name.chars().any(|c| c.is_control() || "\u{202e}\u{feff}\u{200b}".contains(c)))
    {
        assert!(shown(name), "{name}");
    }
    assert!(shown("a\\u{202e}gnp.exe") && shown("ana\\u{1b}[31m"), "{users}");
    assert_eq!(page.value("document.querySelectorAll('img, iframe, link, object').length"), 0);
    assert_eq!(page.value("document.scripts.length"), 2);
    // Even a script that got in would not run: the page's own policy names the one that may.
    let ran = page.value(
        "(() => { const made = document.createElement('script'); made.textContent = 'window.ran = true'; \
         document.body.append(made); made.remove(); return window.ran === true; })()",
    );
    assert_eq!(ran, false);
    let troubles = page.troubles();
    assert!(troubles.iter().all(|trouble| trouble.contains("Content Security Policy")), "{troubles:#?}");
    assert!(!troubles.is_empty(), "the policy says what it refuses");
}

#[test]
#[ignore = "long: needs Chromium"]
fn rows_are_filtered_sorted_and_searched_by_hand_and_by_keyboard() {
    let Some(mut page) = Page::open() else { return };
    let (_folder, file) = report(&long());
    page.load(&file);
    assert_eq!((page.value(ROWS), page.value(TOLD)), (json!(100), json!("10,000 rows, 1 to 100 shown")));

    choose(&mut page, "state", "rejected");
    assert_eq!(page.value(TOLD), "100 of 10,000 rows");
    type_in(&mut page, "AGENT09907 own");
    assert_eq!((page.value(ROWS), page.value(TOLD)), (json!(1), json!("1 of 10,000 rows")));
    type_in(&mut page, "nobody of this name");
    assert_eq!((page.value(ROWS), page.value(TOLD)), (json!(0), json!("0 of 10,000 rows")));
    page.value("document.querySelector('#filter [type=reset]').click()");
    page.troubles(); // a turn of the loop
    assert_eq!(page.value(TOLD), "10,000 rows, 1 to 100 shown");

    // The heading of a column, with Enter: ascending, then descending.
    let first = "document.querySelector('#table tbody tr td:nth-child(2)').textContent";
    let sort = "document.querySelectorAll('#table th')[1].getAttribute('aria-sort')";
    page.value("document.querySelectorAll('#table th button')[1].focus()");
    page.press("Enter", 13);
    assert_eq!((page.value(sort), page.value(first)), (json!("ascending"), json!("agent00000@example.com")));
    page.press("Enter", 13);
    assert_eq!((page.value(sort), page.value(first)), (json!("descending"), json!("agent09999@example.com")));
    assert_eq!(page.value("document.querySelectorAll('[aria-sort]').length"), 1);

    // The rows of a cause.
    page.value("document.querySelector('button[data-cause=\"1\"]').click()");
    page.troubles();
    assert_eq!(page.value(TOLD), "100 of 10,000 rows");
    assert_eq!(page.value("document.activeElement.id"), "rows");
    page.value("document.querySelector('#filter [type=reset]').click()");
    page.troubles();
    page.value("document.querySelectorAll('#pages button')[1].click()");
    assert_eq!(page.value(TOLD), "10,000 rows, 101 to 200 shown");

    // On paper there are no pages to turn.
    choose(&mut page, "state", "exists");
    page.value("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(page.value(ROWS), 100);
    choose(&mut page, "state", "");
    page.value("dispatchEvent(new Event('beforeprint'))");
    assert_eq!(page.value(ROWS), 10_000);
    page.value("dispatchEvent(new Event('afterprint'))");
    assert_eq!(page.value(ROWS), 100);
    assert_eq!(page.troubles(), [""; 0]);
}

#[test]
#[ignore = "long: needs Chromium"]
fn it_fits_every_screen_and_reads_as_what_it_is() {
    let Some(mut page) = Page::open() else { return };
    let (_folder, file) = report(&eventful());
    // For people to look at.
    std::fs::copy(&file, std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("report.html")).unwrap();
    page.load(&file);
    for width in [320, 390, 768, 1280] {
        page.resize(width, 900);
        let wide = page.value("document.documentElement.scrollWidth").as_u64().unwrap();
        assert!(wide <= u64::from(width), "{width}: {wide}");
        // Whatever the width, a reader is told of a table with its headings.
        let tree = page.call("Accessibility.getFullAXTree", json!({}));
        let nodes = tree["nodes"].as_array().unwrap();
        let role = |name: &str| nodes.iter().filter(|node| node["role"]["value"] == name).count();
        assert_eq!(
            (role("columnheader") >= 7, role("table") >= 1, role("row") >= 21),
            (true, true, true),
            "{width}"
        );
        assert_eq!((role("main"), role("search"), role("status")), (1, 1, 1), "{width}");
        let named = |node: &&Value| node["name"]["value"].as_str().is_none_or(str::is_empty);
        let controls = ["button", "combobox", "searchbox", "image"];
        let nameless: Vec<_> = nodes
            .iter()
            .filter(|node| {
                node["ignored"] == false && controls.iter().any(|role| node["role"]["value"] == *role)
            })
            .filter(named)
            .collect();
        assert_eq!(nameless, Vec::<&Value>::new());
    }
    let levels = page
        .value("[...document.querySelectorAll('h1, h2, h3')].map((heading) => Number(heading.tagName[1]))");
    let levels: Vec<u64> = levels.as_array().unwrap().iter().map(|level| level.as_u64().unwrap()).collect();
    assert_eq!(levels.iter().filter(|level| **level == 1).count(), 1);
    assert!(levels.windows(2).all(|two| two[1] <= two[0] + 1), "no level is left out: {levels:?}");
    assert_eq!(page.troubles(), [""; 0]);
}

/// The slips of this many users, in a folder that lives as long as the result.
fn slips(users: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let names =
        ["Jürgen,Müller-Lüdenscheid", "محمد,الأحمد", "Mária-Aurélia Theodora,von Hohenlohe-Schillingsfürst"];
    let mut roster = "first name,last name,email address,user login,routing profile name,security profiles,phone type,team lead\n".to_owned();
    for at in 0..users {
        let name = names[at % names.len()];
        let _ = writeln!(
            roster,
            "{name},a{at}@example.com,agent{at:05}.l1O0I,Basic Routing Profile,Agent,soft,Anna Schmidt"
        );
    }
    std::fs::write(folder.path().join("r.csv"), roster).unwrap();
    let import = "import r.csv --simulate --rate 500 --generate-passwords --credentials-out pw.jsonl";
    let slips = "credentials pw.jsonl --ledger r.csv.simulate.ledger.jsonl --slips -o slips.html --sign-in-url \
                 https://acme-contact-centre.my.connect.aws --with team_lead";
    for line in [import, slips] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_headcount"));
        let ran = command.current_dir(folder.path()).args(line.split(' ')).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
    let page = folder.path().join("slips.html");
    (folder, page)
}

/// How many pages a print has on paper of this size, in inches.
fn printed(page: &mut Page, width: f64, height: f64) -> usize {
    let paper = json!({"paperWidth": width, "paperHeight": height, "preferCSSPageSize": false,
                       "marginTop": 0.43, "marginBottom": 0.43, "marginLeft": 0.39, "marginRight": 0.39});
    let data = page.call("Page.printToPDF", paper)["data"].as_str().unwrap().to_owned();
    let pdf = from_base64(&data);
    let text = String::from_utf8_lossy(&pdf);
    text.matches("/Type /Page\n").count()
}

fn from_base64(text: &str) -> Vec<u8> {
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for value in text.chars().filter_map(|c| LETTERS.find(c)) {
        bits = bits << 6 | value as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}

#[test]
#[ignore = "long: needs Chromium"]
fn slips_print_eight_to_a_page_whole_and_without_a_request() {
    let Some(mut page) = Page::open() else { return };
    for (users, pages) in [(1, 1), (8, 1), (9, 2), (55, 7)] {
        let (_folder, file) = slips(users);
        page.load(&file);
        // For people to look at.
        std::fs::copy(&file, std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("slips.html")).unwrap();
        assert_eq!(page.value("document.querySelectorAll('.slip').length"), users);
        let (a4, letter) = (printed(&mut page, 8.27, 11.69), printed(&mut page, 8.5, 11.0));
        assert_eq!((a4, letter), (pages, pages), "{users} users");
        let whole = "[...document.querySelectorAll('.slip')].every((slip) => \
                     getComputedStyle(slip.parentNode).breakInside === 'avoid' && slip.scrollWidth <= slip.clientWidth)";
        assert_eq!(page.value(whole), true);
        // Nothing of a slip is wider than it on a small screen either.
        for width in [320, 390, 1280] {
            page.resize(width, 900);
            let wide = page.value("document.documentElement.scrollWidth").as_u64().unwrap();
            assert!(wide <= u64::from(width), "{width}: {wide}");
        }
    }
    // A name that is read from the right leaves what is typed where it is read from the left.
    let typed = "[...document.querySelectorAll('.typed')].every((typed) => getComputedStyle(typed).direction === 'ltr')";
    assert_eq!(page.value(typed), true);
    assert_eq!(page.value("document.scripts.length"), 0);
    assert_eq!(page.troubles(), [""; 0]);
}

/// The same rows as a table and nothing else: what opening them costs at the least.
fn bare(page: &mut Page, file: &std::path::Path) -> PathBuf {
    page.load(file);
    let rows = page.value("JSON.parse(document.getElementById('data').textContent).rows");
    let mut table = String::from("<!DOCTYPE html><meta charset=utf-8><title>bare</title><table>");
    for row in rows.as_array().unwrap() {
        table.push_str("<tr>");
        for cell in row.as_array().unwrap() {
            let _ =
                write!(table, "<td>{}</td>", cell.as_str().map_or_else(|| cell.to_string(), str::to_owned));
        }
        table.push_str("</tr>\n");
    }
    let path = file.with_file_name("bare.html");
    std::fs::write(&path, table).unwrap();
    path
}

#[test]
#[ignore = "long: needs Chromium"]
fn ten_thousand_rows_open_in_less_than_twice_the_time_of_a_bare_table_and_filter_at_once() {
    let Some(mut page) = Page::open() else { return };
    let (_folder, file) = report(&long());
    let bare = bare(&mut page, &file);
    let mut opened = |file: &std::path::Path| {
        // To the first frame with everything laid out.
        let mut times: Vec<f64> = (0..5)
            .map(|_| {
                page.load(file);
                let drawn = "new Promise((done) => { document.body.offsetHeight; requestAnimationFrame(() => \
                             setTimeout(() => done(performance.now()))); })";
                page.value(drawn).as_f64().unwrap()
            })
            .collect();
        times.sort_by(f64::total_cmp);
        times[2]
    };
    let (bare, ours) = (opened(&bare), opened(&file));
    let timed = "(() => { const find = document.getElementById('find'); const times = []; \
         for (const text of ['a', 'ag', 'agent0', 'agent09', 'own words', 'nobody', '']) { \
         const begun = performance.now(); find.value = text; find.dispatchEvent(new Event('input')); \
         document.body.offsetHeight; times.push(performance.now() - begun); } return Math.max(...times); })()";
    let filtered = page.value(timed).as_f64().unwrap();
    let sorted = "(() => { const button = document.querySelectorAll('#table th button')[1]; \
         const begun = performance.now(); button.click(); document.body.offsetHeight; return performance.now() - begun; })()";
    let sorted = page.value(sorted).as_f64().unwrap();
    println!(
        "opens in {ours:.0} ms, a bare table in {bare:.0} ms; filters in {filtered:.0} ms, sorts in {sorted:.0} ms"
    );
    assert!(ours <= 2.0 * bare, "{ours} ms, bare {bare} ms");
    // What takes longer than a tenth of a second is seen as a pause (Miller 1968, Nielsen 1993).
    assert!(filtered < 100.0, "{filtered} ms");
    assert_eq!(page.troubles(), [""; 0]);
}
