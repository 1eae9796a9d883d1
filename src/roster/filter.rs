//! Which rows are meant: the rules of a column map by which a row is left out.
//!
//! A rule looks at the cell as the file has it. Where it cannot be told what the cell says, the row stays and is an error:
//! neither to make a person who has left nor to lose one who has not is left to a guess.

use std::sync::Arc;

use serde::Deserialize;

use super::act::{self, Act};
use super::day::{self, Day, Days};
use super::row::{Kept, Row};
use super::target::{self, ForWhom, TargetNames};
use crate::finding::codes;
use crate::finding::{Finding, LeftOut};
use crate::text::damage::{self, Kind, Kinds};
use crate::text::{printable, shown, truth};

/// A test as a map has it.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected words as in `[\"Active\"]`, `\"filled\"`, `\"empty\"`, or `{ before = \"2026-12-01\" }`"
)]
pub(super) enum Written {
    Words(Vec<Word>),
    State(String),
    Dates(Dates),
}

/// A word as a map has it: people write `true` and `1` without quotes.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a word in quotes")]
pub(super) enum Word {
    Text(String),
    Truth(bool),
    Number(i64),
}

/// `{ before = "2026-12-01", after = "2025-12-31" }`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dates {
    before: Option<When>,
    after: Option<When>,
}

/// A date, with quotes or without.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a date as in `\"2026-12-01\"`")]
enum When {
    Text(String),
    Date(toml::value::Datetime),
}

/// One rule: rows in which the test of a column's cell says so are left out, or all but these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The column's header as the map has it.
    pub(super) header: String,
    /// Whether only the rows stay of which the test is true.
    is_only: bool,
    test: Test,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Test {
    /// One of these words, in any case.
    Words(Vec<String>),
    Filled,
    Empty,
    /// A day before the first and after the second, where there is one.
    Dates(Option<Day>, Option<Day>),
    /// A word for this act.
    Act(Act, act::Words),
    /// A word for the target at this place.
    Target(usize, Arc<TargetNames>),
}

/// What a rule says of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Yes,
    No,
    /// It cannot be told.
    Unclear,
}

impl Rule {
    /// Reads the rule of a column from the table `[only]` or `[skip]`.
    pub(super) fn parse(table: &str, header: String, written: Written) -> Result<Self, String> {
        let is_only = table == "only";
        let told = |what: String| format!("`[{table}]`, `{header}`: {what}");
        let test = match written {
            Written::Words(words) => {
                let words: Vec<String> = words.into_iter().map(Word::text).collect();
                if is_only && words.is_empty() {
                    return Err(told("no word is given, so no row would stay".into()));
                }
                Test::Words(words)
            }
            Written::State(state) => match state.trim().to_lowercase().as_str() {
                "filled" => Test::Filled,
                "empty" | "blank" => Test::Empty,
                _ => return Err(told(format!("a word stands in brackets: `[\"{state}\"]`"))),
            },
            Written::Dates(Dates { before: None, after: None }) => {
                return Err(told("neither `before` nor `after` is given".into()));
            }
            Written::Dates(Dates { before, after }) => {
                let day = |when: Option<When>| when.map(|when| when.day().map_err(&told)).transpose();
                Test::Dates(day(before)?, day(after)?)
            }
        };
        Ok(Self { header, is_only, test })
    }

    /// Whether it names no word: then it says that all rows are meant.
    fn is_idle(&self) -> bool {
        matches!(&self.test, Test::Words(words) if words.is_empty())
    }

    /// Only the rows that ask for this act, by the words of a column map and those that are known.
    pub(super) fn of_act(header: String, act: Act, words: act::Words) -> Self {
        Self { header, is_only: true, test: Test::Act(act, words) }
    }

    /// Only the rows that ask for something.
    pub(super) fn of_any_act(header: String, words: act::Words) -> Self {
        Self { header, is_only: false, test: Test::Act(Act::Nothing, words) }
    }

    /// Only the rows of this target.
    pub(super) fn of_target(header: String, target: usize, names: Arc<TargetNames>) -> Self {
        Self { header, is_only: true, test: Test::Target(target, names) }
    }

    /// Whether there is nothing to tell of the rows that it leaves out: another job has them.
    fn is_untold(&self) -> bool {
        self.is_idle() || (self.is_only && self.is_of_action()) || matches!(self.test, Test::Target(..))
    }

    fn is_of_action(&self) -> bool {
        matches!(self.test, Test::Act(..))
    }

    /// Whether it looks at a date.
    pub(super) fn is_of_days(&self) -> bool {
        matches!(self.test, Test::Dates(..))
    }

    /// Which rows it leaves out, in words: `` `Austritt` is filled ``.
    pub(super) fn told(&self) -> String {
        let not = if self.is_only { "not " } else { "" };
        let what = match &self.test {
            Test::Words(words) => {
                let words: Vec<String> = words.iter().map(|word| format!("`{}`", shown(word))).collect();
                match (words.as_slice(), self.is_only) {
                    ([word], _) => format!("is {not}{word}"),
                    (several, true) => format!("is none of {}", several.join(", ")),
                    (several, false) => format!("is one of {}", several.join(", ")),
                }
            }
            Test::Filled if self.is_only => "is empty".to_owned(),
            Test::Empty if self.is_only => "is filled".to_owned(),
            Test::Filled => "is filled".to_owned(),
            Test::Empty => "is empty".to_owned(),
            Test::Act(act, _) => format!("{not}asks for {}", act.word()),
            Test::Target(at, names) => format!("is {not}`{}`", shown(names.name(*at))),
            Test::Dates(before, after) => {
                let side = |word: &str, day: &Option<Day>| day.map(|day| format!("{word} {day}"));
                let sides: Vec<String> =
                    [side("before", before), side("after", after)].into_iter().flatten().collect();
                format!("is {not}{}", sides.join(" and "))
            }
        };
        format!("`{}` {what}", printable(self.header.trim(), 60))
    }

    /// Whether the rule leaves out a row with this cell; `None` where it cannot be told.
    fn leaves_out(&self, cell: &Cell<'_>) -> Option<bool> {
        match self.test.answer(cell) {
            Answer::Unclear => None,
            answer => Some((answer == Answer::Yes) != self.is_only),
        }
    }
}

impl Word {
    /// As a cell has it.
    pub(super) fn text(self) -> String {
        match self {
            Self::Text(text) => text.trim().to_owned(),
            Self::Truth(truth) => truth.to_string(),
            Self::Number(number) => number.to_string(),
        }
    }
}

impl When {
    fn day(self) -> Result<Day, String> {
        let text = match self {
            Self::Text(text) => text,
            Self::Date(date) => date.to_string(),
        };
        day::of_iso(text.trim()).ok_or_else(|| format!("a date is written as `2026-12-01`: `{text}`"))
    }
}

/// A cell as a rule sees it.
struct Cell<'r> {
    text: &'r str,
    /// What the reader left out of it, for it is no text.
    kept: Option<&'r Kept>,
}

impl Cell<'_> {
    /// Whether nothing is said in it. A dash and a day that never comes are how systems write nothing.
    fn is_empty(&self) -> bool {
        self.kept.is_none() && says_nothing(self.text)
    }

    /// Whether it holds a spreadsheet's error, or its word while it loads: what it says is not known.
    fn is_error(&self) -> bool {
        const ERROR: Kinds = Kinds::of(&[Kind::ErrorWord]);
        matches!(self.kept, Some(Kept::Error(_))) || damage::look(self.text, ERROR).is_some()
    }

    fn days(&self) -> Days {
        match self.kept {
            Some(Kept::Date(serial) | Kept::Number(serial)) => day::of_serial(*serial),
            Some(Kept::DateText(text)) => day::of(text),
            _ => day::of(self.text),
        }
    }
}

/// Whether a cell says nothing, blank or not: a dash, a word for nothing, a day that never comes.
pub(crate) fn says_nothing(cell: &str) -> bool {
    const NOTHING: [&str; 9] =
        ["n/a", "null", "none", "nan", "0", "00.00.0000", "0000-00-00", "00/00/0000", "00000000"];
    let is_sign = |c: char| matches!(c, '-' | '–' | '—');
    cell.chars().all(is_sign)
        || NOTHING.iter().any(|nothing| cell.eq_ignore_ascii_case(nothing))
        || matches!(day::of(cell), Days::One(day) if day.is_never())
}

impl Test {
    fn answer(&self, cell: &Cell<'_>) -> Answer {
        if cell.is_error() {
            return Answer::Unclear;
        }
        let answer = |is_so| if is_so { Answer::Yes } else { Answer::No };
        match self {
            Self::Words(words) => answer(words.iter().any(|word| is_same(word, cell.text))),
            Self::Filled => answer(!cell.is_empty()),
            Self::Empty => answer(cell.is_empty()),
            Self::Act(act, words) => match words.act(cell.text) {
                Some(said) => answer(said == *act),
                // Told once, and not by each job that reads the sheet.
                None => {
                    if *act == Act::Create {
                        Answer::Unclear
                    } else {
                        Answer::No
                    }
                }
            },
            // Whose a row is the row says, and not the cell alone.
            Self::Target(..) => Answer::Unclear,
            Self::Dates(..) if cell.is_empty() => Answer::No,
            Self::Dates(before, after) => {
                let is_within = |day: Day| {
                    before.is_none_or(|before| day < before) && after.is_none_or(|after| day > after)
                };
                match cell.days() {
                    Days::One(day) => answer(is_within(day)),
                    // What is so by either reading is so.
                    Days::Either(one, other) if is_within(one) == is_within(other) => answer(is_within(one)),
                    Days::Either(..) | Days::None => Answer::Unclear,
                }
            }
        }
    }
}

/// In any case, and without the spaces around it. A boolean is the same in every language: whoever writes the map sees
/// `WAHR` where the workbook has `TRUE`.
fn is_same(word: &str, cell: &str) -> bool {
    word.eq_ignore_ascii_case(cell)
        || (!cell.is_ascii() && word.to_lowercase() == cell.to_lowercase())
        || truth::boolean(word).is_some_and(|meant| truth::boolean(cell) == Some(meant))
}

/// What is to be done with the hidden rows of a workbook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Hidden {
    /// They are read, and that is told.
    #[default]
    Unsaid,
    /// They are read.
    Read,
    /// They are left out.
    Skip,
}

/// The rules of a map as they apply to the columns of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Sieve {
    /// Each with the place of its column.
    rules: Vec<(usize, Rule)>,
    /// Whether hidden rows are left out.
    pub(super) skips_hidden: bool,
}

impl Sieve {
    pub(super) fn new(rules: Vec<(usize, Rule)>, skips_hidden: bool) -> Self {
        Self { rules, skips_hidden }
    }

    /// Whether it leaves nothing out.
    pub(super) fn is_idle(&self) -> bool {
        self.rules.is_empty() && !self.skips_hidden
    }

    /// Whether a rule looks at the column.
    pub(super) fn has(&self, column: usize) -> bool {
        self.rules.iter().any(|(at, _)| *at == column)
    }

    /// The columns of dates.
    pub(super) fn days(&self) -> impl Iterator<Item = usize> {
        self.rules.iter().filter(|(_, rule)| rule.is_of_days()).map(|(at, _)| *at)
    }

    /// Each rule with so many rows left out by it, hidden rows last. Of one that names no word there is nothing to tell.
    pub(super) fn told(&self, counts: &[u64]) -> Vec<LeftOut> {
        let hidden = self.skips_hidden.then(|| ("hidden in the sheet".to_owned(), false));
        let rules = self.rules.iter().map(|(_, rule)| rule);
        let whats = rules.map(|rule| (!rule.is_untold()).then(|| (rule.told(), rule.is_of_action())));
        let told = whats.chain([hidden]).enumerate().filter_map(|(at, what)| {
            let (what, is_of_action) = what?;
            Some(LeftOut { what, rows: counts.get(at).copied().unwrap_or(0), is_of_action })
        });
        told.collect()
    }

    /// The rule that leaves the row out, as [`Sieve::told`] counts them. A row that cannot be read stays, for its faults
    /// to be told; one of which a rule cannot tell stays with an error.
    pub(super) fn leaves_out(&self, row: &mut Row, headers: &[String], is_hidden: bool) -> Option<usize> {
        if self.skips_hidden && is_hidden {
            return Some(self.rules.len());
        }
        if self.rules.is_empty() {
            return None;
        }
        if !row.is_readable() {
            // Whose it is cannot be told either, and whoever reads the whole roster tells of it.
            return self.rules.iter().position(|(_, rule)| matches!(rule.test, Test::Target(..)));
        }
        let mut unclear = None;
        for (nth, (at, rule)) in self.rules.iter().enumerate() {
            if let Test::Target(only, names) = &rule.test {
                // Of whom it cannot be told that is said once, by whoever reads the whole roster.
                let at = Some(*at).filter(|at| *at < headers.len());
                if target::whose(row, at, names) != ForWhom::Target(*only) {
                    return Some(nth);
                }
                continue;
            }
            let kept = row.kept.iter().find(|(of, _)| of == at).map(|(_, kept)| kept);
            let cell = Cell { text: row.cells.get(*at).unwrap_or("").trim(), kept };
            match rule.leaves_out(&cell) {
                // What another rule leaves out need not be told of.
                Some(true) => return Some(nth),
                Some(false) => {}
                None => unclear = unclear.or(Some((*at, rule))),
            }
        }
        let unclear = unclear.map(|(at, rule)| not_told(row, at, rule, headers));
        row.findings.extend(unclear);
        None
    }
}

fn not_told(row: &Row, at: usize, rule: &Rule, headers: &[String]) -> Finding {
    let cell = row.cells.get(at).unwrap_or("").trim();
    if matches!(rule.test, Test::Act(..)) {
        let code = &codes::ACTION_UNKNOWN;
        return Finding {
            code: code.id,
            severity: code.severity,
            row: Some(row.number),
            column: headers.get(at).cloned(),
            value: Some(shown(cell)),
            message: format!("nobody knows what is to be done: `{}`", shown(cell)),
            hint: Some(code.fix.to_owned()),
        };
    }
    let code = &codes::ROW_FILTER_UNCLEAR;
    let why = match day::of(cell) {
        Days::Either(one, other) if rule.is_of_days() => format!(": it is {one} or {other}"),
        _ => String::new(),
    };
    Finding {
        code: code.id,
        severity: code.severity,
        row: Some(row.number),
        column: headers.get(at).cloned(),
        value: Some(shown(cell)),
        message: format!("it cannot be told whether the row is meant: {}{why}", rule.told()),
        hint: Some(code.fix.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(table: &str, written: &str) -> Result<Rule, String> {
        #[derive(Deserialize)]
        struct Line {
            x: Written,
        }
        let line: Line = toml::from_str(&format!("x = {written}")).map_err(|e| e.message().to_owned())?;
        Rule::parse(table, "X".into(), line.x)
    }

    fn leaves_out(table: &str, written: &str, text: &str) -> Option<bool> {
        rule(table, written).unwrap().leaves_out(&Cell { text, kept: None })
    }

    #[test]
    fn rows_are_chosen_by_words_by_what_is_filled_and_by_dates() {
        let (yes, no, unclear) = (Some(true), Some(false), None);
        let table = [
            ("only", r#"["Active"]"#, "active", no),
            ("only", r#"[" Active ", "On leave"]"#, "ON LEAVE", no),
            ("only", r#"["Active"]"#, "Terminated", yes),
            ("only", r#"["Active"]"#, "", yes),
            ("only", r#"["Active", ""]"#, "", no),
            ("only", "[true]", "TRUE", no),
            ("only", r#"["WAHR"]"#, "TRUE", no),
            ("only", r#"["WAHR"]"#, "FALSE", yes),
            ("only", r#"["WAHR"]"#, "1", yes),
            ("skip", "[false, 0]", "0", yes),
            ("skip", r#"["Ausgeschieden", "GEKÜNDIGT"]"#, "gekündigt", yes),
            ("skip", "[]", "x", no),
            ("skip", r#"["Left"]"#, "#N/A", unclear),
            ("skip", r#""filled""#, "Loading...", unclear),
            ("skip", r#"["Left"]"#, "#teamlead", no),
            ("skip", r#""filled""#, "2026-10-31", yes),
            ("skip", r#""filled""#, "", no),
            ("skip", r#""filled""#, "—", no),
            ("skip", r#""filled""#, "31.12.9999", no),
            ("skip", r#""filled""#, "00.00.0000", no),
            ("skip", r#""Empty""#, "", yes),
            ("only", r#""empty""#, "x", yes),
            ("only", r#""filled""#, "x", no),
            ("skip", r#"{ before = "2026-12-01" }"#, "2026-11-30", yes),
            ("skip", r#"{ before = "2026-12-01" }"#, "2026-12-01", no),
            ("skip", r#"{ before = 2026-12-01 }"#, "30.11.2026", yes),
            ("skip", r#"{ before = "2026-12-01" }"#, "", no),
            ("skip", r#"{ before = "2026-12-01" }"#, "46356", yes), // 30 November 2026
            ("skip", r#"{ before = "2026-12-01" }"#, "46357", no),
            ("skip", r#"{ before = "2026-12-01" }"#, "31/12/2026", no),
            ("skip", r#"{ before = "2026-12-01" }"#, "03/04/2026", yes), // either way
            ("skip", r#"{ before = "2026-12-01" }"#, "11/12/2026", unclear),
            ("skip", r#"{ before = "2026-12-01" }"#, "soon", unclear),
            ("skip", r#"{ after = "2025-12-31", before = "2027-01-01" }"#, "2026-05-05", yes),
            ("skip", r#"{ after = "2025-12-31", before = "2027-01-01" }"#, "2027-05-05", no),
            ("only", r#"{ after = "2026-01-01" }"#, "", yes),
            ("only", r#"{ after = "2026-01-01" }"#, "2026-01-02", no),
        ];
        for (table, written, cell, expected) in table {
            assert_eq!(leaves_out(table, written, cell), expected, "[{table}] {written} `{cell}`");
        }
    }

    #[test]
    fn a_rule_that_cannot_be_used_says_why() {
        let table = [
            ("only", "[]", "no row would stay"),
            ("skip", r#""Terminated""#, "a word stands in brackets: `[\"Terminated\"]`"),
            ("skip", "{ before = \"1.12.2026\" }", "a date is written as `2026-12-01`"),
            ("skip", "{}", "neither `before` nor `after`"),
            ("skip", "{ until = \"2026-12-01\" }", "expected words as in"),
            ("skip", "5", "expected words as in"),
        ];
        for (table, written, why) in table {
            let error = rule(table, written).unwrap_err();
            assert!(error.contains(why), "[{table}] {written}: {error}");
        }
    }

    #[test]
    fn a_rule_tells_what_it_leaves_out() {
        let table = [
            ("only", r#"["Active"]"#, "`X` is not `Active`"),
            ("only", r#"["Active", "On leave"]"#, "`X` is none of `Active`, `On leave`"),
            ("skip", r#"["Left", "Gone"]"#, "`X` is one of `Left`, `Gone`"),
            ("skip", r#""filled""#, "`X` is filled"),
            ("only", r#""filled""#, "`X` is empty"),
            ("skip", r#"{ before = "2026-12-01" }"#, "`X` is before 2026-12-01"),
            ("only", r#"{ after = "2026-12-01" }"#, "`X` is not after 2026-12-01"),
        ];
        for (table, written, told) in table {
            assert_eq!(rule(table, written).unwrap().told(), told);
        }
    }
}
