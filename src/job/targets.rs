//! Several targets in a file: which instances there are, how each is reached, and what a roster calls it.
//!
//! The names of the keys are the AWS CLI's where it has one. No key holds a secret. All that is wrong with a file is said at
//! once, each with its line, its key and what was expected; a value that may be a key to an account is never shown.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::{DeTable, DeValue};

use super::pace::RateAsked;
use crate::agent::IdentityType;
use crate::connect::{self, Environment, Role};
use crate::disk;
use crate::error::Failure;
use crate::roster::TargetNames;
use crate::text::{decoded, shown};

/// The targets of a file, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Targets {
    /// All of them; at least one.
    pub each: Vec<OneTarget>,
    /// The one for rows that name none, by its place.
    pub default: Option<usize>,
}

/// One of several targets: an instance, how it is reached, and what is known of it before it is asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OneTarget {
    /// Its name.
    pub name: String,
    /// What a roster may write in place of the name.
    pub also: Vec<String>,
    /// The instance's id, ARN or alias.
    pub instance: String,
    /// The AWS region; an ARN has it already.
    pub region: Option<String>,
    /// The AWS profile.
    pub profile: Option<String>,
    /// The role that is taken with its keys.
    pub role: Option<Role>,
    /// Another endpoint of Connect than the region's own.
    pub endpoint_url: Option<String>,
    /// How many CreateUser calls a second, where that is said.
    pub rate: Option<RateAsked>,
    /// How many at once after a rest, where that is said.
    pub burst: Option<u32>,
    /// How the instance knows its users, where that is said.
    pub identity: Option<IdentityType>,
    /// A saved directory of it, where there is one.
    pub directory: Option<PathBuf>,
}

/// No file of targets is longer.
const LONGEST: u64 = 1 << 20;

/// A name stands in the names of files.
const LONGEST_NAME: usize = 64;

/// Words that stand in the names of files where a target's may stand.
const TAKEN: [&str; 7] = ["before", "failed", "ledger", "remove", "simulate", "undone", "update"];

/// What each key is.
const KEYS: [(&str, &str); 14] = [
    ("instance", "the instance's id, ARN or alias"),
    ("region", "a region's name, as in `us-east-1`"),
    ("profile", "the name of an AWS profile"),
    ("source_profile", "the name of the AWS profile whose keys take the role"),
    ("role_arn", "the ARN of a role, as in `arn:aws:iam::111122223333:role/NAME`"),
    ("external_id", "what the role's trust policy asks for, 2 to 1224 letters, digits and `_+=,.@:/-`"),
    ("role_session_name", "2 to 64 letters, digits and `_+=,.@-`"),
    ("duration_seconds", "whole seconds from 900 to 43200"),
    ("endpoint_url", "the URL of Connect's endpoint"),
    ("rate", "`\"quota\"`, `\"auto\"`, or a number of CreateUser calls a second from 0.01 to 100000"),
    ("burst", "a whole number from 1 to 1000000"),
    ("identity", "`\"connect\"`, `\"saml\"` or `\"directory\"`"),
    ("directory", "a file saved by `headcount directory`"),
    ("also", "words in brackets, as in `[\"Chicago\", \"NYC\"]`"),
];

/// Keys of one target alone.
const OWN: [&str; 3] = ["instance", "directory", "also"];

/// The keys above all tables.
const TOP: [&str; 3] = ["default_target", "defaults", "targets"];

/// Keys that hold a secret elsewhere, and have no place here.
const SECRETS: [&str; 6] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "aws_session_token",
    "access_key",
    "secret_key",
    "password",
];

impl Targets {
    /// Reads them from a file. A path in it is from the file's folder.
    ///
    /// # Errors
    /// Exit 2 where it cannot be read, or is not as it is to be.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let named = path.display();
        let unreadable = |error| {
            Failure::usage(format!("the file of targets cannot be read: `{named}`"))
                .because(error)
                .hint("docs/targets.md has one to begin with")
        };
        let bytes = disk::read_at_most(path, LONGEST).map_err(unreadable)?;
        let Some(bytes) = bytes else {
            return Err(Failure::usage(format!("too large for a file of targets: `{named}`")));
        };
        let no_text = || std::io::Error::other("it is neither UTF-8 nor UTF-16 with a byte-order mark");
        let text = decoded(&bytes).ok_or_else(|| unreadable(no_text()))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse(&text, folder).map_err(|faults| {
            Failure::usage(format!("the file of targets cannot be used: `{named}`"))
                .because(faults.join("\n"))
        })
    }

    /// Reads them from text; `folder` is where paths begin. The errors are all that is wrong, in the order of the lines.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<String>> {
        let table = DeTable::parse(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            // Without the line itself: a key to an account may stand in it.
            vec![format!("line {}: {}", line_of(text, at), error.message())]
        })?;
        let mut reading = Reading { text, folder, faults: Vec::new() };
        let targets = reading.file(table.get_ref());
        let mut faults = reading.faults;
        if faults.is_empty() {
            return Ok(targets);
        }
        faults.sort_by_key(|(line, _)| *line);
        Err(faults.into_iter().map(|(line, what)| format!("line {line}: {what}")).collect())
    }

    /// What a roster may call them.
    pub fn names(&self) -> TargetNames {
        let each = self.each.iter().map(|target| (target.name.as_str(), target.also.as_slice()));
        TargetNames::new(each, self.default)
    }

    /// The place of a target by its name.
    ///
    /// # Errors
    /// Exit 2 where there is none of that name.
    pub fn find(&self, name: &str) -> Result<usize, Failure> {
        let names = self.each.iter().map(|target| target.name.as_str());
        self.each.iter().position(|target| target.name == name).ok_or_else(|| {
            Failure::usage(format!("there is no such target: `{}`", shown(name))).hint(instead(name, names))
        })
    }
}

/// What may be meant by a word that is none of these.
fn instead<'w>(word: &str, words: impl Iterator<Item = &'w str> + Clone) -> String {
    let lower = word.to_lowercase();
    let near = |other: &&str| strsim::osa_distance(&other.to_lowercase(), &lower);
    match words.clone().min_by_key(near).filter(|other| near(other) <= 1.max(lower.chars().count() / 3)) {
        Some(other) => format!("did you mean `{other}`?"),
        None => {
            let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
            format!("there are {}", words.join(", "))
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    text.get(..at).unwrap_or(text).matches('\n').count() + 1
}

/// What a table says, as far as it can be used; each with its line.
#[derive(Default)]
struct Said {
    texts: HashMap<&'static str, (usize, String)>,
    duration: Option<(usize, Duration)>,
    rate: Option<RateAsked>,
    burst: Option<u32>,
    identity: Option<IdentityType>,
    also: Vec<(usize, String)>,
    /// Whether it has an `instance`, and be it one that cannot be used.
    names_instance: bool,
}

impl Said {
    fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|(_, text)| text.as_str())
    }

    fn line(&self, key: &str) -> Option<usize> {
        self.texts.get(key).map(|(line, _)| *line)
    }
}

struct Reading<'t> {
    text: &'t str,
    folder: &'t Path,
    faults: Vec<(usize, String)>,
}

impl Reading<'_> {
    fn fault(&mut self, at: usize, what: String) {
        self.faults.push((line_of(self.text, at), what));
    }

    fn file(&mut self, file: &DeTable<'_>) -> Targets {
        let (mut default_target, mut defaults, mut each) = (None, Said::default(), Vec::new());
        let mut has_targets = false;
        for (key, value) in file {
            let at = key.span().start;
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("default_target", DeValue::String(name)) => {
                    default_target = Some((at, name.as_ref().to_owned()));
                }
                ("default_target", _) => {
                    self.fault(at, "`default_target`: expected the name of a target, in quotes".into());
                }
                ("defaults", DeValue::Table(table)) => defaults = self.table("defaults", table, true),
                ("targets", DeValue::Table(table)) => {
                    has_targets = true;
                    each = self.targets(table);
                }
                (word @ ("defaults" | "targets"), _) => {
                    let what = if word == "targets" { "`[targets.NAME]`" } else { "`[defaults]`" };
                    self.fault(at, format!("`{word}`: expected a table, {what}"));
                }
                (word, _) => self.unknown(at, "", word, &TOP),
            }
        }
        if !has_targets || each.is_empty() {
            self.fault(0, "there is no target: each is a table `[targets.NAME]` with its `instance`".into());
        }
        each.sort_by_key(|(at, ..)| *at);
        let each: Vec<OneTarget> =
            each.into_iter().map(|(at, name, said)| self.target(at, name, &said, &defaults)).collect();
        let default = default_target.and_then(|(at, name)| {
            let place = each.iter().position(|target| target.name == name);
            if place.is_none() && !each.is_empty() {
                let instead = instead(&name, each.iter().map(|target| target.name.as_str()));
                self.fault(
                    at,
                    format!("`default_target`: there is no such target, `{}`: {instead}", shown(&name)),
                );
            }
            place
        });
        Targets { each, default }
    }

    fn targets(&mut self, table: &DeTable<'_>) -> Vec<(usize, String, Said)> {
        let mut each: Vec<(usize, String, Said)> = Vec::new();
        for (key, value) in table {
            let (at, name) = (key.span().start, key.get_ref().as_ref());
            let DeValue::Table(table) = value.get_ref() else {
                self.fault(at, format!("`targets.{}`: expected a table, `[targets.NAME]`", shown(name)));
                continue;
            };
            if let Some(why) = name_fault(name) {
                self.fault(at, format!("`targets.{}`: {why}", shown(name)));
            }
            let said = self.table(&format!("targets.{}", shown(name)), table, false);
            each.push((at, name.to_owned(), said));
        }
        self.words_mean_one(&each);
        each
    }

    /// Each word of a roster means one target. Some systems take names of files that differ in case alone for one.
    fn words_mean_one(&mut self, each: &[(usize, String, Said)]) {
        let mut names: HashMap<String, &str> = HashMap::new();
        let mut words: HashMap<&str, &str> = HashMap::new();
        for (at, name, _) in each {
            if let Some(other) = names.insert(name.to_lowercase(), name) {
                self.fault(*at, format!("`targets.{name}`: another target is called `{other}`"));
            }
            words.insert(name, name);
        }
        for (_, name, said) in each {
            for (at, word) in &said.also {
                match words.insert(word, name) {
                    Some(other) if other != name => self.fault(
                        *at,
                        format!(
                            "`targets.{name}.also`: `{}` means the target `{other}` already",
                            shown(word)
                        ),
                    ),
                    _ => {}
                }
            }
        }
    }

    fn unknown(&mut self, at: usize, table: &str, word: &str, words: &[&str]) {
        let whole = if table.is_empty() { shown(word) } else { format!("{table}.{}", shown(word)) };
        let lower = word.to_lowercase();
        let why = if SECRETS.contains(&lower.as_str()) {
            "a file of targets holds no secret: keys come from a `profile`, the environment, or a `role_arn` that is taken \
             with them; remove them here, and replace them where others may have read this file"
                .to_owned()
        } else if lower == "mfa_serial" {
            "a code of a second factor is not asked for: sign in first and put the keys into the environment with \
             `aws configure export-credentials`, or name a profile whose `credential_process` prints them"
                .to_owned()
        } else {
            format!("no such key: {}", instead(word, words.iter().copied()))
        };
        self.fault(at, format!("`{whole}`: {why}"));
    }

    fn table(&mut self, of: &str, table: &DeTable<'_>, is_of_all: bool) -> Said {
        let mut said = Said::default();
        for (key, value) in table {
            let (at, word) = (key.span().start, key.get_ref().as_ref());
            let known: Vec<&str> = KEYS.iter().map(|(key, _)| *key).collect();
            let Some((key, expected)) = KEYS.iter().find(|(key, _)| *key == word) else {
                self.unknown(at, of, word, &known);
                continue;
            };
            said.names_instance |= *key == "instance";
            if is_of_all && OWN.contains(key) {
                self.fault(
                    at,
                    format!("`{of}.{key}`: it is one target's own, and stands in `[targets.NAME]`"),
                );
            } else if has_key(value.get_ref()) {
                let why = "what stands there looks like an access key, and no key of an account belongs into this file";
                self.fault(at, format!("`{of}.{key}`: {why}"));
            } else if !take(&mut said, key, value.get_ref(), at, value.span().start) {
                self.fault(at, format!("`{of}.{key}`: expected {expected}"));
            }
        }
        said
    }

    fn target(&mut self, at: usize, name: String, said: &Said, defaults: &Said) -> OneTarget {
        let text = |key: &str| said.text(key).or_else(|| defaults.text(key)).map(str::to_owned);
        let instance = said.text("instance").unwrap_or_default().to_owned();
        let region = text("region");
        match said.line("instance") {
            None if said.names_instance => {} // what is wrong with it is told
            None => {
                self.fault(at, format!("`targets.{name}`: `instance` is missing: expected {}", KEYS[0].1))
            }
            Some(at) => {
                // The region of an ARN goes before that of all; one of its own must agree with it.
                let is_arn = instance.trim().to_ascii_lowercase().starts_with("arn:");
                let own =
                    if is_arn { said.text("region") } else { Some(region.as_deref().unwrap_or("us-east-1")) };
                if let Err(failure) = connect::Target::resolve(&instance, own, None, &Environment::default())
                {
                    self.fault(at, format!("`targets.{name}.instance`: {}", failure.what));
                }
            }
        }
        let region = if is_arn(&instance) { said.text("region").map(str::to_owned) } else { region };
        let role = text("role_arn").map(|arn| Role {
            arn,
            external_id: text("external_id"),
            session_name: text("role_session_name"),
            duration: said.duration.or(defaults.duration).map(|(_, duration)| duration),
        });
        for key in ["source_profile", "external_id", "role_session_name"] {
            if let (None, Some(at)) = (&role, said.line(key)) {
                self.fault(
                    at,
                    format!("`targets.{name}.{key}`: it is of a role, and there is no `role_arn`"),
                );
            }
        }
        if let (None, Some((at, _))) = (&role, said.duration) {
            self.fault(
                at,
                format!("`targets.{name}.duration_seconds`: it is of a role, and there is no `role_arn`"),
            );
        }
        if let (Some(_), Some(at)) = (said.text("profile"), said.line("source_profile")) {
            let why = "`profile` says already whose keys take the role; leave one of them out";
            self.fault(at, format!("`targets.{name}.source_profile`: {why}"));
        }
        let own = said.text("source_profile").or(said.text("profile"));
        let profile =
            own.or(defaults.text("source_profile").filter(|_| role.is_some())).or(defaults.text("profile"));
        OneTarget {
            also: said.also.iter().map(|(_, word)| word.clone()).collect(),
            instance,
            region,
            profile: profile.map(str::to_owned),
            role,
            endpoint_url: text("endpoint_url"),
            rate: said.rate.or(defaults.rate),
            burst: said.burst.or(defaults.burst),
            identity: said.identity.or(defaults.identity),
            directory: said.text("directory").map(|path| self.folder.join(path)),
            name,
        }
    }
}

fn is_arn(instance: &str) -> bool {
    instance.trim().to_ascii_lowercase().starts_with("arn:")
}

/// Why a name is none.
fn name_fault(name: &str) -> Option<String> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if name.is_empty() || name.len() > LONGEST_NAME || !name.chars().all(is_word) || name.starts_with('-') {
        return Some(format!(
            "a name is 1 to {LONGEST_NAME} letters A to Z, digits, `_` and `-`, for it stands in the names of files; what a \
             roster writes in place of it stands in `also`"
        ));
    }
    let lower = name.to_lowercase();
    let is_taken = TAKEN.contains(&lower.as_str()) || lower.starts_with("undone-");
    is_taken.then(|| "the names of files have this word for something else; give another name".to_owned())
}

/// Whether a value looks like the id of an access key, or its secret.
fn has_key(value: &DeValue<'_>) -> bool {
    let is_id = |word: &str| {
        let begins = ["AKIA", "ASIA"].iter().any(|start| word.starts_with(start));
        begins && word.len() == 20 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    };
    matches!(value, DeValue::String(text) if text.split(|c: char| !c.is_ascii_alphanumeric()).any(is_id))
}

/// Takes a value up; says whether it is one.
fn take(said: &mut Said, key: &'static str, value: &DeValue<'_>, at: usize, _: usize) -> bool {
    match (key, value) {
        ("rate", value) => {
            said.rate = words_of(value).and_then(|rate| RateAsked::read(&rate).ok());
            said.rate.is_some()
        }
        ("burst", value) => {
            said.burst =
                whole(value).filter(|burst| (1..=1_000_000).contains(burst)).and_then(|n| n.try_into().ok());
            said.burst.is_some()
        }
        ("duration_seconds", value) => {
            let seconds = whole(value).filter(|seconds| (900..=43_200).contains(seconds));
            said.duration = seconds.map(|seconds| (at, Duration::from_secs(seconds)));
            said.duration.is_some()
        }
        ("identity", DeValue::String(word)) => {
            let named = |of: &IdentityType| {
                word.eq_ignore_ascii_case(of.as_flag()) || word.eq_ignore_ascii_case(of.as_api())
            };
            said.identity = IdentityType::ALL.into_iter().find(named);
            said.identity.is_some()
        }
        ("also", DeValue::Array(words)) => {
            let words = words.iter().map(|word| Some((at, words_of(word.get_ref())?.trim().to_owned())));
            let words: Option<Vec<(usize, String)>> = words.collect();
            said.also = words.unwrap_or_default();
            !said.also.is_empty() && said.also.iter().all(|(_, word)| !word.is_empty())
        }
        (_, DeValue::String(text)) if is_text_of(key, text) => {
            said.texts.insert(key, (at, text.as_ref().to_owned()));
            true
        }
        _ => false,
    }
}

/// Whether a text may be the value of a key.
fn is_text_of(key: &str, text: &str) -> bool {
    let of = |signs: &str, least: usize, most: usize| {
        (least..=most).contains(&text.len())
            && text.chars().all(|c| c.is_ascii_alphanumeric() || signs.contains(c))
    };
    match key {
        "external_id" => of("_+=,.@:/-", 2, 1224),
        "role_session_name" => of("_+=,.@-", 2, 64),
        "role_arn" => Role::account_of(text).is_some(),
        "instance" | "region" | "profile" | "source_profile" | "endpoint_url" | "directory" => {
            !text.trim().is_empty()
        }
        _ => false,
    }
}

fn whole(value: &DeValue<'_>) -> Option<u64> {
    match value {
        DeValue::Integer(number) => number.to_string().parse().ok(),
        _ => None,
    }
}

/// A text, or a number as it is written.
fn words_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.as_ref().to_owned()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Float(number) => Some(number.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str =
        "arn:aws:connect:eu-central-1:111111111111:instance/a1b2c3d4-5678-90ab-cdef-EXAMPLE11111";

    fn read(text: &str) -> Targets {
        Targets::parse(text, Path::new("in")).unwrap()
    }

    fn faults(text: &str) -> Vec<String> {
        Targets::parse(text, Path::new("in")).unwrap_err()
    }

    /// One target with this line more.
    fn with(line: &str) -> String {
        format!("[targets.na]\ninstance = \"acme-na\"\n{line}\n")
    }

    #[test]
    fn a_file_says_all_of_each_target_and_what_goes_for_all_goes_behind_what_goes_for_one() {
        let file = read(&format!(
            r#"
            default_target = "emea"

            [defaults]
            profile = "ops"
            role_session_name = "headcount"
            region = "us-east-1"

            [targets.na]
            instance  = "acme-na"
            region    = "us-west-2"
            profile   = "na-admin"
            rate      = 5
            burst     = 7
            identity  = "SAML"
            directory = "na.json"
            endpoint_url = "https://e"
            also      = ["Chicago", "NYC", 101]

            [targets.emea]
            instance = "{ARN}"
            role_arn = "arn:aws:iam::111111111111:role/path/HeadcountImport"
            external_id = "a-b:c"
            duration_seconds = 900
            rate = "auto"
            "#
        ));
        assert_eq!(file.default, Some(1), "in the order of the file");
        let [na, emea] = &file.each[..] else { panic!("{file:?}") };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            *na,
            OneTarget {
                name: "na".into(),
                also: ["Chicago", "NYC", "101"].map(str::to_owned).to_vec(),
                instance: "acme-na".into(),
                region: text("us-west-2"),
                profile: text("na-admin"),
                role: None,
                endpoint_url: text("https://e"),
                rate: Some(RateAsked::Fixed(5.0)),
                burst: Some(7),
                identity: Some(IdentityType::Saml),
                directory: Some(Path::new("in").join("na.json")),
            }
        );
        let role = emea.role.clone().unwrap();
        assert_eq!(role.account(), Some("111111111111"));
        assert_eq!((role.external_id, role.session_name), (text("a-b:c"), text("headcount")));
        assert_eq!(role.duration, Some(Duration::from_secs(900)));
        assert_eq!((&emea.profile, &emea.region, emea.rate), (&text("ops"), &None, Some(RateAsked::Learned)));
        assert_eq!((file.find("na").ok(), file.find("emea").ok()), (Some(0), Some(1)));
        let failure = file.find("emae").unwrap_err();
        assert_eq!(failure.hint.as_deref(), Some("did you mean `emea`?"));
    }

    #[test]
    fn whose_keys_take_a_role_may_be_said_as_the_aws_cli_says_it() {
        let role = "role_arn = \"arn:aws:iam::111111111111:role/R\"\n";
        let of = |line: &str| read(&with(&format!("{role}{line}"))).each[0].profile.clone();
        assert_eq!(of("source_profile = \"ops\"").as_deref(), Some("ops"));
        assert_eq!(of("profile = \"ops\"").as_deref(), Some("ops"));
        assert_eq!(of(""), None, "those of the environment");
        let both = faults(&with(&format!("{role}profile = \"a\"\nsource_profile = \"b\"")));
        assert!(
            both[0].starts_with("line 5: `targets.na.source_profile`: `profile` says already"),
            "{both:?}"
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line_its_key_and_what_was_expected() {
        for (text, told) in [
            ("", "line 1: there is no target: each is a table `[targets.NAME]` with its `instance`"),
            ("[targets]\n", "line 1: there is no target"),
            ("targets = 5\n", "line 1: `targets`: expected a table, `[targets.NAME]`"),
            ("[target.na]\n", "line 1: `target`: no such key: did you mean `targets`?"),
            (
                "[targets.na]\n",
                "line 1: `targets.na`: `instance` is missing: expected the instance's id, ARN or alias",
            ),
            ("[targets.na]\ninstance = \"\"\n", "line 2: `targets.na.instance`: expected the instance's id"),
            (
                "[targets.na]\ninstance = \"a b\"\n",
                "line 2: `targets.na.instance`: not an instance's id, ARN or alias: `a b`",
            ),
            (
                "[targets.na]\ninstnace = \"a\"\n",
                "line 2: `targets.na.instnace`: no such key: did you mean `instance`?",
            ),
            (&with("Region = \"x\""), "line 3: `targets.na.Region`: no such key: did you mean `region`?"),
            (&with("colour = 1"), "line 3: `targets.na.colour`: no such key: there are `instance`, `region`"),
            (&with("region = 5"), "line 3: `targets.na.region`: expected a region's name, as in `us-east-1`"),
            (&with("rate = 0"), "line 3: `targets.na.rate`: expected `\"quota\"`, `\"auto\"`, or a number"),
            (&with("rate = \"fast\""), "line 3: `targets.na.rate`: expected"),
            (&with("burst = 1.5"), "line 3: `targets.na.burst`: expected a whole number from 1 to 1000000"),
            (&with("identity = \"ldap\""), "line 3: `targets.na.identity`: expected `\"connect\"`"),
            (&with("also = \"NYC\""), "line 3: `targets.na.also`: expected words in brackets"),
            (&with("also = [\"\"]"), "line 3: `targets.na.also`: expected words in brackets"),
            (&with("role_arn = \"Admin\""), "line 3: `targets.na.role_arn`: expected the ARN of a role"),
            (
                &with("role_arn = \"arn:aws:iam::1:user/x\""),
                "line 3: `targets.na.role_arn`: expected the ARN of a role",
            ),
            (
                &with("external_id = \"abc\""),
                "line 3: `targets.na.external_id`: it is of a role, and there is no `role_arn`",
            ),
            (&with("duration_seconds = 3600"), "line 3: `targets.na.duration_seconds`: it is of a role"),
            (
                &with("duration_seconds = 60"),
                "line 3: `targets.na.duration_seconds`: expected whole seconds from 900",
            ),
            (
                &with("mfa_serial = \"arn\""),
                "line 3: `targets.na.mfa_serial`: a code of a second factor is not asked for",
            ),
            (
                &(with("") + "[defaults]\ninstance = \"x\"\n"),
                "line 5: `defaults.instance`: it is one target's own",
            ),
            (
                &format!("default_target = \"nn\"\n{}", with("")),
                "line 1: `default_target`: there is no such target, `nn`: did you mean `na`?",
            ),
            (
                &format!("default_target = 3\n{}", with("")),
                "line 1: `default_target`: expected the name of a target",
            ),
            ("[targets.\"a b\"]\ninstance = \"x\"\n", "line 1: `targets.a b`: a name is 1 to 64 letters"),
            ("[targets.a.b]\ninstance = \"x\"\n", "line 1: `targets.a.b`: no such key"),
            (
                "[targets.update]\ninstance = \"x\"\n",
                "line 1: `targets.update`: the names of files have this word",
            ),
            (
                "[targets.Simulate]\ninstance = \"x\"\n",
                "line 1: `targets.Simulate`: the names of files have this word",
            ),
            (
                "[targets.a]\ninstance = \"x\"\n[targets.A]\ninstance = \"y\"\n",
                ": another target is called `",
            ),
            (
                &(with("also = [\"b\"]") + "[targets.b]\ninstance = \"y\"\n"),
                "line 3: `targets.na.also`: `b` means the target `b` already",
            ),
            (
                &format!("[targets.a]\ninstance = \"{ARN}\"\nregion = \"us-east-1\"\n"),
                "line 2: `targets.a.instance`: the instance's ARN is in the region",
            ),
            ("[targets.na\n", "line 1: "),
        ] {
            let faults = faults(text);
            assert!(faults.iter().any(|fault| fault.contains(told)), "{text}\n{faults:?}\nnot: {told}");
        }
    }

    #[test]
    fn an_instance_that_cannot_be_used_is_not_missing_as_well() {
        for wrong in ["5", "\"\"", "true", "\"AKIAIOSFODNN7EXAMPLE\""] {
            let faults = faults(&format!("[targets.na]\ninstance = {wrong}\n"));
            assert_eq!(faults.len(), 1, "{faults:?}");
            assert!(faults[0].starts_with("line 2: `targets.na.instance`: "), "{faults:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_in_the_order_of_the_lines() {
        let faults = faults("[targets.na]\nrate = 0\nregoin = \"x\"\ninstance = \"acme\"\nburst = 0\n");
        let lines: Vec<&str> = faults.iter().map(|fault| &fault[..6]).collect();
        assert_eq!(lines, ["line 2", "line 3", "line 5"], "{faults:?}");
    }

    #[test]
    fn a_key_of_an_account_is_refused_and_not_shown() {
        const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
        const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
        for line in [
            format!("aws_access_key_id = \"{KEY}\""),
            format!("aws_secret_access_key = \"{SECRET}\""),
            format!("AWS_SESSION_TOKEN = \"{SECRET}\""),
            format!("profile = \"{KEY}\""),
            format!("password = \"{SECRET}\""),
            format!("aws_secret_access_key = {SECRET}"),
        ] {
            let faults = faults(&with(&line));
            let told = faults.join("\n");
            assert!(told.starts_with("line 3: "), "{told}");
            assert!(!told.contains(KEY) && !told.contains(SECRET) && !told.contains("wJalr"), "{told}");
        }
    }
}
