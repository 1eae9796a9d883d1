//! One person of a plan to delete.

use super::fate::{Fate, Why};
use crate::agent::RowNumber;
use crate::event::Event;

/// One person of a plan to delete, of an undo or of a list of leavers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaver {
    /// The exact username.
    pub user: String,
    /// The row of the roster or of the list, as the spreadsheet shows it.
    pub row: RowNumber,
    /// Its id; `None` where nobody is there.
    pub id: Option<String>,
    /// What becomes of it.
    pub fate: Fate,
    /// All that stands against it, what is lifted included, each with words of its own, in the order of the table.
    pub against: Vec<(Why, String)>,
    /// The quick connects that are deleted after it, by name.
    pub quick_connects: Vec<String>,
}

impl Leaver {
    /// Why it is not deleted, in words; `None` for who is.
    pub fn note(&self) -> Option<&str> {
        let said = |why: Why| {
            let own = self.against.iter().find(|(other, _)| *other == why);
            own.map_or(why.words(), |(_, words)| words.as_str())
        };
        match self.fate {
            Fate::Delete => None,
            Fate::Gone => Some("nobody of it is there any more"),
            Fate::Wait => Some(said(Why::NotVisibleYet)),
            Fate::Skip(why) => Some(said(why)),
        }
    }

    /// What is told of it.
    pub(crate) fn told(&self) -> Event {
        Event::Removal {
            user: self.user.clone(),
            row: self.row,
            id: self.id.clone(),
            decision: self.fate.word(),
            code: self.fate.code(),
            message: self.note().map(str::to_owned),
        }
    }
}

/// How many people of a plan to delete there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeaverCounts {
    /// To be deleted.
    pub delete: u64,
    /// Gone already.
    pub gone: u64,
    /// Not to be seen yet.
    pub wait: u64,
    /// Left.
    pub skip: u64,
}

impl std::ops::AddAssign for LeaverCounts {
    fn add_assign(&mut self, other: Self) {
        let Self { delete, gone, wait, skip } = other;
        self.delete += delete;
        self.gone += gone;
        self.wait += wait;
        self.skip += skip;
    }
}

impl LeaverCounts {
    /// Counts a plan.
    pub fn of<'l>(leavers: impl IntoIterator<Item = &'l Leaver>) -> Self {
        let mut counts = Self::default();
        for leaver in leavers {
            *match leaver.fate {
                Fate::Delete => &mut counts.delete,
                Fate::Gone => &mut counts.gone,
                Fate::Wait => &mut counts.wait,
                Fate::Skip(_) => &mut counts.skip,
            } += 1;
        }
        counts
    }
}
