//! A run is undone: with proof, once, and nobody but its own.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount::connect::model::User;
use headcount::event::Event;
use headcount::exit::Exit;
use headcount::job::{
    Allowed, Asking, Changes, EndedUndo, Job, PaceAsked, Patience, PlannedUndo, RateAsked, UndoJob, What,
};
use headcount::ledger::{State, peek};
use headcount::plan::{Fate, Lifts, Protected, Why};
use headcount::simulator::{Fault, Operation, Spec};
use headcount::user::Exact;

use crate::stage::{Stage, unlimited};

pub fn undo(stage: &Stage) -> UndoJob {
    UndoJob {
        ledger: stage.ledger().into(),
        target: stage.target(),
        bases: Vec::new(),
        lifts: Lifts::default(),
        protected: Protected::default(),
        pace: PaceAsked { rate: RateAsked::Fixed(1000.0), burst: None, concurrency: None },
        patience: Patience::default(),
        looks_only: false,
    }
}

async fn planned(stage: &Stage, job: UndoJob) -> PlannedUndo {
    job.plan(&stage.world).await.unwrap()
}

pub async fn run(stage: &Stage, job: UndoJob) -> EndedUndo {
    planned(stage, job).await.run().await.unwrap()
}

/// How often users were deleted.
pub fn deletions(stage: &Stage) -> u64 {
    let stats = stage.connect.world().stats();
    stats.operations.get("DeleteUser").map_or(0, |calls| calls.called)
}

pub fn names(stage: &Stage) -> Vec<String> {
    let mut names: Vec<String> = stage.connect.world().everyone().map(|user| user.username.clone()).collect();
    names.sort();
    names
}

fn edit(stage: &Stage, name: &str, change: impl FnOnce(&mut User)) {
    let now = stage.world.clock.now();
    stage.connect.world().edit(name, now, change);
}

pub async fn settled() {
    tokio::time::advance(Duration::from_secs(3600)).await;
}

/// So many users that were made an hour ago.
pub async fn made(people: usize) -> Stage {
    let stage = Stage::of(unlimited(), people);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created), (Exit::Done, people as u64));
    settled().await;
    stage
}

fn fates(planned: &PlannedUndo) -> BTreeMap<&str, Fate> {
    planned.people().iter().map(|leaver| (leaver.user.as_str(), leaver.fate)).collect()
}

/// What the ledger says once everything was undone: under its new name.
fn undone(ended: &EndedUndo) -> State {
    peek(&ended.renamed.as_deref().expect("nothing is left").into()).unwrap().0
}

#[tokio::test(start_paused = true)]
async fn a_run_is_undone_once_and_the_same_import_begins_afresh() {
    let stage = made(5).await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted, ended.counts.deleted), (Exit::Done, 5, 5));
    assert_eq!(names(&stage), Vec::<String>::new());
    let state = undone(&ended);
    let file = ended.renamed.unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    assert_eq!(file, format!("roster.csv.undone-{}.ledger.jsonl", state.header.run));
    assert!(!stage.ledger().exists());
    // Once more: nothing is left to do, and nothing is called that changes anything.
    let calls = deletions(&stage);
    let again = planned(&stage, undo(&stage)).await;
    assert_eq!(again.people(), []);
    assert_eq!(again.run().await.unwrap().exit, Exit::Done);
    assert_eq!((deletions(&stage), calls), (5, 5));
    // The same import begins afresh, and can be undone again.
    let import = stage.run(stage.import()).await.unwrap();
    assert_eq!((import.exit, import.counts.created), (Exit::Done, 5));
    assert_ne!(stage.state().header.run, state.header.run);
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, 5));
}

#[tokio::test(start_paused = true)]
async fn a_plan_reads_and_changes_nothing() {
    let stage = made(3).await;
    let before = std::fs::read(stage.ledger()).unwrap();
    let plan = planned(&stage, UndoJob { looks_only: true, ..undo(&stage) }).await;
    assert_eq!((plan.counts().delete, plan.counts().skip, plan.waits()), (3, 0, None));
    plan.close().await;
    assert_eq!(std::fs::read(stage.ledger()).unwrap(), before);
    assert_eq!((deletions(&stage), names(&stage).len()), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn whoever_is_not_as_they_were_made_is_left_and_the_reason_is_named() {
    let stage = made(7).await;
    edit(&stage, "user0", |user| user.identity_info.as_mut().unwrap().last_name = Some("Santos".into()));
    edit(&stage, "user1", |user| drop(user.tags.insert("team".into(), "north".into())));
    edit(&stage, "user2", |user| drop(user.tags.remove("headcount:run")));
    let of_another = "another-run/1.00000000000000ab".to_owned();
    edit(&stage, "user3", |user| drop(user.tags.insert("headcount:run".into(), of_another)));
    let protected = Protected::parse("USER4\nlead-*\n");
    let job = || UndoJob { protected: protected.clone(), ..undo(&stage) };
    let plan = planned(&stage, job()).await;
    let skip = Fate::Skip;
    assert_eq!(
        fates(&plan),
        BTreeMap::from([
            ("user0", skip(Why::ChangedSince)),
            ("user1", skip(Why::ChangedSince)),
            ("user2", skip(Why::Unproved)),
            ("user3", skip(Why::AnotherTag)),
            ("user4", skip(Why::Protected)),
            ("user5", Fate::Delete),
            ("user6", Fate::Delete),
        ])
    );
    let ended = plan.run().await.unwrap();
    assert_eq!((ended.exit, ended.parted.deleted, ended.renamed), (Exit::SomeFailed, 2, None));
    let state = stage.state();
    assert_eq!((state.counts(false).created, state.counts(false).deleted), (5, 2));
    // An import with it makes nobody anew, and misses nobody.
    let import = stage.run(stage.import()).await.unwrap();
    assert_eq!((import.exit, import.made), (Exit::Done, 0));
    // Said so, those who were changed go as well; nothing proves the others ours.
    let lifts = Lifts { changed: true, ..Lifts::default() };
    let ended = run(&stage, UndoJob { lifts, ..job() }).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::SomeFailed, 2));
    assert_eq!(names(&stage), ["user2", "user3", "user4"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_was_changed_between_the_plan_and_the_deletion_is_left() {
    let stage = made(3).await;
    let plan = planned(&stage, undo(&stage)).await;
    assert_eq!(plan.counts().delete, 3);
    edit(&stage, "user1", |user| user.identity_info.as_mut().unwrap().last_name = Some("Santos".into()));
    let ended = plan.run().await.unwrap();
    assert_eq!((ended.exit, ended.parted.deleted, ended.parted.skipped), (Exit::SomeFailed, 2, 1));
    assert_eq!(names(&stage), ["user1"]);
}

#[tokio::test(start_paused = true)]
async fn a_user_of_the_same_name_and_another_id_is_nobodys_to_delete() {
    let stage = made(2).await;
    let now = stage.world.clock.now();
    // Deleted in the console and made anew under the same name, even with the same tag.
    let mut again = stage.connect.world().everyone().find(|user| user.username == "user0").unwrap().clone();
    stage.connect.world().remove("user0");
    again.id = String::new();
    stage.connect.world().plant(again, now);
    settled().await;
    let plan = planned(&stage, undo(&stage)).await;
    assert_eq!(fates(&plan)["user0"], Fate::Gone);
    let ended = plan.run().await.unwrap();
    assert_eq!(ended.parted.deleted, 1);
    assert_eq!(names(&stage), ["user0"], "whoever has the name now");
}

#[tokio::test(start_paused = true)]
async fn after_an_update_the_undo_takes_what_the_update_left() {
    let stage = made(3).await;
    let roster = stage.path("roster.csv");
    let text = std::fs::read_to_string(&roster).unwrap().replace("Ana,Silva,user1@", "Ana,Santos,user1@");
    std::fs::write(&roster, text).unwrap();
    let job = Job {
        what: What::Import { roster: roster.clone() },
        ledger: stage.path("roster.csv.update.ledger.jsonl").into(),
        ..stage.import()
    };
    let changes = Changes {
        job,
        asking: Asking::default(),
        exact: Exact::default(),
        bases: Vec::new(),
        picked: None,
        writes: true,
    };
    let update = changes.compare(&stage.world).await.unwrap().plan().await.unwrap().run().await.unwrap();
    assert_eq!((update.exit, update.counts.updated), (Exit::Done, 1));
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, 3));
    assert_eq!(names(&stage), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_undo_goes_on_and_deletes_nobody_twice() {
    let mut stage = made(6).await;
    let seen = std::sync::atomic::AtomicUsize::new(0);
    stage.stop_at(move |event| {
        let is_one = usize::from(matches!(event, Event::Deleted { .. }));
        seen.fetch_add(is_one, std::sync::atomic::Ordering::Relaxed) + is_one == 2
    });
    let job = UndoJob { pace: PaceAsked { concurrency: Some(1), ..undo(&stage).pace }, ..undo(&stage) };
    let ended = run(&stage, job).await;
    assert_eq!(ended.exit, Exit::Interrupted);
    assert!(ended.parted.deleted >= 2 && ended.parted.deleted < 6, "{:?}", ended.parted);
    stage.go_on();
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 6));
    assert_eq!(deletions(&stage), 6);
}

#[tokio::test(start_paused = true)]
async fn a_young_user_that_is_not_to_be_seen_is_waited_for_and_an_old_one_is_gone() {
    let stage = Stage::of(unlimited(), 2);
    assert_eq!(stage.run(stage.import()).await.unwrap().exit, Exit::Done);
    stage.connect.world().remove("user0");
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Unsettled, 1));
    assert!(ended.renamed.is_none());
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 2));
    assert!(ended.renamed.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_ledger_of_another_instance_or_of_an_update_deletes_nobody() {
    let stage = made(2).await;
    let other =
        Stage::set(Spec { instance_id: "99999999-7b42-4d08-9c6f-2e81d0a4b7c3".into(), ..unlimited() });
    let job = UndoJob { target: other.target(), ..undo(&stage) };
    let failure = job.plan(&other.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped, "{failure:?}");
    assert!(failure.what.contains("another instance"), "{failure:?}");
    assert_eq!(names(&stage).len(), 2);
}

#[tokio::test(start_paused = true)]
async fn whoever_quick_connects_lead_to_or_who_is_at_work_is_left_unless_somebody_says_so() {
    let stage = made(4).await;
    stage.connect.world().add_quick_connect("Desk of 0", "user0");
    stage.connect.world().add_quick_connect("Second of 0", "user0");
    stage.connect.world().sign_in("user1", "Available");
    let plan = planned(&stage, undo(&stage)).await;
    let skip = Fate::Skip;
    assert_eq!(fates(&plan)["user0"], skip(Why::QuickConnects));
    assert_eq!(fates(&plan)["user1"], skip(Why::SignedIn));
    let notes: Vec<_> = plan.people().iter().filter_map(|leaver| leaver.note()).collect();
    assert!(notes[0].contains("Desk of 0") && notes[1].contains("Available"), "{notes:?}");
    let ended = plan.run().await.unwrap();
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::SomeFailed, 2));
    let lifts = Lifts { quick_connects: true, ..Lifts::default() };
    let ended = run(&stage, UndoJob { lifts, ..undo(&stage) }).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::SomeFailed, 1), "one is at work still");
    assert_eq!(stage.connect.world().quick_connects().count(), 0, "they go with whom they lead to");
    let lifts = Lifts { signed_in: true, ..Lifts::default() };
    let ended = run(&stage, UndoJob { lifts, ..undo(&stage) }).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 4));
}

#[tokio::test(start_paused = true)]
async fn whoever_a_quick_connect_came_to_lead_to_since_the_plan_is_left() {
    let stage = made(3).await;
    let plan = planned(&stage, undo(&stage)).await;
    stage.connect.world().add_quick_connect("Desk of 0", "user0");
    stage.connect.world().sign_in("user2", "Available");
    settled().await;
    let ended = plan.run().await.unwrap();
    assert_eq!((ended.exit, ended.parted.deleted, ended.parted.skipped), (Exit::SomeFailed, 1, 2));
    assert_eq!(names(&stage), ["user0", "user2"]);
}

#[tokio::test(start_paused = true)]
async fn where_nobody_may_see_who_is_at_work_that_is_said_once_and_quick_connects_have_to_be_seen() {
    let stage = made(3).await;
    let deny = |operation| stage.connect.world().deny(operation);
    deny(Operation::GetCurrentUserData);
    stage.connect.world().sign_in("user0", "Available");
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, 3));
    let is_it = |event: &Event| matches!(event, Event::Warning { message } if message.contains("at work"));
    assert_eq!(stage.heard.count(is_it), 1);
    let stage = made(2).await;
    stage.connect.world().deny(Operation::SearchQuickConnects);
    let failure = undo(&stage).plan(&stage.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped, "{failure:?}");
    assert_eq!(names(&stage).len(), 2);
}

/// An import whose first answer was lost, and that ended before it was settled.
async fn in_doubt() -> Stage {
    let mut stage = Stage::of(unlimited(), 3);
    stage.connect.world().order([Fault::ErrorAfter]);
    stage.stop_at(|event| matches!(event, Event::InDoubt { .. } | Event::Waiting { .. }));
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.in_doubt), (Exit::Interrupted, 1), "{:?}", ended.counts);
    stage.go_on();
    stage
}

#[tokio::test(start_paused = true)]
async fn a_lost_answers_user_is_found_by_its_tag_and_deleted_once_no_request_can_arrive() {
    let stage = in_doubt().await;
    let lifts = Lifts { changed: true, ..Lifts::default() };
    // Nothing says what was asked of it: whether it was changed since cannot be told.
    let plan = planned(&stage, undo(&stage)).await;
    assert_eq!(fates(&plan)["user0"], Fate::Skip(Why::Unknown));
    plan.close().await;
    let plan = planned(&stage, UndoJob { lifts, ..undo(&stage) }).await;
    assert_eq!(fates(&plan)["user0"], Fate::Delete);
    assert!(plan.waits().is_some_and(|waits| waits > Duration::from_secs(13 * 60)), "{:?}", plan.waits());
    let begun = stage.world.clock.now();
    let ended = plan.run().await.unwrap();
    let took = stage.world.clock.now().duration_since(begun).unwrap();
    assert!(took > Duration::from_secs(13 * 60), "{took:?}");
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, ended.counts.deleted));
    assert_eq!(names(&stage), Vec::<String>::new());
    assert!(ended.renamed.is_some());
}

#[tokio::test(start_paused = true)]
async fn whose_request_may_still_arrive_and_who_is_not_to_be_seen_is_waited_for() {
    let stage = in_doubt().await;
    stage.connect.world().remove("user0"); // as if it had not arrived yet
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!(ended.exit, Exit::Unsettled);
    assert!(ended.renamed.is_none());
    settled().await;
    // Long after it could arrive nobody is there: nothing of the run is left.
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!(ended.exit, Exit::Done);
    assert!(ended.renamed.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_user_that_comes_back_under_our_tag_is_said() {
    let stage = made(2).await;
    let late = stage.connect.world().everyone().find(|user| user.username == "user0").unwrap().clone();
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!(ended.exit, Exit::Done);
    let now = stage.world.clock.now();
    stage.connect.world().plant(User { id: String::new(), last_modified_time: None, ..late }, now);
    settled().await;
    let plan = planned(&stage, undo(&stage)).await;
    assert_eq!(plan.back(), ["user0"]);
    let ended = plan.run().await.unwrap();
    assert_eq!((ended.exit, ended.back), (Exit::Unsettled, vec!["user0".to_owned()]));
    assert_eq!(
        names(&stage),
        ["user0"],
        "another id than the one that was made is nobody's to delete unasked"
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_was_made_in_the_console_with_the_tag_of_a_user_that_was_deleted_is_claimed_by_nobody() {
    let stage = made(3).await;
    let old = stage.connect.world().everyone().find(|user| user.username == "user0").unwrap().clone();
    let protected = Protected::parse("user2");
    let ended = run(&stage, UndoJob { protected, ..undo(&stage) }).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::SomeFailed, 2));
    // Under the same name, with the same cells and the same tags: another id alone tells them apart.
    let now = stage.world.clock.now();
    stage.connect.world().plant(User { id: String::new(), last_modified_time: None, ..old }, now);
    settled().await;
    let allowed = Allowed { deleted_again: true, ..Allowed::default() };
    let import = stage.run(Job { allowed, ..stage.import() }).await.unwrap();
    assert_eq!(
        (import.exit, import.made, import.counts.exists),
        (Exit::SomeFailed, 1, 1),
        "{:?}",
        import.counts
    );
    settled().await;
    let lifts = Lifts { changed: true, ..Lifts::default() };
    let ended = run(&stage, UndoJob { lifts, ..undo(&stage) }).await;
    assert_eq!(ended.parted.deleted, 2);
    assert_eq!(names(&stage), ["user0"], "nobody of ours");
}

#[tokio::test(start_paused = true)]
async fn whoever_was_made_anew_in_the_console_while_its_row_was_in_doubt_is_not_as_it_was_made() {
    let stage = in_doubt().await;
    let lost = stage.connect.world().everyone().find(|user| user.username == "user0").unwrap().clone();
    stage.connect.world().remove("user0");
    settled().await;
    // With all its cells and tags: the import takes it for the one that it made, and nothing but the time tells.
    let now = stage.world.clock.now();
    stage.connect.world().plant(User { id: String::new(), last_modified_time: None, ..lost }, now);
    settled().await;
    let import = stage.run(stage.import()).await.unwrap();
    assert_eq!((import.exit, import.counts.created), (Exit::Done, 3));
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::SomeFailed, 2));
    assert_eq!(names(&stage), ["user0"]);
}

#[tokio::test(start_paused = true)]
async fn a_lost_answers_user_that_an_import_has_settled_is_deleted_as_any_other() {
    let stage = in_doubt().await;
    settled().await;
    let import = stage.run(stage.import()).await.unwrap();
    assert_eq!((import.exit, import.counts.created, import.counts.recovered), (Exit::Done, 3, 1));
    settled().await;
    let ended = run(&stage, undo(&stage)).await;
    assert_eq!((ended.exit, ended.parted.deleted), (Exit::Done, 3));
}
