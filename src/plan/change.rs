//! The three-way table of an update: what the row asks for × what is there × what was last asked for → what is done.

/// A group of a row, held against the same group of the user that is there. Which side is as it was asked for last is what
/// tells a roster that has changed from a user that somebody has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sides {
    /// The row asks for nothing in it: no such column, or its cells are blank; or the group was not picked.
    NotAsked,
    /// All that is asked for is there.
    Equal,
    /// They differ, and nothing is known of what was asked for before: the user is of nobody's ledger at hand.
    DifferUnknown,
    /// They differ, and the instance is as it was asked for last.
    DifferRosterChanged,
    /// They differ, and the roster is as it was asked for last.
    DifferInstanceChanged,
    /// They differ, and neither is.
    DifferBothChanged,
}

/// What is done with a difference, or told of it. Its word is the `decision` of a `change` event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// Nothing is to do.
    Same,
    /// The user gets what the row asks for.
    Update,
    /// Somebody has changed the user since, and the roster has not changed: told and left.
    Drift,
    /// Both have changed: told and left.
    Conflict,
    /// The user is to be made.
    Create,
    /// Told and left, for a reason of its own.
    Skip,
}

impl Resolution {
    /// All of them.
    pub const ALL: [Resolution; 6] =
        [Self::Same, Self::Update, Self::Drift, Self::Conflict, Self::Create, Self::Skip];

    /// The word for it in events and reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Update => "update",
            Self::Drift => "drift",
            Self::Conflict => "conflict",
            Self::Create => "create",
            Self::Skip => "skip",
        }
    }

    /// Whether a difference stays that nobody puts right.
    pub const fn leaves_a_difference(self) -> bool {
        matches!(self, Self::Drift | Self::Conflict | Self::Skip)
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct ChangeRule {
    /// Its number in the documentation.
    pub number: u8,
    /// How the sides stand.
    pub sides: Sides,
    /// What `update` does and `diff` tells; `None` where there is nothing to say.
    pub usual: Option<Resolution>,
    /// The same with `--overwrite-drift`.
    pub overwriting: Option<Resolution>,
}

/// The whole domain.
pub const CHANGES: [ChangeRule; 6] = {
    use Resolution::{Conflict, Drift, Same, Update};
    const fn rule(
        number: u8,
        sides: Sides,
        usual: Option<Resolution>,
        overwriting: Option<Resolution>,
    ) -> ChangeRule {
        ChangeRule { number, sides, usual, overwriting }
    }
    [
        rule(1, Sides::NotAsked, None, None),
        rule(2, Sides::Equal, Some(Same), Some(Same)),
        rule(3, Sides::DifferUnknown, Some(Update), Some(Update)),
        rule(4, Sides::DifferRosterChanged, Some(Update), Some(Update)),
        rule(5, Sides::DifferInstanceChanged, Some(Drift), Some(Update)),
        rule(6, Sides::DifferBothChanged, Some(Conflict), Some(Update)),
    ]
};

/// Looks up what is done with a group.
pub(crate) fn resolve(sides: Sides, overwrites: bool) -> Option<Resolution> {
    let rule = CHANGES.iter().find(|rule| rule.sides == sides)?;
    if overwrites { rule.overwriting } else { rule.usual }
}

/// Who has the name of a row on the instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Holder {
    /// Nobody, and no ledger at hand made or changed anybody of the name.
    Nobody,
    /// Nobody, and a ledger at hand made or changed somebody of the name.
    NobodyAnyMore,
    /// Nobody of exactly this name, but one whose name differs in case alone: the service takes them for two.
    Twin,
    /// A user, of whom no ledger at hand knows.
    Unknown,
    /// The user of a ledger at hand, by its id.
    Known,
    /// A user of another id than the one in the ledger: the name was given anew.
    Replaced,
}

/// What is done with a whole person, before any group is looked at; `None` where the groups decide.
#[derive(Clone, Copy, Debug)]
pub struct HolderRule {
    /// Its number in the documentation.
    pub number: u8,
    /// Who has the name.
    pub holder: Holder,
    /// What `update` and `diff` do; the code stands with it in ledgers and events.
    pub changes: Option<(Resolution, &'static str)>,
    /// What an import does.
    pub import: Option<Resolution>,
}

/// The whole domain.
pub const HOLDERS: [HolderRule; 6] = {
    use Resolution::{Create, Skip};
    const fn rule(
        number: u8,
        holder: Holder,
        changes: Option<(Resolution, &'static str)>,
        import: Option<Resolution>,
    ) -> HolderRule {
        HolderRule { number, holder, changes, import }
    }
    [
        rule(7, Holder::Nobody, Some((Skip, "not-there")), Some(Create)),
        // Made once and gone: an import makes nobody a second time unless it is told to.
        rule(8, Holder::NobodyAnyMore, Some((Skip, "missing")), Some(Skip)),
        rule(9, Holder::Twin, Some((Skip, "name-differs-in-case")), Some(Create)),
        rule(10, Holder::Unknown, None, None),
        rule(11, Holder::Known, None, None),
        // Whoever has the name now is not who the roster's ledger knows: nobody's cells are put on a stranger.
        rule(12, Holder::Replaced, Some((Skip, "replaced")), Some(Skip)),
    ]
};

/// Looks up what is done with a person; `None` where the groups decide.
pub(crate) fn of_holder(holder: Holder) -> Option<(Resolution, &'static str)> {
    HOLDERS.iter().find(|rule| rule.holder == holder)?.changes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_cover_their_domains_once_and_are_numbered_in_order() {
        use Holder as H;
        use Sides as S;
        let sides = [
            S::NotAsked,
            S::Equal,
            S::DifferUnknown,
            S::DifferRosterChanged,
            S::DifferInstanceChanged,
            S::DifferBothChanged,
        ];
        let holders = [H::Nobody, H::NobodyAnyMore, H::Twin, H::Unknown, H::Known, H::Replaced];
        assert_eq!(CHANGES.map(|rule| rule.sides), sides);
        assert_eq!(HOLDERS.map(|rule| rule.holder), holders);
        let numbers = CHANGES.iter().map(|rule| rule.number).chain(HOLDERS.iter().map(|rule| rule.number));
        assert!(numbers.eq(1..=12));
    }

    #[test]
    fn what_somebody_changed_on_the_instance_is_written_over_only_where_that_is_asked_for() {
        for rule in CHANGES {
            let was_changed_there =
                matches!(rule.sides, Sides::DifferInstanceChanged | Sides::DifferBothChanged);
            let usual = resolve(rule.sides, false);
            assert_eq!(was_changed_there, usual.is_some_and(Resolution::leaves_a_difference), "{rule:?}");
            let writes = resolve(rule.sides, true) == Some(Resolution::Update);
            assert_eq!(writes, !matches!(rule.sides, Sides::NotAsked | Sides::Equal), "{rule:?}");
        }
    }

    #[test]
    fn nothing_is_written_that_is_not_asked_for_and_nobody_is_written_who_is_another() {
        for overwrites in [false, true] {
            assert_eq!(resolve(Sides::NotAsked, overwrites), None);
            assert_eq!(resolve(Sides::Equal, overwrites), Some(Resolution::Same));
        }
        for rule in HOLDERS {
            let is_decided = !matches!(rule.holder, Holder::Unknown | Holder::Known);
            assert_eq!(of_holder(rule.holder).is_some(), is_decided);
            assert!(of_holder(rule.holder).is_none_or(|(resolution, _)| resolution == Resolution::Skip));
        }
    }
}
