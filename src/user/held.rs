//! A user that is there, held against the row that asks for one of its name: equal, or in what not, in words.

use std::collections::HashMap;

use super::canonical::{Canonical, Group};
use super::provenance::read_provenance;
use super::wish::Wish;
use crate::agent::{Differing, IdentityType, PROVENANCE};
use crate::connect::model::{CreateUser, User, UserProficiency};
use crate::directory::Directory;

/// What an instance calls the things that users have by id.
#[derive(Clone, Debug, Default)]
pub(crate) struct NamesOfIds(HashMap<Box<str>, Box<str>>);

impl NamesOfIds {
    /// The names of an instance.
    pub(crate) fn of(directory: &Directory) -> Self {
        let profiles = directory.routing_profiles.iter().chain(directory.security_profiles.iter());
        let groups =
            directory.hierarchy.iter().map(|group| (group.id.as_str().into(), group.path.join("|").into()));
        Self(profiles.map(|(name, id)| (id.into(), name.into())).chain(groups).collect())
    }

    /// A value of a member, ids by their names; one that has none stays as it is.
    pub(crate) fn named(&self, group: Group, value: &str) -> String {
        let name = |id: &str| self.0.get(id).map_or_else(|| id.to_owned(), |name| name.to_string());
        match group {
            Group::RoutingProfile | Group::Hierarchy => name(value),
            Group::SecurityProfiles => value.split(", ").map(name).collect::<Vec<_>>().join("|"),
            Group::Config => as_in_a_cell(value).to_owned(),
            Group::Identity | Group::Tags | Group::Proficiencies => value.to_owned(),
        }
    }
}

/// A setting as a cell has it.
fn as_in_a_cell(value: &str) -> &str {
    match value {
        "true" => "yes",
        "false" => "no",
        "SOFT_PHONE" => "soft",
        "DESK_PHONE" => "desk",
        "NONE" => "none",
        "VOICE_ISOLATION" => "isolate voice",
        "NOISE_SUPPRESSION" => "suppress noise",
        other => other,
    }
}

/// What a row asks for.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// Its request.
    pub(crate) body: &'a CreateUser,
    /// The proficiencies that are to follow it; `None` where it asks for none.
    pub(crate) proficiencies: Option<&'a [UserProficiency]>,
}

/// A user that is there, as far as it could be read.
#[derive(Clone, Debug)]
pub(crate) struct Found {
    /// The user.
    pub(crate) user: User,
    /// Its proficiencies; `None` where they were not asked for, or may not be read.
    pub(crate) proficiencies: Option<Vec<UserProficiency>>,
}

/// A user that is there, held against the row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Held {
    /// The run whose tag it carries, where it carries one.
    pub(crate) by_run: Option<String>,
    /// In what it is not as the row asks.
    pub(crate) differs: Vec<Differing>,
    /// Whether all that the row asks for could be compared, but the password, which cannot be read back.
    pub(crate) is_whole: bool,
    /// It has more than the row asks for, where a request of ours left without a tag: what would be content with anybody
    /// else's user is no proof of whose this one is.
    pub(crate) has_more: bool,
}

impl Held {
    /// Holds a user against its row, by what that asks for: a user that has more is as the row asks.
    pub(crate) fn against(
        asked: Asked<'_>,
        found: &Found,
        identity: IdentityType,
        names: &NamesOfIds,
    ) -> Self {
        let Found { user, proficiencies } = found;
        // What the row does not ask for is left as it is, so that it is nothing to differ in.
        let has = proficiencies.as_deref().filter(|_| asked.proficiencies.is_some());
        let (wish, there) =
            (Wish::of_request(asked.body, asked.proficiencies), Canonical::described(user, has));
        let differs = wish.other_directory_id(&there, identity).into_iter().chain(wish.differences(&there));
        let differs = differs.map(|one| Differing {
            group: one.group.as_word(),
            there: one.found.map(|value| names.named(one.group, &value)),
            wanted: one.wanted.map(|value| names.named(one.group, &value)),
            member: one.member.to_string(),
        });
        let tag = user.tags.get(PROVENANCE).and_then(|tag| read_provenance(tag));
        Self {
            by_run: tag.map(|tag| tag.run.to_owned()),
            differs: differs.collect(),
            is_whole: asked.proficiencies.is_none() || has.is_some(),
            has_more: false,
        }
    }

    /// Whether nothing is left to do for the row.
    pub(crate) fn is_equal(&self) -> bool {
        self.is_whole && self.differs.is_empty() && !self.has_more
    }

    /// How it stands against the row, to go on after who it is.
    pub(crate) fn words(&self) -> String {
        let differs: Vec<_> = self.differs.iter().map(Differing::to_string).collect();
        match (differs.is_empty(), self.is_whole) {
            (true, true) if self.has_more => {
                "it has all that the row asks for and more, so that it is not as a request of this run would have made it"
                    .to_owned()
            }
            (true, true) => "it has all that the row asks for".to_owned(),
            (true, false) => "it has what the row asks for, but its proficiencies may not be read".to_owned(),
            (false, _) => format!("it differs from the row (there → wanted): {}", differs.join(", ")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::model::IdentityInfo;
    use crate::directory::{Instance, Names};

    fn names() -> NamesOfIds {
        let instance = Instance {
            id: "i".into(),
            arn: "arn".into(),
            alias: None,
            identity: IdentityType::ConnectManaged,
            status: None,
        };
        let profiles = [("Basic", "rp-1"), ("Sales", "rp-2")].map(|(name, id)| (name.into(), id.into()));
        let mut directory = Directory::new(instance);
        directory.routing_profiles = Names::of_routing_profiles(profiles);
        NamesOfIds::of(&directory)
    }

    fn body(routing: &str) -> CreateUser {
        CreateUser {
            username: "ana".into(),
            identity_info: Some(IdentityInfo { first_name: Some("Ana".into()), ..IdentityInfo::default() }),
            routing_profile_id: routing.into(),
            ..CreateUser::default()
        }
    }

    fn found(tag: Option<&str>, proficiencies: Option<Vec<UserProficiency>>) -> Found {
        let CreateUser { username, identity_info, .. } = body("");
        let tags = tag.map(|tag| (PROVENANCE.to_owned(), tag.to_owned())).into_iter().collect();
        let routing_profile_id = Some("rp-1".to_owned());
        let user = User { username, identity_info, routing_profile_id, tags, ..User::default() };
        Found { user, proficiencies }
    }

    fn held(body: &CreateUser, proficiencies: Option<&[UserProficiency]>, found: &Found) -> Held {
        Held::against(Asked { body, proficiencies }, found, IdentityType::ConnectManaged, &names())
    }

    #[test]
    fn who_has_all_that_is_asked_for_is_equal_whoever_made_it() {
        for (tag, by_run) in [(None, None), (Some("r-1/7"), Some("r-1")), (Some("nonsense"), None)] {
            let held = held(&body("rp-1"), None, &found(tag, None));
            assert!(held.is_equal(), "{held:?}");
            assert_eq!(held.by_run.as_deref(), by_run);
        }
    }

    #[test]
    fn who_has_more_than_is_asked_for_is_as_the_row_asks() {
        let mut there = found(None, None);
        let mobile = Some("+4930123456".to_owned());
        there.user.identity_info = there.user.identity_info.map(|info| IdentityInfo { mobile, ..info });
        there.user.hierarchy_group_id = Some("g-1".to_owned());
        there.user.tags.insert("team".into(), "7".into());
        assert!(held(&body("rp-1"), None, &there).is_equal());
        let identity_info =
            Some(IdentityInfo { mobile: Some("+4930999999".into()), ..IdentityInfo::default() });
        let asks_for_it = CreateUser { identity_info, ..body("rp-1") };
        let held = held(&asks_for_it, None, &there);
        assert_eq!(
            held.differs.iter().map(|one| (one.group, &*one.member)).collect::<Vec<_>>(),
            [("identity", "mobile")]
        );
    }

    #[test]
    fn each_difference_is_told_by_name_as_it_is_there_and_as_it_is_wanted() {
        let held = held(&body("rp-2"), None, &found(None, None));
        assert!(!held.is_equal());
        assert_eq!(
            held.words(),
            "it differs from the row (there → wanted): routing profile `Basic` → `Sales`"
        );
    }

    #[test]
    fn proficiencies_count_where_the_row_asks_for_them_and_unread_ones_are_not_taken_for_equal() {
        let level = |level| {
            vec![UserProficiency {
                attribute_name: "Language".into(),
                attribute_value: "German".into(),
                level,
            }]
        };
        let (body, four, five) = (body("rp-1"), level(4.0), level(5.0));
        let is_equal = |asked: Option<&[_]>, has: Option<&Vec<_>>| {
            held(&body, asked, &found(None, has.cloned())).is_equal()
        };
        assert!(is_equal(None, Some(&five)), "what is not asked for is left as it is");
        assert!(is_equal(Some(&four), Some(&four)));
        assert!(!is_equal(Some(&four), Some(&five)));
        assert!(!is_equal(Some(&four), None));
    }
}
