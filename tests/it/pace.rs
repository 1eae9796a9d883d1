//! The pace from outside: what is learned and kept, what is refused, and what an outage looks like.

use std::path::Path;

use serde_json::Value;

use crate::harness::{Service, Watched, folder, headcount, run, status};

/// A roster of this many people.
fn roster(folder: &Path, name: &str, from: usize, people: usize) {
    let mut text = String::from(
        "first name,last name,password,user login,routing profile name,security profile name,phone type (soft/desk)\n",
    );
    for person in from..from + people {
        text.push_str(&format!("Ana,Silva,Lantern-Reef-{person},person-{person},Customer Care,Agent,soft\n"));
    }
    std::fs::write(folder.join(name), text).unwrap();
}

/// What names the folder for what is learned.
const STATE: &str = if cfg!(windows) { "LOCALAPPDATA" } else { "XDG_STATE_HOME" };

fn rates(folder: &Path) -> Option<Value> {
    let text = std::fs::read(folder.join("state/headcount/rates.json")).ok()?;
    Some(serde_json::from_slice(&text).unwrap())
}

#[test]
fn a_learned_rate_is_kept_privately_and_is_where_the_next_run_starts() {
    let service = Service::start(&["--rate", "8", "--burst", "5"]);
    let folder = folder(&[]);
    let state = folder.path().join("state");
    roster(folder.path(), "first.csv", 0, 60);
    roster(folder.path(), "second.csv", 60, 10);
    let import = |roster: &str| {
        run(service.import(folder.path(), roster, &["--rate", "auto"]).env(STATE, &state)).exits(0)
    };
    let first = import("first.csv");
    assert!(first.stderr.contains("at 2 calls a second, which is where learning starts"), "{}", first.stderr);
    let kept = rates(folder.path()).expect("a rate is kept");
    let learned =
        kept.pointer("/rates/123456789012~1eu-central-1~1CreateUser/rate").unwrap().as_f64().unwrap();
    assert!((0.5..200.0).contains(&learned), "{kept}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &str| std::fs::metadata(state.join(path)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("headcount"), mode("headcount/rates.json")), (0o700, 0o600));
    }
    let second = import("second.csv");
    assert!(
        second.stderr.contains(&format!("at {learned} calls a second, as learned last")),
        "{learned}: {}",
        second.stderr
    );
}

#[test]
fn a_told_rate_and_a_rehearsal_keep_nothing() {
    let folder = folder(&[]);
    let state = folder.path().join("state");
    roster(folder.path(), "roster.csv", 0, 8);
    let service = Service::start(&["--rate", "30", "--burst", "5"]);
    let flags = ["--rate", "25", "--burst", "5"];
    run(service.import(folder.path(), "roster.csv", &flags).env(STATE, &state)).exits(0);
    let rehearsal = ["import", "roster.csv", "--simulate", "--rate", "auto"];
    run(headcount(folder.path()).args(rehearsal).env(STATE, &state)).exits(0);
    assert_eq!(rates(folder.path()), None);
}

#[test]
fn where_a_learned_rate_cannot_be_kept_the_run_goes_well_all_the_same() {
    let service = Service::start(&["--rate", "8", "--burst", "2"]);
    let folder = folder(&[]);
    roster(folder.path(), "roster.csv", 0, 60);
    let state = folder.path().join("state");
    std::fs::write(&state, "a file where a folder should be").unwrap();
    let ran = run(service.import(folder.path(), "roster.csv", &["--rate", "auto"]).env(STATE, &state));
    let ran = ran.exits(0);
    assert!(ran.stderr.contains("cannot be kept"), "{}", ran.stderr);
}

#[test]
fn a_rate_is_a_word_or_a_number_in_bounds() {
    let folder = folder(&[]);
    for bad in ["fast", "0", "-1", "NaN", "inf", "100001", ""] {
        let ran =
            run(headcount(folder.path()).args(["import", "roster.csv", &format!("--rate={bad}")])).exits(2);
        assert!(ran.stderr.contains("expected `quota`, `auto`, or a number"), "{bad}: {}", ran.stderr);
    }
}

#[test]
fn a_service_that_goes_away_is_waited_for_and_then_the_run_stops_resumably() {
    let mut service = Some(Service::start(&["--rate", "unlimited"]));
    let folder = folder(&[]);
    roster(folder.path(), "roster.csv", 0, 200);
    let flags = ["--rate", "20", "--burst", "5", "--outage-timeout", "2", "--format", "json"];
    let mut import = service.as_ref().unwrap().import(folder.path(), "roster.csv", &flags);
    let mut watched = Watched::start(&mut import);
    watched.until_created(10);
    drop(service.take());
    let mut waited = false;
    while let Some(event) = watched.event() {
        assert_ne!(event["event"], "rejected", "an outage is no row's fault");
        waited |= event["event"] == "waiting";
        if event["event"] == "waiting" {
            assert!(event["reason"].as_str().unwrap().contains("nothing clear comes back"), "{event}");
            assert!(event["seconds"].as_f64().unwrap() > 0.0, "{event}");
        }
    }
    assert!(waited, "said that it waits");
    let ran = watched.end().exits(4);
    assert!(ran.stderr.contains("resume with: "), "{}", ran.stderr);
    let rows = &status(folder.path(), "roster.csv.ledger.jsonl")["rows"];
    assert_eq!(rows["rejected"].as_u64().unwrap() + rows["exists"].as_u64().unwrap(), 0, "{rows}");
    assert!(rows["pending"].as_u64().unwrap() > 100, "{rows}");
}
