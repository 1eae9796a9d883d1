//! What stops a run, with which words, and what does not: credentials, clocks, permissions, instances, quotas.

use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use headcount::clock::{Clock, Moment, SystemClock};
use headcount::simulator::server::{self, Running};
use headcount::simulator::{ACCESS_KEY_ID, Fault, Operation, Pace, SECRET_ACCESS_KEY, Spec, World};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::harness::{Ran, headcount, run, status};
#[cfg(unix)]
use crate::harness::{Watched, stops};

/// The service's clock: ahead of this machine's from the first request on, or from a later one.
#[derive(Default)]
struct Ahead {
    asked: AtomicU64,
    /// From how many requests on, by how many seconds.
    by: Vec<(u64, u64)>,
}

impl Clock for Ahead {
    fn now(&self) -> SystemTime {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        let by = self.by.iter().rev().find(|(from, _)| asked >= *from).map_or(0, |(_, by)| *by);
        SystemClock.now() + Duration::from_secs(by)
    }

    fn moment(&self) -> Moment {
        SystemClock.moment()
    }
}

/// An embedded Connect in this process, and a folder with a roster.
struct Stage {
    runtime: Runtime,
    running: Option<Running>,
    arn: String,
    folder: TempDir,
}

impl Stage {
    fn set(people: usize, spec: Spec, clock: Ahead) -> Self {
        let spec = Spec { pace: Pace::UNLIMITED, ..spec };
        let arn = spec.instance_arn();
        let runtime = Runtime::new().unwrap();
        let world = World::new(spec, SystemClock.now());
        let running = runtime.block_on(server::serve(world, 0, Arc::new(clock))).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut text = String::from(
            "first name,last name,password,user login,routing profile name,security_profile_name_1|security_profile_name_2\n",
        );
        for n in 0..people {
            text.push_str(&format!("First,Last,Canary-7f3a-Pw1,user{n},Basic Routing Profile,Agent\n"));
        }
        fs::write(folder.path().join("roster.csv"), text).unwrap();
        Self { runtime, running: Some(running), arn, folder }
    }

    fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// An import without credentials, which the caller adds.
    fn bare(&self, instance: &str, flags: &[&str]) -> std::process::Command {
        let mut command = headcount(self.folder.path());
        command
            .env("AWS_ENDPOINT_URL_CONNECT", &self.running().url)
            .args(["import", "roster.csv", "--instance", instance, "--rate", "1000"])
            .args(flags);
        if !flags.contains(&"--concurrency") {
            command.args(["--concurrency", "1"]);
        }
        command
    }

    fn import(&self, flags: &[&str]) -> Ran {
        self.import_into(&self.arn, flags)
    }

    fn import_into(&self, instance: &str, flags: &[&str]) -> Ran {
        let mut command = self.bare(instance, flags);
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        run(&mut command)
    }

    /// An import whose credentials come from a process that gives the tokens in turn, and the last one for ever.
    #[cfg(unix)]
    fn import_with_tokens(&self, tokens: &[u64]) -> Ran {
        let folder = self.folder.path();
        for (at, token) in tokens.iter().enumerate() {
            let keys = serde_json::json!({
                "Version": 1,
                "AccessKeyId": ACCESS_KEY_ID,
                "SecretAccessKey": SECRET_ACCESS_KEY,
                "SessionToken": headcount::simulator::session_token(*token),
            });
            fs::write(folder.join(format!("keys.{at}.json")), keys.to_string()).unwrap();
        }
        let script = "n=$(cat asked 2>/dev/null || echo 0); echo $((n+1)) >asked; last=$(($(ls keys.*json | wc -l)-1))\n\
                      [ $n -gt $last ] && n=$last; cat keys.$n.json\n";
        fs::write(folder.join("keys.sh"), script).unwrap();
        fs::create_dir_all(folder.join(".aws")).unwrap();
        fs::write(folder.join(".aws/config"), "[default]\ncredential_process = sh keys.sh\n").unwrap();
        run(&mut self.bare(&self.arn, &[]))
    }

    fn rows(&self) -> Value {
        status(self.folder.path(), "roster.csv.ledger.jsonl")["rows"].clone()
    }

    fn called(&self) -> u64 {
        self.running().stats().of(Operation::CreateUser).called
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.shutdown());
        }
    }
}

#[track_caller]
fn says(ran: &Ran, all: &[&str]) {
    for words in all {
        assert!(ran.stderr.contains(words), "no `{words}` in: {}", ran.stderr);
    }
}

#[cfg(unix)]
#[test]
fn a_token_that_expires_on_the_way_is_read_anew_and_the_run_goes_on() {
    let script = [Fault::Pass, Fault::Expired, Fault::Pass, Fault::Expired].into();
    let stage = Stage::set(6, Spec { script, ..Spec::default() }, Ahead::default());
    let ran = stage.import_with_tokens(&[1, 2, 3]).exits(0);
    assert!(ran.stdout.starts_with("6 of 6 rows created; 8 CreateUser calls, 0 throttled; "), "{ran:?}");
    assert_eq!(stage.rows()["created"], 6);
}

#[cfg(unix)]
#[test]
fn a_token_that_comes_back_unchanged_stops_the_run_and_fails_no_row() {
    let script = [Fault::Pass, Fault::Expired].into();
    let stage = Stage::set(6, Spec { script, ..Spec::default() }, Ahead::default());
    let ran = stage.import_with_tokens(&[1]).exits(4);
    says(
        &ran,
        &[
            "stopping: no credentials to go on with: the credentials have expired, and the same ones come back",
            "stopped: not signed in",
            "hint: sign in again, as with `aws sso login`, then resume",
            "resume with: ",
        ],
    );
    assert_eq!((stage.rows()["created"].clone(), stage.rows()["pending"].clone()), (1.into(), 5.into()));
    assert_eq!(stage.called(), 2);
    let ran = stage.import_with_tokens(&[1, 2]).exits(0);
    assert!(ran.stdout.starts_with("6 of 6 rows created"), "a token that is dead from the start: {ran:?}");
}

#[test]
fn a_clock_that_is_off_is_corrected_and_said() {
    let stage = Stage::set(3, Spec::default(), Ahead { by: vec![(0, 3600)], ..Ahead::default() });
    let ran = stage.import(&[]).exits(0);
    says(
        &ran,
        &["warning: this machine's clock is off by -3", "requests are signed with the service's time"],
    );
    assert_eq!(stage.rows()["created"], 3);
}

#[test]
fn a_clock_that_goes_off_on_the_way_is_corrected_once_and_then_the_run_stops() {
    // The reads before the first create ask the clock fewer than twenty times.
    let by = vec![(20, 3600)];
    let stage = Stage::set(40, Spec::default(), Ahead { by, ..Ahead::default() });
    let ran = stage.import(&[]).exits(0);
    says(&ran, &["this machine's clock is off by -3", "requests are signed with the service's time"]);
    let by = vec![(20, 3600), (30, 7200)];
    let stage = Stage::set(40, Spec::default(), Ahead { by, ..Ahead::default() });
    let ran = stage.import(&[]).exits(4);
    says(
        &ran,
        &[
            "stopping: this machine's clock is off by -3",
            "signing with the service's time did not help",
            "hint: set this machine's clock, then resume",
            "resume with: ",
        ],
    );
    assert_eq!(stage.rows()["rejected"], 0);
}

#[test]
fn an_instance_that_is_not_active_is_not_begun_with() {
    let spec = Spec { instance_status: "CREATION_IN_PROGRESS".into(), ..Spec::default() };
    let stage = Stage::set(3, spec, Ahead::default());
    let ran = stage.import(&[]).exits(4);
    says(&ran, &["the instance is not active: its status is `CREATION_IN_PROGRESS`", "hint: wait until"]);
    assert_eq!(stage.called(), 0);
}

#[test]
fn an_instance_that_is_not_there_and_a_region_that_is_wrong_are_said() {
    let stage = Stage::set(3, Spec::default(), Ahead::default());
    let another = stage.arn.replace("5f3c9a1e", "00000000");
    let ran = stage.import_into(&another, &[]).exits(4);
    says(&ran, &["ResourceNotFoundException", "look at --instance and --region"]);
    let elsewhere = stage.arn.replace("eu-central-1", "us-west-2");
    let ran = stage.import_into(&elsewhere, &[]).exits(4);
    says(&ran, &["Credential should be scoped to a valid region", "--region"]);
    assert_eq!(stage.called(), 0);
}

#[test]
fn what_is_not_found_while_the_instance_is_there_is_the_rows_own_fault() {
    let gone = Fault::Refuse { status: 404, code: "ResourceNotFoundException" };
    let stage = Stage::set(3, Spec { script: [gone].into(), ..Spec::default() }, Ahead::default());
    let ran = stage.import(&[]).exits(1);
    says(&ran, &["rejected: ResourceNotFoundException"]);
    assert_eq!((stage.rows()["rejected"].clone(), stage.rows()["created"].clone()), (1.into(), 2.into()));
}

#[test]
fn a_permission_that_is_missing_is_named() {
    for (operation, action) in [
        (Operation::DescribeInstance, "connect:DescribeInstance"),
        (Operation::ListRoutingProfiles, "connect:ListRoutingProfiles"),
        (Operation::CreateUser, "connect:CreateUser"),
    ] {
        let denied = BTreeSet::from([operation]);
        let stage = Stage::set(3, Spec { denied, ..Spec::default() }, Ahead::default());
        let ran = stage.import(&[]).exits(4);
        says(&ran, &["AccessDeniedException", action, "headcount policy"]);
        assert_eq!(stage.called(), u64::from(operation == Operation::CreateUser));
    }
}

#[test]
fn quotas_that_may_not_be_read_are_no_error() {
    let denied = BTreeSet::from([Operation::GetServiceQuota]);
    let spec = Spec { denied, users_quota: 10, ..Spec::default() };
    let stage = Stage::set(3, spec, Ahead::default());
    let mut command = stage.bare(&stage.arn, &[]);
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    command.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &stage.running().url);
    run(&mut command).exits(0);
    assert!(stage.running().stats().of(Operation::GetServiceQuota).called > 0);
}

#[test]
fn a_full_instance_says_used_allowed_and_the_quotas_code() {
    let spec = Spec { users_quota: 4, ..Spec::default() };
    let stage = Stage::set(9, spec, Ahead::default());
    let import = |flags: &[&str]| {
        let mut command = stage.bare(&stage.arn, flags);
        command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
        run(command.env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &stage.running().url)).exits(4)
    };
    says(&import(&[]), &["5 too many for its quota of 4 (L-9A46857E)", "--allow-partial"]);
    assert_eq!(stage.called(), 0);
    let ran = import(&["--allow-partial"]);
    says(
        &ran,
        &[
            "stopping: the instance takes no more users",
            "stopped: the instance is full",
            "the instance had 0 users before this run, which created 4, and its quota is 4 (L-9A46857E, users per",
            "ask for more in Service Quotas, then resume",
            "resume with: ",
        ],
    );
    assert_eq!(stage.called(), 5, "one refusal");
}

#[cfg(unix)]
#[test]
fn a_ctrl_c_while_a_full_instance_drains_changes_no_reason_and_is_told_as_none() {
    let full = Fault::Refuse { status: 429, code: "LimitExceededException" };
    let script = [Fault::StallAfter(Duration::from_secs(5)), full].into();
    let stage = Stage::set(9, Spec { script, ..Spec::default() }, Ahead::default());
    let mut command = stage.bare(&stage.arn, &["--format", "json", "--concurrency", "2"]);
    command.env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID).env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY);
    let mut running = Watched::start(&mut command);
    let reason = loop {
        let event = running.event().expect("it stops before its rows end");
        if event["event"] == "stopping" {
            break event["reason"].as_str().unwrap().to_owned();
        }
    };
    assert!(reason.starts_with("the instance takes no more users"), "{reason}");
    // The first request is under way for some seconds yet.
    running.interrupt();
    let ran = running.end().exits(4);
    assert_eq!(stops(&ran), [""; 0], "told once, and that was before");
    assert!(ran.stdout.contains("\"event\":\"created\""), "what was under way is awaited: {}", ran.stdout);
    says(&ran, &["stopped: the instance takes no more users", "resume with: "]);
    assert_eq!(stage.rows()["created"], 1);
}
