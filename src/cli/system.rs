//! What differs by system for whoever sits at the terminal: the shell that runs a command, and a console that has to be
//! told that escapes are colours. The one place of the command line for it.

use std::process::Command;

/// What runs a command that somebody wrote for their shell, as it is named to them.
pub(super) const SHELL: &str = if cfg!(windows) { "cmd /C" } else { "sh -c" };

/// A command line, run by the shell of the system.
#[cfg(not(windows))]
pub(super) fn by_shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

/// A command line, run by the shell of the system. `cmd` reads its own command line, and knows no `\"`, which std would
/// write: so it is handed on as it stands. With `/S`, cmd takes away the first quote and the last, which are ours, and
/// nothing else; with `/D` it does not run what a registry key may name first.
#[cfg(windows)]
pub(super) fn by_shell(line: &str) -> Command {
    use std::os::windows::process::CommandExt as _;

    let mut shell = Command::new("cmd.exe");
    shell.raw_arg("/D").raw_arg("/S").raw_arg("/C").raw_arg(format!("\"{line}\""));
    shell
}

/// Whether the console takes escapes for colours. One of Windows does so when it is told to, since Windows 10; an older one
/// would print them. Elsewhere terminals do.
pub(super) fn console_has_colours() -> bool {
    anstyle_query::windows::enable_ansi_colors().unwrap_or(true)
}
