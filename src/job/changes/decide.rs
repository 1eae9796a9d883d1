//! One person of the roster × who is there × what was last asked for → how they differ, and what is done about it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::agent::{Channel, Fingerprint, IdentityType, RowNumber};
use crate::connect::Operation;
use crate::plan::{CellChange, Holder, Person, Resolution, Sides, of_holder, resolve};
use crate::user::base::{self, AsBefore, Base};
use crate::user::change::{Clearing, adds_rights, changes};
use crate::user::{Canonical, Difference, Found, Group, Member, NamesOfIds, Wish};

/// What is asked of a comparison, or of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asking {
    /// The groups that are looked at; none picks all.
    pub only: BTreeSet<Group>,
    /// What somebody has changed on the instance is put back.
    pub overwrites_drift: bool,
    /// The primary address may be changed, by which whoever has it can take over the login.
    pub changes_email: bool,
}

/// What is the same for every person.
#[derive(Clone, Copy)]
pub(super) struct Setting<'s> {
    pub(super) asking: &'s Asking,
    pub(super) identity: IdentityType,
    pub(super) names: &'s NamesOfIds,
}

/// A person, and what is to be written of it.
pub(super) struct Decided {
    pub(super) person: Person,
    /// The groups to write, each as it was read.
    pub(super) due: BTreeMap<Group, Fingerprint>,
    /// The calls that writes them.
    pub(super) calls: Vec<Operation>,
}

/// The code of a primary address that may not be changed.
const CHANGES_EMAIL: &str = "change-email";

/// The code of an id in the directory, which nobody can change.
const DIRECTORY_ID: &str = "directory-user-id";

/// Holds a row against who has its name.
pub(super) fn decide(
    row: RowNumber,
    user: &str,
    wish: &Wish,
    found: &Found,
    base: Option<&Base>,
    setting: Setting<'_>,
) -> Decided {
    let id = found.user.id.as_str();
    let is_other = base.and_then(|base| base.id.as_deref()).is_some_and(|known| known != id);
    if is_other {
        return apart(row, user, Holder::Replaced, None);
    }
    let there = Canonical::described(&found.user, found.proficiencies.as_deref());
    let (mut cells, mut due, mut calls) = (Vec::new(), BTreeMap::new(), Vec::new());
    let differences = wish.differences(&there);
    for group in Group::ALL {
        let own: Vec<&Difference> = differences.iter().filter(|one| one.group == group).collect();
        let sides = if !wish.asks_for(group) {
            Sides::NotAsked
        } else if own.is_empty() {
            Sides::Equal
        } else {
            match AsBefore::of(wish, &there, group, base.and_then(|base| base.asked.get(group.into()))) {
                AsBefore::Unknown if was_left_as_changed(&there, group, base) => Sides::DifferInstanceChanged,
                AsBefore::Unknown => Sides::DifferUnknown,
                AsBefore::Instance => Sides::DifferRosterChanged,
                AsBefore::Roster => Sides::DifferInstanceChanged,
                AsBefore::Neither => Sides::DifferBothChanged,
            }
        };
        let Some(resolution) = resolve(sides, setting.asking.overwrites_drift) else { continue };
        cells.extend(folded(own.into_iter().map(|one| cell(one, resolution, setting)).collect()));
        if resolution == Resolution::Update {
            let made = changes(wish, found, group, Clearing::LeftOut, setting.asking.changes_email);
            if !made.is_empty() {
                due.insert(group, base::of_found(&there, group));
                calls.extend(made.iter().map(|change| change.operation()));
            }
        }
    }
    let other_id = wish.other_directory_id(&there, setting.identity);
    if let Some(one) = other_id {
        cells.push(CellChange { code: Some(DIRECTORY_ID), ..cell(&one, Resolution::Skip, setting) });
    }
    let grows = due.contains_key(&Group::SecurityProfiles) && adds_rights(wish, &there);
    let person = Person { adds_rights: grows, ..Person::differing(row, user, id, cells) };
    Decided { person, due, calls }
}

/// Whether somebody has changed a group since an update planned to write it, so that it was left: what was read then is all
/// that is known of before.
fn was_left_as_changed(there: &Canonical, group: Group, base: Option<&Base>) -> bool {
    let read = base.and_then(|base| base.read.get(group.into()));
    read.is_some_and(|read| read != base::of_found(there, group))
}

/// Somebody of whom no group is looked at.
pub(super) fn apart(row: RowNumber, user: &str, holder: Holder, twin: Option<&str>) -> Decided {
    let (resolution, code) = of_holder(holder).unwrap_or((Resolution::Skip, "not-there"));
    let note = match holder {
        Holder::NobodyAnyMore => {
            "was made or changed by a ledger at hand, and is gone from the instance".to_owned()
        }
        Holder::Twin => format!(
            "not there; `{}` is, whose name differs in upper and lower case alone",
            twin.unwrap_or_default()
        ),
        Holder::Replaced => {
            "the name is another user's since: by its id it is nobody that the ledger knows".to_owned()
        }
        Holder::Nobody | Holder::Unknown | Holder::Known => "not there".to_owned(),
    };
    let person = Person::apart(row, user, resolution, code, note);
    Decided { person, due: BTreeMap::new(), calls: Vec::new() }
}

/// A setting that every channel has alike is one cell, as it is one column.
fn folded(mut cells: Vec<CellChange>) -> Vec<CellChange> {
    for words in ["auto accept", "ACW timeout"] {
        let of_channel = |cell: &CellChange| {
            let channel = cell.cell.strip_prefix(words).map(str::trim_start).unwrap_or_default();
            Channel::ALL.iter().any(|one| one.as_api().eq_ignore_ascii_case(channel))
        };
        let own: Vec<&CellChange> = cells.iter().filter(|cell| of_channel(cell)).collect();
        let Some(first) = own.first() else { continue };
        let is_alike = |cell: &&CellChange| (&cell.from, &cell.to) == (&first.from, &first.to);
        if own.len() != Channel::ALL.len() || !own.iter().all(is_alike) {
            continue;
        }
        let one = CellChange { cell: words.to_owned(), ..CellChange::clone(first) };
        let at = cells.iter().position(of_channel).unwrap_or_default();
        cells.retain(|cell| !of_channel(cell));
        cells.insert(at, one);
    }
    cells
}

fn cell(one: &Difference, resolution: Resolution, setting: Setting<'_>) -> CellChange {
    let named = |value: &Option<String>| value.as_ref().map(|value| setting.names.named(one.group, value));
    let is_held_back =
        one.member == Member::Email && resolution == Resolution::Update && !setting.asking.changes_email;
    CellChange {
        group: one.group,
        cell: one.member.to_string(),
        from: named(&one.found),
        to: named(&one.wanted),
        resolution: if is_held_back { Resolution::Skip } else { resolution },
        code: is_held_back.then_some(CHANGES_EMAIL),
    }
}
