//! What people really bring: the files of `tests/field/`, each with what is right to make of it.

mod header;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ran, headcount, run};

/// A folder with copies of these files of `tests/field/`.
pub fn folder(names: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for name in names {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/field").join(name);
        fs::copy(from, folder.path().join(name)).unwrap();
    }
    folder
}

/// Runs a command of the program in the folder.
pub fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    run(headcount(folder).args(arguments))
}

/// What `validate` finds in a file: how many rows there are, and each finding's code with its row.
#[track_caller]
pub fn found(folder: &Path, arguments: &[&str]) -> (u64, Vec<(String, Option<u64>)>) {
    let ran = ran(folder, &[&["validate", "--format", "json"], arguments].concat());
    let Ok(document) = serde_json::from_str::<Value>(&ran.stdout) else { panic!("{arguments:?}: {ran:?}") };
    let findings = document["findings"].as_array().unwrap().iter();
    let findings = findings.map(|f| (f["code"].as_str().unwrap().to_owned(), f["row"].as_u64()));
    (document["rows"].as_u64().unwrap(), findings.collect())
}
