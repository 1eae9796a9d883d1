//! Ctrl-C and SIGTERM while a job goes on.

use std::sync::Arc;

use super::listener::Listener;
use crate::cli::farewell::say_resume;
use crate::cli::output;
use crate::cli::retype::Line;
use crate::cli::signals::Signals;
use crate::error::Failure;
use crate::event::{Event, Sink as _};
use crate::exit::Exit;
use crate::stop::{Stop, Switch};

/// The first Ctrl-C (or SIGTERM) drains, the second ends the process at once; before anything is sent, the first does.
///
/// On a thread of its own: neither a long roster that is being checked nor a question that is open keeps it waiting.
pub(super) fn listen(stop: Switch, listener: Arc<Listener>, resume: Line) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::stopped("cannot wait for Ctrl-C").because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    let mut interrupts = {
        let _inside = runtime.enter();
        Signals::listen().map_err(cannot)?
    };
    let listening = async move {
        interrupts.next().await;
        if !listener.has_started() {
            output::say("\ninterrupted; nothing was sent");
            end(&resume);
        }
        let message =
            "interrupted: requests under way are awaited; press Ctrl-C again to stop at once".into();
        listener.tell(Event::Note { message });
        stop.stop_and_tell(Stop::Interrupted, &*listener);
        interrupts.next().await;
        listener.clear();
        output::say("stopped at once");
        end(&resume);
    };
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(move || runtime.block_on(listening)).map(drop).map_err(cannot)
}

/// The first Ctrl-C (or SIGTERM) stops what only reads, the second ends the process at once.
pub(super) fn listen_while_reading(
    stop: Switch,
    listener: Arc<Listener>,
    resume: Line,
) -> Result<(), Failure> {
    let cannot = |error: std::io::Error| Failure::stopped("cannot wait for Ctrl-C").because(error);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(cannot)?;
    let mut interrupts = {
        let _inside = runtime.enter();
        Signals::listen().map_err(cannot)?
    };
    let listening = async move {
        interrupts.next().await;
        stop.stop(Stop::Interrupted);
        interrupts.next().await;
        listener.clear();
        end(&resume);
    };
    let thread = std::thread::Builder::new().name("signals".into());
    thread.spawn(move || runtime.block_on(listening)).map(drop).map_err(cannot)
}

/// Ends the process where it stands: the ledger resumes.
fn end(resume: &Line) -> ! {
    say_resume(resume);
    std::process::exit(i32::from(Exit::Interrupted.code()))
}
