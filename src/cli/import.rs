//! `headcount import` and `headcount retry`: a roster becomes users.

use std::ffi::OsString;

use super::again::{again, not_again};
use super::args::import::{ImportArgs, RetryArgs, UpdateToo};
use super::change_remedies::Leaves;
use super::meant::Typed;
use super::meant_changes::TypedChanges;
use super::screen::Screen;
use super::{abreast, changes, fleet, in_one_sheet, leavers, meant_targets, remedies, retype};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Changes, Job};
use crate::ledger;

/// Runs `import`; `words` is the command line, to be pasted again.
pub(super) fn run(args: ImportArgs, words: &[OsString]) -> Result<Exit, Failure> {
    if args.shared.targets.targets.is_some() {
        return fleet::import(args, words);
    }
    start(&Typed::import(args, words.to_vec())?)
}

/// Runs `retry`: roster, instance, region and profile default to the ledger's. Of an update's ledger it is an update, of one of
/// leavers a removal.
pub(super) fn retry(args: RetryArgs, words: &[OsString]) -> Result<Exit, Failure> {
    if args.shared.targets.targets.is_some() {
        return retry_in_targets(args, words);
    }
    let (state, _) = ledger::peek(&args.ledger()?)?;
    if state.header.target.is_some() {
        return retry_in_targets(args, words);
    }
    match state.header.job {
        None => start(&Typed::retry(args, words.to_vec())?),
        Some(ledger::Job::Update) => changes::retry(args, &state, words),
        Some(ledger::Job::Remove) => leavers::retry(args, &state, words),
    }
}

/// A retry of one target's ledger, or of those of all beside a roster.
fn retry_in_targets(args: RetryArgs, words: &[OsString]) -> Result<Exit, Failure> {
    match meant_targets::job_of(&args)? {
        None => fleet::retry(args, words),
        Some(ledger::Job::Update) => abreast::retry_update(args, words),
        Some(ledger::Job::Remove) => abreast::retry_remove(args, words),
    }
}

fn start(typed: &Typed) -> Result<Exit, Failure> {
    // One thread for all rows: what they do is wait, and handing them from thread to thread costs more than that.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let screen = Screen::for_job(typed)?;
    let ended = match &typed.update {
        _ if typed.obeys_actions() => {
            runtime.block_on(again(async || in_one_sheet::run(typed, &screen).await))
        }
        None => runtime.block_on(again(async || import(typed, &screen).await)),
        Some(update) => runtime.block_on(again(async || import_and_update(typed, update, &screen).await)),
    };
    screen.close();
    ended.map_err(|failure| remedies::worded(failure, typed))
}

/// The whole job, step by step: what is asked and shown between two steps is the screen's.
async fn import(typed: &Typed, screen: &Screen<'_>) -> Result<Exit, Failure> {
    let job = Job { settings: Some(retype::settings(typed)), ..typed.meant() };
    let is_dry_run = typed.shared.dry_run;
    if !is_dry_run {
        job.refuse_in_use(&screen.world())?; // before anything is asked of anybody
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

/// An import of those who are not there and an update of those who are: two jobs, each with its ledger, and one question.
async fn import_and_update(typed: &Typed, update: &UpdateToo, screen: &Screen<'_>) -> Result<Exit, Failure> {
    let job = Job { settings: Some(retype::settings(typed)), ..typed.meant() };
    let is_dry_run = typed.shared.dry_run;
    if !is_dry_run {
        job.refuse_in_use(&screen.world())?;
    }
    let mut checked = job.check(&screen.world()).await?;
    screen.findings(&checked);
    if let Some(blocked) = checked.blocks() {
        return Ok(screen.blocked(blocked));
    }
    let of_update = TypedChanges::of_import(typed, update, checked.arn().to_owned());
    let meant = changes::meant(&of_update);
    if !is_dry_run {
        meant.job.refuse_in_use(&screen.world())?;
    }
    let picked = Some(checked.there().clone());
    let compared = Box::pin(Changes { picked, ..meant }.compare_beside(&checked)).await?;
    checked.leaves_to_update(compared.people());
    if is_dry_run {
        let exit = screen.forecast(&checked.forecast().await?)?;
        changes::say_plan(&of_update, &compared)?;
        changes::say_dry_run(&of_update, &compared)?;
        return Ok(exit);
    }
    // Both are served by the same, until both are done.
    let serving = checked.keep_serving();
    let planned = if checked.is_for_nobody() { None } else { Some(checked.plan().await?) };
    if let Some(planned) = &planned {
        screen.plan(planned.outlook());
        planned.fits()?;
    }
    changes::say_plan(&of_update, &compared)?;
    let new = planned.as_ref().map_or(0, |planned| planned.outlook().new_users());
    if !changes::agree_to_both(&of_update, new, &compared)? {
        return Ok(screen.declined());
    }
    let leaves = Leaves::of(&of_update, &compared)?;
    let made = match planned {
        Some(planned) => Some(planned.run().await?),
        None => None,
    };
    // What stopped the one stops the other, which the same command goes on with.
    let is_stopped = made.as_ref().is_some_and(|made| made.stop.is_some());
    let changed = match is_stopped || compared.people().is_empty() {
        true => None,
        false => Some(Box::pin(async { compared.plan().await?.run().await }).await),
    };
    if let Some(serving) = serving {
        serving.shutdown().await;
    }
    let is_part_done = made.is_some();
    let made = made.map(|made| screen.farewell(made)).transpose()?;
    screen.close();
    // What was made is told before why the rest was not done.
    let changed =
        changed.transpose().map_err(|failure| if is_part_done { not_again(failure) } else { failure })?;
    let changed = changed.map(|changed| changes::farewell(&of_update, &leaves, changed)).transpose()?;
    Ok([made, changed].into_iter().flatten().fold(Exit::Done, Exit::worst))
}
