//! JSON in which nothing steers a terminal or turns the direction of a line: its escapes mean the same.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::hides;

/// A JSON document with every character escaped that [`hides`]. By itself JSON escapes ASCII's control characters only; the
/// others can stand in strings alone, where an escape means the same.
pub(crate) fn escaped(json: &str) -> Cow<'_, str> {
    let steers = |c: char| hides(c) && !matches!(c, '\n' | '\r' | '\t');
    if is_harmless(json.as_bytes()) || !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if steers(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// The same of what a serializer has appended from there on.
pub(crate) fn escape_from(begin: usize, bytes: &mut Vec<u8>) {
    let json = &bytes[begin..];
    if is_harmless(json) {
        return;
    }
    let safe = std::str::from_utf8(json).map(escaped);
    if let Ok(Cow::Owned(safe)) = safe {
        bytes.truncate(begin);
        bytes.extend_from_slice(safe.as_bytes());
    }
}

/// Nearly every line of a ledger is: a serializer has escaped what is below the space.
fn is_harmless(json: &[u8]) -> bool {
    json.iter().all(|byte| (b' '..0x7f).contains(byte) || *byte == b'\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_means_the_same_with_what_steers_a_terminal_escaped() {
        let value = serde_json::json!({"a": "\u{9b}31m\u{202e}\u{e0041}\u{7f}", "b": "\u{1b}\n"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = escaped(&text);
        assert!(!safe.chars().any(|c| hides(c) && c != '\n'), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        assert_eq!(escaped("{\n}\n"), "{\n}\n");
    }

    #[test]
    fn what_stands_before_stays_as_it_is() {
        let mut bytes = "\u{202e}\"zoë\u{202e}\"".as_bytes().to_vec();
        escape_from(3, &mut bytes);
        assert_eq!(bytes, "\u{202e}\"zoë\\u202e\"".as_bytes());
    }
}
