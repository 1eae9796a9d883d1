//! What a roster says, as a message shows it: short, on one line, and visible.

/// A cell's text for a finding: at most 80 characters, with everything invisible made visible, so that it can neither
/// hide a fault nor steer a terminal.
pub fn shown(text: &str) -> String {
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
pub fn printable(text: &str, limit: usize) -> String {
    let mut shown = String::new();
    for (at, c) in text.trim().chars().enumerate() {
        if at == limit {
            shown.push('…');
            break;
        }
        let steers = matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}');
        if c.is_control() || steers { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    shown
}

fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
    fn what_is_shown_of_a_file_cannot_steer_a_terminal() {
        assert_eq!(printable(" a\u{1b}[2Jb\u{202e}c\n ", 60), "a\\u{1b}[2Jb\\u{202e}c");
        assert_eq!(printable("Zoë 東京", 5), "Zoë 東…");
    }
}
