//! `headcount simulate`: the embedded Connect on loopback, for any AWS client.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::args::leave_out::LeaveOut;
use super::args::rate::{self, Allowance};
use super::args::roster::Identity;
use super::args::served::{self, Served};
use super::args::sky::Sky;
use super::output;
use super::signals::Signals;
use crate::clock::{Clock as _, SystemClock};
use crate::error::Failure;
use crate::exit::Exit;
use crate::simulator::server::{self, Running, STATS_PATH};
use crate::simulator::{
    ACCESS_KEY_ID, Cloud, Operation, Pace, SECRET_ACCESS_KEY, Spec, Stats, World, keys_of,
};
use crate::text::{Shell, shell_line};

/// Serves an embedded Amazon Connect on loopback until Ctrl-C.
///
/// The AWS CLI and the SDKs work against it unchanged: paste the lines that it prints. Nothing is kept when it ends.
/// With `--instance`, again and again, it serves several, in one or more accounts and regions, and answers AssumeRole.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

    /// An instance to serve, by account, region and alias or by ARN; again for each further one
    ///
    /// The other flags hold for all of them; what is different of one stands behind it, each after a comma: users-quota=N,
    /// rate=N, identity=WORD, weather=WORD, denied=OPERATION (again for each further one), alias=NAME. The instances of one
    /// account and region share its rates. The keys that are printed are the first one's account's; into another account leads
    /// any role of it, unless external-id=TEXT has its roles ask for that, or denied=AssumeRole has them trust nobody.
    #[arg(long, value_name = served::FORM, value_parser = served::served)]
    instance: Vec<Served>,

    /// How the instance knows its users
    #[arg(long, value_enum, ignore_case = true, default_value_t = Identity::Connect)]
    identity: Identity,

    /// CreateUser calls a second, and calls of each operation that changes a user, or `unlimited`
    #[arg(long, value_name = "N", default_value = "2", value_parser = rate::allowed)]
    rate: Allowance,

    /// Such calls at once after a rest [default: 5, or 2.5 × the rate if that is more]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    burst: Option<u32>,

    /// Calls a second of each operation that reads, or `unlimited`
    #[arg(long, value_name = "N", default_value = "2", value_parser = rate::allowed)]
    read_rate: Allowance,

    /// Users that the instance may hold
    #[arg(long, value_name = "N", default_value_t = 500)]
    users_quota: usize,

    /// Where the weather comes from: the same seed and the same calls meet the same faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,

    /// How reliable it is
    #[arg(long, value_enum, ignore_case = true, default_value_t = Sky::Calm)]
    weather: Sky,

    /// What it does with what an update leaves out
    #[arg(long, value_enum, ignore_case = true, default_value_t = LeaveOut::Replace)]
    updates: LeaveOut,

    /// Milliseconds that every answer takes
    #[arg(long, value_name = "MS", default_value_t = 0)]
    latency: u64,

    /// How the address is printed; json is one object on one line
    #[arg(long, value_enum, ignore_case = true, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// Serves until Ctrl-C or SIGTERM, which are how it is meant to end: exit 0.
pub(super) fn run(args: SimulateArgs) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    runtime.block_on(simulate(args))
}

async fn simulate(args: SimulateArgs) -> Result<Exit, Failure> {
    // Before the address is printed: whoever reads it may end the service at once.
    let mut signals =
        Signals::listen().map_err(|error| Failure::stopped("cannot wait for Ctrl-C").because(error))?;
    let (port, format) = (args.port, args.format);
    served::check(&args.instance)?;
    let specs = args.specs();
    let (cloud, role) = (args.cloud(&specs), args.way_into_another(&specs));
    let running = server::serve(cloud, port, Arc::new(SystemClock)).await.map_err(|error| {
        Failure::usage(format!("cannot listen on 127.0.0.1 port `{port}`"))
            .because(error)
            .hint("leave out `--port` to take a free one")
    })?;
    match format {
        Format::Human => output::result(&human(&specs, &role, &running)),
        Format::Json => output::json(&machine(&specs, &running)),
    }
    // Nobody will ever know where it listens.
    if output::untold().is_none() {
        signals.next().await;
    }
    let stats = running.stats();
    running.shutdown().await;
    output::say(&farewell(&stats));
    Ok(Exit::Done)
}

impl SimulateArgs {
    /// The instances, the first one first: an invented one where none is named.
    fn specs(&self) -> Vec<Spec> {
        let rest = self.spec();
        if self.instance.is_empty() {
            return vec![rest];
        }
        let of = |(index, served): (u64, &Served)| {
            let mut spec = served.spec(&rest);
            // Two instances do not meet the same faults at once.
            spec.seed = self.seed ^ index.rotate_left(40);
            let of_place = |other: &&Served| (&other.account, &other.region) == (&spec.account, &spec.region);
            let rate = self.instance.iter().filter(of_place).find_map(|other| other.rate);
            if let Some(rate) = rate {
                spec.paces = self.paces(rate);
            }
            spec
        };
        (0..).zip(&self.instance).map(of).collect()
    }

    fn cloud(&self, specs: &[Spec]) -> Cloud {
        let mut worlds = specs.iter().map(|spec| World::new(spec.clone(), SystemClock.now()));
        let Some(first) = worlds.next() else { unreachable!("one is there where none is named") };
        let cloud = Cloud::new(first, worlds);
        for served in &self.instance {
            if let Some(trust) = served.trust() {
                cloud.trust(&served.account, trust);
            }
        }
        cloud
    }

    /// A line that takes on a role of another account, where there is one that lets the first one's caller.
    fn way_into_another(&self, specs: &[Spec]) -> String {
        let is_other = |(spec, _): &(&Spec, &Served)| spec.account != specs[0].account;
        let trust_of = |account: &str| {
            self.instance.iter().filter(|served| served.account == account).find_map(Served::trust)
        };
        let ways = specs.iter().zip(&self.instance).filter(is_other).filter_map(|(spec, _)| {
            let trust = trust_of(&spec.account).unwrap_or_default();
            let role = spec.role_arn(ROLE);
            let mut words =
                vec!["aws", "sts", "assume-role", "--role-session-name", "rehearsal", "--role-arn", &role];
            words.extend(trust.external_id.iter().flat_map(|id| ["--external-id", id]));
            let line = shell_line(words) + "\n";
            (!trust.denied).then_some(line)
        });
        ways.take(1).collect()
    }

    fn spec(&self) -> Spec {
        Spec {
            identity: self.identity.into(),
            users_quota: self.users_quota,
            weather: self.weather.into(),
            updates: self.updates.into(),
            latency: Duration::from_millis(self.latency),
            seed: self.seed,
            paces: self.paces(self.rate),
            ..Spec::default()
        }
    }

    /// The paces of all operations, with this one of those that change something.
    fn paces(&self, changes: Allowance) -> BTreeMap<Operation, Pace> {
        let pace = |rate, burst: Option<u32>| match rate {
            Allowance(None) => Pace::UNLIMITED,
            Allowance(Some(rate)) => Pace::per_second(rate, burst.map_or((2.5 * rate).max(5.0), f64::from)),
        };
        let (changes, reads) = (pace(changes, self.burst), pace(self.read_rate, None));
        let paces = Operation::ALL.into_iter().filter_map(|operation| match operation {
            Operation::CreateUser => Some((operation, changes)),
            _ if operation.changes_a_user() => Some((operation, changes)),
            _ if operation.only_reads() => Some((operation, reads)),
            _ => None,
        });
        paces.collect()
    }
}

/// What to paste into a shell, below the instances in the order in which they were named. The AWS CLI version 1 and boto3
/// read AWS_DEFAULT_REGION only, the others AWS_REGION.
fn human(specs: &[Spec], role: &str, running: &Running) -> String {
    let [first, ..] = specs else { return String::new() };
    let (url, region, id) = (&running.url, &first.region, &first.instance_id);
    let instances: Vec<_> = specs.iter().map(|spec| described(spec, first)).collect();
    let exports = Shell::HERE.exports(
        &[
            ("AWS_ENDPOINT_URL_CONNECT", url),
            ("AWS_ENDPOINT_URL_SERVICE_QUOTAS", url),
            ("AWS_ENDPOINT_URL_STS", url),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_REGION", region),
            ("AWS_DEFAULT_REGION", region),
        ],
        &["AWS_PROFILE", "AWS_SESSION_TOKEN"],
    );
    format!(
        "Simulated Amazon Connect at {url} until Ctrl-C.\n\
         \n\
         {instances}{gap}\
         calls     {url}{STATS_PATH}\n\
         \n\
         Paste these to use it from any client:\n\
         \n\
         {exports}\
         \n\
         Then, for example:\n\
         \n\
         aws connect list-users --instance-id {id}\n\
         {role}",
        instances = instances.join("\n"),
        gap = if instances.len() > 1 { "\n" } else { "" },
    )
}

/// A name for a role that is taken on; any other does as well.
const ROLE: &str = "headcount";

/// An instance; and where its account is not the first one's, its own keys and a role of it.
fn described(spec: &Spec, first: &Spec) -> String {
    let (id, arn, region) = (&spec.instance_id, spec.instance_arn(), &spec.region);
    let ways = if spec.account == first.account {
        String::new()
    } else {
        let (key, secret) = keys_of(&spec.account);
        format!("keys      {key} {secret}\nrole      {}\n", spec.role_arn(ROLE))
    };
    format!(
        "instance  {alias} ({identity})\n\
         id        {id}\n\
         arn       {arn}\n\
         region    {region}\n\
         {ways}",
        alias = spec.alias,
        identity = spec.identity,
    )
}

/// The first instance, as if it were alone, and all of them.
fn machine(specs: &[Spec], running: &Running) -> String {
    let [first, ..] = specs else { return String::new() };
    let mut line = of_machine(first, first);
    line["url"] = running.url.as_str().into();
    line["stats_url"] = format!("{}{STATS_PATH}", running.url).into();
    line["instances"] = specs.iter().map(|spec| of_machine(spec, first)).collect();
    format!("{line}\n")
}

fn of_machine(spec: &Spec, first: &Spec) -> Value {
    let (key, secret) = if spec.account == first.account {
        (ACCESS_KEY_ID.to_owned(), SECRET_ACCESS_KEY.to_owned())
    } else {
        keys_of(&spec.account)
    };
    json!({
        "account": spec.account,
        "region": spec.region,
        "instance_id": spec.instance_id,
        "instance_arn": spec.instance_arn(),
        "instance_alias": spec.alias,
        "identity": spec.identity.as_api(),
        "access_key_id": key,
        "secret_access_key": secret,
        "role_arn": spec.role_arn(ROLE),
    })
}

fn farewell(stats: &Stats) -> String {
    let calls: u64 = stats.operations.values().map(|calls| calls.called).sum();
    let creates = stats.of(Operation::CreateUser);
    format!(
        "answered {calls} calls; CreateUser: {} called, {} throttled, {} refused, {} executed",
        creates.called, creates.throttled, creates.refused, creates.executed
    )
}
