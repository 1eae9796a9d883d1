//! Words as a shell takes them: commands to paste.

use std::fmt::Write as _;
use std::path::Path;

use super::hides;

/// A word as a POSIX shell takes it, quoted where it must be: every command that is printed works when pasted. What would
/// steer the terminal, as a file's name can, is written out as bash, zsh and POSIX of 2024 read it (`$'…'`).
pub(crate) fn shell_word(word: &str) -> String {
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

/// A path as a word that no command takes for a flag: a file may be called `-x`.
pub(crate) fn path_word(path: &Path) -> String {
    let path = path.to_string_lossy();
    let before = if path.starts_with('-') { "./" } else { "" };
    format!("{before}{path}")
}

/// The same as a shell takes it.
pub(crate) fn shell_path(path: &Path) -> String {
    shell_word(&path_word(path))
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
    fn a_file_is_no_flag_whatever_it_is_called() {
        for (path, word) in [("-l.jsonl", "./-l.jsonl"), ("-- x", "'./-- x'"), ("d/-x", "d/-x"), ("x", "x")] {
            assert_eq!(shell_path(Path::new(path)), word);
        }
    }
}
