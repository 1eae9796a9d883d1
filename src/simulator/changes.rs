//! The operations that change a user who is there.
//!
//! A world holds a user as it was asked for. What one of these calls leaves out, and what it gives as nothing, is treated as
//! the world's [`Updates`] say: the service's documents are silent.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde::Deserialize;

use super::operation::{Operation, Route};
use super::rules;
use super::spec::{Clearing, LeftOut, Updates};
use super::users::{Proficiency, Record};
use super::wire::{Refusal, Request};
use super::world::{Outcome, World};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, User, UserConfig, VoiceEnhancementConfig,
};

/// The channels that the older family of settings speaks for.
const CHANNELS: [&str; 4] = ["VOICE", "CHAT", "TASK", "EMAIL"];
const VOICE: &str = CHANNELS[0];

/// The most tags of a user (`TagMap`), and the most keys of one call (`TagKeyList`).
const TAGS_LIMIT: usize = 50;

impl World {
    /// Answers an operation that changes a user who is there.
    pub(super) fn change(&mut self, now: SystemTime, route: &Route, request: &Request) -> Outcome {
        let record = match route.operation {
            Operation::TagResource | Operation::UntagResource => self.user_by_arn(now, route.label(0))?,
            _ => self.user(now, route.label(0), route.label(1))?,
        };
        let Record { mut user, mut proficiencies, .. } = record.clone();
        let body = &request.body;
        match route.operation {
            Operation::TagResource => tag(&mut user.tags, body)?,
            Operation::UntagResource => untag(&mut user.tags, &route.all_of("tagKeys").collect::<Vec<_>>())?,
            Operation::UpdateUserIdentityInfo => self.set_identity(&mut user, body)?,
            Operation::UpdateUserConfig => self.set_config(&mut user, body)?,
            Operation::UpdateUserPhoneConfig => self.set_phone_config(&mut user, body)?,
            Operation::UpdateUserRoutingProfile => self.set_routing_profile(&mut user, body)?,
            Operation::UpdateUserSecurityProfiles => self.set_security_profiles(&mut user, body)?,
            Operation::UpdateUserHierarchy => self.set_hierarchy(&mut user, body)?,
            Operation::AssociateUserProficiencies => self.associate(&mut proficiencies, body)?,
            Operation::UpdateUserProficiencies => self.set_levels(&mut proficiencies, body)?,
            Operation::DisassociateUserProficiencies => disassociate(&mut proficiencies, body)?,
            // What changes no user is not answered here.
            _ => return Err(Refusal::internal()),
        }
        self.alter(now, user, proficiencies)?;
        Ok(None)
    }

    fn set_identity(&self, user: &mut User, body: &[u8]) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            identity_info: IdentityInfo,
        }
        let Body { identity_info } = rules::change(body, &["IdentityInfo"])?;
        let had = user.identity_info.take().unwrap_or_default();
        let info = identity(had, identity_info, self.spec.updates)?;
        rules::check_identity(self.spec.identity, &info)?;
        user.identity_info = Some(info);
        Ok(())
    }

    fn set_config(&self, user: &mut User, body: &[u8]) -> Result<(), Refusal> {
        let asked: UserConfig = rules::change(body, &[])?;
        rules::check_settings(self.spec.identity, &as_request(&asked))?;
        configure(user, asked, self.spec.updates.config);
        Ok(())
    }

    fn set_phone_config(&self, user: &mut User, body: &[u8]) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            phone_config: PhoneConfig,
        }
        let Body { phone_config } = rules::change(body, &["PhoneConfig"])?;
        let config = flatten(user, phone_config, self.spec.updates.config);
        let settings = CreateUser { phone_config: Some(config.clone()), ..CreateUser::default() };
        rules::check_settings(self.spec.identity, &settings)?;
        user.phone_config = Some(config);
        Ok(())
    }

    fn set_routing_profile(&self, user: &mut User, body: &[u8]) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            routing_profile_id: String,
        }
        let Body { routing_profile_id } = rules::change(body, &["RoutingProfileId"])?;
        user.routing_profile_id = Some(self.routing_profile(&routing_profile_id)?);
        Ok(())
    }

    /// All that the user is to have: 1 to 10 (API, SecurityProfileIds).
    fn set_security_profiles(&self, user: &mut User, body: &[u8]) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            security_profile_ids: Vec<String>,
        }
        let Body { security_profile_ids } = rules::change(body, &["SecurityProfileIds"])?;
        rules::check_security_profiles(self.spec.identity, &security_profile_ids)?;
        let ids = security_profile_ids.iter().map(|id| self.security_profile(id));
        user.security_profile_ids = ids.collect::<Result<_, _>>()?;
        Ok(())
    }

    /// `HierarchyGroupId` is not required (API); what leaving it out does is not said.
    fn set_hierarchy(&self, user: &mut User, body: &[u8]) -> Result<(), Refusal> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Body {
            #[serde(default)]
            hierarchy_group_id: Option<String>,
        }
        let Body { hierarchy_group_id } = rules::change(body, &[])?;
        match (hierarchy_group_id.filter(|id| !id.is_empty()), self.spec.updates.no_group) {
            (Some(id), _) => user.hierarchy_group_id = Some(self.hierarchy_group(&id)?),
            (None, Clearing::Works) => user.hierarchy_group_id = None,
            (None, Clearing::Ignored) => {}
            (None, Clearing::Refused) => return Err(rules::missing("HierarchyGroupId")),
        }
        Ok(())
    }

    /// Levels are whole numbers from 1 to 5, attributes and values those of the instance, at most 10 an agent
    /// (AssociateUserProficiencies; quota L-50375162).
    fn associate(&self, had: &mut Vec<Proficiency>, body: &[u8]) -> Result<(), Refusal> {
        let asked = self.proficiencies(body)?;
        for asked in &asked {
            if had.iter().any(|had| had.is_of(asked)) {
                return Err(Refusal::invalid_request("The user already has the proficiency."));
            }
            had.push(asked.clone());
        }
        if asked.is_empty() || had.len() > rules::PROFICIENCIES_LIMIT {
            return Err(Refusal::invalid_request("A user may have between 1 and 10 proficiencies."));
        }
        Ok(())
    }

    /// "Proficiencies must first be associated to the user" (API, UpdateUserProficiencies).
    fn set_levels(&self, had: &mut [Proficiency], body: &[u8]) -> Result<(), Refusal> {
        let asked = self.proficiencies(body)?;
        if asked.is_empty() {
            return Err(rules::missing("UserProficiencies"));
        }
        for asked in asked {
            let had = had.iter_mut().find(|had| had.is_of(&asked));
            let missing = || Refusal::invalid_request("The user does not have the proficiency.");
            had.ok_or_else(missing)?.level = asked.level;
        }
        Ok(())
    }

    /// The proficiencies of a request, each of them known to the instance and of a level that there is.
    fn proficiencies(&self, body: &[u8]) -> Result<Vec<Proficiency>, Refusal> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(rename = "UserProficiencies")]
            asked: Vec<Proficiency>,
        }
        let Body { asked } = rules::change(body, &["UserProficiencies"])?;
        for Proficiency { attribute_name, attribute_value, level } in &asked {
            let values = self.spec.predefined_attributes.get(attribute_name);
            if !values.is_some_and(|values| values.contains(attribute_value)) {
                return Err(Refusal::not_found("The predefined attribute or its value was not found."));
            }
            if !(1.0..=5.0).contains(level) || level.fract() != 0.0 {
                return Err(Refusal::invalid_parameter("Level must be one of 1, 2, 3, 4, 5"));
            }
        }
        Ok(asked)
    }
}

/// Merges: the other tags stay (API, TagResource).
fn tag(had: &mut BTreeMap<String, String>, body: &[u8]) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    struct Body {
        tags: BTreeMap<String, String>,
    }
    let Body { tags } = rules::change(body, &["tags"])?;
    rules::check_tags(&tags)?;
    let is_empty = tags.is_empty();
    had.extend(tags);
    if is_empty || had.len() > TAGS_LIMIT {
        return Err(Refusal::invalid_parameter("Tags must have between 1 and 50 items"));
    }
    Ok(())
}

/// A key that the user does not have is none that could be taken away, and no error.
fn untag(had: &mut BTreeMap<String, String>, keys: &[&str]) -> Result<(), Refusal> {
    if keys.is_empty() || keys.len() > TAGS_LIMIT {
        return Err(Refusal::invalid_parameter("tagKeys must have between 1 and 50 items"));
    }
    let none = String::new();
    for key in keys {
        rules::check_tags([(&(*key).to_owned(), &none)])?;
        had.remove(*key);
    }
    Ok(())
}

/// What the user does not have is as it was asked for.
fn disassociate(had: &mut Vec<Proficiency>, body: &[u8]) -> Result<(), Refusal> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Name {
        attribute_name: String,
        attribute_value: String,
    }
    #[derive(Deserialize)]
    struct Body {
        #[serde(rename = "UserProficiencies")]
        asked: Vec<Name>,
    }
    let Body { asked } = rules::change(body, &["UserProficiencies"])?;
    if asked.is_empty() {
        return Err(rules::missing("UserProficiencies"));
    }
    had.retain(|had| {
        let is_it = |name: &Name| {
            (&name.attribute_name, &name.attribute_value) == (&had.attribute_name, &had.attribute_value)
        };
        !asked.iter().any(is_it)
    });
    Ok(())
}

/// The names and addresses after an update with these.
fn identity(had: IdentityInfo, asked: IdentityInfo, how: Updates) -> Result<IdentityInfo, Refusal> {
    let member = |had: Option<String>, asked: Option<String>| match (asked, how.identity, how.empty) {
        (Some(text), _, Clearing::Refused) if text.is_empty() => {
            Err(Refusal::invalid_parameter("IdentityInfo has a member that is empty"))
        }
        (Some(text), _, Clearing::Works) if text.is_empty() => Ok(None),
        (Some(text), _, Clearing::Ignored) if text.is_empty() => Ok(had),
        (Some(text), ..) => Ok(Some(text)),
        (None, LeftOut::Goes, _) => Ok(None),
        (None, LeftOut::Stays, _) => Ok(had),
    };
    Ok(IdentityInfo {
        first_name: member(had.first_name, asked.first_name)?,
        last_name: member(had.last_name, asked.last_name)?,
        email: member(had.email, asked.email)?,
        secondary_email: member(had.secondary_email, asked.secondary_email)?,
        mobile: member(had.mobile, asked.mobile)?,
    })
}

/// The lists of UpdateUserConfig as CreateUser has them: the same rules hold.
fn as_request(config: &UserConfig) -> CreateUser {
    let config = config.clone();
    CreateUser {
        auto_accept_configs: config.auto_accept_configs,
        after_contact_work_configs: config.after_contact_work_configs,
        phone_number_configs: config.phone_number_configs,
        persistent_connection_configs: config.persistent_connection_configs,
        voice_enhancement_configs: config.voice_enhancement_configs,
        ..CreateUser::default()
    }
}

/// A list that is not sent stays, and so does the older family's setting for it. One that is sent takes its place: what that
/// said of all channels is then said of each.
pub(super) fn configure(user: &mut User, asked: UserConfig, left_out: LeftOut) {
    let phone = user.phone_config.get_or_insert_default();
    if !asked.auto_accept_configs.is_empty() {
        let of_all = phone.auto_accept.take();
        let had = listed(&mut user.auto_accept_configs, &CHANNELS, of_all, auto_accept);
        user.auto_accept_configs = joined(had, asked.auto_accept_configs, left_out);
    }
    if !asked.after_contact_work_configs.is_empty() {
        let of_all = phone.after_contact_work_time_limit.take();
        let had = listed(&mut user.after_contact_work_configs, &CHANNELS, of_all, after_contact_work);
        user.after_contact_work_configs = joined(had, asked.after_contact_work_configs, left_out);
    }
    if !asked.phone_number_configs.is_empty() {
        let of_all = (phone.phone_type.take(), phone.desk_phone_number.take());
        let of_all = of_all.0.map(|kind| (kind, of_all.1));
        let had = listed(&mut user.phone_number_configs, &CHANNELS[..1], of_all, phone_number);
        user.phone_number_configs = joined(had, asked.phone_number_configs, left_out);
    }
    if !asked.persistent_connection_configs.is_empty() {
        let of_all = phone.persistent_connection.take();
        let had = listed(&mut user.persistent_connection_configs, &CHANNELS[..1], of_all, persistent);
        user.persistent_connection_configs = joined(had, asked.persistent_connection_configs, left_out);
    }
    if !asked.voice_enhancement_configs.is_empty() {
        let had = std::mem::take(&mut user.voice_enhancement_configs);
        user.voice_enhancement_configs = joined(had, asked.voice_enhancement_configs, left_out);
    }
}

/// What a list has, else what the older family says of each of these channels.
fn listed<T, O: Clone>(
    list: &mut Vec<T>,
    channels: &[&str],
    of_all: Option<O>,
    entry: impl Fn(&str, O) -> T,
) -> Vec<T> {
    let had = std::mem::take(list);
    match of_all {
        Some(value) if had.is_empty() => {
            channels.iter().map(|channel| entry(channel, value.clone())).collect()
        }
        _ => had,
    }
}

fn auto_accept(channel: &str, auto_accept: bool) -> AutoAcceptConfig {
    AutoAcceptConfig { channel: channel.into(), auto_accept, agent_first_callback_auto_accept: None }
}

fn after_contact_work(channel: &str, seconds: i64) -> AfterContactWorkConfigPerChannel {
    AfterContactWorkConfigPerChannel {
        channel: channel.into(),
        after_contact_work_config: AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds) },
        agent_first_callback_after_contact_work_config: None,
    }
}

fn phone_number(channel: &str, (phone_type, phone_number): (String, Option<String>)) -> PhoneNumberConfig {
    PhoneNumberConfig { channel: channel.into(), phone_type, phone_number }
}

fn persistent(channel: &str, persistent_connection: bool) -> PersistentConnectionConfig {
    PersistentConnectionConfig { channel: channel.into(), persistent_connection }
}

/// An entry of a list of settings.
trait PerChannel {
    fn channel(&self) -> &str;
    /// Takes over what this one leaves out and that one had.
    fn take_over(&mut self, _had: Self)
    where
        Self: Sized,
    {
    }
}

impl PerChannel for AutoAcceptConfig {
    fn channel(&self) -> &str {
        &self.channel
    }

    fn take_over(&mut self, had: Self) {
        self.agent_first_callback_auto_accept =
            self.agent_first_callback_auto_accept.or(had.agent_first_callback_auto_accept);
    }
}

impl PerChannel for AfterContactWorkConfigPerChannel {
    fn channel(&self) -> &str {
        &self.channel
    }

    fn take_over(&mut self, had: Self) {
        let callback = self.agent_first_callback_after_contact_work_config.take();
        self.agent_first_callback_after_contact_work_config =
            callback.or(had.agent_first_callback_after_contact_work_config);
    }
}

impl PerChannel for PhoneNumberConfig {
    fn channel(&self) -> &str {
        &self.channel
    }
}

impl PerChannel for PersistentConnectionConfig {
    fn channel(&self) -> &str {
        &self.channel
    }
}

impl PerChannel for VoiceEnhancementConfig {
    fn channel(&self) -> &str {
        &self.channel
    }
}

/// A list after an update with this one.
fn joined<T: PerChannel>(had: Vec<T>, mut asked: Vec<T>, left_out: LeftOut) -> Vec<T> {
    if left_out == LeftOut::Goes {
        return asked;
    }
    for had in had {
        match asked.iter_mut().find(|asked| asked.channel() == had.channel()) {
            Some(asked) => asked.take_over(had),
            None => asked.push(had),
        }
    }
    asked
}

/// The older family's settings after an update with these. They are for all channels: "UpdateUserPhoneConfig will always set
/// the same ACW timeouts to all channels the user handles" (API).
fn flatten(user: &mut User, asked: PhoneConfig, left_out: LeftOut) -> PhoneConfig {
    let had = user.phone_config.take().unwrap_or_default();
    let work = std::mem::take(&mut user.after_contact_work_configs);
    let of_voice = work.iter().find(|config| config.channel == VOICE);
    let of_voice = of_voice.and_then(|config| config.after_contact_work_config.after_contact_work_time_limit);
    if left_out == LeftOut::Goes {
        user.auto_accept_configs.clear();
        user.phone_number_configs.clear();
        user.persistent_connection_configs.clear();
        return asked;
    }
    if asked.auto_accept.is_some() {
        user.auto_accept_configs.clear();
    }
    if asked.phone_type.is_some() || asked.desk_phone_number.is_some() {
        user.phone_number_configs.clear();
    }
    if asked.persistent_connection.is_some() {
        user.persistent_connection_configs.clear();
    }
    let had_limit = had.after_contact_work_time_limit.or(of_voice);
    PhoneConfig {
        phone_type: asked.phone_type.or(had.phone_type),
        auto_accept: asked.auto_accept.or(had.auto_accept),
        after_contact_work_time_limit: asked.after_contact_work_time_limit.or(had_limit),
        desk_phone_number: asked.desk_phone_number.or(had.desk_phone_number),
        persistent_connection: asked.persistent_connection.or(had.persistent_connection),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use bytes::Bytes;
    use http::{HeaderMap, Method};
    use serde_json::{Value, json};

    use crate::agent::IdentityType::{self, ConnectManaged, Saml};
    use crate::connect::model::{IdentityInfo, PhoneConfig, User};
    use crate::simulator::{Fault, Operation, Pace, Request, Spec, Updates, Weather, World};

    /// The one user of the worlds here.
    const ID: &str = "u-1";

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_444_693 + seconds)
    }

    fn spec(identity: IdentityType, updates: Updates) -> Spec {
        Spec { identity, updates, signed: false, pace: Pace::UNLIMITED, ..Spec::default() }
    }

    fn ada() -> User {
        let text = |text: &str| Some(text.to_owned());
        User {
            id: ID.into(),
            username: "ada".into(),
            identity_info: Some(IdentityInfo {
                first_name: text("Ada"),
                last_name: text("Byron"),
                email: text("ada@example.com"),
                secondary_email: text("ada@example.org"),
                mobile: text("+441632960000"),
            }),
            phone_config: Some(PhoneConfig {
                phone_type: text("SOFT_PHONE"),
                auto_accept: Some(true),
                after_contact_work_time_limit: Some(30),
                ..PhoneConfig::default()
            }),
            tags: BTreeMap::from([("headcount:run".to_owned(), "r/1".to_owned())]),
            ..User::default()
        }
    }

    fn world(identity: IdentityType, updates: Updates) -> World {
        let mut world = World::new(spec(identity, updates), at(0));
        let mut ada = ada();
        ada.routing_profile_id = Some(world.routing_profiles[0].id.clone());
        ada.security_profile_ids = vec![world.security_profiles[0].id.clone()];
        ada.hierarchy_group_id = Some(world.groups.last().unwrap().id.clone());
        world.plant(ada, at(0));
        world
    }

    /// Asks at this time; the status, and what was answered.
    fn ask(world: &mut World, now: SystemTime, method: Method, target: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) };
        let request = Request { method, target: target.into(), headers: HeaderMap::new(), body };
        let answer = world.respond(now, &request).answer;
        let status = answer.status.as_u16();
        (status, serde_json::from_slice(&answer.body).unwrap_or(Value::Null))
    }

    /// Changes the user a minute in.
    fn change(world: &mut World, what: &str, body: &Value) -> (u16, String) {
        let target = format!("/users/{}/{ID}/{what}", world.spec.instance_id);
        let (status, answer) = ask(world, at(60), Method::POST, &target, body);
        (status, answer["message"].as_str().unwrap_or_default().to_owned())
    }

    fn tags(world: &mut World, method: Method, query: &str, body: &Value) -> u16 {
        let arn = format!("{}/agent/{ID}", world.spec.instance_arn()).replace('/', "%2F");
        ask(world, at(60), method, &format!("/tags/{arn}{query}"), body).0
    }

    fn described(world: &mut World, now: SystemTime) -> Value {
        let target = format!("/users/{}/{ID}", world.spec.instance_id);
        ask(world, now, Method::GET, &target, &Value::Null).1["User"].take()
    }

    fn searched(world: &mut World, now: SystemTime) -> Value {
        let body = json!({ "InstanceId": world.spec.instance_id });
        ask(world, now, Method::POST, "/search-users", &body).1["Users"][0].take()
    }

    fn skills(world: &mut World) -> Vec<(String, f64)> {
        world.proficiencies_of("ada").into_iter().map(|(_, value, level)| (value, level)).collect()
    }

    #[test]
    fn names_and_addresses_are_replaced_or_merged_and_cleared_or_not() {
        let names = json!({ "FirstName": "Augusta", "LastName": "King", "Mobile": "" });
        // What is left of the e-mail that is not sent, and of the mobile number that is sent as empty.
        for (updates, status, email, mobile) in [
            (Updates::REPLACE, 200, false, false),
            (Updates::MERGE, 200, true, false),
            (Updates::STUBBORN, 200, true, true),
            (Updates::STRICT, 400, true, true),
        ] {
            let mut world = world(ConnectManaged, updates);
            let answer = change(&mut world, "identity-info", &json!({ "IdentityInfo": names }));
            assert_eq!(answer.0, status, "{updates:?}: {}", answer.1);
            let info = described(&mut world, at(60))["IdentityInfo"].clone();
            assert_eq!(info["FirstName"], if status == 200 { "Augusta" } else { "Ada" }, "{updates:?}");
            assert_eq!(info["Email"].is_string(), email, "{updates:?}");
            assert_eq!(info["Mobile"].is_string(), mobile, "{updates:?}");
        }
    }

    #[test]
    fn names_and_addresses_are_held_to_the_rules_of_a_create() {
        let mut saml = world(Saml, Updates::MERGE);
        saml.edit("ada", at(0), |user| user.identity_info.as_mut().unwrap().email = None);
        let info = |member: &str, value: &str| json!({ "IdentityInfo": { member: value } });
        let mail = change(&mut saml, "identity-info", &info("Email", "ada@example.com"));
        assert!(mail.0 == 400 && mail.1.contains("SAML"), "{mail:?}");
        assert_eq!(change(&mut saml, "identity-info", &info("SecondaryEmail", "a@example.com")).0, 200);
        let mut managed = world(ConnectManaged, Updates::REPLACE);
        for (info, word) in [
            (info("FirstName", "Ada"), "LastName"),
            (json!({}), "IdentityInfo"),
            (json!({ "IdentityInfo": { "FirstName": "Ada", "LastName": "B", "Mobile": "0163" } }), "Mobile"),
        ] {
            let (status, message) = change(&mut managed, "identity-info", &info);
            assert!(status == 400 && message.contains(word), "{message}");
        }
        assert_eq!(described(&mut managed, at(60))["IdentityInfo"]["LastName"], "Byron");
    }

    #[test]
    fn a_list_of_settings_takes_the_place_of_the_older_setting_and_other_lists_stay() {
        let voice = json!({ "AfterContactWorkConfigs": [
            { "Channel": "VOICE", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 60 } },
        ] });
        for (updates, channels) in [(Updates::REPLACE, 1), (Updates::MERGE, 4)] {
            let mut world = world(ConnectManaged, updates);
            assert_eq!(change(&mut world, "config", &voice).0, 200);
            let user = described(&mut world, at(60));
            let limits = user["AfterContactWorkConfigs"].as_array().unwrap();
            let seconds =
                |entry: &Value| entry["AfterContactWorkConfig"]["AfterContactWorkTimeLimit"].clone();
            assert_eq!(limits.len(), channels, "{updates:?}");
            assert!(
                limits
                    .iter()
                    .all(|entry| { seconds(entry) == if entry["Channel"] == "VOICE" { 60 } else { 30 } })
            );
            assert_eq!(user["PhoneConfig"]["AfterContactWorkTimeLimit"], 0, "the list has it now");
            assert_eq!(user["PhoneConfig"]["AutoAccept"], true, "a list that is not sent changes nothing");
            let found = searched(&mut world, at(60));
            assert_eq!(seconds(&found["AfterContactWorkConfigs"][0]), 60_000);
        }
    }

    #[test]
    fn a_setting_of_callbacks_that_is_left_out_goes_or_stays() {
        let entry = |callback: Option<bool>| {
            json!({ "AutoAcceptConfigs": [
                { "Channel": "VOICE", "AutoAccept": true, "AgentFirstCallbackAutoAccept": callback },
            ] })
        };
        for (updates, stays) in [(Updates::REPLACE, false), (Updates::MERGE, true)] {
            let mut world = world(ConnectManaged, updates);
            assert_eq!(change(&mut world, "config", &entry(Some(true))).0, 200);
            assert_eq!(change(&mut world, "config", &entry(None)).0, 200);
            let user = described(&mut world, at(60));
            let callback = &user["AutoAcceptConfigs"][0]["AgentFirstCallbackAutoAccept"];
            assert_eq!(callback == true, stays, "{updates:?}: {user}");
        }
    }

    #[test]
    fn the_older_call_sets_one_limit_for_all_channels() {
        let channels = json!({ "AfterContactWorkConfigs": [
            { "Channel": "VOICE", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 60 } },
            { "Channel": "CHAT", "AfterContactWorkConfig": { "AfterContactWorkTimeLimit": 90 } },
        ] });
        for (updates, left) in [(Updates::REPLACE, 0), (Updates::MERGE, 60)] {
            let mut world = world(ConnectManaged, updates);
            assert_eq!(change(&mut world, "config", &channels).0, 200);
            let phone = json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE" } });
            assert_eq!(change(&mut world, "phone-config", &phone).0, 200);
            let user = described(&mut world, at(60));
            assert!(user["AfterContactWorkConfigs"].is_null(), "{user}");
            assert_eq!(user["PhoneConfig"]["AfterContactWorkTimeLimit"], left, "{updates:?}");
        }
        let mut world = world(ConnectManaged, Updates::REPLACE);
        let desk = json!({ "PhoneConfig": { "PhoneType": "DESK_PHONE" } });
        assert_eq!(change(&mut world, "phone-config", &desk).0, 400, "a desk phone has a number");
    }

    #[test]
    fn profiles_are_replaced_and_must_be_there() {
        let mut world = world(ConnectManaged, Updates::REPLACE);
        let routing = world.routing_profiles[1].clone();
        let security: Vec<String> =
            world.security_profiles.iter().map(|profile| profile.id.clone()).collect();
        let one = json!({ "RoutingProfileId": routing.arn });
        assert_eq!(change(&mut world, "routing-profile", &one).0, 200);
        let two = json!({ "SecurityProfileIds": security[1..3] });
        assert_eq!(change(&mut world, "security-profiles", &two).0, 200);
        let user = described(&mut world, at(60));
        assert_eq!(user["RoutingProfileId"], routing.id);
        assert_eq!(user["SecurityProfileIds"], json!(security[1..3]));
        let many: Vec<String> = (0..11).map(|n| format!("s-{n}")).collect();
        let twice = [&security[1], &security[1]];
        for (what, body, status) in [
            ("routing-profile", json!({ "RoutingProfileId": "r" }), 404),
            ("routing-profile", json!({}), 400),
            ("security-profiles", json!({ "SecurityProfileIds": ["s"] }), 404),
            ("security-profiles", json!({ "SecurityProfileIds": [] }), 400),
            ("security-profiles", json!({ "SecurityProfileIds": many }), 400),
            ("security-profiles", json!({ "SecurityProfileIds": twice }), 400),
        ] {
            assert_eq!(change(&mut world, what, &body).0, status, "{what} {body}");
        }
        assert_eq!(described(&mut world, at(60)), user);
    }

    #[test]
    fn without_a_group_the_user_has_none_or_keeps_it_or_is_refused() {
        for (updates, status, left) in [
            (Updates::REPLACE, 200, false),
            (Updates::MERGE, 200, false),
            (Updates::STUBBORN, 200, true),
            (Updates::STRICT, 400, true),
        ] {
            let mut world = world(ConnectManaged, updates);
            assert_eq!(change(&mut world, "hierarchy", &json!({})).0, status, "{updates:?}");
            assert_eq!(described(&mut world, at(60))["HierarchyGroupId"].is_string(), left, "{updates:?}");
            let top = world.groups[1].id.clone();
            assert_eq!(change(&mut world, "hierarchy", &json!({ "HierarchyGroupId": top })).0, 200);
            assert_eq!(described(&mut world, at(60))["HierarchyGroupId"], top);
            let root = world.groups[0].id.clone();
            assert_eq!(change(&mut world, "hierarchy", &json!({ "HierarchyGroupId": root })).0, 404);
        }
    }

    #[test]
    fn tags_are_added_to_those_that_are_there_and_taken_away_by_key() {
        let mut world = world(ConnectManaged, Updates::REPLACE);
        let put = |world: &mut World, all: &Value| tags(world, Method::POST, "", &json!({ "tags": all }));
        assert_eq!(put(&mut world, &json!({ "team": "A", "cost centre": "" })), 200);
        let there = json!({ "headcount:run": "r/1", "team": "A", "cost centre": "" });
        assert_eq!(described(&mut world, at(60))["Tags"], there);
        let many: BTreeMap<String, String> = (0..48).map(|n| (format!("k{n}"), String::new())).collect();
        for bad in [json!({}), json!({ "aws:x": "y" }), json!({ "k": "v".repeat(257) }), json!(many)] {
            assert_eq!(put(&mut world, &bad), 400, "{bad}");
        }
        let cut = |world: &mut World, query: &str| tags(world, Method::DELETE, query, &Value::Null);
        assert_eq!(cut(&mut world, "?tagKeys=cost%20centre&tagKeys=nobody"), 200);
        for bad in ["", "?tagKeys=aws:x", "?tagKeys="] {
            assert_eq!(cut(&mut world, bad), 400, "{bad}");
        }
        assert_eq!(described(&mut world, at(60))["Tags"], json!({ "headcount:run": "r/1", "team": "A" }));
    }

    #[test]
    fn a_level_is_changed_of_what_the_user_has_and_of_nothing_else() {
        let mut world = world(ConnectManaged, Updates::REPLACE);
        let skill = |value: &str, level: u8| json!({ "AttributeName": "Language", "AttributeValue": value, "Level": level });
        let all = |skills: &[Value]| json!({ "UserProficiencies": skills });
        assert_eq!(change(&mut world, "proficiencies", &all(&[skill("German", 3)])).0, 400);
        let two = all(&[skill("German", 3), skill("French", 1)]);
        assert_eq!(change(&mut world, "associate-proficiencies", &two).0, 200);
        assert_eq!(change(&mut world, "proficiencies", &all(&[skill("German", 5)])).0, 200);
        assert_eq!(skills(&mut world), [("German".into(), 5.0), ("French".into(), 1.0)]);
        let partly = all(&[skill("German", 1), skill("Spanish", 1)]);
        assert_eq!(change(&mut world, "proficiencies", &partly).0, 400, "all of it or nothing");
        assert_eq!(change(&mut world, "disassociate-proficiencies", &two).0, 200);
        assert_eq!(change(&mut world, "disassociate-proficiencies", &two).0, 200, "as it was asked for");
        assert_eq!(skills(&mut world), []);
        for what in ["associate-proficiencies", "proficiencies", "disassociate-proficiencies"] {
            assert_eq!(change(&mut world, what, &all(&[])).0, 400, "{what}");
        }
    }

    #[test]
    fn a_change_moves_the_time_of_the_last_change_and_is_not_seen_at_once() {
        let lag = Duration::from_secs(20);
        let mut world = World::new(Spec { search_lag: lag, ..spec(ConnectManaged, Updates::REPLACE) }, at(0));
        world.plant(ada(), at(0));
        let before = described(&mut world, at(60));
        let name = json!({ "IdentityInfo": { "FirstName": "Ada", "LastName": "King" } });
        assert_eq!(change(&mut world, "identity-info", &name).0, 200);
        // A second change while the first is unseen: what is shown does not go back and forth.
        let target = format!("/users/{}/{ID}/identity-info", world.spec.instance_id);
        let info = json!({ "IdentityInfo": { "FirstName": "Ada", "LastName": "Lovelace" } });
        assert_eq!(ask(&mut world, at(70), Method::POST, &target, &info).0, 200);
        for seconds in [60, 79, 89] {
            assert_eq!(described(&mut world, at(seconds)), before, "{seconds}");
            assert_eq!(searched(&mut world, at(seconds))["IdentityInfo"]["LastName"], "Byron");
        }
        let after = described(&mut world, at(90));
        assert_eq!(after["IdentityInfo"]["LastName"], "Lovelace");
        assert_eq!(after["LastModifiedTime"], 1_795_444_763.0);
        let target = format!("/users-summary/{}", world.spec.instance_id);
        let listed = ask(&mut world, at(90), Method::GET, &target, &Value::Null).1;
        assert_eq!(listed["UserSummaryList"][0]["LastModifiedTime"], after["LastModifiedTime"]);
    }

    #[test]
    fn what_befalls_a_change_is_ordered_by_its_operation() {
        let mut world = world(ConnectManaged, Updates::REPLACE);
        world.order_for(Operation::UpdateUserHierarchy, [Fault::CROSSED, Fault::ErrorAfter]);
        world.order_for(Operation::TagResource, [Fault::ErrorBefore]);
        let none = json!({});
        assert_eq!(change(&mut world, "hierarchy", &none).0, 409);
        assert!(described(&mut world, at(60))["HierarchyGroupId"].is_string());
        assert_eq!(change(&mut world, "hierarchy", &none).0, 500);
        assert!(described(&mut world, at(60))["HierarchyGroupId"].is_null(), "done all the same");
        assert_eq!(tags(&mut world, Method::POST, "", &json!({ "tags": { "a": "b" } })), 500);
        assert_eq!(described(&mut world, at(60))["Tags"], json!({ "headcount:run": "r/1" }));
        let calls = world.stats().of(Operation::UpdateUserHierarchy);
        assert_eq!((calls.called, calls.executed, calls.lost), (2, 1, 1));
    }

    #[test]
    fn people_at_work_in_the_console_change_users_within_the_rules_and_by_the_seed() {
        let run = |seed: u64| {
            let weather = Weather { edits: 0.5, ..Weather::calm() };
            let mut world =
                World::new(Spec { seed, weather, ..spec(ConnectManaged, Updates::REPLACE) }, at(0));
            let mut ada = ada();
            ada.security_profile_ids = vec![world.security_profiles[0].id.clone()];
            world.plant(ada, at(0));
            (0..400).for_each(|second| drop(described(&mut world, at(second))));
            let user = world.everyone().next().unwrap().clone();
            (world.console_edits().to_vec(), user)
        };
        let (edits, user) = run(7);
        assert!((100..300).contains(&edits.len()), "{}", edits.len());
        for operation in Operation::ALL.into_iter().filter(|operation| operation.changes_a_user()) {
            let seldom = ["Associate", "Disassociate", "Untag", "UpdateUserPhone"];
            let is_made = !seldom.iter().any(|name| operation.name().starts_with(name));
            assert_eq!(edits.iter().any(|edit| edit.what == operation.name()), is_made, "{operation}");
        }
        assert!((1..=10).contains(&user.security_profile_ids.len()));
        assert_eq!(user.tags["headcount:run"], "r/1");
        assert_eq!(user.username, "ada");
        assert_eq!(run(7), (edits.clone(), user));
        assert_ne!(run(8).0, edits);
    }
}
