//! Files as HR sends them, through the real program.

use std::fs;

use crate::harness::{headcount, run};

#[test]
fn national_numbers_are_errors_until_the_country_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let header =
        "first name,last name,user login,routing profile,security profiles,phone type,phone number,mobile\n";
    let rows =
        "Ann,Lee,ann,Care,Agent,desk,030 23125042,0171 1234567\nBob,Kay,bob,Care,Agent,soft,030/23125043,\n";
    fs::write(folder.path().join("r.csv"), format!("{header}{rows}")).unwrap();
    let validate = |flags: &[&str]| run(headcount(folder.path()).args(["validate", "r.csv"]).args(flags));
    let ran = validate(&[]).exits(3);
    assert!(
        ran.stdout.contains("phone-number-not-e164") && ran.stdout.contains("mobile-not-e164"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("`--phone-region US` reads national numbers"), "{}", ran.stdout);
    let ran = validate(&["--phone-region", "de"]).exits(0);
    assert!(ran.stdout.contains("--phone-region DE"), "the next command has the flag: {}", ran.stdout);
    assert!(!ran.stdout.contains("phone-number"), "{}", ran.stdout);
    let ran = validate(&["--phone-region", "US"]).exits(3);
    assert!(ran.stdout.contains("no such number exists in the country"), "{}", ran.stdout);
    validate(&["--phone-region", "Germany"]).exits(2);
    // What is sent is E.164.
    let flags = ["--simulate", "--yes", "--rate", "1000", "--phone-region", "DE"];
    run(headcount(folder.path()).args(["import", "r.csv"]).args(flags)).exits(0);
    let world = fs::read_to_string(folder.path().join("r.csv.simulate.world.jsonl")).unwrap();
    for number in ["+493023125042", "+493023125043", "+491711234567"] {
        assert!(world.contains(number), "{number}: {world}");
    }
    fs::write(
        folder.path().join("r.csv"),
        format!("{header}Ann,Lee,ann,Care,Agent,desk,030 23125042 ext 12,\nBob,Kay,bob,Care,Agent,soft,030 23125043 ext 12,\n"),
    )
    .unwrap();
    let ran = validate(&["--phone-region", "DE"]).exits(3);
    assert_eq!(ran.stdout.matches("E.164 has no place for an extension").count(), 2, "{}", ran.stdout);
}
