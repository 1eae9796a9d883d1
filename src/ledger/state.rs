//! What a ledger says, folded: where each row stands. Pure.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::SystemTime;

use serde::Serialize;

use super::beside;
use super::entry::Entry;
use super::ids::Ids;
use super::names::Names;
use super::numbers::{Attempt, Nonce, Place};
use super::words::{Job, Kind, Op, RowState, SeenAs, Step, StepState, Unexecuted};
use crate::agent::{Fingerprint, RowNumber};
use crate::clock;

/// Where each row stands after all that the ledger says.
#[derive(Clone, Default)]
pub struct State {
    /// What the first record says.
    pub header: Header,
    /// What the newest session record says.
    pub session: Session,
    /// How many sessions there were.
    pub(crate) sessions: u32,
    /// The highest attempt so far.
    pub attempts: Option<Attempt>,
    /// The highest attempt with a password that headcount made.
    pub(crate) generated: Option<Attempt>,
    /// How many of these are known to have left, so that their passwords are in the credentials file.
    pub(crate) recorded: u32,
    /// When the newest intent was written, RFC 3339; empty before the first.
    pub newest_intent: String,
    /// How many CreateUser calls left and how many of them were throttled.
    pub(crate) calls: Calls,
    /// The usernames, each at the place of its record.
    names: Names,
    rows: Vec<Record>,
    /// What only few rows have.
    details: HashMap<Place, Detail>,
    /// The ids of the created users.
    ids: Ids,
    /// The created rows that were seen otherwise than they were made, with the id of whoever has the name where it is
    /// another's.
    seen: HashMap<Place, (SeenAs, Option<Box<str>>)>,
    /// The deletions that were announced, or decided against.
    deletions: HashMap<Place, Deletion>,
    /// When a request of a row left, or a later time, of which nothing says what became of it.
    unclear: HashMap<Place, Box<str>>,
    /// Names that rows had before they were renamed in a file of failed rows, each with the place of the row that has taken
    /// its place.
    renamed: HashMap<Box<str>, Place>,
}

/// The first record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The run's id.
    pub run: String,
    /// The roster's path when the ledger was made.
    pub(crate) roster: String,
    /// The instance's ARN.
    pub instance: String,
    /// Whether it says that it is a rehearsal's; [`State::is_rehearsal`] also knows the ledgers of before it could.
    pub(crate) rehearsal: bool,
    /// Whose ledger it is, where that is no import's.
    pub job: Option<Job>,
    /// The row of the first roster's header, where it was told.
    pub(crate) header_row: Option<u64>,
    /// When the ledger was made, RFC 3339.
    pub(crate) at: String,
}

/// A session record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// The session's id.
    pub(crate) id: String,
    /// The machine.
    pub(crate) host: String,
    /// The process.
    pub(crate) pid: u32,
    /// When it began.
    pub(crate) at: String,
    /// The roster it worked from.
    pub roster: String,
    /// The region, where one was needed.
    pub(crate) region: Option<String>,
    /// The AWS profile, where one was named.
    pub(crate) profile: Option<String>,
    /// The endpoint, where it was overridden.
    pub(crate) endpoint: Option<String>,
    /// The row of the roster's header, where it was told.
    pub(crate) header_row: Option<u64>,
    /// What else it was told, word by word; `None` in ledgers of before that was recorded.
    pub(crate) settings: Option<Vec<String>>,
    /// The instance's alias, where it was read.
    pub(crate) alias: Option<String>,
    /// It has said that it ended.
    pub has_ended: bool,
}

/// CreateUser calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Calls {
    /// Requests that left.
    pub sent: u64,
    /// Those of them that were told to slow down.
    pub throttled: u64,
}

/// One row, compact: a ledger of a million rows is held in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Over all cells but the secret ones and the proficiencies, as planned last; `None` where it had errors then.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Over the proficiencies that follow the row, as planned or given last.
    pub(crate) proficiencies: Option<Fingerprint>,
    /// The number that the spreadsheet showed when it was planned last.
    pub row: RowNumber,
    /// The newest attempt.
    pub(crate) attempt: Option<Attempt>,
    /// That attempt's own random bits; none where it was made before attempts had any.
    pub(crate) nonce: Option<Nonce>,
    /// Where it stands by its outcomes alone.
    pub(crate) state: RowState,
    /// An intent without an outcome: a process ended, or is at work, between the two.
    pub(crate) open: bool,
    /// Created by comparison.
    pub(crate) recovered: bool,
    /// An attempt was made without a provenance tag.
    pub(crate) untagged: bool,
    /// The newest attempt has a password that headcount made.
    pub(crate) generated: bool,
    /// It left the roster before anything was sent, or with nothing made.
    pub(crate) dropped: bool,
    /// Where its proficiencies stand; they are begun once its user is there. An update's groups are in the details.
    pub(crate) step: StepState,
    /// What was announced last, as far as it is not a create.
    pub(crate) beside: Beside,
}

/// What was announced of a row beside a create.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Nothing.
    #[default]
    Nothing,
    /// The newest attempt changes a user that is there.
    Update,
    /// The deletion of its user was announced, and nothing says what became of it.
    Delete,
}

/// What is known of the deletion of a row's user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Deletion {
    /// Why it was not deleted: the code and the words.
    left: Option<(Box<str>, Box<str>)>,
    /// Where its steps stand, in the order of [`Step::OF_DELETIONS`].
    steps: [StepState; Step::OF_DELETIONS.len()],
}

impl Record {
    /// Where the row stands once nobody is at work: an open intent is in doubt, and where it is of an update, what it did
    /// was not read back.
    pub fn settled_state(&self) -> RowState {
        if self.deletes() {
            return RowState::Unconfirmed;
        }
        if self.open && self.state != RowState::Created { self.unlearned() } else { self.state }
    }

    /// Whether the newest attempt changes a user that is there.
    pub(crate) fn updates(&self) -> bool {
        self.beside == Beside::Update
    }

    /// Whether the deletion of its user was announced, and nothing says what became of it.
    pub(crate) fn deletes(&self) -> bool {
        self.beside == Beside::Delete
    }

    /// How the row of an intent stands whose outcome was never learned.
    fn unlearned(&self) -> RowState {
        if self.updates() { RowState::Unconfirmed } else { RowState::InDoubt }
    }
}

/// What only rows with a history have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Detail {
    /// The attempts before the newest.
    pub(crate) earlier: Vec<(Attempt, Option<Nonce>)>,
    /// What the row was planned with before it changed: the last attempt that was made with a fingerprint.
    pub(crate) versions: Vec<(Attempt, Option<Fingerprint>)>,
    /// The service's error code or a finding's.
    pub(crate) code: Option<String>,
    /// The message with it.
    pub(crate) message: Option<String>,
    /// The run whose tag the user carries that has the name, where it is another.
    pub(crate) by_run: Option<Box<str>>,
    /// The service's error code of a step that is not done.
    pub(crate) step_code: Option<String>,
    /// The message with it.
    pub(crate) step_message: Option<String>,
    /// Where the groups stand that an update has had to do with, since the row was planned as it is.
    groups: [StepState; Step::ALL.len()],
}

impl Detail {
    /// Where the groups stand that an update has had to do with.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (Step, StepState)> {
        let groups = Step::ALL.into_iter().zip(self.groups);
        groups.filter(|(_, stands)| *stands != StepState::Nothing)
    }
}

/// Where what follows the created rows stands. Serialises as the `steps` of `status --format json`; members may be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Steps {
    /// Their proficiencies.
    pub(crate) proficiencies: StepCounts,
}

/// Where one step of all created rows stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct StepCounts {
    /// How many created rows ask for it: the sum of the others.
    pub(crate) total: u64,
    /// To be done.
    pub(crate) pending: u64,
    /// Done.
    pub(crate) done: u64,
    /// Refused by the service.
    pub(crate) rejected: u64,
}

/// How many created rows were last seen how. Serialises as the `seen` of `status --format json`; members may be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SeenCounts {
    /// Changed in the roster since.
    pub(crate) drifted: u64,
    /// Not to be seen on the instance.
    pub(crate) missing: u64,
    /// Gone from the roster.
    pub(crate) gone: u64,
    /// The name is another user's now.
    pub(crate) replaced: u64,
}

/// How many rows stand where. Serialises as the `rows` of `status --format json`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// The sum of all others but `recovered`.
    pub total: u64,
    /// To be sent.
    pub pending: u64,
    /// Not settled.
    pub in_doubt: u64,
    /// Made by this run.
    pub created: u64,
    /// Those of `created` that were settled by comparison.
    pub recovered: u64,
    /// The name is another's.
    pub exists: u64,
    /// Refused by the service.
    pub rejected: u64,
    /// With errors of their own.
    pub invalid: u64,
    /// The name is another's, who has every member of the row: no failure.
    pub there: u64,
    /// Changed by this run, and read back so.
    pub updated: u64,
    /// Changed by this run, and not read back so.
    pub unconfirmed: u64,
    /// Deleted by this run.
    pub deleted: u64,
    /// Left as they are.
    pub skipped: u64,
}

impl Counts {
    /// Counts one row.
    pub(crate) fn add(&mut self, state: RowState, recovered: bool) {
        self.total += 1;
        match state {
            RowState::Pending => self.pending += 1,
            RowState::InDoubt => self.in_doubt += 1,
            RowState::Created => self.created += 1,
            RowState::Exists => self.exists += 1,
            RowState::Rejected => self.rejected += 1,
            RowState::Invalid => self.invalid += 1,
            RowState::There => self.there += 1,
            RowState::Updated => self.updated += 1,
            RowState::Unconfirmed => self.unconfirmed += 1,
            RowState::Skipped => self.skipped += 1,
            RowState::Deleted => self.deleted += 1,
        }
        if state == RowState::Created && recovered {
            self.recovered += 1;
        }
    }

    /// How many stand so.
    pub(crate) fn of(&self, state: RowState) -> u64 {
        match state {
            RowState::Pending => self.pending,
            RowState::InDoubt => self.in_doubt,
            RowState::Created => self.created,
            RowState::Exists => self.exists,
            RowState::Rejected => self.rejected,
            RowState::Invalid => self.invalid,
            RowState::There => self.there,
            RowState::Updated => self.updated,
            RowState::Unconfirmed => self.unconfirmed,
            RowState::Skipped => self.skipped,
            RowState::Deleted => self.deleted,
        }
    }

    /// How many have failed.
    pub(crate) fn failed(&self) -> u64 {
        self.exists + self.rejected + self.invalid + self.skipped
    }

    /// Whether nothing is pending, in doubt or unconfirmed.
    pub(crate) fn is_complete(&self) -> bool {
        self.pending == 0 && self.in_doubt == 0 && self.unconfirmed == 0
    }
}

impl State {
    /// Makes room for so many rows.
    pub(crate) fn reserve(&mut self, rows: usize) {
        self.names.reserve(rows);
        self.rows.reserve(rows);
    }

    /// Takes one line in.
    pub fn apply(&mut self, entry: &Entry) {
        let text = |value: &Option<std::borrow::Cow<str>>| value.as_deref().unwrap_or_default().to_owned();
        match entry.kind {
            Kind::Ledger => {
                self.header = Header {
                    run: text(&entry.run),
                    roster: text(&entry.roster),
                    instance: text(&entry.instance),
                    rehearsal: entry.rehearsal,
                    job: entry.job,
                    header_row: entry.header_row,
                    at: text(&entry.at),
                };
            }
            Kind::Session => {
                self.sessions += 1;
                self.session = Session {
                    id: text(&entry.session),
                    host: text(&entry.host),
                    pid: entry.pid.unwrap_or_default(),
                    at: text(&entry.at),
                    roster: text(&entry.roster),
                    region: entry.region.as_deref().map(str::to_owned),
                    profile: entry.profile.as_deref().map(str::to_owned),
                    endpoint: entry.endpoint.as_deref().map(str::to_owned),
                    header_row: entry.header_row,
                    settings: entry.settings.clone(),
                    alias: entry.alias.as_deref().map(str::to_owned),
                    has_ended: false,
                };
            }
            Kind::Row => self.plan(entry),
            Kind::Dropped => {
                if let Some(at) = entry.user.as_deref().and_then(|user| self.find(user)) {
                    self.rows[at.index()].dropped = true;
                }
            }
            Kind::Intent => self.intend(entry),
            Kind::Outcome => self.conclude(entry),
            Kind::Step => self.step(entry),
            Kind::Seen => self.sight(entry),
            Kind::End => self.session.has_ended = true,
        }
    }

    /// A row planned, or planned again because it has changed: a failed one is pending again, a made one stays made.
    fn plan(&mut self, entry: &Entry) {
        let Some(user) = entry.user.as_deref() else { return };
        let is_update = self.header.job == Some(Job::Update);
        let is_removal = self.header.job == Some(Job::Remove);
        let at = self.place(user);
        // A row that is planned under a name has it by itself, whoever had it before.
        self.renamed.remove(user);
        if let Some(was) = entry.was.as_deref().filter(|was| *was != user) {
            self.renamed.insert(was.into(), at);
        }
        let record = &mut self.rows[at.index()];
        record.row = entry.row.unwrap_or(record.row);
        let fingerprint = entry.fingerprint.unwrap_or(record.fingerprint);
        let before = std::mem::replace(&mut record.fingerprint, fingerprint);
        if let Some(attempt) = record.attempt.filter(|_| before != fingerprint) {
            self.details.entry(at).or_default().versions.push((attempt, before));
        }
        record.dropped = false;
        record.proficiencies = entry.proficiencies;
        let follows = entry.proficiencies.is_some() && self.header.job.is_none();
        record.step = if follows { StepState::Pending } else { StepState::Nothing };
        if is_update {
            // Whatever was made of it before, it is held against the user anew.
            record.state = RowState::Pending;
            if let Some(detail) = self.details.get_mut(&at) {
                detail.groups = Default::default();
            }
        } else if is_removal {
            // Who is on the list again is looked at again, also whoever was deleted: the name may be somebody's now.
            record.state = RowState::Pending;
        } else if record.state.has_failed() || matches!(record.state, RowState::There | RowState::Deleted) {
            record.state = RowState::Pending;
        }
    }

    fn intend(&mut self, entry: &Entry) {
        let (Some(user), Some(attempt)) = (entry.user.as_deref(), entry.attempt) else { return };
        let at = self.place(user);
        if entry.op == Some(Op::Delete) {
            return self.intend_delete(at, attempt, entry);
        }
        let record = &mut self.rows[at.index()];
        if record.open && !record.updates() {
            // When the one before it left is not kept of each row: not later than this.
            let at_latest = entry.at.as_deref().unwrap_or_default();
            self.unclear.insert(at, at_latest.into());
        }
        let before = record.attempt.replace(attempt).map(|attempt| (attempt, record.nonce));
        record.nonce = entry.nonce;
        // An intent that found the one before it still open: that one's outcome was never learned.
        if record.open && record.state != RowState::Created {
            record.state = record.unlearned();
        }
        record.open = true;
        record.beside = if entry.op == Some(Op::Update) { Beside::Update } else { Beside::Nothing };
        record.untagged |= entry.untagged;
        record.generated = entry.generated;
        if let Some(before) = before {
            self.details.entry(at).or_default().earlier.push(before);
        }
        self.attempts = self.attempts.max(Some(attempt));
        if entry.generated {
            self.generated = self.generated.max(Some(attempt));
        }
        self.newest_intent.clear();
        self.newest_intent.push_str(entry.at.as_deref().unwrap_or_default());
        if entry.op == Some(Op::Update) {
            self.ids.set(at, entry.id.as_deref());
        } else {
            self.calls.sent += 1;
        }
    }

    /// What proves who made the user stays as it was: its attempts, its tag.
    fn intend_delete(&mut self, at: Place, attempt: Attempt, entry: &Entry) {
        self.attempts = self.attempts.max(Some(attempt));
        self.ids.set(at, entry.id.as_deref());
        self.rows[at.index()].beside = Beside::Delete;
        self.deletions.entry(at).or_default().left = None;
    }

    /// What became of a deletion. Whoever was not deleted is there as before; only in a ledger of leavers, which knows nothing
    /// else of anybody, is that where the row stands.
    fn conclude_delete(&mut self, at: Place, state: RowState, entry: &Entry) {
        let is_of_leavers = self.header.job == Some(Job::Remove);
        let record = &mut self.rows[at.index()];
        record.beside = if state == RowState::Unconfirmed { Beside::Delete } else { Beside::Nothing };
        let is_left = state != RowState::Deleted;
        if is_of_leavers || !is_left {
            record.state = state;
            record.open = false;
        }
        if !is_left {
            self.seen.remove(&at);
            self.unclear.remove(&at);
        }
        let text = |text: &Option<std::borrow::Cow<str>>| text.as_deref().unwrap_or_default().into();
        let left = is_left.then(|| (text(&entry.code), text(&entry.message)));
        match left {
            left @ Some(_) => self.deletions.entry(at).or_default().left = left,
            None => {
                if let Some(deletion) = self.deletions.get_mut(&at) {
                    deletion.left = None;
                }
            }
        }
        if is_of_leavers {
            let detail = self.details.entry(at).or_default();
            detail.code = entry.code.as_deref().map(str::to_owned);
            detail.message = entry.message.as_deref().map(str::to_owned);
        }
    }

    fn conclude(&mut self, entry: &Entry) {
        let (Some(user), Some(state)) = (entry.user.as_deref(), entry.stands()) else { return };
        let at = self.place(user);
        if entry.op == Some(Op::Delete) {
            return self.conclude_delete(at, state, entry);
        }
        // A row that is in doubt has a request of which nothing is known; whose user was found by a look may have more than
        // the one that made it. Whatever the others came to, they left before this.
        let is_unclear = state == RowState::InDoubt || (state == RowState::Created && entry.recovered);
        if is_unclear && (entry.unexecuted.is_none() || !self.unclear.contains_key(&at)) {
            self.unclear.insert(at, entry.at.as_deref().unwrap_or_default().into());
        }
        let record = &mut self.rows[at.index()];
        match entry.unexecuted.filter(|_| !record.updates()) {
            Some(Unexecuted::Throttled) => self.calls.throttled += 1,
            Some(Unexecuted::NotSent) => self.calls.sent = self.calls.sent.saturating_sub(1),
            Some(Unexecuted::Refused) | None => {}
        }
        let is_first = record.open && record.generated && entry.attempt == record.attempt;
        self.recorded += u32::from(is_first && entry.unexecuted != Some(Unexecuted::NotSent));
        record.open = false;
        record.state = state;
        record.recovered = entry.recovered;
        // Whoever was seen before is not the user that is there now.
        self.seen.remove(&at);
        if state == RowState::Created {
            self.ids.set(at, entry.id.as_deref());
        }
        // The user has the cells of the attempt that made it, which may be older than the roster's: that is drift.
        let made_with = self.details.get(&at).zip(entry.attempt).and_then(|(detail, attempt)| {
            detail.versions.iter().find(|(last, _)| attempt <= *last).map(|(_, fingerprint)| *fingerprint)
        });
        if let (RowState::Created, Some(fingerprint)) = (state, made_with) {
            record.fingerprint = fingerprint;
        }
        if state.has_failed() || matches!(state, RowState::InDoubt | RowState::There | RowState::Unconfirmed)
        {
            let detail = self.details.entry(at).or_default();
            detail.by_run = entry.by_run.as_deref().map(Into::into);
            detail.code = entry.code.as_deref().map(str::to_owned);
            detail.message = entry.message.as_deref().map(str::to_owned);
        } else if let Some(detail) = self.details.get_mut(&at) {
            (detail.code, detail.message, detail.by_run) = (None, None, None);
        }
    }

    fn step(&mut self, entry: &Entry) {
        let (Some(user), Some(result)) = (entry.user.as_deref(), entry.result) else { return };
        let at = self.place(user);
        if let Some(step) = Step::OF_DELETIONS.iter().position(|step| Some(*step) == entry.step) {
            self.deletions.entry(at).or_default().steps[step] = result;
            return;
        }
        if self.header.job == Some(Job::Update) {
            let group = entry.step.map_or(0, |group| group as usize);
            if let Some(stands) = self.details.entry(at).or_default().groups.get_mut(group) {
                *stands = result;
            }
        } else {
            let record = &mut self.rows[at.index()];
            record.step = result;
            record.proficiencies = entry.fingerprint.unwrap_or(record.proficiencies);
        }
        if entry.code.is_some() || entry.message.is_some() {
            let detail = self.details.entry(at).or_default();
            detail.step_code = entry.code.as_deref().map(str::to_owned);
            detail.step_message = entry.message.as_deref().map(str::to_owned);
        } else if let Some(detail) = self.details.get_mut(&at) {
            (detail.step_code, detail.step_message) = (None, None);
        }
    }

    fn sight(&mut self, entry: &Entry) {
        let (Some(user), Some(seen)) = (entry.user.as_deref(), entry.seen_as()) else { return };
        let at = self.place(user);
        if seen == SeenAs::There {
            self.seen.remove(&at);
        } else {
            self.seen.insert(at, (seen, entry.id.as_deref().map(Into::into)));
        }
    }

    fn place(&mut self, user: &str) -> Place {
        let (at, added) = self.names.intern(user);
        if added {
            self.rows.push(Record::default());
        }
        Place::of(at)
    }

    /// Whether the ledger at this path is of a rehearsal against the embedded Connect: its first record says so. Ledgers
    /// of before it could say so are known by their name.
    pub fn is_rehearsal(&self, path: &Path) -> bool {
        self.header.rehearsal || beside::is_named_as_rehearsed(path)
    }

    /// The place of a username's row, if the ledger has one.
    pub fn find(&self, user: &str) -> Option<Place> {
        self.names.find(user).map(Place::of)
    }

    /// The same; where the ledger does not have it yet, the place that it is about to get.
    pub(crate) fn place_for(&self, user: &str) -> Place {
        self.find(user).unwrap_or(Place::of(self.names.len() as u32))
    }

    /// The row that goes by another name since a file of failed rows renamed it, by the name that it had; `None` where the
    /// ledger has a row of that name itself, or nobody who is there, or may be, was made of the renamed one.
    pub(crate) fn heir(&self, user: &str) -> Option<Place> {
        // Most ledgers have no such row, and this is asked of each of a million.
        if self.renamed.is_empty() {
            return None;
        }
        let is_counted = |at: &Place| !self.record(*at).dropped;
        if self.find(user).is_some_and(|at| is_counted(&at)) {
            return None;
        }
        let at = self.goes_by(user)?;
        let may_be_there = matches!(self.record(at).settled_state(), RowState::Created | RowState::InDoubt);
        (is_counted(&at) && may_be_there).then_some(at)
    }

    /// The row that a name was mended to at last, whatever became of it.
    fn goes_by(&self, was: &str) -> Option<Place> {
        let mut at = *self.renamed.get(was)?;
        // A name may be mended more than once; a ledger that leads in a circle leads nowhere.
        for _ in 0..self.renamed.len() {
            if !self.record(at).dropped {
                break;
            }
            at = *self.renamed.get(self.user(at))?;
        }
        Some(at)
    }

    /// The names that the roster had for rows which a file of failed rows has renamed, each with the row; of a name that was
    /// mended more than once the first.
    pub(crate) fn renamed(&self) -> impl Iterator<Item = (&str, Place)> {
        let mended: HashSet<&str> = self.renamed.values().map(|at| self.user(*at)).collect();
        let first = self.renamed.keys().filter(move |was| !mended.contains(&***was));
        first.filter_map(|was| Some((&**was, self.goes_by(was)?)))
    }

    /// The row at a place.
    pub fn record(&self, at: Place) -> &Record {
        &self.rows[at.index()]
    }

    /// The username of the row at a place.
    pub fn user(&self, at: Place) -> &str {
        self.names.get(at.number())
    }

    /// What only few rows have.
    pub fn detail(&self, at: Place) -> Option<&Detail> {
        self.details.get(&at)
    }

    /// The id of the created user whose step at a place is not done.
    pub(crate) fn unfinished(&self, at: Place) -> Option<String> {
        let waits = matches!(self.record(at).step, StepState::Pending | StepState::Rejected);
        self.created_id(at).filter(|_| waits)
    }

    /// The id of the user that was made for the row at a place, last of all; `None` where it was not, or is not known.
    pub(crate) fn created_id(&self, at: Place) -> Option<String> {
        if self.record(at).state == RowState::Created { self.ids.get(at) } else { None }
    }

    /// The id of the user that was made, changed or deleted for the row at a place, last of all.
    pub(crate) fn id(&self, at: Place) -> Option<String> {
        let record = self.record(at);
        let is_of_user_there = record.updates() || record.deletes() || record.state == RowState::Deleted;
        if is_of_user_there { self.ids.get(at) } else { self.created_id(at) }
    }

    /// The id of the user that was deleted for the row at a place; `None` where it was not, or nobody was there.
    pub(crate) fn deleted_id(&self, at: Place) -> Option<String> {
        if self.record(at).state == RowState::Deleted { self.ids.get(at) } else { None }
    }

    /// Why the user of the row at a place was not deleted when that was last tried: the code, and the words. `None` where it
    /// was, or that was never tried.
    pub(crate) fn left(&self, at: Place) -> Option<(&str, &str)> {
        let (code, message) = self.deletions.get(&at)?.left.as_ref()?;
        Some((code, message))
    }

    /// Where a step of the deletion of the user of the row at a place stands.
    pub(crate) fn step_of_delete(&self, at: Place, step: Step) -> StepState {
        let number = Step::OF_DELETIONS.iter().position(|of| *of == step);
        let deletion = self.deletions.get(&at).zip(number);
        deletion.map_or(StepState::Nothing, |(deletion, number)| deletion.steps[number])
    }

    /// A time not earlier than the newest request of the row at a place has left of which nothing says what became of it;
    /// `None` where each was answered. What such a request makes may still appear.
    pub fn unclear_since(&self, at: Place) -> Option<SystemTime> {
        let known = self.unclear.get(&at).and_then(|at| clock::parse_rfc3339(at));
        let record = self.record(at);
        let is_open = record.open && !record.updates();
        known.max(if is_open { clock::parse_rfc3339(&self.newest_intent) } else { None })
    }

    /// The newest attempt to change the user of the row at a place, where nothing says what it came to: a process ended, or
    /// is at work, between the two.
    pub fn update_attempt_open(&self, at: Place) -> Option<Attempt> {
        let record = self.record(at);
        record.attempt.filter(|_| record.open && record.updates())
    }

    /// How the created row at a place was last seen, with the id of whoever has its name where that is another.
    pub(crate) fn seen(&self, at: Place) -> (SeenAs, Option<&str>) {
        let is_created = self.record(at).state == RowState::Created;
        let seen = self.seen.get(&at).filter(|_| is_created);
        seen.map_or((SeenAs::There, None), |(seen, id)| (*seen, id.as_deref()))
    }

    /// How many created rows were last seen how, those that left the ledger's count aside.
    pub(crate) fn seen_counts(&self) -> SeenCounts {
        let mut counts = SeenCounts::default();
        for at in self.seen.keys().filter(|at| !self.record(**at).dropped) {
            match self.seen(*at).0 {
                SeenAs::There => {}
                SeenAs::Drifted => counts.drifted += 1,
                SeenAs::Missing => counts.missing += 1,
                SeenAs::Gone => counts.gone += 1,
                SeenAs::Replaced => counts.replaced += 1,
            }
        }
        counts
    }

    /// Where the proficiencies of the created rows stand, those that left the roster aside.
    pub(crate) fn proficiencies(&self) -> StepCounts {
        let mut counts = StepCounts::default();
        for record in self.rows.iter().filter(|record| record.state == RowState::Created && !record.dropped) {
            let count = match record.step {
                // An import leaves nothing unconfirmed and skips nothing.
                StepState::Nothing | StepState::Unconfirmed | StepState::Skipped => continue,
                StepState::Pending => &mut counts.pending,
                StepState::Done => &mut counts.done,
                StepState::Rejected => &mut counts.rejected,
            };
            *count += 1;
            counts.total += 1;
        }
        counts
    }

    /// How many rows have an update that was begun and not read back: of whom nobody knows yet how they stand.
    pub(crate) fn unread(&self) -> u64 {
        let is_unread = |record: &&Record| record.open && record.updates() && !record.dropped;
        self.rows.iter().filter(is_unread).count() as u64
    }

    /// All places in order, those of dropped rows included.
    pub fn places(&self) -> impl ExactSizeIterator<Item = Place> + use<> {
        (0..self.names.len() as u32).map(Place::of)
    }

    /// The random bits of the attempt of this number that was made for this row, `Some(None)` where it was made before
    /// attempts had any: the only proof that a user with its tag is ours. `None` where the row has no such attempt.
    pub(crate) fn made_attempt(&self, at: Place, number: Attempt) -> Option<Option<Nonce>> {
        let record = self.record(at);
        let earlier = || {
            let attempts = self.detail(at).map(|detail| &*detail.earlier).unwrap_or_default();
            attempts.iter().find(|(attempt, _)| *attempt == number).map(|(_, nonce)| *nonce)
        };
        if record.attempt == Some(number) { Some(record.nonce) } else { earlier() }
    }

    /// Whether the attempt of this number was made with the cells that the row is planned with now.
    pub(crate) fn made_as_planned(&self, at: Place, attempt: Attempt) -> bool {
        let versions = self.detail(at).map(|detail| &*detail.versions).unwrap_or_default();
        versions.iter().all(|(last, _)| attempt > *last)
    }

    /// How many rows stand where, those that left the roster aside. With an importer at work an open intent is on its
    /// way, not in doubt.
    pub fn counts(&self, importer_at_work: bool) -> Counts {
        let mut counts = Counts::default();
        for record in self.rows.iter().filter(|record| !record.dropped) {
            let state = if importer_at_work { record.state } else { record.settled_state() };
            counts.add(state, record.recovered);
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::made::{attempt, fingerprint, intent, place, row};

    fn fold(entries: &[Entry]) -> State {
        let mut state = State::default();
        entries.iter().for_each(|entry| state.apply(entry));
        state
    }

    fn outcome(state: RowState, number: u32) -> Entry<'static> {
        Entry { attempt: Some(attempt(number)), ..Entry::outcome("ana", state, "t".into()) }
    }

    #[test]
    fn an_intent_without_an_outcome_is_in_doubt_only_when_nobody_is_at_work() {
        let state = fold(&[row("ana", 2, 1), intent("ana", 1)]);
        assert_eq!(state.counts(true).pending, 1);
        assert_eq!(state.counts(false).in_doubt, 1);
    }

    #[test]
    fn a_second_intent_over_an_open_one_leaves_the_row_in_doubt_until_it_is_settled() {
        let mut entries = vec![row("ana", 2, 1), intent("ana", 1), intent("ana", 2)];
        let state = fold(&entries);
        assert_eq!(state.record(place(0)).state, RowState::InDoubt);
        let made = |number| state.made_attempt(place(0), attempt(number));
        let own = |number| Some(Some(Nonce::of(number)));
        assert_eq!((made(1), made(2), made(3)), (own(1), own(2), None));
        entries.push(outcome(RowState::Created, 2));
        assert_eq!(fold(&entries).counts(false).created, 1);
    }

    fn deletes(number: u32) -> Entry<'static> {
        Entry::delete_intent("ana", attempt(number), "u-1", "2026-11-23T15:00:00Z".into())
    }

    fn deletion(state: RowState) -> Entry<'static> {
        Entry {
            code: Some("c".into()),
            message: Some("m".into()),
            ..Entry::outcome_of_delete("ana", state, "t".into())
        }
    }

    fn created() -> Vec<Entry<'static>> {
        let made = Entry { id: Some("u-1".into()), ..outcome(RowState::Created, 1) };
        vec![row("ana", 2, 1), intent("ana", 1), made]
    }

    #[test]
    fn a_deletion_changes_nothing_of_what_proves_who_made_the_user() {
        for end in [RowState::Deleted, RowState::Skipped, RowState::Rejected, RowState::Unconfirmed] {
            let mut entries = created();
            let before = *fold(&entries).record(place(0));
            entries.push(deletes(7));
            let open = fold(&entries);
            assert_eq!(*open.record(place(0)), Record { beside: Beside::Delete, ..before });
            assert_eq!((open.counts(false).unconfirmed, open.counts(true).created), (1, 1));
            assert_eq!(open.attempts, Some(attempt(7)), "counted as any other");
            assert_eq!(open.id(place(0)).as_deref(), Some("u-1"));
            assert!(!open.counts(false).is_complete());
            entries.push(deletion(end));
            let state = fold(&entries);
            let stands = match end {
                RowState::Deleted => RowState::Deleted,
                RowState::Unconfirmed => RowState::Unconfirmed,
                _ => RowState::Created,
            };
            assert_eq!(state.record(place(0)).settled_state(), stands, "{end:?}");
            assert_eq!(state.made_attempt(place(0), attempt(1)), Some(Some(Nonce::of(1))));
            assert_eq!(state.made_attempt(place(0), attempt(7)), None, "it has made nobody");
            let left = (end != RowState::Deleted).then_some(("c", "m"));
            assert_eq!(state.left(place(0)), left);
            assert_eq!(state.deleted_id(place(0)).is_some(), end == RowState::Deleted);
            assert_eq!(state.calls.sent, 1, "CreateUser's alone");
        }
    }

    #[test]
    fn whoever_is_made_anew_after_an_undo_is_created_by_a_new_attempt() {
        let mut entries = created();
        entries.extend([deletes(2), deletion(RowState::Deleted), row("ana", 2, 1)]);
        assert_eq!(fold(&entries).counts(false).pending, 1);
        entries.push(intent("ana", 3));
        assert_eq!(fold(&entries).counts(false).in_doubt, 1, "an answer that is lost is lost now as ever");
        entries.push(Entry { id: Some("u-2".into()), ..outcome(RowState::Created, 3) });
        let state = fold(&entries);
        assert_eq!(state.record(place(0)).settled_state(), RowState::Created);
        assert_eq!((state.created_id(place(0)).as_deref(), state.deleted_id(place(0))), (Some("u-2"), None));
        for number in [1, 3] {
            assert_eq!(state.made_attempt(place(0), attempt(number)), Some(Some(Nonce::of(number.into()))));
        }
    }

    #[test]
    fn in_a_ledger_of_leavers_what_became_of_a_deletion_is_where_the_row_stands() {
        let header = Entry { job: Some(Job::Remove), ..Entry::of(Kind::Ledger) };
        let mut entries = vec![header, row("ana", 2, 1)];
        assert_eq!(fold(&entries).counts(false).pending, 1);
        entries.push(deletes(1));
        assert_eq!(fold(&entries).counts(false).unconfirmed, 1);
        for end in [RowState::Deleted, RowState::Skipped, RowState::Rejected, RowState::Unconfirmed] {
            entries.push(deletion(end));
            let state = fold(&entries);
            assert_eq!(state.record(place(0)).settled_state(), end);
            assert_eq!(state.detail(place(0)).and_then(|detail| detail.code.as_deref()), Some("c"));
        }
    }

    #[test]
    fn the_steps_of_a_deletion_are_no_groups_of_a_user() {
        for job in [None, Some(Job::Update), Some(Job::Remove)] {
            let header = Entry { job, ..Entry::of(Kind::Ledger) };
            let mut entries = vec![header];
            entries.extend(created());
            let step =
                |step, result| Entry { op: Some(Op::Delete), ..Entry::step("ana", step, result, "t".into()) };
            entries.push(step(Step::SignOut, StepState::Done));
            entries.push(step(Step::QuickConnects, StepState::Pending));
            let state = fold(&entries);
            assert_eq!(state.step_of_delete(place(0), Step::SignOut), StepState::Done);
            assert_eq!(state.step_of_delete(place(0), Step::QuickConnects), StepState::Pending);
            assert_eq!(state.proficiencies(), StepCounts::default());
        }
    }

    #[test]
    fn what_may_still_arrive_is_known_of_each_row_and_of_nobody_whose_every_request_was_answered() {
        let at = |text: &str| clock::parse_rfc3339(text);
        let [early, late, last] = ["2026-11-23T14:00:00Z", "2026-11-23T14:10:00Z", "2026-11-23T14:20:00Z"];
        let sent = |number, at: &str| Entry { at: Some(at.to_owned().into()), ..intent("ana", number) };
        let came =
            |state, number, at: &str| Entry { at: Some(at.to_owned().into()), ..outcome(state, number) };
        let since = |entries: &[Entry]| fold(entries).unclear_since(place(0));
        let row = || row("ana", 2, 1);
        assert_eq!(since(&[row()]), None);
        assert_eq!(since(&[row(), sent(1, early)]), at(early), "its answer was never learned");
        assert_eq!(since(&[row(), sent(1, early), came(RowState::Created, 1, late)]), None);
        assert_eq!(since(&[row(), sent(1, early), came(RowState::Rejected, 1, late)]), None);
        let lost = [row(), sent(1, early), came(RowState::InDoubt, 1, late)];
        assert_eq!(since(&lost), at(late));
        // The second attempt made the user; the first may still arrive.
        let made = |entries: &[Entry<'static>]| {
            let mut entries = entries.to_vec();
            entries.extend([sent(2, last), came(RowState::Created, 2, last)]);
            since(&entries)
        };
        assert_eq!(made(&lost), at(late));
        assert_eq!(
            made(&[row(), sent(1, early)]),
            at(last),
            "it was open when the second left: not later than that"
        );
        let told = Entry { unexecuted: Some(Unexecuted::Throttled), ..came(RowState::Pending, 1, late) };
        assert_eq!(
            made(&[row(), sent(1, early), told]),
            None,
            "it was told to slow down: nothing was executed"
        );
        let recovered = Entry { recovered: true, ..came(RowState::Created, 1, late) };
        assert_eq!(
            since(&[row(), sent(1, early), recovered]),
            at(late),
            "found, and another may be on its way"
        );
    }

    #[test]
    fn a_made_password_is_known_to_be_recorded_once_its_request_is_known_to_have_left() {
        let generating = |number| Entry { generated: true, ..intent("ana", number) };
        let told = |entries: &[Entry]| {
            let state = fold(entries);
            (state.generated.map_or(0, Attempt::number), state.recorded)
        };
        let mut entries = vec![row("ana", 2, 1), intent("ana", 1)];
        entries.push(outcome(RowState::InDoubt, 1));
        assert_eq!(told(&entries), (0, 0));
        entries.push(generating(2));
        assert_eq!(told(&entries), (2, 0));
        entries.push(Entry { unexecuted: Some(Unexecuted::NotSent), ..outcome(RowState::InDoubt, 2) });
        assert_eq!(told(&entries), (2, 0), "its record may be what failed");
        entries.push(generating(3));
        entries.push(outcome(RowState::InDoubt, 3));
        assert_eq!(told(&entries), (3, 1));
        entries.push(outcome(RowState::Created, 3));
        assert_eq!(told(&entries), (3, 1), "settled later, and not sent twice");
    }

    #[test]
    fn a_failed_row_that_is_planned_again_is_pending_and_a_created_one_stays_created() {
        for (end, then) in [
            (RowState::Rejected, RowState::Pending),
            (RowState::Exists, RowState::Pending),
            (RowState::Invalid, RowState::Pending),
            (RowState::InDoubt, RowState::InDoubt),
            (RowState::Created, RowState::Created),
            (RowState::Pending, RowState::Pending),
        ] {
            let entries = [row("ana", 2, 1), intent("ana", 1), outcome(end, 1), row("ana", 3, 9)];
            let state = fold(&entries);
            assert_eq!(state.record(place(0)).state, then, "{end:?}");
            assert_eq!(
                (state.record(place(0)).row, state.record(place(0)).fingerprint),
                (3.into(), fingerprint(9))
            );
        }
    }

    #[test]
    fn a_user_made_by_an_older_attempt_has_the_older_cells() {
        for (attempt, made_with) in [(1, 7), (2, 8)] {
            let entries = [row("ana", 2, 7), intent("ana", 1), row("ana", 2, 8), intent("ana", 2)];
            let made = crate::ledger::made::attempt(attempt);
            assert_eq!(fold(&entries).made_as_planned(place(0), made), attempt == 2);
            let state = fold(&[&entries[..], &[outcome(RowState::Created, attempt)]].concat());
            assert_eq!(state.record(place(0)).fingerprint, fingerprint(made_with));
        }
    }

    #[test]
    fn a_rehearsal_is_known_by_the_first_record_and_one_of_before_by_its_name() {
        let first = |rehearsal| fold(&[Entry { rehearsal, ..Entry::of(Kind::Ledger) }]);
        let (by_name, other) =
            (Path::new("d/r.csv.simulate.ledger.jsonl"), Path::new("d/r.csv.ledger.jsonl"));
        assert!(first(true).is_rehearsal(other) && first(true).is_rehearsal(by_name));
        assert!(first(false).is_rehearsal(by_name) && !first(false).is_rehearsal(other));
    }

    #[test]
    fn calls_count_what_left_and_what_was_throttled() {
        let unexecuted =
            |why, attempt| Entry { unexecuted: Some(why), ..outcome(RowState::Pending, attempt) };
        let state = fold(&[
            row("ana", 2, 1),
            intent("ana", 1),
            unexecuted(Unexecuted::Throttled, 1),
            intent("ana", 2),
            unexecuted(Unexecuted::NotSent, 2),
            intent("ana", 3),
            outcome(RowState::Created, 3),
        ]);
        assert_eq!(state.calls, Calls { sent: 2, throttled: 1 });
        assert_eq!(state.attempts, Some(attempt(3)));
    }

    #[test]
    fn a_step_is_begun_with_the_created_user_and_never_changes_where_the_row_stands() {
        let planned = Entry { proficiencies: fingerprint(7), ..row("ana", 2, 1) };
        let mut entries = vec![planned.clone(), intent("ana", 1)];
        assert_eq!(fold(&entries).proficiencies(), StepCounts::default(), "nothing follows who is not there");
        entries.push(Entry { id: Some("u-1".into()), ..outcome(RowState::Created, 1) });
        let counts = |pending, done, rejected| StepCounts { total: 1, pending, done, rejected };
        assert_eq!(fold(&entries).proficiencies(), counts(1, 0, 0));
        assert_eq!(fold(&entries).unfinished(place(0)).as_deref(), Some("u-1"));
        let step = |result| Entry::step("ana", Step::Proficiencies, result, "t".into());
        entries.push(Entry { code: Some("InvalidRequestException".into()), ..step(StepState::Rejected) });
        let state = fold(&entries);
        assert_eq!(
            (state.proficiencies(), state.unfinished(place(0)).as_deref()),
            (counts(0, 0, 1), Some("u-1"))
        );
        assert_eq!(state.counts(false).created, 1);
        assert_eq!(state.detail(place(0)).unwrap().step_code.as_deref(), Some("InvalidRequestException"));
        entries.push(Entry { fingerprint: Some(fingerprint(8)), ..step(StepState::Done) });
        let state = fold(&entries);
        assert_eq!((state.proficiencies(), state.unfinished(place(0))), (counts(0, 1, 0), None));
        assert_eq!(
            (state.record(place(0)).proficiencies, state.record(place(0)).fingerprint),
            (fingerprint(8), fingerprint(1))
        );
        assert_eq!(state.detail(place(0)).unwrap().step_code, None);
        entries.push(step(StepState::Nothing));
        assert_eq!(fold(&entries).proficiencies(), StepCounts::default());
        entries.push(planned);
        assert_eq!(fold(&entries).proficiencies(), counts(1, 0, 0), "planned anew, for a user that is gone");
    }

    #[test]
    fn a_row_that_had_errors_has_no_fingerprint_and_one_that_is_mended_is_another() {
        let errors = Entry::row("ana", 2.into(), None);
        let state =
            fold(&[errors.clone(), outcome(RowState::Invalid, 1), row("ana", 2, 1), intent("ana", 1)]);
        assert_eq!(state.record(place(0)).fingerprint, fingerprint(1));
        assert!(state.detail(place(0)).unwrap().versions.is_empty(), "nothing was sent with the errors");
        let state = fold(&[row("ana", 2, 1), intent("ana", 1), errors]);
        assert_eq!(state.record(place(0)).fingerprint, None);
        assert_eq!(state.detail(place(0)).unwrap().versions, [(attempt(1), fingerprint(1))]);
    }

    #[test]
    fn a_created_row_is_as_it_was_seen_last_and_whoever_is_made_anew_is_seen_anew() {
        let made = |id: &'static str| Entry { id: Some(id.into()), ..outcome(RowState::Created, 1) };
        let mut entries = vec![row("ana", 2, 1), intent("ana", 1), made("u-1")];
        let told = |entries: &[Entry]| {
            let state = fold(entries);
            let (seen, id) = state.seen(place(0));
            (seen, id.map(str::to_owned), state.created_id(place(0)), state.seen_counts().replaced)
        };
        let ours = |id: &str| Some(id.to_owned());
        assert_eq!(told(&entries), (SeenAs::There, None, ours("u-1"), 0));
        entries.push(Entry::seen("ana", SeenAs::Replaced, Some("x-9"), "t".into()));
        assert_eq!(told(&entries), (SeenAs::Replaced, ours("x-9"), ours("u-1"), 1));
        assert_eq!(fold(&entries).counts(false).created, 1);
        let mut back = entries.clone();
        back.push(Entry::seen("ana", SeenAs::There, None, "t".into()));
        assert_eq!(told(&back), (SeenAs::There, None, ours("u-1"), 0));
        entries.push(made("u-2"));
        assert_eq!(told(&entries), (SeenAs::There, None, ours("u-2"), 0));
    }

    fn update_intent(number: u32) -> Entry<'static> {
        Entry::update_intent("ana", attempt(number), "u-1", "t".into())
    }

    #[test]
    fn an_update_that_was_not_seen_to_its_end_is_unconfirmed_and_no_row_is_ever_in_doubt_for_it() {
        let header = Entry { job: Some(Job::Update), ..Entry::of(Kind::Ledger) };
        let mut entries = vec![header, row("ana", 2, 1), update_intent(1)];
        let told = |entries: &[Entry]| {
            let state = fold(entries);
            let [at_work, settled] = [true, false].map(|at_work| state.counts(at_work));
            let open = state.update_attempt_open(place(0)).map_or(0, Attempt::number);
            (at_work.pending, at_work.unconfirmed, settled.unconfirmed, settled.in_doubt, open)
        };
        assert_eq!(told(&entries), (1, 0, 1, 0, 1));
        entries.push(update_intent(2));
        assert_eq!(told(&entries), (0, 1, 1, 0, 2));
        let step = |step, result| Entry::step("ana", step, result, "t".into());
        entries.push(step(Step::Proficiencies, StepState::Done));
        entries.push(step(Step::Tags, StepState::Rejected));
        entries.push(outcome(RowState::Updated, 2));
        assert_eq!(told(&entries), (0, 0, 0, 0, 0));
        let state = fold(&entries);
        let groups: Vec<_> = state.detail(place(0)).unwrap().groups().collect();
        assert_eq!(groups, [(Step::Tags, StepState::Rejected), (Step::Proficiencies, StepState::Done)]);
        assert_eq!((state.id(place(0)).as_deref(), state.calls), (Some("u-1"), Calls::default()));
        assert_eq!(state.proficiencies(), StepCounts::default(), "an import's alone are counted so");
        entries.push(row("ana", 2, 9));
        assert_eq!(fold(&entries).counts(false).pending, 1, "it is held against the user anew");
        assert_eq!(fold(&entries).detail(place(0)).unwrap().groups().count(), 0);
    }

    #[test]
    fn a_row_that_an_update_leaves_has_failed_and_says_why() {
        let header = Entry { job: Some(Job::Update), ..Entry::of(Kind::Ledger) };
        let skipped =
            Entry { code: Some("drift".into()), ..Entry::outcome("ana", RowState::Skipped, "t".into()) };
        let state = fold(&[header, row("ana", 2, 1), skipped]);
        let counts = state.counts(false);
        assert_eq!((counts.skipped, counts.failed(), counts.total), (1, 1, 1));
        assert!(counts.is_complete());
        assert_eq!(state.detail(place(0)).unwrap().code.as_deref(), Some("drift"));
    }

    #[test]
    fn a_record_is_small_for_a_million_are_held() {
        assert_eq!(size_of::<Record>(), 40);
    }

    #[test]
    fn a_renamed_row_is_found_by_each_name_that_it_had_until_a_row_has_that_name_itself() {
        let renamed = |user, was: &'static str| Entry { was: Some(was.into()), ..row(user, 2, 1) };
        let mut entries = vec![row("a", 2, 1), Entry::dropped("a"), renamed("b", "a")];
        assert_eq!(fold(&entries).heir("a"), None, "nobody was made of it");
        entries.extend([Entry::dropped("b"), renamed("c", "b"), intent("c", 1)]);
        assert_eq!(fold(&entries).heir("a"), Some(place(2)), "in doubt: it may be there");
        entries.push(Entry::outcome("c", RowState::Created, "t".into()));
        let state = fold(&entries);
        assert_eq!(
            ["a", "b", "c", "d"].map(|user| state.heir(user)),
            [Some(place(2)), Some(place(2)), None, None]
        );
        assert_eq!(state.renamed().collect::<Vec<_>>(), [("a", place(2))], "the roster's own name");
        let mut circle = entries.clone();
        circle.extend([Entry::dropped("c"), renamed("a", "c"), Entry::dropped("a"), renamed("b", "a")]);
        circle.extend([Entry::dropped("b")]);
        assert_eq!(fold(&circle).heir("c"), None);
        entries.push(row("a", 3, 1));
        let state = fold(&entries);
        assert_eq!([state.heir("a"), state.heir("b")], [None, Some(place(2))]);
        assert_eq!(state.renamed().collect::<Vec<_>>(), [("b", place(2))], "`a` is a row by itself again");
    }

    #[test]
    fn a_dropped_row_no_longer_counts_until_it_is_planned_again() {
        let mut entries = vec![row("ana", 2, 1), Entry::dropped("ana")];
        assert_eq!(fold(&entries).counts(false).total, 0);
        entries.push(row("ana", 2, 1));
        assert_eq!(fold(&entries).counts(false).pending, 1);
    }
}
