//! How a roster is read: the flags that every command with a roster has.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, ValueEnum};

use crate::agent::{IdentityType, PhoneRegion};
use crate::error::Failure;
use crate::roster::{OfTargets, Options, Roster};

/// How the roster is read. Without any of these it is found out.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading the roster")]
pub(in crate::cli) struct RosterArgs {
    /// A column map for a foreign export; `headcount columns ROSTER` proposes one.
    #[arg(long, value_name = "FILE.toml")]
    pub(in crate::cli) columns: Option<PathBuf>,

    /// The sheet of a workbook [default: its first visible one, or the only one with a header that is known].
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) sheet: Option<String>,

    /// The row that is the header, by the number that a spreadsheet shows [default: it is looked for at the top].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_048_576))]
    pub(in crate::cli) header_row: Option<u64>,

    /// The encoding of a CSV, as in `windows-1252` or `shift_jis` [default: its mark, UTF-8, else windows-1252].
    #[arg(long, value_name = "LABEL")]
    pub(in crate::cli) encoding: Option<String>,

    /// The country whose national phone numbers become E.164, as in DE or US [default: numbers must be E.164].
    #[arg(long, value_name = "COUNTRY")]
    pub(in crate::cli) phone_region: Option<PhoneRegion>,

    /// Which of several targets' rows are read: a file of targets says it, and there is no flag for it.
    #[arg(skip)]
    pub(in crate::cli) of_targets: Option<OfTargets>,
}

impl RosterArgs {
    /// How these flags say that a roster is read.
    pub(in crate::cli) fn meant(&self) -> Options {
        let Self { columns, sheet, header_row, encoding, phone_region, of_targets: targets } = self.clone();
        let (delimiter, act) = (None, None);
        Options { columns, sheet, header_row, encoding, delimiter, phone_region, act, targets }
    }

    /// What is said here takes the place of what was said before.
    pub(in crate::cli) fn overlay(&mut self, said: Self) {
        let Self { columns, sheet, header_row, encoding, phone_region, of_targets } = said;
        self.columns = columns.or(self.columns.take());
        self.sheet = sheet.or(self.sheet.take());
        self.header_row = header_row.or(self.header_row);
        self.encoding = encoding.or(self.encoding.take());
        self.phone_region = phone_region.or(self.phone_region);
        self.of_targets = of_targets.or(self.of_targets.take());
    }

    /// The name of the one of several targets whose rows are read.
    pub(in crate::cli) fn target(&self) -> Option<&str> {
        self.of_targets.as_ref().and_then(OfTargets::name)
    }

    /// What a ledger has of them, among other words of a command line; `None` where that cannot be read.
    pub(in crate::cli) fn of_settings(settings: &[String]) -> Option<Self> {
        const OURS: [&str; 5] = ["--columns", "--sheet", "--header-row", "--encoding", "--phone-region"];
        let (mut ours, mut words) = (vec!["headcount".to_owned()], settings.iter());
        while let Some(word) = words.next() {
            if OURS.contains(&word.as_str()) {
                ours.push(word.clone());
                ours.extend(words.next().cloned());
            } else if OURS.iter().any(|ours| word.starts_with(&format!("{ours}="))) {
                ours.push(word.clone());
            }
        }
        Alone::try_parse_from(ours).ok().map(|alone| alone.reading)
    }

    /// Opens the roster as these flags say.
    pub(in crate::cli) fn open(&self, path: &Path) -> Result<Roster, Failure> {
        Roster::open(path, &self.meant())
    }
}

/// These flags without a command.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    reading: RosterArgs,
}

/// The words of `--identity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Identity {
    /// Users and passwords live in Amazon Connect (CONNECT_MANAGED).
    #[value(alias = "CONNECT_MANAGED")]
    Connect,
    /// Users sign in through a SAML 2.0 identity provider (SAML).
    Saml,
    /// Users come from a directory (EXISTING_DIRECTORY).
    #[value(alias = "EXISTING_DIRECTORY")]
    Directory,
}

impl From<IdentityType> for Identity {
    fn from(kind: IdentityType) -> Self {
        match kind {
            IdentityType::ConnectManaged => Self::Connect,
            IdentityType::Saml => Self::Saml,
            IdentityType::ExistingDirectory => Self::Directory,
        }
    }
}

impl From<Identity> for IdentityType {
    fn from(word: Identity) -> Self {
        match word {
            Identity::Connect => Self::ConnectManaged,
            Identity::Saml => Self::Saml,
            Identity::Directory => Self::ExistingDirectory,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn the_words_of_the_flag_are_those_of_the_vocabulary() {
        for word in Identity::value_variants() {
            let shown = word.to_possible_value().unwrap();
            assert_eq!(shown.get_name(), IdentityType::from(*word).as_flag());
        }
    }
}
