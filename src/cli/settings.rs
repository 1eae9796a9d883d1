//! What is meant: flags and environment, resolved before anything happens. The only reader of the environment.

use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};

use crate::agent::Password;
use crate::connect::{Environment, Proxies, proxy};
use crate::disk::{self, Reach};

/// Reads what the environment says about reaching AWS; `profile` is `--profile`.
pub(super) fn environment(profile: Option<String>) -> Environment {
    Environment {
        region: variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")),
        profile,
        endpoint_url_connect: variable("AWS_ENDPOINT_URL_CONNECT"),
        endpoint_url: variable("AWS_ENDPOINT_URL"),
        endpoint_url_service_quotas: variable("AWS_ENDPOINT_URL_SERVICE_QUOTAS"),
        endpoint_url_sts: variable("AWS_ENDPOINT_URL_STS"),
        endpoint_url_dynamodb: variable("AWS_ENDPOINT_URL_DYNAMODB"),
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

/// The same for a table that keeps shared ledgers; `profile` is its address's.
pub(super) fn environment_of_table(profile: Option<String>) -> Environment {
    environment(profile)
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

/// The folder for what is worth keeping between runs.
pub(super) fn state_folder() -> Option<PathBuf> {
    state_folder_of(cfg!(windows), |name| variable(name).map(PathBuf::from).filter(|path| path.is_absolute()))
}

/// `headcount` in `XDG_STATE_HOME`, else in `~/.local/state` (XDG base directory specification; a path that is not absolute
/// does not count). On Windows `LOCALAPPDATA` comes before both, for some shells there have a `HOME` and others none, and
/// what was learned is to be the same in all of them.
fn state_folder_of(is_windows: bool, named: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let home = || named("HOME").map(|home| home.join(".local").join("state"));
    let local = if is_windows { named("LOCALAPPDATA") } else { None };
    let folder = local.or_else(|| named("XDG_STATE_HOME")).or_else(home);
    folder.map(|folder| folder.join("headcount"))
}

/// Who else may read a file by where it is; `None` where the system's files are their owner's by themselves.
pub(super) fn reach_of(path: &Path) -> Option<Reach> {
    if !cfg!(windows) {
        return None;
    }
    disk::reach(&disk::full_name(path).to_string_lossy(), variable("USERPROFILE").as_deref())
}

/// How this program is called in the shells of Windows, which do not tell what was typed. Elsewhere the first argument
/// says it.
pub(super) fn called() -> Option<String> {
    if !cfg!(windows) {
        return None;
    }
    let (program, here) = (std::env::current_exe().ok()?, std::env::current_dir().ok()?);
    let path = variable("PATH").unwrap_or_default();
    let is_there = |file: &str| std::path::Path::new(file).is_file();
    Some(crate::text::called(&program.to_string_lossy(), &here.to_string_lossy(), &path, &is_there))
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

/// Whether colours are welcome on a stream, which is a terminal or is not.
pub(super) fn welcomes_colour(is_terminal: bool) -> bool {
    let said = Colours {
        no_color: variable("NO_COLOR"),
        force: variable("CLICOLOR_FORCE"),
        clicolor: variable("CLICOLOR"),
        term: variable("TERM"),
    };
    said.are_welcome(is_terminal, super::system::console_has_colours)
}

/// What the environment says about colours.
#[derive(Debug, Default)]
struct Colours {
    no_color: Option<String>,
    force: Option<String>,
    clicolor: Option<String>,
    term: Option<String>,
}

impl Colours {
    /// Whether they are welcome: none where `NO_COLOR` is set to anything (no-color.org); always where `CLICOLOR_FORCE` is
    /// set, to anything but 0; else on a terminal whose console has them, unless it is a dumb one or `CLICOLOR` is 0
    /// (bixense.com/clicolors). The console is asked only where the rest says yes, for asking it changes its mode.
    fn are_welcome(&self, is_terminal: bool, console_has_them: impl FnOnce() -> bool) -> bool {
        if self.no_color.is_some() {
            return false;
        }
        if self.force.as_deref().is_some_and(|force| force != "0") {
            return true;
        }
        let is_off = self.clicolor.as_deref() == Some("0") || self.term.as_deref() == Some("dumb");
        is_terminal && !is_off && console_has_them()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_that_have_them_and_people_who_want_them() {
        let said = |no: &str, force: &str, clicolor: &str, term: &str| {
            let set = |value: &str| Some(value.to_owned()).filter(|value| !value.is_empty());
            Colours { no_color: set(no), force: set(force), clicolor: set(clicolor), term: set(term) }
        };
        for (colours, is_terminal, console, welcome) in [
            (said("", "", "", ""), true, true, true),
            (said("", "", "", "xterm"), true, true, true),
            (said("", "", "1", "xterm"), true, true, true),
            (said("", "", "", ""), false, true, false),
            (said("", "", "", ""), true, false, false), // a console before Windows 10
            (said("1", "", "", "xterm"), true, true, false),
            (said("1", "1", "", "xterm"), true, true, false),
            (said("", "", "0", "xterm"), true, true, false),
            (said("", "", "", "dumb"), true, true, false),
            (said("", "1", "0", "dumb"), false, false, true),
            (said("", "0", "", ""), false, true, false),
            (said("", "0", "", ""), true, true, true),
        ] {
            assert_eq!(
                colours.are_welcome(is_terminal, || console),
                welcome,
                "{colours:?} {is_terminal} {console}"
            );
        }
    }

    #[test]
    fn what_was_learned_is_kept_in_one_place_by_every_shell_of_a_system() {
        let folder = |is_windows: bool, set: &[&str]| {
            let named = |name: &str| set.contains(&name).then(|| Path::new("/").join(name));
            state_folder_of(is_windows, named)
        };
        let at = |path: &str| Some(PathBuf::from(path));
        let (git_bash, powershell) = (["HOME", "LOCALAPPDATA"], ["LOCALAPPDATA"]);
        assert_eq!(folder(true, &git_bash), at("/LOCALAPPDATA/headcount"));
        assert_eq!(folder(true, &powershell), folder(true, &git_bash));
        assert_eq!(folder(true, &["HOME"]), at("/HOME/.local/state/headcount"));
        assert_eq!(folder(false, &git_bash), at("/HOME/.local/state/headcount"));
        assert_eq!(folder(false, &["HOME", "XDG_STATE_HOME"]), at("/XDG_STATE_HOME/headcount"));
        assert_eq!(folder(false, &powershell), None);
    }

    #[test]
    fn a_console_is_only_told_of_colours_where_there_will_be_some() {
        let asked = |said: &Colours, is_terminal| {
            let mut is_asked = false;
            said.are_welcome(is_terminal, || {
                is_asked = true;
                true
            });
            is_asked
        };
        assert!(asked(&Colours::default(), true));
        assert!(!asked(&Colours::default(), false));
        assert!(!asked(&Colours { no_color: Some("1".into()), ..Colours::default() }, true));
    }
}
