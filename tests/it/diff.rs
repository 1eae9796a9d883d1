//! A roster held against the users who are there, and what puts them right: `diff` and `update`, as their users run them.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use serde_json::Value;

#[cfg(unix)]
use crate::harness::pasted;
use crate::harness::{Ran, Service, folder, run, status};

const PEOPLE: &str = "\
first name,last name,user login,routing profile,security profiles,email,password,tags,ACW timeout,hierarchy
Ana,Lopez,ana,Basic Routing Profile,Agent,ana@x.example,Canary-7f3a-Pw1,site|Berlin,30,
Ben,Katz,ben,Basic Routing Profile,Agent,ben@x.example,Canary-7f3a-Pw2,site|Berlin,30,
Cas,Doe,cas,Basic Routing Profile,Agent,cas@x.example,Canary-7f3a-Pw3,,,
";

/// An instance on which Ana, Ben and Cas are, made from `people.csv`.
fn imported() -> (Service, tempfile::TempDir) {
    let (service, at) = (Service::start(&[]), folder(&[]));
    fs::write(at.path().join("people.csv"), PEOPLE).unwrap();
    run(&mut service.import(at.path(), "people.csv", &[])).exits(0);
    (service, at)
}

fn on(service: &Service, at: &Path, command: &str, roster: &str, flags: &[&str]) -> Ran {
    let mut line = service.headcount(at);
    line.args([command, roster, "--instance", &service.arn]).args(flags);
    run(&mut line)
}

/// Writes a roster and compares it.
fn diff(service: &Service, at: &Path, roster: &str, flags: &[&str]) -> Ran {
    fs::write(at.join("movers.csv"), roster).unwrap();
    on(service, at, "diff", "movers.csv", flags)
}

fn events(ran: &Ran) -> Vec<Value> {
    ran.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The changes that were told, as user, cell, from, to and decision.
fn changes(ran: &Ran) -> Vec<[String; 5]> {
    let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let change = |event: &Value| ["user", "cell", "from", "to", "decision"].map(|name| word(&event[name]));
    events(ran).iter().filter(|event| event["event"] == "change").map(change).collect()
}

/// What changes somebody was asked of the service.
fn changing_calls(service: &Service) -> u64 {
    let operations = [
        "UpdateUserIdentityInfo",
        "UpdateUserConfig",
        "UpdateUserRoutingProfile",
        "UpdateUserSecurityProfiles",
        "UpdateUserHierarchy",
        "TagResource",
        "UntagResource",
        "AssociateUserProficiencies",
        "UpdateUserProficiencies",
        "DisassociateUserProficiencies",
    ];
    operations.iter().map(|operation| service.calls(operation, "called")).sum()
}

/// As somebody does it in the console: by another roster, of which no ledger at hand knows.
fn edited_in_the_console(service: &Service, roster: &str) {
    let elsewhere = folder(&[]);
    fs::write(elsewhere.path().join("console.csv"), roster).unwrap();
    on(service, elsewhere.path(), "update", "console.csv", &["--exact", "tags"]).exits(0);
}

const MOVERS: &str = "\
user login,routing profile,security profiles,tags,ACW timeout,email,hierarchy
ana,,Agent|QualityAnalyst,site|München,60,ana@new.example,(clear)
ben,Basic Routing Profile,,,,,
cas,,,,(clear),,
dora,,,,,,
";

#[test]
fn a_comparison_names_who_differs_and_how_and_changes_nothing() {
    let (service, at) = imported();
    let ran = diff(&service, at.path(), MOVERS, &[]).exits(1);
    let said = ran.stdout.replace(&service.arn, "ARN");
    insta::assert_snapshot!(said, @r"
    roster    movers.csv (4 rows)
    instance  acme-contact-centre, CONNECT_MANAGED
              ARN
    compared  4 people: 2 as they should be, 1 differs, 1 not there
    ~ ana  row 2
        ACW timeout        30 -> 60
        security profiles  Agent -> Agent|QualityAnalyst  (adds rights)
        tag site           Berlin -> München
    @ primary e-mail addresses, by which a login can be taken over; an update
      leaves them without --change-email:
        ana  row 2  ana@x.example -> ana@new.example
    = 2 as they should be
    ? 1 not there, and no row says all that headcount import takes to make it:
      `dora`
    ");
    assert!(ran.stderr.contains("put right with: "), "{}", ran.stderr);
    assert_eq!(changing_calls(&service), 0);
    let mut beside: Vec<_> = fs::read_dir(at.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    beside.sort();
    beside.retain(|name| name.ends_with("csv") || name.ends_with("jsonl"));
    assert_eq!(beside, ["movers.csv", "people.csv", "people.csv.ledger.jsonl"], "nothing is left behind");
    let told = diff(&service, at.path(), MOVERS, &["--format", "json"]).exits(1);
    let of =
        |user: &str| -> Vec<_> { changes(&told).into_iter().filter(|change| change[0] == user).collect() };
    assert!(of("ana").contains(&["ana", "tag site", "Berlin", "München", "update"].map(str::to_owned)));
    assert!(
        of("ana").contains(
            &["ana", "email address", "ana@x.example", "ana@new.example", "skip"].map(str::to_owned)
        )
    );
    for (user, decision) in [("ben", "same"), ("cas", "same"), ("dora", "skip")] {
        assert_eq!(of(user), [[user, "-", "-", "-", decision].map(str::to_owned)]);
    }
    let last = events(&told).pop().unwrap();
    assert_eq!((&last["event"], &last["people"]["total"]), (&Value::from("differences"), &Value::from(4)));
}

#[test]
fn where_nothing_differs_the_exit_is_0_and_a_roster_of_names_alone_asks_for_nothing() {
    let (service, at) = imported();
    let ran = on(&service, at.path(), "diff", "people.csv", &[]).exits(0);
    assert!(ran.stdout.ends_with("= 3 as they should be\n"), "{}", ran.stdout);
    assert!(
        ran.stderr.contains("passwords-not-used") && !ran.stderr.contains("Canary-7f3a"),
        "{}",
        ran.stderr
    );
    diff(&service, at.path(), "user login\nana\nben\n", &[]).exits(0);
    diff(&service, at.path(), "user login,hierarchy,mobile\nana,(CLEAR), (clear) \n", &[]).exits(0);
    let ran = diff(&service, at.path(), "user login,tags\nANA,\n", &[]).exits(1);
    assert!(ran.stdout.contains("1 left") && ran.stdout.contains("case"), "{}", ran.stdout);
}

#[test]
fn a_roster_with_errors_is_compared_with_nobody() {
    let (service, at) = imported();
    for (roster, code) in [
        ("user login,routing profile\nana,Nowhere\n", "routing-profile-unknown"),
        ("user login,routing profile\nana,(clear)\n", "cannot-be-cleared"),
        ("user login,hierarchy\nana,#N/A\n", "cell-error"),
        ("routing profile\nBasic Routing Profile\n", "column-missing"),
    ] {
        let ran = diff(&service, at.path(), roster, &[]).exits(3);
        assert!(ran.stderr.contains(code) && ran.stderr.contains("nothing was compared"), "{}", ran.stderr);
        assert_eq!(ran.stdout, "");
        let ran = on(&service, at.path(), "update", "movers.csv", &[]).exits(3);
        assert!(ran.stderr.contains("nothing was changed"), "{}", ran.stderr);
    }
    let some = "user login,ACW timeout\nana,60\nben,soon\n";
    let ran = diff(&service, at.path(), some, &["--skip-invalid"]).exits(1);
    assert!(
        ran.stdout.contains("~ ana") && ran.stdout.contains("1 row with errors, left out"),
        "{}",
        ran.stdout
    );
    // An import has nobody to take anything from.
    fs::write(at.path().join("new.csv"), PEOPLE.replace("ana", "new").replace(",30,", ",(clear),")).unwrap();
    let ran = run(&mut service.import(at.path(), "new.csv", &["--dry-run"])).exits(3);
    assert!(ran.stderr.contains("nothing-to-clear"), "{}", ran.stderr);
}

#[test]
fn a_roster_for_an_update_is_checked_offline_by_the_same_rules() {
    let at = folder(&[]);
    let validate = |roster: &str, flags: &[&str]| {
        fs::write(at.path().join("movers.csv"), roster).unwrap();
        let mut line = crate::harness::headcount(at.path());
        run(line.args(["validate", "movers.csv"]).args(flags))
    };
    let ran = validate(MOVERS, &["--update"]).exits(0);
    assert!(ran.stdout.contains("next: `headcount diff movers.csv --instance ID`"), "{}", ran.stdout);
    validate(MOVERS, &[]).exits(3);
    let ran = validate("user login,hierarchy,routing profile\nana,#N/A,(clear)\n", &["--update"]).exits(3);
    for said in
        ["cell-error", "cannot-be-cleared", "an update changes nobody until then", "movers.csv --update"]
    {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
}

#[test]
fn groups_are_picked_by_their_words_and_lists_are_exact_where_it_is_said() {
    let (service, at) = imported();
    let cells = |flags: &[&str]| -> Vec<String> {
        let ran = diff(&service, at.path(), MOVERS, &[&["--format", "json"], flags].concat());
        changes(&ran)
            .into_iter()
            .filter(|change| change[0] == "ana")
            .map(|change| change[1].clone())
            .collect()
    };
    assert_eq!(cells(&["--only", "security-profiles"]), ["security profiles"]);
    for both in [&["--only", "security_profiles,tags"][..], &["--only", "tags", "Security-Profiles"]] {
        assert_eq!(cells(both), ["security profiles", "tag site"], "{both:?}");
    }
    assert_eq!(cells(&["--only", "tags", "--only", "hierarchy"]), ["tag site"]);
    let ran = diff(&service, at.path(), MOVERS, &["--only", "skills"]).exits(2);
    assert!(ran.stderr.contains("routing-profile") && ran.stderr.contains("proficiencies"), "{}", ran.stderr);
    let roster = "user login,tags\nana,team|a\n";
    let told = |flags: &[&str]| {
        changes(&diff(&service, at.path(), roster, &[&["--format", "json"], flags].concat()))
    };
    assert_eq!(told(&[]), [["ana", "tag team", "-", "a", "update"].map(str::to_owned)]);
    let exact = told(&["--exact", "tags"]);
    assert!(exact.contains(&["ana", "tag site", "Berlin", "-", "update"].map(str::to_owned)), "{exact:?}");
    assert!(exact.iter().all(|change| !change[1].contains("headcount")), "{exact:?}");
}

#[test]
fn a_page_a_table_a_ticket_and_a_document_are_written_and_replaced_and_nothing_else_is() {
    let (service, at) = imported();
    let path = at.path();
    for (name, said) in [
        ("d.html", "<h1><bdi>movers.csv"),
        ("d.csv", "\"tag site\""),
        ("d.md", "### Drift of"),
        ("d.json", "\"differs\": true"),
    ] {
        for _ in 0..2 {
            let ran = diff(&service, path, MOVERS, &["-o", name]).exits(1);
            assert!(
                ran.stdout.contains("compared  4 people") && !ran.stdout.contains("~ ana"),
                "{}",
                ran.stdout
            );
            assert!(fs::read_to_string(path.join(name)).unwrap().contains(said), "{name}");
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
        }
    }
    let ran = diff(&service, path, MOVERS, &["-o", "people.csv"]).exits(2);
    assert!(ran.stderr.contains("has not written: `people.csv`"), "{}", ran.stderr);
    assert_eq!(fs::read_to_string(path.join("people.csv")).unwrap(), PEOPLE);
    // With another ending, or with a format that is said, a file has what would be printed.
    for (flags, name) in [(&["--format", "json"][..], "events.json"), (&[], "diff.txt")] {
        let ran = diff(&service, path, MOVERS, &[&["-o", name], flags].concat()).exits(1);
        assert_eq!(ran.stdout, "");
        let kept = fs::read_to_string(path.join(name)).unwrap();
        assert_eq!(kept, diff(&service, path, MOVERS, flags).stdout, "{name}");
        diff(&service, path, MOVERS, &[&["-o", name], flags].concat()).exits(2);
    }
}

#[test]
fn a_copy_of_the_roster_has_the_instances_values_beside_its_own() {
    let (service, at) = imported();
    let path = at.path();
    diff(&service, path, MOVERS, &["--annotate", "copy.csv"]).exits(1);
    let copy = fs::read_to_string(path.join("copy.csv")).unwrap();
    assert!(copy.contains("differs: tags: tag site: the instance has `Berlin`"), "{copy}");
    assert!(copy.contains(",ana,,Agent|QualityAnalyst,site|München,60,ana@new.example,(clear)"), "{copy}");
    // The copy is the roster still.
    assert_eq!(
        on(&service, path, "diff", "copy.csv", &[]).exits(1).stdout.lines().nth(4),
        Some("~ ana  row 2")
    );
    diff(&service, path, MOVERS, &["--annotate", "copy.xlsx"]).exits(1);
    let mut archive = zip::ZipArchive::new(fs::File::open(path.join("copy.xlsx")).unwrap()).unwrap();
    let mut notes = String::new();
    archive.by_name("xl/comments1.xml").unwrap().read_to_string(&mut notes).unwrap();
    assert!(notes.contains("ref=\"D2\"") && notes.contains("the instance has `Berlin`"), "{notes}");
    diff(&service, path, MOVERS, &["--annotate", "copy.csv"]).exits(2);
}

#[test]
fn a_roster_that_has_changed_is_told_from_an_instance_that_somebody_has_changed() {
    let (service, at) = imported();
    let path = at.path();
    edited_in_the_console(&service, "user login,ACW timeout,tags\nben,45,site|Paris\ncas,15,\n");
    // Ana: the roster asks for another tag. Ben: somebody changed two groups, and the roster one of them too.
    let roster = PEOPLE
        .replace("Canary-7f3a-Pw1,site|Berlin", "Canary-7f3a-Pw1,site|Rome")
        .replace("Canary-7f3a-Pw2,site|Berlin", "Canary-7f3a-Pw2,site|Oslo");
    fs::write(path.join("people.csv"), roster).unwrap();
    let told = on(&service, path, "diff", "people.csv", &["--format", "json"]).exits(1);
    let of = |cell: &str| -> Vec<[String; 5]> {
        changes(&told).into_iter().filter(|change| change[1].starts_with(cell)).collect()
    };
    assert_eq!(
        of("tag site"),
        [["ana", "tag site", "Berlin", "Rome", "update"], ["ben", "tag site", "Paris", "Oslo", "conflict"]]
            .map(|change| change.map(str::to_owned))
    );
    assert!(
        !of("ACW").is_empty() && of("ACW").iter().all(|change| change[0] == "ben" && change[4] == "drift")
    );
    // Of what somebody has changed alone, what is printed puts it back.
    let drifted = on(&service, path, "diff", "people.csv", &["--only", "config"]).exits(1);
    assert!(drifted.stdout.contains("! ben  row 3  changed on the instance since"), "{}", drifted.stdout);
    let back = drifted.stderr.lines().find_map(|line| line.strip_prefix("put back with: "));
    assert!(back.is_some_and(|back| back.contains(" --only config --overwrite-drift")), "{}", drifted.stderr);
    let ran = on(&service, path, "update", "people.csv", &[]).exits(1);
    assert!(ran.stdout.starts_with("1 of 3 people updated, 1 as they should be, 1 left"), "{}", ran.stdout);
    assert!(ran.stderr.contains("! ben  row 3"), "{}", ran.stderr);
    let ran = on(&service, path, "update", "people.csv", &["--overwrite-drift"]).exits(0);
    assert!(ran.stdout.contains("updated"), "{}", ran.stdout);
    on(&service, path, "diff", "people.csv", &[]).exits(0);
    let before = changing_calls(&service);
    on(&service, path, "update", "people.csv", &[]).exits(0);
    assert_eq!(changing_calls(&service), before, "what is as it should be costs no call");
    assert!(!path.join("people.csv.failed.csv").exists());
}

#[test]
fn a_dry_run_of_an_update_changes_nothing_and_says_what_it_would() {
    let (service, at) = imported();
    fs::write(at.path().join("movers.csv"), MOVERS).unwrap();
    let ran = on(&service, at.path(), "update", "movers.csv", &["--dry-run"]).exits(0);
    assert_eq!(ran.stdout, "dry run: 1 user would be changed, with 3 calls; nothing was sent\n");
    assert!(
        ran.stderr.contains("plan      4 people: 2 as they should be, 1 to change, 1 not there"),
        "{}",
        ran.stderr
    );
    assert!(ran.stderr.contains("left without --change-email"), "{}", ran.stderr);
    assert_eq!(changing_calls(&service), 0);
    assert!(!at.path().join("movers.csv.update.ledger.jsonl").exists());
}

#[test]
fn an_address_changes_where_it_is_asked_for_and_only_then_is_it_permitted() {
    let (service, at) = imported();
    let path = at.path();
    fs::write(path.join("movers.csv"), "user login,email\nana,ana@new.example\n").unwrap();
    on(&service, path, "update", "movers.csv", &[]).exits(1);
    assert_eq!(service.calls("UpdateUserIdentityInfo", "called"), 0);
    let policy = |flags: &[&str]| {
        let mut line = service.headcount(path);
        line.args(["policy", "update", "movers.csv", "--instance", &service.arn]).args(flags);
        run(&mut line).exits(0).stdout
    };
    assert!(!policy(&[]).contains("UpdateUser"), "{}", policy(&[]));
    assert!(policy(&["--change-email"]).contains("connect:UpdateUserIdentityInfo"));
    assert!(!policy(&["--change-email", "--dry-run"]).contains("UpdateUser"));
    let ran = on(&service, path, "update", "movers.csv", &["--change-email"]).exits(0);
    assert!(ran.stdout.starts_with("1 of 1 person updated"), "{}", ran.stdout);
    on(&service, path, "diff", "movers.csv", &[]).exits(0);
}

#[test]
fn a_rehearsal_of_an_update_changes_the_world_of_its_import_and_nobody_else() {
    let at = folder(&[]);
    let path = at.path();
    fs::write(path.join("people.csv"), PEOPLE).unwrap();
    let rehearse = |command: &str| {
        let mut line = crate::harness::headcount(path);
        run(line.args([command, "people.csv", "--simulate"]))
    };
    rehearse("import").exits(0);
    rehearse("diff").exits(0);
    fs::write(path.join("people.csv"), PEOPLE.replace(",30,", ",60,")).unwrap();
    let ran = rehearse("diff").exits(1);
    assert!(ran.stdout.contains("2 differ") && ran.stdout.contains("30 -> 60"), "{}", ran.stdout);
    rehearse("update").exits(0);
    rehearse("diff").exits(0);
    assert!(path.join("people.csv.simulate.update.ledger.jsonl").exists());
    assert!(!path.join("people.csv.update.ledger.jsonl").exists());
    assert_eq!(status(path, "people.csv.simulate.update.ledger.jsonl")["rows"]["updated"], 2);
}
#[cfg(unix)]
#[test]
fn what_a_comparison_prints_to_put_it_right_does_and_what_an_update_prints_to_undo_it_undoes() {
    let (service, at) = imported();
    let path = at.path();
    let roster = "user login,routing profile,security profiles,tags,ACW timeout,email\n\
                  ana,,Agent|QualityAnalyst,site|Rome||team|a,60,ana@new.example\n";
    let command = |ran: &Ran, what: &str| {
        let line = ran.stderr.lines().find_map(|line| line.strip_prefix(what));
        line.unwrap_or_else(|| panic!("{what}\n{}", ran.stderr)).to_owned()
    };
    let ran = diff(&service, path, roster, &["--change-email"]).exits(1);
    let update = command(&ran, "put right with: ");
    assert!(update.contains("--change-email"), "{update}");
    let like = service.headcount(path);
    let ran = run(&mut pasted(&like, &update)).exits(0);
    on(&service, path, "diff", "movers.csv", &[]).exits(0);
    on(&service, path, "diff", "people.csv", &[]).exits(1);
    let undo = command(&ran, "undo with: ");
    assert!(undo.contains("--exact tags") && undo.contains("--change-email"), "{undo}");
    run(&mut pasted(&like, &undo)).exits(0);
    on(&service, path, "diff", "people.csv", &["--exact", "tags"]).exits(0);
}

/// The command behind these words.
#[cfg(unix)]
#[track_caller]
fn printed(ran: &Ran, what: &str) -> String {
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix(what));
    line.unwrap_or_else(|| panic!("{what}\n{}", ran.stderr)).to_owned()
}

#[cfg(unix)]
#[test]
fn each_printed_command_puts_right_or_back_all_that_it_speaks_of() {
    let (service, at) = imported();
    let path = at.path();
    let like = service.headcount(path);
    let console = |roster: &str| {
        let elsewhere = folder(&[]);
        fs::write(elsewhere.path().join("console.csv"), roster).unwrap();
        on(&service, elsewhere.path(), "update", "console.csv", &["--change-email"]).exits(0);
    };
    // An address that somebody has changed, beside a setting of somebody else.
    console("user login,ACW timeout,email\nana,,stolen@x.example\nben,45,\n");
    let ran = on(&service, path, "diff", "people.csv", &[]).exits(1);
    let back = printed(&ran, "put back with: ");
    assert!(!ran.stderr.contains("put right"), "{}", ran.stderr);
    run(&mut pasted(&like, &back)).exits(0);
    on(&service, path, "diff", "people.csv", &[]).exits(0);
    // An address that the roster changes is left until that is said; what else it asks for is not held up by it.
    let movers = "user login,ACW timeout,email\nana,30,ana@new.example\nben,60,\n";
    let ran = diff(&service, path, movers, &[]).exits(1);
    run(&mut pasted(&like, &printed(&ran, "put right with: "))).exits(1);
    let ran = on(&service, path, "diff", "movers.csv", &[]).exits(1);
    assert!(!ran.stderr.contains("put right with: "), "{}", ran.stderr);
    run(&mut pasted(&like, &printed(&ran, "put right, addresses too, with: "))).exits(0);
    on(&service, path, "diff", "movers.csv", &[]).exits(0);
    // An update that leaves something prints what does not.
    console("user login,ACW timeout,email\nana,15,stolen@x.example\n");
    let ran = on(&service, path, "update", "movers.csv", &[]).exits(1);
    run(&mut pasted(&like, &printed(&ran, "put back with: "))).exits(0);
    on(&service, path, "diff", "movers.csv", &[]).exits(0);
}

#[cfg(unix)]
#[test]
fn an_import_is_printed_for_those_who_are_not_there_only_where_it_would_make_them() {
    let (service, at) = imported();
    let path = at.path();
    let like = service.headcount(path);
    // Neither a profile nor a name.
    for roster in ["user login,ACW timeout\nana,30\ndora,60\n", MOVERS] {
        let ran = diff(&service, path, roster, &[]);
        assert!(!ran.stderr.contains("import with: "), "{}", ran.stderr);
        assert!(ran.stdout.contains("? 1 not there") && ran.stdout.contains("`dora`"), "{}", ran.stdout);
    }
    let whole = "first name,last name,user login,routing profile,security profiles,password";
    let dora = "Dora,Nova,dora,Basic Routing Profile,Agent";
    for (at, roster) in [
        format!("{whole}\n{dora},Canary-7f3a-Pw9\n"),
        // Of somebody who is there a row need not say all.
        format!("{whole}\n,,ana,,,\n{},Canary-7f3a-Pw9\n", dora.replace("dora", "dora2")),
        // A password is made where there is none.
        format!("{}\n{}\n", whole.replace(",password", ""), dora.replace("dora", "dora3")),
    ]
    .iter()
    .enumerate()
    {
        fs::write(path.join(format!("new{at}.csv")), roster).unwrap();
        let ran = on(&service, path, "diff", &format!("new{at}.csv"), &[]).exits(1);
        let made = service.calls("CreateUser", "executed");
        run(&mut pasted(&like, &printed(&ran, "import with: ")));
        assert_eq!(service.calls("CreateUser", "executed"), made + 1, "{roster}");
    }
}

#[cfg(unix)]
#[test]
fn two_updates_are_undone_one_after_the_other_by_the_commands_that_they_have_printed() {
    let (service, at) = imported();
    let path = at.path();
    let like = service.headcount(path);
    let update = |roster: &str| {
        fs::write(path.join("movers.csv"), roster).unwrap();
        printed(&on(&service, path, "update", "movers.csv", &[]).exits(0), "undo with: ")
    };
    let first = update("user login,ACW timeout,tags\nana,60,site|Rome\n");
    let second = update("user login,ACW timeout,tags\nana,90,site|Oslo\n");
    run(&mut pasted(&like, &second)).exits(0);
    let ran = run(&mut pasted(&like, &first)).exits(0);
    assert!(ran.stdout.starts_with("1 of 1 person updated"), "{}", ran.stdout);
    on(&service, path, "diff", "people.csv", &["--exact", "tags"]).exits(0);
    // What was undone is no change of somebody's.
    let ran = on(&service, path, "diff", "movers.csv", &[]).exits(1);
    assert!(
        ran.stdout.contains("~ ana") && !ran.stdout.contains("changed on the instance"),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_update_counts_the_calls_that_change_somebody() {
    let (service, at) = imported();
    let path = at.path();
    fs::write(path.join("movers.csv"), "user login,ACW timeout,tags\nana,60,site|Rome\nben,60,\ncas,,\n")
        .unwrap();
    let ran = on(&service, path, "update", "movers.csv", &["--format", "json"]).exits(0);
    let ended = events(&ran).pop().unwrap();
    assert_eq!(ended["calls"]["sent"].as_u64().unwrap(), changing_calls(&service));
    assert_eq!(changing_calls(&service), 3);
    assert_eq!(status(path, "movers.csv.update.ledger.jsonl")["calls"]["sent"], 3);
}

#[test]
fn who_is_left_is_one_number_wherever_it_is_told() {
    let (service, at) = imported();
    let path = at.path();
    // One differs in the address alone, one in case alone, one is not there.
    let roster = "user login,email\nana,new@x.example\nBEN,\ndora,\ncas,cas@x.example\n";
    let human = diff(&service, path, roster, &[]).exits(1).stdout;
    assert!(human.contains("4 people: 1 as they should be, 1 not there, 2 left"), "{human}");
    diff(&service, path, roster, &["-o", "d.md"]).exits(1);
    let ticket = fs::read_to_string(path.join("d.md")).unwrap();
    assert!(ticket.contains("| not there | 1 |\n| left | 2 |"), "{ticket}");
    let told = events(&diff(&service, path, roster, &["--format", "json"]).exits(1)).pop().unwrap();
    let people = &told["people"];
    assert_eq!((&people["left"], &people["not_there"], &people["skip"]), (&2.into(), &1.into(), &3.into()));
}
