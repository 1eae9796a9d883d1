//! `headcount import --actions`: those who join, those who move and those who leave, from one sheet in which a column says
//! which. Three jobs, each with its ledger and its question; all questions come before anything is sent.

use super::again::not_again;
use super::args::import::UpdateToo;
use super::change_remedies::Leaves;
use super::meant::Typed;
use super::meant_changes::TypedChanges;
use super::meant_leavers::TypedLeavers;
use super::screen::Screen;
use super::{changes, leavers, output, retype};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::World;
use crate::job::{Changes, Checked, Compared, EndedChanges, Job, Leavers};

/// What is done with the users who are there is told beside what is done with those who are not.
struct Others {
    of_update: TypedChanges,
    compared: Compared,
    of_leavers: TypedLeavers,
    leavers: Leavers,
}

/// Runs it: joiners are made, then movers changed, then leavers deleted. What stops one stops those after it, with which the
/// same command goes on.
pub(super) async fn run(typed: &Typed, screen: &Screen<'_>) -> Result<Exit, Failure> {
    let job = Job { settings: Some(retype::settings(typed)), ..typed.meant() };
    let is_dry_run = typed.shared.dry_run;
    if !is_dry_run {
        job.refuse_in_use(&screen.world())?; // before anything is asked of anybody
    }
    job.acts_agree()?;
    let mut checked = job.check(&screen.world()).await?;
    screen.findings(&checked);
    if let Some(blocked) = checked.blocks() {
        return Ok(screen.blocked(blocked));
    }
    let others = look(typed, &checked, &screen.world()).await?;
    let Others { of_update, compared, of_leavers, leavers } = others;
    screen.findings_of(compared.found(), compared.roster());
    screen.findings_of(leavers.found(), leavers.roster());
    if let Some(blocked) = compared.blocks() {
        return Ok(changes::said_blocked(blocked, "nothing was sent"));
    }
    if let Some(blocked) = leavers.blocks() {
        return Ok(leavers::said_blocked(blocked));
    }
    if is_dry_run {
        return forecast(&checked, screen, &Others { of_update, compared, of_leavers, leavers }).await;
    }
    // Too many to delete is said before anybody is made.
    leavers.are_few()?;
    // All are served by the same, until all are done.
    let serving = checked.keep_serving();
    let planned = if checked.is_for_nobody() { None } else { Some(checked.plan().await?) };
    if let Some(planned) = &planned {
        screen.plan(planned.outlook());
        planned.fits()?;
    }
    changes::say_plan(&of_update, &compared)?;
    leavers::say_plan(&of_leavers, &leavers);
    let makes = match &planned {
        Some(planned) => screen.agrees(planned.outlook())?,
        None => true,
    };
    let changes_some = changes::agrees(&of_update, &compared)?;
    let deletes = leavers::agrees(&of_leavers, &leavers)?;
    let leaves = Leaves::of(&of_update, &compared)?;
    let arn = leavers.arn();
    let made = match planned.filter(|_| makes) {
        Some(planned) => Some(planned.run().await?),
        None => None,
    };
    // What stopped one stops those after it, which the same command goes on with.
    let goes_on = made.as_ref().is_none_or(|made| made.stop.is_none());
    let changed = match goes_on && changes_some && !compared.people().is_empty() {
        true => Some(Box::pin(async { compared.plan().await?.run().await }).await),
        false => None,
    };
    let is_over = |changed: &Result<EndedChanges, Failure>| {
        changed.as_ref().is_ok_and(|changed| changed.stop.is_none())
    };
    let goes_on = goes_on && changed.as_ref().is_none_or(is_over);
    let gone = match goes_on && deletes && !leavers.people().is_empty() {
        true => Some(Box::pin(async { leavers.plan().await?.run().await }).await),
        false => None,
    };
    if let Some(serving) = serving {
        serving.shutdown().await;
    }
    // What was done is told before why the rest was not.
    let is_made = made.is_some();
    let made = made.map(|made| screen.farewell(made)).transpose()?;
    screen.close();
    let rest = |failure, is_part_done| if is_part_done { not_again(failure) } else { failure };
    let changed = changed.transpose().map_err(|failure| rest(failure, is_made))?;
    let is_part_done = is_made || changed.is_some();
    let changed = changed.map(|changed| changes::farewell(&of_update, &leaves, changed)).transpose()?;
    let gone = gone.transpose().map_err(|failure| rest(failure, is_part_done))?;
    let gone = gone.map(|gone| leavers::farewell(&of_leavers, &arn, gone)).transpose()?;
    let mut exits: Vec<Exit> = [made, changed, gone].into_iter().flatten().collect();
    for (agreed, nothing) in
        [(makes, "nobody was made"), (changes_some, "nobody was changed"), (deletes, "nobody was deleted")]
    {
        if !agreed {
            output::say(nothing);
            exits.push(Exit::Interrupted);
        }
    }
    Ok(exits.into_iter().fold(Exit::Done, Exit::worst))
}

/// Reads those who are to be changed, and those who are to be deleted.
async fn look(typed: &Typed, checked: &Checked, world: &World) -> Result<Others, Failure> {
    let is_dry_run = typed.shared.dry_run;
    let update = typed.update.clone().unwrap_or(UpdateToo::WITH_ACTIONS);
    let of_update = TypedChanges::of_import(typed, &update, checked.arn().to_owned());
    let of_leavers = TypedLeavers::of_import(typed, &typed.removing, checked.arn().to_owned())?;
    let (meant, remove) = (changes::meant(&of_update), of_leavers.meant()?);
    if !is_dry_run {
        meant.job.refuse_in_use(world)?;
        remove.job.refuse_in_use(world)?;
    }
    let compared = Box::pin(Changes { picked: None, ..meant }.compare_beside(checked)).await?;
    let leavers = Box::pin(remove.look_beside(checked)).await?;
    Ok(Others { of_update, compared, of_leavers, leavers })
}

/// What all three would do.
async fn forecast(checked: &Checked, screen: &Screen<'_>, others: &Others) -> Result<Exit, Failure> {
    let Others { of_update, compared, of_leavers, leavers } = others;
    let exit = screen.forecast(&checked.forecast().await?)?;
    changes::say_plan(of_update, compared)?;
    changes::say_dry_run(of_update, compared)?;
    leavers::say_plan(of_leavers, leavers);
    Ok(exit.worst(leavers::said_dry_run(of_leavers, leavers)?))
}
