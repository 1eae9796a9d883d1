//! `headcount import` and `headcount retry`: a roster becomes users.

use std::ffi::OsString;

use super::args::import::{ImportArgs, RetryArgs};
use super::meant::Typed;
use super::screen::Screen;
use super::{changes, remedies, retype};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::Job;
use crate::ledger;

/// Runs `import`; `words` is the command line, to be pasted again.
pub(super) fn run(args: ImportArgs, words: &[OsString]) -> Result<Exit, Failure> {
    start(&Typed::import(args, words.to_vec()))
}

/// Runs `retry`: roster, instance, region and profile default to the ledger's. Of an update's ledger it is an update.
pub(super) fn retry(args: RetryArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let (state, _) = ledger::peek(&args.of)?;
    if state.header.job == Some(ledger::Job::Update) {
        return changes::retry(args, &state, words);
    }
    start(&Typed::retry(args, words.to_vec())?)
}

fn start(typed: &Typed) -> Result<Exit, Failure> {
    // One thread for all rows: what they do is wait, and handing them from thread to thread costs more than that.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let screen = Screen::for_job(typed)?;
    let ended = runtime.block_on(import(typed, &screen));
    screen.close();
    ended.map_err(|failure| remedies::worded(failure, typed))
}

/// The whole job, step by step: what is asked and shown between two steps is the screen's.
async fn import(typed: &Typed, screen: &Screen<'_>) -> Result<Exit, Failure> {
    let job = Job { settings: Some(retype::settings(typed)), ..typed.meant() };
    let is_dry_run = typed.shared.dry_run;
    if !is_dry_run {
        job.refuse_in_use()?; // before anything is asked of anybody
    }
    let checked = job.check(&screen.world()).await?;
    screen.findings(&checked);
    if let Some(blocked) = checked.blocks() {
        return Ok(screen.blocked(blocked));
    }
    if is_dry_run {
        return screen.forecast(&checked.forecast().await?);
    }
    let planned = checked.plan().await?;
    screen.plan(planned.outlook());
    planned.fits()?;
    if !screen.agrees(planned.outlook())? {
        return Ok(screen.declined());
    }
    screen.farewell(planned.run().await?)
}
