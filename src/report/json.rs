//! The report for programs. Its members are a contract: they may be added to, and none changes its meaning.

use std::collections::BTreeMap;

use serde::Serialize;

use super::account::{Account, Part, Session, Source};
use super::cause::Cause;
use super::row::{Event, Row, Step};
use crate::agent::RowNumber;
use crate::error::Failure;
use crate::exit::Exit;
use crate::ledger::{Attempt, Calls, Counts, Job, RowState, SeenAs, StepState, Unexecuted};
use crate::text::escape_from;

/// How every report of this kind begins.
pub(crate) const HEAD: &str = "{\n  \"report\": \"headcount\",\n";

#[derive(Serialize)]
struct Document<'a> {
    report: &'static str,
    version: u32,
    made: &'a str,
    tool: &'static str,
    run: &'a str,
    /// Whose ledger it is, where that is no import's.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Job>,
    roster: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    /// Whether it was a rehearsal, which made nobody.
    rehearsal: bool,
    began: &'a str,
    complete: bool,
    at_work: bool,
    rows: Counts,
    dropped: u64,
    calls: Calls,
    /// Each of several targets; not there where the report is of one ledger.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    targets: Vec<Target<'a>>,
    ledger: Ledger<'a>,
    sessions: Vec<Sitting<'a>>,
    causes: Vec<Group<'a>>,
    users: Vec<User<'a>>,
}

/// One of several targets.
#[derive(Serialize)]
struct Target<'a> {
    target: &'a str,
    run: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    complete: bool,
    rows: Counts,
    calls: Calls,
}

#[derive(Serialize)]
struct Ledger<'a> {
    path: &'a str,
    bytes: u64,
    digest: &'a str,
}

#[derive(Serialize)]
struct Sitting<'a> {
    session: &'a str,
    host: &'a str,
    pid: u32,
    tool: &'a str,
    roster: &'a str,
    digest: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<&'a str>,
    began: &'a str,
    last: &'a str,
    exit: Option<u8>,
    sent: u64,
    created: u64,
    /// By an undo of the run.
    #[serde(skip_serializing_if = "is_zero")]
    deleted: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[derive(Serialize)]
struct Group<'a> {
    state: RowState,
    code: &'a str,
    says: &'a str,
    advice: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a str>,
    rows: Vec<RowNumber>,
}

#[derive(Serialize)]
struct User<'a> {
    row: RowNumber,
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<&'a str>,
    /// The name that the roster had for it, where a file of failed rows gave it this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<&'a str>,
    state: RowState,
    recovered: bool,
    attempts: u32,
    throttled: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(rename = "as", skip_serializing_if = "Option::is_none")]
    seen: Option<SeenAs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    found_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    /// What is said of what follows a created user, where that was not given.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<&'a str>,
    /// Where the parts stand that an update has had to do with.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    parts: BTreeMap<&'static str, StepState>,
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    at: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    doubt: Vec<Told<'a>>,
}

/// A step in the story of a row that was in doubt.
#[derive(Serialize)]
struct Told<'a> {
    what: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<Attempt>,
    #[serde(skip_serializing_if = "str::is_empty")]
    message: &'a str,
}

/// The document; `made` is when, RFC 3339.
pub(crate) fn write(account: &Account, made: &str) -> Result<Vec<u8>, Failure> {
    let Source { path, bytes, digest } = &account.ledger;
    let document = Document {
        report: "headcount",
        version: 1,
        made,
        tool: super::TOOL,
        run: &account.run,
        job: account.job,
        roster: account.roster_now(),
        instance: &account.instance,
        alias: account.alias.as_deref(),
        rehearsal: account.is_rehearsal,
        began: &account.began,
        complete: account.counts.is_complete(),
        at_work: account.at_work,
        rows: account.counts,
        dropped: account.dropped,
        calls: account.calls,
        targets: account.parts.iter().map(target).collect(),
        ledger: Ledger { path, bytes: *bytes, digest },
        sessions: account.sessions.iter().map(sitting).collect(),
        causes: account.causes.iter().map(|cause| group(cause, &account.rows)).collect(),
        users: account.rows.iter().map(user).collect(),
    };
    let mut bytes = serde_json::to_vec_pretty(&document)
        .map_err(|error| Failure::new(Exit::Bug, "cannot write the report").because(error))?;
    escape_from(0, &mut bytes);
    bytes.push(b'\n');
    Ok(bytes)
}

fn target(part: &Part) -> Target<'_> {
    Target {
        target: &part.target,
        run: &part.run,
        instance: &part.instance,
        alias: part.alias.as_deref(),
        complete: part.counts.is_complete(),
        rows: part.counts,
        calls: part.calls,
    }
}

fn sitting(session: &Session) -> Sitting<'_> {
    Sitting {
        session: &session.id,
        host: &session.host,
        pid: session.pid,
        tool: &session.tool,
        roster: &session.roster,
        digest: &session.digest,
        region: session.region.as_deref(),
        profile: session.profile.as_deref(),
        endpoint: session.endpoint.as_deref(),
        began: &session.began,
        last: &session.last,
        exit: session.exit,
        sent: session.sent,
        created: session.created,
        deleted: session.deleted,
    }
}

fn group<'a>(cause: &'a Cause, rows: &[Row]) -> Group<'a> {
    Group {
        state: cause.state,
        code: &cause.code,
        says: &cause.says,
        advice: &cause.advice,
        command: cause.command.as_deref(),
        rows: cause.rows.iter().map(|&at| rows[at as usize].row).collect(),
    }
}

fn user(row: &Row) -> User<'_> {
    User {
        row: row.row,
        user: &row.user,
        target: row.target.as_deref(),
        was: row.was.as_deref(),
        state: row.state,
        recovered: row.recovered,
        attempts: row.attempts,
        throttled: row.throttled,
        id: row.id.as_deref(),
        seen: Some(row.seen).filter(|seen| *seen != SeenAs::There),
        found_id: row.found_id.as_deref(),
        code: row.code.as_deref(),
        message: row.message.as_deref(),
        step: row.step.as_deref(),
        parts: row.parts.iter().map(|(part, stands)| (part.word(), *stands)).collect(),
        request_id: row.request_id.as_deref(),
        at: &row.at,
        doubt: row.story.iter().map(told).collect(),
    }
}

fn told(step: &Step) -> Told<'_> {
    let (what, message) = match &step.what {
        Event::Sent => ("sent", ""),
        Event::Lost => ("lost", ""),
        Event::Unclear(message) => ("unclear", message.as_str()),
        Event::Unexecuted(Unexecuted::Throttled) => ("throttled", ""),
        Event::Unexecuted(Unexecuted::NotSent) => ("not_sent", ""),
        Event::Unexecuted(Unexecuted::Refused) => ("refused", ""),
        Event::Settled { recovered: true, message, .. } => ("recovered", message.as_str()),
        Event::Settled { state, message, .. } => (state.word(), message.as_str()),
    };
    Told { what, at: &step.at, attempt: step.attempt, message }
}
