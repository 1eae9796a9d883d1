//! The alarm for changes of the service's model: it tells each kind of change, and nothing where there is none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::harness::Ran;

/// A service of one operation, in botocore's form, with a shape that no operation in use reaches.
fn model() -> Value {
    json!({
        "operations": {
            "CreateUser": {
                "name": "CreateUser",
                "http": { "method": "PUT", "requestUri": "/users/{InstanceId}" },
                "input": { "shape": "CreateUserRequest" },
                "errors": [{ "shape": "DuplicateResourceException" }, { "shape": "ThrottlingException" }],
                "documentation": "<p>Creates a user. See <a href=\"x\">the guide</a> for more.</p> <note><p>Slowly.</p></note>"
            },
            "DescribeQueue": {
                "name": "DescribeQueue",
                "http": { "method": "GET", "requestUri": "/queues" },
                "input": { "shape": "Unreached" }
            }
        },
        "shapes": {
            "CreateUserRequest": {
                "type": "structure",
                "required": ["Username"],
                "members": {
                    "Username": { "shape": "Username", "documentation": "<p>The name. It is unique.</p>" },
                    "InstanceId": { "shape": "InstanceId", "location": "uri", "locationName": "InstanceId" },
                    "Configs": { "shape": "Configs" }
                }
            },
            "Username": { "type": "string", "max": 100, "min": 1, "pattern": "[a-z]+" },
            "InstanceId": { "type": "string" },
            "Configs": { "type": "list", "member": { "shape": "Config" } },
            // A shape may be made of itself.
            "Config": {
                "type": "structure",
                "members": { "Channel": { "shape": "Channel" }, "Next": { "shape": "Configs" } }
            },
            "Channel": { "type": "string", "enum": ["VOICE", "CHAT"] },
            "Unreached": { "type": "string", "max": 5 },
            "DuplicateResourceException": {
                "type": "structure", "members": {}, "exception": true, "error": { "httpStatusCode": 409 }
            },
            "ThrottlingException": {
                "type": "structure", "members": {}, "exception": true, "error": { "httpStatusCode": 429 }
            }
        }
    })
}

/// A folder of botocore with this model, a source that has its operation in use, and a digest.
struct Stage(tempfile::TempDir);

impl Stage {
    /// The digest is of `model()` and of botocore 1.0.0. `None`, said aloud, where this machine has no Python.
    fn new() -> Option<Self> {
        crate::python::venv()?;
        let stage = Self(tempfile::tempdir().unwrap());
        stage.write("operation.rs", "            Self::CreateUser => \"CreateUser\",\n");
        stage.has("1.0.0", &model());
        let ran = stage.drift(&["--renew"]).exits(0);
        assert!(ran.stdout.contains("written: "), "{}", ran.stdout);
        Some(stage)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    fn has(&self, version: &str, model: &Value) {
        self.write("botocore/__init__.py", &format!("import os\n\n__version__ = '{version}'\n"));
        self.write("botocore/data/connect/2017-08-08/service-2.json", &model.to_string());
    }

    fn drift(&self, flags: &[&str]) -> Ran {
        let mut command = script(Path::new("python3"));
        for (flag, name) in
            [("--botocore", "botocore"), ("--digest", "digest.txt"), ("--source", "operation.rs")]
        {
            command.arg(flag).arg(self.path(name));
        }
        crate::harness::run(command.args(flags))
    }

    /// What is told of a model in which one place is another.
    fn told(&self, pointer: &str, value: Value) -> Vec<String> {
        let mut changed = model();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = changed.pointer_mut(parent).unwrap_or_else(|| panic!("{parent}"));
        match parent {
            Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
            _ if value.is_null() => drop(parent.as_object_mut().unwrap().remove(name).unwrap()),
            _ => parent[name] = value,
        }
        self.has("1.0.0", &changed);
        let ran = self.drift(&[]);
        let lines: Vec<String> = ran.stdout.lines().skip(1).map(str::to_owned).collect();
        assert_eq!(ran.exit, i32::from(!lines.is_empty()), "{}{}", ran.stdout, ran.stderr);
        lines
    }
}

fn script(python: &Path) -> Command {
    let mut command = Command::new(python);
    command
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/drift.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[test]
fn the_digest_is_of_the_model_that_the_tests_have() {
    let Some(venv) = crate::python::venv() else { return };
    let python = ["bin/python", "Scripts/python.exe"].map(|name| venv.join(name));
    let python = python.iter().find(|python| python.exists()).unwrap();
    let ran = crate::harness::run(&mut script(python));
    assert!(ran.exit == 0 && ran.stdout.starts_with("0 lines differ "), "{}{}", ran.stdout, ran.stderr);
    let (digest, installed) = ran.stdout.trim().split_once(" (the digest) and ").unwrap();
    assert!(
        digest.ends_with(&format!("botocore {installed}")),
        "`--renew` after boto3 was raised: {}",
        ran.stdout
    );
}

#[test]
fn a_model_that_is_the_same_is_told_with_no_line() {
    let Some(stage) = Stage::new() else { return };
    let ran = stage.drift(&[]).exits(0);
    assert_eq!(ran.stdout, "0 lines differ between botocore 1.0.0 (the digest) and 1.0.0\n");
    stage.has("2.0.0", &model());
    let ran = stage.drift(&[]).exits(0);
    assert_eq!(ran.stdout, "0 lines differ between botocore 1.0.0 (the digest) and 2.0.0\n");
    // What no operation in use reaches is nobody's matter, nor is how a sentence is set.
    assert_eq!(stage.told("/shapes/Unreached/max", json!(6)), [""; 0]);
    let text = "<p>Creates a   user. See <i>the guide</i> for more.</p><important>Slowly.</important>";
    assert_eq!(stage.told("/operations/CreateUser/documentation", json!(text)), [""; 0]);
}

#[test]
fn each_kind_of_change_is_told_as_what_was_and_what_is() {
    let Some(stage) = Stage::new() else { return };
    let member = json!({ "shape": "Username", "documentation": "<p>Another.</p>" });
    let duplicate = json!([{ "shape": "DuplicateResourceException" }]);
    let renamed = json!("<p>The name. It is shared.</p>");
    let call = json!({ "method": "POST", "requestUri": "/users" });
    let batch = json!({ "name": "ImportUsers", "http": { "method": "PUT", "requestUri": "/x" } });
    for (pointer, value, told) in [
        (
            "/shapes/Username/max",
            json!(128),
            &["- connect Username max 100", "+ connect Username max 128"][..],
        ),
        ("/shapes/Username/min", Value::Null, &["- connect Username min 1"]),
        (
            "/shapes/Username/pattern",
            json!("[a-z ]+"),
            &["- connect Username pattern [a-z]+", "+ connect Username pattern [a-z ]+"],
        ),
        (
            "/shapes/CreateUserRequest/members/Other",
            member,
            &[
                "+ connect CreateUserRequest.Other is Username",
                "+ connect CreateUserRequest.Other says: Another.",
            ],
        ),
        (
            "/shapes/CreateUserRequest/members/InstanceId",
            Value::Null,
            &[
                "- connect CreateUserRequest.InstanceId is InstanceId",
                "- connect CreateUserRequest.InstanceId location uri",
                "- connect CreateUserRequest.InstanceId locationName InstanceId",
                "- connect InstanceId type string",
            ],
        ),
        (
            "/shapes/CreateUserRequest/required",
            json!(["Username", "Configs"]),
            &["+ connect CreateUserRequest requires Configs"],
        ),
        ("/shapes/Channel/enum", json!(["VOICE", "CHAT", "EMAIL"]), &["+ connect Channel allows EMAIL"]),
        (
            "/operations/CreateUser/errors",
            duplicate,
            &[
                "- connect CreateUser fails with ThrottlingException",
                "- connect ThrottlingException error {\"httpStatusCode\": 429}",
                "- connect ThrottlingException exception true",
                "- connect ThrottlingException type structure",
            ],
        ),
        (
            "/shapes/DuplicateResourceException/error/httpStatusCode",
            json!(400),
            &[
                "- connect DuplicateResourceException error {\"httpStatusCode\": 409}",
                "+ connect DuplicateResourceException error {\"httpStatusCode\": 400}",
                "- connect exceptions DuplicateResourceException 409",
                "+ connect exceptions DuplicateResourceException 400",
            ],
        ),
        (
            "/shapes/CreateUserRequest/members/Username/documentation",
            renamed,
            &[
                "- connect CreateUserRequest.Username says: It is unique.",
                "+ connect CreateUserRequest.Username says: It is shared.",
            ],
        ),
        (
            "/operations/CreateUser/http",
            call,
            &["- connect CreateUser is PUT /users/{InstanceId}", "+ connect CreateUser is POST /users"],
        ),
        ("/operations/ImportUsers", batch, &["+ connect operations ImportUsers"]),
    ] {
        assert_eq!(stage.told(pointer, value), told, "{pointer}");
    }
    // An operation in use that is gone is told, and so is a new version of the whole interface.
    assert!(
        stage
            .told("/operations/CreateUser", Value::Null)
            .contains(&"- connect operations CreateUser".to_owned())
    );
    stage.has("1.0.0", &model());
    stage.write("botocore/data/connect/2027-01-01/service-2.json", &model().to_string());
    let ran = stage.drift(&[]).exits(1);
    assert!(
        ran.stdout.ends_with("\n- connect is of 2017-08-08\n+ connect is of 2027-01-01\n"),
        "{}",
        ran.stdout
    );
}

#[test]
fn renewing_tells_what_differs_and_then_nothing_does() {
    let Some(stage) = Stage::new() else { return };
    let mut changed = model();
    changed["shapes"]["Username"]["max"] = json!(128);
    stage.has("1.1.0", &changed);
    let ran = stage.drift(&["--renew"]).exits(0);
    assert!(ran.stdout.contains("\n+ connect Username max 128\n"), "{}", ran.stdout);
    assert_eq!(
        stage.drift(&[]).exits(0).stdout,
        "0 lines differ between botocore 1.1.0 (the digest) and 1.1.0\n"
    );
    let digest = fs::read_to_string(stage.path("digest.txt")).unwrap();
    assert!(digest.contains("\nconnect Username\n  max 128\n  min 1\n"), "a paragraph for each: {digest}");
    // The same twice over, so that a difference in the repository is one of the model.
    stage.drift(&["--renew"]).exits(0);
    assert_eq!(fs::read_to_string(stage.path("digest.txt")).unwrap(), digest);
}

#[test]
fn an_alarm_that_can_find_out_nothing_says_so_and_is_not_quiet() {
    let Some(stage) = Stage::new() else { return };
    type Broken<'a> = (&'a str, &'a dyn Fn());
    let broken: [Broken; 6] = [
        ("cannot be read", &|| fs::remove_file(stage.path("digest.txt")).unwrap()),
        ("does not name one version", &|| stage.write("digest.txt", "connect\n  is of 2017-08-08\n")),
        ("names no operations", &|| stage.write("operation.rs", "fn main() {}\n")),
        ("cannot be read", &|| {
            stage.write("botocore/data/connect/2017-08-08/service-2.json", "{\"operations\": ")
        }),
        ("is not of the form", &|| stage.write("botocore/data/connect/2017-08-08/service-2.json", "{}")),
        ("is not there, packed or not", &|| {
            fs::remove_file(stage.path("botocore/data/connect/2017-08-08/service-2.json")).unwrap();
        }),
    ];
    let digest = fs::read_to_string(stage.path("digest.txt")).unwrap();
    for (says, broken) in broken {
        broken();
        let ran = stage.drift(&[]).exits(2);
        assert!(ran.stderr.starts_with("error: ") && ran.stderr.contains(says), "{says}: {}", ran.stderr);
        stage.write("digest.txt", &digest);
        stage.write("operation.rs", "            Self::CreateUser => \"CreateUser\",\n");
        stage.has("1.0.0", &model());
    }
}

#[test]
fn the_version_of_the_model_stands_in_one_place() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            // What rests on botocore's code, and not on the model that it carries, names its version.
            let cites = |line: &&str| {
                line.contains("botocore 1.") && (line.contains("service-2") || line.contains("model"))
            };
            assert_eq!(
                text.lines().find(cites),
                None,
                "{}: `.ci/connect-model.txt` has the version",
                path.display()
            );
        }
    }
}
