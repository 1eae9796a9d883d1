//! What `headcount diff` and `headcount update` mean: what was typed, turned into what is to be compared and changed.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::args::update::{Compared as Shared, DiffArgs, List, UpdateArgs};
use super::policy::Needs;
use crate::connect::policy::{self, Updates};
use crate::error::Failure;
use crate::job::{Allowed, Asking, Changes, Job, PaceAsked, Passwords, Patience, RateAsked, What};
use crate::ledger::beside;
use crate::roster::{Field, Row};
use crate::user::{Exact, Group};

/// What was typed, and the command line.
pub(super) struct TypedChanges {
    pub(super) roster: PathBuf,
    pub(super) shared: Shared,
    /// Of an update: how it is run.
    pub(super) run: Option<Run>,
    pub(super) words: Vec<OsString>,
}

/// How an update is run.
pub(super) struct Run {
    pub(super) rate: RateAsked,
    pub(super) burst: Option<u32>,
    pub(super) concurrency: Option<u16>,
    pub(super) settle: Duration,
    pub(super) is_dry: bool,
    pub(super) yes: bool,
}

impl TypedChanges {
    pub(super) fn diff(args: DiffArgs, words: Vec<OsString>) -> Self {
        let DiffArgs { roster, shared, output: _, annotate: _ } = args;
        Self { roster, shared, run: None, words }
    }

    pub(super) fn update(args: UpdateArgs, words: Vec<OsString>) -> Self {
        let UpdateArgs { roster, rate, burst, concurrency, dry_run, settle_timeout, yes, shared } = args;
        let settle = Duration::from_secs(settle_timeout);
        let run = Some(Run { rate, burst, concurrency, settle, is_dry: dry_run, yes });
        Self { roster, shared, run, words }
    }

    /// The ledger of the update.
    pub(super) fn ledger(&self) -> PathBuf {
        let usual = || beside::update_ledger_of(&self.roster, self.shared.rehearsal.simulate);
        self.shared.ledger.clone().unwrap_or_else(usual)
    }

    fn has(&self, list: List) -> bool {
        self.shared.exact.contains(&list)
    }

    /// What is meant. Every argument is taken apart here: one that is added breaks the build until it means something.
    pub(super) fn meant(&self) -> Changes {
        let Shared {
            reading,
            instance,
            rehearsal,
            only,
            exact: _, // by list
            overwrite_drift,
            change_email,
            base,
            skip_invalid,
            allow,
            ledger: _, // where it is here
            outage_timeout,
            format: _, // how it is shown is the screen's
        } = &self.shared;
        let run = self.run.as_ref();
        let job = Job {
            what: What::Import { roster: self.roster.clone() },
            target: instance.target(rehearsal.meant()),
            reading: reading.meant(),
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
            picked: None,
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
