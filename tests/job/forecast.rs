//! A dry run: it looks, and neither locks nor makes anything. That it cannot run is not tested: there is no such function.

use std::time::Duration;

use headcount::event::Event;
use headcount::exit::Exit;
use headcount::job::RateAsked;
use headcount::simulator::Spec;

use crate::stage::{Stage, row, unlimited};

#[tokio::test(start_paused = true)]
async fn it_says_what_would_be_done_and_makes_no_file() {
    let stage = Stage::with_people(25);
    let mut job = stage.import();
    job.pace.rate = RateAsked::Quota;
    let checked = job.check(&stage.world).await.unwrap();
    let dry_run = checked.forecast().await.unwrap();
    let outlook = &dry_run.outlook;
    assert_eq!((outlook.rows.to_create, outlook.new_users(), outlook.users), (25, 25, Some(0)));
    assert_eq!((outlook.pace.rate, outlook.pace.burst), (2.0, 5));
    assert_eq!(outlook.time(), Duration::from_secs(10), "a burst of five, and then two a second");
    assert_eq!(outlook.names.routing_profiles.len(), 1);
    assert_eq!(outlook.allowed, Some(500));
    assert_eq!(dry_run.exit().unwrap(), Exit::Done);
    assert_eq!((stage.called(), stage.files()), (0, vec!["roster.csv".to_owned()]));
    let planned = stage.heard.take().pop().unwrap();
    assert!(matches!(planned, Event::Planned { rows, rate: 2.0, .. } if rows == outlook.rows), "{planned:?}");
}

#[tokio::test(start_paused = true)]
async fn it_goes_by_a_ledger_that_somebody_works_with_and_leaves_it_as_it_is() {
    let stage = Stage::of(unlimited(), 2);
    stage.run(stage.import()).await.unwrap();
    stage.write("roster.csv", &["user0", "user1", "new"].map(row));
    let before = std::fs::read(stage.ledger()).unwrap();
    let at_work = stage.plan(stage.import()).await.unwrap();
    let checked = stage.import().check(&stage.world).await.unwrap();
    let rows = checked.forecast().await.unwrap().outlook.rows;
    assert_eq!((rows.done, rows.to_create), (2, 1));
    drop(at_work);
    assert_eq!(std::fs::read(stage.ledger()).unwrap(), before);
}

#[tokio::test(start_paused = true)]
async fn it_may_be_asked_again_and_what_it_saw_may_then_be_planned() {
    let stage = Stage::of(unlimited(), 2);
    let checked = stage.import().check(&stage.world).await.unwrap();
    assert_eq!(
        checked.forecast().await.unwrap().outlook.rows,
        checked.forecast().await.unwrap().outlook.rows
    );
    let ended = checked.plan().await.unwrap().run().await.unwrap();
    assert_eq!(ended.exit, Exit::Done);
}

#[tokio::test(start_paused = true)]
async fn it_ends_as_the_job_would_where_there_is_not_room() {
    let stage = Stage::of(Spec { users_quota: 3, ..unlimited() }, 5);
    let mut job = stage.import();
    let dry_run = job.clone().check(&stage.world).await.unwrap().forecast().await.unwrap();
    assert_eq!(dry_run.exit().unwrap_err().exit, Exit::Stopped);
    job.allowed.partial = true;
    let dry_run = job.check(&stage.world).await.unwrap().forecast().await.unwrap();
    assert_eq!(dry_run.exit().unwrap(), Exit::Done);
}

#[tokio::test(start_paused = true)]
async fn rows_with_errors_that_would_be_left_out_are_3() {
    let stage = Stage::set(unlimited());
    stage.write("roster.csv", &[row("ann"), row("bo b")]);
    let mut job = stage.import();
    job.allowed.invalid_rows = true;
    let dry_run = job.check(&stage.world).await.unwrap().forecast().await.unwrap();
    assert_eq!((dry_run.outlook.rows.to_create, dry_run.outlook.rows.invalid), (1, 1));
    assert_eq!(dry_run.exit().unwrap(), Exit::Findings);
}
