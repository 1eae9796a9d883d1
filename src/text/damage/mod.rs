//! Text that was damaged before it came: read in another encoding than it was written in, escaped for another format, with
//! letters lost, or with characters that nobody sees.
//!
//! One classifier for every cell: [`look`] says which kinds of damage a text has, where, and what it was before, as far as
//! that is certain. It decides nothing: which kinds are looked for in which field, and what is said of each, is its caller's.

mod address;
mod escaped;
mod glance;
mod hit;
mod kind;
mod misread;
mod signs;
mod word;

use std::borrow::Cow;

use hit::Hit;

pub(crate) use address::inside as addresses_inside;
pub(crate) use kind::{Kind, Kinds};
pub(crate) use misread::{dos_page, strangeness};
pub(crate) use signs::{is_autocorrected, is_untypable, unseen};
pub(crate) use word::{
    begins_one as begins_word, has_list as may_have_words, has_one as has_word, is_one as is_word,
};

/// How a kind is found. What is found first is mended first: an entity may stand for a letter that was misread before.
type Finder = fn(&str) -> Option<Hit>;

/// All kinds, in the order in which they are looked for.
const TABLE: [(Kind, Finder); 16] = [
    (Kind::ErrorWord, word::error),
    (Kind::Placeholder, word::placeholder),
    (Kind::Coded, escaped::coded),
    (Kind::Entity, escaped::entity),
    (Kind::Backslash, escaped::backslash),
    (Kind::Misread, misread::misread),
    (Kind::Jumbled, misread::jumbled),
    (Kind::Lost, signs::lost),
    (Kind::Asked, signs::asked),
    (Kind::AskedWithin, signs::asked_within),
    (Kind::Unseen, signs::hidden),
    (Kind::Control, signs::control),
    (Kind::OddSpace, signs::odd_space),
    (Kind::Wide, signs::wide),
    (Kind::OtherDigits, signs::other_digits),
    (Kind::Quoted, signs::quoted),
];

/// One piece of damage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damage {
    pub(crate) kind: Kind,
    /// The first piece of the text that shows it.
    pub(crate) piece: String,
    /// Which character of the text the piece begins with, counted from 1; `None` where only mending other damage shows it.
    pub(crate) at: Option<usize>,
}

/// All that is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Damaged {
    /// In the order of the table, each kind once.
    pub(crate) damages: Vec<Damage>,
    /// The text with all of it mended; `None` where what was there cannot be told.
    pub(crate) mended: Option<String>,
}

/// Looks for these kinds of damage in a text; `None` where there is none.
pub(crate) fn look(text: &str, kinds: Kinds) -> Option<Damaged> {
    let mut possible = glance::glance(text).among(kinds);
    if possible == Kinds::NONE {
        return None;
    }
    let (mut damages, mut now, mut is_certain) = (Vec::new(), Cow::Borrowed(text), true);
    for (kind, find) in TABLE {
        if !possible.has(kind) {
            continue;
        }
        let Some(hit) = find(&now) else { continue };
        // A quotation mark that a backslash has escaped is a part of that damage.
        if kind == Kind::Quoted && damages.iter().any(|damage: &Damage| damage.kind == Kind::Backslash) {
            continue;
        }
        let piece = now.get(hit.at.clone()).unwrap_or_default().to_owned();
        let at = text.get(hit.at.start..).filter(|rest| rest.starts_with(&piece));
        let at = at.map(|_| text[..hit.at.start].chars().count() + 1);
        damages.push(Damage { kind, piece, at });
        match hit.mended {
            // What was behind the damage may have some of its own.
            Some(mended) => {
                possible = glance::glance(&mended).among(kinds);
                now = Cow::Owned(mended);
            }
            None => is_certain = false,
        }
    }
    let mended = is_certain.then(|| now.trim().to_owned());
    (!damages.is_empty()).then_some(Damaged { damages, mended })
}

/// Whether a text may be damaged by its characters; a look at its bytes, for nearly none is. The words are another matter:
/// [`has_word`].
pub(crate) fn is_suspect(text: &str) -> bool {
    // No early end, and as few comparisons as there can be, so that many bytes are looked at at once: `"#`, and `=?`, differ by
    // a bit each.
    let (mut has_signs, mut all) = (false, 0);
    for byte in text.bytes() {
        has_signs |=
            (byte | 1 == b'#') | (byte | 2 == b'?') | (byte == b'%') | (byte == b'&') | (byte == b'\\');
        has_signs |= (byte < b' ') | (byte == 0x7F);
        all |= byte;
    }
    has_signs || (all >= 0x80 && glance::has_more_than_letters(text))
}
