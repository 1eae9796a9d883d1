//! Passwords that the roster does not have: made and kept, from a variable, from a command.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use headcount::agent::IdentityType;
use headcount::clock::{Clock as _, SystemClock};
use headcount::simulator::server::{self, Running};
use headcount::simulator::{ACCESS_KEY_ID, Fault, Pace, SECRET_ACCESS_KEY, Spec, World};
use serde_json::Value;

use crate::harness::{Ran, headcount, run};

const LEDGER: &str = "roster.csv.ledger.jsonl";
const FILE: &str = "passwords.jsonl";
const GENERATE: [&str; 3] = ["--generate-passwords", "--credentials-out", FILE];

/// An embedded Connect in this process, which can be asked who signs in with what.
struct Stage {
    folder: tempfile::TempDir,
    arn: String,
    running: Running,
    _runtime: tokio::runtime::Runtime,
}

impl Stage {
    fn new() -> Self {
        Self::of(Spec::default())
    }

    fn of(spec: Spec) -> Self {
        let spec = Spec { pace: Pace::UNLIMITED, ..spec };
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().unwrap();
        let arn = spec.instance_arn();
        let world = World::new(spec, SystemClock.now());
        let running = runtime.block_on(server::serve(world, 0, Arc::new(SystemClock))).unwrap();
        let stage = Self { folder: tempfile::tempdir().unwrap(), arn, running, _runtime: runtime };
        stage.write_roster(&["ana", "bo", "cy"]);
        stage
    }

    /// A roster without passwords; a user may be followed by one, as in `ana:Lantern-Reef-7`.
    fn write_roster(&self, users: &[&str]) {
        let mut text =
            "first name,last name,password,user login,routing profile name,security profiles,phone type\n"
                .to_owned();
        for user in users {
            let (user, password) = user.split_once(':').unwrap_or((user, ""));
            text += &format!("Ana,Lima,{password},{user},Basic Routing Profile,Agent,soft\n");
        }
        fs::write(self.path("roster.csv"), text).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn headcount(&self, args: &[&str]) -> Command {
        let mut command = headcount(self.folder.path());
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("AWS_ENDPOINT_URL_CONNECT", &self.running.url)
            .args(args);
        command
    }

    fn import(&self, flags: &[&str]) -> Ran {
        run(self.headcount(&["import", "roster.csv", "--instance", &self.arn, "--rate", "500"]).args(flags))
    }

    fn retry(&self, flags: &[&str]) -> Ran {
        run(self.headcount(&["retry", LEDGER, "--rate", "500"]).args(flags))
    }

    fn credentials(&self, flags: &[&str]) -> Ran {
        run(self.headcount(&["credentials", FILE, "--ledger", LEDGER]).args(flags))
    }

    /// What `credentials` prints as JSON: by user, the password.
    fn printed(&self) -> Vec<(String, String)> {
        let printed: Value =
            serde_json::from_str(&self.credentials(&["--format", "json"]).exits(0).stdout).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let users = printed["users"].as_array().unwrap().iter();
        users.map(|one| (text(&one["user"]), text(&one["password"]))).collect()
    }

    fn records(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.path(FILE)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn signs_in(&self, user: &str, password: &str) -> bool {
        self.running.world().signs_in(user, password)
    }

    fn order(&self, fault: Fault) {
        self.running.world().order([fault]);
    }

    fn exist(&self) -> usize {
        self.running.stats().users
    }
}

#[test]
fn each_user_gets_a_password_and_credentials_prints_the_one_in_force() {
    let stage = Stage::new();
    stage.order(Fault::Throttle(headcount::simulator::ThrottleName::Throttling));
    let ran = stage.import(&GENERATE).exits(0);
    assert!(
        ran.stderr.contains("passwords made for rows without one, kept in passwords.jsonl"),
        "{}",
        ran.stderr
    );
    let says = format!("the passwords that were made: headcount credentials {FILE} --ledger {LEDGER}\n");
    assert!(ran.stderr.contains(&says), "{}", ran.stderr);

    let records = stage.records();
    assert_eq!(records[0]["type"], "credentials");
    assert_eq!((&records[0]["version"], &records[0]["instance"]), (&1.into(), &stage.arn.clone().into()));
    let attempts: Vec<u64> = records[1..].iter().map(|record| record["attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts.len(), 4, "three users, one of them sent twice");
    assert!(records[1..].iter().all(|record| record["run"] == records[0]["run"]));

    let printed = stage.printed();
    assert_eq!(printed.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>(), ["ana", "bo", "cy"]);
    for (user, password) in &printed {
        assert!(stage.signs_in(user, password), "{user}");
        assert_eq!(headcount::validate::password_faults(password), Vec::<&str>::new());
        let everything = [&ran.stdout, &ran.stderr, &fs::read_to_string(stage.path(LEDGER)).unwrap()];
        assert!(everything.iter().all(|text| !text.contains(password)));
    }
    let rows: String = printed.iter().map(|(user, password)| format!("{user},{password}\n")).collect();
    let table = stage.credentials(&[]).exits(0);
    assert_eq!(table.stdout, format!("user login,password\n{rows}"));
    assert_eq!(table.stderr, "");

    // The same command again: nothing is sent, and nothing is written.
    let before = fs::read(stage.path(FILE)).unwrap();
    stage.import(&GENERATE).exits(0);
    assert_eq!(fs::read(stage.path(FILE)).unwrap(), before);
}

#[test]
fn a_password_that_the_roster_has_is_used_and_not_kept() {
    let stage = Stage::new();
    stage.write_roster(&["ana", "bo:Lantern-Reef-7"]);
    stage.import(&GENERATE).exits(0);
    assert!(stage.signs_in("bo", "Lantern-Reef-7"));
    assert_eq!(stage.printed().len(), 1);
    let said = stage.credentials(&[]).exits(0).stderr;
    assert_eq!(said, "note: 1 created user not listed: made with a password that headcount did not make\n");
    assert!(!fs::read_to_string(stage.path(FILE)).unwrap().contains("Lantern"));
}

#[test]
fn a_roster_may_have_no_column_for_passwords() {
    let stage = Stage::new();
    let roster = "first name,last name,user login,routing profile name,security profiles,phone type\n\
                  Ana,Lima,ana,Basic Routing Profile,Agent,soft\n";
    fs::write(stage.path("roster.csv"), roster).unwrap();
    stage.import(&GENERATE).exits(0);
    assert_eq!(stage.printed().len(), 1);
    let rehearsed =
        ["import", "roster.csv", "--simulate", "--generate-passwords", "--credentials-out", "r.jsonl"];
    run(&mut stage.headcount(&rehearsed)).exits(0);
}

#[test]
fn a_rehearsals_passwords_leave_the_file_to_the_import_that_it_rehearses() {
    let stage = Stage::new();
    let rehearse = [&["import", "roster.csv", "--simulate", "--rate", "500"], &GENERATE[..]].concat();
    let rehearsed_ledger = "roster.csv.simulate.ledger.jsonl";
    let dry = run(stage.headcount(&rehearse).arg("--dry-run")).exits(0);
    assert!(dry.stderr.contains("passwords.simulate.jsonl"), "{}", dry.stderr);
    let ran = run(&mut stage.headcount(&rehearse)).exits(0);
    let own = format!("headcount credentials passwords.simulate.jsonl --ledger {rehearsed_ledger}\n");
    assert!(ran.stderr.contains(&own), "{}", ran.stderr);
    assert!(!stage.path(FILE).exists() && stage.path("passwords.simulate.jsonl").exists());
    // Whichever of the two names is said with the rehearsal's ledger.
    let by = |file: &str| {
        run(&mut stage.headcount(&["credentials", file, "--ledger", rehearsed_ledger])).exits(0).stdout
    };
    let of_rehearsal = by(FILE);
    assert_eq!((of_rehearsal.lines().count(), &of_rehearsal), (4, &by("passwords.simulate.jsonl")));
    // The same words, with the instance in place of the rehearsal.
    stage.import(&[&GENERATE[..], &["--dry-run"]].concat()).exits(0);
    stage.import(&GENERATE).exits(0);
    assert!(stage.printed().iter().all(|(user, password)| stage.signs_in(user, password)));
    // And the other way round: a rehearsal afterwards has the import's file in no way.
    let before = fs::read(stage.path(FILE)).unwrap();
    run(&mut stage.headcount(&rehearse)).exits(0);
    assert_eq!((fs::read(stage.path(FILE)).unwrap(), by(FILE)), (before, of_rehearsal));
}

#[test]
fn a_retry_appends_to_the_file_and_repairs_a_torn_line() {
    let stage = Stage::new();
    stage.order(Fault::Refuse { status: 400, code: "InvalidRequestException" });
    let ran = stage.import(&GENERATE).exits(1);
    assert!(ran.stderr.contains(&format!("--generate-passwords --credentials-out {FILE}")), "{}", ran.stderr);
    assert!(!ran.stderr.contains("in again, "), "{}", ran.stderr);
    assert_eq!(stage.printed().len(), 2);
    let before = fs::read_to_string(stage.path(FILE)).unwrap();
    fs::write(stage.path(FILE), format!("{before}{{\"type\":\"password\",\"run\":\"")).unwrap();
    assert_eq!(stage.printed().len(), 2, "a torn line is no record, and no damage");
    stage.retry(&GENERATE).exits(0);
    assert!(fs::read_to_string(stage.path(FILE)).unwrap().starts_with(&before));
    let printed = stage.printed();
    assert_eq!(printed.len(), 3);
    assert!(printed.iter().all(|(user, password)| stage.signs_in(user, password)));
}

#[cfg(unix)]
#[test]
fn the_file_is_private_and_no_link_is_followed_to_it() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let stage = Stage::new();
    symlink("elsewhere", stage.path(FILE)).unwrap();
    let ran = stage.import(&GENERATE).exits(2);
    assert!(ran.stderr.contains("it is a symbolic link"), "{}", ran.stderr);
    fs::write(stage.path("elsewhere"), "").unwrap();
    let ran = stage.import(&GENERATE).exits(2);
    assert!(ran.stderr.contains("it is a symbolic link"), "{}", ran.stderr);
    fs::remove_file(stage.path(FILE)).unwrap();

    fs::write(stage.path(FILE), "").unwrap();
    fs::set_permissions(stage.path(FILE), fs::Permissions::from_mode(0o640)).unwrap();
    let ran = stage.import(&GENERATE).exits(2);
    assert!(ran.stderr.contains("chmod 600"), "{}", ran.stderr);
    fs::remove_file(stage.path(FILE)).unwrap();

    fs::create_dir(stage.path(FILE)).unwrap();
    stage.import(&GENERATE).exits(2);
    fs::remove_dir(stage.path(FILE)).unwrap();
    assert_eq!(stage.exist(), 0, "nothing was sent");

    stage.import(&GENERATE).exits(0);
    assert_eq!(fs::metadata(stage.path(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_file_of_something_else_or_of_another_run_is_left_as_it_is() {
    let stage = Stage::new();
    let private = |text: &str| {
        fs::write(stage.path(FILE), text).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(stage.path(FILE), fs::Permissions::from_mode(0o600)).unwrap();
        }
    };
    let other = "{\"type\":\"credentials\",\"version\":1,\"run\":\"another\"}\n";
    for (text, exit, says) in [
        ("to do: nothing\n", 2, "not a credentials file of headcount"),
        ("to do", 2, "not a credentials file of headcount"),
        ("{\"type\":\"ledger\",\"version\":1,\"run\":\"x\"}\n", 2, "not a credentials file of headcount"),
        (other, 4, "of another run"),
        (
            "{\"type\":\"credentials\",\"version\":2,\"run\":\"another\"}\n",
            4,
            "another format than version 1",
        ),
        (&format!("{other}{{}}\n"), 4, "damaged at byte 51"),
        (
            &format!(
                "{other}{{\"type\":\"password\",\"run\":\"a\",\"user\":\"x\",\"attempt\":1,\"password\":\"p\"}}\n"
            ),
            4,
            "damaged at byte 51",
        ),
    ] {
        private(text);
        let ran = stage.import(&GENERATE).exits(exit);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
        assert_eq!(fs::read_to_string(stage.path(FILE)).unwrap(), text);
        assert!(!stage.path(LEDGER).exists(), "a run that never began leaves nothing");
    }
    assert_eq!(stage.exist(), 0, "nothing was sent");
    private("");
    stage.import(&GENERATE).exits(0);
}

#[test]
fn a_file_that_is_gone_or_an_older_copy_stops_the_run() {
    let stage = Stage::new();
    // One after the other, so that the first user is the first in the file.
    stage.import(&[&GENERATE[..], &["--concurrency", "1"]].concat()).exits(0);
    let whole = fs::read_to_string(stage.path(FILE)).unwrap();
    stage.write_roster(&["ana", "bo", "cy", "dee"]);

    fs::remove_file(stage.path(FILE)).unwrap();
    for flags in [vec![], vec!["--dry-run"]] {
        let ran = stage.import(&[&GENERATE[..], &flags].concat()).exits(4);
        assert!(ran.stderr.contains("the credentials file of this ledger's run is gone"), "{}", ran.stderr);
        assert!(ran.stderr.contains("hint: nothing was sent. Put the file back"), "{}", ran.stderr);
        assert!(!stage.path(FILE).exists());
    }
    let older: String = whole.lines().take(2).map(|line| format!("{line}\n")).collect();
    headcount::disk::create_new(&stage.path(FILE), older.as_bytes()).unwrap();
    let ran = stage.import(&GENERATE).exits(4);
    assert!(
        ran.stderr.contains("is an older copy: 1 of the 3 passwords that were sent are in it"),
        "{}",
        ran.stderr
    );
    let ran = stage.credentials(&[]).exits(4);
    assert!(ran.stderr.contains("2 users made with a password that is not in the file"), "{}", ran.stderr);
    for user in ["bo", "cy"] {
        assert!(ran.stderr.contains(&format!("not in the file: `{user}`")), "{}", ran.stderr);
    }
    assert_eq!(ran.stdout.lines().count(), 2, "those that it has are printed");
    assert_eq!(stage.exist(), 3, "nothing was sent");

    headcount::disk::write_atomic(&stage.path(FILE), whole.as_bytes()).unwrap();
    stage.import(&GENERATE).exits(0);
    assert_eq!(stage.printed().len(), 4);
}

#[test]
fn with_an_older_copy_of_the_ledger_no_number_is_given_twice() {
    let stage = Stage::new();
    stage.write_roster(&["ana"]);
    stage.import(&GENERATE).exits(0);
    let older = fs::read(stage.path(LEDGER)).unwrap();
    stage.write_roster(&["ana", "bo"]);
    stage.import(&GENERATE).exits(0);
    let (_, bo) = stage.printed().pop().unwrap();
    fs::write(stage.path(LEDGER), older).unwrap();
    stage.write_roster(&["ana", "bo", "cy"]);
    let ran = stage.import(&GENERATE).exits(1);
    assert!(ran.stderr.contains("1 row is that copy's: no other name is needed"), "{}", ran.stderr);
    let attempts: Vec<u64> =
        stage.records()[1..].iter().map(|one| one["attempt"].as_u64().unwrap()).collect();
    assert_eq!(attempts, [1, 2, 3]);
    let printed = stage.printed();
    assert_eq!(printed.iter().map(|(user, _)| user.as_str()).collect::<Vec<_>>(), ["ana", "cy"]);
    assert!(printed.iter().all(|(user, password)| stage.signs_in(user, password)));
    assert!(stage.signs_in("bo", &bo), "and nothing was done to the one that the copy forgot");
}

#[test]
fn credentials_tells_a_ledger_and_a_file_that_do_not_belong_together() {
    let stage = Stage::new();
    stage.import(&GENERATE).exits(0);
    let other =
        ["--generate-passwords", "--credentials-out", "other.jsonl", "--ledger", "other.ledger.jsonl"];
    stage.import(&other).exits(0);
    let ran = run(&mut stage.headcount(&["credentials", "other.jsonl", "--ledger", LEDGER])).exits(4);
    assert!(ran.stderr.contains("of another run than the ledger"), "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    run(&mut stage.headcount(&["credentials", "none.jsonl", "--ledger", LEDGER])).exits(2);
    run(&mut stage.headcount(&["credentials", FILE, "--ledger", "none.jsonl"])).exits(2);
    run(&mut stage.headcount(&["credentials", "roster.csv", "--ledger", LEDGER])).exits(2);
}

#[test]
fn a_roster_is_validated_as_it_is_going_to_be_imported() {
    let stage = Stage::new();
    run(&mut stage.headcount(&["validate", "roster.csv"])).exits(3);
    let ran = run(&mut stage.headcount(&["validate", "roster.csv", "--generate-passwords"])).exits(0);
    let next = "next: `headcount import roster.csv --generate-passwords --credentials-out FILE --simulate`";
    assert!(ran.stdout.contains(next), "{}", ran.stdout);
    let saml = ["validate", "roster.csv", "--generate-passwords", "--identity", "saml"];
    run(&mut stage.headcount(&saml)).exits(2);
}

#[test]
fn users_that_sign_in_elsewhere_get_no_passwords() {
    for identity in [IdentityType::Saml, IdentityType::ExistingDirectory] {
        let stage = Stage::of(Spec { identity, ..Spec::default() });
        for flags in [&GENERATE[..], &["--password-from-env", "FIRST"], &["--password-command", "echo x"]] {
            let ran = stage.import(flags).exits(2);
            assert!(ran.stderr.contains("the instance keeps no passwords"), "{}", ran.stderr);
        }
        assert!(!stage.path(FILE).exists());
    }
}

#[test]
fn made_passwords_need_the_tag_that_tells_them_apart() {
    let stage = Stage::new();
    for flags in [
        &["--generate-passwords"][..],
        &["--credentials-out", FILE],
        &["--generate-passwords", "--credentials-out", FILE, "--no-provenance-tag"],
        &["--generate-passwords", "--credentials-out", FILE, "--password-from-env", "FIRST"],
        &["--password-command", "echo x", "--password-from-env", "FIRST"],
        &["--recipient", "age1x"],
    ] {
        stage.import(flags).exits(2);
    }
}

#[test]
fn one_password_for_all_comes_from_a_variable_or_a_command_with_a_warning() {
    for (flags, whose) in [
        (["--password-from-env", "FIRST"], "the variable FIRST"),
        (["--password-command", "echo \"$FIRST\""], "the password command"),
    ] {
        if cfg!(windows) && flags[0] == "--password-command" {
            continue;
        }
        let stage = Stage::new();
        stage.write_roster(&["ana", "bo:Own-Reef-88"]);
        let mut command = stage.headcount(&["import", "roster.csv", "--instance", &stage.arn]);
        let ran = run(command.args(flags).env("FIRST", "Lantern-Reef-7")).exits(0);
        assert!(ran.stderr.contains("warning: one password for all"), "{}", ran.stderr);
        assert!(ran.stderr.contains(&format!("passwords one for all rows without one, from {whose}")));
        assert!(stage.signs_in("ana", "Lantern-Reef-7") && stage.signs_in("bo", "Own-Reef-88"));
        for (bad, says) in [("lantern", "it is shorter than 8"), ("Lantern Reef 7", "whitespace"), ("", "")] {
            let mut command = stage.headcount(&["import", "roster.csv", "--instance", &stage.arn]);
            let ran = run(command.args(flags).env("FIRST", bad)).exits(2);
            assert!(
                ran.stderr.contains(says) && (bad.is_empty() || !ran.stderr.contains(bad)),
                "{}",
                ran.stderr
            );
        }
    }
}

#[cfg(not(feature = "age"))]
#[test]
fn a_program_without_encryption_says_where_there_is_one() {
    let stage = Stage::new();
    let recipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";
    let ran = stage.import(&[&GENERATE[..], &["--recipient", recipient]].concat()).exits(2);
    assert!(ran.stderr.contains("cargo install --path . --features age"), "{}", ran.stderr);
    assert!(!stage.path(FILE).exists() && !stage.path(LEDGER).exists());
    stage.import(&GENERATE).exits(0);
    let ran = stage.credentials(&["--identity-file", "key.txt"]).exits(2);
    assert!(ran.stderr.contains("--features age"), "{}", ran.stderr);
}

#[cfg(feature = "age")]
mod sealed {
    use super::*;

    /// Keys for tests, made with `age-keygen`.
    struct Key {
        recipient: String,
        secret: String,
    }

    fn key() -> Key {
        use age::secrecy::ExposeSecret as _;
        let identity = age::x25519::Identity::generate();
        Key {
            recipient: identity.to_public().to_string(),
            secret: identity.to_string().expose_secret().to_owned(),
        }
    }

    #[test]
    fn each_record_is_encrypted_to_all_recipients_and_any_of_them_opens_it() {
        let stage = Stage::new();
        let keys = [key(), key(), key()];
        for (name, key) in ["one.txt", "two.txt", "other.txt"].iter().zip(&keys) {
            fs::write(stage.path(name), format!("# a comment\n{}\n", key.secret)).unwrap();
        }
        let [one, two, other] = keys.map(|key| key.recipient);
        let flags = [&GENERATE[..], &["--recipient", &one, "--recipient", &two]].concat();
        stage.order(Fault::Refuse { status: 400, code: "InvalidRequestException" });
        let ran = stage.import(&flags).exits(1);
        assert!(ran.stderr.contains(&format!("--recipient {one} --recipient {two}")), "{}", ran.stderr);
        assert!(stage.records()[1..].iter().all(|record| record["password"].is_null()));

        let ran = stage.credentials(&[]).exits(2);
        assert!(ran.stderr.contains("--identity-file"), "{}", ran.stderr);
        let ran = stage.credentials(&["--identity-file", "other.txt"]).exits(2);
        assert!(ran.stderr.contains("2 passwords cannot be decrypted"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        stage.credentials(&["--identity-file", "roster.csv"]).exits(2);

        // A file goes on as it was begun.
        for recipients in [&[][..], &["--recipient", &one], &["--recipient", &one, "--recipient", &other]] {
            let ran = stage.retry(&[&GENERATE[..], recipients].concat()).exits(2);
            assert!(ran.stderr.contains(&format!("goes on only with --recipient {one}")), "{}", ran.stderr);
        }
        stage.retry(&[&GENERATE[..], &["--recipient", "age1nonsense"]].concat()).exits(2);
        stage.retry(&flags).exits(0);
        for identity in ["one.txt", "two.txt"] {
            let table = stage.credentials(&["--identity-file", identity]).exits(0).stdout;
            let rows: Vec<_> = table.lines().skip(1).map(|line| line.split_once(',').unwrap()).collect();
            assert_eq!(rows.len(), 3);
            let text = fs::read_to_string(stage.path(FILE)).unwrap();
            for (user, password) in rows {
                assert!(stage.signs_in(user, password) && !text.contains(password), "{user}");
            }
        }
        is_read_by_age(&stage);
    }

    /// age itself opens a record; where it is not installed, that is said.
    fn is_read_by_age(stage: &Stage) {
        use std::io::Write as _;
        use std::process::Stdio;

        let mut command = Command::new("age");
        command.args(["--decrypt", "--identity"]).arg(stage.path("one.txt"));
        let Ok(mut child) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
            let _ = std::io::stderr()
                .write_all(b"\nSKIPPED: no `age` here, so it is not asked to open a record\n");
            return;
        };
        let record = stage.records().pop().unwrap();
        child.stdin.take().unwrap().write_all(record["sealed"].as_str().unwrap().as_bytes()).unwrap();
        let opened = child.wait_with_output().unwrap();
        let opened: Value = serde_json::from_slice(&opened.stdout).unwrap();
        for member in ["run", "user", "attempt"] {
            assert_eq!(opened[member], record[member]);
        }
        assert!(stage.signs_in(opened["user"].as_str().unwrap(), opened["password"].as_str().unwrap()));
    }

    #[test]
    fn a_record_that_was_put_in_the_place_of_another_is_not_believed() {
        let stage = Stage::new();
        let key = key();
        fs::write(stage.path("key.txt"), &key.secret).unwrap();
        stage.import(&[&GENERATE[..], &["--recipient", &key.recipient]].concat()).exits(0);
        let mut records = stage.records();
        let sealed = records[1]["sealed"].clone();
        records[2]["sealed"] = sealed;
        // The members in the order of the program, as another hand would keep them.
        let line = |record: &Value| {
            let text = fs::read_to_string(stage.path(FILE)).unwrap();
            if record["type"] == "credentials" {
                text.lines().next().unwrap().to_owned()
            } else {
                record.to_string()
            }
        };
        let text: String = records.iter().map(|record| format!("{}\n", line(record))).collect();
        headcount::disk::write_atomic(&stage.path(FILE), text.as_bytes()).unwrap();
        let ran = stage.credentials(&["--identity-file", "key.txt"]).exits(2);
        assert!(ran.stderr.contains("1 password cannot be decrypted"), "{}", ran.stderr);
    }
}
