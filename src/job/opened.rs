//! The ledger before anything is decided: locked for a run, only looked at for a forecast.

use std::sync::Arc;

use super::held::HeldRoster;
use super::meant::Job;
use super::standby;
use super::world::World;
use crate::clock::rfc3339;
use crate::error::{Failure, Remedy};
use crate::exit::Exit;
use crate::ledger::shared::Lease;
use crate::ledger::{
    self, Begins, Journal, LedgerAt, OnAsked, OpenLedger, Seizes, State, be_a_file, beside, glance,
};
use crate::stop::Stop;
use crate::text::count;

/// This program, as ledgers name it.
pub(super) const TOOL: &str = concat!("headcount ", env!("CARGO_PKG_VERSION"));

/// Opens the ledger, or makes one, and locks it.
///
/// # Errors
/// Exit 4 where another process has it, where it cannot be used, or where it is of something else; with
/// [`Remedy::PlanAgain`] where somebody has had a shared one since it was found free.
pub(super) fn locked(of: &HeldRoster<'_>) -> Result<OpenLedger, Failure> {
    let at = &of.job.ledger;
    is_as_found(at)?;
    let seizes = at.in_table().filter(|shared| shared.is_seized()).map(|_| seizes(of.world));
    let file = OpenLedger::open(at, seizes)?;
    of.is_no_others(&file.state)?;
    of.is_as_planned(&file.state)?;
    if file.repaired > 0 {
        of.world.remark(format!(
            "the ledger's last line was cut short by a crash ({}) and has been removed: nothing was sent on the strength of it",
            count(file.repaired, "byte")
        ));
    }
    if file.was_empty {
        of.warn_of_empty();
    }
    of.fits(&file.state)?;
    Ok(file)
}

/// Asks whoever is at work with a shared ledger for it, or waits for them, as it was meant: not before it is known that the run
/// would go on with this roster. Nobody is stopped for somebody who is then refused.
///
/// # Errors
/// Exit 4 where the ledger is of something else, or was planned with another roster last; with [`Remedy::PlanAgain`] once it
/// may be taken, for who was made meanwhile is on no list that was read before.
pub(super) async fn handed_over(of: &HeldRoster<'_>) -> Result<(), Failure> {
    let at = &of.job.ledger;
    let Some(shared) = at.in_table().filter(|shared| shared.is_to_be_had()) else { return Ok(()) };
    if let Some((state, _)) = glance(at)? {
        of.fits(&state)?;
        of.is_as_planned(&state)?;
    }
    if shared.is_seized() {
        return Ok(()); // by opening it
    }
    let (theirs, outage, world) = (at.clone(), of.job.patience.outage, of.world.clone());
    // It may take hours, and whatever runs beside it goes on.
    let stood = tokio::task::spawn_blocking(move || standby::free(&theirs, outage, &world)).await;
    stood.unwrap_or_else(|_| Err(Failure::new(Exit::Bug, "standing by ended in a panic")))?;
    let failure = Failure::stopped(format!("the ledger may be taken now: `{at}`"));
    Err(failure.hint("nothing was sent; the same command looks again").remedy(Remedy::PlanAgain))
}

/// Fails where a run with what was seen of the ledger would be refused, for whoever only looks: a plan that cannot be run is
/// none. Of a new run it is told who is at work on the instance with another one of the table.
///
/// # Errors
/// Exit 4 where the run was planned with another roster last, or there is one of the same roster under another name.
pub(super) fn would_go_on(of: &HeldRoster<'_>, state: &State) -> Result<(), Failure> {
    of.is_no_others(state)?;
    of.is_as_planned(state)?;
    tell_of_others(of, state);
    Ok(())
}

/// Tells who is at work on the same instance with another run of the table, where a new one is about to begin.
pub(super) fn tell_of_others(of: &HeldRoster<'_>, state: &State) {
    let Some(shared) = of.job.ledger.in_table().filter(|_| state.header.run.is_empty()) else { return };
    for (url, lease) in shared.at_work_beside(&of.reached.directory.instance.arn) {
        of.world
            .remark(format!("{lease} is at work on this instance too, with another run: `{}`", url.typed()));
    }
}

/// Fails where somebody has had a shared ledger since it was found free: who was made meanwhile is on no list that was read
/// before, and whoever is at work is not to be taken from.
fn is_as_found(at: &LedgerAt) -> Result<(), Failure> {
    let Some(shared) = at.in_table().filter(|shared| !shared.is_seized()) else { return Ok(()) };
    let Some(who) = shared.had_since()? else { return Ok(()) };
    let what = format!("{who} has had the ledger since the instance was read: `{at}`");
    let failure = Failure::stopped(what).hint("nothing was sent; the same command looks again");
    Err(failure.remedy(Remedy::PlanAgain))
}

/// Who takes a ledger from somebody who is alive and does not let go of it.
fn seizes(world: &World) -> Seizes {
    let now = rfc3339(world.clock.now());
    let lease = Lease {
        session: uuid::Uuid::new_v4().to_string(),
        host: world.host.clone(),
        who: format!("process {}", std::process::id()),
        since: now.clone(),
        seen: now,
        ..Lease::default()
    };
    Seizes { lease, asked: on_asked(world) }
}

/// Whoever asks for a ledger has the job stop, as a Ctrl-C does.
fn on_asked(world: &World) -> OnAsked {
    let (stop, events) = (world.stop.clone(), Arc::clone(&world.events));
    Box::new(move |by| stop.stop_and_tell(Stop::HandedOver { to: by.to_owned() }, &*events))
}

/// Starts to write a ledger. Whoever asks for it while it is written has the job stop, as a Ctrl-C does. Returns the run's id
/// where that is settled before its first record.
///
/// # Errors
/// Exit 4 where it cannot be written, or somebody else has begun a run of its name.
pub(super) async fn begin(
    open: OpenLedger,
    begins: Begins,
    world: &World,
) -> Result<(Arc<dyn Journal>, Option<String>), Failure> {
    let (clock, nonces, asked) = (Arc::clone(&world.clock), Arc::clone(&world.nonces), on_asked(world));
    // Whoever else goes on on this thread does not wait for a table meanwhile.
    let begun = tokio::task::spawn_blocking(move || open.into_ledger(&begins, clock, nonces, asked)).await;
    let panicked = |_| Err(Failure::new(Exit::Bug, "beginning the ledger ended in a panic"));
    let (ledger, run) = begun.unwrap_or_else(panicked)?;
    Ok((Arc::new(ledger), run))
}

/// With what a run of this roster begins, of a ledger of this kind, on the instance of this ARN.
pub(super) fn begins(
    job: &Job,
    of: Option<ledger::Job>,
    instance: &str,
    digest: String,
    world: &World,
) -> Begins {
    Begins {
        job: of.map(|_| ledger::Job::command(of).to_owned()).unwrap_or_default(),
        instance: instance.to_owned(),
        target: job.reading.targets.as_ref().and_then(|targets| targets.name()).map(str::to_owned),
        digest,
        roster: beside::absolute(job.roster()),
        tool: TOOL.to_owned(),
        at: rfc3339(world.clock.now()),
    }
}

/// Looks at the ledger: it is neither locked nor made.
///
/// # Errors
/// As [`locked`], but that another process may have it.
pub(super) fn seen(of: &HeldRoster<'_>) -> Result<State, Failure> {
    let at = &of.job.ledger;
    be_a_file(at)?;
    let there = if ledger::is_there(at) { glance(at)? } else { None };
    if there.is_none()
        && at.on_disk().is_some_and(|path| std::fs::metadata(path).is_ok_and(|there| there.len() == 0))
    {
        of.warn_of_empty();
    }
    let state = there.map_or_else(State::default, |(state, _)| state);
    of.fits(&state)?;
    Ok(state)
}

impl HeldRoster<'_> {
    /// Fails where the ledger is of another instance or of another roster.
    fn fits(&self, state: &State) -> Result<(), Failure> {
        if state.header.run.is_empty() {
            return Ok(());
        }
        ledger::be_of(self.of, &state.header, &self.job.ledger)?;
        ledger::be_here(state, &self.job.ledger)?;
        let arn = &self.reached.directory.instance.arn;
        if state.header.instance != *arn {
            let what = format!("the ledger is of another instance: `{}`", state.header.instance);
            return Err(Failure::stopped(what).hint(format!(
                "give that instance, or import into {arn} with a ledger of its own: ⟦ledger FILE⟧"
            )));
        }
        let own = self.job.reading.targets.as_ref().and_then(|targets| targets.name());
        if state.header.target.as_deref() != own {
            let of = |target: Option<&str>| {
                target.map_or("no target".to_owned(), |name| format!("the target `{name}`"))
            };
            let what =
                format!("the ledger is of {}, and this is {}", of(state.header.target.as_deref()), of(own));
            return Err(Failure::stopped(what)
                .hint("each target has a ledger of its own: ⟦targets FILE⟧, or ⟦ledger FILE⟧"));
        }
        self.warn_of_another(state);
        let roster = beside::absolute(self.job.roster());
        let is_known = [&state.header.roster, &state.session.roster].iter().any(|path| **path == roster);
        let shares_rows = || state.places().any(|at| self.wanted.find(state.user(at)).is_some());
        if self.job.before().is_none() && !is_known && state.places().len() > 0 && !shares_rows() {
            let what = format!("the ledger is of another roster: `{}`", state.header.roster);
            return Err(
                Failure::stopped(what).hint("give that roster, or a ledger of its own with ⟦ledger FILE⟧")
            );
        }
        Ok(())
    }

    /// Fails where another machine has planned another roster than this one brings: it may be the newer one. Passwords are in
    /// no digest, so that two rosters which differ in those alone look equal.
    fn is_as_planned(&self, state: &State) -> Result<(), Failure> {
        let Some(shared) = self.job.ledger.in_table() else { return Ok(()) };
        let (theirs, own) = (&state.session.digest, self.wanted.digest());
        if theirs.is_empty() || *theirs == own || self.job.is_of_part() || shared.plans_anew() {
            return Ok(());
        }
        let session = &state.session;
        let what = format!(
            "the roster is not the one that the run was planned with last: by process {} on {}, at {}, with `{}` ({theirs}); \
             this one is {own}",
            session.pid, session.host, session.at, session.roster
        );
        Err(Failure::stopped(what)
            .hint("nothing was sent; bring that roster, or go on with this one with ⟦planned-anew⟧"))
    }

    /// Fails where a new run is about to begin in a table that has one of the same instance and roster.
    fn is_no_others(&self, state: &State) -> Result<(), Failure> {
        match self.job.ledger.in_table() {
            Some(shared) if state.header.run.is_empty() => {
                let arn = &self.reached.directory.instance.arn;
                shared.is_no_twin(&begins(self.job, self.of, arn, self.wanted.digest(), self.world))
            }
            _ => Ok(()),
        }
    }

    /// A file of which a sync or a full disk has left the name alone looks like that of a run that never began.
    fn warn_of_empty(&self) {
        self.world.warn(format!(
            "the ledger `{}` is there and empty: where a run was recorded in it, that is lost, and this one begins anew; \
             with a copy of it the same command goes on where that run ended",
            self.job.ledger.display()
        ));
    }

    /// Whoever worked with it last on another machine may be at work there still, with a copy that no lock reaches.
    fn warn_of_another(&self, state: &State) {
        let session = &state.session;
        // Where machines share it, whoever had it can add nothing more.
        if self.job.ledger.in_table().is_some() {
            return;
        }
        if !session.id.is_empty() && !session.has_ended && session.host != self.world.host {
            self.world.warn(format!(
                "the last to work with this ledger has not said that it ended: {}; should it be at work there still \
                 with a copy, stop one of the two, for neither can see the other",
                ledger::whose(session)
            ));
        }
    }
}
