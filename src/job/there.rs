//! Who is there already, as they stand against their rows before anything is sent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};

use super::few::Few;
use crate::agent::Differing;
use crate::clock;
use crate::ledger::{self, beside, is_most};
use crate::plan::{CellChange, Person, Remedy, Resolution};
use crate::user::{Found, Held};

/// Who is there already.
#[derive(Default)]
pub(super) struct Met {
    /// Those that were read, by username: the run asks for them no more.
    pub(super) found: HashMap<String, Found>,
    /// How they stand against their rows.
    pub(super) there: There,
}

/// Rows to send whose exact name is on the instance already, as far as they were compared with who has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct There {
    /// Those that have all that their rows ask for.
    pub(crate) equal: Few,
    /// The first that have not, each with how it differs.
    pub(crate) differ: Vec<(String, String)>,
    /// How many more there are of those.
    pub(crate) more_differ: u64,
    /// How many were not compared: they are while it runs, where that is permitted.
    pub(crate) not_compared: u64,
    /// Whether a primary address is among what differs, which an update changes only where that is said.
    pub(crate) addresses: bool,
    /// Whether anything else is.
    pub(crate) others: bool,
    /// The one other run that made most of them.
    pub(crate) of_run: Option<OfRun>,
}

/// A cell that differs, in the words of one that is held against a row.
pub(super) fn differing(cell: &CellChange) -> Differing {
    Differing {
        group: cell.group.as_word(),
        member: cell.cell.clone(),
        there: cell.from.clone(),
        wanted: cell.to.clone(),
    }
}

/// Those whom the ledger made before, as they stand against their rows now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Made {
    /// How many are as their rows ask, as far as was compared.
    pub(crate) same: u64,
    /// Of some not all was compared: a search does not show all.
    pub(crate) is_partial: bool,
    /// The first that are not, each with how it differs, and whether somebody has changed it on the instance.
    pub(crate) differ: Vec<(String, String, bool)>,
    /// How many more there are of those.
    pub(crate) more_differ: u64,
    /// How many of all who differ were changed on the instance, and on no account by the roster.
    pub(crate) changed_there: u64,
    /// How many were not compared.
    pub(crate) not_compared: u64,
    /// The commands that put them right.
    pub(crate) remedies: Vec<Remedy>,
}

impl Made {
    pub(super) fn takes(&mut self, person: &Person, is_partial: bool) {
        self.is_partial |= is_partial;
        if person.resolution == Resolution::Same {
            self.same += 1;
            return;
        }
        let is_theirs = person
            .cells
            .iter()
            .any(|cell| matches!(cell.resolution, Resolution::Drift | Resolution::Conflict));
        let is_rosters = person.cells.iter().any(|cell| cell.resolution == Resolution::Update);
        self.changed_there += u64::from(is_theirs && !is_rosters);
        if self.differ.len() < Few::NAMED {
            let how: Vec<String> = person.cells.iter().map(|cell| differing(cell).to_string()).collect();
            self.differ.push((person.user.clone(), how.join(", "), is_theirs));
        } else {
            self.more_differ += 1;
        }
    }
}

/// A run of another ledger, that made most of the users who have the names of rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OfRun {
    /// Its id.
    pub(crate) run: String,
    /// How many of them it made.
    pub(crate) made: u64,
    /// How many there are.
    pub(crate) of: u64,
    /// The day on which the newest of them was last changed, by the service's clock; where the ledger is at hand, the day
    /// on which that was begun.
    pub(crate) day: Option<String>,
    /// Its ledger, where that lies beside the roster or this one.
    pub(crate) ledger: Option<PathBuf>,
}

impl There {
    /// How many are equal.
    pub(crate) fn equal(&self) -> u64 {
        self.equal.count()
    }

    pub(super) fn takes(&mut self, user: &str, held: &Held, run: &str) {
        if held.by_run.as_deref() == Some(run) {
            // Equal or not: the run is split, and its row is none to be content with.
            self.differs(user, "made by another copy of this ledger".to_owned());
        } else if held.is_equal() {
            self.equal.add(user);
        } else {
            self.addresses |= held.differs.iter().any(Differing::is_login_address);
            self.others |= held.differs.iter().any(|one| !one.is_login_address());
            let differs: Vec<_> = held.differs.iter().map(Differing::to_string).collect();
            self.differs(user, if differs.is_empty() { held.words() } else { differs.join(", ") });
        }
    }

    fn differs(&mut self, user: &str, how: String) {
        if self.differ.len() < Few::NAMED {
            self.differ.push((user.to_owned(), how));
        } else {
            self.more_differ += 1;
        }
    }
}

/// Which runs made those who are there.
#[derive(Default)]
pub(super) struct Makers {
    /// By run: how many, and when the newest was last changed.
    by_run: HashMap<String, (u64, f64)>,
    all: u64,
}

impl Makers {
    pub(super) fn takes(&mut self, held: &Held, found: &Found) {
        self.all += 1;
        if let Some(run) = &held.by_run {
            let (made, newest) = self.by_run.entry(run.clone()).or_default();
            *made += 1;
            *newest = newest.max(found.user.last_modified_time.unwrap_or_default());
        }
    }

    /// The one that made most of them.
    pub(super) fn most(self) -> Option<OfRun> {
        let (run, (made, newest)) = self.by_run.into_iter().max_by_key(|(_, (made, _))| *made)?;
        let since = Duration::try_from_secs_f64(newest).ok().filter(|since| !since.is_zero());
        let day = since.and_then(|since| UNIX_EPOCH.checked_add(since)).map(|at| day(&clock::rfc3339(at)));
        is_most(made, self.all).then_some(OfRun { run, made, of: self.all, day, ledger: None })
    }
}

fn day(at: &str) -> String {
    at.chars().take(10).collect()
}

impl OfRun {
    /// With its ledger, where that is at hand.
    pub(super) fn sought(self, roster: &Path, ledger: &Path) -> Self {
        match ledger_of_run(&self.run, roster, ledger) {
            Some((path, at)) => Self { ledger: Some(path), day: Some(day(&at)), ..self },
            None => self,
        }
    }
}

/// The ledger of a run among those beside the roster and beside this ledger, and when it was begun. By its first record alone.
fn ledger_of_run(run: &str, roster: &Path, ledger: &Path) -> Option<(PathBuf, String)> {
    let folder = |path: &Path| {
        path.parent().map(|at| if at.as_os_str().is_empty() { Path::new(".") } else { at }.to_owned())
    };
    let folders = [folder(roster), folder(ledger)];
    let entries = folders.iter().flatten().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    // One of a run that was undone is nothing to go on with, whoever carries its tag.
    paths.retain(|path| beside::is_named_as_ledger(path) && !ledger::undone::is_named(path));
    paths.sort();
    paths.into_iter().find_map(|path| {
        let header = ledger::first_of(&path).filter(|header| header.run == run)?;
        Some((path.strip_prefix("./").map(Path::to_owned).unwrap_or(path), header.at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(by_run: Option<&str>) -> Held {
        Held { by_run: by_run.map(str::to_owned), is_whole: true, ..Held::default() }
    }

    fn most(runs: &[Option<&str>]) -> Option<(String, u64, u64)> {
        let mut makers = Makers::default();
        let found = Found { user: Default::default(), proficiencies: None };
        runs.iter().for_each(|run| makers.takes(&held(*run), &found));
        makers.most().map(|of| (of.run, of.made, of.of))
    }

    #[test]
    fn one_other_run_is_named_where_it_made_most_and_more_than_one() {
        let (a, b) = (Some("a"), Some("b"));
        assert_eq!(most(&[a, a, a, None]), Some(("a".into(), 3, 4)));
        assert_eq!(most(&[a, a]), Some(("a".into(), 2, 2)));
        for not in [&[a][..], &[a, b], &[a, a, b, b], &[a, a, None, None], &[None, None], &[]] {
            assert_eq!(most(not), None, "{not:?}");
        }
    }

    #[test]
    fn the_first_are_named_and_the_others_counted() {
        let mut there = There::default();
        for at in 0..13 {
            there.takes(&format!("u{at}"), &held(None), "own");
            let differs = vec![Differing {
                group: "hierarchy",
                member: "hierarchy".into(),
                there: None,
                wanted: Some("EMEA".into()),
            }];
            there.takes(&format!("d{at}"), &Held { differs, ..held(None) }, "own");
        }
        assert_eq!((there.equal(), there.equal.first.len()), (13, 10));
        assert_eq!((there.differ.len(), there.more_differ), (10, 3));
        there.takes("c", &held(Some("own")), "own");
        assert_eq!((there.equal(), there.more_differ), (13, 4), "of a copy of the ledger nobody is content");
        assert_eq!(there.differ[0], ("d0".into(), "hierarchy nothing → `EMEA`".into()));
    }
}
