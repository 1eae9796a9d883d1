//! Where a ledger is: a file, or a run in a table that machines share.

use std::fmt;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::shared::{SharedLedger, Takes};

/// Where a ledger is.
///
/// It stands for its name wherever that is said or typed: a file's path, or the address of a shared one. Who reads or writes
/// it takes the whole, for the name of a shared one leads to no file.
#[derive(Clone, Debug)]
pub struct LedgerAt {
    name: PathBuf,
    shared: Option<SharedLedger>,
}

impl LedgerAt {
    /// A file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { name: path.into(), shared: None }
    }

    /// A run that machines share.
    pub fn shared(ledger: SharedLedger) -> Self {
        Self { name: PathBuf::from(ledger.url().to_string()), shared: Some(ledger) }
    }

    /// The run, where machines share it.
    pub fn in_table(&self) -> Option<&SharedLedger> {
        self.shared.as_ref()
    }

    /// The same, taken so where somebody has it; a file is never taken from anybody.
    #[must_use]
    pub fn taking(self, takes: Takes) -> Self {
        Self { shared: self.shared.map(|shared| shared.taking(takes)), ..self }
    }

    /// The same, which may be planned with another roster; a file always may.
    #[must_use]
    pub fn planning_anew(self, replans: bool) -> Self {
        Self { shared: self.shared.map(|shared| shared.planning_anew(replans)), ..self }
    }

    /// The file's path; `None` where machines share it.
    pub fn on_disk(&self) -> Option<&Path> {
        self.shared.is_none().then_some(self.name.as_path())
    }

    /// Its name, as it is said and typed.
    pub fn name(&self) -> &Path {
        &self.name
    }
}

impl Deref for LedgerAt {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.name
    }
}

impl From<PathBuf> for LedgerAt {
    fn from(path: PathBuf) -> Self {
        Self::file(path)
    }
}

impl From<&Path> for LedgerAt {
    fn from(path: &Path) -> Self {
        Self::file(path)
    }
}

impl PartialEq for LedgerAt {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for LedgerAt {}

impl fmt::Display for LedgerAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.display().fmt(f)
    }
}
