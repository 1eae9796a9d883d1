//! Who may be deleted, and how many: the flags of every command that deletes the leavers of a list.

use std::path::PathBuf;

use clap::Args;

use super::protect;
use crate::error::Failure;
use crate::plan::{Lifts, Protected};

/// Who may be deleted, and how many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
#[command(next_help_heading = "Who is deleted")]
pub(in crate::cli) struct RemovingArgs {
    /// How many will be deleted: needed with --yes; with another number nobody is
    #[arg(long, value_name = "N")]
    pub(in crate::cli) count: Option<u64>,

    /// How many may be deleted [default: a tenth of the instance's users, at least 10, at most 50]
    #[arg(long, value_name = "N")]
    pub(in crate::cli) max: Option<u64>,

    /// Names that are never deleted, one a line, `*` and `?` for any characters; lines that begin with `#` are comments
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) protect: Option<PathBuf>,

    /// Delete administrators too: whoever has the security profile Admin
    #[arg(long)]
    pub(in crate::cli) even_if_admin: bool,

    /// Delete those too who are signed in
    #[arg(long)]
    pub(in crate::cli) even_if_signed_in: bool,

    /// Delete those too to whom quick connects lead, and after each of them these quick connects
    #[arg(long)]
    pub(in crate::cli) with_quick_connects: bool,
}

/// What somebody is left with who is suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::cli) struct Suspension {
    /// The one security profile.
    pub(in crate::cli) security_profile: String,
    /// The routing profile; without one it stays.
    pub(in crate::cli) routing_profile: Option<String>,
}

pub(super) fn suspension(typed: &str) -> Result<Suspension, String> {
    let (security, routing) = match typed.split_once(',') {
        Some((security, routing)) => (security.trim(), Some(routing.trim())),
        None => (typed.trim(), None),
    };
    if security.is_empty() || routing.is_some_and(str::is_empty) {
        return Err(
            "expected a security profile, and where it is to change, a routing profile after a comma".into(),
        );
    }
    let routing_profile = routing.map(str::to_owned);
    Ok(Suspension { security_profile: security.to_owned(), routing_profile })
}

impl RemovingArgs {
    /// With what is said now over what was said before.
    pub(in crate::cli) fn overlay(&mut self, now: Self) {
        let Self { count, max, protect, even_if_admin, even_if_signed_in, with_quick_connects } = now;
        self.count = count;
        self.max = max.or(self.max);
        self.protect = protect.or(self.protect.take());
        self.even_if_admin |= even_if_admin;
        self.even_if_signed_in |= even_if_signed_in;
        self.with_quick_connects |= with_quick_connects;
    }

    /// What does not count against somebody.
    pub(in crate::cli) fn lifts(&self) -> Lifts {
        Lifts {
            changed: false,
            quick_connects: self.with_quick_connects,
            signed_in: self.even_if_signed_in,
            admin: self.even_if_admin,
        }
    }

    /// Those who are to stay.
    ///
    /// # Errors
    /// Exit 2 where the file cannot be read or names nobody.
    pub(in crate::cli) fn protected(&self) -> Result<Protected, Failure> {
        protect::read(self.protect.as_deref())
    }
}
