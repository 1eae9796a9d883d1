//! A user as the reads show it: with what the request left out, and in both families of settings.
//!
//! A world holds users as they were asked for, and fills in when it shows one: so a world that was written down before
//! something was filled in shows it as well.

use super::spec::{Families, identifier};
use super::world::World;
use crate::agent::IdentityType;
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, User, VoiceEnhancementConfig,
};

const CHANNELS: [&str; 4] = ["VOICE", "CHAT", "TASK", "EMAIL"];
const VOICE: &str = CHANNELS[0];

impl World {
    /// `User`, as DescribeUser has it: nobody is without an id in a directory, a softphone has an empty number, and what
    /// was not asked for is at its default (AWS CLI, `examples/connect/describe-user.rst`).
    pub(super) fn described(&self, user: &User) -> User {
        let mut user = user.clone();
        let made_up = || identifier(&[&self.spec.instance_arn(), "directory", &user.id]);
        user.directory_user_id = user.directory_user_id.or_else(|| Some(made_up()));
        let families = self.spec.families;
        let phone = user.phone_config.get_or_insert_default();
        auto_accept(families, phone, &mut user.auto_accept_configs);
        after_contact_work(families, phone, &mut user.after_contact_work_configs);
        phone_number(families, phone, &mut user.phone_number_configs);
        persistent_connection(families, phone, &mut user.persistent_connection_configs);
        if families == Families::All && user.voice_enhancement_configs.is_empty() {
            let none =
                VoiceEnhancementConfig { channel: VOICE.into(), voice_enhancement_mode: "NONE".into() };
            user.voice_enhancement_configs.push(none);
        }
        user
    }

    /// The names and the address that a user is made with: where the instance has a directory to look the user up in, what
    /// the request leaves out is the directory's (API, CreateUser, `DirectoryUserId`).
    pub(super) fn looked_up(&self, asked: &CreateUser) -> Option<IdentityInfo> {
        if self.spec.identity != IdentityType::ExistingDirectory || asked.directory_user_id.is_some() {
            return asked.identity_info.clone();
        }
        let username = &asked.username;
        let mut info = asked.identity_info.clone().unwrap_or_default();
        info.first_name.get_or_insert_with(|| username.clone());
        info.last_name.get_or_insert_with(|| "Directory".to_owned());
        info.email.get_or_insert_with(|| format!("{}@directory.example", username.replace('@', ".")));
        Some(info)
    }

    /// `UserSearchSummary`: of the identity only the names, nothing of the last change, and after-contact work in
    /// milliseconds. The model says so of `UserPhoneConfig`; of the lists per channel it says nothing, and they are so too.
    pub(super) fn searched(&self, user: &User) -> User {
        let mut user = self.described(user);
        let milliseconds = |limit: &mut Option<i64>| {
            if let Some(seconds) = limit {
                *seconds = seconds.saturating_mul(1000);
            }
        };
        if let Some(phone) = &mut user.phone_config {
            milliseconds(&mut phone.after_contact_work_time_limit);
        }
        for config in &mut user.after_contact_work_configs {
            milliseconds(&mut config.after_contact_work_config.after_contact_work_time_limit);
            if let Some(callback) = &mut config.agent_first_callback_after_contact_work_config {
                milliseconds(&mut callback.after_contact_work_time_limit);
            }
        }
        if let Some(info) = &mut user.identity_info {
            (info.email, info.secondary_email, info.mobile) = (None, None, None);
        }
        (user.last_modified_time, user.last_modified_region) = (None, None);
        user
    }
}

impl Families {
    /// The channels that a list has besides those that were asked for in it.
    fn also_listed(self, asked_of_all: bool) -> &'static [&'static str] {
        match self {
            Self::All => &CHANNELS,
            Self::Voice if asked_of_all => &CHANNELS[..1],
            Self::Voice | Self::Apart => &[],
        }
    }
}

fn auto_accept(families: Families, phone: &mut PhoneConfig, list: &mut Vec<AutoAcceptConfig>) {
    let of_all = phone.auto_accept;
    for channel in families.also_listed(of_all.is_some()) {
        if !list.iter().any(|config| config.channel == *channel) {
            list.push(AutoAcceptConfig {
                channel: (*channel).into(),
                auto_accept: of_all.unwrap_or_default(),
                agent_first_callback_auto_accept: None,
            });
        }
    }
    let voice = list.iter_mut().find(|config| config.channel == VOICE);
    if families != Families::Apart {
        phone.auto_accept = voice.as_ref().map(|voice| voice.auto_accept);
    }
    if let (Families::All, Some(voice)) = (families, voice) {
        voice.agent_first_callback_auto_accept.get_or_insert_default();
    }
    phone.auto_accept.get_or_insert_default();
}

fn after_contact_work(
    families: Families,
    phone: &mut PhoneConfig,
    list: &mut Vec<AfterContactWorkConfigPerChannel>,
) {
    let limit = |seconds| AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds) };
    let of_all = phone.after_contact_work_time_limit;
    for channel in families.also_listed(of_all.is_some()) {
        if !list.iter().any(|config| config.channel == *channel) {
            list.push(AfterContactWorkConfigPerChannel {
                channel: (*channel).into(),
                after_contact_work_config: limit(of_all.unwrap_or_default()),
                agent_first_callback_after_contact_work_config: None,
            });
        }
    }
    let voice = list.iter_mut().find(|config| config.channel == VOICE);
    if families != Families::Apart {
        let own = voice.as_ref().map(|voice| &voice.after_contact_work_config);
        phone.after_contact_work_time_limit = own.and_then(|own| own.after_contact_work_time_limit);
    }
    if let (Families::All, Some(voice)) = (families, voice) {
        voice.agent_first_callback_after_contact_work_config.get_or_insert_with(|| limit(0));
    }
    phone.after_contact_work_time_limit.get_or_insert_default();
}

/// A softphone's number is empty, whatever was asked for.
fn phone_number(families: Families, phone: &mut PhoneConfig, list: &mut Vec<PhoneNumberConfig>) {
    let of_all = phone.phone_type.is_some();
    let kind = phone.phone_type.get_or_insert_with(|| "SOFT_PHONE".into()).clone();
    if !families.also_listed(of_all).is_empty() && list.is_empty() {
        let phone_number = phone.desk_phone_number.clone();
        list.push(PhoneNumberConfig { channel: VOICE.into(), phone_type: kind, phone_number });
    }
    for config in list.iter_mut().filter(|config| config.phone_type == "SOFT_PHONE") {
        config.phone_number = (families == Families::All).then(String::new);
    }
    if let Some(voice) = list.first().filter(|_| families != Families::Apart) {
        phone.phone_type = Some(voice.phone_type.clone());
        phone.desk_phone_number.clone_from(&voice.phone_number);
    }
    if phone.phone_type.as_deref() == Some("SOFT_PHONE") {
        phone.desk_phone_number = Some(String::new());
    }
}

fn persistent_connection(
    families: Families,
    phone: &mut PhoneConfig,
    list: &mut Vec<PersistentConnectionConfig>,
) {
    let of_all = phone.persistent_connection;
    if !families.also_listed(of_all.is_some()).is_empty() && list.is_empty() {
        let persistent_connection = of_all.unwrap_or_default();
        list.push(PersistentConnectionConfig { channel: VOICE.into(), persistent_connection });
    }
    if families != Families::Apart {
        phone.persistent_connection = list.first().map(|voice| voice.persistent_connection);
    }
    phone.persistent_connection.get_or_insert_default();
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::{Value, json};

    use crate::agent::IdentityType::{self, ConnectManaged, ExistingDirectory, Saml};
    use crate::simulator::{Families, Pace, Request, Spec, World};

    const NOW: SystemTime = UNIX_EPOCH;

    fn world(identity: IdentityType, families: Families) -> World {
        let spec = Spec { identity, families, signed: false, pace: Pace::UNLIMITED, ..Spec::default() };
        World::new(spec, NOW)
    }

    fn ask(world: &mut World, method: Method, target: &str, body: &Value) -> Value {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request { method, target: target.into(), headers: HeaderMap::new(), body };
        let answer = world.respond(NOW, &request).answer;
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 200, "{text}");
        serde_json::from_str(&text).expect("JSON")
    }

    /// Makes the user of the least members with these in it, and gives its id.
    fn create(world: &mut World, more: Value) -> String {
        let mut body = json!({
            "Username": "Jane",
            "IdentityInfo": { "FirstName": "Jane", "LastName": "Doe" },
            "SecurityProfileIds": [world.security_profiles[0].id],
            "RoutingProfileId": world.routing_profiles[0].id,
        });
        if world.spec.identity == ConnectManaged {
            body["Password"] = "Analytical-1".into();
        }
        for (member, value) in more.as_object().expect("members") {
            body[member] = value.clone();
        }
        let target = format!("/users/{}", world.spec.instance_id);
        ask(world, Method::PUT, &target, &body)["UserId"].as_str().expect("an id").to_owned()
    }

    fn describe(world: &mut World, id: &str) -> Value {
        let target = format!("/users/{}/{id}", world.spec.instance_id);
        ask(world, Method::GET, &target, &Value::Null)["User"].clone()
    }

    fn search(world: &mut World) -> Value {
        let body = json!({ "InstanceId": world.spec.instance_id });
        ask(world, Method::POST, "/search-users", &body)["Users"][0].clone()
    }

    #[test]
    fn a_user_of_the_least_members_is_described_as_awss_own_example_shows_one() {
        let mut world = world(ConnectManaged, Families::Apart);
        let id = create(&mut world, json!({}));
        let arn = format!("{}/agent/{id}", world.spec.instance_arn());
        let user = describe(&mut world, &id);
        let directory = user["DirectoryUserId"].clone();
        assert!(directory.as_str().is_some_and(|given| given.len() == 36 && given != id), "{directory}");
        let expected = json!({
            "Id": id,
            "Arn": arn,
            "Username": "Jane",
            "IdentityInfo": { "FirstName": "Jane", "LastName": "Doe" },
            "PhoneConfig": {
                "PhoneType": "SOFT_PHONE",
                "AutoAccept": false,
                "AfterContactWorkTimeLimit": 0,
                "DeskPhoneNumber": "",
                "PersistentConnection": false,
            },
            "DirectoryUserId": directory,
            "SecurityProfileIds": [world.security_profiles[0].id],
            "RoutingProfileId": world.routing_profiles[0].id,
            "Tags": {},
            "LastModifiedTime": 0.0,
            "LastModifiedRegion": "eu-central-1",
        });
        assert_eq!(user, expected);
        assert_eq!(describe(&mut world, &id), expected, "the made-up id is a user's for good");
    }

    #[test]
    fn a_directory_brings_what_a_request_leaves_out_and_an_id_that_is_given_stands() {
        let given = json!({ "IdentityInfo": null, "DirectoryUserId": "d-1" });
        for (identity, asked, id, names) in [
            (Saml, json!({}), None, Some("Jane")),
            (ExistingDirectory, json!({ "IdentityInfo": { "FirstName": "J." } }), None, Some("J.")),
            (ExistingDirectory, json!({ "IdentityInfo": null }), None, Some("Jane")),
            // "If you include the identifier, we assume that Connect cannot access the directory."
            (ExistingDirectory, given, Some("d-1"), None),
        ] {
            let mut world = world(identity, Families::Apart);
            let made = create(&mut world, asked);
            let user = describe(&mut world, &made);
            assert_eq!(user["IdentityInfo"]["FirstName"].as_str(), names, "{user}");
            let brought = identity == ExistingDirectory && names.is_some();
            assert_eq!(user["IdentityInfo"]["Email"].is_string(), brought, "{user}");
            match id {
                Some(id) => assert_eq!(user["DirectoryUserId"], id),
                None => assert_eq!(user["DirectoryUserId"].as_str().map(str::len), Some(36)),
            }
        }
    }

    /// What is shown of the settings of one request, in each of the ways.
    fn shown(asked: &Value) -> [Value; 3] {
        Families::ALL.map(|families| {
            let mut world = world(Saml, families);
            let id = create(&mut world, asked.clone());
            let mut user = describe(&mut world, &id);
            let settings = user.as_object_mut().expect("a user");
            settings.retain(|member, _| member == "PhoneConfig" || member.ends_with("Configs"));
            user
        })
    }

    #[test]
    fn a_setting_shows_in_its_own_family_in_voices_or_in_both() {
        let limit = |seconds: u32| json!({ "AfterContactWorkTimeLimit": seconds });
        let accept = |channel: &str, accept: bool| json!({ "Channel": channel, "AutoAccept": accept });
        let work = |channel: &str, seconds: u32| json!({ "Channel": channel, "AfterContactWorkConfig": limit(seconds) });
        let desk = json!({ "Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": "+12065550100" });
        let kept = json!({ "Channel": "VOICE", "PersistentConnection": true });
        let older = json!({ "PhoneType": "DESK_PHONE", "DeskPhoneNumber": "+12065550100", "AutoAccept": true,
                            "AfterContactWorkTimeLimit": 30, "PersistentConnection": true });
        let [apart, voice, all] = shown(&json!({ "PhoneConfig": older }));
        assert_eq!(apart, json!({ "PhoneConfig": older }));
        let mut expected = json!({
            "PhoneConfig": older,
            "AutoAcceptConfigs": [accept("VOICE", true)],
            "AfterContactWorkConfigs": [work("VOICE", 30)],
            "PhoneNumberConfigs": [desk],
            "PersistentConnectionConfigs": [kept],
        });
        assert_eq!(voice, expected);
        let channels = ["VOICE", "CHAT", "TASK", "EMAIL"];
        expected["AutoAcceptConfigs"] = channels.map(|channel| accept(channel, true)).into();
        expected["AutoAcceptConfigs"][0]["AgentFirstCallbackAutoAccept"] = false.into();
        expected["AfterContactWorkConfigs"] = channels.map(|channel| work(channel, 30)).into();
        expected["AfterContactWorkConfigs"][0]["AgentFirstCallbackAfterContactWorkConfig"] = limit(0);
        expected["VoiceEnhancementConfigs"] = json!([{ "Channel": "VOICE", "VoiceEnhancementMode": "NONE" }]);
        assert_eq!(all, expected);

        let asked = json!({
            "AutoAcceptConfigs": [accept("CHAT", true)],
            "AfterContactWorkConfigs": [work("VOICE", 60), work("TASK", 90)],
        });
        let soft = json!({ "PhoneType": "SOFT_PHONE", "DeskPhoneNumber": "", "AutoAccept": false,
                           "AfterContactWorkTimeLimit": 0, "PersistentConnection": false });
        let [apart, voice, all] = shown(&asked);
        let mut expected = asked.clone();
        expected["PhoneConfig"] = soft;
        assert_eq!(apart, expected);
        expected["PhoneConfig"]["AfterContactWorkTimeLimit"] = 60.into();
        assert_eq!(voice, expected);
        assert_eq!(all["PhoneConfig"], expected["PhoneConfig"]);
        assert_eq!(
            all["PhoneNumberConfigs"],
            json!([{ "Channel": "VOICE", "PhoneType": "SOFT_PHONE", "PhoneNumber": "" }])
        );
        let listed = |list: &str, value: &str| -> Vec<String> {
            let list = all[list].as_array().expect("a list").iter();
            list.map(|one| {
                format!(
                    "{} {}",
                    one["Channel"].as_str().unwrap_or("?"),
                    one.pointer(value).unwrap_or(&Value::Null)
                )
            })
            .collect()
        };
        assert_eq!(
            listed("AutoAcceptConfigs", "/AutoAccept"),
            ["CHAT true", "VOICE false", "TASK false", "EMAIL false"]
        );
        let seconds = "/AfterContactWorkConfig/AfterContactWorkTimeLimit";
        assert_eq!(listed("AfterContactWorkConfigs", seconds), ["VOICE 60", "TASK 90", "CHAT 0", "EMAIL 0"]);
    }

    #[test]
    fn a_search_has_milliseconds_in_both_families_and_nothing_that_it_does_not_tell() {
        let limit = json!({ "AfterContactWorkTimeLimit": 30 });
        for families in Families::ALL {
            let mut world = world(ConnectManaged, families);
            let names = json!({ "FirstName": "Jane", "LastName": "Doe" });
            let mut info = names.clone();
            info["Email"] = "jane@example.com".into();
            info["SecondaryEmail"] = "j@example.org".into();
            info["Mobile"] = "+12065550100".into();
            let id = create(&mut world, json!({ "IdentityInfo": info, "PhoneConfig": limit }));
            let (found, described) = (search(&mut world), describe(&mut world, &id));
            assert_eq!(found["IdentityInfo"], names);
            assert_eq!(found["PhoneConfig"]["AfterContactWorkTimeLimit"], 30_000);
            let listed = |user: &Value| user["AfterContactWorkConfigs"][0]["AfterContactWorkConfig"].clone();
            let expected =
                if families == Families::Apart { json!([null, null]) } else { json!([30_000, 30]) };
            let both =
                [listed(&found), listed(&described)].map(|limit| limit["AfterContactWorkTimeLimit"].clone());
            assert_eq!(json!(both), expected);
            assert_eq!(found["DirectoryUserId"], described["DirectoryUserId"]);
            let members =
                |user: &Value| user.as_object().expect("a user").keys().cloned().collect::<Vec<_>>();
            let lacks = ["LastModifiedTime", "LastModifiedRegion"].map(str::to_owned);
            let expected: Vec<String> =
                members(&described).into_iter().filter(|name| !lacks.contains(name)).collect();
            assert_eq!(members(&found), expected);
        }
    }

    #[test]
    fn a_user_that_was_written_down_as_it_was_asked_for_is_shown_with_the_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("world.jsonl");
        let spec = || Spec { signed: false, pace: Pace::UNLIMITED, ..Spec::default() };
        let lines = [
            json!({ "world": { "version": 1, "instance": spec().instance_id } }),
            json!({ "created": { "place": 1, "seen": 0.0, "user": {
                "Id": "u-1", "Arn": format!("{}/agent/u-1", spec().instance_arn()), "Username": "Jane",
                "SecurityProfileIds": ["s-1"], "RoutingProfileId": "r-1", "Tags": { "headcount:run": "r/1" },
                "LastModifiedTime": 1.5, "LastModifiedRegion": "eu-central-1",
            } } }),
        ];
        std::fs::write(&file, format!("{}\n{}\n", lines[0], lines[1])).expect("written");
        let mut world = World::remembering(spec(), NOW, &file).expect("read");
        let user = describe(&mut world, "u-1");
        assert_eq!(user["PhoneConfig"]["DeskPhoneNumber"], "");
        assert!(user["DirectoryUserId"].is_string(), "{user}");
        assert_eq!(user["Tags"], json!({ "headcount:run": "r/1" }));
    }
}
