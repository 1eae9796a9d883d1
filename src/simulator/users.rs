//! The users of a world: by id, by exact username, by username without case, and in the order they were made.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::connect::model;

/// A user and what the API does not show with it. There is no password in it, but what is needed to know it again.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) user: model::User,
    /// From when on the reads show it.
    pub(super) seen: SystemTime,
    pub(super) proficiencies: Vec<Proficiency>,
    /// What the reads still show of it, where its last change is not to be seen yet.
    pub(super) was: Option<Was>,
    /// Of its password, a hash that is keyed anew in every world and leaves it in no form.
    pub(super) password: Option<u64>,
}

/// A user before a change that the reads do not show yet.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Was {
    user: model::User,
    proficiencies: Vec<Proficiency>,
    /// From when on the reads show the change.
    until: SystemTime,
}

impl Record {
    /// One that is in nobody's memory yet.
    pub(super) fn new(user: model::User, seen: SystemTime) -> Self {
        Self { user, seen, proficiencies: Vec::new(), was: None, password: None }
    }

    /// The user as the reads show it at this time.
    pub(super) fn shown(&self, now: SystemTime) -> (&model::User, &[Proficiency]) {
        match self.was.as_ref().filter(|was| was.until > now) {
            Some(was) => (&was.user, &was.proficiencies),
            None => (&self.user, &self.proficiencies),
        }
    }

    /// Changes it at `now`; the reads show that from `seen` on, and until then what they showed before.
    pub(super) fn change(
        &mut self,
        now: SystemTime,
        seen: SystemTime,
        user: model::User,
        proficiencies: Vec<Proficiency>,
    ) {
        let was = self.was.take().filter(|was| was.until > now);
        let until = was.as_ref().map_or(seen, |was| was.until.max(seen));
        let before = |record: &Self| Was {
            user: record.user.clone(),
            proficiencies: record.proficiencies.clone(),
            until,
        };
        // What the reads show does not go back and forth: who was changed twice is shown as before both, then as after both.
        self.was = (until > now).then(|| match was {
            Some(was) => Was { until, ..was },
            None => before(self),
        });
        (self.user, self.proficiencies) = (user, proficiencies);
    }
}

/// `UserProficiency`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Proficiency {
    pub(super) attribute_name: String,
    pub(super) attribute_value: String,
    pub(super) level: f64,
}

impl Proficiency {
    /// Whether both are of one attribute and value, whatever their levels.
    pub(super) fn is_of(&self, other: &Self) -> bool {
        (&self.attribute_name, &self.attribute_value) == (&other.attribute_name, &other.attribute_value)
    }
}

/// A quick connect that leads to a user, who may be gone since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuickConnect {
    /// The id.
    pub id: String,
    /// The name.
    pub name: String,
    /// The user's id.
    pub user_id: String,
}

/// All users. A place is a user's number in the order of creation, from 1, and is never given twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Users {
    places: BTreeMap<u64, Record>,
    by_id: HashMap<String, u64>,
    by_name: HashMap<String, u64>,
    by_folded_name: HashMap<String, BTreeSet<u64>>,
    /// Who is gone and still listed, by their places, and until when.
    lingering: BTreeMap<u64, (Record, SystemTime)>,
    last: u64,
}

impl Users {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// The place of the next user.
    pub(super) fn next_place(&self) -> u64 {
        self.last + 1
    }

    /// Puts a user in its place; one of the same username or id makes room.
    pub(super) fn insert(&mut self, place: u64, record: Record) {
        let stale = [self.by_name.get(&record.user.username), self.by_id.get(&record.user.id)];
        for place in stale.into_iter().flatten().copied().collect::<Vec<_>>() {
            self.remove_place(place);
        }
        self.last = self.last.max(place);
        self.by_id.insert(record.user.id.clone(), place);
        self.by_name.insert(record.user.username.clone(), place);
        self.by_folded_name.entry(folded(&record.user.username)).or_default().insert(place);
        self.places.insert(place, record);
    }

    pub(super) fn remove(&mut self, id: &str) {
        if let Some(place) = self.by_id.get(id).copied() {
            self.remove_place(place);
        }
    }

    /// Removes a user who goes on being listed until then.
    pub(super) fn remove_slowly(&mut self, id: &str, until: SystemTime) {
        let Some(place) = self.by_id.get(id).copied() else { return };
        if let Some(record) = self.places.get(&place) {
            self.lingering.insert(place, (record.clone(), until));
        }
        self.remove_place(place);
    }

    fn remove_place(&mut self, place: u64) {
        let Some(record) = self.places.remove(&place) else { return };
        self.by_id.remove(&record.user.id);
        self.by_name.remove(&record.user.username);
        let key = folded(&record.user.username);
        if let Some(places) = self.by_folded_name.get_mut(&key) {
            places.remove(&place);
            if places.is_empty() {
                self.by_folded_name.remove(&key);
            }
        }
    }

    pub(super) fn has_name(&self, username: &str) -> bool {
        self.by_name.contains_key(username)
    }

    pub(super) fn has_variant(&self, username: &str) -> bool {
        self.by_folded_name.contains_key(&folded(username))
    }

    pub(super) fn named(&self, username: &str) -> Option<&Record> {
        self.places.get(self.by_name.get(username)?)
    }

    pub(super) fn at(&self, place: u64) -> Option<&Record> {
        self.places.get(&place)
    }

    pub(super) fn get(&self, id: &str) -> Option<&Record> {
        self.places.get(self.by_id.get(id)?)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut Record> {
        self.places.get_mut(self.by_id.get(id)?)
    }

    /// The users whose name is this one but for case, in order, with their places.
    pub(super) fn variants(&self, username: &str) -> impl Iterator<Item = (u64, &Record)> {
        let places = self.by_folded_name.get(&folded(username)).into_iter().flatten();
        places.filter_map(|place| Some((*place, self.places.get(place)?)))
    }

    /// The users after this place as lists show them, in order, with their places: those who are gone are among them for a
    /// while.
    pub(super) fn listed(&self, place: u64, now: SystemTime) -> impl Iterator<Item = (u64, &Record)> {
        let gone = self.lingering.range(place.saturating_add(1)..);
        let gone =
            gone.filter(move |(_, (_, until))| *until > now).map(|(place, (record, _))| (*place, record));
        let mut gone = gone.peekable();
        let mut there = self.after(place).peekable();
        std::iter::from_fn(move || match (gone.peek(), there.peek()) {
            (Some((one, _)), Some((other, _))) if one > other => there.next(),
            (Some(_), _) => gone.next(),
            (None, _) => there.next(),
        })
    }

    /// The users after this place, in order, with their places.
    pub(super) fn after(&self, place: u64) -> impl Iterator<Item = (u64, &Record)> {
        self.places.range(place.saturating_add(1)..).map(|(place, record)| (*place, record))
    }
}

fn folded(username: &str) -> String {
    username.to_lowercase()
}
