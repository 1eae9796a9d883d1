//! The third step: what was planned is recorded, sent and settled.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::time::Instant;

use super::check::{Checked, Pass};
use super::ended::{CameTo, Ended, exit_of};
use super::few::Few;
use super::held::{HoldsRoster, Remains};
use super::meant::Job;
use super::opened;
use super::outlook::Outlook;
use super::plan::Planned;
use super::session::{self, Beginning};
use super::shares;
use super::supply::Supply;
use super::tasks::{Of, Tasks};
use super::world::World;
use crate::apply::{self, Means, Settings};
use crate::clock::rfc3339;
use crate::connect::Operation;
use crate::crash;
use crate::error::Failure;
use crate::event::Event;
use crate::failed::Left;
use crate::lane::slots::Slots;
use crate::ledger::{Calls, Entry, Journal, OtherRun};
use crate::passwords::{Credentials, LockedFile};
use crate::plan::{Decision, Plan};
use crate::user::{Found, NamesOfIds};

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

impl Planned {
    /// Records the plan, sends what is to be sent, and settles what it can: until all is done, or there is a reason to
    /// stop. What is under way is awaited.
    ///
    /// # Errors
    /// Exit 4 where the rows do not fit, or nothing can be recorded: then nothing was sent; exit 5 where the job was asked
    /// to stop before it began; exit 70 where a row's work broke.
    pub async fn run(self) -> Result<Ended, Failure> {
        let begun = self.begin_and_send().await?;
        let left = begun.ledger.read(|state| begun.checked.held().leave(state));
        Ok(begun.end(left).await.0)
    }

    /// The same as one of several that go on side by side, whose failed rows are left together.
    pub(super) async fn run_beside(self) -> Result<(Ended, Remains<Checked>), Failure> {
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

impl Begun {
    /// Records the session and every planned row, synced: before the first request leaves.
    async fn with(planned: Planned) -> Result<(Self, Option<Credentials>), Failure> {
        let Planned { checked, ledger, credentials, supply, plan, outlook, found } = planned;
        let world = &checked.world;
        let arn = &checked.reached.directory.instance.arn;
        let begins = opened::begins(&checked.job, None, arn, checked.pass.wanted.digest(), world);
        let (ledger, run) = opened::begin(*ledger, begins, world).await?;
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
        // Whoever has nothing to send needs no part of a rate, and waits for none.
        let operations: &[Operation] = if outlook.is_worth_asking() { &[Operation::CreateUser] } else { &[] };
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
            provenance_tag: !job.allowed.no_tag,
            accept_probable: job.allowed.probable,
            ..session::settings(reached, world, job.patience, self.run.clone())
        }
    }

    /// Says how it went, and closes the ledger.
    async fn end(self, left: Result<Left, Failure>) -> (Ended, Remains<Checked>) {
        self.keep_rate();
        let settled_otherwise = self.tell_of_settled().await;
        let replaced = self.plan.count(Decision::Replaced);
        let stop = self.checked.world.stop.reason();
        let (came_to, other_run) = self.ledger.read(|state| {
            let (rows, steps) = (state.counts(false), state.proficiencies());
            let exit = exit_of(&rows, &steps, replaced, stop.as_ref());
            let came_to = CameTo { exit, rows, steps, seen: state.seen_counts(), calls: state.calls };
            (came_to, OtherRun::of(state))
        });
        let Self { mut checked, ledger, outlook, before, since, .. } = self;
        let took = since.elapsed();
        let (state, closed) = session::end(&checked.world, ledger, came_to, took).await;
        checked.reached.stop_serving().await;
        let CameTo { exit, rows: counts, steps, seen, calls: spent } = came_to;
        let ended = Ended {
            exit,
            counts,
            steps,
            calls: Calls {
                sent: spent.sent - before.calls.sent,
                throttled: spent.throttled - before.calls.throttled,
            },
            spent,
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
        (ended, Remains { of: checked, state })
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

/// Whoever serves several at once may have each step done by any of its threads.
const _: fn(Job, &World, Planned) = |job, world, planned| {
    fn is_sent<T: Send>(_: T) {}
    is_sent(job.check(world));
    is_sent(planned.run());
};
