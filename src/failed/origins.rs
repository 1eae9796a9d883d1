//! Reads the file back: where its rows come from.

use std::collections::HashSet;

use super::{Copy, MARK, ROW, USER, place, run_of_mark, user_of};
use crate::agent::RowNumber;
use crate::error::Failure;
use crate::ledger::State;
use crate::plan::Origin;
use crate::roster::{Roster, Row};

/// Where the rows of a file of failed rows come from: which run, and by which names.
pub(crate) struct Origins {
    marks: Option<usize>,
    users: Option<usize>,
    rows: Option<usize>,
    is_retry: bool,
    copy: Option<Copy>,
    /// The first run in a mark, with its row.
    run: Option<(String, u64)>,
    /// Names that rows had and no longer have.
    renamed: HashSet<String>,
    /// The runs of other targets: a row of one of them may have been sent here by whoever has mended it.
    others: Vec<String>,
}

impl Origins {
    /// Of a roster that is not ours, there is nothing to know. `run` is that of the ledger that is retried; an import takes
    /// up every row.
    pub(crate) fn of(roster: &Roster, run: Option<&str>) -> Self {
        let (marks, users) = (place(roster, MARK), place(roster, USER));
        let copy = run.and_then(|run| Copy::of(roster, run));
        let (rows, is_retry) = (place(roster, ROW), run.is_some());
        let (renamed, others) = (HashSet::new(), Vec::new());
        Self { marks, users, rows, is_retry, copy, run: None, renamed, others }
    }

    /// The same, of a file that has rows of these runs as well.
    pub(crate) fn beside(self, others: &[String]) -> Self {
        Self { others: others.to_vec(), ..self }
    }

    /// Whether the roster is a file of failed rows.
    pub(crate) fn is_ours(&self) -> bool {
        self.marks.is_some() || self.users.is_some()
    }

    /// Whether a retry leaves a row with errors as it stands: nobody has taken it up yet.
    pub(crate) fn is_left(&self, row: &Row) -> bool {
        self.copy.as_ref().is_some_and(|copy| copy.untouched(row).is_some())
    }

    /// Takes a row in, and says where it comes from: to a retry, for an import's ledger has not seen it.
    pub(crate) fn add(&mut self, row: &Row, username: &str) -> Option<Origin> {
        let cell = |at: Option<usize>| at.and_then(|at| row.cells.get(at)).unwrap_or("");
        let run = run_of_mark(cell(self.marks));
        if run.is_some_and(|run| self.others.iter().any(|other| other == run)) {
            return None; // to this ledger it is new
        }
        if self.run.is_none() {
            self.run = run.map(|run| (run.to_owned(), row.number));
        }
        let was = user_of(cell(self.users));
        let is_renamed = !was.is_empty() && was != username;
        if is_renamed {
            self.renamed.insert(was.clone());
        }
        let number = first_row(row, self.rows);
        // `row 7` is no name: in the next roster it is whoever stands there.
        let was = was_named(&was, number).filter(|_| is_renamed).map(Into::into);
        (self.is_retry && (number.is_some() || was.is_some())).then_some(Origin { row: number, was })
    }

    /// Fails where the rows failed in a run of another ledger.
    ///
    /// # Errors
    /// Exit 4.
    pub(crate) fn check(&self, state: &State) -> Result<(), Failure> {
        match &self.run {
            Some((run, _)) if *run != state.header.run => {
                Err(Failure::stopped(format!("the file of failed rows is of another run: `{run}`"))
                    .hint(format!("nothing was sent; this ledger's run is {}", state.header.run)))
            }
            _ => Ok(()),
        }
    }

    /// Whether a row that had this name has another now.
    pub(crate) fn has_renamed(&self, user: &str) -> bool {
        self.renamed.contains(user)
    }
}

/// The number that the first roster has for a row of a file of failed rows, whose column of them is at `column`.
pub(super) fn first_row(row: &Row, column: Option<usize>) -> Option<RowNumber> {
    let number: u32 = row.cells.get(column?)?.trim().parse().ok()?;
    (number > 0).then(|| RowNumber::from(number))
}

/// The name that a row had, unless the ledger has it by its number.
fn was_named(was: &str, number: Option<RowNumber>) -> Option<&str> {
    Some(was).filter(|was| number.is_none_or(|number| *was != format!("row {number}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failed::mark;
    use crate::ledger::{Entry, Kind};
    use crate::roster::{Options, REASONS};

    /// A file of the rows of `ann`, who is as a run left her, and of a row that is `bob` now and was `b ob`.
    fn file(folder: &tempfile::TempDir) -> Roster {
        let reasons = |user: &str, mark: &str| format!("invalid,code,why,7,{user},{mark}");
        let [ann, was] = [["A", "ann", ""], ["B", "b ob", ""]];
        let marks = [mark("run-1", ann.into_iter()), mark("run-1", was.into_iter())];
        let text = format!(
            "first name,user login,password,{}\n{},{}\nB,bob,secret,{}\n",
            REASONS.join(","),
            ann.join(","),
            reasons("ann", &marks[0]),
            reasons("b ob", &marks[1]),
        );
        let path = folder.path().join("r.csv.failed.csv");
        std::fs::write(&path, text).unwrap();
        Roster::open(&path, &Options::default()).unwrap()
    }

    fn ledger_of(run: &'static str) -> State {
        let mut state = State::default();
        state.apply(&Entry { run: Some(run.into()), ..Entry::of(Kind::Ledger) });
        state
    }

    #[test]
    fn a_row_is_known_by_its_mark_and_one_that_was_taken_up_by_its_old_name() {
        let folder = tempfile::tempdir().unwrap();
        let roster = file(&folder);
        let mut of_run = Origins::of(&roster, Some("run-1"));
        let (mut of_import, of_other) = (Origins::of(&roster, None), Origins::of(&roster, Some("run-2")));
        let (mut rows, mut row, mut left) = (roster.rows().unwrap(), Row::default(), Vec::new());
        for name in ["ann", "bob"] {
            assert!(rows.read(&mut row).unwrap());
            left.push([&of_run, &of_import, &of_other].map(|origins| origins.is_left(&row)));
            of_run.add(&row, name);
            of_import.add(&row, name);
        }
        assert_eq!(
            left,
            [[true, false, false], [false, false, false]],
            "only a retry of that run leaves a row"
        );
        assert!(of_run.is_ours() && of_import.is_ours());
        assert!(of_run.has_renamed("b ob") && !of_run.has_renamed("ann") && !of_run.has_renamed("bob"));
        assert!(of_run.check(&ledger_of("run-1")).is_ok());
        assert!(of_import.check(&ledger_of("run-2")).is_err(), "the rows failed in another run");
    }
}
