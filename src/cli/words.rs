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

/// Lines broken between words so that none is wider than `columns`; what follows a break stands under `indent` columns.
/// A word that is wider stays whole, so that it can be copied.
pub(super) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let mut wrapped = String::with_capacity(text.len());
    for line in text.lines() {
        let mut used = 0;
        // Runs of spaces stay: they are what aligns.
        for (at, word) in line.split(' ').enumerate() {
            let width = word.chars().count();
            if at == 0 {
                used = width;
            } else if used + 1 + width < columns || used <= indent {
                wrapped.push(' ');
                used += 1 + width;
            } else {
                wrapped.push('\n');
                wrapped.extend(std::iter::repeat_n(' ', indent));
                used = indent + width;
            }
            wrapped.push_str(word);
        }
        wrapped.push('\n');
    }
    wrapped.truncate(wrapped.trim_end().len());
    wrapped
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
        assert_eq!(wrapped("a\nb", 80, 10), "a\nb");
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
