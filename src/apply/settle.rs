//! Whose user is that? Pure: what was seen of a user who has a row's name, and what that settles.
//!
//! A search proves presence and never absence (a new user can stay invisible for minutes), so only three things settle a
//! row in doubt: a 200, a user whose tag is one of this row's attempts in this ledger, and a 409 whose user is read and
//! is not ours.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::task::Doubt;
use crate::agent::PROVENANCE;
use crate::clock;
use crate::connect::model::User;
use crate::crash::{Sabotage, sabotage};
use crate::ledger::{Attempt, Nonce, Outcome, RowState};
use crate::user::{Held, Provenance, read_provenance};

/// Whose user has the name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// Ours: its tag is one of this row's attempts.
    Ours {
        /// The user's id.
        id: String,
        /// The attempt that made it.
        attempt: Attempt,
    },
    /// Untagged, with all members as the row has them: ours or made alike by another.
    Probable {
        /// The user's id.
        id: String,
        /// When it was last changed, by the service's clock.
        modified: Option<SystemTime>,
    },
    /// Untagged, as an attempt of ours was, and with other members than the row has now.
    Unproved {
        /// The user's id.
        id: String,
    },
    /// Somebody else's.
    Theirs {
        /// The user's id.
        id: String,
        /// Whose, as far as can be read, as a sentence.
        whose: String,
    },
    /// Of this run, and of no attempt that this ledger made for the row: another copy of the ledger is, or was, at work.
    Copied {
        /// The user's id.
        id: String,
        /// Whose, as a sentence.
        whose: String,
    },
    /// Nobody has the exact name, somebody has it in another case.
    Variant {
        /// That user's id.
        id: String,
        /// Its name.
        username: String,
    },
    /// Nobody to be seen, which proves nothing.
    Invisible,
}

impl Seen {
    /// A case variant that one index shows is not forgotten when the other shows nobody.
    pub(super) fn or_variant(self, known: &mut Option<Seen>) -> Self {
        match self {
            Seen::Variant { .. } => known.insert(self).clone(),
            Seen::Invisible => known.clone().unwrap_or(Seen::Invisible),
            Seen::Ours { .. }
            | Seen::Probable { .. }
            | Seen::Unproved { .. }
            | Seen::Theirs { .. }
            | Seen::Copied { .. } => self,
        }
    }

    /// An untagged user that was last changed before any attempt of ours is another's.
    pub(super) fn unless_older_than(self, not_before: Option<SystemTime>) -> Self {
        match (self, not_before) {
            (Seen::Probable { id, modified: Some(modified) }, Some(not_before)) if modified < not_before => {
                let since = clock::rfc3339(modified);
                let whose = format!("user {id} was last changed {since}, before the row was sent");
                Seen::Theirs { id, whose }
            }
            (seen, _) => seen,
        }
    }

    /// What a user counts as who was listed before anything of the session was sent, and what the service has as good as said.
    /// With no attempt of ours in doubt there is nothing of ours to be found: whoever is listed is as good as a 409.
    pub(crate) fn when_listed(self, doubt: Doubt) -> (Said, Self) {
        match doubt {
            Doubt::Clear => (Said::Taken, self.unless_probable()),
            Doubt::InDoubt => (Said::Otherwise, self),
        }
    }

    /// Where no attempt of ours is in doubt, a user who is only probably ours is another's.
    fn unless_probable(self) -> Self {
        match self {
            Seen::Probable { id, .. } => {
                Seen::Theirs { whose: format!("user {id} has no tag of headcount"), id }
            }
            Seen::Ours { .. }
            | Seen::Unproved { .. }
            | Seen::Theirs { .. }
            | Seen::Copied { .. }
            | Seen::Variant { .. }
            | Seen::Invisible => self,
        }
    }
}

/// What the last answer to CreateUser said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// 409: the name is taken.
    Taken,
    /// Anything else, or nothing.
    Otherwise,
}

/// What is known when a user is looked at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known<'k> {
    /// The row's exact name.
    pub(crate) name: &'k str,
    /// What the last answer to CreateUser said.
    pub(crate) said: Said,
    /// The attempt whose answer that was.
    pub(crate) attempt: Option<Attempt>,
    /// The exact name may be there and not be seen yet: a case variant settles nothing.
    pub(crate) waits_for_exact: bool,
    /// Whether equal members and a fitting time are proof enough where there is no tag.
    pub(crate) accepts_probable: bool,
    /// How a user of the exact name stands against the row; `None` where none was read, or the row asks for nothing.
    pub(crate) held: Option<&'k Held>,
}

/// What a look comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Settled {
    /// The user is ours, made by this attempt, as far as that is known.
    Created {
        /// The user's id.
        id: String,
        /// The attempt.
        attempt: Option<Attempt>,
    },
    /// The name is another's.
    Exists {
        /// That user's id.
        id: String,
        /// Whose, as a sentence.
        whose: String,
        /// Another copy of this ledger made it.
        copied: bool,
        /// It has all that the row asks for.
        is_equal: bool,
    },
    /// Nothing is settled, and why.
    Unsettled(String),
    /// Nothing is settled, and nothing is to be said of it.
    Silent,
}

impl Settled {
    /// What the ledger is told, with the attempt that it is told of; `None` where nothing is settled.
    pub(crate) fn outcome(self, known: &Known<'_>) -> Option<(Option<Attempt>, Outcome)> {
        match self {
            Settled::Created { id, attempt } => {
                let outcome = Outcome { state: RowState::Created, recovered: true, ..Outcome::default() };
                Some((attempt, Outcome { id: Some(id), ..outcome }))
            }
            Settled::Exists { id, whose, copied: _, is_equal } => {
                // A code is of what failed.
                let (state, code) = match is_equal {
                    true => (RowState::There, None),
                    false => (RowState::Exists, Some("DuplicateResourceException".to_owned())),
                };
                let by_run = known.held.and_then(|held| held.by_run.clone());
                let outcome = Outcome { state, id: Some(id), code, by_run, ..Outcome::default() };
                Some((known.attempt, Outcome { message: Some(whose), ..outcome }))
            }
            Settled::Unsettled(_) | Settled::Silent => None,
        }
    }
}

/// What a look settles.
///
/// Somebody else's user settles a row only where the service itself has said that the name is taken: else an attempt of
/// ours may still come to light beside it.
pub(crate) fn settled(seen: &Seen, known: &Known<'_>) -> Settled {
    let taken = known.said == Said::Taken;
    match seen {
        // A tag of ours is proof whatever the service has said last: only an attempt of this ledger writes it.
        Seen::Ours { id, attempt } => Settled::Created { id: id.clone(), attempt: Some(*attempt) },
        Seen::Probable { id, .. } if known.accepts_probable => {
            Settled::Created { id: id.clone(), attempt: known.attempt }
        }
        Seen::Probable { id, .. } => Settled::Unsettled(format!(
            "user {id} has this name and every member of the row, but no tag to prove that this run made it; \
             ⟦probable-accepted⟧ takes it for ours"
        )),
        Seen::Unproved { id } => Settled::Unsettled(format!(
            "user {id} has this name, no tag, and other members than the row has now; the row was sent without a tag \
             before, so that it cannot be said whose it is"
        )),
        // Theirs and taken: this is the user that the service meant.
        Seen::Theirs { id, whose } if taken => {
            let stands = known.held.map(|held| format!("; {}", held.words())).unwrap_or_default();
            let is_equal = known.held.is_some_and(Held::is_equal);
            Settled::Exists { id: id.clone(), whose: whose.clone() + &stands, copied: false, is_equal }
        }
        // Equal or not: the run is split, and that is to be mended.
        Seen::Copied { id, whose } if taken => {
            Settled::Exists { id: id.clone(), whose: whose.clone(), copied: true, is_equal: false }
        }
        // Theirs, and nobody has said that the name is taken: names of users that were deleted and made anew are seen so.
        Seen::Theirs { whose, .. } | Seen::Copied { whose, .. } => Settled::Unsettled(whose.clone()),
        Seen::Variant { id, username } => {
            let whose = format!(
                "nobody of this exact name can be seen, and the instance has `{username}`, which differs from `{}` \
                 only in case",
                known.name
            );
            // Search folds case, CreateUser does not: until the exact name must have come to light, it may still be there.
            if taken && !known.waits_for_exact {
                Settled::Exists { id: id.clone(), whose, copied: false, is_equal: false }
            } else {
                Settled::Unsettled(whose)
            }
        }
        Seen::Invisible if taken => Settled::Unsettled(
            "the service says that the name is taken, and no user of that name can be seen yet".into(),
        ),
        Seen::Invisible => Settled::Silent,
    }
}

/// What this ledger says of a row, for telling whose a user is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deeds<'d> {
    /// The run's id.
    pub(crate) run: &'d str,
    /// An attempt was made without a tag.
    pub(crate) untagged: bool,
    /// The row's cells were changed after an attempt, which may then have had others than the row has now.
    pub(crate) was_edited: bool,
}

/// Whose a user with the row's exact name is: by its tag, else by its members.
///
/// `made` says the random bits of this row's attempt of a number in this ledger, `Some(None)` where it is of before attempts
/// had any, `None` where the row has no such attempt; `is_same` whether the user has every member that the row asks for,
/// `None` where the row asks for nothing any longer.
pub(crate) fn whose(
    user: &User,
    deeds: &Deeds<'_>,
    made: impl FnOnce(Attempt) -> Option<Option<Nonce>>,
    is_same: impl FnOnce() -> Option<bool>,
) -> Seen {
    let id = user.id.clone();
    let since = user.last_modified_time.and_then(at);
    let since = since.map_or_else(String::new, |at| format!(", last changed {}", clock::rfc3339(at)));
    let tag = user.tags.get(PROVENANCE).map(String::as_str);
    match tag.map(|tag| (tag, read_provenance(tag))) {
        Some((_, Some(tag))) if tag.run == deeds.run => {
            whose_of_this_run(id, tag, deeds, made, is_same, &since)
        }
        Some((tag, _)) => {
            Seen::Theirs { whose: format!("user {id} was made by another run, tagged `{tag}`{since}"), id }
        }
        None => whose_untagged(user, deeds, is_same, &since),
    }
}

/// A user whose tag has this run: ours only where the attempt is this row's, nonce and all. Run and number prove nothing, for a
/// copy of the ledger has the one and counts the other on its own, mostly to the same rows.
fn whose_of_this_run(
    id: String,
    tag: Provenance<'_>,
    deeds: &Deeds<'_>,
    made: impl FnOnce(Attempt) -> Option<Option<Nonce>>,
    is_same: impl FnOnce() -> Option<bool>,
    since: &str,
) -> Seen {
    let number = tag.number;
    let whose = format!(
        "user {id} was made by attempt {number} of this run, which this ledger did not make for this row: another copy of \
         this ledger is, or was, at work{since}"
    );
    let attempt = Attempt::new(number).and_then(|attempt| Some((attempt, made(attempt)?)));
    match (attempt, tag.nonce) {
        (Some((attempt, Some(own))), Some(nonce)) if own == nonce => Seen::Ours { id, attempt },
        (Some((attempt, _)), _) if sabotage(Sabotage::NumberIsProof) => Seen::Ours { id, attempt },
        // An attempt of before attempts had nonces: a copy's of that time has the same tag, so every member must speak for it.
        (Some((attempt, None)), None) => match is_same() {
            Some(true) => Seen::Ours { id, attempt },
            // The attempt may have had other cells than the row has now.
            None => Seen::Unproved { id },
            Some(false) if deeds.was_edited => Seen::Unproved { id },
            Some(false) => Seen::Copied { id, whose },
        },
        _ => Seen::Copied { id, whose },
    }
}

/// A user without a tag is another's, unless a request of ours without one may have made it.
fn whose_untagged(
    user: &User,
    deeds: &Deeds<'_>,
    is_same: impl FnOnce() -> Option<bool>,
    since: &str,
) -> Seen {
    let id = user.id.clone();
    let theirs = |id| Seen::Theirs { whose: format!("user {id} has no tag of headcount{since}"), id };
    // Each attempt of ours had a tag, and this user has none: somebody else made it, or took the tag off, which is the same.
    if !deeds.untagged {
        return theirs(id);
    }
    match is_same() {
        Some(true) => Seen::Probable { id, modified: user.last_modified_time.and_then(at) },
        // The attempt may have had other cells than the row has now.
        None => Seen::Unproved { id },
        Some(false) if deeds.was_edited => Seen::Unproved { id },
        Some(false) => theirs(id),
    }
}

/// Seconds since 1970, as the service has them.
fn at(seconds: f64) -> Option<SystemTime> {
    Some(UNIX_EPOCH + Duration::try_from_secs_f64(seconds).ok()?)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;
    use crate::agent::Differing;
    use crate::ledger::made::attempt;

    #[test]
    fn who_has_all_that_the_row_asks_for_is_there_and_whoever_differs_is_a_failure() {
        let seen = Seen::Theirs { id: "u-9".into(), whose: "user u-9 is another's".into() };
        let differs = vec![Differing {
            group: "hierarchy",
            member: "hierarchy".into(),
            there: None,
            wanted: Some("EMEA".into()),
        }];
        let by_run = Some("r-1".to_owned());
        let equal = Held { by_run: by_run.clone(), is_whole: true, ..Held::default() };
        let other = Held { differs, ..equal.clone() };
        let unread = Held { is_whole: false, ..equal.clone() };
        for (held, state, code, words) in [
            (Some(&equal), RowState::There, None, "user u-9 is another's; it has all that the row asks for"),
            (
                Some(&other),
                RowState::Exists,
                Some("DuplicateResourceException"),
                "hierarchy nothing → `EMEA`",
            ),
            (Some(&unread), RowState::Exists, Some("DuplicateResourceException"), "may not be read"),
            (None, RowState::Exists, Some("DuplicateResourceException"), "user u-9 is another's"),
        ] {
            let known = Known {
                name: "ana",
                said: Said::Taken,
                attempt: None,
                waits_for_exact: true,
                accepts_probable: false,
                held,
            };
            let (_, outcome) = settled(&seen, &known).outcome(&known).unwrap();
            assert_eq!((outcome.state, outcome.code.as_deref()), (state, code), "{held:?}");
            assert!(outcome.message.unwrap().ends_with(words), "{held:?}");
            assert_eq!(outcome.by_run, held.and(by_run.clone()));
            // Nobody has said that the name is taken: an attempt of ours may still come to light beside it.
            let known = Known { said: Said::Otherwise, ..known };
            assert_eq!(settled(&seen, &known).outcome(&known), None);
            // A copy of this ledger is at work, and that is no state to be content with.
            let copied = Seen::Copied { id: "u-9".into(), whose: "a copy's".into() };
            let known = Known { said: Said::Taken, ..known };
            assert_eq!(settled(&copied, &known).outcome(&known).unwrap().1.state, RowState::Exists);
        }
    }

    #[test]
    fn what_was_seen_settles_as_it_was_decided() {
        let id = || "u-9".to_owned();
        let all = [
            ("ours", Seen::Ours { id: id(), attempt: attempt(2) }),
            ("probable", Seen::Probable { id: id(), modified: None }),
            ("unproved", Seen::Unproved { id: id() }),
            ("theirs", Seen::Theirs { id: id(), whose: "user u-9 is another's".into() }),
            ("copied", Seen::Copied { id: id(), whose: "user u-9 is a copy's".into() }),
            ("variant", Seen::Variant { id: id(), username: "Ana".into() }),
            ("invisible", Seen::Invisible),
        ];
        let mut table = String::new();
        for (name, seen) in all {
            for (said, word) in [(Said::Taken, "taken"), (Said::Otherwise, "otherwise")] {
                for waits_for_exact in [true, false] {
                    for accepts_probable in [false, true] {
                        let known = Known {
                            name: "ana",
                            said,
                            attempt: Attempt::new(2),
                            waits_for_exact,
                            accepts_probable,
                            held: None,
                        };
                        let settled = match settled(&seen, &known) {
                            Settled::Unsettled(why) => format!("unsettled: {why}"),
                            Settled::Silent => "nothing said".to_owned(),
                            settled @ (Settled::Created { .. } | Settled::Exists { .. }) => {
                                let copied = matches!(settled, Settled::Exists { copied: true, .. });
                                let (attempt, outcome) = settled.outcome(&known).unwrap();
                                let attempt = attempt.map(Attempt::number);
                                let copied = if copied { "copied " } else { "" };
                                format!(
                                    "{copied}{:?} recovered={} attempt={attempt:?} id={:?} code={:?} {:?}",
                                    outcome.state,
                                    outcome.recovered,
                                    outcome.id,
                                    outcome.code,
                                    outcome.message
                                )
                            }
                        };
                        let wait = if waits_for_exact { "wait" } else { "-" };
                        let accept = if accepts_probable { "accept" } else { "-" };
                        writeln!(table, "{name:<9} {word:<9} {wait:<4} {accept:<6} {settled}").unwrap();
                    }
                }
            }
        }
        insta::assert_snapshot!("settled", table);
    }

    #[test]
    fn whose_a_user_is_is_told_as_it_was_decided() {
        // Attempt 1 is of before attempts had nonces, attempt 2 has one, and there is no attempt 3.
        let own = |made: Attempt| match made.number() {
            1 => Some(None),
            2 => Some(Some(Nonce::of(2))),
            _ => None,
        };
        let tags = [
            None,
            Some("run/1"),
            Some("run/1.0000000000000001"),
            Some("run/2"),
            Some("run/2.0000000000000001"),
            Some("run/2.0000000000000002"),
            Some("run/3"),
            Some("run/3.0000000000000002"),
            Some("run/2.2"),
            Some("other/1"),
            Some("other/2.0000000000000002"),
            Some("nonsense"),
        ];
        let bodies = [("equal", Some(true)), ("differs", Some(false)), ("no body", None)];
        let mut table = String::new();
        for tag in tags {
            for untagged in [false, true] {
                for was_edited in [false, true] {
                    for (name, is_same) in bodies {
                        let user = User {
                            id: "u-9".into(),
                            username: "ana".into(),
                            tags: tag
                                .map(|tag| (PROVENANCE.to_owned(), tag.to_owned()))
                                .into_iter()
                                .collect(),
                            last_modified_time: Some(1_795_444_693.0),
                            ..User::default()
                        };
                        let deeds = Deeds { run: "run", untagged, was_edited };
                        let whose = whose(&user, &deeds, own, || is_same);
                        // Each system shows its own form of a time.
                        let time = format!("{:?}", at(1_795_444_693.0).unwrap());
                        let whose = format!("{whose:?}")
                            .replace("Attempt(1)", "1")
                            .replace("Attempt(2)", "2")
                            .replace(&time, "2026-11-23T14:38:13Z");
                        let sent = if untagged { "untagged" } else { "tagged" };
                        let edited = if was_edited { "edited" } else { "-" };
                        writeln!(
                            table,
                            "{:<24} {sent:<8} {edited:<6} {name:<8} {whose}",
                            tag.unwrap_or("no tag")
                        )
                        .unwrap();
                    }
                }
            }
        }
        insta::assert_snapshot!("whose", table);
    }

    #[test]
    fn what_is_older_than_any_attempt_is_anothers_and_a_variant_is_not_forgotten() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let probable = |modified| Seen::Probable { id: "u".into(), modified };
        assert!(matches!(probable(Some(at(9))).unless_older_than(Some(at(10))), Seen::Theirs { .. }));
        for (modified, not_before) in
            [(Some(at(10)), Some(at(10))), (None, Some(at(10))), (Some(at(9)), None)]
        {
            assert_eq!(probable(modified).unless_older_than(not_before), probable(modified));
        }
        let variant = Seen::Variant { id: "u".into(), username: "Ana".into() };
        let mut known = None;
        assert_eq!(Seen::Invisible.or_variant(&mut known), Seen::Invisible);
        assert_eq!(variant.clone().or_variant(&mut known), variant);
        assert_eq!(Seen::Invisible.or_variant(&mut known), variant);
    }
}
