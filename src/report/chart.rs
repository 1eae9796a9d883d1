//! Users made and calls throttled over time: figures first, then their picture.

use std::fmt::Write as _;

use super::account::{Mark, Session};
use crate::clock;

/// The most bars.
const BARS: u64 = 96;

/// Widths of a bar, in seconds: those that read well.
const WIDTHS: [u64; 16] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800];

/// The shortest time within a session that may be left out, in milliseconds.
const PAUSE: u64 = 60_000;

/// What happened in each stretch of the time at work. Time in which no process was at work is left out, and so is time in
/// which nothing happened for so long that it would crowd out all that did: the sleep of a laptop, or the wait for the last
/// row in doubt.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Course {
    /// The width of a stretch, in seconds.
    pub(crate) width: u64,
    /// The stretches, those of one session after those of the one before.
    pub(crate) bars: Vec<Bar>,
    /// Where sessions begin: the place of their first bar, and when, RFC 3339.
    pub(crate) sessions: Vec<(usize, String)>,
    /// Where time within a session is left out: the place of the first bar after it, and its milliseconds.
    pub(crate) pauses: Vec<(usize, u64)>,
}

/// One stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bar {
    /// When it begins, in milliseconds since 1970.
    pub(crate) from: u64,
    /// Users made.
    pub(crate) created: u64,
    /// Users that an undo deleted.
    pub(crate) deleted: u64,
    /// Calls told to slow down.
    pub(crate) throttled: u64,
    /// Answers lost.
    pub(crate) unclear: u64,
}

impl Course {
    /// The course of these sessions. Those in which nothing happened have no place in it.
    pub(crate) fn of(sessions: &[Session]) -> Self {
        let spans: Vec<(Vec<u64>, &Session)> = sessions
            .iter()
            .filter_map(|session| {
                let mut times: Vec<u64> = session.marks.iter().map(|(at, _)| *at).collect();
                times.sort_unstable();
                let first = *times.first()?;
                // A clock that was set back must not make the beginning later than what followed it.
                let began = millis(&session.began).map_or(first, |began| began.min(first));
                times.insert(0, began);
                Some((times, session))
            })
            .collect();
        let longest = longest_kept(spans.iter().flat_map(|(times, _)| gaps(times)).collect());
        let pieces: Vec<Vec<&[u64]>> = spans
            .iter()
            .map(|(times, _)| times.chunk_by(|before, after| after - before <= longest).collect())
            .collect();
        let seconds = |piece: &&[u64]| {
            piece.last().zip(piece.first()).map_or(0, |(last, first)| last - first) / 1000 + 1
        };
        let number: usize = pieces.iter().map(Vec::len).sum();
        let width = width(pieces.iter().flatten().map(seconds).sum(), number as u64);
        let step = width * 1000;
        let mut course = Self { width, ..Self::default() };
        for ((_, session), pieces) in spans.iter().zip(&pieces) {
            let first = course.bars.len();
            course.sessions.push((first, session.began.clone()));
            let mut before = None;
            for piece in pieces {
                let (Some(&from), Some(&last)) = (piece.first(), piece.last()) else { continue };
                if let Some(before) = before.replace(last) {
                    course.pauses.push((course.bars.len(), from - before));
                }
                let bars =
                    (0..=(last - from) / step).map(|n| Bar { from: from + n * step, ..Bar::default() });
                course.bars.extend(bars);
            }
            for (at, mark) in &session.marks {
                let place = course.bars[first..].partition_point(|bar| bar.from <= *at);
                let Some(bar) = place.checked_sub(1).and_then(|place| course.bars.get_mut(first + place))
                else {
                    continue;
                };
                match mark {
                    Mark::Created => bar.created += 1,
                    Mark::Deleted => bar.deleted += 1,
                    Mark::Throttled => bar.throttled += 1,
                    Mark::Unclear => bar.unclear += 1,
                }
            }
        }
        course
    }

    /// Users made a second in the best stretch.
    pub(crate) fn peak(&self) -> f64 {
        self.bars.iter().map(|bar| self.rate(bar.created)).fold(0.0, f64::max)
    }

    /// Users made or deleted a second in the best stretch.
    fn highest(&self) -> f64 {
        let deleted = self.bars.iter().map(|bar| self.rate(bar.deleted)).fold(0.0, f64::max);
        self.peak().max(deleted)
    }

    fn rate(&self, number: u64) -> f64 {
        number as f64 / self.width.max(1) as f64
    }

    /// The picture: bars for users made, below them marks for throttles and lost answers. It stretches to any width, so
    /// it has no words in it; [`Course::ceiling`] is its upper edge.
    pub(crate) fn svg(&self) -> String {
        let bars = self.bars.len().max(1);
        let ceiling = self.ceiling();
        let mut svg = format!(
            "<svg class=\"course\" viewBox=\"0 0 {} 100\" preserveAspectRatio=\"none\" role=\"img\" \
             aria-labelledby=\"chart-title chart-says\">",
            bars * 10
        );
        for line in [0, 20, 40, 60] {
            let _ = write!(svg, "<path class=\"grid\" d=\"M0 {line}H{}\"/>", bars * 10);
        }
        for (at, _) in self.sessions.iter().skip(1) {
            let _ = write!(svg, "<path class=\"session\" d=\"M{} 0V100\"/>", at * 10);
        }
        for (at, _) in &self.pauses {
            let _ = write!(svg, "<path class=\"pause\" d=\"M{} 0V100\"/>", at * 10);
        }
        let most =
            self.bars.iter().map(|bar| bar.throttled.max(bar.unclear)).max().unwrap_or(0).max(1) as f64;
        for (at, bar) in self.bars.iter().enumerate() {
            let x = at * 10 + 1;
            let mut rect = |class: &str, y: f64, height: f64| {
                let _ = write!(
                    svg,
                    "<rect class=\"{class}\" x=\"{x}\" y=\"{y:.2}\" width=\"8\" height=\"{height:.2}\"/>"
                );
            };
            if bar.created > 0 {
                let height = (self.rate(bar.created) / ceiling * 80.0).max(0.8);
                rect("created", 80.0 - height, height);
            }
            if bar.deleted > 0 {
                // Beside the users made in the same stretch, which an undo seldom shares.
                let height = (self.rate(bar.deleted) / ceiling * 80.0).max(0.8);
                rect("deleted", 80.0 - height, height);
            }
            // What slows a run down hangs below the line, never less than can be seen.
            let throttled =
                if bar.throttled > 0 { (bar.throttled as f64 / most * 9.0).max(2.0) } else { 0.0 };
            if throttled > 0.0 {
                rect("throttled", 81.0, throttled);
            }
            if bar.unclear > 0 {
                rect("unclear", 81.0 + throttled, (bar.unclear as f64 / most * 9.0).max(2.0));
            }
        }
        svg.push_str("<path class=\"axis\" d=\"M0 80H");
        let _ = write!(svg, "{}\"/></svg>", bars * 10);
        svg
    }

    /// The upper edge of the picture, in users a second: a number that reads well, above the peak.
    pub(crate) fn ceiling(&self) -> f64 {
        let peak = self.highest().max(0.01);
        let power = 10_f64.powf(peak.log10().floor());
        let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
        steps.into_iter().map(|step| step * power).find(|edge| *edge >= peak).unwrap_or(power * 10.0)
    }
}

fn gaps(times: &[u64]) -> impl Iterator<Item = u64> {
    times.windows(2).map(|pair| pair[1] - pair[0])
}

/// The longest time without an event that is shown at its length: longer ones would each take a third of the picture or more.
fn longest_kept(mut gaps: Vec<u64>) -> u64 {
    gaps.sort_unstable();
    let mut rest: u64 = gaps.iter().sum();
    while let Some(gap) = gaps.pop() {
        rest -= gap;
        if gap < PAUSE || gap < rest / 2 {
            return gap;
        }
    }
    PAUSE
}

/// The narrowest bar that keeps their number small.
fn width(seconds: u64, sessions: u64) -> u64 {
    // Each session may end with a bar that is not full.
    let room = BARS.saturating_sub(sessions).max(BARS / 4);
    WIDTHS
        .into_iter()
        .find(|width| seconds.div_ceil(*width) <= room)
        .unwrap_or_else(|| seconds.div_ceil(room))
}

fn millis(at: &str) -> Option<u64> {
    let since = clock::parse_rfc3339(at)?.duration_since(std::time::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(began: &str, marks: &[(u64, Mark)]) -> Session {
        let start = millis(began).unwrap();
        let marks = marks.iter().map(|(at, mark)| (start + at, *mark)).collect();
        Session { began: began.into(), marks, ..Session::default() }
    }

    #[test]
    fn time_without_a_process_is_left_out() {
        let course = Course::of(&[
            session(
                "2026-11-23T10:00:00Z",
                &[(0, Mark::Created), (1500, Mark::Created), (1600, Mark::Throttled)],
            ),
            session("2026-11-24T10:00:00Z", &[]),
            session("2026-11-25T10:00:00Z", &[(2500, Mark::Unclear)]),
        ]);
        assert_eq!(course.width, 1);
        let told: Vec<_> = course.bars.iter().map(|bar| (bar.created, bar.throttled, bar.unclear)).collect();
        assert_eq!(told, [(1, 0, 0), (1, 1, 0), (0, 0, 0), (0, 0, 0), (0, 0, 1)]);
        assert_eq!(course.sessions.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn no_run_has_more_bars_than_can_be_seen() {
        for seconds in [1, 95, 97, 5000, 22_000, 86_400 * 30] {
            let marks: Vec<_> = (0..=100).map(|n| (seconds * 10 * n, Mark::Created)).collect();
            let course = Course::of(&[session("2026-11-23T10:00:00Z", &marks)]);
            assert!(course.bars.len() as u64 <= BARS + 1, "{seconds}: {}", course.bars.len());
            assert_eq!(course.bars.iter().map(|bar| bar.created).sum::<u64>(), 101);
            assert_eq!(course.pauses, [], "{seconds}");
        }
    }

    #[test]
    fn a_pause_that_would_crowd_out_all_else_is_left_out() {
        let night = 9 * 3_600_000;
        let work = |from: u64| (0..120).map(move |n| (from + n * 500, Mark::Created));
        let marks: Vec<_> = work(0).chain(work(60_000 + night)).chain([(3 * night, Mark::Unclear)]).collect();
        let course = Course::of(&[session("2026-11-23T10:00:00Z", &marks)]);
        assert_eq!((course.width, course.bars.len()), (2, 61));
        let left_out: Vec<_> = course.pauses.iter().map(|(at, time)| (*at, time / 3_600_000)).collect();
        assert_eq!(left_out, [(30, 9), (60, 17)]);
        assert_eq!(course.bars.iter().map(|bar| bar.created).sum::<u64>(), 240);
        assert_eq!(course.bars[60], Bar { from: course.bars[60].from, unclear: 1, ..Bar::default() });
        // A quarter of an hour's outage in half an hour's work is a part of the picture.
        let marks: Vec<_> =
            (0..3600).map(|n| (n * 500 + if n < 1800 { 0 } else { 890_000 }, Mark::Created)).collect();
        assert_eq!(Course::of(&[session("2026-11-23T10:00:00Z", &marks)]).pauses, []);
    }

    #[test]
    fn a_clock_that_was_set_back_breaks_nothing() {
        let mut session = session("2026-11-23T10:00:00Z", &[(5000, Mark::Created)]);
        session.began = "2026-11-23T12:00:00Z".into();
        assert_eq!(Course::of(&[session.clone()]).bars.len(), 1);
        session.began = "nonsense".into();
        assert_eq!(Course::of(&[session]).bars.len(), 1);
        assert_eq!(Course::of(&[]).bars, []);
    }

    #[test]
    fn who_was_deleted_has_bars_of_its_own_under_the_same_edge() {
        let course = Course::of(&[
            session("2026-11-23T10:00:00Z", &[(0, Mark::Created)]),
            session(
                "2026-11-24T10:00:00Z",
                &[(0, Mark::Deleted), (100, Mark::Deleted), (200, Mark::Deleted)],
            ),
        ]);
        let told: Vec<_> = course.bars.iter().map(|bar| (bar.created, bar.deleted)).collect();
        assert_eq!(told, [(1, 0), (0, 3)]);
        assert!((course.peak() - 1.0).abs() < 1e-9 && (course.ceiling() - 4.0).abs() < 1e-9);
        assert_eq!(course.svg().matches("class=\"deleted\"").count(), 1);
    }

    #[test]
    fn the_upper_edge_reads_well() {
        for (created, edge) in [(1, 1.0), (2, 2.0), (3, 4.0), (7, 8.0), (9, 10.0), (11, 20.0), (190, 200.0)] {
            let marks = vec![(0, Mark::Created); created];
            let course = Course::of(&[session("2026-11-23T10:00:00Z", &marks)]);
            assert!((course.ceiling() - edge).abs() < 1e-9, "{created}: {}", course.ceiling());
        }
    }
}
