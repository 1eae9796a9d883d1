//! In what somebody who is there is not as a row asks.

use std::fmt;

use serde::Serialize;

/// One member in which a user that is there is not as its row asks, in the words of a roster; a value is `None` where there
/// is nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Differing {
    /// What belongs together with it, as one call writes it.
    #[serde(skip)]
    pub group: &'static str,
    /// The member, as a roster's column has it.
    pub member: String,
    /// As the user has it.
    pub there: Option<String>,
    /// As the row asks for it.
    pub wanted: Option<String>,
}

impl Differing {
    /// Whether it is the primary address, by which whoever reads it can take over the login.
    pub(crate) fn is_login_address(&self) -> bool {
        self.group == "identity" && self.member == "email address"
    }
}

impl fmt::Display for Differing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<String>| match value {
            Some(value) => format!("`{value}`"),
            None => "nothing".to_owned(),
        };
        write!(f, "{} {} → {}", self.member, value(&self.there), value(&self.wanted))
    }
}
