//! Everything that anyone may observe of an import. The engine prints nothing: progress, JSON lines and summary are
//! sinks of these.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::ser::Error as _;
use serde::{Serialize, Serializer};
use tokio::sync::mpsc;

use crate::agent::{Differing, RowNumber};
use crate::finding::{Finding, LeftOut, Logins};
use crate::text::{self, Voice, escaped};

/// Something that happened. In `--format json` each is one line: `{"event": …}` with the members named here; members
/// may be added, and none is ever renamed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The instance begins to be read, which can take a while. For people.
    Reading,
    /// It has been read, or could not be. For people.
    Reached,
    /// Something odd that a person should hear of before anything is sent. For people.
    Warning {
        /// What is odd, and what that means.
        message: String,
    },
    /// A line that stands for itself, before anything is sent. For people.
    Remark {
        /// What to say.
        message: String,
    },
    /// What is wrong with the roster, or odd in it; before anything is sent.
    Finding(Finding),
    /// Somebody who is there already was compared with the row that asks for one of its name; before anything is sent.
    Compared {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// The id of who has it.
        id: String,
        /// Whether it has all that the row asks for.
        equal: bool,
        /// In what it is not as the row asks.
        differs: Vec<Differing>,
    },
    /// One thing in which somebody is not as the roster asks, and what is done about it; one line for somebody in whom
    /// nothing differs, who is not there, or who is left as a whole. Before anything is sent.
    Change {
        /// The username.
        user: String,
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// What belongs together with it, as one call writes it; null where the whole person is meant.
        group: Option<&'static str>,
        /// The member, in the words of a roster's columns.
        cell: Option<String>,
        /// As it is there; null for nothing.
        from: Option<String>,
        /// As the roster asks; null for nothing.
        to: Option<String>,
        /// `update`, `drift`, `conflict`, `create`, `same` or `skip`.
        decision: &'static str,
        /// Why it is left, where that is for a reason of its own.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<&'static str>,
    },
    /// What a comparison found.
    Differences {
        /// The format of these lines.
        version: u32,
        /// The instance's ARN.
        instance: String,
        /// How many people there are of each kind.
        people: PeopleCounts,
        /// The calls that an update makes, by operation.
        calls: BTreeMap<&'static str, u64>,
        /// How long they will take, in seconds.
        seconds: f64,
    },
    /// A user is as the row asks, and was read back so.
    Updated {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// The user's id.
        id: String,
    },
    /// The service took all that was sent, and the instance does not show all of it.
    Unconfirmed {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// What is not shown.
        message: String,
    },
    /// A user was left as it is, in part or as a whole.
    Skipped {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// Why.
        code: String,
        /// The same in words.
        message: String,
    },
    /// One person of a plan to delete: before anything is sent.
    Removal {
        /// The username.
        user: String,
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The user's id; null where nobody is there.
        id: Option<String>,
        /// `delete`, `gone`, `wait` or `skip`.
        decision: &'static str,
        /// Why it is not deleted; null for who is.
        code: Option<&'static str>,
        /// The same in words.
        message: Option<String>,
    },
    /// A user was deleted.
    Deleted {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// The user's id.
        id: String,
        /// It was gone already: nobody of ours has deleted it now.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        gone: bool,
    },
    /// What a dry run found: nothing is sent.
    Planned {
        /// The format of these lines.
        version: u32,
        /// Where the ledger is, or would be.
        ledger: String,
        /// The instance's ARN.
        instance: String,
        /// What is to be done with how many rows.
        rows: Forecast,
        /// Which rows of the roster its column map leaves out; not there where it has no rules for that.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<LeftOut>,
        /// Where the logins come from; not there where no template makes any.
        #[serde(skip_serializing_if = "Option::is_none")]
        logins: Option<Logins>,
        /// Calls a second.
        rate: f64,
        /// How long it will take, in seconds.
        seconds: f64,
    },
    /// The first request is about to leave.
    Started {
        /// The format of these lines.
        version: u32,
        /// The run's id.
        run: String,
        /// The ledger's path.
        ledger: String,
        /// The instance's ARN.
        instance: String,
        /// Rows of the ledger.
        total: u64,
        /// Rows that a request may leave for.
        to_send: u64,
        /// As in [`Event::Planned`].
        #[serde(skip_serializing_if = "Vec::is_empty")]
        left_out: Vec<LeftOut>,
        /// Calls a second.
        rate: f64,
    },
    /// A user was made, or was found to be ours.
    Created {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// The user's id.
        id: String,
        /// Settled by comparison.
        recovered: bool,
    },
    /// The name is another's.
    Exists {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// Whose it is, as far as can be read.
        message: String,
    },
    /// The name is another's, who has all that the row asks for: nothing is left to do.
    There {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// Whose it is, as far as can be read.
        message: String,
    },
    /// The service refused the row.
    Rejected {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// The service's code.
        code: String,
        /// The service's own message.
        message: String,
    },
    /// The row's outcome is not known.
    InDoubt {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// What is known.
        message: String,
        /// Whether this run has given up settling it; else it is tried again.
        last: bool,
    },
    /// What follows a created row was done, refused, or given up for this run.
    Step {
        /// The row as the spreadsheet shows it.
        row: RowNumber,
        /// The username.
        user: String,
        /// Which step.
        step: crate::ledger::Step,
        /// Where it stands now; pending where this run has given it up.
        result: crate::ledger::StepState,
        /// The service's code, where it said no.
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// The service's own message.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// A call was told to slow down.
    Throttled {
        /// The pace from now on, in calls a second.
        rate: f64,
    },
    /// Nothing is sent for a while.
    Waiting {
        /// What for.
        reason: String,
        /// At most this long, in seconds.
        seconds: f64,
    },
    /// No further request leaves; those under way are awaited.
    Stopping {
        /// Why.
        reason: String,
        /// Whether somebody has interrupted it, who knows that already.
        #[serde(skip)]
        is_interruption: bool,
    },
    /// A line for people.
    Note {
        /// What to say.
        message: String,
    },
    /// The import is over.
    Ended {
        /// The exit code.
        exit: u8,
        /// Where all rows of the ledger stand.
        rows: crate::ledger::Counts,
        /// Where what follows the created rows stands.
        steps: crate::ledger::Steps,
        /// How the created rows are seen.
        seen: crate::ledger::SeenCounts,
        /// CreateUser calls, over all sessions.
        calls: crate::ledger::Calls,
        /// How long this session took, in seconds.
        seconds: f64,
    },
    /// One of several targets is done, or was left out. What it came to is in it, in place of an `ended` of its own.
    Target {
        /// Which.
        target: String,
        /// The exit code that it would have alone.
        exit: u8,
        /// Why it stopped before its rows did, or why it was left out.
        reason: Option<String>,
        /// Where all rows of its ledger stand; where it was left out and has none, its rows wait. Not there where it has no
        /// rows.
        #[serde(skip_serializing_if = "Option::is_none")]
        rows: Option<crate::ledger::Counts>,
        /// CreateUser calls, over all its sessions.
        #[serde(skip_serializing_if = "Option::is_none")]
        calls: Option<crate::ledger::Calls>,
    },
    /// Something that happened at one of several targets.
    #[serde(untagged)]
    Of(OfTarget),
}

/// Something that happened at one of several targets: a line of it has the target's name as well.
#[derive(Clone, Debug, PartialEq)]
pub struct OfTarget {
    /// What.
    pub event: Box<Event>,
    /// Where.
    pub target: String,
}

/// The members of the event, and the target's name.
impl Serialize for OfTarget {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Through a value of one type: an event of a target within one of another would have no end of types.
        let mut members = serde_json::to_value(&*self.event).map_err(S::Error::custom)?;
        members["target"] = self.target.as_str().into();
        members.serialize(serializer)
    }
}

/// How many rows an import is going to do what with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// To create.
    pub to_create: u64,
    /// Not created yet by this ledger, and a user of exactly that name is on the instance.
    pub(crate) there: u64,
    /// Those of `there` that were compared with it, and have all that their rows ask for.
    pub(crate) equal: u64,
    /// In doubt: to settle.
    pub(crate) to_settle: u64,
    /// Created before.
    pub done: u64,
    /// Failed before, and left as they stand.
    pub(crate) failed: u64,
    /// Pending, and left as they stand: `retry` does not send them.
    pub(crate) pending: u64,
    /// Created before, and gone from the instance.
    pub missing: u64,
    /// Created before, and the name is another user's now.
    pub(crate) replaced: u64,
    /// Invalid, and not sent.
    pub invalid: u64,
    /// Deleted by an undo, and left so.
    pub deleted: u64,
    /// Their deletion by an undo is not settled: left to it.
    pub unconfirmed: u64,
    /// Created before, gone from the instance, and on a list of leavers: left so.
    pub left: u64,
    /// Those of `to_create` and `there` that were created before, and are to be made anew.
    pub anew: u64,
}

/// Of several targets together.
impl std::ops::AddAssign for Forecast {
    fn add_assign(&mut self, other: Self) {
        let Self {
            to_create,
            there,
            equal,
            to_settle,
            done,
            failed,
            pending,
            missing,
            replaced,
            invalid,
            deleted,
            unconfirmed,
            left,
            anew,
        } = other;
        self.to_create += to_create;
        self.there += there;
        self.equal += equal;
        self.to_settle += to_settle;
        self.done += done;
        self.failed += failed;
        self.pending += pending;
        self.missing += missing;
        self.replaced += replaced;
        self.invalid += invalid;
        self.deleted += deleted;
        self.unconfirmed += unconfirmed;
        self.left += left;
        self.anew += anew;
    }
}

/// How many people there are of each kind. Serialises as the `people` of a comparison; members may be added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PeopleCounts {
    /// All.
    pub total: u64,
    /// As they should be.
    pub same: u64,
    /// Who gets what the row asks for; some of it may be left.
    pub update: u64,
    /// Changed on the instance since, and left.
    pub drift: u64,
    /// Changed on both sides, and left.
    pub conflict: u64,
    /// To be made.
    pub create: u64,
    /// Not there, or left for another reason: the sum of the next two.
    pub skip: u64,
    /// Not there.
    pub not_there: u64,
    /// There, and left for another reason.
    pub left: u64,
    /// How many of those who get what the row asks for have something that is left.
    pub partly: u64,
}

/// Of several targets together.
impl std::ops::AddAssign for PeopleCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { total, same, update, drift, conflict, create, skip, not_there, left, partly } = other;
        self.total += total;
        self.same += same;
        self.update += update;
        self.drift += drift;
        self.conflict += conflict;
        self.create += create;
        self.skip += skip;
        self.not_there += not_there;
        self.left += left;
        self.partly += partly;
    }
}

impl PeopleCounts {
    /// Whether anything differs from the roster, or anybody is not there.
    pub fn differs(&self) -> bool {
        self.same != self.total
    }
}

impl Event {
    /// Whether it is a line of `--format json`; else it is for people alone.
    pub fn is_for_programs(&self) -> bool {
        match self {
            Self::Of(of) => of.event.is_for_programs(),
            told => {
                !matches!(told, Self::Reading | Self::Reached | Self::Warning { .. } | Self::Remark { .. })
            }
        }
    }

    /// The event as a line of `--format json`, its end included.
    pub(crate) fn line(&self) -> String {
        // What is in here are texts and numbers, and both can be written.
        let written = |event: &Self| serde_json::to_string(event).unwrap_or_default();
        let line = match self {
            // In the order of its members, with the name behind them.
            Self::Of(OfTarget { event, target }) => {
                let (line, name) = (written(event), serde_json::Value::from(target.as_str()));
                format!("{},\"target\":{name}}}", line.strip_suffix('}').unwrap_or(&line))
            }
            event => written(event),
        };
        escaped(&line).into_owned() + "\n"
    }

    /// A wait as people read it.
    pub(crate) fn waiting(reason: impl Into<String>, wait: Duration) -> Self {
        Self::Waiting { reason: reason.into(), seconds: wait.as_secs_f64() }
    }

    /// The event in the words of a screen. What the service says stays as it is, and what the ledger says as well.
    #[must_use]
    pub(crate) fn worded(self, voice: &dyn Voice) -> Self {
        let worded = |text: String| text::worded(&text, voice).into_owned();
        match self {
            Self::Waiting { reason, seconds } => Self::Waiting { reason: worded(reason), seconds },
            Self::Stopping { reason, is_interruption } => {
                Self::Stopping { reason: worded(reason), is_interruption }
            }
            Self::Note { message } => Self::Note { message: worded(message) },
            Self::Warning { message } => Self::Warning { message: worded(message) },
            Self::Remark { message } => Self::Remark { message: worded(message) },
            Self::Finding(finding) => Self::Finding(finding.worded(voice).into_owned()),
            Self::Target { target, exit, reason, rows, calls } => {
                Self::Target { target, exit, reason: reason.map(worded), rows, calls }
            }
            Self::Of(OfTarget { event, target }) => {
                Self::Of(OfTarget { event: Box::new(event.worded(voice)), target })
            }
            Self::Reading
            | Self::Reached
            | Self::Compared { .. }
            | Self::Change { .. }
            | Self::Differences { .. }
            | Self::Updated { .. }
            | Self::Unconfirmed { .. }
            | Self::Skipped { .. }
            | Self::Removal { .. }
            | Self::Deleted { .. }
            | Self::Planned { .. }
            | Self::Started { .. }
            | Self::Created { .. }
            | Self::Exists { .. }
            | Self::There { .. }
            | Self::Rejected { .. }
            | Self::InDoubt { .. }
            | Self::Step { .. }
            | Self::Throttled { .. }
            | Self::Ended { .. } => self,
        }
    }
}

/// Whoever knows what is waited for.
pub trait Pulse: Send + Sync {
    /// Tells what is waited for, where nothing was told for long. Asked at least every second, by whoever shows a job: in
    /// its own time, so that a job that is busy, or waits for a disk, is not silent either.
    fn beat(&self);
}

/// Where events go: a live view, JSON lines, a page's stream, a test's vector. Whoever tells does not wait, and is not
/// told whether anybody listens.
pub trait Sink: Send + Sync {
    /// Takes an event, in the order in which they happened.
    fn tell(&self, event: Event);

    /// Takes whom to ask while nothing is told. Whoever shows nothing asks nobody.
    fn watch(&self, _: Arc<dyn Pulse>) {}
}

impl Sink for mpsc::UnboundedSender<Event> {
    fn tell(&self, event: Event) {
        // A listener that is gone is no reason to stop: the ledger has the truth.
        let _ = self.send(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::voice::Flags;
    use crate::finding::Severity;

    #[test]
    fn an_event_is_worded_where_we_speak_and_not_where_the_service_does() {
        let text = || "⟦region⟧".to_owned();
        let said = |event: Event| serde_json::to_string(&event.worded(&Flags)).unwrap();
        for ours in [
            Event::Note { message: text() },
            Event::Warning { message: text() },
            Event::Remark { message: text() },
            Event::Waiting { reason: text(), seconds: 1.0 },
            Event::Stopping { reason: text(), is_interruption: false },
        ] {
            let said = said(ours);
            assert!(said.contains("\"--region\"") && !said.contains('⟦'), "{said}");
        }
        let row = RowNumber::of(2);
        let theirs = Event::Rejected { row, user: text(), code: text(), message: text() };
        assert_eq!(said(theirs).matches("⟦region⟧").count(), 3);
        let found = Finding {
            code: "sample-row",
            severity: Severity::Warning,
            row: Some(2),
            column: Some(text()),
            value: Some(text()),
            message: text(),
            hint: Some(text()),
        };
        let said = said(Event::Finding(found));
        assert_eq!((said.matches("⟦region⟧").count(), said.matches("--region").count()), (3, 1), "{said}");
    }

    #[test]
    fn what_happens_at_one_of_several_targets_is_a_line_with_its_name() {
        let of = |event| Event::Of(OfTarget { event: Box::new(event), target: "emea".into() });
        let row = RowNumber::of(7);
        for (event, line) in [
            (
                Event::Created { row, user: "ana".into(), id: "u".into(), recovered: false },
                r#"{"event":"created","row":7,"user":"ana","id":"u","recovered":false,"target":"emea"}"#,
            ),
            (
                Event::Note { message: "⟦region⟧".into() },
                r#"{"event":"note","message":"--region","target":"emea"}"#,
            ),
            (Event::Reading, r#"{"event":"reading","target":"emea"}"#),
        ] {
            let is_for_programs = event.is_for_programs();
            let of = of(event).worded(&Flags);
            assert_eq!(of.line(), format!("{line}\n"));
            assert_eq!(of.is_for_programs(), is_for_programs);
        }
        let found = Finding {
            code: "sample-row",
            severity: Severity::Warning,
            row: Some(2),
            column: None,
            value: None,
            message: "m".into(),
            hint: None,
        };
        let line = of(Event::Finding(found)).line();
        assert!(line.starts_with(r#"{"event":"finding","code":"sample-row""#), "{line}");
        assert!(line.ends_with("\"target\":\"emea\"}\n"), "{line}");
        let (target, reason) = ("emea".into(), Some("⟦region⟧".into()));
        let ended = Event::Target { target, exit: 4, reason, rows: None, calls: None };
        let line = r#"{"event":"target","target":"emea","exit":4,"reason":"--region"}"#;
        assert_eq!(ended.worded(&Flags).line(), format!("{line}\n"));
    }

    #[test]
    fn a_sink_keeps_the_order_and_one_that_is_gone_stops_nobody() {
        let (sender, mut listener) = mpsc::unbounded_channel();
        let sink: &dyn Sink = &sender;
        for message in ["one", "two"] {
            sink.tell(Event::Note { message: message.to_owned() });
        }
        for message in ["one", "two"] {
            assert_eq!(listener.try_recv().unwrap(), Event::Note { message: message.to_owned() });
        }
        drop(listener);
        sink.tell(Event::Note { message: "three".to_owned() });
    }
}
