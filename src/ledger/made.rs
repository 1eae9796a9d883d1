//! Entries for tests.

use super::{Attempt, Entry, Intended, Nonce, Place};
use crate::agent::Fingerprint;

/// As most requests are meant.
pub(crate) const TAGGED: Intended = Intended { tagged: true, generated: false };

pub(crate) fn place(number: u32) -> Place {
    Place::of(number)
}

pub(crate) fn attempt(number: u32) -> Attempt {
    Attempt::new(number).expect("attempts are counted from 1")
}

/// 0 is none.
pub(crate) fn fingerprint(bits: u64) -> Option<Fingerprint> {
    (bits != 0).then(|| Fingerprint::of(bits))
}

pub(crate) fn row(user: &str, row: u32, bits: u64) -> Entry<'_> {
    Entry::row(user, row.into(), fingerprint(bits))
}

pub(crate) fn intent(user: &str, number: u32) -> Entry<'_> {
    Entry::intent(user, attempt(number), Some(Nonce::of(u64::from(number))), "t".into())
}
