//! The seam under a shared ledger: what an engine must be able to do, and nothing of how.

use std::collections::BTreeMap;
use std::fmt;

/// An engine that keeps ledgers for machines that share them. Each call blocks its thread, makes one attempt and retries
/// nothing: whoever calls knows what an answer that never came may have done.
///
/// An engine is trusted for one thing: that of several puts at one position just one succeeds, and that reads are
/// consistent with it. No clock of it is.
pub trait Segments: Send + Sync {
    /// Puts a segment where nothing stands yet.
    fn put(&self, run: &str, segment: &Segment) -> Result<Put, EngineFault>;

    /// Hands out all segments from this number on, in the order of their numbers.
    fn read(&self, run: &str, from: u64, each: &mut dyn FnMut(Segment)) -> Result<(), EngineFault>;

    /// The segment at this number.
    fn at(&self, run: &str, number: u64) -> Result<Option<Segment>, EngineFault>;

    /// The number of the last segment; 0 where there is none.
    fn tip(&self, run: &str) -> Result<u64, EngineFault>;

    /// Who has the ledger, as far as people are told.
    fn lease(&self, run: &str) -> Result<Option<Lease>, EngineFault>;

    /// Says who has the ledger now, unless a later one has: `epoch` is the number of the segment with which it was taken. Says
    /// whether it was written.
    fn take(&self, run: &str, lease: &Lease) -> Result<bool, EngineFault>;

    /// Says that whoever has this epoch is alive, at this time of its own clock. Brings the lease as it is then; `None` where
    /// another has the ledger.
    fn beat(&self, run: &str, epoch: u64, seen: &str) -> Result<Option<Lease>, EngineFault>;

    /// Asks whoever has this epoch to hand over to this session. Says whether it was written.
    fn ask(&self, run: &str, epoch: u64, session: &str) -> Result<bool, EngineFault>;

    /// Says that nobody has the ledger any more, where whoever has this epoch had it.
    fn free(&self, run: &str, epoch: u64) -> Result<bool, EngineFault>;

    /// Gives a name to a run, where no run has it. Says whether it was written.
    fn claim(&self, name: &Named) -> Result<bool, EngineFault>;

    /// Takes a name from a run that was undone: another may have it then. Says whether it was written.
    fn unname(&self, name: &str, run: &str) -> Result<bool, EngineFault>;

    /// Which run has a name.
    fn named(&self, name: &str) -> Result<Option<Named>, EngineFault>;

    /// All names.
    fn names(&self) -> Result<Vec<Named>, EngineFault>;

    /// Counts up a member's beat in a lane, and brings all members with theirs.
    fn share(&self, lane: &LaneName, member: &str, beat: u64) -> Result<BTreeMap<String, u64>, EngineFault>;

    /// Takes a member out of a lane; where `seen` is given, only if that is its beat still.
    fn leave(&self, lane: &LaneName, member: &str, seen: Option<u64>) -> Result<(), EngineFault>;

    /// Whether the engine keeps its promise at all: a table with replicas that each accept writes by themselves does not.
    ///
    /// # Errors
    /// [`Certainty::Refused`] with what is wrong.
    fn check(&self) -> Result<Checked, EngineFault>;
}

/// A piece of a ledger: whole lines, as its file would have them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Where it stands: 1, 2, 3…
    pub number: u64,
    /// Of this put alone, so that whoever put it knows it again.
    pub nonce: String,
    /// The lines, each with its newline; empty where the segment is but a mark that the ledger was taken.
    pub lines: String,
}

/// What a put came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Put {
    /// It stands.
    Done,
    /// Another stands there, or this one did already; with its nonce where the engine tells it.
    Taken(Option<String>),
}

/// Who has a ledger: for people, and to know whether somebody is alive. Nothing is safe because of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lease {
    /// The number of the segment with which it was taken.
    pub epoch: u64,
    /// The session's id.
    pub session: String,
    /// The machine.
    pub host: String,
    /// The process there, as in `process 4711`.
    pub who: String,
    /// Since when, RFC 3339.
    pub since: String,
    /// Counts up while it is alive.
    pub beat: u64,
    /// When it counted last, by its own clock, RFC 3339.
    pub seen: String,
    /// Nobody has it: the last one ended.
    pub free: bool,
    /// The session that asks for it.
    pub wanted: Option<String>,
}

impl fmt::Display for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}, since {}", self.who, self.host, self.since)
    }
}

/// A run by its name, with what a person knows it by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Named {
    /// The name.
    pub name: String,
    /// The run; empty where the one that had the name was undone.
    pub run: String,
    /// The command whose ledger it is, where that is no import's: `update`, `remove`.
    pub job: String,
    /// The instance's ARN.
    pub instance: String,
    /// Over the rows of the roster with which it began.
    pub digest: String,
    /// The roster's file.
    pub roster: String,
    /// What began it.
    pub tool: String,
    /// When, RFC 3339.
    pub at: String,
}

/// Whose calls are counted together: an account's in a region, by operation.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LaneName {
    /// The account, or what stands for it.
    pub account: String,
    /// The region.
    pub region: String,
    /// The operation's name.
    pub operation: String,
}

/// Whether an engine was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It keeps its promise.
    Holds,
    /// That could not be asked, and why.
    Unknown(String),
}

/// An engine that did not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct EngineFault {
    /// Whether it can have been done.
    pub certainty: Certainty,
    /// What happened.
    pub what: String,
    /// What to do about it; empty where there is nothing to say.
    pub hint: String,
}

/// Whether what was asked can have been done, and whether asking again is of any use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// It may have been, or may still be: asking again is of use.
    Unclear,
    /// It was not, and will not be.
    Refused,
}

impl EngineFault {
    /// What may have been done.
    pub fn unclear(what: impl Into<String>) -> Self {
        Self { certainty: Certainty::Unclear, what: what.into(), hint: String::new() }
    }

    /// What was refused.
    pub fn refused(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { certainty: Certainty::Refused, what: what.into(), hint: hint.into() }
    }
}
