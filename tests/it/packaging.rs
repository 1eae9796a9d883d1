//! Manifests for package managers, made of a release's sums: as their forms want them, and of no release that is not whole.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

const VERSION: &str = env!("CARGO_PKG_VERSION");
const TARGETS: [&str; 6] = [
    "aarch64-apple-darwin.tar.gz",
    "aarch64-pc-windows-msvc.zip",
    "aarch64-unknown-linux-musl.tar.gz",
    "x86_64-apple-darwin.tar.gz",
    "x86_64-pc-windows-msvc.zip",
    "x86_64-unknown-linux-musl.tar.gz",
];

fn archive(target: &str) -> String {
    format!("headcount-v{VERSION}-{target}")
}

fn sum(target: &str) -> String {
    Sha256::digest(target.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A made-up release: each archive holds its own target's name.
fn release(folder: &Path) {
    let mut sums = String::new();
    for target in TARGETS {
        fs::write(folder.join(archive(target)), target).unwrap();
        sums += &format!("{}  {}\n", sum(target), archive(target));
    }
    fs::write(folder.join("SHA256SUMS"), sums).unwrap();
}

/// `None`, said aloud, where this machine has no Python 3.11.
fn made(release: &Path, out: &Path) -> Option<Output> {
    let has = "import sys; sys.exit(sys.version_info < (3, 11))";
    if !Command::new("python3").args(["-c", has]).status().is_ok_and(|status| status.success()) {
        let _ = std::io::stderr()
            .write_all(b"\nSKIPPED: no `python3` of 3.11 or newer here, so no manifests are made\n");
        return None;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/manifests.py");
    Some(Command::new("python3").arg(script).arg(release).arg(out).output().unwrap())
}

fn yaml(path: &Path) -> Value {
    serde_yaml_ng::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[track_caller]
fn has(value: &Value, members: &[&str]) {
    for member in members {
        assert!(value[member].is_string() || value[member].is_array(), "{member} is missing: {value}");
    }
}

#[test]
fn manifests_have_what_their_forms_require_and_the_sums_of_the_release() {
    let folder = tempfile::tempdir().unwrap();
    release(folder.path());
    let out = folder.path().join("out");
    let Some(ran) = made(folder.path(), &out) else { return };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let home = env!("CARGO_PKG_REPOSITORY");
    let url = |target: &str| format!("{home}/releases/download/v{VERSION}/{}", archive(target));

    // The members that the schemas of winget 1.10.0 require.
    let owner = home.split('/').nth(3).unwrap();
    let first = owner[..1].to_lowercase();
    let at = out.join(format!("winget/manifests/{first}/{owner}/headcount/{VERSION}"));
    let page = |kind: &str| yaml(&at.join(format!("{owner}.headcount{kind}.yaml")));
    let all = ["PackageIdentifier", "PackageVersion", "ManifestType", "ManifestVersion"];
    let (version, installer, locale) = (page(""), page(".installer"), page(".locale.en-US"));
    for (value, kind) in [(&version, "version"), (&installer, "installer"), (&locale, "defaultLocale")] {
        has(value, &all);
        assert_eq!(value["ManifestType"], kind);
        assert_eq!(value["PackageVersion"], VERSION);
        assert_eq!(value["PackageIdentifier"], format!("{owner}.headcount"));
    }
    has(&version, &["DefaultLocale"]);
    has(&locale, &["PackageLocale", "Publisher", "PackageName", "License", "ShortDescription"]);
    assert!(locale["ShortDescription"].as_str().unwrap().len() <= 256);
    has(&installer, &["Installers", "InstallerType", "NestedInstallerType"]);
    let installers = installer["Installers"].as_array().unwrap();
    let wanted = [("x64", "x86_64-pc-windows-msvc"), ("arm64", "aarch64-pc-windows-msvc")];
    assert_eq!(installers.len(), wanted.len());
    for (one, (architecture, target)) in installers.iter().zip(wanted) {
        let file = format!("{target}.zip");
        assert_eq!(one["Architecture"], architecture);
        assert_eq!(one["InstallerUrl"], url(&file));
        assert_eq!(one["InstallerSha256"], sum(&file).to_uppercase());
        let nested = &one["NestedInstallerFiles"][0];
        assert_eq!(nested["RelativeFilePath"], format!("headcount-v{VERSION}-{target}\\headcount.exe"));
        assert_eq!(nested["PortableCommandAlias"], "headcount");
    }

    // The members that scoop's schema requires.
    let text = fs::read_to_string(out.join("scoop/bucket/headcount.json")).unwrap();
    let scoop: Value = serde_json::from_str(&text).unwrap();
    has(&scoop, &["version", "description", "homepage", "license", "bin"]);
    for (name, target) in [("64bit", wanted[0].1), ("arm64", wanted[1].1)] {
        let one = &scoop["architecture"][name];
        let file = format!("{target}.zip");
        assert_eq!([&one["url"], &one["hash"]], [&Value::from(url(&file)), &Value::from(sum(&file))]);
        assert_eq!(one["extract_dir"], format!("headcount-v{VERSION}-{target}"));
        let next = &scoop["autoupdate"]["architecture"][name];
        assert!(next["url"].as_str().unwrap().contains("/v$version/headcount-v$version-"), "{next}");
    }

    let formula = fs::read_to_string(out.join("homebrew/Formula/headcount.rb")).unwrap();
    for target in TARGETS.iter().filter(|target| target.ends_with(".tar.gz")) {
        let lines = format!("      url \"{}\"\n      sha256 \"{}\"\n", url(target), sum(target));
        assert!(formula.contains(&lines), "{target}: {formula}");
    }
    let description = formula.lines().find_map(|line| line.trim().strip_prefix("desc \"")).unwrap();
    assert!(description.len() <= 81 && !description.ends_with(".\""), "brew audit refuses it: {description}");
    let words =
        |word: &str| formula.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|w| *w == word).count();
    let opened = words("do") + words("def") + words("class");
    assert_eq!(opened, words("end"), "{formula}");
}

#[test]
fn no_manifest_is_made_of_a_release_that_is_not_whole() {
    type Broken<'a> = (&'a str, &'a dyn Fn(&Path));
    let break_it: [Broken; 5] = [
        ("cannot read", &|folder| fs::remove_file(folder.join("SHA256SUMS")).unwrap()),
        ("is not the file that SHA256SUMS names", &|folder| {
            fs::write(folder.join(archive(TARGETS[4])), "x").unwrap()
        }),
        ("SHA256SUMS does not have", &|folder| {
            let sums = fs::read_to_string(folder.join("SHA256SUMS")).unwrap();
            let fewer: String = sums.lines().skip(1).map(|line| format!("{line}\n")).collect();
            fs::write(folder.join("SHA256SUMS"), fewer).unwrap();
        }),
        ("line 1: 64 hex digits", &|folder| {
            fs::write(folder.join("SHA256SUMS"), "abc  headcount.zip\n").unwrap()
        }),
        ("is there already", &|folder| fs::create_dir(folder.join("out")).unwrap()),
    ];
    for (says, broken) in break_it {
        let folder = tempfile::tempdir().unwrap();
        release(folder.path());
        broken(folder.path());
        let out = folder.path().join("out");
        let Some(ran) = made(folder.path(), &out) else { return };
        let stderr = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(
            ran.status.code() == Some(1) && stderr.starts_with("error: ") && stderr.contains(says),
            "{stderr}"
        );
        assert!(!out.exists() || fs::read_dir(&out).unwrap().next().is_none(), "{says}");
    }
}
