//! A program for Node, in the folder above, with a browser at hand.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// Where a browser is looked for.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

fn runs(program: &str) -> bool {
    Command::new(program)
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

fn skipped(what: &str) {
    // Past the test runner, which keeps what a test prints to itself while the test passes.
    let _ = writeln!(std::io::stderr(), "\nSKIPPED: {what}, so the page is NOT tried in a browser");
}

/// The scenarios with what they need beside them, and the browser; `None` where something is missing.
fn ready() -> Option<&'static (PathBuf, &'static str)> {
    static READY: OnceLock<Option<(PathBuf, &'static str)>> = OnceLock::new();
    READY
        .get_or_init(|| {
            if !runs("node") || !runs("npm") {
                skipped("no Node with npm here");
                return None;
            }
            let Some(browser) = BROWSERS.into_iter().find(|browser| runs(browser)) else {
                skipped("no Chromium here");
                return None;
            };
            let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/page");
            let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("page");
            std::fs::create_dir_all(&folder).unwrap();
            for entry in std::fs::read_dir(&source).unwrap() {
                let path = entry.unwrap().path();
                let is_one = path.extension().is_some_and(|ending| ending == "mjs" || ending == "json");
                if is_one {
                    std::fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
                }
            }
            let words = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
            let got = Command::new("npm").args(words).current_dir(&folder).stdout(Stdio::null()).status();
            if !got.is_ok_and(|status| status.success()) {
                skipped("playwright-core and axe cannot be had from npm");
                return None;
            }
            Some((folder, browser))
        })
        .as_ref()
}

/// Runs a scenario to its end, and says what it says; nothing where what it needs is missing.
pub(crate) fn plays(name: &str) {
    let Some((folder, browser)) = ready() else { return };
    let browser = String::from_utf8(Command::new("which").arg(browser).output().unwrap().stdout).unwrap();
    let ended = Command::new("node")
        .arg(format!("{name}.mjs"))
        .current_dir(folder)
        .env("HEADCOUNT", env!("CARGO_BIN_EXE_headcount"))
        .env("HEADCOUNT_SAMPLES", Path::new(env!("CARGO_MANIFEST_DIR")).join("samples"))
        .env("HEADCOUNT_PAGE", Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web/page"))
        .env("HEADCOUNT_CHROMIUM", browser.trim())
        .output()
        .unwrap();
    let said =
        format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert!(ended.status.success(), "{name}: {said}");
    let _ = writeln!(std::io::stderr(), "{name}: {}", said.trim());
}
