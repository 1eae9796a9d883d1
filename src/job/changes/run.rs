//! What was compared is recorded, kept as it was, written, and read back.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::movers::Movers;
use super::{Changes, Compared, Due};
use crate::apply::{self};
use crate::clock::rfc3339;
use crate::connect::Operation;
use crate::crash;
use crate::error::Failure;
use crate::event::Event;
use crate::exit::Exit;
use crate::export;
use crate::failed::Left;
use crate::job::ended::{CameTo, exit_by_reason};
use crate::job::held::{HoldsRoster, Remains};
use crate::job::session::{self, Beginning};
use crate::job::{opened, shares};
use crate::ledger::{
    AskedFor, Calls, Counts, Entry, Journal, OpenLedger, Place, RowState, StandsAs, State, StepState,
};
use crate::plan::{Person, Resolution};
use crate::stop::Stop;
use crate::user::Group;

/// An update that is decided and can be run: it holds its ledger, and whoever lets go of it unused leaves nothing behind.
pub struct PlannedChanges {
    compared: Compared,
    ledger: Box<OpenLedger>,
}

/// How an update ended.
#[derive(Debug)]
pub struct EndedChanges {
    /// How the program is to exit.
    pub exit: Exit,
    /// Where all rows of the ledger stand.
    pub counts: Counts,
    /// Those of whom something was changed and who were not read back: the same command looks at them first.
    pub unread: u64,
    /// Why it ended before its rows did.
    pub stop: Option<Stop>,
    /// What puts everybody back who was changed; `None` where nobody was to be.
    pub undo: Option<Undo>,
    /// The file of the failed rows. That there is none is no reason to fail: the ledger has all.
    pub left: Result<Left, Failure>,
    /// Whether the ledger could be closed.
    pub closed: Result<(), Failure>,
    /// The calls that were planned, by operation.
    pub calls: BTreeMap<Operation, u64>,
    /// The calls that left, over all sessions.
    pub spent: Calls,
    /// How long this session took.
    pub took: Duration,
}

/// What puts everybody back as they were: a roster of its own, and what it takes for an update by it to be whole.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Undo {
    /// The file.
    pub file: PathBuf,
    /// Tags were added, which go again only where the list is exact.
    pub exact_tags: bool,
    /// Likewise proficiencies.
    pub exact_proficiencies: bool,
    /// A primary address was changed.
    pub change_email: bool,
}

impl Compared {
    /// Locks the ledger. Nothing is written yet.
    ///
    /// # Errors
    /// Exit 3 where something blocks; exit 4 where the ledger is another's, of something else, or cannot be used.
    pub async fn plan(self) -> Result<PlannedChanges, Failure> {
        if self.blocks().is_some() {
            return Err(Failure::new(Exit::Findings, "nothing was sent: the roster has errors"));
        }
        opened::handed_over(&self.held()).await?;
        let ledger = opened::locked(&self.held())?;
        Ok(PlannedChanges { compared: self, ledger: Box::new(ledger) })
    }

    /// What puts everybody back who is to be changed, once there is a run; whether this session goes on with what an earlier
    /// one has begun decides whether its file is gone on with.
    fn undo(&self, run: &str, goes_on: bool) -> Option<Undo> {
        if self.due.is_empty() {
            return None;
        }
        // Each of several targets has a file of its own.
        let stem = self.changes.job.stem(self.changes.job.roster());
        let file = before_file(&stem, run, goes_on);
        let mut undo = Undo { file, ..Undo::default() };
        let written = self.people.iter().flat_map(|person| &person.cells);
        for cell in written.filter(|cell| cell.resolution == Resolution::Update) {
            match cell.group {
                Group::Tags => undo.exact_tags |= cell.from.is_none(),
                Group::Proficiencies => undo.exact_proficiencies |= cell.from.is_none(),
                Group::Identity => undo.change_email |= cell.is_login_address(),
                Group::Config | Group::RoutingProfile | Group::SecurityProfiles | Group::Hierarchy => {}
            }
        }
        Some(undo)
    }
}

/// `roster.csv.before.RUN.csv`, whatever the roster is; of a later update by the same ledger `roster.csv.before.RUN.2.csv`,
/// so that what an earlier one has kept is neither written over nor mixed with what was so in between. One that goes on with
/// an interrupted one goes on with its file.
fn before_file(roster: &Path, run: &str, goes_on: bool) -> PathBuf {
    session::kept_in(goes_on, |number| {
        let later = if number == 1 { String::new() } else { format!(".{number}") };
        export::path_before(roster, &format!("{run}{later}"))
    })
}

impl PlannedChanges {
    /// What was compared, and is going to be done.
    pub fn compared(&self) -> &Compared {
        &self.compared
    }

    /// Records what is going to be done, keeps everybody who is changed as they were, changes them and reads them back:
    /// until all is done, or there is a reason to stop. What is under way is awaited.
    ///
    /// # Errors
    /// Exit 4 where nothing can be recorded or kept: then nothing was sent; exit 5 where it was asked to stop before it
    /// began; exit 70 where a user's work broke.
    pub async fn run(self) -> Result<EndedChanges, Failure> {
        let begun = self.begin_and_send().await?;
        let left = begun.ledger.read(|state| begun.compared.held().leave(state));
        Ok(begun.end(left).await.0)
    }

    /// The same of one of several targets: whoever runs them leaves the failed rows of all.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub(in crate::job) async fn run_beside(self) -> Result<(EndedChanges, Remains<Compared>), Failure> {
        Ok(self.begin_and_send().await?.end(Ok(Left::default())).await)
    }

    async fn begin_and_send(self) -> Result<Begun, Failure> {
        let Self { compared, ledger } = self;
        compared.world.go_on()?;
        let arn = &compared.reached.directory.instance.arn;
        let digest = compared.wanted.digest();
        let begins = opened::begins(&compared.changes.job, super::OF, arn, digest, &compared.world);
        let (ledger, settled) = opened::begin(*ledger, begins, &compared.world).await?;
        let since = Instant::now();
        let goes_on = ledger.read(session::is_unfinished);
        let run = record(&compared, &*ledger, settled).await?;
        let undo = compared.undo(&run, goes_on);
        if let Some(undo) = &undo {
            keep_before(&compared, undo)?;
        }
        crash::point("update-before-kept");
        compared.world.tell(Event::Started {
            version: 1,
            run: run.clone(),
            ledger: compared.changes.job.ledger.display().to_string(),
            instance: compared.reached.directory.instance.arn.clone(),
            total: ledger.read(|state| state.counts(true).total),
            to_send: compared.due.len() as u64,
            left_out: compared.found.left_out.clone(),
            rate: compared.reached.lane.pace(Operation::DescribeUser).rate(),
        });
        send(&compared, &ledger, run).await?;
        Ok(Begun { compared, ledger, undo, since })
    }
}

/// An update of which all was sent that could be.
struct Begun {
    compared: Compared,
    ledger: Arc<dyn Journal>,
    undo: Option<Undo>,
    since: Instant,
}

/// Writes those who are to be changed, as they are now, into a file of their own: before the first of them is.
fn keep_before(compared: &Compared, undo: &Undo) -> Result<(), Failure> {
    let Compared { reached, due, people, world, .. } = compared;
    let directory = &reached.directory;
    let mut before = export::Before::open(&undo.file, directory, export::Keeping::Changed)?;
    for person in people {
        let Some(Due { groups, found, .. }) = due.get(&person.user) else { continue };
        let groups: BTreeSet<Group> = groups.keys().copied().collect();
        before.add(directory, &found.user, found.proficiencies.as_deref(), &groups)?;
    }
    for untold in before.untold() {
        world.warn(format!("what the undo cannot put back: {untold}"));
    }
    before.sync()
}

async fn send(compared: &Compared, ledger: &Arc<dyn Journal>, run: String) -> Result<(), Failure> {
    let Compared { changes, world, reached, .. } = compared;
    let job = &changes.job;
    let settings = session::settings(reached, world, job.patience, run);
    let means = session::means(reached, world, settings, job.pace.concurrency, ledger);
    let rules = changes.rules(reached);
    let movers = Movers::new(compared, &rules, Arc::clone(ledger))?;
    let _at_work = reached.lane.waits().at_work();
    let groups: BTreeSet<Group> = compared.due.values().flat_map(|due| due.groups.keys().copied()).collect();
    let operations: Vec<Operation> = groups.into_iter().map(apply::operation_of).collect();
    let _shares = shares::taken(&job.ledger, &operations, reached, world).await;
    Box::pin(apply::update(means, job.pace.concurrency, movers)).await
}

impl Begun {
    /// Says how it went, and closes the ledger.
    async fn end(self, left: Result<Left, Failure>) -> (EndedChanges, Remains<Compared>) {
        let Self { mut compared, ledger, undo, since } = self;
        let (counts, spent, unread) = ledger.read(|state| (state.counts(false), state.calls, state.unread()));
        let stop = compared.world.stop.reason();
        let exit = exit_of(&counts, compared.found.invalid_rows, stop.as_ref());
        let took = since.elapsed();
        let came_to = CameTo::of_rows(exit, counts, spent);
        let (state, closed) = session::end(&compared.world, ledger, came_to, took).await;
        compared.reached.stop_serving().await;
        let calls = std::mem::take(&mut compared.calls);
        let ended = EndedChanges { exit, counts, unread, stop, undo, left, closed, calls, spent, took };
        (ended, Remains { of: compared, state })
    }
}

/// How an update exits. Pure.
fn exit_of(counts: &Counts, invalid: u64, stop: Option<&Stop>) -> Exit {
    let by_rows = if counts.pending + counts.in_doubt + counts.unconfirmed > 0 {
        Exit::Unsettled
    } else if counts.rejected + counts.skipped + counts.exists + counts.invalid + invalid > 0 {
        Exit::SomeFailed
    } else {
        Exit::Done
    };
    exit_by_reason(stop).worst(by_rows)
}

/// Records the session, every row, and what stands without a call, synced. Returns the run's id.
async fn record(compared: &Compared, ledger: &dyn Journal, run: Option<String>) -> Result<String, Failure> {
    let before = ledger.read(Clone::clone);
    let now = rfc3339(compared.world.clock.now());
    let of_people = compared.people.iter().flat_map(|person| entries(person, compared, &before, &now));
    let people: Vec<Entry<'_>> = gone(compared, &before)
        .into_iter()
        .chain(of_people)
        .chain(session::invalid(&compared.wanted, &now))
        .collect();
    let Compared { changes: Changes { job, .. }, world, reached, roster, wanted, .. } = compared;
    let (digest, of) = (wanted.digest(), super::OF);
    let rate = reached.lane.pace(Operation::DescribeUser).rate();
    let only = compared.changes.asking.only.iter().map(|group| group.as_word().to_owned()).collect();
    let beginning = Beginning { job, world, reached, roster, digest, rate, of, only, run };
    beginning.record(ledger, &before, people.into_iter(), &now).await
}

/// Those of the ledger who are no longer in the roster, where that is the whole: they leave its count.
fn gone<'e>(compared: &Compared, before: &'e State) -> Vec<Entry<'e>> {
    let Changes { job, picked, .. } = &compared.changes;
    if picked.is_some() || job.is_of_part() {
        return Vec::new();
    }
    let is_gone =
        |at: &Place| !before.record(*at).dropped && compared.wanted.find(before.user(*at)).is_none();
    before.places().filter(is_gone).map(|at| Entry::dropped(before.user(at))).collect()
}

/// The lines of a person: its row, where that is new or to be worked on, and how it stands, where no call is going to say it.
fn entries<'e>(person: &'e Person, compared: &Compared, state: &State, now: &str) -> Vec<Entry<'e>> {
    let user = person.user.as_str();
    let seen = compared.wanted.find(user);
    let (fingerprint, proficiencies) =
        (seen.and_then(|seen| seen.fingerprint), seen.and_then(|seen| seen.proficiencies));
    let at = state.find(user);
    let record = at.map(|at: Place| *state.record(at));
    let row = || Entry { proficiencies, ..Entry::row(user, person.row, fingerprint) };
    if compared.due.contains_key(user) {
        let steps = compared.confirmed.get(user).into_iter().flat_map(|asked| met(user, asked, now));
        return [row()].into_iter().chain(steps).collect();
    }
    let stands = match person.resolution {
        Resolution::Same => RowState::There,
        _ => RowState::Skipped,
    };
    let is_known = record.is_some_and(|record| {
        (record.fingerprint, record.proficiencies, record.row) == (fingerprint, proficiencies, person.row)
    });
    let mut lines = Vec::new();
    if let Some(asked) = compared.confirmed.get(user) {
        lines.extend((!is_known).then(row));
        lines.extend(met(user, asked, now));
        if person.resolution == Resolution::Same {
            lines.push(Entry::outcome(user, RowState::Updated, now.to_owned()));
            return lines;
        }
    }
    // Who was updated and is as they should be stays updated.
    let is_so = record.is_some_and(|record| {
        record.open.is_none()
            && (record.state == stands || (stands == RowState::There && record.state == RowState::Updated))
    });
    if is_known && is_so && stands != RowState::Skipped {
        return lines;
    }
    lines.extend((!is_known || record.is_none()).then(row));
    let outcome = Entry::outcome(user, stands, now.to_owned());
    let why = person.note.clone().or_else(|| why_left(person));
    let (code, message) = (person.left_code().map(Into::into), why.map(Into::into));
    let id = person.id.as_deref().map(Into::into);
    lines.push(Entry { code, message, id, ..outcome });
    lines
}

/// Which cells are left, and why, in words; their values are in the roster and on the instance, and in no ledger.
fn why_left(person: &Person) -> Option<String> {
    let kinds = [
        (Resolution::Drift, "changed on the instance since, and not in the roster"),
        (Resolution::Conflict, "changed both in the roster and on the instance since"),
        (Resolution::Skip, "not changed by itself"),
    ];
    let told: Vec<String> = kinds
        .into_iter()
        .filter_map(|(resolution, why)| {
            let cells = person.cells.iter().filter(|cell| cell.resolution == resolution);
            let cells: Vec<&str> = cells.map(|cell| cell.cell.as_str()).collect();
            (!cells.is_empty()).then(|| format!("{}: {why}", cells.join(", ")))
        })
        .collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The lines of the groups of somebody who was begun that are as asked for by now.
fn met<'e>(user: &'e str, asked: &AskedFor, now: &str) -> Vec<Entry<'e>> {
    let step = |(group, print)| Entry {
        stands_as: StandsAs::asked(AskedFor::one(group, Some(print))),
        ..Entry::step(user, group, StepState::Done, now.to_owned())
    };
    asked.iter().map(step).collect()
}
