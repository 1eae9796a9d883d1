//! Lost answers, taken names and refusals in the middle of a run: what each row ends as, and how the run does.

use std::collections::{BTreeSet, VecDeque};
use std::fmt::Write as _;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use headcount::clock::{Clock as _, SystemClock};
use headcount::connect::model::User;
use headcount::simulator::server::{self, Running};
use headcount::simulator::{
    ACCESS_KEY_ID, Fault, Operation, Pace, SECRET_ACCESS_KEY, Spec, ThrottleName, World,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, headcount, run, status};

/// An embedded Connect in this process, and a folder with a roster.
pub struct Stage {
    runtime: Runtime,
    running: Option<Running>,
    arn: String,
    pub folder: TempDir,
}

pub const LEDGER: &str = "roster.csv.ledger.jsonl";

impl Stage {
    /// A world with these faults for its first CreateUser calls, and a roster of so many people.
    pub fn set(people: usize, script: impl IntoIterator<Item = Fault>, spec: Spec) -> Self {
        let script: VecDeque<Fault> = script.into_iter().collect();
        let spec = Spec { pace: Pace::UNLIMITED, script, ..spec };
        let arn = spec.instance_arn();
        let runtime = Runtime::new().unwrap();
        let world = World::new(spec, SystemClock.now());
        let running = runtime.block_on(server::serve(world, 0, Arc::new(SystemClock))).unwrap();
        let stage = Self { runtime, running: Some(running), arn, folder: tempfile::tempdir().unwrap() };
        stage.roster((0..people).map(|n| format!("user{n}")));
        stage
    }

    fn roster(&self, users: impl IntoIterator<Item = String>) {
        let mut text = String::from(
            "first name,last name,password,user login,routing profile name,security_profile_name_1|security_profile_name_2\n",
        );
        for user in users {
            writeln!(text, "First,Last,Canary-7f3a-Pw1,{user},Basic Routing Profile,Agent").unwrap();
        }
        fs::write(self.folder.path().join("roster.csv"), text).unwrap();
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    pub fn import(&self, flags: &[&str]) -> Ran {
        let mut command = headcount(self.folder.path());
        command
            .env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
            .env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
            .env("AWS_ENDPOINT_URL_CONNECT", &self.running().url)
            .args(["import", "roster.csv", "--instance", &self.arn, "--rate", "1000", "--concurrency", "1"])
            .args(flags);
        run(&mut command)
    }

    pub fn rows(&self) -> Value {
        status(self.folder.path(), LEDGER)["rows"].clone()
    }

    fn users(&self) -> Vec<String> {
        let mut users: Vec<_> = self.running().world().everyone().map(|user| user.username.clone()).collect();
        users.sort();
        users
    }

    /// The last outcome of a user in the ledger.
    pub fn ledger(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.folder.path().join(LEDGER)).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    pub fn outcome(&self, user: &str) -> Value {
        self.ledger().into_iter().rfind(|line| line["type"] == "outcome" && line["user"] == user).unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

pub fn rows(named: &[(&str, u64)]) -> Value {
    let mut rows = json!({"total": 0, "pending": 0, "in_doubt": 0, "created": 0, "recovered": 0, "exists": 0,
                          "rejected": 0, "invalid": 0, "there": 0, "updated": 0, "unconfirmed": 0, "deleted": 0,
               "skipped": 0});
    for (name, number) in named {
        rows[*name] = json!(number);
    }
    rows
}

fn user(name: &str) -> User {
    User {
        username: name.into(),
        tags: [("headcount:run".to_owned(), "another-run/3".to_owned())].into(),
        ..User::default()
    }
}

#[test]
fn an_answer_that_was_lost_is_proved_by_the_users_tag() {
    for fault in [Fault::ErrorAfter, Fault::DropAfter, Fault::Garbled] {
        let stage = Stage::set(2, [fault.clone()], Spec::default());
        stage.import(&[]).exits(0);
        assert_eq!(stage.rows(), rows(&[("total", 2), ("created", 2), ("recovered", 1)]), "{fault:?}");
        let outcome = stage.outcome("user0");
        assert_eq!((outcome["attempt"].as_u64(), outcome["recovered"].as_bool()), (Some(1), Some(true)));
        let world = stage.running().world();
        let made = world.everyone().find(|user| user.username == "user0").unwrap();
        let run = status(stage.folder.path(), LEDGER)["run"].as_str().unwrap().to_owned();
        let nonce =
            stage.ledger().into_iter().find(|line| line["type"] == "intent").unwrap()["nonce"].clone();
        let tag = format!("{run}/1.{}", nonce.as_str().unwrap());
        assert_eq!(made.tags["headcount:run"], tag, "the attempt that made it");
    }
}

#[test]
fn an_answer_that_was_lost_before_anything_was_done_is_sent_again() {
    for fault in [Fault::ErrorBefore, Fault::DropBefore] {
        let stage = Stage::set(2, [fault.clone()], Spec::default());
        stage.import(&[]).exits(0);
        assert_eq!(stage.rows(), rows(&[("total", 2), ("created", 2)]), "{fault:?}");
    }
}

#[test]
fn a_user_that_the_searches_do_not_show_yet_is_waited_for() {
    let spec = Spec { search_lag: Duration::from_secs(2), ..Spec::default() };
    let stage = Stage::set(1, [Fault::ErrorAfter], spec);
    stage.import(&["--settle-timeout", "60"]).exits(0);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("created", 1), ("recovered", 1)]));
}

#[test]
fn a_user_that_stays_unseen_stays_in_doubt_and_the_next_run_settles_it() {
    let spec = Spec { search_lag: Duration::from_secs(4), ..Spec::default() };
    let stage = Stage::set(1, [Fault::ErrorAfter], spec);
    let ran = stage.import(&["--settle-timeout", "1"]).exits(6);
    assert!(ran.stderr.contains("resume with: "), "{}", ran.stderr);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("in_doubt", 1)]));
    let ran = stage.import(&["--settle-timeout", "60"]).exits(0);
    assert!(ran.stderr.contains("plan      1 to settle\n"), "counted once: {}", ran.stderr);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("created", 1), ("recovered", 1)]));
    assert_eq!(stage.users(), ["user0"]);
}

#[test]
fn a_row_that_stays_in_doubt_says_why() {
    let stage = Stage::set(1, vec![Fault::ErrorBefore; 200], Spec::default());
    // With time for five attempts the breaker would take it for an outage, and wait that out.
    let ran = stage.import(&["--settle-timeout", "0"]).exits(6);
    let why = "no user of this name is to be seen on the instance yet";
    assert!(ran.stderr.contains(why), "{}", ran.stderr);
    assert!(stage.outcome("user0")["message"].as_str().unwrap().contains(why));
}

#[test]
fn once_in_doubt_no_refusal_settles_a_row() {
    let refuse = |status, code| Fault::Refuse { status, code };
    for (refusal, exit) in [
        (refuse(400, "InvalidRequestException"), 6),
        (refuse(404, "ResourceNotFoundException"), 6),
        (refuse(403, "AccessDeniedException"), 4),
        (refuse(429, "LimitExceededException"), 4),
    ] {
        let stage = Stage::set(1, [Fault::ErrorBefore, refusal.clone()], Spec::default());
        stage.import(&["--settle-timeout", "1"]).exits(exit);
        assert_eq!(stage.rows(), rows(&[("total", 1), ("in_doubt", 1)]), "{refusal:?}");
        stage.import(&[]).exits(0);
        assert_eq!(stage.rows(), rows(&[("total", 1), ("created", 1)]), "{refusal:?}");
    }
}

#[test]
fn a_row_in_doubt_that_has_left_the_roster_is_settled_and_never_sent() {
    let stage = Stage::set(
        2,
        [Fault::ErrorAfter, Fault::Refuse { status: 403, code: "AccessDeniedException" }],
        Spec::default(),
    );
    stage.import(&[]).exits(4);
    assert_eq!(stage.rows(), rows(&[("total", 2), ("in_doubt", 1), ("pending", 1)]));
    stage.roster(["user1".to_owned()]);
    stage.import(&[]).exits(0);
    assert_eq!(stage.rows(), rows(&[("total", 2), ("created", 2), ("recovered", 1)]));
}

#[test]
fn a_row_that_changed_while_in_doubt_is_settled_by_the_attempt_that_was_made_and_told_as_drift() {
    let stage = Stage::set(
        1,
        [Fault::ErrorAfter, Fault::Refuse { status: 403, code: "AccessDeniedException" }],
        Spec::default(),
    );
    stage.import(&[]).exits(4);
    let path = stage.folder.path().join("roster.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("First,Last", "First,Later")).unwrap();
    stage.import(&[]).exits(0);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("created", 1), ("recovered", 1)]));
    let again = stage.import(&[]).exits(0);
    assert!(again.stderr.contains("the roster has other cells than it was made with"), "{}", again.stderr);
}

#[test]
fn a_name_that_another_took_is_named_and_never_claimed() {
    let stage = Stage::set(2, [], Spec::default());
    stage.running().world().plant(user("user0"), SystemClock.now());
    stage.import(&[]).exits(1);
    assert_eq!(stage.rows(), rows(&[("total", 2), ("created", 1), ("exists", 1)]));
    let message = stage.outcome("user0")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("another-run/3") && message.contains("last changed"), "{message}");
}

#[test]
fn a_name_that_is_taken_in_another_case_is_said_to_be() {
    let spec = Spec { case_variants_clash: true, ..Spec::default() };
    let stage = Stage::set(2, [], spec);
    stage.running().world().plant(user("USER0"), SystemClock.now());
    // Without a shorter time than the five minutes of a row: the list settles it, and nobody waits for them.
    let ran = stage.import(&[]).exits(1);
    assert!(ran.stderr.contains("`user0` differs only in case from `USER0`"), "{}", ran.stderr);
    let message = stage.outcome("user0")["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`USER0`"), "{message}");
}

#[test]
fn without_the_tag_a_lost_answer_is_only_probably_ours_until_that_is_accepted() {
    let stage = Stage::set(1, [Fault::ErrorAfter], Spec::default());
    let ran = stage.import(&["--no-provenance-tag", "--settle-timeout", "2"]).exits(6);
    assert!(ran.stderr.contains("--accept-probable"), "{}", ran.stderr);
    // What the ledger keeps is in words, as any program reads it.
    let message = stage.outcome("user0")["message"].as_str().unwrap().to_owned();
    assert!(message.ends_with("; --accept-probable takes it for ours"), "{message}");
    assert_eq!(stage.rows(), rows(&[("total", 1), ("in_doubt", 1)]));
    assert!(stage.running().world().everyone().all(|user| user.tags.is_empty()));
    let ran = stage.import(&["--no-provenance-tag", "--accept-probable"]).exits(0);
    assert!(ran.stderr.contains("user0: created by an earlier attempt"), "there is no tag: {}", ran.stderr);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("created", 1), ("recovered", 1)]));
}

#[test]
fn a_refused_tag_stops_at_the_first_refusal_and_names_both_permissions_and_the_way_without() {
    let denied = BTreeSet::from([Operation::TagResource]);
    let stage = Stage::set(3, [], Spec { denied, ..Spec::default() });
    let ran = stage.import(&[]).exits(4);
    for words in ["connect:CreateUser", "connect:TagResource", "--no-provenance-tag"] {
        assert!(ran.stderr.contains(words), "{words}: {}", ran.stderr);
    }
    assert_eq!(stage.rows(), rows(&[("total", 3), ("pending", 3)]));
    assert_eq!(stage.running().stats().of(Operation::CreateUser).called, 1);
    stage.import(&["--no-provenance-tag"]).exits(0);
}

#[test]
fn the_same_rejection_on_each_of_the_first_twenty_rows_stops() {
    let refusals = vec![Fault::Refuse { status: 400, code: "InvalidRequestException" }; 25];
    let stage = Stage::set(30, refusals, Spec::default());
    let ran = stage.import(&[]).exits(4);
    assert!(ran.stderr.contains("each of the first 20 rows was rejected alike"), "{}", ran.stderr);
    assert_eq!(stage.rows(), rows(&[("total", 30), ("rejected", 20), ("pending", 10)]));
}

#[test]
fn throttles_of_either_name_fail_no_row_and_are_counted() {
    let throttles = [ThrottleName::Throttling, ThrottleName::TooManyRequests].map(Fault::Throttle);
    let stage = Stage::set(3, throttles, Spec::default());
    stage.import(&[]).exits(0);
    let status = status(stage.folder.path(), LEDGER);
    assert_eq!(status["calls"], json!({"sent": 5, "throttled": 2}));
    assert_eq!(status["rows"], rows(&[("total", 3), ("created", 3)]));
}

#[test]
fn an_outage_stops_resumably_and_costs_no_row() {
    let stage = Stage::set(4, vec![Fault::DropBefore; 200], Spec::default());
    let ran = stage.import(&["--outage-timeout", "2"]).exits(4);
    assert!(ran.stderr.contains("nothing clear came back"), "{}", ran.stderr);
    let rows_then = stage.rows();
    assert_eq!(rows_then["pending"].as_u64().unwrap() + rows_then["in_doubt"].as_u64().unwrap(), 4);
    let left = 200 - stage.running().stats().of(Operation::CreateUser).called;
    assert!(left > 150, "probed, not hammered: {left}");
}

#[test]
fn errors_of_the_service_that_pass_cost_no_row() {
    let stage = Stage::set(3, vec![Fault::ErrorBefore; 3], Spec::default());
    stage.import(&[]).exits(0);
    assert_eq!(stage.rows(), rows(&[("total", 3), ("created", 3)]));
    assert_eq!(stage.users(), ["user0", "user1", "user2"]);
}
