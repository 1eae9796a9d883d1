//! The whole domain of the comparison in two tables: each member in each of its states on either side, and each setting
//! in whichever family of members it stands.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde_json::{Value, json};

use super::canonical::Canonical;
use super::differ::{differences, is_same_user};
use crate::agent::{IdentityType, Password};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, User, UserProficiency,
    VoiceEnhancementConfig,
};

/// The states of a member: not there, at what the service has by default, set, and set to something else.
const STATES: [&str; 4] = ["absent", "default", "set", "other"];

/// A member, and what a user is written with in each of its states; `None` where it has no such state.
struct Line {
    path: &'static str,
    /// Beside what, in a few words.
    beside: &'static str,
    states: [Option<Value>; 4],
    /// A request has no such member.
    found_only: bool,
}

impl Line {
    fn new(path: &'static str, states: [Option<Value>; 4]) -> Self {
        Self { path, beside: "", states, found_only: false }
    }

    /// The same, with this in the user in each state.
    fn beside(mut self, words: &'static str, what: &Value) -> Self {
        self.beside = words;
        for state in self.states.iter_mut().flatten() {
            *state = merged(what.clone(), state.take());
        }
        self
    }

    /// The same, where only a user that is found has it.
    fn found_only(self) -> Self {
        Self { found_only: true, ..self }
    }
}

/// Objects are merged, anything else takes the place of what was there.
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

/// An object with one member, at this path.
fn at(path: &str, value: Value) -> Value {
    path.rsplit('.').fold(value, |value, name| json!({ name: value }))
}

/// A member by its path, not there where it is absent.
fn member(path: &'static str, values: [Option<Value>; 3]) -> Line {
    let [default, set, other] = values.map(|value| value.map(|value| at(path, value)));
    Line::new(path, [Some(json!({})), default, set, other])
}

/// A member whose default is an empty text.
fn text(path: &'static str, set: &str, other: &str) -> Line {
    member(path, ["", set, other].map(|text| Some(text.into())))
}

/// A member of the entry of one channel in a list. Where it is absent the entry is as it is without it, or is not there.
fn entry(path: &'static str, channel: &str, without: Option<Value>, values: [Option<Value>; 3]) -> Line {
    let (list, member) = path.split_once('.').expect("a list and a member");
    let named = json!({ "Channel": channel });
    let within = |more: Value| {
        let entry = merged(merged(named.clone(), without.clone().unwrap_or(json!({}))), more);
        json!({ list: [entry] })
    };
    let absent = without.as_ref().map_or(json!({}), |_| within(json!({})));
    let [default, set, other] = values.map(|value| value.map(|value| within(at(member, value))));
    Line::new(path, [Some(absent), default, set, other])
}

const ACCEPT: &str = "AutoAcceptConfigs.AutoAccept";
const ACCEPT_CALLBACK: &str = "AutoAcceptConfigs.AgentFirstCallbackAutoAccept";
const WORK: &str = "AfterContactWorkConfigs.AfterContactWorkConfig.AfterContactWorkTimeLimit";
const WORK_CALLBACK: &str =
    "AfterContactWorkConfigs.AgentFirstCallbackAfterContactWorkConfig.AfterContactWorkTimeLimit";
const NUMBERS: [&str; 3] = ["", "+4930123456", "+4930123457"];

fn bools() -> [Option<Value>; 3] {
    [Some(false.into()), Some(true.into()), None]
}

fn seconds() -> [Option<Value>; 3] {
    [0, 30, 60].map(|seconds| Some(seconds.into()))
}

fn texts(texts: [&str; 3]) -> [Option<Value>; 3] {
    texts.map(|text| Some(text.into()))
}

fn one_by_one() -> Vec<Line> {
    let kinds = || texts(["SOFT_PHONE", "DESK_PHONE", "NO_PHONE"]);
    let phone = |kind: &str| Some(json!({ "PhoneType": kind }));
    let set = |path: &'static str, set: Value, other: Value| member(path, [None, Some(set), Some(other)]);
    vec![
        Line::new("Username", [None, None, Some(json!({})), Some(json!({ "Username": "Jane" }))]),
        set("Password", json!("Canary-1"), json!("Canary-2")),
        set("Id", json!("u-1"), json!("u-2")).found_only(),
        set(
            "Arn",
            json!("arn:aws:connect:x:1:instance/i/agent/u-1"),
            json!("arn:aws:connect:x:1:instance/i/agent/u-2"),
        )
        .found_only(),
        set("LastModifiedTime", json!(1.5), json!(2.5)).found_only(),
        set("LastModifiedRegion", json!("eu-central-1"), json!("us-east-1")).found_only(),
        text("IdentityInfo.FirstName", "Jane", "Joan"),
        text("IdentityInfo.LastName", "Doe", "Roe"),
        text("IdentityInfo.Email", "jane@example.com", "joan@example.com"),
        text("IdentityInfo.SecondaryEmail", "jane@example.org", "joan@example.org"),
        text("IdentityInfo.Mobile", "+4930123456", "+4930123457"),
        text("DirectoryUserId", "d-1", "d-2"),
        member("PhoneConfig.PhoneType", kinds()),
        member("PhoneConfig.DeskPhoneNumber", texts(NUMBERS)),
        member("PhoneConfig.DeskPhoneNumber", texts(NUMBERS))
            .beside("of a desk phone", &json!({ "PhoneConfig": phone("DESK_PHONE") })),
        member("PhoneConfig.AutoAccept", bools()),
        member("PhoneConfig.AfterContactWorkTimeLimit", seconds()),
        member("PhoneConfig.PersistentConnection", bools()),
        entry(ACCEPT, "VOICE", None, bools()),
        entry(ACCEPT, "EMAIL", None, bools()).beside("of e-mail", &json!({})),
        entry(ACCEPT_CALLBACK, "VOICE", Some(json!({ "AutoAccept": false })), bools()),
        entry(WORK, "VOICE", None, seconds()),
        entry(WORK, "TASK", None, seconds()).beside("of tasks", &json!({})),
        entry(WORK_CALLBACK, "VOICE", Some(json!({ "AfterContactWorkConfig": {} })), seconds()),
        entry("PhoneNumberConfigs.PhoneType", "VOICE", None, kinds()),
        entry("PhoneNumberConfigs.PhoneNumber", "VOICE", phone("SOFT_PHONE"), texts(NUMBERS)),
        entry("PhoneNumberConfigs.PhoneNumber", "VOICE", phone("DESK_PHONE"), texts(NUMBERS))
            .beside("of a desk phone", &json!({})),
        entry("PersistentConnectionConfigs.PersistentConnection", "VOICE", None, bools()),
        entry(
            "VoiceEnhancementConfigs.VoiceEnhancementMode",
            "VOICE",
            None,
            texts(["NONE", "VOICE_ISOLATION", "NOISE_SUPPRESSION"]),
        ),
        text("RoutingProfileId", "r-1", "r-2").beside("", &json!({ "RoutingProfileId": "" })),
        set("SecurityProfileIds", json!(["s-1"]), json!(["s-2", "s-1"]))
            .beside("", &json!({ "SecurityProfileIds": [] })),
        text("HierarchyGroupId", "h-1", "h-2"),
        set("Tags", json!({ "team": "a" }), json!({ "team": "b" })).beside("", &json!({ "Tags": {} })),
        set("Tags", json!({ "headcount:run": "r/1" }), json!({ "headcount:run": "r/2" }))
            .beside("of the provenance", &json!({})),
        set("Tags", json!({ "aws:createdBy": "a" }), json!({ "aws:createdBy": "b" }))
            .beside("of AWS", &json!({})),
        Line::new(
            "UserProficiencies",
            [
                Some(json!({})),
                Some(json!({ "UserProficiencies": [] })),
                Some(
                    json!({ "UserProficiencies": [{ "AttributeName": "Language", "AttributeValue": "German", "Level": 4 }] }),
                ),
                Some(
                    json!({ "UserProficiencies": [{ "AttributeName": "Language", "AttributeValue": "German", "Level": 5 }] }),
                ),
            ],
        ),
    ]
}

/// The groups in which the two differ, or `=`; with a `!` where settling is told the opposite.
fn told_of(wanted: &Value, found: &Value, identity: IdentityType) -> String {
    let least = json!({ "Username": "jane", "SecurityProfileIds": ["s"], "RoutingProfileId": "r" });
    let skills = |of: &Value| -> Option<Vec<UserProficiency>> {
        of.get("UserProficiencies").map(|list| serde_json::from_value(list.clone()).expect("proficiencies"))
    };
    let body: CreateUser = serde_json::from_value(merged(least.clone(), wanted.clone())).expect("a request");
    let user: User = serde_json::from_value(merged(least, found.clone())).expect("a user");
    let (asked, given) = (skills(wanted), skills(found));
    let (asked, given) =
        (Canonical::wanted(&body, asked.as_deref()), Canonical::described(&user, given.as_deref()));
    let all = differences(&asked, &given, identity);
    let groups: BTreeSet<&str> = all.iter().map(|difference| difference.group.as_word()).collect();
    let words =
        if groups.is_empty() { "=".to_owned() } else { groups.into_iter().collect::<Vec<_>>().join("+") };
    if is_same_user(&body, &user, identity) == (words == "=") { words } else { format!("{words} !") }
}

/// The same for every kind of instance: once where they agree, else for each in their order.
fn told(wanted: &Value, found: &Value) -> String {
    let all = IdentityType::ALL.map(|identity| told_of(wanted, found, identity));
    if all.iter().all(|told| *told == all[0]) { all[0].clone() } else { all.join("/") }
}

/// A line for each way that is wanted, a column for each that is found.
fn matrix(ways: &[(&str, Value)], wanted: impl Fn(&str, &Value) -> Option<Value>, width: usize) -> String {
    let row = |head: &str, cells: Vec<String>| {
        let cells: String = cells.iter().map(|cell| format!("{cell:<width$}")).collect();
        format!("  {head:<width$}{}\n", cells.trim_end())
    };
    let mut table = row("", ways.iter().map(|(found, _)| (*found).to_owned()).collect());
    for (way, value) in ways {
        let Some(asked) = wanted(way, value) else { continue };
        table += &row(way, ways.iter().map(|(_, shown)| told(&asked, shown)).collect());
    }
    table
}

#[test]
fn every_member_is_compared_in_every_state_of_both_sides() {
    let kinds = IdentityType::ALL.map(IdentityType::as_api).join("/");
    let mut table = format!(
        "wanted down, found across; =, or the groups that differ; by {kinds} where they disagree; ! where settling does\n"
    );
    for line in one_by_one() {
        let _ = writeln!(table, "{}", format!("{} {}", line.path, line.beside).trim_end());
        let ways: Vec<_> = STATES.into_iter().zip(line.states).collect();
        let ways: Vec<_> = ways.into_iter().filter_map(|(state, value)| Some((state, value?))).collect();
        let wanted = |state: &str, value: &Value| match line.found_only {
            true => (state == "absent").then(|| json!({})),
            false => Some(value.clone()),
        };
        table += &matrix(&ways, wanted, 22);
    }
    insta::assert_snapshot!("members", table);
}

/// A user with each member, however deep, of both shapes.
fn full() -> (CreateUser, User) {
    let some = |text: &str| Some(text.to_owned());
    let limit = || AfterContactWorkConfig { after_contact_work_time_limit: Some(1) };
    let body = CreateUser {
        username: "jane".into(),
        password: Some(Password::new("Canary-1")),
        identity_info: Some(IdentityInfo {
            first_name: some("a"),
            last_name: some("b"),
            email: some("c"),
            secondary_email: some("d"),
            mobile: some("e"),
        }),
        phone_config: Some(PhoneConfig {
            phone_type: some("f"),
            auto_accept: Some(true),
            after_contact_work_time_limit: Some(1),
            desk_phone_number: some("g"),
            persistent_connection: Some(true),
        }),
        directory_user_id: some("h"),
        security_profile_ids: vec!["i".into()],
        routing_profile_id: "j".into(),
        hierarchy_group_id: some("k"),
        auto_accept_configs: vec![AutoAcceptConfig {
            channel: "VOICE".into(),
            auto_accept: true,
            agent_first_callback_auto_accept: Some(true),
        }],
        after_contact_work_configs: vec![AfterContactWorkConfigPerChannel {
            channel: "VOICE".into(),
            after_contact_work_config: limit(),
            agent_first_callback_after_contact_work_config: Some(limit()),
        }],
        phone_number_configs: vec![PhoneNumberConfig {
            channel: "VOICE".into(),
            phone_type: "l".into(),
            phone_number: some("m"),
        }],
        persistent_connection_configs: vec![PersistentConnectionConfig {
            channel: "VOICE".into(),
            persistent_connection: true,
        }],
        voice_enhancement_configs: vec![VoiceEnhancementConfig {
            channel: "VOICE".into(),
            voice_enhancement_mode: "n".into(),
        }],
        tags: [("o".to_owned(), "p".to_owned())].into(),
    };
    let user = User {
        id: "q".into(),
        arn: "r".into(),
        username: body.username.clone(),
        identity_info: body.identity_info.clone(),
        phone_config: body.phone_config.clone(),
        directory_user_id: body.directory_user_id.clone(),
        security_profile_ids: body.security_profile_ids.clone(),
        routing_profile_id: Some(body.routing_profile_id.clone()),
        hierarchy_group_id: body.hierarchy_group_id.clone(),
        auto_accept_configs: body.auto_accept_configs.clone(),
        after_contact_work_configs: body.after_contact_work_configs.clone(),
        phone_number_configs: body.phone_number_configs.clone(),
        persistent_connection_configs: body.persistent_connection_configs.clone(),
        voice_enhancement_configs: body.voice_enhancement_configs.clone(),
        tags: body.tags.clone(),
        last_modified_time: Some(1.0),
        last_modified_region: some("s"),
    };
    (body, user)
}

/// The paths of everything that is not an object; the entries of a list have none of their own.
fn paths(of: &Value, before: &str, paths: &mut BTreeSet<String>) {
    match of {
        Value::Object(members) if before != "Tags" => {
            for (name, value) in members {
                let path = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                self::paths(value, &path, paths);
            }
        }
        Value::Array(list) if list.iter().any(Value::is_object) => {
            list.iter().for_each(|entry| self::paths(entry, before, paths));
        }
        _ => drop(paths.insert(before.to_owned())),
    }
}

#[test]
fn the_table_has_every_member_of_both_shapes() {
    let (body, user) = full();
    let mut there = BTreeSet::new();
    for shape in [json!(body), json!(user)] {
        paths(&shape, "", &mut there);
    }
    there.retain(|path| !path.ends_with(".Channel"));
    there.insert("UserProficiencies".into());
    let in_table: BTreeSet<String> = one_by_one().iter().map(|line| line.path.to_owned()).collect();
    assert_eq!(there, in_table);
}

/// One setting in the ways in which a user may be written with it.
fn families() -> [(&'static str, Vec<(&'static str, Value)>); 4] {
    let older = |member: &str, value: Value| json!({ "PhoneConfig": { member: value } });
    let all = ["VOICE", "CHAT", "TASK", "EMAIL"];
    let accept = |channels: &[&str], on: bool| {
        let list: Vec<_> = channels.iter().map(|of| json!({ "Channel": of, "AutoAccept": on })).collect();
        json!({ "AutoAcceptConfigs": list })
    };
    let work = |channels: &[&str], seconds: u8| {
        let limit = json!({ "AfterContactWorkTimeLimit": seconds });
        let list: Vec<_> =
            channels.iter().map(|of| json!({ "Channel": of, "AfterContactWorkConfig": limit })).collect();
        json!({ "AfterContactWorkConfigs": list })
    };
    let (yes, limit) = (older("AutoAccept", true.into()), older("AfterContactWorkTimeLimit", 30.into()));
    let kept = |on: bool| json!({ "PersistentConnectionConfigs": [{ "Channel": "VOICE", "PersistentConnection": on }] });
    let keeps = |on: bool| older("PersistentConnection", on.into());
    let phone =
        |kind: &str, number: &str| json!({ "PhoneConfig": { "PhoneType": kind, "DeskPhoneNumber": number } });
    let voice = |kind: &str, number: &str| json!({ "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": kind, "PhoneNumber": number }] });
    let number = NUMBERS[1];
    [
        (
            "auto accept",
            vec![
                ("nothing", json!({})),
                ("all on", yes.clone()),
                ("voice listed on", accept(&["VOICE"], true)),
                ("each listed on", accept(&all, true)),
                ("all on, voice listed on", merged(yes.clone(), accept(&["VOICE"], true))),
                ("all on, chat listed off", merged(yes.clone(), accept(&["CHAT"], false))),
                ("all on, each listed on", merged(yes.clone(), accept(&all, true))),
                ("all on, each listed off", merged(yes, accept(&all, false))),
            ],
        ),
        (
            "after-contact work",
            vec![
                ("nothing", json!({})),
                ("all 30", limit.clone()),
                ("voice listed 30", work(&["VOICE"], 30)),
                ("each listed 30", work(&all, 30)),
                ("all 30, voice listed 30", merged(limit.clone(), work(&["VOICE"], 30))),
                ("all 30, chat listed 60", merged(limit.clone(), work(&["CHAT"], 60))),
                ("all 30, each listed 30", merged(limit.clone(), work(&all, 30))),
                ("all 30, each listed 60", merged(limit, work(&all, 60))),
            ],
        ),
        (
            "persistent connection",
            vec![
                ("nothing", json!({})),
                ("on", keeps(true)),
                ("listed on", kept(true)),
                ("on, listed on", merged(keeps(true), kept(true))),
                ("on, listed off", merged(keeps(true), kept(false))),
                ("off, listed on", merged(keeps(false), kept(true))),
            ],
        ),
        (
            "phone",
            vec![
                ("nothing", json!({})),
                ("soft with a number", phone("SOFT_PHONE", number)),
                ("desk", phone("DESK_PHONE", number)),
                ("listed soft", voice("SOFT_PHONE", "")),
                ("listed desk", voice("DESK_PHONE", number)),
                ("soft, listed desk", merged(phone("SOFT_PHONE", ""), voice("DESK_PHONE", number))),
                ("desk, listed desk", merged(phone("DESK_PHONE", number), voice("DESK_PHONE", number))),
                ("desk, listed soft", merged(phone("DESK_PHONE", number), voice("SOFT_PHONE", ""))),
            ],
        ),
    ]
}

#[test]
fn every_setting_is_compared_in_whichever_family_it_stands_on_both_sides() {
    let mut table = String::from("wanted down, found across\n");
    for (setting, ways) in families() {
        let _ = writeln!(table, "{setting}");
        table += &matrix(&ways, |_, value| Some(value.clone()), 24);
    }
    insta::assert_snapshot!("families", table);
}
