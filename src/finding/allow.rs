//! Which errors a run may let through, and why the others never.
//!
//! An error stops a row, and most are certain: the service's own model has the pattern, a name is none of the instance's. Some
//! rest on a sentence of documentation, or of us, and the service may see it otherwise than it is written. Those can be let
//! through for a run; what protects from harm cannot.

use std::fmt;

use super::Severity;
use super::codes::{self, Code};

/// Whose word an error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// Prose alone says it, of the service or of us: the service may take the row all the same.
    Prose,
    /// The service's model has it in a form that programs check: a pattern, a length, a list of words.
    Model,
    /// Without it a user might be made twice, or another than was meant.
    Doubling,
    /// The instance has nothing of that name: no request can be written.
    Unknown,
    /// It is about a secret, or locks somebody out.
    Secret,
    /// There is no value, or several: no request can say what is meant.
    Meaning,
}

impl Word {
    /// Why an error of this kind cannot be let through.
    const fn refusal(self) -> &'static str {
        match self {
            Self::Prose => "it may be",
            Self::Model => "the service's own model refuses it",
            Self::Doubling => "it keeps a user from being made twice, or for another",
            Self::Unknown => "the instance has nothing of that name",
            Self::Secret => "it keeps a password safe, or its user from being locked out",
            Self::Meaning => "there is no value to send, or more than one",
        }
    }
}

/// Every error, and whose word it is.
#[rustfmt::skip]
static WORDS: &[(&Code, Word)] = {
    use Word::{Doubling, Meaning, Model, Prose, Secret, Unknown};
    &[
        (&codes::NO_KNOWN_COLUMN, Meaning),
        (&codes::MISSPELT_COLUMN, Meaning),
        (&codes::ENCODING_UNCLEAR, Meaning),
        (&codes::ROW_FILTER_UNCLEAR, Meaning),
        (&codes::ROLE_UNKNOWN, Meaning),
        (&codes::ACTION_UNKNOWN, Meaning),
        (&codes::TARGET_UNKNOWN, Meaning),
        (&codes::TARGET_MISSING, Meaning),
        (&codes::STAYERS_IN_LIST, Meaning),
        (&codes::RAGGED_ROW, Secret), // a password may stand under any header
        (&codes::UNCLOSED_QUOTE, Secret),
        (&codes::UNDECODABLE_TEXT, Meaning),
        (&codes::NUMBER_NOT_TEXT, Meaning),
        (&codes::DATE_NOT_TEXT, Meaning),
        (&codes::CELL_ERROR, Meaning),
        (&codes::MERGED_OVER_ROWS, Meaning),
        (&codes::FORMULA_WITHOUT_VALUE, Meaning),
        (&codes::SECOND_TABLE, Meaning),
        (&codes::NAME_NOT_SPLIT, Meaning),
        (&codes::NO_ROWS, Meaning),
        (&codes::COLUMN_MISSING, Meaning),
        (&codes::COLUMNS_DISAGREE, Meaning),
        (&codes::CANNOT_BE_CLEARED, Meaning),
        (&codes::NOTHING_TO_CLEAR, Meaning),
        (&codes::MISREAD_TEXT, Prose),
        (&codes::USERNAME_MISSING, Meaning),
        (&codes::USERNAME_TOO_LONG, Prose), // the model has 1 to 100, its prose 20 and 64
        (&codes::USERNAME_CHARACTERS, Prose),
        (&codes::USERNAME_NOT_EMAIL, Prose),
        (&codes::USERNAME_DUPLICATE, Doubling),
        (&codes::FIRST_NAME_MISSING, Prose),
        (&codes::LAST_NAME_MISSING, Prose),
        (&codes::NAME_TOO_LONG, Prose), // the model has other lengths than CloudFormation
        (&codes::EMAIL_NOT_ALLOWED, Prose), // AWS's pages contradict each other
        (&codes::EMAIL_SYNTAX, Prose),
        (&codes::SECONDARY_EMAIL_SYNTAX, Prose), // a pattern, but in the prose
        (&codes::MOBILE_NOT_E164, Model),
        (&codes::PASSWORD_MISSING, Secret),
        (&codes::PASSWORD_BLANKED, Secret),
        (&codes::PASSWORD_NOT_ALLOWED, Secret),
        (&codes::PASSWORD_POLICY, Secret),
        (&codes::PASSWORD_WHITESPACE, Secret),
        (&codes::PASSWORD_INVISIBLE, Secret),
        (&codes::DIRECTORY_USER_ID_NOT_ALLOWED, Prose),
        (&codes::ROUTING_PROFILE_MISSING, Meaning),
        (&codes::ROUTING_PROFILE_UNKNOWN, Unknown),
        (&codes::SECURITY_PROFILES_MISSING, Meaning),
        (&codes::SECURITY_PROFILES_TOO_MANY, Model),
        (&codes::SECURITY_PROFILE_EMPTY, Meaning),
        (&codes::SECURITY_PROFILE_REPEATED, Doubling),
        (&codes::SECURITY_PROFILE_UNKNOWN, Unknown),
        (&codes::HIERARCHY_TOO_DEEP, Unknown),
        (&codes::HIERARCHY_LEVEL_EMPTY, Meaning),
        (&codes::HIERARCHY_UNKNOWN, Unknown),
        (&codes::HIERARCHY_AMBIGUOUS, Unknown),
        (&codes::PHONE_TYPE_UNKNOWN, Model),
        (&codes::DESK_PHONE_NUMBER_MISSING, Prose),
        (&codes::PHONE_NUMBER_NOT_E164, Model),
        (&codes::AFTER_CONTACT_WORK, Prose), // of a number that is too high; what is none is never let through
        (&codes::SETTINGS_CONFLICT, Meaning),
        (&codes::AGENT_FIRST_CALLBACK_ALONE, Model),
        (&codes::PHONE_TYPE_VOICE_MISSING, Model),
        (&codes::NOT_YES_OR_NO, Meaning),
        (&codes::AUDIO_ENHANCEMENT_UNKNOWN, Model),
        (&codes::TAG_SYNTAX, Meaning),
        (&codes::TAGS_TOO_MANY, Model),
        (&codes::TAG_ROOM, Doubling), // the fiftieth place proves who was made
        (&codes::TAG_KEY_LENGTH, Model),
        (&codes::TAG_KEY_CHARACTERS, Model),
        (&codes::TAG_KEY_AWS, Model),
        (&codes::TAG_KEY_RESERVED, Doubling),
        (&codes::TAG_VALUE_TOO_LONG, Model),
        (&codes::TAG_REPEATED, Meaning),
        (&codes::PROFICIENCY_SYNTAX, Meaning),
        (&codes::PROFICIENCY_NAME_LENGTH, Model),
        (&codes::PROFICIENCY_LEVEL, Model),
        (&codes::PROFICIENCIES_TOO_MANY, Prose),
        (&codes::PROFICIENCY_REPEATED, Meaning),
        (&codes::PROFICIENCY_ATTRIBUTE_UNKNOWN, Unknown),
        (&codes::PROFICIENCY_VALUE_UNKNOWN, Unknown),
    ]
};

/// Whose word an error is; `None` for a warning.
pub(crate) fn word(code: &str) -> Option<Word> {
    WORDS.iter().find(|(known, _)| known.id == code).map(|(_, word)| *word)
}

/// Whether a run may let an error through.
pub(crate) fn may_be(code: &str) -> bool {
    word(code) == Some(Word::Prose)
}

/// The errors that a run lets through: a bit for each place in the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LetThrough(u128);

const _: () = assert!(WORDS.len() <= u128::BITS as usize);

impl LetThrough {
    /// Lets everything through that may be.
    pub(crate) fn all() -> Self {
        let may_be = WORDS.iter().enumerate().filter(|(_, (_, word))| *word == Word::Prose);
        Self(may_be.fold(0, |all, (at, _)| all | 1 << at))
    }

    /// Lets one more through, by its code.
    ///
    /// # Errors
    /// What is wrong with the code: it is none, is no error, or cannot be let through, and why.
    pub fn add(&mut self, code: &str) -> Result<(), String> {
        let Some(known) = codes::find(code) else {
            let meant = codes::nearest(code).map(|code| format!(": did you mean `{}`?", code.id));
            return Err(format!("no such code{}", meant.unwrap_or_default()));
        };
        if known.severity == Severity::Warning {
            return Err("that is a warning, which stops nothing".to_owned());
        }
        match WORDS.iter().position(|(of, _)| of.id == known.id).map(|at| (at, WORDS[at].1)) {
            Some((at, Word::Prose)) => {
                self.0 |= 1 << at;
                Ok(())
            }
            other => {
                let why = other.map_or(Word::Meaning, |(_, word)| word).refusal();
                Err(format!("that error cannot be let through: {why}"))
            }
        }
    }

    /// Whether it lets this one through.
    pub(crate) fn has(self, code: &str) -> bool {
        self.0 != 0 && self.codes().any(|known| known == code)
    }

    /// Their codes, in the order of the table.
    pub fn codes(self) -> impl Iterator<Item = &'static str> {
        WORDS.iter().enumerate().filter(move |(at, _)| self.0 >> at & 1 == 1).map(|(_, (code, _))| code.id)
    }
}

impl fmt::Display for LetThrough {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.codes().collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_somebodys_word_and_no_warning_is() {
        for code in codes::all() {
            let times = WORDS.iter().filter(|(known, _)| known.id == code.id).count();
            assert_eq!(times, usize::from(code.severity == Severity::Error), "{}", code.id);
        }
    }

    #[test]
    fn what_protects_from_harm_is_never_let_through() {
        let table = [
            ("username-duplicate", "made twice"),
            ("security-profile-unknown", "nothing of that name"),
            ("password-policy", "password safe"),
            ("mobile-not-e164", "model"),
            ("cell-error", "no value"),
            ("username-exists", "is a warning"),
            ("username-charakters", "did you mean `username-characters`?"),
            ("xyzzy", "no such code"),
        ];
        for (code, why) in table {
            let mut through = LetThrough::default();
            let refusal = through.add(code).unwrap_err();
            assert!(refusal.contains(why) && through == LetThrough::default(), "{code}: {refusal}");
        }
    }

    #[test]
    fn what_rests_on_a_sentence_is_let_through_and_nothing_else() {
        let mut through = LetThrough::default();
        through.add("username-too-long").unwrap();
        through.add("email-syntax").unwrap();
        assert!(through.has("email-syntax") && !through.has("username-characters"));
        assert_eq!(through.to_string(), "username-too-long, email-syntax");
        for (code, word) in WORDS {
            assert_eq!(LetThrough::default().add(code.id).is_ok(), *word == Word::Prose, "{}", code.id);
        }
    }
}
