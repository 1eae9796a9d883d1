//! Who stands in a ledger of leavers: nobody of them is made anew because the instance no longer has them.

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::at::LedgerAt;
use super::beside;
use super::file::{be_of, first_heard, lines_of};
use super::reader::each;
use super::siblings::removals;
use super::words::{Job, Kind};
use crate::disk;
use crate::error::Failure;
use crate::exit::Exit;

/// Those of some people who stand in a ledger of leavers at hand.
#[derive(Clone, Debug, Default)]
pub(crate) struct Leavers {
    lists: Vec<LedgerAt>,
    /// By username: the list, by its place, and the id, where the list's ledger has it.
    people: HashMap<String, Vec<OnList>>,
}

/// The place of a list, and the id of somebody who is on it, where the list's ledger has that.
type OnList = (usize, Option<Box<str>>);

impl Leavers {
    /// Whether somebody stands in one of them. Where both ids are known, they tell the one who left from a namesake.
    pub(crate) fn has(&self, user: &str, made: Option<&str>) -> bool {
        let is_it = |id: &Option<Box<str>>| id.as_deref().zip(made).is_none_or(|(id, made)| id == made);
        self.people.get(user).is_some_and(|lists| lists.iter().any(|(_, id)| is_it(id)))
    }

    /// The ledger of the list that has somebody.
    pub(crate) fn ledger_of(&self, user: &str) -> Option<&Path> {
        let (list, _) = self.people.get(user)?.first()?;
        self.lists.get(*list).map(LedgerAt::name)
    }

    fn take(&mut self, list: usize, user: &str, id: Option<&str>) {
        let lists = self.people.entry(user.to_owned()).or_default();
        match lists.last_mut().filter(|(of, _)| *of == list) {
            Some((_, known)) => *known = id.map(Into::into).or(known.take()),
            None => lists.push((list, id.map(Into::into))),
        }
    }
}

/// Reads who of these people stands in a ledger of leavers that lies in a folder of one of `near`, by its name, or in the table
/// of one of them, and is of the instance of this ARN, and a rehearsal's where that is asked for.
///
/// Whoever is on such a list was to leave, whatever became of the deletion: also somebody whom it did not find any more.
///
/// # Errors
/// Exit 4 where one cannot be read, is damaged or of another version.
pub(crate) fn leavers(
    near: &[&LedgerAt],
    (instance, is_rehearsal): (&str, bool),
    is_wanted: &dyn Fn(&str) -> bool,
) -> Result<Leavers, Failure> {
    let mut all = Leavers::default();
    for at in lists(near, instance)? {
        let Some(header) = first_heard(&at)? else { continue };
        let is_of = header.instance == instance && header.rehearsal == is_rehearsal;
        if !is_of || be_of(Some(Job::Remove), &header, &at).is_err() {
            continue;
        }
        let lines = lines_of(&at).map_err(|failure| Failure { exit: Exit::Stopped, ..failure })?;
        let list = all.lists.len();
        each(lines, &at, |entry, _| {
            let Some(user) = entry.user.as_deref().filter(|user| is_wanted(user)) else { return };
            match entry.kind {
                Kind::Row | Kind::Intent | Kind::Outcome => all.take(list, user, entry.id.as_deref()),
                Kind::Dropped => {
                    if let Some(lists) = all.people.get_mut(user) {
                        lists.retain(|(of, _)| *of != list);
                    }
                }
                Kind::Ledger | Kind::Session | Kind::Step | Kind::Seen | Kind::End | Kind::Moved => {}
            }
        })?;
        all.lists.push(at);
    }
    Ok(all)
}

/// The files that have the name of a ledger of leavers, in the folders of these, and the runs of leavers in their tables.
fn lists(near: &[&LedgerAt], instance: &str) -> Result<Vec<LedgerAt>, Failure> {
    let folders: BTreeSet<PathBuf> = near.iter().filter_map(|at| at.on_disk()).map(folder_of).collect();
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let files = files.filter_map(|file| Some(file.ok()?.path()));
    let files: BTreeSet<PathBuf> = files.filter(|path| beside::is_named_as_leavers(path)).collect();
    let mut all: Vec<LedgerAt> = files.into_iter().map(LedgerAt::from).collect();
    for at in near {
        all.extend(removals(at, instance)?);
    }
    Ok(all)
}

fn folder_of(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    disk::full_name(folder.unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::made::{attempt, row};
    use crate::ledger::{Entry, RowState, VERSION};

    fn write(path: &Path, instance: &'static str, job: Option<Job>, rehearsal: bool, entries: &[Entry]) {
        let header = Entry {
            version: Some(VERSION),
            run: Some("r".into()),
            instance: Some(instance.into()),
            rehearsal,
            job,
            ..Entry::of(Kind::Ledger)
        };
        let mut lines = Vec::new();
        [header].iter().chain(entries).for_each(|entry| entry.write_to(&mut lines));
        std::fs::write(path, lines).unwrap();
    }

    fn left(user: &'static str, id: &'static str, state: RowState) -> [Entry<'static>; 3] {
        let outcome = Entry { id: Some(id.into()), ..Entry::outcome_of_delete(user, state, "t".into()) };
        [row(user, 2, 1), Entry::delete_intent(user, attempt(1), id, "t".into()), outcome]
    }

    #[test]
    fn who_stands_in_a_list_of_leavers_beside_is_known_by_name_and_by_id_where_both_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let gone = [row("eve", 3, 1), Entry::outcome_of_delete("eve", RowState::Skipped, "t".into())];
        let dropped = [row("cem", 4, 1), Entry::dropped("cem")];
        let rows = [&left("ana", "u-1", RowState::Deleted)[..], &gone, &dropped].concat();
        write(&at("june.csv.remove.ledger.jsonl"), "i", Some(Job::Remove), false, &rows);
        let others = [
            ("other.csv.remove.ledger.jsonl", "another", Some(Job::Remove), false),
            ("update.csv.remove.ledger.jsonl", "i", Some(Job::Update), false),
            ("rehearsed.csv.remove.ledger.jsonl", "i", Some(Job::Remove), true),
            ("june.csv.ledger.jsonl", "i", Some(Job::Remove), false),
        ];
        for (name, instance, job, rehearsal) in others {
            write(&at(name), instance, job, rehearsal, &left("zoe", "u-9", RowState::Deleted));
        }
        std::fs::write(at("empty.csv.remove.ledger.jsonl"), "").unwrap();
        let near = LedgerAt::from(at("roster.csv.ledger.jsonl"));
        let read =
            |is_rehearsal| leavers(&[&near, &near], ("i", is_rehearsal), &|user| user != "bob").unwrap();
        let found = read(false);
        let june = disk::full_name(folder.path()).join("june.csv.remove.ledger.jsonl");
        assert_eq!(found.lists, [LedgerAt::from(june)]);
        for (user, made, is_one) in [
            ("ana", Some("u-1"), true),
            ("ana", Some("u-2"), false),
            ("ana", None, true),
            ("eve", Some("u-3"), true),
            ("cem", None, false),
            ("zoe", Some("u-9"), false),
        ] {
            assert_eq!(found.has(user, made), is_one, "{user} {made:?}");
        }
        assert_eq!(found.ledger_of("eve"), Some(found.lists[0].name()));
        assert!(read(true).has("zoe", None), "a rehearsal has those of rehearsals");
        write(
            &at("july.csv.remove.ledger.jsonl"),
            "i",
            Some(Job::Remove),
            false,
            &left("ana", "u-2", RowState::Rejected),
        );
        assert!(read(false).has("ana", Some("u-2")), "whatever became of it");
        let mut torn = std::fs::read(at("july.csv.remove.ledger.jsonl")).unwrap();
        torn.splice(200..201, *b"#");
        std::fs::write(at("july.csv.remove.ledger.jsonl"), torn).unwrap();
        assert!(leavers(&[&near], ("i", false), &|_| true).is_err());
    }
}
