//! `headcount directory`, and what a saved directory is good for.

use std::fs;

use serde_json::Value;

use crate::harness::{Service, folder, run};

fn read(path: &std::path::Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn a_directory_is_saved_and_checks_the_roster_offline() {
    let (service, folder) = (Service::start(&[]), folder(&["roster.csv"]));
    let save = |file: &str| {
        run(service.headcount(folder.path()).args(["directory", "--instance", &service.arn, "-o", file]))
    };
    let ran = save("instance.json").exits(0);
    assert_eq!(ran.stdout, "");
    for part in [
        "saved instance.json: CONNECT_MANAGED, 9 routing profiles, 7 security profiles, 43 hierarchy groups, 0 users",
        "next: `headcount validate ROSTER --directory instance.json`",
    ] {
        assert!(ran.stderr.contains(part), "{}", ran.stderr);
    }
    let saved = read(&folder.path().join("instance.json"));
    let is_there =
        |names: &str, name: &str| saved[names].as_array().unwrap().iter().any(|n| n["name"] == name);
    assert!(is_there("routing_profiles", "Customer Care") && is_there("security_profiles", "Supervisor"));
    let team = serde_json::json!(["EMEA", "Germany", "Berlin", "Support", "Team A"]);
    assert!(saved["hierarchy"].as_array().unwrap().iter().any(|group| group["path"] == team));
    assert_eq!(saved["instance"]["identity"], "CONNECT_MANAGED");
    assert!(saved["fetched_at"].is_string());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join("instance.json")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    // Offline: the service is gone.
    let unreachable = |args: &[&str]| {
        let mut command = crate::harness::headcount(folder.path());
        command.args(args).env("AWS_ENDPOINT_URL", "http://127.0.0.1:9");
        run(&mut command)
    };
    drop(service);
    let ran = unreachable(&["validate", "roster.csv", "--directory", "instance.json"]).exits(0);
    assert!(ran.stdout.contains("checked for CONNECT_MANAGED, as the directory says"), "{}", ran.stdout);
    assert!(ran.stdout.contains("note: names from `instance.json`, saved"), "{}", ran.stdout);
    let roster = fs::read_to_string(folder.path().join("roster.csv")).unwrap();
    fs::write(folder.path().join("other.csv"), roster.replace("Customer Care", "Customer care")).unwrap();
    let ran = unreachable(&["validate", "other.csv", "--directory", "instance.json"]).exits(3);
    assert!(ran.stdout.contains("did you mean `Customer Care`?"), "{}", ran.stdout);
    // A rehearsal against an instance like the saved one.
    let ran = unreachable(&[
        "import",
        "roster.csv",
        "--simulate",
        "--directory",
        "instance.json",
        "--rate",
        "1000",
        "--yes",
    ]);
    assert!(ran.exits(0).stderr.contains("names from `instance.json`"));
    let ran =
        unreachable(&["import", "other.csv", "--simulate", "--directory", "instance.json", "--yes"]).exits(3);
    assert!(ran.stderr.contains("did you mean `Customer Care`?"), "{}", ran.stderr);
}

#[test]
fn the_users_there_are_in_the_file_after_an_import() {
    let (service, folder) = (Service::start(&[]), folder(&["roster.csv"]));
    run(&mut service.import(folder.path(), "roster.csv", &["--yes"])).exits(0);
    let ran = run(service.headcount(folder.path()).args(["directory", "--instance", &service.arn])).exits(0);
    let saved: Value = serde_json::from_str(&ran.stdout).unwrap();
    let users = saved["users"].as_array().unwrap();
    assert!(users.iter().any(|user| user["username"] == "zoe.mueller"));
    fs::write(folder.path().join("d.json"), &ran.stdout).unwrap();
    let ran = run(service.headcount(folder.path()).args(["validate", "roster.csv", "--directory", "d.json"]));
    assert!(ran.stdout.contains("username-exists"), "{}", ran.stdout);
}

#[test]
fn only_a_directory_file_of_the_same_instance_is_replaced() {
    let (service, folder) = (Service::start(&[]), folder(&["roster.csv", "directory.json"]));
    let path = folder.path().join("roster.csv");
    let before = fs::read(&path).unwrap();
    let save = |file: &str| {
        run(service.headcount(folder.path()).args(["directory", "--instance", &service.arn, "-o", file]))
    };
    let ran = save("roster.csv").exits(2);
    assert!(
        ran.stderr.contains("the file there is no directory file, and stays: `roster.csv`"),
        "{}",
        ran.stderr
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(service.calls("ListUsers", "called"), 0, "refused before anything is asked");
    save("a.json").exits(0);
    save("a.json").exits(0);
    let other = fs::read_to_string(folder.path().join("a.json")).unwrap();
    let id = service.arn.rsplit('/').next().unwrap();
    let other = other.replace(id, "99999999-2222-3333-4444-555555555555");
    fs::write(folder.path().join("b.json"), &other).unwrap();
    let ran = save("b.json").exits(2);
    assert!(ran.stderr.contains("the file there is of another instance"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(folder.path().join("b.json")).unwrap(), other);
    let ran = run(service.headcount(folder.path()).args(["directory", "-o", "c.json"])).exits(2);
    assert!(ran.stderr.contains("which instance?"), "{}", ran.stderr);
    assert!(!folder.path().join("c.json").exists());
    save("no/such/folder.json").exits(2);
}
