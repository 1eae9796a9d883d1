//! A Python with AWS's own clients in it, to be asked for a second opinion.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The virtual environment with `tests/python/requirements.txt`, made on first use and kept under `target`.
///
/// `None` where it cannot be made (no Python, no package index), unless `HEADCOUNT_TEST_PYTHON=required` is set, as it
/// is in continuous integration: then that is a failure.
pub(crate) fn venv() -> Option<PathBuf> {
    static VENV: OnceLock<Option<PathBuf>> = OnceLock::new();
    VENV.get_or_init(|| match make() {
        Ok(path) => Some(path),
        Err(why) => {
            #[expect(clippy::disallowed_methods, reason = "a test's own switch")]
            let required = std::env::var("HEADCOUNT_TEST_PYTHON").is_ok_and(|v| v == "required");
            assert!(!required, "{why}");
            eprintln!("skipped: {why}");
            None
        }
    })
    .clone()
}

/// The interpreter of a virtual environment.
pub(crate) fn interpreter(venv: &Path) -> PathBuf {
    venv.join("bin/python")
}

fn make() -> Result<PathBuf, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let requirements = root.join("tests/python/requirements.txt");
    let wanted = std::fs::read_to_string(&requirements).map_err(|e| e.to_string())?;
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let venv = target.join("python");
    // Two test processes may get here at once: the second waits and then finds it made.
    let lock = std::fs::File::create(target.join("python.lock")).map_err(|e| e.to_string())?;
    lock.lock().map_err(|e| e.to_string())?;
    let made = venv.join("headcount-requirements.txt");
    if std::fs::read_to_string(&made).is_ok_and(|had| had == wanted) {
        return Ok(venv);
    }
    run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(interpreter(&venv)).args(["-m", "pip", "install", "--quiet", "-r"]).arg(&requirements))?;
    std::fs::write(&made, wanted).map_err(|e| e.to_string())?;
    Ok(venv)
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|e| format!("{command:?}: {e}"))?;
    let words = String::from_utf8_lossy(&output.stderr);
    output.status.success().then_some(()).ok_or_else(|| format!("{command:?}: {words}"))
}
