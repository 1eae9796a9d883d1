//! Several targets through the real program: instances of two accounts behind one address, a role into one of them.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

#[cfg(unix)]
use crate::harness::Watched;
use crate::harness::{INSTANCES, Ran, Service, folder, headcount, pasted, run};

const HEADER: &str = "first name,last name,email address,password,user login,routing profile name,security profile name,phone type (soft/desk),target\n";

const TARGETS: &str = r#"
[defaults]
region = "eu-central-1"

[targets.emea]
instance = "berlin"
also = ["Berlin"]

[targets.fr]
instance = "paris"

[targets.na]
instance = "austin"
region = "us-east-1"
role_arn = "arn:aws:iam::222222222222:role/HeadcountImport"
external_id = "sesame"
duration_seconds = 900
"#;

/// A row for each of these: who, and to which target.
fn roster(folder: &Path, rows: &[(&str, &str)]) {
    let row = |(user, target): &(&str, &str)| {
        format!(
            "Ana,Silva,{user}@example.com,Lantern-Reef-7{user},{user},Basic Routing Profile,Agent,soft,{target}\n"
        )
    };
    let rows: Vec<String> = rows.iter().map(row).collect();
    fs::write(folder.join("roster.csv"), HEADER.to_owned() + &rows.concat()).unwrap();
}

/// The program with the keys of the first account, all of whose services are at this address.
fn at(service: &Service, folder: &Path) -> Command {
    let mut command = service.headcount(folder);
    command.env("AWS_ENDPOINT_URL_STS", &service.url).env("AWS_ENDPOINT_URL_SERVICE_QUOTAS", &service.url);
    command
}

fn import(service: &Service, folder: &Path, flags: &[&str]) -> Ran {
    run(at(service, folder).args(["import", "roster.csv", "--targets", "targets.toml"]).args(flags))
}

fn stage(rows: &[(&str, &str)]) -> (Service, tempfile::TempDir) {
    let (service, folder) = (Service::start(&INSTANCES), folder(&[]));
    fs::write(folder.path().join("targets.toml"), TARGETS).unwrap();
    roster(folder.path(), rows);
    (service, folder)
}

fn json(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The command behind these words on stderr.
fn printed<'r>(ran: &'r Ran, what: &str) -> &'r str {
    let line = ran.stderr.lines().find_map(|line| line.strip_prefix(what));
    line.unwrap_or_else(|| panic!("no `{what}` in:\n{}", ran.stderr))
}

#[test]
fn three_instances_of_two_accounts_are_filled_by_one_command_a_role_and_an_alias() {
    let (service, folder) =
        stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na"), ("dan", "Berlin"), ("ann", "na")]);
    let ran = import(&service, folder.path(), &["--format", "json"]).exits(0);
    let events = json(&ran.stdout);
    let of = |name: &str| events.iter().filter(|event| event["event"] == name).collect::<Vec<_>>();
    let mut created: Vec<(&str, &str)> = of("created")
        .iter()
        .map(|event| (event["target"].as_str().unwrap(), event["user"].as_str().unwrap()))
        .collect();
    created.sort_unstable();
    assert_eq!(created, [("emea", "ann"), ("emea", "dan"), ("fr", "bob"), ("na", "ann"), ("na", "cyd")]);
    let ends = of("target");
    assert!(
        ends.len() == 3 && ends.iter().all(|end| end["exit"] == 0 && end["reason"].is_null()),
        "{ends:?}"
    );
    assert_eq!(
        (events.last().unwrap()["event"].as_str(), &events.last().unwrap()["rows"]["created"]),
        (Some("ended"), &5.into())
    );
    let alone = ["target", "ended"];
    let unnamed =
        |event: &&Value| event["target"].is_null() && !alone.contains(&event["event"].as_str().unwrap());
    assert_eq!(events.iter().find(unnamed), None, "every event has its target");
    // Each ledger says whose it is; all of them together are one status and one report.
    let ledgers = ["emea", "fr", "na"].map(|target| format!("roster.csv.{target}.ledger.jsonl"));
    let first = fs::read_to_string(folder.path().join(&ledgers[2])).unwrap();
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    assert_eq!(
        (first["target"].as_str(), first["instance"].as_str().unwrap().contains(":222222222222:")),
        (Some("na"), true)
    );
    let ran = run(headcount(folder.path()).arg("status").args(&ledgers)).exits(0);
    let lines: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["target", "rows", "created"]);
    assert_eq!(lines[1], ["emea", "2", "2", "complete"]);
    assert_eq!(lines[4], ["total", "5", "5"]);
    let ran = run(headcount(folder.path()).arg("status").args(&ledgers).args(["--format", "json"])).exits(0);
    let status: Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!((&status["complete"], &status["rows"]["created"]), (&true.into(), &5.into()));
    assert_eq!(
        (&status["targets"][1]["target"], &status["targets"][1]["rows"]["total"]),
        (&"fr".into(), &1.into())
    );
    let ran = run(headcount(folder.path()).arg("report").args(&ledgers).args(["--format", "csv"])).exits(0);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].ends_with("\"at\",\"target\"") && lines.len() == 6, "{}", ran.stdout);
    let of: Vec<(&str, &str)> = lines[1..]
        .iter()
        .map(|line| {
            let cells: Vec<&str> = line.split(',').map(|cell| cell.trim_matches('"')).collect();
            (cells[1], *cells.last().unwrap())
        })
        .collect();
    assert_eq!(
        of,
        [("ann", "emea"), ("bob", "fr"), ("cyd", "na"), ("dan", "emea"), ("ann", "na")],
        "in the roster's order"
    );
    for form in ["md", "html", "json"] {
        let ran =
            run(headcount(folder.path()).arg("report").args(&ledgers).args(["--format", form])).exits(0);
        assert!(
            ["emea", "fr", "na"].iter().all(|target| ran.stdout.contains(target)),
            "{form}: {}",
            ran.stdout
        );
    }
}

#[test]
fn a_plan_names_each_target_and_the_failed_rows_of_all_go_home_by_the_command_that_is_printed() {
    let (service, folder) =
        stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "fr"), ("dan", "fr"), ("eve", "na")]);
    // Somebody of another run has the name already.
    fs::rename(folder.path().join("roster.csv"), folder.path().join("all.csv")).unwrap();
    roster(folder.path(), &[("ann", "emea")]);
    import(&service, folder.path(), &[]).exits(0);
    fs::remove_file(folder.path().join("roster.csv.emea.ledger.jsonl")).unwrap();
    fs::rename(folder.path().join("all.csv"), folder.path().join("roster.csv")).unwrap();
    let text = fs::read_to_string(folder.path().join("roster.csv")).unwrap();
    fs::write(folder.path().join("roster.csv"), text.replacen("Ana,Silva,ann", "Ann,Other,ann", 1)).unwrap();
    let full = import(&service, folder.path(), &["--dry-run"]);
    assert_eq!(full.exit, 4, "{}", full.stderr);
    assert!(full.stderr.contains("target `fr`: the instance has not room"), "{}", full.stderr);
    assert!(full.stderr.contains("--skip-failed-targets goes on without such a target"), "{}", full.stderr);
    let ran = import(&service, folder.path(), &["--allow-partial"]).exits(4);
    for line in [
        "targets   3 of targets.toml",
        "emea      berlin, CONNECT_MANAGED",
        "emea and fr are in one account and region",
    ] {
        assert!(ran.stderr.contains(line), "no `{line}` in:\n{}", ran.stderr);
    }
    assert!(
        ran.stdout.contains("fr     stopped, the instance is full: 2 of 3 rows created, 1 pending"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("total  3 of 5 rows created, 1 exists already"), "{}", ran.stdout);
    let failed = fs::read_to_string(folder.path().join("roster.csv.failed.csv")).unwrap();
    assert_eq!(failed.lines().count(), 2, "{failed}");
    assert!(printed(&ran, "resume with: ").ends_with("--targets targets.toml --allow-partial"));
    let again = printed(&ran, "retry with: ");
    assert!(
        again.ends_with("retry --targets targets.toml --roster roster.csv.failed.csv --allow-partial"),
        "{again}"
    );
    let mended =
        failed.replace(",ann,Basic", ",ann2,Basic").replace("example.com,,", "example.com,Lantern-Reef-77,");
    fs::write(folder.path().join("roster.csv.failed.csv"), mended).unwrap();
    let ran = run(&mut pasted(&at(&service, folder.path()), again));
    assert!(ran.stdout.contains("emea   1 of 1 row created"), "{}\n{}", ran.stdout, ran.stderr);
    // One ledger by itself knows its file of targets.
    let ran = run(at(&service, folder.path()).args(["retry", "roster.csv.na.ledger.jsonl"])).exits(0);
    assert!(ran.stdout.contains("na     1 of 1 row created"), "{}", ran.stdout);
}

#[test]
fn a_role_that_trusts_nobody_keeps_all_from_starting_and_says_what_helps() {
    let (service, folder) = stage(&[("ann", "emea"), ("eve", "na")]);
    let wrong = TARGETS.replace("sesame", "mellon");
    fs::write(folder.path().join("targets.toml"), wrong).unwrap();
    let ran = import(&service, folder.path(), &[]).exits(4);
    let says = "target `na`: no AWS credentials: the role `arn:aws:iam::222222222222:role/HeadcountImport` cannot be taken";
    assert!(ran.stderr.contains(says), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("external_id") && ran.stderr.contains("nothing was sent anywhere"),
        "{}",
        ran.stderr
    );
    assert_eq!(service.calls("CreateUser", "called"), 0);
    let ran = import(&service, folder.path(), &["--skip-failed-targets"]).exits(4);
    assert!(
        ran.stdout.contains("emea   1 of 1 row created\nna     left out, nothing was sent\n"),
        "{}",
        ran.stdout
    );
    // Of each target it is told where its rows stand, also where they wait; together they are what all come to.
    let ran = import(&service, folder.path(), &["--skip-failed-targets", "--format", "json"]).exits(4);
    let events = json(&ran.stdout);
    let ends: Vec<_> = events.iter().filter(|event| event["event"] == "target").collect();
    let of = |target: &str| *ends.iter().find(|end| end["target"] == target).unwrap();
    assert_eq!(
        (&of("na")["rows"]["total"], &of("na")["rows"]["pending"]),
        (&1.into(), &1.into()),
        "{ends:?}"
    );
    assert_eq!(of("na")["calls"], serde_json::json!({"sent": 0, "throttled": 0}), "{ends:?}");
    let all = events.last().unwrap();
    for (what, of_all) in [("total", 2), ("pending", 1), ("created", 1)] {
        let sum: u64 = ends.iter().map(|end| end["rows"][what].as_u64().unwrap()).sum();
        assert_eq!((sum, all["rows"][what].as_u64()), (of_all, Some(of_all)), "{what}");
    }
    let ran = import(&service, folder.path(), &["--target", "emea"]).exits(0);
    assert!(
        ran.stderr.contains("\nothers    1 row is for targets that were not asked for"),
        "{}",
        ran.stderr
    );
}

#[test]
fn targets_are_rehearsed_each_on_an_instance_of_its_own() {
    let folder = folder(&[]);
    fs::write(folder.path().join("targets.toml"), TARGETS).unwrap();
    roster(folder.path(), &[("ann", "emea"), ("ann", "na"), ("bob", "fr")]);
    let words = ["import", "roster.csv", "--targets", "targets.toml", "--simulate"];
    let ran = run(headcount(folder.path()).args(words)).exits(0);
    assert!(ran.stdout.contains("total  3 of 3 rows created"), "{}", ran.stdout);
    for target in ["emea", "fr", "na"] {
        for end in ["ledger", "world"] {
            let name = format!("roster.csv.{target}.simulate.{end}.jsonl");
            assert!(folder.path().join(&name).exists(), "{name}");
        }
    }
    let ran = run(headcount(folder.path()).args(words)).exits(0);
    assert!(ran.stdout.contains("total  3 of 3 rows created; 0 CreateUser calls"), "{}", ran.stdout);
}

#[test]
fn a_roster_is_checked_offline_by_the_rules_of_each_rows_target() {
    let folder = folder(&[]);
    let targets = TARGETS.replace("[targets.fr]\n", "[targets.fr]\nidentity = \"saml\"\n");
    fs::write(folder.path().join("targets.toml"), targets).unwrap();
    roster(folder.path(), &[("ann", "emea"), ("bob", "fr"), ("cyd", "Emea"), ("dan", ""), ("ann", "na")]);
    let validate = |flags: &[&str]| {
        run(headcount(folder.path())
            .args(["validate", "roster.csv", "--targets", "targets.toml"])
            .args(flags))
    };
    let ran = validate(&["--format", "json"]).exits(3);
    let found: Value = serde_json::from_str(&ran.stdout).unwrap();
    let codes: Vec<(u64, &str)> = found["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["severity"] == "error")
        .map(|one| (one["row"].as_u64().unwrap_or(0), one["code"].as_str().unwrap()))
        .collect();
    assert!(codes.contains(&(3, "password-not-allowed")), "of the SAML target: {codes:?}");
    assert!(codes.contains(&(4, "target-unknown")) && codes.contains(&(5, "target-missing")), "{codes:?}");
    assert!(!codes.iter().any(|(row, _)| [2, 6].contains(row)), "one name in two targets is none: {codes:?}");
    assert_eq!(found["rows"], 5);
    let ran = validate(&["--annotate", "out.csv"]).exits(3);
    assert!(
        ran.stdout.contains("fr: 1 row, checked for SAML, as the file of targets says"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("did you mean `emea`?"), "{}", ran.stdout);
    let annotated = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert!(annotated.lines().nth(3).unwrap().contains("there is no such target"), "{annotated}");
    let ran = validate(&["--format", "junit"]).exits(3);
    assert!(
        ran.stdout.contains("target-unknown") && ran.stdout.contains("password-not-allowed"),
        "{}",
        ran.stdout
    );
    // Without the file the column is known, told of, and not obeyed.
    let ran = run(headcount(folder.path()).args(["validate", "roster.csv"])).exits(3);
    assert!(
        ran.stdout.contains("[target-column]") && ran.stdout.contains("--targets FILE.toml"),
        "{}",
        ran.stdout
    );
    assert!(ran.stdout.contains("[username-duplicate]"), "{}", ran.stdout);
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = folder(&[]);
    fs::write(folder.path().join("targets.toml"), TARGETS.replace("external_id", "mfa_serial")).unwrap();
    roster(folder.path(), &[("ann", "emea")]);
    let of = |words: &[&str]| run(headcount(folder.path()).args(words)).exits(2).stderr;
    let import = ["import", "roster.csv", "--targets", "targets.toml"];
    let with = |flags: &[&str]| of(&[&import[..], flags].concat());
    assert!(
        with(&[]).contains("line 16: `targets.na.mfa_serial`: a code of a second factor is not asked for"),
        "{}",
        with(&[])
    );
    for flags in [&["--instance", "x"][..], &["--region", "x"], &["--profile", "x"], &["--endpoint-url", "x"]]
    {
        assert!(with(flags).contains("cannot be used with"), "{}", with(flags));
    }
    for command in ["diff", "update", "remove", "undo"] {
        let told = of(&[command, "roster.csv", "--targets", "targets.toml", "--instance", "x"]);
        assert!(told.contains("cannot be used with"), "{told}");
    }
    fs::write(folder.path().join("targets.toml"), TARGETS).unwrap();
    assert!(with(&["--ledger", "x"]).contains("each target has a ledger of its own"));
    assert!(with(&["--update"]).contains("--update does not go with --targets yet"));
    assert!(with(&["--actions"]).contains("--actions does not go with --targets yet"));
    assert!(with(&["--target", "emae"]).contains("did you mean `emea`?"));
    let told = of(&[&["policy"][..], &import].concat());
    assert!(told.contains("a policy is for the instances of one account"), "{told}");
    fs::write(folder.path().join("none.csv"), "first name,last name,user login\nA,B,c\n").unwrap();
    let told = of(&["import", "none.csv", "--targets", "targets.toml"]);
    assert!(told.contains("no column of the roster says to which target a row goes"), "{told}");
    let told = of(&["retry", "--targets", "targets.toml", "--roster", "roster.csv"]);
    assert!(told.contains("none of these targets has a ledger here"), "{told}");
}

/// What the roster's people are called, all of them, from here on.
fn renamed(folder: &Path, from: &str, to: &str) {
    let path = folder.join("roster.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace(from, to)).unwrap();
}

fn with_targets(service: &Service, folder: &Path, words: &[&str]) -> Ran {
    run(at(service, folder).args(words).args(["--targets", "targets.toml"]))
}

#[test]
fn one_roster_is_compared_and_put_right_on_all_targets_and_each_is_put_back_by_its_own_command() {
    let rows = [("ann", "emea"), ("bob", "fr"), ("cyd", "na"), ("dan", "na")];
    let (service, folder) = stage(&rows);
    import(&service, folder.path(), &[]).exits(0);
    let ran = with_targets(&service, folder.path(), &["diff", "roster.csv"]).exits(0);
    assert_eq!(ran.stdout.matches("1 as they should be\n").count(), 4, "{}", ran.stdout);
    renamed(folder.path(), "Ana,Silva", "Eva,Silva");
    with_targets(&service, folder.path(), &["diff", "roster.csv"]).exits(1);
    let told = import(&service, folder.path(), &["--yes"]).stderr;
    assert!(told.contains("update roster.csv --targets targets.toml --target na"), "{told}");
    // One page each, and one copy of the roster with all that differs.
    let flags = ["diff", "roster.csv", "-o", "diff.html", "--annotate", "told.csv"];
    with_targets(&service, folder.path(), &flags).exits(1);
    let page = fs::read_to_string(folder.path().join("diff.na.html")).unwrap();
    assert!(page.contains("dan") && !page.contains("bob") && page.contains("--target na"), "{page}");
    let told = fs::read_to_string(folder.path().join("told.csv")).unwrap();
    assert_eq!(told.matches("`Ana`").count(), 4, "{told}");
    with_targets(&service, folder.path(), &["update", "roster.csv", "--dry-run"]).exits(0);
    let ran = with_targets(&service, folder.path(), &["update", "roster.csv", "--yes"]).exits(0);
    assert!(ran.stdout.contains("na     2 of 2 people updated"), "{}", ran.stdout);
    assert!(ran.stdout.contains("total  4 of 4 people updated"), "{}", ran.stdout);
    with_targets(&service, folder.path(), &["diff", "roster.csv"]).exits(0);
    let again = with_targets(&service, folder.path(), &["update", "roster.csv", "--yes"]).exits(0);
    assert!(again.stderr.contains("all together: 4 people: 4 as they should be"), "{}", again.stderr);
    // Each of the three files has one target's people, and no column of targets: the command says whose they are.
    let backs: Vec<&str> = ran.stderr.lines().filter_map(|line| line.strip_prefix("undo with: ")).collect();
    assert_eq!(backs.len(), 3, "{}", ran.stderr);
    for back in backs {
        let ran = run(pasted(&at(&service, folder.path()), back).arg("--yes")).exits(0);
        assert!(ran.stdout.contains("updated"), "{}", ran.stdout);
    }
    renamed(folder.path(), "Eva,Silva", "Ana,Silva");
    with_targets(&service, folder.path(), &["diff", "roster.csv"]).exits(0);
}

#[test]
fn the_ledgers_of_all_targets_may_be_in_one_table_and_each_command_finds_its_own() {
    for tables in crate::tables::all() {
        let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na")]);
        let ledger = "dynamodb://targets/spring";
        let with = |words: &[&str]| {
            let mut command = at(&service, folder.path());
            tables.reached_by(&mut command);
            run(command.args(words))
        };
        with(&["ledger", "create", "dynamodb://targets"]).exits(0);
        let shared = ["--targets", "targets.toml", "--ledger", ledger, "--yes"];
        let on_all = |words: &[&str]| with(&[words, &shared].concat());
        on_all(&["import", "roster.csv"]).exits(0);
        renamed(folder.path(), "Ana,Silva", "Eva,Silva");
        renamed(folder.path(), "cyd,Basic Routing Profile", "cyd,Nonsense");
        let ran = on_all(&["update", "roster.csv", "--skip-invalid"]).exits(1);
        assert!(ran.stdout.contains("total  2 of 3 people updated, 1 invalid"), "{}", ran.stdout);
        // Ledgers in a table are found by its address alone.
        let failed = folder.path().join("roster.csv.update.failed.csv");
        let text = fs::read_to_string(&failed).unwrap();
        fs::write(&failed, text.replace("Nonsense", "Basic Routing Profile")).unwrap();
        let mut retry = pasted(&at(&service, folder.path()), printed(&ran, "retry with: "));
        tables.reached_by(&mut retry);
        let ran = run(retry.arg("--yes")).exits(0);
        assert!(ran.stdout.contains("na     1 of 1 person updated"), "{}", ran.stdout);
        fs::write(folder.path().join("leavers.csv"), "user login,target\nbob,fr\n").unwrap();
        let ran = on_all(&["remove", "leavers.csv", "--count", "1"]).exits(0);
        assert!(ran.stdout.contains("total  1 of 1 person deleted"), "{}", ran.stdout);
        let listed = with(&["ledger", "list", "dynamodb://targets", "--format", "json"]).exits(0);
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        let mut names: Vec<&str> =
            listed["runs"].as_array().unwrap().iter().map(|run| run["name"].as_str().unwrap()).collect();
        names.sort_unstable();
        let [emea, fr, na] = ["spring.emea", "spring.fr", "spring.na"];
        let updates = ["spring.emea.update", "spring.fr.update", "spring.na.update"];
        assert_eq!(names, [emea, updates[0], fr, "spring.fr.remove", updates[1], na, updates[2]]);
        // Its own address is the run of that target, and begins no other beside it.
        let own = "dynamodb://targets/spring.emea";
        let flags = ["--targets", "targets.toml", "--target", "emea", "--ledger", own, "--yes", "--replan"];
        let ran = with(&[&["import", "roster.csv"], &flags[..]].concat()).exits(0);
        assert!(ran.stdout.contains("1 of 1 row created; 0 CreateUser calls"), "{}", ran.stdout);
        let again = with(&["ledger", "list", "dynamodb://targets", "--format", "json"]).exits(0);
        let again: Value = serde_json::from_str(&again.stdout).unwrap();
        assert_eq!(again["runs"].as_array().unwrap().len(), names.len());
        let ran = with(&["undo", ledger, "--targets", "targets.toml", "--yes"]).exits(2);
        let command = ran.stderr.split_once("if that is right: ").unwrap().1.lines().next().unwrap();
        let mut paste = pasted(&at(&service, folder.path()), command);
        tables.reached_by(&mut paste);
        // Whoever was deleted a moment ago may only be unseen: the same command looks again.
        let ran = run(&mut paste).exits(6);
        assert!(ran.stdout.contains("total  2 of 3 people deleted"), "{}", ran.stdout);
    }
}

/// Whoever mends the target of a row sends it where nothing was sent before: its ledger is begun, and it is not passed over.
#[test]
fn a_mended_row_goes_to_a_target_that_had_none_before() {
    let (service, folder) = stage(&[("ann", "emea"), ("bob", "Mars")]);
    let ran = import(&service, folder.path(), &["--yes", "--skip-invalid"]).exits(1);
    let failed = folder.path().join("roster.csv.failed.csv");
    let text = fs::read_to_string(&failed).unwrap();
    let retry = printed(&ran, "retry with: ").to_owned();
    let again = || run(pasted(&at(&service, folder.path()), &retry).arg("--yes"));
    // Its password is blank there, which is said, and it is in the next file of failed rows.
    fs::write(&failed, text.replace("Mars", "fr")).unwrap();
    let ran = again().exits(3);
    assert!(ran.stderr.contains("password"), "{}", ran.stderr);
    assert!(failed.exists());
    let mended =
        text.replace("Mars", "fr").replace("bob@example.com,,", "bob@example.com,Lantern-Reef-7bob,");
    fs::write(&failed, mended).unwrap();
    let ran = again().exits(0);
    assert!(ran.stdout.contains("fr     1 of 1 row created"), "{}{}", ran.stdout, ran.stderr);
    assert_eq!(service.calls("CreateUser", "executed"), 2);
    // The ledger is the roster's, and the roster is gone on with once it is mended too.
    renamed(folder.path(), "Mars", "fr");
    let ran = import(&service, folder.path(), &["--yes"]).exits(0);
    assert!(
        ran.stdout.contains("total  2 of 2 rows created; 0 CreateUser calls"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    // The same of an update, whose ledger is told what the others' were.
    renamed(folder.path(), "Ana,Silva", "Eva,Silva");
    renamed(folder.path(), "soft,fr", "soft,Mars");
    let flags = ["update", "roster.csv", "--yes", "--skip-invalid", "--only", "identity"];
    let ran = with_targets(&service, folder.path(), &flags).exits(1);
    let failed = folder.path().join("roster.csv.update.failed.csv");
    let text = fs::read_to_string(&failed).unwrap();
    fs::write(&failed, text.replace("Mars", "fr")).unwrap();
    let mut retry = pasted(&at(&service, folder.path()), printed(&ran, "retry with: "));
    let ran = run(retry.arg("--yes")).exits(0);
    assert!(ran.stdout.contains("fr     1 of 1 person updated"), "{}{}", ran.stdout, ran.stderr);
    // And of leavers.
    fs::write(folder.path().join("leavers.csv"), "user login,target\nann,emea\nbob,Mars\n").unwrap();
    let flags = ["remove", "leavers.csv", "--yes", "--count", "1", "--skip-invalid"];
    let ran = with_targets(&service, folder.path(), &flags).exits(1);
    let failed = folder.path().join("leavers.csv.remove.failed.csv");
    let text = fs::read_to_string(&failed).unwrap();
    fs::write(&failed, text.replace("Mars", "fr")).unwrap();
    let retry = format!("{} --yes --count 1", printed(&ran, "retry with: "));
    let ran = run(&mut pasted(&at(&service, folder.path()), &retry)).exits(0);
    assert!(ran.stdout.contains("fr     1 of 1 person deleted"), "{}{}", ran.stdout, ran.stderr);
}

/// The run of a target that began in a file is found in the table by the command that is given for all of them, and by what
/// `status` prints.
#[cfg(unix)]
#[test]
fn the_runs_of_targets_that_began_in_files_go_on_in_a_table() {
    for tables in crate::tables::all() {
        let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na")]);
        let by = |mut command: Command| {
            tables.reached_by(&mut command);
            command
        };
        let with = |words: &[&str]| run(by(at(&service, folder.path())).args(words));
        with(&["ledger", "create", "dynamodb://moved-targets"]).exits(0);
        import(&service, folder.path(), &[]).exits(0);
        for target in ["emea", "fr", "na"] {
            let file = format!("roster.csv.{target}.ledger.jsonl");
            let ran = with(&["ledger", "push", &file, "dynamodb://moved-targets/spring"]).exits(0);
            assert!(
                ran.stdout.contains(&format!("dynamodb://moved-targets/spring.{target}")),
                "{}",
                ran.stdout
            );
        }
        // Whoever goes on with the files is told where all of them are.
        let ran = import(&service, folder.path(), &["--yes"]).exits(4);
        assert!(ran.stderr.contains("--ledger dynamodb://moved-targets/spring"), "{}", ran.stderr);
        let more = [("dan", "emea"), ("eve", "emea")];
        roster(folder.path(), &[&[("ann", "emea"), ("bob", "fr"), ("cyd", "na")], &more[..]].concat());
        let flags = ["--targets", "targets.toml", "--ledger", "dynamodb://moved-targets/spring", "--yes"];
        // It is stopped right away, so that something is left to be resumed.
        let slowly =
            ["import", "roster.csv", "--replan", "--rate", "0.01", "--burst", "1", "--format", "json"];
        let mut cut = Watched::start(by(at(&service, folder.path())).args([&slowly, &flags[..]].concat()));
        while cut.event().is_some_and(|event| event["event"] != "started" || event["target"] != "emea") {}
        cut.interrupt();
        cut.end().exits(5);
        let status = with(&["status", "dynamodb://moved-targets/spring.emea"]).exits(0);
        let resume = status.stdout.lines().find_map(|line| line.strip_prefix("resume with: "));
        let resume = resume.unwrap_or_else(|| panic!("{}", status.stdout)).replace("--rate 0.01", "--rate 9");
        let resume = resume.replacen("headcount", env!("CARGO_BIN_EXE_headcount"), 1);
        let ran = run(&mut by(pasted(&at(&service, folder.path()), &resume))).exits(0);
        assert!(ran.stdout.contains("3 of 3 rows created"), "{}{}", ran.stdout, ran.stderr);
        let listed = with(&["ledger", "list", "dynamodb://moved-targets", "--format", "json"]).exits(0);
        let listed: Value = serde_json::from_str(&listed.stdout).unwrap();
        assert_eq!(listed["runs"].as_array().unwrap().len(), 3, "{listed}");
    }
}

/// A roster without a column of targets is the one target's that alone is asked for: of its import, and of its retry.
#[test]
fn the_retry_of_one_targets_ledger_is_about_that_target_alone() {
    for default in ["", "default_target = \"na\"\n"] {
        let (service, folder) = stage(&[]);
        fs::write(folder.path().join("targets.toml"), default.to_owned() + TARGETS).unwrap();
        let row = |user: &str, profile: &str| {
            format!("Ana,Silva,{user}@example.com,Lantern-Reef-7{user},{user},{profile},Agent,soft\n")
        };
        let header = HEADER.replace(",target\n", "\n");
        let text = header + &row("ann", "Basic Routing Profile") + &row("bob", "Nonsense");
        fs::write(folder.path().join("roster.csv"), &text).unwrap();
        let alone = ["--target", "emea", "--skip-invalid", "--yes"];
        import(&service, folder.path(), &alone).exits(1);
        fs::write(folder.path().join("roster.csv"), text.replace("Nonsense", "Basic Routing Profile"))
            .unwrap();
        let mut retry = at(&service, folder.path());
        let ran = run(retry.args(["retry", "roster.csv.emea.ledger.jsonl", "--yes"])).exits(0);
        assert!(ran.stdout.contains("2 of 2 rows created"), "{default}{}{}", ran.stdout, ran.stderr);
    }
}

#[test]
fn a_column_of_actions_and_one_of_targets_are_obeyed_together() {
    let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na"), ("dan", "na")]);
    import(&service, folder.path(), &[]).exits(0);
    let sheet = "user login,first name,target,action\nann,Eva,emea,modify\nbob,Ana,fr,delete\ncyd,Eva,na,modify\ndan,Ana,na,delete\n";
    fs::write(folder.path().join("sheet.csv"), sheet).unwrap();
    let ran = with_targets(&service, folder.path(), &["update", "sheet.csv", "--actions", "--yes"]).exits(0);
    assert!(ran.stdout.contains("total  2 of 2 people updated"), "{}", ran.stdout);
    let flags = ["remove", "sheet.csv", "--actions", "--yes", "--count", "2"];
    let ran = with_targets(&service, folder.path(), &flags).exits(0);
    assert!(ran.stdout.contains("total  2 of 2 people deleted"), "{}", ran.stdout);
}

#[test]
fn what_failed_of_updates_is_in_one_file_and_its_retry_sends_each_home() {
    let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na")]);
    import(&service, folder.path(), &[]).exits(0);
    renamed(folder.path(), "Ana,Silva", "Eva,Silva");
    let refused = ["update", "roster.csv", "--yes", "--skip-invalid"];
    renamed(folder.path(), "cyd,Basic Routing Profile", "cyd,Nonsense");
    renamed(folder.path(), "soft,fr", "soft,nowhere");
    let ran = with_targets(&service, folder.path(), &refused).exits(1);
    assert!(ran.stdout.contains("total  1 of 3 people updated, 2 invalid"), "{}", ran.stdout);
    let failed = folder.path().join("roster.csv.update.failed.csv");
    let text = fs::read_to_string(&failed).unwrap();
    assert!(text.contains("cyd") && text.contains("nowhere") && !text.contains("ann"), "{text}");
    fs::write(&failed, text.replace("Nonsense", "Basic Routing Profile").replace("nowhere", "fr")).unwrap();
    let retry = printed(&ran, "retry with: ");
    let ran = run(pasted(&at(&service, folder.path()), retry).arg("--yes")).exits(0);
    assert!(ran.stdout.contains("na     1 of 1 person updated"), "{}", ran.stdout);
    assert!(ran.stdout.contains("total  3 of 3 people updated"), "{}", ran.stdout);
    renamed(folder.path(), "nowhere", "fr");
    renamed(folder.path(), "Nonsense", "Basic Routing Profile");
    with_targets(&service, folder.path(), &["update", "roster.csv", "--yes"]).exits(0);
    with_targets(&service, folder.path(), &["diff", "roster.csv"]).exits(0);
}

#[test]
fn an_export_of_all_targets_is_one_roster_of_which_nothing_differs() {
    let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na")]);
    import(&service, folder.path(), &[]).exits(0);
    for file in ["all.csv", "all.xlsx"] {
        let ran = with_targets(&service, folder.path(), &["export", "-o", file]).exits(0);
        assert!(ran.stderr.contains("exported 3 users of 3 targets"), "{}", ran.stderr);
        with_targets(&service, folder.path(), &["diff", file]).exits(0);
    }
    let text = fs::read_to_string(folder.path().join("all.csv")).unwrap();
    let whose: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(whose, ["emea", "fr", "na"]);
    // A target that cannot be reached is left out where that is said, and else nothing is written.
    let targets = fs::read_to_string(folder.path().join("targets.toml")).unwrap();
    // Two targets that are one instance would have everybody twice.
    let twice = targets.clone() + "[targets.again]\ninstance = \"berlin\"\n";
    fs::write(folder.path().join("targets.toml"), twice).unwrap();
    fs::write(folder.path().join("again.csv"), text.replace("\nfr,", "\nagain,")).unwrap();
    for words in
        [&["diff", "again.csv"][..], &["export", "-o", "twice.csv"], &["update", "again.csv", "--dry-run"]]
    {
        let ran = with_targets(&service, folder.path(), words).exits(2);
        assert!(ran.stderr.contains("are the same instance"), "{}", ran.stderr);
    }
    fs::write(folder.path().join("targets.toml"), targets.replace("sesame", "wrong")).unwrap();
    let ran = with_targets(&service, folder.path(), &["export", "-o", "some.csv"]).exits(4);
    assert!(ran.stderr.contains("target `na`"), "{}", ran.stderr);
    assert!(!folder.path().join("some.csv").exists());
    let flags = ["export", "-o", "some.csv", "--skip-failed-targets", "--format", "json"];
    let ran = with_targets(&service, folder.path(), &flags).exits(4);
    let of: Vec<String> = json(&ran.stdout)
        .iter()
        .filter(|event| event["event"] == "exported")
        .map(|event| event["target"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(of, ["emea", "fr"]);
}

#[test]
fn leavers_of_all_targets_go_by_one_number_and_whoever_stays_is_in_one_file() {
    let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na"), ("eve", "emea")]);
    import(&service, folder.path(), &[]).exits(0);
    let list = "user login,first name,target\nann,Ana,emea\ncyd,Ana,na\nnobody,Ana,fr\n";
    fs::write(folder.path().join("leavers.csv"), list).unwrap();
    let ran = with_targets(&service, folder.path(), &["remove", "leavers.csv", "--yes"]).exits(2);
    assert!(ran.stderr.contains("--count 2"), "{}", ran.stderr);
    let flags = ["remove", "leavers.csv", "--yes", "--count", "2"];
    let ran = with_targets(&service, folder.path(), &flags).exits(1);
    assert!(ran.stdout.contains("total  2 of 3 people deleted, 1 left"), "{}", ran.stdout);
    let failed = fs::read_to_string(folder.path().join("leavers.csv.remove.failed.csv")).unwrap();
    assert!(failed.contains("nobody") && !failed.contains("cyd"), "{failed}");
    for target in ["emea", "na"] {
        assert!(folder.path().join(format!("leavers.csv.{target}.before.csv")).exists(), "{target}");
    }
    let retry = printed(&ran, "retry with: ");
    run(pasted(&at(&service, folder.path()), retry).arg("--yes")).exits(1);
    let left = with_targets(&service, folder.path(), &["export", "-o", "left.csv"]).exits(0);
    assert!(left.stderr.contains("exported 2 users of 3 targets"), "{}", left.stderr);
}

#[test]
fn the_runs_of_all_targets_are_undone_together_or_one_by_its_ledger_which_knows_its_role() {
    let (service, folder) = stage(&[("ann", "emea"), ("bob", "fr"), ("cyd", "na"), ("dan", "na")]);
    import(&service, folder.path(), &[]).exits(0);
    // Of a role in another account the ledger says only in which file it is.
    // Whose target has left the file is not passed over in silence.
    let targets = fs::read_to_string(folder.path().join("targets.toml")).unwrap();
    fs::write(folder.path().join("few.toml"), targets.replace("[targets.fr]", "[targets.other]")).unwrap();
    let few = ["undo", "roster.csv", "--targets", "few.toml", "--dry-run"];
    let ran = run(at(&service, folder.path()).args(few)).exits(0);
    assert!(
        ran.stderr.contains(
            "nobody of `roster.csv.fr.ledger.jsonl` is deleted: its target `fr` is not in `few.toml`"
        ),
        "{}",
        ran.stderr
    );
    let na = "roster.csv.na.ledger.jsonl";
    let ran = run(at(&service, folder.path()).args(["undo", na, "--dry-run"])).exits(0);
    assert!(ran.stdout.contains("2 users would be deleted"), "{}", ran.stdout);
    let ran = with_targets(&service, folder.path(), &["undo", "roster.csv", "--yes"]).exits(2);
    let command = ran.stderr.split_once("if that is right: ").unwrap().1.lines().next().unwrap();
    assert_eq!(command.matches("--run ").count(), 3, "{command}");
    let other = ["undo", "roster.csv", "--yes", "--run", "another"];
    with_targets(&service, folder.path(), &other).exits(2);
    let ran = run(&mut pasted(&at(&service, folder.path()), command)).exits(0);
    assert!(ran.stdout.contains("total  4 of 4 people deleted"), "{}", ran.stdout);
    assert!(ran.stdout.contains("na     2 of 2 people deleted"), "{}", ran.stdout);
    let ran = with_targets(&service, folder.path(), &["export", "-o", "left.csv"]).exits(0);
    assert!(ran.stderr.contains("exported 0 users of 3 targets"), "{}", ran.stderr);
    // And begun afresh.
    import(&service, folder.path(), &[]).exits(0);
}

#[test]
fn a_region_that_is_not_known_is_said_to_be_given_where_targets_have_theirs() {
    let (service, folder) = stage(&[("eve", "na")]);
    let without = TARGETS.lines().filter(|line| !line.starts_with("region")).collect::<Vec<_>>().join("\n");
    fs::write(folder.path().join("targets.toml"), without).unwrap();
    let words = ["import", "roster.csv", "--targets", "targets.toml"];
    let mut import = at(&service, folder.path());
    let ran = run(import.env_remove("AWS_REGION").env_remove("AWS_DEFAULT_REGION").args(words)).exits(2);
    assert!(ran.stderr.contains("target `na`: no region is known for the instance"), "{}", ran.stderr);
    let hint = "hint: say `targets.na.region` in the file of --targets, or set AWS_REGION\n";
    assert!(ran.stderr.contains(hint) && !ran.stderr.contains("--region"), "{}", ran.stderr);
}
