//! Who may be deleted, and what stands against it: one table for an undo and for a list of leavers.
//!
//! A deletion cannot be taken back, so everything that is not proved stands against it. What stands against somebody is
//! found out by whoever knows the proof ([`of_undo`](super::of_undo) for a run's own users); what that leads to is here.

/// What stands against deleting somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Nobody of exactly this name is there.
    NotThere,
    /// Its user is not to be seen, and so young that it may only not be seen yet.
    NotVisibleYet,
    /// No attempt of this ledger with a tag of its own made the user, so that nothing proves whose it is.
    Unproved,
    /// The user does not carry the tag of an attempt that this ledger made for the row.
    AnotherTag,
    /// The user goes by another name than the row.
    Renamed,
    /// The user is not the person of the row: a cell that tells people apart differs.
    Differs,
    /// The name is on the list of those who are to stay.
    Protected,
    /// The user has the security profile `Admin`.
    Admin,
    /// The ledger does not say what was asked of the user, so that it cannot be told whether somebody has changed it.
    Unknown,
    /// Somebody has changed the user since.
    ChangedSince,
    /// Quick connects lead to the user: they would lead nowhere.
    QuickConnects,
    /// The user is at work.
    SignedIn,
}

/// What lifts a reason, where anything does: somebody has to say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lift {
    /// Those who were changed since are deleted too.
    EvenIfChanged,
    /// Quick connects are deleted after the users that they lead to.
    WithQuickConnects,
    /// Those at work are deleted too.
    EvenIfSignedIn,
    /// Administrators are deleted too.
    EvenIfAdmin,
}

/// The reasons that somebody has said do not count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lifts {
    /// [`Lift::EvenIfChanged`].
    pub changed: bool,
    /// [`Lift::WithQuickConnects`].
    pub quick_connects: bool,
    /// [`Lift::EvenIfSignedIn`].
    pub signed_in: bool,
    /// [`Lift::EvenIfAdmin`].
    pub admin: bool,
}

impl Lifts {
    /// Whether this one was said.
    pub const fn has(self, lift: Lift) -> bool {
        match lift {
            Lift::EvenIfChanged => self.changed,
            Lift::WithQuickConnects => self.quick_connects,
            Lift::EvenIfSignedIn => self.signed_in,
            Lift::EvenIfAdmin => self.admin,
        }
    }
}

/// What becomes of somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Deleted.
    Delete,
    /// Nobody is there any more: nothing is left to do.
    Gone,
    /// Not decided yet: it may not be seen yet, or a request that makes it may still arrive.
    Wait,
    /// Left, for a reason.
    Skip(Why),
}

impl Fate {
    /// The word for it: the `decision` of a `removal` event.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Gone => "gone",
            Self::Wait => "wait",
            Self::Skip(_) => "skip",
        }
    }

    /// The code that stands with it in ledgers and events; none for who is deleted.
    pub const fn code(self) -> Option<&'static str> {
        match self {
            Self::Delete => None,
            Self::Gone => Some("gone"),
            Self::Wait => Some(Why::NotVisibleYet.code()),
            Self::Skip(why) => Some(why.code()),
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct FateRule {
    /// Its number in the documentation.
    pub number: u8,
    /// What stands against it.
    pub why: Why,
    /// Its code in ledgers and events.
    pub code: &'static str,
    /// What it leads to, unless it is lifted.
    pub fate: Fate,
    /// What lifts it.
    pub lift: Option<Lift>,
    /// In words, of a person.
    pub words: &'static str,
}

/// The whole domain, in the order in which it counts: of several reasons the first that is not lifted decides. What nobody
/// can lift comes first, so that nobody is told to lift what then does not help.
pub const FATES: [FateRule; 12] = {
    use Lift::{EvenIfAdmin, EvenIfChanged, EvenIfSignedIn, WithQuickConnects};
    const fn rule(
        number: u8,
        why: Why,
        code: &'static str,
        lift: Option<Lift>,
        words: &'static str,
    ) -> FateRule {
        let fate = if matches!(why, Why::NotVisibleYet) { Fate::Wait } else { Fate::Skip(why) };
        FateRule { number, why, code, fate, lift, words }
    }
    [
        rule(1, Why::NotThere, "not-there", None, "nobody of exactly this name is there"),
        rule(
            2,
            Why::NotVisibleYet,
            "not-visible-yet",
            None,
            "made minutes ago or still on its way, and not to be seen: it may come to be seen yet",
        ),
        rule(
            3,
            Why::Unproved,
            "unproved",
            None,
            "carries no tag of headcount's, so that nothing proves whose it is",
        ),
        rule(4, Why::AnotherTag, "another-tag", None, "does not carry the tag that this run gave it"),
        rule(5, Why::Renamed, "renamed", None, "goes by another name now"),
        rule(6, Why::Differs, "differs", None, "is not the person of the list"),
        rule(7, Why::Protected, "protected", None, "is on the list of those who are to stay"),
        rule(8, Why::Admin, "admin", Some(EvenIfAdmin), "has the security profile Admin"),
        rule(
            9,
            Why::Unknown,
            "unknown",
            Some(EvenIfChanged),
            "the ledger does not say what was asked, so that nobody can tell whether it was changed since",
        ),
        rule(10, Why::ChangedSince, "changed-since", Some(EvenIfChanged), "was changed since"),
        rule(11, Why::QuickConnects, "quick-connects", Some(WithQuickConnects), "quick connects lead to it"),
        rule(12, Why::SignedIn, "signed-in", Some(EvenIfSignedIn), "is signed in"),
    ]
};

impl Why {
    /// All of them, in the order of the table.
    pub const ALL: [Why; 12] = [
        Self::NotThere,
        Self::NotVisibleYet,
        Self::Unproved,
        Self::AnotherTag,
        Self::Renamed,
        Self::Differs,
        Self::Protected,
        Self::Admin,
        Self::Unknown,
        Self::ChangedSince,
        Self::QuickConnects,
        Self::SignedIn,
    ];

    const fn rule(self) -> &'static FateRule {
        // The table is in the order of the reasons, which a test holds.
        &FATES[self as usize]
    }

    /// Its code in ledgers and events.
    pub const fn code(self) -> &'static str {
        self.rule().code
    }

    /// What it is, in words, of a person.
    pub const fn words(self) -> &'static str {
        self.rule().words
    }

    /// What lifts it.
    pub const fn lifted_by(self) -> Option<Lift> {
        self.rule().lift
    }

    /// The reason of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        FATES.iter().find(|rule| rule.code == code).map(|rule| rule.why)
    }
}

/// What all that stands against somebody leads to: the first that is not lifted, in the order of the table.
fn fate(against: &[Why], lifts: Lifts) -> Fate {
    let counts =
        |rule: &&FateRule| against.contains(&rule.why) && !rule.lift.is_some_and(|lift| lifts.has(lift));
    FATES.iter().find(counts).map_or(Fate::Delete, |rule| rule.fate)
}

/// All that stands against somebody, weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Weighed {
    /// What it leads to.
    pub(crate) fate: Fate,
    /// All of it, in the order of the table.
    pub(crate) against: Vec<(Why, String)>,
}

impl Weighed {
    /// Weighs what stands against somebody, each reason with words of its own.
    pub(crate) fn of(mut against: Vec<(Why, String)>, lifts: Lifts) -> Self {
        against.sort_by_key(|(why, _)| *why);
        let why: Vec<Why> = against.iter().map(|(why, _)| *why).collect();
        Self { fate: fate(&why, lifts), against }
    }

    /// The words of the reason that has decided; `None` where it is not a reason to skip anybody.
    pub(crate) fn said(self) -> Option<String> {
        let decided = |why: &Why| self.fate == Fate::Skip(*why);
        self.against.into_iter().find(|(why, _)| decided(why)).map(|(_, words)| words)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_lifts() -> impl Iterator<Item = Lifts> {
        (0..16u8).map(|bits| Lifts {
            changed: bits & 1 > 0,
            quick_connects: bits & 2 > 0,
            signed_in: bits & 4 > 0,
            admin: bits & 8 > 0,
        })
    }

    #[test]
    fn the_table_covers_its_whole_domain_once_and_is_numbered_in_order() {
        assert_eq!(FATES.map(|rule| rule.why), Why::ALL);
        assert!(FATES.iter().map(|rule| rule.number).eq(1..=12));
        let mut codes: Vec<_> = FATES.iter().map(|rule| rule.code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), FATES.len(), "each has a code of its own");
        for why in Why::ALL {
            assert_eq!(Why::of_code(why.code()), Some(why));
        }
    }

    #[test]
    fn whoever_has_anything_against_them_goes_only_where_all_of_it_is_lifted() {
        // Every set of reasons under every set of lifts: 4,096 × 16.
        for bits in 0..1u32 << Why::ALL.len() {
            let against: Vec<Why> = Why::ALL
                .into_iter()
                .enumerate()
                .filter(|(at, _)| bits >> at & 1 > 0)
                .map(|(_, why)| why)
                .collect();
            for lifts in all_lifts() {
                let stands = |why: &&Why| !why.lifted_by().is_some_and(|lift| lifts.has(lift));
                let standing: Vec<&Why> = against.iter().filter(stands).collect();
                match fate(&against, lifts) {
                    Fate::Delete => assert!(standing.is_empty(), "{against:?} {lifts:?}"),
                    Fate::Wait => assert_eq!(standing.iter().min(), Some(&&Why::NotVisibleYet)),
                    Fate::Skip(why) => assert_eq!(standing.iter().min(), Some(&&why)),
                    Fate::Gone => panic!("nobody is gone by a reason"),
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_lifted_is_told_before_what_can() {
        let first = FATES.iter().position(|rule| rule.lift.is_some()).unwrap();
        assert!(FATES[first..].iter().all(|rule| rule.lift.is_some()));
    }

    #[test]
    fn no_proof_can_be_lifted() {
        for why in [Why::Unproved, Why::AnotherTag, Why::Renamed, Why::Differs, Why::Protected] {
            assert_eq!(why.lifted_by(), None);
            for lifts in all_lifts() {
                assert_eq!(fate(&[why], lifts), Fate::Skip(why));
            }
        }
    }
}
