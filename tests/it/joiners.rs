//! A roster of people of whom some are there: one run makes the others, and puts right who differs.

use std::fs;

use serde_json::Value;

use crate::harness::{Ran, Service, folder, run, status};

const HEADER: &str =
    "first name,last name,user login,routing profile,security profiles,email,password,tags,hierarchy\n";
const ANA: &str = "Ana,Lopez,ana,Basic Routing Profile,Agent,ana@x.example,Canary-7f3a-Pw1,site|Berlin,\n";
const BEN: &str = "Ben,Katz,ben,Basic Routing Profile,Agent,ben@x.example,Canary-7f3a-Pw2,,\n";
const CAS: &str = "Cas,Doe,cas,Basic Routing Profile,Agent,cas@x.example,Canary-7f3a-Pw3,,\n";

struct Stage {
    service: Service,
    at: tempfile::TempDir,
}

impl Stage {
    /// Ana and Ben are there, by an import of another roster.
    fn set() -> Self {
        let (service, at) = (Service::start(&[]), folder(&[]));
        fs::write(at.path().join("first.csv"), [HEADER, ANA, BEN].concat()).unwrap();
        run(&mut service.import(at.path(), "first.csv", &[])).exits(0);
        Self { service, at }
    }

    fn write(&self, rows: &[&str]) {
        fs::write(self.at.path().join("all.csv"), HEADER.to_owned() + &rows.concat()).unwrap();
    }

    fn import(&self, flags: &[&str]) -> Ran {
        run(&mut self.service.import(self.at.path(), "all.csv", flags))
    }

    fn rows(&self, ledger: &str) -> Value {
        status(self.at.path(), ledger)["rows"].clone()
    }

    fn changing(&self) -> [u64; 3] {
        ["CreateUser", "UpdateUserIdentityInfo", "TagResource"].map(|name| self.service.calls(name, "called"))
    }
}

#[test]
fn who_is_not_there_is_made_and_who_differs_is_put_right_each_in_its_own_ledger() {
    let stage = Stage::set();
    let married = ANA.replace("Lopez", "Silva");
    stage.write(&[&married, BEN, CAS]);
    let before = stage.changing();
    let planned = stage.import(&["--update", "--dry-run"]).exits(0);
    assert_eq!(stage.changing(), before, "a dry run changes nothing");
    assert!(
        planned.stdout.contains("1 user would be created")
            && planned.stdout.contains("1 user would be changed")
    );
    let ran = stage.import(&["--update"]).exits(0);
    assert!(
        ran.stdout.contains("1 of 1 rows created") || ran.stdout.contains("1 of 1 row created"),
        "{}",
        ran.stdout
    );
    let (made, changed) = (stage.rows("all.csv.ledger.jsonl"), stage.rows("all.csv.update.ledger.jsonl"));
    assert_eq!((&made["created"], &made["total"]), (&1.into(), &1.into()), "{made}");
    assert_eq!(
        (&changed["updated"], &changed["there"], &changed["total"]),
        (&1.into(), &1.into(), &2.into())
    );
    assert_eq!(stage.changing(), [before[0] + 1, before[1] + 1, before[2]]);
    // Again: nothing is left to do, and nothing is called that changes anything.
    stage.import(&["--update"]).exits(0);
    assert_eq!(stage.changing(), [before[0] + 1, before[1] + 1, before[2]]);
    let drift = stage.import(&["--dry-run"]).exits(0);
    assert!(!drift.stderr.contains("changed in the roster since"), "{}", drift.stderr);
}

#[test]
fn without_the_flag_whoever_differs_is_named_and_left_and_the_command_that_puts_them_right_is_printed() {
    let stage = Stage::set();
    stage.write(&[&ANA.replace("Lopez", "Silva"), BEN, CAS]);
    let ran = stage.import(&[]).exits(1);
    assert_eq!(stage.rows("all.csv.ledger.jsonl")["there"], 1);
    assert_eq!(stage.rows("all.csv.ledger.jsonl")["exists"], 1);
    assert!(ran.stderr.contains("Lopez") && ran.stderr.contains("Silva"), "{}", ran.stderr);
    let line = ran
        .stderr
        .lines()
        .find(|line| line.contains(" update all.csv"))
        .unwrap_or_else(|| panic!("{}", ran.stderr));
    assert!(line.contains("--instance"), "{line}");
    assert_eq!(stage.service.calls("UpdateUserIdentityInfo", "called"), 0);
}

#[test]
fn a_row_about_somebody_who_is_there_need_not_say_all_and_one_about_a_new_person_must() {
    let stage = Stage::set();
    // Of Ana the tags alone; blank leaves alone, and nobody who is there needs a password.
    let ana = ",,ana,,,,,team|blue,\n";
    stage.write(&[ana, CAS]);
    stage.import(&["--update"]).exits(0);
    assert_eq!(stage.changing()[2], 1, "TagResource");
    assert_eq!(stage.rows("all.csv.update.ledger.jsonl")["updated"], 1);
    stage.write(&[ana, ",,dee,,,,,team|blue,\n"]);
    let ran = stage.import(&["--update"]).exits(3);
    assert!(ran.stderr.contains("password-missing"), "{}", ran.stderr);
}

#[test]
fn nobody_is_new_or_nobody_is_there() {
    let stage = Stage::set();
    stage.write(&[ANA, BEN]);
    stage.import(&["--update"]).exits(0);
    assert!(!stage.at.path().join("all.csv.ledger.jsonl").exists(), "no import, no ledger of one");
    fs::remove_file(stage.at.path().join("all.csv.update.ledger.jsonl")).unwrap();
    stage.write(&[CAS]);
    stage.import(&["--update"]).exits(0);
    assert_eq!(stage.rows("all.csv.ledger.jsonl")["created"], 1);
}

#[test]
fn a_rehearsal_does_both_and_goes_on() {
    let at = folder(&["roster.csv"]);
    let rehearse = || {
        let mut line = crate::harness::headcount(at.path());
        run(line.args(["import", "roster.csv", "--simulate", "--rate", "1000", "--update"]))
    };
    rehearse().exits(0);
    let text = fs::read_to_string(at.path().join("roster.csv")).unwrap().replace("Müller", "Meyer");
    fs::write(at.path().join("roster.csv"), text).unwrap();
    rehearse().exits(0);
    assert_eq!(status(at.path(), "roster.csv.simulate.update.ledger.jsonl")["rows"]["updated"], 1);
}
