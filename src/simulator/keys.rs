//! The access keys that are known, and whose they are: those of each account, and the temporary ones of roles.

use std::collections::BTreeMap;
use std::time::SystemTime;

/// The access key that a world knows. Not a secret: it opens nothing but this machine's own simulations.
pub const ACCESS_KEY_ID: &str = "AKIASIMULATED0000000";

/// The secret of [`ACCESS_KEY_ID`].
pub const SECRET_ACCESS_KEY: &str = "headcount/simulated+not/a/secret/key/000";

/// What every session token that a world accepts begins with; it has the characters that real ones have.
pub(crate) const SESSION_TOKEN_PREFIX: &str = "headcount//simulated+session==";

/// The nth session token: each is good until the weather ends it.
pub fn session_token(n: u64) -> String {
    format!("{SESSION_TOKEN_PREFIX}{n}")
}

/// The lasting access key of an account of twelve digits, and its secret: each account behind one address has its own. The
/// first of them has [`ACCESS_KEY_ID`] as well.
pub fn keys_of(account: &str) -> (String, String) {
    (format!("AKIASIMU{account}"), format!("headcount/simulated+keys/of/{account}"))
}

/// The keys that are known, by their ids.
#[derive(Clone, Debug)]
pub(super) struct Keys(BTreeMap<String, Key>);

/// A key, and whose it is.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) secret: String,
    /// Twelve digits.
    pub(super) account: String,
    /// Who signs with it, as the service names them.
    pub(super) arn: String,
    /// `None` where it is a lasting one.
    pub(super) session: Option<Session>,
}

/// What makes a key a temporary one.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) token: String,
    pub(super) expires: SystemTime,
}

impl Keys {
    /// The lasting keys of these accounts.
    pub(super) fn of<'a>(accounts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut keys = BTreeMap::new();
        for account in accounts {
            let (id, secret) = keys_of(account);
            let key = Key { secret, account: account.to_owned(), arn: user_of(account), session: None };
            if keys.is_empty() {
                keys.insert(
                    ACCESS_KEY_ID.to_owned(),
                    Key { secret: SECRET_ACCESS_KEY.into(), ..key.clone() },
                );
            }
            keys.insert(id, key);
        }
        Self(keys)
    }

    /// The key of this id where the token that came with it is one of it. A lasting key takes any token of
    /// [`session_token`], or none; a temporary one its own and no other.
    pub(super) fn get(&self, id: &str, token: Option<&str>) -> Option<&Key> {
        self.0.get(id).filter(|key| match (&key.session, token) {
            (Some(session), token) => token == Some(session.token.as_str()),
            (None, Some(token)) => token.starts_with(SESSION_TOKEN_PREFIX),
            (None, None) => true,
        })
    }

    /// The account of the key of this id, whoever signs.
    pub(super) fn account(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(|key| key.account.as_str())
    }

    /// Adds a temporary key.
    pub(super) fn add(&mut self, id: String, key: Key) {
        self.0.insert(id, key);
    }
}

/// The user whose lasting keys an account's are.
pub(super) fn user_of(account: &str) -> String {
    format!("arn:aws:iam::{account}:user/simulated")
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::{ACCESS_KEY_ID, Key, Keys, Session, keys_of, session_token};

    #[test]
    fn a_key_tells_its_account_and_the_first_account_has_two() {
        let keys = Keys::of(["111111111111", "222222222222"]);
        for (id, account) in [
            (ACCESS_KEY_ID, Some("111111111111")),
            (&*keys_of("111111111111").0, Some("111111111111")),
            (&*keys_of("222222222222").0, Some("222222222222")),
            (&*keys_of("333333333333").0, None),
        ] {
            assert_eq!(keys.account(id), account, "{id}");
            // IAM's pattern: 16 to 128 characters of \w.
            assert!(id.len() == 20 && id.bytes().all(|b| b.is_ascii_alphanumeric()), "{id}");
        }
        assert_eq!(keys_of("111111111111").1.len(), 40);
    }

    #[test]
    fn a_temporary_key_goes_with_its_own_token_and_a_lasting_one_with_no_strangers() {
        let mut keys = Keys::of(["111111111111"]);
        let session = Session { token: "its own".into(), expires: UNIX_EPOCH };
        let account = "111111111111".to_owned();
        keys.add(
            "ASIA1".into(),
            Key { secret: "s".into(), account, arn: "a".into(), session: Some(session) },
        );
        for (id, token, known) in [
            ("ASIA1", Some("its own".to_owned()), true),
            ("ASIA1", None, false),
            ("ASIA1", Some(session_token(1)), false),
            (ACCESS_KEY_ID, None, true),
            (ACCESS_KEY_ID, Some(session_token(1)), true),
            (ACCESS_KEY_ID, Some("its own".into()), false),
        ] {
            assert_eq!(keys.get(id, token.as_deref()).is_some(), known, "{id} {token:?}");
        }
    }
}
