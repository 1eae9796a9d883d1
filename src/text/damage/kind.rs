//! The kinds of damage.

/// What happened to a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It is a spreadsheet's error, or its word while it loads: `#N/A`, `Loading...`. There is no value.
    ErrorWord,
    /// It is a word for nothing: `NULL`, `nan`, `-`.
    Placeholder,
    /// It has U+FFFD, which stands where a program could not read a letter.
    Lost,
    /// It has a `?` or an empty box where a program could not write a letter.
    Asked,
    /// The same, but between two letters alone.
    AskedWithin,
    /// It has HTML entities: `&#039;`.
    Entity,
    /// It has letters in code: `%C3%BC`, `=C3=BC`, `\u00fc`.
    Coded,
    /// It has backslashes, which escape quotes in other formats.
    Backslash,
    /// It was read in another encoding than it was written in: `Ã¼`, and the control characters of C1.
    Misread,
    /// It has signs or capitals in the midst of words, or accented letters alone, as misread names do.
    Jumbled,
    /// It has characters that nobody sees; the joiners that some scripts need are none of them.
    Unseen,
    /// It has control characters of ASCII, line breaks among them.
    Control,
    /// It has spaces that are not the plain one.
    OddSpace,
    /// It has letters or digits of full width, or styled ones.
    Wide,
    /// It has the digits of another script.
    OtherDigits,
    /// It has quotation marks.
    Quoted,
}

/// Some of the kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kinds(u16);

impl Kinds {
    pub(crate) const NONE: Self = Self(0);

    /// All that a character beyond ASCII can be a part of by itself.
    pub(super) const BEYOND_ASCII: Self = Self::of(&[
        Kind::Misread,
        Kind::Jumbled,
        Kind::Lost,
        Kind::Asked,
        Kind::AskedWithin,
        Kind::Unseen,
        Kind::OddSpace,
        Kind::Wide,
        Kind::OtherDigits,
        Kind::Quoted,
    ]);

    pub(crate) const fn of(kinds: &[Kind]) -> Self {
        let (mut all, mut at) = (0, 0);
        while at < kinds.len() {
            all |= 1 << kinds[at] as u16;
            at += 1;
        }
        Self(all)
    }

    /// These and those.
    pub(crate) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those of these that are among the others.
    pub(super) const fn among(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    pub(super) const fn is_none(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn has(self, kind: Kind) -> bool {
        self.0 & (1 << kind as u16) != 0
    }
}
