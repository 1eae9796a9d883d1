//! The workbench itself: what is open on it, and every change.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::asked::{Of, RefusedRow, Settings, ToOpen, ToReplace};
use super::guarded::keeps_secrets;
use super::journal::{self, ToKeep};
use super::kept_views::Views;
use super::names::{Directories, listed_name, usable_name};
use super::open::Open;
use super::paste;
use super::told::{
    ChangedTold, DirectoryTold, EffectTold, IdentityTold, SampleTold, StateTold, StepName, StepTold,
};
use super::undoable::{Undoable, none_open};
use super::watch::{OnDisk, Seen};
use crate::clock::{self, Clock};
use crate::error::Failure;
use crate::job::mending::{Mending, MendingBy};
use crate::job::offline::Basis;
use crate::mend::{self, Change, Effect, Step};
use crate::roster::Options;
use crate::stop::Switch;
use crate::text::Voice;
use crate::validate::username;

/// A roster on a workbench.
pub struct Workshop {
    pub(super) folder: PathBuf,
    /// Where edits are kept that were not saved, if anywhere.
    pub(super) state: Option<PathBuf>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) voice: &'static dyn Voice,
    pub(super) open: Option<Open>,
    pub(super) settings: Settings,
    pub(super) directories: Directories,
    /// Revisions go on from roster to roster, so that none is taken for another's.
    pub(super) offset: u64,
}

impl fmt::Debug for Workshop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Workshop({})", self.folder.display())
    }
}

impl Workshop {
    /// How many rows a roster may have here; larger ones are for a command line.
    pub const MOST_ROWS: usize = 200_000;

    /// An empty workbench in a folder. Edits are kept in the folder `state`, where one is given.
    pub fn new(
        folder: PathBuf,
        state: Option<PathBuf>,
        clock: Arc<dyn Clock>,
        voice: &'static dyn Voice,
    ) -> Self {
        Self {
            folder,
            state,
            clock,
            voice,
            open: None,
            settings: Settings::default(),
            directories: Directories::default(),
            offset: 0,
        }
    }

    /// The folder whose files are worked on.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// By what rosters are checked.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Opens a roster of the folder. What was open is given up.
    ///
    /// # Errors
    /// Where it cannot be read as a roster, or has too many rows.
    pub fn open(&mut self, asked: ToOpen) -> Result<(), Undoable> {
        let path = self.path(&asked.name)?;
        let seen = Seen::of(&path);
        // National numbers are read by the country of the settings, as the command line reads them.
        let reading = Options { phone_region: self.settings.phone_region, ..asked.reading };
        let map_file = reading.columns.as_deref().and_then(Path::file_name);
        let map_file = map_file.map(|name| name.to_string_lossy().into_owned());
        let by = self.by();
        let mending = Mending::open(&path, reading, asked.map, by, &Switch::default())?;
        keeps_secrets(&path, mending.draft(), &[])?;
        let rows = mending.draft().len();
        if rows > Self::MOST_ROWS {
            let what =
                format!("the roster has {rows} rows, and {} is the most that is shown here", Self::MOST_ROWS);
            let hint = "`headcount validate` and `headcount mend` take rosters of any length";
            return Err(Failure::usage(what).hint(hint).into());
        }
        let sheets = mending.draft().roster().sheets().to_vec();
        let digest = journal::digest(&path)?;
        let recover = self.state.as_deref().and_then(|state| journal::kept(state, &digest));
        self.offset = self.revision() + 1;
        let mut open = Open {
            name: asked.name,
            mending,
            sheets,
            map_file,
            unchecked: BTreeSet::new(),
            saved_steps: Vec::new(),
            saved: None,
            ours: BTreeMap::new(),
            seen,
            on_disk: None,
            recover: recover.as_ref().map(journal::Kept::told),
            digest,
            has_kept: false,
            views: Views::default(),
            service: BTreeMap::new(),
            offset: self.offset,
        };
        if let Some(kept) = recover.filter(|_| asked.recover) {
            open.mending.change("what was not saved before", kept.changes())?;
            open.mending.check(&Switch::default())?;
            (open.recover, open.has_kept) = (None, true);
        }
        self.open = Some(open);
        Ok(())
    }

    /// Gives up what is open.
    pub fn close(&mut self) {
        self.offset = self.revision() + 1;
        self.open = None;
    }

    pub(super) fn by(&self) -> MendingBy {
        let Settings { identity, directory, makes_passwords, phone_region } = self.settings.clone();
        MendingBy {
            identity,
            directory: directory.map(|name| self.folder.join(name)),
            makes_passwords,
            phone_region,
            ..MendingBy::default()
        }
    }

    /// The path of a file of the folder.
    pub(super) fn path(&self, name: &str) -> Result<PathBuf, Undoable> {
        listed_name(name).map_err(Undoable::NotFound)?;
        let path = self.folder.join(name);
        let is_file = path.symlink_metadata().is_ok_and(|there| there.is_file());
        if !is_file {
            let what = format!("the folder has no file of this name: `{name}`");
            return Err(Undoable::NotFound(Failure::usage(what).hint("choose one that is listed")));
        }
        Ok(path)
    }

    pub(super) fn opened(&self) -> Result<&Open, Undoable> {
        self.open.as_ref().ok_or_else(none_open)
    }

    pub(super) fn opened_at(&mut self, revision: u64) -> Result<&mut Open, Undoable> {
        let now = self.revision();
        let open = self.open.as_mut().ok_or_else(none_open)?;
        if revision == now { Ok(open) } else { Err(Undoable::Stale { revision: now }) }
    }

    /// Which revision there is.
    pub fn revision(&self) -> u64 {
        self.open.as_ref().map_or(self.offset, Open::revision)
    }

    /// Whether something is not saved.
    pub fn has_unsaved(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.unsaved() > 0)
    }

    /// The path of the roster, with what it is read by: for an import of it. Where something is unsaved, or changed and
    /// saved, it is the saved copy.
    ///
    /// # Errors
    /// Where nothing is open, or something is unsaved.
    pub fn to_import(&self) -> Result<(PathBuf, PathBuf, Options, MendingBy), Undoable> {
        let open = self.opened()?;
        if open.unsaved() > 0 {
            let what = "the roster has changes that are not saved";
            return Err(Undoable::Busy(
                Failure::usage(what).hint("save it first: what is imported is a file"),
            ));
        }
        let original = self.folder.join(&open.name);
        let is_changed =
            !open.mending.draft().edits().is_empty() || !open.mending.draft().renamed().is_empty();
        let file = open
            .saved
            .as_ref()
            .filter(|_| is_changed)
            .map_or(original.clone(), |name| self.folder.join(name));
        let mut reading = open.mending.draft().options().clone();
        if open.mending.draft().map().is_some() {
            let Some(map) = &open.map_file else {
                let what = "the column map is not saved";
                return Err(Undoable::Busy(
                    Failure::usage(what).hint("save the map first: what is imported is read by it"),
                ));
            };
            reading.columns = Some(self.folder.join(map));
        }
        if file != original {
            // A copy is in UTF-8, whatever the roster was in.
            reading.encoding = None;
        }
        Ok((file, original, reading, self.by()))
    }

    /// Another check than before: what was changed stays.
    ///
    /// # Errors
    /// Where the directory cannot be used.
    pub fn set(&mut self, revision: u64, settings: Settings) -> Result<(), Undoable> {
        if let Some(name) = &settings.directory {
            self.path(name)?;
        }
        if self.open.is_some() {
            self.opened_at(revision)?;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        let by = self.by();
        if let Some(open) = &mut self.open {
            match by_settings(&open.mending, by, &Switch::default()) {
                Ok(mending) => open.mending = mending,
                Err(failure) => {
                    self.settings = before;
                    return Err(failure.into());
                }
            }
            open.unchecked.clear();
            open.offset += 1;
            open.views.forget();
        }
        Ok(())
    }

    /// Where it stands.
    pub fn state(&self) -> StateTold {
        let open = self.open.as_ref();
        let steps = open.map(|open| open.mending.draft().steps()).unwrap_or_default();
        let told = |step: &Arc<Step>| StepName { id: step.id, label: step.label.clone() };
        StateTold {
            folder: self
                .folder
                .file_name()
                .map_or_else(|| "/".into(), |name| name.to_string_lossy().into_owned()),
            limit_rows: Self::MOST_ROWS,
            roster: open.map(Open::roster_told),
            revision: self.revision(),
            checked: open.map_or(0, |open| open.mending.faults().revision + open.offset),
            counts: open.map(Open::counts).unwrap_or_default(),
            unsaved: open.map_or(0, Open::unsaved),
            saved: open.and_then(|open| open.saved.clone()),
            undo: steps.iter().rfind(|step| !step.is_undone).map(told),
            redo: open.and_then(|open| open.mending.draft().undone_last()).map(told),
            steps: steps.iter().rev().take(200).map(|step| step_told(step)).collect(),
            directory: open.and_then(|open| self.directory_told(open)),
            directories: self.directories.of(&self.folder),
            identity: open.map(|open| identity_told(open.mending.basis())),
            passwords: if self.settings.makes_passwords { "made" } else { "roster" },
            phone_region: self.settings.phone_region.map(|region| region.to_string()),
            file: open.and_then(|open| open.on_disk).map(OnDisk::word),
            recover: open.and_then(|open| open.recover.clone()),
        }
    }

    fn directory_told(&self, open: &Open) -> Option<DirectoryTold> {
        let name = self.settings.directory.clone()?;
        let directory = open.mending.directory()?;
        let saved = directory.fetched_at.as_deref().and_then(clock::parse_rfc3339);
        let age = saved.and_then(|saved| self.clock.now().duration_since(saved).ok());
        Some(DirectoryTold {
            name,
            alias: directory.instance.alias.clone(),
            saved: directory.fetched_at.clone(),
            age_days: age.map(|age| age.as_secs() / 86_400),
        })
    }

    // ── changes ──

    /// Gives cells other texts.
    ///
    /// # Errors
    /// Where the revision is another, or a cell is none of the file's.
    pub fn edit(&mut self, revision: u64, cells: Vec<(u64, usize, String)>) -> Result<ChangedTold, Undoable> {
        let open = self.opened_at(revision)?;
        for (row, column, _) in &cells {
            open.has_cell(*row, *column)?;
        }
        let label = match cells.as_slice() {
            [(row, column, _)] => format!("{}{row}", crate::roster::column_letters(*column)),
            several => crate::text::count(several.len() as u64, "cell"),
        };
        let changes = cells
            .into_iter()
            .map(|(row, column, text)| Change::Cell { row, column, text: text.into() })
            .collect();
        self.change(&label, changes)
    }

    /// Puts a table of cells, as a spreadsheet copies it, from a cell on to the right and down, in the order of a view.
    ///
    /// # Errors
    /// Where the revision is another, or the cell is none of the file's.
    pub fn paste(
        &mut self,
        revision: u64,
        (row, column): (u64, usize),
        tsv: &str,
        view: &str,
        find: &str,
    ) -> Result<ChangedTold, Undoable> {
        let open = self.opened_at(revision)?;
        open.has_cell(row, column)?;
        let order = open.rows_of_view(view, find);
        let begin = order.iter().position(|number| *number == row).unwrap_or(order.len());
        let (mut changes, mut clipped) = (Vec::new(), 0);
        for (down, cells) in paste::table(tsv).into_iter().enumerate() {
            for (right, text) in cells.into_iter().enumerate() {
                match order.get(begin + down) {
                    Some(row) if column + right < open.width() => {
                        changes.push(Change::Cell { row: *row, column: column + right, text: text.into() })
                    }
                    _ => clipped += 1,
                }
            }
        }
        let label = format!("pasted {}", crate::text::count(changes.len() as u64, "cell"));
        let changed = self.change(&label, changes)?;
        Ok(ChangedTold { clipped: Some(clipped), ..changed })
    }

    /// Takes rows out, puts some back, adds blank ones below the last.
    ///
    /// # Errors
    /// Where the revision is another, or there is no such row.
    pub fn rows_changed(
        &mut self,
        revision: u64,
        dropped: &[u64],
        restored: &[u64],
        added: usize,
    ) -> Result<ChangedTold, Undoable> {
        let open = self.opened_at(revision)?;
        if let Some(row) = dropped.iter().chain(restored).find(|row| !open.mending.draft().has_row(**row)) {
            return Err(Undoable::NotFound(Failure::usage(format!("there is no row {row}"))));
        }
        let drop = |rows: &[u64], is_dropped| -> Vec<Change> {
            rows.iter().map(|row| Change::Drop { row: *row, is_dropped }).collect()
        };
        let rows = open.mending.draft().len();
        if added > Self::MOST_ROWS.saturating_sub(rows) {
            let what = format!(
                "the roster would have more than {} rows, and that is the most that is shown here",
                Self::MOST_ROWS
            );
            return Err(Undoable::Unusable(Failure::usage(what)));
        }
        let first = open.mending.draft().next_number();
        let new: Vec<u64> = (first..).take(added).collect();
        let mut changes = drop(dropped, true);
        changes.extend(drop(restored, false));
        changes.extend(new.iter().map(|row| Change::Add { row: *row }));
        let count = |rows: usize, what: &str| format!("{} {what}", crate::text::count(rows as u64, "row"));
        let label = match (dropped.len(), restored.len(), added) {
            (rows @ 1.., _, _) => count(rows, "taken out"),
            (0, rows @ 1.., _) => count(rows, "put back"),
            (0, 0, rows) => count(rows, "added"),
        };
        let changed = self.change(&label, changes)?;
        Ok(ChangedTold { added: new, ..changed })
    }

    /// Does what a fix says, or says what would come of it.
    ///
    /// # Errors
    /// Where the revision is another, or there is no such fix.
    pub fn fix(
        &mut self,
        revision: u64,
        of: &Of,
        fix: &str,
        is_preview: bool,
    ) -> Result<EffectTold, Undoable> {
        self.checked_at(revision)?;
        let open = self.opened()?;
        let (label, changes) = open.changes_of_fix(of, fix)?;
        self.bulk(&label, changes, is_preview)
    }

    /// The same for all that cannot be meant otherwise.
    ///
    /// # Errors
    /// Where the revision is another.
    pub fn fix_safe(&mut self, revision: u64, is_preview: bool) -> Result<EffectTold, Undoable> {
        self.checked_at(revision)?;
        let picked = mend::Picked { safe: true, ..mend::Picked::default() };
        let changes = self.opened()?.mending.mender().changes_of(&picked)?;
        self.bulk("all that is safe", changes, is_preview)
    }

    /// Puts one text in place of another.
    ///
    /// # Errors
    /// Where the revision is another.
    pub fn replace(
        &mut self,
        revision: u64,
        asked: &ToReplace,
        is_preview: bool,
    ) -> Result<EffectTold, Undoable> {
        let open = self.opened_at(revision)?;
        let ToReplace { find, with, column, is_whole, has_case, view } = asked;
        let mut changes = open.mending.mender().replaced(find, with, *column, *is_whole, *has_case);
        if view != "all" && !view.is_empty() {
            let rows: BTreeSet<u64> = open.rows_of_view(view, "").iter().copied().collect();
            changes.retain(|change| matches!(change, Change::Cell { row, .. } if rows.contains(row)));
        }
        let label = format!("`{}` → `{}`", crate::text::shown(find), crate::text::shown(with));
        self.bulk(&label, changes, is_preview)
    }

    fn bulk(&mut self, label: &str, changes: Vec<Change>, is_preview: bool) -> Result<EffectTold, Undoable> {
        let open = self.opened()?;
        let effect = if is_preview { open.mending.mender().effect(&changes)? } else { Effect::of(&changes) };
        let revision = if is_preview { None } else { Some(self.change(label, changes)?.revision) };
        let Effect { rows, cells, dropped, samples, mends, adds } = effect;
        let sample = |(n, col, from, to)| SampleTold { n, col, from, to };
        let samples = samples.into_iter().map(sample).collect();
        Ok(EffectTold { rows, cells, dropped, samples, mends, adds, revision })
    }

    fn change(&mut self, label: &str, changes: Vec<Change>) -> Result<ChangedTold, Undoable> {
        let open = self.open.as_mut().ok_or_else(none_open)?;
        let step = open.mending.change(label, changes)?;
        Ok(self.changed(step))
    }

    /// Undoes a step, the last where none is named.
    ///
    /// # Errors
    /// Where the revision is another, or there is none.
    pub fn undo(&mut self, revision: u64, step: Option<u64>) -> Result<ChangedTold, Undoable> {
        let undone = self.opened_at(revision)?.mending.undo(step)?;
        if undone.is_none() {
            return Err(Undoable::NotFound(Failure::usage("there is nothing to undo")));
        }
        Ok(self.changed(undone))
    }

    /// Does again what was undone last.
    ///
    /// # Errors
    /// Where the revision is another, or there is nothing.
    pub fn redo(&mut self, revision: u64) -> Result<ChangedTold, Undoable> {
        let done = self.opened_at(revision)?.mending.redo()?;
        if done.is_none() {
            return Err(Undoable::NotFound(Failure::usage("there is nothing to do again")));
        }
        Ok(self.changed(done))
    }

    /// What has changed, its first rows checked by themselves.
    fn changed(&mut self, step: Option<Arc<Step>>) -> ChangedTold {
        const ROWS: usize = 50;
        let Some(open) = &mut self.open else { return ChangedTold::default() };
        let rows: Vec<u64> = step.as_ref().map(|step| step.of_rows()).unwrap_or_default();
        open.unchecked.append(&mut rows.iter().copied().collect());
        open.views.forget();
        let shown = rows.iter().take(ROWS).filter_map(|row| open.row_shown(*row)).collect();
        ChangedTold {
            revision: open.revision(),
            cells: step.as_ref().map_or(0, |step| step.cells()),
            rows: shown,
            counts: open.counts(),
            label: step.map(|step| step.label.clone()),
            clipped: None,
            added: Vec::new(),
        }
    }

    /// What is to be checked now, all rows of it, on a thread of its own; `None` where that was done already. What comes of it
    /// is for [`Workshop::take`].
    pub fn to_check(&self) -> Option<Mending> {
        let open = self.open.as_ref()?;
        (open.mending.faults().revision != open.mending.draft().revision()).then(|| open.mending.clone())
    }

    /// Takes over what a check has found; whether it is of the revision that there is.
    pub fn take(&mut self, checked: &mut Mending) -> bool {
        let Some(open) = &mut self.open else { return false };
        // Of a check that began by other settings or another map nothing is taken: by these all was checked already.
        let is_it = open.mending.is_checked_by(checked);
        if is_it {
            open.mending.take(checked);
            open.unchecked.clear();
            open.views.forget();
        }
        is_it
    }

    /// What is not saved, to be kept for the next time that the same file is opened: as soon as somebody has time, and not
    /// while anybody waits for the workbench. Where all was undone or saved, what was kept is forgotten, and there is none.
    pub fn to_keep(&mut self) -> Option<ToKeep> {
        let state = self.state.as_deref()?;
        let open = self.open.as_mut()?;
        let is_to_keep = open.unsaved() > 0;
        let had_kept = std::mem::replace(&mut open.has_kept, is_to_keep);
        if is_to_keep {
            return Some(open.to_keep(state, &*self.clock));
        }
        if had_kept {
            journal::forget(state, &open.digest);
        }
        None
    }

    /// Hears that it is kept: what was saved or undone meanwhile is forgotten at once.
    pub fn has_kept(&mut self, kept: &ToKeep) {
        if self.open.as_ref().is_some_and(|open| open.digest == kept.digest && open.unsaved() == 0) {
            journal::forget(&kept.state, &kept.digest);
        }
    }

    /// Checks all rows here and now, where that was not done.
    fn checked_at(&mut self, revision: u64) -> Result<(), Undoable> {
        let open = self.opened_at(revision)?;
        if open.mending.faults().revision != open.mending.draft().revision() {
            open.mending.check(&Switch::default())?;
            open.unchecked.clear();
            open.views.forget();
        }
        Ok(())
    }

    /// Saves a copy with all that is changed. The roster itself is never written, nor any other file that was not saved from
    /// here. Says what the copy does not have of the roster.
    ///
    /// # Errors
    /// Where there is such a file, or it cannot be written.
    pub fn save(&mut self, name: &str) -> Result<Vec<String>, Undoable> {
        let out = self.folder.join(usable_name(name).map_err(Undoable::Unusable)?);
        let open = self.open.as_mut().ok_or_else(none_open)?;
        let is_ours = open.is_ours(name, &out);
        if out.symlink_metadata().is_ok() && !is_ours {
            let what = format!("there is a file already, and it is left as it is: `{name}`");
            return Err(Undoable::Taken(Failure::usage(what).hint("choose another name")));
        }
        let not_carried = if is_ours {
            mend::write_over(open.mending.draft(), &out)?
        } else {
            mend::write(open.mending.draft(), &out)?
        };
        open.ours.insert(name.to_owned(), Seen::of(&out));
        open.saved = Some(name.to_owned());
        open.saved_steps = open.done_steps();
        if let Some(state) = &self.state {
            journal::forget(state, &open.digest);
        }
        Ok(not_carried)
    }

    /// Whether the roster's file is still as it was when it was opened. Where it is not and nothing is unsaved, it is read
    /// again.
    ///
    /// # Errors
    /// Where it can no longer be read as a roster.
    pub fn look(&mut self) -> Result<Option<OnDisk>, Undoable> {
        let Some(open) = &mut self.open else { return Ok(None) };
        let path = self.folder.join(&open.name);
        let now = Seen::of(&path);
        if now == open.seen {
            // It was away for a while: the same file is there again.
            let is_back = open.on_disk == Some(OnDisk::Gone);
            open.on_disk = open.on_disk.filter(|_| !is_back);
            return Ok(is_back.then_some(OnDisk::ReadAgain));
        }
        let what = if now.is_there() { OnDisk::Changed } else { OnDisk::Gone };
        if what == OnDisk::Gone
            || !open.mending.draft().edits().is_empty()
            || !open.mending.draft().renamed().is_empty()
        {
            let is_new = open.on_disk != Some(what);
            open.on_disk = Some(what);
            if what == OnDisk::Changed {
                open.seen = now;
            }
            return Ok(is_new.then_some(what));
        }
        let again = ToOpen {
            name: open.name.clone(),
            reading: open.mending.draft().options().clone(),
            map: open.mending.draft().map().map(str::to_owned),
            recover: false,
        };
        // A program that is writing it may have written half of it so far: then it is looked at again.
        let map_file = open.map_file.clone();
        let before = now;
        self.open(again)?;
        if let Some(open) = &mut self.open {
            open.map_file = map_file;
            if Seen::of(&path) != before {
                open.seen = Seen::default();
            }
        }
        Ok(Some(OnDisk::ReadAgain))
    }

    /// Takes it that rows were refused by the service, with its own words: they are faults of the grid. What was sent was the
    /// roster or a copy of it, in which rows may have other numbers: who it was is what counts.
    pub fn refused(&mut self, refused: Vec<RefusedRow>) {
        let Some(open) = &mut self.open else { return };
        open.service.clear();
        open.views.forget();
        if refused.is_empty() {
            return;
        }
        let draft = open.mending.draft();
        let columns = draft.roster().columns();
        let mut of_user: HashMap<String, Vec<u64>> = HashMap::new();
        for number in (0..draft.len()).filter_map(|at| draft.number_at(at)) {
            let Some(row) = draft.row(number).filter(|_| !draft.edits().is_dropped(number)) else { continue };
            of_user.entry(username(&row, columns).to_lowercase()).or_default().push(number);
        }
        for RefusedRow { number, user, code, message } in refused {
            let rows = of_user.get(&user.to_lowercase()).map_or(&[][..], Vec::as_slice);
            // Of several with one name it is the one that still has its number, and else nobody knows which.
            let row = match rows {
                [row] => Some(*row),
                several => several.iter().copied().find(|row| *row == number),
            };
            if let Some(row) = row {
                open.service.insert(row, (code, message));
            }
        }
    }
}

/// A roster by other settings: what decides how its numbers are read has it read again.
fn by_settings(mending: &Mending, by: MendingBy, stop: &Switch) -> Result<Mending, Failure> {
    let draft = mending.draft();
    if by.phone_region == draft.options().phone_region {
        return mending.by_other(by, stop);
    }
    let reading = Options { phone_region: by.phone_region, ..draft.options().clone() };
    mending.read_by(reading, draft.map().map(str::to_owned), stop)?.by_other(by, stop)
}

fn step_told(step: &Step) -> StepTold {
    StepTold {
        id: step.id,
        label: step.label.clone(),
        cells: step.cells(),
        rows: step.rows(),
        undone: step.is_undone,
    }
}

fn identity_told(basis: Basis) -> IdentityTold {
    let from = match basis {
        Basis::Told(_) => "told",
        Basis::Directory(_) => "directory",
        Basis::Columns(..) => "columns",
    };
    IdentityTold { identity: basis.identity().as_flag(), from }
}
