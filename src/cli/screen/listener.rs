//! Listens to a job: before it starts, each event is shown as it is told; from then on they are shown aside.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::task::AbortHandle;

use super::live::{Asked, Live, Show};
use super::tally::{Doing, waiting};
use crate::cli::voice::Flags;
use crate::cli::{output, settings};
use crate::clock;
use crate::error::Failure;
use crate::event::{Event, OfTarget, Pulse, Sink};
use crate::text;

/// After how long a person is told that an instance is being read.
const PATIENCE: Duration = Duration::from_secs(1);

/// Shows what it is told.
pub(in crate::cli) struct Listener {
    how: Show,
    live: Live,
    /// Whether what is waited for is all that goes on, and is shown in one line where there is a terminal.
    only_reads: bool,
    /// The way to what shows events aside; `None` once that has been closed.
    aside: Mutex<Option<Aside>>,
    has_started: AtomicBool,
    /// Who says that it takes a while.
    patience: Mutex<Option<AbortHandle>>,
    /// Who is asked while nothing is told.
    pulse: Asked,
}

struct Aside {
    events: UnboundedSender<Event>,
    thread: JoinHandle<()>,
}

impl Listener {
    /// Listens from now on, to a job that does this.
    pub(in crate::cli) fn of(how: Show, doing: Doing) -> Result<Self, Failure> {
        let live = Live::new(how == Show::Human && settings::has_live_stderr(), doing);
        let (events, receiver) = mpsc::unbounded_channel();
        let pulse = Asked::default();
        let thread = live.clone().show_aside(how, receiver, Arc::clone(&pulse));
        let thread = thread.map_err(|error| Failure::stopped("cannot show what happens").because(error))?;
        Ok(Self {
            how,
            live,
            only_reads: false,
            aside: Mutex::new(Some(Aside { events, thread })),
            has_started: AtomicBool::new(false),
            patience: Mutex::default(),
            pulse,
        })
    }

    /// The same for a command that does nothing else than read for a while.
    pub(in crate::cli) fn of_reading(how: Show) -> Result<Self, Failure> {
        Ok(Self { only_reads: true, ..Self::of(how, Doing::Creates)? })
    }

    /// Whether requests may have left.
    pub(super) fn has_started(&self) -> bool {
        self.has_started.load(Ordering::SeqCst)
    }

    /// Takes the live view away, for good.
    pub(super) fn clear(&self) {
        self.live.clear();
    }

    /// Returns when all that was told is shown; what is told later is not.
    pub(in crate::cli) fn close(&self) {
        self.end_patience();
        if self.only_reads {
            self.live.clear();
        }
        *lock(&self.pulse) = None;
        let aside = lock(&self.aside).take();
        if let Some(Aside { events, thread }) = aside {
            drop(events);
            let _ = thread.join(); // a view that broke is no reason to end otherwise
        }
    }

    /// Says on a terminal that reading an instance takes a while, as thousands of users do, where it does.
    fn be_patient(&self) {
        let Some(runtime) = Handle::try_current().ok().filter(|_| settings::has_live_stderr()) else {
            return;
        };
        let saying = runtime.spawn(async {
            clock::sleep(PATIENCE).await;
            output::say("reading the instance: its names, users and quotas");
        });
        *lock(&self.patience) = Some(saying.abort_handle());
    }

    fn end_patience(&self) {
        if let Some(saying) = lock(&self.patience).take() {
            saying.abort();
        }
    }

    fn tell_of(&self, event: Event, target: String) {
        let named = |message: String| format!("{target}: {message}");
        match event {
            Event::Reading | Event::Reached => self.tell(event),
            Event::Warning { message } => self.tell(Event::Warning { message: named(message) }),
            Event::Remark { message } => self.tell(Event::Remark { message: named(message) }),
            Event::Waiting { reason, seconds } if self.how == Show::Human && !self.has_started() => {
                self.tell(Event::Waiting { reason: named(reason), seconds });
            }
            event if is_shown_at_once(&event) => {
                if self.how == Show::Json {
                    output::json(&Event::Of(OfTarget { event: Box::new(event), target }).line());
                }
            }
            event => {
                let has_started = matches!(event, Event::Started { .. });
                self.show_aside(Event::Of(OfTarget { event: Box::new(event), target }));
                if has_started {
                    self.has_started.store(true, Ordering::SeqCst);
                }
            }
        }
    }

    fn show_aside(&self, event: Event) {
        if let Some(aside) = &*lock(&self.aside) {
            aside.events.tell(event);
        }
    }
}

impl Sink for Listener {
    fn tell(&self, event: Event) {
        let event = event.worded(&Flags);
        match event {
            // What is said before anything is sent is said with the target's name.
            Event::Of(OfTarget { event, target }) => self.tell_of(*event, target),
            Event::Reading => self.be_patient(),
            Event::Reached => self.end_patience(),
            Event::Warning { message } => self.live.say(&format!("warning: {message}")),
            Event::Remark { message } => self.live.say(&message),
            // Before anything is sent there is no view that could show it.
            Event::Waiting { reason, seconds } if self.how == Show::Human && !self.has_started() => {
                let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
                let line = waiting(wait, &text::plain(&reason));
                if !self.only_reads || !self.live.shows(&line) {
                    output::say(&line);
                }
            }
            event if is_shown_at_once(&event) => {
                if self.how == Show::Json {
                    output::json(&event.line());
                }
            }
            event => {
                let has_started = matches!(event, Event::Started { .. });
                self.show_aside(event);
                if has_started {
                    self.has_started.store(true, Ordering::SeqCst);
                }
            }
        }
    }

    fn watch(&self, pulse: Arc<dyn Pulse>) {
        *lock(&self.pulse) = Some(pulse);
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What people are shown all at once, as findings and plans, and programs as it comes.
fn is_shown_at_once(event: &Event) -> bool {
    matches!(
        event,
        Event::Finding(_)
            | Event::Compared { .. }
            | Event::Change { .. }
            | Event::Differences { .. }
            | Event::Removal { .. }
            | Event::Planned { .. }
    )
}
