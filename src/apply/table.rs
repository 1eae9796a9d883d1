//! What an answer leads to: one table, and one row's tries as a value without I/O.

use std::time::Duration;

use super::task::{Doubt, Task};
use crate::clock::Moment;
use crate::crash::{Sabotage, sabotage};
use crate::event::Event;
use crate::lane::answer::Answer;
use crate::lane::backoff::{Delays, Random};
use crate::lane::verdict::Verdict;
use crate::ledger::{Outcome, RowState, Unexecuted};
use crate::plan::Action;
use crate::stop::Stop;

/// Where an answer leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Next {
    /// It is done, and recorded.
    Done,
    /// It is refused, and recorded.
    Rejected,
    /// What is there is looked at: that decides, not this answer.
    Look,
    /// What was not found is asked: the row's names, or the instance itself.
    Ask,
    /// The user may not be everywhere yet: tried again until it has been seen often enough for the refusal to be believed.
    Await,
    /// Tried again after a while.
    Again,
    /// The caller is mended, once for all rows, and the call made again.
    Mend,
    /// The run stops; the row stays as it is.
    Stop,
    /// Nothing is known, and asking further brings nothing: the row stays in doubt.
    Unsettled,
}

/// Where an answer leads, by what was asked, what the answer means, and whether an earlier attempt of the row is in doubt.
///
/// In doubt, no refusal of a create is believed: it speaks of its own attempt, and an earlier one may have made the user.
/// A create that says "the name is taken" is always looked at, for the user may be ours.
pub(crate) const fn next(action: Action, verdict: Verdict, doubt: Doubt) -> Next {
    match (action, verdict) {
        (_, Verdict::Done) => Next::Done,
        // Whatever is asked, these are not about it: a throttle is not executed, an outage says nothing, and neither may
        // ever fail a row.
        (_, Verdict::Throttled | Verdict::InDoubt | Verdict::NotSent) => Next::Again,
        // The caller's trouble and no row's: mended once for all of them.
        (_, Verdict::Expired | Verdict::Signature) => Next::Mend,
        (_, Verdict::NoCredentials) => Next::Stop,
        // Nothing gets through: neither of the indexes, and no other row.
        (_, Verdict::Barred) => Next::Stop,
        // The other index can be asked; where neither may be, nobody can say whose the name is.
        (Action::Settle, Verdict::Denied) => Next::Unsettled,
        // Not every partition has it, nor every policy: said, and done without.
        (Action::SignOut, Verdict::Denied) => Next::Rejected,
        (_, Verdict::Denied) => Next::Stop,

        (Action::Create, Verdict::Rejected) => match doubt {
            Doubt::Clear => Next::Rejected,
            Doubt::InDoubt => Next::Look,
        },
        // "Not found" does not say what: a name of the row, or the instance.
        (Action::Create, Verdict::NotFound) => Next::Ask,
        (Action::Create, Verdict::Duplicate | Verdict::Crossed) => Next::Look,
        // The next row would be refused alike, and so would the thousand after it.
        (Action::Create, Verdict::Full) => Next::Stop,

        // Somebody else was at the same user: what is there now decides.
        (Action::Update, Verdict::Crossed) => Next::Look,
        // The user is gone, and that is said.
        (Action::Update, Verdict::Rejected | Verdict::NotFound | Verdict::Duplicate | Verdict::Full) => {
            Next::Rejected
        }

        // The parts of the service do not learn of a new user together.
        (Action::Associate, Verdict::NotFound) => Next::Await,
        // What the user has already is refused with the rest. A quota that is full is one agent's: that of its proficiencies.
        (Action::Associate, Verdict::Rejected | Verdict::Duplicate | Verdict::Crossed | Verdict::Full) => {
            Next::Look
        }

        // Nobody is there: as asked.
        (Action::Delete, Verdict::NotFound) => Next::Done,
        (Action::Delete, Verdict::Rejected | Verdict::Duplicate | Verdict::Crossed | Verdict::Full) => {
            Next::Rejected
        }

        // Nobody is there who could be signed in, or the call is not there: the deletion itself says which.
        (
            Action::SignOut,
            Verdict::Rejected | Verdict::NotFound | Verdict::Duplicate | Verdict::Crossed | Verdict::Full,
        ) => Next::Rejected,

        // One index refuses to look; the next look asks the other.
        (
            Action::Settle,
            Verdict::Rejected | Verdict::NotFound | Verdict::Duplicate | Verdict::Crossed | Verdict::Full,
        ) => Next::Again,
    }
}

/// The same for a create, but for the branches that are wrong on purpose and that the crash matrix must notice.
fn next_of_create(verdict: Verdict, doubt: Doubt) -> Next {
    let is_taken = verdict == Verdict::Duplicate;
    if is_taken && sabotage(Sabotage::DuplicateIsFailed) {
        Next::Rejected
    } else if is_taken && sabotage(Sabotage::DuplicateIsSuccess) {
        Next::Done
    } else {
        next(Action::Create, verdict, doubt)
    }
}

/// What is done after an answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Then {
    /// Nothing: the row is settled.
    End,
    /// The row gives its place up, and is sent again after this.
    Wait(Duration),
    /// The name is looked up.
    Look,
    /// The instance is asked for, and [`Tries::instance_was_asked`] goes on.
    Ask,
    /// The caller is mended.
    Mend,
    /// The run stops.
    Stop(Stop),
}

/// What one answer comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Step {
    /// What the ledger is told. `None` leaves the intent open over a look, so that a crash leaves it in doubt.
    pub(crate) record: Option<Outcome>,
    /// What the others are told of the row.
    pub(crate) tell: Option<Event>,
    /// What is done then.
    pub(crate) then: Then,
}

impl Step {
    /// Nothing is recorded yet.
    fn held(then: Then) -> Self {
        Self { record: None, tell: None, then }
    }
}

/// The tries of one row that is to be made: a pure value that is told the answers.
pub(crate) struct Tries {
    doubt: Doubt,
    was_unclear: bool,
    /// Since when nothing clear has come back.
    unclear_since: Option<Moment>,
    delays: Delays,
    /// How long the row is tried while nothing clear comes back.
    budget: Duration,
}

impl Tries {
    /// The tries of a task. Its waits follow from the seed and its place, so that a run's waits can be had again.
    pub(crate) fn begin(task: &Task, seed: u64, budget: Duration) -> Self {
        let random = Random::seeded(seed ^ (u64::from(task.at.number()) << 20));
        Self {
            doubt: task.doubt,
            was_unclear: false,
            unclear_since: None,
            delays: Delays::new(Duration::from_secs(1), Duration::from_secs(20), random),
            budget,
        }
    }

    /// Whether an attempt of this session was unclear.
    pub(crate) fn was_unclear(&self) -> bool {
        self.was_unclear
    }

    /// Where the row stands while nothing new is known of it.
    pub(crate) fn standing(&self) -> RowState {
        match self.doubt {
            Doubt::Clear => RowState::Pending,
            Doubt::InDoubt => RowState::InDoubt,
        }
    }

    /// The next answer. `served` says how long the service has answered since a moment: its outages count against no row.
    pub(crate) fn answered(
        &mut self,
        task: &Task,
        answer: &Answer,
        served: impl FnOnce(Moment) -> Duration,
    ) -> Step {
        let next = next_of_create(answer.verdict, self.doubt);
        if next == Next::Again {
            return self.again(task, answer, served);
        }
        // A clear answer: the row's time begins anew with the next unclear one.
        self.unclear_since = None;
        match next {
            Next::Done => created(task, answer),
            Next::Rejected => rejected(task, answer),
            Next::Ask => Step::held(Then::Ask),
            Next::Mend => self.refused(answer, Then::Mend),
            Next::Stop if answer.verdict == Verdict::Barred => self.barred(task, answer),
            Next::Stop => self.refused(answer, Then::Stop(reason(answer))),
            // No answer to a create awaits a user or is given up; were there one, a look decides and harms nothing.
            Next::Look | Next::Await | Next::Unsettled | Next::Again => Step::held(Then::Look),
        }
    }

    /// Goes on once the instance was asked for, after something was not found: it is gone, or the row names what is not
    /// there.
    pub(crate) fn instance_was_asked(&self, task: &Task, answer: &Answer, is_gone: bool) -> Step {
        if is_gone {
            return self.refused(answer, Then::Stop(Stop::NoInstance));
        }
        // The instance is there, so it is the row that names something else: a rejection like any other.
        if next(Action::Create, Verdict::Rejected, self.doubt) == Next::Rejected {
            rejected(task, answer)
        } else {
            Step::held(Then::Look)
        }
    }

    /// The attempt was not carried out, or nobody can say: the row waits, and is sent again.
    fn again(&mut self, task: &Task, answer: &Answer, served: impl FnOnce(Moment) -> Duration) -> Step {
        if answer.verdict == Verdict::Throttled {
            self.unclear_since = None;
            let wait = self.delays.next(answer.pause);
            let record = Some(self.unexecuted(answer, Unexecuted::Throttled));
            return Step { record, tell: None, then: Then::Wait(wait) };
        }
        let is_unclear = answer.verdict == Verdict::InDoubt;
        let (record, tell, wait) = if is_unclear {
            let (record, tell) = self.unclear(task, answer);
            (record, Some(tell), self.delays.next(answer.pause))
        } else {
            (self.unexecuted(answer, Unexecuted::NotSent), None, self.delays.next(None))
        };
        // Only a row in doubt can be looked up instead: one of which nothing left has nothing to be found.
        let since = *self.unclear_since.get_or_insert(answer.departure.moment);
        let is_over = self.doubt == Doubt::InDoubt && served(since) >= self.budget;
        let then = if is_over { Then::Look } else { Then::Wait(wait) };
        Step { record: Some(record), tell, then }
    }

    /// Whoever answered may have passed the request on.
    fn unclear(&mut self, task: &Task, answer: &Answer) -> (Outcome, Event) {
        (self.doubt, self.was_unclear) = (Doubt::InDoubt, true);
        let (row, user, message) = (task.row, task.user.clone(), answer.message());
        (outcome(RowState::InDoubt, answer), Event::InDoubt { row, user, message, last: false })
    }

    /// Somebody in between lets nothing through: the run stops, and what was sent stays in doubt.
    fn barred(&mut self, task: &Task, answer: &Answer) -> Step {
        let (record, tell) = self.unclear(task, answer);
        Step { record: Some(record), tell: Some(tell), then: Then::Stop(reason(answer)) }
    }

    /// The service refused before it looked at the row: nothing is known of it but that this attempt did nothing.
    fn refused(&self, answer: &Answer, then: Then) -> Step {
        // With nothing to sign with, nothing left: it is no call that the quota counts.
        let was_sent = answer.verdict != Verdict::NoCredentials;
        let why = if was_sent { Unexecuted::Refused } else { Unexecuted::NotSent };
        Step { record: Some(self.unexecuted(answer, why)), tell: None, then }
    }

    fn unexecuted(&self, answer: &Answer, why: Unexecuted) -> Outcome {
        Outcome { unexecuted: Some(why), ..outcome(self.standing(), answer) }
    }
}

/// Why an answer stops the run.
pub(super) fn reason(answer: &Answer) -> Stop {
    let message = answer.message();
    match answer.verdict {
        Verdict::Full => Stop::Full { message },
        Verdict::NoCredentials => Stop::Credentials { message },
        Verdict::Barred => Stop::NotConnect { message },
        Verdict::Done
        | Verdict::Rejected
        | Verdict::NotFound
        | Verdict::Throttled
        | Verdict::Duplicate
        | Verdict::Crossed
        | Verdict::InDoubt
        | Verdict::NotSent
        | Verdict::Expired
        | Verdict::Signature
        | Verdict::Denied => Stop::Denied { code: answer.code.clone().unwrap_or_default(), message },
    }
}

/// Where a row stands by an answer, with what that said.
pub(super) fn outcome(state: RowState, answer: &Answer) -> Outcome {
    let told = answer.told.clone();
    Outcome {
        state,
        code: told.code,
        message: told.message,
        request_id: told.request_id,
        ..Outcome::default()
    }
}

fn created(task: &Task, answer: &Answer) -> Step {
    let id = answer.id.clone();
    let tell = Event::Created {
        row: task.row,
        user: task.user.clone(),
        id: id.clone().unwrap_or_default(),
        recovered: false,
    };
    let request_id = answer.told.request_id.clone();
    let record = Outcome { state: RowState::Created, id, request_id, ..Outcome::default() };
    Step { record: Some(record), tell: Some(tell), then: Then::End }
}

fn rejected(task: &Task, answer: &Answer) -> Step {
    let record = outcome(RowState::Rejected, answer);
    let tell = Event::Rejected {
        row: task.row,
        user: task.user.clone(),
        code: record.code.clone().unwrap_or_default(),
        message: record.message.clone().unwrap_or_default(),
    };
    Step { record: Some(record), tell: Some(tell), then: Then::End }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    #[test]
    fn where_each_answer_leads_is_as_it_was_decided() {
        let mut table = String::new();
        for verdict in Verdict::ALL {
            write!(table, "{:<14}", format!("{verdict:?}")).unwrap();
            for action in Action::ALL {
                let [clear, doubt] = Doubt::ALL.map(|doubt| next(action, verdict, doubt));
                let cell = if clear == doubt {
                    format!("{action:?}: {clear:?}")
                } else {
                    format!("{action:?}: {clear:?}; in doubt {doubt:?}")
                };
                write!(table, " {cell:<36}").unwrap();
            }
            table = table.trim_end().to_owned() + "\n";
        }
        insta::assert_snapshot!("next", table);
    }

    #[test]
    fn a_create_in_doubt_is_settled_by_nothing_but_success_and_a_look() {
        for verdict in Verdict::ALL {
            let next = next(Action::Create, verdict, Doubt::InDoubt);
            assert_ne!(next, Next::Rejected, "{verdict:?}");
            assert_eq!(next == Next::Done, verdict == Verdict::Done, "{verdict:?}");
        }
    }

    #[test]
    fn a_throttle_and_an_outage_fail_nobody() {
        for action in Action::ALL {
            for verdict in [Verdict::Throttled, Verdict::InDoubt, Verdict::NotSent] {
                for doubt in Doubt::ALL {
                    assert_eq!(next(action, verdict, doubt), Next::Again, "{action:?} {verdict:?}");
                }
            }
        }
    }
}
