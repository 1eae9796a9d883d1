//! A ledger as it is typed: a file, or the address of one that machines share. The table's region, profile and endpoint are
//! its own: the address, then the environment, says them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{OsStringValueParser, TypedValueParser};

use super::{output, settings};
use crate::error::Failure;
use crate::ledger::shared::{EngineTrouble, SharedLedger, TableUrl};
use crate::ledger::{Job, LedgerAt};
use crate::table;

/// Reads a ledger's place.
pub(super) fn ledger() -> impl TypedValueParser<Value = LedgerAt> {
    OsStringValueParser::new().try_map(read)
}

/// Reads a table's address.
pub(super) fn address(text: &str) -> Result<TableUrl, String> {
    text.parse().map_err(|error| format!("{error}"))
}

/// Reads the address of a table alone.
pub(super) fn table(text: &str) -> Result<TableUrl, String> {
    let url = address(text)?;
    match &url.name {
        None => Ok(url),
        Some(name) => Err(format!("it names a run, `{name}`, and a table is meant: {}", url.of_table())),
    }
}

fn read(typed: OsString) -> Result<LedgerAt, String> {
    match typed.to_str().filter(|text| TableUrl::is_meant(text)) {
        Some(text) => Ok(at(address(text)?)),
        None => Ok(LedgerAt::file(PathBuf::from(typed))),
    }
}

/// The ledger of an address. Nothing is asked before it is used.
pub(super) fn at(url: TableUrl) -> LedgerAt {
    LedgerAt::shared(shared(url))
}

/// The same, for whoever looks at the table itself.
pub(super) fn shared(url: TableUrl) -> SharedLedger {
    let environment = settings::environment_of_table(url.profile.clone());
    let trouble = trouble();
    let table = table::Table::new(url.clone(), environment, trouble.clone());
    SharedLedger::new(url, Arc::new(table), table::around(trouble))
}

/// Tells on stderr that a table keeps one waiting, until a job tells it in its own way.
pub(super) fn trouble() -> EngineTrouble {
    let trouble = EngineTrouble::default();
    trouble.tells(Arc::new(|what| output::say(&what)));
    trouble
}

/// The ledger of what stands beside an import in one command, where that one's ledger is shared; else `None`: then it is
/// beside the roster.
pub(super) fn beside(import: &LedgerAt, job: Option<Job>) -> Option<LedgerAt> {
    let shared = import.in_table()?;
    let name = shared.url().name.clone().unwrap_or_default();
    Some(LedgerAt::shared(shared.naming(&format!("{name}{}", Job::behind_name(job)))))
}

/// The ledger of the update that suspends whom a list would have deleted, where that of the deletion is shared: in the same
/// table, so that whoever goes on from another machine finds it; else `None`: then it is beside the roster.
///
/// # Errors
/// Exit 2 where they make no name.
pub(super) fn of_suspension(removal: &LedgerAt) -> Result<Option<LedgerAt>, Failure> {
    let Some(shared) = removal.in_table() else { return Ok(None) };
    let url = shared.url().naming_suspension().map_err(|error| {
        Failure::usage(error.to_string()).hint("give the run a shorter name: ⟦ledger dynamodb://TABLE/NAME⟧")
    })?;
    Ok(Some(LedgerAt::shared(shared.at(url))))
}

/// Fails where a rehearsal is to be kept in a table: what it makes is in a world on this machine.
pub(super) fn not_rehearsed(ledger: &LedgerAt, is_rehearsal: bool) -> Result<(), Failure> {
    if !is_rehearsal || ledger.in_table().is_none() {
        return Ok(());
    }
    Err(Failure::usage(format!("a rehearsal has no shared ledger: `{ledger}`")).hint(
        "the users that it makes are in a world on this machine; leave ⟦ledger⟧ out, and its ledger is beside the roster",
    ))
}

/// Of what a ledger is that has no name yet.
pub(super) struct Naming<'n> {
    pub(super) roster: &'n Path,
    pub(super) instance: Option<&'n str>,
    pub(super) job: Option<Job>,
    pub(super) is_rehearsal: bool,
}

/// A ledger that has no name yet: the roster's, without its suffix, and the instance's as it was typed; and the command's,
/// where that is no import.
pub(super) fn named(ledger: LedgerAt, of: &Naming<'_>) -> Result<LedgerAt, Failure> {
    not_rehearsed(&ledger, of.is_rehearsal)?;
    let Some(shared) = ledger.in_table().filter(|shared| shared.url().name.is_none()) else {
        return Ok(ledger);
    };
    let Some(instance) = of.instance else {
        return Err(Failure::usage("which instance?").hint(
            "give ⟦instance ID|ARN|alias⟧ (`aws connect list-instances` prints them): the run's name in the table has it",
        ));
    };
    let url = shared.url().naming_by(&of.roster.to_string_lossy(), instance, of.job).map_err(|error| {
        Failure::usage(error.to_string())
            .hint("give the run a name of your own: ⟦ledger dynamodb://TABLE/NAME⟧")
    })?;
    Ok(LedgerAt::shared(shared.at(url)))
}

/// A ledger that machines share, as it is for one of several targets: its name, else the roster's without its suffix, and
/// then the target's, and the command's where that is no import.
pub(super) fn for_target(
    shared: &SharedLedger,
    roster: &std::path::Path,
    target: &str,
    job: Option<Job>,
) -> Result<LedgerAt, Failure> {
    let url = shared.url().naming_for(&roster.to_string_lossy(), target, job).map_err(|error| {
        Failure::usage(error.to_string()).hint("give the run another name: ⟦ledger dynamodb://TABLE/NAME⟧")
    })?;
    Ok(LedgerAt::shared(shared.at(url)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming<'n>(roster: &'n str, instance: Option<&'n str>, job: Option<Job>) -> Naming<'n> {
        Naming { roster: Path::new(roster), instance, job, is_rehearsal: false }
    }

    #[test]
    fn a_file_is_a_file_and_an_address_is_a_table() {
        let file = read("roster.csv.ledger.jsonl".into()).unwrap();
        assert_eq!(file.on_disk(), Some(Path::new("roster.csv.ledger.jsonl")));
        let shared = read("dynamodb://runs/spring?region=eu-west-1".into()).unwrap();
        assert_eq!(shared.on_disk(), None);
        assert_eq!(shared.to_string(), "dynamodb://runs/spring?region=eu-west-1");
        assert!(read("s3://bucket/x".into()).unwrap_err().contains("not in `s3`"));
    }

    #[test]
    fn a_run_without_a_name_has_the_rosters_and_the_instances() {
        let table = || read("dynamodb://runs?region=eu-west-1".into()).unwrap();
        let arn = "arn:aws:connect:eu-west-1:111122223333:instance/5f3c9a1e";
        for (instance, job, name) in [
            ("acme", None, "new hires@acme"),
            (arn, None, "new hires@5f3c9a1e"),
            ("acme", Some(Job::Update), "new hires@acme.update"),
            ("acme", Some(Job::Remove), "new hires@acme.remove"),
        ] {
            let ledger = named(table(), &naming("d/new hires.csv", Some(instance), job)).unwrap();
            assert_eq!(ledger.to_string(), format!("dynamodb://runs/{name}?region=eu-west-1"));
        }
        assert!(named(table(), &naming("r.csv", None, None)).is_err());
        for (typed, of_target) in [
            ("dynamodb://runs?region=eu-west-1", "dynamodb://runs/new hires.emea?region=eu-west-1"),
            ("dynamodb://runs/spring", "dynamodb://runs/spring.emea"),
        ] {
            let typed = read(typed.into()).unwrap();
            let (table, roster) = (typed.in_table().unwrap(), Path::new("d/new hires.csv"));
            assert_eq!(for_target(table, roster, "emea", None).unwrap().to_string(), of_target);
        }
        let own = read("dynamodb://runs/spring".into()).unwrap();
        assert_eq!(named(own.clone(), &naming("r.csv", None, None)).unwrap(), own);
    }

    #[test]
    fn a_rehearsal_is_kept_on_this_machine() {
        let rehearsed = Naming { is_rehearsal: true, ..naming("r.csv", Some("acme"), None) };
        let shared = read("dynamodb://runs/spring".into()).unwrap();
        let refused = named(shared, &rehearsed).unwrap_err();
        assert!(refused.what.contains("a rehearsal has no shared ledger"), "{refused}");
        assert!(named(LedgerAt::file("l.jsonl"), &rehearsed).is_ok());
    }
}
