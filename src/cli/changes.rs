//! `headcount diff` and `headcount update`: a roster held against the users who are there, and what puts them right.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::again::again;
use super::args::import::{Format, RetryArgs};
use super::args::update::{DiffArgs, UpdateArgs};
use super::change_farewell::ChangeFarewell;
use super::change_remedies::{self, Leaves};
use super::change_words::{self, ON_A_TERMINAL, Told};
use super::farewell::Said;
use super::meant_changes::TypedChanges;
use super::plan_words::about;
use super::screen::{Doing, Stage, asks};
use super::voice::Flags;
use super::{farewell, findings, output, remedies, retype, retype_changes, settings, words};
use crate::clock::{Clock as _, SystemClock, Zone, rfc3339};
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;
use crate::job::{Blocked, Changes, Compared, EndedChanges, Job};
use crate::ledger::State;
use crate::plan::{Person, Resolution};
use crate::report::annotate::{self, differences};
use crate::report::drift::{self, Drift, Form};
use crate::roster::Field;
use crate::text;

/// Where the second column of what is told stands.
const INDENT: usize = 10;

/// Where a comparison is written to, beside what is shown.
pub(super) struct Written {
    /// The result.
    pub(super) output: Option<PathBuf>,
    /// As a page or another form of its own; else what would be printed is kept there.
    form: Option<Form>,
    /// A copy of the roster with the differences in it.
    annotated: Option<(PathBuf, annotate::Kind)>,
}

impl Written {
    /// Where these arguments have it written to.
    ///
    /// # Errors
    /// Exit 2 where a copy cannot be of this kind.
    pub(super) fn of(args: &DiffArgs) -> Result<Self, Failure> {
        let annotated = match &args.annotate {
            Some(out) => {
                // Told before the work, which takes a while.
                let kind = annotate::Kind::of(out)?;
                kind.fits(&args.shared.reading.open(&args.roster)?, out)?;
                Some((out.clone(), kind))
            }
            None => None,
        };
        let output = args.output.clone();
        // With --format a file has what would be printed.
        let form = output.as_deref().and_then(form_of).filter(|_| args.shared.format.is_none());
        Ok(Self { output, form, annotated })
    }

    /// The copy.
    pub(super) fn copy(&self) -> Option<(&Path, annotate::Kind)> {
        self.annotated.as_ref().map(|(out, kind)| (out.as_path(), *kind))
    }

    /// The page.
    pub(super) fn page(&self) -> Option<(&Path, Form)> {
        self.output.as_deref().zip(self.form)
    }

    /// The file that keeps what would be printed.
    pub(super) fn kept(&self) -> Option<&Path> {
        self.output.as_deref().filter(|_| self.form.is_none())
    }
}

/// Runs `diff`: exit 0 where nothing differs, 1 where something does, 3 where the roster has errors.
pub(super) fn diff(args: DiffArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let written = Written::of(&args)?;
    if let Some((path, _)) = written.page() {
        is_free(path)?;
    }
    let typed = TypedChanges::diff(args, words.to_vec())?;
    let shown = || {
        run(&typed, async |stage| {
            let compared = meant(&typed).compare(&stage.world()).await?;
            stage.close();
            let ended = told(&typed, stage, &compared, written.copy(), written.page());
            compared.close().await;
            ended
        })
    };
    output::kept_in(written.kept(), shown)
}

/// Runs `update`. The same command again resumes.
pub(super) fn update(args: UpdateArgs, words: &[OsString]) -> Result<Exit, Failure> {
    updated(&TypedChanges::update(args, words.to_vec())?)
}

/// Runs `retry` of an update's ledger.
pub(super) fn retry(args: RetryArgs, state: &State, words: &[OsString]) -> Result<Exit, Failure> {
    updated(&TypedChanges::retry(args, state, words.to_vec())?)
}

fn updated(typed: &TypedChanges) -> Result<Exit, Failure> {
    run(typed, async |stage| again(async || updated_on(typed, stage).await).await)
}

/// The whole update, on a stage that is set.
pub(super) async fn updated_on(typed: &TypedChanges, stage: &Stage) -> Result<Exit, Failure> {
    let changes = meant(typed);
    let is_dry = typed.run.as_ref().is_some_and(|run| run.is_dry);
    if !is_dry {
        changes.job.refuse_in_use(&stage.world())?; // before anything is asked of anybody
    }
    let compared = changes.compare(&stage.world()).await?;
    stage.findings(compared.found(), compared.roster());
    if let Some(blocked) = compared.blocks() {
        compared.close().await;
        return Ok(said_blocked(blocked, "nothing was changed"));
    }
    output::say_whole(&plan(typed, &compared)?);
    if is_dry {
        let exit = if compared.found().is_clean() { Exit::Done } else { Exit::Findings };
        if typed.shared.told_for() == Format::Human {
            output::told(&dry_result(&compared));
            Leaves::of(typed, &compared)?.commands.iter().for_each(farewell::say);
        }
        compared.close().await;
        return Ok(exit);
    }
    let arn = compared.instance().arn.clone();
    let planned = compared.plan().await?;
    if !agrees(typed, planned.compared())? {
        output::say("nothing was changed");
        farewell::say_resume(&retype::resume(&typed.words));
        return Ok(Exit::Interrupted);
    }
    let leaves = Leaves::of(typed, planned.compared())?;
    let ended = planned.run().await?;
    stage.close();
    ChangeFarewell { typed, arn: &arn, leaves: &leaves, ended: &ended }.tell();
    ended.closed.map(|()| ended.exit)
}

/// Tells what an update is going to do.
pub(super) fn say_plan(typed: &TypedChanges, compared: &Compared) -> Result<(), Failure> {
    output::say_whole(&plan(typed, compared)?);
    Ok(())
}

/// Tells what a dry run of an update has found.
pub(super) fn say_dry_run(typed: &TypedChanges, compared: &Compared) -> Result<(), Failure> {
    if typed.shared.told_for() == Format::Human {
        output::told(&dry_result(compared));
        Leaves::of(typed, compared)?.commands.iter().for_each(farewell::say);
    }
    Ok(())
}

/// Tells how an update has ended.
pub(super) fn farewell(typed: &TypedChanges, leaves: &Leaves, ended: EndedChanges) -> Result<Exit, Failure> {
    let arn = typed.shared.instance.instance.clone().unwrap_or_default();
    ChangeFarewell { typed, arn: &arn, leaves, ended: &ended }.tell();
    ended.closed.map(|()| ended.exit)
}

/// What was typed, with how it is said again.
pub(super) fn meant(typed: &TypedChanges) -> Changes {
    let changes = typed.meant();
    // A retry is told for once: who resumes after it goes on with what the update was told.
    let told_before = typed.retry.as_ref().and_then(|retry| retry.before.settings.clone());
    let settings = Some(told_before.unwrap_or_else(|| retype_changes::settings(typed)));
    Changes { job: Job { settings, ..changes.job }, ..changes }
}

/// Does it on a stage, with one thread for all.
pub(super) fn run(
    typed: &TypedChanges,
    work: impl AsyncFnOnce(&Stage) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let stage = Stage::set(typed.shared.told_for(), Doing::Updates, &typed.words)?;
    let ended = runtime.block_on(work(&stage));
    stage.close();
    ended.map_err(|failure| remedies::of_changes(failure, typed))
}

/// Why nothing is done, in a few words.
pub(super) fn said_blocked(blocked: Blocked, nothing: &str) -> Exit {
    let Blocked { rows, of_file } = blocked;
    let faults = match (rows, of_file) {
        (0, _) => "the roster as a whole has errors".to_owned(),
        (rows, false) => {
            format!("{} with errors; --skip-invalid goes on with the others", text::count(rows, "row"))
        }
        (rows, true) => {
            format!("{} with errors, and the roster as a whole has some", text::count(rows, "row"))
        }
    };
    output::say(&format!("{nothing}: {faults}"));
    Exit::Findings
}

/// Tells what `diff` found, wherever it is to be told.
fn told(
    typed: &TypedChanges,
    stage: &Stage,
    compared: &Compared,
    copy: Option<(&Path, annotate::Kind)>,
    page: Option<(&Path, Form)>,
) -> Result<Exit, Failure> {
    stage.findings(compared.found(), compared.roster());
    if let Some(blocked) = compared.blocks() {
        return Ok(said_blocked(blocked, "nothing was compared"));
    }
    let commands = change_remedies::of_comparison(typed, compared)?;
    if typed.shared.told_for() == Format::Human {
        let columns = settings::width_of_results();
        let (is_short, most) =
            (page.is_some(), if output::is_for_terminal() { ON_A_TERMINAL } else { usize::MAX });
        let mut text = head(typed, compared, columns);
        if !is_short {
            text.push_str(&change_words::differences(&Told {
                people: compared.people(),
                counts: compared.counts(),
                most,
                is_update: false,
                can_be_made: compared.makes()?.is_some(),
                columns,
                paint: output::Paint::of_stdout(),
            }));
        }
        output::result(&text);
    }
    if let Some((path, form)) = page {
        write_page(typed, compared, &commands, path, form)?;
    }
    if let Some((out, kind)) = copy {
        let both = differences::beside(compared.roster(), compared.found(), compared.people())?;
        let rules = compared.rules();
        let annotated = annotate::write(compared.roster(), &rules, &both, kind, out, &Flags)?;
        let has_passwords = compared.roster().columns().has(Field::Password);
        output::say(&super::validate::said_of_copy(
            &annotated,
            out,
            "differences or findings",
            has_passwords,
        ));
    }
    if typed.shared.told_for() == Format::Human {
        commands.iter().for_each(farewell::say);
    }
    Ok(compared.exit())
}

fn form_of(path: &Path) -> Option<Form> {
    Form::of_ending(path.extension()?.to_str()?)
}

/// Only what was written here is replaced: a roster or a ledger named by mistake stays as it is.
pub(super) fn is_free(path: &Path) -> Result<(), Failure> {
    let taken = || {
        Failure::usage(format!("there is a file that `diff` has not written: `{}`", path.display()))
            .hint("choose another name, or move the file away")
    };
    if path.is_dir() {
        return Err(Failure::usage(format!("the result's place is a folder: `{}`", path.display()))
            .hint("name a file in it"));
    }
    let mut file = match disk::open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(Failure::usage(format!("cannot write: `{}`", path.display())).because(error));
        }
    };
    match drift::is_ours(&mut file) {
        Ok(true) => Ok(()),
        Ok(false) => Err(taken()),
        Err(error) => Err(taken().because(error)),
    }
}

pub(super) fn write_page(
    typed: &TypedChanges,
    compared: &Compared,
    commands: &[Said],
    path: &Path,
    form: Form,
) -> Result<(), Failure> {
    let roster = typed.roster.display().to_string();
    let instance = compared.instance();
    let commands = commands.iter().filter_map(|said| match said {
        Said::Command(what, line) => Some((what.trim_end_matches(": "), line.as_str())),
        Said::Talk(_) => None,
    });
    let commands: Vec<_> = commands.collect();
    let drift = Drift {
        roster: &roster,
        instance: &instance.arn,
        alias: instance.alias.as_deref(),
        is_rehearsal: typed.shared.rehearsal.simulate,
        people: compared.people(),
        counts: compared.counts(),
        update: retype_changes::update(typed, &instance.arn).to_string(),
        commands,
        voice: &Flags,
        made: &rfc3339(SystemClock.now()),
        zone: Zone::of_system(),
    };
    let bytes = drift.written(form)?;
    is_free(path)?; // and again: the work took a while
    let landed = disk::replace(path, &bytes).map_err(|error| output::unwritten("the result", path, error))?;
    output::say_written(path, &landed);
    Ok(())
}

/// What was compared with what, and how it stands.
pub(super) fn head(typed: &TypedChanges, compared: &Compared, columns: usize) -> String {
    let mut lines = vec![of_roster(typed, compared)];
    lines.extend(of_rows(compared));
    lines.extend(of_instance(typed, compared));
    lines.push(format!("compared  {}", change_words::counts(&compared.counts(), false)));
    words::wrapped(&(lines.join("\n") + "\n"), columns, INDENT)
}

fn of_roster(typed: &TypedChanges, compared: &Compared) -> String {
    let rows = text::count(compared.found().rows, "row");
    let only: BTreeSet<String> = typed.shared.only.iter().map(|group| group.words()).collect();
    let only = match only.is_empty() {
        true => String::new(),
        false => format!(", only {}", only.into_iter().collect::<Vec<_>>().join(", ")),
    };
    format!("roster    {} ({rows}){only}", text::plain(&typed.roster.display().to_string()))
}

/// Rows that are none of the people: left out by the column map, or with errors.
fn of_rows(compared: &Compared) -> Vec<String> {
    let found = compared.found();
    let mut lines: Vec<String> =
        findings::left_out(&found.left_out).map(|line| format!("          {}", text::plain(&line))).collect();
    lines.extend(found.logins.as_ref().map(|logins| format!("          {}", findings::logins(logins))));
    if found.invalid_rows > 0 {
        lines.push(format!("          {} with errors, left out", text::count(found.invalid_rows, "row")));
    }
    lines
}

fn of_instance(typed: &TypedChanges, compared: &Compared) -> Vec<String> {
    let instance = compared.instance();
    let rehearsal = if typed.shared.rehearsal.simulate { " (embedded Connect)" } else { "" };
    let named = text::plain(instance.alias.as_deref().unwrap_or(&instance.arn));
    let arn = instance.alias.as_ref().map(|_| format!("          {}", text::plain(&instance.arn)));
    let first = format!("instance  {named}{rehearsal}, {}", instance.identity);
    [first].into_iter().chain(arn).collect()
}

/// The plan of an update, for people on stderr.
pub(super) fn plan(typed: &TypedChanges, compared: &Compared) -> Result<String, Failure> {
    let can_be_made = compared.makes()?.is_some();
    let columns = settings::width_of_talk();
    let mut lines = vec![of_roster(typed, compared)];
    lines.extend(of_rows(compared));
    lines.extend(of_instance(typed, compared));
    lines.push(format!("plan      {}", change_words::counts(&compared.counts(), true)));
    let calls: u64 = compared.calls().values().sum();
    if calls > 0 {
        lines.push(format!("time      {} for {}", about(compared.time()), text::count(calls, "call")));
    }
    let ledger = typed.ledger();
    lines.push(format!("ledger    {}", text::plain(&ledger.display().to_string())));
    if typed.shared.overwrite_drift {
        lines.push(
            "drift     what was changed on the instance since is put back (--overwrite-drift)".to_owned(),
        );
    }
    let head = words::wrapped(&(lines.join("\n") + "\n"), columns, INDENT);
    let most = if settings::has_live_stderr() { ON_A_TERMINAL } else { usize::MAX };
    let (people, counts) = (compared.people(), compared.counts());
    let body = change_words::differences(&Told {
        people,
        counts,
        most,
        is_update: true,
        can_be_made,
        columns,
        paint: output::Paint::of_stderr(),
    });
    Ok((head + &body).trim_end_matches('\n').to_owned())
}

fn dry_result(compared: &Compared) -> String {
    let calls: u64 = compared.calls().values().sum();
    let users = text::count(compared.counts().update, "user");
    format!("dry run: {users} would be changed, with {}; nothing was sent\n", text::count(calls, "call"))
}

/// The same of users who are to be made in the same run.
pub(super) fn agree_to_both(typed: &TypedChanges, new: u64, compared: &Compared) -> Result<bool, Failure> {
    if new == 0 {
        return agrees(typed, compared);
    }
    let is_told = typed.run.as_ref().is_some_and(|run| run.yes);
    if is_told || !settings::is_interactive() {
        return Ok(true);
    }
    let change = match compared.counts().update {
        0 => String::new(),
        update => format!(" and change {}{}", text::grouped(update), apart(compared)),
    };
    asks(&format!("Create {}{change}? [y/N] ", text::count(new, "user")))
}

/// Asks whoever is there whether it is to be done; where nobody is, it is.
pub(super) fn agrees(typed: &TypedChanges, compared: &Compared) -> Result<bool, Failure> {
    let counts = compared.counts();
    let is_told = typed.run.as_ref().is_some_and(|run| run.yes);
    if counts.update == 0 || is_told || !settings::is_interactive() {
        return Ok(true);
    }
    let apart = apart(compared);
    asks(&format!("Change {}{apart}? [y/N] ", text::count(counts.update, "user")))
}

/// What of an update is named in its question by itself: rights, and addresses by which somebody signs in.
fn apart(compared: &Compared) -> String {
    apart_of(&[compared])
}

/// The same of several.
pub(super) fn apart_of(all: &[&Compared]) -> String {
    let people = || all.iter().flat_map(|compared| compared.people());
    let changed = || people().filter(|person| person.is_to_be_changed());
    let rights = changed().filter(|person| person.adds_rights).count() as u64;
    let is_new_address = |person: &&Person| {
        person.cells.iter().any(|cell| cell.is_login_address() && cell.resolution == Resolution::Update)
    };
    let addresses = changed().filter(is_new_address).count() as u64;
    let apart = [
        (rights, "get more rights", "gets more rights"),
        (addresses, "another login address", "another login address"),
    ]
    .into_iter()
    .filter(|(number, ..)| *number > 0)
    .map(|(number, many, one)| format!("{} {}", text::grouped(number), if number == 1 { one } else { many }))
    .collect::<Vec<_>>();
    if apart.is_empty() { String::new() } else { format!(" ({})", apart.join(", ")) }
}
