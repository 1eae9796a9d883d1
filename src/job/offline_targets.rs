//! A check of a roster of several targets without any of their instances: each row by the rules of its own.

use super::offline::{Basis, Offline, OfflineChecked};
use super::sorted::Sorted;
use super::targets::Targets;
use super::world::go_on;
use crate::agent::IdentityType;
use crate::directory::Directory;
use crate::error::Failure;
use crate::roster::{OfTargets, Options, Roster};
use crate::stop::Switch;

/// What is to be checked, and for which targets.
#[derive(Clone, Debug)]
pub struct OfflineTargets {
    /// The roster and how it is read; of what goes for one instance nothing.
    pub offline: Offline,
    /// The targets.
    pub targets: Targets,
    /// The places of those that are asked for; none asks for all.
    pub picked: Vec<usize>,
}

/// How the rows of one target were checked.
#[derive(Clone, Debug)]
pub struct OfTargetOffline {
    /// Its name.
    pub target: String,
    /// How many rows it has.
    pub rows: u64,
    /// By which rules they were checked, and why by these.
    pub basis: Basis,
}

impl OfflineTargets {
    /// Checks every row by the rules of its target. Asked to stop, it does soon.
    ///
    /// # Errors
    /// Exit 2 where the roster or a directory cannot be used; exit 5 where it was stopped.
    pub fn check(&self, stop: &Switch) -> Result<(OfflineChecked, Vec<OfTargetOffline>), Failure> {
        let Self { offline, targets, picked } = self;
        let names = std::sync::Arc::new(targets.names());
        let reading = |only: Option<usize>| Options {
            targets: Some(OfTargets { names: std::sync::Arc::clone(&names), only }),
            ..offline.reading.clone()
        };
        let sorted = Sorted::of(Roster::open(&offline.roster, &reading(None))?, &|| go_on(stop))?;
        let (mut parts, mut told) = (Vec::new(), Vec::new());
        for (at, target) in targets.each.iter().enumerate() {
            let is_asked_for = picked.is_empty() || picked.contains(&at);
            let rows = sorted.rows_of(Some(at));
            // Of nobody there is nothing to check; where there is no row at all, that is said once.
            if !is_asked_for || (rows == 0 && !sorted.rows.is_empty()) {
                continue;
            }
            let saved = target.directory.as_deref().map(Directory::read).transpose()?;
            let known = target.identity.or(saved.map(|saved| saved.instance.identity));
            let keeps_passwords = known.is_none_or(|known| known == IdentityType::ConnectManaged);
            let part = Offline {
                reading: reading(Some(at)),
                identity: target.identity,
                directory: target.directory.clone(),
                makes_passwords: offline.makes_passwords && keeps_passwords,
                with_fixes: false, // nothing of a part mends the whole
                ..offline.clone()
            };
            let part = part.check(stop)?;
            told.push(OfTargetOffline { target: target.name.clone(), rows, basis: part.basis });
            parts.push(part);
        }
        let of: Vec<&OfflineChecked> = parts.iter().collect();
        let Sorted { roster, findings, unmet, .. } = sorted;
        let none = || Failure::usage("no row of the roster is for these targets");
        let checked = OfflineChecked::together(roster, &of, &findings, unmet).ok_or_else(none)?;
        Ok((checked, told))
    }
}
