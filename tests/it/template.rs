//! `headcount template`, and the files of `templates/` that it writes.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;

const IDENTITIES: [&str; 3] = ["connect", "saml", "directory"];

fn headcount() -> Command {
    Command::cargo_bin("headcount").unwrap()
}

/// The file of `templates/` for an identity type and a format.
fn kept(identity: &str, format: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("templates/roster-{identity}.{format}"))
}

fn written(identity: &str, format: &str) -> Vec<u8> {
    let output = headcount().args(["template", "--identity", identity, "--format", format]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    output.stdout
}

#[test]
fn the_templates_that_are_kept_are_those_that_are_written() {
    for identity in IDENTITIES {
        for format in ["csv", "xlsx"] {
            let kept = fs::read(kept(identity, format)).unwrap();
            assert!(
                kept == written(identity, format),
                "templates/roster-{identity}.{format} is not what is written; see `renew_the_templates`"
            );
        }
    }
}

/// Renews `templates/` after a deliberate change: `cargo test --test it -- --ignored renew_the_templates`.
#[test]
#[ignore = "writes into templates/"]
fn renew_the_templates() {
    for identity in IDENTITIES {
        for format in ["csv", "xlsx"] {
            fs::write(kept(identity, format), written(identity, format)).unwrap();
        }
    }
}

#[test]
fn a_template_is_written_where_nothing_is_and_never_over_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.xlsx");
    let write = || headcount().args(["template", "--identity", "saml", "-o"]).arg(&path).output().unwrap();
    let first = write();
    assert_eq!(first.status.code(), Some(0));
    assert_eq!(
        fs::read(&path).unwrap(),
        fs::read(kept("saml", "xlsx")).unwrap(),
        "the name tells the format"
    );
    let next = format!("headcount{} validate", std::env::consts::EXE_SUFFIX); // by its place: it is not on the path here
    assert!(String::from_utf8_lossy(&first.stderr).contains(&next));
    fs::write(&path, "mine").unwrap();
    let second = write();
    assert_eq!(second.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&second.stderr).contains("error: a file is there already"));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let nowhere =
        headcount().args(["template", "-o"]).arg(folder.path().join("no/such.csv")).output().unwrap();
    assert_eq!(nowhere.status.code(), Some(2));
}

#[test]
fn the_header_is_the_consoles_own() {
    let text = String::from_utf8(written("saml", "csv")).unwrap();
    assert_eq!(
        text,
        "\u{FEFF}first name,last name,secondary email,mobile,user login,routing profile name,\
         security_profile_name_1|security_profile_name_2,user_hierarchy_1|user_hierarchy_2,phone type (soft/desk),\
         phone number,soft phone auto accept (yes/no),ACW timeout (seconds),tags\n"
    );
}
