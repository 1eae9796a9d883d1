//! Predefined attributes: what a proficiency may name.

use std::collections::{BTreeMap, BTreeSet};

use super::lookup::nearest;

/// The predefined attributes of an instance with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PredefinedAttributes(BTreeMap<String, BTreeSet<String>>);

/// What the instance says to an attribute and a value that a proficiency names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Predefined {
    /// It knows both.
    Known,
    /// It does not know the attribute; the one that was probably meant, if any is near.
    NoAttribute(Option<String>),
    /// It does not know the value of this attribute; the one that was probably meant, if any is near.
    NoValue(Option<String>),
}

impl PredefinedAttributes {
    /// All of them, by name, each with its values.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &BTreeSet<String>)> {
        self.0.iter().map(|(name, values)| (name.as_str(), values))
    }

    /// Looks for an attribute and its value by exact name. An attribute of which no values are known has any: the
    /// service does not list those of some of its own.
    pub(crate) fn find(&self, attribute: &str, value: &str) -> Predefined {
        let Some(values) = self.0.get(attribute) else {
            return Predefined::NoAttribute(nearest(attribute, self.0.keys().map(String::as_str)));
        };
        if values.is_empty() || values.contains(value) {
            return Predefined::Known;
        }
        Predefined::NoValue(nearest(value, values.iter().map(String::as_str)))
    }
}

/// Collects names with their values; one name's values may come in several parts.
impl FromIterator<(String, BTreeSet<String>)> for PredefinedAttributes {
    fn from_iter<I: IntoIterator<Item = (String, BTreeSet<String>)>>(attributes: I) -> Self {
        let mut all = BTreeMap::<String, BTreeSet<String>>::new();
        for (name, values) in attributes {
            all.entry(name).or_default().extend(values);
        }
        Self(all)
    }
}

#[cfg(test)]
mod tests {
    use super::{Predefined, PredefinedAttributes};

    #[test]
    fn names_are_exact_and_the_one_that_was_meant_is_offered() {
        let set = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let known = PredefinedAttributes::from_iter([
            ("Language".to_owned(), set(&["English", "German"])),
            ("connect:Subtype".to_owned(), set(&[])),
        ]);
        let meant = |name: &str| Some(name.to_owned());
        let table = [
            ("Language", "German", Predefined::Known),
            ("connect:Subtype", "anything", Predefined::Known),
            ("language", "German", Predefined::NoAttribute(meant("Language"))),
            ("Skill", "German", Predefined::NoAttribute(None)),
            ("Language", "german", Predefined::NoValue(meant("German"))),
            ("Language", "Klingon", Predefined::NoValue(None)),
        ];
        for (attribute, value, expected) in table {
            assert_eq!(known.find(attribute, value), expected, "{attribute}:{value}");
        }
    }
}
