//! What is odd of what a job is going to do, in sentences: for whoever is asked whether it is to be done.

use super::few::Few;
use super::outlook::{Outlook, Remarks};
use crate::text::plain;

/// The documented default of users per instance (L-9A46857E).
const DOCUMENTED_USERS: u64 = 500;

/// A sentence about what is odd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Odd {
    /// Whether it should be looked at before anything is done; else it is said for completeness.
    pub(crate) is_warning: bool,
    /// The sentence.
    pub(crate) words: String,
}

impl Odd {
    fn warning(words: String) -> Self {
        Self { is_warning: true, words }
    }

    fn note(words: String) -> Self {
        Self { is_warning: false, words }
    }
}

impl Outlook {
    /// All that is odd. `undo` is what settles deletions that an undo has not.
    pub(crate) fn odd(&self, undo: &str) -> Vec<Odd> {
        let variants = self.odd_variants();
        self.odd_quota().into_iter().chain(variants).chain(self.odd_rows(undo)).collect()
    }

    /// That nobody knows whether there is room.
    pub(crate) fn odd_quota(&self) -> Option<Odd> {
        let after = self.users? + self.new_users();
        (self.allowed.is_none() && after > DOCUMENTED_USERS).then(|| {
            Odd::warning(format!(
                "the quota of users per instance could not be read; its default is {DOCUMENTED_USERS}"
            ))
        })
    }

    /// Rows that differ from users in case alone.
    pub(crate) fn odd_variants(&self) -> impl Iterator<Item = Odd> {
        self.case_variants.iter().map(|(user, name)| {
            Odd::warning(format!(
                "`{}` differs only in case from `{}`, who is on the instance: usernames are case-sensitive",
                plain(user),
                plain(name)
            ))
        })
    }

    /// Rows of which something is to be said.
    pub(crate) fn odd_rows(&self, undo: &str) -> Vec<Odd> {
        let Remarks {
            steps_drifted,
            drifted,
            missing,
            departed,
            departed_by,
            missing_anew,
            undone,
            undone_anew,
            undoing,
            replaced,
            orphaned,
            dropped,
            renamed,
            more_renamed,
        } = &self.remarks;
        let list = departed_by.as_ref().map(|path| format!(" ({})", plain(&path.display().to_string())));
        let departed_is = format!(
            "was created, and is on a list of leavers{}: it is not missed, and not made anew",
            list.unwrap_or_default()
        );
        let undoing_is = format!(
            "was to be deleted, and whether it was is not known: nothing is sent for it; settle with: {undo}"
        );
        let (note, warning) = (false, true);
        let mut odd = Vec::new();
        for (is_warning, users, what) in [
            (
                note,
                steps_drifted,
                "was created, and the roster has other proficiencies than it was given: the user keeps those it has (`headcount update` \
                 gives them)",
            ),
            (
                note,
                drifted,
                "was created, and the roster has other cells than it was made with: the user keeps those it was made with (`headcount \
                 update` changes them)",
            ),
            (
                warning,
                missing,
                "was created and is not to be seen on the instance (deleted, or too new to be listed): ⟦missing-recreated⟧ sends it again",
            ),
            (note, missing_anew, "was created and is gone from the instance: it is made anew"),
            (note, departed, &*departed_is),
            (note, undone, "was created and undone: it is not made anew; ⟦deleted-recreated⟧ sends it again"),
            (note, undone_anew, "was created and undone: it is made anew"),
            (warning, undoing, &*undoing_is),
            (
                warning,
                replaced,
                "was created, and the instance has another user of that name now (another id): it is left alone, and nothing is sent",
            ),
            (note, orphaned, "was created and is gone from the roster: nothing is deleted"),
            (note, dropped, "is gone from the roster and was never created: dropped"),
        ] {
            odd.extend(of_few(users, what).map(|words| Odd { is_warning, words }));
        }
        odd.extend(renamed.iter().map(|(was, now)| {
            Odd::note(format!(
                "`{}` goes by `{}` since a file of failed rows renamed it: no second user is made",
                plain(was),
                plain(now)
            ))
        }));
        if *more_renamed > 0 {
            odd.push(Odd::note(format!("so it is with {more_renamed} more")));
        }
        odd
    }
}

/// The first of them by name, then how many more.
fn of_few(users: &Few, what: &str) -> impl Iterator<Item = String> {
    let more = (users.more > 0).then(|| format!("so it is with {} more", users.more));
    users.first.iter().map(move |user| format!("`{}` {what}", plain(user))).chain(more)
}
