//! Each rule by which a user that is found is, or is not, the one that is wanted.

use serde_json::{Value, json};

use super::canonical::{Canonical, Group};
use super::differ::{differences, is_same_user};
use crate::agent::IdentityType::{self, ConnectManaged, ExistingDirectory, Saml};
use crate::connect::model::{CreateUser, User, UserProficiency};

/// A request of the least members with these in it, as it stands on the wire.
fn wanted(more: Value) -> CreateUser {
    let least = json!({ "Username": "Jane", "SecurityProfileIds": ["b6f8"], "RoutingProfileId": "0be3" });
    serde_json::from_value(merged(least, more)).expect("a request")
}

/// The same user as AWS's own example of DescribeUser shows one (AWS CLI, `examples/connect/describe-user.rst`), with
/// these members in it.
fn found(more: Value) -> User {
    let example = json!({
        "Id": "0c245dc0-0cf5-4e37-800e-2a7481cc8a60",
        "Arn": "arn:aws:connect:us-west-2:123456789012:instance/40c8/agent/0c24",
        "Username": "Jane",
        "PhoneConfig": {
            "PhoneType": "SOFT_PHONE", "AutoAccept": false, "AfterContactWorkTimeLimit": 0, "DeskPhoneNumber": "",
        },
        "DirectoryUserId": "8b444cf6-b368-4f29-ba18-07af27405658",
        "SecurityProfileIds": ["b6f8"],
        "RoutingProfileId": "0be3",
        "Tags": {},
    });
    serde_json::from_value(merged(example, more)).expect("a user")
}

/// Objects are merged, anything else takes the place of what was there; `null` takes it away.
fn merged(mut one: Value, other: Value) -> Value {
    match (&mut one, other) {
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                let before = members.remove(&name).unwrap_or_default();
                members.insert(name, merged(before, value));
            }
            one
        }
        (_, other) => other,
    }
}

/// The groups in which the two differ, each with its members.
fn told(body: &CreateUser, user: &User, identity: IdentityType) -> Vec<String> {
    let (wanted, found) = (Canonical::wanted(body, None), Canonical::described(user, None));
    let shown = |text: Option<String>| text.unwrap_or_else(|| "nothing".into());
    let all = differences(&wanted, &found, identity);
    all.into_iter()
        .map(|d| format!("{}: {} {} -> {}", d.group, d.member, shown(d.found), shown(d.wanted)))
        .collect()
}

fn same(asked: Value, shown: Value) {
    same_with(ConnectManaged, asked, shown);
}

fn same_with(identity: IdentityType, asked: Value, shown: Value) {
    let (body, user) = (wanted(asked), found(shown));
    assert_eq!(told(&body, &user, identity), [] as [&str; 0]);
    assert!(is_same_user(&body, &user, identity));
}

fn other(asked: Value, shown: Value, difference: &str) {
    other_with(ConnectManaged, asked, shown, difference);
}

fn other_with(identity: IdentityType, asked: Value, shown: Value, difference: &str) {
    let (body, user) = (wanted(asked), found(shown));
    assert_eq!(told(&body, &user, identity), [difference]);
    assert!(!is_same_user(&body, &user, identity));
}

#[test]
fn what_the_service_fills_in_by_itself_is_no_difference() {
    let names = json!({ "IdentityInfo": { "FirstName": "Jane", "LastName": "Doe", "Email": "example.com" } });
    same(names.clone(), names.clone());
    // Asked for by its default is asked for all the same.
    let phone = json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE", "AutoAccept": false, "AfterContactWorkTimeLimit": 0,
                                         "PersistentConnection": false } });
    same(phone, json!({}));
    let voice = json!({ "VoiceEnhancementConfigs": [{ "Channel": "VOICE", "VoiceEnhancementMode": "NONE" }],
                        "PersistentConnectionConfigs": [{ "Channel": "VOICE", "PersistentConnection": false }],
                        "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": "SOFT_PHONE" }] });
    same(voice, json!({}));
    same(json!({}), json!({ "PhoneConfig": null }));
}

#[test]
fn nobody_else_has_the_name() {
    assert!(is_same_user(&wanted(json!({})), &found(json!({})), ConnectManaged));
    assert!(!is_same_user(&wanted(json!({})), &found(json!({ "Username": "jane" })), ConnectManaged));
}

#[test]
fn the_id_in_the_directory_counts_where_there_is_a_directory_and_the_request_names_it() {
    for identity in IdentityType::ALL {
        same_with(identity, json!({}), json!({}));
        same_with(identity, json!({ "DirectoryUserId": "d-1" }), json!({ "DirectoryUserId": "d-1" }));
    }
    let (asked, shown) = (json!({ "DirectoryUserId": "d-1" }), json!({ "DirectoryUserId": "d-2" }));
    same_with(ConnectManaged, asked.clone(), shown.clone());
    same_with(Saml, asked.clone(), shown.clone());
    other_with(ExistingDirectory, asked, shown, "identity: directory user id d-2 -> d-1");
}

#[test]
fn a_directory_brings_the_names_and_the_address_that_a_request_leaves_out() {
    let brought =
        json!({ "IdentityInfo": { "FirstName": "Jane", "LastName": "Doe", "Email": "j@example.com" } });
    same_with(ExistingDirectory, json!({}), brought.clone());
    other_with(
        Saml,
        json!({}),
        json!({ "IdentityInfo": { "LastName": "Doe" } }),
        "identity: last name Doe -> nothing",
    );
    let asked = json!({ "IdentityInfo": { "LastName": "Roe" } });
    other_with(ExistingDirectory, asked, brought, "identity: last name Doe -> Roe");
    let mobile = json!({ "IdentityInfo": { "Mobile": "+4930123456" } });
    other_with(ExistingDirectory, json!({}), mobile, "identity: mobile +4930123456 -> nothing");
}

#[test]
fn an_empty_text_is_none_and_names_are_composed() {
    let nothing = json!({ "IdentityInfo": { "FirstName": "", "SecondaryEmail": "", "Mobile": "" }, "HierarchyGroupId": "" });
    same(json!({}), nothing.clone());
    same(nothing, json!({}));
    let name = |name: &str| json!({ "IdentityInfo": { "FirstName": name } });
    same(name("Ren\u{e9}"), name("Rene\u{301}"));
    other(name("Ren\u{e9}"), name("Rene"), "identity: first name Rene -> Ren\u{e9}");
}

#[test]
fn a_number_is_that_of_a_desk_phone_or_of_nothing() {
    let soft = json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE", "DeskPhoneNumber": "+4930123456" } });
    same(soft.clone(), json!({}));
    same(json!({}), soft);
    let desk =
        |number: &str| json!({ "PhoneConfig": { "PhoneType": "DESK_PHONE", "DeskPhoneNumber": number } });
    same(desk("+4930123456"), desk("+4930123456"));
    other(desk("+4930123456"), desk("+4930123457"), "config: phone number voice +4930123457 -> +4930123456");
}

#[test]
fn the_two_families_are_one() {
    let older = json!({ "PhoneConfig": { "AutoAccept": true, "AfterContactWorkTimeLimit": 30, "PersistentConnection": true,
                                         "PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+4930123456" } });
    let limit = json!({ "AfterContactWorkTimeLimit": 30 });
    let accept = |channel: &str| json!({ "Channel": channel, "AutoAccept": true });
    let work = |channel: &str| json!({ "Channel": channel, "AfterContactWorkConfig": limit });
    let channels = ["VOICE", "CHAT", "TASK", "EMAIL"];
    let newer = json!({
        "AutoAcceptConfigs": channels.map(accept),
        "AfterContactWorkConfigs": channels.map(work),
        "PersistentConnectionConfigs": [{ "Channel": "VOICE", "PersistentConnection": true }],
        "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": "+4930123456" }],
    });
    let both = merged(older.clone(), newer.clone());
    for asked in [&older, &newer] {
        for shown in [&older, &newer, &both] {
            same(asked.clone(), shown.clone());
        }
    }
}

#[test]
fn a_list_has_the_word_over_the_older_family() {
    let listed = ["VOICE", "CHAT", "TASK", "EMAIL"]
        .map(|channel| json!({ "Channel": channel, "AutoAccept": channel == "VOICE" }));
    let shown = json!({ "PhoneConfig": { "AutoAccept": true }, "AutoAcceptConfigs": listed });
    let voice = json!({ "AutoAcceptConfigs": [{ "Channel": "VOICE", "AutoAccept": true }] });
    same(voice, shown.clone());
    let chat = json!({ "AutoAcceptConfigs": [{ "Channel": "VOICE", "AutoAccept": true }, { "Channel": "CHAT", "AutoAccept": true }] });
    other(chat, shown, "config: auto accept chat false -> true");
}

#[test]
fn a_channel_that_a_list_leaves_out_is_read_either_way_where_the_older_family_may_mirror_the_list() {
    let shown = json!({ "PhoneConfig": { "AfterContactWorkTimeLimit": 30 },
                        "AfterContactWorkConfigs": [{ "Channel": "VOICE", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 30 } }] });
    let voice = json!({ "AfterContactWorkConfigs": shown["AfterContactWorkConfigs"] });
    same(voice, shown.clone());
    same(json!({ "PhoneConfig": { "AfterContactWorkTimeLimit": 30 } }), shown.clone());
    let chat = json!({ "AfterContactWorkConfigs": [
        { "Channel": "VOICE", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 30 } },
        { "Channel": "CHAT", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 60 } },
    ] });
    other(chat, shown, "config: ACW timeout chat 30 -> 60");
    // What nobody is listed with is no mirror.
    let shown = json!({ "PhoneConfig": { "AutoAccept": true }, "AutoAcceptConfigs": [{ "Channel": "CHAT", "AutoAccept": false }] });
    let (body, user) = (wanted(json!({})), found(shown));
    let accepts =
        ["email", "task", "voice"].map(|channel| format!("config: auto accept {channel} true -> false"));
    assert_eq!(told(&body, &user, ConnectManaged), accepts);
}

#[test]
fn a_channel_that_nobody_knows_yet_counts() {
    let shown = json!({ "AutoAcceptConfigs": [{ "Channel": "FAX", "AutoAccept": true }] });
    other(json!({}), shown, "config: auto accept fax true -> false");
    same(json!({}), json!({ "AutoAcceptConfigs": [{ "Channel": "FAX", "AutoAccept": false }] }));
}

#[test]
fn an_arn_is_the_id_at_its_end_and_security_profiles_are_a_set() {
    let arn = |id: &str| format!("arn:aws:connect:eu-central-1:123456789012:instance/5f3c/x/{id}");
    let asked = json!({ "SecurityProfileIds": [arn("s-2"), "s-1"], "RoutingProfileId": arn("r"), "HierarchyGroupId": arn("h") });
    let shown =
        |ids: &[&str]| json!({ "SecurityProfileIds": ids, "RoutingProfileId": "r", "HierarchyGroupId": "h" });
    same(asked.clone(), shown(&["s-1", "s-2"]));
    other(asked.clone(), shown(&["s-1"]), "security_profiles: security profiles s-1 -> s-1, s-2");
    other(
        asked,
        shown(&["s-1", "s-2", "s-3"]),
        "security_profiles: security profiles s-1, s-2, s-3 -> s-1, s-2",
    );
}

#[test]
fn tags_count_but_for_the_provenance_tag_and_those_of_aws() {
    let shown =
        json!({ "Tags": { "headcount:run": "r/1", "aws:cloudformation:stack-name": "s", "team": "a" } });
    same(json!({ "Tags": { "team": "a" } }), shown.clone());
    other(json!({}), shown.clone(), "tags: tag team a -> nothing");
    other(json!({ "Tags": { "team": "a", "site": "" } }), shown, "tags: tag site nothing -> ");
}

#[test]
fn proficiencies_are_compared_where_both_are_known() {
    let given = |level| {
        [UserProficiency { attribute_name: "Language".into(), attribute_value: "German".into(), level }]
    };
    let of = |asked: Option<&[UserProficiency]>, listed: Option<&[UserProficiency]>| {
        let wanted = Canonical::wanted(&wanted(json!({})), asked);
        let found = Canonical::described(&found(json!({})), listed);
        let all = differences(&wanted, &found, ConnectManaged);
        all.into_iter().map(|d| (d.group, d.member.to_string(), d.found, d.wanted)).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    let (four, five) = (given(4.0), given(5.0));
    assert_eq!(of(Some(&four), Some(&four)), []);
    assert_eq!(of(None, Some(&four)), []);
    assert_eq!(of(Some(&four), None), []);
    let member = || "proficiency Language:German".to_owned();
    assert_eq!(of(Some(&five), Some(&four)), [(Group::Proficiencies, member(), text("4"), text("5"))]);
    assert_eq!(of(Some(&[]), Some(&four)), [(Group::Proficiencies, member(), text("4"), None)]);
    assert_eq!(of(Some(&four), Some(&[])), [(Group::Proficiencies, member(), None, text("4"))]);
}

#[test]
fn no_difference_tells_a_password() {
    let body = wanted(json!({ "Password": "Canary-7f3a-Pw1" }));
    let (wanted, found) =
        (Canonical::wanted(&body, None), Canonical::described(&found(json!({ "Username": "x" })), None));
    let all = format!("{wanted:?} {:?}", differences(&wanted, &found, ConnectManaged));
    assert!(!all.contains("Canary"), "{all}");
}

#[test]
fn a_group_has_a_word_of_its_own() {
    let words: Vec<&str> = Group::ALL.into_iter().map(Group::as_word).collect();
    let expected =
        ["identity", "config", "routing_profile", "security_profiles", "hierarchy", "tags", "proficiencies"];
    assert_eq!(words, expected);
}
