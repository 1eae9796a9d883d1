//! What CreateUser refuses by looking at the request alone, written from the service's documents.
//!
//! The order in which the service checks is not documented; ours is [`RULES`]. Only one message is known word for word
//! (`Required parameter missing: Password`), so no client can lean on the others. Of the two 400s, what breaks a
//! length, pattern or enumeration of the model is an InvalidParameterException here, and what the identity type, a
//! missing member or two members together forbid an InvalidRequestException: AWS states the latter for SAML, the rest
//! is our choice.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use unicode_normalization::{char::is_combining_mark, is_nfc};

use super::wire::Refusal;
use crate::agent::IdentityType;
use crate::connect::model::{CreateUser, IdentityInfo, PhoneConfig};

/// One rule: `Err` says what is wrong. None of them ever repeats a value that may be secret.
type Rule = fn(&Case<'_>) -> Result<(), Refusal>;

/// The rules in the order in which they are checked; the first that is broken is the answer. On what each rests is said
/// under its name in `readings.rs`.
const RULES: [(&str, Rule); 18] = [
    ("username_length", username_length),
    ("username_characters", username_characters),
    ("username_at_sign", username_at_sign),
    ("password", password),
    ("foreign_members", foreign_members),
    ("names_present", names_present),
    ("names_length", names_length),
    ("names_nfc", names_nfc),
    ("emails", emails),
    ("phone_numbers", phone_numbers),
    ("phone_type", phone_type),
    ("desk_phone", desk_phone),
    ("after_contact_work", after_contact_work),
    ("channels", channels),
    ("one_family", one_family),
    ("security_profiles", security_profiles),
    ("tags", tags),
    ("tag_count", tag_count),
];

/// The most characters of a username, by identity type (CreateUser, `Username`).
const fn username_limit(identity: IdentityType) -> usize {
    match identity {
        IdentityType::Saml => 64,
        IdentityType::ConnectManaged | IdentityType::ExistingDirectory => 20,
    }
}

/// The most characters of a last name: 300 in the API's model, 256 for CONNECT_MANAGED in CloudFormation's.
const fn last_name_limit(identity: IdentityType) -> usize {
    match identity {
        IdentityType::ConnectManaged => 256,
        IdentityType::Saml | IdentityType::ExistingDirectory => 300,
    }
}

/// The most seconds of after-contact work: 24 days (CreateUser, `AfterContactWorkTimeLimit`).
const AFTER_CONTACT_WORK_LIMIT: i64 = 2_000_000;

/// The most proficiencies of a user: the quota as it is without having been raised (L-50375162).
pub(super) const PROFICIENCIES_LIMIT: usize = 10;

/// A request under examination.
struct Case<'a> {
    identity: IdentityType,
    user: &'a CreateUser,
    /// The members as they came: tells an empty map from none.
    members: &'a Map<String, Value>,
}

/// Reads a CreateUser body and checks all that can be known without the instance's contents.
pub(super) fn read(identity: IdentityType, body: &[u8]) -> Result<CreateUser, Refusal> {
    let members = members(body, &["Username", "SecurityProfileIds", "RoutingProfileId"])?;
    let user: CreateUser =
        serde_json::from_value(Value::Object(members.clone())).map_err(|_| unreadable())?;
    let case = Case { identity, user: &user, members: &members };
    for (_, rule) in RULES {
        rule(&case)?;
    }
    Ok(user)
}

/// The members of a body as they came, without those that are null; each of the required ones is there.
fn members(body: &[u8], required: &[&str]) -> Result<Map<String, Value>, Refusal> {
    let mut members: Map<String, Value> = serde_json::from_slice(body).map_err(|_| unreadable())?;
    members.retain(|_, value| !value.is_null());
    match required.iter().find(|name| members.get(**name).is_none_or(|value| value.as_str() == Some(""))) {
        Some(name) => Err(missing(name)),
        None => Ok(members),
    }
}

/// Reads the body of a call that changes a user; each of the required members is there.
pub(super) fn change<T: DeserializeOwned>(body: &[u8], required: &[&str]) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(members(body, required)?)).map_err(|_| unreadable())
}

/// What is checked of names and addresses that are to be a user's.
const OF_IDENTITY: [Rule; 6] =
    [foreign_members, names_present, names_length, names_nfc, emails, phone_numbers];

/// What is checked of settings that are to be a user's.
const OF_SETTINGS: [Rule; 5] = [phone_numbers, phone_type, desk_phone, after_contact_work, channels];

/// Checks names and addresses as CreateUser does.
pub(super) fn check_identity(identity: IdentityType, info: &IdentityInfo) -> Result<(), Refusal> {
    let user = CreateUser { identity_info: Some(info.clone()), ..CreateUser::default() };
    all(identity, &user, &OF_IDENTITY)
}

/// Checks settings as CreateUser does.
pub(super) fn check_settings(identity: IdentityType, settings: &CreateUser) -> Result<(), Refusal> {
    all(identity, settings, &OF_SETTINGS)
}

/// Checks a list of security profiles as CreateUser does.
pub(super) fn check_security_profiles(identity: IdentityType, ids: &[String]) -> Result<(), Refusal> {
    let user = CreateUser { security_profile_ids: ids.to_vec(), ..CreateUser::default() };
    all(identity, &user, &[security_profiles])
}

fn all(identity: IdentityType, user: &CreateUser, rules: &[Rule]) -> Result<(), Refusal> {
    let case = Case { identity, user, members: &Map::new() };
    rules.iter().try_for_each(|rule| rule(&case))
}

/// A body that is not the JSON of the operation. Says no more: what a parser quotes might be a password.
pub(super) fn unreadable() -> Refusal {
    Refusal::new(400, "SerializationException", "The request body could not be read.")
}

pub(super) fn missing(member: &str) -> Refusal {
    Refusal::invalid_request(format!("Required parameter missing: {member}"))
}

fn check(holds: bool, refusal: impl FnOnce() -> Refusal) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(refusal()) }
}

fn username_length(case: &Case<'_>) -> Result<(), Refusal> {
    let limit = username_limit(case.identity);
    check(case.user.username.chars().count() <= limit, || {
        Refusal::invalid_parameter(format!("Username must be between 1 and {limit} characters long"))
    })
}

/// `[a-zA-Z0-9_.\-@]+` (CreateUser, `Username`).
fn username_characters(case: &Case<'_>) -> Result<(), Refusal> {
    let name = &case.user.username;
    check(name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@')), || {
        Refusal::invalid_parameter("Username contains characters that are not allowed")
    })
}

/// `@` only in the form of an e-mail address (CreateUser, `Username`); but with SAML there are users who are called
/// otherwise.
fn username_at_sign(case: &Case<'_>) -> Result<(), Refusal> {
    let name = &case.user.username;
    let is_whole = !name.contains('@') || (is_email(name) && !has_empty_label(name));
    check(is_whole || case.identity == IdentityType::Saml, || {
        Refusal::invalid_parameter("Username contains characters that are not allowed")
    })
}

/// Required with CONNECT_MANAGED, an error otherwise; `^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z\d\S]{8,64}$`.
fn password(case: &Case<'_>) -> Result<(), Refusal> {
    match (&case.user.password, case.identity) {
        (None, IdentityType::ConnectManaged) => Err(missing("Password")),
        (None, _) => Ok(()),
        (Some(password), IdentityType::ConnectManaged) => {
            let text = password.expose();
            let strong = text.bytes().any(|b| b.is_ascii_lowercase())
                && text.bytes().any(|b| b.is_ascii_uppercase())
                && text.bytes().any(|b| b.is_ascii_digit())
                && !text.contains([' ', '\t', '\n', '\x0b', '\x0c', '\r'])
                && (8..=64).contains(&text.chars().count());
            check(strong, || Refusal::invalid_parameter("Password does not meet the password policy"))
        }
        (Some(_), identity) => Err(Refusal::invalid_request(format!(
            "Password is not allowed for identity management type {identity}"
        ))),
    }
}

/// "If you are using SAML for identity management and include this parameter, an error is returned" (CreateUser,
/// `Email` and `DirectoryUserId`).
fn foreign_members(case: &Case<'_>) -> Result<(), Refusal> {
    if case.identity != IdentityType::Saml {
        return Ok(());
    }
    let email = case.user.identity_info.as_ref().and_then(|info| info.email.as_ref());
    for (member, present) in
        [("Email", email.is_some()), ("DirectoryUserId", case.user.directory_user_id.is_some())]
    {
        check(!present, || {
            Refusal::invalid_request(format!("{member} is not allowed for identity management type SAML"))
        })?;
    }
    Ok(())
}

/// Required with CONNECT_MANAGED and SAML; a directory brings its own.
fn names_present(case: &Case<'_>) -> Result<(), Refusal> {
    if case.identity == IdentityType::ExistingDirectory {
        return Ok(());
    }
    for (member, value) in names(case) {
        check(value.is_some_and(|name| !name.is_empty()), || missing(member))?;
    }
    Ok(())
}

fn names_length(case: &Case<'_>) -> Result<(), Refusal> {
    for ((member, value), limit) in names(case).into_iter().zip([255, last_name_limit(case.identity)]) {
        check(value.is_none_or(|name| name.chars().count() <= limit), || {
            Refusal::invalid_parameter(format!("{member} must be at most {limit} characters long"))
        })?;
    }
    Ok(())
}

/// "Must be in Normalization Form C" (CreateUser, `IdentityInfo`).
fn names_nfc(case: &Case<'_>) -> Result<(), Refusal> {
    for (member, value) in names(case) {
        check(value.is_none_or(is_nfc), || {
            Refusal::invalid_parameter(format!("{member} must be in Unicode Normalization Form C"))
        })?;
    }
    Ok(())
}

fn names<'a>(case: &Case<'a>) -> [(&'static str, Option<&'a str>); 2] {
    let info = case.user.identity_info.as_ref();
    [
        ("FirstName", info.and_then(|info| info.first_name.as_deref())),
        ("LastName", info.and_then(|info| info.last_name.as_deref())),
    ]
}

fn emails(case: &Case<'_>) -> Result<(), Refusal> {
    let Some(IdentityInfo { email, secondary_email, .. }) = &case.user.identity_info else { return Ok(()) };
    check(email.as_deref().is_none_or(is_address), || {
        Refusal::invalid_parameter("Email is not an e-mail address")
    })?;
    check(secondary_email.as_deref().is_none_or(is_email), || {
        Refusal::invalid_parameter("SecondaryEmail is not an e-mail address")
    })
}

/// `[^\s@]+@[^\s@]+\.[^\s@]+`. No pattern is published for `Email`; this is the one that the model has for an address
/// elsewhere (`EmailAddress`), without its length. People's own addresses, apostrophe and all, pass it.
fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let plain = |part: &str| !part.is_empty() && !part.contains(|c: char| c == '@' || c.is_whitespace());
    let dotted = |(at, _)| at > 0 && at + 1 < domain.len();
    plain(local) && plain(domain) && domain.match_indices('.').any(dotted)
}

/// Two dots together, or one at either end of the domain: no address has that, though the pattern lets it pass.
fn has_empty_label(address: &str) -> bool {
    address.split('@').skip(1).any(|domain| domain.split('.').any(str::is_empty))
}

/// `(?=^.{0,265}$)[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,63}` (CreateUser, `SecondaryEmail`).
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let Some((host, top)) = domain.rsplit_once('.') else { return false };
    let every = |part: &str, also: &[u8]| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || also.contains(&b))
    };
    text.chars().count() <= 265
        && every(local, b"._%+-")
        && every(host, b".-")
        && (2..=63).contains(&top.len())
        && top.bytes().all(|b| b.is_ascii_alphabetic())
}

fn phone_numbers(case: &Case<'_>) -> Result<(), Refusal> {
    let user = case.user;
    let mobile = user.identity_info.as_ref().and_then(|info| info.mobile.as_deref());
    let desk = user.phone_config.as_ref().and_then(|config| config.desk_phone_number.as_deref());
    let voice = user.phone_number_configs.iter().filter_map(|config| config.phone_number.as_deref());
    let numbers = mobile
        .map(|number| ("Mobile", number))
        .into_iter()
        .chain(desk.map(|number| ("DeskPhoneNumber", number)))
        .chain(voice.map(|number| ("PhoneNumber", number)));
    for (member, number) in numbers {
        check(is_e164(number), || Refusal::invalid_parameter(format!("{member} is not in E.164 format")))?;
    }
    Ok(())
}

/// `^\+[1-9]\d{1,14}$` (CreateUser, `DeskPhoneNumber`).
fn is_e164(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (2..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
}

fn phone_type(case: &Case<'_>) -> Result<(), Refusal> {
    let older = case.user.phone_config.as_ref().and_then(|config| config.phone_type.as_deref());
    let newer = case.user.phone_number_configs.iter().map(|config| config.phone_type.as_str());
    for word in older.into_iter().chain(newer) {
        check(matches!(word, "SOFT_PHONE" | "DESK_PHONE"), || {
            Refusal::invalid_parameter("PhoneType must be one of SOFT_PHONE, DESK_PHONE")
        })?;
    }
    Ok(())
}

fn desk_phone(case: &Case<'_>) -> Result<(), Refusal> {
    if let Some(PhoneConfig { phone_type: Some(kind), desk_phone_number: None, .. }) = &case.user.phone_config
    {
        check(kind != "DESK_PHONE", || missing("DeskPhoneNumber"))?;
    }
    for config in &case.user.phone_number_configs {
        check(config.phone_type != "DESK_PHONE" || config.phone_number.is_some(), || missing("PhoneNumber"))?;
    }
    Ok(())
}

fn after_contact_work(case: &Case<'_>) -> Result<(), Refusal> {
    let older = case.user.phone_config.as_ref().and_then(|config| config.after_contact_work_time_limit);
    let newer = case.user.after_contact_work_configs.iter().flat_map(|config| {
        [
            Some(&config.after_contact_work_config),
            config.agent_first_callback_after_contact_work_config.as_ref(),
        ]
    });
    let newer = newer.flatten().filter_map(|config| config.after_contact_work_time_limit);
    for seconds in older.into_iter().chain(newer) {
        check((0..=AFTER_CONTACT_WORK_LIMIT).contains(&seconds), || {
            Refusal::invalid_parameter(format!(
                "AfterContactWorkTimeLimit must be between 0 and {AFTER_CONTACT_WORK_LIMIT}"
            ))
        })?;
    }
    Ok(())
}

/// Known channels only, each once; the settings of one channel belong to VOICE (CreateUser, the `…Configs` members).
fn channels(case: &Case<'_>) -> Result<(), Refusal> {
    const ALL: &[&str] = &["VOICE", "CHAT", "TASK", "EMAIL"];
    const VOICE: &[&str] = &["VOICE"];
    let user = case.user;
    let accept = user.auto_accept_configs.iter().map(|c| c.channel.as_str());
    let work = user.after_contact_work_configs.iter().map(|c| c.channel.as_str());
    let phone = user.phone_number_configs.iter().map(|c| c.channel.as_str());
    let persistent = user.persistent_connection_configs.iter().map(|c| c.channel.as_str());
    let enhancement = user.voice_enhancement_configs.iter().map(|c| c.channel.as_str());
    check_channels("AutoAcceptConfigs", ALL, accept)?;
    check_channels("AfterContactWorkConfigs", ALL, work)?;
    check_channels("PhoneNumberConfigs", VOICE, phone)?;
    check_channels("PersistentConnectionConfigs", VOICE, persistent)?;
    check_channels("VoiceEnhancementConfigs", VOICE, enhancement)?;
    let callback = user
        .auto_accept_configs
        .iter()
        .any(|c| c.channel != "VOICE" && c.agent_first_callback_auto_accept.is_some())
        || user
            .after_contact_work_configs
            .iter()
            .any(|c| c.channel != "VOICE" && c.agent_first_callback_after_contact_work_config.is_some());
    check(!callback, || {
        Refusal::invalid_parameter("Agent-first callback settings are for the VOICE channel only")
    })?;
    for config in &user.voice_enhancement_configs {
        let known = matches!(
            config.voice_enhancement_mode.as_str(),
            "VOICE_ISOLATION" | "NOISE_SUPPRESSION" | "NONE"
        );
        check(known, || {
            Refusal::invalid_parameter(
                "VoiceEnhancementMode must be one of VOICE_ISOLATION, NOISE_SUPPRESSION, NONE",
            )
        })?;
    }
    Ok(())
}

fn check_channels<'a>(
    member: &str,
    allowed: &[&str],
    channels: impl Iterator<Item = &'a str>,
) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for channel in channels {
        check(allowed.contains(&channel), || {
            Refusal::invalid_parameter(format!("{member}: Channel must be one of {}", allowed.join(", ")))
        })?;
        check(seen.insert(channel), || {
            Refusal::invalid_parameter(format!("{member}: a Channel may be named once"))
        })?;
    }
    Ok(())
}

/// "Cannot be set simultaneously" (CreateUser): the older members against the per-channel lists.
fn one_family(case: &Case<'_>) -> Result<(), Refusal> {
    let user = case.user;
    let Some(older) = &user.phone_config else { return Ok(()) };
    let pairs = [
        (
            "PhoneConfig.AutoAccept",
            older.auto_accept.is_some(),
            "AutoAcceptConfigs",
            user.auto_accept_configs.is_empty(),
        ),
        (
            "PhoneConfig.AfterContactWorkTimeLimit",
            older.after_contact_work_time_limit.is_some(),
            "AfterContactWorkConfigs",
            user.after_contact_work_configs.is_empty(),
        ),
        (
            "PhoneConfig.PhoneType and DeskPhoneNumber",
            older.phone_type.is_some() || older.desk_phone_number.is_some(),
            "PhoneNumberConfigs",
            user.phone_number_configs.is_empty(),
        ),
        (
            "PhoneConfig.PersistentConnection",
            older.persistent_connection.is_some(),
            "PersistentConnectionConfigs",
            user.persistent_connection_configs.is_empty(),
        ),
    ];
    for (one, set, other, empty) in pairs {
        check(!set || empty, || {
            Refusal::invalid_request(format!("{one} and {other} cannot be set simultaneously"))
        })?;
    }
    Ok(())
}

fn security_profiles(case: &Case<'_>) -> Result<(), Refusal> {
    let ids = &case.user.security_profile_ids;
    check((1..=10).contains(&ids.len()), || {
        Refusal::invalid_parameter("SecurityProfileIds must have between 1 and 10 items")
    })?;
    let distinct: BTreeSet<&str> = ids.iter().map(|id| id.rsplit('/').next().unwrap_or(id)).collect();
    check(distinct.len() == ids.len(), || {
        Refusal::invalid_parameter("SecurityProfileIds must not name a profile twice")
    })
}

fn tags(case: &Case<'_>) -> Result<(), Refusal> {
    check_tags(&case.user.tags)
}

/// Tags are left out or there is at least one, and at most 50 (`TagMap`, 1 to 50).
fn tag_count(case: &Case<'_>) -> Result<(), Refusal> {
    check(!case.members.contains_key("Tags") || (1..=50).contains(&case.user.tags.len()), || {
        Refusal::invalid_parameter("Tags must have between 1 and 50 items")
    })
}

/// Keys of 1 to 128 characters of `^(?!aws:)[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`, values of at most 256 (`TagKey`, `TagValue`).
pub(super) fn check_tags<'a>(
    tags: impl IntoIterator<Item = (&'a String, &'a String)>,
) -> Result<(), Refusal> {
    for (key, value) in tags {
        let right = (1..=128).contains(&key.chars().count())
            && !key.starts_with("aws:")
            && key
                .chars()
                .all(|c| is_letter(c) || c.is_numeric() || is_separator(c) || "_.:/=+-@".contains(c));
        check(right, || Refusal::invalid_parameter("Tags: a key is not allowed"))?;
        check(value.chars().count() <= 256, || Refusal::invalid_parameter("Tags: a value is too long"))?;
    }
    Ok(())
}

/// `\p{L}`: `is_alphabetic` less what Unicode counts as alphabetic besides letters and numbers, which is marks (vowel
/// signs among them) and the circled and squared letters, symbols all.
fn is_letter(c: char) -> bool {
    c.is_alphabetic() && !is_combining_mark(c) && !matches!(u32::from(c), 0x24B6..0x24EA | 0x1F130..0x1F18A)
}

/// `\p{Z}`: the spaces and the line and paragraph separators of Unicode, without the control characters.
fn is_separator(c: char) -> bool {
    c.is_whitespace() && !c.is_control()
}

#[cfg(test)]
mod tests {
    use super::super::readings::READINGS;

    /// A rule without a word on what it rests would be taken for evidence.
    #[test]
    fn every_rule_says_on_what_it_rests_in_the_same_order() {
        let rules = super::RULES.iter().map(|(name, _)| *name);
        assert!(rules.eq(READINGS.iter().map(|reading| reading.of).take(super::RULES.len())));
    }

    use serde_json::{Value, json};

    use super::read;
    use crate::agent::IdentityType::{self, ConnectManaged, ExistingDirectory, Saml};

    fn minimal(identity: IdentityType) -> Value {
        let mut body = json!({
            "Username": "ada",
            "IdentityInfo": { "FirstName": "Ada", "LastName": "Byron" },
            "SecurityProfileIds": ["s"],
            "RoutingProfileId": "r",
        });
        if identity == ConnectManaged {
            body["Password"] = "Analytical1".into();
        }
        body
    }

    /// The answer to the minimal request with these members set (`null` takes one away).
    fn answer(identity: IdentityType, changes: Value) -> Result<(), (&'static str, String)> {
        let mut body = minimal(identity);
        for (member, value) in changes.as_object().expect("an object") {
            match body.pointer_mut(&format!("/{}", member.replace('.', "/"))) {
                Some(slot) => *slot = value.clone(),
                None => match member.split_once('.') {
                    Some((parent, child)) => body[parent][child] = value.clone(),
                    None => body[member] = value.clone(),
                },
            }
        }
        read(identity, body.to_string().as_bytes()).map(drop).map_err(|refusal| {
            assert_eq!(refusal.status, 400);
            (refusal.code, refusal.message)
        })
    }

    fn accepts(identity: IdentityType, changes: Value) {
        assert_eq!(answer(identity, changes.clone()), Ok(()), "{identity} {changes}");
    }

    fn refuses(identity: IdentityType, changes: Value, code: &str) {
        let given = answer(identity, changes.clone());
        let code = if code == "parameter" { "InvalidParameterException" } else { "InvalidRequestException" };
        assert_eq!(given.map_err(|(code, _)| code), Err(code), "{identity} {changes}");
    }

    #[test]
    fn the_least_that_each_identity_type_asks_for_is_enough() {
        for identity in IdentityType::ALL {
            accepts(identity, json!({}));
        }
        accepts(ExistingDirectory, json!({ "IdentityInfo": null }));
        accepts(ExistingDirectory, json!({ "DirectoryUserId": "d-1" }));
    }

    #[test]
    fn a_missing_password_is_refused_in_the_services_own_words() {
        assert_eq!(
            answer(ConnectManaged, json!({ "Password": null })),
            Err(("InvalidRequestException", "Required parameter missing: Password".into()))
        );
    }

    #[test]
    fn required_members_are_required() {
        for member in ["Username", "SecurityProfileIds", "RoutingProfileId"] {
            refuses(Saml, json!({ member: null }), "request");
        }
        for identity in [Saml, ConnectManaged] {
            for member in ["IdentityInfo", "IdentityInfo.FirstName", "IdentityInfo.LastName"] {
                refuses(identity, json!({ member: null }), "request");
            }
            refuses(identity, json!({ "IdentityInfo.LastName": "" }), "request");
        }
    }

    #[test]
    fn usernames_have_a_length_and_characters() {
        for (identity, limit) in [(ConnectManaged, 20), (ExistingDirectory, 20), (Saml, 64)] {
            accepts(identity, json!({ "Username": "a".repeat(limit) }));
            refuses(identity, json!({ "Username": "a".repeat(limit + 1) }), "parameter");
        }
        for good in ["testuser", "a@example.com", "A_b-c.d9", "x"] {
            accepts(Saml, json!({ "Username": good }));
        }
        for bad in ["a b", "jörg", "a\n", "a/b"] {
            refuses(Saml, json!({ "Username": bad }), "parameter");
        }
        // Salesforce's own names are of this form, and with SAML only.
        for no_address in ["testuser@example", "@example.com", "a@b@example.com", "a@.com", "a@b..com"] {
            accepts(Saml, json!({ "Username": no_address }));
            refuses(ConnectManaged, json!({ "Username": no_address }), "parameter");
        }
    }

    #[test]
    fn passwords_follow_the_policy() {
        for good in ["Abcdefg1", "Pässwort1", "aA1!\"§$%&", &format!("aA1{}", "x".repeat(61))] {
            accepts(ConnectManaged, json!({ "Password": good }));
        }
        for bad in [
            "Abcdef1",
            "abcdefg1",
            "ABCDEFG1",
            "Abcdefgh",
            "Abcdef 1",
            "Abcdefg1\t",
            &format!("aA1{}", "x".repeat(62)),
        ] {
            refuses(ConnectManaged, json!({ "Password": bad }), "parameter");
        }
    }

    #[test]
    fn no_message_repeats_a_password() {
        for password in [json!("canary1 canary"), json!(["canary1"]), json!({ "canary1": "canary1" })] {
            for identity in IdentityType::ALL {
                let (_, message) = answer(identity, json!({ "Password": password })).expect_err("refused");
                assert!(!message.contains("canary1"), "{message}");
            }
        }
    }

    #[test]
    fn what_the_identity_type_forbids_is_an_invalid_request() {
        refuses(Saml, json!({ "Password": "Analytical1" }), "request");
        refuses(ExistingDirectory, json!({ "Password": "Analytical1" }), "request");
        refuses(Saml, json!({ "IdentityInfo.Email": "ada@example.com" }), "request");
        refuses(Saml, json!({ "DirectoryUserId": "d-1" }), "request");
        accepts(ConnectManaged, json!({ "IdentityInfo.Email": "ada@example.com" }));
        accepts(Saml, json!({ "IdentityInfo.SecondaryEmail": "ada@example.com" }));
    }

    #[test]
    fn a_primary_address_is_taken_as_people_have_it_and_a_secondary_one_by_its_pattern() {
        for (address, primary, secondary) in [
            ("ada@example.com", true, true),
            ("o'brien@example.com", true, false),
            ("zoë@example.com", true, false),
            ("ada@example", false, false),
            ("ada@.", false, false),
            ("ada@example.", false, false),
            ("@example.com", false, false),
            ("a@b@example.com", false, false),
            ("a b@example.com", false, false),
        ] {
            for (member, good) in [("Email", primary), ("SecondaryEmail", secondary)] {
                let member = format!("IdentityInfo.{member}");
                let change = json!({ member: address });
                if good {
                    accepts(ConnectManaged, change)
                } else {
                    refuses(ConnectManaged, change, "parameter")
                }
            }
        }
    }

    #[test]
    fn names_have_lengths_and_a_normal_form() {
        for (identity, last) in [(ConnectManaged, 256), (Saml, 300)] {
            accepts(identity, json!({ "IdentityInfo.FirstName": "é".repeat(255) }));
            refuses(identity, json!({ "IdentityInfo.FirstName": "é".repeat(256) }), "parameter");
            accepts(identity, json!({ "IdentityInfo.LastName": "é".repeat(last) }));
            refuses(identity, json!({ "IdentityInfo.LastName": "é".repeat(last + 1) }), "parameter");
            refuses(identity, json!({ "IdentityInfo.FirstName": "Rene\u{301}" }), "parameter");
        }
    }

    #[test]
    fn numbers_are_e164() {
        for (number, good) in [
            ("+4930123456", true),
            ("+12", true),
            ("+123456789012345", true),
            ("+1234567890123456", false),
            ("+1", false),
            ("+0123", false),
            ("1234567890", false),
            ("+49 30 1", false),
            ("", false),
        ] {
            let changes = [
                json!({ "IdentityInfo.Mobile": number }),
                json!({ "PhoneConfig": { "PhoneType": "DESK_PHONE", "DeskPhoneNumber": number } }),
                json!({ "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": "DESK_PHONE", "PhoneNumber": number }] }),
            ];
            for change in changes {
                if good { accepts(Saml, change) } else { refuses(Saml, change, "parameter") }
            }
        }
    }

    #[test]
    fn a_desk_phone_has_a_number() {
        refuses(Saml, json!({ "PhoneConfig": { "PhoneType": "DESK_PHONE" } }), "request");
        refuses(
            Saml,
            json!({ "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": "DESK_PHONE" }] }),
            "request",
        );
        accepts(Saml, json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE" } }));
        refuses(Saml, json!({ "PhoneConfig": { "PhoneType": "soft" } }), "parameter");
    }

    #[test]
    fn after_contact_work_has_a_range_in_both_families() {
        for (seconds, good) in [(0, true), (2_000_000, true), (2_000_001, false), (-1, false)] {
            let limit = json!({ "AfterContactWorkTimeLimit": seconds });
            let changes = [
                json!({ "PhoneConfig": limit }),
                json!({ "AfterContactWorkConfigs": [{ "Channel": "CHAT", "AfterContactWorkConfig": limit }] }),
            ];
            for change in changes {
                if good { accepts(Saml, change) } else { refuses(Saml, change, "parameter") }
            }
        }
    }

    #[test]
    fn one_setting_comes_in_one_family_only() {
        let accept = json!([{ "Channel": "VOICE", "AutoAccept": true }]);
        accepts(Saml, json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE" }, "AutoAcceptConfigs": accept }));
        let clashes = [
            json!({ "PhoneConfig": { "AutoAccept": false }, "AutoAcceptConfigs": accept }),
            json!({ "PhoneConfig": { "AfterContactWorkTimeLimit": 0 },
                    "AfterContactWorkConfigs": [{ "Channel": "VOICE", "AfterContactWorkConfig": {} }] }),
            json!({ "PhoneConfig": { "PhoneType": "SOFT_PHONE" },
                    "PhoneNumberConfigs": [{ "Channel": "VOICE", "PhoneType": "SOFT_PHONE" }] }),
            json!({ "PhoneConfig": { "PersistentConnection": true },
                    "PersistentConnectionConfigs": [{ "Channel": "VOICE", "PersistentConnection": true }] }),
        ];
        for clash in clashes {
            refuses(Saml, clash, "request");
        }
    }

    #[test]
    fn channels_are_known_and_named_once() {
        accepts(
            Saml,
            json!({ "AutoAcceptConfigs": [
            { "Channel": "VOICE", "AutoAccept": true, "AgentFirstCallbackAutoAccept": true },
            { "Channel": "EMAIL", "AutoAccept": false },
        ] }),
        );
        let bad = [
            json!({ "AutoAcceptConfigs": [{ "Channel": "FAX", "AutoAccept": true }] }),
            json!({ "AutoAcceptConfigs": [{ "Channel": "CHAT", "AutoAccept": true }, { "Channel": "CHAT", "AutoAccept": true }] }),
            json!({ "AutoAcceptConfigs": [{ "Channel": "CHAT", "AutoAccept": true, "AgentFirstCallbackAutoAccept": true }] }),
            json!({ "PersistentConnectionConfigs": [{ "Channel": "CHAT", "PersistentConnection": true }] }),
            json!({ "VoiceEnhancementConfigs": [{ "Channel": "VOICE", "VoiceEnhancementMode": "LOUD" }] }),
        ];
        for change in bad {
            refuses(Saml, change, "parameter");
        }
    }

    #[test]
    fn security_profiles_are_one_to_ten_and_distinct() {
        let ids = |n: usize| (0..n).map(|i| format!("s{i}")).collect::<Vec<_>>();
        accepts(Saml, json!({ "SecurityProfileIds": ids(10) }));
        refuses(Saml, json!({ "SecurityProfileIds": ids(11) }), "parameter");
        refuses(Saml, json!({ "SecurityProfileIds": [] }), "parameter");
        refuses(Saml, json!({ "SecurityProfileIds": ["s", "s"] }), "parameter");
        refuses(
            Saml,
            json!({ "SecurityProfileIds": ["s", "arn:aws:connect:x:1:instance/i/security-profile/s"] }),
            "parameter",
        );
    }

    #[test]
    fn tags_have_a_number_and_a_form() {
        let many =
            |n: usize| (0..n).map(|i| (format!("k{i}"), "v".into())).collect::<serde_json::Map<_, _>>();
        accepts(Saml, json!({ "Tags": many(50) }));
        refuses(Saml, json!({ "Tags": many(51) }), "parameter");
        refuses(Saml, json!({ "Tags": {} }), "parameter");
        for key in ["headcount:run", "Kosten stelle", "größe", "a+b=c/d@e", &"k".repeat(128)] {
            accepts(Saml, json!({ "Tags": { key: "v" } }));
        }
        for key in ["", "aws:x", "a*b", "a\tb", "e\u{301}", "ⓐ", "\u{93f}", &"k".repeat(129)] {
            refuses(Saml, json!({ "Tags": { key: "v" } }), "parameter");
        }
        accepts(Saml, json!({ "Tags": { "k": "é".repeat(256) } }));
        refuses(Saml, json!({ "Tags": { "k": "é".repeat(257) } }), "parameter");
        accepts(Saml, json!({ "Tags": { "k": "" } }));
    }

    #[test]
    fn a_body_that_is_not_the_operations_json_is_a_serialization_error() {
        for body in
            ["", "[]", "{", "null", r#"{"Username":1,"SecurityProfileIds":["s"],"RoutingProfileId":"r"}"#]
        {
            let refusal = read(Saml, body.as_bytes()).expect_err("refused");
            assert_eq!((refusal.status, refusal.code), (400, "SerializationException"), "{body}");
        }
    }
}
