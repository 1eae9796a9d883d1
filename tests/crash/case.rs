//! One case of the matrix: where the process dies, in which weather, and how the roster is edited before it goes on.

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use headcount::crash::POINTS;
use headcount::lane::backoff::Random;
use headcount::simulator::{Fault, Odds, Weather};

/// The weather while the process dies and comes back; later resumes find a calm day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sky {
    Calm,
    ErrorBefore,
    ErrorAfter,
    DropBefore,
    DropAfter,
    Stall,
    Storm,
    Lag,
    Rough,
}

impl Sky {
    pub(crate) const ALL: [Sky; 9] = [
        Sky::Calm,
        Sky::ErrorBefore,
        Sky::ErrorAfter,
        Sky::DropBefore,
        Sky::DropAfter,
        Sky::Stall,
        Sky::Storm,
        Sky::Lag,
        Sky::Rough,
    ];

    pub(crate) fn weather(self) -> Weather {
        let creates = match self {
            Sky::Calm => Odds::NONE,
            Sky::ErrorBefore => Odds { error_before: 0.25, ..Odds::NONE },
            Sky::ErrorAfter => Odds { error_after: 0.25, ..Odds::NONE },
            Sky::DropBefore => Odds { drop_before: 0.25, ..Odds::NONE },
            Sky::DropAfter => Odds { drop_after: 0.25, ..Odds::NONE },
            Sky::Stall => Odds { stall_before: 0.15, stall_after: 0.15, ..Odds::NONE },
            Sky::Storm => Odds { throttled: 0.4, ..Odds::NONE },
            Sky::Lag => Odds { drop_after: 0.15, error_after: 0.1, ..Odds::NONE },
            Sky::Rough => Weather::rough().creates,
        };
        let rough = Weather::rough();
        Weather {
            creates,
            others: if self == Sky::Rough { Odds { throttled: 0.02, ..Odds::NONE } } else { Odds::NONE },
            stall: Duration::from_millis(60),
            lagging: if self == Sky::Rough { rough.lagging } else { 0.0 },
            lag: rough.lag,
            odd_errors: if self == Sky::Rough { rough.odd_errors } else { 0.0 },
            ..Weather::calm()
        }
    }

    /// How long every new user stays unseen: longer than any run here waits.
    fn search_lag(self) -> Duration {
        if self == Sky::Lag { Duration::from_secs(240) } else { Duration::ZERO }
    }
}

/// What happens to the roster between the first crash and the first resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edit {
    Same,
    Changed,
    Added,
    Dropped,
    Moved,
    Renamed,
}

impl Edit {
    pub(crate) const ALL: [Edit; 6] =
        [Edit::Same, Edit::Changed, Edit::Added, Edit::Dropped, Edit::Moved, Edit::Renamed];
}

/// A row of the roster, as far as the cases differ in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) user: String,
    pub(crate) last_name: String,
}

/// Where a process aborts: at the Nth passage of a named point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Crash {
    pub(crate) point: &'static str,
    pub(crate) passage: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) number: u64,
    /// One after the other, each in a process of its own.
    pub(crate) crashes: Vec<Crash>,
    /// After the first crash the ledger is as a program of before would have left it.
    pub(crate) is_of_version_1: bool,
    pub(crate) sky: Sky,
    /// How long each new user stays unseen.
    pub(crate) search_lag: Duration,
    pub(crate) edit: Edit,
    pub(crate) concurrency: u16,
    /// Whether the program makes the passwords.
    pub(crate) generates: bool,
    /// Whether the service takes a name that differs only in case for the same.
    pub(crate) variants_clash: bool,
    /// Faults of the very first calls.
    pub(crate) script: VecDeque<Fault>,
    pub(crate) before: Vec<Row>,
    pub(crate) after: Vec<Row>,
    /// Somebody else's users: there and seen, and there but not seen yet.
    pub(crate) foreign_seen: Vec<String>,
    pub(crate) foreign_unseen: Vec<String>,
    pub(crate) seed: u64,
}

/// How many cases it takes to have met every point in every weather, once.
pub(crate) const POINTS_AND_SKIES: u64 = (POINTS.len() * Sky::ALL.len()) as u64;

impl Case {
    /// The first [`POINTS_AND_SKIES`] cases have every point in every weather; twelve times as many have each of these
    /// with every edit and both concurrencies; then they come again with other passages, faults and rows.
    pub(crate) fn numbered(number: u64) -> Self {
        let mut dice = Random::seeded(number.wrapping_mul(0x9E37_79B9).wrapping_add(0xC0FFEE));
        let pair = number % POINTS_AND_SKIES;
        let round = number / POINTS_AND_SKIES;
        let shuffled = Random::seeded(pair).next_u64();
        let point = POINTS[(pair % POINTS.len() as u64) as usize];
        let sky = Sky::ALL[(pair / POINTS.len() as u64) as usize];
        let edit = Edit::ALL[((round + shuffled) % 6) as usize];
        let concurrency = [1, 8][((round / 6 + (shuffled >> 32)) % 2) as usize];
        let mut crashes = Vec::new();
        if point.starts_with("repair") {
            crashes.push(Crash { point: "append-torn", passage: 1 + dice.next_u64() % 8 });
        }
        let is_of_version_1 = point.starts_with("upgrade");
        if is_of_version_1 {
            crashes.push(Crash { point: "plan-recorded", passage: 1 });
        }
        crashes.push(Crash { point, passage: passage(point, &mut dice) });
        for _ in 0..dice.next_u64() % 3 {
            let point = POINTS[(dice.next_u64() % POINTS.len() as u64) as usize];
            crashes.push(Crash { point, passage: passage(point, &mut dice) });
        }
        let before: Vec<Row> = (0..12).map(|n| row(&format!("agent{n:02}"), "Before")).collect();
        let mut after = before.clone();
        let pick = |dice: &mut Random, rows: &[Row]| (dice.next_u64() % rows.len() as u64) as usize;
        match edit {
            Edit::Same => {}
            Edit::Changed => {
                for _ in 0..4 {
                    let at = pick(&mut dice, &after);
                    after[at].last_name = "After".into();
                }
            }
            Edit::Added => {
                for n in 0..2 {
                    let at = pick(&mut dice, &after);
                    after.insert(at, row(&format!("added{n:02}"), "After"));
                }
            }
            Edit::Dropped => {
                for _ in 0..3 {
                    let at = pick(&mut dice, &after);
                    after.remove(at);
                }
            }
            Edit::Moved => after.reverse(),
            Edit::Renamed => {
                for n in 0..3 {
                    let at = pick(&mut dice, &after);
                    after[at].user = format!("renamed{n:02}");
                }
            }
        }
        let mut script = VecDeque::new();
        if dice.next_u64().is_multiple_of(4) {
            script.extend(std::iter::repeat_n(Fault::Pass, (dice.next_u64() % 8) as usize));
            script.push_back(Fault::Refuse { status: 400, code: "InvalidRequestException" });
        }
        // Only now and then is one there at all, so that a run of nothing but our own users ends with exit 0.
        let others = dice.next_u64();
        let mut foreign_seen = Vec::new();
        let mut foreign_unseen = Vec::new();
        if !others.is_multiple_of(4) {
            foreign_seen.extend(["agent03".to_owned(), "AGENT05".to_owned(), "somebody".to_owned()]);
            foreign_unseen.push("agent08".to_owned());
        }
        Self {
            number,
            crashes,
            is_of_version_1,
            sky,
            search_lag: sky.search_lag(),
            edit,
            concurrency,
            // Points of the passwords are passed with them only; else a third of the cases.
            generates: point.starts_with("password") || others % 3 == 1,
            variants_clash: others & 0x10 != 0,
            script,
            before,
            after,
            foreign_seen,
            foreign_unseen,
            seed: dice.next_u64(),
        }
    }
}

/// How often a point is passed depends on what it is: some once a process, some several times a row.
fn passage(point: &str, dice: &mut Random) -> u64 {
    let most = match point {
        "ledger-opened" | "repair-before" | "repair-after" | "upgrade-written" | "upgrade-kept"
        | "upgrade-renamed" | "plan-before" | "plan-recorded" | "passwords-begun" | "close-before"
        | "close-after" => 1,
        "look-before" | "look-after" | "settled" => 3,
        _ => 14,
    };
    1 + dice.next_u64() % most
}

fn row(user: &str, last_name: &str) -> Row {
    Row { user: user.into(), last_name: last_name.into() }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "case {}: ", self.number)?;
        for crash in &self.crashes {
            write!(f, "{}:{}, ", crash.point, crash.passage)?;
        }
        let (sky, edit, concurrency) = (self.sky, self.edit, self.concurrency);
        write!(f, "{sky:?}, {edit:?}, concurrency {concurrency}")?;
        if self.generates {
            f.write_str(", passwords are made")?;
        }
        if self.variants_clash {
            f.write_str(", case variants clash")?;
        }
        if !self.script.is_empty() {
            write!(f, ", call {} refused", self.script.len())?;
        }
        write!(f, ", {} foreign users", self.foreign_seen.len() + self.foreign_unseen.len())
    }
}
