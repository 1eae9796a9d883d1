//! The tag that says which attempt of which run made a user.

use crate::ledger::{Attempt, Nonce};

/// The value of the provenance tag: `RUN/ATTEMPT.NONCE`. The longest has 64 of the 256 characters that a value may have.
pub fn provenance(run: &str, attempt: Attempt, nonce: Nonce) -> String {
    format!("{run}/{attempt}.{nonce}")
}

/// What a provenance tag says, as anybody may have written it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Provenance<'v> {
    /// The run.
    pub(crate) run: &'v str,
    /// The number of its attempt.
    pub(crate) number: u32,
    /// The attempt's own random bits; a tag of before has none.
    pub(crate) nonce: Option<Nonce>,
}

/// Reads a provenance tag's value back; also one of before, `RUN/ATTEMPT`.
pub(crate) fn read_provenance(value: &str) -> Option<Provenance<'_>> {
    let (run, attempt) = value.rsplit_once('/')?;
    let (number, nonce) = match attempt.split_once('.') {
        None => (attempt, None),
        Some((number, nonce)) => (number, Some(Nonce::read(nonce)?)),
    };
    // `+7` parses and was never written.
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    number.parse().ok().filter(|_| is_number).map(|number| Provenance { run, number, nonce })
}

#[cfg(test)]
mod tests {
    use super::{Provenance, provenance, read_provenance};
    use crate::ledger::Nonce;
    use crate::ledger::made::attempt;

    #[test]
    fn a_provenance_tag_is_read_back_and_anything_else_is_not_one() {
        let nonce = Some(Nonce::of(0xab));
        let value = provenance("6f1c-x", attempt(17), Nonce::of(0xab));
        assert_eq!(value, "6f1c-x/17.00000000000000ab");
        assert_eq!(read_provenance(&value), Some(Provenance { run: "6f1c-x", number: 17, nonce }));
        let of_before = Provenance { run: "6f1c-x", number: 17, nonce: None };
        assert_eq!(read_provenance("6f1c-x/17"), Some(of_before));
        for not in [
            "",
            "6f1c",
            "6f1c/",
            "6f1c/x",
            "6f1c/-1",
            "6f1c/+1",
            "6f1c/4294967296",
            "6f1c/1.",
            "6f1c/1.ab",
            "6f1c/1.00000000000000AB",
            "6f1c/1.0000000000000000",
            "6f1c/1.00000000000000ab0",
            "6f1c/.00000000000000ab",
        ] {
            assert_eq!(read_provenance(not), None, "{not}");
        }
    }
}
