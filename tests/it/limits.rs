//! Limits that a machine sets a process: open files, and how large a file may be.
#![cfg(target_os = "linux")]

use std::path::Path;
use std::process::Command;

use crate::harness::{Ran, Service, folder, headcount, run};

/// Runs a command under a limit of the shell's.
fn limited(limit: &str, command: &Command) -> Ran {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit {limit}; exec \"$@\""), "sh", "timeout", "60"]);
    shell.arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(command.get_current_dir().unwrap_or(Path::new(".")));
    run(&mut shell)
}

#[test]
fn with_few_descriptors_every_command_works_or_says_so() {
    let commands: &[&[&str]] = &[
        &["template"],
        &["validate", "roster.csv"],
        &["columns", "roster.csv"],
        &["status", "no.ledger.jsonl"],
        &["import", "roster.csv", "--simulate", "--yes"],
        &["directory", "--simulate"],
    ];
    let folder = folder(&["roster.csv"]);
    let (mut worked, mut refused) = (0, 0);
    // With fewer than four the loader of the operating system cannot begin.
    for limit in (4..=48).step_by(2) {
        for words in commands {
            let ran = limited(&format!("-n {limit}"), headcount(folder.path()).args(*words));
            let told = format!("{limit}: {words:?}: {}: {}", ran.exit, ran.stderr);
            assert!((0..=4).contains(&ran.exit) && !ran.stderr.contains("panic"), "{told}");
            if ran.exit == 4 {
                assert!(ran.stderr.contains("oo many open files"), "{told}");
                refused += 1;
            } else {
                worked += 1;
            }
        }
    }
    assert!(worked > 20 && refused > 20, "{worked} worked, {refused} were refused");
}

#[test]
fn a_ledger_with_records_is_never_to_be_replaced_by_another_when_it_cannot_be_written() {
    let service = Service::start(&[]);
    let folder = folder(&["roster.csv"]);
    run(&mut service.import(folder.path(), "roster.csv", &[])).exits(0);
    let ran = limited("-f 1", &service.import(folder.path(), "roster.csv", &[])).exits(4);
    assert!(ran.stderr.contains("move this ledger, `mv roster.csv.ledger.jsonl NEW`"), "{}", ran.stderr);
    assert!(ran.stderr.contains("--ledger NEW") && !ran.stderr.contains("another place"), "{}", ran.stderr);
    run(&mut service.import(folder.path(), "roster.csv", &[])).exits(0);
}
