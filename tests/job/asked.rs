//! What an import records of those whom it made: what was asked for, by which a later update tells who has changed what.

use headcount::exit::Exit;
use headcount::simulator::{Fault, Spec};
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
