//! What is waited for, and until when: said at least every five seconds while nothing else is.
//!
//! Whoever waits says so here for as long as it does; whoever runs the whole has it told where there would else be
//! silence. A program that says nothing for longer is taken for dead, and killed.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::{self, Clock, Moment, SILENCE};
use crate::event::{Event, Pulse, Sink};
use crate::text::grouped;

/// What kind of thing is waited for. Where there are several, the last of these says most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum WaitFor {
    /// The pace of an operation, which is named.
    Pace,
    /// The pages of a listing.
    Pages,
    /// A row's user, to be seen on the instance.
    Row,
    /// An answer to an operation, which is named; one that has just been asked for is no wait yet.
    Answer,
    /// A call that failed, and is made again after a while.
    Again,
    /// Credentials, which can take a person's while.
    Credentials,
}

/// All that is waited for now. Clones share it.
#[derive(Clone)]
pub struct Waits(Arc<Shared>);

struct Shared {
    clock: Arc<dyn Clock>,
    /// Who is told.
    events: Arc<dyn Sink>,
    now: Mutex<Now>,
}

struct Now {
    /// When anything was told last.
    told: Moment,
    /// When anything clear came back last.
    heard: Moment,
    /// The last trouble since then.
    trouble: Option<String>,
    /// A pause that was announced, and its end.
    pause: Option<(String, Moment)>,
    open: BTreeMap<u64, Wait>,
    next: u64,
    /// How much is at work: while nothing is, a person thinks.
    at_work: usize,
}

struct Wait {
    kind: WaitFor,
    what: Cow<'static, str>,
    since: Moment,
    until: Option<Moment>,
}

/// Something that is waited for, until this is dropped.
#[must_use]
pub(crate) struct Waiting<'w> {
    waits: &'w Waits,
    number: u64,
}

/// Something that is at work, until this is dropped.
#[must_use]
pub struct AtWork<'w>(&'w Waits);

/// Nothing clear came back for as long as an outage is borne.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheard {
    /// For how long.
    pub lasted: Duration,
    /// What was waited for, or went wrong, last.
    pub what: String,
}

impl Waits {
    /// Nothing is waited for yet, by this clock; what will be is told there.
    pub fn new(clock: Arc<dyn Clock>, events: Arc<dyn Sink>) -> Self {
        let now = clock.moment();
        let now = Now {
            told: now,
            heard: now,
            trouble: None,
            pause: None,
            open: BTreeMap::new(),
            next: 0,
            at_work: 0,
        };
        Self(Arc::new(Shared { clock, events, now: Mutex::new(now) }))
    }

    /// Says that this is waited for, until then at the latest where that is known.
    pub(crate) fn on(
        &self,
        kind: WaitFor,
        what: impl Into<Cow<'static, str>>,
        until: Option<Moment>,
    ) -> Waiting<'_> {
        let since = self.0.clock.moment();
        let mut now = self.now();
        let number = now.next;
        now.next += 1;
        now.open.insert(number, Wait { kind, what: what.into(), since, until });
        Waiting { waits: self, number }
    }

    /// The same, for so long at most.
    pub(crate) fn at_most(
        &self,
        kind: WaitFor,
        what: impl Into<Cow<'static, str>>,
        time: Duration,
    ) -> Waiting<'_> {
        self.on(kind, what, Some(self.0.clock.moment() + time))
    }

    /// Says that something is at work: from now on a silence is ended.
    pub fn at_work(&self) -> AtWork<'_> {
        let moment = self.0.clock.moment();
        let mut now = self.now();
        now.at_work += 1;
        now.told = moment;
        AtWork(self)
    }

    /// Something clear came back.
    pub(crate) fn heard(&self) {
        let moment = self.0.clock.moment();
        let mut now = self.now();
        now.heard = moment;
        now.trouble = None;
    }

    /// A call failed so that nothing is known by it.
    pub(crate) fn failed(&self, what: String) {
        self.now().trouble = Some(what);
    }

    /// Nobody is told.
    pub(crate) fn unwatched(clock: Arc<dyn Clock>) -> Self {
        Self::new(clock, Arc::new(Nobody))
    }

    /// A sink before the one that is told: what passes through it is no silence.
    pub fn events(&self) -> Arc<dyn Sink> {
        Arc::new(self.clone())
    }

    /// Awaits something for as long as something clear comes back now and then.
    ///
    /// # Errors
    /// Where nothing clear has come back for `patience`.
    pub(crate) async fn within<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, Unheard> {
        // Whatever came before this was waited for by others.
        self.heard();
        let unheard = async {
            loop {
                let left = self.left(patience, |now| now.heard);
                if left.is_zero() {
                    return self.unheard();
                }
                // In short steps: a sleep of the machine counts.
                clock::sleep(left.min(SILENCE)).await;
            }
        };
        tokio::select! {
            biased;
            done = work => Ok(done),
            unheard = unheard => Err(unheard),
        }
    }

    fn left(&self, time: Duration, since: impl Fn(&Now) -> Moment) -> Duration {
        let moment = self.0.clock.moment();
        time.saturating_sub(moment.since(since(&self.now())))
    }

    fn unheard(&self) -> Unheard {
        let moment = self.0.clock.moment();
        let now = self.now();
        let what = now.trouble.clone().or_else(|| now.most(moment).map(|(what, _)| what));
        Unheard { lasted: moment.since(now.heard), what: what.unwrap_or_else(|| UNKNOWN.to_owned()) }
    }

    fn now(&self) -> MutexGuard<'_, Now> {
        self.0.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is said where nobody has said what it waits for.
const UNKNOWN: &str = "what is under way is not done yet";

impl Now {
    fn event(&self, now: Moment) -> Event {
        let pause = self.pause.as_ref().filter(|(_, until)| *until > now);
        if let Some((reason, until)) = pause {
            return Event::waiting(reason.clone(), until.since(now));
        }
        let (what, until) = self.most(now).unwrap_or_else(|| (UNKNOWN.to_owned(), None));
        Event::waiting(what, until.map_or(Duration::ZERO, |until| until.since(now)))
    }

    /// What says most of all that is waited for, with how many more of its kind there are, and when the last of them ends.
    fn most(&self, now: Moment) -> Option<(String, Option<Moment>)> {
        let is_told = |wait: &&Wait| wait.kind != WaitFor::Answer || now.since(wait.since) >= SILENCE;
        let told = || self.open.values().filter(is_told);
        let kind = told().map(|wait| wait.kind).max();
        let kind = kind.or_else(|| self.open.values().map(|wait| wait.kind).max())?;
        let alike = || self.open.values().filter(|wait| wait.kind == kind);
        let first = alike().next()?;
        let until = alike().filter_map(|wait| wait.until).max();
        let what = match alike().count() as u64 {
            0 | 1 => first.words(),
            number => format!("{} (and {} more)", first.words(), grouped(number - 1)),
        };
        Some((what, until))
    }
}

impl Wait {
    fn words(&self) -> String {
        match self.kind {
            WaitFor::Pace => format!("the pace of {} lets the next call leave", self.what),
            WaitFor::Answer => format!("{} has not been answered yet", self.what),
            WaitFor::Pages | WaitFor::Row | WaitFor::Again | WaitFor::Credentials => self.what.to_string(),
        }
    }
}

impl Waiting<'_> {
    /// Says it in other words, or with another end.
    pub(crate) fn is(&self, what: impl Into<Cow<'static, str>>, until: Option<Moment>) {
        if let Some(wait) = self.waits.now().open.get_mut(&self.number) {
            wait.what = what.into();
            wait.until = until;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.waits.now().open.remove(&self.number);
    }
}

impl Pulse for Waits {
    fn beat(&self) {
        let moment = self.0.clock.moment();
        let event = {
            let mut now = self.now();
            if now.at_work == 0 || moment.since(now.told) < SILENCE {
                return;
            }
            now.told = moment;
            now.event(moment)
        };
        // Not through here: what was waited for is no pause that somebody announced.
        self.0.events.tell(event);
    }
}

/// Listens to nothing.
struct Nobody;

impl Sink for Nobody {
    fn tell(&self, _: Event) {}
}

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        self.0.now().at_work -= 1;
    }
}

/// Passes events on, and notes when.
impl Sink for Waits {
    fn tell(&self, event: Event) {
        let moment = self.0.clock.moment();
        {
            let mut now = self.now();
            // People are told of all who were compared at once, so that this is silence to them.
            if !matches!(event, Event::Compared { .. }) {
                now.told = moment;
            }
            match &event {
                Event::Waiting { reason, seconds } => {
                    let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
                    now.pause = Some((reason.clone(), moment + wait));
                }
                // An answer came: whatever was paused for is over.
                Event::Created { .. }
                | Event::Exists { .. }
                | Event::There { .. }
                | Event::Rejected { .. } => now.pause = None,
                _ => {}
            }
        }
        self.0.events.tell(event);
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::clock::SteadyClock;

    /// Keeps what it is told, with the second in which it was.
    struct Kept(Arc<dyn Clock>, Moment, Mutex<Vec<(u64, String)>>);

    impl Sink for Kept {
        fn tell(&self, event: Event) {
            let second = self.0.moment().since(self.1).as_secs();
            let said = match event {
                Event::Waiting { reason, seconds } => format!("{reason}, {seconds}"),
                other => format!("{other:?}"),
            };
            self.2.lock().unwrap().push((second, said));
        }
    }

    fn watched() -> (Waits, Arc<Kept>) {
        let clock: Arc<dyn Clock> = Arc::new(SteadyClock::starting_at(UNIX_EPOCH));
        let kept = Arc::new(Kept(Arc::clone(&clock), clock.moment(), Mutex::default()));
        (Waits::new(clock, kept.clone()), kept)
    }

    /// Has what is waited for told every second, as whoever shows a job does.
    async fn beating<T>(waits: &Waits, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        let _at_work = waits.at_work();
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = clock::sleep(seconds(1)) => waits.beat(),
            }
        }
    }

    fn said(kept: &Kept) -> Vec<(u64, String)> {
        kept.2.lock().unwrap().clone()
    }

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_waits_is_heard_of_every_few_seconds_and_until_when_it_waits() {
        let (waits, kept) = watched();
        let work = async {
            let _waiting = waits.at_most(WaitFor::Row, "ana to be seen", seconds(30));
            let _less = waits.on(WaitFor::Pace, "ListUsers", None);
            clock::sleep(seconds(10)).await;
        };
        beating(&waits, work).await;
        clock::sleep(seconds(60)).await;
        assert_eq!(said(&kept), [(4, "ana to be seen, 26".into()), (8, "ana to be seen, 22".into())]);
    }

    #[tokio::test(start_paused = true)]
    async fn people_are_not_told_of_each_who_is_compared_so_that_they_hear_what_is_waited_for() {
        let (waits, kept) = watched();
        let events = waits.events();
        let compared = || Event::Compared {
            row: 2.into(),
            user: "ana".into(),
            id: "u".into(),
            equal: true,
            differs: vec![],
        };
        let work = async {
            let waiting = waits.on(WaitFor::Pages, "compared, 0 so far", None);
            for done in 1..10 {
                clock::sleep(seconds(1)).await;
                waiting.is(format!("compared, {done} so far"), None);
                events.tell(compared());
            }
        };
        beating(&waits, work).await;
        let waited: Vec<_> =
            said(&kept).into_iter().filter(|(_, said)| said.starts_with("compared")).collect();
        assert!(waited.len() > 1, "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_told_otherwise_is_no_silence_and_a_pause_is_told_to_its_end() {
        let (waits, kept) = watched();
        let events = waits.events();
        let work = async {
            for _ in 0..3 {
                clock::sleep(seconds(3)).await;
                events.tell(Event::Note { message: "a note".into() });
            }
            events.tell(Event::waiting("a pause", seconds(10)));
            clock::sleep(seconds(11)).await;
        };
        beating(&waits, work).await;
        let said = said(&kept);
        assert_eq!(said.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [3, 6, 9, 9, 13, 17]);
        assert_eq!(said[4].1, "a pause, 6");
    }

    #[tokio::test(start_paused = true)]
    async fn several_that_wait_are_counted_and_an_answer_is_waited_for_once_it_is_late() {
        let (waits, kept) = watched();
        let work = async {
            let rows: Vec<_> =
                (0..3).map(|_| waits.at_most(WaitFor::Row, "ana to be seen", seconds(9))).collect();
            clock::sleep(seconds(3)).await;
            let answer = waits.at_most(WaitFor::Answer, "ListUsers", seconds(30));
            clock::sleep(seconds(6)).await;
            drop((rows, answer));
            clock::sleep(seconds(4)).await;
        };
        beating(&waits, work).await;
        assert_eq!(
            said(&kept),
            [
                (4, "ana to be seen (and 2 more), 5".into()),
                (8, "ListUsers has not been answered yet, 25".into()),
                (12, format!("{UNKNOWN}, 0")),
            ]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_clear_for_as_long_as_an_outage_is_borne_ends_it() {
        let (waits, kept) = watched();
        let work = async {
            let _waiting = waits.on(WaitFor::Again, "DescribeInstance is asked again", None);
            clock::sleep(seconds(7)).await;
            waits.heard();
            clock::sleep(seconds(100)).await;
        };
        let ended = beating(&waits, waits.within(seconds(10), work)).await;
        let what = "DescribeInstance is asked again".to_owned();
        assert_eq!(ended, Err(Unheard { lasted: seconds(10), what }));
        assert_eq!(said(&kept).iter().map(|(at, _)| *at).collect::<Vec<_>>(), [4, 8, 12, 16]);
        assert_eq!(waits.within(seconds(10), async { 7 }).await, Ok(7));
    }
}
