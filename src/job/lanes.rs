//! How instances are reached.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::parts::Parts;
use crate::clock::Clock;
use crate::connect::{Client, Credentials, Environment, HttpOptions, InstanceRef, Role, Target, Transport};
use crate::error::Failure;
use crate::lane::paces::{AllPaces, PaceKey, Paces};
use crate::simulator::server::{self, Running};
use crate::simulator::{ACCESS_KEY_ID, InProcess, SECRET_ACCESS_KEY, World};

/// A rehearsal's stalls are as long as they are told to be; a real time-out is thirty seconds.
const REHEARSED_TIMEOUT: Duration = Duration::from_secs(5);

/// Where an embedded Connect is that is reached without sockets. Nothing is ever sent there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// How instances are reached: over the network, or within the process. Jobs that run side by side share one, and with it
/// the paces of the accounts that they call; a job with a pace of its own is given lanes of its own.
pub struct Lanes {
    way: Way,
    paces: AllPaces,
    parts: Parts,
}

enum Way {
    Network,
    Within { transport: Arc<dyn Transport>, credentials: Credentials, profiles: HashMap<String, Credentials> },
}

/// An embedded Connect that answers.
pub(super) struct Served {
    pub(super) client: Client,
    /// Its instance, as it is named.
    pub(super) target: Target,
    /// What serves it where it is on loopback, as long as this lives.
    pub(super) running: Option<Running>,
}

impl Lanes {
    /// Over HTTP, with the credentials of the AWS default chain. A rehearsal's instance is served on loopback.
    pub(crate) fn network() -> Self {
        Self { way: Way::Network, paces: AllPaces::default(), parts: Parts::default() }
    }

    /// By this transport and with these credentials, whichever instance it is. A rehearsal's instance stays in the process,
    /// and no socket is opened.
    pub fn within(transport: Arc<dyn Transport>, credentials: Credentials) -> Self {
        let profiles = HashMap::new();
        Self {
            way: Way::Within { transport, credentials, profiles },
            paces: AllPaces::default(),
            parts: Parts::default(),
        }
    }

    /// The same, with other credentials where one of these profiles is named.
    #[must_use]
    pub fn with_profiles(mut self, named: impl IntoIterator<Item = (String, Credentials)>) -> Self {
        if let Way::Within { profiles, .. } = &mut self.way {
            profiles.extend(named);
        }
        self
    }

    /// The parts of rates that this process has among machines.
    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }

    /// What the environment says of reaching AWS, with what the profile's files say where it is silent.
    ///
    /// # Errors
    /// Exit 2 where such a file is broken, 4 where there is no such profile.
    pub(super) async fn complete(&self, environment: Environment) -> Result<Environment, Failure> {
        match &self.way {
            Way::Network => environment.with_profile().await,
            Way::Within { .. } => Ok(environment),
        }
    }

    /// The paces that calls to a target keep: one for all instances of its account and region. Where only an instance's id or
    /// alias is known, the profile stands for the account: who calls with one profile calls one account.
    ///
    /// That holds until the instance is read: then its ARN says whose it is.
    pub(super) fn paces(&self, target: &Target, role: Option<&Role>, profile: Option<&str>) -> Arc<Paces> {
        let account = match &target.instance {
            InstanceRef::Arn { account, .. } => Some(account.as_str()),
            InstanceRef::Id(_) | InstanceRef::Alias(_) => role.and_then(Role::account),
        };
        self.paces_of(account.or(profile).unwrap_or_default(), &target.region)
    }

    /// The paces of an account and region that are known.
    pub(super) fn paces_of(&self, account: &str, region: &str) -> Arc<Paces> {
        self.paces.of(PaceKey { account: account.to_owned(), region: region.to_owned() })
    }

    /// A connection to an instance of the service.
    pub(super) fn client(
        &self,
        target: &Target,
        environment: &Environment,
        role: Option<&Role>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Client, Failure> {
        match &self.way {
            Way::Network => {
                environment.proxies.check(&target.endpoint)?;
                let options =
                    HttpOptions { ca_bundle: environment.ca_bundle.clone(), ..HttpOptions::default() };
                let credentials = Credentials::chain(&target.region, environment, role, &options);
                Client::new(target, credentials, Arc::clone(clock), &options)
            }
            Way::Within { transport, credentials, profiles } => {
                let of_profile = environment.profile.as_ref().and_then(|name| profiles.get(name));
                let credentials = of_profile.unwrap_or(credentials);
                Ok(Client::over(Arc::clone(transport), target, credentials.clone(), Arc::clone(clock)))
            }
        }
    }

    /// An embedded Connect, and a connection to it.
    pub(super) async fn serve(&self, world: World, clock: &Arc<dyn Clock>) -> Result<Served, Failure> {
        let (arn, region) = (world.spec().instance_arn(), world.spec().region.clone());
        let target = |url: &str| {
            let environment = Environment {
                endpoint_url: Some(url.to_owned()),
                region: Some(region),
                ..Environment::default()
            };
            Target::resolve(&arn, None, None, &environment)
        };
        let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
        if let Way::Within { .. } = &self.way {
            let target = target(NOWHERE)?;
            let transport = Arc::new(InProcess::new(world, Arc::clone(clock), REHEARSED_TIMEOUT));
            let client = Client::over(transport, &target, credentials, Arc::clone(clock));
            return Ok(Served { client, target, running: None });
        }
        let running = server::serve(world, 0, Arc::clone(clock)).await.map_err(|error| {
            Failure::stopped("cannot listen on loopback for the rehearsal").because(error)
        })?;
        let target = target(&running.url)?;
        let options = HttpOptions { timeout: REHEARSED_TIMEOUT, ..HttpOptions::default() };
        let client = Client::new(&target, credentials, Arc::clone(clock), &options)?;
        Ok(Served { client, target, running: Some(running) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jobs_on_one_account_and_region_share_a_pace_and_others_do_not() {
        let lanes = Lanes::network();
        let arn = |account: &str, region: &str, id: char| {
            let id = id.to_string().repeat(8);
            let arn = format!("arn:aws:connect:{region}:{account}:instance/{id}-7b42-4d08-9c6f-2e81d0a4b7c3");
            Target::resolve(&arn, None, None, &Environment::default()).unwrap()
        };
        let one = lanes.paces(&arn("111122223333", "eu-west-2", 'a'), None, None);
        let same = lanes.paces(&arn("111122223333", "eu-west-2", 'b'), None, Some("other"));
        assert!(Arc::ptr_eq(&one, &same), "another instance of the account");
        for (account, region) in [("111122223333", "us-east-1"), ("444455556666", "eu-west-2")] {
            assert!(!Arc::ptr_eq(&one, &lanes.paces(&arn(account, region, 'a'), None, None)));
        }
    }
}
