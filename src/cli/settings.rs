//! What is meant: flags and environment, resolved before anything happens. The only reader of the environment.

use std::io::IsTerminal as _;
use std::path::PathBuf;

use crate::agent::Password;
use crate::connect::{Environment, Proxies, proxy};

/// Reads what the environment says about reaching AWS; `profile` is `--profile`.
pub(super) fn environment(profile: Option<String>) -> Environment {
    Environment {
        region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
        profile,
        endpoint_url_connect: variable("AWS_ENDPOINT_URL_CONNECT"),
        endpoint_url: variable("AWS_ENDPOINT_URL"),
        endpoint_url_service_quotas: variable("AWS_ENDPOINT_URL_SERVICE_QUOTAS"),
        use_fips: switch("AWS_USE_FIPS_ENDPOINT"),
        use_dualstack: switch("AWS_USE_DUALSTACK_ENDPOINT"),
        ca_bundle: variable("AWS_CA_BUNDLE").map(PathBuf::from),
        files: aws_files(),
        proxies: Proxies {
            https: first_of(["HTTPS_PROXY", "https_proxy"]),
            all: first_of(["ALL_PROXY", "all_proxy"]),
            none: first_of(["NO_PROXY", "no_proxy"]),
        },
    }
}

/// Where the files of AWS settings are, whether or not they are there.
fn aws_files() -> Vec<PathBuf> {
    let home = variable("HOME").or_else(|| variable("USERPROFILE")).map(PathBuf::from);
    let file = |named: &str, usual: &str| match (variable(named), &home) {
        (Some(path), Some(home)) if path.starts_with("~/") => Some(home.join(&path[2..])),
        (Some(path), _) => Some(path.into()),
        (None, home) => home.as_ref().map(|home| home.join(".aws").join(usual)),
    };
    let files = [file("AWS_CONFIG_FILE", "config"), file("AWS_SHARED_CREDENTIALS_FILE", "credentials")];
    files.into_iter().flatten().collect()
}

/// What the environment names, and a ledger therefore does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Named {
    /// A profile.
    pub(super) profile: bool,
    /// An endpoint for Connect.
    pub(super) endpoint: bool,
}

/// What the environment names.
pub(super) fn named() -> Named {
    let has = |name: &str| variable(name).is_some();
    Named {
        profile: has("AWS_PROFILE"),
        endpoint: has("AWS_ENDPOINT_URL_CONNECT") || has("AWS_ENDPOINT_URL"),
    }
}

/// The folder for what is worth keeping between runs: `headcount` in `XDG_STATE_HOME`, else in `~/.local/state` (XDG
/// base directory specification; a path that is not absolute does not count), else in `LOCALAPPDATA`.
pub(super) fn state_folder() -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(".local").join("state"));
    let folder = absolute("XDG_STATE_HOME").or_else(home).or_else(|| absolute("LOCALAPPDATA"));
    folder.map(|folder| folder.join("headcount"))
}

/// This machine's name, for the ledger's session record.
pub(super) fn host_name() -> String {
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().map(|name| name.trim().to_owned());
    kernel
        .filter(|name| !name.is_empty())
        .or_else(|| variable("HOSTNAME"))
        .or_else(|| variable("COMPUTERNAME"))
        .unwrap_or_else(|| "unknown".into())
}

/// Whether a person is there to answer: stdin and stderr are a terminal.
pub(super) fn is_interactive() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Whether stderr is a terminal that can show a moving line.
pub(super) fn has_live_stderr() -> bool {
    std::io::stderr().is_terminal() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// Whether colours are welcome: `NO_COLOR` is not set to anything (no-color.org), and the terminal is not a dumb one.
pub(super) fn welcomes_colour() -> bool {
    variable("NO_COLOR").is_none() && variable("TERM").is_none_or(|term| term != "dumb")
}

/// Whether stderr shows more than ASCII: its locale says so, and it is not the console of a machine without a desktop,
/// whose font has few characters.
pub(super) fn welcomes_unicode() -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable).unwrap_or_default();
    let is_utf8 = ["utf-8", "utf8"].iter().any(|name| locale.to_ascii_lowercase().contains(name));
    is_utf8 && variable("TERM").is_none_or(|term| term != "linux")
}

/// How wide a line of talk may be: as wide as the terminal; where there is none, as wide as it is.
pub(super) fn width_of_talk() -> usize {
    if std::io::stderr().is_terminal() { terminal().0 } else { usize::MAX }
}

/// How wide a result may be: as wide as the terminal that stdout is.
pub(super) fn width_of_results() -> usize {
    terminal_size::terminal_size_of(std::io::stdout()).map_or(80, |(width, _)| usize::from(width.0))
}

/// How many columns and lines stderr has, now: a terminal can be resized.
pub(super) fn terminal() -> (usize, usize) {
    let size = terminal_size::terminal_size_of(std::io::stderr());
    size.map_or((80, 24), |(width, height)| (usize::from(width.0), usize::from(height.0)))
}

/// A password that a variable holds, as it stands; `None` where there is no such variable, or one with nothing in it.
pub(super) fn secret(name: &str) -> Option<Password> {
    variable(name).map(Password::new)
}

/// What a variable holds that is no secret; `None` where there is no such variable, or one with nothing in it.
#[cfg(unix)]
pub(super) fn text(name: &str) -> Option<String> {
    variable(name)
}

/// The first of these that is set, as it stands: also an empty one hides the next, as the HTTP library has it.
fn first_of(names: [&'static str; 2]) -> Option<proxy::Variable> {
    let set = names.into_iter().find_map(|name| std::env::var_os(name).map(|value| (name, value)));
    set.map(|(name, value)| proxy::Variable { name, value: value.into_string().ok() })
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn switch(name: &str) -> bool {
    variable(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
}
