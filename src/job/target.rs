//! What a job reaches, and how it is read.

use std::path::PathBuf;
use std::sync::Arc;

use super::lanes::Served;
use super::rehearsal::{self, Rehearsal, Stage};
use super::saved;
use super::world::World;
use crate::agent::IdentityType;
use crate::apply::Settings;
use crate::connect::{self, Client, Credentials, Environment, InstanceRef, Operation, Role};
use crate::directory::Directory;
use crate::error::Failure;
use crate::event::Event;
use crate::instance::{Reader, Told};
use crate::lane::Lane;
use crate::lane::pace::{Pace, default_burst};
use crate::simulator::server::Running;
use crate::waits::{WaitFor, Waits};

/// What a job reaches, and what is known of it before it is asked.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it is.
    pub at: At,
    /// How the instance knows its users: then it is not described, for callers who may not ask that.
    pub identity: Option<IdentityType>,
    /// A directory file of it: names are resolved from there.
    pub directory: Option<PathBuf>,
}

/// Where a target is.
#[derive(Clone, Debug)]
pub enum At {
    /// An instance of the service.
    Instance(Box<Address>),
    /// An embedded Connect in an instance's place.
    Rehearsal(Box<Rehearsal>),
}

/// How an instance is found. All members mean what they mean to the AWS CLI.
#[derive(Clone, Debug, Default)]
pub struct Address {
    /// The instance's id, ARN or alias; without one nothing can be reached, which is said when it is tried.
    pub named: Option<String>,
    /// The AWS region; an ARN has it already.
    pub region: Option<String>,
    /// Another endpoint than the region's own.
    pub endpoint: Option<String>,
    /// The role that is taken with the profile's keys, or the environment's.
    pub role: Option<Role>,
    /// What the environment says of reaching AWS, and the profile.
    pub environment: Environment,
}

/// A connection to an instance, and what is known of it.
pub(super) struct Reached {
    /// How its calls leave.
    pub(super) lane: Arc<Lane>,
    /// The instance with its names, and its users where they could be read.
    pub(super) directory: Directory,
    /// What the ledger keeps for a later retry.
    pub(super) region: String,
    pub(super) endpoint: Option<String>,
    /// The embedded Connect where it is on loopback, served as long as this lives.
    pub(super) running: Option<Running>,
}

impl Target {
    /// An instance of which nothing else is told.
    pub fn instance(address: Address) -> Self {
        Self { at: At::Instance(Box::new(address)), identity: None, directory: None }
    }

    /// Whether it is an embedded Connect.
    pub(crate) fn is_rehearsal(&self) -> bool {
        matches!(self.at, At::Rehearsal(_))
    }

    /// The AWS profile, where one is named.
    pub(super) fn profile(&self) -> Option<&str> {
        match &self.at {
            At::Instance(address) => address.environment.profile.as_deref(),
            At::Rehearsal(_) => None,
        }
    }

    /// Reads the directory of the target with all that an offline check can use: its predefined attributes too. An embedded
    /// Connect is the one that is invented where there is no roster.
    ///
    /// # Errors
    /// Exit 2 where the target is none, or what was told of it is of another; exit 4 where it cannot be reached or read.
    pub async fn read(&self, world: &World) -> Result<Directory, Failure> {
        let (world, waits) = &world.watched();
        let reading = async {
            let mut reached = match &self.at {
                At::Instance(address) => self.reach(address, world, waits, true).await?,
                At::Rehearsal(_) => {
                    Reached::served(rehearsal::invented(self.identity, world).await?, world, waits, true)
                        .await?
                }
            };
            reached.read_for_proficiencies(world).await?;
            reached.stop_serving().await;
            Ok(reached.directory)
        };
        world.reaching(waits, Settings::OUTAGE_PATIENCE, Box::pin(reading)).await
    }

    /// Reaches an instance of the service and reads it.
    pub(super) async fn reach(
        &self,
        address: &Address,
        world: &World,
        waits: &Waits,
        with_users: bool,
    ) -> Result<Reached, Failure> {
        let environment = world.lanes.complete(address.environment.clone()).await?;
        let Some(named) = &address.named else {
            return Err(Failure::usage("which instance?").hint(
                "give ⟦instance ID|ARN|alias⟧ (`aws connect list-instances` prints them), \
                 or rehearse without an AWS account with ⟦rehearsal⟧",
            ));
        };
        let (region, endpoint) = (address.region.as_deref(), address.endpoint.as_deref());
        let target = connect::Target::resolve(named, region, endpoint, &environment)?;
        target.warning.iter().for_each(|warning| world.warn(warning));
        let client = world.lanes.client(&target, &environment, address.role.as_ref(), &world.clock)?;
        sign_in(&client, waits).await?;
        let endpoint =
            address.endpoint.clone().or(environment.endpoint_url_connect).or(environment.endpoint_url);
        world.tell(Event::Reading);
        let paces = world.lanes.paces(&target, address.role.as_ref(), environment.profile.as_deref());
        let lane = Arc::new(Lane::new(client.clone(), paces).waiting_in(waits.clone()));
        let read = self.read_through(&lane, &target.instance, world, with_users).await;
        world.tell(Event::Reached);
        warn_of_skew(&lane, world);
        let directory = read?;
        // Whoever was named by an alias is known by now: what is sent keeps the pace of its account, as others in it do.
        let own =
            account_of(&directory.instance.arn).map(|account| world.lanes.paces_of(account, &target.region));
        let lane = match own.filter(|own| !Arc::ptr_eq(own, lane.paces())) {
            Some(own) => Arc::new(Lane::new(client, own).waiting_in(waits.clone())),
            None => lane,
        };
        Ok(Reached { lane, directory, region: target.region, endpoint, running: None })
    }

    /// Reaches an embedded Connect that is made to fit the stage, and reads it as any instance.
    pub(super) async fn rehearse(
        &self,
        rehearsal: &Rehearsal,
        stage: &Stage<'_>,
        world: &World,
        waits: &Waits,
        with_users: bool,
    ) -> Result<Reached, Failure> {
        let saved = self.directory.as_deref().map(|path| saved::take_up(path, world)).transpose()?;
        let served = rehearsal.serve(self.identity, saved.as_ref(), stage, world).await?;
        Reached::served(served, world, waits, with_users).await
    }

    async fn read_through(
        &self,
        lane: &Lane,
        named: &InstanceRef,
        world: &World,
        with_users: bool,
    ) -> Result<Directory, Failure> {
        let saved = self.directory.as_deref().map(|path| saved::take_up(path, world)).transpose()?;
        let told = Told { identity: self.identity, saved, without_users: !with_users };
        Reader { lane, warn: &|what| world.warn(what) }.directory(named, told).await
    }
}

impl Reached {
    /// The same for another job beside this one, which stops serving.
    pub(super) fn beside(&self) -> Self {
        Self {
            lane: Arc::clone(&self.lane),
            directory: self.directory.clone(),
            region: self.region.clone(),
            endpoint: self.endpoint.clone(),
            running: None,
        }
    }

    /// Whether the instance is known to have a user of exactly this name.
    pub(super) fn has(&self, username: &str) -> bool {
        self.directory.users.as_ref().is_some_and(|users| users.get(username).is_some())
    }

    async fn served(served: Served, world: &World, waits: &Waits, with_users: bool) -> Result<Self, Failure> {
        let Served { client, target, running } = served;
        // An embedded Connect counts nobody's calls but its own job's.
        let lane = Arc::new(Lane::new(client, Arc::default()).waiting_in(waits.clone()));
        let reader = Reader { lane: &lane, warn: &|what| world.warn(what) };
        let directory = reader
            .directory(&target.instance, Told { without_users: !with_users, ..Told::default() })
            .await?;
        Ok(Self { lane, directory, region: target.region, endpoint: None, running })
    }

    /// Reads what only a roster with proficiencies needs.
    pub(super) async fn read_for_proficiencies(&mut self, world: &World) -> Result<(), Failure> {
        let reader = Reader { lane: &self.lane, warn: &|what| world.warn(what) };
        reader.proficiencies(&mut self.directory).await?;
        if let Some(rate) = self.directory.quotas.associate_user_proficiencies_rate {
            let pace = Pace::new(rate, default_burst(rate));
            self.lane.paces().set(Operation::AssociateUserProficiencies, pace);
        }
        Ok(())
    }

    /// Stops what served it.
    pub(super) async fn stop_serving(&mut self) {
        if let Some(running) = self.running.take() {
            running.shutdown().await;
        }
    }
}

/// Has the credentials loaded, so that a lack of them is found before anything else. A process or a sign-in in the browser
/// can take a person's while.
async fn sign_in(client: &Client, waits: &Waits) -> Result<(), Failure> {
    let what = "the AWS credentials are fetched";
    let _waiting = waits.at_most(WaitFor::Credentials, what, Credentials::LOAD_LIMIT);
    client.check_credentials().await?;
    waits.heard();
    Ok(())
}

/// The account in an instance's ARN.
fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// A clock that had to be corrected is said, whether the instance could be read then or not.
fn warn_of_skew(lane: &Lane, world: &World) {
    let ahead = -lane.client().correction() / 1000;
    if ahead != 0 {
        world.warn(format!(
            "this machine's clock is off by {ahead} s; requests are signed with the service's time"
        ));
    }
}
