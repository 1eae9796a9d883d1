//! What is to be rehearsed, with nothing left open.

use std::path::{Path, PathBuf};

use crate::agent::IdentityType;
use crate::job::meant::{Allowed, Job, Patience, What};
use crate::job::pace::PaceAsked;
use crate::job::rehearsal::Rehearsal;
use crate::job::supply::Passwords;
use crate::job::target::{At, Target};
use crate::ledger::beside;
use crate::passwords;
use crate::roster::Options;
use crate::simulator::Weather;

/// What is to be rehearsed: the import of a roster, as it is to be done in earnest.
#[derive(Clone, Debug, Default)]
pub struct ToRehearse {
    /// The roster, as it is on disk.
    pub roster: PathBuf,
    /// How it is read.
    pub reading: Options,
    /// A directory file of the instance: then the rehearsal's instance is like that one.
    pub directory: Option<PathBuf>,
    /// How the instance knows its users; else the directory says it, or the roster's columns.
    pub identity: Option<IdentityType>,
    /// Whether a password is made for each row that has none.
    pub makes_passwords: bool,
    /// Whether the valid rows are sent although others have errors.
    pub skips_invalid: bool,
    /// Whether calls are throttled, and answers lost.
    pub is_rough: bool,
    /// Where the weather comes from.
    pub seed: u64,
    /// The roster that this is a mended copy of: it goes on in that one's ledger.
    pub copy_of: Option<PathBuf>,
}

impl ToRehearse {
    /// The ledger: of the rehearsal, or of the import in earnest.
    pub fn ledger(&self, is_rehearsal: bool) -> PathBuf {
        beside::ledger_of(self.whole(), is_rehearsal)
    }

    /// The file that the import in earnest keeps made passwords in; the rehearsal has one of its own.
    pub(crate) fn credentials(&self) -> Option<PathBuf> {
        self.makes_passwords.then(|| passwords::beside(self.whole()))
    }

    fn whole(&self) -> &Path {
        self.copy_of.as_deref().unwrap_or(&self.roster)
    }

    /// The same of a mended copy of this roster.
    pub(super) fn of_copy(&self, copy: PathBuf) -> Self {
        // A column map that was written for the roster is the copy's as well.
        Self { roster: copy, copy_of: Some(self.whole().to_owned()), ..self.clone() }
    }

    /// The job that is meant.
    pub(crate) fn job(&self, what: What, settings: Vec<String>) -> Job {
        let weather = if self.is_rough { Weather::rough() } else { Weather::calm() };
        let passwords = match self.credentials() {
            Some(named) => Passwords::Made { out: passwords::rehearsed(&named), recipients: Vec::new() },
            None => Passwords::OfRoster,
        };
        Job {
            what,
            target: Target {
                at: At::Rehearsal(Box::new(Rehearsal { seed: self.seed, weather, ..Rehearsal::default() })),
                identity: self.identity,
                directory: self.directory.clone(),
            },
            reading: self.reading.clone(),
            ledger: self.ledger(true).into(),
            pace: PaceAsked::default(),
            passwords,
            patience: Patience::USUAL,
            allowed: Allowed { invalid_rows: self.skips_invalid, ..Allowed::default() },
            settings: Some(settings),
        }
    }

    /// The import.
    pub(super) fn import(&self) -> What {
        What::Import { roster: self.roster.clone() }
    }
}
