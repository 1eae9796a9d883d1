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
