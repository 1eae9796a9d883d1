//! The two streams: results to stdout, everything else to stderr. A result that cannot be written is an error, told once at
//! the end of the command; a reader that has gone away is none.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::settings;
use super::voice::Flags;
use super::words::wrapped;
use crate::disk::{self, Landed};
use crate::error::Failure;
use crate::exit::Exit;
use crate::text::{self, hides, plain, worded};

/// How much further in the rest of a broken line stands.
const HANGING: usize = 4;

/// Writes a result to stdout. A closed pipe (`| head`) ends the writing, not the program.
///
/// What steers a terminal is written out where the result is made; here is the net below, for a terminal alone.
pub(crate) fn result(text: &str) {
    if is_for_terminal() { result_bytes(harmless(text).as_bytes()) } else { result_bytes(text.as_bytes()) }
}

/// Writes a JSON document to stdout. JSON escapes ASCII's control characters only; the others that steer a terminal or turn
/// the direction of a line can stand in strings alone, where an escape means the same.
pub(crate) fn json(text: &str) {
    result_bytes(text::escaped(text).as_bytes());
}

/// Writes a result that is not text to stdout. What cannot be written is kept for [`untold`].
pub(crate) fn result_bytes(bytes: &[u8]) {
    let mut course = course();
    if let Some(gathered) = &mut course.gathered {
        gathered.extend_from_slice(bytes);
        return;
    }
    course.given += lines_in(bytes);
    if course.trouble.is_some() || course.is_unread {
        return;
    }
    match write_counted(bytes) {
        (written, Ok(())) => course.written += lines_in(&bytes[..written]),
        (_, Err(error)) if error.kind() == io::ErrorKind::BrokenPipe => course.is_unread = true,
        (written, Err(error)) => {
            course.written += lines_in(&bytes[..written]);
            course.trouble = Some(error.to_string());
            if let Some(told) = &course.whoever_cares {
                told(&format!("the result can no longer be written: {error}"));
            }
        }
    }
}

/// Whoever is told why a result can no longer be written.
type Hearer = Box<dyn Fn(&str) + Send>;

/// How the writing of the result goes. Of the process, as stdout is.
struct Course {
    /// Lines that were to be written.
    given: u64,
    /// Lines that were.
    written: u64,
    /// Why nothing more is written.
    trouble: Option<String>,
    /// The reader has gone away.
    is_unread: bool,
    /// What is to go into a file when all of it is there, in place of stdout.
    gathered: Option<Vec<u8>>,
    /// Told as soon as there is trouble.
    whoever_cares: Option<Hearer>,
}

static COURSE: Mutex<Course> = Mutex::new(Course {
    given: 0,
    written: 0,
    trouble: None,
    is_unread: false,
    gathered: None,
    whoever_cares: None,
});

fn course() -> MutexGuard<'static, Course> {
    COURSE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn lines_in(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// Writes and flushes, and says how far that came.
fn write_counted(bytes: &[u8]) -> (usize, io::Result<()>) {
    let mut stdout = io::stdout().lock();
    let mut written = 0;
    while written < bytes.len() {
        match stdout.write(&bytes[written..]) {
            Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
            Ok(more) => written += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (written, Err(error)),
        }
    }
    (written, stdout.flush())
}

/// Has somebody told as soon as a result cannot be written: whoever goes on working for minutes must know.
pub(crate) fn when_untold(told: impl Fn(&str) + Send + 'static) {
    course().whoever_cares = Some(Box::new(told));
}

/// What of the result could not be written, at the end of a command: exit 4. `None` where all was written, or nobody reads it.
pub(super) fn untold() -> Option<Failure> {
    let course = course();
    let trouble = course.trouble.clone()?;
    let what = format!(
        "the result could not be written: {} of {} went to stdout",
        text::grouped(course.written),
        text::count(course.given, "line")
    );
    Some(Failure::stopped(what).because(trouble).hint(
        "what was written is not whole, do not use it: free some space or choose another place, and run the command again",
    ))
}

/// Runs a command with its result going into a file, where one is named: a file that must not exist yet, and that is whole
/// or not there. What the command says beside its result stays on stderr.
///
/// A shell's `>` will not do everywhere: PowerShell reads what a program prints in the console's code page, and PowerShell 5
/// writes that in UTF-16.
///
/// # Errors
/// Those of the command, after which nothing is written; and those of [`into_new_file`].
pub(super) fn kept_in(
    path: Option<&Path>,
    command: impl FnOnce() -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let Some(path) = path else { return command() };
    be_a_file(path)?;
    // Told before the work, which may take a while.
    if path.symlink_metadata().is_ok() {
        return Err(is_there(path));
    }
    course().gathered = Some(Vec::new());
    let ended = command();
    let gathered = course().gathered.take().unwrap_or_default();
    let exit = ended?;
    into_new_file(path, &gathered)?;
    Ok(exit)
}

fn is_there(path: &Path) -> Failure {
    Failure::usage(format!("a file is there already: `{}`", path.display()))
        .hint("choose another name for `-o`")
}

/// Fails where what elsewhere means stdout is named as a file: whoever types it means that.
///
/// # Errors
/// Exit 2.
pub(super) fn be_a_file(path: &Path) -> Result<(), Failure> {
    if path != Path::new("-") {
        return Ok(());
    }
    Err(Failure::usage("a result is written into no file of this name: `-`").hint(
        "name another file; most results go to stdout without `-o`, and a file that is called so is `./-`",
    ))
}

/// Whether a result is read on a terminal.
pub(super) fn is_for_terminal() -> bool {
    course().gathered.is_none() && io::stdout().is_terminal()
}

/// Writes a result into a file that must not exist yet: readable by its owner only, and whole or not at all.
///
/// # Errors
/// Exit 2 where something is there already, 4 where it cannot be written.
pub(super) fn into_new_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    be_a_file(path)?;
    let shown = path.display();
    disk::create_new(path, bytes).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => is_there(path),
        _ => unwritten("the result", path, error),
    })?;
    say(&format!("written: {}", plain(&shown.to_string())));
    Ok(())
}

/// Says where a result was written to.
pub(super) fn say_written(path: &Path, landed: &Landed) {
    let path = say_landed(path, landed);
    say(&format!("written: {}", plain(&path.display().to_string())));
}

/// Where a file was written to; says so where that is not where it was to be.
pub(super) fn say_landed<'p>(path: &'p Path, landed: &'p Landed) -> &'p Path {
    match landed {
        Landed::There => path,
        Landed::Beside(other) => {
            say(&held(path));
            other
        }
    }
}

/// A file that another program has, and lets nobody replace.
pub(super) fn held(path: &Path) -> String {
    format!(
        "`{}` is open in another program, and stays as it was; close it in Excel before the next time",
        plain(&path.display().to_string())
    )
}

/// A file that cannot be written, and of which nothing is left. A place that cannot be used is exit 2, a disk that is full or
/// fails exit 4.
pub(super) fn unwritten(what: &str, path: &Path, error: io::Error) -> Failure {
    let said = format!("{what} cannot be written, and nothing of it is left: `{}`", path.display());
    let is_of_the_place = matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
    );
    let failure = if is_of_the_place { Failure::usage(said) } else { Failure::stopped(said) };
    failure.because(error).hint("free some space or choose another place, and run the command again")
}

/// Writes a result for people to stdout: on a terminal, broken between words where it is wider than that.
pub(crate) fn told(text: &str) {
    told_under(text, HANGING);
}

/// As [`told`], with what follows a break `indent` columns further in.
pub(crate) fn told_under(text: &str, indent: usize) {
    if is_for_terminal() {
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
        Self { is_on: settings::welcomes_colour(is_for_terminal()) }
    }

    /// Colour for stderr where it is a terminal and colours are welcome.
    pub(crate) fn of_stderr() -> Self {
        Self { is_on: settings::welcomes_colour(io::stderr().is_terminal()) }
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
}
