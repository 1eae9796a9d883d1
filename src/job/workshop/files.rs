//! The files of the folder, by their names, and files that come into it.

use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::names::{listed_name, usable_name};
use super::shop::Workshop;
use super::undoable::Undoable;
use crate::agent::IdentityType;
use crate::clock;
use crate::disk;
use crate::error::Failure;
use crate::ledger::{self, beside};
use crate::roster::template;

/// How many files are listed.
const MOST: usize = 500;

/// A file of the folder.
#[derive(Clone, Debug, Serialize)]
pub struct FileTold {
    /// Its name.
    pub name: String,
    /// `csv`, `xlsx`, `directory`, `map`, `ledger` or `report`.
    pub kind: &'static str,
    /// How many bytes it has.
    pub size: u64,
    /// When it was changed, by RFC 3339.
    pub modified: String,
    /// How many rows it has, where that is known.
    pub rows: Option<u64>,
    /// The run that was begun with it.
    pub ledger: Option<LedgerTold>,
}

/// Where the run of a roster stands.
#[derive(Clone, Debug, Serialize)]
pub struct LedgerTold {
    /// The ledger's file name.
    pub name: String,
    /// Whether it is a rehearsal's.
    pub rehearsal: bool,
    /// How many rows are created.
    pub created: u64,
    /// How many there are.
    pub total: u64,
    /// How many failed.
    pub failed: u64,
    /// Whether nothing is left to do.
    pub complete: bool,
    /// When something happened last, by RFC 3339.
    pub ended: Option<String>,
}

fn kind_of(name: &str) -> Option<&'static str> {
    let lower = name.to_ascii_lowercase();
    let ends = |ending: &str| lower.ends_with(ending);
    if ends(".ledger.jsonl") {
        Some("ledger")
    } else if ends(".csv") || ends(".tsv") || ends(".txt") {
        Some("csv")
    } else if ends(".xlsx") || ends(".xlsm") {
        Some("xlsx")
    } else if ends(".toml") {
        Some("map")
    } else if ends(".json") {
        Some("directory")
    } else if ends(".html") || ends(".md") {
        Some("report")
    } else {
        None
    }
}

impl Workshop {
    /// The files of the folder that something can be done with, rosters first and the newest first of them.
    ///
    /// # Errors
    /// Where the folder cannot be read.
    pub fn files(&self) -> Result<Vec<FileTold>, Undoable> {
        let unreadable = |error| {
            Failure::usage(format!("the folder cannot be read: `{}`", self.folder.display())).because(error)
        };
        let mut files: Vec<(SystemTime, FileTold)> = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(unreadable)?.filter_map(Result::ok) {
            let Ok(name) = entry.file_name().into_string() else { continue };
            // No link is followed: what it leads to may stand anywhere.
            let Some(there) = entry.metadata().ok().filter(|there| there.is_file()) else { continue };
            let Some(kind) = kind_of(&name).filter(|_| listed_name(&name).is_ok()) else { continue };
            let modified = there.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let ledger =
                matches!(kind, "csv" | "xlsx").then(|| ledger_of(&self.folder.join(&name))).flatten();
            let modified_text = clock::rfc3339(modified);
            files.push((
                modified,
                FileTold { name, kind, size: there.len(), modified: modified_text, rows: None, ledger },
            ));
        }
        let rank = |kind: &str| u8::from(!matches!(kind, "csv" | "xlsx"));
        files.sort_by(|(one_at, one), (other_at, other)| {
            rank(one.kind)
                .cmp(&rank(other.kind))
                .then(other_at.cmp(one_at))
                .then_with(|| one.name.cmp(&other.name))
        });
        let directories = self.directories.of(&self.folder);
        let is_told = |file: &FileTold| file.kind != "directory" || directories.contains(&file.name);
        Ok(files.into_iter().map(|(_, file)| file).filter(is_told).take(MOST).collect())
    }

    /// Puts a file into the folder, readable by its owner only; never over another.
    ///
    /// # Errors
    /// Where the name is none for a file, is taken, or it cannot be written.
    pub fn receive(&self, name: &str, bytes: &[u8]) -> Result<String, Undoable> {
        let name = usable_name(name)?;
        if !matches!(kind_of(name), Some("csv" | "xlsx" | "directory" | "map")) {
            let what = format!("this is no roster, directory or column map by its name: `{name}`");
            return Err(Failure::usage(what).hint("rosters are CSV or XLSX").into());
        }
        self.create(name, bytes)
    }

    fn create(&self, name: &str, bytes: &[u8]) -> Result<String, Undoable> {
        let path = self.folder.join(name);
        if path.symlink_metadata().is_ok() {
            let what = format!("there is a file already, and it is left as it is: `{name}`");
            return Err(Undoable::Taken(Failure::usage(what).hint("choose another name")));
        }
        let cannot = |error| Failure::usage(format!("cannot write: `{name}`")).because(error);
        disk::create_new(&path, bytes).map_err(cannot)?;
        Ok(name.to_owned())
    }

    /// Writes an empty roster to fill in.
    ///
    /// # Errors
    /// As [`Workshop::receive`] has them.
    pub fn new_template(&self, identity: IdentityType, name: &str) -> Result<String, Undoable> {
        let name = usable_name(name)?;
        let bytes = match kind_of(name) {
            Some("csv") => template::csv(identity).into_bytes(),
            Some("xlsx") => template::workbook(identity, self.voice)?,
            _ => return Err(Failure::usage(format!("a roster is a .csv or an .xlsx file: `{name}`")).into()),
        };
        self.create(name, &bytes)
    }
}

/// Where the run of a roster stands: the import's own, else the rehearsal's.
fn ledger_of(roster: &Path) -> Option<LedgerTold> {
    [false, true].into_iter().find_map(|rehearsal| {
        let path = beside::ledger_of(roster, rehearsal);
        let (state, at_work) = ledger::glance(&path.clone().into()).ok().flatten()?;
        let counts = state.counts(at_work);
        Some(LedgerTold {
            name: path.file_name()?.to_string_lossy().into_owned(),
            rehearsal,
            created: counts.created,
            total: counts.total,
            failed: counts.failed(),
            complete: counts.is_complete(),
            ended: std::fs::metadata(&path).and_then(|there| there.modified()).ok().map(clock::rfc3339),
        })
    })
}

impl Workshop {
    /// The column map that was saved for a roster of this name, where there is one: `NAME.columns.toml`.
    pub fn map_of(&self, roster: &str) -> Option<std::path::PathBuf> {
        let stem = roster.rsplit_once('.').map_or(roster, |(stem, _)| stem);
        // A mended copy is read as its roster is.
        let stem = stem.split_once(".mended").map_or(stem, |(stem, _)| stem);
        let path = self.folder.join(format!("{stem}.columns.toml"));
        path.symlink_metadata().is_ok_and(|there| there.is_file()).then_some(path)
    }

    /// A name for the next copy of the roster that is open: `NAME.mended.csv`, then `NAME.mended-2.csv`.
    ///
    /// # Errors
    /// Where nothing is open.
    pub fn next_name(&self) -> Result<String, Undoable> {
        let open = self.opened()?;
        let (stem, ending) = open.name.rsplit_once('.').unwrap_or((open.name.as_str(), "csv"));
        let names = std::iter::once(format!("{stem}.mended.{ending}"))
            .chain((2..).map(|nth| format!("{stem}.mended-{nth}.{ending}")));
        let is_free = |name: &String| self.folder.join(name).symlink_metadata().is_err();
        let free = names.take(1000).find(is_free);
        free.ok_or_else(|| {
            Undoable::Taken(
                Failure::usage("there are too many copies of this roster")
                    .hint("remove those that are not needed"),
            )
        })
    }
}
