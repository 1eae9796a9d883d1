//! What a finder of damage has found.

use std::ops::Range;

/// One kind of damage in a text.
pub(super) struct Hit {
    /// The first piece that shows it, in bytes.
    pub(super) at: Range<usize>,
    /// The whole text without this kind of damage; `None` where what was there cannot be told.
    pub(super) mended: Option<String>,
}

impl Hit {
    /// A character of the text, by where it begins.
    pub(super) fn of_char(text: &str, at: usize, mended: Option<String>) -> Self {
        let length = text[at..].chars().next().map_or(0, char::len_utf8);
        Self { at: at..at + length, mended }
    }
}
