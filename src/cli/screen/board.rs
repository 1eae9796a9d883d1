//! One of several targets a line: what has happened at each so far, and at all of them.

use std::time::Duration;

use tokio::time::Instant;

use super::tally::{Doing, Look, Tally, clip};
use crate::event::{Event, OfTarget};
use crate::exit::Exit;
use crate::text;

/// What is shown of a job, or of the jobs of several targets.
pub(super) struct Board {
    doing: Doing,
    begun: Instant,
    /// Of a job that is alone.
    alone: Tally,
    /// Of each of several, in the order in which they were heard of.
    lanes: Vec<Lane>,
}

struct Lane {
    target: String,
    tally: Tally,
    /// How it ended, once it has: its exit code, and why it stopped.
    ended: Option<(u8, Option<String>)>,
}

/// A line of the table: the target, the counts, how fast, and how it stands.
struct Shown {
    target: String,
    counts: [u64; 4],
    speed: String,
    stands: String,
}

/// A target's name takes no more columns.
const WIDEST: usize = 20;

impl Board {
    /// With nothing on it yet.
    pub(super) fn new(doing: Doing, begun: Instant) -> Self {
        Self { doing, begun, alone: Tally::of(doing, begun), lanes: Vec::new() }
    }

    /// Counts an event, and returns the line that people should read of it, if any.
    pub(super) fn take(&mut self, event: &Event, now: Instant, is_live: bool) -> Option<String> {
        match event {
            Event::Of(OfTarget { event, target }) => {
                let line = self.lane(target).tally.take(event, now, is_live)?;
                Some(format!("{target}  {line}"))
            }
            Event::Target { target, exit, reason, .. } => {
                self.lane(target).ended = Some((*exit, reason.as_deref().map(text::plain)));
                (!is_live).then(|| format!("{target}  {}", ended(*exit, reason.as_deref())))
            }
            event => self.alone.take(event, now, is_live),
        }
    }

    fn lane(&mut self, target: &str) -> &mut Lane {
        let at = self.lanes.iter().position(|lane| lane.target == target).unwrap_or_else(|| {
            let tally = Tally::of(self.doing, self.begun);
            self.lanes.push(Lane { target: target.to_owned(), tally, ended: None });
            self.lanes.len() - 1
        });
        &mut self.lanes[at]
    }

    /// The live view, for a terminal of so many columns and lines.
    pub(super) fn view(&self, now: Instant, look: &Look, (columns, lines): (usize, usize)) -> String {
        if self.lanes.is_empty() {
            return self.alone.view(now, look, columns);
        }
        // Those at work first, where not all fit: of the others nothing changes any more.
        let room = lines.saturating_sub(4).max(3);
        let mut lanes: Vec<&Lane> = self.lanes.iter().collect();
        if lanes.len() > room {
            lanes.sort_by_key(|lane| lane.ended.is_some());
        }
        let more = lanes.len().saturating_sub(room);
        let shown: Vec<Shown> = lanes.iter().take(room).map(|lane| lane.shown(now)).collect();
        let mut view = self.table(&shown, self.total(now), look, columns.saturating_sub(1).max(20));
        if more > 0 {
            view.push_str(&format!("\nand {}", text::count(more as u64, "more target")));
        }
        view
    }

    fn total(&self, now: Instant) -> Shown {
        let of = |number: fn(&Tally) -> u64| self.lanes.iter().map(|lane| number(&lane.tally)).sum();
        let left = self.lanes.iter().filter(|lane| lane.ended.is_none()).map(|lane| lane.tally.left(now));
        // While one of them knows nothing of its time, nobody knows.
        let left = left.collect::<Option<Vec<Duration>>>().and_then(|left| left.into_iter().max());
        Shown {
            target: "total".to_owned(),
            counts: [
                of(|tally| tally.created),
                of(|tally| tally.failed),
                of(Tally::in_doubt),
                of(Tally::to_go),
            ],
            speed: String::new(),
            stands: left.map(|left| format!("{} left", text::duration(left))).unwrap_or_default(),
        }
    }

    fn table(&self, lanes: &[Shown], total: Shown, look: &Look, room: usize) -> String {
        let heads = [self.alone.done_word(), "failed", self.alone.unclear_word(), "to go"];
        let all = || lanes.iter().chain([&total]);
        let name = all().map(|lane| lane.target.chars().count()).max().unwrap_or(0).clamp(6, WIDEST);
        let widths: Vec<usize> = (0..heads.len())
            .map(|at| {
                let numbers = all().map(|lane| text::grouped(lane.counts[at]).len());
                numbers.max().unwrap_or(0).max(heads[at].len())
            })
            .collect();
        let speed = all().map(|lane| lane.speed.len()).max().unwrap_or(0);
        let line = |target: &str, counts: [String; 4], of_speed: &str, stands: &str| {
            let mut line = format!("{:<name$}", clip(target, name));
            for (count, width) in counts.iter().zip(&widths) {
                line.push_str(&format!("  {count:>width$}"));
            }
            // Who has stopped has no speed, and more to say.
            if !of_speed.is_empty() {
                line.push_str(&format!("  {of_speed:<speed$}"));
            }
            line.push_str(&format!("  {stands}"));
            clip(line.trim_end(), room)
        };
        let mut view = look.paint.bold(&line("target", heads.map(str::to_owned), "", ""));
        for lane in all() {
            let counts = lane.counts.map(text::grouped);
            view.push('\n');
            view.push_str(&line(&lane.target, counts, &lane.speed, &lane.stands));
        }
        view
    }

    /// A plain line in place of the view.
    pub(super) fn line(&self, now: Instant) -> String {
        if self.lanes.is_empty() {
            return self.alone.line(now);
        }
        let at_work = self.lanes.iter().filter(|lane| lane.ended.is_none());
        let lines: Vec<String> =
            at_work.map(|lane| format!("{}  {}", lane.target, lane.tally.line(now))).collect();
        lines.join("\n")
    }
}

impl Lane {
    fn shown(&self, now: Instant) -> Shown {
        let Self { target, tally, ended: how } = self;
        let counts = [tally.created, tally.failed, tally.in_doubt(), tally.to_go()];
        let (speed, stands) = match how {
            Some((exit, reason)) => (String::new(), ended(*exit, reason.as_deref())),
            None if tally.stopping => (String::new(), "stopping: awaiting what is under way".to_owned()),
            None => {
                let left = || tally.left(now).map(|left| format!("{} left", text::duration(left)));
                (tally.speed(now), tally.awaited_in_short(now).or_else(left).unwrap_or_default())
            }
        };
        Shown { target: target.clone(), counts, speed, stands }
    }
}

/// How a target ended, in a few words.
fn ended(exit: u8, reason: Option<&str>) -> String {
    match reason {
        Some(reason) => format!("stopped: {}", text::plain(reason)),
        None if exit == Exit::Done.code() => "done".to_owned(),
        None if exit == Exit::SomeFailed.code() => "done, some failed".to_owned(),
        None if exit == Exit::Unsettled.code() => "done, some in doubt".to_owned(),
        None => format!("ended with exit code {exit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::output::Paint;

    const PLAIN: Look = Look { paint: Paint::plain(), full: '#', empty: '-', dot: ", " };

    fn of(target: &str, event: Event) -> Event {
        Event::Of(OfTarget { event: Box::new(event), target: target.to_owned() })
    }

    fn started(to_send: u64) -> Event {
        Event::Started {
            version: 1,
            run: "r".into(),
            ledger: "l".into(),
            instance: "i".into(),
            total: to_send,
            to_send,
            left_out: Vec::new(),
            rate: 2.0,
        }
    }

    fn created() -> Event {
        Event::Created { row: 2.into(), user: "ana".into(), id: "u".into(), recovered: false }
    }

    fn board() -> (Board, Instant) {
        let begun = Instant::now();
        let mut board = Board::new(Doing::Creates, begun);
        for (target, rows) in [("emea", 2000), ("na", 20), ("apac", 1000)] {
            board.take(&of(target, started(rows)), begun, true);
        }
        for second in 0..10 {
            for target in ["emea", "na"] {
                for _ in 0..2 {
                    board.take(&of(target, created()), begun + Duration::from_secs(second), true);
                }
            }
        }
        let now = begun + Duration::from_secs(10);
        let rejected = |row: u32| Event::Rejected {
            row: row.into(),
            user: "bob".into(),
            code: "C".into(),
            message: "m".into(),
        };
        let line = board.take(&of("emea", rejected(7)), now, true);
        assert_eq!(line.as_deref(), Some("emea  row 7  bob: rejected: C (m)"));
        let done = |target: &str, exit, reason: Option<&str>| Event::Target {
            target: target.to_owned(),
            exit,
            reason: reason.map(str::to_owned),
            rows: None,
            calls: None,
        };
        board.take(&done("na", 0, None), now, true);
        board.take(&done("apac", 4, Some("the instance takes no more users (limit)")), now, true);
        (board, now)
    }

    #[tokio::test(start_paused = true)]
    async fn each_target_is_a_line_that_fits_the_terminal() {
        let (board, now) = board();
        insta::assert_snapshot!(board.view(now, &PLAIN, (80, 24)), @r"
        target  created  failed  in doubt  to go
        emea         20       1         0  1,979  2.1/s of 2/s  15 min 37 s left
        na           20       0         0      0  done
        apac          0       0         0  1,000  stopped: the instance takes no mor...
        total        40       1         0  2,979  15 min 37 s left
        ");
        for columns in 20..120 {
            let view = board.view(now, &PLAIN, (columns, 24));
            assert!(view.lines().all(|line| line.chars().count() < columns.max(21)), "{columns}: {view}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_not_all_fit_those_at_work_are_shown() {
        let (board, now) = board();
        let view = board.view(now, &PLAIN, (80, 5));
        assert_eq!(view.lines().count(), 5, "{view}");
        let mut more = board;
        for target in ["a", "b"] {
            more.take(&of(target, started(5)), now, true);
        }
        let view = more.view(now, &PLAIN, (80, 5));
        assert!(view.contains("\nemea") && view.contains("\na ") && view.contains("\nb "), "{view}");
        assert!(view.ends_with("\nand 2 more targets"), "{view}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_terminal_each_target_at_work_is_a_line_and_each_end_is() {
        let (mut board, now) = board();
        let line = board.line(now);
        assert!(line.starts_with("emea  21 of 2,000 rows: 20 created, 1 failed; "), "{line}");
        assert_eq!(line.lines().count(), 1, "{line}");
        let ended = Event::Target { target: "emea".into(), exit: 1, reason: None, rows: None, calls: None };
        assert_eq!(board.take(&ended, now, false).as_deref(), Some("emea  done, some failed"));
        assert_eq!(board.line(now), "");
    }
}
