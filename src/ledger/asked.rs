//! What of a user was asked for and is known to be done, by group: the member `as` of `outcome` and `step` records.
//!
//! It is what a later comparison holds both sides against: a roster that has changed since is told from a user that somebody
//! has changed. A hash of a group each, so that nothing of a person stands in it.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::words::{SeenAs, Step};
use crate::agent::Fingerprint;

/// A fingerprint for each group that was asked for. Flat, for one is held for each user that a comparison asks about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AskedFor([Option<Fingerprint>; Step::ALL.len()]);

impl AskedFor {
    /// Of one group alone; of none where there is no fingerprint.
    pub fn one(group: Step, fingerprint: Option<Fingerprint>) -> Self {
        let mut asked = Self::default();
        asked.put(group, fingerprint);
        asked
    }

    /// The fingerprint of a group.
    pub fn get(&self, group: Step) -> Option<Fingerprint> {
        self.0.get(group as usize).copied().flatten()
    }

    /// Takes the fingerprint of a group in.
    pub fn set(&mut self, group: Step, fingerprint: Fingerprint) {
        self.put(group, Some(fingerprint));
    }

    /// What is no group, as the steps of a deletion, has none, whatever a ledger says.
    fn put(&mut self, group: Step, fingerprint: Option<Fingerprint>) {
        if let Some(known) = self.0.get_mut(group as usize) {
            *known = fingerprint;
        }
    }

    /// Whether nothing was asked for.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// The groups that were asked for.
    pub fn iter(&self) -> impl Iterator<Item = (Step, Fingerprint)> {
        Step::ALL.into_iter().zip(self.0).filter_map(|(group, fingerprint)| Some((group, fingerprint?)))
    }
}

impl FromIterator<(Step, Fingerprint)> for AskedFor {
    fn from_iter<I: IntoIterator<Item = (Step, Fingerprint)>>(groups: I) -> Self {
        let mut asked = Self::default();
        groups.into_iter().for_each(|(group, fingerprint)| asked.set(group, fingerprint));
        asked
    }
}

/// The member `as`: a word in a `seen` record, groups in the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandsAs {
    /// How a created row was seen.
    Seen(SeenAs),
    /// What was asked for and is known to be done.
    Asked(AskedFor),
}

impl StandsAs {
    /// The member of a record; none where nothing was asked for.
    pub fn asked(asked: AskedFor) -> Option<Self> {
        (!asked.is_empty()).then_some(Self::Asked(asked))
    }
}

impl Serialize for StandsAs {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Seen(seen) => seen.serialize(s),
            Self::Asked(asked) => {
                let mut map = s.serialize_map(None)?;
                for (group, fingerprint) in asked.iter() {
                    map.serialize_entry(group.word(), &format_args!("{:016x}", fingerprint.bits()))?;
                }
                map.end()
            }
        }
    }
}

/// Read as it comes, in one pass and without a copy: an untagged enum would buffer it, in a ledger of a million rows.
impl<'de> Deserialize<'de> for StandsAs {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct WordOrGroups;
        impl<'de> Visitor<'de> for WordOrGroups {
            type Value = StandsAs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word, or groups with sixteen hexadecimal digits each")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<StandsAs, E> {
                SeenAs::deserialize(de::value::StrDeserializer::new(word)).map(StandsAs::Seen)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<StandsAs, A::Error> {
                let mut asked = AskedFor::default();
                while let Some(group) = map.next_key::<Step>()? {
                    let Digits(fingerprint) = map.next_value()?;
                    if !Step::ALL.contains(&group) {
                        return Err(de::Error::custom("not a part of a user"));
                    }
                    asked.set(group, fingerprint);
                }
                Ok(StandsAs::Asked(asked))
            }
        }
        d.deserialize_any(WordOrGroups)
    }
}

/// A fingerprint as a ledger writes it, and in no other way: what is there and is none is damage.
struct Digits(Fingerprint);

impl<'de> Deserialize<'de> for Digits {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(d)?;
        let is_written_so = text.len() == 16 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let bits =
            is_written_so.then(|| u64::from_str_radix(&text, 16).ok()).flatten().filter(|bits| *bits != 0);
        bits.map(|bits| Self(Fingerprint::of(bits))).ok_or_else(|| de::Error::custom("not a fingerprint"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<StandsAs, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn it_is_a_word_or_groups_and_comes_back_as_it_was_written() {
        let asked = [(Step::Tags, Fingerprint::of(1)), (Step::Identity, Fingerprint::of(u64::MAX))];
        let asked = StandsAs::asked(asked.into_iter().collect()).unwrap();
        let written = serde_json::to_string(&asked).unwrap();
        assert_eq!(written, r#"{"identity":"ffffffffffffffff","tags":"0000000000000001"}"#);
        assert_eq!(read(&written), Ok(asked));
        let seen = StandsAs::Seen(SeenAs::Replaced);
        assert_eq!(serde_json::to_string(&seen).unwrap(), "\"replaced\"");
        assert_eq!(read("\"replaced\""), Ok(seen));
        assert_eq!(StandsAs::asked(AskedFor::default()), None, "nothing asked for is not said");
    }

    #[test]
    fn what_is_neither_is_refused() {
        for wrong in [
            "\"changed\"",
            "7",
            "null",
            "[]",
            r#"{"tags":7}"#,
            r#"{"tags":"00000000000000AB"}"#,
            r#"{"tags":"ab"}"#,
            r#"{"tags":"0000000000000000"}"#,
            r#"{"password":"00000000000000ab"}"#,
            r#"{"sign_out":"00000000000000ab"}"#,
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
