//! A retry: what failed is sent again once it is mended.

use headcount::connect::model::User;
use headcount::exit::Exit;
use headcount::simulator::Fault;

use crate::stage::{Stage, row, unlimited};

fn taken(stage: &Stage, user: &str) {
    let now = stage.world.clock.now();
    stage.connect.world().plant(User { username: user.into(), ..User::default() }, now);
}

#[tokio::test(start_paused = true)]
async fn a_row_that_was_refused_is_sent_again_and_the_others_are_left() {
    let stage = Stage::of(unlimited(), 4);
    stage.connect.world().order([Fault::Refuse { status: 400, code: "InvalidParameterException" }]);
    let ended = stage.run(stage.import()).await.unwrap();
    assert_eq!((ended.exit, ended.counts.rejected, ended.counts.created), (Exit::SomeFailed, 1, 3));
    let ended = stage.run(stage.retry(None, &[])).await.unwrap();
    assert_eq!((ended.exit, ended.made, ended.counts.created), (Exit::Done, 1, 4));
    assert_eq!(ended.left.unwrap().removed, [stage.path("roster.csv.failed.csv")]);
    assert_eq!((stage.users().len(), stage.executed()), (4, 4));
}

#[tokio::test(start_paused = true)]
async fn a_mended_file_of_the_failed_rows_is_a_part_and_leaves_the_rest_as_it_stands() {
    let stage = Stage::of(unlimited(), 4);
    taken(&stage, "user1");
    stage.run(stage.import()).await.unwrap();
    let failed = stage.path("roster.csv.failed.csv");
    let text = std::fs::read_to_string(&failed).unwrap();
    let (header, row) = text.split_once('\n').unwrap();
    // Another name, and the password typed in again, which the file does not have.
    let mended = row.replacen(",,user1,", ",Lantern-Reef-7,user1b,", 1);
    assert_ne!(row, mended);
    std::fs::write(stage.path("mended.csv"), format!("{header}\n{mended}")).unwrap();
    let ended = stage.run(stage.retry(Some("mended.csv"), &[])).await.unwrap();
    assert_eq!((ended.exit, ended.made, ended.counts.created), (Exit::Done, 1, 4));
    assert_eq!(stage.users(), ["user0", "user1", "user1b", "user2", "user3"]);
    let state = stage.state();
    let roster = std::path::Path::new(&state.session.roster);
    assert!(roster.ends_with("roster.csv"), "a part does not take the roster's place");
}

#[tokio::test(start_paused = true)]
async fn a_name_that_was_taken_is_tried_again_only_where_its_code_is_picked() {
    let stage = Stage::of(unlimited(), 2);
    taken(&stage, "user0");
    stage.run(stage.import()).await.unwrap();
    let called = stage.called();
    let ended = stage.run(stage.retry(None, &[])).await.unwrap();
    assert_eq!((ended.exit, stage.called()), (Exit::SomeFailed, called), "it was not picked");
    let planned = stage.plan(stage.retry(None, &["DuplicateResourceException"])).await.unwrap();
    assert_eq!((planned.outlook().to_send, planned.outlook().there), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_file_of_another_runs_failed_rows_is_refused() {
    let stage = Stage::of(unlimited(), 2);
    taken(&stage, "user0");
    stage.run(stage.import()).await.unwrap();
    let other = Stage::of(unlimited(), 2);
    taken(&other, "user0");
    other.run(other.import()).await.unwrap();
    std::fs::copy(other.path("roster.csv.failed.csv"), stage.path("theirs.csv")).unwrap();
    // Touched, so that it is taken up.
    let text = std::fs::read_to_string(stage.path("theirs.csv")).unwrap();
    std::fs::write(stage.path("theirs.csv"), text.replacen(",,user0,", ",Lantern-Reef-7,user0,", 1)).unwrap();
    let failure = stage.plan(stage.retry(Some("theirs.csv"), &[])).await.err().unwrap();
    assert!(failure.exit == Exit::Stopped && failure.what.contains("of another run"), "{failure}");
    let again = stage.plan(stage.retry(Some("roster.csv"), &[])).await;
    assert!(again.is_ok(), "a roster that is not ours is anybody's: {row}", row = row("x"));
}
