//! A password that cannot be printed.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// A user's first password. `Debug` prints `[redacted]`; there is no `Display`, no `Serialize` and no `PartialEq`;
/// its memory is wiped when it is dropped.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Takes a password over from a cell.
    pub fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    /// Lends the text, for two places only: the rule that checks it and the body of the request that carries it.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::Password;

    #[test]
    fn a_password_prints_as_redacted() {
        assert_eq!(format!("{:?}", Password::new("Canary-7f3a-Pw1")), "[redacted]");
    }
}
