//! `--updates`: what the embedded Connect does with what an update leaves out.

use clap::ValueEnum;

use crate::simulator::Updates;

/// The words of `--updates`. Nobody has said in writing which of them the service is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum LeaveOut {
    /// What an update leaves out is gone, and what it gives as empty is taken away
    #[default]
    Replace,
    /// What an update leaves out stays, and what it gives as empty is taken away
    Merge,
    /// What an update leaves out stays, and nothing can be taken away: the call succeeds and changes nothing
    Stubborn,
    /// What an update leaves out is gone, and an empty value is an error
    Strict,
}

impl From<LeaveOut> for Updates {
    fn from(word: LeaveOut) -> Self {
        match word {
            LeaveOut::Replace => Self::REPLACE,
            LeaveOut::Merge => Self::MERGE,
            LeaveOut::Stubborn => Self::STUBBORN,
            LeaveOut::Strict => Self::STRICT,
        }
    }
}
