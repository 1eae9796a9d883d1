//! A password in a variable of the environment, kept from the processes that this one starts.
//!
//! What is in the environment goes to every child: a `credential_process`, and whatever that starts. No safe call takes a
//! variable out of one's own environment, and the AWS SDK starts its children by itself. So the program begins once more, as
//! the same process, without the variable; the password waits in a pipe meanwhile, where no list of processes and no
//! `/proc/PID/environ` has it.

use std::ffi::OsString;

use crate::agent::Password;
use crate::error::Failure;

/// The variable that says which pipe has whose value, as in `FIRST=3`.
#[cfg(unix)]
const PIPE: &str = "HEADCOUNT_PASSWORD_PIPE";

/// The longest value, in bytes: what a pipe takes at once on every system. No password of the service is longer than 64.
#[cfg(unix)]
const LONGEST: usize = 4096;

/// Takes the variable of this name out of the environment, if there is one. Returns where there is nothing (more) to do: the
/// program goes on as the one that has the pipe.
///
/// # Errors
/// Exit 2 where the value is too long to be a password, 4 where the program cannot begin once more.
#[cfg(unix)]
pub(super) fn hand_over(name: Option<&str>, args: &[OsString]) -> Result<(), Failure> {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::Command;

    let Some((name, value)) = name.and_then(|name| Some((name, super::settings::secret(name)?))) else {
        return Ok(());
    };
    let cannot = |error: std::io::Error| {
        Failure::stopped(format!("cannot keep the password in `{name}` from other processes"))
            .because(error)
            .hint("nothing was sent; give it with --password-command instead")
    };
    let value = value.expose().as_bytes();
    if value.len() > LONGEST {
        return Err(Failure::usage(format!("what `{name}` holds is too long to be a password")));
    }
    // Without the mark that closes it when the program begins anew.
    let (reading, writing) = rustix::pipe::pipe().map_err(|error| cannot(error.into()))?;
    let mut writing = std::fs::File::from(writing);
    writing.write_all(value).map_err(cannot)?;
    drop(writing);
    let again = |program: &std::ffi::OsStr| {
        let mut command = Command::new(program);
        if let [typed, rest @ ..] = args {
            command.arg0(typed).args(rest);
        }
        let pipe = format!("{name}={}", reading.as_raw_fd());
        command.env_remove(name).env(PIPE, pipe).exec()
    };
    // By its name first, for that is what a list of processes shows; it may have been replaced since.
    let by_name = std::env::current_exe().map(|program| again(program.as_os_str()));
    match by_name {
        #[cfg(target_os = "linux")]
        Ok(_) | Err(_) => Err(cannot(again("/proc/self/exe".as_ref()))),
        #[cfg(not(target_os = "linux"))]
        Ok(error) | Err(error) => Err(cannot(error)),
    }
}

/// Elsewhere than on Unix a process cannot begin once more as itself: the variable stays.
#[cfg(not(unix))]
pub(super) fn hand_over(_: Option<&str>, _: &[OsString]) -> Result<(), Failure> {
    Ok(())
}

/// The password that was handed over for the variable of this name.
pub(super) fn taken(name: &str) -> Option<Password> {
    #[cfg(unix)]
    {
        use std::io::Read as _;
        use std::sync::OnceLock;

        use secrecy::zeroize::Zeroizing;

        // A pipe is read once.
        static TAKEN: OnceLock<Option<Password>> = OnceLock::new();
        let read = || {
            let said = super::settings::text(PIPE)?;
            let (whose, pipe) = said.rsplit_once('=')?;
            let pipe: u32 = pipe.parse().ok().filter(|_| whose == name)?;
            let mut bytes = Zeroizing::new(Vec::with_capacity(LONGEST + 1)); // so that it does not grow, which would leave copies
            let file = std::fs::File::open(format!("/dev/fd/{pipe}")).ok()?;
            file.take(LONGEST as u64 + 1).read_to_end(&mut bytes).ok()?;
            let text = std::str::from_utf8(&bytes).ok().filter(|text| !text.is_empty())?;
            Some(Password::new(text))
        };
        TAKEN.get_or_init(read).clone()
    }
    #[cfg(not(unix))]
    {
        let _ = name;
        None
    }
}
