//! The two streams: results to stdout, everything else to stderr. A reader that has gone away is not an error.

use std::error::Error as _;
use std::io::{self, Write as _};

use crate::error::Failure;

/// Writes a result to stdout. A closed pipe (`| head`) ends the writing, not the program.
pub fn result(text: &str) {
    result_bytes(text.as_bytes());
}

/// Writes a result that is not text to stdout.
pub fn result_bytes(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes a line of talk to stderr.
pub fn say(line: &str) {
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
