//! What follows a create, from outside: proficiencies are given to the users that an import made.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use headcount::clock::SystemClock;
use headcount::connect::{Client, Credentials, Environment, HttpOptions, Operation, Target};
use headcount::directory::{Directory, Hierarchy, Instance, Names};
use headcount::lane::{Lane, reads};
use serde_json::{Value, json};

use crate::harness::{Service, Watched, folder, headcount, run, sample, status};

const LEDGER: &str = "roster.csv.ledger.jsonl";

/// The sample's first rows with a column of proficiencies: every row the same cell, but for those that are named.
fn roster(rows: usize, cell: &str, others: &[(usize, &str)]) -> String {
    let text = fs::read_to_string(sample("roster.csv")).unwrap();
    let lines = text.lines().take(rows + 1).enumerate().map(|(at, line)| {
        let own = others.iter().find(|(row, _)| *row == at).map_or(cell, |(_, cell)| cell);
        format!("{line},{}\n", if at == 0 { "proficiencies" } else { own })
    });
    lines.collect()
}

fn write(folder: &Path, text: &str) {
    fs::write(folder.join("roster.csv"), text).unwrap();
}

/// Calls the service with our own client, awaited.
fn ask<T>(service: &Service, what: impl AsyncFnOnce(Client) -> T) -> T {
    headcount::connect::install_tls();
    let environment = Environment { endpoint_url: Some(service.url.clone()), ..Environment::default() };
    let target = Target::resolve(&service.arn, None, None, &environment).unwrap();
    let (key, secret) = service.keys();
    let credentials = Credentials::fixed(&key, &secret, None);
    let client = Client::new(&target, credentials, Arc::new(SystemClock), &HttpOptions::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(what(client))
}

/// What every user is good at, by username, as the service lists it.
fn given(service: &Service) -> Vec<(String, Vec<String>)> {
    let arn = service.arn.clone();
    ask(service, async move |client: Client| {
        let mut all = Vec::new();
        let lane = Lane::new(client.clone(), Arc::default());
        for user in client.list_users(&arn, None).await.unwrap().value.items {
            let asked = || client.list_user_proficiencies(&arn, &user.id, None);
            let found = reads::read(&lane, Operation::ListUserProficiencies, asked).await;
            let found = found.unwrap().value.items;
            let shown =
                found.iter().map(|p| format!("{}:{}:{}", p.attribute_name, p.attribute_value, p.level));
            all.push((user.username.unwrap(), shown.collect()));
        }
        all.sort();
        all
    })
}

fn steps(done: u64, pending: u64, rejected: u64) -> Value {
    json!({"proficiencies": {"total": done + pending + rejected, "pending": pending, "done": done, "rejected": rejected}})
}

#[test]
fn proficiencies_are_given_after_the_create_and_only_once() {
    let folder = folder(&[]);
    write(
        folder.path(),
        &roster(4, "Language:German:4|Product:Mobile:2", &[(2, ""), (3, "Language|English|5")]),
    );
    let service = Service::start(&[]);
    let import = || run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(0);
    let ran = import();
    assert!(ran.stdout.starts_with("4 of 4 rows created, 3 with proficiencies given; "), "{ran:?}");
    let both = ["Language:German:4", "Product:Mobile:2"].map(str::to_owned).to_vec();
    let mut had: Vec<Vec<String>> = given(&service).into_iter().map(|(_, had)| had).collect();
    had.sort();
    assert_eq!(had, [vec![], vec!["Language:English:5".to_owned()], both.clone(), both]);
    let told = status(folder.path(), LEDGER);
    assert_eq!(told["steps"], steps(3, 0, 0));
    assert_eq!((&told["rows"]["total"], &told["complete"]), (&json!(4), &json!(true)));
    import();
    assert_eq!(service.calls("AssociateUserProficiencies", "called"), 3, "the second run had nothing to do");
}

#[test]
fn an_unknown_attribute_or_value_is_found_before_anything_is_sent() {
    let folder = folder(&[]);
    write(
        folder.path(),
        &roster(3, "Language:German:4", &[(2, "Langage:German:4"), (3, "Language:german:4")]),
    );
    let service = Service::start(&[]);
    let ran = run(&mut service.import(folder.path(), "roster.csv", &["--rate", "1000"])).exits(3);
    for hint in ["did you mean `Language`?", "did you mean `German`?"] {
        assert!(ran.stderr.contains(hint), "{}", ran.stderr);
    }
    assert_eq!(service.calls("CreateUser", "called"), 0);
}

#[test]
fn a_roster_without_proficiencies_asks_for_nothing_of_them() {
    let folder = folder(&["roster.csv"]);
    let service = Service::start(&[]);
    run(&mut service.import(folder.path(), "roster.csv", &["--dry-run"])).exits(0);
    assert_eq!(service.calls("SearchPredefinedAttributes", "called"), 0);
    write(folder.path(), &roster(3, "Language:German:4", &[]));
    run(&mut service.import(folder.path(), "roster.csv", &["--dry-run"])).exits(0);
    assert_eq!(service.calls("SearchPredefinedAttributes", "called"), 1);
}

#[test]
fn a_killed_import_gives_what_is_left_when_it_resumes() {
    let folder = folder(&[]);
    write(folder.path(), &roster(12, "Language:German:4", &[]));
    let service = Service::start(&[]);
    let flags = ["--rate", "1000", "--format", "json"];
    // Five may be given at once and then two a second, so that most of the twelve are created and not given yet.
    let mut running = Watched::start(&mut service.import(folder.path(), "roster.csv", &flags));
    running.until_created(12);
    running.kill();
    let told = status(folder.path(), LEDGER);
    // An outcome that was told may not have been written yet; its intent was.
    let standing = |state: &str| told["rows"][state].as_u64().unwrap();
    assert_eq!(standing("created") + standing("in_doubt"), 12, "{told}");
    assert!(told["steps"]["proficiencies"]["pending"].as_u64().unwrap() > 0, "{told}");
    assert_eq!(told["complete"], false, "{told}");
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(0);
    assert!(ran.stderr.contains(" created before: about "), "{}", ran.stderr);
    let told = status(folder.path(), LEDGER);
    assert_eq!((&told["steps"], &told["complete"]), (&steps(12, 0, 0), &json!(true)));
    assert_eq!(service.calls("CreateUser", "executed"), 12, "once each");
    assert!(given(&service).iter().all(|(_, had)| *had == ["Language:German:4"]));
}

/// A directory file of the service that claims attributes which it has not.
fn stale_directory(service: &Service) -> String {
    let arn = service.arn.clone();
    ask(service, async move |client: Client| {
        let found = client.describe_instance(&arn).await.unwrap().value;
        let routing = client.list_routing_profiles(&arn, None).await.unwrap().value.items;
        let security = client.list_security_profiles(&arn, None).await.unwrap().value.items;
        let groups = client.search_user_hierarchy_groups(&arn, None).await.unwrap().value.items;
        let group = |group: headcount::connect::model::HierarchyGroup| {
            let levels = group.hierarchy_path.as_ref()?.levels().filter_map(|level| level.name.clone());
            Some(headcount::directory::Group { path: levels.collect(), id: group.id })
        };
        let known = [("Language", ["German", "Klingon"])];
        let attributes = known.map(|(name, values)| (name.to_owned(), values.map(str::to_owned).into()));
        let directory = Directory {
            routing_profiles: Names::of_routing_profiles(
                routing.into_iter().map(|p| (p.name.unwrap(), p.id)),
            ),
            security_profiles: Names::of_security_profiles(
                security.into_iter().map(|p| (p.name.unwrap(), p.id)),
            ),
            hierarchy: Hierarchy::new(groups.into_iter().filter_map(group)),
            predefined_attributes: Some(attributes.into_iter().collect()),
            ..Directory::new(Instance {
                id: found.id,
                arn: found.arn,
                alias: None,
                identity: headcount::agent::IdentityType::ConnectManaged,
                status: None,
            })
        };
        directory.to_json()
    })
}

#[test]
fn refused_proficiencies_fail_the_run_and_not_the_row_and_retry_gives_the_mended_ones() {
    let folder = folder(&[]);
    write(folder.path(), &roster(3, "Language:German:4", &[(2, "Language:Klingon:4")]));
    let service = Service::start(&[]);
    fs::write(folder.path().join("stale.json"), stale_directory(&service)).unwrap();
    let flags = ["--rate", "1000", "--directory", "stale.json"];
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(1);
    assert!(ran.stdout.contains("3 of 3 rows created"), "{ran:?}");
    assert!(
        ran.stderr.contains("its proficiencies were rejected: ResourceNotFoundException"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("headcount retry"), "{}", ran.stderr);
    let told = status(folder.path(), LEDGER);
    assert_eq!((&told["steps"], &told["rows"]["created"]), (&steps(2, 0, 1), &json!(3)));
    let lines = fs::read_to_string(folder.path().join(LEDGER)).unwrap();
    let refused: Value = lines
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .find(|line| line["result"] == "rejected")
        .unwrap();
    assert_eq!(refused["type"], "step");
    assert_eq!(refused["message"], "The predefined attribute or its value was not found.");
    assert!(refused["request_id"].is_string());

    // Neither an import nor a retry of another code does it again; a plain retry does, and fails again.
    run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(1);
    let calls = service.calls("AssociateUserProficiencies", "called");
    let retry = |more: &[&str]| {
        let mut command = service.headcount(folder.path());
        command.args(["retry", LEDGER, "--directory", "stale.json"]).args(more);
        run(&mut command)
    };
    retry(&["--code", "InvalidRequestException"]).exits(1);
    assert_eq!(service.calls("AssociateUserProficiencies", "called"), calls);
    retry(&[]).exits(1);
    assert!(service.calls("AssociateUserProficiencies", "called") > calls);
    write(folder.path(), &roster(3, "Language:German:4", &[]));
    retry(&[]).exits(0);
    assert_eq!(status(folder.path(), LEDGER)["steps"], steps(3, 0, 0));
    assert!(given(&service).iter().all(|(_, had)| *had == ["Language:German:4"]));
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(0);
    assert!(
        !ran.stderr.contains("have changed"),
        "what was given is what the roster asks for: {}",
        ran.stderr
    );
    write(folder.path(), &roster(3, "Language:German:3", &[]));
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(0);
    assert!(ran.stderr.contains("the roster has other proficiencies than it was given"), "{}", ran.stderr);
}

#[test]
fn a_rehearsal_knows_the_attributes_that_the_roster_uses() {
    let folder = folder(&[]);
    write(folder.path(), &roster(2, "Own Skill:Own Value:1|connect:Language:connect:English:5", &[]));
    let ran = run(headcount(folder.path()).args(["import", "roster.csv", "--simulate"])).exits(0);
    assert!(ran.stdout.starts_with("2 of 2 rows created, 2 with proficiencies given; "), "{ran:?}");
}
