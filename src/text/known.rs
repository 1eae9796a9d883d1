//! Texts that were looked at before, and of which there is nothing to say: of most columns a roster has few different cells,
//! however many rows it has.

/// Some texts. Of each place of its table only the newest: what is forgotten is looked at again, and nothing else.
#[derive(Clone, Default)]
pub(crate) struct KnownTexts {
    /// [`KnownTexts::PLACES`], made when the first is kept.
    places: Box<[Known]>,
}

/// One text, in one line of the processor's cache.
#[derive(Clone, Copy)]
struct Known {
    key: Key,
    text: [u8; KnownTexts::LONGEST],
}

/// What a text begins and ends with, eight bytes of each, and its length: all there is of one of up to sixteen bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    first: u64,
    last: u64,
    length: u8,
}

impl KnownTexts {
    /// How many are kept at most: a company has hundreds of cost centres, and of surnames more.
    const PLACES: usize = 1 << Key::BITS;
    /// The longest that is, in bytes.
    const LONGEST: usize = 40;

    /// Whether this text was kept. An empty one never is.
    pub(crate) fn knows(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        let key = Key::of(bytes);
        let Some(known) = self.places.get(key.place()) else { return false };
        known.key == key
            && (bytes.len() <= 16 || known.text.get(..bytes.len()).is_some_and(|there| there == bytes))
            && !bytes.is_empty()
    }

    /// Keeps a text.
    pub(crate) fn keep(&mut self, text: &str) {
        let bytes = text.as_bytes();
        if bytes.is_empty() || bytes.len() > Self::LONGEST {
            return;
        }
        if self.places.is_empty() {
            let free = Known { key: Key { first: 0, last: 0, length: 0 }, text: [0; Self::LONGEST] };
            self.places = vec![free; Self::PLACES].into();
        }
        let key = Key::of(bytes);
        let known = &mut self.places[key.place()];
        known.key = key;
        known.text[..bytes.len()].copy_from_slice(bytes);
    }
}

impl Key {
    /// How many bits of a key's hash say where it is.
    const BITS: u32 = 10;

    fn of(bytes: &[u8]) -> Self {
        let length = u8::try_from(bytes.len()).unwrap_or(u8::MAX);
        let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
            _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                (Some(first), Some(last)) => {
                    (u64::from(u32::from_le_bytes(*first)), u64::from(u32::from_le_bytes(*last)))
                }
                _ => (bytes.iter().fold(0, |all, &byte| all << 8 | u64::from(byte)), 0),
            },
        };
        Self { first, last, length }
    }

    /// Where a text of this key is kept.
    fn place(self) -> usize {
        const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
        let mixed = (self.first ^ self.last.rotate_left(29) ^ u64::from(self.length)).wrapping_mul(MIX);
        (mixed >> (u64::BITS - Self::BITS)) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TEXT: &str = "[a-c|é]{0,3}|[ab]{3,9}|a{15,17}[ab]a{0,9}|[ab]{38,42}|a{255,257}";

    proptest! {
        #[test]
        fn what_is_known_was_kept_and_is_the_same_to_the_byte(
            kept in prop::collection::vec(TEXT, 0..60),
            asked in prop::collection::vec(TEXT, 60),
        ) {
            let mut known = KnownTexts::default();
            for text in &kept {
                known.keep(text);
                prop_assert_eq!(known.knows(text), (1..=KnownTexts::LONGEST).contains(&text.len()));
            }
            for text in &asked {
                prop_assert!(!known.knows(text) || kept.contains(text), "{:?}", text);
            }
        }
    }
}
