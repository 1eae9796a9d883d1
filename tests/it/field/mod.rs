//! What people really bring: the inputs of `tests/field/`, each with what is right to say of it.

mod allowed;
mod annotated;
mod cells;
mod damaged;
mod header;
mod logins;
mod maps;

use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;

/// The file of this name in `tests/field/`.
fn input(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name)
}

/// What is brought is answered for: each file of the folder, by a test that says what is right of it.
#[test]
fn each_input_has_a_test_that_names_it() {
    let folder = |path: &str| std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let tests: String =
        folder("tests/it/field").map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
    let brought = folder("tests/field").map(|file| file.unwrap().file_name().into_string().unwrap());
    let unnamed: Vec<String> = brought.filter(|name| !tests.contains(&format!("\"{name}\""))).collect();
    assert!(unnamed.is_empty(), "no test of tests/it/field names: {unnamed:?}");
}

/// A finding as `validate --format json` has it.
struct Found {
    code: String,
    row: Option<u64>,
    column: Option<String>,
    value: Option<String>,
    message: String,
    hint: String,
}

/// What `validate` says of a roster: how it ends, and its findings.
fn findings(roster: &Path, args: &[&str]) -> (i32, Vec<Found>) {
    let mut command = Command::cargo_bin("headcount").unwrap();
    let output = command.arg("validate").arg(roster).args(args).args(["--format", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let text = |finding: &Value, key: &str| finding[key].as_str().map(str::to_owned);
    let read = |finding: &Value| Found {
        code: text(finding, "code").unwrap(),
        row: finding["row"].as_u64(),
        column: text(finding, "column"),
        value: text(finding, "value"),
        message: text(finding, "message").unwrap(),
        hint: text(finding, "hint").unwrap_or_default(),
    };
    (output.status.code().unwrap(), document["findings"].as_array().unwrap().iter().map(read).collect())
}
