//! Where a mended copy goes, and that it is written.

use std::path::{Path, PathBuf};

use super::draft::Draft;
use crate::error::Failure;
use crate::report::annotate::Mended;
use crate::roster::Field;

/// The name that a mended copy of a roster usually has: `NAME.mended.xlsx` beside it.
pub fn usual_name(roster: &Path) -> PathBuf {
    let ending =
        roster.extension().map_or_else(|| "csv".to_owned(), |ending| ending.to_string_lossy().into_owned());
    roster.with_extension(format!("mended.{ending}"))
}

/// Fails where a draft's copy cannot have this name.
///
/// # Errors
/// Exit 2 where the name is taken, or is none of a file of the roster's form.
pub fn fits(draft: &Draft, out: &Path) -> Result<(), Failure> {
    Mended { roster: draft.original(), edits: draft.edits(), headers: &[], passwords: &[] }.fits(out)
}

/// Writes a draft as a copy of its roster, all of it or nothing, readable by its owner only. Never over a file that is
/// there. Says what the copy does not have of the roster, in words.
///
/// # Errors
/// Exit 2 where it cannot be written, or the roster can no longer be read.
pub fn write(draft: &Draft, out: &Path) -> Result<Vec<String>, Failure> {
    put(draft, out, false)
}

/// The same over a copy that is there: it is replaced as a whole.
///
/// # Errors
/// As [`write`].
pub fn write_over(draft: &Draft, out: &Path) -> Result<Vec<String>, Failure> {
    put(draft, out, true)
}

fn put(draft: &Draft, out: &Path, is_over: bool) -> Result<Vec<String>, Failure> {
    let headers = draft.renamed();
    let passwords = &draft.roster().columns().places[Field::Password.index()];
    Mended { roster: draft.original(), edits: draft.edits(), headers: &headers, passwords }
        .write(out, is_over)
}
