//! Rows below the header that are no people: the header once more, another table, notes and totals, and the settings that a
//! form was filled down with. A row is judged by its cells alone; only what is plain is told apart, for a row that is taken
//! for none is a person who is not made.

use std::collections::VecDeque;
use std::sync::LazyLock;

use memchr::{memchr, memchr2};

use super::cells::Cells;
use super::columns::{self, Meant, Use};
use super::field::Field;
use super::header::Header;
use super::row::{Row, Seems};
use crate::finding::Finding;
use crate::finding::codes::{self, Code};
use crate::text::{KnownTexts, Setting};

/// The fields that tell one person from another.
const OF_A_PERSON: [Field; 8] = [
    Field::FirstName,
    Field::LastName,
    Field::Email,
    Field::SecondaryEmail,
    Field::Mobile,
    Field::Password,
    Field::Username,
    Field::DirectoryUserId,
];

/// Names of fields in so many cells make a header of another table.
const ENOUGH: usize = 3;

/// How a total begins, in the languages that we read headers in.
const TOTALS: [&str; 22] = [
    "total",
    "totals",
    "grandtotal",
    "subtotal",
    "summe",
    "gesamt",
    "gesamtsumme",
    "insgesamt",
    "anzahl",
    "totale",
    "totaal",
    "totaux",
    "razem",
    "celkem",
    "összesen",
    "toplam",
    "итого",
    "всего",
    "合計",
    "总计",
    "合计",
    "합계",
];

/// Words that end a list where they stand alone; some people are called so.
const ENDS: [&str; 8] = ["sum", "suma", "count", "end", "ende", "fin", "eof", "fine"];

/// What is known of a table, for judging its rows.
#[derive(Clone)]
pub(super) struct Below {
    uses: Vec<Use>,
    keys: Vec<String>,
    /// The first column that carries a field: a header has a name of one there.
    probe: Option<usize>,
    /// Cells of that column that are no name of a field.
    no_names: KnownTexts,
    login: Option<usize>,
    /// Whether it is a roster of users who are there: whoever has a login in it is one, whatever it looks like.
    is_of_users: bool,
    /// The columns that headcount adds: what stands there is none of the row.
    ours: Vec<usize>,
    /// The columns of [`OF_A_PERSON`].
    person: Vec<usize>,
    /// The columns that are not known, whose cells may be anybody's.
    strange: Vec<usize>,
    /// The cells of those in the row before.
    above: Vec<String>,
    last: u64,
}

impl Below {
    pub(super) fn of(header: &Header) -> Self {
        let uses = header.uses.clone();
        let places = |is_it: &dyn Fn(&Use) -> bool| -> Vec<usize> {
            uses.iter().enumerate().filter(|(_, used)| is_it(used)).map(|(at, _)| at).collect()
        };
        let is_person = |used: &Use| matches!(used, Use::Field(field) if OF_A_PERSON.contains(field));
        let is_strange = |used: &Use| {
            matches!(
                used,
                Use::Unknown
                    | Use::Misspelt(_)
                    | Use::Ignored
                    | Use::Field(Field::PhoneNumber | Field::PhoneNumberVoice)
            )
        };
        let names = header.own().iter().enumerate();
        let ours: Vec<usize> =
            names.filter(|(_, name)| columns::meant(name) == Some(Meant::Ours)).map(|(at, _)| at).collect();
        Self {
            keys: header.own().iter().map(|name| columns::key(name)).collect(),
            probe: places(&|used| matches!(used, Use::Field(_))).first().copied(),
            no_names: KnownTexts::default(),
            login: places(&|used| *used == Use::Field(Field::Username)).first().copied(),
            is_of_users: header.is_of_users(),
            person: places(&is_person),
            strange: places(&is_strange).into_iter().filter(|at| !ours.contains(at)).collect(),
            ours,
            above: Vec::new(),
            last: 0,
            uses,
        }
    }

    /// Judges a row that has a cell for each column. Cheap for a person: one cell is looked at.
    pub(super) fn judge(&mut self, row: &Row) -> Seems {
        let seems = self.seen(row);
        self.last = row.number;
        if !self.strange.is_empty() {
            self.above.resize(self.strange.len(), String::new());
            for (above, &at) in self.above.iter_mut().zip(&self.strange) {
                above.clear();
                above.push_str(row.cells.get(at).unwrap_or(""));
            }
        }
        seems
    }

    fn seen(&mut self, row: &Row) -> Seems {
        let cell = |at: usize| bare(row.cells.get(at).unwrap_or(""));
        if self.is_of_users && self.login.is_some_and(|at| !cell(at).is_empty()) {
            return Seems::Person;
        }
        // Tables stand apart: after a gap the whole row is looked at.
        let is_after_gap = self.last > 0 && row.number > self.last + 1;
        if is_after_gap || self.probe.is_some_and(|at| is_other_name(cell(at), &mut self.no_names)) {
            let seems = self.as_header(&row.cells);
            if seems != Seems::Person {
                return seems;
            }
        }
        match self.login.map(cell) {
            Some(login)
                if !is_nothing(login)
                    && memchr(b' ', login.as_bytes()).is_none()
                    && !begins_a_total(login) =>
            {
                Seems::Person
            }
            _ => self.without_login(row),
        }
    }

    /// Judges a row that has more or fewer cells than the header.
    pub(super) fn ragged(&self, cells: &Cells) -> Seems {
        match self.as_header(cells) {
            Seems::Person if self.is_footer(cells) => Seems::Footer,
            seems => seems,
        }
    }

    /// The cells of the row itself in which something stands.
    fn filled<'c>(&'c self, cells: &'c Cells) -> impl Iterator<Item = (usize, &'c str)> {
        cells.iter().enumerate().filter(|(at, cell)| !cell.trim().is_empty() && !self.ours.contains(at))
    }

    fn is_footer(&self, cells: &Cells) -> bool {
        is_footer(self.filled(cells).map(|(_, cell)| cell), self.uses.len())
    }

    /// What the row would be as a header.
    fn as_header(&self, cells: &Cells) -> Seems {
        let (mut filled, mut same, mut named) = (0, 0, Vec::new());
        for (at, cell) in self.filled(cells) {
            filled += 1;
            let meant = columns::meant(cell);
            let field = match meant {
                Some(Meant::Known(field) | Meant::Abroad(field)) => Some(field),
                Some(Meant::Ours) | None => None,
            };
            let is_same = self.keys.get(at).is_some_and(|key| !key.is_empty() && *key == columns::key(cell))
                || field.is_some_and(|field| self.uses.get(at) == Some(&Use::Field(field)));
            same += usize::from(is_same);
            named.extend(
                field.filter(|field| matches!(meant, Some(Meant::Known(_))) && !named.contains(field)),
            );
        }
        let is_small = self.uses.len() < 2;
        if same == filled && (same > 1 || is_small) && filled > 0 {
            Seems::Header
        } else if named.len() >= ENOUGH && named.len() * 2 > filled {
            // Of the same columns in part, as where one site's list has one more, it is still another table.
            Seems::OtherHeader
        } else {
            Seems::Person
        }
    }

    fn without_login(&self, row: &Row) -> Seems {
        if self.is_footer(&row.cells) {
            return Seems::Footer;
        }
        let cell = |at: usize| row.cells.get(at).unwrap_or("").trim();
        let has_person = self.person.iter().any(|&at| !is_nothing(cell(at)));
        // What stands in a column that is not known may be the person.
        let is_filled_down = || {
            let mut above = self.above.iter().map(|above| above.trim());
            self.strange.iter().all(|&at| {
                let above = above.next().unwrap_or("");
                is_nothing(cell(at)) || cell(at) == above
            })
        };
        let is_nobody = !self.person.is_empty() && !has_person && row.kept.is_empty() && is_filled_down();
        if is_nobody { Seems::Nobody } else { Seems::Person }
    }
}

/// Whether a row of these cells is a note or a total: one that is a sentence, or a total with what it counts.
fn is_footer<'c>(filled: impl Iterator<Item = &'c str>, width: usize) -> bool {
    const FEW: usize = 3;
    let mut filled = filled.map(str::trim);
    let (Some(first), others) = (filled.next(), filled.count()) else { return false };
    if width < FEW {
        return false;
    }
    // People have names of many words, but none with a digit or a colon.
    let is_wordy = || {
        let (words, starts) = (first.split_whitespace().count(), first.to_lowercase());
        let is_no_name = first.chars().any(|c| c.is_ascii_digit() || matches!(c, '/' | '(' | '"' | '!'));
        (words >= 2 && is_no_name)
            || (words >= 3 && first.ends_with('.'))
            || (words > 1 && first.contains([':', '©']))
            || first.starts_with(['*', '-', '=', '#', '©', '_', '~'])
            || starts.starts_with("end of ")
    };
    (others < FEW && others * 2 < width && begins_a_total(first)) || (others == 0 && is_wordy())
}

/// Whether the first word is that of a total. Asked of every row's login, and so without room of its own for nearly all.
fn begins_a_total(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| !c.is_alphabetic());
    let word = &rest[..rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len())];
    if !may_be_a_total(word) {
        return false;
    }
    let bytes = text.as_bytes();
    let is_login =
        memchr2(b'@', b'_', bytes).is_some() || (memchr(b'.', bytes).is_some() && !text.ends_with('.'));
    if is_login {
        return false;
    }
    let is_alone = || text.chars().filter(|c| c.is_alphabetic()).count() == word.chars().count();
    let word = word.to_lowercase();
    TOTALS.contains(&word.as_str()) || (ENDS.contains(&word.as_str()) && is_alone())
}

/// Whether a word may be one of [`TOTALS`] or [`ENDS`]: of their length, and beyond ASCII or with the first letters of one.
fn may_be_a_total(word: &str) -> bool {
    const LONGEST: usize = 16; // in bytes
    /// For each first letter the second ones, a bit each.
    const BEGINNINGS: [u32; 26] = {
        let mut table = [0; 26];
        let mut at = 0;
        while at < TOTALS.len() + ENDS.len() {
            let word = if at < TOTALS.len() { TOTALS[at] } else { ENDS[at - TOTALS.len()] }.as_bytes();
            if word[0].is_ascii() && word[1].is_ascii() {
                table[(word[0] - b'a') as usize] |= 1 << (word[1] - b'a');
            }
            at += 1;
        }
        table
    };
    let [first, second, ..] = word.as_bytes() else { return false };
    let place = |letter: &u8| usize::from((letter | 0x20).wrapping_sub(b'a'));
    let begins =
        BEGINNINGS.get(place(first)).is_some_and(|seconds| seconds >> place(second).min(31) & 1 != 0);
    word.len() <= LONGEST && (begins || !word.is_ascii())
}

/// A cell without the spaces around it, which nearly none has.
fn bare(cell: &str) -> &str {
    match cell.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => cell,
        _ => cell.trim(),
    }
}

/// Whether a cell is what a formula makes of blank cells: nothing, a nought, or only what stands between names.
fn is_nothing(cell: &str) -> bool {
    match cell.as_bytes() {
        [] | [b'0'] => return true,
        // Nearly every cell ends here.
        [first, ..] if !b".-_, 0@".contains(first) => return false,
        _ => {}
    }
    let before = cell.split_once('@').map_or(cell, |(before, _)| before);
    // `,` of `last, first` too; but a password of signs is one.
    before.chars().all(|c| matches!(c, '.' | '-' | '_' | ',' | ' ' | '0'))
}

/// Whether a cell is a name of a field, and none that was asked about before and is not.
fn is_other_name(cell: &str, no_names: &mut KnownTexts) -> bool {
    if no_names.knows(cell) {
        return false;
    }
    let is_it = is_a_name(cell);
    if !is_it {
        no_names.keep(cell);
    }
    is_it
}

/// Whether a cell is a name of a field, by the hash of its letters: without room of its own, for each row is asked.
fn is_a_name(cell: &str) -> bool {
    /// The hashes, sorted; before them a bit for each by its lowest bits, for nearly no cell is one.
    static NAMES: LazyLock<(Vec<u64>, Vec<u64>)> = LazyLock::new(|| {
        let (mut bits, mut names) =
            (vec![0_u64; 1 << 10], columns::all_names().map(hash).collect::<Vec<u64>>());
        names.iter().for_each(|name| bits[(name >> 6 & 0x3FF) as usize] |= 1 << (name & 0x3F));
        names.sort_unstable();
        (bits, names)
    });
    let is_it = |hash: u64| {
        let (bits, names) = &*NAMES;
        bits[(hash >> 6 & 0x3FF) as usize] & (1 << (hash & 0x3F)) != 0 && names.binary_search(&hash).is_ok()
    };
    cell.len() <= 80 && !cell.is_empty() && is_it(hash(cell))
}

/// Of the letters and digits before any note, in lower case (FNV-1a).
fn hash(text: &str) -> u64 {
    const START: u64 = 0xCBF2_9CE4_8422_2325;
    let add = |hash: u64, c: u32| (hash ^ u64::from(c)).wrapping_mul(0x0100_0000_01B3);
    let note = text.bytes().skip(1).position(|byte| matches!(byte, b'(' | b'['));
    let text = note.and_then(|at| text.get(..=at)).unwrap_or(text);
    if text.is_ascii() {
        let letters = text.bytes().filter(u8::is_ascii_alphanumeric);
        return letters.fold(START, |hash, byte| add(hash, u32::from(byte.to_ascii_lowercase())));
    }
    let letters = text.chars().filter(|c| c.is_alphanumeric());
    letters.flat_map(char::to_lowercase).fold(START, |hash, c| add(hash, u32::from(c)))
}

/// Rows that may be no people are kept back until it is known whether anybody comes after them.
pub(super) struct Holding {
    below: Below,
    /// Whether the header's row was told: then it is plain which table is meant.
    is_told: bool,
    /// Whether every row is handed on, those that are no people's too: a copy has them all.
    has_all: bool,
    held: VecDeque<Row>,
    /// How many of those are to be handed on: somebody came after them.
    ready: usize,
    notes: Vec<Finding>,
    footers: Stretch,
    nobody: Stretch,
    has_ended: bool,
}

/// Rows that are told of together.
#[derive(Clone, Copy, Default)]
struct Stretch {
    first: u64,
    last: u64,
    rows: u64,
}

impl Stretch {
    fn add(&mut self, row: u64) {
        if self.rows == 0 {
            self.first = row;
        }
        self.last = row;
        self.rows += 1;
    }

    /// `row 8`, `rows 8 to 12`.
    fn told(self) -> String {
        match self.rows {
            1 => format!("row {}", self.first),
            _ => format!("rows {} to {}", self.first, self.last),
        }
    }
}

impl Holding {
    /// More than a screenful is no end of a list that a person follows; they are let go, and told of.
    const MOST: usize = 4_096;

    pub(super) fn new(header: &Header, is_told: bool, has_all: bool) -> Self {
        Self {
            below: Below::of(header),
            is_told,
            has_all,
            held: VecDeque::new(),
            ready: 0,
            notes: Vec::new(),
            footers: Stretch::default(),
            nobody: Stretch::default(),
            has_ended: false,
        }
    }

    /// What there is to say of rows that were passed over since this was asked.
    pub(super) fn take_notes(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.notes)
    }

    /// Whether reading is over, though there may be more in the file.
    pub(super) fn has_ended(&self) -> bool {
        self.has_ended && self.ready == 0
    }

    /// Hands on a row that was kept back and whose time has come.
    pub(super) fn give(&mut self, row: &mut Row) -> bool {
        if self.ready == 0 {
            return false;
        }
        self.ready -= 1;
        self.held.pop_front().map(|held| *row = held).is_some()
    }

    /// Takes a row that was read; whether it is to be handed on at once. What is kept back is taken out of `row`.
    pub(super) fn pass(&mut self, row: &mut Row) -> bool {
        if row.seems == Seems::Person && row.is_readable() {
            row.seems = self.below.judge(row);
        }
        match row.seems {
            Seems::Person if self.held.is_empty() => return true,
            Seems::Person => self.release(row),
            Seems::Header if self.has_all => {
                // In the file's order.
                self.let_go();
                if self.held.is_empty() {
                    return true;
                }
                self.held.push_back(std::mem::take(row));
                self.ready = self.held.len();
            }
            Seems::Header => self.notes.push(header_again(row.number)),
            Seems::OtherHeader if self.is_told => {
                self.end();
                self.notes.push(other_table(row.number, &codes::TABLE_ENDS));
            }
            Seems::OtherHeader => {
                // What stands above it is the end of this table.
                self.end();
                row.findings.push(other_table(row.number, &codes::SECOND_TABLE));
                blank(row);
                if self.ready == 0 {
                    return true;
                }
                self.held.push_back(std::mem::take(row));
                self.ready += 1;
            }
            Seems::Footer | Seems::Nobody if self.held.len() < Self::MOST => {
                self.held.push_back(std::mem::take(row));
            }
            Seems::Footer | Seems::Nobody => {
                self.let_go();
                self.held.push_back(std::mem::take(row));
            }
        }
        false
    }

    /// Somebody came after them: they are checked like any row.
    fn release(&mut self, row: &mut Row) {
        for held in &mut self.held {
            held.seems = Seems::Person;
            if !held.is_readable() {
                blank(held);
            }
        }
        self.held.push_back(std::mem::take(row));
        self.ready = self.held.len();
    }

    fn let_go(&mut self) {
        if self.has_all {
            // None of them is a row that cannot be read: nobody reads them.
            let readable = |row: &mut Row| row.findings.clear();
            self.held.iter_mut().for_each(readable);
            self.ready = self.held.len();
            return;
        }
        for row in self.held.drain(..) {
            match row.seems {
                Seems::Footer => self.footers.add(row.number),
                _ => self.nobody.add(row.number),
            }
        }
    }

    /// Nobody comes any more: what is kept back was no people.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
        self.let_go();
        let (footers, nobody) = (std::mem::take(&mut self.footers), std::mem::take(&mut self.nobody));
        if nobody.rows > 0 {
            let hold = if nobody.rows == 1 { "holds" } else { "hold" };
            let message = format!(
                "{} below the last person {hold} settings and nobody, and {} passed over",
                nobody.told(),
                if nobody.rows == 1 { "is" } else { "are" }
            );
            self.notes.push(note(&codes::ROWS_OF_NOBODY, nobody.first, message));
        }
        if footers.rows > 0 {
            let message = match footers.rows {
                1 => format!("{} below the people is a note or a total and is passed over", footers.told()),
                _ => format!("{} below the people are notes or totals and are passed over", footers.told()),
            };
            self.notes.push(note(&codes::FOOTER, footers.first, message));
        }
    }
}

/// Leaves every cell blank where a password may stand in any of them.
fn blank(row: &mut Row) {
    let width = row.cells.len();
    row.cells.clear();
    (0..width).for_each(|_| row.cells.push(""));
}

fn note(code: &'static Code, row: u64, message: String) -> Finding {
    Finding {
        code: code.id,
        severity: code.severity,
        row: Some(row),
        column: None,
        value: None,
        message,
        hint: Some(code.fix.to_owned()),
    }
}

fn header_again(row: u64) -> Finding {
    note(&codes::HEADER_AGAIN, row, format!("row {row} is the header again and is passed over"))
}

fn other_table(row: u64, code: &'static Code) -> Finding {
    let message = format!("row {row} is the header of another table, and nothing is read from there on");
    let hint = format!(
        "give each table a file of its own; or `{}` reads the other one, from that row on",
        Setting::HeaderRow.with(row)
    );
    Finding { hint: Some(hint), ..note(code, row, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_total_passes_the_quick_look_and_begins_one() {
        for word in TOTALS.iter().chain(&ENDS) {
            let title: String = word
                .chars()
                .enumerate()
                .flat_map(|(at, c)| if at == 0 { c.to_uppercase().collect() } else { vec![c] })
                .collect();
            for text in [(*word).to_owned(), word.to_uppercase(), title, format!("** {word}:")] {
                assert!(begins_a_total(&text), "{text}");
            }
        }
        for text in
            ["total@example.com", "sum_41", "ende.anna", "agent.000001", "t", "", "Totalo", "Anzahlung", "42"]
        {
            assert!(!begins_a_total(text), "{text}");
        }
    }

    #[test]
    fn a_note_below_a_table_is_told_from_a_person_of_one_cell() {
        let is = |cells: &[&str]| is_footer(cells.iter().copied(), 6);
        for note in [
            "Generated 2026-11-28",
            "Page 1",
            "Total: 12",
            "End of report",
            "Stand: 28.11.2026",
            "* provisional",
        ] {
            assert!(is(&[note]), "{note}");
        }
        for name in ["Anna", "Mary Ann", "Ana María de la Cruz", "O'Neil Jr."] {
            assert!(!is(&[name, "Meyer", "a.meyer"]), "{name}");
        }
        assert!(!is(&["Mary Ann"]) && !is(&["María José"]) && !is(&["agent7"]));
    }

    #[test]
    fn names_of_fields_are_known_by_the_hash_of_their_letters() {
        for name in ["First Name", "FIRST_NAME", "user login", "User name [userPrincipalName] Required"] {
            assert!(is_a_name(name), "{name}");
        }
        for name in ["Anna", "Chloé", "agent.0000001", "", "太郎"] {
            assert!(!is_a_name(name), "{name}");
        }
    }
}
