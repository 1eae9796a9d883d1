//! Letters written for another format: HTML's entities, backslashes, and letters in code.

use unicode_normalization::UnicodeNormalization as _;

use super::hit::Hit;

/// How often a text may have been escaped: `&amp;amp;#039;`.
const DEPTH: usize = 4;

/// HTML's entities, those of letters above all.
pub(super) fn entity(text: &str) -> Option<Hit> {
    let (at, length, _) = first_entity(text)?;
    let mut mended = text.to_owned();
    // What an entity stands for may be the `&` of another, of an escape that was escaped.
    for _ in 0..DEPTH {
        let Some(next) = without_entities(&mended) else { break };
        mended = next;
    }
    Some(Hit { at: at..at + length, mended: Some(mended) })
}

fn without_entities(text: &str) -> Option<String> {
    first_entity(text)?;
    let (mut plain, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((at, length, stands_for)) = first_entity(rest) {
        plain.push_str(&rest[..at]);
        plain.push_str(&stands_for);
        rest = &rest[at + length..];
    }
    plain.push_str(rest);
    Some(plain)
}

/// The first entity: where it begins, how long it is, and what it stands for.
fn first_entity(text: &str) -> Option<(usize, usize, String)> {
    /// The longest name, in bytes, that is looked at.
    const LONGEST: usize = 32;
    text.match_indices('&').find_map(|(at, _)| {
        let rest = &text[at + 1..];
        let end = rest.bytes().take(LONGEST).position(|byte| byte == b';')?;
        Some((at, end + 2, stands_for(&rest[..end])?))
    })
}

fn stands_for(name: &str) -> Option<String> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
            None => number.parse().ok()?,
        };
        return numbered(code).map(String::from);
    }
    if let Some((_, plain)) = ENTITIES.iter().find(|(known, _)| *known == name) {
        return Some((*plain).to_owned());
    }
    // The others are a letter and the name of its mark: `eacute`, `Scaron`, `lstrok` is above.
    let letter = name.chars().next().filter(char::is_ascii_alphabetic)?;
    let (_, mark) = MARKS.iter().find(|(known, _)| *known == &name[1..])?;
    let composed: String = [letter, *mark].into_iter().nfc().collect();
    (composed.chars().count() == 1).then_some(composed)
}

/// A number in an entity; 128 to 159 are those of Windows-1252 (HTML, "numeric character reference end state").
fn numbered(code: u32) -> Option<char> {
    match u8::try_from(code) {
        Ok(byte @ 0x80..=0x9F) => encoding_rs::WINDOWS_1252.decode(&[byte]).0.chars().next(),
        _ => char::from_u32(code).filter(|&c| c != '\0'),
    }
}

/// The marks in the names of HTML's letters.
const MARKS: [(&str, char); 13] = [
    ("grave", '\u{300}'),
    ("acute", '\u{301}'),
    ("circ", '\u{302}'),
    ("tilde", '\u{303}'),
    ("macr", '\u{304}'),
    ("breve", '\u{306}'),
    ("dot", '\u{307}'),
    ("uml", '\u{308}'),
    ("ring", '\u{30a}'),
    ("dblac", '\u{30b}'),
    ("caron", '\u{30c}'),
    ("cedil", '\u{327}'),
    ("ogon", '\u{328}'),
];

/// What stands in names and is no letter with a mark.
const ENTITIES: [(&str, &str); 42] = [
    ("amp", "&"),
    ("AMP", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("QUOT", "\""),
    ("apos", "'"),
    ("nbsp", " "),
    ("ensp", " "),
    ("emsp", " "),
    ("thinsp", " "),
    ("shy", ""),
    ("zwnj", "\u{200c}"),
    ("zwj", "\u{200d}"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("sbquo", "‚"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("hellip", "…"),
    ("middot", "·"),
    ("commat", "@"),
    ("period", "."),
    ("comma", ","),
    ("hyphen", "‐"),
    ("szlig", "ß"),
    ("AElig", "Æ"),
    ("aelig", "æ"),
    ("OElig", "Œ"),
    ("oelig", "œ"),
    ("Oslash", "Ø"),
    ("oslash", "ø"),
    ("Lstrok", "Ł"),
    ("lstrok", "ł"),
    ("Dstrok", "Đ"),
    ("dstrok", "đ"),
    ("ETH", "Ð"),
    ("eth", "ð"),
    ("THORN", "Þ"),
    ("thorn", "þ"),
];

/// Letters in code: `%C3%BC` of links, `=C3=BC` of mails, `\u00fc` of JSON.
pub(super) fn coded(text: &str) -> Option<Hit> {
    let first = coded_at(text, 0)?;
    let (mut plain, mut from, mut next) = (String::with_capacity(text.len()), 0, Some(first.clone()));
    while let Some(found) = next {
        plain.push_str(&text[from..found.at.start]);
        plain.push_str(&found.stands_for);
        from = found.at.end;
        next = coded_at(text, from);
    }
    plain.push_str(&text[from..]);
    // The frame of a mail's header is taken off with what is in it: `=?UTF-8?Q?J=C3=BCrgen?=`.
    let framed = plain.split('?').collect::<Vec<_>>();
    if let ["=", _, "Q" | "q", words, "="] = framed.as_slice() {
        plain = words.replace('_', " ");
    }
    Some(Hit { at: first.at, mended: Some(plain) })
}

#[derive(Clone)]
struct Coded {
    at: std::ops::Range<usize>,
    stands_for: String,
}

/// The first letters in code from this byte on. Bytes are taken for code only where they are UTF-8 for letters beyond ASCII,
/// or in a link for a space or an apostrophe: `50%25` and `a=B2` are none.
fn coded_at(text: &str, from: usize) -> Option<Coded> {
    text[from..].match_indices(['%', '=', '\\']).find_map(|(offset, sign)| {
        let at = from + offset;
        let (stands_for, length) = match sign {
            "\\" => utf16_units(&text[at..])?,
            _ => utf8_bytes(&text[at..], sign)?,
        };
        Some(Coded { at: at..at + length, stands_for })
    })
}

fn utf8_bytes(text: &str, sign: &str) -> Option<(String, usize)> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(pair) = rest.strip_prefix(sign).and_then(|rest| rest.get(..2)) {
        // Two hexadecimal digits and nothing else, as `+C` would be for the parser.
        if !pair.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            break;
        }
        bytes.push(u8::from_str_radix(pair, 16).ok()?);
        rest = &rest[3..];
    }
    let decoded = String::from_utf8(bytes).ok().filter(|decoded| !decoded.is_empty())?;
    let is_code = decoded.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '\'' | '’' | '-' | '&'));
    let is_plain =
        decoded.is_ascii() && (sign != "%" || decoded.bytes().any(|byte| byte.is_ascii_alphabetic()));
    (is_code && !is_plain).then_some((decoded, text.len() - rest.len()))
}

/// `\u00fc`, a pair of surrogates included, and `\xfc`.
fn utf16_units(text: &str) -> Option<(String, usize)> {
    let (mut units, mut rest) = (Vec::new(), text);
    while let Some(unit) = rest.strip_prefix("\\u").and_then(|rest| rest.get(..4)).and_then(hexadecimal) {
        units.push(u16::try_from(unit).ok()?);
        rest = &rest[6..];
    }
    if let Some(byte) = text.strip_prefix("\\x").and_then(|rest| rest.get(..2)).and_then(hexadecimal) {
        return Some((char::from_u32(byte)?.to_string(), 4))
            .filter(|(c, _)| c.chars().all(char::is_alphabetic));
    }
    let decoded = String::from_utf16(&units).ok().filter(|decoded| !decoded.is_empty())?;
    Some((decoded, text.len() - rest.len()))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    let is_hexadecimal = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_hexadecimal { u32::from_str_radix(digits, 16).ok() } else { None }
}

/// Backslashes. Databases and scripts put them before quotes; a parser of CSV then takes the quotes for its own.
pub(super) fn backslash(text: &str) -> Option<Hit> {
    let at = text.find('\\')?;
    Some(Hit::of_char(text, at, unescaped(text)))
}

fn unescaped(text: &str) -> Option<String> {
    let has_quotes = text.contains('"');
    let (mut plain, mut chars) = (String::with_capacity(text.len()), text.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        // What was escaped twice has two of them.
        while chars.next_if_eq(&'\\').is_some() {}
        match chars.peek().copied() {
            Some(quote @ ('"' | '\'')) => {
                plain.push(quote);
                // Of `\""` the second is the parser's.
                while chars.next_if_eq(&quote).is_some() {}
            }
            // The parser took the quote that the backslash was for.
            Some(letter) if has_quotes && letter.is_alphanumeric() => plain.push('"'),
            Some(letter) if letter.is_alphanumeric() => return None,
            // Before a sign, and at the end, it means nothing.
            _ => {}
        }
    }
    Some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mended(find: fn(&str) -> Option<Hit>, text: &str) -> Option<String> {
        find(text).map(|hit| hit.mended.unwrap_or_else(|| "?".to_owned()))
    }

    #[test]
    fn entities_become_what_they_stand_for() {
        let table = [
            ("O&#039;Rourke", "O'Rourke"),
            ("O&#x27;Rourke", "O'Rourke"),
            ("O&apos;Rourke", "O'Rourke"),
            ("O&rsquo;Rourke", "O’Rourke"),
            ("O&#146;Rourke", "O’Rourke"),
            ("Sin&eacute;ad", "Sinéad"),
            ("M&uuml;ller-Stra&szlig;er", "Müller-Straßer"),
            ("Billing &amp; Returns", "Billing & Returns"),
            ("O&amp;#039;Rourke", "O'Rourke"),
            ("Wa&lstrok;&eogon;sa", "Wałęsa"),
            ("&Scaron;&zcaron;&Idot;", "Šžİ"),
            ("&#x1F600;", "😀"),
        ];
        for (text, plain) in table {
            assert_eq!(mended(entity, text).as_deref(), Some(plain), "{text}");
        }
        for text in ["R&D", "A & B; C", "&;", "&nosuch;", "&#;", "&#xD800;", "&#0;", "AT&T;", "Q&A;"] {
            assert_eq!(mended(entity, text), None, "{text}");
        }
    }

    #[test]
    fn letters_in_code_are_read_and_numbers_with_signs_are_none() {
        let table = [
            ("J%C3%BCrgen", "Jürgen"),
            ("Ana%20Mar%C3%ADa", "Ana María"),
            ("O%27Neil", "O'Neil"),
            ("J=C3=BCrgen", "Jürgen"),
            ("=?UTF-8?Q?J=C3=BCrgen_M=C3=BCller?=", "Jürgen Müller"),
            ("J\\u00fcrgen", "Jürgen"),
            ("J\\xFCrgen", "Jürgen"),
            ("\\u738b\\u5c0f", "王小"),
        ];
        for (text, plain) in table {
            assert_eq!(mended(coded, text).as_deref(), Some(plain), "{text}");
        }
        for text in ["100%", "50%25", "a=B2", "x=C", "%zz", "a=FF", "%FF", "\\u00", "\\x41b\\", "=", "%+C"] {
            assert!(mended(coded, text).is_none_or(|plain| plain == "Ab\\"), "{text}");
        }
    }

    #[test]
    fn backslashes_go_with_what_the_parser_made_of_them() {
        let table = [
            (r"O\'Brien", "O'Brien"),
            (r"O\\'Brien", "O'Brien"),
            ("Robert \\Bob\\\"\"", "Robert \"Bob\""),
            ("Robert \\\"Bob\\\"", "Robert \"Bob\""),
            (r"Smith\, Anna", "Smith, Anna"),
            (r"Anna\", "Anna"),
            (r"O\Brien", "?"),
        ];
        for (text, plain) in table {
            assert_eq!(mended(backslash, text).as_deref(), Some(plain), "{text}");
        }
        assert_eq!(mended(backslash, "O'Brien"), None);
    }
}
