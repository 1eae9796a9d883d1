//! Rates that were learned, kept across runs: one small private file for all accounts.
//!
//! It is a hint and no record: whatever is wrong with it, learning starts anew.

use std::collections::BTreeMap;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::connect::Operation;
use crate::disk;
use crate::text::escape_from;

/// The file, `rates.json` in the user's state folder.
#[derive(Clone, Debug)]
pub struct Remembered {
    path: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct Contents {
    version: u32,
    /// By `account/region/operation`, which is how the service counts.
    rates: BTreeMap<String, Learned>,
}

#[derive(Serialize, Deserialize)]
struct Learned {
    /// Calls a second.
    rate: f64,
    /// When it was learned, RFC 3339 in UTC.
    at: String,
}

const VERSION: u32 = 1;

/// More rates than this are not kept; the oldest go first.
const MOST: usize = 1000;

/// The most that is read of the file, in bytes: that many rates are a tenth of it.
const LONGEST: u64 = 1 << 20;

impl Remembered {
    /// Of this folder, which need not be there yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join("rates.json") }
    }

    /// The rate learned last for an operation of an instance's account and region, in calls a second.
    pub fn rate(&self, instance_arn: &str, operation: Operation) -> Option<f64> {
        let rate = self.read().rates.get(&key(instance_arn, operation)?)?.rate;
        (rate.is_finite() && rate > 0.0).then_some(rate)
    }

    /// Keeps a rate that was learned at a time, and makes the folder where there is none.
    ///
    /// Two runs that end at the same moment may lose one another's: either rate is as good a start.
    pub(crate) fn keep(
        &self,
        instance_arn: &str,
        operation: Operation,
        rate: f64,
        at: &str,
    ) -> io::Result<()> {
        let Some(key) = key(instance_arn, operation) else { return Ok(()) };
        let mut contents = self.read();
        contents.version = VERSION;
        contents.rates.insert(key, Learned { rate: (rate * 100.0).round() / 100.0, at: at.to_owned() });
        // The oldest say least: quotas change, and accounts are left.
        while contents.rates.len() > MOST {
            let oldest = contents.rates.iter().min_by(|a, b| a.1.at.cmp(&b.1.at)).map(|(key, _)| key.clone());
            contents.rates.remove(&oldest.unwrap_or_default());
        }
        if let Some(folder) = self.path.parent() {
            disk::create_private_folder(folder)?;
        }
        let mut text = serde_json::to_vec_pretty(&contents)?;
        escape_from(0, &mut text);
        text.push(b'\n');
        disk::write_atomic(&self.path, &text)
    }

    fn read(&self) -> Contents {
        let text = disk::open_regular(&self.path).and_then(|file| {
            let mut text = Vec::new();
            file.take(LONGEST).read_to_end(&mut text)?;
            Ok(text)
        });
        let contents: Option<Contents> = text.ok().and_then(|text| serde_json::from_slice(&text).ok());
        // Of another version's rates nobody knows what they mean.
        contents.filter(|contents| contents.version == VERSION).unwrap_or_default()
    }
}

/// `arn:aws:connect:REGION:ACCOUNT:instance/ID` → `ACCOUNT/REGION/OPERATION`.
fn key(instance_arn: &str, operation: Operation) -> Option<String> {
    let mut parts = instance_arn.split(':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    (!region.is_empty() && !account.is_empty()).then(|| format!("{account}/{region}/{operation}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:connect:eu-west-2:111122223333:instance/5f3c9a1e-7b42-4d08-9c6f-2e81d0a4b7c3";

    #[test]
    fn a_rate_is_kept_by_account_region_and_operation() {
        let folder = tempfile::tempdir().unwrap();
        let remembered = Remembered::in_folder(&folder.path().join("state/headcount"));
        assert_eq!(remembered.rate(ARN, Operation::CreateUser), None);
        remembered.keep(ARN, Operation::CreateUser, 9.8349, "2026-11-23T14:38:13.042Z").unwrap();
        remembered.keep(ARN, Operation::SearchUsers, 2.0, "2026-11-23T14:38:13.042Z").unwrap();
        assert_eq!(remembered.rate(ARN, Operation::CreateUser), Some(9.83));
        assert_eq!(remembered.rate(ARN, Operation::ListUsers), None);
        let another = ARN.replace("5f3c9a1e", "00000000");
        assert_eq!(
            remembered.rate(&another, Operation::CreateUser),
            Some(9.83),
            "an account's, not an instance's"
        );
        for (from, to) in [("eu-west-2", "us-east-1"), ("111122223333", "444455556666")] {
            assert_eq!(remembered.rate(&ARN.replace(from, to), Operation::CreateUser), None);
        }
    }

    #[cfg(unix)]
    #[test]
    fn the_file_and_its_folder_are_the_users_own() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let remembered = Remembered::in_folder(&folder.path().join("headcount"));
        remembered.keep(ARN, Operation::CreateUser, 2.0, "t").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&remembered.path), 0o600);
        assert_eq!(mode(remembered.path.parent().unwrap()), 0o700);
    }

    #[test]
    fn whatever_is_wrong_with_the_file_learning_starts_anew() {
        let folder = tempfile::tempdir().unwrap();
        let remembered = Remembered::in_folder(folder.path());
        let key = key(ARN, Operation::CreateUser).unwrap();
        for text in [
            String::new(),
            "{".into(),
            "[]".into(),
            "\u{0}".into(),
            format!(r#"{{"version":2,"rates":{{"{key}":{{"rate":5.0,"at":"t"}}}}}}"#),
            format!(r#"{{"version":1,"rates":{{"{key}":{{"rate":-5.0,"at":"t"}}}}}}"#),
            format!(r#"{{"version":1,"rates":{{"{key}":{{"rate":"5","at":"t"}}}}}}"#),
        ] {
            std::fs::write(&remembered.path, &text).unwrap();
            assert_eq!(remembered.rate(ARN, Operation::CreateUser), None, "{text}");
            remembered.keep(ARN, Operation::CreateUser, 3.0, "t").unwrap();
            assert_eq!(remembered.rate(ARN, Operation::CreateUser), Some(3.0), "{text}");
        }
        assert_eq!(remembered.rate("not an arn", Operation::CreateUser), None);
    }

    #[test]
    fn the_file_does_not_grow_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let remembered = Remembered::in_folder(folder.path());
        let mut contents = Contents { version: VERSION, ..Contents::default() };
        for account in 0..MOST {
            let at = format!("2026-01-01T00:00:{account:05}");
            contents.rates.insert(format!("{account}/r/CreateUser"), Learned { rate: 1.0, at });
        }
        std::fs::write(&remembered.path, serde_json::to_vec(&contents).unwrap()).unwrap();
        remembered.keep(ARN, Operation::CreateUser, 3.0, "2026-11-23").unwrap();
        let kept = remembered.read().rates;
        assert!(
            kept.len() == MOST && !kept.contains_key("0/r/CreateUser") && kept.contains_key("1/r/CreateUser")
        );
    }
}
