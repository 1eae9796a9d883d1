//! What `headcount columns` proposes of which rows are meant: who has left, and what a workbook hides.

use std::fmt::Write as _;

use crate::error::Failure;
use crate::finding::codes;
use crate::roster::{Roster, Row};
use crate::validate::{LeaversRule, Watch};

/// Which rows may not be meant.
pub(crate) struct MeantRows {
    leavers: Vec<LeaversRule>,
    has_hidden: bool,
}

/// How many rows are looked at.
const SEARCHED: usize = 100_000;

/// Looks at the first rows.
pub(crate) fn of(roster: &Roster) -> Result<MeantRows, Failure> {
    let mut watch = Watch::new(roster.columns());
    let (mut rows, mut row) = (roster.rows()?, Row::default());
    for _ in 0..SEARCHED {
        if !rows.read(&mut row)? {
            break;
        }
        watch.see(&row);
    }
    let has_hidden = roster.findings().iter().any(|finding| finding.code == codes::HIDDEN_ROWS.id);
    Ok(MeantRows { leavers: watch.rules(roster.columns()), has_hidden })
}

impl MeantRows {
    /// What stands above the tables of a map. A choice, for a person may have hidden rows for the eye alone.
    pub(crate) fn hidden(&self) -> &'static str {
        if self.has_hidden {
            "\n# The sheet has hidden rows: \"skip\" leaves them out, \"read\" says that they are meant.\n\
             # hidden-rows = \"skip\"\n"
        } else {
            ""
        }
    }

    /// The tables. Words are plain; a day may be one to come, and so it is a choice.
    pub(crate) fn tables(&self) -> String {
        let mut text = String::new();
        if self.leavers.is_empty() {
            return text;
        }
        let seen: Vec<&str> = self.leavers.iter().map(|rule| rule.what.as_str()).collect();
        let _ = write!(
            text,
            "\n# Somebody may have left: {}. Rows that are left out are counted, and never sent.\n[skip]\n",
            seen.join("; ")
        );
        for rule in &self.leavers {
            let _ = if rule.is_of_days {
                writeln!(text, "# {0}\n# {1} = {{ before = \"2026-12-01\" }} # or so", rule.line, rule.header)
            } else {
                writeln!(text, "{}", rule.line)
            };
        }
        text
    }

    /// All of it, where nothing else is to be said of the columns.
    pub(crate) fn alone(&self) -> String {
        format!("{}{}", self.hidden(), self.tables())
    }
}
