//! Any user that is there and any row about it: the calls make the user what the row asks for, whichever way the service
//! takes what is left out, and touch nothing else; and what was last asked for is known again.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::base::{self, AsBefore};
use super::canonical::{Canonical, Group, Member};
use super::change::{Change, Clearing, adds_rights, changes};
use super::held::Found;
use super::property_tests::{Made, agents, directory, make, spec};
use super::wish::{Exact, Wish};
use crate::agent::{Agent, Channel, Cleared, IdentityType, PROVENANCE};
use crate::connect::model::{IdentityInfo, PhoneConfig, UserConfig};
use crate::simulator::Families;

/// How a service may take what a call leaves out.
#[derive(Clone, Copy, Debug)]
struct Ways {
    /// What is left out of the identity is gone; else it stays.
    replaces: bool,
    /// An empty text clears; else it is taken for left out.
    empty_clears: bool,
}

/// A member of a row to leave blank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Blank {
    Names,
    Addresses,
    Phone,
    Accept,
    Work,
    Rest,
    Routing,
    Security,
    Hierarchy,
    Tags,
    Skills,
}

const BLANKS: [Blank; 11] = [
    Blank::Names,
    Blank::Addresses,
    Blank::Phone,
    Blank::Accept,
    Blank::Work,
    Blank::Rest,
    Blank::Routing,
    Blank::Security,
    Blank::Hierarchy,
    Blank::Tags,
    Blank::Skills,
];

const CLEARED: [Cleared; 16] = [
    Cleared::Email,
    Cleared::SecondaryEmail,
    Cleared::Mobile,
    Cleared::Hierarchy,
    Cleared::Tags,
    Cleared::Proficiencies,
    Cleared::Phone,
    Cleared::PhoneNumber,
    Cleared::AutoAccept,
    Cleared::AfterContactWork,
    Cleared::PersistentConnection,
    Cleared::VoiceEnhancement,
    Cleared::ChannelAutoAccept(Channel::Chat),
    Cleared::CallbackAutoAccept,
    Cleared::ChannelAfterContactWork(Channel::Voice),
    Cleared::CallbackAfterContactWork,
];

/// The row with these cells blank, and with these to be cleared, whose own cells are blank then.
fn partial(mut agent: Agent, blanks: &[Blank], cleared: &[Cleared]) -> Agent {
    let mut blank = |blank: Blank| match blank {
        Blank::Names => (agent.first_name, agent.last_name) = (None, None),
        Blank::Addresses => (agent.email, agent.secondary_email, agent.mobile) = (None, None, None),
        Blank::Phone => {
            (agent.phone_type, agent.phone_number) = (None, None);
            (agent.voice_phone_type, agent.voice_phone_number) = (None, None);
        }
        Blank::Accept => {
            (agent.auto_accept, agent.callback_auto_accept) = (None, None);
            agent.channel_auto_accept.clear();
        }
        Blank::Work => {
            (agent.after_contact_work_seconds, agent.callback_after_contact_work_seconds) = (None, None);
            agent.channel_after_contact_work_seconds.clear();
        }
        Blank::Rest => {
            (agent.persistent_connection, agent.voice_persistent_connection) = (None, None);
            agent.voice_enhancement = None;
        }
        Blank::Routing => agent.routing_profile.clear(),
        Blank::Security => agent.security_profiles.clear(),
        Blank::Hierarchy => agent.hierarchy = None,
        Blank::Tags => agent.tags.clear(),
        Blank::Skills => agent.proficiencies.clear(),
    };
    blanks.iter().for_each(|one| blank(*one));
    for one in cleared {
        match one {
            Cleared::Email | Cleared::SecondaryEmail | Cleared::Mobile => blank(Blank::Addresses),
            Cleared::Hierarchy => blank(Blank::Hierarchy),
            Cleared::Tags => blank(Blank::Tags),
            Cleared::Proficiencies => blank(Blank::Skills),
            Cleared::Phone | Cleared::PhoneNumber => blank(Blank::Phone),
            Cleared::AutoAccept | Cleared::ChannelAutoAccept(_) | Cleared::CallbackAutoAccept => {
                blank(Blank::Accept);
            }
            Cleared::AfterContactWork
            | Cleared::ChannelAfterContactWork(_)
            | Cleared::CallbackAfterContactWork => blank(Blank::Work),
            Cleared::PersistentConnection | Cleared::VoiceEnhancement => blank(Blank::Rest),
        }
    }
    agent.cleared = cleared.iter().copied().collect();
    agent
}

fn all_cases() -> impl Strategy<Value = (IdentityType, Agent, Agent)> {
    select(&[IdentityType::ConnectManaged, IdentityType::Saml][..]).prop_flat_map(cases)
}

/// Somebody who is there, and a row about them.
pub(crate) fn cases(identity: IdentityType) -> impl Strategy<Value = (IdentityType, Agent, Agent)> {
    let row = (agents(identity).boxed(), subsequence(&BLANKS[..], 0..=11), subsequence(&CLEARED[..], 0..=3));
    let row = row.prop_map(|(agent, blanks, cleared)| partial(agent, &blanks, &cleared));
    (Just(identity), agents(identity).boxed(), row.boxed())
}

pub(crate) fn wish(agent: &Agent, identity: IdentityType) -> Wish {
    let directory = directory(&spec(identity, Families::All));
    Wish::of(agent, &directory, Exact::default()).expect("every name is known")
}

fn found(made: &Made) -> Found {
    Found { user: made.user.clone(), proficiencies: Some(made.given.clone()) }
}

fn canonical(found: &Found) -> Canonical {
    Canonical::described(&found.user, found.proficiencies.as_deref())
}

/// A service, as far as these calls go.
fn carry_out(change: &Change, found: &mut Found, ways: Ways) {
    let user = &mut found.user;
    match change {
        Change::Identity(sent) => {
            let had = user.identity_info.clone().unwrap_or_default();
            let kept = |sent: &Option<String>, had: Option<String>| match sent.as_deref() {
                None if ways.replaces => None,
                Some("") if ways.empty_clears => None,
                None | Some("") => had,
                Some(text) => Some(text.to_owned()),
            };
            user.identity_info = Some(IdentityInfo {
                first_name: kept(&sent.first_name, had.first_name),
                last_name: kept(&sent.last_name, had.last_name),
                email: kept(&sent.email, had.email),
                secondary_email: kept(&sent.secondary_email, had.secondary_email),
                mobile: kept(&sent.mobile, had.mobile),
            });
        }
        Change::Config(sent) => configure(sent, found, ways),
        Change::RoutingProfile(id) => user.routing_profile_id = Some(id.clone()),
        Change::SecurityProfiles(ids) => user.security_profile_ids.clone_from(ids),
        Change::Hierarchy(id) => user.hierarchy_group_id.clone_from(id),
        Change::Tag(tags) => user.tags.extend(tags.clone()),
        Change::Untag(keys) => user.tags.retain(|key, _| !keys.contains(key)),
        Change::Associate(added) => found.proficiencies.get_or_insert_default().extend(added.clone()),
        Change::Level(levels) => {
            for one in found.proficiencies.iter_mut().flatten() {
                let of = levels.iter().find(|level| level.name() == one.name());
                *one = of.unwrap_or(one).clone();
            }
        }
        Change::Disassociate(gone) => {
            let is_gone = |name| gone.iter().any(|one| one.name() == name);
            found.proficiencies.get_or_insert_default().retain(|one| !is_gone(one.name()));
        }
    }
}

/// Lists are set whole, or channel by channel; the older family then says nothing of what a list says.
fn configure(sent: &UserConfig, found: &mut Found, ways: Ways) {
    let user = &mut found.user;
    let mut phone = user.phone_config.take().unwrap_or_default();
    macro_rules! list {
        ($list:ident, $($older:ident),*) => {
            if !sent.$list.is_empty() {
                let mut list = sent.$list.clone();
                if !ways.replaces {
                    let others = user.$list.iter().filter(|one| sent.$list.iter().all(|new| new.channel != one.channel));
                    list.extend(others.cloned());
                }
                user.$list = list;
                $(phone.$older = None;)*
            }
        };
    }
    list!(auto_accept_configs, auto_accept);
    list!(after_contact_work_configs, after_contact_work_time_limit);
    list!(phone_number_configs, phone_type, desk_phone_number);
    list!(persistent_connection_configs, persistent_connection);
    list!(voice_enhancement_configs,);
    user.phone_config = (phone != PhoneConfig::default()).then_some(phone);
}

/// The members of which the row asks nothing, as they are.
fn unasked(found: &Found, wish: &Wish) -> Vec<(Member, String)> {
    let there = canonical(found);
    let asked: BTreeSet<Member> =
        Group::ALL.into_iter().flat_map(|group| wish.asked_of(&there, group).into_keys()).collect();
    let members =
        there.said().filter(|member| !asked.contains(member) && !matches!(member, Member::PhoneNumber(_)));
    members
        .map(|member| (member.clone(), there.value(member).unwrap_or_default().to_owned()))
        .filter(|(member, value)| member.service_default() != Some(value))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_calls_make_a_user_what_a_row_asks_for_and_touch_nothing_else(
        (identity, there, row) in all_cases(),
        families in select(&Families::ALL[..]),
        replaces in any::<bool>(),
        empty_clears in any::<bool>(),
    ) {
        let ways = Ways { replaces, empty_clears };
        let wish = wish(&row, identity);
        let mut user = found(&make(identity, families, &there));
        user.user.tags.insert(PROVENANCE.to_owned(), "r/1.0011223344556677".to_owned());
        let before = unasked(&user, &wish);
        for group in Group::ALL {
            for change in changes(&wish, &user.clone(), group, Clearing::LeftOut, true) {
                carry_out(&change, &mut user, ways);
            }
            for change in changes(&wish, &user.clone(), group, Clearing::Empty, true) {
                carry_out(&change, &mut user, ways);
            }
            let left = wish.differences(&canonical(&user));
            let left: Vec<_> = left.iter().filter(|one| one.group == group).collect();
            // A service that neither replaces nor takes an empty text for none clears no address at all.
            let cannot_clear = group == Group::Identity && !replaces && !empty_clears;
            prop_assert!(left.iter().all(|one| cannot_clear && one.wanted.is_none()), "{group}: {left:?}");
        }
        let after: BTreeSet<_> = unasked(&user, &wish).into_iter().collect();
        let lost: Vec<_> = before.iter().filter(|one| !after.contains(one)).collect();
        prop_assert!(lost.is_empty(), "{lost:?}");
        prop_assert!(user.user.tags.contains_key(PROVENANCE));
        if replaces || empty_clears {
            let again = |group| changes(&wish, &user, group, Clearing::LeftOut, true);
            prop_assert!(Group::ALL.into_iter().all(|group| again(group).is_empty()), "run twice, no call");
            prop_assert!(!adds_rights(&wish, &canonical(&user)));
        }
    }

    #[test]
    fn a_user_that_was_made_is_known_again_however_it_is_shown_and_whatever_the_row_asks_now(
        (identity, there, row) in all_cases(),
        families in select(&Families::ALL[..]),
    ) {
        let made = make(identity, families, &there);
        let (user, wish) = (canonical(&found(&made)), wish(&row, identity));
        let prints = base::of_created(&made.body);
        for one in wish.differences(&user) {
            let before = prints.get(one.group.into());
            let side = AsBefore::of(&wish, &user, one.group, before);
            let known = before.map_or(AsBefore::Unknown, |_| AsBefore::Instance);
            prop_assert_eq!(side, known, "{:?}", one);
        }
    }

    #[test]
    fn what_somebody_changed_since_is_told_from_a_roster_that_changed(
        (identity, there, other) in all_cases(),
        families in select(&Families::ALL[..]),
    ) {
        let made = make(identity, families, &there);
        let first = wish(&there, identity);
        let prints = base::of_created(&made.body);
        // Somebody does in the console what another row asks for.
        let (mut user, console) = (found(&made), wish(&other, identity));
        for group in Group::ALL {
            for change in changes(&console, &user.clone(), group, Clearing::LeftOut, true) {
                carry_out(&change, &mut user, Ways { replaces: true, empty_clears: true });
            }
        }
        let there = canonical(&user);
        for one in first.differences(&there) {
            let side = AsBefore::of(&first, &there, one.group, prints.get(one.group.into()));
            let known = prints.get(one.group.into()).map_or(AsBefore::Unknown, |_| AsBefore::Roster);
            prop_assert_eq!(side, known, "{:?}", one);
        }
    }
}
