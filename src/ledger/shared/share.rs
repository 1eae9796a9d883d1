//! One pace for machines that call one account: each beats into the lane of an operation, and takes its part of the rate.
//!
//! No clock is shared. Who has not counted up for a while by one's own clock is gone; whoever comes new waits until the
//! others have seen it before it sends. Being wrong costs throttles, and never a row.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::log::SharedLedger;
use super::segments::LaneName;
use crate::clock::Moment;

/// Who is in a lane, by what one machine has seen of it. Pure.
#[derive(Clone, Debug, Default)]
pub struct Members(HashMap<String, (u64, Moment)>);

impl Members {
    /// Takes a look into account. Returns how many are alive, and who is not, each with its last beat.
    pub fn look(
        &mut self,
        own: &str,
        beats: &BTreeMap<String, u64>,
        now: Moment,
        stale: Duration,
    ) -> (u32, Vec<(String, u64)>) {
        self.0.retain(|member, _| beats.contains_key(member));
        let mut dead = Vec::new();
        let mut alive = 0_u32;
        for (member, beat) in beats {
            let seen = self.0.entry(member.clone()).or_insert((*beat, now));
            if seen.0 != *beat {
                *seen = (*beat, now);
            }
            if member != own && now.since(seen.1) >= stale {
                dead.push((member.clone(), *beat));
            } else {
                alive += 1;
            }
        }
        (alive.max(1), dead)
    }

    /// Who has not counted up for longer than anybody alive is silent, though not for so long that it is gone for certain: a
    /// process that is short is over before that, and so would the next one be, each held up by whoever died in here long ago.
    /// Somebody alive who is taken out is there again with the next beat.
    fn silent(&self, own: &str, now: Moment, silence: Duration) -> Vec<(String, u64)> {
        let is_silent = |(member, (_, since)): &(&String, &(u64, Moment))| {
            **member != own && now.since(*since) >= silence
        };
        self.0.iter().filter(is_silent).map(|(member, (beat, _))| (member.clone(), *beat)).collect()
    }
}

/// A part of the rate of one account, region and operation, as long as this lives.
pub(crate) struct Share {
    ledger: SharedLedger,
    lane: LaneName,
    own: String,
    /// Told how many share the rate, whenever that changes.
    told: Box<dyn Fn(u32) + Send + Sync>,
    state: Mutex<ShareState>,
    news: Condvar,
    of: AtomicU32,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Default)]
struct ShareState {
    members: Members,
    beat: u64,
    closed: bool,
}

impl Share {
    /// Joins a lane as this member. `after` are those who had ledgers before and are dead, whose part is taken. Returns for
    /// how long nothing may be sent yet: others are there, and have to see this one first.
    pub(crate) fn join(
        ledger: &SharedLedger,
        lane: LaneName,
        own: String,
        after: &[String],
        told: Box<dyn Fn(u32) + Send + Sync>,
    ) -> (Arc<Self>, Duration) {
        let share = Arc::new(Self {
            ledger: ledger.clone(),
            lane,
            own,
            told,
            state: Mutex::default(),
            news: Condvar::new(),
            of: AtomicU32::new(1),
            thread: Mutex::default(),
        });
        share.beat();
        let inherits = share.buried(after) > 0;
        let others = share.of().saturating_sub(1);
        let theirs = Arc::clone(&share);
        let thread = std::thread::Builder::new().name("share".into()).spawn(move || theirs.beats());
        // Without a thread nobody sees this one for long, and the throttles that follow slow it.
        *share.thread.lock().unwrap_or_else(PoisonError::into_inner) = thread.ok();
        let waits = if others == 0 || inherits { Duration::ZERO } else { ledger.around.timing.joins };
        (share, waits)
    }

    /// Among how many the rate is shared.
    pub(crate) fn of(&self) -> u32 {
        self.of.load(Ordering::Relaxed)
    }

    /// One beat. Where it is lost, what was known last goes on.
    fn beat(&self) -> u32 {
        let beat = {
            let mut state = self.state();
            state.beat += 1;
            state.beat
        };
        let Ok(beats) = self.ledger.segments.share(&self.lane, &self.own, beat) else { return self.of() };
        let (now, stale) = (self.ledger.around.clock.moment(), self.ledger.around.timing.stale);
        let (alive, dead) = self.state().members.look(&self.own, &beats, now, stale);
        for (member, seen) in dead {
            let _ = self.ledger.segments.leave(&self.lane, &member, Some(seen));
        }
        if self.of.swap(alive, Ordering::Relaxed) != alive {
            (self.told)(alive);
        }
        alive
    }

    /// Takes these out who are dead, and says how many of them were members.
    fn buried(&self, dead: &[String]) -> usize {
        let members = {
            let mut state = self.state();
            let is_one = |member: &&String| **member != self.own && state.members.0.contains_key(*member);
            let members: Vec<String> = dead.iter().filter(is_one).cloned().collect();
            members.iter().for_each(|member| _ = state.members.0.remove(member));
            self.of.fetch_sub(u32::try_from(members.len()).unwrap_or_default(), Ordering::Relaxed);
            members
        };
        for member in &members {
            let _ = self.ledger.segments.leave(&self.lane, member, None);
        }
        if !members.is_empty() {
            (self.told)(self.of());
        }
        members.len()
    }

    fn beats(&self) {
        let every = self.ledger.around.timing.beat;
        loop {
            let state = self.state();
            let waited = self.news.wait_timeout_while(state, every, |state| !state.closed);
            if waited.unwrap_or_else(PoisonError::into_inner).0.closed {
                return;
            }
            self.beat();
        }
    }

    /// Leaves the lane.
    pub(crate) fn end(&self) {
        self.state().closed = true;
        self.news.notify_all();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
            let around = &self.ledger.around;
            let (now, silence) = (around.clock.moment(), around.timing.joins);
            let silent = self.state().members.silent(&self.own, now, silence);
            for (member, beat) in silent {
                let _ = self.ledger.segments.leave(&self.lane, &member, Some(beat));
            }
            let _ = self.ledger.segments.leave(&self.lane, &self.own, None);
        }
    }

    fn state(&self) -> MutexGuard<'_, ShareState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_counts_up_is_alive_and_who_does_not_is_gone_after_a_while() {
        let stale = Duration::from_secs(45);
        let at = |seconds| Moment::after(Duration::from_secs(seconds));
        let beats =
            |all: &[(&str, u64)]| all.iter().map(|(name, beat)| ((*name).to_owned(), *beat)).collect();
        let mut members = Members::default();
        assert_eq!(members.look("a", &beats(&[("a", 1)]), at(0), stale), (1, vec![]));
        assert_eq!(members.look("a", &beats(&[("a", 2), ("b", 7)]), at(10), stale), (2, vec![]));
        assert_eq!(members.look("a", &beats(&[("a", 3), ("b", 7)]), at(54), stale), (2, vec![]));
        let gone = vec![("b".to_owned(), 7)];
        assert_eq!(members.look("a", &beats(&[("a", 3), ("b", 7)]), at(55), stale), (1, gone));
        assert_eq!(
            members.look("a", &beats(&[("a", 3), ("b", 8)]), at(56), stale),
            (2, vec![]),
            "it was not"
        );
        assert_eq!(
            members.look("a", &beats(&[("a", 3)]), at(200), stale),
            (1, vec![]),
            "one is never gone for oneself"
        );
        assert_eq!(members.look("a", &beats(&[]), at(201), stale).0, 1);
    }

    #[test]
    fn who_was_silent_for_longer_than_anybody_alive_is_taken_out_by_whoever_leaves() {
        let (silence, stale) = (Duration::from_secs(15), Duration::from_secs(45));
        let at = |seconds| Moment::after(Duration::from_secs(seconds));
        let beats = |b: u64, c: u64| {
            [("a", 1), ("b", b), ("c", c)].map(|(name, beat)| (name.to_owned(), beat)).into_iter().collect()
        };
        let mut members = Members::default();
        members.look("a", &beats(7, 1), at(0), stale);
        assert_eq!(members.silent("a", at(14), silence), []);
        members.look("a", &beats(7, 2), at(10), stale);
        assert_eq!(members.silent("a", at(16), silence), [("b".to_owned(), 7)], "c counted up meanwhile");
    }
}
