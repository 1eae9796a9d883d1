//! The storage of a shared ledger: what is appended is put as the next segment when it is to be synced.

use std::io;
use std::sync::Arc;

use super::keeper::{Keeper, session_in};
use super::log::{Landed, pieces};
use super::segments::{EngineFault, Put, Segment};
use crate::clock::Moment;
use crate::crash::{self, Sabotage};
use crate::log::{Storage, Unhurried};

/// Appends to the log of a run from this position on.
pub(super) struct InSegments {
    pub(super) keeper: Arc<Keeper>,
    /// The number of the last segment that is known.
    pub(super) tip: u64,
    /// What was appended and not put yet.
    pub(super) pending: Vec<u8>,
    /// Whether the ledger was taken: with the first segment, which has this session's record.
    pub(super) is_taken: bool,
}

impl InSegments {
    fn put(&mut self, lines: &str) -> io::Result<()> {
        let ledger = self.keeper.ledger.clone();
        let nonce = ledger.id().map_err(|failure| io::Error::other(failure.what))?;
        let segment = Segment { number: self.tip + 1, nonce, lines: lines.to_owned() };
        let sent = ledger.around.clock.moment();
        match ledger.put(&self.keeper.run, &segment).map_err(|fault| self.unwritten(fault))? {
            Landed::Yes => {}
            Landed::No(theirs) => {
                self.keeper.was_taken_with(&theirs);
                return Err(self.lost());
            }
        }
        self.tip += 1;
        self.keeper.succeeded(sent);
        if !self.is_taken {
            self.take(&segment, sent)?;
        }
        Ok(())
    }

    /// Says who has the ledger: what was just put is the session's record, and nobody else can add to the log any more.
    fn take(&mut self, segment: &Segment, sent: Moment) -> io::Result<()> {
        let ledger = self.keeper.ledger.clone();
        let lease =
            session_in(segment).ok_or_else(|| io::Error::other("a session begins without its record"))?;
        if !ledger.take(&self.keeper.run, &lease).map_err(|fault| self.unwritten(fault))? {
            self.keeper.was_taken_with(&Segment { lines: String::new(), ..segment.clone() });
            return Err(self.lost());
        }
        self.is_taken = true;
        self.keeper.has(segment.number, sent)
    }

    /// Puts half of the lines, and where nobody says what became of that, all of them in its place: a branch that is wrong on
    /// purpose.
    fn put_merging(&mut self, lines: &[u8]) -> io::Result<()> {
        let whole = std::str::from_utf8(lines).map_err(io::Error::other)?;
        let ends: Vec<usize> = whole.match_indices('\n').map(|(at, _)| at + 1).collect();
        let half = ends.get(ends.len().saturating_sub(1) / 2).copied().unwrap_or(whole.len());
        if half == whole.len() || !self.is_taken {
            return self.put(whole);
        }
        let ledger = self.keeper.ledger.clone();
        let id = || ledger.id().map_err(|failure| io::Error::other(failure.what));
        let first = Segment { number: self.tip + 1, nonce: id()?, lines: whole[..half].to_owned() };
        match ledger.segments.put(&self.keeper.run, &first) {
            Ok(Put::Done) => {
                self.tip += 1;
                return self.put(&whole[half..]);
            }
            Ok(Put::Taken(_)) => return self.put(whole),
            Err(_) => {}
        }
        let merged = Segment { nonce: id()?, lines: whole.to_owned(), ..first.clone() };
        match ledger.put(&self.keeper.run, &merged).map_err(io::Error::other)? {
            Landed::No(theirs)
                if !crash::sabotage(Sabotage::ComparedBySession) || theirs.nonce != first.nonce =>
            {
                self.keeper.was_taken_with(&theirs);
                return Err(self.lost());
            }
            Landed::Yes | Landed::No(_) => self.tip += 1,
        }
        Ok(())
    }

    fn unwritten(&self, fault: EngineFault) -> io::Error {
        self.keeper.ledger.was_not_written(&fault);
        io::Error::other(fault)
    }

    fn lost(&self) -> io::Error {
        io::Error::other(self.keeper.fenced().unwrap_or_default())
    }
}

/// Whether lines are merged into an append that is unclear: never, but where it is to be noticed.
fn merges() -> bool {
    crash::sabotage(Sabotage::ComparedBySession) || crash::sabotage(Sabotage::RetryMerges)
}

impl Storage for InSegments {
    fn name(&self) -> &'static str {
        "the shared ledger"
    }

    fn unhurried(&self) -> Option<Unhurried> {
        Some(Unhurried::REMOTE)
    }

    fn unsynced(&self, error: &io::Error) -> String {
        // Who has taken it is said as it is: nothing is wrong with the table.
        self.keeper.fenced().unwrap_or_else(|| {
            format!("{} cannot be written: {error}: `{}`", self.name(), self.keeper.ledger.url())
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.keeper.fenced().map_or(Ok(()), Err)
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        self.pending.extend_from_slice(lines);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        if merges() {
            return self.put_merging(&pending);
        }
        for piece in pieces(&pending).map_err(io::Error::other)? {
            self.put(piece)?;
        }
        crash::point("sync-after");
        Ok(())
    }
}
