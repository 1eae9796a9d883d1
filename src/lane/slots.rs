//! How many requests may be under way. The pace sets the speed; these only follow it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most requests under way where no number is given: half of the files that a process may have open by default.
const MOST_IN_FLIGHT: usize = 512;

/// A row's intent is synced while the row waits for a slot, so that no request is missing from the wire for want of a
/// sync. So much of the pace may be ahead of its requests, and no more: at a rate that people have, none.
const AHEAD: Duration = Duration::from_millis(5);

/// Places for rows that are about to be sent, and slots for requests that are under way.
pub struct Slots {
    /// As many as there are slots, and a few ahead of them: see [`AHEAD`].
    places: Arc<Semaphore>,
    /// A slot is a request under way.
    slots: Arc<Semaphore>,
    /// How many slots there are now.
    in_flight: AtomicUsize,
    /// How many places there are now.
    placed: AtomicUsize,
    /// The number was given, and stays.
    is_fixed: bool,
}

/// A row's leave to be about to be sent, and the slot of its request once that may leave.
pub(crate) struct SlotPlace {
    _among: OwnedSemaphorePermit,
    /// The request's own.
    pub(crate) slot: Option<OwnedSemaphorePermit>,
}

impl Slots {
    /// For a rate in calls a second and a burst; `concurrency` fixes how many requests may be under way, else their number
    /// follows rate × latency.
    pub fn new(rate: f64, burst: u32, concurrency: Option<usize>) -> Self {
        let in_flight = concurrency.unwrap_or_else(|| (burst as usize).clamp(2, 64)).max(1);
        let placed = in_flight + ahead(rate, in_flight);
        Self {
            places: Arc::new(Semaphore::new(placed)),
            slots: Arc::new(Semaphore::new(in_flight)),
            in_flight: AtomicUsize::new(in_flight),
            placed: AtomicUsize::new(placed),
            is_fixed: concurrency.is_some(),
        }
    }

    /// Waits for a place.
    pub(crate) async fn place(&self) -> Option<SlotPlace> {
        let among = self.places.clone().acquire_owned().await.ok()?;
        Some(SlotPlace { _among: among, slot: None })
    }

    /// A slot, where one is free now.
    pub(crate) fn slot_now(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().try_acquire_owned().ok()
    }

    /// Waits for a slot.
    pub(crate) async fn slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().acquire_owned().await.ok()
    }

    /// Lets more requests be under way where rate × latency asks for it.
    ///
    /// Twice the product, for latency varies: with fewer the pace would be missed whenever an answer is late. Never fewer
    /// than before, for a slow moment says nothing of the next.
    pub(crate) fn widen(&self, rate: f64, latency: Duration) {
        if self.is_fixed {
            return;
        }
        let wanted = (rate * latency.as_secs_f64() * 2.0).ceil() as usize + 1;
        let wanted = wanted.min(MOST_IN_FLIGHT);
        // Whoever raises the number adds the difference, so that two who widen at once add no more than one would.
        let have = self.in_flight.fetch_max(wanted, Ordering::Relaxed);
        self.slots.add_permits(wanted.saturating_sub(have));
        let wanted = wanted + ahead(rate, wanted);
        let have = self.placed.fetch_max(wanted, Ordering::Relaxed);
        self.places.add_permits(wanted.saturating_sub(have));
    }
}

/// How many rows may be ahead of the requests under way at this rate.
fn ahead(rate: f64, in_flight: usize) -> usize {
    ((rate * AHEAD.as_secs_f64()) as usize).min(in_flight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn their_number_follows_rate_and_latency_unless_it_was_given() {
        let free = |slots: &Slots| (slots.slots.available_permits(), slots.places.available_permits());
        let slots = Slots::new(2.0, 5, None);
        assert_eq!(free(&slots), (5, 5), "at a rate that people have nothing is ahead");
        slots.widen(2.0, Duration::from_millis(50));
        assert_eq!(free(&slots), (5, 5));
        slots.widen(1000.0, Duration::from_millis(50));
        assert_eq!(free(&slots), (101, 106));
        slots.widen(1000.0, Duration::from_millis(1));
        assert_eq!(free(&slots), (101, 106), "never fewer again");
        slots.widen(10_000.0, Duration::from_secs(1));
        assert_eq!(free(&slots), (MOST_IN_FLIGHT, MOST_IN_FLIGHT + 50));
        let fixed = Slots::new(1000.0, 2500, Some(3));
        fixed.widen(1000.0, Duration::from_secs(1));
        assert_eq!(free(&fixed), (3, 6));
    }
}
