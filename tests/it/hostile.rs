//! What SECURITY.md claims is held by tests that are there, and the seeds of the fuzz targets are played.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::fuzzed;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path, ending));
        } else if path.to_str().unwrap().ends_with(ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn sources() -> Vec<PathBuf> {
    ["src", "tests"].iter().flat_map(|folder| files(&Path::new(ROOT).join(folder), ".rs")).collect()
}

/// The names of all tests.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in sources() {
        let text = fs::read_to_string(path).unwrap();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            is_test |= line == "#[test]" || line.starts_with("#[tokio::test");
            if let Some(rest) = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ")
                && std::mem::take(&mut is_test)
            {
                names.insert(rest.split('(').next().unwrap().to_owned());
            }
        }
    }
    names
}

#[test]
fn every_row_of_the_table_is_held_by_tests_that_are_there() {
    let text = fs::read_to_string(Path::new(ROOT).join("SECURITY.md")).unwrap();
    let (_, table) = text.split_once("| what is tried | what it gets | held by |").expect("the table");
    let tests = tests();
    let mut tried = BTreeSet::new();
    for line in table.lines().map(str::trim).filter(|line| line.starts_with('|') && !line.starts_with("|---"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [what, gets, held] = cells[..] else { panic!("not three cells: {line}") };
        assert!(tried.insert(what), "twice: {what}");
        assert!(!gets.is_empty(), "{line}");
        let names: Vec<&str> = held.split(", ").collect();
        for name in names {
            let name = name.strip_prefix('`').and_then(|name| name.strip_suffix('`'));
            let name = name.unwrap_or_else(|| panic!("not a name: {line}"));
            assert!(tests.contains(name), "no such test: {name}");
        }
    }
    assert!(tried.len() >= 60, "{} rows", tried.len());
}

#[test]
fn there_is_no_unsafe_code() {
    let manifest = fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    let (_, lints) = manifest.split_once("\n[lints.rust]\n").unwrap();
    assert!(
        lints
            .lines()
            .take_while(|line| !line.starts_with('['))
            .any(|line| line == "unsafe_code = \"forbid\"")
    );
    // `forbid` cannot be taken back by an attribute; generated or included code would still be looked at here.
    let word = ["un", "safe"].concat();
    for path in sources() {
        let text = fs::read_to_string(&path).unwrap();
        for form in ["{", "fn ", "impl ", "extern ", "("] {
            let found = text.contains(&format!("{word} {form}")) || text.contains(&format!("{word}{form}"));
            assert!(!found, "{}: {word} {form}", path.display());
        }
    }
}

#[test]
fn every_seed_of_every_fuzz_target_is_read_or_refused() {
    let seeds = Path::new(ROOT).join("fuzz/seeds");
    for (name, parse) in fuzzed::ALL {
        let found = files(&seeds.join(name), "");
        assert!(!found.is_empty(), "no seeds for {name}");
        for path in found {
            let bytes = fs::read(&path).unwrap();
            parse(&bytes);
            // Cut short, and with a byte changed, as a fuzzer begins.
            for at in (0..bytes.len()).step_by(1 + bytes.len() / 16) {
                parse(&bytes[..at]);
                let mut changed = bytes.clone();
                changed[at] ^= 0x55;
                parse(&changed);
            }
        }
    }
    let targets = files(&Path::new(ROOT).join("fuzz/fuzz_targets"), ".rs");
    let named = |path: &PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let targets: BTreeSet<String> = targets.iter().map(named).collect();
    assert_eq!(targets, fuzzed::ALL.iter().map(|(name, _)| (*name).to_owned()).collect());
}
