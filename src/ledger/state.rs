//! What a ledger says, folded: where each row stands. Pure.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::{Duration, SystemTime};

use serde::Serialize;

use super::beside;
use super::entry::Entry;
use super::ids::Ids;
use super::names::Names;
use super::numbers::{Attempt, Calls, Nonce, Place};
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
    /// The highest attempt before the newest session: whatever is open of these another process sent.
    attempts_before: Option<Attempt>,
    /// The highest attempt with a password that headcount made.
    pub(crate) generated: Option<Attempt>,
    /// How many of these are known to have left, so that their passwords are in the credentials file.
    pub(crate) recorded: u32,
    /// When the newest intent was written that makes or changes a user, RFC 3339; empty before the first. The latest, where
    /// a clock was put back.
    pub newest_intent: String,
    /// How many CreateUser calls left and how many of them were throttled.
    pub(crate) calls: Calls,
    /// The address of the ledger that goes on in place of this one, where the run was moved.
    pub(crate) moved_to: Option<Box<str>>,
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
    /// Names that rows had before they were renamed in a file of failed rows, each with the place of the row that has taken
    /// its place.
    renamed: HashMap<Box<str>, Place>,
}

impl State {
    /// What stands in a ledger that is to be begun beside this one, of another of several targets: nothing, and what its job is
    /// told is what this one's was.
    pub(crate) fn begun_beside(&self) -> Self {
        let Header { roster, rehearsal, job, header_row, .. } = self.header.clone();
        let Session { roster: last, settings, header_row: of_last, .. } = self.session.clone();
        Self {
            header: Header { roster, rehearsal, job, header_row, ..Header::default() },
            session: Session { roster: last, settings, header_row: of_last, ..Session::default() },
            ..Self::default()
        }
    }
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
    /// Which of several targets it is of, by its name in their file.
    pub target: Option<String>,
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
    /// Over the rows of the roster that was planned last; of a part of it nothing is said.
    pub(crate) digest: String,
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
    /// What the intent without an outcome was to do: a process ended, or is at work, between the two.
    pub(crate) open: Option<Op>,
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
    /// The newest attempt changes a user that is there.
    updates: bool,
}

impl Record {
    /// Where the row stands once nobody is at work: an open intent is in doubt; where it is of an update, what it did was not
    /// read back, and where it is of a deletion, nobody knows whether the user is there.
    pub fn settled_state(&self) -> RowState {
        self.open.map_or(self.state, |open| self.unlearned(open))
    }

    /// How the row of an intent stands whose outcome was never learned.
    fn unlearned(&self, open: Op) -> RowState {
        match open {
            // Whoever is made anew was made once, and that is what is known.
            Op::Create if self.state == RowState::Created => RowState::Created,
            Op::Create => RowState::InDoubt,
            Op::Update | Op::Delete => RowState::Unconfirmed,
        }
    }

    /// Where the row stands, while somebody is at work or when nobody is.
    pub(crate) fn stands(&self, at_work: bool) -> RowState {
        if at_work { self.state_at_work() } else { self.settled_state() }
    }

    /// Where the row stands while somebody is at work: an open intent is on its way.
    fn state_at_work(&self) -> RowState {
        match (self.open, self.state) {
            (Some(Op::Create), RowState::Deleted) => RowState::Pending,
            (_, state) => state,
        }
    }

    /// Whether the newest attempt changes a user that is there.
    pub(crate) fn updates(&self) -> bool {
        self.updates
    }

    /// Whether the deletion of its user was announced, and nothing says what became of it.
    pub(crate) fn deletes(&self) -> bool {
        self.settled_state() == RowState::Unconfirmed && !self.updates
    }

    /// Whether a request that makes its user was announced, and nothing says what became of it.
    pub(crate) fn is_being_made(&self) -> bool {
        self.open == Some(Op::Create)
    }
}

/// A time for what says no time that can be read: later than any, so that nobody takes it for long ago.
fn never() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(u32::MAX))
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
    /// Where the groups stand that an update has had to do with, and what goes with a deletion, since the row was planned as
    /// it is.
    groups: [StepState; Step::ALL.len() + Step::OF_DELETIONS.len()],
    /// The attempts to make the user that were never conclusively answered, each with a time at which its request had left.
    unclear: Vec<(Attempt, SystemTime)>,
    /// The attempts up to this one have made a user that is known by its id, or nobody, where they are not unclear: none of
    /// them makes another.
    spent: Option<Attempt>,
}

impl Detail {
    /// Takes in that an attempt was not answered. The first time that is told of it counts: it had left by then.
    fn is_unclear(&mut self, attempt: Attempt, left_by: SystemTime) {
        if !self.unclear.iter().any(|(known, _)| *known == attempt) {
            self.unclear.push((attempt, left_by));
        }
    }

    /// Where the groups stand that an update has had to do with, and then what goes with a deletion.
    pub(crate) fn groups(&self) -> impl Iterator<Item = (Step, StepState)> {
        let groups = Step::ALL.into_iter().chain(Step::OF_DELETIONS).zip(self.groups);
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

/// Of several ledgers together.
impl std::ops::AddAssign for StepCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { total, pending, done, rejected } = other;
        self.total += total;
        self.pending += pending;
        self.done += done;
        self.rejected += rejected;
    }
}

/// Of several ledgers together.
impl std::ops::AddAssign for SeenCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { drifted, missing, gone, replaced } = other;
        self.drifted += drifted;
        self.missing += missing;
        self.gone += gone;
        self.replaced += replaced;
    }
}

/// Of several ledgers together.
impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        let Self {
            total,
            pending,
            in_doubt,
            created,
            recovered,
            exists,
            rejected,
            invalid,
            there,
            updated,
            unconfirmed,
            deleted,
            skipped,
        } = other;
        self.total += total;
        self.pending += pending;
        self.in_doubt += in_doubt;
        self.created += created;
        self.recovered += recovered;
        self.exists += exists;
        self.rejected += rejected;
        self.invalid += invalid;
        self.there += there;
        self.updated += updated;
        self.unconfirmed += unconfirmed;
        self.deleted += deleted;
        self.skipped += skipped;
    }
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
            RowState::Deleted => self.deleted += 1,
            RowState::Skipped => self.skipped += 1,
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
            RowState::Deleted => self.deleted,
            RowState::Skipped => self.skipped,
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
    /// Takes open intents for requests that never left: a branch that is wrong on purpose.
    pub(super) fn forget_open(&mut self) {
        self.rows.iter_mut().for_each(|row| row.open = None);
    }

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
                    target: entry.target.as_deref().map(str::to_owned),
                    job: entry.job,
                    header_row: entry.header_row,
                    at: text(&entry.at),
                };
            }
            Kind::Session => {
                self.sessions += 1;
                self.attempts_before = self.attempts;
                let digest = entry.digest.as_deref().filter(|digest| !digest.is_empty()).map(str::to_owned);
                self.session = Session {
                    digest: digest.unwrap_or_else(|| std::mem::take(&mut self.session.digest)),
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
            Kind::Moved => self.moved_to = entry.to.as_deref().map(Into::into),
        }
    }

    /// A row planned, or planned again because it has changed: a failed one is pending again, a made one stays made.
    fn plan(&mut self, entry: &Entry) {
        let Some(user) = entry.user.as_deref() else { return };
        let is_imports = self.header.job.is_none();
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
        let follows = entry.proficiencies.is_some() && is_imports;
        record.step = if follows { StepState::Pending } else { StepState::Nothing };
        if !is_imports {
            // Whatever was made of it before, it is held against the user anew.
            record.state = RowState::Pending;
            if let Some(detail) = self.details.get_mut(&at) {
                detail.groups = Default::default();
            }
        } else if record.state.has_failed() || record.state == RowState::There {
            record.state = RowState::Pending;
        }
    }

    fn intend(&mut self, entry: &Entry) {
        let (Some(user), Some(attempt)) = (entry.user.as_deref(), entry.attempt) else { return };
        let at = self.place(user);
        let op = entry.op.unwrap_or(Op::Create);
        self.attempts = self.attempts.max(Some(attempt));
        let newest = entry.at.as_deref().unwrap_or_default();
        if op != Op::Delete && newest > self.newest_intent.as_str() {
            self.newest_intent.clear();
            self.newest_intent.push_str(newest);
        }
        let record = &mut self.rows[at.index()];
        // An intent that found the one before it still open: that one's outcome was never learned.
        if let Some(open) = record.open.replace(op) {
            record.state = record.unlearned(open);
            if let (Op::Create, Some(unanswered)) = (open, record.attempt) {
                let left_by = entry.at.as_deref().and_then(clock::parse_rfc3339).unwrap_or_else(never);
                self.details.entry(at).or_default().is_unclear(unanswered, left_by);
            }
        }
        if op == Op::Delete {
            // What proves who made the user stays as it is.
            if self.header.job.is_some() {
                self.ids.set(at, entry.id.as_deref());
            }
            return;
        }
        let before = record.attempt.replace(attempt).map(|attempt| (attempt, record.nonce));
        record.nonce = entry.nonce;
        let was_made = matches!(record.state, RowState::Created | RowState::Deleted) && op == Op::Create;
        record.updates = op == Op::Update;
        record.untagged |= entry.untagged;
        record.generated = entry.generated;
        if let Some(before) = before {
            let detail = self.details.entry(at).or_default();
            if was_made {
                detail.spent = Some(before.0);
            }
            detail.earlier.push(before);
        }
        if entry.generated {
            self.generated = self.generated.max(Some(attempt));
        }
        if op == Op::Update {
            self.ids.set(at, entry.id.as_deref());
        } else {
            self.calls.sent += 1;
        }
    }

    fn conclude(&mut self, entry: &Entry) {
        let (Some(user), Some(state)) = (entry.user.as_deref(), entry.stands()) else { return };
        let at = self.place(user);
        if let Some(Calls { sent, throttled }) = entry.calls {
            self.calls.sent = self.calls.sent.saturating_add(sent);
            self.calls.throttled = self.calls.throttled.saturating_add(throttled);
        }
        if entry.op == Some(Op::Delete) {
            return self.conclude_delete(at, state, entry);
        }
        let record = &mut self.rows[at.index()];
        match entry.unexecuted.filter(|_| !record.updates) {
            Some(Unexecuted::Throttled) => self.calls.throttled += 1,
            Some(Unexecuted::NotSent) => self.calls.sent = self.calls.sent.saturating_sub(1),
            Some(Unexecuted::Refused) | None => {}
        }
        // The answer to what another process sent was learned by nobody.
        let was_lost = record.open == Some(Op::Create) && record.attempt <= self.attempts_before;
        let unanswered = record.attempt.filter(|newest| {
            let is_made_by_it = state == RowState::Created && entry.attempt == Some(*newest);
            was_lost && !is_made_by_it || state == RowState::InDoubt && entry.unexecuted.is_none()
        });
        let is_first = record.open.is_some() && record.generated && entry.attempt == record.attempt;
        self.recorded += u32::from(is_first && entry.unexecuted != Some(Unexecuted::NotSent));
        record.open = None;
        // Whoever was deleted is to be made anew only where that is asked for, as long as no request has been executed.
        let is_as_before = record.state == RowState::Deleted && entry.unexecuted.is_some();
        record.state = if is_as_before { RowState::Deleted } else { state };
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
        if let Some(unanswered) = unanswered {
            let left_by = entry.at.as_deref().and_then(clock::parse_rfc3339).unwrap_or_else(never);
            self.details.entry(at).or_default().is_unclear(unanswered, left_by);
        }
        if state.has_failed() || matches!(state, RowState::InDoubt | RowState::There | RowState::Unconfirmed)
        {
            let detail = self.details.entry(at).or_default();
            detail.by_run = entry.by_run.as_deref().map(Into::into);
            detail.code = entry.code.as_deref().map(str::to_owned);
            detail.message = entry.message.as_deref().map(str::to_owned);
        } else if let Some(detail) = self.details.get_mut(&at) {
            (detail.code, detail.message, detail.by_run) = (None, None, None);
            if state == RowState::Created {
                // Whose tag was seen on the user has arrived; what goes with a deletion was of the user before.
                detail.unclear.retain(|(known, _)| Some(*known) != entry.attempt);
                detail.groups = Default::default();
            }
        }
    }

    /// What a deletion came to. In an import's ledger a user that is left is there, as before.
    fn conclude_delete(&mut self, at: Place, state: RowState, entry: &Entry) {
        let is_imports = self.header.job.is_none();
        let record = &mut self.rows[at.index()];
        // Who was deleted is gone, whatever was sent before; of who was left nothing is known that was not.
        record.open = record.open.filter(|open| *open != Op::Delete && state != RowState::Deleted);
        let may_be_there = matches!(record.state, RowState::Created | RowState::Unconfirmed);
        match state {
            RowState::Deleted => {
                record.state = RowState::Deleted;
                record.recovered = false;
                // Whoever is made anew is given them anew.
                let follows = is_imports && record.proficiencies.is_some();
                record.step = if follows { StepState::Pending } else { StepState::Nothing };
                self.seen.remove(&at);
            }
            RowState::InDoubt | RowState::Unconfirmed => {
                if may_be_there || !is_imports {
                    record.state = RowState::Unconfirmed;
                }
            }
            RowState::Pending
            | RowState::Created
            | RowState::Exists
            | RowState::Rejected
            | RowState::Invalid
            | RowState::There
            | RowState::Updated
            | RowState::Skipped => {
                if !is_imports {
                    record.state = state;
                } else if may_be_there && state != RowState::Pending {
                    // What was not executed leaves it as it was; everything else says that the user is there.
                    record.state = RowState::Created;
                }
            }
        }
        if !is_imports && entry.id.is_some() {
            self.ids.set(at, entry.id.as_deref());
        }
        let says = entry.code.is_some() || entry.message.is_some();
        if says || self.details.contains_key(&at) {
            let detail = self.details.entry(at).or_default();
            detail.code = entry.code.as_deref().map(str::to_owned);
            detail.message = entry.message.as_deref().map(str::to_owned);
            detail.by_run = None;
        }
    }

    fn step(&mut self, entry: &Entry) {
        let (Some(user), Some(result)) = (entry.user.as_deref(), entry.result) else { return };
        let at = self.place(user);
        if self.header.job.is_some() || entry.op == Some(Op::Delete) {
            let group = entry.step.map_or(0, |group| group as usize);
            self.details.entry(at).or_default().groups[group] = result;
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
        // Nor is whoever was deleted made anew under the name of before.
        let was_made = matches!(
            self.record(at).settled_state(),
            RowState::Created | RowState::InDoubt | RowState::Unconfirmed | RowState::Deleted
        );
        (is_counted(&at) && was_made).then_some(at)
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
        let record = self.record(at);
        let waits = matches!(record.step, StepState::Pending | StepState::Rejected);
        self.created_id(at).filter(|_| waits)
    }

    /// The id of the user that was made for the row at a place and is there as far as is known: one whose deletion was
    /// announced among them, of which nothing says what became of it.
    pub(crate) fn deleting_id(&self, at: Place) -> Option<String> {
        let may_be_there =
            matches!(self.record(at).settled_state(), RowState::Created | RowState::Unconfirmed);
        if may_be_there { self.ids.get(at) } else { None }
    }

    /// The id of the user of the row at a place that was deleted; `None` where it is not known.
    pub(crate) fn deleted_id(&self, at: Place) -> Option<String> {
        if self.record(at).settled_state() == RowState::Deleted { self.ids.get(at) } else { None }
    }

    /// Where a part of the row's user stands, or what goes with its deletion.
    pub(crate) fn step_of_delete(&self, at: Place, step: Step) -> StepState {
        self.detail(at).map_or(StepState::Nothing, |detail| detail.groups[step as usize])
    }

    /// Why the deletion of the row's user was left, as code and message, where the user is there: an undo skipped it, or the
    /// service refused it.
    pub(crate) fn left_by_undo(&self, at: Place) -> Option<(&str, &str)> {
        let is_there = self.header.job.is_none() && self.record(at).settled_state() == RowState::Created;
        let detail = self.detail(at).filter(|_| is_there)?;
        let [code, message] = [&detail.code, &detail.message].map(Option::as_deref);
        (code.is_some() || message.is_some()).then(|| (code.unwrap_or_default(), message.unwrap_or_default()))
    }

    /// How many users an undo has left, for a reason.
    pub(crate) fn left_by_undos(&self) -> u64 {
        let is_left = |at: &&Place| !self.record(**at).dropped && self.left_by_undo(**at).is_some();
        self.details.keys().filter(is_left).count() as u64
    }

    /// A time not before which the newest request that makes the row's user and was never conclusively answered had left:
    /// until long after it, it may arrive. Where an intent is open, that of the ledger's newest intent; `None` where each was
    /// answered.
    pub(crate) fn unclear_since(&self, at: Place) -> Option<SystemTime> {
        let unclear =
            self.detail(at).into_iter().flat_map(|detail| &detail.unclear).map(|(_, left_by)| *left_by);
        let open = self.record(at).is_being_made();
        let open = open.then(|| clock::parse_rfc3339(&self.newest_intent).unwrap_or_else(never));
        unclear.chain(open).max()
    }

    /// The attempts to make the user of the row at a place that were never conclusively answered and of which nobody was
    /// seen: each of them may make it yet, or may have.
    pub(crate) fn unclear(&self, at: Place) -> impl Iterator<Item = Attempt> {
        let record = self.record(at);
        let unclear =
            self.detail(at).into_iter().flat_map(|detail| &detail.unclear).map(|(attempt, _)| *attempt);
        unclear.chain(record.attempt.filter(|_| record.is_being_made()))
    }

    /// The id of the user that was made for the row at a place, last of all; `None` where it was not, or is not known.
    pub(crate) fn created_id(&self, at: Place) -> Option<String> {
        if self.record(at).settled_state() == RowState::Created { self.ids.get(at) } else { None }
    }

    /// The id of the user that was made, changed or deleted for the row at a place, last of all.
    pub(crate) fn id(&self, at: Place) -> Option<String> {
        let is_imports = self.header.job.is_none() && !self.record(at).updates;
        if is_imports { self.deleting_id(at).or_else(|| self.deleted_id(at)) } else { self.ids.get(at) }
    }

    /// The newest attempt to change the user of the row at a place, where nothing says what it came to: a process ended, or
    /// is at work, between the two.
    pub fn update_attempt_open(&self, at: Place) -> Option<Attempt> {
        let record = self.record(at);
        record.attempt.filter(|_| record.open == Some(Op::Update))
    }

    /// How the created row at a place was last seen, with the id of whoever has its name where that is another.
    pub(crate) fn seen(&self, at: Place) -> (SeenAs, Option<&str>) {
        let is_created = self.record(at).settled_state() == RowState::Created;
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
        // Whose deletion is not settled is given nothing, and waited for by its undo.
        let is_created = |record: &&Record| record.settled_state() == RowState::Created && !record.dropped;
        for record in self.rows.iter().filter(is_created) {
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
        let is_unread = |record: &&Record| record.open == Some(Op::Update) && !record.dropped;
        self.rows.iter().filter(is_unread).count() as u64
    }

    /// All that it says, in words: two ledgers that say the same fold whatever comes alike. Whoever adds a member says
    /// here what it says.
    #[cfg(test)]
    pub(crate) fn words(&self) -> String {
        let Self {
            header,
            session,
            sessions,
            attempts,
            attempts_before,
            generated,
            recorded,
            newest_intent,
            calls,
            moved_to,
            names,
            rows,
            details,
            ids,
            seen,
            renamed,
        } = self;
        let told = (header, session, sessions, attempts, attempts_before, generated, recorded);
        let counted = (newest_intent, calls, moved_to, renamed.len());
        let all = |((name, at), record)| (name, record, details.get(&at), ids.get(at), seen.get(&at));
        let rows: Vec<_> = names.iter().zip(self.places()).zip(rows).map(all).collect();
        format!("{told:?} {counted:?} {rows:?}")
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

    /// The same of an attempt that can have made the user of this id. One attempt makes one user: whoever carries the tag of
    /// an attempt that has made another is somebody's copy.
    pub(crate) fn can_have_made(&self, at: Place, number: Attempt, id: &str) -> Option<Option<Nonce>> {
        let (record, detail) = (self.record(at), self.detail(at));
        let was_made = matches!(record.state, RowState::Created | RowState::Deleted);
        // Until it is sent anew, all that was sent of a row that was made.
        let spent = match record.open {
            None if was_made => record.attempt,
            _ => detail.and_then(|detail| detail.spent),
        };
        let is_unclear = detail.is_some_and(|detail| detail.unclear.iter().any(|(of, _)| *of == number));
        let is_spent = !is_unclear && spent.is_some_and(|spent| number <= spent);
        let is_other = || self.ids.get(at).is_none_or(|known| known != id);
        if is_spent && is_other() { None } else { self.made_attempt(at, number) }
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
            let state = record.stands(importer_at_work);
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

    /// A created user, with what proves that it is ours, as it stands before anybody deletes it.
    fn created() -> Vec<Entry<'static>> {
        let made = Entry { id: Some("u-1".into()), ..outcome(RowState::Created, 2) };
        let planned = Entry { proficiencies: fingerprint(7), ..row("ana", 2, 1) };
        vec![planned, intent("ana", 1), outcome(RowState::InDoubt, 1), intent("ana", 2), made]
    }

    fn delete_intent(number: u32) -> Entry<'static> {
        Entry::delete_intent("ana", attempt(number), "u-1", "t".into())
    }

    fn of_delete(state: RowState, number: u32) -> Entry<'static> {
        let code = (state != RowState::Deleted).then(|| "code".into());
        Entry { attempt: Some(attempt(number)), code, ..Entry::outcome_of_delete("ana", state, "t".into()) }
    }

    /// At work, and once nobody is.
    fn stands(entries: &[Entry]) -> [RowState; 2] {
        let state = fold(entries);
        [true, false].map(|at_work| {
            let counts = state.counts(at_work);
            assert_eq!(counts.total, 1);
            let is_so = |stands: &RowState| counts.of(*stands) == 1;
            RowState::ALL.into_iter().find(is_so).unwrap()
        })
    }

    #[test]
    fn whatever_a_deletion_comes_to_what_proves_the_create_stays_as_it_is() {
        let proof = |state: &State| {
            let record = *state.record(place(0));
            let detail = state.detail(place(0)).cloned().unwrap_or_default();
            (record.attempt, record.nonce, record.untagged, record.generated, detail.earlier, detail.versions)
        };
        let before = proof(&fold(&created()));
        for end in RowState::ALL.map(Some).into_iter().chain([None]) {
            let mut entries = created();
            entries.push(delete_intent(3));
            entries.extend(end.map(|end| of_delete(end, 3)));
            let state = fold(&entries);
            assert_eq!(proof(&state), before, "{end:?}");
            assert_eq!(state.made_attempt(place(0), attempt(3)), None, "it made nobody");
            assert_eq!((state.attempts, state.calls.sent), (Some(attempt(3)), 2), "and is counted");
        }
    }

    #[test]
    fn a_row_is_deleted_by_its_outcome_and_whoever_is_left_is_there_as_before() {
        use RowState::{Created, Deleted, Pending, Rejected, Skipped, Unconfirmed};
        let after = |rest: &[Entry]| stands(&[&created()[..], rest].concat());
        assert_eq!(after(&[]), [Created, Created]);
        let open = [delete_intent(3)];
        assert_eq!(after(&open), [Created, Unconfirmed], "on its way, or nobody knows");
        for (end, then) in [
            (Deleted, Deleted),
            (Skipped, Created),
            (Rejected, Created),
            (Unconfirmed, Unconfirmed),
            (RowState::InDoubt, Unconfirmed),
            (Pending, Created),
        ] {
            assert_eq!(after(&[delete_intent(3), of_delete(end, 3)]), [then, then], "{end:?}");
        }
        let twice = [delete_intent(3), delete_intent(4)];
        assert_eq!(after(&twice), [Unconfirmed, Unconfirmed], "the first one's outcome was never learned");
        let throttled = [&twice[..], &[of_delete(Pending, 4)]].concat();
        assert_eq!(
            after(&throttled),
            [Unconfirmed, Unconfirmed],
            "the second was not executed, the first may be"
        );
        assert_eq!(
            after(&[&twice[..], &[of_delete(Skipped, 4)]].concat()),
            [Created, Created],
            "it was seen"
        );
        let unasked = Entry::outcome_of_delete("ana", Skipped, "t".into());
        assert_eq!(after(&[delete_intent(3), unasked]), [Created, Created], "looked at by another process");
        assert_eq!(after(&[row("ana", 2, 9), of_delete(Deleted, 3), row("ana", 2, 8)]), [Deleted, Deleted]);
    }

    #[test]
    fn an_attempt_that_has_made_one_user_makes_no_other() {
        let proves = |entries: &[Entry], number, id: &str| {
            fold(entries).can_have_made(place(0), attempt(number), id).is_some()
        };
        let by_first = Entry { id: Some("u-1".into()), ..outcome(RowState::Created, 1) };
        let first = vec![row("ana", 2, 1), intent("ana", 1), by_first];
        let deleted = [&first[..], &[of_delete(RowState::Deleted, 3)]].concat();
        let again = [&deleted[..], &[row("ana", 2, 1), intent("ana", 4)]].concat();
        let lost = [&again[..], &[outcome(RowState::InDoubt, 4)]].concat();
        let made = Entry { id: Some("u-2".into()), ..outcome(RowState::Created, 5) };
        let made = [&lost[..], &[intent("ana", 5), made]].concat();
        let gone = Entry { id: Some("u-2".into()), ..of_delete(RowState::Deleted, 6) };
        let twice = [&made[..], &[gone]].concat();
        for (entries, number, id, is_proof) in [
            (&first, 1, "u-1", true),
            (&first, 1, "u-9", false),
            (&deleted, 1, "u-9", false),
            (&again, 1, "u-9", false),
            (&again, 4, "u-9", true),
            (&lost, 1, "u-9", false),
            (&lost, 4, "u-9", true),
            (&twice, 4, "u-9", true), // it was never answered
            (&twice, 5, "u-9", false),
        ] {
            assert_eq!(proves(entries, number, id), is_proof, "{} lines, {number} {id}", entries.len());
        }
        // One that was never answered may make somebody yet.
        let unclear = [row("ana", 2, 1), intent("ana", 1), outcome(RowState::InDoubt, 1), intent("ana", 2)];
        let by_second = Entry { id: Some("u-2".into()), ..outcome(RowState::Created, 2) };
        let unclear = [&unclear[..], &[by_second, of_delete(RowState::Deleted, 3)]].concat();
        assert!(proves(&unclear, 1, "u-1") && !proves(&unclear, 2, "u-1"));
    }

    #[test]
    fn of_who_was_deleted_the_id_is_known_and_of_who_was_left_the_reason() {
        let told = |rest: &[Entry]| {
            let state = fold(&[&created()[..], rest].concat());
            let at = place(0);
            (
                (state.created_id(at), state.deleting_id(at), state.deleted_id(at)),
                state.left_by_undo(at).map(|(code, message)| (code.to_owned(), message.to_owned())),
                state.unfinished(at).is_some(),
            )
        };
        let id = || Some("u-1".to_owned());
        assert_eq!(told(&[]), ((id(), id(), None), None, true));
        let left = Some(("code".to_owned(), String::new()));
        assert_eq!(told(&[of_delete(RowState::Skipped, 3)]), ((id(), id(), None), left, true));
        assert_eq!(
            told(&[delete_intent(3)]),
            ((None, id(), None), None, false),
            "nothing is given to it now"
        );
        assert_eq!(told(&[of_delete(RowState::Unconfirmed, 3)]).0, (None, id(), None));
        assert_eq!(told(&[of_delete(RowState::Deleted, 3)]), ((None, None, id()), None, false));
        let connects = |result| Entry {
            op: Some(Op::Delete),
            ..Entry::step("ana", Step::QuickConnects, result, "t".into())
        };
        let entries =
            [created(), vec![connects(StepState::Pending), of_delete(RowState::Deleted, 3)]].concat();
        let state = fold(&entries);
        assert_eq!(state.step_of_delete(place(0), Step::QuickConnects), StepState::Pending, "resumable");
        assert_eq!(state.record(place(0)).step, StepState::Pending, "proficiencies are their own");
        let again = [intent("ana", 4), Entry { id: Some("u-2".into()), ..outcome(RowState::Created, 4) }];
        let state = fold(&[&entries[..], &again].concat());
        assert_eq!(
            state.step_of_delete(place(0), Step::QuickConnects),
            StepState::Nothing,
            "of the one before"
        );
        assert_eq!(state.created_id(place(0)).as_deref(), Some("u-2"));
        assert_eq!(state.made_attempt(place(0), attempt(4)), Some(Some(Nonce::of(4))), "provable again");
        assert_eq!(state.proficiencies().pending, 1);
    }

    #[test]
    fn whoever_was_deleted_is_in_doubt_once_a_request_that_makes_it_anew_is_not_answered() {
        use RowState::{Created, Deleted, InDoubt, Pending};
        let after = |rest: &[Entry]| {
            let deleted = [delete_intent(3), of_delete(Deleted, 3)];
            stands(&[&created()[..], &deleted, rest].concat())
        };
        assert_eq!(after(&[intent("ana", 4)]), [Pending, InDoubt]);
        let unexecuted = |why| Entry { unexecuted: Some(why), ..outcome(Pending, 4) };
        for why in [Unexecuted::Throttled, Unexecuted::NotSent, Unexecuted::Refused] {
            assert_eq!(after(&[intent("ana", 4), unexecuted(why)]), [Deleted, Deleted], "as before");
        }
        assert_eq!(after(&[intent("ana", 4), outcome(Created, 4)]), [Created, Created]);
        assert_eq!(after(&[intent("ana", 4), outcome(RowState::Rejected, 4)]), [RowState::Rejected; 2]);
        let in_doubt = [intent("ana", 4), of_delete(Deleted, 5)];
        assert_eq!(after(&in_doubt), [Deleted, Deleted], "whoever says so knows that nothing can arrive");
    }

    #[test]
    fn in_a_ledger_of_leavers_what_a_deletion_came_to_is_where_the_row_stands() {
        use RowState::{Deleted, Pending, Rejected, Skipped, Unconfirmed};
        let header = Entry { job: Some(Job::Remove), ..Entry::of(Kind::Ledger) };
        let after = |rest: &[Entry<'static>]| [&[header.clone(), row("ana", 2, 1)], rest].concat();
        assert_eq!(stands(&after(&[delete_intent(1)])), [Pending, Unconfirmed]);
        for end in [Deleted, Skipped, Rejected, Unconfirmed, Pending] {
            let entries = after(&[delete_intent(1), of_delete(end, 1)]);
            assert_eq!(stands(&entries), [end, end]);
            let state = fold(&entries);
            assert_eq!(state.id(place(0)).as_deref(), Some("u-1"));
            let says = state.detail(place(0)).and_then(|detail| detail.code.as_deref());
            assert_eq!(says, (end != Deleted).then_some("code"));
            assert_eq!(state.left_by_undo(place(0)), None);
        }
        let counts = fold(&after(&[of_delete(Skipped, 1)])).counts(false);
        assert_eq!((counts.failed(), counts.is_complete()), (1, true));
        assert_eq!(stands(&after(&[of_delete(Skipped, 1), row("ana", 2, 1)])), [Pending, Pending]);
    }

    #[test]
    fn when_a_request_that_was_never_answered_had_left_is_known_until_its_user_is_seen() {
        let at = |minute: u32| format!("2026-11-28T20:{minute:02}:00.000Z");
        let timed = |entry: Entry<'static>, minute| Entry { at: Some(at(minute).into()), ..entry };
        let session = |minute| timed(Entry { session: Some("s".into()), ..Entry::of(Kind::Session) }, minute);
        let since = |entries: &[Entry]| {
            let since = fold(entries).unclear_since(place(0));
            since.map(crate::clock::rfc3339)
        };
        let in_doubt =
            [row("ana", 2, 1), timed(intent("ana", 1), 1), timed(outcome(RowState::InDoubt, 1), 2)];
        let after = |rest: &[Entry]| since(&[&in_doubt[..], rest].concat());
        let made = |by| Entry { recovered: true, ..timed(outcome(RowState::Created, by), 9) };
        let second = timed(intent("ana", 2), 3);

        assert_eq!(since(&in_doubt[..1]), None, "nothing was sent");
        assert_eq!(since(&in_doubt[..2]), Some(at(1)), "open");
        let another = Entry { user: Some("ben".into()), ..timed(intent("ana", 2), 5) };
        assert_eq!(since(&[&in_doubt[..2], &[another]].concat()), Some(at(5)), "at the latest by then");
        assert_eq!(since(&[&in_doubt[..2], &[timed(outcome(RowState::Created, 1), 2)]].concat()), None);
        assert_eq!(after(&[]), Some(at(2)));
        assert_eq!(after(&[timed(outcome(RowState::InDoubt, 1), 8)]), Some(at(2)), "looked at again");
        assert_eq!(
            after(&[second.clone(), made(1)]),
            None,
            "the second was answered, and the first was seen"
        );
        assert_eq!(after(&[second.clone(), made(2)]), Some(at(2)), "the first may still arrive");
        let unsure = timed(outcome(RowState::InDoubt, 2), 4);
        assert_eq!(after(&[second.clone(), unsure.clone(), made(1)]), Some(at(4)), "the second may");
        assert_eq!(after(&[second.clone(), unsure.clone(), made(2)]), Some(at(2)));
        assert_eq!(
            after(&[second.clone(), session(6), made(1)]),
            Some(at(9)),
            "nobody learned of the second"
        );
        assert_eq!(
            after(&[second.clone(), timed(intent("ana", 3), 7)]),
            Some(at(7)),
            "nor here, and one is open"
        );
        let timeless = Entry { at: None, ..outcome(RowState::InDoubt, 2) };
        assert!(after(&[second, timeless]) > Some(at(59)), "what says no time is never long ago");
        assert_eq!(after(&[timed(delete_intent(2), 6)]), Some(at(2)), "a deletion makes nobody");
        let opened = [&in_doubt[..2], &[timed(delete_intent(2), 6)]].concat();
        assert_eq!(since(&opened), Some(at(6)), "an intent that was open when it was written");
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
        for undone in [RowState::Deleted, RowState::Unconfirmed, RowState::Skipped] {
            let outcome = Entry::outcome_of_delete("c", undone, "t".into());
            let state = fold(&[&entries[..], &[outcome]].concat());
            assert_eq!(state.heir("a"), Some(place(2)), "{undone:?}: nobody is made anew under the old name");
        }
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
