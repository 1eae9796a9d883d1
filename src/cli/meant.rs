//! Typed → meant: an import or a retry with all defaults resolved. What the command line and the environment leave open,
//! the ledger says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::args::import::{ImportArgs, RetryArgs, Shared};
use super::instance::Stage;
use super::settings::{self, Named};
use crate::error::Failure;
use crate::ledger::{self, State, place};
use crate::roster::Roster;
use crate::simulator::Spec;

/// An import or a retry, with all defaults resolved.
pub(super) struct Job {
    pub(super) roster: PathBuf,
    pub(super) ledger: PathBuf,
    /// What a retry is to do; `None` for an import.
    pub(super) retry: Option<Retry>,
    /// What the ledger says of the job that it was made by; an import reads it for a rehearsal alone.
    before: Option<Before>,
    /// What the ledger is of, as far as it can tell.
    pub(super) kept: Option<Kept>,
    pub(super) shared: Shared,
    /// What the environment names, which comes before what a ledger says.
    pub(super) named: Named,
    /// The command line.
    pub(super) typed: Vec<OsString>,
}

/// What a retry is to do.
pub(super) struct Retry {
    /// The error codes it picks.
    pub(super) codes: Vec<String>,
    /// Whether its roster was given with `--roster`: then rows that are not in it stay as they are.
    pub(super) is_of_part: bool,
    /// The ledger's run.
    pub(super) run: String,
}

/// What a ledger says of the job that it was made by.
struct Before {
    /// The first roster that it was made from.
    first: PathBuf,
    /// The roster that it was worked from last.
    whole: PathBuf,
    /// How many rows it has.
    rows: u64,
    /// Whether its first record says that it is a rehearsal's.
    says_rehearsal: bool,
}

impl Job {
    /// What an import means: its ledger is beside its roster, unless another is named.
    pub(super) fn import(args: ImportArgs, typed: Vec<OsString>) -> Self {
        let ImportArgs { roster, shared } = args;
        let is_rehearsal = shared.rehearsal.simulate;
        let ledger = shared.ledger.clone().unwrap_or_else(|| place::beside(&roster, is_rehearsal));
        // A ledger that cannot be read is told of when it is opened; for an import that is long, its beginning will do.
        let state = is_rehearsal.then(|| ledger::glance(&ledger).ok().flatten()).flatten();
        let (before, kept) = match state {
            Some((state, _)) => (Some(Before::of(&state)), Kept::of(&state, &ledger)),
            None if is_rehearsal => (None, None),
            None => {
                let says_rehearsal = ledger::first(&ledger).is_some_and(|first| first.rehearsal);
                (None, says_rehearsal.then_some(Kept::Rehearsal))
            }
        };
        Self { roster, ledger, retry: None, before, kept, shared, named: settings::named(), typed }
    }

    /// What a retry means: roster, instance, region and profile are the ledger's where nothing else is said.
    ///
    /// # Errors
    /// Exit 2 where there is no such ledger; exit 4 where it is damaged.
    pub(super) fn retry(args: RetryArgs, typed: Vec<OsString>) -> Result<Self, Failure> {
        let (state, _) = ledger::peek(&args.of)?;
        Self::retry_of(args, &state, settings::named(), typed)
    }

    pub(super) fn retry_of(
        args: RetryArgs,
        state: &State,
        named: Named,
        typed: Vec<OsString>,
    ) -> Result<Self, Failure> {
        let RetryArgs { of, roster, codes, mut shared } = args;
        if shared.ledger.as_ref().is_some_and(|ledger| *ledger != of) {
            return Err(Failure::usage("retry names its ledger already").hint("leave --ledger out"));
        }
        let instance = &mut shared.instance;
        if instance.instance.is_none() && is_rehearsal(&of, state, named) {
            shared.rehearsal.simulate = true;
        }
        if !shared.rehearsal.simulate {
            let session = &state.session;
            instance.instance = instance.instance.take().or(Some(state.header.instance.clone()));
            if instance.profile.is_none() && !named.profile {
                instance.profile = session.profile.clone();
            }
            if instance.endpoint_url.is_none() && !named.endpoint {
                instance.endpoint_url = session.endpoint.clone();
            }
        }
        let before = Before::of(state);
        let retry = Retry { codes, is_of_part: roster.is_some(), run: state.header.run.clone() };
        let roster = roster.unwrap_or_else(|| from_here(&before.whole));
        let kept = Kept::of(state, &of);
        let (retry, before) = (Some(retry), Some(before));
        Ok(Self { roster, ledger: of, retry, before, kept, shared, named, typed })
    }

    /// What a rehearsal goes on with: the world of its ledger, whichever file is read now.
    pub(super) fn stage<'s>(&self, roster: &'s Roster) -> Stage<'s> {
        let gives_passwords = self.shared.passwords.is_given();
        let Some(before) = &self.before else {
            let world = place::world_of(&self.ledger, &[]);
            return Stage { roster, whole: None, rows: 0, gives_passwords, world };
        };
        let rosters = [before.first.as_path(), &before.whole, roster.path()];
        // A ledger that can say that it is a rehearsal's is of a time when its world was beside it already.
        let world = place::world_of(&self.ledger, if before.says_rehearsal { &[] } else { &rosters });
        // Who was made from another file has names that are in that one.
        let is_another = absolute(roster.path()) != before.whole.display().to_string();
        let whole = if is_another { self.shared.reading.open(&before.whole).ok() } else { None };
        let rows = if is_another || self.retry.is_some() { before.rows } else { 0 };
        Stage { roster, whole, rows, gives_passwords, world }
    }

    /// The roster that the ledger names: a file of failed rows is a part of it and does not take its place.
    pub(super) fn recorded_roster(&self, state: &State) -> Option<String> {
        let whole = self.whole()?;
        let is_of_part = self.retry.as_ref().is_some_and(|retry| retry.is_of_part);
        (is_of_part && !state.header.run.is_empty() && whole.exists()).then(|| whole.display().to_string())
    }

    /// The roster of the import that a retry follows.
    fn whole(&self) -> Option<&Path> {
        self.retry.as_ref().and(self.before.as_ref()).map(|before| before.whole.as_path())
    }

    /// The roster of the whole import, as it is shorter to type.
    pub(super) fn whole_roster(&self) -> PathBuf {
        from_here(self.whole().unwrap_or(&self.roster))
    }

    /// Whether the ledger is the one that the whole import has without being told.
    pub(super) fn has_usual_ledger(&self) -> bool {
        let usual = place::beside(&self.whole_roster(), self.shared.rehearsal.simulate);
        absolute(&self.ledger) == absolute(&usual)
    }
}

/// What a ledger is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    Import,
    Rehearsal,
}

impl Kept {
    /// `None` for a ledger of a time when rehearsals did not say so, that may be of one: it has the instance that is nobody's
    /// and no way to it.
    fn of(state: &State, ledger: &Path) -> Option<Self> {
        let is_reached =
            state.header.instance != Spec::default().instance_arn() || state.session.endpoint.is_some();
        match state.header.rehearsal {
            true => Some(Self::Rehearsal),
            false => (is_reached && !state.is_rehearsal(ledger)).then_some(Self::Import),
        }
    }
}

impl Before {
    fn of(state: &State) -> Self {
        let State { header, session, .. } = state;
        let whole = if session.roster.is_empty() { &header.roster } else { &session.roster };
        Self {
            first: PathBuf::from(&header.roster),
            whole: PathBuf::from(whole),
            rows: state.places().len() as u64,
            says_rehearsal: header.rehearsal,
        }
    }
}

/// What the ledger says; where one of before cannot say it, the instance tells, which is nobody's.
fn is_rehearsal(ledger: &Path, state: &State, named: Named) -> bool {
    let is_invented = state.header.instance == Spec::default().instance_arn();
    state.is_rehearsal(ledger) || (is_invented && state.session.endpoint.is_none() && !named.endpoint)
}

/// A path as it is shorter to type from the current directory.
fn from_here(path: &Path) -> PathBuf {
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    here.ok().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned()
}

/// A path as a ledger has it: whole, and without links where it leads anywhere.
pub(super) fn absolute(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.canonicalize().unwrap_or(path).display().to_string()
}
