//! Who the page is: a code that is good once, and the key that it is exchanged for. Nothing of either is on disk, in a log or on a
//! command line, and neither can be printed.

use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use crate::clock::Moment;

/// How long a code is good.
const GOOD_FOR: Duration = Duration::from_secs(60);
/// How many wrong codes are taken a minute.
const WRONG_A_MINUTE: usize = 5;

/// What comes of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exchanged {
    /// It is good: the key is handed over.
    Good,
    /// It was good once, and somebody else has used it: the session is closed, for one of the two is not who was meant.
    UsedTwice,
    /// It is none of ours, or too old.
    Wrong,
    /// Too many wrong ones came.
    TooMany,
}

/// One session: that of this process.
pub(crate) struct Session {
    key: SecretString,
    /// The code that is good now, and since when.
    code: Option<(SecretString, Moment)>,
    /// Codes that were used.
    used: Vec<SecretString>,
    wrong: Vec<Moment>,
    is_closed: bool,
    /// Which tab is at work.
    lease: u64,
    /// Tells this process from another on the same port.
    nonce: String,
}

/// So many random bytes in hexadecimal.
fn drawn(bytes: usize) -> Result<String, getrandom::Error> {
    let mut drawn = vec![0; bytes];
    getrandom::fill(&mut drawn)?;
    Ok(drawn.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Session {
    /// A new key, and no code yet.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub(crate) fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            key: drawn(32)?.into(),
            code: None,
            used: Vec::new(),
            wrong: Vec::new(),
            is_closed: false,
            lease: 0,
            nonce: drawn(8)?,
        })
    }

    /// A code that is good once from now on; the one before is good no more.
    ///
    /// # Errors
    /// Where the system has no randomness to give.
    pub(crate) fn new_code(&mut self, now: Moment) -> Result<SecretString, getrandom::Error> {
        let code: SecretString = drawn(16)?.into();
        self.code = Some((code.clone(), now));
        Ok(code)
    }

    /// Exchanges a code.
    pub(crate) fn exchange(&mut self, code: &str, now: Moment) -> Exchanged {
        self.wrong.retain(|at| now.since(*at) < Duration::from_secs(60));
        if self.wrong.len() >= WRONG_A_MINUTE {
            return Exchanged::TooMany;
        }
        if self.used.iter().any(|used| is_same(used.expose_secret().as_bytes(), code.as_bytes())) {
            self.is_closed = true;
            return Exchanged::UsedTwice;
        }
        let is_it = self.code.as_ref().is_some_and(|(good, since)| {
            is_same(good.expose_secret().as_bytes(), code.as_bytes()) && now.since(*since) <= GOOD_FOR
        });
        match self.code.take_if(|_| is_it) {
            Some((used, _)) if !self.is_closed => {
                self.used.push(used);
                Exchanged::Good
            }
            _ => {
                self.wrong.push(now);
                Exchanged::Wrong
            }
        }
    }

    /// Whether this is our key, in a time that says nothing of it.
    pub(crate) fn is_key(&self, key: &[u8]) -> bool {
        !self.is_closed && is_same(self.key.expose_secret().as_bytes(), key)
    }

    /// The key, for the answer to whoever had the code.
    pub(crate) fn key(&self) -> &SecretString {
        &self.key
    }

    /// The tab that asks is at work from now on.
    pub(crate) fn take_lease(&mut self) -> u64 {
        self.lease += 1;
        self.lease
    }

    /// Which tab is at work.
    pub(crate) fn lease(&self) -> u64 {
        self.lease
    }

    /// What tells this process from another.
    pub(crate) fn nonce(&self) -> &str {
        &self.nonce
    }
}

/// Compares all of both, wherever they differ.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    let differing = one.iter().zip(other).fold(0_u8, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && std::hint::black_box(differing) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Moment {
        Moment::after(Duration::from_secs(seconds))
    }

    fn code(session: &mut Session, now: Moment) -> String {
        session.new_code(now).unwrap().expose_secret().to_owned()
    }

    #[test]
    fn a_code_is_good_once_and_for_a_minute() {
        let mut session = Session::new().unwrap();
        let first = code(&mut session, at(0));
        assert_eq!(session.exchange(&first, at(61)), Exchanged::Wrong);
        let (second, key) = (code(&mut session, at(70)), session.key().expose_secret().to_owned());
        assert_eq!((second.len(), key.len()), (32, 64));
        assert_eq!(session.exchange(&second, at(130)), Exchanged::Good);
        assert!(session.is_key(key.as_bytes()));
        assert!(
            !session.is_key(&key.as_bytes()[..63])
                && !session.is_key(b"")
                && !session.is_key(second.as_bytes())
        );
        assert_eq!(session.exchange(&first, at(131)), Exchanged::Wrong, "one that is no more");
    }

    #[test]
    fn a_code_that_is_used_twice_closes_the_session() {
        let mut session = Session::new().unwrap();
        let good = code(&mut session, at(0));
        let key = session.key().expose_secret().to_owned();
        assert_eq!(session.exchange(&good, at(1)), Exchanged::Good);
        assert_eq!(session.exchange(&good, at(2)), Exchanged::UsedTwice);
        assert!(!session.is_key(key.as_bytes()), "nobody goes on with it");
        let other = code(&mut session, at(3));
        assert_eq!(session.exchange(&other, at(3)), Exchanged::Wrong);
    }

    #[test]
    fn codes_cannot_be_guessed_one_after_the_other() {
        let mut session = Session::new().unwrap();
        let good = code(&mut session, at(0));
        for _ in 0..5 {
            assert_eq!(session.exchange("guess", at(1)), Exchanged::Wrong);
        }
        assert_eq!(session.exchange(&good, at(2)), Exchanged::TooMany);
        let good = code(&mut session, at(62));
        assert_eq!(session.exchange(&good, at(62)), Exchanged::Good);
    }

    #[test]
    fn nothing_of_it_can_be_printed() {
        let session = Session::new().unwrap();
        let key = session.key().expose_secret().to_owned();
        assert!(!format!("{:?}", session.key()).contains(&key));
    }
}
