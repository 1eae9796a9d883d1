//! `headcount import` and `headcount retry` of several targets: one check, one plan, one question, and all side by side.

use std::ffi::OsString;

use super::again::again;
use super::args::import::{Format, ImportArgs, RetryArgs};
use super::farewell::say_resume;
use super::fleet_farewell::FleetFarewell;
use super::meant_targets::TypedFleet;
use super::screen::{Doing, Stage, asks};
use super::{fleet_words, of_targets, output, remedies, retype, settings};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Blocked, FleetDryRun, FleetOutlook};
use crate::text;

/// Runs `import --targets`.
pub(super) fn import(args: ImportArgs, words: &[OsString]) -> Result<Exit, Failure> {
    start(&TypedFleet::import(args, words.to_vec())?)
}

/// Runs `retry` of the ledgers of targets.
pub(super) fn retry(args: RetryArgs, words: &[OsString]) -> Result<Exit, Failure> {
    start(&TypedFleet::retry(args, words.to_vec())?)
}

fn start(typed: &TypedFleet) -> Result<Exit, Failure> {
    // One thread for all rows of all targets: what they do is wait.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let stage = Stage::set(typed.format(), Doing::Creates, &typed.whole.words)?;
    let ended = runtime.block_on(again(async || run(typed, &stage).await));
    stage.close();
    ended.map_err(|failure| remedies::worded(failure, &typed.whole))
}

/// The whole job, step by step: what is asked and shown between two steps is the screen's.
async fn run(typed: &TypedFleet, stage: &Stage) -> Result<Exit, Failure> {
    let mut fleet = typed.meant();
    let is_dry_run = typed.whole.shared.dry_run;
    if !is_dry_run {
        fleet.refuse_in_use(&stage.world())?; // before anything is asked of anybody
    }
    let checked = fleet.check(&stage.world()).await?;
    if let Some(roster) = checked.roster() {
        stage.findings(&checked.found(), roster);
    }
    if let Some(blocked) = checked.blocks() {
        return Ok(say_blocked(blocked));
    }
    if is_dry_run {
        return forecast(typed, checked.forecast().await?);
    }
    let planned = checked.plan().await?;
    output::say_whole(&fleet_words::words_of(
        planned.outlook(),
        &typed.file,
        false,
        settings::width_of_talk(),
    ));
    if !agrees(typed, planned.outlook())? {
        output::say("nothing was sent");
        say_resume(&retype::resume(&typed.whole.words));
        return Ok(Exit::Interrupted);
    }
    let ended = planned.run().await?;
    stage.close();
    FleetFarewell { typed, ended: &ended }.say();
    if let Err(failure) = &ended.left {
        output::failure(failure); // no reason to fail: the ledgers have all
    }
    Ok(of_targets::told_failures(ended)) // what could not begin was told of, with the others
}

/// Why nothing is sent, in a few words.
fn say_blocked(blocked: Blocked) -> Exit {
    let Blocked { rows, of_file } = blocked;
    let rows = text::count(rows, "row");
    let faults = match of_file {
        false => format!("{rows} with errors; --skip-invalid sends the others"),
        true => format!("{rows} with errors, and the roster as a whole has some"),
    };
    output::say(&format!("nothing was sent anywhere: {faults}"));
    Exit::Findings
}

/// The result of a dry run; for programs it was an event of each target.
fn forecast(typed: &TypedFleet, dry_run: FleetDryRun) -> Result<Exit, Failure> {
    let outlook = dry_run.outlook.clone();
    output::say_whole(&fleet_words::words_of(&outlook, &typed.file, true, settings::width_of_talk()));
    let exit = dry_run.exit();
    if typed.format() == Format::Human && exit.is_ok() {
        let settled: u64 = outlook.lanes.iter().map(|(_, outlook)| outlook.rows.to_settle).sum();
        let settled = if settled == 0 {
            String::new()
        } else {
            format!(" and {} settled", text::count(settled, "row"))
        };
        let created: u64 = outlook.lanes.iter().map(|(_, outlook)| outlook.rows.to_create).sum();
        output::result(&format!(
            "dry run: {} would be created on {}{settled}; nothing was sent\n",
            text::count(created, "user"),
            text::count(outlook.lanes.len() as u64, "target")
        ));
    }
    exit
}

/// Asks whoever is there whether it is to be done; where nobody is, it is.
fn agrees(typed: &TypedFleet, outlook: &FleetOutlook) -> Result<bool, Failure> {
    if !outlook.is_worth_asking() || typed.whole.shared.yes || !settings::is_interactive() {
        return Ok(true);
    }
    let targets = text::count(outlook.lanes.len() as u64, "target");
    asks(&match outlook.new_users() {
        0 => format!("Settle rows of {targets} that create nobody? [y/N] "),
        new => format!("Create {} on {targets}? [y/N] ", text::count(new, "user")),
    })
}
