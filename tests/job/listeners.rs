//! Who listens changes nothing, and a plan may be held between two questions.

use std::collections::BTreeSet;
use std::sync::Arc;

use headcount::connect::Operation as Called;
use headcount::event::{Event, Sink};
use headcount::exit::Exit;
use headcount::job::RateAsked;
use headcount::lane::remembered::Remembered;
use headcount::simulator::{Fault, Operation, Pace, Spec};
use serde_json::Value;
use tokio::sync::mpsc;

use crate::stage::{Stage, unlimited};

/// The lines of a run, without what differs from run to run: its id, where its files are, and how long it took.
fn lines(events: Vec<Event>) -> Vec<Value> {
    let line = |event: Event| {
        let mut line = serde_json::to_value(event).unwrap();
        for of_the_run in ["run", "ledger", "seconds"] {
            line.as_object_mut().unwrap().remove(of_the_run);
        }
        line
    };
    events.into_iter().map(line).collect()
}

/// The same, sorted: a row that waits is done when it may, which is not always between the same two others.
fn sorted(events: Vec<Event>) -> Vec<String> {
    let mut lines: Vec<String> = lines(events).iter().map(Value::to_string).collect();
    lines.sort();
    lines
}

/// A run with a lost answer and a refusal in it, one row after the other.
async fn eventful(mut stage: Stage, events: Arc<dyn Sink>) {
    stage.world.events = events;
    let refused = Fault::Refuse { status: 400, code: "InvalidParameterException" };
    stage.connect.world().order([Fault::Pass, Fault::ErrorAfter, refused]);
    let mut job = stage.import();
    job.pace.concurrency = Some(1);
    let ended = stage.run(job).await.unwrap();
    assert_eq!(ended.exit, Exit::SomeFailed);
}

#[tokio::test(start_paused = true)]
async fn two_listeners_of_two_kinds_hear_the_same() {
    let stage = Stage::of(unlimited(), 6);
    let heard = Arc::clone(&stage.heard);
    eventful(stage, Arc::clone(&heard) as Arc<dyn Sink>).await;
    let (sender, mut receiver) = mpsc::unbounded_channel();
    eventful(Stage::of(unlimited(), 6), Arc::new(sender)).await;
    let mut received = Vec::new();
    while let Ok(event) = receiver.try_recv() {
        received.push(event);
    }
    let (one, other) = (sorted(heard.take()), sorted(received));
    assert!(one.len() == 11, "{one:#?}");
    assert_eq!(one, other);
}

#[tokio::test(start_paused = true)]
async fn a_plan_is_held_between_two_questions_and_run_elsewhere() {
    let stage = Stage::of(unlimited(), 3);
    let planned = stage.plan(stage.import()).await.unwrap();
    let asked = planned.outlook().clone();
    assert!(asked.is_worth_asking() && asked.rows.to_create == 3);
    let ended = tokio::spawn(async move { planned.run().await }).await.unwrap().unwrap();
    assert_eq!((ended.exit, ended.outlook.rows), (Exit::Done, asked.rows));
}

#[tokio::test(start_paused = true)]
async fn what_may_not_be_read_is_a_warning_and_no_line_for_programs() {
    let denied = BTreeSet::from([Operation::ListUsers]);
    let stage = Stage::of(Spec { denied, ..unlimited() }, 2);
    assert_eq!(stage.run(stage.import()).await.unwrap().exit, Exit::Done);
    let events = stage.heard.take();
    let warning = events.iter().find(|event| matches!(event, Event::Warning { .. })).unwrap();
    assert!(matches!(warning, Event::Warning { message } if message.contains("connect:ListUsers")));
    assert!(!warning.is_for_programs());
    let names: Vec<Value> =
        lines(events.into_iter().filter(Event::is_for_programs).collect()).into_iter().collect();
    assert!(
        names.iter().all(|line| ["started", "created", "ended"].contains(&line["event"].as_str().unwrap()))
    );
}

#[tokio::test(start_paused = true)]
async fn a_rate_that_was_learned_is_where_the_next_job_starts() {
    let paces = [(Operation::CreateUser, Pace::per_second(8.0, 20.0))].into();
    let mut stage = Stage::of(Spec { paces, ..unlimited() }, 120);
    let state = stage.path("state");
    stage.world.state = Some(state.clone());
    let mut job = stage.import();
    job.pace.rate = RateAsked::Learned;
    let ended = stage.run(job.clone()).await.unwrap();
    assert_eq!((ended.exit, ended.outlook.pace.remembered), (Exit::Done, None));
    let kept =
        Remembered::in_folder(&state).rate(&stage.arn, Called::CreateUser).expect("a rate was learned");
    let next = stage.plan(job).await.unwrap();
    assert_eq!(next.outlook().pace.remembered, Some(kept));
}
