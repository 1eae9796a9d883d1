//! Whoever is on a list of leavers is deleted: only where the list and the user agree, once, and written down first.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use headcount::agent::IdentityType;
use headcount::connect::model::User;
use headcount::event::Event;
use headcount::exit::Exit;
use headcount::job::{EndedRemove, Job, Leavers, Remove, What};
use headcount::ledger::{State, peek};
use headcount::plan::{Fate, Lifts, Protected, Why};
use headcount::roster::{Act, Options};
use headcount::simulator::{Operation, Spec};

use crate::stage::{Stage, unlimited};

/// Who is there: login, first name, last name, secondary e-mail, security profile.
const PEOPLE: [[&str; 5]; 8] = [
    ["ana", "Ana", "Silva", "ana@x.org", "Agent"],
    ["anna", "Anna", "Silva", "anna@x.org", "Agent"],
    ["bob", "Bob", "Lee", "", "Agent"],
    ["cid", "Cid", "Doe", "cid@x.org", "Agent|CallCenterManager"],
    ["dora", "Dora", "May", "dora@x.org", "Admin"],
    ["eve", "Zoë", "Ray", "eve@x.org", "Agent"],
    ["fay", "Fay", "Poe", "fay@x.org", "Agent"],
    ["Gus", "Gus", "Orr", "gus@x.org", "Agent"],
];

/// An instance with these people on it, and a list of leavers.
async fn there(list: &str) -> Stage {
    there_in(unlimited(), list).await
}

async fn there_in(spec: Spec, list: &str) -> Stage {
    let stage = Stage::set(Spec { identity: IdentityType::Saml, ..spec });
    let header = "first name,last name,secondary email,user login,routing profile name,security profile name,phone type\n";
    let row = |[user, first, last, email, profiles]: [&str; 5]| {
        format!("{first},{last},{email},{user},Basic Routing Profile,{profiles},soft\n")
    };
    std::fs::write(stage.path("roster.csv"), header.to_owned() + &PEOPLE.map(row).concat()).unwrap();
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created), (Exit::Done, 8));
    tokio::time::advance(Duration::from_secs(3600)).await;
    say(&stage, list);
    stage.heard.take();
    stage
}

fn say(stage: &Stage, list: &str) {
    std::fs::write(stage.path("leavers.csv"), list).unwrap();
}

fn remove(stage: &Stage) -> Remove {
    let job = Job {
        what: What::Import { roster: stage.path("leavers.csv") },
        ledger: stage.path("leavers.csv.remove.ledger.jsonl").into(),
        ..stage.import()
    };
    Remove { job, lifts: Lifts::default(), most: None, protected: Protected::default(), picked: None }
}

async fn looked(stage: &Stage, remove: Remove) -> Leavers {
    remove.look(&stage.world).await.unwrap()
}

async fn run(stage: &Stage, remove: Remove) -> EndedRemove {
    looked(stage, remove).await.plan().await.unwrap().run().await.unwrap()
}

fn fates(leavers: &Leavers) -> BTreeMap<&str, Fate> {
    leavers.people().iter().map(|leaver| (leaver.user.as_str(), leaver.fate)).collect()
}

fn called(stage: &Stage, operation: Operation) -> u64 {
    stage.connect.world().stats().of(operation).called
}

fn state(stage: &Stage) -> State {
    peek(&stage.path("leavers.csv.remove.ledger.jsonl").into()).unwrap().0
}

fn edit(stage: &Stage, name: &str, change: impl FnOnce(&mut User)) {
    let now = stage.world.clock.now();
    stage.connect.world().edit(name, now, change);
}

#[tokio::test(start_paused = true)]
async fn whoever_is_the_person_of_the_list_goes_and_everybody_else_stays_with_the_reason() {
    let list = "user login,first name,last name,email address\n\
                ana,ANA,silva,Ana@X.org\nbob,,,\ncid,Cid,Dow,\ndora,Dora,May,\neve,Zoe\u{308},Ray,\nfay,Fay,,\n\
                gus,Gus,Orr,\nhal,Hal,,\n";
    let stage = there(list).await;
    stage.connect.world().add_quick_connect("Front desk", "eve");
    stage.connect.world().sign_in("bob", "Available");
    let protected = Protected::parse("fa*\n");
    let leavers = looked(&stage, Remove { protected: protected.clone(), ..remove(&stage) }).await;
    assert_eq!(
        fates(&leavers),
        BTreeMap::from([
            ("ana", Fate::Delete),
            ("bob", Fate::Skip(Why::SignedIn)),
            ("cid", Fate::Skip(Why::Differs)),
            ("dora", Fate::Skip(Why::Admin)),
            ("eve", Fate::Skip(Why::QuickConnects)),
            ("fay", Fate::Skip(Why::Protected)),
            ("gus", Fate::Skip(Why::NotThere)),
            ("hal", Fate::Skip(Why::NotThere)),
        ])
    );
    let note = |user: &str| {
        let leaver = leavers.people().iter().find(|leaver| leaver.user == user).unwrap();
        leaver.note().unwrap_or_default().to_owned()
    };
    assert!(note("cid").contains("last name is `Doe`, and `Dow` on the list"), "{}", note("cid"));
    assert!(note("gus").contains("`Gus` is, whose name differs in case"), "{}", note("gus"));
    assert!(note("eve").contains("Front desk"), "{}", note("eve"));
    assert_eq!(stage.users().len(), 8, "nothing was sent");
    assert!(!stage.files().contains(&"leavers.csv.remove.ledger.jsonl".to_owned()));
    let ended = leavers.plan().await.unwrap().run().await.unwrap();
    assert_eq!((ended.exit, ended.counts.deleted, ended.counts.skipped), (Exit::SomeFailed, 1, 7));
    assert_eq!(stage.users(), ["Gus", "anna", "bob", "cid", "dora", "eve", "fay"]);
    assert_eq!(called(&stage, Operation::DeleteAllEntitySessions), 1, "signed out first");
    // Said so, the others go whose reason can be said away.
    let lifts = Lifts { admin: true, signed_in: true, quick_connects: true, changed: false };
    let ended = run(&stage, Remove { protected, lifts, ..remove(&stage) }).await;
    assert_eq!((ended.exit, ended.counts.deleted, ended.counts.skipped), (Exit::SomeFailed, 4, 4));
    assert_eq!(stage.users(), ["Gus", "anna", "cid", "fay"]);
    assert_eq!(stage.connect.world().quick_connects().count(), 0, "they go after whom they led to");
    assert_eq!(called(&stage, Operation::DeleteUser), 4, "and nobody twice");
}

#[tokio::test(start_paused = true)]
async fn one_wrong_letter_in_a_name_hits_nobody() {
    let stage = there("user login\n").await;
    // `anna` is somebody: a slip in `ana` is her name.
    let right = ["anna", "Anna", "Silva", "anna@x.org"];
    let header = "user login,first name,last name,secondary email\n";
    let mut lists = Vec::new();
    for (at, cell) in right.iter().enumerate() {
        for place in 0..cell.len() {
            let mut cells = right.map(str::to_owned);
            let other = if &cell[place..=place] == "x" { "y" } else { "x" };
            cells[at].replace_range(place..=place, other);
            lists.push(cells.join(","));
            let mut cells = right.map(str::to_owned);
            cells[at].remove(place);
            lists.push(cells.join(","));
        }
    }
    // The list means Ana, and has the login of Anna.
    lists.extend(["anna,Ana,,", "anna,,,ana@x.org", "ana,Anna,,", "ana,,,anna@x.org"].map(str::to_owned));
    for (nth, line) in lists.iter().enumerate() {
        say(&stage, &format!("{header}{line}\n"));
        let ledger = stage.path(&format!("{nth}.jsonl"));
        let job = Job { ledger: ledger.into(), ..remove(&stage).job };
        let leavers = looked(&stage, Remove { job, ..remove(&stage) }).await;
        if leavers.blocks().is_none() {
            assert_eq!(leavers.counts().delete, 0, "{line}");
        }
        leavers.close().await;
    }
    assert!(lists.len() > 40);
    say(&stage, &format!("{header}{}\n", right.join(",")));
    assert_eq!(looked(&stage, remove(&stage)).await.counts().delete, 1, "without a slip she is found");
}

#[tokio::test(start_paused = true)]
async fn everybody_is_written_down_first_and_an_import_makes_them_anew() {
    let stage = there("user login,first name\nana,Ana\ncid,Cid\n").await;
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 2));
    let before = ended.before.unwrap();
    assert!(before.ends_with("leavers.csv.before.csv"), "{}", before.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&before).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let job = Job {
        what: What::Import { roster: before },
        ledger: stage.path("again.jsonl").into(),
        ..stage.import()
    };
    let again = stage.run(job).await.unwrap();
    assert_eq!((again.exit, again.counts.created), (Exit::Done, 2));
    let world = stage.connect.world();
    let cid = world.everyone().find(|user| user.username == "cid").unwrap();
    let info = cid.identity_info.as_ref().unwrap();
    assert_eq!(
        (info.last_name.as_deref(), info.secondary_email.as_deref()),
        (Some("Doe"), Some("cid@x.org"))
    );
    assert_eq!(cid.security_profile_ids.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_later_list_of_the_same_file_has_a_file_of_its_own_for_those_who_go() {
    let stage = there("user login\nana\n").await;
    let first = run(&stage, remove(&stage)).await.before.unwrap();
    let text = std::fs::read(&first).unwrap();
    say(&stage, "user login\nana\nbob\n");
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted, ended.counts.total), (Exit::Done, 2, 2));
    assert!(ended.before.unwrap().ends_with("leavers.csv.before.2.csv"));
    assert_eq!(std::fs::read(&first).unwrap(), text);
    // Nobody is left: no file is made for nobody.
    let again = run(&stage, remove(&stage)).await;
    assert_eq!((again.exit, again.before, called(&stage, Operation::DeleteUser)), (Exit::Done, None, 2));
}

#[tokio::test(start_paused = true)]
async fn more_than_a_tenth_of_the_instance_deletes_nobody_unless_it_is_said() {
    let mut people = String::from(
        "first name,last name,user login,routing profile name,security profile name,phone type\n",
    );
    let mut list = String::from("user login,first name\n");
    for person in 0..30 {
        people += &format!("Ana,Silva,user{person},Basic Routing Profile,Agent,soft\n");
    }
    (0..11).for_each(|person| list += &format!("user{person},Ana\n"));
    let stage = Stage::set(Spec { identity: IdentityType::Saml, ..unlimited() });
    std::fs::write(stage.path("roster.csv"), people).unwrap();
    assert_eq!(stage.run(stage.import()).await.unwrap().exit, Exit::Done);
    say(&stage, &list);
    for most in [None, Some(10)] {
        let leavers = looked(&stage, Remove { most, ..remove(&stage) }).await;
        let failure = leavers.plan().await.err().unwrap();
        assert_eq!(failure.exit, Exit::Stopped);
        assert!(failure.what.contains("11") && failure.what.contains("10"), "{failure:?}");
        assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("most-deleted 11")), "{failure:?}");
    }
    assert_eq!((stage.users().len(), called(&stage, Operation::DeleteUser)), (30, 0));
    assert!(!stage.files().iter().any(|file| file.starts_with("leavers.csv.")), "{:?}", stage.files());
    let ended = run(&stage, Remove { most: Some(11), ..remove(&stage) }).await;
    assert_eq!((ended.exit, ended.counts.deleted, stage.users().len()), (Exit::Done, 11, 19));
}

#[tokio::test(start_paused = true)]
async fn whoever_was_changed_between_the_plan_and_the_deletion_is_left() {
    let stage = there("user login\nana\nbob\ncid\n").await;
    let planned = looked(&stage, remove(&stage)).await.plan().await.unwrap();
    assert_eq!(planned.leavers().counts().delete, 3);
    edit(&stage, "ana", |user| user.identity_info.as_mut().unwrap().last_name = Some("Santos".into()));
    stage.connect.world().sign_in("bob", "Available");
    let ended = planned.run().await.unwrap();
    assert_eq!((ended.exit, ended.counts.deleted, ended.counts.skipped), (Exit::SomeFailed, 1, 2));
    assert_eq!(stage.users(), ["Gus", "ana", "anna", "bob", "dora", "eve", "fay"]);
    // Planned anew, she is as she is now.
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::SomeFailed, 2));
}

#[tokio::test(start_paused = true)]
async fn a_name_that_is_somebody_elses_by_now_is_not_deleted_on_the_strength_of_an_old_list() {
    let stage = there("user login\nana\nbob\n").await;
    assert_eq!(run(&stage, remove(&stage)).await.counts.deleted, 2);
    let now = stage.world.clock.now();
    let mut again = stage.connect.world().everyone().find(|user| user.username == "anna").unwrap().clone();
    (again.username, again.id) = ("ana".into(), String::new());
    stage.connect.world().plant(again, now);
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 2));
    assert!(stage.users().contains(&"ana".to_owned()));
    let told =
        |event: &Event| matches!(event, Event::Warning { message } if message.contains("`ana` was deleted"));
    assert_eq!(stage.heard.count(told), 1);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_list_goes_on_deletes_nobody_twice_and_keeps_one_file() {
    let mut stage = there("user login\nana\nanna\nbob\ncid\neve\nfay\n").await;
    for name in ["ana", "anna", "bob", "cid", "eve", "fay"] {
        stage.connect.world().add_quick_connect(&format!("to {name}"), name);
    }
    let lifts = Lifts { quick_connects: true, ..Lifts::default() };
    let mut job = Remove { lifts, ..remove(&stage) };
    job.job.pace.concurrency = Some(1);
    let seen = std::sync::atomic::AtomicUsize::new(0);
    stage.stop_at(move |event| {
        let is_one = usize::from(matches!(event, Event::Deleted { .. }));
        seen.fetch_add(is_one, std::sync::atomic::Ordering::Relaxed) + is_one == 2
    });
    let ended = run(&stage, job.clone()).await;
    assert_eq!(ended.exit, Exit::Interrupted);
    let first = ended.before.unwrap();
    assert!(ended.counts.deleted >= 2 && ended.counts.deleted < 6, "{:?}", ended.counts);
    stage.go_on();
    let ended = run(&stage, job.clone()).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 6));
    assert_eq!(ended.before, Some(first.clone()));
    assert_eq!(stage.users(), ["Gus", "dora"]);
    assert_eq!(called(&stage, Operation::DeleteUser), 6);
    assert_eq!(stage.connect.world().quick_connects().count(), 0);
    assert_eq!(std::fs::read_to_string(first).unwrap().lines().count(), 7, "each of the six once");
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_be_signed_out_that_is_said_once_and_everybody_goes() {
    let spec = Spec { denied: [Operation::DeleteAllEntitySessions].into(), ..unlimited() };
    let stage = there_in(spec, "user login\nana\nbob\ncid\n").await;
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 3));
    let said = |event: &Event| matches!(event, Event::Note { message } if message.contains("signed out"));
    assert_eq!(stage.heard.count(said), 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_see_who_is_at_work_hears_of_it_and_whoever_may_not_see_quick_connects_deletes_nobody()
 {
    let spec = Spec { denied: [Operation::GetCurrentUserData].into(), ..unlimited() };
    let stage = there_in(spec, "user login\nana\n").await;
    stage.connect.world().sign_in("ana", "Available");
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::Done, 1));
    let said = |event: &Event| matches!(event, Event::Warning { message } if message.contains("at work"));
    assert_eq!(stage.heard.count(said), 1);
    let spec = Spec { denied: [Operation::SearchQuickConnects].into(), ..unlimited() };
    let stage = there_in(spec, "user login\nana\n").await;
    let failure = remove(&stage).look(&stage.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped);
    assert_eq!(stage.users().len(), 8);
}

#[tokio::test(start_paused = true)]
async fn a_list_with_faults_and_a_whole_roster_delete_nobody() {
    for (list, of_file) in [
        ("user login,first name\nana,Ana\nana,Anna\n", false),
        ("user login,Status\nana,Terminated\nbob,Active\n", true),
        ("first name\nAna\n", true),
    ] {
        let stage = there(list).await;
        let leavers = looked(&stage, remove(&stage)).await;
        let blocked = leavers.blocks().unwrap();
        assert_eq!(blocked.of_file, of_file, "{list}");
        assert_eq!(leavers.plan().await.err().unwrap().exit, Exit::Findings);
        assert_eq!((stage.users().len(), stage.files().len()), (8, 3), "{list}");
    }
    // The valid rows go where that is said, and of the name that two rows have nobody does.
    let stage = there("user login,first name\nana,Ana\nana,Anna\nbob,Bob\n").await;
    let mut job = remove(&stage);
    job.job.allowed.invalid_rows = true;
    let ended = run(&stage, job).await;
    assert_eq!((ended.exit, ended.counts.deleted), (Exit::SomeFailed, 1));
    assert!(stage.users().contains(&"ana".to_owned()) && !stage.users().contains(&"bob".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn of_a_sheet_with_a_column_of_actions_only_the_leavers_go() {
    let stage = there("user login,action\nana,leave\nbob,change\nnew,join\ncid,\n").await;
    let mut job = remove(&stage);
    job.job.reading = Options { act: Some(Act::Remove), ..Options::default() };
    let ended = run(&stage, job).await;
    assert_eq!((ended.exit, ended.counts.deleted, ended.counts.total), (Exit::Done, 1, 1));
    assert_eq!(stage.users().len(), 7);
    assert_eq!(state(&stage).counts(false).deleted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_of_an_import_is_none_of_leavers_and_the_other_way_round() {
    let stage = there("user login\nana\n").await;
    let job = Job { ledger: stage.ledger().into(), ..remove(&stage).job };
    let failure = Remove { job, ..remove(&stage) }.look(&stage.world).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped, "{failure:?}");
    assert_eq!(stage.users().len(), 8);
    run(&stage, remove(&stage)).await;
    let ledger: PathBuf = stage.path("leavers.csv.remove.ledger.jsonl");
    let failure = stage.run(Job { ledger: ledger.into(), ..stage.import() }).await.err().unwrap();
    assert_eq!(failure.exit, Exit::Stopped, "{failure:?}");
}

#[tokio::test(start_paused = true)]
async fn whose_deletion_was_announced_and_who_is_off_the_list_is_gone_or_stays() {
    for is_there in [false, true] {
        let stage = there("user login\nana\nbob\n").await;
        assert_eq!(run(&stage, remove(&stage)).await.counts.deleted, 2);
        // As a process leaves it that ends between the call and what came of it.
        let ledger = stage.path("leavers.csv.remove.ledger.jsonl");
        let text = std::fs::read_to_string(&ledger).unwrap();
        let is_outcome = |line: &str| line.contains("\"outcome\"") && line.contains("\"ana\"");
        let kept: Vec<&str> = text.lines().filter(|line| !is_outcome(line)).collect();
        let id = peek(&ledger.clone().into()).unwrap().0;
        let id =
            kept.iter().find(|line| line.contains("\"intent\"") && line.contains("\"ana\"")).map(|line| {
                let value: serde_json::Value = serde_json::from_str(line).unwrap();
                assert!(id.find("ana").is_some());
                value["id"].as_str().unwrap().to_owned()
            });
        std::fs::write(&ledger, kept.join("\n") + "\n").unwrap();
        assert_eq!(state(&stage).counts(false).unconfirmed, 1);
        if is_there {
            let now = stage.world.clock.now();
            let mut ana =
                stage.connect.world().everyone().find(|user| user.username == "anna").unwrap().clone();
            (ana.username, ana.id) = ("ana".into(), id.unwrap());
            stage.connect.world().plant(ana, now);
        }
        say(&stage, "user login\nbob\n");
        let ended = run(&stage, remove(&stage)).await;
        let deleted = if is_there { 1 } else { 2 };
        assert_eq!((ended.exit, ended.counts.deleted, ended.counts.total), (Exit::Done, deleted, deleted));
        assert_eq!(stage.users().contains(&"ana".to_owned()), is_there);
    }
}

#[tokio::test(start_paused = true)]
async fn whose_deletion_was_announced_and_who_may_not_go_now_is_left_with_the_reason() {
    let mut stage = there("user login\nana\n").await;
    let planned = looked(&stage, remove(&stage)).await.plan().await.unwrap();
    stage.stop_at(|event| matches!(event, Event::Step { .. }));
    let ended = planned.run().await.unwrap();
    stage.go_on();
    assert_eq!((ended.exit, ended.counts.unconfirmed), (Exit::Interrupted, 1));
    stage.connect.world().sign_in("ana", "Available");
    let ended = run(&stage, remove(&stage)).await;
    assert_eq!((ended.exit, ended.counts.skipped, ended.counts.unconfirmed), (Exit::SomeFailed, 1, 0));
    assert!(stage.users().contains(&"ana".to_owned()));
    let lifts = Lifts { signed_in: true, ..Lifts::default() };
    assert_eq!(run(&stage, Remove { lifts, ..remove(&stage) }).await.exit, Exit::Done);
    assert!(!stage.users().contains(&"ana".to_owned()));
}
