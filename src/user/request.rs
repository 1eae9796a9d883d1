//! An agent becomes the body of a CreateUser request. Pure.

use crate::agent::{Agent, Channel, PhoneType, VoiceEnhancement};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, UserProficiency, VoiceEnhancementConfig,
};
use crate::directory::{Directory, Lookup};

/// Builds the body of an agent's request, without the provenance tag, whose value each attempt has of its own.
///
/// `None` where a name is not on the instance: `validate` has checked them, so the directory has changed since.
/// Of members that "cannot be set simultaneously" (API, CreateUser) the per-channel one is sent where the row has any of
/// it, else the older one of `PhoneConfig`: never both, whatever the agent has.
pub fn create_user(agent: &Agent, directory: &Directory) -> Option<CreateUser> {
    // Nobody is made without a routing profile; a row about somebody who is there need not name one.
    body(agent, directory).filter(|body| !body.routing_profile_id.is_empty())
}

/// The same of a row about somebody who is there, which need not say everything: what it leaves out is empty.
pub(super) fn body(agent: &Agent, directory: &Directory) -> Option<CreateUser> {
    let found = |lookup: Lookup| match lookup {
        Lookup::Found(id) => Some(id.to_owned()),
        Lookup::Ambiguous(_) | Lookup::Unknown(_) => None,
    };
    let security_profiles =
        agent.security_profiles.iter().map(|name| found(directory.security_profile(name)));
    let hierarchy = match &agent.hierarchy {
        Some(path) => Some(found(directory.hierarchy_group(path.iter().map(String::as_str)))?),
        None => None,
    };
    let identity = IdentityInfo {
        first_name: agent.first_name.clone(),
        last_name: agent.last_name.clone(),
        email: agent.email.clone(),
        secondary_email: agent.secondary_email.clone(),
        mobile: agent.mobile.clone(),
    };
    let auto_accept = auto_accept(agent);
    let after_contact_work = after_contact_work(agent);
    let phone_numbers: Vec<_> = phone_number(agent).into_iter().collect();
    let persistent_connection: Vec<_> = persistent_connection(agent).into_iter().collect();
    let seconds = agent.after_contact_work_seconds.map(i64::from);
    let phone = PhoneConfig {
        phone_type: agent.phone_type.filter(|_| phone_numbers.is_empty()).map(phone_type),
        auto_accept: agent.auto_accept.filter(|_| auto_accept.is_empty()),
        after_contact_work_time_limit: seconds.filter(|_| after_contact_work.is_empty()),
        desk_phone_number: agent.phone_number.clone().filter(|_| phone_numbers.is_empty()),
        persistent_connection: agent.persistent_connection.filter(|_| persistent_connection.is_empty()),
    };
    let enhancement = agent.voice_enhancement.map(|mode| VoiceEnhancementConfig {
        channel: Channel::Voice.as_api().into(),
        voice_enhancement_mode: match mode {
            VoiceEnhancement::None => "NONE",
            VoiceEnhancement::VoiceIsolation => "VOICE_ISOLATION",
            VoiceEnhancement::NoiseSuppression => "NOISE_SUPPRESSION",
        }
        .into(),
    });
    Some(CreateUser {
        username: agent.username.clone(),
        password: agent.password.clone(),
        identity_info: (identity != IdentityInfo::default()).then_some(identity),
        phone_config: (phone != PhoneConfig::default()).then_some(phone),
        directory_user_id: agent.directory_user_id.clone(),
        security_profile_ids: security_profiles.collect::<Option<_>>()?,
        routing_profile_id: match agent.routing_profile.as_str() {
            "" => String::new(),
            name => found(directory.routing_profile(name))?,
        },
        hierarchy_group_id: hierarchy,
        auto_accept_configs: auto_accept,
        after_contact_work_configs: after_contact_work,
        phone_number_configs: phone_numbers,
        persistent_connection_configs: persistent_connection,
        voice_enhancement_configs: enhancement.into_iter().collect(),
        tags: agent.tags.clone(),
    })
}

/// What AssociateUserProficiencies is to give an agent's user after its creation.
pub fn proficiencies(agent: &Agent) -> Vec<UserProficiency> {
    let one = |proficiency: &crate::agent::Proficiency| UserProficiency {
        attribute_name: proficiency.attribute.clone(),
        attribute_value: proficiency.value.clone(),
        level: f32::from(proficiency.level),
    };
    agent.proficiencies.iter().map(one).collect()
}

fn auto_accept(agent: &Agent) -> Vec<AutoAcceptConfig> {
    let callback = |channel| agent.callback_auto_accept.filter(|_| channel == Channel::Voice);
    let one = |(&channel, &auto_accept): (&Channel, &bool)| AutoAcceptConfig {
        channel: channel.as_api().into(),
        auto_accept,
        agent_first_callback_auto_accept: callback(channel),
    };
    agent.channel_auto_accept.iter().map(one).collect()
}

fn after_contact_work(agent: &Agent) -> Vec<AfterContactWorkConfigPerChannel> {
    let limit = |seconds: u32| AfterContactWorkConfig { after_contact_work_time_limit: Some(seconds.into()) };
    let callback =
        |channel| agent.callback_after_contact_work_seconds.filter(|_| channel == Channel::Voice).map(limit);
    let one = |(&channel, &seconds): (&Channel, &u32)| AfterContactWorkConfigPerChannel {
        channel: channel.as_api().into(),
        after_contact_work_config: limit(seconds),
        agent_first_callback_after_contact_work_config: callback(channel),
    };
    agent.channel_after_contact_work_seconds.iter().map(one).collect()
}

fn phone_number(agent: &Agent) -> Option<PhoneNumberConfig> {
    agent.voice_phone_type.map(|kind| PhoneNumberConfig {
        channel: Channel::Voice.as_api().into(),
        phone_type: phone_type(kind),
        phone_number: agent.voice_phone_number.clone(),
    })
}

fn persistent_connection(agent: &Agent) -> Option<PersistentConnectionConfig> {
    agent.voice_persistent_connection.map(|persistent_connection| PersistentConnectionConfig {
        channel: Channel::Voice.as_api().into(),
        persistent_connection,
    })
}

fn phone_type(kind: PhoneType) -> String {
    match kind {
        PhoneType::Soft => "SOFT_PHONE".to_owned(),
        PhoneType::Desk => "DESK_PHONE".to_owned(),
    }
}
