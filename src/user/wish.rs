//! What a row asks of a user that is there: the members that it says and those that it clears, and nothing else.
//!
//! A blank cell leaves a member as it is (Salesforce Data Loader: "empty field values are ignored when you update"), so a
//! user that has more than a row asks for is as the row asks. Whose user it is that somebody made is another question, for
//! which every member counts: see [`is_same_user`](super::is_same_user).

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::{Canonical, Group, Member};
use super::differ::Difference;
use super::request;
use crate::agent::{Agent, Channel, Cleared, IdentityType};
use crate::connect::model::{CreateUser, UserProficiency};
use crate::directory::Directory;

/// Whether a list that a row has is all that there may be. Without it, lists add and change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exact {
    /// Tags that the row does not have go, but those of AWS and the provenance tag.
    pub tags: bool,
    /// Proficiencies that the row does not have go.
    pub proficiencies: bool,
}

/// What a row asks of a user that is there.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    said: Canonical,
    cleared: BTreeSet<Cleared>,
    /// The number of a desk phone, from a row that does not say which phone it is.
    number_alone: Option<String>,
    exact: Exact,
}

/// The members that are asked for, each as it is to be; `None` for what is to go.
type Asks = BTreeMap<Member, Option<String>>;

impl Wish {
    /// What a row asks for; `None` where it names something that the instance does not have, which the check has told.
    pub(crate) fn of(agent: &Agent, directory: &Directory, exact: Exact) -> Option<Self> {
        let body = request::body(agent, directory)?;
        let proficiencies = request::proficiencies(agent);
        let number = agent.phone_number.as_ref().or(agent.voice_phone_number.as_ref());
        let says_which = agent.phone_type.is_some() || agent.voice_phone_type.is_some();
        let mut said = Canonical::wanted(&body, (!proficiencies.is_empty()).then_some(&*proficiencies));
        // A request has no place for these but beside the channel's own setting, which the row may leave as it is.
        if let Some(accept) = agent.callback_auto_accept {
            said.say(Member::CallbackAutoAccept(VOICE.to_owned()), accept.to_string());
        }
        if let Some(seconds) = agent.callback_after_contact_work_seconds {
            said.say(Member::CallbackAfterContactWork(VOICE.to_owned()), seconds.to_string());
        }
        Some(Self {
            said,
            cleared: agent.cleared.clone(),
            number_alone: number.filter(|_| !says_which).cloned(),
            exact,
        })
    }

    /// The same, of these groups alone.
    pub(crate) fn only(mut self, groups: &BTreeSet<Group>) -> Self {
        self.said.keep(groups);
        self.cleared.retain(|cleared| groups.contains(&group_of(*cleared)));
        self.number_alone = self.number_alone.filter(|_| groups.contains(&Group::Config));
        self
    }

    /// What a request that makes a user asks of one that is there.
    pub(crate) fn of_request(body: &CreateUser, proficiencies: Option<&[UserProficiency]>) -> Self {
        let said = Canonical::wanted(body, proficiencies);
        Self { said, cleared: BTreeSet::new(), number_alone: None, exact: Exact::default() }
    }

    /// Whether it asks for anything that no search shows.
    pub(crate) fn asks_for_unsearchable(&self) -> bool {
        self.said.said().any(is_unsearchable)
            || self.cleared.iter().any(|cleared| match cleared {
                Cleared::Proficiencies => true,
                cleared => members_of(*cleared).iter().any(is_unsearchable),
            })
    }

    /// The same, of what a search shows alone.
    pub(crate) fn searchable(mut self) -> Self {
        self.said.drop_members(is_unsearchable);
        self.cleared.retain(|cleared| {
            *cleared != Cleared::Proficiencies && !members_of(*cleared).iter().any(is_unsearchable)
        });
        self
    }

    /// Whether it asks for any of the proficiencies, or for none of them.
    pub(crate) fn asks_for_proficiencies(&self) -> bool {
        self.asks_for(Group::Proficiencies)
    }

    /// Whether it asks for anything in a group.
    pub(crate) fn asks_for(&self, group: Group) -> bool {
        self.said.said().any(|member| is_changeable(member) && member.group() == group)
            || self.cleared.iter().any(|cleared| group_of(*cleared) == group)
            || (group == Group::Config && self.number_alone.is_some())
    }

    /// Every member of which it asks something else than the user has, in the order of [`Member`].
    pub(crate) fn differences(&self, found: &Canonical) -> Vec<Difference> {
        let differs = |member: &Member, wanted: &Option<String>| {
            found.can_tell(member) && !found.values(member).contains(&wanted.as_deref())
        };
        self.asks(found)
            .into_iter()
            .filter(|(member, wanted)| differs(member, wanted))
            .map(|(member, wanted)| Difference {
                group: member.group(),
                found: found.value(&member).map(str::to_owned),
                wanted,
                member,
            })
            .collect()
    }

    /// The id in the directory, where the row has one and the user another: nobody can change it, so that it is told and
    /// nothing else. On instances without a directory of their own the service makes it up.
    pub(crate) fn other_directory_id(&self, found: &Canonical, identity: IdentityType) -> Option<Difference> {
        let member = Member::DirectoryUserId;
        let (wanted, has) = (self.said.said_of(&member)?, found.said_of(&member));
        (identity == IdentityType::ExistingDirectory && has != Some(wanted)).then(|| Difference {
            group: Group::Identity,
            found: has.map(str::to_owned),
            wanted: Some(wanted.to_owned()),
            member,
        })
    }

    /// A group of the user with what is asked for in place of what is there; without a member there is nothing.
    pub(crate) fn desired(&self, found: &Canonical, group: Group) -> BTreeMap<Member, String> {
        self.desired_of(of_group(found, group).collect(), found, group)
    }

    /// The same of a group that is read as `members`.
    pub(super) fn desired_of(
        &self,
        mut members: BTreeMap<Member, String>,
        found: &Canonical,
        group: Group,
    ) -> BTreeMap<Member, String> {
        for (member, wanted) in self.asks(found) {
            if member.group() != group {
                continue;
            }
            match wanted {
                Some(wanted) => drop(members.insert(member, wanted)),
                None => drop(members.remove(&member)),
            }
        }
        drop_number_of_softphone(&mut members);
        members
    }

    /// What it says of a group, whoever the user is.
    pub(super) fn said_of(&self, group: Group) -> BTreeMap<Member, String> {
        of_group(&self.said, group).collect()
    }

    /// A group of the user, the members alone that are asked for.
    pub(super) fn asked_of(&self, found: &Canonical, group: Group) -> BTreeMap<Member, String> {
        let asks = self.asks(found);
        of_group(found, group).filter(|(member, _)| asks.contains_key(member)).collect()
    }

    /// The members of a group that are asked for.
    pub(super) fn asked_in(&self, found: &Canonical, group: Group) -> BTreeSet<Member> {
        self.asks(found).into_keys().filter(|member| member.group() == group).collect()
    }

    /// Each member that is asked for; of a list that is to be exact, those too that are there and are to go.
    fn asks(&self, found: &Canonical) -> Asks {
        let mut asks = Asks::new();
        for cleared in &self.cleared {
            let back = |member: Member| (member.service_default().map(str::to_owned), member);
            asks.extend(members_of(*cleared).into_iter().map(back).map(|(value, member)| (member, value)));
        }
        for group in [Group::Tags, Group::Proficiencies] {
            if self.is_all_of(group) {
                asks.extend(of_group(found, group).map(|(member, _)| (member, None)));
            }
        }
        let said = self.said.said().filter(|member| is_changeable(member));
        asks.extend(said.map(|member| (member.clone(), self.said.said_of(member).map(str::to_owned))));
        if let Some(number) = &self.number_alone {
            // A softphone has no number: what is noted down for it is nobody's phone.
            let phone = Member::PhoneType(VOICE.to_owned());
            if found.value(&phone) == Some("DESK_PHONE") {
                asks.insert(Member::PhoneNumber(VOICE.to_owned()), Some(number.clone()));
            }
        }
        asks
    }

    /// Whether what the row has of a list is all that there may be.
    fn is_all_of(&self, group: Group) -> bool {
        let (is_exact, cleared) = match group {
            Group::Tags => (self.exact.tags, Cleared::Tags),
            Group::Proficiencies => (self.exact.proficiencies, Cleared::Proficiencies),
            _ => return false,
        };
        self.cleared.contains(&cleared)
            || (is_exact && self.said.said().any(|member| member.group() == group))
    }
}

const VOICE: &str = Channel::Voice.as_api();

/// Whether only DescribeUser shows it, or ListUserProficiencies: SearchUsers has no addresses, and its after-contact work is
/// in a unit that nobody has written down for each channel.
fn is_unsearchable(member: &Member) -> bool {
    matches!(
        member,
        Member::Email
            | Member::SecondaryEmail
            | Member::Mobile
            | Member::AfterContactWork(_)
            | Member::CallbackAfterContactWork(_)
            | Member::Proficiency(..)
    )
}

/// The members of a group of which something is said.
pub(super) fn of_group(user: &Canonical, group: Group) -> impl Iterator<Item = (Member, String)> + '_ {
    let members = user.said().filter(move |member| member.group() == group && is_changeable(member));
    members.filter_map(|member| Some((member.clone(), user.said_of(member)?.to_owned())))
}

/// Whether anybody can change it once the user is there.
fn is_changeable(member: &Member) -> bool {
    *member != Member::DirectoryUserId
}

fn drop_number_of_softphone(members: &mut BTreeMap<Member, String>) {
    let soft: Vec<String> = members
        .iter()
        .filter_map(|(member, kind)| match member {
            Member::PhoneType(channel) if kind != "DESK_PHONE" => Some(channel.clone()),
            _ => None,
        })
        .collect();
    for channel in soft {
        members.remove(&Member::PhoneNumber(channel));
    }
}

/// The members that go back to what they were before anybody set them. Tags and proficiencies are those of the user.
fn members_of(cleared: Cleared) -> Vec<Member> {
    let all = |member: fn(String) -> Member| {
        Channel::ALL.into_iter().map(|channel| member(channel.as_api().to_owned())).collect()
    };
    let of = |member: fn(String) -> Member, channel: Channel| vec![member(channel.as_api().to_owned())];
    match cleared {
        Cleared::Email => vec![Member::Email],
        Cleared::SecondaryEmail => vec![Member::SecondaryEmail],
        Cleared::Mobile => vec![Member::Mobile],
        Cleared::Hierarchy => vec![Member::HierarchyGroup],
        Cleared::Tags | Cleared::Proficiencies => Vec::new(),
        Cleared::Phone => of(Member::PhoneType, Channel::Voice),
        Cleared::PhoneNumber => of(Member::PhoneNumber, Channel::Voice),
        Cleared::AutoAccept => all(Member::AutoAccept),
        Cleared::AfterContactWork => all(Member::AfterContactWork),
        Cleared::PersistentConnection => of(Member::PersistentConnection, Channel::Voice),
        Cleared::VoiceEnhancement => of(Member::VoiceEnhancement, Channel::Voice),
        Cleared::ChannelAutoAccept(channel) => of(Member::AutoAccept, channel),
        Cleared::CallbackAutoAccept => of(Member::CallbackAutoAccept, Channel::Voice),
        Cleared::ChannelAfterContactWork(channel) => of(Member::AfterContactWork, channel),
        Cleared::CallbackAfterContactWork => of(Member::CallbackAfterContactWork, Channel::Voice),
    }
}

const fn group_of(cleared: Cleared) -> Group {
    match cleared {
        Cleared::Email | Cleared::SecondaryEmail | Cleared::Mobile => Group::Identity,
        Cleared::Hierarchy => Group::Hierarchy,
        Cleared::Tags => Group::Tags,
        Cleared::Proficiencies => Group::Proficiencies,
        Cleared::Phone
        | Cleared::PhoneNumber
        | Cleared::AutoAccept
        | Cleared::AfterContactWork
        | Cleared::PersistentConnection
        | Cleared::VoiceEnhancement
        | Cleared::ChannelAutoAccept(_)
        | Cleared::CallbackAutoAccept
        | Cleared::ChannelAfterContactWork(_)
        | Cleared::CallbackAfterContactWork => Group::Config,
    }
}
