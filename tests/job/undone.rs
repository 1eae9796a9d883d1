//! What an import, a retry and an update do with a ledger of which a part or all was undone, and with leavers.

use std::io::Write as _;
use std::path::Path;

use headcount::clock::rfc3339;
use headcount::exit::Exit;
use headcount::job::{Allowed, Asking, Changes, Ended, EndedChanges, Job, Passwords, UndoJob, What};
use headcount::ledger::{Attempt, Entry, Kind, RowState, VERSION, peek};
use headcount::plan::Protected;
use headcount::user::Exact;

use crate::stage::{Stage, row, row_with, unlimited};
use crate::undo::{deletions, made, names, run, settled, undo};

/// Five users, of whom three were undone.
async fn undone_in_part() -> Stage {
    let stage = made(5).await;
    let protected = Protected::parse("user3\nuser4\n");
    let ended = run(&stage, UndoJob { protected, ..undo(&stage) }).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::SomeFailed, 3));
    settled().await;
    stage
}

fn allowing(stage: &Stage, allowed: Allowed) -> Job {
    Job { allowed, ..stage.import() }
}

fn anew(stage: &Stage) -> Job {
    allowing(stage, Allowed { deleted_again: true, ..Allowed::default() })
}

async fn ran(stage: &Stage, job: Job) -> Ended {
    stage.run(job).await.unwrap()
}

/// How often users were to be made.
fn creates(stage: &Stage) -> u64 {
    let stats = stage.connect.world().stats();
    stats.operations.get("CreateUser").map_or(0, |calls| calls.called)
}

fn append(ledger: &Path, entries: &[Entry<'_>]) {
    let mut lines = Vec::new();
    entries.iter().for_each(|entry| entry.write_to(&mut lines));
    std::fs::OpenOptions::new().append(true).open(ledger).unwrap().write_all(&lines).unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_was_undone_is_neither_sent_nor_missed_until_somebody_asks_for_it() {
    let stage = undone_in_part().await;
    for _ in 0..2 {
        let ended = ran(&stage, stage.import()).await;
        let rows = ended.outlook.rows;
        assert_eq!((ended.exit, ended.made, rows.deleted, rows.done), (Exit::Done, 0, 3, 2));
        assert_eq!((rows.to_create, rows.anew, rows.missing), (0, 0, 0));
    }
    assert_eq!((creates(&stage), names(&stage).len()), (5, 2));
    let retry = ran(&stage, stage.retry(None, &[])).await;
    assert_eq!((retry.exit, retry.made, creates(&stage)), (Exit::Done, 0, 5), "nothing of it has failed");

    let ended = ran(&stage, anew(&stage)).await;
    let rows = ended.outlook.rows;
    assert_eq!((ended.exit, ended.made, rows.to_create, rows.anew), (Exit::Done, 3, 3, 3));
    assert_eq!((names(&stage).len(), stage.state().counts(false).created), (5, 5));
    let again = ran(&stage, anew(&stage)).await;
    assert_eq!((again.exit, again.made, creates(&stage)), (Exit::Done, 0, 8), "once");
    // Each carries the tag of its own new attempt, so that it can be undone again.
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, 5));
    assert!(ended.renamed.is_some());
    assert_eq!((deletions(&stage), names(&stage).len()), (8, 0));
}

#[tokio::test(start_paused = true)]
async fn whose_deletion_is_not_settled_is_left_to_the_undo_whatever_is_asked_for() {
    let stage = made(3).await;
    let id = stage.connect.world().everyone().find(|user| user.username == "user1").unwrap().id.clone();
    let now = rfc3339(stage.world.clock.now());
    // An undo that was killed right after it had announced the deletion.
    let attempt = Attempt::new(99).unwrap();
    append(&stage.ledger(), &[Entry::delete_intent("user1", attempt, &id, now)]);
    for there in [true, false] {
        if !there {
            stage.connect.world().remove("user1");
        }
        let asked = Allowed { deleted_again: true, missing_again: true, ..Allowed::default() };
        for job in [stage.import(), allowing(&stage, asked)] {
            let ended = ran(&stage, job).await;
            assert_eq!((ended.exit, ended.made, ended.outlook.rows.unconfirmed), (Exit::Unsettled, 0, 1));
            assert_eq!((ended.counts.created, ended.counts.unconfirmed), (2, 1));
        }
        assert_eq!(creates(&stage), 3);
    }
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 3));
}

#[tokio::test(start_paused = true)]
async fn whoever_left_by_a_list_is_not_made_anew_and_who_is_missing_is_counted() {
    let stage = made(4).await;
    for gone in ["user0", "user1"] {
        stage.connect.world().remove(gone);
    }
    let header = Entry {
        version: Some(VERSION),
        run: Some("of leavers".into()),
        instance: Some(stage.arn.as_str().into()),
        job: Some(headcount::ledger::Job::Remove),
        ..Entry::of(Kind::Ledger)
    };
    let list = stage.path("june.csv.remove.ledger.jsonl");
    std::fs::write(&list, "").unwrap();
    let row = Entry::row("user0", 2.into(), None);
    append(&list, &[header, row, Entry::outcome_of_delete("user0", RowState::Deleted, "t".into())]);
    let ended = ran(&stage, stage.import()).await;
    let rows = ended.outlook.rows;
    assert_eq!((ended.exit, ended.made, rows.left, rows.missing, rows.anew), (Exit::Done, 0, 1, 1, 0));
    let asked = Allowed { missing_again: true, ..Allowed::default() };
    let ended = ran(&stage, allowing(&stage, asked)).await;
    let rows = ended.outlook.rows;
    assert_eq!((ended.exit, rows.left, rows.missing, rows.anew), (Exit::Done, 1, 0, 1));
    assert_eq!(names(&stage), ["user1", "user2", "user3"]);
}

#[tokio::test(start_paused = true)]
async fn the_same_import_begins_afresh_whatever_the_undone_one_has_left_beside_the_roster() {
    let stage = Stage::of(unlimited(), 3);
    // One row fails, so that there is a file of the failed rows; and passwords are made and kept.
    let rows = [row("user0"), row_with("user1", ""), row("user 2")];
    stage.write("roster.csv", &rows);
    let out = stage.path("made.jsonl");
    let allowed = Allowed { invalid_rows: true, ..Allowed::default() };
    let job = || Job {
        passwords: Passwords::Made { out: out.clone(), recipients: vec![] },
        ..allowing(&stage, allowed)
    };
    let ended = ran(&stage, job()).await;
    assert_eq!((ended.exit, ended.made, ended.counts.invalid), (Exit::SomeFailed, 2, 1));
    let run_before = stage.state().header.run;
    settled().await;
    let undone = run(&stage, undo(&stage)).await;
    assert_eq!((undone.exit, undone.parted.deleted), (Exit::Done, 2));
    let ledger_before = undone.renamed.expect("nothing is left");
    let before = std::fs::read(&out).unwrap();

    let failure = stage.run(Job { ledger: ledger_before.clone().into(), ..job() }).await.err().unwrap();
    assert!(failure.exit == Exit::Usage && failure.what.contains("was undone"), "{failure:?}");
    let failure = peek(&stage.ledger().into()).err().unwrap();
    assert!(failure.hint.is_some_and(|hint| hint.contains("its run was undone")));

    // A plan that nobody runs moves nothing.
    drop(stage.plan(job()).await.unwrap());
    assert_eq!(std::fs::read(&out).unwrap(), before);
    let ended = ran(&stage, job()).await;
    assert_eq!((ended.exit, ended.made, ended.counts.total), (Exit::SomeFailed, 2, 3));
    assert_eq!(std::fs::read(stage.path(&format!("made.jsonl.undone-{run_before}"))).unwrap(), before);
    assert!(std::fs::read_to_string(&out).unwrap().contains(&stage.state().header.run));
    let again = ran(&stage, job()).await;
    assert_eq!((again.exit, again.made), (Exit::SomeFailed, 0), "and it resumes");
}

async fn update(stage: &Stage, from: &str, to: &str) -> EndedChanges {
    let roster = stage.path("roster.csv");
    let text = std::fs::read_to_string(&roster).unwrap().replace(from, to);
    std::fs::write(&roster, text).unwrap();
    let ledger = stage.path("roster.csv.update.ledger.jsonl");
    let job = Job { what: What::Import { roster }, ledger: ledger.into(), ..stage.import() };
    let changes = Changes {
        job,
        asking: Asking::default(),
        exact: Exact::default(),
        bases: Vec::new(),
        picked: None,
        writes: true,
    };
    changes.compare(&stage.world).await.unwrap().plan().await.unwrap().run().await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn after_undo_and_import_an_update_works_on_the_new_users_and_so_does_the_next_undo() {
    let stage = made(3).await;
    let first = update(&stage, "Ana,Silva,user1@", "Ana,Santos,user1@").await;
    assert_eq!((first.exit, first.counts.updated), (Exit::Done, 1));
    settled().await;
    assert_eq!(run(&stage, undo(&stage)).await.exit, Exit::Done);
    let import = ran(&stage, stage.import()).await;
    assert_eq!((import.exit, import.made), (Exit::Done, 3));
    settled().await;
    // The ledger of the updates knows `user1` by the id of before.
    let second = update(&stage, "Ana,Santos,user1@", "Ana,Lima,user1@").await;
    assert_eq!((second.exit, second.counts.updated, second.counts.skipped), (Exit::Done, 1, 0));
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, 3));
}
