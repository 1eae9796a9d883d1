//! `headcount import` and `headcount retry`: a roster becomes users.

use std::ffi::OsString;

use super::args::import::{ImportArgs, RetryArgs};
use super::meant::Typed;
use super::meant_changes::TypedChanges;
use super::screen::Screen;
use super::{changes, output, remedies, retype};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::Job;
use crate::ledger;

/// Runs `import`; `words` is the command line, to be pasted again.
pub(super) fn run(args: ImportArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let is_both = args.update;
    let typed = Typed::import(args, words.to_vec());
    if is_both { begin(&typed, both) } else { start(&typed) }
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
    begin(typed, import)
}

fn begin(
    typed: &Typed,
    work: impl AsyncFnOnce(&Typed, &Screen<'_>) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    // One thread for all rows: what they do is wait, and handing them from thread to thread costs more than that.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let screen = Screen::for_job(typed)?;
    let ended = runtime.block_on(work(typed, &screen));
    screen.close();
    ended.map_err(|failure| remedies::worded(failure, typed))
}

/// An import and the update that follows it, each in its own ledger: both are planned, one question is asked, and then those
/// who are new are made, and those who are there put right.
async fn both(typed: &Typed, screen: &Screen<'_>) -> Result<Exit, Failure> {
    let job = Job { settings: Some(retype::settings(typed)), ..typed.meant() };
    let of_update = TypedChanges::of_import(typed);
    let is_dry_run = typed.shared.dry_run;
    if !is_dry_run {
        job.refuse_in_use()?;
        ledger::refuse_in_use(&of_update.ledger())?;
    }
    let world = screen.world();
    // Before the import holds the instance, for a rehearsal's is held by one at a time.
    let following = changes::following(&of_update, &world).await?;
    let checked = job.check(&world).await?;
    screen.findings(&checked);
    if let Some(blocked) = checked.blocks().or(following.blocked) {
        return Ok(screen.blocked(blocked));
    }
    if is_dry_run {
        let exit = screen.forecast(&checked.forecast().await?);
        output::say_whole(&following.plan);
        return exit;
    }
    let planned = checked.plan().await?;
    screen.plan(planned.outlook());
    output::say_whole(&following.plan);
    planned.fits()?;
    if !screen.agrees_to_both(planned.outlook(), following.to_change)? {
        return Ok(screen.declined());
    }
    let ended = planned.run().await?;
    if ended.stop.is_some() {
        return screen.farewell(ended);
    }
    // With its ledger, where that is elsewhere and was made just now.
    let of_update = TypedChanges::of_import(typed);
    let followed = changes::follow(&of_update, &world).await;
    let imported = screen.farewell(ended)?;
    let (arn, followed) = followed?;
    changes::say_followed(&of_update, &arn, &followed);
    followed.closed.map(|()| imported.worst(followed.exit))
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
