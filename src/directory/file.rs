//! The directory as a file.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Directory, Group, Hierarchy, Instance, Names, Quotas};
use crate::agent::IdentityType;
use crate::error::Failure;
use crate::text::{decoded, escaped};

const FORMAT: &str = "headcount-directory";
const VERSION: u32 = 1;

/// A directory of 44,000 users is some 4 MB; what is much larger is something else.
const LARGEST: u64 = 256 << 20;

impl Directory {
    /// Reads a directory file. A file that is missing, is no directory, or is of a newer version is a failure (exit 2).
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let shown = path.display();
        let fetch = "`headcount directory ⟦instance ID⟧ ⟦output FILE⟧` saves one";
        let unreadable = |error| {
            Failure::usage(format!("cannot read the directory file: `{shown}`")).hint(fetch).because(error)
        };
        // Windows only denies a folder, and elsewhere it is opened.
        if path.is_dir() {
            return Err(unreadable(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder")));
        }
        let file = File::open(path).map_err(unreadable)?;
        let mut text = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut text).map_err(unreadable)?;
        if text.len() as u64 > LARGEST {
            return Err(Failure::usage(format!("too large for a directory file: `{shown}`")).hint(fetch));
        }
        // In UTF-16 where a shell's `>` has written it.
        let text = match decoded(&text) {
            Some(Cow::Owned(decoded)) => decoded.into_bytes(),
            Some(Cow::Borrowed(_)) | None => text,
        };
        Self::from_json(&text).map_err(|mut failure| {
            failure.what = format!("{}: `{shown}`", failure.what);
            failure.hint.get_or_insert_with(|| fetch.to_owned());
            failure
        })
    }

    /// Reads the text of a directory file.
    pub fn from_json(text: &[u8]) -> Result<Self, Failure> {
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        let head: Head =
            serde_json::from_slice(text).map_err(|e| Failure::usage("not a directory file").because(e))?;
        if head.format != FORMAT {
            return Err(Failure::usage("not a directory file: its `format` is another"));
        }
        if head.version != VERSION {
            let what = format!(
                "a directory file of version {}, and this program reads version {VERSION}",
                head.version
            );
            return Err(
                Failure::usage(what).hint("save it again with `headcount directory`, or update headcount")
            );
        }
        let body: Body = serde_json::from_slice(text)
            .map_err(|e| Failure::usage("a damaged directory file").because(e))?;
        body.into_directory()
    }

    /// The text of a directory file: pretty enough to read and to compare, everything sorted but the users.
    pub fn to_json(&self) -> String {
        let text = serde_json::to_string_pretty(&FileOut::from(self)).unwrap_or_default();
        let mut text = escaped(&text).into_owned();
        text.push('\n');
        text
    }
}

#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Deserialize)]
struct Body {
    fetched_at: Option<String>,
    instance: InstanceIn,
    quotas: Option<QuotasRecord>,
    routing_profiles: Vec<NameIn>,
    security_profiles: Vec<NameIn>,
    hierarchy: Vec<GroupIn>,
    predefined_attributes: Option<Vec<AttributeIn>>,
    users: Option<Vec<UserIn>>,
}

#[derive(Deserialize)]
struct InstanceIn {
    id: String,
    arn: String,
    alias: Option<String>,
    identity: String,
    status: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct QuotasRecord {
    create_user_rate: Option<f64>,
    users_per_instance: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proficiencies_per_agent: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    associate_user_proficiencies_rate: Option<f64>,
}

#[derive(Deserialize)]
struct NameIn {
    name: String,
    id: String,
}

#[derive(Deserialize)]
struct GroupIn {
    id: String,
    path: Vec<String>,
}

#[derive(Deserialize)]
struct AttributeIn {
    name: String,
    values: BTreeSet<String>,
}

#[derive(Deserialize)]
struct UserIn {
    username: String,
    id: String,
}

impl Body {
    fn into_directory(self) -> Result<Directory, Failure> {
        let InstanceIn { id, arn, alias, identity, status } = self.instance;
        let Some(identity) = IdentityType::from_api(&identity) else {
            return Err(Failure::usage(format!(
                "a damaged directory file: unknown identity type `{identity}`"
            )));
        };
        let routing_profiles =
            Names::of_routing_profiles(distinct("routing profile", self.routing_profiles)?);
        // One of AWS's may be named as one of the customer's, and an instance that has both is saved with both.
        let security_profiles = self.security_profiles.into_iter().map(|name| (name.name, name.id));
        let security_profiles = Names::of_security_profiles(security_profiles);
        Ok(Directory {
            instance: Instance { id, arn, alias, identity, status },
            fetched_at: self.fetched_at,
            routing_profiles,
            security_profiles,
            hierarchy: Hierarchy::new(self.hierarchy.into_iter().map(|g| Group { id: g.id, path: g.path })),
            predefined_attributes: self
                .predefined_attributes
                .map(|attributes| attributes.into_iter().map(|a| (a.name, a.values)).collect()),
            users: self.users.map(|users| users.into_iter().map(|user| (user.username, user.id)).collect()),
            quotas: self.quotas.map_or(Quotas::default(), |quotas| Quotas {
                create_user_rate: quotas.create_user_rate,
                users_per_instance: quotas.users_per_instance,
                proficiencies_per_agent: quotas.proficiencies_per_agent,
                associate_user_proficiencies_rate: quotas.associate_user_proficiencies_rate,
            }),
        })
    }
}

/// Such names are unique in an instance; a file in which they are not was edited, and would resolve by chance.
fn distinct(what: &str, mut names: Vec<NameIn>) -> Result<impl Iterator<Item = (String, String)>, Failure> {
    names.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    match names.windows(2).find(|pair| pair[0].name == pair[1].name && pair[0].id != pair[1].id) {
        Some(pair) => Err(Failure::usage(format!(
            "a damaged directory file: two ids for the {what} `{}`",
            pair[0].name
        ))),
        None => Ok(names.into_iter().map(|name| (name.name, name.id))),
    }
}

#[derive(Serialize)]
struct FileOut<'d> {
    format: &'static str,
    version: u32,
    fetched_at: Option<&'d str>,
    instance: InstanceOut<'d>,
    quotas: QuotasRecord,
    routing_profiles: Vec<NameOut<'d>>,
    security_profiles: Vec<NameOut<'d>>,
    hierarchy: Vec<GroupOut<'d>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    predefined_attributes: Option<Vec<AttributeOut<'d>>>,
    users: Option<Vec<UserOut<'d>>>,
}

#[derive(Serialize)]
struct InstanceOut<'d> {
    id: &'d str,
    arn: &'d str,
    alias: Option<&'d str>,
    identity: &'static str,
    status: Option<&'d str>,
}

#[derive(Serialize)]
struct NameOut<'d> {
    name: &'d str,
    id: &'d str,
}

#[derive(Serialize)]
struct GroupOut<'d> {
    id: &'d str,
    path: &'d [String],
}

#[derive(Serialize)]
struct AttributeOut<'d> {
    name: &'d str,
    values: &'d BTreeSet<String>,
}

#[derive(Serialize)]
struct UserOut<'d> {
    username: &'d str,
    id: &'d str,
}

impl<'d> From<&'d Directory> for FileOut<'d> {
    fn from(directory: &'d Directory) -> Self {
        let Directory { instance, fetched_at, routing_profiles, security_profiles, hierarchy, .. } =
            directory;
        let Directory { predefined_attributes, users, quotas, .. } = directory;
        let names = |names: &'d Names| names.iter().map(|(name, id)| NameOut { name, id }).collect();
        Self {
            format: FORMAT,
            version: VERSION,
            fetched_at: fetched_at.as_deref(),
            instance: InstanceOut {
                id: &instance.id,
                arn: &instance.arn,
                alias: instance.alias.as_deref(),
                identity: instance.identity.as_api(),
                status: instance.status.as_deref(),
            },
            quotas: QuotasRecord {
                create_user_rate: quotas.create_user_rate,
                users_per_instance: quotas.users_per_instance,
                proficiencies_per_agent: quotas.proficiencies_per_agent,
                associate_user_proficiencies_rate: quotas.associate_user_proficiencies_rate,
            },
            routing_profiles: names(routing_profiles),
            security_profiles: names(security_profiles),
            hierarchy: hierarchy.iter().map(|group| GroupOut { id: &group.id, path: &group.path }).collect(),
            predefined_attributes: predefined_attributes.as_ref().map(|attributes| {
                attributes.iter().map(|(name, values)| AttributeOut { name, values }).collect()
            }),
            users: users
                .as_ref()
                .map(|users| users.iter().map(|(username, id)| UserOut { username, id }).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::Lookup;

    fn directory() -> Directory {
        let instance = Instance {
            id: "11111111-2222-3333-4444-555555555555".to_owned(),
            arn: "arn:aws:connect:eu-central-1:123456789012:instance/11111111-2222-3333-4444-555555555555"
                .to_owned(),
            alias: Some("acme".to_owned()),
            identity: IdentityType::Saml,
            status: Some("ACTIVE".to_owned()),
        };
        let pair = |name: &str, id: &str| (name.to_owned(), id.to_owned());
        Directory {
            fetched_at: Some("2026-11-23T14:38:13.042Z".to_owned()),
            routing_profiles: Names::of_routing_profiles([pair("Basic Routing Profile", "rp-1")]),
            security_profiles: Names::of_security_profiles([pair("Agent", "sp-1"), pair("Admin", "sp-2")]),
            hierarchy: Hierarchy::new([Group { id: "g-1".to_owned(), path: vec!["Planet".to_owned()] }]),
            users: Some([pair("ada", "u-1")].into_iter().collect()),
            predefined_attributes: Some(
                [("Language".to_owned(), ["German".to_owned()].into())].into_iter().collect(),
            ),
            quotas: Quotas { create_user_rate: Some(2.0), ..Quotas::default() },
            ..Directory::new(instance)
        }
    }

    #[test]
    fn a_directory_survives_being_written_and_read() {
        let read = Directory::from_json(directory().to_json().as_bytes()).unwrap();
        assert_eq!(read.to_json(), directory().to_json());
        assert_eq!(read.security_profile("Agent"), Lookup::Found("sp-1"));
        assert_eq!(read.predefined_attributes, directory().predefined_attributes);
        assert_eq!(read.users.unwrap().get("ada").map(|id| &**id), Some("u-1"));
        assert_eq!(read.instance, directory().instance);
    }

    #[test]
    fn two_security_profiles_of_one_name_are_saved_and_neither_is_picked() {
        let pair = |name: &str, id: &str| (name.to_owned(), id.to_owned());
        let both = Names::of_security_profiles([pair("Agent", "sp-1"), pair("Agent", "sp-2")]);
        let saved = Directory { security_profiles: both, ..directory() }.to_json();
        let read = Directory::from_json(saved.as_bytes()).unwrap();
        assert_eq!(read.to_json(), saved);
        assert_eq!(read.security_profile("Agent"), Lookup::Ambiguous(vec!["sp-1".into(), "sp-2".into()]));
        assert_eq!(read.security_profile("sp-2"), Lookup::Found("sp-2"));
    }

    #[test]
    fn what_is_not_known_may_be_missing() {
        let text = r#"{"format": "headcount-directory", "version": 1, "later": 1,
            "instance": {"id": "i", "arn": "arn:aws:connect:us-west-2:1:instance/i", "identity": "CONNECT_MANAGED"},
            "routing_profiles": [], "security_profiles": [], "hierarchy": []}"#;
        let read = Directory::from_json(text.as_bytes()).unwrap();
        assert!(read.users.is_none() && read.instance.alias.is_none() && read.quotas == Quotas::default());
    }

    #[test]
    fn a_security_profile_of_two_types_is_read_and_never_picked() {
        let text = directory().to_json().replace("\"name\": \"Admin\"", "\"name\": \"Agent\"");
        let read = Directory::from_json(text.as_bytes()).unwrap();
        assert!(matches!(read.security_profile("Agent"), Lookup::Ambiguous(ids) if ids.len() == 2));
    }

    #[test]
    fn what_is_no_directory_file_is_refused_and_says_why() {
        const TWO_ROUTES: &str =
            r#""routing_profiles": [{"name": "R", "id": "1"}, {"name": "R", "id": "2"},"#;
        let good = directory().to_json();
        let cases = [
            (String::new(), "not a directory file"),
            ("[1]".to_owned(), "not a directory file"),
            (good.replace("headcount-directory", "other"), "its `format` is another"),
            (good.replace("\"version\": 1", "\"version\": 2"), "version 2, and this program reads version 1"),
            (good.replace("\"SAML\"", "\"LDAP\""), "unknown identity type `LDAP`"),
            (good.replace("\"routing_profiles\": [", TWO_ROUTES), "two ids for the routing profile `R`"),
            (good.replace("\"hierarchy\"", "\"hierarchies\""), "damaged"),
        ];
        for (text, expected) in cases {
            let failure = Directory::from_json(text.as_bytes()).unwrap_err();
            assert!(failure.what.contains(expected), "{} / {expected}", failure.what);
        }
    }
}
