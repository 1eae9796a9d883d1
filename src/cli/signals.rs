//! Ctrl-C, SIGTERM, and SIGHUP of a terminal that goes away.

/// Fails where this process may not open a few files more: parts below this program, the handling of signals among them,
/// would end in a panic rather than in an error.
///
/// # Errors
/// Exit 4.
#[cfg(unix)]
pub(super) fn probe(at_once: usize) -> Result<(), crate::error::Failure> {
    let null = std::path::Path::new("/dev/null");
    let opened: std::io::Result<Vec<_>> = (0..at_once).map(|_| std::fs::File::open(null)).collect();
    match opened {
        Err(error) if crate::disk::is_of_limit(&error) => Err(crate::error::Failure::stopped(
            "too many open files: this process may not open what it needs",
        )
        .because(error)
        .hint("nothing was sent; allow more with `ulimit -n 1024`, then run the same command")),
        // Without such a device there is nothing to probe with, and what lacks says so itself.
        _ => Ok(()),
    }
}

/// Files are not counted.
#[cfg(not(unix))]
pub(super) fn probe(_at_once: usize) -> Result<(), crate::error::Failure> {
    Ok(())
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

/// Ctrl-C, where there is no SIGTERM.
#[cfg(not(unix))]
pub(super) struct Signals;

#[cfg(not(unix))]
impl Signals {
    /// Does nothing yet: Ctrl-C is listened for as it is awaited.
    pub(super) fn listen() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// Returns at the next Ctrl-C.
    pub(super) async fn next(&mut self) {
        let _ = tokio::signal::ctrl_c().await;
    }
}
