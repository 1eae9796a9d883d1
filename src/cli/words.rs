//! Words that people read: commands to paste, counts, durations.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::time::Duration;

use crate::report::text;

/// A word as a POSIX shell takes it, quoted where it must be: every command that is printed works when pasted. What would
/// steer the terminal, as a file's name can, is written out as bash, zsh and POSIX of 2024 read it (`$'…'`).
pub fn shell_word(word: &str) -> String {
    if word.chars().any(text::hides) {
        return written_out(word);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn written_out(word: &str) -> String {
    let mut quoted = String::from("$'");
    for c in word.chars() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            c if text::hides(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

/// The command line as it was typed, to be pasted again.
pub(super) fn typed(args: &[OsString]) -> String {
    let words: Vec<String> = args.iter().map(|word| shell_word(&word.to_string_lossy())).collect();
    words.join(" ")
}

/// `1 row`, `2 rows`.
pub(super) fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", grouped(number))
}

/// `12,345`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// `8 s`, `2 min 5 s`, `6 h 7 min`.
pub(super) fn duration(time: Duration) -> String {
    let seconds = time.as_secs_f64().round() as u64;
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 if seconds.is_multiple_of(60) => format!("{} min", seconds / 60),
        60..3600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

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
        if before == "with:" && line.starts_with("headcount ") {
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

/// A text from outside, safe for a terminal: what steers it, or turns the direction of a line, as escapes.
pub(super) fn plain(text: &str) -> String {
    text::shown(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_would_split_or_expand_them() {
        for (word, quoted) in [
            ("roster.csv", "roster.csv"),
            ("arn:aws:connect:eu-west-2:1:instance/a", "arn:aws:connect:eu-west-2:1:instance/a"),
            ("my roster.csv", "'my roster.csv'"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"),
            ("a\u{1b}]0;it's\\x\u{7}\u{202e}", "$'a\\x1b]0;it\\'s\\\\x\\x07\\xe2\\x80\\xae'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }

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

    #[test]
    fn counts_and_durations_read_well() {
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(12_345, "row"), "12,345 rows");
        assert_eq!(grouped(1_000_000), "1,000,000");
        for (seconds, words) in
            [(0.4, "0 s"), (59.4, "59 s"), (500.0, "8 min 20 s"), (600.0, "10 min"), (22_000.0, "6 h 6 min")]
        {
            assert_eq!(duration(Duration::from_secs_f64(seconds)), words);
        }
        assert_eq!(plain("a\u{1b}[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
    }
}
