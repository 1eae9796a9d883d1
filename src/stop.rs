//! Why an import ends before its rows do.

use std::fmt;
use std::sync::Arc;
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
    /// Another of several targets stopped, and this one was to stop with it.
    Another {
        /// Which, and why.
        message: String,
    },
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
            Self::Another { message } => write!(f, "another target stopped: {message}"),
        }
    }
}

/// Tells everybody to stop. The first reason counts.
///
/// Below a switch there may be others: what stops it stops them, and what stops one of them stops it where it is to.
#[derive(Clone, Debug)]
pub struct Switch {
    own: watch::Sender<Option<Stop>>,
    above: Option<Arc<Above>>,
}

/// What a switch is below.
struct Above {
    switch: Switch,
    passes: Box<Passes>,
}

/// With which reason one that stops a switch stops all others as well.
type Passes = dyn Fn(&Stop) -> Option<Stop> + Send + Sync;

impl fmt::Debug for Above {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.switch.fmt(f)
    }
}

impl Default for Switch {
    fn default() -> Self {
        Self { own: watch::Sender::new(None), above: None }
    }
}

impl Switch {
    /// A switch below this one, for one of several that go on side by side. `passes` says with which reason one that stops
    /// it stops all others; `None` lets them go on.
    #[must_use]
    pub fn below(&self, passes: impl Fn(&Stop) -> Option<Stop> + Send + Sync + 'static) -> Self {
        let above = Above { switch: self.clone(), passes: Box::new(passes) };
        Self { above: Some(Arc::new(above)), ..Self::default() }
    }

    /// Stops, and says whether this was the first to do so.
    pub fn stop(&self, reason: Stop) -> bool {
        if self.above.as_ref().is_some_and(|above| above.switch.is_set()) {
            return false;
        }
        let passed = self.above.as_ref().and_then(|above| Some((&above.switch, (above.passes)(&reason)?)));
        let first = self.own.send_if_modified(|current| {
            let first = current.is_none();
            if first {
                *current = Some(reason);
            }
            first
        });
        if let (true, Some((switch, reason))) = (first, passed) {
            switch.stop(reason);
        }
        first
    }

    /// Stops, and tells it where this was the first to do so: a reason that came later is nobody's reason.
    pub(crate) fn stop_and_tell(&self, reason: Stop, events: &dyn Sink) {
        let (words, is_interruption) = (reason.to_string(), reason == Stop::Interrupted);
        if self.stop(reason) {
            events.tell(Event::Stopping { reason: words, is_interruption });
        }
    }

    /// The reason, where there is one: its own before that of what it is below.
    pub fn reason(&self) -> Option<Stop> {
        let own = self.own.borrow().clone();
        own.or_else(|| self.above.as_ref()?.switch.reason())
    }

    /// Whether there is a reason.
    pub fn is_set(&self) -> bool {
        self.own.borrow().is_some() || self.above.as_ref().is_some_and(|above| above.switch.is_set())
    }

    /// Returns when there is a reason.
    pub(crate) async fn stopped(&self) {
        let mut own = self.own.subscribe();
        let Some(above) = &self.above else {
            let _ = own.wait_for(Option::is_some).await;
            return;
        };
        let above = Box::pin(above.switch.stopped());
        tokio::select! {
            _ = own.wait_for(Option::is_some) => {}
            () = above => {}
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Stop {
        Stop::Full { message: "limit".into() }
    }

    #[tokio::test]
    async fn what_stops_all_stops_each_and_what_stops_one_stops_the_others_where_it_is_to() {
        let of_all = Switch::default();
        let passes = |stop: &Stop| {
            matches!(stop, Stop::Roster { .. }).then(|| Stop::Another { message: stop.to_string() })
        };
        let [one, other] = [of_all.below(passes), of_all.below(passes)];
        assert!(one.stop(full()) && !one.stop(Stop::NoInstance), "the first reason counts");
        assert_eq!((one.reason(), other.reason(), of_all.reason()), (Some(full()), None, None));
        assert!(other.stop(Stop::Roster { message: "row 3".into() }));
        let another = Some(Stop::Another { message: "row 3".into() });
        assert_eq!((of_all.reason(), one.reason()), (another, Some(full())), "its own reason goes before");
        assert!(!of_all.below(|_| None).stop(full()), "all have stopped already");
        of_all.below(|_| None).stopped().await;
    }

    #[tokio::test]
    async fn whoever_waits_below_hears_of_what_stops_all() {
        let of_all = Switch::default();
        let below = of_all.below(|_| None).below(|_| None);
        let waiting = tokio::spawn({
            let below = below.clone();
            async move { below.unless_stopped(std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        of_all.stop(Stop::Interrupted);
        assert_eq!(waiting.await.unwrap(), None);
        assert_eq!(below.reason(), Some(Stop::Interrupted));
    }
}
