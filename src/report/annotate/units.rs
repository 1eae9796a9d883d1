//! How the characters of a CSV are stored, as far as it matters to whoever copies it.

/// How characters are stored, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Units {
    /// A byte where it is one of ASCII; `utf8` where the others are known too.
    Bytes { utf8: bool },
    /// Two bytes, the larger half first or last.
    Two { big: bool },
}

impl Units {
    /// Text in these. Where it is not known how a character is stored, or storing it could make the file look as if it were
    /// in another encoding, its number stands for it.
    pub(super) fn stored(self, text: &str) -> Vec<u8> {
        match self {
            Self::Bytes { utf8: true } => text.as_bytes().to_vec(),
            Self::Bytes { utf8: false } => {
                let plain =
                    |c: char| if c.is_ascii() { c.to_string() } else { c.escape_unicode().to_string() };
                text.chars().map(plain).collect::<String>().into_bytes()
            }
            Self::Two { big } => {
                let bytes = |unit: u16| if big { unit.to_be_bytes() } else { unit.to_le_bytes() };
                text.encode_utf16().flat_map(bytes).collect()
            }
        }
    }

    pub(super) fn width(self) -> usize {
        match self {
            Self::Bytes { .. } => 1,
            Self::Two { .. } => 2,
        }
    }

    /// A unit as a character of ASCII, where it is one.
    pub(super) fn ascii(self, unit: &[u8]) -> Option<u8> {
        match (self, unit) {
            (Self::Bytes { .. }, [byte]) if byte.is_ascii() => Some(*byte),
            (Self::Two { big: true }, [0, byte]) | (Self::Two { big: false }, [byte, 0]) => Some(*byte),
            _ => None,
        }
    }
}
