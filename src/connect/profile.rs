//! What is wrong with the AWS files and the keys of a machine, said before anything is concluded from their absence.

use std::borrow::Cow;
use std::error::Error as _;
use std::path::{Path, PathBuf};

use aws_config::profile::{self, ProfileFileLoadError, ProfileSet};
use aws_credential_types::Credentials as Keys;
use aws_types::os_shim_internal::{Env, Fs};

use crate::error::Failure;

/// Fails where a file of AWS settings is there and cannot be read: the SDK takes such a file for an empty one, and whoever
/// wrote the region into it would be asked for a region. A file that is not there is none.
///
/// # Errors
/// Exit 2, with the file and the line.
pub(super) async fn sound(files: &[PathBuf]) -> Result<(), Failure> {
    for path in files {
        match std::fs::read(path) {
            Ok(bytes) => legible(path, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                let what = format!("cannot read the AWS settings: `{}`", path.display());
                let hint = "make it readable, or name another file with AWS_CONFIG_FILE or AWS_SHARED_CREDENTIALS_FILE";
                return Err(Failure::usage(what).because(error).hint(hint));
            }
        }
    }
    read(None).await.map(drop).map_err(|error| broken(&error))
}

/// Fails where the bytes are no UTF-8, or begin with a mark that would become part of the first line.
fn legible(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let (at, why) = match bytes {
        [0xEF, 0xBB, 0xBF, ..] => (1, "it begins with a byte-order mark"),
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => (1, "it is in UTF-16"),
        _ => match std::str::from_utf8(bytes) {
            Ok(_) => return Ok(()),
            Err(error) => (line_of(bytes, error.valid_up_to()), "what stands there is not UTF-8"),
        },
    };
    let what = format!("the AWS settings cannot be read: `{}`, line {at}: {why}", path.display());
    Err(Failure::usage(what)
        .hint("save the file as UTF-8 without a byte-order mark, then run the same command"))
}

/// The line, counted from 1, in which this byte is.
fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes.iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

fn broken(error: &ProfileFileLoadError) -> Failure {
    // The parser names file and line, and spreads its words over two.
    let words = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let why = words.split_whitespace().collect::<Vec<_>>().join(" ");
    Failure::usage(format!("the AWS settings cannot be read: {why}"))
        .hint("mend the line that is named, then run the same command")
}

/// The profiles of the machine's files; the one that is asked for, else that of `AWS_PROFILE`, is the selected one.
async fn read(asked: Option<&str>) -> Result<ProfileSet, ProfileFileLoadError> {
    let asked = asked.map(|name| Cow::Owned(name.to_owned()));
    profile::load(&Fs::real(), &Env::real(), &Default::default(), asked).await
}

/// What the profile in use says of itself.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Profile {
    /// Its name.
    pub(super) name: String,
    /// What is wrong with it, if anything is.
    pub(super) trouble: Option<Trouble>,
}

/// Why a profile cannot be signed in with.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// There is none of that name.
    Unknown {
        /// Those that there are, in the order of the alphabet.
        there: Vec<String>,
    },
    /// It signs in with `aws login`, which the SDK does not read.
    Login,
    /// Its role asks for a code of a second factor, which the SDK cannot ask for.
    SecondFactor,
    /// It takes a role: what is refused then is the role.
    Role,
    /// A profile takes its keys from one that there is not.
    NoSource {
        /// That profile.
        source: String,
    },
}

/// Looks at the profile that is asked for, else at that of `AWS_PROFILE`. Files that cannot be read say nothing here.
pub(super) async fn look(asked: Option<&str>) -> Profile {
    let Ok(profiles) = read(asked).await else { return Profile::default() };
    let name = profiles.selected_profile().to_owned();
    let trouble = trouble(&profiles, &name);
    Profile { name, trouble }
}

fn trouble(profiles: &ProfileSet, name: &str) -> Option<Trouble> {
    let Some(profile) = profiles.get_profile(name) else {
        let mut there: Vec<String> = profiles.profiles().map(str::to_owned).collect();
        there.sort();
        // Without a profile of that name the environment may be all that there is.
        return (name != "default").then_some(Trouble::Unknown { there });
    };
    if profile.get("login_session").is_some() {
        return Some(Trouble::Login);
    }
    let role = profile.get("role_arn").map(|_| Trouble::Role);
    // A role can be taken from a role, and each of them can ask for a code. Profiles may name one another in a circle.
    let mut seen = vec![name];
    let mut current = profile;
    loop {
        if current.get("role_arn").is_some() && current.get("mfa_serial").is_some() {
            return Some(Trouble::SecondFactor);
        }
        let source = current.get("source_profile");
        if let Some(source) = source.filter(|source| profiles.get_profile(source).is_none()) {
            return Some(Trouble::NoSource { source: source.to_owned() });
        }
        match source.and_then(|next| Some((next, profiles.get_profile(next)?))) {
            Some((next, profile)) if !seen.contains(&next) => {
                seen.push(next);
                current = profile;
            }
            _ => return role,
        }
    }
}

/// Where a file has the profile under a heading that is not read: `[acme]` in place of `[profile acme]`, and a name with a
/// space without quotation marks. The line, and what it is to be.
pub(super) fn misnamed(files: &[PathBuf], name: &str) -> Option<(String, String)> {
    let wanted =
        if name.contains(' ') { format!("[profile \"{name}\"]") } else { format!("[profile {name}]") };
    let unread = [format!("[{name}]"), format!("[profile {name}]")];
    files.iter().find_map(|path| {
        let text = std::fs::read_to_string(path).ok()?;
        let is_it = |line: &str| line.trim() != wanted && unread.iter().any(|unread| line.trim() == unread);
        let at = text.lines().position(is_it)? + 1;
        Some((format!("`{}`, line {at}", path.display()), wanted.clone()))
    })
}

/// What of the keys in the environment is missing where one half of them is there: nobody means a profile then.
pub(super) fn half_of_keys() -> Option<&'static str> {
    let has = |names: &[&str]| {
        names.iter().any(|name| Env::real().get(name).is_ok_and(|value| !value.trim().is_empty()))
    };
    // The names of old stand for the second half as well, as the SDK reads them.
    match (has(&["AWS_ACCESS_KEY_ID"]), has(&["AWS_SECRET_ACCESS_KEY", "SECRET_ACCESS_KEY"])) {
        (true, false) => Some("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not"),
        (false, true) => Some("AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not"),
        (true, true) | (false, false) => None,
    }
}

/// What a shell takes off and a file of settings does not, and what a word processor makes of it.
const QUOTES: [char; 6] = ['"', '\'', '“', '”', '‘', '’'];

/// The keys as they were meant: an empty token is none, and white space around a key, as the line end that a copy brings
/// along, belongs to no key.
///
/// # Errors
/// What is wrong with them, without any of their text.
pub(super) fn as_meant(keys: Keys) -> Result<Keys, String> {
    let token = keys.session_token().map(str::trim).filter(|token| !token.is_empty());
    let parts = [
        ("access key id", Some(keys.access_key_id().trim())),
        ("secret access key", Some(keys.secret_access_key().trim())),
        ("session token", token),
    ];
    for (name, part) in parts {
        if let Some(part) = part
            && part.starts_with(QUOTES)
            && part.ends_with(QUOTES)
        {
            return Err(format!("the {name} has quotation marks around it, which belong to no key"));
        }
        if let Some(part) = part
            && !part.bytes().all(|byte| byte.is_ascii_graphic())
        {
            let of = "has a line break, a space or another character in it that none has";
            return Err(format!("the {name} {of}"));
        }
    }
    let is_same = token == keys.session_token()
        && keys.access_key_id().trim() == keys.access_key_id()
        && keys.secret_access_key().trim() == keys.secret_access_key();
    if is_same {
        return Ok(keys);
    }
    let (id, secret) = (keys.access_key_id().trim(), keys.secret_access_key().trim());
    Ok(Keys::new(id, secret, token.map(str::to_owned), keys.expiry(), "trimmed"))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use aws_credential_types::Credentials as Keys;

    use super::{as_meant, legible, line_of};

    #[test]
    fn a_file_that_is_not_plain_utf_8_is_named_with_its_line() {
        for (bytes, why) in [
            (&b"\xEF\xBB\xBF[default]\n"[..], "`c`, line 1: it begins with a byte-order mark"),
            (&b"\xFF\xFE[\0"[..], "`c`, line 1: it is in UTF-16"),
            (&b"\xFE\xFF\0["[..], "`c`, line 1: it is in UTF-16"),
            (&b"[a]\nb=c\nd=\xE9\n"[..], "`c`, line 3: what stands there is not UTF-8"),
        ] {
            let failure = legible(Path::new("c"), bytes).unwrap_err();
            assert!(failure.what.ends_with(why), "{}", failure.what);
        }
        legible(Path::new("c"), "[profile käse]\r\n".as_bytes()).unwrap();
        legible(Path::new("c"), b"").unwrap();
        assert_eq!(line_of(b"a\nb", 0), 1);
        assert_eq!(line_of(b"a\nb", 2), 2);
    }

    #[test]
    fn an_empty_token_is_none_and_a_line_end_is_no_part_of_a_key() {
        for token in ["", " ", "\r"] {
            let keys = as_meant(Keys::new("AKID\r", "s\r\n", Some(token.into()), None, "test")).unwrap();
            assert_eq!((keys.access_key_id(), keys.secret_access_key()), ("AKID", "s"));
            assert_eq!(keys.session_token(), None, "{token:?}");
        }
        let keys = as_meant(Keys::new("AKID", "s", Some("t\n".into()), None, "test")).unwrap();
        assert_eq!(keys.session_token(), Some("t"));
    }

    #[test]
    fn quotation_marks_around_a_key_are_named_without_the_key() {
        for (id, secret) in [("\"AKID\"", "s"), ("AKID", "'hunter2'"), ("“AKID”", "s")] {
            let why = as_meant(Keys::new(id, secret, None, None, "test")).unwrap_err();
            assert!(why.ends_with("has quotation marks around it, which belong to no key"), "{why}");
            assert!(!why.contains("AKID") && !why.contains("hunter"), "{why}");
        }
    }

    #[test]
    fn what_no_key_has_in_it_is_named_without_the_key() {
        for (id, secret, token, of) in [
            ("AK\rID", "s", None, "access key id"),
            ("AKID", "hun\nter2", None, "secret access key"),
            ("AKID", "s", Some("t\u{a0}u"), "session token"),
        ] {
            let why = as_meant(Keys::new(id, secret, token.map(str::to_owned), None, "test")).unwrap_err();
            assert!(why.starts_with(&format!("the {of} has a line break")), "{why}");
            assert!(!why.contains("ter2") && !why.contains("AK"), "{why}");
        }
    }
}
