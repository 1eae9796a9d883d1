//! What stands against deleting a user that a ledger says it made: the proof of an undo. Pure.

use super::fate::Why;
use crate::agent::{IdentityType, PROVENANCE};
use crate::crash::{Sabotage, sabotage};
use crate::ledger::{AskedFor, Attempt, Nonce};
use crate::user::{Canonical, Found, Group, base, read_provenance};

/// So long after our last word of it a user may have been changed by us: our clock is not the service's, and a change that
/// was asked for lands a moment later.
const OURS_FOR: f64 = 5.0 * 60.0;

/// What a ledger says of the user that it made for a row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Made {
    /// The exact username.
    pub(crate) user: String,
    /// Its id; `None` where the answer was lost and nothing has settled it.
    pub(crate) id: Option<String>,
    /// Every attempt that was made for the row, each with its random bits where it had any.
    pub(crate) attempts: Vec<(Attempt, Option<Nonce>)>,
    /// What was last asked of it and is known to be done.
    pub(crate) asked: AskedFor,
    /// When a ledger last had a word of it, in seconds since 1970.
    pub(crate) heard: Option<f64>,
}

/// Of what a user is to be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Of<'r> {
    /// The ledger's run.
    pub(crate) run: &'r str,
    /// How the instance knows its users.
    pub(crate) identity: IdentityType,
}

/// What is known around a user, which is not read with it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Around {
    /// The quick connects that lead to it, by name.
    pub(crate) quick_connects: Vec<String>,
    /// It is at work, and what it does, in a word.
    pub(crate) signed_in: Option<String>,
    /// Its name is on the list of those who are to stay.
    pub(crate) is_protected: bool,
}

impl Around {
    /// What stands against deleting whoever has this around it.
    pub(crate) fn against(&self) -> Vec<(Why, String)> {
        let mut against = Vec::new();
        if self.is_protected {
            against.push((Why::Protected, Why::Protected.words().to_owned()));
        }
        if !self.quick_connects.is_empty() {
            let named = self.quick_connects.join(", ");
            against.push((Why::QuickConnects, format!("{}: {named}", Why::QuickConnects.words())));
        }
        if let Some(status) = &self.signed_in {
            against.push((Why::SignedIn, format!("{} ({status})", Why::SignedIn.words())));
        }
        against
    }
}

/// What stands against deleting a user that was found where the ledger says that it made one, each with words of its own.
/// Empty where it is proved that the user is ours, as we left it, and not in use.
pub(crate) fn of_undo(of: Of<'_>, made: &Made, found: &Found, around: &Around) -> Vec<(Why, String)> {
    let Of { run, identity } = of;
    let user = &found.user;
    let mut against = Vec::new();
    let mut say = |why: Why, words: String| against.push((why, words));
    // By id and never by name: whoever was made anew under the name has another one.
    if made.id.as_ref().is_some_and(|id| *id != user.id) {
        say(Why::AnotherTag, format!("user {} is not the one that was made", user.id));
    }
    if user.username != made.user {
        say(Why::Renamed, format!("{}: {}", Why::Renamed.words(), user.username));
    }
    let tag = user.tags.get(PROVENANCE).map(String::as_str);
    match proof(run, &made.attempts, tag) {
        Proof::Whole => {}
        Proof::WithoutNonce => say(
            Why::Unknown,
            "made by an attempt of before tags had a nonce, so that a copy of the ledger may have made it"
                .to_owned(),
        ),
        Proof::None(words) => say(if tag.is_none() { Why::Unproved } else { Why::AnotherTag }, words),
    }
    if made.asked.is_empty() {
        say(Why::Unknown, Why::Unknown.words().to_owned());
    } else {
        let there = Canonical::described(user, found.proficiencies.as_deref());
        let differs = |group: &Group| {
            // What may not be listed is not held against anybody of whom none were asked for.
            let is_unread = *group == Group::Proficiencies && found.proficiencies.is_none();
            match (made.asked.get((*group).into()), is_unread) {
                (None, true) => false,
                (Some(_), true) => true,
                (asked, false) => !base::is_as_asked(&there, *group, asked, identity),
            }
        };
        let changed: Vec<String> =
            Group::ALL.iter().filter(|group| differs(group)).map(|group| group.words()).collect();
        if !changed.is_empty() {
            say(Why::ChangedSince, format!("{}: {}", Why::ChangedSince.words(), changed.join(", ")));
        }
    }
    let is_later = |(heard, modified): (f64, f64)| modified > heard + OURS_FOR;
    if made.heard.zip(user.last_modified_time).is_some_and(is_later) {
        let words = "the instance says that something of it was, later than all that was asked of it";
        say(Why::ChangedSince, format!("{}: {words}", Why::ChangedSince.words()));
    }
    against.extend(around.against());
    against
}

/// What a tag proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// The user was made by an attempt of this row in this ledger, and in no copy of it.
    Whole,
    /// The same, but that the attempt had no random bits: a copy of the ledger has the same tag.
    WithoutNonce,
    /// Nothing, and why.
    None(String),
}

/// Holds a user's tag against the attempts that a ledger made for a row. The whole tag, never a part of it: anybody can
/// write a tag that begins like ours.
pub(crate) fn proof(run: &str, attempts: &[(Attempt, Option<Nonce>)], tag: Option<&str>) -> Proof {
    let Some(value) = tag else {
        return Proof::None("carries no tag of headcount's, so that nothing proves whose it is".to_owned());
    };
    if sabotage(Sabotage::TagByPrefix) && value.starts_with(run) {
        return Proof::Whole;
    }
    let Some(said) = read_provenance(value) else {
        return Proof::None(format!("carries a tag that no run writes: {value}"));
    };
    if said.run != run {
        return Proof::None(format!("was made by another run: {}", said.run));
    }
    let own = attempts.iter().find(|(attempt, _)| attempt.number() == said.number);
    match own {
        Some((_, nonce)) if *nonce == said.nonce && nonce.is_some() => Proof::Whole,
        Some((_, None)) if said.nonce.is_none() => Proof::WithoutNonce,
        Some(_) => Proof::None("was made by another copy of this ledger".to_owned()),
        None => Proof::None(
            "carries the tag of another row's user: a copy, or one that somebody has tagged so".to_owned(),
        ),
    }
}

/// The attempt of this row in this ledger that made a user; `None` where nothing proves that one did.
pub(crate) fn made_by(run: &str, attempts: &[(Attempt, Option<Nonce>)], found: &Found) -> Option<Attempt> {
    let tag = found.user.tags.get(PROVENANCE).map(String::as_str);
    let said = tag.filter(|tag| proof(run, attempts, Some(tag)) == Proof::Whole).and_then(read_provenance)?;
    attempts.iter().map(|(attempt, _)| *attempt).find(|attempt| attempt.number() == said.number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::agent::{Agent, Fingerprint};
    use crate::connect::model::{User, UserProficiency};
    use crate::ledger::Step;
    use crate::ledger::made::attempt;
    use crate::simulator::Families;
    use crate::user::property_tests::{agents, make, somebody};

    const RUN: &str = "6f1c2a90-0000-4000-8000-000000000001";
    const OF: Of<'_> = Of { run: RUN, identity: IdentityType::ConnectManaged };

    fn own() -> Vec<(Attempt, Option<Nonce>)> {
        vec![(attempt(7), Some(Nonce::of(0xab))), (attempt(9), Some(Nonce::of(0xcd))), (attempt(3), None)]
    }

    #[test]
    fn only_the_whole_tag_of_an_attempt_of_the_row_proves_a_user_ours() {
        let said = |tag: &str| proof(RUN, &own(), Some(tag));
        assert_eq!(said(&format!("{RUN}/7.00000000000000ab")), Proof::Whole);
        assert_eq!(said(&format!("{RUN}/9.00000000000000cd")), Proof::Whole);
        assert_eq!(said(&format!("{RUN}/3")), Proof::WithoutNonce);
        for forged in [
            RUN.to_owned(),
            format!("{RUN}/"),
            format!("{RUN}/7"),
            format!("{RUN}/7.00000000000000cd"),
            format!("{RUN}/9.00000000000000ab"),
            format!("{RUN}/8.00000000000000ab"),
            format!("{RUN}/7.00000000000000AB"),
            format!("{RUN}/7.00000000000000ab "),
            format!("{RUN}/07.0000000000000ab"),
            format!("{RUN}x/7.00000000000000ab"),
            format!("x{RUN}/7.00000000000000ab"),
            format!("{}/7.00000000000000ab", RUN.to_uppercase()),
            format!("{RUN}/3.00000000000000ab"),
            String::new(),
        ] {
            assert!(matches!(said(&forged), Proof::None(_)), "{forged}");
        }
        assert!(matches!(proof(RUN, &own(), None), Proof::None(_)));
        assert!(matches!(proof(RUN, &[], Some(&format!("{RUN}/7.00000000000000ab"))), Proof::None(_)));
    }

    proptest! {
        /// Whatever one letter is changed, put in or left out, a tag proves nothing any more; but for a leading zero of its
        /// number, which the service shows as it was written and no run writes.
        #[test]
        fn a_tag_with_one_wrong_letter_proves_nothing(at in 0usize..60, with in "[0-9a-f/. -]", how in 0u8..3) {
            let whole = format!("{RUN}/7.00000000000000ab");
            let mut letters: Vec<char> = whole.chars().collect();
            let at = at % letters.len();
            match how {
                0 => letters[at] = with.chars().next().unwrap(),
                1 => letters.insert(at, with.chars().next().unwrap()),
                _ => drop(letters.remove(at)),
            }
            let forged: String = letters.into_iter().collect();
            prop_assume!(forged != whole && forged != format!("{RUN}/07.00000000000000ab"));
            prop_assert!(matches!(proof(RUN, &own(), Some(&forged)), Proof::None(_)), "{}", forged);
        }
    }

    /// A user as it was made, and what the ledger says of it.
    fn made_of(identity: IdentityType, families: Families, agent: &Agent) -> (Made, Found) {
        let there = make(identity, families, agent);
        let mut user = there.user;
        user.tags.insert(PROVENANCE.to_owned(), format!("{RUN}/7.00000000000000ab"));
        user.last_modified_time = Some(1_795_444_693.0);
        let mut asked = base::of_created(&there.body);
        if !there.skills.is_empty() {
            asked.set(Step::Proficiencies, base::of_given(&there.skills));
        }
        let made = Made {
            user: user.username.clone(),
            id: Some(user.id.clone()),
            attempts: own(),
            asked,
            heard: Some(1_795_444_693.0),
        };
        (made, Found { user, proficiencies: Some(there.given) })
    }

    fn made() -> (Made, Found) {
        made_of(IdentityType::ConnectManaged, Families::All, &somebody())
    }

    fn against(made: &Made, found: &Found, around: &Around) -> Vec<Why> {
        of_undo(OF, made, found, around).into_iter().map(|(why, _)| why).collect()
    }

    #[test]
    fn a_user_as_it_was_made_has_nothing_against_it() {
        let (made, found) = made();
        assert_eq!(of_undo(OF, &made, &found, &Around::default()), vec![]);
    }

    fn two_agents() -> BoxedStrategy<(IdentityType, Families, Agent, Agent)> {
        let identities = proptest::sample::select(&IdentityType::ALL[..]);
        identities
            .prop_flat_map(|identity| {
                let agents = || agents(identity).boxed();
                (Just(identity), proptest::sample::select(&Families::ALL[..]), agents(), agents())
            })
            .boxed()
    }

    proptest! {
        /// Whoever was made has nothing against them, however the service shows them; and where they are like another row's
        /// user by now, they are told to be changed exactly where a comparison of every member finds a difference.
        #[test]
        fn whoever_is_as_they_were_made_is_told_from_whoever_is_not((identity, families, one, other) in two_agents()) {
            let (made, found) = made_of(identity, families, &one);
            let of = Of { identity, ..OF };
            prop_assert_eq!(of_undo(of, &made, &found, &Around::default()), vec![]);
            let (_, like) = made_of(identity, families, &other);
            let user = User {
                id: found.user.id.clone(),
                username: found.user.username.clone(),
                arn: found.user.arn.clone(),
                ..like.user
            };
            let changed = Found { user, proficiencies: like.proficiencies };
            let sides = [&found, &changed].map(|found| Canonical::described(&found.user, found.proficiencies.as_deref()));
            let is_other = |group: &Group| base::of_found(&sides[0], *group) != base::of_found(&sides[1], *group);
            let against: Vec<Why> =
                of_undo(of, &made, &changed, &Around::default()).into_iter().map(|(why, _)| why).collect();
            let is_changed = Group::ALL.iter().any(is_other);
            prop_assert_eq!(against, if is_changed { vec![Why::ChangedSince] } else { vec![] });
        }
    }

    #[test]
    fn each_thing_that_is_not_as_it_was_left_stands_against_it() {
        let none = Around::default();
        let changed = |change: fn(&mut Made, &mut Found)| {
            let (mut made, mut found) = made();
            change(&mut made, &mut found);
            against(&made, &found, &none)
        };
        assert_eq!(changed(|_, found| found.user.id = "u-2".into()), [Why::AnotherTag]);
        assert_eq!(changed(|_, found| found.user.username = "ANA".into()), [Why::Renamed]);
        assert_eq!(changed(|_, found| drop(found.user.tags.remove(PROVENANCE))), [Why::Unproved]);
        let copied = |_: &mut Made, found: &mut Found| {
            found.user.tags.insert(PROVENANCE.into(), format!("{RUN}/8.00000000000000ab"));
        };
        assert_eq!(changed(copied), [Why::AnotherTag]);
        assert_eq!(changed(|made, _| made.asked = AskedFor::default()), [Why::Unknown]);
        assert_eq!(
            changed(|_, found| found.user.last_modified_time = Some(1_795_444_693.0 + 301.0)),
            [Why::ChangedSince]
        );
        assert_eq!(changed(|_, found| found.user.last_modified_time = Some(1_795_444_693.0 + 299.0)), []);
        // One cell in each group, a tag of another team, a proficiency that nobody asked for.
        for change in [
            (|_, found| {
                found.user.identity_info.get_or_insert_default().first_name = Some("Another".into());
            }) as fn(&mut Made, &mut Found),
            |_, found| found.user.routing_profile_id = Some("r-9".into()),
            |_, found| found.user.security_profile_ids.push("s-9".into()),
            |_, found| found.user.hierarchy_group_id = Some("h-9".into()),
            |_, found| drop(found.user.tags.insert("team".into(), "north".into())),
            |_, found| {
                found.proficiencies = Some(vec![UserProficiency {
                    attribute_name: "Language".into(),
                    attribute_value: "French".into(),
                    level: 3.0,
                }]);
            },
        ] {
            assert_eq!(changed(change), [Why::ChangedSince]);
        }
    }

    #[test]
    fn what_is_around_somebody_stands_against_them() {
        let (made, found) = made();
        let around = Around {
            quick_connects: vec!["Ana desk".into()],
            signed_in: Some("Available".into()),
            is_protected: true,
        };
        assert_eq!(against(&made, &found, &around), [Why::Protected, Why::QuickConnects, Why::SignedIn]);
    }

    #[test]
    fn proficiencies_that_may_not_be_listed_count_only_where_some_were_asked_for() {
        let (made, mut found) = made();
        found.proficiencies = None;
        assert_eq!(against(&made, &found, &Around::default()), []);
        let mut asked = made.asked;
        asked.set(Step::Proficiencies, Fingerprint::of(7));
        assert_eq!(against(&Made { asked, ..made }, &found, &Around::default()), [Why::ChangedSince]);
    }
}
