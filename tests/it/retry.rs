//! The way back for rows that failed: the file of the failed rows, and `retry`.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use headcount::clock::SystemClock;
use headcount::connect::model::Summary;
use headcount::connect::{Client, Credentials, Environment, HttpOptions, Target};
use headcount::simulator::{ACCESS_KEY_ID, SECRET_ACCESS_KEY};
use serde_json::{Value, json};

use crate::harness::{Ran, Service, folder, headcount, pasted, run, status};

const LEDGER: &str = "roster.csv.ledger.jsonl";
const FAILED: &str = "roster.csv.failed.csv";
const HEADER: &str = "first name,last name,email address,password,user login,routing profile name,security profiles,phone number";
const FLAGS: [&str; 4] = ["--rate", "1000", "--concurrency", "4"];

/// A row of [`HEADER`] whose password carries the name.
fn row(user: &str, profile: &str) -> String {
    format!("First,Last,{user}@example.com,Canary-{user}-1,{user},{profile},Agent,")
}

fn roster(rows: &[String]) -> String {
    std::iter::once(HEADER).chain(rows.iter().map(String::as_str)).flat_map(|line| [line, "\n"]).collect()
}

fn read(folder: &Path, name: &str) -> String {
    fs::read_to_string(folder.join(name)).unwrap()
}

/// The rows of a CSV of ours by header.
fn table(folder: &Path, name: &str) -> Vec<Value> {
    let text = read(folder, name);
    let text = text.strip_prefix('\u{FEFF}').expect("a mark");
    let delimiter = if text.lines().next().unwrap().contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let rows = reader.records().map(|record| {
        let record = record.unwrap();
        headers.iter().zip(&record).map(|(header, cell)| (header.to_owned(), json!(cell))).collect()
    });
    rows.map(Value::Object).collect()
}

/// Replaces in a file of the folder, and fails where there is nothing to replace.
#[track_caller]
fn edit(folder: &Path, name: &str, from: &str, to: &str) {
    let text = read(folder, name);
    assert!(text.contains(from), "{from:?} is not in {name}:\n{text}");
    fs::write(folder.join(name), text.replace(from, to)).unwrap();
}

/// Types a password into the row of a user, in the columns of [`HEADER`].
#[track_caller]
fn type_password(folder: &Path, name: &str, user: &str) {
    edit(folder, name, &format!("{user}@example.com,,"), &format!("{user}@example.com,Canary-{user}-2,"));
}

/// The command that a run printed to send its failed rows again.
#[track_caller]
fn printed(ran: &Ran) -> String {
    let line = ran.stderr.lines().last().and_then(|line| line.strip_prefix("retry with: "));
    line.unwrap_or_else(|| panic!("no command at the end of:\n{}", ran.stderr)).to_owned()
}

fn rows(folder: &Path, ledger: &str) -> [u64; 6] {
    let rows = status(folder, ledger)["rows"].clone();
    ["total", "created", "exists", "rejected", "invalid", "pending"].map(|name| rows[name].as_u64().unwrap())
}

fn client(service: &Service) -> Client {
    let environment =
        Environment { endpoint_url_connect: Some(service.url.clone()), ..Environment::default() };
    let target = Target::resolve(&service.arn, None, None, &environment).unwrap();
    let credentials = Credentials::fixed(ACCESS_KEY_ID, SECRET_ACCESS_KEY, None);
    Client::new(&target, credentials, Arc::new(SystemClock), &HttpOptions::default()).unwrap()
}

fn instance_id(service: &Service) -> &str {
    service.arn.rsplit_once('/').unwrap().1
}

#[tokio::main(flavor = "current_thread")]
async fn delete_user(service: &Service, username: &str) {
    let (client, instance) = (client(service), instance_id(service));
    let users = client.list_users(instance, None).await.unwrap().value.items;
    let user = users.into_iter().find(|user| user.username.as_deref() == Some(username)).unwrap();
    client.delete_user(instance, &user.id).await.unwrap();
}

/// Writes `directory.json`: the instance with one routing profile more, `Ghost`, which it does not have. A row with it
/// passes every check and is refused by the service.
#[tokio::main(flavor = "current_thread")]
pub async fn directory_with_ghost(folder: &Path, service: &Service) {
    let (client, instance) = (client(service), instance_id(service));
    let routing = client.list_routing_profiles(instance, None).await.unwrap().value.items;
    let security = client.list_security_profiles(instance, None).await.unwrap().value.items;
    let named = |all: Vec<Summary>| -> Vec<Value> {
        all.into_iter().map(|one| json!({"name": one.name.unwrap(), "id": one.id})).collect()
    };
    let (mut routing, security) = (named(routing), named(security));
    routing.push(json!({"name": "Ghost", "id": "00000000-0000-4000-8000-00000000dead"}));
    let directory = json!({
        "format": "headcount-directory", "version": 1, "fetched_at": null, "quotas": null, "users": null,
        "instance": {"id": instance, "arn": service.arn, "alias": null, "identity": "CONNECT_MANAGED", "status": "ACTIVE"},
        "routing_profiles": routing, "security_profiles": security, "hierarchy": [],
    });
    fs::write(folder.join("directory.json"), directory.to_string()).unwrap();
}

/// An import of three rows of which `bob` and `cid` are refused by the service.
fn two_refused(service: &Service) -> (tempfile::TempDir, Ran) {
    let folder = folder(&[]);
    directory_with_ghost(folder.path(), service);
    let rows = [row("ann", "Basic Routing Profile"), row("bob", "Ghost"), row("cid", "Ghost")];
    fs::write(folder.path().join("roster.csv"), roster(&rows)).unwrap();
    let flags = [&FLAGS[..], &["--directory", "directory.json"]].concat();
    let ran = run(&mut service.import(folder.path(), "roster.csv", &flags)).exits(1);
    assert_eq!(self::rows(folder.path(), LEDGER), [3, 1, 0, 2, 0, 0]);
    (folder, ran)
}

#[test]
fn rejected_rows_are_mended_in_the_failed_file_and_sent_by_the_printed_command() {
    let service = Service::start(&[]);
    let (folder, ran) = two_refused(&service);
    let path = folder.path();
    let failed = table(path, FAILED);
    let seen: Vec<_> = failed.iter().map(|row| (&row["user login"], &row["headcount state"])).collect();
    assert_eq!(seen, [(&json!("bob"), &json!("rejected")), (&json!("cid"), &json!("rejected"))]);
    assert!(failed.iter().all(|row| row["password"] == "" && row["headcount code"] != ""), "{failed:?}");
    assert_eq!(failed[1]["headcount row"], "4");
    assert!(
        ran.stderr.contains("2 rows failed, with the reasons in `roster.csv.failed.csv`"),
        "{}",
        ran.stderr
    );
    let pasted_now = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(3);
    assert!(pasted_now.stderr.contains("[password-blanked]"), "{}", pasted_now.stderr);

    edit(path, FAILED, "Ghost", "Basic Routing Profile");
    type_password(path, FAILED, "bob");
    type_password(path, FAILED, "cid");
    let ran = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(0);
    assert!(ran.stdout.starts_with("3 of 3 rows created; 2 CreateUser calls, 0 throttled"), "{ran:?}");
    assert_eq!(rows(path, LEDGER), [3, 3, 0, 0, 0, 0]);
    assert!(ran.stderr.contains("remove it, there may be passwords in it"), "{}", ran.stderr);
    assert!(
        Path::new(status(path, LEDGER)["roster"].as_str().unwrap()).ends_with("roster.csv"),
        "a part takes no one's place"
    );
}

#[test]
fn no_password_is_ever_in_the_failed_file() {
    let service = Service::start(&[]);
    let (folder, _) = two_refused(&service);
    assert!(read(folder.path(), "roster.csv").contains("Canary"));
    for entry in fs::read_dir(folder.path()).unwrap().map(Result::unwrap) {
        let text = String::from_utf8_lossy(&fs::read(entry.path()).unwrap()).into_owned();
        assert_eq!(text.contains("Canary"), entry.file_name() == "roster.csv", "{:?}", entry.file_name());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.path().join(FAILED)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_column_that_merely_looks_like_a_password_is_blank_too() {
    let folder = folder(&[]);
    let header =
        "first name,last name,user login,routing profile name,security profiles,Kennwort,Start Password";
    let text =
        format!("{header}\nA,B,ann,Night,Agent,Canary-1,Canary-2\nC,D,,Night,Agent,Canary-3,Canary-4\n");
    fs::write(folder.path().join("roster.csv"), text).unwrap();
    let mut import = headcount(folder.path());
    run(import.args(["import", "roster.csv", "--simulate", "--skip-invalid"])).exits(1);
    let failed = read(folder.path(), "roster.csv.simulate.failed.csv");
    assert!(failed.contains("C,D,,Night,Agent,,,invalid") && !failed.contains("Canary"), "{failed}");
}

#[test]
fn invalid_rows_are_mended_in_the_failed_file_also_where_they_had_no_name() {
    let folder = folder(&[]);
    let path = folder.path();
    let service = Service::start(&[]);
    let profile = "Basic Routing Profile";
    let rows_of =
        [row("ann", profile), row("b ob", profile), row("", profile), row("cid", profile) + "12 34"];
    fs::write(path.join("roster.csv"), roster(&rows_of)).unwrap();
    let flags = [&FLAGS[..], &["--skip-invalid"]].concat();
    let ran = run(&mut service.import(path, "roster.csv", &flags)).exits(1);
    assert_eq!(rows(path, LEDGER), [4, 1, 0, 0, 3, 0]);
    let failed = table(path, FAILED);
    let users: Vec<_> = failed.iter().map(|row| row["headcount user"].as_str().unwrap()).collect();
    assert_eq!(users, ["b ob", "row 4", "cid"]);
    let reason = failed[2]["headcount reason"].as_str().unwrap();
    assert!(reason.starts_with("phone number: "), "{reason}");

    edit(path, FAILED, "b ob@example.com,,b ob", "bob@example.com,Canary-bob-2,bob");
    edit(path, FAILED, "@example.com,,,", "dan@example.com,Canary-dan-2,dan,");
    edit(path, FAILED, "12 34", "+12065550100");
    type_password(path, FAILED, "cid");
    let ran = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(0);
    assert!(ran.stderr.contains("note: `b ob` "), "{}", ran.stderr);
    assert!(ran.stderr.contains("note: `row 4` "), "{}", ran.stderr);
    assert_eq!(rows(path, LEDGER), [4, 4, 0, 0, 0, 0]);
    assert_eq!(service.calls("CreateUser", "executed"), 4);
}

#[test]
fn a_row_renamed_in_the_failed_file_is_sent_under_its_new_name_and_the_others_stay() {
    let service = Service::start(&[]);
    let (folder, ran) = two_refused(&service);
    let path = folder.path();
    // Only bob is taken up; cid's row is deleted from the file, and stays rejected.
    let text = read(path, FAILED);
    let kept: String = text.split_inclusive('\n').filter(|line| !line.contains("cid")).collect();
    fs::write(path.join(FAILED), kept).unwrap();
    edit(
        path,
        FAILED,
        "bob@example.com,,bob,Ghost",
        "bob@example.com,Canary-bob-2,robert,Basic Routing Profile",
    );
    let ran = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(1);
    assert!(
        ran.stderr.contains("note: `bob` is gone from the roster and was never created: dropped"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("note: `cid`"), "{}", ran.stderr);
    assert_eq!(rows(path, LEDGER), [3, 2, 0, 1, 0, 0]);
    assert!(ran.stdout.starts_with("2 of 3 rows created, 1 rejected; 1 CreateUser call,"), "{ran:?}");
    assert!(
        ran.stderr.ends_with(
            "retry roster.csv.ledger.jsonl --directory directory.json --rate 1000 --concurrency 4\n"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn whoever_was_renamed_in_the_failed_file_is_not_made_a_second_time_by_the_roster_that_has_the_old_name() {
    let service = Service::start(&[]);
    let (folder, ran) = two_refused(&service);
    let path = folder.path();
    let was = read(path, "roster.csv");
    edit(path, FAILED, "bob@example.com,,bob", "bob@example.com,,rob");
    edit(path, FAILED, "bob@example.com,,", "bob@example.com,Canary-bob-2,");
    type_password(path, FAILED, "cid");
    // Once more under a name that is mended a second time, for the profile is refused still.
    let again = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(1);
    let second = table(path, "roster.csv.failed.2.csv");
    assert_eq!(second[0]["headcount user"], "rob");
    assert_eq!(second[0]["headcount row"], "3", "of the first roster");
    edit(path, "roster.csv.failed.2.csv", "Ghost", "Basic Routing Profile");
    edit(path, "roster.csv.failed.2.csv", "bob@example.com,,rob", "bob@example.com,Canary-bob-2,robert");
    type_password(path, "roster.csv.failed.2.csv", "cid");
    run(&mut pasted(&service.headcount(path), &printed(&again))).exits(0);
    assert_eq!((rows(path, LEDGER), service.calls("CreateUser", "executed")), ([3, 3, 0, 0, 0, 0], 3));

    // In the roster nobody has mended anything, but that one is new.
    fs::write(path.join("roster.csv"), was + &row("dan", "Basic Routing Profile") + "\n").unwrap();
    let flags = [&FLAGS[..], &["--directory", "directory.json"]].concat();
    let ran = run(&mut service.import(path, "roster.csv", &flags)).exits(0);
    assert!(ran.stderr.contains("1 to create, 3 done"), "{}", ran.stderr);
    let told = "note: `bob` goes by `robert` since a file of failed rows renamed it: no second user is made";
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert!(!ran.stderr.contains("gone from the roster"), "{}", ran.stderr);
    assert_eq!((rows(path, LEDGER), service.calls("CreateUser", "executed")), ([4, 4, 0, 0, 0, 0], 4));
    let retry = [LEDGER, "--directory", "directory.json", "--rate", "1000"];
    let ran = run(service.headcount(path).arg("retry").args(retry)).exits(0);
    assert!(ran.stderr.contains(told), "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "executed"), 4);

    let report = run(headcount(path).args(["report", LEDGER, "--format", "csv"])).exits(0);
    let lines =
        report.stdout.lines().skip(1).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(","));
    let expected = ["\"2\",\"ann\"", "\"4\",\"cid\"", "\"3\",\"robert\"", "\"5\",\"dan\""];
    let (mut told, mut expected) = (lines.collect::<Vec<_>>(), expected.to_vec());
    told.sort();
    expected.sort();
    assert_eq!(told, expected);
}

#[test]
fn a_mended_password_alone_is_not_seen_by_import_and_is_sent_by_retry() {
    let first = Service::start(&[]);
    let folder = folder(&[]);
    let path = folder.path();
    directory_with_ghost(path, &first);
    fs::write(path.join("roster.csv"), roster(&[row("ann", "Ghost")])).unwrap();
    let flags = [&FLAGS[..], &["--directory", "directory.json"]].concat();
    run(&mut first.import(path, "roster.csv", &flags)).exits(1);
    edit(path, "roster.csv", "Canary-ann-1", "Canary-ann-2");
    run(&mut first.import(path, "roster.csv", &flags)).exits(1);
    assert_eq!(first.calls("CreateUser", "called"), 1, "nothing to see for an import");
    let retry = ["retry", LEDGER, "--directory", "directory.json"];
    run(first.headcount(path).args(retry)).exits(1);
    assert_eq!(first.calls("CreateUser", "called"), 2, "the retry sends it");
}

#[test]
fn a_name_that_is_taken_is_retried_by_its_code_once_the_other_user_is_gone() {
    let service = Service::start(&[]);
    let folder = folder(&[]);
    let path = folder.path();
    let (ann, bob) = (row("ann", "Basic Routing Profile"), row("bob", "Basic Routing Profile"));
    fs::write(path.join("theirs.csv"), roster(&[ann.replace("Last", "Other")])).unwrap();
    run(&mut service.import(path, "theirs.csv", &FLAGS)).exits(0);
    fs::write(path.join("roster.csv"), roster(&[ann, bob])).unwrap();
    run(&mut service.import(path, "roster.csv", &FLAGS)).exits(1);
    assert_eq!(rows(path, LEDGER), [2, 1, 1, 0, 0, 0]);
    assert_eq!(table(path, FAILED)[0]["headcount state"], "exists");
    let calls = service.calls("CreateUser", "called");
    run(service.headcount(path).args(["retry", LEDGER])).exits(1);
    assert_eq!(service.calls("CreateUser", "called"), calls, "not without being asked for");
    delete_user(&service, "ann");
    let code = table(path, FAILED)[0]["headcount code"].as_str().unwrap().to_owned();
    assert_eq!(code, "DuplicateResourceException");
    run(service.headcount(path).args(["retry", LEDGER, "--code", "SomeOtherException"])).exits(1);
    assert_eq!(service.calls("CreateUser", "called"), calls, "not of another code");
    let ran = run(service.headcount(path).args(["retry", LEDGER, "--code", &code])).exits(0);
    assert_eq!(rows(path, LEDGER), [2, 2, 0, 0, 0, 0]);
    assert!(ran.stderr.contains("removed `roster.csv.failed.csv`"), "{}", ran.stderr);
    assert!(!path.join(FAILED).exists(), "it would mislead");
}

#[test]
fn an_untouched_copy_is_replaced_and_one_with_work_in_it_is_not() {
    let service = Service::start(&[]);
    let (folder, _) = two_refused(&service);
    let path = folder.path();
    let again = || {
        let retry = ["retry", LEDGER, "--directory", "directory.json"];
        run(service.headcount(path).args(retry)).exits(1)
    };
    let before = read(path, FAILED);
    let ran = again();
    assert!(!path.join("roster.csv.failed.2.csv").exists() && printed(&ran).contains(FAILED), "replaced");
    assert_eq!(read(path, FAILED), before);

    // A copy that stands further down, as where a spreadsheet had the first one open.
    fs::rename(path.join(FAILED), path.join("roster.csv.failed.3.csv")).unwrap();
    let ran = again();
    assert!(printed(&ran).contains(FAILED) && read(path, FAILED) == before, "{}", ran.stderr);
    assert!(!path.join("roster.csv.failed.3.csv").exists(), "it would be there for good");
    let removed = "removed `roster.csv.failed.3.csv`: the rows that have failed are in the new one";
    assert!(ran.stderr.contains(removed), "{}", ran.stderr);

    // A password, a mended cell, a file of other columns, and no file at all.
    type_password(path, FAILED, "bob");
    let worked_on = read(path, FAILED);
    let ran = again();
    assert!(ran.stderr.contains("`roster.csv.failed.csv` is not overwritten"), "{}", ran.stderr);
    assert!(printed(&ran).contains("--roster roster.csv.failed.2.csv"), "{}", ran.stderr);
    edit(path, "roster.csv.failed.2.csv", "Ghost", "Basic Routing Profile");
    fs::write(path.join("roster.csv.failed.3.csv"), "user login,password\nann,\n").unwrap();
    fs::create_dir(path.join("roster.csv.failed.4.csv")).unwrap();
    let ran = again();
    assert!(printed(&ran).contains("--roster roster.csv.failed.5.csv"), "{}", ran.stderr);
    assert_eq!(ran.stderr.matches("is not overwritten").count(), 4, "{}", ran.stderr);
    assert_eq!(read(path, FAILED), worked_on);
    assert_eq!(read(path, "roster.csv.failed.3.csv"), "user login,password\nann,\n");
    again();
    assert!(!path.join("roster.csv.failed.6.csv").exists());
}

#[test]
fn the_file_that_is_read_is_never_written() {
    let service = Service::start(&[]);
    let (folder, ran) = two_refused(&service);
    let path = folder.path();
    type_password(path, FAILED, "bob");
    type_password(path, FAILED, "cid");
    edit(
        path,
        FAILED,
        "cid@example.com,Canary-cid-2,cid,Ghost",
        "cid@example.com,Canary-cid-2,cid,Basic Routing Profile",
    );
    let before = read(path, FAILED);
    let ran = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(1);
    assert_eq!(read(path, FAILED), before);
    let second = table(path, "roster.csv.failed.2.csv");
    assert_eq!(second.len(), 1);
    assert_eq!((&second[0]["user login"], &second[0]["password"]), (&json!("bob"), &json!("")));
    assert!(!read(path, "roster.csv.failed.2.csv").contains("Canary"));
    let columns = second[0].as_object().unwrap().keys().filter(|name| name.starts_with("headcount ")).count();
    assert_eq!(columns, 6, "reasons are not doubled");
    // And on from there.
    let next = "roster.csv.failed.2.csv";
    type_password(path, next, "bob");
    edit(path, next, "Ghost", "Basic Routing Profile");
    run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(0);
}

#[test]
fn a_failed_file_of_another_ledger_is_refused() {
    let service = Service::start(&[]);
    let (one, _) = two_refused(&service);
    let folder = folder(&[]);
    let path = folder.path();
    let other = roster(&[row("eve", "Basic Routing Profile"), row("no name", "Basic Routing Profile")]);
    fs::write(path.join("roster.csv"), other).unwrap();
    let flags = [&FLAGS[..], &["--skip-invalid"]].concat();
    run(&mut service.import(path, "roster.csv", &flags)).exits(1);
    fs::copy(one.path().join(FAILED), path.join("theirs.csv")).unwrap();
    edit(path, "theirs.csv", "Ghost", "Basic Routing Profile");
    type_password(path, "theirs.csv", "bob");
    type_password(path, "theirs.csv", "cid");
    let calls = service.calls("CreateUser", "called");
    let ran = run(service.headcount(path).args(["retry", LEDGER, "--roster", "theirs.csv"])).exits(4);
    assert!(ran.stderr.contains("of another run"), "{}", ran.stderr);
    assert_eq!(service.calls("CreateUser", "called"), calls);
}

#[test]
fn rows_that_retry_was_not_asked_for_stay_pending_and_the_import_command_is_printed() {
    let service = Service::start(&["--users-quota", "2"]);
    let (folder, _) = two_refused(&service);
    let path = folder.path();
    let profile = "Basic Routing Profile";
    let more = [
        row("ann", profile),
        row("bob", "Ghost"),
        row("cid", "Ghost"),
        row("dan", profile),
        row("eve", profile),
    ];
    fs::write(path.join("roster.csv"), roster(&more)).unwrap();
    let flags = ["--rate", "1000", "--concurrency", "1", "--directory", "directory.json"];
    run(&mut service.import(path, "roster.csv", &flags)).exits(4);
    assert_eq!(rows(path, LEDGER), [5, 2, 0, 2, 0, 1]);
    let roomy = Service::start(&[]);
    let retry = ["retry", LEDGER, "--directory", "directory.json", "--rate", "1000"];
    let ran = run(roomy.headcount(path).args(retry)).exits(4);
    assert!(ran.stderr.contains("1 row is pending, which retry does not send"), "{}", ran.stderr);
    let command = ran.stderr.lines().find_map(|line| line.strip_prefix("import with: ")).unwrap();
    assert!(command.contains(" import roster.csv --instance arn:aws:connect:"), "{command}");
    let ran = run(&mut pasted(&roomy.headcount(path), command)).exits(1);
    assert!(ran.stdout.starts_with("3 of 5 rows created, 2 rejected; 1 CreateUser call"), "{ran:?}");
}

#[test]
fn a_workbook_comes_back_as_a_workbook() {
    let service = Service::start(&[]);
    let folder = folder(&[]);
    let path = folder.path();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().set_name("Notes").unwrap().write_string(0, 0, "nothing").unwrap();
    let sheet = workbook.add_worksheet().set_name("Neue Leute").unwrap();
    for (at, cell) in (0..).zip(HEADER.split(',').chain(["Cost centre"])) {
        sheet.write_string(2, at, cell).unwrap();
    }
    let profile = "Basic Routing Profile";
    for (line, text) in
        (3..).zip([row("ann", profile), row("b_x0041_!", profile), row("cid", profile) + "030"])
    {
        for (at, cell) in (0..).zip(text.split(',').chain(["=1+1"])) {
            sheet.write_string(line, at, cell).unwrap();
        }
    }
    workbook.save(path.join("new hires.xlsx")).unwrap();
    let flags = [&FLAGS[..], &["--skip-invalid", "--sheet", "Neue Leute"]].concat();
    let ran = run(&mut service.import(path, "new hires.xlsx", &flags)).exits(1);
    let failed = "new hires.xlsx.failed.xlsx";
    let command = printed(&ran);
    let quote = if cfg!(windows) { "\"" } else { "'" };
    assert!(
        command.contains(
            &"retry 'new hires.xlsx.ledger.jsonl' --roster 'new hires.xlsx.failed.xlsx' --sheet 'Neue Leute'"
                .replace('\'', quote)
        ),
        "{command}"
    );
    let cells = sheet_of(&path.join(failed), "Neue Leute");
    assert_eq!(cells[0][8..10], ["Cost centre", "headcount state"]);
    assert_eq!((cells[1][4].as_str(), cells[1][3].as_str(), cells[1][8].as_str()), ("b_x0041_!", "", "=1+1"));
    assert_eq!((cells[2][7].as_str(), cells[2][12].as_str()), ("030", "6"));
    assert_eq!(cells.len(), 3);
    let raw = fs::read(path.join(failed)).unwrap();
    assert!(!unpacked(&raw).contains("Canary"), "no password");

    // Mended as a spreadsheet would.
    let mut mended = rust_xlsxwriter::Workbook::new();
    let sheet = mended.add_worksheet().set_name("Neue Leute").unwrap();
    for (line, row) in (0..).zip(&cells) {
        for (at, cell) in (0_u16..).zip(row) {
            let cell = match (line, at) {
                (1.., 3) => "Canary-new-9",
                (1, 2) => "bob@example.com",
                (1, 4) => "bob",
                (2, 7) => "+4930123456",
                _ => cell.as_str(),
            };
            sheet.write_string(line, at, cell).unwrap();
        }
    }
    mended.save(path.join(failed)).unwrap();
    run(&mut pasted(&service.headcount(path), &command)).exits(0);
    assert_eq!(rows(path, "new hires.xlsx.ledger.jsonl"), [3, 3, 0, 0, 0, 0]);
}

fn sheet_of(path: &Path, name: &str) -> Vec<Vec<String>> {
    use calamine::Reader as _;
    let mut workbook: calamine::Xlsx<_> = calamine::open_workbook(path).unwrap();
    let range = workbook.worksheet_range(name).unwrap();
    range.rows().map(|row| row.iter().map(ToString::to_string).collect()).collect()
}

/// All parts of a workbook as one text.
fn unpacked(bytes: &[u8]) -> String {
    use std::io::Read as _;
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut text = String::new();
    for at in 0..archive.len() {
        archive.by_index(at).unwrap().read_to_string(&mut text).unwrap();
    }
    text
}

#[test]
fn a_foreign_export_comes_back_in_its_own_columns_and_the_printed_command_reads_it() {
    let folder = folder(&["hr-export.csv", "hr-export.toml"]);
    let path = folder.path();
    fs::rename(path.join("hr-export.csv"), path.join("it's new; hires.csv")).unwrap();
    let bytes = fs::read(path.join("it's new; hires.csv")).unwrap();
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let broken = text.replacen("zoe.mueller;Lantern-Reef-7", "zoe mueller;Lantern-Reef-7", 1);
    assert_ne!(text, broken);
    fs::write(path.join("it's new; hires.csv"), broken.chars().map(|c| c as u8).collect::<Vec<_>>()).unwrap();
    let mut import = headcount(path);
    import.args([
        "import",
        "it's new; hires.csv",
        "--simulate",
        "--skip-invalid",
        "--columns",
        "hr-export.toml",
    ]);
    import.args(["--encoding", "windows-1252", "--seed", "3"]);
    let ran = run(&mut import).exits(1);
    let name = "it's new; hires.csv.simulate.failed.csv";
    let failed = table(path, name);
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["Nachname"], &failed[0]["Kennwort"]), (&json!("Müller"), &json!("")));
    assert!(read(path, name).lines().next().unwrap().contains("Eintritt;headcount state"));
    let command = printed(&ran);
    assert!(!command.contains("--encoding") && command.contains("--columns hr-export.toml"), "{command}");
    edit(path, name, "zoe mueller;;", "zoe.mueller;Lantern-Reef-7;");
    let ran = run(&mut pasted(&headcount(path), &command)).exits(0);
    assert!(ran.stdout.contains("; 1 CreateUser call,"), "the same world: {ran:?}");
    assert!(!path.join(format!("{name}.simulate.world.jsonl")).exists(), "no second world");
}

#[test]
fn an_untouched_copy_of_a_foreign_export_is_replaced_too() {
    let folder = folder(&["hr-export.csv", "hr-export.toml"]);
    let path = folder.path();
    let bytes = fs::read(path.join("hr-export.csv")).unwrap();
    let text: String = bytes.iter().map(|&byte| char::from(byte)).collect();
    let broken = text.replacen("zoe.mueller;Lantern", "zoe mueller;Lantern", 1);
    fs::write(path.join("hr-export.csv"), broken.chars().map(|c| c as u8).collect::<Vec<_>>()).unwrap();
    for _ in 0..2 {
        let mut import = headcount(path);
        import.args([
            "import",
            "hr-export.csv",
            "--simulate",
            "--skip-invalid",
            "--columns",
            "hr-export.toml",
        ]);
        run(&mut import).exits(1);
    }
    let copies = fs::read_dir(path)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains(".failed."));
    assert_eq!(copies.count(), 1);
}

#[test]
fn no_cell_of_the_failed_file_is_a_formula_and_names_are_understood_when_they_come_back() {
    let folder = folder(&[]);
    let path = folder.path();
    let service = Service::start(&[]);
    let users = ["=1+1", "+x y", "-x y", "@x y", "'=x y", "\tx y", "x \"y\",\nz"];
    let mut writer = csv::Writer::from_path(path.join("roster.csv")).unwrap();
    writer.write_record(HEADER.split(',')).unwrap();
    for user in users.into_iter().chain(["ann"]) {
        writer
            .write_record([
                "=cmd()",
                "L",
                "e@example.com",
                "Canary-x-1",
                user,
                "Basic Routing Profile",
                "Agent",
                "",
            ])
            .unwrap();
    }
    writer.flush().unwrap();
    drop(writer);
    let flags = [&FLAGS[..], &["--skip-invalid"]].concat();
    let ran = run(&mut service.import(path, "roster.csv", &flags)).exits(1);
    let failed = table(path, FAILED);
    let own: Vec<_> = failed.iter().map(|row| row["user login"].as_str().unwrap()).collect();
    let guarded = users.map(|user| if user.starts_with('x') { user.to_owned() } else { format!("'{user}") });
    assert_eq!(own, guarded);
    for row in &failed {
        assert_eq!(row["first name"], "'=cmd()");
        for (name, cell) in row.as_object().unwrap() {
            let first = cell.as_str().unwrap().chars().next();
            assert!(!first.is_some_and(|c| "=+-@\t\r\n".contains(c)), "{name}: {cell}");
        }
    }
    assert_eq!(failed[0]["headcount user"], "'=1+1");
    // The names are understood when they come back: each is known as the one it was.
    let mut mended = read(path, FAILED).replace("e@example.com,,", "e@example.com,Canary-x-2,");
    for (at, user) in guarded.into_iter().enumerate() {
        let cell = if user.contains('"') { "\"x \"\"y\"\",\nz\"".to_owned() } else { user };
        mended =
            mended.replacen(&format!("Canary-x-2,{cell},Basic"), &format!("Canary-x-2,user{at},Basic"), 1);
    }
    fs::write(path.join(FAILED), mended).unwrap();
    let ran = run(&mut pasted(&service.headcount(path), &printed(&ran))).exits(0);
    assert!(ran.stdout.starts_with("8 of 8 rows created"), "{ran:?}");
}

#[test]
fn rows_of_the_failed_file_that_nobody_has_taken_up_stand_as_they_stood() {
    let service = Service::start(&[]);
    let (folder, ran) = two_refused(&service);
    let path = folder.path();
    type_password(path, FAILED, "bob");
    edit(path, FAILED, "cid@example.com,,cid,Ghost", "cid@example.com,,cid,Ghost"); // as it was
    edit(path, FAILED, "Canary-bob-2,bob,Ghost", "Canary-bob-2,bob,Basic Routing Profile");
    let command = printed(&ran) + " --skip-invalid";
    let ran = run(&mut pasted(&service.headcount(path), &command)).exits(1);
    assert!(ran.stdout.starts_with("2 of 3 rows created, 1 rejected; 1 CreateUser call,"), "{ran:?}");
    assert_eq!(rows(path, LEDGER), [3, 2, 0, 1, 0, 0]);
    let second = table(path, "roster.csv.failed.2.csv");
    assert_eq!(second.len(), 1);
    assert_eq!(
        (&second[0]["headcount user"], &second[0]["headcount state"]),
        (&json!("cid"), &json!("rejected"))
    );
    assert_ne!(second[0]["headcount code"], "password-blanked", "the reason is still the service's");
}

#[test]
fn a_cell_that_is_no_text_stays_what_it_is_in_a_workbook() {
    let service = Service::start(&[]);
    let folder = folder(&[]);
    let path = folder.path();
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (at, cell) in (0..).zip(HEADER.split(',').chain(["mobile"])) {
        sheet.write_string(0, at, cell).unwrap();
    }
    for (line, user) in (1..).zip(["ann", "bob", "cid", "dan"]) {
        for (at, cell) in (0..).zip(row(user, "Basic Routing Profile").split(',')) {
            sheet.write_string(line, at, cell).unwrap();
        }
    }
    sheet.write_number(1, 8, 493_023_125_042.0).unwrap(); // a mobile number that a spreadsheet took for a number
    sheet.write_number(2, 3, 12_345_678.0).unwrap(); // a password too: it is left out whatever it is
    sheet.write_number_with_format(3, 1, 46_000.25, &date).unwrap();
    sheet.write_formula(4, 0, rust_xlsxwriter::Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
    workbook.save(path.join("roster.xlsx")).unwrap();
    let flags = [&FLAGS[..], &["--skip-invalid"]].concat();
    let validate = |name: &str| {
        let ran = run(headcount(path).args(["validate", name, "--format", "json"])).exits(3);
        let found: Value = serde_json::from_str(&ran.stdout).unwrap();
        let findings = found["findings"].as_array().unwrap().clone();
        let told = |finding: &Value| format!("{} {} {}", finding["row"], finding["code"], finding["value"]);
        findings.iter().map(told).collect::<Vec<_>>()
    };
    let before = validate("roster.xlsx");
    for code in
        ["2 \"number-not-text\" \"493023125042\"", "4 \"date-not-text\"", "5 \"cell-error\" \"#DIV/0!\""]
    {
        assert!(before.iter().any(|finding| finding.starts_with(code)), "{code}: {before:?}");
    }
    // A user of whom every row is invalid: nothing is sent, and all of them come back.
    run(&mut service.import(path, "roster.xlsx", &flags)).exits(1);
    let mut after = validate("roster.xlsx.failed.xlsx");
    after.retain(|finding| !finding.contains("password-blanked"));
    let expected: Vec<_> = before.into_iter().filter(|finding| !finding.contains("[hidden]")).collect();
    assert_eq!(after, expected);
    let raw = fs::read(path.join("roster.xlsx.failed.xlsx")).unwrap();
    assert!(!unpacked(&raw).contains("12345678"), "a password is left out whatever it is");
}

#[test]
fn a_rehearsal_with_a_ledger_of_any_name_is_retried_as_a_rehearsal() {
    let folder = folder(&[]);
    let path = folder.path();
    let rows_of = [row("ann", "Night Shift"), row("b ob", "Tag|es"), row("cid", "Night Shift")];
    fs::write(path.join("roster.csv"), roster(&rows_of)).unwrap();
    let mut import = headcount(path);
    // A name that begins with a dash is the hardest to print.
    import.args(["import", "roster.csv", "--simulate", "--ledger=-l.jsonl", "--skip-invalid"]);
    let ran = run(&mut import).exits(1);
    let name = "roster.csv.simulate.failed.csv";
    edit(path, name, "b ob@example.com,,b ob,Tag|es", "bob@example.com,Canary-bob-2,bob,Day Shift");
    let ran = run(&mut pasted(&headcount(path), &printed(&ran))).exits(0);
    assert!(ran.stdout.starts_with("3 of 3 rows created; 1 CreateUser call,"), "{ran:?}");
    // The roster has the row as it was before it was mended, and whoever that is is there.
    let ran = run(headcount(path).args(["retry", "./-l.jsonl", "--skip-invalid"])).exits(0);
    assert!(ran.stderr.contains("embedded Connect"), "{}", ran.stderr);
    assert!(ran.stderr.contains("`b ob` goes by `bob`"), "{}", ran.stderr);
}

#[test]
fn a_cell_that_begins_like_a_formula_has_a_guard_in_the_failed_file_and_is_sent_as_it_was() {
    let (service, at) = (Service::start(&[]), folder(&[]));
    let path = at.path();
    let rows = [
        "=1+1,@Last,ana@example,Canary-ana-1,ana,Basic Routing Profile,Agent,+493012345678".to_owned(),
        "'=x,'t Hart,ben@example,=Canary-ben-1,ben,Basic Routing Profile,Agent,".to_owned(),
    ];
    fs::write(path.join("roster.csv"), roster(&rows)).unwrap();
    run(&mut service.import(path, "roster.csv", &[&FLAGS[..], &["--skip-invalid"]].concat())).exits(1);
    let failed = read(path, FAILED);
    for said in ["'=1+1,'@Last,", ",'+493012345678,", "''=x,''t Hart,"] {
        assert!(failed.contains(said), "{said}\n{failed}");
    }
    let mut reader = csv::Reader::from_reader(failed.trim_start_matches('\u{FEFF}').as_bytes());
    let cells =
        reader.records().flat_map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>());
    let risky: Vec<String> = cells.filter(|cell| cell.starts_with(['=', '+', '-', '@'])).collect();
    assert!(risky.is_empty(), "{risky:?}");
    // Untouched it is known as such, and written anew.
    run(&mut service.import(path, "roster.csv", &[&FLAGS[..], &["--skip-invalid"]].concat())).exits(1);
    assert!(!path.join("roster.csv.failed.2.csv").exists());
    edit(path, FAILED, "ana@example", "ana@example.com");
    edit(path, FAILED, "ben@example", "ben@example.com");
    for user in ["ana", "ben"] {
        edit(path, FAILED, &format!(",,{user},"), &format!(",=Canary-{user}-1,{user},"));
    }
    run(service.headcount(path).args(["retry", LEDGER, "--roster", FAILED])).exits(0);
    // What was made is what the roster had, cell by cell.
    let mended = roster(&rows).replace("@example,", "@example.com,");
    fs::write(path.join("mended.csv"), mended).unwrap();
    let mut diff = service.headcount(path);
    diff.args(["diff", "mended.csv", "--instance", &service.arn]);
    let ran = run(&mut diff).exits(0);
    assert!(ran.stdout.contains("2 as they should be"), "{}", ran.stdout);
}
