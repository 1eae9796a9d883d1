//! What a ledger tells of a run, gathered in one pass: the one source of every report.

use std::collections::HashMap;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::cause::{self, Cause, Guide};
use super::row::{Event, Row, Step, with_code};
use crate::clock::{self, Zone};
use crate::error::Failure;
use crate::ledger::{
    self, Attempt, Calls, Counts, Entry, Gathered, Job, Kind, LedgerAt, Op, Place, RowState, State,
    Unexecuted,
};

/// A run as its ledger tells it.
#[derive(Default)]
pub(crate) struct Account {
    /// The ledger itself.
    pub(crate) ledger: Source,
    /// The run's id.
    pub(crate) run: String,
    /// The instance's ARN.
    pub(crate) instance: String,
    /// Its alias, where it was read.
    pub(crate) alias: Option<String>,
    /// The place's time in which people are told.
    pub(crate) zone: Zone,
    /// Where the rows' names and teams are from, or why there are none; `None` where nobody looked.
    pub(crate) names: Option<String>,
    /// What the newest session was told, word by word.
    pub(crate) settings: Vec<String>,
    /// The row of the roster's header, where that was told.
    pub(crate) header_row: Option<u64>,
    /// The roster's path when the ledger was made.
    pub(crate) roster: String,
    /// Whose ledger it is, where that is no import's.
    pub(crate) job: Option<Job>,
    /// Whether it was a rehearsal against the embedded Connect, which made no user.
    pub(crate) is_rehearsal: bool,
    /// The program that made the ledger, and its version.
    pub(crate) tool: String,
    /// When the ledger was made, RFC 3339.
    pub(crate) began: String,
    /// Every process that has written to it, in order.
    pub(crate) sessions: Vec<Session>,
    /// Every row of the roster, in the order of its numbers.
    pub(crate) rows: Vec<Row>,
    /// How many rows left the roster before anything was made of them: not among [`Account::rows`].
    pub(crate) dropped: u64,
    /// Where the rows stand.
    pub(crate) counts: Counts,
    /// CreateUser calls.
    pub(crate) calls: Calls,
    /// Rows that failed, are in doubt or were not sent, by what they have in common; the largest first within a state.
    pub(crate) causes: Vec<Cause>,
    /// Whether an importer is at work.
    pub(crate) at_work: bool,
    /// Which of several targets it is of, by its name in their file.
    pub(crate) target: Option<String>,
    /// The targets that it was put together of; none where it is of one ledger.
    pub(crate) parts: Vec<Part>,
}

/// One of several targets, as a report has it beside the whole.
#[derive(Clone, Debug, Default)]
pub(crate) struct Part {
    /// Its name; the run's id where its ledger has none.
    pub(crate) target: String,
    /// The run's id.
    pub(crate) run: String,
    /// The instance's ARN.
    pub(crate) instance: String,
    /// Its alias, where it was read.
    pub(crate) alias: Option<String>,
    /// Where its rows stand.
    pub(crate) counts: Counts,
    /// Its CreateUser calls.
    pub(crate) calls: Calls,
}

impl Part {
    /// All its rows, those that are as asked, those that failed, and those that nothing is said of yet.
    pub(crate) fn numbers(&self) -> [u64; 4] {
        let Counts { total, created, there, updated, deleted, pending, in_doubt, unconfirmed, .. } =
            self.counts;
        let (done, open) = (created + there + updated + deleted, pending + in_doubt + unconfirmed);
        [total, done, total - done - open, open]
    }
}

/// The ledger that a report was made from.
#[derive(Clone, Debug, Default)]
pub(crate) struct Source {
    /// Its path as it was given.
    pub(crate) path: String,
    /// The bytes of its whole lines.
    pub(crate) bytes: u64,
    /// SHA-256 over them, as in `sha256:…`: a report can be held to its ledger.
    pub(crate) digest: String,
}

/// A process that has written to the ledger.
#[derive(Clone, Debug, Default)]
pub(crate) struct Session {
    /// Its id.
    pub(crate) id: String,
    /// The machine.
    pub(crate) host: String,
    /// The process.
    pub(crate) pid: u32,
    /// The program and its version.
    pub(crate) tool: String,
    /// The roster that it worked from.
    pub roster: String,
    /// The roster's digest, over all cells but the secret ones.
    pub(crate) digest: String,
    /// The region.
    pub(crate) region: Option<String>,
    /// The AWS profile, where one was named.
    pub(crate) profile: Option<String>,
    /// The endpoint, where it was overridden.
    pub(crate) endpoint: Option<String>,
    /// When it began, RFC 3339.
    pub(crate) began: String,
    /// When it last wrote, RFC 3339.
    pub(crate) last: String,
    /// Its exit code; `None` where it did not end in order, or has not ended.
    pub(crate) exit: Option<u8>,
    /// Requests that left.
    pub(crate) sent: u64,
    /// Users made, changed, or deleted where that is what the run is for.
    pub(crate) created: u64,
    /// Users that an undo of the run has deleted.
    pub(crate) deleted: u64,
    /// What happened when, in milliseconds since 1970.
    pub(crate) marks: Vec<(u64, Mark)>,
}

/// What a chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A user was made, changed, or deleted where that is what the run is for.
    Created,
    /// A user was deleted by an undo of the run.
    Deleted,
    /// A call was told to slow down.
    Throttled,
    /// An answer was lost.
    Unclear,
}

impl Account {
    /// Reads a ledger, which may be written to at the same time. What is to be done is told as `guide` has it.
    ///
    /// # Errors
    /// Exit 2 where it cannot be opened or has no record, 4 where it is damaged or of another version.
    pub(crate) fn read(at: &LedgerAt, guide: &Guide<'_>) -> Result<Self, Failure> {
        let Gathered { state, own: gathering, at_work, lines, bytes, lease: _ } =
            ledger::gather(at, Gathering::default(), Gathering::take)?;
        let digest = lines
            .into_reader()
            .and_then(|lines| digest(lines, bytes))
            .map_err(|error| Failure::stopped(format!("cannot read the ledger: `{at}`")).because(error))?;
        let source = Source { path: at.to_string(), bytes, digest };
        Ok(gathering.finish(&state, source, guide, at_work))
    }

    /// The newest session.
    pub(crate) fn newest(&self) -> Option<&Session> {
        self.sessions.last()
    }

    /// The roster that was worked from last.
    pub(crate) fn roster_now(&self) -> &str {
        self.newest()
            .map(|session| session.roster.as_str())
            .filter(|path| !path.is_empty())
            .unwrap_or(&self.roster)
    }

    /// The instance as people know it: by its alias, where that is known, and its ARN.
    pub(crate) fn instance_named(&self) -> String {
        match &self.alias {
            Some(alias) => format!("{alias} ({})", self.instance),
            None => self.instance.clone(),
        }
    }

    /// Whether every row is settled, and none of them as a failure. What an undo has left is none: it is there, as its row
    /// asks.
    pub(crate) fn is_all_as_asked(&self) -> bool {
        let Counts { created, there, updated, deleted, .. } = self.counts;
        created + there + updated + deleted == self.counts.total
    }

    /// The rows whose outcome was ever in doubt.
    pub(crate) fn doubted(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| !row.story.is_empty())
    }
}

/// An account in the making: what the ledger's state does not have.
#[derive(Default)]
struct Gathering {
    account: Account,
    /// By the place in the state.
    rows: Vec<Row>,
}

impl Gathering {
    fn take(&mut self, entry: &Entry, before: &State) {
        let text = |value: &Option<std::borrow::Cow<str>>| value.as_deref().unwrap_or_default().to_owned();
        let at = text(&entry.at);
        if let Some(session) = self.account.sessions.last_mut()
            && entry.kind != Kind::Session
            && !at.is_empty()
        {
            session.last.clone_from(&at);
        }
        match entry.kind {
            Kind::Ledger => self.account.tool = text(&entry.tool),
            Kind::Session => self.account.sessions.push(Session {
                id: text(&entry.session),
                host: text(&entry.host),
                pid: entry.pid.unwrap_or_default(),
                tool: text(&entry.tool),
                roster: text(&entry.roster),
                digest: text(&entry.digest),
                region: entry.region.as_deref().map(str::to_owned),
                profile: entry.profile.as_deref().map(str::to_owned),
                endpoint: entry.endpoint.as_deref().map(str::to_owned),
                began: at.clone(),
                last: at,
                ..Session::default()
            }),
            Kind::End => {
                if let Some(session) = self.account.sessions.last_mut() {
                    session.exit = entry.exit;
                }
            }
            Kind::Intent => self.intent(entry, before, at),
            Kind::Outcome => self.outcome(entry, before, at),
            // The state has what the plan says, and how the steps after a create stand.
            Kind::Row | Kind::Dropped | Kind::Step | Kind::Seen | Kind::Moved => {}
        }
    }

    /// The row that an entry is about.
    fn row(&mut self, user: &str, before: &State) -> &mut Row {
        let at = before.place_for(user).index();
        if self.rows.len() <= at {
            self.rows.resize_with(at + 1, Row::default);
        }
        &mut self.rows[at]
    }

    fn intent(&mut self, entry: &Entry, before: &State, at: String) {
        let (Some(user), Some(attempt)) = (entry.user.as_deref(), entry.attempt) else { return };
        let is_undo = before.header.job.is_none() && entry.op == Some(Op::Delete);
        let row = self.row(user, before);
        if row.open {
            row.lost();
        }
        if is_undo {
            row.at = at;
            return;
        }
        row.attempts += 1;
        if !row.story.is_empty() {
            row.story.push(Step { at: at.clone(), attempt: Some(attempt), what: Event::Sent });
        }
        row.newest = Some((attempt, at));
        row.open = true;
        if let Some(session) = self.account.sessions.last_mut() {
            session.sent += 1;
        }
    }

    fn outcome(&mut self, entry: &Entry, before: &State, at: String) {
        let (Some(user), Some(state)) = (entry.user.as_deref(), entry.stands()) else { return };
        let when = clock::parse_rfc3339(&at)
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
            .map(|since| since.as_millis() as u64);
        if before.header.job.is_none() && entry.op == Some(Op::Delete) {
            return self.deletion(entry, before, (at, when));
        }
        let row = self.row(user, before);
        let attempt = entry.attempt;
        let message = entry.message.as_deref().unwrap_or_default();
        // An outcome that belongs to no attempt, of a row with one open: a process ended between the two.
        if row.open && (entry.recovered || entry.attempt.is_none()) && row.story.is_empty() {
            row.lost();
        }
        let mark = match (entry.unexecuted, state) {
            (Some(why), _) => {
                row.throttled += u32::from(why == Unexecuted::Throttled);
                row.tell(&at, attempt, Event::Unexecuted(why));
                (why == Unexecuted::Throttled).then_some(Mark::Throttled)
            }
            (None, RowState::InDoubt) => {
                row.doubt();
                row.tell(&at, attempt, Event::Unclear(message.to_owned()));
                Some(Mark::Unclear)
            }
            (None, state) => {
                let recovered = entry.recovered;
                row.tell(&at, attempt, Event::Settled { state, recovered, message: message.to_owned() });
                let is_done = matches!(state, RowState::Created | RowState::Updated | RowState::Deleted);
                is_done.then_some(Mark::Created)
            }
        };
        row.open = false;
        row.at = at;
        row.id = entry.id.as_deref().map(str::to_owned);
        row.code = entry.code.as_deref().map(str::to_owned);
        row.message = entry.message.as_deref().map(str::to_owned);
        row.request_id = entry.request_id.as_deref().map(str::to_owned);
        if let Some(session) = self.account.sessions.last_mut() {
            session.created += u64::from(mark == Some(Mark::Created));
            if let (Some(when), Some(mark)) = (when, mark) {
                session.marks.push((when, mark));
            }
            if entry.unexecuted == Some(Unexecuted::NotSent) {
                session.sent = session.sent.saturating_sub(1);
            }
        }
    }

    /// What an undo's deletion of a user of this run came to; what came of the creates stays told.
    fn deletion(&mut self, entry: &Entry, before: &State, (at, when): (String, Option<u64>)) {
        let Some(user) = entry.user.as_deref() else { return };
        let row = self.row(user, before);
        row.at = at;
        row.request_id = entry.request_id.as_deref().map(str::to_owned);
        (row.code, row.message) =
            (entry.code.as_deref().map(str::to_owned), entry.message.as_deref().map(str::to_owned));
        let mark = match (entry.unexecuted, entry.state) {
            (Some(Unexecuted::Throttled), _) => Some(Mark::Throttled),
            (None, Some(RowState::Deleted)) => Some(Mark::Deleted),
            (None, Some(RowState::Unconfirmed)) => Some(Mark::Unclear),
            _ => None,
        };
        if let Some(session) = self.account.sessions.last_mut() {
            session.deleted += u64::from(mark == Some(Mark::Deleted));
            session.marks.extend(when.zip(mark));
        }
    }

    fn finish(mut self, state: &State, source: Source, guide: &Guide<'_>, at_work: bool) -> Account {
        let mut account = self.account;
        self.rows.resize_with(state.places().len(), Row::default);
        let renamed: HashMap<Place, &str> = state.renamed().map(|(was, at)| (at, was)).collect();
        for (at, mut row) in state.places().zip(self.rows) {
            let record = state.record(at);
            if record.dropped {
                account.dropped += 1;
                continue;
            }
            row.row = record.row;
            state.user(at).clone_into(&mut row.user);
            row.recovered = record.recovered;
            row.state = record.stands(at_work);
            row.left = state.left_by_undo(at).map(|(code, message)| with_code(code, message));
            if record.deletes() && row.message.is_none() {
                row.message = Some("nothing says whether the user was deleted".into());
            }
            if row.open && !at_work {
                row.lost();
                row.message = Some("the process ended before the answer was recorded".into());
                row.code = None;
            }
            let (seen, found_id) = state.seen(at);
            row.was = renamed.get(&at).map(|was| (*was).to_owned());
            (row.seen, row.found_id) = (seen, found_id.map(str::to_owned));
            let of_step =
                state.detail(at).and_then(|detail| Some((detail.step_code.as_ref()?, &detail.step_message)));
            // An update says in its outcome what became of its parts.
            row.parts = state.detail(at).map(|detail| detail.groups().collect()).unwrap_or_default();
            row.step = of_step.filter(|_| state.header.job.is_none()).map(|(code, message)| match message {
                Some(message) => format!("{code}: {message}"),
                None => code.clone(),
            });
            // A row planned anew says nothing of its last failure.
            if row.state == RowState::Pending {
                (row.code, row.message) = (None, None);
            }
            account.rows.push(row);
        }
        account.rows.sort_by(|a, b| a.row.cmp(&b.row).then_with(|| a.user.cmp(&b.user)));
        account.counts = state.counts(at_work);
        account.calls = state.calls;
        account.target.clone_from(&state.header.target);
        account.run.clone_from(&state.header.run);
        account.began.clone_from(&state.header.at);
        account.instance.clone_from(&state.header.instance);
        account.alias.clone_from(&state.session.alias);
        account.settings = state.session.settings.clone().unwrap_or_default();
        account.header_row = state.session.header_row;
        account.roster.clone_from(&state.header.roster);
        account.job = state.header.job;
        account.is_rehearsal = state.is_rehearsal(Path::new(&source.path));
        account.at_work = at_work;
        account.ledger = source;
        account.causes = cause::causes(&mut account.rows, state, guide);
        account
    }
}

impl Row {
    /// The outcome of the newest attempt will never be known from here.
    fn lost(&mut self) {
        self.doubt();
        let attempt = self.newest.as_ref().map(|(attempt, _)| *attempt);
        self.story.push(Step { at: String::new(), attempt, what: Event::Lost });
        self.open = false;
    }

    /// From now on the story is told, beginning with the attempt that is in doubt.
    fn doubt(&mut self) {
        if let (true, Some((attempt, at))) = (self.story.is_empty(), self.newest.clone()) {
            self.story.push(Step { at, attempt: Some(attempt), what: Event::Sent });
        }
    }

    fn tell(&mut self, at: &str, attempt: Option<Attempt>, what: Event) {
        if !self.story.is_empty() {
            self.story.push(Step { at: at.to_owned(), attempt, what });
        }
    }

    /// How a row that was in doubt came out of it, in words; `None` for a row that never was.
    pub(crate) fn settled_how(&self) -> Option<&'static str> {
        if self.story.is_empty() {
            return None;
        }
        Some(match (self.state, self.recovered) {
            (RowState::Created, true) => {
                "found on the instance and proved to be this run's: created, not sent again"
            }
            (RowState::Created, false) => "sent again and accepted: the lost request had made no user",
            (RowState::There, _) => "the name is another user's, who has all that the row asks for",
            (RowState::Exists, _) => "the name is taken by a user that this run did not make",
            (RowState::Rejected, _) => "refused by the service",
            (RowState::InDoubt, _) => "not settled yet: the next run looks again",
            (RowState::Pending, _) => "not settled yet: to be sent again",
            (RowState::Invalid, _) => "no longer valid in the roster",
            (RowState::Updated, _) => "read again, and as the row asks",
            (RowState::Unconfirmed, _) => "not confirmed: the next run reads it again",
            (RowState::Skipped, _) => "left as it is",
            (RowState::Deleted, _) => {
                "found on the instance, proved to be this run's, and deleted by its undo"
            }
        })
    }
}

/// SHA-256 over the first bytes of a file.
fn digest(lines: impl io::Read, bytes: u64) -> io::Result<String> {
    let (mut hash, mut left, mut part) = (Sha256::new(), lines.take(bytes), vec![0; 1 << 16]);
    loop {
        match left.read(&mut part)? {
            0 => break,
            read => hash.update(&part[..read]),
        }
    }
    Ok(hash.finalize().iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}")))
}
