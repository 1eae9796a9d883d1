//! Reads what an import needs of an instance: its names, its users and its quotas, as far as the caller may.

use std::time::Duration;

use super::fetch::{self, FetchError};
use crate::agent::IdentityType;
use crate::clock::rfc3339;
use crate::connect::model::{self, Summary};
use crate::connect::{InstanceRef, Operation};
use crate::directory::{Directory, Group, Hierarchy, Instance, Names, PredefinedAttributes, Quotas, Users};
use crate::error::Failure;
use crate::lane::Lane;
use crate::lane::pace::{Pace, START, default_burst};
use crate::lane::reads::{self, Patience};
use crate::lane::verdict::{Verdict, is_not_permitted, verdict_of_error};

/// The quota of CreateUser, requests a second.
const CREATE_USER_RATE: &str = "L-CBDEE3E4";

/// The quota of users per instance.
const USERS_PER_INSTANCE: &str = "L-9A46857E";

/// The quota of AssociateUserProficiencies, requests a second.
const ASSOCIATE_USER_PROFICIENCIES_RATE: &str = "L-2CCBA953";

/// The quota of proficiencies per agent.
const PROFICIENCIES_PER_AGENT: &str = "L-50375162";

/// Calls that read, change and delete users who are there, with the quota of each, requests a second. Those of
/// DeleteAllEntitySessions, GetCurrentUserData, SearchQuickConnects and UpdateUserConfig are in no list of Service Quotas that has
/// been seen, and count as every call does.
const RATES: [(Operation, &str); 16] = [
    (Operation::AssociateUserProficiencies, ASSOCIATE_USER_PROFICIENCIES_RATE),
    (Operation::DeleteQuickConnect, "L-EC633E57"),
    (Operation::DeleteUser, "L-30488271"),
    (Operation::DescribeUser, "L-EE6F0D82"),
    (Operation::DisassociateUserProficiencies, "L-53E03705"),
    (Operation::ListUserProficiencies, "L-A59C54EE"),
    (Operation::ListUsers, "L-CCC38177"),
    (Operation::SearchUsers, "L-E2C35CCE"),
    (Operation::TagResource, "L-EA358306"),
    (Operation::UntagResource, "L-26D9F60B"),
    (Operation::UpdateUserHierarchy, "L-AEAF5C4B"),
    (Operation::UpdateUserIdentityInfo, "L-66B5F86E"),
    (Operation::UpdateUserPhoneConfig, "L-5D8210C3"),
    (Operation::UpdateUserProficiencies, "L-5A3065E6"),
    (Operation::UpdateUserRoutingProfile, "L-418ABD80"),
    (Operation::UpdateUserSecurityProfiles, "L-64B27051"),
];

/// The quota of these reads where it cannot be asked for, requests a second: what public lists of Service Quotas show for an
/// account that never asked for more. Whoever has less is throttled, and the pace goes down to that.
const READ_RATE: f64 = 10.0;

/// How long a quota is asked for: a throttle is waited out, for whoever takes it for a no goes on with the wrong pace and
/// no idea of the room; where Service Quotas cannot be reached, once is enough.
const PATIENCE_FOR_QUOTAS: Patience =
    Patience { answered: Duration::from_secs(15), unreachable: Duration::ZERO };

/// What is known of an instance before it is asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Told {
    /// How it knows its users: then it is not described, for callers who may not ask that.
    pub(crate) identity: Option<IdentityType>,
    /// Its names, as they were read before.
    pub(crate) saved: Option<Directory>,
    /// Its users are not listed: whoever asks reads them another way.
    pub(crate) without_users: bool,
}

/// Reads one instance.
pub(crate) struct Reader<'r> {
    /// How its calls leave.
    pub(crate) lane: &'r Lane,
    /// Is told what a person should hear of: what the caller may not read, and what that means.
    pub(crate) warn: &'r (dyn Fn(&str) + Send + Sync),
}

impl Reader<'_> {
    /// Reads the instance, its names, its users and its quotas.
    ///
    /// # Errors
    /// Exit 4 where it cannot be read, or is not active; exit 2 where what was told of it is of another.
    pub(crate) async fn directory(&self, named: &InstanceRef, told: Told) -> Result<Directory, Failure> {
        let Told { identity, saved, without_users } = told;
        let id = match named {
            InstanceRef::Alias(alias) => fetch::instance_of_alias(self.lane, alias).await?.id,
            InstanceRef::Id(id) | InstanceRef::Arn { id, .. } => id.clone(),
        };
        let instance = match (identity, named) {
            // Told, for callers who may not ask: DescribeInstance needs ds:DescribeDirectories as well.
            (Some(identity), InstanceRef::Arn { arn, .. }) => known(&id, arn.clone(), identity),
            (Some(identity), InstanceRef::Id(_)) => {
                let arn = match &saved {
                    Some(saved) => saved.instance.arn.clone(),
                    None => self.arn_from_names(&id).await?,
                };
                known(&id, arn, identity)
            }
            (told, _) => described(fetch::instance(self.lane, &id).await?, told)?,
        };
        fits(&instance, saved.as_ref())?;
        // Each operation has a quota of its own, so that they need not wait for each other.
        let named = async {
            match saved {
                Some(saved) => Ok(saved),
                None => self.names(instance.clone()).await,
            }
        };
        let users = async { if without_users { None } else { Some(fetch::users(self.lane, &id).await) } };
        let (named, users, quotas) = tokio::join!(named, users, self.quotas(&instance.arn));
        let named = named?;
        Ok(Directory {
            users: users.map(|users| self.users_there(users)).transpose()?.flatten(),
            quotas,
            instance,
            ..named
        })
    }

    /// Reads what only a roster with proficiencies needs: the predefined attributes that they may name, and the rate at
    /// which they are given. No permission to ask is no check, and no error.
    ///
    /// # Errors
    /// Exit 4 where the attributes cannot be read for another reason.
    pub(crate) async fn proficiencies(&self, directory: &mut Directory) -> Result<(), Failure> {
        let Instance { id, arn, .. } = &directory.instance;
        if directory.predefined_attributes.is_none() {
            directory.predefined_attributes = self.predefined_attributes(id).await?;
        }
        let (rate, most) = tokio::join!(
            self.quota(arn, ASSOCIATE_USER_PROFICIENCIES_RATE),
            self.quota(arn, PROFICIENCIES_PER_AGENT)
        );
        directory.quotas.associate_user_proficiencies_rate = rate;
        directory.quotas.proficiencies_per_agent = most;
        Ok(())
    }

    /// Sets the pace of each of these calls to its quota as it is applied to the instance of this ARN, as far as that can be
    /// asked for. A call that has been paced already keeps its pace.
    pub(crate) async fn pace(&self, arn: &str, operations: &[Operation], burst: Option<u32>) {
        // One that has a pace needs no quota.
        for operation in operations.iter().filter(|operation| !self.lane.paces().is_set(**operation)) {
            let code = RATES.iter().find(|(of, _)| of == operation).map(|(_, code)| *code);
            let applied = match code {
                Some(code) => self.quota(arn, code).await,
                None => None,
            };
            let rate = applied.unwrap_or(match operation {
                Operation::DescribeUser | Operation::ListUserProficiencies | Operation::ListUsers => {
                    READ_RATE
                }
                _ => START,
            });
            let burst = burst.unwrap_or_else(|| default_burst(rate));
            self.lane.paces().set(*operation, Pace::new(rate, burst));
        }
    }

    async fn names(&self, instance: Instance) -> Result<Directory, Failure> {
        let (lane, id) = (self.lane, instance.id.clone());
        let named = |all: Vec<Summary>| {
            all.into_iter().filter_map(|summary| summary.name.map(|name| (name, summary.id)))
        };
        let (routing, security, groups) = tokio::join!(
            fetch::routing_profiles(lane, &id),
            fetch::security_profiles(lane, &id),
            fetch::hierarchy_groups(lane, &id)
        );
        let (routing, security) = (routing?, security?);
        let groups = match groups {
            Err(error) if is_denied(&error) => {
                (self.warn)(unchecked(Operation::SearchUserHierarchyGroups));
                Vec::new()
            }
            groups => groups?,
        };
        let hierarchy = groups.into_iter().map(|group| {
            let levels = group.hierarchy_path.iter().flat_map(|path| path.levels());
            let path: Vec<String> = levels.filter_map(|level| level.name.clone()).collect();
            Group { path: if path.is_empty() { vec![group.name] } else { path }, id: group.id }
        });
        Ok(Directory {
            routing_profiles: Names::of_routing_profiles(named(routing)),
            security_profiles: Names::of_security_profiles(named(security)),
            hierarchy: Hierarchy::new(hierarchy),
            fetched_at: Some(rfc3339(lane.clock().now())),
            ..Directory::new(instance)
        })
    }

    /// The users there; `None` for a caller who may not list them.
    fn users_there(&self, found: Result<Vec<Summary>, FetchError>) -> Result<Option<Users>, Failure> {
        let named = |user: Summary| user.username.map(|name| (name, user.id));
        match found {
            Ok(users) => Ok(Some(users.into_iter().filter_map(named).collect())),
            Err(error) if is_denied(&error) => {
                (self.warn)(unchecked(Operation::ListUsers));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// `None` for a caller who may not search them.
    async fn predefined_attributes(&self, id: &str) -> Result<Option<PredefinedAttributes>, Failure> {
        match fetch::predefined_attributes(self.lane, id).await {
            Ok(attributes) => Ok(Some(attributes)),
            // Where it is not found, the instance is: it was read before. This service does not know the call.
            Err(error) if is_denied(&error) || is_unknown_here(&error) => {
                (self.warn)(unchecked(Operation::SearchPredefinedAttributes));
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The instance's ARN, read off that of a routing profile: every instance has one.
    async fn arn_from_names(&self, id: &str) -> Result<String, Failure> {
        let profiles = fetch::routing_profiles(self.lane, id).await?;
        let of_instance =
            |arn: &str| arn.split_once("/routing-profile/").map(|(instance, _)| instance.to_owned());
        profiles.iter().find_map(|profile| of_instance(&profile.arn)).ok_or_else(|| {
            Failure::usage(format!("the ARN of the instance cannot be told from its id alone: `{id}`"))
                .hint("give the ARN as ⟦instance⟧: `aws connect list-instances` prints it")
        })
    }

    /// The applied quotas, where they may be read: no permission to ask is no error.
    async fn quotas(&self, arn: &str) -> Quotas {
        let (create_user_rate, users_per_instance) =
            tokio::join!(self.quota(arn, CREATE_USER_RATE), self.quota(arn, USERS_PER_INSTANCE));
        Quotas { create_user_rate, users_per_instance, ..Quotas::default() }
    }

    /// A quota as it is applied to the instance, else as it is to the account.
    async fn quota(&self, arn: &str, code: &str) -> Option<f64> {
        let lane = self.lane;
        // Before the pace: what is not asked waits for nothing.
        if !lane.client().knows_quotas() {
            return None;
        }
        let ask = async |context| {
            let attempt = || lane.client().get_service_quota(code, context);
            let asked =
                reads::read_within(PATIENCE_FOR_QUOTAS, lane, Operation::GetServiceQuota, attempt).await;
            asked.ok().flatten()
        };
        let quota = match ask(Some(arn)).await {
            Some(own) => Some(own),
            None => ask(None).await,
        };
        quota.map(|reply| reply.value.value).filter(|value| value.is_finite() && *value > 0.0)
    }
}

/// What goes unchecked where a read is not to be had: one line each, for who reads nothing of it takes all for checked.
const UNCHECKED: [(Operation, &str); 3] = [
    (
        Operation::ListUsers,
        "connect:ListUsers is not permitted, so who is there already is not known: nobody is compared, the room is not \
         checked, and a name that is taken is found when it is sent",
    ),
    (
        Operation::SearchUserHierarchyGroups,
        "the hierarchy may not be read (connect:SearchUserHierarchyGroups), so a row that names a group of it is an error",
    ),
    (
        Operation::SearchPredefinedAttributes,
        "connect:SearchPredefinedAttributes is not permitted or not known there, so the proficiencies are not checked \
         before they are given",
    ),
];

fn unchecked(operation: Operation) -> &'static str {
    UNCHECKED.iter().find(|(of, _)| *of == operation).map_or("a read is not permitted", |(_, what)| what)
}

/// Whether the service does not know what was asked of an instance that is there.
fn is_unknown_here(error: &FetchError) -> bool {
    matches!(error, FetchError::Call { operation, error } if verdict_of_error(*operation, error) == Verdict::NotFound)
}

/// Whether the caller has no permission for what was asked.
fn is_denied(error: &FetchError) -> bool {
    matches!(error, FetchError::Call { error, .. } if is_not_permitted(error))
}

/// Fails where users cannot be created in the instance yet, and where the saved names are of another.
fn fits(instance: &Instance, saved: Option<&Directory>) -> Result<(), Failure> {
    if let Some(status) = instance.status.as_deref().filter(|status| *status != "ACTIVE") {
        return Err(Failure::stopped(format!("the instance is not active: its status is `{status}`"))
            .hint("wait until `aws connect describe-instance` says ACTIVE"));
    }
    match saved.filter(|saved| saved.instance.id != instance.id) {
        Some(saved) => Err(Failure::usage(format!(
            "the directory file is of another instance: `{}`",
            saved.instance.arn
        ))),
        None => Ok(()),
    }
}

/// An instance as it was told.
fn known(id: &str, arn: String, identity: IdentityType) -> Instance {
    Instance { id: id.to_owned(), arn, alias: None, identity, status: None }
}

/// An instance as the service has it; what was told of its users counts for more.
fn described(found: model::Instance, told: Option<IdentityType>) -> Result<Instance, Failure> {
    let identity = told.or(IdentityType::from_api(&found.identity_management_type)).ok_or_else(|| {
        Failure::stopped(format!(
            "the instance has an identity type that is not known: `{}`",
            found.identity_management_type
        ))
        .hint("say which rules to apply with ⟦identity-type connect|saml|directory⟧")
    })?;
    Ok(Instance {
        id: found.id,
        arn: found.arn,
        alias: found.instance_alias,
        identity,
        status: Some(found.instance_status),
    })
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::clock::{Clock as _, SteadyClock};
    use crate::connect::{Client, Credentials, Environment, Target};
    use crate::exit::Exit;
    use crate::simulator::{self, Operation as Asked, Stats};
    use crate::simulator::{ACCESS_KEY_ID, InProcess, SECRET_ACCESS_KEY, Spec, World};

    /// Reads an instance of this description by its ARN, and says what was warned of and what was asked.
    async fn reading(spec: Spec, told: Told) -> (Result<Directory, Failure>, Vec<String>, Stats) {
        let arn = spec.instance_arn();
        let (lane, transport) = lane_of(spec);
        let warned = Mutex::new(Vec::new());
        let target = target(&arn);
        let warn = |what: &str| warned.lock().unwrap().push(what.to_owned());
        let reader = Reader { lane: &lane, warn: &warn };
        let read = reader.directory(&target.instance, told).await;
        let stats = transport.world().stats();
        (read, warned.into_inner().unwrap(), stats)
    }

    fn target(arn: &str) -> Target {
        let environment =
            Environment { endpoint_url: Some("http://127.0.0.1:4510".into()), ..Environment::default() };
        Target::resolve(arn, None, None, &environment).unwrap()
    }

    /// How calls leave to an embedded Connect of this description.
    fn lane_of(spec: Spec) -> (Lane, InProcess) {
        let clock = Arc::new(SteadyClock::starting_at(UNIX_EPOCH + Duration::from_secs(1_795_444_693)));
        let arn = spec.instance_arn();
        let transport = InProcess::new(World::new(spec, clock.now()), clock.clone(), Duration::from_secs(30));
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        let client = Client::over(Arc::new(transport.clone()), &target(&arn), credentials, clock.clone());
        (Lane::new(client, Arc::default()), transport)
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_has_its_names_its_users_and_its_quotas() {
        let (read, warned, stats) = reading(Spec::default(), Told::default()).await;
        let directory = read.unwrap();
        assert_eq!(warned, Vec::<String>::new());
        assert!(directory.routing_profiles.len() > 0 && directory.security_profiles.len() > 0);
        assert_eq!(directory.users.map(|users| users.len()), Some(0));
        assert_eq!(directory.instance.status.as_deref(), Some("ACTIVE"));
        let Quotas { create_user_rate, users_per_instance, .. } = directory.quotas;
        assert_eq!((create_user_rate, users_per_instance), (Some(2.0), Some(500.0)));
        assert_eq!(directory.fetched_at.as_deref().map(|at| &at[..10]), Some("2026-11-23"));
        assert_eq!(stats.of(Asked::CreateUser).called, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_not_be_read_is_warned_of_and_is_not_known() {
        let denied = [
            Asked::SearchUserHierarchyGroups,
            Asked::ListUserHierarchyGroups,
            Asked::ListUsers,
            Asked::GetServiceQuota,
        ];
        let (read, warned, _) =
            reading(Spec { denied: denied.into(), ..Spec::default() }, Told::default()).await;
        let directory = read.unwrap();
        assert!(directory.users.is_none() && directory.hierarchy.len() == 0);
        assert_eq!(directory.quotas, Quotas::default());
        assert_eq!(warned.len(), 2, "{warned:?}");
        assert!(warned.iter().any(|what| what.starts_with("the hierarchy may not be read")));
        assert!(warned.iter().any(|what| what.starts_with("connect:ListUsers is not permitted")));
        let spec = Spec { denied: [Asked::ListRoutingProfiles].into(), ..Spec::default() };
        let (read, ..) = reading(spec, Told::default()).await;
        assert_eq!(read.unwrap_err().exit, Exit::Stopped, "without its names nothing can be checked");
    }

    /// The paces of these calls on an instance of this description.
    async fn paced(spec: Spec, operations: &[Operation]) -> Vec<f64> {
        let arn = spec.instance_arn();
        let (lane, _) = lane_of(spec);
        Reader { lane: &lane, warn: &|_| {} }.pace(&arn, operations, None).await;
        operations.iter().map(|operation| lane.pace(*operation).rate()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_on_users_who_are_there_goes_at_its_quota_as_it_is_applied() {
        let quick = [Asked::DescribeUser, Asked::DeleteUser]
            .map(|asked| (asked, simulator::Pace::per_second(25.0, 60.0)));
        let spec = Spec { paces: quick.into(), ..Spec::default() };
        let asked = [
            Operation::DescribeUser,
            Operation::DeleteUser,
            Operation::TagResource,
            Operation::UpdateUserConfig,
            Operation::DeleteQuickConnect,
            Operation::SearchQuickConnects,
            Operation::GetCurrentUserData,
            Operation::DeleteAllEntitySessions,
        ];
        assert_eq!(paced(spec, &asked).await, [25.0, 25.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]);
        let secret = Spec { denied: [Asked::GetServiceQuota].into(), ..Spec::default() };
        let asked = [
            Operation::DescribeUser,
            Operation::ListUserProficiencies,
            Operation::SearchUsers,
            Operation::UpdateUserRoutingProfile,
        ];
        assert_eq!(paced(secret, &asked).await, [10.0, 10.0, 2.0, 2.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn whose_users_are_known_is_not_described() {
        let told = Told { identity: Some(IdentityType::Saml), saved: None, ..Told::default() };
        let (read, _, stats) = reading(Spec::default(), told).await;
        assert_eq!(read.unwrap().instance.identity, IdentityType::Saml);
        assert_eq!(stats.of(Asked::DescribeInstance).called, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn saved_names_are_not_asked_for_and_must_be_of_this_instance() {
        let (saved, ..) = reading(Spec::default(), Told::default()).await;
        let saved = Told { identity: None, saved: Some(saved.unwrap()), ..Told::default() };
        let (again, _, stats) = reading(Spec::default(), saved.clone()).await;
        let names = &saved.saved.as_ref().unwrap().routing_profiles;
        assert!(again.unwrap().routing_profiles.iter().eq(names.iter()));
        assert_eq!(stats.of(Asked::ListRoutingProfiles).called, 0);
        assert_eq!(stats.of(Asked::ListUsers).executed, 1, "who is there may have changed");
        let id = Spec::default().instance_id;
        let another = Spec { instance_id: format!("{}0", &id[..id.len() - 1]), ..Spec::default() };
        let (read, ..) = reading(another, saved).await;
        let failure = read.unwrap_err();
        assert!(failure.exit == Exit::Usage && failure.what.contains("of another instance"), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn an_instance_that_is_not_active_yet_is_refused() {
        let spec = Spec { instance_status: "CREATION_IN_PROGRESS".into(), ..Spec::default() };
        let (read, _, stats) = reading(spec, Told::default()).await;
        let failure = read.unwrap_err();
        assert!(failure.exit == Exit::Stopped && failure.what.contains("CREATION_IN_PROGRESS"), "{failure}");
        assert_eq!(stats.of(Asked::ListUsers).called, 0, "nothing more is asked");
    }
}
