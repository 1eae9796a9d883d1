//! Writes into the program which build it is, and on Windows what Windows wants to know of it.

#![expect(clippy::disallowed_methods, reason = "cargo speaks to a build script through its environment")]

#[path = "build/facts.rs"]
mod facts;

use std::env;
use std::path::Path;
use std::process::Command;

use facts::UNKNOWN;

/// Long paths, UTF-8, no asking for an administrator.
const MANIFEST: &str = "packaging/windows/headcount.exe.manifest";

fn main() {
    for path in ["build.rs", "build", MANIFEST] {
        println!("cargo::rerun-if-changed={path}");
    }
    for name in ["HEADCOUNT_COMMIT", "SOURCE_DATE_EPOCH"] {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let repository = Repository::here();
    tell("HEADCOUNT_COMMIT", &commit(repository.as_ref()));
    tell("HEADCOUNT_DATE", &date(repository.as_ref()));
    tell("HEADCOUNT_TARGET", &env::var("TARGET").unwrap_or_else(|_| UNKNOWN.to_owned()));
    tell(
        "HEADCOUNT_FEATURES",
        &facts::features(env::vars_os().filter_map(|(name, _)| name.into_string().ok())),
    );
    #[cfg(feature = "open")]
    pack_page();
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "windows") {
        describe_to_windows();
    }
}

/// Packs the files of the local page one after the other, each behind its length: of their text two thirds are saved.
#[cfg(feature = "open")]
fn pack_page() {
    use std::io::Write as _;

    macro_rules! files {
        ($($name:literal),* $(,)?) => { [$($name),*] };
    }
    let names = include!("src/web/files.rs");
    println!("cargo::rerun-if-changed=src/web/files.rs");
    println!("cargo::rerun-if-changed=src/web/page");
    let mut packed = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let mut pack = |name: &str| {
        let text = std::fs::read(Path::new("src/web/page").join(name))?;
        packed.write_all(&(text.len() as u64).to_le_bytes())?;
        packed.write_all(&text)
    };
    for name in names {
        pack(name).unwrap_or_else(|error| panic!("src/web/page/{name}: {error}"));
    }
    let out = env::var_os("OUT_DIR").expect("cargo says where what is built goes");
    let packed = packed.finish().expect("memory takes what it is given");
    std::fs::write(Path::new(&out).join("page.z"), packed).expect("the page is packed");
}

/// Hands a fact to the program, which reads it by `env!`.
fn tell(name: &str, fact: &str) {
    println!("cargo::rustc-env={name}={fact}");
}

/// What whoever builds says; an empty variable says nothing, as an unset argument of a Containerfile is one.
fn said(name: &str) -> Option<String> {
    env::var(name).ok().filter(|said| !said.is_empty())
}

/// The commit: as the release says, as `cargo package` wrote it down, or as git has it.
fn commit(repository: Option<&Repository>) -> String {
    if let Some(said) = said("HEADCOUNT_COMMIT") {
        if facts::is_commit(&said) {
            return said;
        }
        println!("cargo::error=HEADCOUNT_COMMIT is to be a commit's 40 hex digits: `{said}`");
    }
    let packed = std::fs::read_to_string(".cargo_vcs_info.json").ok();
    packed
        .and_then(|text| facts::packed_commit(&text))
        .or_else(|| repository.and_then(Repository::commit))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The day of the commit and never that of the build, so that the same sources give the same bytes.
fn date(repository: Option<&Repository>) -> String {
    if let Some(said) = said("SOURCE_DATE_EPOCH") {
        if let Some(day) = facts::day(&said) {
            return day;
        }
        println!("cargo::error=SOURCE_DATE_EPOCH is to be seconds since 1970: `{said}`");
    }
    let moment = repository.and_then(|repository| repository.git(&["show", "-s", "--format=%ct", "HEAD"]));
    moment.and_then(|moment| facts::day(&moment)).unwrap_or_else(|| UNKNOWN.to_owned())
}

/// The repository that these sources are the root of.
struct Repository;

impl Repository {
    /// `None` where sources were unpacked, which may be inside of somebody else's repository. And for a debug build:
    /// each commit would compile the crate anew while it is worked on.
    fn here() -> Option<Self> {
        let is_released = env::var("PROFILE").is_ok_and(|profile| profile == "release");
        if !is_released || !Path::new(".git").exists() {
            return None;
        }
        let repository = Self;
        // What moves with a commit; in a worktree git knows where it is. That a file under `src` has changed is known to
        // cargo only when it is told.
        for name in ["HEAD", "logs/HEAD"] {
            if let Some(path) = repository.git(&["rev-parse", "--git-path", name])
                && Path::new(&path).exists()
            {
                println!("cargo::rerun-if-changed={path}");
            }
        }
        for path in ["src", "Cargo.toml", "Cargo.lock"] {
            println!("cargo::rerun-if-changed={path}");
        }
        Some(repository)
    }

    fn commit(&self) -> Option<String> {
        let commit = self.git(&["rev-parse", "HEAD"]).filter(|commit| facts::is_commit(commit))?;
        // Only what is compiled: rosters and ledgers that lie about change nothing.
        let sources = ["src", "build", "build.rs", "packaging/windows", "Cargo.toml", "Cargo.lock"];
        let changed = self.git(&[&["status", "--porcelain", "--"][..], &sources].concat())?;
        Some(facts::with_changes(&commit, !changed.is_empty()))
    }

    /// What git answers; `None` where there is no git, or where it refuses.
    fn git(&self, words: &[&str]) -> Option<String> {
        let answer = Command::new("git")
            .arg("--no-optional-locks")
            .args(words)
            .output()
            .ok()
            .filter(|answer| answer.status.success())?;
        Some(String::from_utf8(answer.stdout).ok()?.trim().to_owned())
    }
}

/// A manifest and a version resource in the program. Where the resource compiler is missing (`rc.exe` of the Windows
/// SDK, `windres` of MinGW) the program is whole without them, so a build from source goes on; a release looks that
/// they are there.
fn describe_to_windows() {
    let mut resource = winresource::WindowsResource::new();
    resource
        .set_manifest_file(MANIFEST)
        .set("FileDescription", "headcount: brings people into Amazon Connect")
        .set("InternalName", "headcount")
        .set("OriginalFilename", "headcount.exe")
        .set("LegalCopyright", "MIT OR Apache-2.0");
    if let Err(error) = resource.compile_for("headcount") {
        println!("cargo::warning=headcount.exe gets no version resource and takes no long paths: {error}");
    }
}
