//! An agent becomes the body of a CreateUser request. Pure.

use crate::agent::{Agent, PhoneType, VoiceEnhancement};
use crate::connect::model::{CreateUser, IdentityInfo, PhoneConfig, VoiceEnhancementConfig};
use crate::directory::{Directory, Lookup};

/// The value of the provenance tag.
pub fn provenance(run: &str, attempt: u32) -> String {
    format!("{run}/{attempt}")
}

/// Reads a provenance tag's value back.
pub fn read_provenance(value: &str) -> Option<(&str, u32)> {
    let (run, attempt) = value.rsplit_once('/')?;
    attempt.parse().ok().map(|attempt| (run, attempt))
}

/// Builds the body of an agent's request, without the provenance tag, whose value each attempt has of its own.
///
/// `None` where a name is not on the instance: `validate` has checked them, so the directory has changed since.
/// The phone settings are all of the older family (`PhoneConfig`), never mixed with the per-channel one.
pub fn create_user(agent: &Agent, directory: &Directory) -> Option<CreateUser> {
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
    let phone = PhoneConfig {
        phone_type: agent.phone_type.map(|kind| match kind {
            PhoneType::Soft => "SOFT_PHONE".to_owned(),
            PhoneType::Desk => "DESK_PHONE".to_owned(),
        }),
        auto_accept: agent.auto_accept,
        after_contact_work_time_limit: agent.after_contact_work_seconds.map(i64::from),
        desk_phone_number: agent.phone_number.clone(),
        persistent_connection: agent.persistent_connection,
    };
    let enhancement = agent.voice_enhancement.map(|mode| VoiceEnhancementConfig {
        channel: "VOICE".into(),
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
        routing_profile_id: found(directory.routing_profile(&agent.routing_profile))?,
        hierarchy_group_id: hierarchy,
        voice_enhancement_configs: enhancement.into_iter().collect(),
        tags: agent.tags.clone(),
        ..CreateUser::default()
    })
}

#[cfg(test)]
mod tests {
    use super::{provenance, read_provenance};

    #[test]
    fn a_provenance_tag_is_read_back_and_anything_else_is_not_one() {
        assert_eq!(read_provenance(&provenance("6f1c-x", 17)), Some(("6f1c-x", 17)));
        for not in ["", "6f1c", "6f1c/", "6f1c/x", "6f1c/-1", "6f1c/4294967296"] {
            assert_eq!(read_provenance(not), None, "{not}");
        }
    }
}
