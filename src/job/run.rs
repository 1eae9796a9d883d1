//! The third step: what was planned is recorded, sent and settled.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::check::{Checked, Pass};
use super::ended::{Ended, exit_of};
use super::few::Few;
use super::meant::Job;
use super::opened;
use super::outlook::Outlook;
use super::plan::Planned;
use super::shares;
use super::supply::Supply;
use super::target::Reached;
use super::tasks::{Of, Tasks};
use super::world::World;
use crate::apply::{self, Means, Settings};
use crate::clock::rfc3339;
use crate::connect::Operation;
use crate::crash;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::failed::{FailedRows, Left, OfRun};
use crate::lane::slots::Slots;
use crate::ledger::{
    self, Calls, Counts, Entry, Journal, Kind, OtherRun, SeenCounts, State, StepCounts, Steps, VERSION,
};
use crate::passwords::{Credentials, LockedFile};
use crate::plan::{Decision, Plan};
use crate::roster::Roster;
use crate::user::{Found, NamesOfIds};
use crate::validate::Rules;

/// A job that has begun: its plan is in the ledger.
struct Begun {
    checked: Checked,
    ledger: Arc<dyn Journal>,
    supply: Supply,
    plan: Plan,
    outlook: Outlook,
    /// Who is there already, as far as they were read.
    found: HashMap<String, Found>,
    /// The ledger's run.
    run: String,
    /// What the ledger said before.
    before: Earlier,
    since: Instant,
}

/// What a ledger said when the job began.
#[derive(Clone, Copy)]
struct Earlier {
    calls: Calls,
    created: u64,
}

/// Where all rows stand.
struct Standing {
    counts: Counts,
    steps: StepCounts,
    seen: SeenCounts,
    calls: Calls,
    other_run: Option<OtherRun>,
}

impl Planned {
    /// Records the plan, sends what is to be sent, and settles what it can: until all is done, or there is a reason to
    /// stop. What is under way is awaited.
    ///
    /// # Errors
    /// Exit 4 where the rows do not fit, or nothing can be recorded: then nothing was sent; exit 5 where the job was asked
    /// to stop before it began; exit 70 where a row's work broke.
    pub async fn run(self) -> Result<Ended, Failure> {
        let begun = self.begin_and_send().await?;
        let left = begun.leave_failed_rows();
        Ok(begun.end(left).await.0)
    }

    /// The same as one of several that go on side by side, whose failed rows are left together.
    pub(super) async fn run_beside(self) -> Result<(Ended, Remains), Failure> {
        let begun = self.begin_and_send().await?;
        Ok(begun.end(Ok(Left::default())).await)
    }

    async fn begin_and_send(self) -> Result<Begun, Failure> {
        self.fits()?;
        self.checked.world.go_on()?;
        let (begun, credentials) = Begun::with(self).await?;
        begun.send(credentials).await?;
        Ok(begun)
    }
}

/// What is left of a job that has ended, for whoever leaves the failed rows of several.
pub(super) struct Remains {
    pub(super) checked: Checked,
    /// What the ledger says; `None` where it could not be closed.
    pub(super) state: Option<State>,
}

impl Remains {
    /// The failed rows of this one; `None` where the ledger is not known.
    pub(super) fn failed<'r>(&'r self, rules: &'r Rules<'r>) -> Option<FailedRows<'r>> {
        let (Checked { job, roster, pass, .. }, state) = (&self.checked, self.state.as_ref()?);
        let of = OfRun { is_rehearsal: job.target.is_rehearsal(), job: None };
        let (wanted, others) = (&*pass.wanted, OtherRun::of(state));
        Some(FailedRows { roster, wanted, rules, state, others, of })
    }
}

impl Begun {
    /// Records the session and every planned row, synced: before the first request leaves.
    async fn with(planned: Planned) -> Result<(Self, Option<Credentials>), Failure> {
        let Planned { checked, ledger, credentials, supply, plan, outlook, found } = planned;
        let world = &checked.world;
        let arn = &checked.reached.directory.instance.arn;
        let begins = opened::begins(&checked.job, None, arn, checked.pass.wanted.digest(), world);
        let (ledger, run) = opened::begin(*ledger, &begins, world)?;
        let before =
            ledger.read(|state| Earlier { calls: state.calls, created: state.counts(false).created });
        let since = Instant::now();
        crash::point("plan-before");
        let run = record(&checked, &*ledger, &plan, outlook.pace.rate, run).await?;
        crash::point("plan-recorded");
        let now = rfc3339(world.clock.now());
        let aside = credentials.as_ref().and_then(LockedFile::aside);
        let begin = |file: LockedFile| file.into_credentials(&run, arn, supply.recipients(), &now);
        let credentials = credentials.map(begin).transpose()?;
        if let Some(aside) = aside {
            world.remark(format!(
                "the passwords of the run that was undone are kept in `{}`: nobody has them, so that it can be deleted",
                aside.display()
            ));
        }
        world.tell(Event::Started {
            version: 1,
            run: run.clone(),
            ledger: checked.job.ledger.display().to_string(),
            instance: arn.clone(),
            total: ledger.read(|state| state.counts(true).total),
            to_send: outlook.to_send,
            left_out: outlook.left_out.clone(),
            rate: outlook.pace.rate,
        });
        Ok((Self { checked, ledger, supply, plan, outlook, found, run, before, since }, credentials))
    }

    /// Sends what is to be sent, and settles what it can.
    async fn send(&self, credentials: Option<Credentials>) -> Result<(), Failure> {
        let Self { checked, ledger, supply, plan, outlook, found, .. } = self;
        let Checked { job, world, roster, reached, pass } = checked;
        let pace = outlook.pace;
        reached.lane.paces().set(Operation::CreateUser, pace.pace());
        // A rate that is learned is what is left by the others already.
        let operations: &[Operation] = if pace.learns { &[] } else { &[Operation::CreateUser] };
        let _shares = shares::taken(&job.ledger, operations, reached, world).await;
        let slots = Slots::new(pace.rate, pace.burst, job.pace.concurrency);
        let lane = Arc::clone(&reached.lane);
        let (stop, events) = (world.stop.clone(), Arc::clone(&world.events));
        let means =
            Means::new(lane, slots, Arc::clone(ledger), self.settings(), stop, events).recording(credentials);
        let means = means.naming(NamesOfIds::of(&reached.directory));
        let rules = job.rules(&reached.directory);
        let of = Of { roster, rules: &rules, wanted: &pass.wanted, plan, supply, found };
        let _at_work = reached.lane.waits().at_work();
        Box::pin(apply::run(means, Tasks::new(of, Arc::clone(ledger))?)).await
    }

    fn settings(&self) -> Settings {
        let Checked { job, world, reached, .. } = &self.checked;
        Settings {
            instance: reached.directory.instance.id.clone(),
            identity: reached.directory.instance.identity,
            run: self.run.clone(),
            provenance_tag: !job.allowed.no_tag,
            accept_probable: job.allowed.probable,
            row_budget: job.patience.settle,
            outage_patience: job.patience.outage,
            seed: world.seed,
            voice: world.voice,
        }
    }

    /// Says how it went, and closes the ledger.
    async fn end(self, left: Result<Left, Failure>) -> (Ended, Remains) {
        self.keep_rate();
        let settled_otherwise = self.tell_of_settled().await;
        let replaced = self.plan.count(Decision::Replaced);
        let standing = self.ledger.read(|state| Standing {
            counts: state.counts(false),
            steps: state.proficiencies(),
            seen: state.seen_counts(),
            calls: state.calls,
            other_run: OtherRun::of(state),
        });
        let Standing { counts, steps, seen, calls, other_run } = standing;
        let Self { mut checked, ledger, outlook, before, since, .. } = self;
        let stop = checked.world.stop.reason();
        let exit = exit_of(&counts, &steps, replaced, stop.as_ref());
        let took = since.elapsed();
        checked.world.tell(Event::Ended {
            exit: exit.code(),
            rows: counts,
            steps: Steps { proficiencies: steps },
            seen,
            calls,
            seconds: took.as_secs_f64(),
        });
        let (state, closed) = match close(ledger, exit) {
            Ok(state) => (Some(state), Ok(())),
            Err(failure) => (None, Err(failure)),
        };
        checked.reached.stop_serving().await;
        let ended = Ended {
            exit,
            counts,
            steps,
            calls: Calls {
                sent: calls.sent - before.calls.sent,
                throttled: calls.throttled - before.calls.throttled,
            },
            made: counts.created.saturating_sub(before.created),
            stop,
            left,
            closed,
            took,
            seen,
            settled_otherwise,
            other_run,
            outlook,
        };
        (ended, Remains { checked, state })
    }

    /// Records and names the rows that were in doubt and turned out to be made with what the roster no longer asks for.
    async fn tell_of_settled(&self) -> Few {
        let Self { checked: Checked { world, pass, .. }, ledger, plan, .. } = self;
        let settled = ledger.read(|state| {
            let settled = plan.settled_otherwise(&pass.wanted, state);
            settled.map(|(at, seen)| (state.user(at).to_owned(), seen)).collect::<Vec<_>>()
        });
        if !settled.is_empty() {
            let now = rfc3339(world.clock.now());
            let entry = |(user, seen)| Entry::seen(user, seen, None, now.clone());
            let mut entries = settled.iter().map(|(user, seen)| entry((user.as_str(), *seen)));
            // A ledger that cannot be written says so when it is closed; the next run sees these rows too.
            drop(ledger.record(&mut entries).await);
        }
        Few::of(settled.iter().map(|(user, _)| user.as_str()))
    }

    /// Keeps a rate that was learned. That it cannot is no reason to end otherwise.
    fn keep_rate(&self) {
        let Checked { world, reached, .. } = &self.checked;
        let found = reached.lane.pace(Operation::CreateUser).found();
        let (true, Some(kept), Some(rate)) = (self.outlook.pace.learns, self.checked.remembered(), found)
        else {
            return;
        };
        let now = rfc3339(world.clock.now());
        if let Err(error) = kept.keep(&reached.directory.instance.arn, Operation::CreateUser, rate, &now) {
            let message = format!("the rate learned, {rate:.1} a second, cannot be kept: {error}");
            world.tell(Event::Note { message });
        }
    }

    /// Leaves the file of the failed rows.
    fn leave_failed_rows(&self) -> Result<Left, Failure> {
        let Checked { job, roster, reached, pass: Pass { wanted, .. }, .. } = &self.checked;
        let rules = job.rules(&reached.directory);
        let of = OfRun { is_rehearsal: job.target.is_rehearsal(), job: None };
        self.ledger.read(|state| {
            let others = OtherRun::of(state);
            FailedRows { roster, wanted, rules: &rules, state, others, of }.leave()
        })
    }
}

pub(super) fn close(ledger: Arc<dyn Journal>, exit: Exit) -> Result<State, Failure> {
    crash::point("close-before");
    let closed = if Arc::strong_count(&ledger) == 1 {
        ledger.close(exit).map_err(|fault| Failure::stopped(fault.to_string()))
    } else {
        Err(Failure::new(Exit::Bug, "an import ended with a row still at work"))
    };
    crash::point("close-after");
    closed
}

/// What a session begins with.
pub(super) struct Beginning<'b> {
    pub(super) job: &'b Job,
    pub(super) world: &'b World,
    pub(super) reached: &'b Reached,
    pub(super) roster: &'b Roster,
    /// Over the roster's rows.
    pub(super) digest: String,
    /// Calls a second.
    pub(super) rate: f64,
    /// Whose ledger it is, where that is no import's.
    pub(super) of: Option<ledger::Job>,
    /// The groups that it looks at, where these are not all.
    pub(super) only: Vec<String>,
    /// The run's id, where that is settled before its first record.
    pub(super) run: Option<String>,
}

/// Records the session and every planned row, synced. Returns the run's id.
async fn record(
    checked: &Checked,
    ledger: &dyn Journal,
    plan: &Plan,
    rate: f64,
    run: Option<String>,
) -> Result<String, Failure> {
    let Checked { job, world, reached, roster, pass: Pass { wanted, .. } } = checked;
    let before = ledger.read(Clone::clone);
    let now = rfc3339(world.clock.now());
    let digest = wanted.digest();
    let only = Vec::new();
    let beginning = Beginning { job, world, reached, roster, digest, rate, of: None, only, run };
    let changes =
        plan.changes(wanted, |at| before.user(at), &now).chain(plan.sightings(wanted, &before, &now));
    beginning.record(ledger, &before, changes, &now).await
}

impl Beginning<'_> {
    /// Records the session, and the ledger's first line where it is new, and these, all synced. Returns the run's id.
    pub(super) async fn record<'e>(
        &'e self,
        ledger: &dyn Journal,
        before: &State,
        entries: impl Iterator<Item = Entry<'e>> + Send,
        now: &'e str,
    ) -> Result<String, Failure> {
        let Self { job, world, reached, roster, digest, rate, of, only, run: settled } = self;
        let tool = opened::TOOL;
        let path = job.recorded_roster(before);
        let header_row = job.recorded_header_row(roster);
        let is_new = before.header.run.is_empty();
        let fresh = || settled.clone().unwrap_or_else(|| uuid::Uuid::new_v4().to_string());
        let run = if is_new { fresh() } else { before.header.run.clone() };
        let header = is_new.then(|| Entry {
            version: Some(VERSION),
            run: Some(run.clone().into()),
            roster: Some(path.clone().into()),
            digest: Some(digest.as_str().into()),
            instance: Some(reached.directory.instance.arn.as_str().into()),
            rehearsal: job.target.is_rehearsal(),
            target: job.reading.targets.as_ref().and_then(|targets| targets.name()).map(Into::into),
            job: *of,
            header_row,
            tool: Some(tool.into()),
            at: Some(now.into()),
            ..Entry::of(Kind::Ledger)
        });
        let session = Entry {
            session: Some(uuid::Uuid::new_v4().to_string().into()),
            host: Some(world.host.as_str().into()),
            pid: Some(std::process::id()),
            roster: Some(path.clone().into()),
            // A part of the roster does not take its place for whoever goes on with the whole.
            digest: (!job.is_of_part()).then(|| digest.as_str().into()),
            tool: Some(tool.into()),
            region: Some(reached.region.as_str().into()),
            profile: job.target.profile().map(Into::into),
            endpoint: reached.endpoint.as_deref().map(Into::into),
            header_row,
            rate: Some(*rate),
            allow: job.allowed.errors.codes().map(str::to_owned).collect(),
            only: only.clone(),
            settings: job.settings.clone(),
            alias: reached.directory.instance.alias.as_deref().map(Into::into),
            at: Some(now.into()),
            ..Entry::of(Kind::Session)
        };
        let mut lines = header.into_iter().chain([session]).chain(entries);
        ledger.record(&mut lines).await.map_err(|fault| {
            let hint = if is_new && job.ledger.on_disk().is_some() {
                "nothing was sent; free some space, or choose another place with ⟦ledger FILE⟧".to_owned()
            } else {
                format!("nothing was sent; {}", ledger::goes_on(&job.ledger))
            };
            Failure::stopped(fault.to_string()).hint(hint)
        })?;
        drop(lines);
        Ok(run)
    }
}

/// Whoever serves several at once may have each step done by any of its threads.
const _: fn(Job, &World, Planned) = |job, world, planned| {
    fn is_sent<T: Send>(_: T) {}
    is_sent(job.check(world));
    is_sent(planned.run());
};
