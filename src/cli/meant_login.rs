//! What `headcount columns` proposes for the login: the column that is one by its name, a choice where several could be it,
//! and only where no column could be, one that is made.

use std::fmt::Write as _;

use super::words_of_columns::Words;
use crate::roster::{self, Field, Roster, Use};

/// Which column is the login.
pub(crate) enum MeantLogin {
    /// The roster has it under a name that is read.
    Known,
    /// This column, by its name.
    Column(usize),
    /// One of these, or none.
    Choice(Vec<usize>),
    /// None could be.
    Made,
}

const TEMPLATE: &str =
    "\"user login\" = \"{first name|german|lower|joined}.{last name|german|lower|joined}\"\n";

impl MeantLogin {
    /// Looks at the columns that are not known. A name counts for more than what is in the cells; of several names those
    /// whose cells could not be logins do not count.
    pub(crate) fn of(roster: &Roster, words: &[Words]) -> Self {
        if roster.columns().has(Field::Username) {
            return Self::Known;
        }
        let strangers = |wanted: &dyn Fn(usize, &str, Use) -> bool| -> Vec<usize> {
            let columns = roster.own_headers().iter().zip(roster.uses()).enumerate();
            columns.filter(|(at, (header, used))| wanted(*at, header, **used)).map(|(at, _)| at).collect()
        };
        let is_named = |_: usize, header: &str, used: Use| match used {
            Use::Misspelt(field) => field == Field::Username,
            Use::Unknown => roster::propose(header) == Some(Field::Username),
            _ => false,
        };
        let named = strangers(&is_named);
        let able: Vec<usize> = named.iter().copied().filter(|&at| words[at].could_be_login()).collect();
        match if able.is_empty() { named } else { able }.as_slice() {
            [] => {}
            [one] => return Self::Column(*one),
            several => return Self::Choice(several.to_vec()),
        }
        let could_be = |at: usize, header: &str, used: Use| {
            let is_else = roster::propose(header).is_some() || roster::is_whole_name(header);
            used == Use::Unknown && !is_else && words[at].looks_like_logins()
        };
        let likely = strangers(&could_be);
        if likely.is_empty() { Self::Made } else { Self::Choice(likely) }
    }

    /// Whether this column is left to be chosen: it is neither mapped nor passed over, so that it is not forgotten.
    pub(crate) fn is_choice(&self, at: usize) -> bool {
        matches!(self, Self::Choice(columns) if columns.contains(&at))
    }

    /// What stands below the `[columns]` that are mapped. `quoted` writes a word as TOML does.
    pub(crate) fn choices(&self, roster: &Roster, is_saml: bool, quoted: impl Fn(&str) -> String) -> String {
        let Self::Choice(columns) = self else { return String::new() };
        let which = if columns.len() == 1 {
            "This column could be the login: take the `#` away if it is."
        } else {
            "Each of these columns could be the login: take the `#` away from the one that is."
        };
        let mut text = format!("# {which}{}\n", of_saml(is_saml));
        for &at in columns {
            let _ = writeln!(text, "# {} = \"user login\"", quoted(roster.own_headers()[at].trim()));
        }
        text
    }

    /// The template by which logins are made, where both names are there: commented out where a column could be the login.
    pub(crate) fn template(&self, is_saml: bool) -> String {
        const HOW: &str = "Change `german` to `ascii` to read `ü` as `u` and not as `ue`.";
        match self {
            Self::Known | Self::Column(_) => String::new(),
            Self::Made => {
                let saml = of_saml(is_saml);
                format!("\n# Nothing in the roster is a username. {HOW}{saml}\n[templates]\n{TEMPLATE}")
            }
            Self::Choice(_) => {
                format!(
                    "\n# Or, where none of these is the login, one is made. {HOW}\n# [templates]\n# {TEMPLATE}"
                )
            }
        }
    }
}

/// What is to be known of logins where there are no passwords.
fn of_saml(is_saml: bool) -> &'static str {
    if is_saml { "\n# With SAML it must be what the identity provider sends, letter for letter." } else { "" }
}
