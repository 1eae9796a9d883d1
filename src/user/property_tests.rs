//! Any agent whatever: the user that the embedded Connect makes of its request is the same as the request, in whichever
//! family of members the service shows its settings, and is no longer once any one member that counts is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use http::{HeaderMap, Method};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization as _;

use super::canonical::{Canonical, Group};
use super::differ::{differences, is_same_user};
use super::{create_user, proficiencies};
use crate::agent::{
    Agent, Channel, IdentityType, Password, PhoneType, Proficiency, RowNumber, VoiceEnhancement,
};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, CreateUser, IdentityInfo,
    PhoneConfig, PhoneNumberConfig, User, UserProficiency, VoiceEnhancementConfig,
};
use crate::directory::{self, Directory, Hierarchy, Instance, Names};
use crate::simulator::{self, Families, Named, Pace, Request, Spec, World};

const ROUTING: [&str; 3] = ["Basic", "Sales", "Care"];
const SECURITY: [&str; 12] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J", "K", "L"];
const GROUPS: [&[&str]; 3] = [&["EMEA"], &["EMEA", "Germany"], &["AMER"]];
const SKILLS: [(&str, &str); 4] =
    [("Language", "German"), ("Language", "French"), ("Product", "Mobile"), ("Product", "Insurance")];

fn group_id(path: &[&str]) -> String {
    format!("g-{}", path.join("-"))
}

/// The instance, as the embedded Connect and as the directory have it.
pub(crate) fn spec(identity: IdentityType, families: Families) -> Spec {
    let named = |names: &[&str]| {
        names.iter().map(|name| Named { name: (*name).to_owned(), id: Some(format!("id-{name}")) }).collect()
    };
    let group = |path: &&[&str]| simulator::Group {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        id: Some(group_id(path)),
    };
    Spec {
        identity,
        families,
        routing_profiles: named(&ROUTING),
        security_profiles: named(&SECURITY),
        hierarchy: GROUPS.iter().map(group).collect(),
        signed: false,
        pace: Pace::UNLIMITED,
        ..Spec::default()
    }
    .with_proficiencies(SKILLS)
}

pub(crate) fn directory(spec: &Spec) -> Directory {
    let named = |names: &[&str]| -> Vec<(String, String)> {
        names.iter().map(|name| ((*name).to_owned(), format!("id-{name}"))).collect()
    };
    let group = |path: &&[&str]| directory::Group {
        path: path.iter().map(|name| (*name).to_owned()).collect(),
        id: group_id(path),
    };
    let instance = Instance {
        id: spec.instance_id.clone(),
        arn: spec.instance_arn(),
        alias: None,
        identity: spec.identity,
        status: None,
    };
    Directory {
        routing_profiles: Names::of_routing_profiles(named(&ROUTING)),
        security_profiles: Names::of_security_profiles(named(&SECURITY)),
        hierarchy: Hierarchy::new(GROUPS.iter().map(group)),
        ..Directory::new(instance)
    }
}

// Agents.

fn name() -> impl Strategy<Value = String> {
    "\\PC{1,12}".prop_map(|text| text.nfc().take(200).collect())
}

fn email() -> impl Strategy<Value = String> {
    "[a-z]{1,8}@[a-z]{1,8}\\.(com|org)"
}

fn number() -> impl Strategy<Value = String> {
    "\\+[1-9][0-9]{1,14}"
}

/// The settings in one family or the other, as a row has them.
#[derive(Clone, Debug, Default)]
struct Settings {
    auto_accept: Option<bool>,
    channel_auto_accept: BTreeMap<Channel, bool>,
    callback_auto_accept: Option<bool>,
    work: Option<u32>,
    channel_work: BTreeMap<Channel, u32>,
    callback_work: Option<u32>,
}

fn per_channel<T: Clone + std::fmt::Debug + 'static>(
    value: impl Strategy<Value = T> + Clone + 'static,
) -> impl Strategy<Value = (BTreeMap<Channel, T>, Option<T>)> {
    let values = [(); 4].map(|()| option::of(value.clone()));
    (values, option::of(value)).prop_map(|(values, callback)| {
        let map: BTreeMap<Channel, T> = Channel::ALL
            .into_iter()
            .zip(values)
            .filter_map(|(channel, value)| Some((channel, value?)))
            .collect();
        let callback = callback.filter(|_| map.contains_key(&Channel::Voice));
        (map, callback)
    })
}

fn settings() -> impl Strategy<Value = Settings> {
    let seconds = || prop_oneof![Just(0_u32), 1..=2_000_000_u32];
    let accept = (option::of(any::<bool>()), per_channel(any::<bool>()), any::<bool>());
    let work = (option::of(seconds()), per_channel(seconds()), any::<bool>());
    (accept, work).prop_map(|((accept, accepts, is_older_accept), (work, works, is_older_work))| {
        let mut settings = Settings::default();
        match is_older_accept {
            true => settings.auto_accept = accept,
            false => (settings.channel_auto_accept, settings.callback_auto_accept) = accepts,
        }
        match is_older_work {
            true => settings.work = work,
            false => (settings.channel_work, settings.callback_work) = works,
        }
        settings
    })
}

/// No phone, a softphone that may have a number, or a desk phone, and whether it is the older family's.
fn phone() -> impl Strategy<Value = (Option<PhoneType>, Option<String>, bool)> {
    let soft = option::of(number()).prop_map(|number| (Some(PhoneType::Soft), number));
    let desk = number().prop_map(|number| (Some(PhoneType::Desk), Some(number)));
    (prop_oneof![Just((None, None)), soft, desk], any::<bool>())
        .prop_map(|((kind, number), is_older)| (kind, number, is_older))
}

pub(crate) fn agents(identity: IdentityType) -> impl Strategy<Value = Agent> {
    let is_directory = identity == IdentityType::ExistingDirectory;
    let names = move || {
        let given = name().prop_map(Some);
        if is_directory { option::of(name()).boxed() } else { given.boxed() }
    };
    let who = (
        names(),
        names(),
        option::of(email()),
        option::of(email()),
        option::of(number()),
        option::of("[a-z0-9-]{1,20}"),
    );
    let enhancement = select(
        &[VoiceEnhancement::None, VoiceEnhancement::VoiceIsolation, VoiceEnhancement::NoiseSuppression][..],
    );
    let how = (phone(), settings(), option::of(any::<bool>()), any::<bool>(), option::of(enhancement));
    let place = (
        select(&ROUTING[..]),
        subsequence(&SECURITY[..], 1..=10),
        option::of(select(&GROUPS[..])),
        prop::collection::btree_map("[A-Za-z][A-Za-z0-9 ]{0,9}", "[ -~]{0,10}", 0..4),
        subsequence(&SKILLS[..], 0..=4).prop_flat_map(|skills| {
            let levels = prop::collection::vec(1..=5_u8, skills.len());
            (Just(skills), levels)
        }),
    );
    (who, how, place).prop_map(move |(who, how, place)| {
        let (first_name, last_name, email, secondary_email, mobile, directory_user_id) = who;
        let ((kind, number, is_older_phone), settings, kept, is_older_kept, voice_enhancement) = how;
        let (routing_profile, security_profiles, hierarchy, tags, (skills, levels)) = place;
        let skill = |((attribute, value), level): ((&str, &str), u8)| Proficiency {
            attribute: attribute.to_owned(),
            value: value.to_owned(),
            level,
        };
        Agent {
            row: RowNumber::from(2),
            username: "jane".into(),
            password: (identity == IdentityType::ConnectManaged).then(|| Password::new("Canary-7f3a-Pw1")),
            first_name,
            last_name,
            email: email.filter(|_| identity != IdentityType::Saml),
            secondary_email,
            mobile,
            directory_user_id: directory_user_id.filter(|_| is_directory),
            routing_profile: routing_profile.to_owned(),
            security_profiles: security_profiles.into_iter().map(str::to_owned).collect(),
            hierarchy: hierarchy.map(|path| path.iter().map(|name| (*name).to_owned()).collect()),
            phone_type: kind.filter(|_| is_older_phone),
            phone_number: number.clone().filter(|_| is_older_phone),
            auto_accept: settings.auto_accept,
            after_contact_work_seconds: settings.work,
            persistent_connection: kept.filter(|_| is_older_kept),
            voice_enhancement,
            tags,
            channel_auto_accept: settings.channel_auto_accept,
            callback_auto_accept: settings.callback_auto_accept,
            channel_after_contact_work_seconds: settings.channel_work,
            callback_after_contact_work_seconds: settings.callback_work,
            voice_phone_type: kind.filter(|_| !is_older_phone),
            voice_phone_number: number.filter(|_| !is_older_phone),
            voice_persistent_connection: kept.filter(|_| !is_older_kept),
            proficiencies: skills.into_iter().zip(levels).map(skill).collect(),
            cleared: BTreeSet::new(),
        }
    })
}

/// Somebody of whom little is said.
pub(crate) fn somebody() -> Agent {
    Agent {
        row: RowNumber::from(2),
        username: "jane".into(),
        password: Some(Password::new("Lantern-Reef-7a")),
        first_name: Some("Ana".into()),
        last_name: Some("Silva".into()),
        email: None,
        secondary_email: None,
        mobile: None,
        directory_user_id: None,
        routing_profile: ROUTING[0].to_owned(),
        security_profiles: vec![SECURITY[0].to_owned()],
        hierarchy: None,
        phone_type: None,
        phone_number: None,
        auto_accept: None,
        after_contact_work_seconds: None,
        persistent_connection: None,
        voice_enhancement: None,
        tags: BTreeMap::new(),
        channel_auto_accept: BTreeMap::new(),
        callback_auto_accept: None,
        channel_after_contact_work_seconds: BTreeMap::new(),
        callback_after_contact_work_seconds: None,
        voice_phone_type: None,
        voice_phone_number: None,
        voice_persistent_connection: None,
        proficiencies: Vec::new(),
        cleared: BTreeSet::new(),
    }
}

fn identities_and_agents() -> impl Strategy<Value = (IdentityType, Agent)> {
    select(&IdentityType::ALL[..]).prop_flat_map(|identity| (Just(identity), agents(identity)))
}

// The service.

fn ask(world: &mut World, method: Method, target: &str, body: String) -> Value {
    let request =
        Request { method, target: target.to_owned(), headers: HeaderMap::new(), body: Bytes::from(body) };
    let answer = world.respond(UNIX_EPOCH, &request).answer;
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

/// An agent's request and proficiencies, and the user and proficiencies that are there once both were carried out.
#[derive(Clone)]
pub(crate) struct Made {
    pub(crate) body: CreateUser,
    pub(crate) skills: Vec<UserProficiency>,
    pub(crate) user: User,
    pub(crate) given: Vec<UserProficiency>,
}

pub(crate) fn make(identity: IdentityType, families: Families, agent: &Agent) -> Made {
    let spec = spec(identity, families);
    let users = format!("/users/{}", spec.instance_id);
    let body = create_user(agent, &directory(&spec)).expect("every name is known");
    let skills = proficiencies(agent);
    let mut world = World::new(spec, UNIX_EPOCH);
    let created = ask(&mut world, Method::PUT, &users, json!(body).to_string());
    let user = format!("{users}/{}", created["UserId"].as_str().expect("an id"));
    if !skills.is_empty() {
        let asked = json!({ "UserProficiencies": skills }).to_string();
        ask(&mut world, Method::POST, &format!("{user}/associate-proficiencies"), asked);
    }
    let described = ask(&mut world, Method::GET, &user, String::new());
    let listed = ask(&mut world, Method::GET, &format!("{user}/proficiencies"), String::new());
    Made {
        body,
        skills,
        user: serde_json::from_value(described["User"].clone()).expect("a user"),
        given: serde_json::from_value(listed["UserProficiencyList"].clone()).expect("proficiencies"),
    }
}

/// The groups in which the user is not as asked.
fn groups(made: &Made, identity: IdentityType) -> Vec<Group> {
    let wanted = Canonical::wanted(&made.body, Some(&made.skills));
    let found = Canonical::described(&made.user, Some(&made.given));
    let mut groups: Vec<Group> =
        differences(&wanted, &found, identity).iter().map(|difference| difference.group).collect();
    groups.dedup();
    groups
}

// Changes of what is asked for.

/// One thing to change, and how: `at` chooses a channel, a tag or a profile.
#[derive(Clone, Copy, Debug)]
enum Change {
    FirstName,
    LastName,
    Email,
    SecondaryEmail,
    Mobile,
    DirectoryUserId,
    PhoneType,
    PhoneNumber,
    AutoAccept,
    CallbackAutoAccept,
    AfterContactWork,
    CallbackAfterContactWork,
    PersistentConnection,
    VoiceEnhancement,
    RoutingProfile,
    LessSecurity,
    MoreSecurity,
    Hierarchy,
    NewTag,
    OtherTag,
    NoTag,
    NewSkill,
    OtherLevel,
    NoSkill,
}

const CHANGES: [Change; 24] = [
    Change::FirstName,
    Change::LastName,
    Change::Email,
    Change::SecondaryEmail,
    Change::Mobile,
    Change::DirectoryUserId,
    Change::PhoneType,
    Change::PhoneNumber,
    Change::AutoAccept,
    Change::CallbackAutoAccept,
    Change::AfterContactWork,
    Change::CallbackAfterContactWork,
    Change::PersistentConnection,
    Change::VoiceEnhancement,
    Change::RoutingProfile,
    Change::LessSecurity,
    Change::MoreSecurity,
    Change::Hierarchy,
    Change::NewTag,
    Change::OtherTag,
    Change::NoTag,
    Change::NewSkill,
    Change::OtherLevel,
    Change::NoSkill,
];

/// Another text than the one that is there, or none in its place, whichever a coin says; a text where there is none.
fn another(slot: &mut Option<String>, text: &str, coin: bool) {
    *slot = match slot.take() {
        Some(_) if coin => None,
        Some(before) => Some(format!("{before}{text}")),
        None => Some(text.to_owned()),
    };
}

/// Changes one member that counts, and says of which group it is; `None` where the agent has nothing to change there.
fn change(made: &mut Made, identity: IdentityType, change: Change, at: Index, coin: bool) -> Option<Group> {
    let is_directory = identity == IdentityType::ExistingDirectory;
    let info = |made: &mut Made, of: fn(&mut IdentityInfo) -> &mut Option<String>, text: &str| {
        // What is not asked for, a directory brings: no coin takes it away.
        another(of(made.body.identity_info.get_or_insert_default()), text, coin && !is_directory);
    };
    match change {
        Change::FirstName => info(made, |info| &mut info.first_name, "x"),
        Change::LastName => info(made, |info| &mut info.last_name, "x"),
        Change::Email => info(made, |info| &mut info.email, "x@example.net"),
        Change::SecondaryEmail => another(
            &mut made.body.identity_info.get_or_insert_default().secondary_email,
            "x@example.net",
            coin,
        ),
        Change::Mobile => another(&mut made.body.identity_info.get_or_insert_default().mobile, "7", coin),
        Change::DirectoryUserId if is_directory => another(&mut made.body.directory_user_id, "x", false),
        Change::DirectoryUserId => return None,
        Change::PhoneType => {
            let phone = voice_phone(&mut made.body);
            let is_desk = phone.phone_type == "DESK_PHONE";
            phone.phone_type = if is_desk { "SOFT_PHONE" } else { "DESK_PHONE" }.into();
        }
        Change::PhoneNumber => {
            let phone = voice_phone(&mut made.body);
            if phone.phone_type != "DESK_PHONE" {
                return None;
            }
            another(&mut phone.phone_number, "7", coin);
        }
        Change::AutoAccept => {
            let config = accept(&mut made.body, Channel::ALL[at.index(4)]);
            config.auto_accept = !config.auto_accept;
        }
        Change::CallbackAutoAccept => {
            let callback = &mut accept(&mut made.body, Channel::Voice).agent_first_callback_auto_accept;
            *callback = Some(!callback.unwrap_or_default());
        }
        Change::AfterContactWork => {
            let config = work(&mut made.body, Channel::ALL[at.index(4)]);
            later(&mut config.after_contact_work_config);
        }
        Change::CallbackAfterContactWork => {
            let config = work(&mut made.body, Channel::Voice);
            later(config.agent_first_callback_after_contact_work_config.get_or_insert_default());
        }
        Change::PersistentConnection => match made.body.persistent_connection_configs.first_mut() {
            Some(config) => config.persistent_connection = !config.persistent_connection,
            None => {
                let kept = &mut made.body.phone_config.get_or_insert_default().persistent_connection;
                *kept = Some(!kept.unwrap_or_default());
            }
        },
        Change::VoiceEnhancement => {
            let modes = &mut made.body.voice_enhancement_configs;
            let mode = modes.pop().map_or_else(|| "NONE".to_owned(), |config| config.voice_enhancement_mode);
            let mode = if mode == "VOICE_ISOLATION" { "NOISE_SUPPRESSION" } else { "VOICE_ISOLATION" };
            modes.push(VoiceEnhancementConfig {
                channel: "VOICE".into(),
                voice_enhancement_mode: mode.into(),
            });
        }
        Change::RoutingProfile => made.body.routing_profile_id.push('x'),
        Change::LessSecurity => {
            drop(made.body.security_profile_ids.remove(at.index(made.body.security_profile_ids.len())))
        }
        Change::MoreSecurity => made.body.security_profile_ids.push("x".into()),
        Change::Hierarchy => another(&mut made.body.hierarchy_group_id, "x", coin),
        Change::NewTag => drop(made.body.tags.insert("another key".into(), String::new())),
        Change::OtherTag => made.body.tags.values_mut().next()?.push('x'),
        Change::NoTag => drop(made.body.tags.pop_first()?),
        Change::NewSkill => made.skills.push(UserProficiency {
            attribute_name: "Another".into(),
            attribute_value: "x".into(),
            level: 1.0,
        }),
        Change::OtherLevel => made.skills.first_mut()?.level += 0.5,
        Change::NoSkill => drop(made.skills.pop()?),
    }
    Some(group_of(change))
}

fn group_of(change: Change) -> Group {
    match change {
        Change::FirstName
        | Change::LastName
        | Change::Email
        | Change::SecondaryEmail
        | Change::Mobile
        | Change::DirectoryUserId => Group::Identity,
        Change::PhoneType
        | Change::PhoneNumber
        | Change::AutoAccept
        | Change::CallbackAutoAccept
        | Change::AfterContactWork
        | Change::CallbackAfterContactWork
        | Change::PersistentConnection
        | Change::VoiceEnhancement => Group::Config,
        Change::RoutingProfile => Group::RoutingProfile,
        Change::LessSecurity | Change::MoreSecurity => Group::SecurityProfiles,
        Change::Hierarchy => Group::Hierarchy,
        Change::NewTag | Change::OtherTag | Change::NoTag => Group::Tags,
        Change::NewSkill | Change::OtherLevel | Change::NoSkill => Group::Proficiencies,
    }
}

/// A second more.
fn later(limit: &mut AfterContactWorkConfig) {
    *limit.after_contact_work_time_limit.get_or_insert_default() += 1;
}

/// The phone of a request, asked for per channel from now on.
fn voice_phone(body: &mut CreateUser) -> &mut PhoneNumberConfig {
    if body.phone_number_configs.is_empty() {
        let older = body.phone_config.get_or_insert_default();
        let kind = older.phone_type.take().unwrap_or_else(|| "SOFT_PHONE".into());
        let phone_number = older.desk_phone_number.take();
        body.phone_number_configs.push(PhoneNumberConfig {
            channel: "VOICE".into(),
            phone_type: kind,
            phone_number,
        });
    }
    &mut body.phone_number_configs[0]
}

/// Takes a setting of all channels out of the older family.
fn take_of_all<T>(body: &mut CreateUser, of: fn(&mut PhoneConfig) -> &mut Option<T>) -> Option<T> {
    of(body.phone_config.get_or_insert_default()).take()
}

fn accept(body: &mut CreateUser, channel: Channel) -> &mut AutoAcceptConfig {
    let of_all = take_of_all(body, |older| &mut older.auto_accept);
    let list = &mut body.auto_accept_configs;
    for one in Channel::ALL {
        if !list.iter().any(|config| config.channel == one.as_api()) && (of_all.is_some() || one == channel) {
            list.push(AutoAcceptConfig {
                channel: one.as_api().into(),
                auto_accept: of_all.unwrap_or_default(),
                agent_first_callback_auto_accept: None,
            });
        }
    }
    list.iter_mut().find(|config| config.channel == channel.as_api()).expect("there by now")
}

fn work(body: &mut CreateUser, channel: Channel) -> &mut AfterContactWorkConfigPerChannel {
    let of_all = take_of_all(body, |older| &mut older.after_contact_work_time_limit);
    let list = &mut body.after_contact_work_configs;
    for one in Channel::ALL {
        if !list.iter().any(|config| config.channel == one.as_api()) && (of_all.is_some() || one == channel) {
            list.push(AfterContactWorkConfigPerChannel {
                channel: one.as_api().into(),
                after_contact_work_config: AfterContactWorkConfig { after_contact_work_time_limit: of_all },
                agent_first_callback_after_contact_work_config: None,
            });
        }
    }
    list.iter_mut().find(|config| config.channel == channel.as_api()).expect("there by now")
}

proptest! {
    #[test]
    fn the_user_that_is_made_of_a_request_is_the_one_that_was_asked_for(
        (identity, agent) in identities_and_agents(),
        families in select(&Families::ALL[..]),
    ) {
        let made = make(identity, families, &agent);
        prop_assert_eq!(groups(&made, identity), []);
        prop_assert!(is_same_user(&made.body, &made.user, identity));
    }

    /// Where the older family mirrors what is listed of voice, a channel that is not listed may be either way: that is
    /// another test's matter.
    #[test]
    fn a_change_of_any_one_member_is_a_difference_of_its_group_and_of_no_other(
        (identity, agent) in identities_and_agents(),
        families in select(&[Families::Apart, Families::All][..]),
        (at, coin) in (any::<Index>(), any::<bool>()),
    ) {
        let as_asked = make(identity, families, &agent);
        for one in CHANGES {
            let mut made = as_asked.clone();
            let Some(group) = change(&mut made, identity, one, at, coin) else { continue };
            prop_assert_eq!(groups(&made, identity), [group], "{:?}", one);
            let is_of_create = group != Group::Proficiencies;
            prop_assert_eq!(is_same_user(&made.body, &made.user, identity), !is_of_create, "{:?}", one);
        }
    }
}
