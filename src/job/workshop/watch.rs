//! Whether a roster's file is still the one that was opened: by its size and its time, for the file may be on a share.

use std::path::Path;
use std::time::SystemTime;

/// What was seen of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen(Option<(u64, SystemTime)>);

impl Seen {
    /// What there is to see now.
    pub(super) fn of(path: &Path) -> Self {
        let there = std::fs::metadata(path).ok();
        Self(there.and_then(|there| Some((there.len(), there.modified().ok()?))))
    }

    /// Whether there is a file.
    pub(super) fn is_there(self) -> bool {
        self.0.is_some()
    }
}

/// What became of a roster's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDisk {
    /// It was another, and was read again.
    ReadAgain,
    /// It is another, and something is changed here: somebody must say which counts.
    Changed,
    /// It is gone.
    Gone,
}

impl OnDisk {
    /// The word that a page is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::ReadAgain => "read-again",
            Self::Changed => "changed",
            Self::Gone => "gone",
        }
    }
}
