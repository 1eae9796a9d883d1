//! Words as sh, bash and zsh take them.

use std::fmt::Write as _;

use crate::text::hides;

/// A word as a POSIX shell takes it, quoted where it must be. What would steer the terminal, as a file's name can, is
/// written out as bash, zsh and POSIX of 2024 read it (`$'…'`).
pub(super) fn word(word: &str) -> String {
    if word.chars().any(hides) {
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
            c if hides(c) => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\x{byte:02x}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_only_where_a_shell_would_split_or_expand_them() {
        for (is, quoted) in [
            ("roster.csv", "roster.csv"),
            ("arn:aws:connect:eu-west-2:1:instance/a", "arn:aws:connect:eu-west-2:1:instance/a"),
            ("my roster.csv", "'my roster.csv'"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"),
            ("a\u{1b}]0;it's\\x\u{7}\u{202e}", "$'a\\x1b]0;it\\'s\\\\x\\x07\\xe2\\x80\\xae'"),
            ("", "''"),
        ] {
            assert_eq!(word(is), quoted);
        }
    }
}
