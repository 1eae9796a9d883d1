//! The search language of SearchUsers and SearchUserHierarchyGroups.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::wire::Refusal;

/// `UserSearchCriteria` and `UserHierarchyGroupSearchCriteria`: whatever is set must hold.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Criteria {
    or_conditions: Option<Vec<Criteria>>,
    and_conditions: Option<Vec<Criteria>>,
    string_condition: Option<StringCondition>,
    hierarchy_group_condition: Option<GroupCondition>,
    list_condition: Option<Value>,
}

/// `StringCondition`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct StringCondition {
    field_name: String,
    value: String,
    comparison_type: String,
}

/// `HierarchyGroupCondition`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct GroupCondition {
    value: String,
    hierarchy_group_match_type: String,
}

/// `UserSearchFilter` and `UserHierarchyGroupSearchFilter`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Filter {
    tag_filter: Option<TagFilter>,
    user_attribute_filter: Option<AttributeFilter>,
    attribute_filter: Option<AttributeFilter>,
}

/// `ControlPlaneTagFilter`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TagFilter {
    or_conditions: Option<Vec<Vec<TagCondition>>>,
    and_conditions: Option<Vec<TagCondition>>,
    tag_condition: Option<TagCondition>,
}

/// `ControlPlaneUserAttributeFilter` and `ControlPlaneAttributeFilter`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AttributeFilter {
    or_conditions: Option<Vec<AttributeConditions>>,
    and_condition: Option<AttributeConditions>,
    tag_condition: Option<TagCondition>,
    hierarchy_group_condition: Option<GroupCondition>,
}

/// `AttributeAndCondition`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct AttributeConditions {
    tag_conditions: Option<Vec<TagCondition>>,
    hierarchy_group_condition: Option<GroupCondition>,
}

/// `TagCondition`: no value means any.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct TagCondition {
    tag_key: String,
    tag_value: Option<String>,
}

/// Something that can be searched for.
pub(super) struct Subject<'a> {
    /// The values of the fields that a search may name.
    pub(super) fields: Vec<(&'static str, Vec<&'a str>)>,
    pub(super) tags: &'a BTreeMap<String, String>,
    /// The ids of its hierarchy group and the groups above it, its own last.
    pub(super) groups: Vec<&'a str>,
}

/// How a search reads text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    pub(super) ignores_case: bool,
}

impl Criteria {
    /// Refuses what the operation does not have: a field, a comparison.
    pub(super) fn check(&self, fields: &[&str]) -> Result<(), Refusal> {
        if let Some(condition) = &self.string_condition {
            if !fields.contains(&condition.field_name.as_str()) {
                return Err(Refusal::invalid_parameter(format!(
                    "FieldName must be one of {}",
                    fields.join(", ")
                )));
            }
            if !matches!(condition.comparison_type.as_str(), "STARTS_WITH" | "CONTAINS" | "EXACT") {
                return Err(Refusal::invalid_parameter(
                    "ComparisonType must be one of STARTS_WITH, CONTAINS, EXACT",
                ));
            }
        }
        if let Some(condition) = &self.hierarchy_group_condition {
            condition.check()?;
        }
        if self.list_condition.is_some() {
            return Err(Refusal::invalid_parameter("ListCondition is not known to the simulated service"));
        }
        self.children().try_for_each(|child| child.check(fields))
    }

    /// The one username that can match, where the criteria say so: spares a look at every user.
    pub(super) fn exact_username(&self) -> Option<&str> {
        let here = self
            .string_condition
            .as_ref()
            .filter(|condition| condition.field_name == "Username" && condition.comparison_type == "EXACT")
            .map(|condition| condition.value.as_str());
        here.or_else(|| self.and_conditions.iter().flatten().find_map(Criteria::exact_username))
    }

    pub(super) fn holds(&self, subject: &Subject<'_>, reading: Reading) -> bool {
        let or = self.or_conditions.as_ref().filter(|conditions| !conditions.is_empty());
        self.string_condition.as_ref().is_none_or(|condition| condition.holds(subject, reading))
            && self.hierarchy_group_condition.as_ref().is_none_or(|condition| condition.holds(subject))
            && self.and_conditions.iter().flatten().all(|child| child.holds(subject, reading))
            && or.is_none_or(|children| children.iter().any(|child| child.holds(subject, reading)))
    }

    fn children(&self) -> impl Iterator<Item = &Criteria> {
        self.or_conditions.iter().flatten().chain(self.and_conditions.iter().flatten())
    }
}

impl StringCondition {
    fn holds(&self, subject: &Subject<'_>, reading: Reading) -> bool {
        let fold = |text: &str| if reading.ignores_case { text.to_lowercase() } else { text.to_owned() };
        let wanted = fold(&self.value);
        let values =
            subject.fields.iter().filter(|(name, _)| *name == self.field_name).flat_map(|(_, values)| values);
        values.map(|value| fold(value)).any(|value| match self.comparison_type.as_str() {
            "STARTS_WITH" => value.starts_with(&wanted),
            "CONTAINS" => value.contains(&wanted),
            _ => value == wanted,
        })
    }
}

impl GroupCondition {
    fn check(&self) -> Result<(), Refusal> {
        if matches!(self.hierarchy_group_match_type.as_str(), "EXACT" | "WITH_CHILD_GROUPS") {
            return Ok(());
        }
        Err(Refusal::invalid_parameter("HierarchyGroupMatchType must be one of EXACT, WITH_CHILD_GROUPS"))
    }

    fn holds(&self, subject: &Subject<'_>) -> bool {
        match self.hierarchy_group_match_type.as_str() {
            "WITH_CHILD_GROUPS" => subject.groups.contains(&self.value.as_str()),
            _ => subject.groups.last() == Some(&self.value.as_str()),
        }
    }
}

impl Filter {
    /// Refuses a comparison that the operation does not have.
    pub(super) fn check(&self) -> Result<(), Refusal> {
        let filters = [&self.user_attribute_filter, &self.attribute_filter];
        for filter in filters.into_iter().flatten() {
            let nested = filter.or_conditions.iter().flatten().chain(&filter.and_condition);
            nested
                .filter_map(|conditions| conditions.hierarchy_group_condition.as_ref())
                .chain(&filter.hierarchy_group_condition)
                .try_for_each(GroupCondition::check)?;
        }
        Ok(())
    }

    pub(super) fn holds(&self, subject: &Subject<'_>) -> bool {
        self.tag_filter.as_ref().is_none_or(|filter| filter.holds(subject))
            && self.user_attribute_filter.as_ref().is_none_or(|filter| filter.holds(subject))
            && self.attribute_filter.as_ref().is_none_or(|filter| filter.holds(subject))
    }
}

impl TagFilter {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        let all =
            |conditions: &Vec<TagCondition>| conditions.iter().all(|condition| condition.holds(subject));
        self.tag_condition.as_ref().is_none_or(|condition| condition.holds(subject))
            && self.and_conditions.as_ref().is_none_or(all)
            && self.or_conditions.as_ref().is_none_or(|any| any.is_empty() || any.iter().any(all))
    }
}

impl AttributeFilter {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        self.tag_condition.as_ref().is_none_or(|condition| condition.holds(subject))
            && self.hierarchy_group_condition.as_ref().is_none_or(|condition| condition.holds(subject))
            && self.and_condition.as_ref().is_none_or(|conditions| conditions.holds(subject))
            && self
                .or_conditions
                .as_ref()
                .is_none_or(|any| any.is_empty() || any.iter().any(|conditions| conditions.holds(subject)))
    }
}

impl AttributeConditions {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        self.tag_conditions.iter().flatten().all(|condition| condition.holds(subject))
            && self.hierarchy_group_condition.as_ref().is_none_or(|condition| condition.holds(subject))
    }
}

impl TagCondition {
    fn holds(&self, subject: &Subject<'_>) -> bool {
        subject
            .tags
            .get(&self.tag_key)
            .is_some_and(|value| self.tag_value.as_ref().is_none_or(|wanted| wanted == value))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::{Criteria, Filter, Reading, Subject};

    fn holds(criteria: serde_json::Value, ignores_case: bool) -> bool {
        let criteria: Criteria = serde_json::from_value(criteria).expect("criteria");
        criteria.check(&["Username", "SecurityProfileId"]).expect("known");
        let tags = BTreeMap::new();
        let subject = Subject {
            fields: vec![("Username", vec!["Ada.Byron"]), ("SecurityProfileId", vec!["s1", "s2"])],
            tags: &tags,
            groups: vec!["g1", "g2"],
        };
        criteria.holds(&subject, Reading { ignores_case })
    }

    fn field(name: &str, how: &str, value: &str) -> serde_json::Value {
        json!({ "StringCondition": { "FieldName": name, "Value": value, "ComparisonType": how } })
    }

    #[test]
    fn a_string_is_compared_as_the_condition_says() {
        for (how, value, loose, strict) in [
            ("EXACT", "Ada.Byron", true, true),
            ("EXACT", "ada.byron", true, false),
            ("EXACT", "Ada", false, false),
            ("STARTS_WITH", "Ada", true, true),
            ("STARTS_WITH", "Byron", false, false),
            ("CONTAINS", "Byron", true, true),
            ("CONTAINS", "byron", true, false),
        ] {
            assert_eq!(holds(field("Username", how, value), true), loose, "{how} {value}");
            assert_eq!(holds(field("Username", how, value), false), strict, "{how} {value}");
        }
        assert!(holds(field("SecurityProfileId", "EXACT", "s2"), true));
    }

    #[test]
    fn conditions_are_joined_by_and_and_or() {
        let (yes, no) = (field("Username", "EXACT", "Ada.Byron"), field("Username", "EXACT", "x"));
        assert!(holds(json!({}), true));
        assert!(holds(json!({ "OrConditions": [no, yes] }), true));
        assert!(!holds(json!({ "OrConditions": [no, no] }), true));
        assert!(!holds(json!({ "AndConditions": [no, yes] }), true));
        assert!(holds(json!({ "AndConditions": [yes, { "OrConditions": [no, yes] }] }), true));
    }

    #[test]
    fn a_group_is_found_itself_or_with_what_is_above_it() {
        let group = |how: &str, id: &str| json!({ "HierarchyGroupCondition": { "Value": id, "HierarchyGroupMatchType": how } });
        assert!(holds(group("EXACT", "g2"), true));
        assert!(!holds(group("EXACT", "g1"), true));
        assert!(holds(group("WITH_CHILD_GROUPS", "g1"), true));
    }

    #[test]
    fn a_field_that_cannot_be_searched_is_refused() {
        let criteria: Criteria =
            serde_json::from_value(json!({ "AndConditions": [field("Email", "EXACT", "a")] }))
                .expect("criteria");
        assert_eq!(criteria.check(&["Username"]).map_err(|r| r.code), Err("InvalidParameterException"));
    }

    #[test]
    fn tags_filter_by_key_and_by_value() {
        let tags = BTreeMap::from([("headcount:run".to_owned(), "r/1".to_owned())]);
        let subject = Subject { fields: vec![], tags: &tags, groups: vec![] };
        let holds = |filter: serde_json::Value| {
            let filter: Filter = serde_json::from_value(filter).expect("a filter");
            filter.holds(&subject)
        };
        let tag = |key: &str, value: &str| json!({ "TagKey": key, "TagValue": value });
        assert!(holds(json!({ "TagFilter": { "TagCondition": { "TagKey": "headcount:run" } } })));
        assert!(holds(json!({ "TagFilter": { "TagCondition": tag("headcount:run", "r/1") } })));
        assert!(!holds(json!({ "TagFilter": { "TagCondition": tag("headcount:run", "r/2") } })));
        assert!(holds(
            json!({ "TagFilter": { "OrConditions": [[tag("a", "b")], [tag("headcount:run", "r/1")]] } })
        ));
        assert!(!holds(
            json!({ "TagFilter": { "AndConditions": [tag("a", "b"), tag("headcount:run", "r/1")] } })
        ));
        assert!(!holds(
            json!({ "UserAttributeFilter": { "AndCondition": { "TagConditions": [tag("a", "b")] } } })
        ));
    }
}
