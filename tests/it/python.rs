//! A virtual environment with the AWS CLI and boto3, made once and shared by all tests.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What is installed, pinned.
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// What moto is installed with, pinned, where no Python of this machine has it.
const TABLES: &str = include_str!("../python/tables.txt");

/// The folder of the environment, with `bin/python` and `bin/aws` in it; `None`, said loudly, only where this machine
/// has no Python. Anything else that goes wrong fails the test.
#[allow(dead_code, reason = "the crash matrix shares this file for moto alone")]
pub(crate) fn venv() -> Option<PathBuf> {
    made().unwrap_or_else(|why| panic!("{why}"))
}

/// The same with moto in it as well, which is installed once for all tests; `None` where that cannot be done here, and why.
#[allow(dead_code, reason = "the benchmarks share this file, and not all of it")]
pub(crate) fn venv_with_moto() -> Result<PathBuf, String> {
    static MADE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    MADE.get_or_init(|| {
        let venv = made()?.ok_or("there is no `python3`")?;
        let _lock = locked();
        // In the environment itself: one that is made anew has it no more.
        let stamp = venv.join("moto.made-of");
        if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == TABLES) {
            return Ok(venv);
        }
        install(&venv, "tests/python/tables.txt")?;
        fs::write(&stamp, TABLES).map_err(|error| error.to_string())?;
        Ok(venv)
    })
    .clone()
}

fn made() -> Result<Option<PathBuf>, String> {
    static VENV: OnceLock<Result<Option<PathBuf>, String>> = OnceLock::new();
    VENV.get_or_init(make).clone()
}

/// Held by the one process that installs, while the others wait.
fn locked() -> File {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(target).expect("the folder of the tests");
    let lock = File::create(target.join("python-venv.lock")).expect("the lock");
    lock.lock().expect("locked");
    lock
}

/// A Python or AWS CLI process that sees nothing of this machine's own AWS settings.
#[allow(dead_code, reason = "the benchmarks share this file, and not all of it")]
pub(crate) fn command(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_PAGER", "")
        .env("NO_PROXY", "127.0.0.1")
        .env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// Makes the environment unless it is there. Test processes that run at the same time wait for the one that makes it;
/// one that was cut off half-way is made anew.
fn make() -> Result<Option<PathBuf>, String> {
    // A server is the same to others on every system, and their clients are laid out otherwise on Windows.
    if cfg!(windows) {
        let _ = std::io::stderr()
            .write_all(b"\nSKIPPED: on Windows the embedded Connect is held against no other client\n");
        return Ok(None);
    }
    if Command::new("python3").arg("--version").output().is_err() {
        // Past the test runner, which keeps what a test prints to itself while the test passes.
        let _ = std::io::stderr().write_all(
            b"\nSKIPPED: no `python3` here, so the embedded Connect is held against no other client\n",
        );
        return Ok(None);
    }
    let _lock = locked();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let (venv, stamp) = (target.join("python-venv"), target.join("python-venv.made-of"));
    if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == REQUIREMENTS) {
        return Ok(Some(venv));
    }
    let _ = fs::remove_file(&stamp);
    let _ = fs::remove_dir_all(&venv);
    must(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
    install(&venv, "tests/python/requirements.txt")?;
    fs::write(&stamp, REQUIREMENTS).map_err(|error| error.to_string())?;
    Ok(Some(venv))
}

fn install(venv: &Path, requirements: &str) -> Result<(), String> {
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join(requirements);
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"];
    must(Command::new(venv.join("bin/python")).args(pip).arg(requirements))
}

fn must(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() { Ok(()) } else { Err(format!("{command:?}: {said}")) }
}
