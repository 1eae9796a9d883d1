//! The log of one run in an engine: read, appended to, taken over, let go of. Each of these goes on until it is known what
//! came of it, or the engine has been away for too long.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::append::{Heard, Next, next};
use super::segments::{Certainty, Checked, EngineFault, Lease, Named, Segment, Segments};
use super::trouble::{EngineTrouble, OnTrouble};
use super::url::TableUrl;
use super::watch::{Seen, Takes, Timing};
use crate::clock::{Clock, Moment, rfc3339};
use crate::crash;
use crate::error::Failure;
use crate::text::{program, shell_line};

/// The most bytes of lines that a segment has: an item has at most 400 KB (Amazon DynamoDB developer guide, *Quotas*), its
/// keys and its nonce included.
const MOST_BYTES: usize = 256 << 10;

/// A single line may be longer than that, and not longer than this.
const LONGEST_LINE: usize = 390 << 10;

/// What a shared ledger needs of the world, handed in.
#[derive(Clone)]
pub struct Around {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Blocks this thread for so long.
    pub pause: Arc<dyn Fn(Duration) + Send + Sync>,
    /// The waits before something is asked again, first to last, without an end: with jitter, or an engine that comes back is
    /// asked by all at once.
    pub delays: Delays,
    /// What nobody else has: a segment's nonce, a session's id.
    ///
    /// # Errors
    /// Where there is no randomness to be had.
    pub ids: Ids,
    /// How long things take.
    pub timing: Timing,
    /// Who is told that the table keeps one waiting.
    pub trouble: EngineTrouble,
}

/// Makes the waits of one thing that is asked again.
pub type Delays = Arc<dyn Fn() -> Box<dyn FnMut() -> Duration + Send> + Send + Sync>;

/// Makes ids.
pub type Ids = Arc<dyn Fn() -> Result<String, String> + Send + Sync>;

/// A ledger that machines share, by its name in an engine. Clones share it; nothing is asked before it is used.
#[derive(Clone)]
pub struct SharedLedger {
    url: TableUrl,
    pub(super) segments: Arc<dyn Segments>,
    pub(super) around: Around,
    /// What is done where somebody has it.
    pub(super) takes: Takes,
    /// Whether the roster may be another than the run was planned with last.
    replans: bool,
    /// How long an engine that is away is borne, where that was said; shared by all names of one table.
    patience: Arc<Mutex<Option<Duration>>>,
    /// Who had a ledger and was found dead; shared by all names of one table: whichever of its jobs comes first takes their
    /// part of a rate.
    dead: Arc<Mutex<BTreeSet<String>>>,
    /// What was found out about whoever had it; shared by all clones of one name.
    borne: Arc<Mutex<Borne>>,
    /// What was read of the log last, for whoever reads it next: no segment ever changes. Shared by all clones of one name.
    kept: Arc<Mutex<Option<Kept>>>,
}

/// What was read of a run's log.
#[derive(Clone)]
struct Kept {
    run: String,
    contents: Contents,
}

#[derive(Default)]
struct Borne {
    /// What was seen when nobody had it, or whoever had it was dead; none where nobody had begun the run.
    free: Option<Option<(u64, u64, u64)>>,
    /// What to do about what the engine would not write, where it said more than that it was away.
    refused: Option<String>,
}

/// All that was in a log when it was read.
#[derive(Clone, Default)]
pub(super) struct Contents {
    /// The lines, as a file would have them.
    pub(super) lines: Vec<u8>,
    /// The number of the last segment; 0 where there is none.
    pub(super) tip: u64,
}

/// The lines of a run, and who is at work with it.
pub(crate) type LookedAt = (Vec<u8>, Option<Lease>);

/// What became of a segment that was put.
pub(super) enum Landed {
    /// It stands.
    Yes,
    /// Another stands there.
    No(Box<Segment>),
}

impl SharedLedger {
    /// The ledger of this address in this engine.
    pub fn new(url: TableUrl, segments: Arc<dyn Segments>, around: Around) -> Self {
        let (takes, patience) = (Takes::default(), Arc::default());
        let (dead, borne, kept) = (Arc::default(), Arc::default(), Arc::default());
        Self { url, segments, around, takes, replans: false, patience, dead, borne, kept }
    }

    /// The same, taken so where somebody has it.
    #[must_use]
    pub fn taking(self, takes: Takes) -> Self {
        Self { takes, ..self }
    }

    /// The same, which may be planned with another roster.
    #[must_use]
    pub fn planning_anew(self, replans: bool) -> Self {
        Self { replans, ..self }
    }

    /// Whether the roster may be another than the run was planned with last.
    pub(crate) fn plans_anew(&self) -> bool {
        self.replans
    }

    /// Whether it is taken whoever has it.
    pub(crate) fn is_seized(&self) -> bool {
        self.takes == Takes::Now
    }

    /// Tells of an engine that keeps it waiting from now on.
    pub(crate) fn tells(&self, tell: OnTrouble) {
        self.around.trouble.tells(tell);
    }

    /// Bears an engine that is away for so long from now on.
    pub(crate) fn bear(&self, patience: Duration) {
        *self.patience.lock().unwrap_or_else(PoisonError::into_inner) = Some(patience);
    }

    /// Whoever had the ledger is dead: its part of a rate is free.
    pub(super) fn found_dead(&self, who: String) {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner).insert(who);
    }

    /// It was found free, or whoever had it dead, with these signs.
    pub(super) fn found_free(&self, signs: Option<(u64, u64, u64)>) {
        self.borne().free = Some(signs);
    }

    /// Whether nothing has come of it since it was found free, or whoever had it dead.
    pub(super) fn is_as_found(&self, seen: &Seen) -> bool {
        self.borne().free == Some(Some(seen.signs()))
    }

    /// Who has had the ledger since it was found free; `None` where nobody has, or nobody had looked.
    ///
    /// # Errors
    /// Exit 4 where the engine cannot be reached.
    pub(crate) fn had_since(&self) -> Result<Option<String>, Failure> {
        let Some(found) = self.borne().free else { return Ok(None) };
        let seen = self.named()?.map(|named| self.seen(&named.run)).transpose()?;
        if seen.as_ref().map(Seen::signs) == found {
            return Ok(None);
        }
        let lease = seen.and_then(|seen| seen.lease);
        Ok(Some(lease.map_or_else(|| "somebody".to_owned(), |lease| lease.to_string())))
    }

    /// Who had a ledger of the table and was found dead, as they call themselves in lanes.
    pub(crate) fn dead(&self) -> Vec<String> {
        self.dead.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// A write of the log failed so: what goes on is told by whoever began to write, who hears of it as of a file's.
    pub(super) fn was_not_written(&self, fault: &EngineFault) {
        if fault.certainty == Certainty::Refused && !fault.hint.is_empty() {
            self.borne().refused = Some(fault.hint.clone());
        }
    }

    /// What to do about what the engine would not write; `None` where it has refused nothing.
    pub(crate) fn refusal(&self) -> Option<String> {
        self.borne().refused.clone()
    }

    fn borne(&self) -> MutexGuard<'_, Borne> {
        self.borne.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn patience(&self) -> Duration {
        let said = *self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        said.unwrap_or(self.around.timing.patience)
    }

    /// Waits before something is asked again that was asked first at `begun`, and says so where that was a while ago: also in
    /// the middle of a wait, for one alone may be longer than nothing is said.
    pub(super) fn wait(&self, delay: Duration, begun: Moment, why: &str) {
        let mut left = delay;
        loop {
            let quiet = self.around.trouble.waits(begun, self.around.clock.moment(), why);
            let part = left.min(quiet);
            (self.around.pause)(part);
            left = left.saturating_sub(part);
            if left.is_zero() {
                return;
            }
        }
    }

    /// Its address.
    pub fn url(&self) -> &TableUrl {
        &self.url
    }

    /// The same table, with another name.
    #[must_use]
    pub fn naming(&self, name: &str) -> Self {
        self.at(self.url.naming(name))
    }

    /// The addresses of runs of which this name is the first part, as those of several targets have it; what other commands have
    /// done about the same people is no target's. None where the table cannot be read: it is asked for a hint alone.
    pub(crate) fn of_its_targets(&self) -> Vec<String> {
        let Some(name) = &self.url.name else { return Vec::new() };
        let begins = format!("{name}.");
        let is_targets = |run: &Named| run.name.strip_prefix(&begins).is_some_and(super::url::is_of_a_target);
        let runs = self.runs().unwrap_or_default().into_iter().filter(is_targets);
        let mut runs: Vec<String> = runs.map(|run| self.url.naming(&run.name).typed()).collect();
        runs.sort();
        runs
    }

    /// The ledger of another address in the same table.
    #[must_use]
    pub(crate) fn at(&self, url: TableUrl) -> Self {
        // What was found out about one run says nothing of another.
        Self { url, kept: Arc::default(), borne: Arc::default(), ..self.clone() }
    }

    /// Its name.
    ///
    /// # Errors
    /// Exit 2 where the address has only the table.
    pub(super) fn name(&self) -> Result<&str, Failure> {
        self.url.name.as_deref().ok_or_else(|| {
            Failure::usage(format!("which run of the table? The address names none: `{}`", self.url)).hint(
                format!(
                    "a run's address has its name behind the table's, {}; `{}` shows the names",
                    self.url.naming("NAME").typed(),
                    shell_line([program(), "ledger", "list", &self.url.of_table().to_string()])
                ),
            )
        })
    }

    /// The time now, as a lease has it.
    pub(super) fn now(&self) -> String {
        rfc3339(self.around.clock.now())
    }

    /// What only this call has.
    pub(super) fn id(&self) -> Result<String, Failure> {
        (self.around.ids)()
            .map_err(|why| Failure::stopped("no id can be made for the shared ledger").because(why))
    }

    /// Asks until there is an answer, or the engine has been away for as long as an outage is borne.
    pub(super) fn again<T>(&self, mut ask: impl FnMut() -> Result<T, EngineFault>) -> Result<T, EngineFault> {
        let clock = &self.around.clock;
        let begun = clock.moment();
        let mut delays = (self.around.delays)();
        loop {
            match ask() {
                Err(fault) if fault.certainty == Certainty::Unclear => {
                    if clock.moment().since(begun) >= self.patience() {
                        return Err(fault);
                    }
                    self.wait(delays(), begun, &fault.what);
                }
                done => return done,
            }
        }
    }

    /// A failure that says which ledger it is.
    pub(super) fn failed(&self, what: &str, fault: EngineFault) -> Failure {
        let failure =
            Failure::stopped(format!("cannot {what} the shared ledger: `{}`", self.url)).because(fault.what);
        match fault.hint.is_empty() {
            true => failure
                .hint("nothing was sent; look at the network and at the table, and run the same command"),
            false => failure.hint(fault.hint),
        }
    }

    /// Fails where the engine cannot keep a ledger safe; what could not be looked at is given back, to be said.
    pub(crate) fn check(&self) -> Result<Option<String>, Failure> {
        match self.again(|| self.segments.check()).map_err(|fault| self.failed("use", fault))? {
            Checked::Holds => Ok(None),
            Checked::Unknown(why) => Ok(Some(why)),
        }
    }

    /// Which run has the name.
    pub(crate) fn named(&self) -> Result<Option<Named>, Failure> {
        let name = self.name()?;
        let named = self.again(|| self.segments.named(name)).map_err(|fault| self.failed("read", fault))?;
        Ok(named.filter(|named| !named.run.is_empty()))
    }

    /// Gives the run another name in place of the one that it has, which is free then.
    pub(crate) fn rename(&self, run: &str, to: &str) -> Result<(), Failure> {
        let failed = |fault| self.failed("rename", fault);
        let Some(named) = self.named()?.filter(|named| named.run == run) else { return Ok(()) };
        let own = self.name()?.to_owned();
        let renamed = Named { name: to.to_owned(), ..named };
        // The new name first: a run that is cut off here has two, and is lost under neither.
        self.again(|| self.segments.claim(&renamed)).map_err(failed)?;
        self.again(|| self.segments.unname(&own, run)).map_err(failed)?;
        Ok(())
    }

    /// All runs of the table, by name.
    pub(crate) fn runs(&self) -> Result<Vec<Named>, Failure> {
        let names = self.again(|| self.segments.names()).map_err(|fault| self.failed("list", fault))?;
        Ok(names.into_iter().filter(|named| !named.run.is_empty()).collect())
    }

    /// The run that has the name, and the first line of its log; `None` where there is none yet.
    pub(crate) fn first_line(&self) -> Result<Option<(String, String)>, Failure> {
        let Some(named) = self.named()? else { return Ok(None) };
        let first =
            self.again(|| self.segments.at(&named.run, 1)).map_err(|fault| self.failed("read", fault))?;
        let line = first.and_then(|first| first.lines.split_inclusive('\n').next().map(str::to_owned));
        Ok(line.map(|line| (named.run, line)))
    }

    /// All lines of the run that has the name, and who is at work with it, as far as can be told by one look; `None` where
    /// no run has the name.
    pub(crate) fn looked_at(&self) -> Result<Option<LookedAt>, Failure> {
        let Some(named) = self.named()? else { return Ok(None) };
        let lease =
            self.again(|| self.segments.lease(&named.run)).map_err(|fault| self.failed("read", fault))?;
        let contents = self.contents(&named.run)?;
        Ok(Some((contents.lines, lease.filter(|lease| self.seems_alive(lease)))))
    }

    /// Whether whoever has it has been heard of lately, by the clocks of both: for people who look, and for nothing else.
    fn seems_alive(&self, lease: &Lease) -> bool {
        let seen = crate::clock::parse_rfc3339(&lease.seen);
        let now = self.around.clock.now();
        let long_ago = |seen| now.duration_since(seen).is_ok_and(|ago| ago > self.around.timing.stale);
        !lease.free && !seen.is_some_and(long_ago)
    }

    /// The runs of this instance, but for the one of this name, with which somebody is at work as far as one look tells: their
    /// addresses, and who that is. None where the table cannot be read: they are told of, and nothing goes by them.
    pub(crate) fn at_work_beside(&self, instance: &str) -> Vec<(TableUrl, Lease)> {
        let own = self.url.name.as_deref();
        let is_other = |run: &Named| run.instance == instance && own != Some(&*run.name);
        let runs = self.runs().unwrap_or_default().into_iter().filter(is_other);
        let at_work = runs.filter_map(|run| {
            let lease = self.again(|| self.segments.lease(&run.run)).ok().flatten()?;
            self.seems_alive(&lease).then(|| (self.url.naming(&run.name), lease))
        });
        at_work.collect()
    }

    /// Whether somebody is to be asked for it, or waited for: it was not found free, or is taken in any case.
    pub(crate) fn is_to_be_had(&self) -> bool {
        match self.takes {
            Takes::Now => true,
            Takes::Asks | Takes::Waits => self.borne().free.is_none(),
            Takes::WhereDead => false,
        }
    }

    /// Somebody is at work with it.
    pub(super) fn found_taken(&self) {
        self.borne().free = None;
    }

    /// What a watcher sees of a run.
    pub(crate) fn seen(&self, run: &str) -> Result<Seen, Failure> {
        let look = || Ok(Seen { lease: self.segments.lease(run)?, tip: self.segments.tip(run)? });
        self.again(look).map_err(|fault| self.failed("read", fault))
    }

    /// Lets go of what was read: whoever begins to write holds what it says.
    pub(super) fn forget(&self) {
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Reads a run from its first segment to its last, and of what was read before only what has come since. Numbers have no
    /// gap: whatever is missing between two of them is damage, as a line that is missing from a file.
    pub(super) fn contents(&self, run: &str) -> Result<Contents, Failure> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take();
        let kept = kept.filter(|kept| kept.run == run).map(|kept| kept.contents);
        // Read from where an answer was lost on, and not from the beginning.
        let Contents { mut lines, mut tip } = kept.unwrap_or_default();
        let mut hole = None;
        let read = self.again(|| {
            self.segments.read(run, tip + 1, &mut |segment| {
                if segment.number != tip + 1 {
                    hole.get_or_insert(tip + 1);
                }
                tip = segment.number;
                lines.extend_from_slice(segment.lines.as_bytes());
            })
        });
        read.map_err(|fault| self.failed("read", fault))?;
        if let Some(hole) = hole {
            if hole == 1 {
                let what = format!("the shared ledger has no beginning: `{}`", self.url);
                return Err(Failure::stopped(what).hint(
                    "nothing was sent; a run is being moved to it, or that was cut off: the same `headcount ledger push` moves \
                     it to its end",
                ));
            }
            let what = format!("the shared ledger is damaged: segment {hole} is missing: `{}`", self.url);
            return Err(Failure::stopped(what).hint(
                "nothing was sent; restore the table from a backup, or import into a ledger of its own: users that are \
                 there already are then reported as existing",
            ));
        }
        let contents = Contents { lines, tip };
        let kept = Kept { run: run.to_owned(), contents: contents.clone() };
        *self.kept.lock().unwrap_or_else(PoisonError::into_inner) = Some(kept);
        Ok(contents)
    }

    /// Puts a segment and finds out what became of it: nothing else is put at its position meanwhile, nor behind it.
    pub(super) fn put(&self, run: &str, segment: &Segment) -> Result<Landed, EngineFault> {
        let around = &self.around;
        let begun = around.clock.moment();
        let mut delays = (around.delays)();
        let mut do_put = true;
        let mut last = String::new();
        loop {
            crash::point("segment-before-put");
            let mut there = None;
            let heard = if do_put {
                match self.segments.put(run, segment) {
                    Ok(put) => Heard::Put(put),
                    Err(fault) if fault.certainty == Certainty::Refused => return Err(fault),
                    Err(fault) => {
                        crash::point("segment-unclear");
                        last = fault.what;
                        Heard::Nothing
                    }
                }
            } else {
                match self.segments.at(run, segment.number) {
                    Ok(found) => {
                        let nonce = found.as_ref().map(|found| found.nonce.clone());
                        there = found;
                        Heard::Stands(nonce)
                    }
                    Err(fault) if fault.certainty == Certainty::Refused => return Err(fault),
                    Err(fault) => {
                        last = fault.what;
                        Heard::Nothing
                    }
                }
            };
            crash::point("segment-after-put");
            match next(&segment.nonce, &heard) {
                Next::Landed => return Ok(Landed::Yes),
                Next::Fenced => {
                    let there = there.map_or_else(
                        || self.again(|| self.segments.at(run, segment.number)),
                        |there| Ok(Some(there)),
                    )?;
                    return Ok(Landed::No(Box::new(there.unwrap_or_else(|| segment.clone()))));
                }
                Next::Look => do_put = false,
                Next::PutAgain => do_put = true,
            }
            if around.clock.moment().since(begun) >= self.patience() {
                return Err(EngineFault::unclear(last));
            }
            // Somebody else's segment is looked at right away; what was lost is asked for after a while.
            if heard == Heard::Nothing {
                self.wait(delays(), begun, &last);
            }
        }
    }

    /// Says who has the ledger now. False where a later session has it.
    pub(super) fn take(&self, run: &str, lease: &Lease) -> Result<bool, EngineFault> {
        let is_ours = |there: &Option<Lease>| {
            there.as_ref().is_some_and(|there| there.epoch == lease.epoch && there.session == lease.session)
        };
        crash::point("lease-before");
        // A condition that fails may have failed because of an answer that was lost.
        let taken = self.again(|| self.segments.take(run, lease))?;
        let taken = taken || is_ours(&self.again(|| self.segments.lease(run))?);
        crash::point("lease-after");
        Ok(taken)
    }
}

/// Cuts lines into pieces that an item can hold, between lines.
///
/// # Errors
/// Where one line alone is too long.
pub(super) fn pieces(lines: &[u8]) -> Result<Vec<&str>, String> {
    let text = std::str::from_utf8(lines).map_err(|_| "a line of the ledger is not UTF-8".to_owned())?;
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        if rest.len() <= MOST_BYTES {
            pieces.push(rest);
            break;
        }
        let whole = rest.as_bytes()[..MOST_BYTES].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let end = whole.unwrap_or_else(|| rest.find('\n').map_or(rest.len(), |at| at + 1));
        if end > LONGEST_LINE {
            return Err(format!(
                "a line of the ledger has {end} bytes, and an item of the table holds {LONGEST_LINE}"
            ));
        }
        let (piece, behind) = rest.split_at(end);
        pieces.push(piece);
        rest = behind;
    }
    Ok(pieces)
}

impl std::fmt::Debug for SharedLedger {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SharedLedger({})", self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_between_lines_and_put_together_again() {
        let line = |bytes: usize| format!("{}\n", "x".repeat(bytes - 1));
        for lengths in
            [vec![], vec![10], vec![MOST_BYTES], vec![100_000; 9], vec![1, MOST_BYTES, 1, 300 << 10, 5]]
        {
            let lines: String = lengths.iter().map(|length| line(*length)).collect();
            let pieces = pieces(lines.as_bytes()).unwrap();
            assert_eq!(pieces.concat(), lines);
            for piece in &pieces {
                assert!(piece.ends_with('\n'), "{lengths:?}");
                assert!(piece.len() <= MOST_BYTES || piece.lines().count() == 1, "{lengths:?}");
            }
        }
        assert!(pieces(line(LONGEST_LINE + 1).as_bytes()).is_err());
    }
}
