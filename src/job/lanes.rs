//! How instances are reached.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::connect::{Client, Credentials, Environment, HttpOptions, Target, Transport};
use crate::error::Failure;
use crate::simulator::server::{self, Running};
use crate::simulator::{ACCESS_KEY_ID, InProcess, SECRET_ACCESS_KEY, World};

/// A rehearsal's stalls are as long as they are told to be; a real time-out is thirty seconds.
const REHEARSED_TIMEOUT: Duration = Duration::from_secs(5);

/// Where an embedded Connect is that is reached without sockets. Nothing is ever sent there.
const NOWHERE: &str = "http://127.0.0.1:1";

/// How instances are reached: over the network, or within the process.
pub struct Lanes(Way);

enum Way {
    Network,
    Within { transport: Arc<dyn Transport>, credentials: Credentials },
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
    pub fn network() -> Self {
        Self(Way::Network)
    }

    /// By this transport and with these credentials, whichever instance it is. A rehearsal's instance stays in the process,
    /// and no socket is opened.
    pub fn within(transport: Arc<dyn Transport>, credentials: Credentials) -> Self {
        Self(Way::Within { transport, credentials })
    }

    /// What the environment says of reaching AWS, with what the profile's files say where it is silent.
    pub(super) async fn complete(&self, environment: Environment) -> Environment {
        match &self.0 {
            Way::Network => environment.with_profile().await,
            Way::Within { .. } => environment,
        }
    }

    /// A connection to an instance of the service.
    pub(super) fn client(
        &self,
        target: &Target,
        environment: &Environment,
        clock: &Arc<dyn Clock>,
    ) -> Result<Client, Failure> {
        match &self.0 {
            Way::Network => {
                let options =
                    HttpOptions { ca_bundle: environment.ca_bundle.clone(), ..HttpOptions::default() };
                let credentials = Credentials::chain(&target.region, environment, &options);
                Client::new(target, credentials, Arc::clone(clock), &options)
            }
            Way::Within { transport, credentials } => {
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
        if let Way::Within { .. } = &self.0 {
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
