//! `--weather`: how reliable the embedded Connect is.

use clap::ValueEnum;

use crate::simulator::Weather;

/// The words of `--weather`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Sky {
    /// Nothing goes wrong
    #[default]
    Calm,
    /// Throttling, errors, lost answers, stalls and users that the searches do not show yet
    Rough,
    /// As rough, and now and then a user is changed as if by somebody in the console
    Edited,
}

impl From<Sky> for Weather {
    fn from(sky: Sky) -> Self {
        match sky {
            Sky::Calm => Self::calm(),
            Sky::Rough => Self::rough(),
            Sky::Edited => Self::edited(),
        }
    }
}
