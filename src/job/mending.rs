//! A roster is mended, offline: it is opened once, and all of its rows are checked again after each change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::offline::{Basis, rules_of};
use super::world::go_on;
use crate::agent::{IdentityType, PhoneRegion};
use crate::directory::Directory;
use crate::error::Failure;
use crate::finding::LetThrough;
use crate::mend::{Change, Draft, Faults, Mender, Step};
use crate::roster::Options;
use crate::stop::Switch;
use crate::validate::Rules;

/// By what a roster is checked that is being mended.
#[derive(Clone, Debug, Default)]
pub struct MendingBy {
    /// How the instance knows its users, where that is told.
    pub identity: Option<IdentityType>,
    /// A directory file: names must be known to its instance.
    pub directory: Option<PathBuf>,
    /// Whether passwords are going to be made: then no row needs one.
    pub makes_passwords: bool,
    /// The country whose national telephone numbers may be written in full.
    pub phone_region: Option<PhoneRegion>,
    /// The errors that are let through, as warnings.
    pub let_through: LetThrough,
}

/// A roster that is being mended, with all that is wrong with it now. Its file is never written.
#[derive(Clone)]
pub struct Mending {
    draft: Draft,
    by: MendingBy,
    directory: Option<Arc<Directory>>,
    basis: Basis,
    faults: Arc<Faults>,
    /// By which rules and which reading it is: another than any that it was by before, or is by elsewhere.
    which: Arc<()>,
}

impl Mending {
    /// Opens a roster and checks it. `map` is the text of a column map, in place of the file that the options name.
    ///
    /// # Errors
    /// Exit 2 where the roster or the directory cannot be used; exit 5 where it was stopped.
    pub fn open(
        roster: &Path,
        reading: Options,
        map: Option<String>,
        by: MendingBy,
        stop: &Switch,
    ) -> Result<Self, Failure> {
        let directory = by.directory.as_deref().map(Directory::read).transpose()?.map(Arc::new);
        let draft = Draft::open(roster, reading, map)?;
        Self::of(draft, by, directory, stop)
    }

    /// The same roster by other rules. What was changed stays.
    ///
    /// # Errors
    /// Exit 2 where the directory cannot be used; exit 5 where it was stopped.
    pub fn by_other(&self, by: MendingBy, stop: &Switch) -> Result<Self, Failure> {
        let directory = by.directory.as_deref().map(Directory::read).transpose()?.map(Arc::new);
        Self::of(self.draft.clone(), by, directory, stop)
    }

    /// The same roster read by another map, or with other options of which none makes another table of it. All that was done
    /// stays, step by step.
    ///
    /// # Errors
    /// As [`Mending::open`].
    pub fn read_by(&self, reading: Options, map: Option<String>, stop: &Switch) -> Result<Self, Failure> {
        let draft = self.draft.read_by(reading, map)?;
        Self::of(draft, self.by.clone(), self.directory.clone(), stop)
    }

    fn of(
        draft: Draft,
        by: MendingBy,
        directory: Option<Arc<Directory>>,
        stop: &Switch,
    ) -> Result<Self, Failure> {
        let (basis, faults) = checked(&draft, &by, directory.as_deref(), None, stop)?;
        Ok(Self { draft, by, directory, basis, faults: Arc::new(faults), which: Arc::default() })
    }

    /// Whether another is this one, checked: of the same changes, by the same rules, read in the same way.
    pub fn is_checked_by(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.which, &other.which) && self.draft.revision() == other.faults.revision
    }

    /// The roster, and what is changed in it.
    pub fn draft(&self) -> &Draft {
        &self.draft
    }

    /// What is wrong with it. After a change it is what was wrong before, until [`Mending::check`].
    pub fn faults(&self) -> &Arc<Faults> {
        &self.faults
    }

    /// By which rules it is checked, and why by these.
    pub fn basis(&self) -> Basis {
        self.basis
    }

    /// By what it is checked.
    pub fn by(&self) -> &MendingBy {
        &self.by
    }

    /// The directory, where one is given.
    pub fn directory(&self) -> Option<&Directory> {
        self.directory.as_deref()
    }

    /// The rules themselves.
    pub(crate) fn rules(&self) -> Rules<'_> {
        let rules = rules_of(self.directory.as_deref(), self.basis.identity(), self.by.makes_passwords);
        rules.letting_through(self.by.let_through).inferred(self.basis.inferred())
    }

    /// What mends the faults that are known.
    pub fn mender(&self) -> Mender<'_> {
        Mender::new(&self.draft, &self.faults, &self.rules(), self.by.phone_region)
    }

    /// Changes something; the faults are those of before until it is checked again. `None` where nothing changes.
    ///
    /// # Errors
    /// Exit 2 where a header was changed and the roster can no longer be read.
    pub fn change(&mut self, label: &str, changes: Vec<Change>) -> Result<Option<Arc<Step>>, Failure> {
        self.draft.change(label, changes)
    }

    /// Undoes a step, the last one where none is named.
    ///
    /// # Errors
    /// As [`Mending::change`].
    pub fn undo(&mut self, step: Option<u64>) -> Result<Option<Arc<Step>>, Failure> {
        self.draft.undo(step)
    }

    /// Does again what was undone last.
    ///
    /// # Errors
    /// As [`Mending::change`].
    pub fn redo(&mut self) -> Result<Option<Arc<Step>>, Failure> {
        self.draft.redo()
    }

    /// Checks all rows.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read; exit 5 where it was stopped: then the faults are those of before.
    pub fn check(&mut self, stop: &Switch) -> Result<(), Failure> {
        let before = Some((self.basis, &*self.faults));
        let (basis, faults) = checked(&self.draft, &self.by, self.directory.as_deref(), before, stop)?;
        (self.basis, self.faults) = (basis, Arc::new(faults));
        Ok(())
    }

    /// Takes over what another check of the same draft has found; that one has what was found before, so that whoever has time
    /// drops it.
    pub fn take(&mut self, other: &mut Self) {
        self.basis = other.basis;
        std::mem::swap(&mut self.faults, &mut other.faults);
    }
}

fn checked(
    draft: &Draft,
    by: &MendingBy,
    directory: Option<&Directory>,
    before: Option<(Basis, &Faults)>,
    stop: &Switch,
) -> Result<(Basis, Faults), Failure> {
    // Who has passwords made has users with passwords.
    let meant = Some(IdentityType::ConnectManaged).filter(|_| by.makes_passwords && directory.is_none());
    let basis = Basis::of(by.identity.or(meant), directory, draft.roster())?;
    let rules = rules_of(directory, basis.identity(), by.makes_passwords);
    let rules = rules.letting_through(by.let_through).inferred(basis.inferred());
    // By other rules nothing is known of any row.
    let before = before.filter(|(by, _)| *by == basis).map(|(_, faults)| faults);
    let faults = Faults::of(draft, &rules, before, &|| go_on(stop))?;
    Ok((basis, faults))
}
