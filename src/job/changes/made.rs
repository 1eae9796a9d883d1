//! Those whom an import's ledger has made, held against their rows as they are now: with as few calls as can tell.

use std::collections::{HashMap, HashSet};

use super::decide::{Setting, decide};
use super::{base_ledgers, told};
use crate::agent::RowNumber;
use crate::connect::model::User;
use crate::error::Failure;
use crate::event::Event;
use crate::instance::users::{self, Whom};
use crate::job::Asking;
use crate::job::check::Checked;
use crate::job::there::{Made, differing};
use crate::ledger::{self, State};
use crate::plan::{self, CellChange, Decision, Person, Plan, Resolution};
use crate::roster::Row;
use crate::user::base::Base;
use crate::user::{Canonical, Exact, Found, NamesOfIds, Wish};
use crate::validate::{self, RowCheck, Rules};

/// So few are described one by one by a forecast, which is to say all that there is to say: ten seconds of it.
const FEW: usize = 25;

/// So many that a search shows to differ are looked at once more: it may be minutes behind.
const CONFIRMED: usize = 100;

/// The users of one page of a search.
const PAGE: usize = 500;

/// The most that are held in memory to be compared.
const HELD: usize = 50_000;

/// Somebody whom the ledger has made and who is there, with what the row asks for.
struct OfLedger {
    row: RowNumber,
    wish: Wish,
    id: String,
    /// The row is not the one that the user was made of.
    has_changed: bool,
}

/// Those who are to be compared, by username.
type All = HashMap<String, OfLedger>;

impl Checked {
    /// Holds those whom the ledger has made against their rows, in at most so many calls: by a search, which shows no
    /// addresses, no after-contact work and no proficiencies; each by its id where a search takes more calls, or where they
    /// are few and a forecast is to say all of them. Whoever differs is told, and
    /// decided about with what was asked for last, the updates' ledger beside the roster included.
    ///
    /// Nothing of it may fail a run that would do without: what cannot be read is not compared, and that is said.
    ///
    /// # Errors
    /// Exit 5 where the job was asked to stop meanwhile; exit 4 where the roster or a ledger cannot be read.
    pub(in crate::job) async fn look_after(
        &self,
        plan: &Plan,
        state: &State,
        most: usize,
    ) -> Result<(Made, HashSet<String>), Failure> {
        // What failed alone is a retry's; who is there is the update's that goes along.
        let is_aside = self.job.before().is_some() || self.job.allowed.leaves_there;
        let number = if is_aside { 0 } else { self.made_and_there(plan, state).count() };
        let pages = self.reached.directory.users.as_ref().map_or(0, |users| users.len().div_ceil(PAGE));
        let few = if most == usize::MAX { FEW } else { 0 };
        let by_id = number <= few.max(pages.saturating_sub(1));
        if number == 0 || number > HELD || (if by_id { number } else { pages }) > most {
            return Ok((Made { not_compared: number as u64, ..Made::default() }, HashSet::new()));
        }
        let all = self.wishes(plan, state)?;
        let names: Vec<String> = all.keys().cloned().collect();
        let mut read: HashMap<String, Seen> = HashMap::new();
        let differing = if by_id {
            names
        } else {
            let Some(searched) = self.search(&all).await? else { return Ok(self.unread(number)) };
            read = searched;
            let differs = |(user, seen): &(&String, &Seen)| {
                let shown = Canonical::described(&seen.user, None);
                all.get(*user).is_some_and(|of| !of.wish.clone().searchable().differences(&shown).is_empty())
            };
            read.iter().filter(differs).map(|(user, _)| user.clone()).take(CONFIRMED).collect()
        };
        if !self.describe(&all, differing, &mut read).await? {
            return Ok(self.unread(number));
        }
        self.hold(all, read)
    }

    fn unread(&self, number: usize) -> (Made, HashSet<String>) {
        (Made { not_compared: number as u64, ..Made::default() }, HashSet::new())
    }

    /// Those whom the ledger has made for rows of the roster, and who are on the list under the same id.
    fn made_and_there<'a>(
        &'a self,
        plan: &'a Plan,
        state: &'a State,
    ) -> impl Iterator<Item = (&'a str, &'a str, Decision)> {
        let users = self.reached.directory.users.as_ref();
        let decided = plan.left(&self.pass.wanted);
        decided.filter_map(move |(user, decision)| {
            let id = &**users?.get(user)?;
            let made = state.find(user).and_then(|at| state.created_id(at))?;
            (made == id).then_some((user, id, decision))
        })
    }

    /// What the rows of these people ask for.
    fn wishes(&self, plan: &Plan, state: &State) -> Result<All, Failure> {
        let mut made: HashMap<&str, (&str, Decision)> =
            self.made_and_there(plan, state).map(|(user, id, decision)| (user, (id, decision))).collect();
        let Self { job, roster, reached, world, .. } = self;
        let rules = Rules { generates_passwords: true, ..job.rules(&reached.directory) };
        let check = RowCheck::new(roster.columns(), &rules);
        let (mut rows, mut row, mut all) = (roster.rows()?, Row::default(), All::new());
        while rows.read(&mut row)? {
            if row.number.is_multiple_of(validate::Pass::GLANCE) {
                world.go_on()?;
            }
            // Of two rows of one name none is valid.
            let Some((id, decision)) = made.remove(validate::username(&row, roster.columns())) else {
                continue;
            };
            let Some(agent) = validate::agent_by(&check, &row) else { continue };
            let Some(wish) = Wish::of(&agent, &reached.directory, Exact::default()) else { continue };
            let (id, has_changed) = (id.to_owned(), decision == Decision::Drift);
            all.insert(agent.username, OfLedger { row: agent.row, wish, id, has_changed });
        }
        Ok(all)
    }

    /// Reads everybody as a search shows them, and keeps these; `None` where it cannot be read, which is told.
    async fn search(&self, all: &All) -> Result<Option<HashMap<String, Seen>>, Failure> {
        let (lane, instance) = (&*self.reached.lane, self.reached.directory.instance.id.as_str());
        let _at_work = lane.waits().at_work();
        let mut kept = HashMap::new();
        let mut each = |page: Vec<User>, _: Option<u64>| {
            for user in page {
                // Of another id it is somebody whom the list does not have any more.
                if all.get(&user.username).is_some_and(|of| of.id == user.id) {
                    kept.insert(user.username.clone(), Seen { user: Box::new(user), is_whole: false });
                }
            }
        };
        let read = async { Ok(users::pages(lane, instance, &mut each).await) };
        if let Err(error) = self.world.unless_stopped(read).await? {
            self.world.warn(uncompared(&Failure::from(error).what));
            return Ok(None);
        }
        Ok(Some(kept))
    }

    /// Reads these as they are; `false` where they cannot be read, which is told.
    async fn describe(
        &self,
        all: &All,
        whom: Vec<String>,
        read: &mut HashMap<String, Seen>,
    ) -> Result<bool, Failure> {
        let whom = whom.into_iter().filter_map(|name| {
            let id = all.get(&name)?.id.clone();
            Some(Whom { id, name, user: true, proficiencies: false })
        });
        let mut take = |whom: Whom, found: Option<users::Read>| {
            match found.and_then(|found| found.user).filter(|user| user.username == whom.name) {
                Some(user) => read.insert(whom.name, Seen { user: Box::new(user), is_whole: true }),
                None => read.remove(&whom.name), // gone meanwhile
            };
            Ok(())
        };
        let (lane, instance) = (&self.reached.lane, &self.reached.directory.instance.id);
        let _at_work = lane.waits().at_work();
        match users::described(lane, instance, whom.collect(), &self.world.stop, &mut take).await {
            Ok(progress) if progress.is_whole => Ok(true),
            Ok(_) => self.world.go_on().map(|()| false),
            Err(failure) => {
                self.world.warn(uncompared(&failure.what));
                Ok(false)
            }
        }
    }

    /// Holds them against their rows, and tells how they stand.
    fn hold(&self, all: All, read: HashMap<String, Seen>) -> Result<(Made, HashSet<String>), Failure> {
        let directory = &self.reached.directory;
        let names = NamesOfIds::of(directory);
        let asking = Asking::default();
        let setting = Setting { asking: &asking, identity: directory.instance.identity, names: &names };
        let ledgers = base_ledgers(&self.job, &[])?;
        let bases = ledger::bases(&ledgers, &directory.instance.arn, &|user| read.contains_key(user))?;
        let mut rows: Vec<(String, OfLedger)> = all.into_iter().collect();
        rows.sort_by_key(|(_, of)| of.row);
        let (mut made, mut who, mut people) = (Made::default(), HashSet::new(), Vec::new());
        for (user, of) in rows {
            let Some(seen) = read.get(&user) else {
                // Too new for a search, or gone: the list says which, and so does the next run.
                made.not_compared += 1;
                continue;
            };
            let base = bases.get(&user).map(base_of);
            let is_partial = !seen.is_whole && of.wish.asks_for_unsearchable();
            let wish = if seen.is_whole { of.wish } else { of.wish.searchable() };
            let found = Found { user: User::clone(&seen.user), proficiencies: None };
            let person = decide(of.row, &user, &wish, &found, base.as_ref(), setting).person;
            let was_asked = |cell: &CellChange| {
                seen.is_whole && base.as_ref().is_some_and(|base| base.asked.get(cell.group.into()).is_some())
            };
            let person = if of.has_changed { person } else { as_made(person, was_asked) };
            self.tell_of(&person, &of.id, is_partial);
            made.takes(&person, is_partial);
            if person.resolution != Resolution::Same {
                who.insert(user);
                people.push(person);
            }
        }
        made.remedies = plan::remedies(&people);
        Ok((made, who))
    }

    fn tell_of(&self, person: &Person, id: &str, is_partial: bool) {
        // Of whom not all was seen nobody says that nothing differs.
        if person.resolution == Resolution::Same && is_partial {
            return;
        }
        self.world.tell(Event::Compared {
            row: person.row,
            user: person.user.clone(),
            id: id.to_owned(),
            equal: person.resolution == Resolution::Same,
            differs: person.cells.iter().map(differing).collect(),
        });
        told(&left(person)).into_iter().for_each(|event| self.world.tell(event));
    }
}

/// A person whose row is the one that the user was made of: where nothing else is known to have been asked for since, it is
/// the user that somebody has changed.
fn as_made(person: Person, was_asked: impl Fn(&CellChange) -> bool) -> Person {
    let of = |cell: CellChange| match cell.resolution {
        Resolution::Update | Resolution::Conflict if !was_asked(&cell) => {
            CellChange { resolution: Resolution::Drift, ..cell }
        }
        // Whoever may change an address is asked once it is to be changed.
        Resolution::Skip if cell.is_login_address() && !was_asked(&cell) => {
            CellChange { resolution: Resolution::Drift, code: None, ..cell }
        }
        _ => cell,
    };
    let cells = person.cells.into_iter().map(of).collect();
    Person::differing(person.row, &person.user, person.id.as_deref().unwrap_or_default(), cells)
}

/// The same as an import tells it, which changes nobody: what the roster asks for now is left to an update.
fn left(person: &Person) -> Person {
    let of = |cell: &CellChange| match cell.resolution {
        Resolution::Update => {
            CellChange { resolution: Resolution::Skip, code: Some("left-to-update"), ..cell.clone() }
        }
        _ => cell.clone(),
    };
    let cells = person.cells.iter().map(of).collect();
    Person::differing(person.row, &person.user, person.id.as_deref().unwrap_or_default(), cells)
}

fn base_of(known: &ledger::Base) -> Base {
    Base { id: known.id.as_deref().map(str::to_owned), asked: known.asked, read: known.read }
}

/// Somebody as they were read.
struct Seen {
    user: Box<User>,
    /// As they are, and not as a search shows them.
    is_whole: bool,
}

fn uncompared(why: &str) -> String {
    format!("those who were made before are not compared with their rows: {why}")
}
