//! Users made without the tag: which are probably ours, whatever the service fills in, and which cannot be.

use std::collections::BTreeSet;
use std::fs;

use headcount::agent::IdentityType::{self, ConnectManaged, ExistingDirectory, Saml};
use headcount::clock::{Clock as _, SystemClock};
use headcount::connect::model::{AfterContactWorkConfig, User};
use headcount::simulator::{Families, Fault, Operation, Spec};
use serde_json::Value;

use crate::settle::{LEDGER, Stage, rows};

/// A roster of one row in the making: columns with the row's cells.
type Cells = &'static [(&'static str, &'static str)];

const NAMES: Cells = &[("first name", "Jane"), ("last name", "Doe")];

const MORE: Cells = &[
    ("secondary email", "jane@example.org"),
    ("mobile", "+12065550101"),
    ("user_hierarchy_1|user_hierarchy_2", "EMEA|Germany|Berlin"),
    ("tags", "team|a||site|Leeds"),
];

const SOFT_PHONE: Cells = &[
    ("phone type (soft/desk)", "soft"),
    ("phone number", "+12065550100"),
    ("soft phone auto accept (yes/no)", "yes"),
    ("ACW timeout (seconds)", "30"),
    ("persistent connection (yes/no)", "yes"),
];

const DESK_PHONE: Cells = &[("phone type (soft/desk)", "desk"), ("phone number", "+12065550100")];

const PER_CHANNEL: Cells = &[
    ("auto accept voice (yes/no)", "no"),
    ("auto accept chat (yes/no)", "yes"),
    ("agent first callback auto accept (yes/no)", "yes"),
    ("ACW timeout voice (seconds)", "60"),
    ("ACW timeout task (seconds)", "90"),
    ("agent first callback ACW timeout (seconds)", "15"),
    ("phone type voice (soft/desk)", "desk"),
    ("phone number voice", "+12065550100"),
    ("persistent connection voice (yes/no)", "yes"),
    ("audio enhancement (none/isolate voice/suppress noise)", "isolate voice"),
];

/// Writes a roster of these cells, the same for each user.
fn write_roster(stage: &Stage, identity: IdentityType, users: usize, cells: &[Cells]) {
    let mut columns = vec![("routing profile name", "Sales"), ("security profiles", "Agent|Supervisor")];
    columns.extend(cells.iter().copied().flatten());
    if identity == ConnectManaged {
        columns.extend([("email address", "jane@example.com"), ("password", "Canary-7f3a-Pw1")]);
    }
    let line = |of: &dyn Fn(&(&'static str, &'static str)) -> &'static str| -> String {
        columns.iter().map(|column| format!("\"{}\",", of(column))).collect()
    };
    let mut text = format!("{}user login\n", line(&|(header, _)| header));
    for user in 0..users {
        text += &format!("{}user{user}\n", line(&|(_, cell)| cell));
    }
    fs::write(stage.folder.path().join("roster.csv"), text).unwrap();
}

/// Loses the answer to the one row's request, which carries no tag, and lets two runs look whose the user is.
#[track_caller]
fn is_probably_ours(identity: IdentityType, families: Families, cells: &[Cells]) {
    let stage = Stage::set(0, [Fault::ErrorAfter], Spec { identity, families, ..Spec::default() });
    write_roster(&stage, identity, 1, cells);
    let ran = stage.import(&["--no-provenance-tag", "--settle-timeout", "0"]).exits(6);
    assert!(ran.stderr.contains("--accept-probable takes it for ours"), "{}", ran.stderr);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("in_doubt", 1)]));
    stage.import(&["--no-provenance-tag", "--accept-probable"]).exits(0);
    assert_eq!(stage.rows(), rows(&[("total", 1), ("created", 1), ("recovered", 1)]));
    assert_eq!(stage.running().world().everyone().count(), 1);
}

#[test]
fn a_softphone_is_known_again_in_whichever_family_its_settings_show() {
    for families in Families::ALL {
        is_probably_ours(ConnectManaged, families, &[NAMES, SOFT_PHONE]);
    }
}

#[test]
fn a_desk_phone_is_known_again_in_whichever_family_its_settings_show() {
    for families in Families::ALL {
        is_probably_ours(ConnectManaged, families, &[NAMES, DESK_PHONE, MORE]);
    }
}

#[test]
fn settings_of_channels_are_known_again_in_whichever_family_they_show() {
    for families in Families::ALL {
        is_probably_ours(ConnectManaged, families, &[NAMES, PER_CHANNEL]);
    }
}

#[test]
fn a_row_that_asks_for_the_least_is_known_again() {
    for families in Families::ALL {
        is_probably_ours(ConnectManaged, families, &[NAMES]);
    }
}

#[test]
fn a_user_of_saml_is_known_again_although_it_has_an_id_in_a_directory() {
    is_probably_ours(Saml, Families::Apart, &[NAMES, SOFT_PHONE, MORE]);
    is_probably_ours(Saml, Families::All, &[NAMES, PER_CHANNEL]);
}

#[test]
fn a_user_of_a_directory_is_known_again_with_and_without_its_id() {
    const ID: Cells = &[("directory user id", "d-1")];
    is_probably_ours(ExistingDirectory, Families::Apart, &[NAMES, DESK_PHONE, ID]);
    is_probably_ours(ExistingDirectory, Families::All, &[PER_CHANNEL, ID]);
    is_probably_ours(ExistingDirectory, Families::Apart, &[NAMES, SOFT_PHONE]);
    is_probably_ours(ExistingDirectory, Families::Voice, &[PER_CHANNEL]);
}

/// A change to one member of a user, by name.
type Edit = (&'static str, fn(&mut User));

fn info(user: &mut User) -> &mut headcount::connect::model::IdentityInfo {
    user.identity_info.get_or_insert_default()
}

fn phone(user: &mut User) -> &mut headcount::connect::model::PhoneConfig {
    user.phone_config.get_or_insert_default()
}

fn limit(seconds: i64) -> AfterContactWorkConfig {
    AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds) }
}

/// What may differ whatever was asked for.
const ANYWHERE: [Edit; 11] = [
    ("first name", |user| info(user).first_name = Some("Joan".into())),
    ("last name", |user| info(user).last_name = None),
    ("email", |user| info(user).email = Some("j@example.com".into())),
    ("secondary email", |user| info(user).secondary_email = None),
    ("mobile", |user| info(user).mobile = Some("+12065550102".into())),
    ("routing profile", |user| user.routing_profile_id = Some("r-2".into())),
    ("a security profile less", |user| drop(user.security_profile_ids.pop())),
    ("a security profile more", |user| user.security_profile_ids.push("s-3".into())),
    ("hierarchy", |user| user.hierarchy_group_id = None),
    ("a tag less", |user| drop(user.tags.remove("site"))),
    ("a tag's value", |user| drop(user.tags.insert("team".into(), "b".into()))),
];

const OLDER: [Edit; 5] = [
    ("phone type", |user| {
        phone(user).phone_type = Some("DESK_PHONE".into());
        phone(user).desk_phone_number = Some("+12065550100".into());
    }),
    ("auto accept", |user| phone(user).auto_accept = None),
    ("after-contact work", |user| phone(user).after_contact_work_time_limit = Some(31)),
    ("persistent connection", |user| phone(user).persistent_connection = Some(false)),
    ("voice enhancement", |user| {
        user.voice_enhancement_configs.push(headcount::connect::model::VoiceEnhancementConfig {
            channel: "VOICE".into(),
            voice_enhancement_mode: "NOISE_SUPPRESSION".into(),
        });
    }),
];

/// What may differ in the settings of channels: each list is as [`PER_CHANNEL`] asks for it, voice first.
const NEWER: [Edit; 11] = [
    ("auto accept of voice", |user| user.auto_accept_configs[0].auto_accept = true),
    ("auto accept of chat", |user| user.auto_accept_configs[1].auto_accept = false),
    ("auto accept of callbacks", |user| {
        user.auto_accept_configs[0].agent_first_callback_auto_accept = None;
    }),
    ("after-contact work of voice", |user| {
        user.after_contact_work_configs[0].after_contact_work_config = limit(61);
    }),
    ("after-contact work of tasks", |user| drop(user.after_contact_work_configs.pop())),
    ("after-contact work of callbacks", |user| {
        user.after_contact_work_configs[0].agent_first_callback_after_contact_work_config = Some(limit(0));
    }),
    ("after-contact work of e-mail", |user| {
        user.after_contact_work_configs.push(headcount::connect::model::AfterContactWorkConfigPerChannel {
            channel: "EMAIL".into(),
            after_contact_work_config: limit(5),
            agent_first_callback_after_contact_work_config: None,
        });
    }),
    ("phone type", |user| user.phone_number_configs[0].phone_type = "SOFT_PHONE".into()),
    ("phone number", |user| user.phone_number_configs[0].phone_number = Some("+12065550103".into())),
    ("persistent connection", |user| user.persistent_connection_configs[0].persistent_connection = false),
    ("voice enhancement", |user| {
        user.voice_enhancement_configs[0].voice_enhancement_mode = "NOISE_SUPPRESSION".into();
    }),
];

/// Somebody makes the row's user by hand, edits one member of it for each of `edits` and none for a last one; then a run
/// without the tag is told that the names are taken.
#[track_caller]
fn are_not_ours(identity: IdentityType, families: Families, cells: &[Cells], edits: &[Edit]) {
    let denied = BTreeSet::from([Operation::ListUsers]); // so that the rows are sent, and not looked at instead
    let stage = Stage::set(0, [], Spec { identity, families, denied, ..Spec::default() });
    write_roster(&stage, identity, edits.len() + 1, cells);
    stage.import(&["--no-provenance-tag"]).exits(0);
    let made: Vec<User> = stage.running().world().everyone().cloned().collect();
    for (user, (_, edit)) in made.iter().zip(edits) {
        let mut edited = user.clone();
        edit(&mut edited);
        assert_ne!(edited, *user);
        stage.running().world().plant(edited, SystemClock.now());
    }
    fs::remove_file(stage.folder.path().join(LEDGER)).unwrap();
    let flags = ["--no-provenance-tag", "--settle-timeout", "0"];
    stage.import(&flags).exits(6);
    for (at, (name, _)) in edits.iter().enumerate() {
        let outcome = stage.outcome(&made[at].username);
        assert_eq!(outcome["state"], Value::from("exists"), "{families:?} {name}: {outcome}");
        let message = outcome["message"].as_str().unwrap();
        assert!(message.contains("has no tag of headcount"), "{name}: {message}");
    }
    let (all, edited) = (made.len() as u64, edits.len() as u64);
    assert_eq!(stage.rows(), rows(&[("total", all), ("exists", edited), ("in_doubt", 1)]), "{families:?}");
    stage.import(&[flags.as_slice(), &["--accept-probable"]].concat()).exits(1);
    let recovered = [("total", all), ("exists", edited), ("created", 1), ("recovered", 1)];
    assert_eq!(stage.rows(), rows(&recovered), "{families:?}");
}

#[test]
fn a_user_that_differs_in_any_one_member_is_not_taken_for_ours() {
    for families in Families::ALL {
        let edits = [&ANYWHERE[..], &OLDER].concat();
        are_not_ours(ConnectManaged, families, &[NAMES, MORE, SOFT_PHONE], &edits);
    }
}

#[test]
fn a_user_that_differs_in_any_one_setting_of_a_channel_is_not_taken_for_ours() {
    for families in Families::ALL {
        are_not_ours(ConnectManaged, families, &[NAMES, MORE, PER_CHANNEL], &NEWER);
    }
}

#[test]
fn another_id_in_the_directory_is_another_user_where_there_is_a_directory() {
    const ID: Cells = &[("directory user id", "d-1")];
    let edit: [Edit; 1] = [("directory user id", |user| user.directory_user_id = Some("d-2".into()))];
    are_not_ours(ExistingDirectory, Families::Apart, &[NAMES, ID], &edit);
    are_not_ours(Saml, Families::Apart, &[NAMES, MORE, SOFT_PHONE], &OLDER);
}
