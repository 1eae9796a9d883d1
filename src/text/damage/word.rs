//! Cells that hold a word in place of a value.

use super::hit::Hit;

/// The words of spreadsheets for an error that have no sign at their end, or no capitals alone before it.
const ERRORS: [&str; 14] = [
    "#N/A",          // English
    "#NV",           // German
    "#N/D",          // Spanish, Portuguese, Italian
    "#N/D!",         // Polish
    "#N/B",          // Dutch
    "#Н/Д",          // Russian, Ukrainian
    "#I/T",          // Danish
    "#I/R",          // Norwegian
    "#PUUTTUU!",     // Finnish
    "#SAKNAS!",      // Swedish
    "#HIÁNYZIK",     // Hungarian
    "#NEDOSTUPNÝ",   // Czech
    "#YOK",          // Turkish
    "#GETTING_DATA", // while a query runs
];

/// Words for nothing. A person may be called so: that is why they are told and not refused.
const NOTHING: [&str; 14] = [
    "null",
    "(null)",
    "<null>",
    "[null]",
    "nan",
    "none",
    "<none>",
    "(none)",
    "n/a",
    "n.a.",
    "undefined",
    "tbd",
    "tba",
    "unknown",
];

/// A spreadsheet's error or its word while it loads, as the cell or as one of the names in it.
pub(super) fn error(text: &str) -> Option<Hit> {
    any_of(text, is_error)
}

/// A word for nothing, as the cell or as one of the names in it.
pub(super) fn placeholder(text: &str) -> Option<Hit> {
    any_of(text, is_nothing)
}

/// Whether a cell begins as one of the words of plain characters does, or as a name in quotes.
pub(crate) fn begins_one(cell: &str) -> bool {
    cell.as_bytes().first().is_some_and(|&byte| BEGINNINGS[usize::from(byte)])
}

/// Whether one of the words may stand in a list behind another name, in any cell of a text of plain characters.
pub(crate) fn has_list(text: &str) -> bool {
    let bytes = text.as_bytes();
    let behind = bytes.get(1..).unwrap_or_default();
    // No early end, and no branch, so that many bytes are looked at at once. What is less than a digit may be a space or a quote.
    bytes.iter().zip(behind).fold(false, |found, (&before, &byte)| {
        let letter = byte | 0x20;
        let begins =
            (letter == b'n') | (letter == b'l') | (letter == b'u') | (letter == b't') | (letter == b'e');
        let opens = (byte < b'0') | (byte == b'<') | (byte == b'[') | (byte == b'`');
        found | ((before == b'|') & (begins | opens))
    })
}

/// Whether a cell is one of the words of plain characters or may be a name in quotes, or has one in a list: a look at first
/// letters, for nearly no cell is.
pub(crate) fn has_one(text: &str) -> bool {
    is_one(next_of_list(text))
        || memchr::memchr_iter(b'|', text.as_bytes()).any(|bar| is_one(next_of_list(&text[bar + 1..])))
}

/// Whether [`error`] or [`placeholder`] may find something in a text.
pub(super) fn may_be_one(text: &str) -> bool {
    text.split('|').map(str::trim).any(|word| word.starts_with(['#', '\\', '?', '–', '—']) || is_one(word))
}

/// The first name of what is left of a list, or of a whole one.
fn next_of_list(rest: &str) -> &str {
    let end = memchr::memchr(b'|', rest.as_bytes()).unwrap_or(rest.len());
    rest[..end].trim()
}

/// Whether a cell, or a name of a list, is one of the words of plain characters or may be a name in quotes.
pub(crate) fn is_one(word: &str) -> bool {
    begins_one(word)
        && (is_nothing(word) || is_loading(word) || is_numbered(word) || word.starts_with(['\'', '`']))
}

/// The bytes that the words of plain characters begin with, and the quotes.
const BEGINNINGS: [bool; 256] = {
    let (mut is_one, begins, mut at) = ([false; 256], *b"nNlLuUtTE-(<['`", 0);
    while at < begins.len() {
        is_one[begins[at] as usize] = true;
        at += 1;
    }
    is_one
};

fn any_of(text: &str, is_it: fn(&str) -> bool) -> Option<Hit> {
    let mut from = 0;
    for part in text.split('|') {
        let word = part.trim();
        if is_it(word) {
            let at = from + (part.len() - part.trim_start().len());
            // Of a whole cell nothing is left; of a list, who knows.
            let mended = (word.len() == text.trim().len()).then(String::new);
            return Some(Hit { at: at..at + word.len(), mended });
        }
        from += part.len() + 1;
    }
    None
}

/// An error word of a spreadsheet, `\N` of a database, or a word for "not yet".
fn is_error(word: &str) -> bool {
    if !word.starts_with('#') {
        return word == "\\N" || is_loading(word) || is_numbered(word);
    }
    let is_known = || ERRORS.contains(&word.to_uppercase().as_str());
    is_shouted(word) || is_too_narrow(word) || is_known()
}

/// `Loading...` of Google Sheets while a formula runs, and what a formula makes of another that has not loaded yet: `Loading...@example.com`.
fn is_loading(word: &str) -> bool {
    let begins = |with: &str| word.get(..with.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(with));
    begins("loading...") || begins("loading…")
}

/// `#REF!`, `#NAME?`, `#¿NOMBRE?`, `#DIV/0!`, in whatever language: a word in capitals between `#` and `!` or `?`.
fn is_shouted(word: &str) -> bool {
    let Some(word) = word.strip_prefix('#') else { return false };
    let word = word.trim_start_matches(['¡', '¿']);
    let Some(word) = word.strip_suffix(['!', '?']) else { return false };
    word.chars().filter(|c| c.is_uppercase()).count() >= 2
        && word.chars().all(|c| c.is_uppercase() || matches!(c, '/' | '0' | '_'))
}

/// `########`, a number in a column that is too narrow for it, copied as it looks.
fn is_too_narrow(word: &str) -> bool {
    word.len() >= 3 && word.bytes().all(|byte| byte == b'#')
}

/// `Err:502` of LibreOffice.
fn is_numbered(word: &str) -> bool {
    word.strip_prefix("Err:")
        .is_some_and(|number| number.len() == 3 && number.bytes().all(|b| b.is_ascii_digit()))
}

fn is_nothing(word: &str) -> bool {
    const LONGEST: usize = 9;
    let is_dash = |c: char| matches!(c, '-' | '–' | '—');
    // `Nan` is a name, as programs do not write it; `NaN` and `nan` are what they write.
    let is_word = || word != "Nan" && NOTHING.iter().any(|nothing| word.eq_ignore_ascii_case(nothing));
    match word.chars().next() {
        None => false,
        Some('?') => word.bytes().all(|byte| byte == b'?'),
        Some(c) if is_dash(c) => word.chars().all(is_dash),
        Some(_) => word.len() <= LONGEST && is_word(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_errors_of_spreadsheets_are_known_in_every_language() {
        let errors = "#N/A #REF! #VALUE! #NAME? #DIV/0! #NUM! #NULL! #ERROR! #SPILL! #CALC! #GETTING_DATA #FIELD! #NV \
                      #BEZUG! #WERT! #ZAHL! #NOM? #VALEUR! #¿NOMBRE? #¡REF! #RIF! #ССЫЛКА! #Н/Д #ИМЯ? #N/D #ADR! \
                      #VÄRDEFEL! Loading... loading...@example.com Loading… \\N Err:502 ###";
        for word in errors.split_whitespace() {
            assert!(error(word).is_some() && (has_one(word) || super::super::is_suspect(word)), "{word}");
        }
        for word in
            ["#1", "#Ops!", "#", "#!", "##", "Loading", "\\n", "Err", "Err:5", "#teamlead", "N/A", "Ref!"]
        {
            assert!(error(word).is_none(), "{word}");
        }
    }

    #[test]
    fn words_for_nothing_are_known_and_names_like_them_are_names() {
        for word in [
            "NULL", "Null", "(null)", "<null>", "nan", "NaN", "NAN", "None", "n/a", "N/A", "-", "--", "—",
            "?", "???",
        ] {
            assert!(
                placeholder(word).is_some() && (has_one(word) || super::super::is_suspect(word)),
                "{word}"
            );
        }
        for word in ["", ".", "Nan", "Na", "Nil", "Nonee", "O", "Nulla", "T", "Unknowne", "a-b", "x", "王"] {
            assert!(placeholder(word).is_none(), "{word}");
        }
        for begins in 0..=0x7F_u8 {
            let list = format!("Agent|{}", char::from(begins));
            assert!(!BEGINNINGS[usize::from(begins)] || has_list(&list), "{list}");
        }
    }

    #[test]
    fn no_word_for_nothing_is_longer_than_is_looked_at() {
        assert!(NOTHING.iter().all(|word| is_nothing(word) && word.len() <= 9));
    }

    #[test]
    fn one_of_several_names_is_found_where_it_stands() {
        let hit = error("Agent| #REF! |Admin").unwrap();
        assert_eq!((&"Agent| #REF! |Admin"[hit.at], hit.mended), ("#REF!", None));
        assert_eq!(placeholder("NULL").unwrap().mended.as_deref(), Some(""));
        assert!(
            has_one("Agent|NULL")
                && has_one("NULL|")
                && has_one("Agent| Loading... |x")
                && !has_one("Agent|Nightly|")
        );
    }
}
