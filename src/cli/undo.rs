//! `headcount undo`: the users whom a run made are deleted, each with proof.

use std::ffi::OsString;
use std::path::Path;

use super::args::import::Format;
use super::args::undo::UndoArgs;
use super::leaver_words::{self, INDENT};
use super::meant::from_here;
use super::meant_undo::TypedUndo;
use super::plan_words::about;
use super::screen::{Doing, Stage};
use super::typed_number::{self, Answer};
use super::undo_farewell::UndoFarewell;
use super::{farewell, output, retype, settings, words};
use crate::clock::{Clock as _, SystemClock, Zone};
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::PlannedUndo;
use crate::text::{self, plain};

/// Runs `undo`. The same command again resumes.
pub(super) fn run(args: UndoArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let typed = TypedUndo::of(args, words.to_vec())?;
    let job = typed.meant()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let stage = Stage::set(typed.args.format, Doing::Deletes, &typed.words)?;
    let ended = runtime.block_on(async {
        let planned = job.plan(&stage.world()).await?;
        undone(&typed, planned, &stage).await
    });
    stage.close();
    ended
}

async fn undone(typed: &TypedUndo, planned: PlannedUndo, stage: &Stage) -> Result<Exit, Failure> {
    output::say_whole(&plan(typed, &planned));
    if typed.args.dry_run {
        if typed.args.format == Format::Human {
            let users = text::count(planned.counts().delete, "user");
            output::told(&format!("dry run: {users} would be deleted; nothing was sent\n"));
        }
        planned.close().await;
        return Ok(Exit::Done);
    }
    match agrees(typed, &planned) {
        Ok(true) => {}
        Ok(false) => {
            planned.close().await;
            output::say("nobody was deleted");
            farewell::say_resume(&retype::resume(&typed.words));
            return Ok(Exit::Interrupted);
        }
        Err(failure) => {
            planned.close().await;
            return Err(failure);
        }
    }
    let arn = planned.instance().arn.clone();
    let ended = planned.run().await?;
    stage.close();
    UndoFarewell { typed, arn: &arn, ended: &ended }.tell();
    ended.closed.map(|()| ended.exit)
}

/// Asks whoever is there for the number of those who are deleted; where nobody is, the run was typed.
///
/// # Errors
/// Exit 2 where nobody is there and the run was not typed: then nobody is deleted.
fn agrees(typed: &TypedUndo, planned: &PlannedUndo) -> Result<bool, Failure> {
    let going = planned.counts().delete;
    let (yes, is_typed) = (typed.args.yes, typed.is_run_typed());
    if going == 0 || (yes && is_typed) {
        return Ok(true);
    }
    if !settings::is_interactive() {
        let mut more: Vec<String> = (!yes).then(|| "--yes".to_owned()).into_iter().collect();
        if !is_typed {
            more.extend(["--run".to_owned(), planned.run_id().to_owned()]);
        }
        let command = retype::resume_with(&typed.words, &more);
        let users = text::count(going, "user");
        let what = format!("nobody was deleted: {users} would be, and nobody is there to type that number");
        return Err(Failure::usage(what).hint(format!("if that is right: {command}")));
    }
    Ok(typed_number::asks(going)? == Answer::Agreed)
}

/// The plan, for people on stderr.
pub(super) fn plan(typed: &TypedUndo, planned: &PlannedUndo) -> String {
    let columns = settings::width_of_talk();
    let counts = planned.counts();
    let before = planned.state().counts(false).deleted;
    let mut lines = head(typed, planned);
    lines.push(format!("plan      {}", leaver_words::in_one_line(&counts, before)));
    if counts.delete > 0 {
        lines.push(format!("time      {}", about(planned.time())));
        lines.push("lost      the users, for good: contact records stay, with their user logins".to_owned());
    }
    if let Some(waits) = planned.waits() {
        lines.push(format!(
            "waits     until {}, up to {}: until then a request of the run that nobody has answered may still arrive, and \
             would make its user again",
            Zone::of_system().at(SystemClock.now() + waits),
            text::duration(waits)
        ));
    }
    let back = planned.back();
    if !back.is_empty() {
        let names: Vec<_> = back.iter().map(|user| plain(user)).collect();
        lines.push(format!(
            "back      deleted before, and there again under a tag of the run: {}",
            names.join(", ")
        ));
    }
    let head = words::wrapped(&(lines.join("\n") + "\n"), columns, INDENT);
    let people = leaver_words::of_people(planned.people(), settings::has_live_stderr(), columns);
    (head + &people).trim_end_matches('\n').to_owned()
}

/// The ledger, the run and the instance.
fn head(typed: &TypedUndo, planned: &PlannedUndo) -> Vec<String> {
    let state = planned.state();
    let zone = Zone::of_system();
    let header = &state.header;
    let made = match header.at.as_str() {
        "" => String::new(),
        at => format!(", begun {}", plain(&zone.shown(at))),
    };
    let host = match state.session.host.as_str() {
        "" => String::new(),
        host => format!(", last on {}", plain(host)),
    };
    let roster = if state.session.roster.is_empty() { &header.roster } else { &state.session.roster };
    let instance = planned.instance();
    let rehearsal = if planned.is_rehearsal() { " (embedded Connect)" } else { "" };
    let named = plain(instance.alias.as_deref().unwrap_or(&instance.arn));
    let mut lines = vec![
        format!("ledger    {}", plain(&typed.ledger.display().to_string())),
        format!("run       {}{made}{host}", planned.run_id()),
        format!("roster    {}", plain(&from_here(Path::new(roster)).display().to_string())),
        format!("instance  {named}{rehearsal}, {}", instance.identity),
    ];
    lines.extend(instance.alias.as_ref().map(|_| format!("          {}", plain(&instance.arn))));
    lines
}
