//! Which kinds of damage a text can have at all: one look over its characters, for nearly no text has any.
//!
//! It may name a kind that is then not found, never leave out one that would be.

use super::kind::{Kind, Kinds};
use super::{misread, word};

/// The kinds that a text's characters leave possible.
pub(super) fn glance(text: &str) -> Kinds {
    let mut kinds = Kinds::NONE;
    let (mut leads, mut in_upper_half) = (misread::Halves::NONE, 0);
    for c in text.chars() {
        if c.is_ascii() {
            kinds = kinds.and(OF_ASCII[c as usize]);
            leads = misread::Halves::NONE;
            continue;
        }
        kinds = kinds.and(of(c));
        in_upper_half += usize::from(c <= '\u{FF}');
        let role = misread::role(c);
        if leads.have_one_of(role.continues) {
            kinds = kinds.and(Kinds::of(&[Kind::Misread]));
        }
        leads = role.leads;
    }
    if in_upper_half >= misread::ACCENTED_WORD {
        kinds = kinds.and(Kinds::of(&[Kind::Jumbled]));
    }
    if word::may_be_one(text) {
        kinds = kinds.and(Kinds::of(&[Kind::ErrorWord, Kind::Placeholder]));
    }
    kinds
}

/// Whether a text has anything beyond ASCII but letters of two bytes, and those of Vietnamese, that are no part of damage by themselves, and that nothing
/// beside them makes one: `Zoë`, `García`, `Łódź`, `Иванов`.
pub(super) fn has_more_than_letters(text: &str) -> bool {
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // How many letters of Latin-1 stand beside each other, or with a hyphen between them, and the last of them all.
    let (mut run, mut before, mut rest) = (0, None, text.as_bytes());
    loop {
        rest = match rest {
            [a, b, c, d, e, f, g, h, rest @ ..]
                if u64::from_ne_bytes([*a, *b, *c, *d, *e, *f, *g, *h]) & HIGH == 0 =>
            {
                (run, before) = (0, None);
                rest
            }
            [byte, rest @ ..] if byte.is_ascii() => {
                if *byte != b'-' {
                    run = 0;
                }
                before = None;
                rest
            }
            [lead @ 0xC3..=0xDF, trail, rest @ ..] => {
                let code = u32::from(lead & 0x1F) << 6 | u32::from(trail & 0x3F);
                let Some(c) = char::from_u32(code).filter(|_| IS_LETTER[code as usize - 0xC0]) else {
                    return true;
                };
                run += usize::from(*lead == 0xC3);
                let is_pair = before.is_some_and(|before: char| {
                    misread::role(before).leads.have_one_of(misread::role(c).continues)
                });
                if is_pair || run >= misread::ACCENTED_WORD {
                    return true;
                }
                before = Some(c);
                rest
            }
            // U+1E00 to U+1EFE: the letters of Vietnamese among them, and none that is a byte of another encoding.
            [0xE1, 0xB8..=0xBB, trail, rest @ ..] if *trail != 0xBF => {
                before = None;
                rest
            }
            [] => return false,
            _ => return true,
        }
    }
}

/// Which characters of two bytes, from U+00C0 on, are letters and no part of damage by themselves.
static IS_LETTER: [bool; 0x800 - 0xC0] = {
    let (mut table, mut at) = ([false; 0x800 - 0xC0], 0);
    while at < table.len() {
        table[at] = match char::from_u32(0xC0 + at as u32) {
            Some(c) => of(c).is_none(),
            None => false,
        };
        at += 1;
    }
    table
};

/// What each character of ASCII may be a part of.
const OF_ASCII: [Kinds; 128] = {
    let (mut table, mut at) = ([Kinds::NONE; 128], 0_u8);
    while at < 128 {
        table[at as usize] = match at {
            b'"' | b'\'' | b'`' => Kinds::of(&[Kind::Quoted]),
            b'%' | b'=' => Kinds::of(&[Kind::Coded]),
            b'&' => Kinds::of(&[Kind::Entity]),
            b'?' => Kinds::of(&[Kind::Asked, Kind::AskedWithin]),
            b'\\' => Kinds::of(&[Kind::Coded, Kind::Backslash]),
            0..=0x1F | 0x7F => Kinds::of(&[Kind::Control]),
            _ => Kinds::NONE,
        };
        at += 1;
    }
    table
};

/// What a character beyond ASCII may be a part of by itself. The letters of most names are a part of nothing.
const fn of(c: char) -> Kinds {
    match c {
        // The capitals among them are what Windows-1252 makes of a Mac's letters, and the sign of the florin is one of a code page.
        '×' | '÷' | 'Ž' | 'Š' | 'Œ' | 'Ÿ' | 'ƒ' => Kinds::BEYOND_ASCII,
        'À'..='ɏ' | 'Ά'..='Ͽ' | 'Ѐ'..='ҁ' | 'Ҋ'..='ԯ' | 'א'..='ת' | 'ء'..='ي' | 'Ḁ'..='Ỿ' => {
            Kinds::NONE
        }
        // A letter of East Asia is what its encodings read UTF-8 as.
        'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣' => Kinds::of(&[Kind::Misread]),
        _ => Kinds::BEYOND_ASCII,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::TABLE;
    use super::*;

    /// Nothing that a finder finds is left out.
    fn holds(text: &str) -> Result<(), TestCaseError> {
        let possible = glance(text);
        let is_looked_at = super::super::is_suspect(text) || word::has_one(text);
        for (kind, find) in TABLE {
            let is_found = find(text).is_some();
            prop_assert!(!is_found || (possible.has(kind) && is_looked_at), "{kind:?} in {text:?}");
        }
        Ok(())
    }

    #[test]
    fn every_character_is_looked_for_by_itself_and_among_letters() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            for text in [format!("{c}"), format!("Na{c}me"), format!("na {c}{c}"), format!("{c}-Ä-É-Ó-ß")]
            {
                holds(&text).unwrap();
            }
        }
    }

    proptest! {
        #[test]
        fn texts_of_what_damage_is_made_of_are_looked_at(text in "([A-Za-zÀ-ÿ€-™а-яії王郎眉rgenﾃｼ├╝√º&#;%=CBuü\\\\\"'?|~ -]|Ã|Â|Loading...|NULL|#N/A){0,12}") {
            holds(&text)?;
        }

        #[test]
        fn names_read_in_another_encoding_are_looked_at(name in "[À-ž一-鿿а-яα-ωㄱ-힣]{1,4}", before in "[A-Z]?", which in 0..9_usize) {
            use encoding_rs::*;
            let encodings = [WINDOWS_1252, MACINTOSH, WINDOWS_1250, WINDOWS_1257, WINDOWS_1251, WINDOWS_1253, GBK, SHIFT_JIS, BIG5];
            holds(&format!("{before}{}", encodings[which].decode_without_bom_handling(name.as_bytes()).0))?;
        }

        #[test]
        fn any_text_is_looked_at(text in "\\PC{0,8}") {
            holds(&text)?;
        }
    }
}
