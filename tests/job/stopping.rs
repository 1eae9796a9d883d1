//! A job that is asked to stop: what is under way lands, and the same job resumes.

use std::time::Duration;

use headcount::event::Event;
use headcount::exit::Exit;
use headcount::simulator::Spec;
use headcount::stop::Stop;

use crate::stage::{Stage, row, unlimited};

#[tokio::test(start_paused = true)]
async fn requests_under_way_land_and_the_same_job_resumes() {
    let latency = Duration::from_millis(200);
    let mut stage = Stage::of(Spec { latency, ..unlimited() }, 60);
    let mut job = stage.import();
    job.pace.concurrency = Some(8);
    stage.stop_after(20);
    let ended = stage.run(job.clone()).await.unwrap();
    assert_eq!((ended.exit, &ended.stop), (Exit::Interrupted, &Some(Stop::Interrupted)));
    let (created, pending) = (ended.counts.created, ended.counts.pending);
    assert_eq!((created + pending, ended.counts.in_doubt), (60, 0));
    assert!((20..=28).contains(&created), "{created}: what was under way, and no more");
    assert_eq!((stage.executed(), stage.users().len() as u64), (created, created));
    stage.go_on();
    let ended = stage.run(job).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.made), (Exit::Done, 60, pending));
    assert_eq!((stage.executed(), stage.users().len()), (60, 60), "nobody was made twice");
}

#[tokio::test(start_paused = true)]
async fn it_may_be_stopped_before_it_starts_and_leaves_nothing() {
    let mut stage = Stage::of(unlimited(), 3);
    stage.world.stop.stop(Stop::Interrupted);
    let failure = stage.plan(stage.import()).await.err().unwrap();
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Interrupted, "interrupted; nothing was sent"));
    assert_eq!(stage.heard.take(), [], "nobody was asked anything");
    stage.go_on();
    let planned = stage.plan(stage.import()).await.unwrap();
    stage.world.stop.stop(Stop::Interrupted);
    assert_eq!(planned.run().await.unwrap_err().exit, Exit::Interrupted);
    assert_eq!((stage.called(), stage.files()), (0, vec!["roster.csv".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn it_is_not_kept_waiting_by_an_instance_that_does_not_answer() {
    let stage = Stage::of(Spec { latency: Duration::from_secs(20), ..unlimited() }, 3);
    let begun = tokio::time::Instant::now();
    let stop = stage.world.stop.clone();
    let interrupted = async move {
        tokio::time::advance(Duration::from_secs(3)).await;
        stop.stop(Stop::Interrupted);
    };
    let (failure, ()) = tokio::join!(stage.plan(stage.import()), interrupted);
    assert_eq!(failure.err().unwrap().exit, Exit::Interrupted);
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_check_of_many_rows_looks_whether_it_is_to_stop() {
    // The instance is read, and nothing but the pass over the rows is left of the check.
    let stage = Stage::of(unlimited(), 5_000);
    stage.stop_at(|event| matches!(event, Event::Reached));
    let failure = stage.import().check(&stage.world).await.err().unwrap();
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Interrupted, "interrupted; nothing was sent"));
}

#[tokio::test(start_paused = true)]
async fn a_run_that_stops_for_a_reason_of_its_own_says_which_and_a_later_one_changes_nothing() {
    let stage = Stage::of(Spec { users_quota: 4, ..unlimited() }, 10);
    let mut job = stage.import();
    job.allowed.partial = true;
    stage.stop_at(|event| matches!(event, Event::Stopping { .. }));
    let ended = stage.run(job).await.unwrap();
    assert!(matches!(ended.stop, Some(Stop::Full { .. })), "{:?}", ended.stop);
    assert_eq!(ended.exit, Exit::Stopped);
    let told = stage.heard.count(|event| matches!(event, Event::Stopping { .. }));
    assert_eq!(told, 1);
}

#[tokio::test(start_paused = true)]
async fn what_the_roster_is_when_it_resumes_is_what_counts() {
    let mut stage = Stage::of(unlimited(), 10);
    let mut job = stage.import();
    job.pace.concurrency = Some(1);
    stage.stop_after(4);
    stage.run(job.clone()).await.unwrap();
    let there = stage.users();
    // Sorted otherwise, one left out that was never sent, and a new one.
    let mut rows: Vec<String> = (0..9).rev().map(|person| row(&format!("user{person}"))).collect();
    rows.push(row("new"));
    stage.write("roster.csv", &rows);
    stage.go_on();
    let ended = stage.run(job).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.total), (Exit::Done, 10, 10));
    assert_eq!(ended.outlook.remarks.dropped.first, ["user9"]);
    assert!(there.iter().all(|user| stage.users().contains(user)));
    assert_eq!(stage.executed(), 10);
}
