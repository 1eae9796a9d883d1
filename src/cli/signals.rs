//! Ctrl-C and SIGTERM.

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

/// Both, from when it is made on: neither ends the process by itself any more.
#[cfg(unix)]
pub(super) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on. Fails where the machine has no more handlers to give; within a runtime only.
    pub(super) fn listen() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Returns at the next of them.
    pub(super) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
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
