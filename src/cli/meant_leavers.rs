//! What `headcount remove` means: what was typed, turned into who is to leave; and the commands that are printed after it.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use super::args::import::{RetryArgs, Shared};
use super::args::instance::InstanceArgs;
use super::args::remove::RemoveArgs;
use super::args::removing::{RemovingArgs, Suspension};
use super::args::roster::RosterArgs;
use super::args::targets::TargetsArgs;
use super::meant::{Typed, from_here, not_done};
use super::meant_targets::{self, OnePicked, Picked, not_with_targets};
use super::policy::Needs;
use super::retype::{Line, word_of};
use super::settings::named;
use super::tables::{self, Naming};
use crate::connect::policy::{self, Updates};
use crate::error::Failure;
use crate::job::{Allowed, Before, Job, PaceAsked, Passwords, Patience, RateAsked, Remove, Suspended, What};
use crate::ledger::{self, LedgerAt, State, beside};
use crate::roster::{Act, Options};

/// What was typed, and the command line.
#[derive(Clone)]
pub(super) struct TypedLeavers {
    pub(super) args: RemoveArgs,
    /// Of a retry: what it is to do.
    pub(super) retry: Option<Retry>,
    /// Its ledger, where it is of one of several targets.
    own: Option<LedgerAt>,
    pub(super) words: Vec<OsString>,
}

/// What a retry is to do.
#[derive(Clone)]
pub(super) struct Retry {
    codes: Vec<String>,
    /// Whom it is about; `None` for everybody in its file.
    picked: Option<HashSet<String>>,
    /// The file is a part of the list alone.
    is_of_part: bool,
    before: Before,
}

impl TypedLeavers {
    /// Leavers.
    ///
    /// # Errors
    /// Exit 2 where a shared ledger is named that cannot be one.
    pub(super) fn of(args: RemoveArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        if args.targets.targets.is_some() {
            return Ok(Self { args, retry: None, own: None, words }); // each target's ledger has a name of its own
        }
        let naming = Naming {
            roster: &args.list,
            instance: args.instance.instance.as_deref(),
            job: Some(ledger::Job::Remove),
            is_rehearsal: args.rehearsal.simulate,
        };
        let named = args.ledger.clone().map(|ledger| tables::named(ledger, &naming)).transpose()?;
        let ledger = args.taking.of_any(named)?;
        let args = RemoveArgs { ledger, ..args };
        Ok(Self { args, retry: None, own: None, words })
    }

    /// The same for each of the targets that are asked for.
    ///
    /// # Errors
    /// Exit 2 where the file of targets cannot be used, or what was typed does not go with several targets.
    pub(super) fn in_targets(&self) -> Result<Vec<Self>, Failure> {
        let args = &self.args;
        if args.first_suspend.is_some() {
            return Err(not_with_targets(
                "--first-suspend",
                "an update of them to a profile with next to no rights does the same: headcount update LIST --targets FILE.toml",
            ));
        }
        let member = |one: OnePicked<'_>| {
            let is_rehearsal = args.rehearsal.simulate;
            let own =
                one.ledger(args.ledger.as_ref(), Some(ledger::Job::Remove), &args.list, is_rehearsal)?;
            let own = Some(args.taking.of(own)?);
            let reading = RosterArgs { of_targets: Some(one.rows()), ..args.reading.clone() };
            let (instance, targets) = (one.instance(is_rehearsal), one.alone(&args.targets));
            let args = RemoveArgs { reading, instance, targets, ..args.clone() };
            Ok(Self { args, retry: None, own, words: self.words.clone() })
        };
        Picked::of(&args.targets)?.each().map(member).collect()
    }

    /// Retries of the lists of several targets: of the one whose ledger is named, or of all beside a list.
    ///
    /// # Errors
    /// Exit 2 where the file of targets or a ledger cannot be used.
    pub(super) fn retries(args: RetryArgs, words: &[OsString]) -> Result<(Vec<Self>, TargetsArgs), Failure> {
        meant_targets::retries(args, ledger::Job::Remove, |args, state, named| {
            let mut typed = Self::retry(args, state, words.to_vec())?;
            (typed.args.ledger, typed.own) = (named, typed.args.ledger);
            Ok(typed)
        })
    }

    /// A retry of a ledger of leavers, about those who were not deleted: what nothing else is said of is as it was told.
    ///
    /// # Errors
    /// Exit 2 where another ledger is named, or what it was told cannot be read.
    pub(super) fn retry(args: RetryArgs, state: &State, words: Vec<OsString>) -> Result<Self, Failure> {
        let of = args.ledger()?;
        let RetryArgs { of: _, roster, codes, overwrite_drift, change_email, removing, shared: typed } = args;
        if overwrite_drift || change_email {
            return Err(Failure::usage("the ledger is one of leavers, and nobody on a list is changed")
                .hint("leave --overwrite-drift and --change-email out"));
        }
        if typed.ledger.as_ref().is_some_and(|ledger| *ledger != of) {
            return Err(Failure::usage("retry names its ledger already").hint("leave --ledger out"));
        }
        let before = Before::says(&of, state);
        let is_of_part = roster.is_some();
        let list = roster.unwrap_or_else(|| from_here(&before.whole));
        let told = before.settings.as_deref().unwrap_or_default();
        let Some(mut args) = RemoveArgs::of_settings(&list, told) else {
            return Err(Failure::usage("what was told of these leavers cannot be read from their ledger")
                .hint("run `headcount remove LIST` again, with what it was told"));
        };
        args.removing.overlay(removing);
        if is_of_part {
            // A file of those who were not deleted is ours, in UTF-8 and with its header on top.
            (args.reading.encoding, args.reading.header_row) = (None, None);
        }
        args.reading.overlay(typed.reading);
        args.skip_invalid |= typed.skip_invalid;
        args.allow.allow.extend(typed.allow.allow);
        args.instance = typed.instance.or(&args.instance);
        args.targets = typed.targets;
        if typed.rehearsal.simulate {
            args.rehearsal = typed.rehearsal;
        }
        args.instance.complete(&mut args.rehearsal, &before, named());
        tables::not_rehearsed(&of, args.rehearsal.simulate)?;
        if typed.rate != RateAsked::Quota {
            args.rate = typed.rate;
        }
        args.burst = typed.burst.or(args.burst);
        args.concurrency = typed.concurrency.or(args.concurrency);
        (args.ledger, args.format) = (Some(typed.taking.of(of)?), typed.format);
        (args.dry_run, args.yes) = (typed.dry_run, typed.yes);
        let picked = (!is_of_part || !codes.is_empty()).then(|| not_done(state, &codes));
        let retry = Some(Retry { codes, picked, is_of_part, before });
        Ok(Self { args, retry, own: None, words })
    }

    /// The leavers of a sheet whose joiners an import of the same command makes, on the instance of this ARN.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub(super) fn of_import(typed: &Typed, removing: &RemovingArgs, arn: String) -> Result<Self, Failure> {
        let shared = &typed.shared;
        let Shared { reading, instance, rehearsal, allow, .. } = shared;
        let instance = InstanceArgs {
            instance: Some(arn).filter(|arn| !arn.is_empty()).or(instance.instance.clone()),
            ..instance.clone()
        };
        let args = RemoveArgs {
            list: typed.roster.clone(),
            removing: removing.clone(),
            first_suspend: None,
            actions: true,
            skip_invalid: shared.skip_invalid,
            allow: allow.clone(),
            reading: reading.clone(),
            instance,
            targets: TargetsArgs::default(),
            rehearsal: rehearsal.clone(),
            // What was said of CreateUser's pace says nothing of that of other calls.
            rate: RateAsked::Quota,
            burst: None,
            concurrency: shared.concurrency,
            // Beside the import's, wherever that is.
            ledger: tables::beside(&typed.ledger, Some(ledger::Job::Remove)),
            taking: shared.taking.clone(),
            dry_run: shared.dry_run,
            settle_timeout: shared.settle_timeout,
            outage_timeout: shared.outage_timeout,
            yes: shared.yes,
            format: shared.format,
        };
        Self::of(args, typed.words.clone())
    }

    /// The ledger of the deletions.
    pub(super) fn ledger(&self) -> LedgerAt {
        let usual = || beside::removal_ledger_of(&self.args.list, self.args.rehearsal.simulate).into();
        self.own.clone().or_else(|| self.args.ledger.clone()).unwrap_or_else(usual)
    }

    /// How the list is read.
    pub(super) fn reading(&self) -> Options {
        Options { act: self.args.actions.then_some(Act::Remove), ..self.args.reading.meant() }
    }

    /// What is meant. Every argument is taken apart here: one that is added breaks the build until it means something.
    ///
    /// # Errors
    /// Exit 2 where the file of those who are to stay cannot be used.
    pub(super) fn meant(&self) -> Result<Remove, Failure> {
        let RemoveArgs {
            list,
            removing,
            first_suspend,
            actions: _, // by how it is read
            skip_invalid,
            allow,
            reading: _, // likewise
            instance,
            targets: _, // each is one of them
            rehearsal,
            rate,
            burst,
            concurrency,
            ledger: _,  // where it is here
            taking: _,  // with it
            dry_run: _, // how far it goes is asked step by step
            settle_timeout,
            outage_timeout,
            yes: _,    // who is asked is the screen's
            format: _, // and so is how it is shown
        } = &self.args;
        let job = Job {
            what: self.what(list),
            target: instance.target(rehearsal.meant()),
            reading: self.reading(),
            ledger: self.ledger(),
            pace: PaceAsked { rate: *rate, burst: *burst, concurrency: concurrency.map(usize::from) },
            passwords: Passwords::OfRoster,
            patience: Patience {
                settle: Duration::from_secs(*settle_timeout),
                outage: Duration::from_secs(*outage_timeout),
            },
            allowed: Allowed { invalid_rows: *skip_invalid, errors: allow.meant(), ..Allowed::default() },
            // A retry is told for once: whoever goes on after it does so with what was told before.
            settings: match &self.retry {
                Some(retry) => retry.before.settings.clone(),
                None => Some(settings(self)),
            },
        };
        let mut lifts = removing.lifts();
        if first_suspend.is_some() {
            // Whoever is suspended can be put back, and keeps what leads to them.
            (lifts.quick_connects, lifts.signed_in) = (true, true);
        }
        let picked = self.retry.as_ref().and_then(|retry| retry.picked.clone());
        Ok(Remove { job, lifts, most: removing.max, protected: removing.protected()?, picked })
    }

    fn what(&self, list: &Path) -> What {
        let roster = list.to_owned();
        match &self.retry {
            None => What::Import { roster },
            Some(Retry { codes, picked: _, is_of_part, before }) => What::Retry {
                codes: codes.clone(),
                roster,
                is_part: *is_of_part,
                before: Box::new(before.clone()),
            },
        }
    }

    /// The permissions that it needs; `None` for a rehearsal.
    pub(super) fn needs(&self) -> Result<Option<Needs>, Failure> {
        if self.args.rehearsal.simulate {
            return Ok(None);
        }
        let needs = self.args.instance.needs()?;
        let goes_on = !self.args.dry_run;
        let suspension = self.args.first_suspend.as_ref();
        let is_suspended = |of: bool| goes_on && of;
        let updates = Updates {
            security_profiles: is_suspended(suspension.is_some()),
            routing_profile: is_suspended(suspension.is_some_and(|with| with.routing_profile.is_some())),
            ..Updates::NONE
        };
        let deletes = goes_on && suspension.is_none();
        let job = policy::Job {
            reads_users: true,
            deletes,
            // Whoever looks only, or suspends, is told the same.
            looks_around: true,
            signs_out: deletes,
            quick_connects: deletes && self.args.removing.with_quick_connects,
            updates,
            ..needs.job
        };
        Ok(Some(Needs { job, ..needs }))
    }
}

/// What deletes those on the list, once they have been suspended.
pub(super) fn deletes_later(typed: &TypedLeavers, arn: &str) -> Line {
    let mut line = Line::of_typed(&typed.words, "remove");
    line.path(&typed.args.list);
    line.take(reached(typed, arn));
    line.take(told(typed));
    line.option("--ledger", typed.args.ledger.as_ref().map(|path| path.display()));
    line
}

/// What lists how the rows of the ledger stand.
pub(super) fn status(typed: &TypedLeavers, which: &str) -> Line {
    let mut line = Line::of_typed(&typed.words, "status");
    line.path(&typed.ledger());
    line.option("--rows", Some(which));
    line
}

/// What was set, for the ledger to keep.
fn settings(typed: &TypedLeavers) -> Vec<String> {
    let mut line = Line::default();
    line.rehearsal(&typed.args.rehearsal, false);
    if typed.args.targets.targets.is_some() {
        line.targets(&typed.args.targets, Some(None));
    } else {
        let InstanceArgs { identity, directory, .. } = &typed.args.instance;
        line.option("--identity", identity.map(word_of));
        line.option("--directory", directory.as_ref().map(|path| path.display()));
    }
    line.take(told(typed));
    line.words_from_anywhere()
}

/// Where.
fn reached(typed: &TypedLeavers, arn: &str) -> Line {
    let InstanceArgs { instance: _, region, profile, endpoint_url, identity, directory, role: _ } =
        &typed.args.instance;
    let mut line = Line::default();
    if typed.args.targets.targets.is_some() {
        line.targets(&typed.args.targets, None);
        if typed.args.rehearsal.simulate {
            line.rehearsal(&typed.args.rehearsal, true);
        }
        return line;
    }
    if typed.args.rehearsal.simulate {
        line.rehearsal(&typed.args.rehearsal, true);
    } else {
        line.option("--instance", Some(arn));
        line.option("--region", region.as_ref());
        line.option("--profile", profile.as_ref());
        line.option("--endpoint-url", endpoint_url.as_ref());
    }
    line.option("--identity", identity.map(word_of));
    line.option("--directory", directory.as_ref().map(|path| path.display()));
    line
}

/// How the list is read, and who may be deleted. Every argument is taken apart: one that is added breaks the build until it
/// is said whether it goes along.
fn told(typed: &TypedLeavers) -> Line {
    let RemoveArgs {
        list: _, // stands before
        removing,
        first_suspend: _, // whoever deletes does not suspend
        actions,
        skip_invalid,
        allow,
        reading,
        instance: _,  // where it is reached
        targets: _,   // likewise
        rehearsal: _, // likewise
        rate,
        burst,
        concurrency,
        ledger: _,  // where it is needed
        taking: _,  // once
        dry_run: _, // nothing was done that could be followed up
        settle_timeout,
        outage_timeout,
        yes: _,    // another question than was answered
        format: _, // whoever pastes it is a person
    } = &typed.args;
    let RemovingArgs {
        count: _, // so many are not left
        max,
        protect,
        even_if_admin,
        even_if_signed_in,
        with_quick_connects,
    } = removing;
    let mut line = Line::reading(reading, false);
    line.switch("--actions", *actions);
    line.option("--max", max.as_ref());
    line.option("--protect", protect.as_ref().map(|path| path.display()));
    line.switch("--even-if-admin", *even_if_admin);
    line.switch("--even-if-signed-in", *even_if_signed_in);
    line.switch("--with-quick-connects", *with_quick_connects);
    line.switch("--skip-invalid", *skip_invalid);
    line.allowed(allow);
    match rate {
        RateAsked::Quota => {}
        RateAsked::Learned => line.option("--rate", Some("auto")),
        RateAsked::Fixed(rate) => line.option("--rate", Some(rate)),
    }
    line.option("--burst", burst.as_ref());
    line.option("--concurrency", concurrency.as_ref());
    let settle = (*settle_timeout != Patience::USUAL.settle.as_secs()).then_some(*settle_timeout);
    line.option("--settle-timeout", settle);
    let outage = (*outage_timeout != Patience::USUAL.outage.as_secs()).then_some(*outage_timeout);
    line.option("--outage-timeout", outage);
    line
}

/// What somebody is left with who is suspended.
pub(super) fn suspended(suspension: &Suspension) -> Suspended {
    let Suspension { security_profile, routing_profile } = suspension.clone();
    Suspended { security_profile, routing_profile }
}
