//! Which of a table's first rows is its header: a decision over the rows as text.
//!
//! People's lists have titles, dates, bands of group headings and lines of the program that wrote them above the header. It
//! is read where it is plain which row is meant, and asked for where two rows may be.

use std::fmt;

use super::columns::{self, Meant, Use, name_shown};
use super::field::Field;
use super::mapping::Mapping;
use crate::error::Failure;
use crate::finding::{Finding, codes};
use crate::text::Setting;

/// How many rows that are not blank are looked at. A letterhead has ten lines; further down there are only people.
pub(super) const LOOKED_AT: usize = 40;

/// So many fields make a header of a row, whatever stands above it: a person's row has no three cells that are names of
/// fields.
const ENOUGH: usize = 3;

/// A row that is not blank, with the number that a spreadsheet shows.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub(super) number: u64,
    /// The line of a CSV that it begins with, counted from 0.
    pub(super) line: u64,
    /// Whether the column of an annotated copy stood before its cells.
    pub(super) is_annotated: bool,
    pub(super) cells: Vec<String>,
}

/// Without the cells: the row may be a person's.
impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.number)
    }
}

/// Which row is the header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Top {
    /// Its place among the rows that were looked at.
    pub(super) at: usize,
    /// Another that might be, of another table.
    pub(super) rival: Option<usize>,
    /// How many different fields its cells name.
    pub(super) fields: usize,
    /// How many of these by names that are read without a column map.
    pub(super) known: usize,
}

impl Top {
    /// Whether it is plain that this is a header.
    pub(super) fn is_sure(self) -> bool {
        self.fields >= ENOUGH || self.known > 0
    }

    /// Whether nothing else can be meant.
    pub(super) fn is_plain(self) -> bool {
        self.fields >= ENOUGH
    }
}

/// What a row would be as a header.
struct Candidate {
    meant: Vec<Option<Meant>>,
    fields: usize,
    known: usize,
    filled: usize,
    /// Whether cells between its first and its last are blank, as where headings stand over several columns.
    has_gaps: bool,
    is_preamble: bool,
}

impl Candidate {
    fn of(line: &Line, mapping: &Mapping) -> Self {
        let meant: Vec<Option<Meant>> = line.cells.iter().map(|cell| meaning(cell, mapping)).collect();
        let mut fields: Vec<Field> = Vec::new();
        let (mut known, mut ours) = (0, 0);
        for meant in meant.iter().flatten() {
            match *meant {
                Meant::Ours => ours += 1,
                // The second column of a meaning does not make a row more of a header.
                Meant::Known(field) | Meant::Abroad(field) if fields.contains(&field) => {}
                Meant::Known(field) => {
                    fields.push(field);
                    known += 1;
                }
                Meant::Abroad(field) => fields.push(field),
            }
        }
        let is_filled = |cell: &String| !cell.trim().is_empty();
        let filled = line.cells.iter().filter(|cell| is_filled(cell)).count();
        let first = line.cells.iter().position(is_filled).unwrap_or(0);
        let last = line.cells.iter().rposition(is_filled).map_or(first, |last| last + 1);
        Self {
            fields: fields.len() + ours,
            known: known + ours,
            filled,
            has_gaps: last - first > filled,
            is_preamble: is_preamble(line),
            meant,
        }
    }

    /// Whether all that it says is known.
    fn is_full(&self) -> bool {
        self.filled > 0 && self.meant.iter().flatten().count() == self.filled
    }

    /// Whether it names in each place what the other does, where both name something.
    fn says_the_same(&self, other: &Self) -> bool {
        let mut both = self.meant.iter().zip(&other.meant).filter_map(|(one, two)| one.zip(*two));
        let field = |meant| match meant {
            Meant::Known(field) | Meant::Abroad(field) => Some(field),
            Meant::Ours => None,
        };
        both.clone().count() * 2 > self.fields.min(other.fields)
            && both.all(|(one, two)| field(one) == field(two))
    }
}

fn meaning(cell: &str, mapping: &Mapping) -> Option<Meant> {
    match mapping.column(cell) {
        // What the map ignores is a column of this table as well.
        Some(Use::Field(field)) => Some(Meant::Known(field)),
        Some(Use::Ignored) => columns::meant(cell).or(Some(Meant::Ours)),
        _ => columns::meant(cell),
    }
}

/// Lines that programs write above a header: PowerShell's `#TYPE System.…`, Entra's `version:v1.0`. They are passed over
/// without a word, as `sep=;` is.
fn is_preamble(line: &Line) -> bool {
    let mut cells = line.cells.iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty());
    let (Some(first), None) = (cells.next(), cells.next()) else { return false };
    let starts = |with: &str| first.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    starts("#TYPE ") || starts("version:v") || starts("sep=")
}

/// Finds the header among a table's first rows, none of which is blank. Of no rows, the first.
pub(super) fn find(lines: &[Line], mapping: &Mapping) -> Top {
    let all: Vec<Candidate> = lines.iter().map(|line| Candidate::of(line, mapping)).collect();
    let first = all.iter().position(|candidate| !candidate.is_preamble).unwrap_or(0);
    let top = |at: usize, rival| {
        let (fields, known) = all.get(at).map_or((0, 0), |candidate| (candidate.fields, candidate.known));
        Top { at, rival, fields, known }
    };
    let strong: Vec<usize> = (first..all.len()).filter(|&at| all[at].fields >= ENOUGH).collect();
    let Some(&begin) = strong.first() else { return top(weak(lines, &all, first), None) };
    let mut at = begin;
    // Two columns that are both known are a table of their own, though a small one.
    let is_small = |small: usize| all[small].filled >= 2 && all[small].is_full() && all[small].known >= 2;
    let mut rival = (first..begin).find(|&small| is_small(small) && !all[small].says_the_same(&all[begin]));
    for &next in strong.iter().filter(|&&next| next > begin) {
        let (above, below) = (&all[at], &all[next]);
        let is_next = next == at + 1;
        if above.says_the_same(below) {
            // One below the other, in two languages or for two readers: the one that is read without a map.
            if is_next && below.known > above.known {
                at = next;
            }
        } else if is_next && (below.fields >= 2 * above.fields || (above.has_gaps && !below.has_gaps)) {
            // A band of group headings.
            at = next;
        } else if !(is_next && above.fields >= 2 * below.fields) {
            rival = rival.or(Some(next));
        }
    }
    top(at, rival)
}

/// Where no row names three fields: the first, if it names any; else the one that names most; else the first that is as
/// wide as the table, for above it are titles.
fn weak(lines: &[Line], all: &[Candidate], first: usize) -> usize {
    let rest = || (first..all.len()).filter(|&at| !columns::looks_like_data(&lines[at].cells));
    if all.get(first).is_none_or(|candidate| candidate.known > 0) {
        return first;
    }
    let most = rest().map(|at| all[at].fields).max().unwrap_or(0);
    let widest = rest().map(|at| all[at].filled).max().unwrap_or(0);
    let names_most = |at: &usize| all[*at].fields == most && (all[*at].is_full() || all[*at].filled > 1);
    if most > 0
        && let Some(at) = rest().find(names_most)
    {
        return at;
    }
    let is_wide = |at: &usize| all[*at].filled >= 2 && all[*at].filled * 2 > widest;
    if widest < 2 { first } else { rest().find(is_wide).unwrap_or(first) }
}

/// What is said where a header was found below other rows; `None` where nothing but what programs write is above it.
pub(super) fn passed_over(lines: &[Line], top: Top) -> Option<Finding> {
    let header = lines.get(top.at)?.number;
    let first = lines.iter().take(top.at).find(|line| !is_preamble(line))?.number;
    let above = match header - first {
        1 => format!("row {first} is passed over"),
        _ => format!("rows {first} to {} are passed over", header - 1),
    };
    Some(Finding {
        code: codes::HEADER_FOUND.id,
        severity: codes::HEADER_FOUND.severity,
        row: None,
        column: None,
        value: None,
        message: format!("the header is in row {header}; {above}"),
        hint: Some(format!(
            "nothing to do if row {header} is the header; `{}` says that it is another, and `{}` that this is right",
            Setting::HeaderRow.with("N"),
            Setting::HeaderRow.with(header)
        )),
    })
}

/// What is said where two rows may be the header.
pub(super) fn two(lines: &[Line], at: usize, rival: usize) -> Failure {
    let (one, two) = (&lines[at.min(rival)], &lines[at.max(rival)]);
    let named = |line: &Line| {
        // Only what is a name of a field is shown: beside it may stand anything.
        let known = line.cells.iter().filter(|cell| columns::meant(cell).is_some());
        let names: Vec<String> = known.take(3).map(|cell| format!("`{}`", name_shown(cell))).collect();
        format!("row {} ({}, …)", line.number, names.join(", "))
    };
    Failure::usage(format!("two rows look like the header of a table: {} and {}", named(one), named(two)))
        .hint(format!(
            "`{}` reads the first table and `{}` the second",
            Setting::HeaderRow.with(one.number),
            Setting::HeaderRow.with(two.number)
        ))
}

/// What is said where the row that is to be the header is blank, or not there.
pub(super) fn no_such_row(wanted: u64, lines: &[Line], mapping: &Mapping) -> Failure {
    let likely = find(lines, mapping);
    let hint = match lines.get(likely.at) {
        Some(line) if likely.is_sure() => format!("row {} looks like the header", line.number),
        _ => "rows are counted as the spreadsheet shows them, blank ones included".to_owned(),
    };
    Failure::usage(format!("the header cannot be in row {wanted}: there is nothing in it")).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(rows: &[&str]) -> Vec<Line> {
        let cells = |row: &&str| row.split(',').map(str::to_owned).collect::<Vec<_>>();
        (1..)
            .zip(rows.iter().map(cells))
            .map(|(number, cells)| Line { number, cells, ..Line::default() })
            .collect()
    }

    fn found(rows: &[&str], map: &str) -> (usize, Option<usize>) {
        let top = find(&lines(rows), &Mapping::parse(map).unwrap());
        (top.at, top.rival)
    }

    #[test]
    fn the_header_is_found_below_whatever_stands_above_it() {
        const HEADER: &str = "first name,last name,user login,email";
        let table: &[(&[&str], usize)] = &[
            (&[HEADER, "Ann,Lee,ann,a@example.com"], 0),
            (&["New hires", "Run date: 2026-11-20,by HR", HEADER], 2),
            (&["#TYPE Selected.ADUser", HEADER], 1),
            (&["version:v1.0", "Name,UPN", "Ann Lee,ann@example.com"], 1),
            // A band of group headings, one of them a name of ours.
            (&["Person,,Phone,Team", HEADER], 1),
            (&["Name,Phone,Role", "first name,last name,user login,email,password,mobile,tags"], 1),
            // Two headers, one for each reader.
            (&["Vorname,Nachname,Benutzername,Mail", HEADER, "Ann,Lee,ann,a@example.com"], 1),
            (&["FIRSTNAME,LASTNAME,USERNAME,EMAIL", HEADER], 0),
            // What the map names counts, though nobody else knows it.
            (&["Liste", "Rufzeichen,Zunft,Gilde", "a,b,c"], 1),
            (&["Vorname,Nachname,Team", "Ann,Lee,Support"], 0),
            (&["user login,tags", "ann,a|b"], 0),
            (&["user login", "ann", "Team", "Email"], 0),
            (&["Staff", "user login", "ann"], 1),
            (&["Liste der Neuen", "Stand 20.11.", "Nr,Wer,Wo", "1,Ann,Leeds", "2,Bob,Ulm"], 2),
            // Nothing tells: the first.
            (&["Nr,Wer,Wo", "x,Ann,Leeds"], 0),
            (&["Wer", "Ann"], 0),
        ];
        for (rows, at) in table {
            assert_eq!(found(rows, ""), (*at, None), "{rows:?}");
        }
        let map = "ignore = [\"Stand\"]\n[columns]\nCallsign = \"user login\"\n";
        assert_eq!(
            found(&["Stand der Liste,von wem,ja", "Callsign,Guild,Stand", "ann,smith,-"], map),
            (1, None)
        );
        assert_eq!(find(&[], &Mapping::default()).at, 0);
    }

    #[test]
    fn two_tables_are_asked_about_and_the_same_header_twice_is_not() {
        const PEOPLE: &str = "first name,last name,user login,email,password";
        let table: &[(&[&str], Option<usize>)] = &[
            (&["Name,Email,Phone", "Ann Lee,a@example.com,1", PEOPLE, "x"], Some(2)),
            (&[PEOPLE, "Ann,Lee,ann,a@example.com,x", "user login,mobile,tags", "ann,+1,a|b"], Some(2)),
            (&["user login,password", "ann,x", PEOPLE], Some(0)),
            (&[PEOPLE, "Ann,Lee,ann,a@example.com,x", PEOPLE, "x"], None),
            (&[PEOPLE, "Ann,Lee,ann,a@example.com,x", "First Name,Last Name,Login,E-Mail,Password"], None),
        ];
        for (rows, rival) in table {
            assert_eq!(found(rows, "").1, *rival, "{rows:?}");
        }
        let failure = two(&lines(table[0].0), 0, 2);
        assert!(
            failure.what.contains("row 1 (`Name`, `Email`, `Phone`, …) and row 3 (`first name`,"),
            "{}",
            failure.what
        );
        assert_eq!(
            failure.hint.unwrap(),
            "`⟦header-row 1⟧` reads the first table and `⟦header-row 3⟧` the second"
        );
    }

    #[test]
    fn what_was_passed_over_is_said_and_what_programs_write_is_not() {
        let table: &[(&[&str], Option<&str>)] = &[
            (&["first name,last name,user login"], None),
            (&["#TYPE x", "first name,last name,user login"], None),
            (
                &["Title", "first name,last name,user login"],
                Some("the header is in row 2; row 1 is passed over"),
            ),
            (
                &["version:v1.0", "Title", "By", "first name,last name,user login"],
                Some("the header is in row 4; rows 2 to 3 are passed over"),
            ),
        ];
        for (rows, said) in table {
            let lines = lines(rows);
            let finding = passed_over(&lines, find(&lines, &Mapping::default()));
            assert_eq!(finding.map(|finding| finding.message).as_deref(), *said);
        }
    }
}
