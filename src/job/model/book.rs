//! The ledger of a model: lines as the program writes them, folded as it folds them, each fold kept once under a number.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, SystemTime};

use crate::clock::rfc3339;
use crate::connect::model::User;
use crate::ledger::{Attempt, Entry, Kind, Nonce, Place, RowState, State, VERSION};
use crate::user::provenance;

/// The one row's username.
pub(super) const USER: &str = "ana";

/// The run.
pub(super) const RUN: &str = "6f1c2a90-0000-4000-8000-000000000001";

/// Who has the name and was made by nobody of ours. Whoever was is called by the random bits of its attempt, from 1.
pub(super) const FOREIGN: u8 = 9;

/// A ledger as it is folded, by number. Ledgers that say the same are one, however they came to it.
pub(super) type Fold = u16;

/// Lines that are put together, by number.
pub(super) type Segment = u16;

/// What a ledger says that must be true.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    /// Where the row stands once nobody is at work.
    pub(super) stands: RowState,
    /// Who was made, where the row is created; 0 is nobody who is known.
    pub(super) made: u8,
    /// The attempts to make the user that the row has, each a bit by its random bits.
    pub(super) attempts: u8,
    /// How many sessions there were.
    pub(super) sessions: u8,
}

/// All ledgers that were met.
pub(super) struct Book {
    folds: Vec<Folded>,
    by_words: HashMap<String, Fold>,
    segments: Vec<String>,
    by_lines: HashMap<String, Segment>,
    followed: HashMap<(Fold, Segment), Fold>,
}

struct Folded {
    state: State,
    facts: Facts,
    /// When the row's user was last said to be made.
    heard: Option<SystemTime>,
}

/// The time of a stretch: whatever was signed in the one before is too old for the service, and too old for us to wait for.
pub(super) fn time(stretch: u8) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000 + 3600 * u64::from(stretch))
}

/// The same as the ledger has it.
pub(super) fn at(stretch: u8) -> String {
    rfc3339(time(stretch))
}

/// The id of whoever has the name.
pub(super) fn id(who: u8) -> String {
    if who == FOREIGN { "foreign".to_owned() } else { format!("made-by-{who}") }
}

/// Who has this id.
fn who(id: &str) -> Option<u8> {
    id.strip_prefix("made-by-").and_then(|bits| bits.parse().ok())
}

/// Whoever has the name, as the service shows them. `number` is that of the attempt that made them.
pub(super) fn user(who: u8, number: u8) -> User {
    let tag = Attempt::new(u32::from(number)).map(|attempt| provenance(RUN, attempt, nonce(who)));
    let tags = tag.filter(|_| who != FOREIGN).map(|tag| (crate::agent::PROVENANCE.to_owned(), tag));
    User {
        id: id(who),
        username: USER.to_owned(),
        tags: tags.into_iter().collect(),
        last_modified_time: None,
        ..User::default()
    }
}

/// The random bits of an attempt.
pub(super) fn nonce(bits: u8) -> Nonce {
    Nonce::of(u64::from(bits))
}

impl Book {
    /// A book with one ledger: its row is planned, and nothing was sent.
    pub(super) fn begin() -> (Self, Fold) {
        let mut book = Self {
            folds: Vec::new(),
            by_words: HashMap::new(),
            segments: Vec::new(),
            by_lines: HashMap::new(),
            followed: HashMap::new(),
        };
        let first = Entry {
            version: Some(VERSION),
            run: Some(RUN.into()),
            instance: Some("arn:aws:connect:eu-central-1:123456789012:instance/i-1".into()),
            at: Some(at(0).into()),
            ..Entry::of(Kind::Ledger)
        };
        let row = crate::ledger::made::row(USER, 2, 0xfeed);
        let segment = book.segment(&[first, row]);
        let begun = book.keep(State::default(), None, segment);
        (book, begun)
    }

    /// Lines that are put together.
    pub(super) fn segment(&mut self, entries: &[Entry<'_>]) -> Segment {
        let mut lines = Vec::new();
        entries.iter().for_each(|entry| entry.write_to(&mut lines));
        let lines = String::from_utf8(lines).expect("lines are text");
        if let Some(known) = self.by_lines.get(&lines) {
            return *known;
        }
        let number = Segment::try_from(self.segments.len()).expect("fewer segments than that");
        self.segments.push(lines.clone());
        self.by_lines.insert(lines, number);
        number
    }

    /// The ledger with a segment more.
    pub(super) fn followed(&mut self, by: Fold, segment: Segment) -> Fold {
        if let Some(known) = self.followed.get(&(by, segment)) {
            return *known;
        }
        let Folded { state, heard, .. } = &self.folds[usize::from(by)];
        let (state, heard) = (state.clone(), *heard);
        let then = self.keep(state, heard, segment);
        self.followed.insert((by, segment), then);
        then
    }

    /// Folds a segment as whoever joins reads it: from its lines.
    fn keep(&mut self, mut state: State, mut heard: Option<SystemTime>, segment: Segment) -> Fold {
        for line in self.segments[usize::from(segment)].lines() {
            let entry: Entry<'_> = serde_json::from_str(line).expect("a line that was written is read");
            state.apply(&entry);
            if entry.kind == Kind::Outcome && entry.stands() == Some(RowState::Created) {
                heard = entry.at.as_deref().and_then(crate::clock::parse_rfc3339);
            }
        }
        let words = format!("{} {heard:?}", state.words());
        if let Some(known) = self.by_words.get(&words) {
            return *known;
        }
        let number = Fold::try_from(self.folds.len()).expect("fewer ledgers than that");
        let facts = facts(&state);
        self.folds.push(Folded { state, facts, heard });
        self.by_words.insert(words, number);
        number
    }

    /// What a ledger says.
    pub(super) fn state(&self, of: Fold) -> &State {
        &self.folds[usize::from(of)].state
    }

    /// When its row's user was last said to be made.
    pub(super) fn heard(&self, of: Fold) -> Option<SystemTime> {
        self.folds[usize::from(of)].heard
    }

    /// What it says that must be true.
    pub(super) fn facts(&self, of: Fold) -> Facts {
        self.folds[usize::from(of)].facts
    }

    /// How many ledgers were met.
    pub(super) fn len(&self) -> usize {
        self.folds.len()
    }
}

/// The place of the row.
pub(super) fn place(state: &State) -> Place {
    state.find(USER).expect("the row is planned")
}

fn facts(state: &State) -> Facts {
    let at = place(state);
    let earlier = state.detail(at).map(|detail| &*detail.earlier).unwrap_or_default();
    let newest = state.record(at).attempt.map(|attempt| (attempt, state.record(at).nonce));
    let attempts: Vec<_> = earlier.iter().copied().chain(newest).collect();
    let is_of = |bits: &u8| attempts.iter().any(|(_, own)| *own == Some(nonce(*bits)));
    Facts {
        stands: state.record(at).settled_state(),
        made: state.created_id(at).and_then(|id| who(&id)).unwrap_or_default(),
        attempts: (1..8).filter(is_of).fold(0, |all, bits| all | 1 << bits),
        sessions: u8::try_from(state.sessions).expect("fewer sessions than that"),
    }
}

/// What was decided, so that it is decided once: the same is asked in very many states.
pub(super) struct Decided<Q, A>(HashMap<Q, A>);

impl<Q, A> Default for Decided<Q, A> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<Q: Copy + Eq + Hash, A: Copy> Decided<Q, A> {
    /// The answer, if it was asked for before.
    pub(super) fn get(&self, question: &Q) -> Option<A> {
        self.0.get(question).copied()
    }

    /// Keeps an answer.
    pub(super) fn keep(&mut self, question: Q, answer: A) -> A {
        self.0.insert(question, answer);
        answer
    }
}
