//! Cells written for another program: its separators, its words for yes, its tricks against Excel.

use std::collections::BTreeSet;

use super::{Found, findings, input};
use crate::harness::{headcount, run, sample};

/// What is said of one row: the code, and the fix.
fn of_row(found: &[Found], row: u64) -> BTreeSet<(&str, &str)> {
    found
        .iter()
        .filter(|one| one.row == Some(row))
        .map(|one| (one.code.as_str(), one.hint.as_str()))
        .collect()
}

const PROFILES: &str = "if these are 2 names, write `Agent|QualityAnalyst`";
const LEVELS: &str = "if these are 3 levels, write `EMEA|Germany|Berlin`";

/// A suggestion of one of the two would lose the other.
#[test]
fn other_separators_are_suspected_offline_and_with_the_names_the_whole_cell_is_mended() {
    let roster = input("14-other-separators-in-cells.csv");
    let (exit, found) = findings(&roster, &[]);
    assert_eq!((exit, found.len()), (3, 9));
    for (row, tags) in
        [(2, "write `site|Leeds||grade|2`"), (3, "write `site|Leeds`"), (4, "write `site|Leeds`")]
    {
        let expected = [("other-separator", PROFILES), ("other-separator", LEVELS), ("tag-syntax", tags)];
        assert_eq!(of_row(&found, row), expected.into(), "row {row}");
    }
    let directory = sample("directory.json").display().to_string();
    for name in [&roster, &input("14b-separators-in-a-rehearsal.csv")] {
        let (exit, found) = findings(name, &["--directory", &directory]);
        let of = |code: &str| -> Vec<(u64, String)> {
            let these = found.iter().filter(|one| one.code == code);
            these.map(|one| (one.row.unwrap(), one.hint.clone())).collect()
        };
        let all = |fix: &str| [2, 3, 4].map(|row| (row, format!("did you mean `{fix}`?")));
        assert_eq!(exit, 3);
        assert_eq!(of("security-profile-unknown"), all("Agent|QualityAnalyst"));
        assert_eq!(of("hierarchy-unknown"), all("EMEA|Germany|Berlin"));
    }
}

/// The embedded instance has whatever names the roster uses: it must not be what hides that they are not names.
#[test]
fn a_rehearsal_that_takes_two_names_for_one_says_so() {
    let (exit, found) = findings(&input("14b-separators-in-a-rehearsal.csv"), &[]);
    assert_eq!((exit, found.len()), (0, 4));
    assert!(found.iter().all(|one| one.code == "other-separator"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(input("14b-separators-in-a-rehearsal.csv"), folder.path().join("roster.csv")).unwrap();
    let ran = run(headcount(folder.path()).args(["import", "roster.csv", "--simulate", "--yes"])).exits(0);
    let said = ran.stdout + &ran.stderr;
    assert!(said.contains("[other-separator]") && said.contains("Agent;QualityAnalyst"), "{said}");
}

#[test]
fn ids_as_python_prints_a_list_are_mended_to_the_same_ids() {
    let mended = "9dff4165-4024-5c1c-b3d3-f83db6334e51|27fcd716-29e6-5fd4-b30e-6b436a314d93";
    let roster = input("26-describe-user-flattened.csv");
    let (_, found) = findings(&roster, &["--identity", "saml", "--allow", "email-not-allowed"]);
    let expected = ("other-separator", format!("if these are 2 names, write `{mended}`"));
    assert!(of_row(&found, 2).contains(&(expected.0, expected.1.as_str())), "{:?}", of_row(&found, 2));
    let directory = sample("directory.json").display().to_string();
    let (_, found) = findings(&roster, &["--directory", &directory]);
    let expected = format!("did you mean `{mended}`?");
    assert!(of_row(&found, 2).contains(&("security-profile-unknown", expected.as_str())));
}

#[test]
fn the_bulk_tools_hierarchy_has_slashes_between_levels_and_they_are_read() {
    let roster = input("15-aws-bulk-tool-slash-hierarchy.csv");
    let directory = sample("directory.json").display().to_string();
    for args in [&[][..], &["--directory", &directory]] {
        let (exit, found) = findings(&roster, args);
        assert_eq!((exit, found.len()), (0, 1), "{args:?}");
        assert_eq!((found[0].code.as_str(), found[0].row), ("slash-levels", Some(2)));
        assert!(found[0].message.contains("`EMEA|Germany|Berlin`"), "{}", found[0].message);
    }
}

#[test]
fn yes_and_no_are_read_as_spreadsheets_write_them_and_other_words_are_for_a_map() {
    let (exit, found) = findings(&input("17-words-for-yes-and-no.csv"), &[]);
    let words: Vec<_> = found.iter().map(|one| (one.row.unwrap(), one.value.as_deref().unwrap())).collect();
    assert_eq!((exit, words), (3, vec![(10, "x"), (11, "ja"), (12, "on")]));
    for one in &found {
        assert_eq!(one.code, "not-yes-or-no");
        let word = one.value.as_deref().unwrap();
        let line = format!("under `[values.\"auto accept\"]`, `\"{word}\" = \"yes\"`");
        assert!(one.hint.contains(&line), "{}", one.hint);
    }
    // What the fix says is so.
    let folder = tempfile::tempdir().unwrap();
    let map = folder.path().join("map.toml");
    let words = "[values.\"auto accept\"]\n\"x\" = \"yes\"\n\"ja\" = \"yes\"\n\"on\" = \"yes\"\n";
    std::fs::write(&map, words).unwrap();
    let map = map.display().to_string();
    let (exit, found) = findings(&input("17-words-for-yes-and-no.csv"), &["--columns", &map]);
    assert_eq!((exit, found.len()), (0, 0));
}

#[test]
fn tricks_against_excel_are_undone_in_the_fix() {
    let (exit, found) = findings(&input("19-excel-text-tricks.csv"), &[]);
    let told: Vec<_> =
        found.iter().map(|one| (one.row.unwrap(), one.code.as_str(), one.hint.as_str())).collect();
    const ROUNDED: &str =
        "a spreadsheet made it a rounded number: format the column as text and type the number again";
    let expected = [
        (2, "phone-number-not-e164", "write `+12065550142`"),
        (3, "phone-number-not-e164", "write `+12065550143`"),
        (4, "phone-number-not-e164", ROUNDED),
        (5, "phone-number-not-e164", "write `+12065550144`"),
        (6, "email-syntax", "write `004711@example.com`"),
        (6, "username-characters", "write `004711`"),
        (7, "email-syntax", "write one whole address, as in `name@example.com`"),
        (7, "username-characters", "write `004712`"),
    ];
    assert_eq!(exit, 3);
    assert_eq!(told.into_iter().collect::<BTreeSet<_>>(), expected.into());
}

#[test]
fn a_comma_without_quotes_and_a_workbook_behind_a_password_are_told_for_what_they_are() {
    let (exit, found) = findings(&input("27-backup-tool-unquoted-comma.csv"), &[]);
    assert_eq!((exit, found.len()), (3, 1));
    assert_eq!((found[0].code.as_str(), found[0].row), ("ragged-row", Some(3)));
    assert_eq!(found[0].hint, "put quotes around the cell that holds the delimiter");

    let folder = tempfile::tempdir().unwrap();
    let closed = input("41-password-to-open.xlsx");
    let said = run(headcount(folder.path()).arg("validate").arg(closed)).exits(2).stderr;
    assert!(said.contains("an old Excel workbook (XLS), or one that a password protects"), "{said}");
    assert!(
        said.contains("hint: open it in a spreadsheet and save it as XLSX, without a password"),
        "{said}"
    );
}
