//! Ctrl-C, SIGTERM, and SIGHUP of a terminal that goes away; on Windows what it has in their place.

use crate::disk;
use crate::error::Failure;

/// Fails where this process may not open a few files more: parts below this program, the handling of signals among them,
/// would end in a panic rather than in an error.
///
/// # Errors
/// Exit 4.
pub(super) fn probe(at_once: usize) -> Result<(), Failure> {
    disk::room_for(at_once).map_err(|error| {
        Failure::stopped("too many open files: this process may not open what it needs")
            .because(error)
            .hint("nothing was sent; allow more with `ulimit -n 1024`, then run the same command")
    })
}

/// From now on a file that reaches the size that `ulimit -f` allows is an error of the write, as a full disk is, and no
/// signal that ends the process in the middle of a line.
#[cfg(unix)]
pub(super) fn survive_full_files() {
    use tokio::signal::unix::{SignalKind, signal};
    /// SIGXFSZ, on every Unix that this is built for.
    const FILE_SIZE: i32 = 25;
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_io().build() else { return };
    let _inside = runtime.enter();
    // The handler stays when what listens is dropped. A machine that has none to give ends the process, as it would have.
    let _ = signal(SignalKind::from_raw(FILE_SIZE));
}

/// Files have no such signal.
#[cfg(not(unix))]
pub(super) fn survive_full_files() {}

/// All of them, from when it is made on: none ends the process by itself any more.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// `None` where it is not to be heard.
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on. Fails where the machine has no more handlers to give; within a runtime only.
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = if hears_hangup() { Some(signal(SignalKind::hangup())?) } else { None };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup,
        })
    }

    /// Returns at the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = next_hangup(self.hangup.as_mut()) => {}
        }
    }
}

#[cfg(unix)]
async fn next_hangup(hangup: Option<&mut tokio::signal::unix::Signal>) {
    match hangup {
        Some(hangup) => drop(hangup.recv().await),
        None => std::future::pending().await,
    }
}

/// Whether a terminal that goes away is to be heard of: not under `nohup`, which ignores the signal from the start, and
/// whose program goes on. Where the machine does not tell what is ignored, the signal keeps what it does.
#[cfg(unix)]
fn hears_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ignores_hangup(&status) == Some(false)
}

/// Whether SIGHUP, the first bit, is among the signals that a process ignores, by the kernel's page of it (proc(5)).
#[cfg(unix)]
fn ignores_hangup(status: &str) -> Option<bool> {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(mask.trim(), 16).ok().map(|mask| mask & 1 == 1)
}

#[cfg(all(test, unix))]
mod tests {
    use super::ignores_hangup;

    #[test]
    fn a_hangup_is_ignored_where_the_first_bit_says_so() {
        for (status, ignored) in [
            ("Name:\thc\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000000\n", Some(true)),
            ("SigBlk:\t0000000000000001\nSigIgn:\t0000000000001000\n", Some(false)),
            ("SigIgn:\t0000000000001003\n", Some(true)),
            ("SigIgn:\tx\n", None),
            ("", None),
        ] {
            assert_eq!(ignores_hangup(status), ignored, "{status:?}");
        }
    }
}

/// Ctrl-C and Ctrl-Break; a window that is closed, a user who logs off and a machine that is shut down. After those three
/// Windows gives the process about five seconds (Microsoft, *HandlerRoutine*), which tokio's handler keeps for it: what is
/// not answered by then stays in doubt in the ledger, as after any other end.
#[cfg(windows)]
pub(super) struct Signals {
    interrupt: tokio::signal::windows::CtrlC,
    stop: tokio::signal::windows::CtrlBreak,
    close: tokio::signal::windows::CtrlClose,
    logoff: tokio::signal::windows::CtrlLogoff,
    shutdown: tokio::signal::windows::CtrlShutdown,
}

#[cfg(windows)]
impl Signals {
    /// Listens from now on. Fails where the system takes no handler; within a runtime only.
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
        Ok(Self {
            interrupt: ctrl_c()?,
            stop: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// Returns at the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.stop.recv() => {}
            _ = self.close.recv() => {}
            _ = self.logoff.recv() => {}
            _ = self.shutdown.recv() => {}
        }
    }
}
