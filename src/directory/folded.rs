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
/// All names stand in one string and the tables hold hashes and numbers, so a name costs its own bytes plus some 50: a
/// hundred thousand are a few megabytes. A name that is not there costs one look at the table, whatever its size. Names
/// are compared in full: a collision of hashes is never taken for a name.
///
/// However many variants a name has, each costs two looks: the first of them stands for all in one table, and the
/// others, of which there are hardly ever any, are in a table of their own under what they are exactly.
#[derive(Clone, Debug)]
pub struct FoldedMap<V> {
    names: String,
    entries: Vec<Entry<V>>,
    /// The first of all variants of each name, by the hash of the folded name.
    firsts: Table,
    /// The other variants, by the hash of the name itself.
    others: Table,
    hasher: RandomState,
    folded: String,
}

#[derive(Clone, Debug)]
struct Entry<V> {
    start: usize,
    length: u32,
    value: V,
}

/// Numbers of entries by hash, with open addressing.
#[derive(Clone, Debug, Default)]
struct Table {
    slots: Vec<Slot>,
    taken: usize,
}

/// A place of a table. The hash is here too, so that the entries of other names are not looked at.
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
            firsts: Table::default(),
            others: Table::default(),
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
        let Ok(first) = self.first(name, hash) else { return Found::Nothing };
        if self.name(first) == name {
            return Found::Exact(&self.entries[first].value);
        }
        match self.other(name, self.exact_hash(name)) {
            Ok(at) => Found::Exact(&self.entries[at].value),
            Err(_) => Found::Variant(self.name(first), &self.entries[first].value),
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
        let slots = &self.firsts.slots;
        let Some(mask) = slots.len().checked_sub(1) else { return };
        let seen = hashes.fold(0, |seen, hash| seen ^ slots[hash.0 as usize & mask].number);
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
        let FoldedHash(hash) = hash;
        self.firsts.make_room();
        let first = match self.first(name, hash) {
            Ok(first) => first,
            Err(slot) => {
                self.firsts.take(slot, hash, self.entries.len());
                self.push(name, value);
                return Found::Nothing;
            }
        };
        if self.name(first) == name {
            return Found::Exact(&self.entries[first].value);
        }
        let exact = self.exact_hash(name);
        self.others.make_room();
        match self.other(name, exact) {
            Ok(at) => Found::Exact(&self.entries[at].value),
            Err(slot) => {
                self.others.take(slot, exact, self.entries.len());
                self.push(name, value);
                Found::Variant(self.name(first), &self.entries[first].value)
            }
        }
    }

    fn push(&mut self, name: &str, value: V) {
        let length = u32::try_from(name.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { start: self.names.len(), length, value });
        self.names.push_str(name);
    }

    /// The first of a name's variants, the name itself among them, or the free place where it would be.
    fn first(&self, name: &str, hash: u32) -> Result<usize, usize> {
        self.firsts.probe(hash, |at| differs_only_in_case(self.name(at), name))
    }

    /// The same of a variant that is not the first.
    fn other(&self, name: &str, exact_hash: u32) -> Result<usize, usize> {
        self.others.probe(exact_hash, |at| self.name(at) == name)
    }

    fn exact_hash(&self, name: &str) -> u32 {
        upper_half(self.hasher.hash_one(name.as_bytes()))
    }

    /// All names with their values, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        (0..self.entries.len()).map(|at| (self.name(at), &self.entries[at].value))
    }

    fn name(&self, at: usize) -> &str {
        let entry = &self.entries[at];
        &self.names[entry.start..entry.start + entry.length as usize]
    }
}

impl Table {
    /// The entry of this hash that is the one, or the free place where it would be. There is always one: see
    /// [`make_room`](Self::make_room).
    fn probe(&self, hash: u32, is_it: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let Some(mask) = self.slots.len().checked_sub(1) else { return Err(0) };
        let mut slot = hash as usize & mask;
        loop {
            #[cfg(test)]
            PROBES.with(|probes| probes.set(probes.get() + 1));
            let there = self.slots[slot];
            let Some(at) = (there.number as usize).checked_sub(1) else { return Err(slot) };
            if there.hash == hash && is_it(at) {
                return Ok(at);
            }
            slot = (slot + 1) & mask;
        }
    }

    /// Puts an entry where a probe has found no other.
    fn take(&mut self, slot: usize, hash: u32, at: usize) {
        // 4 billion names do not fit into the memory that their entries would need.
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        self.slots[slot] = Slot { hash, number };
        self.taken += 1;
    }

    /// Makes room for one more: at least half of the places are free, so that the way to a free one is short.
    fn make_room(&mut self) {
        if (self.taken + 1) * 2 <= self.slots.len() {
            return;
        }
        let size = (self.slots.len() * 2).max(64);
        let before = std::mem::replace(&mut self.slots, vec![Slot::default(); size]);
        for taken in before.into_iter().filter(|slot| slot.number != 0) {
            let mut slot = taken.hash as usize & (size - 1);
            while self.slots[slot].number != 0 {
                #[cfg(test)]
                PROBES.with(|probes| probes.set(probes.get() + 1));
                slot = (slot + 1) & (size - 1);
            }
            self.slots[slot] = taken;
        }
    }
}

#[cfg(test)]
thread_local! {
    /// How many places of tables were looked at on this thread: the work, where its time would say nothing.
    pub(crate) static PROBES: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
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
    upper_half(if name.is_ascii() && name.len() <= 64 {
        let mut bytes = [0; 64];
        let bytes = &mut bytes[..name.len()];
        bytes.copy_from_slice(name.as_bytes());
        bytes.make_ascii_lowercase();
        hasher.hash_one(&*bytes)
    } else {
        folded.clear();
        folded.extend(name.chars().flat_map(char::to_lowercase));
        hasher.hash_one(folded.as_bytes())
    })
}

const fn upper_half(hash: u64) -> u32 {
    (hash >> 32) as u32
}

/// Compares without regard to case, without allocating.
pub(super) fn differs_only_in_case(a: &str, b: &str) -> bool {
    if a.is_ascii() && b.is_ascii() {
        return a.eq_ignore_ascii_case(b);
    }
    a.chars().flat_map(char::to_lowercase).eq(b.chars().flat_map(char::to_lowercase))
}

/// A name in many cases: the bits of a number say which letters are capitals.
#[cfg(test)]
pub(crate) fn variants(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|bits| {
        let letter = |(at, c): (u32, char)| if bits >> at & 1 == 1 { c.to_ascii_uppercase() } else { c };
        (0..).zip("abcdefghijklmnopqrst".chars()).map(letter).collect()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::{FoldedMap, Found, PROBES, variants};

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

    #[test]
    fn every_variant_of_a_name_costs_the_same_however_many_there_are() {
        let work_of = |count| {
            let mut map = FoldedMap::default();
            PROBES.set(0);
            for (row, name) in variants(count).enumerate() {
                let found = map.add(&name, row);
                let expected =
                    if row == 0 { Found::Nothing } else { Found::Variant("abcdefghijklmnopqrst", &0) };
                assert_eq!(found, expected);
            }
            for (row, name) in variants(count).enumerate() {
                assert_eq!(map.find(&name), Found::Exact(&row));
            }
            assert_eq!(map.find("ABCDEFGHIJKLMNOPQRST"), Found::Variant("abcdefghijklmnopqrst", &0));
            PROBES.get()
        };
        let (few, many) = (work_of(1_000), work_of(64_000));
        assert!(few < 12 * 1_000 && many < 12 * 64_000, "{few} and {many} looks");
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
