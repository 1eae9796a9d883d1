//! Typed → meant: an import or a retry with all defaults resolved. What the command line and the environment leave open,
//! the ledger says.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::import::{ImportArgs, RetryArgs, Shared};
use super::instance::Stage;
use super::settings::{self, Named};
use crate::error::Failure;
use crate::ledger::{State, peek, place};
use crate::roster::Roster;
use crate::simulator::Spec;

/// An import or a retry, with all defaults resolved.
pub(super) struct Job {
    pub(super) roster: PathBuf,
    pub(super) ledger: PathBuf,
    /// What a retry is to do; `None` for an import.
    pub(super) retry: Option<Retry>,
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
    /// The ledger's own roster.
    pub(super) whole: PathBuf,
    /// How many rows the ledger has.
    rows: u64,
}

impl Job {
    /// What an import means: its ledger is beside its roster, unless another is named.
    pub(super) fn import(args: ImportArgs, typed: Vec<OsString>) -> Self {
        let ImportArgs { roster, shared } = args;
        let beside = || place::beside(&roster, shared.rehearsal.simulate);
        let ledger = shared.ledger.clone().unwrap_or_else(beside);
        Self { roster, ledger, retry: None, shared, named: settings::named(), typed }
    }

    /// What a retry means: roster, instance, region and profile are the ledger's where nothing else is said.
    pub(super) fn retry(args: RetryArgs, typed: Vec<OsString>) -> Result<Self, Failure> {
        let (state, _) = peek(&args.of)?;
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
        let whole = PathBuf::from(roster_of(state));
        let rows = state.places().len() as u64;
        let (is_of_part, run) = (roster.is_some(), state.header.run.clone());
        let roster = roster.unwrap_or_else(|| from_here(&whole));
        let retry = Retry { codes, is_of_part, run, whole, rows };
        Ok(Self { roster, ledger: of, retry: Some(retry), shared, named, typed })
    }

    /// What a rehearsal goes on with: a retry has the world of the import that it follows, which is kept beside the roster
    /// of that import, whichever file is read now.
    pub(super) fn stage<'s>(&self, roster: &'s Roster) -> Stage<'s> {
        let gives_passwords = self.shared.passwords.is_given();
        let Some(retry) = &self.retry else {
            let world = place::world_of_roster(roster.path());
            return Stage { roster, whole: None, rows: 0, gives_passwords, world };
        };
        let beside_roster = place::world_of_roster(&retry.whole);
        let beside_ledger = place::is_named_as_rehearsed(&self.ledger).then(|| place::world_of(&self.ledger));
        // Both were moved together.
        let moved = beside_ledger.filter(|path| path.exists() && !beside_roster.exists());
        let whole =
            if retry.whole == roster.path() { None } else { self.shared.reading.open(&retry.whole).ok() };
        Stage { roster, whole, rows: retry.rows, gives_passwords, world: moved.unwrap_or(beside_roster) }
    }

    /// The roster that the ledger names: a file of failed rows is a part of it and does not take its place.
    pub(super) fn recorded_roster(&self, state: &State) -> Option<String> {
        let retry = self.retry.as_ref()?;
        (retry.is_of_part && !state.header.run.is_empty() && retry.whole.exists())
            .then(|| retry.whole.display().to_string())
    }

    /// The roster of the whole import, as it is shorter to type.
    pub(super) fn whole_roster(&self) -> PathBuf {
        from_here(self.retry.as_ref().map_or(&self.roster, |retry| &retry.whole))
    }
}

/// What the ledger says; where one of before cannot say it, the instance tells, which is nobody's.
fn is_rehearsal(ledger: &Path, state: &State, named: Named) -> bool {
    let is_invented = state.header.instance == Spec::default().instance_arn();
    state.is_rehearsal(ledger) || (is_invented && state.session.endpoint.is_none() && !named.endpoint)
}

fn roster_of(state: &State) -> &str {
    if state.session.roster.is_empty() { &state.header.roster } else { &state.session.roster }
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
