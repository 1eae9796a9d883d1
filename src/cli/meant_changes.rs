//! What `headcount diff` and `headcount update` mean: what was typed, turned into what is to be compared and changed.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::allow::AllowArgs;
use super::args::import::{RetryArgs, UpdateToo};
use super::args::instance::InstanceArgs;
use super::args::roster::RosterArgs;
use super::args::targets::TargetsArgs;
use super::args::update::{Compared as Shared, DiffArgs, List, UpdateArgs};
use super::meant::{Typed, from_here, not_done};
use super::meant_leavers::TypedLeavers;
use super::meant_targets::{self, OnePicked, Picked};
use super::policy::Needs;
use super::settings;
use super::tables::{self, Naming};
use crate::connect::policy::{self, Updates};
use crate::error::Failure;
use crate::job::{Allowed, Asking, Before, Changes, Job, PaceAsked, Passwords, Patience, RateAsked, What};
use crate::ledger::{self, LedgerAt, State, beside};
use crate::roster::{Act, Field, Options, Row};
use crate::user::{Exact, Group};

/// What was typed, and the command line.
#[derive(Clone)]
pub(super) struct TypedChanges {
    pub(super) roster: PathBuf,
    pub(super) shared: Shared,
    /// Of an update: how it is run.
    pub(super) run: Option<Run>,
    /// Of a retry: what it is to do.
    pub(super) retry: Option<Retry>,
    /// Its ledger, where it is of one of several targets.
    own: Option<LedgerAt>,
    pub(super) words: Vec<OsString>,
}

/// What a retry is to do.
#[derive(Clone)]
pub(super) struct Retry {
    /// The error codes that it picks.
    codes: Vec<String>,
    /// Whom it is about; `None` for everybody of a file of what failed.
    picked: Option<HashSet<String>>,
    /// Whether its roster was given: then rows that are not in it stay as they are.
    is_of_part: bool,
    /// What the ledger says of the update that it was made by.
    pub(super) before: Before,
}

/// How an update is run.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) rate: RateAsked,
    pub(super) burst: Option<u32>,
    pub(super) concurrency: Option<u16>,
    pub(super) settle: Duration,
    pub(super) is_dry: bool,
    pub(super) yes: bool,
}

/// With the name of the ledger, where one is named that machines share.
fn named(shared: Shared, roster: &Path) -> Result<Shared, Failure> {
    if shared.targets.targets.is_some() {
        return Ok(shared); // each target's ledger has a name of its own
    }
    let naming = Naming {
        roster,
        instance: shared.instance.instance.as_deref(),
        job: Some(ledger::Job::Update),
        is_rehearsal: shared.rehearsal.simulate,
    };
    let ledger = shared.ledger.clone().map(|ledger| tables::named(ledger, &naming)).transpose()?;
    for base in &shared.base {
        tables::not_rehearsed(base, shared.rehearsal.simulate)?;
    }
    Ok(Shared { ledger, ..shared })
}

impl TypedChanges {
    /// A comparison.
    ///
    /// # Errors
    /// Exit 2 where a shared ledger is named that cannot be one.
    pub(super) fn diff(args: DiffArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        let DiffArgs { roster, shared, output: _, annotate: _ } = args;
        let shared = named(shared, &roster)?;
        Ok(Self { roster, shared, run: None, retry: None, own: None, words })
    }

    /// The same for each of the targets that are asked for.
    ///
    /// # Errors
    /// Exit 2 where the file of targets cannot be used, or what was typed does not go with several targets.
    pub(super) fn in_targets(&self) -> Result<Vec<Self>, Failure> {
        let shared = &self.shared;
        let member = |one: OnePicked<'_>| {
            let is_rehearsal = shared.rehearsal.simulate;
            let job = Some(ledger::Job::Update);
            let own = Some(one.ledger(shared.ledger.as_ref(), job, &self.roster, is_rehearsal)?);
            let reading = RosterArgs { of_targets: Some(one.rows()), ..shared.reading.clone() };
            let (instance, targets) = (one.instance(is_rehearsal), one.alone(&shared.targets));
            Ok(Self {
                roster: self.roster.clone(),
                shared: Shared { reading, instance, targets, ..shared.clone() },
                run: self.run.clone(),
                retry: None,
                own,
                words: self.words.clone(),
            })
        };
        Picked::of(&shared.targets)?.each().map(member).collect()
    }

    /// Retries of the updates of several targets: of the one whose ledger is named, or of all beside a roster.
    ///
    /// # Errors
    /// Exit 2 where the file of targets or a ledger cannot be used.
    pub(super) fn retries(args: RetryArgs, words: &[OsString]) -> Result<(Vec<Self>, TargetsArgs), Failure> {
        meant_targets::retries(args, ledger::Job::Update, |args, state, named| {
            let mut typed = Self::retry(args, state, words.to_vec())?;
            (typed.shared.ledger, typed.own) = (named, typed.shared.ledger);
            Ok(typed)
        })
    }

    /// An update.
    ///
    /// # Errors
    /// Exit 2 where a shared ledger is named that cannot be one.
    pub(super) fn update(args: UpdateArgs, words: Vec<OsString>) -> Result<Self, Failure> {
        let UpdateArgs { roster, rate, burst, concurrency, dry_run, settle_timeout, yes, taking, shared } =
            args;
        let shared = named(shared, &roster)?;
        let ledger = taking.of_any(shared.ledger)?;
        let shared = Shared { ledger, ..shared };
        let settle = Duration::from_secs(settle_timeout);
        let run = Some(Run { rate, burst, concurrency, settle, is_dry: dry_run, yes });
        Ok(Self { roster, shared, run, retry: None, own: None, words })
    }

    /// The update that stands beside an import of the same roster in one command, on the instance of this ARN.
    pub(super) fn of_import(typed: &Typed, update: &UpdateToo, arn: String) -> Self {
        let args = &typed.shared;
        let UpdateToo { update: _, overwrite_drift, change_email } = update;
        // What was asked for last is looked up beside the roster, and in the import's ledger wherever that is.
        let is_elsewhere = !typed.has_usual_ledger() && ledger::is_there(&typed.ledger);
        let instance = InstanceArgs {
            instance: Some(arn).filter(|arn| !arn.is_empty()).or(args.instance.instance.clone()),
            ..args.instance.clone()
        };
        let shared = Shared {
            reading: args.reading.clone(),
            instance,
            targets: TargetsArgs::default(),
            rehearsal: args.rehearsal.clone(),
            only: Vec::new(),
            exact: Vec::new(),
            overwrite_drift: *overwrite_drift,
            change_email: *change_email,
            base: is_elsewhere.then(|| typed.ledger.clone()).into_iter().collect(),
            actions: args.actions,
            skip_invalid: args.skip_invalid,
            allow: args.allow.clone(),
            // Beside the import's, wherever that is.
            ledger: tables::beside(&typed.ledger, Some(ledger::Job::Update)),
            outage_timeout: args.outage_timeout,
            format: Some(args.format),
        };
        let run = Run {
            // What was said of CreateUser's pace says nothing of that of other calls.
            rate: RateAsked::Quota,
            burst: None,
            concurrency: args.concurrency,
            settle: Duration::from_secs(args.settle_timeout),
            is_dry: args.dry_run,
            yes: args.yes,
        };
        let (roster, words) = (typed.roster.clone(), typed.words.clone());
        Self { roster, shared, run: Some(run), retry: None, own: None, words }
    }

    /// The update that suspends whoever is on a list of leavers, by a roster that was written for it.
    ///
    /// # Errors
    /// Exit 2 where its ledger is in a table and has no name.
    pub(super) fn of_suspension(typed: &TypedLeavers, roster: PathBuf) -> Result<Self, Failure> {
        let args = &typed.args;
        let shared = Shared {
            reading: RosterArgs::default(),
            instance: args.instance.clone(),
            targets: TargetsArgs::default(),
            rehearsal: args.rehearsal.clone(),
            only: Vec::new(),
            exact: Vec::new(),
            overwrite_drift: false,
            change_email: false,
            base: Vec::new(),
            actions: false,
            skip_invalid: false,
            allow: AllowArgs::default(),
            ledger: tables::of_suspension(&typed.ledger())?,
            outage_timeout: args.outage_timeout,
            format: Some(args.format),
        };
        let run = Run {
            // What was said of DeleteUser's pace says nothing of that of other calls.
            rate: RateAsked::Quota,
            burst: None,
            concurrency: args.concurrency,
            settle: Duration::from_secs(args.settle_timeout),
            is_dry: args.dry_run,
            yes: args.yes,
        };
        Ok(Self { roster, shared, run: Some(run), retry: None, own: None, words: typed.words.clone() })
    }

    /// The permissions that an import needs, with those of the update that it makes too; `None` for a rehearsal.
    pub(super) fn needs_with_import(typed: &Typed) -> Result<Option<Needs>, Failure> {
        let of_actions = typed.obeys_actions();
        let update = match &typed.update {
            Some(update) => Self::of_import(typed, update, String::new()).needs()?,
            None if of_actions => Self::of_import(typed, &UpdateToo::WITH_ACTIONS, String::new()).needs()?,
            None => None,
        };
        let removal = match of_actions {
            true => TypedLeavers::of_import(typed, &typed.removing, String::new())?.needs()?,
            false => None,
        };
        Ok(match (typed.needs()?, update) {
            (Some(import), Some(update)) => {
                let proficiencies = import.job.proficiencies || update.job.proficiencies;
                let updates = update.job.updates;
                let job = policy::Job { reads_users: true, updates, proficiencies, ..import.job };
                let job = match removal.map(|removal| removal.job) {
                    Some(policy::Job { deletes, signs_out, quick_connects, .. }) => {
                        policy::Job { deletes, signs_out, quick_connects, ..job }
                    }
                    None => job,
                };
                Some(Needs { job, ..import })
            }
            (import, _) => import,
        })
    }

    /// A retry of an update's ledger: what nothing else is said of is as the update was told.
    ///
    /// # Errors
    /// Exit 2 where another ledger is named, or what the update was told cannot be read.
    pub(super) fn retry(args: RetryArgs, state: &State, words: Vec<OsString>) -> Result<Self, Failure> {
        args.delete_nobody()?;
        let of = args.ledger()?;
        let RetryArgs { of: _, roster, codes, overwrite_drift, change_email, removing: _, shared: typed } =
            args;
        if typed.ledger.as_ref().is_some_and(|ledger| *ledger != of) {
            return Err(Failure::usage("retry names its ledger already").hint("leave --ledger out"));
        }
        let before = Before::says(&of, state);
        let is_of_part = roster.is_some();
        let roster = roster.unwrap_or_else(|| from_here(&before.whole));
        let told = before.settings.as_deref().unwrap_or_default();
        let Some(args) = UpdateArgs::of_settings(&roster, told) else {
            return Err(Failure::usage("what the update was told cannot be read from its ledger")
                .hint("run `headcount update ROSTER` again, with what it was told"));
        };
        let picked = (!is_of_part || !codes.is_empty()).then(|| not_done(state, &codes));
        let mut typed_changes = Self::update(args, words)?;
        let Self { shared, run, retry, .. } = &mut typed_changes;
        shared.ledger = Some(typed.taking.of(of)?);
        shared.overwrite_drift |= overwrite_drift;
        shared.change_email |= change_email;
        shared.format = Some(typed.format);
        shared.skip_invalid = typed.skip_invalid;
        shared.allow.allow.extend(typed.allow.allow);
        if is_of_part {
            // A file of what failed is ours, in UTF-8 and with its header on top.
            (shared.reading.encoding, shared.reading.header_row) = (None, None);
        }
        shared.reading.overlay(typed.reading);
        shared.instance = typed.instance.or(&shared.instance);
        shared.targets = typed.targets;
        if typed.rehearsal.simulate {
            shared.rehearsal = typed.rehearsal;
        }
        shared.instance.complete(&mut shared.rehearsal, &before, settings::named());
        if let Some(ledger) = &shared.ledger {
            tables::not_rehearsed(ledger, shared.rehearsal.simulate)?;
        }
        if let Some(run) = run {
            run.is_dry = typed.dry_run;
            run.yes = typed.yes;
            if typed.rate != RateAsked::Quota {
                run.rate = typed.rate;
            }
            run.burst = typed.burst.or(run.burst);
            run.concurrency = typed.concurrency.or(run.concurrency);
        }
        *retry = Some(Retry { codes, picked, is_of_part, before });
        Ok(typed_changes)
    }

    /// The roster of the whole update, as it is shorter to type.
    pub(super) fn whole_roster(&self) -> PathBuf {
        from_here(self.retry.as_ref().map_or(&self.roster, |retry| &retry.before.whole))
    }

    /// The ledger of the update.
    pub(super) fn ledger(&self) -> LedgerAt {
        let usual = || beside::update_ledger_of(&self.roster, self.shared.rehearsal.simulate).into();
        self.own.clone().or_else(|| self.shared.ledger.clone()).unwrap_or_else(usual)
    }

    fn has(&self, list: List) -> bool {
        self.shared.exact.contains(&list)
    }

    /// What is meant. Every argument is taken apart here: one that is added breaks the build until it means something.
    pub(super) fn meant(&self) -> Changes {
        let Shared {
            reading,
            instance,
            targets: _, // each is one of them
            rehearsal,
            only,
            exact: _, // by list
            overwrite_drift,
            change_email,
            base,
            actions,
            skip_invalid,
            allow,
            ledger: _, // where it is here
            outage_timeout,
            format: _, // how it is shown is the screen's
        } = &self.shared;
        let run = self.run.as_ref();
        let job = Job {
            what: self.what(),
            target: instance.target(rehearsal.meant()),
            reading: Options { act: actions.then_some(Act::Update), ..reading.meant() },
            ledger: self.ledger(),
            pace: PaceAsked {
                rate: run.map_or(RateAsked::Quota, |run| run.rate),
                burst: run.and_then(|run| run.burst),
                concurrency: run.and_then(|run| run.concurrency).map(usize::from),
            },
            passwords: Passwords::OfRoster,
            patience: Patience {
                settle: run.map_or(Patience::USUAL.settle, |run| run.settle),
                outage: Duration::from_secs(*outage_timeout),
            },
            allowed: Allowed { invalid_rows: *skip_invalid, errors: allow.meant(), ..Allowed::default() },
            settings: None, // how it is said again is of whoever prints it
        };
        Changes {
            job,
            asking: Asking {
                only: only.iter().copied().collect(),
                overwrites_drift: *overwrite_drift,
                changes_email: *change_email,
            },
            exact: Exact { tags: self.has(List::Tags), proficiencies: self.has(List::Proficiencies) },
            bases: base.clone(),
            picked: self.retry.as_ref().and_then(|retry| retry.picked.clone()),
            writes: run.is_some(),
        }
    }

    fn what(&self) -> What {
        let roster = self.roster.clone();
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
        let args = &self.shared;
        if args.rehearsal.simulate {
            return Ok(None);
        }
        let needs = args.instance.needs()?;
        let updates = match &self.run {
            Some(Run { is_dry: false, .. }) => self.updates()?,
            _ => Updates::NONE,
        };
        let roster = args.reading.open(&self.roster)?;
        let proficiencies = self.picks(Group::Proficiencies) && roster.columns().has(Field::Proficiencies);
        let job = policy::Job { reads_users: true, proficiencies, updates, ..needs.job };
        Ok(Some(Needs { job, ..needs }))
    }

    fn picks(&self, group: Group) -> bool {
        self.shared.only.is_empty() || self.shared.only.contains(&group)
    }

    /// What the roster may change, by its columns; what it takes away, by its cells.
    fn updates(&self) -> Result<Updates, Failure> {
        let roster = self.shared.reading.open(&self.roster)?;
        let columns = roster.columns();
        let has = |group: Group, fields: &[Field]| {
            self.picks(group) && fields.iter().any(|field| columns.has(*field))
        };
        let of_config = |field: &&Field| {
            (Field::PhoneType.index()..=Field::VoiceEnhancement.index()).contains(&field.index())
                || (Field::AutoAcceptVoice.index()..=Field::PersistentConnectionVoice.index())
                    .contains(&field.index())
        };
        let config: Vec<Field> = Field::ALL.iter().filter(of_config).copied().collect();
        let mut identity = vec![Field::FirstName, Field::LastName, Field::SecondaryEmail, Field::Mobile];
        identity.extend(self.shared.change_email.then_some(Field::Email));
        let is_clear = |cell: &str| cell.trim().eq_ignore_ascii_case("(clear)");
        let mut removes = !self.shared.exact.is_empty();
        let (mut rows, mut row) = (roster.rows()?, Row::default());
        while !removes && rows.read(&mut row)? {
            let lists = [Field::Tags, Field::Proficiencies];
            removes = lists.iter().any(|field| is_clear(columns.cell(&row, *field)));
        }
        Ok(Updates {
            identity: has(Group::Identity, &identity),
            config: has(Group::Config, &config),
            routing_profile: has(Group::RoutingProfile, &[Field::RoutingProfile]),
            security_profiles: has(Group::SecurityProfiles, &[Field::SecurityProfiles]),
            hierarchy: has(Group::Hierarchy, &[Field::Hierarchy]),
            tags: has(Group::Tags, &[Field::Tags]),
            proficiencies: has(Group::Proficiencies, &[Field::Proficiencies]),
            removes,
        })
    }
}
