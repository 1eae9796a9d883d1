//! Whom a ledger says it made, read as they are now, and what is decided about each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::candidate::{Candidate, Stands, is_anothers};
use super::{PlannedUndo, UndoJob};
use crate::apply::Surroundings;
use crate::connect::{CallError, Operation};
use crate::error::Failure;
use crate::instance::FetchError;
use crate::job::parting;
use crate::job::rehearsal::Stage;
use crate::job::standby;
use crate::job::stay;
use crate::job::target::{At, Reached};
use crate::job::world::World;
use crate::lane::listing::{self, Guard};
use crate::lane::reads;
use crate::ledger::{
    self, BaseLedger, Job, LedgerAt, Place, RowState, State, Step, StepState, beside, peek, undone,
};
use crate::plan::{Leaver, Why};
use crate::roster::{Options, Roster};
use crate::user::Found;
use crate::waits::Waits;

/// The calls of an undo, reads first.
const CALLS: [Operation; 7] = [
    Operation::SearchUsers,
    Operation::DescribeUser,
    Operation::ListUserProficiencies,
    Operation::SearchQuickConnects,
    Operation::GetCurrentUserData,
    Operation::DeleteUser,
    Operation::DeleteQuickConnect,
];

impl UndoJob {
    /// Reaches the ledger's instance, reads everybody whom the ledger says it made, and decides what becomes of each.
    ///
    /// # Errors
    /// Exit 2 where the ledger is none or of another command; exit 4 where it is damaged or another process has it, where
    /// the instance is another one, or where it cannot be reached or read; exit 5 where it was asked to stop meanwhile.
    pub async fn plan(self, world: &World) -> Result<PlannedUndo, Failure> {
        world.go_on()?;
        let ledger = self.file();
        self.refuse_in_use(world)?;
        let (state, _) = peek(&ledger)?;
        of_an_import(&state, &ledger)?;
        crate::ledger::be_here(&state, &ledger)?; // who was made since is known there alone
        let (world, waits) = &world.watched();
        let reaching = Box::pin(self.reach(&ledger, &state, world, waits));
        let reached = world.reaching(waits, self.patience.outage, reaching).await?;
        is_of(&reached, &state)?;
        let protected = self.protected.clone();
        let (lane, instance) = (Arc::clone(&reached.lane), reached.directory.instance.id.clone());
        let around = Surroundings::new(lane, instance, protected, Arc::clone(&world.events));
        let mut planned = PlannedUndo {
            job: self,
            world: world.clone(),
            reached,
            state,
            ledger,
            candidates: Vec::new(),
            people: Vec::new(),
            around,
            back: Vec::new(),
        };
        let outage = planned.job.patience.outage;
        let looking = Box::pin(planned.look());
        world.reaching(waits, outage, looking).await?;
        planned.people.iter().for_each(|leaver| world.tell(leaver.told()));
        Ok(planned)
    }

    /// Fails where another process has the ledger now, and something is going to be done. Running looks again.
    ///
    /// # Errors
    /// As [`Job::refuse_in_use`](crate::job::Job::refuse_in_use).
    pub(super) fn refuse_in_use(&self, world: &World) -> Result<(), Failure> {
        if self.looks_only { Ok(()) } else { standby::free(&self.file(), self.patience.outage, world) }
    }

    /// The ledger's file. Where the run was undone whole it has another name, and the same command says so again.
    fn file(&self) -> LedgerAt {
        undone::or_undone(&self.ledger)
    }

    async fn reach(
        &self,
        ledger: &Path,
        state: &State,
        world: &World,
        waits: &Waits,
    ) -> Result<Reached, Failure> {
        let is_rehearsals = state.is_rehearsal(ledger);
        let reached = match &self.target.at {
            At::Instance(_) if is_rehearsals => {
                let what = format!("the ledger is a rehearsal's, and this is none: `{}`", ledger.display());
                return Err(Failure::usage(what).hint("undo it with ⟦rehearsal⟧"));
            }
            At::Rehearsal(_) if !is_rehearsals => {
                let what =
                    format!("the ledger is an import's, and this is a rehearsal: `{}`", ledger.display());
                return Err(Failure::usage(what).hint("an import is undone on its own instance"));
            }
            At::Instance(address) => self.target.reach(address, world, waits, true).await?,
            At::Rehearsal(rehearsal) => {
                let roster = roster_of(state)?;
                let stage = Stage {
                    roster: &roster,
                    whole: None,
                    rows: state.places().len() as u64,
                    gives_passwords: state.generated.is_some(),
                    world: beside::world_of(&self.ledger, &[roster.path()]),
                    has_people: false,
                    there: Vec::new(),
                };
                self.target.rehearse(rehearsal, &stage, world, waits, true).await?
            }
        };
        parting::pace(&reached, self.pace, &CALLS, world).await;
        Ok(reached)
    }
}

/// The roster of a rehearsal's ledger: its instance has the names that are in it.
fn roster_of(state: &State) -> Result<Roster, Failure> {
    let State { header, session, .. } = state;
    let path = if session.roster.is_empty() { &header.roster } else { &session.roster };
    let header_row = session.header_row.or(header.header_row);
    Roster::open(Path::new(path), &Options { header_row, ..Options::default() })
}

/// Fails where the ledger is not an import's: each has a way back of its own.
fn of_an_import(state: &State, path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    match state.header.job {
        None => Ok(()),
        Some(Job::Update) => Err(Failure::usage(format!("the ledger is an update's, which made nobody: `{shown}`"))
            .hint("what puts everybody back is an update by the `before` file that it left: its end has printed the command")),
        Some(Job::Remove) => Err(Failure::usage(format!("the ledger is one of leavers, which made nobody: `{shown}`"))
            .hint("who was deleted is in the `before` file that it left, and an import of that makes them anew")),
    }
}

fn is_of(reached: &Reached, state: &State) -> Result<(), Failure> {
    let (arn, own) = (&reached.directory.instance.arn, &state.header.instance);
    if arn == own {
        return Ok(());
    }
    Err(Failure::stopped(format!("the ledger is of another instance: `{own}`"))
        .hint(format!("nobody of {arn} is deleted on the strength of it")))
}

impl PlannedUndo {
    async fn look(&mut self) -> Result<(), Failure> {
        self.candidates = self.candidates()?;
        self.find_by_name().await?;
        let found = self.described().await?;
        let ids: Vec<&str> = self.candidates.iter().filter_map(|candidate| candidate.id.as_deref()).collect();
        let (connects, at_work) = parting::surroundings(&self.around, &ids, &self.world).await?;
        let now = self.now();
        let mut people = Vec::new();
        let mut back = Vec::new();
        let run = self.run_id().to_owned();
        for candidate in &mut self.candidates {
            let found = candidate.id.as_deref().and_then(|id| found.get(id));
            candidate.made_by = found.and_then(|found| candidate.maker(&run, found));
        }
        for candidate in &self.candidates {
            let found = candidate.id.as_deref().and_then(|id| found.get(id));
            let around =
                |found: &Found| self.around.seen(&candidate.made.user, &found.user.id, &connects, &at_work).0;
            let against = found.map(|found| candidate.against(self.of(), found, &around(found)));
            let weighed = candidate.weighed(against, || self.unseen(candidate), self.job.lifts, now);
            if found.is_some_and(|found| candidate.is_back(&run, found)) {
                back.push(candidate.made.user.clone());
            }
            let quick_connects = found.map(|found| around(found).quick_connects).unwrap_or_default();
            people.push(Leaver {
                user: candidate.made.user.clone(),
                row: candidate.row,
                id: found.map(|found| found.user.id.clone()).or_else(|| candidate.made.id.clone()),
                fate: weighed.fate,
                against: weighed.against,
                quick_connects,
            });
        }
        // Whoever was deleted, and whose name is a stranger's now, is of no interest.
        let is_over = |candidate: &Candidate, leaver: &Leaver| {
            candidate.stands == Stands::Back && is_anothers(&leaver.against) && !back.contains(&leaver.user)
        };
        let kept =
            self.candidates.drain(..).zip(people).filter(|(candidate, leaver)| !is_over(candidate, leaver));
        (self.candidates, self.people) = kept.unzip();
        let users = self.people.iter().map(|leaver| leaver.user.as_str());
        stay::say_unused(&self.job.protected, users, &self.world);
        self.back = back;
        Ok(())
    }

    /// What is said of somebody who is not to be seen, where the list has the name under another id.
    fn unseen(&self, candidate: &Candidate) -> Vec<(Why, String)> {
        let Candidate { made, id, .. } = candidate;
        let listed = self.reached.directory.users.as_ref().and_then(|users| users.get(&made.user));
        let other = listed.filter(|other| id.as_deref().is_some_and(|own| own != &***other));
        let words = |other: &str| {
            format!(
                "not to be seen, and the list has the name under another id, {other}: it was deleted and made anew by \
                 somebody else, or the list is behind"
            )
        };
        other.map(|other| (Why::NotVisibleYet, words(other))).into_iter().collect()
    }

    /// The rows whose users may be there, in the ledger's order.
    fn candidates(&self) -> Result<Vec<Candidate>, Failure> {
        let state = &self.state;
        let bases = self.bases()?;
        let of = |at: Place| {
            let user = state.user(at);
            let heard = |id: Option<&str>| {
                // What was asked of another user of the name says nothing of this one.
                let is_of = |base: &&ledger::Base| {
                    base.id.as_deref().zip(id).is_none_or(|(asked, made)| asked == made)
                };
                let base = bases.get(user).filter(is_of);
                let asked = base.map(|base| base.asked).unwrap_or_default();
                (asked, base.and_then(ledger::Base::heard))
            };
            Candidate::of(state, at, || self.reached.has(user), heard)
        };
        let rows = state.places().filter(|at| !state.record(*at).dropped);
        Ok(rows.filter_map(of).collect())
    }

    /// What was asked of the run's users last, by its own ledger and those of updates.
    fn bases(&self) -> Result<HashMap<String, ledger::Base>, Failure> {
        let own = BaseLedger::Named(self.ledger.clone());
        let others: Vec<BaseLedger> = if self.job.bases.is_empty() {
            let files = self.updates_beside().into_iter().map(LedgerAt::from);
            files.chain(ledger::siblings(&self.ledger)).map(BaseLedger::Beside).collect()
        } else {
            self.job.bases.iter().cloned().map(BaseLedger::Named).collect()
        };
        let ledgers: Vec<BaseLedger> = [own].into_iter().chain(others).collect();
        ledger::bases(&ledgers, &self.state.header.instance, &|user| self.state.find(user).is_some())
    }

    /// The ledgers of updates that are beside the roster, and beside the ledger under its name.
    fn updates_beside(&self) -> Vec<PathBuf> {
        let State { header, session, .. } = &self.state;
        let is_rehearsal = self.is_rehearsal();
        let rosters =
            [header.roster.as_str(), &session.roster].into_iter().filter(|roster| !roster.is_empty());
        let of_rosters = rosters.map(|roster| beside::update_ledger_of(Path::new(roster), is_rehearsal));
        let mut all: Vec<PathBuf> = of_rosters.chain(beside::updates_of(&self.job.ledger)).collect();
        all.sort();
        all.dedup();
        all
    }

    /// Finds those by name of whom no id is known: by the list of users, else by a search.
    async fn find_by_name(&mut self) -> Result<(), Failure> {
        let users = self.reached.directory.users.as_ref();
        let mut unlisted = Vec::new();
        for (number, candidate) in self.candidates.iter_mut().enumerate() {
            if candidate.id.is_some() {
                continue;
            }
            match users.and_then(|users| users.get(&candidate.made.user)) {
                Some(id) => candidate.id = Some(id.to_string()),
                None => unlisted.push(number),
            }
        }
        for number in unlisted {
            let name = self.candidates[number].made.user.clone();
            let searching = async { Ok(search(&self.reached, &name).await) };
            let found = self.world.unless_stopped(searching).await?;
            self.candidates[number].id = found.map_err(|error| unread(Operation::SearchUsers, error))?;
        }
        Ok(())
    }

    /// Everybody of whom an id is known, as they are, by id.
    async fn described(&self) -> Result<HashMap<String, Found>, Failure> {
        let whom = self.candidates.iter();
        let whom = whom.filter_map(|candidate| Some((candidate.id.clone()?, candidate.made.user.clone())));
        let described = parting::describe(&self.reached, whom, &self.world).await?;
        if described.may_not_list {
            self.world.warn(
                "connect:ListUserProficiencies is not permitted: whose proficiencies were asked for cannot be told \
                 from somebody who was changed, and is left",
            );
        }
        Ok(described.users)
    }
}

/// Under which id a name is found by a search, which lags behind and never proves that nobody is there.
async fn search(reached: &Reached, name: &str) -> Result<Option<String>, CallError> {
    /// A search by exact name has one page, with the variants of the name on it.
    const PAGES: usize = 10;
    let operation = Operation::SearchUsers;
    let (lane, instance) = (&*reached.lane, reached.directory.instance.id.as_str());
    let (mut token, mut guard) = (None::<String>, Guard::of(operation));
    loop {
        let page = reads::read(lane, operation, || async {
            let page = lane.client().search_users(instance, name, token.as_deref()).await?.value;
            listing::sound(operation, &page)?;
            listing::only_named(name, &page)?;
            Ok(page)
        })
        .await?;
        let next = guard.turn(&page)?;
        if let Some(user) = page.items.into_iter().find(|user| user.username == name) {
            return Ok(Some(user.id));
        }
        match next {
            Some(_) if guard.pages() < PAGES => token = next,
            _ => return Ok(None),
        }
    }
}

fn unread(operation: Operation, error: CallError) -> Failure {
    FetchError::Call { operation, error }.into()
}

/// The rows whose users were deleted, with quick connects that were to go after them and did not yet.
pub(super) fn unfinished(state: &State) -> Vec<Place> {
    let is_so = |at: &Place| {
        let record = state.record(*at);
        record.state == RowState::Deleted
            && state.step_of_delete(*at, Step::QuickConnects) == StepState::Pending
    };
    state.places().filter(is_so).collect()
}

/// Whoever serves several at once may have each step done by any of its threads.
const _: fn(UndoJob, &World) = |job, world| {
    fn is_sent<T: Send>(_: T) {}
    is_sent(job.plan(world));
};
