//! How a copy is stored, and which names it may have.

use std::io;
use std::path::Path;

use super::package;
use crate::error::Failure;
use crate::roster::{Roster, Storage};

/// How a copy is stored, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `.csv`: the findings are in a column of their own.
    Csv,
    /// A workbook with this ending: the findings are in the cells.
    Workbook(&'static str),
}

/// What a workbook's file can end in.
const WORKBOOKS: [&str; 4] = ["xlsx", "xlsm", "xltx", "xltm"];

impl Kind {
    /// Tells it from the name, and refuses a name that is taken: what stands there may be somebody's work, an earlier
    /// copy with its cells mended above all.
    pub(crate) fn of(out: &Path) -> Result<Self, Failure> {
        let shown = out.display();
        let kind = Self::by_name(out).ok_or_else(|| {
            Failure::usage(format!("an annotated copy is a .csv or an .xlsx file: `{shown}`"))
                .hint("give it a name that ends so")
        })?;
        match out.symlink_metadata() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(kind),
            Err(error) => Err(Failure::usage(format!("cannot write: `{shown}`")).because(error)),
            Ok(_) => Err(taken(out)),
        }
    }

    /// Tells it from the name; `None` where it ends otherwise.
    pub(super) fn by_name(out: &Path) -> Option<Self> {
        let ending = out.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        match WORKBOOKS.iter().find(|workbook| ending.eq_ignore_ascii_case(workbook)) {
            Some(workbook) => Some(Self::Workbook(workbook)),
            None => ending.eq_ignore_ascii_case("csv").then_some(Self::Csv),
        }
    }

    /// Refuses a name under which no spreadsheet would open the copy: a workbook with macros stays one.
    pub(crate) fn fits(self, roster: &Roster, out: &Path) -> Result<(), Failure> {
        let Self::Workbook(ending) = self else { return Ok(()) };
        let meant = match roster.storage() {
            Storage::Xlsx { .. } => package::ending(roster.bytes()).unwrap_or("xlsx"),
            Storage::Csv { .. } => "xlsx",
        };
        if meant == ending {
            return Ok(());
        }
        let what = format!(
            "the copy is a workbook of the kind `.{meant}`, and would not open as `{}`",
            out.display()
        );
        Err(Failure::usage(what).hint(format!("give it a name that ends in `.{meant}`")))
    }
}

pub(super) fn taken(out: &Path) -> Failure {
    Failure::usage(format!("there is a file already, and it is left as it is: `{}`", out.display()))
        .hint("choose another name, or remove the file")
}
