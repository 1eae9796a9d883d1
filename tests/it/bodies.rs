//! A roster that uses every column becomes bodies that the service's own model takes.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};

use headcount::agent::{IdentityType, PROVENANCE};
use headcount::directory::{Directory, Group, Hierarchy, Instance, Names};
use headcount::ledger::{Attempt, Nonce};
use headcount::roster::{Field, Options, Roster};
use headcount::user::{create_user, proficiencies, provenance};
use headcount::validate::{Rules, check};
use serde_json::{Value, json};

use crate::{harness, python};

const ID: &str = "5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3";

fn directory(identity: IdentityType) -> Directory {
    // Ids that differ as their names do.
    let name = |name: &str| {
        let sum: u64 = name.bytes().fold(7, |sum, byte| sum * 31 % 999_999_999_989 + u64::from(byte));
        (name.to_owned(), format!("00000000-0000-4000-8000-{sum:012}"))
    };
    let instance = Instance {
        id: ID.into(),
        arn: format!("arn:aws:connect:eu-west-2:111122223333:instance/{ID}"),
        alias: None,
        identity,
        status: None,
    };
    let path = ["EMEA", "Germany", "Berlin", "Support", "Team A"].map(str::to_owned).to_vec();
    Directory {
        routing_profiles: Names::of_routing_profiles([name("Basic Routing Profile")]),
        security_profiles: Names::of_security_profiles(["Agent", "Admin", "Supervisor"].map(name)),
        hierarchy: Hierarchy::new([Group { path, id: "00000000-0000-4000-8000-000000000099".into() }]),
        ..Directory::new(instance)
    }
}

/// Two rows with every column that the identity type may have, one in the older family of settings and one in the
/// per-channel one, and a row with as little as it must.
fn roster(identity: IdentityType) -> String {
    let full = [
        (Field::FirstName, "Zoë"),
        (Field::LastName, "Müller"),
        (Field::Email, "zoe@example.com"),
        (Field::SecondaryEmail, "zoe.private@example.com"),
        (Field::Mobile, "+4915112345678"),
        (Field::Password, "Lantern-Reef-7"),
        (Field::Username, "zoe.mueller"),
        (Field::DirectoryUserId, "S-1-5-21-7"),
        (Field::RoutingProfile, "Basic Routing Profile"),
        (Field::SecurityProfiles, "Agent|Admin|Supervisor"),
        (Field::Hierarchy, "EMEA|Germany|Berlin|Support|Team A"),
        (Field::PhoneType, "desk"),
        (Field::PhoneNumber, "+493023125042"),
        (Field::AutoAccept, "no"),
        (Field::AfterContactWork, "2000000"),
        (Field::PersistentConnection, "yes"),
        (Field::VoiceEnhancement, "isolate voice"),
        (Field::Tags, "site|Berlin||cost-centre|47 11"),
        (Field::AutoAcceptVoice, "yes"),
        (Field::AutoAcceptChat, "no"),
        (Field::AutoAcceptTask, "yes"),
        (Field::AutoAcceptEmail, "no"),
        (Field::AutoAcceptCallback, "yes"),
        (Field::AfterContactWorkVoice, "60"),
        (Field::AfterContactWorkChat, "5400"),
        (Field::AfterContactWorkTask, "0"),
        (Field::AfterContactWorkEmail, "2000000"),
        (Field::AfterContactWorkCallback, "90"),
        (Field::PhoneTypeVoice, "soft"),
        (Field::PhoneNumberVoice, "+493023125043"),
        (Field::PersistentConnectionVoice, "yes"),
        (Field::Proficiencies, "Language:German:4|connect:Language:connect:English:5"),
    ];
    assert_eq!(full.map(|(field, _)| field), Field::ALL, "every column there is");
    let may = |field: Field| match identity {
        IdentityType::ConnectManaged => field != Field::DirectoryUserId,
        IdentityType::Saml => !matches!(field, Field::Email | Field::Password | Field::DirectoryUserId),
        IdentityType::ExistingDirectory => field != Field::Password,
    };
    let must = |field: Field| match field {
        Field::FirstName | Field::LastName | Field::RoutingProfile | Field::SecurityProfiles => true,
        Field::Password | Field::Email => identity == IdentityType::ConnectManaged,
        _ => false,
    };
    let columns: Vec<_> = full.into_iter().filter(|(field, _)| may(*field)).collect();
    let line = |cells: Vec<&str>| cells.join(",") + "\n";
    let header = line(columns.iter().map(|(field, _)| field.header()).collect());
    let rich = |per_channel: bool| {
        let other = |field: Field| {
            Field::FAMILIES
                .iter()
                .any(|(older, newer)| (if per_channel { older } else { newer }).contains(&field))
        };
        let cells = columns.iter().map(|(field, cell)| if other(*field) { "" } else { *cell });
        line(cells.collect())
    };
    let poor = |(field, cell): &(Field, &'static str)| match *field {
        Field::Username => "ada",
        field if must(field) => cell,
        _ => "",
    };
    let newer = rich(true).replace("zoe.mueller", "zoe.channels");
    header + &rich(false) + &newer + &line(columns.iter().map(poor).collect())
}

#[test]
fn every_body_made_from_every_column_passes_the_services_own_model() {
    let Some(venv) = python::venv() else { return };
    let folder = harness::folder(&[]);
    let (mut bodies, mut associations) = (Vec::new(), Vec::new());
    for identity in IdentityType::ALL {
        let path = folder.path().join("roster.csv");
        fs::write(&path, roster(identity)).unwrap();
        let roster = Roster::open(&path, &Options::default()).unwrap();
        let directory = directory(identity);
        let mut agents = Vec::new();
        let checked = check(&roster, &Rules::of(&directory), &mut |row| agents.extend(row.agent())).unwrap();
        assert_eq!((checked.errors, agents.len()), (0, 3), "{identity}: {:?}", checked.findings);
        for agent in agents {
            let mut user = create_user(&agent, &directory).unwrap();
            user.tags.insert(
                PROVENANCE.into(),
                provenance("6f1c2c1e-7b42-4d08-9c6f-2e81d0a4b7c3", Attempt::after(None), Nonce::of(0xab)),
            );
            let mut body = serde_json::to_value(&user).unwrap();
            body["InstanceId"] = ID.into();
            bodies.push(body);
            let given = json!({"InstanceId": ID, "UserId": "u", "UserProficiencies": proficiencies(&agent)});
            associations.extend((!agent.proficiencies.is_empty()).then_some(given));
        }
    }
    let connect = IdentityType::ALL.iter().position(|i| *i == IdentityType::ConnectManaged).unwrap() * 3;
    let rich = &bodies[connect];
    assert_eq!(rich["PhoneConfig"]["DeskPhoneNumber"], "+493023125042");
    assert_eq!(rich["PhoneConfig"]["AfterContactWorkTimeLimit"], 2_000_000);
    assert_eq!(rich["Tags"].as_object().unwrap().len(), 3);
    let channels = &bodies[connect + 1];
    assert_eq!(channels["PhoneConfig"], Value::Null);
    assert_eq!(
        channels["AutoAcceptConfigs"],
        json!([
            {"Channel": "VOICE", "AutoAccept": true, "AgentFirstCallbackAutoAccept": true},
            {"Channel": "CHAT", "AutoAccept": false},
            {"Channel": "TASK", "AutoAccept": true},
            {"Channel": "EMAIL", "AutoAccept": false},
        ])
    );
    let limit = |seconds: u32| json!({"AfterContactWorkTimeLimit": seconds});
    assert_eq!(
        channels["AfterContactWorkConfigs"],
        json!([
            {"Channel": "VOICE", "AfterContactWorkConfig": limit(60),
             "AgentFirstCallbackAfterContactWorkConfig": limit(90)},
            {"Channel": "CHAT", "AfterContactWorkConfig": limit(5400)},
            {"Channel": "TASK", "AfterContactWorkConfig": limit(0)},
            {"Channel": "EMAIL", "AfterContactWorkConfig": limit(2_000_000)},
        ])
    );
    assert_eq!(
        channels["PhoneNumberConfigs"],
        json!([{"Channel": "VOICE", "PhoneType": "SOFT_PHONE", "PhoneNumber": "+493023125043"}])
    );
    assert_eq!(
        channels["PersistentConnectionConfigs"],
        json!([{"Channel": "VOICE", "PersistentConnection": true}])
    );
    assert_eq!(associations.len(), 6);
    assert_eq!(
        associations[0]["UserProficiencies"],
        json!([
            {"AttributeName": "Language", "AttributeValue": "German", "Level": 4.0},
            {"AttributeName": "connect:Language", "AttributeValue": "connect:English", "Level": 5.0},
        ])
    );
    let mut check = Command::new(venv.join("bin/python"))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/model_check.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = check.stdin.take().unwrap();
    let asked = bodies.iter().map(|body| ("CreateUser", body));
    let asked: Vec<_> =
        asked.chain(associations.iter().map(|body| ("AssociateUserProficiencies", body))).collect();
    for (operation, body) in &asked {
        writeln!(stdin, "{}", json!({"operation": operation, "parameters": body})).unwrap();
    }
    drop(stdin);
    let output = String::from_utf8(check.wait_with_output().unwrap().stdout).unwrap();
    let verdicts: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(verdicts.len(), asked.len() + 1);
    for (verdict, (_, body)) in verdicts.iter().zip(&asked) {
        assert_eq!(*verdict, json!([]), "{body}");
    }
}
