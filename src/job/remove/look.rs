//! Who is on the list, read as they are now, and what is decided about each.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::candidate::{Announced, Candidate};
use super::{Leavers, OF, Remove};
use crate::apply::{Connects, Surroundings};
use crate::connect::Operation;
use crate::error::Failure;
use crate::event::Event;
use crate::instance::users::{self, Read, Whom};
use crate::job::before::Before;
use crate::job::check::{Checked, add};
use crate::job::held::HoldsRoster;
use crate::job::opened;
use crate::job::parting;
use crate::job::rehearsal::Stage;
use crate::job::stay;
use crate::job::target::{At, Reached};
use crate::job::world::World;
use crate::ledger::{self, Place, RowState, State};
use crate::plan::{Around, Fate, Leaver, Wanted, Weighed, Why, of_list};
use crate::roster::Roster;
use crate::text::count;
use crate::user::Listed;
use crate::validate;
use crate::waits::{WaitFor, Waits};

/// The name of the security profile that may do everything (Amazon Connect administrator guide, *Default security profiles*).
/// AWS's own and a customer's may both be named so.
const ADMIN: &str = "Admin";

/// The calls of a list of leavers, reads first.
const CALLS: [Operation; 9] = [
    Operation::SearchUsers,
    Operation::ListUsers,
    Operation::DescribeUser,
    Operation::ListUserProficiencies,
    Operation::SearchQuickConnects,
    Operation::GetCurrentUserData,
    Operation::DeleteAllEntitySessions,
    Operation::DeleteUser,
    Operation::DeleteQuickConnect,
];

/// What one pass over the list brought.
struct Pass {
    wanted: Box<Wanted>,
    listed: Vec<Listed>,
    found: validate::Checked,
}

impl Remove {
    /// Reaches the instance, checks every row of the list, reads everybody on it, and decides what becomes of each. What is
    /// found is told.
    ///
    /// # Errors
    /// Exit 2 where the list or the instance cannot be used; exit 4 where the instance cannot be reached or read, or the
    /// ledger is another's; exit 5 where it was asked to stop meanwhile. A list with faults is no error: see
    /// [`Leavers::blocks`].
    pub async fn look(self, world: &World) -> Result<Leavers, Failure> {
        world.go_on()?;
        ledger::be_a_file(&self.job.ledger)?;
        let before = self.job.said_before();
        self.job.refuse_the_other_kind(before.as_ref(), OF)?;
        let roster = self.job.open(self.job.roster())?;
        let (world, waits) = &world.watched();
        let reaching = Box::pin(self.reach(&roster, before.as_ref(), world, waits));
        let reached = world.reaching(waits, self.job.patience.outage, reaching).await?;
        self.look_there(roster, reached, world, None).await
    }

    /// The same of an instance that an import has reached, and of the roster that it has checked.
    ///
    /// # Errors
    /// As [`Remove::look`].
    pub(crate) async fn look_beside(self, checked: &Checked) -> Result<Leavers, Failure> {
        ledger::be_a_file(&self.job.ledger)?;
        self.job.refuse_the_other_kind(self.job.said_before().as_ref(), OF)?;
        let roster = self.job.open(self.job.roster())?;
        self.look_there(roster, checked.reached.beside(), &checked.world, Some(checked)).await
    }

    async fn reach(
        &self,
        roster: &Roster,
        before: Option<&Before>,
        world: &World,
        waits: &Waits,
    ) -> Result<Reached, Failure> {
        let target = &self.job.target;
        match &target.at {
            At::Instance(address) => target.reach(address, world, waits, true).await,
            At::Rehearsal(rehearsal) => {
                let stage = self.job.stage(roster, before, true);
                let stage = Stage { there: vec![roster.clone()], ..stage };
                target.rehearse(rehearsal, &stage, world, waits, true).await
            }
        }
    }

    async fn look_there(
        self,
        roster: Roster,
        reached: Reached,
        world: &World,
        beside: Option<&Checked>,
    ) -> Result<Leavers, Failure> {
        let Pass { wanted, listed, mut found } = self.check(&roster, &reached, world)?;
        // What an import has found wrong with the same file is told.
        found.findings.retain(|finding| beside.is_none_or(|checked| !checked.findings().contains(finding)));
        for finding in &found.findings {
            world.tell(Event::Finding(finding.clone()));
        }
        if found.not_kept > 0 {
            let more = count(found.not_kept, "finding");
            let message = format!("{more} more, not told one by one: an offline check of the list has all");
            world.tell(Event::Note { message });
        }
        let directory = &reached.directory;
        let admins = directory.security_profiles.iter().filter(|(name, _)| is_admin(name));
        let admins: BTreeSet<String> = admins.map(|(_, id)| id.to_owned()).collect();
        let (lane, instance) = (Arc::clone(&reached.lane), directory.instance.id.clone());
        let around = Surroundings::new(lane, instance, self.protected.clone(), Arc::clone(&world.events));
        let mut leavers = Leavers {
            remove: self,
            world: world.clone(),
            roster,
            reached,
            wanted,
            found,
            users: 0,
            admins: Arc::new(admins),
            candidates: Vec::new(),
            announced: Vec::new(),
            people: Vec::new(),
            around: Arc::new(around),
            before: 0,
            by_name_alone: 0,
        };
        if leavers.blocks().is_none() {
            let (waits, outage) = (leavers.reached.lane.waits().clone(), leavers.remove.job.patience.outage);
            let world = leavers.world.clone();
            world.reaching(&waits, outage, Box::pin(leavers.look(listed))).await?;
        }
        Ok(leavers)
    }

    /// One pass over the list: its rows by who, each person once, and what is wrong with it.
    fn check(&self, roster: &Roster, reached: &Reached, world: &World) -> Result<Pass, Failure> {
        let rules = self.rules(reached).inferred(self.job.inferred(roster, &reached.directory)?);
        let waits = reached.lane.waits();
        let _at_work = waits.at_work();
        let waiting = waits.on(WaitFor::Pages, "the list is checked", None);
        let (mut wanted, mut listed) = (Box::<Wanted>::default(), Vec::new());
        let found = validate::check_with_fingerprints(roster, &rules, &mut |row| {
            if row.number.is_multiple_of(validate::Pass::GLANCE) {
                world.go_on()?;
                waiting.is(format!("the list is checked, row {} so far", row.number), None);
            }
            // Somebody who is on it twice, in the same words, is one person.
            let is_again = !row.has_errors && wanted.find(row.username).is_some();
            if !self.picks(row.username) || is_again {
                return Ok(());
            }
            add(&mut wanted, &row, false);
            listed.extend(row.agent().map(Listed::of));
            Ok(())
        })?;
        // A row of a name that a later one has said otherwise is of nobody.
        listed.retain(|one: &Listed| wanted.find(&one.user).is_some_and(|seen| seen.valid));
        Ok(Pass { wanted, listed, found })
    }
}

/// Whether a security profile is that of administrators, by its name: whoever writes another with the same letters means it.
fn is_admin(name: &str) -> bool {
    name.trim().eq_ignore_ascii_case(ADMIN)
}

impl Leavers {
    /// Reads who is there, and decides about everybody.
    async fn look(&mut self, listed: Vec<Listed>) -> Result<(), Failure> {
        let state = opened::seen(&self.held())?;
        opened::would_go_on(&self.held(), &state)?;
        parting::pace(&self.reached, self.remove.job.pace, &CALLS, &self.world).await;
        let there = self.names(&listed).await?;
        let mut candidates = Vec::new();
        for one in listed {
            let at = state.find(&one.user);
            let own = at.map(|at| Known::of(&state, at)).unwrap_or_default();
            let here = there.get(&one.user);
            if own.is_deleted {
                self.before += 1;
                if here.is_some_and(|id| Some(id) != own.id.as_ref()) {
                    self.world.warn(format!(
                        "`{}` was deleted by way of this list, and somebody has that name again: they stay; a list of its own \
                         is about them",
                        one.user
                    ));
                }
                continue;
            }
            let id = own.id.filter(|_| own.was_begun).or_else(|| here.cloned());
            candidates.push(Candidate { listed: one, id, was_begun: own.was_begun, found: None });
        }
        self.announced = self.announced(&state).await?;
        self.describe(&mut candidates).await?;
        let there = candidates.iter().filter(|candidate| candidate.found.is_some());
        let ids: Vec<&str> = there.filter_map(|candidate| candidate.id.as_deref()).collect();
        let (connects, at_work) = parting::surroundings(&self.around, &ids, &self.world).await?;
        let mut people = Vec::new();
        for candidate in &candidates {
            let leaver = self.decide(candidate, &connects, &at_work);
            self.tell(&leaver);
            self.by_name_alone +=
                u64::from(leaver.fate == Fate::Delete && !candidate.listed.has_second_cell());
            people.push(leaver);
        }
        (self.candidates, self.people) = (candidates, people);
        let users = self.people.iter().map(|leaver| leaver.user.as_str());
        stay::say_unused(&self.remove.protected, users, &self.world);
        if self.by_name_alone > 0 {
            self.world.warn(format!(
                "of {} the list says nothing but the user login: a slip in one may be somebody else's; a column `first name`, \
                 `last name` or `email address` is held against whoever has the login",
                count(self.by_name_alone, "person")
            ));
        }
        Ok(())
    }

    /// Whose deletion an earlier session has announced, and who is on the list no more: each with whether they are there.
    async fn announced(&self, state: &State) -> Result<Vec<Announced>, Failure> {
        if self.remove.picked.is_some() || self.remove.job.is_of_part() {
            return Ok(Vec::new());
        }
        let is_one = |at: &Place| {
            state.record(*at).settled_state() == RowState::Unconfirmed
                && self.wanted.find(state.user(*at)).is_none()
        };
        let whom = |at: Place| {
            let (id, name) = (state.id(at)?, state.user(at).to_owned());
            Some(Whom { id, name, user: true, proficiencies: false })
        };
        let whom: Vec<Whom> = state.places().filter(is_one).filter_map(whom).collect();
        let mut announced = Vec::new();
        let mut take = |whom: Whom, read: Option<Read>| {
            let is_there = read.is_some_and(|read| read.user.is_some());
            announced.push(Announced { user: whom.name, id: whom.id, is_there });
            Ok(())
        };
        let Reached { lane, directory, .. } = &self.reached;
        let stop = &self.world.stop;
        let progress = users::described(lane, &directory.instance.id, whom, stop, &mut take).await?;
        if !progress.is_whole {
            self.world.go_on()?;
        }
        Ok(announced)
    }

    /// What becomes of somebody, and why.
    fn decide(
        &self,
        candidate: &Candidate,
        connects: &Connects,
        at_work: &HashMap<String, String>,
    ) -> Leaver {
        let Candidate { listed, id, was_begun, found } = candidate;
        let (user, row) = (listed.user.clone(), listed.row);
        let Some(found) = found else {
            let fate = if *was_begun { Fate::Gone } else { Fate::Skip(Why::NotThere) };
            let against = if *was_begun { Vec::new() } else { vec![(Why::NotThere, self.not_there(&user))] };
            return Leaver { user, row, id: id.clone(), fate, against, quick_connects: Vec::new() };
        };
        let (around, _) = self.around.seen(&user, &found.user.id, connects, at_work);
        let weighed = Weighed::of(of_list(listed, found, &self.admins, None, &around), self.remove.lifts);
        let Around { quick_connects, .. } = around;
        Leaver {
            user,
            row,
            id: Some(found.user.id.clone()),
            fate: weighed.fate,
            against: weighed.against,
            quick_connects,
        }
    }

    /// That nobody is there, with the name that was probably meant where one differs in case alone.
    fn not_there(&self, user: &str) -> String {
        use crate::directory::Found::Variant;
        let words = Why::NotThere.words();
        match self.reached.directory.users.as_ref().map(|users| users.find(user)) {
            Some(Variant(twin, _)) => format!("{words}; `{twin}` is, whose name differs in case"),
            _ => words.to_owned(),
        }
    }

    fn tell(&self, leaver: &Leaver) {
        self.world.tell(leaver.told());
    }

    /// The ids of those of the list who are there, by exact name, and how many users there are at all.
    async fn names(&mut self, listed: &[Listed]) -> Result<HashMap<String, String>, Failure> {
        if let Some(users) = &self.reached.directory.users {
            self.users = users.len() as u64;
            let id = |one: &Listed| Some((one.user.clone(), users.get(&one.user)?.to_string()));
            return Ok(listed.iter().filter_map(id).collect());
        }
        // Whoever may not list may search.
        let wanted: HashSet<&str> = listed.iter().map(|one| one.user.as_str()).collect();
        let (mut there, mut all) = (HashMap::new(), 0);
        let mut each = |page: Vec<crate::connect::model::User>, _: Option<u64>| {
            all += page.len() as u64;
            let ours = page.into_iter().filter(|user| wanted.contains(user.username.as_str()));
            there.extend(ours.map(|user| (user.username, user.id)));
        };
        let Reached { lane, directory, .. } = &self.reached;
        let reading = async { Ok(users::pages(lane, &directory.instance.id, &mut each).await) };
        self.world.unless_stopped(reading).await?.map_err(|error| {
            Failure::from(error).hint(
                "who is there is read with connect:ListUsers or connect:SearchUsers: one of the two must be permitted",
            )
        })?;
        self.users = all;
        Ok(there)
    }

    /// Reads everybody of whom an id is known as they are.
    async fn describe(&self, candidates: &mut [Candidate]) -> Result<(), Failure> {
        let whom = candidates.iter();
        let whom = whom.filter_map(|candidate| Some((candidate.id.clone()?, candidate.listed.user.clone())));
        let mut described = parting::describe(&self.reached, whom, &self.world).await?;
        if described.may_not_list {
            self.world.warn(
                "connect:ListUserProficiencies is not permitted, so that proficiencies are not kept of whoever is deleted",
            );
        }
        for candidate in candidates {
            let found = candidate.id.as_deref().and_then(|id| described.users.remove(id));
            candidate.found = found.map(Box::new);
        }
        Ok(())
    }
}

/// What a ledger says of somebody.
#[derive(Default)]
struct Known {
    is_deleted: bool,
    was_begun: bool,
    /// Whose deletion was announced.
    id: Option<String>,
}

impl Known {
    fn of(state: &State, at: Place) -> Self {
        let record = state.record(at);
        let stands = record.settled_state();
        Self {
            is_deleted: stands == RowState::Deleted && !record.dropped,
            was_begun: stands == RowState::Unconfirmed,
            id: state.id(at),
        }
    }
}
