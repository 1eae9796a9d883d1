//! What is wrong with a row, as data. Findings are made where the fault is seen: by the reader, and by the rules.

mod allow;
pub mod codes;
mod fix;
mod left_out;
mod logins;

use std::borrow::Cow;

use serde::Serialize;

use crate::text::{Voice, worded};

pub use allow::LetThrough;
pub(crate) use allow::may_be as may_be_let_through;
pub use fix::{Fix, Proposal};
pub use left_out::LeftOut;
pub use logins::Logins;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The service would refuse the row, or we cannot tell what is meant: nothing is sent.
    Error,
    /// The service takes it, but a person would regret it.
    Warning,
}

impl Severity {
    /// The word it is written with.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// One fault of one row (or of the file, where `row` is `None`).
///
/// Serialises as the element of `findings` in `validate --format json`; the field names are a contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The stable code, from [`codes`].
    pub code: &'static str,
    /// Error or warning.
    pub severity: Severity,
    /// The row as the spreadsheet shows it; `None` for the file as a whole.
    pub(crate) row: Option<u64>,
    /// The column's header as the file has it.
    pub(crate) column: Option<String>,
    /// The offending value; `[hidden]` where it is a secret.
    pub(crate) value: Option<String>,
    /// What is wrong.
    pub(crate) message: String,
    /// How to mend it; settings that it names are marked.
    pub(crate) hint: Option<String>,
}

impl Finding {
    /// What stands in `value` in place of a secret.
    pub(crate) const HIDDEN: &'static str = "[hidden]";

    /// How to mend it, in the words of a screen.
    pub(crate) fn told_hint(&self, voice: &dyn Voice) -> Option<Cow<'_, str>> {
        let hint = self.hint.as_deref()?;
        Some(voice.fix(self.code, hint).map_or_else(|| worded(hint, voice), Cow::Owned))
    }

    /// The finding in the words of a screen, as programs are given it.
    pub(crate) fn worded(&self, voice: &dyn Voice) -> Cow<'_, Self> {
        match self.told_hint(voice) {
            Some(Cow::Owned(hint)) => Cow::Owned(Self { hint: Some(hint), ..self.clone() }),
            Some(Cow::Borrowed(_)) | None => Cow::Borrowed(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::voice::Flags;

    #[test]
    fn a_finding_is_worded_where_it_says_what_to_do_and_not_in_what_the_roster_says() {
        let finding = Finding {
            code: codes::UNKNOWN_COLUMN.id,
            severity: codes::UNKNOWN_COLUMN.severity,
            row: None,
            column: Some("⟦sheet⟧".to_owned()),
            value: Some("⟦ledger⟧".to_owned()),
            message: "the column is not known and is not read: `⟦sheet⟧`".to_owned(),
            hint: Some("map it with `⟦column-map FILE.toml⟧`".to_owned()),
        };
        let hint = Some("map it with `--columns FILE.toml`".to_owned());
        assert_eq!(*finding.worded(&Flags), Finding { hint, ..finding.clone() });
        let without = Finding { hint: Some("mend it".to_owned()), ..finding };
        assert!(matches!(without.worded(&Flags), Cow::Borrowed(_)));
    }
}
