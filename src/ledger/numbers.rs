//! What a ledger counts by: places of rows, and attempts.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Deserializer, Serialize};

/// A row's place in a ledger's [`State`](super::State): the order in which its name came first. It never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u32);

impl Place {
    pub(super) const fn of(number: u32) -> Self {
        Self(number)
    }

    /// Counted from 0.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }

    /// The same, for whoever keeps something by place.
    pub(crate) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An attempt's number, from 1 over the whole ledger: the second half of the provenance tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Attempt(NonZeroU32);

impl Attempt {
    /// The attempt of this number; there is none of number 0.
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Self)
    }

    /// The one after the newest; the first where there is none yet.
    pub fn after(newest: Option<Self>) -> Self {
        newest.map_or(Self(NonZeroU32::MIN), |Self(newest)| Self(newest.saturating_add(1)))
    }

    /// Its number.
    pub const fn number(self) -> u32 {
        self.0.get()
    }

    /// Whether one can come after it.
    pub(super) fn has_next(self) -> bool {
        self.0 < NonZeroU32::MAX
    }

    /// Reads the member of a line; 0 is none.
    pub(super) fn in_line<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        Ok(Option::<u32>::deserialize(d)?.and_then(Self::new))
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_are_counted_from_one_and_the_last_one_stays_the_last() {
        assert_eq!(Attempt::new(0), None);
        assert_eq!(Attempt::after(None).number(), 1);
        assert_eq!(Attempt::after(Attempt::new(7)).number(), 8);
        let last = Attempt::new(u32::MAX);
        assert_eq!(Some(Attempt::after(last)), last);
        assert!(None < Attempt::new(1) && Attempt::new(1) < Attempt::new(2));
        assert_eq!(size_of::<Option<Attempt>>(), 4, "each of a million rows has one");
    }
}
