//! A mended copy is the roster with what was changed in it, and nothing else.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::draft::{Change, Draft};
use crate::roster::{Options, Roster, Row};

/// All rows of a roster by their cells, those of nobody included; blank ones have none. Ragged rows are what the reader says.
fn rows(roster: &Roster) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut all) = (roster.rows().unwrap(), Row::default(), Vec::new());
    while rows.read(&mut row).unwrap() {
        let mut cells: Vec<String> = row.cells.iter().take(roster.width()).map(str::to_owned).collect();
        // What the reader has kept aside must be kept by the copy as well.
        cells.extend(row.kept.iter().map(|kept| format!("{kept:?}")));
        cells.extend(row.findings.iter().map(|finding| finding.code.to_owned()));
        all.push(cells);
    }
    all
}

fn read(path: &Path) -> Roster {
    Roster::open(path, &Options { header_row: None, ..Options::default() }).unwrap()
}

/// Writes the copy and says what it is.
fn copied(draft: &Draft, out: &Path) -> (Roster, Vec<String>) {
    let said = super::write(draft, out).unwrap();
    (read(out), said)
}

/// The copy reads as the draft does.
fn is_same(draft: &Draft, out: &Path) {
    let (copy, said) = copied(draft, out);
    let own: Vec<&String> =
        copy.own_headers().iter().filter(|name| *name != crate::report::annotate::FINDINGS).collect();
    let headers: Vec<&String> = draft.roster().own_headers().iter().collect();
    assert_eq!(own, headers, "{said:?}");
    let expected = rows(draft.roster());
    assert_eq!(rows(&copy), expected, "{said:?}\n{}", String::from_utf8_lossy(&fs::read(out).unwrap()));
}

fn changes(deeds: &[(u8, usize, usize, String)], draft: &Draft) -> Vec<Change> {
    let number = |at: usize| draft.number_at(at % draft.len().max(1)).unwrap_or(2);
    let mut changes = Vec::new();
    let mut next = draft.next_number();
    for (what, row, column, text) in deeds {
        match what {
            0..=4 => {
                changes.push(Change::Cell { row: number(*row), column: *column, text: text.as_str().into() })
            }
            5 => changes.push(Change::Drop { row: number(*row), is_dropped: true }),
            6 => {
                changes.push(Change::Add { row: next });
                changes.push(Change::Cell { row: next, column: *column, text: format!("x{text}").into() });
                next += 1;
            }
            _ => changes.push(Change::Header { column: *column, text: format!("Extra {row}").into() }),
        }
    }
    changes
}

const CELL: &str = "[a-c ,;\"'=+@\n\t|é東-]{0,5}|\\PC{0,3}";

proptest! {
    #![proptest_config(ProptestConfig { cases: 160, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_csv_reads_as_it_was_mended(
        cells in prop::collection::vec(prop::collection::vec(CELL, 3), 1..8),
        deeds in prop::collection::vec((0..8_u8, 0..8_usize, 1..4_usize, CELL), 0..8),
        delimiter in prop::sample::select(vec![b',', b';', b'\t']),
        end in prop::sample::select(vec!["\n", "\r\n", "\r"]),
        stored in 0..4_u8,
        has_end: bool,
    ) {
        let mut text = String::new();
        let line = |cells: &[String]| {
            let quoted: Vec<String> = cells.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            quoted.join(&char::from(delimiter).to_string())
        };
        let header = ["user login", "first name", "tags", "password"].map(str::to_owned);
        text.push_str(&header.join(&char::from(delimiter).to_string()));
        for (at, row) in cells.iter().enumerate() {
            text.push_str(end);
            if at % 3 == 2 {
                text.push_str(end); // a blank line
            }
            // Whoever has a login is somebody.
            let mut cells = vec![format!("user{at}")];
            cells.extend(row.iter().cloned());
            text.push_str(&line(&cells));
        }
        if has_end {
            text.push_str(end);
        }
        let bytes = match stored {
            0 => text.clone().into_bytes(),
            1 => format!("\u{feff}{text}").into_bytes(),
            2 => [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect(),
            _ => encoding_rs::WINDOWS_1252.encode(&text.replace('東', "x")).0.into_owned(),
        };
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.csv");
        fs::write(&path, &bytes).unwrap();
        let Ok(mut draft) = Draft::open(&path, Options::default(), None) else { return Ok(()) };
        let changes = changes(&deeds, &draft);
        if draft.change("", changes).is_ok() {
            is_same(&draft, &folder.path().join("out.csv"));
        }
        prop_assert_eq!(fs::read(&path).unwrap(), bytes, "the roster itself is as it was");
    }

    #[test]
    fn a_workbook_reads_as_it_was_mended(
        cells in prop::collection::vec(prop::collection::vec(CELL, 3), 1..8),
        deeds in prop::collection::vec((0..8_u8, 0..8_usize, 1..4_usize, CELL), 0..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roster.xlsx");
        let mut workbook = rust_xlsxwriter::Workbook::new();
        let sheet = workbook.add_worksheet();
        for (column, header) in (0..).zip(["user login", "first name", "tags", "password"]) {
            sheet.write_string(0, column, header).unwrap();
        }
        for (row, cells) in (1..).zip(&cells) {
            sheet.write_string(row, 0, format!("user{row}")).unwrap();
            for (column, cell) in (1..).zip(cells) {
                match cell.len() {
                    2 => drop(sheet.write_number(row, column, f64::from(row) * 7.5).unwrap()),
                    3 => drop(sheet.write_formula(row, column, "=1+1").unwrap()),
                    _ => drop(sheet.write_string(row, column, cell).unwrap()),
                }
            }
        }
        let other = workbook.add_worksheet();
        other.write_string(0, 0, "kept").unwrap();
        workbook.save(&path).unwrap();
        let before = fs::read(&path).unwrap();
        let Ok(mut draft) = Draft::open(&path, Options::default(), None) else { return Ok(()) };
        let changes = changes(&deeds, &draft);
        if draft.change("", changes).is_ok() {
            is_same(&draft, &folder.path().join("out.xlsx"));
        }
        prop_assert_eq!(fs::read(&path).unwrap(), before, "the roster itself is as it was");
    }
}

fn folder_of(names: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let all = names.iter().flat_map(|folder| fs::read_dir(root.join(folder)).unwrap());
    let mut files: Vec<PathBuf> = all.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "csv" || ending == "xlsx"));
    files.sort();
    files
}

#[test]
fn of_what_people_bring_a_copy_with_a_cell_changed_is_the_same_otherwise() {
    let (mut copies, mut refused) = (0, Vec::new());
    for path in folder_of(&["samples", "tests/field"]) {
        let Ok(mut draft) = Draft::open(&path, Options::default(), None) else { continue };
        let Some(row) = (0..draft.len()).filter_map(|at| draft.number_at(at)).find(|row| {
            draft.row(*row).is_some_and(|row| row.is_readable() && row.cells.len() >= draft.roster().width())
        }) else {
            continue;
        };
        let ending = path.extension().unwrap().to_str().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        let unchanged = folder.path().join(format!("same.{ending}"));
        super::write(&draft, &unchanged).unwrap();
        assert_eq!(fs::read(&unchanged).unwrap(), fs::read(&path).unwrap(), "{}", path.display());
        draft.change("", vec![Change::Cell { row, column: 0, text: "changed".into() }]).unwrap();
        let out = folder.path().join(format!("out.{ending}"));
        match super::write(&draft, &out) {
            Ok(_) => {
                let copy = Roster::open(&out, &Options::default()).unwrap();
                assert_eq!(rows(&copy), rows(draft.roster()), "{}", path.display());
                copies += 1;
            }
            Err(failure) => refused.push(format!("{}: {failure:?}", path.display())),
        }
    }
    assert!(copies > 25, "{copies}, and refused {refused:#?}");
    assert!(refused.is_empty(), "{refused:#?}");
}

#[test]
fn a_cell_that_begins_like_a_formula_is_guarded_and_reads_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.csv");
    fs::write(&path, "user login,last name,mobile\nann,=HYPERLINK(\"x\"),+4930123\nbob,Lee,\n").unwrap();
    let mut draft = Draft::open(&path, Options::default(), None).unwrap();
    draft.change("", vec![Change::Cell { row: 3, column: 1, text: "Poe".into() }]).unwrap();
    let out = folder.path().join("out.csv");
    let (copy, said) = copied(&draft, &out);
    assert_eq!(rows(&copy), rows(draft.roster()));
    let text = fs::read_to_string(&out).unwrap();
    assert!(text.contains("'=HYPERLINK") && text.contains("'+4930123"), "{text}");
    assert!(said[0].contains("apostrophe"), "{said:?}");
    // A number with its sign before it does nothing.
    fs::write(&path, "user login,mobile\nann,+49 (30) 123\nbob,\n").unwrap();
    let mut draft = Draft::open(&path, Options::default(), None).unwrap();
    draft.change("", vec![Change::Cell { row: 3, column: 1, text: "+4930123".into() }]).unwrap();
    let out = folder.path().join("plain.csv");
    assert_eq!(copied(&draft, &out).1, Vec::<String>::new());
    assert_eq!(
        fs::read_to_string(&out).unwrap(),
        "\u{feff}user login,mobile\nann,+49 (30) 123\nbob,+4930123\n"
    );
}

#[test]
fn a_copy_is_never_written_over_a_file_nor_in_another_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("roster.csv");
    fs::write(&path, "user login\nann\n").unwrap();
    let draft = Draft::open(&path, Options::default(), None).unwrap();
    for (name, why) in [
        ("roster.csv", "there is a file already"),
        ("out.xlsx", "is a CSV"),
        ("out.txt", "a .csv or an .xlsx"),
    ] {
        let out = folder.path().join(name);
        let failure = super::fits(&draft, &out).unwrap_err();
        assert!(failure.what.contains(why), "{}", failure.what);
        assert!(super::write(&draft, &out).is_err());
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), "user login\nann\n");
}
