//! The instance as a value: names to ids, and the users there. Read from the service or from a file.
//!
//! The file is JSON, so that it can be read by people and made by other programs:
//!
//! ```json
//! {
//!   "format": "headcount-directory",
//!   "version": 1,
//!   "fetched_at": "2026-11-23T14:38:13.042Z",
//!   "instance": {"id": "…", "arn": "arn:aws:connect:…", "alias": "acme", "identity": "SAML", "status": "ACTIVE"},
//!   "quotas": {"create_user_rate": 2.0, "users_per_instance": 500.0},
//!   "routing_profiles": [{"name": "Basic Routing Profile", "id": "…"}],
//!   "security_profiles": [{"name": "Agent", "id": "…"}],
//!   "hierarchy": [{"id": "…", "path": ["Planet", "Continent"]}],
//!   "predefined_attributes": [{"name": "Language", "values": ["English", "German"]}],
//!   "users": [{"username": "ada", "id": "…"}]
//! }
//! ```
//!
//! `alias`, `status`, `fetched_at`, `quotas`, `predefined_attributes` and `users` may be missing or null: what is not known
//! is not compared.
//! Members that this version does not know are ignored.

mod attributes;
mod file;
mod folded;
mod lookup;

use crate::agent::IdentityType;

pub(crate) use attributes::{Predefined, PredefinedAttributes};
pub(crate) use folded::{FoldedHash, FoldedHasher, FoldedMap, Found};
#[cfg(test)]
pub(crate) use folded::{PROBES, variants};
pub use lookup::{Group, Hierarchy, Lookup, Names};

/// What is known of an instance: everything that a row may name, and who is there.
#[derive(Clone, Debug)]
pub struct Directory {
    /// The instance itself.
    pub instance: Instance,
    /// When it was read, RFC 3339; `None` where it was made by hand.
    pub fetched_at: Option<String>,
    /// Routing profiles.
    pub routing_profiles: Names,
    /// Security profiles.
    pub security_profiles: Names,
    /// Hierarchy groups.
    pub hierarchy: Hierarchy,
    /// What proficiencies may name; `None` where it was not read.
    pub predefined_attributes: Option<PredefinedAttributes>,
    /// Usernames with their ids; `None` where the users were not read.
    pub users: Option<Users>,
    /// What the account allows, as far as it could be read.
    pub quotas: Quotas,
}

/// Which instance it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The instance's id.
    pub id: String,
    /// Its ARN.
    pub arn: String,
    /// Its alias, where it has one (an EXISTING_DIRECTORY instance has none).
    pub alias: Option<String>,
    /// How it knows its users.
    pub identity: IdentityType,
    /// The service's own word, `ACTIVE` when users can be created; `None` where it was not read.
    pub status: Option<String>,
}

/// The usernames of an instance with the users' ids.
pub(crate) type Users = FoldedMap<Box<str>>;

/// The quotas that count for an import; `None` where they could not be read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Quotas {
    /// CreateUser, requests a second (L-CBDEE3E4).
    pub(crate) create_user_rate: Option<f64>,
    /// Users per instance (L-9A46857E).
    pub(crate) users_per_instance: Option<f64>,
    /// Proficiencies per agent (L-50375162).
    pub proficiencies_per_agent: Option<f64>,
    /// AssociateUserProficiencies, requests a second (L-2CCBA953).
    pub(crate) associate_user_proficiencies_rate: Option<f64>,
}

impl Directory {
    /// An instance of which nothing is known but itself, to be filled in.
    pub fn new(instance: Instance) -> Self {
        Self {
            instance,
            fetched_at: None,
            routing_profiles: Names::of_routing_profiles([]),
            security_profiles: Names::of_security_profiles([]),
            hierarchy: Hierarchy::default(),
            predefined_attributes: None,
            users: None,
            quotas: Quotas::default(),
        }
    }

    /// Finds a routing profile by exact name, id or ARN.
    pub fn routing_profile(&self, reference: &str) -> Lookup<'_> {
        self.routing_profiles.find(reference, &self.instance.id)
    }

    /// Finds a security profile by exact name, id or ARN.
    pub fn security_profile(&self, reference: &str) -> Lookup<'_> {
        self.security_profiles.find(reference, &self.instance.id)
    }

    /// Finds a hierarchy group by its full path, the top level first; one element alone also by id, by ARN, or by a name
    /// that no other group has.
    pub fn hierarchy_group<'a>(&self, levels: impl Iterator<Item = &'a str> + Clone) -> Lookup<'_> {
        self.hierarchy.find(levels, &self.instance.id)
    }
}

/// Collects (username, id) pairs.
impl FromIterator<(String, String)> for Users {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        let mut users = Users::default();
        for (username, id) in pairs {
            users.add(&username, id.into());
        }
        users
    }
}
