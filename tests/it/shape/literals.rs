//! The strings that stand in a source, as a person reads them there.

/// A string literal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    /// The line that it begins in, from 1.
    pub(super) line: usize,
    /// What stands between its quotes: escapes as they are, lines that a `\` continues made one.
    pub(super) text: String,
}

/// All string literals of a source, in their order; what is quoted in a comment is none.
pub(super) fn literals(source: &str) -> Vec<Literal> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut before = ' ';
    while let Some(c) = source[at..].chars().next() {
        let rest = &source[at..];
        let (length, literal) = match c {
            '/' if rest.starts_with("//") => (rest.find('\n').unwrap_or(rest.len()), None),
            '/' if rest.starts_with("/*") => (block_comment(rest), None),
            '"' => quoted(rest),
            'r' if is_raw(rest) && (!is_of_a_name(before) || matches!(before, 'b' | 'c')) => raw(rest),
            '\'' => (character(rest), None),
            c => (c.len_utf8(), None),
        };
        if let Some(text) = literal {
            found.push(Literal { line: source[..at].matches('\n').count() + 1, text });
        }
        at += length;
        before = source[..at].chars().next_back().unwrap_or(' ');
    }
    found
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of a comment that may have others in it.
fn block_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let here = &rest[at..];
        match here.get(..2) {
            Some("/*") => (depth, at) = (depth + 1, at + 2),
            Some("*/") if depth == 1 => return at + 2,
            Some("*/") => (depth, at) = (depth - 1, at + 2),
            _ => at += here.chars().next().map_or(1, char::len_utf8),
        }
    }
    rest.len()
}

/// A literal with escapes, by its length and its text.
fn quoted(rest: &str) -> (usize, Option<String>) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (at + 1, Some(text)),
            '\\' => match chars.next() {
                Some((_, '\n')) => while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {},
                escaped => text.extend(std::iter::once(c).chain(escaped.map(|(_, c)| c))),
            },
            c => text.push(c),
        }
    }
    (rest.len(), Some(text))
}

/// Whether `r`, any number of `#` and a quote stand here.
fn is_raw(rest: &str) -> bool {
    rest[1..].trim_start_matches('#').starts_with('"')
}

fn raw(rest: &str) -> (usize, Option<String>) {
    let hashes = rest[1..].len() - rest[1..].trim_start_matches('#').len();
    let begin = 1 + hashes + 1;
    let end = format!("\"{}", "#".repeat(hashes));
    let length = rest[begin..].find(&end).unwrap_or(rest.len() - begin);
    ((begin + length + end.len()).min(rest.len()), Some(rest[begin..begin + length].to_owned()))
}

/// The length of a character in quotes, or of the quote of a lifetime.
fn character(rest: &str) -> usize {
    let mut chars = rest.char_indices().skip(1);
    match chars.next() {
        // After what is escaped, which may be a quote itself.
        Some((_, '\\')) => chars.skip(1).find(|(_, c)| *c == '\'').map_or(rest.len(), |(at, _)| at + 1),
        Some(_) => chars.next().filter(|(_, c)| *c == '\'').map_or(1, |(at, _)| at + 1),
        None => 1,
    }
}

#[test]
fn literals_are_found_and_comments_characters_and_lifetimes_are_none() {
    let source = r####"
        let a = "one"; // not "this"
        /* nor "this", /* or */ "that" */ let b = "with \"quotes\" and \
            a line more";
        let c = ['"', '\'', '\\', 'é']; fn f<'a>(x: &'a str) -> char { '\u{27}' }
        let d = r#"raw "x" \ //"#; let e = br"b"; let order"#;
        /// a doc with "one"
        let f = "";
    "####;
    // What is no source ends somewhere.
    let found = literals(source);
    let texts: Vec<&str> = found.iter().map(|literal| literal.text.as_str()).collect();
    let begin = ["one", "with \\\"quotes\\\" and a line more", "raw \"x\" \\ //", "b"];
    assert_eq!(texts[..4], begin);
    assert_eq!(found.iter().map(|literal| literal.line).take(4).collect::<Vec<_>>(), [2, 3, 6, 6]);
    for open in ["\"", "r#\"", "'", "/*", "'\\", "\"\\", "r"] {
        literals(open);
    }
}
