//! How a roster is read: the flags that every command with a roster has.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::agent::IdentityType;
use crate::roster::Options;

/// How the roster is read. Without any of these it is found out.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Reading the roster")]
pub struct RosterArgs {
    /// A column map for a foreign export (TOML); `headcount columns` proposes one
    #[arg(long, value_name = "FILE")]
    pub columns: Option<PathBuf>,

    /// The sheet of a workbook [default: the first visible one]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,

    /// The encoding of a CSV [default: its mark, UTF-8, or Windows-1252 with a warning]
    #[arg(long, value_name = "LABEL")]
    pub encoding: Option<String>,

    /// The delimiter of a CSV: one character, or `tab` [default: the one of , ; and tab that fits]
    #[arg(long, value_name = "CHARACTER", value_parser = delimiter)]
    pub delimiter: Option<u8>,
}

impl RosterArgs {
    /// The flags as the reader takes them.
    pub fn options(&self) -> Options {
        let Self { columns, sheet, encoding, delimiter } = self.clone();
        Options { columns, sheet, encoding, delimiter }
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
pub fn identity() -> impl TypedValueParser<Value = IdentityType> {
    PossibleValuesParser::new(IdentityType::ALL.map(IdentityType::as_flag)).map(|word| {
        let named = IdentityType::ALL.into_iter().find(|identity| identity.as_flag() == word);
        // The parser lets no other word pass.
        named.unwrap_or(IdentityType::ConnectManaged)
    })
}
