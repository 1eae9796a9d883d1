//! The two streams: results to stdout, everything else to stderr. A reader that has gone away is not an error.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};

use super::settings;
use super::voice::Flags;
use super::words::wrapped;
use crate::error::Failure;
use crate::text::{hides, plain, worded};

/// How much further in the rest of a broken line stands.
const HANGING: usize = 4;

/// Writes a result to stdout. A closed pipe (`| head`) ends the writing, not the program.
///
/// What steers a terminal is written out where the result is made; here is the net below, for a terminal alone.
pub(crate) fn result(text: &str) {
    if io::stdout().is_terminal() {
        result_bytes(harmless(text).as_bytes())
    } else {
        result_bytes(text.as_bytes())
    }
}

/// Writes a JSON document to stdout. JSON escapes ASCII's control characters only; the others that steer a terminal or turn
/// the direction of a line can stand in strings alone, where an escape means the same.
pub(crate) fn json(text: &str) {
    result_bytes(escaped(text).as_bytes());
}

/// Writes a result that is not text to stdout.
pub(crate) fn result_bytes(bytes: &[u8]) {
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// Writes a result for people to stdout: on a terminal, broken between words where it is wider than that.
pub(crate) fn told(text: &str) {
    told_under(text, HANGING);
}

/// As [`told`], with what follows a break `indent` columns further in.
pub(crate) fn told_under(text: &str, indent: usize) {
    if io::stdout().is_terminal() {
        result(&wrapped(text, settings::width_of_results(), indent));
    } else {
        result(text);
    }
}

/// Writes a line of talk to stderr: on a terminal, broken between words where it is wider than that.
pub(crate) fn say(line: &str) {
    say_whole(&wrapped(line, settings::width_of_talk(), HANGING));
}

/// Writes a line to stderr unbroken, as what is to be pasted must be; nothing in it steers a terminal but our own colours.
pub(crate) fn say_whole(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", harmless(line));
}

/// Prints a failure: what, why, and what to do next. Names of files and answers of services are in it.
pub(crate) fn failure(failure: &Failure) {
    told_of(failure).iter().for_each(|part| say(part));
}

/// The parts of what is told of a failure, in the words of the command line.
fn told_of(failure: &Failure) -> Vec<String> {
    let of_lines = |text: &str| {
        let text = worded(text, &Flags);
        text.lines().map(plain).collect::<Vec<_>>().join("\n")
    };
    let mut parts = vec![format!("error: {}", plain(&worded(&failure.what, &Flags)))];
    let (mut cause, mut before) = (failure.source(), failure.what.clone());
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors have their cause in their own words already.
        if !before.contains(&text) {
            // What a parser says of a file has lines.
            parts.push(format!("  caused by: {}", of_lines(&text)));
        }
        (cause, before) = (error.source(), text);
    }
    parts.extend(failure.hint.as_deref().map(|hint| format!("hint: {}", of_lines(hint))));
    parts
}

/// A text whose characters that hide something are written out, but for line ends and our own colours.
fn harmless(text: &str) -> Cow<'_, str> {
    let steers = |c: char| hides(c) && !matches!(c, '\n' | '\t');
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        if !steers(c) || (c == '\u{1b}' && PAINTS.iter().any(|paint| text[at..].starts_with(paint))) {
            safe.push(c);
        } else {
            let _ = write!(safe, "\\u{{{:x}}}", c as u32);
        }
    }
    Cow::Owned(safe)
}

fn escaped(json: &str) -> Cow<'_, str> {
    let steers = |c: char| hides(c) && !matches!(c, '\n' | '\r' | '\t');
    if !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if steers(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// All colours that are used, and the end of one.
const PAINTS: [&str; 5] = ["\u{1b}[0m", "\u{1b}[1m", "\u{1b}[32m", "\u{1b}[1;31m", "\u{1b}[1;33m"];

/// Colour for a stream, or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Paint {
    is_on: bool,
}

impl Paint {
    /// Colour for stdout where it is a terminal and colours are welcome.
    pub(crate) fn of_stdout() -> Self {
        Self { is_on: io::stdout().is_terminal() && super::settings::welcomes_colour() }
    }

    /// Colour for stderr where it is a terminal and colours are welcome.
    pub(crate) fn of_stderr() -> Self {
        Self { is_on: io::stderr().is_terminal() && super::settings::welcomes_colour() }
    }

    /// No colour.
    #[cfg(test)]
    pub(crate) const fn plain() -> Self {
        Self { is_on: false }
    }

    /// For what is done.
    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// For errors.
    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For warnings.
    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("1;33", text)
    }

    /// For titles.
    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_on { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn talk_keeps_our_colours_and_no_other_escape() {
        let paint = Paint { is_on: true };
        for text in
            [paint.green("a"), paint.red("b"), paint.yellow("c"), paint.bold("d"), "plain\ntext".to_owned()]
        {
            assert_eq!(harmless(&text), text);
        }
        let hostile = "a\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}31m\u{202e}b\r";
        let safe = harmless(hostile);
        assert_eq!(safe, "a\\u{1b}]0;title\\u{7}\\u{1b}[2J\\u{9b}31m\\u{202e}b\\u{d}");
        assert!(!safe.chars().any(hides));
    }

    #[test]
    fn a_failure_is_told_in_flags_whatever_part_of_it_names_a_setting() {
        let below = Failure::usage("no ⟦sheet⟧").because("as ⟦ledger A⟧\nsays");
        let failure =
            Failure::usage("`⟦region⟧` says\n⟦unknown⟧").because(below).hint("⟦output B⟧,\n⟦instance⟧");
        let told = [
            "error: `--region` says\\u{a}⟦unknown⟧",
            "  caused by: no --sheet",
            "  caused by: as --ledger A\nsays",
            "hint: -o B,\n--instance",
        ];
        assert_eq!(told_of(&failure), told);
    }

    #[test]
    fn json_means_the_same_with_what_steers_a_terminal_escaped() {
        let value = serde_json::json!({"a": "\u{9b}31m\u{202e}\u{e0041}\u{7f}", "b": "\u{1b}\n"});
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = escaped(&text);
        assert!(!safe.chars().any(|c| hides(c) && c != '\n'), "{safe}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&safe).unwrap(), value);
        assert_eq!(escaped("{\n}\n"), "{\n}\n");
    }
}
