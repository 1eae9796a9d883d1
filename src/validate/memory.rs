//! Cells that were looked at before.

use crate::roster::Field;
use crate::text::KnownTexts;

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
pub(super) const REMEMBERED: u32 = !Field::bits_of(&OF_ONE_PERSON);

/// For each field some cells of which no rule had anything to say.
#[derive(Default)]
pub(super) struct Memory {
    fields: [KnownTexts; Field::COUNT],
}

impl Memory {
    /// Whether nothing was said of this cell when it was looked at before. An empty one is never known.
    pub(super) fn knows(&self, field: Field, cell: &str) -> bool {
        self.fields[field.index()].knows(cell)
    }

    /// Keeps a cell of which nothing was said.
    pub(super) fn keep(&mut self, field: Field, cell: &str) {
        self.fields[field.index()].keep(cell);
    }
}
