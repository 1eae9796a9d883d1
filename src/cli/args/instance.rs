//! Which instance, and how to reach it: the flags that all commands with a network share, and the embedded Connect in its
//! place.

use std::path::PathBuf;

use clap::Args;

use super::leave_out::LeaveOut;
use super::roster::Identity;
use super::sky::Sky;
use crate::agent::IdentityType;
use crate::cli::policy::Needs;
use crate::cli::settings::{self, Named};
use crate::connect;
use crate::connect::policy::Job;
use crate::connect::{Environment, InstanceRef, Role};
use crate::error::Failure;
use crate::job::{Address, At, Before, Rehearsal, Target};

/// Which instance, and how to reach it. All mean what they mean to the AWS CLI.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Instance")]
pub(in crate::cli) struct InstanceArgs {
    /// The instance: its id, ARN or alias
    #[arg(long, value_name = "ID|ARN|ALIAS")]
    pub(in crate::cli) instance: Option<String>,

    /// The AWS region; an ARN has it already
    #[arg(long, value_name = "REGION")]
    pub(in crate::cli) region: Option<String>,

    /// The profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) profile: Option<String>,

    /// Another endpoint than the region's own (also AWS_ENDPOINT_URL_CONNECT, AWS_ENDPOINT_URL)
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) endpoint_url: Option<String>,

    /// How the instance knows its users; skips DescribeInstance
    #[arg(long, value_name = "TYPE", value_enum, ignore_case = true)]
    pub(in crate::cli) identity: Option<Identity>,

    /// A saved directory of the instance: names are resolved from it
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) directory: Option<PathBuf>,

    /// The role that is taken there: a file of targets says it, and there is no flag for it.
    #[arg(skip)]
    pub(in crate::cli) role: Option<Role>,
}

/// What says that it is no rehearsal.
const NOT_REHEARSED: [&str; 2] = ["instance", "endpoint_url"];

/// A rehearsal in place of an instance.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Rehearsal")]
pub(in crate::cli) struct RehearsalArgs {
    /// Rehearse against an embedded Connect that has the names the roster uses; nothing leaves this machine
    #[arg(long, conflicts_with_all = NOT_REHEARSED)]
    pub(in crate::cli) simulate: bool,

    /// Where the embedded Connect's weather comes from
    #[arg(long, value_name = "N", default_value_t = 0, requires = "simulate", conflicts_with_all = NOT_REHEARSED)]
    pub(in crate::cli) seed: u64,

    /// How reliable the embedded Connect is
    #[arg(long, value_enum, ignore_case = true, default_value_t = Sky::Calm, requires = "simulate", conflicts_with_all = NOT_REHEARSED)]
    pub(in crate::cli) weather: Sky,

    /// What the embedded Connect does with what an update leaves out
    #[arg(long, value_enum, ignore_case = true, default_value_t = LeaveOut::Replace, requires = "simulate", conflicts_with_all = NOT_REHEARSED)]
    pub(in crate::cli) updates: LeaveOut,
}

impl InstanceArgs {
    /// With what a ledger says where nothing was typed, and the environment names nothing; a rehearsal's is gone on with in
    /// the rehearsal.
    pub(in crate::cli) fn complete(&mut self, rehearsal: &mut RehearsalArgs, before: &Before, named: Named) {
        if self.instance.is_none() && before.is_rehearsal(named.endpoint) {
            rehearsal.simulate = true;
        }
        if rehearsal.simulate {
            return;
        }
        self.instance = self.instance.take().or(Some(before.instance.clone()));
        if self.profile.is_none() && !named.profile {
            self.profile.clone_from(&before.profile);
        }
        if self.endpoint_url.is_none() && !named.endpoint {
            self.endpoint_url.clone_from(&before.endpoint);
        }
    }

    /// What is said here, and where nothing is, what was said before.
    pub(in crate::cli) fn or(self, before: &Self) -> Self {
        let Self { instance, region, profile, endpoint_url, identity, directory, role } = self;
        Self {
            instance: instance.or_else(|| before.instance.clone()),
            region: region.or_else(|| before.region.clone()),
            profile: profile.or_else(|| before.profile.clone()),
            endpoint_url: endpoint_url.or_else(|| before.endpoint_url.clone()),
            identity: identity.or(before.identity),
            directory: directory.or_else(|| before.directory.clone()),
            role: role.or_else(|| before.role.clone()),
        }
    }

    /// How the instance is found; the environment is read for what is not typed.
    pub(in crate::cli) fn address(&self) -> Address {
        let Self { instance, region, profile, endpoint_url, identity: _, directory: _, role } = self;
        Address {
            named: instance.clone(),
            region: region.clone(),
            endpoint: endpoint_url.clone(),
            role: role.clone(),
            environment: settings::environment(profile.clone()),
        }
    }

    /// This instance, or the embedded Connect in its place.
    pub(in crate::cli) fn target(&self, rehearsal: Option<Rehearsal>) -> Target {
        let at = match rehearsal {
            Some(rehearsal) => At::Rehearsal(Box::new(rehearsal)),
            None => At::Instance(Box::new(self.address())),
        };
        Target { at, identity: self.identity.map(IdentityType::from), directory: self.directory.clone() }
    }

    /// What reaching the instance needs, for a job that only looks.
    pub(in crate::cli) fn needs(&self) -> Result<Needs, Failure> {
        let mut job = Job {
            creates: false,
            asks_identity: self.identity.is_none(),
            reads_names: self.directory.is_none(),
            ..Job::IMPORT
        };
        let Some(typed) = &self.instance else {
            return Ok(Needs { job, instance: "arn:aws:connect:*:*:instance/*".to_owned(), run: None });
        };
        let is_arn = typed.trim().to_ascii_lowercase().starts_with("arn:");
        // Which partition a name is in, its region says.
        let region = self.region.as_deref().or((!is_arn).then_some("us-east-1"));
        let target = connect::Target::resolve(typed, region, None, &Environment::default())?;
        let region = self.region.as_deref().unwrap_or("*");
        let within = |id: &str| format!("arn:{}:connect:{region}:*:instance/{id}", target.partition.name);
        let instance = match &target.instance {
            InstanceRef::Arn { arn, .. } => arn.clone(),
            InstanceRef::Id(id) => within(id),
            InstanceRef::Alias(_) => within("*"),
        };
        job.by_alias = matches!(target.instance, InstanceRef::Alias(_));
        job.asks_identity |= job.by_alias;
        Ok(Needs { job, instance, run: None })
    }
}

impl RehearsalArgs {
    /// The rehearsal, where it is one.
    pub(in crate::cli) fn meant(&self) -> Option<Rehearsal> {
        let Self { simulate, seed, weather, updates } = self;
        simulate.then(|| Rehearsal { seed: *seed, weather: (*weather).into(), updates: (*updates).into() })
    }
}
