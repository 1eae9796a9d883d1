//! A row without errors becomes an agent; an agent has a fingerprint.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash as _, Hasher};

use sha2::{Digest as _, Sha256};
use unicode_normalization::UnicodeNormalization as _;

use super::rules::{RowCheck, is_spared};
use super::{About, Rules, about, grammar};
use crate::agent::{
    Agent, Channel, Cleared, Fingerprint, Password, PhoneType, Proficiency, RowNumber, VoiceEnhancement,
    phone,
};
use crate::finding::{Severity, codes};
use crate::roster::{Columns, Field, Row};

/// Builds the agent of a row; `None` where the row has errors of its own, or its columns lack what a user needs.
///
/// Everything is normalised: spaces around cells are gone, names are in composed form, and a number that a soft-phone
/// row carries and the service would refuse is left out. The password is taken as it stands.
///
/// For many rows of one file there is [`agent_by`].
pub fn agent(row: &Row, columns: &Columns, rules: &Rules<'_>) -> Option<Agent> {
    agent_by(&RowCheck::new(columns, rules), row)
}

/// The same by the rules as they apply to the columns of the row's file, which are found out once for all its rows.
pub fn agent_by(check: &RowCheck<'_>, row: &Row) -> Option<Agent> {
    let mut findings = Vec::new();
    check.check(row, &mut findings);
    if findings.iter().any(|finding| finding.severity == Severity::Error) {
        return None;
    }
    build(row, check.columns(), check.rules())
}

/// Builds the agent of a row that is known to have no errors.
pub(super) fn build(row: &Row, columns: &Columns, rules: &Rules<'_>) -> Option<Agent> {
    // What is to be taken away is no value; of somebody who is to be made nothing is.
    let raw = |field| if rules.about.reads(field) { columns.cell(row, field) } else { "" };
    let cell = |field| Some(grammar::trimmed(raw(field))).filter(|text| !about::is_clear(text));
    let cell = |field| cell(field).unwrap_or_default();
    let optional = |field| Some(cell(field)).filter(|text| !text.is_empty());
    let text = |field| optional(field).map(str::to_owned);
    let composed = |name: &str| match grammar::is_composed(name) {
        true => name.to_owned(),
        false => name.nfc().collect(),
    };
    let name = |field| optional(field).map(composed);

    let username = text(Field::Username)?;
    let is_there = rules.is_there(&username);
    for field in super::rules::required(rules, is_there) {
        let is_let_through = match field {
            Field::FirstName => rules.let_through.has(codes::FIRST_NAME_MISSING.id),
            Field::LastName => rules.let_through.has(codes::LAST_NAME_MISSING.id),
            _ => false,
        };
        let is_spared = || is_spared(field) && rules.has_user(&username);
        if columns.cell(row, field).is_empty() && !is_let_through && !is_spared() {
            return None;
        }
    }
    let phone_type = |field| grammar::phone_type(cell(field));
    // A number that is none stays out of a soft-phone row and is an error in any other, which has no agent.
    let number = |field| optional(field).and_then(|cell| phone::e164(cell, columns.phone_region).ok());
    let seconds = |field| optional(field).and_then(grammar::seconds);
    let yes_or_no = |field| grammar::yes_or_no(cell(field));
    // Nobody's password is changed who has one.
    let password = if is_there { "" } else { columns.cell(row, Field::Password) };
    Some(Agent {
        row: RowNumber::of(row.number),
        username,
        password: (!password.is_empty()).then(|| Password::new(password)),
        first_name: name(Field::FirstName),
        last_name: name(Field::LastName),
        email: text(Field::Email),
        secondary_email: text(Field::SecondaryEmail),
        mobile: number(Field::Mobile).map(Cow::into_owned),
        directory_user_id: text(Field::DirectoryUserId),
        routing_profile: text(Field::RoutingProfile).unwrap_or_default(),
        security_profiles: optional(Field::SecurityProfiles).map(listed).unwrap_or_default(),
        hierarchy: optional(Field::Hierarchy).map(listed),
        phone_type: phone_type(Field::PhoneType),
        phone_number: number(Field::PhoneNumber).map(Cow::into_owned),
        auto_accept: yes_or_no(Field::AutoAccept),
        after_contact_work_seconds: seconds(Field::AfterContactWork),
        persistent_connection: yes_or_no(Field::PersistentConnection),
        voice_enhancement: grammar::voice_enhancement(cell(Field::VoiceEnhancement)),
        tags: tags(cell(Field::Tags)),
        channel_auto_accept: of_channels(Field::CHANNEL_AUTO_ACCEPT, yes_or_no),
        callback_auto_accept: yes_or_no(Field::AutoAcceptCallback),
        channel_after_contact_work_seconds: of_channels(Field::CHANNEL_AFTER_CONTACT_WORK, seconds),
        callback_after_contact_work_seconds: seconds(Field::AfterContactWorkCallback),
        voice_phone_type: phone_type(Field::PhoneTypeVoice),
        voice_phone_number: number(Field::PhoneNumberVoice).map(Cow::into_owned),
        voice_persistent_connection: yes_or_no(Field::PersistentConnectionVoice),
        proficiencies: proficiencies(cell(Field::Proficiencies)),
        cleared: cleared(row, columns, rules),
    })
}

/// What a row says of who somebody is, as a hash: of two rows of one name that say the same, one is enough.
pub(super) fn identity(row: &Row, columns: &Columns, mut hasher: impl Hasher) -> u64 {
    for field in About::IDENTITY {
        let cell: String = grammar::trimmed(columns.cell(row, field)).nfc().collect();
        cell.hash(&mut hasher);
    }
    hasher.finish()
}

fn listed(cell: &str) -> Vec<String> {
    grammar::list(cell).map(str::to_owned).collect()
}

/// What a row asks to be taken away.
fn cleared(row: &Row, columns: &Columns, rules: &Rules<'_>) -> BTreeSet<Cleared> {
    if matches!(rules.about, About::New | About::Leaving) {
        return BTreeSet::new();
    }
    let is_cleared = |field: &Field| about::is_clear(grammar::trimmed(columns.cell(row, *field)));
    Field::ALL.into_iter().filter(is_cleared).filter_map(about::clearing).collect()
}

fn of_channels<T>(fields: [(Channel, Field); 4], read: impl Fn(Field) -> Option<T>) -> BTreeMap<Channel, T> {
    fields.into_iter().filter_map(|(channel, field)| Some((channel, read(field)?))).collect()
}

/// Sorted, for their order means nothing.
fn proficiencies(cell: &str) -> Vec<Proficiency> {
    let read = |found: grammar::ProficiencyCell<'_>| {
        let (attribute, value) = (found.attribute.to_owned(), found.value.to_owned());
        Some(Proficiency { attribute, value, level: found.level()? })
    };
    let mut all: Vec<Proficiency> = grammar::proficiencies(cell).flatten().filter_map(read).collect();
    all.sort();
    all
}

fn tags(cell: &str) -> BTreeMap<String, String> {
    grammar::tags(cell).flatten().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// Says with 64 bits what a row asks for, so that a later run can tell whether the row has changed.
///
/// It is the first eight bytes, read big-endian, of the SHA-256 of all members but the row's number, the password
/// (nothing derived from a password is kept), and the proficiencies, which CreateUser does not have and which have a
/// fingerprint of their own: a version, then for each member in the order of [`Agent`] its place, and
/// its length and bytes where it is there. Security profiles are sorted, for their order means nothing. It does not
/// depend on the order of columns, on formatting, or on the form of Unicode; it does on how a profile is named, for a
/// name and an id can be told to be one only with the instance.
pub(crate) fn fingerprint(agent: &Agent) -> Fingerprint {
    let Agent {
        row: _, username, password: _, first_name, last_name, email, secondary_email, mobile, ..
    } = agent;
    let Agent {
        directory_user_id,
        routing_profile,
        security_profiles,
        hierarchy,
        phone_type,
        phone_number,
        ..
    } = agent;
    let Agent {
        auto_accept, after_contact_work_seconds, persistent_connection, voice_enhancement, tags, ..
    } = agent;
    let Agent {
        channel_auto_accept,
        callback_auto_accept,
        channel_after_contact_work_seconds,
        callback_after_contact_work_seconds,
        voice_phone_type,
        voice_phone_number,
        voice_persistent_connection,
        proficiencies: _,
        cleared,
        ..
    } = agent;

    let mut digest = Digested(Vec::with_capacity(512));
    digest.0.extend(b"headcount agent 1");
    digest.text(1, Some(username));
    digest.text(2, first_name.as_deref());
    digest.text(3, last_name.as_deref());
    digest.text(4, email.as_deref());
    digest.text(5, secondary_email.as_deref());
    digest.text(6, mobile.as_deref());
    digest.text(7, directory_user_id.as_deref());
    digest.text(8, Some(routing_profile));
    let mut profiles: Vec<&String> = security_profiles.iter().collect();
    profiles.sort();
    digest.texts(9, profiles.into_iter());
    digest.texts(10, hierarchy.iter().flatten());
    digest.text(11, phone_type.map(soft_or_desk));
    digest.text(12, phone_number.as_deref());
    digest.text(13, auto_accept.map(yes_or_no));
    digest.text(14, after_contact_work_seconds.map(number).as_deref());
    digest.text(15, persistent_connection.map(yes_or_no));
    digest.text(
        16,
        voice_enhancement.map(|mode| match mode {
            VoiceEnhancement::None => "none",
            VoiceEnhancement::VoiceIsolation => "isolate voice",
            VoiceEnhancement::NoiseSuppression => "suppress noise",
        }),
    );
    digest.texts(17, tags.iter().flat_map(|(key, value)| [key, value]));
    for (place, channel) in (18..).zip(Channel::ALL) {
        digest.text(place, channel_auto_accept.get(&channel).copied().map(yes_or_no));
    }
    digest.text(22, callback_auto_accept.map(yes_or_no));
    for (place, channel) in (23..).zip(Channel::ALL) {
        let seconds = channel_after_contact_work_seconds.get(&channel).copied();
        digest.text(place, seconds.map(number).as_deref());
    }
    digest.text(27, callback_after_contact_work_seconds.map(number).as_deref());
    digest.text(28, voice_phone_type.map(soft_or_desk));
    digest.text(29, voice_phone_number.as_deref());
    digest.text(30, voice_persistent_connection.map(yes_or_no));
    for cleared in cleared {
        digest.text(31, Some(&format!("{cleared:?}")));
    }
    digest.finish()
}

/// Says with 64 bits which proficiencies a row asks for; `None` where it asks for none. Made as [`fingerprint`] is, of
/// attribute (1), value (2) and level (3) of each, sorted.
pub(crate) fn proficiencies_fingerprint(agent: &Agent) -> Option<Fingerprint> {
    let mut digest = Digested(b"headcount proficiencies 1".to_vec());
    for Proficiency { attribute, value, level } in &agent.proficiencies {
        digest.text(1, Some(attribute));
        digest.text(2, Some(value));
        digest.text(3, Some(&level.to_string()));
    }
    (!agent.proficiencies.is_empty()).then(|| digest.finish())
}

fn number(seconds: u32) -> String {
    seconds.to_string()
}

fn soft_or_desk(phone: PhoneType) -> &'static str {
    match phone {
        PhoneType::Soft => "soft",
        PhoneType::Desk => "desk",
    }
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// What is digested, gathered first: one long update is quicker than many short ones.
struct Digested(Vec<u8>);

impl Digested {
    fn text(&mut self, place: u8, text: Option<&str>) {
        if let Some(text) = text {
            self.0.push(place);
            self.0.extend((text.len() as u64).to_be_bytes());
            self.0.extend(text.as_bytes());
        }
    }

    fn texts<'a>(&mut self, place: u8, texts: impl Iterator<Item = &'a String>) {
        for text in texts {
            self.text(place, Some(text));
        }
    }

    fn finish(self) -> Fingerprint {
        let digest = Sha256::digest(&self.0);
        Fingerprint::of(digest.iter().take(8).fold(0, |bits, &byte| bits << 8 | u64::from(byte)))
    }
}
