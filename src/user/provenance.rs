//! The tag that says which attempt of which run made a user.

use crate::ledger::Attempt;

/// The value of the provenance tag.
pub fn provenance(run: &str, attempt: Attempt) -> String {
    format!("{run}/{attempt}")
}

/// Reads a provenance tag's value back: the run, and a number as anybody may have written it.
pub(crate) fn read_provenance(value: &str) -> Option<(&str, u32)> {
    let (run, attempt) = value.rsplit_once('/')?;
    attempt.parse().ok().map(|attempt| (run, attempt))
}

#[cfg(test)]
mod tests {
    use super::{provenance, read_provenance};
    use crate::ledger::made::attempt;

    #[test]
    fn a_provenance_tag_is_read_back_and_anything_else_is_not_one() {
        assert_eq!(read_provenance(&provenance("6f1c-x", attempt(17))), Some(("6f1c-x", 17)));
        for not in ["", "6f1c", "6f1c/", "6f1c/x", "6f1c/-1", "6f1c/4294967296"] {
            assert_eq!(read_provenance(not), None, "{not}");
        }
    }
}
