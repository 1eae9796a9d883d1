//! Reads the file back.

use std::io::{BufRead as _, BufReader, Read};
use std::path::Path;

use secrecy::zeroize::Zeroizing;

use super::record::{BEGINNING, Kind, Line, Of, VERSION};
use super::sealed::Identities;
use crate::agent::Password;
use crate::error::Failure;
use crate::ledger::Attempt;
use crate::text;

/// What a file says, but for the passwords.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The run that it belongs to; empty where it has no record yet.
    pub(crate) run: String,
    /// To whom its records are encrypted; nobody where they are not.
    pub(crate) recipients: Vec<String>,
    /// How many passwords are in it.
    pub(crate) records: u32,
    /// The highest attempt in it.
    pub(crate) highest: Option<Attempt>,
    /// The bytes of whole lines: where the next line belongs.
    pub(crate) good: u64,
    /// The bytes of a last line that a crash cut short; 0 where the file ends as it should.
    pub(crate) torn: u64,
}

/// A record's password, as it is kept.
pub(crate) enum Held<'l> {
    /// In the clear.
    Plain(&'l str),
    /// Encrypted.
    Sealed {
        /// The age file, in its ASCII armour.
        armour: &'l str,
        /// What must be in it beside the password.
        run: &'l str,
        /// The same.
        user: &'l str,
        /// The same.
        of: Of,
    },
}

impl Held<'_> {
    /// The password itself. `None` where none of these identities opens it, or where what is in it is of another record.
    pub(crate) fn open(&self, identities: Option<&Identities>) -> Option<Password> {
        match *self {
            Self::Plain(text) => Some(Password::new(text)),
            Self::Sealed { armour, run, user, of } => {
                let opened = identities?.open(armour)?;
                let line: Line = serde_json::from_slice(&opened).ok()?;
                let is_it = line.run == run
                    && line.user.as_deref() == Some(user)
                    && line.attempt == Some(of.attempt.number())
                    && line.nonce == of.nonce;
                line.password.filter(|_| is_it).map(|password| Password::new(&*password))
            }
        }
    }
}

/// Reads a file from its start and lends every password's user, attempt and what is kept of it to `each`.
///
/// A last line without its newline was being written when the process or the machine ended: its request never left, and it
/// is left out. Any other line that cannot be read is damage, and so is one of another run.
pub(crate) fn find(
    file: impl Read,
    path: &Path,
    mut each: impl FnMut(&str, Of, Held<'_>),
) -> Result<Found, Failure> {
    let mut reader = BufReader::with_capacity(1 << 16, file);
    let mut line = Zeroizing::new(Vec::with_capacity(1 << 12));
    let mut found = Found::default();
    loop {
        line.clear();
        let read = reader.read_until(b'\n', &mut line).map_err(|error| {
            Failure::usage(format!("cannot read the credentials file: `{}`", path.display())).because(error)
        })?;
        if read == 0 {
            return Ok(found);
        }
        if line.last() != Some(&b'\n') {
            let both = line.len().min(BEGINNING.len());
            if found.good == 0 && line[..both] != BEGINNING[..both] {
                return Err(not_ours(path));
            }
            found.torn = read as u64;
            return Ok(found);
        }
        take(&mut found, &line, path, &mut each)?;
        found.good += read as u64;
    }
}

fn take(
    found: &mut Found,
    line: &[u8],
    path: &Path,
    each: &mut impl FnMut(&str, Of, Held<'_>),
) -> Result<(), Failure> {
    let is_first = found.good == 0;
    // The parser's own message may quote the line, and that may be a password.
    let bytes = line;
    let read = std::str::from_utf8(line).ok();
    let read = read.and_then(|text| serde_json::from_str::<Line>(text).ok());
    let Some(line) = read.filter(|line| is_first == (line.kind == Kind::Credentials)) else {
        return Err(match text::written_anew(bytes).filter(|_| is_first) {
            Some(why) => not_ours(path).because(why),
            None if is_first => not_ours(path),
            None => damaged(path, found.good),
        });
    };
    if is_first {
        if line.version != Some(VERSION) {
            return Err(Failure::stopped(format!(
                "the credentials file has another format than version {VERSION}: `{}`",
                path.display()
            ))
            .hint("use the headcount that wrote it"));
        }
        found.run = line.run.into_owned();
        found.recipients = line.recipients;
        return Ok(());
    }
    let (Some(user), Some(attempt)) = (line.user.as_deref(), line.attempt.and_then(Attempt::new)) else {
        return Err(damaged(path, found.good));
    };
    let of = Of { attempt, nonce: line.nonce };
    let held = match (line.password.as_deref(), line.sealed.as_deref()) {
        (Some(password), None) => Held::Plain(password),
        (None, Some(armour)) => Held::Sealed { armour, run: &line.run, user, of },
        _ => return Err(damaged(path, found.good)),
    };
    if line.run != found.run {
        return Err(damaged(path, found.good));
    }
    found.records = found.records.saturating_add(1);
    found.highest = found.highest.max(Some(attempt));
    each(user, of, held);
    Ok(())
}

fn not_ours(path: &Path) -> Failure {
    Failure::usage(format!("the file is not a credentials file of headcount: `{}`", path.display()))
        .hint("it was left as it is; name a file of its own for the passwords")
}

fn damaged(path: &Path, offset: u64) -> Failure {
    Failure::stopped(format!("the credentials file is damaged at byte {offset}: `{}`", path.display()))
        .hint("put a whole copy of it back")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn a_byte_that_was_changed_in_a_member_that_nobody_reads_is_damage_too() {
        let first = b"{\"type\":\"credentials\",\"version\":1,\"run\":\"r\"}\n";
        for (byte, is_damaged) in [(b'a', false), (0xe1, true)] {
            let mut file = first.to_vec();
            file.extend(b"{\"type\":\"password\",\"run\":\"r\",\"user\":\"ana\",\"attempt\":1,\"later\":\"");
            file.push(byte);
            file.extend(b"\",\"password\":\"p\"}\n");
            let read = find(&file[..], Path::new("p.jsonl"), |_, _, _| {});
            match read {
                Ok(found) => assert!(!is_damaged && found.records == 1),
                Err(failure) => {
                    assert!(is_damaged && failure.exit == Exit::Stopped, "{failure}");
                    assert!(failure.what.contains(&format!("damaged at byte {}", first.len())), "{failure}");
                }
            }
        }
    }
}
