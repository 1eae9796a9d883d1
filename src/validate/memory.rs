//! Cells that were looked at before: of most columns a roster has few different ones, however many rows it has.

use crate::roster::Field;

/// The fields whose cells are not remembered: each person has their own, so that it would cost and bring nothing. A password
/// is kept nowhere.
const OF_ONE_PERSON: [Field; 8] = [
    Field::Email,
    Field::SecondaryEmail,
    Field::Mobile,
    Field::Password,
    Field::Username,
    Field::DirectoryUserId,
    Field::PhoneNumber,
    Field::PhoneNumberVoice,
];

/// The bits of the fields whose cells are remembered.
pub(super) const REMEMBERED: u32 = {
    let (mut bits, mut at) = (u32::MAX, 0);
    while at < OF_ONE_PERSON.len() {
        bits &= !(1 << OF_ONE_PERSON[at].index());
        at += 1;
    }
    bits
};

/// For each field some cells of which no rule had anything to say. Of each place of its table only the newest: a cell that
/// is forgotten is looked at again, and nothing else.
#[derive(Default)]
pub(super) struct Memory {
    /// [`Memory::PLACES`] of each field, made when the first is remembered.
    fields: [Box<[Known]>; Field::COUNT],
}

/// One cell, in one line of the processor's cache.
#[derive(Clone, Copy)]
struct Known {
    length: u8,
    text: [u8; Memory::LONGEST],
}

impl Memory {
    /// How many cells of a field are remembered at most.
    const PLACES: usize = 256;
    /// The longest that is, in bytes.
    const LONGEST: usize = 63;

    /// Whether nothing was said of this cell when it was looked at before. An empty one is never known.
    pub(super) fn knows(&self, field: Field, cell: &str) -> bool {
        let known = self.fields[field.index()].get(place(cell));
        known.is_some_and(|known| !cell.is_empty() && known.text() == cell.as_bytes())
    }

    /// Keeps a cell of which nothing was said.
    pub(super) fn keep(&mut self, field: Field, cell: &str) {
        let bytes = cell.as_bytes();
        if bytes.is_empty() || bytes.len() > Self::LONGEST {
            return;
        }
        let places = &mut self.fields[field.index()];
        if places.is_empty() {
            *places = vec![Known { length: 0, text: [0; Self::LONGEST] }; Self::PLACES].into();
        }
        let known = &mut places[place(cell)];
        known.length = bytes.len() as u8;
        known.text[..bytes.len()].copy_from_slice(bytes);
    }
}

impl Known {
    fn text(&self) -> &[u8] {
        &self.text[..usize::from(self.length)]
    }
}

/// Where a cell is remembered: by its length and its two ends, which tell most names apart.
fn place(cell: &str) -> usize {
    const MIX: u64 = 0x9E37_79B9_7F4A_7C15;
    let bytes = cell.as_bytes();
    let (first, last) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => (u64::from_le_bytes(*first), u64::from_le_bytes(*last)),
        _ => (bytes.iter().fold(0, |all, &byte| all << 8 | u64::from(byte)), 0),
    };
    let mixed = (first ^ last.rotate_left(29) ^ bytes.len() as u64).wrapping_mul(MIX);
    (mixed >> 56) as usize
}

const _: () = assert!(Memory::PLACES == 1 << 8);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_known_was_kept_and_is_the_same_to_the_byte(
            kept in prop::collection::vec("[a-c|é]{0,3}|[a-b]{62,65}", 0..40),
            asked in "[a-c|é]{0,3}|[a-b]{62,65}",
        ) {
            let mut memory = Memory::default();
            for cell in &kept {
                memory.keep(Field::Tags, cell);
                prop_assert_eq!(memory.knows(Field::Tags, cell), (1..=63).contains(&cell.len()));
            }
            prop_assert!(!memory.knows(Field::Tags, &asked) || kept.contains(&asked));
            prop_assert!(!memory.knows(Field::Hierarchy, &asked), "each field has its own");
        }
    }
}
