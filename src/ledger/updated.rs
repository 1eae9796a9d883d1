//! Whom an update has made what a row asks for, by its ledger: of these nothing is drift any longer.

use std::collections::HashMap;

use super::at::LedgerAt;
use super::file::{be_of, first_heard, lines_of};
use super::reader::each;
use super::words::{Job, Kind, RowState};
use crate::agent::Fingerprint;
use crate::error::Failure;
use crate::exit::Exit;

/// What an update's ledger says of somebody, last of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UpdatedTo {
    /// Over the row's cells, but for its proficiencies.
    pub(crate) fingerprint: Option<Fingerprint>,
    /// Over these.
    pub(crate) proficiencies: Option<Fingerprint>,
    /// The user is all that the row asks for: not a part of it alone, and nothing of it was left.
    pub(crate) is_whole: bool,
    /// The user's id, where the ledger has it.
    pub(crate) id: Option<Box<str>>,
}

/// Reads of whom of these people an update's ledger says that they are what a row asks for. One that is not there, has no
/// record yet, or is of another instance or another command says nothing.
///
/// # Errors
/// Exit 4 where it cannot be read, is damaged or of another version.
pub(crate) fn updated(
    at: &LedgerAt,
    instance: &str,
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<HashMap<String, UpdatedTo>, Failure> {
    let mut all: HashMap<String, UpdatedTo> = HashMap::new();
    let header = first_heard(at)?.filter(|header| header.instance == instance);
    if header.is_none_or(|header| be_of(Some(Job::Update), &header, at).is_err()) {
        return Ok(all);
    }
    let lines = lines_of(at).map_err(|failure| Failure { exit: Exit::Stopped, ..failure })?;
    let mut is_of_part = false;
    each(lines, at, |entry, _| {
        if entry.kind == Kind::Session {
            is_of_part = !entry.only.is_empty();
            return;
        }
        let Some(user) = entry.user.as_deref().filter(|user| is_wanted(user)) else { return };
        let known = match all.get_mut(user) {
            Some(known) => known,
            None => all.entry(user.to_owned()).or_default(),
        };
        match entry.kind {
            Kind::Row => {
                let fingerprint = entry.fingerprint.flatten();
                let is_same = (known.fingerprint, known.proficiencies) == (fingerprint, entry.proficiencies);
                known.is_whole &= is_same;
                (known.fingerprint, known.proficiencies) = (fingerprint, entry.proficiencies);
            }
            Kind::Intent => known.id = entry.id.as_deref().map(Into::into),
            Kind::Outcome => {
                let is_done = matches!(entry.stands(), Some(RowState::Updated | RowState::There));
                // A part that is done says nothing of the rest; one that is not says that the whole is not.
                known.is_whole = if is_of_part { known.is_whole && is_done } else { is_done };
                if entry.id.is_some() {
                    known.id = entry.id.as_deref().map(Into::into);
                }
            }
            Kind::Dropped => known.is_whole = false,
            Kind::Ledger | Kind::Session | Kind::Step | Kind::Seen | Kind::End | Kind::Moved => {}
        }
    })?;
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::made::{attempt, fingerprint, row};
    use crate::ledger::{Entry, VERSION};

    fn told(job: Option<Job>, entries: &[Entry]) -> UpdatedTo {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l");
        let none = LedgerAt::from(folder.path().join("none"));
        let header = Entry {
            version: Some(VERSION),
            run: Some("r".into()),
            instance: Some("i".into()),
            job,
            ..Entry::of(Kind::Ledger)
        };
        let mut lines = Vec::new();
        [header].iter().chain(entries).for_each(|entry| entry.write_to(&mut lines));
        std::fs::write(&path, lines).unwrap();
        let path = LedgerAt::from(path);
        assert!(updated(&path, "another", &|_| true).unwrap().is_empty());
        assert!(updated(&none, "i", &|_| true).unwrap().is_empty());
        assert!(updated(&path, "i", &|_| false).unwrap().is_empty());
        updated(&path, "i", &|_| true).unwrap().remove("ana").unwrap_or_default()
    }

    fn session(only: &[&str]) -> Entry<'static> {
        let only = only.iter().map(|group| (*group).to_owned()).collect();
        Entry { session: Some("s".into()), only, ..Entry::of(Kind::Session) }
    }

    fn outcome(state: RowState) -> Entry<'static> {
        Entry::outcome("ana", state, "t".into())
    }

    #[test]
    fn who_was_updated_to_what_a_row_asks_for_is_whole_until_anything_says_otherwise() {
        let update = |rest: &[Entry]| {
            let begun =
                [session(&[]), row("ana", 2, 1), Entry::update_intent("ana", attempt(1), "u-1", "t".into())];
            told(Some(Job::Update), &[&begun[..], rest].concat())
        };
        let done = outcome(RowState::Updated);
        let whole = update(std::slice::from_ref(&done));
        assert_eq!(
            (whole.is_whole, whole.fingerprint, whole.id.as_deref()),
            (true, fingerprint(1), Some("u-1"))
        );
        assert!(update(&[outcome(RowState::There)]).is_whole);
        for left in [RowState::Skipped, RowState::Rejected, RowState::Unconfirmed, RowState::Pending] {
            assert!(!update(&[outcome(left)]).is_whole, "{left:?}");
            assert!(!update(&[done.clone(), outcome(left)]).is_whole, "{left:?} later");
        }
        assert!(!update(&[]).is_whole, "begun");
        assert!(update(&[done.clone(), row("ana", 3, 1)]).is_whole, "planned again with the same cells");
        let other = update(&[done.clone(), row("ana", 2, 9)]);
        assert_eq!((other.is_whole, other.fingerprint), (false, fingerprint(9)));
        let again = Entry { proficiencies: fingerprint(5), ..row("ana", 2, 1) };
        assert!(!update(&[done, again]).is_whole, "other proficiencies");
    }

    #[test]
    fn an_update_of_some_groups_alone_leaves_the_whole_as_it_was() {
        let part = [session(&["tags"]), row("ana", 2, 1), outcome(RowState::Updated)];
        assert!(!told(Some(Job::Update), &part).is_whole);
        let whole = [session(&[]), row("ana", 2, 1), outcome(RowState::Updated)];
        assert!(told(Some(Job::Update), &[&whole[..], &part].concat()).is_whole);
        assert!(
            !told(Some(Job::Update), &[&whole[..], &part[..2], &[outcome(RowState::Rejected)]].concat())
                .is_whole
        );
        assert!(!told(None, &whole).is_whole, "an import's ledger says nothing of it");
    }
}
