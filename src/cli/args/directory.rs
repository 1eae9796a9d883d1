//! `--directory FILE`: a saved directory, taken up again.

use std::path::Path;
use std::time::SystemTime;

use crate::cli::output;
use crate::clock::{Clock as _, SystemClock};
use crate::directory::Directory;
use crate::error::Failure;
use crate::job::SavedAs;

/// Reads a directory file and says on stderr what it holds and how old it is.
pub(in crate::cli) fn take_up(path: &Path) -> Result<Directory, Failure> {
    let directory = Directory::read(path)?;
    output::say(&told(path, &directory, SystemClock.now()));
    Ok(directory)
}

/// What a directory file holds and how old it is, as a line for people.
pub(in crate::cli) fn told(path: &Path, directory: &Directory, now: SystemTime) -> String {
    let SavedAs { is_old, words } = SavedAs::of(path, directory, now);
    format!("{}: {words}", if is_old { "warning" } else { "note" })
}
