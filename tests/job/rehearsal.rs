//! A rehearsal: the same job against an embedded Connect that has the roster's names.

use std::time::Duration;

use headcount::agent::IdentityType;
use headcount::error::Remedy;
use headcount::exit::Exit;
use headcount::job::{At, Job, Rehearsal, Target};
use headcount::ledger::{beside, peek};
use headcount::simulator::{Spec, Weather};

use crate::stage::{Stage, unlimited};

fn rehearsal(stage: &Stage, weather: Weather) -> Job {
    let at = At::Rehearsal(Box::new(Rehearsal { seed: 7, weather, ..Rehearsal::default() }));
    Job {
        target: Target { at, identity: None, directory: None },
        ledger: beside::ledger_of(&stage.path("roster.csv"), true).into(),
        ..stage.import()
    }
}

#[tokio::test(start_paused = true)]
async fn it_has_the_names_of_the_roster_and_asks_the_instance_nothing() {
    let stage = Stage::set(unlimited());
    let people = ["ann", "bob"]
        .map(|user| crate::stage::row(user).replace("Basic Routing Profile", "Nobody Has This"));
    stage.write("roster.csv", &people);
    let ended = stage.run(rehearsal(&stage, Weather::calm())).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created), (Exit::Done, 2));
    assert!(ended.outlook.is_rehearsal);
    assert_eq!(ended.outlook.instance.identity, IdentityType::ConnectManaged, "there is a password column");
    assert!(stage.connect.world().stats().operations.is_empty(), "nothing was asked of the instance");
    let ledger = beside::ledger_of(&stage.path("roster.csv"), true);
    let (state, _) = peek(&ledger.clone().into()).unwrap();
    assert!(state.is_rehearsal(&ledger) && state.header.instance == Spec::default().instance_arn());
    assert!(headcount::job::Before::of(&ledger.clone().into()).unwrap().is_rehearsal(true));
}

#[tokio::test(start_paused = true)]
async fn its_world_is_kept_so_that_it_resumes() {
    let mut stage = Stage::with_people(30);
    stage.stop_after(10);
    let ended = stage.run(rehearsal(&stage, Weather::rough())).await.unwrap();
    assert_eq!(ended.exit, Exit::Interrupted);
    stage.go_on();
    let ended = stage.run(rehearsal(&stage, Weather::rough())).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created), (Exit::Done, 30));
    // In such weather a new user is not seen at once.
    tokio::time::advance(Duration::from_secs(600)).await;
    let planned = stage.plan(rehearsal(&stage, Weather::calm())).await.unwrap();
    assert_eq!((planned.outlook().users, planned.outlook().rows.done), (Some(30), 30));
    assert_eq!(stage.connect.world().everyone().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_saved_directory_takes_the_rosters_place() {
    let stage = Stage::of(Spec { users_quota: 700, ..unlimited() }, 3);
    let directory = stage.target().read(&stage.world).await.unwrap();
    std::fs::write(stage.path("saved.json"), directory.to_json()).unwrap();
    let mut job = rehearsal(&stage, Weather::calm());
    job.target.directory = Some(stage.path("saved.json"));
    let checked = job.check(&stage.world).await.unwrap();
    let outlook = checked.forecast().await.unwrap().outlook;
    assert_eq!((outlook.allowed, outlook.rows.to_create), (Some(700), 3));
    let said = stage.heard.count(|event| {
        matches!(event, headcount::event::Event::Remark { message } if message.starts_with("note: names from `"))
    });
    assert_eq!(said, 1);
}

#[tokio::test(start_paused = true)]
async fn an_invented_instance_can_be_saved_without_a_roster() {
    let stage = Stage::set(unlimited());
    let at = At::Rehearsal(Box::default());
    let target = Target { at, identity: Some(IdentityType::Saml), directory: None };
    let directory = target.read(&stage.world).await.unwrap();
    assert_eq!(directory.instance.identity, IdentityType::Saml);
    assert!(directory.predefined_attributes.is_some(), "all that an offline check can use");
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_cannot_be_kept_is_told_before_a_world_is_made_beside_it() {
    let stage = Stage::with_people(1);
    let ledger = |name: &str| Job { ledger: stage.path(name).into(), ..rehearsal(&stage, Weather::calm()) };
    let failure = ledger("nowhere/l.jsonl").check(&stage.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped);
    assert!(failure.hint.as_deref().unwrap().contains("beside the rehearsal's ledger"), "{failure:?}");
    std::fs::create_dir(stage.path("folder")).unwrap();
    let failure = ledger("folder").check(&stage.world).await.err().unwrap();
    assert!(failure.what.contains("not a regular file"), "{failure:?}");
    assert_eq!(stage.files(), ["folder", "roster.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_world_that_another_process_is_at_work_with_is_not_to_be_removed() {
    let stage = Stage::with_people(1);
    stage.run(rehearsal(&stage, Weather::calm())).await.unwrap();
    // As whoever writes it has it: for writing, which is what counts on Windows, and locked, which does elsewhere.
    let world = stage.path("roster.csv.simulate.world.jsonl");
    let world = std::fs::File::options().read(true).append(true).open(world).unwrap();
    world.lock().unwrap();
    let failure = rehearsal(&stage, Weather::calm()).check(&stage.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped);
    let hint = failure.hint.as_deref().unwrap();
    assert!(!hint.contains("remove") && hint.contains("when that process is done"), "{hint}");
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_and_an_import_take_no_ledger_of_each_other() {
    let stage = Stage::of(unlimited(), 2);
    stage.run(stage.import()).await.unwrap();
    stage.run(rehearsal(&stage, Weather::calm())).await.unwrap();
    let asked = stage.connect.world().stats();
    let (real, rehearsed) = (stage.ledger(), beside::ledger_of(&stage.path("roster.csv"), true));
    let of_import = Job { ledger: real.into(), ..rehearsal(&stage, Weather::calm()) };
    let failure = stage.plan(of_import).await.err().unwrap();
    assert_eq!((failure.exit, failure.remedy), (Exit::Stopped, Some(Remedy::RehearsalsLedger)));
    let of_rehearsal = Job { ledger: rehearsed.into(), ..stage.import() };
    let failure = stage.plan(of_rehearsal).await.err().unwrap();
    let remedy = Remedy::ImportsLedger { instance: stage.arn.clone() };
    assert_eq!((failure.exit, failure.remedy), (Exit::Stopped, Some(remedy)));
    assert_eq!(stage.connect.world().stats(), asked, "before anybody is asked anything");
}
