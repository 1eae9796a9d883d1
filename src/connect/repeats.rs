//! Whether a text repeats a secret, in any spelling that decodes to it.
//!
//! A service that refuses a password may quote it, and what quotes it may have been through HTML, JSON, a URL or a log first,
//! more than once. So the text is decoded in every order of the usual ways, and looked at each time.

use std::collections::HashSet;

use secrecy::zeroize::Zeroizing;

/// So many characters of a secret in a row are too many; of a shorter one, all of them.
const IN_A_ROW: usize = 8;

/// So many ways are undone one after the other.
const DEPTH: usize = 4;

/// No more texts than this are looked at: a text made to have more is taken to repeat what it hides.
const MOST: usize = 256;

/// Whether a text holds the secret or eight of its characters in a row, as it stands or decoded.
pub(super) fn repeats(text: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let parts = parts_of(secret);
    let mut seen = HashSet::from([text.to_owned()]);
    let mut now = vec![Zeroizing::new(text.to_owned())];
    for depth in 0..=DEPTH {
        if now.iter().any(|text| shows(text, &parts) || shows_in_base64(text, &parts)) {
            return true;
        }
        if depth == DEPTH {
            break;
        }
        let mut next = Vec::new();
        for text in &now {
            for decoded in
                [of_html(text), of_percent(text, false), of_percent(text, true), of_backslashes(text)]
            {
                if decoded != **text && seen.insert(decoded.clone()) {
                    next.push(Zeroizing::new(decoded));
                }
            }
        }
        if seen.len() > MOST {
            return true;
        }
        now = next;
    }
    false
}

/// What may not be in a text: every run of so many characters.
fn parts_of(secret: &str) -> Vec<&str> {
    let starts: Vec<usize> = secret.char_indices().map(|(at, _)| at).chain([secret.len()]).collect();
    if starts.len() - 1 <= IN_A_ROW {
        return vec![secret];
    }
    starts.windows(IN_A_ROW + 1).map(|run| &secret[run[0]..run[IN_A_ROW]]).collect()
}

fn shows(text: &str, parts: &[&str]) -> bool {
    parts.iter().any(|part| text.contains(part))
}

/// Whether a run of base64, of either alphabet, holds it; the run may begin anywhere in a longer one.
fn shows_in_base64(text: &str, parts: &[&str]) -> bool {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let digits: Vec<Option<u8>> = text.bytes().map(value).collect();
    // Eight bytes take eleven digits.
    digits.split(Option::is_none).filter(|run| run.len() >= 11).any(|run| {
        (0..4).any(|skipped| {
            let groups = run[skipped..].chunks(4);
            let bytes = groups.flat_map(|group| {
                let bits = (0..4).fold(0_u32, |bits, at| {
                    bits << 6 | u32::from(group.get(at).copied().flatten().unwrap_or_default())
                });
                bits.to_be_bytes()[1..][..(group.len() * 6 / 8).min(3)].to_vec()
            });
            let bytes = Zeroizing::new(bytes.collect::<Vec<u8>>());
            shows(&Zeroizing::new(String::from_utf8_lossy(&bytes).into_owned()), parts)
        })
    })
}

/// HTML: named, decimal and hexadecimal, with or without the semicolon.
fn of_html(text: &str) -> String {
    const NAMED: [(&str, char); 34] = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("sol", '/'),
        ("bsol", '\\'),
        ("num", '#'),
        ("dollar", '$'),
        ("percnt", '%'),
        ("lpar", '('),
        ("rpar", ')'),
        ("ast", '*'),
        ("plus", '+'),
        ("comma", ','),
        ("period", '.'),
        ("colon", ':'),
        ("semi", ';'),
        ("equals", '='),
        ("quest", '?'),
        ("commat", '@'),
        ("excl", '!'),
        ("lsqb", '['),
        ("rsqb", ']'),
        ("Hat", '^'),
        ("lowbar", '_'),
        ("grave", '`'),
        ("lcub", '{'),
        ("rcub", '}'),
        ("verbar", '|'),
        ("vert", '|'),
        ("hyphen", '-'),
        ("dash", '-'),
    ];
    replaced(text, '&', |rest| {
        if let Some(number) = rest.strip_prefix('#') {
            let (radix, digits) = match number.strip_prefix(['x', 'X']) {
                Some(digits) => (16, digits),
                None => (10, number),
            };
            let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count().min(8);
            let found = u32::from_str_radix(&digits[..length], radix).ok().and_then(char::from_u32)?;
            let used = rest.len() - digits.len() + length;
            return Some((found, used + usize::from(digits[length..].starts_with(';'))));
        }
        let (name, found) =
            NAMED.iter().filter(|(name, _)| rest.starts_with(name)).max_by_key(|one| one.0.len())?;
        Some((*found, name.len() + usize::from(rest[name.len()..].starts_with(';'))))
    })
}

/// A URL: `%2f` in either case; where `plus` is said, `+` is a space.
fn of_percent(text: &str, plus: bool) -> String {
    let text = if plus { text.replace('+', " ") } else { text.to_owned() };
    percent_encoding::percent_decode_str(&text).decode_utf8_lossy().into_owned()
}

/// JSON and whatever else escapes with a backslash: `\u0027`, `\u{27}`, `\x27`, `\047`, `\'`.
fn of_backslashes(text: &str) -> String {
    let number = |digits: &str, radix: u32, most: usize| {
        let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count().min(most);
        Some((u32::from_str_radix(&digits[..length], radix).ok()?, length))
    };
    replaced(text, '\\', |rest| {
        let first = rest.chars().next()?;
        match first {
            'u' | 'U' if rest[1..].starts_with('{') => {
                let (found, length) = number(&rest[2..], 16, 6)?;
                Some((char::from_u32(found)?, 2 + length + usize::from(rest[2 + length..].starts_with('}'))))
            }
            'u' | 'U' => {
                let (found, length) = number(&rest[1..], 16, 4)?;
                // The first of two halves.
                let second = rest[1 + length..].strip_prefix("\\u").and_then(|rest| number(rest, 16, 4));
                if let (0xd800..=0xdbff, Some((low @ 0xdc00..=0xdfff, more))) = (found, second) {
                    let whole = 0x1_0000 + ((found - 0xd800) << 10) + (low - 0xdc00);
                    return Some((char::from_u32(whole)?, 1 + length + 2 + more));
                }
                Some((char::from_u32(found)?, 1 + length))
            }
            'x' | 'X' => number(&rest[1..], 16, 2)
                .and_then(|(found, length)| Some((char::from_u32(found)?, 1 + length))),
            '0'..='7' => {
                number(rest, 8, 3).and_then(|(found, length)| Some((char::from_u32(found)?, length)))
            }
            'n' => Some(('\n', 1)),
            't' => Some(('\t', 1)),
            'r' => Some(('\r', 1)),
            other => Some((other, other.len_utf8())),
        }
    })
}

/// A text with what follows each `mark` read as one character, where it can be; `read` says which, and of how many bytes.
fn replaced(text: &str, mark: char, read: impl Fn(&str) -> Option<(char, usize)>) -> String {
    let mut made = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(mark) {
        made.push_str(&rest[..at]);
        rest = &rest[at + mark.len_utf8()..];
        match read(rest) {
            Some((found, used)) => {
                made.push(found);
                rest = &rest[used..];
            }
            None => made.push(mark),
        }
    }
    made + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &str = "Can'ary/7\"<f>&3a\\Pw é🙂9";

    fn percent(text: &str, upper: bool) -> String {
        text.bytes().map(|byte| if upper { format!("%{byte:02X}") } else { format!("%{byte:02x}") }).collect()
    }

    fn base64(bytes: &[u8], alphabet: &[u8; 64]) -> String {
        let group = |group: &[u8]| {
            let bits =
                (0..3).fold(0_u32, |bits, at| bits << 8 | u32::from(group.get(at).copied().unwrap_or(0)));
            let digit = |place: u32| char::from(alphabet[(bits >> place & 63) as usize]);
            [18, 12, 6, 0].map(digit).into_iter().take(group.len() + 1).collect::<String>()
        };
        bytes.chunks(3).map(group).collect()
    }

    const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const URL: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

    /// The ways in which a text may have been written before it was quoted.
    fn spelt(text: &str, way: usize) -> String {
        let each = |write: &dyn Fn(char) -> String| text.chars().map(write).collect::<String>();
        match way {
            0 => each(&|c| format!("&#{};", c as u32)),
            1 => each(&|c| format!("&#x{:x};", c as u32)),
            2 => each(&|c| format!("&#X{:04X};", c as u32)),
            3 => {
                text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;").replace('\'', "&apos;")
            }
            4 => percent(text, true),
            5 => percent(text, false),
            6 => serde_json::to_string(text).unwrap(),
            7 => text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect(),
            8 => each(&|c| if c.is_alphanumeric() { c.to_string() } else { format!("\\{c}") }),
            9 => each(&|c| format!("\\u{{{:x}}}", c as u32)),
            10 => base64(text.as_bytes(), STANDARD),
            11 => base64(text.as_bytes(), URL),
            12 => text.replace('\\', "\\\\").replace('/', "\\/"),
            _ => text.replace(' ', "+").replace('\'', "%27"),
        }
    }

    #[test]
    fn a_secret_is_seen_in_every_spelling_and_in_two_after_each_other() {
        for way in 0..14 {
            let once = spelt(SECRET, way);
            assert!(repeats(&format!("no: {once}, no"), SECRET), "{way}: {once}");
            for then in 0..10 {
                let twice = spelt(&once, then);
                assert!(repeats(&format!("no: {twice}."), SECRET), "{way}, {then}: {twice}");
            }
        }
        for shift in ["", "a", "ab"] {
            let whole = base64(format!("{shift}{SECRET}xyz").as_bytes(), STANDARD);
            assert!(repeats(&whole, SECRET), "{shift}");
        }
    }

    #[test]
    fn eight_characters_in_a_row_are_too_many_and_seven_are_not() {
        assert!(repeats("begins with Lantern-", "Lantern-Reef-7"));
        assert!(!repeats("begins with Lantern", "Lantern-Reef-7"));
        assert!(repeats("is Short1", "Short1") && !repeats("is Short", "Short1"));
        assert!(!repeats("The password does not meet the policy.", "Lantern-Reef-7"));
        assert!(!repeats("anything", ""));
    }

    proptest! {
        #[test]
        fn any_secret_is_seen_in_any_two_spellings(
            secret in "[ -~é]{8,40}", before in "[a-z ]{0,9}", first in 0_usize..10, second in 0_usize..10,
        ) {
            let text = format!("{before}{}", spelt(&spelt(&secret, first), second));
            prop_assert!(repeats(&text, &secret), "{text}");
        }

        #[test]
        fn any_text_can_be_looked_at(text in ".{0,300}", secret in ".{1,40}") {
            let _ = repeats(&text, &secret);
        }
    }
}
