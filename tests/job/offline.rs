//! A check without an instance: nothing is reached, and nothing of it can be planned.

use headcount::agent::IdentityType;
use headcount::exit::Exit;
use headcount::job::{Basis, Offline};
use headcount::roster::{Field, Options};
use headcount::simulator::Spec;
use headcount::stop::{Stop, Switch};

use crate::stage::{Stage, row, row_with, unlimited};

fn of(stage: &Stage) -> Offline {
    Offline {
        with_fixes: false,
        roster: stage.path("roster.csv"),
        reading: Options::default(),
        identity: None,
        directory: None,
        makes_passwords: false,
        for_update: false,
        let_through: headcount::finding::LetThrough::default(),
    }
}

#[tokio::test(start_paused = true)]
async fn the_rules_are_those_that_were_told_else_the_directorys_else_what_the_columns_say() {
    let stage = Stage::of(unlimited(), 2);
    let offline = of(&stage);
    let basis = |offline: &Offline| offline.check(&Switch::default()).unwrap().basis;
    let by_columns = Basis::Columns(IdentityType::ConnectManaged, Some(Field::Password));
    assert_eq!(basis(&offline), by_columns);
    let told = Offline { identity: Some(IdentityType::Saml), ..offline.clone() };
    assert_eq!(basis(&told), Basis::Told(IdentityType::Saml));

    let saml = Stage::of(Spec { identity: IdentityType::Saml, ..unlimited() }, 0);
    let directory = saml.target().read(&saml.world).await.unwrap();
    std::fs::write(stage.path("saml.json"), directory.to_json()).unwrap();
    let saved = Offline { directory: Some(stage.path("saml.json")), ..offline };
    assert_eq!(basis(&saved), Basis::Directory(IdentityType::Saml));
    let both = Offline { identity: Some(IdentityType::ConnectManaged), ..saved.clone() };
    assert_eq!(both.check(&Switch::default()).err().unwrap().exit, Exit::Usage, "they do not agree");
    let made = Offline { makes_passwords: true, ..saved };
    let failure = made.check(&Switch::default()).err().unwrap();
    assert!(failure.exit == Exit::Usage && failure.what.contains("keeps no passwords"), "{failure}");
    assert_eq!(stage.called(), 0);
}

#[tokio::test(start_paused = true)]
async fn it_finds_what_a_job_on_that_instance_would_find() {
    let stage = Stage::set(unlimited());
    let unknown = row("cy").replace("Basic Routing Profile", "Nobody Has This");
    stage.write("roster.csv", &[row("ann"), row("bo b"), unknown]);
    let directory = stage.target().read(&stage.world).await.unwrap();
    std::fs::write(stage.path("saved.json"), directory.to_json()).unwrap();
    let offline = Offline { directory: Some(stage.path("saved.json")), ..of(&stage) };
    let found = offline.check(&Switch::default()).unwrap().found;
    let checked = stage.import().check(&stage.world).await.unwrap();
    assert_eq!(found.findings, checked.findings());
    assert_eq!((found.rows, found.invalid_rows), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn rows_need_no_password_where_some_are_going_to_be_made() {
    let stage = Stage::set(unlimited());
    stage.write("roster.csv", &[row_with("ann", "")]);
    let offline = of(&stage);
    assert!(!offline.check(&Switch::default()).unwrap().found.is_clean());
    let made = Offline { makes_passwords: true, ..offline };
    assert!(made.check(&Switch::default()).unwrap().found.is_clean());
}

#[tokio::test(start_paused = true)]
async fn it_looks_whether_it_is_to_stop() {
    let stage = Stage::of(unlimited(), 5_000);
    let stop = Switch::default();
    stop.stop(Stop::Interrupted);
    let failure = of(&stage).check(&stop).err().unwrap();
    assert_eq!((failure.exit, failure.what.as_str()), (Exit::Interrupted, "interrupted; nothing was sent"));
}
