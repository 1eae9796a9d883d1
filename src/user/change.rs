//! The calls that make a user what a row asks for, group by group. Pure.
//!
//! What a call replaces and what it merges is not written down for each (API, UpdateUserIdentityInfo, UpdateUserConfig), so
//! that what is sent is whole and comes to the same either way: a member or list that does not change is sent as it was
//! read, or its list is left out.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::{Canonical, Group, Member};
use super::held::Found;
use super::wish::Wish;
use crate::agent::{Channel, PROVENANCE};
use crate::connect::Operation;
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, IdentityInfo,
    PersistentConnectionConfig, PhoneNumberConfig, User, UserConfig, UserProficiency, VoiceEnhancementConfig,
};

/// How an address is taken away: nobody has written down which of the two does it, so that the one is tried after the
/// other, and the user read back after each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clearing {
    /// It is left out of what is sent, which clears it where a call replaces.
    LeftOut,
    /// It is sent empty, which clears it where a call merges.
    Empty,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Change {
    /// All of the identity, as read but for what is asked for.
    Identity(IdentityInfo),
    /// The lists of settings that change, each whole.
    Config(UserConfig),
    /// The routing profile's id.
    RoutingProfile(String),
    /// The ids of all security profiles.
    SecurityProfiles(Vec<String>),
    /// The hierarchy group's id; `None` for none.
    Hierarchy(Option<String>),
    /// Tags that are added or have another value.
    Tag(BTreeMap<String, String>),
    /// The keys of tags that go.
    Untag(Vec<String>),
    /// Proficiencies that are added.
    Associate(Vec<UserProficiency>),
    /// Proficiencies that have another level.
    Level(Vec<UserProficiency>),
    /// Proficiencies that go; their level is not sent.
    Disassociate(Vec<UserProficiency>),
}

impl Change {
    /// The operation that it is a call of.
    pub(crate) const fn operation(&self) -> Operation {
        match self {
            Self::Identity(_) => Operation::UpdateUserIdentityInfo,
            Self::Config(_) => Operation::UpdateUserConfig,
            Self::RoutingProfile(_) => Operation::UpdateUserRoutingProfile,
            Self::SecurityProfiles(_) => Operation::UpdateUserSecurityProfiles,
            Self::Hierarchy(_) => Operation::UpdateUserHierarchy,
            Self::Tag(_) => Operation::TagResource,
            Self::Untag(_) => Operation::UntagResource,
            Self::Associate(_) => Operation::AssociateUserProficiencies,
            Self::Level(_) => Operation::UpdateUserProficiencies,
            Self::Disassociate(_) => Operation::DisassociateUserProficiencies,
        }
    }
}

/// The most tags that a user may have (Amazon Connect API reference, TagResource).
const MOST_TAGS: usize = 50;

/// The calls that make a group of a user what is asked for, in the order in which they are made; none where it is so. The
/// primary address changes only where that `email` is allowed.
pub(crate) fn changes(
    wish: &Wish,
    found: &Found,
    group: Group,
    clearing: Clearing,
    email: bool,
) -> Vec<Change> {
    let there = Canonical::described(&found.user, found.proficiencies.as_deref());
    let differing: BTreeSet<Member> = wish
        .differences(&there)
        .into_iter()
        .map(|difference| difference.member)
        .filter(|member| member.group() == group && (email || *member != Member::Email))
        .collect();
    if differing.is_empty() {
        return Vec::new();
    }
    let desired = wish.desired(&there, group);
    match group {
        Group::Identity => {
            vec![Change::Identity(identity(&found.user, &desired, &differing, clearing))]
        }
        Group::Config => vec![Change::Config(config(&found.user, &there, &desired, &differing))],
        Group::RoutingProfile => desired.into_values().map(Change::RoutingProfile).collect(),
        Group::SecurityProfiles => desired
            .into_values()
            .map(|ids| Change::SecurityProfiles(ids.split(", ").map(str::to_owned).collect()))
            .collect(),
        Group::Hierarchy => vec![Change::Hierarchy(desired.into_values().next())],
        Group::Tags => tags(&found.user, &desired, &differing),
        Group::Proficiencies => proficiencies(&there, &desired, &differing),
    }
}

/// Whether a set of security profiles has any that another has not: then the user's rights grow.
pub(crate) fn adds_rights(wish: &Wish, found: &Canonical) -> bool {
    let set = |members: &BTreeMap<Member, String>| -> BTreeSet<String> {
        members.values().flat_map(|ids| ids.split(", ")).map(str::to_owned).collect()
    };
    let there: BTreeMap<Member, String> = super::wish::of_group(found, Group::SecurityProfiles).collect();
    let desired = wish.desired(found, Group::SecurityProfiles);
    !set(&desired).is_subset(&set(&there))
}

fn identity(
    user: &User,
    desired: &BTreeMap<Member, String>,
    differing: &BTreeSet<Member>,
    clearing: Clearing,
) -> IdentityInfo {
    let read = user.identity_info.clone().unwrap_or_default();
    let kept = |value: Option<String>| value.filter(|value| !value.is_empty());
    let value =
        |member: Member, read: Option<String>| match (differing.contains(&member), desired.get(&member)) {
            (false, _) => kept(read),
            (true, Some(wanted)) => Some(wanted.clone()),
            (true, None) => (clearing == Clearing::Empty).then(String::new),
        };
    IdentityInfo {
        first_name: value(Member::FirstName, read.first_name),
        last_name: value(Member::LastName, read.last_name),
        email: value(Member::Email, read.email),
        secondary_email: value(Member::SecondaryEmail, read.secondary_email),
        mobile: value(Member::Mobile, read.mobile),
    }
}

/// The lists in which anything differs, each whole: every channel of which anything is known.
fn config(
    user: &User,
    there: &Canonical,
    desired: &BTreeMap<Member, String>,
    differing: &BTreeSet<Member>,
) -> UserConfig {
    let differs = |is_of: fn(&Member) -> bool| differing.iter().any(is_of);
    // What goes has its default, and a channel of which anything was said is said again.
    let value = |member: Member| {
        let known = desired.get(&member).map(String::as_str);
        known
            .or_else(|| {
                (there.says(&member) || differing.contains(&member)).then(|| member.service_default())?
            })
            .map(str::to_owned)
    };
    let mut config = UserConfig::default();
    if differs(|member| matches!(member, Member::AutoAccept(_) | Member::CallbackAutoAccept(_))) {
        config.auto_accept_configs = of_channels(|channel| {
            let callback = value(Member::CallbackAutoAccept(channel.clone())).map(|text| text == "true");
            let own = value(Member::AutoAccept(channel.clone())).map(|text| text == "true");
            (own.is_some() || callback.is_some()).then(|| AutoAcceptConfig {
                channel,
                auto_accept: own.unwrap_or_default(),
                agent_first_callback_auto_accept: callback,
            })
        });
    }
    if differs(|member| matches!(member, Member::AfterContactWork(_) | Member::CallbackAfterContactWork(_))) {
        let limit = |seconds: Option<String>| AfterContactWorkConfig {
            after_contact_work_time_limit: Some(seconds.and_then(|text| text.parse().ok()).unwrap_or(0)),
        };
        config.after_contact_work_configs = of_channels(|channel| {
            let callback = value(Member::CallbackAfterContactWork(channel.clone()));
            let own = value(Member::AfterContactWork(channel.clone()));
            (own.is_some() || callback.is_some()).then(|| AfterContactWorkConfigPerChannel {
                channel,
                after_contact_work_config: limit(own),
                agent_first_callback_after_contact_work_config: callback.map(|text| limit(Some(text))),
            })
        });
    }
    if differs(|member| matches!(member, Member::PhoneType(_) | Member::PhoneNumber(_))) {
        config.phone_number_configs = of_channels(|channel| {
            let phone_type = value(Member::PhoneType(channel.clone()))?;
            let member = Member::PhoneNumber(channel.clone());
            // Asked to go, it is not brought back from what is noted down.
            let noted = || noted_number(user).filter(|_| !differing.contains(&member));
            let number = desired.get(&member).cloned();
            let phone_number = if phone_type == DESK { number.or_else(noted) } else { None };
            Some(PhoneNumberConfig { channel, phone_type, phone_number })
        });
    }
    if differs(|member| matches!(member, Member::PersistentConnection(_))) {
        config.persistent_connection_configs = of_channels(|channel| {
            let kept = value(Member::PersistentConnection(channel.clone()))?;
            Some(PersistentConnectionConfig { channel, persistent_connection: kept == "true" })
        });
    }
    if differs(|member| matches!(member, Member::VoiceEnhancement(_))) {
        config.voice_enhancement_configs = of_channels(|channel| {
            let mode = value(Member::VoiceEnhancement(channel.clone()))?;
            Some(VoiceEnhancementConfig { channel, voice_enhancement_mode: mode })
        });
    }
    config
}

const DESK: &str = "DESK_PHONE";

/// The number that the instance has noted down for whoever has a softphone now.
fn noted_number(user: &User) -> Option<String> {
    let listed = user.phone_number_configs.iter().filter_map(|config| config.phone_number.clone());
    let older = user.phone_config.as_ref().and_then(|phone| phone.desk_phone_number.clone());
    listed.chain(older).find(|number| !number.is_empty())
}

fn of_channels<T>(config: impl Fn(String) -> Option<T>) -> Vec<T> {
    Channel::ALL.into_iter().filter_map(|channel| config(channel.as_api().to_owned())).collect()
}

/// Tags are set before any goes, so that there is no moment without one that only changes its value; the other way round
/// alone where there would be too many.
fn tags(user: &User, desired: &BTreeMap<Member, String>, differing: &BTreeSet<Member>) -> Vec<Change> {
    let (mut set, mut gone) = (BTreeMap::new(), Vec::new());
    for member in differing {
        let Member::Tag(key) = member else { continue };
        if key == PROVENANCE || key.starts_with("aws:") {
            continue;
        }
        match desired.get(member) {
            Some(value) => drop(set.insert(key.clone(), value.clone())),
            None => gone.push(key.clone()),
        }
    }
    let own = user.tags.keys().filter(|key| !key.starts_with("aws:"));
    let after = own.chain(set.keys()).collect::<BTreeSet<_>>().len();
    let mut changes = Vec::new();
    if !set.is_empty() {
        changes.push(Change::Tag(set));
    }
    if !gone.is_empty() {
        changes.push(Change::Untag(gone));
    }
    if after > MOST_TAGS {
        changes.reverse();
    }
    changes
}

/// The most proficiencies that an agent has by default (Amazon Connect service quotas, L-50375162).
const MOST_PROFICIENCIES: usize = 10;

/// Likewise: given before any goes, but where there would be too many.
fn proficiencies(
    there: &Canonical,
    desired: &BTreeMap<Member, String>,
    differing: &BTreeSet<Member>,
) -> Vec<Change> {
    let (mut added, mut changed, mut gone) = (Vec::new(), Vec::new(), Vec::new());
    for member in differing {
        let Member::Proficiency(name, value) = member else { continue };
        let one = |level: Option<&str>| UserProficiency {
            attribute_name: name.clone(),
            attribute_value: value.clone(),
            level: level.and_then(|level| level.parse().ok()).unwrap_or_default(),
        };
        match (desired.get(member), there.says(member)) {
            (Some(level), true) => changed.push(one(Some(level))),
            (Some(level), false) => added.push(one(Some(level))),
            (None, _) => gone.push(one(there.value(member))),
        }
    }
    let has = super::wish::of_group(there, Group::Proficiencies).count();
    let goes_first = !gone.is_empty() && has + added.len() > MOST_PROFICIENCIES;
    let mut changes = Vec::new();
    for change in [Change::Level(changed), Change::Associate(added)] {
        changes.extend((!change.is_empty()).then_some(change));
    }
    let at = if goes_first { 0 } else { changes.len() };
    if !gone.is_empty() {
        changes.insert(at, Change::Disassociate(gone));
    }
    changes
}

impl Change {
    fn is_empty(&self) -> bool {
        match self {
            Self::Associate(list) | Self::Level(list) | Self::Disassociate(list) => list.is_empty(),
            _ => false,
        }
    }
}
