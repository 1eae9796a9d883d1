//! An engine in memory, with weather: what a table does, and how what is asked of it can go wrong.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::segments::{Checked, EngineFault, LaneName, Lease, Named, Put, Segment, Segments};

/// What becomes of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done and answered.
    Well,
    /// It never arrives, and nobody answers.
    Lost,
    /// It is done, and the answer is lost.
    Unanswered,
    /// Nobody answers, and it arrives behind the next call that is answered: late, perhaps after it was made again.
    Late,
    /// It arrives twice, and the second answer is the one that comes.
    Twice,
}

/// Decides what becomes of a call, by its name and by how many calls there were before it.
pub type Weather = Box<dyn FnMut(&str, u64) -> Fate + Send>;

/// Ledgers in memory.
pub struct InMemory(Mutex<Engine>);

struct Engine {
    tables: Tables,
    weather: Weather,
    calls: u64,
    /// What was asked and has not arrived yet.
    late: Vec<Asked>,
    /// Whether a segment is put whatever stands there: what the position must not allow.
    overwrites: bool,
    /// Bytes of every put, for whoever counts what they cost.
    written: Vec<usize>,
}

#[derive(Clone, Default)]
struct Tables {
    runs: HashMap<String, BTreeMap<u64, Segment>>,
    leases: HashMap<String, Lease>,
    names: BTreeMap<String, Named>,
    lanes: HashMap<LaneName, BTreeMap<String, u64>>,
}

/// Something that changes a table.
#[derive(Clone)]
enum Asked {
    Put(String, Segment),
    Take(String, Lease),
    Beat(String, u64, String),
    Ask(String, u64, String),
    Free(String, u64),
    Claim(Named),
    Unname(String, String),
    Share(LaneName, String, u64),
    Leave(LaneName, String, Option<u64>),
}

/// What it answers: whether the condition held, and what stands there.
enum Answered {
    Put(Put),
    Said(bool),
    Lease(Option<Lease>),
    Lane(BTreeMap<String, u64>),
}

impl Tables {
    fn apply(&mut self, asked: &Asked, overwrites: bool) -> Answered {
        match asked.clone() {
            Asked::Put(run, segment) => {
                let run = self.runs.entry(run).or_default();
                match run.get(&segment.number) {
                    Some(there) if !overwrites => Answered::Put(Put::Taken(Some(there.nonce.clone()))),
                    _ => {
                        run.insert(segment.number, segment);
                        Answered::Put(Put::Done)
                    }
                }
            }
            Asked::Take(run, lease) => {
                let may = self.leases.get(&run).is_none_or(|there| there.epoch < lease.epoch);
                if may {
                    self.leases.insert(run, lease);
                }
                Answered::Said(may)
            }
            Asked::Beat(run, epoch, seen) => Answered::Lease(self.of(&run, epoch).map(|lease| {
                lease.beat += 1;
                lease.seen = seen;
                lease.clone()
            })),
            Asked::Ask(run, epoch, session) => {
                let lease = self.of(&run, epoch);
                Answered::Said(lease.map(|lease| lease.wanted = Some(session)).is_some())
            }
            Asked::Free(run, epoch) => {
                Answered::Said(self.of(&run, epoch).map(|lease| lease.free = true).is_some())
            }
            Asked::Claim(named) => {
                let may = self.names.get(&named.name).is_none_or(|there| there.run.is_empty());
                if may {
                    self.names.insert(named.name.clone(), named);
                }
                Answered::Said(may)
            }
            Asked::Unname(name, run) => {
                let there = self.names.get_mut(&name).filter(|there| there.run == run);
                Answered::Said(there.map(|there| there.run.clear()).is_some())
            }
            Asked::Share(lane, member, beat) => {
                let members = self.lanes.entry(lane).or_default();
                members.insert(member, beat);
                Answered::Lane(members.clone())
            }
            Asked::Leave(lane, member, seen) => {
                let members = self.lanes.entry(lane).or_default();
                if seen.is_none_or(|seen| members.get(&member) == Some(&seen)) {
                    members.remove(&member);
                }
                Answered::Said(true)
            }
        }
    }

    fn of(&mut self, run: &str, epoch: u64) -> Option<&mut Lease> {
        self.leases.get_mut(run).filter(|lease| lease.epoch == epoch)
    }
}

impl Engine {
    fn fate(&mut self, call: &str) -> Fate {
        self.calls += 1;
        (self.weather)(call, self.calls)
    }

    fn ask(&mut self, call: &str, asked: Asked) -> Result<Answered, EngineFault> {
        let fate = self.fate(call);
        let overwrites = self.overwrites;
        let lost = || EngineFault::unclear(format!("no answer to {call}"));
        match fate {
            Fate::Lost => Err(lost()),
            Fate::Late => {
                self.late.push(asked);
                Err(lost())
            }
            Fate::Unanswered => {
                self.tables.apply(&asked, overwrites);
                Err(lost())
            }
            Fate::Well | Fate::Twice => {
                let mut answered = self.tables.apply(&asked, overwrites);
                if fate == Fate::Twice {
                    answered = self.tables.apply(&asked, overwrites);
                }
                for late in std::mem::take(&mut self.late) {
                    self.tables.apply(&late, overwrites);
                }
                Ok(answered)
            }
        }
    }

    fn look<T>(&mut self, call: &str, of: impl FnOnce(&Tables) -> T) -> Result<T, EngineFault> {
        match self.fate(call) {
            Fate::Well | Fate::Twice => Ok(of(&self.tables)),
            Fate::Lost | Fate::Unanswered | Fate::Late => {
                Err(EngineFault::unclear(format!("no answer to {call}")))
            }
        }
    }
}

impl Default for InMemory {
    fn default() -> Self {
        Self::in_weather(Box::new(|_, _| Fate::Well))
    }
}

impl InMemory {
    /// An empty one in this weather.
    pub fn in_weather(weather: Weather) -> Self {
        Self(Mutex::new(Engine {
            tables: Tables::default(),
            weather,
            calls: 0,
            late: Vec::new(),
            overwrites: false,
            written: Vec::new(),
        }))
    }

    /// One that is wrong: a segment is put whatever stands there.
    #[must_use]
    pub fn without_condition(self) -> Self {
        self.engine().overwrites = true;
        self
    }

    /// From now on this weather.
    pub fn change_weather(&self, weather: Weather) {
        self.engine().weather = weather;
    }

    /// The lines of a run, as its file would have them.
    pub fn lines(&self, run: &str) -> String {
        let engine = self.engine();
        engine
            .tables
            .runs
            .get(run)
            .into_iter()
            .flat_map(BTreeMap::values)
            .map(|at| at.lines.as_str())
            .collect()
    }

    /// Loses a segment, as nothing but a hand in the table does.
    pub fn lose(&self, run: &str, number: u64) {
        if let Some(run) = self.engine().tables.runs.get_mut(run) {
            run.remove(&number);
        }
    }

    /// How many bytes each segment had that was put, in order.
    pub fn written(&self) -> Vec<usize> {
        self.engine().written.clone()
    }

    /// How many calls there were.
    pub fn calls(&self) -> u64 {
        self.engine().calls
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn said(&self, call: &str, asked: Asked) -> Result<bool, EngineFault> {
        Ok(matches!(self.engine().ask(call, asked)?, Answered::Said(true)))
    }
}

impl Segments for InMemory {
    fn put(&self, run: &str, segment: &Segment) -> Result<Put, EngineFault> {
        let mut engine = self.engine();
        engine.written.push(segment.lines.len());
        match engine.ask("put", Asked::Put(run.to_owned(), segment.clone()))? {
            Answered::Put(put) => Ok(put),
            Answered::Said(_) | Answered::Lease(_) | Answered::Lane(_) => Ok(Put::Taken(None)),
        }
    }

    fn read(&self, run: &str, from: u64, each: &mut dyn FnMut(Segment)) -> Result<(), EngineFault> {
        let all = self.engine().look("read", |tables| {
            let run = tables.runs.get(run);
            run.map(|run| run.range(from..).map(|(_, there)| there.clone()).collect::<Vec<_>>())
        })?;
        all.into_iter().flatten().for_each(each);
        Ok(())
    }

    fn at(&self, run: &str, number: u64) -> Result<Option<Segment>, EngineFault> {
        self.engine().look("at", |tables| tables.runs.get(run)?.get(&number).cloned())
    }

    fn tip(&self, run: &str) -> Result<u64, EngineFault> {
        self.engine().look("tip", |tables| {
            tables.runs.get(run).and_then(|run| run.keys().next_back().copied()).unwrap_or(0)
        })
    }

    fn lease(&self, run: &str) -> Result<Option<Lease>, EngineFault> {
        self.engine().look("lease", |tables| tables.leases.get(run).cloned())
    }

    fn take(&self, run: &str, lease: &Lease) -> Result<bool, EngineFault> {
        self.said("take", Asked::Take(run.to_owned(), lease.clone()))
    }

    fn beat(&self, run: &str, epoch: u64, seen: &str) -> Result<Option<Lease>, EngineFault> {
        let asked = Asked::Beat(run.to_owned(), epoch, seen.to_owned());
        match self.engine().ask("beat", asked)? {
            Answered::Lease(lease) => Ok(lease),
            Answered::Said(_) | Answered::Put(_) | Answered::Lane(_) => Ok(None),
        }
    }

    fn ask(&self, run: &str, epoch: u64, session: &str) -> Result<bool, EngineFault> {
        self.said("ask", Asked::Ask(run.to_owned(), epoch, session.to_owned()))
    }

    fn free(&self, run: &str, epoch: u64) -> Result<bool, EngineFault> {
        self.said("free", Asked::Free(run.to_owned(), epoch))
    }

    fn claim(&self, name: &Named) -> Result<bool, EngineFault> {
        self.said("claim", Asked::Claim(name.clone()))
    }

    fn unname(&self, name: &str, run: &str) -> Result<bool, EngineFault> {
        self.said("unname", Asked::Unname(name.to_owned(), run.to_owned()))
    }

    fn named(&self, name: &str) -> Result<Option<Named>, EngineFault> {
        self.engine().look("named", |tables| tables.names.get(name).cloned())
    }

    fn names(&self) -> Result<Vec<Named>, EngineFault> {
        self.engine().look("names", |tables| tables.names.values().cloned().collect())
    }

    fn share(&self, lane: &LaneName, member: &str, beat: u64) -> Result<BTreeMap<String, u64>, EngineFault> {
        match self.engine().ask("share", Asked::Share(lane.clone(), member.to_owned(), beat))? {
            Answered::Lane(members) => Ok(members),
            Answered::Said(_) | Answered::Put(_) | Answered::Lease(_) => Ok(BTreeMap::new()),
        }
    }

    fn leave(&self, lane: &LaneName, member: &str, seen: Option<u64>) -> Result<(), EngineFault> {
        self.engine().ask("leave", Asked::Leave(lane.clone(), member.to_owned(), seen)).map(drop)
    }

    fn check(&self) -> Result<Checked, EngineFault> {
        Ok(Checked::Holds)
    }
}
