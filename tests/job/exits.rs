//! Every way in which a job can end.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use headcount::connect::Credentials;
use headcount::event::{Event, Sink};
use headcount::exit::Exit;
use headcount::job::{Address, Allowed, Lanes, OnePassword, Passwords, Patience, Target};
use headcount::simulator::{Fault, Operation, Spec};
use headcount::stop::Stop;

use crate::stage::{Stage, row, unlimited};

#[tokio::test(start_paused = true)]
async fn everybody_is_created_and_it_is_0() {
    let stage = Stage::of(unlimited(), 30);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.made), (Exit::Done, 30, 30));
    assert_eq!((ended.calls.sent, ended.stop), (30, None));
    ended.closed.unwrap();
    assert_eq!(ended.left.unwrap().file, None);
    assert_eq!(stage.users().len(), 30);
    assert_eq!(stage.heard.names(), ["reading", "reached", "started", "created", "ended"]);
    assert!(stage.state().session.has_ended);
    let again = stage.run(stage.import()).await.unwrap();
    assert_eq!((again.exit, again.made, again.calls.sent), (Exit::Done, 0, 0), "it is done already");
}

#[tokio::test(start_paused = true)]
async fn some_rows_fail_and_it_is_1() {
    let stage = Stage::of(unlimited(), 5);
    let (spec, clock) = (unlimited(), stage.world.clock.now());
    stage.connect.world().plant(
        headcount::connect::model::User {
            username: "user2".into(),
            routing_profile_id: spec.routing_profiles.first().and_then(|profile| profile.id.clone()),
            ..Default::default()
        },
        clock,
    );
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.exists), (Exit::SomeFailed, 4, 1));
    let left = ended.left.unwrap();
    assert_eq!((left.file, left.rows), (Some(stage.path("roster.csv.failed.csv")), 1));
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_used_is_2() {
    let stage = Stage::of(unlimited(), 1);
    let mut job = stage.import();
    job.what = headcount::job::What::Import { roster: stage.path("nobody.csv") };
    let failure = stage.run(job).await.unwrap_err();
    assert!(failure.exit == Exit::Usage && failure.what.contains("roster"), "{failure}");

    let mut job = stage.import();
    job.target = Target::instance(Address::default());
    assert_eq!(stage.run(job).await.unwrap_err().exit, Exit::Usage, "no instance is named");

    let saml = Spec { identity: headcount::agent::IdentityType::Saml, ..unlimited() };
    let stage = Stage::of(saml, 1);
    let one = OnePassword { whose: "a test".into(), source: Arc::new(|| panic!("nobody is asked")) };
    let job = headcount::job::Job { passwords: Passwords::One(one), ..stage.import() };
    let failure = stage.run(job).await.unwrap_err();
    assert!(failure.exit == Exit::Usage && failure.what.contains("keeps no passwords"), "{failure}");
    assert_eq!(stage.called(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_roster_with_errors_is_3_and_cannot_be_planned() {
    let stage = Stage::set(unlimited());
    stage.write("roster.csv", &[row("ann"), row("bo b"), row("cy")]);
    let checked = stage.import().check(&stage.world).await.unwrap();
    let blocked = checked.blocks().expect("a username with a space in it");
    assert_eq!((blocked.rows, blocked.of_file), (1, false));
    assert_eq!(checked.findings().len(), stage.heard.count(|event| matches!(event, Event::Finding(_))));
    assert_eq!(checked.forecast().await.unwrap_err().exit, Exit::Findings);
    let refused = checked.plan().await.err().expect("nothing can be sent");
    assert_eq!(refused.exit, Exit::Findings);
    assert_eq!(stage.files(), ["roster.csv"], "no ledger was made");

    let mut job = stage.import();
    job.allowed = Allowed { invalid_rows: true, ..Allowed::default() };
    let ended = stage.run(job).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.invalid), (Exit::SomeFailed, 2, 1));
    assert_eq!(stage.users(), ["ann", "cy"]);
}

#[tokio::test(start_paused = true)]
async fn too_little_room_is_4_before_anything_is_sent() {
    let stage = Stage::of(Spec { users_quota: 3, ..unlimited() }, 5);
    let planned = stage.plan(stage.import()).await.unwrap();
    assert_eq!((planned.outlook().new_users(), planned.outlook().allowed), (5, Some(3)));
    assert_eq!(planned.fits().unwrap_err().exit, Exit::Stopped);
    let refused = planned.run().await.unwrap_err();
    assert!(refused.exit == Exit::Stopped && refused.what.contains("2 too many"), "{refused}");
    assert_eq!((stage.called(), stage.files()), (0, vec!["roster.csv".to_owned()]));

    let mut job = stage.import();
    job.allowed.partial = true;
    let ended = stage.run(job).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.pending), (Exit::Stopped, 3, 2));
    assert!(matches!(ended.stop, Some(Stop::Full { .. })), "{:?}", ended.stop);
}

#[tokio::test(start_paused = true)]
async fn whoever_may_not_create_is_told_so_and_it_is_4() {
    let denied = BTreeSet::from([Operation::CreateUser]);
    let stage = Stage::of(Spec { denied, ..unlimited() }, 40);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.pending), (Exit::Stopped, 40), "no row is marked as failed");
    assert!(matches!(ended.stop, Some(Stop::Denied { .. })), "{:?}", ended.stop);

    let mut stage = Stage::of(unlimited(), 1);
    let wrong = Credentials::fixed("AKIDNOBODY", "wrong", None);
    stage.world.lanes = Arc::new(Lanes::within(Arc::new(stage.connect.clone()), wrong));
    assert_eq!(stage.run(stage.import()).await.unwrap_err().exit, Exit::Stopped);
    assert_eq!(stage.files(), ["roster.csv"]);
}

#[tokio::test(start_paused = true)]
async fn a_ledger_that_is_anothers_is_4() {
    let stage = Stage::of(unlimited(), 2);
    let held = stage.plan(stage.import()).await.unwrap();
    assert_eq!(stage.import().refuse_in_use(&stage.world).unwrap_err().exit, Exit::Stopped);
    let in_use = stage.plan(stage.import()).await.err().expect("it is locked");
    assert!(in_use.exit == Exit::Stopped && in_use.what.contains("in use"), "{in_use}");
    drop(held);
    assert_eq!(stage.files(), ["roster.csv"], "a plan that is let go of leaves nothing");
    stage.import().refuse_in_use(&stage.world).unwrap();

    stage.run(stage.import()).await.unwrap();
    let id = unlimited().instance_id;
    let another = Spec { instance_id: format!("{}0", &id[..id.len() - 1]), ..unlimited() };
    let elsewhere = Stage::of(another, 2);
    let mut job = elsewhere.import();
    job.ledger = stage.ledger().into();
    let foreign = elsewhere.run(job).await.unwrap_err();
    assert!(foreign.exit == Exit::Stopped && foreign.what.contains("of another instance"), "{foreign}");
    assert_eq!(elsewhere.called(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_cannot_be_settled_is_6_and_the_next_run_settles_it() {
    // The answer is lost, and the user is not to be seen for longer than the row is settled.
    let stage = Stage::of(Spec { search_lag: Duration::from_secs(120), ..unlimited() }, 3);
    stage.connect.world().order([Fault::DropAfter]);
    let mut job = stage.import();
    job.patience = Patience { settle: Duration::from_secs(20), ..Patience::default() };
    let ended = stage.run(job.clone()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.in_doubt), (Exit::Unsettled, 2, 1));
    tokio::time::advance(Duration::from_secs(200)).await;
    let ended = stage.run(job).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created, ended.counts.recovered), (Exit::Done, 3, 1));
    assert_eq!((stage.users().len(), stage.executed()), (3, 3), "nobody was made twice");
}

/// Breaks when a user is created, as a screen with a fault in it would.
struct Broken;

impl Sink for Broken {
    fn tell(&self, event: Event) {
        assert!(!matches!(event, Event::Created { .. }), "a listener that breaks");
    }
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_breaks_is_a_bug_70_and_the_ledger_resumes() {
    let mut stage = Stage::of(unlimited(), 3);
    let (whole, heard) = (stage.world.clone(), Arc::clone(&stage.heard));
    stage.world.events = Arc::new(Broken);
    let failure = stage.run(stage.import()).await.unwrap_err();
    assert_eq!(failure.exit, Exit::Bug, "{failure}");
    stage.world = whole;
    // What was at work beside the row is dropped as soon as the runtime comes to it.
    while stage.import().refuse_in_use(&stage.world).is_err() {
        tokio::task::yield_now().await;
    }
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.created), (Exit::Done, 3));
    assert_eq!((stage.users().len(), stage.executed()), (3, 3));
    assert!(heard.count(|event| matches!(event, Event::Ended { .. })) == 1);
}
