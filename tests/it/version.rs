//! Which build a program is: what `--version` says, and how a build finds it out.

use crate::harness::{folder, headcount, run};

#[path = "../../build/facts.rs"]
mod facts;

const COMMIT: &str = "64b295d0c1de5f6a7b8c9d0e1f2a3b4c5d6e7f80";

#[test]
fn the_short_version_is_one_line_and_the_long_one_names_the_build() {
    let folder = folder(&[]);
    let short = run(headcount(folder.path()).arg("-V")).exits(0).stdout;
    assert_eq!(short, concat!("headcount ", env!("CARGO_PKG_VERSION"), "\n"));
    let long = run(headcount(folder.path()).arg("--version")).exits(0).stdout;
    let lines: Vec<(&str, &str)> = long
        .strip_prefix(&short)
        .unwrap()
        .lines()
        .map(|line| line.split_once("  ").map(|(name, fact)| (name, fact.trim())).unwrap())
        .collect();
    let [commit, date, target, features] = &lines[..] else { panic!("{long}") };
    assert_eq!([commit.0, date.0, target.0, features.0], ["commit", "date", "target", "features"]);
    assert!(commit.1 == facts::UNKNOWN || facts::is_commit(&commit.1[..40]), "{long}");
    assert!(date.1 == facts::UNKNOWN || date.1.starts_with("20") && date.1.len() == 10, "{long}");
    assert!(target.1.contains(std::env::consts::ARCH) && target.1.contains('-'), "{long}");
    let mut on = vec![];
    for (is_on, name) in [
        (cfg!(feature = "age"), "age"),
        (cfg!(feature = "crash-points"), "crash-points"),
        (cfg!(feature = "open"), "open"),
        (cfg!(feature = "phone-region"), "phone-region"),
    ] {
        on.extend(is_on.then_some(name));
    }
    let on = if on.is_empty() { "none".to_owned() } else { on.join(", ") };
    assert_eq!(features.1, on);
}

#[test]
fn the_manual_names_no_build_for_it_is_the_same_everywhere() {
    let folder = folder(&[]);
    let page = run(headcount(folder.path()).arg("man")).exits(0).stdout;
    assert!(page.contains(concat!("headcount ", env!("CARGO_PKG_VERSION"))));
    for fact in ["commit    ", std::env::consts::ARCH] {
        assert!(!page.contains(fact), "{page}");
    }
}

#[test]
fn the_day_of_a_build_is_that_of_its_moment() {
    // Made with `date -u -d @SECONDS +%F`.
    for (seconds, day) in [
        ("0", "1970-01-01"),
        ("86399", "1970-01-01"),
        ("951782400", "2000-02-29"),
        ("1709164800", "2024-02-29"),
        ("1709251200", "2024-03-01"),
        ("1767225599", "2025-12-31"),
        ("1795896000\n", "2026-11-28"),
        ("4107542400", "2100-03-01"),
        ("253402300799", "9999-12-31"),
    ] {
        assert_eq!(facts::day(seconds).as_deref(), Some(day), "{seconds}");
    }
    for none in ["", "-1", "yesterday", "253402300800", "18446744073709551615", "18446744073709551616"] {
        assert_eq!(facts::day(none), None, "{none}");
    }
}

#[test]
fn a_packed_source_has_its_commit_and_owns_up_to_changes() {
    let packed = |more: &str| format!("{{\n  \"git\": {{\n    \"sha1\": \"{COMMIT}\"{more}\n  }}\n}}");
    assert_eq!(facts::packed_commit(&packed("")).as_deref(), Some(COMMIT));
    let changed = facts::packed_commit(&packed(",\n    \"dirty\": true")).unwrap();
    assert_eq!(changed, format!("{COMMIT} and changes to it"));
    for none in ["", "{}", "{\"git\":{\"sha1\":\"64b295d\"}}", "{\"git\":{\"sha1\":\"", "no json"] {
        assert_eq!(facts::packed_commit(none), None, "{none}");
    }
}

#[test]
fn features_are_told_by_their_names_in_order_and_the_default_is_none_of_them() {
    let told = |names: &[&str]| facts::features(names.iter().map(|name| (*name).to_owned()));
    let all = ["CARGO_FEATURE_PHONE_REGION", "PATH", "CARGO_FEATURE_DEFAULT", "CARGO_FEATURE_AGE"];
    assert_eq!(told(&all), "age, phone-region");
    assert_eq!(told(&["CARGO_FEATURE_DEFAULT", "HOME"]), "none");
}
