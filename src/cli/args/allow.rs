//! Which errors are let through: the flag of every command that checks a roster.

use clap::Args;

use crate::finding::LetThrough;

/// Which errors are let through.
#[derive(Clone, Debug, Default, Args)]
pub(in crate::cli) struct AllowArgs {
    /// Let this error through, as a warning, for the service to decide; may be given again. Only for errors that rest on
    /// prose, as in `username-characters`: `headcount validate --explain CODE` says which
    #[arg(long = "allow", help_heading = "Rows", value_name = "CODE", value_parser = code)]
    pub(in crate::cli) allow: Vec<String>,
}

fn code(word: &str) -> Result<String, String> {
    LetThrough::default().add(word).map(|()| word.to_owned())
}

impl AllowArgs {
    /// All of them. What is none was refused when it was read.
    pub(in crate::cli) fn meant(&self) -> LetThrough {
        let mut through = LetThrough::default();
        for code in &self.allow {
            let _ = through.add(code);
        }
        through
    }
}
