//! `headcount remove`: whoever is on a list of leavers is deleted.

use std::ffi::OsString;

use super::again::again;
use super::args::import::{Format, RetryArgs};
use super::args::remove::RemoveArgs;
use super::farewell::{self, Said, shown};
use super::leaver_words as words_of_leavers;
use super::meant_leavers::{self, TypedLeavers};
use super::screen::{Doing, Stage};
use super::typed_number::{self, Answer};
use super::{output, remedies, retype, settings, suspend};
use crate::error::Failure;
use crate::exit::Exit;
use crate::failed::Left;
use crate::job::{Blocked, EndedRemove, Leavers};
use crate::ledger::{Counts, State};
use crate::stop::Stop;
use crate::text;

/// Runs `remove`. The same command again resumes.
pub(super) fn run(args: RemoveArgs, words: &[OsString]) -> Result<Exit, Failure> {
    start(&TypedLeavers::of(args, words.to_vec())?)
}

/// Runs `retry` of a ledger of leavers.
pub(super) fn retry(args: RetryArgs, state: &State, words: &[OsString]) -> Result<Exit, Failure> {
    start(&TypedLeavers::retry(args, state, words.to_vec())?)
}

fn start(typed: &TypedLeavers) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let stage = Stage::set(typed.args.format, Doing::Deletes, &typed.words)?;
    let ended = runtime.block_on(again(async || removed(typed, &stage).await));
    stage.close();
    ended.map_err(|failure| remedies::of_leavers(failure, typed))
}

async fn removed(typed: &TypedLeavers, stage: &Stage) -> Result<Exit, Failure> {
    let remove = typed.meant()?;
    if !typed.args.dry_run {
        remove.job.refuse_in_use(&stage.world())?; // before anything is asked of anybody
    }
    if typed.args.actions {
        remove.job.acts_agree()?;
    }
    let leavers = remove.look(&stage.world()).await?;
    stage.findings(leavers.found(), leavers.roster());
    if let Some(blocked) = leavers.blocks() {
        leavers.close().await;
        return Ok(said_blocked(blocked));
    }
    if let Some(suspension) = &typed.args.first_suspend {
        return suspend::run(typed, leavers, &meant_leavers::suspended(suspension), stage).await;
    }
    say_plan(typed, &leavers);
    if typed.args.dry_run {
        let exit = said_dry_run(typed, &leavers);
        leavers.close().await;
        return exit;
    }
    if let Err(failure) = leavers.are_few() {
        leavers.close().await;
        return Err(failure);
    }
    let arn = leavers.instance().arn.clone();
    let planned = leavers.plan().await?;
    if !agrees(typed, planned.leavers())? {
        output::say("nobody was deleted");
        farewell::say_resume(&retype::resume(&typed.words));
        return Ok(Exit::Interrupted);
    }
    let ended = planned.run().await?;
    stage.close();
    farewell(typed, &arn, ended)
}

/// Tells what is going to be done.
pub(super) fn say_plan(typed: &TypedLeavers, leavers: &Leavers) {
    output::say_whole(&words_of_leavers::plan(typed, leavers));
}

/// Tells what a dry run has found.
///
/// # Errors
/// Exit 4 where more would be deleted than may be.
pub(super) fn said_dry_run(typed: &TypedLeavers, leavers: &Leavers) -> Result<Exit, Failure> {
    leavers.are_few()?;
    if typed.args.format == Format::Human {
        let users = text::count(leavers.counts().delete, "user");
        output::told(&format!("dry run: {users} would be deleted; nothing was sent\n"));
    }
    Ok(if leavers.found().is_clean() { Exit::Done } else { Exit::Findings })
}

/// Asks whoever is there for the number of those who are deleted; where nobody is, it was typed.
///
/// # Errors
/// Exit 2 where nobody is there and the number was not typed, or another one was: then nobody is deleted.
pub(super) fn agrees(typed: &TypedLeavers, leavers: &Leavers) -> Result<bool, Failure> {
    agrees_to(typed, leavers.counts().delete, leavers.deleted_before())
}

/// The same of so many, of whom so many were deleted before.
pub(super) fn agrees_to(typed: &TypedLeavers, going: u64, before: u64) -> Result<bool, Failure> {
    if going == 0 {
        return Ok(true);
    }
    let (yes, count) = (typed.args.yes, typed.args.removing.count);
    // Whoever goes on with what was interrupted types what they typed before.
    let fits = |count: u64| count == going || count == going + before;
    if let Some(count) = count
        && !fits(count)
    {
        let users = text::count(going, "user");
        return Err(Failure::usage(format!(
            "nobody was deleted: {users} would be, and --count says {count}"
        ))
        .hint("look through the plan; --count is the number of those who are deleted"));
    }
    if yes && count.is_some() {
        return Ok(true);
    }
    if !settings::is_interactive() {
        let mut more: Vec<String> = (!yes).then(|| "--yes".to_owned()).into_iter().collect();
        if count.is_none() {
            more.extend(["--count".to_owned(), going.to_string()]);
        }
        let command = retype::resume_with(&typed.words, &more);
        return Err(Failure::usage(format!(
            "nobody was deleted: {} would be, and nobody is there to type that number",
            text::count(going, "user")
        ))
        .hint(format!("if that is right: {command}")));
    }
    Ok(typed_number::asks(going)? == Answer::Agreed)
}

/// Why nobody is deleted, in a few words.
pub(super) fn said_blocked(blocked: Blocked) -> Exit {
    let Blocked { rows, of_file } = blocked;
    let faults = match (rows, of_file) {
        (0, _) => "the list as a whole has errors".to_owned(),
        (rows, false) => {
            format!("{} with errors; --skip-invalid goes on with the others", text::count(rows, "row"))
        }
        (rows, true) => format!("{} with errors, and the list as a whole has some", text::count(rows, "row")),
    };
    output::say(&format!("nobody was deleted: {faults}"));
    Exit::Findings
}

/// Tells how it has ended: the result in one line on stdout, for people; the rest on stderr.
pub(super) fn farewell(typed: &TypedLeavers, arn: &str, ended: EndedRemove) -> Result<Exit, Failure> {
    if typed.args.format == Format::Human {
        output::told(&summary(&ended.counts, &text::duration(ended.took)));
    }
    lines(typed, arn, &ended).iter().for_each(farewell::say);
    ended.closed.map(|()| ended.exit)
}

fn lines(typed: &TypedLeavers, arn: &str, ended: &EndedRemove) -> Vec<Said> {
    let mut lines = of_one_target(typed, arn, ended);
    lines.extend(match &ended.left {
        Ok(left) => of_left(left),
        Err(failure) => {
            output::failure(failure);
            Vec::new()
        }
    });
    if matches!(ended.exit, Exit::Interrupted | Exit::Stopped | Exit::Unsettled) {
        lines.push(farewell::resume_with(&retype::resume(&typed.words)));
    }
    lines
}

/// What is said of one of several targets: the rows of all of whom nothing came are in one file, and one command resumes all.
pub(super) fn of_one_target(typed: &TypedLeavers, arn: &str, ended: &EndedRemove) -> Vec<Said> {
    let mut lines = Vec::new();
    if let Some(stop) = &ended.stop {
        let stopped = match (typed.args.format, stop) {
            (Format::Json, _) => Some(format!("stopped: {}", text::plain(&stop.to_string()))),
            (Format::Human, Stop::Interrupted) => None,
            (Format::Human, _) => Some(format!("stopped: {}", farewell::name_of(stop))),
        };
        let hint = farewell::hint_without_creating(stop, arn).map(|hint| format!("hint: {hint}"));
        lines.extend(stopped.into_iter().chain(hint).map(Said::Talk));
    }
    if let Some(before) = &ended.before {
        lines.push(Said::Talk(format!(
            "everybody who was to be deleted is kept as they were in {}; an import of it makes them anew, with other passwords",
            shown(before)
        )));
    }
    if ended.counts.skipped > 0 {
        lines.push(Said::Talk(format!(
            "{} left as they are; the next line says why",
            text::people(ended.counts.skipped)
        )));
        lines.push(Said::Command("list them with: ", meant_leavers::status(typed, "skipped").to_string()));
    }
    if ended.counts.unconfirmed > 0 {
        lines.push(Said::Talk(format!(
            "of {} nothing clear came back: the same command looks again",
            text::count(ended.counts.unconfirmed, "deletion")
        )));
    }
    lines
}

/// Where the rows are of whoever was not deleted.
pub(super) fn of_left(left: &Left) -> Vec<Said> {
    let removed =
        left.removed.iter().map(|path| format!("removed {}: its rows no longer stand so", shown(path)));
    let spared = left.spared.iter().map(|path| {
        format!("{} is not overwritten: it is not an untouched copy of headcount's", shown(path))
    });
    let held = left.held.iter().map(|path| output::held(path));
    let file = left.file.as_ref().map(|file| {
        let rows = text::count(left.rows, "row");
        format!(
            "{rows} of whoever was not deleted, with the reasons in {}: mended there, it is a list too",
            shown(file)
        )
    });
    removed.chain(spared).chain(held).chain(file).map(Said::Talk).collect()
}

pub(super) fn summary(counts: &Counts, took: &str) -> String {
    let total = text::people(counts.total);
    let mut parts = vec![format!("{} of {total} deleted", text::grouped(counts.deleted))];
    for (number, what) in [
        (counts.skipped, "left"),
        (counts.unconfirmed, "unconfirmed"),
        (counts.rejected, "rejected"),
        (counts.invalid, "invalid"),
        (counts.pending, "pending"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", text::grouped(number)));
        }
    }
    format!("{}; {took}\n", parts.join(", "))
}
