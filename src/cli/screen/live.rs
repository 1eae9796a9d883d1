//! Events for people: a live view on a terminal, plain lines elsewhere, JSON lines for programs.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::board::Board;
use super::tally::{Doing, Look, clip};
use crate::cli::voice::Flags;
use crate::cli::{output, settings};
use crate::clock;
use crate::event::{Event, Pulse};

/// How often a plain line says how far it is, where there is no terminal.
const EVERY: Duration = Duration::from_secs(4);

/// How often the live view is drawn.
const TICK: Duration = Duration::from_millis(200);

/// How long events are gathered: what shows them is woken once for all of these, and not by each.
const GATHER: Duration = Duration::from_millis(10);

/// How events are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Show {
    /// To people, on stderr.
    Human,
    /// To programs: one event a line on stdout.
    Json,
}

/// Who is asked while nothing is told, once that is known.
pub(super) type Asked = Arc<Mutex<Option<Arc<dyn Pulse>>>>;

/// The view of what happens, on a thread of its own.
#[derive(Clone)]
pub(super) struct Live {
    bar: ProgressBar,
    is_live: bool,
    doing: Doing,
}

impl Live {
    /// A view with nothing on it yet: `is_live` on a terminal, else plain lines.
    pub(super) fn new(is_live: bool, doing: Doing) -> Self {
        let target = if is_live { target() } else { ProgressDrawTarget::hidden() };
        let bar = ProgressBar::with_draw_target(None, target);
        if let Ok(style) = ProgressStyle::with_template("{msg}") {
            bar.set_style(style);
        }
        Self { bar, is_live, doing }
    }

    /// Shows a line in place of the one before, where there is a terminal for it.
    pub(super) fn shows(&self, line: &str) -> bool {
        if self.is_live {
            let room = settings::terminal().0.saturating_sub(1).max(20);
            self.bar.set_message(clip(line, room));
            self.bar.tick();
        }
        self.is_live
    }

    /// Says a line that stays, above what is shown.
    pub(super) fn say(&self, line: &str) {
        self.bar.suspend(|| output::say(line));
    }

    /// Takes the view away, for good.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Shows events until the last sender is gone, on a thread of its own: a reader that is slow, or a terminal that is
    /// held, keeps no request waiting.
    pub(super) fn show_aside(
        self,
        how: Show,
        events: UnboundedReceiver<Event>,
        pulse: Asked,
    ) -> std::io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let shown = move || runtime.block_on(self.show(how, events, &pulse));
        std::thread::Builder::new().name("screen".into()).spawn(shown)
    }

    /// Shows events until the last sender is gone. Nothing is shown before the first.
    async fn show(self, how: Show, mut events: UnboundedReceiver<Event>, pulse: &Asked) {
        let first = loop {
            tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(first) => break first,
                    None => return,
                },
                () = clock::sleep(TICK) => beat(pulse),
            }
        };
        let (mut next, look) = (Some(first), Look::of_terminal());
        let mut board = Board::new(self.doing, Instant::now());
        let (mut drawn, mut spoken) = (None, Instant::now());
        loop {
            beat(pulse);
            let now = Instant::now();
            let mut lines = String::new();
            while let Some(event) = next.map(|event| event.worded(&Flags)) {
                if how == Show::Json {
                    lines += &event.line();
                } else if let Some(line) = board.take(&event, now, self.is_live) {
                    self.bar.suspend(|| output::say(&line));
                }
                next = events.try_recv().ok();
            }
            if how == Show::Json {
                output::json(&lines);
            } else if self.is_live {
                if drawn.is_none_or(|at| now >= at + TICK / 2) {
                    drawn = Some(now);
                    self.bar.set_message(board.view(now, &look, settings::terminal()));
                    self.bar.tick();
                }
            } else if now >= spoken + EVERY {
                spoken = now;
                let line = board.line(now);
                if !line.is_empty() {
                    output::say(&line);
                }
            }
            clock::sleep(GATHER).await;
            next = tokio::select! {
                biased;
                event = events.recv() => match event {
                    Some(event) => Some(event),
                    None => break,
                },
                () = clock::sleep(TICK) => None,
            };
        }
        self.clear();
    }
}

/// Has told what is waited for, where nothing was for long.
fn beat(pulse: &Asked) {
    // The lock first: whoever is asked tells, and who is told may ask.
    let pulse = pulse.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if let Some(pulse) = pulse {
        pulse.beat();
    }
}

#[cfg(unix)]
fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::term_like_with_hz(Box::new(crate::cli::terminal::Terminal::default()), 10)
}

#[cfg(not(unix))]
fn target() -> ProgressDrawTarget {
    ProgressDrawTarget::stderr_with_hz(10)
}
