//! What a reader may be told to set, by what it is: how it is set, with a flag or in a field of a page, only their
//! screen knows.
//!
//! A text names a setting by a mark, as in `choose a place that can be written with ⟦ledger FILE⟧`: the setting's name,
//! and what it is to be set to where that is said. Whoever shows the text has its marks [`worded`]. Hints, fixes, failures
//! and events may have marks. Ledgers have none, for other programs read them; nor have the messages and values of
//! findings, which ledgers keep.

use std::borrow::Cow;
use std::fmt;

const OPEN: char = '⟦';
const CLOSE: char = '⟧';

macro_rules! settings {
    ($($(#[$doc:meta])* $setting:ident = $name:literal;)*) => {
        /// What a reader may be told to set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Setting {
            $($(#[$doc])* $setting,)*
        }

        impl Setting {
            /// All there are.
            pub const ALL: &[Setting] = &[$(Self::$setting),*];

            /// The name that marks have it by, kebab-case.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$setting => $name,)*
                }
            }
        }
    };
}

settings! {
    /// The column map: which columns mean what.
    ColumnMap = "column-map";
    /// The encoding that a CSV is read in.
    Encoding = "encoding";
    /// The sheet of a workbook that is read.
    Sheet = "sheet";
    /// The row that is the header.
    HeaderRow = "header-row";
    /// The country whose national telephone numbers are understood.
    PhoneRegion = "phone-region";
    /// The roster that a retry reads in place of the ledger's.
    OtherRoster = "other-roster";
    /// The instance, by id, ARN or alias.
    Instance = "instance";
    /// The file of several targets in an instance's place.
    Targets = "targets";
    /// That a target which cannot be reached or planned is left out.
    FailedTargetsSkipped = "failed-targets-skipped";
    /// The AWS region.
    Region = "region";
    /// The endpoint in place of the region's own.
    EndpointUrl = "endpoint-url";
    /// How the instance knows its users.
    IdentityType = "identity-type";
    /// A file that says what an instance has, and who is there.
    SavedDirectory = "saved-directory";
    /// That the embedded Connect stands in for an instance.
    Rehearsal = "rehearsal";
    /// That all is done but to send.
    DryRun = "dry-run";
    /// The ledger's place.
    Ledger = "ledger";
    /// That a ledger which another process has is waited for.
    StandBy = "stand-by";
    /// That a ledger which another process has is asked for, or taken.
    TakeOver = "take-over";
    /// That another roster takes the place of the one that a run was planned with.
    PlannedAnew = "planned-anew";
    /// That the users who fit are made where the instance has not room for all.
    PartialRun = "partial-run";
    /// That users are not tagged with the run that made them.
    Untagged = "untagged";
    /// That an error of the roster is let through for a run, by its code.
    LetThrough = "let-through";
    /// That users who were made and are gone from the instance are made anew.
    MissingRecreated = "missing-recreated";
    /// That users who were deleted by an undo are made anew.
    DeletedRecreated = "deleted-recreated";
    /// That a user who is probably ours is taken for ours.
    ProbableAccepted = "probable-accepted";
    /// That rows without a password are given one that is made for them.
    MadePasswords = "made-passwords";
    /// The variable of the environment that has one password for all.
    PasswordVariable = "password-variable";
    /// The command that prints one password for all.
    PasswordCommand = "password-command";
    /// The file that keeps the passwords that are made.
    CredentialsFile = "credentials-file";
    /// Whom that file is encrypted to.
    Recipient = "recipient";
    /// The keys that open it.
    Identities = "identities";
    /// That what somebody has changed on the instance is put back.
    DriftOverwritten = "drift-overwritten";
    /// That a column which says what is to be done with people is obeyed.
    ActionsObeyed = "actions-obeyed";
    /// How many users of a list of leavers may be deleted.
    MostDeleted = "most-deleted";
    /// Where a result is written.
    Output = "output";
}

impl Setting {
    /// Finds a setting by its name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|setting| setting.name() == name)
    }

    /// The mark of the setting with what it is to be set to, whatever that may have in it.
    pub(crate) fn with(self, value: impl fmt::Display) -> String {
        // Nothing ends the mark before its end.
        let value = value.to_string().replace(OPEN, "[").replace(CLOSE, "]");
        format!("{OPEN}{} {value}{CLOSE}", self.name())
    }
}

/// How a screen names what can be set on it.
pub trait Voice: fmt::Debug + Send + Sync {
    /// The setting's words; `value` is what it is to be set to, empty where that is not said.
    fn word(&self, setting: Setting, value: &str) -> String;

    /// What mends a finding of this code, where the screen says it otherwise than by its words for what can be set: a whole
    /// sentence, in place of `hint`, which is what is said else.
    fn fix(&self, code: &str, hint: &str) -> Option<String> {
        let _ = (code, hint);
        None
    }
}

/// A setting that a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark<'t> {
    /// Where its mark begins, in bytes.
    pub(crate) at: usize,
    /// The whole mark, with its brackets.
    pub(crate) whole: &'t str,
    /// Which.
    pub setting: Setting,
    /// What it is to be set to; empty where that is not said.
    pub(crate) value: &'t str,
}

/// The marks of a text, in their order. Brackets with anything else between them are none: a roster can say anything.
pub fn marks(text: &str) -> impl Iterator<Item = Mark<'_>> {
    text.match_indices(OPEN).filter_map(move |(at, _)| {
        let inner = text[at..].strip_prefix(OPEN)?;
        // A bracket within is none of a mark's: no two of them overlap.
        let end = inner.find([OPEN, CLOSE]).filter(|end| inner[*end..].starts_with(CLOSE))?;
        let inner = &inner[..end];
        let (name, value) = inner.split_once(' ').unwrap_or((inner, ""));
        let whole = &text[at..at + OPEN.len_utf8() + inner.len() + CLOSE.len_utf8()];
        Some(Mark { at, whole, setting: Setting::named(name)?, value })
    })
}

/// A text with its marks in the words of a screen.
pub fn worded<'t>(text: &'t str, voice: &dyn Voice) -> Cow<'t, str> {
    let mut said = String::new();
    let mut done = 0;
    for Mark { at, whole, setting, value } in marks(text) {
        said.push_str(&text[done..at]);
        said.push_str(&voice.word(setting, value));
        done = at + whole.len();
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    said.push_str(&text[done..]);
    Cow::Owned(said)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A screen with fields.
    #[derive(Debug)]
    struct Fields;

    impl Voice for Fields {
        fn word(&self, setting: Setting, value: &str) -> String {
            match value {
                "" => format!("the field {}", setting.name()),
                value => format!("{value} in the field {}", setting.name()),
            }
        }
    }

    #[test]
    fn a_mark_is_worded_where_it_stands_with_its_value_and_without() {
        for (text, said) in [
            ("give it with `⟦column-map FILE.toml⟧`", "give it with `FILE.toml in the field column-map`"),
            ("⟦region⟧, or ⟦instance⟧", "the field region, or the field instance"),
            ("⟦ledger a b⟧⟦sheet⟧", "a b in the field ledgerthe field sheet"),
            ("⟦sheet ⟦ledger⟧ a⟧", "⟦sheet the field ledger a⟧"),
            ("nothing to set", "nothing to set"),
            ("", ""),
        ] {
            assert_eq!(worded(text, &Fields), said);
        }
    }

    #[test]
    fn what_is_no_mark_stays_as_it_is() {
        for text in
            ["⟦", "⟧", "⟦⟧", "⟦ledger", "ledger⟧", "⟦Ledger⟧", "⟦ ledger⟧", "⟦ledgers⟧", "⟧ledger⟦", "⟦⟦"]
        {
            assert_eq!(worded(text, &Fields), text);
            assert_eq!(marks(text).count(), 0, "{text}");
        }
        assert_eq!(worded("⟦⟦sheet⟧⟧", &Fields), "⟦the field sheet⟧");
    }

    #[test]
    fn names_are_distinct_kebab_case_and_found() {
        for setting in Setting::ALL {
            let name = setting.name();
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'), "{name}");
            assert_eq!(Setting::named(name), Some(*setting));
        }
    }

    proptest! {
        #[test]
        fn no_value_ends_its_mark(value in "[⟦⟧a ]{0,8}|\\PC{0,12}") {
            for setting in Setting::ALL {
                let text = format!("x{}y", setting.with(&value));
                let all: Vec<Mark<'_>> = marks(&text).collect();
                prop_assert_eq!(all.len(), 1);
                prop_assert_eq!((all[0].at, all[0].setting), (1, *setting));
                prop_assert_eq!(text.len(), all[0].whole.len() + 2);
            }
        }

        #[test]
        fn any_text_is_worded_and_what_is_between_the_marks_stays(
            parts in proptest::collection::vec("⟦ledger⟧|⟦sheet ?[a⟦ ]{0,3}⟧|⟦sheet |[⟦⟧a ]{0,4}|\\PC{0,6}", 0..6)
        ) {
            let text = parts.concat();
            let said = worded(&text, &Fields);
            prop_assert_eq!(marks(&text).next().is_none(), said == text);
            let mut rest = &*said;
            let mut done = 0;
            for mark in marks(&text) {
                prop_assert!(mark.at >= done, "two marks are one in the other");
                let word = Fields.word(mark.setting, mark.value);
                let between = &text[done..mark.at];
                rest = rest.strip_prefix(between).and_then(|rest| rest.strip_prefix(word.as_str())).unwrap();
                done = mark.at + mark.whole.len();
            }
            prop_assert_eq!(rest, &text[done..]);
        }
    }
}
