//! Stage 5: events and ledger, for people and programs.

pub(crate) mod account;
pub mod annotate;
pub(crate) mod cause;
pub(crate) mod chart;
pub(crate) mod drift;
pub mod file;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod people;
mod row;
pub(crate) mod standing;
pub(crate) mod table;
pub(crate) mod ticket;
mod together;

use std::path::Path;

use account::Account;
pub(crate) use row::{LEFT_BY_UNDO, label, with_code, words_of_parts};

use crate::ledger::{Counts, Job, RowState};
use crate::text::{count, grouped};

/// The program and its version.
pub(crate) const TOOL: &str = concat!("headcount ", env!("CARGO_PKG_VERSION"));

/// What a run was there to do, in the words of its report.
struct Deed {
    /// As a title.
    title: &'static str,
    /// Where a row stands that is done.
    done: RowState,
    /// What was done with a user, in few words.
    made: &'static str,
}

impl Deed {
    fn of(job: Option<Job>) -> Self {
        match job {
            None => Self { title: "Import", done: RowState::Created, made: "made" },
            Some(Job::Update) => Self { title: "Update", done: RowState::Updated, made: "changed" },
            Some(Job::Remove) => Self { title: "Leavers", done: RowState::Deleted, made: "deleted" },
        }
    }
}

impl Account {
    fn deed(&self) -> Deed {
        Deed::of(self.job)
    }
}

/// What a rehearsal has not done, whatever its numbers say.
pub(crate) fn of_rehearsal(job: Option<Job>) -> String {
    format!("no user was {}", Deed::of(job).made)
}

/// The counts by state, in the order in which they are shown.
fn by_state(counts: &Counts) -> [(RowState, u64); 11] {
    [
        (RowState::Created, counts.created),
        (RowState::Updated, counts.updated),
        (RowState::Deleted, counts.deleted),
        (RowState::There, counts.there),
        (RowState::Exists, counts.exists),
        (RowState::Rejected, counts.rejected),
        (RowState::Invalid, counts.invalid),
        (RowState::Skipped, counts.skipped),
        (RowState::Unconfirmed, counts.unconfirmed),
        (RowState::InDoubt, counts.in_doubt),
        (RowState::Pending, counts.pending),
    ]
}

/// How it ended, in two or three words.
fn verdict(account: &Account) -> &'static str {
    let counts = &account.counts;
    if account.at_work {
        "Still at work."
    } else if counts.in_doubt > 0 {
        "Not settled."
    } else if counts.unconfirmed > 0 {
        "Not confirmed."
    } else if counts.pending > 0 {
        "Not finished."
    } else if account.job.is_none() && counts.deleted > 0 {
        if counts.created > 0 { "Undone in part." } else { "Undone." }
    } else if !account.is_all_as_asked() {
        "Finished, with failures."
    } else {
        "All done."
    }
}

/// The outcome in a sentence.
fn sentence(account: &Account) -> String {
    let counts = &account.counts;
    let Deed { done, .. } = account.deed();
    let number = counts.of(done);
    let mut text = format!("{} of {} {}", grouped(number), count(counts.total, "user"), label(done));
    let others: Vec<String> = by_state(counts)
        .into_iter()
        .filter(|(state, number)| *state != done && *number > 0)
        .map(|(state, number)| format!("{} {}", grouped(number), label(state)))
        .collect();
    if !others.is_empty() {
        text += &format!("; {}", others.join(", "));
    }
    text + "."
}

/// Everything an auditor asks: which run, from what, where to, by whom, when.
fn record(account: &Account, made: &str) -> Vec<(String, String)> {
    let mut record: Vec<(String, String)> = [
        ("Run", account.run.clone()),
        ("Instance", account.instance_named()),
        ("Roster", account.roster_now().to_owned()),
        ("Ledger", account.ledger.path.clone()),
        ("Ledger's digest", format!("{} ({} bytes)", account.ledger.digest, account.ledger.bytes)),
        ("Ledger made", format!("{} by {}", account.zone.shown(&account.began), account.tool)),
        ("Report made", format!("{} by {TOOL}", account.zone.shown(made))),
    ]
    .map(|(title, text)| (title.to_owned(), text))
    .into();
    if account.is_rehearsal {
        record.insert(1, ("Rehearsal".to_owned(), of_rehearsal(account.job)));
    }
    if account.job.is_none() {
        let calls = format!("{} sent, {} throttled", account.calls.sent, account.calls.throttled);
        record.push(("CreateUser calls".to_owned(), calls));
    }
    if let Some(names) = &account.names {
        record.push(("Names and teams".to_owned(), names.clone()));
    }
    if account.dropped > 0 {
        let text = format!("{}, with nothing made of them", count(account.dropped, "row"));
        record.push(("Left the roster".to_owned(), text));
    }
    for (number, session) in (1..).zip(&account.sessions) {
        let end = match session.exit {
            Some(exit) => format!("ended {} with exit code {exit}", account.zone.shown(&session.last)),
            None => format!("last wrote {}, no end recorded", account.zone.shown(&session.last)),
        };
        let mut text = format!(
            "{} pid {}, {}, began {}, {end}; {}; roster {}",
            session.host,
            session.pid,
            session.tool,
            account.zone.shown(&session.began),
            match account.job {
                None if session.deleted > 0 => {
                    format!("sent {}, created {}, deleted {}", session.sent, session.created, session.deleted)
                }
                None => format!("sent {}, created {}", session.sent, session.created),
                Some(Job::Update) => format!("changed {}", count(session.created, "user")),
                Some(Job::Remove) => format!("deleted {}", count(session.created, "user")),
            },
            session.digest
        );
        for (title, value) in
            [("region", &session.region), ("profile", &session.profile), ("endpoint", &session.endpoint)]
        {
            if let Some(value) = value {
                text += &format!("; {title} {value}");
            }
        }
        record.push((format!("Session {number}"), text));
    }
    record
}

fn file_name(path: &str) -> &str {
    Path::new(path).file_name().and_then(|name| name.to_str()).unwrap_or(path)
}
