//! The files of docs/serverless.md, held against the program. Nothing of them is run.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{headcount, run};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs")
}

/// All of them, by name.
fn files() -> BTreeMap<String, Value> {
    let entries = fs::read_dir(docs().join("serverless")).unwrap();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_name().unwrap().to_str().unwrap().to_owned(), json)
    };
    let files: BTreeMap<String, Value> = entries.map(|entry| read(entry.unwrap().path())).collect();
    assert!(files.len() >= 10, "{:?}", files.keys());
    files
}

/// The words behind `headcount` of each of its command lines, in a file.
fn command_lines(file: &Value) -> Vec<Vec<String>> {
    let mut lines = Vec::new();
    let words = |list: &Value| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        list.map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let mut rest = vec![file];
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(members) => {
                for (name, command) in [("name", "command"), ("Name", "Command")] {
                    if members.get(name) == Some(&json!("headcount")) && members.contains_key(command) {
                        lines.push(words(&members[command]));
                    }
                }
                rest.extend(members.values());
            }
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    lines
}

/// The policy that is printed for a command line, beside a roster of that name.
fn policy(words: &[String]) -> Value {
    let folder = tempfile::tempdir().unwrap();
    let header =
        "first name,last name,email address,password,user login,routing profile name,security profiles\n";
    for roster in ["roster.csv", "mended.csv"] {
        fs::write(folder.path().join(roster), header).unwrap();
    }
    let ran = run(headcount(folder.path()).arg("policy").args(words)).exits(0);
    serde_json::from_str(&ran.stdout).unwrap()
}

/// What a policy permits, but for a statement of this name: actions by resource.
fn permits(policy: &Value, without: &str) -> BTreeSet<(String, String)> {
    let list = |value: &Value| -> Vec<String> {
        match value {
            Value::Array(all) => all.iter().map(|one| one.as_str().unwrap().to_owned()).collect(),
            one => vec![one.as_str().unwrap().to_owned()],
        }
    };
    let statements = policy["Statement"].as_array().unwrap().iter();
    let statements = statements.filter(|statement| statement["Sid"] != without);
    let pairs = statements.flat_map(|statement| {
        let resources = list(&statement["Resource"]);
        let pair = move |action: String| {
            resources.iter().map(|resource| (action.clone(), resource.clone())).collect::<Vec<_>>()
        };
        list(&statement["Action"]).into_iter().flat_map(pair)
    });
    pairs.collect()
}

#[test]
fn the_task_may_do_what_its_command_line_needs_and_read_its_roster() {
    let files = files();
    let lines = command_lines(&files["task-definition.json"]);
    let [line] = lines.as_slice() else { panic!("{lines:?}") };
    // The policy names the table by its ARN, the task by its name.
    let table = "dynamodb://arn:aws:dynamodb:eu-central-1:123456789012:table/headcount/";
    let line: Vec<String> = line.iter().map(|word| word.replace("dynamodb://headcount/", table)).collect();
    let role = &files["task-role.json"];
    assert_eq!(permits(role, "Roster"), permits(&policy(&line), ""));
    let roster: BTreeSet<_> = permits(role, "").difference(&permits(role, "Roster")).cloned().collect();
    let own = ("s3:GetObject".to_owned(), "arn:aws:s3:::acme-rosters/roster.csv".to_owned());
    assert_eq!(roster, BTreeSet::from([own]));
    let page = fs::read_to_string(docs().join("serverless.md")).unwrap();
    let shown = page.lines().find_map(|line| line.strip_prefix("headcount policy ")).unwrap();
    let shown: Vec<String> = shown.split(' ').map(str::to_owned).collect();
    assert_eq!(policy(&shown), policy(&line));
}

#[test]
fn every_command_line_is_one_of_the_program() {
    let page = fs::read_to_string(docs().join("serverless.md")).unwrap();
    let shared = fs::read_to_string(docs().join("shared-ledgers.md")).unwrap();
    let typed = page.lines().chain(shared.lines()).filter_map(|line| line.strip_prefix("headcount "));
    let typed = typed.map(|line| line.split(' ').map(|word| word.trim_matches('\'').to_owned()).collect());
    let of_files = files().values().flat_map(command_lines).collect::<Vec<_>>();
    let mut number = 0;
    for words in typed.chain(of_files) {
        let words: Vec<String> = words;
        number += 1;
        // What asks the table first, of which there is none here.
        if words[0] == "retry" || words[0] == "policy" {
            let parsed = run(headcount(&docs()).args(&words).arg("--help")).exits(0);
            assert!(parsed.stdout.contains("Usage: headcount"), "{words:?}");
            continue;
        }
        let tables = policy(&words)["Statement"].as_array().unwrap().len();
        assert!(tables > 0, "{words:?}");
    }
    assert!(number >= 8, "only {number} were found");
}

/// Answers every call as a table that was just made, and keeps what was asked.
fn asked_of_a_table(words: &[&str], calls: usize) -> Vec<(String, Value)> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let serves = std::thread::spawn(move || {
        let mut asked = Vec::new();
        for stream in listener.incoming().take(calls) {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut operation, mut length, mut line) = (String::new(), 0, String::new());
            while reader.read_line(&mut line).unwrap() > 2 {
                let (name, value) = line.split_once(':').unwrap_or_default();
                match name.to_ascii_lowercase().as_str() {
                    "x-amz-target" => operation = value.trim().rsplit('.').next().unwrap().to_owned(),
                    "content-length" => length = value.trim().parse().unwrap(),
                    _ => {}
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            asked.push((operation, serde_json::from_slice(&body).unwrap()));
            let answer = json!({"Table": {
                "TableStatus": "ACTIVE", "DeletionProtectionEnabled": true,
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
                ],
                "KeySchema": [
                    {"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
            }})
            .to_string();
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/x-amz-json-1.0\r\nConnection: close\r\n";
            write!(stream, "{head}Content-Length: {}\r\n\r\n{answer}", answer.len()).unwrap();
        }
        asked
    });
    let mut command = headcount(&docs());
    command.env("AWS_ENDPOINT_URL_DYNAMODB", url).env("AWS_REGION", "eu-central-1");
    command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "y");
    run(command.args(words)).exits(0);
    serves.join().unwrap()
}

#[test]
fn the_table_is_the_one_that_the_program_makes() {
    let asked = asked_of_a_table(&["ledger", "create", "dynamodb://headcount"], 3);
    let operations: Vec<&str> = asked.iter().map(|(operation, _)| operation.as_str()).collect();
    assert_eq!(operations, ["CreateTable", "DescribeTable", "UpdateContinuousBackups"]);
    assert_eq!(asked[0].1, files()["table.json"]);
    let permitted = policy(&["ledger", "create", "dynamodb://headcount"].map(str::to_owned));
    let permitted: BTreeSet<String> = permits(&permitted, "").into_iter().map(|(action, _)| action).collect();
    assert_eq!(permitted, operations.iter().map(|name| format!("dynamodb:{name}")).collect());
}

#[test]
fn the_state_machine_goes_on_by_the_exit_code() {
    let files = files();
    let machine = &files["state-machine.json"];
    let states = machine["States"].as_object().unwrap();
    // Every state leads somewhere.
    let mut named = BTreeSet::from([machine["StartAt"].as_str().unwrap()]);
    let mut rest: Vec<&Value> = states.values().collect();
    while let Some(value) = rest.pop() {
        match value {
            Value::Object(members) => {
                let next = [members.get("Next"), members.get("Default")];
                named.extend(next.into_iter().flatten().filter_map(Value::as_str));
                rest.extend(members.values());
            }
            Value::Array(items) => rest.extend(items),
            _ => {}
        }
    }
    assert_eq!(named, states.keys().map(String::as_str).collect());

    let choices = states["How it ended"]["Choices"].as_array().unwrap();
    let next = |exit: u8| {
        let is_of = |condition: &str| {
            let (_, codes) = condition.split_once("$exit ").unwrap();
            let codes = codes.split(" and ").next().unwrap();
            codes.chars().any(|c| c.to_digit(10) == Some(u32::from(exit)))
        };
        let choice = choices.iter().find(|choice| is_of(choice["Condition"].as_str().unwrap()));
        choice.map_or("Tell", |choice| choice["Next"].as_str().unwrap()).to_owned()
    };
    let then: Vec<String> = (1..=6).map(next).collect();
    assert_eq!(then, ["Report", "Tell", "Tell", "Run again", "Run again", "Run again later"]);
    assert_eq!(states["How it ended"]["Default"], "Tell");
    // One task, one cluster, one topic, and roles that may be passed.
    let task = &files["task-definition.json"];
    let roles = &files["state-machine-role.json"];
    for role in ["taskRoleArn", "executionRoleArn"] {
        assert!(permits(roles, "").contains(&("iam:PassRole".into(), task[role].as_str().unwrap().into())));
    }
    let family = format!(":task-definition/{}", task["family"].as_str().unwrap());
    for state in ["Import", "Report"] {
        let definition = states[state]["Arguments"]["TaskDefinition"].as_str().unwrap();
        assert!(definition.ends_with(&family), "{definition}");
    }
    for (schedule, starts) in
        [("schedule.json", ":stateMachine:"), ("schedule-of-the-task.json", ":cluster/")]
    {
        let target = files[schedule]["Target"]["Arn"].as_str().unwrap();
        assert!(target.contains(starts), "{target}");
    }
}

#[test]
fn the_page_names_every_file() {
    let page = fs::read_to_string(docs().join("serverless.md")).unwrap();
    for name in files().keys() {
        assert!(page.contains(&format!("](serverless/{name})")), "{name}");
    }
}
