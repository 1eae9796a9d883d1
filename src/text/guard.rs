//! Cells that no spreadsheet takes for a formula (OWASP, *CSV Injection*): what begins like one gets an apostrophe before it.

use std::borrow::Cow;

use super::{hides, plain};

/// A cell for people, with what it hides written out.
pub(crate) fn cell(text: &str) -> String {
    let text = plain(text);
    if is_formula(&text) { format!("'{text}") } else { text }
}

/// A cell of a file that is read again, and that fits into a spreadsheet's: [`unguarded`] gives the text back, so that one
/// which begins with an apostrophe by itself gets another.
pub(crate) fn guarded(text: &str) -> String {
    const LONGEST: usize = 32_000; // Excel: 32,767 characters a cell
    let text: String = text.chars().take(LONGEST).collect();
    with_guard(&text).into_owned()
}

/// The same of a cell of somebody's own, of which nothing may be lost: it is as long as it is.
pub(crate) fn with_guard(text: &str) -> Cow<'_, str> {
    if needs_guard(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Whether a text begins like a formula, or with an apostrophe, which reading may take for a guard.
pub(crate) fn needs_guard(text: &str) -> bool {
    is_formula(text) || text.starts_with('\'')
}

/// What a cell said before it was [`guarded`]. An apostrophe that no guard puts there is the cell's own, and stays.
pub(crate) fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| needs_guard(text)).unwrap_or(cell)
}

/// The same of a cell of a kind that nobody begins with an apostrophe, as a number or an address: one that is left over where
/// somebody has mended what stood behind the guard goes as well.
pub(crate) fn unguarded_whole(cell: &str) -> &str {
    cell.strip_prefix('\'').unwrap_or(cell)
}

/// Whether a spreadsheet may take a text for a formula.
pub(crate) fn is_formula(text: &str) -> bool {
    // Spreadsheets trim before they look, and nobody sees what they drop.
    let trimmed = text.trim_start_matches(|c: char| c.is_whitespace() || hides(c));
    text.starts_with(['\t', '\r', '\n']) || trimmed.starts_with(|c| "=+-@＝＋－＠".contains(c))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cell_that_begins_like_a_formula_is_text() {
        for (text, safe) in [
            ("=1+1", "'=1+1"),
            ("+49 30", "'+49 30"),
            ("-2", "'-2"),
            ("@SUM(A1)", "'@SUM(A1)"),
            (" =1", "' =1"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
            ("\t=1", "\\u{9}=1"),
            ("'t Hart", "'t Hart"),
            ("", ""),
        ] {
            assert_eq!(cell(text), safe);
        }
    }

    #[test]
    fn what_a_spreadsheet_would_trim_hides_no_formula_from_a_guard() {
        for text in
            ["=1", " =1", "\u{a0}+1", "\u{feff}@x", "\u{200b}-1", "\t=1", "\r\nx", "\tx", "\n=1", " ＝1"]
        {
            assert_eq!(guarded(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "ann", "row 7", "a=b", " ann"] {
            assert_eq!(guarded(text), text, "{text:?}");
        }
        assert!(guarded(&"é".repeat(100_000)).chars().count() < 32_767);
    }

    #[test]
    fn exactly_what_a_guard_puts_there_is_taken_off() {
        for (text, cell) in [("'=1", "''=1"), ("'t Hart", "''t Hart"), ("'", "''"), ("''", "'''")] {
            assert_eq!(guarded(text), cell);
            assert_eq!(unguarded(cell), text);
        }
        // Typed by a person, or of a spreadsheet: no guard would have put it there.
        for cell in ["'t Hart", "'", "'1", "' ann"] {
            assert_eq!(unguarded(cell), cell);
        }
        // Left over where what stood behind it was mended.
        for (cell, text) in [("'dan@x", "dan@x"), ("'+49", "+49"), ("''dan@x", "'dan@x"), ("dan@x", "dan@x")]
        {
            assert_eq!(unguarded_whole(cell), text);
        }
    }

    proptest! {
        #[test]
        fn a_guarded_cell_reads_back_as_it_was(text in "['=+@ \t\n\u{200b}＝a-]{0,6}|\\PC{0,12}") {
            let cell = guarded(&text);
            prop_assert!(!is_formula(&cell));
            prop_assert_eq!(unguarded(&cell), text.clone());
            prop_assert_eq!(unguarded_whole(&cell), text);
        }
    }
}
