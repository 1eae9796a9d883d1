//! What was asked for last and is known to be done, of each user, by the ledgers at hand: what a comparison holds both sides
//! against. Streams the ledgers: of a million rows only those are kept that are asked about.

use std::collections::{HashMap, hash_map};
use std::time::SystemTime;

use super::asked::AskedFor;
use super::at::LedgerAt;
use super::entry::Entry;
use super::file::{first, is_there, lines_of};
use super::numbers::Attempt;
use super::reader::each;
use super::words::{Kind, Op, RowState, Step, StepState};
use crate::agent::Fingerprint;
use crate::clock;
use crate::error::Failure;

/// A ledger from which it is read what was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BaseLedger {
    /// Found by its name: one that is not there, has no record yet or is of another instance says nothing.
    Beside(LedgerAt),
    /// Named by somebody: it must be there, and be of the instance.
    Named(LedgerAt),
}

/// A user that a ledger at hand made or changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Base {
    /// The user's id, where the ledger has it: of another id nothing is known, whatever its name.
    pub(crate) id: Option<Box<str>>,
    /// What was asked for last, by group; nothing of a group in ledgers of before that was recorded.
    pub(crate) asked: AskedFor,
    /// What the plan of an update had read of groups that it then left, for somebody changed them before it came to them.
    pub(crate) read: AskedFor,
    /// When each group was asked for; in the order of [`Step::ALL`].
    at: [Option<SystemTime>; Step::ALL.len()],
    /// When something was last heard of the user, but for what was left of it.
    newest: Option<SystemTime>,
    /// When the user was made, changed, or found as it was asked for, by what we did and not by when it was seen.
    heard: Option<SystemTime>,
    /// The users of the name that were deleted, by id: of these nothing counts that any ledger says.
    deleted: Vec<Box<str>>,
}

/// Reads what was asked for last of each user that is `wanted`, by exact username, on the instance of this ARN.
///
/// Within a ledger the last record counts, whatever the clocks said; across ledgers the newer, and of two of one time that of
/// the later ledger. A ledger that is being written is read as far as it goes.
///
/// # Errors
/// Exit 2 where a named ledger cannot be opened, has no record or is of another instance; exit 4 where one is damaged or of
/// another version: what it would say may be what keeps somebody's change.
pub(crate) fn bases(
    ledgers: &[BaseLedger],
    instance: &str,
    wanted: &dyn Fn(&str) -> bool,
) -> Result<HashMap<String, Base>, Failure> {
    let mut all = HashMap::new();
    for ledger in ledgers {
        let (BaseLedger::Beside(at) | BaseLedger::Named(at)) = ledger;
        let is_named = matches!(ledger, BaseLedger::Named(_));
        match first(at) {
            Some(header) if header.instance == instance => {}
            Some(_) if !is_named => continue,
            Some(header) => {
                let what = format!("the ledger is of another instance: `{at}`");
                return Err(Failure::usage(what).because(format!("it is of `{}`", header.instance)));
            }
            None if has_lines(at) => {} // reading it tells what it is
            None if !is_named => continue,
            None => {
                let what = format!("there is no ledger, or it has no record yet: `{at}`");
                return Err(Failure::usage(what));
            }
        }
        let theirs = of_ledger(at, wanted)?;
        for (user, base) in theirs {
            match all.entry(user) {
                hash_map::Entry::Vacant(free) => _ = free.insert(base),
                hash_map::Entry::Occupied(mut known) => known.get_mut().merge(base),
            }
        }
    }
    // Of whom a run has deleted nothing counts any more that was asked.
    all.retain(|_, base: &mut Base| !base.is_deleted());
    Ok(all)
}

/// Whether something stands in it that is no record of ours.
fn has_lines(at: &LedgerAt) -> bool {
    match at.on_disk() {
        Some(path) => std::fs::metadata(path).is_ok_and(|there| there.len() > 0),
        None => is_there(at),
    }
}

/// What one ledger says.
fn of_ledger(at: &LedgerAt, wanted: &dyn Fn(&str) -> bool) -> Result<HashMap<String, Base>, Failure> {
    let mut theirs: HashMap<String, Base> = HashMap::new();
    // When the requests left of which nobody knows yet whether they have made the user.
    let mut sent: HashMap<String, Vec<(Attempt, SystemTime)>> = HashMap::new();
    each(lines_of(at)?, at, |entry, _| {
        let Some(user) = entry.user.as_deref() else { return };
        let makes = entry.kind == Kind::Intent && !matches!(entry.op, Some(Op::Update | Op::Delete));
        if !(makes || says_something(entry)) || !wanted(user) {
            return;
        }
        if makes {
            let at = entry.at.as_deref().and_then(clock::parse_rfc3339);
            sent.entry(user.to_owned()).or_default().extend(entry.attempt.zip(at));
            return;
        }
        let is_made = entry.kind == Kind::Outcome && entry.stands() == Some(RowState::Created);
        let sent = if is_made { sent.remove(user) } else { None };
        let left = sent.into_iter().flatten().find(|(attempt, _)| Some(*attempt) == entry.attempt);
        let left = left.map(|(_, at)| at);
        if let Some(known) = theirs.get_mut(user) {
            known.take(entry, left);
        } else {
            let mut base = Base::default();
            base.take(entry, left);
            theirs.insert(user.to_owned(), base);
        }
    })?;
    Ok(theirs)
}

/// Whether a record tells of a user that the ledger made or changed.
fn says_something(entry: &Entry<'_>) -> bool {
    match entry.kind {
        // Whoever is left by a deletion is as it was before: it was not looked at for what was asked.
        Kind::Outcome if entry.op == Some(Op::Delete) => entry.stands() == Some(RowState::Deleted),
        Kind::Outcome => matches!(entry.stands(), Some(RowState::Created | RowState::Updated)),
        Kind::Step => entry.asked().is_some(),
        Kind::Intent => entry.op == Some(Op::Update),
        Kind::Ledger | Kind::Session | Kind::Row | Kind::Dropped | Kind::Seen | Kind::End | Kind::Moved => {
            false
        }
    }
}

impl Base {
    /// When something was last heard of the user: made, changed, or found as it was asked for.
    pub(crate) fn heard(&self) -> Option<SystemTime> {
        self.heard
    }

    /// Whether its user was deleted: an id is given once, so that it is gone whatever another ledger says of it.
    fn is_deleted(&self) -> bool {
        self.id.as_ref().is_some_and(|id| self.deleted.contains(id))
    }

    /// Takes in a record; `left` is when the request left that made the user, where it says that one did.
    fn take(&mut self, entry: &Entry<'_>, left: Option<SystemTime>) {
        if entry.kind == Kind::Step && entry.result == Some(StepState::Skipped) {
            // Nothing was asked of it; it was looked at, and that is no word of the user either.
            entry
                .asked()
                .iter()
                .flat_map(AskedFor::iter)
                .for_each(|(group, print)| self.read.set(group, print));
            return;
        }
        let at = entry.at.as_deref().and_then(clock::parse_rfc3339);
        self.newest = self.newest.max(at);
        if let Some(id) = entry.id.as_deref()
            && self.id.as_deref() != Some(id)
        {
            // Of another user of the same name nothing was asked.
            let deleted = std::mem::take(&mut self.deleted);
            *self = Self { id: Some(id.into()), newest: at, deleted, ..Self::default() };
        }
        // Whoever was found by a look was made when the request left, and not when it was found: what the instance says was
        // changed in between was changed by somebody else, or is a copy that somebody made.
        self.heard = self.heard.max(if entry.recovered { left.or(at) } else { at });
        if entry.op == Some(Op::Delete) {
            self.deleted.extend(self.id.clone());
        }
        for (group, fingerprint) in entry.asked().iter().flat_map(AskedFor::iter) {
            self.set(group, fingerprint, at);
        }
    }

    fn set(&mut self, group: Step, fingerprint: Fingerprint, at: Option<SystemTime>) {
        self.asked.set(group, fingerprint);
        if let Some(asked_at) = self.at.get_mut(group as usize) {
            *asked_at = at;
        }
    }

    /// Takes in what a later ledger says of the user.
    fn merge(&mut self, other: Self) {
        self.deleted.extend(other.deleted.iter().cloned());
        let is_another = matches!((&self.id, &other.id), (Some(own), Some(theirs)) if own != theirs);
        if is_another {
            // Who was deleted is none that anything is known of.
            let is_known = |base: &Self| base.id.as_ref().is_some_and(|id| !self.deleted.contains(id));
            if !is_known(self) || is_known(&other) && other.newest >= self.newest {
                *self = Self { deleted: std::mem::take(&mut self.deleted), ..other };
            }
            return;
        }
        self.id = self.id.take().or(other.id);
        other.read.iter().for_each(|(group, print)| self.read.set(group, print));
        self.newest = self.newest.max(other.newest);
        self.heard = self.heard.max(other.heard);
        for (group, fingerprint) in other.asked.iter() {
            let [own_at, at] =
                [&self.at, &other.at].map(|times| times.get(group as usize).copied().flatten());
            if self.asked.get(group).is_none() || at >= own_at {
                self.set(group, fingerprint, at);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::ledger::made::{attempt, intent, row};
    use crate::ledger::{Job, StandsAs, StepState, VERSION};

    const AT: [&str; 4] = [
        "2026-11-28T20:00:00.000Z",
        "2026-11-28T20:00:01.000Z",
        "2026-11-28T20:00:02.000Z",
        "2026-11-28T20:00:03.000Z",
    ];

    fn write(path: &Path, instance: &'static str, job: Option<Job>, entries: &[Entry]) {
        let header = Entry {
            version: Some(VERSION),
            run: Some("r".into()),
            instance: Some(instance.into()),
            job,
            ..Entry::of(Kind::Ledger)
        };
        let mut lines = Vec::new();
        [header].iter().chain(entries).for_each(|entry| entry.write_to(&mut lines));
        std::fs::write(path, lines).unwrap();
    }

    fn made(user: &'static str, id: &'static str, at: usize, asked: &[(Step, u64)]) -> Entry<'static> {
        Entry {
            id: Some(id.into()),
            attempt: Some(attempt(1)),
            stands_as: says(asked),
            ..Entry::outcome(user, RowState::Created, AT[at].into())
        }
    }

    fn says(asked: &[(Step, u64)]) -> Option<StandsAs> {
        StandsAs::asked(asked.iter().map(|(group, bits)| (*group, Fingerprint::of(*bits))).collect())
    }

    fn step(user: &'static str, at: usize, group: Step, bits: u64) -> Entry<'static> {
        let stands_as = says(&[(group, bits)]);
        Entry { stands_as, ..Entry::step(user, group, StepState::Done, AT[at].into()) }
    }

    fn update(user: &'static str, id: &'static str, at: usize) -> Entry<'static> {
        Entry::update_intent(user, attempt(1), id, AT[at].into())
    }

    /// The id and the groups of a user.
    fn told(bases: &HashMap<String, Base>, user: &str) -> (Option<String>, Vec<(Step, u64)>) {
        let base = &bases[user];
        let groups = base.asked.iter().map(|(group, fingerprint)| (group, fingerprint.bits()));
        (base.id.as_deref().map(str::to_owned), groups.collect())
    }

    fn id(id: &str) -> Option<String> {
        Some(id.to_owned())
    }

    #[test]
    fn the_newest_of_each_group_counts_within_a_ledger_by_order_and_across_ledgers_by_time() {
        let folder = tempfile::tempdir().unwrap();
        let [import, updates] =
            ["l.ledger.jsonl", "l.update.ledger.jsonl"].map(|name| folder.path().join(name));
        let tags = |at, bits| step("ana", at, Step::Tags, bits);
        let created = made("ana", "u-1", 1, &[(Step::Identity, 1), (Step::Tags, 2), (Step::Config, 3)]);
        // A clock that was put back: the order of the ledger counts.
        let entries = [row("ana", 2, 1), intent("ana", 1), created, tags(0, 4)];
        write(&import, "i", None, &entries);
        write(&updates, "i", Some(Job::Update), &[update("ana", "u-1", 2), step("ana", 2, Step::Config, 5)]);
        let read = |ledgers: &[&PathBuf]| {
            let ledgers: Vec<_> =
                ledgers.iter().map(|path| BaseLedger::Beside((*path).clone().into())).collect();
            bases(&ledgers, "i", &|_| true).unwrap()
        };
        let expected = (id("u-1"), vec![(Step::Identity, 1), (Step::Config, 5), (Step::Tags, 4)]);
        assert_eq!(told(&read(&[&import, &updates]), "ana"), expected);
        assert_eq!(told(&read(&[&updates, &import]), "ana"), expected, "whichever is read first");
        write(&updates, "i", Some(Job::Update), &[update("ana", "u-1", 0), step("ana", 0, Step::Config, 5)]);
        let older = (id("u-1"), vec![(Step::Identity, 1), (Step::Config, 3), (Step::Tags, 4)]);
        assert_eq!(told(&read(&[&import, &updates]), "ana"), older);
        assert_eq!(told(&read(&[&updates, &import]), "ana"), older);
    }

    #[test]
    fn of_a_user_that_was_made_anew_nothing_is_known_that_was_asked_of_the_one_before() {
        let folder = tempfile::tempdir().unwrap();
        let [import, updates] = ["a", "b"].map(|name| folder.path().join(name));
        let first = made("ana", "u-1", 0, &[(Step::Tags, 1), (Step::Config, 2)]);
        write(&import, "i", None, &[first.clone(), made("ana", "u-2", 1, &[(Step::Tags, 3)])]);
        let read = |ledgers: &[&PathBuf]| {
            let ledgers: Vec<_> =
                ledgers.iter().map(|path| BaseLedger::Named((*path).clone().into())).collect();
            told(&bases(&ledgers, "i", &|_| true).unwrap(), "ana")
        };
        assert_eq!(read(&[&import]), (id("u-2"), vec![(Step::Tags, 3)]));
        for (at, newest) in [(0, ("u-2", vec![(Step::Tags, 3)])), (2, ("u-1", vec![(Step::Tags, 9)]))] {
            let changed = [update("ana", "u-1", at), step("ana", at, Step::Tags, 9)];
            write(&updates, "i", Some(Job::Update), &changed);
            let expected = (id(newest.0), newest.1);
            assert_eq!(read(&[&import, &updates]), expected, "{at}");
            assert_eq!(read(&[&updates, &import]), expected, "{at}");
        }
        write(&updates, "i", Some(Job::Update), &[update("ana", "u-2", 2)]);
        assert_eq!(
            read(&[&import, &updates]),
            (id("u-2"), vec![(Step::Tags, 3)]),
            "begun, and nothing done yet"
        );
    }

    #[test]
    fn of_who_was_deleted_nothing_counts_that_any_ledger_says_was_asked() {
        let folder = tempfile::tempdir().unwrap();
        let [import, updates] = ["a", "b"].map(|name| folder.path().join(name));
        let first = made("ana", "u-1", 0, &[(Step::Tags, 1)]);
        let of_delete = |state, at: usize| Entry {
            id: Some("u-1".into()),
            ..Entry::outcome_of_delete("ana", state, AT[at].into())
        };
        let read = || {
            [[&import, &updates], [&updates, &import]].map(|ledgers| {
                let ledgers = ledgers.map(|path| BaseLedger::Named(path.clone().into()));
                let bases = bases(&ledgers, "i", &|_| true).unwrap();
                bases.contains_key("ana").then(|| told(&bases, "ana"))
            })
        };
        let both = |known: Option<(&str, u64)>| {
            let known = known.map(|(user, bits)| (id(user), vec![(Step::Tags, bits)]));
            [known.clone(), known]
        };
        // Also where the update's clock was ahead.
        for at in [0, 3] {
            write(
                &updates,
                "i",
                Some(Job::Update),
                &[update("ana", "u-1", at), step("ana", at, Step::Tags, 9)],
            );
            write(&import, "i", None, &[first.clone(), of_delete(RowState::Deleted, 1)]);
            assert_eq!(read(), both(None));
            let again = made("ana", "u-2", 2, &[(Step::Tags, 3)]);
            write(&import, "i", None, &[first.clone(), of_delete(RowState::Deleted, 1), again]);
            assert_eq!(read(), both(Some(("u-2", 3))), "whatever the clock of the other said");
        }
        write(&updates, "i", Some(Job::Update), &[update("ana", "u-9", 0), step("ana", 0, Step::Tags, 9)]);
        write(&import, "i", None, &[first.clone(), of_delete(RowState::Deleted, 1)]);
        assert_eq!(read(), both(Some(("u-9", 9))), "of another user of the name it does");
        for left in [RowState::Skipped, RowState::Rejected, RowState::Unconfirmed] {
            write(&import, "i", None, &[first.clone(), of_delete(left, 3)]);
            let base = &bases(&[BaseLedger::Named(import.clone().into())], "i", &|_| true).unwrap()["ana"];
            let heard = base.heard().map(crate::clock::rfc3339);
            assert_eq!(heard.as_deref(), Some(AT[0]), "{left:?}: nobody looked at it for what was asked");
        }
    }

    #[test]
    fn what_an_update_has_read_and_left_is_no_word_of_what_was_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let left = Entry { result: Some(StepState::Skipped), ..step("ana", 2, Step::Tags, 7) };
        let done = made("ana", "u-1", 1, &[(Step::Identity, 1)]);
        write(&path, "i", None, &[done, left]);
        let read = bases(&[BaseLedger::Named(path.into())], "i", &|_| true).unwrap();
        assert_eq!(told(&read, "ana"), (id("u-1"), vec![(Step::Identity, 1)]));
        assert_eq!(read["ana"].read.get(Step::Tags), Some(Fingerprint::of(7)));
        assert_eq!(read["ana"].heard(), clock::parse_rfc3339(AT[1]));
    }

    #[test]
    fn who_is_not_asked_about_is_not_kept_and_who_was_never_made_is_not_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let failed = Entry::outcome("cem", RowState::Rejected, AT[0].into());
        write(&path, "i", None, &[made("ana", "u-1", 0, &[]), made("ben", "u-2", 0, &[]), failed]);
        let read = bases(&[BaseLedger::Named(path.into())], "i", &|user| user != "ben").unwrap();
        assert_eq!(read.keys().collect::<Vec<_>>(), ["ana"]);
        assert_eq!(told(&read, "ana"), (id("u-1"), vec![]), "a ledger of before has no groups");
    }

    #[test]
    fn a_ledger_beside_may_be_missing_empty_or_anothers_and_one_that_was_named_may_not() {
        let folder = tempfile::tempdir().unwrap();
        let [missing, empty, other, text, cut] =
            ["missing", "empty", "other", "text", "cut"].map(|name| folder.path().join(name));
        std::fs::write(&empty, "").unwrap();
        std::fs::write(&text, "no ledger\n").unwrap();
        write(&other, "j", None, &[made("ana", "u-1", 0, &[])]);
        write(&cut, "i", None, &[made("ana", "u-1", 0, &[])]);
        let mut bytes = std::fs::read(&cut).unwrap();
        bytes.extend_from_slice(b"{\"type\":\"outc");
        std::fs::write(&cut, bytes).unwrap();
        for path in [&missing, &empty, &other] {
            assert_eq!(bases(&[BaseLedger::Beside(path.clone().into())], "i", &|_| true).unwrap().len(), 0);
            let failure = bases(&[BaseLedger::Named(path.clone().into())], "i", &|_| true).unwrap_err();
            assert_eq!(failure.exit, crate::exit::Exit::Usage, "{failure}");
        }
        for ledger in [BaseLedger::Beside(text.clone().into()), BaseLedger::Named(text.into())] {
            assert_eq!(bases(&[ledger], "i", &|_| true).unwrap_err().exit, crate::exit::Exit::Stopped);
        }
        assert_eq!(
            bases(&[BaseLedger::Beside(cut.into())], "i", &|_| true).unwrap().len(),
            1,
            "it is being written"
        );
    }
}
