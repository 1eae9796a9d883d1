//! `headcount policy`, from outside.

use assert_cmd::Command;
use serde_json::Value;

const ARN: &str = "arn:aws:connect:us-west-2:123456789012:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

fn policy(args: &[&str]) -> (i32, String, String) {
    let output = Command::cargo_bin("headcount").unwrap().arg("policy").args(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

fn actions(args: &[&str]) -> Vec<String> {
    let (exit, stdout, stderr) = policy(args);
    assert_eq!((exit, stderr.as_str()), (0, ""));
    let policy: Value = serde_json::from_str(&stdout).unwrap();
    serde_json::from_value(policy["Statement"][0]["Action"].clone()).unwrap()
}

#[test]
fn the_policy_in_the_documentation_is_the_one_that_is_printed() {
    let page = include_str!("../../docs/iam.md");
    let shown = page.split("```json\n").nth(1).and_then(|rest| rest.split("```").next());
    assert_eq!(shown, Some(policy(&["--instance", ARN]).1.as_str()));
}

#[test]
fn the_policy_has_what_the_job_needs_and_no_more() {
    let import = actions(&[]);
    let has = |all: &[String], action: &str| all.iter().any(|a| a == action);
    assert!(has(&import, "connect:CreateUser") && has(&import, "connect:TagResource"));
    assert!(!has(&import, "connect:AssociateUserProficiencies") && !has(&import, "connect:DeleteUser"));
    assert!(!has(&actions(&["--no-provenance-tag"]), "connect:TagResource"));
    assert!(has(&actions(&["--for", "import-with-proficiencies"]), "connect:AssociateUserProficiencies"));
    let look = actions(&["--for", "look"]);
    assert!(!has(&look, "connect:CreateUser") && !has(&look, "connect:TagResource"));
}

/// The whole policy of a command line, run beside a `roster.csv` with this header.
fn of_command(header: &str, words: &[&str]) -> (Vec<String>, Vec<String>, String) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("roster.csv"), format!("{header}\n")).unwrap();
    let mut command = crate::harness::headcount(folder.path());
    let ran = crate::harness::run(command.arg("policy").args(words)).exits(0);
    let policy: Value = serde_json::from_str(&ran.stdout).unwrap();
    let actions = |at: usize| serde_json::from_value(policy["Statement"][at]["Action"].clone()).unwrap();
    let resource = policy["Statement"][0]["Resource"][0].as_str().unwrap().to_owned();
    (actions(0), actions(1), resource)
}

const HEADER: &str =
    "first name,last name,email address,password,user login,routing profile name,security profiles";

#[test]
fn a_command_line_is_permitted_what_it_does_and_no_more() {
    let has = |all: &[String], action: &str| all.iter().any(|a| a == action);
    let import = ["import", "roster.csv", "--instance", ARN];
    let (actions, elsewhere, resource) = of_command(HEADER, &import);
    assert!(has(&actions, "connect:CreateUser") && has(&actions, "connect:TagResource"), "{actions:?}");
    assert!(!has(&actions, "connect:AssociateUserProficiencies"), "{actions:?}");
    // An ARN need not be looked for.
    assert_eq!(elsewhere, ["ds:DescribeDirectories", "servicequotas:GetServiceQuota"]);
    assert_eq!(resource, ARN);

    // The roster's own columns decide what they need.
    let untagged = [&import[..], &["--no-provenance-tag"]].concat();
    assert!(!has(&of_command(HEADER, &untagged).0, "connect:TagResource"));
    assert!(has(&of_command(&format!("{HEADER},tags"), &untagged).0, "connect:TagResource"));
    let skilled = of_command(&format!("{HEADER},proficiencies"), &import).0;
    assert!(
        has(&skilled, "connect:AssociateUserProficiencies") && has(&skilled, "connect:ListUserProficiencies")
    );

    let looks = of_command(HEADER, &[&import[..], &["--dry-run"]].concat()).0;
    for changes in ["connect:CreateUser", "connect:TagResource", "connect:DescribeUser"] {
        assert!(!has(&looks, changes), "{looks:?}");
    }

    let told = [&import[..], &["--identity", "connect", "--directory", "d.json"]].concat();
    let (actions, elsewhere, _) = of_command(HEADER, &told);
    assert!(
        !actions.iter().any(|action| action.contains("Profile") || action.contains("Hierarchy")),
        "{actions:?}"
    );
    assert!(!has(&actions, "connect:DescribeInstance"));
    assert_eq!(elsewhere, ["servicequotas:GetServiceQuota"]);

    let alias = ["directory", "--instance", "acme", "--region", "us-gov-west-1"];
    let (actions, elsewhere, resource) = of_command(HEADER, &alias);
    assert!(has(&actions, "connect:SearchPredefinedAttributes") && has(&elsewhere, "connect:ListInstances"));
    assert_eq!(resource, "arn:aws-us-gov:connect:us-gov-west-1:*:instance/*");
}

#[test]
fn a_command_line_that_reaches_nothing_needs_no_policy() {
    let folder = crate::harness::folder(&["roster.csv"]);
    for words in [&["validate", "roster.csv"][..], &["import", "roster.csv", "--simulate"]] {
        let mut command = crate::harness::headcount(folder.path());
        let ran = crate::harness::run(command.arg("policy").args(words)).exits(2);
        assert!(ran.stderr.contains("reaches no instance: it needs no permissions"), "{}", ran.stderr);
    }
    let mut command = crate::harness::headcount(folder.path());
    let ran =
        crate::harness::run(command.args(["policy", "import", "roster.csv", "--instnce", "x"])).exits(2);
    assert!(ran.stderr.contains("did you mean `--instance`?"), "{}", ran.stderr);
}

#[test]
fn an_instance_that_is_no_arn_is_a_mistake() {
    for typed in ["my-centre", "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111"] {
        let (exit, stdout, stderr) = policy(&["--instance", typed]);
        assert_eq!((exit, stdout.as_str()), (2, ""));
        assert!(stderr.contains(&format!("error: a policy needs the instance's ARN: `{typed}`")), "{stderr}");
        assert!(stderr.contains("hint: "), "{stderr}");
    }
    assert_eq!(policy(&["--instance", "arn:aws:s3:::x"]).0, 2);
}

/// The statements of the policy of a command line, and what is said of it.
fn statements(folder: &std::path::Path, words: &[&str]) -> (Vec<Value>, String) {
    let mut command = crate::harness::headcount(folder);
    let ran = crate::harness::run(command.arg("policy").args(words)).exits(0);
    let policy: Value = serde_json::from_str(&ran.stdout).unwrap();
    (policy["Statement"].as_array().unwrap().clone(), ran.stderr)
}

#[test]
fn an_undo_is_permitted_to_delete_the_users_of_its_run_alone() {
    let service = crate::harness::Service::start(&[]);
    let at = tempfile::tempdir().unwrap();
    let row = "Ana,Silva,ana@example.com,Str0ng!Passw0rd,ana,Basic Routing Profile,Agent";
    std::fs::write(at.path().join("roster.csv"), format!("{HEADER}\n{row}\n")).unwrap();
    crate::harness::run(&mut service.import(at.path(), "roster.csv", &["--yes"])).exits(0);
    let ledger = "roster.csv.ledger.jsonl";
    let run = crate::harness::status(at.path(), ledger)["run"].as_str().unwrap().to_owned();

    let (all, said) = statements(at.path(), &["undo", ledger]);
    let [instance, of_run, _] = all.as_slice() else { panic!("{all:#?}") };
    let actions = |of: &Value| serde_json::from_value::<Vec<String>>(of["Action"].clone()).unwrap();
    assert_eq!(actions(of_run), ["connect:DeleteUser"]);
    assert_eq!(of_run["Resource"], format!("{}/agent/*", service.arn));
    let condition = &of_run["Condition"]["StringLike"]["aws:ResourceTag/headcount:run"];
    assert_eq!(*condition, format!("{run}/*"));
    assert!(said.contains("inferred"), "{said}");
    let may = actions(instance);
    let has = |may: &[String], name: &str| may.iter().any(|action| *action == format!("connect:{name}"));
    for needed in
        ["ListUsers", "DescribeUser", "ListUserProficiencies", "SearchQuickConnects", "GetCurrentUserData"]
    {
        assert!(has(&may, needed), "{needed}: {may:?}");
    }
    for other in ["DeleteUser", "CreateUser", "TagResource", "DeleteQuickConnect", "DeleteAllEntitySessions"]
    {
        assert!(!has(&may, other), "{other}: {may:?}");
    }
    let (all, _) = statements(at.path(), &["undo", ledger, "--with-quick-connects"]);
    assert!(has(&actions(&all[0]), "DeleteQuickConnect"));
    let (all, said) = statements(at.path(), &["undo", ledger, "--dry-run"]);
    assert!(all.len() == 2 && said.is_empty() && has(&actions(&all[0]), "SearchQuickConnects"), "{all:#?}");
}
