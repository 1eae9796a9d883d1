//! How a user that is there differs from the one that is wanted.

use std::collections::BTreeSet;

use super::canonical::{Canonical, Group, Member};
use crate::agent::IdentityType;
use crate::connect::model::{CreateUser, User};

/// One member in which a user is not as wanted, with both values as the service writes them; a value is `None` where
/// there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// The group of the member.
    pub(crate) group: Group,
    /// The member.
    pub(crate) member: Member,
    /// As wanted; where nothing was asked for, the service's default.
    pub(crate) wanted: Option<String>,
    /// As found.
    pub(crate) found: Option<String>,
}

/// Every member in which `found` is not as `wanted`, in the order of [`Member`], so group by group.
///
/// What either side cannot tell is not compared: proficiencies that were not listed, and what the instance's
/// kind of identity fills in by itself.
pub(crate) fn differences(wanted: &Canonical, found: &Canonical, identity: IdentityType) -> Vec<Difference> {
    let members: BTreeSet<&Member> = wanted.said().chain(found.said()).collect();
    members
        .into_iter()
        .filter(|member| wanted.can_tell(member) && found.can_tell(member))
        .filter(|member| counts(member, wanted.says(member), identity))
        .filter(|member| !is_equal(wanted.values(member), found.values(member)))
        .map(|member| Difference {
            group: member.group(),
            member: member.clone(),
            wanted: wanted.value(member).map(str::to_owned),
            found: found.value(member).map(str::to_owned),
        })
        .collect()
}

/// Whether a user, as DescribeUser shows it, has every member that a request asked for, and nothing that it did not ask
/// for and the service does not fill in. The password cannot be read back.
pub(crate) fn is_same_user(body: &CreateUser, user: &User, identity: IdentityType) -> bool {
    let (wanted, found) = (Canonical::wanted(body, None), Canonical::described(user, None));
    body.username == user.username && differences(&wanted, &found, identity).is_empty()
}

/// Whether a member counts on an instance of this kind.
///
/// Everybody has a `DirectoryUserId`, made up by the service but on an instance with a directory of its own; there
/// Connect looks up itself what a request leaves out: the id, the names, the address (API, CreateUser).
fn counts(member: &Member, is_asked: bool, identity: IdentityType) -> bool {
    match (member, identity) {
        (Member::DirectoryUserId, IdentityType::ConnectManaged | IdentityType::Saml) => false,
        (
            Member::DirectoryUserId | Member::FirstName | Member::LastName | Member::Email,
            IdentityType::ExistingDirectory,
        ) => is_asked,
        _ => true,
    }
}

fn is_equal(wanted: [Option<&str>; 2], found: [Option<&str>; 2]) -> bool {
    wanted.iter().any(|one| found.contains(one))
}
