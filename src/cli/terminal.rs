//! The terminal that the live view is drawn on.
//!
//! indicatif fills each line to the terminal's edge, and a terminal that echoes `^C` there breaks the line, so that the
//! view's first line would be left behind. Here a line ends where its text does.

use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use indicatif::TermLike;

use super::settings;

/// Stderr as indicatif draws on it.
#[derive(Debug, Default)]
pub(super) struct Terminal {
    /// The next text belongs on the next line.
    at_end: AtomicBool,
}

impl Terminal {
    /// A movement by `n`, none where `n` is 0: terminals take 0 for 1.
    fn go(&self, n: usize, letter: char) -> io::Result<()> {
        self.at_end.store(false, Ordering::Relaxed);
        if n == 0 { Ok(()) } else { write!(io::stderr(), "\u{1b}[{n}{letter}") }
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        u16::try_from(settings::terminal().0).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(settings::terminal().1).unwrap_or(u16::MAX)
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.go(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.go(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.go(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.go(n, 'D')
    }

    fn write_line(&self, line: &str) -> io::Result<()> {
        self.write_str(line)?;
        self.at_end.store(false, Ordering::Relaxed);
        io::stderr().write_all(b"\r\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        if text.chars().all(|c| c == ' ') {
            // What fills a line to the edge.
            self.at_end.store(true, Ordering::Relaxed);
            return io::stderr().write_all(b"\x1b[K");
        }
        if text != "\r" && self.at_end.swap(false, Ordering::Relaxed) {
            io::stderr().write_all(b"\r\n")?;
        }
        io::stderr().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.at_end.store(false, Ordering::Relaxed);
        io::stderr().write_all(b"\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        self.at_end.store(false, Ordering::Relaxed);
        io::stderr().flush()
    }
}
