//! Reaching an instance: the flags that all commands with a network share, and the embedded Connect in their place.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use super::args::directory;
use super::args::sky::Sky;
use super::policy::Needs;
use super::roster_args::Identity;
use super::{output, settings};
use crate::agent::IdentityType;
use crate::clock::{self, Clock as _, SystemClock};
use crate::connect;
use crate::connect::policy::Job;
use crate::connect::{Client, Credentials, Environment, HttpOptions, InstanceRef, Operation, Target};
use crate::directory::{Directory, Names};
use crate::error::Failure;
use crate::instance::{Reader, Told};
use crate::lane::Lane;
use crate::lane::pace::{Pace, default_burst};
use crate::roster::Roster;
use crate::simulator::server::{self, Running};
use crate::simulator::{ACCESS_KEY_ID, SECRET_ACCESS_KEY, Spec, World};
use crate::validate::{NamesUsed, infer_identity, names_used};

/// Which instance, and how to reach it. All mean what they mean to the AWS CLI.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Instance")]
pub(super) struct InstanceArgs {
    /// The instance: its id, ARN or alias
    #[arg(long, value_name = "ID|ARN|ALIAS")]
    pub(super) instance: Option<String>,

    /// The AWS region; an ARN has it already
    #[arg(long, value_name = "REGION")]
    pub(super) region: Option<String>,

    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,

    /// Another endpoint than the region's own (also AWS_ENDPOINT_URL_CONNECT, AWS_ENDPOINT_URL)
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,

    /// How the instance knows its users; skips DescribeInstance
    #[arg(long, value_name = "TYPE", value_enum, ignore_case = true)]
    pub(super) identity: Option<Identity>,

    /// A saved directory of the instance: names are resolved from it
    #[arg(long, value_name = "FILE")]
    pub(super) directory: Option<PathBuf>,
}

/// After how long a person is told that an instance is being read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Reads an instance, and says so on a terminal when it takes a while, as thousands of users do.
async fn patiently<T>(reading: impl Future<Output = T>) -> T {
    let mut reading = std::pin::pin!(reading);
    tokio::select! {
        biased;
        read = &mut reading => return read,
        () = clock::sleep(PATIENCE), if settings::has_live_stderr() => {}
    }
    output::say("reading the instance: its names, users and quotas");
    reading.await
}

/// A rehearsal in place of an instance.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Rehearsal")]
pub(super) struct RehearsalArgs {
    /// Rehearse against an embedded Connect that has the names the roster uses; nothing leaves this machine
    #[arg(long, conflicts_with_all = ["instance", "endpoint_url"])]
    pub(super) simulate: bool,

    /// Where the embedded Connect's weather comes from
    #[arg(long, value_name = "N", default_value_t = 0, requires = "simulate", conflicts_with = "instance")]
    pub(super) seed: u64,

    /// How reliable the embedded Connect is
    #[arg(long, value_enum, ignore_case = true, default_value_t = Sky::Calm, requires = "simulate", conflicts_with = "instance")]
    pub(super) weather: Sky,
}

/// What a rehearsal is for, and what it goes on with.
pub(super) struct Stage<'s> {
    /// The roster that is read.
    pub(super) roster: &'s Roster,
    /// The roster that it is a part of: the names of both are there.
    pub(super) whole: Option<Roster>,
    /// How many rows there were before: their users may be there already.
    pub(super) rows: u64,
    /// Whether users are given passwords that the roster does not have: then the instance keeps passwords.
    pub(super) gives_passwords: bool,
    /// Where the world is kept, so that an interrupted rehearsal resumes.
    pub(super) world: PathBuf,
}

/// A connection to an instance, and what is known of it.
pub(super) struct Reached {
    /// How its calls leave.
    pub(super) lane: Arc<Lane>,
    /// The instance with its names, and its users where they could be read.
    pub(super) directory: Directory,
    /// What the ledger keeps for a later `retry`.
    pub(super) region: String,
    pub(super) endpoint: Option<String>,
    /// The embedded Connect, served as long as this lives.
    pub(super) rehearsal: Option<Running>,
}

impl InstanceArgs {
    /// Reaches the instance and reads what an import needs of it.
    pub(super) async fn reach(&self) -> Result<Reached, Failure> {
        let environment = settings::environment(self.profile.clone()).await;
        let Some(instance) = &self.instance else {
            return Err(Failure::usage("which instance?").hint(
                "give --instance ID|ARN|alias (`aws connect list-instances` prints them), \
                 or rehearse without an AWS account with --simulate",
            ));
        };
        let target =
            Target::resolve(instance, self.region.as_deref(), self.endpoint_url.as_deref(), &environment)?;
        if let Some(warning) = &target.warning {
            output::say(&format!("warning: {warning}"));
        }
        let options = HttpOptions { ca_bundle: environment.ca_bundle.clone(), ..HttpOptions::default() };
        let credentials = Credentials::chain(&target.region, &environment, &options);
        let client = Client::new(&target, credentials, Arc::new(SystemClock), &options)?;
        client.check_credentials().await?;
        let lane = Arc::new(Lane::new(client, Arc::default()));
        let directory = patiently(self.read(&lane, &target)).await;
        say_skew(lane.client());
        let directory = directory?;
        let endpoint =
            self.endpoint_url.clone().or(environment.endpoint_url_connect.or(environment.endpoint_url));
        Ok(Reached { lane, directory, region: target.region, endpoint, rehearsal: None })
    }

    /// What reaching the instance needs, for a job that only looks.
    pub(super) fn needs(&self) -> Result<Needs, Failure> {
        let mut job = Job {
            creates: false,
            asks_identity: self.identity.is_none(),
            reads_names: self.directory.is_none(),
            ..Job::IMPORT
        };
        let Some(typed) = &self.instance else {
            return Ok(Needs { job, instance: "arn:aws:connect:*:*:instance/*".to_owned() });
        };
        let is_arn = typed.trim().to_ascii_lowercase().starts_with("arn:");
        // Which partition a name is in, its region says.
        let region = self.region.as_deref().or((!is_arn).then_some("us-east-1"));
        let target = Target::resolve(typed, region, None, &Environment::default())?;
        let region = self.region.as_deref().unwrap_or("*");
        let within = |id: &str| format!("arn:{}:connect:{region}:*:instance/{id}", target.partition.name);
        let instance = match &target.instance {
            InstanceRef::Arn { arn, .. } => arn.clone(),
            InstanceRef::Id(id) => within(id),
            InstanceRef::Alias(_) => within("*"),
        };
        job.by_alias = matches!(target.instance, InstanceRef::Alias(_));
        job.asks_identity |= job.by_alias;
        Ok(Needs { job, instance })
    }

    /// Reads the instance, its names, its users and its quotas.
    async fn read(&self, lane: &Lane, target: &Target) -> Result<Directory, Failure> {
        let saved = self.directory.as_deref().map(directory::take_up).transpose()?;
        let told = Told { identity: self.identity.map(IdentityType::from), saved };
        reader(lane).directory(&target.instance, told).await
    }
}

fn reader(lane: &Lane) -> Reader<'_> {
    Reader { lane, warn: &|what| output::say(&format!("warning: {what}")) }
}

/// A clock that had to be corrected is said, whether the instance could be read then or not.
fn say_skew(client: &Client) {
    let ahead = -client.correction() / 1000;
    if ahead != 0 {
        output::say(&format!(
            "warning: this machine's clock is off by {ahead} s; requests are signed with the service's time"
        ));
    }
}

impl Reached {
    /// Reads what only a roster with proficiencies needs.
    pub(super) async fn read_for_proficiencies(&mut self) -> Result<(), Failure> {
        reader(&self.lane).proficiencies(&mut self.directory).await?;
        if let Some(rate) = self.directory.quotas.associate_user_proficiencies_rate {
            let pace = Pace::new(rate, default_burst(rate));
            self.lane.paces().set(Operation::AssociateUserProficiencies, pace);
        }
        Ok(())
    }
}

impl RehearsalArgs {
    /// Serves an embedded Connect that has the roster's names (or the directory file's), and reads it as any instance.
    pub(super) async fn reach(&self, args: &InstanceArgs, stage: &Stage<'_>) -> Result<Reached, Failure> {
        let saved = args.directory.as_deref().map(directory::take_up).transpose()?;
        let spec = self.spec(args, stage, saved.as_ref())?;
        let (arn, region) = (spec.instance_arn(), spec.region.clone());
        let world = World::remembering(spec, SystemClock.now(), &stage.world).map_err(|error| {
            Failure::stopped("cannot keep the rehearsal's world")
                .because(error)
                .hint("remove that file and the rehearsal's ledger to start the rehearsal anew")
        })?;
        reach_world(world, &arn, region).await
    }

    fn spec(
        &self,
        args: &InstanceArgs,
        stage: &Stage<'_>,
        saved: Option<&Directory>,
    ) -> Result<Spec, Failure> {
        let used = names_used(stage.roster)?;
        let identity = args.identity.map(IdentityType::from).or(saved.map(|saved| saved.instance.identity));
        let mut spec = Spec {
            identity: identity.unwrap_or_else(|| match stage.gives_passwords {
                true => IdentityType::ConnectManaged,
                false => infer_identity(stage.roster.columns()),
            }),
            seed: self.seed,
            weather: self.weather.into(),
            ..Spec::default()
        };
        if let Some(saved) = saved {
            return Ok(like(saved, spec));
        }
        spec.users_quota = spec.users_quota.max((stage.rows + used.rows) as usize);
        spec = with_names(spec, &used);
        match &stage.whole {
            Some(whole) => Ok(with_names(spec, &names_used(whole)?)),
            None => Ok(spec),
        }
    }
}

/// Serves the embedded Connect as `headcount simulate` has it, and reads it as any instance.
pub(super) async fn reach_invented(identity: Option<Identity>) -> Result<Reached, Failure> {
    let mut spec = Spec::default();
    spec.identity = identity.map_or(spec.identity, IdentityType::from);
    let (arn, region) = (spec.instance_arn(), spec.region.clone());
    reach_world(World::new(spec, SystemClock.now()), &arn, region).await
}

/// Serves a world in this process, and reads it as any instance.
async fn reach_world(world: World, arn: &str, region: String) -> Result<Reached, Failure> {
    let running = server::serve(world, 0, Arc::new(SystemClock))
        .await
        .map_err(|error| Failure::stopped("cannot listen on loopback for the rehearsal").because(error))?;
    let environment = Environment {
        endpoint_url: Some(running.url.clone()),
        region: Some(region.clone()),
        ..Environment::default()
    };
    let target = Target::resolve(arn, None, None, &environment)?;
    let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
    // A rehearsal's stalls are as long as they are told to be; a real time-out is thirty seconds.
    let options = HttpOptions { timeout: Duration::from_secs(5), ..HttpOptions::default() };
    let client = Client::new(&target, credentials, Arc::new(SystemClock), &options)?;
    let lane = Arc::new(Lane::new(client, Arc::default()));
    let directory = InstanceArgs::default().read(&lane, &target).await?;
    Ok(Reached { lane, directory, region, endpoint: None, rehearsal: Some(running) })
}

fn with_names(spec: Spec, used: &NamesUsed) -> Spec {
    spec.with_roster(
        used.routing_profiles.iter().map(String::as_str),
        used.security_profiles.iter().map(String::as_str),
        used.hierarchy.iter().map(|path| path.iter().map(String::as_str)),
    )
    .with_proficiencies(used.proficiencies.iter().map(|(name, value)| (name.as_str(), value.as_str())))
}

/// An embedded instance with the names, users and quotas of a real one.
fn like(saved: &Directory, mut spec: Spec) -> Spec {
    let named = |names: &Names| {
        names
            .iter()
            .map(|(name, id)| crate::simulator::Named { name: name.to_owned(), id: Some(id.to_owned()) })
            .collect::<Vec<_>>()
    };
    spec.routing_profiles = named(&saved.routing_profiles);
    spec.security_profiles = named(&saved.security_profiles);
    spec.hierarchy = saved
        .hierarchy
        .iter()
        .map(|group| crate::simulator::Group { path: group.path.clone(), id: Some(group.id.clone()) })
        .collect();
    spec.alias = saved.instance.alias.clone().unwrap_or(spec.alias);
    if let Some(attributes) = &saved.predefined_attributes {
        spec.predefined_attributes =
            attributes.iter().map(|(name, values)| (name.to_owned(), values.clone())).collect();
    }
    if let Some(quota) = saved.quotas.users_per_instance {
        spec.users_quota = quota as usize;
    }
    let routing = saved.routing_profiles.iter().next().map(|(_, id)| id.to_owned());
    let security: Vec<String> = saved.security_profiles.iter().take(1).map(|(_, id)| id.to_owned()).collect();
    if let Some(users) = &saved.users {
        spec.users = users
            .iter()
            .map(|(username, id)| connect::model::User {
                id: id.to_string(),
                username: username.to_owned(),
                routing_profile_id: routing.clone(),
                security_profile_ids: security.clone(),
                ..connect::model::User::default()
            })
            .collect();
    }
    spec
}
