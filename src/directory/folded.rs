//! Usernames by the million: found exactly, and found in another case.

use std::hash::{BuildHasher as _, RandomState};

/// What a map knows of a name.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'m, V> {
    /// The name itself.
    Exact(&'m V),
    /// Not the name itself, but one that differs from it only in case: the first such.
    Variant(&'m str, &'m V),
    /// Neither.
    Nothing,
}

/// A map of names that answers in one probe whether a name, or a variant of it in another case, is in it.
///
/// All names stand in one string and the table holds hashes and numbers, so a name costs its own bytes plus some 50: a
/// hundred thousand are a few megabytes. A name that is not there costs one look at the table, whatever its size. Names are compared in full: a collision of hashes is never taken for a name.
#[derive(Clone, Debug)]
pub struct FoldedMap<V> {
    names: String,
    entries: Vec<Entry<V>>,
    /// Open addressing by the hash of the folded name.
    slots: Vec<Slot>,
    hasher: RandomState,
    folded: String,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    start: usize,
    length: u32,
    value: V,
}

/// A place of the table. The hash is here too, so that the entries of other names are not looked at.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u32,
    /// The entry's number plus one, 0 for free.
    number: u32,
}

impl<V> Default for FoldedMap<V> {
    fn default() -> Self {
        Self {
            names: String::new(),
            entries: Vec::new(),
            slots: Vec::new(),
            hasher: RandomState::new(),
            folded: String::new(),
        }
    }
}

impl<V> FoldedMap<V> {
    /// How many names it has.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Finds a name or a variant of it.
    pub(crate) fn find(&self, name: &str) -> Found<'_, V> {
        if self.entries.is_empty() {
            return Found::Nothing;
        }
        let mut folded = String::new();
        let hash = hash(&self.hasher, name, &mut folded);
        match self.probe(name, hash) {
            Probe::Exact(at) => Found::Exact(&self.entries[at].value),
            Probe::Absent { variant: Some(at), .. } => Found::Variant(self.name(at), &self.entries[at].value),
            Probe::Absent { variant: None, .. } => Found::Nothing,
        }
    }

    /// Finds exactly this name.
    pub(crate) fn get(&self, name: &str) -> Option<&V> {
        match self.find(name) {
            Found::Exact(value) => Some(value),
            Found::Variant(..) | Found::Nothing => None,
        }
    }

    /// Makes hashes of names for [`add_hashed`](Self::add_hashed), away from the map and on any thread.
    pub(crate) fn hasher(&self) -> FoldedHasher {
        FoldedHasher { state: self.hasher.clone(), folded: String::new() }
    }

    /// Reads the places of the table that these names will need. A table of millions of names is not in the processor's
    /// cache: the places are waited for all at once here, and one after the other otherwise.
    pub(crate) fn look_ahead(&self, hashes: impl Iterator<Item = FoldedHash>) {
        let Some(mask) = self.slots.len().checked_sub(1) else { return };
        let seen = hashes.fold(0, |seen, hash| seen ^ self.slots[hash.0 as usize & mask].number);
        std::hint::black_box(seen);
    }

    /// Adds a name that is not there yet, and tells what was there: an exact name keeps its first value.
    pub(crate) fn add(&mut self, name: &str, value: V) -> Found<'_, V> {
        let mut folded = std::mem::take(&mut self.folded);
        let hash = hash(&self.hasher, name, &mut folded);
        self.folded = folded;
        self.add_hashed(name, FoldedHash(hash), value)
    }

    /// The same, with the name's hash by this map's own [`hasher`](Self::hasher).
    pub(crate) fn add_hashed(&mut self, name: &str, hash: FoldedHash, value: V) -> Found<'_, V> {
        if (self.entries.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        let FoldedHash(hash) = hash;
        match self.probe(name, hash) {
            Probe::Exact(at) => Found::Exact(&self.entries[at].value),
            Probe::Absent { variant, slot } => {
                // 4 billion names do not fit into the memory that their entries would need.
                let number = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
                self.slots[slot] = Slot { hash, number };
                let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
                self.entries.push(Entry { start: self.names.len(), length, value });
                self.names.push_str(name);
                match variant {
                    Some(at) => Found::Variant(self.name(at), &self.entries[at].value),
                    None => Found::Nothing,
                }
            }
        }
    }

    /// All names with their values, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        (0..self.entries.len()).map(|at| (self.name(at), &self.entries[at].value))
    }

    fn name(&self, at: usize) -> &str {
        let entry = &self.entries[at];
        &self.names[entry.start..entry.start + entry.length as usize]
    }

    fn probe(&self, name: &str, hash: u32) -> Probe {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        let mut variant = None;
        loop {
            let there = self.slots[slot];
            let Some(at) = (there.number as usize).checked_sub(1) else {
                return Probe::Absent { variant, slot };
            };
            if there.hash == hash {
                let there = self.name(at);
                if there == name {
                    return Probe::Exact(at);
                }
                if variant.is_none() && differs_only_in_case(there, name) {
                    variant = Some(at);
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        let before = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        // From a free place on, so that names of one hash stay in the order in which they came.
        let free = before.iter().position(|slot| slot.number == 0).unwrap_or(0);
        let in_order = before[free..].iter().chain(&before[..free]).copied();
        for taken in in_order.filter(|slot| slot.number != 0) {
            let mut slot = taken.hash as usize & (size - 1);
            while self.slots[slot].number != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = taken;
        }
    }
}

/// What makes the hashes of one map's names.
#[derive(Clone, Debug)]
pub(crate) struct FoldedHasher {
    state: RandomState,
    /// Room to work in.
    folded: String,
}

impl FoldedHasher {
    /// Hashes a name without regard to case.
    pub(crate) fn of(&mut self, name: &str) -> FoldedHash {
        FoldedHash(hash(&self.state, name, &mut self.folded))
    }
}

/// A name's hash, of use to the map whose [`FoldedHasher`] made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FoldedHash(u32);

/// Hashes a name without regard to case. `folded` is room to work in.
fn hash(hasher: &RandomState, name: &str, folded: &mut String) -> u32 {
    let long = if name.is_ascii() && name.len() <= 64 {
        let mut bytes = [0; 64];
        let bytes = &mut bytes[..name.len()];
        bytes.copy_from_slice(name.as_bytes());
        bytes.make_ascii_lowercase();
        hasher.hash_one(&*bytes)
    } else {
        folded.clear();
        folded.extend(name.chars().flat_map(char::to_lowercase));
        hasher.hash_one(folded.as_bytes())
    };
    (long >> 32) as u32
}

enum Probe {
    Exact(usize),
    Absent { variant: Option<usize>, slot: usize },
}

/// Compares without regard to case, without allocating.
pub(super) fn differs_only_in_case(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::{FoldedMap, Found};

    #[test]
    fn a_name_a_variant_and_a_stranger_are_told_apart() {
        let mut map = FoldedMap::default();
        assert_eq!(map.add("Ada", 2), Found::Nothing);
        assert_eq!(map.add("ada", 3), Found::Variant("Ada", &2));
        assert_eq!(map.add("Ada", 4), Found::Exact(&2));
        assert_eq!(map.add("ÉVA", 5), Found::Nothing);
        assert_eq!(map.find("éva"), Found::Variant("ÉVA", &5));
        assert_eq!(map.find("eva"), Found::Nothing);
        assert_eq!(map.len(), 3);
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_map_of_strings(names in prop::collection::vec("[aAbBéÉ]{0,4}", 0..200)) {
            let mut map = FoldedMap::default();
            let mut exact: HashMap<String, usize> = HashMap::new();
            let mut folded: HashMap<String, (String, usize)> = HashMap::new();
            for (row, name) in names.iter().enumerate() {
                let expected = match (exact.get(name), folded.get(&name.to_lowercase())) {
                    (Some(first), _) => Found::Exact(first),
                    (None, Some((variant, first))) => Found::Variant(variant.as_str(), first),
                    (None, None) => Found::Nothing,
                };
                prop_assert_eq!(map.find(name), expected);
                if row % 2 == 0 {
                    map.add(name, row);
                } else {
                    let hash = map.hasher().of(name);
                    map.look_ahead([hash].into_iter());
                    map.add_hashed(name, hash, row);
                }
                exact.entry(name.clone()).or_insert(row);
                folded.entry(name.to_lowercase()).or_insert((name.clone(), row));
            }
            prop_assert_eq!(map.len(), exact.len());
        }
    }
}
