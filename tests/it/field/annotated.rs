//! What spreadsheets make of numbers, formulas and empty cells.

use super::{findings, input};

/// The findings of an input, as code, row and column.
fn told(name: &str, args: &[&str]) -> (i32, Vec<String>) {
    let (exit, found) = findings(&input(name), args);
    let line = |one: &super::Found| {
        let row = one.row.map(|row| format!(" {row}")).unwrap_or_default();
        let column = one.column.as_deref().map(|column| format!(" {column}")).unwrap_or_default();
        format!("{}{row}{column}", one.code)
    };
    (exit, found.iter().map(line).collect())
}

#[test]
fn numbers_whose_format_shows_a_plus_are_read_and_logins_have_one_fix_for_the_column() {
    let (exit, found) = findings(&input("37-numbers-as-logins.xlsx"), &[]);
    let lines: Vec<_> = found.iter().map(|one| (one.code.as_str(), one.row, one.column.as_deref())).collect();
    let login = Some("user login");
    assert_eq!(
        (exit, lines.as_slice()),
        (3, &[2, 3, 4].map(|row| ("number-not-text", Some(row), login))[..]),
        "the phone numbers are shown with their plus sign"
    );
    assert!(found.iter().all(|one| one.hint.starts_with("format the column as Text and save: ")));
}

#[test]
fn a_formula_that_nobody_has_computed_is_told_as_one() {
    let (exit, found) = findings(&input("38-formulas-without-values.xlsx"), &[]);
    let of_formulas = found.iter().filter(|one| one.code == "formula-without-value");
    let cells: Vec<_> = of_formulas.map(|one| (one.row.unwrap(), one.column.as_deref().unwrap())).collect();
    assert_eq!(exit, 3);
    assert_eq!(cells, [(2, "email address"), (2, "user login"), (3, "email address"), (3, "user login")]);
    assert_eq!(found.len(), 4, "and nobody is said to have no username");
    assert!(found.iter().all(|one| one.hint == "open the workbook in a spreadsheet and save it"));
    assert!(found.iter().all(|one| one.message.contains("a formula and no value")));
}

#[test]
fn cells_that_excel_leaves_out_at_the_end_of_a_row_are_blank() {
    assert_eq!(told("02-excel-trailing-delimiters-dropped.csv", &[]), (0, vec!["short-rows 4".to_owned()]));
}

#[test]
fn workbooks_of_every_dialect_are_read() {
    for name in [
        "30-furigana-and-rich-text.xlsx",
        "31-prefixed-elements.xlsx",
        "32-strict-ooxml.xlsx",
        "33-cells-without-references.xlsx",
        "42-macro-workbook.xlsm",
    ] {
        assert_eq!(told(name, &[]), (0, vec![]), "{name}");
    }
    let hidden = (0, ["hidden-sheets", "hidden-columns last name", "hidden-rows"]);
    for name in ["31b-prefixed-with-hidden-rows.xlsx", "32b-strict-with-hidden-rows.xlsx"] {
        let (exit, found) = told(name, &[]);
        assert!(found.iter().any(|one| one.starts_with(hidden.1[2])), "{name}: {exit} {found:?}");
    }
    let (exit, found) = told("36-x000d-escapes.xlsx", &[]);
    assert!(exit == 0 && found.iter().all(|one| one.starts_with("stray-spaces")), "{found:?}");
}
