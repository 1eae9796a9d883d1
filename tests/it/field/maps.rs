//! Lists with more in them than people to be made, and cells in other systems' words.

use assert_cmd::Command;
use rust_xlsxwriter::{ExcelDateTime, Format, Workbook};
use serde_json::Value;
use tempfile::TempDir;

use super::*;

fn headcount() -> Command {
    Command::cargo_bin("headcount").unwrap()
}

/// A folder with a column map in it.
fn with_map(map: &str) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.toml");
    std::fs::write(&path, map).unwrap();
    let path = path.display().to_string();
    (folder, path)
}

/// How many rows `validate` counts, and what a map leaves out: rule and rows.
fn counted(roster: &Path, args: &[&str]) -> (u64, Vec<(String, u64)>) {
    let output =
        headcount().arg("validate").arg(roster).args(args).args(["--format", "json"]).output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let rules = document["left_out"].as_array().cloned().unwrap_or_default();
    let rule = |rule: &Value| (rule["what"].as_str().unwrap().to_owned(), rule["rows"].as_u64().unwrap());
    (document["rows"].as_u64().unwrap(), rules.iter().map(rule).collect())
}

fn stdout(command: &mut Command) -> String {
    String::from_utf8(command.output().unwrap().stdout).unwrap()
}

#[test]
fn rows_are_chosen_by_a_column_counted_and_never_sent() {
    let roster = input("22-leavers-in-the-list.csv");
    let of_status = "[only]\n\"Employment Status\" = [\"active\", \"On Leave\"]\n";
    let of_day = "[skip]\n\"Leave Date\" = { before = \"2026-12-01\" }\n";
    for (map, what) in [
        (of_status, "`Employment Status` is none of `active`, `On Leave`"),
        (of_day, "`Leave Date` is before 2026-12-01"),
    ] {
        let (folder, path) = with_map(map);
        assert_eq!(counted(&roster, &["--columns", &path]), (2, vec![(what.to_owned(), 1)]));
        let said = stdout(headcount().arg("validate").arg(&roster).args(["--columns", &path]));
        assert!(said.contains(&format!("1 row left out by the map: {what}")), "{said}");

        let ledger = folder.path().join("ledger.jsonl");
        let mut import = headcount();
        import
            .arg("import")
            .arg(&roster)
            .args(["--columns", &path, "--simulate", "--yes", "--ledger"])
            .arg(&ledger);
        let output = import.output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{told}");
        assert!(told.contains(&format!("1 row left out by the map: {what}")), "{told}");
        let ledger = std::fs::read_to_string(ledger).unwrap();
        assert!(ledger.contains("tamsin.okafor") && !ledger.contains("ruben.castellanos"));
    }
}

#[test]
fn a_leaver_in_the_list_is_one_warning_with_the_rule_that_leaves_him_out() {
    let roster = input("22-leavers-in-the-list.csv");
    let (exit, found) = findings(&roster, &[]);
    let found: Vec<&Found> = found.iter().filter(|found| found.code == "leavers-in-roster").collect();
    assert_eq!((exit, found.len()), (0, 1));
    let hint = &found[0].hint;
    assert!(
        hint.contains(r#"`"Employment Status" = ["Terminated"]` and `"Leave Date" = "filled"`"#),
        "{hint}"
    );
    // A rule is the answer, and so is one that leaves nobody out.
    for rule in ["[\"Terminated\"]", "[]"] {
        let (_folder, path) =
            with_map(&format!("[skip]\n\"Employment Status\" = {rule}\n\"Leave Date\" = []\n"));
        let (_, found) = findings(&roster, &["--columns", &path]);
        assert!(found.iter().all(|found| found.code != "leavers-in-roster"));
    }
}

#[test]
fn the_rule_is_proposed_and_the_proposal_can_be_used() {
    for (name, line, left) in [
        ("22-leavers-in-the-list.csv", "\n[skip]\n\"Employment Status\" = [\"Terminated\"]\n", 1),
        ("12b-entra-download-users.csv", "\n[skip]\n\"accountEnabled\" = [\"False\"]\n", 1),
    ] {
        let roster = input(name);
        let said = stdout(headcount().arg("columns").arg(&roster));
        assert!(said.contains(line), "{said}");
        let map = said.split_once("\nignore = [").map(|(_, rest)| format!("ignore = [{rest}")).unwrap();
        let (_folder, path) = with_map(&map);
        let (_, rules) = counted(&roster, &["--columns", &path]);
        assert_eq!(rules.iter().map(|(_, rows)| rows).sum::<u64>(), left, "{map}");
    }
}

#[test]
fn who_is_left_out_takes_part_in_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    // A leaver with the login of another, and one with a fault.
    std::fs::write(
        &roster,
        "user login,first name,last name,routing profile,security profile,Austritt\n\
         ann,Ann,Lee,Care,Agent,\nann,Anna,Lee,Care,Agent,31.10.2026\n,,,,,30.09.2026\nbo,Bo,,,,1.1.2026\n",
    )
    .unwrap();
    let (_folder, path) = with_map("[skip]\nAustritt = \"filled\"\n");
    let (exit, found) = findings(&roster, &["--columns", &path]);
    assert_eq!(
        (exit, found.len()),
        (0, 0),
        "{:?}",
        found.iter().map(|found| &found.code).collect::<Vec<_>>()
    );
    assert_eq!(counted(&roster, &["--columns", &path]).0, 1);
    // A second map leaves nobody.
    let (_folder, path) = with_map("[only]\nAustritt = [\"never\"]\n");
    let (exit, found) = findings(&roster, &["--columns", &path]);
    assert_eq!((exit, found[0].code.as_str()), (3, "no-rows"));
    assert!(found[0].message.contains("leaves out every row there is (4): `Austritt` is not `never`"));
}

#[test]
fn a_day_that_may_be_two_is_asked_about_where_it_matters() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::write(
        &roster,
        "user login,first name,last name,routing profile,security profile,Left on\n\
         ann,Ann,Lee,Care,Agent,11/12/2026\nbo,Bo,Li,Care,Agent,03/04/2026\ncy,Cy,Ko,Care,Agent,soon\n",
    )
    .unwrap();
    let (_folder, path) = with_map("[skip]\n\"Left on\" = { before = 2026-12-01 }\n");
    let (exit, found) = findings(&roster, &["--columns", &path]);
    let found: Vec<_> = found.iter().map(|f| (f.code.as_str(), f.row, f.value.as_deref())).collect();
    let code = "row-filter-unclear";
    assert_eq!(exit, 3);
    assert_eq!(found, [(code, Some(2), Some("11/12/2026")), (code, Some(4), Some("soon"))]);
}

#[test]
fn days_and_hidden_rows_of_a_workbook_are_chosen_by() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.xlsx");
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    let headers =
        ["user login", "first name", "last name", "routing profile", "security profile", "Austritt"];
    for (at, header) in (0..).zip(headers) {
        sheet.write_string(0, at, header).unwrap();
    }
    for (row, login) in (1..).zip(["ann", "bo", "cy"]) {
        for (at, cell) in (0..).zip([login, "A", "B", "Care", "Agent"]) {
            sheet.write_string(row, at, cell).unwrap();
        }
    }
    let format = Format::new().set_num_format("dd/mm/yyyy");
    let day = ExcelDateTime::from_ymd(2026, 10, 31).unwrap();
    sheet.write_datetime_with_format(2, 5, &day, &format).unwrap();
    sheet.set_row_hidden(3).unwrap();
    workbook.save(&roster).unwrap();

    let (_folder, path) =
        with_map("hidden-rows = \"skip\"\n[skip]\nAustritt = { before = \"2026-11-01\" }\n");
    let rules =
        vec![("`Austritt` is before 2026-11-01".to_owned(), 1), ("hidden in the sheet".to_owned(), 1)];
    assert_eq!(counted(&roster, &["--columns", &path]), (1, rules));
    let said = stdout(headcount().arg("columns").arg(&roster));
    assert!(
        said.contains("# hidden-rows = \"skip\"") && said.contains("# \"Austritt\" = \"filled\""),
        "{said}"
    );
    // Said to be meant, they are read without a word.
    for (map, warnings) in [("hidden-rows = \"read\"\n", 0), ("", 1)] {
        let (_folder, path) = with_map(map);
        let (_, found) = findings(&roster, &["--columns", &path]);
        assert_eq!(found.iter().filter(|found| found.code == "hidden-rows").count(), warnings);
    }
}

#[test]
fn a_map_that_chooses_by_a_column_that_is_not_there_is_refused() {
    let (_folder, path) = with_map("[skip]\nAustrit = \"filled\"\n");
    let mut validate = headcount();
    let output =
        validate.arg("validate").arg(input("22-leavers-in-the-list.csv")).args(["--columns", &path]).output();
    let output = output.unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("chooses rows by a column"));
}

const PEOPLE: &str = "user login,first name,last name,Job title,phone type,ACW timeout,user_hierarchy_1|user_hierarchy_2\n\
                      ann,Ann,Lee,Agent,,,\nbo,Bo,Li,team lead ,soft,90,\ncy,Cy,Ko,Team Captain,,,\ndi,Di,Wu,,,,\n";

const ROLES: &str = r#"
[roles."Job title"."Agent"]
"routing profile" = "Customer Care"
"security profiles" = "Agent"
"phone type" = "soft"
ACW = 30

[roles."Job title"."Team Lead"]
"routing profile" = "Escalations"
"security profiles" = ["Agent", "CallCenterManager"]
hierarchy = ["EMEA", "Leads"]
"phone type" = "desk"
ACW = 0

[default]
"routing profile" = "Basic Routing Profile"
"security profiles" = "Agent"
"#;

/// A rehearsal in the folder with its map; what it says.
fn rehearsed(folder: &Path, args: &[&str]) -> String {
    let mut import = headcount();
    import
        .current_dir(folder)
        .args(["import", "people.csv", "--columns", "map.toml", "--simulate"])
        .args(args);
    String::from_utf8(import.output().unwrap().stderr).unwrap()
}

/// The user of this name in the world of the rehearsal.
fn user(folder: &Path, name: &str) -> Value {
    let world = std::fs::read_to_string(folder.join("people.csv.simulate.world.jsonl")).unwrap();
    let lines = world.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut users = lines.map(|line| line["created"]["user"].clone());
    users.find(|user| user["Username"] == name).unwrap()
}

#[test]
fn a_role_decides_several_settings_at_once_and_a_filled_cell_wins() {
    let (folder, path) = with_map(ROLES);
    let roster = folder.path().join("people.csv");
    std::fs::write(&roster, PEOPLE).unwrap();
    let (_, found) = findings(&roster, &["--columns", &path]);
    assert_eq!(found.len(), 1, "{:?}", found.iter().map(|found| &found.message).collect::<Vec<_>>());
    let Found { code, row, column, hint, .. } = &found[0];
    assert_eq!((code.as_str(), *row, column.as_deref()), ("role-unknown", Some(4), Some("Job title")));
    assert!(hint.contains("The roles are `Agent`, `Team Lead`"), "{hint}");

    let said = rehearsed(folder.path(), &["--skip-invalid", "--yes"]);
    assert!(said.contains("3 routing profiles, 2 security profiles, 1 hierarchy group"), "{said}");
    let (ann, bo, di) = (user(folder.path(), "ann"), user(folder.path(), "bo"), user(folder.path(), "di"));
    assert_eq!(ann["PhoneConfig"]["AfterContactWorkTimeLimit"], 30);
    assert_eq!(
        (&ann["PhoneConfig"]["PhoneType"], &ann["HierarchyGroupId"]),
        (&"SOFT_PHONE".into(), &Value::Null)
    );
    // His own cells win, and the role fills in the rest.
    assert_eq!(
        bo["PhoneConfig"],
        serde_json::json!({"PhoneType": "SOFT_PHONE", "AfterContactWorkTimeLimit": 90})
    );
    assert_eq!(bo["SecurityProfileIds"].as_array().unwrap().len(), 2);
    assert!(bo["HierarchyGroupId"].is_string() && bo["RoutingProfileId"] != ann["RoutingProfileId"]);
    // Without a title there is the default.
    assert_eq!((&di["PhoneConfig"], &di["SecurityProfileIds"]), (&Value::Null, &ann["SecurityProfileIds"]));

    // A map that changes what a row asks for changes the row.
    std::fs::write(folder.path().join("map.toml"), ROLES.replace("Escalations", "Second Line")).unwrap();
    let said = rehearsed(folder.path(), &["--skip-invalid", "--dry-run"]);
    assert!(
        said.contains("`bo` was created, and the roster has other cells than it was made with"),
        "{said}"
    );
    assert!(!said.contains("`ann` was created"), "{said}");
}

#[test]
fn roles_that_cannot_be_used_say_why() {
    for (map, why) in [
        ("[roles.\"Titel\".A]\nACW = 1\n", "roles of a column that the roster does not have: `Titel`"),
        ("[roles.\"Job title\".A]\n\"ACW timeot\" = 1\n", "did you mean `ACW timeout`"),
        ("[roles.\"Job title\".A]\npassword = \"Kettle-Moss-40\"\n", "`--generate-passwords` makes some"),
        ("[roles.\"Job title\".A]\nACW = [\"1\", \"2\"]\n", "`ACW timeout` has one value"),
        ("[roles.\"Job title\".A]\nACW = 1\n[constants]\nACW = \"2\"\n", "both `[constants]` and `[roles]`"),
        ("[roles.\"Job title\".A]\nACW = 1\n[roles.\"phone type\".A]\nACW = 2\n", "by two columns"),
        ("[roles.\"Job title\".A]\nACW = 1\n[roles.\"Job title\".a]\nACW = 2\n", "the role is there twice"),
    ] {
        let (folder, path) = with_map(map);
        let roster = folder.path().join("people.csv");
        std::fs::write(&roster, PEOPLE).unwrap();
        let output = headcount().arg("validate").arg(&roster).args(["--columns", &path]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(why) && !said.contains("Kettle-Moss"), "{said}");
    }
}

#[test]
fn roles_are_proposed_of_job_titles() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("people.csv");
    std::fs::write(&roster, PEOPLE).unwrap();
    let said = stdout(headcount().arg("columns").arg(&roster));
    assert!(said.contains("# [roles.\"Job title\".\"Team Captain\"]\n# \"routing profile\" = "), "{said}");
}

#[test]
fn addresses_without_passwords_are_no_saml_and_no_error_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("people.csv");
    let header = "user login,first name,last name,email address,routing profile,security profile";
    let row = |n: u32| format!("a.person{n},Ann,Lee,ann.person{n}@example.com,Care,Agent");
    let rows: Vec<String> = (0..48).map(row).collect();
    std::fs::write(&roster, format!("{header}\n{}\n", rows.join("\n"))).unwrap();
    let (exit, found) = findings(&roster, &[]);
    assert_eq!((exit, found.len(), found[0].code.as_str()), (3, 1, "column-missing"));
    assert!(found[0].hint.contains("--generate-passwords") && found[0].hint.contains("`--identity saml`"));
    let said = stdout(headcount().arg("validate").arg(&roster));
    let because = "checked for CONNECT_MANAGED, because its people have e-mail addresses, which SAML users have not; \
                   `--identity` says otherwise";
    assert!(said.contains(because), "{said}");
    // Either answer goes on from there.
    assert_eq!(findings(&roster, &["--generate-passwords"]).0, 0);
    let (_, found) = findings(&roster, &["--identity", "saml"]);
    assert!(found.len() == 48 && found.iter().all(|found| found.code == "email-not-allowed"));
    let output = headcount().arg("import").arg(&roster).args(["--simulate", "--yes"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(3) && said.contains("[column-missing]"), "{said}");
}

#[test]
fn logins_that_are_addresses_are_those_of_saml_and_the_addresses_are_told_once() {
    let roster = input("28-saml-with-email-column.csv");
    let (exit, found) = findings(&roster, &[]);
    assert_eq!((exit, found.len()), (3, 1));
    assert_eq!((found[0].code.as_str(), found[0].row), ("email-not-allowed", None));
    assert!(found[0].hint.contains("secondary e-mail") && found[0].hint.contains("`--identity connect`"));
    assert_eq!(findings(&roster, &["--identity", "saml"]).1.len(), 2, "told to be SAML, each cell is wrong");
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::copy(input("28-saml-with-email-column.csv"), &roster).unwrap();
    let output = headcount().arg("import").arg(&roster).args(["--simulate", "--yes"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said.matches("[email-not-allowed]").count(), 1, "{said}");
}

fn of_sample_instance() -> [String; 2] {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/directory.json");
    ["--directory".to_owned(), directory.display().to_string()]
}

/// What is found in the column of this field's name: row, code and fix.
fn in_column<'f>(found: &'f [Found], column: &str) -> Vec<(u64, &'f str, &'f str)> {
    let of_column = found.iter().filter(|found| found.column.as_deref().is_some_and(|c| c.contains(column)));
    of_column.filter_map(|found| Some((found.row?, found.code.as_str(), found.hint.as_str()))).collect()
}

#[test]
fn other_separators_are_rewritten_whole_and_no_name_is_lost() {
    let roster = input("14-other-separators-in-cells.csv");
    let (_, found) = findings(&roster, &of_sample_instance().each_ref().map(String::as_str));
    let meant = "did you mean `Agent|QualityAnalyst`?";
    let profiles = in_column(&found, "security_profile");
    assert_eq!(profiles, [2, 3, 4].map(|row| (row, "security-profile-unknown", meant)));
    let meant = "did you mean `EMEA|Germany|Berlin`?";
    assert_eq!(in_column(&found, "hierarchy"), [2, 3, 4].map(|row| (row, "hierarchy-unknown", meant)));
    let tags = in_column(&found, "tags");
    assert!(tags.iter().all(|(_, code, _)| *code == "tag-syntax"), "{tags:?}");
    let fixes: Vec<_> = tags.iter().map(|(row, _, fix)| (*row, *fix)).collect();
    let two = (2, "write `site|Leeds||grade|2`");
    assert_eq!(fixes, [two, (3, "write `site|Leeds`"), (4, "write `site|Leeds`")]);

    // A line break between two names is told once, as the separator that it is.
    let broken = "first name,last name,user login,routing profile name,security profiles\n\
                  Ada,Li,ada,Basic,\"Agent\nAdmin\"\n";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("broken.csv");
    std::fs::write(&path, broken).unwrap();
    let (_, found) = findings(&path, &["--identity", "saml"]);
    let meant = "if these are 2 names, write `Agent|Admin`";
    assert_eq!(in_column(&found, "security profiles"), [(2, "other-separator", meant)]);

    // Without the instance nobody knows, and it is asked about.
    let (_, found) = findings(&roster, &[]);
    let meant = "if these are 2 names, write `Agent|QualityAnalyst`";
    assert_eq!(in_column(&found, "security_profile"), [2, 3, 4].map(|row| (row, "other-separator", meant)));
    let levels = in_column(&found, "hierarchy");
    assert!(
        levels.iter().take(2).all(|(_, code, _)| *code == "other-separator") && levels.len() >= 2,
        "{levels:?}"
    );
}

#[test]
fn an_instance_that_was_made_up_for_the_roster_agrees_with_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let roster = folder.path().join("roster.csv");
    std::fs::copy(input("14b-separators-in-a-rehearsal.csv"), &roster).unwrap();
    let output = headcount().arg("import").arg(&roster).args(["--simulate", "--yes"]).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    for fix in ["`Agent|QualityAnalyst`", "`EMEA|Germany|Berlin`"] {
        assert!(said.contains("[other-separator]") && said.contains(fix), "{said}");
    }
    // A profile of that name on an instance that is known is one name.
    let (_, found) = findings(&roster, &[]);
    assert_eq!(found.iter().filter(|found| found.code == "other-separator").count(), 4);
}

#[test]
fn ids_as_programs_print_a_list_are_taken_out_of_it() {
    let (_, found) = findings(
        &input("26-describe-user-flattened.csv"),
        &of_sample_instance().each_ref().map(String::as_str),
    );
    let found = in_column(&found, "SecurityProfileIds");
    let ids = "did you mean `9dff4165-4024-5c1c-b3d3-f83db6334e51|27fcd716-29e6-5fd4-b30e-6b436a314d93`?";
    assert_eq!(found, [(2, "security-profile-unknown", ids)]);
}

#[test]
fn the_bulk_tools_paths_are_read_and_it_is_said() {
    let roster = input("15-aws-bulk-tool-slash-hierarchy.csv");
    for directory in [vec![], of_sample_instance().to_vec()] {
        let args: Vec<&str> = directory.iter().map(String::as_str).collect();
        let (exit, found) = findings(&roster, &args);
        let codes: Vec<_> = found.iter().map(|found| (found.code.as_str(), found.row)).collect();
        assert_eq!((exit, codes), (0, vec![("slash-levels", Some(2))]), "{args:?}");
        assert!(found[0].message.contains("`EMEA|Germany|Berlin`"));
    }
}

#[test]
fn the_words_of_spreadsheets_for_yes_and_no_are_read_and_the_fix_of_others_is_a_table() {
    let (_, found) = findings(&input("17-words-for-yes-and-no.csv"), &[]);
    let words: Vec<_> = found.iter().filter(|f| f.code == "not-yes-or-no").collect();
    let said: Vec<_> = words.iter().map(|found| (found.row, found.value.as_deref())).collect();
    assert_eq!(said, [(Some(10), Some("x")), (Some(11), Some("ja")), (Some(12), Some("on"))]);
    let hint = &words[1].hint;
    assert!(hint.contains(r#"under `[values."auto accept"]`, `"ja" = "yes"`"#), "{hint}");
}

#[test]
fn what_was_written_past_a_spreadsheet_is_shown_as_it_is_meant() {
    let (_, found) = findings(&input("19-excel-text-tricks.csv"), &[]);
    let fix = |row, column| in_column(&found, column).iter().find(|found| found.0 == row).unwrap().2;
    assert_eq!(fix(2, "phone number"), "write `+12065550142`");
    assert_eq!(fix(3, "phone number"), "write `+12065550143`");
    assert_eq!(fix(6, "user login"), "write `004711`");
    assert_eq!(fix(6, "email"), "write `004711@example.com`");
}

#[test]
fn commas_that_excel_drops_are_no_error() {
    let (exit, found) = findings(&input("02-excel-trailing-delimiters-dropped.csv"), &[]);
    let codes: Vec<_> = found.iter().map(|found| (found.code.as_str(), found.row)).collect();
    assert_eq!((exit, codes), (0, vec![("short-rows", Some(4))]));
}

#[test]
fn leavers_of_a_directory_export_are_pointed_out_before_there_is_a_map() {
    let (_, found) = findings(&input("12b-entra-download-users.csv"), &[]);
    let found: Vec<_> = found.iter().filter(|found| found.code == "leavers-in-roster").collect();
    assert_eq!(found.len(), 1);
    assert!(found[0].hint.contains(r#"under `[skip]`: `"accountEnabled" = ["False"]`"#), "{}", found[0].hint);
    // Nobody is gone where nothing says so.
    let (_, found) = findings(&input("47-salesforce-voice-usernames.csv"), &["--identity", "saml"]);
    assert!(found.iter().all(|found| found.code != "leavers-in-roster"));
}

#[test]
fn a_file_of_failed_rows_has_nobody_who_was_left_out() {
    let (folder, _) = with_map("[skip]\nAustritt = \"filled\"\n");
    let rows = "user login,first name,last name,routing profile,security profile,Austritt\n\
                ann,Ann,Lee,Care,Agent,\nbo li,Bo,Li,Care,Agent,\ncy!,Cy,Ko,Care,Agent,1.1.2026\n";
    std::fs::write(folder.path().join("people.csv"), rows).unwrap();
    let said = rehearsed(folder.path(), &["--skip-invalid", "--yes"]);
    assert!(said.contains("roster    people.csv: 2 rows") && said.contains("1 row failed"), "{said}");
    let failed = std::fs::read_to_string(folder.path().join("people.csv.simulate.failed.csv")).unwrap();
    assert!(failed.contains("bo li") && !failed.contains("cy!"), "{failed}");
    // Mended, it goes by the same map.
    std::fs::write(
        folder.path().join("people.csv.simulate.failed.csv"),
        failed.replacen("bo li", "bo.li", 1),
    )
    .unwrap();
    let mut retry = headcount();
    retry.current_dir(folder.path()).args(["retry", "people.csv.simulate.ledger.jsonl", "--roster"]);
    let output =
        retry.args(["people.csv.simulate.failed.csv", "--columns", "map.toml", "--yes"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(user(folder.path(), "bo.li")["IdentityInfo"]["FirstName"], "Bo");
}
