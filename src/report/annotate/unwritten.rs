//! Why a copy could not be written.

use std::io;

use rust_xlsxwriter::XlsxError;

use crate::error::Failure;

/// Why there is no copy.
pub(super) enum Unwritten {
    /// The disk.
    Io(io::Error),
    /// What a new workbook cannot hold.
    Xlsx(XlsxError),
    /// The roster can be read no further.
    Roster(Failure),
    /// A row beyond a workbook's last.
    TooMany(u64),
    /// Why the package of a workbook cannot be changed.
    NotInPlace(&'static str),
    /// What a workbook cannot hold.
    OfText(String),
    /// What a CSV cannot hold.
    OfWorkbook(String),
}

impl From<io::Error> for Unwritten {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<csv::Error> for Unwritten {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

impl From<XlsxError> for Unwritten {
    fn from(error: XlsxError) -> Self {
        Self::Xlsx(error)
    }
}

impl From<Failure> for Unwritten {
    fn from(failure: Failure) -> Self {
        Self::Roster(failure)
    }
}
