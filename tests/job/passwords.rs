//! Passwords that the roster has not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use headcount::agent::Password;
use headcount::event::Event;
use headcount::exit::Exit;
use headcount::job::{Job, OnePassword, Passwords, PasswordsPlanned};

use crate::stage::{Stage, row_with, unlimited};

fn without_passwords(stage: &Stage, users: &[&str]) {
    let rows: Vec<String> = users.iter().map(|user| row_with(user, "")).collect();
    stage.write("roster.csv", &rows);
}

#[tokio::test(start_paused = true)]
async fn made_ones_are_kept_in_a_file_and_the_instance_has_them() {
    let stage = Stage::set(unlimited());
    without_passwords(&stage, &["ann", "bob"]);
    let out = stage.path("first.credentials");
    let job = Job { passwords: Passwords::Made { out: out.clone(), recipients: vec![] }, ..stage.import() };
    let checked = job.check(&stage.world).await.unwrap();
    assert!(checked.blocks().is_none(), "a row needs no password of its own");
    checked.forecast().await.unwrap();
    assert!(!out.exists(), "a forecast makes no file");
    let planned = checked.plan().await.unwrap();
    let of_plan = planned.outlook().passwords.clone();
    assert_eq!(of_plan, Some(PasswordsPlanned::Made { out: out.clone(), recipients: 0 }));
    assert_eq!(planned.run().await.unwrap().exit, Exit::Done);
    let text = std::fs::read_to_string(&out).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let kept: Vec<(String, String)> = lines
        .filter_map(|line| Some((line["user"].as_str()?.into(), line["password"].as_str()?.into())))
        .collect();
    assert_eq!(kept.len(), 2);
    let connect = stage.connect.world();
    assert!(kept.iter().all(|(user, password)| connect.signs_in(user, password)));
    let ledger = std::fs::read_to_string(stage.ledger()).unwrap();
    assert!(kept.iter().all(|(_, password)| !ledger.contains(password)));
}

#[tokio::test(start_paused = true)]
async fn one_for_all_is_asked_for_only_once_nothing_else_stands_in_the_way() {
    let stage = Stage::set(unlimited());
    without_passwords(&stage, &["ann", "bo b"]);
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&asked);
    let source = Arc::new(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Ok(Password::new("Quiet-Harbour-1"))
    });
    let one = OnePassword { whose: "a test".into(), source };
    let mut job = Job { passwords: Passwords::One(one), ..stage.import() };
    assert!(stage.plan(job.clone()).await.is_err());
    assert_eq!(asked.load(Ordering::Relaxed), 0, "the roster has errors");
    job.allowed.invalid_rows = true;
    stage.run(job).await.unwrap();
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    assert!(stage.connect.world().signs_in("ann", "Quiet-Harbour-1"));
    let warned = stage.heard.count(
        |event| matches!(event, Event::Warning { message } if message.starts_with("one password for all")),
    );
    assert_eq!(warned, 1);
}

#[tokio::test(start_paused = true)]
async fn one_that_breaks_the_policy_is_2_and_is_not_repeated() {
    let stage = Stage::set(unlimited());
    without_passwords(&stage, &["ann"]);
    let one = OnePassword { whose: "a test".into(), source: Arc::new(|| Ok(Password::new("hunter22"))) };
    let job = Job { passwords: Passwords::One(one), ..stage.import() };
    let failure = stage.plan(job).await.err().unwrap();
    assert!(failure.exit == Exit::Usage && !failure.what.contains("hunter22"), "{failure}");
    assert_eq!(stage.files(), ["roster.csv"]);
}
