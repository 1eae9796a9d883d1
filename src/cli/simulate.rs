//! `headcount simulate`: the embedded Connect on loopback, for any AWS client.

use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use serde_json::json;

use super::args::leave_out::LeaveOut;
use super::args::rate::{self, Allowance};
use super::args::roster::Identity;
use super::args::sky::Sky;
use super::output;
use super::signals::Signals;
use crate::clock::{Clock as _, SystemClock};
use crate::error::Failure;
use crate::exit::Exit;
use crate::simulator::server::{self, Running, STATS_PATH};
use crate::simulator::{ACCESS_KEY_ID, Operation, Pace, SECRET_ACCESS_KEY, Spec, Stats, World};
use crate::text::Shell;

/// Serves an embedded Amazon Connect on loopback until Ctrl-C.
///
/// The AWS CLI and the SDKs work against it unchanged: paste the lines that it prints. Nothing is kept when it ends.
#[derive(Debug, Args)]
pub(super) struct SimulateArgs {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,

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
    let spec = args.spec();
    let shown = (spec.clone(), format);
    let world = World::new(spec, SystemClock.now());
    let running = server::serve(world, port, Arc::new(SystemClock)).await.map_err(|error| {
        Failure::usage(format!("cannot listen on 127.0.0.1 port `{port}`"))
            .because(error)
            .hint("leave out `--port` to take a free one")
    })?;
    match shown {
        (spec, Format::Human) => output::result(&human(&spec, &running)),
        (spec, Format::Json) => output::json(&machine(&spec, &running)),
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
    fn spec(&self) -> Spec {
        let mut spec = Spec {
            identity: self.identity.into(),
            users_quota: self.users_quota,
            weather: self.weather.into(),
            updates: self.updates.into(),
            latency: Duration::from_millis(self.latency),
            seed: self.seed,
            ..Spec::default()
        };
        let pace = |rate, burst: Option<u32>| match rate {
            Allowance(None) => Pace::UNLIMITED,
            Allowance(Some(rate)) => Pace::per_second(rate, burst.map_or((2.5 * rate).max(5.0), f64::from)),
        };
        let (changes, reads) = (pace(self.rate, self.burst), pace(self.read_rate, None));
        spec.paces.extend(Operation::ALL.into_iter().filter_map(|operation| match operation {
            Operation::CreateUser => Some((operation, changes)),
            _ if operation.changes_a_user() => Some((operation, changes)),
            _ if operation.only_reads() => Some((operation, reads)),
            _ => None,
        }));
        spec
    }
}

/// What to paste into a shell. The AWS CLI version 1 and boto3 read AWS_DEFAULT_REGION only, the others AWS_REGION.
fn human(spec: &Spec, running: &Running) -> String {
    let (url, region, id, arn) = (&running.url, &spec.region, &spec.instance_id, spec.instance_arn());
    format!(
        "Simulated Amazon Connect at {url} until Ctrl-C.\n\
         \n\
         instance  {alias} ({identity})\n\
         id        {id}\n\
         arn       {arn}\n\
         region    {region}\n\
         calls     {url}{STATS_PATH}\n\
         \n\
         Paste these to use it from any client:\n\
         \n\
         {exports}\
         \n\
         Then, for example:\n\
         \n\
         aws connect list-users --instance-id {id}\n",
        exports = Shell::HERE.exports(
            &[
                ("AWS_ENDPOINT_URL_CONNECT", url),
                ("AWS_ENDPOINT_URL_SERVICE_QUOTAS", url),
                ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
                ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
                ("AWS_REGION", region),
                ("AWS_DEFAULT_REGION", region),
            ],
            &["AWS_PROFILE", "AWS_SESSION_TOKEN"],
        ),
        alias = spec.alias,
        identity = spec.identity,
    )
}

fn machine(spec: &Spec, running: &Running) -> String {
    let line = json!({
        "url": running.url,
        "stats_url": format!("{}{STATS_PATH}", running.url),
        "instance_id": spec.instance_id,
        "instance_arn": spec.instance_arn(),
        "instance_alias": spec.alias,
        "identity": spec.identity.as_api(),
        "region": spec.region,
        "access_key_id": ACCESS_KEY_ID,
        "secret_access_key": SECRET_ACCESS_KEY,
    });
    format!("{line}\n")
}

fn farewell(stats: &Stats) -> String {
    let calls: u64 = stats.operations.values().map(|calls| calls.called).sum();
    let creates = stats.of(Operation::CreateUser);
    format!(
        "answered {calls} calls; CreateUser: {} called, {} throttled, {} refused, {} executed",
        creates.called, creates.throttled, creates.refused, creates.executed
    )
}
