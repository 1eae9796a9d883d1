//! A check without an instance: a roster by itself, or against a saved directory. Nothing is reached, and nothing of it can
//! be planned.

use std::collections::HashMap;
use std::path::PathBuf;

use super::world::go_on;
use crate::agent::IdentityType;
use crate::directory::Directory;
use crate::error::Failure;
use crate::finding::{Finding, Fix, LetThrough, Proposal, codes};
use crate::roster::{Field, Options, Roster, Row};
use crate::stop::Switch;
use crate::validate::{
    self, About, Inferred, Proposing, Rules, check_while, infer_identity, infer_identity_of_those_there,
};

/// What is to be checked, and against what.
#[derive(Clone, Debug)]
pub struct Offline {
    /// The roster.
    pub roster: PathBuf,
    /// How it is read.
    pub reading: Options,
    /// How the instance knows its users, where that is told.
    pub identity: Option<IdentityType>,
    /// A directory file: names must be known to its instance, and its users are compared.
    pub directory: Option<PathBuf>,
    /// Whether passwords are going to be made: then no row needs one.
    pub makes_passwords: bool,
    /// Whether it is for an update: then its rows are about people who are there, and need not say all of them.
    pub for_update: bool,
    /// The errors that are let through, as warnings.
    pub let_through: LetThrough,
    /// Whether what mends the findings is asked for as well.
    pub with_fixes: bool,
}

/// What an offline check brought.
pub struct OfflineChecked {
    /// The roster, as it was opened.
    pub(crate) roster: Roster,
    /// The directory, where one was given.
    pub(crate) directory: Option<Directory>,
    /// By which rules it was checked, and why by these.
    pub basis: Basis,
    /// What is wrong with it.
    pub found: validate::Checked,
    makes_passwords: bool,
    about: About,
    let_through: LetThrough,
    /// Whether it is put together of the parts of several targets, whose rules are not the same.
    is_of_several: bool,
}

impl OfflineChecked {
    /// Of so many findings of each code it is said what mends them.
    const FIXES: u32 = 100_000;

    /// By what it was checked.
    pub(crate) fn rules(&self) -> Rules<'_> {
        let rules = rules_of(self.directory.as_ref(), self.basis.identity(), self.makes_passwords);
        rules.letting_through(self.let_through).inferred(self.basis.inferred()).about(self.about)
    }

    /// The same as [`OfflineChecked::each`], each finding with what mends it.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read.
    pub(crate) fn each_with_fixes(&self, take: &mut dyn FnMut(&Finding, &[Proposal])) -> Result<(), Failure> {
        if self.is_of_several {
            self.found.findings.iter().for_each(|finding| take(finding, &[]));
            return Ok(());
        }
        let (rules, who) = (self.rules(), self.found.who.as_deref());
        let proposing = Proposing::new(&self.roster, &rules, who, None);
        for finding in self.found.findings.iter().take_while(|finding| finding.row.is_none()) {
            take(finding, &self.of_file(&proposing, finding)?);
        }
        if self.found.findings.iter().all(|finding| finding.row.is_none()) {
            return Ok(());
        }
        // Of two rows of one name the first comes by first.
        let columns = self.roster.columns();
        let is_double = |finding: &&Finding| finding.code == codes::USERNAME_DUPLICATE.id;
        let has_doubles = self.found.findings.iter().any(|finding| is_double(&finding));
        let mut firsts: HashMap<String, Row> = HashMap::new();
        let mut seen: HashMap<&str, u32> = HashMap::new();
        let mut last = 0;
        validate::each_row(&self.roster, &rules, &self.found, &mut |row, findings| {
            last = row.number;
            let name = validate::username(row, columns);
            for finding in findings {
                let above = if is_double(&finding) { firsts.get(name) } else { None };
                let seen = seen.entry(finding.code).or_default();
                *seen += 1;
                // Of a roster in which every row has the same fault nobody reads the fix of each; and what was passed over
                // above a row is told with it.
                let is_its_own = finding.row == Some(row.number);
                let proposals = if *seen > Self::FIXES || !is_its_own {
                    Vec::new()
                } else {
                    proposing.of_row(row, finding, above)
                };
                take(finding, &proposals);
            }
            if has_doubles && who.is_some_and(|who| who.first(name) == Some(row.number)) {
                firsts.insert(name.to_owned(), row.clone());
            }
            Ok::<_, Failure>(())
        })?;
        // What is passed over below the last row is in no row.
        for finding in self.found.findings.iter().filter(|finding| finding.row > Some(last)) {
            take(finding, &[]);
        }
        Ok(())
    }

    /// What mends a finding of the file. That a column is read as another is proposed where nothing else is wrong then.
    fn of_file(&self, proposing: &Proposing<'_>, finding: &Finding) -> Result<Vec<Proposal>, Failure> {
        let mut kept = Vec::new();
        for proposal in proposing.of_file(finding) {
            if let Fix::Map { header, field } = &proposal.fix {
                let Some(at) = self.roster.own_headers().iter().position(|name| name == header) else {
                    continue;
                };
                let renamed = self.roster.renamed(&[(at, field.clone())])?;
                let again = check_while(&renamed, &self.rules(), &|| Ok(()))?;
                let is_no_worse = again.errors <= self.found.errors && again.warnings <= self.found.warnings;
                let is_mended = again
                    .findings
                    .iter()
                    .all(|other| (other.code, &other.column) != (finding.code, &finding.column));
                if !(is_no_worse && is_mended) {
                    continue;
                }
            }
            kept.push(proposal);
        }
        Ok(kept)
    }

    /// Gives all findings away: those of the file as a whole, of which there may be none, and then those of each row that
    /// has some. Where they were too many to keep, the roster is checked once more.
    ///
    /// # Errors
    /// Exit 2 where the roster can no longer be read.
    pub(crate) fn each(&self, take: &mut dyn FnMut(&[Finding])) -> Result<(), Failure> {
        let Self { roster, found, .. } = self;
        let (of_file, of_rows) =
            found.findings.split_at(found.findings.partition_point(|finding| finding.row.is_none()));
        take(of_file);
        if found.not_kept == 0 {
            of_rows.chunk_by(|one, next| one.row == next.row).for_each(&mut *take);
            return Ok(());
        }
        validate::each_row(roster, &self.rules(), found, &mut |_, findings| {
            if !findings.is_empty() {
                take(findings);
            }
            Ok::<_, Failure>(())
        })
    }
}

pub(super) fn rules_of(
    directory: Option<&Directory>,
    identity: IdentityType,
    makes_passwords: bool,
) -> Rules<'_> {
    let rules = match directory {
        Some(directory) => Rules::of(directory),
        None => Rules::new(identity),
    };
    Rules { generates_passwords: makes_passwords, ..rules }
}

/// Where the identity type comes from, which a report must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// It was told.
    Told(IdentityType),
    /// The directory file's instance.
    Directory(IdentityType),
    /// The roster, with the column that says so.
    Columns(IdentityType, Option<Field>),
}

impl Offline {
    /// Checks every row. Asked to stop, it does soon.
    ///
    /// # Errors
    /// Exit 2 where the roster or the directory cannot be used, or what was told does not fit; exit 5 where it was stopped.
    pub fn check(&self, stop: &Switch) -> Result<OfflineChecked, Failure> {
        let directory = self.directory.as_deref().map(Directory::read).transpose()?;
        let roster = Roster::open(&self.roster, &self.reading)?;
        // Who has passwords made has users with passwords.
        let meant =
            Some(IdentityType::ConnectManaged).filter(|_| self.makes_passwords && directory.is_none());
        let mut basis = Basis::of(self.identity.or(meant), directory.as_ref(), &roster)?;
        if let (Basis::Columns(..), true) = (basis, self.for_update) {
            let Inferred { identity, telling } = infer_identity_of_those_there(&roster)?;
            basis = Basis::Columns(identity, telling);
        }
        let identity = basis.identity();
        if self.makes_passwords && identity != IdentityType::ConnectManaged {
            let what = "the instance keeps no passwords, its users sign in elsewhere";
            return Err(Failure::usage(format!("{what}: `{identity}`")).hint("leave ⟦made-passwords⟧ out"));
        }
        let (makes_passwords, let_through) = (self.makes_passwords, self.let_through);
        let rules = rules_of(directory.as_ref(), identity, makes_passwords);
        let about = if self.for_update { About::There } else { About::New };
        let rules = rules.letting_through(let_through).inferred(basis.inferred()).about(about);
        let may_be_empty = self.reading.targets.is_some();
        let rules = Rules { keeps_who: self.with_fixes, may_be_empty, ..rules };
        let found = check_while(&roster, &rules, &|| go_on(stop))?;
        let is_of_several = false;
        Ok(OfflineChecked {
            roster,
            directory,
            basis,
            found,
            makes_passwords,
            about,
            let_through,
            is_of_several,
        })
    }
}

impl OfflineChecked {
    /// The parts of several targets put together, with what is wrong with rows that are nobody's, of which there are so many.
    pub(super) fn together(whole: Roster, parts: &[&Self], nobodys: &[Finding], rows: u64) -> Option<Self> {
        let first = parts.first()?;
        let found: Vec<&validate::Checked> = parts.iter().map(|part| &part.found).collect();
        let found = validate::Checked::together(&found, nobodys, rows);
        Some(Self {
            roster: whole,
            directory: None,
            basis: first.basis,
            // The rules of none of them are those of all: what was not kept is counted, and not found again.
            found: validate::Checked { not_kept: 0, ..found },
            makes_passwords: first.makes_passwords,
            about: first.about,
            let_through: first.let_through,
            is_of_several: true,
        })
    }
}

impl Basis {
    /// Decides it: what was told and the directory must agree; without both the roster decides.
    pub(super) fn of(
        told: Option<IdentityType>,
        directory: Option<&Directory>,
        roster: &Roster,
    ) -> Result<Self, Failure> {
        match (told, directory.map(|directory| directory.instance.identity)) {
            (Some(told), Some(of_directory)) if told != of_directory => Err(Failure::usage(format!(
                "the instance of the directory file is {of_directory}, and ⟦identity-type⟧ says: `{}`",
                told.as_flag()
            ))
            .hint("leave ⟦identity-type⟧ out")),
            (_, Some(of_directory)) => Ok(Self::Directory(of_directory)),
            (Some(told), None) => Ok(Self::Told(told)),
            (None, None) => {
                let Inferred { identity, telling } = infer_identity(roster)?;
                Ok(Self::Columns(identity, telling))
            }
        }
    }

    /// By what it was inferred, where nobody told it.
    pub(super) fn inferred(&self) -> Option<Inferred> {
        match *self {
            Self::Columns(identity, telling) => Some(Inferred { identity, telling }),
            Self::Told(_) | Self::Directory(_) => None,
        }
    }

    /// The identity type itself.
    pub(crate) fn identity(&self) -> IdentityType {
        match self {
            Self::Told(identity) | Self::Directory(identity) | Self::Columns(identity, _) => *identity,
        }
    }
}
