//! What is known of a row beside its cells: its number, and a fingerprint that tells whether it has changed.

use std::fmt;
use std::num::NonZeroU64;

use serde::{Deserialize, Serialize};

/// A row's number as the spreadsheet shows it, counted from 1, the header included; 0 for one that was never planned.
///
/// The numbers past 4,294,967,295 are one: a ledger keeps them in four bytes, and no roster comes near.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RowNumber(u32);

impl RowNumber {
    /// Of the number that a reader counted.
    pub fn of(number: u64) -> Self {
        Self(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// The number itself.
    pub(crate) const fn number(self) -> u32 {
        self.0
    }
}

impl From<u32> for RowNumber {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for RowNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Says with 64 bits what a row asks for. Never zero: sixteen zeros in a ledger say that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(NonZeroU64);

impl Fingerprint {
    /// Of these bits of a digest; no bits at all are taken for 1, so that every row has a fingerprint.
    pub fn of(bits: u64) -> Self {
        Self(NonZeroU64::new(bits).unwrap_or(NonZeroU64::MIN))
    }

    /// Its bits, as a ledger prints them.
    pub const fn bits(self) -> u64 {
        self.0.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_digest_has_a_fingerprint_and_none_is_zero() {
        assert_eq!(Fingerprint::of(0).bits(), 1);
        assert_eq!(Fingerprint::of(0), Fingerprint::of(0), "the same each time");
        assert_eq!(Fingerprint::of(u64::MAX).bits(), u64::MAX);
        assert_eq!(size_of::<Option<Fingerprint>>(), 8, "a million rows have two of them each");
    }

    #[test]
    fn a_number_that_a_ledger_cannot_hold_is_the_last_one() {
        assert_eq!(RowNumber::of(7).number(), 7);
        assert_eq!(RowNumber::of(u64::MAX), RowNumber::from(u32::MAX));
    }
}
