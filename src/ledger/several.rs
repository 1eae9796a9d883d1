//! Several ledgers that are looked at together: each once, and none whose numbers may not be added to the others'.

use std::path::PathBuf;

use super::at::LedgerAt;
use crate::disk;

/// What stands against adding up what several ledgers say: which, by their places.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Clash {
    /// Two are of one run, as a ledger and a copy of it are.
    OneRun(usize, usize),
    /// Some are of rehearsals, which made nobody, and others are not.
    Rehearsed {
        /// Those that are not.
        real: Vec<usize>,
        /// Those that are.
        rehearsed: Vec<usize>,
    },
}

/// Where a ledger is, by whatever name it goes.
#[derive(PartialEq, Eq)]
enum Spot {
    File(PathBuf),
    /// Table, region and name. The profile says who looks, and not at what.
    Run(String, Option<String>, Option<String>),
}

impl Spot {
    fn of(ledger: &LedgerAt) -> Self {
        match ledger.in_table() {
            None => Self::File(disk::full_name(ledger.name())),
            Some(shared) => {
                let url = shared.url();
                Self::Run(url.table.clone(), url.own_region().map(str::to_owned), url.name.clone())
            }
        }
    }
}

/// Each ledger once, in the order in which they are given.
pub(crate) fn each_once(all: &[LedgerAt]) -> Vec<&LedgerAt> {
    let mut spots = Vec::new();
    let mut once = Vec::new();
    for ledger in all {
        let spot = Spot::of(ledger);
        if !spots.contains(&spot) {
            spots.push(spot);
            once.push(ledger);
        }
    }
    once
}

/// What stands against adding up ledgers of these runs, each with whether it is a rehearsal's.
pub(crate) fn clash<'r>(of: impl IntoIterator<Item = (&'r str, bool)>) -> Option<Clash> {
    let of: Vec<(&str, bool)> = of.into_iter().collect();
    let [rehearsed, real] =
        [true, false].map(|which| (0..of.len()).filter(|at| of[*at].1 == which).collect::<Vec<_>>());
    if !rehearsed.is_empty() && !real.is_empty() {
        return Some(Clash::Rehearsed { real, rehearsed });
    }
    (0..of.len()).find_map(|at| {
        let before = of[..at].iter().position(|(run, _)| *run == of[at].0)?;
        Some(Clash::OneRun(before, at))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_is_looked_at_once_by_whatever_name_it_is_given() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        std::fs::write(&path, "").unwrap();
        let all = [
            path,
            folder.path().join("../").join(folder.path().file_name().unwrap()).join("a.jsonl"),
            folder.path().join("b.jsonl"),
        ]
        .map(LedgerAt::file);
        let once: Vec<_> = each_once(&all).into_iter().map(LedgerAt::name).collect();
        assert_eq!(once, [all[0].name(), all[2].name()]);
    }

    #[test]
    fn what_may_not_be_added_up_is_two_of_one_run_and_rehearsals_among_runs() {
        let rehearsed = |real: &[usize], rehearsed: &[usize]| {
            Some(Clash::Rehearsed { real: real.into(), rehearsed: rehearsed.into() })
        };
        for (of, expected) in [
            (vec![], None),
            (vec![("a", true)], None),
            (vec![("a", false), ("b", false)], None),
            (vec![("a", true), ("b", true)], None),
            (vec![("a", false), ("b", false), ("a", false)], Some(Clash::OneRun(0, 2))),
            (vec![("a", true), ("b", false), ("c", true)], rehearsed(&[1], &[0, 2])),
        ] {
            assert_eq!(clash(of.clone()), expected, "{of:?}");
        }
    }
}
