//! The grammar of cells: what a cell's text means, and whether the service would take it. Knows no rows and no rules.
//!
//! Everything here borrows from the cell and allocates nothing.

use unicode_normalization::{UnicodeNormalization as _, char::is_combining_mark, is_nfc};

use crate::agent::{PROVENANCE, PhoneType, VoiceEnhancement};
use crate::text::damage::unseen;
use crate::text::truth;

/// The most seconds of after-contact work that the service takes (24 days, says the API's page).
pub(super) const AFTER_CONTACT_WORK_MAX: u32 = 2_000_000;

/// A cell without the spaces around it, the non-breaking ones included, and without the characters around it that nobody
/// sees, of no width or of direction.
pub(crate) fn trimmed(cell: &str) -> &str {
    let plain = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if plain(cell.as_bytes().first()) && plain(cell.as_bytes().last()) {
        return cell;
    }
    cell.trim_matches(|c: char| c.is_whitespace() || matches!(c, '\u{200c}' | '\u{200d}') || unseen(c))
}

/// The names of a cell with `|` between them, trimmed; an empty cell has none.
pub(super) fn list(cell: &str) -> impl Iterator<Item = &str> + Clone {
    let cell = trimmed(cell);
    let names = if cell.is_empty() { 0 } else { usize::MAX };
    cell.split('|').take(names).map(trimmed)
}

/// The tags of a cell `key|value||key|value`, trimmed; `Err` has a piece that is not `key|value`.
pub(crate) fn tags(cell: &str) -> impl Iterator<Item = Result<(&str, &str), &str>> + Clone {
    let cell = trimmed(cell);
    let pieces = if cell.is_empty() { 0 } else { usize::MAX };
    Pieces { rest: Some(cell) }.take(pieces).map(|piece| match piece.split_once('|') {
        Some((key, value)) if !value.contains('|') => Ok((trimmed(key), trimmed(value))),
        _ => Err(piece),
    })
}

/// `split("||")`, without the search that it sets up anew each time: a row's tags are gone over more than once.
#[derive(Clone)]
struct Pieces<'c> {
    rest: Option<&'c str>,
}

impl<'c> Iterator for Pieces<'c> {
    type Item = &'c str;

    fn next(&mut self) -> Option<&'c str> {
        let text = self.rest?;
        let mut from = 0;
        while let Some(at) = memchr::memchr(b'|', &text.as_bytes()[from..]) {
            let at = from + at;
            if text.as_bytes().get(at + 1) == Some(&b'|') {
                self.rest = Some(&text[at + 2..]);
                return Some(&text[..at]);
            }
            from = at + 1;
        }
        self.rest = None;
        Some(text)
    }
}

/// Whether these are [`FEW_TAGS`] at most, of the plainest form, in which no rule finds a fault: nearly every cell is, and
/// costs one look. Of any other this says nothing.
pub(super) fn are_plain_tags(cell: &str) -> bool {
    let mut keys = [""; FEW_TAGS];
    let mut rest = cell;
    for place in 0..FEW_TAGS {
        let end = rest.bytes().position(|b| !OF_A_KEY[usize::from(b)]).unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        let [b'|', value @ ..] = after.as_bytes() else { return false };
        let is_plain = (1..=128).contains(&key.len())
            && trimmed(key).len() == key.len()
            && !key.starts_with("aws:")
            && key != PROVENANCE
            && !keys[..place].contains(&key);
        let length = memchr::memchr(b'|', value).unwrap_or(value.len());
        if !is_plain || length > 256 {
            return false;
        }
        if length == value.len() {
            return true;
        }
        // An empty value before a bar, or one bar alone: how that is read is for others to say.
        if length == 0 || value.get(length + 1) != Some(&b'|') {
            return false;
        }
        keys[place] = key;
        rest = &after[length + 3..];
    }
    false
}

/// The bytes of a tag's key in ASCII.
const OF_A_KEY: [bool; 256] = {
    let (mut is_of_one, others, mut at) = ([false; 256], *b" _.:/=+-@", 0);
    while at < 128 {
        is_of_one[at] = (at as u8).is_ascii_alphanumeric();
        at += 1;
    }
    at = 0;
    while at < others.len() {
        is_of_one[others[at] as usize] = true;
        at += 1;
    }
    is_of_one
};

/// How many tags [`are_plain_tags`] looks at.
pub(super) const FEW_TAGS: usize = 4;

/// Whether this is a path of at most five levels, none of them empty, in plain letters and without spaces beside its bars.
/// Of any other this says nothing.
pub(super) fn is_plain_path(cell: &str) -> bool {
    let (mut levels, mut before) = (1, b'|');
    for byte in cell.bytes() {
        match byte {
            b'|' if before == b'|' || before == b' ' => return false,
            b'|' => levels += 1,
            b' ' if before == b'|' => return false,
            b' '..=b'~' => {}
            _ => return false,
        }
        before = byte;
    }
    before != b'|' && levels <= 5
}

/// `soft` and `desk`, in any case, and the API's own words.
pub(super) fn phone_type(cell: &str) -> Option<PhoneType> {
    match cell {
        _ if is_word(cell, "soft") || is_word(cell, "soft phone") => Some(PhoneType::Soft),
        _ if is_word(cell, "desk") || is_word(cell, "desk phone") => Some(PhoneType::Desk),
        _ => None,
    }
}

/// `yes` and `no`, and the words of spreadsheets for them, in any case.
pub(super) fn yes_or_no(cell: &str) -> Option<bool> {
    truth::of(cell)
}

/// `none`, `isolate voice` and `suppress noise`, in any case, and the API's own words.
pub(super) fn voice_enhancement(cell: &str) -> Option<VoiceEnhancement> {
    match cell {
        _ if is_word(cell, "none") => Some(VoiceEnhancement::None),
        _ if is_word(cell, "isolate voice") || is_word(cell, "voice isolation") => {
            Some(VoiceEnhancement::VoiceIsolation)
        }
        _ if is_word(cell, "suppress noise") || is_word(cell, "noise suppression") => {
            Some(VoiceEnhancement::NoiseSuppression)
        }
        _ => None,
    }
}

/// Whole seconds, digits only, as many as the model's integers hold.
pub(super) fn seconds(cell: &str) -> Option<u32> {
    let is_digits = cell.bytes().all(|b| b.is_ascii_digit());
    cell.parse().ok().filter(|&seconds| is_digits && seconds <= i32::MAX.cast_unsigned())
}

/// One proficiency of a cell. The level is text still: a number that is none of the service's is a fault of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ProficiencyCell<'c> {
    /// The predefined attribute.
    pub(crate) attribute: &'c str,
    /// Its value.
    pub(crate) value: &'c str,
    /// What stands where the level does.
    pub(crate) level: &'c str,
}

impl ProficiencyCell<'_> {
    /// 1 to 5 ("The valid values are 1, 2, 3, 4 and 5", API, UserProficiency).
    pub(super) fn level(&self) -> Option<u8> {
        self.level.parse().ok().filter(|level| (1..=5).contains(level) && self.level.len() == 1)
    }
}

/// The proficiencies of a cell, trimmed; `Err` has a piece that cannot be read.
///
/// Two forms, told apart without a guess: `attribute:value:level`, with `|` between them; and that of tags,
/// `attribute|value|level`, with `||` between them, for names that have a colon. In the first every piece has a colon, in
/// the second the last piece, a level, has none.
pub(crate) fn proficiencies(cell: &str) -> impl Iterator<Item = Result<ProficiencyCell<'_>, &str>> + Clone {
    let cell = trimmed(cell);
    let pieces = if cell.is_empty() { 0 } else { usize::MAX };
    let last = cell.rsplit('|').next().unwrap_or_default();
    let like_tags = cell.contains('|') && !last.contains(':');
    let (between, read): (&str, fn(&str) -> Option<ProficiencyCell<'_>>) =
        if like_tags { ("||", barred_proficiency) } else { ("|", colon_proficiency) };
    cell.split(between).take(pieces).map(move |piece| read(piece).ok_or(piece))
}

/// `attribute|value|level`.
fn barred_proficiency(piece: &str) -> Option<ProficiencyCell<'_>> {
    let (names, level) = piece.rsplit_once('|')?;
    let (attribute, value) = names.split_once('|')?;
    (!value.contains('|')).then(|| ProficiencyCell {
        attribute: trimmed(attribute),
        value: trimmed(value),
        level: trimmed(level),
    })
}

/// `attribute:value:level`; the names of the service's own attributes and values begin with `connect:`, as in
/// `connect:Language:connect:English:5`.
fn colon_proficiency(piece: &str) -> Option<ProficiencyCell<'_>> {
    let (names, level) = piece.rsplit_once(':')?;
    let own = |text: &str| text.strip_prefix("connect:").filter(|rest| rest.contains(':')).map_or(0, |_| 8);
    let names = trimmed(names);
    let start = own(names);
    let (attribute, value) = names.split_at(start + names.get(start..)?.find(':')?);
    let value = trimmed(value.get(1..)?);
    let plain = value.strip_prefix("connect:").unwrap_or(value);
    (!plain.contains(':')).then(|| ProficiencyCell {
        attribute: trimmed(attribute),
        value,
        level: trimmed(level),
    })
}

/// Compares in any case, and `_`, `-` and a space alike.
fn is_word(cell: &str, word: &str) -> bool {
    let plain = |b: u8| if matches!(b, b'_' | b'-') { b' ' } else { b.to_ascii_lowercase() };
    cell.len() == word.len() && cell.bytes().zip(word.bytes()).all(|(a, b)| plain(a) == b)
}

/// The first character that a username cannot have (`[a-zA-Z0-9_\-.@]`).
pub(super) fn stray_in_username(name: &str) -> Option<char> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'@');
    let at = name.bytes().position(|b| !is_allowed(b))?;
    // All bytes before are ASCII, so that a character begins here.
    name[at..].chars().next()
}

/// Whether an `@` is part of a whole address: `user@example.com`, not `user@example`.
pub(super) fn is_whole_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && !domain.contains('@')
            && domain.contains('.')
            && domain.split('.').all(|l| !l.is_empty())
    })
}

/// Whether a username with an `@` has the form of an e-mail address: a whole one, whose domain has the characters and
/// the ending of the only pattern that the service publishes for one (CreateUser, `SecondaryEmail`).
pub(super) fn is_login_address(name: &str) -> bool {
    let ending = |domain: &str| domain.rsplit('.').next().map_or(0, str::len);
    is_whole_address(name)
        && name.split_once('@').is_some_and(|(_, domain)| {
            domain.bytes().all(|b| b.is_ascii_alphanumeric() || b".-".contains(&b))
                && (2..=63).contains(&ending(domain))
                && domain.bytes().rev().take_while(|&b| b != b'.').all(|b| b.is_ascii_alphabetic())
        })
}

/// What an e-mail address must be at least: the service publishes no pattern for the first one, and an apostrophe in
/// a name is fine.
pub(super) fn is_email(text: &str) -> bool {
    is_whole_address(text)
        && !text.chars().any(|c| c.is_whitespace() || c.is_control() || ",;:<>()[]\\\"".contains(c))
        && !text.starts_with(['\'', '‘', '’'])
}

/// `(?=^.{0,265}$)[a-zA-Z0-9._%+-]+@[a-zA-Z0-9.-]+\.[a-zA-Z]{2,63}`, the API's pattern of a secondary e-mail address.
pub(super) fn is_secondary_email(text: &str) -> bool {
    let local_byte = |b: &u8| b.is_ascii_alphanumeric() || b"._%+-".contains(b);
    let domain_byte = |b: &u8| b.is_ascii_alphanumeric() || b".-".contains(b);
    let bytes = text.as_bytes();
    let Some((local, domain)) = memchr::memchr(b'@', bytes).map(|at| (&bytes[..at], &bytes[at + 1..])) else {
        return false;
    };
    let Some((host, top)) = memchr::memrchr(b'.', domain).map(|at| (&domain[..at], &domain[at + 1..])) else {
        return false;
    };
    text.len() <= 265
        && !local.is_empty()
        && local.iter().all(local_byte)
        && !host.is_empty()
        && host.iter().all(domain_byte)
        && (2..=63).contains(&top.len())
        && top.iter().all(u8::is_ascii_alphabetic)
}

/// Characters in composed form, which is how the service counts a name.
pub(super) fn nfc_length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.nfc().count() }
}

/// Whether a name is in composed form already.
pub(super) fn is_composed(text: &str) -> bool {
    // Nothing below U+0300 composes with what stands before it, and U+0300 begins with this byte.
    text.is_ascii() || text.bytes().all(|b| b < 0xCC) || is_nfc(text)
}

/// Whether a name is written otherwise than composed though it could be: with marks of their own where letters have them. A
/// form that composing makes longer is none: some letters of Bengali and of Hebrew come apart in it, and nobody types them so.
pub(super) fn is_decomposed(text: &str) -> bool {
    !is_composed(text) && nfc_length(text) <= text.chars().count()
}

/// Whether there is a control character of ASCII. Those beyond it are not written by anybody: they come of text that was
/// read in the wrong encoding.
pub(super) fn has_line_control(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_control())
}

/// Whether a tag key may have the character: `[\p{L}\p{Z}\p{N}_.:/=+\-@]`.
///
/// The standard library's `is_alphabetic` is wider than `\p{L}`: it has marks and the circled and squared letters too,
/// which are taken out here.
pub(super) fn is_tag_key_character(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '.' | ':' | '/' | '=' | '+' | '-' | '@');
    }
    let enclosed = matches!(c, '\u{24b6}'..='\u{24e9}' | '\u{1f130}'..='\u{1f149}' | '\u{1f150}'..='\u{1f169}' | '\u{1f170}'..='\u{1f189}');
    let separator = matches!(
        c,
        '\u{a0}' | '\u{1680}' | '\u{2000}'
            ..='\u{200a}' | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    );
    c.is_numeric() || (c.is_alphabetic() && !is_combining_mark(c) && !enclosed) || separator
}

/// What the password policy misses in a password; whitespace is a fault of its own. Says nothing of the text itself.
pub(super) fn password_gaps(password: &str) -> Vec<&'static str> {
    let bytes = password.as_bytes();
    let mut gaps = Vec::new();
    match password.chars().count() {
        0..8 => gaps.push("it is shorter than 8 characters"),
        8..=64 => {}
        _ => gaps.push("it is longer than 64 characters"),
    }
    if !bytes.iter().any(u8::is_ascii_lowercase) {
        gaps.push("it has no letter a-z");
    }
    if !bytes.iter().any(u8::is_ascii_uppercase) {
        gaps.push("it has no letter A-Z");
    }
    if !bytes.iter().any(u8::is_ascii_digit) {
        gaps.push("it has no digit 0-9");
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_of_every_kind_are_trimmed() {
        for cell in ["  a b ", "\u{a0}a b\u{a0}", "\u{feff}a b", "a b\u{200b}\t"] {
            assert_eq!(trimmed(cell), "a b");
        }
        assert_eq!(trimmed(" \u{a0} "), "");
    }

    #[test]
    fn a_list_keeps_its_empty_places_and_an_empty_cell_has_none() {
        assert_eq!(list(" Admin | Agent ").collect::<Vec<_>>(), ["Admin", "Agent"]);
        assert_eq!(list("a||b").collect::<Vec<_>>(), ["a", "", "b"]);
        assert_eq!(list("a|").collect::<Vec<_>>(), ["a", ""]);
        assert_eq!(list("  ").count(), 0);
    }

    #[test]
    fn tags_are_read_as_the_console_writes_them() {
        let read = |cell| tags(cell).collect::<Vec<_>>();
        assert_eq!(read("key1|value1||key2|value2"), [Ok(("key1", "value1")), Ok(("key2", "value2"))]);
        assert_eq!(read("key|"), [Ok(("key", ""))]);
        assert_eq!(read("key"), [Err("key")]);
        assert_eq!(read("a|b|c"), [Err("a|b|c")]);
        assert_eq!(read("||"), [Err(""), Err("")]);
        assert_eq!(read("a|b|||c|d"), [Ok(("a", "b")), Err("|c|d")]);
        assert_eq!(read(""), []);
    }

    #[test]
    fn proficiencies_are_read_in_both_forms_and_never_guessed() {
        let read = |cell| {
            let told =
                |found: ProficiencyCell<'_>| format!("{}/{}/{}", found.attribute, found.value, found.level);
            let each = proficiencies(cell).map(|found| found.map_or_else(|piece| format!("? {piece}"), told));
            each.collect::<Vec<_>>().join(", ")
        };
        let table = [
            ("", ""),
            ("Language:German:4", "Language/German/4"),
            (" Language : German : 4 | Product:Mobile:2 ", "Language/German/4, Product/Mobile/2"),
            ("Language|German|4", "Language/German/4"),
            ("Language|German|4||Product|Mobile|2", "Language/German/4, Product/Mobile/2"),
            ("Shift: night|a:b|4", "Shift: night/a:b/4"),
            ("connect:Language:connect:English:5", "connect:Language/connect:English/5"),
            ("connect:Language:German:5", "connect:Language/German/5"),
            ("connect:German:5", "connect/German/5"),
            ("Language:connect:English:5", "Language/connect:English/5"),
            ("a:b:c:4", "? a:b:c:4"),
            ("connect:a:b:c:4", "? connect:a:b:c:4"),
            ("German:4", "? German:4"),
            ("German", "? German"),
            ("German|4", "? German|4"),
            ("a|b|c|4", "? a|b|c|4"),
            ("a:b:1|", "? a:b:1|"),
            ("a:b:1||c:d:2", "a/b/1, ? , c/d/2"),
            ("::", "//"),
        ];
        for (cell, expected) in table {
            assert_eq!(read(cell), expected, "{cell}");
        }
    }

    #[test]
    fn words_are_read_in_any_case_and_in_the_apis_own() {
        for cell in ["soft", "Soft", "SOFT_PHONE", "soft phone", "Soft-Phone"] {
            assert_eq!(phone_type(cell), Some(PhoneType::Soft));
        }
        assert_eq!(phone_type("DESK_PHONE"), Some(PhoneType::Desk));
        assert_eq!(phone_type("softphone"), None);
        assert_eq!(yes_or_no("TRUE"), Some(true));
        assert_eq!(yes_or_no("No"), Some(false));
        assert_eq!(yes_or_no("y"), Some(true));
        assert_eq!(yes_or_no("ja"), None);
        assert_eq!(voice_enhancement("Isolate voice"), Some(VoiceEnhancement::VoiceIsolation));
        assert_eq!(voice_enhancement("NOISE_SUPPRESSION"), Some(VoiceEnhancement::NoiseSuppression));
    }

    #[test]
    fn tag_keys_take_the_letters_of_any_script_and_no_marks_or_symbols() {
        for c in "aZ9é日Ⅷ½ \u{a0}\u{3000}_.:/=+-@".chars() {
            assert!(is_tag_key_character(c), "{c:?}");
        }
        for c in "*!|\t\u{301}\u{93f}Ⓐ😀#".chars() {
            assert!(!is_tag_key_character(c), "{c:?}");
        }
    }

    /// The shorter ways say what the plain ones say.
    #[test]
    fn short_cuts_change_nothing() {
        let all = || (0..=0x2_0000).filter_map(char::from_u32);
        for c in all() {
            let text = format!("a{c}");
            assert_eq!(is_composed(&text), is_nfc(&text), "{c:?}");
            let is_allowed = c.is_ascii_alphanumeric() || "_-.@".contains(c);
            assert_eq!(stray_in_username(&text), (!is_allowed).then_some(c));
        }
        for cell in ["", "|", "||", "|||", "||||", "a||b", "a|b||c", "||a", "a||", "é||ß|||日"] {
            let pieces: Vec<&str> = Pieces { rest: Some(cell) }.collect();
            assert_eq!(pieces, cell.split("||").collect::<Vec<_>>(), "{cell}");
        }
    }

    /// What is plain has no fault by the rules that are written out.
    #[test]
    fn plain_tags_and_plain_paths_have_no_fault() {
        let parts = ["a|b", "a", "b", " ", "|", "||", "aws:", "headcount:run|", "*", "é"];
        let (mut plain_tags, mut plain_paths) = (0, 0);
        let mut cells = vec![String::new()];
        for _ in 0..5 {
            cells = cells.iter().flat_map(|cell| parts.map(|part| format!("{cell}{part}"))).collect();
            cells.retain(|cell| cell.len() < 40);
            for cell in &cells {
                if are_plain_tags(cell) {
                    let read: Vec<_> = tags(cell).map(|tag| tag.expect(cell)).collect();
                    for (at, (key, value)) in read.iter().enumerate() {
                        assert!((1..=128).contains(&key.len()) && value.len() <= 256, "{cell}");
                        assert!(key.chars().all(is_tag_key_character) && !key.starts_with("aws:"), "{cell}");
                        assert!(*key != PROVENANCE && read[..at].iter().all(|(k, _)| k != key), "{cell}");
                    }
                    assert!(read.len() <= FEW_TAGS);
                    plain_tags += 1;
                }
                if is_plain_path(cell) {
                    let levels: Vec<_> = list(cell).collect();
                    assert!(levels.len() <= 5 && levels.iter().all(|level| !level.is_empty()), "{cell}");
                    plain_paths += 1;
                }
            }
        }
        assert!(plain_tags > 100 && plain_paths > 100, "{plain_tags} {plain_paths}");
        assert!(are_plain_tags("site|Berlin 1||cost-centre|4001") && is_plain_path("EMEA|Germany|Berlin"));
        let long = |key: usize, value: usize| format!("{}|{}", "k".repeat(key), "v".repeat(value));
        assert!(are_plain_tags(&long(128, 256)));
        assert!(!are_plain_tags(&long(129, 1)) && !are_plain_tags(&long(1, 257)));
    }
}
