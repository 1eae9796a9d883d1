//! What a spreadsheet puts on the clipboard: rows of cells with tabs between them, those with tabs, quotes or line breaks in
//! quotes.

/// The rows of cells. A line end at the very end is none of a row.
pub(super) fn table(tsv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let mut chars = tsv.chars().peekable();
    let mut is_begin = true;
    while let Some(c) = chars.next() {
        match c {
            // Only where it begins a cell, and the cell ends with one, are quotes none of the text.
            '"' if is_begin && is_quoted(&chars) => {
                while let Some(c) = chars.next() {
                    if c != '"' {
                        cell.push(c);
                    } else if chars.next_if_eq(&'"').is_some() {
                        cell.push('"');
                    } else {
                        break;
                    }
                }
                is_begin = false;
            }
            '\t' => {
                row.push(std::mem::take(&mut cell));
                is_begin = true;
            }
            '\r' | '\n' => {
                if c == '\r' {
                    chars.next_if_eq(&'\n');
                }
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
                is_begin = true;
            }
            c => {
                cell.push(c);
                is_begin = false;
            }
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

/// Whether the quote that has just been read is closed, and a cell ends there.
fn is_quoted(after: &std::iter::Peekable<std::str::Chars<'_>>) -> bool {
    let mut chars = after.clone();
    while let Some(c) = chars.next() {
        if c == '"' && chars.next_if_eq(&'"').is_none() {
            return chars.next().is_none_or(|next| matches!(next, '\t' | '\r' | '\n'));
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_taken_apart_as_a_spreadsheet_has_put_them_together() {
        let table: [(&str, &[&[&str]]); 10] = [
            ("", &[]),
            ("a", &[&["a"]]),
            ("a\tb\nc\td\n", &[&["a", "b"], &["c", "d"]]),
            ("a\tb\r\nc\td\r\n", &[&["a", "b"], &["c", "d"]]),
            ("\t\n", &[&["", ""]]),
            ("\"two\nlines\"\tx", &[&["two\nlines", "x"]]),
            ("\"say \"\"hi\"\"\"\n", &[&["say \"hi\""]]),
            ("5\" disk\tx", &[&["5\" disk", "x"]]),
            ("\"Annie\" Lee\tx", &[&["\"Annie\" Lee", "x"]]),
            ("\"open\tx", &[&["\"open", "x"]]),
        ];
        for (text, expected) in table {
            assert_eq!(super::table(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_put_together_is_taken_apart(rows in prop::collection::vec(prop::collection::vec("[a\"\t\n ]{0,4}", 1..4), 1..4)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let lines: Vec<String> = rows.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join("\t")).collect();
            prop_assert_eq!(table(&(lines.join("\r\n") + "\r\n")), rows);
        }
    }
}
