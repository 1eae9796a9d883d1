//! The truth table of a resume: where a row stood × how the roster has it now → what is done.

use crate::ledger::RowState;

/// How the roster has a row now, against what the ledger planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Now {
    /// There, with the planned cells (secret cells do not count: nothing derived from one is kept).
    Same,
    /// There, with other cells.
    Changed,
    /// There, with errors of its own.
    Invalid,
    /// Not there.
    Gone,
}

impl Now {
    /// All four.
    #[cfg(test)]
    pub(crate) const ALL: [Now; 4] = [Now::Same, Now::Changed, Now::Invalid, Now::Gone];
}

/// Which command asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// `import`: what is not done yet.
    Resume,
    /// `retry`: what failed, and what an interrupted retry left; a row that is not picked is left alone.
    Retry {
        /// Whether the row is among those asked for.
        picked: bool,
    },
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Decision {
    /// Planned in the ledger, then sent.
    Add,
    /// Sent as planned.
    Send,
    /// Planned anew with the roster's cells, then sent.
    Replace,
    /// In doubt: sent again under the same username, which settles it by the service's own answer.
    Settle,
    /// In doubt and changed: planned anew, sent, and settled by whichever attempt made the user.
    SettleChanged,
    /// In doubt and no longer wanted: looked up only; nothing is sent.
    LookUp,
    /// Recorded as invalid, not sent.
    Skip,
    /// Nothing was made and it is gone: leaves the ledger's count, and that is said.
    Drop,
    /// Nothing to do.
    Keep,
    /// Made, and changed since: reported, not undone.
    Drift,
    /// Made, and gone from the roster: reported, never deleted.
    Orphan,
    /// Made, and gone from the instance: warned of; `--recreate-missing` sends it.
    Missing,
    /// Made, gone from the instance, and on a list of leavers: nobody misses it, and nothing sends it.
    Departed,
    /// Made, and the instance has the name under another id: told, and whoever has it now is left alone.
    Replaced,
}

impl Decision {
    /// Whether a request may leave for the row.
    pub fn sends(self) -> bool {
        match self {
            Self::Add | Self::Send | Self::Replace | Self::Settle | Self::SettleChanged => true,
            Self::LookUp
            | Self::Skip
            | Self::Drop
            | Self::Keep
            | Self::Drift
            | Self::Orphan
            | Self::Missing
            | Self::Departed
            | Self::Replaced => false,
        }
    }

    /// Whether the row is left as it is, whatever the roster says of it now.
    pub(crate) fn leaves(self) -> bool {
        match self {
            Self::Keep | Self::Drift => true,
            Self::Add
            | Self::Send
            | Self::Replace
            | Self::Settle
            | Self::SettleChanged
            | Self::LookUp
            | Self::Skip
            | Self::Drop
            | Self::Orphan
            | Self::Missing
            | Self::Departed
            | Self::Replaced => false,
        }
    }

    /// Whether the row is planned (again) in the ledger first.
    pub(crate) fn plans(self) -> bool {
        match self {
            Self::Add | Self::Replace | Self::SettleChanged => true,
            Self::Send
            | Self::Settle
            | Self::LookUp
            | Self::Skip
            | Self::Drop
            | Self::Keep
            | Self::Drift
            | Self::Orphan
            | Self::Missing
            | Self::Departed
            | Self::Replaced => false,
        }
    }
}

/// One cell of the table.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its number in the documentation.
    pub number: u8,
    /// Where the row stood; `None` where the ledger does not have it.
    pub was: Option<RowState>,
    /// How the roster has it now.
    pub now: Now,
    /// What `import` does.
    pub resume: Decision,
    /// What `retry` does with a row that it picks.
    pub retry: Decision,
}

/// The whole domain: ten places to stand × four ways to be in the roster.
pub const TABLE: [Rule; 40] = {
    use Decision::{Add, Drift, Drop, Keep, LookUp, Orphan, Replace, Send, Settle, SettleChanged, Skip};
    use Now::{Changed, Gone, Invalid, Same};
    use RowState as S;
    const fn rule(number: u8, was: Option<S>, now: Now, resume: Decision, retry: Decision) -> Rule {
        Rule { number, was, now, resume, retry }
    }
    [
        // A row that the ledger does not know has nothing to be the same as, so 1 and 2 agree.
        rule(1, None, Same, Add, Add),
        rule(2, None, Changed, Add, Add),
        rule(3, None, Invalid, Skip, Skip),
        rule(4, None, Gone, Keep, Keep),
        rule(5, Some(S::Pending), Same, Send, Send),
        rule(6, Some(S::Pending), Changed, Replace, Replace),
        rule(7, Some(S::Pending), Invalid, Skip, Skip),
        rule(8, Some(S::Pending), Gone, Drop, Keep),
        rule(9, Some(S::InDoubt), Same, Settle, Settle),
        rule(10, Some(S::InDoubt), Changed, SettleChanged, SettleChanged),
        rule(11, Some(S::InDoubt), Invalid, LookUp, Keep),
        rule(12, Some(S::InDoubt), Gone, LookUp, Keep),
        rule(13, Some(S::Created), Same, Keep, Keep),
        rule(14, Some(S::Created), Changed, Drift, Keep),
        rule(15, Some(S::Created), Invalid, Drift, Keep),
        rule(16, Some(S::Created), Gone, Orphan, Keep),
        // The name is taken whatever the other cells say, so an edit does not send it; `retry --code` does.
        rule(17, Some(S::Exists), Same, Keep, Replace),
        rule(18, Some(S::Exists), Changed, Keep, Replace),
        rule(19, Some(S::Exists), Invalid, Keep, Skip),
        rule(20, Some(S::Exists), Gone, Drop, Drop),
        rule(21, Some(S::Rejected), Same, Keep, Replace),
        rule(22, Some(S::Rejected), Changed, Replace, Replace),
        rule(23, Some(S::Rejected), Invalid, Skip, Skip),
        rule(24, Some(S::Rejected), Gone, Drop, Drop),
        rule(25, Some(S::Invalid), Same, Replace, Replace),
        rule(26, Some(S::Invalid), Changed, Replace, Replace),
        rule(27, Some(S::Invalid), Invalid, Skip, Skip),
        rule(28, Some(S::Invalid), Gone, Drop, Drop),
        // Another's, and equal when it was compared: compared anew where the row asks for something else.
        rule(29, Some(S::There), Same, Keep, Keep),
        rule(30, Some(S::There), Changed, Replace, Keep),
        rule(31, Some(S::There), Invalid, Keep, Keep),
        rule(32, Some(S::There), Gone, Drop, Keep),
        // Undone: neither sent nor missed; `--recreate-deleted` sends it.
        rule(33, Some(S::Deleted), Same, Keep, Keep),
        rule(34, Some(S::Deleted), Changed, Keep, Keep),
        rule(35, Some(S::Deleted), Invalid, Keep, Keep),
        rule(36, Some(S::Deleted), Gone, Keep, Keep),
        // Its deletion is not settled: nobody but the undo goes on with it.
        rule(37, Some(S::Unconfirmed), Same, Keep, Keep),
        rule(38, Some(S::Unconfirmed), Changed, Keep, Keep),
        rule(39, Some(S::Unconfirmed), Invalid, Keep, Keep),
        rule(40, Some(S::Unconfirmed), Gone, Keep, Keep),
    ]
};

/// Looks the decision up.
pub(crate) fn decide(mode: Mode, was: Option<RowState>, now: Now) -> Decision {
    let rule = TABLE.iter().find(|rule| rule.was == was && rule.now == now);
    match (mode, rule) {
        (Mode::Resume, Some(rule)) => rule.resume,
        (Mode::Retry { picked }, Some(rule)) if picked || rule.was.is_none() => rule.retry,
        (Mode::Retry { .. }, Some(_)) | (_, None) => Decision::Keep,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_covers_its_whole_domain_once_and_is_numbered_in_order() {
        let states = [None].into_iter().chain(RowState::OF_IMPORTS.map(Some));
        let domain: Vec<_> = states.flat_map(|was| Now::ALL.map(|now| (was, now))).collect();
        let rules: Vec<_> = TABLE.iter().map(|rule| (rule.was, rule.now)).collect();
        assert_eq!(rules, domain);
        for (at, rule) in TABLE.iter().enumerate() {
            assert_eq!(usize::from(rule.number), at + 1);
        }
    }

    #[test]
    fn a_made_or_doubtful_user_is_never_sent_anew_blindly_and_never_dropped() {
        for rule in TABLE {
            for decision in [rule.resume, rule.retry] {
                match rule.was {
                    Some(RowState::Created) => {
                        assert!(!decision.sends() && decision != Decision::Drop, "rule {}", rule.number);
                    }
                    Some(RowState::InDoubt) => assert!(
                        matches!(
                            decision,
                            Decision::Settle | Decision::SettleChanged | Decision::LookUp | Decision::Keep
                        ),
                        "rule {}",
                        rule.number
                    ),
                    Some(RowState::Deleted | RowState::Unconfirmed) => {
                        assert_eq!(decision, Decision::Keep, "rule {}", rule.number);
                    }
                    None
                    | Some(
                        RowState::Pending
                        | RowState::Exists
                        | RowState::Rejected
                        | RowState::Invalid
                        | RowState::There
                        | RowState::Updated
                        | RowState::Skipped,
                    ) => {}
                }
                if matches!(rule.now, Now::Invalid | Now::Gone) {
                    assert!(!decision.sends(), "rule {}", rule.number);
                }
            }
        }
    }

    #[test]
    fn retry_leaves_alone_what_was_not_picked() {
        for rule in TABLE.iter().filter(|rule| rule.was.is_some()) {
            assert_eq!(decide(Mode::Retry { picked: false }, rule.was, rule.now), Decision::Keep);
        }
    }
}
