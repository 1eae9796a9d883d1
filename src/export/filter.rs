//! Who of an instance is exported.

use std::collections::HashSet;

use crate::agent::PROVENANCE;
use crate::connect::model::User;
use crate::directory::{Directory, Group, Lookup};
use crate::error::Failure;
use crate::text::shown;
use crate::user::read_provenance;

/// What is asked of those who are exported, as it was typed; where nothing is, everybody is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Of one of these routing profiles, by name, id or ARN.
    pub routing_profiles: Vec<String>,
    /// In one of these hierarchy groups or below it: a path with `|` between its levels, an id or an ARN.
    pub hierarchy: Vec<String>,
    /// With all of these tags: `KEY=VALUE`, or `KEY` for any value.
    pub tags: Vec<String>,
    /// Made by this run.
    pub run: Option<String>,
}

/// The same for one instance.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    routing_profiles: HashSet<String>,
    hierarchy: HashSet<String>,
    tags: Vec<(String, Option<String>)>,
    run: Option<String>,
}

impl Asked {
    /// Whether everybody is meant.
    pub(crate) fn is_for_all(&self) -> bool {
        *self == Self::default()
    }

    /// What that means on an instance.
    ///
    /// # Errors
    /// Exit 2 where it names what the instance does not have.
    pub(crate) fn on(&self, directory: &Directory) -> Result<Filter, Failure> {
        let mut filter = Filter { run: self.run.clone(), ..Filter::default() };
        for name in &self.routing_profiles {
            let id = found(directory.routing_profile(name), "routing profile", name)?;
            filter.routing_profiles.insert(id);
        }
        for path in &self.hierarchy {
            let levels = path.split('|').map(str::trim);
            let id = found(directory.hierarchy_group(levels), "hierarchy group", path)?;
            let top = directory.hierarchy.iter().find(|group| group.id == id);
            let top = top.map(|group| group.path.clone()).unwrap_or_default();
            // Another group of the same path is not meant.
            let is_meant = |group: &&Group| {
                group.id == id || (group.path.len() > top.len() && group.path.starts_with(&top))
            };
            let below = directory.hierarchy.iter().filter(is_meant);
            filter.hierarchy.extend(below.map(|group| group.id.clone()));
            filter.hierarchy.insert(id);
        }
        filter.tags = self.tags.iter().map(|tag| tag_of(tag)).collect();
        Ok(filter)
    }
}

/// `KEY=VALUE`, or a key alone. A key may have a `=` in it as well; the first is taken for the border.
fn tag_of(typed: &str) -> (String, Option<String>) {
    match typed.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (typed.to_owned(), None),
    }
}

fn found(lookup: Lookup<'_>, what: &str, typed: &str) -> Result<String, Failure> {
    match lookup {
        Lookup::Found(id) => Ok(id.to_owned()),
        Lookup::Ambiguous(all) => {
            let all: Vec<String> = all.iter().take(5).map(|one| format!("`{}`", shown(one))).collect();
            Err(Failure::usage(format!("this is the name of several: `{}`", shown(typed)))
                .hint(format!("give one of them: {}", all.join(" or "))))
        }
        Lookup::Unknown(meant) => {
            let failure = Failure::usage(format!("the instance has no such {what}: `{}`", shown(typed)));
            Err(match meant {
                Some(meant) => failure.hint(format!("did you mean `{}`?", shown(&meant))),
                None => failure.hint("`headcount directory` prints what it has"),
            })
        }
    }
}

impl Filter {
    /// Whether a user is meant.
    pub(crate) fn lets(&self, user: &User) -> bool {
        let is_of = |ids: &HashSet<String>, id: Option<&str>| {
            ids.is_empty() || id.is_some_and(|id| ids.contains(id.rsplit('/').next().unwrap_or(id)))
        };
        let has_tag = |(key, value): &(String, Option<String>)| {
            user.tags.get(key).is_some_and(|there| value.as_ref().is_none_or(|value| value == there))
        };
        let is_of_run = self.run.as_ref().is_none_or(|run| {
            let tag = user.tags.get(PROVENANCE).and_then(|tag| read_provenance(tag));
            tag.is_some_and(|tag| tag.run == run)
        });
        is_of(&self.routing_profiles, user.routing_profile_id.as_deref())
            && is_of(&self.hierarchy, user.hierarchy_group_id.as_deref())
            && self.tags.iter().all(has_tag)
            && is_of_run
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agent::IdentityType;
    use crate::directory::{Hierarchy, Instance, Names};

    fn directory() -> Directory {
        let arn = "arn:aws:connect:eu-central-1:123456789012:instance/i-1".to_owned();
        let group = |id: &str, path: &[&str]| Group {
            id: id.into(),
            path: path.iter().map(|level| (*level).to_owned()).collect(),
        };
        let groups = [
            group("g-1", &["EMEA"]),
            group("g-2", &["EMEA", "Germany"]),
            group("g-3", &["EMEA", "Germany", "Berlin"]),
            group("g-4", &["AMER"]),
            group("g-5", &["EMEAX"]),
            group("g-6", &["AMER", "Germany"]),
        ];
        let identity = IdentityType::Saml;
        Directory {
            routing_profiles: Names::of_routing_profiles([("Basic".into(), "rp-1".into())]),
            hierarchy: Hierarchy::new(groups),
            ..Directory::new(Instance { id: "i-1".into(), arn, alias: None, identity, status: None })
        }
    }

    fn user(routing: &str, group: &str, tags: &[(&str, &str)]) -> User {
        User {
            routing_profile_id: Some(routing.into()),
            hierarchy_group_id: Some(group.into()),
            tags: tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect(),
            ..User::default()
        }
    }

    #[test]
    fn each_kind_narrows_and_a_group_has_those_below_it() {
        let on = |asked: Asked| asked.on(&directory()).unwrap();
        let all = Asked::default();
        assert!(all.is_for_all() && on(all.clone()).lets(&User::default()));
        let routing = on(Asked { routing_profiles: vec!["Basic".into()], ..all.clone() });
        assert!(routing.lets(&user("rp-1", "", &[])) && !routing.lets(&user("rp-2", "", &[])));
        let emea = on(Asked { hierarchy: vec!["EMEA".into()], ..all.clone() });
        let of_emea =
            ["g-1", "g-2", "g-3", "g-4", "g-5", "g-6", ""].map(|id| emea.lets(&user("rp-1", id, &[])));
        assert_eq!(of_emea, [true, true, true, false, false, false, false]);
        let path = on(Asked { hierarchy: vec!["EMEA | Germany".into(), "g-4".into()], ..all.clone() });
        let of_path = ["g-1", "g-2", "g-3", "g-4", "g-5", "g-6"].map(|id| path.lets(&user("rp-1", id, &[])));
        assert_eq!(of_path, [false, true, true, true, false, true]);
        let tagged = on(Asked { tags: vec!["site=Leeds".into(), "grade".into()], ..all.clone() });
        assert!(tagged.lets(&user("", "", &[("site", "Leeds"), ("grade", "")])));
        assert!(!tagged.lets(&user("", "", &[("site", "Leeds")])));
        assert!(!tagged.lets(&user("", "", &[("site", "York"), ("grade", "1")])));
        let made = on(Asked { run: Some("r-1".into()), ..all });
        let of_run = |tag: &str| made.lets(&user("", "", &[(PROVENANCE, tag)]));
        assert!(of_run("r-1/7.00000000000000ab") && of_run("r-1/7") && !of_run("r-2/7") && !of_run("r-1"));
        assert!(!made.lets(&user("", "", &[])));
    }

    #[test]
    fn what_the_instance_does_not_have_is_an_error_that_says_what_was_meant() {
        let refused = |asked: Asked| {
            let failure = asked.on(&directory()).unwrap_err();
            format!("{} {}", failure.what, failure.hint.unwrap_or_default())
        };
        let all = Asked::default();
        let routing = refused(Asked { routing_profiles: vec!["basic".into()], ..all.clone() });
        assert!(
            routing.contains("no such routing profile: `basic`") && routing.contains("`Basic`"),
            "{routing}"
        );
        let several = refused(Asked { hierarchy: vec!["Germany".into()], ..all });
        assert!(several.contains("several") && several.contains("`EMEA|Germany`"), "{several}");
    }
}
