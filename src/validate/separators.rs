//! Cells in the grammar of another importer: every one has its own separators, and people bring the last one's.
//!
//! What is rewritten here is proposed, never read: a name may have any of these signs in it.

/// The names of a cell that lists them in some other way than with `|`: with `;` or `,` or line breaks between them, or as
/// a list in brackets as programs print it. `None` where it is one name, or a list as it should be.
pub(super) fn names(cell: &str) -> Option<Vec<&str>> {
    // Nearly every cell has none of them, and each is asked.
    if !cell.bytes().any(|byte| matches!(byte, b';' | b',' | b'\n' | b'\r' | b'[' | b'{' | b'(')) {
        return None;
    }
    names_between(cell, &[';', ',', '\n', '\r'])
}

/// The same, where `/` may be a separator too: a sign that names have more often.
pub(super) fn names_with_slashes(cell: &str) -> Option<Vec<&str>> {
    names_between(cell, &[';', ',', '\n', '\r', '/', '&', '+'])
}

fn names_between<'c>(cell: &'c str, between: &[char]) -> Option<Vec<&'c str>> {
    let inner = within(cell, '[', ']').or_else(|| within(cell, '{', '}')).or_else(|| within(cell, '(', ')'));
    let text = inner.unwrap_or(cell);
    if inner.is_none() && !text.contains(between) {
        return None;
    }
    let parts = text.split(|c| c == '|' || between.contains(&c)).map(bare).filter(|part| !part.is_empty());
    let parts: Vec<&str> = parts.collect();
    (parts.len() > 1 || (inner.is_some() && !parts.is_empty())).then_some(parts)
}

/// The levels of a path that is written with something else than `|` between them.
pub(super) fn levels(cell: &str) -> Option<Vec<&str>> {
    const BETWEEN: [&str; 8] = [" > ", ">", "/", "\\", "→", "»", "｜", "::"];
    // Nearly every cell ends here, and each is asked.
    if cell.as_bytes().contains(&b'|') || cell.starts_with("arn:") {
        return None;
    }
    if !cell.bytes().any(|byte| matches!(byte, b'/' | b'>' | b'\\' | b':') || !byte.is_ascii()) {
        return None;
    }
    let between = BETWEEN.into_iter().find(|between| cell.contains(between))?;
    let levels: Vec<&str> = cell.split(between).map(str::trim).filter(|level| !level.is_empty()).collect();
    // `R/D`, `24/7` and `N/A` are names.
    let is_word = |level: &&str| level.chars().filter(|c| c.is_alphabetic()).count() > 1;
    (levels.len() > 1 && levels.iter().all(is_word)).then_some(levels)
}

/// Tags as other systems write them, rewritten: `site=Leeds;grade=2`, `site:Leeds, grade:2`, `Key=site,Value=Leeds`, JSON.
/// `None` where a piece of it is no key with a value.
pub(super) fn tags(cell: &str) -> Option<String> {
    let text = within(cell, '{', '}').or_else(|| within(cell, '[', ']')).unwrap_or(cell);
    let pairs = keys_and_values(text).or_else(|| pairs(text))?;
    // `Key` and `Value` name what they stand before, and are none of it.
    let is_plain = |(key, value): &(&str, &str)| {
        let is_member = ["key", "value"].iter().any(|member| key.eq_ignore_ascii_case(member));
        !key.is_empty() && !value.is_empty() && !is_member && !key.contains(['|', '{', '}', '[', ']', '"'])
    };
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|pair| is_plain(&pair).then(|| format!("{}|{}", pair.0, pair.1)))
        .collect::<Option<_>>()?;
    (!pairs.is_empty()).then(|| pairs.join("||"))
}

/// `Key=site,Value=Leeds Key=grade,Value=2`, as the AWS CLI has it.
fn keys_and_values(text: &str) -> Option<Vec<(&str, &str)>> {
    let words =
        text.split([',', ';', '\n', ' ', '{', '}', '[', ']']).map(bare).filter(|word| !word.is_empty());
    let mut words = words.map(|word| word.split_once(['=', ':']));
    let mut pairs = Vec::new();
    while let Some(word) = words.next() {
        let ((key, name), (value, text)) = (word?, words.next()??);
        if !bare(key).eq_ignore_ascii_case("key") || !bare(value).eq_ignore_ascii_case("value") {
            return None;
        }
        pairs.push((bare(name), bare(text)));
    }
    Some(pairs)
}

fn pairs(text: &str) -> Option<Vec<(&str, &str)>> {
    let pieces = text.split([';', ',', '\n', '\r']).flat_map(|piece| piece.split("||"));
    let pieces = pieces.map(str::trim).filter(|piece| !piece.is_empty());
    let pair = |piece: &'_ str| -> Option<(usize, usize)> {
        let at = piece.find('|').or_else(|| piece.find('=')).or_else(|| piece.find(':'))?;
        Some((at, at + 1))
    };
    pieces
        .map(|piece| {
            let (end, begin) = pair(piece)?;
            Some((bare(&piece[..end]), bare(&piece[begin..])))
        })
        .collect()
}

/// What stands between two brackets that enclose the whole cell.
fn within(cell: &str, open: char, close: char) -> Option<&str> {
    cell.trim().strip_prefix(open)?.strip_suffix(close)
}

/// A name without the spaces and quotes around it.
fn bare(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | '“' | '”'))
}

/// What is inside of a cell that was written so that a spreadsheet does not count with it: `="0041"`, `'+12065550142`.
pub(super) fn inside(cell: &str) -> Option<&str> {
    let formula = cell.strip_prefix('=').map(str::trim);
    let inner = match formula {
        Some(formula) => formula.strip_prefix('"')?.strip_suffix('"')?,
        None => cell.strip_prefix(['\'', '’', '‘'])?,
    };
    let inner = inner.trim();
    (!inner.is_empty() && !inner.contains(['"', '\''])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_a_list_of_any_form() {
        let both = Some(vec!["Agent", "QualityAnalyst"]);
        for cell in [
            "Agent;QualityAnalyst",
            "Agent, QualityAnalyst",
            "Agent ; QualityAnalyst;",
            "Agent\nQualityAnalyst",
            r#"["Agent","QualityAnalyst"]"#,
            "['Agent', 'QualityAnalyst']",
            "[Agent|QualityAnalyst]",
        ] {
            assert_eq!(names(cell), both, "{cell}");
        }
        assert_eq!(names(r#"["Agent"]"#), Some(vec!["Agent"]));
        assert_eq!(names_with_slashes("Agent/QualityAnalyst"), both);
        for cell in ["Agent", "Agent|QualityAnalyst", "Agent/QualityAnalyst", "", ";", "[]"] {
            assert_eq!(names(cell), None, "{cell}");
        }
    }

    #[test]
    fn levels_are_found_whatever_stands_between_them() {
        for cell in
            ["EMEA/Germany/Berlin", "EMEA > Germany > Berlin", "EMEA >Germany>Berlin", r"EMEA\Germany\Berlin"]
        {
            assert_eq!(levels(cell), Some(vec!["EMEA", "Germany", "Berlin"]), "{cell}");
        }
        for cell in [
            "EMEA",
            "EMEA|R/D",
            "/",
            "R/D",
            "24/7 Desk",
            "EMEA-Germany",
            "arn:aws:connect:x:1:instance/i/agent-group/g",
        ] {
            assert_eq!(levels(cell), None, "{cell}");
        }
    }

    #[test]
    fn tags_are_rewritten_where_each_piece_has_a_key_and_a_value() {
        let table = [
            ("site=Leeds;grade=2", Some("site|Leeds||grade|2")),
            ("site:Leeds", Some("site|Leeds")),
            ("site: Leeds, grade: 2", Some("site|Leeds||grade|2")),
            ("Key=site,Value=Leeds", Some("site|Leeds")),
            ("Key=site,Value=Leeds Key=grade,Value=2", Some("site|Leeds||grade|2")),
            (r#"{"site": "Leeds", "grade": "2"}"#, Some("site|Leeds||grade|2")),
            (r#"[{"Key": "site", "Value": "Leeds"}]"#, None),
            ("site|Leeds;grade|2", Some("site|Leeds||grade|2")),
            ("Leeds", None),
            ("site=Leeds;2", None),
            ("site=", None),
        ];
        for (cell, expected) in table {
            assert_eq!(tags(cell).as_deref(), expected, "{cell}");
        }
    }

    #[test]
    fn what_is_inside_of_a_cell_is_shown() {
        for (cell, expected) in [
            (r#"="0041""#, Some("0041")),
            ("'+12065550142", Some("+12065550142")),
            ("'004711", Some("004711")),
            ("=1+1", None),
            ("O'Neil", None),
            ("'", None),
            ("'quoted'", None),
        ] {
            assert_eq!(inside(cell), expected, "{cell}");
        }
    }
}
