//! A user becomes the cells of a row. Pure: the inverse of what reads, checks and makes one.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::UnicodeNormalization as _;

use super::names::{LOST, Names};
use crate::agent::{CLEAR, Channel, IdentityType, PROVENANCE};
use crate::connect::model::{
    AfterContactWorkConfig, AfterContactWorkConfigPerChannel, AutoAcceptConfig, IdentityInfo, PhoneConfig,
    User, UserProficiency,
};
use crate::roster::Field;
use crate::text::shown;
use crate::user::Group;
use crate::validate::grammar;

/// A user as a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// The exact username.
    pub(crate) username: String,
    /// Of which of several targets.
    pub(crate) target: Option<String>,
    /// The cells that have text, in the order of the fields.
    pub(crate) cells: BTreeMap<Field, String>,
    /// What the row does not say, for a person: each a sentence about one thing.
    pub(crate) untold: Vec<String>,
}

/// What stands in the cell of a member that a user does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// Nothing, which leaves the member as it is.
    Blank,
    /// The word that takes away: so the row says all of a group, and puts it back as it was.
    Cleared,
}

/// Of whom, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'o> {
    /// How the instance knows its users.
    pub(crate) identity: IdentityType,
    /// What it calls things.
    pub(crate) names: &'o Names,
    /// The groups that the row is to say.
    pub(crate) groups: &'o BTreeSet<Group>,
    /// What stands where there is nothing.
    pub(crate) absent: Absent,
}

/// What a user has, as a row. `proficiencies` are `None` where they were not read.
///
/// No column is made for a password, which nobody can read. An empty text is nothing: DescribeUser has `""` where there is
/// nothing.
pub(crate) fn line(user: &User, proficiencies: Option<&[UserProficiency]>, of: Of<'_>) -> Line {
    let mut line = Line { username: user.username.clone(), ..Line::default() };
    line.cells.insert(Field::Username, user.username.clone());
    let nobody = PhoneConfig::default();
    let phone = user.phone_config.as_ref().unwrap_or(&nobody);
    for group in of.groups {
        match group {
            Group::Identity => identity(user, of, &mut line),
            Group::Config => {
                phones(user, phone, of, &mut line);
                auto_accept(phone.auto_accept, &user.auto_accept_configs, of, &mut line);
                let limit = phone.after_contact_work_time_limit;
                after_contact_work(limit, &user.after_contact_work_configs, of, &mut line);
                persistent_connection(user, phone, of, &mut line);
                voice_enhancement(user, of, &mut line);
            }
            Group::RoutingProfile => {
                let id = user.routing_profile_id.as_deref().unwrap_or_default();
                line.put(Field::RoutingProfile, of.names.routing_profile(id));
            }
            Group::SecurityProfiles => {
                line.put(Field::SecurityProfiles, &of.names.security_profiles(&user.security_profile_ids));
            }
            Group::Hierarchy => {
                let id = user.hierarchy_group_id.as_deref().unwrap_or_default();
                line.put_or(Field::Hierarchy, of.names.hierarchy(id), of.absent);
            }
            Group::Tags => tags(&user.tags, of.absent, &mut line),
            Group::Proficiencies => {
                if let Some(all) = proficiencies {
                    self::proficiencies(all, of.absent, &mut line);
                }
            }
        }
    }
    line
}

impl Line {
    /// Fills a cell, unless the text cannot stand in one.
    fn put(&mut self, field: Field, text: &str) {
        if text.is_empty() {
            return;
        }
        if grammar::trimmed(text) != text {
            self.leave(field, format_args!("has spaces around it: `{}`", shown(text)));
        } else if text.contains(LOST) {
            self.leave(field, format_args!("has a character that no file gives back: `{}`", shown(text)));
        } else if text.eq_ignore_ascii_case(CLEAR) {
            self.leave(field, format_args!("is the word that clears: `{}`", shown(text)));
        } else {
            self.cells.insert(field, text.to_owned());
        }
    }

    /// The same, of what may be taken from a user.
    fn put_or(&mut self, field: Field, text: &str, absent: Absent) {
        self.put(field, text);
        if text.is_empty() && absent == Absent::Cleared {
            self.cells.insert(field, CLEAR.to_owned());
        }
    }

    /// Says what a cell does not.
    pub(super) fn leave(&mut self, field: Field, why: impl std::fmt::Display) {
        self.untold.push(format!("{} {why}", field.name()));
    }
}

fn identity(user: &User, of: Of<'_>, line: &mut Line) {
    let nobody = IdentityInfo::default();
    let info = user.identity_info.as_ref().unwrap_or(&nobody);
    // Composed, as the service has names and as they are read.
    let composed = |name: &Option<String>| name.as_deref().unwrap_or_default().nfc().collect::<String>();
    let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
    line.put(Field::FirstName, &composed(&info.first_name));
    line.put(Field::LastName, &composed(&info.last_name));
    match of.identity {
        // "If you are using SAML … and include this parameter, an error is returned" (API, UserIdentityInfo).
        IdentityType::Saml => {
            let email = text(&info.email);
            if !email.is_empty() {
                line.leave(Field::Email, format_args!("is not taken with SAML: `{}`", shown(&email)));
            }
        }
        IdentityType::ConnectManaged | IdentityType::ExistingDirectory => {
            line.put_or(Field::Email, &text(&info.email), of.absent);
        }
    }
    line.put_or(Field::SecondaryEmail, &text(&info.secondary_email), of.absent);
    line.put_or(Field::Mobile, &text(&info.mobile), of.absent);
    // Everybody has one; where no directory gave it, it is the service's own, and no row may have it. Nobody can change it.
    if of.identity == IdentityType::ExistingDirectory && of.absent == Absent::Blank {
        line.put(Field::DirectoryUserId, user.directory_user_id.as_deref().unwrap_or_default());
    }
}

/// The phone of voice, in the older columns: both families are one phone, and what is listed has the word.
fn phones(user: &User, older: &PhoneConfig, of: Of<'_>, line: &mut Line) {
    let text = |text: &'_ Option<String>| text.clone().unwrap_or_default();
    let (mut kind, mut number) = (text(&older.phone_type), text(&older.desk_phone_number));
    for config in &user.phone_number_configs {
        if config.channel == VOICE {
            (kind, number) = (config.phone_type.clone(), text(&config.phone_number));
        } else {
            line.leave(Field::PhoneTypeVoice, format_args!("has no column for `{}`", shown(&config.channel)));
        }
    }
    match kind.as_str() {
        "DESK_PHONE" if number.is_empty() => line.leave(Field::PhoneType, "is desk, without a number"),
        "DESK_PHONE" => {
            line.put(Field::PhoneNumber, &number);
            if line.cells.contains_key(&Field::PhoneNumber) {
                line.put(Field::PhoneType, "desk");
            }
        }
        // Whatever is noted down for a softphone is nobody's number.
        "SOFT_PHONE" => line.put(Field::PhoneType, "soft"),
        "" => line.put_or(Field::PhoneType, "", of.absent),
        other => line.leave(Field::PhoneType, format_args!("is `{}`, which no row has", shown(other))),
    }
}

/// A setting that a user has for all channels, or for each.
struct Setting<'s> {
    /// As the older family has it.
    older: Option<String>,
    /// As the lists have it, by channel.
    listed: Vec<(&'s str, String)>,
    /// For agent-first callbacks, by channel.
    callbacks: Vec<(&'s str, String)>,
}

/// The columns of a setting.
struct InColumns {
    all: Field,
    each: [(Channel, Field); 4],
    callback: Field,
}

fn auto_accept(older: Option<bool>, newer: &[AutoAcceptConfig], of: Of<'_>, line: &mut Line) {
    let word = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let columns = InColumns {
        all: Field::AutoAccept,
        each: Field::CHANNEL_AUTO_ACCEPT,
        callback: Field::AutoAcceptCallback,
    };
    let callback = |config: &'_ AutoAcceptConfig| config.agent_first_callback_auto_accept;
    let setting = Setting {
        older: older.map(word),
        listed: newer.iter().map(|config| (config.channel.as_str(), word(config.auto_accept))).collect(),
        callbacks: newer
            .iter()
            .filter_map(|config| Some((config.channel.as_str(), word(callback(config)?))))
            .collect(),
    };
    setting.put(&columns, "no", of.absent, line);
}

fn after_contact_work(
    older: Option<i64>,
    newer: &[AfterContactWorkConfigPerChannel],
    of: Of<'_>,
    line: &mut Line,
) {
    // One that is listed without a limit has none, whatever the older family says of all.
    let limit = |config: &AfterContactWorkConfig| {
        config.after_contact_work_time_limit.unwrap_or_default().to_string()
    };
    let columns = InColumns {
        all: Field::AfterContactWork,
        each: Field::CHANNEL_AFTER_CONTACT_WORK,
        callback: Field::AfterContactWorkCallback,
    };
    let callback = |config: &'_ AfterContactWorkConfigPerChannel| {
        config.agent_first_callback_after_contact_work_config.as_ref().map(limit)
    };
    let setting = Setting {
        older: older.map(|seconds| seconds.to_string()),
        listed: newer
            .iter()
            .map(|config| (config.channel.as_str(), limit(&config.after_contact_work_config)))
            .collect(),
        callbacks: newer
            .iter()
            .filter_map(|config| Some((config.channel.as_str(), callback(config)?)))
            .collect(),
    };
    setting.put(&columns, "0", of.absent, line);
}

impl Setting<'_> {
    /// Fills one family of columns, for the service takes one of them: that of all channels where all are alike and nothing
    /// is set for callbacks, else that of each. `default` is what the service has where nothing was set.
    fn put(&self, columns: &InColumns, default: &str, absent: Absent, line: &mut Line) {
        for (channel, _) in &self.listed {
            if Channel::ALL.iter().all(|known| known.as_api() != *channel) {
                line.leave(columns.all, format_args!("has no column for `{}`", shown(channel)));
            }
        }
        let callback = self.callback(columns, default, line);
        let each = columns.each.map(|(channel, field)| (self.of(channel), field));
        let is_one = callback.is_none() && each.iter().all(|(value, _)| *value == each[0].0);
        // What is said of some channels, and what the others are at by default.
        let is_default = callback.is_none()
            && each.iter().all(|(value, _)| value.as_deref().is_none_or(|value| value == default));
        match (&each[0].0, absent) {
            (Some(value), Absent::Blank) if is_one => line.put(columns.all, value),
            (None, Absent::Blank) if is_one => {}
            (_, Absent::Blank) if is_default => line.put(columns.all, default),
            // Callbacks included, which one column for all would leave as they are.
            _ => {
                for (value, field) in each {
                    line.put_or(field, value.as_deref().unwrap_or_default(), absent);
                }
                line.put_or(columns.callback, callback.as_deref().unwrap_or_default(), absent);
            }
        }
    }

    /// The setting of a channel, as far as that is certain. The older family is that of every channel that is not listed
    /// (API, UpdateUserPhoneConfig: "applies the same ACW timeout to all channels"); but where a channel is listed with the
    /// same, it may mirror that one, and nothing is said of the others.
    fn of(&self, channel: Channel) -> Option<String> {
        let mut listed = self.listed.iter().filter(|(of, _)| *of == channel.as_api());
        if let Some((_, value)) = listed.next_back() {
            return Some(value.clone());
        }
        let older = self.older.as_ref()?;
        let may_mirror = self.listed.iter().any(|(_, value)| value == older);
        (!may_mirror).then(|| older.clone())
    }

    /// The setting of agent-first callbacks, where it is another than the default: those of voice alone have a column, and
    /// only beside the setting of voice.
    fn callback(&self, columns: &InColumns, default: &str, line: &mut Line) -> Option<String> {
        let (of_voice, of_others): (Vec<_>, Vec<_>) =
            self.callbacks.iter().partition(|(channel, _)| *channel == VOICE);
        for (channel, _) in of_others.iter().filter(|(_, value)| value != default) {
            line.leave(columns.callback, format_args!("has no column for `{}`", shown(channel)));
        }
        let (_, value) = of_voice.last()?;
        (value != default).then(|| value.clone())
    }
}

fn persistent_connection(user: &User, older: &PhoneConfig, of: Of<'_>, line: &mut Line) {
    let mut kept = older.persistent_connection;
    for config in &user.persistent_connection_configs {
        if config.channel == VOICE {
            kept = Some(config.persistent_connection);
        } else {
            let why = format_args!("has no column for `{}`", shown(&config.channel));
            line.leave(Field::PersistentConnection, why);
        }
    }
    let word = kept.map_or("", |kept| if kept { "yes" } else { "no" });
    line.put_or(Field::PersistentConnection, word, of.absent);
}

fn voice_enhancement(user: &User, of: Of<'_>, line: &mut Line) {
    let mut word = "";
    for config in &user.voice_enhancement_configs {
        word = match (config.channel.as_str(), config.voice_enhancement_mode.as_str()) {
            (VOICE, "NONE") => "none",
            (VOICE, "VOICE_ISOLATION") => "isolate voice",
            (VOICE, "NOISE_SUPPRESSION") => "suppress noise",
            (channel, mode) => {
                let (channel, mode) = (shown(channel), shown(mode));
                line.leave(
                    Field::VoiceEnhancement,
                    format_args!("is `{mode}` for `{channel}`, which no row has"),
                );
                continue;
            }
        };
    }
    let is_told = line.untold.iter().any(|said| said.starts_with(Field::VoiceEnhancement.name()));
    line.put_or(
        Field::VoiceEnhancement,
        word,
        if word.is_empty() && is_told { Absent::Blank } else { of.absent },
    );
}

/// How many tags a row may have: the fiftieth is the provenance tag's.
const TAGS: usize = 49;

/// `key|value||key|value`, without the provenance tag, which says who made a user, and those of AWS, which nobody can set.
fn tags(all: &BTreeMap<String, String>, absent: Absent, line: &mut Line) {
    let own = all.iter().filter(|(key, _)| *key != PROVENANCE && !key.starts_with("aws:"));
    let mut pieces: Vec<(&str, &str)> = Vec::new();
    let mut is_any = false;
    for (key, value) in own {
        is_any = true;
        if let Some(why) = unfit(key).or(unfit(value)) {
            line.leave(Field::Tags, format_args!("are without `{}`: {why}", shown(key)));
        } else if pieces.len() == TAGS {
            line.leave(Field::Tags, format_args!("are without `{}`: a row has {TAGS} at most", shown(key)));
        } else {
            pieces.push((key, value));
        }
    }
    let mut cell = String::new();
    for (at, (key, value)) in pieces.iter().enumerate() {
        cell.push_str(key);
        cell.push('|');
        cell.push_str(value);
        if at + 1 < pieces.len() {
            // Of an empty value and the two bars behind it nobody could tell which two are the border.
            cell.push_str(if value.is_empty() { " ||" } else { "||" });
        }
    }
    if !cell.is_empty() {
        line.cells.insert(Field::Tags, cell);
    } else if !is_any && absent == Absent::Cleared {
        line.cells.insert(Field::Tags, CLEAR.to_owned());
    }
}

/// Why a text cannot stand between bars.
fn unfit(text: &str) -> Option<&'static str> {
    match text {
        text if text.contains('|') => Some("it has a `|`"),
        text if grammar::trimmed(text) != text => Some("it has spaces around it"),
        text if text.contains(LOST) => Some("it has a character that no file gives back"),
        _ => None,
    }
}

/// `attribute:value:level` with `|` between them, else, where a name has a colon, `attribute|value|level` with `||`.
fn proficiencies(all: &[UserProficiency], absent: Absent, line: &mut Line) {
    let mut pieces: Vec<(&str, &str, f32)> = Vec::new();
    for UserProficiency { attribute_name, attribute_value, level } in all {
        let is_level = (1..=5).any(|known| f32::from(known as u8) == *level);
        let why = match unfit(attribute_name).or(unfit(attribute_value)) {
            Some(why) => Some(why),
            None if attribute_name.is_empty() || attribute_value.is_empty() => Some("it has no name"),
            None if !is_level => Some("its level is none of 1 to 5"),
            None => None,
        };
        match why {
            Some(why) => {
                let named = format!("{attribute_name}:{attribute_value}");
                line.leave(Field::Proficiencies, format_args!("are without `{}`: {why}", shown(&named)));
            }
            None => pieces.push((attribute_name, attribute_value, *level)),
        }
    }
    pieces.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    let written = |between: &str, border: &str| {
        let piece = |(attribute, value, level): &(&str, &str, f32)| {
            format!("{attribute}{between}{value}{between}{level}")
        };
        pieces.iter().map(piece).collect::<Vec<_>>().join(border)
    };
    let with_colons = written(":", "|");
    // Read as it will be: names of the service's own have a colon that is none of the grammar's.
    let read =
        grammar::proficiencies(&with_colons).map(|piece| piece.ok().map(|one| (one.attribute, one.value)));
    let is_read_back = read.eq(pieces.iter().map(|&(attribute, value, _)| Some((attribute, value))));
    let cell = if is_read_back { with_colons } else { written("|", "||") };
    if !cell.is_empty() {
        line.cells.insert(Field::Proficiencies, cell);
    } else if all.is_empty() && absent == Absent::Cleared {
        line.cells.insert(Field::Proficiencies, CLEAR.to_owned());
    }
}

const VOICE: &str = Channel::Voice.as_api();
