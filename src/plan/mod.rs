//! Stage 3: the roster as it is now × the ledger become a decision for each row. Pure: no file, no network, no clock.

#![warn(clippy::wildcard_enum_match_arm)] // whoever adds a case decides what it means here

mod action;
mod change;
mod fate;
mod leaver;
mod leaving;
mod people;
mod protected;
mod steps;
mod table;
mod undo;
mod wanted;

pub use action::Action;
pub use change::{CHANGES, ChangeRule, HOLDERS, Holder, HolderRule, Resolution, Sides};
pub(crate) use change::{of_holder, resolve};
pub(crate) use fate::Weighed;
pub use fate::{FATES, Fate, FateRule, Lift, Lifts, Why};
pub use leaver::{Leaver, LeaverCounts};
pub(crate) use leaving::{AsPlanned, as_planned, of_list, usual_most};
pub use people::{CellChange, Person, Remedy};
pub(crate) use people::{folded, remedies};
pub use protected::Protected;
pub(crate) use steps::StepDecision;
pub use steps::{Asks, decide_step};
pub use table::{Decision, Now, TABLE};
pub(crate) use table::{Mode, decide};
pub(crate) use undo::{Around, Made, Of, made_by, of_undo};
pub use wanted::Wanted;
pub(crate) use wanted::{Origin, Seen};

use std::collections::{HashMap, HashSet};

use wanted::Who;

use crate::crash::{Sabotage, sabotage};
use crate::ledger::{Entry, Place, RowState, SeenAs, State, Step, StepState};

/// What is to be done with each row, and what is to be said of those with which nothing is done.
#[derive(Default)]
pub struct Plan {
    /// For everybody in [`Wanted`], in its order.
    wanted: Vec<Decision>,
    /// Rows that only the ledger has.
    gone: Vec<(Place, Decision)>,
    /// What follows the rows whose users are there.
    steps: HashMap<Who, StepDecision>,
    /// The rows whose step nobody asks for any longer.
    dropped_steps: Vec<Place>,
    /// The rows whose step nobody can be given, for their users are gone.
    barred_steps: Vec<(Place, Barred)>,
    /// Whoever has the name of a created user and is not that user, by id.
    strangers: HashMap<Place, String>,
    /// Whoever goes by another name since a file of failed rows renamed the row, with the row of that name: somebody who
    /// is there, or may be, and is not made a second time.
    heirs: HashMap<Who, Place>,
    /// Whether it is known who is on the instance.
    is_listed: bool,
    /// It is a `retry`'s, which looks at the roster for what failed alone.
    is_retry: bool,
}

/// The code of a step that is given to nobody, for its user is gone and the name is another's.
pub(crate) const REPLACED: &str = "replaced";

/// The code of a step that is given to nobody, for its user is gone. A user that is listed again is given it.
pub(crate) const MISSING: &str = "missing";

/// Why a step is given to nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Barred {
    /// The name is another user's now.
    Replaced,
    /// Nobody has the name.
    Missing,
}

impl Barred {
    const fn code(self) -> &'static str {
        match self {
            Self::Replaced => REPLACED,
            Self::Missing => MISSING,
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Replaced => "the user that was created is gone, and its name is another user's",
            Self::Missing => {
                "the user that was created is no longer on the instance, and is made anew only where that is asked for"
            }
        }
    }
}

/// Under which id a username is on the instance now, if it is.
pub type OnInstance<'f, 'd> = &'f dyn Fn(&str) -> Option<&'d str>;

/// Whether a user stands in a ledger of leavers, by its name and by the id that was made for it, where that is known.
pub(crate) type IsLeaver<'a> = &'a dyn Fn(&str, Option<&str>) -> bool;

/// What a plan is made for.
#[derive(Clone, Copy, Default)]
pub struct Asked<'a> {
    /// `retry` rather than `import`.
    pub(crate) retry: bool,
    /// The error codes that `retry --code` picks; empty picks all that failed, but those that exist.
    pub(crate) codes: &'a [String],
    /// `--recreate-missing`.
    pub(crate) recreate_missing: bool,
    /// `--recreate-deleted`.
    pub(crate) recreate_deleted: bool,
    /// Whether the user of this name stands in a ledger of leavers, by the id that was made.
    pub(crate) is_leaver: Option<IsLeaver<'a>>,
    /// The newest create is so long ago that whoever was made is listed, or gone.
    pub(crate) are_listed: bool,
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
            // It has not failed.
            Some(RowState::There) => false,
            // Undone, or about to be: `retry` makes nobody anew.
            Some(RowState::Deleted | RowState::Unconfirmed) => false,
            // Words of an update's ledger, which no import goes on with.
            Some(RowState::Updated | RowState::Skipped) => false,
            None | Some(RowState::Created | RowState::Rejected | RowState::Invalid) => {
                self.codes.is_empty() || coded()
            }
        }
    }

    /// What is done with a created row that is left as it is, by the id of its user and the one that the instance has under
    /// its name now.
    fn looked_for(&self, user: &str, made: Decision, ours: Option<&str>, found: Option<&str>) -> Decision {
        match found {
            // Whoever left is not missing, and comes back with a roster's row of their own alone.
            None if self.is_leaver.is_some_and(|is_leaver| is_leaver(user, ours)) => Decision::Departed,
            // Told and not sent: the user may be too new to be listed, and a second one would be a doubled one.
            None if self.recreate_missing => Decision::Replace,
            None => Decision::Missing,
            // Ids are never given twice: under another one it is another user, whatever its cells are.
            Some(id) if ours.is_some_and(|ours| ours != id) => Decision::Replaced,
            Some(_) => made,
        }
    }

    /// What is done with a row whose user was deleted by an undo.
    fn undone(&self, decided: Decision, seen: Seen) -> Decision {
        if self.recreate_deleted && seen.valid { Decision::Replace } else { decided }
    }
}

impl Plan {
    /// Decides every row. `on_instance` says under which id a username is on the instance now; `None` where that is not
    /// known of anybody.
    pub fn build<'d>(
        wanted: &Wanted,
        state: &State,
        asked: Asked,
        on_instance: Option<OnInstance<'_, 'd>>,
    ) -> Self {
        let decision = |at: Option<Place>, seen: Option<Seen>| {
            let record = at.map(|at| state.record(at)).filter(|record| !record.dropped);
            // An open intent is in doubt here: nobody is at work with the ledger while a plan is made.
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
        let mut strangers = HashMap::new();
        let mut looked_for = |at: Place, user: &str, made: Decision| {
            let Some(find) = on_instance.filter(|_| made.leaves()) else { return made };
            let found = find(user);
            let decided = asked.looked_for(user, made, state.created_id(at).as_deref(), found);
            strangers.extend(found.filter(|_| decided == Decision::Replaced).map(|id| (at, id.to_owned())));
            decided
        };
        let stands = |at: Place| state.record(at).settled_state();
        let created = |at: Option<Place>| at.filter(|at| stands(*at) == RowState::Created);
        let has_gone = |user: &str| on_instance.is_some_and(|find| find(user).is_none());
        let heirs = heirs(wanted, state);
        let by_position = sabotage(Sabotage::ResumeByPosition);
        let decisions = wanted.everybody().map(|(who, user, seen)| {
            if let Some(&at) = heirs.get(&who) {
                let decided = created(Some(at)).map(|at| looked_for(at, state.user(at), Decision::Keep));
                // The row has the old name still: it is not what could make the user anew.
                let decided = decided.map(|it| if it.sends() { Decision::Missing } else { it });
                return decided.unwrap_or(Decision::Keep);
            }
            let at = if by_position { state.places().nth(who.index()) } else { state.find(user) };
            let made = created(at).map(|at| state.record(at).fingerprint);
            let seen = made.map_or(seen, |made| wanted.against_made(who, seen, made));
            let decided = decision(at, Some(seen));
            if at.is_some_and(|at| stands(at) == RowState::Deleted && !state.record(at).dropped) {
                return asked.undone(decided, seen);
            }
            let was_there = at.is_some_and(|at| state.record(at).state == RowState::There);
            if was_there && decided == Decision::Keep && !asked.retry && has_gone(user) {
                // Whoever had the name has gone since, and the row asks for somebody.
                return Decision::Replace;
            }
            // Whoever was never made is missing from the instance as a matter of course.
            created(at).map_or(decided, |at| looked_for(at, user, decided))
        });
        let made_heirs: HashSet<Place> =
            heirs.values().copied().filter(|at| stands(*at) == RowState::Created).collect();
        // By who, not by which line: a roster that was sorted or shortened has lost nobody else.
        let gone = state
            .places()
            .filter(|&at| !state.record(at).dropped && wanted.who(state.user(at)).is_none())
            .filter(|at| !made_heirs.contains(at))
            .map(|at| (at, decision(Some(at), None)));
        let (wanted_decisions, gone) = (decisions.collect(), gone.collect());
        let (is_listed, is_retry) = (on_instance.is_some(), asked.retry);
        let mut plan =
            Self { wanted: wanted_decisions, gone, strangers, heirs, is_listed, is_retry, ..Self::default() };
        plan.follow_up(wanted, state, asked);
        plan
    }

    /// Decides what follows the rows whose users are there.
    fn follow_up(&mut self, wanted: &Wanted, state: &State, asked: Asked) {
        let is_asked = wanted.everybody().any(|(_, _, seen)| seen.proficiencies.is_some());
        let concerns = |at: &Place| {
            let record = state.record(*at);
            record.settled_state() == RowState::Created && (is_asked || record.step != StepState::Nothing)
        };
        let inherited: HashSet<Place> = self.heirs.values().copied().collect();
        // Only rows whose users are there: what follows a row that is sent is decided with the row.
        for at in state.places().filter(concerns) {
            let record = state.record(at);
            let who = wanted.who(state.user(at));
            let asks = match who.map(|who| wanted.of(who)) {
                // The row is there under its old name: what it asks for is for `retry` and the renamed row to say.
                None if inherited.contains(&at) => Asks::Unclear,
                None => Asks::Gone,
                Some(seen) if !seen.valid => Asks::Unclear,
                Some(seen) if seen.proficiencies == record.proficiencies => Asks::Same,
                Some(seen) if seen.proficiencies.is_none() => Asks::Nothing,
                Some(_) => Asks::Other,
            };
            let is_sent = who.is_some_and(|who| self.wanted[who.index()].sends());
            let is_missing = who.is_some_and(|who| {
                matches!(self.wanted[who.index()], Decision::Missing | Decision::Departed)
            });
            let code = state.detail(at).and_then(|detail| detail.step_code.as_deref());
            // Who was missing and is listed again is given what nobody could be given before.
            let is_back = self.is_listed && !is_missing && code == Some(MISSING);
            let is_anew = is_back && record.step == StepState::Rejected;
            let stood = if is_anew { StepState::Pending } else { record.step };
            let picked =
                asked.codes.is_empty() || code.is_some_and(|code| asked.codes.iter().any(|c| c == code));
            let decision = decide_step(asked.retry.then_some(picked), stood, asks);
            let barred = if self.strangers.contains_key(&at) {
                Some(Barred::Replaced)
            } else {
                let is_gone = is_missing && asked.are_listed && decision != StepDecision::Drop;
                is_gone.then_some(Barred::Missing)
            };
            match (decision, barred) {
                // A user that is made anew is given what its row asks for then.
                _ if is_sent => {}
                // Nobody is waited for who is gone, and a stranger is given nothing.
                (_, Some(barred)) => {
                    if record.step == StepState::Pending {
                        self.barred_steps.push((at, barred));
                    }
                }
                (StepDecision::Leave, None) => {}
                (StepDecision::Drop, None) => self.dropped_steps.push(at),
                (decision @ (StepDecision::Give | StepDecision::Drift), None) => {
                    self.steps.extend(who.map(|who| (who, decision)));
                }
            }
        }
    }

    /// Takes for no drift what `is_done` says that an update has made of its user what the row asks for now.
    pub(crate) fn forgive(&mut self, wanted: &Wanted, is_done: impl Fn(&str, Seen) -> bool) {
        for (who, user, seen) in wanted.everybody() {
            let has_drifted = self.wanted[who.index()] == Decision::Drift
                || self.steps.get(&who) == Some(&StepDecision::Drift);
            if has_drifted && seen.valid && is_done(user, seen) {
                self.wanted[who.index()] = Decision::Keep;
                self.steps.remove(&who);
            }
        }
    }

    /// Takes these for drifted who are there and left as they are: their users are not as their rows ask.
    pub(crate) fn have_drifted(&mut self, wanted: &Wanted, is_one: impl Fn(&str) -> bool) {
        for (who, user, _) in wanted.everybody() {
            let decided = &mut self.wanted[who.index()];
            if *decided == Decision::Keep && is_one(user) {
                *decided = Decision::Drift;
            }
        }
    }

    /// Those whose rows are left as they stand, whether the roster asks for the same or not, in its order.
    pub(crate) fn left<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = (&'a str, Decision)> {
        let left = self.decided(wanted);
        let is_left = |decision: Decision| matches!(decision, Decision::Keep | Decision::Drift);
        left.filter(move |(_, seen, decision)| seen.valid && is_left(*decision))
            .map(|(user, _, decision)| (user, decision))
    }

    /// Whether anybody was made with other cells, or given other proficiencies, than the roster has now.
    pub(crate) fn has_drift(&self) -> bool {
        self.wanted.contains(&Decision::Drift) || self.steps.values().any(|it| *it == StepDecision::Drift)
    }

    /// What follows a row of the roster whose user is there.
    pub(crate) fn step_of(&self, wanted: &Wanted, username: &str) -> StepDecision {
        let who = wanted.who(username);
        who.and_then(|who| self.steps.get(&who)).copied().unwrap_or_default()
    }

    /// How many users are given what follows their rows: those that are there already, and those that are to come.
    pub(crate) fn steps_to_do(&self, wanted: &Wanted) -> (u64, u64) {
        let there = self.steps.values().filter(|decision| **decision == StepDecision::Give).count();
        let sent = self.decided(wanted).filter(|(_, _, decision)| decision.sends());
        let to_come = sent.filter(|(_, seen, _)| seen.proficiencies.is_some()).count();
        (there as u64, to_come as u64)
    }

    /// The usernames whose step got this decision, in the roster's order.
    pub(crate) fn steps_named<'a>(
        &'a self,
        wanted: &'a Wanted,
        decision: StepDecision,
    ) -> impl Iterator<Item = &'a str> {
        let decided = wanted.everybody().filter(move |(who, _, _)| self.steps.get(who) == Some(&decision));
        decided.map(|(_, user, _)| user)
    }

    /// Leaves the rows that only the ledger has where they stand, for the roster is but a part of the whole: all but
    /// those that `is_renamed` says have another name now, which are dropped where nothing was made of them.
    pub(crate) fn spare_gone(&mut self, state: &State, is_renamed: impl Fn(&str) -> bool) {
        for (at, decision) in &mut self.gone {
            // A user that exists, or may, keeps its row under its old name too: what was made is never dropped.
            // Nor what was undone: nobody makes it anew under the name of before.
            let made = matches!(
                state.record(*at).settled_state(),
                RowState::Created | RowState::InDoubt | RowState::Deleted | RowState::Unconfirmed
            );
            *decision = if !made && is_renamed(state.user(*at)) { Decision::Drop } else { Decision::Keep };
        }
    }

    /// The decision for a row of the roster.
    pub fn of(&self, wanted: &Wanted, username: &str) -> Option<Decision> {
        wanted.who(username).map(|who| self.wanted[who.index()])
    }

    /// Everybody in the roster's order, each with the decision.
    fn decided<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = (&'a str, Seen, Decision)> {
        wanted.everybody().zip(&self.wanted).map(|((_, user, seen), decision)| (user, seen, *decision))
    }

    /// How many rows got this decision.
    pub(crate) fn count(&self, decision: Decision) -> u64 {
        let gone = self.gone.iter().map(|(_, decided)| decided);
        self.wanted.iter().chain(gone).filter(|decided| **decided == decision).count() as u64
    }

    /// How many rows a request may leave for.
    pub(crate) fn to_send(&self) -> u64 {
        self.wanted.iter().filter(|decision| decision.sends()).count() as u64
    }

    /// The usernames of the roster's rows that got this decision, in the roster's order.
    pub(crate) fn named<'a>(
        &'a self,
        wanted: &'a Wanted,
        decision: Decision,
    ) -> impl Iterator<Item = &'a str> {
        self.decided(wanted).filter(move |(_, _, decided)| *decided == decision).map(|(user, _, _)| user)
    }

    /// The usernames of the roster's rows that stand so in the ledger, in the roster's order, each with its decision.
    pub(crate) fn standing<'a>(
        &'a self,
        wanted: &'a Wanted,
        state: &'a State,
        stands: RowState,
    ) -> impl Iterator<Item = (&'a str, Decision)> {
        let is_so = move |user: &str| {
            let record = state.find(user).map(|at| state.record(at)).filter(|record| !record.dropped);
            record.is_some_and(|record| record.settled_state() == stands)
        };
        let decided = self.decided(wanted).filter(move |(user, ..)| is_so(user));
        decided.map(|(user, _, decided)| (user, decided))
    }

    /// The usernames of the roster's rows that a request may leave for, in the roster's order, each with its decision.
    pub(crate) fn sending<'a>(&'a self, wanted: &'a Wanted) -> impl Iterator<Item = (&'a str, Decision)> {
        let sent = self.decided(wanted).filter(|(_, _, decided)| decided.sends());
        sent.map(|(user, _, decided)| (user, decided))
    }

    /// The usernames of the roster's rows that go by another name since a file of failed rows renamed them, each with that
    /// name, in the roster's order.
    pub(crate) fn renamed<'a>(
        &'a self,
        wanted: &'a Wanted,
        state: &'a State,
    ) -> impl Iterator<Item = (&'a str, &'a str)> {
        wanted.everybody().filter_map(move |(who, user, _)| Some((user, state.user(*self.heirs.get(&who)?))))
    }

    /// Where the rows stand that are left as they are, those that only the ledger has among them.
    pub(crate) fn kept<'a>(&'a self, wanted: &'a Wanted, state: &'a State) -> impl Iterator<Item = RowState> {
        let everybody = wanted.everybody().zip(&self.wanted);
        let in_roster = everybody.filter(move |(_, decided)| decided.leaves());
        let in_roster = in_roster.filter_map(move |((who, user, _), _)| match self.heirs.get(&who) {
            // One in doubt is among those that only the ledger has, and counted there.
            Some(at) => Some(*at).filter(|at| state.record(*at).settled_state() == RowState::Created),
            None => state.find(user),
        });
        let gone = self.gone.iter().filter(move |(_, decided)| decided.leaves()).map(|(at, _)| *at);
        in_roster.chain(gone).map(|at| state.record(at).settled_state())
    }

    /// Rows that only the ledger has and that got this decision, by their place in its state.
    pub fn gone(&self, decision: Decision) -> impl Iterator<Item = Place> {
        self.gone.iter().filter(move |(_, decided)| *decided == decision).map(|(at, _)| *at)
    }

    /// The lines that the ledger needs before anything is sent, in order: dropped rows and steps, then the roster's new and
    /// changed rows, then the invalid ones. `user` names a place of the ledger's state; `at` is the time now.
    pub fn changes<'a>(
        &'a self,
        wanted: &'a Wanted,
        user: impl Fn(Place) -> &'a str + Copy + 'a,
        at: &'a str,
    ) -> impl Iterator<Item = Entry<'a>> {
        // Who has left, then who is there: whoever reads the lines one by one never counts more rows than the roster has.
        let dropped = self.gone(Decision::Drop).map(move |at| Entry::dropped(user(at)));
        let steps = self.dropped_steps.iter().map(move |&place| {
            Entry::step(user(place), Step::Proficiencies, StepState::Nothing, at.to_owned())
        });
        let planned = wanted.everybody().zip(&self.wanted);
        let planned = planned.filter(|(_, decision)| decision.plans() || **decision == Decision::Skip);
        let planned = planned.map(|((who, user, seen), _)| {
            // Whoever reads the ledger has the first roster before them, not the file of what failed in it.
            let origin = wanted.origin(who);
            let row = origin.and_then(|origin| origin.row).unwrap_or(seen.row);
            Entry {
                proficiencies: seen.proficiencies,
                was: origin.and_then(|origin| origin.was.as_deref()).map(Into::into),
                ..Entry::row(user, row, seen.fingerprint)
            }
        });
        let invalid = wanted.first_faults().filter(|fault| self.wanted[fault.who.index()] == Decision::Skip);
        let skipped = invalid.map(move |fault| Entry {
            code: Some(fault.code.into()),
            message: Some(fault.message.as_str().into()),
            ..Entry::outcome(wanted.name(fault.who), RowState::Invalid, at.to_owned())
        });
        let barred = self.barred_steps.iter().map(move |&(place, barred)| Entry {
            code: Some(barred.code().into()),
            message: Some(barred.message().into()),
            ..Entry::step(user(place), Step::Proficiencies, StepState::Rejected, at.to_owned())
        });
        dropped.chain(steps).chain(barred).chain(planned).chain(skipped)
    }

    /// The lines that say how the created rows are seen now, of those alone of which the ledger does not say so yet; `at`
    /// is the time now.
    pub(crate) fn sightings<'a>(
        &'a self,
        wanted: &'a Wanted,
        state: &'a State,
        at: &'a str,
    ) -> impl Iterator<Item = Entry<'a>> {
        let in_roster = wanted.everybody().zip(&self.wanted).filter_map(move |((who, user, _), decision)| {
            let place = match self.heirs.get(&who) {
                Some(at) => Some(*at).filter(|at| state.record(*at).settled_state() == RowState::Created),
                None => created(state, user),
            }?;
            Some((place, self.sees(*decision, self.steps.get(&who), state.seen(place).0)))
        });
        let gone = self.gone(Decision::Orphan).map(|place| (place, SeenAs::Gone));
        let now = in_roster.chain(gone).map(|(place, seen)| {
            let stranger = self.strangers.get(&place).filter(|_| seen == SeenAs::Replaced);
            (place, seen, stranger.map(String::as_str))
        });
        let news = now.filter(|&(place, seen, id)| {
            let (before, known) = state.seen(place);
            // Who is not known by id now was told of before, by an id or without one.
            before != seen || (id.is_some() && known != id)
        });
        news.map(move |(place, seen, id)| Entry::seen(state.user(place), seen, id, at.to_owned()))
    }

    /// How a created row is seen that was seen otherwise, or so, `before`.
    fn sees(&self, decision: Decision, step: Option<&StepDecision>, before: SeenAs) -> SeenAs {
        let is_of_instance = matches!(before, SeenAs::Missing | SeenAs::Replaced);
        let has_drifted = decision == Decision::Drift || step == Some(&StepDecision::Drift);
        if matches!(decision, Decision::Missing | Decision::Departed) {
            SeenAs::Missing
        } else if decision == Decision::Replaced {
            SeenAs::Replaced
        } else if decision.sends() || (is_of_instance && !self.is_listed) {
            // Until it is made anew, it is as it was; and where nobody may be listed, nothing is claimed or taken back.
            before
        } else if self.is_retry && !is_of_instance {
            // A retry looks at the roster for what failed alone.
            before
        } else if has_drifted {
            SeenAs::Drifted
        } else {
            SeenAs::There
        }
    }

    /// The rows that were in doubt, and of which `state` says that they are created, with what the roster no longer asks
    /// for: by an attempt with older cells, or for a row that it has with errors, or no more.
    pub(crate) fn settled_otherwise<'a>(
        &'a self,
        wanted: &'a Wanted,
        state: &'a State,
    ) -> impl Iterator<Item = (Place, SeenAs)> + 'a {
        let in_roster = self.decided(wanted).filter_map(move |(user, seen, decision)| {
            let was_in_doubt =
                matches!(decision, Decision::Settle | Decision::SettleChanged | Decision::LookUp);
            let place = created(state, user).filter(|_| was_in_doubt)?;
            let is_same = seen.valid && state.record(place).fingerprint == seen.fingerprint;
            (!is_same).then_some((place, SeenAs::Drifted))
        });
        let is_heir = |at: &Place| self.heirs.values().any(|heir| heir == at);
        let gone = self.gone(Decision::LookUp).filter(|at| state.record(*at).state == RowState::Created);
        let gone = gone.filter(move |at| !is_heir(at));
        in_roster.chain(gone.map(|at| (at, SeenAs::Gone)))
    }
}

/// Whoever the roster still asks for by a name that was mended in a file of failed rows, with the row that has the new one.
/// A roster with rows of both names asks for two people.
fn heirs(wanted: &Wanted, state: &State) -> HashMap<Who, Place> {
    let heir = |(who, user, _): (Who, &str, Seen)| {
        let at = state.heir(user)?;
        wanted.who(state.user(at)).is_none().then_some((who, at))
    };
    wanted.everybody().filter_map(heir).collect()
}

/// The place of a user that was made by the ledger's run.
fn created(state: &State, user: &str) -> Option<Place> {
    let is_created = |at: &Place| {
        let record = state.record(*at);
        record.settled_state() == RowState::Created && !record.dropped
    };
    state.find(user).filter(is_created)
}

#[cfg(test)]
mod tests;
