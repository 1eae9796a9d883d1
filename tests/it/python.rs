//! A virtual environment with the AWS CLI and boto3, made once and shared by all tests.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What is installed, pinned.
const REQUIREMENTS: &str = include_str!("../python/requirements.txt");

/// The folder of the environment, with `bin/python` and `bin/aws` in it; `None`, said loudly, only where this machine
/// has no Python. Anything else that goes wrong fails the test.
pub(crate) fn venv() -> Option<PathBuf> {
    static VENV: OnceLock<Option<PathBuf>> = OnceLock::new();
    VENV.get_or_init(make).clone()
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
fn make() -> Option<PathBuf> {
    // A server is the same to others on every system, and their clients are laid out otherwise on Windows.
    if cfg!(windows) {
        let _ = std::io::stderr()
            .write_all(b"\nSKIPPED: on Windows the embedded Connect is held against no other client\n");
        return None;
    }
    if Command::new("python3").arg("--version").output().is_err() {
        // Past the test runner, which keeps what a test prints to itself while the test passes.
        let _ = std::io::stderr().write_all(
            b"\nSKIPPED: no `python3` here, so the embedded Connect is held against no other client\n",
        );
        return None;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    fs::create_dir_all(target).expect("the folder of the tests");
    let lock = File::create(target.join("python-venv.lock")).expect("the lock");
    lock.lock().expect("locked");
    let (venv, stamp) = (target.join("python-venv"), target.join("python-venv.made-of"));
    if fs::read_to_string(&stamp).is_ok_and(|made_of| made_of == REQUIREMENTS) {
        return Some(venv);
    }
    let _ = fs::remove_file(&stamp);
    let _ = fs::remove_dir_all(&venv);
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/requirements.txt");
    must(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    must(
        Command::new(venv.join("bin/python"))
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"])
            .arg(requirements),
    );
    fs::write(&stamp, REQUIREMENTS).expect("the stamp");
    Some(venv)
}

fn must(command: &mut Command) {
    let output = command.output().expect("started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
