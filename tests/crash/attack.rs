//! What befalls the files of a case besides its crashes: they are copied and both go on, older ones are put back, or they
//! are cut.

use std::fmt;
use std::time::Duration;

use headcount::lane::backoff::Random;

use crate::case::{Case, Sky};

/// Which of a run's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Ledger,
    Credentials,
    Both,
}

impl Part {
    pub(crate) fn has_ledger(self) -> bool {
        self != Part::Credentials
    }

    pub(crate) fn has_credentials(self) -> bool {
        self != Part::Ledger
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attack {
    /// The folder is copied where a process died, and both go on.
    CopyOfTheDead,
    /// The same while a process sleeps, which goes on when the copy has.
    CopyOfTheSleeping,
    /// The same, and both go on at once.
    CopyAtWork,
    /// An older copy is put back.
    Older(Part),
    /// What is there is cut at any byte.
    Cut(Part),
}

impl Attack {
    const ALL: [Attack; 9] = [
        Attack::CopyOfTheDead,
        Attack::CopyOfTheSleeping,
        Attack::CopyAtWork,
        Attack::Older(Part::Ledger),
        Attack::Older(Part::Credentials),
        Attack::Older(Part::Both),
        Attack::Cut(Part::Ledger),
        Attack::Cut(Part::Credentials),
        Attack::Cut(Part::Both),
    ];

    fn needs_credentials(self) -> bool {
        matches!(self, Attack::Older(part) | Attack::Cut(part) if part.has_credentials())
    }
}

/// A case under attack: everything is drawn from its number.
#[derive(Clone, Debug)]
pub(crate) struct Attacked {
    pub(crate) number: u64,
    pub(crate) attack: Attack,
    /// Crashes, weather, rosters and all else.
    pub(crate) case: Case,
    /// Whether the copy has the edited roster from the start, or the one that was there.
    pub(crate) edits_the_copy: bool,
    /// Whether copies go on at once, or in turns.
    pub(crate) at_once: bool,
    /// How often the process goes on between the older copy and its return.
    pub(crate) goes_on: usize,
    /// Where a file is cut, as a share of it.
    pub(crate) cut: f64,
}

/// How many cases it takes to have met every attack with and without a lag and with and without made passwords.
pub(crate) const ATTACKS: u64 = 28;

/// How long a new user stays unseen, where there is a lag: longer than one process looks for it, shorter than the case.
const LAG: Duration = Duration::from_secs(3);

impl Attacked {
    /// The first [`ATTACKS`] cases have every attack with and without a lag, and with and without made passwords where it
    /// can be without; then they come again with other crashes, weathers and rosters.
    pub(crate) fn numbered(number: u64) -> Self {
        let mut dice = Random::seeded(number.wrapping_mul(0x9E37_79B9).wrapping_add(0xA77AC4));
        let kinds: Vec<(Attack, bool, bool)> = Attack::ALL
            .into_iter()
            .flat_map(|attack| [true, false].map(|lags| (attack, lags)))
            .flat_map(|(attack, lags)| [true, false].map(|generates| (attack, lags, generates)))
            .filter(|(attack, _, generates)| *generates || !attack.needs_credentials())
            .collect();
        assert_eq!(kinds.len() as u64, ATTACKS);
        let (attack, lags, generates) = kinds[(number % ATTACKS) as usize];
        let skies =
            [Sky::Calm, Sky::ErrorAfter, Sky::DropAfter, Sky::DropBefore, Sky::Stall, Sky::Storm, Sky::Rough];
        let mut case = Case::numbered(dice.next_u64() >> 32);
        case.sky = skies[(dice.next_u64() % skies.len() as u64) as usize];
        case.search_lag = if lags { LAG } else { Duration::ZERO };
        case.generates = generates;
        // Nothing of a case may hang on a crash point that only another kind of file passes.
        case.is_of_version_1 = false;
        Self {
            number,
            attack,
            case,
            edits_the_copy: dice.fraction() < 0.5,
            at_once: dice.fraction() < 0.5,
            goes_on: 1 + (dice.next_u64() % 2) as usize,
            cut: dice.fraction(),
        }
    }
}

impl fmt::Display for Attacked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attack {}: {:?}, lag {:?}", self.number, self.attack, self.case.search_lag)?;
        if self.edits_the_copy {
            f.write_str(", the copy's roster is edited")?;
        }
        write!(f, ", at once: {}, goes on {} times, cut {:.3}; ", self.at_once, self.goes_on, self.cut)?;
        self.case.fmt(f)
    }
}
