//! A run is undone by the real program, against an embedded Connect in a process of its own.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use headcount::clock::{Clock as _, SystemClock};
use headcount::connect::model::User;
use headcount::simulator::server::{self, Running};
use headcount::simulator::{ACCESS_KEY_ID, Operation, Pace, SECRET_ACCESS_KEY, Spec, World};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, Service, folder, headcount, pasted, run, status};

const ROSTER: &str = "roster.csv";
const LEDGER: &str = "roster.csv.ledger.jsonl";

/// A folder with a roster of so many people.
fn of(people: usize) -> tempfile::TempDir {
    let at = folder(&[]);
    write(at.path(), people);
    at
}

fn write(at: &Path, people: usize) {
    let head = "first name,last name,email address,password,user login,routing profile name,security profile name(s)\n";
    let row = |n: usize| {
        format!("Ana,Silva{n},user{n}@example.com,Str0ng!Passw0rd,user{n},Basic Routing Profile,Agent\n")
    };
    let rows: String = (0..people).map(row).collect();
    std::fs::write(at.join(ROSTER), head.to_owned() + &rows).unwrap();
}

fn undo(service: &Service, at: &Path, flags: &[&str]) -> Ran {
    run(service.headcount(at).args(["undo", LEDGER]).args(flags))
}

/// Imports, and returns the run.
fn imported(service: &Service, at: &Path) -> String {
    run(&mut service.import(at, ROSTER, &["--yes"])).exits(0);
    status(at, LEDGER)["run"].as_str().unwrap().to_owned()
}

fn deletions(service: &Service) -> u64 {
    service.calls("DeleteUser", "executed")
}

/// The events of `--format json`.
fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_run_is_undone_once_by_its_name_and_the_same_import_begins_afresh() {
    let (service, at) = (Service::start(&[]), of(5));
    let at = at.path();
    let id = imported(&service, at);
    let ran = undo(&service, at, &["--yes", "--run", &id]).exits(0);
    assert!(ran.stdout.starts_with("5 of 5 people deleted; "), "{}", ran.stdout);
    assert_eq!(deletions(&service), 5);
    let renamed = format!("roster.csv.undone-{id}.ledger.jsonl");
    assert!(ran.stderr.contains(&format!("its ledger is `{renamed}` now")), "{}", ran.stderr);
    assert!(at.join(&renamed).exists() && !at.join(LEDGER).exists());
    // The same command once more, by either name.
    for ledger in [LEDGER, &renamed] {
        let before = std::fs::read(at.join(&renamed)).unwrap();
        let again = run(service.headcount(at).args(["undo", ledger])).exits(0);
        assert_eq!(again.stdout, "nothing is left to undo\n", "{}", again.stderr);
        assert_eq!(std::fs::read(at.join(&renamed)).unwrap(), before, "nothing is written either");
        let again = run(service.headcount(at).args(["undo", ledger, "--format", "json"])).exits(0);
        assert_eq!(events(&again).last().unwrap()["event"], "ended");
    }
    assert_eq!(service.calls("DeleteUser", "called"), 5);
    assert_ne!(imported(&service, at), id);
    assert_eq!(service.calls("CreateUser", "executed"), 10);
}

#[test]
fn where_nobody_is_there_to_type_the_number_the_exact_command_is_said() {
    let (service, at) = (Service::start(&[]), of(3));
    let at = at.path();
    let id = imported(&service, at);
    for flags in [&[][..], &["--yes"], &["--run", &id]] {
        let ran = undo(&service, at, flags).exits(2);
        assert!(ran.stderr.contains("nobody was deleted: 3 users would be"), "{}", ran.stderr);
        let hint = ran.stderr.replace("\n", " ");
        assert!(hint.contains(&format!("--run {id}")) && hint.contains("--yes"), "{}", ran.stderr);
    }
    assert_eq!(service.calls("DeleteUser", "called"), 0);
    assert_eq!(status(at, LEDGER)["rows"]["created"], 3);
}

#[test]
fn another_run_is_refused_before_anything_is_read() {
    let (service, at) = (Service::start(&[]), of(2));
    let at = at.path();
    let id = imported(&service, at);
    let reads = || (service.calls("ListUsers", "called"), service.calls("DescribeUser", "called"));
    let before = reads();
    let ran = undo(&service, at, &["--yes", "--run", "another"]).exits(2);
    assert!(ran.stderr.contains(&id) && ran.stderr.contains("nobody was deleted"), "{}", ran.stderr);
    assert_eq!((reads(), service.calls("DeleteUser", "called")), (before, 0));
}

#[test]
fn a_dry_run_names_everybody_and_deletes_nobody() {
    let (service, at) = (Service::start(&[]), of(3));
    let at = at.path();
    imported(&service, at);
    std::fs::write(at.join("keep.txt"), "\u{feff}# the leads\r\nUSER1\r\n").unwrap();
    let ledger = std::fs::read(at.join(LEDGER)).unwrap();
    let flags = ["--dry-run", "--protect", "keep.txt"];
    let ran = undo(&service, at, &flags).exits(0);
    assert_eq!(ran.stdout, "dry run: 2 users would be deleted; nothing was sent\n");
    for said in ["2 to delete, 1 left", "- user0  row 2", "! user1  row 3", "contact records stay"] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    let ran = undo(&service, at, &[&flags[..], &["--format", "json"]].concat()).exits(0);
    let decided: Vec<_> = events(&ran)
        .iter()
        .filter(|event| event["event"] == "removal")
        .map(|e| e["decision"].clone())
        .collect();
    assert_eq!(decided, ["delete", "skip", "delete"]);
    assert_eq!(std::fs::read(at.join(LEDGER)).unwrap(), ledger);
    assert_eq!(service.calls("DeleteUser", "called"), 0);
}

#[test]
fn a_file_of_those_who_are_to_stay_that_names_nobody_is_a_mistake() {
    let (service, at) = (Service::start(&[]), of(1));
    let at = at.path();
    let id = imported(&service, at);
    std::fs::write(at.join("none.txt"), "# nobody yet\n\n").unwrap();
    for file in ["none.txt", "missing.txt", "."] {
        let ran = undo(&service, at, &["--yes", "--run", &id, "--protect", file]).exits(2);
        assert!(ran.stderr.contains("those who are to stay"), "{}", ran.stderr);
    }
    assert_eq!(service.calls("DeleteUser", "called"), 0);
}

#[test]
fn a_rehearsal_is_undone_in_the_rehearsal_and_an_import_is_not() {
    let at = of(4);
    let at = at.path();
    let rehearsed = "roster.csv.simulate.ledger.jsonl";
    for flags in [&["--simulate"][..], &[]] {
        run(headcount(at).args(["import", ROSTER, "--simulate"])).exits(0);
        let id = status(at, rehearsed)["run"].as_str().unwrap().to_owned();
        let undone =
            headcount(at).args(["undo", rehearsed, "--yes", "--run", &id]).args(flags).output().unwrap();
        let told = String::from_utf8_lossy(&undone.stdout).into_owned();
        assert!(undone.status.success() && told.starts_with("4 of 4 people deleted; "), "{undone:?}");
    }
    let service = Service::start(&[]);
    imported(&service, at);
    let ran = undo(&service, at, &["--simulate"]).exits(2);
    assert!(ran.stderr.contains("this is a rehearsal"), "{}", ran.stderr);
    assert_eq!(service.calls("DeleteUser", "called"), 0);
}

#[test]
fn a_ledger_that_made_nobody_has_another_way_back() {
    let (service, at) = (Service::start(&[]), of(2));
    let at = at.path();
    imported(&service, at);
    let text = std::fs::read_to_string(at.join(ROSTER)).unwrap().replace("Silva1", "Santos");
    std::fs::write(at.join(ROSTER), text).unwrap();
    let update = ["update", ROSTER, "--yes", "--instance", &service.arn];
    run(service.headcount(at).args(update)).exits(0);
    let ran = run(service.headcount(at).args(["undo", "roster.csv.update.ledger.jsonl"])).exits(2);
    assert!(ran.stderr.contains("which made nobody"), "{}", ran.stderr);
    // The way back that it names is one.
    let back = in_one_line(&ran.stderr);
    let back = back.split_once("put everybody back with: ").unwrap().1;
    run(&mut pasted(&service.headcount(at), &format!("{back} --dry-run"))).exits(0);
    // What the update left as it was asked is still the run's to take.
    let id = status(at, LEDGER)["run"].as_str().unwrap().to_owned();
    undo(&service, at, &["--yes", "--run", &id]).exits(0);
    assert_eq!(deletions(&service), 2);
}

#[test]
fn a_ledger_that_is_not_there_is_said_to_be_missing() {
    let (service, at) = (Service::start(&[]), of(1));
    let ran = undo(&service, at.path(), &["--yes", "--run", "x"]).exits(2);
    assert!(ran.stderr.contains(LEDGER), "{}", ran.stderr);
}

/// An embedded Connect in this process, whose users can be changed as in the console, with a run that made some of them.
struct Made {
    runtime: Runtime,
    running: Option<Running>,
    folder: TempDir,
    arn: String,
    id: String,
}

impl Made {
    fn people(number: usize) -> Self {
        Self::of(number, Spec::default())
    }

    fn of(number: usize, spec: Spec) -> Self {
        let spec = Spec { pace: Pace::UNLIMITED, ..spec };
        let (runtime, arn) = (Runtime::new().unwrap(), spec.instance_arn());
        let world = World::new(spec, SystemClock.now());
        let running = Some(runtime.block_on(server::serve(world, 0, Arc::new(SystemClock))).unwrap());
        let mut made = Self { runtime, running, folder: of(number), arn, id: String::new() };
        made.import(&[]).exits(0);
        made.id = status(made.folder.path(), LEDGER)["run"].as_str().unwrap().to_owned();
        made
    }

    fn command(&self) -> Command {
        let mut command = headcount(self.folder.path());
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("AWS_ENDPOINT_URL_CONNECT", &self.running.as_ref().unwrap().url);
        command
    }

    fn import(&self, flags: &[&str]) -> Ran {
        let words = ["import", ROSTER, "--instance", &self.arn, "--rate", "1000"];
        run(self.command().args(words).args(flags))
    }

    fn undo(&self, flags: &[&str]) -> Ran {
        run(self.command().args(["undo", LEDGER, "--yes", "--run", &self.id]).args(flags))
    }

    fn with<T>(&self, what: impl FnOnce(&mut World) -> T) -> T {
        what(&mut self.running.as_ref().unwrap().world())
    }

    fn edit(&self, name: &str, change: impl FnOnce(&mut User)) {
        self.with(|world| world.edit(name, SystemClock.now(), change));
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> =
            self.with(|world| world.everyone().map(|user| user.username.clone()).collect());
        names.sort();
        names
    }

    fn deletions(&self) -> u64 {
        self.running.as_ref().unwrap().stats().of(Operation::DeleteUser).executed
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

/// What was said, in one line: people have it broken where their terminal ends.
fn in_one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn each_reason_to_leave_somebody_is_named_with_the_flag_that_lifts_it_and_no_proof_is_lifted() {
    let made = Made::people(7);
    made.edit("user0", |user| user.identity_info.as_mut().unwrap().last_name = Some("Santos".into()));
    made.edit("user1", |user| drop(user.tags.remove("headcount:run")));
    made.edit("user2", |user| {
        drop(user.tags.insert("headcount:run".into(), "another/1.00000000000000ab".into()))
    });
    made.with(|world| world.add_quick_connect("To user3", "user3"));
    made.with(|world| world.sign_in("user4", "Available"));
    std::fs::write(made.folder.path().join("keep.txt"), "# the leads\nUSER5\n").unwrap();
    let keep = ["--protect", "keep.txt"];
    let ran = made.undo(&keep).exits(1);
    assert!(ran.stdout.starts_with("1 of 7 people deleted, 6 left; "), "{}", ran.stdout);
    let said = in_one_line(&ran.stderr);
    for reason in [
        "left, 1: was changed since; --even-if-changed deletes them too ! user0 row 2",
        "left, 1: carries no tag of headcount's, so that nothing proves whose it is ! user1 row 3",
        "left, 1: does not carry the tag that this run gave it ! user2 row 4",
        "left, 1: quick connects lead to it; --with-quick-connects deletes them too ! user3 row 5",
        "left, 1: is signed in; --even-if-signed-in deletes them too ! user4 row 6",
        "left, 1: is on the list of those who are to stay ! user5 row 7",
        "6 people left as they are; the next line says who and why",
        "undo roster.csv.ledger.jsonl --protect keep.txt --dry-run",
    ] {
        assert!(said.contains(reason), "{reason}\n{}", ran.stderr);
    }
    assert_eq!(made.names(), ["user0", "user1", "user2", "user3", "user4", "user5"]);
    // An import with what is half undone makes nobody anew.
    made.import(&[]).exits(0);
    assert_eq!(made.names().len(), 6);
    let lifted = ["--even-if-changed", "--with-quick-connects", "--even-if-signed-in"];
    let ran = made.undo(&[&keep[..], &lifted].concat()).exits(1);
    assert!(ran.stdout.starts_with("3 of 6 people deleted, 3 left; "), "{}", ran.stdout);
    assert_eq!(made.names(), ["user1", "user2", "user5"]);
    assert_eq!(made.with(|world| world.quick_connects().count()), 0);
    assert!(made.folder.path().join(LEDGER).exists());
}

#[test]
fn a_copy_with_our_tag_and_another_id_is_nobodys_to_delete() {
    let made = Made::people(2);
    let mut copy = made.with(|world| world.everyone().find(|user| user.username == "user0").unwrap().clone());
    (copy.id, copy.username) = ("a-copy".into(), "copied".into());
    let mut again = copy.clone();
    (again.id, again.username) = ("another-id".into(), "user1".into());
    made.with(|world| {
        world.plant(copy, SystemClock.now());
        world.remove("user1");
        world.plant(again, SystemClock.now());
    });
    // Whoever was made minutes ago and is not to be seen by its id may only not be seen yet.
    let ran = made.undo(&[]).exits(6);
    assert!(
        ran.stdout.contains("1 of 2 people deleted") && ran.stdout.contains("1 not settled"),
        "{}",
        ran.stdout
    );
    assert!(ran.stderr.contains("resume with: "), "{}", ran.stderr);
    assert_eq!(made.names(), ["copied", "user1"]);
}

#[test]
fn an_undo_that_is_ended_at_any_time_is_gone_on_with_and_deletes_nobody_twice() {
    let made = Made::people(6);
    let words =
        ["undo", LEDGER, "--yes", "--run", &made.id, "--rate", "4", "--burst", "1", "--format", "json"];
    let mut watched = crate::harness::Watched::start(made.command().args(words));
    loop {
        if watched.event().expect("it ended early")["event"] == "deleted" {
            break;
        }
    }
    watched.kill();
    let left = made.names().len();
    assert!((1..6).contains(&left), "{left}");
    // Meanwhile an import makes nobody of them anew. One deletion may have been announced and not be clear.
    let import = made.import(&[]);
    assert!(import.exit == 0 || import.exit == 6, "{import:?}");
    assert_eq!(made.names().len(), left);
    made.undo(&[]).exits(0);
    assert_eq!((made.names().len(), made.deletions()), (0, 6));
}

#[test]
fn whoever_was_undone_is_made_again_where_that_is_asked_for() {
    let made = Made::people(3);
    made.edit("user2", |user| user.identity_info.as_mut().unwrap().last_name = Some("Santos".into()));
    made.undo(&[]).exits(1);
    assert_eq!(made.names(), ["user2"]);
    made.import(&["--recreate-deleted"]);
    assert_eq!(made.names(), ["user0", "user1", "user2"]);
}

#[test]
fn without_the_permission_to_delete_nobody_is_and_what_is_needed_is_named() {
    let made = Made::people(2);
    made.with(|world| world.deny(Operation::DeleteUser));
    let ran = made.undo(&[]).exits(4);
    let said = in_one_line(&ran.stderr);
    assert!(
        said.contains("`headcount policy undo LEDGER`") && said.contains("resume with: "),
        "{}",
        ran.stderr
    );
    assert_eq!(made.names(), ["user0", "user1"]);
}

/// `/dev/full` is what a full disk looks like.
#[cfg(target_os = "linux")]
#[test]
fn where_the_plan_cannot_be_told_to_programs_nobody_is_deleted() {
    let made = Made::people(3);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let words = ["undo", LEDGER, "--yes", "--run", &made.id, "--format", "json"];
    let ended =
        made.command().args(words).stdout(full).stderr(std::process::Stdio::piped()).output().unwrap();
    assert_eq!(ended.status.code(), Some(4), "{ended:?}");
    assert_eq!((made.deletions(), made.names().len()), (0, 3));
}

#[test]
fn an_undo_of_another_instance_is_refused() {
    let made = Made::people(1);
    let other = "arn:aws:connect:eu-central-1:123456789012:instance/00000000-1111-2222-3333-444444444444";
    let ran = made.undo(&["--instance", other]);
    assert!(ran.exit == 2 || ran.exit == 4, "{ran:?}");
    assert_eq!(made.names(), ["user0"]);
}

/// The number is typed in a terminal of eighty columns.
#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_exactly_the_number_that_is_asked_for_begins_it() {
    use std::io::Write as _;
    use std::process::Stdio;

    let made = Made::people(25);
    let typed = |answer: &str| {
        let program = env!("CARGO_BIN_EXE_headcount");
        let line = format!("stty cols 80 rows 40; '{program}' undo {LEDGER} --rate 1000");
        let like = made.command();
        let mut terminal = Command::new("script");
        terminal.args(["-qec", &line, "/dev/null"]).current_dir(made.folder.path());
        for (name, value) in like.get_envs() {
            match value {
                Some(value) => terminal.env(name, value),
                None => terminal.env_remove(name),
            };
        }
        terminal.env("TERM", "xterm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = terminal.spawn().ok()?;
        child.stdin.as_mut().unwrap().write_all(answer.as_bytes()).unwrap();
        let ended = child.wait_with_output().unwrap();
        Some((ended.status.code().unwrap(), String::from_utf8_lossy(&ended.stdout).into_owned()))
    };
    for wrong in ["y\n", "yes\n", "2.5\n", "24\n", "\n"] {
        let Some((exit, said)) = typed(wrong) else {
            let _ = std::io::stderr().write_all(b"\nSKIPPED: no `script` here, so nothing is typed\n");
            return;
        };
        assert_eq!(exit, 5, "{wrong:?}: {said}");
        assert!(said.contains("nobody was deleted") && said.contains("resume with: "), "{said}");
        assert!(said.contains("This deletes 25 users, and nobody can undo it. Type the number: "), "{said}");
        // The first and the last by name, and no line wider than the terminal.
        assert!(
            said.contains("- user0") && said.contains("- user24") && !said.contains("- user12"),
            "{said}"
        );
        let plan = said.split("This deletes").next().unwrap();
        let too_wide =
            plan.lines().find(|line| line.trim_end().chars().count() > 80 && !line.contains("arn:"));
        assert_eq!(too_wide, None, "{said}");
    }
    assert_eq!(made.names().len(), 25);
    let (exit, said) = typed("25\n").unwrap();
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("25 of 25 people deleted"), "{said}");
    assert_eq!(made.names().len(), 0);
}
