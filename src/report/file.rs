//! A report as a file: its bytes in each form, the names that it has of the roster, and what may stand in its place.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::account::Account;
use super::{html, json, people, table, ticket};
use crate::disk::{self, Landed};
use crate::error::Failure;
use crate::roster::{Options, Roster};

/// The form of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One page that opens offline.
    Html,
    /// One line a row.
    Csv,
    /// The same as a workbook, with the failures and the record.
    Xlsx,
    /// Everything, for programs.
    Json,
    /// Short, for a ticket.
    Md,
}

impl Form {
    /// The form of this name, which its files end in.
    #[cfg(feature = "open")]
    pub(crate) fn of_word(word: &str) -> Option<Self> {
        Some(match word {
            "html" => Self::Html,
            "csv" => Self::Csv,
            "xlsx" => Self::Xlsx,
            "json" => Self::Json,
            "md" => Self::Md,
            _ => return None,
        })
    }

    /// Whether it has the names and teams of people.
    pub(crate) fn names_people(self) -> bool {
        matches!(self, Self::Html | Self::Xlsx | Self::Md)
    }

    /// The report in this form; `made` is when, RFC 3339.
    pub(crate) fn bytes(self, account: &Account, made: &str) -> Result<Vec<u8>, Failure> {
        Ok(match self {
            Self::Html => html::write(account, made)?.into_bytes(),
            Self::Csv => table::csv(account)?,
            Self::Xlsx => table::workbook(account, made)?,
            Self::Json => json::write(account, made)?,
            Self::Md => ticket::write(account, made).into_bytes(),
        })
    }
}

/// Takes the rows' names and teams from the roster, for a ledger has none; says where they are from, or why there are none.
pub(crate) fn name_rows(account: &mut Account, reading: Options) {
    let path = PathBuf::from(account.roster_now());
    let reading = Options { header_row: reading.header_row.or(account.header_row), ..reading };
    let found = Roster::open(&path, &reading).and_then(|roster| people::find(&mut account.rows, &roster));
    let path = path.display();
    account.names = Some(match found {
        Ok(()) => format!("as `{path}` has them now"),
        Err(failure) => {
            format!("left out, for they are in the roster alone, and it cannot be read: {}", failure.what)
        }
    });
}

/// Only a report of ours is replaced: a roster or a ledger named by mistake stays as it is.
///
/// # Errors
/// Exit 2 where something else stands there.
pub(crate) fn is_free(path: &Path) -> Result<(), Failure> {
    let cannot = |error: io::Error| {
        Failure::usage(format!("cannot write the report: `{}`", path.display())).because(error)
    };
    if path.is_dir() {
        return Err(Failure::usage(format!("the report's place is a folder: `{}`", path.display()))
            .hint("name a file in it"));
    }
    let mut file = match disk::open_regular(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(cannot(error)),
    };
    if is_report(&mut file).map_err(cannot)? {
        return Ok(());
    }
    Err(Failure::usage(format!("there is a file that is not a report of headcount: `{}`", path.display()))
        .hint("choose another name, or move the file away"))
}

/// Whether a file is one that a report was written to.
fn is_report(file: &mut File) -> io::Result<bool> {
    let mut head = Vec::new();
    file.take(1024).read_to_end(&mut head)?;
    if head.starts_with(b"PK") {
        return Ok(has_mark(file));
    }
    let text = String::from_utf8_lossy(&head);
    let table = table::HEADERS.map(|header| format!("\"{header}\"")).join(",");
    Ok(text.contains(html::MARK)
        || text.starts_with(json::HEAD)
        || text.starts_with(ticket::HEAD)
        || text.strip_prefix('\u{FEFF}').is_some_and(|text| text.starts_with(&table)))
}

/// Whether a workbook's properties say that it is ours.
fn has_mark(file: &File) -> bool {
    let Ok(mut archive) = zip::ZipArchive::new(file) else { return false };
    let Ok(properties) = archive.by_name("docProps/core.xml") else { return false };
    let mut text = String::new();
    let read = properties.take(1 << 16).read_to_string(&mut text);
    read.is_ok() && text.contains(&format!(">{}<", table::MARK))
}

/// Puts a report in its place, whole or not at all; where another program has the file, beside it. Returns where it is.
///
/// # Errors
/// Exit 4 where it cannot be written.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> Result<PathBuf, Failure> {
    match disk::replace(path, bytes) {
        Ok(Landed::There) => Ok(path.to_owned()),
        Ok(Landed::Beside(other)) => Ok(other),
        Err(error) => {
            let what =
                format!("the report cannot be written, and nothing of it is left: `{}`", path.display());
            Err(Failure::stopped(what).because(error).hint("free some space, or choose another place"))
        }
    }
}
