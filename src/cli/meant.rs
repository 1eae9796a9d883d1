//! Typed → meant: an import or a retry with all defaults resolved. What the command line and the environment leave open,
//! the ledger says.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::import::{ImportArgs, RetryArgs, Shared, UpdateToo};
use super::args::removing::RemovingArgs;
use super::policy::Needs;
use super::settings::{self, Named};
use super::tables::{self, Naming};
use crate::connect::policy;
use crate::disk;
use crate::error::Failure;
use crate::job::{Allowed, Before, Job, PaceAsked, Patience, What};
use crate::ledger::{LedgerAt, Place, RowState, State, beside};
use crate::roster::{Act, Field, Options};

/// An import or a retry as it was typed, with all defaults resolved: what the commands are made of that are printed, and
/// what the job is that is meant.
pub(super) struct Typed {
    pub(super) roster: PathBuf,
    pub(super) ledger: LedgerAt,
    /// What a retry is to do; `None` for an import.
    pub(super) retry: Option<Retry>,
    /// What an import is to do with those who are there and differ; `None` leaves them.
    pub(super) update: Option<UpdateToo>,
    /// Who may be deleted, where a column says who leaves and is obeyed.
    pub(super) removing: RemovingArgs,
    pub(super) shared: Shared,
    /// What the environment names, which comes before what a ledger says.
    pub(super) named: Named,
    /// The command line.
    pub(super) words: Vec<OsString>,
}

/// What a retry is to do.
pub(super) struct Retry {
    /// The error codes it picks.
    codes: Vec<String>,
    /// Whether its roster was given with `--roster`: then rows that are not in it stay as they are.
    pub(super) is_of_part: bool,
    /// What the ledger says of the job that it was made by.
    pub(super) before: Before,
}

impl Typed {
    /// An import: its ledger is beside its roster, unless another is named.
    ///
    /// # Errors
    /// Exit 2 where a shared ledger has no name, and none can be made, or a file is to be taken from somebody.
    pub(super) fn import(args: ImportArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        let usual = || beside::ledger_of(&args.roster, args.shared.rehearsal.simulate).into();
        let ledger = args.shared.ledger.clone().unwrap_or_else(usual);
        let naming = Naming {
            roster: &args.roster,
            instance: args.shared.instance.instance.as_deref(),
            job: None,
            is_rehearsal: args.shared.rehearsal.simulate,
        };
        let ledger = args.shared.taking.of(tables::named(ledger, &naming)?)?;
        Ok(Self::import_with(args, ledger, words))
    }

    /// An import with this ledger.
    pub(super) fn import_with(args: ImportArgs, ledger: LedgerAt, words: Vec<OsString>) -> Self {
        let ImportArgs { roster, update, removing, shared } = args;
        let update = Some(update).filter(|update| update.update);
        Self { roster, ledger, retry: None, update, removing, shared, named: settings::named(), words }
    }

    /// A retry: roster, instance, region and profile are the ledger's where nothing else is said.
    ///
    /// # Errors
    /// Exit 2 where there is no such ledger, or a rehearsal is to go on with one that machines share.
    pub(super) fn retry(args: RetryArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        let before = Before::of(&args.ledger()?)?;
        Self::retry_of(args, before, settings::named(), words)
    }

    pub(super) fn retry_of(
        args: RetryArgs,
        before: Before,
        named: Named,
        words: Vec<OsString>,
    ) -> Result<Self, Failure> {
        args.delete_nobody()?;
        let of = args.ledger()?;
        let RetryArgs { of: _, roster, codes, overwrite_drift, change_email, removing, mut shared } = args;
        if overwrite_drift || change_email {
            return Err(Failure::usage(
                "the ledger is an import's, and an import changes nobody who is there",
            )
            .hint("leave --overwrite-drift and --change-email out, or run `headcount update ROSTER`"));
        }
        if shared.ledger.as_ref().is_some_and(|ledger| *ledger != of) {
            return Err(Failure::usage("retry names its ledger already").hint("leave --ledger out"));
        }
        if shared.targets.targets.is_none() {
            shared.instance.complete(&mut shared.rehearsal, &before, named);
        }
        tables::not_rehearsed(&of, shared.rehearsal.simulate)?;
        let of = shared.taking.of(of)?;
        let is_of_part = roster.is_some();
        let roster = roster.unwrap_or_else(|| from_here(&before.whole));
        let retry = Some(Retry { codes, is_of_part, before });
        Ok(Self { roster, ledger: of, retry, update: None, removing, shared, named, words })
    }

    /// Whether it is about those who join, those who move and those who leave, each by a column that says so.
    pub(super) fn obeys_actions(&self) -> bool {
        self.shared.actions && self.retry.is_none()
    }

    /// The job that is meant. Every argument is taken apart here: one that is added breaks the build until it means
    /// something.
    pub(super) fn meant(&self) -> Job {
        let Shared {
            reading,
            instance,
            targets: _, // each has its own of these
            rehearsal,
            passwords,
            ledger: _, // where it is here
            taking: _, // with the ledger
            rate,
            burst,
            concurrency,
            dry_run: _, // how far it goes is asked step by step
            actions,
            skip_invalid,
            allow_partial,
            allow,
            recreate_missing,
            recreate_deleted,
            no_provenance_tag,
            accept_probable,
            settle_timeout,
            outage_timeout,
            yes: _,    // who is asked is the screen's
            format: _, // and so is how it is shown
        } = &self.shared;
        Job {
            what: self.what(),
            target: instance.target(rehearsal.meant()),
            reading: Options { act: actions.then_some(Act::Create), ..reading.meant() },
            ledger: self.ledger.clone(),
            pace: PaceAsked { rate: *rate, burst: *burst, concurrency: concurrency.map(usize::from) },
            passwords: passwords.meant(rehearsal.simulate),
            patience: Patience {
                settle: Duration::from_secs(*settle_timeout),
                outage: Duration::from_secs(*outage_timeout),
            },
            allowed: Allowed {
                invalid_rows: *skip_invalid,
                partial: *allow_partial,
                missing_again: *recreate_missing,
                deleted_again: *recreate_deleted,
                no_tag: *no_provenance_tag,
                probable: *accept_probable,
                errors: allow.meant(),
                leaves_there: self.update.is_some(),
            },
            settings: None, // how it is said again is of whoever prints it
        }
    }

    fn what(&self) -> What {
        let roster = self.roster.clone();
        match &self.retry {
            None => What::Import { roster },
            Some(Retry { codes, is_of_part, before }) => What::Retry {
                codes: codes.clone(),
                roster,
                is_part: *is_of_part,
                before: Box::new(before.clone()),
            },
        }
    }

    /// The permissions that it needs; `None` for a rehearsal.
    pub(super) fn needs(&self) -> Result<Option<Needs>, Failure> {
        let args = &self.shared;
        if args.rehearsal.simulate {
            return Ok(None);
        }
        let roster = args.reading.open(&self.roster)?;
        let has = |field| roster.columns().has(field);
        let needs = args.instance.needs()?;
        let job = policy::Job {
            creates: !args.dry_run,
            tags: !args.no_provenance_tag || has(Field::Tags),
            proficiencies: has(Field::Proficiencies),
            ..needs.job
        };
        Ok(Some(Needs { job, ..needs }))
    }

    /// The roster of the whole import, as it is shorter to type.
    pub(super) fn whole_roster(&self) -> PathBuf {
        from_here(self.retry.as_ref().map_or(&self.roster, |retry| &retry.before.whole))
    }

    /// Whether the ledger is the one that the whole import has without being told.
    pub(super) fn has_usual_ledger(&self) -> bool {
        let roster = beside::for_target(&self.whole_roster(), self.shared.reading.target());
        let usual = beside::ledger_of(&roster, self.shared.rehearsal.simulate);
        self.ledger.on_disk().is_some_and(|ledger| beside::absolute(ledger) == beside::absolute(&usual))
    }
}

/// Those of a ledger of an update or of leavers who are not as their rows ask, or are there still: with these codes alone, where any is named.
pub(super) fn not_done(state: &State, codes: &[String]) -> HashSet<String> {
    let is_picked = |at: &Place| {
        let record = state.record(*at);
        let is_done =
            matches!(record.settled_state(), RowState::Updated | RowState::There | RowState::Deleted);
        let code = state.detail(*at).and_then(|detail| detail.code.as_ref());
        !record.dropped && !is_done && (codes.is_empty() || code.is_some_and(|code| codes.contains(code)))
    };
    state.places().filter(is_picked).map(|at| state.user(at).to_owned()).collect()
}

/// A path as it is shorter to type from the current directory.
pub(super) fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().map(|here| disk::full_name(&here));
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}
