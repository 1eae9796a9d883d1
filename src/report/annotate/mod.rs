//! The roster given back with its findings in it, and otherwise as it is: the copy is the roster still, with all that is
//! wrong with it, so that whoever checks the copy finds what was found in the roster.
//!
//! * A CSV comes back line by line and byte for byte, with a column before its first, [`FINDINGS`], and a guard before each
//!   cell that a spreadsheet would take for a formula: reading takes it off again (`text/guard.rs`).
//! * A workbook comes back as its own package: faulty cells are coloured and have notes, and every other part is copied as it
//!   is packed (`package.rs`). Where a package cannot be changed so, its sheet is written anew, cell by cell.
//! * A CSV becomes a workbook with coloured cells, notes and a last column that says all.
//! * A workbook becomes a CSV only where that loses nothing that is wrong with it.
//!
//! Every row stands where it stood, and [`FINDINGS`] is passed over when a copy is read. The cells are the user's own and
//! are given back as they are but for the guards, passwords too; no finding and no note has ever one in it. The rows pass through one by one:
//! memory is bounded by the findings kept ([`Pass::KEPT`](crate::validate::Pass::KEPT)) and the notes ([`NOTES`]);
//! where there are more findings, the roster is checked once more on the way.

mod anew;
mod cells;
mod comments;
mod copy;
pub(crate) mod differences;
mod guarding;
mod kind;
mod lines;
mod mended;
mod mended_copy;
mod package;
mod sheet;
mod styles;
#[cfg(test)]
mod tests;
mod units;
mod unwritten;
mod xml;

use std::io::{self, Seek, Write};
use std::path::Path;

use crate::disk;
use crate::error::Failure;
use crate::finding::codes;
use crate::roster::{Roster, Storage};
use crate::text::Voice;
use crate::validate::{Checked, Rules};

pub use crate::roster::FINDINGS;
pub(crate) use copy::Annotated;
use copy::Copy;
pub(crate) use kind::Kind;
use kind::taken;
pub(crate) use mended::Mended;
use unwritten::Unwritten;

/// Writes the copy, all of it or nothing, readable by its owner only. Never over a file that is there. What is to be set is
/// said as `voice` does.
pub(crate) fn write(
    roster: &Roster,
    rules: &Rules<'_>,
    checked: &Checked,
    kind: Kind,
    out: &Path,
    voice: &dyn Voice,
) -> Result<Annotated, Failure> {
    kind.fits(roster, out)?;
    let copy = Copy::of(roster, rules, checked, voice);
    let mut annotated = Annotated::default();
    let mut written = disk::create_atomic_with(out, |file| copy.write(kind, file, &mut annotated));
    if let Err(Unwritten::NotInPlace(why)) = written {
        annotated = Annotated { anew: Some(why), ..Annotated::default() };
        written = disk::create_atomic_with(out, |file| copy.anew(file, &mut annotated));
    }
    let Err(unwritten) = written else { return Ok(annotated) };
    let cannot = || Failure::usage(format!("cannot write: `{}`", out.display()));
    Err(match unwritten {
        Unwritten::Roster(failure) => failure,
        Unwritten::Io(error) if error.kind() == io::ErrorKind::AlreadyExists => taken(out),
        Unwritten::Io(error) => cannot().because(error),
        Unwritten::Xlsx(error) => cannot().because(io::Error::other(error)),
        Unwritten::NotInPlace(why) => cannot().because(why),
        Unwritten::TooMany(row) => Failure::usage(format!("a workbook has no row of this number: `{row}`"))
            .hint("annotate into a .csv file"),
        Unwritten::OfText(what) => {
            Failure::usage(format!("a workbook cannot hold what is wrong with the file's text: {what}"))
                .hint("annotate into a .csv file, or say the encoding with `⟦encoding⟧`")
        }
        Unwritten::OfWorkbook(what) => {
            Failure::usage(format!("a CSV cannot hold what is wrong with the workbook: {what}"))
                .hint("annotate into a workbook, which is the roster's own with colours and notes")
        }
    })
}

impl Copy<'_> {
    fn write(&self, kind: Kind, file: impl Write + Seek, annotated: &mut Annotated) -> Result<(), Unwritten> {
        match (self.roster.storage(), kind) {
            (Storage::Csv { .. }, Kind::Csv) => self.lines(file, annotated),
            (Storage::Csv { .. }, Kind::Workbook(_)) => {
                // Its letters may be others, and in a workbook they would be these for good.
                let of_file = self.checked.findings.iter().take_while(|finding| finding.row.is_none());
                match of_file.into_iter().find(|finding| finding.code == codes::ENCODING_UNCLEAR.id) {
                    Some(unclear) => Err(Unwritten::OfText(unclear.message.clone())),
                    None => self.anew(file, annotated),
                }
            }
            (Storage::Xlsx { sheet }, Kind::Workbook(_)) => package::write(self, &sheet, file, annotated),
            (Storage::Xlsx { .. }, Kind::Csv) => self.csv(file, annotated),
        }
    }
}
