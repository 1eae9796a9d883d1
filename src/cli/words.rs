//! Lines as a terminal takes them.

/// Lines broken between words so that none is wider than `columns`; what follows a break stands `indent` columns further
/// in than its line. A word that is wider stays whole, and so does what is there to be copied: what stands in backticks, and
/// a command after `with: `. A number keeps its unit.
pub(super) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            wrapped.push('\n');
        }
        let indent = indent + line.len() - line.trim_start_matches(' ').len();
        let mut used = 0;
        for (at, word) in words(line).enumerate() {
            let width = width(word);
            if at == 0 {
                used = width;
            } else if used + 1 + width < columns || used <= indent || indent + width >= columns {
                // What fits on no line stays where it is.
                wrapped.push(' ');
                used += 1 + width;
            } else {
                wrapped.push('\n');
                wrapped.extend(std::iter::repeat_n(' ', indent));
                used = indent + width;
            }
            wrapped.push_str(word);
        }
    }
    wrapped
}

/// What stands between single spaces, so that runs of spaces stay: they are what aligns.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let (mut rest, mut before) = (Some(line), "");
    std::iter::from_fn(move || {
        let line = rest?;
        let mut end = line.find(' ').unwrap_or(line.len());
        if line[..end].matches('`').count() % 2 == 1
            && let Some(close) = line[end..].find('`')
        {
            let close = end + close;
            end = line[close..].find(' ').map_or(line.len(), |space| close + space);
        }
        if before == "with:" && begins_a_command(line) {
            end = line.len();
        } else if line[..end].ends_with(|c: char| c.is_ascii_digit()) {
            let unit = ["min", "s", "h"].iter().find(|unit| {
                let after = line.get(end + 1..).and_then(|after| after.strip_prefix(**unit));
                after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric()))
            });
            end += unit.map_or(0, |unit| 1 + unit.len());
            end += line[end..].find(' ').unwrap_or(line.len() - end);
        }
        rest = line.get(end + 1..);
        before = &line[..end];
        Some(before)
    })
}

/// Whether a line begins with this program, by whatever path it was started, and however that is quoted.
fn begins_a_command(line: &str) -> bool {
    let line = line.strip_prefix("& ").unwrap_or(line);
    let mut quote = None;
    let is_end = |c: char| {
        match quote {
            None if matches!(c, '"' | '\'') => quote = Some(c),
            Some(open) if c == open => quote = None,
            _ => {}
        }
        c == ' ' && quote.is_none()
    };
    let program = line.split(is_end).next().unwrap_or_default().trim_end_matches(['"', '\'']);
    let name = program.rsplit(['/', '\\']).next().unwrap_or_default();
    matches!(name.trim_start_matches(['"', '\'']), "headcount" | "headcount.exe")
}

/// How many columns a word takes: one a character, and none for what colours it.
fn width(word: &str) -> usize {
    let mut is_colour = false;
    let takes = word.chars().filter(|c| {
        let before = is_colour;
        is_colour = *c == '\u{1b}' || (is_colour && *c != 'm');
        !before && !is_colour
    });
    takes.count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_and_what_follows_is_indented() {
        let line = "plan      22 to create, 3 there already";
        assert_eq!(wrapped(line, 80, 10), line);
        assert_eq!(wrapped(line, 26, 10), "plan      22 to create, 3\n          there already");
        let long = "ledger    a-word-that-is-wider-than-the-terminal ok";
        assert_eq!(wrapped(long, 20, 10), "ledger    a-word-that-is-wider-than-the-terminal\n          ok");
        assert_eq!(wrapped("instance  wider-than-all ok", 14, 4), "instance  wider-than-all\n    ok");
        assert_eq!(wrapped("a\nb\n", 80, 10), "a\nb\n");
        assert_eq!(wrapped("one\n  two three four", 12, 2), "one\n  two three\n    four");
    }

    #[test]
    fn a_command_after_with_stays_in_one_line_and_a_number_keeps_its_unit() {
        let line = "hint: see how far it is with: headcount status 'my ledger.jsonl'";
        let broken = "hint: see how far it is with:\n    headcount status 'my ledger.jsonl'";
        assert_eq!(wrapped(line, 44, 4), broken);
        let line_by_path = line.replace("with: headcount", "with: ./target/headcount");
        let broken_before = broken.replace("headcount status", "./target/headcount status");
        assert_eq!(wrapped(&line_by_path, 50, 4), broken_before);
        for program in
            ["'/my tools/headcount'", r#"C:\"my tools\headcount.exe""#, r"& 'C:\a$b c\headcount.exe'"]
        {
            let line = line.replace("with: headcount", &format!("with: {program}"));
            let broken = broken.replace("    headcount", &format!("    {program}"));
            assert_eq!(wrapped(&line, 75, 4), broken);
        }
        assert_eq!(wrapped(line, 34, 4), line, "what fits on no line is left to the terminal");
        assert_eq!(wrapped("throttled; 2 min 5 s", 20, 4), "throttled; 2 min\n    5 s");
        assert_eq!(wrapped("throttled; 5 s", 14, 4), "throttled;\n    5 s");
        assert_eq!(wrapped("throttled; 5 shy", 16, 4), "throttled; 5\n    shy");
    }

    #[test]
    fn a_command_in_backticks_stays_in_one_line_and_colour_takes_no_room() {
        let line = "next: run `headcount validate a.csv` again";
        assert_eq!(wrapped(line, 30, 2), "next: run\n  `headcount validate a.csv`\n  again");
        assert_eq!(wrapped("an odd ` in it", 8, 2), "an odd\n  ` in\n  it");
        assert_eq!(
            wrapped("\u{1b}[1;31merror\u{1b}[0m: no one", 14, 2),
            "\u{1b}[1;31merror\u{1b}[0m: no one"
        );
    }
}
