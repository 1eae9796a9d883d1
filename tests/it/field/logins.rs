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

fn columns(folder: &Path, roster: &str) -> String {
    ran(folder, &["columns", roster]).stdout
}

#[test]
fn a_login_is_made_only_where_no_column_could_be_one_and_else_it_is_asked() {
    let people = [("Berg, Anna", "aberg1"), ("Groß, Jürgen", "jgross"), ("Lee, Bo", "bolee2")];
    let list = |header: &str, cell: &dyn Fn(&str) -> String| {
        people.iter().fold(format!("Name;{header};Team\n"), |text, (name, id)| {
            text + &format!("\"{name}\";{};A\n", cell(id))
        })
    };
    let own = |id: &str| id.to_owned();
    let numbers = |id: &str| format!("1002{}", id.len() * 7 + usize::from(id.as_bytes()[0]));
    let files = [
        ("one.csv", list("Zugang", &own)),
        ("numbers.csv", list("Personalnr.", &numbers)),
        ("two.csv", list("Zugang;Karte", &|id| format!("{id};k{id}"))),
        ("spaces.csv", list("Zugang", &|id| format!("the {id}"))),
        ("twice.csv", list("Zugang", &|_| "x1".to_owned())),
        ("days.csv", list("Eintritt", &|id| format!("2026-11-{:02}", usize::from(id.as_bytes()[0]) - 90))),
        ("guids.csv", list("Objekt", &|id| format!("0f0f0f0f-1111-2222-3333-444455{id}"))),
        ("both.csv", list("userPrincipalName;sAMAccountName", &|id| format!("{id}@example.com;{id}"))),
        ("named.csv", list("NetID;Karte", &|id| format!("{id};k{id}"))),
        ("display.csv", list("Benutzer;Kennung", &|id| format!("Frau {id};{id}"))),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let folder = folder(&files);
    let made = "\n[templates]\n\"user login\" = ";
    let saml = "must be what the identity provider sends, letter for letter";
    for (name, choices) in [
        ("one.csv", &["Zugang"][..]),
        ("numbers.csv", &["Personalnr."]),
        ("two.csv", &["Zugang", "Karte"]),
        ("both.csv", &["userPrincipalName", "sAMAccountName"]),
    ] {
        let shown = columns(folder.path(), name);
        assert!(!shown.contains(made) && shown.contains("\n# [templates]\n# \"user login\" = "), "{shown}");
        assert!(shown.contains(saml), "{shown}");
        for header in choices {
            assert!(shown.contains(&format!("\n# \"{header}\" = \"user login\"\n")), "{shown}");
            assert!(
                !shown.contains(&format!("  \"{header}\",")),
                "nothing that could be it is passed over: {shown}"
            );
        }
        // The map is one as it stands, and one more column is named by taking a `#` away.
        let map = shown.split_once("FILE.toml`:\n").unwrap().1;
        fs::write(folder.path().join("map.toml"), map).unwrap();
        ran(folder.path(), &["validate", name, "--columns", "map.toml"]).exits(3);
        let chosen = map.replacen(&format!("# \"{}\" = ", choices[0]), &format!("\"{}\" = ", choices[0]), 1);
        fs::write(folder.path().join("map.toml"), chosen).unwrap();
        ran(folder.path(), &["validate", name, "--columns", "map.toml"]).exits(0);
    }
    for name in ["spaces.csv", "twice.csv", "days.csv", "guids.csv"] {
        let shown = columns(folder.path(), name);
        assert!(shown.contains(made) && shown.contains(saml), "{shown}");
    }
    for (name, header) in [("named.csv", "NetID"), ("display.csv", "Kennung")] {
        let shown = columns(folder.path(), name);
        assert!(shown.contains(&format!("\n\"{header}\" = \"user login\" # with SAML: what")), "{shown}");
        assert!(!shown.contains("[templates]"), "{shown}");
    }
    let shown = columns(folder.path(), "display.csv");
    assert!(shown.contains("  \"Benutzer\", # another login: with SAML"), "{shown}");
}

#[test]
fn the_login_of_a_directory_is_the_login_and_what_is_passed_over_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let name = "12b-entra-download-users.csv";
    fs::copy(super::input(name), folder.path().join(name)).unwrap();
    let shown = columns(folder.path(), name);
    assert!(shown.contains("\n\"userPrincipalName\" = \"user login\" # with SAML"), "{shown}");
    assert!(!shown.contains("[templates]"), "{shown}");
    let list = "first name,last name,user login,Zweitmail,Notruf,Raum\n\
                Ann,Lee,ann,ann@example.org,+49 30 231250,1\nBo,Lee,bo,bo@example.org,030/231251,1\n";
    fs::write(folder.path().join("list.csv"), list).unwrap();
    let shown = columns(folder.path(), "list.csv");
    assert!(shown.contains("  \"Zweitmail\", # e-mail addresses, as it seems\n"), "{shown}");
    assert!(shown.contains("  \"Notruf\", # telephone numbers, as it seems\n"), "{shown}");
    assert!(shown.contains("  \"Raum\",\n"), "{shown}");
}

#[test]
fn one_odd_name_of_many_is_a_finding_of_its_cell_and_costs_the_map_nothing() {
    let mut staff = "Name\n".to_owned();
    (0..54).for_each(|n| staff += &format!("\"Berg{n}, Anna\"\n"));
    let odd = staff.clone() + "Simon Eva\n";
    let folder = folder(&[("odd.csv", &odd), ("half.csv", "Name\n\"Berg, Anna\"\nSimon Eva\n")]);
    let shown = ran(folder.path(), &["columns", "odd.csv"]).exits(3).stdout;
    assert!(shown.contains("\n\"Name\" = { split = \"last, first\" }\n"), "{shown}");
    assert!(shown.contains("\n[templates]\n\"user login\" = "), "{shown}");
    assert!(
        shown.contains("error: row 56, Name, `Simon Eva`: the name is not written as `last, first`"),
        "{shown}"
    );
    let map = shown.split_once("FILE.toml`:\n").unwrap().1;
    fs::write(folder.path().join("map.toml"), map).unwrap();
    let document = found(folder.path(), &["odd.csv", "--columns", "map.toml"]);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((&findings[0]["code"], &findings[0]["row"]), (&"name-not-split".into(), &56.into()));
    let mapped = ran(folder.path(), &["columns", "odd.csv", "--columns", "map.toml"]).exits(3).stdout;
    assert!(mapped.contains("`Simon Eva`: the name is not written"), "{mapped}");
    // Where every other cell is odd there is no rule to be seen.
    assert!(!columns(folder.path(), "half.csv").contains("split"), "half.csv");
}

const NUMBERED: &str = "[templates]\n\"user login\" = \"{first name|1|lower}.{last name|german|lower|joined|8}{n}\"\n\
     [constants]\n\"routing profile\" = \"Basic Routing Profile\"\n\"security profiles\" = \"Agent\"\n";

#[test]
fn long_logins_are_cut_seconds_are_numbered_and_the_numbers_stay() {
    let first = "first name,last name\nAnna,Schmidt\nAdam,Schmidt\nBo,Leutheusser-Groß\n";
    let folder = folder(&[("staff.csv", first), ("map.toml", NUMBERED)]);
    let import = ["import", "staff.csv", "--columns", "map.toml", "--simulate", "--yes"];
    let ledger = "staff.csv.simulate.ledger.jsonl";
    ran(folder.path(), &import).exits(0);
    assert_eq!(created(folder.path(), ledger), ["a.schmidt", "a.schmidt2", "b.leutheus"]);
    // Once more, and with people below: nobody is made a second time.
    ran(folder.path(), &import).exits(0);
    fs::write(folder.path().join("staff.csv"), format!("{first}Ada,Schmidt\n")).unwrap();
    ran(folder.path(), &import).exits(0);
    let all = ["a.schmidt", "a.schmidt2", "a.schmidt3", "b.leutheus"];
    assert_eq!(created(folder.path(), ledger), all);
    // Above the others, a person would take another's number: it is stopped, and a login in the roster is the way out.
    let above = first.replace("Anna,", "Asa,Schmidt\nAnna,") + "Ada,Schmidt\n";
    fs::write(folder.path().join("staff.csv"), &above).unwrap();
    let stopped = ran(folder.path(), &import).exits(4);
    assert!(
        stopped.stderr.contains("the numbers in made logins may have moved: `a.schmidt` was"),
        "{stopped:?}"
    );
    assert!(stopped.stderr.contains("column `user login`"), "{stopped:?}");
    assert_eq!(created(folder.path(), ledger), all);
    let given = "first name,last name,user login\nAsa,Schmidt,\nAnna,Schmidt,a.schmidt\nAdam,Schmidt,a.schmidt2\n\
                 Bo,Leutheusser-Groß,\nAda,Schmidt,a.schmidt3\n";
    fs::write(folder.path().join("staff.csv"), given).unwrap();
    ran(folder.path(), &import).exits(0);
    assert_eq!(
        created(folder.path(), ledger),
        ["a.schmidt", "a.schmidt2", "a.schmidt3", "a.schmidt4", "b.leutheus"]
    );
}

#[test]
fn one_person_under_two_logins_is_a_warning_that_names_both_rows() {
    let staff = "first name,last name,email,user login,routing profile,security profile\n\
                 Ann,Lee,ann@example.com,ann,Care,Agent\nBo,Lee,bo@example.com,bo,Care,Agent\n\
                 Ann,Lee,Ann@Example.com,ann.lee,Care,Agent\nAnn,Lee,a.lee@example.com,ann3,Care,Agent\n";
    let folder = folder(&[("staff.csv", staff)]);
    let document = found(folder.path(), &["staff.csv", "--identity", "connect", "--generate-passwords"]);
    let findings = document["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!((&findings[0]["code"], &findings[0]["row"]), (&"same-person".into(), &4.into()));
    let message = findings[0]["message"].as_str().unwrap();
    assert!(message.starts_with("row 2 has the same first name, last name and e-mail address"), "{message}");
    assert!(message.contains("`ann.lee`"), "{message}");
}
