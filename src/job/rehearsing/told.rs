//! What is told of a rehearsal: its plan, and where it stands. Each serialises for whoever shows it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;

use super::log::Logged;
use crate::agent::RowNumber;
use crate::error::Failure;
use crate::event::Forecast;
use crate::job::outlook::{NamesFound, Outlook};
use crate::ledger::{Calls, Counts, RowState};

/// What a rehearsal is going to do.
#[derive(Clone, Debug, Serialize)]
pub struct PlanTold {
    /// Which plan this is: whoever starts it names it.
    pub id: String,
    /// The roster's name.
    pub roster: String,
    /// Always `rehearsal`: nobody is created.
    pub instance: &'static str,
    /// What is to be done with how many rows: as in the event `planned`.
    pub rows: Forecast,
    /// What there is room for.
    pub room: Vec<RoomTold>,
    /// How long it will take.
    pub seconds: f64,
    /// What is odd.
    pub warnings: Vec<String>,
    /// What the roster names of the instance.
    pub names: NamesTold,
    /// The import in earnest, in a terminal.
    pub command: String,
    /// The same rehearsal in a terminal.
    pub rehearsal_command: String,
}

/// How much of something there is room for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RoomTold {
    /// What it is.
    pub what: &'static str,
    /// How many are there; null where they could not be read.
    pub there: Option<u64>,
    /// How many are to come.
    pub to_come: u64,
    /// How many there may be; null where that could not be read.
    pub allowed: Option<u64>,
}

/// What a roster names of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NamesTold {
    /// Routing profiles.
    pub routing_profiles: Vec<String>,
    /// Security profiles.
    pub security_profiles: Vec<String>,
    /// Hierarchy groups, by their paths.
    pub hierarchy: Vec<String>,
    /// The name of the directory file that they were looked up in; null where the rehearsal's instance has what the roster
    /// names.
    pub from: Option<String>,
}

impl NamesTold {
    pub(super) fn of(found: &NamesFound, from: Option<String>) -> Self {
        let names = |found: &[(String, String)]| found.iter().map(|(name, _)| name.clone()).collect();
        Self {
            routing_profiles: names(&found.routing_profiles),
            security_profiles: names(&found.security_profiles),
            hierarchy: names(&found.hierarchy),
            from,
        }
    }
}

impl RoomTold {
    pub(super) fn of(outlook: &Outlook) -> Self {
        let to_come = outlook.new_users();
        Self { what: "users", there: outlook.users, to_come, allowed: outlook.allowed }
    }
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStands {
    /// At work.
    Running,
    /// Sends nothing more, and awaits what is under way.
    Pausing,
    /// Paused: it can go on.
    Paused,
    /// Over.
    Ended,
    /// Stopped before its rows were done: it can go on.
    Stopped,
    /// Another process is at work with it.
    Elsewhere,
}

/// Numbers that grow, by which whoever is told things on several ways knows which is the latest: each is taken before what it
/// is told with is looked at, so that nothing that is older has a greater one and is the last to be told.
#[derive(Clone, Debug, Default)]
pub struct Turns(Arc<AtomicU64>);

impl Turns {
    /// The next; the first is 1.
    pub fn next(&self) -> u64 {
        self.0.fetch_add(1, Ordering::SeqCst) + 1
    }
}

/// Where a run stands.
#[derive(Clone, Debug, Serialize)]
pub struct RunTold {
    /// Of two that are told, the one with the greater number is the later.
    pub turn: u64,
    /// How it stands.
    pub state: RunStands,
    /// The ledger's name.
    pub ledger: String,
    /// Where its rows stand: as in `status` for programs.
    pub rows: Counts,
    /// CreateUser calls. While it is at work, those that an answer has told of.
    pub calls: Calls,
    /// How long the rest takes at the pace of now.
    pub seconds_left: Option<u64>,
    /// Rows settled a second, of late.
    pub rate: Option<f64>,
    /// What happened, the newest first.
    pub log: Vec<Logged>,
    /// How it ended, as a program's exit code.
    pub exit: Option<u8>,
    /// Why it stopped, or who is at work with it.
    pub why: Option<String>,
    /// The name of the report that was written last.
    pub report: Option<String>,
    /// The rows that failed.
    pub failed: Option<FailedTold>,
    /// What failed, by what the failures have in common; of a run that is over.
    pub causes: Vec<CauseTold>,
    /// What resumes it in a terminal.
    pub resume: String,
}

/// The rows that failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedTold {
    /// How many.
    pub rows: u64,
    /// The name of the file that has them, where it is known.
    pub file: Option<String>,
}

/// Rows that failed alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CauseTold {
    /// The service's code, or a finding's; empty where there is none.
    pub code: String,
    /// What a finding of this code is called; null of the service's codes.
    pub title: Option<&'static str>,
    /// How many.
    pub rows: u64,
    /// What to do.
    pub advice: String,
}

/// Rows of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowsTold {
    /// How many there are that stand so.
    pub total: u64,
    /// Those that were asked for.
    pub rows: Vec<RowTold>,
}

/// A row of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowTold {
    /// The number that the spreadsheet shows.
    pub n: RowNumber,
    /// The username.
    pub user: String,
    /// Where it stands.
    pub state: RowState,
    /// The service's code, or a finding's.
    pub code: Option<String>,
    /// The service's own message, or a finding's.
    pub message: Option<String>,
}

/// What is told of a rehearsal while it goes on.
#[derive(Clone, Debug)]
pub enum Told {
    /// An event, as `import` tells it to programs: a line without its end.
    Line(String),
    /// Where it stands now.
    Run(Box<RunTold>),
}

/// Why something was not done.
#[derive(Debug)]
pub enum Refused {
    /// A rehearsal is at work.
    Busy,
    /// What would be done is not what was planned: look at a new plan.
    NotAsPlanned {
        /// How many were to be created by the plan.
        planned: u64,
        /// How many were asked for, or would be created now.
        asked: u64,
    },
    /// There is nothing to go on with, or to send again.
    Nothing,
    /// It cannot be done.
    Failed(Failure),
}

impl From<Failure> for Refused {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
