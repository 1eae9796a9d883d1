//! What people at Windows meet, as far as any system shows it: files that PowerShell's `>` wrote, results in files, and
//! printed commands pasted into `cmd` where there is one.

use std::fs;

#[cfg(windows)]
use crate::harness::pasted;
use crate::harness::{folder, headcount, run};

/// As PowerShell 5 writes what it is told to redirect.
fn by_powershell(text: &str) -> Vec<u8> {
    let text = text.replace('\n', "\r\n");
    format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn what_a_shell_of_windows_redirected_is_read() {
    let folder = folder(&["hr-export.csv", "hr-export.toml", "directory.json", "roster.csv"]);
    let path = folder.path();
    let said = |arguments: &[&str]| run(headcount(path).args(arguments));
    let before = said(&["validate", "hr-export.csv", "--columns", "hr-export.toml"]).exits(0);
    for name in ["hr-export.toml", "directory.json", "roster.csv"] {
        let text = fs::read_to_string(path.join(name)).unwrap();
        fs::write(path.join(format!("anew-{name}")), by_powershell(&text)).unwrap();
    }
    let after = said(&["validate", "hr-export.csv", "--columns", "anew-hr-export.toml"]).exits(0);
    assert_eq!(after.stdout.replace("anew-", ""), before.stdout);
    said(&["validate", "anew-roster.csv"]).exits(0);
    let plain = said(&["validate", "roster.csv", "--directory", "directory.json", "--format", "json"]);
    let anew = said(&["validate", "roster.csv", "--directory", "anew-directory.json", "--format", "json"]);
    assert_eq!((anew.exit, anew.stdout), (plain.exit, plain.stdout));
}

#[test]
fn a_ledger_that_a_shell_wrote_anew_is_told_as_that() {
    let folder = folder(&["roster.csv"]);
    let path = folder.path();
    run(headcount(path).args(["import", "roster.csv", "--simulate", "--rate", "100"])).exits(0);
    let text = fs::read_to_string(path.join("roster.csv.simulate.ledger.jsonl")).unwrap();
    fs::write(path.join("copy.jsonl"), by_powershell(&text)).unwrap();
    let said = run(headcount(path).args(["status", "copy.jsonl"])).exits(4).stderr;
    assert!(said.contains("it is in UTF-16") && said.contains("`>`"), "{said}");
}

#[test]
fn a_result_goes_into_a_file_of_its_own_whole_and_as_stdout_would_have_it() {
    let folder = folder(&["mistakes.csv", "roster.csv"]);
    let path = folder.path();
    run(headcount(path).args(["import", "roster.csv", "--simulate", "--rate", "100"])).exits(0);
    let ledger = "roster.csv.simulate.ledger.jsonl";
    for (number, (arguments, exit)) in [
        (&["validate", "mistakes.csv"][..], 3),
        (&["validate", "mistakes.csv", "--format", "json"], 3),
        (&["validate", "mistakes.csv", "--format", "junit"], 3),
        (&["validate", "--explain", "email-not-allowed"], 0),
        (&["status", ledger], 0),
        (&["status", ledger, "--format", "json"], 0),
        (&["status", ledger, "--rows", "created"], 0),
        (&["completions", "powershell"], 0),
        (&["man", "import"], 0),
    ]
    .into_iter()
    .enumerate()
    {
        let out = format!("out {number}");
        let shown = run(headcount(path).args(arguments)).exits(exit);
        let kept = run(headcount(path).args(arguments).args(["-o", &out])).exits(exit);
        assert_eq!(kept.stdout, "", "{arguments:?}");
        assert!(kept.stderr.contains(&format!("written: {out}")), "{arguments:?}: {}", kept.stderr);
        assert_eq!(fs::read_to_string(path.join(&out)).unwrap(), shown.stdout, "{arguments:?}");
        let again = run(headcount(path).args(arguments).args(["-o", &out])).exits(2);
        assert!(again.stderr.contains("a file is there already"), "{arguments:?}: {}", again.stderr);
    }
    // What fails leaves nothing.
    run(headcount(path).args(["validate", "not-there.csv", "-o", "nothing"])).exits(2);
    assert!(!path.join("nothing").exists());
}

/// Folders that people have, and the name of a roster in them.
#[cfg(windows)]
#[test]
fn every_printed_command_can_be_pasted_into_cmd_whatever_the_folder_is_called() {
    let both = ["plain", "my rosters", "Müller & Söhne (1)", "100% neu", "a^b!c", "it's, or", "x$ y", "007"];
    // These two are for PowerShell alone, which says so.
    let only_powershell = ["a$b `c", "50 %TEMP%"];
    let tools = tempfile::Builder::new().prefix("my tools ").tempdir().unwrap();
    let program = tools.path().join("headcount.exe");
    fs::copy(env!("CARGO_BIN_EXE_headcount"), &program).unwrap();
    let is_powershell = std::env::var_os("HEADCOUNT_TEST_SHELL").is_some();
    for name in both.into_iter().chain(only_powershell) {
        let is_for_all = both.contains(&name);
        let outer = folder(&["roster.csv"]);
        let path = outer.path().join(name);
        fs::create_dir(&path).unwrap();
        let text = fs::read_to_string(outer.path().join("roster.csv")).unwrap();
        let broken: String =
            text.lines().take(4).map(|line| line.replacen('@', "(at)", 1) + "\r\n").collect();
        let roster = format!("{name}.csv");
        fs::write(path.join(&roster), broken).unwrap();
        let line = ["import", &roster, "--simulate", "--skip-invalid"];
        let ran = run(headcount(&path).args(line)).exits(1);
        let retry = ran
            .stderr
            .lines()
            .find_map(|line| line.strip_prefix("retry with: "))
            .unwrap_or_else(|| panic!("{}", ran.stderr));
        assert!(retry.starts_with("headcount retry "), "{retry}");
        assert_eq!(retry.contains("  # for PowerShell"), !is_for_all, "{retry}");
        if !is_for_all && !is_powershell {
            continue;
        }
        let ran = run(&mut pasted(&headcount(&path), retry)).exits(3);
        assert!(ran.stderr.contains("(3 rows) [email-syntax]"), "{}", ran.stderr);
        // By its whole path, from elsewhere, through a folder with a space.
        let ledger = path.join(format!("{roster}.simulate.ledger.jsonl"));
        let mut status = std::process::Command::new(&program);
        let elsewhere = tempfile::tempdir().unwrap();
        status.current_dir(elsewhere.path()).arg("status").arg(&ledger).env("PATH", "");
        let said = run(&mut status).exits(0).stdout;
        let retry = said.lines().find_map(|line| line.split_once("then: ")).unwrap().1;
        assert!(retry.contains("\\headcount.exe\" retry "), "{retry}");
        run(&mut pasted(&headcount(elsewhere.path()), retry)).exits(3);
    }
}
