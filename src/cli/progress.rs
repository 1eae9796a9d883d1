//! Events for people: a moving line on a terminal, plain lines elsewhere, JSON lines for programs.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::Instant;

use super::{output, settings, words};
use crate::import::Event;
use crate::ledger::StepState;

/// How often a plain line says how far it is, where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);

/// How events are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Show {
    /// To people, on stderr.
    Human,
    /// To programs: one event a line on stdout.
    Json,
}

/// What has been seen so far.
#[derive(Default)]
struct Tally {
    to_send: u64,
    created: u64,
    failed: u64,
    in_doubt: u64,
    throttled: u64,
}

/// Shows events until the last sender is gone.
pub(super) async fn show(mut events: UnboundedReceiver<Event>, how: Show) {
    let bar = bar(how);
    let mut tally = Tally::default();
    let mut spoken = Instant::now();
    while let Some(event) = events.recv().await {
        if how == Show::Json {
            if let Ok(line) = serde_json::to_string(&event) {
                output::result(&format!("{line}\n"));
            }
            continue;
        }
        if let Some(line) = tally.take(&event) {
            bar.suspend(|| output::say(&line));
        }
        if let Event::Started { to_send, .. } = event {
            bar.set_length(to_send);
        }
        bar.set_position(tally.created + tally.failed);
        bar.set_message(tally.message());
        if bar.is_hidden() && spoken.elapsed() >= EVERY {
            spoken = Instant::now();
            output::say(&tally.line());
        }
    }
    bar.finish_and_clear();
}

fn bar(how: Show) -> ProgressBar {
    let live = how == Show::Human && settings::has_live_stderr();
    let target = if live { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(0), target);
    let template = "{bar:30.green} {human_pos}/{human_len}  {msg}  {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    if live {
        bar.enable_steady_tick(Duration::from_millis(250));
    }
    bar
}

impl Tally {
    /// Counts an event, and returns the line that people should read of it, if any.
    fn take(&mut self, event: &Event) -> Option<String> {
        match event {
            Event::Started { to_send, .. } => {
                self.to_send = *to_send;
                None
            }
            Event::Created { row, user, recovered, .. } => {
                self.created += 1;
                recovered.then(|| format!("row {row}  {}: created, found by its tag", words::plain(user)))
            }
            Event::Exists { row, user, message } => {
                self.failed += 1;
                Some(format!("row {row}  {}: exists: {}", words::plain(user), words::plain(message)))
            }
            Event::Rejected { row, user, code, message } => {
                self.failed += 1;
                let (user, message) = (words::plain(user), words::plain(message));
                Some(format!("row {row}  {user}: rejected: {} ({message})", words::plain(code)))
            }
            Event::InDoubt { row, user, message, last: true } => {
                self.in_doubt += 1;
                Some(format!("row {row}  {}: in doubt: {}", words::plain(user), words::plain(message)))
            }
            Event::Step { row, user, result, code, message, .. } => {
                let said = match (code, message) {
                    (Some(code), Some(message)) => {
                        format!("{} ({})", words::plain(code), words::plain(message))
                    }
                    (code, message) => {
                        words::plain(code.as_ref().or(message.as_ref()).map_or("", |said| said))
                    }
                };
                let what = match result {
                    StepState::Rejected => "its proficiencies were rejected",
                    StepState::Pending => "its proficiencies are pending still",
                    StepState::Done | StepState::Nothing => return None,
                };
                Some(format!("row {row}  {}: created, but {what}: {said}", words::plain(user)))
            }
            Event::Throttled { .. } => {
                self.throttled += 1;
                None
            }
            Event::Waiting { reason, seconds } => {
                let wait = words::duration(Duration::from_secs_f64(seconds.max(0.0)));
                Some(format!("waiting up to {wait}: {}", words::plain(reason)))
            }
            Event::Stopping { reason } => {
                Some(format!("stopping: {}; requests under way are awaited", words::plain(reason)))
            }
            Event::Note { message } => Some(words::plain(message)),
            Event::InDoubt { .. } | Event::Ended { .. } => None,
        }
    }

    /// What stands behind the bar.
    fn message(&self) -> String {
        let mut parts = vec![format!("{} created", words::grouped(self.created))];
        for (number, what) in
            [(self.failed, "failed"), (self.in_doubt, "in doubt"), (self.throttled, "throttled")]
        {
            if number > 0 {
                parts.push(format!("{} {what}", words::grouped(number)));
            }
        }
        parts.join(", ")
    }

    /// A plain line in place of the bar.
    fn line(&self) -> String {
        let done = self.created + self.failed + self.in_doubt;
        format!("{} of {}: {}", words::grouped(done), words::count(self.to_send, "row"), self.message())
    }
}
