//! Days as people and systems write them. Where a text may be two days, it is both of them.

use std::fmt;

use time::{Date, Month};

/// A day of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Day(Date);

/// Which day a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    One(Day),
    /// Day first or month first: nobody can tell.
    Either(Day, Day),
    None,
}

impl Day {
    fn new(year: i32, month: i32, day: i32) -> Option<Self> {
        let month = Month::try_from(u8::try_from(month).ok()?).ok()?;
        Date::from_calendar_date(year, month, u8::try_from(day).ok()?).ok().map(Self)
    }

    /// Whether it is the day by which systems write "never": the last that four digits have.
    pub(super) fn is_never(self) -> bool {
        self.0.year() == 9999
    }
}

/// `2026-12-01`
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), u8::from(self.0.month()), self.0.day())
    }
}

/// A day as ISO 8601 writes it, and nothing else.
pub(super) fn of_iso(text: &str) -> Option<Day> {
    let bytes = text.as_bytes();
    let has_form = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
    let digits = |from: usize, to: usize| -> Option<i32> {
        let text = text.get(from..to)?;
        text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok())?
    };
    if has_form { Day::new(digits(0, 4)?, digits(5, 7)?, digits(8, 10)?) } else { None }
}

/// A day as a spreadsheet counts them, the time of day behind the point. Only those of our days: a small number is as
/// often something else.
pub(super) fn of_serial(serial: f64) -> Days {
    /// 1 January 1930 and 31 December 2199; what is later is "never", as 2958465 is the last that a spreadsheet has.
    const OURS: std::ops::RangeInclusive<f64> = 10_959.0..=109_574.0;
    const LAST: f64 = 2_958_465.0;
    /// 30 December 1899, from which the days after February 1900 are counted.
    const BEFORE_FIRST: i32 = 2_415_019;
    let day = serial.floor();
    let is_known = OURS.contains(&day) || day == LAST;
    let date = is_known.then(|| Date::from_julian_day(BEFORE_FIRST + day as i32).ok()).flatten();
    date.map_or(Days::None, |date| Days::One(Day(date)))
}

/// A day in any of the forms in which lists have them: year first, day first or month first, a month by its name, a
/// spreadsheet's number. A time of day behind it is passed over.
pub(super) fn of(text: &str) -> Days {
    let text = without_time(text.trim());
    let is_number = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.matches('.').count() < 2;
    if is_number && !text.is_empty() {
        return of_number(text);
    }
    let parts: Vec<&str> = text
        .split(|c: char| matches!(c, '.' | '/' | '-' | ',') || c.is_whitespace())
        .filter(|p| !p.is_empty())
        .collect();
    let [first, second, third] = parts[..] else { return Days::None };
    let number = |part: &str| -> Option<i32> {
        let is_short = (1..=4).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        if is_short { part.parse().ok() } else { None }
    };
    let one = |day: Option<Day>| day.map_or(Days::None, Days::One);
    match (number(first), number(second), number(third)) {
        (Some(year), Some(month), Some(day)) if first.len() == 4 => one(Day::new(year, month, day)),
        (Some(a), Some(b), Some(year)) => {
            let Some(year) = whole(year, third) else { return Days::None };
            let (day_first, month_first) = (Day::new(year, b, a), Day::new(year, a, b));
            // Nobody who puts the month first writes dots.
            if text.contains('.') {
                return one(day_first);
            }
            match (day_first, month_first) {
                (Some(one), Some(other)) if one != other => Days::Either(one, other),
                (one_of_two, other) => one(one_of_two.or(other)),
            }
        }
        (Some(day), None, Some(year)) => {
            one(whole(year, third).and_then(|year| Day::new(year, month(second)?, day)))
        }
        (None, Some(day), Some(year)) => {
            one(whole(year, third).and_then(|year| Day::new(year, month(first)?, day)))
        }
        _ => Days::None,
    }
}

/// `20261201` and a spreadsheet's number.
fn of_number(text: &str) -> Days {
    let part = |from, to| text.get(from..to).and_then(|digits: &str| digits.parse().ok());
    let compact = || Day::new(part(0, 4)?, part(4, 6)?, part(6, 8)?);
    if text.len() == 8 && !text.contains('.') {
        return compact().map_or(Days::None, Days::One);
    }
    text.parse().map_or(Days::None, of_serial)
}

/// `2026-12-01T09:30:00Z`, `01.12.2026 09:30`
fn without_time(text: &str) -> &str {
    let Some(colon) = text.find(':') else {
        return text;
    };
    let before = &text[..colon];
    let start = before.rfind(|c: char| c.is_whitespace() || c == 'T').unwrap_or(0);
    before[..start].trim_end().trim_end_matches(',')
}

/// The year of two digits: of this century until 2069, of the last from 1970 on.
fn whole(year: i32, text: &str) -> Option<i32> {
    match text.len() {
        4 => Some(year),
        2 if year < 70 => Some(2000 + year),
        2 => Some(1900 + year),
        _ => None,
    }
}

/// A month by the beginning of its name, in the large languages of the Latin script.
fn month(name: &str) -> Option<i32> {
    const MONTHS: [&[&str]; 12] = [
        &["jan", "jän", "ene", "gen", "janv"],
        &["feb", "fév", "fev", "febr"],
        &["mar", "mär", "mrz", "mrt", "maa"],
        &["apr", "avr", "abr"],
        &["may", "mai", "mag", "mei", "maj"],
        &["jun", "juin", "giu"],
        &["jul", "juil", "lug"],
        &["aug", "aoû", "aou", "ago"],
        &["sep", "set"],
        &["oct", "okt", "ott", "out"],
        &["nov"],
        &["dec", "dez", "dic", "déc"],
    ];
    let name = name.to_lowercase();
    let begins = |names: &&[&str]| names.iter().any(|begin| name.starts_with(begin));
    let at = MONTHS.iter().position(begins)?;
    i32::try_from(at + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(year: i32, month: i32, day: i32) -> Day {
        Day::new(year, month, day).unwrap()
    }

    #[test]
    fn a_day_is_read_in_each_form_in_which_it_is_certain() {
        let first = day(2026, 12, 1);
        for text in [
            "2026-12-01",
            "2026/12/01",
            "2026.12.1",
            "20261201",
            "1.12.2026",
            "01.12.26",
            " 2026-12-01T09:30:00Z ",
            "2026-12-01 09:30",
            "01.12.2026 09:30:00",
            "1-Dec-2026",
            "1 December 2026",
            "Dec 1, 2026",
            "1. Dez. 2026",
            "1 déc 26",
            "46357",
            "46357.75",
        ] {
            assert_eq!(of(text), Days::One(first), "{text}");
        }
        assert_eq!(of("31/12/2026"), Days::One(day(2026, 12, 31)));
        assert_eq!(of("12/31/2026"), Days::One(day(2026, 12, 31)));
        assert_eq!(of("05/05/2026"), Days::One(day(2026, 5, 5)));
        assert_eq!(of("11/12/2026"), Days::Either(day(2026, 12, 11), day(2026, 11, 12)));
        assert_eq!(of("31.12.9999"), Days::One(day(9999, 12, 31)));
        assert_eq!(of("2958465"), Days::One(day(9999, 12, 31)));
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "soon",
            "2026",
            "12/2026",
            "31.02.2026",
            "1/2/3/4",
            "13/13/2026",
            "7",
            "5.5",
            "1.1.026",
            ":",
            "T:",
        ] {
            assert_eq!(of(text), Days::None, "{text}");
        }
    }
}
