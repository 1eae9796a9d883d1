//! A shared ledger that this process is about to write: read, and taken with the first segment that it puts.

use std::sync::Arc;

use super::keeper::{Keeper, OnAsked};
use super::log::{Contents, Landed, SharedLedger};
use super::segments::{Lease, Named, Segment};
use super::storage::InSegments;
use crate::clock::Clock;
use crate::crash::{self, Sabotage};
use crate::error::Failure;
use crate::ledger::file::Ledger;
use crate::ledger::numbers::Nonces;
use crate::ledger::reader::{Replay, fold};
use crate::ledger::state::State;

/// With what a run begins that has no ledger yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Begins {
    /// The command whose ledger it is, where that is no import's.
    pub(crate) job: String,
    /// The instance's ARN.
    pub(crate) instance: String,
    /// Of which of several targets it is.
    pub(crate) target: Option<String>,
    /// Over the roster's rows.
    pub(crate) digest: String,
    /// The roster's file.
    pub(crate) roster: String,
    /// This program.
    pub(crate) tool: String,
    /// When, RFC 3339.
    pub(crate) at: String,
}

/// A shared ledger as it was read. Nothing is written of that it was: whoever lets go of it leaves nothing.
pub(crate) struct Joined {
    ledger: SharedLedger,
    /// The run that has the name; `None` where there is none yet.
    named: Option<Named>,
    tip: u64,
    /// It was taken before it was read, at this position.
    taken: Option<Arc<Keeper>>,
}

impl Joined {
    /// Reads a ledger as it is now.
    ///
    /// # Errors
    /// Exit 4 where the engine cannot be reached, or what is there is damaged or of another version.
    pub(crate) fn read(ledger: &SharedLedger) -> Result<(Self, State), Failure> {
        let named = ledger.named()?;
        let contents = match &named {
            Some(named) => ledger.contents(&named.run)?,
            None => Contents { lines: Vec::new(), tip: 0 },
        };
        let state = replayed(ledger, &contents)?;
        Ok((Self { ledger: ledger.clone(), named, tip: contents.tip, taken: None }, state))
    }

    /// Takes a ledger from somebody who is alive and does not let go of it, and reads it then: a segment without lines is put
    /// at the next position, and where its owner was faster, at the one behind.
    ///
    /// # Errors
    /// As [`Joined::read`].
    pub(crate) fn seize(
        ledger: &SharedLedger,
        lease: Lease,
        wanted: OnAsked,
    ) -> Result<(Self, State), Failure> {
        let Some(named) = ledger.named()? else { return Self::read(ledger) };
        let failed = |fault| ledger.failed("take over", fault);
        loop {
            let number = ledger.seen(&named.run)?.tip + 1;
            let segment = Segment { number, nonce: ledger.id()?, lines: String::new() };
            let sent = ledger.around.clock.moment();
            if let Landed::No(_) = ledger.put(&named.run, &segment).map_err(failed)? {
                continue;
            }
            let lease = Lease { epoch: number, ..lease.clone() };
            if !ledger.take(&named.run, &lease).map_err(failed)? {
                continue;
            }
            let contents = ledger.contents(&named.run)?;
            let state = replayed(ledger, &contents)?;
            let keeper = Keeper::new(ledger.clone(), named.run.clone(), wanted);
            keeper.has(number, sent).map_err(|error| {
                Failure::stopped("cannot start a thread for the shared ledger").because(error)
            })?;
            return Ok((
                Self { ledger: ledger.clone(), named: Some(named), tip: contents.tip, taken: Some(keeper) },
                state,
            ));
        }
    }

    /// Starts to write. Returns the run's id where its ledger is begun with this: whoever begins it writes that.
    ///
    /// # Errors
    /// Exit 4 where somebody else has begun a run of this name meanwhile.
    pub(crate) fn into_ledger(
        mut self,
        state: State,
        begins: &Begins,
        around: (Arc<dyn Clock>, Nonces),
        wanted: OnAsked,
    ) -> Result<(Ledger, Option<String>), Failure> {
        let ledger = self.ledger.clone();
        ledger.forget();
        let run = match &self.named {
            Some(named) => named.run.clone(),
            None => begin(&ledger, begins)?,
        };
        let is_new = state.header.run.is_empty();
        let keeper = match self.taken.take() {
            Some(keeper) => keeper,
            None => Keeper::new(ledger, run.clone(), wanted),
        };
        let storage =
            InSegments { keeper: Arc::clone(&keeper), tip: self.tip, pending: Vec::new(), is_taken: false };
        let (clock, nonces) = around;
        let ledger = Ledger::start(storage, state, clock, nonces).map_err(|error| {
            Failure::stopped("cannot start a thread for the shared ledger").because(error)
        })?;
        Ok((ledger.kept_by(keeper), is_new.then_some(run)))
    }
}

#[cfg(test)]
impl Joined {
    /// The same in step with its callers: each line that is waited for is put as it comes.
    pub(super) fn in_step(
        mut self,
        state: State,
        begins: &Begins,
        (clock, nonces): (Arc<dyn Clock>, Nonces),
    ) -> Ledger {
        let run = begin(&self.ledger, begins).unwrap();
        let keeper =
            self.taken.take().unwrap_or_else(|| Keeper::new(self.ledger.clone(), run, Box::new(|_| {})));
        let tip = self.tip;
        let storage = InSegments { keeper, tip, pending: Vec::new(), is_taken: false };
        Ledger::in_step(storage, state, clock, nonces)
    }
}

impl Drop for Joined {
    fn drop(&mut self) {
        // Taken, and not used: whoever had it may go on.
        if let Some(keeper) = self.taken.take() {
            keeper.end(true);
        }
    }
}

/// Gives the name to a new run. Who loses is told who has won: two who start at once have one run.
fn begin(ledger: &SharedLedger, begins: &Begins) -> Result<String, Failure> {
    let Begins { job, instance, target: _, digest, roster, tool, at } = begins.clone();
    let (name, run) = (ledger.name()?.to_owned(), ledger.id()?);
    let named = Named { name, run: run.clone(), job, instance, digest, roster, tool, at };
    let claimed =
        ledger.again(|| ledger.segments.claim(&named)).map_err(|fault| ledger.failed("begin", fault))?;
    // A condition that fails may have failed because of an answer that was lost.
    let there = if claimed { None } else { ledger.named()?.filter(|there| there.run != run) };
    match there {
        None => Ok(run),
        Some(there) => match begins_it(ledger, &there.run)? {
            Some(lease) => Err(ledger.in_use(&there.run, &lease.to_string())),
            None => Err(Failure::stopped(format!(
                "somebody else has just begun a run of this name, with `{}` at {}: `{}`",
                there.roster,
                there.at,
                ledger.url()
            ))
            .hint("nothing was sent; the same command joins that run once nobody is at work with it")),
        },
    }
}

/// Who has begun the run: between the name and the first line it says so, and is waited for that long.
fn begins_it(ledger: &SharedLedger, run: &str) -> Result<Option<Lease>, Failure> {
    const LOOKS: u32 = 4;
    let begun = ledger.around.clock.moment();
    for look in 1..=LOOKS {
        if let Some(lease) = ledger.seen(run)?.lease {
            return Ok(Some(lease).filter(|lease| !lease.free));
        }
        if look < LOOKS {
            ledger.wait(
                ledger.around.timing.poll,
                begun,
                "somebody else has just begun the run, and is to say who",
            );
        }
    }
    Ok(None)
}

fn replayed(ledger: &SharedLedger, contents: &Contents) -> Result<State, Failure> {
    let name = std::path::PathBuf::from(ledger.url().to_string());
    let Replay { mut state, own: (), extent: _ } =
        fold(&contents.lines[..], contents.lines.len() as u64, &name, (), |(), _, _| {})?;
    if crash::sabotage(Sabotage::TakerForgets) {
        state.forget_open();
    }
    Ok(state)
}
