//! Single characters: those that nobody sees or can type, and those that stand for a lost letter.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization as _;

use super::hit::Hit;

/// Whether nobody sees the character, and no script needs it between its letters: Unicode's default ignorables and format
/// characters, without the joiners, the variation selectors (which pick the form of a letter: Japanese names have them) and
/// the visible signs among the format characters; characters for private use and none at all, which show as a box if at all.
pub(crate) fn unseen(c: char) -> bool {
    match c {
        // Most letters of most rosters, without a look into a table.
        '\u{20}'..='\u{7E}' | '\u{A0}'..='\u{AC}' | '\u{AE}'..='\u{34E}' | '\u{3041}'..='\u{3163}' => false,
        '\u{3400}'..='\u{D7A3}' => false,
        // Dashes, quotes, dots and the like, between the marks of direction.
        '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205E}' => false,
        '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}' => false,
        // Mongolian picks the forms of its letters so.
        '\u{180B}'..='\u{180F}' => false,
        // Control characters are damage of another kind, or a line break.
        _ if c.is_control() => false,
        '\u{FFF9}'..='\u{FFFB}' => true,
        _ if matches!(u32::from(c) & 0xFFFF, 0xFFFE | 0xFFFF) => true,
        _ => {
            CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
                || category(c) == GeneralCategory::PrivateUse
        }
    }
}

/// Whether the character cannot be typed off a sheet of paper: it is not seen, or stands for one that was lost. For a
/// password the joiners are no better.
pub(crate) fn is_untypable(c: char) -> bool {
    !c.is_whitespace()
        && (c.is_control()
            || unseen(c)
            || matches!(c, '\u{FFFD}' | '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}'))
}

/// Whether autocorrection makes the character of one that is typed: quotes, dashes, an arrow, a fraction. (The ellipsis is a
/// finding of its own.)
pub(crate) fn is_autocorrected(c: char) -> bool {
    matches!(c, '\u{2018}'..='\u{201F}' | '\u{2032}' | '\u{2033}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '«' | '»')
        || matches!(c, '½' | '¼' | '¾' | '→' | '←' | '⇒' | '↔' | '™' | '®' | '©' | '\u{FB00}'..='\u{FB06}')
        || is_wide(c)
}

fn category(c: char) -> GeneralCategory {
    CodePointMapData::<GeneralCategory>::new().get(c)
}

/// The text with each character that `is_it` replaced, `None` where there is none.
fn replaced(text: &str, is_it: impl Fn(char) -> bool, by: impl Fn(char) -> Option<char>) -> Option<Hit> {
    let at = text.find(&is_it)?;
    let mended = text.chars().filter_map(|c| if is_it(c) { by(c) } else { Some(c) }).collect();
    Some(Hit::of_char(text, at, Some(mended)))
}

/// U+FFFD.
pub(super) fn lost(text: &str) -> Option<Hit> {
    text.find('\u{FFFD}').map(|at| Hit::of_char(text, at, None))
}

/// A question mark beside a letter, or the empty box that some programs write in its place.
pub(super) fn asked(text: &str) -> Option<Hit> {
    asked_where(text, |before, after| before || after)
}

/// The same between two letters alone, in a text that may ask something itself: whoever does, does so at the end of a word.
pub(super) fn asked_within(text: &str) -> Option<Hit> {
    asked_where(text, |before, after| before && after)
}

/// A question mark where `is_lost` says so of whether a letter stands before and after it.
fn asked_where(text: &str, is_lost: fn(bool, bool) -> bool) -> Option<Hit> {
    let is_letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
    let is_it = |&(at, c): &(usize, char)| match c {
        '?' => {
            let others = |c: &char| *c != '?';
            let before = text[..at].chars().rev().find(others);
            is_lost(is_letter(before), is_letter(text[at..].chars().find(others)))
        }
        '\u{25A1}' | '\u{25AF}' => true,
        _ => false,
    };
    text.char_indices().find(is_it).map(|(at, _)| Hit::of_char(text, at, None))
}

/// Characters that nobody sees.
pub(super) fn hidden(text: &str) -> Option<Hit> {
    replaced(text, unseen, |_| None)
}

/// Control characters of ASCII: those that end a line or a word leave a space.
pub(super) fn control(text: &str) -> Option<Hit> {
    replaced(text, |c| c.is_ascii_control(), |c| c.is_whitespace().then_some(' '))
}

/// Spaces that look like the plain one and are compared as others. The one of full width belongs to the scripts of East
/// Asia; line breaks and tabs are control characters.
pub(super) fn odd_space(text: &str) -> Option<Hit> {
    let is_odd = |c: char| c.is_whitespace() && c != ' ' && c != '\u{3000}' && !c.is_control();
    replaced(text, is_odd, |_| Some(' '))
}

/// Letters and digits of full width, and those that "fancy text" is made of. Signs of full width go with them.
pub(super) fn wide(text: &str) -> Option<Hit> {
    let hit = replaced(text, is_wide, |c| c.nfkc().next())?;
    let narrow =
        |c: char| if matches!(c, '\u{FF01}'..='\u{FF5E}' | '\u{3000}') { c.nfkc().next() } else { Some(c) };
    let all = |text: String| text.chars().filter_map(narrow).collect();
    Some(Hit { at: hit.at, mended: hit.mended.map(all) })
}

fn is_wide(c: char) -> bool {
    matches!(c, '\u{FF10}'..='\u{FF19}' | '\u{FF21}'..='\u{FF3A}' | '\u{FF41}'..='\u{FF5A}' | '＠' | '＋')
        || matches!(c, '\u{1D400}'..='\u{1D7FF}')
}

/// The digits of other scripts than ours, where only a number can be meant.
pub(super) fn other_digits(text: &str) -> Option<Hit> {
    replaced(text, |c| !c.is_ascii() && digit(c).is_some(), digit)
}

/// The ASCII digit of a decimal digit in any script: they stand in tens, and the table has their zeros.
fn digit(c: char) -> Option<char> {
    const ZEROS: [u32; 22] = [
        0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6,
        0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0xFF10,
    ];
    let value = ZEROS.iter().find_map(|&zero| u32::from(c).checked_sub(zero).filter(|&value| value < 10))?;
    char::from_digit(value, 10)
}

/// Double quotation marks; and single ones on both ends, for one alone is an apostrophe in many languages.
pub(super) fn quoted(text: &str) -> Option<Hit> {
    let is_double = |c: char| matches!(c, '"' | '\u{201C}'..='\u{201F}' | '«' | '»' | '\u{FF02}');
    let is_hebrew = |c: Option<char>| c.is_some_and(|c| matches!(c, '\u{5D0}'..='\u{5EA}'));
    let is_single = |c: char| matches!(c, '\'' | '\u{2018}'..='\u{201B}' | '`' | '´');
    let is_framed = text.chars().count() > 2 && text.starts_with(is_single) && text.ends_with(is_single);
    let at = if is_framed {
        0
    } else {
        // Between Hebrew letters it stands for the gershayim, which no keyboard has.
        let own = |at: usize, c: char| {
            is_hebrew(text[..at].chars().next_back()) && is_hebrew(text[at + c.len_utf8()..].chars().next())
        };
        text.char_indices().find(|&(at, c)| is_double(c) && !own(at, c))?.0
    };
    let bare = text.trim_matches(|c: char| is_double(c) || (is_framed && is_single(c)) || c == ' ');
    let mended = (!bare.contains(is_double) && !bare.is_empty()).then(|| bare.to_owned());
    Some(Hit::of_char(text, at, mended))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(find: fn(&str) -> Option<Hit>, text: &str) -> Option<String> {
        find(text).map(|hit| hit.mended.unwrap_or_else(|| "!".to_owned()))
    }

    /// The short way of `unseen` says what the tables say.
    #[test]
    fn what_is_unseen_is_what_unicode_says() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let is_kept = matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{180B}'..='\u{180F}')
                || matches!(c, '\u{E0100}'..='\u{E01EF}')
                || c.is_control();
            let by_table = CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
                || category(c) == GeneralCategory::PrivateUse
                || matches!(c, '\u{FFF9}'..='\u{FFFB}')
                || u32::from(c) & 0xFFFE == 0xFFFE;
            assert_eq!(unseen(c), by_table && !is_kept, "{c:?}");
            assert!(
                !unseen(c) || !c.is_alphanumeric() || "\u{115F}\u{1160}\u{3164}\u{FFA0}".contains(c),
                "{c:?}"
            );
        }
    }

    #[test]
    fn marks_that_nobody_sees_are_found_and_joiners_are_letters() {
        for text in [
            "Ru\u{200B}ben",
            "\u{202A}Ruben\u{202C}",
            "Ru\u{AD}ben",
            "Ruben\u{200E}",
            "\u{FEFF}Ruben",
            "Ru\u{2060}ben",
        ] {
            assert_eq!(mended(hidden, text).as_deref(), Some("Ruben"), "{text:?}");
        }
        for text in ["مه\u{200C}دی", "क्\u{200D}ष", "葛\u{E0100}城", "O’Neil", "Zoë", "김민준", "Nguyễn"]
        {
            assert_eq!(mended(hidden, text), None, "{text}");
        }
    }

    #[test]
    fn lost_letters_are_asked_for_where_a_letter_stood() {
        for text in ["J?rgen", "Ren?", "?mit", "??mit", "M?ller", "An?? Li", "Ana ?ubri?"] {
            assert!(asked(text).is_some(), "{text}");
        }
        for text in ["Anna", "Anna ? 5", "50 ?", ""] {
            assert!(asked(text).is_none(), "{text}");
        }
        assert!(
            asked_within("Kundenservice M?nchen").is_some() && asked_within("Any questions? Ask").is_none()
        );
    }

    #[test]
    fn wide_and_styled_letters_become_plain() {
        assert_eq!(mended(wide, "Ａｎｎａ").as_deref(), Some("Anna"));
        assert_eq!(mended(wide, "＋１２０６").as_deref(), Some("+1206"));
        assert_eq!(mended(wide, "ａ＠ｂ．ｃｏｍ").as_deref(), Some("a@b.com"));
        assert_eq!(mended(wide, "𝐀𝓷𝕟𝒂").as_deref(), Some("Anna"));
        assert_eq!(mended(wide, "山田（太郎）・ｱ"), None);
        assert_eq!(mended(other_digits, "+٤٩۳०").as_deref(), Some("+4930"));
    }

    #[test]
    fn quotation_marks_are_found_and_apostrophes_are_letters() {
        let table = [
            ("“Tamsin", "Tamsin"),
            ("Okafor”", "Okafor"),
            ("\"Anna\"", "Anna"),
            ("‘Anna’", "Anna"),
            ("«Анна»", "Анна"),
            ("Robert \"Bob\" Lee", "!"),
        ];
        for (text, plain) in table {
            assert_eq!(mended(quoted, text).as_deref(), Some(plain), "{text}");
        }
        for text in ["O'Neil", "O’Neil", "‘Iolani", "ʻIolani", "D'", "'t Hart", "צה\"ל", "Jean-Luc"] {
            assert_eq!(mended(quoted, text), None, "{text}");
        }
    }
}
