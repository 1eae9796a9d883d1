//! Whether whoever has a ledger is alive: told by what changes, and by this machine's own clock. Pure.
//!
//! "The lock client never stores absolute times", and so does nobody here: a lease that has not changed for a while by the
//! watcher's own clock, which counts the machine's sleep, is dead (the rule of amazon-dynamodb-lock-client). Being wrong
//! costs an owner that is alive its ledger, and nobody a row: the position in the log is what keeps two apart.

use std::time::Duration;

use super::segments::Lease;
use crate::clock::Moment;

/// How long things take: real durations, or in tests a part of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between two beats.
    pub beat: Duration,
    /// Who has not been seen to change for so long is dead.
    pub stale: Duration,
    /// Before a request leaves, the last append or beat is not older than this.
    pub fresh: Duration,
    /// Between two looks of whoever watches.
    pub poll: Duration,
    /// How long an owner has to react where it is asked to hand over.
    pub reaction: Duration,
    /// How long somebody new waits before it sends with others.
    pub joins: Duration,
    /// How long an engine may be away before a run stops.
    pub patience: Duration,
}

impl Timing {
    /// As it is.
    pub const USUAL: Self = Self {
        beat: Duration::from_secs(10),
        stale: Duration::from_secs(45),
        fresh: Duration::from_secs(20),
        poll: Duration::from_secs(2),
        reaction: Duration::from_secs(60),
        joins: Duration::from_secs(15),
        patience: Duration::from_secs(900),
    };

    /// Everything so many times as fast.
    #[must_use]
    pub fn faster(self, times: u32) -> Self {
        let Self { beat, stale, fresh, poll, reaction, joins, patience } = self;
        let times = times.max(1);
        Self {
            beat: beat / times,
            stale: stale / times,
            fresh: fresh / times,
            poll: poll / times,
            reaction: reaction / times,
            joins: joins / times,
            patience,
        }
    }
}

/// What is done where somebody has the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Takes {
    /// It is left, once whoever has it is seen to be alive; and taken where that one is dead.
    #[default]
    WhereDead,
    /// It is waited for, until whoever has it ends or dies.
    Waits,
    /// Whoever has it is asked to hand over.
    Asks,
    /// It is taken, whoever has it.
    Now,
}

/// What is seen of a ledger that somebody may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The lease; `None` where nobody ever had it.
    pub lease: Option<Lease>,
    /// The number of the last segment.
    pub tip: u64,
}

impl Seen {
    /// What changes while somebody is alive.
    pub(super) fn signs(&self) -> (u64, u64, u64) {
        let (epoch, beat) = self.lease.as_ref().map_or((0, 0), |lease| (lease.epoch, lease.beat));
        (epoch, beat, self.tip)
    }

    /// Whether somebody has the ledger, alive or not: it was taken, and not let go of.
    pub fn is_held(&self) -> bool {
        // Segments without a lease are those of somebody who has just taken it, or ended before that was said.
        self.lease.as_ref().map_or(self.tip > 0, |lease| !lease.free)
    }
}

/// What a watcher knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Life {
    /// Nobody has it.
    Free,
    /// Whoever has it has not been seen to change, and may be dead; not yet for long enough.
    Unknown,
    /// Whoever has it has been seen to change.
    Alive,
    /// Whoever has it has not changed for so long that it is dead.
    Dead,
}

/// Watches one ledger.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    last: Option<((u64, u64, u64), Moment)>,
    changed: bool,
}

impl Watch {
    /// Takes a look into account.
    pub fn look(&mut self, seen: &Seen, now: Moment, stale: Duration) -> Life {
        if !seen.is_held() {
            return Life::Free;
        }
        let signs = seen.signs();
        match self.last {
            Some((before, since)) if before == signs => {
                if now.since(since) >= stale {
                    Life::Dead
                } else if self.changed {
                    Life::Alive
                } else {
                    Life::Unknown
                }
            }
            Some(_) => {
                (self.last, self.changed) = (Some((signs, now)), true);
                Life::Alive
            }
            None => {
                self.last = Some((signs, now));
                Life::Unknown
            }
        }
    }

    /// For how long nothing has changed.
    pub fn still_for(&self, now: Moment) -> Duration {
        self.last.map_or(Duration::ZERO, |(_, since)| now.since(since))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALE: Duration = Timing::USUAL.stale;

    fn seen(epoch: u64, beat: u64, tip: u64) -> Seen {
        let lease = Lease { epoch, beat, ..Lease::default() };
        Seen { lease: Some(lease).filter(|_| epoch > 0), tip }
    }

    fn at(seconds: u64) -> Moment {
        Moment::after(Duration::from_secs(seconds))
    }

    #[test]
    fn who_changes_is_alive_and_who_does_not_is_dead_after_a_while() {
        let mut watch = Watch::default();
        assert_eq!(watch.look(&seen(1, 4, 9), at(0), STALE), Life::Unknown);
        assert_eq!(watch.look(&seen(1, 4, 9), at(44), STALE), Life::Unknown);
        assert_eq!(watch.look(&seen(1, 4, 9), at(45), STALE), Life::Dead);
        for other in [seen(2, 4, 9), seen(1, 5, 9), seen(1, 4, 10)] {
            let mut watch = watch.clone();
            assert_eq!(watch.look(&other, at(46), STALE), Life::Alive, "a beat, an append, another owner");
            assert_eq!(watch.look(&other, at(60), STALE), Life::Alive);
            assert_eq!(watch.look(&other, at(91), STALE), Life::Dead, "and dead once it stops");
        }
    }

    #[test]
    fn what_nobody_has_is_free_and_what_was_begun_without_a_lease_is_not() {
        let free = Lease { epoch: 3, free: true, ..Lease::default() };
        assert_eq!(Watch::default().look(&Seen { lease: Some(free), tip: 9 }, at(0), STALE), Life::Free);
        assert_eq!(Watch::default().look(&seen(0, 0, 0), at(0), STALE), Life::Free);
        let mut watch = Watch::default();
        assert_eq!(
            watch.look(&seen(0, 0, 1), at(0), STALE),
            Life::Unknown,
            "its first segment stands, its lease not yet"
        );
        assert_eq!(watch.look(&seen(0, 0, 1), at(45), STALE), Life::Dead);
    }

    #[test]
    fn a_watcher_that_slept_judges_by_all_the_time() {
        let mut watch = Watch::default();
        watch.look(&seen(1, 4, 9), at(0), STALE);
        assert_eq!(watch.look(&seen(1, 5, 9), at(30_000), STALE), Life::Alive, "it was alive all the while");
    }
}
