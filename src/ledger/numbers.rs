//! What a ledger counts by: places of rows, and attempts; and what tells its attempts from those of its copies.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

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

/// 64 random bits of one attempt. A copy of a ledger counts on from the same number, so that a number alone proves nothing:
/// the bits are what nobody else has drawn.
///
/// Written as sixteen lowercase hexadecimal digits, in the intent, in the provenance tag and beside a made password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Nonce(NonZeroU64);

impl Nonce {
    /// Of these bits; no bits at all are taken for 1.
    pub const fn of(bits: u64) -> Self {
        match NonZeroU64::new(bits) {
            Some(bits) => Self(bits),
            None => Self(NonZeroU64::MIN),
        }
    }

    /// Reads its sixteen digits, as they are written and in no other way.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let is_written_so = text.len() == 16 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let digits = || text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let bits = || u64::from_str_radix(text, 16).ok().and_then(NonZeroU64::new);
        (is_written_so && digits()).then(bits).flatten().map(Self)
    }

    /// Reads the member of a line. One that is there and is not a nonce is damage, never none: none would ask for less
    /// proof.
    pub(crate) fn in_line<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(d)?;
        Self::read(&text).map(Some).ok_or_else(|| de::Error::custom("not a nonce"))
    }
}

impl fmt::Display for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Serialize for Nonce {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

/// Where nonces come from. Each that is drawn must be nobody's else: in the program from the operating system, also in a
/// rehearsal, for two copies of a ledger are run with the same seed.
///
/// # Errors
/// Where there is no randomness to be had: then nothing may be sent.
pub type Nonces = Arc<dyn Fn() -> Result<Nonce, String> + Send + Sync>;

/// Nonces of the operating system.
pub fn drawn() -> Nonces {
    Arc::new(|| {
        getrandom::u64().map(Nonce::of).map_err(|error| format!("no random numbers can be had: {error}"))
    })
}

/// Nonces that are counted from 1: two ledgers with these are not to be told apart.
pub fn counted() -> Nonces {
    let last = std::sync::atomic::AtomicU64::new(0);
    Arc::new(move || Ok(Nonce::of(last.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1)))
}

/// CreateUser calls; in an update's ledger, those that change users.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calls {
    /// Requests that left.
    pub sent: u64,
    /// Those of them that were told to slow down.
    pub throttled: u64,
}

/// Of several ledgers together.
impl std::ops::AddAssign for Calls {
    fn add_assign(&mut self, other: Self) {
        let Self { sent, throttled } = other;
        self.sent += sent;
        self.throttled += throttled;
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
