//! Rows of one login that ask for different things, where a column says what is to be done.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::meant::Job;
use crate::agent::RowNumber;
use crate::error::Failure;
use crate::exit::Exit;
use crate::roster::{Act, Row};
use crate::text::count;
use crate::validate;

/// So many logins are named.
const NAMED: usize = 10;

impl Job {
    /// Fails where rows of one login ask for different things. Each kind of row is done by a job of its own, so that nobody
    /// else would notice: whoever is made by one row would be deleted by the other, at the latest when the same command is
    /// given again.
    ///
    /// # Errors
    /// Exit 3, with the logins and their rows; exit 2 where the roster cannot be read.
    pub(crate) fn acts_agree(&self) -> Result<(), Failure> {
        let mut asked: HashMap<String, (Act, RowNumber)> = HashMap::new();
        let mut against = Vec::new();
        for act in [Act::Create, Act::Update, Act::Remove] {
            let roster = self.open_other(act)?;
            let (mut rows, mut row) = (roster.rows()?, Row::default());
            while rows.read(&mut row)? {
                let user = validate::username(&row, roster.columns());
                if user.is_empty() {
                    continue;
                }
                let number = RowNumber::of(row.number);
                // The service takes names that differ in case alone for two; whoever writes them means one.
                match asked.entry(user.to_lowercase()) {
                    Entry::Vacant(free) => _ = free.insert((act, number)),
                    Entry::Occupied(known) if known.get().0 == act => {}
                    Entry::Occupied(known) => {
                        let (other, row) = known.get();
                        against.push(format!(
                            "{user} ({} in row {row}, {} in row {number})",
                            other.word(),
                            act.word()
                        ));
                    }
                }
            }
        }
        if against.is_empty() {
            return Ok(());
        }
        let more = against.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let named = against.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
        let people = count(against.len() as u64, "login");
        Err(Failure::new(
            Exit::Findings,
            format!("nothing was sent: rows of {people} ask for different things: {named}{more}"),
        )
        .hint("leave one row a login: what is to be done with whoever has it"))
    }
}
