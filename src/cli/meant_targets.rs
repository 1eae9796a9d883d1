//! Typed → meant, of several targets: an import or a retry for each, with what the file of targets says in the flags' place.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::import::{Format, ImportArgs, RetryArgs, Shared};
use super::args::instance::InstanceArgs;
use super::args::roster::Identity;
use super::args::targets::TargetsArgs;
use super::meant::{Typed, from_here};
use super::{retype, settings, tables};
use crate::disk;
use crate::error::Failure;
use crate::failed;
use crate::job::{Before, InTargets, Job, OneTarget, RateAsked, Targets};
use crate::ledger::{self, LedgerAt, State, beside};
use crate::roster::{OfTargets, TargetNames};

/// An import or a retry of several targets, as it was typed.
pub(super) struct TypedFleet {
    /// The command as a whole: what is printed of it is made of this.
    pub(super) whole: Typed,
    /// The file of targets.
    pub(super) file: PathBuf,
    /// Each target with what is meant for it.
    pub(super) members: Vec<Typed>,
}

impl TypedFleet {
    /// An import: each target has a ledger of its own beside the roster.
    ///
    /// # Errors
    /// Exit 2 where the file of targets cannot be used, or what was typed does not go with several targets.
    pub(super) fn import(args: ImportArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        if args.update.update {
            return Err(not_with_targets(
                "--update",
                "leave it out here; then `headcount update ROSTER --targets FILE.toml` puts right whoever is there",
            ));
        }
        let picked = of_file(&args.shared)?;
        let usual = beside::ledger_of(&args.roster, args.shared.rehearsal.simulate).into();
        let named = args.shared.ledger.clone().unwrap_or(usual);
        let whole = Typed::import_with(args, named, words);
        let member = |one: OnePicked<'_>| {
            let (named, is_rehearsal) = (whole.shared.ledger.as_ref(), whole.shared.rehearsal.simulate);
            Ok(Typed {
                roster: whole.roster.clone(),
                ledger: whole.shared.taking.of(one.ledger(named, None, &whole.roster, is_rehearsal)?)?,
                retry: None,
                update: None,
                removing: whole.removing.clone(),
                shared: shared_of(&whole.shared, one),
                named: whole.named,
                words: whole.words.clone(),
            })
        };
        let members = picked.each().map(member).collect::<Result<_, Failure>>()?;
        Ok(Self { file: picked.file, members, whole })
    }

    /// A retry: of one ledger that says of which target it is, or of those beside a roster.
    ///
    /// # Errors
    /// Exit 2 where the file of targets or the ledgers cannot be used.
    pub(super) fn retry(mut args: RetryArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        args.delete_nobody()?;
        let ledgers = ledgers_of(&mut args, None)?;
        let picked = of_file(&args.shared)?;
        let named = named_table(&args);
        let mut members = Vec::new();
        for Retried { target, at, state } in ledgers {
            let Some(one) = picked.find(&target)? else { continue };
            let before = Before::says(&at, &state);
            let mut shared = shared_of(&args.shared, one);
            shared.rehearsal.simulate |= before.is_rehearsal(false);
            shared.ledger = None; // this one
            let of = RetryArgs { of: Some(at), shared, ..args.clone() };
            members.push(Typed::retry_of(of, before, settings::named(), words.clone())?);
        }
        let Some(first) = members.first() else {
            return Err(none_has_one());
        };
        let roster = args.roster.clone().unwrap_or_else(|| first.roster.clone());
        let whole = Typed {
            roster,
            ledger: first.ledger.clone(),
            retry: None,
            update: None,
            removing: args.removing.clone(),
            shared: Shared { rehearsal: first.shared.rehearsal.clone(), ledger: named, ..args.shared },
            named: settings::named(),
            words,
        };
        Ok(Self { file: picked.file, members, whole })
    }

    /// The jobs that are meant.
    pub(super) fn meant(&self) -> InTargets<Job> {
        let TargetsArgs { targets: _, only: _, fail_fast, skip_failed_targets } = &self.whole.shared.targets;
        let member = |typed: &Typed| {
            let target = typed.shared.reading.target().unwrap_or_default().to_owned();
            (target, Job { settings: Some(retype::settings(typed)), ..typed.meant() })
        };
        InTargets::new(self.members.iter().map(member).collect(), *fail_fast, *skip_failed_targets)
    }

    /// What is meant for a target.
    pub(super) fn member(&self, target: &str) -> Option<&Typed> {
        self.members.iter().find(|typed| typed.shared.reading.target() == Some(target))
    }

    /// For people, or one event a line for programs.
    pub(super) fn format(&self) -> Format {
        self.whole.shared.format
    }
}

pub(super) fn not_with_targets(flag: &str, instead: &str) -> Failure {
    Failure::usage(format!("{flag} does not go with --targets yet")).hint(instead)
}

/// The targets of a file that are asked for.
pub(super) struct Picked {
    /// The file.
    pub(super) file: PathBuf,
    targets: Targets,
    names: Arc<TargetNames>,
    /// Their places, in the order of the file.
    places: Vec<usize>,
}

impl Picked {
    /// Those that these arguments ask for.
    ///
    /// # Errors
    /// Exit 2 where the file cannot be used, or has none of such a name.
    pub(super) fn of(args: &TargetsArgs) -> Result<Self, Failure> {
        let Some(file) = &args.targets else { return Err(Failure::usage("no file of targets is given")) };
        let targets = Targets::open(file)?;
        let mut places = args.only.iter().map(|name| targets.find(name)).collect::<Result<Vec<_>, _>>()?;
        places.sort_unstable();
        places.dedup();
        let names = match places.as_slice() {
            [alone] => targets.names().alone(*alone),
            _ => targets.names(),
        };
        if places.is_empty() {
            places = (0..targets.each.len()).collect();
        }
        Ok(Self { file: file.clone(), targets, names: Arc::new(names), places })
    }

    /// Whether the file has a target of this name, asked for or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.targets.each.iter().any(|target| target.name == name)
    }

    /// Each of them.
    pub(super) fn each(&self) -> impl Iterator<Item = OnePicked<'_>> {
        self.places.iter().map(|at| OnePicked { picked: self, at: *at })
    }

    /// The one of this name, where it is asked for.
    ///
    /// # Errors
    /// Exit 2 where the file has none of this name.
    pub(super) fn find(&self, name: &str) -> Result<Option<OnePicked<'_>>, Failure> {
        let at = self.targets.find(name)?;
        Ok(self.places.contains(&at).then_some(OnePicked { picked: self, at }))
    }
}

/// One of the targets that are asked for.
#[derive(Clone, Copy)]
pub(super) struct OnePicked<'p> {
    picked: &'p Picked,
    at: usize,
}

impl<'p> OnePicked<'p> {
    pub(super) fn target(self) -> &'p OneTarget {
        &self.picked.targets.each[self.at]
    }

    pub(super) fn name(self) -> String {
        self.target().name.clone()
    }

    /// Its rows of a roster.
    pub(super) fn rows(self) -> OfTargets {
        OfTargets { names: Arc::clone(&self.picked.names), only: Some(self.at) }
    }

    /// These arguments for it alone.
    pub(super) fn alone(self, args: &TargetsArgs) -> TargetsArgs {
        TargetsArgs { targets: Some(self.picked.file.clone()), only: vec![self.name()], ..args.clone() }
    }

    /// The instance, as if it had been typed.
    pub(super) fn instance(self, is_rehearsal: bool) -> InstanceArgs {
        let OneTarget {
            name: _,
            also: _, // how rows are found
            instance,
            region,
            profile,
            role,
            endpoint_url,
            rate: _,  // of CreateUser alone
            burst: _, // likewise
            identity,
            directory,
        } = self.target();
        InstanceArgs {
            instance: Some(instance.clone()).filter(|_| !is_rehearsal),
            region: region.clone().filter(|_| !is_rehearsal),
            profile: profile.clone().filter(|_| !is_rehearsal),
            endpoint_url: endpoint_url.clone().filter(|_| !is_rehearsal),
            identity: identity.map(Identity::from),
            directory: directory.clone(),
            role: role.clone().filter(|_| !is_rehearsal),
        }
    }

    /// Its ledger: beside the roster, or in the table that machines share.
    ///
    /// # Errors
    /// Exit 2 where a file is named, which could be one target's alone, or a rehearsal's would be in a table.
    pub(super) fn ledger(
        self,
        named: Option<&LedgerAt>,
        job: Option<ledger::Job>,
        roster: &Path,
        is_rehearsal: bool,
    ) -> Result<LedgerAt, Failure> {
        match named {
            None => {
                let stem = beside::for_target(roster, Some(&self.target().name));
                Ok(beside::ledger_for(job, &stem, is_rehearsal).into())
            }
            Some(named) => {
                let Some(table) = named.in_table() else { return Err(no_file_for_all()) };
                let ledger = tables::for_target(table, roster, &self.target().name, job)?;
                tables::not_rehearsed(&ledger, is_rehearsal)?;
                Ok(ledger)
            }
        }
    }
}

fn no_file_for_all() -> Failure {
    Failure::usage("with --targets each target has a ledger of its own, beside the roster").hint(
        "leave --ledger out: of the target `emea` it is ROSTER.emea.ledger.jsonl; ledgers that machines share are \
         --ledger dynamodb://TABLE/NAME, and there NAME.emea",
    )
}

/// The file of targets of an import or a retry, and which of them are asked for.
fn of_file(shared: &Shared) -> Result<Picked, Failure> {
    if shared.actions {
        return Err(not_with_targets(
            "--actions",
            "rows of who joins are a roster of their own here; `headcount update` and `headcount remove` obey such a column",
        ));
    }
    if shared.ledger.as_ref().is_some_and(|ledger| ledger.in_table().is_none()) {
        return Err(no_file_for_all());
    }
    Picked::of(&shared.targets)
}

/// The flags of one target: what its file says where they say nothing.
fn shared_of(shared: &Shared, one: OnePicked<'_>) -> Shared {
    let mut own = shared.clone();
    own.instance = own.instance.or(&one.instance(shared.rehearsal.simulate));
    own.reading.of_targets = Some(one.rows());
    let OneTarget { name, rate, burst, .. } = one.target();
    if own.rate == RateAsked::Quota {
        own.rate = rate.unwrap_or_default();
    }
    own.burst = own.burst.or(*burst);
    // Each run has a file of its own, as it has a ledger of its own.
    let out = &mut own.passwords.credentials_out;
    *out = out.as_deref().map(|out| disk::with_suffix(out, &format!(".{name}")));
    own
}

/// The file of targets that a ledger's run was told, where it is one target's.
pub(super) fn file_of(state: &State) -> Option<PathBuf> {
    let settings = state.session.settings.as_deref().unwrap_or_default();
    let at = settings.iter().position(|word| word == "--targets")?;
    settings.get(at + 1).map(|file| from_here(Path::new(file)))
}

pub(super) fn no_file(target: &str) -> Failure {
    Failure::usage(format!("the ledger is of the target `{target}`, and no file of targets is given"))
        .hint("name it with --targets")
}

fn none_has_one() -> Failure {
    Failure::usage("none of these targets has a ledger here")
        .hint("an import makes them, as in `headcount import ROSTER --targets FILE.toml`")
}

/// Whose run is retried where there are several targets: the ledger's, or that of the file of failed rows.
///
/// # Errors
/// Exit 2 where the ledger is none; exit 4 where it is damaged.
pub(super) fn job_of(args: &RetryArgs) -> Result<Option<ledger::Job>, Failure> {
    match &args.of {
        Some(of) => Ok(ledger::peek(of)?.0.header.job),
        None => Ok(args.roster.as_deref().and_then(failed::job_of)),
    }
}

/// Retries of runs of several targets, which are no imports: of the one whose ledger is named, or of all beside a roster. `retry`
/// makes each, by what it would be told alone, what its ledger says, and the address of the ledgers where they are in a table:
/// for what is printed. Returns the targets that are meant as well.
///
/// # Errors
/// Exit 2 where the file of targets or a ledger cannot be used; as `retry`'s.
pub(super) fn retries<T>(
    mut args: RetryArgs,
    job: ledger::Job,
    retry: impl Fn(RetryArgs, &State, Option<LedgerAt>) -> Result<T, Failure>,
) -> Result<(Vec<T>, TargetsArgs), Failure> {
    let ledgers = ledgers_of(&mut args, Some(job))?;
    let named = named_table(&args);
    let picked = Picked::of(&args.shared.targets)?;
    let mut members = Vec::new();
    for Retried { target, at, state } in ledgers {
        let Some(one) = picked.find(&target)? else { continue };
        members.push(retry(retry_of(&args, one, &at), &state, named.clone())?);
    }
    if members.is_empty() { Err(none_has_one()) } else { Ok((members, args.shared.targets)) }
}

/// The address in a table by which the ledgers are found that a retry is of, where they are in one.
fn named_table(args: &RetryArgs) -> Option<LedgerAt> {
    let named = args.shared.ledger.as_ref().or(args.of.as_ref())?;
    named.in_table().map(|_| named.clone())
}

/// The retry of one target's ledger.
fn retry_of(args: &RetryArgs, one: OnePicked<'_>, ledger: &LedgerAt) -> RetryArgs {
    let mut shared = args.shared.clone();
    shared.rehearsal.simulate |= ledger.on_disk().is_some_and(beside::is_named_as_rehearsed);
    shared.instance = shared.instance.or(&one.instance(shared.rehearsal.simulate));
    shared.reading.of_targets = Some(one.rows());
    shared.targets = one.alone(&shared.targets);
    shared.ledger = None; // this one
    RetryArgs { of: Some(ledger.clone()), shared, ..args.clone() }
}

/// The ledger of one of several targets that is retried.
struct Retried {
    target: String,
    at: LedgerAt,
    /// What it says; of one that is to be begun, what it is told.
    state: State,
}

/// A ledger that says of which target it is, and the flags with the file of targets that it was made by, where none was typed.
fn args_of_ledger(args: &mut RetryArgs, at: LedgerAt) -> Result<Retried, Failure> {
    let (state, _) = ledger::peek(&at)?;
    let Some(target) = state.header.target.clone() else {
        return Err(Failure::usage(format!("the ledger is of no target: `{}`", at.display()))
            .hint("leave --targets out: it says itself of which instance it is"));
    };
    let targets = &mut args.shared.targets.targets;
    *targets = targets.take().or(file_of(&state));
    if targets.is_none() {
        return Err(no_file(&target));
    }
    // It is about this one alone, as whoever names the ledger of an undo means its target alone.
    let only = &mut args.shared.targets.only;
    if only.is_empty() {
        only.push(target.clone());
    }
    Ok(Retried { target, at, state })
}

/// The ledgers that a retry of several targets is of.
///
/// # Errors
/// Exit 2 where the file of targets or the ledgers cannot be used.
fn ledgers_of(args: &mut RetryArgs, job: Option<ledger::Job>) -> Result<Vec<Retried>, Failure> {
    match args.of.clone() {
        Some(of) => Ok(vec![args_of_ledger(args, of)?]),
        None => ledgers_beside(args, job),
    }
}

/// The ledgers of all targets beside a roster, or beside the roster that a file of failed rows is of: with such a file also one
/// that is to be begun, for whoever has mended a row's target has sent it where nothing was sent before.
fn ledgers_beside(args: &RetryArgs, job: Option<ledger::Job>) -> Result<Vec<Retried>, Failure> {
    let Some(roster) = &args.roster else {
        return Err(Failure::usage("which ledgers are retried?")
            .hint("name the roster with --roster, or the file of its failed rows; or one ledger"));
    };
    let picked = of_file(&args.shared)?;
    let of = failed::roster_of(roster);
    let simulates = args.shared.rehearsal.simulate;
    let place = |one: OnePicked<'_>, roster: &Path, is_rehearsal: bool| {
        one.ledger(args.shared.ledger.as_ref(), job, roster, is_rehearsal)
    };
    // A roster has ledgers of both where its import was rehearsed: those of the kind that the file is of come first.
    let rehearsed = simulates || of.as_ref().is_some_and(|(_, is_rehearsal)| *is_rehearsal);
    let kinds =
        if simulates || args.shared.ledger.is_some() { vec![simulates] } else { vec![rehearsed, !rehearsed] };
    let rosters = of.iter().map(|(whole, _)| whole.as_path()).chain([roster.as_path()]);
    let places: Vec<(&Path, bool)> =
        rosters.flat_map(|roster| kinds.iter().map(move |kind| (roster, *kind))).collect();
    let first_of = |picked: &Picked| {
        for (roster, is_rehearsal) in &places {
            let mut there = Vec::new();
            for one in picked.each() {
                let at = place(one, roster, *is_rehearsal)?;
                if ledger::is_there(&at) {
                    let (state, _) = ledger::peek(&at)?;
                    there.push(Retried { target: one.name(), at, state });
                }
            }
            if !there.is_empty() {
                return Ok(Some((there, *roster, *is_rehearsal)));
            }
        }
        Ok::<_, Failure>(None)
    };
    let begins = of.is_some() && args.codes.is_empty();
    let (there, whole, is_rehearsal) = match first_of(&picked)? {
        Some(found) => found,
        None if !begins => return Ok(Vec::new()),
        // What a ledger that is to be begun is told is what any of the others was, also of one that is not asked for.
        None => {
            let all = TargetsArgs { only: Vec::new(), ..args.shared.targets.clone() };
            let Some(others) = first_of(&Picked::of(&all)?)? else { return Ok(Vec::new()) };
            others
        }
    };
    let beside = there.first().map(|one| one.state.begun_beside()).filter(|_| begins);
    let mut retried = Vec::new();
    let mut there = there.into_iter().map(|one| (one.target.clone(), one)).collect::<HashMap<_, _>>();
    for one in picked.each() {
        match (there.remove(&one.name()), &beside) {
            (Some(is_there), _) => retried.push(is_there),
            (None, Some(state)) => {
                let at = place(one, whole, is_rehearsal)?;
                retried.push(Retried { target: one.name(), at, state: state.clone() });
            }
            (None, None) => {}
        }
    }
    Ok(retried)
}
