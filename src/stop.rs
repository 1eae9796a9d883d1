//! Why an import ends before its rows do.

use std::time::Duration;

use tokio::sync::watch;

use crate::event::{Event, Sink};

/// A reason to send nothing more. Requests under way are awaited, all other rows stay as they are.
#[derive(Clone, Debug, PartialEq)]
pub enum Stop {
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The instance takes no more users.
    Full {
        /// The service's own message.
        message: String,
    },
    /// The caller may not do this, or is not known.
    Denied {
        /// The service's code.
        code: String,
        /// The service's own message.
        message: String,
    },
    /// The caller may not do what follows a create.
    StepDenied {
        /// The service's code.
        code: String,
        /// The service's own message.
        message: String,
    },
    /// The caller may not make a call that an update needs.
    ChangeDenied {
        /// Which.
        operation: &'static str,
        /// The service's code.
        code: String,
        /// The service's own message.
        message: String,
    },
    /// There is nothing to sign with, or what there is has expired and comes back unchanged.
    Credentials {
        /// What is wrong.
        message: String,
    },
    /// The machine's clock is off, and correcting for it did not help.
    Skew {
        /// By how much: positive where the machine is ahead.
        seconds: i64,
    },
    /// The instance is not there.
    NoInstance,
    /// Whoever answers is not the service.
    NotConnect {
        /// What it answered.
        message: String,
    },
    /// Each of the first rows was refused alike.
    AllRejected {
        /// How many.
        rows: usize,
        /// The code of all of them.
        code: String,
        /// The message of the last.
        message: String,
    },
    /// Nothing clear came back for a long time.
    Outage {
        /// For how long.
        lasted: Duration,
        /// The last trouble.
        message: String,
    },
    /// The ledger can no longer be written.
    Ledger {
        /// Why.
        message: String,
    },
    /// Somebody else asked for the ledger, which machines share.
    HandedOver {
        /// Who.
        to: String,
    },
    /// The file for the passwords that headcount makes can no longer be written.
    Passwords {
        /// Why.
        message: String,
    },
    /// What happens can no longer be told to whoever reads the events.
    Untold {
        /// Why.
        message: String,
    },
    /// The roster changed while it was imported.
    Roster {
        /// Where and how.
        message: String,
    },
}

impl std::fmt::Display for Stop {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Interrupted => f.write_str("interrupted"),
            Self::Full { message } => write!(f, "the instance takes no more users ({message})"),
            Self::Denied { code, message } => write!(f, "the service refuses the caller: {code} ({message})"),
            Self::StepDenied { code, message } => {
                write!(f, "the service does not let the caller give proficiencies: {code} ({message})")
            }
            Self::ChangeDenied { operation, code, message } => {
                write!(f, "the service does not let the caller call {operation}: {code} ({message})")
            }
            Self::Credentials { message } => write!(f, "no credentials to go on with: {message}"),
            Self::Skew { seconds } => {
                write!(
                    f,
                    "this machine's clock is off by {seconds} s, and signing with the service's time did not help"
                )
            }
            Self::NoInstance => f.write_str("the instance was not found"),
            Self::NotConnect { message } => {
                write!(f, "this is not Connect: a proxy or gateway answers ({message})")
            }
            Self::AllRejected { rows, code, message } => {
                write!(f, "each of the first {rows} rows was rejected alike: {code} ({message})")
            }
            Self::Outage { lasted, message } => {
                write!(f, "nothing clear came back for {} s ({message})", lasted.as_secs())
            }
            Self::HandedOver { to } => write!(f, "{to} asked for the ledger, and goes on with it"),
            Self::Ledger { message }
            | Self::Passwords { message }
            | Self::Untold { message }
            | Self::Roster { message } => f.write_str(message),
        }
    }
}

/// Tells everybody to stop. The first reason counts.
#[derive(Clone, Debug)]
pub struct Switch(watch::Sender<Option<Stop>>);

impl Default for Switch {
    fn default() -> Self {
        Self(watch::Sender::new(None))
    }
}

impl Switch {
    /// Stops, and says whether this was the first to do so.
    pub fn stop(&self, reason: Stop) -> bool {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(reason);
            }
            first
        })
    }

    /// Stops, and tells it where this was the first to do so: a reason that came later is nobody's reason.
    pub(crate) fn stop_and_tell(&self, reason: Stop, events: &dyn Sink) {
        let (words, is_interruption) = (reason.to_string(), reason == Stop::Interrupted);
        if self.stop(reason) {
            events.tell(Event::Stopping { reason: words, is_interruption });
        }
    }

    /// The reason, where there is one.
    pub fn reason(&self) -> Option<Stop> {
        self.0.borrow().clone()
    }

    /// Whether there is a reason.
    pub fn is_set(&self) -> bool {
        self.0.borrow().is_some()
    }

    /// Returns when there is a reason.
    pub(crate) async fn stopped(&self) {
        let mut receiver = self.0.subscribe();
        let _ = receiver.wait_for(Option::is_some).await;
    }

    /// Awaits something, unless there is a reason to stop first: then `None`.
    pub(crate) async fn unless_stopped<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        if self.is_set() {
            return None;
        }
        tokio::select! {
            biased; // what is done at once, as most is, waits for nothing
            done = work => Some(done),
            () = self.stopped() => None,
        }
    }
}
