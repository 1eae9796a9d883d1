//! Who is told that an engine keeps one waiting.

use crate::clock::{Moment, SILENCE};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Who is told of trouble.
pub(crate) type OnTrouble = Arc<dyn Fn(String) + Send + Sync>;

/// Whoever begins to wait so soon after it was told waits for the same.
const STILL: Duration = SILENCE.saturating_add(Duration::from_secs(1));

/// Who is told that a table keeps one waiting. Clones share it: all ledgers of one table wait for the same.
#[derive(Clone, Default)]
pub struct EngineTrouble(Arc<Mutex<Telling>>);

#[derive(Default)]
struct Telling {
    tell: Option<OnTrouble>,
    /// When it was told last.
    last: Option<Moment>,
}

impl EngineTrouble {
    /// Whoever is told from now on.
    pub(crate) fn tells(&self, tell: OnTrouble) {
        self.telling().tell = Some(tell);
    }

    /// Something has been waited for since `begun`, and why: it is told where nothing was for a while. Returns for how long
    /// nothing need be said then.
    pub(crate) fn waits(&self, begun: Moment, now: Moment, why: &str) -> Duration {
        let mut telling = self.telling();
        // No new while begins with each attempt.
        let quiet_since = telling.last.filter(|last| begun.since(*last) <= STILL).unwrap_or(begun);
        let quiet = now.since(quiet_since);
        if quiet < SILENCE {
            return SILENCE.saturating_sub(quiet);
        }
        telling.last = Some(now);
        let tell = telling.tell.clone();
        drop(telling); // whoever is told may take their time
        if let Some(tell) = tell {
            tell(format!("waiting for the table of the shared ledger: {why}"));
        }
        SILENCE
    }

    /// Something else was told that says as much.
    pub(crate) fn told(&self, now: Moment) {
        let mut telling = self.telling();
        telling.last = telling.last.max(Some(now));
    }

    fn telling(&self) -> MutexGuard<'_, Telling> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for EngineTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EngineTrouble")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_every_four_seconds_and_once_by_however_many_wait() {
        let trouble = EngineTrouble::default();
        let told = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&told);
        trouble.tells(Arc::new(move |what| kept.lock().unwrap().push(what)));
        let at = |seconds| Moment::default() + Duration::from_secs(seconds);
        // Two that wait, the second since a second later, each looked at every second.
        for now in 0..=13 {
            trouble.waits(at(0), at(now), "one");
            if now > 0 {
                trouble.clone().waits(at(1), at(now), "other");
            }
        }
        let told = told.lock().unwrap();
        assert_eq!(told.len(), 3, "{told:?}"); // at 4, 8 and 12
        assert!(told.iter().all(|what| what == "waiting for the table of the shared ledger: one"));
        drop(told);
        // Whoever begins to wait later has a while of their own.
        trouble.waits(at(100), at(103), "one");
        trouble.waits(at(100), at(104), "two");
        assert_eq!(kept_of(&trouble), Some(at(104)));
        // But not whoever begins right after it was told: to whoever listens it is one silence.
        assert_eq!(trouble.waits(at(107), at(107), "three"), Duration::from_secs(1));
        trouble.waits(at(107), at(108), "three");
        assert_eq!(kept_of(&trouble), Some(at(108)));
        trouble.told(at(110));
        assert_eq!(trouble.waits(at(110), at(113), "four"), Duration::from_secs(1));
    }

    fn kept_of(trouble: &EngineTrouble) -> Option<Moment> {
        trouble.telling().last
    }
}
