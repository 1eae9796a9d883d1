//! The two streams: results to stdout, everything else to stderr. A reader that has gone away is not an error.

use std::error::Error as _;
use std::io::{self, IsTerminal as _, Write as _};

use super::settings;
use super::words::wrapped;
use crate::error::Failure;

/// How much further in the rest of a broken line stands.
const HANGING: usize = 4;

/// Writes a result to stdout. A closed pipe (`| head`) ends the writing, not the program.
pub fn result(text: &str) {
    result_bytes(text.as_bytes());
}

/// Writes a result that is not text to stdout.
pub fn result_bytes(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes a result for people to stdout: on a terminal, broken between words where it is wider than that.
pub fn told(text: &str) {
    if io::stdout().is_terminal() {
        result(&wrapped(text, settings::width_of_results(), HANGING));
    } else {
        result(text);
    }
}

/// Writes a line of talk to stderr: on a terminal, broken between words where it is wider than that.
pub fn say(line: &str) {
    say_whole(&wrapped(line, settings::width_of_talk(), HANGING));
}

/// Writes a line to stderr as it is: what is to be pasted is never broken.
pub fn say_whole(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}

/// Prints a failure: what, why, and what to do next.
pub fn failure(failure: &Failure) {
    say(&format!("error: {}", failure.what));
    let mut cause = failure.source();
    while let Some(error) = cause {
        say(&format!("  caused by: {error}"));
        cause = error.source();
    }
    if let Some(hint) = &failure.hint {
        say(&format!("hint: {hint}"));
    }
}

/// Colour for a stream, or none.
#[derive(Clone, Copy, Debug)]
pub struct Paint {
    is_on: bool,
}

impl Paint {
    /// Colour for stdout where it is a terminal and colours are welcome.
    pub fn of_stdout() -> Self {
        Self { is_on: io::stdout().is_terminal() && super::settings::welcomes_colour() }
    }

    /// Colour for stderr where it is a terminal and colours are welcome.
    pub fn of_stderr() -> Self {
        Self { is_on: io::stderr().is_terminal() && super::settings::welcomes_colour() }
    }

    /// No colour.
    pub const NONE: Self = Self { is_on: false };

    /// No colour.
    pub fn plain() -> Self {
        Self::NONE
    }

    /// For what is done.
    pub fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For errors.
    pub fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For warnings.
    pub fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// For titles.
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}
