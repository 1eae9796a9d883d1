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
