//! A row of a ledger whose user may be there, and what is decided about it. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::agent::RowNumber;
use crate::apply::{Departure, SEEN_BY_THEN};
use crate::crash::{Sabotage, sabotage};
use crate::ledger::{AskedFor, Attempt, Entry, Nonce, Place, RowState, State};
use crate::plan::{Around, Fate, Leaver, Lifts, Made, Of, Weighed, Why, made_by, of_undo};
use crate::user::Found;

/// So long after its intent a request of ours may still arrive. It is signed with the intent's time, and "a request must
/// reach AWS within five minutes of the time stamp" (IAM user guide, *Signature Version 4*); three times that, for clocks
/// that differ and a service that is generous.
const ARRIVES_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Of whoever carries the tag of an attempt that has made another user.
const A_COPY: &str = "a copy of the user that was deleted: its tag is that of the attempt that made that one";

/// A row whose user may be there.
#[derive(Clone, Debug)]
pub(in crate::job) struct Candidate {
    /// Its row's place in the ledger's state.
    pub(in crate::job) at: Place,
    pub(in crate::job) row: RowNumber,
    /// What the ledger says of its user.
    pub(in crate::job) made: Made,
    /// What is known of it: the ledger's id, or the one that was found under the name.
    pub(in crate::job) id: Option<String>,
    pub(in crate::job) stands: Stands,
    /// Which of its attempts made the user that was found, where that is proved.
    pub(in crate::job) made_by: Option<Attempt>,
    /// All its attempts.
    pub(in crate::job) attempts: Vec<(Attempt, Option<Nonce>)>,
    /// Not before this a deletion is final, by the earlier of both clocks: a request of ours may still arrive.
    pub(in crate::job) not_before: Option<SystemTime>,
    /// Until then that nobody is to be seen does not say that nobody is there.
    pub(in crate::job) seen_by: Option<SystemTime>,
}

/// How the row of a candidate stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::job) enum Stands {
    /// Its user was made.
    Made,
    /// Its deletion was announced, and nothing says what became of it.
    Announced,
    /// A request that makes it may have been executed.
    InDoubt,
    /// Its user was deleted, and somebody under its name carries a tag of this run.
    Back,
}

impl Candidate {
    /// The row at this place, where its user may be there. `is_listed` says whether the list of users has its name, `heard`
    /// what was asked last of the user of an id, or of the name, and when it was heard of.
    pub(in crate::job) fn of(
        state: &State,
        at: Place,
        is_listed: impl FnOnce() -> bool,
        heard: impl FnOnce(Option<&str>) -> (AskedFor, Option<SystemTime>),
    ) -> Option<Self> {
        let record = state.record(at);
        let stands = match record.settled_state() {
            RowState::Created => Stands::Made,
            RowState::Unconfirmed => Stands::Announced,
            RowState::InDoubt => Stands::InDoubt,
            // Somebody has the name of whoever was deleted.
            RowState::Deleted if is_listed() => Stands::Back,
            _ => return None,
        };
        let id = match stands {
            Stands::Made | Stands::Announced if !sabotage(Sabotage::UndoByUsername) => state.id(at),
            _ => None,
        };
        let (asked, heard) = heard(id.as_deref());
        let unclear_since = state.unclear_since(at);
        let not_before = unclear_since.and_then(|since| since.checked_add(ARRIVES_WITHIN));
        // Whoever was made may not be seen for as long; of a request that is on its way both times count. The later of two:
        // an attempt that nobody answered says nothing of one after it that made the user.
        let made_at = not_before.max(heard);
        let earlier = state.detail(at).map(|detail| &*detail.earlier).unwrap_or_default();
        let newest = record.attempt.map(|attempt| (attempt, record.nonce));
        let attempts: Vec<_> = earlier.iter().copied().chain(newest).collect();
        // An attempt makes one user: where the one that it made was deleted, another with its tag is somebody's copy.
        let is_unclear = |attempt: Attempt| state.unclear(at).any(|unclear| unclear == attempt);
        let unclear = attempts.iter().copied().filter(|(attempt, _)| is_unclear(*attempt)).collect();
        let made = Made {
            user: state.user(at).to_owned(),
            id: id.clone(),
            attempts: if stands == Stands::Back { unclear } else { attempts.clone() },
            asked,
            heard: heard.and_then(seconds),
        };
        let seen_by = made_at.and_then(|at| at.checked_add(SEEN_BY_THEN));
        let row = record.row;
        Some(Self { at, row, made, id, stands, made_by: None, attempts, not_before, seen_by })
    }

    /// Which attempt made the user that was found, where that is proved.
    pub(in crate::job) fn maker(&self, run: &str, found: &Found) -> Option<Attempt> {
        made_by(run, &self.made.attempts, found)
    }

    /// Whether somebody is there again, under a tag of this run, whose user was deleted.
    pub(in crate::job) fn is_back(&self, run: &str, found: &Found) -> bool {
        self.stands == Stands::Back && made_by(run, &self.attempts, found).is_some()
    }

    /// What stands against deleting the user that was found.
    pub(in crate::job) fn against(&self, of: Of<'_>, found: &Found, around: &Around) -> Vec<(Why, String)> {
        if self.is_back(of.run, found) && self.made_by.is_none() {
            return vec![(Why::AnotherTag, A_COPY.to_owned())];
        }
        of_undo(of, &self.made, found, around)
    }

    /// What becomes of it where that stands against who was found; `None` where nobody is to be seen, of whom `unseen` then
    /// says what is known.
    pub(in crate::job) fn weighed(
        &self,
        against: Option<Vec<(Why, String)>>,
        unseen: impl FnOnce() -> Vec<(Why, String)>,
        lifts: Lifts,
        now: SystemTime,
    ) -> Weighed {
        let is_settled = |until: Option<SystemTime>| until.is_none_or(|until| now >= until);
        let gone_once = |settled: bool| if settled { Fate::Gone } else { Fate::Wait };
        let Some(against) = against else {
            let is_gone = self.stands == Stands::Announced || is_settled(self.seen_by);
            return Weighed { fate: gone_once(is_gone), against: unseen() };
        };
        let weighed = Weighed::of(against, lifts);
        // The name of a row in doubt is another's, and no request of ours can arrive any more: nothing of ours is there.
        if self.stands == Stands::InDoubt && is_anothers(&weighed.against) {
            return Weighed { fate: gone_once(is_settled(self.not_before)), ..weighed };
        }
        weighed
    }

    /// What is recorded of it when the undo begins: what is known without a call.
    pub(in crate::job) fn lines<'e>(
        &'e self,
        leaver: &'e Leaver,
        now: &str,
    ) -> impl Iterator<Item = Entry<'e>> {
        let user = self.made.user.as_str();
        let is_proved = matches!(leaver.fate, Fate::Skip(_)) && self.made_by.is_some();
        let is_unknown = matches!(self.stands, Stands::InDoubt | Stands::Back);
        let was_found = is_unknown && (leaver.fate == Fate::Delete || is_proved);
        // Whose answer was lost is known to be made before it is known to be deleted, or left: also where the row's user
        // was deleted, and this is another, of a request that was late.
        let made = was_found.then(|| Entry {
            recovered: true,
            attempt: self.made_by,
            id: self.id.as_deref().map(Into::into),
            ..Entry::outcome(user, RowState::Created, now.to_owned())
        });
        let stands = match leaver.fate {
            Fate::Gone => Some((RowState::Deleted, leaver.fate.code())),
            Fate::Skip(_) => Some((RowState::Skipped, leaver.fate.code())),
            Fate::Delete | Fate::Wait => None,
        };
        // Where it is not known that anybody was made, nobody was left either.
        let stands = stands.filter(|(state, _)| {
            let is_made = matches!(self.stands, Stands::Made | Stands::Announced) || was_found;
            *state == RowState::Deleted || is_made
        });
        let stands = stands.map(|(state, code)| Entry {
            code: code.map(Into::into),
            message: leaver.note().map(Into::into),
            id: leaver.id.as_deref().map(Into::into),
            ..Entry::outcome_of_delete(user, state, now.to_owned())
        });
        made.into_iter().chain(stands)
    }

    /// Its deletion, where it is known who is to be deleted.
    pub(in crate::job) fn departure(&self) -> Option<Departure> {
        Some(Departure {
            at: self.at,
            row: self.row,
            user: self.made.user.clone(),
            id: self.id.clone()?,
            was_begun: self.stands == Stands::Announced,
            not_before: self.not_before,
            seen_by: self.seen_by,
            with_proficiencies: true,
        })
    }
}

/// A time in seconds since 1970, as the service writes the time of a change.
fn seconds(at: SystemTime) -> Option<f64> {
    at.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs_f64())
}

/// Whether what stands against somebody is that nothing proves them ours.
pub(in crate::job) fn is_anothers(against: &[(Why, String)]) -> bool {
    against.iter().any(|(why, _)| matches!(why, Why::AnotherTag | Why::Unproved | Why::Renamed))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::rfc3339;
    use crate::ledger::made::{attempt, intent, row};

    #[test]
    fn whoever_was_made_just_now_may_not_be_seen_yet_however_old_an_attempt_is_that_nobody_answered() {
        let (long_ago, now) =
            (UNIX_EPOCH + Duration::from_secs(1_000_000), UNIX_EPOCH + Duration::from_secs(1_010_000));
        let outcome = |state, number, at| Entry {
            attempt: Some(attempt(number)),
            id: Some("u-1".into()),
            ..Entry::outcome("ana", state, rfc3339(at))
        };
        let mut state = State::default();
        for entry in [
            row("ana", 2, 1),
            intent("ana", 1),
            outcome(RowState::InDoubt, 1, long_ago),
            intent("ana", 2),
            outcome(RowState::Created, 2, now),
        ] {
            state.apply(&entry);
        }
        let at = state.find("ana").unwrap();
        let heard = |_: Option<&str>| (AskedFor::default(), Some(now));
        let candidate = Candidate::of(&state, at, || false, heard).unwrap();
        assert_eq!(candidate.not_before, Some(long_ago + ARRIVES_WITHIN));
        assert_eq!(candidate.seen_by, Some(now + SEEN_BY_THEN));
        let fate = |at| candidate.weighed(None, Vec::new, Lifts::default(), at).fate;
        assert_eq!((fate(now), fate(now + SEEN_BY_THEN)), (Fate::Wait, Fate::Gone));
    }
}
