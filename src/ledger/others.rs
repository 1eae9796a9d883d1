//! The other run that made those who have the names of this ledger's rows: a ledger that was lost, or that of an earlier wave.

use std::collections::HashMap;

use super::state::State;
use super::words::RowState;

/// One other run that made most of the users who have the names of a ledger's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherRun {
    /// Its id.
    pub(crate) run: String,
    /// How many of its users have all that their rows ask for.
    pub(crate) there: u64,
    /// How many differ from their rows.
    pub(crate) exists: u64,
    /// How many rows have names that are another's.
    pub(crate) of: u64,
    /// It is this very run: another copy of the ledger.
    pub(crate) is_copy: bool,
}

impl OtherRun {
    /// The one that made most of them; `None` where none did.
    pub(crate) fn of(state: &State) -> Option<Self> {
        let mut by_run: HashMap<&str, (u64, u64)> = HashMap::new();
        let mut all = 0;
        for at in state.places().filter(|at| !state.record(*at).dropped) {
            let is_there = match state.record(at).settled_state() {
                RowState::There => true,
                RowState::Exists => false,
                RowState::Pending
                | RowState::InDoubt
                | RowState::Created
                | RowState::Rejected
                | RowState::Invalid
                | RowState::Updated
                | RowState::Unconfirmed
                | RowState::Skipped
                | RowState::Deleted => continue,
            };
            all += 1;
            if let Some(run) = state.detail(at).and_then(|detail| detail.by_run.as_deref()) {
                let (there, exists) = by_run.entry(run).or_default();
                *(if is_there { there } else { exists }) += 1;
            }
        }
        let made = |(there, exists): (u64, u64)| there + exists;
        // A copy of this very ledger is none that made them by accident, however few they are.
        let is_copy = |run: &str| run == state.header.run;
        let most = by_run.into_iter().max_by_key(|(run, counts)| (is_copy(run), made(*counts)));
        let (run, (there, exists)) = most?;
        (is_copy(run) || is_most(there + exists, all)).then(|| Self {
            is_copy: is_copy(run),
            run: run.to_owned(),
            there,
            exists,
            of: all,
        })
    }

    /// Whether a row's user is its.
    pub(crate) fn made(&self, state: &State, at: super::Place) -> bool {
        state.detail(at).and_then(|detail| detail.by_run.as_deref()) == Some(&*self.run)
    }
}

/// Whether so many of so many are of one run by no accident: more than half, and more than one, which may be anybody of the
/// same name.
pub(crate) fn is_most(made: u64, of: u64) -> bool {
    made > 1 && made * 2 > of
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::Entry;
    use crate::ledger::made::row;

    fn state(rows: &[(RowState, Option<&'static str>)]) -> State {
        let mut state = State::default();
        let names: Vec<String> = (0..rows.len()).map(|at| format!("u{at}")).collect();
        for ((at, name), (stands, run)) in (2..).zip(&names).zip(rows) {
            state.apply(&row(name, at, 1));
            let by_run = run.map(Into::into);
            state.apply(&Entry { by_run, ..Entry::outcome(name, *stands, "t".into()) });
        }
        state
    }

    #[test]
    fn most_names_with_the_tags_of_one_other_run_are_told_from_names_that_are_taken() {
        use RowState::{Created, Exists, There};
        let (a, b) = (Some("a"), Some("b"));
        let found =
            OtherRun::of(&state(&[(There, a), (There, a), (Exists, a), (Exists, None), (Created, None)]));
        assert_eq!(found, Some(OtherRun { run: "a".into(), there: 2, exists: 1, of: 4, is_copy: false }));
        for not in [
            &[(Exists, a)][..],
            &[(Exists, a), (Exists, b)],
            &[(Exists, a), (Exists, a), (Exists, None), (There, None)],
            &[(Created, None), (Created, None)],
            &[],
        ] {
            assert_eq!(OtherRun::of(&state(not)), None, "{not:?}");
        }
    }

    #[test]
    fn who_was_there_and_is_planned_again_is_nobodys_until_it_is_compared() {
        let mut state = state(&[(RowState::There, Some("a")), (RowState::There, Some("a"))]);
        assert!(OtherRun::of(&state).is_some_and(|of| of.made(&state, state.find("u0").unwrap())));
        state.apply(&row("u0", 2, 9));
        state.apply(&Entry::outcome("u0", RowState::Created, "t".into()));
        assert_eq!(OtherRun::of(&state), None);
    }
}
