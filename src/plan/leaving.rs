//! Somebody on a list of leavers × the user of that name: what stands against deleting them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::fate::Why;
use super::undo::Around;
use crate::agent::{Differing, Fingerprint};
use crate::user::{Canonical, Found, Group, Listed, base};

/// A user as the plan has read it, group by group.
pub(crate) type AsPlanned = BTreeMap<Group, Fingerprint>;

/// The groups of a user as they were read; of proficiencies nothing where they were not.
pub(crate) fn as_planned(found: &Found) -> AsPlanned {
    let there = Canonical::described(&found.user, found.proficiencies.as_deref());
    let is_read = |group: &Group| *group != Group::Proficiencies || found.proficiencies.is_some();
    Group::ALL.into_iter().filter(is_read).map(|group| (group, base::of_found(&there, group))).collect()
}

/// What stands against deleting the user that has the name of somebody on a list, each with words of its own. `admins` are
/// the ids of the security profiles of administrators; `planned` is how the plan has read the user, where there is one.
pub(crate) fn of_list(
    listed: &Listed,
    found: &Found,
    admins: &BTreeSet<String>,
    planned: Option<&AsPlanned>,
    around: &Around,
) -> Vec<(Why, String)> {
    let user = &found.user;
    let mut against = Vec::new();
    if user.username != listed.user {
        against.push((Why::Renamed, format!("{}: {}", Why::Renamed.words(), user.username)));
    }
    let differences = listed.differences(user);
    if !differences.is_empty() {
        let told: Vec<String> = differences.iter().map(told).collect();
        against.push((Why::Differs, format!("{}: {}", Why::Differs.words(), told.join("; "))));
    }
    if user.security_profile_ids.iter().any(|id| admins.contains(id_of(id))) {
        against.push((Why::Admin, Why::Admin.words().to_owned()));
    }
    if let Some(planned) = planned {
        let now = as_planned(found);
        let differs = |(group, print): (&Group, &Fingerprint)| {
            now.get(group).is_some_and(|now| now != print).then(|| group.words())
        };
        let changed: Vec<String> = planned.iter().filter_map(differs).collect();
        if !changed.is_empty() {
            against
                .push((Why::ChangedSince, format!("{}: {}", Why::ChangedSince.words(), changed.join(", "))));
        }
    }
    against.extend(around.against());
    against
}

/// A member as people read it: as it is there, and as the list has it.
fn told(differing: &Differing) -> String {
    let there = differing.there.as_ref().map_or("nothing".to_owned(), |there| format!("`{there}`"));
    let listed = differing.wanted.as_deref().unwrap_or_default();
    format!("{} is {there}, and `{listed}` on the list", differing.member)
}

/// The id in an ARN, or the id itself.
fn id_of(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// The most users that a list may take without that being said: a tenth of the instance's, at least 10, at most 50.
pub(crate) const fn usual_most(users: u64) -> u64 {
    let tenth = users.div_ceil(10);
    if tenth < 10 {
        10
    } else if tenth > 50 {
        50
    } else {
        tenth
    }
}
