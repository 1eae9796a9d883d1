//! The flags that say how a roster is read: the same for every command that takes one.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::agent::IdentityType;
use crate::roster::Options;

/// Which roster, and how it is read.
#[derive(Debug, clap::Args)]
pub(super) struct RosterArgs {
    /// The roster: CSV or XLSX
    #[arg(value_name = "ROSTER")]
    pub(super) path: PathBuf,

    /// A column map for a foreign export (TOML); `headcount columns` proposes one
    #[arg(long, value_name = "FILE")]
    pub(super) columns: Option<PathBuf>,

    /// The sheet of a workbook [default: the first visible one]
    #[arg(long, value_name = "NAME")]
    pub(super) sheet: Option<String>,

    /// The encoding of a CSV [default: its mark, UTF-8, or Windows-1252 with a warning]
    #[arg(long, value_name = "LABEL")]
    pub(super) encoding: Option<String>,

    /// The delimiter of a CSV: one character, or `tab` [default: the one of , ; and tab that fits]
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub(super) delimiter: Option<u8>,
}

impl RosterArgs {
    /// The flags as the reader takes them.
    pub(super) fn options(&self) -> Options {
        Options {
            columns: self.columns.clone(),
            sheet: self.sheet.clone(),
            encoding: self.encoding.clone(),
            delimiter: self.delimiter,
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" | b"\t" => Ok(b'\t'),
        [byte] if byte.is_ascii_punctuation() && *byte != b'"' => Ok(*byte),
        _ => Err("expected one character such as `;`, or `tab`".into()),
    }
}

/// Reads the words of `--identity`.
pub(super) fn identity() -> impl TypedValueParser<Value = IdentityType> {
    PossibleValuesParser::new(IdentityType::ALL.map(IdentityType::as_flag)).map(|word| {
        let named = IdentityType::ALL.into_iter().find(|identity| identity.as_flag() == word);
        // The parser lets no other word pass.
        named.unwrap_or(IdentityType::ConnectManaged)
    })
}
