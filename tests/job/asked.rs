//! What an import records of those whom it made: what was asked for, by which a later update tells who has changed what.

use std::time::Duration;

use headcount::event::Event;
use headcount::exit::Exit;
use headcount::job::{Asking, Changes, EndedChanges, Job, groups_of};
use headcount::simulator::{Fault, Spec};
use headcount::user::Exact;
use serde_json::Value;

use crate::stage::{Stage, row, unlimited};

/// The lines of a kind in the ledger.
fn lines(stage: &Stage, kind: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(stage.ledger()).unwrap();
    let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    all.filter(|line| line["type"] == kind).collect()
}

/// The groups of which a line says what was asked for.
fn groups(line: &Value) -> Vec<&str> {
    let asked = line["as"].as_object().map(|groups| groups.keys().map(String::as_str).collect());
    asked.unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn who_was_made_has_on_record_what_was_asked_for_whether_the_answer_came_or_was_lost() {
    let stage = Stage::of(unlimited(), 3);
    stage.connect.world().order([Fault::DropAfter]);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.recovered), (Exit::Done, 3, 1));
    let outcomes = lines(&stage, "outcome");
    let made: Vec<&Value> = outcomes.iter().filter(|line| line["state"] == "created").collect();
    assert_eq!(made.len(), 3);
    for line in &made {
        assert_eq!(groups(line), ["config", "identity", "routing_profile", "security_profiles"], "{line}");
    }
    // The rows differ in name and address alone.
    let of = |group: &str| made.iter().map(|line| line["as"][group].as_str().unwrap()).collect::<Vec<_>>();
    assert!(of("routing_profile").windows(2).all(|two| two[0] == two[1]));
    assert!(of("identity").windows(2).all(|two| two[0] != two[1]));
    let others = outcomes.iter().filter(|line| line["state"] != "created");
    assert!(others.clone().count() > 0 && others.clone().all(|line| groups(line).is_empty()));
}

#[tokio::test(start_paused = true)]
async fn proficiencies_are_on_record_once_they_are_given() {
    let spec = unlimited().with_proficiencies([("Languages", "German")]);
    let stage = Stage::set(Spec { ..spec });
    let header = "first name,last name,email address,password,user login,routing profile name,security profile name,phone type (soft/desk),proficiencies\n";
    let with = |cell: &str, user: &str| format!("{},{cell}\n", row(user).trim_end());
    let rows = [with("Languages:German:3", "ana"), with("", "cem")];
    std::fs::write(stage.path("roster.csv"), header.to_owned() + &rows.concat()).unwrap();
    stage.run(stage.import()).await.unwrap();
    let told: Vec<_> = lines(&stage, "step")
        .iter()
        .map(|line| (line["user"].as_str().unwrap().to_owned(), line["result"] == "done", groups(line).len()))
        .collect();
    assert_eq!(told, [("ana".to_owned(), true, 1)], "nobody else was given any");
}

#[tokio::test(start_paused = true)]
async fn of_a_user_that_an_attempt_of_before_made_with_other_cells_nothing_is_on_record() {
    let mut stage = Stage::of(unlimited(), 1);
    stage.connect.world().order([Fault::DropAfter]);
    // Stopped with the answer lost, and the roster is another then.
    stage.stop_at(|event| matches!(event, headcount::event::Event::InDoubt { .. }));
    stage.run(stage.import()).await.unwrap();
    assert_eq!(stage.state().counts(false).in_doubt, 1);
    stage.write("roster.csv", &[row("user0").replace("Silva", "Souza")]);
    stage.go_on();
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.counts.created, ended.counts.recovered), (1, 1));
    let outcomes = lines(&stage, "outcome");
    let made: Vec<&Value> = outcomes.iter().filter(|line| line["state"] == "created").collect();
    assert!(made.len() == 1 && groups(made[0]).is_empty(), "{made:?}");
}

/// The update of a stage's roster, with its ledger where it is without being named.
fn update(stage: &Stage) -> Changes {
    let ledger = stage.path("roster.csv.update.ledger.jsonl");
    let job = Job { ledger: ledger.into(), ..stage.import() };
    Changes {
        job,
        asking: Asking::default(),
        exact: Exact::default(),
        bases: Vec::new(),
        picked: None,
        writes: true,
    }
}

async fn updated(stage: &Stage, changes: Changes) -> EndedChanges {
    // Whoever was changed is shown as they are by then.
    tokio::time::advance(Duration::from_secs(900)).await;
    let compared = changes.compare(&stage.world).await.unwrap();
    compared.plan().await.unwrap().run().await.unwrap()
}

/// How the rows were seen last, by user, as the import's ledger has it.
fn seen(stage: &Stage) -> Vec<(String, String)> {
    let word = |line: &Value, member: &str| line[member].as_str().unwrap().to_owned();
    lines(stage, "seen").iter().map(|line| (word(line, "user"), word(line, "as"))).collect()
}

fn pair(user: &str, seen: &str) -> (String, String) {
    (user.to_owned(), seen.to_owned())
}

#[tokio::test(start_paused = true)]
async fn after_an_update_nothing_is_drift_any_longer_and_what_changes_after_it_is() {
    let stage = Stage::of(unlimited(), 3);
    stage.run(stage.import()).await.unwrap();
    let rows = |last: &str| [row("user0"), row("user1").replace("Silva", last), row("user2")];
    stage.write("roster.csv", &rows("Souza"));
    stage.run(stage.import()).await.unwrap();
    assert_eq!(seen(&stage), [pair("user1", "drifted")]);
    let ended = updated(&stage, update(&stage)).await;
    assert_eq!((ended.exit, ended.counts.updated, ended.counts.there), (Exit::Done, 1, 2));
    let made = stage.called();
    stage.run(stage.import()).await.unwrap();
    assert_eq!(seen(&stage), [pair("user1", "drifted"), pair("user1", "there")]);
    stage.write("roster.csv", &rows("Santos"));
    stage.run(stage.import()).await.unwrap();
    let all = [pair("user1", "drifted"), pair("user1", "there"), pair("user1", "drifted")];
    assert_eq!(seen(&stage), all, "the roster has changed once more");
    assert_eq!(stage.called(), made, "and nobody was made");
}

#[tokio::test(start_paused = true)]
async fn an_update_of_some_groups_alone_leaves_the_rest_drift() {
    let stage = Stage::of(unlimited(), 1);
    stage.run(stage.import()).await.unwrap();
    stage.write("roster.csv", &[row("user0").replace("Silva", "Souza")]);
    let only = Asking { only: groups_of(["tags"]).unwrap(), ..Asking::default() };
    let ended = updated(&stage, Changes { asking: only, ..update(&stage) }).await;
    assert_eq!(ended.exit, Exit::Done, "{:?}", ended.counts);
    stage.run(stage.import()).await.unwrap();
    assert_eq!(seen(&stage), [pair("user0", "drifted")]);
}

#[tokio::test(start_paused = true)]
async fn what_an_import_asked_for_tells_whether_the_roster_or_the_user_has_changed() {
    let stage = Stage::of(unlimited(), 3);
    stage.run(stage.import()).await.unwrap();
    tokio::time::advance(Duration::from_secs(900)).await;
    // One in the roster, one in the console, one in both.
    let changed = |user: &str| row(user).replace("Silva", "Souza");
    stage.write("roster.csv", &[changed("user0"), row("user1"), changed("user2")]);
    for user in ["user1", "user2"] {
        stage.connect.world().edit(user, stage.world.clock.now(), |user| {
            if let Some(info) = &mut user.identity_info {
                info.last_name = Some("Console".into());
            }
        });
    }
    let decided = |stage: &Stage| -> Vec<(String, &'static str)> {
        let told = stage.heard.take().into_iter();
        let changes = told.filter_map(|event| match event {
            Event::Change { user, decision, .. } => Some((user, decision)),
            _ => None,
        });
        changes.collect()
    };
    let expected = |decisions: [&'static str; 3]| {
        ["user0", "user1", "user2"].map(str::to_owned).into_iter().zip(decisions).collect::<Vec<_>>()
    };
    stage.heard.take();
    let ended = updated(&stage, update(&stage)).await;
    assert_eq!(decided(&stage), expected(["update", "drift", "conflict"]));
    assert_eq!((ended.exit, ended.counts.updated, ended.counts.skipped), (Exit::SomeFailed, 1, 2));
    assert!(stage.path("roster.csv.update.failed.csv").exists());
    // And an update says what it asked for, to the next.
    let ended = updated(&stage, update(&stage)).await;
    assert_eq!(decided(&stage), expected(["same", "drift", "conflict"]));
    assert_eq!(ended.counts.updated, 1);
    let overwrites = Asking { overwrites_drift: true, ..Asking::default() };
    let ended = updated(&stage, Changes { asking: overwrites, ..update(&stage) }).await;
    assert_eq!(decided(&stage), expected(["same", "update", "update"]));
    assert_eq!((ended.exit, ended.counts.updated), (Exit::Done, 3));
    assert!(!stage.path("roster.csv.update.failed.csv").exists());
}

#[tokio::test(start_paused = true)]
async fn an_import_and_an_update_take_no_ledger_of_the_other() {
    let stage = Stage::of(unlimited(), 1);
    stage.run(stage.import()).await.unwrap();
    let with_its = Changes { job: stage.import(), ..update(&stage) };
    let failure = with_its.compare(&stage.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.what.starts_with("the ledger is of an import, and this is an update"), "{failure}");
    updated(&stage, update(&stage)).await;
    let failure = stage.plan(update(&stage).job).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.what.starts_with("the ledger is of an update, and this is an import"), "{failure}");
    assert!(failure.hint.unwrap().contains("headcount update` goes on with it"));
}
