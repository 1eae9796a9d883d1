//! A password to the policy, from random bytes. Pure: the bytes are passed in.

use secrecy::zeroize::Zeroizing;

use crate::agent::Password;

/// How many characters a password has: 91 bits of chance, where the policy asks for 8 to 64 characters.
pub(crate) const LENGTH: usize = 16;

/// What passwords are made of: letters and digits that cannot be taken for one another when they are read aloud, copied
/// by hand or shown in a poor font. Of `0Oo`, `1Iil`, `2Z`, `5S` and `8B` at most one is in it.
const ALPHABET: &[u8; 52] = b"abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXY23456789";

/// Makes a password: [`LENGTH`] characters, the first a letter, with a lower-case letter, an upper-case letter and a digit
/// among them. `random` gives uniform bytes. Every password of that form is equally likely: bytes that would favour a
/// character are thrown away, and so is a password that is not of the form.
///
/// # Errors
/// Those of `random`.
pub(crate) fn generate<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Password, E> {
    // As many bytes as are a whole multiple of the alphabet.
    const FAIR: u8 = (256 / ALPHABET.len() * ALPHABET.len()) as u8;
    let mut bytes = Zeroizing::new([0_u8; 2 * LENGTH]);
    let mut made = Zeroizing::new(String::with_capacity(LENGTH));
    loop {
        random(&mut bytes[..])?;
        for &byte in bytes.iter().filter(|byte| **byte < FAIR) {
            if made.len() < LENGTH {
                made.push(char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]));
            }
        }
        if made.len() == LENGTH {
            if has_the_form(made.as_bytes()) {
                return Ok(Password::new(made.as_str()));
            }
            made.clear();
        }
    }
}

fn has_the_form(password: &[u8]) -> bool {
    let has = |class: fn(&u8) -> bool| password.iter().any(class);
    // A letter first: no spreadsheet takes it for a number or a formula.
    password[0].is_ascii_alphabetic()
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, HashSet};
    use std::convert::Infallible;

    use super::*;

    /// Bytes of a small generator, the same in every run.
    fn bytes() -> impl FnMut(&mut [u8]) -> Result<(), Infallible> {
        let mut state = 0x9E37_79B9_7F4A_7C15_u64;
        move |out| {
            for byte in out {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                *byte = (state >> 32) as u8;
            }
            Ok(())
        }
    }

    #[test]
    fn every_password_keeps_the_policy_and_none_comes_twice() {
        let mut random = bytes();
        let mut seen = HashSet::new();
        for _ in 0..20_000 {
            let Ok(password) = generate(&mut random);
            let text = password.expose();
            assert_eq!(text.len(), LENGTH);
            assert!(text.starts_with(|c: char| c.is_ascii_alphabetic()), "{text}");
            assert!(text.chars().any(|c| c.is_ascii_lowercase()), "{text}");
            assert!(text.chars().any(|c| c.is_ascii_uppercase()), "{text}");
            assert!(text.chars().any(|c| c.is_ascii_digit()), "{text}");
            assert!(
                !text.contains(|c: char| "0Oo1IilZSB".contains(c) || !c.is_ascii_alphanumeric()),
                "{text}"
            );
            assert!(seen.insert(text.to_owned()), "{text}");
        }
    }

    #[test]
    fn every_character_is_as_likely_as_any_other() {
        let mut random = bytes();
        let mut seen: BTreeMap<char, u32> = BTreeMap::new();
        for _ in 0..20_000 {
            let Ok(password) = generate(&mut random);
            // The last place: which characters stand there, the form hardly constrains.
            if let Some(last) = password.expose().chars().last() {
                *seen.entry(last).or_default() += 1;
            }
        }
        assert_eq!(seen.len(), ALPHABET.len());
        // 385 of each are due; digits come a little more often, for a password without one is thrown away.
        assert!(seen.values().all(|n| (285..=485).contains(n)), "{seen:?}");
    }

    #[test]
    fn bytes_that_favour_a_character_are_thrown_away() {
        let mut given = vec![[255_u8; 2 * LENGTH], [208; 2 * LENGTH]];
        let mut more = bytes();
        let mut random = |out: &mut [u8]| match given.pop() {
            Some(unfair) => {
                out.copy_from_slice(&unfair);
                Ok(())
            }
            None => more(out),
        };
        let Ok(password) = generate(&mut random);
        let Ok(without) = generate(bytes());
        assert_eq!(password.expose(), without.expose());
    }

    #[test]
    fn no_randomness_is_an_error_and_no_password() {
        assert_eq!(generate(|_| Err("none")).err(), Some("none"));
    }
}
