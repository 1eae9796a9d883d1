//! Which rows are known to have nothing wrong with them, so that they need not be looked at once more.

/// Rows that the rules had nothing to say of, each taken by itself; by their numbers as a spreadsheet shows them.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct CleanRows(Vec<u64>);

impl CleanRows {
    /// Whether a row is known to be one.
    pub(crate) fn has(&self, row: u64) -> bool {
        let (word, bit) = place(row);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }

    /// Takes a row for one.
    pub(crate) fn add(&mut self, row: u64) {
        let (word, bit) = place(row);
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= bit;
    }

    /// Knows nothing of a row any more.
    pub(crate) fn remove(&mut self, row: u64) {
        let (word, bit) = place(row);
        if let Some(bits) = self.0.get_mut(word) {
            *bits &= !bit;
        }
    }
}

/// The word that a row's bit is in, and the bit.
fn place(row: u64) -> (usize, u64) {
    (usize::try_from(row / 64).unwrap_or(usize::MAX - 1), 1 << (row % 64))
}

impl std::fmt::Debug for CleanRows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CleanRows({})", self.0.iter().map(|bits| bits.count_ones()).sum::<u32>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_from_when_it_is_added_until_it_is_removed() {
        let mut rows = CleanRows::default();
        assert!([0, 2, 64, 1 << 40].iter().all(|row| !rows.has(*row)));
        [2, 63, 64, 1_000].iter().for_each(|row| rows.add(*row));
        rows.remove(63);
        rows.remove(1 << 40); // of which nothing is known
        let has: Vec<u64> = (0..2_000).filter(|row| rows.has(*row)).collect();
        assert_eq!(has, [2, 64, 1_000]);
    }
}
