//! Who is called what: logins that are there, logins that are made, and one person under two of them.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Ran, headcount, pasted, run};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn ran(folder: &Path, arguments: &[&str]) -> Ran {
    run(headcount(folder).args(arguments))
}

fn found(folder: &Path, arguments: &[&str]) -> Value {
    let ran = ran(folder, &[&["validate", "--format", "json"], arguments].concat());
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// The users that a ledger has created, by name.
fn created(folder: &Path, ledger: &str) -> Vec<String> {
    let text = fs::read_to_string(folder.join(ledger)).unwrap();
    let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let made = entries.filter(|entry| entry["state"] == "created");
    let mut names: Vec<String> = made.map(|entry| entry["user"].as_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

const MAP: &str = "[columns]\n\"Name\" = { split = \"last, first\" }\n\"Login\" = \"user login\"\n\
     [templates]\n\"user login\" = \"{first name|german|lower|joined}.{last name|german|lower|joined}\"\n\
     [constants]\n\"routing profile\" = \"Basic Routing Profile\"\n\"security profiles\" = \"Agent\"\n";

#[test]
fn a_login_that_is_filled_in_goes_before_the_template_and_the_template_fills_the_blank_ones() {
    let staff = "Name;Login\n\"Müller, Zoë\";\n\"Groß, Jürgen\";jg.boss\n\"Berg, Anna\"; \n";
    let folder = folder(&[("staff.csv", staff), ("map.toml", MAP)]);
    let staff = ["staff.csv", "--columns", "map.toml"];
    let said = ran(folder.path(), &[&["validate"][..], &staff].concat()).exits(0).stdout;
    assert!(said.contains("2 logins made by the map's template, 1 from the roster's own cells"), "{said}");
    let document = found(folder.path(), &staff);
    assert_eq!(document["logins"], serde_json::json!({ "made": 2, "given": 1 }));
    let columns = ran(folder.path(), &[&["columns"][..], &staff].concat()).exits(0).stdout;
    assert!(columns.contains("Login         user login"), "{columns}");
    assert!(columns.contains("(column map)  user login             zoe.mueller"), "{columns}");

    let made = ran(folder.path(), &[&["import"][..], &staff, &["--simulate", "--yes"]].concat()).exits(0);
    assert!(made.stderr.contains("2 logins made by the map's template"), "{made:?}");
    let names = created(folder.path(), "staff.csv.simulate.ledger.jsonl");
    assert_eq!(names, ["anna.berg", "jg.boss", "zoe.mueller"]);
}

#[test]
fn what_a_spreadsheet_made_of_a_login_is_not_covered_up_by_a_made_one() {
    let folder = folder(&[("map.toml", &MAP.replace("\"Login\" = \"user login\"\n", ""))]);
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for (at, header) in (0..).zip(["Name", "user login"]) {
        sheet.write_string(0, at, header).unwrap();
    }
    sheet.write_string(1, 0, "Berg, Anna").unwrap();
    sheet.write_number(1, 1, 231).unwrap();
    workbook.save(folder.path().join("staff.xlsx")).unwrap();
    let document = found(folder.path(), &["staff.xlsx", "--columns", "map.toml"]);
    let codes: Vec<&str> =
        document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["number-not-text"]);
    assert_eq!(document["logins"], serde_json::json!({ "made": 0, "given": 0 }));
}

/// A name of whose login 70 characters would be made, where 64 are the most.
const LONG: &str = "Wolfeschlegelsteinhausenbergerdorff, Hubert Blaine Maximilian Ferdinand Karl";

#[test]
fn the_failed_file_has_the_made_logins_and_one_of_them_can_be_another() {
    let map = MAP.replace("\"Login\" = \"user login\"\n", "");
    let staff = format!("Name;Team\n\"Berg, Anna\";\n\"{LONG}\";\n");
    let folder = folder(&[("staff.csv", &staff), ("map.toml", &format!("ignore = [\"Team\"]\n{map}"))]);
    let document = found(folder.path(), &["staff.csv", "--columns", "map.toml"]);
    let finding = &document["findings"][0];
    assert_eq!((&finding["code"], &finding["row"]), (&"username-too-long".into(), &3.into()));
    let hint = finding["hint"].as_str().unwrap();
    assert!(hint.contains("another for this row alone into a column `user login`"), "{hint}");
    assert!(hint.contains("`{last name|8}`"), "{hint}");

    let import = ["import", "staff.csv", "--columns", "map.toml", "--simulate", "--yes", "--skip-invalid"];
    let mut command = headcount(folder.path());
    let failed = run(command.args(import)).exits(1);
    let path = folder.path().join("staff.csv.simulate.failed.csv");
    let text = fs::read_to_string(&path).unwrap();
    let header = text.lines().next().unwrap().trim_start_matches('\u{feff}');
    assert!(header.starts_with("Name;Team;user login;headcount state"), "{header}");
    let long = "hubertblainemaximilianferdinandkarl.wolfeschlegelsteinhausenbergerdorff";
    assert!(text.contains(&format!(";{long};invalid")), "{text}");
    // Nobody has touched it yet: the same command says the same.
    ran(folder.path(), &import).exits(1);
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "an untouched copy is written anew");

    fs::write(&path, text.replace(&format!(";{long};invalid"), ";h.wolfe;invalid")).unwrap();
    let retry = failed.stderr.lines().find_map(|line| line.split_once("retry with: ")).unwrap().1;
    run(&mut pasted(&command, retry)).exits(0);
    let names = created(folder.path(), "staff.csv.simulate.ledger.jsonl");
    assert_eq!(names, ["anna.berg", "h.wolfe"]);
}

#[test]
fn a_proposed_map_is_written_to_a_file_and_never_over_one() {
    let staff = "Name;Rolle\n\"Müller, Zoë\";Agent\n\"Groß, Jürgen\";Agent\n";
    let folder = folder(&[("staff.csv", staff)]);
    let shown = ran(folder.path(), &["columns", "staff.csv"]).exits(3).stdout;
    let map = shown.split_once("`--columns FILE.toml`:\n").unwrap().1.to_owned();
    let wrote = ran(folder.path(), &["columns", "staff.csv", "-o", "map.toml"]).exits(3);
    assert!(wrote.stdout.contains("error: no column of the header is known"), "{wrote:?}");
    assert!(!wrote.stdout.contains("[columns]"), "the map is in the file: {wrote:?}");
    let next = wrote.stderr.lines().find_map(|line| line.split_once("then ")).unwrap().1;
    assert_eq!(next, "headcount validate staff.csv --columns map.toml");
    let file = fs::read_to_string(folder.path().join("map.toml")).unwrap();
    assert!(file.ends_with(&map) && file.starts_with("# How headcount reads `staff.csv`"), "{file}");
    ran(folder.path(), &["validate", "staff.csv", "--columns", "map.toml"]).exits(0);

    let again = ran(folder.path(), &["columns", "staff.csv", "--output", "map.toml"]).exits(2);
    assert!(again.stderr.contains("a file is there already: `map.toml`"), "{again:?}");
    assert_eq!(fs::read_to_string(folder.path().join("map.toml")).unwrap(), file);
    ran(folder.path(), &["columns", "staff.csv", "--columns", "map.toml", "-o", "other.toml"]).exits(2);

    fs::write(folder.path().join("plain.csv"), "user login\nann\n").unwrap();
    let none = ran(folder.path(), &["columns", "plain.csv", "-o", "none.toml"]).exits(0);
    assert!(none.stderr.contains("no map is needed"), "{none:?}");
    assert!(!folder.path().join("none.toml").exists());
}
