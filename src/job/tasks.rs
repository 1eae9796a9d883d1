//! The roster once more, against the plan: the rows to send as they are read, then those to look up only.

use std::collections::HashMap;
use std::sync::Arc;

use super::supply::Supply;
use crate::agent::{Agent, RowNumber};
use crate::apply::{Doubt, Gift, Listed, Origin, Task};
use crate::error::Failure;
use crate::ledger::{Journal, Place, RowState};
use crate::plan::{Decision, Plan, StepDecision, Wanted};
use crate::roster::{Roster, Row, Rows};
use crate::user::{self, Found};
use crate::validate::{self, RowCheck, Rules};

/// The rows to send, read from the roster once more and compared with the plan; then those to look up only.
pub(super) struct Tasks<'t> {
    rows: Rows,
    row: Row,
    of: Of<'t>,
    /// The rules as they apply to the roster's columns: found out once, and not for each of a million rows.
    check: RowCheck<'t>,
    ledger: Arc<dyn Journal>,
    look_ups: std::vec::IntoIter<Place>,
}

/// What tasks are made of.
#[derive(Clone, Copy)]
pub(super) struct Of<'t> {
    pub(super) roster: &'t Roster,
    pub(super) rules: &'t Rules<'t>,
    pub(super) wanted: &'t Wanted,
    pub(super) plan: &'t Plan,
    pub(super) supply: &'t Supply,
    /// Who is there already, as far as they were read.
    pub(super) found: &'t HashMap<String, Found>,
}

impl<'t> Tasks<'t> {
    /// Starts to read the roster.
    pub(super) fn new(of: Of<'t>, ledger: Arc<dyn Journal>) -> Result<Self, Failure> {
        let Of { roster, rules, wanted, plan, .. } = of;
        let mut look_ups: Vec<Place> = plan.gone(Decision::LookUp).collect();
        ledger.read(|state| {
            let invalid = plan.named(wanted, Decision::LookUp);
            look_ups.extend(invalid.filter_map(|user| state.find(user)));
        });
        let (rows, row, check) = (roster.rows()?, Row::default(), RowCheck::new(roster.columns(), rules));
        Ok(Self { rows, row, of, check, ledger, look_ups: look_ups.into_iter() })
    }

    /// The next row that is to be sent.
    fn next_row(&mut self) -> Result<Option<Task>, Failure> {
        while self.rows.read(&mut self.row)? {
            if let Some(task) = self.task()? {
                return Ok(Some(task));
            }
        }
        Ok(None)
    }

    /// The task of the row that was read, where there is one.
    fn task(&self) -> Result<Option<Task>, Failure> {
        let Of { roster, rules, wanted, plan, supply, found } = self.of;
        let columns = roster.columns();
        let username = validate::username(&self.row, columns);
        let seen = wanted.find(username).filter(|seen| seen.row == RowNumber::of(self.row.number));
        // Invalid, or gone by another name: the plan has it under its number.
        let Some(seen) = seen else { return Ok(None) };
        let sends = plan.of(wanted, username).is_some_and(Decision::sends);
        if !sends && plan.step_of(wanted, username) != StepDecision::Give {
            return Ok(None);
        }
        let agent = validate::agent_by(&self.check, &self.row);
        let proficiencies = agent.as_ref().and_then(validate::proficiencies_fingerprint);
        let is_same = |agent: &Agent| {
            Some(validate::fingerprint(agent)) == seen.fingerprint && proficiencies == seen.proficiencies
        };
        let Some(mut agent) = agent.filter(is_same) else { return Err(self.changed()) };
        let unlisted = plan.of(wanted, username) == Some(Decision::Missing);
        let gift = proficiencies.map(|fingerprint| Gift {
            proficiencies: user::proficiencies(&agent),
            fingerprint,
            unlisted,
        });
        let standing = self.ledger.read(|state| {
            let at = state.find(username)?;
            Some((at, state.record(at).settled_state()))
        });
        let (at, state) = standing.ok_or_else(|| self.changed())?;
        let gift = match gift {
            Some(gift) if !sends => {
                return Ok(Some(Task::associate(at, agent.row, agent.username, gift)));
            }
            gift => gift,
        };
        let origin = if supply.give(&mut agent)? { Origin::Made } else { Origin::Row };
        let directory = rules.directory.ok_or_else(|| self.changed())?;
        let body = user::create_user(&agent, directory).ok_or_else(|| self.changed())?;
        let doubt = doubt_of(state);
        let id = directory.users.as_ref().and_then(|users| users.get(username));
        // One who was read for the plan is what the plan said of it.
        let listed = id.map(|id| Listed {
            id: id.to_string(),
            found: found.get(username).map(|found| Box::new(found.clone())),
        });
        let task = Task::create(at, &agent, body).doubted(doubt).listed(listed).then(gift);
        Ok(Some(task.with_password(origin)))
    }

    fn changed(&self) -> Failure {
        Failure::stopped(format!("the roster changed while it was imported, in row {}", self.row.number))
            .hint("the rows before it are done; the same command resumes with the roster as it is now")
    }
}

/// Whether an attempt of before may have made the user of a row that stood so when the session began.
pub(super) fn doubt_of(stood: RowState) -> Doubt {
    if stood == RowState::InDoubt { Doubt::InDoubt } else { Doubt::Clear }
}

impl Iterator for Tasks<'_> {
    type Item = Result<Task, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(next) = self.next_row().transpose() {
            return Some(next);
        }
        let at = self.look_ups.next()?;
        Some(Ok(self.ledger.read(|state| Task::settle(at, state.record(at).row, state.user(at).to_owned()))))
    }
}
