//! The ids of the created users: by them it is known whether somebody has made the name anew.

use std::collections::HashMap;

use uuid::Uuid;

use super::numbers::Place;

/// Ids by place: 16 bytes a row, for a million are held; one that is no UUID as the service writes it is kept as it is.
#[derive(Clone, Default)]
pub(super) struct Ids {
    short: Vec<Uuid>,
    long: HashMap<Place, Box<str>>,
}

impl Ids {
    /// Keeps the newest id of a row; the one before is no longer known.
    pub(super) fn set(&mut self, at: Place, id: Option<&str>) {
        self.long.remove(&at);
        let short = id.and_then(canonical);
        if let (Some(id), None) = (id, short) {
            self.long.insert(at, id.into());
        }
        if self.short.len() <= at.index() {
            self.short.resize(at.index() + 1, Uuid::nil());
        }
        self.short[at.index()] = short.unwrap_or_default();
    }

    /// The id, as it was kept.
    pub(super) fn get(&self, at: Place) -> Option<String> {
        let short = self.short.get(at.index()).filter(|id| !id.is_nil());
        short.map(Uuid::to_string).or_else(|| self.long.get(&at).map(|id| id.as_ref().to_owned()))
    }
}

/// A UUID that is written again exactly as it was read.
fn canonical(id: &str) -> Option<Uuid> {
    let parsed = Uuid::parse_str(id).ok().filter(|parsed| !parsed.is_nil())?;
    (parsed.hyphenated().encode_lower(&mut Uuid::encode_buffer()) == id).then_some(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::made::place;

    #[test]
    fn an_id_comes_back_exactly_as_it_was_kept_and_the_newest_counts() {
        let mut ids = Ids::default();
        let written = [
            "3992ea1a-a082-416e-94c1-39c5f4a80572",
            "3992EA1A-A082-416E-94C1-39C5F4A80572",
            "3992ea1aa082416e94c139c5f4a80572",
            "00000000-0000-0000-0000-000000000000",
            "u-1",
        ];
        for id in written {
            ids.set(place(3), Some(id));
            assert_eq!(ids.get(place(3)).as_deref(), Some(id));
            assert_eq!((ids.get(place(2)), ids.get(place(4))), (None, None));
        }
        ids.set(place(3), None);
        assert_eq!(ids.get(place(3)), None);
    }
}
