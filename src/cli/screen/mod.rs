//! What a job says, shown: to people or to programs. Nothing is decided here.

mod board;
mod interrupt;
mod listener;
mod live;
pub(super) mod tally;

use std::ffi::OsString;
use std::io::Write as _;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

pub(super) use listener::Listener;
pub(super) use live::Show;
pub(super) use tally::Doing;

use super::args::import::Format;
use super::farewell::{self, Farewell, Others, Room, say_resume};
use super::meant::Typed;
use super::voice::Flags;
use super::{findings, output, plan_words, retype, settings};
use crate::clock::{Clock as _, SystemClock};
use crate::error::Failure;
use crate::event::Sink;
use crate::exit::Exit;
use crate::job::{Blocked, Checked, DryRun, Ended, Lanes, Outlook, World};
use crate::ledger;
use crate::roster::Roster;
use crate::stop::{Stop, Switch};
use crate::text;
use crate::validate;

/// Where a job is shown: what it tells is listened to, and so is Ctrl-C.
pub(super) struct Stage {
    listener: Arc<Listener>,
    stop: Switch,
}

impl Stage {
    /// With nothing on it yet. `words` is the command line, which resumes.
    pub(super) fn set(format: Format, doing: Doing, words: &[OsString]) -> Result<Self, Failure> {
        let how = match format {
            Format::Human => Show::Human,
            Format::Json => Show::Json,
        };
        let (listener, stop) = (Arc::new(Listener::of(how, doing)?), Switch::default());
        let told = (stop.clone(), Arc::clone(&listener));
        output::when_untold(move |why| {
            told.0.stop_and_tell(Stop::Untold { message: why.to_owned() }, &*told.1);
        });
        interrupt::listen(stop.clone(), Arc::clone(&listener), retype::resume(words))?;
        Ok(Self { listener, stop })
    }

    /// The world of this machine, for a job that is shown here.
    pub(super) fn world(&self) -> World {
        world(Arc::clone(&self.listener) as Arc<dyn Sink>, self.stop.clone())
    }

    /// Ends the view, once all that was told is shown.
    pub(super) fn close(&self) {
        self.listener.close();
    }

    /// What is wrong with a roster, in groups; for programs each was an event.
    pub(super) fn findings(&self, found: &validate::Checked, roster: &Roster) {
        if found.findings.is_empty() {
            return;
        }
        let groups = findings::groups(found, roster.own_headers(), output::Paint::of_stderr());
        output::say(groups.strip_suffix('\n').unwrap_or(&groups));
    }
}

/// Asks whoever is there for a yes.
///
/// # Errors
/// Exit 4 where the answer cannot be read.
pub(super) fn asks(question: &str) -> Result<bool, Failure> {
    Ok(matches!(answer(question)?.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Asks whoever is there, and takes a line.
///
/// # Errors
/// Exit 4 where the answer cannot be read.
pub(super) fn answer(question: &str) -> Result<String, Failure> {
    let mut stderr = std::io::stderr().lock();
    let _ = stderr.write_all(question.as_bytes()).and_then(|()| stderr.flush());
    drop(stderr);
    let mut answer = String::new();
    std::io::stdin()
        .read_line(&mut answer)
        .map_err(|error| Failure::stopped("cannot read the answer").because(error))?;
    Ok(answer)
}

/// The screen of an import or a retry.
pub(super) struct Screen<'t> {
    typed: &'t Typed,
    stage: Stage,
}

impl<'t> Screen<'t> {
    /// A screen with nothing on it yet. Ctrl-C is listened for from now on.
    pub(super) fn for_job(typed: &'t Typed) -> Result<Self, Failure> {
        Ok(Self { typed, stage: Stage::set(typed.shared.format, Doing::Creates, &typed.words)? })
    }

    /// The world of this machine, for a job that is shown here.
    pub(super) fn world(&self) -> World {
        self.stage.world()
    }

    /// Ends the view, once all that was told is shown.
    pub(super) fn close(&self) {
        self.stage.close();
    }

    /// What is wrong with the roster, in groups; for programs each was an event.
    pub(super) fn findings(&self, checked: &Checked) {
        self.stage.findings(checked.found(), checked.roster());
    }

    /// The same of another part of the roster.
    pub(super) fn findings_of(&self, found: &validate::Checked, roster: &Roster) {
        self.stage.findings(found, roster);
    }

    /// Why nothing is sent, in a few words.
    pub(super) fn blocked(&self, blocked: Blocked) -> Exit {
        let Blocked { rows, of_file } = blocked;
        let rows = (rows > 0).then(|| text::count(rows, "row"));
        let faults = match (rows, of_file) {
            (None, _) => "the roster as a whole has errors".to_owned(),
            (Some(rows), false) => format!("{rows} with errors; --skip-invalid sends the others"),
            (Some(rows), true) => format!("{rows} with errors, and the roster as a whole has some"),
        };
        output::say(&format!("nothing was sent: {faults}"));
        Exit::Findings
    }

    /// The result of a dry run; for programs it was an event.
    pub(super) fn forecast(&self, dry_run: &DryRun) -> Result<Exit, Failure> {
        let outlook = &dry_run.outlook;
        output::say_whole(&plan_words::words_of(outlook, true, settings::width_of_talk()));
        for remedy in outlook.remedies() {
            farewell::say(&farewell::remedy(self.typed, &outlook.instance.arn, remedy));
        }
        let exit = dry_run.exit();
        if exit.is_err() {
            // Why not is told as the error that the import would end with.
            if self.typed.shared.format == Format::Human {
                let users = text::count(outlook.new_users(), "user");
                output::result(&format!(
                    "dry run: the instance has not room for {users}, and none would be created; nothing was sent\n"
                ));
            }
        } else if self.typed.shared.format == Format::Human {
            let settled = match outlook.rows.to_settle {
                0 => String::new(),
                rows => format!(" and {} settled", text::count(rows, "row")),
            };
            let skipped = match outlook.rows.invalid {
                0 => String::new(),
                rows => format!(", {} with errors skipped", text::count(rows, "row")),
            };
            let created = text::count(outlook.rows.to_create, "user");
            output::result(&format!(
                "dry run: {created} would be created{settled}{skipped}; nothing was sent\n"
            ));
        }
        exit
    }

    /// What is going to be done.
    pub(super) fn plan(&self, outlook: &Outlook) {
        output::say_whole(&plan_words::words_of(outlook, false, settings::width_of_talk()));
    }

    /// Asks whoever is there whether it is to be done; where nobody is, it is.
    pub(super) fn agrees(&self, outlook: &Outlook) -> Result<bool, Failure> {
        if !outlook.is_worth_asking() || self.typed.shared.yes || !settings::is_interactive() {
            return Ok(true);
        }
        let new = outlook.new_users();
        let question = match new {
            0 => format!("Settle {} that create nobody? [y/N] ", text::count(outlook.to_send, "row")),
            new => format!("Create {}? [y/N] ", text::count(new, "user")),
        };
        asks(&question)
    }

    /// That it was not to be done.
    pub(super) fn declined(&self) -> Exit {
        output::say("nothing was sent");
        say_resume(&retype::resume(&self.typed.words));
        Exit::Interrupted
    }

    /// How it went, and what goes on.
    pub(super) fn farewell(&self, ended: Ended) -> Result<Exit, Failure> {
        self.close();
        let Ended {
            exit,
            counts,
            steps,
            calls,
            spent: _, // what this session came to is told
            made,
            stop,
            left,
            closed,
            took,
            seen,
            settled_otherwise,
            other_run,
            outlook,
        } = ended;
        let farewell = Farewell {
            typed: self.typed,
            arn: &outlook.instance.arn,
            exit,
            counts,
            steps,
            calls,
            took,
            seen,
            settled_otherwise,
            other_run: other_run.map(|other| Others { ledger: outlook.ledger_of(&other.run), other }),
            reason: stop,
            // That the file cannot be written is no reason to fail: the ledger has all.
            left: left.map_err(|failure| output::failure(&failure)).ok(),
            changed_there: outlook.made.changed_there,
            remedies: outlook.remedies(),
            room: Room { users: outlook.users, allowed: outlook.allowed, made },
        };
        farewell.tell_result();
        farewell.say();
        closed.map(|()| exit)
    }
}

/// Has a command that only reads end by this switch where it is interrupted: the first Ctrl-C (or SIGTERM) lets go of what is
/// under way, the second ends the process at once.
pub(super) fn interrupted_by(
    stop: Switch,
    listener: Arc<Listener>,
    resume: retype::Line,
) -> Result<(), Failure> {
    interrupt::listen_while_reading(stop, listener, resume)
}

/// The world of this machine.
pub(super) fn world(events: Arc<dyn Sink>, stop: Switch) -> World {
    World {
        clock: Arc::new(SystemClock),
        lanes: Arc::new(Lanes::network()),
        events,
        stop,
        host: settings::host_name(),
        state: settings::state_folder(),
        nonces: ledger::drawn(),
        seed: u64::from(std::process::id()) ^ begun_at(),
        voice: &Flags,
    }
}

/// Something that differs from run to run, for the seed of the waits.
fn begun_at() -> u64 {
    let since = SystemClock.now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or_default()
}
