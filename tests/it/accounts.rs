//! Several instances behind one address, in two accounts: for the AWS CLI, for boto3 and for the program itself.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use headcount::simulator::{Fault, Operation, Pace, Spec, Trust};
use serde_json::Value;

use crate::harness::{INSTANCES, Service, Several, folder, headcount, run};
use crate::python;

const ONE: &str = "111111111111";
const OTHER: &str = "222222222222";
const ROLE: &str = "arn:aws:iam::222222222222:role/HeadcountImport";

/// A client of other hands, with the keys of the first account, or of a role.
fn client(service: &Service, program: &Path, home: &Path, role: Option<&Value>) -> Command {
    let (key, secret) = service.keys();
    let mut command = python::command(program, home);
    for name in ["CONNECT", "SERVICE_QUOTAS", "STS"] {
        command.env(format!("AWS_ENDPOINT_URL_{name}"), &service.url);
    }
    command
        .env("AWS_ACCESS_KEY_ID", key)
        .env("AWS_SECRET_ACCESS_KEY", secret)
        .env("AWS_DEFAULT_REGION", "eu-central-1")
        .env("AWS_MAX_ATTEMPTS", "1");
    if let Some(role) = role {
        for (name, member) in [
            ("AWS_ACCESS_KEY_ID", "AccessKeyId"),
            ("AWS_SECRET_ACCESS_KEY", "SecretAccessKey"),
            ("AWS_SESSION_TOKEN", "SessionToken"),
        ] {
            command.env(name, role["Credentials"][member].as_str().unwrap());
        }
    }
    command
}

#[test]
fn the_aws_cli_takes_on_a_role_and_sees_the_instances_of_its_account() {
    let Some(venv) = python::venv() else { return };
    let (service, home) = (Service::start(&INSTANCES), folder(&[]));
    let aws = |role: Option<&Value>, words: &[&str]| {
        let ran = run(client(&service, &venv.join("bin/aws"), home.path(), role).args(words));
        let told = serde_json::from_str(&ran.stdout).unwrap_or_default();
        (told, ran)
    };
    let list = ["connect", "list-instances", "--output", "json"];
    let aliases = |told: &Value| {
        let all = told["InstanceSummaryList"].as_array().unwrap();
        all.iter().map(|one| one["InstanceAlias"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(aliases(&aws(None, &list).0), ["berlin", "paris"]);

    // The endpoint by the flag, for a service that no variable names.
    let assume =
        ["sts", "assume-role", "--endpoint-url", &service.url, "--output", "json", "--role-arn", ROLE];
    let assume = [&assume[..], &["--role-session-name", "rehearsal"]].concat();
    let (_, refused) = aws(None, &assume);
    let says = format!(
        "(AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::{ONE}:user/simulated is not authorized to \
         perform: sts:AssumeRole on resource: {ROLE}"
    );
    assert!(refused.stderr.contains(&says), "{}", refused.stderr);

    let (role, _) = aws(None, &[&assume[..], &["--external-id", "sesame"]].concat());
    let arn = "arn:aws:sts::222222222222:assumed-role/HeadcountImport/rehearsal";
    assert_eq!(role["AssumedRoleUser"]["Arn"], arn);
    let there = aws(Some(&role), &[&list[..], &["--region", "us-east-1"]].concat()).0;
    assert_eq!(aliases(&there), ["austin"]);
    assert!(aliases(&aws(Some(&role), &list).0).is_empty(), "its account has none in the other region");
    let berlin = ["connect", "describe-instance", "--instance-id", &service.arn];
    let (_, foreign) = aws(Some(&role), &berlin);
    assert!(foreign.stderr.contains("(ResourceNotFoundException)"), "{}", foreign.stderr);
    let mut stripped = role.clone();
    stripped["Credentials"]["SessionToken"] = "another".into();
    let (_, stranger) = aws(Some(&stripped), &list);
    assert!(stranger.stderr.contains("(UnrecognizedClientException)"), "{}", stranger.stderr);
    assert_eq!((service.calls("AssumeRole", "called"), service.calls("AssumeRole", "executed")), (2, 1));
}

#[test]
fn boto3_takes_on_a_role_and_meets_a_bucket_for_each_account() {
    let Some(venv) = python::venv() else { return };
    let flags = [&INSTANCES[..], &["--rate", "0.01", "--burst", "5"]].concat();
    let (service, home) = (Service::start(&flags), folder(&[]));
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/accounts.py");
    let mut command = client(&service, &venv.join("bin/python"), home.path(), None);
    let ran = run(command.arg(script).arg(service.said())).exits(0);
    assert_eq!(ran.stdout, "accounts done\n", "{}", ran.stderr);
}

#[test]
fn people_are_told_of_each_instance_and_of_the_way_into_the_other_account() {
    let mut command = headcount(Path::new("."));
    let mut child = command.arg("simulate").args(INSTANCES).stdout(Stdio::piped()).spawn().unwrap();
    let (mut told, mut lines) = (Vec::new(), BufReader::new(child.stdout.take().unwrap()).lines());
    // Behind the last line no other comes.
    while !told.last().is_some_and(|line: &String| line.starts_with("aws sts assume-role")) {
        told.push(lines.next().unwrap().unwrap());
    }
    child.kill().unwrap();
    child.wait().unwrap();
    for line in [
        "instance  berlin (CONNECT_MANAGED)",
        "instance  paris (CONNECT_MANAGED)",
        "instance  austin (CONNECT_MANAGED)",
        "keys      AKIASIMU222222222222 headcount/simulated+keys/of/222222222222",
        "role      arn:aws:iam::222222222222:role/headcount",
        "aws sts assume-role --role-session-name rehearsal --role-arn arn:aws:iam::222222222222:role/headcount --external-id \
         sesame",
    ] {
        assert!(told.iter().any(|told| told == line), "no {line} in {told:#?}");
    }
}

#[test]
fn an_instance_that_cannot_be_is_a_usage_error() {
    for (flags, says) in [
        (&["--instance", "acme"][..], "expected ACCOUNT/REGION/ALIAS"),
        (&["--instance", "111111111111/eu-west-2/a,users-quota=x"], "expected a number of users"),
        (
            &["--instance", "111111111111/eu-west-2/a", "--instance", "222222222222/eu-west-2/a"],
            "two instances",
        ),
    ] {
        let ran = run(headcount(Path::new(".")).arg("simulate").args(flags)).exits(2);
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
}

/// Ten people.
fn roster(folder: &Path) {
    let mut text =
        String::from("first name,last name,password,user login,routing profile name,security profile name\n");
    for n in 0..10 {
        text.push_str(&format!("First,Last,Canary-7f3a-Pw1,user{n},Basic Routing Profile,Agent\n"));
    }
    fs::write(folder.join("roster.csv"), text).unwrap();
}

fn several() -> Several {
    let paced = |spec: Spec| Spec { pace: Pace::UNLIMITED, ..spec };
    Several::start(
        [(ONE, "eu-central-1", "berlin"), (ONE, "eu-central-1", "paris"), (OTHER, "us-east-1", "austin")]
            .map(|(account, region, alias)| paced(Spec::at(account, region, alias))),
    )
}

#[test]
fn an_import_goes_by_a_profiles_role_into_the_other_account() {
    let (several, folder) = (several(), folder(&[]));
    several.cloud().trust(ROLE, Trust { external_id: Some("sesame".into()), ..Trust::default() });
    roster(folder.path());
    let (key, secret) = headcount::simulator::keys_of(ONE);
    let config = |external_id: &str| {
        format!(
            "[profile base]\naws_access_key_id={key}\naws_secret_access_key={secret}\n\
             [profile other]\nsource_profile=base\nrole_arn={ROLE}\nexternal_id={external_id}\n"
        )
    };
    fs::create_dir_all(folder.path().join(".aws")).unwrap();
    let import = |external_id: &str| {
        fs::write(folder.path().join(".aws/config"), config(external_id)).unwrap();
        let mut command = several.headcount(folder.path(), ONE);
        command.args(["import", "roster.csv", "--profile", "other", "--rate", "1000"]);
        run(command.args(["--instance", &several.arn("austin")]))
    };
    let refused = import("another").exits(4);
    assert!(refused.stderr.contains("is not authorized to perform: sts:AssumeRole"), "{}", refused.stderr);
    assert_eq!(several.cloud().stats().users, 0);
    import("sesame").exits(0);
    assert_eq!(several.world("austin").stats().users, 10);
    assert_eq!(several.cloud().stats().users, 10);
}

#[test]
fn one_instance_is_full_one_is_denied_and_one_fails_and_the_last_one_does_not_notice() {
    let (several, folder) = (several(), folder(&[]));
    roster(folder.path());
    let import = |account: &str, alias: &str, code: i32| {
        let mut command = several.headcount(folder.path(), account);
        let ledger = format!("{alias}.ledger.jsonl");
        command.args(["import", "roster.csv", "--ledger", &ledger, "--rate", "1000"]);
        run(command.args(["--instance", &several.arn(alias)])).exits(code)
    };
    several.world("berlin").deny(Operation::CreateUser);
    several.world("austin").order(vec![Fault::ErrorBefore; 2]);
    import(ONE, "berlin", 4);
    import(ONE, "paris", 0);
    import(OTHER, "austin", 0);
    // Keys of the wrong account: nothing of that name is there.
    let foreign = import(ONE, "austin", 4);
    assert!(foreign.stderr.contains("instance"), "{}", foreign.stderr);
    let users = ["berlin", "paris", "austin"].map(|alias| several.world(alias).stats().users);
    assert_eq!(users, [0, 10, 10]);
    let throttled = several.cloud().stats().of(Operation::CreateUser).throttled;
    assert_eq!(throttled, 0);
}
