//! The embedded Connect against clients that were written by others: the AWS CLI and boto3, unmodified.

#[cfg(unix)]
use std::io::Read as _;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

use crate::python;

/// A running `headcount simulate`; killed when dropped.
struct Simulator {
    child: Child,
    /// The line it printed.
    line: String,
    /// The same, read.
    told: Value,
    home: tempfile::TempDir,
}

impl Simulator {
    fn start(flags: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_headcount"))
            .args(["simulate", "--format", "json"])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("started");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let told = serde_json::from_str(&line).expect("JSON");
        Self { child, line, told, home: tempfile::tempdir().expect("a folder") }
    }

    fn told(&self, member: &str) -> &str {
        self.told[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.line))
    }

    /// The environment that it tells people to paste.
    fn command(&self, program: &Path) -> Command {
        let mut command = python::command(program, self.home.path());
        command
            .env("AWS_ENDPOINT_URL_CONNECT", self.told("url"))
            .env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", self.told("url"))
            .env("AWS_ACCESS_KEY_ID", self.told("access_key_id"))
            .env("AWS_SECRET_ACCESS_KEY", self.told("secret_access_key"))
            .env("AWS_DEFAULT_REGION", self.told("region"));
        command
    }

    fn aws(&self, venv: &Path, args: &[&str]) -> Output {
        self.command(&venv.join("bin/aws"))
            .env("AWS_MAX_ATTEMPTS", "1")
            .args(["connect", "--output", "json"])
            .args(args)
            .output()
            .expect("started")
    }

    /// What the AWS CLI prints where it must succeed.
    fn aws_json(&self, venv: &Path, args: &[&str]) -> Value {
        let output = self.aws(venv, args);
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{args:?}: {stderr}");
        if stdout.trim().is_empty() { Value::Null } else { serde_json::from_str(&stdout).expect("JSON") }
    }

    /// What the AWS CLI complains of where it must fail.
    fn aws_refused(&self, venv: &Path, args: &[&str]) -> String {
        let output = self.aws(venv, args);
        assert!(!output.status.success(), "{args:?} succeeded");
        String::from_utf8_lossy(&output.stderr).into_owned()
    }

    /// Runs one section of the boto3 script, which checks for itself.
    fn boto3(&self, section: &str) {
        self.boto3_with(section, &[]);
    }

    /// The same, with what else the section has to know.
    fn boto3_with(&self, section: &str, more: &[&str]) {
        let Some(venv) = python::venv() else { return };
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/python/simulator.py");
        let output = self
            .command(&venv.join("bin/python"))
            .arg(script)
            .args([section, &self.line])
            .args(more)
            .output()
            .expect("started");
        let (stdout, stderr) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{section}: {stderr}");
        assert_eq!(stdout, format!("{section} done\n"), "{stderr}");
    }

    /// Asks it to end and says how it did.
    #[cfg(unix)]
    fn stop(mut self, signal: &str) -> (Option<i32>, String) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().expect("kill").success());
        let mut said = String::new();
        self.child.stderr.take().expect("a pipe").read_to_string(&mut said).expect("text");
        (self.child.wait().expect("ended").code(), said)
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_aws_cli_creates_finds_and_deletes_a_user() {
    let Some(venv) = python::venv() else { return };
    let simulator = Simulator::start(&[]);
    let (id, arn) = (simulator.told("instance_id"), simulator.told("instance_arn"));

    let instances = simulator.aws_json(&venv, &["list-instances"]);
    assert_eq!(instances["InstanceSummaryList"][0]["Arn"], arn);
    let instance = simulator.aws_json(&venv, &["describe-instance", "--instance-id", arn]);
    assert_eq!(instance["Instance"]["IdentityManagementType"], "CONNECT_MANAGED");

    let named = |list: &str, member: &str, name: &str| {
        let all = simulator.aws_json(&venv, &[list, "--instance-id", id]);
        let found = all[member].as_array().expect("a list").iter().find(|item| item["Name"] == name).cloned();
        found.unwrap_or_else(|| panic!("no {name} in {all}"))["Id"].as_str().expect("an id").to_owned()
    };
    let routing = named("list-routing-profiles", "RoutingProfileSummaryList", "Basic Routing Profile");
    let security = named("list-security-profiles", "SecurityProfileSummaryList", "Agent");

    let create = [
        "create-user",
        "--instance-id",
        arn,
        "--username",
        "ada.byron",
        "--password",
        "Analytical-1",
        "--identity-info",
        "FirstName=Ada,LastName=Byron,Email=ada@example.com",
        "--phone-config",
        "PhoneType=SOFT_PHONE,AutoAccept=true,AfterContactWorkTimeLimit=30",
        "--security-profile-ids",
        &security,
        "--routing-profile-id",
        &routing,
        "--tags",
        "team=Difference Engine",
    ];
    let created = simulator.aws_json(&venv, &create);
    let user = created["UserId"].as_str().expect("an id");
    assert_eq!(created["UserArn"], format!("{arn}/agent/{user}"));
    let again = simulator.aws_refused(&venv, &create);
    assert!(again.contains("(DuplicateResourceException)"), "{again}");

    let described = simulator.aws_json(&venv, &["describe-user", "--instance-id", id, "--user-id", user]);
    assert_eq!(described["User"]["IdentityInfo"]["Email"], "ada@example.com");
    assert_eq!(described["User"]["PhoneConfig"]["AfterContactWorkTimeLimit"], 30);
    assert_eq!(described["User"]["Tags"]["team"], "Difference Engine");
    let listed = simulator.aws_json(&venv, &["list-users", "--instance-id", id]);
    assert_eq!(listed["UserSummaryList"][0]["Username"], "ada.byron");
    let criteria =
        r#"{"StringCondition":{"FieldName":"Username","Value":"ada.byron","ComparisonType":"EXACT"}}"#;
    let found =
        simulator.aws_json(&venv, &["search-users", "--instance-id", id, "--search-criteria", criteria]);
    assert_eq!(found["Users"][0]["Id"], user);
    assert_eq!(found["Users"][0]["PhoneConfig"]["AfterContactWorkTimeLimit"], 30_000);

    simulator.aws_json(&venv, &["delete-user", "--instance-id", id, "--user-id", user]);
    let gone = simulator.aws_refused(&venv, &["describe-user", "--instance-id", id, "--user-id", user]);
    assert!(gone.contains("(ResourceNotFoundException)"), "{gone}");
}

#[test]
fn boto3_sees_every_field_that_it_sent() {
    Simulator::start(&["--rate", "unlimited"]).boto3("round_trip");
}

#[test]
fn boto3_is_throttled_at_the_rate_and_told_so() {
    Simulator::start(&["--rate", "2", "--burst", "5"]).boto3("throttling");
}

#[test]
fn boto3_is_told_of_duplicates_and_of_a_full_instance() {
    Simulator::start(&["--rate", "unlimited", "--users-quota", "7"]).boto3("duplicate_and_quota");
}

#[test]
fn boto3_reads_every_page_once() {
    Simulator::start(&["--rate", "unlimited"]).boto3("pagination");
}

#[test]
fn boto3_is_refused_by_the_rules_of_each_identity_type() {
    for identity in ["connect", "saml", "directory"] {
        Simulator::start(&["--rate", "unlimited", "--identity", identity]).boto3("identity");
    }
}

#[test]
fn boto3_is_refused_without_the_right_signature() {
    Simulator::start(&[]).boto3("signature");
}

#[test]
fn boto3_reads_the_applied_quotas() {
    Simulator::start(&["--rate", "8", "--users-quota", "750"]).boto3("quotas");
}

#[test]
fn boto3_tags_users_and_gives_them_proficiencies() {
    Simulator::start(&["--rate", "unlimited"]).boto3("tags_and_proficiencies");
}

#[test]
fn boto3_meets_every_kind_of_bad_weather_and_loses_nobody() {
    Simulator::start(&["--rate", "unlimited", "--weather", "rough", "--seed", "7"]).boto3("rough_weather");
}

#[test]
fn boto3_changes_a_user_in_every_way_that_the_service_may_have_it() {
    for updates in ["replace", "merge", "stubborn", "strict"] {
        let simulator = Simulator::start(&["--rate", "unlimited", "--updates", updates]);
        simulator.boto3_with("updates", &[updates]);
    }
}

#[test]
fn boto3_changes_a_user_in_rough_weather_and_loses_nothing() {
    Simulator::start(&["--rate", "unlimited", "--weather", "rough", "--seed", "7"]).boto3("rough_updates");
}

#[test]
fn the_aws_cli_changes_a_user_by_every_call_there_is() {
    let Some(venv) = python::venv() else { return };
    let simulator = Simulator::start(&["--rate", "unlimited"]);
    let (id, arn) = (simulator.told("instance_id"), simulator.told("instance_arn"));
    let first = |list: &str, member: &str| {
        let all = simulator.aws_json(&venv, &[list, "--instance-id", id]);
        all[member][0]["Id"].as_str().expect("an id").to_owned()
    };
    let routing = first("list-routing-profiles", "RoutingProfileSummaryList");
    let security = first("list-security-profiles", "SecurityProfileSummaryList");
    let group = first("list-user-hierarchy-groups", "UserHierarchyGroupSummaryList");
    let names = "FirstName=Ada,LastName=Byron";
    let create = ["create-user", "--instance-id", id, "--username", "ada", "--password", "Analytical-1"];
    let rest =
        ["--identity-info", names, "--security-profile-ids", &security, "--routing-profile-id", &routing];
    let created = simulator.aws_json(&venv, &[&create[..], &rest[..]].concat());
    let user = created["UserId"].as_str().expect("an id");
    let skill = "AttributeName=Language,AttributeValue=German";
    let (three, five) = (format!("{skill},Level=3"), format!("{skill},Level=5"));
    let voice = "Channel=VOICE,AfterContactWorkConfig={AfterContactWorkTimeLimit=45}";
    let of_user: [&[&str]; 10] = [
        &["update-user-identity-info", "--identity-info", "FirstName=Ada,LastName=King"],
        &["update-user-phone-config", "--phone-config", "PhoneType=SOFT_PHONE,AutoAccept=true"],
        &["update-user-config", "--after-contact-work-configs", voice],
        &["update-user-routing-profile", "--routing-profile-id", &routing],
        &["update-user-security-profiles", "--security-profile-ids", &security],
        &["update-user-hierarchy", "--hierarchy-group-id", &group],
        &["associate-user-proficiencies", "--user-proficiencies", &three],
        &["update-user-proficiencies", "--user-proficiencies", &five],
        &["disassociate-user-proficiencies", "--user-proficiencies", skill],
        &["update-user-hierarchy"],
    ];
    for call in of_user {
        let printed = simulator.aws_json(&venv, &[call, &["--instance-id", id, "--user-id", user]].concat());
        assert_eq!(printed, Value::Null, "{call:?}");
    }
    let resource = format!("{arn}/agent/{user}");
    let tagged = ["tag-resource", "--resource-arn", &resource, "--tags", "team=A,site=Berlin"];
    assert_eq!(simulator.aws_json(&venv, &tagged), Value::Null);
    let untagged = ["untag-resource", "--resource-arn", &resource, "--tag-keys", "site", "floor"];
    assert_eq!(simulator.aws_json(&venv, &untagged), Value::Null);

    let shown = simulator.aws_json(&venv, &["describe-user", "--instance-id", id, "--user-id", user]);
    let shown = &shown["User"];
    assert_eq!(shown["IdentityInfo"]["LastName"], "King");
    assert_eq!(shown["PhoneConfig"]["AutoAccept"], true);
    let limits = &shown["AfterContactWorkConfigs"];
    assert_eq!(limits[0]["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"], 45);
    assert_eq!(shown["Tags"], serde_json::json!({ "team": "A" }));
    assert!(shown["HierarchyGroupId"].is_null());
    let all = simulator.aws_json(&venv, &["search-users", "--instance-id", id, "--max-results", "500"]);
    assert_eq!(all["ApproximateTotalCount"], 1);
    assert_eq!(
        all["Users"][0]["AfterContactWorkConfigs"][0]["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"],
        45_000
    );
}

#[cfg(unix)]
#[test]
fn it_ends_well_on_ctrl_c_and_on_sigterm() {
    for signal in ["-INT", "-TERM"] {
        let (code, said) = Simulator::start(&[]).stop(signal);
        assert_eq!(code, Some(0));
        assert_eq!(said, "answered 0 calls; CreateUser: 0 called, 0 throttled, 0 refused, 0 executed\n");
    }
}

#[test]
fn people_are_told_what_to_paste() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_headcount"))
        .arg("simulate")
        .stdout(Stdio::piped())
        .spawn()
        .expect("started");
    let mut lines =
        BufReader::new(child.stdout.take().expect("a pipe")).lines().map(|line| line.expect("text"));
    let head = lines.next().expect("a line");
    let rest: Vec<String> =
        lines.by_ref().take_while(|line| !line.starts_with("aws connect list-users")).collect();
    child.kill().expect("ended");
    child.wait().expect("ended");
    let url = head
        .strip_prefix("Simulated Amazon Connect at ")
        .and_then(|rest| rest.strip_suffix(" until Ctrl-C."))
        .unwrap_or_else(|| panic!("{head}"));
    // In each shell that people have here: what stands before a name and behind it, and what behind the value.
    let shells: &[[&str; 3]] =
        if cfg!(windows) { &[["$env:", " = \"", "\""], ["set ", "=", ""]] } else { &[["export ", "=", ""]] };
    for [set, to, end] in shells {
        for name in ["AWS_ENDPOINT_URL_CONNECT", "AWS_ENDPOINT_URL_SERVICE_QUOTAS", "AWS_ENDPOINT_URL_STS"] {
            assert!(rest.contains(&format!("{set}{name}{to}{url}{end}")), "{rest:?}");
        }
        for name in ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"] {
            assert!(rest.iter().any(|line| line.starts_with(&format!("{set}{name}{to}"))), "{rest:?}");
        }
    }
}

#[test]
fn a_port_that_is_taken_is_a_usage_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = Command::new(env!("CARGO_BIN_EXE_headcount"))
        .args(["simulate", "--port", &port])
        .output()
        .expect("started");
    assert_eq!(output.status.code(), Some(2));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.starts_with(&format!("error: cannot listen on 127.0.0.1 port `{port}`")), "{stderr}");
    assert!(output.stdout.is_empty());
}
