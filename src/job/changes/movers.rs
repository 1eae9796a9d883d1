//! The roster once more, against what was decided: who is to be changed, as they are read.

use std::sync::Arc;

use super::Compared;
use crate::agent::RowNumber;
use crate::apply::Mover;
use crate::error::Failure;
use crate::ledger::Journal;
use crate::roster::{Row, Rows};
use crate::validate::{self, RowCheck, Rules};

/// Those who are to be changed, in the roster's order.
pub(super) struct Movers<'m> {
    compared: &'m Compared,
    check: RowCheck<'m>,
    rows: Rows,
    row: Row,
    ledger: Arc<dyn Journal>,
}

impl<'m> Movers<'m> {
    /// Starts to read the roster.
    pub(super) fn new(
        compared: &'m Compared,
        rules: &'m Rules<'m>,
        ledger: Arc<dyn Journal>,
    ) -> Result<Self, Failure> {
        let check = RowCheck::new(compared.roster.columns(), rules);
        Ok(Self { compared, check, rows: compared.roster.rows()?, row: Row::default(), ledger })
    }

    fn next_row(&mut self) -> Result<Option<Mover>, Failure> {
        while self.rows.read(&mut self.row)? {
            if let Some(mover) = self.mover()? {
                return Ok(Some(mover));
            }
        }
        Ok(None)
    }

    /// Whoever the row that was read is about, where they are to be changed.
    fn mover(&self) -> Result<Option<Mover>, Failure> {
        let Compared { changes, roster, reached, wanted, due, .. } = self.compared;
        let user = validate::username(&self.row, roster.columns());
        let Some(due) = due.get(user) else { return Ok(None) };
        let row = RowNumber::of(self.row.number);
        let Some(seen) = wanted.find(user).filter(|seen| seen.row == row) else { return Ok(None) };
        let agent = validate::agent_by(&self.check, &self.row).filter(|agent| {
            Some(validate::fingerprint(agent)) == seen.fingerprint
                && validate::proficiencies_fingerprint(agent) == seen.proficiencies
        });
        let agent = agent.ok_or_else(|| self.changed())?;
        let wish = changes.wish(&agent, reached).ok_or_else(|| self.changed())?;
        let at = self.ledger.read(|state| state.find(user)).ok_or_else(|| self.changed())?;
        Ok(Some(Mover {
            at,
            row,
            user: agent.username,
            id: due.found.user.id.clone(),
            wish,
            groups: due.groups.clone(),
            email: changes.asking.changes_email,
            leaves: due.leaves,
        }))
    }

    fn changed(&self) -> Failure {
        Failure::stopped(format!("the roster changed while it was read, in row {}", self.row.number))
            .hint("the rows before it are done; the same command resumes with the roster as it is now")
    }
}

impl Iterator for Movers<'_> {
    type Item = Result<Mover, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_row().transpose()
    }
}
