//! What a world is like before the first call.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use sha2::{Digest as _, Sha256};

use super::bucket::Pace;
use super::operation::Operation;
use super::weather::{Fault, Weather};
use crate::agent::IdentityType;
use crate::connect::model;

/// A description of a world: the instance, who and what is in it, its quotas and its weather.
///
/// [`Spec::default`] is an invented instance of the default quotas and a calm day. Ids are made from the names, so two
/// worlds of one description have the same ids, and a world that is rebuilt after a crash keeps them.
#[derive(Clone, Debug)]
pub struct Spec {
    /// How the instance knows its users.
    pub identity: IdentityType,
    /// The region, as in `eu-central-1`; signatures must be scoped to it.
    pub region: String,
    /// The account's twelve digits.
    pub account: String,
    /// The instance's id.
    pub instance_id: String,
    /// The instance's alias.
    pub alias: String,
    /// `ACTIVE`, `CREATION_IN_PROGRESS` or `CREATION_FAILED`.
    pub instance_status: String,

    /// The routing profiles.
    pub routing_profiles: Vec<Named>,
    /// The security profiles.
    pub security_profiles: Vec<Named>,
    /// The hierarchy groups; the groups above one are there by themselves.
    pub hierarchy: Vec<Group>,
    /// The attributes that proficiencies may name, with their values.
    pub predefined_attributes: BTreeMap<String, BTreeSet<String>>,
    /// The users there already. An empty id is made from the username.
    pub users: Vec<model::User>,
    /// The quick connects there already: the name of each, and the username of whom it leads to.
    pub quick_connects: Vec<(String, String)>,

    /// How many users the instance may hold (L-9A46857E).
    pub users_quota: usize,
    /// The pace of every operation that [`Spec::paces`] does not name.
    pub pace: Pace,
    /// The pace of single operations.
    pub paces: BTreeMap<Operation, Pace>,
    /// What the caller has no permission for. A CreateUser that carries tags needs TagResource too.
    pub denied: BTreeSet<Operation>,
    /// The most items a page has, whatever `MaxResults` asks for. Services may always give fewer than asked.
    pub page_cap: usize,
    /// Whether a username that differs from another only in case is a duplicate. Nobody has said in writing what the
    /// service does; by default it is a user of its own.
    pub case_variants_clash: bool,
    /// Whether SearchUsers ignores case, so that an exact search may find a variant. By default it does: a client that
    /// compares what it finds is right either way.
    pub search_ignores_case: bool,
    /// How a setting that was asked for in one family of members shows in the other.
    pub families: Families,
    /// How a user is changed, where the service's documents leave it open.
    pub updates: Updates,
    /// Whether a user to whom a quick connect leads is not deleted. By default it is, and the quick connect is orphaned: "you
    /// should delete the quick connects first" says the administrator's guide, and an older edition that it fails.
    pub quick_connects_hold: bool,
    /// Whom the caller may delete, as `aws:ResourceTag/headcount:run` of its policy has it: those whose tag is this pattern,
    /// `*` for any characters; `None` for everybody.
    pub deletes_only: Option<String>,
    /// Whether requests must be signed.
    pub signed: bool,

    /// How reliable it is.
    pub weather: Weather,
    /// What befalls the next CreateUser calls that are let in, first to last; after that it is the weather's turn.
    pub script: VecDeque<Fault>,
    /// How long a new user, and a change of one, stays unseen by the reads, at least.
    pub search_lag: Duration,
    /// How long every answer takes.
    pub latency: Duration,
    /// Where all randomness comes from.
    pub seed: u64,
}

/// How a setting that was asked for in the older family of members (`PhoneConfig`, for all channels) shows in the lists
/// per channel, and the other way round. Nobody has said in writing what the service does; a client must know its user
/// again either way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Families {
    /// In the family that it was asked for in; `PhoneConfig` has the defaults of the rest.
    Apart,
    /// `PhoneConfig` is the setting of voice: it mirrors the lists' entry for voice, and has such an entry for what was asked
    /// for in it.
    Voice,
    /// The lists have every channel, and `PhoneConfig` mirrors their entry for voice.
    All,
}

impl Families {
    /// Every way in which the service may show them.
    pub const ALL: [Families; 3] = [Self::Apart, Self::Voice, Self::All];
}

/// What an update does with what it leaves out, and with what it gives as empty. Nobody has said in writing what the service
/// does; a client must be right either way, or find out that it was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Updates {
    /// Members of `IdentityInfo` that are left out.
    pub identity: LeftOut,
    /// Channels that a list of UpdateUserConfig leaves out, and members of the older family of settings.
    pub config: LeftOut,
    /// An empty text in `IdentityInfo`.
    pub empty: Clearing,
    /// UpdateUserHierarchy without a group.
    pub no_group: Clearing,
}

/// What becomes of what an update leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LeftOut {
    /// It is gone: what is sent is all there is.
    Goes,
    /// It stays as it was.
    Stays,
}

/// What becomes of what an update gives as nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clearing {
    /// It is taken away.
    Works,
    /// The answer is 200, and it stays as it was.
    Ignored,
    /// The answer is 400.
    Refused,
}

impl Updates {
    /// What is left out goes, and what is empty is taken away.
    pub const REPLACE: Self = Self {
        identity: LeftOut::Goes,
        config: LeftOut::Goes,
        empty: Clearing::Works,
        no_group: Clearing::Works,
    };
    /// What is left out stays, and what is empty is taken away.
    pub const MERGE: Self = Self { identity: LeftOut::Stays, config: LeftOut::Stays, ..Self::REPLACE };
    /// What is left out stays, and nothing can be taken away.
    pub const STUBBORN: Self = Self { empty: Clearing::Ignored, no_group: Clearing::Ignored, ..Self::MERGE };
    /// What is left out goes, and an empty text and no group are errors.
    pub const STRICT: Self = Self { empty: Clearing::Refused, no_group: Clearing::Refused, ..Self::REPLACE };

    /// Ways in which the service may be.
    pub const ALL: [Updates; 4] = [Self::REPLACE, Self::MERGE, Self::STUBBORN, Self::STRICT];
}

impl Default for Updates {
    fn default() -> Self {
        Self::REPLACE
    }
}

/// A profile, by name and, where it is known, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The id; `None` makes one from the name.
    pub id: Option<String>,
}

/// A hierarchy group, by its path and, where it is known, by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The names from the top down to the group's own, one to five.
    pub path: Vec<String>,
    /// The id; `None` makes one from the path.
    pub id: Option<String>,
}

impl Spec {
    /// An instance of this alias in this account and region, with an id made from the three; the rest is as by default.
    pub fn at(account: &str, region: &str, alias: &str) -> Self {
        Self {
            account: account.into(),
            region: region.into(),
            instance_id: identifier(&[account, region, "instance", alias]),
            alias: alias.into(),
            ..Self::default()
        }
    }

    /// The pace of an operation.
    pub(crate) fn pace(&self, operation: Operation) -> Pace {
        self.paces.get(&operation).copied().unwrap_or(self.pace)
    }

    /// The instance's ARN.
    pub fn instance_arn(&self) -> String {
        let partition = partition(&self.region);
        format!("arn:{partition}:connect:{}:{}:instance/{}", self.region, self.account, self.instance_id)
    }

    /// The ARN of a role of this name in the instance's account.
    pub fn role_arn(&self, name: &str) -> String {
        format!("arn:{}:iam::{}:role/{name}", partition(&self.region), self.account)
    }

    /// Adds what a roster names and this instance has not yet, so that anybody's own roster can be rehearsed: routing
    /// profiles, security profiles and hierarchy paths. An id or ARN in place of a name makes a thing of that id.
    #[must_use]
    pub(crate) fn with_roster<'a, P>(
        mut self,
        routing_profiles: impl IntoIterator<Item = &'a str>,
        security_profiles: impl IntoIterator<Item = &'a str>,
        hierarchy: impl IntoIterator<Item = P>,
    ) -> Self
    where
        P: IntoIterator<Item = &'a str>,
    {
        add(&mut self.routing_profiles, routing_profiles);
        add(&mut self.security_profiles, security_profiles);
        for path in hierarchy {
            let group = Group::from_iter(path);
            if !group.path.is_empty() && !self.hierarchy.contains(&group) {
                self.hierarchy.push(group);
            }
        }
        self
    }

    /// Adds the predefined attributes and values that a roster's proficiencies name.
    #[must_use]
    pub fn with_proficiencies<'a>(mut self, used: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        for (attribute, value) in used {
            self.predefined_attributes.entry(attribute.to_owned()).or_default().insert(value.to_owned());
        }
        self
    }
}

fn add<'a>(to: &mut Vec<Named>, names: impl IntoIterator<Item = &'a str>) {
    let mut known: BTreeSet<String> = to.iter().map(|named| named.name.clone()).collect();
    for named in names.into_iter().map(Named::from) {
        if !named.name.is_empty() && known.insert(named.name.clone()) {
            to.push(named);
        }
    }
}

impl From<&str> for Named {
    /// A name; or an id or ARN, which then is the id.
    fn from(text: &str) -> Self {
        match id_in(text) {
            Some(id) => Self { name: format!("Profile {id}"), id: Some(id.to_owned()) },
            None => Self { name: text.to_owned(), id: None },
        }
    }
}

impl<'a> FromIterator<&'a str> for Group {
    /// A path, top first; or one id or ARN, which then is the id of a group at the top.
    fn from_iter<I: IntoIterator<Item = &'a str>>(path: I) -> Self {
        let path: Vec<&str> = path.into_iter().collect();
        match path.as_slice() {
            [one] if id_in(one).is_some() => {
                let id = id_in(one).unwrap_or_default();
                Self { path: vec![format!("Group {id}")], id: Some(id.to_owned()) }
            }
            names => Self { path: names.iter().map(|name| (*name).to_owned()).collect(), id: None },
        }
    }
}

/// An id in the form of a UUID that depends on what it names and nothing else.
pub(super) fn identifier(parts: &[&str]) -> String {
    let digest = Sha256::digest(parts.join("\0"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_random_bytes(bytes).into_uuid().to_string()
}

/// The partition of a region, as an ARN has it.
pub(super) fn partition(region: &str) -> &'static str {
    let begins = |prefix: &str| region.starts_with(prefix);
    if begins("us-gov-") {
        "aws-us-gov"
    } else if begins("cn-") {
        "aws-cn"
    } else {
        "aws"
    }
}

/// The id in an ARN of this service, or the text itself if it is a UUID of the usual form.
fn id_in(text: &str) -> Option<&str> {
    if text.starts_with("arn:") && text.contains(":connect:") {
        return text.rsplit('/').next();
    }
    (text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()).then_some(text)
}

impl Default for Spec {
    fn default() -> Self {
        let named = |names: &[&str]| names.iter().map(|name| Named::from(*name)).collect();
        Self {
            identity: IdentityType::ConnectManaged,
            region: "eu-central-1".into(),
            account: "123456789012".into(),
            instance_id: "5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3".into(),
            alias: "acme-contact-centre".into(),
            instance_status: "ACTIVE".into(),
            routing_profiles: named(&[
                "Basic Routing Profile",
                "Customer Care",
                "Sales",
                "Technical Support",
                "Billing Voice",
                "Sales Voice and Chat",
                "Technical Support Tier 1",
                "Technical Support Tier 2",
                "Back Office Tasks",
            ]),
            // The first four are the ones that the console makes with every instance.
            security_profiles: named(&[
                "Admin",
                "Agent",
                "CallCenterManager",
                "QualityAnalyst",
                "Supervisor",
                "Team Lead",
                "Workforce Planner",
            ]),
            hierarchy: [
                "EMEA|Germany|Berlin|Support|Team A",
                "EMEA|Germany|Berlin|Support|Team B",
                "EMEA|France|Paris|Sales|Team C",
                "EMEA|Ireland|Dublin|Support|Team D",
                "EMEA|Germany|Hamburg|Sales|Team A",
                "EMEA|United Kingdom|Leeds|Support|Team A",
                "AMER|United States|Texas|Austin|Team E",
                "AMER|United States|Oregon|Portland|Team F",
                "AMER|United States|Austin|Support|Team A",
                "AMER|United States|Austin|Billing|Team C",
                "APAC|Japan|Tokyo|Support|Team G",
                "APAC|Philippines|Manila|Support|Team D",
            ]
            .iter()
            .map(|path| path.split('|').collect())
            .collect(),
            predefined_attributes: [
                ("Language", ["English", "French", "German", "Spanish"]),
                ("Product", ["Broadband", "Insurance", "Mobile", "Television"]),
            ]
            .into_iter()
            .map(|(name, values)| (name.to_owned(), values.map(str::to_owned).into()))
            .collect(),
            users: Vec::new(),
            quick_connects: Vec::new(),
            quick_connects_hold: false,
            deletes_only: None,
            users_quota: 500,
            pace: Pace::DEFAULT,
            paces: BTreeMap::new(),
            denied: BTreeSet::new(),
            page_cap: 1000,
            case_variants_clash: false,
            search_ignores_case: true,
            families: Families::Apart,
            updates: Updates::REPLACE,
            signed: true,
            weather: Weather::calm(),
            script: VecDeque::new(),
            search_lag: Duration::ZERO,
            latency: Duration::ZERO,
            seed: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Group, Named, Spec};

    #[test]
    fn a_rosters_names_are_added_once() {
        let before = Spec::default();
        let spec = before.clone().with_roster(
            ["Billing Voice", "Collections", "Collections", ""],
            ["Agent", "Night Shift"],
            [vec!["LATAM", "Chile"], vec!["LATAM", "Chile"]],
        );
        assert_eq!(spec.routing_profiles.len(), before.routing_profiles.len() + 1);
        assert_eq!(spec.security_profiles.len(), before.security_profiles.len() + 1);
        assert_eq!(spec.hierarchy.len(), before.hierarchy.len() + 1);
        assert_eq!(spec.routing_profiles.last(), Some(&Named { name: "Collections".into(), id: None }));
    }

    #[test]
    fn ids_and_arns_become_things_of_that_id() {
        let id = "11111111-2222-3333-4444-555555555555";
        assert_eq!(Named::from(id).id.as_deref(), Some(id));
        let arn = format!("arn:aws:connect:us-west-2:1:instance/x/routing-profile/{id}");
        assert_eq!(Named::from(arn.as_str()).id.as_deref(), Some(id));
        assert_eq!(Group::from_iter([id]).id.as_deref(), Some(id));
        assert_eq!(Group::from_iter(["EMEA"]).id, None);
    }
}
