//! The pages say what the program does: their commands are run, their tables compared, their generated parts renewed.
//!
//! `HEADCOUNT_BLESS=1 cargo test --test it readme` renews what is generated.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use headcount::agent::Fingerprint;
use headcount::cli::voice::Flags;
use headcount::exit::Exit;
use headcount::ledger::{Attempt, Entry, Kind, RowState, StepState};
use headcount::plan::{
    Asks, CHANGES, Decision, FATES, Fate, HOLDERS, Holder, Lift, Now, Resolution, Sides, TABLE, decide_step,
};
use headcount::roster::Field;
use headcount::text::worded;

use crate::harness::{headcount, run};

const PAGES: [&str; 31] = [
    "README.md",
    "docs/columns.md",
    "docs/hr-exports.md",
    "docs/ledger.md",
    "docs/truth-table.md",
    "docs/embedded-connect.md",
    "docs/iam.md",
    "docs/retry.md",
    "docs/first-import.md",
    "docs/saml-and-directory.md",
    "docs/when-it-stops.md",
    "docs/unattended.md",
    "docs/passwords.md",
    "docs/second-wave.md",
    "docs/export.md",
    "docs/movers.md",
    "docs/undo.md",
    "docs/leavers.md",
    "docs/one-sheet.md",
    "docs/mend.md",
    "docs/shared-ledgers.md",
    "docs/serverless.md",
    "docs/security.md",
    "docs/windows.md",
    "docs/comparison.md",
    "docs/performance.md",
    "docs/reliability.md",
    "docs/architecture.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
];

/// The pages whose commands are run, in this order, in one folder.
const RUN: [&str; 17] = [
    "README.md",
    "docs/ledger.md",
    "docs/hr-exports.md",
    "docs/first-import.md",
    "docs/saml-and-directory.md",
    "docs/when-it-stops.md",
    "docs/retry.md",
    "docs/iam.md",
    "docs/unattended.md",
    "docs/passwords.md",
    "docs/second-wave.md",
    "docs/export.md",
    "docs/movers.md",
    "docs/undo.md",
    "docs/leavers.md",
    "docs/one-sheet.md",
    "docs/mend.md",
];

/// The pages whose commands build and test the program itself, which a test of it cannot do.
const OF_THE_SOURCE: [&str; 2] = ["docs/performance.md", "docs/reliability.md"];

fn path(page: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(page)
}

fn read(page: &str) -> String {
    fs::read_to_string(path(page)).unwrap()
}

fn printed(arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    run(headcount(folder.path()).args(arguments)).exits(0).stdout
}

/// Fails unless the page has exactly this between `<!-- NAME -->` and `<!-- /NAME -->`; or makes it so.
fn is_generated(page: &str, name: &str, expected: &str) {
    let text = read(page);
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- /{name} -->"));
    let from = text.find(&begin).unwrap_or_else(|| panic!("{page} has no {begin}")) + begin.len();
    let to = text.find(&end).unwrap_or_else(|| panic!("{page} has no {end}"));
    if std::env::var_os("HEADCOUNT_BLESS").is_some() {
        fs::write(path(page), [&text[..from], expected, &text[to..]].concat()).unwrap();
    } else {
        assert_eq!(&text[from..to], expected, "{page}: HEADCOUNT_BLESS=1 cargo test --test it readme");
    }
}

/// The commands with what `--help` says of each.
fn commands() -> Vec<(String, String)> {
    let help = printed(&["--help"]);
    let listed = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let mut commands: Vec<(String, String)> = Vec::new();
    for line in listed.lines() {
        match line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) {
            Some(line) => {
                let (name, about) = line.split_once(' ').unwrap();
                commands.push((name.to_owned(), about.trim().to_owned()));
            }
            None => {
                let about = &mut commands.last_mut().unwrap().1;
                *about = format!("{about} {}", line.trim());
            }
        }
    }
    commands.retain(|(name, _)| name != "help");
    assert!(commands.len() >= 8, "{help}");
    commands
}

// One test, because each part is written into a page that the next one reads.
#[test]
fn the_generated_parts_are_what_the_program_says() {
    let mut table = "| command | does |\n|---|---|\n".to_owned();
    for (name, about) in commands() {
        table += &format!("| `headcount {name}` | {about} |\n");
    }
    is_generated("README.md", "commands", &table);

    let mut table = "| exit code | meaning |\n|---|---|\n".to_owned();
    for (exit, meaning) in Exit::TABLE {
        table += &format!("| {} | {} |\n", exit.code(), worded(meaning, &Flags));
    }
    is_generated("README.md", "exit-codes", &table);

    is_generated("README.md", "policy", &format!("```json\n{}```\n", printed(&["policy"])));
    is_generated("docs/truth-table.md", "decisions", &decisions());
    is_generated("docs/truth-table.md", "table", &truth_table());
    is_generated("docs/truth-table.md", "changes", &changes_table());
    is_generated("docs/truth-table.md", "holders", &holders_table());
    is_generated("docs/truth-table.md", "fates", &fates_table());
    is_generated("docs/truth-table.md", "steps", &steps_table());
}

fn decisions() -> String {
    let used: BTreeSet<Decision> = TABLE.iter().flat_map(|rule| [rule.resume, rule.retry]).collect();
    let mut table = "| word | what is done |\n|---|---|\n".to_owned();
    for decision in used.into_iter().chain([Decision::Missing, Decision::Departed, Decision::Replaced]) {
        let (word, meaning) = words(decision);
        table += &format!("| {word} | {meaning} |\n");
    }
    table
}

fn steps_table() -> String {
    let mut table = "| the ledger has them | the roster asks | `import` | `retry` that picks them | `retry` that does not |\n|---|---|---|---|---|\n".to_owned();
    for stood in StepState::OF_IMPORTS {
        let was = match stood {
            StepState::Nothing => "not asked for",
            StepState::Pending => "pending",
            StepState::Done => "given",
            StepState::Rejected => "rejected",
            StepState::Unconfirmed | StepState::Skipped => continue,
        };
        for asks in Asks::ALL {
            let now = match asks {
                Asks::Same => "unchanged",
                Asks::Other => "changed",
                Asks::Nothing => "for none",
                Asks::Unclear => "row with errors",
                Asks::Gone => "row not there",
            };
            let done = |retry| format!("{:?}", decide_step(retry, stood, asks)).to_lowercase();
            let (import, picked, other) = (done(None), done(Some(true)), done(Some(false)));
            table += &format!("| {was} | {now} | {import} | {picked} | {other} |\n");
        }
    }
    table
}

fn truth_table() -> String {
    let mut table =
        "| # | the ledger has it | the roster has it now | `import` | `retry`, a row it picks |\n|--:|---|---|---|---|\n"
            .to_owned();
    for rule in TABLE {
        let was = match rule.was {
            None => "not at all",
            Some(RowState::Pending) => "pending",
            Some(RowState::InDoubt) => "in doubt",
            Some(RowState::Created) => "created",
            Some(RowState::Exists) => "exists",
            Some(RowState::Rejected) => "rejected",
            Some(RowState::Invalid) => "invalid",
            Some(RowState::There) => "there",
            Some(RowState::Deleted) => "deleted (undone)",
            Some(RowState::Unconfirmed) => "its deletion not settled",
            Some(RowState::Updated | RowState::Skipped) => continue,
        };
        let now = match rule.now {
            Now::Same => "unchanged",
            Now::Changed => "changed",
            Now::Invalid => "with errors",
            Now::Gone => "not at all",
        };
        let (resume, retry) = (words(rule.resume).0, words(rule.retry).0);
        table += &format!("| {} | {was} | {now} | {resume} | {retry} |\n", rule.number);
    }
    table
}

/// What an update does with a group.
fn changes_table() -> String {
    let mut table = "| # | the row and the instance | last asked for | `update`, and what `diff` tells | with `--overwrite-drift` |\n|--:|---|---|---|---|\n".to_owned();
    for rule in CHANGES {
        let (sides, before) = match rule.sides {
            Sides::NotAsked => ("the row asks for nothing in it", "whatever"),
            Sides::Equal => ("equal", "whatever"),
            Sides::DifferUnknown => ("differ", "nothing is known"),
            Sides::DifferRosterChanged => ("differ", "as the instance has it: the roster has changed"),
            Sides::DifferInstanceChanged => {
                ("differ", "as the row has it: somebody has changed the user on the instance")
            }
            Sides::DifferBothChanged => ("differ", "neither: both have changed"),
        };
        let [usual, overwriting] = [rule.usual, rule.overwriting].map(|done| match done {
            None => "left alone",
            Some(Resolution::Same) => "same",
            Some(Resolution::Update) => "update",
            Some(Resolution::Drift) => "drift: told and left",
            Some(Resolution::Conflict) => "conflict: told and left",
            Some(Resolution::Create | Resolution::Skip) => panic!("no group is made or skipped"),
        });
        table += &format!("| {} | {sides} | {before} | {usual} | {overwriting} |\n", rule.number);
    }
    table
}

/// What is done with a whole person.
fn holders_table() -> String {
    let mut table =
        "| # | who has the name | `update` and `diff` | code | `import` |\n|--:|---|---|---|---|\n"
            .to_owned();
    for rule in HOLDERS {
        let holder = match rule.holder {
            Holder::Nobody => "nobody, and no ledger at hand knows of anybody",
            Holder::NobodyAnyMore => "nobody, and a ledger at hand made or changed somebody",
            Holder::Twin => "nobody; somebody has it in another case",
            Holder::Unknown => "a user of whom no ledger at hand knows",
            Holder::Known => "the user of a ledger at hand, by its id",
            Holder::Replaced => "a user of another id than the ledger's",
        };
        let (changes, code) = rule
            .changes
            .map_or(("group by group", String::new()), |(done, code)| (done.word(), format!("`{code}`")));
        let import = match (rule.import, rule.holder) {
            (Some(Resolution::Skip), _) => "told and left",
            (Some(done), _) => done.word(),
            (None, Holder::Known) => "by the table above",
            (None, _) => "compared: equal is `there`, else `exists`",
        };
        table += &format!("| {} | {holder} | {changes} | {code} | {import} |\n", rule.number);
    }
    table
}

/// What stands against deleting somebody.
fn fates_table() -> String {
    let mut table =
        "| # | what stands against it | code | then | lifted by |\n|--:|---|---|---|---|\n".to_owned();
    for rule in FATES {
        let then = match rule.fate {
            Fate::Wait => "looked at again by the next run",
            Fate::Skip(_) => "left",
            Fate::Delete | Fate::Gone => panic!("a reason deletes nobody"),
        };
        let lift = match rule.lift {
            None => "nothing",
            Some(Lift::EvenIfChanged) => "`--even-if-changed`",
            Some(Lift::WithQuickConnects) => "`--with-quick-connects`",
            Some(Lift::EvenIfSignedIn) => "`--even-if-signed-in`",
            Some(Lift::EvenIfAdmin) => "`--even-if-admin`",
        };
        table += &format!("| {} | {} | `{}` | {then} | {lift} |\n", rule.number, rule.words, rule.code);
    }
    table
}

fn words(decision: Decision) -> (&'static str, &'static str) {
    match decision {
        Decision::Add => ("add", "planned in the ledger, then sent"),
        Decision::Send => ("send", "sent as planned"),
        Decision::Replace => ("replace", "planned anew with the roster's cells, then sent"),
        Decision::Settle => {
            ("settle", "sent again under the same username, which settles it by the service's own answer")
        }
        Decision::SettleChanged => (
            "settle changed",
            "planned anew with the roster's cells, sent, and settled by whichever attempt made the user",
        ),
        Decision::LookUp => ("look up", "looked for on the instance; nothing is sent"),
        Decision::Skip => ("skip", "recorded as invalid, not sent"),
        Decision::Drop => ("drop", "leaves the ledger's count, and that is said"),
        Decision::Keep => ("keep", "left as it is"),
        Decision::Drift => ("drift", "reported; the user keeps the cells it was made with"),
        Decision::Orphan => ("orphan", "reported; the user is not deleted"),
        Decision::Missing => (
            "missing",
            "keep or drift, and the user is gone from the instance: warned of; `--recreate-missing` sends it",
        ),
        Decision::Departed => (
            "departed",
            "keep or drift, and the user is gone from the instance and stands in a ledger of leavers beside: told, not missed, \
             and not sent",
        ),
        Decision::Replaced => (
            "replaced",
            "keep or drift, and the instance has the name under another id: told, exit 1; whoever has it is left alone",
        ),
    }
}

/// Console blocks are run in order in one folder that has copies of `samples/` and a `roster.csv` whose names the
/// embedded Connect knows, with the credentials of a running `headcount simulate`.
#[cfg(unix)]
#[test]
fn the_commands_of_the_pages_do_what_is_shown() {
    use std::io::Write as _;

    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("samples")).unwrap();
    for name in
        ["roster.csv", "mistakes.csv", "hr-export.csv", "hr-export.toml", "roster-without-passwords.csv"]
    {
        fs::copy(path("samples").join(name), folder.path().join("samples").join(name)).unwrap();
    }
    fs::write(folder.path().join("roster.csv"), ROSTER).unwrap();
    let service = crate::harness::Service::start(&[]);
    let has_jq = std::process::Command::new("jq").arg("--version").output().is_ok();
    if !has_jq {
        // Past the test runner, which keeps what a test prints to itself while the test passes.
        let _ = std::io::stderr().write_all(b"\nSKIPPED: no `jq` here, so its recipes are not run\n");
    }
    let mut ran = 0;
    for page in RUN {
        for shown in examples(&read(page)) {
            if shown.command.contains("jq ") && !has_jq {
                continue;
            }
            let output = in_shell(&service.headcount(folder.path()), &shown.command).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            assert_eq!(output.status.code(), Some(shown.exit), "{page}: {}\n{text}", shown.command);
            if !shown.output.is_empty() {
                assert_eq!(comparable(&text), comparable(&shown.output), "{page}: {}", shown.command);
            }
            ran += 1;
        }
    }
    assert!(ran >= 12, "only {ran} commands were found");
    for ledger in ["samples/roster.csv.simulate.ledger.jsonl", "roster.csv.ledger.jsonl"] {
        lines_have_the_documented_members(&fs::read_to_string(folder.path().join(ledger)).unwrap());
    }
}

const ROSTER: &str = "\
first name,last name,email address,password,user login,routing profile name,security profiles,phone type,phone number,auto accept,ACW timeout
Ana,Lima,ana.lima@example.com,Lantern-Reef-1,ana.lima,Basic Routing Profile,Agent,soft,,yes,30
Bo,Lind,bo.lind@example.com,Lantern-Reef-2,bo.lind,Basic Routing Profile,Agent,desk,+493023125042,no,30
";

/// A command of a console block: what is typed, how it ends, and what is shown of its output.
#[derive(Debug, PartialEq)]
struct Example {
    command: String,
    exit: i32,
    output: String,
}

fn examples(page: &str) -> Vec<Example> {
    let mut examples: Vec<Example> = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if let Some(typed) = line.strip_prefix("$ ").filter(|_| inside) {
            let (command, exit) = typed.rsplit_once("   # exits ").unwrap_or((typed, "0"));
            let command = command.replace("cargo run --release -- ", "headcount ");
            examples.push(Example { command, exit: exit.parse().unwrap(), output: String::new() });
        } else if inside {
            examples.last_mut().unwrap().output += &format!("{line}\n");
        }
    }
    examples
}

/// The commands of the page for Windows, which are the same in each of its shells: the words of each are those between
/// spaces, but for what stands in double quotes, and `\` parts folders.
#[test]
fn the_commands_of_the_page_for_windows_do_what_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("samples")).unwrap();
    for name in ["roster.csv", "roster-without-passwords.csv"] {
        fs::copy(path("samples").join(name), folder.path().join("samples").join(name)).unwrap();
    }
    fs::write(folder.path().join("roster.csv"), ROSTER).unwrap();
    fs::write(folder.path().join("wave-2.csv"), ROSTER).unwrap();
    let service = crate::harness::Service::start(&[]);
    let page = read("docs/windows.md");
    let (mut ran, mut inside) = (0, false);
    for line in page.lines() {
        if line.starts_with("```") {
            inside = line == "```powershell";
        } else if inside {
            let line = if cfg!(windows) { line.to_owned() } else { line.replace('\\', "/") };
            let mut words = line.split('"').enumerate().flat_map(|(at, part)| match at % 2 {
                0 => part.split_whitespace().collect::<Vec<_>>(),
                _ => vec![part],
            });
            assert_eq!(words.next(), Some("headcount"), "{line}");
            run(service.headcount(folder.path()).args(words)).exits(0);
            ran += 1;
        }
    }
    assert!(ran >= 12, "only {ran} commands were found");
}

/// The shell with a command's environment, and the program first in its path.
#[cfg(unix)]
fn in_shell(like: &std::process::Command, typed: &str) -> std::process::Command {
    let program = Path::new(env!("CARGO_BIN_EXE_headcount")).parent().unwrap();
    let found = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::join_paths([program.to_owned()].into_iter().chain(std::env::split_paths(&found)));
    let mut shell = std::process::Command::new("sh");
    shell.arg("-c").arg(format!("{{ {typed} ; }} 2>&1")).stdin(std::process::Stdio::null());
    shell.current_dir(like.get_current_dir().unwrap());
    for (name, value) in like.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.env("PATH", found.unwrap());
    shell
}

/// Without what differs from machine to machine: lines of progress, how long it took, and, as calls of a busy machine may
/// bunch up on their way and be throttled, how many there were.
fn comparable(output: &str) -> String {
    let is_progress = |line: &&str| {
        let words: Vec<&str> = line.split(' ').take(4).collect();
        matches!(words[..], [_, "of", _, "rows:"])
    };
    let lines = output.lines().filter(|line| !is_progress(line)).map(|line| match line.split_once("; ") {
        Some((rows, calls)) if calls.contains(" CreateUser call") => format!("{rows}; CALLS\n"),
        Some((people, _)) if people.ends_with(" people deleted") => format!("{people}; TIME\n"),
        _ => format!("{line}\n"),
    });
    lines.collect()
}

#[test]
fn no_page_shows_commands_that_are_not_run() {
    let shows = |page: &str| !examples(&read(page)).is_empty();
    for entry in fs::read_dir(path("docs")).unwrap() {
        let page = format!("docs/{}", entry.unwrap().file_name().to_str().unwrap());
        if page.ends_with(".md") && !OF_THE_SOURCE.contains(&page.as_str()) {
            assert_eq!(shows(&page), RUN.contains(&page.as_str()), "{page}");
        }
    }
}

#[test]
fn examples_are_read_with_their_exit_and_their_output() {
    let page =
        "```console\n$ a | b\nx\ny\n$ cargo run --release -- c   # exits 3\n```\n```sh\n$ not this\n```\n";
    let example =
        |command: &str, exit, output: &str| Example { command: command.into(), exit, output: output.into() };
    assert_eq!(examples(page), [example("a | b", 0, "x\ny\n"), example("headcount c", 3, "")]);
    assert_eq!(
        comparable(
            "20 of 25 rows: 20 created\n25 of 25 rows created; 26 CreateUser calls, 1 throttled; 11 s\n"
        ),
        comparable("25 of 25 rows created; 25 CreateUser calls, 0 throttled; 10 s\n")
    );
}

/// The members of each type, and whether each is always there, by the table of the README.
fn documented_members() -> BTreeMap<String, BTreeMap<String, bool>> {
    let page = read("README.md");
    let table = page.split_once("| `type` | when | members |\n|---|---|---|\n").unwrap().1;
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let word = |cell: &str| cell.trim().trim_end_matches('?').trim_matches('`').to_owned();
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        let members = cells[2].split(',').map(|cell| (word(cell), !cell.trim().ends_with('?')));
        (word(cells[0]), members.collect())
    })
    .collect()
}

/// Fails unless each line has the members that are documented for its type: all that are always there, and no other.
fn lines_have_the_documented_members(lines: &str) {
    let documented = documented_members();
    for line in lines.lines() {
        let record: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let members = &documented[record["type"].as_str().unwrap()];
        assert!(record.contains_key("crc"), "each line has its checksum: {line}");
        for name in record.keys().filter(|name| *name != "type" && *name != "crc") {
            assert!(members.contains_key(name), "not documented: {name} in {line}");
        }
        for name in members.iter().filter_map(|(name, always)| always.then_some(name)) {
            assert!(record.contains_key(name), "documented and not there: {name} in {line}");
        }
    }
}

#[test]
fn the_ledgers_table_has_every_type_and_every_member() {
    let documented = documented_members();
    let kinds = [
        Kind::Ledger,
        Kind::Session,
        Kind::Row,
        Kind::Dropped,
        Kind::Intent,
        Kind::Outcome,
        Kind::Step,
        Kind::Seen,
        Kind::End,
        Kind::Moved,
    ];
    let kinds = kinds.map(|kind| {
        // A type that is added stops here until it is in the list above.
        match kind {
            Kind::Ledger
            | Kind::Session
            | Kind::Row
            | Kind::Dropped
            | Kind::Intent
            | Kind::Outcome
            | Kind::Step
            | Kind::Seen
            | Kind::End
            | Kind::Moved => serde_json::to_value(kind).unwrap().as_str().unwrap().to_owned(),
        }
    });
    assert_eq!(documented.keys().cloned().collect::<BTreeSet<_>>(), BTreeSet::from(kinds));

    let text = || Some("x".into());
    let whole = Entry {
        header_row: Some(5),
        kind: Kind::Outcome,
        version: Some(1),
        run: text(),
        roster: text(),
        digest: text(),
        instance: text(),
        rehearsal: true,
        target: text(),
        job: Some(headcount::ledger::Job::Update),
        tool: text(),
        session: text(),
        host: text(),
        pid: Some(1),
        region: text(),
        profile: text(),
        endpoint: text(),
        rate: Some(2.0),
        allow: vec!["x".into()],
        only: vec!["tags".into()],
        settings: Some(vec!["x".into()]),
        alias: text(),
        user: text(),
        was: Some("b".into()),
        row: Some(1.into()),
        fingerprint: Some(Some(Fingerprint::of(1))),
        proficiencies: Some(Fingerprint::of(1)),
        step: Some(headcount::ledger::Step::Proficiencies),
        result: Some(headcount::ledger::StepState::Done),
        op: Some(headcount::ledger::Op::Create),
        attempt: Attempt::new(1),
        nonce: Some(headcount::ledger::Nonce::of(1)),
        state: Some(RowState::Created),
        equal: true,
        by_run: text(),
        recovered: true,
        untagged: true,
        generated: true,
        stands_as: Some(headcount::ledger::StandsAs::Seen(headcount::ledger::SeenAs::Gone)),
        calls: Some(headcount::ledger::Calls { sent: 2, throttled: 1 }),
        unexecuted: Some(headcount::ledger::Unexecuted::Throttled),
        id: text(),
        code: text(),
        message: text(),
        request_id: text(),
        exit: Some(0),
        to: text(),
        at: text(),
    };
    let whole = serde_json::to_value(whole).unwrap();
    let members: BTreeSet<&str> =
        whole.as_object().unwrap().keys().map(String::as_str).filter(|name| *name != "type").collect();
    let in_readme: BTreeSet<&str> =
        documented.values().flat_map(|members| members.keys().map(String::as_str)).collect();
    assert_eq!(in_readme, members, "README.md");
    let page = read("docs/ledger.md");
    let explained = page.split_once("## Members").unwrap().1.split_once("\n## ").unwrap().0;
    let explained: BTreeSet<&str> = explained
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| line.split('|').nth(1).unwrap().split(','))
        .map(|cell| cell.trim().trim_matches('`'))
        .filter(|name| *name != "type" && *name != "crc")
        .collect();
    assert_eq!(explained, members, "docs/ledger.md");
}

#[test]
fn the_lines_that_the_ledgers_page_shows_are_lines_of_a_ledger() {
    let page = read("docs/ledger.md");
    let blocks = page.split("```json\n").skip(1).map(|rest| rest.split_once("```").unwrap().0);
    let blocks: Vec<&str> = blocks.collect();
    assert_eq!(blocks.len(), 4, "an import's, an update's, an undo's, and the end of one that was moved");
    for block in blocks {
        let mut written = Vec::new();
        for line in block.lines() {
            serde_json::from_str::<Entry>(line).unwrap().write_to(&mut written);
        }
        assert_eq!(String::from_utf8(written).unwrap(), block);
        lines_have_the_documented_members(block);
    }
    for state in RowState::ALL {
        let word = serde_json::to_value(state).unwrap();
        let word = format!("`{}`", word.as_str().unwrap());
        assert!(read("README.md").contains(&word) && page.contains(&word), "{word}");
    }
}

#[test]
fn every_column_of_the_console_is_in_the_readme_and_every_column_has_a_page() {
    let page = read("README.md");
    let table = page.split_once("| column | is | holds |").unwrap().1.split_once("\n\n").unwrap().0;
    let all = read("docs/columns.md");
    for field in Field::ALL {
        let header = format!("`{}`", field.header().replace('|', "\\|"));
        assert!(table.contains(&header) || field.is_beyond_the_console(), "{header}");
        assert!(all.contains(&header), "{header}");
    }
}

#[test]
fn what_is_said_not_to_be_there_is_not_there() {
    let mut help = printed(&["--help"]);
    for (name, _) in commands() {
        help += &printed(&[&name, "--help"]);
    }
    let page = read("README.md");
    let said = page.split_once("## Not there yet\n").unwrap().1.split_once("\n## ").unwrap().0;
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    for (missing, once_there) in [
        ("Reports", "\n  report "),
        ("saving an instance's directory", "\n  directory "),
        ("generated passwords", "--generate-passwords"),
        ("a rate that is learned", "quota|auto"),
        ("national phone numbers", "--phone-region"),
        ("findings written into the spreadsheet", "--annotate"),
        ("shell completions", "\n  completions "),
    ] {
        assert_eq!(said.contains(missing), !help.contains(once_there), "Not there yet: {missing}");
    }
}

#[test]
fn the_pages_name_only_commands_flags_and_files_that_are_there() {
    let commands = commands();
    let mut help = printed(&["--help"]);
    for (name, _) in &commands {
        help += &printed(&[name, "--help"]);
    }
    let of_other_programs = [
        "--assume-role-policy-document",
        "--bench",
        "--check",
        "--cli-input-json",
        "--cluster-name",
        "--definition",
        "--features",
        "--hierarchy-group-id",
        "--ignore-missing",
        "--ignored",
        "--include-ignored",
        "--init",
        "--instance-id",
        "--lib",
        "--log-group-name",
        "--manifest-path",
        "--name",
        "--no-default-features",
        "--nocapture",
        "--path",
        "--point-in-time-recovery-specification",
        "--policy-document",
        "--policy-name",
        "--predicate-type",
        "--release",
        "--renew",
        "--repo",
        "--rm",
        "--role-arn",
        "--role-name",
        "--routing-profile-id",
        "--runs",
        "--security-profile-ids",
        "--signer-workflow",
        "--stop-timeout",
        "--table-name",
        "--test",
        "--user",
        "--user-id",
        "--warmup",
    ];
    for page in PAGES {
        let text = read(page);
        for (at, _) in text.match_indices("headcount ") {
            // A command where the word stands in code, as `headcount x` or $ headcount x.
            if !matches!(text[..at].chars().next_back(), Some('`' | ' ')) || !text[..at].ends_with(['`', ' '])
            {
                continue;
            }
            let typed = text[..at].ends_with('`') || text[..at].ends_with("$ ");
            let rest = &text[at + "headcount ".len()..];
            let name = rest.split(|c: char| !c.is_ascii_lowercase()).next().unwrap();
            // The columns of the file of failed rows are called so too.
            let is_column = ["state", "code", "reason", "row", "user", "mark"].contains(&name);
            let known =
                is_column || rest.starts_with("--") || commands.iter().any(|(command, _)| command == name);
            assert!(!typed || known, "{page}: there is no `headcount {name}`");
        }
        for (at, _) in text.match_indices("--") {
            let flag: String =
                text[at..].chars().take_while(|c| c.is_ascii_lowercase() || *c == '-').collect();
            let is_flag = text[..at].ends_with(['`', ' ', '(']) && flag.trim_start_matches('-').len() > 1;
            if is_flag && !of_other_programs.contains(&flag.as_str()) {
                let known =
                    [" ", "\n", "\t", ",", "["].iter().any(|end| help.contains(&format!("{flag}{end}")));
                assert!(known, "{page}: no command has {flag}");
            }
        }
        for link in text.split("](").skip(1) {
            let target = link.split([')', '#']).next().unwrap();
            if !target.is_empty() && !target.starts_with("http") {
                let there = path(page).parent().unwrap().join(target);
                assert!(there.exists(), "{page} links to {target}");
            }
        }
    }
}
