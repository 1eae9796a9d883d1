//! What has happened so far, counted: as a live view shows it, and as plain lines say it.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use tokio::time::Instant;

use crate::agent::RowNumber;
use crate::cli::output::Paint;
use crate::cli::{settings, words};
use crate::event::Event;
use crate::ledger::StepState;
use crate::text;

/// Over how long the rate is taken.
const WINDOW: Duration = Duration::from_secs(20);

/// How long a throttle is told of.
const TOLD: Duration = Duration::from_secs(8);

/// What a job does with users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cli) enum Doing {
    /// Makes them.
    Creates,
    /// Changes those who are there.
    Updates,
    /// Deletes them.
    Deletes,
}

/// What a terminal can show.
pub(super) struct Look {
    pub(super) paint: Paint,
    pub(super) full: char,
    pub(super) empty: char,
    pub(super) dot: &'static str,
}

impl Look {
    pub(super) fn of_terminal() -> Self {
        let paint = Paint::of_stderr();
        if settings::welcomes_unicode() {
            Self { paint, full: '━', empty: '╌', dot: " · " }
        } else {
            Self { paint, full: '#', empty: '-', dot: ", " }
        }
    }
}

/// How far a rate that is counted by the second may lie past what is allowed by chance.
pub(in crate::cli) const PAST: f64 = 1.25;

/// What has been seen so far.
pub(super) struct Tally {
    doing: Doing,
    to_send: u64,
    /// Calls a second that are allowed.
    allowed: f64,
    pub(super) created: u64,
    there: u64,
    pub(super) failed: u64,
    in_doubt: u64,
    /// Rows whose answer was lost and that are being settled.
    unsettled: HashSet<RowNumber>,
    throttled: u64,
    /// Answers of the last seconds: when each second began, and how many there were in it.
    recent: VecDeque<(Instant, u64)>,
    begun: Instant,
    /// The newest throttle, and the pace since.
    slowed: Option<(Instant, f64)>,
    /// What is waited for, and until when at most.
    waiting: Option<(Instant, String)>,
    pub(super) stopping: bool,
}

impl Tally {
    /// Of a job that does this.
    pub(super) fn of(doing: Doing, begun: Instant) -> Self {
        Self { doing, ..Self::new(begun) }
    }

    fn new(begun: Instant) -> Self {
        Self {
            doing: Doing::Creates,
            to_send: 0,
            allowed: 0.0,
            created: 0,
            there: 0,
            failed: 0,
            in_doubt: 0,
            unsettled: HashSet::new(),
            throttled: 0,
            recent: VecDeque::new(),
            begun,
            slowed: None,
            waiting: None,
            stopping: false,
        }
    }

    /// Counts an event, and returns the line that people should read of it, if any. What a live view shows as long as it
    /// lasts needs no line.
    pub(super) fn take(&mut self, event: &Event, now: Instant, is_live: bool) -> Option<String> {
        match event {
            Event::Started { to_send, rate, .. } => {
                self.to_send = *to_send;
                self.allowed = *rate;
                self.begun = now;
                None
            }
            Event::Created { row, user, recovered, .. } => {
                self.created += 1;
                self.answered(*row, now);
                recovered.then(|| format!("row {row}  {}: created by an earlier attempt", text::plain(user)))
            }
            Event::Exists { row, user, message } => {
                self.failed += 1;
                self.answered(*row, now);
                Some(format!("row {row}  {}: exists: {}", text::plain(user), text::plain(message)))
            }
            // Named by the plan, and nothing is left to do: no line each.
            Event::There { row, .. } => {
                self.there += 1;
                self.unsettled.remove(row);
                None
            }
            Event::Rejected { row, user, code, message } => {
                self.failed += 1;
                self.answered(*row, now);
                let (user, message) = (text::plain(user), text::plain(message));
                Some(format!("row {row}  {user}: rejected: {} ({message})", text::plain(code)))
            }
            Event::InDoubt { row, user, message, last: true } => {
                self.in_doubt += 1;
                self.unsettled.remove(row);
                Some(format!("row {row}  {}: in doubt: {}", text::plain(user), text::plain(message)))
            }
            // Of an update's groups that failed the user's own line tells.
            Event::Step { .. } if self.doing != Doing::Creates => None,
            Event::Step { row, user, result, code, message, .. } => {
                let said = match (code, message) {
                    (Some(code), Some(message)) => {
                        format!("{} ({})", text::plain(code), text::plain(message))
                    }
                    (code, message) => {
                        text::plain(code.as_ref().or(message.as_ref()).map_or("", |said| said))
                    }
                };
                let what = match result {
                    StepState::Rejected => "its proficiencies were rejected",
                    StepState::Pending => "its proficiencies are pending still",
                    StepState::Done | StepState::Nothing => return None,
                    StepState::Unconfirmed | StepState::Skipped => return None,
                };
                Some(format!("row {row}  {}: created, but {what}: {said}", text::plain(user)))
            }
            Event::Throttled { rate } => {
                self.throttled += 1;
                self.slowed = Some((now, *rate));
                None
            }
            Event::Waiting { reason, seconds } => {
                let wait = Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default();
                let reason = text::plain(reason);
                let is_news = self.waiting.as_ref().is_none_or(|(_, before)| *before != reason);
                let line = waiting(wait, &reason);
                self.waiting = Some((now + wait, reason));
                (is_news && !is_live).then_some(line)
            }
            Event::Stopping { reason, is_interruption } => {
                self.stopping = true;
                // Whoever interrupted it has been told already.
                (!is_interruption)
                    .then(|| format!("stopping: {}; requests under way are awaited", text::plain(reason)))
            }
            Event::Note { message } => Some(text::plain(message)),
            Event::InDoubt { row, .. } => {
                self.unsettled.insert(*row);
                None
            }
            Event::Updated { row, .. } | Event::Deleted { row, .. } => {
                self.created += 1;
                self.answered(*row, now);
                None
            }
            Event::Unconfirmed { row, user, message } => {
                self.in_doubt += 1;
                self.answered(*row, now);
                Some(format!("row {row}  {}: unconfirmed: {}", text::plain(user), text::plain(message)))
            }
            Event::Skipped { row, user, code, message } => {
                self.failed += 1;
                self.answered(*row, now);
                let (user, message) = (text::plain(user), text::plain(message));
                Some(format!("row {row}  {user}: left: {} ({message})", text::plain(code)))
            }
            Event::Reading
            | Event::Reached
            | Event::Warning { .. }
            | Event::Remark { .. }
            | Event::Finding(_)
            | Event::Compared { .. }
            | Event::Change { .. }
            | Event::Removal { .. }
            | Event::Differences { .. }
            | Event::Planned { .. }
            | Event::Target { .. }
            | Event::Of(_)
            | Event::Ended { .. } => None,
        }
    }

    /// An answer came: whatever was waited for is there.
    fn answered(&mut self, row: RowNumber, now: Instant) {
        self.waiting = None;
        self.unsettled.remove(&row);
        match self.recent.back_mut() {
            Some((at, number)) if now < *at + Duration::from_secs(1) => *number += 1,
            _ => self.recent.push_back((now, 1)),
        }
        while self.recent.front().is_some_and(|(at, _)| *at + WINDOW < now) {
            self.recent.pop_front();
        }
    }

    /// Rows settled a second, over the last while. The burst of the first second is no pace to go by: it is left out as
    /// soon as there is more.
    fn rate(&self, now: Instant) -> f64 {
        let second = Duration::from_secs(1);
        let begun = if now >= self.begun + 3 * second { self.begun + second } else { self.begun };
        let from = now.checked_sub(WINDOW).map_or(begun, |from| from.max(begun));
        let recent = self.recent.iter().filter(|(at, _)| *at >= from);
        let answers: u64 = recent.map(|(_, number)| number).sum();
        answers as f64 / now.duration_since(from).max(second).as_secs_f64()
    }

    /// What is done with a user where all goes well.
    pub(super) fn done_word(&self) -> &'static str {
        match self.doing {
            Doing::Creates => "created",
            Doing::Updates => "updated",
            Doing::Deletes => "deleted",
        }
    }

    fn done(&self) -> u64 {
        (self.created + self.there + self.failed + self.in_doubt).min(self.to_send)
    }

    /// Rows in doubt, whether or not this run goes on settling them.
    pub(super) fn in_doubt(&self) -> u64 {
        self.in_doubt + self.unsettled.len() as u64
    }

    /// Rows that no answer settles yet.
    pub(super) fn to_go(&self) -> u64 {
        self.to_send - self.done()
    }

    /// The time left, from the rate that was learned; from the allowed one before there is any to go by.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let is_young = now.duration_since(self.begun) < Duration::from_secs(4);
        let rate = if is_young { self.allowed } else { self.rate(now) };
        // Rows whose answer was lost take as long as it takes to settle them.
        let rows = self.to_go().saturating_sub(self.unsettled.len() as u64);
        // While nothing comes back, nobody knows.
        (rows > 0 && rate > 0.0 && !self.stopping && self.waiting.is_none())
            .then(|| Duration::from_secs_f64((rows as f64 / rate).clamp(1.0, 1e8)))
    }

    /// What is waited for, in words.
    fn awaited(&self, now: Instant) -> Option<String> {
        if let Some((until, reason)) = &self.waiting {
            let left = until.saturating_duration_since(now);
            return Some(waiting(left, reason));
        }
        if let Some((_, rate)) = self.slowed.filter(|(at, _)| now < *at + TOLD) {
            return Some(format!("the service says to slow down: {}/s for now", number(rate)));
        }
        let unsettled = self.unsettled.len() as u64;
        (unsettled > 0).then(|| format!("{} lost, being settled", text::count(unsettled, "answer")))
    }

    /// The same where there is little room for it.
    pub(super) fn awaited_in_short(&self, now: Instant) -> Option<String> {
        let is_slowed = self.waiting.is_none() && self.slowed.is_some_and(|(at, _)| now < at + TOLD);
        if is_slowed { Some("told to slow down".to_owned()) } else { self.awaited(now) }
    }

    /// How fast, against what is allowed: but where a burst or a pace that is learned has gone past what it set out with.
    pub(super) fn speed(&self, now: Instant) -> String {
        let rate = self.rate(now);
        match rate > self.allowed * PAST {
            true => format!("{}/s", number(rate)),
            false => format!("{}/s of {}/s", number(rate), number(self.allowed)),
        }
    }

    /// What is said of those of whom it is not known what became of them.
    pub(super) fn unclear_word(&self) -> &'static str {
        match self.doing {
            Doing::Creates => "in doubt",
            // Their calls may be sent again: what is left open is whether the instance shows it.
            Doing::Updates | Doing::Deletes => "unconfirmed",
        }
    }

    /// The live view, in lines of at most `columns` columns.
    pub(super) fn view(&self, now: Instant, look: &Look, columns: usize) -> String {
        let room = columns.saturating_sub(1).max(20);
        if self.to_send == 0 {
            // Of nothing there is no part.
            return self.awaited(now).map(|awaited| clip(&awaited, room)).unwrap_or_default();
        }
        let share = self.done() as f64 / self.to_send.max(1) as f64;
        let width = 24.min(room - 6);
        let full = ((share * width as f64) as usize).min(width);
        let bar = |c: char, length: usize| std::iter::repeat_n(c, length).collect::<String>();
        let (made, rest) = (bar(look.full, full), bar(look.empty, width - full));
        let percent = format!("{:>3} %", (share * 100.0) as u64);
        let mut line = Line::new(room, "  ");
        line.add(width + percent.len() + 1, format!("{}{rest} {percent}", look.paint.green(&made)));
        line.text(format!("{} of {}", text::grouped(self.done()), text::grouped(self.to_send)));
        line.text(self.speed(now));
        if let Some(left) = self.left(now) {
            line.text(format!("{} left", text::duration(left)));
        }
        let mut counts = Line::new(room, look.dot);
        counts.text(format!("{} {}", text::grouped(self.created), self.done_word()));
        counts.text(format!("{} to go", text::grouped(self.to_go())));
        type Colour = fn(Paint, &str) -> String;
        let others: [(u64, &str, Colour); 3] = [
            (self.failed, "failed", Paint::red),
            (self.in_doubt(), self.unclear_word(), Paint::yellow),
            (self.throttled, "throttled", |_, text| text.to_owned()),
        ];
        for (number, what, colour) in others {
            let text = format!("{} {what}", text::grouped(number));
            let width = text.len();
            counts.add(width, if number > 0 { colour(look.paint, &text) } else { text });
        }
        let mut view = format!("{}\n{}", line.done(), counts.done());
        if self.stopping {
            view.push_str(&format!("\n{}", clip("stopping: awaiting what is under way", room)));
        } else if let Some(awaited) = self.awaited(now) {
            // Three lines say what is waited for on the narrowest terminal; a message of the service may be longer.
            let text = words::wrapped(&awaited, room + 1, 2);
            for (at, line) in text.lines().enumerate().take(3) {
                let is_cut = at == 2 && text.lines().count() > 3;
                view.push('\n');
                view.push_str(
                    &look.paint.yellow(&clip(&format!("{line}{}", if is_cut { "..." } else { "" }), room)),
                );
            }
        }
        view
    }

    /// A plain line in place of the view.
    pub(super) fn line(&self, now: Instant) -> String {
        let mut line = format!("{} of {}: ", text::grouped(self.done()), text::count(self.to_send, "row"));
        line += &format!("{} {}", text::grouped(self.created), self.done_word());
        for (number, what) in [
            (self.there, "there already"),
            (self.failed, "failed"),
            (self.in_doubt(), self.unclear_word()),
            (self.throttled, "throttled"),
        ] {
            if number > 0 {
                line += &format!(", {} {what}", text::grouped(number));
            }
        }
        line += &format!("; {}", self.speed(now));
        if let Some(left) = self.left(now) {
            line += &format!(", {} left", text::duration(left));
        }
        if let Some(awaited) = self.awaited(now) {
            line += &format!("; {awaited}");
        }
        line
    }
}

/// Parts of text that go on the next line where one is full.
struct Line {
    room: usize,
    between: &'static str,
    used: usize,
    text: String,
}

impl Line {
    fn new(room: usize, between: &'static str) -> Self {
        Self { room, between, used: 0, text: String::new() }
    }

    fn text(&mut self, text: String) {
        self.add(text.chars().count(), text);
    }

    /// Adds a part that takes `width` columns.
    fn add(&mut self, width: usize, text: String) {
        let between = self.between.chars().count();
        if self.used == 0 {
            self.used = width;
        } else if self.used + between + width <= self.room {
            self.text.push_str(self.between);
            self.used += between + width;
        } else {
            self.text.push('\n');
            self.used = width;
        }
        self.text.push_str(&text);
    }

    fn done(self) -> String {
        self.text
    }
}

/// What is waited for, and how long at most where that is known.
pub(super) fn waiting(wait: Duration, reason: &str) -> String {
    match wait.as_secs() {
        0 => format!("waiting: {reason}"),
        _ => format!("waiting up to {}: {reason}", text::duration(wait)),
    }
}

pub(super) fn clip(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let cut: String = text.chars().take(room.saturating_sub(3)).collect();
    format!("{}...", cut.trim_end())
}

/// `2`, `1.9`, `0.5`, `250`.
pub(in crate::cli) fn number(rate: f64) -> String {
    let text = if rate < 100.0 { format!("{rate:.1}") } else { format!("{rate:.0}") };
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Look = Look { paint: Paint::plain(), full: '#', empty: '-', dot: ", " };

    fn created(user: &str) -> Event {
        Event::Created { row: 2.into(), user: user.into(), id: "u".into(), recovered: false }
    }

    fn started(to_send: u64) -> Event {
        Event::Started {
            version: 1,
            run: "r".into(),
            ledger: "l".into(),
            instance: "i".into(),
            total: to_send,
            left_out: Vec::new(),
            to_send,
            rate: 2.0,
        }
    }

    fn after(seconds: u64, events: &[Event]) -> (Tally, Instant) {
        let begun = Instant::now();
        let mut tally = Tally::new(begun);
        tally.take(&started(1000), begun, true);
        for second in 0..seconds {
            for user in ["a", "b"] {
                tally.take(&created(user), begun + Duration::from_secs(second), true);
            }
        }
        let now = begun + Duration::from_secs(seconds);
        for event in events {
            tally.take(event, now, true);
        }
        (tally, now)
    }

    #[tokio::test(start_paused = true)]
    async fn the_view_says_how_far_how_fast_and_how_long() {
        let (tally, now) = after(100, &[]);
        assert_eq!(
            tally.view(now, &PLAIN, 80),
            "####--------------------  20 %  200 of 1,000  2/s of 2/s  6 min 40 s left\n\
             200 created, 800 to go, 0 failed, 0 in doubt, 0 throttled"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_narrow_terminal_gets_more_lines_and_none_too_wide() {
        let rejected =
            Event::Rejected { row: 3.into(), user: "x".into(), code: "C".into(), message: "m".into() };
        let waiting = Event::waiting(
            "nothing clear comes back: the service answered with something very long indeed, again and again",
            Duration::from_secs(12),
        );
        let (tally, now) = after(100, &[rejected, waiting]);
        let narrow = tally.view(now, &PLAIN, 40);
        assert_eq!(
            narrow,
            "####--------------------  20 %\n201 of 1,000  2/s of 2/s\n\
             200 created, 799 to go, 1 failed\n0 in doubt, 0 throttled\n\
             waiting up to 12 s: nothing clear comes\n  back: the service answered with\n  something very long indeed, again..."
        );
        for columns in 0..200 {
            let view = tally.view(now, &PLAIN, columns);
            assert!(view.lines().all(|line| line.chars().count() < columns.max(41)), "{columns}: {view}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_says_what_it_waits_for_and_no_longer_than_it_does() {
        let outage = Event::waiting("nothing clear comes back", Duration::from_secs(20));
        let (mut tally, now) = after(1, &[outage]);
        assert_eq!(tally.awaited(now).unwrap(), "waiting up to 20 s: nothing clear comes back");
        let later = now + Duration::from_secs(30);
        assert_eq!(tally.awaited(later).unwrap(), "waiting: nothing clear comes back");
        assert_eq!(tally.left(later), None);
        tally.take(&created("c"), later, true);
        assert_eq!(tally.awaited(later), None);
        tally.take(&Event::Throttled { rate: 1.26 }, later, true);
        assert_eq!(tally.awaited(later).unwrap(), "the service says to slow down: 1.3/s for now");
        assert_eq!(tally.awaited(later + TOLD), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_is_in_doubt_until_it_is_settled_and_has_no_time_left() {
        let (mut tally, now) = after(499, &[]);
        let lost = |row: u32, last| Event::InDoubt {
            row: row.into(),
            user: "x".into(),
            message: "500".into(),
            last,
        };
        for row in [7, 8] {
            assert_eq!(tally.take(&lost(row, false), now, true), None);
            assert_eq!(tally.take(&lost(row, false), now, true), None);
        }
        assert!(tally.view(now, &PLAIN, 80).contains("998 created, 2 to go, 0 failed, 2 in doubt"));
        assert!(tally.view(now, &PLAIN, 80).ends_with("\n2 answers lost, being settled"));
        assert_eq!(tally.left(now), None);
        let found = Event::Created { row: 7.into(), user: "x".into(), id: "u".into(), recovered: true };
        tally.take(&found, now, true);
        tally.take(&lost(8, true), now, true);
        assert_eq!((tally.created, tally.in_doubt(), tally.to_go(), tally.awaited(now)), (999, 1, 0, None));
    }

    #[tokio::test(start_paused = true)]
    async fn the_burst_at_the_start_is_no_rate() {
        let begun = Instant::now();
        let mut tally = Tally::new(begun);
        tally.take(&started(100), begun, true);
        for _ in 0..5 {
            tally.take(&created("a"), begun, true);
        }
        for second in 1..10 {
            for _ in 0..2 {
                tally.take(&created("b"), begun + Duration::from_secs(second), true);
            }
        }
        let now = begun + Duration::from_secs(10);
        assert_eq!(tally.speed(now), "2/s of 2/s");
        assert_eq!(tally.left(now), Some(Duration::from_secs_f64(77.0 / 2.0)));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_waited_for_is_a_line_once_where_there_is_no_live_view() {
        let now = Instant::now();
        let mut tally = Tally::new(now);
        let outage = Event::waiting("nothing clear comes back", Duration::from_secs(2));
        assert!(tally.take(&outage, now, false).is_some());
        assert_eq!(tally.take(&outage, now, false), None);
        assert_eq!(Tally::new(now).take(&outage, now, true), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_run_of_nothing_breaks_nothing() {
        let now = Instant::now();
        let mut tally = Tally::new(now);
        assert_eq!(tally.view(now, &PLAIN, 80), "", "no bar of nothing");
        tally.take(&Event::Waiting { reason: "x".into(), seconds: f64::NAN }, now, true);
        tally.take(&Event::Waiting { reason: "y".into(), seconds: f64::INFINITY }, now, true);
        tally.take(&created("more than were to be sent"), now, true);
        assert!(!tally.view(now, &PLAIN, 0).contains("0 of 0"));
    }
}
