//! Command lines as the shells of a system take them: every command that is printed works when it is pasted.

mod posix;
mod windows;

use std::path::Path;
use std::sync::OnceLock;

pub(crate) use windows::called;

/// The shells that people have on a system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shell {
    /// sh, bash and zsh.
    Posix,
    /// PowerShell 5 and 7, and cmd: one line must do for all of them.
    Windows,
}

impl Shell {
    /// Those of the system that this program was built for.
    pub(crate) const HERE: Self = if cfg!(windows) { Self::Windows } else { Self::Posix };

    /// A command line of these words, of which the first is the program.
    pub(crate) fn line(self, words: &[String]) -> String {
        match self {
            Self::Posix => words.iter().map(|word| posix::word(word)).collect::<Vec<_>>().join(" "),
            Self::Windows => windows::line(words),
        }
    }

    /// Lines to paste that set these variables, which hold plain words, and take those away.
    pub(crate) fn exports(self, set: &[(&str, &str)], unset: &[&str]) -> String {
        let lines = |line: &dyn Fn(&str, &str) -> String| -> String {
            set.iter().map(|(name, value)| line(name, value)).collect()
        };
        match self {
            Self::Posix => {
                lines(&|name, value| format!("export {name}={value}\n"))
                    + &format!("unset {}\n", unset.join(" "))
            }
            // The one thing that no line does in both.
            Self::Windows => {
                let away = |line: &dyn Fn(&&str) -> String| -> String { unset.iter().map(line).collect() };
                [
                    "in PowerShell:\n".to_owned(),
                    lines(&|name, value| format!("$env:{name} = \"{value}\"\n")),
                    away(&|name| format!("$env:{name} = $null\n")),
                    "\nin cmd:\n".to_owned(),
                    lines(&|name, value| format!("set {name}={value}\n")),
                    away(&|name| format!("set {name}=\n")),
                ]
                .concat()
            }
        }
    }

    /// The word for moving a file, which these shells have in common.
    pub(crate) const fn mover(self) -> &'static str {
        match self {
            Self::Posix => "mv",
            Self::Windows => "move",
        }
    }
}

/// The name of the program, where it is on the path.
const NAME: &str = "headcount";

static CALLED: OnceLock<String> = OnceLock::new();

/// Has commands begin with this program, where its name alone would not find it. Said once, when the program begins.
pub(crate) fn call_by(program: String) {
    let _ = CALLED.set(program);
}

/// How the program is called, where it was not said how it was typed.
pub(crate) fn program() -> &'static str {
    program_by_path().unwrap_or(NAME)
}

/// How the program is called, where that was found out: what was typed does not matter then.
pub(crate) fn program_by_path() -> Option<&'static str> {
    CALLED.get().map(String::as_str)
}

/// A command line of these words, of which the first is the program.
pub(crate) fn shell_line<W: Into<String>>(words: impl IntoIterator<Item = W>) -> String {
    Shell::HERE.line(&words.into_iter().map(Into::into).collect::<Vec<_>>())
}

/// A path as a word that no command takes for a flag: a file may be called `-x`.
pub(crate) fn path_word(path: &Path) -> String {
    let path = path.to_string_lossy();
    let before = if path.starts_with('-') { "./" } else { "" };
    format!("{before}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_set_in_the_words_of_each_shell() {
        let lines = |shell: Shell| shell.exports(&[("A", "http://127.0.0.1:1"), ("B", "b")], &["C", "D"]);
        assert_eq!(lines(Shell::Posix), "export A=http://127.0.0.1:1\nexport B=b\nunset C D\n");
        assert_eq!(
            lines(Shell::Windows),
            "in PowerShell:\n$env:A = \"http://127.0.0.1:1\"\n$env:B = \"b\"\n$env:C = $null\n$env:D = $null\n\n\
             in cmd:\nset A=http://127.0.0.1:1\nset B=b\nset C=\nset D=\n"
        );
    }

    #[test]
    fn a_file_is_no_flag_whatever_it_is_called() {
        for (path, word) in [("-l.jsonl", "./-l.jsonl"), ("-- x", "./-- x"), ("d/-x", "d/-x"), ("x", "x")] {
            assert_eq!(path_word(Path::new(path)), word);
        }
    }
}
