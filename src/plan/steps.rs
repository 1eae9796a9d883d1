//! What follows a created row: where its step stood × what the roster asks for now → what is done.

use crate::ledger::StepState;

/// What the roster asks for now, against what the ledger has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Asks {
    /// The same.
    Same,
    /// Another.
    Other,
    /// Nothing, although the row is there.
    Nothing,
    /// It cannot be told: the row has errors of its own.
    Unclear,
    /// The row is gone.
    Gone,
}

impl Asks {
    /// All five.
    pub const ALL: [Asks; 5] = [Self::Same, Self::Other, Self::Nothing, Self::Unclear, Self::Gone];
}

/// What is done about a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StepDecision {
    /// Nothing is to be done.
    #[default]
    Leave,
    /// What the roster asks for now is given to the user.
    Give,
    /// Nothing was given, and nobody asks for it any longer: recorded.
    Drop,
    /// The user has something else than the roster asks for now: reported, not changed.
    Drift,
}

/// Decides the step of a row whose user is there. `retry` says whether `retry` asks and picks the step.
pub fn decide_step(retry: Option<bool>, stood: StepState, asks: Asks) -> StepDecision {
    use StepDecision::{Drift, Drop, Give, Leave};
    match (stood, asks) {
        (_, Asks::Unclear) => Leave,
        // Words of an update's ledger, which no import goes on with.
        (StepState::Unconfirmed | StepState::Skipped, _) => Leave,
        // A retry may have been given a part of the roster: what is not in it is none of its business.
        (StepState::Pending | StepState::Rejected, Asks::Gone) if retry.is_none() => Drop,
        (_, Asks::Gone) => Leave,
        (StepState::Pending, Asks::Same | Asks::Other) => Give,
        (StepState::Rejected, Asks::Same) if retry == Some(true) => Give,
        (StepState::Rejected, Asks::Other) if retry != Some(false) => Give,
        (StepState::Rejected, Asks::Same | Asks::Other) => Leave,
        (StepState::Pending | StepState::Rejected, Asks::Nothing) => Drop,
        (StepState::Nothing, Asks::Same | Asks::Nothing) | (StepState::Done, Asks::Same) => Leave,
        (StepState::Nothing, Asks::Other) | (StepState::Done, Asks::Other | Asks::Nothing) => {
            if retry.is_some() { Leave } else { Drift }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_decided_by_where_it_stood_and_what_is_asked() {
        use StepDecision::{Drift, Drop, Give, Leave};
        let table = [
            // import, retry that picks it, retry that does not: same, other, nothing, unclear, gone.
            (StepState::Nothing, None, [Leave, Drift, Leave, Leave, Leave]),
            (StepState::Nothing, Some(true), [Leave; 5]),
            (StepState::Nothing, Some(false), [Leave; 5]),
            (StepState::Pending, None, [Give, Give, Drop, Leave, Drop]),
            (StepState::Pending, Some(true), [Give, Give, Drop, Leave, Leave]),
            (StepState::Pending, Some(false), [Give, Give, Drop, Leave, Leave]),
            (StepState::Done, None, [Leave, Drift, Drift, Leave, Leave]),
            (StepState::Done, Some(true), [Leave; 5]),
            (StepState::Done, Some(false), [Leave; 5]),
            (StepState::Rejected, None, [Leave, Give, Drop, Leave, Drop]),
            (StepState::Rejected, Some(true), [Give, Give, Drop, Leave, Leave]),
            (StepState::Rejected, Some(false), [Leave, Leave, Drop, Leave, Leave]),
        ];
        assert_eq!(table.len(), 3 * StepState::OF_IMPORTS.len());
        for (stood, retry, expected) in table {
            assert_eq!(
                Asks::ALL.map(|asks| decide_step(retry, stood, asks)),
                expected,
                "{stood:?} {retry:?}"
            );
        }
    }
}
