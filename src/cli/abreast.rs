//! Comparisons, updates, undos and lists of leavers of several targets: all are looked at, shown one below the other and asked
//! about once, and then go on side by side.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::again::again;
use super::args::import::{Format, RetryArgs};
use super::args::remove::RemoveArgs;
use super::args::targets::TargetsArgs;
use super::args::undo::UndoArgs;
use super::args::update::{DiffArgs, UpdateArgs};
use super::change_farewell::{self, ChangeFarewell};
use super::change_remedies::{self, Leaves};
use super::change_words::{self, ON_A_TERMINAL, Told};
use super::changes::Written;
use super::farewell::{self, Said, shown};
use super::leaver_words;
use super::meant_changes::TypedChanges;
use super::meant_leavers::TypedLeavers;
use super::meant_undo::TypedUndo;
use super::retype::Line;
use super::screen::{Doing, Stage, asks};
use super::typed_number::{self, Answer};
use super::undo_farewell::{self, UndoFarewell};
use super::voice::Flags;
use super::{changes, leavers, of_targets, output, retype, settings, undo, validate, words};
use crate::error::Failure;
use crate::event::PeopleCounts;
use crate::exit::Exit;
use crate::failed::Left;
use crate::job::{
    Abreast, Came, Compared, EndedAbreast, EndedChanges, EndedRemove, EndedUndo, InTargets, PlannedUndo,
};
use crate::ledger::{Counts, LedgerAt};
use crate::plan::LeaverCounts;
use crate::report::annotate::{self, differences};
use crate::report::drift::Form;
use crate::roster::Field;
use crate::text::{self, count, plain};

/// Where the second column of what is told stands.
const INDENT: usize = 10;

/// What each of several targets is told, with its name.
type Members<T> = Vec<(String, T)>;

/// Runs `diff` of several targets. With a file for the result each target has one.
pub(super) fn diff(args: DiffArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let written = Written::of(&args)?;
    let typed = TypedChanges::diff(args, words.to_vec())?;
    let shown = || compare(&typed, written.copy(), written.page());
    output::kept_in(written.kept(), shown)
}

fn compare(
    typed: &TypedChanges,
    copy: Option<(&Path, annotate::Kind)>,
    page: Option<(&Path, Form)>,
) -> Result<Exit, Failure> {
    let members = named(typed.in_targets()?, |one| one.shared.reading.target());
    let page_of = |target: &str| page.map(|(path, form)| (for_target(path, target), form));
    for (path, _) in members.iter().filter_map(|(target, _)| page_of(target)) {
        changes::is_free(&path)?;
    }
    changes::run(typed, async |stage| {
        let compared = meant(&members, &typed.shared.targets, changes::meant).compare(&stage.world()).await?;
        stage.close();
        if let Some(roster) = compared.roster() {
            stage.findings(&compared.found(), roster);
        }
        if let Some(blocked) = compared.blocks() {
            compared.close().await;
            return Ok(changes::said_blocked(blocked, "nothing was compared"));
        }
        for (target, one) in &compared.lanes {
            let typed = of(&members, target)?;
            show_differences(target, typed, one, page_of(target))?;
        }
        if let Some((out, kind)) = copy {
            annotated(&compared, out, kind)?;
        }
        say_apart(&compared);
        let exit = compared.exit();
        compared.close().await;
        Ok(exit)
    })
}

/// The path of a file for one of several targets: `diff.emea.html` of `diff.html`.
fn for_target(path: &Path, target: &str) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    match path.extension() {
        Some(end) => path.with_file_name(format!("{stem}.{target}.{}", end.to_string_lossy())),
        None => path.with_file_name(format!("{stem}.{target}")),
    }
}

/// Shows how the people of one target differ.
fn show_differences(
    target: &str,
    typed: &TypedChanges,
    compared: &Compared,
    page: Option<(PathBuf, Form)>,
) -> Result<(), Failure> {
    let commands = change_remedies::of_comparison(typed, compared)?;
    let is_for_people = typed.shared.told_for() == Format::Human;
    if is_for_people {
        let columns = settings::width_of_results();
        let mut text = format!("target    {target}\n{}", changes::head(typed, compared, columns));
        if page.is_none() {
            text.push_str(&change_words::differences(&Told {
                people: compared.people(),
                counts: compared.counts(),
                most: if output::is_for_terminal() { ON_A_TERMINAL } else { usize::MAX },
                is_update: false,
                can_be_made: compared.makes()?.is_some(),
                columns,
                paint: output::Paint::of_stdout(),
            }));
        }
        output::result(&(text + "\n"));
    }
    if let Some((path, form)) = page {
        changes::write_page(typed, compared, &commands, &path, form)?;
    }
    if is_for_people {
        commands.iter().for_each(farewell::say);
    }
    Ok(())
}

/// One copy of the roster, with the differences of all targets in it.
fn annotated(compared: &Abreast<Compared>, out: &Path, kind: annotate::Kind) -> Result<(), Failure> {
    let (Some(roster), Some((_, first))) = (compared.roster(), compared.lanes.first()) else { return Ok(()) };
    let people: Vec<_> = compared.lanes.iter().flat_map(|(_, one)| one.people().iter().cloned()).collect();
    let both = differences::beside(roster, &compared.found(), &people)?;
    let written = annotate::write(roster, &first.rules(), &both, kind, out, &Flags)?;
    let has_passwords = roster.columns().has(Field::Password);
    output::say(&validate::said_of_copy(&written, out, "differences or findings", has_passwords));
    Ok(())
}

/// Runs `update` of several targets.
pub(super) fn update(args: UpdateArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let typed = TypedChanges::update(args, words.to_vec())?;
    update_each(&typed, typed.in_targets()?)
}

fn update_each(whole: &TypedChanges, members: Vec<TypedChanges>) -> Result<Exit, Failure> {
    let members = named(members, |one| one.shared.reading.target());
    changes::run(whole, async |stage| again(async || updated(whole, &members, stage).await).await)
}

/// Runs `retry` of the updates of several targets.
pub(super) fn retry_update(args: RetryArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let (members, targets) = TypedChanges::retries(args, words)?;
    let Some(first) = members.first() else { return Err(Failure::usage("there is no target")) };
    let mut whole = first.clone();
    whole.shared.targets = targets;
    update_each(&whole, members)
}

async fn updated(
    whole: &TypedChanges,
    members: &Members<TypedChanges>,
    stage: &Stage,
) -> Result<Exit, Failure> {
    let mut jobs = meant(members, &whole.shared.targets, changes::meant);
    let is_dry = whole.run.as_ref().is_some_and(|run| run.is_dry);
    if !is_dry {
        jobs.refuse_in_use(&stage.world())?; // before anything is asked of anybody
    }
    let compared = jobs.compare(&stage.world()).await?;
    if let Some(roster) = compared.roster() {
        stage.findings(&compared.found(), roster);
    }
    if let Some(blocked) = compared.blocks() {
        compared.close().await;
        return Ok(changes::said_blocked(blocked, "nothing was changed"));
    }
    for (target, one) in &compared.lanes {
        output::say_whole(&format!("target    {target}\n{}\n", changes::plan(of(members, target)?, one)?));
    }
    say_apart(&compared);
    let counts = people_of(&compared);
    output::say_whole(&wrapped(&format!("plan      all together: {}", change_words::counts(&counts, true))));
    let mut leaves = Vec::new();
    for (target, one) in &compared.lanes {
        leaves.push((target.clone(), Leaves::of(of(members, target)?, one)?, one.instance().arn.clone()));
    }
    if is_dry {
        let exit = compared.exit_of_dry_run();
        let calls: u64 = compared.lanes.iter().flat_map(|(_, one)| one.calls().values()).sum();
        if whole.shared.told_for() == Format::Human {
            let users = count(counts.update, "user");
            output::told(&format!(
                "dry run: {users} would be changed, with {}; nothing was sent\n",
                count(calls, "call")
            ));
            leaves.iter().flat_map(|(_, leaves, _)| &leaves.commands).for_each(farewell::say);
        }
        compared.close().await;
        return Ok(exit);
    }
    let planned = compared.plan().await?;
    let lanes: Vec<&Compared> = planned.lanes.iter().map(|(_, one)| one.compared()).collect();
    if !agrees(whole, counts.update, &lanes)? {
        return Ok(declined("nothing was changed", &whole.words));
    }
    let ended = planned.run().await?;
    stage.close();
    let words = of_update(members, &leaves, &ended);
    Ok(farewells(whole.shared.told_for(), &whole.words, ended, words, &|file| {
        let (shared, words) = (&whole.shared, &whole.words);
        let file = file.unwrap_or(&whole.roster);
        retry_all(words, &shared.targets, shared.ledger.as_ref(), file, shared.rehearsal.simulate)
    }))
}

/// Asks whoever is there whether it is to be done; where nobody is, it is.
fn agrees(typed: &TypedChanges, users: u64, compared: &[&Compared]) -> Result<bool, Failure> {
    let is_told = typed.run.as_ref().is_some_and(|run| run.yes);
    if users == 0 || is_told || !settings::is_interactive() {
        return Ok(true);
    }
    let apart = changes::apart_of(compared);
    let targets = count(compared.len() as u64, "target");
    asks(&format!("Change {} on {targets}{apart}? [y/N] ", count(users, "user")))
}

fn people_of(compared: &Abreast<Compared>) -> PeopleCounts {
    compared.lanes.iter().fold(PeopleCounts::default(), |mut all, (_, one)| {
        all += one.counts();
        all
    })
}

/// What is said of each target whose update has ended, and of all.
fn of_update(
    members: &Members<TypedChanges>,
    leaves: &[(String, Leaves, String)],
    ended: &EndedAbreast<EndedChanges>,
) -> Words {
    let (mut words, mut all, mut missing) = (Words::default(), Counts::default(), 0);
    for (target, came) in &ended.lanes {
        let (Ok(ended), Ok(typed)) = (came, of(members, target)) else { continue };
        let Some((_, leaves, arn)) = leaves.iter().find(|(of, ..)| of == target) else { continue };
        let farewell = ChangeFarewell { typed, arn, leaves, ended };
        words.result(target, farewell.result());
        words.lines(target, farewell.of_one_target());
        all += ended.counts;
        missing += leaves.missing;
    }
    ended.counts_apart(&mut all);
    words.failed = all.failed();
    words.total = change_farewell::summary(&all, missing, &text::duration(ended.took));
    words
}

/// Runs `remove` of several targets.
pub(super) fn remove(args: RemoveArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let typed = TypedLeavers::of(args, words.to_vec())?;
    remove_each(&typed, typed.in_targets()?)
}

fn remove_each(whole: &TypedLeavers, members: Vec<TypedLeavers>) -> Result<Exit, Failure> {
    let members = named(members, |one| one.args.reading.target());
    staged(whole.args.format, Doing::Deletes, &whole.words, async |stage| {
        again(async || removed(whole, &members, stage).await).await
    })
}

/// Runs `retry` of the lists of several targets.
pub(super) fn retry_remove(args: RetryArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let (members, targets) = TypedLeavers::retries(args, words)?;
    let Some(first) = members.first() else { return Err(Failure::usage("there is no target")) };
    let mut whole = first.clone();
    whole.args.targets = targets;
    remove_each(&whole, members)
}

async fn removed(
    whole: &TypedLeavers,
    members: &Members<TypedLeavers>,
    stage: &Stage,
) -> Result<Exit, Failure> {
    let mut jobs = Vec::new();
    for (target, typed) in members {
        let job = typed.meant()?;
        if typed.args.actions {
            job.job.acts_agree()?;
        }
        jobs.push((target.clone(), job));
    }
    let mut jobs = in_targets(jobs, &whole.args.targets);
    if !whole.args.dry_run {
        jobs.refuse_in_use(&stage.world())?; // before anything is asked of anybody
    }
    let leavers = jobs.look(&stage.world()).await?;
    if let Some(roster) = leavers.roster() {
        stage.findings(&leavers.found(), roster);
    }
    if let Some(blocked) = leavers.blocks() {
        leavers.close().await;
        return Ok(leavers::said_blocked(blocked));
    }
    for (target, one) in &leavers.lanes {
        let plan = leaver_words::plan(of(members, target)?, one);
        output::say_whole(&format!("target    {target}\n{plan}\n"));
    }
    say_apart(&leavers);
    let (going, before) = leaving(leavers.lanes.iter().map(|(_, one)| (one.counts(), one.deleted_before())));
    output::say_whole(&wrapped(&format!(
        "plan      all together: {}",
        leaver_words::in_one_line(&going, before)
    )));
    if whole.args.dry_run {
        let few = leavers.are_few();
        if few.is_ok() && whole.args.format == Format::Human {
            let users = count(going.delete, "user");
            output::told(&format!("dry run: {users} would be deleted; nothing was sent\n"));
        }
        let exit = leavers.exit_of_dry_run();
        leavers.close().await;
        return few.map(|()| exit);
    }
    if let Err(failure) = leavers.are_few() {
        leavers.close().await;
        return Err(failure);
    }
    let arns: Vec<(String, String)> =
        leavers.lanes.iter().map(|(target, one)| (target.clone(), one.arn())).collect();
    let planned = leavers.plan().await?;
    if !leavers::agrees_to(whole, going.delete, before)? {
        return Ok(declined("nobody was deleted", &whole.words));
    }
    let ended = planned.run().await?;
    stage.close();
    let words = of_remove(members, &arns, &ended);
    Ok(farewells(whole.args.format, &whole.words, ended, words, &|file| {
        let (args, words) = (&whole.args, &whole.words);
        let file = file.unwrap_or(&args.list);
        retry_all(words, &args.targets, args.ledger.as_ref(), file, args.rehearsal.simulate)
    }))
}

/// What is said of each target whose leavers were deleted, and of all.
fn of_remove(
    members: &Members<TypedLeavers>,
    arns: &[(String, String)],
    ended: &EndedAbreast<EndedRemove>,
) -> Words {
    let (mut words, mut all) = (Words::default(), Counts::default());
    for (target, came) in &ended.lanes {
        let (Ok(ended), Ok(typed)) = (came, of(members, target)) else { continue };
        let arn = arns.iter().find(|(of, _)| of == target).map_or("", |(_, arn)| arn);
        words.result(target, leavers::summary(&ended.counts, &text::duration(ended.took)));
        words.lines(target, leavers::of_one_target(typed, arn, ended));
        all += ended.counts;
    }
    ended.counts_apart(&mut all);
    words.failed = all.failed();
    words.total = leavers::summary(&all, &text::duration(ended.took));
    words
}

/// Runs `undo` of the ledgers of several targets.
pub(super) fn undo(args: &UndoArgs, words: &[OsString]) -> Result<Exit, Failure> {
    let members = TypedUndo::in_targets(args, words)?;
    staged(args.format, Doing::Deletes, words, async |stage| undone(args, &members, words, stage).await)
}

async fn undone(
    args: &UndoArgs,
    members: &Members<TypedUndo>,
    words: &[OsString],
    stage: &Stage,
) -> Result<Exit, Failure> {
    let jobs = members.iter().map(|(target, typed)| Ok((target.clone(), typed.meant()?)));
    let jobs = jobs.collect::<Result<Vec<_>, Failure>>()?;
    let planned = in_targets(jobs, &args.targets).plan(&stage.world()).await?;
    for (target, one) in &planned.lanes {
        output::say_whole(&format!("target    {target}\n{}\n", undo::plan(of(members, target)?, one)));
    }
    say_apart(&planned);
    let before = |one: &PlannedUndo| one.state().counts(false).deleted;
    let (going, before) = leaving(planned.lanes.iter().map(|(_, one)| (one.counts(), before(one))));
    output::say_whole(&wrapped(&format!(
        "plan      all together: {}",
        leaver_words::in_one_line(&going, before)
    )));
    if args.dry_run {
        if args.format == Format::Human {
            let users = count(going.delete, "user");
            output::told(&format!("dry run: {users} would be deleted; nothing was sent\n"));
        }
        let exit = planned.exit_of_dry_run();
        planned.close().await;
        return Ok(exit);
    }
    match agrees_to_undo(args, members, &planned, going.delete, words) {
        Ok(true) => {}
        Ok(false) => {
            planned.close().await;
            return Ok(declined("nobody was deleted", words));
        }
        Err(failure) => {
            planned.close().await;
            return Err(failure);
        }
    }
    let arns: Vec<(String, String)> =
        planned.lanes.iter().map(|(target, one)| (target.clone(), one.instance().arn.clone())).collect();
    let ended = planned.run().await?;
    stage.close();
    let said = of_undo(members, &arns, &ended);
    Ok(farewells(args.format, words, ended, said, &|_| None))
}

/// Asks whoever is there for the number of all who are deleted; where nobody is, each run was typed.
fn agrees_to_undo(
    args: &UndoArgs,
    members: &Members<TypedUndo>,
    planned: &Abreast<PlannedUndo>,
    going: u64,
    words: &[OsString],
) -> Result<bool, Failure> {
    let with_some = planned.lanes.iter().filter(|(_, one)| one.counts().delete > 0);
    let (mut untyped, mut unnamed) = (Vec::new(), Vec::new());
    for (target, one) in with_some {
        if !of(members, target)?.is_run_typed() {
            unnamed.push(format!("`{target}`"));
            untyped.extend(["--run".to_owned(), one.run_id().to_owned()]);
        }
    }
    if going == 0 || (args.yes && untyped.is_empty()) {
        return Ok(true);
    }
    if !settings::is_interactive() {
        let users = count(going, "user");
        let more: Vec<String> = (!args.yes).then(|| "--yes".to_owned()).into_iter().chain(untyped).collect();
        let command = retype::resume_with(words, &more);
        let what = match (args.run.is_empty(), unnamed.as_slice()) {
            (false, [_, ..]) => format!("nobody was deleted: --run names no run of {}", unnamed.join(", ")),
            _ => format!("nobody was deleted: {users} would be, and nobody is there to type that number"),
        };
        return Err(Failure::usage(what).hint(format!("if that is right: {command}")));
    }
    Ok(typed_number::asks(going)? == Answer::Agreed)
}

/// What is said of each target whose run was undone.
fn of_undo(
    members: &Members<TypedUndo>,
    arns: &[(String, String)],
    ended: &EndedAbreast<EndedUndo>,
) -> Words {
    let mut words = Words::default();
    for (target, came) in &ended.lanes {
        let (Ok(ended), Ok(typed)) = (came, of(members, target)) else { continue };
        let arn = arns.iter().find(|(of, _)| of == target).map_or("", |(_, arn)| arn);
        let farewell = UndoFarewell { typed, arn, ended };
        words.result(target, farewell.result());
        words.lines(target, farewell.of_one_target());
    }
    let all = ended.lanes.iter().filter_map(|(_, came)| came.as_ref().ok());
    words.total = undo_farewell::total(all, &text::duration(ended.took));
    words
}

/// What is said at the end of several.
#[derive(Default)]
struct Words {
    results: Vec<(String, String)>,
    total: String,
    /// Rows of which not all came.
    failed: u64,
    lines: Vec<Said>,
}

impl Words {
    fn result(&mut self, target: &str, result: String) {
        self.results.push((target.to_owned(), result));
    }

    fn lines(&mut self, target: &str, lines: Vec<Said>) {
        self.lines.extend(of_targets::named(target, lines));
    }
}

/// A line for each target and one for all on stdout, for people; the rest on stderr. Returns how to exit.
fn farewells<E>(
    format: Format,
    words: &[OsString],
    ended: EndedAbreast<E>,
    said: Words,
    retry: &dyn Fn(Option<&Path>) -> Option<Line>,
) -> Exit
where
    E: Came,
{
    let Words { results, total, failed, mut lines } = said;
    if format == Format::Human {
        let result = |target: &str, _: &E| {
            let found = results.iter().find(|(of, _)| of == target);
            found.map(|(_, result)| result.clone()).unwrap_or_default()
        };
        output::told_under(&of_targets::results(&ended, result, &total), 4);
    }
    lines.extend(of_targets::left_out(&ended));
    match &ended.left {
        Ok(left) => lines.extend(of_left(left, failed, retry)),
        Err(failure) => output::failure(failure),
    }
    if matches!(ended.exit, Exit::Interrupted | Exit::Stopped | Exit::Unsettled) {
        lines.push(farewell::resume_with(&retype::resume(words)));
    }
    lines.iter().for_each(farewell::say);
    of_targets::told_failures(ended)
}

/// Where the rows of all are of whom nothing came, and what sends each to its target again.
fn of_left(left: &Left, failed: u64, retry: &dyn Fn(Option<&Path>) -> Option<Line>) -> Vec<Said> {
    let mut lines = farewell::of_files(left);
    let Some(file) = &left.file else {
        // They are not in a file of their own: what was sent is one that is mended in place.
        if failed > 0 {
            let rows = count(failed, "row");
            lines.push(Said::Talk(format!("{rows} not as asked; mend what is wrong there")));
            lines.extend(retry(None).map(|line| Said::Command("retry with: ", line.to_string())));
        }
        return lines;
    };
    lines.push(Said::Talk(format!(
        "{} not as asked, with the reasons in {}, whichever target they are for; mend what is wrong there",
        count(left.rows, "row"),
        shown(file)
    )));
    lines.extend(retry(Some(file)).map(|line| Said::Command("retry with: ", line.to_string())));
    lines
}

/// What sends the rows of a file again, each to its target.
fn retry_all(
    words: &[OsString],
    targets: &TargetsArgs,
    ledger: Option<&LedgerAt>,
    file: &Path,
    is_rehearsal: bool,
) -> Option<Line> {
    let mut line = Line::of_typed(words, "retry");
    line.option("--roster", Some(file.display()));
    line.targets(targets, None);
    line.option("--ledger", retype::in_table(ledger));
    line.switch("--simulate", is_rehearsal);
    Some(line)
}

/// What is told of targets and rows that have no part in it.
fn say_apart<J: Send + 'static>(abreast: &Abreast<J>) {
    let mut lines = Vec::new();
    for (target, failure) in abreast.left_out() {
        lines.push(format!("left out  {target}: {}", plain(&failure.what)));
    }
    if !abreast.idle().is_empty() {
        lines.push(format!("idle      no row is for {}", abreast.idle().join(", ")));
    }
    if abreast.others() > 0 {
        let are = if abreast.others() == 1 { "is" } else { "are" };
        lines.push(format!(
            "others    {} {are} for targets that were not asked for",
            count(abreast.others(), "row")
        ));
    }
    let unmet = abreast.unmet();
    if unmet > 0 {
        let are = if unmet == 1 { "is" } else { "are" };
        lines.push(format!("left      {} {are} for no target", count(unmet, "row")));
    }
    if !lines.is_empty() {
        output::say_whole(&wrapped(&lines.join("\n")));
    }
}

fn declined(what: &str, words: &[OsString]) -> Exit {
    output::say(what);
    farewell::say_resume(&retype::resume(words));
    Exit::Interrupted
}

fn wrapped(text: &str) -> String {
    words::wrapped(text, settings::width_of_talk(), INDENT)
}

fn leaving(all: impl Iterator<Item = (LeaverCounts, u64)>) -> (LeaverCounts, u64) {
    all.fold((LeaverCounts::default(), 0), |(mut sum, before), (counts, deleted)| {
        sum += counts;
        (sum, before + deleted)
    })
}

/// Each with its target's name.
fn named<T>(members: Vec<T>, name: impl Fn(&T) -> Option<&str>) -> Members<T> {
    members.into_iter().map(|one| (name(&one).unwrap_or_default().to_owned(), one)).collect()
}

/// What was typed for a target.
fn of<'m, T>(members: &'m Members<T>, target: &str) -> Result<&'m T, Failure> {
    let found = members.iter().find(|(name, _)| name == target).map(|(_, typed)| typed);
    found.ok_or_else(|| Failure::new(Exit::Bug, format!("nothing was typed for the target `{target}`")))
}

fn meant<T, J>(members: &Members<T>, args: &TargetsArgs, job: impl Fn(&T) -> J) -> InTargets<J> {
    in_targets(members.iter().map(|(target, typed)| (target.clone(), job(typed))).collect(), args)
}

fn in_targets<J>(members: Vec<(String, J)>, args: &TargetsArgs) -> InTargets<J> {
    let TargetsArgs { targets: _, only: _, fail_fast, skip_failed_targets } = *args;
    InTargets::new(members, fail_fast, skip_failed_targets)
}

/// Does it on a stage, with one thread for all.
fn staged(
    format: Format,
    doing: Doing,
    words: &[OsString],
    work: impl AsyncFnOnce(&Stage) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::stopped("cannot start the runtime").because(error))?;
    let stage = Stage::set(format, doing, words)?;
    let ended = runtime.block_on(work(&stage));
    stage.close();
    ended
}
