//! The shape of the source: which module may know which, and where the outside world is touched.

mod literals;
mod loops;

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use headcount::text::{Setting, marks};
use literals::{Literal, literals};

/// What each module may name of the crate, besides itself and the points of `crash`, from the ground to the top floor: a
/// module knows none above it. A path allows what is below it.
#[rustfmt::skip]
const KNOWS: &[(&str, &[&str])] = &[
    // The ground: words and means that know nobody.
    ("clock", &[]),
    ("crash", &[]),
    ("disk", &["clock"]),
    ("exit", &[]),
    ("memory", &[]),
    ("agent", &[]),
    ("text", &[]),
    ("finding", &["text"]),
    ("error", &["exit"]),
    ("log", &["disk"]),
    // The means.
    ("connect", &["agent", "clock", "error"]),
    ("ledger", &["agent", "clock", "disk", "error", "exit", "log", "text"]),
    // Where rows and steps stand is told in the ledger's words.
    ("event", &["agent", "finding", "ledger", "text"]),
    ("waits", &["clock", "event", "text"]),
    ("passwords", &["agent", "disk", "error", "exit", "ledger", "log", "text"]),
    ("stop", &["event"]),
    ("directory", &["agent", "error", "text::decoded", "text::escaped"]),
    ("user", &["agent", "connect::Operation", "connect::model", "directory", "ledger"]),
    ("lane", &["clock", "connect", "disk", "stop", "waits", "text::escape_from"]),
    ("table", &["clock", "connect", "lane::backoff", "ledger"]),
    // An independent witness: the wire types and the transport's seam, and none of the rules.
    ("simulator", &[
        "agent", "clock", "connect::BoxFuture", "connect::Transport", "connect::TransportError", "connect::model", "disk",
        "text::escape_from",
    ]),
    // The stages, in the order in which data flows.
    ("roster", &["agent", "disk", "error", "finding", "text"]),
    ("validate", &["agent", "directory", "error", "finding", "roster", "text"]),
    ("plan", &["agent", "event", "finding", "ledger", "user"]),
    ("instance", &[
        "agent", "clock", "connect", "directory", "error", "exit", "lane", "stop", "text", "waits",
    ]),
    ("apply", &[
        // Of a directory the map of its users alone: who is listed is found in it by name and by variant.
        "agent", "clock", "connect", "directory::Found", "directory::Users", "error", "event", "exit",
        "instance::proficiencies", "lane", "ledger", "passwords", "plan", "stop", "text", "user", "waits",
    ]),
    ("failed", &["agent", "disk", "error", "finding", "ledger", "plan", "roster", "text", "validate"]),
    ("export", &[
        "agent", "connect::model", "directory", "disk", "error", "finding", "log", "roster", "text", "user", "validate",
    ]),
    ("report", &[
        "agent", "clock", "disk", "error", "event", "exit", "finding", "ledger", "plan", "roster", "text", "user",
        "validate",
    ]),
    ("mend", &["agent", "error", "finding", "report", "roster", "validate"]),
    ("handout", &[
        "agent", "error", "failed", "finding", "ledger", "passwords", "roster", "text", "validate",
    ]),
    // What is meant.
    ("job", &[
        "agent", "apply", "clock", "connect", "directory", "error", "event", "exit", "export", "failed",
        "finding",
        "disk", "instance", "lane", "ledger", "mend", "passwords", "plan", "report", "roster", "simulator", "stop", "text", "user", "validate",
        "waits",
    ]),
    // The screens.
    ("web", &["agent", "clock", "disk", "error", "job", "ledger", "report", "roster", "stop", "text"]),
    ("cli", &[
        "mend", "web",
        "agent", "clock", "connect", "directory", "disk", "error", "event", "exit", "failed", "finding", "handout",
        "job", "ledger", "passwords", "plan", "report", "roster", "simulator", "stop", "table", "text", "user", "validate",
    ]),
];

/// A source file: its path from `src/`, its module, its text without tests, and its code without comments and tests.
struct Source {
    path: String,
    module: String,
    text: String,
    code: String,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut sources = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in entries {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let path = entry.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/");
            if !path.ends_with(".rs") || path.ends_with("tests.rs") {
                continue;
            }
            let module = path.split('/').next().unwrap().trim_end_matches(".rs").to_owned();
            let text = without_tests(&fs::read_to_string(&entry).unwrap()).to_owned();
            sources.push(Source { path, module, code: code(&text), text });
        }
    }
    assert!(sources.len() > 60, "only {} files were found", sources.len());
    sources
}

/// The text up to its tests. A module of tests that has a file of its own is but a line of it.
fn without_tests(text: &str) -> &str {
    const TESTS: &str = "#[cfg(test)]\n";
    let begins = |rest: &str| {
        let line = rest[TESTS.len()..].lines().next().unwrap_or_default();
        ["mod ", "pub(crate) mod ", "pub(super) mod "].iter().any(|word| line.starts_with(word))
            && line.ends_with('{')
    };
    let end = text.match_indices(TESTS).map(|(at, _)| at).find(|at| begins(&text[*at..]));
    &text[..end.unwrap_or(text.len())]
}

/// The text up to its tests, without line comments.
fn code(text: &str) -> String {
    let lines = without_tests(text).lines().map(|line| match line.find("//") {
        // Not the slashes of an address.
        Some(at) if !line[..at].ends_with(':') => &line[..at],
        _ => line,
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What code names of the crate, groups (`crate::{a, b::C}`) taken apart to the second level.
fn named(code: &str) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for (at, root) in code.match_indices("crate::") {
        expand(&code[at + root.len()..], "", &mut named);
    }
    named
}

fn expand(rest: &str, before: &str, named: &mut BTreeSet<String>) {
    if let Some(group) = rest.strip_prefix('{') {
        let mut depth = 0;
        let mut start = 0;
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth > 0 => depth -= 1,
                ',' | '}' if depth == 0 => {
                    let part = group[start..at].trim();
                    if !part.is_empty() {
                        expand(part, before, named);
                    }
                    start = at + 1;
                    if c == '}' {
                        return;
                    }
                }
                _ => {}
            }
        }
        return;
    }
    let word: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    let path = if before.is_empty() { word.clone() } else { format!("{before}::{word}") };
    match rest[word.len()..].strip_prefix("::") {
        Some(below) if before.is_empty() => expand(below, &path, named),
        _ => {
            named.insert(path);
        }
    }
}

#[test]
fn names_are_found_alone_in_groups_and_over_lines() {
    let code = "use crate::a::B;\nuse crate::{c, d::{E, F}};\nuse crate::g::{\n    H, i::J,\n};\nlet k = crate::l();";
    let found: Vec<String> = named(code).into_iter().collect();
    assert_eq!(found, ["a::B", "c", "d::E", "d::F", "g::H", "g::i", "l"]);
    let code = code_of_a_file_with_tests();
    assert!(!code.contains("hidden") && code.contains("https://x") && !code.contains("a remark"));
    assert!(code.contains("behind"), "tests in a file of their own hide nothing behind them");
}

fn code_of_a_file_with_tests() -> String {
    let head = "#[cfg(test)]\nmod more_tests;\nuse crate::behind;\n";
    let body = "let a = \"https://x\"; \n// a remark\n#[cfg(test)]\nmod tests {\n    use crate::hidden;\n}\n";
    code(&format!("{head}{body}"))
}

#[test]
fn modules_know_only_what_they_may() {
    let mut wrong = Vec::new();
    for source in sources() {
        if ["lib", "main"].contains(&source.module.as_str()) {
            continue;
        }
        let (_, knows) = KNOWS
            .iter()
            .find(|(module, _)| *module == source.module)
            .unwrap_or_else(|| panic!("which modules may `{}` know? Add it to KNOWS", source.module));
        for name in named(&source.code) {
            let is_own = name.split("::").next() == Some("crash")
                || name == source.module
                || name.starts_with(&format!("{}::", source.module));
            if !is_own && !knows.iter().any(|may| is_of(&name, may)) {
                wrong.push(format!("src/{} knows crate::{name}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Whether a name is this one or below it.
fn is_of(name: &str, above: &str) -> bool {
    name.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[test]
fn imports_run_downwards_only_and_what_may_be_known_is() {
    let sources = sources();
    for (floor, (module, knows)) in KNOWS.iter().enumerate() {
        let own: Vec<_> = sources.iter().filter(|source| source.module == *module).collect();
        assert!(!own.is_empty(), "there is no module `{module}` any more: take it out of KNOWS");
        for known in *knows {
            let is_it = |(below, _): &(&str, _)| is_of(known, below);
            let below = KNOWS.iter().position(is_it);
            assert!(
                below.is_some_and(|below| below < floor),
                "`{module}` knows `{known}`, which is not below it"
            );
            let is_used = own.iter().any(|source| named(&source.code).iter().any(|name| is_of(name, known)));
            assert!(is_used, "`{module}` knows nothing of `{known}` any more: take it out of KNOWS");
        }
    }
}

#[test]
fn no_file_imports_itself_in_a_loop() {
    let sources = sources();
    let loops = loops::loops(sources.iter().map(|source| (source.path.as_str(), source.code.as_str())));
    let found: Vec<String> = loops.iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "files that take names from each other:\n{}", found.join("\n"));
}

/// The stations of a walk in the docs: a file, and a function that is in it.
fn stations(walk: &str) -> Vec<(&str, &str)> {
    let lines = walk.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    lines
        .map(|line| {
            let mut words = line.split('`').skip(1).step_by(2);
            words.next().zip(words.next()).unwrap_or_else(|| panic!("no file and function: {line}"))
        })
        .collect()
}

#[test]
fn the_walks_in_the_docs_go_through_files_and_functions_that_are_there() {
    let docs =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let walks = docs.split_once("## Six walks").unwrap().1.split_once("## Reasons").unwrap().0;
    let walks: Vec<&str> = walks.split("\n### ").skip(1).collect();
    assert_eq!(walks.len(), 6);
    let sources = sources();
    for walk in walks {
        let stations = stations(walk);
        assert!((3..=6).contains(&stations.len()), "{} stations: {walk}", stations.len());
        for (file, function) in stations {
            let source = sources.iter().find(|source| source.path == file);
            let source = source.unwrap_or_else(|| panic!("there is no src/{file}"));
            let is_there =
                ["(", "<"].iter().any(|after| source.code.contains(&format!("fn {function}{after}")));
            assert!(is_there, "src/{file} has no `{function}`");
        }
    }
}

/// Each of these words stands only in the files that begin so.
const ONLY_IN: &[(&str, &[&str])] = &[
    // One HTTP stack, in one place.
    ("reqwest::", &["connect/"]),
    ("hyper::", &["simulator/", "web/mod.rs"]),
    ("hyper_util::", &["simulator/", "connect/proxy.rs", "web/mod.rs"]),
    ("axum::", &["web/"]),
    ("aws_config::", &["connect/"]),
    ("aws_sigv4::", &["connect/"]),
    ("governor::", &["lane/pace.rs"]),
    // One policy of delays.
    ("ExponentialBackoff", &["lane/backoff.rs"]),
    // Who writes files: the ledger only its own, the embedded Connect its world.
    ("OpenOptions", &["disk/"]),
    ("set_len(", &["disk/"]),
    ("NamedTempFile", &["disk/"]),
    ("File::create", &["disk/"]),
    ("fs::write(", &["disk/"]),
    ("fs::rename(", &["disk/"]),
    ("fs::remove_file(", &["disk/"]),
    // What differs by system, and the locks that one of them lacks.
    ("try_lock_shared(", &["disk/"]),
    ("std::os::", &["disk/", "cli/"]),
    // Who prints, and who reads flags and the environment.
    ("println!", &["cli/output.rs"]),
    ("std::env::", &["cli/", "main.rs", "crash.rs"]),
    ("io::stdin", &["cli/"]),
    ("io::stdout", &["cli/"]),
    ("io::stderr", &["cli/"]),
    ("process::exit", &["cli/screen/interrupt.rs"]),
    ("clap::", &["cli/"]),
];

#[test]
fn the_outside_world_is_touched_in_few_places() {
    let mut wrong = Vec::new();
    for source in sources() {
        for (word, places) in ONLY_IN {
            if source.code.contains(word) && !places.iter().any(|place| source.path.starts_with(place)) {
                wrong.push(format!("src/{}: {word}", source.path));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (word, places) in ONLY_IN {
        let is_there = |source: &Source| source.code.contains(word) && source.path.starts_with(places[0]);
        let unused = ["File::create", "fs::write(", "fs::rename(", "println!"];
        assert!(unused.contains(word) || sources().iter().any(is_there), "nobody uses {word} any more");
    }
}

/// The page's drawing has every module, on its floor.
#[test]
fn the_drawing_of_the_source_is_the_source() {
    let page =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/architecture.md")).unwrap();
    let tree = page.split_once("```text\n").unwrap().1.split_once("```").unwrap().0;
    let drawn: Vec<&str> = tree
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .map(|module| module.trim_end_matches('/').trim_end_matches(".rs"))
        .collect();
    let there: Vec<&str> = KNOWS.iter().rev().map(|(module, _)| *module).collect();
    assert_eq!(drawn, there, "docs/architecture.md: the modules from the top floor down");
}

/// What decides, and what no decision does.
const DECIDES: [&str; 5] = ["plan/", "user/", "apply/settle.rs", "apply/table.rs", "lane/verdict.rs"];
const DOES: [&str; 10] = [
    "std::fs",
    "std::io",
    "std::net",
    "std::env",
    "std::process",
    "tokio",
    "async ",
    ".await",
    "Instant::now",
    ".now()",
];

#[test]
fn a_decision_does_nothing() {
    let sources = sources();
    for decides in DECIDES {
        let files: Vec<_> = sources.iter().filter(|source| source.path.starts_with(decides)).collect();
        assert!(!files.is_empty(), "src/{decides} is no more");
        for (source, does) in files.iter().flat_map(|source| DOES.map(|does| (source, does))) {
            assert!(!source.code.contains(does), "src/{} decides, and does: {does}", source.path);
        }
    }
}

#[test]
fn a_plan_is_made_without_files_network_or_time() {
    let outside =
        ["std::fs", "std::io", "std::net", "std::env", "std::time", "std::process", "tokio", "clock"];
    for source in sources().iter().filter(|source| source.module == "plan") {
        for word in outside {
            assert!(!source.code.contains(word), "src/{}: {word}", source.path);
        }
    }
}

/// Flags of programs that are not ours, which a text below the command line may name: where, and which.
const OF_OTHERS: &[(&str, &str)] = &[
    ("connect/credentials.rs", "aws configure export-credentials --profile {name} --format env"),
    // Goes on from `aws sso login` and `aws configure`.
    ("connect/credentials.rs", " --profile {name}"),
    ("passwords/sealed.rs", "cargo install --path . --features age"),
];

/// The first flag that a text names, long or short.
fn flag(text: &str) -> Option<&str> {
    let words = text.split(|c: char| c.is_whitespace() || "`\"'()[]{}<>,;:=".contains(c));
    words.into_iter().find(|word| {
        let is_short =
            word.len() == 2 && word.as_bytes()[0] == b'-' && word.as_bytes()[1].is_ascii_lowercase();
        is_short
            || word
                .match_indices("--")
                .any(|(at, _)| word[at + 2..].starts_with(|c: char| c.is_ascii_lowercase()))
    })
}

/// What is to be set, a text below the command line names by what it is: a page has no flags.
#[test]
fn only_the_command_line_names_flags() {
    for (text, names) in [
        ("give `--ledger FILE`", Some("--ledger")),
        ("is written with -o FILE", Some("-o")),
        ("a well-known -- or nearly so -- name: -5, --, -1", None),
    ] {
        assert_eq!(flag(text), names);
    }
    let sources = sources();
    let mut wrong = Vec::new();
    let mut excused = BTreeSet::new();
    let mut named = HashSet::new();
    for source in sources.iter().filter(|source| !source.path.starts_with("cli/")) {
        for Literal { line, mut text } in literals(&source.text) {
            for (path, other) in OF_OTHERS.iter().filter(|(path, _)| *path == source.path) {
                if text.contains(other) {
                    text = text.replace(other, "");
                    excused.insert((*path, *other));
                }
            }
            if let Some(flag) = flag(&text) {
                wrong.push(format!("src/{}:{line} names {flag}: {text}", source.path));
            }
            let found: Vec<Setting> = marks(&text).map(|mark| mark.setting).collect();
            if source.path != "text/setting.rs" && text.matches('⟦').count() != found.len() {
                wrong.push(format!("src/{}:{line} has a mark that is none: {text}", source.path));
            }
            named.extend(found);
        }
    }
    assert!(wrong.is_empty(), "name the setting, with a mark of `text/setting.rs`: {wrong:#?}");
    assert_eq!(excused.len(), OF_OTHERS.len(), "nobody names these any more: take them out of OF_OTHERS");
    let unnamed: Vec<_> = Setting::ALL.iter().filter(|setting| !named.contains(*setting)).collect();
    assert!(
        unnamed.is_empty(),
        "no text names these any more: take them out of `text/setting.rs`: {unnamed:?}"
    );
}
