//! People who are there: compared with a roster, put right, and read back.

use std::collections::BTreeMap;
use std::time::Duration;

use headcount::connect::model::User;
use headcount::event::Event;
use headcount::exit::Exit;
use headcount::job::{Asking, At, Changes, Compared, EndedChanges, Job, Rehearsal, Target, What, groups_of};
use headcount::ledger::{LedgerAt, beside};
use headcount::simulator::{Spec, Updates, Weather};
use headcount::user::Exact;

use crate::stage::{Stage, unlimited};

/// A roster of any columns.
fn roster(stage: &Stage, name: &str, lines: &[&str]) {
    std::fs::write(stage.path(name), lines.join("\n") + "\n").unwrap();
}

fn asking(only: &[&str]) -> Asking {
    Asking { only: groups_of(only.iter().copied()).unwrap(), ..Asking::default() }
}

fn changes(stage: &Stage, name: &str) -> Changes {
    let job = Job {
        what: What::Import { roster: stage.path(name) },
        ledger: stage.path(&format!("{name}.update.ledger.jsonl")).into(),
        ..stage.import()
    };
    Changes {
        job,
        asking: Asking::default(),
        exact: Exact::default(),
        bases: Vec::new(),
        picked: None,
        writes: true,
    }
}

async fn compared(stage: &Stage, changes: Changes) -> Compared {
    changes.compare(&stage.world).await.unwrap()
}

async fn run(stage: &Stage, changes: Changes) -> EndedChanges {
    compared(stage, changes).await.plan().await.unwrap().run().await.unwrap()
}

/// The changes that were told, as their lines have them: user, cell, from, to, decision.
fn told(stage: &Stage) -> Vec<String> {
    let line = |event: Event| {
        let Event::Change { user, cell, from, to, decision, .. } = event else { return None };
        let text = |text: Option<String>| text.unwrap_or_else(|| "-".into());
        Some(format!("{user}: {} {} -> {}: {decision}", text(cell), text(from), text(to)))
    };
    stage.heard.take().into_iter().filter_map(line).collect()
}

fn user(stage: &Stage, name: &str) -> User {
    stage.connect.world().everyone().find(|user| user.username == name).unwrap().clone()
}

/// How often each call that changes anything came.
fn writes(stage: &Stage) -> BTreeMap<&'static str, u64> {
    let stats = stage.connect.world().stats();
    let changes =
        |name: &str| !["List", "Search", "Describe", "Get"].iter().any(|reads| name.starts_with(reads));
    let all = stats.operations.iter().filter(|(name, _)| changes(name));
    all.map(|(name, calls)| (*name, calls.called)).collect()
}

async fn settled() {
    tokio::time::advance(Duration::from_secs(900)).await;
}

async fn with_three() -> Stage {
    let stage = Stage::of(unlimited(), 3);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created), (Exit::Done, 3));
    settled().await;
    stage
}

#[tokio::test(start_paused = true)]
async fn movers_are_told_and_put_right_and_the_second_run_makes_no_call() {
    let stage = with_three().await;
    roster(
        &stage,
        "movers.csv",
        &[
            "user login,last name,mobile,soft phone auto accept,tags,routing profile name",
            "user0,Santos,+4930123456,yes,team|blue,",
            "user1,,,,,Basic Routing Profile",
            "nobody,X,,,,",
        ],
    );
    let before = writes(&stage);
    let found = compared(&stage, changes(&stage, "movers.csv")).await;
    assert_eq!(
        told(&stage),
        [
            "user0: last name Silva -> Santos: update",
            "user0: mobile - -> +4930123456: update",
            "user0: auto accept no -> yes: update",
            "user0: tag team - -> blue: update",
            "user1: - - -> -: same",
            "nobody: - - -> -: skip",
        ]
    );
    assert_eq!(found.exit(), Exit::SomeFailed);
    assert_eq!(writes(&stage), before, "a comparison changes nothing");
    let ended = found.plan().await.unwrap().run().await.unwrap();
    assert_eq!(ended.exit, Exit::SomeFailed, "nobody is not there");
    assert_eq!((ended.counts.updated, ended.counts.there, ended.counts.skipped), (1, 1, 1));
    let mover = user(&stage, "user0");
    let info = mover.identity_info.clone().unwrap();
    assert_eq!((info.first_name.as_deref(), info.last_name.as_deref()), (Some("Ana"), Some("Santos")));
    assert_eq!(info.email.as_deref(), Some("user0@example.com"), "sent as it was read");
    assert_eq!(mover.tags.get("team").map(String::as_str), Some("blue"));
    assert!(mover.tags.contains_key("headcount:run"));
    let undo = ended.undo.unwrap();
    assert!(undo.file.display().to_string().contains("movers.csv.before.") && undo.exact_tags, "{undo:?}");
    let after = writes(&stage);
    settled().await;
    let again = run(&stage, changes(&stage, "movers.csv")).await;
    assert_eq!((again.counts.updated, again.counts.there, again.counts.skipped), (1, 1, 1));
    assert_eq!(writes(&stage), after, "run twice, no call");
}

#[tokio::test(start_paused = true)]
async fn the_groups_that_are_picked_are_written_and_no_others() {
    let stage = with_three().await;
    roster(&stage, "movers.csv", &["user login,last name,mobile,tags", "user0,Santos,+4930123456,team|blue"]);
    let only = Changes { asking: asking(&["tags"]), ..changes(&stage, "movers.csv") };
    let ended = run(&stage, only).await;
    assert_eq!((ended.exit, ended.counts.updated), (Exit::Done, 1));
    let mover = user(&stage, "user0");
    assert_eq!(mover.identity_info.unwrap().last_name.as_deref(), Some("Silva"));
    assert_eq!(mover.tags.get("team").map(String::as_str), Some("blue"));
}

#[tokio::test(start_paused = true)]
async fn a_primary_address_is_changed_only_where_that_is_allowed() {
    let stage = with_three().await;
    roster(&stage, "movers.csv", &["user login,last name,email address", "user0,Santos,other@example.com"]);
    let ended = run(&stage, changes(&stage, "movers.csv")).await;
    assert_eq!((ended.exit, ended.counts.skipped), (Exit::SomeFailed, 1));
    let info = user(&stage, "user0").identity_info.unwrap();
    assert_eq!(
        (info.last_name.as_deref(), info.email.as_deref()),
        (Some("Santos"), Some("user0@example.com"))
    );
    settled().await;
    let mut allowed = changes(&stage, "movers.csv");
    allowed.asking.changes_email = true;
    let ended = run(&stage, allowed).await;
    assert_eq!((ended.exit, ended.counts.updated), (Exit::Done, 1));
    assert!(ended.undo.unwrap().change_email);
    let info = user(&stage, "user0").identity_info.unwrap();
    assert_eq!(info.email.as_deref(), Some("other@example.com"));
}

/// What may become of what an update leaves out or gives as nothing; a roster that clears, and one that only sets.
#[tokio::test(start_paused = true)]
async fn whichever_way_the_service_takes_updates_a_row_is_as_asked_or_says_why_not() {
    for updates in Updates::ALL {
        let stage = Stage::of(Spec { updates, ..unlimited() }, 3);
        stage.run(stage.import()).await.unwrap();
        settled().await;
        let columns = "user login,last name,secondary email,mobile,hierarchy,phone type voice,phone number voice,ACW timeout voice,proficiencies,tags,security profiles";
        let full =
            format!("{columns}\nuser0,Santos,s@example.com,+4930123456,,desk,+4930999,30,,a|b,Agent|Admin");
        std::fs::write(stage.path("set.csv"), full + "\n").unwrap();
        let ended = run(&stage, changes(&stage, "set.csv")).await;
        assert_eq!((ended.exit, ended.counts.updated), (Exit::Done, 1), "{updates:?}");
        settled().await;
        let clear = "user login,secondary email,mobile,phone type voice,ACW timeout voice,tags\nuser0,(clear),(clear),soft,(clear),(clear)\n";
        std::fs::write(stage.path("clear.csv"), clear).unwrap();
        let ended = run(&stage, changes(&stage, "clear.csv")).await;
        let cannot = updates == Updates::STUBBORN;
        let expected = if cannot { Exit::Unsettled } else { Exit::Done };
        assert_eq!(ended.exit, expected, "{updates:?} {:?}", ended.counts);
        assert_eq!(ended.counts.unconfirmed, u64::from(cannot));
        let mover = user(&stage, "user0");
        assert_eq!(mover.identity_info.clone().unwrap().mobile.is_some(), cannot, "{updates:?}");
        assert!(mover.tags.keys().eq(["headcount:run"]), "{:?}", mover.tags);
        let email = mover.identity_info.unwrap().email;
        assert_eq!(email.as_deref(), Some("user0@example.com"), "{updates:?}: nobody asked for that");
    }
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_update_goes_on_where_it_ended_and_writes_nothing_twice() {
    let mut stage = Stage::of(unlimited(), 30);
    stage.run(stage.import()).await.unwrap();
    settled().await;
    let rows: Vec<String> = (0..30).map(|at| format!("user{at},Santos,x|{at}")).collect();
    std::fs::write(stage.path("m.csv"), format!("user login,last name,tags\n{}\n", rows.join("\n"))).unwrap();
    let seen = std::sync::atomic::AtomicUsize::new(0);
    stage.stop_at(move |event| {
        let is_updated = usize::from(matches!(event, Event::Updated { .. }));
        seen.fetch_add(is_updated, std::sync::atomic::Ordering::Relaxed) + is_updated == 5
    });
    let ended = run(&stage, changes(&stage, "m.csv")).await;
    assert_eq!(ended.exit, Exit::Interrupted);
    assert!(ended.counts.updated >= 5, "{:?}", ended.counts);
    assert!(ended.left.as_ref().unwrap().file.is_none(), "nobody has failed: they are not read back yet");
    settled().await;
    stage.go_on();
    let ended = run(&stage, changes(&stage, "m.csv")).await;
    assert_eq!((ended.exit, ended.counts.updated), (Exit::Done, 30), "{:?}", ended.counts);
    let writes = writes(&stage);
    assert_eq!((writes["UpdateUserIdentityInfo"], writes["TagResource"]), (30, 30), "{writes:?}");
}

/// Somebody changes a user in the console.
fn console(stage: &Stage, name: &str, change: impl FnOnce(&mut User)) {
    let now = stage.world.clock.now();
    stage.connect.world().edit(name, now, change);
}

#[tokio::test(start_paused = true)]
async fn a_roster_that_changed_is_told_from_a_user_that_somebody_changed() {
    let stage = with_three().await;
    // The roster of the import, with one cell changed in its first row; its ledger is beside it.
    let text = std::fs::read_to_string(stage.path("roster.csv")).unwrap();
    let second = text.lines().nth(1).unwrap().replace("Silva", "Santos");
    let lines: Vec<&str> =
        text.lines().enumerate().map(|(at, line)| if at == 1 { &*second } else { line }).collect();
    std::fs::write(stage.path("roster.csv"), lines.join("\n")).unwrap();
    console(&stage, "user1", |user| user.identity_info.as_mut().unwrap().last_name = Some("Costa".into()));
    console(&stage, "user0", |user| drop(user.tags.insert("team".into(), "of another".into())));
    compared(&stage, changes(&stage, "roster.csv")).await.close().await;
    assert_eq!(
        told(&stage),
        [
            "user0: last name Silva -> Santos: update",
            "user1: last name Costa -> Silva: drift",
            "user2: - - -> -: same",
        ]
    );
    console(&stage, "user0", |user| user.identity_info.as_mut().unwrap().last_name = Some("Alves".into()));
    let ended = run(&stage, changes(&stage, "roster.csv")).await;
    assert_eq!(
        told(&stage)[..2],
        ["user0: last name Alves -> Santos: conflict", "user1: last name Costa -> Silva: drift"]
    );
    assert_eq!((ended.exit, ended.counts.skipped), (Exit::SomeFailed, 2));
    let mut overwriting = changes(&stage, "roster.csv");
    overwriting.asking.overwrites_drift = true;
    let ended = run(&stage, overwriting).await;
    assert_eq!((ended.exit, ended.counts.updated, ended.counts.there), (Exit::Done, 2, 1));
    settled().await;
    stage.heard.take();
    compared(&stage, changes(&stage, "roster.csv")).await.close().await;
    assert!(told(&stage).iter().all(|line| line.ends_with("same")), "after an update nothing is drift");
    // What the update asked for is what counts now.
    console(&stage, "user0", |user| user.identity_info.as_mut().unwrap().last_name = Some("Alves".into()));
    compared(&stage, changes(&stage, "roster.csv")).await.close().await;
    assert_eq!(told(&stage)[0], "user0: last name Alves -> Santos: drift");
}

#[tokio::test(start_paused = true)]
async fn what_was_before_puts_everybody_back_and_a_later_update_keeps_its_own() {
    let stage = with_three().await;
    let mut were: Vec<User> = stage.connect.world().everyone().cloned().collect();
    let file = |text: &str| {
        std::fs::write(
            stage.path("m.csv"),
            format!("user login,last name,mobile,tags,hierarchy,auto accept voice,security profiles\n{text}"),
        )
        .unwrap()
    };
    file("user0,Santos,+4930123456,team|blue,,yes,Agent|Admin\nuser1,Alves,,,,,\n");
    let first = run(&stage, changes(&stage, "m.csv")).await;
    assert_eq!((first.exit, first.counts.updated), (Exit::Done, 2));
    settled().await;
    file("user0,Costa,+4930123456,team|blue,,yes,Agent|Admin\nuser1,Alves,,,,,\n");
    let second = run(&stage, changes(&stage, "m.csv")).await;
    assert_eq!(second.exit, Exit::Done);
    settled().await;
    // What each of them asked for is in a ledger of its own: whoever goes back two steps names both.
    let mut bases: Vec<LedgerAt> = vec![stage.path("m.csv.update.ledger.jsonl").into()];
    let (first, second) = (first.undo.unwrap(), second.undo.unwrap());
    assert_ne!(first.file, second.file, "never over another");
    for undo in [second, first] {
        let name = undo.file.file_name().unwrap().to_str().unwrap().to_owned();
        let mut back = changes(&stage, &name);
        back.exact = Exact { tags: undo.exact_tags, proficiencies: undo.exact_proficiencies };
        back.asking.changes_email = undo.change_email;
        back.bases = bases.clone();
        bases.push(back.job.ledger.clone());
        let ended = run(&stage, back).await;
        assert_eq!((ended.exit, ended.counts.skipped), (Exit::Done, 0), "{name}: {:?}", stage.heard.take());
        settled().await;
    }
    let mut are: Vec<User> = stage.connect.world().everyone().cloned().collect();
    for user in were.iter_mut().chain(&mut are) {
        user.last_modified_time = None;
        user.auto_accept_configs.retain(|config| config.auto_accept);
    }
    assert_eq!(were, are);
}

#[tokio::test(start_paused = true)]
async fn a_rehearsal_of_changes_has_the_people_and_one_after_a_rehearsed_import_has_those_of_that() {
    let stage = Stage::of(unlimited(), 2);
    roster(&stage, "movers.csv", &["user login,last name", "zoe.mueller,Santos", "bo,"]);
    let rehearsed = |name: &str| {
        let job = changes(&stage, name).job;
        let at = At::Rehearsal(Box::new(Rehearsal {
            seed: 7,
            weather: Weather::calm(),
            updates: Updates::default(),
        }));
        let target = Target { at, identity: None, directory: None };
        let ledger = beside::update_ledger_of(&stage.path(name), true);
        Changes { job: Job { target, ledger: ledger.into(), ..job }, ..changes(&stage, name) }
    };
    let ended = run(&stage, rehearsed("movers.csv")).await;
    assert_eq!((ended.exit, ended.counts.updated, ended.counts.there), (Exit::Done, 1, 1));
    assert_eq!(told(&stage)[0], "zoe.mueller: last name Mueller -> Santos: update");
    let ended = run(&stage, rehearsed("movers.csv")).await;
    assert_eq!((ended.exit, ended.calls.len()), (Exit::Done, 0), "it goes on where it ended");
    // An import was rehearsed: those are the people.
    let import = rehearsed("roster.csv").job;
    let ended =
        stage.run(Job { ledger: beside::ledger_of(&stage.path("roster.csv"), true).into(), ..import }).await;
    assert_eq!(ended.unwrap().counts.created, 2);
    settled().await;
    stage.heard.take();
    compared(&stage, rehearsed("roster.csv")).await.close().await;
    assert_eq!(told(&stage), ["user0: - - -> -: same", "user1: - - -> -: same"]);
    assert!(stage.connect.world().stats().operations.is_empty(), "nothing was asked of the instance");
}

#[tokio::test(start_paused = true)]
async fn what_puts_people_back_by_the_ledger_leaves_strangers_and_what_was_changed_since() {
    let stage = with_three().await;
    roster(&stage, "m.csv", &["user login,last name", "user0,Santos", "user1,Santos", "user2,Santos"]);
    let undo = run(&stage, changes(&stage, "m.csv")).await.undo.unwrap();
    settled().await;
    // Another person has the name of the first by now, and somebody changes the second in the console.
    console(&stage, "user0", |user| user.username = "gone".into());
    let now = stage.world.clock.now();
    let mut stranger = user(&stage, "user2");
    (stranger.id, stranger.username) = (String::new(), "user0".into());
    stage.connect.world().plant(stranger, now);
    console(&stage, "user1", |user| user.identity_info.as_mut().unwrap().last_name = Some("Costa".into()));
    settled().await;
    stage.heard.take();
    let mut back = changes(&stage, undo.file.file_name().unwrap().to_str().unwrap());
    back.bases = vec![stage.path("m.csv.update.ledger.jsonl").into()];
    let ended = run(&stage, back).await;
    assert_eq!(
        told(&stage),
        [
            "user0: - - -> -: skip",
            "user1: last name Costa -> Silva: conflict",
            "user2: last name Santos -> Silva: update",
        ]
    );
    assert_eq!((ended.exit, ended.counts.updated, ended.counts.skipped), (Exit::SomeFailed, 1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_changed_between_a_plan_and_its_call_is_told_by_the_next_and_not_written_over() {
    // Of people whom no ledger knows, nothing is known of before but what the plan has read.
    let stage = with_three().await;
    std::fs::remove_file(stage.import().ledger.name()).unwrap();
    roster(&stage, "m.csv", &["user login,last name,tags", "user0,Santos,team|a", "user1,Santos,"]);
    let planned = compared(&stage, changes(&stage, "m.csv")).await.plan().await.unwrap();
    let renames = |last: &'static str| {
        console(&stage, "user0", |user| user.identity_info.as_mut().unwrap().last_name = Some(last.into()));
    };
    renames("Costa");
    let ended = planned.run().await.unwrap();
    assert_eq!((ended.exit, ended.counts.updated, ended.counts.skipped), (Exit::SomeFailed, 1, 1));
    // As often as it is given.
    for _ in 0..2 {
        settled().await;
        stage.heard.take();
        let ended = run(&stage, changes(&stage, "m.csv")).await;
        assert_eq!(told(&stage)[0], "user0: last name Costa -> Santos: drift");
        assert_eq!((ended.exit, ended.counts.skipped), (Exit::SomeFailed, 1));
        assert_eq!(user(&stage, "user0").identity_info.unwrap().last_name.as_deref(), Some("Costa"));
    }
    // As the plan had read it, it is what the roster changes.
    renames("Silva");
    settled().await;
    stage.heard.take();
    compared(&stage, changes(&stage, "m.csv")).await;
    assert_eq!(told(&stage)[0], "user0: last name Silva -> Santos: update");
    renames("Costa");
    settled().await;
    let mut overwriting = changes(&stage, "m.csv");
    overwriting.asking.overwrites_drift = true;
    assert_eq!(run(&stage, overwriting).await.exit, Exit::Done);
    assert_eq!(user(&stage, "user0").identity_info.unwrap().last_name.as_deref(), Some("Santos"));
}
