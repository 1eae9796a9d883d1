//! Ledgers that machines share, against other people's DynamoDB: each test on every one that can be had here.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Ran, Service, Watched, folder, run};
use crate::tables::{Gate, Tables, all};

/// A server of tables, an instance, and a folder with the sample.
struct Stage {
    tables: &'static Tables,
    service: Service,
    folder: TempDir,
    table: String,
}

/// The same on each server of tables, with a table of its own name.
fn on_each(name: &str, test: impl Fn(&Stage)) {
    for tables in all() {
        let stage = Stage {
            tables,
            service: Service::start(&[]),
            folder: folder(&["roster.csv"]),
            table: format!("dynamodb://{name}"),
        };
        stage.ledger(&["create", &stage.table]).exits(0);
        test(&stage);
    }
}

impl Stage {
    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn headcount(&self) -> Command {
        let mut command = self.service.headcount(self.path());
        self.tables.reached_by(&mut command);
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        run(self.headcount().args(words))
    }

    fn ledger(&self, words: &[&str]) -> Ran {
        run(self.headcount().arg("ledger").args(words))
    }

    /// An import of the sample with this ledger.
    fn import(&self, ledger: &str, more: &[&str]) -> Command {
        let mut command = self.headcount();
        let instance = ["--instance", &self.service.arn, "--ledger", ledger];
        command.args(["import", "roster.csv"]).args(instance).args(more);
        command
    }

    /// Waits until a table is made: that takes a moment.
    fn until_active(&self, table: &str) {
        let body = json!({"TableName": table.strip_prefix("dynamodb://").unwrap()});
        let is_active =
            |_: &u32| self.tables.call("DescribeTable", &body).1["Table"]["TableStatus"] == "ACTIVE";
        assert!((0..10_000_u32).any(|look| is_active(&look)), "{table}");
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{name}", self.table)
    }

    fn status(&self, ledger: &str) -> Value {
        json_of(&self.run(&["status", ledger, "--format", "json"]).exits(0))
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path().join(file)).unwrap()
    }
}

fn json_of(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap()
}

/// The same without who is at work.
fn without_owner(mut status: Value) -> Value {
    let members = status.as_object_mut().unwrap();
    for of_work in ["owner", "pace"] {
        members.remove(of_work);
    }
    status
}

#[test]
fn a_table_is_made_once_and_looked_at_after_that() {
    on_each("made", |stage| {
        let again = stage.ledger(&["create", &stage.table]).exits(0);
        assert!(again.stdout.contains("the table `made` is there"), "{}", again.stdout);
        assert!(again.stdout.contains("--ledger dynamodb://made\n"), "{}", again.stdout);
        // What this one cannot set is said, and is no failure.
        let is_said = again.stdout.contains("restorable") || again.stderr.contains("restored");
        assert!(is_said, "{}: {}{}", stage.tables.name, again.stdout, again.stderr);
        stage.ledger(&["create", &stage.url("run")]).exits(2);
        let of_another = json!({
            "TableName": "another", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        });
        assert_eq!(stage.tables.call("CreateTable", &of_another).0, 200);
        let refused = stage.ledger(&["create", "dynamodb://another"]).exits(4);
        assert!(refused.stderr.contains("none for ledgers"), "{}", refused.stderr);
        let empty = stage.ledger(&["list", &stage.table]).exits(0);
        assert_eq!(empty.stdout, "no runs yet\n");
        // Whoever only looks is told so as well, and not that there is nothing yet.
        for (name, keys) in [
            ("partition-alone", &[("pk", "S", "HASH")][..]),
            ("numbered", &[("pk", "S", "HASH"), ("sk", "N", "RANGE")]),
        ] {
            let attribute =
                |(name, kind, _): &(&str, &str, &str)| json!({"AttributeName": name, "AttributeType": kind});
            let key = |(name, _, of): &(&str, &str, &str)| json!({"AttributeName": name, "KeyType": of});
            let table = json!({
                "TableName": name, "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": keys.iter().map(attribute).collect::<Vec<_>>(),
                "KeySchema": keys.iter().map(key).collect::<Vec<_>>(),
            });
            assert_eq!(stage.tables.call("CreateTable", &table).0, 200);
        }
        for table in ["another", "partition-alone", "numbered"] {
            // moto finds nothing by a key of another type, where DynamoDB refuses to look.
            if table == "numbered" && stage.tables.name == "moto" {
                continue;
            }
            let table = format!("dynamodb://{table}");
            stage.until_active(&table);
            let url = format!("{table}/run");
            for words in [
                &["ledger", "list", &table][..],
                &["status", &url],
                &["report", &url],
                &["ledger", "pull", &url, "-o", "pulled.jsonl"],
            ] {
                let refused = stage.run(words).exits(4);
                assert!(
                    refused.stderr.contains("the table is none for ledgers"),
                    "{words:?}: {}",
                    refused.stderr
                );
                assert!(
                    refused.stderr.contains("\nhint: give the table that `headcount ledger create` made"),
                    "{}",
                    refused.stderr
                );
            }
        }
        let missing = stage.ledger(&["list", "dynamodb://missing?region=eu-west-1"]).exits(4);
        let made = "make it with: headcount ledger create 'dynamodb://missing?region=eu-west-1'\n";
        let made = if cfg!(windows) { made.replace('\'', "\"") } else { made.to_owned() };
        assert!(missing.stderr.contains(&made), "{}", missing.stderr);
    });
}

#[test]
fn a_run_in_a_table_is_shown_reported_listed_and_pulled_as_one_in_a_file() {
    on_each("shown", |stage| {
        // Without a name it has the roster's and the instance's.
        let id = stage.service.arn.rsplit('/').next().unwrap();
        let url = stage.url(&format!("roster@{id}"));
        run(&mut stage.import(&stage.table, &["--rate", "1000"])).exits(0);
        assert_eq!(fs::read_dir(stage.path()).unwrap().count(), 1, "nothing is beside the roster");
        let status = stage.status(&url);
        assert_eq!(status["rows"]["created"], 25);
        assert_eq!(status.get("owner"), None, "nobody is at work");

        let pulled = stage.ledger(&["pull", &url, "-o", "l.jsonl"]).exits(0);
        assert!(pulled.stderr.contains("25 of 25 rows done"), "{}", pulled.stderr);
        stage.ledger(&["pull", &url, "-o", "l.jsonl"]).exits(2);
        let stdout = stage.ledger(&["pull", &url, "-o", "-"]).exits(2);
        assert!(stdout.stderr.contains("written into no file of this name: `-`"), "{}", stdout.stderr);
        assert!(!stage.path().join("-").exists());
        stage.ledger(&["pull", &stage.url("nobody"), "-o", "n.jsonl"]).exits(2);
        assert_eq!(stage.status("l.jsonl"), status);
        let lines = stage.read("l.jsonl");
        let mut query = json!({
            "TableName": "shown", "ConsistentRead": true,
            "KeyConditionExpression": "pk = :p AND begins_with(sk, :s)",
            "ExpressionAttributeValues": {
                ":p": {"S": format!("run#{}", status["run"].as_str().unwrap())}, ":s": {"S": "seg#"},
            },
        });
        let (_, found) = stage.tables.call("Query", &query);
        let segments = found["Items"].as_array().unwrap().iter();
        let segments: String = segments.map(|item| item["lines"]["S"].as_str().unwrap_or_default()).collect();
        assert_eq!(lines, segments);
        query["ExpressionAttributeValues"][":p"] = json!({"S": "names"});
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(stage.path().join("l.jsonl")).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        for of in [&url, "l.jsonl"] {
            stage.run(&["report", of, "--format", "csv", "-o", &format!("{}.csv", of.len())]).exits(0);
        }
        assert_eq!(stage.read(&format!("{}.csv", url.len())), stage.read("7.csv"));

        let list = json_of(&stage.ledger(&["list", &stage.table, "--format", "json"]).exits(0));
        let of = &list["runs"][0];
        assert_eq!((&of["url"], &of["run"]), (&json!(url), &status["run"]));
        assert_eq!((&of["command"], &of["rows"]), (&json!("import"), &status["rows"]));
        let list = stage.ledger(&["list", &stage.table]).exits(0).stdout;
        assert!(list.contains("25 of 25") && list.contains("nobody"), "{list}");

        // The same command has nothing to do, and another name for the same roster is refused.
        run(&mut stage.import(&stage.table, &[])).exits(0);
        let other = run(&mut stage.import(&stage.url("other"), &[])).exits(4);
        assert!(other.stderr.contains(&format!("join it with --ledger {url}")), "{}", other.stderr);
        assert_eq!(stage.service.calls("CreateUser", "executed"), 25);
        let undo = stage.run(&["undo", &url, "--dry-run"]).exits(0);
        assert!(undo.stdout.contains("25 users would be deleted"), "{}{}", undo.stdout, undo.stderr);
        stage.run(&["retry", &url, "--dry-run"]).exits(0);
    });
}

#[test]
fn a_rehearsal_is_never_kept_in_a_table() {
    for words in [
        &["import", "roster.csv", "--simulate", "--ledger", "dynamodb://runs"][..],
        &["import", "roster.csv", "--simulate", "--ledger", "dynamodb://runs/n"],
        &["update", "roster.csv", "--simulate", "--ledger", "dynamodb://runs"],
        &["remove", "roster.csv", "--simulate", "--ledger", "dynamodb://runs"],
    ] {
        let folder = folder(&["roster.csv"]);
        let ran = run(crate::harness::headcount(folder.path()).args(words)).exits(2);
        assert!(ran.stderr.contains("a rehearsal has no shared ledger"), "{words:?}: {}", ran.stderr);
    }
}

#[test]
fn who_was_killed_is_gone_on_with_and_who_is_at_work_is_left() {
    on_each("killed", |stage| {
        let url = stage.url("run");
        let slowly = ["--rate", "0.5", "--burst", "1", "--format", "json"];
        let mut first = Watched::start(&mut stage.import(&url, &slowly));
        first.until_created(2);
        // Who comes second sees that it goes on, and leaves it.
        let second = run(&mut stage.import(&url, &[])).exits(4);
        let pid = first.child.id();
        assert!(second.stderr.contains(&format!("in use by process {pid} on ")), "{}", second.stderr);
        assert!(second.stderr.contains("of 25 rows are done"), "{}", second.stderr);
        // What to type is said whole, to be pasted.
        let own = format!("headcount import roster.csv --instance {} --ledger {url}", stage.service.arn);
        let lines: Vec<&str> = second.stderr.lines().collect();
        let [look, wait, ask] = lines[lines.len() - 3..] else { panic!("{}", second.stderr) };
        let see = "hint: nothing was sent; see how far it is with: ";
        assert_eq!(look, format!("{see}headcount status {url}"));
        assert!(wait.starts_with("wait until it ends or dies with: "), "{wait}");
        assert!(wait.ends_with(&format!("{own} --wait")), "{wait}");
        assert!(ask.starts_with("ask it to hand over with: "), "{ask}");
        assert!(ask.ends_with(&format!("{own} --take-over")), "{ask}");
        let undo = stage.run(&["undo", &url, "--yes"]).exits(4);
        assert!(undo.stderr.contains(&format!("headcount undo {url} --yes --wait\n")), "{}", undo.stderr);
        let shown = stage.status(&url);
        assert_eq!(shown["owner"]["process"], pid);
        let human = stage.run(&["status", &url]).exits(0).stdout;
        assert!(human.contains(&format!("process {pid} on ")) && human.contains("last heard of"), "{human}");
        let listed = json_of(&stage.ledger(&["list", &stage.table, "--format", "json"]).exits(0));
        assert_eq!(listed["runs"][0]["owner"]["process"], pid);
        let pulled = stage.ledger(&["pull", &url, "-o", "under-way.jsonl"]).exits(0);
        assert!(pulled.stderr.contains("is at work"), "{}", pulled.stderr);
        first.kill();

        // Nobody waits for whether it is dead where that is said.
        let ran = run(&mut stage.import(&url, &["--take-over=now", "--rate", "1000"])).exits(0);
        assert!(ran.stdout.contains("25 of 25 rows"), "{}{}", ran.stdout, ran.stderr);
        let status = stage.status(&url);
        assert_eq!((&status["rows"]["created"], &status["complete"]), (&json!(25), &json!(true)));
        // Each once, whatever was sent twice.
        assert_eq!(stage.service.calls("CreateUser", "executed"), 25);
        stage.ledger(&["pull", &url, "-o", "whole.jsonl"]).exits(0);
        assert_eq!(without_owner(stage.status("whole.jsonl")), without_owner(status));
        assert!(stage.read("whole.jsonl").starts_with(&stage.read("under-way.jsonl")), "it is the same log");
    });
}

#[test]
fn nobody_at_work_is_stopped_for_another_roster() {
    on_each("others", |stage| {
        let url = stage.url("run");
        let mut first =
            Watched::start(&mut stage.import(&url, &["--rate", "0.5", "--burst", "1", "--format", "json"]));
        first.until_created(1);
        // A colleague's copy of the roster is an older one.
        let other = folder(&["roster.csv"]);
        let roster = stage.read("roster.csv").replacen(",Customer Care,", ",Sales,", 1);
        fs::write(other.path().join("roster.csv"), roster).unwrap();
        for how in ["--take-over", "--take-over=now", "--wait"] {
            let ran = run(stage.import(&url, &[how]).current_dir(other.path())).exits(4);
            assert!(
                ran.stderr.contains("not the one that the run was planned with"),
                "{how}: {}",
                ran.stderr
            );
            assert!(!ran.stderr.contains("hand over"), "{how}: {}", ran.stderr);
        }
        assert!(first.child.try_wait().unwrap().is_none(), "it is at work still");
        // With the same roster it is handed over, and whoever let go of it is not told to take it back.
        let ran = run(&mut stage.import(&url, &["--take-over", "--rate", "1000"])).exits(0);
        assert!(ran.stdout.contains("25 of 25 rows"), "{}{}", ran.stdout, ran.stderr);
        assert_eq!(first.child.wait().unwrap().code(), Some(4));
        assert_eq!(stage.service.calls("CreateUser", "executed"), 25);
    });
}

#[test]
fn a_new_run_is_told_of_what_the_table_has_of_its_instance() {
    on_each("told", |stage| {
        let (url, other) = (stage.url("first"), stage.url("second"));
        let mut first =
            Watched::start(&mut stage.import(&url, &["--rate", "0.5", "--burst", "1", "--format", "json"]));
        first.until_created(1);
        // Of the same roster it is no run of its own, and its plan says so already.
        for words in [&["--dry-run"][..], &[]] {
            let ran = run(&mut stage.import(&other, words)).exits(4);
            assert!(
                ran.stderr.contains("this roster is a run of the table already, `first`"),
                "{}",
                ran.stderr
            );
        }
        let roster = stage.read("roster.csv");
        let some: Vec<&str> = roster.lines().take(4).collect();
        fs::write(stage.path().join("roster.csv"), some.join("\n") + "\n").unwrap();
        let ran = run(&mut stage.import(&other, &["--dry-run"])).exits(0);
        let who = format!("process {} on ", first.child.id());
        assert!(ran.stderr.contains(&who) && ran.stderr.contains(&url), "{}", ran.stderr);
        assert!(ran.stderr.contains("is at work on this instance too"), "{}", ran.stderr);
        first.kill();
    });
}

#[test]
fn whoever_has_nothing_to_send_waits_for_no_part_of_the_rate() {
    on_each("nothing", |stage| {
        let url = stage.url("run");
        run(&mut stage.import(&url, &["--rate", "1000"])).exits(0);
        // Somebody died here without a word.
        let arn: Vec<&str> = stage.service.arn.split(':').collect();
        let lane = format!("lane#{}#{}", arn[4], arn[3]);
        let key = json!({"pk": {"S": lane}, "sk": {"S": "CreateUser"}});
        let (status, answer) = stage.tables.call("GetItem", &json!({"TableName": "nothing", "Key": key}));
        assert_eq!(status, 200, "{answer}");
        assert!(answer["Item"]["m"].is_object(), "{lane} is no lane: {answer}");
        let dead = json!({
            "TableName": "nothing", "Key": key, "UpdateExpression": "SET m.#d = :one",
            "ExpressionAttributeNames": {"#d": "process 1 on nowhere"},
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        });
        let (status, answer) = stage.tables.call("UpdateItem", &dead);
        assert_eq!(status, 200, "{answer}");
        let ran = run(&mut stage.import(&url, &[])).exits(0);
        assert!(!ran.stderr.contains("the rate is shared"), "{}", ran.stderr);
    });
}

#[test]
fn of_two_that_start_at_once_one_goes_on_and_the_other_names_it() {
    on_each("atonce", |stage| {
        let url = stage.url("run");
        // Each machine has the roster in a folder of its own, and neither knows of the other.
        let other = folder(&["roster.csv"]);
        let start = |of: &Path| {
            let mut command = stage.import(&url, &["--rate", "4", "--burst", "1"]);
            command.current_dir(of).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
            command.spawn().unwrap()
        };
        let both = [stage.path(), other.path()].map(start);
        let pids: Vec<u32> = both.iter().map(Child::id).collect();
        let ended: Vec<Output> = std::thread::scope(|scope| {
            let waits = both.map(|child| scope.spawn(|| child.wait_with_output().unwrap()));
            waits.into_iter().map(|wait| wait.join().unwrap()).collect()
        });
        let told: Vec<String> =
            ended.iter().map(|end| String::from_utf8_lossy(&end.stderr).into_owned()).collect();
        let codes: Vec<Option<i32>> = ended.iter().map(|end| end.status.code()).collect();
        let (winner, loser) = match codes.as_slice() {
            [Some(0), Some(4)] => (0, 1),
            [Some(4), Some(0)] => (1, 0),
            codes => panic!("{codes:?}: {told:#?}"),
        };
        assert!(told[loser].contains(&format!("process {} on ", pids[winner])), "{}", told[loser]);
        assert!(String::from_utf8_lossy(&ended[winner].stdout).contains("25 of 25 rows created"));
        assert_eq!(stage.service.calls("CreateUser", "executed"), 25);
        assert_eq!(stage.status(&url)["rows"]["created"], 25);
    });
}

#[test]
fn a_run_that_began_in_a_file_goes_on_in_a_table() {
    on_each("moved", |stage| {
        const FILE: &str = "roster.csv.ledger.jsonl";
        let flags = ["--rate", "4", "--burst", "1", "--format", "json"];
        let mut first = Watched::start(
            stage.headcount().args(["import", "roster.csv", "--instance", &stage.service.arn]).args(flags),
        );
        first.until_created(2);
        // Not while somebody writes it.
        let in_use = stage.ledger(&["push", FILE, &stage.url("spring")]).exits(4);
        assert!(in_use.stderr.contains("in use"), "{}", in_use.stderr);
        first.kill();
        fs::copy(stage.path().join(FILE), stage.path().join("copy.jsonl")).unwrap();
        let before = stage.read(FILE);

        let moved = stage.ledger(&["push", FILE, &stage.url("spring")]).exits(0);
        assert!(moved.stdout.contains("moved, 25 rows: dynamodb://moved/spring"), "{}", moved.stdout);
        stage.ledger(&["pull", &stage.url("spring"), "-o", "pulled.jsonl"]).exits(0);
        assert_eq!(stage.read("pulled.jsonl"), before);
        // The file says so for good, in a word that programs of before do not know.
        let last = stage.read(FILE);
        let last: Value = serde_json::from_str(last.lines().last().unwrap()).unwrap();
        assert_eq!((&last["type"], &last["to"]), (&json!("moved"), &json!("dynamodb://moved/spring")));
        for words in [
            &["import", "roster.csv", "--instance", &stage.service.arn][..],
            &["import", "roster.csv", "--instance", &stage.service.arn, "--dry-run"],
            &["retry", FILE],
        ] {
            let refused = stage.run(words).exits(4);
            assert!(refused.stderr.contains("--ledger dynamodb://moved/spring"), "{}", refused.stderr);
        }
        let shown = stage.run(&["status", FILE]).exits(0).stdout;
        assert!(shown.contains("headcount status dynamodb://moved/spring\n"), "{shown}");
        assert_eq!(stage.status(FILE)["moved_to"], "dynamodb://moved/spring");

        // Once more is no more, and a copy is not moved beside it.
        let again = stage.ledger(&["push", FILE, &stage.url("spring")]).exits(0);
        assert!(again.stdout.contains("moved before"), "{}", again.stdout);
        stage.ledger(&["push", FILE, &stage.url("summer")]).exits(4);
        let copy = stage.ledger(&["push", "copy.jsonl", &stage.url("summer")]).exits(4);
        assert!(copy.stderr.contains("the run is in the table already, as `spring`"), "{}", copy.stderr);

        // Nobody is at work with it, so that nobody is watched first.
        run(&mut stage.import(&stage.url("spring"), &["--rate", "1000"])).exits(0);
        assert_eq!(stage.status(&stage.url("spring"))["rows"]["created"], 25);
        assert_eq!(stage.service.calls("CreateUser", "executed"), 25);

        // The copy that was not told of it is what the table had: its move ends where the first had ended.
        let copy = stage.ledger(&["push", "copy.jsonl", &stage.url("spring")]).exits(0);
        assert!(copy.stdout.contains("moved, 25 rows"), "{}", copy.stdout);
        stage.ledger(&["push", "nothing.jsonl", &stage.url("n")]).exits(2);
        stage.run(&["import", "roster.csv", "--simulate"]).exits(0);
        let rehearsed = stage.ledger(&["push", "roster.csv.simulate.ledger.jsonl", &stage.table]).exits(2);
        assert!(rehearsed.stderr.contains("of a rehearsal"), "{}", rehearsed.stderr);
    });
}

#[test]
fn passwords_stay_on_the_machines_that_made_them_and_are_joined_from_their_files() {
    on_each("made-on", |stage| {
        let url = stage.url("run");
        let roster = stage.path().join("roster.csv");
        fs::copy(crate::harness::sample("roster-without-passwords.csv"), &roster).unwrap();
        let made = |out: &str, more: &[&str]| {
            let flags = ["--generate-passwords", "--credentials-out", out];
            stage.import(&url, &[&flags[..], more].concat())
        };
        let slowly = ["--rate", "4", "--burst", "1", "--format", "json"];
        let mut first = Watched::start(&mut made("a.jsonl", &slowly));
        first.until_created(2);
        let pid = first.child.id();
        first.kill();
        let lines = {
            stage.ledger(&["pull", &url, "-o", "of-one.jsonl"]).exits(0);
            stage.read("of-one.jsonl")
        };
        let host = lines.lines().find_map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["host"].as_str().map(str::to_owned)
        });
        let host = host.unwrap();
        // Whoever goes on has a file of its own.
        run(&mut made("b.jsonl", &["--take-over=now", "--rate", "1000"])).exits(0);
        let created = stage.status(&url)["rows"]["created"].as_u64().unwrap();
        let alone = stage.run(&["credentials", "b.jsonl", "--ledger", &url]).exits(4);
        let where_it_is = format!("made on {host} (process {pid}, since ");
        assert!(alone.stderr.contains(&where_it_is), "{}", alone.stderr);
        assert!(alone.stdout.lines().count() as u64 <= created, "{}", alone.stdout);
        for files in [["a.jsonl", "b.jsonl"], ["b.jsonl", "a.jsonl"]] {
            let all = stage.run(&[&["credentials"][..], &files, &["--ledger", &url]].concat()).exits(0);
            assert_eq!(all.stdout.lines().count() as u64, created + 1, "{}", all.stdout);
        }
    });
}

#[test]
fn what_an_update_in_a_table_asked_for_is_known_to_the_import_beside_it() {
    on_each("beside", |stage| {
        let id = stage.service.arn.rsplit('/').next().unwrap();
        run(&mut stage.import(&stage.table, &["--rate", "1000"])).exits(0);
        let roster = stage.read("roster.csv");
        let changed = roster.replacen(",Customer Care,", ",Sales,", 1);
        assert_ne!(changed, roster);
        fs::write(stage.path().join("roster.csv"), changed).unwrap();
        let instance = ["--instance", &stage.service.arn, "--ledger", &stage.table];
        let update = stage.run(&[&["update", "roster.csv", "--rate", "1000"][..], &instance].concat());
        let update = update.exits(0);
        assert!(update.stdout.contains("1 updated") || update.stdout.contains("1 of"), "{}", update.stdout);
        let list = json_of(&stage.ledger(&["list", &stage.table, "--format", "json"]).exits(0));
        let runs = list["runs"].as_array().unwrap().iter();
        let runs: Vec<_> =
            runs.map(|run| (run["name"].as_str().unwrap(), run["command"].as_str().unwrap())).collect();
        let (own, updates) = (format!("roster@{id}"), format!("roster@{id}.update"));
        assert_eq!(runs, [(&*own, "import"), (&*updates, "update")]);
        // Whoever was changed by it is as was asked for last: nobody else has touched them.
        let undo = stage.run(&["undo", &stage.url(&own), "--dry-run"]).exits(0);
        assert!(undo.stdout.contains("25 users would be deleted"), "{}{}", undo.stdout, undo.stderr);
        // Nor has anybody drifted for the import itself, whose roster has their cells.
        let again = run(&mut stage.import(&stage.table, &["--replan"])).exits(0);
        assert!(!again.stderr.contains("other cells"), "{}", again.stderr);
        assert!(!(again.stdout + &again.stderr).contains("drifted"));
        assert_eq!(stage.status(&stage.url(&own))["seen"]["drifted"], 0);
    });
}

#[test]
fn whoever_left_by_a_list_in_the_table_is_not_made_again() {
    on_each("left", |stage| {
        let url = stage.url("all");
        run(&mut stage.import(&url, &["--rate", "1000"])).exits(0);
        let login = stage.read("roster.csv").lines().nth(1).unwrap().split(',').nth(6).unwrap().to_owned();
        fs::write(stage.path().join("leavers.csv"), format!("user login\n{login}\n")).unwrap();
        let (instance, may) = (stage.service.arn.clone(), stage.url("may"));
        let remove = ["remove", "leavers.csv", "--instance", &instance, "--ledger", &may];
        stage.run(&[&remove[..], &["--yes", "--count", "1"]].concat()).exits(0);
        // Nor from a folder that has no list.
        fs::remove_file(stage.path().join("leavers.csv")).unwrap();
        let ran = run(&mut stage.import(&url, &["--recreate-missing"])).exits(0);
        assert!(ran.stderr.contains("is on a list of leavers"), "{}", ran.stderr);
        assert!(ran.stderr.contains(&may), "{}", ran.stderr);
        assert_eq!(stage.service.calls("CreateUser", "executed"), 25);
    });
}

#[test]
fn the_retry_that_is_shown_of_a_run_in_a_table_takes_the_roster_as_it_was_mended() {
    on_each("mended", |stage| {
        let url = stage.url("run");
        let roster = stage.read("roster.csv");
        fs::write(stage.path().join("roster.csv"), roster.replacen(",Customer Care,", ",Costumer Care,", 1))
            .unwrap();
        run(&mut stage.import(&url, &["--rate", "1000", "--skip-invalid"])).exits(1);
        let status = stage.run(&["status", &url]).exits(0).stdout;
        let (_, retry) = status.split_once("then: headcount retry ").unwrap();
        let words: Vec<&str> = retry.lines().next().unwrap().split(' ').collect();
        fs::write(stage.path().join("roster.csv"), roster).unwrap();
        stage.run(&[&["retry"][..], &words].concat()).exits(0);
        assert_eq!(stage.status(&url)["rows"]["created"], 25);
    });
}

#[test]
fn what_was_moved_is_undone_where_it_is() {
    on_each("undoes", |stage| {
        let url = stage.url("run");
        run(stage.headcount().args(["import", "roster.csv", "--instance", &stage.service.arn])).exits(0);
        stage.ledger(&["push", "roster.csv.ledger.jsonl", &url]).exits(0);
        for words in
            [&["undo", "roster.csv.ledger.jsonl", "--dry-run"][..], &["retry", "roster.csv.ledger.jsonl"]]
        {
            let ran = stage.run(words).exits(4);
            assert!(
                ran.stderr.contains(&format!("goes on with {url} in the file's place")),
                "{}",
                ran.stderr
            );
            assert!(!ran.stdout.contains("would be"), "{}", ran.stdout);
        }
        let elsewhere = stage.ledger(&["push", "roster.csv.ledger.jsonl", &stage.url("other")]).exits(4);
        assert!(elsewhere.stderr.contains(&format!("headcount status {url}")), "{}", elsewhere.stderr);
        let undo = stage.run(&["undo", &url, "--dry-run"]).exits(0);
        assert!(undo.stdout.contains("25 users would be deleted"), "{}", undo.stdout);
    });
}

#[test]
fn a_suspension_is_kept_beside_the_deletion_that_it_stands_for() {
    on_each("suspended", |stage| {
        run(&mut stage.import(&stage.table, &["--rate", "1000"])).exits(0);
        let roster = stage.read("roster.csv");
        let login = roster.lines().nth(1).unwrap().split(',').nth(6).unwrap();
        fs::write(stage.path().join("leavers.csv"), format!("user login\n{login}\n")).unwrap();
        let suspend = ["remove", "leavers.csv", "--first-suspend", "QualityAnalyst", "--yes", "--count", "1"];
        let may = stage.url("may");
        let suspend = [&suspend[..], &["--instance", &stage.service.arn, "--ledger", &may]].concat();
        let ran = stage.run(&suspend).exits(0);
        assert_eq!(stage.service.calls("UpdateUserSecurityProfiles", "executed"), 1);
        let later = ran.stderr.lines().find(|line| line.contains("delete them later with: ")).unwrap();
        assert!(later.contains(&format!("--ledger {may}")), "{later}");
        let update = stage.status(&stage.url("may.suspended.update"));
        assert_eq!((&update["job"], &update["rows"]["updated"]), (&json!("update"), &json!(1)), "{update}");
        assert!(!stage.path().join("leavers.csv.suspended.csv.update.ledger.jsonl").exists());
        // From another folder the run is found, and nothing of it is left to do.
        let elsewhere = folder(&[]);
        fs::copy(stage.path().join("leavers.csv"), elsewhere.path().join("leavers.csv")).unwrap();
        let mut there = stage.service.headcount(elsewhere.path());
        stage.tables.reached_by(&mut there);
        run(there.args(&suspend)).exits(0);
        assert_eq!(stage.service.calls("UpdateUserSecurityProfiles", "executed"), 1);
    });
}

#[test]
fn a_move_that_was_cut_off_is_ended_by_the_same_command() {
    on_each("cut-off", |stage| {
        const FILE: &str = "roster.csv.ledger.jsonl";
        let import = ["import", "roster.csv", "--instance", &stage.service.arn, "--rate", "1000"];
        stage.run(&import).exits(0);
        let lines = stage.read(FILE);
        let run_id = stage.status(FILE)["run"].as_str().unwrap().to_owned();
        // Two of its segments stand, and its first line does not yet.
        let cuts: Vec<usize> = lines.match_indices('\n').map(|(at, _)| at + 1).collect();
        for (number, from, to) in [(2, cuts[0], cuts[3]), (3, cuts[3], cuts[9])] {
            let item = json!({
                "pk": {"S": format!("run#{run_id}")}, "sk": {"S": format!("seg#{number:010}")},
                "nonce": {"S": "n"}, "lines": {"S": &lines[from..to]},
            });
            let (status, _) = stage.tables.call("PutItem", &json!({"TableName": "cut-off", "Item": item}));
            assert_eq!(status, 200);
        }
        let name = json!({
            "pk": {"S": "names"}, "sk": {"S": "spring"}, "run": {"S": run_id},
            "instance": {"S": stage.service.arn}, "roster": {"S": "roster.csv"}, "at": {"S": "2026-11-28T12:00:00Z"},
        });
        stage.tables.call("PutItem", &json!({"TableName": "cut-off", "Item": name}));
        // Nobody goes on with what has no beginning.
        let refused = stage.run(&["status", &stage.url("spring")]).exits(4);
        assert!(refused.stderr.contains("headcount ledger push"), "{}", refused.stderr);
        let list = stage.ledger(&["list", &stage.table]).exits(0).stdout;
        assert!(list.contains("has no beginning"), "{list}");

        stage.ledger(&["push", FILE, &stage.url("spring")]).exits(0);
        stage.ledger(&["pull", &stage.url("spring"), "-o", "pulled.jsonl"]).exits(0);
        assert_eq!(stage.read("pulled.jsonl"), lines);
    });
}

#[test]
fn a_file_is_taken_from_nobody_and_whoever_asks_for_that_is_told() {
    let folder = folder(&["roster.csv"]);
    fs::write(folder.path().join("leavers.csv"), "user login\nana.silva\n").unwrap();
    fs::write(folder.path().join("targets.toml"), "[targets.emea]\ninstance = \"acme\"\n").unwrap();
    run(crate::harness::headcount(folder.path()).args(["import", "roster.csv", "--simulate"])).exits(0);
    let commands: [&[&str]; 9] = [
        &["import", "roster.csv", "--instance", "acme"],
        &["import", "roster.csv", "--simulate", "--ledger", "own.jsonl"],
        &["import", "roster.csv", "--targets", "targets.toml"],
        &["retry", "roster.csv.simulate.ledger.jsonl"],
        &["update", "roster.csv", "--instance", "acme"],
        &["update", "roster.csv", "--targets", "targets.toml"],
        &["remove", "leavers.csv", "--instance", "acme"],
        &["remove", "leavers.csv", "--targets", "targets.toml"],
        &["undo", "roster.csv.simulate.ledger.jsonl"],
    ];
    for words in commands {
        for (typed, flag) in [
            ("--wait", "--wait"),
            ("--take-over", "--take-over"),
            ("--take-over=now", "--take-over"),
            ("--replan", "--replan"),
        ] {
            let ran = run(crate::harness::headcount(folder.path()).args(words).arg(typed)).exits(2);
            let error = format!("error: {flag} is of a ledger that machines share, and ");
            assert!(ran.stderr.contains(&error), "{words:?}: {}", ran.stderr);
            let hint = format!(
                "hint: leave {flag} out, or give the address of a shared ledger: --ledger dynamodb://TABLE/NAME\n"
            );
            assert!(ran.stderr.ends_with(&hint), "{words:?}: {}", ran.stderr);
        }
    }
}

#[test]
fn whoever_may_not_say_that_the_ledger_is_theirs_is_told_what_is_to_be_permitted() {
    on_each("denied", |stage| {
        let denied = Gate::before(stage.tables, |operation| {
            let said = json!({
                "__type": "com.amazon.coral.service#AccessDeniedException",
                "Message": "User: arn:aws:iam::1:user/ana is not authorized to perform: dynamodb:UpdateItem",
            });
            (operation == "UpdateItem").then_some((400, said))
        });
        let mut import = stage.import(&stage.url("run"), &[]);
        let ran = run(import.env("AWS_ENDPOINT_URL_DYNAMODB", &denied.url)).exits(4);
        assert!(ran.stderr.contains("not authorized to perform: dynamodb:UpdateItem"), "{}", ran.stderr);
        let hint =
            "hint: nothing was sent; `headcount policy` prints what is to be permitted for a shared ledger\n";
        assert!(ran.stderr.contains(hint) && !ran.stderr.contains("see who has it"), "{}", ran.stderr);
    });
}

/// Nobody looks at a screen for long that says nothing: it is said that a table takes connections and answers none.
#[test]
fn that_a_table_keeps_one_waiting_is_said_whatever_asks_it() {
    let mute = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", mute.local_addr().unwrap());
    let service = Service::start(&[]);
    let folder = folder(&["roster.csv"]);
    let import = ["import", "roster.csv", "--instance", &service.arn, "--ledger", "dynamodb://mute/run"];
    let commands: [&[&str]; 6] = [
        &["ledger", "create", "dynamodb://mute"],
        &["ledger", "list", "dynamodb://mute"],
        &["status", "dynamodb://mute/run"],
        &["retry", "dynamodb://mute/run"],
        &["undo", "dynamodb://mute/run"],
        &import,
    ];
    let mut waiting = commands.map(|words| {
        let mut command = service.headcount(folder.path());
        command.env("AWS_ENDPOINT_URL_DYNAMODB", &address).env("AWS_REGION", "eu-central-1");
        command.args(words).stdin(Stdio::null());
        (words, command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
    });
    for (words, child) in &mut waiting {
        let said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let before: Vec<String> = said.take_while(|line| !line.contains("is not answered yet")).collect();
        // It looks for twenty seconds: whoever says nothing has ended by then, with what it did not say before.
        assert!(child.try_wait().unwrap().is_none(), "{words:?}: {before:#?}");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

#[test]
fn what_is_asked_of_an_engine_is_so() {
    for tables in all() {
        let call = |operation: &str, body: Value| {
            let mut body = body;
            body["TableName"] = json!("features");
            tables.call(operation, &body)
        };
        let (status, said) = call(
            "CreateTable",
            json!({
                "BillingMode": "PAY_PER_REQUEST",
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
                ],
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            }),
        );
        assert_eq!(status, 200, "{said}");
        let is_active = |_: &u32| call("DescribeTable", json!({})).1["Table"]["TableStatus"] == "ACTIVE";
        assert!((0..10_000_u32).any(|look| is_active(&look)), "{}: the table is made", tables.name);
        let put = |number: u64, nonce: &str, lines: &str| {
            let sk = format!("seg#{number:010}");
            call(
                "PutItem",
                json!({
                    "Item": {
                        "pk": {"S": "run#r"}, "sk": {"S": sk}, "nonce": {"S": nonce}, "lines": {"S": lines},
                    },
                    "ConditionExpression": "attribute_not_exists(#pk)",
                    "ExpressionAttributeNames": {"#pk": "pk"},
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }),
            )
        };
        let is_failed = |(status, said): &(u16, Value)| {
            *status == 400
                && said["__type"]
                    .as_str()
                    .is_some_and(|kind| kind.ends_with("ConditionalCheckFailedException"))
        };
        assert_eq!(put(1, "a", "{}\n").0, 200);
        let failed = put(1, "b", "x");
        assert!(is_failed(&failed), "{failed:?}");
        let told = failed.1["Item"]["nonce"]["S"].as_str();
        assert_eq!(told, tables.tells_the_item.then_some("a"), "{}", tables.name);

        let update = |expression: &str, condition: &str, names: Value, values: Value| {
            call(
                "UpdateItem",
                json!({
                    "Key": {"pk": {"S": "run#r"}, "sk": {"S": "lease"}}, "UpdateExpression": expression,
                    "ConditionExpression": condition, "ExpressionAttributeNames": names,
                    "ExpressionAttributeValues": values, "ReturnValues": "ALL_NEW",
                }),
            )
        };
        let take = |epoch: u64| {
            update(
                "SET #epoch = :epoch, #beat = :zero REMOVE #wanted",
                "attribute_not_exists(#epoch) OR #epoch < :epoch",
                json!({"#epoch": "epoch", "#beat": "beat", "#wanted": "wanted"}),
                json!({":epoch": {"N": epoch.to_string()}, ":zero": {"N": "0"}}),
            )
        };
        let beat = |epoch: u64| {
            update(
                "SET #beat = #beat + :one",
                "#epoch = :epoch",
                json!({"#epoch": "epoch", "#beat": "beat"}),
                json!({":epoch": {"N": epoch.to_string()}, ":one": {"N": "1"}}),
            )
        };
        assert_eq!((take(1).0, take(10).0), (200, 200));
        assert!(is_failed(&take(9)) && is_failed(&beat(1)), "as numbers, not as texts");
        assert_eq!(beat(10).1["Attributes"]["beat"]["N"], "1");

        // A megabyte a page, in the order of the numbers, from any of them, and from the last.
        for number in 2..16 {
            assert_eq!(put(number, "a", &"y".repeat(100_000)).0, 200);
        }
        let query = |more: Value| {
            let mut body = json!({
                "ConsistentRead": true, "KeyConditionExpression": "#pk = :pk AND #sk BETWEEN :from AND :to",
                "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk"},
                "ExpressionAttributeValues": {
                    ":pk": {"S": "run#r"}, ":from": {"S": "seg#0000000003"}, ":to": {"S": "seg#9999999999"},
                },
            });
            more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
            call("Query", body).1
        };
        let keys = |page: &Value| -> Vec<String> {
            let items = page["Items"].as_array().unwrap().iter();
            items.map(|item| item["sk"]["S"].as_str().unwrap().to_owned()).collect()
        };
        let first = query(json!({}));
        let second = query(json!({"ExclusiveStartKey": first["LastEvaluatedKey"].clone()}));
        let all: Vec<String> = [keys(&first), keys(&second)].concat();
        assert!(!keys(&second).is_empty(), "{}: a page is a megabyte", tables.name);
        assert_eq!(all, (3..16).map(|number| format!("seg#{number:010}")).collect::<Vec<_>>());
        let last = query(json!({"ScanIndexForward": false, "Limit": 1}));
        assert_eq!(keys(&last), ["seg#0000000015"]);
        let (status, said) = put(99, "a", &"z".repeat(410_000));
        assert_eq!(status, 400, "an item has 400 KB: {said}");
    }
}
