//! Usernames by number, in one block of memory.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

/// A set of names, each with the number of its place. Costs the bytes of the names and about ten more a name, where a
/// map of strings costs over sixty: the ledger of a million rows is held in memory while it is resumed.
#[derive(Clone, Default)]
pub(crate) struct Names {
    text: String,
    ends: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// Places met of late, by hash. Only where to look first: a ledger tells of a row several times in a short while, and
    /// a lookup in a table of a million names waits for memory several times.
    recent: Recent,
    /// The place after the one that was met last in the order of the places: where the next row is.
    next: u32,
}

#[derive(Clone)]
struct Recent([u32; 1024]);

impl Default for Recent {
    fn default() -> Self {
        Self([0; 1024])
    }
}

impl Names {
    /// Makes room for so many names.
    pub(crate) fn reserve(&mut self, names: usize) {
        let Self { text, ends, table, hasher, .. } = self;
        ends.reserve(names);
        table.reserve(names, |&at| hasher.hash_one(slice(text, ends, at)));
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The name at this place.
    pub(crate) fn get(&self, index: u32) -> &str {
        slice(&self.text, &self.ends, index)
    }

    /// The place of a name, if it is there.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.table.find(hash, |&at| self.get(at) == name).copied()
    }

    /// The place of a name, which is added where it is not there yet; and whether it was added.
    ///
    /// Holds up to 4 GB of names; past that (no roster comes near) a name lands on the last place.
    pub(crate) fn intern(&mut self, name: &str) -> (u32, bool) {
        let Self { text, ends, table, hasher, recent: Recent(recent), next } = self;
        let hash = hasher.hash_one(name);
        let recent = &mut recent[hash as usize % 1024];
        let is_at = |at: u32| (at as usize) < ends.len() && slice(text, ends, at) == name;
        if is_at(*recent) {
            return (*recent, false);
        }
        if is_at(*next) {
            *recent = *next;
            *next += 1;
            return (*recent, false);
        }
        if let Some(&at) = table.find(hash, |&at| slice(text, ends, at) == name) {
            (*recent, *next) = (at, at.saturating_add(1));
            return (at, false);
        }
        let at = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        text.push_str(name);
        ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        table.insert_unique(hash, at, |&at| hasher.hash_one(slice(text, ends, at)));
        (*recent, *next) = (at, at.saturating_add(1));
        (at, true)
    }

    /// All names in the order in which they came.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len() as u32).map(|at| self.get(at))
    }
}

fn slice<'t>(text: &'t str, ends: &[u32], index: u32) -> &'t str {
    let index = index as usize;
    let start = if index == 0 { 0 } else { ends.get(index - 1).copied().unwrap_or(0) as usize };
    let end = ends.get(index).copied().unwrap_or(0) as usize;
    text.get(start..end).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::Names;

    #[test]
    fn a_name_keeps_its_place_and_its_case() {
        let mut names = Names::default();
        for n in 0..1000 {
            assert_eq!(names.intern(&format!("user{n}")), (n, true));
        }
        assert_eq!(names.intern("user7"), (7, false));
        assert_eq!(names.intern("User7"), (1000, true));
        assert_eq!(names.find("user999"), Some(999));
        assert_eq!(names.find("user1000"), None);
        assert_eq!(names.get(1000), "User7");
        assert_eq!(names.iter().count(), 1001);
    }

    #[test]
    fn a_name_is_found_in_whatever_order_it_comes() {
        let mut names = Names::default();
        assert_eq!(names.intern(""), (0, true));
        assert_eq!(names.intern(""), (0, false));
        for n in 1..5000 {
            assert_eq!(names.intern(&n.to_string()), (n, true));
        }
        let orders: [&dyn Fn(u32) -> u32; 4] = [&|n| n, &|n| 4999 - n, &|n| n ^ 7, &|n| n * 2971 % 5000];
        for order in orders {
            for n in (0..4992).map(order).filter(|n| *n != 0) {
                assert_eq!(names.intern(&n.to_string()), (n, false));
            }
        }
        assert_eq!(names.len(), 5000);
    }
}
