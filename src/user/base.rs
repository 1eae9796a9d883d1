//! What was last asked of a user and is known to be done, group by group, as fingerprints: the third of three sides.
//!
//! With it alone can be told whether the roster has changed or somebody has changed the user on the instance. A fingerprint
//! is of a whole group as it was left, without what the service has where nothing is asked for, so that it is the same
//! however a request writes it down and however an answer shows it. There is no personal data in it but as a hash, and of a
//! password nothing.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};

use super::canonical::{Canonical, Group, Member};
use super::wish::{Wish, of_group};
use crate::agent::{Fingerprint, IdentityType};
use crate::connect::model::{CreateUser, UserProficiency};
use crate::ledger::AskedFor;

/// What is known of a user from before.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base {
    /// Its id, where a ledger at hand made or changed it.
    pub(crate) id: Option<String>,
    /// What was last asked of it and is known to be done.
    pub(crate) asked: AskedFor,
    /// What the plan of an update had read of groups that it left, for somebody changed them meanwhile.
    pub(crate) read: AskedFor,
}

/// The groups that a request asked for, as the user is once it was made; proficiencies follow it and are not among them.
pub(crate) fn of_created(body: &CreateUser) -> AskedFor {
    let user = Canonical::wanted(body, None);
    let mut asked = AskedFor::default();
    for group in Group::ALL {
        let members: BTreeMap<Member, String> = of_group(&user, group).collect();
        if !members.is_empty() {
            asked.set(group.into(), print(&members));
        }
    }
    asked
}

/// The same of proficiencies that a user was given that had none.
pub(crate) fn of_given(proficiencies: &[UserProficiency]) -> Fingerprint {
    print(&of_group(&Canonical::of_proficiencies(proficiencies), Group::Proficiencies).collect())
}

/// A group of a user as it is.
pub(crate) fn of_found(found: &Canonical, group: Group) -> Fingerprint {
    print(&of_group(found, group).collect())
}

/// Whether a group of a user is as it was last asked for, member by member; where nothing was asked for, whether there is
/// nothing in it but what the service has by itself. On an instance with a directory of its own that has the names and the
/// address of everybody, whether they were asked for or not.
pub(crate) fn is_as_asked(
    found: &Canonical,
    group: Group,
    asked: Option<Fingerprint>,
    identity: IdentityType,
) -> bool {
    let asked = asked.unwrap_or_else(|| print(&BTreeMap::new()));
    const OF_DIRECTORY: [Member; 3] = [Member::FirstName, Member::LastName, Member::Email];
    // Which of them were asked for is not known from a fingerprint: any of them may have been.
    let left_out = if identity == IdentityType::ExistingDirectory { 0..8u8 } else { 0..1 };
    let is_in = |set: u8, member: &Member| {
        OF_DIRECTORY.iter().position(|of| of == member).is_some_and(|at| set >> at & 1 > 0)
    };
    readings(found, group).iter().any(|members| {
        left_out.clone().any(|set| {
            let rest = members.iter().filter(|(member, _)| !is_in(set, member));
            print(&rest.map(|(member, value)| (member.clone(), value.clone())).collect()) == asked
        })
    })
}

/// Which side of two that differ is as it was last asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum AsBefore {
    /// Nothing is known of before.
    Unknown,
    /// The instance: so the roster has changed.
    Instance,
    /// The roster: so somebody has changed the user.
    Roster,
    /// Neither: both have changed.
    Neither,
}

impl AsBefore {
    /// Holds a group of a row and of the user that is there against what is known of before.
    ///
    /// Either side is compared as a whole group, and once more by the members alone that the row asks for: the first holds
    /// where a cell was filled in since, or a column went; the second where somebody has given the user what the row says
    /// nothing of, as another team's tag. A row that asks for a part of what was asked for before, of a user that somebody
    /// has given more, is as before where it is without what was given: any of what the row says nothing of may be that.
    pub(crate) fn of(wish: &Wish, found: &Canonical, group: Group, before: Option<Fingerprint>) -> Self {
        let Some(before) = before else { return Self::Unknown };
        let is = |members: &BTreeMap<Member, String>| print(members) == before;
        let shown = readings(found, group);
        if shown.iter().any(&is) || is(&wish.asked_of(found, group)) {
            return Self::Instance;
        }
        let desired = |members: &BTreeMap<Member, String>| wish.desired_of(members.clone(), found, group);
        if shown.iter().any(|members| is(&desired(members))) || is(&wish.said_of(group)) {
            return Self::Roster;
        }
        // The dearest question, and the rarest: of a group that neither side has as a whole any more.
        let asked = wish.asked_in(found, group);
        let is_but_for_given = |members: &BTreeMap<Member, String>| {
            without_given(members, &asked).any(|rest| print_of(rest.into_iter()) == before)
        };
        if shown.iter().any(is_but_for_given) {
            return Self::Instance;
        }
        if shown.iter().any(|members| is_but_for_given(&desired(members))) {
            return Self::Roster;
        }
        Self::Neither
    }
}

/// So many members that a row says nothing of may each have been given to the user or not: all selections of them are tried.
const TRIED: usize = 10;

/// A group without what somebody may have given the user: every selection of the members that are not `asked` for, and of
/// more than [`TRIED`] those that leave out one or two.
fn without_given<'m>(
    members: &'m BTreeMap<Member, String>,
    asked: &BTreeSet<Member>,
) -> impl Iterator<Item = Vec<(&'m Member, &'m String)>> {
    // What the service has by itself is in no fingerprint.
    let is_given = |(member, value): &(&Member, &String)| {
        !asked.contains(*member) && member.service_default() != Some(value.as_str())
    };
    let others: Vec<&Member> = members.iter().filter(is_given).map(|(member, _)| member).collect();
    let few = others.len() <= TRIED;
    let all = if few { 1_usize << others.len() } else { 0 };
    let by_bits = {
        let others = others.clone();
        move |bits: usize| -> Vec<&'m Member> {
            let picked = others.iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1);
            picked.map(|(_, member)| *member).collect()
        }
    };
    let many = if few { Vec::new() } else { others };
    let pairs = (0..many.len()).flat_map(move |one| {
        let many = many.clone();
        (one..many.len()).map(move |other| vec![many[one], many[other]])
    });
    (1..all)
        .map(by_bits)
        .chain(pairs)
        .map(|left_out| members.iter().filter(|(member, _)| !left_out.contains(member)).collect())
}

/// A group as it may be read: a setting that is shown in two families may be that of every channel or of one, each such
/// setting by itself. See `Members::all_channels`.
fn readings(found: &Canonical, group: Group) -> Vec<BTreeMap<Member, String>> {
    let mut readings = vec![of_group(found, group).collect::<BTreeMap<_, _>>()];
    for is_of in [(|member| matches!(member, Member::AutoAccept(_))) as fn(&Member) -> bool, |member| {
        matches!(member, Member::AfterContactWork(_))
    }] {
        let other = |reading: &BTreeMap<Member, String>| -> BTreeMap<Member, String> {
            let read = |(member, value): (&Member, &String)| {
                let value = if is_of(member) { settled(found, member, value) } else { value.clone() };
                (member.clone(), value)
            };
            reading.iter().map(read).collect()
        };
        let others: Vec<_> = readings.iter().map(other).collect();
        readings.extend(others);
        readings.dedup();
    }
    readings
}

/// A value that may be the service's default as well, as that.
fn settled(found: &Canonical, member: &Member, value: &str) -> String {
    let [_, other] = found.values(member);
    other.unwrap_or(value).to_owned()
}

/// The first eight bytes, read big-endian, of the SHA-256 over the members in their order, each by its words in a roster
/// and its value, lengths before both; what the service has by itself is nothing.
fn print(members: &BTreeMap<Member, String>) -> Fingerprint {
    print_of(members.iter())
}

fn print_of<'m>(members: impl Iterator<Item = (&'m Member, &'m String)>) -> Fingerprint {
    let mut digest = Sha256::new();
    digest.update(b"headcount group 1");
    for (member, value) in members {
        if member.service_default() == Some(value) {
            continue;
        }
        for text in [member.to_string().as_str(), value] {
            digest.update((text.len() as u64).to_be_bytes());
            digest.update(text.as_bytes());
        }
    }
    let digest = digest.finalize();
    Fingerprint::of(digest.iter().take(8).fold(0, |bits, &byte| bits << 8 | u64::from(byte)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::model::{IdentityInfo, User};

    type Tags<'t> = &'t [(&'t str, &'t str)];

    fn tagged(tags: Tags<'_>) -> std::collections::HashMap<String, String> {
        tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    fn identity(last: &str, mobile: Option<&str>) -> Option<IdentityInfo> {
        let own = |text: &str| Some(text.to_owned());
        Some(IdentityInfo {
            last_name: own(last),
            mobile: mobile.map(str::to_owned),
            ..IdentityInfo::default()
        })
    }

    fn made(last: &str, tags: Tags<'_>) -> AskedFor {
        let mut info = identity(last, None);
        if let Some(info) = &mut info {
            info.first_name = Some("Ana".to_owned());
        }
        of_created(&CreateUser {
            identity_info: info,
            tags: tagged(tags).into_iter().collect(),
            ..CreateUser::default()
        })
    }

    fn there(last: &str, mobile: Option<&str>, tags: Tags<'_>) -> Canonical {
        let mut info = identity(last, mobile);
        if let Some(info) = &mut info {
            info.first_name = Some("Ana".to_owned());
        }
        let tags = tagged(tags).into_iter().collect();
        Canonical::described(&User { identity_info: info, tags, ..User::default() }, None)
    }

    fn asks(last: &str, tags: Tags<'_>) -> Wish {
        let tags = tagged(tags).into_iter().collect();
        let identity_info = identity(last, None).filter(|_| !last.is_empty());
        Wish::of_request(&CreateUser { identity_info, tags, ..CreateUser::default() }, None)
    }

    #[test]
    fn what_a_row_does_not_ask_for_counts_for_nothing_whoever_has_given_it_since() {
        use AsBefore::{Instance, Neither, Roster};
        let before = made("Silva", &[("site", "Berlin"), ("team", "a")]);
        let given = Some("+4930123456");
        for (has, last, expected) in
            [("Silva", "Weiss", Instance), ("Weiss", "Silva", Roster), ("Weiss", "Rua", Neither)]
        {
            for mobile in [None, given] {
                let side = AsBefore::of(
                    &asks(last, &[]),
                    &there(has, mobile, &[]),
                    Group::Identity,
                    before.get(Group::Identity.into()),
                );
                assert_eq!(side, expected, "{has} -> {last}, {mobile:?}");
            }
        }
        let others: Tags<'_> = &[("cost", "7"), ("floor", "3")];
        for (has, wanted, expected) in [
            (("site", "Berlin"), ("site", "Rome"), Instance),
            (("site", "Paris"), ("site", "Berlin"), Roster),
            (("site", "Paris"), ("site", "Rome"), Neither),
            // Somebody gave the user what the row asks for otherwise: that is no other team's.
            (("zone", "x"), ("zone", "y"), Neither),
        ] {
            for others in [&others[..0], &others[..1], others] {
                let mut tags = vec![has, ("team", "a")];
                if has.0 != "site" {
                    tags.push(("site", "Berlin"));
                }
                tags.extend(others);
                let found = there("Silva", None, &tags);
                let side =
                    AsBefore::of(&asks("", &[wanted]), &found, Group::Tags, before.get(Group::Tags.into()));
                assert_eq!(side, expected, "{has:?} -> {wanted:?} beside {others:?}");
            }
        }
    }

    #[test]
    fn of_many_that_a_row_says_nothing_of_one_or_two_may_have_been_given() {
        let names: Vec<String> = (0..40).map(|at| format!("t{at:02}")).collect();
        let mut tags: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
        let before = made("Silva", &tags);
        let side = |tags: &[(&str, &str)]| {
            let found = there("Silva", None, tags);
            AsBefore::of(&asks("", &[("t00", "2")]), &found, Group::Tags, before.get(Group::Tags.into()))
        };
        for given in [("cost", "7"), ("floor", "3")] {
            tags.push(given);
            assert_eq!(side(&tags), AsBefore::Instance, "{given:?}");
        }
        tags.push(("zone", "1"));
        assert_eq!(side(&tags), AsBefore::Neither, "it is not told, and nothing is written over");
    }
}
