//! Typed → meant, of several targets: an import or a retry for each, with what the file of targets says in the flags' place.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::args::import::{Format, ImportArgs, RetryArgs, Shared};
use super::args::instance::InstanceArgs;
use super::args::roster::Identity;
use super::args::targets::TargetsArgs;
use super::meant::{OfTarget, Typed, from_here};
use super::{retype, settings, tables};
use crate::disk;
use crate::error::Failure;
use crate::failed;
use crate::job::{Before, Fleet, Job, Member, OneTarget, RateAsked, Targets};
use crate::ledger::{self, LedgerAt, beside};
use crate::roster::OfTargets;

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
            return Err(not_with_targets("--update"));
        }
        let (file, targets, picked) = of_file(&args.shared)?;
        let usual = beside::ledger_of(&args.roster, args.shared.rehearsal.simulate).into();
        let named = args.shared.ledger.clone().unwrap_or(usual);
        let whole = Typed::import_with(args, named, words);
        let member = |at: usize| {
            let target = &targets.each[at];
            let ledger =
                ledger_of(&whole.shared, &whole.roster, &target.name, whole.shared.rehearsal.simulate)?;
            Ok(Typed {
                roster: whole.roster.clone(),
                ledger,
                retry: None,
                update: None,
                removing: whole.removing.clone(),
                shared: shared_of(&whole.shared, target),
                of_target: Some(of_target(&targets, at)),
                named: whole.named,
                words: whole.words.clone(),
            })
        };
        let members = picked.into_iter().map(member).collect::<Result<_, Failure>>()?;
        Ok(Self { file, members, whole })
    }

    /// A retry: of one ledger that says of which target it is, or of those beside a roster.
    ///
    /// # Errors
    /// Exit 2 where the file of targets or the ledgers cannot be used.
    pub(super) fn retry(mut args: RetryArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        args.delete_nobody()?;
        let ledgers = match args.of.clone() {
            Some(of) => vec![args_of_ledger(&mut args, of)?],
            None => ledgers_of(&args)?,
        };
        let (file, targets, picked) = of_file(&args.shared)?;
        let mut members = Vec::new();
        for (name, path) in ledgers {
            let at = targets.find(&name)?;
            if !picked.contains(&at) {
                continue;
            }
            let target = &targets.each[at];
            let before = Before::of(&path)?;
            let mut shared = shared_of(&args.shared, target);
            shared.rehearsal.simulate |= before.is_rehearsal(false);
            shared.ledger = None; // this one
            let of = RetryArgs { of: Some(path), shared, ..args.clone() };
            let typed = Typed::retry_of(of, before, settings::named(), words.clone())?;
            members.push(Typed { of_target: Some(of_target(&targets, at)), ..typed });
        }
        let Some(first) = members.first() else {
            return Err(Failure::usage("none of these targets has a ledger here")
                .hint("an import makes them, as in `headcount import ROSTER --targets FILE.toml`"));
        };
        let roster = args.roster.clone().unwrap_or_else(|| first.roster.clone());
        let whole = Typed {
            roster,
            ledger: first.ledger.clone(),
            retry: None,
            update: None,
            removing: args.removing.clone(),
            shared: Shared { rehearsal: first.shared.rehearsal.clone(), ..args.shared },
            of_target: None,
            named: settings::named(),
            words,
        };
        Ok(Self { file, members, whole })
    }

    /// The jobs that are meant.
    pub(super) fn meant(&self) -> Fleet {
        let TargetsArgs { targets: _, only: _, fail_fast, skip_failed_targets } = &self.whole.shared.targets;
        let member = |typed: &Typed| Member {
            target: typed.of_target.as_ref().map(|of| of.name.clone()).unwrap_or_default(),
            job: Job { settings: Some(retype::settings(typed)), ..typed.meant() },
        };
        Fleet {
            members: self.members.iter().map(member).collect(),
            fails_fast: *fail_fast,
            skips_failed: *skip_failed_targets,
        }
    }

    /// What is meant for a target.
    pub(super) fn member(&self, target: &str) -> Option<&Typed> {
        self.members.iter().find(|typed| typed.of_target.as_ref().is_some_and(|of| of.name == target))
    }

    /// For people, or one event a line for programs.
    pub(super) fn format(&self) -> Format {
        self.whole.shared.format
    }
}

fn not_with_targets(flag: &str) -> Failure {
    Failure::usage(format!("{flag} does not go with --targets yet"))
        .hint("leave it out here, and run that part for each instance with --instance")
}

/// The file of targets, and which of them are asked for.
fn of_file(shared: &Shared) -> Result<(PathBuf, Targets, Vec<usize>), Failure> {
    let TargetsArgs { targets: file, only, .. } = &shared.targets;
    let Some(file) = file else { return Err(Failure::usage("no file of targets is given")) };
    if shared.actions {
        return Err(not_with_targets("--actions"));
    }
    if shared.ledger.as_ref().is_some_and(|ledger| ledger.in_table().is_none()) {
        return Err(Failure::usage("with --targets each target has a ledger of its own, beside the roster")
            .hint(
                "leave --ledger out: of the target `emea` it is ROSTER.emea.ledger.jsonl; ledgers that machines share are \
                 --ledger dynamodb://TABLE/NAME, and there NAME.emea",
            ));
    }
    let targets = Targets::open(file)?;
    let mut picked = only.iter().map(|name| targets.find(name)).collect::<Result<Vec<_>, _>>()?;
    picked.sort_unstable();
    picked.dedup();
    if picked.is_empty() {
        picked = (0..targets.each.len()).collect();
    }
    Ok((file.clone(), targets, picked))
}

/// The ledger of a target: beside the roster, or in the table that machines share.
fn ledger_of(shared: &Shared, roster: &Path, target: &str, is_rehearsal: bool) -> Result<LedgerAt, Failure> {
    match shared.ledger.as_ref().and_then(LedgerAt::in_table) {
        Some(table) => {
            let ledger = tables::for_target(table, roster, target)?;
            tables::not_rehearsed(&ledger, is_rehearsal)?;
            Ok(ledger)
        }
        None => Ok(beside::ledger_of(&beside::for_target(roster, Some(target)), is_rehearsal).into()),
    }
}

fn of_target(targets: &Targets, at: usize) -> OfTarget {
    let OneTarget { name, role, .. } = &targets.each[at];
    let rows = OfTargets { names: Arc::new(targets.names()), only: Some(at) };
    OfTarget { name: name.clone(), rows, role: role.clone() }
}

/// The flags of one target: what its file says where they say nothing.
fn shared_of(shared: &Shared, target: &OneTarget) -> Shared {
    let OneTarget {
        name,
        also: _, // how rows are found
        instance,
        region,
        profile,
        role: _, // for which there is no flag
        endpoint_url,
        rate,
        burst,
        identity,
        directory,
    } = target;
    let rehearses = shared.rehearsal.simulate;
    let mut own = shared.clone();
    own.instance = InstanceArgs {
        instance: Some(instance.clone()).filter(|_| !rehearses),
        region: region.clone().filter(|_| !rehearses),
        profile: profile.clone().filter(|_| !rehearses),
        endpoint_url: endpoint_url.clone().filter(|_| !rehearses),
        identity: identity.map(Identity::from),
        directory: directory.clone(),
    };
    if own.rate == RateAsked::Quota {
        own.rate = rate.unwrap_or_default();
    }
    own.burst = own.burst.or(*burst);
    // Each run has a file of its own, as it has a ledger of its own.
    let out = &mut own.passwords.credentials_out;
    *out = out.as_deref().map(|out| disk::with_suffix(out, &format!(".{name}")));
    own
}

/// A ledger that says of which target it is, and the flags with the file of targets that it was made by, where none was typed.
fn args_of_ledger(args: &mut RetryArgs, ledger: LedgerAt) -> Result<(String, LedgerAt), Failure> {
    let (state, _) = ledger::peek(&ledger)?;
    let Some(target) = state.header.target else {
        return Err(Failure::usage(format!("the ledger is of no target: `{}`", ledger.display()))
            .hint("leave --targets out: it says itself of which instance it is"));
    };
    if state.header.job.is_some() {
        return Err(not_with_targets("a retry of this ledger"));
    }
    let settings = state.session.settings.unwrap_or_default();
    let file = settings.iter().position(|word| word == "--targets").and_then(|at| settings.get(at + 1));
    let targets = &mut args.shared.targets.targets;
    *targets = targets.take().or(file.map(|file| from_here(Path::new(file))));
    if targets.is_none() {
        return Err(Failure::usage(format!(
            "the ledger is of the target `{target}`, and no file of targets is given"
        ))
        .hint("name it with --targets"));
    }
    Ok((target, ledger))
}

/// The ledgers of all targets beside a roster, or beside the roster that a file of failed rows is of.
fn ledgers_of(args: &RetryArgs) -> Result<Vec<(String, LedgerAt)>, Failure> {
    let Some(roster) = &args.roster else {
        return Err(Failure::usage("which ledgers are retried?")
            .hint("name the roster with --roster, or the file of its failed rows; or one ledger"));
    };
    let (_, targets, _) = of_file(&args.shared)?;
    if args.shared.ledger.is_some() {
        let whole = failed::roster_of(roster).map_or(roster.clone(), |(whole, _)| whole);
        let mut there = Vec::new();
        for target in &targets.each {
            let ledger = ledger_of(&args.shared, &whole, &target.name, args.shared.rehearsal.simulate)?;
            if ledger::is_there(&ledger) {
                there.push((target.name.clone(), ledger));
            }
        }
        return Ok(there);
    }
    let is_there = |roster: &Path| {
        let all = targets.each.iter().flat_map(|target| {
            let stem = beside::for_target(roster, Some(&target.name));
            let simulates = [false, true].into_iter().filter(|is| *is || !args.shared.rehearsal.simulate);
            simulates.map(move |is_rehearsal| (target.name.clone(), beside::ledger_of(&stem, is_rehearsal)))
        });
        all.filter(|(_, ledger)| ledger.exists()).collect::<Vec<_>>()
    };
    let of = failed::roster_of(roster);
    let mut there = of.as_ref().map(|(of, _)| is_there(of)).unwrap_or_default();
    if there.is_empty() {
        there = is_there(roster);
    }
    // A roster has ledgers of both where its import was rehearsed.
    let rehearsed = args.shared.rehearsal.simulate || of.is_some_and(|(_, is_rehearsal)| is_rehearsal);
    let is_one = |ledger: &Path| beside::is_named_as_rehearsed(ledger) == rehearsed;
    if there.iter().any(|(_, ledger)| is_one(ledger)) {
        there.retain(|(_, ledger)| is_one(ledger));
    }
    Ok(there.into_iter().map(|(target, ledger)| (target, ledger.into())).collect())
}
