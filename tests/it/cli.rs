//! The command line itself: its examples work, its mistakes are met with the word that was meant, its extras are whole.

#[cfg(unix)]
use std::collections::BTreeMap;
#[cfg(unix)]
use std::fs;

use crate::harness::{Service, folder, headcount, run};

/// The commands that `--help` lists.
fn commands() -> Vec<String> {
    let folder = folder(&[]);
    let help = run(headcount(folder.path()).arg("--help")).exits(0).stdout;
    let listed = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let names = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<String> = names.map(|line| line.split_whitespace().next().unwrap().to_owned()).collect();
    assert!(names.len() >= 11, "{help}");
    names.into_iter().filter(|name| name != "help").collect()
}

/// The examples at the end of a command's help.
#[cfg(unix)]
fn examples(command: &str) -> Vec<String> {
    let folder = folder(&[]);
    let help = run(headcount(folder.path()).args([command, "--help"])).exits(0).stdout;
    let Some((_, examples)) = help.split_once("\nExamples:\n") else { return Vec::new() };
    examples.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

#[cfg(unix)]
#[test]
fn every_example_of_every_help_works_when_pasted() {
    let service = Service::start(&[]);
    let folder = folder(&["roster.csv"]);
    let leavers = "user login,first name\nzoe.mueller,Zoë\njuergen.gross,Jürgen\n";
    fs::write(folder.path().join("leavers.csv"), leavers).unwrap();
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_headcount")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var_os("PATH").unwrap().display());
    let mut shown: BTreeMap<String, Vec<String>> =
        commands().into_iter().map(|command| (command.clone(), examples(&command))).collect();
    for (command, examples) in &shown {
        assert!(!examples.is_empty(), "`headcount {command} --help` has no example");
    }
    // The ledger that the others read is made by the import's own.
    let first = ["import"].into_iter().map(|name| (name.to_owned(), shown.remove(name).unwrap()));
    for (command, examples) in first.collect::<Vec<_>>().into_iter().chain(shown) {
        for example in examples {
            // A server goes on until it is ended, and a table is nowhere here: their flags are read, and that is all.
            let serves = ["simulate", "open", "ledger"].contains(&command.as_str());
            let typed = if serves { format!("{example} --help") } else { example.clone() };
            let typed = if command == "import" { format!("{typed} --rate 1000") } else { typed };
            // Nobody is there to type how many users go.
            let asks = command == "undo" && !typed.ends_with(" --dry-run");
            let typed = if asks { format!("{typed} --dry-run") } else { typed };
            let mut shell = std::process::Command::new("sh");
            shell.current_dir(folder.path()).args(["-c", &typed]).stdin(std::process::Stdio::null());
            for (name, value) in service.headcount(folder.path()).get_envs() {
                match value {
                    Some(value) => shell.env(name, value),
                    None => shell.env_remove(name),
                };
            }
            let ran = run(shell.env("PATH", &path));
            assert_eq!((ran.exit, ran.stderr.contains("error:")), (0, false), "{example}\n{ran:?}");
        }
    }
    for made in
        ["result.html", "result.xlsx", "headcount.1", "headcount-import.1", "headcount.bash", "_headcount"]
    {
        assert!(fs::metadata(folder.path().join(made)).unwrap().len() > 500, "{made}");
    }
}

#[test]
fn a_slip_of_the_finger_is_met_with_the_word_that_was_meant() {
    let folder = folder(&["roster.csv"]);
    for (typed, meant) in [
        (vec!["imprt", "roster.csv"], "import"),
        (vec!["import", "roster.csv", "--simulat"], "--simulate"),
        (vec!["import", "roster.csv", "--instnce", "x"], "--instance"),
        (vec!["validate", "roster.csv", "--identity", "sam"], "saml"),
        (vec!["report", "x.jsonl", "--format", "htm"], "html"),
        (vec!["policy", "imprt", "roster.csv"], "import"),
    ] {
        let ran = run(headcount(folder.path()).args(&typed)).exits(2);
        assert!(ran.stderr.contains(&format!("hint: did you mean `{meant}`?")), "{typed:?}: {}", ran.stderr);
    }
    for typed in ["SAML", "Saml", "connect_managed", "EXISTING_DIRECTORY"] {
        run(headcount(folder.path()).args(["template", "--identity", typed])).exits(0);
    }
}

#[test]
fn completions_are_there_for_every_shell_and_name_every_command() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(headcount(folder.path()).args(["completions", shell])).exits(0).stdout;
        for command in commands() {
            assert!(script.contains(&command), "{shell}: {command}");
        }
    }
}

#[cfg(unix)]
#[test]
fn the_shells_that_are_here_take_their_completions() {
    let folder = folder(&[]);
    let script = run(headcount(folder.path()).args(["completions", "bash"])).exits(0).stdout;
    fs::write(folder.path().join("c.bash"), script).unwrap();
    // Completes `headcount re` as a person's tab would.
    let asked = ". ./c.bash && COMP_WORDS=(headcount re) COMP_CWORD=1 && _headcount headcount re headcount && echo ${COMPREPLY[@]}";
    let ran = run(std::process::Command::new("bash").args(["-c", asked]).current_dir(folder.path())).exits(0);
    assert_eq!(ran.stdout.trim(), "retry remove report");
    for (shell, check) in [("zsh", "-n"), ("fish", "--no-execute")] {
        let script = run(headcount(folder.path()).args(["completions", shell])).exits(0).stdout;
        fs::write(folder.path().join(shell), script).unwrap();
        if std::process::Command::new(shell).arg("--version").output().is_err() {
            use std::io::Write as _;
            let _ =
                writeln!(std::io::stderr(), "\nSKIPPED: no `{shell}` here, so its completions are not read");
            continue;
        }
        let ran = run(std::process::Command::new(shell).args([check, shell]).current_dir(folder.path()));
        assert_eq!((ran.exit, ran.stderr.as_str()), (0, ""), "{shell}");
    }
}

#[test]
fn the_manual_has_a_page_for_the_program_and_for_each_command() {
    let folder = folder(&[]);
    let listed = run(headcount(folder.path()).args(["man", "--list"])).exits(0).stdout;
    assert_eq!(listed.lines().collect::<Vec<_>>(), commands());
    let page = run(headcount(folder.path()).arg("man")).exits(0).stdout;
    assert!(page.contains(".TH headcount 1"), "{page}");
    for command in commands() {
        let page = run(headcount(folder.path()).args(["man", &command])).exits(0).stdout;
        assert!(page.contains(&format!(".TH headcount-{command} 1")), "{page}");
        assert!(page.contains("Examples:"), "{command}");
    }
    let ran = run(headcount(folder.path()).args(["man", "nothing"])).exits(2);
    assert!(ran.stderr.contains("hint: `headcount man --list`"), "{}", ran.stderr);
}

#[test]
fn without_a_terminal_talk_is_plain_and_events_are_json() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    let ran = run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains('\r'), "{:?}", ran.stderr);
    assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
    let again =
        run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000", "--format", "json"]))
            .exits(0);
    let events: Vec<serde_json::Value> =
        again.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.first().unwrap()["event"], "started");
    assert_eq!(events.first().unwrap()["version"], 1);
    assert_eq!(events.last().unwrap()["event"], "ended");
}
