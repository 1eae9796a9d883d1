//! Stage 3: the roster as it is now × the ledger become a task for each row. Pure: no file, no network, no clock.

mod action;
mod steps;
mod table;

pub use action::Action;
pub use steps::{Asks, StepDecision, decide_step};
pub use table::{Decision, Mode, Now, Rule, TABLE, decide};

use std::collections::HashMap;

use crate::crash::{Sabotage, sabotage};
use crate::ledger::{Entry, Names, RowState, State, Step, StepState};

/// What one pass over the roster says of a row: enough to plan with, and compact, for rosters of a million rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The number that the spreadsheet shows.
    pub row: u32,
    /// Over all cells but the secret ones; 0 where the row has errors.
    pub fingerprint: u64,
    /// Over its proficiencies, which follow it; 0 where it has none.
    pub proficiencies: u64,
    /// Whether the row has errors of its own.
    pub valid: bool,
}

/// The code of the finding that two rows share a username.
const USERNAME_SHARED: &str = crate::finding::codes::USERNAME_DUPLICATE.id;

/// The roster as it is now, by who.
#[derive(Clone, Default)]
pub struct Wanted {
    names: Names,
    seen: Vec<Seen>,
    invalid: Vec<Invalid>,
    digest: sha2::Sha256,
}

/// An invalid row and the first thing that is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// Its place in [`Wanted`].
    pub place: u32,
    /// The finding's code.
    pub code: &'static str,
    /// The finding's message.
    pub message: String,
}

impl Wanted {
    /// Takes a valid row in. A username that was there already makes both rows' one place invalid: which of them is
    /// meant is not ours to guess.
    pub fn add(&mut self, username: &str, row: u32, fingerprint: u64) {
        self.add_with_proficiencies(username, row, fingerprint, None);
    }

    /// The same, with the fingerprint of the proficiencies that are to follow it.
    pub fn add_with_proficiencies(
        &mut self,
        username: &str,
        row: u32,
        fingerprint: u64,
        proficiencies: Option<u64>,
    ) {
        use sha2::Digest as _;
        self.digest.update(fingerprint.to_be_bytes());
        if let Some(proficiencies) = proficiencies {
            self.digest.update(proficiencies.to_be_bytes());
        }
        let proficiencies = proficiencies.unwrap_or_default();
        let (place, added) = self.names.intern(username);
        if added {
            self.seen.push(Seen { row, fingerprint, proficiencies, valid: true });
        } else {
            let message = format!("the username is also in row {}", self.seen[place as usize].row);
            self.add_invalid(username, row, USERNAME_SHARED, &message);
        }
    }

    /// Takes a row with errors in. One that has no username of its own goes by its number.
    pub fn add_invalid(&mut self, username: &str, row: u32, code: &'static str, message: &str) {
        use sha2::Digest as _;
        self.digest.update(row.to_be_bytes());
        let by_row = format!("row {row}");
        let taken = self.names.find(username);
        if let Some(place) = taken {
            let first = &mut self.seen[place as usize];
            if std::mem::replace(&mut first.valid, false) {
                let message = format!("the username is also in row {row}");
                self.invalid.push(Invalid { place, code: USERNAME_SHARED, message });
            }
        }
        let name = if username.trim().is_empty() || taken.is_some() { &by_row } else { username };
        let (place, added) = self.names.intern(name);
        if added {
            self.seen.push(Seen { row, fingerprint: 0, proficiencies: 0, valid: false });
        }
        self.invalid.push(Invalid { place, code, message: message.to_owned() });
    }

    /// How many rows the roster has, by who.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// SHA-256 over the fingerprints, in hexadecimal: the roster's digest. No secret cell goes into it.
    pub fn digest(&self) -> String {
        use sha2::Digest as _;
        let digest = self.digest.clone().finalize();
        digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
    }

    /// The first fault of each invalid row.
    fn first_faults(&self) -> impl Iterator<Item = &Invalid> {
        let mut told = std::collections::HashSet::new();
        self.invalid.iter().filter(move |fault| told.insert(fault.place))
    }

    /// A row by who.
    pub fn find(&self, username: &str) -> Option<Seen> {
        self.names.find(username).map(|place| self.seen[place as usize])
    }
}

/// What is to be done with each row, and what is to be said of those with which nothing is done.
#[derive(Default)]
pub struct Plan {
    /// By the place of the row in [`Wanted`].
    wanted: Vec<Decision>,
    /// Rows that only the ledger has, by their place in its state.
    gone: Vec<(u32, Decision)>,
    /// What follows the rows whose users are there, by the place of the row in [`Wanted`].
    steps: HashMap<u32, StepDecision>,
    /// The rows whose step nobody asks for any longer, by their place in the ledger's state.
    dropped_steps: Vec<u32>,
}

/// What a plan is made for.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    /// `retry` rather than `import`.
    pub retry: bool,
    /// The error codes that `retry --code` picks; empty picks all that failed, but those that exist.
    pub codes: &'a [String],
    /// `--recreate-missing`.
    pub recreate_missing: bool,
}

impl Asked<'_> {
    /// Whether `retry` is for a row that stands so, with the code of its last failure.
    fn picks(&self, was: Option<RowState>, code: Option<&str>) -> bool {
        let coded = || code.is_some_and(|code| self.codes.iter().any(|asked| asked == code));
        match was {
            // Left by a retry that was interrupted: what is in doubt is settled whatever was asked for.
            Some(RowState::InDoubt) => true,
            Some(RowState::Pending) => {
                if self.codes.is_empty() {
                    code.is_some()
                } else {
                    coded()
                }
            }
            Some(RowState::Exists) => coded(),
            _ => self.codes.is_empty() || coded(),
        }
    }
}

impl Plan {
    /// Decides every row. `on_instance` says whether a username is on the instance now; `None` where that is not known.
    pub fn build(
        wanted: &Wanted,
        state: &State,
        asked: Asked,
        on_instance: Option<&dyn Fn(&str) -> bool>,
    ) -> Self {
        let decision = |at: Option<u32>, seen: Option<Seen>| {
            let record = at.map(|at| state.record(at)).filter(|record| !record.dropped);
            let was = record.map(|record| record.settled_state());
            let now = match (record, seen) {
                (_, None) => Now::Gone,
                (_, Some(seen)) if !seen.valid => Now::Invalid,
                // What has not been begun is planned with what the roster asks for now.
                (Some(record), Some(seen))
                    if record.fingerprint == seen.fingerprint
                        && (record.state == RowState::Created
                            || record.proficiencies == seen.proficiencies) =>
                {
                    Now::Same
                }
                (_, Some(_)) => Now::Changed,
            };
            let code = at.and_then(|at| state.detail(at)).and_then(|detail| detail.code.as_deref());
            let mode =
                if asked.retry { Mode::Retry { picked: asked.picks(was, code) } } else { Mode::Resume };
            decide(mode, was, now)
        };
        let missing = |user: &str, made: Decision| match (made, on_instance) {
            (Decision::Keep | Decision::Drift, Some(there)) if !there(user) => {
                if asked.recreate_missing {
                    Decision::Replace
                } else {
                    Decision::Missing
                }
            }
            _ => made,
        };
        let is_created = |at: Option<u32>| at.is_some_and(|at| state.record(at).state == RowState::Created);
        let by_position = sabotage(Sabotage::ResumeByPosition);
        let decisions = wanted.names.iter().zip(&wanted.seen).zip(0..).map(|((user, seen), place)| {
            let at =
                if by_position { Some(place).filter(|at| *at < state.places()) } else { state.find(user) };
            let decided = decision(at, Some(*seen));
            if is_created(at) { missing(user, decided) } else { decided }
        });
        let gone = (0..state.places())
            .filter(|&at| !state.record(at).dropped && wanted.names.find(state.user(at)).is_none())
            .map(|at| (at, decision(Some(at), None)));
        let (wanted_decisions, gone) = (decisions.collect(), gone.collect());
        let mut plan = Self { wanted: wanted_decisions, gone, ..Self::default() };
        plan.follow_up(wanted, state, asked);
        plan
    }

    /// Decides what follows the rows whose users are there.
    fn follow_up(&mut self, wanted: &Wanted, state: &State, asked: Asked) {
        let is_asked = wanted.seen.iter().any(|seen| seen.proficiencies != 0);
        let concerns = |at: &u32| {
            let record = state.record(*at);
            record.state == RowState::Created && (is_asked || record.step != StepState::Nothing)
        };
        for at in (0..state.places()).filter(concerns) {
            let record = state.record(at);
            let place = wanted.names.find(state.user(at));
            let asks = match place.map(|place| wanted.seen[place as usize]) {
                None => Asks::Gone,
                Some(seen) if !seen.valid => Asks::Unclear,
                Some(seen) if seen.proficiencies == record.proficiencies => Asks::Same,
                Some(seen) if seen.proficiencies == 0 => Asks::Nothing,
                Some(_) => Asks::Other,
            };
            let is_sent = place.is_some_and(|place| self.wanted[place as usize].sends());
            let code = state.detail(at).and_then(|detail| detail.step_code.as_deref());
            let picked =
                asked.codes.is_empty() || code.is_some_and(|code| asked.codes.iter().any(|c| c == code));
            match decide_step(asked.retry.then_some(picked), record.step, asks) {
                // A user that is made anew is given what its row asks for then.
                _ if is_sent => {}
                StepDecision::Leave => {}
                StepDecision::Drop => self.dropped_steps.push(at),
                decision => drop(place.map(|place| self.steps.insert(place, decision))),
            }
        }
    }

    /// What follows a row of the roster whose user is there.
    pub fn step_of(&self, wanted: &Wanted, username: &str) -> StepDecision {
        let place = wanted.names.find(username);
        place.and_then(|place| self.steps.get(&place)).copied().unwrap_or_default()
    }

    /// How many users are given what follows their rows: those that are there already, and those that are to come.
    pub fn steps_to_do(&self, wanted: &Wanted) -> (u64, u64) {
        let there = self.steps.values().filter(|decision| **decision == StepDecision::Give).count();
        let sent = wanted.seen.iter().zip(&self.wanted);
        let to_come = sent.filter(|(seen, decision)| seen.proficiencies != 0 && decision.sends()).count();
        (there as u64, to_come as u64)
    }

    /// The usernames whose step got this decision, in the roster's order.
    pub fn steps_named<'a>(
        &'a self,
        wanted: &'a Wanted,
        decision: StepDecision,
    ) -> impl Iterator<Item = &'a str> {
        let decided = move |place: &u32| self.steps.get(place) == Some(&decision);
        (0..).zip(wanted.names.iter()).filter(move |(place, _)| decided(place)).map(|(_, user)| user)
    }

    /// Leaves the rows that only the ledger has where they stand, for the roster is but a part of the whole: all but
    /// those that `is_renamed` says have another name now, which are dropped where nothing was made of them.
    pub fn spare_gone(&mut self, state: &State, is_renamed: impl Fn(&str) -> bool) {
        for (at, decision) in &mut self.gone {
            let made = matches!(state.record(*at).settled_state(), RowState::Created | RowState::InDoubt);
            *decision = if !made && is_renamed(state.user(*at)) { Decision::Drop } else { Decision::Keep };
        }
    }

    /// The decision for a row of the roster.
    pub fn of(&self, wanted: &Wanted, username: &str) -> Option<Decision> {
        wanted.names.find(username).map(|place| self.wanted[place as usize])
    }

    /// How many rows got this decision.
    pub fn count(&self, decision: Decision) -> u64 {
        let gone = self.gone.iter().map(|(_, decided)| decided);
        self.wanted.iter().chain(gone).filter(|decided| **decided == decision).count() as u64
    }

    /// How many rows a request may leave for.
    pub fn to_send(&self) -> u64 {
        self.wanted.iter().filter(|decision| decision.sends()).count() as u64
    }

    /// The usernames of the roster's rows that got this decision, in the roster's order.
    pub fn named<'a>(&'a self, wanted: &'a Wanted, decision: Decision) -> impl Iterator<Item = &'a str> {
        let decided = wanted.names.iter().zip(&self.wanted);
        decided.filter(move |(_, decided)| **decided == decision).map(|(user, _)| user)
    }

    /// The usernames of the roster's rows that a request may leave for, in the roster's order, each with its decision.
    pub fn sending<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = (&'a str, Decision)> {
        let decided = wanted.names.iter().zip(self.wanted.iter().copied());
        decided.filter(|(_, decided)| decided.sends())
    }

    /// Where the rows stand that are left as they are, those that only the ledger has among them.
    pub fn kept<'a>(&'a self, wanted: &'a Wanted, state: &'a State) -> impl Iterator<Item = RowState> {
        let is_kept = |decision: Decision| matches!(decision, Decision::Keep | Decision::Drift);
        let in_roster = wanted.names.iter().zip(&self.wanted).filter(move |(_, decided)| is_kept(**decided));
        let in_roster = in_roster.filter_map(|(user, _)| state.find(user));
        let gone = self.gone.iter().filter(move |(_, decided)| is_kept(*decided)).map(|(at, _)| *at);
        in_roster.chain(gone).map(|at| state.record(at).settled_state())
    }

    /// Rows that only the ledger has and that got this decision, by their place in its state.
    pub fn gone(&self, decision: Decision) -> impl Iterator<Item = u32> {
        self.gone.iter().filter(move |(_, decided)| *decided == decision).map(|(at, _)| *at)
    }

    /// The lines that the ledger needs before anything is sent, in order: dropped rows and steps, then the roster's new and
    /// changed rows, then the invalid ones. `user` names a place of the ledger's state; `at` is the time now.
    pub fn changes<'a>(
        &'a self,
        wanted: &'a Wanted,
        user: impl Fn(u32) -> &'a str + Copy + 'a,
        at: &'a str,
    ) -> impl Iterator<Item = Entry<'a>> {
        let dropped = self.gone(Decision::Drop).map(move |at| Entry::dropped(user(at)));
        let steps = self.dropped_steps.iter().map(move |&place| {
            Entry::step(user(place), Step::Proficiencies, StepState::Nothing, at.to_owned())
        });
        let rows = wanted.names.iter().zip(&wanted.seen).zip(&self.wanted);
        let planned = rows.filter(|(_, decision)| decision.plans() || **decision == Decision::Skip).map(
            |((user, seen), _)| Entry {
                proficiencies: (seen.proficiencies != 0).then_some(seen.proficiencies),
                ..Entry::row(user, seen.row, seen.fingerprint)
            },
        );
        let invalid =
            wanted.first_faults().filter(|fault| self.wanted[fault.place as usize] == Decision::Skip);
        let skipped = invalid.map(move |fault| Entry {
            code: Some(fault.code.into()),
            message: Some(fault.message.as_str().into()),
            ..Entry::outcome(wanted.names.get(fault.place), RowState::Invalid, at.to_owned())
        });
        dropped.chain(steps).chain(planned).chain(skipped)
    }
}

#[cfg(test)]
mod tests;
