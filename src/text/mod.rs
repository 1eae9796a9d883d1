//! Texts, made safe for where they go: a terminal, a page, a spreadsheet, a ticket, a shell. Rosters and services can say
//! anything, `</script>`, `=cmd()` and characters that turn the direction of a line included.

pub(crate) mod damage;
mod decoded;
mod guard;
mod json;
mod known;
mod numbers;
mod policy;
mod setting;
mod shell;
mod shown;
pub(crate) mod truth;

use std::fmt::Write as _;

pub(crate) use decoded::{decoded, written_anew};
pub(crate) use guard::{cell, guarded, is_formula, needs_guard, unguarded, unguarded_whole, with_guard};
pub(crate) use json::{escape_from, escaped};
pub(crate) use known::KnownTexts;
pub(crate) use numbers::{count, duration, grouped, people};
pub(crate) use policy::policy_digest;
pub use setting::{Setting, Voice, marks, worded};
pub(crate) use shell::{Shell, call_by, called, path_word, program, program_by_path, shell_line};
pub(crate) use shown::{printable, shown};

/// A text with every character written out that cannot be seen, steers a terminal, or turns the direction of what
/// follows.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if hides(c) {
            let _ = write!(plain, "\\u{{{:x}}}", c as u32);
        } else {
            plain.push(c);
        }
    }
    plain
}

/// The same, from which [`unwritten`] gives the text back: what looks like one of its escapes is written out too.
pub(crate) fn written(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        if hides(c) || text[at..].starts_with(ESCAPE) {
            let _ = write!(written, "{ESCAPE}{:x}}}", c as u32);
        } else {
            written.push(c);
        }
    }
    written
}

/// What a text said before it was [`written`]; what is no escape stays as it is.
pub(crate) fn unwritten(written: &str) -> String {
    let mut text = String::with_capacity(written.len());
    let mut rest = written;
    while let Some((before, behind)) = rest.split_once(ESCAPE) {
        text.push_str(before);
        let escape = behind.split_once('}').and_then(|(digits, behind)| {
            let c = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32)?;
            Some((c, behind))
        });
        rest = match escape {
            Some((c, behind)) => {
                text.push(c);
                behind
            }
            None => {
                text.push_str(ESCAPE);
                behind
            }
        };
    }
    text + rest
}

/// How an escape begins, which ends in `}`.
const ESCAPE: &str = "\\u{";

/// Control characters; marks of direction; spaces of no width; line separators; noncharacters; tags. The joiners stay:
/// Indic scripts, Persian and emoji need them.
pub fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{AD}' | '\u{61C}' | '\u{180E}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{FFFE}' | '\u{FFFF}'
            | '\u{E0000}'..='\u{E007F}')
}

/// For HTML, in an element and in an attribute in double quotes.
pub(crate) fn html(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in plain(text).chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// JSON as it may stand in a `<script>` element: nothing in it can end the element or begin a comment.
pub(crate) fn island(json: &str) -> String {
    // These stand in strings only, so the escapes mean the same.
    json.replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e")
}

/// For Markdown, in a line or a table: as code, so that nothing in it formats, links or mentions anybody.
pub(crate) fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = plain(text).replace('|', "\\|");
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.starts_with(' ') { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_from_outside_ends_an_element_an_attribute_or_a_script() {
        assert_eq!(
            html("</script><a b=\"c\" d='e'>&"),
            "&lt;/script&gt;&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;"
        );
        assert_eq!(html("a\u{202e}b\u{1b}c\u{0}"), "a\\u{202e}b\\u{1b}c\\u{0}");
        let json = island("\"</script><!--&\"");
        assert_eq!(json, "\"\\u003c/script\\u003e\\u003c!--\\u0026\"");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), "</script><!--&");
    }

    #[test]
    fn code_cannot_be_left_from_within() {
        for (text, safe) in [
            ("ana", "`ana`"),
            ("a`b", "``a`b``"),
            ("`x`", "`` `x` ``"),
            ("a|b", "`a\\|b`"),
            ("@ana\n# x", "`@ana\\u{a}# x`"),
        ] {
            assert_eq!(code(text), safe);
        }
    }

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(plain("a\u{1b}[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
    }

    #[test]
    fn what_is_written_out_reads_back_as_it_was() {
        let hostile = "\u{202e}a\\u{202e}\\u{\\\\u{5c}u{zz}\u{0}\u{85}é";
        assert!(!written(hostile).chars().any(hides));
        for text in [hostile, "", "ann", "\\u{", "\\u{110000}", "\\\\u{41}", "a\\b"] {
            assert_eq!(unwritten(&written(text)), text, "{text:?}");
        }
        for untouched in ["\\u{", "\\u{110000}", "\\u{x}", "ann"] {
            assert_eq!(unwritten(untouched), untouched);
        }
    }

    #[test]
    fn names_that_people_have_stay_as_they_are() {
        for name in ["Zoë", "O'Brien", "佐藤", "محمد", "क्\u{200d}ष", "👩\u{200d}💻"] {
            assert_eq!(plain(name), name);
        }
    }
}
