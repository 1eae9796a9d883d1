//! The canonical form: each member that a user can differ in, with its value as text, whoever wrote it down.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use unicode_normalization::UnicodeNormalization as _;

use crate::agent::{Channel, PROVENANCE};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PersistentConnectionConfig, PhoneConfig, PhoneNumberConfig, User, UserProficiency,
    VoiceEnhancementConfig,
};
use crate::ledger::Step;

/// What of a user belongs together: what one call of the service writes, so what is compared, told and written as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Names, addresses, the id in the directory.
    Identity,
    /// Phone, auto-accept, after-contact work, persistent connection, voice enhancement; both families.
    Config,
    /// The one routing profile.
    RoutingProfile,
    /// The set of security profiles.
    SecurityProfiles,
    /// The hierarchy group.
    Hierarchy,
    /// The tags, without the provenance tag and those of AWS.
    Tags,
    /// The proficiencies, which CreateUser has no member for.
    Proficiencies,
}

impl Group {
    /// All seven, in the order of [`Member`]'s.
    pub const ALL: [Group; 7] = [
        Self::Identity,
        Self::Config,
        Self::RoutingProfile,
        Self::SecurityProfiles,
        Self::Hierarchy,
        Self::Tags,
        Self::Proficiencies,
    ];

    /// The word for it in ledgers and events.
    pub const fn as_word(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Config => "config",
            Self::RoutingProfile => "routing_profile",
            Self::SecurityProfiles => "security_profiles",
            Self::Hierarchy => "hierarchy",
            Self::Tags => "tags",
            Self::Proficiencies => "proficiencies",
        }
    }
}

impl Group {
    /// The group of a word, as people write it: `routing-profile` as well.
    pub fn of_word(word: &str) -> Option<Self> {
        let word = word.trim().to_lowercase().replace(['-', ' '], "_");
        Self::ALL.into_iter().find(|group| group.as_word() == word)
    }

    /// The words for it, for people.
    pub fn words(self) -> String {
        self.as_word().replace('_', " ")
    }
}

/// A ledger has the same groups, by the same words.
impl From<Group> for Step {
    fn from(group: Group) -> Self {
        match group {
            Group::Identity => Self::Identity,
            Group::Config => Self::Config,
            Group::RoutingProfile => Self::RoutingProfile,
            Group::SecurityProfiles => Self::SecurityProfiles,
            Group::Hierarchy => Self::Hierarchy,
            Group::Tags => Self::Tags,
            Group::Proficiencies => Self::Proficiencies,
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_word())
    }
}

/// One thing that two users can differ in. A channel is the service's own word, known to us or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Member {
    /// `IdentityInfo.FirstName`, NFC.
    FirstName,
    /// `IdentityInfo.LastName`, NFC.
    LastName,
    /// `IdentityInfo.Email`.
    Email,
    /// `IdentityInfo.SecondaryEmail`.
    SecondaryEmail,
    /// `IdentityInfo.Mobile`.
    Mobile,
    /// `DirectoryUserId`.
    DirectoryUserId,
    /// `SOFT_PHONE` or `DESK_PHONE`.
    PhoneType(String),
    /// The number of a desk phone; a softphone has none, whatever is noted down for it.
    PhoneNumber(String),
    /// `true` or `false`.
    AutoAccept(String),
    /// `true` or `false`, for agent-first callbacks.
    CallbackAutoAccept(String),
    /// Seconds, 0 for no limit.
    AfterContactWork(String),
    /// Seconds, 0 for no limit, for agent-first callbacks.
    CallbackAfterContactWork(String),
    /// `true` or `false`.
    PersistentConnection(String),
    /// `VOICE_ISOLATION`, `NOISE_SUPPRESSION` or `NONE`.
    VoiceEnhancement(String),
    /// The id.
    RoutingProfile,
    /// The ids, sorted.
    SecurityProfiles,
    /// The id.
    HierarchyGroup,
    /// The value under this key; an empty value is one.
    Tag(String),
    /// The level of this attribute and value.
    Proficiency(String, String),
}

impl Member {
    /// The group that it belongs to.
    pub(crate) const fn group(&self) -> Group {
        match self {
            Self::FirstName
            | Self::LastName
            | Self::Email
            | Self::SecondaryEmail
            | Self::Mobile
            | Self::DirectoryUserId => Group::Identity,
            Self::PhoneType(_)
            | Self::PhoneNumber(_)
            | Self::AutoAccept(_)
            | Self::CallbackAutoAccept(_)
            | Self::AfterContactWork(_)
            | Self::CallbackAfterContactWork(_)
            | Self::PersistentConnection(_)
            | Self::VoiceEnhancement(_) => Group::Config,
            Self::RoutingProfile => Group::RoutingProfile,
            Self::SecurityProfiles => Group::SecurityProfiles,
            Self::HierarchyGroup => Group::Hierarchy,
            Self::Tag(_) => Group::Tags,
            Self::Proficiency(..) => Group::Proficiencies,
        }
    }

    /// What the service has where nothing was asked for (AWS CLI, `examples/connect/describe-user.rst`: a softphone that
    /// accepts nothing by itself, without a limit of after-contact work).
    pub(super) const fn service_default(&self) -> Option<&'static str> {
        match self {
            Self::PhoneType(_) => Some("SOFT_PHONE"),
            Self::AutoAccept(_) | Self::CallbackAutoAccept(_) | Self::PersistentConnection(_) => {
                Some("false")
            }
            Self::AfterContactWork(_) | Self::CallbackAfterContactWork(_) => Some("0"),
            Self::VoiceEnhancement(_) => Some("NONE"),
            Self::FirstName
            | Self::LastName
            | Self::Email
            | Self::SecondaryEmail
            | Self::Mobile
            | Self::DirectoryUserId
            | Self::PhoneNumber(_)
            | Self::RoutingProfile
            | Self::SecurityProfiles
            | Self::HierarchyGroup
            | Self::Tag(_)
            | Self::Proficiency(..) => None,
        }
    }
}

/// The words that a roster's columns have for it.
impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (words, of) = match self {
            Self::FirstName => ("first name", ""),
            Self::LastName => ("last name", ""),
            Self::Email => ("email address", ""),
            Self::SecondaryEmail => ("secondary email", ""),
            Self::Mobile => ("mobile", ""),
            Self::DirectoryUserId => ("directory user id", ""),
            Self::PhoneType(channel) => ("phone type", channel.as_str()),
            Self::PhoneNumber(channel) => ("phone number", channel.as_str()),
            Self::AutoAccept(channel) => ("auto accept", channel.as_str()),
            Self::CallbackAutoAccept(channel) => ("agent first callback auto accept", channel.as_str()),
            Self::AfterContactWork(channel) => ("ACW timeout", channel.as_str()),
            Self::CallbackAfterContactWork(channel) => ("agent first callback ACW timeout", channel.as_str()),
            Self::PersistentConnection(channel) => ("persistent connection", channel.as_str()),
            Self::VoiceEnhancement(channel) => ("audio enhancement", channel.as_str()),
            Self::RoutingProfile => ("routing profile", ""),
            Self::SecurityProfiles => ("security profiles", ""),
            Self::HierarchyGroup => ("hierarchy", ""),
            Self::Tag(key) => return write!(f, "tag {key}"),
            Self::Proficiency(attribute, value) => return write!(f, "proficiency {attribute}:{value}"),
        };
        match of {
            "" => f.write_str(words),
            channel => write!(f, "{words} {}", channel.to_lowercase()),
        }
    }
}

/// What a member is said to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) text: String,
    /// The service's default fits as well: see [`Members::all_channels`].
    pub(super) or_default: bool,
}

/// A user in the one form in which two are compared.
///
/// It holds what is said of each member, and nothing where nothing is said: a request that does not ask for a member gets
/// the service's default, which is not the same as asking for it where a user is there already. Hence no `==`: two are
/// compared by [`differences`](super::differ::differences).
#[derive(Clone, Debug)]
pub(crate) struct Canonical {
    members: BTreeMap<Member, Said>,
    /// Whether proficiencies are part of it, none of them included.
    has_proficiencies: bool,
}

impl Canonical {
    /// The user that a request asks for, with the proficiencies that are to follow it; `None` where they are not compared.
    pub(crate) fn wanted(body: &CreateUser, proficiencies: Option<&[UserProficiency]>) -> Self {
        let CreateUser {
            username: _, // by it the two were found to be compared
            password: _, // cannot be read back, and is told to nobody
            identity_info,
            phone_config,
            directory_user_id,
            security_profile_ids,
            routing_profile_id,
            hierarchy_group_id,
            auto_accept_configs,
            after_contact_work_configs,
            phone_number_configs,
            persistent_connection_configs,
            voice_enhancement_configs,
            tags,
        } = body;
        let mut members = Members::default();
        members.identity(identity_info.as_ref(), directory_user_id.as_deref());
        members.phones(phone_config.as_ref(), phone_number_configs);
        members.auto_accept(phone_config.as_ref(), auto_accept_configs);
        members.after_contact_work(phone_config.as_ref(), after_contact_work_configs);
        members.persistent_connection(phone_config.as_ref(), persistent_connection_configs);
        members.voice_enhancement(voice_enhancement_configs);
        members.set(Member::RoutingProfile, id_of(routing_profile_id));
        members.security_profiles(security_profile_ids);
        members.set(Member::HierarchyGroup, hierarchy_group_id.as_deref().map_or("", id_of));
        members.tags(tags);
        members.finish(proficiencies)
    }

    /// A user as DescribeUser shows it, with what ListUserProficiencies lists; `None` where that was not asked.
    pub(crate) fn described(user: &User, proficiencies: Option<&[UserProficiency]>) -> Self {
        let User {
            id: _, // the service's own
            arn: _,
            username: _, // by it the two were found to be compared
            identity_info,
            phone_config,
            directory_user_id,
            security_profile_ids,
            routing_profile_id,
            hierarchy_group_id,
            auto_accept_configs,
            after_contact_work_configs,
            phone_number_configs,
            persistent_connection_configs,
            voice_enhancement_configs,
            tags,
            last_modified_time: _, // when, not what
            last_modified_region: _,
        } = user;
        let mut members = Members::default();
        members.identity(identity_info.as_ref(), directory_user_id.as_deref());
        members.phones(phone_config.as_ref(), phone_number_configs);
        members.auto_accept(phone_config.as_ref(), auto_accept_configs);
        members.after_contact_work(phone_config.as_ref(), after_contact_work_configs);
        members.persistent_connection(phone_config.as_ref(), persistent_connection_configs);
        members.voice_enhancement(voice_enhancement_configs);
        members.set(Member::RoutingProfile, routing_profile_id.as_deref().map_or("", id_of));
        members.security_profiles(security_profile_ids);
        members.set(Member::HierarchyGroup, hierarchy_group_id.as_deref().map_or("", id_of));
        members.tags(tags);
        members.finish(proficiencies)
    }

    /// The members of which something is said.
    pub(crate) fn said(&self) -> impl Iterator<Item = &Member> {
        self.members.keys()
    }

    /// Whether something is said of the member.
    pub(crate) fn says(&self, member: &Member) -> bool {
        self.members.contains_key(member)
    }

    /// A user of which the proficiencies alone are known.
    pub(super) fn of_proficiencies(proficiencies: &[UserProficiency]) -> Self {
        Members::default().finish(Some(proficiencies))
    }

    /// Says something of a member.
    pub(super) fn say(&mut self, member: Member, text: String) {
        self.members.insert(member, Said { text, or_default: false });
    }

    /// Says nothing any more but of these groups.
    pub(super) fn keep(&mut self, groups: &BTreeSet<Group>) {
        self.members.retain(|member, _| groups.contains(&member.group()));
        self.has_proficiencies &= groups.contains(&Group::Proficiencies);
    }

    /// Says nothing any more of these members.
    pub(super) fn drop_members(&mut self, is_dropped: fn(&Member) -> bool) {
        self.members.retain(|member, _| !is_dropped(member));
    }

    /// What is said of the member, where anything is.
    pub(super) fn said_of(&self, member: &Member) -> Option<&str> {
        self.members.get(member).map(|said| said.text.as_str())
    }

    /// Whether the member can be told at all by what this was made of.
    pub(super) fn can_tell(&self, member: &Member) -> bool {
        member.group() != Group::Proficiencies || self.has_proficiencies
    }

    /// The member's value, the service's default where nothing is said; `None` where it has none.
    pub(crate) fn value(&self, member: &Member) -> Option<&str> {
        self.members.get(member).map(|said| said.text.as_str()).or(member.service_default())
    }

    /// The values that the member may have.
    pub(super) fn values(&self, member: &Member) -> [Option<&str>; 2] {
        let hedged = self.members.get(member).is_some_and(|said| said.or_default);
        let value = self.value(member);
        [value, if hedged { member.service_default() } else { value }]
    }
}

/// A canonical user in the making.
#[derive(Default)]
struct Members(BTreeMap<Member, Said>);

impl Members {
    /// Says something of a member; an empty text says nothing: DescribeUser has `""` where there is nothing.
    fn set(&mut self, member: Member, text: &str) {
        if !text.is_empty() {
            self.0.insert(member, Said { text: text.to_owned(), or_default: false });
        }
    }

    /// Names are in Normalization Form C on the instance (CreateUser); so they are here.
    fn identity(&mut self, info: Option<&IdentityInfo>, directory_user_id: Option<&str>) {
        self.set(Member::DirectoryUserId, directory_user_id.unwrap_or_default());
        let Some(info) = info else { return };
        let IdentityInfo { first_name, last_name, email, secondary_email, mobile } = info;
        let composed = |name: &Option<String>| name.as_deref().unwrap_or_default().nfc().collect::<String>();
        self.set(Member::FirstName, &composed(first_name));
        self.set(Member::LastName, &composed(last_name));
        self.set(Member::Email, email.as_deref().unwrap_or_default());
        self.set(Member::SecondaryEmail, secondary_email.as_deref().unwrap_or_default());
        self.set(Member::Mobile, mobile.as_deref().unwrap_or_default());
    }

    /// The older family knows one phone, that of voice. A number is that of a desk phone or of nothing.
    fn phones(&mut self, older: Option<&PhoneConfig>, newer: &[PhoneNumberConfig]) {
        let mut phones: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
        if let Some(older) = older {
            let PhoneConfig {
                phone_type,
                desk_phone_number,
                auto_accept: _, // each in its own place
                after_contact_work_time_limit: _,
                persistent_connection: _,
            } = older;
            let (kind, number) = (phone_type.as_deref(), desk_phone_number.as_deref());
            phones.insert(VOICE, (kind.unwrap_or_default(), number.unwrap_or_default()));
        }
        for PhoneNumberConfig { channel, phone_type, phone_number } in newer {
            phones.insert(channel, (phone_type, phone_number.as_deref().unwrap_or_default()));
        }
        for (channel, (kind, number)) in phones {
            self.set(Member::PhoneType(channel.to_owned()), kind);
            if kind == "DESK_PHONE" {
                self.set(Member::PhoneNumber(channel.to_owned()), number);
            }
        }
    }

    fn auto_accept(&mut self, older: Option<&PhoneConfig>, newer: &[AutoAcceptConfig]) {
        if let Some(of_all) = older.and_then(|older| older.auto_accept) {
            let is_listed = newer.iter().any(|config| config.auto_accept == of_all);
            self.all_channels(Member::AutoAccept, &of_all.to_string(), is_listed);
        }
        for AutoAcceptConfig { channel, auto_accept, agent_first_callback_auto_accept } in newer {
            self.set(Member::AutoAccept(channel.clone()), &auto_accept.to_string());
            if let Some(accept) = agent_first_callback_auto_accept {
                self.set(Member::CallbackAutoAccept(channel.clone()), &accept.to_string());
            }
        }
    }

    fn after_contact_work(
        &mut self,
        older: Option<&PhoneConfig>,
        newer: &[AfterContactWorkConfigPerChannel],
    ) {
        if let Some(of_all) = older.and_then(|older| older.after_contact_work_time_limit) {
            let of_all = of_all.to_string();
            let is_listed = newer.iter().any(|config| limit(&config.after_contact_work_config) == of_all);
            self.all_channels(Member::AfterContactWork, &of_all, is_listed);
        }
        for config in newer {
            let AfterContactWorkConfigPerChannel {
                channel,
                after_contact_work_config: own,
                agent_first_callback_after_contact_work_config: callback,
            } = config;
            self.set(Member::AfterContactWork(channel.clone()), &limit(own));
            if let Some(callback) = callback {
                self.set(Member::CallbackAfterContactWork(channel.clone()), &limit(callback));
            }
        }
    }

    fn persistent_connection(&mut self, older: Option<&PhoneConfig>, newer: &[PersistentConnectionConfig]) {
        if let Some(kept) = older.and_then(|older| older.persistent_connection) {
            self.set(Member::PersistentConnection(VOICE.to_owned()), &kept.to_string());
        }
        for PersistentConnectionConfig { channel, persistent_connection } in newer {
            self.set(Member::PersistentConnection(channel.clone()), &persistent_connection.to_string());
        }
    }

    fn voice_enhancement(&mut self, configs: &[VoiceEnhancementConfig]) {
        for VoiceEnhancementConfig { channel, voice_enhancement_mode } in configs {
            self.set(Member::VoiceEnhancement(channel.clone()), voice_enhancement_mode);
        }
    }

    /// A setting of the older family is that of every channel (API, UpdateUserPhoneConfig: "applies the same ACW timeout
    /// to all channels"), but for those that a list beside it has. Where a channel is listed with the same, nobody has
    /// written whether the older family is the setting of the others or mirrors just this one, and they are at their
    /// default. Either is then taken for what was asked: a user of ours must not be called another's for how it is shown.
    fn all_channels(&mut self, member: fn(String) -> Member, of_all: &str, is_listed: bool) {
        for channel in Channel::ALL {
            let said = Said { text: of_all.to_owned(), or_default: is_listed };
            self.0.insert(member(channel.as_api().to_owned()), said);
        }
    }

    fn security_profiles(&mut self, ids: &[String]) {
        let ids: BTreeSet<&str> = ids.iter().map(|id| id_of(id)).collect();
        self.set(Member::SecurityProfiles, &ids.into_iter().collect::<Vec<_>>().join(", "));
    }

    /// Without the provenance tag, which each attempt has of its own, and those of AWS, which nobody can set.
    fn tags(&mut self, tags: &BTreeMap<String, String>) {
        for (key, value) in tags {
            if key != PROVENANCE && !key.starts_with("aws:") {
                let said = Said { text: value.clone(), or_default: false };
                self.0.insert(Member::Tag(key.clone()), said);
            }
        }
    }

    fn finish(mut self, proficiencies: Option<&[UserProficiency]>) -> Canonical {
        for UserProficiency { attribute_name, attribute_value, level } in proficiencies.unwrap_or_default() {
            let member = Member::Proficiency(attribute_name.clone(), attribute_value.clone());
            self.set(member, &level.to_string());
        }
        Canonical { members: self.0, has_proficiencies: proficiencies.is_some() }
    }
}

const VOICE: &str = Channel::Voice.as_api();

/// The seconds of a channel that is listed; without any it has no limit, whatever the older family says of all.
fn limit(config: &AfterContactWorkConfig) -> String {
    let AfterContactWorkConfig { after_contact_work_time_limit } = config;
    after_contact_work_time_limit.unwrap_or_default().to_string()
}

/// The id in an ARN; the service takes either (AWS's own CloudFormation handler for users sends ARNs).
fn id_of(given: &str) -> &str {
    if given.starts_with("arn:") { given.rsplit('/').next().unwrap_or(given) } else { given }
}
