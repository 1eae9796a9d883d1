//! The roster that is open on a workbench.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::asked::Of;
use super::journal::ToKeep;
use super::kept_views::Views;
use super::told::{CountsTold, RecoverTold, RosterTold};
use super::undoable::Undoable;
use super::watch::{OnDisk, Seen};
use crate::clock::{self, Clock};
use crate::error::Failure;
use crate::finding::{Finding, Fix};
use crate::job::mending::Mending;
use crate::mend::{self, Change, Faults};
use crate::roster::Storage;

/// What is open.
pub(super) struct Open {
    pub(super) name: String,
    pub(super) mending: Mending,
    pub(super) sheets: Vec<String>,
    pub(super) map_file: Option<String>,
    /// The rows that were changed since all of them were checked.
    pub(super) unchecked: BTreeSet<u64>,
    /// The steps that the file has in it which was saved last.
    pub(super) saved_steps: Vec<u64>,
    pub(super) saved: Option<String>,
    /// Files that were saved from here, as they were left: as long as they are so, they may be saved over.
    pub(super) ours: BTreeMap<String, Seen>,
    pub(super) seen: Seen,
    pub(super) on_disk: Option<OnDisk>,
    pub(super) digest: String,
    /// Whether what is not saved is kept, or about to be.
    pub(super) has_kept: bool,
    pub(super) recover: Option<RecoverTold>,
    pub(super) views: Views,
    /// Faults of an import that has sent these rows, by row.
    pub(super) service: BTreeMap<u64, (String, String)>,
    pub(super) offset: u64,
}

/// By what a finding of the file is asked for: which it is, and what it says.
pub(super) fn id_of_file(at: usize, finding: &Finding) -> String {
    format!("{}·{at}·{}", finding.code, finding.column.as_deref().unwrap_or(""))
}

impl Open {
    pub(super) fn revision(&self) -> u64 {
        self.mending.draft().revision() + self.offset
    }

    pub(super) fn width(&self) -> usize {
        self.mending.draft().roster().width()
    }

    pub(super) fn has_cell(&self, row: u64, column: usize) -> Result<(), Undoable> {
        if self.mending.draft().has_row(row) && column < self.width() {
            return Ok(());
        }
        let what = format!("the roster has no such cell: row {row}, column {column}");
        Err(Undoable::NotFound(Failure::usage(what)))
    }

    /// The steps that are done and not undone.
    pub(super) fn done_steps(&self) -> Vec<u64> {
        self.mending.draft().steps().iter().filter(|step| !step.is_undone).map(|step| step.id).collect()
    }

    /// How many things are another than in the file that was saved last, or in the roster's own.
    pub(super) fn unsaved(&self) -> usize {
        let done = self.done_steps();
        if done == self.saved_steps {
            return 0;
        }
        let draft = self.mending.draft();
        let all = draft.edits().count()
            + draft.edits().dropped().len()
            + draft.edits().added().len()
            + draft.renamed().len();
        // Where all was undone that was saved, the copy is another than the roster.
        if all == 0 && self.saved_steps.is_empty() { 0 } else { all.max(1) }
    }

    pub(super) fn roster_told(&self) -> RosterTold {
        let roster = self.mending.draft().roster();
        let (kind, sheet, encoding, delimiter) = match roster.storage() {
            Storage::Csv { encoding, delimiter } => {
                ("csv", None, Some(encoding.to_owned()), Some(char::from(delimiter).to_string()))
            }
            Storage::Xlsx { sheet } => ("xlsx", Some(sheet), None, None),
        };
        RosterTold {
            name: self.name.clone(),
            kind,
            rows: self.mending.draft().len(),
            width: roster.width(),
            sheet,
            sheets: self.sheets.clone(),
            encoding,
            delimiter,
            header_row: roster.header_row(),
            recognised: roster.recognised(),
            map: self.map_file.clone(),
        }
    }

    pub(super) fn counts(&self) -> CountsTold {
        let (faults, edits): (&Faults, _) = (self.mending.faults(), self.mending.draft().edits());
        CountsTold {
            rows: faults.rows,
            invalid_rows: faults.not_sent(),
            errors: faults.errors,
            warnings: faults.warnings,
            changed_rows: edits.changed_rows(),
        }
    }

    /// Whether a file is one that was saved from here, and is as it was left.
    pub(super) fn is_ours(&self, name: &str, path: &Path) -> bool {
        let is_file = path.symlink_metadata().is_ok_and(|there| there.is_file());
        is_file && self.ours.get(name).is_some_and(|left| *left == Seen::of(path))
    }

    pub(super) fn changes_of_fix(&self, of: &Of, fix: &str) -> Result<(String, Vec<Change>), Undoable> {
        let no_such = |what: &str| Undoable::NotFound(Failure::usage(format!("{what} is no longer found")));
        let (mender, faults) = (self.mending.mender(), self.mending.faults());
        match of {
            Of::Group(id) => {
                let (at, group) = faults.group(id).ok_or_else(|| no_such("what is to be mended"))?;
                let proposals = mender.of_group(at);
                let found = proposals.iter().find(|(id, _)| id == fix);
                let (_, proposal) = found.ok_or_else(|| no_such("the fix"))?;
                let label = format!("{}: {}", group.code.title, proposal.fix.label());
                Ok((label, mender.changes_of_group(at, fix)))
            }
            Of::File(id) => {
                let found =
                    faults.of_file.iter().enumerate().find(|(at, finding)| id_of_file(*at, finding) == *id);
                let (_, finding) = found.ok_or_else(|| no_such("what is to be mended"))?;
                let proposals = mender.of_file(finding)?;
                let (_, proposal) =
                    proposals.iter().find(|(id, _)| id == fix).ok_or_else(|| no_such("the fix"))?;
                Ok((proposal.fix.label(), mender.changes_of_file(finding, proposal)))
            }
            Of::Cell { row, column } => {
                let proposals = self.fixes_of_cell(*row, *column);
                let (_, proposal) =
                    proposals.iter().find(|(id, _)| id == fix).ok_or_else(|| no_such("the fix"))?;
                let place = format!("{}{row}", crate::roster::column_letters(*column));
                let label = match &proposal.fix {
                    Fix::DropRow => format!("row {row} taken out"),
                    fix => format!("{place}: {}", fix.label()),
                };
                Ok((label, mend::changes_of_one(*row, proposal)))
            }
        }
    }

    /// What is changed, to be kept for the next time that the same file is opened.
    pub(super) fn to_keep(&self, state: &Path, clock: &dyn Clock) -> ToKeep {
        ToKeep {
            state: state.to_owned(),
            digest: self.digest.clone(),
            draft: self.mending.draft().clone(),
            when: clock::rfc3339(clock.now()),
        }
    }
}
