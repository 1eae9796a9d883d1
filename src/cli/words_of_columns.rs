//! What the cells of a column are like that `headcount columns` knows nothing of.

use std::collections::HashSet;

use crate::error::Failure;
use crate::roster::{Roster, Row};

/// How many rows are looked at.
pub(crate) const SEARCHED: usize = 200;

/// What the cells of a column that is not known are like.
#[derive(Default)]
pub(crate) struct Words {
    /// Its different words, where they are few.
    pub(crate) few: Vec<String>,
    /// Whether there were more than few.
    pub(crate) are_many: bool,
    /// How its cells are two names, where nearly all of them are.
    pub(crate) split: Option<&'static str>,
    /// The cells that are not written so, with their rows.
    pub(crate) odd: Vec<(u64, String)>,
    /// How many cells were not blank.
    pub(crate) cells: usize,
    /// How many rows there were.
    rows: usize,
    /// All cells, in lower case.
    different: HashSet<String>,
    /// How many cells have only what a login may have.
    of_letters: usize,
    /// How many cells are no days, long ids of machines, or words with a capital.
    of_people: usize,
    /// How many cells look like e-mail addresses, and how many like telephone numbers.
    emails: usize,
    phones: usize,
}

/// Ways to write two names in one cell, and the cells that are written in another.
struct Fit {
    split: &'static str,
    is_so: fn(&str) -> bool,
    odd: Vec<(u64, String)>,
}

impl Fit {
    fn all() -> [Self; 2] {
        let fit = |split, is_so| Self { split, is_so, odd: Vec::new() };
        [
            fit("last, first", |cell| {
                cell.split(',').count() == 2 && cell.split(',').all(|part| !part.trim().is_empty())
            }),
            fit("first last", |cell| !cell.contains(',') && cell.split_whitespace().count() == 2),
        ]
    }
}

impl Words {
    const FEW: usize = 12;

    /// Looks at the first rows.
    pub(crate) fn of(roster: &Roster) -> Result<Vec<Self>, Failure> {
        let mut all: Vec<Self> = roster.uses().iter().map(|_| Self::default()).collect();
        let mut fits: Vec<[Fit; 2]> = all.iter().map(|_| Fit::all()).collect();
        let (mut rows, mut row) = (roster.rows()?, Row::default());
        for _ in 0..SEARCHED {
            if !rows.read(&mut row)? {
                break;
            }
            for (at, words) in all.iter_mut().enumerate() {
                words.rows += 1;
                let cell = row.cells.get(at).unwrap_or("").trim();
                if cell.is_empty() {
                    continue;
                }
                words.add(cell);
                for fit in fits[at].iter_mut().filter(|fit| !(fit.is_so)(cell)) {
                    fit.odd.push((row.number, cell.to_owned()));
                }
            }
        }
        for (words, fits) in all.iter_mut().zip(fits) {
            let best = fits.into_iter().min_by_key(|fit| fit.odd.len());
            if let Some(best) = best.filter(|best| nearly_all(words.cells - best.odd.len(), words.cells)) {
                (words.split, words.odd) = (Some(best.split), best.odd);
            }
        }
        Ok(all)
    }

    fn add(&mut self, cell: &str) {
        self.cells += 1;
        self.different.insert(cell.to_lowercase());
        self.of_letters += usize::from(cell.chars().all(is_of_login) && cell.len() <= 100);
        self.of_people += usize::from(!is_day(cell) && !is_of_machines(cell) && !is_plain_word(cell));
        let (name, host) = cell.split_once('@').unwrap_or_default();
        self.emails +=
            usize::from(!name.is_empty() && host.contains('.') && !cell.contains(char::is_whitespace));
        self.phones += usize::from(is_phone(cell));
        if !self.few.iter().any(|word| word == cell) && !self.are_many {
            self.few.push(cell.to_owned());
            self.are_many = self.few.len() > Self::FEW;
        }
    }

    /// Whether each cell could be a login, for a column that is called so: nobody's twice, and without spaces.
    pub(crate) fn could_be_login(&self) -> bool {
        self.cells > 0 && self.different.len() == self.cells && nearly_all(self.of_letters, self.cells)
    }

    /// The same for a column whose name says nothing of that: in enough rows, in nearly all of them, and no days nor words.
    pub(crate) fn looks_like_logins(&self) -> bool {
        const ENOUGH: usize = 3;
        self.could_be_login()
            && self.rows >= ENOUGH
            && nearly_all(self.cells, self.rows)
            && nearly_all(self.of_people, self.cells)
            && !self.has_phones()
    }

    /// Whether it holds e-mail addresses.
    pub(crate) fn has_emails(&self) -> bool {
        self.cells > 0 && nearly_all(self.emails, self.cells)
    }

    /// Whether it holds telephone numbers.
    pub(crate) fn has_phones(&self) -> bool {
        self.cells > 0 && nearly_all(self.phones, self.cells)
    }
}

/// Nine of ten, or all but one of a few: one odd cell says nothing of a column.
fn nearly_all(some: usize, all: usize) -> bool {
    let odd = all.saturating_sub(some);
    all > 0 && (odd * 10 <= all || (odd == 1 && all >= 5))
}

fn is_of_login(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '@' | '\\')
}

/// `2026-11-12`, `12.11.2026`
fn is_day(cell: &str) -> bool {
    let is_of_day = |c: char| c.is_ascii_digit() || matches!(c, '-' | '.' | '/');
    cell.chars().all(is_of_day) && cell.chars().filter(|c| !c.is_ascii_digit()).count() == 2
}

/// `0f0f0f0f-1111-2222-3333-444455556666`, `S-1-5-21-3623811015-3361044348-30300820-1013`
fn is_of_machines(cell: &str) -> bool {
    cell.matches('-').count() >= 4 && cell.len() >= 30 || cell.starts_with("S-1-5-")
}

/// A word with a capital: a town, a team.
fn is_plain_word(cell: &str) -> bool {
    let mut letters = cell.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().next().is_some()
        && letters.all(char::is_lowercase)
}

/// Digits as telephone numbers are written: a plus or a zero before them, or with what stands between their groups.
fn is_phone(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let is_of_phone =
        |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | '/' | '(' | ')' | ' ' | '\u{a0}');
    let begins = cell.starts_with(['+', '0', '(']) || cell.contains([' ', '/', '(']);
    (7..=15).contains(&digits) && begins && cell.chars().all(is_of_phone) && !is_day(cell)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_taken_for_what_it_looks_like() {
        for phone in ["+493023125041", "030 23125041", "(206) 555-0142", "0049 30/231250", "+1-206-555-0142"]
        {
            assert!(is_phone(phone), "{phone}");
        }
        for none in ["100231", "2026-11-12", "u231", "+49 30 ask Eva", "12.11.2026"] {
            assert!(!is_phone(none), "{none}");
        }
        assert!(
            is_plain_word("Berlin") && !is_plain_word("B") && !is_plain_word("BER") && !is_plain_word("eva")
        );
        assert!(is_day("12/11/2026") && !is_day("a.b.c") && !is_day("1.5"));
        assert!(is_of_machines("0f0f0f0f-1111-2222-3333-444455556666") && !is_of_machines("eva-maria-lee"));
    }

    #[test]
    fn one_odd_cell_says_nothing_of_a_column_and_two_of_five_do() {
        for (some, all, expected) in [
            (54, 55, true),
            (49, 55, false),
            (50, 55, true),
            (4, 5, true),
            (3, 4, false),
            (3, 5, false),
            (0, 0, false),
        ] {
            assert_eq!(nearly_all(some, all), expected, "{some} of {all}");
        }
    }
}
