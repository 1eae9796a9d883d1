//! People who are there, held against a roster: how they differ, and what puts it right.
//!
//! [`Changes`] → [`Compared`] → [`PlannedChanges`] → [`EndedChanges`], as a [`Job`] goes; what only compares ends at the
//! second. Nothing is sent before the third has locked its ledger.

mod abreast;
mod decide;
mod made;
mod makes;
mod movers;
mod run;
mod there;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

pub use decide::Asking;
pub use makes::Makes;
pub use run::{EndedChanges, PlannedChanges, Undo};

use decide::{Decided, Setting, apart, decide};
use there::{Known, There};

use super::check::{Checked, add};
use super::held::{Blocked, HeldRoster, HoldsRoster};
use super::meant::Job;
use super::opened;
use super::pace::{PaceAsked, RateAsked};
use super::target::Reached;
use super::world::World;
use crate::agent::{Fingerprint, RowNumber};
use crate::connect::Operation;
use crate::connect::model::User;
use crate::error::Failure;
use crate::event::{Event, PeopleCounts};
use crate::exit::Exit;
use crate::finding::Finding;
use crate::instance::users::Whom;
use crate::lane::pace::{Pace, START, default_burst};
use crate::ledger::{self, AskedFor, BaseLedger, LedgerAt, RowState, State, beside};
use crate::plan::{Holder, Person, Resolution, Wanted};
use crate::roster::{Field, Roster, Row};
use crate::text::count;
use crate::user::base::{self, Base};
use crate::user::{Canonical, Exact, Found, Group, NamesOfIds, Wish};
use crate::validate::{self, About, RowCheck, Rules};
use crate::waits::WaitFor;

/// Whose its ledger is.
const OF: Option<ledger::Job> = Some(ledger::Job::Update);

/// What is to be compared, and put right.
#[derive(Clone, Debug)]
pub struct Changes {
    /// The roster, the instance, the pace and the ledger of the update. What it says of passwords and of how users are made
    /// counts for nothing here.
    pub job: Job,
    /// What is asked of it.
    pub asking: Asking,
    /// Which lists are to be exact.
    pub exact: Exact,
    /// The ledgers that say what was asked for before; none takes those beside the roster.
    pub bases: Vec<LedgerAt>,
    /// Whom it is about; `None` for everybody of the roster.
    pub picked: Option<HashSet<String>>,
    /// Whether what differs is to be put right: then the paces of the calls that do it are asked for.
    pub writes: bool,
}

/// A roster held against who is there. Nothing was sent, and no ledger was touched.
pub struct Compared {
    pub(super) changes: Changes,
    pub(super) world: World,
    pub(super) roster: Roster,
    pub(super) reached: Reached,
    pub(super) wanted: Box<Wanted>,
    found: validate::Checked,
    people: Vec<Person>,
    counts: PeopleCounts,
    /// What is to be written, by username.
    pub(super) due: HashMap<String, Due>,
    /// Whom an earlier session began to change, with the groups that are as asked for by now.
    pub(super) confirmed: HashMap<String, AskedFor>,
    calls: BTreeMap<Operation, u64>,
}

/// What is to be written of somebody.
pub(super) struct Due {
    /// The groups, each as it was read.
    pub(super) groups: BTreeMap<Group, Fingerprint>,
    /// As they were read: what is kept of them before anything is written.
    pub(super) found: Box<Found>,
    /// Why something else of them is left.
    pub(super) leaves: Option<&'static str>,
}

impl Changes {
    /// Reaches the instance, checks every row of the roster as one about somebody who is there, and reads who is, as far as
    /// it takes to tell how they differ. What is found is told.
    ///
    /// # Errors
    /// Exit 2 where the roster or the instance cannot be used; exit 4 where the instance cannot be reached or read; exit 5
    /// where it was asked to stop meanwhile. A roster with faults is no error: see [`Compared::blocks`].
    pub async fn compare(self, world: &World) -> Result<Compared, Failure> {
        world.go_on()?;
        ledger::be_a_file(&self.job.ledger)?;
        let before = self.job.said_before();
        self.job.refuse_the_other_kind(before.as_ref(), OF)?;
        let roster = self.job.open(self.job.roster())?;
        let (world, waits) = &world.watched();
        let reaching = Box::pin(self.job.reach(&roster, before.as_ref(), world, waits, false));
        let reached = world.reaching(waits, self.job.patience.outage, reaching).await?;
        self.compare_there(roster, reached, world, None).await
    }

    /// The same of an instance that an import has reached, and of the roster that it has checked: what it has found wrong with
    /// that is told already.
    ///
    /// # Errors
    /// As [`Changes::compare`].
    pub(crate) async fn compare_beside(self, checked: &Checked) -> Result<Compared, Failure> {
        ledger::be_a_file(&self.job.ledger)?;
        if checked.reached.directory.users.is_none() {
            return Err(Failure::stopped(
                "who is there already is not known, so that nobody can be told from whoever is to be made",
            )
            .hint("connect:ListUsers must be permitted; an import and an update by themselves do without"));
        }
        let roster = self.job.open(self.job.roster())?;
        self.compare_there(roster, checked.reached.beside(), &checked.world, Some(checked)).await
    }

    async fn compare_there(
        self,
        roster: Roster,
        reached: Reached,
        world: &World,
        beside: Option<&Checked>,
    ) -> Result<Compared, Failure> {
        let (wanted, mut found, unsearchable) = self.check(&roster, &reached, world)?;
        // Of a sheet in which a column says what is to be done, an import has checked other rows.
        let has_own_rows = beside.is_none() || self.job.reading.act.is_some();
        found.findings.retain(|finding| beside.is_none_or(|checked| !checked.findings().contains(finding)));
        for finding in found.findings.iter().filter(|_| has_own_rows) {
            world.tell(Event::Finding(finding.clone()));
        }
        if found.not_kept > 0 && has_own_rows {
            let more = count(found.not_kept, "finding");
            let message =
                format!("{more} more, not told one by one: an offline check of the roster lists all");
            world.tell(Event::Note { message });
        }
        let mut compared = Compared {
            changes: self,
            world: world.clone(),
            roster,
            reached,
            wanted,
            found,
            people: Vec::new(),
            counts: PeopleCounts::default(),
            due: HashMap::new(),
            confirmed: HashMap::new(),
            calls: BTreeMap::new(),
        };
        if compared.blocks().is_none() {
            Box::pin(compared.look(unsearchable)).await?;
        }
        Ok(compared)
    }

    /// One pass over the roster: its rows by who, what is wrong with it, and how many ask for what no search shows.
    fn check(
        &self,
        roster: &Roster,
        reached: &Reached,
        world: &World,
    ) -> Result<(Box<Wanted>, validate::Checked, u64), Failure> {
        let directory = &reached.directory;
        let inferred = self.job.inferred(roster, directory)?;
        let rules = self.rules(reached).inferred(inferred);
        let has_proficiencies = roster.columns().has(Field::Proficiencies);
        let waits = reached.lane.waits();
        let _at_work = waits.at_work();
        let waiting = waits.on(WaitFor::Pages, "the roster is checked", None);
        let (mut wanted, mut unsearchable) = (Box::<Wanted>::default(), 0);
        let found = validate::check_with_fingerprints(roster, &rules, &mut |row| {
            if row.number.is_multiple_of(validate::Pass::GLANCE) {
                world.go_on()?;
                waiting.is(format!("the roster is checked, row {} so far", row.number), None);
            }
            if self.picks(row.username) {
                add(&mut wanted, &row, has_proficiencies);
                let wish = row.agent().and_then(|agent| self.wish(&agent, reached));
                unsearchable += u64::from(wish.is_some_and(|wish| wish.asks_for_unsearchable()));
            }
            Ok(())
        })?;
        Ok((wanted, found, unsearchable))
    }

    fn picks(&self, user: &str) -> bool {
        self.picked.as_ref().is_none_or(|picked| picked.contains(user))
    }

    /// By what the roster is checked.
    pub(super) fn rules<'d>(&self, reached: &'d Reached) -> Rules<'d> {
        self.job.rules(&reached.directory).about(About::There)
    }

    /// What a row asks for, of what is looked at.
    pub(super) fn wish(&self, agent: &crate::agent::Agent, reached: &Reached) -> Option<Wish> {
        let wish = Wish::of(agent, &reached.directory, self.exact)?;
        Some(if self.asking.only.is_empty() { wish } else { wish.only(&self.asking.only) })
    }
}

impl HoldsRoster for Compared {
    fn held(&self) -> HeldRoster<'_> {
        let Self { changes: Changes { job, .. }, world, roster, reached, wanted, found, .. } = self;
        HeldRoster { job, of: OF, world, reached, roster, wanted, rules: self.rules(), found }
    }
}

impl Compared {
    /// What is wrong with the roster, and odd in it, in the order of the file.
    pub fn findings(&self) -> &[Finding] {
        &self.found.findings
    }

    /// The whole result of the check.
    pub(crate) fn found(&self) -> &validate::Checked {
        &self.found
    }

    /// The roster, as it was opened.
    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }

    /// By what the roster was checked.
    pub(crate) fn rules(&self) -> Rules<'_> {
        self.changes.rules(&self.reached)
    }

    /// Why nothing may be compared or sent, where that is so.
    pub fn blocks(&self) -> Option<Blocked> {
        self.held().blocks()
    }

    /// Everybody of the roster whose row can be read, in its order.
    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// How many people there are of each kind.
    pub fn counts(&self) -> PeopleCounts {
        self.counts
    }

    /// The instance.
    pub(crate) fn instance(&self) -> &crate::directory::Instance {
        &self.reached.directory.instance
    }

    /// The calls that an update makes, by operation, reading aside.
    pub fn calls(&self) -> &BTreeMap<Operation, u64> {
        &self.calls
    }

    /// How long an update takes at least: its slowest operation's calls at the pace of that, each user's two reads included.
    pub fn time(&self) -> Duration {
        let reads = (Operation::DescribeUser, 2 * self.due.len() as u64);
        let calls = self.calls.iter().map(|(operation, calls)| (*operation, *calls)).chain([reads]);
        let seconds = calls.map(|(operation, calls)| {
            let rate = if self.changes.writes { self.reached.lane.pace(operation).rate() } else { START };
            calls.saturating_sub(u64::from(default_burst(rate))) as f64 / rate
        });
        Duration::try_from_secs_f64(seconds.fold(0.0, f64::max)).unwrap_or_default()
    }

    /// How a comparison is to exit: 1 where anything differs, or anybody of the roster is not there, or a row cannot be read.
    pub fn exit(&self) -> Exit {
        if self.blocks().is_some() {
            return Exit::Findings;
        }
        let differs = self.counts.differs() || self.found.invalid_rows > 0;
        if differs { Exit::SomeFailed } else { Exit::Done }
    }

    /// Ends a comparison that is not to be run.
    pub async fn close(mut self) {
        self.reached.stop_serving().await;
    }

    /// Reads who is there and decides about everybody.
    async fn look(&mut self, unsearchable: u64) -> Result<(), Failure> {
        let bases = self.bases()?;
        let state = opened::seen(&self.held())?;
        if self.changes.writes {
            opened::would_go_on(&self.held(), &state)?;
        }
        let unfinished = unfinished(&state);
        self.pace().await;
        let mut there = there::read(&self.reached, &self.wanted, unsearchable, &self.world).await?;
        let whom = self.to_describe(&there, &bases, &unfinished)?;
        there::describe(&self.reached, whom, &mut there, &self.world).await?;
        self.decide(&there, &bases, &unfinished)?;
        if self.changes.writes {
            self.pace_writes().await;
        }
        self.tell_counts();
        Ok(())
    }

    /// Has the calls that are due go at the pace that is asked for, or that the account allows: each operation has a quota of
    /// its own.
    async fn pace_writes(&self) {
        let Reached { lane, directory, .. } = &self.reached;
        let PaceAsked { rate, burst, .. } = self.changes.job.pace;
        let operations: Vec<Operation> = self.calls.keys().copied().collect();
        let paced = |operation: &Operation| {
            let pace = match rate {
                RateAsked::Quota => return,
                RateAsked::Learned => Pace::learning(None),
                RateAsked::Fixed(rate) => Pace::new(rate, burst.unwrap_or_else(|| default_burst(rate))),
            };
            lane.paces().set(*operation, pace);
        };
        operations.iter().for_each(paced);
        let reader = crate::instance::Reader { lane, warn: &|what| self.world.warn(what) };
        reader.pace(&directory.instance.arn, &operations, burst).await;
    }

    /// Tells what was found in all.
    fn tell_counts(&self) {
        self.world.tell(Event::Differences {
            version: 1,
            instance: self.reached.directory.instance.arn.clone(),
            people: self.counts,
            calls: self.calls.iter().map(|(operation, calls)| (operation.name(), *calls)).collect(),
            seconds: self.time().as_secs_f64(),
        });
    }

    /// Has reads go at the pace that the account allows.
    async fn pace(&self) {
        const READS: [Operation; 4] = [
            Operation::SearchUsers,
            Operation::ListUsers,
            Operation::DescribeUser,
            Operation::ListUserProficiencies,
        ];
        let Reached { lane, directory, .. } = &self.reached;
        let reader = crate::instance::Reader { lane, warn: &|what| self.world.warn(what) };
        reader.pace(&directory.instance.arn, &READS, None).await;
    }

    /// What was asked for before of the roster's people, by the ledgers at hand.
    fn bases(&self) -> Result<HashMap<String, Base>, Failure> {
        let Changes { job, bases, .. } = &self.changes;
        let arn = &self.reached.directory.instance.arn;
        let ledgers = base_ledgers(job, bases)?;
        let known = ledger::bases(&ledgers, arn, &|user| self.wanted.find(user).is_some())?;
        let base = |(user, base): (String, ledger::Base)| {
            (user, Base { id: base.id.map(String::from), asked: base.asked, read: base.read })
        };
        Ok(known.into_iter().map(base).collect())
    }

    /// Calls `with` for every row of the roster that can be read and is looked at, with what it asks for.
    fn each_wish(
        &self,
        mut with: impl FnMut(RowNumber, &str, &Wish) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let rules = self.changes.rules(&self.reached);
        let check = RowCheck::new(self.roster.columns(), &rules);
        let (mut rows, mut row) = (self.roster.rows()?, Row::default());
        while rows.read(&mut row)? {
            let username = validate::username(&row, self.roster.columns());
            let number = RowNumber::of(row.number);
            let is_it = |seen: &crate::plan::Seen| seen.valid && seen.row == number;
            if self.wanted.find(username).filter(is_it).is_none() {
                continue;
            }
            let Some(agent) = validate::agent_by(&check, &row) else { continue };
            let Some(wish) = self.changes.wish(&agent, &self.reached) else { continue };
            if row.number.is_multiple_of(validate::Pass::GLANCE) {
                self.world.go_on()?;
            }
            with(number, &agent.username, &wish)?;
        }
        Ok(())
    }

    /// Whom a search, or a list, does not say enough of.
    fn to_describe(
        &self,
        there: &There,
        bases: &HashMap<String, Base>,
        unfinished: &HashSet<String>,
    ) -> Result<Vec<Whom>, Failure> {
        let mut whom = Vec::new();
        self.each_wish(|_, user, wish| {
            let id = match there.users.get(user) {
                Some(Known::Listed(id)) => Some(id.as_str()),
                Some(Known::Described(_)) => None,
                Some(Known::Searched(found)) => {
                    let shown = Canonical::described(found, None);
                    let is_told = !wish.asks_for_unsearchable()
                        && wish.differences(&shown).is_empty()
                        && !unfinished.contains(user);
                    (!is_told).then_some(found.id.as_str())
                }
                // Made a moment ago, it may not be on any list yet.
                None => bases.get(user).and_then(|base| base.id.as_deref()),
            };
            whom.extend(id.map(|id| Whom {
                id: id.to_owned(),
                name: user.to_owned(),
                user: true,
                proficiencies: wish.asks_for_proficiencies(),
            }));
            Ok(())
        })?;
        Ok(whom)
    }

    /// Decides about everybody, and tells it.
    fn decide(
        &mut self,
        there: &There,
        bases: &HashMap<String, Base>,
        unfinished: &HashSet<String>,
    ) -> Result<(), Failure> {
        let names = NamesOfIds::of(&self.reached.directory);
        let identity = self.reached.directory.instance.identity;
        let (mut people, mut counts) = (Vec::new(), PeopleCounts::default());
        let (mut due, mut confirmed, mut calls) = (HashMap::new(), HashMap::new(), BTreeMap::new());
        let setting = Setting { asking: &self.changes.asking, identity, names: &names };
        self.each_wish(|row, user, wish| {
            let base = bases.get(user);
            let found = match there.users.get(user) {
                Some(Known::Described(kept)) => Some(kept.found()?),
                Some(Known::Searched(user)) => Some(Found { user: User::clone(user), proficiencies: None }),
                Some(Known::Listed(_)) | None => None,
            };
            let decided = match &found {
                Some(found) => decide(row, user, wish, found, base, setting),
                None if base.is_some_and(|base| base.id.is_some()) => {
                    apart(row, user, Holder::NobodyAnyMore, None)
                }
                None => match there.twins.get(&user.to_lowercase()) {
                    Some(twin) => apart(row, user, Holder::Twin, Some(twin)),
                    None => apart(row, user, Holder::Nobody, None),
                },
            };
            let Decided { person, due: groups, calls: made } = decided;
            counts.add(&person);
            for event in told(&person) {
                self.world.tell(event);
            }
            for operation in made {
                *calls.entry(operation).or_default() += 1;
            }
            if let Some(found) = found {
                // What a session wrote that ended before it could say so is on record as soon as it is seen.
                if unfinished.contains(user) {
                    let differs = |group: Group| person.cells.iter().any(|cell| cell.group == group);
                    confirmed.insert(user.to_owned(), prints(wish, &found, |group| !differs(group)));
                }
                if !groups.is_empty() {
                    let leaves = person.left_code();
                    let found = Box::new(found);
                    due.insert(user.to_owned(), Due { groups, found, leaves });
                }
            }
            people.push(person);
            Ok(())
        })?;
        (self.people, self.counts, self.due, self.confirmed, self.calls) =
            (people, counts, due, confirmed, calls);
        Ok(())
    }
}

/// The ledgers that say what was asked for before: those that were named, else those beside the roster; those of what was
/// undone; and the update's own, wherever it is kept.
///
/// # Errors
/// Exit 4 where the table of a shared one cannot be read.
pub(super) fn base_ledgers(job: &Job, named: &[LedgerAt]) -> Result<Vec<BaseLedger>, Failure> {
    let whole = &job.stem(job.before().map_or(job.roster(), |before| &before.whole));
    let mut ledgers: Vec<_> = named.iter().cloned().map(BaseLedger::Named).collect();
    if named.is_empty() {
        ledgers.extend(
            beside::bases_of(whole, job.target.is_rehearsal()).map(|path| BaseLedger::Beside(path.into())),
        );
        ledgers.extend(ledger::siblings(&job.ledger).into_iter().map(BaseLedger::Beside));
    }
    // Two updates are undone one after the other, each by a command that names the ledger of the updates alone.
    if (named.is_empty() || beside::is_named_as_before(whole)) && !job.target.is_rehearsal() {
        ledgers.extend(beside::undone_of(whole).into_iter().map(|path| BaseLedger::Beside(path.into())));
        ledgers.extend(ledger::undoings(&job.ledger)?.into_iter().map(BaseLedger::Beside));
    }
    let own = BaseLedger::Beside(job.ledger.clone());
    if !ledgers.contains(&own) {
        ledgers.push(own);
    }
    Ok(ledgers)
}

/// Whom a session began to change and has not read back as asked for: something of them may be written, whatever was said of
/// the rest.
fn unfinished(state: &State) -> HashSet<String> {
    let was_begun = |at: &ledger::Place| {
        let record = state.record(*at);
        let is_done = matches!(record.settled_state(), RowState::Updated | RowState::There);
        record.updates() && !record.dropped && !is_done
    };
    state.places().filter(was_begun).map(|at| state.user(at).to_owned()).collect()
}

/// The groups that are asked for and met, as they are.
fn prints(wish: &Wish, found: &Found, is_met: impl Fn(Group) -> bool) -> AskedFor {
    let there = Canonical::described(&found.user, found.proficiencies.as_deref());
    let mut asked = AskedFor::default();
    for group in Group::ALL.into_iter().filter(|group| wish.asks_for(*group) && is_met(*group)) {
        asked.set(group.into(), base::of_found(&there, group));
    }
    asked
}

/// A person as events tell it: a line a cell, or one where there is none.
fn told(person: &Person) -> Vec<Event> {
    let Person { row, user, resolution, code, cells, .. } = person;
    let of = |decision: Resolution, code: Option<&'static str>| Event::Change {
        user: user.clone(),
        row: *row,
        group: None,
        cell: None,
        from: None,
        to: None,
        decision: decision.word(),
        code,
    };
    if cells.is_empty() {
        return vec![of(*resolution, *code)];
    }
    let told = |cell: &crate::plan::CellChange| Event::Change {
        user: user.clone(),
        row: *row,
        group: Some(cell.group.as_word()),
        cell: Some(cell.cell.clone()),
        from: cell.from.clone(),
        to: cell.to.clone(),
        decision: cell.resolution.word(),
        code: cell.code,
    };
    cells.iter().map(told).collect()
}

/// Which groups a word of a list names; for whoever reads what was typed.
///
/// # Errors
/// The word that names none.
pub fn groups_of<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<BTreeSet<Group>, String> {
    words.into_iter().map(|word| Group::of_word(word).ok_or_else(|| word.to_owned())).collect()
}
