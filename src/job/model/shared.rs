//! Machines that share a ledger, a service that makes users, and whoever else is there.
//!
//! A machine reads the ledger and puts its session record behind it: whoever had it before can add nothing more. It may do
//! so at any time, also where another is at work, for no clock and no lease is trusted. Every machine may stand still
//! between any two steps, for ever, and may crash. A request arrives once, at any later time, also after its sender is dead
//! or has been taken over from, or never; its answer may be lost. A look may not show a user that is there.
//!
//! What is put, what an answer leads to, whose a user is and when one may be deleted is the program's own.

use std::time::Duration;

use tokio::time::Instant;

use super::book::{Book, Decided, FOREIGN, Fold, RUN, Segment, USER, at, id, nonce, place, time, user};
use super::walk::{MACHINES, Model, Order};
use crate::agent::IdentityType;
use crate::apply::settle::{Deeds, Known, Said, settled, whose};
use crate::apply::table::{Next, Then, Tries, next as next_of};
use crate::apply::{Doubt, Task};
use crate::clock::Moment;
use crate::job::tasks::doubt_of;
use crate::job::undo::Candidate;
use crate::lane::answer::{Answer, Departure, Told};
use crate::lane::verdict::Verdict;
use crate::ledger::{Attempt, Entry, Intended, Kind, Outcome, RowState, State};
use crate::plan::{Action, Around, Fate, Leaver, Lifts, Mode, Now, Of, Weighed, decide, made_by};
use crate::user::Found;

/// The most attempts to make the user.
pub(super) const ATTEMPTS: usize = 4;

/// How large a model is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    /// Machines, at most [`MACHINES`].
    pub(super) machines: usize,
    /// Attempts to make the user, at most [`ATTEMPTS`].
    pub(super) attempts: u8,
    /// Sessions, of all machines.
    pub(super) sessions: u8,
    /// Crashes, of all machines.
    pub(super) crashes: u8,
    /// Whether a machine may undo the run.
    pub(super) undo: Option<Undo>,
}

/// What belongs to an undo.
#[derive(Clone, Copy, Debug)]
pub(super) struct Undo {
    /// How often so much time passes that what was signed before is too old.
    pub(super) stretches: u8,
    /// The user may be at work when somebody undoes the run, and is left then.
    pub(super) leaves: bool,
    /// An import may make whoever was deleted anew, as where that is asked for.
    pub(super) recreates: bool,
}

/// What is wrong on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wrong {
    /// A segment is put whatever else was put in the meantime.
    NoFence,
    /// The request leaves before its intent is put.
    SendFirst,
    /// Open intents of another session count as not sent.
    TakerForgets,
    /// A 409 is taken for success without a look.
    DuplicateIsSuccess,
    /// A 409 is taken for a failure without a look.
    DuplicateIsFailed,
    /// A row in doubt that is refused and not seen is rejected.
    AbsenceIsProof,
    /// A user is deleted while a request that nobody has answered may still arrive.
    UndoAtOnce,
    /// A request is signed with the time at which it leaves.
    SignAtSend,
}

/// How all stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct World {
    /// What was put, folded.
    ledger: Fold,
    machines: [Machine; MACHINES],
    /// The requests that make the user, by the random bits of their attempts from 1.
    calls: [Call; ATTEMPTS],
    /// Deletions of whom each made that are on their way, each a bit by the same number, and those that were answered.
    deleting: u8,
    deleted: u8,
    /// Whoever was read by their id to be deleted, each a bit: from then on they are shown as long as they are there.
    read: u8,
    /// Who has the name.
    user: u8,
    /// How many attempts have random bits.
    drawn: u8,
    crashes: u8,
    /// How often much time has passed.
    stretch: u8,
    /// How many users were made by us; two are as many as three.
    made: u8,
    has_foreign_come: bool,
}

/// One machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Machine {
    at: Pc,
    /// Somebody else has put a segment since it read or put its last one.
    is_behind: bool,
    /// The ledger as it has it.
    view: Fold,
    /// The ledger by which it has planned an undo.
    planned: Fold,
    /// The attempt that it is at; in an undo, whom it is about to delete.
    call: u8,
    /// When it planned.
    stretch: u8,
    /// The row was in doubt when its session began.
    in_doubt: bool,
    /// An attempt of its session was unclear.
    is_unclear: bool,
    /// The last answer said that the name is taken.
    is_taken: bool,
    /// It has not looked yet whether the user was listed before anything was sent.
    is_fresh: bool,
    /// What its look has settled, to be put.
    told: Segment,
}

/// Where a machine is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Pc {
    /// Not at work.
    #[default]
    Away,
    /// It has read the ledger, and is about to put its session.
    Joins,
    /// It has the ledger, and nothing of its own is open.
    Ready,
    /// It has sent before its intent is put, which is wrong.
    SentFirst,
    /// Its intent is put, and nothing has left.
    Intends,
    /// Its request has left.
    Waits,
    /// It looks for the user; `call` is the attempt whose intent is open, 0 where none is.
    Looks,
    /// A look has settled the row.
    Settles,
    /// It has planned an undo, and is about to put its session.
    Plans,
    /// It waits until the user may be deleted.
    Due,
    /// The deletion is announced, and nothing has left.
    Announces,
    /// The deletion has left.
    Deletes,
}

/// A request that makes the user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct Call {
    how: How,
    /// When it was signed.
    signed: u8,
    /// The attempt's number.
    number: u8,
}

/// How a request stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum How {
    /// It has not left.
    #[default]
    Unsent,
    /// It may arrive.
    Flying,
    /// It was answered, and its sender waits for it.
    Answered(Answered),
    /// Nothing comes of it any more.
    Over,
}

/// What the service has said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Answered {
    Made,
    Taken,
    Refused,
    Throttled,
    TooOld,
}

impl Answered {
    /// What that means to whoever reads it; a refusal has more than one form.
    fn verdicts(self) -> &'static [Verdict] {
        match self {
            Self::Made => &[Verdict::Done],
            Self::Taken => &[Verdict::Duplicate],
            Self::Refused => &[Verdict::Rejected, Verdict::NotFound, Verdict::Crossed],
            Self::Throttled => &[Verdict::Throttled],
            Self::TooOld => &[Verdict::Signature],
        }
    }
}

/// What happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Machine(usize, Does),
    Arrives(u8, Answered, bool),
    IsLost(u8),
    DeletionArrives(u8, bool),
    DeletionIsLost(u8),
    ForeignComes,
    TimePasses,
}

/// What a machine does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Does {
    Reads,
    Joins,
    PlansUndo(u8),
    JoinsToRecreate,
    IsBehind,
    Leaves,
    SendsFirst(u8),
    Intends(u8),
    Sends(u8),
    SendsNot(u8),
    Hears(u8, Verdict),
    HearsNothing(u8, bool),
    Looks(u8),
    Settles,
    GivesUp,
    Crashes,
    BeginsUndo(bool),
    Announces(u8),
    FindsNobody,
    LeavesUser(u8),
    SendsDeletion(u8),
    HearsOfDeletion(u8),
    HearsNothingOfDeletion(u8),
}

/// What an answer leads to.
#[derive(Clone, Copy)]
struct Led {
    /// What is put.
    record: Option<Segment>,
    to: To,
}

#[derive(Clone, Copy)]
enum To {
    End,
    Again,
    Look,
}

/// An undo as it begins.
#[derive(Clone, Copy)]
struct Begins {
    segment: Segment,
    /// Whom it goes on to delete; 0 is nobody.
    whom: u8,
}

/// What is put of somebody who was looked at; `None` where nothing is.
type Judged = Option<Segment>;

/// By what a look is judged: the ledger, who is shown, how the machine stands, whose attempts these are, and when.
type Looked = (Fold, u8, [bool; 3], u8, u8, u8);

/// By what somebody is judged who is about to be deleted: the ledger now and as it was planned by, who was planned, by which
/// attempt, who is shown, when, and whether they are at work.
type AboutToDelete = (Fold, Fold, u8, u8, u8, u8, bool);

/// The model.
pub(super) struct Shared {
    bounds: Bounds,
    wrong: Option<Wrong>,
    /// A row that was settled after a crash as its first attempt made it counts as a fault: it shows the way there.
    until_recovered: bool,
    book: Book,
    begun: Fold,
    /// The record of a session, and the same with the row planned anew.
    sessions: [Segment; 2],
    intents: Decided<(Fold, u8, u8), (Segment, u8)>,
    led: Decided<(Fold, u8, [bool; 3], Verdict, u8), Led>,
    looked: Decided<Looked, Judged>,
    given_up: Decided<(Fold, u8, u8), Segment>,
    sends: Decided<Fold, bool>,
    begins: Decided<(Fold, u8, u8, u8, u8, bool), Begins>,
    judged: Decided<AboutToDelete, (Judged, bool)>,
    deleted: Decided<(Fold, u8, u8, bool), Segment>,
}

/// A row is tried for so long while nothing clear comes back.
const BUDGET: Duration = Duration::from_secs(180);

/// What is lifted: the ledger of the model does not say what was asked of its user.
const LIFTS: Lifts = Lifts { changed: true, quick_connects: false, signed_in: false, admin: false };

const OF: Of<'static> = Of { run: RUN, identity: IdentityType::ConnectManaged };

impl Shared {
    pub(super) fn of(bounds: Bounds, wrong: Option<Wrong>) -> Self {
        let (mut book, begun) = Book::begin();
        let session = Entry { session: Some("s".into()), at: Some(at(0).into()), ..Entry::of(Kind::Session) };
        let row = crate::ledger::made::row(USER, 2, 0xfeed);
        let sessions = [book.segment(std::slice::from_ref(&session)), book.segment(&[session, row])];
        Self {
            bounds,
            wrong,
            until_recovered: false,
            book,
            begun,
            sessions,
            intents: Decided::default(),
            led: Decided::default(),
            looked: Decided::default(),
            given_up: Decided::default(),
            sends: Decided::default(),
            begins: Decided::default(),
            judged: Decided::default(),
            deleted: Decided::default(),
        }
    }

    /// The same, to find the way to a row that was settled after a crash as its first attempt made it.
    pub(super) fn until_recovered(self) -> Self {
        Self { until_recovered: true, ..self }
    }

    /// How many ledgers were met that say different things.
    pub(super) fn ledgers(&self) -> usize {
        self.book.len()
    }

    /// Whether the user may be at work when somebody undoes the run.
    fn at_work(&self) -> &'static [bool] {
        if self.bounds.undo.is_some_and(|undo| undo.leaves) { &[false, true] } else { &[false] }
    }

    fn recreates(&self) -> bool {
        self.bounds.undo.is_some_and(|undo| undo.recreates)
    }

    fn is_wrong(&self, how: Wrong) -> bool {
        self.wrong == Some(how)
    }

    /// Puts a segment at the place behind all that the machine has: only where nobody else has put one there.
    fn put(&mut self, world: &World, machine: usize, segment: Segment, then: Machine) -> World {
        let mut world = *world;
        let own = world.machines[machine];
        if own.is_behind && !self.is_wrong(Wrong::NoFence) {
            world.machines[machine] = Machine::default();
            return world;
        }
        world.ledger = self.book.followed(world.ledger, segment);
        let view = self.book.followed(own.view, segment);
        for (place, other) in world.machines.iter_mut().enumerate() {
            other.is_behind |= place != machine && other.at != Pc::Away;
        }
        // Who is not at work has read nothing.
        world.machines[machine] =
            if then.at == Pc::Away { Machine::default() } else { Machine { view, ..then } };
        world
    }

    /// Whether an import has something to send, by the ledger as it was read.
    fn sends(&mut self, fold: Fold) -> bool {
        self.sends.get(&fold).unwrap_or_else(|| {
            let stands = self.stands(fold);
            let sends = decide(Mode::Resume, Some(stands), Now::Same).sends();
            self.sends.keep(fold, sends)
        })
    }

    /// Where the row stands to whoever takes the ledger over.
    fn stands(&self, fold: Fold) -> RowState {
        let state = self.book.state(fold);
        let record = state.record(place(state));
        // Who forgets takes what is open for not sent.
        if self.is_wrong(Wrong::TakerForgets) { record.state } else { record.settled_state() }
    }

    /// The next intent, and its number.
    fn intent(&mut self, view: Fold, bits: u8, stretch: u8) -> (Segment, u8) {
        let asked = (view, bits, stretch);
        self.intents.get(&asked).unwrap_or_else(|| {
            let attempt = Attempt::after(self.book.state(view).attempts);
            let how = Intended { tagged: true, generated: false };
            let segment = self.book.segment(&[how.entry(USER, attempt, nonce(bits), at(stretch))]);
            let number = u8::try_from(attempt.number()).expect("fewer attempts than that");
            self.intents.keep(asked, (segment, number))
        })
    }

    /// The tries of a row, as its session has left them.
    fn tries(task: &Task, is_unclear: bool) -> Tries {
        let mut tries = Tries::begin(task, 1, BUDGET);
        if is_unclear {
            let _ = tries.answered(task, &answer(Verdict::InDoubt, 0), |_| Duration::ZERO);
        }
        tries
    }

    /// What an answer leads to. `is_over` says that nothing clear has come back for long.
    fn led(&mut self, machine: &Machine, call: Call, verdict: Verdict, is_over: bool, stretch: u8) -> Led {
        let Machine { view, call: bits, in_doubt, is_unclear, .. } = *machine;
        let asked = (view, bits, [in_doubt, is_unclear, is_over], verdict, stretch);
        if let Some(known) = self.led.get(&asked) {
            return known;
        }
        let taken = verdict == Verdict::Duplicate;
        let task = task(self.book.state(view), in_doubt);
        let mut tries = Self::tries(&task, is_unclear);
        let read = if taken && self.is_wrong(Wrong::DuplicateIsSuccess) { Verdict::Done } else { verdict };
        let answer = answer(read, bits);
        let served = if is_over { BUDGET } else { Duration::ZERO };
        let mut step = tries.answered(&task, &answer, |_| served);
        if step.then == Then::Ask {
            step = tries.instance_was_asked(&task, &answer, false);
        }
        let (mut record, mut to) = (step.record, to(&step.then));
        if taken && self.is_wrong(Wrong::DuplicateIsFailed) {
            let exists = Outcome { state: RowState::Exists, ..Outcome::default() };
            (record, to) = (Some(exists), To::End);
        }
        let attempt = Attempt::new(u32::from(call.number));
        let record = record.map(|outcome| self.book.segment(&[outcome.entry(USER, attempt, at(stretch))]));
        self.led.keep(asked, Led { record, to })
    }

    /// What a look settles that shows this user, or nobody; `None` where nothing is settled.
    fn looked(&mut self, machine: &Machine, shown: u8, number: u8, own: u8, stretch: u8) -> Judged {
        let Machine { view, in_doubt, is_taken, is_fresh, .. } = *machine;
        let asked = (view, shown, [in_doubt, is_taken, is_fresh], number, own, stretch);
        if let Some(known) = self.looked.get(&asked) {
            return known;
        }
        let state = self.book.state(view);
        let seen = whose_is(state, shown, number);
        let attempt = Attempt::new(u32::from(own));
        let said = if is_taken { Said::Taken } else { Said::Otherwise };
        let (said, seen) = match (seen, is_fresh) {
            (Some(seen), true) => seen.when_listed(doubt(in_doubt)),
            (Some(seen), false) => (said, seen),
            (None, _) => (said, crate::apply::settle::Seen::Invisible),
        };
        let known = Known {
            name: USER,
            said,
            attempt: attempt.filter(|_| !is_fresh),
            waits_for_exact: true,
            accepts_probable: false,
            held: None,
        };
        let mut found = settled(&seen, &known).outcome(&known);
        let is_refused = !is_taken && !is_fresh && own != 0;
        if shown == 0 && is_refused && self.is_wrong(Wrong::AbsenceIsProof) {
            found = Some((attempt, Outcome { state: RowState::Rejected, ..Outcome::default() }));
        }
        let judged =
            found.map(|(attempt, outcome)| self.book.segment(&[outcome.entry(USER, attempt, at(stretch))]));
        self.looked.keep(asked, judged)
    }

    /// The row stays in doubt: nobody can say.
    fn given_up(&mut self, view: Fold, number: u8, stretch: u8) -> Segment {
        let asked = (view, number, stretch);
        self.given_up.get(&asked).unwrap_or_else(|| {
            let outcome = Outcome { state: RowState::InDoubt, ..Outcome::default() };
            let entry = outcome.entry(USER, Attempt::new(u32::from(number)), at(stretch));
            let segment = self.book.segment(&[entry]);
            self.given_up.keep(asked, segment)
        })
    }

    /// The row whose user is to be deleted, by the ledger as it was planned by, with who was found.
    fn candidate(&self, planned: Fold, found: Option<&Found>) -> Option<Candidate> {
        let state = self.book.state(planned);
        let heard = |_: Option<&str>| (crate::ledger::AskedFor::default(), self.book.heard(planned));
        let mut candidate = Candidate::of(state, place(state), || found.is_some(), heard)?;
        let own = found.map(|found| found.user.id.clone());
        candidate.id = candidate.id.take().or(own);
        let seen = found.filter(|found| candidate.id.as_deref() == Some(&*found.user.id));
        candidate.made_by = seen.and_then(|found| made_by(RUN, &candidate.made.attempts, found));
        Some(candidate)
    }

    /// An undo that begins: what it puts, and whom it goes on to delete.
    fn begins(&mut self, machine: &Machine, number: u8, stretch: u8, at_work: bool) -> Begins {
        let Machine { view, call: shown, stretch: planned, .. } = *machine;
        let asked = (view, shown, number, planned, stretch, at_work);
        if let Some(known) = self.begins.get(&asked) {
            return known;
        }
        let session = Entry { session: Some("s".into()), at: Some(at(0).into()), ..Entry::of(Kind::Session) };
        let found = found(shown, number);
        let begins = match self.candidate(view, found.as_ref()) {
            None => Begins { segment: self.book.segment(&[session]), whom: 0 },
            Some(candidate) => {
                let seen = found.filter(|found| candidate.id.as_deref() == Some(&*found.user.id));
                let against = seen.as_ref().map(|found| candidate.against(OF, found, &around(at_work)));
                let Weighed { fate, against } = candidate.weighed(against, Vec::new, LIFTS, time(planned));
                let leaver = Leaver {
                    user: USER.to_owned(),
                    row: candidate.row,
                    id: candidate.id.clone(),
                    fate,
                    against,
                    quick_connects: Vec::new(),
                };
                let now = at(stretch);
                let lines: Vec<Entry<'_>> =
                    [session].into_iter().chain(candidate.lines(&leaver, &now)).collect();
                let whom = if fate == Fate::Delete { shown } else { 0 };
                Begins { segment: self.book.segment(&lines), whom }
            }
        };
        self.begins.keep(asked, begins)
    }

    /// What is put before a user is deleted, who is read once more by id; where nobody is there, or the user is to be left,
    /// what is put of that. `None` where it is not yet time. Says with it whether the deletion goes on.
    fn judged(
        &mut self,
        machine: &Machine,
        number: u8,
        shown: u8,
        stretch: u8,
        at_work: bool,
    ) -> (Judged, bool) {
        let Machine { view, planned, call: whom, .. } = *machine;
        let asked = (view, planned, whom, number, shown, stretch, at_work);
        if let Some(known) = self.judged.get(&asked) {
            return known;
        }
        let judged = self.judge(machine, number, shown, stretch, at_work);
        self.judged.keep(asked, judged)
    }

    fn judge(
        &mut self,
        machine: &Machine,
        number: u8,
        shown: u8,
        stretch: u8,
        at_work: bool,
    ) -> (Judged, bool) {
        let Machine { view, planned, call: whom, .. } = *machine;
        let as_planned = found(whom, number);
        let candidate = self.candidate(planned, as_planned.as_ref()).expect("whoever is due was planned");
        let departure = candidate.departure().expect("whoever is due has an id");
        let is_time = departure.not_before.is_none_or(|not_before| time(stretch) >= not_before);
        if !is_time && !self.is_wrong(Wrong::UndoAtOnce) {
            return (None, false);
        }
        let outcome = |state| Outcome { state, id: Some(id(whom)), ..Outcome::default() };
        let Some(there) = found(shown, number) else {
            let is_young = departure.seen_by.is_some_and(|seen_by| time(stretch) < seen_by);
            if is_young && !departure.was_begun {
                return (None, false);
            }
            let gone = outcome(RowState::Deleted);
            return (Some(self.book.segment(&[gone.delete_entry(USER, None, at(stretch))])), false);
        };
        match Weighed::of(candidate.against(OF, &there, &around(at_work)), LIFTS).fate {
            Fate::Delete => {}
            Fate::Skip(_) => {
                let left = outcome(RowState::Skipped);
                return (Some(self.book.segment(&[left.delete_entry(USER, None, at(stretch))])), false);
            }
            Fate::Gone | Fate::Wait => return (None, false),
        }
        let attempt = Attempt::after(self.book.state(view).attempts);
        let id = id(whom);
        let intent = Entry::delete_intent(USER, attempt, &id, at(stretch));
        (Some(self.book.segment(&[intent])), true)
    }

    /// What a deletion came to, as the ledger is told.
    fn deleted(&mut self, view: Fold, whom: u8, stretch: u8, is_answered: bool) -> Segment {
        let asked = (view, whom, stretch, is_answered);
        self.deleted.get(&asked).unwrap_or_else(|| {
            let verdict = if is_answered { Verdict::Done } else { Verdict::InDoubt };
            let state = match next_of(Action::Delete, verdict, Doubt::Clear) {
                Next::Done => RowState::Deleted,
                _ => RowState::Unconfirmed,
            };
            let attempt = self.book.state(view).attempts;
            let outcome = Outcome { state, id: Some(id(whom)), ..Outcome::default() };
            let segment = self.book.segment(&[outcome.delete_entry(USER, attempt, at(stretch))]);
            self.deleted.keep(asked, segment)
        })
    }

    /// Who may be shown by a look: whoever is there, and nobody.
    fn shown(world: &World) -> impl Iterator<Item = u8> + use<> {
        let there = world.user;
        [0, there].into_iter().skip(usize::from(there == 0)).rev()
    }

    /// The same, where a user who was made long ago, or was read to be deleted, is always shown.
    fn shown_to_undo(world: &World) -> impl Iterator<Item = u8> + use<> {
        let was_read = world.user != FOREIGN && world.read & 1 << world.user != 0;
        let is_old = was_read || world.call(world.user).is_some_and(|call| call.signed < world.stretch);
        Self::shown(world).filter(move |shown| *shown != 0 || !is_old)
    }

    /// Whatever a machine can do.
    fn machine(&mut self, world: &World, place: usize, next: &mut Vec<(Step, World)>) {
        let own = world.machines[place];
        let stretch = world.stretch;
        let mut may = |does: Does, then: World| next.push((Step::Machine(place, does), then));
        let with = |machine: Machine| {
            let mut world = *world;
            world.machines[place] = machine;
            world
        };
        let fenced = own.is_behind && !self.is_wrong(Wrong::NoFence);
        // Whatever is put fails where another has put there: one step for all of them.
        if fenced && !matches!(own.at, Pc::Away | Pc::Intends | Pc::Announces) {
            may(Does::IsBehind, with(Machine::default()));
            return;
        }
        if world.crashes < self.bounds.crashes && !matches!(own.at, Pc::Away | Pc::Joins | Pc::Plans) {
            let mut then = with(Machine::default());
            then.crashes += 1;
            may(Does::Crashes, then);
        }
        match own.at {
            Pc::Away => {
                if self.book.facts(world.ledger).sessions >= self.bounds.sessions {
                    return;
                }
                may(Does::Reads, with(Machine { at: Pc::Joins, view: world.ledger, ..Machine::default() }));
                if self.bounds.undo.is_some() {
                    for shown in Self::shown_to_undo(world) {
                        let planned = Machine {
                            at: Pc::Plans,
                            view: world.ledger,
                            call: shown,
                            stretch,
                            ..Machine::default()
                        };
                        may(Does::PlansUndo(shown), with(planned));
                    }
                }
            }
            Pc::Joins => {
                let in_doubt = doubt_of(self.stands(own.view)) == Doubt::InDoubt;
                let ready = Machine { at: Pc::Ready, in_doubt, is_fresh: true, ..Machine::default() };
                let then = if self.sends(own.view) { ready } else { Machine::default() };
                may(Does::Joins, self.put(world, place, self.sessions[0], then));
                if self.recreates() && self.stands(own.view) == RowState::Deleted {
                    may(Does::JoinsToRecreate, self.put(world, place, self.sessions[1], ready));
                }
            }
            Pc::Ready => {
                may(Does::Leaves, with(Machine::default()));
                if own.is_fresh && world.user != 0 {
                    let shown = world.user;
                    let told = self.looked(&own, shown, world.number(shown), 0, stretch);
                    let then = match told {
                        Some(told) => Machine { at: Pc::Settles, told, ..own },
                        None => Machine { is_fresh: false, ..own },
                    };
                    may(Does::Looks(shown), with(then));
                }
                if world.drawn < self.bounds.attempts {
                    let bits = world.drawn + 1;
                    let (segment, number) = self.intent(own.view, bits, stretch);
                    let mut drawn = *world;
                    drawn.drawn = bits;
                    drawn.calls[usize::from(bits) - 1] = Call { how: How::Unsent, signed: stretch, number };
                    let then = Machine { at: Pc::Intends, call: bits, is_fresh: false, ..own };
                    if self.is_wrong(Wrong::SendFirst) {
                        drawn.calls[usize::from(bits) - 1].how = How::Flying;
                        drawn.machines[place] = Machine { at: Pc::SentFirst, ..then };
                        may(Does::SendsFirst(bits), drawn);
                    } else {
                        may(Does::Intends(bits), self.put(&drawn, place, segment, then));
                    }
                }
            }
            Pc::SentFirst => {
                let (segment, _) = self.intent(own.view, own.call, stretch);
                let then = self.put(world, place, segment, Machine { at: Pc::Waits, ..own });
                may(Does::Intends(own.call), then);
            }
            // Nothing stops this request: not that its machine has slept for a night, and not that another has the ledger.
            Pc::Intends => {
                let after = if fenced { Machine::default() } else { Machine { at: Pc::Waits, ..own } };
                let mut then = with(after);
                let call = &mut then.calls[usize::from(own.call) - 1];
                call.how = How::Flying;
                if self.is_wrong(Wrong::SignAtSend) {
                    call.signed = stretch;
                }
                may(Does::Sends(own.call), then);
                let unsent = self.heard(world, place, Verdict::NotSent, false);
                may(Does::SendsNot(own.call), unsent);
            }
            Pc::Waits => {
                let call = world.calls[usize::from(own.call) - 1];
                if let How::Answered(answered) = call.how {
                    for verdict in answered.verdicts() {
                        may(Does::Hears(own.call, *verdict), self.heard(world, place, *verdict, false));
                    }
                }
                for is_over in [false, true] {
                    let then = self.heard(world, place, Verdict::InDoubt, is_over);
                    may(Does::HearsNothing(own.call, is_over), then);
                }
            }
            Pc::Looks => {
                let number = world.number(own.call);
                for shown in Self::shown(world) {
                    let told = self.looked(&own, shown, world.number(shown), number, stretch);
                    if let Some(told) = told {
                        may(Does::Looks(shown), with(Machine { at: Pc::Settles, told, ..own }));
                    }
                }
                let segment = self.given_up(own.view, number, stretch);
                may(Does::GivesUp, self.put(world, place, segment, Machine::default()));
            }
            Pc::Settles => may(Does::Settles, self.put(world, place, own.told, Machine::default())),
            Pc::Plans => {
                for at_work in self.at_work() {
                    let Begins { segment, whom } =
                        self.begins(&own, world.number(own.call), stretch, *at_work);
                    let due = Machine { at: Pc::Due, planned: own.view, call: whom, ..Machine::default() };
                    let then = if whom == 0 { Machine::default() } else { due };
                    may(Does::BeginsUndo(*at_work), self.put(world, place, segment, then));
                }
            }
            Pc::Due => {
                let number = world.number(own.call);
                let mut shown: Vec<u8> = Self::shown_to_undo(world).collect();
                // It is read by its id: whoever else has the name is not shown.
                shown.iter_mut().filter(|shown| **shown != own.call).for_each(|shown| *shown = 0);
                shown.dedup();
                let ways = shown
                    .into_iter()
                    .flat_map(|shown| self.at_work().iter().map(move |at_work| (shown, *at_work)));
                for (shown, at_work) in ways.collect::<Vec<_>>() {
                    let (segment, goes_on) = self.judged(&own, number, shown, stretch, at_work);
                    let then =
                        if goes_on { Machine { at: Pc::Announces, ..own } } else { Machine::default() };
                    let Some(segment) = segment else { continue };
                    let does = match (goes_on, shown) {
                        (true, _) => Does::Announces(own.call),
                        (false, 0) => Does::FindsNobody,
                        (false, _) => Does::LeavesUser(own.call),
                    };
                    let mut read = *world;
                    read.read |= u8::from(goes_on) << own.call;
                    may(does, self.put(&read, place, segment, then));
                }
                may(Does::Leaves, with(Machine::default()));
            }
            Pc::Announces => {
                let after = if fenced { Machine::default() } else { Machine { at: Pc::Deletes, ..own } };
                let mut then = with(after);
                then.deleting |= 1 << own.call;
                may(Does::SendsDeletion(own.call), then);
            }
            Pc::Deletes => {
                if world.deleted & 1 << own.call != 0 {
                    let segment = self.deleted(own.view, own.call, stretch, true);
                    let then = self.put(world, place, segment, Machine::default());
                    may(Does::HearsOfDeletion(own.call), then);
                }
                let segment = self.deleted(own.view, own.call, stretch, false);
                let then = self.put(world, place, segment, Machine::default());
                may(Does::HearsNothingOfDeletion(own.call), then);
            }
        }
    }

    /// How all stands once a machine has read an answer, and put what it comes to.
    fn heard(&mut self, world: &World, place: usize, verdict: Verdict, is_over: bool) -> World {
        let own = world.machines[place];
        let call = world.calls[usize::from(own.call) - 1];
        let Led { record, to } = self.led(&own, call, verdict, is_over, world.stretch);
        let is_unclear = own.is_unclear || verdict == Verdict::InDoubt;
        let is_taken = verdict == Verdict::Duplicate;
        let then = match to {
            To::End => Machine::default(),
            To::Again => Machine { at: Pc::Ready, call: 0, is_unclear, ..own },
            // Where its outcome is recorded, the attempt is no longer held over the look.
            To::Look if record.is_some() => Machine { at: Pc::Looks, call: 0, is_unclear, ..own },
            To::Look => Machine { at: Pc::Looks, is_taken, ..own },
        };
        let mut world = *world;
        if verdict == Verdict::NotSent {
            world.calls[usize::from(own.call) - 1].how = How::Over;
        }
        match record {
            Some(segment) => self.put(&world, place, segment, then),
            None => {
                world.machines[place] = Machine { view: own.view, ..then };
                world
            }
        }
    }

    /// Whatever can become of what is on its way.
    fn service(&mut self, world: &World, next: &mut Vec<(Step, World)>) {
        for bits in 1..=world.drawn {
            let index = usize::from(bits) - 1;
            if world.calls[index].how != How::Flying {
                continue;
            }
            let mut may = |step: Step, how: How, user: u8| {
                let mut then = *world;
                then.calls[index].how = how;
                if user != world.user {
                    then.user = user;
                    then.made = (world.made + 1).min(2);
                }
                next.push((step, then));
            };
            let mut answers = |answered: Answered, user: u8| {
                may(Step::Arrives(bits, answered, true), How::Answered(answered), user);
                may(Step::Arrives(bits, answered, false), How::Over, user);
            };
            if world.calls[index].signed < world.stretch {
                answers(Answered::TooOld, world.user);
            } else {
                let (answered, user) =
                    if world.user == 0 { (Answered::Made, bits) } else { (Answered::Taken, world.user) };
                answers(answered, user);
                answers(Answered::Refused, world.user);
                answers(Answered::Throttled, world.user);
            }
            may(Step::IsLost(bits), How::Over, world.user);
        }
        for whom in (1..=world.drawn).filter(|whom| world.deleting & 1 << whom != 0) {
            for is_heard in [true, false] {
                let mut then = *world;
                then.deleting &= !(1 << whom);
                then.user = if world.user == whom { 0 } else { world.user };
                then.deleted |= u8::from(is_heard) << whom;
                next.push((Step::DeletionArrives(whom, is_heard), then));
            }
            let mut then = *world;
            then.deleting &= !(1 << whom);
            next.push((Step::DeletionIsLost(whom), then));
        }
        if world.user == 0 && !world.has_foreign_come {
            next.push((Step::ForeignComes, World { user: FOREIGN, has_foreign_come: true, ..*world }));
        }
        if self.bounds.undo.is_some_and(|undo| world.stretch < undo.stretches) && world.drawn > 0 {
            next.push((Step::TimePasses, World { stretch: world.stretch + 1, ..*world }));
        }
    }
}

impl World {
    /// The request that made, or is to make, this user.
    fn call(&self, who: u8) -> Option<Call> {
        let index = usize::from(who).checked_sub(1).filter(|_| who != FOREIGN)?;
        self.calls.get(index).copied()
    }

    /// The number of the attempt that made this user.
    fn number(&self, who: u8) -> u8 {
        self.call(who).map_or(0, |call| call.number)
    }

    /// Forgets what nobody can learn any more.
    fn forgotten(mut self) -> Self {
        let waits =
            |bits: u8, at: Pc| self.machines.iter().any(|machine| machine.at == at && machine.call == bits);
        let is_over = |bits: u8| !waits(bits, Pc::Waits) && !waits(bits, Pc::SentFirst);
        let over: [bool; ATTEMPTS] = std::array::from_fn(|index| is_over(index as u8 + 1));
        let deleting = (1..=ATTEMPTS as u8).filter(|bits| waits(*bits, Pc::Deletes));
        let heard = deleting.fold(0, |all, bits| all | 1 << bits);
        for (call, is_over) in self.calls.iter_mut().zip(over) {
            if is_over && matches!(call.how, How::Answered(_)) {
                call.how = How::Over;
            }
        }
        self.deleted &= heard;
        self
    }
}

impl Model for Shared {
    type World = World;
    type Step = Step;

    fn begin(&self) -> World {
        World {
            ledger: self.begun,
            machines: [Machine::default(); MACHINES],
            calls: [Call::default(); ATTEMPTS],
            deleting: 0,
            deleted: 0,
            read: 0,
            user: 0,
            drawn: 0,
            crashes: 0,
            stretch: 0,
            made: 0,
            has_foreign_come: false,
        }
    }

    fn steps(&mut self, world: &World, next: &mut Vec<(Step, World)>) {
        for place in 0..self.bounds.machines {
            // Of machines that stand alike one is enough.
            if place == 0 || world.machines[place] != world.machines[place - 1] {
                self.machine(world, place, next);
            }
        }
        self.service(world, next);
    }

    fn ordered(&self, world: World) -> (World, Order) {
        let mut world = world.forgotten();
        let mut order: Order = std::array::from_fn(|place| place);
        let own = &world.machines;
        order[..self.bounds.machines].sort_by_key(|place| own[*place]);
        world.machines = order.map(|place| own[place]);
        (world, order)
    }

    fn fault(&mut self, world: &World) -> Option<&'static str> {
        let facts = self.book.facts(world.ledger);
        let is_ours = !matches!(world.user, 0 | FOREIGN);
        let flying = |may_arrive: bool| {
            let calls = (1..=world.drawn).map(|bits| (bits, world.calls[usize::from(bits) - 1]));
            let flying = calls.filter(|(_, call)| call.how == How::Flying);
            let flying = flying.filter(|(_, call)| !may_arrive || call.signed >= world.stretch);
            flying.fold(0_u8, |all, (bits, _)| all | 1 << bits)
        };
        let ours = if is_ours { 1 << world.user } else { 0 };
        match facts.stands {
            RowState::Created if facts.made == 0 || world.user != facts.made => {
                return Some("the row is created, and whom the ledger names is not there");
            }
            RowState::Exists | RowState::There if is_ours => {
                return Some("the row exists as another's, and its user was made by this run");
            }
            RowState::Rejected | RowState::Pending if is_ours || flying(true) != 0 => {
                return Some(
                    "nothing was made of the row by the ledger, and its user is there or a request under way",
                );
            }
            RowState::Deleted if is_ours => {
                return Some("the row's user was deleted, and is there again");
            }
            _ => {}
        }
        if (flying(false) | ours) & !facts.attempts != 0 {
            return Some("a request has left, or a user is there, whose intent is not in the ledger");
        }
        if world.made > 1 && self.bounds.undo.is_none() {
            return Some("two users were made for the row");
        }
        let is_recovered = facts.made == 1 && facts.sessions >= 2 && world.crashes > 0 && world.drawn >= 2;
        (self.until_recovered && is_recovered).then_some("no fault: it was come to")
    }

    fn words(&self, step: Step, names: &Order) -> String {
        match step {
            Step::Machine(place, does) => format!("machine {} {}", names[place] + 1, says(does)),
            Step::Arrives(bits, answered, is_heard) => {
                let lost = if is_heard { "" } else { "; the answer is lost" };
                format!("request {bits} arrives: {answered:?}{lost}")
            }
            Step::IsLost(bits) => format!("request {bits} is lost on its way"),
            Step::DeletionArrives(whom, is_heard) => {
                let lost = if is_heard { "" } else { "; the answer is lost" };
                format!("the deletion of whom request {whom} made arrives{lost}")
            }
            Step::DeletionIsLost(whom) => {
                format!("the deletion of whom request {whom} made is lost on its way")
            }
            Step::ForeignComes => "somebody else takes the name".to_owned(),
            Step::TimePasses => "time passes, and whatever was signed is too old".to_owned(),
        }
    }
}

fn says(does: Does) -> String {
    match does {
        Does::Reads => "reads the ledger".to_owned(),
        Does::Joins => "puts its session behind it".to_owned(),
        Does::PlansUndo(shown) => format!("reads the ledger to undo it, and sees {}", whom(shown)),
        Does::IsBehind => "finds that another has the ledger, and ends".to_owned(),
        Does::Leaves => "stops".to_owned(),
        Does::SendsFirst(bits) => format!("sends request {bits} before its intent is put"),
        Does::Intends(bits) => format!("puts the intent of request {bits}"),
        Does::Sends(bits) => format!("sends request {bits}"),
        Does::SendsNot(bits) => format!("does not send request {bits}, and puts that"),
        Does::Hears(bits, verdict) => {
            format!("reads the answer to request {bits}: {verdict:?}, and puts what it comes to")
        }
        Does::HearsNothing(bits, false) => format!("gets no answer to request {bits}, and puts that"),
        Does::HearsNothing(bits, true) => {
            format!("gets no answer to request {bits} for long, puts that, and looks")
        }
        Does::Looks(shown) => format!("looks, and sees {}", whom(shown)),
        Does::Settles => "puts what it saw".to_owned(),
        Does::GivesUp => "gives up, and puts that the row is in doubt".to_owned(),
        Does::Crashes => "crashes".to_owned(),
        Does::BeginsUndo(false) => "puts its session to undo it, with what is known".to_owned(),
        Does::BeginsUndo(true) => {
            "puts its session to undo it, with what is known, while the user is at work".to_owned()
        }
        Does::JoinsToRecreate => "puts its session behind it, to make anew who was deleted".to_owned(),
        Does::LeavesUser(bits) => {
            format!("reads whom request {bits} made at work, and puts that they are left")
        }
        Does::Announces(bits) => {
            format!("reads whom request {bits} made, and puts the intent to delete them")
        }
        Does::FindsNobody => "finds nobody to delete, and puts that".to_owned(),
        Does::SendsDeletion(bits) => format!("sends the deletion of whom request {bits} made"),
        Does::HearsOfDeletion(bits) => {
            format!("reads that whom request {bits} made is deleted, and puts that")
        }
        Does::HearsNothingOfDeletion(bits) => {
            format!("gets no answer to the deletion of whom request {bits} made, and puts that")
        }
    }
}

fn whom(shown: u8) -> String {
    match shown {
        0 => "nobody".to_owned(),
        FOREIGN => "somebody else's user".to_owned(),
        bits => format!("whom request {bits} made"),
    }
}

fn doubt(in_doubt: bool) -> Doubt {
    if in_doubt { Doubt::InDoubt } else { Doubt::Clear }
}

fn task(state: &State, in_doubt: bool) -> Task {
    Task::settle(place(state), 2.into(), USER.to_owned()).doubted(doubt(in_doubt))
}

/// An answer to the request of an attempt.
fn answer(verdict: Verdict, bits: u8) -> Answer {
    Answer {
        verdict,
        told: Told::default(),
        code: None,
        is_foreign: false,
        id: (verdict == Verdict::Done).then(|| id(bits)),
        pause: None,
        date: None,
        departure: Departure { left: Instant::now(), moment: Moment::default(), credentials: 0 },
    }
}

fn to(then: &Then) -> To {
    match then {
        Then::End => To::End,
        Then::Wait(_) | Then::Mend => To::Again,
        Then::Look | Then::Ask => To::Look,
        Then::Stop(_) => To::End,
    }
}

fn found(shown: u8, number: u8) -> Option<Found> {
    (shown != 0).then(|| Found { user: user(shown, number), proficiencies: None })
}

/// What is around the user.
fn around(at_work: bool) -> Around {
    Around { signed_in: at_work.then(|| "Available".to_owned()), ..Around::default() }
}

/// Whose the user is that was shown, by what the ledger says.
fn whose_is(state: &State, shown: u8, number: u8) -> Option<crate::apply::settle::Seen> {
    let user = found(shown, number)?.user;
    let at = place(state);
    let deeds = Deeds { run: RUN, untagged: state.record(at).untagged, was_edited: false };
    let made = |attempt| state.can_have_made(at, attempt, &user.id);
    Some(whose(&user, &deeds, made, || Some(false)))
}
