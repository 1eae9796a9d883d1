//! What is meant: a job with nothing left open. No flag, no environment, no screen.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::before::Before;
use super::pace::PaceAsked;
use super::rehearsal::Stage;
use super::standby;
use super::supply::Passwords;
use super::target::{At, Target};
use super::world::World;
use crate::apply::Settings;
use crate::directory::Directory;
use crate::error::{Failure, Remedy};
use crate::finding::LetThrough;
use crate::ledger::{self, LedgerAt, State, beside};
use crate::plan::Asked;
use crate::roster::{Act, OfTargets, Options, Roster};
use crate::validate::{self, About, Inferred, Rules};

/// What is to be done: a roster's rows are to become users.
///
/// A job is a value: it can be held, and done again. [`Job::check`] is the first of its steps.
#[derive(Clone, Debug)]
pub struct Job {
    /// An import, or a retry of what failed in one.
    pub what: What,
    /// The instance that it is for.
    pub target: Target,
    /// How the roster is read.
    pub reading: Options,
    /// Where the ledger is.
    pub ledger: LedgerAt,
    /// How fast.
    pub pace: PaceAsked,
    /// Where the passwords come from that the roster has not.
    pub passwords: Passwords,
    /// How long trouble is borne.
    pub patience: Patience,
    /// What is allowed.
    pub allowed: Allowed,
    /// What was set, as whoever set it says it: kept in the ledger for whoever goes on, and of no meaning to the job. No
    /// secret may stand in it.
    pub settings: Option<Vec<String>>,
}

/// An import, or a retry.
#[derive(Clone, Debug)]
pub enum What {
    /// The roster's rows become users; those that did already are left.
    Import {
        /// The roster.
        roster: PathBuf,
    },
    /// The rows that failed are sent again, as the roster is now.
    Retry {
        /// The error codes that are picked; none picks all rows that failed but those whose user exists.
        codes: Vec<String>,
        /// The roster that is read: the ledger's, or a part of it.
        roster: PathBuf,
        /// The roster is a part alone, as a mended file of the failed rows: rows that are not in it stay as they are.
        is_part: bool,
        /// What the ledger says of the job that it was made by.
        before: Box<Before>,
    },
}

/// How long trouble is borne.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// How long a row is settled whose answer was lost.
    pub settle: Duration,
    /// How long an outage is borne before the job stops.
    pub outage: Duration,
}

impl Patience {
    /// What is borne where nothing else is asked for.
    pub const USUAL: Self = Self { settle: Settings::ROW_BUDGET, outage: Settings::OUTAGE_PATIENCE };
}

impl Default for Patience {
    fn default() -> Self {
        Self::USUAL
    }
}

/// What a job is allowed, which it does not do of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// To send the valid rows although others have errors.
    pub invalid_rows: bool,
    /// To start although the instance has not room for all rows.
    pub partial: bool,
    /// To send rows again whose users were created and are gone from the instance.
    pub missing_again: bool,
    /// To send rows again whose users were deleted by an undo.
    pub deleted_again: bool,
    /// To leave the tag out that says which run made a user: a lost answer can then not be proved.
    pub no_tag: bool,
    /// To take a user with the name and every member of the row for ours where a request left without the tag.
    pub probable: bool,
    /// To send rows that have these errors, for the service to decide.
    pub errors: LetThrough,
    /// To leave rows alone about people who are there and whom this ledger has not made: an update is for those.
    pub leaves_there: bool,
}

/// How many tags a user may have (Amazon Connect API reference, CreateUser: `Tags`, 50), one of them ours.
const TAGS: usize = 50;

impl Job {
    /// The roster that is read.
    pub(crate) fn roster(&self) -> &Path {
        match &self.what {
            What::Import { roster } | What::Retry { roster, .. } => roster,
        }
    }

    /// What stands for a roster in the names of what is kept beside it.
    pub(super) fn stem(&self, roster: &Path) -> PathBuf {
        beside::for_target(roster, self.reading.targets.as_ref().and_then(OfTargets::name))
    }

    /// Fails where another process has the ledger now: for whoever is going to run the job, before anything is asked of
    /// anybody. Running looks again.
    ///
    /// # Errors
    /// Exit 4; who has it, where and since when is said. One that machines share is watched for a while first; where it is to be
    /// waited for or asked for, that is done once it is known that the run is of this roster; exit 5 where the job was asked to
    /// stop meanwhile.
    pub fn refuse_in_use(&self, world: &World) -> Result<(), Failure> {
        standby::known(&self.ledger, self.patience.outage, world)
    }

    /// Opens a roster as it is meant to be read; where the row of its header is not said, as the ledger has it that was made
    /// from this roster: what resumes must read what was read.
    pub(super) fn open(&self, roster: &Path) -> Result<Roster, Failure> {
        let said = self.reading.header_row.filter(|_| roster == self.roster());
        let reading =
            Options { header_row: said.or_else(|| self.recorded_row(roster)), ..self.reading.clone() };
        Roster::open(roster, &reading)
    }

    /// The rows of the same roster that ask for something else, where a column says what is to be done.
    pub(super) fn open_other(&self, act: Act) -> Result<Roster, Failure> {
        let other = Self { reading: Options { act: Some(act), ..self.reading.clone() }, ..self.clone() };
        other.open(self.roster())
    }

    /// The row of the header of this roster, as the ledger has it.
    fn recorded_row(&self, roster: &Path) -> Option<u64> {
        let (whole, row) = match self.before() {
            Some(before) => (before.whole.display().to_string(), before.header_row?),
            None => {
                let first = ledger::first(&self.ledger)?;
                let row = first.header_row?;
                (first.roster, row)
            }
        };
        (beside::absolute(roster) == whole).then_some(row)
    }

    /// What a retry goes on with.
    pub(super) fn before(&self) -> Option<&Before> {
        match &self.what {
            What::Import { .. } => None,
            What::Retry { before, .. } => Some(before),
        }
    }

    /// Whether the roster is but a part of the ledger's.
    pub(super) fn is_of_part(&self) -> bool {
        matches!(self.what, What::Retry { is_part: true, .. })
    }

    /// By what the roster is checked.
    pub(super) fn rules<'d>(&self, directory: &'d Directory) -> Rules<'d> {
        Rules {
            tag_room: if self.allowed.no_tag { TAGS } else { TAGS - 1 },
            compares_users: false, // who is there already is told by the plan
            generates_passwords: self.passwords.are_given(),
            let_through: self.allowed.errors,
            names_are_made_up: self.target.is_rehearsal() && self.target.directory.is_none(),
            about: if self.allowed.leaves_there { About::Both } else { About::New },
            may_be_empty: self.reading.act.is_some() || self.reading.targets.is_some(),
            ..Rules::of(directory)
        }
    }

    /// By what the identity type of a rehearsal was inferred, where nothing else says it.
    pub(super) fn inferred(
        &self,
        roster: &Roster,
        directory: &Directory,
    ) -> Result<Option<Inferred>, Failure> {
        let Target { identity, directory: saved, .. } = &self.target;
        let is_told = identity.is_some() || saved.is_some() || self.passwords.are_given();
        if !self.target.is_rehearsal() || is_told {
            return Ok(None);
        }
        // The world of an earlier rehearsal stays what it was.
        let inferred = validate::infer_identity(roster)?;
        Ok(Some(inferred).filter(|inferred| inferred.identity == directory.instance.identity))
    }

    /// What the plan is made for.
    pub(super) fn asked(&self) -> Asked<'_> {
        let codes: &[String] = match &self.what {
            What::Import { .. } => &[],
            What::Retry { codes, .. } => codes,
        };
        Asked {
            retry: self.before().is_some(),
            codes,
            recreate_missing: self.allowed.missing_again,
            recreate_deleted: self.allowed.deleted_again,
            ..Asked::default()
        }
    }

    /// What the ledger says of the job that it was made by: a retry goes by it, and so does a rehearsal, whose world it has.
    pub(super) fn said_before(&self) -> Option<Before> {
        match &self.what {
            What::Retry { before, .. } => Some(Before::clone(before)),
            What::Import { .. } if self.target.is_rehearsal() => Before::if_any(&self.ledger),
            What::Import { .. } => None,
        }
    }

    /// Fails where the ledger is another command's, or no rehearsal's and this is one, or the other way round.
    ///
    /// # Errors
    /// Exit 4.
    pub(super) fn refuse_the_other_kind(
        &self,
        before: Option<&Before>,
        of: Option<ledger::Job>,
    ) -> Result<(), Failure> {
        if let Some(header) = ledger::first(&self.ledger) {
            ledger::be_of(of, &header, &self.ledger)?;
            if ledger::undone::is_named_at(&self.ledger) {
                let what = format!("the run of this ledger was undone: `{}`", self.ledger.display());
                return Err(Failure::usage(what).hint(
                    "nothing of it is left to go on with; an import of the roster begins a ledger of its own",
                ));
            }
        }
        let ledger = self.ledger.display();
        let At::Instance(address) = &self.target.at else {
            // A rehearsal that went on with an import's ledger would take its users for gone.
            return match before {
                Some(before) if !before.is_rehearsal(false) => {
                    let what = format!("the ledger is an import's, and this is a rehearsal: `{ledger}`");
                    Err(Failure::stopped(what).remedy(Remedy::RehearsalsLedger))
                }
                _ => Ok(()),
            };
        };
        // An import that went on with a rehearsal's ledger would take users for made that nobody has made.
        let is_rehearsals = match before {
            Some(before) => before.says_rehearsal,
            None => ledger::first(&self.ledger).is_some_and(|first| first.rehearsal),
        };
        match &address.named {
            Some(instance) if is_rehearsals => {
                let what = format!("the ledger is a rehearsal's, and this is none: `{ledger}`");
                Err(Failure::stopped(what).remedy(Remedy::ImportsLedger { instance: instance.clone() }))
            }
            // Which instance is the first thing to be said.
            _ => Ok(()),
        }
    }

    /// What a rehearsal goes on with: the world of its ledger, whichever file is read now. One about people who are there
    /// has them, where no import of them was rehearsed.
    pub(super) fn stage<'s>(
        &self,
        roster: &'s Roster,
        before: Option<&Before>,
        is_of_people_there: bool,
    ) -> Stage<'s> {
        let stage = self.stage_of_all(roster, before);
        match beside::peopled(&stage.world).filter(|_| is_of_people_there) {
            Some(world) => Stage { world, has_people: true, ..stage },
            None => stage,
        }
    }

    fn stage_of_all<'s>(&self, roster: &'s Roster, before: Option<&Before>) -> Stage<'s> {
        let gives_passwords = self.passwords.are_given();
        let there = Vec::new();
        let Some(before) = before else {
            let world = beside::world_of(&self.ledger, &[]);
            return Stage { roster, whole: None, rows: 0, gives_passwords, world, has_people: false, there };
        };
        let rosters = [before.first.as_path(), &before.whole, roster.path()];
        // A ledger that can say that it is a rehearsal's is of a time when its world was beside it already.
        let world = beside::world_of(&self.ledger, if before.says_rehearsal { &[] } else { &rosters });
        // Who was made from another file has names that are in that one.
        let is_another = beside::absolute(roster.path()) != before.whole.display().to_string();
        let whole = if is_another { self.open(&before.whole).ok() } else { None };
        let rows = if is_another || self.before().is_some() { before.rows } else { 0 };
        Stage { roster, whole, rows, gives_passwords, world, has_people: false, there }
    }

    /// The row of the header, as the ledger is to have it: of the roster that it names.
    pub(super) fn recorded_header_row(&self, read: &Roster) -> Option<u64> {
        let of_whole = self.before().filter(|_| self.is_of_part()).map(|before| before.header_row);
        of_whole.unwrap_or_else(|| read.told_header_row())
    }

    /// The roster that the ledger is to name: a file of failed rows is a part of it and does not take its place.
    pub(super) fn recorded_roster(&self, state: &State) -> String {
        let whole = self.before().filter(|before| {
            // One that is begun beside others', where nothing was sent before, is of the roster that theirs are of.
            let is_its = before.run.is_empty() || !state.header.run.is_empty();
            self.is_of_part() && is_its && before.whole.exists()
        });
        whole.map_or_else(|| beside::absolute(self.roster()), |before| before.whole.display().to_string())
    }
}
