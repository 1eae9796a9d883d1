//! Where passwords come from that the roster does not have: made here, from a variable, or from a command.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use clap::Args;
use secrecy::zeroize::Zeroizing;

use crate::agent::Password;
use crate::cli::{handed, settings, system};
use crate::error::Failure;
use crate::job::{OnePassword, Passwords};
use crate::passwords;

/// What does not go with made passwords, nor with what is said of them.
const NOT_MADE: [&str; 3] = ["no_provenance_tag", "password_from_env", "password_command"];

/// Passwords for the users that the roster has none for. One that stands in the roster is used as it is.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Passwords")]
pub(in crate::cli) struct PasswordArgs {
    /// Make a password for each user that the roster has none for
    #[arg(long, requires = "credentials_out", conflicts_with_all = NOT_MADE)]
    pub(in crate::cli) generate_passwords: bool,

    /// Where the made passwords are kept, readable by its owner only; a resumed run appends, and a rehearsal has a file of
    /// its own: `pw.simulate.jsonl` for `pw.jsonl`
    #[arg(long, value_name = "FILE", requires = "generate_passwords", conflicts_with_all = NOT_MADE)]
    pub(in crate::cli) credentials_out: Option<PathBuf>,

    /// Encrypt each to this age recipient; may be given several times
    #[arg(long = "recipient", value_name = "age1…", requires = "generate_passwords", conflicts_with_all = NOT_MADE)]
    pub(in crate::cli) recipients: Vec<String>,

    /// One password for all: the value of this environment variable
    #[arg(long, value_name = "VARIABLE")]
    pub(in crate::cli) password_from_env: Option<String>,

    /// One password for all: what this command prints; the shell runs it, as in `pass show first`
    #[arg(long, value_name = "COMMAND", conflicts_with = "password_from_env")]
    pub(in crate::cli) password_command: Option<String>,
}

/// How long a command may take to print a password: people may have to unlock something.
const COMMAND_PATIENCE: Duration = Duration::from_secs(60);

/// The most that a command may print.
const COMMAND_LIMIT: usize = 4096;

impl PasswordArgs {
    /// Whether a row need not have a password of its own.
    pub(in crate::cli) fn is_given(&self) -> bool {
        self.generate_passwords || self.password_from_env.is_some() || self.password_command.is_some()
    }

    /// Where made passwords are kept. A rehearsal's stand in no import's way.
    pub(in crate::cli) fn kept_in(&self, is_rehearsal: bool) -> Option<PathBuf> {
        let named = self.credentials_out.as_deref()?;
        Some(if is_rehearsal { passwords::rehearsed(named) } else { named.to_owned() })
    }

    /// Where the passwords come from that the roster has not.
    pub(in crate::cli) fn meant(&self, is_rehearsal: bool) -> Passwords {
        let kept_in = self.kept_in(is_rehearsal);
        let Self {
            generate_passwords: _, // it goes with the next
            credentials_out: _,    // where it is, is known
            recipients,
            password_from_env,
            password_command,
        } = self.clone();
        match (kept_in, password_from_env, password_command) {
            (Some(out), ..) => Passwords::Made { out, recipients },
            (None, Some(name), _) => Passwords::One(OnePassword {
                whose: format!("the variable {name}"),
                source: Arc::new(move || held_by(&name)),
            }),
            (None, None, Some(command)) => Passwords::One(OnePassword {
                whose: "the password command".to_owned(),
                source: Arc::new(move || printed_by(&command, COMMAND_PATIENCE)),
            }),
            (None, None, None) => Passwords::OfRoster,
        }
    }
}

/// The password that a variable of the environment holds.
fn held_by(name: &str) -> Result<Password, Failure> {
    let missing = || Failure::usage(format!("the environment has no password in `{name}`"));
    // Handed over where this process began anew without the variable.
    handed::taken(name).or_else(|| settings::secret(name)).ok_or_else(missing)
}

/// Runs a command by the shell and takes the line that it prints. The command sees no stdin; what it says on stderr, and
/// what it asks at the terminal, reaches the user.
fn printed_by(command: &str, patience: Duration) -> Result<Password, Failure> {
    let failed = |what: &str| {
        Failure::usage(format!("the password command {what}")).hint(format!(
            "it is run by `{}` and must print the password, and nothing else, within a minute",
            system::SHELL
        ))
    };
    let mut child = system::by_shell(command)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| failed("cannot be run").because(error))?;
    let Some(stdout) = child.stdout.take() else { return Err(failed("cannot be read")) };
    let (done, read) = mpsc::channel();
    let reading = std::thread::Builder::new().name("password".into()).spawn(move || {
        let mut printed = Zeroizing::new(Vec::with_capacity(COMMAND_LIMIT + 1)); // so that it does not grow, which would leave copies
        let ended = stdout.take(COMMAND_LIMIT as u64 + 1).read_to_end(&mut printed);
        let _ = done.send(ended.map(|_| printed));
    });
    if let Err(error) = reading {
        let _ = child.kill();
        let _ = child.wait();
        return Err(Failure::stopped("cannot read what the password command prints").because(error));
    }
    let printed = match read.recv_timeout(patience) {
        Ok(printed) => printed.map_err(|error| failed("cannot be read").because(error)),
        Err(_) => Err(failed("did not end in time")),
    };
    if printed.is_err() {
        let _ = child.kill();
    }
    let printed = printed?;
    if printed.len() > COMMAND_LIMIT {
        let _ = child.kill();
        let _ = child.wait();
        return Err(failed("prints too much to be a password"));
    }
    let status = child.wait().map_err(|error| failed("cannot be waited for").because(error))?;
    if !status.success() {
        return Err(failed("failed").because(status.to_string()));
    }
    let text = std::str::from_utf8(&printed).map_err(|_| failed("prints something that is no text"))?;
    let text = text.strip_suffix('\n').unwrap_or(text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(failed("prints nothing"));
    }
    Ok(Password::new(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[cfg(unix)]
    #[test]
    fn a_command_is_run_by_the_shell_and_its_newline_is_not_of_the_password() {
        for (command, password) in [
            ("echo Lantern-Reef-7", "Lantern-Reef-7"),
            ("printf 'Lantern-Reef-7\\r\\n'", "Lantern-Reef-7"),
            ("printf 'Lantern-Reef-7'", "Lantern-Reef-7"),
            ("printf 'a\\nLantern-Reef-7\\n' | tail -n 1", "Lantern-Reef-7"),
            ("printf 'two\\n\\n'", "two\n"),
        ] {
            assert_eq!(printed_by(command, LONG).unwrap().expose(), password, "{command}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_fails_says_so_and_not_what_it_printed() {
        for (command, says) in [
            ("echo Lantern-Reef-7; exit 3", "failed"),
            ("true", "prints nothing"),
            ("printf '\\377Lantern-Reef-7'", "no text"),
            ("head -c 10000 /dev/zero | tr '\\0' L", "too much"),
        ] {
            let failure = printed_by(command, LONG).unwrap_err();
            let source = failure.source.as_ref().map(ToString::to_string).unwrap_or_default();
            let said = format!("{} {source}", failure.what);
            assert!(said.contains(says) && !said.contains("Lantern"), "{said}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let failure = printed_by("exec tail -f /dev/null", Duration::from_millis(50)).unwrap_err();
        assert!(failure.what.contains("did not end in time"), "{}", failure.what);
    }

    #[cfg(windows)]
    #[test]
    fn cmd_runs_a_command_as_it_was_written_quotes_and_all() {
        let folder = tempfile::Builder::new().prefix("my tools & more ").tempdir().unwrap();
        let script = folder.path().join("print first.cmd");
        std::fs::write(&script, "@echo %~1\r\n").unwrap();
        for (command, password) in [
            ("echo Lantern-Reef-7".to_owned(), "Lantern-Reef-7"),
            (format!("\"{}\" \"Lantern Reef 7\"", script.display()), "Lantern Reef 7"),
            ("echo a& echo Lantern-Reef-7".to_owned(), "a\r\nLantern-Reef-7"),
        ] {
            assert_eq!(printed_by(&command, LONG).unwrap().expose(), password, "{command}");
        }
        assert!(printed_by("exit 3", LONG).unwrap_err().hint.unwrap().contains("`cmd /C`"));
    }
}
