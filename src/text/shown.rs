//! What a roster says, as a message shows it: short, on one line, and visible.

use super::hides;

/// A cell's text for a finding: at most 80 characters, with everything invisible made visible, so that it can neither
/// hide a fault nor steer a terminal.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 80;
    let mut shown = String::with_capacity(text.len().min(4 * MOST));
    let mut chars = text.chars();
    for c in chars.by_ref().take(MOST) {
        if is_invisible(c) {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

/// A text of the file as it can be shown on one line: cut after `limit` characters, and with every character escaped
/// that would steer a terminal or turn the direction of what follows.
pub(crate) fn printable(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (at, c) in text.trim().chars().enumerate() {
        if at == limit {
            shown.push('…');
            break;
        }
        if hides(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

/// In a finding the joiners and the odd spaces are shown as well: they may be the fault. Names on a page need the former,
/// and the latter are seen there as what they are.
fn is_invisible(c: char) -> bool {
    hides(c) || (c.is_whitespace() && c != ' ') || matches!(c, '\u{200C}' | '\u{200D}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_is_short_and_visible() {
        assert_eq!(shown("a\u{1b}[31m\nb\u{a0}c\u{202e}"), "a\\u{1b}[31m\\nb\\u{a0}c\\u{202e}");
        assert_eq!(shown(&"x".repeat(80)), "x".repeat(80));
        assert_eq!(shown(&"x".repeat(81)), format!("{}…", "x".repeat(80)));
    }

    #[test]
    fn a_finding_shows_all_that_a_page_does_and_what_may_be_the_fault() {
        for c in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let is_shown = shown(&c.to_string()) != c.to_string();
            let may_be_the_fault = matches!(c, '\u{200C}' | '\u{200D}') || (c.is_whitespace() && c != ' ');
            assert_eq!(is_shown, hides(c) || may_be_the_fault, "{c:?}");
        }
        // The joiners of a name stay where it is read, and noncharacters go.
        assert_eq!(printable("क्\u{200d}ष\u{fffe}", 60), "क्\u{200d}ष\\u{fffe}");
        assert_eq!(shown("a\u{200d}b\u{ffff}"), "a\\u{200d}b\\u{ffff}");
    }

    #[test]
    fn what_is_shown_of_a_file_cannot_steer_a_terminal() {
        assert_eq!(printable(" a\u{1b}[2Jb\u{202e}c\n ", 60), "a\\u{1b}[2Jb\\u{202e}c");
        assert_eq!(printable("Zoë 東京", 5), "Zoë 東…");
    }
}
